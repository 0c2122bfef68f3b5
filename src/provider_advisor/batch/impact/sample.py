"""Some of very many rows, each as likely as any other, in bounded memory."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from provider_advisor.batch.kernel.arrays import Floats, Ints

__all__ = ["Sample", "Sampling"]

_SEED = 20_221_122


class Sample(NamedTuple):
    """Rows of teams whose verdict changes, their verdicts before and after, and where each stands.

    `places` has a column each for file, row and team.
    """

    rows: pa.RecordBatch
    before: Ints
    after: Ints
    places: pa.RecordBatch


class Sampling:
    """Draws a random key for each row and keeps those of the smallest; the same rows give the same sample."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._random = np.random.default_rng(_SEED)
        self._keys: Floats = np.zeros(0)
        self._parts: list[Sample] = []

    def add(self, part: Sample) -> None:
        """Let further rows take part."""
        self._keys = np.concatenate([self._keys, self._random.random(part.rows.num_rows)])
        self._parts.append(part)
        if len(self._keys) > 2 * self._size:
            self._cut()

    def drawn(self) -> Sample | None:
        """The sample, in the order of the rows; None of no rows at all."""
        if not self._parts:
            return None
        self._cut()
        return self._parts[0]

    def _cut(self) -> None:
        whole = _joined(self._parts)
        kept = np.sort(np.argsort(self._keys, kind="stable")[: self._size])
        self._keys = self._keys[kept]
        places = pa.array(kept)
        self._parts = [
            Sample(whole.rows.take(places), whole.before[kept], whole.after[kept], whole.places.take(places))
        ]


def _joined(parts: list[Sample]) -> Sample:
    return Sample(
        _batch([part.rows for part in parts]),
        np.concatenate([part.before for part in parts]),
        np.concatenate([part.after for part in parts]),
        _batch([part.places for part in parts]),
    )


def _batch(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]
