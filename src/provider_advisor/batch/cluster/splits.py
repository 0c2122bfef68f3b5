"""Inputs cut into parts that workers read by themselves: at the ends of records, as one machine would cut them."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

import pyarrow.parquet as pq

from provider_advisor.batch.blocks import Position
from provider_advisor.batch.flow import Stopped
from provider_advisor.batch.reading import Inputs

__all__ = ["Split", "splits_of"]


class Split(NamedTuple):
    """All records from one position up to another; None is the end of the last input."""

    start: Position
    end: Position | None


def splits_of(inputs: Inputs, size: int, stop: threading.Event) -> tuple[Split, ...]:
    """The inputs in parts of at least `size` bytes, in order; at least one, which may be empty.

    Texts are read once from end to end for it, for only what stands before a line break says whether it ends a record.
    Raises BatchFailure if they cannot be read, Stopped when asked to.
    """
    cuts = [Position()]
    last = 0
    for position, read in _group_ends(inputs) if inputs.form == "parquet" else _block_ends(inputs):
        if stop.is_set():
            raise Stopped
        if read - last >= size:
            cuts.append(position)
            last = read
    if len(cuts) > 1 and last == inputs.size:
        cuts.pop()
    return tuple(Split(start, end) for start, end in zip(cuts, [*cuts[1:], None], strict=True))


def _block_ends(inputs: Inputs) -> Iterator[tuple[Position, int]]:
    """Where each block of a text ends, and how many bytes of all inputs stand before that."""
    ends = list(accumulate(source.size for source in inputs.sources))
    for piece in inputs.pieces():
        file = bisect_left(ends, piece.read)
        yield Position(file, piece.read - ends[file] + inputs.sources[file].size), piece.read


def _group_ends(inputs: Inputs) -> Iterator[tuple[Position, int]]:
    """The same of the row groups of Parquet files, whose rows tell how many bytes."""
    before = 0
    for file, source in enumerate(inputs.sources):
        with pq.ParquetFile(str(source.path)) as opened:
            found = opened.metadata
            counts = [found.row_group(group).num_rows for group in range(found.num_row_groups)]
        rows = list(accumulate(count for count in counts if count))  # an empty group has no block that ends there
        for row in rows:
            yield Position(file, row), before + source.size * row // rows[-1]
        before += source.size
