"""Requirements files: the same statement as on the command line, which wins over them."""

from __future__ import annotations

import json

import pytest

from provider_advisor import AdvisorError, RequirementsError, recommend
from provider_advisor.recommendation import answer
from provider_advisor.requirements import Statement, combine, read_team, statement_record
from provider_advisor.requirements.requirements_file import read_requirements, read_requirements_data

_FILE = b"""\
team: tutoring-school
needs:
- whiteboard
- {criterion: number-countries, at_least: 90}
wants:
- {criterion: screen-sharing, priority: could}
- {criterion: sms-outbound-price}
situation: {developers: none, use-cases: [tutoring]}
usage: {sms-outbound: 500000, voice-inbound-minutes: 20000}
"""


def test_a_file_says_what_the_command_line_could_say(knowledge):
    statement = read_requirements(_FILE, "team.yaml", knowledge)
    typed = read_team(
        knowledge,
        needs=["whiteboard", "number-countries>=90"],
        wants=["screen-sharing:could", "sms-outbound-price"],
        situation={"developers": "none", "use-cases": ["tutoring"]},
        usage={"sms-outbound": 500000, "voice-inbound-minutes": 20000},
        name="tutoring-school",
    )
    assert statement == Statement(typed)


def test_json_is_read_as_well(knowledge):
    data = {"needs": ["whiteboard"], "usage": {"sms-outbound": 5}, "as_of": "2022-12-31"}
    statement = read_requirements(json.dumps(data, indent=1).encode(), "j", knowledge)
    assert statement == read_requirements_data(data, "j", knowledge)


def test_the_question_in_an_answer_asks_the_same_again(knowledge):
    first = answer(knowledge, read_requirements(_FILE, "team.yaml", knowledge))
    again = read_requirements_data(json.loads(json.dumps(first.record["question"])), "record", knowledge)
    assert answer(knowledge, again).to_json() == first.to_json()


def test_the_command_line_wins_and_says_so(knowledge):
    file = read_requirements(_FILE, "team.yaml", knowledge)
    line = Statement(read_team(knowledge, needs=["number-countries>=66", "sms"], usage={"sms-outbound": 7}))
    both = combine(file, line, knowledge)
    asked = statement_record(both, knowledge)
    assert {"criterion": "number-countries", "at_least": 66} in asked["needs"]
    assert {"criterion": "number-countries", "at_least": 90} not in asked["needs"]
    assert asked["usage"] == {"sms-outbound": 7, "voice-inbound-minutes": 20000}
    assert both.notes == ("The command line adds sms to the file and overrides number-countries, sms-outbound in it.",)


def test_saying_the_same_twice_overrules_nothing(knowledge):
    file = read_requirements(_FILE, "team.yaml", knowledge)
    line = Statement(read_team(knowledge, needs=["whiteboard"], situation={"developers": "none"}))
    assert combine(file, line, knowledge) == file


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("neds: [sms]", "f:1: unknown key 'neds'. Did you mean 'needs'?"),
        ("needs: 5", "f:1: 'needs': expected a list; found 5."),
        ("needs: [sms]\nsome: nonsense: here", "f:2: invalid YAML (mapping values are not allowed in this context)"),
        ("needs: [{criterion: sms, weight: 0}]", "f:1: 'weight': expected more than 0; found 0."),
        ("needs: [{criterion: sms, weight: -1}]", "f:1: 'weight': expected more than 0; found -1."),
        ("needs: [{criterion: sms, weight: .inf}]", "f:1: '.inf' is ambiguous"),
        ("usage: {sms-outbound: -1}", "f:1: 'sms-outbound': expected at least 0; found -1."),
        (
            "usage: {sms-outbound: many}",
            "f:1: 'sms-outbound': expected a number, or a text such as 60000/year or 40000..60000; found 'many'.",
        ),
        ("usage: {sms-outbound: .nan}", "f:1: '.nan' is ambiguous"),
        ("usage: {sms-outbound: 1e308}", "f:1: 'sms-outbound': expected at most 1000000000000; found 1e+308."),
        ("usage: {sms-outbond: 1}", "f: unknown usage item 'sms-outbond'. Did you mean 'sms-outbound'"),
        ("needs: [monthly-cost]", "f: 'monthly-cost' is computed from monthly usage, but none is stated"),
        (
            "needs: [{criterion: number-countries, at_least: 1e308}]",
            "f:1: 'at_least': expected at most 1000000000000; found 1e+308.",
        ),
        ("needs: [{criterion: witeboard}]", "f: unknown criterion 'witeboard'. Did you mean 'whiteboard'"),
        ("max_age: a year", "f:1: 'max_age': expected"),
        ("as_of: 2022-02-30", "f:1: 2022-02-30 is not a date"),
        ("", "f:1: the file is empty"),
        ("- sms", "f:1: expected a"),
    ],
)
def test_a_bad_file_gets_a_clear_sentence(text, sentence, knowledge):
    with pytest.raises(AdvisorError) as error:
        read_requirements(text.encode(), "f", knowledge)
    assert str(error.value).startswith(sentence)


def test_a_weight_of_its_own_takes_the_place_of_the_criterions(knowledge):
    heavy = recommend(knowledge, needs=[{"criterion": "sms", "weight": 10}], wants=["fax"]).record
    weights = {finding["criterion"]: finding["weight"] for finding in heavy["findings"]}
    assert weights["sms"] == 10 * knowledge.policy.priorities["must"]


def test_what_a_team_is_unsure_of_is_kept_and_changes_nothing(bicycles):
    text = b"needs: [repairs]\nunsure: [rental, skill, inspections]\nasked: {end: settled, skipped: [advice]}\n"
    statement = read_requirements(text, "team.yaml", bicycles)
    assert statement.team == read_requirements(b"needs: [repairs]\n", "team.yaml", bicycles).team
    assert statement.unsure == ("rental", "skill", "inspections")
    assert statement_record(statement, bicycles)["unsure"] == ["rental", "skill", "inspections"]
    line = Statement(read_team(bicycles, wants=["rental"]))
    assert combine(statement, line, bicycles).unsure == ("skill", "inspections")
    with pytest.raises(
        RequirementsError, match=r"unknown in 'unsure': 'rentals'; expected criteria, situation or usage"
    ):
        read_requirements(b"needs: [repairs]\nunsure: [rentals]\n", "team.yaml", bicycles)
