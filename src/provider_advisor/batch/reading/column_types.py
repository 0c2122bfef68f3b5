"""Types of Parquet columns, and which of them can be written again.

Polars writes the output, and supports fewer types than Arrow: some make it panic, others silently lose values. So types
are chosen before a run starts, and single values that cannot be written are found row by row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import partial

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from provider_advisor.errors import BatchError

_OFFSET = re.compile(r"[+-][0-9]{2}:[0-9]{2}")
_LATEST_SECOND = 8_200_000_000_000
"""About the year 261,000. The writers of CSV and JSON support nothing much later, nor much before its negative."""
_DAY_SECONDS = 86_400
_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_MOST_DIGITS = 38
_LONGEST_SHOWN = 8_000


def find_repeated(names: Iterable[str]) -> str | None:
    """Return the first column name that occurs twice, if any."""
    return next((name for name, count in Counter(names).items() if count > 1), None)


def find_writable_type(kind: pa.DataType, name: str) -> pa.DataType:  # noqa: C901 (a table of types)
    """Return the type with which a column is carried. Raises BatchError if it cannot be written."""
    inner = partial(find_writable_type, name=name)
    found = kind
    if isinstance(kind, pa.BaseExtensionType):
        found = inner(kind.storage_type)
    elif pa.types.is_string_view(kind):
        found = pa.string()
    elif pa.types.is_binary_view(kind):
        found = pa.binary()
    elif pa.types.is_decimal256(kind):
        found = _narrow_decimal(kind, name)
    elif pa.types.is_timestamp(kind) and kind.tz:
        found = pa.timestamp(kind.unit, _check_zone(kind.tz, name))
    elif pa.types.is_list(kind):
        found = pa.list_(kind.value_field.with_type(inner(kind.value_type)))
    elif pa.types.is_large_list(kind):
        found = pa.large_list(kind.value_field.with_type(inner(kind.value_type)))
    elif pa.types.is_fixed_size_list(kind):
        found = pa.list_(kind.value_field.with_type(inner(kind.value_type)), kind.list_size)
    elif pa.types.is_struct(kind):
        found = pa.struct([field.with_type(inner(field.type)) for field in kind.fields])
    elif pa.types.is_map(kind):
        found = pa.map_(inner(kind.key_type), inner(kind.item_type))
    return found


def _narrow_decimal(kind: pa.Decimal256Type, name: str) -> pa.DataType:
    if kind.precision > _MOST_DIGITS:
        raise BatchError(
            f"the column '{name}' contains numbers with {kind.precision} digits; at most {_MOST_DIGITS} can be "
            "written; "
            "leave the column out, or write it as text."
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


def convert_column(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return the column with the type from `find_writable_type`, decoded if it was read as a dictionary."""
    if column.type != kind and pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if column.type != kind and isinstance(column, pa.ExtensionArray):
        column = column.storage
    return column if column.type == kind else column.cast(kind)


def is_text(kind: pa.DataType) -> bool:
    """Return whether a type holds texts or bytes, each of its own length."""
    return kind in {pa.string(), pa.large_string(), pa.binary(), pa.large_binary()}


def _is_temporal(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_time(kind))


def describe_unsound(kind: pa.DataType) -> str:
    """Say what is wrong with an unsound value."""
    return "a date or time that is out of range" if _is_temporal(kind) else "text that is not UTF-8"


def is_sound(column: pa.Array) -> bool:
    """Return whether all texts are UTF-8, and all days and times can be written."""
    kind = column.type
    if kind in {pa.string(), pa.large_string()}:
        return _is_utf8(column)
    if _is_temporal(kind):
        return _is_in_range(column)
    return all(is_sound(child) for child in _list_children(column))


def _list_children(column: pa.Array) -> list[pa.Array]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        # The dictionary is usually sound, and decoding the column would take longer than everything else.
        return [] if is_sound(column.dictionary) else [column.dictionary_decode()]
    if pa.types.is_map(kind):
        return _list_children(column.cast(pa.list_(pa.struct([kind.key_field, kind.item_field]))))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return [column.flatten()]
    return list(column.flatten()) if pa.types.is_struct(kind) else []


def _is_utf8(column: pa.Array) -> bool:
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _is_in_range(column: pa.Array) -> bool:
    kind = column.type
    least, most = (0, _DAY_SECONDS) if pa.types.is_time(kind) else (-_LATEST_SECOND, _LATEST_SECOND)
    found = pc.min_max(column.view(pa.int32() if kind.bit_width == pa.int32().bit_width else pa.int64())).as_py()
    if found["min"] is None:
        return True
    if pa.types.is_date32(kind):
        return bool(least <= found["min"] * _DAY_SECONDS and found["max"] * _DAY_SECONDS < most)
    unit = _UNITS["ms" if pa.types.is_date64(kind) else kind.unit]
    return bool(least * unit <= found["min"] and found["max"] < most * unit)


def drop_unused_words(column: pa.Array) -> pa.Array:
    """Return the column with a new dictionary if the old one has invalid UTF-8 that belongs to removed rows."""
    if pa.types.is_dictionary(column.type) and not is_sound(column.dictionary):
        return column.dictionary_decode().dictionary_encode().cast(column.type)
    return column


def show_cell(cell: pa.Scalar) -> object:
    """Return the value for people; the number or bytes if Python cannot represent it, as with the year 10000."""
    if pa.types.is_dictionary(cell.type):
        cell = cell.value
    try:
        return cell.as_py() if cell.is_valid else None
    except (ValueError, OverflowError, KeyError, ImportError):
        if is_text(cell.type):
            return cell.as_buffer().to_pybytes()[:_LONGEST_SHOWN].decode("utf-8", "backslashreplace")
        if isinstance(cell, pa.ListScalar):
            return [show_cell(each) for each in cell.values[:_LONGEST_SHOWN]]
        if isinstance(cell, pa.StructScalar):
            return {name: show_cell(cell[name]) for name in cell}
        return cell.value if _is_temporal(cell.type) else f"({cell.type} that cannot be shown)"
