"""Explain a question: what is known and proved so far, how much is left, and what each answer would change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from provider_advisor.decision import Verdict, judge_team
from provider_advisor.knowledge.conditions import Need, Situation, Usage, leaves
from provider_advisor.knowledge.rules import Key
from provider_advisor.logic import Truth
from provider_advisor.questionnaire.interpret_answers import CAN_BE_YES, interpret_answers
from provider_advisor.questionnaire.next_screen import End, choose_screen, order_questions, sort_keys
from provider_advisor.questionnaire.prompts import make_prompt
from provider_advisor.questionnaire.proof import Aspect, Survey, survey_answers
from provider_advisor.questionnaire.state import NONE, PRIORITY_WORDS, UNWANTED, GivenAnswer, State, Value, put_answers

_MOST_TRIED = 40


class QuestionsLeft(NamedTuple):
    """The number of criteria asked, and the most that may still matter; the latter never grows."""

    asked: int
    left: int


class Known(NamedTuple):
    """What is known at a state."""

    verdict: Verdict  # so far
    stated: int  # how many requirements it rests on
    unsure: int  # how many answers are "not sure"
    proved: tuple[Aspect, ...]  # the parts of the verdict that nothing can change any more
    still_open: tuple[Aspect, ...]  # the parts that something still could
    providers: int
    out: int  # how many of them are ruled out for good
    left: int  # how many criteria could still matter


class Coverage(NamedTuple):
    """How many of the providers still in are known to have a capability, or to lack it.

    `is_amount` means that it is not a capability; then `has` counts those with a known amount.
    """

    has: int
    lacks: int
    unknown: int
    is_amount: bool


class TriedAnswer(NamedTuple):
    """One possible answer, and the verdict that it would lead to."""

    answer: Value
    verdict: Verdict


class Why(NamedTuple):
    """Why a question is asked."""

    key: Key
    known: Known
    tried: tuple[TriedAnswer, ...]  # what each answer alone would do
    opens: tuple[Key, ...]  # the questions that may be asked only after it
    rules: int  # how many have it in their condition
    decides: bool  # whether the verdict depends on it, alone or with others
    coverage: Coverage | None  # None if it is not a criterion, or is computed from usage


def explain_question(state: State, key: Key) -> Why:
    """Return why a key of the current screen, or any other question, is asked."""
    order = order_questions(state)
    opens = [below for below, gates in order.gates.items() if key in gates]
    rules = state.catalogue.knowledge.rules.values()
    return Why(
        key,
        sum_up_known(state),
        tuple(_try_answers(state, key)),
        tuple(sorted(opens, key=state.catalogue.places.__getitem__)),
        sum(any(_is_about(leaf, key) for leaf in leaves(rule.when)) for rule in rules),
        key in order.wanted,
        _cover(state, key),
    )


def _try_answers(state: State, key: Key) -> Iterator[TriedAnswer]:
    """Yield each answer tried; only those that can be chosen from a list, and typical numbers."""
    for value in _list_values(state, key):
        after = put_answers(state, [GivenAnswer(key, value, state.steps, searched=True)])
        yield TriedAnswer(value, judge_team(interpret_answers(after).team, state.catalogue.facts).verdict)


def _list_values(state: State, key: Key) -> list[Value]:
    if key.kind == "criterion":
        return [*PRIORITY_WORDS, UNWANTED]
    if key.kind == "members":
        return [*((member,) for member in state.catalogue.claimed_members.get(key.name, ())[:_MOST_TRIED]), NONE]
    if key.kind == "bound":
        return [*state.catalogue.get_question(key.name).typical, NONE]
    if key.kind == "situation":
        return [(value,) for value in state.catalogue.knowledge.topics[key.name].values[:_MOST_TRIED]]
    return [part for part in make_prompt(key, state.catalogue).typical if not isinstance(part, str)]


def _is_about(leaf: object, key: Key) -> bool:
    if isinstance(leaf, Need):
        return key == ("criterion", leaf.criterion) or (key.kind == "members" and leaf.criterion == key.name)
    if isinstance(leaf, Situation):
        return key == ("situation", leaf.topic)
    return isinstance(leaf, Usage) and key == ("usage", leaf.item)


def _cover(state: State, key: Key) -> Coverage | None:
    """Return how many of the providers still in are known to have it; None for what no claim can say."""
    catalogue = state.catalogue
    if key.kind not in {"criterion", "bound", "members"} or catalogue.knowledge.criteria[key.name].computed:
        return None
    inside = survey_answers(state).inside
    facts = [catalogue.facts(catalogue.providers[place], key.name) for place in inside]
    is_amount = catalogue.knowledge.criteria[key.name].kind != "capability"
    has = sum(fact.amount is not None if is_amount else fact.truth is Truth.YES for fact in facts)
    lacks = 0 if is_amount else sum(fact.truth is Truth.NO for fact in facts)
    return Coverage(has, lacks, len(facts) - has - lacks, is_amount)


def sum_up_known(state: State) -> Known:
    """Return what is known and proved at a state."""
    survey = survey_answers(state)
    return Known(
        survey.outcome.verdict,
        len(survey.meaning.team.requirements),
        len(survey.meaning.said.unsure),
        survey.proof.proved,
        survey.proof.still_open,
        len(state.catalogue.providers),
        len(survey.lost),
        measure_progress(state).left,
    )


def list_met_by_all(state: State) -> tuple[str, ...]:
    """Return the criteria that were not asked because every provider still in meets them for certain."""
    survey = survey_answers(state)
    waiting = _list_open_criteria(survey)
    return tuple(key.name for key in sort_keys(waiting, state) if state.catalogue.is_met(key.name, survey.inside))


def _list_open_criteria(survey: Survey) -> list[Key]:
    return [key for key in survey.meaning.possible.open - survey.meaning.said.unsure if key.kind == "criterion"]


def measure_progress(state: State) -> QuestionsLeft:
    """Return the progress. Going back, or changing an answer, may bring questions back.

    None is left at an end; before, there are at least as many as the next screen asks.
    """
    asked = sum(answer.key.kind == "criterion" for answer in state.answers)
    if isinstance(choose_screen(state._replace(phase="asking")), End):
        return QuestionsLeft(asked, 0)
    survey, catalogue = survey_answers(state), state.catalogue
    # One matters if nothing is sure to count, if others depend on it, or if a provider still in may not meet it. What a
    # rule adds is not sure as long as the team may answer that it is not wanted.
    is_any_sure = CAN_BE_YES in survey.meaning.possible.required.values()
    # A proof by out-of-date facts can still decide whether the answer is firm.
    by_facts = [catalogue, *([catalogue.without_stale] if catalogue.without_stale is not None else [])]
    left = [
        key
        for key in _list_open_criteria(survey)
        if not is_any_sure
        or key.name in catalogue.depended_on
        or not all(one.is_met(key.name, survey.inside) for one in by_facts)
    ]
    return QuestionsLeft(asked, len(left))
