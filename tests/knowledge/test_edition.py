"""The version and the date of a knowledge base: where they are read, what carries them, and what is wrong with them."""

import datetime as dt
import json

import pytest

from provider_advisor import KnowledgeError, load, recommend
from provider_advisor.knowledge import facts_as_of
from provider_advisor.knowledge.suspicions import find_future_claims, find_suspicions

DAY = dt.date(2024, 1, 20)
BASE = "version: 1.4.0\ndate: 2024-01-16\n"


@pytest.fixture(scope="module")
def edited(knowledge_from, tmp_path_factory):
    return knowledge_from(tmp_path_factory.mktemp("edited"), facts={"base.yaml": BASE})


def test_an_answer_carries_them(edited, bicycles):
    said = json.loads(recommend(edited, needs=["repairs"], as_of=DAY).to_json())["knowledge"]
    assert (said["version"], said["date"]) == ("1.4.0", "2024-01-16")
    said = json.loads(recommend(bicycles, needs=["repairs"], as_of=DAY).to_json())["knowledge"]
    assert (said["version"], said["date"]) == (None, None)


def test_they_are_no_part_of_the_fingerprint_and_stay_with_a_part_of_the_base(edited, bicycles):
    assert edited.fingerprint == bicycles.fingerprint
    assert edited.restrict(without="rad").edition == edited.edition


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("version: 1.4.0\n", "base.yaml:1: 'date'"),
        ("version: 1.4\ndate: 2024-01-16\n", "base.yaml:1: 'version'"),
        ("version: 1.4.0\ndate: soon\n", "base.yaml:2: 'date'"),
    ],
)
def test_what_is_wrong_with_them_is_told(text, told, knowledge_from, tmp_path):
    with pytest.raises(KnowledgeError, match=told):
        knowledge_from(tmp_path, facts={"base.yaml": text})


def test_a_date_before_the_newest_source_is_suspicious_and_one_ahead_is_wrong(edited, knowledge_from, tmp_path):
    older = knowledge_from(tmp_path, facts={"base.yaml": BASE.replace("01-16", "01-02")})
    sentence = "base.yaml: the date 2024-01-02 is before 2024-01-15, the day on which its newest source was retrieved"
    assert [said for said in find_suspicions(facts_as_of(older, DAY)) if said.startswith(sentence)]
    assert not [said for said in find_suspicions(facts_as_of(edited, DAY)) if said.startswith("base.yaml")]
    assert list(find_future_claims(edited, dt.date(2024, 1, 15))) == [
        "base.yaml: the date 2024-01-16 is after today, 2024-01-15; correct it."
    ]


def test_the_shipped_base_has_them():
    assert load().edition is not None
