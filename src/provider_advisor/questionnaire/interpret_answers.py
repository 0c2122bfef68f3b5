"""Interpret the answers together: what the team states, which answers no longer apply, and what may still come.

What an answer means depends on the others. A must on "recording" counts only as long as "video" is asked for; without
video the answer is kept, but not used, in case video comes back. What was given before the first question, in a file or
by options, counts like answers, until an answer takes its place.

What may still come depends on them too. If "video" is open, the question about recording, which is asked only `when`
video meetings are needed, may come to apply (`open`), but not for certain (`sure`); a rule on recording may fire, or
not, and so may what it implies. Once video meetings are answered with no, all of it is out.
"""

# Answers are sorted by what they are about, then it is found what is possible with them, then which are idle; this is
# repeated without the idle ones. In the last step the team is made of what is left. An example: dialling in to video is
# a must and at least 20 people who do so are good, but then video meetings are answered with no.
#
#     sorted                                         possible                             idle
#     video-dial-in: must, video-pstn-participants   dialling in needs video: no          video-dial-in
#     video-pstn-participants: should, and >=20      these people need to dial in: no     video-pstn-participants
#     only that video-meetings are not wanted        the questions on all but video       none
#
# The number 20 is idle with the criterion that it bounds. Of the team it is known that it does not want video meetings.

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, cast

