"""Calculate scores, standings and verdicts of many teams from the numbers of their cells.

Verdicts follow the same rules as `decision.verdict`, implemented again for columns; a test compares the two. For
example, with the providers

                    standing      unknown musts   proven   expected   possible
    acme            qualified     0               60       70         90
    brook           qualified     0               40       50         80
    cedar           unconfirmed   1               80       90         95

acme leads (standing comes before scores) and is recommended, but only leaning: brook's 80 is not below acme's 60, and
cedar, which is not ruled out, may turn out to meet its must.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, get_args

import numpy as np

from provider_advisor.batch.kernel.arrays import Flags, Floats, Ints, round_fast
from provider_advisor.batch.kernel.cells import (
    FAILED,
    FIRST,
    INEXACT,
    PER_PROVIDER,
    UNKNOWN,
    WEIGHT,
    Cells,
    Entries,
    FreshCells,
)
from provider_advisor.batch.native import check_memory, load_loops
from provider_advisor.decision.findings import Score, Standing, sum_up
from provider_advisor.decision.verdict import Kind, Strength

KINDS, STRENGTHS, STANDINGS = get_args(Kind), get_args(Strength), get_args(Standing)
FIRM, DATED, LEANING = range(3)  # indexes in STRENGTHS
_RECOMMENDED, _TIE, _UNDETERMINED, _NONE = range(4)  # indexes in KINDS
_QUALIFIED, _UNCONFIRMED, RULED_OUT = range(3)  # indexes in STANDINGS
# Numbers that fit the processor's cache. Smaller parts would need more calls, each of which waits for the GIL.
_AT_ONCE = 1 << 18


class Sums(NamedTuple):
    """The summed numbers of each team's cells (columns of a cell by teams), and how many cells it has."""

    numbers: Floats
    counts: Ints


class Scores(NamedTuple):
    """Standings, unknown musts and scores by provider (rows) and team (columns).

    `standing` is an index in STANDINGS, `unknown` the number of unknown musts. `asked` marks the teams that have a
    score at all.
    """

    standing: Ints
    unknown: Ints
    proven: Floats
    expected: Floats
    possible: Floats
    asked: Flags

    def take(self, some: slice | Ints) -> Scores:
        """Select the scores of some teams."""
        proven, expected, possible = self.proven[:, some], self.expected[:, some], self.possible[:, some]
        return Scores(self.standing[:, some], self.unknown[:, some], proven, expected, possible, self.asked[some])


class Verdicts(NamedTuple):
    """By team, indexes in KINDS and STRENGTHS, and of the provider and the lean; -1 for none.

    `among` marks, by provider and team, providers that the verdict names as level.
    """

    kind: Ints
    strength: Ints
    provider: Ints
    lean: Ints
    among: Flags


def add_up(entries: Entries, numbers: Floats) -> Sums:
    """Sum the numbers of each team's cells; `numbers` has one row per cell."""
    teams, width = len(entries.ends) - 1, numbers.shape[1]
    sums = np.empty((width, teams))
    check_memory(load_loops().add_up(entries.ends, entries.cells, teams, numbers, width, sums))
    return Sums(sums, np.diff(entries.ends))


