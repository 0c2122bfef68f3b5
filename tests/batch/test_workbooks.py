"""Spreadsheets as people have them: every shape is answered as its plain form is, and what is wrong is said."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import shlex
import sys
import zipfile
from pathlib import Path

import polars as pl
import pytest
import python_calamine
import xlsxwriter

from provider_advisor.batch.writing.answer_workbook import RowSentences
from provider_advisor.faces.cli.run_command import run as run_command
from provider_advisor.knowledge import load

_DAY = "2024-06-01"
_BICYCLES = Path(__file__).parents[1] / "knowledge" / "bicycles"


@pytest.fixture
def recommend(tmp_path, monkeypatch, capsys):
    """A function from the words after `recommend` to exit status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    base = ["--facts", str(_BICYCLES / "facts"), "--rules", str(_BICYCLES / "rules"), "--as-of", _DAY]

    def run(line):
        monkeypatch.setattr(sys, "argv", ["recommend", *shlex.split(line), *base])
        status = run_command()
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def _write(path, *sheets, rows=()):
    """Write a workbook of sheets, (name, rows) each, or of one; a tuple in a row is a formula and its value."""
    with xlsxwriter.Workbook(path) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, lines in sheets or [("Teams", rows)]:
            sheet = book.add_worksheet(name)
            for row, cells in enumerate(lines):
                for column, cell in enumerate(cells):
                    if isinstance(cell, tuple):
                        sheet.write_formula(row, column, cell[0], None, cell[1])
                    elif isinstance(cell, dt.date):
                        sheet.write_datetime(row, column, cell, day)
                    elif isinstance(cell, str):
                        sheet.write_string(row, column, cell)
                    else:
                        sheet.write(row, column, cell)


def _csv(path):
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def _sheet(path, name):
    return python_calamine.load_workbook(path).get_sheet_by_name(name).to_python()


_LISTS = [
    ["Team", "Needs", "Usage rental days", "as of", "Note"],
    ["a", "repairs,bikes-in-stock>=5", 50, None, "=1+1"],
    ["b", "rental", None, dt.date(2021, 1, 1), 7],
    [],
    ["c", "no-such-thing", None, None, None],
]


def test_a_workbook_of_lists_is_answered_as_the_same_csv(recommend):
    _write("teams.xlsx", rows=_LISTS)
    Path("teams.csv").write_text(
        'Team,Needs,Usage rental days,as of,Note\na,"repairs,bikes-in-stock>=5",50,,=1+1\nb,rental,,2021-01-01,7\n'
        ",,,,\nc,no-such-thing,,,\n"
    )
    assert recommend("batch teams.xlsx a.csv --quiet")[0] == recommend("batch teams.csv b.csv --quiet")[0] == 3
    assert _csv("a.csv") == _csv("b.csv")
    assert len(_csv("a.csv")) == 3
    assert [row[1:3] for row in _csv("a.rejects.csv")[1:]] == [["5", _csv("b.rejects.csv")[1][2]]]


def test_a_quiet_run_writes_the_same_workbook(recommend):
    Path("teams.csv").write_text("team,needs\na,repairs\nb,rental\n", encoding="utf-8")
    assert "Most wanted" in recommend("batch teams.csv loud.xlsx")[2]
    assert recommend("batch teams.csv quiet.xlsx --quiet")[2] == ""
    assert recommend("batch teams.csv told.xlsx --quiet --summary told.json")[2] == ""
    assert json.loads(Path("told.json").read_text())["wanted"]
    for name in ("Answers", "Reasons", "Details", "Scope"):
        assert _sheet("quiet.xlsx", name) == _sheet("loud.xlsx", name) == _sheet("told.xlsx", name)


def _table(path, name):
    """The columns of a sheet by their names."""
    head, *rows = _sheet(path, name)
    assert len({*head}) == len(head)
    return dict(zip(head, zip(*rows, strict=True), strict=True))


@pytest.mark.parametrize("option", ["", "--reasons"])
def test_an_answer_is_a_workbook_that_can_be_read_again(recommend, option):
    _write("teams.xlsx", rows=_LISTS)
    assert recommend(f"batch teams.xlsx out.xlsx --quiet {option}")[0] == 3
    recommend("batch teams.xlsx out.csv --quiet --reasons")
    answers, details = _table("out.xlsx", "Answers"), _table("out.xlsx", "Details")
    expected = dict(zip(_csv("out.csv")[0], zip(*_csv("out.csv")[1:], strict=True), strict=True))
    lists = {name for name in expected if name.endswith((".unmet", ".unknown"))} | {"among", "reasons", "changes"}
    scores = {name for name in answers if name.endswith(".score")}
    assert [*answers] == ["team", "verdict", "strength", "provider", "lean", "ranking", "Note", *sorted(scores)]
    assert {*answers, *details} - scores == {*expected} - (set() if option else {*lists, "unlisted"})
    for name, cells in (details | answers).items():
        column = name.replace(".score", ".expected")
        for row, (cell, text) in enumerate(zip(cells, expected[column], strict=True)):
            if name in scores and expected[column.replace(".expected", ".standing")][row] == "ruled-out":
                assert cell == ""
            else:
                assert cell == (float(text) if isinstance(cell, float) else text)
    reasons = _sheet("out.xlsx", "Reasons")
    assert reasons[0] == ["team", "why"]
    assert [row[0] for row in reasons[1:]] == ["a", "b"]
    assert all(row[1].endswith(".") for row in reasons[1:])
    scope = [tuple(row) for row in _sheet("out.xlsx", "Scope")]
    assert ("Scores", "0 to 100, as expected; empty for providers that are ruled out") in scope
    assert {("Inputs", "teams.xlsx"), ("Rows answered", 2.0), ("Rows rejected", 1.0), ("Blank rows", 1.0)} <= {*scope}
    xml = zipfile.ZipFile("out.xlsx").read("xl/worksheets/sheet1.xml").decode()
    assert "<pane " in xml
    assert "<autoFilter " in xml
    assert "<f>" not in xml


