"""Arrow arrays from NumPy's and from texts, and back, by their buffers.

`pyarrow.array` and `to_numpy` first look whether pandas has a say, and import it to know, where it is installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from provider_advisor.batch.loops import LOOPS, at

__all__ = [
    "DIGITS",
    "Flags",
    "Floats",
    "Ints",
    "bits",
    "bytes_of",
    "dictionary",
    "flags",
    "lists",
    "numbers",
    "only",
    "rounded_exactly",
    "texts",
    "values",
]


def numbers(found: Floats | Ints, given: pa.Buffer | None = None) -> pa.Array:
    """The numbers as they lie in memory; null where they are not given, which is said in `bits`."""
    kind = pa.from_numpy_dtype(found.dtype)
    return pa.Array.from_buffers(kind, len(found), [given, pa.py_buffer(np.ascontiguousarray(found))])


def flags(values: Flags) -> pa.Array:
    """Booleans."""
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, bits(values)])


def texts(values: Sequence[str]) -> pa.Array:
    """Texts, none of them null."""
    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def only(column: pa.Array, given: Flags) -> pa.Array:
    """The texts of a column without nulls, with null where they are not given."""
    _, offsets, data = column.buffers()
    shift = np.zeros(column.offset + len(column), bool)
    shift[column.offset :] = given
    return pa.Array.from_buffers(column.type, len(column), [bits(shift), offsets, data], offset=column.offset)


def dictionary(places: Ints, words: Sequence[str]) -> pa.DictionaryArray:
    """Words by their places; null for -1."""
    return pa.DictionaryArray.from_arrays(numbers(places, bits(places >= 0)), texts(words))


def lists(ends: Ints, values: pa.Array, kept: Flags) -> pa.ListArray:
    """Lists of values that lie one behind the other, by where each begins and the last one ends.

    Only those that are kept; the others must be empty.
    """
    own = ends if kept.all() else np.append(ends[:-1][kept], ends[-1])
    return pa.ListArray.from_arrays(numbers(own.astype(np.int32)), values)


def bytes_of(column: pa.Array) -> tuple[NDArray[np.uint8], Ints]:
    """The bytes of a column of 32-bit strings, and where in them each begins and the last one ends."""
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets or bytes(4), np.int32)[column.offset : column.offset + len(column) + 1]
    return np.frombuffer(data or b"", np.uint8), ends


def values(column: pa.Array) -> Any:  # noqa: ANN401 (an array of whatever numbers the column holds)
    """The numbers of a column as they lie in memory; floats that are null are NaN."""
    held, data = column.buffers()
    found = np.frombuffer(data or b"", column.type.to_pandas_dtype())[column.offset : column.offset + len(column)]
    if held is None or not column.null_count:
        return found
    given = np.unpackbits(np.frombuffer(held, np.uint8), bitorder="little")[column.offset : column.offset + len(column)]
    return np.where(given, found, np.nan)


def bits(values: Flags) -> pa.Buffer:
    """Flags as Arrow packs them."""
    return pa.py_buffer(np.packbits(values, bitorder="little"))


Ints = NDArray[np.integer[Any]]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


DIGITS = 9  # as in loops.c


def rounded_exactly(numbers: Floats) -> Floats:
    """Each number rounded to nine digits as `round` does it; NaN and infinities stay."""
    given = np.ascontiguousarray(numbers, np.float64)
    found, doubtful = np.empty(given.shape), np.empty(given.shape, bool)
    LOOPS.round_numbers(at(given, np.float64), given.size, at(found, np.float64), at(doubtful, np.bool_))
    for place in np.flatnonzero(doubtful):
        found.flat[place] = round(float(given.flat[place]), DIGITS)
    return found
