"""Rows of Arrow with types and values that the output can be written with, for Parquet files and databases.

Polars writes the output, and supports fewer types than Arrow: some make it panic, others silently lose values. So types
are chosen before a run starts (`make_writable`), and rows with values that cannot be written become rejects
(`parse_batch`).
"""

from __future__ import annotations

import re
from functools import partial

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from provider_advisor.batch.blocks import Block, Position, make_block, show_cells
from provider_advisor.batch.kernel.arrays import change_inner_types
from provider_advisor.batch.reading.input_files import InputFile, Limits
from provider_advisor.errors import BatchError

_OFFSET = re.compile(r"[+-][0-9]{2}:[0-9]{2}")
_LATEST_SECOND = 8_200_000_000_000
"""About the year 261,000. The writers of CSV and JSON support nothing much later, nor much before its negative."""
_DAY_SECONDS = 86_400
_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_MOST_DIGITS = 38
_LONGEST_SHOWN = 8_000


def make_writable(schema: pa.Schema) -> pa.Schema:
    """Return the columns with types that can be written again. Raises BatchError where there is no such type."""
    kinds = [pa.string() if _is_uuid(field.type) else _find_writable_type(field.type, field.name) for field in schema]
    return pa.schema(list(zip(schema.names, kinds, strict=True)))


def _is_uuid(kind: pa.DataType) -> bool:
    return isinstance(kind, pa.BaseExtensionType) and kind.extension_name == "arrow.uuid"


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
    if pa.types.is_interval(kind):
        raise BatchError(f"the column '{name}' contains intervals; leave the column out, or write it as text.")
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

    def show(row: int) -> str:
        return show_cells({name: _show_cell(batch[name][row]) for name in batch.schema.names})

    return make_block(source.name, rows, batch.num_rows, reasons, show, end)


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


def _convert_column(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return the column with the type from `make_writable`, decoded if it was read as a dictionary."""
    if column.type != kind and pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if _is_uuid(column.type):
        return _write_uuids(column.storage)
    if column.type != kind and isinstance(column, pa.ExtensionArray):
        column = column.storage
    return column if column.type == kind else column.cast(kind)


def _write_uuids(column: pa.Array) -> pa.Array:
    """Return UUIDs, 16 bytes each, as people write them: a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11."""
    digits = pl.Series(pl.from_arrow(column.cast(pa.binary()))).bin.encode("hex")
    return digits.str.replace("(.{8})(.{4})(.{4})(.{4})", "$1-$2-$3-$4-").to_arrow().cast(pa.string())


def is_text(kind: pa.DataType) -> bool:
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


def _show_cell(cell: pa.Scalar) -> object:
    """Return the value for people; the number or bytes if Python cannot represent it, as with the year 10000."""
    if pa.types.is_dictionary(cell.type):
        cell = cell.value
    try:
        return cell.as_py() if cell.is_valid else None
    except (ValueError, OverflowError, KeyError, ImportError):
        if is_text(cell.type):
            return cell.as_buffer().to_pybytes()[:_LONGEST_SHOWN].decode("utf-8", "backslashreplace")
        if isinstance(cell, pa.ListScalar):
            return [_show_cell(each) for each in cell.values[:_LONGEST_SHOWN]]
        if isinstance(cell, pa.StructScalar):
            return {name: _show_cell(cell[name]) for name in cell}
        return cell.value if _is_temporal(cell.type) else f"({cell.type} that cannot be shown)"
