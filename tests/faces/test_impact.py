"""`recommend impact`: folders and git revisions, teams in, a table or JSON out."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import jsonschema
import pytest
import xlsxwriter

from provider_advisor.batch.record_schemas import impact_schema
from provider_advisor.errors import BatchFailure
from provider_advisor.knowledge.files import shipped_folder

_TEAMS = """team,needs,wants
shop,cargo-bikes,
school,repairs,
agency,"cargo-bikes,test-rides",
odd,unicycles,
"""
_CLAIM = "- {criterion: cargo-bikes, product: shop, value: present, source: survey-2023, line: 14}\n"
_BICYCLES = Path(__file__).parents[1] / "knowledge" / "bicycles"


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """A folder to work in, with teams, the bicycle shops as `old`, and a base with another claim as `new`."""
    monkeypatch.chdir(tmp_path)
    Path("teams.csv").write_text(_TEAMS, encoding="utf-8")
    for side in ("old", "new"):
        for part in ("facts", "rules"):
            shutil.copytree(_BICYCLES / part, Path(side) / part)
    _append("new")
    return tmp_path


def _append(folder):
    with (Path(folder) / "facts" / "providers" / "velo.yaml").open("a", encoding="utf-8") as file:
        file.write(_CLAIM)


def _git(folder, *arguments):
    identity = ["-c", "user.name=Someone", "-c", "user.email=someone@example.org"]
    subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(folders):
    """The same, with `old` committed in a repository below `work`, and `new` in its working tree."""
    if shutil.which("git") is None:
        pytest.skip("there is no git here")
    shutil.copytree("old", "work/base")
    _git("work", "init", "--quiet")
    _git("work", "add", ".")
    _git("work", "commit", "--quiet", "--message", "Begin")
    _append("work/base")
    return folders


pytestmark = pytest.mark.usefixtures("folders")

_SHOWN = """\
Changed verdicts: 2 of 3 teams (67%); with another recommended provider: 2.
Rejected 1 of 4 rows: 1 by both bases.

Teams  Share  Before                            After
1      33%    Rad am Ring, leaning              undetermined: Rad am Ring and
                                                Velo & Sons
1      33%    undetermined: Rad am Ring and     Velo & Sons, leaning
              Velo & Sons

Alone  Needed  Because of
2      2       Velo & Sons, Cargo bikes: not known, now present (such as shop,
               agency)
Causes of the new verdicts of 2 teams: one change alone (2). 'Needed' counts the
teams that do not get their new verdict without this change.

For example shop
  Rad am Ring, leaning; now undetermined: Rad am Ring and Velo & Sons.
  Velo & Sons on Cargo bikes: before not known: no claim confirms or denies it;
  now yes, has it (The shop); added: line 14 of survey-2023 (stated,
  2023-03-01).
  Velo & Sons was unconfirmed and is now qualified.

