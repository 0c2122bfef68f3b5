"""Files as people have them: what looks like input is read or refused, and never carried in silence."""

from __future__ import annotations

import csv
import datetime as dt
import json
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from provider_advisor.batch.arrow import score_arrow
from provider_advisor.batch.column_names import Spelling
from provider_advisor.batch.input_columns import find_empty_rows, plan_columns
from provider_advisor.batch.local_run import Plan, run
from provider_advisor.batch.pipeline import BlockScorer, ScoringOptions
from provider_advisor.batch.reading import Limits, ReadingOptions, open_inputs, read_encoding
from provider_advisor.errors import BatchError

_DAY = dt.date(2024, 6, 1)
_ANSWER = ("verdict", "strength", "provider", "lean")


@pytest.fixture
def answers(bicycles, tmp_path):
    """A function from a file and options to the rows of the output, those of the rejects, and the result."""

    def answer(path, separator=b",", **options):
        inputs = open_inputs((str(path),), bicycles, ReadingOptions(separator=separator, **options))
        scored = ScoringOptions(_DAY, inputs.is_dated, id_column=options.get("id_column"))
        scoring = BlockScorer(bicycles, inputs.schema, "csv", scored)
        result = run(inputs, scoring, Plan(tmp_path / "scores.csv", "csv", threads=1), lambda _: None, lambda _: None)
        found = [_rows(tmp_path / "scores.csv"), _rows(result.rejects) if result.rejects else []]
        return *found, result

    return answer


def _rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _verdicts(rows):
    return [tuple(row[name] for name in _ANSWER) for row in rows]


def _write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


_TEAMS = [
    {"team": "a", "needs": ["repairs"], "situation": {"skill": "beginner"}, "usage": {"rental-days": 50}},
    {"team": "b", "needs": ["rental"], "wants": ["monthly-cost"], "usage": {"rental-days": 5}, "as_of": "2021-01-01"},
    {"team": "c", "wants": ["cargo-bikes"], "situation": {"skill": "racer"}, "max_age": "365d"},
]
_COLUMNS = ("needs", "wants", "situation.skill", "usage.rental-days", "as_of", "max_age")


def _flat(team):
    flat = {f"{topic}.{name}": each for topic in ("situation", "usage") for name, each in team.get(topic, {}).items()}
    return {**dict.fromkeys(_COLUMNS), **flat, **{k: v for k, v in team.items() if not isinstance(v, dict)}}


def test_ranges_of_volumes_may_stand_beside_numbers(answers, tmp_path):
    said = [5, "4..6", " 5 ", "7..2", "many", "12/year"]
    teams = [{"team": "x", "wants": ["monthly-cost"], "usage": {"rental-days": each}} for each in said]
    lines = _write(tmp_path / "teams.jsonl", "\n".join(json.dumps({**team, "needs": ["rental"]}) for team in teams))
    cells = "\n".join(f"x,rental,monthly-cost,{each}" for each in said)
    table = _write(tmp_path / "teams.csv", f"team,needs,wants,usage.rental-days\n{cells}\n")
    (rows, rejects, _), (same, too, _) = answers(lines), answers(table)
    assert rows == same
    costs = [name for name in rows[0] if "monthly_cost" in name]
    assert [rows[0][name] for name in costs] == [rows[2][name] for name in costs] != [rows[1][name] for name in costs]
    assert [part["row"] for part in rejects] == [part["row"] for part in too] == ["4", "5", "6"]
    assert too[2]["reason"].startswith("the usage 'rental-days' is 12/year, but it counts days at one time")


def _expected(answers, tmp_path):
    path = tmp_path / "expected.jsonl"
    path.write_text("\n".join(json.dumps(team) for team in _TEAMS))
    return _verdicts(answers(path)[0])


