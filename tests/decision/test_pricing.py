"""Prices as they are: by destination, in other currencies, with fees; what is said where none is known."""

from __future__ import annotations

import datetime as dt
import math

import pyarrow as pa
import pytest

from provider_advisor import KnowledgeError, RequirementsError, recommend
from provider_advisor.batch.kernel.costs import PriceList, calculate_costs
from provider_advisor.batch.kernel.situations import Situations
from provider_advisor.batch.pipeline import BlockScorer, ScoringOptions
from provider_advisor.decision.cost import calculate_cost
from provider_advisor.explanation.costs_in_words import describe_cost
from provider_advisor.explanation.words import claims_text
from provider_advisor.faces.compared_facts import compare_facts
from provider_advisor.knowledge import facts_as_of
from provider_advisor.knowledge.suspicions import find_suspicions
from provider_advisor.logic import Interval
from provider_advisor.requirements.read_team import read_team

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
   usage: [deliveries], stale_after: 1000d,
   question: How dear may it be?, weight: 1, scale: {worst: 90, best: 0, because: as a taxi}}
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
    assert facts("shop", "delivery-price").amount is None, "a price of one destination is no price of any"
    answer = recommend(facts.knowledge, wants=["monthly-cost"], usage={"deliveries": 10}, as_of=DAY).record
    item = answer["providers"][0]["monthly_cost"]["items"][0]
    assert item["priced_members"] == ["deliveries@north", "deliveries@south"]
    asked = recommend(facts.knowledge, wants=["delivery-price", "delivery-price@east"], as_of=DAY).record
    said = {part["criterion"]: part["says"] for part in asked["findings"] if part["provider"] == "shop"}
    assert said == {
        "delivery-price": "not known: it depends on the region; 2 prices are known, such as delivery-price@north",
        "delivery-price@east": "not known: no claim confirms or denies it",
    }


def test_what_is_said_of_destinations(priced):
    facts = priced("member: north, exactly: 5", "exactly: 7")
    found = recommend(facts.knowledge, usage={"deliveries@Northern": 10, "deliveries": 5}, as_of=DAY)
    assert found.record["question"]["usage"] == {"deliveries": 5, "deliveries@north": 10}
    assert found.record["notes"] == ["Deliveries is counted in addition to Deliveries, The north, not as their total."]
    for usage, sentence in (
        ({"deliveries@nowhere": 1}, "unknown member 'nowhere' of the usage 'deliveries'; expected one of its regions."),
        ({"rental-days@north": 1}, "the usage 'rental-days' has one price for all; leave out '@north'."),
        ({"deliveries@north": 1, "deliveries@northern": 2}, "the usage 'deliveries@north' is given twice"),
    ):
        with pytest.raises(RequirementsError) as refused:
            read_team(facts.knowledge, usage=usage)
        assert str(refused.value).startswith(sentence)


RATES = """base: EUR
rates:
- {currency: USD, worth: 0.5, source: guide-2020, stated: 2020-06-01}
- {currency: USD, worth: 0.8, source: guide-2020, stated: 2020-09-01}
- {currency: GBP, worth: 1.25, source: guide-2020, stated: 2020-09-01}
- {currency: GBP, worth: 1.5, source: other-rates, stated: 2020-09-01}
- {currency: USD, worth: 0.9, source: guide-2020, stated: 2021-06-01}
"""
OTHER = """id: other
name: Another shop
sources: [{id: other-rates, title: Rates, language: en, published: 2020-09-01, retrieved: 2020-09-01, no_url: a test}]
claims: [{criterion: rental, value: present, source: other-rates, line: 1}]
"""
FILES = {"rates.yaml": RATES, "providers/other.yaml": OTHER}


