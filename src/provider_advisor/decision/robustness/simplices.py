"""Rank alternatives exactly over a simplex of weights, by cutting it where two are level.

A difference of two scores is linear in the weights. So its values at the corners of a simplex determine it. Where it is
positive at a corner u and negative at a corner v, it is 0 at one point r of the edge between them, and r cuts the
simplex into two: one has r in place of v, the other in place of u. Their sizes are proportional to the two parts of the
edge. This is repeated until no difference has both signs in any part. With one difference it is the race of
`duel.chance_of_losing`; with several it works as well, as long as the number of parts stays small: parts with equal
differences at their corners are counted once.

An example: three alternatives are each best on one of three criteria by as much. A is first where its weight exceeds
both others. At the corners A is ahead of B by 1, -1 and 0, of C by 1, 0 and -1. The first cut puts r half way between
the first two corners, where A is level with B and ahead of C by 1/2. In the part with r and the second corner A is
never ahead of B. In the part with the first corner and r it is ahead of C by 1, 1/2 and -1: two more cuts leave 2/3 of
it. So A is first with 1/3 of the weights.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from provider_advisor.decision.robustness.alternatives import ALIKE, FINE_DIGITS, Alternative
from provider_advisor.decision.robustness.duel import Acceptability

MOST_CUTS = 1_000
"""Most cuts for one question; beyond, worlds are drawn."""

MOST_WORLDS = 64
"""Most worlds to rank one by one; beyond, worlds are drawn. Eight times as many if only first places are needed."""

_MOST_ALTERNATIVES = 5

_Row = tuple[float, ...]
"""An alternative's degree at each corner."""


class _World(NamedTuple):
    """A share of all worlds, and the row of each alternative in it; None where the alternative fails a must."""

    share: float
    rows: tuple[_Row | None, ...]


class _TooManyCutsError(Exception):
    """The simplex would have to be cut too often."""


def find_acceptabilities(alternatives: Sequence[Alternative]) -> tuple[Acceptability, ...] | None:
    """Return how often each alternative gets each rank with all weights equally likely; None if that is too slow.

    The mean of a weight over the weights with which an alternative comes first is its chance to be first with that
    criterion counted twice, divided by the number of criteria (see `duel.duel`).
    """
    count = len(alternatives[0].degrees)
    worlds = _list_worlds(alternatives, [(place,) for place in range(count)], MOST_WORLDS)
    if worlds is None:
        return None
    cutter, ranked = _Cutter(), [[0.0] * len(alternatives) for _ in alternatives]
    weights = [[0.0] * count for _ in alternatives]
    try:
        for share, rows in worlds:
            for place, ranks in _rank(rows, cutter):
                ranked[place] = [before + share * part for before, part in zip(ranked[place], ranks, strict=True)]
                for criterion, chance in enumerate(_double_each(rows, place, ranks[0], cutter)):
                    weights[place][criterion] += share * chance / count
    except _TooManyCutsError:
        return None
    return tuple(
        Acceptability(tuple(ranks), tuple(part / ranks[0] for part in sums) if ranks[0] > ALIKE else None)
        for ranks, sums in zip(ranked, weights, strict=True)
    )


def find_ordered_first_places(
    alternatives: Sequence[Alternative], weights: Sequence[float]
) -> tuple[float, ...] | None:
    """Return how often each comes first with any weights in the same order; None if that is too slow.

    All weights are equally likely that have the order of the given ones; those that are equal stay so. Such weights are
    a simplex: its corners share all weight equally among the criteria of the heaviest 1, 2, 3, … groups.

    >>> find_ordered_first_places([Alternative("a", (1.0, 0.0)), Alternative("b", (0.0, 1.0))], [2, 1])
    (1.0, 0.0)
    """
    worlds = _list_worlds(alternatives, group_by_weight(weights), 8 * MOST_WORLDS)
    if worlds is None:
        return None
    sizes = [len(group) for group in itertools.accumulate(group_by_weight(weights), lambda one, two: (*one, *two))]
    cutter, found = _Cutter(), [0.0] * len(alternatives)
    try:
        for share, rows in worlds:
            means = [
                row
                and tuple(
                    round(part / size, FINE_DIGITS) for part, size in zip(itertools.accumulate(row), sizes, strict=True)
                )
                for row in rows
            ]
            for place, first in _find_firsts(means, cutter):
                found[place] += share * first
    except _TooManyCutsError:
        return None
    return tuple(found)


def group_by_weight(weights: Sequence[float]) -> list[tuple[int, ...]]:
    """Return the places of equal weights together, the heaviest first."""
    ranked = sorted(range(len(weights)), key=lambda place: -weights[place])
    return [tuple(group) for _, group in itertools.groupby(ranked, key=lambda place: weights[place])]


# Worlds: the sums of degrees of groups of criteria, with those that are alike counted together


def _list_worlds(
    alternatives: Sequence[Alternative], groups: Sequence[Sequence[int]], most: int
) -> list[_World] | None:
    """Return all worlds; None if degrees are continuous, or there are too many worlds."""
    if sum(each.chance_to_stand > 0 for each in alternatives) > _MOST_ALTERNATIVES:
        return None
    found = []
    for each in alternatives:
        rows = _count_rows(each, groups, most)
        if rows is None:
            return None
        found.append(rows)
    if math.prod(len(rows) for rows in found) > most:
        return None
    return [
        _World(math.prod(share for _, share in world), tuple(row for row, _ in world))
        for world in itertools.product(*(rows.items() for rows in found))
    ]


