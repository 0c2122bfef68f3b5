"""Parquet: batches of rows that fit into memory, whatever the footer claims.

A footer may be wrong, and 600 bytes may decode to gigabytes: one long text in a dictionary, used by every row. So texts
are read as stored, as dictionary codes, and decoded some megabytes at a time. A row group with one 5 MB text for 5,000
rows, for example, has codes of a few kilobytes, and its decoded size of 25 GB is known before decoding.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import accumulate, pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from provider_advisor.batch.blocks import Piece, Position
from provider_advisor.batch.column_names import refuse_other_columns, refuse_repeated
from provider_advisor.batch.reading.byte_stream import open_bytes
from provider_advisor.batch.reading.input_files import (
    InputFile,
    Limits,
    Opener,
)
from provider_advisor.batch.reading.writable_rows import is_text, make_writable, parse_batch
from provider_advisor.errors import BatchError, BatchFailure

_ROWS = 65_536
_BUFFER = 1 << 20
_BLOCKS = 4
"""A batch has as many bytes as this number of text blocks."""
_MOST_SPELT_OUT = 4 << 30
"""Bytes of the texts of a batch, once decoded."""
_MOST_VALUES = 1 << 27
"""Values in the lists of a row group."""
_BROKEN = (pa.ArrowException, OSError, ValueError, RecursionError, MemoryError)


def open_parquet(sources: Sequence[InputFile], limits: Limits) -> tuple[pa.Schema, Opener]:
    """Return the columns of Parquet files, which must have the same types, and their blocks. Raises BatchError."""
    schemas = [read_schema(source) for source in sources]
    first = schemas[0]
    refuse_other_columns([source.name for source in sources], [schema.names for schema in schemas])
    for source, schema in zip(sources, schemas, strict=True):
        for name, kind in zip(first.names, first.types, strict=True):
            if (other := schema.field(name).type) != kind:
                raise BatchError(
                    f"'{name}' is {kind} in {sources[0].name} and {other} in {source.name}; expected one type."
                )
    return first, partial(read_parquet, schema=first, limits=limits)


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
        said, found = file.metadata.num_rows, [0, *_list_group_ends(file)][-1]
    if said != found:
        raise BatchError(f"{source.name} says it has {said:,} rows, but its row groups have {found:,}; write it again.")
    refuse_repeated(names, f"{source.name} has")
    return make_writable(schema)


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
        opened = open_bytes(source) if source.is_stored else pa.OSFile(os.fsencode(str(source.path)))
        # Old times (INT96) as microseconds: as nanoseconds, the default, the years before 1677 and after 2262, such as
        # an "until" of 9999-12-31, would silently become others.
        file = pq.ParquetFile(
            opened, buffer_size=_BUFFER, pre_buffer=False, read_dictionary=texts, coerce_int96_timestamp_unit="us"
        )
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
        texts = _find_coded_texts(opened.metadata)
    # Opened again, because the columns to read as dictionaries can only be set when opening a file.
    with _open_file(source, texts) as opened:
        groups, total, before = _RowGroups(opened, source, limits), max(opened.metadata.num_rows, 1), 0
        for group, end in enumerate(_list_group_ends(opened)):
            # A batch never spans two row groups, so a run resumed in any of them cuts the same blocks.
            for part in groups.read(group, rows, before) if end > start.offset else ():
                place = Position(file, before + part.num_rows)
                if before >= start.offset:
                    parse = partial(parse_batch, part, schema, source, place, limits)
                    yield Piece(parse, int(source.size * place.offset / total))
                before = place.offset
            before = end
    source.check_unchanged()


def _find_coded_texts(file: pq.FileMetaData) -> list[str]:
    """Return the paths of columns of texts that a row group holds as codes of a dictionary."""
    groups = [file.row_group(group) for group in range(file.num_row_groups)]
    columns = [(place, file.schema.column(place)) for place in range(file.num_columns)]
    return [
        column.path
        for place, column in columns
        if column.physical_type == "BYTE_ARRAY" and any(group.column(place).has_dictionary_page for group in groups)
    ]


class _RowGroups:
    """The row groups of an open file, each read in batches that fit into memory."""

    def __init__(self, file: pq.ParquetFile, source: InputFile, limits: Limits) -> None:
        self._file, self._source, self._limits = file, source, limits
        self._most_bytes = _BLOCKS * limits.block

    def read(self, group: int, most: int, before: int) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a group, `before` rows after the start of the file. Raises BatchFailure."""
        self._check_counts(group)
        said, found = self._file.metadata.row_group(group).num_rows, 0
        try:
            for batch in self._file.iter_batches(min(most, self._choose_rows(group)), row_groups=[group]):
                self._source.check_unchanged()
                yield from self._cut(batch, before + found)
                found += batch.num_rows
        except _BROKEN as error:
            self._source.check_unchanged()
            raise BatchFailure(
                f"{self._source.name} cannot be read to the end: it is damaged after row {before + found:,}."
            ) from error
        self._source.check_unchanged()
        if found != said:
            raise BatchFailure(
                f"{self._source.name} is damaged: row group {group + 1:,} says it has {said:,} rows, and {found:,} can "
                "be read; write it again."
            )

    def _check_counts(self, group: int) -> None:
        """Raise BatchFailure if a column says that it has more values than rows, or more than fit into memory."""
        found = self._file.metadata.row_group(group)
        for place in range(found.num_columns):
            count, column = found.column(place).num_values, self._file.metadata.schema.column(place)
            flat = column.max_repetition_level == 0
            if flat and count != found.num_rows:
                raise BatchFailure(
                    f"{self._source.name} is damaged: row group {group + 1:,} says it has {found.num_rows:,} rows, and "
                    f"its column '{column.path[:200]}' says it has {count:,}; write it again."
                )
            if not flat and count > _MOST_VALUES:
                raise BatchFailure(
                    f"{self._source.name}: row group {group + 1:,} has {count:,} values in the lists of "
                    f"'{column.path[:200]}'; at most {_MOST_VALUES:,} can be read; write it again with smaller row "
                    "groups."
                )

    def _choose_rows(self, group: int) -> int:
        """Return how many rows of a group fit into a batch. Raises BatchFailure if not even one does."""
        found, schema = self._file.metadata.row_group(group), self._file.metadata.schema
        # Run-length encoding stores a number repeated a million times in a few bytes, so a value counts as 8 at least.
        size = sum(
            max(chunk.total_uncompressed_size, chunk.num_values * max(schema.column(place).length, 8))
            for place, chunk in ((place, found.column(place)) for place in range(found.num_columns))
        )
        each = size // max(found.num_rows, 1)
        if each > self._limits.record:
            raise BatchFailure(
                f"{self._source.name}: a row of row group {group + 1:,} takes {each:,} bytes; at most "
                f"{self._limits.record:,} can be read; shorten it."
            )
        # Of a group with 1,000,000 rows and 400 MB, 32 MB are 80,000 rows.
        return max(1, int(self._most_bytes * max(found.num_rows, 1) // max(size, 1)))

    def _cut(self, batch: pa.RecordBatch, before: int) -> Iterator[pa.RecordBatch]:
        """Yield a batch in parts that fit into memory when their texts are decoded."""
        lengths = np.zeros(batch.num_rows, np.int64)
        for column in batch.columns:
            if pa.types.is_dictionary(column.type) and is_text(column.type.value_type):
                each = pc.binary_length(column.dictionary).fill_null(0).to_numpy(zero_copy_only=False)
                codes = column.indices.fill_null(0).to_numpy(zero_copy_only=False)
                lengths += each[codes] if len(each) else 0
        total = int(lengths.sum())
        if total > _MOST_SPELT_OUT:
            raise BatchFailure(
                f"{self._source.name}: the texts of the {batch.num_rows:,} rows after row {before:,} take {total:,} "
                f"bytes; at most {_MOST_SPELT_OUT:,} can be read; shorten them."
            )
        # A part begins where the bytes before a row pass a multiple of what fits: of lengths 3, 3, 3, 3 with room for
        # 5, the rows begin at 0, 3, 6, 9, which are the shares 0, 0, 1, 1, so that two parts have two rows each.
        share = (np.cumsum(lengths) - lengths) // self._most_bytes
        starts = [*np.flatnonzero(np.diff(share, prepend=-1)).tolist(), batch.num_rows]
        for start, end in pairwise(starts):
            yield batch.slice(start, end - start)
