"""What a person may type where the questionnaire asks for countries or other members."""

from __future__ import annotations

import io
import re
import sys
from collections import Counter

import pytest

from provider_advisor.errors import RequirementsError
from provider_advisor.faces.cli.ask.typed import read_typed_answer
from provider_advisor.knowledge import facts_as_of
from provider_advisor.knowledge.rules import Key
from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.questionnaire.prompts import make_prompt
from provider_advisor.questionnaire.state import State


@pytest.fixture(scope="module")
def read(knowledge):
    """A function from a typed line to the members that it names."""
    state = State(Catalogue(facts_as_of(knowledge, knowledge.edition.date)))
    prompt = make_prompt(Key("members", "phone-numbers"), state.catalogue)
    return lambda text: read_typed_answer(text, prompt, state)


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("Germany; fr", ("de", "fr")),
        ("swede", ("se",)),
        ("s", "not-sure"),
        ("Any", "none"),
        ("", "none"),
    ],
)
def test_members_are_read_by_name_or_by_a_part_of_it(read, text, members):
    assert read(text) == members


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("united", "'united' may be United "),
        ("Germanyy", "'Germanyy' is not one of the "),
        (",", "',' is not one of the "),
    ],
)
def test_a_name_of_several_members_or_of_none_is_refused(read, text, sentence):
    with pytest.raises(RequirementsError) as refused:
        read(text)
    assert str(refused.value).startswith(sentence)


def test_examples_from_a_long_list_are_members_that_most_claims_name(recommend_says, monkeypatch, knowledge):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"messages\n1 m\n\n")))
    said = recommend_says("recommend ask --as-of 2026-11-30 --no-robustness").out
    claims = (
        claim for provider in knowledge.providers.values() for claim in provider.claims if claim.criterion == "sms"
    )
    often = Counter(member for claim in claims for member in claim.members)
    examples = re.search("In which countries\\?\nNames, as in ([^;]+), ([^;]+); s: not sure", said).groups()
    members = [knowledge.criteria.find_member("sms", name) for name in examples]
    assert [often[member] for member in members] == sorted(often.values(), reverse=True)[:2]
