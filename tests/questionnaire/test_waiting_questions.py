"""Questions that wait until a provider has a claim on what they ask about, and are found by search before."""

from __future__ import annotations

import datetime as dt

import pytest
from teams import fresh

from provider_advisor.knowledge import Facts
from provider_advisor.knowledge.rules import Key
from provider_advisor.questionnaire import Catalogue, GivenAnswer, State, put_answers, survey_answers
from provider_advisor.questionnaire.state import TOPICS

_QUESTIONS = """
topics:
- {id: shop, label: The shop, share: 0.5}
questions:
- {criterion: repairs, topics: [shop], share: 0.5, once_known: true}
- {criterion: child-seats, topics: [shop], when: {need: tour-group}, share: 0.5, once_known: true}
"""
_CLAIMED, _UNCLAIMED = Key("criterion", "repairs"), Key("criterion", "child-seats")


@pytest.fixture
def opened(tmp_path, knowledge_from) -> State:
    """The topic is open. Of the two criteria that are asked once known, one has claims."""
    state = fresh(knowledge_from(tmp_path, rules={"questions.yaml": _QUESTIONS}))
    return put_answers(state, [GivenAnswer(TOPICS, ("shop",))])


def test_a_question_is_asked_once_a_provider_has_a_claim_on_its_criterion(opened):
    asked = survey_answers(opened).meaning.possible.open
    assert _CLAIMED in asked
    assert _UNCLAIMED not in asked


def test_a_claim_that_is_stated_later_opens_no_question_before(tmp_path, knowledge_from):
    knowledge = knowledge_from(tmp_path, rules={"questions.yaml": _QUESTIONS})
    first = min(claim.stated for (_, name), claims in knowledge.claims.items() if name == "repairs" for claim in claims)
    before, then = (Catalogue(Facts(knowledge, day)) for day in (first - dt.timedelta(days=1), first))
    assert _CLAIMED in before.waiting
    assert _CLAIMED not in then.waiting


def test_a_waiting_question_that_is_found_by_search_counts(opened):
    found = put_answers(opened, [*opened.answers, GivenAnswer(_UNCLAIMED, "must", searched=True)])
    meaning = survey_answers(found).meaning
    assert [requirement.criterion for requirement in meaning.team.requirements] == ["child-seats"]
    assert meaning.unused == ()


def test_nothing_is_asked_only_because_a_waiting_question_depends_on_it(opened):
    assert opened.catalogue.waiting == {_UNCLAIMED}
    assert "tour-group" not in opened.catalogue.depended_on
