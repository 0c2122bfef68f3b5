"""Calculate exactly in which share of worlds each alternative comes first, where that can be done.

A worked example: A is known to have the fax and may have the phone, B is known to have the phone, and p is 0.5. Both
criteria weigh 1. There are two worlds: with the phone A scores 100 and B 50, without it both score 50. So A comes
first in 0.5 + 0.5 / 2 = 75 % of the worlds, as they share the first place of the second one: `count_scores`.

If no weights are given, each pair of weights (w, 1 - w) is equally likely. In the first world A is ahead by the
weight of the fax, which is positive whatever it is: A wins. In the second one A is ahead by w and behind by 1 - w:
A wins half of the time, `chance_of_losing((1.0,), (1.0,))`. Together A comes first in 75 % again: `duel`.
"""

import bisect
import itertools
import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from provider_advisor.decision.robustness.alternatives import Alternative, JointDraw, link_parts

MOST_SCORES = 4096
"""Different scores of one alternative; beyond, worlds are drawn."""

# Limits on work, chosen so that one answer takes milliseconds; beyond them worlds are drawn (`monte_carlo`).
_MOST_LEVELS = 50_000
_MOST_TIES = 200_000
_MOST_WAYS = 256
_MOST_STEPS = 150_000
# A verdict compares scores rounded to nine digits. Sums are merged at twelve on the way, so that equal sums that were
# added in another order become one.
_DIGITS = 9
_FINE = 12
_ALIKE = 1e-12

_Scores = dict[float, float]
"""The chance of each score; what is missing to 1 is the chance of not standing."""


# Weights as given: add up the chances of each score


class CountedScores:
    """The chances of each score of each alternative, compared as a verdict compares them: rounded to nine digits.

    A shared place counts in parts. Who fails a must is behind who does not.
    """

    def __init__(self, scores: Sequence[_Scores]) -> None:
        self._scores = scores
        self._rivals = [_Rival(part) for part in scores]

    def find_first_places(self) -> tuple[float, ...]:
        """Return how often each alternative comes first."""
        return tuple(self.find_first_place(place) for place in range(len(self._scores)))

    def find_first_place(self, place: int) -> float:
        """Return how often one alternative comes first.

        A score below the least of a rival that always stands never does; a rival whose best is below it plays no part.
        """
        rivals = [rival for other, rival in enumerate(self._rivals) if other != place and rival.can_stand]
        least = max((rival.least for rival in rivals if rival.always_stands), default=-math.inf)
        own = {score: chance for score, chance in self._scores[place].items() if score >= least}
        if not own:
            return 0.0
        lowest = min(own)
        near = [rival for rival in rivals if rival.most >= lowest]
        return math.fsum(chance * _expect_share(score, near) for score, chance in own.items())

    def find_pairs(self) -> list[tuple[float, float]]:
        """Return for each two how often the first is ahead, and how often they are level."""
        pairs = itertools.combinations(range(len(self._scores)), 2)
        return [_compare_two(self._scores[one], self._rivals[two]) for one, two in pairs]


def _compare_two(one: _Scores, rival: "_Rival") -> tuple[float, float]:
    chances = [(chance, *rival.chances(score)) for score, chance in one.items()]
    return (
        math.fsum(chance * below for chance, below, _ in chances),
        math.fsum(chance * level for chance, _, level in chances),
    )


