"""Words in the tables of an answer: what weakens a yes or a no is said beside it."""

from __future__ import annotations

import pytest
from worlds import DAY, PLACES, Said, capability, knowledge_of, price, quantity, with_providers

from provider_advisor.explanation.findings_in_words import list_caveats
from provider_advisor.faces.cli.text_answer import render_recommendation
from provider_advisor.logic import Interval
from provider_advisor.recommendation import answer
from provider_advisor.requirements import Requirement, Statement, Team

_READ_TWICE = Said("present", evidence="ambiguous")


def _answered(claims, *criteria):
    knowledge = knowledge_of(criteria, claims)
    team = Team(tuple(Requirement(criterion.id, "must") for criterion in criteria))
    return answer(knowledge, Statement(team, DAY)), knowledge


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_tables_say_that_all_evidence_is_ambiguous(form):
    claims = {
        "ada": {"fax": _READ_TWICE, "seats": Said(5, "exactly", "ambiguous")},
        "bob": {"fax": Said("absent", evidence="ambiguous"), "seats": Said(5, "exactly")},
    }
    found, knowledge = _answered(claims, capability("fax"), quantity("seats"))
    text = " ".join(render_recommendation(found, knowledge, form, verbose=False).split())
    assert text.count("yes, ambiguous") >= 1, "Ada's fax"
    assert text.count("no, ambiguous") >= 1, "Bob's fax"
    assert text.count("5 things, ambiguous") >= 1, "Ada's seats"
    assert text.count("5 things, ambiguous") < text.count("5 things"), "Bob's seats are stated"


def test_a_second_claim_that_is_plain_leaves_nothing_ambiguous():
    found, _ = _answered({"ada": {"fax": [_READ_TWICE, Said("present", product="extra")]}}, capability("fax"))
    assert [part.is_ambiguous for part in found.explanation.findings] == [False]


def test_what_is_unknown_is_not_called_ambiguous():
    found, _ = _answered({"ada": {"fax": [_READ_TWICE, Said("absent", evidence="ambiguous")]}}, capability("fax"))
    assert [part.is_ambiguous for part in found.explanation.findings] == [False]


_LISTED_WITHOUT = Said("absent", evidence="contrast")


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_tables_say_that_no_source_states_what_one_implies(form):
    found, knowledge = _answered({"ada": {"fax": Said("present")}, "bob": {"fax": _LISTED_WITHOUT}}, capability("fax"))
    text = " ".join(render_recommendation(found, knowledge, form, verbose=False).split())
    assert "no, implied" in text if form == "text" else "(implied)" in text, "Bob's fax"


def test_of_many_providers_the_line_on_those_ruled_out_says_what_is_only_implied():
    claims = {f"p{number}": {"fax": Said("present"), "sms": Said("present")} for number in range(5)}
    claims["bob"] = {"fax": _LISTED_WITHOUT, "sms": Said("absent")}
    found, knowledge = _answered(claims, capability("fax"), capability("sms"))
    text = " ".join(render_recommendation(found, knowledge, "text", verbose=False).split())
    assert "Bob: fax (implied) and sms" in text


@pytest.mark.parametrize(
    ("bob", "said"),
    [
        ({"fax": _LISTED_WITHOUT, "sms": _LISTED_WITHOUT}, "; the sources only imply that Bob fails."),
        ({"fax": _LISTED_WITHOUT, "sms": Said("absent")}, None),
        ({"fax": [_LISTED_WITHOUT, Said("absent", product="extra")], "sms": Said("present")}, None),
    ],
)
def test_the_verdict_says_who_is_ruled_out_only_by_what_is_implied(bob, said):
    claims = {"ada": {"fax": Said("present"), "sms": Said("present")}, "bob": bob}
    sentence = _answered(claims, capability("fax"), capability("sms"))[0].explanation.verdict.reason
    assert sentence.endswith(said) if said else "imply" not in sentence, sentence


@pytest.mark.parametrize(
    ("fax", "sms", "said"),
    [
        (_READ_TWICE, Said("present"), "; for Ada, the texts on fax are ambiguous."),
        (_READ_TWICE, _READ_TWICE, "; for Ada, the texts on fax and sms are ambiguous."),
        ([_READ_TWICE, Said("present", product="extra")], Said("present"), None),
    ],
)
def test_the_verdict_says_which_musts_rest_on_ambiguous_texts_alone(fax, sms, said):
    claims = {"ada": {"fax": fax, "sms": sms}, "bob": {"fax": Said("absent"), "sms": Said("present")}}
    found, _ = _answered(claims, capability("fax"), capability("sms"))
    sentence = found.explanation.verdict.reason
    assert sentence.endswith(said) if said else "ambiguous" not in sentence, sentence


def test_the_sentence_calls_ambiguous_what_the_findings_do_of_choices_and_members_too():
    criteria = [capability("fax"), capability("sms")._replace(of_each=PLACES.id)]
    claims = {"ada": {"fax": _READ_TWICE, "sms": _READ_TWICE}, "bob": {"fax": Said("absent"), "sms": Said("absent")}}
    knowledge = knowledge_of(criteria, claims)
    ada = knowledge.providers["ada"]
    at_here = tuple(part._replace(members=("here",)) if part.criterion == "sms" else part for part in ada.claims)
    knowledge = with_providers(knowledge, {**knowledge.providers, "ada": ada._replace(claims=at_here)})
    team = Team((Requirement("sms@here", "must"), Requirement("fax|sms@there", "must")))
    found = answer(knowledge, Statement(team, DAY)).explanation
    ambiguous = [part.criterion for part in found.findings if part.provider == "ada" and part.is_ambiguous]
    assert sorted(ambiguous) == ["fax|sms@there", "sms@here"]
    assert "the texts on fax or sms, There and sms, Here are ambiguous" in found.verdict.reason, found.verdict.reason


def test_a_monthly_cost_by_an_ambiguous_price_is_ambiguous_in_the_sentence_too():
    call_price = price("call-price")._replace(usage=("calls",))
    cost = price("monthly-cost")._replace(computed=True, unit="USD/month", scale=None)
    claims = {"ada": {"call-price": Said(5, "exactly", "ambiguous")}, "bob": {"call-price": Said(9, "exactly")}}
    knowledge = knowledge_of([call_price, cost], claims)
    team = Team((Requirement("monthly-cost", "must", Interval(None, 600)),), {}, {"calls": 100})
    found = answer(knowledge, Statement(team, DAY)).explanation
    assert [part.is_ambiguous for part in found.findings] == [True, False]
    said = "for Ada, the texts on monthly-cost, at most 600 USD/month are ambiguous"
    assert said in found.verdict.reason, found.verdict.reason


def test_caveats_tell_of_the_provider_named_what_is_ambiguous_even_if_all_meet_it():
    claims = {"ada": {"fax": Said("present"), "chat": _READ_TWICE}, "bob": {"fax": _READ_TWICE, "chat": Said("absent")}}
    found, knowledge = _answered(claims, capability("fax"), capability("chat"))
    caveats = list_caveats(found.explanation, knowledge)
    assert "Ada, chat: the source can be read in another way." in caveats
    assert not any(caveat.startswith(("Ada, fax", "Bob")) for caveat in caveats)
    only, knowledge = _answered({"ada": {"fax": _READ_TWICE}}, capability("fax"))
    assert "Ada, fax: the source can be read in another way." in list_caveats(only.explanation, knowledge)
