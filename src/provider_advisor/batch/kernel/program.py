"""The rules of a knowledge base as a program for columns.

A condition is code in reverse Polish notation whose value is the highest rank that it allows, 0 where it does not hold:
the least of what the parts of an `all` allow, the most of what those of an `any` do. What stands under a `not` looks at
what the team states itself, and allows any rank, as situation and usage do; `not` goes down to the leaves, by De
Morgan's laws, which hold in Kleene's logic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from provider_advisor.batch.kernel.firing import Program
from provider_advisor.batch.kernel.types import Ints
from provider_advisor.inference import judged_by
from provider_advisor.knowledge import KnowledgeBase, Rule
from provider_advisor.knowledge.conditions import AllOf, AnyOf, Condition, Leaf, Need, Not, leaves
from provider_advisor.requirements import RANK

__all__ = ["Compiled", "Looked", "compiled"]

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
