"""Compile the rules of a knowledge base into a program, and run it on columns.

A condition is compiled to reverse Polish notation. Its value is the highest rank that the condition allows, 0 if it
does not hold: `all` takes the minimum of its parts, `any` the maximum. Conditions under a `not`, on situation or on
usage look only at what the team states, and allow any rank. `not` is pushed down to the leaves with De Morgan's
laws, which also hold in Kleene's three-valued logic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from provider_advisor.batch.kernel.arrays import Flags, GrowingArray, Ints, find_ends
from provider_advisor.batch.kernel.cells import Cells
from provider_advisor.batch.kernel.situations import Said, find_settled
from provider_advisor.batch.native import FINE, NO_ROOM, Structure, check_memory, load_loops, make_structure
from provider_advisor.knowledge import KnowledgeBase, Rule
from provider_advisor.knowledge.conditions import (
    AllOf,
    AnyOf,
    Condition,
    Leaf,
    Need,
    Not,
    judged_by,
    leaves,
    list_needed,
)
from provider_advisor.requirements import RANK

_NEEDED, _STATED, _NOT_STATED, _FLAG, _LEAST, _MOST = range(6)  # as in loops.h


class FlagLeaf(NamedTuple):
    """A condition on situation or usage; `fails` asks whether it certainly fails, not whether it holds."""

    leaf: Leaf
    fails: bool


class Compiled(NamedTuple):
    """The rules in the form of the compiled loop, and the conditions that its flags stand for (`looked`).

    `places` maps each criterion that rules mention to its index.
    """

    rules: Structure
    looked: tuple[FlagLeaf, ...]
    places: Mapping[str, int]


def compile_rules(knowledge: KnowledgeBase) -> Compiled:
    """Compile the rules of a knowledge base; `loops.h` describes the fields of the program."""
    rules = tuple(knowledge.rules.values())
    names = sorted({name for rule in rules for name in _list_criteria(rule)})
    place = {name: number for number, name in enumerate(names)}
    flags: dict[FlagLeaf, int] = {}
    codes = [list(_compile_condition(rule.when, place, flags)) for rule in rules]
    judged = [[place[name] for name in sorted(judged_by(rule.favours))] for rule in rules]
    parts = [part for rule in rules for part in rule.implies]
    # Only a few of hundreds of rules can fire for a team. Each row evaluates only those whose gate it opens.
    sets = _make_sets([_find_gate(code, len(names)) for code in codes], len(names) + len(flags))
    program = make_structure(
        "rules",
        count=len(rules),
        sets=sets.shape[1],
        criteria=len(names),
        flags=len(flags),
        parts=len(parts),
        depth=max((sum(1 for _ in leaves(rule.when)) for rule in rules), default=0),
        highest=max(RANK.values()),
        code=_make_array(number for code in codes for instruction in code for number in instruction),
        code_ends=2 * _add_ends(codes),
        part_ends=_add_ends([rule.implies for rule in rules]),
        part_of=_make_array(place[part.criterion] for part in parts),
        part_ranks=_make_array(RANK[part.priority] for part in parts),
        part_parents=_make_array(_find_parent(part.criterion, place) for part in parts),
        judged_ends=_add_ends(judged),
        judged=_make_array(chain.from_iterable(judged)),
        computed=np.array([knowledge.criteria[name].computed for name in names], bool),
        by_criterion=sets,
        by_flag=sets[len(names) :],
        anywhere=sets[-1:],
    )
    return Compiled(program, tuple(flags), place)


def _find_parent(name: str, places: Mapping[str, int]) -> int:
    """Return the index of a member's criterion; -1 for other names, or if no rule mentions it."""
    parents = list_needed(name)[1:]
    return places.get(parents[0], -1) if parents else -1


def _list_criteria(rule: Rule) -> set[str]:
    needs = {leaf.criterion for leaf in leaves(rule.when) if isinstance(leaf, Need)}
    return needs | {part.criterion for part in rule.implies} | judged_by(rule.favours)


