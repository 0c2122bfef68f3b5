"""A choice counts by its best part, a must-not by what is not there; rules, worlds and questions obey both."""

from __future__ import annotations

import pytest
from examples import must, should
from worlds import Said, capability, decided, knowledge_of, price, quantity, rule

from provider_advisor.decision.findings import list_used_facts
from provider_advisor.decision.robustness import calculate_provider_shares, find_changes, find_questions
from provider_advisor.inference import infer
from provider_advisor.knowledge.conditions import FactHolds, Need, Not
from provider_advisor.knowledge.rules import Implied, Policy
from provider_advisor.logic import ABSENT
from provider_advisor.requirements import Requirement, Team

HAS, LACKS = Said("present"), Said("absent")
CRITERIA = [
    capability("chat"),
    capability("fax", weight=3),
    capability("law")._replace(negotiable=False),
    capability("page"),
    price("page-price", of="page"),
    quantity("seats"),
]
EITHER = must("chat|fax")
NO_FAX = Requirement("fax", "must", ABSENT)


def decide_for(claims, *asked, rules=(), policy=None):
    return decided(knowledge_of(CRITERIA, claims, rules, policy), Team(tuple(asked)))


def found_for(decision, provider="ada"):
    return next(each for each in decision.outcome.assessments if each.provider == provider).findings[0]


@pytest.mark.parametrize(
    ("claims", "degree"),
    [
        ({"chat": HAS, "fax": LACKS}, (1, 1, 1)),
        ({"chat": HAS}, (1, 1, 1)),
        ({"chat": LACKS}, (0, 1, 0.25)),
        ({"chat": LACKS, "fax": LACKS}, (0, 0, 0)),
        ({}, (0, 1, 0.25)),
    ],
)
def test_of_a_choice_the_best_part_counts(claims, degree):
    finding = found_for(decide_for({"ada": claims}, EITHER, policy=Policy({"must": 4}, 0.25)))
    assert finding.degree[:3] == degree
    assert finding.weight == 12  # as important as its most important part


@pytest.mark.parametrize(
    ("claims", "degree"), [({"fax": HAS}, (0, 0, 0)), ({"fax": LACKS}, (1, 1, 1)), ({}, (0, 1, 0.75))]
)
def test_what_must_not_be_there_is_met_by_its_absence(claims, degree):
    decision = decide_for({"ada": claims}, NO_FAX, policy=Policy({"must": 4}, 0.25))
    assert found_for(decision).degree[:3] == degree


def test_a_price_in_a_choice_is_of_no_use_without_what_it_pays_for():
    decision = decide_for({"ada": {"page": LACKS, "page-price": Said(2)}}, must("chat|page-price<=3"))
    assert found_for(decision).outcome == "unknown"
    assert (
        found_for(
            decide_for({"ada": {"page": HAS, "page-price": Said(2, "exactly")}}, must("chat|page-price<=3"))
        ).outcome
        == "met"
    )


def test_the_evidence_is_that_of_the_parts_that_decide():
    finding = found_for(decide_for({"ada": {"chat": HAS, "fax": LACKS}}, EITHER))
    assert [claim.criterion for claim in finding.degree.claims] == ["chat"]


def test_a_finding_on_a_price_rests_on_what_it_pays_for_too():
    # Notices, such as the announced end of the page, are found by these facts.
    claims = {"ada": {"chat": LACKS, "page-price": Said(2, "exactly")}}
    for asked in (must("page-price", at_most=3), must("chat|page-price<=3")):
        decision = decide_for(claims, asked)
        used = list_used_facts(found_for(decision), decision.facts)
        assert [fact.criterion for fact in used] == ["page-price", "page"]


def test_what_could_turn_a_choice_is_each_open_fact_of_its_parts():
    decision = decide_for(
        {"ada": {"chat": LACKS}, "bob": {"chat": LACKS, "seats": Said((3, 9), "between")}}, must("chat|fax|seats>=5")
    )
    asked = {(part.provider, part.criterion) for part in find_questions(decision.outcome).questions}
    assert asked == {("ada", "fax"), ("ada", "seats"), ("bob", "fax"), ("bob", "seats")}


