"""Letters to the providers: what would settle the answer comes first, the team's own words come last."""

from __future__ import annotations

import datetime as dt

import pytest

from provider_advisor.explanation.provider_questions import make_letters
from provider_advisor.faces.report.letters import write_letters
from provider_advisor.recommendation import recommend

_DAY = dt.date(2024, 1, 1)


def _letters(bicycles, own_words=(), **asked):
    judged = recommend(bicycles, **asked, as_of=_DAY, robustness=True).explanation
    whole = recommend(bicycles, **asked, as_of=_DAY, unlisted=own_words).explanation
    return judged, make_letters(judged, whole.unlisted)


def test_every_fact_to_confirm_is_asked_of_its_provider_in_the_order_of_its_use(bicycles):
    judged, letters = _letters(bicycles, needs=["repairs", "test-rides"])
    expected: dict[str, list[str]] = {}
    for part in judged.confirm:
        for fact in part.facts:
            asked = expected.setdefault(fact.provider, [])
            if fact.question not in asked:
                asked.append(fact.question)
    assert expected
    assert {letter.provider: [each.text for each in letter.questions] for letter in letters} == expected


def test_own_words_come_last_and_providers_that_are_out_are_not_asked_for_them(bicycles):
    judged, letters = _letters(bicycles, ["loan bikes", "tea:should"], needs=["repairs", "test-rides"])
    out = {part.id for part in judged.providers if part.standing == "ruled-out"}
    assert out
    assert {letter.provider for letter in letters if "loan bikes" in letter.questions[-2].text} == {
        part.id for part in judged.providers
    } - out
    for letter in letters:
        assert letter.questions[-1].text == "Do you offer this: tea?"
        assert [each.id for each in letter.questions] == [
            f"{letter.provider}-{number}" for number in range(1, len(letter.questions) + 1)
        ]


@pytest.mark.parametrize("markdown", [False, True])
def test_a_letter_has_a_place_for_each_answer(bicycles, markdown):
    _, letters = _letters(bicycles, ["a <b> *c*"], needs=["repairs"])
    text = write_letters(letters, markdown=markdown)
    assert text.count("Answer: ____") == sum(len(letter.questions) for letter in letters)
    assert ("a \\<b\\> \\*c\\*" in text) is markdown


def test_with_nothing_to_ask_that_is_said(bicycles):
    _, letters = _letters(bicycles, needs=["repairs", "rental"])
    assert letters == []
    assert write_letters(letters, markdown=False).startswith("There is nothing to ask")
