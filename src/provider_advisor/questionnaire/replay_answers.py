"""Derive from the answers what the team stated, which answers no longer apply, and what may still come.

An example of what may still come: "video" is open, and a question about recording is asked only `when` video meetings
are needed. Before that is answered, the question may come to apply (`open`), but not for certain (`sure`); a rule on
recording may fire, or not, and so may what it implies. Once video meetings are answered with no, all of it is out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, cast

from provider_advisor.knowledge import Criterion, KnowledgeBase, Priority, Rule
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
from provider_advisor.logic import ABSENT, Interval, Number, Truth, compare
from provider_advisor.questionnaire.catalogue import Catalogue, to_interval
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
from provider_advisor.requirements.grammar import get_least
from provider_advisor.requirements.statement import UnlistedPriority, Used, add_up, join_unlisted, sort_requirements

YES, NO, UNKNOWN = 1, 2, 4
"""The truth values that a condition can take, over-approximated and added up: 3 is yes or no."""

_OF_TRUTH = {Truth.YES: YES, Truth.NO: NO, Truth.UNKNOWN: UNKNOWN}


class UnusedAnswer(NamedTuple):
    """An answer that is kept but not used, and the reason in words."""

    answer: GivenAnswer
    because: str


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
    incomplete_usage: frozenset[str] = frozenset()  # usage that says nothing without other usage
    unwanted: frozenset[str] = frozenset()  # not wanted, or must not be there: no rule adds these criteria
    given: tuple[Requirement, ...] = ()  # from before and replaced by no answer; also what must not be there
    unlisted: tuple[Unlisted, ...] = ()  # wishes in the team's own words
    parents: Mapping[str, str] = {}  # by member, the criterion that it is asked for in place of

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

    applying: frozenset[Key]  # the questions that apply or may come to apply, answered or not
    open: frozenset[Key]  # those of them without a final answer
    sure: frozenset[Key]  # those that apply for certain
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
            used = add_up(self.said.usage, leaf.item)
            if used is None:
                return YES | NO | UNKNOWN if Key("usage", leaf.item) in self.open else UNKNOWN
            found = _OF_TRUTH[compare(used, leaf.bound)]
            return found | UNKNOWN if leaf.item in self.said.incomplete_usage else found
        raise TypeError(f"a condition on teams speaks of needs, situation and usage, found {leaf!r}")

    def applies(self, key: Key) -> bool:
        """Return whether a question applies for certain; bounds and members do where their criterion is asked for."""
        if key.kind in ALONG:
            return key.name in self.said.priorities
        return key.kind in {"topics", "unlisted"} or key in self.sure

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


# Tables, because `may_be` looks up some thousand of them for each screen. For example, yes or no (3) together with
# unknown (4) can be no or unknown (6); what is yes or unknown (5) is no or unknown (6) under `not`.
_TURNED = tuple(_turn(truths) for truths in range(8))
_BOTH = tuple(tuple(_combine(one, other) for other in range(8)) for one in range(8))


class Replay(NamedTuple):
    """What follows from the answers alone."""

    team: Team  # what the team states so far
    said: SortedAnswers  # the same, with what it left open
    possible: Possible
    unused: tuple[UnusedAnswer, ...]
    waiting: tuple[Requirement, ...] = ()  # asked for, but computed from usage, and none is stated

    @property
    def uncounted(self) -> frozenset[Key]:
        """Return the questions about what cannot count yet."""
        return frozenset(Key("criterion", part.criterion) for part in self.waiting)


def replay_answers(state: State) -> Replay:
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
        possible = find_possible(said, catalogue)
        fresh = {
            answer.key: UnusedAnswer(answer, _why_unused(answer, said)) for answer in used if _is_idle(answer, possible)
        }
        if not fresh:
            break
        unused |= fresh
    team, waiting, more = _make_team(said, state)
    return Replay(team, said, possible, (*unused.values(), *more), waiting)


def _is_idle(answer: GivenAnswer, possible: Possible) -> bool:
    """Return whether an answer says something, but its question does not apply, and nobody looked for it."""
    is_sought = answer.searched and answer.key.kind not in ALONG
    return not is_sought and answer.value not in {UNWANTED, NO_ANSWER, NONE} and not possible.applies(answer.key)


def _why_unused(answer: GivenAnswer, said: SortedAnswers) -> str:
    if answer.key.kind in ALONG:
        return f"the criterion {'that it bounds' if answer.key.kind == 'bound' else 'of its members'} is not asked for"
    return "its topic is closed, or what it depends on is not asked for" if said.opened is not None else "no topic yet"


def _sort_answers(answers: Sequence[GivenAnswer], state: State) -> SortedAnswers:
    knowledge = state.catalogue.knowledge
    by_kind: dict[str, dict[str, object]] = defaultdict(dict)
    for answer in answers:
        by_kind[answer.key.kind][answer.key.name] = answer.value
    # What is said last and about the thing itself counts: an answer takes the place of what was given before; what was
    # said of a member itself, that of the criterion that it came with.
    given = _leave_unanswered(state.given, frozenset(answer.key for answer in answers), _name_members(by_kind))
    team = given.team
    answered = by_kind["criterion"].items()
    asked = {name: PRIORITY_WORDS[str(value)] for name, value in answered if value in PRIORITY_WORDS}
    parents = dict(_find_parents(asked, by_kind, frozenset(part.criterion for part in team.requirements)))
    asked |= {name: asked[parent] for name, parent in parents.items()}
    bounds = {
        name: _read_bound(value, knowledge.criteria[name])
        for name, value in by_kind["bound"].items()
        if value != UNSURE
    }
    bounds |= {name: bounds[parent] for name, parent in parents.items() if parent in bounds}
    for part in team.requirements:
        # One criterion may be given as a must and, with another bound, as a wish: the higher priority is what is asked.
        if not part.is_absence and RANK[part.priority] > RANK[asked.get(part.criterion, "wont")]:
            asked[part.criterion] = part.priority
    unsure = {answer.key for answer in answers if answer.value == UNSURE}
    volumes = {name: cast("Used", value) for name, value in by_kind["usage"].items() if not isinstance(value, str)}
    usage = {**team.usage, **volumes}
    own_words = [
        Unlisted(text, cast("UnlistedPriority", PRIORITY_WORDS[str(value)]))
        for text, value in by_kind["unlisted"].items()
        if value in PRIORITY_WORDS
    ]
    refused = [name for name, value in answered if value == MUST_NOT]
    unwanted = [name for name, value in answered if value == UNWANTED]
    return SortedAnswers(
        opened=cast("tuple[str, ...] | None", by_kind["topics"].get("")),
        searched=frozenset(answer.key for answer in answers if answer.searched),
        priorities=asked,
        bounds=bounds,
        situation={
            **team.situation,
            **{name: value for name, value in by_kind["situation"].items() if isinstance(value, tuple)},
        },
        usage=usage,
        final=frozenset({*(answer.key for answer in answers), *_find_final(team, asked)} - unsure),
        unsure=frozenset(unsure | {_find_key(name, knowledge) for name in given.unsure}),
        incomplete_usage=_find_incomplete(usage, knowledge) if usage else frozenset(),
        unwanted=frozenset({*unwanted, *refused, *team.unwanted, *team.refused}),
        given=(*team.requirements, *(Requirement(name, "must", ABSENT) for name in refused)),
        unlisted=join_unlisted([*team.unlisted, *own_words]),
        parents=parents,
    )


def _find_final(given: Team, asked: Iterable[str]) -> Iterator[Key]:
    """Yield what is answered by what was given before, and by the members that are asked for."""
    for part in given.requirements:
        yield from (Key("criterion", part.criterion), *(Key(kind, part.criterion) for kind in ALONG))
    yield from (Key("criterion", name) for name in given.unwanted)
    yield from (Key("situation", name) for name in given.situation)
    yield from (Key("usage", name) for name in given.usage)
    # Asking for a member means that the criterion is needed.
    yield from (Key("criterion", parent) for name in asked for parent in list_needed(name)[1:])


def _find_incomplete(usage: Mapping[str, Used], knowledge: KnowledgeBase) -> frozenset[str]:
    """Return the volumes that cost nothing by themselves, because those that they are paid for with are missing."""
    services = services_used(usage, knowledge)
    return frozenset(item for service in services if service.missing for item in service.usage)


def _name_members(by_kind: Mapping[str, Mapping[str, object]]) -> frozenset[str]:
    """Return the members that answers name one by one."""
    named = by_kind.get("members", {}).items()
    return frozenset(f"{parent}{AT}{one}" for parent, members in named if isinstance(members, tuple) for one in members)


def _leave_unanswered(given: Statement, answered: frozenset[Key], named: frozenset[str]) -> Statement:
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


def _find_key(name: str, knowledge: KnowledgeBase) -> Key:
    """Return the key of a criterion, situation or usage by its id."""
    return Key("situation" if name in knowledge.topics else "usage" if name in knowledge.usage else "criterion", name)


def _find_parents(
    asked: Mapping[str, Priority], by_kind: Mapping[str, Mapping[str, object]], given: frozenset[str]
) -> Iterator[tuple[str, str]]:
    """Yield the members that replace a requested criterion; a statement on a member itself wins."""
    for parent, members in by_kind.get("members", {}).items():
        if parent in asked and isinstance(members, tuple):
            names = (f"{parent}{AT}{member}" for member in members)
            yield from ((name, parent) for name in names if name not in by_kind["criterion"] and name not in given)


def _read_bound(value: object, criterion: Criterion) -> Interval | None:
    return None if value == NONE else to_interval(criterion, cast("Number", value))


def _make_team(said: SortedAnswers, state: State) -> tuple[Team, tuple[Requirement, ...], list[UnusedAnswer]]:
    """Return the team without what would be an error: a computed cost without usage, or incomplete usage.

    What is computed and cannot count for that reason is returned beside it.
    """
    criteria, computed = state.catalogue.knowledge.criteria, state.catalogue.computed
    own = {part.criterion for part in said.given}
    requirements = [
        *said.given,
        *(
            Requirement(name, priority, said.bounds.get(name) or get_least(priority, criteria[name]))
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
    team = team._replace(unwanted=tuple(sorted(said.unwanted - team.refused)))
    reasons = {
        Key("usage", item): "it means nothing without the volume that goes with it"
        for item in sorted(said.incomplete_usage)
    }
    reasons |= {
        Key("criterion", part.criterion): "it is computed from monthly volumes, and none is stated" for part in waiting
    }
    by_key = {answer.key: answer for answer in state.answers}
    unused = [UnusedAnswer(by_key[key], because) for key, because in reasons.items() if key in by_key]
    return team, waiting, unused


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
        fresh = {key for key, when in later.items() if key not in applying and possible.may_be(when) & YES}
        if not fresh:
            sure = {key for key in applying if key not in later or possible.may_be(later[key]) == YES}
            return possible._replace(sure=frozenset(sure))
        applying |= fresh


def _suppose_applying(applying: frozenset[Key], said: SortedAnswers, catalogue: Catalogue) -> Possible:
    computed = None if catalogue.computed is None else catalogue.computed.id
    # Most criteria are neither asked for nor may be, so that only the others are looked at.
    stated = dict.fromkeys(catalogue.knowledge.criteria, NO)
    named = [key.name for key in applying if key.kind == "criterion"]
    for name in (*named, *catalogue.members_in_rules, *said.priorities):
        stated[name] = _may_be_stated(name, computed, applying, said, catalogue)
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
                # As long as the team may answer no, even a rule that certainly fires may not add it.
                truths = rules[rule.id] if stated[part.criterion] in {YES, NO} else YES | NO
                for name in list_needed(part.criterion):
                    required[name] = _either(required[name], truths)
    return possible


def _may_be_stated(
    name: str, computed: str | None, applying: frozenset[Key], said: SortedAnswers, catalogue: Catalogue
) -> int:
    """Return whether the team states a criterion itself; one computed from usage it cannot state without any."""
    if name in said.priorities:
        return YES if name != computed or said.usage.keys() - said.incomplete_usage else YES | NO
    key = Key("criterion", name)
    if key in applying and key not in said.final:
        return YES | NO
    parent, _, member = name.partition(AT)
    if not member or key in said.final or parent not in catalogue.claimed_members:
        return NO
    # A member can be named once its criterion is asked for.
    above = Key("criterion", parent)
    return YES | NO if said.may_name_members(parent) or (above in applying and above not in said.final) else NO


def _either(one: int, other: int) -> int:
    """Return whether something is required that is if either holds: surely if one surely does."""
    if YES in {one, other}:
        return YES
    return YES | NO if (one | other) & YES else NO
