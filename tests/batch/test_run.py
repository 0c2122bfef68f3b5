"""A run from file to file: order kept, nothing lost, the old output untouched until the new one is complete."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import resource
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from provider_advisor import recommend
from provider_advisor.batch import pipeline
from provider_advisor.batch.kernel import word_reader
from provider_advisor.batch.kernel.read_row import read_row
from provider_advisor.batch.kernel.scorer import Scorer
from provider_advisor.batch.reading import Limits
from provider_advisor.batch.writing import frames
from provider_advisor.batch.writing.work_folder import find_work_folder
from provider_advisor.errors import BatchError, BatchFailure, RequirementsError
from provider_advisor.knowledge import Facts

_SMALL = Limits(300, 100_000)


def _rows(path: Path) -> list[dict[str, object]]:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _rejects(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("out", ["scores.csv", "scores.jsonl", "scores.parquet"])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("part_rows", [7, 1_000_000])
def test_every_row_is_scored_or_rejected_and_keeps_its_place(  # noqa: PLR0917
    tmp_path, run_batch, teams, csv_of, json_of, out, form, part_rows
):
    rows = teams(100)
    if form == "jsonl":
        rows = [{**row, "needs": [row["needs"]]} for row in rows]
    path = tmp_path / f"teams.{form}"
    path.write_bytes(csv_of(rows) if form == "csv" else json_of(rows))
    output, rejects = tmp_path / out, tmp_path / "scores.rejects.csv"
    result, said = run_batch(path, output, limits=_SMALL, part_rows=part_rows)
    assert (result.scored, result.rejected, result.tally.teams, result.rejects, said) == (90, 10, 90, rejects, [])
    found = _rows(output)
    assert [row["team"] for row in found] == [f"team-{n}" for n in range(100) if n % 10 != 7]
    assert [row["note"] for row in found] == [f'a,"b"\n{n}' for n in range(100) if n % 10 != 7]
    refused = _rejects(rejects)
    assert [int(row["row"]) for row in refused] == [n + 1 for n in range(100) if n % 10 == 7]
    assert {row["reason"] for row in refused} == {
        (
            "nothing is recorded about 'no-such-thing'. See `recommend criteria` for what you can ask for. "
            "To list it without judging it, put it into `unlisted` (option --unlisted, "
            "or --unlisted-unknown for all such words)."
        )
    }
    assert all("no-such-thing" in row["content"] and row["file"] == str(path) for row in refused)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([path.name, out, rejects.name])


def test_a_row_is_answered_as_of_the_day_it_names(tmp_path, run_batch, bicycles, json_of):
    days = ["2024-01-01", None, "2020-01-01", "2024-01-01"]
    path, output = tmp_path / "teams.jsonl", tmp_path / "scores.jsonl"
    rows = [
        {"team": "a", "needs": ["inspection-price<=50", "cargo-bikes"]} | ({"as_of": day} if day else {})
        for day in days
    ]
    path.write_bytes(json_of([*rows, {"needs": ["nothing"], "as_of": "2019-01-01"}]))
    result, _ = run_batch(path, output)
    import datetime as dt  # noqa: PLC0415

    expected = [
        recommend(
            bicycles, needs=rows[0]["needs"], as_of=dt.date.fromisoformat(day) if day else dt.date(2024, 6, 1)
        ).record["verdict"]["kind"]
        for day in days
    ]
    found = _rows(output)
    assert [row["verdict"] for row in found] == expected
    assert "as_of" not in found[0]
    assert (result.scored, result.rejected) == (4, 1)


def test_a_file_of_rejects_that_an_earlier_run_left_goes_when_there_are_none(tmp_path, run_batch):
    path, rejects = tmp_path / "teams.csv", tmp_path / "scores.rejects.csv"
    path.write_text("team,needs\na,repairs\n")
    rejects.write_text("file,row,reason,content\nteams.csv,1,old,old\n")
    result, _ = run_batch(path, tmp_path / "scores.csv")
    assert result.rejects is None
    assert not rejects.exists()


@pytest.mark.parametrize("out", ["scores.csv", "scores.jsonl", "scores.parquet"])
def test_a_header_alone_gives_an_output_without_rows(tmp_path, run_batch, out):
    path = tmp_path / "teams.csv"
    path.write_text("team,needs\n")
    result, _ = run_batch(path, tmp_path / out)
    assert (result.scored, result.rejected) == (0, 0)
    assert _rows(tmp_path / out) == []
    if out.endswith("csv"):
        assert (tmp_path / out).read_text().startswith("team,verdict,")


def test_a_number_that_json_does_not_have_is_written_as_the_text_that_csv_has(tmp_path, run_batch):
    inf, nan = float("inf"), float("nan")
    given = {
        "size": [1.5, inf, -inf, nan, None],
        "*": pa.array([nan, 0.5, 1, 2, 3], pa.float32()),
        "list": [[1.0, inf], [2.0], [], None, [nan]],
        "struct": [{"a": inf, "b": "x"}, {"a": 1.0, "b": "y"}, None, {"a": None, "b": None}, {"a": nan, "b": ""}],
    }
    pq.write_table(pa.table({"needs": ["repairs"] * 5, **given}), tmp_path / "teams.parquet")
    for name in ("out.jsonl", "out.csv", "out.parquet"):
        run_batch(tmp_path / "teams.parquet", tmp_path / name)
    found = [{name: row[name] for name in given} for row in _rows(tmp_path / "out.jsonl")]
    assert found == [
        {"size": 1.5, "*": "NaN", "list": ["1.0", "inf"], "struct": {"a": "inf", "b": "x"}},
        {"size": "inf", "*": 0.5, "list": [2.0], "struct": {"a": 1.0, "b": "y"}},
        {"size": "-inf", "*": 1.0, "list": [], "struct": None},
        {"size": "NaN", "*": 2.0, "list": None, "struct": {"a": None, "b": None}},
        {"size": None, "*": 3.0, "list": ["NaN"], "struct": {"a": "NaN", "b": ""}},
    ]
    cells = [[row[name] for name in given] for row in _rows(tmp_path / "out.csv")]
    assert cells == [
        ["1.5", "NaN", "1.0;inf", '{"a":"inf","b":"x"}'],
        ["inf", "0.5", "2.0", '{"a":1.0,"b":"y"}'],
        ["-inf", "1.0", "", "null"],
        ["NaN", "2.0", "", '{"a":null,"b":null}'],
        ["", "3.0", "NaN", '{"a":"NaN","b":""}'],
    ]
    assert str(pq.read_table(tmp_path / "out.parquet")["size"].to_pylist()) == "[1.5, inf, -inf, nan, None]"


def test_several_files_are_numbered_each_and_may_order_their_columns_differently(tmp_path, run_batch):
    (tmp_path / "a.csv").write_text("team,needs,note\na1,repairs,x\na2,bad,x\n")
    (tmp_path / "b.csv").write_text("note,team,needs\ny,b1,bad\ny,b2,repairs\n")
    result, _ = run_batch(
        tmp_path / "?.csv", tmp_path / "out.jsonl", limits=Limits(8, 100), rejects=tmp_path / "bad.csv"
    )
    assert [(row["team"], row["note"]) for row in _rows(tmp_path / "out.jsonl")] == [("a1", "x"), ("b2", "y")]
    assert [(Path(row["file"]).name, row["row"]) for row in _rejects(tmp_path / "bad.csv")] == [
        ("a.csv", "2"), ("b.csv", "1")]  # fmt: skip
    assert result.rejects == tmp_path / "bad.csv"


def test_no_input_is_read_twice(tmp_path, open_files):
    path = tmp_path / "teams.csv"
    path.write_text("team,needs\na,repairs\n")
    (tmp_path / "linked.csv").symlink_to(path)
    for other in (path, tmp_path / "*.csv", tmp_path / ".." / tmp_path.name / "teams.csv"):
        with pytest.raises(BatchError, match=r"one input is given twice, as .* and as .*; give it once\."):
            open_files(path, other)


def test_files_with_other_columns_do_not_go_together(tmp_path, open_files):
    (tmp_path / "a.csv").write_text("team,needs\n")
    (tmp_path / "b.csv").write_text("team,needs,size\n")
    with pytest.raises(
        BatchError, match=r"b\.csv has a column 'size', which .*a\.csv does not have; expected the same"
    ):
        open_files(tmp_path / "*.csv")
    (tmp_path / "c.jsonl").write_text("{}\n")
    with pytest.raises(BatchError, match=r"the inputs have different formats \(csv, jsonl\); use one at a time"):
        open_files(tmp_path / "a.csv", tmp_path / "c.jsonl")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("none.csv", "none.csv does not exist; check the path."),
        ("*.csv", "check the pattern."),
        (".", "is a folder; give its files, such as"),
        ("teams.txt", "cannot tell the format from the name; add --input-format csv, jsonl, parquet or xlsx."),
        ("teams.ods", "teams.ods is a spreadsheet in a form that is not read; save it as .xlsx or CSV."),
    ],
)
def test_an_input_that_is_none_is_an_error(tmp_path, open_files, name, sentence):
    for existing in ("teams.txt", "teams.ods"):
        (tmp_path / existing).touch()
    with pytest.raises(BatchError) as caught:
        open_files(tmp_path / name)
    assert sentence in str(caught.value)


def test_an_input_that_changes_while_it_is_read_fails_and_leaves_the_old_output(tmp_path, run_batch, teams, csv_of):
    path, output = tmp_path / "teams.csv", tmp_path / "scores.csv"
    path.write_bytes(csv_of(teams(100)))
    output.write_text("old")

    def truncate(done):  # noqa: ARG001
        path.write_bytes(path.read_bytes()[:1000])

    with pytest.raises(BatchFailure, match="was changed while it was being read; run again when it no longer changes"):
        run_batch(path, output, limits=_SMALL, watch=truncate)
    assert output.read_text() == "old"
    assert not find_work_folder(output).exists()


def test_an_input_that_is_deleted_while_it_is_read_is_read_to_its_end(tmp_path, run_batch, teams, csv_of):
    path, output = tmp_path / "teams.csv", tmp_path / "scores.csv"
    path.write_bytes(csv_of(teams(100)))
    result, _ = run_batch(path, output, limits=_SMALL, watch=lambda done: path.unlink(missing_ok=True))  # noqa: ARG005
    assert result.scored == 90


def test_a_second_input_that_is_gone_when_its_turn_comes_fails(tmp_path, run_batch, teams, csv_of):
    one, two, output = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "scores.csv"
    for path in (one, two):
        path.write_bytes(csv_of(teams(100)))

    with pytest.raises(BatchFailure, match=r"b\.csv cannot be read \(No such file or directory\)"):
        run_batch(one, two, output, limits=_SMALL, watch=lambda done: two.unlink(missing_ok=True))  # noqa: ARG005
    assert not output.exists()


@pytest.mark.parametrize("out", ["scores.csv", "scores.jsonl", "scores.parquet"])
def test_a_disk_that_is_full_gets_one_sentence_and_leaves_the_old_output(tmp_path, run_batch, teams, csv_of, out):
    path, output = tmp_path / "teams.csv", tmp_path / out
    path.write_bytes(csv_of(teams(2000)))
    output.write_text("old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, before[1]))
    try:
        with pytest.raises(
            BatchFailure, match=r"scores.* cannot be written \(.*\); free some space, then run again with --resume"
        ):
            run_batch(path, output)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert output.read_text() == "old"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted([out, "teams.csv"])


def test_a_row_that_goes_missing_is_never_passed_over(tmp_path, run_batch, monkeypatch):
    path = tmp_path / "teams.csv"
    path.write_text("team,needs\na,repairs\nb,repairs\n")
    score = pipeline.Scorer.score

    def lossy(self, rows, days=None):
        found = score(self, rows, days)
        return found._replace(batch=found.batch.slice(1))

    monkeypatch.setattr(pipeline.Scorer, "score", lossy)
    with pytest.raises(BatchFailure, match=r"of 2 rows of .*, 1 were scored and 0 rejected: this is a bug in the"):
        run_batch(path, tmp_path / "scores.csv")


def test_wrong_columns_are_an_error_before_anything_is_written(tmp_path, run_batch):
    path = tmp_path / "teams.csv"
    path.write_text("team,need\n")
    with pytest.raises(BatchError, match="no column 'needs' or 'wants'"):
        run_batch(path, tmp_path / "scores.csv")
    assert [entry.name for entry in tmp_path.iterdir()] == ["teams.csv"]


def test_days_with_the_same_facts_are_scored_together_and_answered_each_as_of_its_own(bicycles, monkeypatch):
    made = []
    monkeypatch.setattr(pipeline, "Scorer", lambda facts, **options: made.append(facts) or Scorer(facts, **options))
    claimed = sorted({claim.stated for claims in bicycles.claims.values() for claim in claims})
    days = [claimed[0] + dt.timedelta(days=number - 400) for number in range(0, 1200, 40)]
    ages = [None, 30, 365]
    schema = pa.schema(
        [("team", pa.string()), ("needs", pa.string()), ("as_of", pa.string()), ("max_age", pa.string())]
    )
    options = pipeline.ScoringOptions(dt.date(2024, 1, 1), dated=True, reasons=True, explain=True)
    scoring = pipeline.BlockScorer(bicycles, schema, "csv", options)
    asked = [(day, age) for day in days for age in ages]
    rows = pa.RecordBatch.from_pylist(
        [
            {"team": f"t{place}", "needs": "repairs", "as_of": str(day), "max_age": age and f"{age}d"}
            for place, (day, age) in enumerate(asked)
        ],
        schema,
    )
    frame = scoring._score_rows(rows).frame
    assert frame["team"].to_list() == [f"t{place}" for place in range(len(asked))]
    for (day, age), text in zip(asked, frame["explain"].to_list(), strict=True):
        alone = recommend(bicycles, needs=["repairs"], as_of=day, max_age=age)
        assert json.loads(text) == json.loads(json.dumps(alone.record))
    assert len(made) <= 1 + (len(claimed) + 1) ** 2 < len(asked)


def test_of_many_unknown_words_each_gets_the_sentence_of_a_single_answer(bicycles, monkeypatch):
    monkeypatch.setattr(word_reader, "_WORDS_AT_ONCE", 3)
    words = ["repair", "repairz", "cargo-bike", "x", "{", "child-seat>=2", "repars:must", "no such thing"]
    rows = pa.RecordBatch.from_pydict({"needs": words + [f"repairs,{word},{words[0]}" for word in words]})
    facts = Facts(bicycles, dt.date(2024, 1, 1))
    errors = Scorer(facts).score(rows).errors
    assert sorted(errors) == list(range(2 * len(words)))
    for place, row in enumerate(rows.to_pylist()):
        with pytest.raises(RequirementsError) as alone:
            read_row(row, bicycles)
        assert errors[place] == alone.value.reason


@pytest.mark.parametrize("name", ["1.parquet", os.fsdecode(b"\xff.parquet")])
def test_parts_are_joined_some_rows_at_a_time(tmp_path, monkeypatch, name):
    monkeypatch.setattr(frames, "_ROWS_AT_ONCE", 7)
    rows = pl.DataFrame({"team": [f"t{number}" for number in range(30)], "kept": [*range(20), *[None] * 10]})
    parts = [tmp_path / name, tmp_path / "2.parquet", tmp_path / "3.parquet"]
    for part, cut in zip(parts, (rows[:20], rows[20:20], rows[20:]), strict=True):
        with part.open("wb") as file:
            cut.write_parquet(file)
    frames.join_parts(parts, "parquet", tmp_path / "all.parquet")
    assert pl.read_parquet(tmp_path / "all.parquet").equals(rows)
