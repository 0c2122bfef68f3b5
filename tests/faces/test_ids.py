"""Ids may hold dots and capitals, and alternatives answer to their names wherever they answer to their ids."""

import json

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
