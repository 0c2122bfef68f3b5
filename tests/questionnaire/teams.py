"""Random questionnaires over random knowledge bases, and people who answer them."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Mapping

import worlds
from hypothesis import strategies as st

from provider_advisor.knowledge import Facts, KnowledgeBase
from provider_advisor.knowledge.conditions import AllOf, AnyOf, Condition, Need, Not, Situation, Usage
from provider_advisor.knowledge.records import Criterion
from provider_advisor.knowledge.rules import Key, Question, Questionnaire, Subject
from provider_advisor.logic import Interval
from provider_advisor.questionnaire import (
    Catalogue,
    End,
    Screen,
    State,
    answer_screen,
    change_answer,
    choose_screen,
    list_bounds,
    list_members,
    survey_answers,
)
from provider_advisor.questionnaire.state import TOPICS

BILL = Criterion("bill", "Bill", "area", "price", "Bill?", 2, unit="USD/month", lower_is_better=True, computed=True)
SUBJECTS = {name: Subject(name, name.title(), 0.5) for name in ("one", "two", "three")}


@st.composite
def bases(draw: st.DrawFn, most: int = 4) -> KnowledgeBase:
    """A random knowledge base, often with a computed cost, mostly with a questionnaire of its own."""
    knowledge = draw(worlds.knowledge_bases(most=most))
    seed = draw(st.integers(0, 10_000))
    if draw(st.booleans()):
        knowledge = with_bill(knowledge)
    return with_questions(knowledge, seed) if draw(st.integers(0, 3)) else knowledge


def with_bill(knowledge: KnowledgeBase) -> KnowledgeBase:
    """The same knowledge, and a monthly cost that some prices come to."""
    criteria = {
        name: part._replace(usage=("calls",)) if part.kind == "price" else part
        for name, part in knowledge.criteria.items()
    }
    return dataclasses.replace(
        knowledge, criteria=worlds.finding({**criteria, "bill": BILL}), fingerprint=knowledge.fingerprint + "b"
    )


def with_questions(knowledge: KnowledgeBase, seed: int) -> KnowledgeBase:
    """The same knowledge with a questionnaire drawn from the seed."""
    pick = random.Random(seed)  # noqa: S311 (no secret)
    about = [
        *(("criterion", name) for name in knowledge.criteria),
        *(("situation", name) for name in knowledge.topics),
        *(("usage", name) for name in knowledge.usage),
    ]
    pick.shuffle(about)
    questions = [
        Question(
            kind,
            name,
            tuple(pick.sample(list(SUBJECTS), pick.choice([1, 1, 2]))),
            pick.choice([0.1, 0.3, 0.8]),
            when=_condition(pick, list(knowledge.criteria), 2) if pick.random() < 0.3 else None,
            typical=_typical(pick, knowledge.criteria.get(name)) if kind == "criterion" else (),
        )
        for kind, name in about
    ]
    return dataclasses.replace(knowledge, written=Questionnaire(SUBJECTS, {part.key: part for part in questions}))


def _condition(pick: random.Random, criteria: list[str], depth: int) -> Condition:
    word = pick.choice(["leaf", "leaf", "all", "any", "not"]) if depth else "leaf"
    if word in {"all", "any"}:
        parts = tuple(_condition(pick, criteria, depth - 1) for _ in range(2))
        return AllOf(parts) if word == "all" else AnyOf(parts)
    if word == "not":
        return Not(_condition(pick, criteria, depth - 1))
    topic = pick.choice(worlds.TOPICS)
    leaves = [Situation(topic.id, pick.choice(topic.values)), Usage("calls", Interval(100))]
    return Need(pick.choice(criteria)) if pick.random() < 0.7 else pick.choice(leaves)


def _typical(pick: random.Random, criterion: Criterion | None) -> tuple[int, ...]:
    if criterion is None or criterion.kind == "capability" or pick.random() < 0.3:
        return ()
    return (1, 2) if criterion.kind == "rating" else (2, 5, 8)


def said_at_random(  # noqa: PLR0911 (one for each kind of question)
    key: Key, knowledge: KnowledgeBase, pick: random.Random, *, unsure: float = 0.1
) -> object:
    """An answer that somebody might give."""
    kind, name = key
    if key == TOPICS:
        return [subject for subject in SUBJECTS if pick.random() < 0.7]
    if pick.random() < unsure:
        return "not-sure"
    if kind == "criterion":
        return pick.choice(["must", "must", "good", "nice", "no", "no", "no-answer", "no-answer"])
    if kind == "bound":
        rating = knowledge.criteria[name].kind == "rating"
        return pick.choice(["none", *(worlds.WORDS if rating else [0, 1, 3, 5, 5.5, 8, 10, 50, 300])])
    if kind == "members":
        members = list(knowledge.criteria.list_of(name).members)
        return pick.choice(["none", members[:1], members[-1:], pick.sample(members, min(2, len(members)))])
    if kind == "usage":
        return pick.choice(["no-answer", 0, 10, 100, 5000])
    topic = knowledge.topics[name]
    return pick.choice(["no-answer", *topic.values, *([list(topic.values[:2])] if topic.many else [])])


def answer_all(
    state: State,
    say: Callable[[Key], object],
    each: Callable[[State, Screen], None] | None = None,
    *,
    along: bool = True,
) -> tuple[State, End]:
    """Answer screen after screen until the end; `each` looks at the state before every answer.

    Numbers come `along` with what is ticked, or later on screens of their own.
    """
    for _ in range(500):
        screen = choose_screen(state)
        if isinstance(screen, End):
            return state, screen
        if each is not None:
            each(state, screen)
        values: Mapping[Key, object] = {key: _known(key, say(key), state) for key in screen.keys}
        more = (*list_bounds(state, screen, values), *list_members(state, screen, values)) if along else ()
        state = answer_screen(state, screen, {**values, **{key: say(key) for key in more}})
    raise AssertionError("the questionnaire does not end")


def _known(key: Key, value: object, state: State) -> object:
    return [part for part in value if part in state.catalogue.subjects] if key == TOPICS else value


def still_askable(state: State) -> list[Key]:
    """The keys that the person could still answer."""
    view = survey_answers(state).meaning
    asked = [name for name in view.said.priorities if "@" not in name]
    more = {Key("bound", name) for name in asked if state.catalogue.knowledge.criteria[name].kind != "capability"}
    more |= {Key("members", name) for name in asked if name in state.catalogue.claimed_members}
    return sorted((view.possible.open & view.possible.sure) | (more - view.said.final))


def complete_at_random(state: State, pick: random.Random) -> State:
    """The state with more answers, each to something that could be asked at that point."""
    for _ in range(pick.choice([1, 2, 5, 40])):
        askable = still_askable(state)
        if not askable:
            break
        key = pick.choice(askable)
        state = change_answer(state, key, said_at_random(key, state.catalogue.knowledge, pick, unsure=0))
    return state


def fresh(knowledge: KnowledgeBase, most: int = 10) -> State:
    """A questionnaire at its beginning."""
    return State(Catalogue(Facts(knowledge, worlds.DAY)), most=most)