def test_what_must_be_absent_and_choices_have_sentences_in_a_workbook(recommend):
    asked = ["rental=no", "rental=no|repairs", "repairs|test-rides", "cargo-bikes=no,stock>=90", "rental=no:should"]
    Path("teams.csv").write_text("team,needs\n" + "".join(f'{place},"{words}"\n' for place, words in enumerate(asked)))
    status, _, said = recommend("batch teams.csv out.xlsx --quiet")
    assert status == 0, said
    why = dict(_sheet("out.xlsx", "Reasons")[1:])
    assert len(why) == len(asked)
    assert "absent" in " ".join(why.values())


_CRITERIA = [
    ["Our wishes"],
    [],
    ["Team", "Mending", "Rental", "Test ride", "Bicycles in stock", "Region"],
    ["a", "must", "x", "nice to have", ">=5", "north"],
    ["b", "no", "Yes", None, "should", "south"],
    ["c", "5", "3", None, "-", None],
    ["d", "maybe", None, None, None, None],
    ["e", None, None, None, "90", None],
]
_PLAIN = """team,needs,Region
a,"repairs:must,rental:must,test-rides:could,bikes-in-stock>=5",north
b,"repairs:wont,rental:must,bikes-in-stock:should",south
c,"repairs:must,rental:should",
"""


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_a_column_for_each_criterion_is_answered_as_lists_are(recommend, form):
    _write("teams.xlsx", rows=_CRITERIA)
    with Path("teams.csv").open("w", newline="") as file:
        csv.writer(file).writerows(_CRITERIA[2:])
    Path("plain.csv").write_text(_PLAIN)
    status, _, said = recommend(f'batch teams.{form} a.csv --scale "5=must,3=should"')
    assert status == 3
    assert recommend("batch plain.csv b.csv --quiet")[0] == 0
    assert _csv("a.csv") == _csv("b.csv")
    assert "  Mending → repairs (alias)\n  Rental → rental (id)\n  Test ride → test-rides (as 'test-rides')\n" in said
    assert "  Bicycles in stock → bikes-in-stock (label)\n  copied unchanged: Region\n" in said
    assert ("skipped above it: 'Our wishes'" in said) is (form == "xlsx")
    reasons = [row[2] for row in _csv("a.rejects.csv")[1:]]
    assert reasons[0].startswith("the column 'Mending' contains 'maybe'; expected must, ")
    assert reasons[1].startswith("the column 'Bicycles in stock' contains '90'; expected must, ")


def test_numbers_mean_nothing_until_somebody_says_what(recommend):
    _write("teams.xlsx", rows=[["Team", "Rental"], ["a", 5], ["b", "x"]])
    assert recommend("batch teams.xlsx a.csv --quiet")[0] == 3
    (_, (_, row, reason, _)) = _csv("a.rejects.csv")
    assert row == "2"
    assert reason.startswith("the column 'Rental' contains '5', but nothing says what that number means; use --scale")


_DOUBTFUL = [["Team", "Rental", "Cargo", "Contact", "Holograms"], ["a", "x", "must", "Ann", "x"]]


@pytest.mark.parametrize("cell", ["Ann", "33123"])
@pytest.mark.parametrize("header", ["Contact", "Email", "Phone", "Name", "Company", "Country"])
def test_what_lists_say_of_people_is_copied(recommend, header, cell):
    Path("people.csv").write_text(f"team,{header},Rental\na,{cell},must\n")
    status, _, said = recommend("batch people.csv a.csv")
    assert (status, f"copied unchanged: {header}\n" in said) == (0, True)
    assert dict(zip(*_csv("a.csv"), strict=True))[header] == cell


def test_headers_in_doubt_are_refused_until_a_file_of_matches_says_what_they_are(recommend):
    _write("teams.xlsx", rows=_DOUBTFUL)
    status, _, said = recommend("batch teams.xlsx a.csv --matched m.yaml")
    assert status == 2
    assert "the column 'Cargo' may mean 'cargo-bikes' (Cargo bikes)." in said
    assert "the column 'Holograms': nothing is recorded about that." in said
    assert not Path("a.csv").exists()
    written = Path("m.yaml").read_text()
    assert [line for line in written.splitlines() if not line.startswith("#")] == [
        "matches:",
        "  Rental: rental  # id",
        "  Cargo: null  # cargo-bikes",
        "  Contact: carry",
        "  Holograms: null  # nothing is recorded",
    ]
    corrected = written.replace("Cargo: null", "Cargo: [cargo-bikes, test-rides]").replace("null", "leave-out")
    Path("m.yaml").write_text(corrected)
    assert recommend("batch teams.xlsx a.csv --matches m.yaml --matched n.yaml --quiet")[0] == 0
    Path("plain.csv").write_text("team,needs,Contact\na,rental;cargo-bikes;test-rides,Ann\n")
    recommend("batch plain.csv b.csv --quiet")
    assert _csv("a.csv") == _csv("b.csv")
    assert recommend("batch teams.xlsx c.csv --matches n.yaml --quiet")[0] == 0
    assert _csv("c.csv") == _csv("a.csv")


