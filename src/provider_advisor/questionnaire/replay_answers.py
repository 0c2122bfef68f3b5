"""What follows from the answers alone: what the team stated, which answers no longer apply, and what may still come.

An example of what may still come: "video" is open, and a question about recording is asked only `when` video meetings
are needed. Before that is answered, the question may come to apply (`open`), but not for certain (`sure`); a rule on
recording may fire, or not, and so may what it implies. Once video meetings are answered with no, all of it is out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, cast

from provider_advisor.knowledge import Criterion, Priority, Rule
from provider_advisor.knowledge.conditions import (
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
from provider_advisor.knowledge.records import Key
from provider_advisor.logic import Interval, Number, Truth, compare
from provider_advisor.questionnaire.catalogue import Catalogue, to_interval
from provider_advisor.questionnaire.state import (
    NO_ANSWER,
    NONE,
    PRIORITY_WORDS,
    TOPICS,
    UNSURE,
    UNWANTED,
    GivenAnswer,
    State,
    to_question,
)
from provider_advisor.requirements import Requirement, Team, services_used
from provider_advisor.requirements.grammar import get_least
from provider_advisor.requirements.model import in_order
from provider_advisor.requirements.volumes import Used, get_ends

__all__ = [
    "NO",
    "UNKNOWN",
    "YES",
    "Possible",
    "Replay",
    "SortedAnswers",
    "UnusedAnswer",
    "find_possible",
    "replay_answers",
]

YES, NO, UNKNOWN = 1, 2, 4
"""The truth values that a condition can take, over-approximated and added up: 3 is yes or no."""

_OF_TRUTH = {Truth.YES: YES, Truth.NO: NO, Truth.UNKNOWN: UNKNOWN}


class UnusedAnswer(NamedTuple):
    """An answer that is kept but not used, and why, in words."""

    answer: GivenAnswer
    because: str


class SortedAnswers(NamedTuple):
    """The answers by what they are about.

    `opened` are the subjects that matter, None before that was asked; `priorities` those of the criteria asked for;
    `unwanted` the criteria answered with no, which no rule adds; `bounds` the answered bounds, None where there is to
    be none; `final` are the keys answered for good, `unsure` those
    answered with "not sure"; `searched` those that the person looked for; `lone` is usage that says nothing without
    other usage.
    """

    opened: tuple[str, ...] | None
    searched: frozenset[Key]
    priorities: Mapping[str, Priority]
    bounds: Mapping[str, Interval | None]
    situation: Mapping[str, tuple[str, ...]]
    usage: Mapping[str, Used]
    final: frozenset[Key]
    unsure: frozenset[Key]
    lone: frozenset[str] = frozenset()
    unwanted: frozenset[str] = frozenset()

    def is_open(self, subjects: tuple[str, ...]) -> bool:
        """Return whether one of the subjects may matter; before the topics were asked, all may."""
        return not subjects or self.opened is None or not set(subjects).isdisjoint(self.opened)


class Possible(NamedTuple):
    """What may still come of a team's answers.

    `applying` are the keys of the questions that apply or may come to apply, answered or not; `open` those of them
    without a final answer; `sure` those that apply for certain. `rules` are, by id, the truths that each rule's `when`
    may have; `required` and `stated`, by criterion, whether it is, or may be.
    """

    applying: frozenset[Key]
    open: frozenset[Key]
    sure: frozenset[Key]
    rules: Mapping[str, int]
    required: Mapping[str, int]
    stated: Mapping[str, int]
    said: SortedAnswers

    def may_be(self, condition: Condition, *, under_not: bool = False) -> int:
        """Return the truths that a condition on the team can take, over-approximated.

        Each leaf counts by itself: the result holds every truth that the condition can take, and perhaps more.
        """
        if isinstance(condition, Need):  # most are
            return (self.stated if under_not else self.required)[condition.criterion]
        if isinstance(condition, AllOf):
            found = YES
            for part in condition.parts:
                found = _BOTH[found][self.may_be(part, under_not=under_not)]
            return found
        if isinstance(condition, AnyOf):
            found = YES
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
                return YES if leaf.value in answers else NO
            return YES | NO | UNKNOWN if Key("situation", leaf.topic) in self.open else UNKNOWN
        if isinstance(leaf, Usage):
            amount = self.said.usage.get(leaf.item)
            if amount is None:
                return YES | NO | UNKNOWN if Key("usage", leaf.item) in self.open else UNKNOWN
            found = _OF_TRUTH[compare(get_ends(amount), leaf.bound)]
            return found | UNKNOWN if leaf.item in self.said.lone else found
        raise TypeError(f"a condition on teams speaks of needs, situation and usage, found {leaf!r}")

    def fires(self, rule: Rule) -> bool:
        """Return whether the rule may fire."""
        return bool(self.rules[rule.id] & YES)

    def is_sure(self, rule: Rule) -> bool:
        """Return whether the rule fires, whatever else is answered."""
        return self.rules[rule.id] == YES


def _turn(truths: int) -> int:
    return (truths & UNKNOWN) | (NO if truths & YES else 0) | (YES if truths & NO else 0)


def _combine(one: int, other: int) -> int:
    """Return the truths that both together may have, each by itself."""
    unknown = (one | other) & UNKNOWN and one & (YES | UNKNOWN) and other & (YES | UNKNOWN)
    return (one & other & YES) | ((one | other) & NO) | (UNKNOWN if unknown else 0)


# Tables, because `may_be` looks up some thousand of them for each screen.
_TURNED = tuple(_turn(truths) for truths in range(8))
_BOTH = tuple(tuple(_combine(one, other) for other in range(8)) for one in range(8))


class Replay(NamedTuple):
    """What follows from the answers alone.

    `team` is what the team states so far; `said` the same with what it left open; `possible` what may still be asked
    and which rules may still fire; `unused` the answers that are kept but not used; `waiting` is what the team asks for
    that cannot count yet: what is computed from usage, where none is stated.
    """

    team: Team
    said: SortedAnswers
    possible: Possible
    unused: tuple[UnusedAnswer, ...]
    waiting: tuple[Requirement, ...] = ()

    @property
    def uncounted(self) -> frozenset[Key]:
        """Return the questions about what cannot count yet."""
        return frozenset(Key("criterion", part.criterion) for part in self.waiting)


def replay_answers(state: State) -> Replay:
    """Return what follows from the answers; those to questions that do not apply any more are kept, but not used.

    One unused answer can make others unused, so this repeats until all that are left apply.
    """
    catalogue, unused = state.catalogue, dict[Key, UnusedAnswer]()
    while True:
        used = [
            answer for answer in state.answers if answer.key not in unused and to_question(answer.key) not in unused
        ]
        said = _sort_answers(used, catalogue)
        possible = find_possible(said, catalogue)
        fresh = {
            answer.key: UnusedAnswer(answer, _why_unused(answer, said))
            for answer in used
            if _is_idle(answer, said, possible)
        }
        if not fresh:
            break
        unused |= fresh
    team, waiting, more = _make_team(said, catalogue, state.answers)
    return Replay(team, said, possible, (*unused.values(), *more), waiting)


def _is_idle(answer: GivenAnswer, said: SortedAnswers, possible: Possible) -> bool:
    if answer.key == TOPICS or answer.value in {UNWANTED, NO_ANSWER, NONE}:
        return False
    if answer.key.kind == "bound":
        return answer.key.name not in said.priorities
    return not answer.searched and answer.key not in possible.sure


def _why_unused(answer: GivenAnswer, said: SortedAnswers) -> str:
    if answer.key.kind == "bound":
        return "the criterion that it bounds is not asked for"
    return "its topic is closed, or what it depends on is not asked for" if said.opened is not None else "no topic yet"


def _sort_answers(answers: Iterable[GivenAnswer], catalogue: Catalogue) -> SortedAnswers:
    by_kind: dict[str, dict[str, object]] = {"topics": {}, "criterion": {}, "bound": {}, "situation": {}, "usage": {}}
    for answer in answers:
        by_kind[answer.key.kind][answer.key.name] = answer.value
    usage = {name: cast("Used", value) for name, value in by_kind["usage"].items() if not isinstance(value, str)}
    return SortedAnswers(
        opened=cast("tuple[str, ...] | None", by_kind["topics"].get("")),
        searched=frozenset(answer.key for answer in answers if answer.searched),
        priorities={
            name: PRIORITY_WORDS[str(value)] for name, value in by_kind["criterion"].items() if value in PRIORITY_WORDS
        },
        bounds={
            name: _read_bound(value, catalogue.knowledge.criteria[name])
            for name, value in by_kind["bound"].items()
            if value != UNSURE
        },
        situation={name: value for name, value in by_kind["situation"].items() if isinstance(value, tuple)},
        usage=usage,
        final=frozenset(answer.key for answer in answers if answer.value != UNSURE),
        unsure=frozenset(answer.key for answer in answers if answer.value == UNSURE),
        lone=frozenset(
            item for service in services_used(usage, catalogue.knowledge) if service.missing for item in service.usage
        ),
        unwanted=frozenset(name for name, value in by_kind["criterion"].items() if value == UNWANTED),
    )


def _read_bound(value: object, criterion: Criterion) -> Interval | None:
    return None if value == NONE else to_interval(criterion, cast("Number", value))


def _make_team(
    said: SortedAnswers, catalogue: Catalogue, answers: tuple[GivenAnswer, ...]
) -> tuple[Team, tuple[Requirement, ...], list[UnusedAnswer]]:
    """Return the team without what would be an error: a computed cost without usage, usage that needs other usage.

    What is computed and cannot count for that reason is returned beside it.
    """
    by_key = {answer.key: answer for answer in answers}
    because = "it says nothing without a volume that goes with it"
    unused = [UnusedAnswer(by_key[Key("usage", item)], because) for item in sorted(said.lone)]
    usage = {item: amount for item, amount in said.usage.items() if item not in said.lone}
    computed = catalogue.computed
    requirements = [
        Requirement(name, priority, said.bounds.get(name) or get_least(priority, catalogue.knowledge.criteria[name]))
        for name, priority in said.priorities.items()
    ]
    waiting = tuple(part for part in requirements if computed and part.criterion == computed.id and not usage)
    because = "it is computed from monthly volumes, and none is stated"
    unused += [UnusedAnswer(by_key[Key("criterion", part.criterion)], because) for part in waiting]
    counting = in_order(part for part in requirements if part not in waiting)
    situation = {topic: tuple(sorted(values)) for topic, values in sorted(said.situation.items())}
    usage = dict(sorted(usage.items()))
    return Team(counting, situation, usage, unwanted=tuple(sorted(said.unwanted))), waiting, unused


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
    while True:
        possible = _suppose_applying(applying, said, catalogue)
        fresh = {key for key, when in later.items() if key not in applying and possible.may_be(when) & YES}
        if not fresh:
            sure = {key for key in applying if key not in later or possible.may_be(later[key]) == YES}
            return possible._replace(sure=frozenset(sure))
        applying |= fresh


def _suppose_applying(applying: frozenset[Key], said: SortedAnswers, catalogue: Catalogue) -> Possible:
    computed = None if catalogue.computed is None else catalogue.computed.id
    named = (*catalogue.knowledge.criteria, *catalogue.members_in_rules, *said.priorities)
    stated = {name: _may_be_stated(name, computed, applying, said) for name in named}
    for name in catalogue.members_in_rules | (said.priorities.keys() - catalogue.knowledge.criteria.keys()):
        for needed in list_needed(name)[1:]:
            stated[needed] = _either(stated[needed], stated[name])
    required = dict(stated)
    rules: dict[str, int] = {}
    possible = Possible(applying, applying - said.final, frozenset(), rules, required, stated, said)
    # Rules come before those they feed, so one pass is enough.
    for rule in catalogue.knowledge.rules.values():
        rules[rule.id] = possible.may_be(rule.when)
        if rules[rule.id] & YES:
            for part in rule.implies:
                if part.criterion in said.unwanted:
                    continue
                # As long as the team may answer no, not even a rule that is sure to fire is sure to add it.
                truths = rules[rule.id] if stated[part.criterion] in {YES, NO} else YES | NO
                for name in list_needed(part.criterion):
                    required[name] = _either(required[name], truths)
    return possible


def _may_be_stated(name: str, computed: str | None, applying: frozenset[Key], said: SortedAnswers) -> int:
    """Return whether the team states a criterion itself; one computed from usage it cannot state without any."""
    if name in said.priorities:
        return YES if name != computed or said.usage.keys() - said.lone else YES | NO
    key = Key("criterion", name)
    return YES | NO if key in applying and key not in said.final else NO


def _either(one: int, other: int) -> int:
    """Return whether something is required that is if either holds: surely if one surely does."""
    if YES in {one, other}:
        return YES
    return YES | NO if (one | other) & YES else NO
