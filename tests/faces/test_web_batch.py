"""Many teams from a file in the browser: the answers of `recommend batch`, no row lost, gone after an hour."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
import shutil
import time
import zipfile
from functools import partial
from html import unescape

import polars as pl
import pytest
from tests.counts import choose_count

pytest.importorskip("fastapi", reason="the extra 'web' is not installed")

from starlette.testclient import TestClient

from provider_advisor import load, recommend
from provider_advisor.errors import RequirementsError
from provider_advisor.faces.report.batch_page import batch_values
from provider_advisor.faces.web import runs as runs_module
from provider_advisor.faces.web.app import create_app
from provider_advisor.faces.web.batch_files import MOST_ROWS, OUTPUTS, BatchChoice, make_batch_run, read_upload
from provider_advisor.faces.web.runs import KEPT_SECONDS, Run, RunFolder

_TEAMS = "team,needs,wants\none,repairs,rental\n=2+3,rental,\ntwo,wings,\n"


@pytest.fixture(scope="module")
def runs(tmp_path_factory, pytestconfig):
    folder = pytestconfig.rootpath / "tests" / "knowledge" / "bicycles"
    return RunFolder((str(folder / "facts"), str(folder / "rules")), tmp_path_factory.mktemp("runs") / "all")


@pytest.fixture(scope="module")
def web(bicycles, runs):
    with TestClient(create_app(bicycles, runs=runs)) as client:
        yield client


_CSV = {"Content-Type": "text/csv"}


def _send(web, content, name="teams.csv", **fields):
    return web.post("/batch", files={"file": (name, content)}, data=fields, follow_redirects=False)


@pytest.fixture(scope="module")
def done(web, runs):
    """The address of a run that has ended."""
    sent = _send(web, _TEAMS, "Our teams.csv", reasons="1", as_of="2024-06-01")
    assert sent.status_code == 303, sent.text
    assert asyncio.run(runs.wait(sent.headers["location"][7:], 60)).is_done
    return sent.headers["location"]


def _copy(runs, done, **files):
    """A run of its own, which was like the other but for some files."""
    folder = runs.find(done[7:]).folder
    other = folder.with_name(os.urandom(16).hex())
    shutil.copytree(folder, other)
    for name, text in files.items():
        (other / f"{name}.txt").write_text(text, encoding="utf-8")
    return other


def test_a_file_is_answered_as_the_command_answers_it(web, done, recommend_says, tmp_path, pytestconfig):
    assert re.fullmatch(r"/batch/[0-9a-f]{32}", done)
    page = web.get(done)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "Recommendations for 2 teams" in page.text
    assert "1 row of 3 could not be read and is not counted." in page.text
    assert "<li>Row 3: nothing is recorded about" in page.text
    assert "--unlisted" not in page.text
    assert "<style" not in page.text
    (tmp_path / "teams.csv").write_text(_TEAMS, encoding="utf-8")
    folder = pytestconfig.rootpath / "tests" / "knowledge" / "bicycles"
    line = f"recommend batch {tmp_path}/teams.csv {tmp_path}/scores.csv --rejects {tmp_path}/rejects.csv --reasons"
    recommend_says(f"{line} --quiet --as-of 2024-06-01 --facts {folder}/facts --rules {folder}/rules")
    for what in ("scores", "rejects"):
        found = web.get(f"{done}/{what}")
        assert found.headers["content-disposition"] == f'attachment; filename="Our-teams.{what}.csv"'
        alone = (tmp_path / f"{what}.csv").read_text(encoding="utf-8").replace(f"{tmp_path}/", "")
        rows = [list(map(_undo, row)) for row in csv.reader(io.StringIO(found.text))]
        assert rows == list(csv.reader(io.StringIO(alone)))
    assert "'=2+3," in web.get(f"{done}/scores").text
    summary = re.search(r'<a href="(/api/v1/batch/[^"]+)">Summary as JSON', web.get(done).text)
    assert web.get(summary[1]).json()["summary"]["scored"], "the page says that its lists continue there"


@pytest.mark.parametrize("name", ["teams.tsv", "Teams.TAB"])
def test_a_file_with_tabs_is_answered_like_one_with_commas(web, runs, done, name):
    form = web.get("/batch").text
    assert f".{name[-3:].lower()}" in re.search('accept="([^"]*)"', form)[1].split(",")
    sent = _send(web, _TEAMS.replace(",", "\t"), name, reasons="1", as_of="2024-06-01")
    assert asyncio.run(runs.wait(sent.headers["location"][7:], 60)).is_done
    assert web.get(f"{sent.headers['location']}/scores").text == web.get(f"{done}/scores").text


def _undo(cell):
    return cell[1:] if cell[:2] in {"'=", "'+", "'-", "'@"} else cell


def _read_workbook(file):
    calamine = pytest.importorskip("python_calamine", reason="the extra 'excel' is not installed")
    book, tables = calamine.CalamineWorkbook.from_filelike(file), []
    for sheet in ("Answers", "Details"):
        names, *rows = book.get_sheet_by_name(sheet).to_python()
        texts = [[cell if cell != "" else None for cell in row] for row in rows]
        tables.append(pl.DataFrame(texts, schema=names, orient="row", strict=False))
    return tables[0].join(tables[1], on="team", maintain_order="left")


_ASKED = [
    "repairs",
    "rental",
    "repairs,rental",
    "bikes-in-stock>=50",
    "wings",
    "advice=good",
    "repairs,",
    "lightest-frame<=8",
]


def _write_workbook(table, file):
    xlsxwriter = pytest.importorskip("xlsxwriter", reason="the extra 'excel' is not installed")
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        table.write_excel(book)


def test_20_a_file_in_each_form_gets_the_scores_and_rejects_of_the_command(web, runs, recommend_says, tmp_path):
    rows = choose_count(800, 10_000)
    teams = pl.DataFrame(
        {
            "team": [f"team {place}" for place in range(rows)],
            "needs": [_ASKED[place % len(_ASKED)] for place in range(rows)],
            "wants": ["test-rides" if place % 3 else "" for place in range(rows)],
        }
    )
    teams.write_csv(tmp_path / "teams.csv")
    folders = "--facts {} --rules {}".format(*runs.knowledge)
    recommend_says(f"recommend batch {tmp_path}/teams.csv {tmp_path}/scores.csv --quiet {folders}")
    scores, rejects = (pl.read_csv(tmp_path / f"scores{end}.csv") for end in ("", ".rejects"))
    assert (scores.height + rejects.height, rejects.height) == (rows, rows // len(_ASKED))
    numbers = pl.col(r"^.*\.(proven|expected|possible)$").cast(float).round(6)
    lists = pl.col("needs", "wants").str.split(",").list.filter(pl.element() != "")
    forms = {
        "csv": (teams.write_csv, pl.read_csv),
        "parquet": (teams.write_parquet, pl.read_parquet),
        "xlsx": (partial(_write_workbook, teams), _read_workbook),
        "jsonl": (teams.with_columns(lists).write_ndjson, pl.read_ndjson),
    }
    for form, (write, read) in forms.items():
        packed = io.BytesIO()
        write(packed)
        address = _send(web, packed.getvalue(), f"teams.{form}").headers["location"]  # it comes back in its own form
        assert asyncio.run(runs.wait(address[7:], 60)).is_done
        found = read(io.BytesIO(web.get(f"{address}/scores").content))
        assert found.select("team", "verdict", "provider", numbers).equals(
            scores.select("team", "verdict", "provider", numbers)
        )
        sent_back = pl.read_csv(io.BytesIO(web.get(f"{address}/rejects").content))
        heads = 1 if form == "xlsx" else 0  # a workbook numbers the row of the names too
        assert sent_back.select(pl.col("row") - heads, "reason").equals(rejects.select("row", "reason"))


def test_a_workbook_of_answers_has_no_formula(web, runs):
    address = _send(web, _TEAMS, output="xlsx").headers["location"]
    assert asyncio.run(runs.wait(address[7:], 60)).is_done
    sheets = zipfile.ZipFile(io.BytesIO(web.get(f"{address}/scores").content))
    assert not any(b"<f>" in sheets.read(name) for name in sheets.namelist() if "worksheets/" in name)


def test_a_run_under_way_says_so_and_has_no_files_yet(web, runs, done):
    other = _copy(runs, done)
    (other / "ended.txt").unlink()
    page = web.get(f"/batch/{other.name}")
    assert page.headers.get("refresh") == "2"
    assert "Scoring the teams in Our teams.csv" in page.text
    scores = web.get(f"/batch/{other.name}/scores")
    assert scores.status_code == 404
    assert "The results are not ready yet: the run has not ended." in scores.text
    assert "the run has not ended." in web.get(f"/api/v1/batch/{other.name}/scores").json()["mistakes"][0]


def test_a_provider_that_no_team_gets_is_not_said_to_be_recommended(web, runs, done):
    other = _copy(runs, done)
    summary = json.loads((other / "summary.json").read_text(encoding="utf-8"))
    for part in summary["providers"]:
        part["recommended"]["teams"] = 0
    (other / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    page = web.get(f"/batch/{other.name}").text
    assert "50% are ties." in page
    assert "Recommended:" not in page


def test_of_many_providers_only_those_with_a_team_have_a_bar(runs, done):
    summary = json.loads((runs.find(done[7:]).folder / "summary.json").read_text(encoding="utf-8"))
    one = {**summary["providers"][0], "leads_undetermined": {"teams": 0, "share": 0}}
    teams = {f"p{place}": place % 3 for place in range(7)}
    summary["providers"] = [
        {**one, "name": name, "recommended": {**one["recommended"], "teams": count}} for name, count in teams.items()
    ]
    values = batch_values(summary)
    assert [part["name"] for part in values["leading"]] == ["p2", "p5", "p1", "p4"]
    assert values["nowhere"] == "p0, p3 and p6"


@pytest.mark.parametrize(
    ("content", "query", "accept", "form"),
    [
        (b'{"needs": ["repairs"]}', "", "*/*", "jsonl"),
        (b"needs\nrepairs", "", "application/json, text/csv;q=0.5", "csv"),
        (b"needs\nrepairs", "", "application/json, application/vnd.apache.parquet, text/csv", "parquet"),
        (b'{"needs": ["repairs"]}', "?output=csv", "application/vnd.apache.parquet", "csv"),
    ],
)
def test_the_scores_have_the_form_that_is_asked_for_else_that_of_the_file(  # noqa: PLR0917 (one a column)
    web, runs, content, query, accept, form
):
    headers = {"Content-Type": "application/octet-stream", "Accept": accept}
    begun = web.post(f"/api/v1/batch{query}", content=content, headers=headers).json()
    run = asyncio.run(runs.wait(begun["id"], 60))
    assert run.about["output"] == form
    assert (run.folder / f"scores.{form}").is_file()


@pytest.mark.parametrize("output", OUTPUTS)
def test_each_form_is_one_of_the_command(output):
    run = make_batch_run(read_upload("x.csv", b"needs\n"), BatchChoice(output), (None, None))
    assert run.arguments[:3] == ["batch", "teams.csv", f"scores.{output}"]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_file_that_a_european_excel_wrote_is_answered(web, runs, separator):
    rows = [["team", "needs", "usage.inspections"], ["Müller", "repairs", "1,5"], ["Weiß", "rental", "2"]]
    content = "\r\n".join(map(separator.join, rows)).encode("cp1252")
    sent = _send(web, content, decimal=",", encoding="cp1252")
    run = asyncio.run(runs.wait(sent.headers["location"][7:], 60))
    assert run.is_done, run.list_mistakes()
    scores = list(csv.DictReader(io.StringIO((run.folder / "scores.csv").read_text(encoding="utf-8"))))
    assert [row["team"] for row in scores] == ["Müller", "Weiß"]


def test_a_file_that_asks_for_one_team_is_refused_with_where_to_paste_it(web, runs):
    sent = _send(web, "Requirement;Priority\nrepairs;must\nrental;should\n")
    asyncio.run(runs.wait(sent.headers["location"][7:], 60))
    page = web.get(sent.headers["location"]).text
    assert "has one requirement in each row, for one team" in page
    assert '<a href="/choose">paste its rows</a>' in page
    assert "paste its rows" not in web.get("/batch").text


def test_the_form_of_a_csv_file_does_not_matter_for_other_files(web, runs):
    sent = _send(web, '{"needs": ["repairs"]}\n', "teams.jsonl", decimal=",", encoding="cp1252")
    assert asyncio.run(runs.wait(sent.headers["location"][7:], 60)).is_done


def test_a_file_in_another_encoding_is_refused_with_what_to_choose(web, runs):
    for content in ("Größe,needs\na,repairs\n", "team,needs\nMüller,repairs\n" * 40):
        sent = _send(web, content.encode("cp1252"))
        asyncio.run(runs.wait(sent.headers["location"][7:], 60))
        page = web.get(sent.headers["location"]).text
        assert "say its text encoding" in page
        assert "--encoding" not in page


@pytest.mark.parametrize("fields", [{"decimal": "x"}, {"encoding": "a\0b"}, {"encoding": "x" * 41}])
def test_a_sign_or_an_encoding_that_cannot_be_is_refused(web, fields):
    sent = _send(web, _TEAMS, **fields)
    assert sent.status_code == 422
    assert web.post("/api/v1/batch", params={"decimal": "x"}, content=_TEAMS, headers=_CSV).status_code == 422


def test_after_a_run_that_failed_the_form_is_as_it_was_filled_in(web, runs):
    given = {"output": "xlsx", "reasons": "1", "as_of": "2024-06-01", "decimal": ",", "encoding": "cp1252"}
    sent = _send(web, "a,a\nb,b\n", **given)
    assert not asyncio.run(runs.wait(sent.headers["location"][7:], 60)).is_done
    page = web.get(sent.headers["location"]).text
    for shown in ("xlsx", "cp1252", ","):
        assert f'<option value="{shown}" selected>' in page
    assert 'name="reasons" value="1" checked' in page
    assert 'name="as_of" value="2024-06-01"' in page


def test_a_run_that_fails_gets_the_sentences_of_the_command(web, runs, done):
    other = _copy(runs, done, ended="2", said="recommend: teams.csv has no column to read.\n")
    page = web.get(f"/batch/{other.name}")
    assert page.status_code == 422
    assert "<title>Error: " in page.text
    assert "<li>teams.csv has no column to read.</li>" in page.text


def test_columns_that_cannot_be_matched_are_told_of_without_options_of_the_command(web, runs):
    teams = "team,repairs,rental\none,soon,later\ntwo,now,never\n"
    address = _send(web, teams).headers["location"]
    asyncio.run(runs.wait(address[7:], 60))
    page = web.get(address)
    assert page.status_code == 422
    told = unescape(re.search(r"<ul><li>(.*?)</ul>", page.text, re.DOTALL)[1])
    assert "expected must, should, could, wont, yes, no or x." in told
    assert "--" not in told


def test_each_kind_of_reason_is_told_once_with_the_number_of_its_rows(web, runs):
    teams = "team,needs\none,wings\ntwo,rapairs\nthree,rapairs\nfour,repairs\nfive,rentall\n"
    address = _send(web, teams).headers["location"]
    asyncio.run(runs.wait(address[7:], 60))
    told = re.findall(r"<li>((?:Row|[0-9]+ rows).*?)</li>", unescape(web.get(address).text))
    assert [one.partition(".")[0] for one in told] == [
        "3 rows, such as row 2: unknown criterion 'rapairs'",
        "Row 1: nothing is recorded about 'wings'",
    ]


def test_an_example_is_downloaded_that_can_be_sent_back():
    with TestClient(create_app(load())) as web:
        example = web.get(re.search(r'href="([^"]+)" download', web.get("/batch").text)[1])
    assert example.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(example.text)))
    assert [row["team"] for row in rows] == ["Support", "School"]
    assert all(recommend(load(), needs=row["needs"].split(",")).verdict for row in rows)


def test_a_run_that_was_killed_is_given_up(web, runs, done):
    other = _copy(runs, done)
    (other / "ended.txt").unlink()
    os.utime(other / "about.json", (time.time() - 700,) * 2)
    assert web.get(f"/batch/{other.name}").status_code == 422


def test_a_run_whose_disk_fails_ends_at_once(tmp_path):
    runs = RunFolder(folder=tmp_path / "runs")
    run = runs.start(Run(["--needs", "fax", "-o", "/dev/full"], {}, {}))
    ended = asyncio.run(runs.wait(run.id, seconds=60))
    assert (ended.status, ended.is_running) == (1, False)
    assert ended.list_mistakes()[0].startswith("/dev/full cannot be written")


def test_a_run_whose_process_is_killed_ends_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(runs_module, "_CODE", "import os; os.kill(os.getpid(), 9)")
    runs = RunFolder(folder=tmp_path / "runs")
    ended = asyncio.run(runs.wait(runs.start(Run([], {}, {})).id, seconds=60))
    assert (ended.status, ended.is_running, ended.is_done) == (-9, False, False)
    assert ended.list_mistakes() == ["The run ended without a result; try it again with fewer teams."]


def test_files_are_gone_after_an_hour_also_after_a_restart(web, runs, done):
    other = _copy(runs, done)
    for place in (other / "about.json", other):
        os.utime(place, (time.time() - KEPT_SECONDS - 5,) * 2)
    assert web.get(f"/batch/{other.name}").status_code == 404
    assert web.get(f"/batch/{other.name}/scores").status_code == 404
    assert other.exists()
    RunFolder(folder=other.parent).clean()
    assert not other.exists()
    assert web.get(done).status_code == 200


@pytest.mark.parametrize("name", ["x" * 32, "a" * 32, "a" * 32 + "%00"])
@pytest.mark.parametrize("what", ["", "/scores", "/about.json"])
def test_no_other_file_can_be_had(web, name, what):
    assert web.get(f"/batch/{name}{what}").status_code == 404


def test_of_a_run_only_its_results_can_be_had(web, done):
    for what in ("about.json", "teams", "teams.csv", "said", "summary"):
        assert web.get(f"{done}/{what}").status_code == 404


def test_a_folder_of_somebody_else_is_not_used(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    with pytest.raises(OSError, match="another user"):
        RunFolder(folder=tmp_path / "link").start(Run([], {}, {}))
    monkeypatch.setattr("os.getuid", lambda: (tmp_path / "mine").stat().st_uid + 1)
    with pytest.raises(OSError, match="another user"):
        RunFolder(folder=tmp_path / "mine").start(Run([], {}, {}))


def _zip(**parts):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return packed.getvalue()


def _parquet(rows):
    packed = io.BytesIO()
    pl.DataFrame({"needs": ["repairs"] * rows}).write_parquet(packed)
    return packed.getvalue()


# Large contents are made when their test runs, since every process of the tests imports this file.
@pytest.mark.parametrize(
    ("name", "make", "says"),
    [
        ("teams.csv", lambda: b"", "is empty"),
        ("teams.csv", lambda: _zip(xl__workbook_xml="x"), "is not CSV: its content is a workbook"),
        ("teams.xlsx", lambda: b"team,needs\n", "is not a workbook: its content is CSV"),
        ("teams.parquet", lambda: b"team,needs\n", "is not Parquet"),
        ("teams.xlsx", lambda: _zip(readme_xml="x"), "is an archive, not a workbook"),
        ("teams.xlsx", lambda: b"PK\x03\x04 and no more", "is a damaged workbook"),
        ("teams.xlsx", lambda: _zip(xl__workbook_xml=b" " * 250_000_000), "unpacks to 250 MB"),
        ("teams.parquet", lambda: b"PAR1 and no more", "is a damaged Parquet file"),
        ("teams.parquet", lambda: _parquet(MOST_ROWS + 1), "has 100,001 rows"),
        ("teams.csv", lambda: b"needs\n" + b"fax\n" * (MOST_ROWS + 2), "at most 100,000 teams"),
        ("teams", lambda: b"\x00\x01\x02", "is not in a supported format"),
        ("teams.xls", lambda: b"\xd0\xcf\x11\xe0" + b"x" * 600, "is not in a supported format"),
        ("C:\\tmp\\<b>.csv", lambda: b"", "<b>.csv is empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_upload_that_lies_or_is_too_large_gets_a_sentence(name, make, says):
    with pytest.raises(RequirementsError, match=re.escape(says)):
        read_upload(name, make())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b'{"x",needs\n'),
        ("a", b"needs\nx\n"),
        ("a.ndjson", b"{}\n"),
        ("A.XLSX", _zip(xl__workbook_xml="x")),
    ],
)
def test_an_upload_that_may_be_read_is_taken(name, content):
    assert read_upload(name, content).content == content


def test_a_form_that_cannot_be_taken_is_shown_again(web):
    dated = _send(web, b"x\n", as_of="soon")
    for sent in (web.post("/batch"), _send(web, b"", "teams.csv"), _send(web, b"x\n", output="pdf"), dated):
        assert sent.status_code == 422
        assert 'enctype="multipart/form-data"' in sent.text
    assert 'value="soon"' in dated.text
    assert '<a href="#as_of">' in dated.text
    assert '<a href="#file">Choose a file with your teams first.</a>' in web.post("/batch").text
    assert web.post("/batch", content=b"x" * 11_000_000).status_code == 413


def test_more_runs_than_may_be_at_once_wait(web, done, monkeypatch):
    monkeypatch.setattr("provider_advisor.faces.web.runs._MOST_AT_ONCE", 0)
    sent = _send(web, _TEAMS)
    assert sent.status_code == 429
    assert "try again in a minute" in sent.text
    assert web.get(done).status_code == 200