_RFP = [
    ["Request for proposals of a town"],
    ["No", "Requirement", "Must or desired", "Weight", "Category"],
    [1, "Mending", "mandatory", 3, "Service"],
    [2, "Test rides", "desired", None, "Service"],
    [None, None, None, None, "Rental"],
    [3, "rental", "nice to have", 1.5, "Service"],
]


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_one_row_a_requirement_is_one_team(recommend, form):
    _write("rfp.xlsx", rows=_RFP)
    with Path("rfp.csv").open("w", newline="") as file:
        csv.writer(file, delimiter=";").writerows(_RFP[1:])
    Path("plain.yaml").write_text(
        "needs:\n- {criterion: repairs, weight: 3}\n"
        "wants: [test-rides, {criterion: rental, priority: could, weight: 1.5}]\n"
    )
    status, found, said = recommend(f"--file rfp.{form} --format json")
    assert status == 0
    assert found == recommend("--file plain.yaml --format json")[1]
    assert "3 of 3 rows with a requirement are judged, 1 row without a requirement skipped." in said
    assert "  Mending → repairs (alias)\n" in said


@pytest.mark.parametrize("name", ["rfp.xls", "rfp.ODS", "rfp.xlsb", "rfp.numbers"])
def test_spreadsheets_of_other_forms_are_named_as_what_they_are(recommend, name):
    Path(name).write_bytes(b"\xd0\xcf\x11\xe0")
    sentence = f"{name} is a spreadsheet in a form that is not read; save it as .xlsx or CSV."
    for line in (f"--file {name}", f"batch {name} a.csv"):
        status, _, said = recommend(line)
        assert (status, sentence in said, said.count("\n")) == (2, True, 1), said


def test_a_bare_number_may_be_meant_as_a_bound(recommend):
    _write("teams.xlsx", rows=[["Team", "Stock", "Rental"], ["a", 20, 5]])
    assert recommend("batch teams.xlsx a.csv --quiet")[0] == 3
    reason = _csv("a.rejects.csv")[1][2]
    assert "the column 'Stock' contains '20', but nothing says what that number means" in reason
    assert reason.count("If it is a bound, write >=20 or <=20.") == 1
    assert ">=5" not in reason


def test_what_is_wrong_with_requirements_is_said_at_once(recommend):
    _write(
        "rfp.xlsx",
        rows=[["Requirement", "Priority", "Weight"], ["Cargo", "must"], ["rental", "perhaps"], ["repairs", "must", -1]],
    )
    status, _, said = recommend("--file rfp.xlsx")
    assert status == 2
    assert "rfp.xlsx (sheet Teams), row 2: the requirement 'Cargo' may mean 'cargo-bikes' (Cargo bikes)." in said
    assert "row 3: the priority contains 'perhaps'; expected must, should, could, wont, yes, no or x." in said
    assert "row 4: the weight is '-1'; expected a number above 0" in said
    assert "answer it with: recommend --file rfp.xlsx" in recommend("batch rfp.xlsx a.csv")[2]


def test_priorities_may_be_columns_of_crosses(recommend):
    _write("rfp.xlsx", rows=[("Requirement", "Mandatory", "Desirable"), ("repairs", "x", None), ("advice", None, "X")])
    status, found, said = recommend("--file rfp.xlsx --format json")
    assert status == 0, said
    asked = json.loads(found)["requirements"]
    assert {part["criterion"]: part["priority"] for part in asked} == {"repairs": "must", "advice": "should"}
    assert "answer it with: recommend --file rfp.xlsx" in recommend("batch rfp.xlsx a.csv")[2]


@pytest.mark.parametrize(
    ("crosses", "sentence"),
    [
        ((None, "no"), "no priority is marked; put an x into one of the columns 'Must', 'Should'."),
        (("x", "x"), "more than one priority is marked ('Must', 'Should'); keep one."),
        (("perhaps", None), "the column 'Must' contains 'perhaps'; expected must, should, could, wont, yes, no or x."),
        ((1, None), "the column 'Must' contains '1', but nothing says what that number means"),
    ],
)
def test_crosses_that_name_no_priority_are_refused(recommend, crosses, sentence):
    _write("rfp.xlsx", rows=[("Requirement", "Must", "Should"), ("repairs", *crosses)])
    status, _, said = recommend("--file rfp.xlsx")
    assert (status, f"rfp.xlsx (sheet Teams), row 2: {sentence}" in " ".join(said.split())) == (2, True), said
    assert recommend("--file rfp.xlsx --scale 1=must,x=must")[0] == (0 if crosses[0] == 1 else 2)


def test_a_row_that_is_left_out_needs_no_cross(recommend):
    _write("rfp.xlsx", rows=[("Requirement", "Must", "Should"), ("Workshop", None, None), ("repairs", "x", None)])
    Path("m.yaml").write_text("matches:\n  Workshop: leave-out\n")
    assert recommend("--file rfp.xlsx --matches m.yaml --format json")[0] == 0


