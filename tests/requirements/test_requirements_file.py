"""Requirements files, and a file and the command line together."""

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider_advisor.errors import AdvisorError, RequirementsError
from provider_advisor.logic import Interval
from provider_advisor.requirements import Requirement, Statement, Team, combine, read_team, statement_record
from provider_advisor.requirements.requirements_file import read_requirements, read_requirements_data

FULL = """\
team: riders
needs:
- repairs
- {criterion: stock, at_least: 90, weight: 2}
wants:
- {criterion: test-rides, priority: could}
- {criterion: rental-price}
situation: {skill: racer, purposes: [touring, racing]}
usage: {inspections: 2}
as_of: 2023-06-01
max_age: 365d
"""
FULL_STATEMENT = Statement(
    Team(
        (
            Requirement("bikes-in-stock", "must", Interval(90), 2),
            Requirement("repairs", "must"),
            Requirement("rental-price", "should"),
            Requirement("test-rides", "could"),
        ),
        {"purposes": ("racing", "touring"), "skill": ("racer",)},
        {"inspections": 2},
        "riders",
    ),
    dt.date(2023, 6, 1),
    365,
)
AS_JSON = (
    '{"team": "riders", "needs": ["repairs", {"criterion": "stock", "at_least": 90, "weight": 2}], '
    '"wants": [{"criterion": "test-rides", "priority": "could"}, {"criterion": "rental-price"}], '
    '"situation": {"skill": "racer", "purposes": ["touring", "racing"]}, "usage": {"inspections": 2}, '
    '"as_of": 2023-06-01, "max_age": "365d"}'
)


@pytest.mark.parametrize("text", [FULL, AS_JSON, "\ufeff" + FULL, FULL.replace("\n", "\r\n")])
def test_a_file_says_what_a_team_asks(bicycles, text):
    assert read_requirements(text.encode(), "team.yaml", bicycles) == FULL_STATEMENT


def test_a_text_of_words_is_read_as_the_list_that_the_command_line_takes(bicycles):
    text = b'needs: "repairs, stock>=90"\nwants: rental-price; test-rides:could\nunlisted: night shift'
    assert read_requirements(text, "team.yaml", bicycles).team == read_team(
        bicycles, needs=["repairs", "stock>=90"], wants=["rental-price", "test-rides:could"], unlisted=["night shift"]
    )


@pytest.mark.parametrize("text", [FULL, AS_JSON])
def test_a_day_may_be_in_quotes_as_json_has_no_other_form_of_it(bicycles, text):
    quoted = text.replace("2023-06-01", '"2023-06-01"')
    assert read_requirements(quoted.encode(), "team.json", bicycles) == FULL_STATEMENT


@given(st.text(min_size=1) | st.text(alphabet='\\u"d83e/\N{BICYCLE}\N{SMILING FACE WITH SUNGLASSES}', min_size=1))
def test_a_file_in_json_may_hold_any_character(bicycles, name):
    text = json.dumps({"team": name}).replace("\x7f", "\\u007f")
    assert read_requirements(text.encode(), "team.json", bicycles).team.name == name


def test_what_looks_like_escapes_of_json_stays_as_it_is_in_yaml(bicycles):
    team = read_requirements(rb"team: '\ud83d\ude00'", "team.yaml", bicycles).team
    assert team.name == r"\ud83d\ude00"


@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_json_is_read_however_it_is_laid_out(bicycles, indent):
    record = statement_record(FULL_STATEMENT, bicycles) | {"team": "riders \N{BICYCLE}"}
    for separators in (None, (",", ":")):
        text = json.dumps(record, indent=indent, separators=separators)
        assert read_requirements(text.encode(), "team.json", bicycles) == read_requirements_data(record, "r", bicycles)


@pytest.mark.parametrize(
    ("second_line", "sentence"),
    [
        ('"team": "hikers"', "the key 'team' appears twice in one mapping; keep one."),
        ('"need": []', "unknown key 'need'. Did you mean 'needs'?"),
        (
            '"usage": {"inspections": NaN}',
            "'inspections': expected a number, or a text such as 60000/year or 40000..60000; found 'NaN'.",
        ),
        (
            '"usage": {"inspections": Infinity}',
            "'inspections': expected a number, or a text such as 60000/year or 40000..60000; found 'Infinity'.",
        ),
        ('"usage": {"inspections": 1e400}', "the number 1e400 is too large."),
        ('"as_of": "2023-02-29"', "'as_of' is '2023-02-29'; expected YYYY-MM-DD."),
        (
            r'"needs": ["\ud83d"]',
            "invalid JSON (found invalid Unicode character escape code); check quotes",
        ),
    ],
)
def test_what_is_wrong_in_json_is_said_with_its_line(bicycles, second_line, sentence):
    text = r'{"team": "\ud83d\ude00",' + f"\n{second_line}}}"
    with pytest.raises(AdvisorError) as caught:
        read_requirements(text.encode(), "team.json", bicycles)
    assert str(caught.value).startswith(f"team.json:2: {sentence}")