@pytest.mark.parametrize(
    "spell",
    [
        str.upper,
        lambda name: name.replace(".", "_").replace("-", "_"),
        lambda name: f" {name.title().replace('.', ' ')} ",
        lambda name: name.replace(".", "-"),
    ],
)
def test_other_spellings_of_columns_are_read_as_ours(answers, tmp_path, spell):
    rows = [_flat(team) for team in _TEAMS]
    path = tmp_path / "teams.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(spell(name) for name in rows[0])
        writer.writerows([",".join(v) if isinstance(v, list) else v for v in row.values()] for row in rows)
    found, rejects, _ = answers(path)
    assert rejects == []
    assert _verdicts(found) == _expected(answers, tmp_path)
    assert "as_of" not in found[0]


def test_structs_dates_and_decimals_of_parquet_are_read(answers, tmp_path):
    rows = [
        {
            "Team": team["team"],
            "needs": team.get("needs"),
            "wants": team.get("wants"),
            "situation": team.get("situation"),
            "usage": {"rental_days": Decimal(team["usage"]["rental-days"])} if "usage" in team else None,
            "as_of": dt.date.fromisoformat(team["as_of"]) if "as_of" in team else None,
            "max_age": team.get("max_age"),
        }
        for team in _TEAMS
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "teams.parquet")
    found, rejects, _ = answers(tmp_path / "teams.parquet")
    assert rejects == []
    assert _verdicts(found) == _expected(answers, tmp_path)
    assert [row["team"] for row in found] == ["a", "b", "c"]


def test_flat_keys_and_nulls_of_json_lines_are_read(answers, tmp_path):
    nested = [
        {**dict.fromkeys(("needs", "wants", "situation", "usage", "as_of", "max_age")), **team, "note": None}
        for team in _TEAMS
    ]
    for row in nested:
        row["situation"] = {"skill": None, "purposes": None, **(row["situation"] or {})}
    for number, rows in enumerate(([_flat(team) for team in _TEAMS], nested)):
        path = tmp_path / f"teams-{number}.jsonl"
        path.write_text("\n".join(json.dumps(row) for row in rows))
        found, rejects, _ = answers(path)
        assert rejects == []
        assert _verdicts(found) == _expected(answers, tmp_path)


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ("needs,usage_rental", "the column 'usage_rental' looks like input but cannot be read. Did you mean"),
        ("needs,situation.skil", "unknown column 'situation.skil'"),
        (
            "team,Must have",
            "found 'team', 'Must have'. If 'Must have' holds lists of requirements, add --rename \"Must have=needs\".",
        ),
        ("team,must.  have", "If 'must.  have' holds lists of requirements"),
        ("needs,Must.have", "If 'Must.have' holds lists of requirements"),
        ("needs,Nice-to-haves", 'add --rename "Nice-to-haves=wants".'),
        ("needs,Want", "the column 'Want' looks like input but cannot be read. Did you mean wants?"),
        (
            "needs,situation",
            "the column 'situation' contains string and is not read; expected a struct, or a column for",
        ),
        ("needs,Usage", 'If it is something else, rename it: --rename "Usage=…".'),
        ("needs,Needs", "the columns 'needs' and 'Needs' both mean 'needs'; leave one out, or rename it"),
    ],
)
def test_what_looks_like_input_and_cannot_be_read_is_refused(answers, tmp_path, names, sentence):
    with pytest.raises(BatchError) as caught:
        answers(_write(tmp_path / "teams.csv", f"{names}\nrepairs,x\n"))
    assert sentence in str(caught.value)


def test_a_key_that_looks_like_input_is_refused(answers, tmp_path):
    with pytest.raises(BatchError, match="the key 'usage_rental' looks like input but cannot be read"):
        answers(_write(tmp_path / "teams.jsonl", '{"needs": ["repairs"], "usage_rental": 5}\n'))


