"""`--unlisted-unknown`: words that no criterion knows are listed instead of refused, and said, in every face."""

import csv
import json

import pyarrow as pa
import pytest

from provider_advisor.batch.reading.unknown_words import set_unknown_aside
from provider_advisor.requirements import Unlisted
from provider_advisor.requirements.unlisted import UnknownWords, WordCounts


@pytest.fixture
def says(recommend_says, folders_from, tmp_path, monkeypatch):
    """A function that runs the command on the bicycle shops, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    facts, rules = folders_from(tmp_path / "base")
    where = f"--facts {facts} --rules {rules} --as-of 2024-01-01"

    def run(line):
        return recommend_says(f"recommend {line} {where}")

    return run


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("loan bikes", Unlisted("loan bikes", "must")),
        ("loan bikes: within a day:should", Unlisted("loan bikes: within a day", "should")),
        ("loaned>=3:could", Unlisted("loaned>=3", "could")),
        ("repairs|loan bikes", Unlisted("repairs|loan bikes", "must")),
        ({"criterion": "loaned", "at_least": 3, "priority": "should"}, Unlisted("loaned>=3", "should")),
        ({"any": ["repairs", {"criterion": "loaned", "is": "absent"}]}, Unlisted("repairs|loaned=no", "must")),
        ({"criterion": "repairs|rental"}, Unlisted("repairs|rental", "must")),  # nothing is typed under `criterion`
        ({"criterion": "repairs=no"}, Unlisted("repairs=no", "must")),
        ("repairs: of all kinds of bikes", Unlisted("repairs: of all kinds of bikes", "must")),
        ("repairs", None),
        ("bikes-in-stock>=many", None),  # a mistake of another kind
        ("#N/A", None),  # an error of a spreadsheet is nothing that anybody wants
        ("@de", None),
        ("no repairs", None),  # it asks to do without what is known
        ("loan bikes:wont", None),  # what nothing judges cannot be refused
        ("loan bikes:shoud", None),
        ({"nonsense": 1}, None),
        (3, None),
    ],
)
def test_only_unknown_words_are_set_aside(bicycles, item, expected):
    kept, aside = UnknownWords(bicycles).set_aside([item], "must")
    assert (kept, aside) == (([item], []) if expected is None else ([], [expected]))


def test_the_command_line_and_a_file_list_them_and_say_so(says, tmp_path):
    asked = "--needs repairs,'loan bikes' --wants 'tea;rental' --unlisted-unknown --format json"
    found = says(asked)
    record = json.loads(found.out)
    assert [part["criterion"] for part in record["requirements"] if not part["implied_by"]] == ["repairs", "rental"]
    assert [(part["text"], part["priority"]) for part in record["unlisted"]] == [
        ("loan bikes", "must"),
        ("tea", "should"),
    ]
    assert found.err.splitlines() == [
        "recommend: no criterion covers these, so they are listed and not judged:",
        "  'loan bikes'.",
        "  'tea'.",
    ]
    (tmp_path / "team.yaml").write_text("needs: [repairs, loan bikes]\nwants: [{criterion: tea}, rental]\n")
    filed = says("--file team.yaml --unlisted-unknown --format json")
    assert json.loads(filed.out)["providers"] == record["providers"]
    assert json.loads(filed.out)["unlisted"] == record["unlisted"]
    assert filed.err == found.err


def test_a_refusal_names_the_option_and_other_mistakes_stay(says):
    assert "or --unlisted-unknown for all such words)." in says("--needs 'loan bikes'").err
    found = says("--needs 'loan bikes,bikes-in-stock>=many' --unlisted-unknown")
    assert (found.status, "has no number" in found.err) == (2, True)


def test_a_sheet_of_requirements_lists_what_is_in_doubt(says, tmp_path):
    (tmp_path / "rfp.csv").write_text("Requirement,Priority\nRepairs,must\nLoan bikes,desired\nTea,no\n")
    refused = says("--file rfp.csv --matched m.yaml")
    assert "'unlisted' lists it without judging it (all: --unlisted-unknown)" in refused.err
    assert "(sheet )" not in refused.err
    listed = says("--file rfp.csv --unlisted-unknown --format json")
    assert [part["text"] for part in json.loads(listed.out)["unlisted"]] == ["Loan bikes"]
    assert "recommend: listed and not judged:\n  Loan bikes (may mean cargo-bikes, bikes-in-stock)\n  Tea" in listed.err
    (tmp_path / "m.yaml").write_text((tmp_path / "m.yaml").read_text().replace("null", "unlisted"))
    assert says("--file rfp.csv --matches m.yaml --format json").out == listed.out


def test_an_error_of_a_spreadsheet_is_no_wish(says, tmp_path):
    (tmp_path / "rfp.csv").write_text("Requirement,Priority\n#N/A,must\nRepairs,must\n")
    found = says("--file rfp.csv --unlisted-unknown")
    assert (found.status, found.err) == (
        2,
        "recommend: rfp.csv, row 2: the requirement contains #N/A, an error; correct it.\n",
    )
    assert "'#N/A' is a spreadsheet error" in says("--needs #N/A --unlisted-unknown").err
    assert "'#REF!' is a spreadsheet error" in says("--needs #REF! --unlisted-unknown").err
    assert "'@de' names no criterion" in says("--needs @de --unlisted-unknown").err


def test_a_member_behind_what_a_team_does_without_is_no_wish(says):
    found = says("--needs 'no repairs@de' --unlisted-unknown")
    assert (found.status, "'no repairs' asks to do without 'repairs'" in found.err) == (2, True)


_TABLES = {
    "csv": 'team,needs,wants,unlisted\na,"repairs,loan bikes",tea,night shift\nb,rental,,\nc,bikes@mars,,\n',
    "jsonl": '{"team": "a", "needs": ["repairs", "loan bikes"], "wants": [{"criterion": "tea"}], '
    '"unlisted": ["night shift"]}\n{"team": "b", "needs": ["rental"]}\n{"team": "c", "needs": ["bikes-in-stock>=x"]}\n',
}


@pytest.mark.parametrize("form", _TABLES)
def test_rows_of_a_batch_are_scored_with_them_listed(says, tmp_path, form):
    (tmp_path / f"teams.{form}").write_text(_TABLES[form])
    found = says(f"batch teams.{form} out.jsonl --reasons --unlisted-unknown")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    if form == "csv":  # a word with a member, of a criterion that nobody knows, is unknown as a whole
        assert [row["unlisted"] for row in rows] == [["night shift", "loan bikes", "tea"], [], ["bikes@mars"]]
    else:
        assert [row["unlisted"] for row in rows] == [["night shift", "loan bikes", "tea"], []]
    assert rows[0]["team"] == "a"
    assert "no criterion covers these, so they are listed and not judged:" in found.err
    alone = json.loads(
        says("--needs repairs,'loan bikes' --wants tea --unlisted 'night shift' --unlisted-unknown --format json").out
    )
    scores = {part["id"]: part["score"]["expected"] for part in alone["providers"]}
    assert {name: rows[0][f"{name}.expected"] for name in scores} == scores


def test_headers_of_criteria_are_listed(says, tmp_path):
    (tmp_path / "teams.csv").write_text("Team,Repairs,Holograms,Tea\na,must,x,\nb,x,nice,no\nc,,,must\n")
    assert says("batch teams.csv out.csv").status == 2
    found = says("batch teams.csv out.jsonl --reasons --unlisted-unknown")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["unlisted"] for row in rows] == [["Holograms"], ["Holograms"], ["Tea"]]
    assert "recommend: listed and not judged:\n  Holograms (nothing is recorded about it)\n  Tea" in found.err
    both = (tmp_path / "both.csv").write_text("Team,Repairs,Holograms,unlisted\na,must,x,tea\n")
    assert both
    assert "there is a column 'unlisted'" in says("batch both.csv no.csv --unlisted-unknown").err


def test_without_unknown_words_nothing_is_said_and_nothing_changes(says, tmp_path):
    (tmp_path / "teams.csv").write_text("team,needs\na,repairs\n")
    found = says("batch teams.csv out.csv --unlisted-unknown --quiet")
    says("batch teams.csv plain.csv --quiet")
    assert (found.status, found.err) == (0, "")
    read = [list(csv.reader((tmp_path / name).read_text().splitlines())) for name in ("out.csv", "plain.csv")]
    assert read[0] == read[1]


@pytest.mark.parametrize("kind", [pa.string(), pa.dictionary(pa.int32(), pa.string()), pa.list_(pa.string())])
def test_columns_keep_their_type(bicycles, kind):
    cells = [["repairs", "tea"], ["rental"], None] if pa.types.is_list(kind) else ["repairs, tea", "rental", None]
    values = pa.array(cells, kind) if pa.types.is_list(kind) else pa.array(cells, pa.string()).cast(kind)
    rows = pa.RecordBatch.from_arrays([values], ["needs"])
    found = set_unknown_aside(rows, UnknownWords(bicycles))
    assert found.schema.field("needs").type == kind
    assert found.column("needs").to_pylist() == (
        [["repairs"], ["rental"], None] if pa.types.is_list(kind) else ["repairs", "rental", None]
    )
    assert [len(cell or []) for cell in found.column("unlisted").to_pylist()] == [1, 0, 0]


def test_only_so_many_different_words_are_counted_one_by_one(bicycles, monkeypatch):
    monkeypatch.setattr("provider_advisor.requirements.unlisted._MOST_KEPT", 2)
    words = UnknownWords(bicycles)
    for word in ("tea", "cake", "tea", "sauna", "piano", "tea", "cake"):
        words.set_aside([word], "must")
    said = list(words.describe())
    assert said[1].startswith("  'tea' (3 times).")
    assert said[2].startswith("  'cake' (2 times).")
    assert said[3:] == ["  Others after the first 2: 2 times."]


def test_what_others_counted_is_added_within_the_same_limit(bicycles, monkeypatch):
    monkeypatch.setattr("provider_advisor.requirements.unlisted._MOST_KEPT", 2)
    words = UnknownWords(bicycles)
    words.set_aside(["tea"], "must")
    for more in (WordCounts({"cake": 2, "tea": 3}), WordCounts({"sauna": 5, "tea": 1}, 7)):
        words.add_counts(more)
    assert list(words.describe())[1:] == [
        "  'tea' (5 times).",
        "  'cake' (2 times).",
        "  Others after the first 2: 12 times.",
    ]
    assert words.take_counts() == WordCounts({"tea": 5, "cake": 2}, 12)
    assert not list(words.describe())