Before: old, knowledge base <fingerprint>.
After: new, knowledge base <fingerprint>.
Compared as of 2024-01-01.
"""


def test_the_page_says_what_changes_and_because_of_what(recommend_says):
    run = recommend_says("recommend impact teams.csv --before old --after new --as-of 2024-01-01")
    assert (run.status, run.err) == (0, "")
    assert re.sub(r"base [^\n]*", "base <fingerprint>.", run.out) == _SHOWN


def test_the_json_keeps_to_its_schema(recommend_says):
    data = json.loads(recommend_says("recommend impact teams.csv --before old --after new --format json").out)
    jsonschema.Draft202012Validator(impact_schema()).validate(data)
    assert (data["rows"], data["compared"], data["rejected"]["both"], data["changed"]["teams"]) == (4, 3, 1, 2)
    assert [example["team"] for example in data["examples"]] == ["shop", "agency"]
    assert data["changes"][0]["examples"] == [
        {"file": "teams.csv", "row": 1, "team": "shop"},
        {"file": "teams.csv", "row": 3, "team": "agency"},
    ]


def test_between_equal_bases_nothing_changes(recommend_says):
    run = recommend_says("recommend impact teams.csv --before old --after old")
    assert run.out.startswith("Changed verdicts: 0 of 3 teams.\n")
    assert "Because of" not in run.out


def test_after_is_what_the_options_name(recommend_says):
    line = "recommend impact teams.csv --before old --facts new/facts --rules new/rules"
    assert "After: new/facts and new/rules, knowledge base" in recommend_says(line).out


def test_after_is_what_is_shipped_if_nothing_else_is_said(recommend_says):
    for part in ("facts", "rules"):
        shutil.copytree(shipped_folder(part), Path("copied") / part)
    Path("teams.csv").write_text("team,needs\nshop,sales-app\n", encoding="utf-8")
    out = recommend_says("recommend impact teams.csv --before copied").out
    assert out.startswith("Changed verdicts: 0 of 1 team.")
    assert "After: the shipped knowledge base" in out


@pytest.mark.parametrize("inner", [".", "base", "base/facts"])
def test_a_revision_is_compared_with_the_working_tree(recommend_says, repository, monkeypatch, inner):
    monkeypatch.chdir(repository / "work" / inner)
    run = recommend_says(f"recommend impact {repository}/teams.csv --before HEAD")
    assert (run.status, run.err) == (0, "")
    assert run.out.startswith("Changed verdicts: 2 of 3 teams")
    assert "After: the working tree, knowledge base" in run.out


def test_two_revisions_are_compared(recommend_says, repository, monkeypatch):
    monkeypatch.chdir(repository / "work")
    _git(".", "commit", "--quiet", "--all", "--message", "Say more")
    run = recommend_says("recommend impact ../teams.csv --before HEAD~1 --after HEAD --format json")
    data = json.loads(run.out)
    assert data["changed"]["teams"] == 2
    assert data["before"]["name"].startswith("HEAD~1 (")
    assert not list(Path.cwd().glob("**/*.pickle"))


def test_a_mistake_at_a_revision_is_told_with_its_place_there(recommend_says, repository, monkeypatch):
    monkeypatch.chdir(repository / "work")
    with Path("base/facts/providers/velo.yaml").open("a", encoding="utf-8") as file:
        file.write("- {criterion: zeppelins}\n")
    _git(".", "commit", "--quiet", "--all", "--message", "Break")
    run = recommend_says("recommend impact ../teams.csv --before HEAD --after ../old")
    assert run.status == 2
    assert run.err.startswith("HEAD:base/facts/providers/velo.yaml:")
    assert str(Path(tempfile.gettempdir())) not in run.err


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("teams.csv", "Missing option '--before'"),
        (
            "teams.csv --before nowhere/",
            "folder 'nowhere/' does not exist; expected a folder that contains facts/ and rules/.",
        ),
        ("teams.csv --before .", ". has no facts/; expected a folder that contains facts/ and rules/."),
        ("teams.csv --before half", "half has no rules/; expected a folder that contains facts/ and rules/."),
        ("teams.csv --before old --id name", "there is no column 'name'; expected one of team, needs, wants."),
        ("teams.csv --before old --separator ab", "'ab' is not a separator; expected one character, such as ; or tab."),
        ("teams.csv --before old --as-of soon", "'soon' is not a date; expected YYYY-MM-DD, such as 2022-12-31."),
        (
            "teams.csv --before old --after new --facts new/facts",
            "cannot be combined with --facts or --rules; give one of them.",
        ),
        ("missing.csv --before old", "missing.csv does not exist; check the path."),
    ],
)
def test_wrong_usage_gets_one_sentence(recommend_says, line, sentence):
    Path("half/facts").mkdir(parents=True)
    run = recommend_says(f"recommend impact {line}")
    assert (run.status, run.out, run.err.count("\n")) == (2, "", 1)
    assert sentence in run.err


@pytest.mark.parametrize("name", ["nope", "--help", "-x", "HEAD:base", "@{99}"])
def test_an_unknown_revision_gets_one_sentence(recommend_says, repository, monkeypatch, name):
    monkeypatch.chdir(repository / "work")
    run = recommend_says(f"recommend impact ../teams.csv --before={name}")
    assert (run.status, run.out) == (2, "")
    assert run.err == (
        f"recommend: '{name}' is neither a folder nor a revision of this git repository; check its name.\n"
    )


def test_outside_of_a_repository_there_are_no_revisions(recommend_says, folders, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(folders.parent))
    run = recommend_says("recommend impact teams.csv --before HEAD")
    assert run.err == ("recommend: 'HEAD' is not a folder, and the current folder is not in a git repository.\n")


def test_without_git_a_folder_has_to_be_named(recommend_says, folders, monkeypatch):
    monkeypatch.setenv("PATH", str(folders))
    run = recommend_says("recommend impact teams.csv --before HEAD")
    assert run.err == (
        "recommend: git is not installed, and revisions cannot be read without it; give a folder instead.\n"
    )


def test_a_revision_without_a_knowledge_base_is_refused(recommend_says, repository, monkeypatch):
    monkeypatch.chdir(repository / "work")
    _git(".", "rm", "-r", "--quiet", "--cached", "base/rules")
    _git(".", "commit", "--quiet", "--message", "Forget")
    run = recommend_says("recommend impact ../teams.csv --before HEAD")
    assert "has no facts/ and rules/ side by side" in run.err


def test_of_two_knowledge_bases_the_one_around_is_meant(recommend_says, repository, monkeypatch):
    shutil.copytree("work/base", "work/other")
    _git("work", "add", ".")
    _git("work", "commit", "--quiet", "--message", "Another")
    monkeypatch.chdir(repository / "work")
    run = recommend_says("recommend impact ../teams.csv --before HEAD")
    assert "has facts/ in base, other; change to the folder you mean." in run.err
    monkeypatch.chdir(repository / "work" / "other")
    assert recommend_says("recommend impact ../../teams.csv --before HEAD").status == 0


def test_other_forms_of_teams_are_read(recommend_says):
    lines = [
        {"team": "shop", "needs": ["cargo-bikes"]},
        {"team": "dated", "needs": ["cargo-bikes"], "as_of": "2020-01-01"},
        {"team": "strange", "needs": ["cargo-bikes"], "mood": "good"},
    ]
    Path("teams.jsonl").write_text("".join(json.dumps(line) + os.linesep for line in lines), encoding="utf-8")
    run = recommend_says("recommend impact teams.jsonl --before old --after new --as-of 2024-01-01")
    assert run.status == 0
    assert "Rows with their own as_of or max_age: 1; all were compared as of 2024-01-01." in run.out


def test_inputs_are_read_with_the_options_of_a_batch(recommend_says):
    table = "Liste der Büros\nTeam;Bedarf;Wünsche;usage.inspections\nshop;cargo-bikes;repairs;5.000\n"
    Path("bedarf.csv").write_bytes(table.encode("cp1252"))
    says = '--encoding cp1252 --skip-lines 1 --separator ; --decimal , --rename Bedarf=needs --rename "Wünsche=wants"'
    run = recommend_says(f"recommend impact bedarf.csv --before old --after new --as-of 2024-01-01 {says}")
    assert (run.status, run.err) == (0, "")
    assert run.out.startswith("Changed verdicts: 1 of 1 team (100%)")


def test_workbooks_are_read_and_what_their_headers_mean_is_said(recommend_says):
    with xlsxwriter.Workbook("teams.xlsx") as book:
        sheet = book.add_worksheet("Teams")
        for row, cells in enumerate([["Team", "Cargo bikes", "Repairs"], ["shop", "must", "x"]]):
            sheet.write_row(row, 0, cells)
        book.add_worksheet("Notes").write(0, 0, "something else")
    run = recommend_says(
        "recommend impact teams.xlsx --sheet Teams --matched m.yaml --before old --after new --as-of 2024-01-01"
    )
    assert run.status == 0
    assert "Cargo bikes → cargo-bikes (id)" in run.err
    assert "Cargo bikes: cargo-bikes" in Path("m.yaml").read_text(encoding="utf-8")
    assert run.out.startswith("Changed verdicts: 1 of 1 team (100%)")


@pytest.mark.parametrize(("before", "after", "who"), [("old", "new", "before"), ("new", "old", "after")])
def test_a_header_that_only_one_base_knows_is_asked_of_both(recommend_says, before, after, who):
    with Path("new/facts/criteria/services.yaml").open("a", encoding="utf-8") as file:
        file.write(
            "- {id: moon-phones, label: Moon phones, kind: capability, question: Do you need them?, weight: 1}\n"
        )
    Path("teams.csv").write_text("team,Moon phones,Repairs\nshop,must,x\n", encoding="utf-8")
    run = recommend_says(f"recommend impact teams.csv --before {before} --after {after} --format json")
    assert json.loads(run.out)["rejected"] == {"both": 0, "before": 0, "after": 0} | {who: 1}


def test_what_a_team_is_called_cannot_steer_the_terminal(recommend_says):
    Path("teams.csv").write_text('team,needs\n"\x1b[2J\u202ex",cargo-bikes\n', encoding="utf-8")
    out = recommend_says("recommend impact teams.csv --before old --after new").out
    assert r"\x1b[2J\u202ex" in out
    assert all(sign == "\n" or sign.isprintable() for sign in out)


def test_a_table_without_rows_has_no_impact(recommend_says):
    Path("teams.csv").write_text("team,needs\n", encoding="utf-8")
    run = recommend_says("recommend impact teams.csv --before old --after new")
    assert (run.status, run.err) == (0, "")
    assert run.out.startswith("Changed verdicts: 0 of 0 teams.\n(Changes that affect no verdict on their own: 1;")


def test_an_input_that_fails_midway_exits_with_1(recommend_says, monkeypatch):
    def failing(*_):
        raise BatchFailure("teams.csv was changed while it was being read; run again when it no longer changes.")

    monkeypatch.setattr("provider_advisor.batch.reading.byte_stream.Stream.check_unchanged", failing)
    run = recommend_says("recommend impact teams.csv --before old --after new")
    assert (run.status, run.out) == (1, "")
    assert run.err == "recommend: teams.csv was changed while it was being read; run again when it no longer changes.\n"