def test_a_flat_row_of_json_lines_is_rejected_for_the_reasons_of_the_same_row_in_csv(answers, tmp_path):
    """All its mistakes, in one order, whether a volume or a word comes first."""
    row = {"usage.rental-days": "many", "situation.skill": "none at all", "needs": "repair-shop"}
    header, cells = ",".join(row), ",".join(row.values())
    _, (line,), _ = answers(_write(tmp_path / "teams.jsonl", json.dumps(row)))
    _, (cell,), _ = answers(_write(tmp_path / "teams.csv", f"{header}\n{cells}\n"))
    assert line["reason"] == cell["reason"]
    assert [word for word in row.values() if word not in line["reason"]] == []


def test_a_key_beside_its_other_spelling_rejects_the_row(answers, tmp_path):
    row = {"needs": ["repairs"], "usage": {"rental-days": 5}, "usage.rental-days": 6}
    found, rejects, _ = answers(_write(tmp_path / "teams.jsonl", json.dumps(row)))
    assert found == []
    assert "both mean 'usage.rental-days'; leave one out" in rejects[0]["reason"]


@pytest.mark.parametrize(("name", "good", "bad"), [("as_of", "2024-06-01", "1.6.2024"), ("max_age", "365d", "a year")])
def test_a_day_that_cannot_be_read_rejects_its_row(answers, tmp_path, name, good, bad):
    text = f"team,needs,{name}\na,repairs,{good}\nb,repairs,{bad}\nc,repairs,\n"
    found, rejects, _ = answers(_write(tmp_path / "teams.csv", text))
    assert [row["team"] for row in found] == ["a", "c"]
    assert [(row["row"], row["content"]) for row in rejects] == [("2", f"b,repairs,{bad}")]
    assert f"'{name}' is '{bad}'; expected" in rejects[0]["reason"]


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_a_day_may_be_a_moment_at_midnight_as_pandas_writes_it(answers, tmp_path, zone):
    moments = [dt.datetime(2021, 1, 1), None, dt.datetime(2021, 1, 1, 9, 30)]  # noqa: DTZ001 (the zone is the column's)
    days = pl.Series(moments).dt.replace_time_zone(zone)
    pl.DataFrame({"team": ["a", "b", "c"], "needs": ["repairs"] * 3, "as_of": days}).write_parquet(
        tmp_path / "t.parquet"
    )
    found, rejects, _ = answers(tmp_path / "t.parquet")
    _write(tmp_path / "t.csv", "team,needs,as_of\na,repairs,2021-01-01\nb,repairs,\n")
    assert found == answers(tmp_path / "t.csv")[0]
    assert [row["row"] for row in rejects] == ["3"]
    assert "'as_of' is '2021-01-01 09:30:00" in rejects[0]["reason"]


def test_columns_are_renamed(answers, tmp_path):
    path = _write(tmp_path / "teams.csv", "Gruppe,Bedarf,usage_x\na,repairs,y\n")
    found, _, _ = answers(path, renames=(("Bedarf", "needs"), ("usage_x", "note"), ("Gruppe", "team")))
    assert [(row["team"], row["note"], row["verdict"] != "undetermined") for row in found] == [("a", "y", True)]
    with pytest.raises(BatchError, match=r"there is no column 'Bedraf' to rename\. Did you mean 'Bedarf'\?"):
        answers(path, renames=(("Bedraf", "needs"),))


def test_keys_are_renamed(answers, tmp_path):
    path = _write(tmp_path / "teams.jsonl", '{"Bedarf": ["repairs"]}\n{"needs": ["repairs"]}\n')
    found, rejects, _ = answers(path, renames=(("Bedarf", "needs"),))
    assert rejects == []
    assert found[0] == found[1]


def test_rows_of_empty_cells_are_skipped_and_counted(answers, tmp_path):
    text = 'team,needs,note\r\na,repairs,\r\n,,\r\n  ,"",\r\nb,no-such-thing,\r\n,,x\r\n'
    found, rejects, result = answers(_write(tmp_path / "teams.csv", text))
    assert [row["team"] for row in found] == ["a", ""]
    assert [row["row"] for row in rejects] == ["4"]
    assert (result.scored, result.rejected, result.tally.empty_rows) == (2, 1, 2)
    rows = {"team": ["a", None, ""], "needs": [["repairs"], None, []]}
    pq.write_table(pa.table(rows), tmp_path / "teams.parquet")
    found, rejects, result = answers(tmp_path / "teams.parquet")
    assert ([row["team"] for row in found], rejects, result.tally.empty_rows) == (["a"], [], 2)


