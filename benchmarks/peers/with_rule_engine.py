"""rule-engine: a `Rule` for every condition, matched against each team in turn; Python looks up and adds.

Left out, for a rule matches or does not: what is unknown, chaining (a loop in
Python), intervals of degrees, reasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import rule_engine

from benchmarks.peers.contract import Favour, Implication, Tables, choose_provider, list_leaves
from provider_advisor.knowledge.conditions import AllOf, AnyOf, Condition, Need, Not, Situation, Usage
from provider_advisor.requirements import Team

_Things = list[tuple[Team, dict[str, Any]]]


class _Prepared(NamedTuple):
    tables: Tables
    implications: list[tuple[rule_engine.Rule, Implication]]
    favours: list[tuple[rule_engine.Rule, Favour]]
    things: list[tuple[Team, dict[str, Any]]]


def prepare(teams: Sequence[Team], tables: Tables) -> _Prepared:
    """Return the rules, parsed, and the teams as dictionaries of what is true of them.

    A symbol for each thing that a team can state is faster than `"word" in needs`, because rule-engine copies a set
    each time that it is named. Every symbol is there, because looking up a missing one takes far longer.
    """
    nothing = _make_nothing(tables)
    return _Prepared(
        tables,
        [(rule_engine.Rule(_write_condition(rule.when)), rule) for rule in tables.implications],
        [(rule_engine.Rule(_write_condition(rule.when)), rule) for rule in tables.favours],
        [(team, nothing | _make_thing(team)) for team in teams],
    )


def answer(prepared: _Prepared) -> list[str | None]:
    """Return the provider of each team."""
    return [_answer_team(team, dict(thing), prepared) for team, thing in prepared.things]


def _answer_team(team: Team, thing: dict[str, Any], prepared: _Prepared) -> str | None:
    fired = []
    for rule, part in prepared.implications:
        if rule.matches(thing):
            thing[_name_need(part.criterion)] = True
            fired.append(part)
    return choose_provider(
        team, fired, [part for rule, part in prepared.favours if rule.matches(thing)], prepared.tables
    )


def _make_nothing(tables: Tables) -> dict[str, Any]:
    """Return the symbols of all rules, false."""
    found = list_leaves(tables)
    return {
        _write_condition(leaf, word): False
        for leaf in found
        for word in ("need", "stated")
        if not isinstance(leaf, Usage)
    } | {_name_usage(leaf.item): -1.0 for leaf in found if isinstance(leaf, Usage)}


def _make_thing(team: Team) -> dict[str, Any]:
    thing: dict[str, Any] = {_name_need(criterion): True for criterion in team.stated}
    thing |= {_name_need(criterion, "stated"): True for criterion in team.stated}
    thing |= {_name_answer(topic, value): True for topic, values in team.situation.items() for value in values}
    return thing | {_name_usage(item): float(volume) for item, volume in team.usage.items()}


def _write_condition(condition: Condition, word: str = "need") -> str:
    if isinstance(condition, AllOf | AnyOf):
        joined = " and " if isinstance(condition, AllOf) else " or "
        return f"({joined.join(_write_condition(part, word) for part in condition.parts)})"
    if isinstance(condition, Not):
        return f"(not {_write_condition(condition.part, 'stated')})"
    if isinstance(condition, Need):
        return _name_need(condition.criterion, word)
    if isinstance(condition, Situation):
        return _name_answer(condition.topic, condition.value)
    if isinstance(condition, Usage):
        ends = ((">=", condition.bound.low), ("<=", condition.bound.high))
        item = _name_usage(condition.item)
        tests = [f"{item} >= 0", *(f"{item} {sign} {end}" for sign, end in ends if end is not None)]
        return f"({' and '.join(tests)})"
    raise TypeError(f"no condition on teams: {condition!r}")


def _name_need(criterion: str, word: str = "need") -> str:
    return f"{word}_{criterion}".replace("-", "_")


def _name_answer(topic: str, value: str) -> str:
    return f"situation_{topic}_{value}".replace("-", "_")


def _name_usage(item: str) -> str:
    return f"usage_{item}".replace("-", "_")
