"""Settle a team's situation, usage and `not` conditions as yes, no or unknown, before any rule fires.

What is certainly true becomes an atom, a plain text, for the rule engine; numbers and unknowns never reach it.
"""

from __future__ import annotations

from collections.abc import Iterable

from provider_advisor.knowledge.conditions import Condition, Leaf, Need, Situation, Usage, evaluate, text_of
from provider_advisor.logic import Interval, Truth, compare
from provider_advisor.requirements import Team

__all__ = ["holds_for", "need_atom", "settled_atoms"]


def need_atom(criterion: str) -> str:
    """The atom that stands for a requirement of the criterion, at any priority."""
    return text_of(Need(criterion))


def settled_atoms(conditions: Iterable[tuple[str, Condition]], team: Team) -> set[str]:
    """The atoms of those conditions, given with their texts, that are certainly true of the team."""
    stated = team.stated
    return {atom for atom, condition in conditions if holds_for(condition, team, stated) is Truth.YES}


def holds_for(condition: Condition, team: Team, stated: frozenset[str]) -> Truth:
    """The condition's truth from what the team stated itself; what it did not answer is unknown."""

    def truth_of(leaf: Leaf) -> Truth:
        if isinstance(leaf, Need):
            return Truth.YES if leaf.criterion in stated else Truth.NO
        if isinstance(leaf, Situation):
            return _situation(leaf, team)
        if isinstance(leaf, Usage) and leaf.item in team.usage:
            amount = team.usage[leaf.item]
            return compare(Interval(amount, amount), leaf.bound)
        return Truth.UNKNOWN

    return evaluate(condition, truth_of)


def _situation(leaf: Situation, team: Team) -> Truth:
    answers = team.situation.get(leaf.topic)
    if answers is None:
        return Truth.UNKNOWN
    return Truth.YES if leaf.value in answers else Truth.NO
