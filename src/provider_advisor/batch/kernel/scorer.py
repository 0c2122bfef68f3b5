"""The kernel of the batch: rows of a table in, the same answers as one by one out, as columns."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from itertools import repeat
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from provider_advisor.batch.kernel import arrays
from provider_advisor.batch.kernel.arrays import Flags, Ints
from provider_advisor.batch.kernel.cells import Cells, Entries
from provider_advisor.batch.kernel.costs import Costs, Varying, costs_of, price
from provider_advisor.batch.kernel.counts import Tally, Tallying
from provider_advisor.batch.kernel.output import columns_of, fields_of, lists_of, words_lists
from provider_advisor.batch.kernel.requirements import stated_in
from provider_advisor.batch.kernel.rules import Chaining, Changes
from provider_advisor.batch.kernel.scores import (
    DATED,
    FIRM,
    Scores,
    Verdicts,
    add_up,
    judge_teams,
    put_score,
    score_teams,
)
from provider_advisor.batch.kernel.situations import Situations
from provider_advisor.batch.kernel.table import Layout, layout_of, team_of
from provider_advisor.batch.kernel.vocabulary import WordReader
from provider_advisor.decision.decide import Outcome, judge_team
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge import Facts
from provider_advisor.requirements import Statement

__all__ = ["Judged", "Memory", "Scored", "Scorer", "judge"]


class Scored(NamedTuple):
    """Rows that were scored, in order, with our columns; by place among all rows what is wrong with the others.

    `tally` counts the rows that were scored.
    """

    batch: pa.RecordBatch
    errors: dict[int, str]
    tally: Tally


class Scorer:
    """Scores tables of teams against the facts of a day; made once, of use to any number of threads.

    `reasons` adds lists of reason codes, `explain` the whole JSON of each single answer. `id_column` names the column
    of team ids, which comes first in the result; None is `team`, if there is one.
    """

    def __init__(
        self, facts: Facts, *, id_column: str | None = None, reasons: bool = False, explain: bool = False
    ) -> None:
        self.facts = facts
        self._id_column = id_column
        self._reasons, self._explain = reasons, explain
        self._costs = bool(facts.knowledge.usage)
        self._fields = fields_of(facts.knowledge.providers, costs=self._costs, reasons=reasons, explain=explain)
        self._chaining = Chaining(facts.knowledge)
        self._memory = Memory(facts)
        self._fresh: Memory | None = None

    def output_schema(self, table: pa.Schema) -> pa.Schema:
        """Return the schema of the result for a table of this schema: the id, our columns, then those that are carried.

        Raises BatchError if the table's columns cannot be read.
        """
        layout = self._layout(table)
        return pa.schema(self._ordered(layout, [table.field(name) for name in layout.carried], self._fields))

    def score(self, rows: pa.RecordBatch, days: Sequence[tuple[dt.date, int | None]] | None = None) -> Scored:
        """Return the rows scored. Raises BatchError if the columns cannot be read.

        `days` has for each row the day and the age (in days) that its whole answer names, where facts are the same as
        on the day of this scorer.
        """
        layout = self._layout(rows.schema)
        memory = self._remembered()
        found = judge(rows.select(list(layout.read)), memory, self._chaining)
        verdicts = self._date(judge_teams(found.scores), rows.select(list(layout.read)))
        kept = np.ones(rows.num_rows, bool)
        kept[list(found.errors)] = False
        tally = memory.tallying.of(memory.cells, found.entries, found.scores, verdicts, kept)
        providers = tuple(self.facts.knowledge.providers)
        some = _kept_by(kept)
        costs = (found.costs.low, found.costs.high) if self._costs else ()
        ours = [*map(some, columns_of(providers, verdicts, found.scores, costs))]
        if self._reasons:
            ours += self._lists(memory, found, verdicts.among, kept)
        if self._explain:
            ours.append(some(self._explained(rows, kept, days)))
        carried = [some(rows.column(name)) for name in layout.carried]
        batch = pa.RecordBatch.from_arrays(self._ordered(layout, carried, ours), schema=self.output_schema(rows.schema))
        return Scored(batch, found.errors, tally)

    def _date(self, verdicts: Verdicts, rows: pa.RecordBatch) -> Verdicts:
        """Return the verdicts, dated where only facts past their time prove them: see `decision.verdict`."""
        proven = np.flatnonzero(verdicts.strength == FIRM)
        if not len(proven) or not self.facts.may_be_stale:
            return verdicts
        strength = verdicts.strength.copy()
        strength[proven] = DATED
        if not (self.facts.are_all_stale and len(self.facts.knowledge.providers) > 1):
            if self._fresh is None or self._fresh.is_full:
                self._fresh = Memory(self.facts.without_stale())
            again = judge_teams(judge(rows.take(arrays.numbers(proven)), self._fresh, self._chaining).scores)
            strength[proven[again.strength == FIRM]] = FIRM
        return verdicts._replace(strength=strength)

    def _layout(self, table: pa.Schema) -> Layout:
        return layout_of(table, self.facts.knowledge, [field.name for field in self._fields], self._id_column)

    def _ordered(self, layout: Layout, carried: list[pa.Array], ours: list[pa.Array]) -> list[pa.Array]:
        """Return the id first, then our columns, then the others."""
        first = [part for name, part in zip(layout.carried, carried, strict=True) if name == layout.id]
        rest = [part for name, part in zip(layout.carried, carried, strict=True) if name != layout.id]
        return [*first, *ours, *rest]

    def _remembered(self) -> Memory:
        """Return the memory, or a new one where it has grown too large; other threads may still use the old one."""
        if self._memory.is_full:
            self._memory = Memory(self.facts)
        return self._memory

    def _lists(self, memory: Memory, found: Judged, among: Flags, kept: Flags) -> list[pa.Array]:
        """Return the lists of the rows that are kept; making them so is far cheaper than taking some out."""
        names = [name for name in (field.name for field in self._fields) if name in memory.lists]
        return [
            words_lists(among, tuple(self.facts.knowledge.providers), kept),
            *(memory.lists[name].lists(found.entries, kept, memory.cells) for name in names),
        ]

    def _explained(
        self, rows: pa.RecordBatch, kept: Flags, days: Sequence[tuple[dt.date, int | None]] | None
    ) -> pa.Array:
        """Return each row's whole answer, as a single question gives it."""
        from provider_advisor.recommendation import answer  # noqa: PLC0415 (sentences, which columns do without)

        knowledge, own = self.facts.knowledge, (self.facts.as_of, self.facts.max_age)
        texts: list[str | None] = []
        for record, scored, day in zip(rows.to_pylist(), kept.tolist(), days or repeat(own), strict=False):
            statement = Statement(team_of(record, knowledge), *day) if scored else None
            found = None if statement is None else answer(knowledge, statement).record
            texts.append(None if found is None else json.dumps(found, ensure_ascii=False))
        return pa.array(texts, pa.string())


