"""Tipping amounts: inside them a provider leads, outside them it does not."""

import datetime as dt
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import Said, World, capability, decided, knowledge_of, price, quantity, rating, worlds

from provider_advisor import load, recommend
from provider_advisor.decision import judge_team
from provider_advisor.decision.robustness.amounts import find_floor, find_nearest_end, list_past
from provider_advisor.decision.robustness.tipping import find_tippings
from provider_advisor.explanation.robustness_in_words import record_robustness
from provider_advisor.knowledge.records import Scale, UsageItem
from provider_advisor.logic import Interval
from provider_advisor.requirements import Requirement, Team
from provider_advisor.requirements.statement import Volume

REPEATED = settings(derandomize=True, deadline=None)
HAS, LACKS = Said("present"), Said("absent")


def leads(world, decision, fact, amount):
    supposed = decision.facts.supposing(fact._replace(amount=Interval(amount, amount), disputed=False))
    verdict = judge_team(world.team, supposed).verdict
    return fact.provider in {verdict.provider, verdict.lean}


def is_inside(tipping, amount):
    low, high = tipping.within.low, tipping.within.high
    above = low is None or amount > low or (amount == low and tipping.reached[0])
    return above and (high is None or amount < high or (amount == high and tipping.reached[1]))


@settings(REPEATED, max_examples=50)
@given(worlds())
def test_a_provider_leads_inside_and_nowhere_else(world):
    decision = decided(world.knowledge, world.team)
    if not decision.outcome.assessments or not decision.outcome.assessments[0].findings:
        return
    found = {(tipping.provider, tipping.criterion): tipping for tipping in find_tippings(decision.outcome)}
    asked = sorted(
        {
            (part.provider, finding.requirement.criterion)
            for part in decision.outcome.assessments
            for finding in part.findings
            if finding.requirement is not None
        }
    )
    for provider, name in asked:
        criterion, fact = world.knowledge.criteria[name], decision.facts(provider, name)
        if criterion.kind == "capability":
            continue
        amounts = (
            range(4)
            if criterion.kind == "rating"
            else range(11)
            if criterion.whole
            else (0, 1.3, 2.9, 3, 3.1, 5, 5.2, 7.9, 8, 8.1, 10)
        )
        is_exact = fact.amount is not None and fact.amount.low == fact.amount.high
        possible = [a for a in amounts if is_exact or fact.amount is None or fact.amount.holds(Interval(a, a))]
        leading = [amount for amount in possible if leads(world, decision, fact, amount)]
        tipping = found.get((provider, name))
        if tipping is None:
            stretch = possible[possible.index(leading[0]) : possible.index(leading[-1]) + 1] if leading else []
            assert leading in ([], possible) or leading != stretch
        else:
            assert leading == [amount for amount in possible if is_inside(tipping, amount)]


def test_an_amount_at_one_place_moves_that_at_any_place():
    knowledge = knowledge_of([quantity("seats")._replace(of_each="place")], {"ada": {}})
    asked = (Requirement("seats", "must", Interval(None, 6)), Requirement("seats@here", "could"))
    decision = decided(knowledge, Team(asked))
    found = {tipping.criterion: tipping.within for tipping in find_tippings(decision.outcome)}
    assert found == {"seats": Interval(None, 6), "seats@here": Interval(None, 6)}


def said(criteria, claims, asked):
    knowledge = knowledge_of(criteria, claims)
    outcome = decided(knowledge, Team(tuple(asked))).outcome
    tippings = find_tippings(outcome) if outcome.verdict.kind != "none" else ()
    return [part.says for part in record_robustness(outcome, None, tippings).tipping]


def test_a_whole_amount_tips_from_the_next_one_on():
    criteria = [quantity("seats", worst=0, best=200), capability("fax", 0.25)]
    claims = {"ada": {"seats": Said(100, "exactly"), "fax": LACKS}, "bob": {"fax": HAS}}
    asked = [Requirement("seats", "should"), Requirement("fax", "should")]
    assert said(criteria, claims, asked) == [
        "seats at Ada: with at least 51 things, Ada leads (today: 100 things).",
        "seats at Bob: with at least 51 things, Bob leads (today: not known).",
    ]


def test_a_price_tips_below_where_both_are_level_and_at_a_bound_it_is_reached():
    criteria = [price("toll")]
    claims = {"ada": {"toll": Said(4, "exactly")}, "bob": {"toll": Said(6, "exactly")}}
    assert said(criteria, claims, [Requirement("toll", "should")]) == [
        "toll at Ada: below 6 USD/thing, Ada leads (today: 4 USD/thing).",
        "toll at Bob: below 4 USD/thing, Bob leads (today: 6 USD/thing).",
    ]
    assert said(criteria, claims, [Requirement("toll", "must", Interval(None, 5))]) == [
        "toll at Ada: up to 5 USD/thing, Ada leads (today: 4 USD/thing)."
    ]