def score_teams(sums: Sums, entries: Entries, cells: Cells | FreshCells, varying: Flags) -> tuple[Scores, Flags]:
    """Return the scores of each row, and mark rows that must be judged alone to be sure of the last digit.

    `varying` marks the rows whose sums contain more than the numbers of their cells.
    """
    width, teams = sums.numbers.shape
    by_provider = sums.numbers[FIRST:].reshape((width - FIRST) // PER_PROVIDER, PER_PROVIDER, teams)
    parts, doubted = np.empty((len(by_provider), 3, teams)), np.empty(teams, bool)
    standing, unknown = np.empty((len(by_provider), teams), np.int8), np.empty((len(by_provider), teams), np.int32)
    asked = sums.numbers[WEIGHT] > 0  # a team that requires nothing has no score; its quotients are not used
    for some in _cut(teams, width):
        numbers = by_provider[:, :, some]
        weight = np.where(asked[some], sums.numbers[WEIGHT, some], 1)
        # The error of a sum of n inexact numbers is less than n units in the last place; a quotient adds one more.
        inexact = (sums.numbers[INEXACT, some] > 0) | varying[some]
        slack = np.where(inexact, 4.0 + sums.counts[some], 1.0)
        parts[:, :, some], doubtful = round_fast(100 * numbers[:, :FAILED] / weight, slack)
        doubted[some] = doubtful.any(axis=(0, 1))
        unknown[:, some] = numbers[:, UNKNOWN]
        # Of a provider without failed musts, 0 is qualified and 1 unconfirmed.
        standing[:, some] = np.where(numbers[:, FAILED] > 0, RULED_OUT, numbers[:, UNKNOWN] > 0)
    scores = Scores(standing, unknown, parts[:, 0], parts[:, 1], parts[:, 2], asked)
    doubted &= asked
    _sum_alone(np.flatnonzero(doubted & ~varying), scores[2:5], entries, cells)
    return scores, doubted & varying


def _cut(teams: int, each: int) -> Iterator[slice]:
    """Yield slices of teams, at least one; `each` is how many numbers a team has."""
    size = max(_AT_ONCE // each, 1)
    for start in range(0, max(teams, 1), size):
        yield slice(start, start + size)


def _sum_alone(rows: Ints, found: Sequence[Floats], entries: Entries, cells: Cells | FreshCells) -> None:
    """Set the scores of a few rows, summed as in a single answer."""
    for row in rows.tolist():
        own = [cells.known[cell] for cell in entries.cells[entries.ends[row] : entries.ends[row + 1]].tolist()]
        for place, provider in enumerate(cells.facts.knowledge.providers):
            findings = [finding for cell in own for finding in cell.findings[place]]
            put_score(found, place, row, sum_up(provider, findings, None).score)


def put_score(parts: Sequence[Floats], place: int, row: int, score: Score | None) -> None:
    """Set the score of a provider and a row, if there is one."""
    if score is not None:
        for part, number in zip(parts, score, strict=True):
            part[place, row] = number


def judge_teams(scores: Scores) -> Verdicts:
    """Return the verdict of each team."""
    some = [_judge_some(scores.take(part)) for part in _cut(len(scores.asked), PER_PROVIDER * len(scores.standing) + 1)]
    return Verdicts(*(np.concatenate(fields, axis=-1) for fields in zip(*some, strict=True)))


def _judge_some(scores: Scores) -> Verdicts:
    providers, teams = scores.standing.shape
    if not providers:
        nothing = np.full(teams, -1, np.int16)
        undetermined = np.full(teams, _UNDETERMINED, np.int16)
        return Verdicts(undetermined, nothing, nothing, nothing, np.empty((0, teams), bool))
    among = _find_leaders(scores)
    first = among.argmax(axis=0).astype(np.int16)
    best = np.where(scores.asked, scores.standing.min(axis=0), -1)
    alone = np.add.reduce(among, axis=0, dtype=np.int16) == 1
    beaten = _are_others_beaten(scores, first, among)
    recommended, leaning = (best == _QUALIFIED) & alone, (best == _UNCONFIRMED) & alone
    # The order matters: a single leader counts as level with itself, so it is first a tie and then recommended.
    kind = np.full(teams, _UNDETERMINED, np.int16)
    level = np.flatnonzero((best == _QUALIFIED) & beaten)
    kind[level[_are_alike(scores.take(level), among[:, level])]] = _TIE
    kind[best == RULED_OUT] = _NONE
    kind[recommended] = _RECOMMENDED
    strength = np.where(recommended, np.where(beaten, FIRM, LEANING), -1).astype(np.int16)
    among &= ~alone & (best >= 0) & (best != RULED_OUT)
    return Verdicts(kind, strength, np.where(recommended, first, -1), np.where(leaning, first, -1), among)


def _find_leaders(scores: Scores) -> Flags:
    """Mark the leaders by standing, then fewest unknown musts, then expected score."""
    unknown = scores.unknown
    # Combine standing and unknown musts into one number: with at most 3 unknown musts, qualified with 2 is 2, and
    # unconfirmed with 1 is 5.
    rank = scores.standing * (unknown.max(initial=0) + 1) + unknown
    ahead = rank == rank.min(axis=0)
    expected = np.where(ahead, scores.expected, -np.inf)
    return np.asarray(ahead & (expected == expected.max(axis=0)))


def _are_alike(scores: Scores, among: Flags) -> Flags:
    """Mark the teams whose leaders have equal scores, with nothing unknown."""
    # If the lowest proven score equals the highest possible score, all scores of all leaders are equal.
    lowest = np.where(among, scores.proven, np.inf).min(axis=0)
    return np.asarray(lowest == np.where(among, scores.possible, -np.inf).max(axis=0))


def _are_others_beaten(scores: Scores, first: Ints, among: Flags) -> Flags:
    """Mark the teams where no other provider could win, however the unknowns turn out."""
    proven = scores.proven[first, np.arange(len(first))]
    # An unconfirmed provider may still qualify, so it must be beaten as well.
    beaten = among | (scores.standing == RULED_OUT) | (scores.possible < proven)
    return np.asarray(beaten.all(axis=0))
