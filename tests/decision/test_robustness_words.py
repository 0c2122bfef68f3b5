"""The records of how sure a recommendation is: of the published shape, and said in whole sentences."""

import json

import jsonschema
import pytest
from hypothesis import given, settings
from worlds import DAY, Said, capability, decided, knowledge_of, price, quantity, worlds

from provider_advisor.decision.robustness import (
    calculate_provider_shares,
    find_changes,
    find_questions,
    find_tippings,
    find_weight_ranges,
)
from provider_advisor.explanation.answer_records import ConfirmRecord, RobustnessRecord, as_data
from provider_advisor.explanation.answer_schema import schema_of
from provider_advisor.explanation.questions_in_words import record_confirm
from provider_advisor.explanation.robustness_in_words import record_robustness
from provider_advisor.logic import Interval
from provider_advisor.recommendation import answer
from provider_advisor.requirements import Requirement, Statement, Team

REPEATED = settings(derandomize=True, deadline=None)
ROBUSTNESS, CONFIRM = (jsonschema.Draft202012Validator(schema_of(kind)) for kind in (RobustnessRecord, ConfirmRecord))


def sentences(record):
    """Every `says` in a record, however deep."""
    if isinstance(record, dict):
        yield from ([record["says"]] if "says" in record else [])
        record = list(record.values())
    for part in record if isinstance(record, list) else []:
        yield from sentences(part)


@settings(REPEATED, max_examples=40)
@given(worlds(most=3))
def test_records_have_the_published_shape_and_speak(world):
    outcome = decided(world.knowledge, world.team).outcome
    shares, tippings = calculate_provider_shares(outcome), find_tippings(outcome)
    record = as_data([record_robustness(outcome, shares, tippings), *record_confirm(outcome, tippings)])
    ROBUSTNESS.validate(record[0])
    for entry in record[1:]:
        CONFIRM.validate(entry)
    json.dumps(record, allow_nan=False)
    for said in sentences(record):
        assert said
        assert said[-1] in ".?"
        assert "None" not in said


@settings(REPEATED, max_examples=30)
@given(worlds(most=3))
def test_the_same_decision_is_as_sure_every_time(world):
    first, second = (decided(world.knowledge, world.team).outcome for _ in range(2))
    for find in (find_questions, find_weight_ranges, calculate_provider_shares, find_changes, find_tippings):
        assert find(first) == find(second)


@settings(REPEATED, max_examples=30)
@given(worlds(most=3))
def test_a_short_answer_asks_and_says_the_same_as_a_whole_one(world):
    statement = Statement(world.team, DAY, None)
    brief, whole = (answer(world.knowledge, statement, robustness=True, brief=short) for short in (True, False))
    assert as_data(brief.explanation.confirm) == as_data(whole.explanation.confirm)
    assert brief.odds == whole.odds
    assert whole.odds in {"", whole.explanation.robustness.worlds and whole.explanation.robustness.worlds.says}
    assert brief.shares == whole.shares


def test_a_question_to_confirm_names_provider_criterion_and_what_follows():
    knowledge = knowledge_of([capability("board")], {"ada": {"board": Said("present")}, "bob": {}})
    (entry,) = record_confirm(decided(knowledge, Team((Requirement("board", "must"),))).outcome)
    assert entry.says == (
        'Does Bob offer "board"? If yes, Ada and Bob would be equal; if no, Ada would be recommended (firm).'
    )
    assert [(part.values, part.verdict.kind) for part in entry.answers] == [
        (["present"], "tie"),
        (["absent"], "recommended"),
    ]


def _say_together(criteria, claims, *asked):
    knowledge = knowledge_of(criteria, claims)
    found = record_confirm(decided(knowledge, Team(asked)).outcome)
    return next(entry.says for entry in found if len(entry.facts) > 1)


def test_answers_together_are_those_that_settle_it_for_the_one_that_stands_best():
    claims = {"ada": {}, "bob": {}, "zoe": {"calls": Said("present")}}
    said = _say_together(
        [capability("board", 3), capability("calls")],
        claims,
        Requirement("board", "must"),
        Requirement("calls", "could"),
    )
    assert said == (
        "Several answers together could settle the verdict: Zoe would be recommended (firm) if Zoe has board "
        "and Ada and Bob do not have board."
    )


def test_answers_together_say_the_bound_that_matters_and_not_a_number_beside_it():
    seats = Requirement("seats", "must", Interval(5))
    said = _say_together([quantity("seats")], {"ada": {}, "bob": {}, "zoe": {}}, seats)
    assert "seats at Ada is at least 5 things" in said
    assert "seats at Bob and Zoe is below 5 things" in said


def test_answers_together_say_that_an_amount_on_a_scale_is_an_extreme():
    said = _say_together([price("fee")], {"ada": {}, "bob": {}, "zoe": {}}, Requirement("fee", "should"))
    assert "fee at Ada is as low as" in said
    assert "fee at Bob and Zoe is as high as" in said


@pytest.mark.parametrize(
    ("whole", "bound", "said"),
    [
        (True, Interval(3, 9), "at least 6 things and at most 9 things"),
        (False, Interval(3), "above 5 things"),
        (False, Interval(3, 9), "above 5 things and at most 9 things"),
    ],
)
def test_a_bound_that_would_have_to_be_tighter_is_said_by_the_amount_that_it_leaves_out(whole, bound, said):
    criteria = [capability("board"), quantity("seats", whole=whole)]
    claims = {
        "ada": {"board": Said("present"), "seats": Said(5, "exactly")},
        "bob": {"board": Said("absent"), "seats": Said(8, "exactly")},
    }
    asked = Requirement("board", "should"), Requirement("seats", "must", bound)
    found = record_robustness(decided(knowledge_of(criteria, claims), Team(asked)).outcome, None, ())
    assert found.changes.turns[0].says == f"With seats, {said}: Bob would be recommended (firm)."