@pytest.mark.parametrize(
    ("claim", "price", "cost"),
    [
        ("exactly: 10, unit: USD/delivery", Interval(8, 8), Interval(80, 80)),
        ("between: [5, 10], unit: USD/delivery", Interval(4, 8), Interval(40, 80)),
        ("from: 10, unit: USD/delivery", Interval(8), Interval(80, None)),
        ("more_than: 10, unit: USD/delivery", Interval(8, None, above=True), Interval(80, None)),
        ("at_most: 10, unit: GBP/delivery", Interval(0, 15), Interval(0, 150)),
        ("exactly: 10, unit: GBP/delivery", Interval(12.5, 15), Interval(125, 150)),
        ("tiers: [{up_to: 4, price: 10}, {price: 5}], unit: USD/delivery", Interval(4, 8), Interval(56, 56)),
        ("tiers: [{up_to: 4, price: 10}, {price: 4}], unit: GBP/delivery", Interval(5, 15), Interval(50, 150)),
        ("exactly: 10, monthly_minimum: 200, unit: GBP/delivery", Interval(12.5, 15), Interval(250, 300)),
        ("exactly: 10, unit: INR/delivery", None, Interval(0, None)),
        ("by_quote: true, unit: USD/delivery", None, Interval(0, None)),
    ],
)
def test_a_price_in_another_currency_is_converted_by_the_newest_rates_of_the_day(priced, claim, price, cost):
    facts = priced(claim, files=FILES)
    assert facts("shop", "delivery-price").amount == price
    assert cost_of(facts, deliveries=10).amount == cost


def test_a_rate_counts_from_its_day_on_until_it_is_too_old_and_only_if_its_source_does(priced):
    knowledge = priced("exactly: 10, stated: 2020-01-01, unit: GBP/delivery", files=FILES).knowledge

    def amount(day, max_age=None, **scope):
        return facts_as_of(knowledge.restrict(**scope), day, max_age)("shop", "delivery-price").amount

    stated = dt.date(2020, 9, 1)
    assert (amount(stated - dt.timedelta(days=1)), amount(stated)) == (None, Interval(12.5, 15))
    assert amount(DAY, sources="guide-2020") == Interval(12.5, 12.5)
    new = priced("exactly: 10, stated: 2020-12-01, unit: GBP/delivery", files=FILES).knowledge
    ages = [facts_as_of(new, DAY, (DAY - stated).days - more)("shop", "delivery-price").amount for more in (0, 1)]
    assert ages == [Interval(12.5, 15), None]


def test_the_rate_and_its_day_are_said_and_so_is_that_there_is_none(priced):
    facts = priced("exactly: 10, unit: USD/delivery", files=FILES)
    answer = recommend(facts.knowledge, wants=["monthly-cost"], usage={"deliveries": 10}, as_of=DAY).record
    (item,) = answer["providers"][0]["monthly_cost"]["items"]
    assert item["price"] == "10 USD/delivery (1 USD = 0.8 EUR on 2020-09-01)"
    early = facts_as_of(facts.knowledge, dt.date(2020, 5, 31))
    assert cost_of(early, deliveries=10).amount == Interval(0, None)
    answer = recommend(facts.knowledge, wants=["monthly-cost"], usage={"deliveries": 10}, as_of=early.as_of).record
    (item,) = answer["providers"][0]["monthly_cost"]["items"]
    assert (item["price"], item["by_quote"]) == (None, False)
    assert item["unconverted"] == ["10 USD/delivery (no exchange rate for USD is recorded)"]
    assert [said for said in find_suspicions(early) if "no exchange rate for USD is recorded by 2020-05-31" in said]


@pytest.mark.parametrize(
    ("currency", "rate"),
    [
        ("USD", "(1 USD = 0.8 EUR on 2020-09-01)"),
        ("GBP", "(1 GBP = 1.25 to 1.5 EUR on 2020-09-01)"),
        ("INR", "(no exchange rate for INR is recorded)"),
    ],
)
def test_tiers_are_shown_in_their_own_currency_whether_there_is_a_rate_or_not(priced, currency, rate):
    facts = priced(f"tiers: [{{up_to: 4, price: 10}}, {{price: 5}}], unit: {currency}/delivery", files=FILES)
    fact = facts("shop", "delivery-price")
    shown = f"10 up to 4 a month, then 5 {currency}/delivery {rate}"
    assert claims_text(fact.claims) == shown
    (row,) = compare_facts(facts, ["shop"], "deliveries")
    assert row.list_texts(facts.knowledge) == [shown]
    assert row.record(facts.knowledge)["facts"]["shop"]["claims"][0]["tiers"] == [
        {"up_to": 4, "price": 10},
        {"up_to": None, "price": 5},
    ]
    answer = recommend(facts.knowledge, wants=["monthly-cost"], usage={"deliveries": 10}, as_of=DAY).record
    (item,) = answer["providers"][0]["monthly_cost"]["items"]
    assert [item["price"], *item["unconverted"]] == ([None, shown] if currency == "INR" else [shown])


