"""Rules and questions that can never hold or never count, and circles of rules; and the order without circles.

A condition such as {developers=none, not (developers=none and fax)}, a conjunction of some `when`, becomes
{developers=none, not developers=none} or {developers=none, not fax}. No team fulfils the first alternative, but some
team does the second, so that the condition can hold.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from graphlib import CycleError, TopologicalSorter

from provider_advisor.knowledge.conditions import (
    MAX_CONJUNCTIONS,
    AllOf,
    AnyOf,
    Condition,
    Conjunction,
    Need,
    Not,
    Situation,
    Usage,
    judged_by,
    list_always_needed,
    list_conjunctions,
    list_ever_needed,
    list_needed,
)
from provider_advisor.knowledge.records import Topic
from provider_advisor.knowledge.rules import Question, Rule
from provider_advisor.logic import Interval


def check_structure(rules: Sequence[Rule], topics: Mapping[str, Topic]) -> Iterator[str]:
    """Yield rules that can never fire or never count, and circles."""
    for rule in rules:
        found, name = list_conjunctions(rule.when), f"{rule.where}: rule '{rule.id}'"
        if found is None:
            yield f"{name}: 'when' has over {MAX_CONJUNCTIONS} alternatives; split the rule."
        elif not any(can_hold(conjunction, topics) for conjunction in found):
            yield f"{name} can never fire, because 'when' contradicts itself; correct or remove it."
        # What a team requires is judged as a requirement, and a rule that favours by the same facts is set aside.
        required = {name for needed in list_always_needed(rule.when) for name in list_needed(needed)}
        if shared := sorted(required & judged_by(rule.favours)):
            said = f"a team that requires '{shared[0]}' is already judged by it"
            yield f"{name} can never count: {said}; remove it from 'when' or 'favours'."
    yield from _find_circles(rules)


def find_never_asked(questions: Iterable[Question], topics: Mapping[str, Topic]) -> Iterator[str]:
    """Yield the questions whose `when` contradicts itself, or is too long to tell."""
    for question in questions:
        found = [] if question.when is None else list_conjunctions(question.when)
        name = f"{question.where}: question about '{question.name}'"
        if found is None:
            yield f"{name}: 'when' has too many alternatives; shorten it."
        elif found and not any(can_hold(conjunction, topics) for conjunction in found):
            yield f"{name} can never be asked, because 'when' contradicts itself; correct or remove it."


def _find_circles(rules: Sequence[Rule]) -> Iterator[str]:
    """Yield each circle of criteria that imply one another, at its first rule."""
    graph = _map_needs(rules)
    while circle := _find_circle(graph):
        steps = set(itertools.pairwise(circle))  # from a criterion that a rule implies to one that it needs
        where = next(rule.where for rule in rules if not steps.isdisjoint(_list_steps(rule)))
        yield f"{where}: rules imply one another in a circle ({' <- '.join(circle)}); remove one of them."
        # Circles that share a criterion are reported one at a time, because fixing one may fix the others.
        graph = {name: needed.difference(circle) for name, needed in graph.items() if name not in circle}


def _find_circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Return some circle, from the first of its criteria in the alphabet back to it; empty without any."""
    try:
        # Sorted, because the order of sets differs between processes.
        TopologicalSorter({name: sorted(needed) for name, needed in sorted(graph.items())}).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1][:0:-1]
        begin = circle.index(min(circle))
        return [*circle[begin:], *circle[: begin + 1]]
    return []


def _list_steps(rule: Rule) -> Iterator[tuple[str, str]]:
    implied = (name for part in rule.implies for name in list_needed(part.criterion))
    return itertools.product(implied, list_ever_needed(rule.when))


def _map_needs(rules: Iterable[Rule]) -> dict[str, set[str]]:
    """Return for each implied criterion those that its rules need, in any of their conjunctions."""
    graph: dict[str, set[str]] = {}
    for rule in rules:
        for part in rule.implies:
            for name in list_needed(part.criterion):
                # A rule that needs numbers and implies numbers in Germany adds no need for numbers: no circle.
                if name == part.criterion or name not in list_always_needed(rule.when):
                    graph.setdefault(name, set()).update(list_ever_needed(rule.when))
    return graph


def sort_rules(rules: Sequence[Rule]) -> list[Rule]:
    """Return the rules by id, but each behind those that imply what it needs.

    Raises graphlib.CycleError if there is no such order.
    """
    # `infer` relies on this order: when it reaches a rule, all needs that the rule waits for have their final priority.
    level: dict[str, int] = {}
    sorter = TopologicalSorter(_map_needs(rules))
    sorter.prepare()
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        level |= {criterion: len(level) + place for place, criterion in enumerate(ready)}
        sorter.done(*ready)
    return sorted(
        rules,
        key=lambda rule: (max((level[c] for c in list_ever_needed(rule.when) if c in level), default=-1), rule.id),
    )


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
