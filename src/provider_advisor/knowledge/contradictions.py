"""Whether a condition contradicts itself.

For example, {developers=none, not (developers=none and fax)}, a conjunction of some `when`, becomes {developers=none,
not developers=none} or {developers=none, not fax}. No team fulfils the first alternative, but some team does the
second, so that the condition can hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

from provider_advisor.knowledge.conditions import (
    AllOf,
    AnyOf,
    Condition,
    Conjunction,
    Need,
    Not,
    Situation,
    Usage,
    list_conjunctions,
)
from provider_advisor.knowledge.records import Topic
from provider_advisor.logic import Interval


def can_hold(conjunction: Conjunction, topics: Mapping[str, Topic]) -> bool:
    """Return whether some team could fulfil the whole condition; yes if there are too many alternatives to tell."""
    found = list_conjunctions(AllOf(tuple(_push_inward(part) for part in conjunction)))
    return found is None or any(_agree(parts, topics) for parts in found)


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


def _agree(conjunction: Conjunction, topics: Mapping[str, Topic]) -> bool:
    """Return whether some team could fulfil all parts; each `not` among them is at a leaf, or around such a `not`."""
    stated = [condition for condition in conjunction if not isinstance(condition, Not)]
    refused = [condition.part for condition in conjunction if isinstance(condition, Not)]
    volumes = {leaf.item for leaf in (*stated, *refused) if isinstance(leaf, Usage)}
    return (
        not any(isinstance(part, Not) and part in conjunction for part in refused)
        and all(_has_answer(topic, stated, refused) for topic in topics.values())
        and all(_has_amount(item, stated, refused) for item in volumes)
    )


def _has_answer(topic: Topic, stated: Iterable[Condition], refused: Iterable[Condition]) -> bool:
    """Return whether a team can answer a topic with all values that are stated, and with none that are refused."""
    chosen, excluded = (
        {leaf.value for leaf in parts if isinstance(leaf, Situation) and leaf.topic == topic.id}
        for parts in (stated, refused)
    )
    left = set(topic.values) - excluded
    return bool(left) and chosen <= left and (len(chosen) <= 1 or topic.many)


def _has_amount(item: str, stated: Iterable[Condition], refused: Iterable[Condition]) -> bool:
    """Return whether some volume is within all bounds that are stated, and within none that are refused."""
    bounds, excluded = (
        [leaf.bound for leaf in parts if isinstance(leaf, Usage) and leaf.item == item] for parts in (stated, refused)
    )
    # Each refused interval that covers the lower end of what is free moves it past its own end: of 100 or more, without
    # 0 to 200 and without 500 or more, what is above 200 is left. One that begins higher leaves room below it.
    free = reduce(Interval.intersect, bounds, Interval(0))
    for part in sorted(excluded, key=lambda part: part.low or 0):
        if free.low is None or (part.low or 0) > free.low:
            break
        if part.high is None:
            return False
        if part.high >= free.low:
            free = Interval(part.high, free.high, above=True)
    return not free.is_empty()
