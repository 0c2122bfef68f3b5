"""What may still follow from a team's answers, and the questions that decide it.

An example of what may still come: "video" is open, and a question about recording is asked only `when` video meetings
are needed. Before that is answered, the question may come to apply (`open`), but not for certain (`sure`); a rule on
recording may fire, or not, and so may what it implies. Once video meetings are answered with no, all of it is out.

An example of what decides: a rule fires `when` all of {need: fax} and any of {need: sms} and {situation: country, is:
fr}; nothing of it is answered, and the rule does not fire now. A no to "fax" alone keeps it from firing; so do answers
to "sms" and to "country" together. The first is the smaller cut, so the deciding question is "fax". Once fax is needed,
it is "sms" and "country". Questions about the situation count a hundredth of others: they are asked in any case, later.

If the rule fires now, an answer to any question that is open in its condition may end that, so all of them decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from provider_advisor.knowledge import Priority, Rule
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
    list_needed,
)
from provider_advisor.knowledge.rules import Key
from provider_advisor.logic import Interval, Truth, compare
from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.questionnaire.state import ALONG
from provider_advisor.requirements import Requirement, Unlisted
from provider_advisor.requirements.statement import Used, add_up

_LATER = 0.01
"""The cost of a question about the situation or usage, compared with 1 for a criterion: it is asked in any case."""

CAN_BE_YES, CAN_BE_NO, CAN_BE_UNKNOWN = 1, 2, 4
"""The truth values that a condition can take, over-approximated; bits of a plain number, because `may_be` is hot."""

CAN_BE_EITHER = CAN_BE_YES | CAN_BE_NO

_OF_TRUTH = {Truth.YES: CAN_BE_YES, Truth.NO: CAN_BE_NO, Truth.UNKNOWN: CAN_BE_UNKNOWN}


class SortedAnswers(NamedTuple):
    """The answers, and what was given before them, by what they are about."""

    opened: tuple[str, ...] | None  # the subjects that matter; None before that was asked
    searched: frozenset[Key]  # what the person looked for
    priorities: Mapping[str, Priority]  # of the criteria asked for
    bounds: Mapping[str, Interval | None]  # the answered ones, None where there is to be none
    situation: Mapping[str, tuple[str, ...]]
    usage: Mapping[str, Used]
    final: frozenset[Key]  # answered for good
    unsure: frozenset[Key]  # answered with "not sure"
    incomplete_usage: frozenset[str]  # usage that says nothing without other usage
    unwanted: frozenset[str]  # not wanted, or must not be there: no rule adds these criteria
    given: tuple[Requirement, ...]  # from before and replaced by no answer; also what must not be there
    unlisted: tuple[Unlisted, ...]  # wishes in the team's own words
    parents: Mapping[str, str]  # by member, the criterion that it is asked for in place of

    def get_bound_key(self, name: str) -> Key:
        """Return the key of a requirement's bound; a member that came with its criterion shares its key."""
        return Key("bound", self.parents.get(name, name))

    def is_replaced(self, name: str) -> bool:
        """Return whether members of a criterion are requested instead of it."""
        return name in self.parents.values()

    def may_name_members(self, name: str) -> bool:
        """Return whether members may still replace a requested criterion."""
        return name in self.priorities and AT not in name and Key("members", name) not in self.final

    def is_open(self, subjects: tuple[str, ...]) -> bool:
        """Return whether one of the subjects may matter; all may until the topics have been asked."""
        return not subjects or self.opened is None or not set(subjects).isdisjoint(self.opened)


class Possible(NamedTuple):
    """What may still follow from a team's answers."""

    open: frozenset[Key]  # the questions that apply or may come to apply, without a final answer
    sure: frozenset[Key]  # those that apply for certain, answered or not
    rules: Mapping[str, int]  # by id, the truths that the `when` of a rule may have
    required: Mapping[str, int]  # by criterion, whether it is required, by the team or by rules
    stated: Mapping[str, int]  # the same of what the team states itself
    said: SortedAnswers

    def may_be(self, condition: Condition, *, under_not: bool = False) -> int:
        """Return the truths that a condition on the team can take, over-approximated.

        Each leaf counts by itself: the result holds every truth that the condition can take, and perhaps more.
        """
        if isinstance(condition, Need):  # most are
            return (self.stated if under_not else self.required)[condition.criterion]
        if isinstance(condition, AllOf):
            found = CAN_BE_YES
            for part in condition.parts:
                found = _BOTH[found][self.may_be(part, under_not=under_not)]
            return found
        if isinstance(condition, AnyOf):
            found = CAN_BE_YES
            for part in condition.parts:
                found = _BOTH[found][_TURNED[self.may_be(part, under_not=under_not)]]
            return _TURNED[found]
        if isinstance(condition, Not):
            return _TURNED[self.may_be(condition.part, under_not=True)]
        return self._leaf(condition)

    def _leaf(self, leaf: Leaf) -> int:
        if isinstance(leaf, Situation):
            answers = self.said.situation.get(leaf.topic)
            if answers is not None:
                return CAN_BE_YES if leaf.value in answers else CAN_BE_NO
            return CAN_BE_EITHER | CAN_BE_UNKNOWN if Key("situation", leaf.topic) in self.open else CAN_BE_UNKNOWN
        if isinstance(leaf, Usage):
            used = add_up(self.said.usage, leaf.item)
            if used is None:
                return CAN_BE_EITHER | CAN_BE_UNKNOWN if Key("usage", leaf.item) in self.open else CAN_BE_UNKNOWN
            found = _OF_TRUTH[compare(used, leaf.bound)]
            return found | CAN_BE_UNKNOWN if leaf.item in self.said.incomplete_usage else found
        raise TypeError(f"a condition on teams speaks of needs, situation and usage, found {leaf!r}")

    def applies(self, key: Key) -> bool:
        """Return whether a question applies for certain; bounds and members do where their criterion is asked for."""
        if key.kind in ALONG:
            return key.name in self.said.priorities
        return key.kind in {"topics", "unlisted"} or key in self.sure

    def fires(self, rule: Rule) -> bool:
        """Return whether the rule may fire."""
        return bool(self.rules[rule.id] & CAN_BE_YES)

    def is_sure(self, rule: Rule) -> bool:
        """Return whether the rule fires, whatever else is answered."""
        return self.rules[rule.id] == CAN_BE_YES


