"""Parquet: batches of rows that fit into memory whatever the footer claims, with types that can be written again.

A footer may be wrong, and 600 bytes may decode to gigabytes: one long text in a dictionary, used by every row. So texts
are read as stored, as dictionary codes, and decoded some megabytes at a time. A row group with one 5 MB text for 5,000
rows, for example, has codes of a few kilobytes, and its decoded size of 25 GB is known before decoding.

Polars writes the output, and supports fewer types than Arrow: some make it panic, others silently lose values. So types
are chosen before a run starts, and single values that cannot be written are found row by row.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import accumulate, pairwise

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from provider_advisor.batch.blocks import Block, Piece, Position, make_block, show_cells
from provider_advisor.batch.kernel.arrays import change_inner_types
from provider_advisor.batch.reading.input_files import (
    InputFile,
    Limits,
    Opener,
    open_bytes,
    refuse_other_columns,
    refuse_repeated,
)
from provider_advisor.errors import BatchError, BatchFailure

_ROWS = 65_536
_BUFFER = 1 << 20
_BLOCKS = 4
"""A batch has as many bytes as this number of text blocks."""
_MOST_SPELT_OUT = 4 << 30
_MOST_VALUES = 1 << 27
_BROKEN = (pa.ArrowException, OSError, ValueError, RecursionError, MemoryError)


def open_parquet(sources: Sequence[InputFile], limits: Limits) -> tuple[pa.Schema, Opener]:
    """Return the columns of Parquet files, which must have the same types, and their blocks. Raises BatchError."""
    schemas = [read_schema(source) for source in sources]
    first = schemas[0]
    refuse_other_columns(sources, [schema.names for schema in schemas])
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
            if pa.types.is_dictionary(column.type) and _is_text(column.type.value_type):
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


def parse_batch(batch: pa.RecordBatch, schema: pa.Schema, source: InputFile, end: Position, limits: Limits) -> Block:
    """Return the block of a batch with the schema's types, rejecting rows that cannot be written again."""
    columns = [_convert_column(batch.column(field.name), field.type) for field in schema]
    reasons = _find_too_long(batch, limits)
    for field, column in zip(schema, columns, strict=True):
        if not _is_sound(column):
            problem = "a date or time that is out of range" if _is_temporal(field.type) else "text that is not UTF-8"
            for row in range(batch.num_rows):
                if not _is_sound(column.slice(row, 1)):
                    reasons.setdefault(row, f"'{field.name}' contains {problem}")
    if reasons:
        places = pa.array(np.delete(np.arange(batch.num_rows), list(reasons)))
        columns = [_drop_unused_words(column.take(places)) for column in columns]
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


_OFFSET = re.compile(r"[+-][0-9]{2}:[0-9]{2}")
_LATEST_SECOND = 8_200_000_000_000
"""About the year 261,000. The writers of CSV and JSON support nothing much later, nor much before its negative."""
_DAY_SECONDS = 86_400
_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_MOST_DIGITS = 38
_LONGEST_SHOWN = 8_000


def make_writable(schema: pa.Schema) -> pa.Schema:
    """Return the columns with types that can be written again. Raises BatchError where there is no such type."""
    return pa.schema([pa.field(field.name, _find_writable_type(field.type, field.name)) for field in schema])


def _find_writable_type(kind: pa.DataType, name: str) -> pa.DataType:
    inner = partial(_find_writable_type, name=name)
    if isinstance(kind, pa.BaseExtensionType):
        return inner(kind.storage_type)
    if pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_binary_view(kind):
        return pa.binary()
    if pa.types.is_decimal256(kind):
        return _narrow_decimal(kind, name)
    if pa.types.is_timestamp(kind) and kind.tz:
        return pa.timestamp(kind.unit, _check_zone(kind.tz, name))
    return change_inner_types(kind, inner)


def _narrow_decimal(kind: pa.Decimal256Type, name: str) -> pa.DataType:
    if kind.precision > _MOST_DIGITS:
        raise BatchError(
            f"the column '{name}' contains numbers with {kind.precision} digits; at most {_MOST_DIGITS} can be "
            "written; leave the column out, or write it as text."
        )
    return pa.decimal128(kind.precision, kind.scale)


