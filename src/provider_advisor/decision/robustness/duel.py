"""Calculate exactly how often each of two alternatives comes first if all weights are equally likely.

A worked example: A is known to have the fax and may have the phone, B is known to have the phone. Each pair of weights
(w, 1 - w) is equally likely. If A has the phone too, it is ahead by the weight of the fax, which is always positive: A
wins. If not, A is ahead by w and behind by 1 - w: A wins half of the time, which is `chance_of_losing((1.0,), (1.0,))`.
If both worlds are equally likely, A comes first in 75 %: `duel`.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from provider_advisor.decision.robustness.alternatives import ALIKE, Alternative, Drawn, JointDraw, Way, link_parts

# Limits on work, chosen so that one answer takes milliseconds; beyond them worlds are drawn (`monte_carlo`).
_MOST_WAYS = 256
_MOST_STEPS = 150_000


class Acceptability(NamedTuple):
    """How often an alternative gets each rank, best first, and the mean of the weights with which it comes first.

    `central` is None where it never does.
    """

    ranks: tuple[float, ...]
    central: tuple[float, ...] | None


def duel(one: Alternative, two: Alternative) -> tuple[Acceptability, Acceptability] | None:
    """Return the acceptability of two alternatives; None if it would take too long, or degrees are continuous.

    A world in which one fails a must goes to the other; if both qualify, all their open musts are met. The mean of a
    weight over the worlds that the first wins is its chance to win with that criterion counted twice, divided by the
    number of criteria: a factor of a weight turns its exponential into the sum of two.
    """
    if not (one.is_discrete and two.is_discrete):
        return None
    race = _Race.of(one, two)
    won = race.find_chances() if race is not None else None
    if won is None:
        return None
    stand = one.chance_to_stand, two.chance_to_stand
    first = _combine(stand, won[0], won[1])
    second = _combine(stand[::-1], 1 - won[0], [1 - chance for chance in won[1]])
    return first, second


def accept_unopposed(alternative: Alternative, others: int) -> Acceptability:
    """Return the acceptability of an alternative if all `others` always fail a must."""
    stands = alternative.chance_to_stand
    count = len(alternative.degrees)
    return Acceptability((stands, *[0.0] * others), tuple([1 / count] * count) if stands else None)


def _combine(stand: tuple[float, ...], won: float, doubled: Sequence[float]) -> Acceptability:
    """Combine the chances to qualify (its own, the other's), to win if both do, and to win with a doubled weight."""
    # If only one can qualify, it wins with any weights, and the mean of uniform weights is 1 / count each.
    both, alone, count = stand[0] * stand[1], stand[0] * (1 - stand[1]), len(doubled)
    first = alone + both * won
    central = tuple((alone + both * chance) / count / first for chance in doubled) if first > 0 else None
    return Acceptability((first, both * (1 - won)), central)


class _Part(NamedTuple):
    """Criteria whose differences are drawn together: each way with its chance and its differences."""

    criteria: tuple[int, ...]
    ways: tuple[tuple[float, tuple[float, ...]], ...]


class _Race:
    """The parts of a duel; a world is a number whose digits count the differences in it."""

    def __init__(self, known: dict[int, float], parts: Sequence[_Part]) -> None:
        self._known = known
        self._parts = parts
        # A race depends only on how often each difference occurs, not on which criterion has it. So a world is one
        # whole number: with the differences -1, 2 and the size 10, the number 13 means three times -1 and once 2.
        # Adding numbers joins worlds, and equal worlds get one key. `_size` exceeds any count, so no digit overflows.
        drawn = (difference for part in parts for _, way in part.ways for difference in way)
        self._values = sorted({value for value in (*known.values(), *drawn) if abs(value) > ALIKE})
        self._size = len(known) + sum(len(part.criteria) for part in parts) + 2
        self._digit = {value: self._size**place for place, value in enumerate(self._values)}
        self._steps = 0

    @classmethod
    def of(cls, one: Alternative, two: Alternative) -> "_Race | None":
        """Return the race of two alternatives; None if too much is drawn together."""
        parts = []
        blocks = (*_keep_standing(one, 1), *_keep_standing(two, -1))
        named = ({draw.criterion for way in block for draw in way.degrees} for block in blocks)
        # Unknown degrees of both on one criterion form one difference, so their blocks are drawn together.
        for _, group in link_parts(zip(named, blocks, strict=True)):
            if math.prod(len(block) for block in group) > _MOST_WAYS:
                return None
            parts.append(_combine_ways(group, one, two))
        drawn = {criterion for part in parts for criterion in part.criteria}
        pairs = enumerate(zip(one.degrees, two.degrees, strict=True))
        return cls({place: a - b for place, (a, b) in pairs if place not in drawn}, parts)

    def find_chances(self) -> tuple[float, list[float]] | None:
        """Return the chance that the first wins, and the same with each criterion counted twice."""
        cases = self._list_cases(self._parts)
        if self._is_too_much(cases):
            return None
        drawn = self._double_drawn()
        if drawn is None:
            return None
        # Criteria with equal differences are interchangeable: counting any of them twice has the same effect.
        chances = {
            value: self._find_chance(cases, self._digit.get(value, 0)) for value in dict.fromkeys(self._known.values())
        }
        doubled = {place: chances[value] for place, value in self._known.items()} | drawn
        return self._find_chance(cases, 0), [doubled[place] for place in sorted(doubled)]

    def _double_drawn(self) -> dict[int, float] | None:
        """Return the chances with each drawn criterion counted twice; None if that would take too long."""
        doubled: dict[int, float] = {}
        alike: dict[tuple[tuple[float, tuple[float, ...]], ...], list[float]] = {}
        for index, part in enumerate(self._parts):
            if part.ways not in alike:
                rest = self._list_cases([*self._parts[:index], *self._parts[index + 1 :]])
                if self._is_too_much(rest):
                    return None
                alike[part.ways] = [self._find_chance_twice(rest, part, place) for place in range(len(part.criteria))]
            doubled |= zip(part.criteria, alike[part.ways], strict=True)
        return doubled

    def _is_too_much(self, cases: dict[int, float]) -> bool:
        # The table of a race over n differences has at most n^2 / 4 cells; half of that is the estimate.
        self._steps += len(cases) * (self._size**2 // 8 + 8)
        return self._steps > _MOST_STEPS

    def _find_chance_twice(self, rest: dict[int, float], part: _Part, place: int) -> float:
        return math.fsum(
            share * self._find_chance(rest, self._encode(way) + self._digit.get(way[place], 0))
            for share, way in part.ways
        )

    def _encode(self, way: Iterable[float]) -> int:
        return sum(self._digit.get(value, 0) for value in way)

    def _list_cases(self, parts: Sequence[_Part]) -> dict[int, float]:
        """Return the chance of each number, with what is known and these parts."""
        cases = {self._encode(self._known.values()): 1.0}
        for part in parts:
            steps: dict[int, float] = {}
            for share, way in part.ways:
                code = self._encode(way)
                steps[code] = steps.get(code, 0.0) + share
            after: dict[int, float] = {}
            for (case, chance), (step, share) in itertools.product(cases.items(), steps.items()):
                after[case + step] = after.get(case + step, 0.0) + chance * share
            if len(after) > _MOST_STEPS:
                return after
            cases = after
        return cases

    def _find_chance(self, cases: dict[int, float], more: int) -> float:
        """Return the chance that the first wins, with `more` added to each case."""
        return 1 - math.fsum(chance * self._find_chance_of_losing(case + more) for case, chance in cases.items())

    def _find_chance_of_losing(self, case: int) -> float:
        ahead: list[float] = []
        behind: list[float] = []
        for value in self._values:
            case, count = divmod(case, self._size)
            (ahead if value > 0 else behind).extend([abs(value)] * count)
        return chance_of_losing(tuple(ahead), tuple(sorted(behind)))


def _keep_standing(alternative: Alternative, sign: int) -> Iterator[JointDraw]:
    """Yield the blocks given that the alternative qualifies; with the sign -1 its degrees count against the first."""
    for block in alternative.blocks:
        # The shares are conditional on qualifying: `_combine` multiplies by the chance to qualify.
        kept = [way for way in block if way.stands]
        total = math.fsum(way.share for way in kept)
        yield tuple(
            Way(
                way.share / total,
                tuple(Drawn(each.criterion, sign * each.start, sign * each.end) for each in way.degrees),
            )
            for way in kept
        )


def _combine_ways(group: Sequence[JointDraw], one: Alternative, two: Alternative) -> _Part:
    """Return all ways of a group as differences: the product of its blocks' ways."""
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


@lru_cache(maxsize=8192)
def chance_of_losing(ahead: tuple[float, ...], behind: tuple[float, ...]) -> float:
    """Return the share of the simplex of weights in which an alternative does not come first of two.

    `ahead` are the positive differences of its degrees to the other's, `behind` the absolute negative ones. Uniform
    weights are independent exponentials over their sum (Devroye 1986, Non-Uniform Random Variate Generation, V.2), so
    that the weighted difference is a race of sums of exponentials. Because exponentials are memoryless, the next one to
    end is from the side of y with the odds y to x: f(i, j) = (y_j f(i-1, j) + x_i f(i, j-1)) / (x_i + y_j), with f(0,
    j) = 1 and f(i, 0) = 0. Without any difference, first place is shared: 1/2.

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