def count_scores(alternatives: Sequence[Alternative], weights: Sequence[float]) -> CountedScores | None:
    """Return the chances of each score, for each alternative.

    None where some have degrees that are drawn from an interval, or more than `MOST_SCORES` different scores.
    """
    total = math.fsum(weights)
    found: list[_Scores] = []
    for alternative in alternatives:
        # Each score of each alternative is compared with every rival once, and may be level with each number of them.
        most = min(_MOST_LEVELS // len(alternatives), _MOST_TIES // len(alternatives) ** 2)
        left = most - sum(len(scores) for scores in found)
        scores = _count_scores(alternative, [100 * weight / total for weight in weights], min(left, MOST_SCORES))
        if scores is None:
            return None
        found.append(scores)
    return CountedScores(found)


def _count_scores(alternative: Alternative, weights: Sequence[float], most: int) -> _Scores | None:
    """Return the chance of each score, block by block, merged on the way so that those that are alike meet."""
    if not alternative.is_discrete:
        return None
    known = math.fsum(weight * degree for weight, degree in zip(weights, alternative.degrees, strict=True))
    # Blocks are independent, so the distribution of the sum is the convolution of theirs. Ways in which a must fails
    # are left out: their chance is missing from the total, and `_Rival` counts it as being out.
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
        if len(after) > most:
            return None
        scores = after
    return _merge_rounded(scores)


def _merge_rounded(scores: _Scores) -> _Scores:
    merged: _Scores = {}
    for score in sorted(scores):
        key = round(score, _DIGITS)
        merged[key] = merged.get(key, 0.0) + scores[score]
    return merged


class _Rival:
    """A rival's scores, ready to be asked how often it stays below one, or is level with it."""

    def __init__(self, scores: _Scores) -> None:
        self._scores = scores
        self._sorted = sorted(scores)
        self._below = [0.0, *itertools.accumulate(scores[score] for score in self._sorted)]
        self._out = max(0.0, 1.0 - math.fsum(scores.values()))
        self.can_stand = bool(scores)
        self.always_stands = self._out < _ALIKE and self.can_stand
        self.least, self.most = (self._sorted[0], self._sorted[-1]) if scores else (-math.inf, -math.inf)

    def chances(self, score: float) -> tuple[float, float]:
        # `_below[i]` is the chance of the i lowest scores together; a rival that is out is below any score.
        below = self._below[bisect.bisect_left(self._sorted, score)]
        return self._out + below, self._scores.get(score, 0.0)


def _expect_share(score: float, rivals: Sequence[_Rival]) -> float:
    """Return the part of the first place that a score can expect: 1 / (1 + the number of those level with it).

    The integral over z in [0, 1] of the product of (below + z level), as a polynomial in z.
    """
    # With k others level the share is 1 / (k + 1), the integral of z^k over [0, 1]. So the coefficient of z^k is the
    # chance that exactly k rivals are level and all others below, and each is divided by k + 1 at the end.
    # Example: one rival, below with 0.5 and level with 0.5, gives 0.5 + 0.5 z, so a share of 0.5 + 0.25 = 0.75.
    powers = [1.0]
    for rival in rivals:
        below, level = rival.chances(score)
        if level:
            powers = [below * low + level * high for low, high in zip([*powers, 0.0], [0.0, *powers], strict=True)]
        else:
            powers = [below * power for power in powers]
    return math.fsum(power / (1 + exponent) for exponent, power in enumerate(powers))


# All weights equally likely: a race of two


@lru_cache(maxsize=8192)
def chance_of_losing(ahead: tuple[float, ...], behind: tuple[float, ...]) -> float:
    """Return the share of the simplex of weights in which an alternative does not come first of two.

    `ahead` are the positive differences of its degrees to the other's, `behind` the absolute negative ones. Uniform
    weights are independent exponentials over their sum (Devroye 1986, Non-Uniform Random Variate Generation, V.2), so
    that the weighted difference is a race of sums of exponentials. By the memory that they lack, the next to go is of
    the side of y with the odds y to x: f(i, j) = (y_j f(i-1, j) + x_i f(i, j-1)) / (x_i + y_j), with f(0, j) = 1 and
    f(i, 0) = 0. Where there is no difference at all the first place is shared: 1/2.

    >>> chance_of_losing((1.0,), (1.0, 1.0))  # better on one criterion, worse on two, by as much
    0.75
    """
    if not ahead:
        return 1.0 if behind else 0.5
    # `row[j]` is f(i, j + 1) of the recurrence above and `left` f(i, j); only one row of the table is needed at a time.
    row = [1.0] * len(behind)
    for x in ahead:
        left = 0.0
        for place, y in enumerate(behind):
            left = (y * row[place] + x * left) / (x + y)
            row[place] = left
    return row[-1] if behind else 0.0


class Acceptability(NamedTuple):
    """How often an alternative gets each rank, best first, and the mean of the weights with which it comes first.

    `central` is None where it never does.
    """

    ranks: tuple[float, ...]
    central: tuple[float, ...] | None


def unopposed(alternative: Alternative, others: int) -> Acceptability:
    """Return the acceptability of an alternative beside which none of that many others ever stands."""
    stands = alternative.chance_to_stand
    count = len(alternative.degrees)
    return Acceptability((stands, *[0.0] * others), tuple([1 / count] * count) if stands else None)


def duel(one: Alternative, two: Alternative) -> tuple[Acceptability, Acceptability] | None:
    """Return the acceptability of two alternatives; None where it would take too long, or degrees are not discrete.

    A world in which a must of one fails goes to the other; where both stand, so do all their open musts. The mean of
    a weight over the worlds that the first wins is its chance to win with that criterion counted twice, divided by
    the number of criteria: a factor of a weight turns its exponential into the sum of two.
    """
    if not (one.is_discrete and two.is_discrete):
        return None
    race = _Race.of(one, two)
    won = race.won() if race is not None else None
    if won is None:
        return None
    stand = one.chance_to_stand, two.chance_to_stand
    first = _combine(stand, won[0], won[1])
    second = _combine(stand[::-1], 1 - won[0], [1 - chance for chance in won[1]])
    return first, second


def _combine(stand: tuple[float, ...], won: float, doubled: Sequence[float]) -> Acceptability:
    """Combine the chances to stand (its own, the other's), to win where both do, and to win with a doubled one."""
    # Where only one can stand it wins whatever the weights are, and the mean of uniform weights is 1 / count each.
    both, alone, count = stand[0] * stand[1], stand[0] * (1 - stand[1]), len(doubled)
    first = alone + both * won
    central = tuple((alone + both * chance) / count / first for chance in doubled) if first > 0 else None
    return Acceptability((first, both * (1 - won)), central)


class _Part(NamedTuple):
    """Criteria whose differences are drawn together: each way with its chance and its differences."""

    criteria: tuple[int, ...]
    ways: tuple[tuple[float, tuple[float, ...]], ...]


class _Race:
    """The parts of a duel; the differences in a world are counted in the digits of a number, a digit for each."""

    def __init__(self, known: dict[int, float], parts: Sequence[_Part]) -> None:
        self._known = known
        self._parts = parts
        # A race depends only on how often each difference occurs, not on which criterion has it. So a world is one
        # whole number: with the differences -1, 2 and the size 10, the number 13 means three times -1 and once 2.
        # Adding numbers joins worlds, and equal worlds get one key. `_size` exceeds any count, so no digit overflows.
        drawn = (difference for part in parts for _, way in part.ways for difference in way)
        self._values = sorted({value for value in (*known.values(), *drawn) if abs(value) > _ALIKE})
        self._size = len(known) + sum(len(part.criteria) for part in parts) + 2
        self._digit = {value: self._size**place for place, value in enumerate(self._values)}
        self._steps = 0

    @classmethod
    def of(cls, one: Alternative, two: Alternative) -> "_Race | None":
        """Return the race of two alternatives; None where too much is drawn together."""
        parts = []
        blocks = (*_keep_standing(one), *map(_negate, _keep_standing(two)))
        named = ({draw.criterion for way in block for draw in way.degrees} for block in blocks)
        # What is unknown of both on one criterion comes to one difference, so their blocks are drawn together.
        for _, group in link_parts(zip(named, blocks, strict=True)):
            if math.prod(len(block) for block in group) > _MOST_WAYS:
                return None
            parts.append(_combine_ways(group, one, two))
        drawn = {criterion for part in parts for criterion in part.criteria}
        pairs = enumerate(zip(one.degrees, two.degrees, strict=True))
        return cls({place: a - b for place, (a, b) in pairs if place not in drawn}, parts)

    def won(self) -> tuple[float, list[float]] | None:
        """Return the chance that the first wins, and the same with each criterion counted twice."""
        size = len(self._known) + sum(len(part.criteria) for part in self._parts)
        doubled = [0.0] * size
        cases = self._cases(self._parts)
        if self._too_many(cases):
            return None
        chances: dict[float, float] = {}
        for place, value in self._known.items():
            # Criteria with equal differences are interchangeable: counting any of them twice has the same effect.
            if value not in chances:
                chances[value] = self._chance(cases, self._digit.get(value, 0))
            doubled[place] = chances[value]
        if not self._double_drawn(doubled):
            return None
        return self._chance(cases, 0), doubled

    def _double_drawn(self, doubled: list[float]) -> bool:
        """Put in the chances for the criteria that are drawn; return False if that would take too long."""
        alike: dict[tuple[tuple[float, tuple[float, ...]], ...], list[float]] = {}
        for index, part in enumerate(self._parts):
            if part.ways not in alike:
                rest = self._cases([*self._parts[:index], *self._parts[index + 1 :]])
                if self._too_many(rest):
                    return False
                alike[part.ways] = [self._chance_twice(rest, part, place) for place in range(len(part.criteria))]
            for criterion, chance in zip(part.criteria, alike[part.ways], strict=True):
                doubled[criterion] = chance
        return True

    def _too_many(self, cases: dict[int, float]) -> bool:
        # The table of a race over n differences has at most n^2 / 4 cells; half of that is the estimate.
        self._steps += len(cases) * (self._size**2 // 8 + 8)
        return self._steps > _MOST_STEPS

    def _chance_twice(self, rest: dict[int, float], part: _Part, place: int) -> float:
        return math.fsum(
            share * self._chance(rest, self._code(way) + self._digit.get(way[place], 0)) for share, way in part.ways
        )

    def _code(self, way: Iterable[float]) -> int:
        return sum(self._digit.get(value, 0) for value in way)

    def _cases(self, parts: Sequence[_Part]) -> dict[int, float]:
        """Return the chance of each number, with what is known and these parts."""
        cases = {self._code(self._known.values()): 1.0}
        for part in parts:
            steps: dict[int, float] = {}
            for share, way in part.ways:
                code = self._code(way)
                steps[code] = steps.get(code, 0.0) + share
            after: dict[int, float] = {}
            for (case, chance), (step, share) in itertools.product(cases.items(), steps.items()):
                after[case + step] = after.get(case + step, 0.0) + chance * share
            if len(after) > _MOST_STEPS:
                return after
            cases = after
        return cases

    def _chance(self, cases: dict[int, float], more: int) -> float:
        """Return the chance that the first wins, with `more` added to each case."""
        return 1 - math.fsum(chance * self._lost(case + more) for case, chance in cases.items())

    def _lost(self, case: int) -> float:
        ahead: list[float] = []
        behind: list[float] = []
        for value in self._values:
            case, count = divmod(case, self._size)
            (ahead if value > 0 else behind).extend([abs(value)] * count)
        return chance_of_losing(tuple(ahead), tuple(sorted(behind)))


def _keep_standing(alternative: Alternative) -> tuple[JointDraw, ...]:
    """Return the blocks, given that the alternative stands: only the ways in which none of its musts fails."""
    blocks = []
    for block in alternative.blocks:
        # The shares are conditional on standing: the chance to stand itself is multiplied in by `_combine`.
        kept = [way for way in block if way.stands]
        total = math.fsum(way.share for way in kept)
        blocks.append(tuple(way._replace(share=way.share / total) for way in kept))
    return tuple(blocks)


def _negate(block: JointDraw) -> JointDraw:
    """Return the block of the second alternative: its degrees count against the first."""
    return tuple(
        way._replace(degrees=tuple(draw._replace(start=-draw.start, end=-draw.end) for draw in way.degrees))
        for way in block
    )


def _combine_ways(group: Sequence[JointDraw], one: Alternative, two: Alternative) -> _Part:
    """Return all ways of a group, as differences: the product of those of its blocks."""
    criteria = tuple(sorted({draw.criterion for block in group for way in block for draw in way.degrees}))
    shares: dict[tuple[float, ...], float] = {}
    for ways in itertools.product(*group):
        found = {place: one.degrees[place] - two.degrees[place] for place in criteria}
        for way in ways:
            for draw in way.degrees:
                found[draw.criterion] += draw.start
        key = tuple(found[place] for place in criteria)
        shares[key] = shares.get(key, 0.0) + math.prod(way.share for way in ways)
    return _Part(criteria, tuple((share, way) for way, share in sorted(shares.items())))