def _read_priorities(recommend, *rows, options=""):
    _write("rfp.xlsx", rows=rows)
    status, found, said = recommend(f"--file rfp.xlsx --format json {options}")
    assert status == 0, said
    return {part["criterion"]: part["priority"] for part in json.loads(found)["requirements"]}, said


@pytest.mark.parametrize("header", ["Mandatory", "Mandatory (Y/N)", "Required?", "Must have", "Essential"])
def test_what_is_not_mandatory_is_a_wish_and_not_unwanted(recommend, header):
    rows = ("Requirement", header), ("repairs", "yes"), ("advice", "no")
    asked, said = _read_priorities(recommend, *rows)
    assert asked == {"repairs": "must", "advice": "should"}
    assert f"'{header}' says no in 1 row, read as should; --scale \"no=wont\" says otherwise." in said
    assert _read_priorities(recommend, *rows, options="--scale no=wont")[0] == {"repairs": "must", "advice": "wont"}


@pytest.mark.parametrize(
    "names",
    [
        ("Requirement", "Priority (MoSCoW)"), ("Functional requirement", "Must / Should / Could"),
        ("Requirement description", "Priority level"), ("Feature name", "Mandatory or optional"),
        ("Business requirements", "Prio"), ("Requirement", "Type"),
    ],
)  # fmt: skip
def test_columns_are_known_by_the_names_that_people_give_them(recommend, names):
    asked, _ = _read_priorities(recommend, names, ("repairs", "Must"), ("advice", "Should"), ("rental", "Optional"))
    assert asked == {"repairs": "must", "advice": "should", "rental": "could"}


@pytest.mark.parametrize(
    ("header", "cells", "sentence"),
    [
        (
            "Status",
            ("must have", "nice to have"),
            "seems to say how important each requirement is (such as 'must have')",
        ),
        (
            "Need it?",
            ("Yes", "No"),
            "seems to say how important each requirement is (such as 'No'); call it 'Priority'",
        ),
        ("Tier", ("P1", "P2"), "seems to say how important each requirement is (such as 'P1'); call it 'Priority'"),
        (
            "P1/P2",
            ("P1", "P2"),
            "contains 'P1', but nothing says what that means; use --scale \"P1=must,P2=should,P3=could\"",
        ),
        ("Level", ("High", "Low"), 'nothing says what that means; use --scale "High=must,Medium=should,Low=could"'),
        (
            "Priority",
            ("", "must"),
            "the priority is empty; expected must, should, could or wont, or mandatory or desired.",
        ),
    ],
)
def test_priorities_are_never_left_out_without_a_word(recommend, header, cells, sentence):
    _write("rfp.xlsx", rows=[("Requirement", header), *zip(("repairs", "advice"), cells, strict=True)])
    status, _, said = recommend("--file rfp.xlsx")
    assert (status, sentence in said) == (2, True), said


def test_without_priorities_the_texts_say_what_is_a_wish(recommend):
    rows = ("Requirement", "Kind"), ("The system must provide repairs", "F"), ("The system should provide advice", "F")
    asked, said = _read_priorities(recommend, *rows, ("rental", "N"))
    assert asked == {"repairs": "must", "advice": "should", "rental": "must"}
    assert "so all are musts whose text or heading does not say otherwise." in said
    assert "columns not read: 'Kind'." in said


def test_words_beside_a_requirement_and_headings_above_it_say_how_important_it_is(recommend):
    rows = (("Requirement",), ("Test rides - optional",), ("Must: repairs",), ("Nice-to-haves:",), ("rental",))
    asked, said = _read_priorities(recommend, *rows, ("Child seats are not required",))
    assert {name: asked.get(name) for name in ("test-rides", "repairs", "rental", "child-seats")} == {
        "test-rides": "could", "repairs": "must", "rental": "could", "child-seats": None
    }  # fmt: skip
    assert "skipped as headings: 'Nice-to-haves:' (row 4)." in said


def test_what_is_not_required_has_no_priority(recommend):
    _write("rfp.xlsx", rows=[("Requirement", "Priority"), ("Repairs are not required", "must")])
    status, _, said = recommend("--file rfp.xlsx")
    assert (status, "row 2: 'Repairs are not required' is not asked for, but has a priority" in said) == (2, True), said


def test_a_row_may_ask_for_several_things_or_for_any_of_them(recommend):
    rows = ("Requirement", "Priority"), ("Repairs, rental", "must"), ("Test rides or child seats", "could")
    asked, said = _read_priorities(recommend, *rows)
    expected = {"repairs": "must", "rental": "must", "child-seats|test-rides": "could"}
    assert asked | expected == asked, said  # a rule adds another
    assert "Repairs, rental → repairs, rental (from its words)" in said
    assert "(from its words, any will do)" in said


def test_who_does_not_want_one_or_the_other_wants_neither(recommend):
    rows = ("Requirement", "Priority"), ("Repairs or rental", "wont"), ("Test rides", "must")
    assert _read_priorities(recommend, *rows)[0] == {"repairs": "wont", "rental": "wont", "test-rides": "must"}


