"""Nothing is deleted or replaced that no run has made, whatever lies where a run would write."""

from __future__ import annotations

import os
import runpy
import stat
import sys
from pathlib import Path

import pytest

from provider_advisor import whole_file
from provider_advisor.batch.reading.input_files import find_input_files
from provider_advisor.batch.writing import rejects
from provider_advisor.batch.writing.output_paths import OutputPlace, check_places
from provider_advisor.errors import BatchError
from provider_advisor.faces.cli.run_command import run as run_command

_GOOD, _BAD = "team,needs\na,whiteboard\n", "team,needs\na,whiteboard\nb,no-such-thing\n"
_REJECTS = "file,row,reason,content\nx.csv,1,old,old\n"


@pytest.fixture
def batch(tmp_path, monkeypatch, capsys):
    """A function from the words after `recommend batch` to exit status and standard error, run in an own folder."""
    monkeypatch.chdir(tmp_path)
    Path("teams.csv").write_text(_BAD)
    Path("good.csv").write_text(_GOOD)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["recommend", "batch", *words, "--quiet"])
        status = run_command()
        return status, capsys.readouterr().err

    return run


def test_an_output_that_is_replaced_keeps_its_permissions(batch):
    Path("scores.csv").touch(mode=0o600)
    assert batch("good.csv", "scores.csv")[0] == 0
    assert stat.S_IMODE(Path("scores.csv").stat().st_mode) == 0o600


def _tree():
    """What the folder holds: the content of files, where links point, and the kind of everything else."""
    found = {}
    for path in sorted(Path().rglob("*")):
        mode = path.lstat().st_mode
        kind = {stat.S_IFREG: "file", stat.S_IFLNK: "link", stat.S_IFDIR: "folder"}.get(stat.S_IFMT(mode), "other")
        content = path.read_bytes() if kind == "file" else str(path.readlink()).encode() if kind == "link" else b""
        found[str(path)] = kind, content
    return found


def _refused(batch, told, *words):
    before = _tree()
    status, said = batch(*words)
    assert (status, said.count("\n")) == (2, 1), said
    assert told in said
    assert _tree() == before


@pytest.mark.parametrize("name", ["o.rejects.csv", "./o.rejects.csv", "link.csv", "hard.csv"])
def test_an_input_named_like_the_rejects_of_the_output_is_refused(batch, name):
    Path("o.rejects.csv").write_text(_REJECTS)
    Path("link.csv").symlink_to("o.rejects.csv")
    Path("hard.csv").hardlink_to("o.rejects.csv")
    _refused(batch, "is an input; choose another file", name, "o.csv")


@pytest.mark.parametrize("content", ["mine\n", "file,row,reason\n", "\n", "\0"])
@pytest.mark.parametrize("teams", ["teams.csv", "good.csv"])
def test_a_foreign_file_where_rejects_go_is_left_alone(batch, teams, content):
    Path("o.rejects.csv").write_text(content)
    _refused(batch, "is not a rejects file from an earlier run; move it, or choose another", teams, "o.csv")
    Path("mine.txt").write_text(content)
    _refused(batch, "is not a rejects file from an earlier run", teams, "other.csv", "--rejects", "mine.txt")
    _refused(batch, "not a rejects file", teams, "-", "--output-format", "csv", "--rejects", "mine.txt")


def test_rejects_of_an_earlier_run_are_replaced_and_deleted(batch):
    for name in ("o.rejects.csv", "own.csv"):
        Path(name).write_text(_REJECTS)
    assert batch("teams.csv", "o.csv")[0] == 3
    assert "no-such-thing" in Path("o.rejects.csv").read_text()
    assert batch("good.csv", "o.csv")[0] == 0
    assert not Path("o.rejects.csv").exists()
    assert batch("good.csv", "-", "--output-format", "csv", "--rejects", "own.csv")[0] == 0
    assert not Path("own.csv").exists()


def test_a_file_that_appears_where_rejects_go_during_the_run_is_left_alone(batch, monkeypatch):
    from provider_advisor.batch import local_run  # noqa: PLC0415

    write_frames = local_run.write_frames

    def meanwhile(*words, **options):
        write_frames(*words, **options)
        Path("o.rejects.csv").write_text("mine")

    monkeypatch.setattr(local_run, "write_frames", meanwhile)
    status, said = batch("teams.csv", "o.csv")
    assert status == 1
    assert "o.rejects.csv cannot be written (a file that is not a rejects file is there)" in said
    assert Path("o.rejects.csv").read_text() == "mine"
    assert not Path("o.csv").exists()
    monkeypatch.undo()


def test_a_file_that_appears_where_rejects_of_a_stream_go_is_left_alone(tmp_path):
    path = tmp_path / "r.csv"
    opened = rejects.open_rejects(path)
    opened.__enter__().write(b"teams.csv,2,no criterion,x\n")
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        opened.__exit__(None, None, None)
    assert path.read_text() == "mine"


