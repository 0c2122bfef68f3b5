"""Monthly cost, in the small: exact sums, intervals, two price models, missing prices, and what is free beside them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider_advisor import RequirementsError, load, recommend
from provider_advisor.decision.cost import calculate_cost, find_cost_scale
from provider_advisor.knowledge import facts_as_of
from provider_advisor.logic import Interval

_DAY = dt.date(2022, 12, 31)


@pytest.fixture(scope="module")
def facts():
    return facts_as_of(load(), _DAY)


@pytest.mark.parametrize(
    ("provider", "usage", "expected"),
    [
        ("twilio", {"sms-outbound": 500_000, "sms-inbound": 100_000}, Interval(4740, 4740)),
        ("vonage", {"sms-outbound": 500_000, "sms-inbound": 100_000}, Interval(3790, 3790)),
        ("twilio", {"voice-outbound-minutes": 10_000}, Interval(40, 140)),
        ("vonage", {"ucaas-users": 30}, Interval(600, 1200)),
        ("twilio", {"marketing-automation-users": 3}, Interval(360, None)),
        ("vonage", {"contact-centre-agents": 7}, Interval(0, None)),
        ("twilio", {"contact-centre-agents": 10, "contact-centre-agent-hours": 149}, Interval(1490, 1490)),
        ("twilio", {"contact-centre-agents": 10, "contact-centre-agent-hours": 150}, Interval(1500, 1500)),
        ("twilio", {"contact-centre-agents": 10, "contact-centre-agent-hours": 151}, Interval(1500, 1500)),
        ("twilio", {"contact-centre-agents": 10}, Interval(1500, 1500)),
        ("vonage", {"ucaas-users": 0}, Interval(0, 0)),
        ("twilio", {"ucaas-users": 3, "sms-outbound": 1000}, Interval(7.9, None)),
        ("twilio", {}, Interval(0, 0)),
    ],
    ids=str,
)
def test_the_usage_costs(facts, provider, usage, expected):
    assert calculate_cost(provider, usage, facts).amount == expected


def test_the_cheaper_of_two_price_models_is_taken_and_the_other_named(facts):
    usage = {"contact-centre-agents": 10, "contact-centre-agent-hours": 80}
    item = calculate_cost("twilio", usage, facts).items[0]
    assert item.price.criterion == "contact-centre-hourly-price"
    assert [fact.criterion for fact in item.instead] == ["contact-centre-price"]


def test_free_plans_and_credits_are_named_and_not_taken_off(facts):
    usage = {"contact-centre-agents": 1, "contact-centre-agent-hours": 10}
    cost = calculate_cost("twilio", usage, facts)
    assert cost.amount == Interval(10, 10)
    assert [fact.criterion for fact in cost.items[0].beside] == ["contact-centre-free-hours"]


def test_a_price_by_quote_is_unknown_and_said_so(facts):
    item = calculate_cost("vonage", {"contact-centre-agents": 7}, facts).items[0]
    assert (item.price, item.by_quote) == (None, True)
    assert not calculate_cost("twilio", {"ucaas-users": 7}, facts).items[0].by_quote


def test_hours_without_agents_are_refused():
    with pytest.raises(
        RequirementsError, match="'contact-centre-agent-hours' means nothing without 'contact-centre-agents'"
    ):
        recommend(load(), needs=["contact-centre"], usage={"contact-centre-agent-hours": 80})


_USAGE = st.dictionaries(
    st.sampled_from(["sms-inbound", "sms-outbound", "voice-inbound-minutes", "ucaas-users", "contact-centre-agents"]),
    st.integers(0, 10**9),
)


@given(_USAGE, _USAGE)
def test_more_usage_never_costs_less(facts, usage, more):
    larger = {item: usage.get(item, 0) + more.get(item, 0) for item in usage | more}
    for provider in facts.knowledge.providers:
        little, much = calculate_cost(provider, usage, facts).amount, calculate_cost(provider, larger, facts).amount
        assert little.low <= much.low
        assert much.high is None or (little.high is not None and little.high <= much.high)


@given(_USAGE)
def test_the_scale_of_a_usage_does_not_depend_on_providers_and_holds_every_known_cost(facts, usage):
    worst, best = find_cost_scale(usage, facts.knowledge)
    assert worst >= best
    for provider in facts.knowledge.providers:
        cost = calculate_cost(provider, usage, facts)
        assert cost.amount.high is None or cost.amount.high <= worst + 1e-6