def test_headings_between_requirements_are_skipped_where_they_cannot_be_requirements(recommend):
    numbered = (
        ("ID", "Requirement", "Priority"),
        ("1", "SERVICE", None),
        ("1.1", "repairs", "must"),
        ("1.2", "advice", "C"),
    )
    asked, said = _read_priorities(recommend, *numbered)
    assert asked == {"repairs": "must", "advice": "could"}
    assert "skipped as headings: 'SERVICE' (row 2)." in said
    bare = ("No", "Requirement", "Priority"), (1, "repairs", "must"), (None, "Service", None), (2, "advice", "could")
    assert _read_priorities(recommend, *bare)[0] == asked
    _write(
        "rfp.xlsx",
        rows=[("No", "Requirement", "Priority"), (1, "repairs", "must"), (2, "advice", None), (3, "rental", "C")],
    )
    assert "row 3: the priority is empty" in recommend("--file rfp.xlsx")[2]  # it may have been forgotten


def test_numbers_beside_and_before_requirements_are_passed_over(recommend):
    rows = ("Item", "Requirement", "Priority"), ("1.1", "1. repairs", "must"), ("R-2", "1.2 Advice", "should")
    asked, said = _read_priorities(recommend, *rows, ("c)", "(3) rental", "could"))
    assert asked == {"repairs": "must", "advice": "should", "rental": "could"}
    assert "columns not read: 'Item'." in said
    _write("rfp.xlsx", rows=[("Functional requirement", "Feature name"), ("Shop", "repairs")])
    assert (
        "the columns 'Functional requirement' and 'Feature name' both say the text" in recommend("--file rfp.xlsx")[2]
    )


@pytest.mark.parametrize("names", [("Description", "Requirement"), ("Item", "Requirement"), ("Description", "Feature")])
def test_of_two_columns_of_texts_one_holds_the_requirements_and_that_is_said(recommend, names):
    rows = (*names, "Priority"), ("At our place", "repairs", "must"), ("advice", None, "could"), ("Service", None, None)
    asked, said = _read_priorities(recommend, *rows)
    assert asked == {"repairs": "must", "advice": "could"}
    said = " ".join(said.split())
    assert f"requirements are read from '{names[1]}', and from '{names[0]}' only where that is empty, or to" in said


def test_a_description_helps_to_suggest_what_a_requirement_may_mean(recommend):
    _write("rfp.xlsx", rows=[("Requirement", "Description"), ("Workshop hours", "The shop must provide test rides")])
    status, _, said = recommend("--file rfp.xlsx")
    assert (status, "'test-rides' (Test rides)" in said) == (2, True), said


@pytest.mark.parametrize(
    ("names", "cells", "priority"),
    [
        (("Mandatory", "Priority"), ("yes", "must"), "must"),
        (("Mandatory", "Priority"), ("yes", None), "must"),
        (("Mandatory", "Priority"), ("no", "could"), "could"),
        (("Mandatory", "Priority"), ("no", None), "should"),
        (("Mandatory", "Priority"), ("n/a", "could"), "could"),
        (("Priority", "Importance"), (None, "desired"), "should"),
        (("Must have", "Priority"), (None, "could"), "could"),
        (("Must", "Should", "Priority"), (None, "x", "should"), "should"),
        (("Must", "Should", "Priority"), (None, None, "could"), "could"),
    ],
)
def test_columns_of_priorities_that_agree_are_read_together(recommend, names, cells, priority):
    asked, said = _read_priorities(recommend, ("Requirement", *names), ("repairs", *cells))
    assert asked["repairs"] == priority
    assert "which have to agree in each row." in " ".join(said.split())


@pytest.mark.parametrize(
    ("names", "cells", "sentence"),
    [
        (
            ("Mandatory", "Priority"),
            ("yes", "could"),
            "'Mandatory' says 'yes' and 'Priority' says 'could', which do not",
        ),
        (("Mandatory", "Priority"), ("no", "must"), "'Mandatory' says 'no' and 'Priority' says 'must', which do not"),
        (
            ("Must", "Should", "Priority"),
            ("x", None, "should"),
            "'Priority' says 'should' and 'Must' says 'must', which",
        ),
        (("Mandatory", "Priority"), ("yes", "High"), "the priority contains 'High', but nothing says what that means"),
        (("Mandatory", "Priority"), (None, None), "the priority is empty; expected must"),
    ],
)
def test_priorities_that_do_not_agree_are_refused_row_by_row(recommend, names, cells, sentence):
    _write("rfp.xlsx", rows=[("Requirement", *names), ("repairs", *cells), ("advice", *("must" for _ in names[:1]))])
    status, _, said = recommend("--file rfp.xlsx")
    assert (status, f"row 2: {sentence}" in " ".join(said.split())) == (2, True), said


def test_cells_that_say_must_and_should_are_no_header(recommend):
    _write("rfp.xlsx", rows=[("Anforderung", "Muss", "Soll"), ("repairs", "must", None), ("advice", "must", "should")])
    said = recommend("--file rfp.xlsx")[2]
    assert "has no column 'requirement'; found 'Anforderung', 'Muss', 'Soll'. Call the column of" in said


@pytest.mark.parametrize("name", ["rfp.tsv", "rfp.TAB"])
def test_requirements_may_be_a_table_with_tabs(recommend, name):
    Path(name).write_text("Requirement\tPriority\nRepairs\tmust\n")
    status, out, err = recommend(f"--file {name} --format json")
    assert (status, json.loads(out)["requirements"][0]["criterion"]) == (0, "repairs"), err


