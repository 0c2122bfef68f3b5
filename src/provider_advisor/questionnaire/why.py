"""Why a question is asked: what is known so far, and what each answer would move."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from provider_advisor.decision import Verdict, outcome_for
from provider_advisor.decision.assessment import Standing
from provider_advisor.questionnaire.answers import NONE, Answer, State, put
from provider_advisor.questionnaire.order import order_of
from provider_advisor.questionnaire.prompts import prompt_of
from provider_advisor.questionnaire.screens import Screen, screen_after
from provider_advisor.questionnaire.survey import survey_of
from provider_advisor.questionnaire.view import view_of

__all__ = ["Move", "Progress", "Why", "progress_of", "why"]

_MOST_MOVES = 40


class Move(NamedTuple):
    """What one answer would come to: the verdict, and each provider's standing, by id."""

    answer: str
    verdict: Verdict
    standings: dict[str, Standing]
    changes: bool


class Why(NamedTuple):
    """Why a question is asked.

    `verdict` and `standings` are those so far, `stated` and `unsure` how much they rest on; `moves` what each answer
    alone would do; `opens` the keys of questions that may be asked only after it; `decides` whether the verdict hangs
    on it, alone or with others. `says` is that in sentences, which name no provider.
    """

    key: str
    verdict: Verdict
    standings: dict[str, Standing]
    stated: int
    unsure: int
    moves: tuple[Move, ...]
    opens: tuple[str, ...]
    decides: bool
    says: tuple[str, ...]


class Progress(NamedTuple):
    """How many criteria were asked, and how many are left that could matter at most; the latter never grows."""

    asked: int
    left: int


def why(state: State, key: str) -> Why:
    """Why a key of the present screen, or any other question, is asked."""
    survey = survey_of(state)
    order = order_of(state, survey, frozenset(survey.proof.deciding))
    opens = tuple(below for below, gates in order.gates.items() if key in gates)
    moves = tuple(_moves(state, key))
    found = Why(
        key,
        survey.outcome.verdict,
        {assessment.provider: assessment.standing for assessment in survey.outcome.assessments},
        len(survey.view.team.requirements),
        len(survey.view.said.unsure),
        moves,
        tuple(sorted(opens, key=state.catalogue.places.__getitem__)),
        key in order.wanted,
        (),
    )
    return found._replace(says=tuple(_says(found)))


def _moves(state: State, key: str) -> Iterator[Move]:
    """Each answer tried; only those that can be chosen from a list, and typical numbers."""
    before = survey_of(state).outcome.verdict
    for value in _values(state, key):
        after = put(state, [Answer(key, value, state.steps, searched=True)])
        outcome = outcome_for(view_of(after).team, state.catalogue.facts)
        standings = {assessment.provider: assessment.standing for assessment in outcome.assessments}
        yield Move(_shown(value), outcome.verdict, standings, outcome.verdict != before)


def _values(state: State, key: str) -> list[str | int | float | tuple[str, ...]]:
    prompt = prompt_of(key, state.catalogue)
    if prompt.kind == "criterion":
        return ["must", "good", "nice", "no"]
    kind, _, name = key.partition(":")
    if kind == "bound":
        return [*state.catalogue.question(name).typical, NONE]
    if prompt.kind == "situation":
        return [(value,) for value in state.catalogue.knowledge.topics[name].values[:_MOST_MOVES]]
    return [part for part in prompt.typical if not isinstance(part, str)]


def _shown(value: str | float | tuple[str, ...]) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _says(found: Why) -> Iterator[str]:
    stated = _counted(found.stated, "wish", "wishes")
    yield f"{stated} so far, {found.unsure} not sure; the advice is {_kind(found.verdict)}."
    turning = [move.answer for move in found.moves if move.changes]
    if turning:
        yield f"Alone it would change the advice if the answer is {_or(turning)}."
    elif found.decides:
        yield "Alone it changes nothing, but together with other answers it may."
    else:
        yield "No answer to it alone changes the advice as it stands."
    if found.opens:
        yield f"{_counted(len(found.opens), 'question hangs', 'questions hang')} on it."


def _kind(verdict: Verdict) -> str:
    if verdict.kind == "recommended":
        return f"one provider, {'firmly' if verdict.strength == 'firm' else 'leaning'}"
    return {"tie": "a tie", "none": "that no single provider will do"}.get(verdict.kind, "open")


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _or(words: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def progress_of(state: State) -> Progress:
    """How far the questionnaire is. Going back, or changing an answer, may of course bring questions back."""
    survey = survey_of(state)
    reach, said = survey.view.reach, survey.view.said
    asked = sum(answer.key.startswith("criterion:") for answer in state.answers)
    if not isinstance(screen_after(state._replace(phase="asking")), Screen):
        return Progress(asked, 0)
    waiting = [key for key in reach.open - said.unsure if key.startswith("criterion:")]
    return Progress(asked, sum(_may_matter(key, state) for key in waiting))


def _may_matter(key: str, state: State) -> bool:
    """Whether somebody still in may not meet it, or rules or questions hang on it."""
    name, catalogue = key.partition(":")[2], state.catalogue
    return name in catalogue.hinges or not catalogue.met_by(name, survey_of(state).inside)
