"""`recommend batch` as people run it: what it says, where, and with which exit status."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from provider_advisor.faces.cli.run_command import run as run_command
from provider_advisor.requirements.matching import Matcher

_COMMAND = str(Path(sys.executable).with_name("recommend"))
_TEAMS = "team,needs,wants,size\na,whiteboard,,5\nb,whitebord,,6\nc,ucaas,fax,7\n"


@pytest.fixture
def batch(tmp_path, monkeypatch, capsysbinary):
    """A function from the words after `recommend batch` to exit status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "teams.csv").write_text(_TEAMS)

    def run(line, stdin=b""):
        monkeypatch.setattr(sys, "argv", ["recommend", "batch", *shlex.split(line), "--as-of", "2022-12-31"])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        status = run_command()
        captured = capsysbinary.readouterr()
        return status, captured.out.decode(), captured.err.decode()

    return run


_REFUSED = (
    "2,\"unknown criterion 'whitebord'. Did you mean 'whiteboard'? To list it without judging it, put it "
    'into `unlisted` (option --unlisted, or --unlisted-unknown for all such words).",'
    '"b,whitebord,,6"\n'
)


def test_a_run_with_rejects_says_where_they_are_and_exits_with_3(batch):
    status, out, err = batch("teams.csv scores.csv")
    assert (status, out) == (3, "")
    said = " ".join(err.split())
    assert re.match(r"3 rows: 2 scored, 1 rejected\. Compared 2 providers using \d+ sources \(", said)
    assert err.endswith("\n  All rejected rows and their reasons are in scores.rejects.csv.\n")
    assert Path("scores.rejects.csv").read_text() == f"file,row,reason,content\nteams.csv,{_REFUSED}"
    assert Path("scores.csv").read_text().splitlines()[1].endswith(",5")


def test_requirements_of_one_team_are_sent_to_the_command_that_answers_them(batch):
    status, _, err = batch("- scores.csv --input-format csv", b"requirement,priority\nwhiteboard,must\n")
    said = "standard input has one requirement in each row, for one team; answer it with: recommend --file -.\n"
    assert (status, err) == (2, f"recommend: {said}")


def test_rejects_are_counted_by_kind_of_reason_with_an_example_of_each(batch):
    rows = "".join(f"t{number},fxa{number}\n" for number in range(3))
    Path("teams.csv").write_bytes(b"team,needs\n" + rows.encode() + b"x\xff,whiteboard\ny\ny,whiteboard\n,\n")
    status, _, err = batch("teams.csv scores.csv")
    assert status == 3
    assert err.startswith("6 rows: 1 scored, 5 rejected. Blank rows skipped: 1.")
    said = " ".join(err.partition("Rejected\n")[2].split())
    assert said.startswith("3 rows, such as row 1 of teams.csv: nothing is recorded about 'fxa0'. ")
    assert "Row 4 of teams.csv: is not UTF-8 at byte 2 (use --encoding if the file has another encoding" in said
    assert "Row 5 of teams.csv: has 1 field; expected 2" in said


@pytest.mark.parametrize("given", ["Bedarf", "=needs", "Bedarf="])
def test_a_renaming_that_cannot_be_read_is_told_of(batch, given):
    assert batch(f"teams.csv scores.csv --rename {given}") == (
        2, "", f"recommend: --rename '{given}' cannot be read; expected OLD=NEW, such as Bedarf=needs.\n",
    )  # fmt: skip


def test_files_as_they_come_are_read_with_a_few_options(batch):
    Path("teams.csv").write_bytes("Stand: Mai\nGruppe;Bedarf\nMüller;whiteboard\n".encode("cp1252"))
    options = "--encoding cp1252 --skip-lines 1 --separator ; --rename Bedarf=needs --id Gruppe"
    assert batch(f"teams.csv scores.csv --quiet {options.replace(';', chr(39) + ';' + chr(39))}") == (0, "", "")
    assert Path("scores.csv").read_text().splitlines()[1].startswith("Müller,recommended")


def test_quiet_says_nothing_and_0_is_for_no_reject(batch):
    Path("teams.csv").write_text("team,needs\na,whiteboard\n")
    assert batch("teams.csv scores.jsonl --quiet") == (0, "", "")
    assert json.loads(Path("scores.jsonl").read_text())["verdict"] == "recommended"


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_standard_input_goes_to_standard_output_and_rejects_to_standard_error(batch, form):
    status, out, err = batch(f"- - --input-format csv --output-format {form}", _TEAMS.encode())
    assert status == 3
    assert len(out.splitlines()) == (3 if form == "csv" else 2)
    assert f"standard input,{_REFUSED}" in err
    status, piped, _ = batch(f"- - --input-format csv --output-format {form} --rejects r.csv", _TEAMS.encode())
    assert piped == out
    assert Path("r.csv").read_text().startswith("file,row,reason,content\nstandard input,2,")


