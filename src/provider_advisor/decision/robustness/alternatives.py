"""Alternatives in numbers: their degrees, known and drawn, and the exact chances of their scores with given weights.

A worked example: A is known to have the fax and may have the phone, B is known to have the phone, and p is 0.5. Both
criteria weigh 1. There are two worlds: with the phone A scores 100 and B 50, without it both score 50. So A comes first
in 0.5 + 0.5 / 2 = 75 % of the worlds, because they share first place in the second one:

>>> phone = (Way(0.5, (Drawn(1, 0, 0),)), Way(0.5, (Drawn(1, 1, 1),)))
>>> counted = count_scores([Alternative("A", (1.0, 0.0), (phone,)), Alternative("B", (0.0, 1.0))], [1, 1])
>>> counted.find_first_places()
(0.75, 0.25)
"""

import bisect
import itertools
import math
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, TypeVar

from provider_advisor.decision.findings import SCORE_DIGITS

K = TypeVar("K")
T = TypeVar("T")

MOST_SCORES = 4096
"""Most different scores of one alternative; with more, worlds are drawn."""

# Limits on work, chosen so that one answer takes milliseconds; beyond them worlds are drawn (`monte_carlo`).
_MOST_LEVELS = 50_000
_MOST_TIES = 200_000

FINE_DIGITS = 12
"""Sums on the way to a score are rounded to so many digits, so that equal ones added in another order become one."""

ALIKE = 1e-12
"""Numbers closer than this are equal but for rounding."""


class Drawn(NamedTuple):
    """A degree that is drawn: `start` + u (`end` - `start`), for u uniform on [0, 1].

    `criterion` is its place; where a way draws for one several times, the sum counts. Draws of one way with the same
    `position` share their u. Positions below 0 are volumes of the team: there, all alternatives share it.
    """

    criterion: int
    start: float
    end: float
    position: int = 0


class Way(NamedTuple):
    """One way in which a block can turn out: how probable it is, the degrees it leads to, whether a must fails."""

    share: float
    degrees: tuple[Drawn, ...]
    stands: bool = True


JointDraw = tuple[Way, ...]
"""Degrees that are drawn together; blocks are independent, and all ways of a block name the same criteria."""


class Alternative(NamedTuple):
    """An alternative: its known degree on each criterion (0 if drawn), its blocks, and whether it can qualify."""

    name: str
    degrees: tuple[float, ...]
    blocks: tuple[JointDraw, ...] = ()
    stands: bool = True

    @property
    def is_discrete(self) -> bool:
        """Return whether there are finitely many worlds: no degree is drawn from an interval."""
        return all(draw.start == draw.end for block in self.blocks for way in block for draw in way.degrees)

    @property
    def chance_to_stand(self) -> float:
        """Return the share of worlds in which none of its musts fails."""
        chances = (math.fsum(way.share for way in block if way.stands) for block in self.blocks)
        return math.prod(chances) if self.stands else 0.0


class VolumeCase(NamedTuple):
    """The alternatives in one stretch of the team's volumes, and the share of the worlds that lie in it."""

    share: float
    alternatives: tuple[Alternative, ...]


def join_ways(ways: Sequence[Way]) -> JointDraw:
    """Return the block of these ways: equal ones joined, impossible ones left out."""
    shares: dict[tuple[tuple[Drawn, ...], bool], float] = {}
    for way in ways:
        key = (way.degrees, way.stands)
        shares[key] = shares.get(key, 0.0) + way.share
    return tuple(Way(share, *key) for key, share in shares.items() if share > 0)


def link_parts(parts: Iterable[tuple[AbstractSet[K], T]]) -> list[tuple[set[K], list[T]]]:
    """Group parts that share a key, directly or through others; each group comes with its keys.

    >>> link_parts([({"fax"}, 0), ({"sms"}, 1), ({"fax", "sms"}, 2), ({"video"}, 3)])[1]
    ({'video'}, [3])
    """
    groups: dict[int, tuple[set[K], list[T]]] = {}
    group_of: dict[K, int] = {}
    for number, (keys, part) in enumerate(parts):
        # No two groups share a key, so a part merges all groups that it shares a key with, or starts a new one.
        linked = [groups.pop(group) for group in sorted({group_of[key] for key in keys if key in group_of})]
        joined = set(keys).union(*(others for others, _ in linked))
        groups[number] = joined, [*(earlier for _, group in linked for earlier in group), part]
        group_of |= dict.fromkeys(joined, number)
    return list(groups.values())


# The chances of scores with given weights: those of the blocks, added up

_Scores = dict[float, float]
"""The chance of each score; the rest up to 1 is the chance of failing a must."""


