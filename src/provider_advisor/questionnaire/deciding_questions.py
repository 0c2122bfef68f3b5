"""Find the questions to answer until a rule can no longer change anything.

An example: a rule fires `when: {all: [{need: fax}, {any: [{need: sms}, {situation: country, is: fr}]}]}`, nothing of
it is answered, and the rule does not fire now. A no to "fax" alone keeps it from firing; so do answers to "sms" and to
"country" together. The first is the smaller cut, so the deciding question is "fax". Once fax is needed, it is "sms"
and "country". Questions about the situation count a hundredth of others: they are asked in any case, later.

If the rule fires now, an answer to any question that is open in its condition may end that, so all of them decide.
"""

from __future__ import annotations

from collections.abc import Iterable

from provider_advisor.knowledge import Rule
from provider_advisor.knowledge.conditions import (
    AT,
    EITHER,
    AllOf,
    AnyOf,
    Condition,
    Leaf,
    Need,
    Not,
    Situation,
    Usage,
)
from provider_advisor.knowledge.rules import Key
from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.questionnaire.replay_answers import NO, YES, Possible

_LATER = 0.01
"""The cost of a question about the situation or usage, compared with 1 for a criterion: it is asked in any case."""


class DecidingQuestions:
    """For the rules that may fire: questions which, answered with no, leave everything as it is now.

    `fired` are the ids of the rules that fire now.
    """

    def __init__(self, possible: Possible, catalogue: Catalogue, fired: frozenset[str]) -> None:
        self._possible = possible
        self._catalogue = catalogue
        self._fired = fired
        self._found: dict[str, frozenset[Key]] = {}

    def find_for_implied(self, rule: Rule, *, sure: bool) -> frozenset[Key]:
        """Return the questions that decide what a rule implies; if that is `sure`, only its priority is open."""
        return self._list_open(rule.when) if sure else self.find_for_rule(rule)

    def find_for_favour(self, rule: Rule, doubtful: Iterable[str]) -> frozenset[Key]:
        """Return the questions that decide whether a rule that favours counts.

        It does not count while the team requires a criterion that it judges by; `doubtful` are those it may require.
        """
        # While the rule does not fire, its own condition decides; what the team requires matters only once it does.
        own = self.find_for_rule(rule) if not self._possible.is_sure(rule) else frozenset[Key]()
        if own and rule.id not in self._fired:
            return own
        return own.union(*(self._find_for_criterion(name) for name in doubtful))

    def find_for_rule(self, rule: Rule) -> frozenset[Key]:
        """Return the questions that decide whether a rule fires."""
        if rule.id not in self._found:
            fires = rule.id in self._fired
            self._found[rule.id] = self._list_open(rule.when) if fires else self._cut(rule.when) or frozenset()
        return self._found[rule.id]

    def find_for_condition(self, condition: Condition) -> frozenset[Key]:
        """Return the fewest questions that decide whether a condition holds."""
        return self._cut(condition) or self._list_open(condition)

    def _cut(self, condition: Condition) -> frozenset[Key] | None:
        """Return the cheapest questions that can keep the condition from holding; None if it holds in any case."""
        # `truths` over-approximates: each leaf is taken by itself, so YES may be in it although no answers lead there.
        # That can only cost a question.
        truths = self._possible.may_be(condition)
        if not truths & YES:
            return frozenset()
        if truths == YES:
            return None
        if isinstance(condition, AllOf):
            # One false part is enough.
            found = [cut for part in condition.parts if (cut := self._cut(part))]
            return min(found, key=_add_costs, default=self._list_open(condition))
        if isinstance(condition, AnyOf):
            # Every part must be false, so the questions of all parts are needed.
            cuts = [self._cut(part) for part in condition.parts]
            return frozenset().union(*(cut for cut in cuts if cut is not None))
        return self._list_open(condition) if isinstance(condition, Not) else self._find_for_leaf(condition)

    def _find_for_leaf(self, leaf: Leaf) -> frozenset[Key]:
        if isinstance(leaf, Need):
            return self._find_for_criterion(leaf.criterion)
        if isinstance(leaf, Situation):
            return frozenset([Key("situation", leaf.topic)]) & self._possible.open
        return frozenset([Key("usage", leaf.item)]) & self._possible.open if isinstance(leaf, Usage) else frozenset()

    def _find_for_criterion(self, name: str) -> frozenset[Key]:
        """Return the questions that decide whether it is required, by the team or by rules."""
        own = self._find_own(name)
        rules = [rule for rule in self._catalogue.implying.get(name, ()) if self._possible.fires(rule)]
        return own.union(*(self.find_for_rule(rule) for rule in rules if not self._possible.is_sure(rule)))

    def _find_own(self, name: str) -> frozenset[Key]:
        """Return the question by which the team states it; for a member, the one about its criterion."""
        own = frozenset([Key("criterion", name)]) & self._possible.open
        parent, at, _ = name.partition(AT)
        if own or not at or EITHER in name or self._possible.stated.get(name) != YES | NO:
            return own
        if parent in self._possible.said.priorities:
            return frozenset([Key("members", parent)])
        return frozenset([Key("criterion", parent)]) & self._possible.open

    def _list_open(self, condition: Condition, *, under_not: bool = False) -> frozenset[Key]:
        """Return every open question of the condition; under `not` only what the team states itself counts."""
        if isinstance(condition, AllOf | AnyOf):
            return frozenset().union(*(self._list_open(part, under_not=under_not) for part in condition.parts))
        if isinstance(condition, Not):
            return self._list_open(condition.part, under_not=True)
        if under_not and isinstance(condition, Need):
            return self._find_own(condition.criterion)
        return self._find_for_leaf(condition)


def _add_costs(questions: frozenset[Key]) -> float:
    return sum(1 if key.kind == "criterion" else _LATER for key in questions)
