"""Load the compiled loops over bytes, words and rows.

NumPy would need many passes for them and hold the GIL. `loops.h` declares the functions for both C and Python.
`loops.c` is compiled when the package is installed (see `hatch_build.py`). The library is loaded on first use, so
everything else works without it.
"""

from __future__ import annotations

import ctypes
import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from provider_advisor.errors import BatchFailure

__all__ = [
    "FINE",
    "NO_ROOM",
    "Structure",
    "check_memory",
    "find_places",
    "load_loops",
    "make_structure",
    "make_structures",
]

_HEADER = Path(__file__).with_name("loops.h")
_SOURCE = Path(__file__).with_name("loops.c")  # exists in a working tree, but not in a wheel
_LIBRARY = Path(__file__).with_name("_loops.so")

NO_ROOM, FINE = -2, -3  # as in loops.h
_NUMBERS: dict[str, Any] = {"int64_t": ctypes.c_int64, "int32_t": ctypes.c_int32}
_ARRAYS: dict[str, tuple[Any, ...]] = {
    "uint8_t": (np.uint8, np.bool_),
    "int32_t": (np.int32,),
    "int64_t": (np.int64,),
    "uint64_t": (np.uint64,),
    "double": (np.float64,),
}


class _ArrayOf:
    """An argument or field that is an array of one C type; ctypes calls `from_param` for every argument."""

    def __init__(self, name: str) -> None:
        self._kinds = [np.dtype(kind) for kind in _ARRAYS[name]]

    def from_param(self, array: npt.NDArray[Any]) -> ctypes.c_void_p:
        """Return the address of the array. Raises TypeError unless it is contiguous and of the declared type."""
        if array.dtype not in self._kinds or not array.flags.c_contiguous:
            raise TypeError(f"expected contiguous {self._kinds[0]}, got {array.dtype}")
        return ctypes.c_void_p(array.__array_interface__["data"][0])


class Structure(ctypes.Structure):
    """A structure of the header, set by field names; it keeps references to the arrays it points to."""

    arrays: Mapping[str, _ArrayOf] = {}

    def __init__(self, **fields: Any) -> None:  # noqa: ANN401 (numbers and arrays)
        super().__init__()
        self._held: dict[str, npt.NDArray[Any]] = {}
        self.put(**fields)

    def put(self, **fields: Any) -> None:  # noqa: ANN401 (numbers and arrays)
        """Set fields. Raises TypeError if an array does not match its declaration in the header."""
        for name, value in fields.items():
            if name in self.arrays:
                self._held[name] = value
                setattr(self, name, self.arrays[name].from_param(value))
            else:
                setattr(self, name, value)


class _Function(NamedTuple):
    """The return type and the argument types of a function of the header."""

    returns: Any
    takes: tuple[Any, ...]


def _read_header() -> tuple[dict[str, type[Structure]], dict[str, _Function]]:
    """Parse the header, and return the structures and functions that it declares."""
    text = re.sub(r"/\*.*?\*/|#.*?\n|enum \{.*?\};", "", _HEADER.read_text(encoding="utf-8"), flags=re.DOTALL)
    structures: dict[str, type[Structure]] = {}
    for name, body in re.findall(r"struct (\w+) \{(.*?)\};", text, re.DOTALL):
        structures[name] = _make_structure(name, body)
    functions = {}
    for returned, name, arguments in re.findall(r"^(void|int64_t) (\w+)\((.*?)\);", text, re.DOTALL | re.MULTILINE):
        takes = [_read_argument(argument, structures) for argument in arguments.split(",")]
        functions[name] = _Function(_NUMBERS.get(returned), tuple(takes))
    return structures, functions


def _make_structure(name: str, body: str) -> type[Structure]:
    fields: list[tuple[str, Any]] = []
    arrays: dict[str, _ArrayOf] = {}
    for kind, names in re.findall(r"(?:const )?(\w+) (.*?);", body):
        for field in names.split(", "):
            if field.startswith("*"):
                arrays[field[1:]] = _ArrayOf(kind)
            fields.append((field.lstrip("*"), ctypes.c_void_p if field.startswith("*") else _NUMBERS[kind]))
    return type(name, (Structure,), {"_fields_": fields, "arrays": arrays})


def _read_argument(argument: str, structures: Mapping[str, type[Structure]]) -> Any:  # noqa: ANN401 (what ctypes takes)
    kind, name = argument.replace("const ", "").replace("struct ", "").split()
    if kind in structures:
        return ctypes.POINTER(structures[kind])
    return _ArrayOf(kind) if name.startswith("*") else _NUMBERS[kind]


# Parsed at import, which only one thread does. If two threads parsed it on first use, each would create its own
# classes, and the functions would accept only those of one thread.
_STRUCTURES, _FUNCTIONS = _read_header()


def make_structure(name: str, **fields: Any) -> Structure:  # noqa: ANN401 (numbers and arrays)
    """Return a structure of the header with these fields set and all others 0."""
    return _STRUCTURES[name](**fields)


def make_structures(name: str, each: Sequence[Mapping[str, Any]]) -> ctypes.Array[Structure]:
    """Return a C array of structures; the caller must keep references to their arrays."""
    kind = _STRUCTURES[name]
    return (kind * len(each))(*(kind(**fields) for fields in each))


@cache
def load_loops() -> ctypes.CDLL:
    """Load the library, whose functions take the numbers, arrays and structures declared in the header.

    Raises BatchFailure if it does not exist or was compiled from a different source.
    """
    try:
        library = ctypes.CDLL(str(_LIBRARY))
    except OSError as error:
        raise BatchFailure(
            f"cannot load {_LIBRARY}, which is compiled when provider-advisor is installed; install it again on this "
            "machine, with a C compiler."
        ) from error
    built_from = (ctypes.c_char_p.in_dll(library, "built_from").value or b"").decode()
    if _SOURCE.exists() and hashlib.sha256(_SOURCE.read_bytes() + _HEADER.read_bytes()).hexdigest() != built_from:
        raise BatchFailure(f"{_SOURCE} or its header has changed since it was compiled; run pip install -e . again.")
    for name, function in _FUNCTIONS.items():
        loop = getattr(library, name)
        loop.argtypes, loop.restype = function.takes, function.returns
    return library


def check_memory(found: int) -> int:
    """Return the count that a loop returned. Raises MemoryError if the loop ran out of memory."""
    if found < 0:
        raise MemoryError
    return found


def find_places(byte: bytes, data: bytes, end: int) -> npt.NDArray[np.int64]:
    """Return the positions of a byte in the data before `end`."""
    array, room = np.frombuffer(data, np.uint8, end), end // 32 + 1
    while True:
        places = np.empty(room, np.int64)
        found = load_loops().find_bytes(array, end, byte[0], places, room)
        if found <= room:
            return places[:found]
        room = found
