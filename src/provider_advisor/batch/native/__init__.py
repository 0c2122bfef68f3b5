"""The loops over bytes, words and rows that are compiled: NumPy would need many passes and hold the interpreter's lock.

`loops.h` declares them once, for C and for Python; `loops.c` is compiled when the package is installed (see
`hatch_build.py`). The library is loaded on first use, so that what needs no loops works without it.
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
_SOURCE = Path(__file__).with_name("loops.c")  # exists in a working tree; a wheel leaves it out
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
    """An argument or field that is an array of one type of C; ctypes calls `from_param` for every argument."""

    def __init__(self, name: str) -> None:
        self._kinds = [np.dtype(kind) for kind in _ARRAYS[name]]

    def from_param(self, array: npt.NDArray[Any]) -> ctypes.c_void_p:
        """Return where the array lies in memory. Raises TypeError if it is not as the loops expect it."""
        if array.dtype not in self._kinds or not array.flags.c_contiguous:
            raise TypeError(f"expected contiguous {self._kinds[0]}, got {array.dtype}")
        return ctypes.c_void_p(array.__array_interface__["data"][0])


class Structure(ctypes.Structure):
    """A structure of the header, filled by the names of its fields; it keeps the arrays that it points to alive."""

    arrays: Mapping[str, _ArrayOf] = {}

    def __init__(self, **fields: Any) -> None:  # noqa: ANN401 (numbers and arrays)
        super().__init__()
        self._held: dict[str, npt.NDArray[Any]] = {}
        self.put(**fields)

    def put(self, **fields: Any) -> None:  # noqa: ANN401 (numbers and arrays)
        """Set fields. Raises TypeError for an array that is not as the header declares it."""
        for name, value in fields.items():
            if name in self.arrays:
                self._held[name] = value
                setattr(self, name, self.arrays[name].from_param(value))
            else:
                setattr(self, name, value)


class _Function(NamedTuple):
    """What a function of the header returns and takes."""

    returns: Any
    takes: tuple[Any, ...]


def _read_header() -> tuple[dict[str, type[Structure]], dict[str, _Function]]:
    """Return the structures and the functions that the header declares."""
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


# Read while this module is imported, which one thread does: two that read it on first use would each make classes of
# their own, and functions take those of one alone.
_STRUCTURES, _FUNCTIONS = _read_header()


def make_structure(name: str, **fields: Any) -> Structure:  # noqa: ANN401 (numbers and arrays)
    """Return a structure of the header with these fields; the others are 0."""
    return _STRUCTURES[name](**fields)


def make_structures(name: str, each: Sequence[Mapping[str, Any]]) -> ctypes.Array[Structure]:
    """Return structures of one kind in a row, by their fields; the caller keeps their arrays alive."""
    kind = _STRUCTURES[name]
    return (kind * len(each))(*(kind(**fields) for fields in each))


@cache
def load_loops() -> ctypes.CDLL:
    """Return the library, whose functions take numbers, arrays and structures as the header declares them.

    Raises BatchFailure if it does not exist or was compiled from another source.
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
    """Return what a loop counted. Raises MemoryError if it ran out of memory."""
    if found < 0:
        raise MemoryError
    return found


def find_places(byte: bytes, data: bytes, end: int) -> npt.NDArray[np.int64]:
    """Return where the byte stands in the data before `end`."""
    array, room = np.frombuffer(data, np.uint8, end), end // 32 + 1
    while True:
        places = np.empty(room, np.int64)
        found = load_loops().find_bytes(array, end, byte[0], places, room)
        if found <= room:
            return places[:found]
        room = found