def test_a_long_end_is_rounded_so_that_it_stays_true():
    claims = {"ada": {"toll": Said(4, "exactly")}, "bob": {"toll": Said(5 / 3, "exactly")}}
    first, _ = said([price("toll")], claims, [Requirement("toll", "should")])
    assert first == "toll at Ada: below 1.6666 USD/thing, Ada leads (today: 4 USD/thing)."


def test_both_are_level_at_the_amount_itself_not_just_beside_it():
    seven = {"loss": Said(7, "exactly")}
    knowledge = knowledge_of(
        [quantity("loss", worst=10, best=0, whole=False), capability("board")], {"ada": seven, "bob": seven}
    )
    asked = (Requirement("board", "should", None, 11), Requirement("loss", "should", None, 0.1))
    found = find_tippings(decided(knowledge, Team(asked)).outcome)
    assert [(part.within, part.reached) for part in found] == [(Interval(None, 7), (True, False))] * 2


def test_a_rating_tips_at_one_of_its_words():
    claims = {"ada": {"care": Said("fair")}, "bob": {"care": Said("poor")}}
    assert said([rating("care")], claims, [Requirement("care", "should")]) == [
        "care at Ada: with at least fair, Ada leads (today: fair).",
        "care at Bob: with at least good, Bob leads (today: poor).",
    ]


ARTICLE = load()
SMS = "sms-outbound-price"


def measured_cost(*, needs=(), wants=(), **usage):
    usage = {name.replace("_", "-"): used for name, used in usage.items()}
    found = recommend(ARTICLE, needs=needs, wants=wants, usage=usage, as_of=dt.date(2022, 12, 31), robustness=True)
    return found, {(part.provider, part.criterion): part for part in find_tippings(found.decision.outcome)}


def test_a_price_of_a_cost_tips_where_the_costs_are_level_and_at_a_bound_it_is_reached():
    found, _ = measured_cost(wants=["monthly-cost"], sms_outbound=10_000)
    assert [part["says"] for part in found.record["robustness"]["tipping"]] == [
        "Price of an outgoing SMS at Twilio: below 0.0064 USD/message, Twilio leads (today: 0.0079 USD/message).",
        "Price of an outgoing SMS at Vonage: below 0.0079 USD/message, Vonage leads (today: 0.0064 USD/message).",
    ]
    found, tippings = measured_cost(needs=["monthly-cost<=70"], sms_outbound=10_000)
    assert tippings["vonage", SMS][2:4] == (Interval(None, 0.007), (True, True))


def test_what_to_ask_names_the_price_up_to_which_the_provider_leads():
    found, _ = measured_cost(wants=["monthly-cost"], video_participant_minutes=50_000)
    (says,) = [part["says"] for part in found.record["confirm"] if len(part["facts"]) == 1]
    assert says.startswith("Price of video at Twilio: what exactly is it, in USD/participant-minute?")
    assert says.endswith(" Below 0.00395 USD/participant-minute, Twilio leads.")


def test_what_to_ask_does_not_repeat_the_limit_that_its_answers_name():
    for asked, ends in (
        ({"needs": ["call-recording-price<=1"]}, "at most 1 USD/minute? If yes, Twilio would be recommended (leaning)"),
        ({"needs": ["call-recording-price<=0.01"], "wants": ["monthly-cost"]}, "if above 0.01 USD/minute, the answer"),
    ):
        found, tippings = measured_cost(**asked, recording_minutes=10_000)
        assert ("twilio", "call-recording-price") in tippings
        alone = [part for part in found.record["confirm"] if len(part["facts"]) == 1]
        (says,) = [part["says"] for part in alone if part["facts"][0]["provider"] == "twilio"]
        assert ends in says
        assert says.endswith(" the answer would be undetermined, leaning to Vonage.")


def test_what_to_ask_says_once_what_every_answer_leads_to():
    found, _ = measured_cost(wants=["monthly-cost"], sms_outbound=1_000, mms_outbound=1_000)
    (says,) = [part["says"] for part in found.record["confirm"] if part["facts"][0]["provider"] == "twilio"]
    assert says == (
        "Price of an MMS at Twilio: what exactly is it, in USD/message? Whatever it is, Twilio would be recommended"
        " (leaning)."
    )


@settings(REPEATED, max_examples=25)
@given(st.integers(1, 10**6), st.integers(1, 10**6), st.sampled_from(["twilio", "vonage"]))
def test_a_provider_leads_by_its_cost_below_its_price_and_nowhere_else(texts, minutes, provider):
    found, tippings = measured_cost(wants=["monthly-cost"], sms_outbound=texts, voice_outbound_minutes=minutes)
    decision, tipping = found.decision, tippings.get((provider, SMS))
    fact = decision.facts(provider, SMS)
    for amount in (0.0001, 0.001, 0.003, 0.005, 0.0063, 0.0065, 0.0078, 0.008, 0.01, 0.02, 0.04, 0.0999):
        supposed = decision.facts.supposing(fact._replace(amount=Interval(amount, amount)))
        verdict = judge_team(decision.outcome.team, supposed).verdict
        if tipping is not None:
            assert (verdict.provider == provider) is is_inside(tipping, amount)


