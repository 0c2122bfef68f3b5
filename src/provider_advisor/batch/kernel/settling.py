"""Conditions on situation and usage, looked up for all rows at once: what is neither certain is unknown."""

from __future__ import annotations

import numpy as np

from provider_advisor.batch.kernel.situations import Said
from provider_advisor.batch.kernel.types import Flags, Floats
from provider_advisor.knowledge.conditions import Leaf, Situation, Usage
from provider_advisor.logic import Interval

__all__ = ["fails", "holds"]


def holds(leaf: Leaf, said: Said) -> Flags:
    """The rows for which the condition certainly holds."""
    if isinstance(leaf, Situation) and leaf.topic in said.answers:
        answers = said.answers[leaf.topic]
        naming = answers.holding.get(leaf.value)
        return np.zeros(said.rows, bool) if naming is None else naming.take(answers.codes)
    if isinstance(leaf, Usage) and leaf.item in said.usage:
        return _within(said.usage[leaf.item], leaf.bound)
    return np.zeros(said.rows, bool)


def fails(leaf: Leaf, said: Said) -> Flags:
    """The rows for which the condition certainly does not hold."""
    if isinstance(leaf, Situation) and leaf.topic in said.answers:
        answers = said.answers[leaf.topic]
        naming = answers.holding.get(leaf.value)
        return (answers.given if naming is None else answers.given & ~naming).take(answers.codes)
    if isinstance(leaf, Usage) and leaf.item in said.usage:
        volumes = said.usage[leaf.item]
        return ~np.isnan(volumes) & ~_within(volumes, leaf.bound)
    return np.zeros(said.rows, bool)


def _within(volumes: Floats, bound: Interval) -> Flags:
    """Where a volume is stated and lies within the bound."""
    found = ~np.isnan(volumes)
    if bound.low is not None:
        found &= volumes > bound.low if bound.above else volumes >= bound.low
    if bound.high is not None:
        found &= volumes <= bound.high
    return found
