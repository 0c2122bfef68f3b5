"""Scores, standings and verdicts of many teams: what the numbers of their cells come to.

Verdicts follow the rules of `decision.verdict`, written once more for columns; a test holds both equal. For example,
of three providers with the ranks

                    standing      unknown musts   proven   expected   possible
    acme            qualified     0               60       70         90
    brook           qualified     0               40       50         80
    cedar           unconfirmed   1               80       90         95

acme leads (standing comes before scores) and is recommended, but only leaning: 80 of brook is not below 60, and cedar,
which is not ruled out, could still prove its must.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, get_args

import numpy as np

from provider_advisor.batch.kernel.arrays import Flags, Floats, Ints, round_fast
from provider_advisor.batch.kernel.cells import FIRST, INEXACT, PER_PROVIDER, WEIGHT, Cells, Entries, FreshCells
from provider_advisor.batch.native import check_memory, load_loops
from provider_advisor.decision.findings import Score, Standing, sum_up
from provider_advisor.decision.verdict import Kind, Strength

KINDS, STRENGTHS, STANDINGS = get_args(Kind), get_args(Strength), get_args(Standing)
FIRM, DATED, LEANING = range(3)  # places in STRENGTHS
_RECOMMENDED, _TIE, _UNDETERMINED, _NONE = range(4)  # places in KINDS
_QUALIFIED, _UNCONFIRMED, RULED_OUT = range(3)  # places in STANDINGS
_AT_ONCE = (
    1 << 18
)  # numbers of teams that fit a processor's cache; fewer would be many calls, each waiting for its turn


class Sums(NamedTuple):
    """The numbers of the cells of each team, added up: a line for each number. And how many cells there were."""

    numbers: Floats
    counts: Ints


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

    def take(self, some: slice | Ints) -> Scores:
        """Return the scores of some teams."""
        proven, expected, possible = self.proven[:, some], self.expected[:, some], self.possible[:, some]
        return Scores(self.standing[:, some], self.unknown[:, some], proven, expected, possible, self.asked[some])


class Verdicts(NamedTuple):
    """By team: places in KINDS and STRENGTHS, and of the provider and the lean; -1 where there is none.

    `among` marks, by provider and team, those that the verdict names side by side.
    """

    kind: Ints
    strength: Ints
    provider: Ints
    lean: Ints
    among: Flags


def add_up(entries: Entries, numbers: Floats) -> Sums:
    """Return the sums of teams; `numbers` has one row a cell."""
    teams, width = len(entries.ends) - 1, numbers.shape[1]
    sums = np.empty((width, teams))
    check_memory(load_loops().add_up(entries.ends, entries.cells, teams, numbers, width, sums))
    return Sums(sums, np.diff(entries.ends))


def score_teams(sums: Sums, entries: Entries, cells: Cells | FreshCells, varying: Flags) -> tuple[Scores, Flags]:
    """Return the scores of each row, and which rows must be judged alone to be sure of the last digit.

    `varying` marks the rows whose sums hold more than their cells' numbers.
    """
    width, teams = sums.numbers.shape
    by_provider = sums.numbers[FIRST:].reshape((width - FIRST) // PER_PROVIDER, PER_PROVIDER, teams)
    parts, doubted = np.empty((len(by_provider), 3, teams)), np.empty(teams, bool)
    standing, unknown = np.empty((len(by_provider), teams), np.int8), np.empty((len(by_provider), teams), np.int32)
    asked = sums.numbers[WEIGHT] > 0  # a team that asks for nothing has no score; its quotients are of no use
    for some in _cut(teams, width):
        numbers = by_provider[:, :, some]
        weight = np.where(asked[some], sums.numbers[WEIGHT, some], 1)
        # A sum of n inexact numbers is off by less than n units of its last place, a quotient by one more.
        inexact = (sums.numbers[INEXACT, some] > 0) | varying[some]
        slack = np.where(inexact, 4.0 + sums.counts[some], 1.0)
        parts[:, :, some], doubtful = round_fast(100 * numbers[:, :3] / weight, slack)
        doubted[some] = doubtful.any(axis=(0, 1))
        unknown[:, some] = numbers[:, 4]
        standing[:, some] = np.where(numbers[:, 3] > 0, RULED_OUT, numbers[:, 4] > 0)
    scores = Scores(standing, unknown, parts[:, 0], parts[:, 1], parts[:, 2], asked)
    doubted &= asked
    _sum_alone(np.flatnonzero(doubted & ~varying), scores[2:5], entries, cells)
    return scores, doubted & varying


def _cut(teams: int, each: int) -> Iterator[slice]:
    """Yield some teams after others, at least once; of each there are so many numbers."""
    size = max(_AT_ONCE // each, 1)
    for start in range(0, max(teams, 1), size):
        yield slice(start, start + size)


def _sum_alone(rows: Ints, found: Sequence[Floats], entries: Entries, cells: Cells | FreshCells) -> None:
    """Put the scores of a few rows as a single answer has them."""
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


def judge_teams(scores: Scores) -> Verdicts:
    """Return the verdicts on teams, each on all of its providers."""
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
    # Later kinds overwrite earlier ones: a single leader is level with itself, so it is a tie before it is recommended.
    kind = np.full(teams, _UNDETERMINED, np.int16)
    level = np.flatnonzero((best == _QUALIFIED) & beaten)
    kind[level[_are_alike(scores.take(level), among[:, level])]] = _TIE
    kind[best == RULED_OUT] = _NONE
    kind[recommended] = _RECOMMENDED
    strength = np.where(recommended, np.where(beaten, FIRM, LEANING), -1).astype(np.int16)
    among &= ~alone & (best >= 0) & (best != RULED_OUT)
    return Verdicts(kind, strength, np.where(recommended, first, -1), np.where(leaning, first, -1), among)


def _find_leaders(scores: Scores) -> Flags:
    """Return by provider and team who leads: by the better standing, then fewer unknown musts, then expected score."""
    unknown = scores.unknown
    # Standing and unknown musts as one number: with at most 3 unknown musts, qualified with 2 is 2, unconfirmed with 1
    # is 5.
    rank = scores.standing * (unknown.max(initial=0) + 1) + unknown
    ahead = rank == rank.min(axis=0)
    expected = np.where(ahead, scores.expected, -np.inf)
    return np.asarray(ahead & (expected == expected.max(axis=0)))


def _are_alike(scores: Scores, among: Flags) -> Flags:
    """Return where the leaders are alike in all scores, and nothing of these is unknown."""
    # If the lowest proven score is the highest possible one, nothing lies between, for any of them.
    lowest = np.where(among, scores.proven, np.inf).min(axis=0)
    return np.asarray(lowest == np.where(among, scores.possible, -np.inf).max(axis=0))


def _are_others_beaten(scores: Scores, first: Ints, among: Flags) -> Flags:
    """Return where nobody but the leaders could come out on top, however the unknowns turn out."""
    proven = scores.proven[first, np.arange(len(first))]
    # A provider that is only unconfirmed may still qualify, so it has to be beaten as well.
    beaten = among | (scores.standing == RULED_OUT) | (scores.possible < proven)
    return np.asarray(beaten.all(axis=0))