def test_beyond_many_kinds_of_reasons_rows_are_counted_together(tmp_path, monkeypatch):
    monkeypatch.setattr(rejects, "_MOST_KINDS", 2)
    path = tmp_path / "r.csv"
    reasons = ["unknown word", "no team", "no bound", "no day", "no team"]
    rows = "".join(f"t.csv,{row},{reason},x\n" for row, reason in enumerate(reasons, 2))
    path.write_bytes(rejects.REJECTS_HEADER + rows.encode())
    assert [(part.rows, part.row, part.reason) for part in rejects.count_reasons(path)] == [
        (2, 3, "no team"),
        (2, 4, "no bound"),
        (1, 2, "unknown word"),
    ]


@pytest.mark.parametrize(
    "words",
    [
        ["o.csv", "--summary", "o.csv"],
        ["o.csv", "--report", "o.csv"],
        ["o.csv", "--summary", "o.rejects.csv"],
        ["o.csv", "--summary", "s.json", "--report", "s.json"],
        ["o.csv", "--summary", "s.json", "--report", "./S.JSON"],
        ["o.csv", "--summary", "O.CSV"],
        ["o.csv", "--rejects", "r.csv", "--summary", "linked/r.csv"],
        ["o.csv", "--summary", ".o.csv.parts"],
        ["-", "--output-format", "csv", "--rejects", "r.csv", "--report", "r.csv"],
    ],
)
def test_no_two_outputs_go_to_one_place(batch, words):
    Path("linked").symlink_to(".")
    _refused(batch, "would be written twice, as ", "teams.csv", *words)


def test_two_outputs_that_are_one_file_under_two_names_are_refused(batch):
    Path("o.csv").write_text("old")
    Path("s.json").hardlink_to("o.csv")
    _refused(batch, "would be written twice, as ", "teams.csv", "o.csv", "--summary", "s.json")


@pytest.mark.parametrize("option", ["--rejects", "--summary", "--report"])
def test_no_other_file_goes_over_an_input(batch, option):
    Path("link.csv").symlink_to("good.csv")
    for name in ("teams.csv", "good.csv", "link.csv"):
        _refused(batch, "is an input; choose another file", "teams.csv", "good.csv", "o.csv", option, name)


@pytest.mark.parametrize("name", [".o.csv.parts/manifest.jsonl", ".o.csv.parts/000001.rows", "o/part-00000.csv"])
def test_nothing_is_read_or_written_in_the_folders_of_the_run(batch, name):
    Path(name).parent.mkdir()
    Path(name).write_text(_GOOD)
    output = ["o/", "--output-format", "csv"] if name.startswith("o/") else ["o.csv"]
    _refused(batch, "is ", name, *output, "--input-format", "csv")
    Path(name).unlink()
    _refused(batch, " is in the ", "teams.csv", *output, "--summary", name)


@pytest.mark.parametrize("what", ["link to a folder", "link to nothing", "file", "folder", "pipe"])
def test_what_lies_where_the_parts_go_is_left_alone(batch, what):
    Path("precious").mkdir()
    for name in ("mine.txt", "000001.rows", "manifest.jsonl", "lock"):
        Path("precious", name).write_text("mine")
    place = Path(".o.csv.parts")
    if what == "link to a folder":
        place.symlink_to("precious")
    elif what == "link to nothing":
        place.symlink_to("nothing")
    elif what == "file":
        place.write_text("mine")
    elif what == "folder":
        Path("precious").rename(place)
    else:
        os.mkfifo(place)
    for more in ([], ["--resume"]):
        _refused(batch, "which recommend did not create (", "teams.csv", "o.csv", *more)


@pytest.mark.parametrize("name", ["lock", "manifest.jsonl", "000001.rows", "final.rows"])
@pytest.mark.parametrize("what", ["link", "pipe", "folder"])
def test_what_lies_in_the_folder_of_parts_is_left_alone(batch, name, what):
    Path("precious").write_text('{"made by": "recommend batch 1"}\n')
    place = Path(".o.csv.parts", name)
    place.parent.mkdir()
    if what == "link":
        place.symlink_to(Path("precious").absolute())
    elif what == "folder":
        place.mkdir()
    else:
        os.mkfifo(place)
    for more in ([], ["--resume"]):
        _refused(batch, f"which recommend did not create (it contains {name})", "teams.csv", "o.csv", *more)


@pytest.mark.parametrize("name", [".o.csv.part", ".o.rejects.csv.part", ".s.json.part"])
def test_names_that_earlier_versions_wrote_beside_are_left_alone(batch, name):
    Path("precious").write_text("mine")
    Path(name).symlink_to("precious")
    assert batch("teams.csv", "o.csv", "--summary", "s.json")[0] == 3
    assert Path(name).is_symlink()
    assert Path("precious").read_text() == "mine"


