"""Blocks of a Parquet file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from provider_advisor.batch.blocks import Block, Piece, Position
from provider_advisor.batch.reading.sources import Source
from provider_advisor.errors import BatchError, BatchFailure

__all__ = ["parquet_pieces", "parquet_schema"]

_ROWS = 65_536
_BUFFER = 1 << 20
_LONGEST = 2_000


def parquet_schema(source: Source) -> pa.Schema:
    """The columns of a file. Raises BatchError if it is none, or names a column twice."""
    if source.path is None or not source.regular:
        raise BatchError(f"Parquet cannot be read from a stream ({source.name}); save it to a file, and name that.")
    with _opened(source) as file:
        schema: pa.Schema = file.schema_arrow
    twice = [name for name, count in Counter(schema.names).items() if count > 1]
    if twice:
        raise BatchError(f"{source.name} has more than one column '{twice[0]}'; rename all but one.")
    return schema.remove_metadata()


def _opened(source: Source) -> pq.ParquetFile:
    try:
        # Buffered, so that a row group of any size is never in memory as a whole.
        return pq.ParquetFile(str(source.path), buffer_size=_BUFFER, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        raise BatchError(
            f"{source.name} is no Parquet file, or not a whole one; check it, or write it again."
        ) from error


def parquet_pieces(source: Source, file: int, start: Position, names: list[str], rows: int = _ROWS) -> Iterator[Piece]:
    """The blocks from a place on, with the columns in the order of `names`."""
    with _opened(source) as opened:
        total, before = max(opened.metadata.num_rows, 1), 0
        for group in range(opened.num_row_groups):
            count = opened.metadata.row_group(group).num_rows
            if before + count > start.offset:
                for at, batch in _batches(opened, group, before, source, rows):
                    if at >= start.offset:
                        end = Position(file, at + batch.num_rows)
                        yield _piece(source, batch.select(names), end, int(source.size * end.offset / total))
            before += count


def _batches(
    opened: pq.ParquetFile, group: int, before: int, source: Source, rows: int
) -> Iterator[tuple[int, pa.RecordBatch]]:
    try:
        for batch in opened.iter_batches(rows, row_groups=[group]):
            yield before, batch
            before += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise BatchFailure(f"{source.name} cannot be read to its end: it is damaged behind row {before:,}.") from error


def _piece(source: Source, rows: pa.RecordBatch, end: Position, read: int) -> Piece:
    numbers = np.arange(1, rows.num_rows + 1)
    block = Block(source.name, rows, numbers, (), rows.num_rows, end, lambda row: _shown(rows, row))
    return Piece(lambda: block, read)


def _shown(rows: pa.RecordBatch, row: int) -> str:
    """A row as JSON, without what it leaves empty."""
    cells = {name: rows[name][row].as_py() for name in rows.schema.names}
    text = json.dumps({name: cell for name, cell in cells.items() if cell is not None}, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters in all)"
