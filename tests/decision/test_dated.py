"""Verdicts that only facts past their time prove are dated, and say on which facts they rest ."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import NamedTuple

import pytest
from examples import CRITERIA, HAS, LACKS, must, recommended, should, undetermined
from hypothesis import given
from reference import Verdict
from worlds import (
    DAY,
    SAME_EVERY_RUN,
    Said,
    answer_of,
    capability,
    decided,
    knowledge_of,
    price,
    rule,
    with_providers,
    worlds,
)

from provider_advisor import recommend
from provider_advisor.decision import reassess
from provider_advisor.decision.findings import assess_providers
from provider_advisor.decision.robustness.confirm import find_questions
from provider_advisor.decision.robustness.requirement_changes import find_changes
from provider_advisor.decision.verdict import judge, mark_dated
from provider_advisor.knowledge import Facts, facts_as_of
from provider_advisor.knowledge.conditions import FactHolds, Need
from provider_advisor.knowledge.records import UsageItem
from provider_advisor.knowledge.rules import Policy
from provider_advisor.logic import Truth
from provider_advisor.requirements import Team

OLD = dt.date(2021, 1, 1)
HAD, LACKED = HAS._replace(as_of=OLD), LACKS._replace(as_of=OLD)
POLICY = Policy({"must": 4, "should": 2, "could": 1}, 0.5, {"capability": 365, "quantity": 365, "price": 365})


def was(value, bound="exactly"):
    """An amount that was said long ago."""
    return Said(value, bound, as_of=OLD)


class Dated(NamedTuple):
    """What is known of each provider, what is asked, who comes out, and the facts past their time that prove it."""

    claims: dict
    asked: list
    verdict: Verdict
    dated_by: set


EXAMPLES = {
    "all of it is fresh": Dated(
        {"ada": {"board": HAS}, "bob": {"board": LACKS}}, [must("board")], recommended("ada"), set()
    ),
    "the leader's must is old": Dated(
        {"ada": {"board": HAD}, "bob": {"board": LACKS}},
        [must("board")],
        recommended("ada", "dated"),
        {("ada", "board")},
    ),
    "what rules the rival out is old": Dated(
        {"ada": {"board": HAS}, "bob": {"board": LACKED}},
        [must("board")],
        recommended("ada", "dated"),
        {("bob", "board")},
    ),
    "a rival that is ruled out by something fresh too": Dated(
        {"ada": {"board": HAS, "chat": HAS}, "bob": {"board": LACKED, "chat": LACKS}},
        [must("board"), must("chat")],
        recommended("ada"),
        set(),
    ),
    "a rival that is ruled out by two old facts rests on both": Dated(
        {"ada": {"board": HAS, "chat": HAS}, "bob": {"board": LACKED, "chat": LACKED}},
        [must("board"), must("chat")],
        recommended("ada", "dated"),
        {("bob", "board"), ("bob", "chat")},
    ),
    "an old wish of the leader matters only where scores decide": Dated(
        {"ada": {"board": HAS, "chat": HAD}, "bob": {"board": LACKS}},
        [must("board"), should("chat")],
        recommended("ada"),
        set(),
    ),
    "where scores decide, the leader's old wish and the rival's": Dated(
        {"ada": {"board": HAS, "chat": HAD}, "bob": {"board": HAS, "chat": LACKED}},
        [must("board"), should("chat")],
        recommended("ada", "dated"),
        {("ada", "chat"), ("bob", "chat")},
    ),
    "a rival that is certainly behind by something fresh": Dated(
        {
            "ada": {"chat": HAD, "fax": HAS},
            "bob": {"chat": LACKED, "fax": HAS},
            "cyd": {"chat": LACKED, "fax": LACKS},
        },
        [should("chat"), should("fax", weight=9)],
        recommended("ada", "dated"),
        {("ada", "chat"), ("bob", "chat")},
    ),
    "where an old fact rules the rival out, no wish matters": Dated(
        {"ada": {"board": HAS, "chat": HAD}, "bob": {"board": LACKED, "chat": HAS}},
        [must("board"), should("chat")],
        recommended("ada", "dated"),
        {("bob", "board")},
    ),
    "what a rival has holds nobody back": Dated(
        {"ada": {"board": HAS, "chat": HAD, "fax": HAS}, "bob": {"board": HAS, "chat": LACKED, "fax": HAD}},
        [must("board"), should("chat"), should("fax", weight=0.5)],
        recommended("ada", "dated"),
        {("ada", "chat"), ("bob", "chat")},
    ),
    "an old wish too light to matter": Dated(
        # ada 6/7 to 7/7, bob at most 5/7
        {"ada": {"board": HAS, "chat": HAS, "fax": HAD}, "bob": {"board": HAS, "chat": LACKS, "fax": LACKS}},
        [must("board"), should("chat"), should("fax", weight=0.5)],
        recommended("ada"),
        set(),
    ),
    "not proven at all stays leaning": Dated(
        {"ada": {"board": HAD}, "bob": {}}, [must("board")], recommended("ada", "leaning"), set()
    ),
    "undetermined has no strength": Dated(
        {"ada": {"chat": HAD}, "bob": {}}, [must("board"), must("chat")], undetermined("ada"), set()
    ),
    "an old amount": Dated(
        {"ada": {"seats": was(8)}, "bob": {"seats": Said(2, "exactly")}},
        [must("seats", at_least=5)],
        recommended("ada", "dated"),
        {("ada", "seats")},
    ),
    "what a price pays for may be old": Dated(
        {"ada": {"fax-price": Said(2, "exactly"), "fax": HAD}, "bob": {"fax-price": Said(9, "exactly"), "fax": HAS}},
        [must("fax-price", at_most=3)],
        recommended("ada", "dated"),
        {("ada", "fax")},
    ),
    "what the price in a choice pays for may be old": Dated(
        {"ada": {"fax-price": Said(2, "exactly"), "fax": HAD}, "bob": {"chat": LACKS, "fax": LACKS}},
        [must("chat|fax-price<=3")],
        recommended("ada", "dated"),
        {("ada", "fax")},
    ),
    "nobody can overtake who is alone": Dated({"ada": {"board": HAD}}, [should("board")], recommended("ada"), set()),
    "an old must of who is alone": Dated(
        {"ada": {"board": HAD}}, [must("board")], recommended("ada", "dated"), {("ada", "board")}
    ),
    "ratings have no time here": Dated(
        {"ada": {"repute": Said("good", as_of=OLD)}, "bob": {"repute": Said("poor", as_of=OLD)}},
        [must("repute", at_least=2)],
        recommended("ada"),
        set(),
    ),
}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_the_verdict_is_dated_where_only_old_facts_prove_it(example):
    decision = decided(knowledge_of(CRITERIA, example.claims, (), POLICY), Team(tuple(example.asked)))
    assert answer_of(decision).verdict == example.verdict
    assert set(decision.dated_by) == example.dated_by


def test_every_price_model_behind_a_cost_may_be_old():
    models = [price(name, "desk")._replace(usage=("hours",)) for name in ("hourly", "plan")]
    cost = price("monthly-cost")._replace(scale=None, computed=True)
    claims = {
        "ada": {"desk": HAS, "hourly": Said(5, "exactly"), "plan": was(9)},
        "bob": {"desk": HAS, "hourly": was(6), "plan": was(7)},
    }
    knowledge = knowledge_of([capability("desk"), *models, cost], claims, (), POLICY)
    hours = UsageItem("hours", "Hours", "How many hours?", "h")
    knowledge = replace(knowledge, usage={"hours": hours}, fingerprint="old models")
    decision = decided(knowledge, Team((must("monthly-cost", at_most=50),), usage={"hours": 10}))
    assert answer_of(decision).verdict == recommended("ada", "dated")
    assert decision.dated_by == (("bob", "hourly"), ("bob", "plan"))


def test_what_a_rule_favours_by_may_be_old():
    rules = [rule("r", Need("board"), favours=FactHolds("chat"), weight=2)]
    claims = {"ada": {"board": HAS, "chat": HAD}, "bob": {"board": HAS, "chat": LACKS}}
    decision = decided(knowledge_of(CRITERIA, claims, rules, POLICY), Team((must("board"),)))
    assert (decision.outcome.verdict.strength, decision.dated_by) == ("dated", (("ada", "chat"),))


def test_what_ended_with_its_product_is_never_out_of_date():
    knowledge = knowledge_of(CRITERIA, {"ada": {"board": HAD}}, (), POLICY)
    ada = knowledge.providers["ada"]
    ended = ada._replace(products={name: each._replace(until=OLD) for name, each in ada.products.items()})
    for provider, truth, is_stale in ((ada, Truth.YES, True), (ended, Truth.NO, False)):
        facts = Facts(with_providers(knowledge, {"ada": provider}), DAY)
        fact = facts("ada", "board")
        assert (fact.truth, facts.is_stale(fact)) == (truth, is_stale)


@given(worlds())
@SAME_EVERY_RUN
def test_a_dated_verdict_rests_on_facts_that_make_it_firm_again_if_they_still_hold(world):
    decision = decided(world.knowledge, world.team)
    assert bool(decision.dated_by) == (decision.outcome.verdict.strength == "dated")
    facts, team = decision.facts, world.team
    assert all(facts.is_stale(facts(*fact)) for fact in decision.dated_by)
    again = facts.without_stale().supposing(*(facts(*fact) for fact in decision.dated_by))
    found = judge(assess_providers(decision.outcome.inference, again, team))
    if decision.dated_by:
        assert found == decision.outcome.verdict._replace(strength="firm")


@given(worlds())
@SAME_EVERY_RUN
def test_where_all_is_past_its_time_the_short_way_says_what_the_long_one_does(world):
    facts, team = facts_as_of(world.knowledge, DAY), world.team
    outcome = decided(world.knowledge, team).outcome
    verdict = judge(outcome.assessments)
    again = judge(assess_providers(outcome.inference, facts.without_stale(), team))
    assert reassess(outcome, facts).verdict == mark_dated(verdict, again)


def test_what_to_confirm_of_a_dated_verdict_are_its_old_facts_alone_and_together():
    claims = {"ada": {"board": HAD, "chat": HAD}, "bob": {"board": LACKS}}
    decision = decided(knowledge_of(CRITERIA, claims, (), POLICY), Team((must("board"), must("chat"))))
    found = find_questions(decision.outcome)
    asked = [(part.provider, part.criterion, str(part.stated)) for part in found.questions]
    assert sorted(asked) == [("ada", "board", "2021-01-01"), ("ada", "chat", "2021-01-01")]
    for question in found.questions:  # still so: as before, for the other is old; no longer: nobody is left
        assert [answer.verdict.kind for answer in question.answers] == ["recommended", "none"]
        assert question.answers[0].verdict == decision.outcome.verdict
    (together,) = found.sets
    assert [part.criterion for part in together.questions] == ["board", "chat"]
    assert together.verdict == decision.outcome.verdict._replace(strength="firm")


def test_one_old_fact_that_still_holds_makes_it_firm_alone():
    claims = {"ada": {"board": HAD}, "bob": {"board": LACKS}}
    decision = decided(knowledge_of(CRITERIA, claims, (), POLICY), Team((must("board"),)))
    found = find_questions(decision.outcome)
    (question,) = found.questions
    assert [answer.verdict.strength for answer in question.answers] == ["firm", None]
    assert not found.sets


def test_an_old_amount_is_asked_for_as_it_is_and_as_if_it_were_not_known():
    claims = {"ada": {"seats": was(8)}, "bob": {"seats": Said(2, "exactly")}}
    decision = decided(knowledge_of(CRITERIA, claims, (), POLICY), Team((must("seats", at_least=5),)))
    (question,) = find_questions(decision.outcome).questions
    first, *others = question.answers
    assert (first.fact.amount.low, first.verdict.strength) == (8, "firm")
    assert {answer.verdict.kind for answer in others} == {"recommended", "none"}
    assert sum(answer.share for answer in question.answers) == pytest.approx(1)


def test_a_change_of_what_is_asked_leads_to_a_dated_verdict_where_only_old_facts_prove_it():
    claims = {"ada": {"board": HAS, "chat": LACKS}, "bob": {"board": LACKED, "chat": HAD}}
    decision = decided(knowledge_of(CRITERIA, claims, (), POLICY), Team((must("board"), must("chat"))))
    assert decision.outcome.verdict.kind == "none"
    assert [part.verdict.strength for part in decision.concessions] == ["dated", "dated"]
    turned = {turn.verdict.provider: turn.verdict.strength for turn in find_changes(decision.outcome).turns}
    assert turned == {"ada": "dated", "bob": "dated"}


TEAMS = [
    {"needs": ["video-api", "whiteboard", "video-lobby"], "wants": ["branded-video"]},
    {"needs": ["ucaas", "team-chat", "business-phone-system"], "wants": ["fax"], "usage": {"ucaas-users": 30}},
    {"needs": ["sms-api"], "wants": ["monthly-cost"], "usage": {"sms-outbound": 500_000, "sms-inbound": 100_000}},
]


@pytest.mark.parametrize("asked", TEAMS, ids=["board", "phones", "sms"])
def test_what_the_shipped_base_proved_in_2022_is_dated_four_years_later(asked, article):
    then, now = (recommend(article, **asked, as_of=day) for day in (dt.date(2022, 12, 31), dt.date(2026, 11, 1)))
    assert (then.verdict.strength, now.verdict.strength) == ("firm", "dated")
    assert then.verdict.provider == now.verdict.provider
    assert now.explanation.dated_by
    assert "on facts that are out of date" in now.explanation.verdict.reason
    assert not then.explanation.dated_by