def test_json_lines_come_in_by_standard_input(batch):
    status, out, _ = batch(
        "- - --input-format jsonl --output-format csv --quiet",
        b'{"team": "x", "needs": ["whiteboard"], "extra": [1]}\n',
    )
    assert status == 0
    assert out.splitlines()[1].startswith("x,recommended,firm,twilio,")
    assert out.splitlines()[1].endswith(",[1]")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("teams.csv", "the output is missing; expected IN... OUT, such as teams.csv scores.parquet."),
        ("teams.csv teams.csv", "is an input; choose another file."),
        ("teams.csv scores.txt", "scores.txt: cannot tell the format from the name; add --output-format csv, jsonl"),
        ("teams.csv scores.ods", "scores.ods: cannot tell the format from the name; add --output-format csv, jsonl"),
        ("teams.csv -", "standard output: cannot tell the format from the name; add --output-format csv, jsonl"),
        ("- scores.csv", "standard input: cannot tell the format from the name; add --input-format csv, jsonl"),
        ("teams.csv - --output-format parquet", "Parquet cannot be written to standard output; give a file, or add"),
        ("teams.csv x/scores.csv", "does not exist; create it first."),
        ("teams.csv scores.csv --separator ab", "'ab' is not a separator; expected one character, such as ;"),
        ("teams.csv scores.csv --separator ';'", "teams.csv has one column, 'team,needs,wants,size'; try --sep"),
        ("- scores.csv --resume --input-format csv", "--resume works only from file to file, not with"),
        ("teams.csv scores.csv --id nobody", "there is no column 'nobody'"),
        ("teams.csv scores.csv --skip-lines 99", "teams.csv has nothing below its first 99 lines; skip fewer with"),
        ("- teams.csv scores.csv", "standard input cannot be combined with files; use one or the other."),
        ("teams.csv scores.csv --rejects scores.csv", "would be written twice, as the output and as"),
        ("teams.csv scores.csv --rejects -", "--rejects takes a file; standard output is only for rows."),
        ("teams.csv scores.csv --summary -", "--summary takes a file; standard output is only for rows."),
        ("teams.csv scores.csv --max-age soon", "'soon' is not an age; expected a number of days, such as 365d."),
    ],
)  # fmt: skip
def test_wrong_usage_gets_one_sentence_and_2(batch, line, sentence):
    status, out, err = batch(line, _TEAMS.encode())
    assert (status, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1
    assert not Path("scores.csv").exists()
    assert Path("teams.csv").read_text() == _TEAMS


def test_what_all_came_to_is_written_as_data_and_as_a_page(batch):
    assert batch("teams.csv scores.csv --summary summary.json --report report.html --quiet")[0] == 3
    summary = json.loads(Path("summary.json").read_text())
    assert (summary["rows"], summary["scored"], summary["rejected"]) == (3, 2, 1)
    assert Path("report.html").read_text().endswith("</html>\n")


def test_a_separator_may_be_another(batch):
    Path("teams.csv").write_text(_TEAMS.replace(",", ";"))
    assert batch("teams.csv scores.csv --separator ';' --quiet")[0] == 3
    Path("teams.csv").write_text(_TEAMS.replace(",", "\t"))
    assert batch("teams.csv scores.csv --separator tab --quiet")[0] == 3


@pytest.mark.parametrize("name", ["teams.tsv", "teams.TAB"])
def test_a_name_says_that_tabs_separate(batch, name):
    Path(name).write_text(_TEAMS.replace(",", "\t"))
    assert batch(f"{name} scores.csv --quiet")[0] == 3
    assert batch(f"{name} scores.csv --separator , --quiet")[0] == 2
    status, _, said = batch(f"{name} scores.tsv --quiet")
    assert (status, "scores.tsv: output with tabs cannot be written; name it .csv" in said) == (2, True), said


def test_reasons_and_whole_answers_are_added(batch):
    batch("teams.csv scores.jsonl --reasons --explain --quiet")
    row = json.loads(Path("scores.jsonl").read_text().splitlines()[0])
    assert "whiteboard" in row["reasons"]
    assert json.loads(row["explain"])["verdict"]["kind"] == "recommended"


def test_control_c_ends_the_process_and_says_so(tmp_path):
    rows = "".join(f"t{row},whiteboard\n" for row in range(1_500_000))
    (tmp_path / "teams.csv").write_text("team,needs\n" + rows)
    with subprocess.Popen(
        [_COMMAND, "batch", "teams.csv", "scores.csv"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as run:
        while not (tmp_path / ".scores.csv.parts" / "000001.rows").exists() and run.poll() is None:
            time.sleep(0.01)
        run.send_signal(signal.SIGINT)
        said = run.stderr.read()
    assert run.returncode == 130
    assert said.startswith("recommend: interrupted")
    assert said.count("\n") == 1
    assert not (tmp_path / "scores.csv").exists()


def test_a_reader_that_has_seen_enough_is_no_failure(tmp_path):
    rows = "".join(f"t{row},whiteboard\n" for row in range(100_000))
    (tmp_path / "teams.csv").write_text("team,needs\n" + rows)
    with subprocess.Popen(
        [_COMMAND, "batch", "teams.csv", "-", "--output-format", "csv"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as run:
        run.stdout.readline()
        run.stdout.close()
        assert run.stderr.read() == b""


@pytest.mark.parametrize("place", ["/dev/stderr", "/dev/stdout"])
def test_a_pipe_is_no_place_for_a_file_whatever_its_name(tmp_path, place):
    (tmp_path / "teams.csv").write_text(_TEAMS)
    run = subprocess.run(
        [_COMMAND, "batch", "teams.csv", "scores.csv", "--rejects", place],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (2, "")
    assert (
        run.stderr
        == f"recommend: the rejects file (--rejects) {place} is not an ordinary file; for standard output write -.\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["teams.csv"]


@pytest.fixture
def small_disk(tmp_path):
    """The folder `disk`, which has room for 32 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", disk]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_small_disk_that_is_full_gets_one_sentence_and_keeps_the_old_output(tmp_path, small_disk, form):
    rows = "".join(f"team-{row * 7919 % 1_000_003},whiteboard\n" for row in range(20_000))
    (tmp_path / "teams.csv").write_text("team,needs\n" + rows)
    (small_disk / f"scores.{form}").write_text("old")
    run = subprocess.run(
        [_COMMAND, "batch", "teams.csv", f"disk/scores.{form}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.startswith("recommend: ")
    assert "cannot be written (No space left on device); free some space" in run.stderr
    assert run.stderr.count("\n") == 1
    assert [path.name for path in small_disk.iterdir()] == [f"scores.{form}"]
    assert (small_disk / f"scores.{form}").read_text() == "old"


@pytest.mark.parametrize("option", ["rejects", "summary", "report"])
def test_what_else_is_written_to_a_full_disk_is_told_of_by_its_own_name(tmp_path, small_disk, option):
    rows = "".join(f"team-{row},no-such-thing\n" for row in range(1000))
    (tmp_path / "teams.csv").write_text("team,needs\n" + rows)
    (small_disk / "full").write_bytes(b"x" * 32_768)
    run = subprocess.run(
        [_COMMAND, "batch", "teams.csv", "scores.csv", f"--{option}", "disk/other"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "disk/other cannot be written (No space left on device); " in run.stderr
    assert run.stderr.count("\n") == 1
    assert [path.name for path in small_disk.iterdir()] == ["full"]


def test_a_master_without_spark_is_told_of_the_engine(batch):
    status, out, err = batch("teams.csv scores.csv --master local[2]")
    assert (status, out) == (2, "")
    assert (
        err == "recommend: --master is for Spark; add --engine spark, or leave it out. Try `recommend batch --help`.\n"
    )
    assert not Path("scores.csv").exists()


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_columns_that_are_copied_and_not_read_are_named_once(batch, form):
    rows = {
        "csv": "team,Owner e-mail,needs,Country,Fax,Sector,SMS-outbound,fax_id\na,Jo,whiteboard,DE,must,finance,5,7\n",
        "jsonl": '{"team": "a", "Owner e-mail": "Jo", "needs": ["whiteboard"], "Country": "DE", "Fax": "must", '
        '"Sector": "finance", "SMS-outbound": 5, "fax_id": 7}\n',
    }
    Path(f"teams.{form}").write_text(rows[form])
    status, _, err = batch(f"teams.{form} scores.csv --summary summary.json --report report.html")
    hints = {
        "Country": None,
        "Fax": "'Fax' is a criterion; to ask for it, list fax in needs or wants.",
        "Sector": "'Sector' is read if the column is called situation.sector.",
        "SMS-outbound": "'SMS-outbound' is read if the column is called usage.sms-outbound.",
    }
    said = "\n  ".join(["Columns copied, not read", ", ".join(hints), *filter(None, hints.values())])
    assert (status, err.count(said)) == (0, 1), err
    told = json.loads(Path("summary.json").read_text())["copied_columns"]
    assert told == [{"column": name, "hint": hint} for name, hint in hints.items()]
    assert f"Columns copied, not read: {', '.join(hints)}." in Path("report.html").read_text()
    assert "Columns copied" not in batch(f"teams.{form} scores.csv --quiet")[2]


def test_a_copied_column_is_not_searched_by_its_meaning(batch, monkeypatch):
    """A table may have thousands of them, and what a column may mean is not told."""
    monkeypatch.setattr(Matcher, "_list_candidates", None)
    Path("teams.csv").write_text("team,needs,cost centre\na,whiteboard,7\n")
    status, _, err = batch("teams.csv scores.csv")
    assert (status, "cost centre" in err) == (0, True), err
