"""Which questions decide a condition: the example of the module, and what is asked first of several."""

from __future__ import annotations

import pytest
from teams import fresh

from provider_advisor.knowledge.conditions import AllOf, AnyOf, Need, Not, Situation, Usage
from provider_advisor.knowledge.rules import Key
from provider_advisor.logic import Interval
from provider_advisor.questionnaire import GivenAnswer, State, put_answers
from provider_advisor.questionnaire.open_questions import NO, DecidingQuestions
from provider_advisor.questionnaire.replay_answers import replay_answers
from provider_advisor.questionnaire.state import TOPICS

_RENTAL, _CARGO = Need("rental"), Need("cargo-bikes")
_BEGINNER, _MANY = Situation("skill", "beginner"), Usage("inspections", Interval(low=100))
_KEYS = {
    "rental": Key("criterion", "rental"),
    "cargo-bikes": Key("criterion", "cargo-bikes"),
    "skill": Key("situation", "skill"),
    "inspections": Key("usage", "inspections"),
}


@pytest.fixture
def opened(bicycles) -> State:
    """Every topic is open, and nothing else is answered."""
    state = fresh(bicycles)
    return put_answers(state, [GivenAnswer(TOPICS, tuple(state.catalogue.subjects))])


def _find(state: State, condition) -> set[str]:
    deciding = DecidingQuestions(replay_answers(state).possible, state.catalogue, frozenset())
    by_key = {key: name for name, key in _KEYS.items()}
    return {by_key[key] for key in deciding.find_for_condition(condition)}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (_RENTAL, {"rental"}),
        (AnyOf((_RENTAL, _CARGO)), {"rental", "cargo-bikes"}),
        # Situation and usage are asked in any case, so they are cheaper than a criterion, wherever they stand.
        (AllOf((_RENTAL, _BEGINNER)), {"skill"}),
        (AllOf((_BEGINNER, _RENTAL)), {"skill"}),
        (AllOf((_RENTAL, _MANY)), {"inspections"}),
        (AllOf((_RENTAL, AnyOf((_BEGINNER, _MANY)))), {"skill", "inspections"}),
        # The example of the module: one criterion is fewer than one criterion and a situation.
        (AllOf((_RENTAL, AnyOf((_CARGO, _BEGINNER)))), {"rental"}),
        (AllOf((AnyOf((_CARGO, _BEGINNER)), _RENTAL)), {"rental"}),
        (Not(AllOf((_RENTAL, _CARGO))), {"rental", "cargo-bikes"}),
    ],
)
def test_the_cheapest_questions_that_can_keep_a_condition_from_holding_decide_it(opened, condition, expected):
    assert _find(opened, condition) == expected


def test_what_is_answered_decides_no_more(opened):
    beginner = put_answers(opened, [GivenAnswer(_KEYS["skill"], ("beginner",))])
    assert _find(beginner, AllOf((_RENTAL, _BEGINNER))) == {"rental"}
    regular = put_answers(opened, [GivenAnswer(_KEYS["skill"], ("regular",))])
    replay = replay_answers(regular)
    assert replay.possible.may_be(AllOf((_RENTAL, _BEGINNER))) == NO