def test_a_header_may_take_two_rows(recommend):
    rows = ("Requirement", "Priority", None), (None, "Must", "Should"), ("repairs", "x", None), ("advice", None, "x")
    assert _read_priorities(recommend, *rows)[0] == {"repairs": "must", "advice": "should"}
    _write("teams.xlsx", rows=[("Team", "Service", None), (None, "Repairs", "Advice"), ("a", "x", "could")])
    assert recommend("batch teams.xlsx a.csv --quiet")[0] == 0
    assert _csv("a.csv")[1][0] == "a"
    assert _csv("a.csv")[0][0] == "team"
    # A title alone in its row is no name: the column below it keeps that of its place.
    _write("teams.xlsx", rows=[("Our survey",), (None, "Repairs", "Advice"), ("a", "x", "could")])
    assert recommend("batch teams.xlsx a.csv --quiet")[0] == 0
    assert "column_1" in _csv("a.csv")[0]


@pytest.mark.parametrize(
    ("encoding", "title"), [("utf-16", ""), ("utf-8-sig", ""), ("utf-8", "Acme, Inc., request for proposals\n")]
)
def test_requirements_as_csv_from_office_programs(recommend, encoding, title):
    text = f"{title}Requirement;Priority;Weight\nrepairs;must;2,5\nadvice;should;1\n"
    Path("rfp.csv").write_bytes(text.encode(encoding))
    assert "add --decimal ,." in recommend("--file rfp.csv")[2]
    status, found, said = recommend("--file rfp.csv --format json --decimal ,")
    assert status == 0, said
    weights = {part["criterion"]: part["weight"] for part in json.loads(found)["requirements"]}
    assert weights == {"repairs": 2.5, "advice": 1}


def test_requirements_in_a_file_of_another_kind_are_told_what_it_is(recommend):
    for name in ("rfp.csv", "rfp.parquet"):
        Path(name).write_bytes(b"PAR1\x15\x04\xff\xff")
        told = f"recommend: {name} is a Parquet file; expected CSV, or a workbook named .xlsx.\n"
        assert recommend(f"--file {name}")[2] == told


def test_requirements_in_another_encoding_and_under_other_names(recommend):
    Path("rfp.csv").write_bytes("Anforderung;Priorität\nrepairs;must\nAnforderung;should\n".encode("cp1252"))
    assert "rfp.csv is not UTF-8; add --encoding cp1252 (Windows)" in recommend("--file rfp.csv")[2]
    line = "--file rfp.csv --encoding cp1252 --format json"
    assert 'there or by --rename "Anforderung=Requirement".' in " ".join(recommend(line)[2].split())
    line += " --rename Anforderung=Requirement --rename Priorität=Priority --unlisted-unknown"
    status, found, said = recommend(line)
    assert status == 0, said
    answer = json.loads(found)
    assert answer["requirements"][0]["criterion"] == "repairs"
    assert answer["unlisted"] == [{"text": "Anforderung", "priority": "should"}]  # only the header has another name


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "--file rfp.csv --rename Anforderun=Requirement",
            "rfp.csv: there is no column 'Anforderun' to rename. Did you",
        ),
        ("--file rfp.csv --rename Anforderung", "--rename 'Anforderung' cannot be read; expected OLD=NEW"),
        ("--file rfp.csv --encoding none", "'none' is not a text encoding"),
        ("--file rfp.csv --encoding ascii", "rfp.csv is not in the encoding given by --encoding; try another."),
        ("--file rfp.xlsx --encoding cp1252", "--encoding is for CSV, but rfp.xlsx is a workbook; leave it out."),
        ("--file rfp.csv --sheet New", "--sheet is for workbooks, but rfp.csv is CSV; leave it out."),
        ("--file rfp.csv --scale 1=must,1=should", "--scale gives '1' two meanings; remove one."),
        ("--file nowhere.xlsx", "nowhere.xlsx does not exist; check the path."),
        ("--file quotes.csv", "quotes.csv cannot be read as CSV ("),
        ("--file blank.csv", "blank.csv, row 3: the requirement has no text; add it, or clear the row."),
        ("--file rfp.csv --matches m.yaml", "for all such words). Did you mean 'leave-out'?"),
        ("--needs repairs --rename a=b", "--rename is for spreadsheets (.xlsx, .csv); give one with --file."),
    ],
)
def test_options_on_requirements_that_do_not_fit_are_refused(recommend, line, sentence):
    Path("rfp.csv").write_text("Anforderung;Priorität\nrepairs;must\n", encoding="utf-8")
    _write("rfp.xlsx", rows=[("Requirement", "Priority"), ("repairs", "must")])
    Path("quotes.csv").write_text('Requirement,Priority\n"repairs" and more,must\n')
    Path("blank.csv").write_text("Requirement,Priority\nrepairs,must\n,must\n")
    Path("m.yaml").write_text("matches:\n  rental: null\n  repairs: leave_out\n")
    status, _, said = recommend(line)
    assert (status, sentence in " ".join(said.split())) == (2, True), said


