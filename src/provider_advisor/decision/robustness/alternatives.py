"""Describe a choice in numbers alone: alternatives, their degrees, and what is still left to chance."""

import math
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, TypeVar

K = TypeVar("K")
T = TypeVar("T")


class Drawn(NamedTuple):
    """A degree that is drawn: `start` + u (`end` - `start`), for u uniform on [0, 1].

    `criterion` is its place; draws of one way with the same `position` share their u.
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
"""What is drawn together; blocks are independent of one another, and each way of a block names the same criteria."""


class Alternative(NamedTuple):
    """What can be chosen: its known degree on each criterion (0 where it is drawn), its blocks, if it can stand."""

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


def build_alternatives(matrix: Mapping[str, Sequence[float | tuple[float, float]]]) -> tuple[Alternative, ...]:
    """Return alternatives from a plain matrix: a row of degrees each; a pair is drawn uniformly between its ends.

    >>> build_alternatives({"a": [1, (0, 0.5)]})[0].degrees
    (1.0, 0.0)
    """
    return tuple(_alternative(name, row) for name, row in matrix.items())


def _alternative(name: str, row: Sequence[float | tuple[float, float]]) -> Alternative:
    blocks = tuple((Way(1.0, (Drawn(place, *cell),)),) for place, cell in enumerate(row) if isinstance(cell, tuple))
    return Alternative(name, tuple(0.0 if isinstance(cell, tuple) else float(cell) for cell in row), blocks)


def join_ways(ways: Sequence[Way]) -> JointDraw:
    """Return the block of these ways: equal ones joined, impossible ones left out."""
    shares: dict[tuple[tuple[Drawn, ...], bool], float] = {}
    for way in ways:
        key = (way.degrees, way.stands)
        shares[key] = shares.get(key, 0.0) + way.share
    return tuple(Way(share, *key) for key, share in shares.items() if share > 0)


def link_parts(parts: Iterable[tuple[AbstractSet[K], T]]) -> list[tuple[set[K], list[T]]]:
    """Return parts in groups, each with the keys of its parts: those together that share a key, even by way of others.

    >>> link_parts([({"fax"}, 0), ({"sms"}, 1), ({"fax", "sms"}, 2), ({"video"}, 3)])[1]
    ({'video'}, [3])
    """
    groups: list[tuple[set[K], list[T]]] = []
    for keys, part in parts:
        # No two groups share a key. So a part joins all the groups that it has a key of into one, or begins its own.
        linked = [group for group in groups if group[0] & keys]
        groups = [group for group in groups if not group[0] & keys]
        joined = [earlier for group in linked for earlier in group[1]]
        groups.append((set(keys).union(*(group[0] for group in linked)), [*joined, part]))
    return groups
