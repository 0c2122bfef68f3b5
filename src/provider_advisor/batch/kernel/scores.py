"""Scores and standings of many teams: what the numbers of their cells come to."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import NamedTuple, get_args

import numpy as np

from provider_advisor.batch.kernel.arrays import Flags, Floats, Ints
from provider_advisor.batch.kernel.cells import FIRST, PER_PROVIDER, Cells, Entries
from provider_advisor.batch.loops import LOOPS, at, structure
from provider_advisor.decision.findings import Score, Standing, sum_up
from provider_advisor.decision.verdict import Kind, Strength

__all__ = [
    "KINDS",
    "STANDINGS",
    "STRENGTHS",
    "Scores",
    "Sums",
    "Verdicts",
    "add_up",
    "judged",
    "put_score",
    "scores_at",
    "scores_of",
]


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


KINDS, STRENGTHS, STANDINGS = get_args(Kind), get_args(Strength), get_args(Standing)
_Scores = structure("_Scores", "", "standing unknown proven expected possible")
_Verdicts = structure("_Verdicts", "", "kind strength provider lean among")


class Scores(NamedTuple):
    """By provider (rows) and team (columns): standing as a place in STANDINGS, unknown musts, and the score's parts.

    `asked` marks the teams that have a score at all.
    """

    standing: Ints
    unknown: Ints
    proven: Floats
    expected: Floats
    possible: Floats
    asked: Flags


class Verdicts(NamedTuple):
    """By team: places in KINDS and STRENGTHS, and of the provider and the lean; -1 where there is none.

    `among` marks, by provider and team, those that the verdict names side by side.
    """

    kind: Ints
    strength: Ints
    provider: Ints
    lean: Ints
    among: Flags


def judged(scores: Scores) -> Verdicts:
    """The verdicts on teams, each on all of its providers."""
    providers, teams = scores.standing.shape
    kind, strength, provider, lean = places = np.empty((4, teams), np.int16)
    verdicts = Verdicts(kind, strength, provider, lean, np.empty((providers, teams), bool))
    out = _Verdicts(*(at(part, np.int16) for part in places), at(verdicts.among, np.bool_))
    LOOPS.judge_teams(
        ctypes.byref(scores_at(scores)), at(scores.asked, np.bool_), providers, teams, ctypes.byref(out)
    )  # fmt: skip
    return verdicts


def scores_at(scores: Scores) -> ctypes.Structure:
    """Where the loops find scores, or put them."""
    parts = (scores.proven, scores.expected, scores.possible)
    found: ctypes.Structure = _Scores(
        at(scores.standing, np.int8), at(scores.unknown, np.int32), *(at(part, np.float64) for part in parts)
    )
    return found