def test_a_converted_price_is_as_old_as_its_rate(priced):
    facts = priced("exactly: 10, stated: 2020-12-01, unit: USD/delivery", files=FILES)
    assert facts("shop", "delivery-price").newest == dt.date(2020, 9, 1)
    limited = facts_as_of(facts.knowledge, DAY, 60)
    assert limited("shop", "delivery-price").amount is None, "the rate is too old to be used"


@pytest.mark.parametrize(
    ("claim", "used", "cost"),
    [
        ("exactly: 10, billed_at_least: 5", 3, Interval(50, 50)),
        ("exactly: 10, billed_at_least: 5", 8, Interval(80, 80)),
        ("exactly: 10, billed_at_least: 5", 0, Interval(0, 0)),
        ("exactly: 10, billed_at_least: 5", "0..8", Interval(0, 80)),
        ("exactly: 10, monthly_minimum: 45, monthly_fee: 7", 3, Interval(52, 52)),
        ("between: [10, 20], monthly_minimum: 45, monthly_fee: 7", 3, Interval(52, 67)),
        ("exactly: 10, setup_fee: 300", 3, Interval(30, 30)),
        ("tiers: [{up_to: 2, price: 10}, {price: 5}], billed_at_least: 4", 1, Interval(30, 30)),
        ("exactly: 10, plus: ferries", 3, Interval(30)),
        ("exactly: 10, plus: ferries", 0, Interval(0, 0)),
        ("between: [10, 20], monthly_fee: 7, plus: ferries", "2..3", Interval(27)),
        ("at_most: 10, plus: ferries", 3, Interval(0)),
        ("tiers: [{up_to: 2, price: 10}, {price: 5}], plus: ferries", 3, Interval(25)),
    ],
)
def test_fees_and_minimums_count_where_something_is_used(priced, claim, used, cost):
    assert cost_of(priced(claim), deliveries=used).amount == cost


def test_a_batch_counts_fees_and_rates_as_a_single_answer_does(priced):
    facts = priced(
        "exactly: 10, unit: GBP/delivery, billed_at_least: 5, monthly_minimum: 80, monthly_fee: 3",
        "member: north, tiers: [{up_to: 7, price: 0.1}, {price: 0.3}], monthly_minimum: 1, unit: USD/delivery",
        files=FILES,
    )
    said = ["0", "1", "7.3", "0..6", "3..9", "1200/year"]
    usage = {"deliveries": said, "deliveries@north": said[::-1]}
    rows = pa.RecordBatch.from_pydict({f"usage.{name}": cells for name, cells in usage.items()})
    costs = calculate_costs(Situations(facts.knowledge).read_said(rows).usage, len(said), PriceList(facts))
    for row in range(len(said)):
        team = read_team(facts.knowledge, usage={name: cells[row] for name, cells in usage.items()})
        assert (costs.low[0][row], costs.high[0][row]) == calculate_cost("shop", team.usage, facts).amount[:2]


