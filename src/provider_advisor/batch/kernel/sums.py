"""Scores and standings of many teams: what the numbers of their cells come to."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from provider_advisor.batch.kernel.cells import FIRST, PER_PROVIDER, Cells
from provider_advisor.batch.kernel.reasons import Entries
from provider_advisor.batch.kernel.types import Flags, Floats, Ints
from provider_advisor.batch.kernel.verdicts import Scores, scores_at
from provider_advisor.batch.loops import LOOPS, at
from provider_advisor.decision.findings import Score, sum_up

__all__ = ["Sums", "add_up", "put_score", "scores_of"]


class Sums(NamedTuple):
    """The numbers of the cells of each team, added up: a row a team. And how many cells there were."""

    numbers: Floats
    counts: Ints


def add_up(entries: Entries, numbers: Floats, teams: int) -> Sums:
    """The sums of teams; `numbers` has one row a cell."""
    width = numbers.shape[1]
    sums = Sums(np.zeros((teams, width)), np.zeros(teams, np.int32))
    LOOPS.add_up(
        at(entries.rows, np.int32), at(entries.cells, np.int32), len(entries.rows), at(numbers, np.float64), width,
        at(sums.numbers, np.float64), at(sums.counts, np.int32),
    )  # fmt: skip
    return sums


def scores_of(sums: Sums, entries: Entries, cells: Cells, varying: Flags) -> tuple[Scores, Flags]:
    """The scores of each row, and which rows have to be judged by themselves to be sure of the last digit.

    `varying` marks the rows whose sums hold more than their cells' numbers.
    """
    teams, width = sums.numbers.shape
    shape = ((width - FIRST) // PER_PROVIDER, teams)
    proven, expected, possible = parts = np.empty((3, *shape))
    standing, unknown, asked = np.empty(shape, np.int8), np.empty(shape, np.int32), np.empty(teams, bool)
    scores = Scores(standing, unknown, proven, expected, possible, asked)
    doubted = np.empty(teams, bool)
    LOOPS.score_teams(
        at(sums.numbers, np.float64), at(sums.counts, np.int32), at(varying, np.bool_), *shape,
        ctypes.byref(scores_at(scores)), at(asked, np.bool_), at(doubted, np.bool_),
    )  # fmt: skip
    doubted &= asked
    _sum_by_themselves(np.flatnonzero(doubted & ~varying), list(parts), entries, cells)
    return scores, doubted & varying


def _sum_by_themselves(rows: Ints, found: Sequence[Floats], entries: Entries, cells: Cells) -> None:
    """Put the scores of a few rows as a single answer would have them."""
    if not len(rows):
        return
    wanted = np.zeros(found[0].shape[1], bool)
    wanted[rows] = True
    some = np.flatnonzero(wanted[entries.rows])
    by_row: dict[int, list[int]] = {int(row): [] for row in rows}
    for row, cell in zip(entries.rows[some].tolist(), entries.cells[some].tolist(), strict=True):
        by_row[row].append(cell)
    for row, numbers in by_row.items():
        for place, provider in enumerate(cells.facts.knowledge.providers):
            findings = [finding for cell in numbers for finding in cells.known[cell].findings[place]]
            put_score(found, place, row, sum_up(provider, findings, None).score)


def put_score(parts: Sequence[Floats], place: int, row: int, score: Score | None) -> None:
    """Put a score, if there is one, in the place of a provider and a row."""
    if score is not None:
        for part, number in zip(parts, score, strict=True):
            part[place, row] = number
