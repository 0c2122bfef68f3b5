"""What may still come: which questions may be asked, which rules may fire, what may be required."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from provider_advisor.knowledge import Priority, Rule
from provider_advisor.knowledge.conditions import AllOf, AnyOf, Condition, Leaf, Need, Not, Situation, Usage
from provider_advisor.logic import Interval, Number, Truth, compare
from provider_advisor.questionnaire.catalogue import Catalogue

__all__ = ["NO", "UNKNOWN", "YES", "Reach", "Said", "may_be", "reach_of"]


class Said(NamedTuple):
    """Answers by what they are about.

    `opened` are the subjects that matter, None before that was asked; `priorities` those of the criteria asked for;
    `bounds` the answered bounds, None where there is to be none; `final` are the keys answered for good, `unsure` those
    answered with "not sure"; `searched` those that the person looked for;
    `lone` is usage that says nothing without other usage.
    """

    opened: tuple[str, ...] | None
    searched: frozenset[str]
    priorities: Mapping[str, Priority]
    bounds: Mapping[str, Interval | None]
    situation: Mapping[str, tuple[str, ...]]
    usage: Mapping[str, Number]
    final: frozenset[str]
    unsure: frozenset[str]
    lone: frozenset[str] = frozenset()

    def is_open(self, subjects: tuple[str, ...]) -> bool:
        """Whether one of the subjects may matter; before the topics were asked, all may."""
        return not subjects or self.opened is None or not set(subjects).isdisjoint(self.opened)


YES, NO, UNKNOWN = 1, 2, 4
"""Truths that a condition may come to have, added up: 3 is yes or no."""

_OF_TRUTH = {Truth.YES: YES, Truth.NO: NO, Truth.UNKNOWN: UNKNOWN}


class Reach(NamedTuple):
    """What may still come of a team's answers.

    `applying` are the keys of the questions that apply or may come to apply, answered or not; `open` those of them that
    have no final answer; `sure` those that apply certainly. `rules` are, by id, the truths that each rule's `when` may
    have; `required` and `stated`, by criterion, whether it is, or may be.
    """

    applying: frozenset[str]
    open: frozenset[str]
    sure: frozenset[str]
    rules: Mapping[str, int]
    required: Mapping[str, int]
    stated: Mapping[str, int]
    said: Said

    def may_be(self, condition: Condition) -> int:
        """The truths that a condition on the team may come to have."""
        return may_be(condition, self)

    def fires(self, rule: Rule) -> bool:
        """Whether the rule may fire."""
        return bool(self.rules[rule.id] & YES)

    def is_sure(self, rule: Rule) -> bool:
        """Whether the rule fires, whatever else is answered."""
        return self.rules[rule.id] == YES


def reach_of(said: Said, catalogue: Catalogue) -> Reach:
    """All that may still come: from the questions that apply in any case, to those that they let apply, to the end."""
    found = {key: question for key, question in catalogue.questions.items() if said.is_open(question.subjects)}
    always = {key for key, question in found.items() if question.when is None} | said.searched
    applying = frozenset(key for key in always if key in catalogue.questions)
    later = {key: question.when for key, question in found.items() if question.when is not None and key not in always}
    while True:
        reach = _reach(applying, said, catalogue)
        fresh = {key for key, when in later.items() if key not in applying and may_be(when, reach) & YES}
        if not fresh:
            sure = {key for key in applying if key not in later or may_be(later[key], reach) == YES}
            return reach._replace(sure=frozenset(sure))
        applying |= fresh


def _reach(applying: frozenset[str], said: Said, catalogue: Catalogue) -> Reach:
    computed = None if catalogue.computed is None else catalogue.computed.id
    stated = {name: _stated(name, computed, applying, said) for name in catalogue.knowledge.criteria}
    required = dict(stated)
    rules: dict[str, int] = {}
    reach = Reach(applying, applying - said.final, frozenset(), rules, required, stated, said)
    for rule in catalogue.knowledge.rules.values():
        rules[rule.id] = may_be(rule.when, reach)
        if rules[rule.id] & YES:
            for part in rule.implies:
                required[part.criterion] = _either(required[part.criterion], rules[rule.id])
    return reach


def _stated(name: str, computed: str | None, applying: frozenset[str], said: Said) -> int:
    """Whether the team states a criterion itself; one that is computed from usage it cannot ask for without any."""
    key = f"criterion:{name}"
    if name in said.priorities:
        return YES if name != computed or said.usage.keys() - said.lone else YES | NO
    return YES | NO if key in applying and key not in said.final else NO


def _either(one: int, other: int) -> int:
    """Required if either holds: surely if one surely does."""
    if YES in {one, other}:
        return YES
    return YES | NO if (one | other) & YES else NO


def may_be(condition: Condition, reach: Reach, *, under_not: bool = False) -> int:
    """The truths that a condition may come to have, each leaf by itself: at least all those that it can have."""
    if isinstance(condition, Need):  # most are
        return (reach.stated if under_not else reach.required)[condition.criterion]
    if isinstance(condition, AllOf):
        found = YES
        for part in condition.parts:
            found = _BOTH[found][may_be(part, reach, under_not=under_not)]
        return found
    if isinstance(condition, AnyOf):
        found = YES
        for part in condition.parts:
            found = _BOTH[found][_TURNED[may_be(part, reach, under_not=under_not)]]
        return _TURNED[found]
    if isinstance(condition, Not):
        return _TURNED[may_be(condition.part, reach, under_not=True)]
    return _leaf(condition, reach)


def _turned(truths: int) -> int:
    return (truths & UNKNOWN) | (NO if truths & YES else 0) | (YES if truths & NO else 0)


def _both(one: int, other: int) -> int:
    """The truths that both together may have, each by itself."""
    unknown = (one | other) & UNKNOWN and one & (YES | UNKNOWN) and other & (YES | UNKNOWN)
    return (one & other & YES) | ((one | other) & NO) | (UNKNOWN if unknown else 0)


_TURNED = tuple(_turned(truths) for truths in range(8))
_BOTH = tuple(tuple(_both(one, other) for other in range(8)) for one in range(8))
"""Looked up, for this is done some thousand times for each screen."""


def _leaf(leaf: Leaf, reach: Reach) -> int:
    if isinstance(leaf, Situation):
        return _situation(leaf, reach)
    if isinstance(leaf, Usage):
        return _usage(leaf, reach)
    raise TypeError(f"a condition on teams speaks of needs, situation and usage, found {leaf!r}")


def _situation(leaf: Situation, reach: Reach) -> int:
    answers = reach.said.situation.get(leaf.topic)
    if answers is not None:
        return YES if leaf.value in answers else NO
    return YES | NO | UNKNOWN if f"situation:{leaf.topic}" in reach.open else UNKNOWN


def _usage(leaf: Usage, reach: Reach) -> int:
    amount = reach.said.usage.get(leaf.item)
    if amount is not None and leaf.item in reach.said.lone:
        return _OF_TRUTH[compare(Interval(amount, amount), leaf.bound)] | UNKNOWN
    if amount is not None:
        return _OF_TRUTH[compare(Interval(amount, amount), leaf.bound)]
    return YES | NO | UNKNOWN if f"usage:{leaf.item}" in reach.open else UNKNOWN
