"""A random sample of the teams whose verdict changes, drawn while they are judged block by block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from provider_advisor.batch.kernel.arrays import Floats, Ints
from provider_advisor.requirements.sheets import write_cell

_SEED = 20_221_122


class Sample(NamedTuple):
    """Rows of teams whose verdict changes, with their verdicts before and after, and their places.

    `places` has a column each for file, row and team.
    """

    rows: pa.RecordBatch
    before: Ints
    after: Ints
    places: pa.RecordBatch

    def take(self, some: Ints) -> Sample:
        """Return some of the rows."""
        places = pa.array(some)
        return Sample(self.rows.take(places), self.before[some], self.after[some], self.places.take(places))


_NO_ROWS = pa.RecordBatch.from_pylist([])
_NOBODY = Sample(_NO_ROWS, np.zeros((0, 0), int), np.zeros((0, 0), int), _NO_ROWS)


class Sampler:
    """Draws a random sample of rows that are added in parts; the same rows give the same sample."""

    # Each row gets a random key, and the rows with the smallest keys are kept. So every row is equally likely, however
    # many there are, and at most twice the sample and one more part are in memory.

    def __init__(self, size: int) -> None:
        self._size = size
        self._random = np.random.default_rng(_SEED)
        self._keys: Floats = np.zeros(0)
        self._parts: list[Sample] = []

    def add(self, part: Sample) -> None:
        """Add rows to draw from."""
        self._keys = np.concatenate([self._keys, self._random.random(part.rows.num_rows)])
        self._parts.append(part)
        # Not after each block, because all kept rows are copied.
        if len(self._keys) > 2 * self._size:
            self._keep_smallest()

    def get_sample(self) -> Sample:
        """Return the sample, in the order of the rows."""
        if not self._parts:
            return _NOBODY
        self._keep_smallest()
        return self._parts[0]

    def _keep_smallest(self) -> None:
        rows, before, after, places = zip(*self._parts, strict=True)
        whole = Sample(_join_rows(rows), np.concatenate(before), np.concatenate(after), _join_rows(places))
        kept = np.sort(np.argsort(self._keys, kind="stable")[: self._size])
        self._keys, self._parts = self._keys[kept], [whole.take(kept)]


def _join_rows(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """Join rows of several blocks; in JSON Lines, a volume may be a number in one and a text in another."""
    kinds: dict[str, set[pa.DataType]] = {}
    for field in (field for batch in batches for field in batch.schema):
        kinds.setdefault(field.name, set()).add(field.type)
    mixed = {name for name, types in kinds.items() if len(types) > 1}
    tables = [pa.Table.from_batches([_write_numbers(batch, mixed)]) for batch in batches]
    return pa.concat_tables(tables, promote_options="default").combine_chunks().to_batches()[0]


def _write_numbers(batch: pa.RecordBatch, names: set[str]) -> pa.RecordBatch:
    for place, field in enumerate(batch.schema):
        if field.name in names and not pa.types.is_string(field.type):
            texts = [write_cell(cell) or None for cell in batch.column(place).to_pylist()]
            batch = batch.set_column(place, field.with_type(pa.string()), pa.array(texts, pa.string()))
    return batch
