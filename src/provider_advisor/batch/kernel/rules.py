"""The rules of a knowledge base as a program for columns.

A condition is code in reverse Polish notation whose value is the highest rank that it allows, 0 where it does not hold:
the least of what the parts of an `all` allow, the most of what those of an `any` do. What stands under a `not` looks at
what the team states itself, and allows any rank, as situation and usage do; `not` goes down to the leaves, by De
Morgan's laws, which hold in Kleene's logic.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from provider_advisor.batch.kernel.arrays import Flags, Ints
from provider_advisor.batch.kernel.cells import Cells
from provider_advisor.batch.kernel.situations import Said, fails, holds
from provider_advisor.batch.loops import LOOPS, at, counted, structure
from provider_advisor.inference import judged_by
from provider_advisor.knowledge import KnowledgeBase, Rule
from provider_advisor.knowledge.conditions import AllOf, AnyOf, Condition, Leaf, Need, Not, leaves
from provider_advisor.requirements import RANK

__all__ = [
    "Chaining",
    "Changes",
    "Compiled",
    "Fired",
    "KnownChanges",
    "Looked",
    "Program",
    "Table",
    "compiled",
    "fire_rules",
]

_NEEDED, _STATED, _NOT_STATED, _FLAG, _LEAST, _MOST = range(6)  # as in loops.c


class Looked(NamedTuple):
    """A condition on situation or usage, and whether a rule asks that it certainly fails, rather than holds."""

    leaf: Leaf
    fails: bool


class Compiled(NamedTuple):
    """The program, the conditions that its flags are about, and by criterion of the vocabulary its place there.

    Behind the places of all criteria stands one for what is on no criterion; -1 is of none that a rule speaks of.
    """

    program: Program
    looked: tuple[Looked, ...]
    place_of: Ints


def compiled(knowledge: KnowledgeBase) -> Compiled:
    """The program of a knowledge base's rules."""
    rules = tuple(knowledge.rules.values())
    names = sorted({name for rule in rules for name in _criteria(rule)})
    place = {name: number for number, name in enumerate(names)}
    flags: dict[Looked, int] = {}
    parts = [rule.implies for rule in rules]
    codes = [list(_code(rule.when, place, flags)) for rule in rules]
    judged = [[place[name] for name in sorted(judged_by(rule))] for rule in rules]
    program = Program(
        code=_flat([list(chain.from_iterable(code)) for code in codes]),
        code_ends=2 * _ends(codes),
        part_ends=_ends(parts),
        part_of=_numbers(place[part.criterion] for part in chain.from_iterable(parts)),
        part_ranks=_numbers(RANK[part.priority] for part in chain.from_iterable(parts)),
        judged_ends=_ends(judged),
        judged=_flat(judged),
        computed=np.array([knowledge.criteria[name].computed for name in names], bool),
        sets=_sets([_gate(code, len(names)) for code in codes], len(names) + len(flags)),
        depth=max((sum(1 for _ in leaves(rule.when)) for rule in rules), default=0),
        highest=max(RANK.values()),
    )
    return Compiled(program, tuple(flags), _numbers([*(place.get(name, -1) for name in knowledge.criteria), -1]))


def _criteria(rule: Rule) -> set[str]:
    needs = {leaf.criterion for leaf in leaves(rule.when) if isinstance(leaf, Need)}
    return needs | {part.criterion for part in rule.implies} | judged_by(rule)


def _code(when: Condition, place: Mapping[str, int], flags: dict[Looked, int]) -> Iterator[tuple[int, int]]:
    """The instructions of a condition, of which all needs that are under no `not` see what rules have added."""
    if isinstance(when, AllOf | AnyOf):
        for part in when.parts:
            yield from _code(part, place, flags)
        yield (_LEAST if isinstance(when, AllOf) else _MOST), len(when.parts)
    elif isinstance(when, Need):
        yield _NEEDED, place[when.criterion]
    else:
        yield from _settled(when, place, flags, fails=False)


