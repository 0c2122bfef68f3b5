"""Prices as they are: by destination, with the cost of a month that follows, and what is said where none is known."""

from __future__ import annotations

import datetime as dt

import pytest

from provider_advisor import RequirementsError, recommend
from provider_advisor.decision.cost import calculate_cost
from provider_advisor.knowledge import facts_as_of
from provider_advisor.logic import Interval
from provider_advisor.requirements.team import read_team

DAY = dt.date(2020, 12, 31)
TEAM = """situation: []
usage:
- {id: inspections, label: Inspections, question: How many inspections a month?, unit: inspections}
- {id: rental-days, label: Rental days, question: How many days of rental a month?, unit: days}
- {id: deliveries, label: Deliveries, question: How many deliveries a month?, unit: deliveries/month}
"""
CRITERIA = """area: deliveries
label: Deliveries
criteria:
- {id: delivery-price, label: Price of a delivery, kind: price, unit: EUR/delivery, of: rental, of_each: region,
   usage: [deliveries], question: How dear may it be?, weight: 1, scale: {worst: 90, best: 0, because: as a taxi}}
"""


@pytest.fixture
def priced(knowledge_from, tmp_path):
    """A function from claims on the price of a delivery to the facts of a shop and its knowledge base."""

    def make(*claims, files=()):
        lines = "\n".join(
            f"- {{criterion: delivery-price, source: guide-2020, line: {line}, {claim}}}"
            for line, claim in enumerate((f"unit: EUR/delivery, {c}" if "unit" not in c else c for c in claims), 1)
        )
        facts = {
            "team.yaml": TEAM,
            "criteria/deliveries.yaml": CRITERIA,
            "providers/shop.yaml": f"id: shop\nname: A shop\nclaims:\n{lines}\n",
            **dict(files),
        }
        knowledge = knowledge_from(tmp_path, facts=facts, rules={"riding.yaml": None, "questions.yaml": None})
        return facts_as_of(knowledge.restrict(only="shop"), DAY)

    return make


def cost_of(facts, **usage):
    team = read_team(facts.knowledge, usage={name.replace("_at_", "@"): used for name, used in usage.items()})
    return calculate_cost("shop", team.usage, facts)


def test_a_volume_of_a_destination_is_paid_at_its_price(priced):
    facts = priced("member: north, exactly: 5", "member: south, between: [6, 9]", "exactly: 7")
    assert cost_of(facts, deliveries_at_north=10).amount == Interval(50, 50)
    assert cost_of(facts, deliveries_at_south="10..20").amount == Interval(60, 180)
    assert cost_of(facts, deliveries_at_east=10).amount == Interval(0, None), "nothing is claimed of the east"
    assert cost_of(facts, deliveries=10).amount == Interval(70, 70)
    assert cost_of(facts, deliveries=10, deliveries_at_north=1).amount == Interval(75, 75)


def test_a_volume_without_a_destination_has_no_price_where_only_destinations_have_one(priced):
    facts = priced("member: north, exactly: 5", "member: south, exactly: 9")
    (item,) = cost_of(facts, deliveries=10).items
    assert (item.price, item.amount) == (None, Interval(0, None)), "it may go where it is dearer"
    assert item.priced_members == ("deliveries@north", "deliveries@south")
    assert facts("shop", "delivery-price").amount == Interval(0, 5), "asked for any destination, the cheapest counts"
    answer = recommend(facts.knowledge, wants=["monthly-cost"], usage={"deliveries": 10}, as_of=DAY).record
    item = answer["providers"][0]["monthly_cost"]["items"][0]
    assert item["priced_members"] == ["deliveries@north", "deliveries@south"]


def test_what_is_said_of_destinations(priced):
    facts = priced("member: north, exactly: 5", "exactly: 7")
    found = recommend(facts.knowledge, usage={"deliveries@Northern": 10, "deliveries": 5}, as_of=DAY)
    assert found.record["question"]["usage"] == {"deliveries": 5, "deliveries@north": 10}
    assert found.record["notes"] == ["Deliveries counts beside Deliveries, The north, not as the sum of all."]
    for usage, sentence in (
        ({"deliveries@nowhere": 1}, "unknown member 'nowhere' of the usage 'deliveries'; expected one of its regions."),
        ({"rental-days@north": 1}, "the usage 'rental-days' has one price for all; leave out '@north'."),
        ({"deliveries@north": 1, "deliveries@northern": 2}, "the usage 'deliveries@north' is given twice"),
    ):
        with pytest.raises(RequirementsError) as refused:
            read_team(facts.knowledge, usage=usage)
        assert str(refused.value).startswith(sentence)
