"""A rule's `when` as alternatives, each a set of things that must hold together.

That is the form that the rule engine can join, and that can be checked for contradictions.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from provider_advisor.knowledge.conditions import AllOf, AnyOf, Condition, Need, Not, Situation, Usage
from provider_advisor.knowledge.records import Topic
from provider_advisor.logic import Interval

__all__ = ["MAX_ALTERNATIVES", "alternatives", "can_hold", "needed_always", "needed_ever"]

MAX_ALTERNATIVES = 64

Alternative = frozenset[Condition]
"""Leaves, and whole `not` conditions: those are settled from what the team stated, before any rule fires."""


def alternatives(condition: Condition) -> list[Alternative] | None:
    """The disjunctive normal form over leaves and `not` conditions; None if it has over `MAX_ALTERNATIVES` members."""
    if isinstance(condition, AnyOf):
        found = [alternatives(part) for part in condition.parts]
        return _limited(
            itertools.chain.from_iterable(part for part in found if part is not None), complete=None not in found
        )
    if isinstance(condition, AllOf):
        found = [alternatives(part) for part in condition.parts]
        products = itertools.product(*(part for part in found if part is not None))
        return _limited((frozenset().union(*product) for product in products), complete=None not in found)
    return [frozenset([condition])]


def _limited(found: Iterator[Alternative], *, complete: bool) -> list[Alternative] | None:
    kept = list(itertools.islice(dict.fromkeys(itertools.islice(found, MAX_ALTERNATIVES**2)), MAX_ALTERNATIVES + 1))
    return kept if complete and len(kept) <= MAX_ALTERNATIVES else None


def can_hold(alternative: Alternative, topics: Mapping[str, Topic]) -> bool:
    """Whether some team could fulfil all of it at once."""
    return _situations_agree(alternative, topics) and _usages_agree(alternative)


def _situations_agree(alternative: Alternative, topics: Mapping[str, Topic]) -> bool:
    wanted: dict[str, set[str]] = {}
    refused: dict[str, set[str]] = {}
    for condition in alternative:
        if isinstance(condition, Situation):
            wanted.setdefault(condition.topic, set()).add(condition.value)
        elif isinstance(condition, Not) and isinstance(condition.part, Situation):
            refused.setdefault(condition.part.topic, set()).add(condition.part.value)
    for topic in topics.values():
        chosen, left = wanted.get(topic.id, set()), set(topic.values) - refused.get(topic.id, set())
        if not chosen <= left or not left or (len(chosen) > 1 and not topic.many):
            return False
    return True


def _usages_agree(alternative: Alternative) -> bool:
    bounds: dict[str, Interval] = {}
    for condition in alternative:
        if isinstance(condition, Usage):
            bounds[condition.item] = bounds.get(condition.item, Interval()).intersect(condition.bound)
    return not any(bound.is_empty() for bound in bounds.values())


def needed_always(condition: Condition) -> set[str]:
    """The criteria that a team must require for the condition to hold, whichever alternative does."""
    if isinstance(condition, Need):
        return {condition.criterion}
    if isinstance(condition, AllOf):
        return set().union(*(needed_always(part) for part in condition.parts))
    if isinstance(condition, AnyOf):
        return set.intersection(*(needed_always(part) for part in condition.parts))
    return set()


def needed_ever(condition: Condition) -> set[str]:
    """The criteria whose requirement can make the condition hold; not those under `not`, which asks what was stated."""
    if isinstance(condition, Need):
        return {condition.criterion}
    if isinstance(condition, AllOf | AnyOf):
        return set().union(*(needed_ever(part) for part in condition.parts))
    return set()