def _compile_condition(
    when: Condition, place: Mapping[str, int], flags: dict[FlagLeaf, int]
) -> Iterator[tuple[int, int]]:
    """Yield the instructions of a condition; needs outside a `not` include what rules have added."""
    # In postfix order: `all: [fax, {any: [mms, sms]}]` is fax, mms, sms, MOST of 2, LEAST of 2.
    if isinstance(when, AllOf | AnyOf):
        for part in when.parts:
            yield from _compile_condition(part, place, flags)
        yield (_LEAST if isinstance(when, AllOf) else _MOST), len(when.parts)
    elif isinstance(when, Need):
        yield _NEEDED, place[when.criterion]
    else:
        yield from _compile_settled(when, place, flags, fails=False)


def _compile_settled(
    when: Condition, place: Mapping[str, int], flags: dict[FlagLeaf, int], *, fails: bool
) -> Iterator[tuple[int, int]]:
    """Yield instructions for whether a condition certainly holds, or fails, by the team's own statements."""
    if isinstance(when, Not):
        yield from _compile_settled(when.part, place, flags, fails=not fails)
    elif isinstance(when, AllOf | AnyOf):
        for part in when.parts:
            yield from _compile_settled(part, place, flags, fails=fails)
        # `all` fails if any of its parts fails, and `any` fails if all do, so the two are swapped.
        yield (_LEAST if isinstance(when, AllOf) is not fails else _MOST), len(when.parts)
    elif isinstance(when, Need):
        yield (_NOT_STATED if fails else _STATED), place[when.criterion]
    else:
        yield _FLAG, flags.setdefault(FlagLeaf(when, fails), len(flags))


def _find_gate(code: Iterable[tuple[int, int]], criteria: int) -> frozenset[int] | None:
    """Return a set of criteria and flags, one of which must be present for the condition to hold.

    Criteria are given by index, flags by `criteria` plus their index. None means that the condition may always hold.
    """
    # For `all`, the gate of one part is enough; `any` needs the gates of all parts. NOT_STATED has none: it holds for a
    # team that states nothing. So `all: [fax, {any: [mms, sms]}]` has the gate {fax}, `any: [mms, sms]` has {mms, sms},
    # and `any: [mms, {not: sms}]` has none.
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


