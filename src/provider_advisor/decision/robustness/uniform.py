"""Two alternatives, all weights equally likely: in which share of worlds each comes first, exactly.

A world is one way the unknowns turn out together with one set of weights. For each way the chance is that of a race
(see `race`); ways that lead to the same differences of degrees are counted together, so that thirty unknown
capabilities make a few hundred cases and not a thousand million.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from provider_advisor.decision.robustness.lottery import Alternative, Block
from provider_advisor.decision.robustness.race import chance_of_losing

__all__ = ["Acceptability", "duel", "unopposed"]

_MOST_WAYS = 256
_MOST_STEPS = 150_000
_ALIKE = 1e-12


class Acceptability(NamedTuple):
    """How often an alternative gets each rank, best first, and the mean of the weights with which it comes first.

    `central` is None where it never does.
    """

    ranks: tuple[float, ...]
    central: tuple[float, ...] | None


def unopposed(alternative: Alternative, others: int) -> Acceptability:
    """The acceptability of an alternative beside which no other ever stands, given how many those are."""
    stands = alternative.chance_to_stand
    count = len(alternative.degrees)
    return Acceptability((stands, *[0.0] * others), tuple([1 / count] * count) if stands else None)


def duel(one: Alternative, two: Alternative) -> tuple[Acceptability, Acceptability] | None:
    """The acceptability of two alternatives beside each other. None where it would take too long, or is not discrete.

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
    first = _acceptability(stand, won[0], won[1])
    second = _acceptability(stand[::-1], 1 - won[0], [1 - chance for chance in won[1]])
    return first, second


def _acceptability(stand: tuple[float, ...], won: float, doubled: Sequence[float]) -> Acceptability:
    """From the chances to stand (its own, the other's), to win where both do, and the same with a criterion doubled."""
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
        drawn = (difference for part in parts for _, way in part.ways for difference in way)
        self._values = sorted({value for value in (*known.values(), *drawn) if abs(value) > _ALIKE})
        self._size = len(known) + sum(len(part.criteria) for part in parts) + 2
        self._digit = {value: self._size**place for place, value in enumerate(self._values)}
        self._steps = 0

    @classmethod
    def of(cls, one: Alternative, two: Alternative) -> "_Race | None":
        """The race of two alternatives; None where too much is drawn together."""
        parts = []
        for group in _groups((*_standing(one), *((_negated(block)) for block in _standing(two)))):
            if math.prod(len(block) for block in group) > _MOST_WAYS:
                return None
            parts.append(_part(group, one, two))
        drawn = {criterion for part in parts for criterion in part.criteria}
        pairs = enumerate(zip(one.degrees, two.degrees, strict=True))
        return cls({place: a - b for place, (a, b) in pairs if place not in drawn}, parts)

    def won(self) -> tuple[float, list[float]] | None:
        """The chance that the first wins, and the same with each criterion counted twice."""
        size = len(self._known) + sum(len(part.criteria) for part in self._parts)
        doubled = [0.0] * size
        cases = self._cases(self._parts)
        if self._too_many(cases):
            return None
        chances: dict[float, float] = {}
        for place, value in self._known.items():
            if value not in chances:
                chances[value] = self._chance(cases, self._digit.get(value, 0))
            doubled[place] = chances[value]
        if not self._double_drawn(doubled):
            return None
        return self._chance(cases, 0), doubled

    def _double_drawn(self, doubled: list[float]) -> bool:
        """Put in the chances for the criteria that are drawn; whether that was not too much."""
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
        self._steps += len(cases) * (self._size**2 // 8 + 8)
        return self._steps > _MOST_STEPS

    def _chance_twice(self, rest: dict[int, float], part: _Part, place: int) -> float:
        return math.fsum(
            share * self._chance(rest, self._code(way) + self._digit.get(way[place], 0)) for share, way in part.ways
        )

    def _code(self, way: Iterable[float]) -> int:
        return sum(self._digit.get(value, 0) for value in way)

    def _cases(self, parts: Sequence[_Part]) -> dict[int, float]:
        """The chance of each number, with what is known and these parts."""
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
        """The chance that the first wins, with `more` added to each case."""
        return 1 - math.fsum(chance * self._lost(case + more) for case, chance in cases.items())

    def _lost(self, case: int) -> float:
        ahead: list[float] = []
        behind: list[float] = []
        for value in self._values:
            case, count = divmod(case, self._size)
            (ahead if value > 0 else behind).extend([abs(value)] * count)
        return chance_of_losing(tuple(ahead), tuple(sorted(behind)))


def _standing(alternative: Alternative) -> tuple[Block, ...]:
    """The blocks, given that the alternative stands: only the ways in which none of its musts fails."""
    blocks = []
    for block in alternative.blocks:
        kept = [way for way in block if way.stands]
        total = math.fsum(way.share for way in kept)
        blocks.append(tuple(way._replace(share=way.share / total) for way in kept))
    return tuple(blocks)


def _negated(block: Block) -> Block:
    """The block of the second alternative: its degrees count against the first."""
    return tuple(
        way._replace(degrees=tuple(draw._replace(start=-draw.start, end=-draw.end) for draw in way.degrees))
        for way in block
    )


def _groups(blocks: Iterable[Block]) -> list[list[Block]]:
    """The blocks that some criterion links, together."""
    groups: list[tuple[set[int], list[Block]]] = []
    for block in blocks:
        criteria = {draw.criterion for way in block for draw in way.degrees}
        linked = [group for group in groups if group[0] & criteria]
        joined = [part for group in linked for part in group[1]]
        groups = [group for group in groups if not group[0] & criteria]
        groups.append((criteria.union(*(group[0] for group in linked)), [*joined, block]))
    return [group for _, group in groups]


def _part(group: Sequence[Block], one: Alternative, two: Alternative) -> _Part:
    """All ways of a group: the product of those of its blocks, in differences."""
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
