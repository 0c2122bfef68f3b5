"""Why a question is asked: what is known and proved so far, and what each answer would move."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from provider_advisor.decision import Verdict, judge_team
from provider_advisor.decision.findings import Standing
from provider_advisor.knowledge.conditions import Need, Situation, Usage, leaves
from provider_advisor.logic import Truth
from provider_advisor.questionnaire.prompts import prompt_of
from provider_advisor.questionnaire.proof import Aspect, survey_of
from provider_advisor.questionnaire.replay_answers import view_of
from provider_advisor.questionnaire.screens import order_at, progress_of
from provider_advisor.questionnaire.state import NONE, Answer, State, Value, put

__all__ = ["Coverage", "Known", "Move", "Why", "known_at", "why"]

_MOST_MOVES = 40


class Known(NamedTuple):
    """What is known at a state.

    `verdict` and `standings` are those so far; `stated` and `unsure` how much they rest on. `proved` are the aspects
    of the verdict that nothing can change any more, `hanging` those that something could; `out` how many of the
    `providers` are ruled out for good; `left` how many criteria could matter still.
    """

    verdict: Verdict
    standings: dict[str, Standing]
    stated: int
    unsure: int
    proved: tuple[Aspect, ...]
    hanging: tuple[Aspect, ...]
    providers: int
    out: int
    left: int


class Coverage(NamedTuple):
    """Of how many of the providers still in it is known that they have a capability, or lack it.

    `is_amount` says that it is no capability; then `has` counts those for which an amount is known.
    """

    has: int
    lacks: int
    unknown: int
    is_amount: bool


class Move(NamedTuple):
    """What one answer would come to: the verdict, and each provider's standing, by id."""

    answer: Value
    verdict: Verdict
    standings: dict[str, Standing]
    changes: bool


class Why(NamedTuple):
    """Why a question is asked.

    `moves` is what each answer alone would do; `opens` the keys of questions that may be asked only after it; `rules`
    how many rules speak of it; `decides` whether the verdict hangs on it, alone or with others. `coverage` is None for
    what is no criterion, or is computed from usage.
    """

    key: str
    known: Known
    moves: tuple[Move, ...]
    opens: tuple[str, ...]
    rules: int
    decides: bool
    coverage: Coverage | None


def known_at(state: State) -> Known:
    """What is known and proved at a state."""
    survey = survey_of(state)
    standings = {assessment.provider: assessment.standing for assessment in survey.outcome.assessments}
    return Known(
        survey.outcome.verdict,
        standings,
        len(survey.view.team.requirements),
        len(survey.view.said.unsure),
        survey.proof.proved,
        survey.proof.hanging,
        len(state.catalogue.providers),
        len(survey.lost),
        progress_of(state).left,
    )


def why(state: State, key: str) -> Why:
    """Why a key of the present screen, or any other question, is asked."""
    order = order_at(state)
    opens = [below for below, gates in order.gates.items() if key in gates]
    return Why(
        key,
        known_at(state),
        tuple(_moves(state, key)),
        tuple(sorted(opens, key=state.catalogue.places.__getitem__)),
        _rules(state, key),
        key in order.wanted,
        _coverage(state, key),
    )


def _moves(state: State, key: str) -> Iterator[Move]:
    """Each answer tried; only those that can be chosen from a list, and typical numbers."""
    before = survey_of(state).outcome.verdict
    for value in _values(state, key):
        after = put(state, [Answer(key, value, state.steps, searched=True)])
        outcome = judge_team(view_of(after).team, state.catalogue.facts)
        standings = {assessment.provider: assessment.standing for assessment in outcome.assessments}
        yield Move(value, outcome.verdict, standings, outcome.verdict != before)


def _values(state: State, key: str) -> list[Value]:
    prompt = prompt_of(key, state.catalogue)
    if prompt.kind == "criterion":
        return ["must", "good", "nice", "no"]
    kind, _, name = key.partition(":")
    if kind == "bound":
        return [*state.catalogue.question(name).typical, NONE]
    if prompt.kind == "situation":
        return [(value,) for value in state.catalogue.knowledge.topics[name].values[:_MOST_MOVES]]
    return [part for part in prompt.typical if not isinstance(part, str)]


def _rules(state: State, key: str) -> int:
    """How many rules have the key's criterion, situation or usage in their condition."""
    kind, _, name = key.partition(":")
    rules = state.catalogue.knowledge.rules.values()
    return sum(any(_speaks_of(leaf, kind, name) for leaf in leaves(rule.when)) for rule in rules)


def _speaks_of(leaf: object, kind: str, name: str) -> bool:
    if isinstance(leaf, Need):
        return kind == "criterion" and leaf.criterion == name
    if isinstance(leaf, Situation):
        return kind == "situation" and leaf.topic == name
    return isinstance(leaf, Usage) and kind == "usage" and leaf.item == name


def _coverage(state: State, key: str) -> Coverage | None:
    kind, _, name = key.partition(":")
    catalogue = state.catalogue
    if kind not in {"criterion", "bound"} or catalogue.knowledge.criteria[name].computed:
        return None
    facts = [catalogue.facts(catalogue.providers[place], name) for place in survey_of(state).inside]
    is_amount = catalogue.knowledge.criteria[name].kind != "capability"
    has = sum(fact.amount is not None if is_amount else fact.truth is Truth.YES for fact in facts)
    lacks = 0 if is_amount else sum(fact.truth is Truth.NO for fact in facts)
    return Coverage(has, lacks, len(facts) - has - lacks, is_amount)
