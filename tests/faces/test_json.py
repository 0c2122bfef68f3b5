"""The JSON that other programs rely on: its schema, its promises, and that the library gives the same bytes."""

from __future__ import annotations

import datetime as dt
import json

import jsonschema
import pytest

from provider_advisor import recommend
from provider_advisor.explanation.answer_schema import answer_schema

_QUESTIONS = [
    {"needs": ["whiteboard", "ucaas"]},
    {"needs": ["voice-api", "number-countries>=90"], "wants": ["number-porting", "fax:could"]},
    {"needs": ["sms-api"], "wants": ["monthly-cost"], "usage": {"sms-outbound": 500000, "sms-inbound": 100000}},
    {"needs": ["contact-centre", "monthly-cost<=900"], "usage": {"contact-centre-agents": 5}},
    {"wants": ["video-api"], "situation": {"use-cases": ["tutoring"], "developers": "none"}},
    {"wants": ["support-reputation", "coding-effort<=medium", "ucaas-price"]},
    {},
]


@pytest.mark.parametrize("robustness", [True, False])
@pytest.mark.parametrize("question", _QUESTIONS, ids=str)
def test_the_record_keeps_to_its_schema(question, robustness, knowledge):
    record = recommend(knowledge, as_of=dt.date(2022, 12, 31), robustness=robustness, **question).record
    assert bool(record["robustness"]) is robustness
    jsonschema.Draft202012Validator(answer_schema()).validate(json.loads(json.dumps(record)))


def test_the_schema_refuses_what_is_not_promised(knowledge):
    record = recommend(knowledge, needs=["sms"]).record
    broken = {**record, "verdict": {**record["verdict"], "kind": "perhaps"}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(answer_schema()).validate(broken)


def test_the_library_gives_exactly_the_json_of_the_command(knowledge, recommend_says):
    command = "recommend --needs whiteboard,ucaas --wants fax:could --situation developers=none --as-of 2022-12-31"
    printed = recommend_says(f"{command} --format json --no-robustness").out
    asked = {"needs": ["whiteboard", "ucaas"], "wants": ["fax:could"], "situation": {"developers": "none"}}
    assert printed == recommend(knowledge, as_of=dt.date(2022, 12, 31), **asked).to_json() + "\n"


def test_every_finding_that_is_known_cites_a_line_of_a_listed_source(article):
    record = recommend(article, needs=["whiteboard", "ucaas"], wants=["screen-sharing", "sms-outbound-price"]).record
    listed = {source["id"] for source in record["sources"]}
    known = [finding for finding in record["findings"] if finding["outcome"] != "unknown"]
    assert known
    for finding in known:
        assert finding["evidence"], finding["criterion"]
        assert {part["source"] for part in finding["evidence"]} <= listed
        assert all(part["line"] >= 1 for part in finding["evidence"])


def test_nothing_but_provider_ids_stands_where_a_provider_is_meant(article):
    record = recommend(article, needs=["whiteboard", "ucaas"]).record
    assert record["combinations"] == [["twilio", "vonage"]]
    assert {finding["provider"] for finding in record["findings"]} == set(article.providers)


def test_the_answer_does_not_depend_on_the_order_of_the_question(knowledge):
    first = recommend(knowledge, needs=["ucaas", "whiteboard"], wants=["fax", "sms"]).to_json()
    second = recommend(knowledge, needs=["whiteboard", "ucaas"], wants=["sms", "fax"]).to_json()
    assert first == second


def test_criteria_are_listed_with_what_the_contract_names(recommend_says):
    listed = json.loads(recommend_says("recommend criteria --format json").out)
    assert all({"id", "label", "aliases", "area", "kind", "unit"} <= set(entry) for entry in listed)
    assert {entry["kind"] for entry in listed} == {"capability", "quantity", "price", "rating"}


def test_facts_are_every_claim_with_what_the_contract_names(recommend_says, knowledge):
    listed = json.loads(recommend_says("recommend facts --format json").out)
    keys = {"provider", "product", "criterion", "value", "bound", "unit", "evidence", "source", "line", "as_of"}
    assert all(keys <= set(entry) for entry in listed)
    claims = [claim for provider in knowledge.providers.values() for claim in provider.claims]
    assert len(listed) == sum(len(claim.members) or 1 for claim in claims), "one on several members is one on each"
    bounds = {"exactly", "at_least", "more_than", "at_most", "between", "from", None}
    assert {entry["bound"] for entry in listed} <= bounds