@pytest.mark.parametrize("max_age", [None, "90d"])
def test_a_batch_converts_by_the_rates_of_the_day_of_each_row(priced, max_age):
    files = {**FILES, "criteria/deliveries.yaml": CRITERIA.replace("1000d", "60d")}
    knowledge = priced("exactly: 10, unit: USD/delivery", files=files).base
    days = [str(dt.date(2020, 5, 1) + dt.timedelta(days=10 * number)) for number in range(60)]
    asked = {"needs": "monthly-cost<=82", "usage.deliveries": "10", "max_age": max_age}
    rows = pa.RecordBatch.from_pylist([{"team": day, **asked, "as_of": day} for day in days])

    def score(rows):
        scoring = BlockScorer(knowledge, rows.schema, "csv", ScoringOptions(DAY, dated=True, reasons=True))
        return scoring._score_rows(rows).frame.rows()

    alone = [score(rows.slice(place, 1))[0] for place in range(len(days))]
    assert score(rows) == alone
    assert len({row[1:] for row in alone}) > 2


@pytest.mark.parametrize(
    "claim", ["exactly: 10", "between: [10, 20], monthly_fee: 7", "tiers: [{up_to: 2, price: 10}, {price: 5}]"]
)
def test_a_batch_knows_no_upper_limit_either_where_something_comes_on_top(priced, claim):
    facts = priced(f"{claim}, plus: ferries")
    said = ["0", "3", "2..3", "0..6"]
    rows = pa.RecordBatch.from_pydict({"usage.deliveries": said})
    costs = calculate_costs(Situations(facts.knowledge).read_said(rows).usage, len(said), PriceList(facts))
    single = [cost_of(facts, deliveries=used).amount for used in said]
    assert costs.low[0].tolist() == [amount.low for amount in single]
    assert costs.high[0].tolist() == [math.inf if amount.high is None else amount.high for amount in single]
    assert [amount.high for amount in single] == [0, None, None, None]


def test_a_must_on_a_cost_that_something_comes_on_top_of_is_met_by_no_floor(priced):
    facts = priced("exactly: 10, plus: ferries")

    def judge(most):
        needs, usage = [f"monthly-cost<={most}"], {"deliveries": 10}
        return recommend(facts.knowledge, needs=needs, usage=usage, as_of=DAY, robustness=True).record

    found = judge(500)
    (finding,) = found["findings"]
    assert (finding["outcome"], finding["says"]) == ("unknown", "at least 100 EUR/month; not included: ferries")
    assert (found["verdict"]["kind"], found["providers"][0]["standing"]) == ("undetermined", "unconfirmed")
    assert judge(99)["findings"][0]["outcome"] == "unmet", "the floor alone is more"
    item = found["providers"][0]["monthly_cost"]["items"][0]
    assert (item["price"], item["plus"]) == ("10 EUR/delivery, plus ferries", ["ferries"])
    asked = found["confirm"][0]["facts"][0]["question"]
    assert asked == "Price of a delivery at A shop, ferries included: what exactly is it, in EUR/delivery?"


def test_a_source_that_is_silent_on_fees_does_not_deny_them(priced):
    facts = priced("exactly: 10, plus: ferries", "exactly: 10")
    assert facts("shop", "delivery-price").amount == Interval(10)
    assert facts("shop", "delivery-price").plus == ("ferries",)
    later = priced("exactly: 10, plus: ferries", "exactly: 12, stated: 2020-12-30")
    assert later("shop", "delivery-price").amount == Interval(12, 12), "a later claim replaces all of the earlier one"


def described(facts, needs=(), **usage):
    """The record of a cost, and what is said of it."""
    usage = {name.replace("_at_", "@"): used for name, used in usage.items()}
    answer = recommend(facts.knowledge, needs=needs, usage=usage, as_of=facts.as_of).explanation
    cost = answer.providers[0].monthly_cost
    return cost, describe_cost(cost, facts.knowledge)


def test_a_price_of_one_member_is_said_to_be_that_of_it(priced):
    facts = priced("price_of: north, exactly: 10", "member: south, exactly: 4")
    cost, said = described(facts, deliveries=10)
    assert (cost.items[0].price_of, said) == ("north", "100 EUR/month (The north price)")
    cost, said = described(facts, ["delivery-price@east<=99", "delivery-price@south<=9"], deliveries=10)
    assert cost.items[0].unpriced_members == ["east"], "the south has a price, and the north is the one that is taken"
    assert (
        said == "100 EUR/month (The north price); no price is known for The east; the The north price was used instead"
    )
    assert (
        described(facts, ["delivery-price@east<=99"], deliveries=10, deliveries_at_east=1)[0].items[0].unpriced_members
        == []
    )
    plain = priced("exactly: 10")
    assert described(plain, ["delivery-price@east<=99"], deliveries=10)[1] == (
        "100 EUR/month; no price is known for The east; a price that names no region was used instead"
    )


