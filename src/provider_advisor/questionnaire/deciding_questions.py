"""Which questions have to be answered until a rule can no longer change anything."""

from __future__ import annotations

from collections.abc import Iterable

from provider_advisor.knowledge import Rule
from provider_advisor.knowledge.conditions import (
    AllOf,
    AnyOf,
    Condition,
    Leaf,
    Need,
    Not,
    Situation,
    Usage,
)
from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.questionnaire.possible import YES, Reach

__all__ = ["Cuts"]

_LATER = 0.01
"""What a question about the situation or usage counts beside one about a criterion: it is asked in any case."""


class Cuts:
    """For the rules that may fire: questions which, answered with no, leave everything as it is now.

    Of the parts of an `all` one is enough; a rule that fires now, and might cease to, hangs on all that it speaks of.
    """

    def __init__(self, reach: Reach, catalogue: Catalogue, fired: frozenset[str]) -> None:
        self._reach = reach
        self._catalogue = catalogue
        self._fired = fired
        self._found: dict[str, frozenset[str]] = {}

    def of_extra(self, rule: Rule, *, sure: bool) -> frozenset[str]:
        """The questions for what a rule implies; where that is sure, only its priority is not."""
        return self._all_open(rule.when) if sure else self.of_rule(rule)

    def of_favour(self, rule: Rule, doubtful: Iterable[str]) -> frozenset[str]:
        """The questions for a rule that favours, and for the criteria by which it judges."""
        own = self.of_rule(rule) if not self._reach.is_sure(rule) else frozenset[str]()
        if own and rule.id not in self._fired:
            return own
        return own.union(*(self._of_criterion(name) for name in doubtful))

    def of_rule(self, rule: Rule) -> frozenset[str]:
        """The questions for whether a rule fires."""
        if rule.id not in self._found:
            if rule.id in self._fired:
                self._found[rule.id] = self._all_open(rule.when)
            else:
                self._found[rule.id] = self._cut(rule.when) or frozenset()
        return self._found[rule.id]

    def of_condition(self, condition: Condition) -> frozenset[str]:
        """The fewest questions that decide whether a condition holds."""
        return self._cut(condition) or self._all_open(condition)

    def _cut(self, condition: Condition) -> frozenset[str] | None:
        """The fewest questions that can keep the condition from holding; None if it holds whatever is answered."""
        truths = self._reach.may_be(condition)
        if not truths & YES:
            return frozenset()
        if truths == YES:
            return None
        if isinstance(condition, AllOf):
            found = [cut for part in condition.parts if (cut := self._cut(part))]
            return min(found, key=_cost, default=self._all_open(condition))
        if isinstance(condition, AnyOf):
            cuts = [self._cut(part) for part in condition.parts]
            return frozenset().union(*(cut for cut in cuts if cut is not None))
        return self._all_open(condition) if isinstance(condition, Not) else self._of_leaf(condition)

    def _of_leaf(self, leaf: Leaf) -> frozenset[str]:
        if isinstance(leaf, Need):
            return self._of_criterion(leaf.criterion)
        if isinstance(leaf, Situation):
            return frozenset([f"situation:{leaf.topic}"]) & self._reach.open
        return frozenset([f"usage:{leaf.item}"]) & self._reach.open if isinstance(leaf, Usage) else frozenset()

    def _of_criterion(self, name: str) -> frozenset[str]:
        """Whether it is required: by the team itself, or by rules."""
        own = frozenset([f"criterion:{name}"]) & self._reach.open
        rules = [rule for rule in self._catalogue.implying.get(name, ()) if self._reach.fires(rule)]
        return own.union(*(self.of_rule(rule) for rule in rules if not self._reach.is_sure(rule)))

    def _all_open(self, condition: Condition, *, under_not: bool = False) -> frozenset[str]:
        """Every question on which the condition hangs; under `not` it counts only what the team states itself."""
        if isinstance(condition, AllOf | AnyOf):
            return frozenset().union(*(self._all_open(part, under_not=under_not) for part in condition.parts))
        if isinstance(condition, Not):
            return self._all_open(condition.part, under_not=True)
        if under_not and isinstance(condition, Need):
            return frozenset([f"criterion:{condition.criterion}"]) & self._reach.open
        return self._of_leaf(condition)


def _cost(questions: frozenset[str]) -> float:
    return sum(1 if key.startswith("criterion:") else _LATER for key in questions)
