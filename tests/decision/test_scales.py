"""Scales that bend: degrees are linear between their points, also where the best amount lies within the scale."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import Said, capability, decided, knowledge_of, price, quantity

from provider_advisor.decision.degrees import grade_amount, grade_on_scale, grade_requirement
from provider_advisor.decision.robustness.confirm import find_questions
from provider_advisor.decision.robustness.tipping import find_tippings
from provider_advisor.knowledge import Fact
from provider_advisor.knowledge.read_vocabulary import make_criterion
from provider_advisor.knowledge.shapes.facts_files import CriterionShape
from provider_advisor.logic import Interval, Truth
from provider_advisor.requirements import Requirement, Team

TARGET = quantity("pace", worst=0, best=100, whole=False)
TARGET = TARGET._replace(scale=TARGET.scale._replace(points=((0, 0.0), (20, 1.0), (100, 0.0))))
COLD = TARGET._replace(scale=TARGET.scale._replace(points=((-30, 1.0), (-10, 0.5), (0, 0.0))))
WANTED = Team((Requirement("pace", "should"),))


def grade(low, high, criterion=TARGET):
    return grade_amount(Fact("ada", "pace", amount=Interval(low, high)), criterion)[:3]


@pytest.mark.parametrize(("amount", "degree"), [(0, 0), (5, 0.25), (20, 1), (60, 0.5), (100, 0), (400, 0)])
def test_a_target_within_a_scale_is_the_best_of_it(amount, degree):
    assert grade(amount, amount) == (degree, degree, degree)


@pytest.mark.parametrize(
    ("low", "high", "worst", "best", "degree"),
    [
        (120, None, 200, 0, (0, 0.4, 0.2)),
        (None, 120, 200, 0, (0.4, 1, 0.7)),
        (120, None, 0, 200, (0.6, 1, 0.8)),
        (None, 120, 0, 200, (0, 0.6, 0.3)),
    ],
)
def test_an_open_range_ends_with_the_scale(low, high, worst, best, degree):
    assert grade_on_scale(Interval(low, high), worst, best, ())[:3] == pytest.approx(degree)


@pytest.mark.parametrize(("amount", "truth", "paid_for"), [(2, Truth.UNKNOWN, "fax"), (9, Truth.NO, None)])
def test_whether_there_is_what_a_price_pays_for_matters_unless_the_price_is_too_high(amount, truth, paid_for):
    criteria = [capability("fax"), price("fax-price", of="fax")]
    claims = {"ada": {"fax-price": Said(amount, "exactly"), "board": Said("present")}}
    facts = decided(knowledge_of([*criteria, capability("board")], claims), Team((Requirement("board", "must"),))).facts
    degree = grade_requirement(facts, "ada", facts.knowledge.criteria["fax-price"], Interval(None, 3))
    assert (degree.truth, degree.paid_for and degree.paid_for.criterion) == (truth, paid_for)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.integers(0, 120), st.integers(0, 120))
def test_an_interval_has_the_degrees_of_all_amounts_within_it(one, other):
    low, high = sorted((one, other))
    every = [grade(low + (high - low) * step / 240, low + (high - low) * step / 240)[0] for step in range(241)]
    found = grade(low, high)
    assert found[0] == pytest.approx(min(every), abs=1e-9)
    assert found[1] >= max(every)
    assert found[1] == pytest.approx(1.0 if low <= 20 <= high else max(every))


def test_an_interval_without_an_end_goes_to_the_end_of_the_scale():
    assert grade(60, None) == (0, 0.5, 0.25)
    assert grade(None, 10) == (0, 0.5, 0.25)
    assert grade(None, -20, COLD) == (0.75, 1, 0.875)


def test_a_scale_of_a_file_bends_at_its_points_and_keeps_the_ends_that_it_does_not_name():
    points = [{"at": 100, "degree": 0}, {"at": 20, "degree": 1}]
    scale = {"worst": 0, "best": 100, "because": "so", "points": points}
    shape = {"id": "pace", "label": "Pace", "kind": "quantity", "unit": "steps", "question": "How fast?", "weight": 1}
    made = make_criterion(CriterionShape.model_validate(shape | {"scale": scale}), "area")
    assert made.scale.points == ((0, 0.0), (20, 1.0), (100, 0.0))
    assert (
        make_criterion(CriterionShape.model_validate(shape | {"scale": scale | {"points": []}}), "area").scale.points
        == ()
    )


def test_the_amount_that_is_best_is_tried_as_an_answer_and_tips_on_both_sides():
    claims = {"ada": {"pace": Said(60, "exactly")}, "bob": {"pace": Said(70, "at_most")}}
    decision = decided(knowledge_of([TARGET], claims), WANTED)
    (question,) = find_questions(decision.outcome).questions
    assert {answer.fact.amount.low for answer in question.answers} == {0, 20, 70}
    tipping = {part.provider: part.within for part in find_tippings(decision.outcome)}
    assert tipping["bob"] == Interval(10, 60)
