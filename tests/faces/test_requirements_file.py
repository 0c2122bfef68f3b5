"""`recommend --file`: from a path or standard input, with the command line on top."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from pathlib import Path

import pytest


def test_a_file_of_a_hundred_megabytes_is_not_read(tmp_path, recommend_says):
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    run = recommend_says(f"recommend --file {path}")
    assert (run.status, run.out) == (2, "")
    assert run.err == f"recommend: {path} is larger than 4 MB; expected one team's requirements.\n"


def test_a_file_is_read_from_standard_input(recommend_says, monkeypatch):
    stdin = io.TextIOWrapper(io.BytesIO(b"needs: [whiteboard, ucaas]"))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert recommend_says("recommend --file - --as-of 2022-12-31 --sources twilio-vs-vonage-2022").out.startswith(
        "None of the 2 providers compared meets"
    )


def _pipe(monkeypatch, content):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


@pytest.mark.parametrize(
    "content",
    [
        b"requirement,priority\nwhiteboard,must\nfax,should\n",
        b"\xef\xbb\xbfRequirement;Priority\r\nWhiteboard;Must\r\nFax;Should\r\n",
        b"Requirements\nWhiteboard\n",
        b"Our requirements\n\n#\tRequirement\tPriority\n1\tWhiteboard\tmust\n2\tFax\tshould\n",
    ],
)
def test_csv_from_standard_input_is_read_as_the_file_is(recommend_says, monkeypatch, tmp_path, content):
    path = tmp_path / "requirements.csv"
    path.write_bytes(content)
    alone = recommend_says(f"recommend --file {path} --as-of 2022-12-31")
    assert alone.status == 0
    _pipe(monkeypatch, content)
    piped = recommend_says("recommend --file - --as-of 2022-12-31")
    assert (piped.status, piped.out) == (0, alone.out)
    assert piped.err == alone.err.replace(str(path), "standard input")
    _pipe(monkeypatch, content)
    assert recommend_says("recommend --file - --scale mandatory=must --as-of 2022-12-31").out == alone.out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"needs: [fax, sms]\nwants: [nothing, here]\n", "unknown criterion 'nothing'"),
        (b'# fax, sms\n"needs": [nothing,\n fax, sms, api]\n', "unknown criterion 'nothing'"),
        (b'{"needs": ["nothing", "fax"],\n"wants": ["sms", "ivr"]}\n', "unknown criterion 'nothing'"),
        (b"needs whiteboard, fax\nwants sms", "standard input:1: expected a file such as this example"),
        (b"PK\x03\x04 the rest", "standard input is a workbook; save it as a file whose name ends in .xlsx"),
    ],
)
def test_only_a_table_is_taken_for_one(recommend_says, monkeypatch, content, said):
    _pipe(monkeypatch, content)
    run = recommend_says("recommend --file -")
    assert (run.status, run.out) == (2, "")
    assert said in run.err
    assert "no column" not in run.err


def test_standard_input_without_end_is_refused(recommend_says, monkeypatch):
    stdin = io.TextIOWrapper(io.BytesIO(b"#" * 5_000_000))
    monkeypatch.setattr(sys, "stdin", stdin)
    run = recommend_says("recommend --file -")
    assert run.status == 2
    assert "standard input is larger than 4 MB" in run.err


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="this system has no names for open files")
@pytest.mark.parametrize(
    "content", [b"needs: [whiteboard]\n" + b"#" * 4_000_000, b"needs: [whiteboard]\n# " + b"x" * 500]
)
def test_a_pipe_is_read_whole_or_refused_never_cut(recommend_says, content):
    out, into = os.pipe()
    writer = threading.Thread(target=_pour, args=(into, content))
    writer.start()
    run = recommend_says(f"recommend --file /dev/fd/{out} --sources twilio-vs-vonage-2022")
    os.close(out)
    writer.join()
    if len(content) > 4_000_000:
        assert (run.status, run.out) == (2, "")
        assert run.err == f"recommend: /dev/fd/{out} is larger than 4 MB; expected one team's requirements.\n"
    else:
        assert run.out.startswith("Twilio is recommended")


def _pour(into, content):
    with contextlib.suppress(BrokenPipeError), os.fdopen(into, "wb") as stream:
        stream.write(content)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("recommend --needs whiteboard --facts ''", "--facts"),
        ("recommend --needs whiteboard --rules ''", "--rules"),
        ("recommend --needs whiteboard --file ''", "--file"),
        ("recommend facts --facts ''", "--facts"),
        ("recommend --facts '' facts", "--facts"),
        ("recommend ask --answers ''", "--answers"),
        ("recommend ask --save ''", "--save"),
        ("recommend batch in.csv out.csv --rejects ''", "--rejects"),
        ("recommend batch in.csv out.csv --summary ''", "--summary"),
        ("recommend batch in.csv out.csv --report ''", "--report"),
        ("recommend batch '' out.csv", "IN... OUT"),
        ("recommend impact teams.csv --before ''", "--before"),
        ("recommend impact teams.csv --before x --after ''", "--after"),
        ("recommend replay ''", "RECORD"),
    ],
)
def test_an_empty_name_is_refused_and_never_the_default(recommend_says, line, name):
    run = recommend_says(line)
    assert (run.status, run.out) == (2, "")
    command = " ".join(word for word in line.split()[:2] if word.isalpha())
    said = f"Invalid value for '{name}': the name is empty; give a file or a folder. Try `{command} --help`."
    assert run.err == f"recommend: {said}\n"


def test_a_file_that_is_not_there_is_named(recommend_says):
    run = recommend_says("recommend --file nowhere.yaml")
    assert (run.status, run.out) == (2, "")
    assert run.err.startswith("recommend: nowhere.yaml does not exist; check the path.")


def test_the_command_line_wins_over_the_file_and_says_so(recommend_says, tmp_path):
    path = tmp_path / "team.yaml"
    path.write_text("needs: [number-countries>=120]\n", encoding="utf-8")
    run = recommend_says(f"recommend --file {path} --needs 'number-countries>=66' --as-of 2022-12-31 --verbose")
    assert "The command line overrides number-countries in the file." in run.out
    assert "at least 66 countries" in run.out


def test_claims_beyond_the_age_allowed_are_not_used(recommend_says):
    run = recommend_says("recommend --needs whiteboard --as-of 2026-11-22 --max-age 365d --verbose")
    assert run.out.startswith("Undetermined")
    assert "the claims are older than you allow" in run.out
    assert recommend_says("recommend --needs whiteboard --max-age year").err == (
        "recommend: 'year' is not an age; expected a number of days, such as 365d.\n"
    )


def test_a_file_may_need_what_only_the_usage_on_the_line_makes_computable(recommend_says, tmp_path):
    path = tmp_path / "team.yaml"
    path.write_text("needs: [sms-api]\nwants: [monthly-cost]\n", encoding="utf-8")
    run = recommend_says(f"recommend --file {path} --usage sms-outbound=5000 --as-of 2022-12-31")
    assert (run.status, run.err) == (0, "")
    assert "Vonage: 32 USD/month" in run.out
    alone = recommend_says(f"recommend --file {path}")
    assert alone.status == 2
    assert "'monthly-cost' is computed from monthly usage, but none is stated" in alone.err


def test_a_table_without_a_name_of_a_column_is_called_empty(recommend_says, tmp_path):
    path = tmp_path / "rfp.csv"
    path.write_text(",,\n,,\n", encoding="utf-8")
    run = recommend_says(f"recommend --file {path}")
    assert (run.status, run.err) == (2, f"recommend: {path} is empty; expected a row with the column names.\n")
