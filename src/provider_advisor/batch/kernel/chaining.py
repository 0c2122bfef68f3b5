"""Rules over many teams: which fire where, and what they add.

The rules of a knowledge base stand in an order in which those that imply a criterion come before those that need it,
so that one pass chains to the end what the rule engine chains for a single team. A test holds both to one result.
"""

from __future__ import annotations

import numpy as np

from provider_advisor.batch.kernel.cells import Cells
from provider_advisor.batch.kernel.changes import Changes
from provider_advisor.batch.kernel.firing import Fired, Table, fire_rules
from provider_advisor.batch.kernel.program import compiled
from provider_advisor.batch.kernel.settling import fails, holds
from provider_advisor.batch.kernel.situations import Said
from provider_advisor.batch.kernel.types import Ints
from provider_advisor.knowledge import KnowledgeBase

__all__ = ["Chaining"]


class Chaining:
    """The rules of a knowledge base, ready for columns."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._compiled = compiled(knowledge)
        self._rules = tuple(knowledge.rules.values())

    def run(self, words: Ints, ends: Ints, said: Said, cells: Cells, changes: Changes) -> Fired:
        """Fire every rule where it fires. `words` are the cells of the rows' words, row by row, as `ends` says."""
        program, looked, place_of = self._compiled
        favouring = np.array([cells.of_rule(rule) if rule.favours else 0 for rule in self._rules], np.int32)
        flags = np.empty((len(looked), said.rows), bool)
        for number, (leaf, is_to_fail) in enumerate(looked):
            flags[number] = (fails if is_to_fail else holds)(leaf, said)
        table = Table(words, ends, place_of.take(cells.places), cells.ranks, flags)
        return fire_rules(program, changes.with_key, favouring, table)
