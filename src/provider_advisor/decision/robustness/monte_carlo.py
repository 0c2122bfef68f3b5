"""Draw worlds to estimate in which share of them each alternative comes first, where there is no closed form."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from functools import cached_property, reduce
from itertools import combinations
from typing import TYPE_CHECKING

from provider_advisor.decision.robustness.alternatives import Alternative, JointDraw

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Truths = NDArray[np.bool_]

__all__ = ["SAMPLES", "WorldSample", "draw_worlds", "estimate_error"]

SAMPLES = 10_000
_FEWEST = 1_000
_MOST_NUMBERS = 4_000_000
_DIGITS = 9


class WorldSample:
    """Drawn worlds: each alternative's degrees and whether it stands, and weights drawn uniformly from the simplex.

    `degrees` holds, for each alternative, those that are drawn, by criterion; `known` the degrees of all others.
    `weights` has a row a criterion and a column a world; its columns sum to 1. `stands` has a row an alternative.
    """

    def __init__(
        self,
        known: Sequence[Sequence[float]],
        degrees: Sequence[dict[int, Floats]],
        stands: Sequence[Truths],
        weights: Floats,
    ) -> None:
        self._known = known
        self._degrees = degrees
        self._weights = weights
        self._stands = stands
        self.size = weights.shape[1]
        """The number of worlds."""

    @property
    def standing(self) -> float:
        """Return the share of the worlds in which some alternative stands."""
        return float(reduce(lambda one, other: one | other, self._stands).mean())

    def find_first_places(self, weights: Sequence[float]) -> tuple[float, ...]:
        """Return the share of the worlds in which each alternative comes first with the given weights."""
        total = math.fsum(weights)
        given = [weight / total for weight in weights]
        return tuple(float(first.mean()) for first in self._firsts(self._scores(given)))

    def find_ordered_first_places(self, groups: Sequence[Sequence[int]]) -> tuple[float, ...]:
        """Return the same with weights drawn uniformly from those in the order of the groups, equal within a group."""
        import numpy as np  # noqa: PLC0415 (a heavy library, needed only here)

        corners = np.zeros((len(self._weights), len(groups)))
        for number in range(len(groups)):
            heaviest = [place for group in groups[: number + 1] for place in group]
            corners[heaviest, number] = 1 / len(heaviest)
        # Parts of uniform weights, over their sum, are uniform again.
        parts = self._weights[: len(groups)]
        weights = corners @ (parts / parts.sum(axis=0))
        return tuple(float(first.mean()) for first in self._firsts(self._scores(weights)))

    def find_pairs(self, weights: Sequence[float]) -> list[tuple[float, float]]:
        """Return for each two alternatives how often the first is ahead, and how often they are level."""
        total = math.fsum(weights)
        pairs = combinations(zip(self._scores([weight / total for weight in weights]), self._stands, strict=True), 2)
        return [(float((one > two).mean()), float(((one == two) & stands).mean())) for (one, stands), (two, _) in pairs]

    @cached_property
    def _drawn_scores(self) -> list[Floats]:
        return self._scores(self._weights)

    def ranks(self) -> tuple[tuple[float, ...], ...]:
        """Return for each alternative the share of the worlds in which it gets each rank, with the drawn weights."""
        scores, count = self._drawn_scores, len(self._known)
        found = []
        for place, score in enumerate(scores):
            better = sum((other > score).astype("int16") for other in scores)
            level = sum((other == score).astype("int16") for other in scores)
            # Those that are level share the ranks that they take together, each 1 / `level` of every one of them.
            # Example: two are level behind one leader: ranks 2 and 3, half a world each.
            held = [((better <= rank) & (rank < better + level) & self._stands[place]) / level for rank in range(count)]
            found.append(tuple(float(rank.mean()) for rank in held))
        return tuple(found)

    def central(self) -> tuple[tuple[float, ...] | None, ...]:
        """Return for each alternative the mean of the weights with which it comes first; None if it never does."""
        found: list[tuple[float, ...] | None] = []
        for first in self._firsts(self._drawn_scores):
            times = float(first.sum())
            found.append(tuple(map(float, self._weights @ first / times)) if times > 0 else None)
        return tuple(found)

    def _firsts(self, scores: Sequence[Floats]) -> list[Floats]:
        """Return for each alternative the part of the first place that it has in each world."""
        best = reduce(lambda one, other: one.clip(min=other), scores)
        leads = [(score == best) & stands for score, stands in zip(scores, self._stands, strict=True)]
        level = sum(lead.astype("float64") for lead in leads)
        return [lead / (level + (level == 0)) for lead in leads]

    def _scores(self, weights: Sequence[float] | Floats) -> list[Floats]:
        """Return the scores, rounded as those of a verdict are, and below all where an alternative does not stand."""
        import numpy as np  # noqa: PLC0415 (a heavy library, needed only here)

        found = []
        for known, degrees, stands in zip(self._known, self._degrees, self._stands, strict=True):
            scores = np.full(self.size, 0.0) + np.asarray(known) @ np.asarray(weights)
            for criterion, drawn in degrees.items():
                scores += weights[criterion] * drawn
            found.append(np.where(stands, np.round(100 * scores, _DIGITS), -np.inf))
        return found


def draw_worlds(alternatives: Sequence[Alternative], samples: int = SAMPLES) -> WorldSample:
    """Draw that many worlds, or as many as fit into memory, at least 1,000; the same for the same alternatives.

    The seed is a digest of the alternatives. Uniform weights are exponentials over their sum.
    """
    import numpy as np  # noqa: PLC0415 (a heavy library, needed only here)

    count = len(alternatives[0].degrees)
    numbers = count + sum(len(block[0].degrees) for each in alternatives for block in each.blocks)
    size = max(min(samples, _FEWEST), min(samples, _MOST_NUMBERS // max(numbers, len(alternatives) ** 2)))
    source = np.random.Generator(np.random.PCG64(_seed(alternatives)))
    exponentials = -np.log1p(-source.random((count, size)))
    weights = exponentials / exponentials.sum(axis=0)
    drawn = [_drawn(alternative, size, source) for alternative in alternatives]
    return WorldSample(
        [alternative.degrees for alternative in alternatives],
        [degrees for degrees, _ in drawn],
        [stands for _, stands in drawn],
        weights,
    )


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
    facts = 1 + max((draw.position for way in block for draw in way.degrees), default=0)
    at = source.random((facts, size))
    columns = {}
    for index, draw in enumerate(block[0].degrees):
        starts = np.asarray([way.degrees[index].start for way in block])[chosen]
        steps = np.asarray([way.degrees[index].end - way.degrees[index].start for way in block])[chosen]
        positions = np.asarray([way.degrees[index].position for way in block])[chosen]
        columns[draw.criterion] = starts + steps * at[positions, np.arange(size)]
    return columns, np.asarray([way.stands for way in block])[chosen]


def estimate_error(shares: Sequence[float], size: int) -> float:
    """Return the largest standard error among shares estimated from that many worlds: sqrt(s (1 - s) / n)."""
    return max((math.sqrt(max(0.0, share * (1 - share)) / size) for share in shares), default=0.0)
