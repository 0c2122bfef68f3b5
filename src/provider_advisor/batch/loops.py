"""The loops over words and rows that are compiled: NumPy would take many passes, and hold the interpreter's lock.

They are in `loops.c`, which the build compiles (see `hatch_build.py`); whoever calls one says beside the call what its
arrays hold. They look up, compare, add, round, and put providers in the order of a verdict; words are read, and
requirements judged by the facts, in Python.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from provider_advisor.errors import BatchFailure

__all__ = ["LOOPS", "at", "counted", "places_of", "structure"]

_ARRAY, _COUNT = ctypes.c_void_p, ctypes.c_int64
_TAKEN: dict[str, Sequence[Any]] = {
    "find_bytes": (_ARRAY, _COUNT, ctypes.c_int32, _ARRAY, _COUNT),
    "number_texts": (_ARRAY, _ARRAY, _COUNT, ctypes.c_int32, *[_ARRAY] * 4),
    "gather_texts": (_ARRAY, _ARRAY, _ARRAY, _COUNT, _ARRAY),
    "join_words": (_ARRAY, _COUNT, _COUNT, _ARRAY, _COUNT, *[_ARRAY] * 4),
    "let_in_by_flags": [_ARRAY] * 3,
    "fire_rules": [_ARRAY] * 5,
    "add_up": (_ARRAY, _ARRAY, _COUNT, _ARRAY, _COUNT, _ARRAY, _ARRAY),
    "count_cells": (_ARRAY, _ARRAY, _COUNT, _ARRAY, _COUNT, _ARRAY),
    "score_teams": (_ARRAY, _ARRAY, _ARRAY, _COUNT, _COUNT, *[_ARRAY] * 3),
    "count_codes": (_ARRAY, _ARRAY, _COUNT, _ARRAY, _ARRAY, _ARRAY),
    "list_codes": (_ARRAY, _ARRAY, _ARRAY, _COUNT, _ARRAY, _ARRAY, _COUNT, _ARRAY, _ARRAY),
    "round_numbers": (_ARRAY, _COUNT, _ARRAY, _ARRAY),
    "judge_teams": (_ARRAY, _ARRAY, _COUNT, _COUNT, _ARRAY),
}
_COUNTING = {"find_bytes", "number_texts", "join_words", "fire_rules", "count_codes", "list_codes"}


def at(array: npt.NDArray[Any], kind: npt.DTypeLike) -> int:
    """Where an array lies in memory. Raises TypeError if it is not as the loops expect it."""
    if array.dtype != kind or not array.flags.c_contiguous:
        raise TypeError(f"expected contiguous {np.dtype(kind)}, got {array.dtype}")
    return int(array.__array_interface__["data"][0])


def counted(found: int) -> int:
    """What a loop returns that counts. Raises MemoryError if there was not enough."""
    if found < 0:
        raise MemoryError
    return found


def structure(name: str, numbers: str = "", arrays: str = "", more: str = "") -> Any:  # noqa: ANN401 (a class of its own)
    """A structure of C, by the names of its fields: 64-bit numbers, then arrays, then more numbers."""
    fields: list[tuple[str, Any]] = [(field, _COUNT) for field in numbers.split()]
    fields += [(field, _ARRAY) for field in arrays.split()]
    fields += [(field, _COUNT) for field in more.split()]
    return type(name, (ctypes.Structure,), {"_fields_": fields})


def _loaded() -> ctypes.CDLL:
    """The library, with what its functions take. Raises BatchFailure if it is not there, or is not of this source."""
    path = Path(__file__).with_name("_loops.so")
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise BatchFailure(f"{path} cannot be loaded; install provider-advisor anew, with a C compiler.") from error
    source = path.with_name("loops.c")  # in a working tree; a wheel goes without
    built_from = (ctypes.c_char_p.in_dll(library, "built_from").value or b"").decode()
    if source.exists() and hashlib.sha256(source.read_bytes()).hexdigest() != built_from:
        raise BatchFailure(f"{source} has changed since it was compiled; run pip install -e . again.")
    for name, taken in _TAKEN.items():
        function = getattr(library, name)
        function.argtypes, function.restype = taken, _COUNT if name in _COUNTING else None
    return library


LOOPS = _loaded()
"""The library. Arrays are passed as `at` gives them."""


def places_of(byte: bytes, data: bytes, end: int) -> npt.NDArray[np.int64]:
    """Where the byte stands in the data before `end`."""
    array, room = np.frombuffer(data, np.uint8, end), end // 32 + 1
    while True:
        places = np.empty(room, np.int64)
        found = LOOPS.find_bytes(at(array, np.uint8), end, byte[0], at(places, np.int64), room)
        if found <= room:
            return places[:found]
        room = found
