"""Score the rows of a table as columns, with the same answers as for each team alone.

For example, the bicycle shops of the tests get these teams, as of 2024-01-01:

    row   needs                        wants             situation.purposes   usage.rental-days
    0     repairs, stock>=90           advice            commuting
    1     repairs, stock>=95                             touring
    2     repairs, telex                                 commuting
    3     rental                       monthly-cost<=30                       2

`judge` has five steps, each for all rows at once:

1. `_read_rows` reads each distinct word once and finds its cell: repairs is cell 1, stock>=90 is cell 2. stock>=95 is
   also cell 2, because no fact lies between 90 and 95. telex has no cell: row 2 gets an error.
2. `RuleChainer.fire` replaces the cell of a word if a rule implies its criterion too (repairs in row 0: "stated, and
   implied because the team commutes"), and adds cells for criteria that only a rule implies (advice in row 1).
3. `calculate_costs` finds the cost of each team's usage, and `price_words` the cell of monthly-cost<=30 by which shops'
   costs meet it.
4. `_set_apart` removes rows that columns cannot answer: row 2, and rows that must be judged one by one (with one of two
   volumes that a price needs, two requirements on the cost, or an implied requirement on the cost).
5. `_score_rows` sums the numbers of each row's cells. Row 1 has cells with the weights 8, 4 and 0.5, of which velo is
   proven to get 8, 4 and a third: a score of 98.667 out of 100.

Firm verdicts are then judged again without out-of-date facts, see `Scorer._find_dated`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence
from itertools import chain, compress, repeat
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from provider_advisor.batch.kernel import arrays
from provider_advisor.batch.kernel.arrays import Flags, Ints
from provider_advisor.batch.kernel.cells import Cells, Entries, FreshCells
from provider_advisor.batch.kernel.costs import Costs, PriceList, Varying, calculate_costs, price_words
from provider_advisor.batch.kernel.counts import CellTallier, RunningTally
from provider_advisor.batch.kernel.layout import UNLISTED, WEIGHTS, Layout, plan_layout
from provider_advisor.batch.kernel.output_columns import (
    GAPS,
    RANKING,
    make_code_lists,
    make_fields,
    make_own_words,
    make_provider_columns,
    make_rankings,
    make_verdict_columns,
    make_word_lists,
)
from provider_advisor.batch.kernel.own_words import MOST_OWN_WORDS, NO_OWN_WORDS, OwnWords, OwnWordsRead
from provider_advisor.batch.kernel.product_gaps import ProductGaps
from provider_advisor.batch.kernel.read_row import read_row
from provider_advisor.batch.kernel.requirements import Stated, read_stated
from provider_advisor.batch.kernel.rule_program import Changes, Fired, RuleChainer
from provider_advisor.batch.kernel.scores import (
    DATED,
    FIRM,
    LEANING,
    Scores,
    Verdicts,
    add_up,
    judge_teams,
    put_score,
    score_teams,
)
from provider_advisor.batch.kernel.situations import Said, Situations
from provider_advisor.batch.kernel.weigh_areas import NO_WEIGHTS, AreaWeights, Weighing, weigh_sums
from provider_advisor.batch.kernel.word_reader import WordReader
from provider_advisor.decision.decide import Outcome, judge_team
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge import Facts
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.scope import EVERYTHING, Scope
from provider_advisor.requirements import Statement, Unlisted
from provider_advisor.requirements.read_team import MOST_REQUIREMENTS


class Scored(NamedTuple):
    """The scored rows, in order, with the output columns.

    `errors` says by row index why the other rows were not scored; `tally` counts the scored rows.
    """

    batch: pa.RecordBatch
    errors: dict[int, str]
    tally: RunningTally


class RowScope(NamedTuple):
    """The facts that a row uses: those of a day, up to an age in days, in a part of the knowledge base."""

    day: dt.date
    age: int | None
    scope: Scope


class Scorer:
    """Scores tables of teams against the facts of a day; thread-safe.

    `reasons` adds lists of reason codes, and `explain` adds the complete JSON of each single answer. `id_column` names
    the column of team ids, which comes first in the result (default: `team`, if it exists). `everybody` lists the
    providers that have columns (default: all of the base); those that do not take part have nulls, so that the columns
    are the same for all days and scopes. Without `remarks`, only verdicts and standings are counted.
    """

    def __init__(  # noqa: PLR0913 (each has a default)
        self,
        facts: Facts,
        *,
        id_column: str | None = None,
        reasons: bool = False,
        explain: bool = False,
        everybody: Sequence[str] | None = None,
        remarks: bool = True,
    ) -> None:
        self.facts, self._remarks = facts, remarks
        self._id_column = id_column
        self._reasons, self._explain = reasons, explain
        self._everybody = tuple(facts.base.providers) if everybody is None else tuple(everybody)
        self._priced = _list_priced(facts.base.whole or facts.base)
        self._gaps = any(criterion.same_product for criterion in facts.knowledge.criteria.values())
        self._fields = make_fields(
            self._everybody, priced=self._priced, gaps=self._gaps, reasons=reasons, explain=explain
        )
        self._chaining = RuleChainer(facts.knowledge)
        self._memory = Memory(facts, in_order=reasons)
        self._fresh: Memory | None = None

    def output_schema(self, table: pa.Schema) -> pa.Schema:
        """Return the schema of the result: the id, the output columns, then the other columns of the table.

        Raises BatchError if the table's columns cannot be read.
        """
        layout = self._plan_layout(table)
        carried = [table.field(name) for name in layout.carried]
        first = [field for field in carried if field.name == layout.id]
        return pa.schema([*first, *self._fields, *(field for field in carried if field.name != layout.id)])

    def find_id(self, table: pa.Schema) -> str | None:
        """Return the name of the column of team ids, None if the table has none."""
        name = self._id_column or "team"
        return name if name in table.names else None

    def score(self, rows: pa.RecordBatch, days: Sequence[RowScope] | None = None) -> Scored:
        """Score the rows. Raises BatchError if the columns cannot be read.

        `days` holds the day, the age (in days) and the scope that the complete answer of each row names. They must lead
        to the same facts as those of this scorer.
        """
        layout = self._plan_layout(rows.schema)
        memory = self._get_memory()
        read = rows.select(list(layout.read))  # the other columns are only copied to the result
        found = judge(read, memory, self._chaining)
        verdicts = self._find_dated(_limit_strength(judge_teams(found.scores), found), found, read, memory)
        kept = np.ones(rows.num_rows, bool)
        kept[list(found.errors)] = False
        counting, counted = memory.tallying, (found.scores, verdicts, kept)
        tally = counting.count_teams(found.entries, *counted) if self._remarks else counting.count_verdicts(*counted)
        tally = tally.add_left("unjudged", len(found.unlisted))
        columns = self._make_columns(memory, found, verdicts, kept)
        mask = arrays.make_flags(kept)  # applied column by column: Arrow filters whole batches by lists of indexes
        for name in layout.carried:
            columns[name] = rows.column(name).filter(mask) if found.errors else rows.column(name)
        if self._explain:
            columns["explain"] = self._explain_rows(rows, kept, days)
        schema = self.output_schema(rows.schema)
        # Only the columns of providers that do not take part are missing.
        size = int(np.count_nonzero(kept))
        ordered = [columns[part.name] if part.name in columns else pa.nulls(size, part.type) for part in schema]
        return Scored(pa.RecordBatch.from_arrays(ordered, schema=schema), found.errors, tally)

    def _make_columns(self, memory: Memory, found: Judged, verdicts: Verdicts, kept: Flags) -> dict[str, pa.Array]:
        """Return the output columns of the kept rows by name, besides `explain`."""
        providers = tuple(self.facts.knowledge.providers)
        low, high = found.costs.low, found.costs.high
        costs = {name: (low[at], high[at]) for at, name in enumerate(providers) if name in self._priced}
        columns = make_verdict_columns(providers, verdicts, kept)
        columns |= make_provider_columns(providers, found.scores, costs, kept)
        if self._gaps:
            columns[GAPS] = memory.gaps.list_codes(found.entries, verdicts, kept)
        if self._reasons:
            columns["among"] = make_word_lists(verdicts.among, providers, kept)
            columns[RANKING] = make_rankings(providers, found.scores, kept)
            columns |= memory.codes.make_columns(found.entries, kept, memory.cells)
            columns["unlisted"] = make_own_words(found.unlisted, kept)
        return columns

    def _find_dated(self, verdicts: Verdicts, found: Judged, rows: pa.RecordBatch, memory: Memory) -> Verdicts:
        """Return the verdicts, dated where out-of-date facts are needed for a proof: see `decision.verdict`."""
        proven = verdicts.strength == FIRM
        if not self.facts.may_be_stale or not proven.any():
            return verdicts
        strength = verdicts.strength.copy()
        strength[proven] = DATED
        # Without any facts, no provider is proven to be better than another: no need to judge again.
        if not (self.facts.are_all_stale and len(self.facts.knowledge.providers) > 1):
            # Most rows need not be read again: they keep their cells, and only the numbers of the cells change.
            alike, own = np.flatnonzero(proven & ~found.own), np.flatnonzero(proven & found.own)
            fresh = _score_fresh(found.entries, alike, len(proven), memory.fresh)
            strength[alike[judge_teams(fresh).strength == FIRM]] = FIRM
            if len(own):
                again = judge(rows.take(arrays.make_numbers(own)), self._get_fresh_memory(), self._chaining)
                strength[own[judge_teams(again.scores).strength == FIRM]] = FIRM
        return verdicts._replace(strength=strength)

    def _get_fresh_memory(self) -> Memory:
        if self._fresh is None or self._fresh.is_full:
            self._fresh = Memory(self.facts.without_stale())
        return self._fresh

    def _plan_layout(self, table: pa.Schema) -> Layout:
        return plan_layout(table, self.facts.knowledge, [field.name for field in self._fields], self._id_column)

    def _get_memory(self) -> Memory:
        """Return the memory, replaced if it is full; other threads may still be using the old one."""
        if self._memory.is_full:
            self._memory = Memory(self.facts, in_order=self._reasons)
        return self._memory

    def _explain_rows(self, rows: pa.RecordBatch, kept: Flags, days: Sequence[RowScope] | None) -> pa.Array:
        """Return the complete answer of each kept row, the same as for a single team."""
        from provider_advisor.recommendation import answer  # noqa: PLC0415 (loads the wording, needed only here)

        knowledge, own = self.facts.base, RowScope(self.facts.as_of, self.facts.max_age, EVERYTHING)
        texts = []
        for record, day in compress(zip(rows.to_pylist(), days or repeat(own), strict=False), kept):
            statement = Statement(read_row(record, knowledge), day.day, day.age, scope=day.scope)
            texts.append(json.dumps(answer(knowledge, statement).record, ensure_ascii=False))
        return pa.array(texts, pa.string())


def _list_priced(knowledge: KnowledgeBase) -> frozenset[str]:
    """Return the providers with a price for any usage; the costs of the others are never known."""
    multiplied = {name for name, criterion in knowledge.criteria.items() if criterion.usage}
    return frozenset(provider for provider, criterion in knowledge.claims if criterion in multiplied)


class Judged(NamedTuple):
    """The cells, scores and costs of rows, and the errors and own words of some, by row.

    `own` marks the rows whose scores depend on more than their cells: on their cost, on weights by area, or on a single
    answer.
    """

    entries: Entries
    scores: Scores
    costs: Costs
    errors: dict[int, str]
    own: Flags
    unlisted: dict[int, tuple[Unlisted, ...]]


def _limit_strength(verdicts: Verdicts, found: Judged) -> Verdicts:
    """Limit verdicts to leaning if a team has a must that is not judged: see `decision.verdict`."""
    limited = [row for row, parts in found.unlisted.items() if any(part.priority == "must" for part in parts)]
    if not limited:
        return verdicts
    strength = verdicts.strength.copy()
    strength[limited] = np.where(strength[limited] == FIRM, LEANING, strength[limited])
    return verdicts._replace(strength=strength)


def judge(rows: pa.RecordBatch, memory: Memory, chaining: RuleChainer) -> Judged:
    """Judge the rows, whose columns `layout.plan_layout` must have checked."""
    read = _read_rows(rows, memory)
    fired = chaining.fire(read.stated.cells, read.stated.ends, read.said, memory.cells, memory.changes)
    costs = calculate_costs(read.said.usage, read.said.rows, memory.prices)
    varying = price_words(read.stated.on_cost, fired.cells, costs, memory.cells)  # sets cells in `fired.cells`
    apart = _set_apart(rows, read, fired, costs, memory)
    entries = _gather_entries(read.stated, fired, apart, memory.cells)
    scores, doubted = _score_rows(read.weighing, entries, varying, apart.out, memory.cells)
    _score_alone(np.flatnonzero(doubted), rows, scores, memory)
    for row, outcome in apart.outcomes.items():
        _put_costs(costs, row, outcome)
    # The sums of these rows cannot be recomputed from cells alone: they also need `varying`, weights or an outcome.
    own = apart.out.copy()
    own[read.stated.on_cost.rows] = True
    own[read.weighing.rows] = True
    unlisted = {row: parts for row, parts in read.own_words.found.items() if row not in apart.errors}
    unlisted |= {row: outcome.team.unlisted for row, outcome in apart.outcomes.items() if outcome.team.unlisted}
    return Judged(entries, scores, costs, apart.errors, own, unlisted)


class _RowsRead(NamedTuple):
    """The requirements of the rows, listed and in own words, their situation, usage and weights."""

    stated: Stated
    said: Said
    own_words: OwnWordsRead
    weighing: Weighing


def _read_rows(rows: pa.RecordBatch, memory: Memory) -> _RowsRead:
    """Read the rows, each distinct word and answer once."""
    said = memory.situations.read_said(rows)
    stated = read_stated(rows, memory.vocabulary, memory.cells)
    names = rows.schema.names
    own_words = memory.own_words.read(rows) if UNLISTED in names else NO_OWN_WORDS
    weighing = memory.area_weights.read(rows) if any(name.startswith(WEIGHTS) for name in names) else NO_WEIGHTS
    return _RowsRead(stated, said, own_words, weighing)


class _SetApart(NamedTuple):
    """The rows that columns cannot answer: by row, the outcome of a single answer or an error.

    `out` marks these rows: their cells are ignored, and each outcome gets a cell of its own.
    """

    outcomes: dict[int, Outcome]
    errors: dict[int, str]
    out: Flags


def _set_apart(rows: pa.RecordBatch, read: _RowsRead, fired: Fired, costs: Costs, memory: Memory) -> _SetApart:
    """Find the rows that cannot be read, and answer those that must be judged one by one."""
    stated, said = read.stated, read.said
    on_cost = stated.on_cost.rows
    # These conditions may mark more rows than necessary: that takes time, but never changes an answer.
    alone = stated.alone | stated.apart | said.alone | fired.alone | costs.incomplete | costs.large
    alone[on_cost[np.isnan(costs.low[:1, on_cost]).any(axis=0)]] = True  # a cost requirement without usage
    alone[read.own_words.wrong] = True
    alone[read.weighing.alone] = True
    if memory.cells.cost_area < 0:
        # The numbers of `varying` belong to no single area, so they cannot be weighed.
        alone[np.intersect1d(read.weighing.rows, on_cost)] = True
    alone[_find_long(read)] = True
    # A row with several kinds of mistakes is read on its own, so that they are reported in the usual order.
    kinds = stated.wrong, said.wrong, stated.exclusive
    met = Counter(chain(*kinds))
    alone[[row for row, count in met.items() if count > 1]] = True
    wrong = {row: sentence for kind in kinds for row, sentence in kind.items() if not alone[row]}
    outcomes, errors = _judge_alone(np.flatnonzero(alone), rows, memory)
    out = alone.copy()
    out[list(wrong)] = True
    return _SetApart(outcomes, errors | wrong, out)


def _find_long(read: _RowsRead) -> Ints:
    """Return the rows that may exceed the limit of requirements when own words are included."""
    some = np.fromiter(read.own_words.found, np.int64)
    return some[np.diff(read.stated.ends)[some] + MOST_OWN_WORDS > MOST_REQUIREMENTS]


def _judge_alone(some: Ints, rows: pa.RecordBatch, memory: Memory) -> tuple[dict[int, Outcome], dict[int, str]]:
    """Read and judge rows one by one, like a single team; return outcomes and errors by row."""
    outcomes, errors = {}, {}
    if len(some):
        for row, record in zip(some.tolist(), rows.take(arrays.make_numbers(some)).to_pylist(), strict=True):
            try:
                team = read_row(record, memory.facts.knowledge, memory.vocabulary.read_once)
                outcomes[row] = judge_team(team, memory.facts)
            except RequirementsError as error:
                errors[row] = error.reason
    return outcomes, errors


def _gather_entries(stated: Stated, fired: Fired, apart: _SetApart, cells: Cells) -> Entries:
    """Return the cells of all rows: of words, of additions by rules, and one for each single answer."""
    parts = [(stated.rows, fired.cells), (fired.rows, fired.added)]
    if apart.out.any():
        parts = [(at, np.where(apart.out.take(at), np.int32(0), found)) for at, found in parts]  # 0 requires nothing
    own = np.array([(row, cells.add_team(outcome)) for row, outcome in apart.outcomes.items()], np.int32).reshape(-1, 2)
    parts.append((own[:, 0], own[:, 1]))
    rows, numbers = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Entries.sort(rows, numbers, len(apart.out))


def _score_rows(
    weighing: Weighing, entries: Entries, varying: Varying, out: Flags, cells: Cells
) -> tuple[Scores, Flags]:
    """Return the scores without the rows in `out`, and mark rows whose last digit is uncertain."""
    kept = ~out[varying.rows]
    varying = Varying(varying.rows[kept], varying.numbers[kept])
    sums = add_up(entries, cells.numbers)
    sums.numbers[:, varying.rows] += varying.numbers.T
    if len(weighing.rows):
        weighing = weighing.leave_out(out)
        weigh_sums(sums, entries, weighing, varying, cells)
    varies = np.zeros(len(out), bool)
    varies[varying.rows] = varies[weighing.rows] = True
    return score_teams(sums, entries, cells, varies)


def _score_alone(some: Ints, rows: pa.RecordBatch, scores: Scores, memory: Memory) -> None:
    """Set the scores of rows summed in the order of a single answer.

    The last digit of a sum of decimal fractions depends on their order, which shows where rounding to nine decimals
    could go either way.
    """
    again, _ = _judge_alone(some, rows, memory)
    for row, outcome in again.items():
        for place, assessment in enumerate(outcome.assessments):
            put_score((scores.proven, scores.expected, scores.possible), place, row, assessment.score)


def _score_fresh(entries: Entries, some: Ints, rows: int, fresh: FreshCells) -> Scores:
    """Return the scores of some rows without out-of-date facts."""
    places = np.full(rows, -1, np.int32)
    places[some] = np.arange(len(some), dtype=np.int32)
    at = places.take(entries.rows)
    kept = at >= 0
    theirs = Entries.sort(at[kept], entries.cells[kept], len(some))
    sums = add_up(theirs, fresh.judge(np.flatnonzero(np.bincount(theirs.cells)).tolist()))
    return score_teams(sums, theirs, fresh, np.zeros(len(some), bool))[0]


def _put_costs(costs: Costs, row: int, outcome: Outcome) -> None:
    for place, assessment in enumerate(outcome.assessments):
        amount = assessment.cost.amount if assessment.cost else None
        costs.low[place, row] = np.nan if amount is None else amount.low
        costs.high[place, row] = np.nan if amount is None else np.inf if amount.high is None else amount.high


# A table may contain any number of distinct words. When there are too many cells, all are discarded, and those that
# appear again are judged again.
_MOST_CELLS = 300_000


class Memory:
    """Caches words, answers and cells, each read and judged once; thread-safe.

    A thread that adds something new holds the lock of the cells. If reasons must be sorted by weight (`in_order`), rows
    with weights by area are answered one by one.
    """

    def __init__(self, facts: Facts, *, in_order: bool = False) -> None:
        self.facts = facts
        self.cells = Cells(facts)
        self.changes = Changes(self.cells)
        self.vocabulary = WordReader(self.cells)
        self.own_words = OwnWords()
        self.area_weights = AreaWeights(facts.knowledge, in_order=in_order)
        self.situations = Situations(facts.knowledge)
        self.prices = PriceList(facts)
        self.tallying = CellTallier(self.cells)
        self.fresh = FreshCells(self.cells)
        self.gaps = ProductGaps(self.cells)
        self.codes = make_code_lists(facts)

    @property
    def is_full(self) -> bool:
        """Return whether there are so many cells that a new memory must replace this one."""
        return len(self.cells.known) > _MOST_CELLS