def test_a_world_meets_a_choice_where_one_part_turns_out_well():
    decision = decide_for({"ada": {}, "bob": {"chat": LACKS, "fax": LACKS}}, EITHER)
    shares = calculate_provider_shares(decision.outcome)
    assert {share.name: share.given for share in shares.alternatives} == {"ada": 0.75, "bob": 0.0}
    assert shares.none == 0.25


def test_a_world_meets_an_absence_and_a_wish_for_the_same_part_never_together():
    decision = decide_for({"ada": {}, "bob": {"fax": HAS, "chat": HAS}}, NO_FAX, should("chat|fax"))
    assert calculate_provider_shares(decision.outcome).none == 0.5


def test_where_a_choice_rules_all_out_it_is_given_up_as_one():
    decision = decide_for({"ada": {"chat": LACKS, "fax": LACKS}}, EITHER)
    assert [part.dropped for part in decision.concessions] == [(EITHER,)]


def test_a_choice_with_a_part_that_may_be_given_up_is_itself_given_up():
    claims = {"ada": {"law": LACKS, "chat": LACKS}}
    assert [part.dropped for part in decide_for(claims, must("chat|law")).concessions] == [(must("chat|law"),)]
    assert decide_for(claims, must("law")).concessions == ()


def test_providers_that_meet_one_of_two_choices_each_are_combined():
    decision = decide_for(
        {
            "ada": {"chat": HAS, "page": LACKS, "seats": Said(1, "exactly")},
            "bob": {"chat": LACKS, "fax": LACKS, "page": HAS},
        },
        EITHER,
        must("page|seats>=5"),
    )
    assert decision.combinations == (("ada", "bob"),)


# Rules


def inferred(rules, *asked):
    return infer(knowledge_of(CRITERIA, {}, rules), Team(tuple(asked)))


def test_a_choice_fires_no_rule_that_needs_one_of_its_parts():
    rules = [rule("r", Need("chat"), Implied("fax", "should")), rule("n", Not(Need("chat")), Implied("page", "should"))]
    assert [rule.id for rule in inferred(rules, EITHER).fired] == ["n"]


def test_a_must_not_fires_no_rule_that_needs_it():
    rules = [rule("r", Need("fax"), Implied("chat", "should")), rule("n", Not(Need("fax")), Implied("page", "should"))]
    assert [rule.id for rule in inferred(rules, NO_FAX).fired] == ["n"]


@pytest.mark.parametrize("priority", ["must", "should", "could"])
def test_what_a_rule_implies_and_the_team_asks_to_be_absent_is_dropped_and_told(priority):
    rules = [rule("r", Need("chat"), Implied("fax", "must")), rule("s", Need("fax"), Implied("page", "must"))]
    inference = inferred(rules, must("chat"), NO_FAX._replace(priority=priority))
    assert {part.criterion: part.implied_by for part in inference.requirements} == {"chat": (), "fax": ()}
    assert [part[:2] for part in inference.set_aside] == [("r", "fax")]
    assert "asked for it to be absent" in inference.set_aside[0].because


def test_no_rule_favours_what_the_team_asks_to_be_absent():
    rules = [rule("r", Need("chat"), favours=FactHolds("fax"))]
    assert inferred(rules, must("chat"), NO_FAX).favours == ()
    assert len(inferred(rules, must("chat")).favours) == 1
    assert len(inferred(rules, must("chat"), EITHER).favours) == 1  # a choice asks for none of its parts by itself


def test_without_an_absence_a_rule_adds_what_it_implies():
    rules = [rule("r", Need("chat"), Implied("fax", "must"))]
    decision = decide_for(
        {"ada": {"chat": HAS, "fax": HAS}, "bob": {"chat": LACKS, "fax": LACKS}}, should("chat"), NO_FAX, rules=rules
    )
    assert decision.outcome.verdict.provider == "bob"
    turns = find_changes(decision.outcome).turns
    assert (NO_FAX, None) in {change[:2] for turn in turns for change in turn.changes}