def test_a_cost_says_what_it_leaves_out_and_how_old_its_prices_are(priced):
    facts = priced("exactly: 10, plus: ferries")
    usage = {"deliveries": 3, "inspections": "2..4"}
    assert described(facts, **usage)[1] == (
        "at least 30 EUR/month; not included: ferries; no price is known for Inspections (2 to 4)"
    )
    later = facts_as_of(facts.knowledge, dt.date(2023, 12, 31))
    cost, said = described(later, deliveries=3)
    assert said == "at least 30 EUR/month (2020 price); not included: ferries"
    assert cost.items[0].out_of_date.startswith("2020-")
    found = recommend(facts.knowledge, usage={"deliveries": 3}, as_of=later.as_of).record
    assert [part["criterion"] for part in found["knowledge"]["stale"]] == ["delivery-price"]


def test_costs_are_said_in_cents(priced):
    cost, said = described(priced("exactly: 1"), deliveries="100/year")
    assert (round(cost.low, 4), said) == (8.3333, "8.33 EUR/month")
    assert described(priced("exactly: 0.005"), deliveries="1..3")[1] == "0.005 to 0.015 EUR/month"


def test_the_terms_are_said(priced):
    terms = "billed_at_least: 5, monthly_minimum: 45, monthly_fee: 7, setup_fee: 300"
    facts = priced(f"exactly: 10, {terms}")
    answer = recommend(facts.knowledge, wants=["monthly-cost"], usage={"deliveries": 3}, as_of=DAY).record
    assert answer["providers"][0]["monthly_cost"]["items"][0]["price"] == (
        "10 EUR/delivery, billed for at least 5, at least 45 EUR a month, plus 7 EUR a month, "
        "plus 300 EUR once, not included in monthly costs"
    )


@pytest.mark.parametrize(
    ("claim", "rates", "sentence"),
    [
        (
            "exactly: 10, unit: USD/day",
            "",
            "the unit 'USD/day' does not fit; expected EUR/delivery, or the same by",
        ),
        ("exactly: 10, unit: usd/delivery", "", "the unit 'usd/delivery' does not fit; expected EUR/delivery"),
        ("by_quote: true, monthly_fee: 5", "", "'monthly_fee' belongs to a price with an amount; remove it."),
        ("by_quote: true, plus: ferries", "", "'plus' belongs to a price with an amount; remove it."),
        ("member: north, price_of: north, exactly: 10", "", "'price_of' is for the price of volumes without a member"),
        ("price_of: nowhere, exactly: 10", "", "unknown member 'nowhere' of region"),
        ("exactly: 10, billed_at_least: 0", "", "'billed_at_least': expected more than 0"),
        ("exactly: 10", "{currency: EUR, worth: 1, source: guide-2020}", "EUR is the base itself, worth 1; remove the"),
        ("exactly: 10", "{currency: USD, worth: 0, source: guide-2020}", "'worth': expected more than 0"),
        ("exactly: 10", "{currency: usd, worth: 1, source: guide-2020}", "'currency'"),
        ("exactly: 10", "{currency: USD, worth: 1, source: gide-2020}", "rate of 'USD': unknown source 'gide-2020'"),
    ],
)
def test_what_is_wrong_with_prices_and_rates_is_said(priced, claim, rates, sentence):
    files = {"rates.yaml": f"base: EUR\nrates:\n- {rates}\n"} if rates else {}
    with pytest.raises(KnowledgeError) as refused:
        priced(claim, files=files)
    (problem,) = refused.value.problems
    assert sentence in problem