def _check_zone(zone: str, name: str) -> str:
    """Return the time zone; UTC for a fixed offset, which names the same moments. Raises BatchError."""
    if _OFFSET.fullmatch(zone):
        return "UTC"
    try:
        pl.from_arrow(pa.Table.from_arrays([pa.nulls(1, pa.timestamp("us", zone))], names=[name]))
    except pl.exceptions.PolarsError as error:
        raise BatchError(
            f"the column '{name}' is in the unknown time zone '{zone[:80]}'; leave the column out, or use a zone such "
            "as Europe/Berlin."
        ) from error
    return zone


def _convert_column(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return the column with the type from `make_writable`, decoded if it was read as a dictionary."""
    if column.type != kind and pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if column.type != kind and isinstance(column, pa.ExtensionArray):
        column = column.storage
    return column if column.type == kind else column.cast(kind)


def _is_text(kind: pa.DataType) -> bool:
    """Return whether a type holds texts or bytes, each of its own length."""
    return kind in {pa.string(), pa.large_string(), pa.binary(), pa.large_binary()}


def _is_temporal(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_time(kind))


def _is_sound(column: pa.Array) -> bool:
    """Return whether all texts are UTF-8, and all days and times can be written."""
    kind = column.type
    if kind in {pa.string(), pa.large_string()}:
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:
            return False
        return True
    if _is_temporal(kind):
        return _is_in_range(column)
    return all(_is_sound(child) for child in _list_children(column))


def _list_children(column: pa.Array) -> list[pa.Array]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        # The dictionary is usually sound, and decoding the column would take longer than everything else.
        return [] if _is_sound(column.dictionary) else [column.dictionary_decode()]
    if pa.types.is_map(kind):
        return _list_children(column.cast(pa.list_(pa.struct([kind.key_field, kind.item_field]))))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return [column.flatten()]
    return list(column.flatten()) if pa.types.is_struct(kind) else []


def _is_in_range(column: pa.Array) -> bool:
    kind = column.type
    least, most = (0, _DAY_SECONDS) if pa.types.is_time(kind) else (-_LATEST_SECOND, _LATEST_SECOND)
    # As numbers, because the dates of Python end with the year 9999.
    found = pc.min_max(column.view(pa.int32() if kind.bit_width == pa.int32().bit_width else pa.int64())).as_py()
    if found["min"] is None:
        return True
    if pa.types.is_date32(kind):
        return bool(least <= found["min"] * _DAY_SECONDS and found["max"] * _DAY_SECONDS < most)
    unit = _UNITS["ms" if pa.types.is_date64(kind) else kind.unit]
    return bool(least * unit <= found["min"] and found["max"] < most * unit)


def _drop_unused_words(column: pa.Array) -> pa.Array:
    """Return the column with a new dictionary if the old one has invalid UTF-8 that belongs to removed rows."""
    if pa.types.is_dictionary(column.type) and not _is_sound(column.dictionary):
        return column.dictionary_decode().dictionary_encode().cast(column.type)
    return column


def _show_row(rows: pa.RecordBatch, row: int) -> str:
    return show_cells({name: _show_cell(rows[name][row]) for name in rows.schema.names})


def _show_cell(cell: pa.Scalar) -> object:
    """Return the value for people; the number or bytes if Python cannot represent it, as with the year 10000."""
    if pa.types.is_dictionary(cell.type):
        cell = cell.value
    try:
        return cell.as_py() if cell.is_valid else None
    except (ValueError, OverflowError, KeyError, ImportError):
        if _is_text(cell.type):
            return cell.as_buffer().to_pybytes()[:_LONGEST_SHOWN].decode("utf-8", "backslashreplace")
        if isinstance(cell, pa.ListScalar):
            return [_show_cell(each) for each in cell.values[:_LONGEST_SHOWN]]
        if isinstance(cell, pa.StructScalar):
            return {name: _show_cell(cell[name]) for name in cell}
        return cell.value if _is_temporal(cell.type) else f"({cell.type} that cannot be shown)"
