"""Monthly cost, in the small: exact sums, intervals, two price models, missing prices, and what is free beside them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
import worlds
from hypothesis import given
from hypothesis import strategies as st
from worlds import Said, knowledge_of, price

from provider_advisor import RequirementsError, load, recommend
from provider_advisor.decision.cost import calculate_cost, find_cost_scale, price_tiers
from provider_advisor.knowledge import Facts, facts_as_of
from provider_advisor.knowledge.records import Scale, Tier, UsageItem
from provider_advisor.logic import Interval
from provider_advisor.requirements.statement import Volume

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


@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 9)), min_size=1, max_size=4, unique_by=lambda tier: tier[0]),
    st.integers(0, 9),
    st.integers(0, 60),
)
def test_each_unit_is_paid_by_the_tier_in_which_it_falls(tiers, last, volume):
    ends = sorted(tiers)

    def price_of(unit):
        return next((price for end, price in ends if unit <= end), last)

    found = price_tiers([*(Tier(*tier) for tier in ends), Tier(None, last)], volume)
    assert found == sum(price_of(unit) for unit in range(1, volume + 1))


TIERED = """id: tiered
name: Tiered Wheels
products: [{id: shop, name: The shop}]
claims:
- {criterion: rental, product: shop, value: present, source: guide-2020, line: 3}
- {criterion: rental-price, product: shop, unit: EUR/day, source: guide-2020, line: 4,
   tiers: [{up_to: 10, price: 20}, {up_to: 20, price: 15}, {price: 12.5}]}
"""


def test_an_answer_counts_and_names_the_tiers(knowledge_from, tmp_path):
    knowledge = knowledge_from(tmp_path, facts={"providers/tiered.yaml": TIERED})
    day = dt.date(2020, 12, 31)
    for days, cost in ((0, 0), (10, 200), (12, 230), (21, 362.5)):
        assert calculate_cost("tiered", {"rental-days": days}, facts_as_of(knowledge, day)).amount == Interval(
            cost, cost
        )
    answer = recommend(knowledge, wants=["monthly-cost<=250"], usage={"rental-days": 12}, as_of=day).record
    found = next(part for part in answer["providers"] if part["id"] == "tiered")["monthly_cost"]
    assert found["items"][0]["price"] == "20 up to 10, then 15 up to 20 a month, then 12.5 EUR/day"
    assert found["items"][0]["usage"] == {"rental-days": 12}
    outcomes = {part["outcome"] for part in answer["findings"] if part["provider"] == "tiered"}
    assert outcomes == {"met"}


def with_two_models(plan: Said | None, hourly_price: float = 5):
    """Facts on one provider with a price per hour; another model, a plan, may be cheaper."""
    hourly, other = (
        price(name)._replace(usage=("hours",), scale=Scale(worst, best, ""))
        for name, worst, best in (("hourly", 10, 2), ("plan", 6, 4))
    )
    said = {"hourly": Said(hourly_price, "exactly")} | ({} if plan is None else {"plan": plan})
    knowledge = knowledge_of([hourly, other], {"ada": said})
    hours = UsageItem("hours", "Hours", "How many hours?", "h")
    return Facts(
        replace(knowledge, usage={"hours": hours}, fingerprint=f"two models {plan} {hourly_price}"), worlds.DAY
    )


@pytest.mark.parametrize(
    ("plan", "amount", "missing"),
    [
        (Said(4, "exactly"), Interval(40, 40), ()),
        (Said(7, "exactly"), Interval(50, 50), ()),
        # It may cost nothing, but the team need not choose it.
        (None, Interval(0, 50), ("plan",)),
    ],
)
def test_a_model_without_a_known_price_may_be_the_cheapest(plan, amount, missing):
    cost = calculate_cost("ada", {"hours": 10}, with_two_models(plan))
    assert (cost.amount, cost.items[0].missing, cost.lacks_price) == (amount, missing, bool(missing))


def test_no_unknown_price_is_cheaper_than_one_that_costs_nothing():
    cost = calculate_cost("ada", {"hours": 10}, with_two_models(None, hourly_price=0))
    assert (cost.amount, cost.items[0].missing, cost.lacks_price) == (Interval(0, 0), (), False)


def test_the_scale_is_that_of_the_cheapest_model_for_the_most_and_the_least_usage():
    knowledge = with_two_models(None).knowledge
    assert find_cost_scale({"hours": 10}, knowledge) == (60, 20)
    assert find_cost_scale({"hours": Volume(5, 10, "5..10")}, knowledge) == (60, 10)