class CountedScores:
    """The distribution of each alternative's score, rounded to nine digits as in a verdict.

    A shared place is split. An alternative that fails a must ranks behind all that do not.
    """

    def __init__(self, scores: Sequence[_Scores]) -> None:
        self._alternatives = [_ScoreChances(each) for each in scores]

    def find_first_places(self) -> tuple[float, ...]:
        """Return how often each alternative comes first."""
        return tuple(self.find_first_place(place) for place in range(len(self._alternatives)))

    def find_first_place(self, place: int) -> float:
        """Return how often one alternative comes first.

        A score below the lowest of a rival that never fails cannot come first; rivals whose best score is lower are
        ignored.
        """
        rivals = [each for other, each in enumerate(self._alternatives) if other != place and each.can_stand]
        least = max((rival.least for rival in rivals if rival.always_stands), default=-math.inf)
        leading = {score: chance for score, chance in self._alternatives[place].chances.items() if score >= least}
        if not leading:
            return 0.0
        lowest = min(leading)
        near = [rival for rival in rivals if rival.most >= lowest]
        return math.fsum(chance * _expect_share(score, near) for score, chance in leading.items())

    def find_pairs(self) -> list[tuple[float, float]]:
        """Return for each pair how often the first is ahead, and how often they are level."""
        return [one.compare(two) for one, two in itertools.combinations(self._alternatives, 2)]


class _ScoreChances:
    """The chances of one alternative's scores, prepared to look up how often it is below or level with a score."""

    def __init__(self, chances: _Scores) -> None:
        self.chances = chances
        self._sorted = sorted(chances)
        self._below = [0.0, *itertools.accumulate(chances[score] for score in self._sorted)]
        self._out = max(0.0, 1.0 - math.fsum(chances.values()))
        self.can_stand = bool(chances)
        self.always_stands = self._out < ALIKE and self.can_stand
        self.least, self.most = (self._sorted[0], self._sorted[-1]) if chances else (-math.inf, -math.inf)

    def look_up(self, score: float) -> tuple[float, float]:
        """Return the chances to be below a score, and level with it."""
        # `_below[i]` is the chance of the i lowest scores together; an alternative that is out is below any score.
        below = self._below[bisect.bisect_left(self._sorted, score)]
        return self._out + below, self.chances.get(score, 0.0)

    def compare(self, rival: "_ScoreChances") -> tuple[float, float]:
        """Return how often this alternative is ahead of a rival, and how often both are level."""
        found = [(chance, *rival.look_up(score)) for score, chance in self.chances.items()]
        ahead = math.fsum(chance * below for chance, below, _ in found)
        return ahead, math.fsum(chance * level for chance, _, level in found)


def _expect_share(score: float, rivals: Sequence[_ScoreChances]) -> float:
    """Return the expected share of first place of a score: 1 / (1 + the number of rivals level with it).

    The integral over z in [0, 1] of the product of (below + z level), as a polynomial in z.
    """
    # With k others level the share is 1 / (k + 1), the integral of z^k over [0, 1]. So the coefficient of z^k is the
    # chance that exactly k rivals are level and all others below, and each is divided by k + 1 at the end.
    # Example: one rival, below with 0.5 and level with 0.5, gives 0.5 + 0.5 z, so a share of 0.5 + 0.25 = 0.75.
    powers = [1.0]
    for rival in rivals:
        below, level = rival.look_up(score)
        if level:
            powers = [below * low + level * high for low, high in zip([*powers, 0.0], [0.0, *powers], strict=True)]
        else:
            powers = [below * power for power in powers]
    return math.fsum(power / (1 + exponent) for exponent, power in enumerate(powers))


def count_scores(alternatives: Sequence[Alternative], weights: Sequence[float]) -> CountedScores | None:
    """Return the chances of each score, for each alternative.

    None where some have degrees that are drawn from an interval, or more than `MOST_SCORES` different scores.
    """
    total = math.fsum(weights)
    found: list[_Scores] = []
    for alternative in alternatives:
        # Each score of each alternative is compared with every rival once, and may be level with any number of them.
        most = min(_MOST_LEVELS // len(alternatives), _MOST_TIES // len(alternatives) ** 2)
        left = most - sum(len(scores) for scores in found)
        scores = _count_scores(alternative, [100 * weight / total for weight in weights], min(left, MOST_SCORES))
        if scores is None:
            return None
        found.append(scores)
    return CountedScores(found)


def _count_scores(alternative: Alternative, weights: Sequence[float], most: int) -> _Scores | None:
    """Return the chance of each score, adding block by block and merging equal sums."""
    if not alternative.is_discrete:
        return None
    known = math.fsum(weight * degree for weight, degree in zip(weights, alternative.degrees, strict=True))
    # Blocks are independent, so the distribution of the sum is the convolution of theirs. Ways in which a must fails
    # are left out: their chance is missing from the total, and `_ScoreChances` counts it as being out.
    scores = {known: 1.0} if alternative.stands else {}
    for block in alternative.blocks:
        steps = [
            (way.share, math.fsum(weights[draw.criterion] * draw.start for draw in way.degrees))
            for way in block
            if way.stands
        ]
        after: _Scores = {}
        for (score, chance), (share, step) in itertools.product(scores.items(), steps):
            key = round(score + step, FINE_DIGITS)
            after[key] = after.get(key, 0.0) + chance * share
        if len(after) > most:
            return None
        scores = after
    merged: _Scores = {}
    for score in sorted(scores):
        key = round(score, SCORE_DIGITS)
        merged[key] = merged.get(key, 0.0) + scores[score]
    return merged
