"""Problems of all rules together: those that never fire or never count, and circles; and the order without circles."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from provider_advisor.knowledge.conditions import (
    MAX_CONJUNCTIONS,
    FactHolds,
    leaves,
    list_conjunctions,
    list_needed,
    needed_always,
    needed_ever,
)
from provider_advisor.knowledge.contradictions import can_hold
from provider_advisor.knowledge.records import Topic
from provider_advisor.knowledge.rules import Rule


def check_structure(rules: Sequence[Rule], topics: Mapping[str, Topic]) -> Iterator[str]:
    """Yield rules that can never fire or never count, and circles."""
    for rule in rules:
        found = list_conjunctions(rule.when)
        if found is None:
            yield f"{rule.where}: rule '{rule.id}': 'when' has over {MAX_CONJUNCTIONS} alternatives; split the rule."
        elif not any(can_hold(conjunction, topics) for conjunction in found):
            yield (
                f"{rule.where}: rule '{rule.id}' can never fire, because 'when' contradicts itself; "
                "correct or remove it."
            )
        yield from _find_never_counting(rule)
    yield from _find_circles(rules)


def _find_never_counting(rule: Rule) -> Iterator[str]:
    # What a team requires is judged as a requirement, and a rule that favours by the same facts is set aside (`infer`).
    required = {name for needed in needed_always(rule.when) for name in list_needed(needed)}
    if rule.favours is not None:
        asked = {leaf.criterion for leaf in leaves(rule.favours) if isinstance(leaf, FactHolds)}
        if shared := sorted(required & asked):
            yield (
                f"{rule.where}: rule '{rule.id}' can never count: "
                f"a team that requires '{shared[0]}' is already judged by it; remove it from 'when' or 'favours'."
            )


def _find_circles(rules: Sequence[Rule]) -> Iterator[str]:
    """Yield each circle of criteria that imply one another, at its first rule."""
    graph = _map_needs(rules)
    while circle := _find_circle(graph):
        steps = set(itertools.pairwise(circle))
        where = next(rule.where for rule in rules if _list_steps(rule) & steps)
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


def _list_steps(rule: Rule) -> set[tuple[str, str]]:
    """Return the pairs of a criterion that the rule implies and one that it needs."""
    implied = (name for part in rule.implies for name in list_needed(part.criterion))
    return set(itertools.product(implied, needed_ever(rule.when)))


def _map_needs(rules: Iterable[Rule]) -> dict[str, set[str]]:
    """Return for each implied criterion those that its rules need, in any of their conjunctions."""
    graph: dict[str, set[str]] = {}
    for rule in rules:
        for part in rule.implies:
            for name in list_needed(part.criterion):
                # A rule that needs numbers and implies numbers in Germany adds no need for numbers: no circle.
                if name == part.criterion or name not in needed_always(rule.when):
                    graph.setdefault(name, set()).update(needed_ever(rule.when))
    return graph


def sort_rules(rules: Sequence[Rule]) -> list[Rule]:
    """Return the rules by id, but each behind those that imply what it needs.

    Raises graphlib.CycleError if there is no such order.
    """
    # `infer` relies on this order: when it reaches a rule, all needs that the rule waits for have their final priority.
    level = {criterion: rank for rank, criterion in enumerate(_sort_by_generation(_map_needs(rules)))}
    return sorted(
        rules, key=lambda rule: (max((level[c] for c in needed_ever(rule.when) if c in level), default=-1), rule.id)
    )


def _sort_by_generation(graph: Mapping[str, set[str]]) -> Iterator[str]:
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        yield from ready
        sorter.done(*ready)
