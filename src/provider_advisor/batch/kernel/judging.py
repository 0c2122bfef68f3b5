"""Rows judged: from columns to cells, sums, scores and costs; a few rows one by one, where columns cannot hold them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from provider_advisor.batch.kernel import arrays
from provider_advisor.batch.kernel.chaining import Chaining
from provider_advisor.batch.kernel.costs import Costs, costs_of
from provider_advisor.batch.kernel.memory import Memory
from provider_advisor.batch.kernel.priced import Varying, price
from provider_advisor.batch.kernel.reasons import Entries
from provider_advisor.batch.kernel.row import team_of
from provider_advisor.batch.kernel.stated import stated_in
from provider_advisor.batch.kernel.sums import add_up, put_score, scores_of
from provider_advisor.batch.kernel.types import Flags, Ints
from provider_advisor.batch.kernel.verdicts import Scores
from provider_advisor.decision.decide import Outcome, judge_team
from provider_advisor.errors import RequirementsError

__all__ = ["Judged", "judge"]


class Judged(NamedTuple):
    """Rows as numbers: the cells that make them up, their scores, their costs, and, by row, what is wrong with some."""

    entries: Entries
    scores: Scores
    costs: Costs
    errors: dict[int, str]


def judge(rows: pa.RecordBatch, memory: Memory, chaining: Chaining) -> Judged:
    """The rows' scores; the columns are as `table.layout_of` has checked them."""
    cells = memory.cells
    said = memory.situations.said_in(rows)
    stated = stated_in(rows, memory.catalogue, cells)
    costs = costs_of(said.usage, rows.num_rows, memory.facts)
    chained = chaining.run(stated.cells, stated.ends, said, cells, memory.changes)
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
    teams, errors = _by_themselves(np.flatnonzero(alone), rows, memory)
    errors |= wrong
    out = alone.copy()
    out[list(wrong)] = True
    own = [(row, cells.of_team(outcome)) for row, outcome in teams.items()]
    parts = [_without(stated.rows, chained.cells, out), _without(chained.rows, chained.added, out), _of(own)]
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
    scores, doubted = scores_of(sums, entries, memory.cells, varies)
    again, _ = _by_themselves(np.flatnonzero(doubted), rows, memory)
    for row, outcome in again.items():
        for place, assessment in enumerate(outcome.assessments):
            put_score((scores.proven, scores.expected, scores.possible), place, row, assessment.score)
    return scores


def _by_themselves(some: Ints, rows: pa.RecordBatch, memory: Memory) -> tuple[dict[int, Outcome], dict[int, str]]:
    """The rows read and judged one by one, as a single question is; and what is wrong with the others."""
    outcomes, errors = {}, {}
    if len(some):
        for row, record in zip(some.tolist(), rows.take(arrays.numbers(some)).to_pylist(), strict=True):
            try:
                team = team_of(record, memory.facts.knowledge, memory.catalogue.requirement)
                outcomes[row] = judge_team(team, memory.facts)
            except RequirementsError as error:
                errors[row] = str(error)
    return outcomes, errors


def _without(rows: Ints, cells: Ints, out: Flags) -> Entries:
    """The entries, with nothing required where rows are out."""
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
