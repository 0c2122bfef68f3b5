"""Volumes that are not a number a month: by the year, as a range, in every face that takes usage."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider_advisor import RequirementsError, load, recommend
from provider_advisor.decision.cost import calculate_cost, find_cost_scale
from provider_advisor.knowledge import facts_as_of
from provider_advisor.logic import Interval
from provider_advisor.requirements.requirements_file import read_requirements
from provider_advisor.requirements.statement import Volume, say_volume, statement_record
from provider_advisor.requirements.usage import read_volume, write_volume_plainly

_DAY = dt.date(2022, 12, 31)


@pytest.fixture(scope="module")
def facts():
    return facts_as_of(load(), _DAY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5000", 5000),
        ("5000/month", 5000),
        ("60000/year", Volume(5000, 5000, "60000/year")),
        ("60000 per year", Volume(5000, 5000, "60000/year")),
        ("60000 a year", Volume(5000, 5000, "60000/year")),
        ("40000..60000", Volume(40000, 60000, "40000..60000")),
        (" 40000 … 60000 ", Volume(40000, 60000, "40000..60000")),
        ("1200..2400/Year", Volume(100, 200, "1200..2400/year")),
        ("0.5...1.5", Volume(0.5, 1.5, "0.5..1.5")),
        ("0...5", Volume(0, 5, "0..5")),
        ("7..7", 7),
    ],
)
def test_a_text_is_read_as_what_a_month_uses(text, expected):
    assert read_volume("calls", text) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("many", "'many' is not an amount of the usage 'calls'; expected a number, such as 5000, 60000/year or 40000"),
        ("5..", "'5..' is not an amount of the usage 'calls'"),
        ("..5", "'..5' is not an amount of the usage 'calls'"),
        ("1..2..3", "'1..2..3' is not an amount of the usage 'calls'"),
        ("5 messages", "the usage 'calls' takes one number without a unit"),
        ("1000-2000", "the usage 'calls' is '1000-2000'; write a range as 1000..2000."),
        ("1,000 to 2,000", "the usage 'calls' is '1,000 to 2,000'; write a range as 1000..2000."),
        ("1k\u20132k", "the usage 'calls' is '1k\u20132k'; write a range as 1000..2000."),
        ("1-2k", "the usage 'calls' is '1-2k'; write a range as 1000..2000."),
        ("900-2k", "the usage 'calls' is '900-2k'; write a range as 900..2000."),
        (
            "between 2000 and 1000 a month",
            "the usage 'calls' is 'between 2000 and 1000 a month'; write a range as 1000..",
        ),
        ("1000 bis 2000/year", "the usage 'calls' is '1000 bis 2000/year'; write a range as 1000..2000/year."),
        ("1.000-2.000", "'1.000-2.000' of the usage 'calls' can be read as 1 or 1000; write the one you mean"),
        ("2024-05-02", "the usage 'calls' takes one number without a unit"),
        ("60..40", "the usage 'calls' is '60..40'; write the lower end of a range first."),
        ("40.000..60.000", "'40.000' of the usage 'calls' can be read as 40 or 40000; write the one you mean"),
        ("60.000/year", "'60.000' of the usage 'calls' can be read as 60 or 60000"),
        ("60,5/year", "the usage 'calls' is '60,5'; use a decimal point"),
        ("/year", "'/year' is not an amount of the usage 'calls'"),
    ],
)
def test_what_cannot_be_read_gets_one_sentence(text, sentence):
    with pytest.raises(RequirementsError) as refused:
        read_volume("calls", text)
    assert str(refused.value).startswith(sentence)


def test_thousands_are_read_where_it_is_said_how_they_are_written():
    assert write_volume_plainly("40.000..60.500,5/year", ",") == "40000..60500.5000/year"
    assert read_volume("calls", write_volume_plainly("40.000..60.000", ",")) == Volume(40000, 60000, "40000..60000")


def test_what_is_counted_at_one_time_has_no_year():
    with pytest.raises(RequirementsError, match="is 12/year, but it counts users at one time; leave out '/year'"):
        recommend(load(), needs=["ucaas"], usage={"ucaas-users": "12/year"})


@settings(max_examples=25)
@given(
    st.sampled_from(["sms-outbound", "voice-outbound-minutes", "conversations-active-users"]),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.floats(0, 1),
)
def test_the_cost_of_a_range_holds_that_of_every_volume_in_it(facts, item, low, length, share):
    usage, inside = {item: Volume(low, low + length, "range")}, {item: low + share * length}
    for provider in facts.knowledge.providers:
        whole, one = (calculate_cost(provider, used, facts).amount for used in (usage, inside))
        assert whole.low <= one.low + 1e-6
        assert whole.high is None or one.high <= whole.high + 1e-6
    worst, best = find_cost_scale(usage, facts.knowledge)
    assert worst >= find_cost_scale(inside, facts.knowledge)[0] - 1e-6
    assert best <= find_cost_scale(inside, facts.knowledge)[1] + 1e-6


def test_a_range_gives_an_interval_of_cost_and_a_year_its_twelfth(facts):
    usage = {"sms-outbound": Volume(40000, 60000, "40000..60000"), "sms-inbound": read_volume("", "120000/year")}
    assert calculate_cost("twilio", usage, facts).amount == Interval(395, 553)
    unused = {"sms-outbound": Volume(0, 10, "0..10")}
    assert calculate_cost("twilio", unused, facts).amount == Interval(0, 0.079)


def test_a_bound_on_the_cost_is_judged_in_three_values():
    outcomes = {}
    for bound in (300, 400, 500):
        answer = recommend(
            load(), needs=[f"monthly-cost<={bound}"], usage={"sms-outbound": "40000..60000"}, as_of=_DAY
        ).record
        outcomes[bound] = next(part["outcome"] for part in answer["findings"] if part["provider"] == "twilio")
    assert outcomes == {300: "unmet", 400: "unknown", 500: "met"}


DOUBTFUL = b"""needs: [{criterion: number-countries, at_least: 1.250}, sms]
wants:
- any: [fax, {criterion: number-countries, at_least: 2.000}]
- {criterion: sms-outbound-price, at_most: 1.125}
- {criterion: monthly-cost, at_most: 5.000}
usage: {sms-inbound: 1.500, sms-outbond: 1, sms-outbound: 5.25}
"""


def test_an_unknown_item_is_taken_for_those_with_most_of_its_words():
    with pytest.raises(RequirementsError, match=r"Did you mean 'viewer-minutes'\?$"):
        recommend(load(), needs=["video-api"], usage={"live-viewer-minutes": 5})
    with pytest.raises(RequirementsError, match=r"Did you mean 'sms-inbound' or 'sms-outbound'\?$"):
        recommend(load(), needs=["video-api"], usage={"sms": 5})


def test_an_unquoted_amount_with_two_readings_is_asked_about():
    with pytest.raises(RequirementsError) as refused:
        read_requirements(DOUBTFUL, "f", load())
    sentences = (
        "f:6: 'sms-inbound': 1.500 can be read as 1.5 or 1500; write the one you mean, without a thousands separator",
        "f:1: 'at_least': 1.250 can be read as 1.25 or 1250",
        "f:3: 'at_least': 2.000 can be read as 2 or 2000",
        "f:5: 'at_most': 5.000 can be read as 5 or 5000",
        "f: unknown usage item 'sms-outbond'",
    )
    assert len(refused.value.problems) == len(sentences)
    for problem, sentence in zip(refused.value.problems, sentences, strict=True):
        assert problem.startswith(sentence)


def test_percents_end_at_a_hundred_so_that_three_decimals_have_one_reading():
    file = read_requirements(b"needs: [{criterion: uptime-commitment, at_least: 99.999}]", "f", load())
    assert [part.bound for part in file.team.requirements] == [Interval(99.999)]


def test_a_number_of_json_has_one_reading():
    statement = read_requirements(b'{"usage": {"sms-outbound": 5.000}}', "f", load())
    assert statement.team.usage == {"sms-outbound": 5}


def test_an_answer_says_what_was_assumed_and_can_be_asked_again():
    usage = {"sms-outbound": "40000..60000", "sms-inbound": "60000/year"}
    found = recommend(load(), wants=["monthly-cost"], usage=usage, as_of=_DAY)
    assert found.record["notes"] == [
        "Incoming SMS: 60000/year counts as 5,000 messages/month, a twelfth in every month.",
        "Outgoing SMS: 40,000 to 60,000 messages/month, so its costs are ranges too.",
    ]
    assert found.record["question"]["usage"] == usage
    items = found.record["providers"][0]["monthly_cost"]["items"]
    assert [item["usage"] for item in items] == [{"sms-inbound": 5000}, {"sms-outbound": [40000, 60000]}]
    again = recommend(load(), **{**found.record["question"], "as_of": _DAY})
    assert again.record == found.record


def test_a_file_says_the_same_as_the_command_line():
    knowledge = load()
    content = b"wants: [monthly-cost]\nusage: {sms-outbound: 40000..60000, sms-inbound: 60000/year}\n"
    statement = read_requirements(content, "team.yaml", knowledge)
    assert {name: say_volume(used) for name, used in statement.team.usage.items()} == {
        "sms-inbound": "60000/year",
        "sms-outbound": "40000..60000",
    }
    saved = json.dumps(statement_record(statement, knowledge)).encode()
    assert read_requirements(saved, "team.json", knowledge).team == statement.team
