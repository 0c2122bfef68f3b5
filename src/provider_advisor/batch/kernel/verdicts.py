"""Verdicts of many teams at once, by the rules of a single one (see `decision.verdict`)."""

from __future__ import annotations

import ctypes
from typing import NamedTuple

import numpy as np

from provider_advisor.batch.kernel.types import Flags, Floats, Ints
from provider_advisor.batch.loops import LOOPS, at, structure

__all__ = ["KINDS", "STANDINGS", "STRENGTHS", "Scores", "Verdicts", "judged", "scores_at"]

KINDS = ("recommended", "tie", "undetermined", "none")
STRENGTHS = ("firm", "leaning")
STANDINGS = ("qualified", "unconfirmed", "ruled-out")
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
