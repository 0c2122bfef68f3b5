"""The parts of an answer agree with one another, on random knowledge bases of up to five providers.

Verdict, standings, scores, what is not known, what to ask, shares, concessions and sentences are worked out in
different places; a reader sees them side by side.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest
from hypothesis import assume, given, settings
from worlds import DAY, SAME_EVERY_RUN, Said, World, capability, knowledge_of, quantity, rating, rule, worlds

from provider_advisor.decision.robustness.joint_answers import find_contenders
from provider_advisor.decision.robustness.open_facts import is_open
from provider_advisor.explanation.findings_in_words import list_unknowns
from provider_advisor.faces.cli.text_answer import show_recommendation
from provider_advisor.faces.report.html import html_report
from provider_advisor.faces.report.markdown import markdown_report
from provider_advisor.knowledge.conditions import AllOf, AnyOf, FactHolds, Not, Situation, leaves, split_member
from provider_advisor.logic import ABSENT, Interval, Truth
from provider_advisor.recommendation import answer
from provider_advisor.requirements import Requirement, Statement, Team, Unlisted

_ORDER = {"qualified": 0, "unconfirmed": 1, "ruled-out": 2}
_MARGIN = 1e-6


def _answered(world: World, *, robustness: bool = True):
    return answer(world.knowledge, Statement(world.team, DAY, None), robustness=robustness)


def _leaders(verdict):
    return [verdict.provider] if verdict.provider else [verdict.lean] if verdict.lean else list(verdict.among)


class _Way(NamedTuple):
    bound: Interval | None
    is_better: bool


def _is_drawn_coarsely(assessment, knowledge):
    """Whether scenarios leave out something that the open facts of a provider could turn out to be.

    They draw a fact as one position, and that of a criterion with those of its members. So of what is asked about in
    two ways they leave out some: who has 4 seats meets a wish for 3 and fails one for 5; who has seats somewhere may
    have none there. An amount on its scale has no claim at one point of it, and the ends have no share.
    """
    ways = {}
    for finding in assessment.findings:
        for name, way in _list_ways(finding, knowledge) if is_open(finding) else ():
            ways.setdefault(split_member(name)[0], set()).add(way)
    return any(None in each or len(each) > 1 for each in ways.values())


def _list_ways(finding, knowledge):
    """Each criterion that a finding asks about, with the bound, and whether it is better to be there, or within."""
    if finding.rule is not None:
        asked = _list_leaves(finding.rule.favours)
    else:
        name, bound = finding.requirement.criterion, finding.requirement.bound
        own = [FactHolds(name, None if bound == ABSENT else bound, present=bound != ABSENT)]
        asked = ((part, part.present) for part in knowledge.criteria[name].any_of or own)
    for part, is_better in asked:
        criterion = knowledge.criteria[part.criterion]
        on_scale = criterion.kind != "capability" and part.bound is None
        yield part.criterion, None if on_scale else _Way(part.bound, is_better)
        if criterion.of is not None:
            yield criterion.of, _Way(None, is_better)


def _list_leaves(condition, *, is_better=True):
    if isinstance(condition, Not):
        yield from _list_leaves(condition.part, is_better=not is_better)
    elif isinstance(condition, AllOf | AnyOf):
        for part in condition.parts:
            yield from _list_leaves(part, is_better=is_better)
    else:
        yield condition, condition.present is is_better


def _has(*names):
    return {name: Said("present") for name in names}


def _must(name):
    return Requirement(name, "must")


def _want(name):
    return Requirement(name, "should")


# Verdict, standings and scores


@settings(SAME_EVERY_RUN, max_examples=100)
@given(worlds(weighed=True))
def test_leaders_have_the_best_standing_and_a_higher_score_elsewhere_is_explained(world):
    found = _answered(world, robustness=False).explanation
    providers = {provider.id: provider for provider in found.providers}
    leaders = [name for name in _leaders(found.verdict) if name]
    assume(leaders)
    best = providers[leaders[0]]
    for name, provider in providers.items():
        assert _ORDER[provider.standing] >= _ORDER[best.standing]
        higher = provider.score.expected > best.score.expected
        clauses = re.findall(r"([^;]+) scores? higher but", found.verdict.reason)
        explained = re.split(r", | and ", ", ".join(clauses).replace("; ", ""))
        assert (provider.name in map(str.strip, explained)) == (higher and name not in leaders)


@settings(SAME_EVERY_RUN, max_examples=100)
@given(worlds(weighed=True))
def test_the_sentence_of_the_verdict_names_whom_the_verdict_names(world):
    found = _answered(world, robustness=False).explanation
    verdict, names = found.verdict, {provider.id: provider.name for provider in found.providers}
    for leader in _leaders(verdict):
        assert leader is None or names[leader] in verdict.reason
    if verdict.kind == "recommended":
        how = "on facts that are out of date" if verdict.strength == "dated" else f"({verdict.strength})"
        assert how in verdict.reason
    assert ("providers compared meets everything" in verdict.reason) <= (verdict.kind == "none")
    assert "nobody" not in verdict.reason
    assert bool(found.concessions) <= (verdict.kind == "none")
    assert bool(found.combinations) <= (verdict.kind in {"none", "undetermined"})


@settings(SAME_EVERY_RUN, max_examples=100)
@given(worlds(weighed=True))
def test_what_is_given_up_was_asked_for_and_leads_somewhere(world):
    found = _answered(world, robustness=False).explanation
    musts = {(part.criterion, str(part.bound)) for part in found.requirements if part.priority == "must"}
    for concession in found.concessions:
        assert concession.drop
        assert concession.verdict.kind != "none"
        assert "every provider compared would fail" not in concession.verdict.reason
        assert {(part.criterion, str(part.bound)) for part in concession.drop} <= musts


# What could still happen


_DENIED = "no (unknown fact could put|answer puts) another provider ahead"


@settings(SAME_EVERY_RUN, max_examples=50)
@given(worlds(weighed=True))
def test_only_those_are_said_to_overtake_who_come_first_in_some_scenario(world):
    recommendation = _answered(world)
    # First what is quickly known: how sure an answer is takes longest, and most of the worlds are not of this kind.
    assume(recommendation.verdict.strength == "leaning" and 0 < world.knowledge.policy.unknown < 1)
    found, sure = recommendation.explanation, recommendation.explanation.sureness
    assume(sure.worlds.given.exact)
    ahead, level = find_contenders(recommendation.decision.outcome)
    assessments = recommendation.decision.outcome.assessments
    drawn = not any(_is_drawn_coarsely(each, world.knowledge) for each in assessments)
    for share in sure.worlds.providers:
        if share.provider != found.verdict.provider:
            said = share.provider in {*ahead, *level}
            assert (share.given > 0) <= said
            assert not (drawn and said) or share.given > 0
    if not ahead:
        assert "ahead" not in re.sub(_DENIED, "", found.verdict.reason)


@settings(SAME_EVERY_RUN, max_examples=50)
@given(worlds(weighed=True))
def test_shares_agree_with_the_verdict(world):
    found = _answered(world).explanation
    worlds_found = found.sureness.worlds
    assume(worlds_found is not None)
    shares = {share.provider: share.given for share in worlds_found.providers}
    assert sum(shares.values()) + worlds_found.none == pytest.approx(1, abs=1e-6)
    for provider in found.providers:
        if provider.standing == "ruled-out":
            assert shares[provider.id] == 0
    if found.verdict.strength in {"firm", "dated"}:
        assert shares[found.verdict.provider] == pytest.approx(1)
    leader = found.verdict.provider or found.verdict.lean
    error = 2 * worlds_found.given.error
    often = [name for name, share in shares.items() if leader and share > shares[leader] + error]
    assert ("more often" in worlds_found.says) == bool(often)


@settings(SAME_EVERY_RUN, max_examples=50)
@given(worlds(weighed=True))
def test_what_to_ask_is_not_known_and_each_answer_says_whether_it_changes_anything(world):
    found = _answered(world).explanation
    if found.verdict.kind == "none" or found.verdict.strength == "firm":
        assert not found.confirm
    open_for = {finding.provider for finding in found.findings if finding.is_open}
    before = {key: value for key, value in vars(found.verdict).items() if key != "reason"}
    for entry in found.confirm:
        # Whether what is known, but out of date, still holds is asked of a dated verdict only.
        known = {fact.provider for fact in entry.facts if fact.stated and found.verdict.strength == "dated"}
        assert {fact.provider for fact in entry.facts} <= open_for | known
        assert any(part.changes for part in entry.answers)
        for part in entry.answers:
            assert part.changes == (vars(part.verdict) != before)
            if len(entry.facts) == 1:
                assert part.says.endswith("the answer would stay the same.") != part.changes


# What is not known


@settings(SAME_EVERY_RUN, max_examples=40)
@given(worlds(weighed=True))
def test_every_face_says_that_all_is_known_only_where_it_is(world):
    recommendation = _answered(world)
    found, knowledge = recommendation.explanation, world.knowledge
    unknown = list_unknowns(found, knowledge)
    assert bool(unknown) == any(finding.degree[0] < finding.degree[1] for finding in found.findings)
    named = {provider.name for provider in found.providers}
    for part in unknown:
        assert any(name in part.providers for name in named)
    if found.verdict.kind == "tie":
        leaders = [finding for finding in found.findings if finding.provider in found.verdict.among]
        assert not any(finding.is_open for finding in leaders)
    for page in (markdown_report(found, knowledge), html_report(found, knowledge)):
        assert ("Everything that you asked for is known." in page) == (bool(found.findings) and not unknown)
        assert ("even odds" in page) <= any(finding.is_open for finding in found.findings)


def test_no_scenario_is_told_where_only_a_requirement_in_own_words_keeps_the_answer_open():
    knowledge = knowledge_of([capability("chat")], {"ada": _has("chat")})
    team = Team((_must("chat"),), unlisted=(Unlisted("loan phones", "must"),))
    found = answer(knowledge, Statement(team, DAY)).explanation
    assert found.verdict.strength == "leaning"
    assert "scenario" not in markdown_report(found, knowledge)
    assert not found.is_open


@settings(SAME_EVERY_RUN, max_examples=100)
@given(worlds(weighed=True))
def test_a_tie_names_each_known_difference_that_asking_for_it_would_decide_by(world):
    recommendation = _answered(world, robustness=False)
    found, facts = recommendation.explanation, recommendation.decision.facts
    leaders = found.verdict.among if found.verdict.kind == "tie" else []
    inference = recommendation.decision.outcome.inference
    counting = {part.criterion for part in inference.requirements}
    counting |= {leaf.criterion for rule in inference.favours for leaf in leaves(rule.favours)}
    areas = {world.knowledge.criteria[name].area for name in counting}
    criteria = [name for name, criterion in world.knowledge.criteria.items() if criterion.area in areas]
    known = {name: [facts(leader, name) for leader in leaders] for name in criteria}
    differing = {
        name
        for name, values in known.items()
        if {Truth.YES, Truth.NO} <= {fact.truth for fact in values}
        or any(
            one.amount is not None and other.amount is not None and one.amount.intersect(other.amount).is_empty()
            for one in values
            for other in values
        )
    }
    assert [part.criterion for part in found.differences] == [name for name in known if name in differing]
    assert ("known to differ" in found.verdict.reason) == bool(differing)


def test_equal_providers_are_told_apart_by_what_was_not_asked(capsys):
    criteria = [capability("doors"), capability("bells"), quantity("seats")]
    ada = {"doors": Said("present"), "bells": Said("present"), "seats": Said(8, "exactly")}
    bob = {"doors": Said("present"), "bells": Said("absent"), "seats": Said(5, "exactly")}
    knowledge = knowledge_of(criteria, {"ada": ada, "bob": bob})
    text = _text(_answered(World(knowledge, Team((_must("doors"),), {}, {}))), knowledge, capsys)
    assert "nothing about them is unknown; they are known to differ in bells and seats." in text
    assert "What would decide between them bells: yes (Ada); no (Bob). seats: 8 things (Ada); 5 things (Bob)." in text


def test_a_tie_by_rules_alone_names_differences_in_the_areas_of_what_they_favour():
    criteria = [capability("doors"), capability("bells"), rating("care")]
    ada = {"doors": Said("present"), "bells": Said("present"), "care": Said("good")}
    bob = {"doors": Said("present"), "bells": Said("absent"), "care": Said("poor")}
    rules = [rule("staffed", Situation("staff", "many"), favours=FactHolds("doors"))]
    knowledge = knowledge_of(criteria, {"ada": ada, "bob": bob}, rules)
    found = _answered(World(knowledge, Team((), {"staff": ("many",)}, {})), robustness=False).explanation
    assert found.verdict.kind == "tie"
    assert [part.criterion for part in found.differences] == ["bells"]  # care is of another area
    assert "they are known to differ in bells" in found.verdict.reason


def _text(recommendation, knowledge, capsys):
    show_recommendation(recommendation, knowledge, "text")
    return " ".join(capsys.readouterr().out.split())


def test_a_leader_with_the_lower_score_is_explained(capsys):
    criteria = [capability("doors"), capability("bells", 10)]
    knowledge = knowledge_of(criteria, {"ada": _has("doors"), "bob": _has("bells")})
    world = World(knowledge, Team((_must("doors"), _want("bells")), {}, {}))
    text = _text(_answered(world), knowledge, capsys)
    assert "Bob scores higher but is not known to meet doors" in text
    assert "Ada is recommended (leaning): unknown facts could still put Bob ahead" in text


def test_those_that_score_higher_for_one_reason_share_a_clause(capsys):
    criteria = [capability("doors"), capability("bells", 10)]
    claims = {"ada": _has("doors"), "bob": _has("bells"), "cyd": _has("bells")}
    knowledge = knowledge_of(criteria, claims)
    text = _text(_answered(World(knowledge, Team((_must("doors"), _want("bells")), {}, {}))), knowledge, capsys)
    assert "Bob and Cyd score higher but are not known to meet doors" in text


def test_who_can_only_become_level_is_not_said_to_come_out_ahead(capsys):
    knowledge = knowledge_of([capability("doors")], {"ada": _has("doors"), "bob": {}})
    text = _text(_answered(World(knowledge, Team((_must("doors"),), {}, {}))), knowledge, capsys)
    assert "unknown facts could still make Bob equal to it" in text
    assert "ahead" not in text
    assert "Assuming even odds for each unknown, Ada comes first in 75% of the scenarios and Bob in 25%" in text


def test_shares_are_not_shown_where_nothing_can_change(capsys):
    knowledge = knowledge_of(
        [capability("doors"), rating("care")], {"ada": _has("doors"), "bob": {"doors": Said("absent")}}
    )
    text = _text(_answered(World(knowledge, Team((_must("doors"), _want("care")), {}, {}))), knowledge, capsys)
    assert "Ada is recommended (firm): Bob fails on doors." in text
    assert "scenarios" not in text


def test_a_disputed_fact_is_asked_about_only_where_its_answer_changes_something(capsys):
    disputed = [Said("present"), Said("absent")]
    ada, bob = {"doors": Said("present"), "bells": disputed}, {"doors": Said("absent")}
    knowledge = knowledge_of([capability("doors"), capability("bells")], {"ada": ada, "bob": bob})
    settled = _answered(World(knowledge, Team((_must("doors"), _want("bells")), {}, {})))
    assert [part.disputed for part in settled.explanation.findings if part.criterion == "bells"] == [True, False]
    assert not settled.explanation.confirm
    assert "Does Ada" not in _text(settled, knowledge, capsys)
    open_ = _answered(World(knowledge, Team((_must("bells"),), {}, {})))
    assert open_.explanation.confirm[0].facts[0].disputed
    assert "The sources contradict each other." in _text(open_, knowledge, capsys)