def _kept_by(kept: Flags) -> Callable[[pa.Array], pa.Array]:
    """Return what takes out of a column the rows that are not kept."""
    if kept.all():
        return lambda column: column
    mask = arrays.flags(kept)
    return lambda column: column.filter(mask)


class Judged(NamedTuple):
    """Rows as numbers: the cells that make them up, their scores, their costs, and, by row, what is wrong with some."""

    entries: Entries
    scores: Scores
    costs: Costs
    errors: dict[int, str]


def judge(rows: pa.RecordBatch, memory: Memory, chaining: Chaining) -> Judged:
    """Return the rows' scores; the columns are as `table.layout_of` has checked them."""
    cells = memory.cells
    said = memory.situations.said_in(rows)
    stated = stated_in(rows, memory.vocabulary, cells)
    costs = costs_of(said.usage, rows.num_rows, memory.facts)
    chained = chaining.fire(stated.cells, stated.ends, said, cells, memory.changes)
    varying = price(stated.on_cost, chained.cells, costs, cells)
    alone = stated.alone | costs.incomplete | costs.large | chained.alone
    alone[stated.on_cost.rows[np.isnan(costs.low[:1, stated.on_cost.rows]).any(axis=0)]] = True
    # Of several mistakes in a row a single answer tells one: of its words, of its situation, then of the whole.
    first = said.alone | stated.crowded
    wrong = {
        row: reason for row, reason in {**stated.exclusive, **said.wrong, **stated.wrong}.items() if not first[row]
    }
    alone[list(wrong)] = False
    alone |= first
    teams, errors = _judge_alone(np.flatnonzero(alone), rows, memory)
    errors |= wrong
    out = alone.copy()
    out[list(wrong)] = True
    own = [(row, cells.of_team(outcome)) for row, outcome in teams.items()]
    parts = [_drop_rows(stated.rows, chained.cells, out), _drop_rows(chained.rows, chained.added, out), _of(own)]
    entries = Entries(*(np.concatenate(part) for part in zip(*parts, strict=True)))
    scores = _scores(entries, _kept(varying, out), rows, memory)
    for row, outcome in teams.items():
        _put_costs(costs, row, outcome)
    return Judged(entries, scores, costs, errors)