def asked_and_paid(said, limit, bound, calls=50, weight=None, *, scale=None):
    """A world with prices that are asked for and that a monthly cost rests on too, and its decision."""
    call_price = price("call-price")
    call_price = call_price._replace(usage=("calls",), scale=scale or call_price.scale)
    cost = price("monthly-cost")._replace(scale=None, computed=True)
    claims = {name: {"call-price": each, "board": board} for name, (each, board) in zip("abc", said, strict=False)}
    knowledge = knowledge_of([capability("board"), call_price, cost], claims)
    items = {"calls": UsageItem("calls", "Calls", "How many calls?", "calls")}
    knowledge = replace(knowledge, usage=items, fingerprint=repr(claims))
    asked = (
        Requirement("monthly-cost", *limit, weight=weight),
        Requirement("call-price", *bound),
        Requirement("board", "should"),
    )
    team = Team(asked, usage={"calls": calls})
    return World(knowledge, team), decided(knowledge, team)


def test_a_price_that_is_asked_for_tips_where_the_limit_on_its_cost_breaks():
    # Bob's cost of 400 breaks the limit of 300; with the board he leads up to 6 a call, well below the bound of 8.
    said = [(Said(5, "exactly"), LACKS), (Said(8, "exactly"), HAS)]
    upper = Interval(None, 300), Interval(None, 8)
    _, decision = asked_and_paid(said, ("must", upper[0]), ("must", upper[1]))
    (tipping,) = (part for part in find_tippings(decision.outcome) if part.provider == "b")
    assert (tipping.within, tipping.reached) == (Interval(None, 6), (True, True))
    # As a wish, of 3 points, the limit outweighs the board, and what is left of the price.
    _, decision = asked_and_paid(said, ("should", upper[0]), ("could", None), 50, 1.5)
    (tipping,) = (part for part in find_tippings(decision.outcome) if part.provider == "b")
    assert (tipping.within, tipping.reached) == (Interval(None, 6), (True, True))


def test_prices_that_no_float_lies_between_are_neighbours():
    """A millionth of this scale is less than the distance of two floats, so that the search would never end."""
    said = [(Said(1e12 - 0.05, "exactly"), LACKS), ((), LACKS)]
    _, decision = asked_and_paid(said, ("should", None), ("should", None), 10, scale=Scale(1e12, 1e12 - 0.1, ""))
    found = {part.provider for part in find_tippings(decision.outcome)}
    assert "b" in found


PRICES = st.sampled_from([*(Said(each, "exactly") for each in (2, 5, 8)), Said((1, 7)), Said(4, "from"), ()])


@settings(REPEATED, max_examples=60)
@given(
    st.lists(st.tuples(PRICES, st.sampled_from([HAS, LACKS, ()])), min_size=2, max_size=3),
    st.tuples(st.sampled_from(["must", "should"]), st.sampled_from([None, Interval(None, 150), Interval(None, 300)])),
    st.tuples(st.sampled_from(["must", "could"]), st.sampled_from([None, Interval(None, 3), Interval(None, 8)])),
    st.sampled_from([50, Volume(20, 50, "20..50")]),
    st.sampled_from([0.5, 1, 3]),
)
def test_a_provider_leads_below_a_price_that_is_asked_for_and_paid(said, limit, bound, calls, weight):
    world, decision = asked_and_paid(said, limit, bound, calls, weight)
    found = {(part.provider, part.criterion): part for part in find_tippings(decision.outcome)}
    for provider in world.knowledge.providers:
        fact = decision.facts(provider, "call-price")
        is_exact = fact.amount is not None and fact.amount.low == fact.amount.high
        possible = Interval() if fact.amount is None or is_exact else fact.amount
        amounts = [number / 4 + 0.01 for number in range(40)]
        amounts = [amount for amount in amounts if possible.holds(Interval(amount, amount))]
        leading = [leads(world, decision, fact, amount) for amount in amounts]
        if tipping := found.get((provider, "call-price")):
            assert leading == [is_inside(tipping, amount) for amount in amounts]
        elif decision.outcome.verdict.kind != "none":
            assert len(set(leading)) == 1


def test_the_end_that_an_amount_lies_just_beside_is_found_on_scales_of_any_length():
    steps = ((10, 3, 3.00001), (200, 3, 3.0001), (100_000, 3, 3.001), (50_000, 999.95, 999.951))
    for best, end, beside in (*steps, (2_000_000, 1_234_567, 1_234_567.001), (5e9, 1_234_567_890, 1_234_567_890.001)):
        criterion = quantity("rate", worst=0, best=best, whole=False)
        assert list_past([end], None, criterion) == [beside]
        assert find_nearest_end(beside, criterion) == end
        assert find_nearest_end(end, criterion) is None


def test_no_amount_lies_past_the_lowest_that_there_can_be():
    criterion = price("rate")
    assert list_past([3, 0], find_floor(criterion), criterion) == [2.99999]