def _make_sets(gates: Sequence[frozenset[int] | None], opened: int) -> npt.NDArray[np.uint64]:
    """Return bit sets of rules: those that each criterion or flag lets fire, then those without a gate."""
    sets = np.zeros((opened + 1, -(-len(gates) // 64)), np.uint64)
    for rule, gate in enumerate(gates):
        for opener in [opened] if gate is None else gate:
            sets[opener, rule // 64] |= np.uint64(1 << rule % 64)
    return sets


def _make_array(found: Iterable[int]) -> Ints:
    return np.fromiter(found, np.int32)


def _add_ends(lists: Sequence[Sequence[object]]) -> Ints:
    """Return the offsets of concatenated lists, one more than there are lists."""
    return find_ends([len(part) for part in lists])


class KnownChanges(NamedTuple):
    """The cells that result when one implication (part) of a rule changes a cell, sorted by key.

    A key (64 bits) is `(cell * parts + part) * (highest rank + 1) + rank`. `refused` marks changes that contradict what
    the team states.
    """

    keys: Ints
    cells: Ints
    refused: Flags


class Fired(NamedTuple):
    """The result of firing rules on a table: the new cells of its words, and rows and cells of additions.

    `alone` marks the rows in which a rule adds a requirement on a computed criterion.
    """

    cells: Ints
    rows: Ints
    added: Ints
    alone: Flags


class RuleChainer:
    """Fires the rules of a knowledge base on columns.

    Rules that imply a criterion come before rules that need it, so a single pass fires everything that the rule engine
    fires for a single team. A test compares the two.
    """

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._compiled = compile_rules(knowledge)
        self._rules = tuple(knowledge.rules.values())

    def fire(self, words: Ints, ends: Ints, said: Said, cells: Cells, changes: Changes) -> Fired:
        """Fire the rules on all rows; the cells of row r are `words[ends[r]:ends[r + 1]]`."""
        rules, looked, places = self._compiled
        flags = np.empty((len(looked), said.rows), bool)
        for number, (leaf, fails) in enumerate(looked):
            flags[number] = find_settled(leaf, said, fails=fails)
        criteria, parents = changes.place_cells(places)
        table = make_structure(
            "table",
            rows=said.rows,
            ends=ends,
            cells=words,
            criteria=criteria,
            parents=parents,
            ranks=cells.ranks.view(np.uint8),
            flags=flags,
        )
        return _fire_rules(rules, changes, table, len(words))


def _fire_rules(rules: Structure, changes: Changes, table: Structure, words: int) -> Fired:
    """Call the compiled loop, and resume it when it stops for lack of room or at an unknown change."""
    # The loop cannot call Python to compute an unknown change. It stops and returns the key, and resumes at the same
    # row once the change is known. Later blocks have few unknown changes.
    cells, alone = np.empty(words, np.int32), np.zeros(table.rows, bool)
    possible = np.empty(table.rows * rules.sets, np.uint64)
    room = words // 2 + rules.parts + rules.count + 1
    rows, added = np.empty(room, np.int32), np.empty(room, np.int32)
    load_loops().let_in_by_flags(rules, table, possible)
    out = make_structure(
        "outcome", cells=cells, added_rows=rows, added_cells=added, alone=alone, possible=possible, room=room
    )
    known = changes.known
    while True:
        given = make_structure("changes", count=len(known.keys), **known._asdict())
        key = load_loops().fire_rules(rules, given, changes.favouring, table, out)
        if key == FINE:
            return Fired(cells, rows[: out.added], added[: out.added], alone)
        if key == NO_ROOM:
            rows, added = (np.concatenate([array, np.empty_like(array)]) for array in (rows, added))
            out.put(added_rows=rows, added_cells=added, room=len(added))
        else:
            known = changes.learn(check_memory(key))


_RANKS = max(RANK.values()) + 1


class Changes:
    """All changes computed so far; thread-safe, because returned arrays are never modified.

    `favouring` has the cell of each favouring rule, 0 for other rules.
    """

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        rules = cells.facts.knowledge.rules.values()
        self.favouring = np.array([cells.get_rule(rule) if rule.favours else 0 for rule in rules], np.int32)
        self._criteria, self._parents = GrowingArray(np.int32), GrowingArray(np.int32)
        self._parts = [(rule, part) for rule in rules for part in range(len(rule.implies))]
        self.known = KnownChanges(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, bool))

    def place_cells(self, places: Mapping[str, int]) -> tuple[Ints, Ints]:
        """Return for each cell the index of its criterion, and of its criterion's parent; -1 for none."""
        with self._cells.lock:
            names = [cell.criterion for cell in self._cells.known[len(self._criteria.array) :]]
            self._criteria.extend([-1 if name is None else places.get(name, -1) for name in names])
            self._parents.extend([-1 if name is None else _find_parent(name, places) for name in names])
            return self._criteria.array, self._parents.array

    def learn(self, key: int) -> KnownChanges:
        """Compute the change for a key (see `KnownChanges`), and return all changes including it."""
        with self._cells.lock:
            keys, cells, refused = self.known
            at = int(np.searchsorted(keys, key))
            if at == len(keys) or keys[at] != key:  # another thread may have added it meanwhile
                cell, is_refused = self._make_change(*divmod(key, _RANKS))
                parts = (np.insert(keys, at, key), np.insert(cells, at, cell), np.insert(refused, at, is_refused))
                self.known = KnownChanges(*parts)
            # This includes the changes that other threads have added in the meantime.
            return self.known

    def _make_change(self, of: int, rank: int) -> tuple[int, bool]:
        cell, part = divmod(of, len(self._parts))
        rule, number = self._parts[part]
        return self._cells.change_cell(rule, number, cell, rank)