@pytest.mark.parametrize("data", [["repairs"], "repairs", 5, None, [[["repairs"]]]])
def test_data_that_is_no_mapping_is_refused_in_one_sentence(bicycles, data):
    with pytest.raises(AdvisorError, match=r"question:1: expected a .*; found"):
        read_requirements_data(data, "question", bicycles)


def test_a_rating_is_shown_as_it_was_typed(bicycles):
    with pytest.raises(AdvisorError, match=r"'3' is not a value of 'advice'"):
        read_requirements(b"needs: [{criterion: advice, at_least: 3}]", "team.yaml", bicycles)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "team: a\nneeds: repairs,,rental\n",
            (
                "team.yaml:2: 'needs': a list of requirements is empty or has an empty entry; expected criteria "
                "separated by commas."
            ),
        ),
        ("needs: 5\n", "team.yaml:1: 'needs': expected a list; found 5."),
        ("needs: {criterion: repairs}\n", "team.yaml:1: 'needs': expected a list; found a mapping."),
        ("need: [repairs]\n", "team.yaml:1: unknown key 'need'. Did you mean 'needs'?"),
        (
            "needs: [repairs]\nneeds: [rental]\n",
            "team.yaml:2: the key 'needs' appears twice in one mapping; keep one.",
        ),
        (
            "needs: [repair]\n",
            (
                "team.yaml: unknown criterion 'repair'. Did you mean 'repairs'? "
                "To list it without judging it, put it into `unlisted` (option --unlisted, "
                "or --unlisted-unknown for all such words)."
            ),
        ),
        (
            "situation: {skill: pro}\n",
            "team.yaml: 'pro' is not a value of the situation 'skill'; expected one of beginner, regular, racer.",
        ),
        (
            "usage: {inspections: many}\n",
            (
                "team.yaml:1: 'inspections': expected a number, or a text such as 60000/year or 40000..60000; "
                "found 'many'."
            ),
        ),
        ("as_of: 2023-13-01\n", "team.yaml:1: 2023-13-01 is not a date; expected YYYY-MM-DD."),
        *(
            (text, "team.yaml:1: the file is empty; expected requirements in YAML or JSON, such as 'needs: [advice]'.")
            for text in ("", "# nothing yet\n")
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_name(bicycles, text, sentence):
    with pytest.raises(AdvisorError) as caught:
        read_requirements(text.encode(), "team.yaml", bicycles)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("as_of", [dt.date(2023, 6, 1), "2023-06-01"])
def test_data_that_is_already_read_may_have_dates_as_texts(bicycles, as_of):
    assert read_requirements_data({"as_of": as_of}, "question", bicycles).as_of == dt.date(2023, 6, 1)


@pytest.mark.parametrize("as_of", ["yesterday", "2023-02-29", "20230601", "2023-W22-4", "", 5])
def test_what_is_no_date_is_refused_there_too(bicycles, as_of):
    with pytest.raises(AdvisorError, match=r"question.*as_of"):
        read_requirements_data({"as_of": as_of}, "question", bicycles)


criteria = st.sampled_from(
    ["repairs", "rental", "bikes-in-stock>=9", "bikes-in-stock<=90:could", "advice=good", "queue"]
)
statements = st.fixed_dictionaries(
    {
        "needs": st.lists(criteria | st.just({"criterion": "rental-price", "at_most": 0.00001, "weight": 2.5})),
        "wants": st.lists(criteria),
        "situation": st.sampled_from([{}, {"skill": "racer"}, {"purposes": ["touring", "racing"]}]),
        "usage": st.sampled_from([{}, {"inspections": 2}, {"rental-days": 0.5, "inspections": 0}]),
        "name": st.none() | st.just("riders"),
    }
)


@given(statements, st.none() | st.dates(), st.none() | st.integers(1, 99_999))
def test_a_statement_written_as_a_file_is_read_back_as_itself(bicycles, asked, as_of, max_age):
    statement = Statement(read_team(bicycles, **asked), as_of, max_age)
    record = statement_record(statement, bicycles)
    assert read_requirements_data(record, "record", bicycles) == statement
    assert statement_record(read_requirements_data(record, "record", bicycles), bicycles) == record


def statement(bicycles, as_of=None, max_age=None, **asked):
    return Statement(read_team(bicycles, **asked), as_of, max_age)


def test_a_file_and_the_command_line_add_up(bicycles):
    asked = {"needs": ["repairs"], "situation": {"skill": "racer"}, "usage": {"inspections": 1}, "name": "riders"}
    file = statement(bicycles, dt.date(2020, 1, 1), 90, **asked)
    line = statement(bicycles, wants=["rental"], situation={"purposes": "racing"}, usage={"rental-days": 2})
    together = combine(file, line, bicycles)
    assert together.team.stated == {"repairs", "rental"}
    assert together.team.situation == {"skill": ("racer",), "purposes": ("racing",)}
    assert together.team.usage == {"inspections": 1, "rental-days": 2}
    assert together.team.name == "riders"
    # What the command line leaves open, it does not override.
    assert (together.as_of, together.max_age) == (dt.date(2020, 1, 1), 90)
    assert together.notes == ("The command line adds rental, purposes, rental-days to the file.",)


def test_where_both_speak_of_one_thing_the_command_line_wins_and_a_note_says_so(bicycles):
    file = statement(
        bicycles,
        dt.date(2020, 1, 1),
        90,
        needs=["stock>=90", "repairs"],
        situation={"skill": "racer"},
        usage={"inspections": 1},
    )
    line = statement(
        bicycles,
        dt.date(2023, 1, 1),
        30,
        wants=["stock>=50"],
        situation={"skill": "beginner"},
        usage={"inspections": 2},
    )
    together = combine(file, line, bicycles)
    assert set(together.team.requirements) == {
        Requirement("repairs", "must"),
        Requirement("bikes-in-stock", "should", Interval(50)),
    }
    assert together.team.situation == {"skill": ("beginner",)}
    assert together.team.usage == {"inspections": 2}
    assert (together.as_of, together.max_age) == (dt.date(2023, 1, 1), 30)
    assert together.notes == (
        "The command line overrides bikes-in-stock, skill, inspections, as-of, max-age in the file.",
    )


def test_the_same_thing_said_twice_overrules_nothing(bicycles):
    both = statement(bicycles, needs=["repairs"], situation={"skill": "racer"}, usage={"inspections": 1})
    assert combine(both, both, bicycles) == both


PARTS_THAT_NEED_ANOTHER = [
    (b"needs: [monthly-cost<=50]", {"usage": {"inspections": 1}}, "is computed from monthly usage, but none is stated"),
    (b"usage: {inspections: 1}", {"needs": ["monthly-cost<=50"]}, None),
    (b"needs: [stock>=90, stock<=80]", {"needs": ["stock>=50"]}, "exclude each other: nothing is at least 90 and"),
    (b"needs: [stock>=90]\nwants: [stock<=80]", {"wants": ["stock>=50"]}, "exclude each other"),
]


@pytest.mark.parametrize(("file", "line", "alone"), PARTS_THAT_NEED_ANOTHER)
def test_a_part_is_checked_with_the_other_part_and_not_before(bicycles, file, line, alone):
    part = read_requirements(file, "team.yaml", bicycles, whole=False)
    other = Statement(read_team(bicycles, **line, whole=False))
    assert combine(part, other, bicycles).team.requirements
    if alone is not None:
        with pytest.raises(RequirementsError, match=alone):
            read_requirements(file, "team.yaml", bicycles)
        with pytest.raises(RequirementsError, match=alone):
            combine(part, Statement(Team()), bicycles)


def test_each_word_of_a_part_is_checked_at_once(bicycles):
    with pytest.raises(RequirementsError, match=r"team.yaml: unknown criterion 'repair'"):
        read_requirements(b"needs: [repair]", "team.yaml", bicycles, whole=False)


@pytest.mark.parametrize(
    ("file", "line", "unwanted", "stated"),
    [
        (b"needs: [repairs]", {"wants": ["repairs:wont"]}, ("repairs",), set()),
        (b"wants: [{criterion: repairs, priority: wont}]", {"needs": ["repairs"]}, (), {"repairs"}),
    ],
)
def test_the_command_line_wins_over_what_a_file_does_not_want(bicycles, file, line, unwanted, stated):
    part = read_requirements(file, "team.yaml", bicycles, whole=False)
    whole = combine(part, Statement(read_team(bicycles, **line, whole=False)), bicycles)
    assert (whole.team.unwanted, whole.team.stated) == (unwanted, stated)
    assert whole.notes == ("The command line overrides repairs in the file.",)


def test_what_is_not_wanted_is_kept_from_both_and_written_as_it_is_read(bicycles):
    part = read_requirements(b"wants: ['rental:wont']", "team.yaml", bicycles, whole=False)
    whole = combine(part, Statement(read_team(bicycles, needs=["repairs", "test-rides:wont"], whole=False)), bicycles)
    assert whole.team.unwanted == ("rental", "test-rides")
    record = statement_record(whole, bicycles)
    assert record["wants"] == [{"criterion": name, "priority": "wont"} for name in whole.team.unwanted]
    assert read_requirements_data(record, "record", bicycles).team == whole.team
