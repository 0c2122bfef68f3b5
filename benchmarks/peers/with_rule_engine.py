"""rule-engine: a `Rule` for every condition, matched against each team in turn; Python looks up and adds.

Left out, for a rule matches or does not: what is unknown, chaining (a loop in
Python), intervals of degrees, reasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import rule_engine

from benchmarks.peers.contract import Favour, Implication, Tables, scored
from provider_advisor.knowledge.conditions import AllOf, AnyOf, Condition, Need, Not, Situation, Usage, leaves
from provider_advisor.requirements import Team

_Things = list[tuple[Team, dict[str, Any]]]


class _Prepared(NamedTuple):
    tables: Tables
    implications: list[tuple[rule_engine.Rule, Implication]]
    favours: list[tuple[rule_engine.Rule, Favour]]
    things: list[tuple[Team, dict[str, Any]]]


def prepare(teams: Sequence[Team], tables: Tables) -> _Prepared:
    """The rules, parsed, and the teams as dictionaries of what is true of them.

    A symbol for each thing that a team can state is faster than `"word" in needs`, for rule-engine copies a set each
    time that it is named; and every symbol is there, for a missing one costs half a millisecond.
    """
    nothing = _nothing(tables)
    return _Prepared(
        tables,
        [(rule_engine.Rule(_text(rule.when)), rule) for rule in tables.implications],
        [(rule_engine.Rule(_text(rule.when)), rule) for rule in tables.favours],
        [(team, nothing | _thing(team)) for team in teams],
    )


def answer(prepared: _Prepared) -> list[str | None]:
    """The provider of each team."""
    return [_answer(team, dict(thing), prepared) for team, thing in prepared.things]


def _answer(team: Team, thing: dict[str, Any], prepared: _Prepared) -> str | None:
    fired = []
    for rule, part in prepared.implications:
        if rule.matches(thing):
            thing[_need(part.criterion)] = True
            fired.append(part)
    return scored(team, fired, [part for rule, part in prepared.favours if rule.matches(thing)], prepared.tables)


def _nothing(tables: Tables) -> dict[str, Any]:
    """The symbols of all rules, false."""
    found = [leaf for rule in (*tables.implications, *tables.favours) for leaf in leaves(rule.when)]
    return {
        _text(leaf, word): False for leaf in found for word in ("need", "stated") if not isinstance(leaf, Usage)
    } | {_used(leaf.item): -1.0 for leaf in found if isinstance(leaf, Usage)}


def _thing(team: Team) -> dict[str, Any]:
    thing: dict[str, Any] = {_need(criterion): True for criterion in team.stated}
    thing |= {_need(criterion, "stated"): True for criterion in team.stated}
    thing |= {_answered(topic, value): True for topic, values in team.situation.items() for value in values}
    return thing | {_used(item): float(volume) for item, volume in team.usage.items()}


def _text(condition: Condition, word: str = "need") -> str:
    if isinstance(condition, AllOf | AnyOf):
        joined = " and " if isinstance(condition, AllOf) else " or "
        return f"({joined.join(_text(part, word) for part in condition.parts)})"
    if isinstance(condition, Not):
        return f"(not {_text(condition.part, 'stated')})"
    if isinstance(condition, Need):
        return _need(condition.criterion, word)
    if isinstance(condition, Situation):
        return _answered(condition.topic, condition.value)
    if isinstance(condition, Usage):
        ends = ((">=", condition.bound.low), ("<=", condition.bound.high))
        item = _used(condition.item)
        tests = [f"{item} >= 0", *(f"{item} {sign} {end}" for sign, end in ends if end is not None)]
        return f"({' and '.join(tests)})"
    raise TypeError(f"no condition on teams: {condition!r}")


def _need(criterion: str, word: str = "need") -> str:
    return f"{word}_{criterion}".replace("-", "_")


def _answered(topic: str, value: str) -> str:
    return f"situation_{topic}_{value}".replace("-", "_")


def _used(item: str) -> str:
    return f"usage_{item}".replace("-", "_")
