"""Draw worlds to estimate in which share of them each alternative comes first, where there is no closed form."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from provider_advisor.decision.robustness.alternatives import Alternative, JointDraw

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Truths = NDArray[np.bool_]

__all__ = ["FEWEST", "FEWEST_FIRSTS", "SAMPLES", "WorldSample", "draw_worlds", "estimate_error"]

SAMPLES = 10_000
FEWEST = 1_000
FEWEST_FIRSTS = 10
_MOST_NUMBERS = 4_000_000
_DIGITS = 9


class WorldSample:
    """Drawn worlds: the degrees of all alternatives, whether they stand, and weights drawn uniformly from the simplex.

    `degrees` has a criterion in the first dimension, an alternative in the second and a world in the third; `stands` an
    alternative and a world; `weights` a criterion and a world, and each world's sum to 1.
    """

    def __init__(self, degrees: Floats, stands: Truths, weights: Floats) -> None:
        self._degrees = degrees
        self._weights = weights
        self._stands = stands
        self.size = weights.shape[1]
        """The number of worlds."""

    @property
    def standing(self) -> float:
        """Return the share of the worlds in which some alternative stands."""
        return float(self._stands.any(axis=0).mean())

    def find_first_places(self, weights: Sequence[float]) -> tuple[float, ...]:
        """Return the share of the worlds in which each alternative comes first with the given weights."""
        return _average(self._share_firsts(self._score_given(weights)))

    def find_ordered_first_places(self, groups: Sequence[Sequence[int]]) -> tuple[float, ...]:
        """Return the same with weights drawn uniformly from those in the order of the groups, equal within a group."""
        import numpy as np  # noqa: PLC0415 (a heavy library, needed only here)

        corners = np.zeros((len(self._weights), len(groups)))
        for number in range(len(groups)):
            heaviest = [place for group in groups[: number + 1] for place in group]
            corners[heaviest, number] = 1 / len(heaviest)
        # Parts of uniform weights, over their sum, are uniform again.
        parts = self._weights[: len(groups)]
        return _average(self._share_firsts(self._score(corners @ (parts / parts.sum(axis=0)))))

    def find_pairs(self, weights: Sequence[float]) -> list[tuple[float, float]]:
        """Return for each two alternatives how often the first is ahead, and how often they are level."""
        scores = self._score_given(weights)
        found: list[tuple[float, float]] = []
        for place, (score, stands) in enumerate(zip(scores, self._stands, strict=True)):
            others = scores[place + 1 :]
            ahead, level = (score > others).mean(axis=1), ((score == others) & stands).mean(axis=1)
            found += zip(ahead.tolist(), level.tolist(), strict=True)
        return found

    @cached_property
    def _drawn_scores(self) -> Floats:
        return self._score(self._weights)

    def ranks(self) -> tuple[tuple[float, ...], ...]:
        """Return for each alternative the share of the worlds in which it gets each rank, with the drawn weights."""
        import numpy as np  # noqa: PLC0415 (a heavy library, needed only here)

        count = len(self._stands)
        order = np.argsort(-self._drawn_scores, axis=0, kind="stable")
        ranked = np.take_along_axis(self._drawn_scores, order, axis=0)
        differs = ranked[1:] != ranked[:-1]
        edge = np.ones((1, self.size), bool)
        at = np.arange(count)[:, np.newaxis]
        first = np.maximum.accumulate(np.where(np.vstack([edge, differs]), at, 0), axis=0)
        last = np.minimum.accumulate(np.where(np.vstack([differs, edge]), at, count)[::-1], axis=0)[::-1]
        # Those that are level share the ranks that they take together, each 1 / `level` of every one of them. Example:
        # two are level behind one leader: ranks 2 and 3, half a world each.
        level = np.where(np.isneginf(ranked), 0, last - first + 1)
        shares = np.zeros(count * count)
        for offset in range(int(level.max(initial=0))):
            held = level > offset
            shares += np.bincount(order[held] * count + first[held] + offset, 1 / level[held], minlength=count * count)
        return tuple(tuple(row) for row in (shares.reshape(count, count) / self.size).tolist())

    def central(self) -> tuple[tuple[float, ...] | None, ...]:
        """Return for each alternative the mean of the weights with which it comes first.

        None if it does in fewer than `FEWEST_FIRSTS` worlds: a mean of so few says nothing.
        """
        found: list[tuple[float, ...] | None] = []
        for first in self._share_firsts(self._drawn_scores):
            times = float(first.sum())
            found.append(tuple(map(float, self._weights @ first / times)) if times >= FEWEST_FIRSTS else None)
        return tuple(found)

    def _share_firsts(self, scores: Floats) -> Floats:
        """Return for each alternative the part of the first place that it has in each world."""
        leads = (scores == scores.max(axis=0)) & self._stands
        level = leads.sum(axis=0)
        shared: Floats = leads / (level + (level == 0))
        return shared

    def _score_given(self, weights: Sequence[float]) -> Floats:
        import numpy as np  # noqa: PLC0415 (a heavy library, needed only here)

        total = math.fsum(weights)
        # Not a product of matrices: on a busy machine the threads that NumPy starts for one wait for each other.
        return self._round(np.einsum("c,caw->aw", [weight / total for weight in weights], self._degrees))

    def _score(self, weights: Floats) -> Floats:
        import numpy as np  # noqa: PLC0415 (a heavy library, needed only here)

        return self._round(np.einsum("cw,caw->aw", weights, self._degrees))

    def _round(self, scores: Floats) -> Floats:
        """Return the scores in units of the last digit of a verdict; below all where an alternative does not stand."""
        import numpy as np  # noqa: PLC0415 (a heavy library, needed only here)

        scores *= 100 * 10**_DIGITS
        np.rint(scores, out=scores)
        scores[~self._stands] = -np.inf
        return scores


def _average(shares: Floats) -> tuple[float, ...]:
    return tuple(shares.mean(axis=1).tolist())


def draw_worlds(alternatives: Sequence[Alternative], samples: int = SAMPLES) -> WorldSample:
    """Draw that many worlds, or as many as fit into memory, at least 1,000; the same for the same alternatives.

    The seed is a digest of the alternatives. Uniform weights are exponentials over their sum.
    """
    import numpy as np  # noqa: PLC0415 (a heavy library, needed only here)

    count = len(alternatives[0].degrees)
    size = max(min(samples, FEWEST), min(samples, _MOST_NUMBERS // max(count * len(alternatives), 1)))
    source = np.random.Generator(np.random.PCG64(_seed(alternatives)))
    exponentials = -np.log1p(-source.random((count, size)))
    weights = exponentials / exponentials.sum(axis=0)
    degrees = np.empty((count, len(alternatives), size))
    stands = np.empty((len(alternatives), size), bool)
    for place, alternative in enumerate(alternatives):
        degrees[:, place] = np.asarray(alternative.degrees)[:, np.newaxis]
        columns, stands[place] = _drawn(alternative, size, source)
        for criterion, drawn in columns.items():
            # What is drawn may come on top of what is known.
            degrees[criterion, place] += drawn
    return WorldSample(degrees, stands, weights)


def _seed(alternatives: Sequence[Alternative]) -> int:
    """Return a number from the content: equal in every process, unlike what `hash` gives."""
    return int.from_bytes(hashlib.sha256(repr(alternatives).encode()).digest()[:8], "big")


def _drawn(alternative: Alternative, size: int, source: np.random.Generator) -> tuple[dict[int, Floats], Truths]:
    import numpy as np  # noqa: PLC0415 (a heavy library, needed only here)

    stands = np.full(size, alternative.stands)
    columns: dict[int, Floats] = {}
    for block in alternative.blocks:
        found, block_stands = _block_drawn(block, size, source)
        columns |= found
        stands &= block_stands
    return columns, stands


def _block_drawn(block: JointDraw, size: int, source: np.random.Generator) -> tuple[dict[int, Floats], Truths]:
    """Draw one way for each world, and a position for each fact of the block."""
    import numpy as np  # noqa: PLC0415 (a heavy library, needed only here)

    ends = np.cumsum([way.share for way in block])
    chosen = np.minimum(np.searchsorted(ends, source.random(size) * ends[-1], side="right"), len(block) - 1)
    stands = np.asarray([way.stands for way in block])[chosen]
    facts = 1 + max((draw.position for way in block for draw in way.degrees), default=0)
    at = source.random((facts, size))
    if all(draw.start == draw.end for way in block for draw in way.degrees):
        fixed = zip(*([draw.start for draw in way.degrees] for way in block), strict=True)
        names = [draw.criterion for draw in block[0].degrees]
        return {name: np.asarray(starts)[chosen] for name, starts in zip(names, fixed, strict=True)}, stands
    columns = {}
    for index, draw in enumerate(block[0].degrees):
        starts = np.asarray([way.degrees[index].start for way in block])[chosen]
        steps = np.asarray([way.degrees[index].end - way.degrees[index].start for way in block])[chosen]
        positions = np.asarray([way.degrees[index].position for way in block])[chosen]
        columns[draw.criterion] = starts + steps * at[positions, np.arange(size)]
    return columns, stands


def estimate_error(shares: Sequence[float], size: int) -> float:
    """Return the largest standard error among shares estimated from that many worlds: sqrt(s (1 - s) / n)."""
    return max((math.sqrt(max(0.0, share * (1 - share)) / size) for share in shares), default=0.0)
