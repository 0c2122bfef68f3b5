"""How far a questionnaire is: a number that never grows while it is answered."""

from __future__ import annotations

from typing import NamedTuple

from provider_advisor.questionnaire.answers import State
from provider_advisor.questionnaire.screens import End, screen_after
from provider_advisor.questionnaire.survey import survey_of

__all__ = ["Progress", "progress_of"]


class Progress(NamedTuple):
    """How many criteria were asked, and how many are left that could matter at most; the latter never grows."""

    asked: int
    left: int


def progress_of(state: State) -> Progress:
    """How far the questionnaire is. Going back, or changing an answer, may of course bring questions back.

    None is left at an end; before, there are at least as many as the next screen asks.
    """
    asked = sum(answer.key.startswith("criterion:") for answer in state.answers)
    if isinstance(screen_after(state._replace(phase="asking")), End):
        return Progress(asked, 0)
    view = survey_of(state).view
    waiting = [key for key in view.reach.open - view.said.unsure if key.startswith("criterion:")]
    return Progress(asked, sum(_may_matter(key, state) for key in waiting))


def _may_matter(key: str, state: State) -> bool:
    """Whether it can move the verdict: nothing counts yet, somebody still in may not meet it, or others hang on it."""
    name, catalogue, survey = key.partition(":")[2], state.catalogue, survey_of(state)
    return not survey.effects or name in catalogue.hinges or not catalogue.met_by(name, survey.inside)
