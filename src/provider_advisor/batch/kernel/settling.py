"""Conditions on teams, settled for all rows at once, in Kleene's logic: what is neither certain is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import numpy as np

from provider_advisor.batch.kernel.situations import Said
from provider_advisor.batch.kernel.types import Flags, Floats
from provider_advisor.knowledge.conditions import AllOf, AnyOf, Condition, Need, Not, Situation, Usage
from provider_advisor.logic import Interval

__all__ = ["fails", "holds"]

_Stated = Mapping[str, Flags]


def holds(condition: Condition, stated: _Stated, said: Said) -> Flags:  # noqa: PLR0911 (one a word of the grammar)
    """The rows for which the condition certainly holds, from what the teams stated themselves."""
    if isinstance(condition, AllOf):
        return reduce(np.logical_and, [holds(part, stated, said) for part in condition.parts])
    if isinstance(condition, AnyOf):
        return reduce(np.logical_or, [holds(part, stated, said) for part in condition.parts])
    if isinstance(condition, Not):
        return fails(condition.part, stated, said)
    if isinstance(condition, Need):
        return stated[condition.criterion]
    if isinstance(condition, Situation) and condition.topic in said.answers:
        answers = said.answers[condition.topic]
        naming = answers.holding.get(condition.value)
        return np.zeros(said.rows, bool) if naming is None else naming.take(answers.codes)
    if isinstance(condition, Usage) and condition.item in said.usage:
        return _within(said.usage[condition.item], condition.bound)
    return np.zeros(said.rows, bool)


def fails(condition: Condition, stated: _Stated, said: Said) -> Flags:  # noqa: PLR0911 (one a word of the grammar)
    """The rows for which the condition certainly does not hold."""
    if isinstance(condition, AllOf):
        return reduce(np.logical_or, [fails(part, stated, said) for part in condition.parts])
    if isinstance(condition, AnyOf):
        return reduce(np.logical_and, [fails(part, stated, said) for part in condition.parts])
    if isinstance(condition, Not):
        return holds(condition.part, stated, said)
    if isinstance(condition, Need):
        return ~stated[condition.criterion]
    if isinstance(condition, Situation) and condition.topic in said.answers:
        answers = said.answers[condition.topic]
        naming = answers.holding.get(condition.value)
        return (answers.given if naming is None else answers.given & ~naming).take(answers.codes)
    if isinstance(condition, Usage) and condition.item in said.usage:
        volumes = said.usage[condition.item]
        return ~np.isnan(volumes) & ~_within(volumes, condition.bound)
    return np.zeros(said.rows, bool)


def _within(volumes: Floats, bound: Interval) -> Flags:
    """Where a volume is stated and lies within the bound."""
    found = ~np.isnan(volumes)
    if bound.low is not None:
        found &= volumes > bound.low if bound.above else volumes >= bound.low
    if bound.high is not None:
        found &= volumes <= bound.high
    return found