def _pack(**parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return out.getvalue()


# Each is made when a test asks for it: every process of the tests imports this file, and a bomb takes a second.
_BAD = {
    "not a workbook": (lambda: b"team,needs\n", "is not a workbook, or is damaged"),
    "another archive": (lambda: _pack(content_xml="<x/>"), "is not a supported workbook; save it as .xlsx or CSV"),
    "an old form": (
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "is a workbook in the old .xls format; save it as",
    ),
    "a password": (
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
        "is protected with a password; remove it",
    ),
    "100 MB": (lambda: bytes(100_000_000), "is larger than 50 MB, the limit for workbooks; save the sheet as CSV"),
    "a bomb": (lambda: _pack(xl__bomb_xml=bytes(400_000_001)), "unpacks to more than 400,000,000 bytes"),
}


@pytest.mark.parametrize("name", _BAD)
def test_what_is_no_workbook_to_read_is_said_in_a_sentence(recommend, name):
    make, sentence = _BAD[name]
    Path("bad.xlsx").write_bytes(make())
    for line in ("batch bad.xlsx a.csv", "--file bad.xlsx"):
        status, _, said = recommend(line)
        assert status == 2
        assert sentence in said
        assert said.count("\n") == 1
        assert not Path("a.csv").exists()


@pytest.mark.parametrize("content", [b"<c ", b'<c t="e" ', b'<c t="e">', b"<row ", b"<c><f> "])
def test_a_sheet_made_to_take_hours_is_refused_at_once(recommend, content):
    _write("good.xlsx", rows=_LISTS[:3])
    with zipfile.ZipFile("good.xlsx") as good, zipfile.ZipFile("bad.xlsx", "w", zipfile.ZIP_DEFLATED) as bad:
        for name in good.namelist():
            bad.writestr(name, content * 300_000 if name == "xl/worksheets/sheet1.xml" else good.read(name))
    status, _, said = recommend("batch bad.xlsx a.csv")
    assert (status, said.count("\n")) == (2, 1)
    assert any(words in said for words in ("is damaged", "has no sheet with content", "is empty"))


def test_a_sheet_is_named_where_there_are_several(recommend):
    _write("teams.xlsx", ("Old", _LISTS[:2]), ("New", _LISTS[:3]), ("Empty", []))
    assert (
        "has several sheets: 'Old', 'New', 'Empty'; choose one with --sheet." in recommend("batch teams.xlsx a.csv")[2]
    )
    assert recommend("batch teams.xlsx a.csv --sheet new --quiet")[0] == 0
    assert len(_csv("a.csv")) == 3
    status, _, said = recommend("batch teams.xlsx a.csv --sheet Nwe")
    assert status == 2
    assert "has no sheet 'Nwe'; it has 'Old', 'New', 'Empty'." in said


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            [["Team", "Needs"], ["a", ("=B9", "")]],
            "sheet 'Teams': B2 contains a formula without a value; open the workbook",
        ),
        ([["Team", "Rental", "Hire"], ["a", "x", "x"]], "the columns 'Rental' and 'Hire' both mean 'rental'"),
        ([["Team", "Needs", "Needs"], ["a", "x", "x"]], "more than one column is called 'Needs', such as C1"),
        ([["Team", "Rental"], ["a", "Ann"]], "the column 'Rental' has the name of 'rental', but its cells do not say"),
    ],
)
def test_a_sheet_that_cannot_be_read_as_it_is_is_refused(recommend, rows, sentence):
    _write("teams.xlsx", rows=rows)
    status, _, said = recommend("batch teams.xlsx a.csv")
    assert status == 2
    assert sentence in said


def test_a_cell_far_out_is_refused_before_it_takes_memory(recommend):
    with xlsxwriter.Workbook("teams.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Team", "Needs"])
        sheet.write(1_048_575, 16_383, "x")
    status, _, said = recommend("batch teams.xlsx a.csv")
    assert status == 2
    assert "has 1,048,576 rows and 16,384 columns up to its last cell; at most 4,000,000 cells are read" in said


def test_an_error_in_a_cell_is_rejected_where_it_is_read_and_copied_where_it_is_not(recommend):
    error = ("=NA()", "#N/A")
    _write("teams.xlsx", rows=[["Team", "Rental", "Region"], ["a", error, None], ["b", "x", error]])
    assert recommend("batch teams.xlsx a.csv --quiet")[0] == 3
    assert [row[2] for row in _csv("a.rejects.csv")[1:]] == ["the column 'Rental' contains #N/A, an error; correct it."]
    assert [row[-1] for row in _csv("a.csv")] == ["Region", "#N/A"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("batch teams.xlsx a.csv --resume", "--resume does not work with workbooks"),
        ("batch teams.xlsx a.xlsx --resume", "--resume does not work with workbooks"),
        ("batch teams.xlsx a.xlsx --explain", "--explain does not fit into the cells of a workbook"),
        ("batch teams.xlsx - --output-format xlsx", "a workbook cannot be written to standard output"),
        ("batch teams.xlsx a.csv --scale 5=must", "--scale is for tables with a column for each criterion"),
        ("batch teams.xlsx a.csv --scale 5=most", "--scale: '5=most' cannot be read"),
        ("batch teams.csv a.csv --sheet New", "--sheet is for workbooks, but the input is csv"),
        ("batch teams.xlsx a.csv --matched teams.xlsx", "--matched teams.xlsx is an input; choose another file."),
        ("--file plain.yaml --sheet New", "--sheet is for spreadsheets (.xlsx, .csv); plain.yaml is not one."),
    ],
)
def test_options_that_do_not_go_with_a_workbook_are_refused(recommend, line, sentence):
    _write("teams.xlsx", rows=_LISTS[:3])
    Path("teams.csv").write_text("team,needs\na,rental\n")
    Path("plain.yaml").write_text("needs: [rental]\n")
    status, _, said = recommend(line)
    assert status == 2
    assert sentence in said


