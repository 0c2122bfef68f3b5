"""In which share of worlds each alternative comes first, by drawing worlds: where no closed form is at hand."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from provider_advisor.decision.robustness.lottery import Alternative, Block

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Truths = NDArray[np.bool_]

__all__ = ["SAMPLES", "Sample", "draw_worlds", "standard_error"]

SAMPLES = 10_000
_FEWEST = 1_000
_MOST_NUMBERS = 4_000_000
_DIGITS = 9


class Sample(NamedTuple):
    """Drawn worlds: each alternative's degrees and whether it stands, and weights drawn uniformly from the simplex.

    `degrees` holds, for each alternative, the columns of the criteria that are drawn, by their places; `known` the
    degrees of all others. `weights` has a row a world; its rows sum to 1.
    """

    known: tuple[tuple[float, ...], ...]
    degrees: tuple[dict[int, Floats], ...]
    stands: Truths
    weights: Floats

    @property
    def size(self) -> int:
        """The number of worlds."""
        return len(self.weights)

    def first_with(self, weights: Sequence[float]) -> tuple[float, ...]:
        """The share of the worlds in which each alternative comes first with the given weights."""
        import numpy as np  # noqa: PLC0415 (a heavy library, needed only here)

        total = math.fsum(weights)
        given = np.asarray([weight / total for weight in weights])
        return tuple(float(column.mean()) for column in self._ranks(given, only_first=True)[:, :, 0].T)

    def ranks(self) -> tuple[tuple[float, ...], ...]:
        """For each alternative the share of the worlds in which it gets each rank, with the drawn weights."""
        return tuple(tuple(map(float, row)) for row in self._ranks(self.weights).mean(axis=0))

    def central(self) -> tuple[tuple[float, ...] | None, ...]:
        """For each alternative the mean of the drawn weights with which it comes first; None if it never does."""
        first = self._ranks(self.weights, only_first=True)[:, :, 0]
        times = first.sum(axis=0)
        return tuple(
            tuple(map(float, first[:, place] @ self.weights / times[place])) if times[place] > 0 else None
            for place in range(len(self.known))
        )

    def _ranks(self, weights: Floats, *, only_first: bool = False) -> Floats:
        """In each world the part of each rank that each alternative has: (worlds, alternatives, ranks)."""
        import numpy as np  # noqa: PLC0415 (a heavy library, needed only here)

        scores = np.column_stack([self._scores(place, weights) for place in range(len(self.known))])
        scores[~self.stands] = -np.inf
        better = (scores[:, None, :] > scores[:, :, None]).sum(axis=2)
        level = (scores[:, None, :] == scores[:, :, None]).sum(axis=2)
        count = 1 if only_first else len(self.known)
        places = np.arange(count)
        held = (places >= better[:, :, None]) & (places < (better + level)[:, :, None]) & self.stands[:, :, None]
        return np.asarray(held / level[:, :, None], dtype=np.float64)

    def _scores(self, place: int, weights: Floats) -> Floats:
        """The scores of one alternative, rounded as those of a verdict are: (worlds,)."""
        import numpy as np  # noqa: PLC0415 (a heavy library, needed only here)

        scores = np.full(self.size, 0.0) + weights @ np.asarray(self.known[place])
        for criterion, column in self.degrees[place].items():
            scores = scores + weights[..., criterion] * column
        return np.round(100 * scores, _DIGITS)


def draw_worlds(alternatives: Sequence[Alternative], samples: int = SAMPLES) -> Sample:
    """That many worlds, or as many as fit into memory, at least a thousand; the same for the same alternatives.

    The seed is a digest of the alternatives. Uniform weights are exponentials over their sum.
    """
    import numpy as np  # noqa: PLC0415 (a heavy library, needed only here)

    count = len(alternatives[0].degrees)
    numbers = count + sum(len(block[0].degrees) for each in alternatives for block in each.blocks)
    size = max(min(samples, _FEWEST), min(samples, _MOST_NUMBERS // max(numbers, len(alternatives) ** 2)))
    source = np.random.Generator(np.random.PCG64(_seed(alternatives)))
    exponentials = -np.log1p(-source.random((size, count)))
    weights = exponentials / exponentials.sum(axis=1, keepdims=True)
    drawn = [_drawn(alternative, size, source) for alternative in alternatives]
    return Sample(
        tuple(alternative.degrees for alternative in alternatives),
        tuple(columns for columns, _ in drawn),
        np.column_stack([stands for _, stands in drawn]),
        weights,
    )


def _seed(alternatives: Sequence[Alternative]) -> int:
    """A number from the content: equal in every process, unlike what `hash` gives."""
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


def _block_drawn(block: Block, size: int, source: np.random.Generator) -> tuple[dict[int, Floats], Truths]:
    """One way a world, and a position for each fact of the block."""
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


def standard_error(shares: Sequence[float], size: int) -> float:
    """The largest standard error among shares estimated from that many worlds: sqrt(s (1 - s) / n)."""
    return max((math.sqrt(max(0.0, share * (1 - share)) / size) for share in shares), default=0.0)