def _settled(
    when: Condition, place: Mapping[str, int], flags: dict[Looked, int], *, fails: bool
) -> Iterator[tuple[int, int]]:
    """The instructions for whether a condition certainly holds, or fails, by what the team states itself."""
    if isinstance(when, Not):
        yield from _settled(when.part, place, flags, fails=not fails)
    elif isinstance(when, AllOf | AnyOf):
        for part in when.parts:
            yield from _settled(part, place, flags, fails=fails)
        yield (_LEAST if isinstance(when, AllOf) is not fails else _MOST), len(when.parts)
    elif isinstance(when, Need):
        yield (_NOT_STATED if fails else _STATED), place[when.criterion]
    else:
        yield _FLAG, flags.setdefault(Looked(when, fails), len(flags))


def _gate(code: Iterable[tuple[int, int]], criteria: int) -> frozenset[int] | None:
    """Criteria (by place) and flags (behind them) without all of which the condition does not hold; None: it may."""
    stack: list[frozenset[int] | None] = []
    for word, of in code:
        if word in {_NEEDED, _STATED}:
            stack.append(frozenset([of]))
        elif word == _FLAG:
            stack.append(frozenset([criteria + of]))
        elif word == _NOT_STATED:
            stack.append(None)
        else:
            parts = [stack.pop() for _ in range(of)]
            gates = [part for part in parts if part is not None]
            if word == _LEAST:
                stack.append(min(gates, key=lambda gate: (len(gate), -min(gate)), default=None))  # flags are rarer
            else:
                stack.append(frozenset().union(*gates) if len(gates) == len(parts) else None)
    return stack[0]


def _sets(gates: Sequence[frozenset[int] | None], opened: int) -> npt.NDArray[np.uint64]:
    """For each that opens gates, and, last, for what needs none, the set of the rules, a bit each."""
    sets = np.zeros((opened + 1, -(-len(gates) // 64)), np.uint64)
    for rule, gate in enumerate(gates):
        for opener in [opened] if gate is None else gate:
            sets[opener, rule // 64] |= np.uint64(1 << rule % 64)
    return sets


def _numbers(found: Iterable[int]) -> Ints:
    return np.fromiter(found, np.int32)


def _flat(lists: Sequence[Sequence[int]]) -> Ints:
    return _numbers(chain.from_iterable(lists))


def _ends(lists: Sequence[Sequence[object]]) -> Ints:
    """Where each of the lists begins, laid one behind the other, and where the last one ends."""
    return np.array([0, *np.cumsum([len(part) for part in lists], dtype=np.int32)], np.int32)


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


class Chaining:
    """The rules of a knowledge base, ready for columns."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._compiled = compiled(knowledge)
        self._rules = tuple(knowledge.rules.values())

    def run(self, words: Ints, ends: Ints, said: Said, cells: Cells, changes: Changes) -> Fired:
        """Fire every rule where it fires. `words` are the cells of the rows' words, row by row, as `ends` says."""
        program, looked, place_of = self._compiled
        favouring = np.array([cells.of_rule(rule) if rule.favours else 0 for rule in self._rules], np.int32)
        flags = np.empty((len(looked), said.rows), bool)
        for number, (leaf, is_to_fail) in enumerate(looked):
            flags[number] = (fails if is_to_fail else holds)(leaf, said)
        table = Table(words, ends, place_of.take(cells.places), cells.ranks, flags)
        return fire_rules(program, changes.with_key, favouring, table)


_RANKS = max(RANK.values()) + 1


class Changes:
    """The changes met so far. May be used by several threads: what is handed out never changes."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        rules = cells.facts.knowledge.rules.values()
        self._parts = [(rule, part) for rule in rules for part in range(len(rule.implies))]
        self._known = KnownChanges(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, bool))

    def with_key(self, key: int | None) -> KnownChanges:
        """The changes that are known; with that of a key, where one is given, which `KnownChanges` explains."""
        with self._cells.lock:
            if key is not None:
                self._learn(key)
            return self._known

    def _learn(self, key: int) -> None:
        keys, cells, refused = self._known
        at = int(np.searchsorted(keys, key))
        if at == len(keys) or keys[at] != key:  # another thread may have met it meanwhile
            cell, is_refused = self._change(*divmod(key, _RANKS))
            parts = (np.insert(keys, at, key), np.insert(cells, at, cell), np.insert(refused, at, is_refused))
            self._known = KnownChanges(*parts)

    def _change(self, of: int, rank: int) -> tuple[int, bool]:
        cell, part = divmod(of, len(self._parts))
        rule, number = self._parts[part]
        return self._cells.changed(rule, number, cell, rank)