def test_a_folder_of_parts_is_replaced_only_as_a_run_has_left_it(batch):
    words = ("good.csv", "scores/", "--output-format", "csv")
    for _ in range(2):
        assert batch(*words)[0] == 0
    parts = sorted(path.name for path in Path("scores").iterdir())
    assert [name.partition("-")[0] for name in parts] == ["_SUCCESS", "_recommend", "part"]
    Path("scores", "part-00000.csv").write_text("changed")
    _refused(batch, "is a folder that recommend did not create, or that has changed since", *words)
    for path in Path("scores").iterdir():
        path.unlink()
    assert batch(*words)[0] == 0
    Path("scores", "mine.txt").write_text("mine")
    _refused(batch, "is a folder that recommend did not create, or that has changed since", *words)
    Path("foreign").mkdir()
    Path("foreign", "_SUCCESS").touch()
    _refused(batch, "is a folder that recommend did not create", "good.csv", "foreign/", "--output-format", "csv")
    Path("linked").symlink_to("foreign")
    _refused(batch, "is a folder that recommend did not create", "good.csv", "linked/", "--output-format", "csv")


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_parts_of_a_folder_are_read_as_one_table(batch, form):
    import polars as pl  # noqa: PLC0415

    assert batch("teams.csv", "good.csv", "scores/", "--output-format", form)[0] == 3
    read = {"csv": pl.read_csv, "jsonl": pl.read_ndjson, "parquet": pl.read_parquet}[form]
    source = "scores" if form == "parquet" else "scores/part-00000." + form
    assert read(source)["team"].to_list() == ["a", "a"]
    assert Path("scores.rejects.csv").exists()


def test_links_at_the_output_are_followed_and_stay(batch):
    Path("real").mkdir()
    Path("o.csv").symlink_to("real/scores.csv")
    assert batch("good.csv", "o.csv")[0] == 0
    assert Path("o.csv").is_symlink()
    assert Path("real/scores.csv").read_text().startswith("team,verdict")


def test_names_that_are_not_utf_8_are_written(batch):
    odd = os.fsdecode(b"\xff\xfe")
    Path(odd).mkdir()
    for name in (f"{odd}.csv", f"{odd}/o.parquet", f"{odd}/o.jsonl"):
        assert batch("teams.csv", name)[0] == 3
        assert Path(name).stat().st_size > 0
    Path(f"{odd}-in.csv").write_text(_BAD)
    assert batch(f"{odd}-in.csv", "o.csv", "--summary", f"{odd}.json")[0] == 3
    assert Path("o.rejects.csv").read_text().splitlines()[1].startswith(r"\xff\xfe-in.csv,2,")


@pytest.mark.parametrize(
    "words",
    [
        ["teams.csv", "x" * 300 + ".csv"],
        ["teams.csv", "x" * 250 + ".csv"],
        ["teams.csv", "o.csv", "--rejects", "x" * 300],
        ["teams.csv", "o.csv", "--summary", "x" * 300],
        ["teams.csv", "o.csv", "--report", "y/" * 3000 + "x"],
        ["x" * 300 + ".csv", "o.csv"],
    ],
)
def test_names_that_are_too_long_get_one_sentence(batch, words):
    _refused(batch, "File name too long", *words)


def test_standard_output_that_is_an_input_is_refused(batch, monkeypatch):
    with Path("teams.csv").open("a") as out:
        monkeypatch.setattr(sys, "stdout", out)
        status, said = batch("teams.csv", "-", "--output-format", "csv")
    assert (status, Path("teams.csv").read_text()) == (2, _BAD)
    assert "standard output goes to the input teams.csv" in said


def test_the_output_may_not_be_an_input_by_any_name(tmp_path):
    path = tmp_path / "teams.csv"
    path.write_text("team,needs\n")
    (tmp_path / "link.csv").symlink_to(path)
    (tmp_path / "hard.csv").hardlink_to(path)
    sources = find_input_files((str(path),))
    for name, told in (
        ("teams.csv", "is an input; choose another file"),
        ("link.csv", "is an input; choose another file"),
        ("hard.csv", "is an input; choose another file"),
        (".", "is a folder; give a file in it"),
        ("no/x.csv", "no does not exist; create it first"),
        ("teams.csv/x.csv", "cannot be written"),
        ("/dev/null", "is not an ordinary file; for standard output write -"),
    ):
        with pytest.raises(BatchError, match=told):
            check_places(sources, [OutputPlace("the output", tmp_path / name)], None)


def test_a_rejects_file_is_recognized_on_a_system_without_the_flags_of_posix(tmp_path, monkeypatch):
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"):
        monkeypatch.delattr(os, name)
    flags = runpy.run_path(whole_file.__file__)["OPEN_SAFELY"]
    assert flags == 0
    monkeypatch.setattr(whole_file, "OPEN_SAFELY", flags)
    (tmp_path / "ours.csv").write_bytes(rejects.REJECTS_HEADER)
    (tmp_path / "theirs.csv").write_bytes(b"mine")
    assert rejects.is_rejects_file(tmp_path / "ours.csv")
    assert not rejects.is_rejects_file(tmp_path / "theirs.csv")