def test_dictionaries_and_lists_of_names_are_read_as_texts(answers, tmp_path):
    rows = {
        "team": ["a", "b", None, None],
        "needs": ["repairs", "repairs", "", "rental"],
        "as_of": ["2021-01-01", "someday", None, None],
        "only": [["velo"], ["ciclo", "velo"], [], None],
    }
    table = pa.table(
        {**rows, **{name: pa.array(rows[name]).dictionary_encode() for name in ("team", "needs", "as_of")}}
    )
    pq.write_table(table, tmp_path / "t.parquet")
    found, rejects, result = answers(tmp_path / "t.parquet")
    _write(tmp_path / "t.csv", "team,needs,as_of,only\na,repairs,2021-01-01,velo\n,rental,,\n")
    assert found == answers(tmp_path / "t.csv")[0]
    assert ([row["row"] for row in rejects], result.tally.empty_rows) == (["2"], 1)


@pytest.mark.parametrize(
    ("second", "options", "reason"),
    [
        ({"id": "b", "team": "c"}, {"renames": (("id", "team"),)}, "two keys that --rename gives the same name"),
        ({"Needs": ["repairs"], "needs": ["rental"]}, {}, "has 'Needs' beside 'needs', and both mean 'needs'"),
        ({"usage.inspections": "many"}, {}, "'many' is not an amount of the usage 'inspections'"),
    ],
    ids=["renamed twice", "spelt twice", "no number"],
)
def test_keys_of_a_later_row_that_cannot_be_read_reject_it(answers, tmp_path, second, options, reason):
    first = {"id": "a", "needs": ["repairs"], "usage.inspections": 3}
    path = _write(tmp_path / "t.jsonl", "".join(f"{json.dumps(row)}\n" for row in (first, second)))
    found, rejects, _ = answers(path, **options)
    assert len(found) == 1
    assert reason in rejects[0]["reason"]


def test_a_list_of_situations_is_refused_with_what_to_write(answers, tmp_path):
    pq.write_table(pa.table({"needs": ["repairs"], "situation": [["racer"]]}), tmp_path / "t.parquet")
    with pytest.raises(BatchError, match="expected a struct, or a column for each answer, such as situation"):
        answers(tmp_path / "t.parquet")


def test_a_decimal_sign_is_refused_for_json(answers, tmp_path):
    with pytest.raises(BatchError, match="--decimal is for CSV and Parquet"):
        answers(_write(tmp_path / "t.jsonl", '{"needs": ["repairs"]}'), decimal=",")


def test_a_cell_that_is_empty_says_nothing_of_a_table_of_one_column():
    assert find_empty_rows(pa.RecordBatch.from_pydict({"needs": ["repairs", None]})) is None


def test_columns_without_a_name_are_carried_under_their_place(answers, tmp_path):
    found, _, _ = answers(_write(tmp_path / "teams.csv", ",team,needs,\n0,a,repairs,\n"))
    assert (found[0]["column_1"], found[0]["team"], found[0]["column_4"]) == ("0", "a", "")


def test_a_key_without_a_name_is_carried(answers, tmp_path):
    found, _, _ = answers(_write(tmp_path / "teams.jsonl", '{"team": "a", "needs": ["repairs"], "": "x"}\n'))
    assert [list(row.values())[-1] for row in found] == ["x"]


@pytest.mark.parametrize("line", ["sep=;\r\n", '"sep=;"\n', "\ufeffSEP=;\n"])
def test_a_line_that_names_the_separator_is_read(answers, tmp_path, line):
    found, _, _ = answers(_write(tmp_path / "teams.csv", f'{line}team;needs\r\na;"repairs,rental"\r\n'))
    assert [(row["team"], row["verdict"] != "undetermined") for row in found] == [("a", True)]


