"""Comparisons show what is known of members in the row of their criterion, and lose none of it."""

from __future__ import annotations

import datetime as dt
import json
import re

from provider_advisor import load
from provider_advisor.faces.compared_facts import ComparedFact, ComparedRow, fold_members
from provider_advisor.knowledge import Facts
from provider_advisor.knowledge.conditions import AT
from provider_advisor.logic import Truth

_ARTICLE = "--as-of 2022-12-31 --sources twilio-vs-vonage-2022"


def test_members_are_named_in_the_row_of_their_criterion(recommend_says):
    found = " ".join(recommend_says(f"recommend compare vonage --area video {_ARTICLE}").out.split())
    assert "Live streaming to platforms yes: Facebook Live, Twitch and YouTube [1, line 104]" in found
    assert "Live streaming to platforms, Twitch" not in found


def test_every_fact_is_in_one_row():
    knowledge = load()
    facts = Facts(knowledge, dt.date(2026, 11, 29))
    chosen = list(facts.knowledge.providers)
    claimed = {name for _, name in knowledge.list_claimed()}
    names = sorted(claimed | {name.partition(AT)[0] for name in claimed})
    rows = [(knowledge.criteria[name], [facts(provider, name) for provider in chosen]) for name in names]
    folded = fold_members(rows)
    before = sorted((fact.provider, fact.criterion) for _, found in rows for fact in found)
    after = sorted((fact.provider, fact.criterion) for row in folded for cell in row.cells for fact in cell.facts)
    assert after == before
    assert len(folded) < len(rows)
    left = [row.criterion for row in folded if AT in row.criterion.id]
    assert {criterion.kind for criterion in left} <= {"price", "quantity"}, "amounts keep their rows"


def test_a_cell_says_what_is_lacking_and_counts_the_many():
    knowledge = load()
    facts = Facts(knowledge, dt.date(2026, 11, 29))
    members = list(knowledge.criteria.list_of("phone-numbers").members)[:7]
    own = facts("daily", "phone-numbers")._replace(truth=Truth.UNKNOWN, claims=())
    there, lacking = (
        [own._replace(criterion=f"phone-numbers@{name}", truth=truth) for name in some]
        for truth, some in ((Truth.YES, members[:6]), (Truth.NO, members[6:]))
    )
    row = ComparedRow(knowledge.criteria["phone-numbers"], (ComparedFact(own, (*there, *lacking)),))
    (text,) = row.list_texts(knowledge)
    assert re.fullmatch(r"\?: .+ and 2 more; not .+", text), text
    # Where there is none at all, that no member is there goes without saying.
    claim = facts("daily", "video-api").claims[0]._replace(value="absent")
    none = own._replace(truth=Truth.NO, claims=(claim,))
    (text,) = row._replace(cells=(ComparedFact(none, tuple(lacking)),)).list_texts(knowledge)
    assert text == "no"


def test_rows_are_listed_by_area_and_label(recommend_says):
    rows = json.loads(recommend_says("recommend compare twilio vonage --format json").out)
    shown = [(row["area"], row["label"].casefold()) for row in rows]
    assert shown == sorted(shown)


def test_json_has_the_claims_of_each_member(recommend_says):
    (row,) = [
        row
        for row in json.loads(recommend_says(f"recommend compare vonage --area video {_ARTICLE} --format json").out)
        if row["criterion"] == "live-streaming"
    ]
    known = row["facts"]["vonage"]
    assert known["known"] == "yes: Facebook Live, Twitch and YouTube"
    assert {name: part["claims"][0]["line"] for name, part in known["members"].items()} == {
        f"live-streaming@{name}": 104 for name in ("facebook-live", "twitch", "youtube")
    }


def test_rows_tell_apart_by_a_member_too():
    knowledge = load()
    facts = Facts(knowledge, dt.date(2026, 11, 29))
    claims = facts("twilio", "sms").claims
    own = [facts(name, "sms")._replace(truth=Truth.YES, claims=claims[:1]) for name in ("twilio", "vonage")]
    members = [fact._replace(criterion="sms@us", truth=truth) for fact, truth in zip(own, Truth, strict=False)]
    criterion = knowledge.criteria["sms"]
    alike = ComparedRow(criterion, tuple(ComparedFact(fact) for fact in own))
    apart = ComparedRow(criterion, tuple(map(ComparedFact, own, [(member,) for member in members])))
    assert (alike.tells_apart(facts.knowledge), apart.tells_apart(facts.knowledge)) == (False, True)


def test_prices_of_one_country_are_named_by_its_label(recommend_says):
    compared = " ".join(recommend_says("recommend compare twilio --area prices").out.split())
    assert "0.0083 USD/message (United States price)" in compared
    listed = " ".join(recommend_says("recommend facts twilio").out.split())
    assert "plus carrier fees, for United States (messaging-api)" in listed
    assert "0.0083 USD/message (United States price) (messaging-api)" in listed


def test_a_day_before_any_fact_gets_a_sentence_and_no_empty_table(recommend_says):
    found = " ".join(recommend_says("recommend compare twilio vonage --as-of 2019-01-01").out.split())
    assert found == "Nothing is known about Twilio and Vonage on 2019-01-01 that could be compared."