@pytest.mark.parametrize(
    ("module", "line"),
    [("python_calamine", "batch teams.xlsx a.csv"), ("xlsxturbo", "batch teams.csv a.xlsx")],
)
def test_a_missing_extra_is_named(recommend, monkeypatch, module, line):
    _write("teams.xlsx", rows=_LISTS[:3])
    Path("teams.csv").write_text("team,needs\na,rental\n")
    monkeypatch.setitem(sys.modules, module, None)
    status, _, said = recommend(line)
    assert status == 2
    assert "install provider-advisor[excel]" in said


def test_a_column_that_a_workbook_cannot_hold_is_refused(recommend):
    pl.DataFrame({"team": ["a"], "needs": ["rental"], "nested": [[[1]]]}).write_parquet("teams.parquet")
    assert (
        "which a workbook cannot represent; write Parquet or JSON Lines."
        in recommend("batch teams.parquet out.xlsx")[2]
    )


def test_what_a_cell_cannot_hold_is_a_text_that_says_so(recommend):
    day = dt.datetime(2024, 6, 1, 12, 30)  # noqa: DTZ001 (a moment of a sheet has no zone)
    pl.DataFrame(
        {
            "team": ["a", "b", "=c"],
            "needs": ["rental"] * 3,
            "long": ["x" * 40_000, "\N{BICYCLE}" * 40_000, "y" * 32_767],
            "number": [0.5, float("nan"), float("-inf")],
            "large": [2**53, 2**53 + 1, None],
            "moment": pl.Series([day, None, day]),
            "zoned": pl.Series([day, None, day]).dt.replace_time_zone("Europe/Berlin"),
            "day": [dt.date(1899, 12, 31), dt.date(2024, 6, 1), None],
            "^t.*$": ["x" * 40_000, None, ""],
            "*": ["@", "http://x.example", "\x00"],
        }
    ).write_parquet("teams.parquet")
    status, _, said = recommend("batch teams.parquet out.xlsx --quiet")
    assert (status, said) == (0, "")
    found = _table("out.xlsx", "Answers")
    assert found["team"] == ("a", "b", "=c")
    assert [len(text.encode("utf-16-le")) // 2 for text in found["long"]] == [32_767, 32_766, 32_767]
    assert all(text.endswith("… (40,000 characters in all)") for text in found["long"][:2])
    assert found["number"] == ("0.5", "NaN", "-inf")
    assert found["large"] == (2**53, str(2**53 + 1), "")
    assert found["moment"] == (day, "", day)
    assert found["zoned"] == ("2024-06-01 12:30:00+02:00", "", "2024-06-01 12:30:00+02:00")
    assert found["day"] == ("1899-12-31", dt.date(2024, 6, 1), "")
    assert [len(text) for text in found["^t.*$"]] == [32_767, 0, 0]
    assert found["*"] == ("@", "http://x.example", "\x00")
    assert b"<f>" not in zipfile.ZipFile("out.xlsx").read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize(("rows", "expected"), [("no-such-thing\n", 3), ("", 0)])
def test_a_workbook_without_answers_has_all_sheets(recommend, rows, expected):
    Path("teams.csv").write_text(f"needs\n{rows}")
    assert recommend("batch teams.csv out.xlsx --quiet")[0] == expected
    assert _sheet("out.xlsx", "Reasons") == [["row", "why"]]
    assert _sheet("out.xlsx", "Details")[0][0] == "row"
    assert _sheet("out.xlsx", "Answers")[0][:2] == ["verdict", "strength"]


def test_rows_without_a_name_have_their_number_on_the_sheets_beside(recommend):
    Path("teams.csv").write_text("needs\nrental\nrepairs\n")
    assert recommend("batch teams.csv out.xlsx --quiet")[0] == 0
    assert _table("out.xlsx", "Reasons")["row"] == _table("out.xlsx", "Details")["row"] == (1, 2)


@pytest.mark.parametrize(("header", "option"), [("team,velo.score", ""), ("why,x", "--id why")])
def test_a_column_named_as_one_of_the_workbook_is_refused(recommend, header, option):
    Path("teams.csv").write_text(f"{header},needs\na,1,rental\n")
    status, _, said = recommend(f"batch teams.csv out.xlsx {option}")
    assert status == 2
    assert "has the same name as a column of the workbook; rename it." in said
    assert not Path("out.xlsx").exists()


def test_what_is_not_known_is_said_of_the_three_that_come_first():
    sentences = RowSentences(load())
    row = dict.fromkeys(sentences.columns)
    row |= {"verdict": "undetermined", "lean": "zoom", "ranking": "zoom;twilio;sinch;aws", "vonage.unmet": "fax"}
    row |= {f"{provider}.unknown": "fax" for provider in ("aws", "sinch", "twilio", "vonage", "zoom")}
    fax = load().criteria["fax"].label
    assert sentences.say(*row.values()) == (
        f"Undetermined; Zoom leads. Not known about Zoom: {fax}. Not known about Twilio: {fax}. "
        f"Not known about Sinch: {fax}. Vonage fails a must: {fax}."
    )