def test_lines_above_the_header_are_skipped(answers, tmp_path):
    path = _write(tmp_path / "teams.csv", "Teams of 2024\n\nteam,needs\na,repairs\n")
    assert [row["team"] for row in answers(path, skip_lines=2)[0]] == ["a"]
    with pytest.raises(BatchError, match="has nothing below its first 9 lines; skip fewer with --skip-lines"):
        answers(path, skip_lines=9)
    with pytest.raises(BatchError, match="--skip-lines is for CSV and workbooks, but the input is jsonl; leave it out"):
        answers(_write(tmp_path / "teams.jsonl", '{"needs": ["repairs"]}'), skip_lines=1)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le", "iso-8859-15", "utf-8-sig"])
@pytest.mark.parametrize("name", ["teams.csv", "teams.jsonl"])
def test_other_encodings_are_read(answers, tmp_path, encoding, name):
    text = "team,needs\nMüller,repairs\nJäger,rental\n"
    if name == "teams.jsonl":
        text = '{"team": "Müller", "needs": ["repairs"]}\n{"team": "Jäger", "needs": ["rental"]}\n'
    path = _write(tmp_path / name, text, encoding)
    found, rejects, _ = answers(path, encoding=read_encoding(encoding))
    assert ([row["team"] for row in found], rejects) == (["Müller", "Jäger"], [])


def test_a_file_of_the_wrong_encoding_is_told_of_once(answers, tmp_path):
    path = _write(tmp_path / "teams.csv", "team,needs\nMüller,repairs\nJäger,rental\nSmith,rental\n", "cp1252")
    with pytest.raises(BatchError, match=r"is not in UTF-8: 2 of its first 4 lines cannot be read; add --encoding cp"):
        answers(path)
    with pytest.raises(BatchError, match="is not in the encoding given by --encoding"):
        answers(path, encoding=read_encoding("utf-16"))


@pytest.mark.parametrize("name", ["no-such", "idna", "base64", "unicode_escape", ""])
def test_what_is_no_encoding_is_told_of(name):
    if name:
        with pytest.raises(BatchError, match="is not a text encoding; expected one such as cp1252 or utf-16"):
            read_encoding(name)
    else:
        assert read_encoding(name) is None


