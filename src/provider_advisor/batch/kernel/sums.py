"""Scores and standings of many teams: what the sums of their cells' numbers come to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from provider_advisor.batch.kernel.cells import FIRST, INEXACT, PER_PROVIDER, WEIGHT, Cells
from provider_advisor.batch.kernel.reasons import Entries
from provider_advisor.batch.kernel.rounding import rounded
from provider_advisor.batch.kernel.types import Flags, Floats, Ints
from provider_advisor.batch.kernel.verdicts import Scores
from provider_advisor.decision.assessment import Score, summed_up

__all__ = ["put_score", "scores_of"]


def scores_of(sums: Floats, entries: Entries, cells: Cells, varying: Flags) -> tuple[Scores, Flags]:
    """The scores of each row, and which rows have to be judged by themselves to be sure of the last digit.

    `sums` holds, by column and row, the numbers of the row's cells added up.
    `varying` marks the rows whose sums hold more than their cells' numbers.
    """
    columns, teams = sums, sums.shape[1]
    weight, asked = columns[WEIGHT], columns[WEIGHT] > 0
    parts_added = 4 + np.bincount(entries.rows, minlength=teams)
    slack = np.where((columns[INEXACT] > 0) | varying, parts_added, 1.0)
    degrees = [columns[FIRST + part :: PER_PROVIDER] for part in range(3)]
    found = []
    doubted = np.zeros(teams, bool)
    for part in degrees:
        numbers, doubtful = rounded(100 * part / np.where(asked, weight, 1), slack)
        found.append(numbers)
        doubted |= doubtful.any(axis=0)
    failed, unknown = columns[FIRST + 3 :: PER_PROVIDER], columns[FIRST + 4 :: PER_PROVIDER]
    standing = np.where(failed > 0, 2, unknown > 0).astype(np.int8)
    _sum_by_themselves(np.flatnonzero(doubted & asked & ~varying), found, entries, cells)
    proven, expected, possible = found
    scores = Scores(standing, unknown.astype(np.int32), proven, expected, possible, asked)
    return scores, doubted & asked & varying


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
            put_score(found, place, row, summed_up(provider, findings, None).score)


def put_score(parts: Sequence[Floats], place: int, row: int, score: Score | None) -> None:
    """Put a score, if there is one, in the place of a provider and a row."""
    if score is not None:
        for part, number in zip(parts, score, strict=True):
            part[place, row] = number
