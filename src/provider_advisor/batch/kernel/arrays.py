"""Arrays: conversion to Arrow and back through their buffers, exact rounding, and arrays that grow.

`pyarrow.array` and `to_numpy` are avoided because they import pandas, where it is installed, to check for its types.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.integer[Any]]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_DIGITS = 9
_UNIT, _EXACT, _MIDDLE = 1e9, 2.0**53, 0.5


def make_numbers(found: Floats | Ints, given: pa.Buffer | None = None) -> pa.Array:
    """Return an Arrow array of the same numbers; `given` is a packed validity bitmap (None: no nulls)."""
    kind = pa.from_numpy_dtype(found.dtype)
    return pa.Array.from_buffers(kind, len(found), [given, pa.py_buffer(np.ascontiguousarray(found))])


def make_flags(values: Flags) -> pa.Array:
    """Return an Arrow array of booleans."""
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, pack_bits(values)])


def make_texts(values: Sequence[str]) -> pa.Array:
    """Return an Arrow array of strings without nulls."""
    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def keep_only(column: pa.Array, given: Flags) -> pa.Array:
    """Return a string column (without nulls) with null wherever `given` is False."""
    _, offsets, data = column.buffers()
    # A slice shares its buffers with the whole column: its first row is the bit at `offset`.
    shift = np.zeros(column.offset + len(column), bool)
    shift[column.offset :] = given
    return pa.Array.from_buffers(column.type, len(column), [pack_bits(shift), offsets, data], offset=column.offset)


def make_dictionary(places: Ints, words: Sequence[str]) -> pa.DictionaryArray:
    """Return a dictionary array of words by their indexes, which are not checked; -1 becomes null."""
    indexes = make_numbers(places, pack_bits(places >= 0))
    return pa.DictionaryArray.from_arrays(indexes, make_texts(words), safe=False)


def make_lists(ends: Ints, values: pa.Array, kept: Flags) -> pa.ListArray:
    """Return a list array over consecutive values; list i is `values[ends[i]:ends[i + 1]]`.

    Only the lists marked in `kept` are returned; the others must be empty.
    """
    own = ends if kept.all() else np.append(ends[:-1][kept], ends[-1])
    return pa.ListArray.from_arrays(make_numbers(own.astype(np.int32)), values)


def find_ends(lengths: npt.ArrayLike) -> Ints:
    """Return the ends of consecutive lists as 32-bit numbers, from 0: lengths (2, 3) give 0, 2, 5."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)


def join_ranges(begins: Ints, lengths: Ints) -> Ints:
    """Return concatenated ranges: begins (5, 0) and lengths (2, 3) give 5, 6, 0, 1, 2."""
    before = np.cumsum(lengths) - lengths
    return np.repeat(begins - before, lengths) + np.arange(int(lengths.sum()))


def read_bytes(column: pa.Array) -> tuple[NDArray[np.uint8], Ints]:
    """Return the bytes of a column of 32-bit strings and the offsets of its texts (one more than texts)."""
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets or bytes(4), np.int32)[column.offset : column.offset + len(column) + 1]
    return np.frombuffer(data or b"", np.uint8), ends


def read_values(column: pa.Array) -> Any:  # noqa: ANN401 (an array of whatever numbers the column holds)
    """Return the numbers of a column, without a copy if it has no nulls; nulls become NaN."""
    held, data = column.buffers()
    found = np.frombuffer(data or b"", _find_dtype(column.type))[column.offset : column.offset + len(column)]
    if held is None or not column.null_count:
        return found
    given = np.unpackbits(np.frombuffer(held, np.uint8), bitorder="little")[column.offset : column.offset + len(column)]
    return np.where(given, found, np.nan)


def _find_dtype(kind: pa.DataType) -> np.dtype[Any]:
    """Return the NumPy dtype of an Arrow number type; `to_pandas_dtype` needs pandas before pyarrow 24."""
    return np.dtype({"halffloat": "float16", "float": "float32", "double": "float64"}.get(str(kind), str(kind)))


def change_inner_types(kind: pa.DataType, change: Callable[[pa.DataType], pa.DataType]) -> pa.DataType:
    """Return a nested type with `change` applied to the types inside it; other types stay."""
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(change(kind.value_type)))
    if pa.types.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(change(kind.value_type)))
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(kind.value_field.with_type(change(kind.value_type)), kind.list_size)
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(change(field.type)) for field in kind.fields])
    if pa.types.is_map(kind):
        return pa.map_(change(kind.key_type), change(kind.item_type))
    return kind


def pack_bits(values: Flags) -> pa.Buffer:
    """Pack flags into an Arrow bitmap."""
    return pa.py_buffer(np.packbits(values, bitorder="little"))


def round_exactly(numbers: Floats) -> Floats:
    """Round each number to nine decimals exactly as `round` does; NaN and infinities are unchanged."""
    found, doubtful = round_fast(numbers)
    for place in np.flatnonzero(doubtful):
        found.flat[place] = round(float(numbers.flat[place]), _DIGITS)
    return found


def round_fast(numbers: Floats, slack: Floats | float = 1) -> tuple[Floats, Flags]:
    """Round numbers to nine decimals, and mark those whose last digit may be wrong.

    `slack` bounds the error that each number already carries, in units in the last place (ulp). If a number is further
    than its error from the midpoint between two roundings, dividing two exact floats gives the float nearest to the
    rounded decimal, which is what `round` returns. Floats above 2**53 / 1e9 (about nine million) do not resolve nine
    decimals, so they are returned unchanged.
    """
    # For example, 0.0000000005 lies in the middle: `round` gives 0.000000001, here it is 0 and doubtful. 1/3 is not.
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = numbers * _UNIT
        size, whole = np.abs(scaled), np.rint(scaled)
        doubtful = np.abs(scaled - whole) + size * (2.0**-51 * (1 + slack)) > _MIDDLE
        found = whole / _UNIT
    if not size.max(initial=0) <= _EXACT / 2:  # or NaN
        doubtful |= size > _EXACT / 2
        large = ~(size <= _EXACT)
        found[large], doubtful[large] = numbers[large], False
    return found, doubtful


class GrowingArray:
    """An array that grows at its end in amortized constant time; one thread may add to it while others read.

    Views returned by `array` never change. With a `width` it is a table, and grows by rows.
    """

    def __init__(self, kind: npt.DTypeLike, *width: int) -> None:
        self._held, self._size = np.zeros((256, *width), kind), 0

    @property
    def array(self) -> NDArray[Any]:
        """Return everything added so far."""
        # The size is read first, and set last: any thread that reads finds an array that is long enough and filled.
        size = self._size
        return self._held[:size]

    def extend(self, more: npt.ArrayLike) -> None:
        """Append numbers or rows."""
        added = np.asarray(more, self._held.dtype)
        before, after = self._size, self._size + len(added)
        if after > len(self._held):
            self._held = np.resize(self._held, (2 * after, *self._held.shape[1:]))
        self._held[before:after] = added
        self._size = after
