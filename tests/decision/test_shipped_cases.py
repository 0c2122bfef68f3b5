"""The decision cases of the shipped rules, and the article's worked examples: each is a test of its own."""

from __future__ import annotations

import pytest

from provider_advisor import load
from provider_advisor.decision.cases import find_failures
from provider_advisor.inference import infer
from provider_advisor.knowledge.loader import read_cases
from provider_advisor.requirements import read_team

_CASES = read_cases()


@pytest.fixture(scope="module")
def knowledge():
    return load()


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_the_case_holds(case, knowledge):
    assert list(find_failures(case, knowledge)) == []


def test_there_are_cases_of_every_kind_of_verdict():
    kinds = {(case.expected["kind"], case.expected.get("strength")) for case in _CASES}
    assert {("recommended", "firm"), ("recommended", "leaning"), ("tie", None), ("none", None)} <= kinds
    assert any(kind == "undetermined" for kind, _ in kinds)
    assert len(_CASES) >= 30


def test_every_rule_fires_in_some_case(knowledge):
    fired = {
        firing.rule.id for case in _CASES for firing in infer(knowledge, read_team(knowledge, **case.team)).firings
    }
    assert set(knowledge.rules) <= fired
