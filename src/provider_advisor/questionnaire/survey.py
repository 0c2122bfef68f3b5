"""Everything that is known at one state of a questionnaire, worked out once."""

from __future__ import annotations

from typing import NamedTuple

from provider_advisor.decision import Outcome, judge_team
from provider_advisor.questionnaire.answers import State
from provider_advisor.questionnaire.effects import Effect, effects_of
from provider_advisor.questionnaire.parts import Part, parts_of
from provider_advisor.questionnaire.proof import Proof, is_out, prove
from provider_advisor.questionnaire.view import View, view_of

__all__ = ["Survey", "survey_of"]


class Survey(NamedTuple):
    """The answers replayed, the verdict on them, what each finding adds, what is undecided, and what that can do.

    `inside` are the places of the providers that are not ruled out for good; all, where all are. `lost` are the places
    of those that are.
    """

    view: View
    outcome: Outcome
    effects: tuple[Effect, ...]
    parts: tuple[Part, ...]
    proof: Proof
    inside: tuple[int, ...]
    lost: frozenset[int]


def survey_of(state: State) -> Survey:
    """The survey at a state; kept for the next question about it."""
    found: Survey | None = state.catalogue.kept(state.answers)
    if found is None:
        found = _survey(state)
        state.catalogue.keep(state.answers, found)
    return found


def _survey(state: State) -> Survey:
    view = view_of(state)
    outcome = judge_team(view.team, state.catalogue.facts)
    found = effects_of([assessment.findings for assessment in outcome.assessments])
    parts = parts_of(view, outcome, found, state.catalogue)
    effects = tuple(effect for _, effect in found)
    places = range(len(outcome.assessments))
    lost = frozenset(place for place in places if is_out(place, effects, parts))
    inside = tuple(place for place in places if place not in lost)
    proof = prove(outcome, effects, parts, state.catalogue.places)
    return Survey(view, outcome, effects, tuple(parts), proof, inside or tuple(places), lost)