from provider_advisor.knowledge import KnowledgeBase, Priority, Rule
from provider_advisor.knowledge.conditions import (
    AT,
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
from provider_advisor.logic import ABSENT, Interval, Truth, compare
from provider_advisor.questionnaire.catalogue import Catalogue, make_bound
from provider_advisor.questionnaire.state import (
    ALONG,
    MUST_NOT,
    NO_ANSWER,
    NONE,
    PRIORITY_WORDS,
    UNSURE,
    UNWANTED,
    GivenAnswer,
    State,
    to_question,
)
from provider_advisor.requirements import RANK, Requirement, Statement, Team, Unlisted, services_used
from provider_advisor.requirements.grammar import get_default_bound
from provider_advisor.requirements.statement import (
    UnlistedPriority,
    Used,
    add_up_volumes,
    join_unlisted,
    sort_requirements,
)

_ByKind = defaultdict[str, dict[str, Any]]
"""The values of answers, by the kind and the name of their keys."""

CAN_BE_YES, CAN_BE_NO, CAN_BE_UNKNOWN = 1, 2, 4
"""The truth values that a condition can take, over-approximated; bits of a plain number, because `may_be` is hot."""

CAN_BE_EITHER = CAN_BE_YES | CAN_BE_NO

_OF_TRUTH = {Truth.YES: CAN_BE_YES, Truth.NO: CAN_BE_NO, Truth.UNKNOWN: CAN_BE_UNKNOWN}


class UnusedAnswer(NamedTuple):
    """An answer that is kept but not used, and the reason in words."""

    answer: GivenAnswer
    because: str


class Meaning(NamedTuple):
    """What the answers mean taken together."""

    team: Team  # what the team states so far
    said: SortedAnswers  # the same, with what it left open
    possible: Possible
    unused: tuple[UnusedAnswer, ...]
    waiting: tuple[Requirement, ...]  # asked for, but computed from usage, and none is stated

    @property
    def uncounted(self) -> frozenset[Key]:
        """Return the questions about what cannot count yet."""
        return frozenset(Key("criterion", part.criterion) for part in self.waiting)


def interpret_answers(state: State) -> Meaning:
    """Return what follows from the answers; those to questions that do not apply any more are kept, but not used.

    One unused answer can make others unused, so this repeats until all that are left apply.
    """
    catalogue, unused = state.catalogue, dict[Key, UnusedAnswer]()
    # Terminates, because an answer found unused stays unused.
    while True:
        used = [
            answer for answer in state.answers if answer.key not in unused and to_question(answer.key) not in unused
        ]
        said = _sort_answers(used, state)
        possible = _find_possible(said, catalogue)
        fresh = {
            answer.key: UnusedAnswer(answer, _why_unused(answer, said)) for answer in used if _is_idle(answer, possible)
        }
        if not fresh:
            break
        unused |= fresh
    team, waiting = _make_team(said, state)
    return Meaning(team, said, possible, (*unused.values(), *_list_uncounted(said, waiting, state)), waiting)


# Answers that are kept, but not used


def _is_idle(answer: GivenAnswer, possible: Possible) -> bool:
    """Return whether an answer says something, but its question does not apply, and nobody looked for it."""
    is_sought = answer.searched and answer.key.kind not in ALONG
    return not is_sought and answer.value not in {UNWANTED, NO_ANSWER, NONE} and not possible.applies(answer.key)


def _why_unused(answer: GivenAnswer, said: SortedAnswers) -> str:
    if answer.key.kind in ALONG:
        return f"the criterion {'that it bounds' if answer.key.kind == 'bound' else 'of its members'} is not asked for"
    return "its topic is closed, or what it depends on is not asked for" if said.opened is not None else "no topic yet"


def _list_uncounted(said: SortedAnswers, waiting: Iterable[Requirement], state: State) -> Iterator[UnusedAnswer]:
    """Yield the answers that cannot count because other usage, or all, is missing."""
    incomplete = "it means nothing without the volume that goes with it"
    computed = "it is computed from monthly volumes, and none is stated"
    reasons = {Key("usage", item): incomplete for item in sorted(said.incomplete_usage)}
    reasons |= {Key("criterion", part.criterion): computed for part in waiting}
    by_key = {answer.key: answer for answer in state.answers}
    yield from (UnusedAnswer(by_key[key], because) for key, because in reasons.items() if key in by_key)


# The answers, sorted by what they are about


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


def _sort_answers(answers: Sequence[GivenAnswer], state: State) -> SortedAnswers:
    """Return the answers, and what was given before, by what they are about.

    What is said last and about the thing itself counts: an answer takes the place of what was given before; what was
    said of a member itself, that of the criterion that it came with.
    """
    knowledge = state.catalogue.knowledge
    by_kind: _ByKind = defaultdict(dict)
    for answer in answers:
        by_kind[answer.key.kind][answer.key.name] = answer.value
    # The members that answers name one by one, each with its criterion.
    named = {
        f"{parent}{AT}{member}": parent
        for parent, members in by_kind["members"].items()
        if isinstance(members, tuple)
        for member in members
    }
    given = _leave_unanswered(state.given, frozenset(answer.key for answer in answers), named.keys())
    team, answered = given.team, by_kind["criterion"]
    asked, parents = _sort_priorities(answered, named, team.requirements)
    bounds = {
        name: None if value == NONE else make_bound(knowledge.criteria[name], value)
        for name, value in by_kind["bound"].items()
        if value != UNSURE
    }
    unsure = {answer.key for answer in answers if answer.value == UNSURE}
    usage = {**team.usage, **{name: value for name, value in by_kind["usage"].items() if not isinstance(value, str)}}
    own_words = [
        Unlisted(text, cast("UnlistedPriority", PRIORITY_WORDS[value]))
        for text, value in by_kind["unlisted"].items()
        if value in PRIORITY_WORDS
    ]
    refused = [name for name, value in answered.items() if value == MUST_NOT]
    unwanted = [name for name, value in answered.items() if value == UNWANTED]
    return SortedAnswers(
        opened=by_kind["topics"].get(""),
        searched=frozenset(answer.key for answer in answers if answer.searched),
        priorities=asked,
        bounds=bounds | {name: bounds[parent] for name, parent in parents.items() if parent in bounds},
        situation={
            **team.situation,
            **{name: values for name, values in by_kind["situation"].items() if isinstance(values, tuple)},
        },
        usage=usage,
        final=frozenset({*(answer.key for answer in answers), *_find_final(team, asked)} - unsure),
        unsure=frozenset(unsure.union(Key(_find_kind(name, knowledge), name) for name in given.unsure)),
        # What costs nothing by itself, because the volumes that it is paid for with are missing.
        incomplete_usage=frozenset(
            item
            for service in (services_used(usage, knowledge) if usage else ())
            if service.missing
            for item in service.usage
        ),
        unwanted=frozenset({*unwanted, *refused, *team.unwanted, *team.refused}),
        given=(*team.requirements, *(Requirement(name, "must", ABSENT) for name in refused)),
        unlisted=join_unlisted([*team.unlisted, *own_words]),
        parents=parents,
    )


def _sort_priorities(
    answered: Mapping[str, Any], named: Mapping[str, str], given: Collection[Requirement]
) -> tuple[dict[str, Priority], Mapping[str, str]]:
    """Return the priorities of the criteria asked for, and by member the criterion that it is asked for in place of."""
    asked = {name: PRIORITY_WORDS[value] for name, value in answered.items() if value in PRIORITY_WORDS}
    # A statement on a member itself wins.
    said = answered.keys() | {part.criterion for part in given}
    parents = {name: parent for name, parent in named.items() if parent in asked and name not in said}
    asked |= {name: asked[parent] for name, parent in parents.items()}
    for part in given:
        # One criterion may be given as a must and, with another bound, as a wish: the higher priority is what is asked.
        if not part.is_absence and RANK[part.priority] > RANK[asked.get(part.criterion, "wont")]:
            asked[part.criterion] = part.priority
    return asked, parents


def _find_final(given: Team, asked: Iterable[str]) -> Iterator[Key]:
    """Yield what is answered by what was given before, and by the members that are asked for."""
    for part in given.requirements:
        yield from (Key("criterion", part.criterion), *(Key(kind, part.criterion) for kind in ALONG))
    yield from (Key("criterion", name) for name in given.unwanted)
    yield from (Key("situation", name) for name in given.situation)
    yield from (Key("usage", name) for name in given.usage)
    # Asking for a member means that the criterion is needed.
    yield from (Key("criterion", parent) for name in asked for parent in list_needed(name)[1:])


def _leave_unanswered(given: Statement, answered: frozenset[Key], named: Collection[str]) -> Statement:
    """Return what was given before without all that an answer takes the place of.

    Naming a member overrides an earlier statement that it must be absent or is not wanted.
    """
    if given.team == Team() and not (given.unsure or given.uncounted):
        return given
    team, own_words = given.team, {key.name.casefold() for key in answered if key.kind == "unlisted"}
    left = team._replace(
        requirements=tuple(
            part
            for part in (*team.requirements, *given.uncounted)
            if Key("criterion", part.criterion) not in answered and not (part.is_absence and part.criterion in named)
        ),
        situation={name: value for name, value in team.situation.items() if Key("situation", name) not in answered},
        usage={name: value for name, value in team.usage.items() if Key("usage", name) not in answered},
        unwanted=tuple(name for name in team.unwanted if Key("criterion", name) not in answered and name not in named),
        unlisted=tuple(part for part in team.unlisted if part.text.casefold() not in own_words),
    )
    names = {key.name for key in answered}
    return given._replace(team=left, unsure=tuple(name for name in given.unsure if name not in names))


def _find_kind(name: str, knowledge: KnowledgeBase) -> Literal["situation", "usage", "criterion"]:
    return "situation" if name in knowledge.topics else "usage" if name in knowledge.usage else "criterion"


# What may still come


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
            used = add_up_volumes(self.said.usage, leaf.item)
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


def _find_possible(said: SortedAnswers, catalogue: Catalogue) -> Possible:
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
    """Return what may still follow if just these questions apply."""
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


# The team


def _make_team(said: SortedAnswers, state: State) -> tuple[Team, tuple[Requirement, ...]]:
    """Return the team without what would be an error: a computed cost without usage, or incomplete usage.

    What is computed and cannot count for that reason is returned beside it.
    """
    criteria, computed = state.catalogue.knowledge.criteria, state.catalogue.computed
    own = {part.criterion for part in said.given}
    requirements = [
        *said.given,
        *(
            Requirement(name, priority, said.bounds.get(name) or get_default_bound(priority, criteria[name]))
            for name, priority in said.priorities.items()
            if name not in own and not said.is_replaced(name)
        ),
    ]
    usage = {item: amount for item, amount in sorted(said.usage.items()) if item not in said.incomplete_usage}
    waiting = tuple(part for part in requirements if computed and part.criterion == computed.id and not usage)
    team = Team(
        sort_requirements(part for part in requirements if part not in waiting),
        {topic: tuple(sorted(values)) for topic, values in sorted(said.situation.items())},
        usage,
        unlisted=said.unlisted,
        weights=state.given.team.weights,
    )
    # What must be absent is not wanted either, and is listed once.
    return team._replace(unwanted=tuple(sorted(said.unwanted - team.refused))), waiting
