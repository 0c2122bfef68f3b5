"""All rules fired on all rows of a table, by a compiled loop.

`Ints` are 32-bit unless something else is said.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from provider_advisor.batch.kernel.types import Flags, Ints
from provider_advisor.batch.loops import LOOPS, at, counted, structure

__all__ = ["Fired", "KnownChanges", "Program", "Table", "fire_rules"]

_NO_ROOM, _FINE = -2, -3  # as in loops.c


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


class KnownChanges(NamedTuple):
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


def fire_rules(program: Program, changes: Callable[[int | None], KnownChanges], favouring: Ints, table: Table) -> Fired:
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
    LOOPS.let_in_by_flags(ctypes.byref(rules), ctypes.byref(given), at(possible, np.uint64))
    known = changes(None)
    out = _Outcome(
        *(at(array, np.int32) for array in (cells, added_rows, added)), at(alone, np.bool_),
        at(possible, np.uint64), room, 0, 0,
    )  # fmt: skip
    while True:
        key = LOOPS.fire_rules(
            ctypes.byref(rules), ctypes.byref(_changes_of(known)), at(favouring, np.int32), ctypes.byref(given),
            ctypes.byref(out),
        )  # fmt: skip
        if key == _FINE:
            return Fired(cells, added_rows[: out.added], added[: out.added], alone)
        if key == _NO_ROOM:
            added_rows, added = (np.concatenate([array, np.empty_like(array)]) for array in (added_rows, added))
            out.added_rows, out.added_cells, out.room = at(added_rows, np.int32), at(added, np.int32), len(added)
        else:
            known = changes(counted(key))


_Rules = structure(
    "_Rules",
    "count sets criteria flags parts depth highest",
    "code code_ends part_ends part_of part_ranks judged_ends judged computed by_criterion by_flag anywhere",
)
_Changes = structure("_Changes", "count", "keys cells refused")
_Table = structure("_Table", "rows", "ends cells criteria ranks flags")
_Outcome = structure("_Outcome", "", "cells added_rows added_cells alone possible", "room added row")


def _rules_of(program: Program) -> ctypes.Structure:
    criteria, sets = len(program.computed), program.sets
    found: ctypes.Structure = _Rules(
        len(program.code_ends) - 1, sets.shape[1], criteria, len(sets) - 1 - criteria, len(program.part_of),
        program.depth, program.highest, *(at(array, np.int32) for array in program[:7]),
        at(program.computed, np.bool_), *(at(part, np.uint64) for part in (sets, sets[criteria:], sets[-1:])),
    )  # fmt: skip
    return found


def _changes_of(changes: KnownChanges) -> ctypes.Structure:
    keys, cells, refused = changes
    found: ctypes.Structure = _Changes(len(keys), at(keys, np.int64), at(cells, np.int32), at(refused, np.bool_))
    return found


def _table_of(table: Table) -> ctypes.Structure:
    found: ctypes.Structure = _Table(
        len(table.ends) - 1, *(at(array, np.int32) for array in (table.ends, table.cells, table.criteria)),
        at(table.ranks, np.uint8), at(table.flags, np.bool_),
    )  # fmt: skip
    return found
