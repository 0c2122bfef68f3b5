"""Parquet: batches of rows that fit into memory, whatever the file's footer claims.

A footer may be wrong, and 600 bytes may decode to gigabytes: one long text in a dictionary, used by every row. So texts
are read as stored, as dictionary codes, and decoded some megabytes at a time. A row group with one 5 MB text for 5,000
rows, for example, has codes of a few kilobytes, and its decoded size of 27 GB is known before decoding.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from itertools import accumulate, pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from provider_advisor.batch.blocks import Block, Piece, Position, make_block, show_cells
from provider_advisor.batch.reading.column_types import (
    convert_column,
    describe_unsound,
    drop_unused_words,
    find_repeated,
    find_writable_type,
    is_sound,
    is_text,
    show_cell,
)
from provider_advisor.batch.reading.sources import InputFile, Limits, open_object
from provider_advisor.batch.remote.addresses import is_stored
from provider_advisor.errors import BatchError, BatchFailure

_ROWS = 65_536
_BUFFER = 1 << 20
_BLOCKS = 4
"""A batch has as many bytes as this number of text blocks."""
_MOST_SPELT_OUT = 4 << 30
_MOST_VALUES = 1 << 27
_BROKEN = (pa.ArrowException, OSError, ValueError, RecursionError, MemoryError)


def read_schema(source: InputFile) -> pa.Schema:
    """Return the columns of a file, with types that can be written again. Raises BatchError."""
    if source.path is None or not source.regular:
        raise BatchError(f"Parquet cannot be read from a stream ({source.name}); save it to a file first.")
    with _open_file(source) as file:
        try:
            schema = file.schema_arrow
            names = schema.names
        except _BROKEN as error:
            raise _refuse_parquet(source) from error
        said = file.metadata.num_rows
        ends = _list_group_ends(file)
    if said != (ends[-1] if ends else 0):
        raise BatchError(
            f"{source.name} says it has {said:,} rows, but its row groups have {sum(ends[-1:]):,}; write it again."
        )
    if (repeated := find_repeated(names)) is not None:
        raise BatchError(f"{source.name} has more than one column '{repeated}'; rename all but one.")
    return pa.schema([pa.field(field.name, find_writable_type(field.type, field.name)) for field in schema])


def find_group_ends(source: InputFile) -> list[int]:
    """Return the number of rows up to the end of each non-empty row group. Raises BatchError."""
    with _open_file(source) as file:
        return list(dict.fromkeys(end for end in _list_group_ends(file) if end))


def _list_group_ends(file: pq.ParquetFile) -> list[int]:
    found = file.metadata
    return list(accumulate(found.row_group(group).num_rows for group in range(found.num_row_groups)))


def _open_file(source: InputFile, texts: list[str] | None = None) -> pq.ParquetFile:
    try:
        # As bytes, because the name may not be UTF-8; buffered, so that a whole row group is never in memory.
        path = str(source.path)
        opened = open_object(path) if is_stored(path) else pa.OSFile(os.fsencode(path))
        file = pq.ParquetFile(opened, buffer_size=_BUFFER, pre_buffer=False, read_dictionary=texts)
    except _BROKEN as error:
        source.check_unchanged()
        raise _refuse_parquet(source) from error
    source.check_unchanged()
    return file


def _refuse_parquet(source: InputFile) -> BatchError:
    return BatchError(f"{source.name} is not a Parquet file, or not a complete one; check it, or write it again.")


def read_parquet(  # noqa: PLR0913, PLR0917 (from where to where)
    source: InputFile, file: int, start: Position, schema: pa.Schema, limits: Limits, rows: int = _ROWS
) -> Iterator[Piece]:
    """Yield the blocks from a place on, with the columns of `schema`, at most `rows` rows in each.

    Block ends depend only on the file, so that a resumed run cuts the same blocks. Raises BatchFailure if the file
    changes, is damaged, or holds fewer rows than it says.
    """
    with _open_file(source) as opened:
        texts = _find_coded_texts(opened)
    # Opened again, because the columns to read as dictionaries can only be set when opening a file.
    with _open_file(source, texts) as opened:
        total, before = max(opened.metadata.num_rows, 1), 0
        for group, end in enumerate(_list_group_ends(opened)):
            if end > start.offset:
                for batch in _read_group(opened, group, before, source, limits, rows):
                    for part in _cut_batch(batch, before, source, limits):
                        if before >= start.offset:
                            place = Position(file, before + part.num_rows)
                            yield Piece(
                                partial(parse_batch, part, schema, source, place, limits),
                                int(source.size * place.offset / total),
                            )
                        before += part.num_rows
            before = end
    source.check_unchanged()


def _find_coded_texts(file: pq.ParquetFile) -> list[str]:
    """Return the paths of columns of texts that a row group holds as codes of a dictionary."""
    found = file.metadata
    texts = {
        place: found.schema.column(place).path
        for place in range(found.num_columns)
        if found.schema.column(place).physical_type == "BYTE_ARRAY"
    }
    groups = [found.row_group(group) for group in range(found.num_row_groups)]
    return [path for place, path in texts.items() if any(group.column(place).has_dictionary_page for group in groups)]


def _read_group(  # noqa: PLR0913, PLR0917 (what to read, and where it is)
    file: pq.ParquetFile, group: int, before: int, source: InputFile, limits: Limits, rows: int
) -> Iterator[pa.RecordBatch]:
    said = file.metadata.row_group(group).num_rows
    rows = min(rows, _choose_rows(file, group, source, limits))
    found = 0
    try:
        # A batch never spans two row groups, so a run resumed in any of them cuts the same blocks.
        for batch in file.iter_batches(rows, row_groups=[group]):
            source.check_unchanged()
            found += batch.num_rows
            yield batch
    except _BROKEN as error:
        source.check_unchanged()
        raise BatchFailure(
            f"{source.name} cannot be read to the end: it is damaged after row {before + found:,}."
        ) from error
    source.check_unchanged()
    if found != said:
        raise BatchFailure(
            f"{source.name} is damaged: row group {group + 1:,} says it has {said:,} rows, and {found:,} can be read; "
            "write it again."
        )


def _choose_rows(file: pq.ParquetFile, group: int, source: InputFile, limits: Limits) -> int:
    """Return how many rows of a row group fit into a batch. Raises BatchFailure for wrong counts or huge rows."""
    found = file.metadata.row_group(group)
    count, size = max(found.num_rows, 1), 0
    for place in range(found.num_columns):
        chunk, column = found.column(place), file.metadata.schema.column(place)
        width = max(column.length, 8)
        size += max(chunk.total_uncompressed_size, chunk.num_values * width)
        flat = column.max_repetition_level == 0
        if flat and chunk.num_values != found.num_rows:
            raise BatchFailure(
                f"{source.name} is damaged: row group {group + 1:,} says it has {found.num_rows:,} rows, and its "
                f"column '{column.path[:200]}' says it has {chunk.num_values:,}; write it again."
            )
        if not flat and chunk.num_values > _MOST_VALUES:
            raise BatchFailure(
                f"{source.name}: row group {group + 1:,} has {chunk.num_values:,} values in the lists of "
                f"'{column.path[:200]}'; at most {_MOST_VALUES:,} can be read; write it again with smaller row groups."
            )
    if size // count > limits.record:
        raise BatchFailure(
            f"{source.name}: a row of row group {group + 1:,} takes {size // count:,} bytes; at most {limits.record:,} "
            "can be read; shorten it."
        )
    return max(1, int(_BLOCKS * limits.block * count // max(size, 1)))


def _cut_batch(batch: pa.RecordBatch, before: int, source: InputFile, limits: Limits) -> Iterator[pa.RecordBatch]:
    """Yield the batch in parts that fit into memory when their texts are decoded."""
    lengths = np.zeros(batch.num_rows, np.int64)
    for column in batch.columns:
        if pa.types.is_dictionary(column.type) and is_text(column.type.value_type):
            each = pc.binary_length(column.dictionary).fill_null(0).to_numpy(zero_copy_only=False)
            codes = column.indices.fill_null(0).to_numpy(zero_copy_only=False)
            lengths += each[codes] if len(each) else 0
    total = int(lengths.sum())
    if total > _MOST_SPELT_OUT:
        raise BatchFailure(
            f"{source.name}: the texts of the {batch.num_rows:,} rows after row {before:,} take {total:,} bytes; "
            f"at most {_MOST_SPELT_OUT:,} can be read; shorten them."
        )
    most = _BLOCKS * limits.block
    if total <= most:
        yield batch
        return
    share = (np.cumsum(lengths) - lengths) // most
    starts = [*np.flatnonzero(np.diff(share, prepend=-1)).tolist(), batch.num_rows]
    for start, end in pairwise(starts):
        yield batch.slice(start, end - start)


def parse_batch(batch: pa.RecordBatch, schema: pa.Schema, source: InputFile, end: Position, limits: Limits) -> Block:
    """Return the block of a batch with the schema's types, rejecting rows that cannot be written again."""
    columns = [convert_column(batch.column(field.name), field.type) for field in schema]
    reasons = _find_too_long(batch, limits)
    for field, column in zip(schema, columns, strict=True):
        if not is_sound(column):
            for row in range(batch.num_rows):
                if not is_sound(column.slice(row, 1)):
                    reasons.setdefault(row, f"'{field.name}' contains {describe_unsound(field.type)}")
    if reasons:
        places = pa.array(np.delete(np.arange(batch.num_rows), list(reasons)))
        columns = [drop_unused_words(column.take(places)) for column in columns]
    rows = pa.RecordBatch.from_arrays(columns, schema=schema)
    return make_block(source.name, rows, batch.num_rows, reasons, lambda row: _show_row(batch, row), end)


def _find_too_long(batch: pa.RecordBatch, limits: Limits) -> dict[int, str]:
    """Return an error for each row that is larger than a record may be."""
    if batch.nbytes <= limits.record:
        return {}
    sizes = [sum(column.slice(row, 1).nbytes for column in batch.columns) for row in range(batch.num_rows)]
    return {
        row: f"holds {size:,} bytes; at most {limits.record:,} can be read"
        for row, size in enumerate(sizes)
        if size > limits.record
    }


def _show_row(rows: pa.RecordBatch, row: int) -> str:
    return show_cells({name: show_cell(rows[name][row]) for name in rows.schema.names})
