"""Weights by area, as a team states them, and what they make of the weights of its findings."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider_advisor.decision.findings import weigh_by_area
from provider_advisor.errors import AdvisorError, RequirementsError
from provider_advisor.recommendation import recommend
from provider_advisor.requirements import Statement, combine, read_team, statement_record
from provider_advisor.requirements.read_team import read_area_weights
from provider_advisor.requirements.requirements_file import read_requirements, read_requirements_data


@pytest.mark.parametrize(
    ("weights", "sentences"),
    [
        ({"service": 10}, ["unknown area 'service' in 'weights'. Did you mean 'services' or 'prices'?"]),
        ({"video": 10}, ["unknown area 'video' in 'weights'. Known: prices, riding, services."]),
        (
            {"prices": -1, "services": 101},
            [
                "the weight of the area 'prices' is '-1'; expected 0 to 100 percent of the total.",
                "the weight of the area 'services' is '101'; expected 0 to 100 percent of the total.",
            ],
        ),
        ({"prices": "40"}, ["the weight of the area 'prices' is '40'; expected 0 to 100 percent of the total."]),
        ({"prices": True}, ["the weight of the area 'prices' is 'True'; expected 0 to 100 percent of the total."]),
        (
            {"prices": 60, "services": 50},
            ["the weights of the areas add up to 110 percent; expected at most 100."],
        ),
        (
            {"prices": 0},
            ["the weights of the areas add up to 0; give one of them more, or leave all out."],
        ),
        (
            {"prices": 1, "Prices": 2},
            ["'weights' has the area 'prices' twice, as 'prices' and 'Prices'; keep one."],
        ),
        ([40], ["'weights' is '[40]'; expected a mapping from names to values."]),
    ],
)
def test_weights_that_mean_nothing_are_refused_with_all_mistakes(bicycles, weights, sentences):
    with pytest.raises(RequirementsError) as caught:
        read_team(bicycles, weights=weights)
    assert list(caught.value.problems) == sentences


def test_no_weights_are_none(bicycles):
    assert read_area_weights({}, bicycles) == {}


def test_a_file_holds_weights_and_its_record_is_read_again(bicycles):
    statement = read_requirements(b"needs: [repairs]\nweights: {services: 30, prices: 12.5}\n", "t.yaml", bicycles)
    assert statement.team.weights == {"prices": 12.5, "services": 30}
    record = statement_record(statement, bicycles)
    assert record["weights"] == {"prices": 12.5, "services": 30}
    assert read_requirements_data(record, "again", bicycles).team == statement.team
    line = Statement(read_team(bicycles, wants=["advice"], whole=False))
    assert combine(statement, line, bicycles).team.weights == statement.team.weights


def test_a_file_with_a_negative_weight_names_its_line(bicycles):
    with pytest.raises(AdvisorError, match=r"t.yaml:2: .*expected at least 0"):
        read_requirements(b"needs: [repairs]\nweights: {prices: -3}\n", "t.yaml", bicycles)


def _shares(found):
    """The part of the total weight that each finding on a provider has, in percent, by criterion."""
    own = [part for part in found.explanation.findings if part.provider == "velo"]
    total = sum(part.weight for part in own)
    return {part.criterion: round(100 * part.weight / total, 9) for part in own}


def test_an_area_has_its_part_of_the_weight_whatever_the_number_of_its_criteria(bicycles):
    needs = ["rental-price<=50", "repairs", "advice", "test-rides"]
    shares = _shares(recommend(bicycles, needs=needs, weights={"prices": 40}))
    assert shares["rental-price"] == 40
    more = _shares(recommend(bicycles, needs=[*needs, "bikes-in-stock>=3"], weights={"prices": 40}))
    assert more["rental-price"] == 40
    # The others share what is left in proportion to the weights that they have by themselves.
    plain = _shares(recommend(bicycles, needs=needs))
    assert shares["repairs"] / shares["advice"] == pytest.approx(plain["repairs"] / plain["advice"])


def test_an_area_that_is_not_asked_about_takes_nothing(bicycles):
    asked = {"needs": ["repairs"]}
    assert _shares(recommend(bicycles, **asked, weights={"prices": 40})) == _shares(recommend(bicycles, **asked))


def test_where_only_areas_of_no_weight_are_asked_about_all_stays_as_it_is(bicycles):
    asked = {"needs": ["repairs"], "wants": ["advice"]}
    assert _shares(recommend(bicycles, **asked, weights={"services": 0, "prices": 50})) == _shares(
        recommend(bicycles, **asked)
    )


def test_weights_turn_a_recommendation_and_the_answer_says_them(bicycles):
    found = recommend(bicycles, needs=["repairs"], weights={"services": 70}, robustness=True)
    assert found.record["question"]["weights"] == {"services": 70}


_AREAS = st.sampled_from(["video", "prices", "messages"])


@given(
    st.lists(st.tuples(_AREAS, st.sampled_from([0.3, 1, 2, 7.5, 12])), min_size=1, max_size=8),
    st.dictionaries(_AREAS, st.sampled_from([0, 10, 25, 33.3])),
)
def test_each_named_area_has_its_percents_of_a_total_that_stays(given_weights, weights):
    found = weigh_by_area(given_weights, weights)
    total = sum(own for _, own in given_weights)
    assert sum(found) == pytest.approx(total)
    present = {area for area, _ in given_weights}
    named = {area: Fraction(weights[area]) for area in weights if area in present}
    if present - named.keys():
        for area, percent in named.items():
            part = sum(own for (each, _), own in zip(given_weights, found, strict=True) if each == area)
            assert part == pytest.approx(total * float(percent) / 100)
    elif sum(named.values()):
        for area, percent in named.items():
            part = sum(own for (each, _), own in zip(given_weights, found, strict=True) if each == area)
            assert part == pytest.approx(total * float(percent / sum(named.values())))
