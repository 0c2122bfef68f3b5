"""The decision cases of the shipped rules, and the article's worked examples: each is a test of its own."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from provider_advisor.decision.cases import check_case
from provider_advisor.inference import infer
from provider_advisor.knowledge.loader import read_cases
from provider_advisor.knowledge.records import Claim, Provider, Source
from provider_advisor.requirements import read_team

_CASES = read_cases()


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_the_case_holds(case, knowledge):
    failure = check_case(case, knowledge)
    assert failure is None, list(failure.describe())


def test_there_are_cases_of_every_kind_of_verdict():
    kinds = {(case.expected["kind"], case.expected.get("strength")) for case in _CASES}
    assert {("recommended", "firm"), ("recommended", "leaning"), ("tie", None), ("none", None)} <= kinds
    assert any(kind == "undetermined" for kind, _ in kinds)
    assert len(_CASES) >= 30


def test_every_rule_fires_in_some_case(knowledge):
    fired = {rule.id for case in _CASES for rule in infer(knowledge, read_team(knowledge, **case.team)).fired}
    assert set(knowledge.rules) <= fired


@pytest.fixture(scope="module")
def with_another(knowledge):
    """The shipped base with a third provider, of which another source said six things before the article appeared."""
    day = dt.date(2022, 6, 1)
    source = Source("other-guide", "Another guide", "en", day, day, no_url="made up")
    claims = tuple(
        Claim("third", None, name, "present", None, None, "stated", source.id, line, day, day)
        for line, name in enumerate(["video-api", "whiteboard", "ucaas", "sms-api", "voice-api", "screen-sharing"])
    )
    third = Provider("third", "Third Calls", (), {}, claims)
    return replace(
        knowledge,
        sources={**knowledge.sources, source.id: source},
        providers={**knowledge.providers, third.id: third},
        fingerprint="with another",
    )


def test_no_case_changes_when_another_provider_and_source_arrive(with_another):
    assert [failure.case.name for case in _CASES if (failure := check_case(case, with_another))] == []


def test_it_is_their_scope_that_keeps_the_cases(with_another):
    first = next(case for case in _CASES if case.name == "A denied capability rules a provider out")
    assert check_case(first._replace(scope={}), with_another) is not None
