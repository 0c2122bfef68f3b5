"""What is recorded beside a price stands with the monthly cost: a cost that leaves out fees must not look complete."""

import datetime as dt

import pytest

from provider_advisor import load
from provider_advisor.explanation.findings_in_words import find_stale_year
from provider_advisor.faces.cli.text_answer import render_recommendation
from provider_advisor.recommendation import answer
from provider_advisor.requirements import Statement, read_team

_COSTS = {
    "text": ("Monthly cost ", "Products to choose"),
    "markdown": ("## Monthly cost", " ## "),
    "html": ('<h2 id="cost">', "</section>"),
}
"""Where the costs begin and end, by the form of an answer."""


@pytest.mark.parametrize(("form", "verbose"), [("text", False), ("text", True), ("markdown", False), ("html", False)])
def test_notes_of_a_price_are_told_with_the_cost(form, verbose):
    knowledge = load()
    team = read_team(knowledge, needs=["sms-api"], usage={"sms-outbound@us": 60_000})
    found = answer(knowledge, Statement(team, dt.date(2026, 11, 28)))
    text = " ".join(render_recommendation(found, knowledge, form, verbose=verbose).split())
    # No further than the costs: caveats may name the same note.
    begin, end = _COSTS[form]
    costs = text[text.rindex(begin) + len(begin) :]
    assert "Not included: carrier fees" in costs[: costs.index(end)]


@pytest.mark.parametrize(
    ("only", "whom"),
    [
        (["agora", "daily"], "None of them has a"),
        (["agora", "vonage"], "Agora has no"),
        (["agora", "daily", "livekit", "zoom", "vonage"], "The 4 others have no"),
    ],
)
def test_providers_without_a_price_are_named_or_counted(only, whom):
    knowledge = load()
    team = read_team(knowledge, needs=["sms-api"], usage={"sms-outbound": 60_000})
    found = answer(knowledge.restrict(only=only), Statement(team, dt.date(2026, 11, 28)))
    text = render_recommendation(found, knowledge, "text", verbose=False)
    assert f"{whom} known price for this usage." in text


def test_the_note_of_a_price_is_told_once():
    knowledge = load()
    team = read_team(knowledge, needs=["sms-api"], wants=["monthly-cost"], usage={"sms-outbound": 60_000})
    found = answer(knowledge.restrict(only=["telnyx", "vonage"]), Statement(team, dt.date(2026, 11, 28)))
    text = render_recommendation(found, knowledge, "text", verbose=False)
    assert text.casefold().count("up to 100 million message parts a month") == 1


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_a_bound_that_a_cost_meets_by_prices_out_of_date_is_marked_with_their_year(form):
    knowledge = load()
    team = read_team(knowledge, needs=["sms-api", "monthly-cost<=100"], usage={"sms-outbound": 10_000})
    found = answer(knowledge.restrict(only=["vonage", "telnyx"]), Statement(team, dt.date(2026, 11, 28)))
    (met,) = [part for part in found.explanation.findings if part.outcome == "met" and part.criterion == "monthly-cost"]
    assert find_stale_year(met, found.explanation) == "2022"
    assert "yes (2022)" in render_recommendation(found, knowledge, form, verbose=False)


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_a_bound_that_a_cost_leaves_open_is_told_with_it(form):
    # Twilio alone, from two sources: a price for the United States, and one of 2022 that names no country.
    sources = ["twilio-vs-vonage-2022", "twilio-api-pricing-what-a-text-message-costs-and"]
    knowledge = load().restrict(only=["twilio"], sources=sources)
    usage = {"sms-outbound": 10_000, "voice-outbound-minutes": 3000}
    team = read_team(knowledge, needs=["phone-numbers@de", "monthly-cost<=500"], usage=usage)
    found = answer(knowledge, Statement(team, dt.date(2026, 11, 28)))
    text = " ".join(render_recommendation(found, knowledge, form, verbose=False).split())
    for part in (
        "at least 95 USD/month (United States price of Outgoing SMS, 2022 price of Outgoing call minutes)",
        "Not included: carrier fees.",
        "No price is known for Germany; the United States price and a price that names no country were used instead.",
        "It is not known whether the cost is at most 500 USD/month.",
    ):
        assert part in text, part


@pytest.mark.parametrize(
    ("wants", "told"),
    [
        (["sms-outbound-price"], True),
        (["sms-outbound-price@br"], False),
        (["sms-outbound-price", "sms-outbound-price@in"], False),
    ],
)
def test_a_price_in_general_beside_texts_by_country_is_told(wants, told):
    knowledge = load()
    team = read_team(knowledge, needs=["sms@br", "sms@in"], wants=wants)
    note = (
        "Price of an outgoing SMS is compared in general, not for Brazil and India; for that, ask for "
        "sms-outbound-price@br and sms-outbound-price@in."
    )
    assert (note in answer(knowledge, Statement(team, dt.date(2026, 11, 30))).explanation.notes) is told
