"""Every option that names a file says in the same words what is wrong with it."""

from __future__ import annotations

import itertools
import os
import re

import pytest

_READERS = [
    "--file {}.yaml",
    "--file {}.json",
    "--file {}.xlsx",
    "--file {}.csv",
    "ask --file {}.yaml",
    "ask --answers {}.yaml",
    "ask --resume {}.yaml",
    "replay {}.json",
    "batch {}.csv scores.csv",
    "batch {}.parquet scores.csv",
    "batch teams.csv scores.csv --matches {}.yaml",
]
_WRITERS = [
    "--needs fax -o {}",
    "--file sheet.csv --matched {}",
    "ask --save {}",
    "batch teams.csv {}",
    "batch teams.csv scores.csv --summary {}",
    "batch teams.csv scores.csv --matched {}",
    "batch teams.csv scores.csv --rejects {}",
]


@pytest.fixture(autouse=True)
def _some_files(here):
    (here / "teams.csv").write_text("team,needs\na,repairs\n")
    (here / "sheet.csv").write_text("Requirement\nrepairs\n")


def _name_file(words, name):
    """Return the file that the words name, with the extension that they give it."""
    return next(word.format(name) for word in words.split() if "{}" in word)


def _drop_mark(err):
    """Return a message without the name of the program, and without the colon after the place of a problem."""
    return re.sub(r"^(?:recommend: )?(\S+?):? ", r"\1 ", err)


@pytest.mark.parametrize("words", _READERS)
@pytest.mark.parametrize("name", ["nowhere", "no/where", "teams.csv/x"])
def test_a_file_that_does_not_exist(recommend_says, words, name):
    run = recommend_says(f"recommend {words.format(name)}")
    said = f"{_name_file(words, name)} does not exist; check the path.\n"
    assert (run.status, run.out, _drop_mark(run.err)) == (2, "", said)


@pytest.mark.parametrize("words", _READERS)
def test_a_folder_in_place_of_a_file(recommend_says, here, words):
    file = _name_file(words, "folder")
    (here / file).mkdir()
    run = recommend_says(f"recommend {words.format('folder')}")
    err = _drop_mark(run.err)
    advice = f"its files, such as '{file}/*.csv'" if words.startswith("batch {}") else "a file in it"
    assert (run.status, run.out, err) == (2, "", f"{file} is a folder; give {advice}.\n")


@pytest.mark.parametrize("words", _READERS)
def test_a_file_without_permission(recommend_says, here, monkeypatch, words):
    file = _name_file(words, "locked")
    (here / file).write_text("x")
    opened, access = open, os.access

    def refuse(path, *args, **named):
        if str(path) == file:
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **named)

    monkeypatch.setattr("builtins.open", refuse)  # root may read every file
    monkeypatch.setattr("os.access", lambda path, mode: str(path) != file and access(path, mode))
    run = recommend_says(f"recommend {words.format('locked')}")
    said = f"{file} cannot be read (Permission denied); check the path and its permissions.\n"
    assert (run.status, run.out, _drop_mark(run.err)) == (2, "", said)


@pytest.mark.parametrize("words", _READERS)
def test_an_empty_file(recommend_says, here, words):
    file = _name_file(words, "blank")
    (here / file).touch()
    run = recommend_says(f"recommend {words.format('blank')}")
    assert (run.status, run.out) == (2, "")
    if "parquet" in words:
        assert run.err.startswith(f"recommend: {file} ")
    else:
        assert f"{file} is empty; expected " in run.err or f"{file}:1: the file is empty; expected " in run.err


_UNWRITTEN = {
    "nowhere/x.csv": "cannot be written: folder nowhere does not exist; create it first.",
    "teams.csv/x.csv": "cannot be written: teams.csv is not a folder; choose another.",
    "folder.csv": "is a folder; give a file in it.",
}
_REFUSED = set(itertools.product(_WRITERS, _UNWRITTEN)) - {
    ("batch teams.csv {}", "folder.csv")
}  # it writes folders too


@pytest.mark.parametrize(("words", "path"), sorted(_REFUSED))
def test_a_file_that_cannot_be_written(recommend_says, here, words, path):
    (here / "folder.csv").mkdir()
    run = recommend_says(f"recommend {words.format(path)}")
    assert run.status in {1, 2}
    assert f"{path} {_UNWRITTEN[path]}\n" in run.err.replace(f"{here}/", "")


@pytest.mark.parametrize("words", [*_WRITERS[:2], *_WRITERS[4:6], "batch teams.csv scores.csv --report {}"])
def test_a_file_that_is_replaced_stays_as_private_as_it_was(recommend_says, here, words):
    (here / "team.yaml").write_text("kept")
    (here / "team.yaml").chmod(0o600)
    recommend_says(f"recommend {words.format('team.yaml')} --facts facts --rules rules".replace("fax", "repairs"))
    assert (here / "team.yaml").read_text() != "kept"
    assert (here / "team.yaml").stat().st_mode & 0o777 == 0o600