def _count_rows(
    alternative: Alternative, groups: Sequence[Sequence[int]], most: int
) -> Mapping[_Row | None, float] | None:
    if alternative.chance_to_stand <= 0:
        return {None: 1.0}
    if not alternative.is_discrete:
        return None
    group_of = {place: number for number, group in enumerate(groups) for place in group}
    known = [round(math.fsum(alternative.degrees[place] for place in group), FINE_DIGITS) for group in groups]
    found: dict[_Row | None, float] = {tuple(known): 1.0}
    for block in alternative.blocks:
        after: dict[_Row | None, float] = {}
        for (row, chance), way in itertools.product(found.items(), block):
            key = None
            if row is not None and way.stands:
                sums = list(row)
                for draw in way.degrees:
                    sums[group_of[draw.criterion]] += draw.start
                key = tuple(round(part, FINE_DIGITS) for part in sums)
            after[key] = after.get(key, 0.0) + chance * way.share
        if len(after) > most:
            return None
        found = after
    return found


# Ranks in one world


def _rank(rows: Sequence[_Row | None], cutter: "_Cutter") -> Iterator[tuple[int, list[float]]]:
    """Yield each alternative that stands, by its place, with its chance of each rank; those that are alike share."""
    classes = _group_alike(rows)
    for row, places in classes.items():
        others = [(other, len(same)) for other, same in classes.items() if other != row]
        ranks = [0.0] * len(rows)
        # Each way of being ahead of some and behind the others is a separate part of the simplex.
        for signs in itertools.product((1, -1), repeat=len(others)):
            ahead = sum(size for (_, size), sign in zip(others, signs, strict=True) if sign < 0)
            chance = cutter.measure(_list_differences(row, [other for other, _ in others], signs))
            for rank in range(ahead, ahead + len(places)):
                ranks[rank] += chance / len(places)
        yield from ((place, ranks) for place in places)


def _find_firsts(rows: Sequence[_Row | None], cutter: "_Cutter") -> Iterator[tuple[int, float]]:
    classes = _group_alike(rows)
    for row, places in classes.items():
        others = [other for other in classes if other != row]
        chance = cutter.measure(_list_differences(row, others, [1] * len(others)))
        yield from ((place, chance / len(places)) for place in places)


def _double_each(rows: Sequence[_Row | None], place: int, first: float, cutter: "_Cutter") -> Iterator[float]:
    """Yield the chance of an alternative to be first with one criterion counted twice, for each criterion."""
    row, classes = rows[place], _group_alike(rows)
    if row is None or first <= 0:
        yield from (0.0 for _ in row or ())
        return
    others, alike = [other for other in classes if other != row], len(classes[row])
    corners = _list_differences(row, others, [1] * len(others))
    for corner in corners:
        yield cutter.measure((*corners, corner)) / alike


def _group_alike(rows: Sequence[_Row | None]) -> dict[_Row, list[int]]:
    """Return the places of alternatives that are alike at every corner; those that do not stand are left out."""
    found: dict[_Row, list[int]] = {}
    for place, row in enumerate(rows):
        if row is not None:
            found.setdefault(row, []).append(place)
    return found


def _list_differences(row: _Row, others: Sequence[_Row], signs: Sequence[int]) -> tuple[_Row, ...]:
    """Return, for each corner, by how much one is ahead of each other (where the sign is 1) or behind (-1)."""
    return tuple(
        tuple(sign * (part - other[corner]) for other, sign in zip(others, signs, strict=True))
        for corner, part in enumerate(row)
    )


class _Cutter:
    """Cuts simplices, caching the results."""

    def __init__(self) -> None:
        self._measured: dict[tuple[_Row, ...], float] = {}
        self._cuts = 0

    def measure(self, corners: Sequence[_Row]) -> float:
        """Return the share of a simplex in which all numbers at its corners are positive."""
        # A difference that is positive at all corners is positive everywhere, and needs no further check.
        columns = [column for column in zip(*corners, strict=True) if min(column) < -ALIKE]
        if any(max(column) <= ALIKE for column in columns):
            return 0.0
        if not columns:
            return 1.0
        # The share depends only on the differences at the corners, not on the criteria.
        key = tuple(sorted(zip(*columns, strict=True)))
        if key not in self._measured:
            self._measured[key] = self._cut(key)
        return self._measured[key]

    def _cut(self, corners: tuple[_Row, ...]) -> float:
        self._cuts += 1
        if self._cuts > MOST_CUTS:
            raise _TooManyCutsError
        # The difference with both signs on the fewest edges needs the fewest cuts.
        place = min(range(len(corners[0])), key=lambda place: _count_signs([corner[place] for corner in corners]))
        high = next(corner for corner in corners if corner[place] > ALIKE)
        low = next(corner for corner in corners if corner[place] < -ALIKE)
        part = high[place] / (high[place] - low[place])
        between = tuple(
            0.0 if other == place else round(one + part * (two - one), FINE_DIGITS)
            for other, (one, two) in enumerate(zip(high, low, strict=True))
        )
        rest = list(corners)
        rest.remove(high)
        rest.remove(low)
        return part * self.measure((high, between, *rest)) + (1 - part) * self.measure((between, low, *rest))


def _count_signs(column: Sequence[float]) -> int:
    """Return how many edges have both signs at their ends."""
    return sum(part > ALIKE for part in column) * sum(part < -ALIKE for part in column)
