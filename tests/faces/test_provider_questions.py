"""Letters to the providers: what would settle the answer comes first, the team's own words come last."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from python_calamine import load_workbook

from provider_advisor.explanation.unknowns import ProviderLetter, ProviderQuestion, make_letters
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
    # "Why we ask: if yes, …", and where only several answers settle it, "Why we ask: several answers together …".
    assert not any(question.changes[:1].isupper() for letter in letters for question in letter.questions)


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
    text = write_letters(letters, ".md" if markdown else "")
    assert text.count("Answer: ____") == sum(len(letter.questions) for letter in letters)
    assert ("a \\<b\\> \\*c\\*" in text) is markdown


def _read_sheets(content):
    book = load_workbook(content)
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_a_workbook_has_a_sheet_for_each_provider_and_cells_for_the_answers(bicycles):
    _, letters = _letters(bicycles, ["=1+1"], needs=["repairs", "test-rides"])
    sheets = _read_sheets(io.BytesIO(write_letters(letters, ".xlsx")))
    assert list(sheets) == [letter.name for letter in letters]
    for letter in letters:
        _, _, head, *rows = sheets[letter.name]
        assert head == ["Id", "Question", "Answer", "Source of the answer", "Why we ask"]
        assert [(row[0], row[1], row[4]) for row in rows] == list(letter.questions)
        assert {(row[2], row[3]) for row in rows} == {("", "")}


def test_names_that_no_sheet_may_have_are_changed_and_stay_apart():
    names = ["A/B", "a b", "'quoted'", "History", "x" * 40, "x" * 39, "[]"]
    letters = [ProviderLetter(name, name, (ProviderQuestion("1", "Q?", "so."),)) for name in names]
    sheets = _read_sheets(io.BytesIO(write_letters(letters, ".xlsx")))
    assert [rows[0][0] for rows in sheets.values()] == [f"Questions for {name}" for name in names]
    assert list(sheets)[:4] == ["A B", "a b 2", "quoted", "History 2"]


def test_the_command_writes_a_workbook_by_its_name(recommend_says, folders_from, tmp_path):
    facts, rules = folders_from(tmp_path / "base")
    asked = f"recommend --needs repairs,test-rides --facts {facts} --rules {rules} --as-of 2024-01-01"
    assert recommend_says(f"{asked} --format questions -o {tmp_path}/letters.xlsx").status == 0
    assert _read_sheets(tmp_path / "letters.xlsx")


def test_a_workbook_with_nothing_to_ask_says_so():
    assert _read_sheets(io.BytesIO(write_letters([], ".xlsx"))) == {"Questions": [[write_letters([]).strip()]]}


def test_with_nothing_to_ask_that_is_said(bicycles):
    _, letters = _letters(bicycles, needs=["repairs", "rental"])
    assert letters == []
    assert write_letters(letters).startswith("There is nothing to ask")
