"""Arrow arrays from NumPy's and from texts, by their buffers.

`pyarrow.array` would first look whether the values are pandas', and import pandas to know, where that is installed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from provider_advisor.batch.types import Flags, Floats, Ints

__all__ = ["dictionary", "flags", "lists", "numbers", "texts"]


def numbers(values: Floats | Ints, missing: Flags | None = None) -> pa.Array:
    """The numbers as they lie in memory; null where they are missing."""
    given = None if missing is None or not missing.any() else _bits(~missing)
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), [given, pa.py_buffer(np.ascontiguousarray(values))])


def flags(values: Flags) -> pa.Array:
    """Booleans."""
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, _bits(values)])


def texts(values: Sequence[str]) -> pa.Array:
    """Texts, none of them null."""
    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def dictionary(places: Ints, words: Sequence[str]) -> pa.DictionaryArray:
    """Words by their places; null for -1."""
    return pa.DictionaryArray.from_arrays(numbers(places, places < 0), texts(words))


def lists(ends: Ints, values: pa.Array) -> pa.ListArray:
    """Lists of values that lie one behind the other, by where each begins and the last one ends."""
    return pa.ListArray.from_arrays(numbers(ends.astype(np.int32)), values)


def _bits(values: Flags) -> pa.Buffer:
    return pa.py_buffer(np.packbits(values, bitorder="little"))
