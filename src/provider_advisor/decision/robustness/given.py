"""In which share of worlds each alternative comes first with given weights: exact, by adding up."""

import bisect
import itertools
import math
from collections.abc import Sequence

from provider_advisor.decision.robustness.lottery import Alternative

__all__ = ["MOST_SCORES", "first_with"]

MOST_SCORES = 4096
"""Different scores of one alternative; beyond, worlds are sampled."""

_MOST_LEVELS = 50_000
_DIGITS = 9
_FINE = 12

_Scores = dict[float, float]
"""The chance of each score; what is missing to 1 is the chance of not standing."""


def first_with(alternatives: Sequence[Alternative], weights: Sequence[float]) -> tuple[float, ...] | None:
    """The share of worlds in which each alternative comes first, in their order; a shared place counts in parts.

    Scores are compared as a verdict compares them, rounded to nine digits. None where an alternative has degrees that
    are drawn from an interval, or more than `MOST_SCORES` different scores.
    """
    total = math.fsum(weights)
    found = []
    for alternative in alternatives:
        scores = _scores(alternative, [100 * weight / total for weight in weights])
        if scores is None:
            return None
        found.append(scores)
    if sum(len(scores) for scores in found) * len(found) > _MOST_LEVELS:
        return None
    return tuple(_first(place, found) for place in range(len(found)))


def _scores(alternative: Alternative, weights: Sequence[float]) -> _Scores | None:
    """Block by block; scores are merged at twelve digits on the way, so that those that are alike meet."""
    if not alternative.is_discrete:
        return None
    known = math.fsum(weight * degree for weight, degree in zip(weights, alternative.degrees, strict=True))
    scores = {known: 1.0} if alternative.stands else {}
    for block in alternative.blocks:
        steps = [
            (way.share, math.fsum(weights[draw.criterion] * draw.start for draw in way.degrees))
            for way in block
            if way.stands
        ]
        after: _Scores = {}
        for (score, chance), (share, step) in itertools.product(scores.items(), steps):
            key = round(score + step, _FINE)
            after[key] = after.get(key, 0.0) + chance * share
        if len(after) > MOST_SCORES:
            return None
        scores = after
    return _rounded(scores)


def _rounded(scores: _Scores) -> _Scores:
    merged: _Scores = {}
    for score in sorted(scores):
        key = round(score, _DIGITS)
        merged[key] = merged.get(key, 0.0) + scores[score]
    return merged


def _first(place: int, found: Sequence[_Scores]) -> float:
    rivals = [_Rival(scores) for other, scores in enumerate(found) if other != place]
    return math.fsum(chance * _shared(score, rivals) for score, chance in found[place].items())


class _Rival:
    """A rival's scores, ready to be asked how often it stays below one, or is level with it."""

    def __init__(self, scores: _Scores) -> None:
        self._scores = scores
        self._sorted = sorted(scores)
        self._below = [0.0, *itertools.accumulate(scores[score] for score in self._sorted)]
        self._out = max(0.0, 1.0 - math.fsum(scores.values()))

    def chances(self, score: float) -> tuple[float, float]:
        below = self._below[bisect.bisect_left(self._sorted, score)]
        return self._out + below, self._scores.get(score, 0.0)


def _shared(score: float, rivals: Sequence[_Rival]) -> float:
    """The part of the first place that an alternative with this score can expect: 1 / (1 + those level with it).

    The integral over z in [0, 1] of the product of (below + z level), as a polynomial in z.
    """
    powers = [1.0]
    for rival in rivals:
        below, level = rival.chances(score)
        if level:
            powers = [below * low + level * high for low, high in zip([*powers, 0.0], [0.0, *powers], strict=True)]
        else:
            powers = [below * power for power in powers]
    return math.fsum(power / (1 + exponent) for exponent, power in enumerate(powers))
