"""Take answers, and derive from all of them what the team stated, and which answers no longer apply.

What an answer means depends on the others. A must on "recording" counts only as long as "video" is asked for; without
video the answer is kept, but not used, in case video comes back. What was given before the first question, in a file or
by options, counts like answers, until an answer takes its place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, cast

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge import KnowledgeBase, Priority
from provider_advisor.knowledge.conditions import AT, list_needed
from provider_advisor.knowledge.rules import Key
from provider_advisor.logic import ABSENT
from provider_advisor.questionnaire.catalogue import Catalogue, to_interval
from provider_advisor.questionnaire.open_questions import Possible, SortedAnswers, find_possible
from provider_advisor.questionnaire.state import (
    ALONG,
    MUST_NOT,
    NO_ANSWER,
    NONE,
    PRIORITY_WORDS,
    UNSURE,
    UNWANTED,
    GivenAnswer,
    Screen,
    State,
    check_key,
    check_value,
    get_silence,
    put_answers,
    to_question,
)
from provider_advisor.requirements import RANK, Requirement, Statement, Team, Unlisted, services_used
from provider_advisor.requirements.grammar import get_default_bound
from provider_advisor.requirements.statement import UnlistedPriority, join_unlisted, sort_requirements
from provider_advisor.safe_text import shown

_ByKind = defaultdict[str, dict[str, Any]]
"""The values of answers, by the kind and the name of their keys."""


# Answer a whole screen, or a single question


def answer_screen(state: State, screen: Screen, values: Mapping[Key, object]) -> State:
    """Return the state after a screen was answered, with a value for each key that matters; the others mean no.

    An unanswered number means that there is no bound or no answer, and without any topic all stay closed. A ticked
    criterion may bring its bound and members along; otherwise they are asked later if they matter. Raises
    RequirementsError for a key that is not on the screen or a value that does not fit.
    """
    along = [Key(kind, ticked.name) for kind in ALONG for ticked in list_ticked(screen, values)]
    for key in values:
        if key not in screen.keys and key not in along:
            expected = ", ".join(map(str, screen.keys))
            raise RequirementsError(f"{shown(str(key))} is not asked here; expected {expected}.")
    step = state.steps + 1
    keys = (*screen.keys, *(key for key in along if key in values and key not in screen.keys))
    given = {key: check_value(key, values[key], state.catalogue) if key in values else get_silence(key) for key in keys}
    return put_answers(state, [GivenAnswer(key, value, step) for key, value in given.items()])


def list_ticked(screen: Screen, values: Mapping[Key, object]) -> list[Key]:
    """Return the criteria that are ticked on a screen."""
    return [key for key in screen.keys if key.kind == "criterion" and values.get(key) in PRIORITY_WORDS]


def change_answer(state: State, key: Key, value: object, *, searched: bool = False) -> State:
    """Return the state with one answer added or replaced; all others are kept.

    `searched` means that the person looked for the question, which is then answered although it would not be asked.
    Raises RequirementsError for a question that does not exist or does not apply, or a value that does not fit.
    """
    key = check_key(key, state.catalogue)
    answer = GivenAnswer(key, check_value(key, value, state.catalogue), state.steps + 1, searched)
    if not searched and not interpret_answers(state).possible.applies(key):
        raise RequirementsError(_explain_idle(key, state.catalogue))
    after = put_answers(state, [answer])
    return after._replace(phase="asking") if after.phase != "further" else after


def still_applies(screen: Screen, state: State) -> bool:
    """Return whether all questions of a screen apply after an answer was changed, which may have closed their topic."""
    return all(map(interpret_answers(state).possible.applies, screen.keys))


def _explain_idle(key: Key, catalogue: Catalogue) -> str:
    if key.kind in ALONG:
        return f"'{key.name}' is not asked for, so it takes no {key.kind}; answer 'criterion:{key.name}' first."
    return (
        f"the question about '{key.name}' does not apply to the answers so far; open one of its topics "
        f"({', '.join(catalogue.questions[key].subjects)}), or ask for what it depends on, first."
    )


# What the answers mean together


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
        possible = find_possible(said, catalogue)
        fresh = {
            answer.key: UnusedAnswer(answer, _why_unused(answer, said)) for answer in used if _is_idle(answer, possible)
        }
        if not fresh:
            break
        unused |= fresh
    team, waiting = _make_team(said, state)
    return Meaning(team, said, possible, (*unused.values(), *_list_uncounted(said, waiting, state)), waiting)


def _is_idle(answer: GivenAnswer, possible: Possible) -> bool:
    """Return whether an answer says something, but its question does not apply, and nobody looked for it."""
    is_sought = answer.searched and answer.key.kind not in ALONG
    return not is_sought and answer.value not in {UNWANTED, NO_ANSWER, NONE} and not possible.applies(answer.key)


def _why_unused(answer: GivenAnswer, said: SortedAnswers) -> str:
    if answer.key.kind in ALONG:
        return f"the criterion {'that it bounds' if answer.key.kind == 'bound' else 'of its members'} is not asked for"
    return "its topic is closed, or what it depends on is not asked for" if said.opened is not None else "no topic yet"


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
        name: None if value == NONE else to_interval(knowledge.criteria[name], value)
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


def _list_uncounted(said: SortedAnswers, waiting: Iterable[Requirement], state: State) -> Iterator[UnusedAnswer]:
    """Yield the answers that cannot count because other usage, or all, is missing."""
    incomplete = "it means nothing without the volume that goes with it"
    computed = "it is computed from monthly volumes, and none is stated"
    reasons = {Key("usage", item): incomplete for item in sorted(said.incomplete_usage)}
    reasons |= {Key("criterion", part.criterion): computed for part in waiting}
    by_key = {answer.key: answer for answer in state.answers}
    yield from (UnusedAnswer(by_key[key], because) for key, because in reasons.items() if key in by_key)
