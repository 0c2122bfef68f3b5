"""A rule's `when` in disjunctive normal form: one conjunction or another has to hold, and with it all of its parts.

    all: [need: fax, any: [need: sms, not: {situation: developers=none}]]

becomes {fax, sms} or {fax, not developers=none}. That is the form that the rule engine can join, and that can be
checked for contradictions.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping

from provider_advisor.knowledge.conditions import AllOf, AnyOf, Condition, Leaf, Need, Not, Situation, Usage, fold
from provider_advisor.knowledge.records import Topic
from provider_advisor.logic import Interval

MAX_CONJUNCTIONS = 64
_MOST_ON_THE_WAY = 8 * MAX_CONJUNCTIONS
_ANY_USAGE = Interval(0)

Conjunction = frozenset[Condition]
"""Leaves, and whole `not` conditions: those are settled from what the team stated, before any rule fires."""


def list_conjunctions(condition: Condition) -> list[Conjunction] | None:
    """Return the disjunctive normal form; None if it has over `MAX_CONJUNCTIONS` members."""
    found = _combine(condition)
    return found if found is not None and len(found) <= MAX_CONJUNCTIONS else None


def _combine(condition: Condition) -> list[Conjunction] | None:
    """Return the same, up to the greatest number worth counting on the way to fewer."""
    if not isinstance(condition, AllOf | AnyOf):
        return [frozenset([condition])]
    parts = [part for part in map(_combine, condition.parts) if part is not None]
    if len(parts) < len(condition.parts):
        return None
    if isinstance(condition, AnyOf):
        return _limit(itertools.chain.from_iterable(parts))
    found: list[Conjunction] | None = [frozenset()]
    for part in sorted(parts, key=len):
        # Equal conjunctions become one at each step, so that many combinations of the same things stay few. The
        # shortest parts come first, so that the limit is met as late as possible.
        found = None if found is None else _limit(one | other for one in found for other in part)
    return found


def _limit(found: Iterable[Conjunction]) -> list[Conjunction] | None:
    kept: dict[Conjunction, None] = {}
    for conjunction in found:
        kept[conjunction] = None
        if len(kept) > _MOST_ON_THE_WAY:
            return None
    return list(kept)


def can_hold(conjunction: Conjunction, topics: Mapping[str, Topic]) -> bool:
    """Return whether some team could fulfil the whole condition; yes if there are too many alternatives to tell."""
    found = list_conjunctions(AllOf(tuple(_push_inward(part) for part in conjunction)))
    return found is None or any(
        _needs_agree(parts) and _situations_agree(parts, topics) and _usages_agree(parts) for parts in found
    )


def _push_inward(condition: Condition, *, negated: bool = False, under_not: bool = False) -> Condition:
    """Return the condition with every `not` at a leaf; a need under two keeps them: it must be stated."""
    # De Morgan's laws, but for needs: `need` also holds for what rules imply, while `not` asks what the team stated, so
    # that "not not need" asks more than "need".
    if isinstance(condition, Not):
        return _push_inward(condition.part, negated=not negated, under_not=True)
    if isinstance(condition, AllOf | AnyOf):
        parts = tuple(_push_inward(part, negated=negated, under_not=under_not) for part in condition.parts)
        return AnyOf(parts) if isinstance(condition, AllOf) is negated else AllOf(parts)
    if negated:
        return Not(condition)
    return Not(Not(condition)) if under_not and isinstance(condition, Need) else condition


def _needs_agree(conjunction: Conjunction) -> bool:
    return not any(isinstance(condition, Not) and Not(condition) in conjunction for condition in conjunction)


def _situations_agree(conjunction: Conjunction, topics: Mapping[str, Topic]) -> bool:
    wanted: dict[str, set[str]] = {}
    refused: dict[str, set[str]] = {}
    for condition in conjunction:
        if isinstance(condition, Situation):
            wanted.setdefault(condition.topic, set()).add(condition.value)
        elif isinstance(condition, Not) and isinstance(condition.part, Situation):
            refused.setdefault(condition.part.topic, set()).add(condition.part.value)
    for topic in topics.values():
        chosen, left = wanted.get(topic.id, set()), set(topic.values) - refused.get(topic.id, set())
        if not chosen <= left or not left or (len(chosen) > 1 and not topic.many):
            return False
    return True


def _usages_agree(conjunction: Conjunction) -> bool:
    bounds: dict[str, Interval] = {}
    refused: dict[str, list[Interval]] = {}
    for condition in conjunction:
        if isinstance(condition, Usage):
            bounds[condition.item] = bounds.get(condition.item, _ANY_USAGE).intersect(condition.bound)
        elif isinstance(condition, Not) and isinstance(condition.part, Usage):
            refused.setdefault(condition.part.item, []).append(condition.part.bound)
    return all(
        _has_room(bounds.get(item, _ANY_USAGE), refused.get(item, ())) for item in bounds.keys() | refused.keys()
    )


def _has_room(bound: Interval, refused: Iterable[Interval]) -> bool:
    """Return whether some amount of the bound is in none of the refused intervals."""
    # Each refused interval that covers the lower end of what is free moves it past its own end: of 100 or more, without
    # 0 to 200 and without 500 or more, what is above 200 is left. One that begins higher leaves room below it.
    free = bound
    for part in sorted(refused, key=lambda part: part.low or 0):
        if free.low is None or (part.low or 0) > free.low:
            break
        if part.high is None:
            return False
        if part.high >= free.low:
            free = Interval(part.high, free.high, above=True)
    return not free.is_empty()


def needed_always(condition: Condition) -> set[str]:
    """Return the criteria that a team must require for the condition to hold, whichever conjunction does."""
    return fold(
        condition,
        _needed,
        every=lambda parts: set().union(*parts),
        some=lambda parts: set.intersection(*parts),
        negated=lambda _: set(),
    )


def needed_ever(condition: Condition) -> set[str]:
    """Return the criteria whose requirement can make the condition hold.

    Those under `not` are left out: it asks what the team stated itself.
    """

    def union(parts: Iterator[set[str]]) -> set[str]:
        return set().union(*parts)

    return fold(condition, _needed, every=union, some=union, negated=lambda _: set())


def _needed(leaf: Leaf) -> set[str]:
    return {leaf.criterion} if isinstance(leaf, Need) else set()