def test_an_encoded_text_is_resumed_at_the_byte_of_its_utf8(bicycles, tmp_path):
    lines = "".join(f"Müller-{number},repairs\n" for number in range(2_000))
    path = _write(tmp_path / "teams.csv", f"team,needs\n{lines}", "cp1252")
    options = ReadingOptions(encoding="cp1252", limits=Limits(block=3_000))
    inputs = open_inputs((str(path),), bicycles, options)
    blocks = [piece.parse() for piece in inputs.pieces()]
    middle = blocks[len(blocks) // 2]
    after = [row for piece in inputs.pieces(middle.end) for row in piece.parse().rows.to_pylist()]
    before = [row for block in blocks[: len(blocks) // 2 + 1] for row in block.rows.to_pylist()]
    assert [row["team"] for row in before + after] == [f"Müller-{number}" for number in range(2_000)]


def test_arrow_batches_are_read_in_the_same_way(bicycles):
    rows = {"needs": [["repairs"]], "Wants": [["rental"]], "usage": [{"rental_days": Decimal("5.5")}]}
    ours = {"needs": [["repairs"]], "wants": [["rental"]], "usage.rental-days": [5.5]}
    found, expected = (
        score_arrow(pa.RecordBatch.from_pydict(each), bicycles, as_of=_DAY, reasons=True) for each in (rows, ours)
    )
    assert found.equals(expected)
    with pytest.raises(BatchError, match="the column 'as_of' is not read here"):
        score_arrow(pa.RecordBatch.from_pydict({"needs": ["repairs"], "as_of": ["2024-01-01"]}), bicycles)


def test_several_choices_are_read_as_forms_write_them(answers, tmp_path):
    lines = [
        ("repairs,rental", "touring,commuting"),
        ("repairs;rental", "Touring;COMMUTING"),
        (" repairs; rental; ", "touring; commuting;"),
        ('"repairs,\r\nrental"', '"touring\ncommuting\n"'),
        ('"repairs, rental,"', '"touring,commuting"'),
    ]
    lines = [tuple(cell if cell[0] == '"' else f'"{cell}"' for cell in line) for line in lines]
    text = "needs,situation.purposes\n" + "".join(f"{','.join(line)}\n" for line in lines)
    found, rejects, _ = answers(_write(tmp_path / "teams.csv", f'{text}"repairs,,rental",\n";",\n'))
    assert [len({tuple(row.items()) for row in found}), len(found)] == [1, len(lines)]
    assert [row["row"] for row in rejects] == ["6", "7"]
    assert {"empty" in row["reason"] for row in rejects} == {True}


@pytest.mark.parametrize(
    ("given", "decimal", "volume"),
    [
        ("5.000", ",", 5000), ("1.234,5", ",", 1234.5), ("5,125", ",", 5.125), ("1.000.000", ",", 10**6), ("5", ",", 5),
        ("5.000", ".", 5), ("1,234.5", ".", 1234.5), ("5.125", ".", 5.125), ("1,000", ".", 1000),
    ],
)  # fmt: skip
def test_numbers_are_read_by_the_sign_before_fractions(answers, tmp_path, given, decimal, volume):
    lines = "".join(f'repairs,monthly-cost,"{each}"\n' for each in (given, str(volume).replace(".", decimal)))
    path = _write(tmp_path / "teams.csv", f"needs,wants,usage.rental-days\n{lines}")
    found, rejects, _ = answers(path, decimal=decimal)
    assert (rejects, len(found)) == ([], 2)
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("repairs,5.000", "'5.000' of the usage 'rental-days' can be read as 5 or 5000; write the one you mean"),
        ('repairs,"1,250"', "'1,250' of the usage 'rental-days' can be read as 1.25 or 1250; write the one"),
        ("bikes-in-stock>=1.000,", "'bikes-in-stock>=1.000' can be read as 1 or 1000; write the one you mean"),
    ],
)
def test_a_number_with_two_readings_is_refused(answers, tmp_path, line, sentence):
    text = f"needs,usage.rental-days\nrepairs,12\nbikes-in-stock>=0.125,1000.125\n{line}\nrepairs,5000\n"
    found, rejects, _ = answers(_write(tmp_path / "teams.csv", text))
    assert len(found) == 3
    assert [row["row"] for row in rejects] == ["3"]
    assert sentence in rejects[0]["reason"]
    found, rejects, _ = answers(tmp_path / "teams.csv", decimal=",")
    assert (len(found), rejects) == (4, [])


def test_the_column_of_ids_is_never_taken_for_another(bicycles):
    plan = plan_columns(pa.schema([("Team", pa.string()), ("Needs", pa.string())]), bicycles, id_column="Team")
    assert plan.schema.names == ["Team", "needs"]


def test_a_spelling_is_found_whatever_stands_between_words(bicycles):
    spelling = Spelling.make_for(bicycles)
    assert [spelling.find(name) for name in ("AS OF", "asof", "Usage__Rental  Days", "region")] == [
        "as_of", None, "usage.rental-days", None,
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_columns_are_carried_whose_names_would_be_patterns_of_columns(answers, tmp_path, form):
    names = ["*", "^.*$", "team"]
    if form == "csv":
        table = _write(tmp_path / "teams.csv", f"needs,{','.join(names)}\nrepairs,1,2,a\n")
    else:
        table = _write(tmp_path / "teams.jsonl", json.dumps({"needs": ["repairs"], "*": "1", "^.*$": "2", "team": "a"}))
    (row,), rejects, _ = answers(table)
    assert ([row[name] for name in names], rejects) == (["1", "2", "a"], [])