def _turn(truths: int) -> int:
    yes, no = truths & CAN_BE_YES, truths & CAN_BE_NO
    return (truths & CAN_BE_UNKNOWN) | (CAN_BE_NO if yes else 0) | (CAN_BE_YES if no else 0)


def _combine(one: int, other: int) -> int:
    """Return the truths that both together may have, each by itself."""
    not_no = CAN_BE_YES | CAN_BE_UNKNOWN
    unknown = (one | other) & CAN_BE_UNKNOWN and one & not_no and other & not_no
    return (one & other & CAN_BE_YES) | ((one | other) & CAN_BE_NO) | (CAN_BE_UNKNOWN if unknown else 0)


# Tables, because `may_be` looks up some thousand of them for each screen. For example, yes or no (3) together with
# unknown (4) can be no or unknown (6); what is yes or unknown (5) is no or unknown (6) under `not`.
_TURNED = tuple(_turn(truths) for truths in range(8))
_BOTH = tuple(tuple(_combine(one, other) for other in range(8)) for one in range(8))


def find_possible(said: SortedAnswers, catalogue: Catalogue) -> Possible:
    """Return all that may still come: what applies in any case, then what that may let apply, and so on."""
    waiting = catalogue.waiting - said.searched
    found = {
        key: question
        for key, question in catalogue.questions.items()
        if key not in waiting and said.is_open(question.subjects)
    }
    always = {key for key, question in found.items() if question.when is None} | said.searched
    applying = frozenset(key for key in always if key in catalogue.questions)
    later = {key: question.when for key, question in found.items() if question.when is not None and key not in always}
    # The set only grows: another possible question adds truth values that a condition may take, and removes none. So
    # this ends, at the smallest set that contains everything that may come.
    while True:
        possible = _suppose_applying(applying, said, catalogue)
        fresh = {key for key, when in later.items() if key not in applying and possible.may_be(when) & CAN_BE_YES}
        if not fresh:
            sure = {key for key in applying if key not in later or possible.may_be(later[key]) == CAN_BE_YES}
            return possible._replace(sure=frozenset(sure))
        applying |= fresh


def _suppose_applying(applying: frozenset[Key], said: SortedAnswers, catalogue: Catalogue) -> Possible:
    # Most criteria are neither asked for nor may be, so that only the others are looked at.
    stated = dict.fromkeys(catalogue.knowledge.criteria, CAN_BE_NO)
    named = [key.name for key in applying if key.kind == "criterion"]
    for name in (*named, *catalogue.members_in_rules, *said.priorities):
        stated[name] = _may_be_stated(name, applying, said, catalogue)
    for name in catalogue.members_in_rules | (said.priorities.keys() - catalogue.knowledge.criteria.keys()):
        for needed in list_needed(name)[1:]:
            stated[needed] = _either(stated[needed], stated[name])
    required = dict(stated)
    rules: dict[str, int] = {}
    possible = Possible(applying - said.final, frozenset(), rules, required, stated, said)
    # Rules come before those they feed, so one pass is enough.
    for rule in catalogue.knowledge.rules.values():
        rules[rule.id] = possible.may_be(rule.when)
        if rules[rule.id] & CAN_BE_YES:
            for part in rule.implies:
                if part.criterion in said.unwanted:
                    continue
                # As long as the team may answer no, even a rule that certainly fires may not add it.
                truths = rules[rule.id] if stated[part.criterion] in {CAN_BE_YES, CAN_BE_NO} else CAN_BE_EITHER
                for name in list_needed(part.criterion):
                    required[name] = _either(required[name], truths)
    return possible


def _may_be_stated(name: str, applying: frozenset[Key], said: SortedAnswers, catalogue: Catalogue) -> int:
    """Return whether the team states a criterion itself; one computed from usage it cannot state without any."""
    if name in said.priorities:
        is_counted = not catalogue.knowledge.criteria[name].computed or said.usage.keys() - said.incomplete_usage
        return CAN_BE_YES if is_counted else CAN_BE_EITHER
    key = Key("criterion", name)
    if key in applying and key not in said.final:
        return CAN_BE_EITHER
    parent, _, member = name.partition(AT)
    if not member or key in said.final or parent not in catalogue.claimed_members:
        return CAN_BE_NO
    # A member can be named once its criterion is asked for.
    above = Key("criterion", parent)
    may_name = said.may_name_members(parent) or (above in applying and above not in said.final)
    return CAN_BE_EITHER if may_name else CAN_BE_NO


def _either(one: int, other: int) -> int:
    """Return whether something is required that is if either holds: surely if one surely does."""
    if CAN_BE_YES in {one, other}:
        return CAN_BE_YES
    return CAN_BE_EITHER if (one | other) & CAN_BE_YES else CAN_BE_NO


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
        # `truths` over-approximates: each leaf is taken by itself, so it may hold a yes to which no answers lead.
        # That can only cost a question.
        truths = self._possible.may_be(condition)
        if not truths & CAN_BE_YES:
            return frozenset()
        if truths == CAN_BE_YES:
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
        if own or not at or EITHER in name or self._possible.stated.get(name) != CAN_BE_EITHER:
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
