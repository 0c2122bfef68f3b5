"""Ids may hold dots and capitals, and alternatives answer to their names wherever they answer to their ids."""

import io
import json
import sys

import pytest

_LICENCES = "".join(
    f"- {{criterion: {criterion}, value: {value}, source: survey-2023, line: {line}}}\n"
    for line, (criterion, value) in enumerate([("Copyleft-2.0", "present"), ("rental", "absent")], 1)
)
_MORE = """\
area: more
label: More
criteria:
- {id: Copyleft-2.0, label: Copyleft, kind: capability, question: "Is it?", weight: 1, aliases: [GPL.like]}
"""


@pytest.fixture
def folders(tmp_path, folders_from):
    """The options that name the bicycle shops with a licence among them."""
    provider = f"id: AGPL-3.0-only\nname: GNU Affero\naliases: [AGPLv3]\nclaims:\n{_LICENCES}"
    facts = {"providers/agpl.yaml": provider, "criteria/more.yaml": _MORE}
    facts_folder, rules_folder = folders_from(tmp_path, facts=facts)
    return f"--facts {facts_folder} --rules {rules_folder}"


@pytest.mark.parametrize("word", ["Copyleft-2.0", "copyleft-2.0", "COPYLEFT-2.0", "gpl.like"])
def test_a_criterion_answers_to_its_id_in_any_case(folders, recommend_says, word):
    run = recommend_says(f"recommend --needs {word} --as-of 2024-01-01 --format json {folders}")
    record = json.loads(run.out)
    assert record["verdict"]["provider"] == "AGPL-3.0-only" or record["verdict"]["lean"] == "AGPL-3.0-only"
    assert record["requirements"][0]["criterion"] == "Copyleft-2.0"


@pytest.mark.parametrize("word", ["AGPL-3.0-only", "agpl-3.0-only", "agplv3", "'gnu affero'"])
def test_a_provider_answers_to_its_id_its_aliases_and_its_name(folders, recommend_says, word):
    claims = json.loads(recommend_says(f"recommend facts {word} --format json {folders}").out)
    assert {claim["provider"] for claim in claims} == {"AGPL-3.0-only"}
    assert recommend_says(f"recommend compare {word} velo --as-of 2024-01-01 {folders}").status == 0


def test_two_ids_that_differ_by_capitals_alone_are_one_too_many(tmp_path, folders_from, recommend_says):
    facts = {"providers/again.yaml": "id: Velo\nname: Velo again\nclaims: []\n"}
    facts_folder, rules_folder = folders_from(tmp_path, facts=facts)
    run = recommend_says(f"recommend check --facts {facts_folder} --rules {rules_folder}")
    assert (run.status, "is already defined at" in run.err) == (2, True)


def test_an_answer_about_the_team_is_read_in_words_in_every_report(recommend_says):
    asked = "recommend --needs sms --situation sector=health-care,federal-agency --situation customers-in=us"
    for form in ("markdown", "html"):
        said = recommend_says(f"{asked} --no-robustness --format {form}").out
        assert "Sector: federal agency and health care" in said
        assert "Customers&#39; location: US" in said or "Customers' location: US" in said


def test_ids_keep_the_hyphens_of_words_that_labels_and_questions_hyphenate(knowledge):
    ids = ("start-up", "start-ups", "part-time", "self-service", "newsletters-to-many-favour-double-opt-in")
    said = [*map(knowledge.spell_id, ids)]
    assert said == ["start-up", "start-ups", "part-time", "self-service", "newsletters to many favour double opt-in"]
    # "Contact-centre agents" is hyphenated, but the words are mostly written apart.
    assert knowledge.spell_id("contact-centre") == "contact centre"


def test_an_answer_with_a_hyphen_is_shown_with_it_wherever_it_is_chosen_or_given(recommend_says, monkeypatch):
    said = recommend_says("recommend --needs sms --situation company-size=start-up --no-robustness --format markdown")
    assert "Company size: start-up" in said.out
    given = "recommend ask --plain --needs sms --situation use-cases=self-service"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"/use cases\n1\n\n\nstop\n")))
    said = recommend_says(given).out
    assert ("12  self-service" in said, "(self-service)" in said, "self service" in said) == (True, True, False)
