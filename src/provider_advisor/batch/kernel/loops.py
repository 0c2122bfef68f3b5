"""Loops over words and rows, compiled: NumPy would take many passes for each, and hold the interpreter's lock.

The loops are in `loops.c`, which the build compiles (see `hatch_build.py`). They look up, compare and add; whatever has
to be read or judged is read and judged in Python. Here stands what they are given and what they find. `Ints` are
32-bit unless something else is said.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from provider_advisor.batch.kernel import arrays
from provider_advisor.batch.kernel.types import Flags, Floats, Ints

__all__ = [
    "Changes", "Fired", "Joined", "Numbered", "Program", "Table",
    "add_up", "fire_rules", "join_words", "number_texts",
]  # fmt: skip

_NO_ROOM, _FINE = -2, -3  # as in loops.c


class Numbered(NamedTuple):
    """The different texts of a column by number, in the order in which they come up, and the numbers row by row.

    Those of row r are `numbers[ends[r]:ends[r + 1]]`.
    """

    distinct: list[str]
    numbers: Ints
    ends: Ints


class Joined(NamedTuple):
    """The words of several columns, row by row, those of one column behind those of the one before it.

    `words` are their numbers, on through all columns; `rows` is the row of each, `ends` are as in `Numbered`, and
    `again` marks the words whose criterion another word of the row speaks of as well.
    """

    words: Ints
    rows: Ints
    ends: Ints
    again: Flags


class Program(NamedTuple):
    """Rules by number, in an order in which those that imply a criterion come before those that need it.

    `code` is the conditions in reverse Polish notation, two numbers an instruction (see `program.py`). A rule implies
    the parts `part_ends[r]:part_ends[r + 1]`, each a criterion at most at a rank, and favours by the facts of the
    criteria `judged`. `computed` marks criteria. `sets` (unsigned, 64 bits, a bit a rule) has for each criterion, then
    for each flag, the rules that it lets fire, and last those that need nothing of the kind.
    """

    code: Ints
    code_ends: Ints
    part_ends: Ints
    part_of: Ints
    part_ranks: Ints
    judged_ends: Ints
    judged: Ints
    computed: Flags
    sets: npt.NDArray[np.uint64]
    depth: int
    highest: int


class Changes(NamedTuple):
    """What becomes of a cell that a part of a rule changes, by key, in order.

    A key (64 bits) is `(cell * parts + part) * (highest rank + 1) + rank`; `refused` marks the changes that what was
    stated contradicts.
    """

    keys: Ints
    cells: Ints
    refused: Flags


class Table(NamedTuple):
    """The cells of a table's words, row by row, and what rules look at.

    `criteria` and `ranks` say of a cell which criterion of the program it is on, if any (else -1), and the rank at
    which it is stated; `flags` are the conditions on situation and usage, by condition and row.
    """

    cells: Ints
    ends: Ints
    criteria: Ints
    ranks: Ints
    flags: Flags


class Fired(NamedTuple):
    """What the rules made of a table: the cells of its words, and the rows and the cells of what was added.

    `alone` marks the rows in which a rule adds a requirement on a computed criterion.
    """

    cells: Ints
    rows: Ints
    added: Ints
    alone: Flags


def number_texts(texts: pa.Array, separator: str | None = None) -> Numbered:
    """The texts of a column of 32-bit strings without nulls, or, with a separator, the words of its cells.

    An empty cell has no words; between two separators there is an empty one.
    """
    data, offsets = arrays.bytes_of(texts)
    rows, room = len(texts), len(texts)
    if separator is not None:
        room += int(np.count_nonzero(data[offsets[0] : offsets[-1]] == ord(separator)))
    numbers, starts, sizes = (np.empty(room, np.int32) for _ in range(3))
    ends = np.empty(rows + 1, np.int32)
    sign = -1 if separator is None else ord(separator)
    found = _counted(
        _LOOPS.number_texts(
            _at(data, np.uint8), _at(offsets, np.int32), rows, sign,
            *(_at(array, np.int32) for array in (numbers, ends, starts, sizes)),
        )
    )  # fmt: skip
    return Numbered(_texts(data, starts[:found], sizes[:found]), numbers[: ends[-1]], ends)


def _texts(data: npt.NDArray[np.uint8], starts: Ints, sizes: Ints) -> list[str]:
    ends = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    texts = np.empty(int(ends[-1]), np.uint8)
    _LOOPS.gather_texts(
        _at(data, np.uint8), _at(starts, np.int32), _at(sizes, np.int32), len(sizes), _at(texts, np.uint8)
    )
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(texts)]
    return list(pa.Array.from_buffers(pa.string(), len(sizes), buffers).to_pylist())


def join_words(columns: Sequence[Numbered], criteria: Ints, most: int) -> Joined:
    """The words of columns put together; `criteria` has by word the place of its criterion, under `most`, or -1."""
    count = sum(len(column.numbers) for column in columns)
    rows = len(columns[0].ends) - 1
    words, at, ends = np.empty(count, np.int32), np.empty(count, np.int32), np.empty(rows + 1, np.int32)
    again = np.empty(count, bool)
    given, first = (_Column * len(columns))(), 0
    for place, column in enumerate(columns):
        given[place] = _Column(_at(column.numbers, np.int32), _at(column.ends, np.int32), first)
        first += len(column.distinct)
    _counted(
        _LOOPS.join_words(
            given, len(columns), rows, _at(criteria, np.int32), most,
            *(_at(array, np.int32) for array in (words, at, ends)), _at(again, np.bool_),
        )
    )  # fmt: skip
    return Joined(words, at, ends, again)


def fire_rules(program: Program, changes: Callable[[int | None], Changes], favouring: Ints, table: Table) -> Fired:
    """Fire all rules on all rows; `favouring` has by rule the cell of one that favours.

    `changes` gives the changes that are known, with that of a key which is missing.
    """
    rows, sets = len(table.ends) - 1, program.sets.shape[1]
    cells, alone, possible = (
        np.empty(len(table.cells), np.int32),
        np.zeros(rows, bool),
        np.empty((rows, sets), np.uint64),
    )
    room = len(table.cells) // 2 + len(program.part_of) + len(program.code_ends)
    added_rows, added = np.empty(room, np.int32), np.empty(room, np.int32)
    rules, given = _rules_of(program), _table_of(table)
    _LOOPS.let_in_by_flags(ctypes.byref(rules), ctypes.byref(given), _at(possible, np.uint64))
    known = changes(None)
    out = _Outcome(
        *(_at(array, np.int32) for array in (cells, added_rows, added)), _at(alone, np.bool_),
        _at(possible, np.uint64), room, 0, 0,
    )  # fmt: skip
    while True:
        key = _LOOPS.fire_rules(
            ctypes.byref(rules), ctypes.byref(_changes_of(known)), _at(favouring, np.int32), ctypes.byref(given),
            ctypes.byref(out),
        )  # fmt: skip
        if key == _FINE:
            return Fired(cells, added_rows[: out.added], added[: out.added], alone)
        if key == _NO_ROOM:
            added_rows, added = (np.concatenate([array, np.empty_like(array)]) for array in (added_rows, added))
            out.added_rows, out.added_cells, out.room = _at(added_rows, np.int32), _at(added, np.int32), len(added)
        else:
            known = changes(_counted(key))


def add_up(rows: Ints, cells: Ints, numbers: Floats, teams: int) -> Floats:
    """The numbers of cells (one row a cell) added up for each team, by column and team.

    `rows` and `cells` say which cells make up which teams, in any order.
    """
    width = numbers.shape[1]
    sums = np.zeros((width, teams))
    _LOOPS.add_up(
        _at(rows, np.int32), _at(cells, np.int32), len(rows), _at(numbers, np.float64),
        width, _at(sums, np.float64), teams,
    )  # fmt: skip
    return sums


class _Column(ctypes.Structure):
    _fields_ = (("numbers", ctypes.c_void_p), ("ends", ctypes.c_void_p), ("first", ctypes.c_int32))


def _structure(name: str, numbers: str, pointers: str, more: str = "") -> type[ctypes.Structure]:
    fields: list[tuple[str, Any]] = [(field, ctypes.c_int64) for field in numbers.split()]
    fields += [(field, ctypes.c_void_p) for field in pointers.split()]
    fields += [(field, ctypes.c_int64) for field in more.split()]
    return type(name, (ctypes.Structure,), {"_fields_": fields})


_Rules: Any = _structure(
    "_Rules",
    "count sets criteria flags parts depth highest",
    "code code_ends part_ends part_of part_ranks judged_ends judged computed by_criterion by_flag anywhere",
)
_Changes: Any = _structure("_Changes", "count", "keys cells refused")
_Table: Any = _structure("_Table", "rows", "ends cells criteria ranks flags")
_Outcome: Any = _structure("_Outcome", "", "cells added_rows added_cells alone possible", "room added row")


def _rules_of(program: Program) -> ctypes.Structure:
    criteria, sets = len(program.computed), program.sets
    found: ctypes.Structure = _Rules(
        len(program.code_ends) - 1, sets.shape[1], criteria, len(sets) - 1 - criteria, len(program.part_of),
        program.depth, program.highest, *(_at(array, np.int32) for array in program[:7]),
        _at(program.computed, np.bool_), *(_at(part, np.uint64) for part in (sets, sets[criteria:], sets[-1:])),
    )  # fmt: skip
    return found


def _changes_of(changes: Changes) -> ctypes.Structure:
    keys, cells, refused = changes
    found: ctypes.Structure = _Changes(len(keys), _at(keys, np.int64), _at(cells, np.int32), _at(refused, np.bool_))
    return found


def _table_of(table: Table) -> ctypes.Structure:
    found: ctypes.Structure = _Table(
        len(table.ends) - 1, *(_at(array, np.int32) for array in (table.ends, table.cells, table.criteria)),
        _at(table.ranks, np.uint8), _at(table.flags, np.bool_),
    )  # fmt: skip
    return found


def _at(array: npt.NDArray[Any], kind: npt.DTypeLike) -> int:
    """Where an array lies in memory. Raises TypeError if it is not as the loops expect it."""
    if array.dtype != kind or not array.flags.c_contiguous:
        raise TypeError(f"expected contiguous {np.dtype(kind)}, got {array.dtype}")
    return int(array.ctypes.data)


def _counted(found: int) -> int:
    if found < 0:
        raise MemoryError
    return found


def _loaded() -> ctypes.CDLL:
    path = Path(__file__).with_name("_loops.so")
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise ImportError(f"{path} cannot be loaded: install provider-advisor anew, with a C compiler.") from error
    array, count = ctypes.c_void_p, ctypes.c_int64
    library.number_texts.argtypes = (array, array, count, ctypes.c_int32, array, array, array, array)
    library.gather_texts.argtypes = (array, array, array, count, array)
    library.join_words.argtypes = (array, count, count, array, count, array, array, array, array)
    library.fire_rules.argtypes = (array, array, array, array, array)
    library.let_in_by_flags.argtypes = (array, array, array)
    library.add_up.argtypes = (array, array, count, array, count, array, count)
    library.number_texts.restype = library.join_words.restype = library.fire_rules.restype = count
    library.gather_texts.restype = library.let_in_by_flags.restype = library.add_up.restype = None
    return library


_LOOPS = _loaded()
