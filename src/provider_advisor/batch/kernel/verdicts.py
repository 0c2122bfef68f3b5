"""Verdicts of many teams at once, by the rules of a single one (see `decision.verdict`)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from provider_advisor.batch.kernel.types import Flags, Floats, Ints

__all__ = ["KINDS", "STANDINGS", "STRENGTHS", "Scores", "Verdicts", "judged"]

KINDS = ("recommended", "tie", "undetermined", "none")
STRENGTHS = ("firm", "leaning")
STANDINGS = ("qualified", "unconfirmed", "ruled-out")
_RECOMMENDED, _TIE, _UNDETERMINED, _NONE = range(4)
_QUALIFIED, _UNCONFIRMED, _RULED_OUT = range(3)


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
    if not providers:
        nobody = np.full(teams, -1, np.int8)
        return Verdicts(np.full(teams, _UNDETERMINED, np.int8), nobody, nobody, nobody, np.zeros((0, teams), bool))
    best = scores.standing.min(axis=0)
    leaders = _leaders(scores, best)
    single, first = leaders.sum(axis=0, dtype=np.int32) == 1, _first(leaders)
    unsure, sure = scores.asked & (best == _UNCONFIRMED), scores.asked & (best == _QUALIFIED)
    recommended, several = sure & single, sure & ~single
    kind = np.full(teams, _UNDETERMINED, np.int8)
    kind[scores.asked & (best == _RULED_OUT)] = _NONE
    kind[recommended] = _RECOMMENDED
    kind[several & _alike(scores, leaders)] = _TIE
    strength = np.where(recommended, np.where(_firm(scores, first), 0, 1), -1)
    provider, lean = np.where(recommended, first, -1), np.where(unsure & single, first, -1)
    return Verdicts(kind, strength, provider, lean, leaders & (several | (unsure & ~single)))


def _leaders(scores: Scores, best: Ints) -> Flags:
    """Those of the best standing, then with the fewest unknown musts, then with the highest expected score."""
    leaders = scores.standing == best
    unknown = np.where(leaders, scores.unknown, np.iinfo(np.int32).max)
    leaders &= unknown == unknown.min(axis=0)
    expected = np.where(leaders, scores.expected, -1)
    return np.asarray(leaders & (expected == expected.max(axis=0)))


def _first(leaders: Flags) -> Ints:
    """The first provider among the leaders."""
    first = np.full(leaders.shape[1], -1, np.int64)
    for place in reversed(range(len(leaders))):
        first[leaders[place]] = place
    return first


def _alike(scores: Scores, leaders: Flags) -> Flags:
    """Whether the leaders share one score, and nothing in it is unknown."""
    lowest = np.where(leaders, scores.proven, np.inf).min(axis=0)
    highest = np.where(leaders, scores.possible, -np.inf).max(axis=0)
    return np.asarray(lowest == highest)


def _firm(scores: Scores, first: Ints) -> Flags:
    """Whether no rival could come out on top, however the unknowns turn out."""
    teams = np.arange(len(first))
    behind = (scores.standing == _RULED_OUT) | (scores.possible < scores.proven[first, teams])
    behind[first, teams] = True
    return np.asarray(behind.all(axis=0))