def _scores(entries: Entries, varying: Varying, rows: pa.RecordBatch, memory: Memory) -> Scores:
    sums = add_up(entries, memory.cells.numbers, rows.num_rows)
    sums.numbers[varying.rows] += varying.numbers
    varies = np.zeros(rows.num_rows, bool)
    varies[varying.rows] = True
    scores, doubted = score_teams(sums, entries, memory.cells, varies)
    again, _ = _judge_alone(np.flatnonzero(doubted), rows, memory)
    for row, outcome in again.items():
        for place, assessment in enumerate(outcome.assessments):
            put_score((scores.proven, scores.expected, scores.possible), place, row, assessment.score)
    return scores


def _judge_alone(some: Ints, rows: pa.RecordBatch, memory: Memory) -> tuple[dict[int, Outcome], dict[int, str]]:
    """Return the rows read and judged one by one, as a single question is; and what is wrong with the others."""
    outcomes, errors = {}, {}
    if len(some):
        for row, record in zip(some.tolist(), rows.take(arrays.numbers(some)).to_pylist(), strict=True):
            try:
                team = team_of(record, memory.facts.knowledge, memory.vocabulary.requirement)
                outcomes[row] = judge_team(team, memory.facts)
            except RequirementsError as error:
                errors[row] = str(error)
    return outcomes, errors


def _drop_rows(rows: Ints, cells: Ints, out: Flags) -> Entries:
    """Return the entries, with nothing required where rows are out."""
    return Entries(rows, np.where(out.take(rows), np.int32(0), cells)) if out.any() else Entries(rows, cells)


def _of(own: list[tuple[int, int]]) -> Entries:
    pairs = np.array(own, np.int32).reshape(-1, 2)
    return Entries(pairs[:, 0], pairs[:, 1])


def _kept(varying: Varying, out: Flags) -> Varying:
    kept = ~out[varying.rows]
    return Varying(varying.rows[kept], varying.numbers[kept])


def _put_costs(costs: Costs, row: int, outcome: Outcome) -> None:
    for place, assessment in enumerate(outcome.assessments):
        amount = assessment.cost.amount if assessment.cost else None
        costs.low[place, row] = np.nan if amount is None else amount.low
        costs.high[place, row] = np.nan if amount is None else np.inf if amount.high is None else amount.high


_MOST_CELLS = 300_000


class Memory:
    """Words, answers and cells, each read and judged once.

    May be used by several threads: who meets something new holds the lock of the cells meanwhile.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.cells = Cells(facts)
        self.changes = Changes(self.cells)
        self.vocabulary = WordReader(self.cells)
        self.situations = Situations(facts.knowledge)
        self.tallying = Tallying()
        self.lists = lists_of(facts.knowledge.providers)

    @property
    def is_full(self) -> bool:
        """Return whether it is time to begin with an empty one."""
        return len(self.cells.known) > _MOST_CELLS
