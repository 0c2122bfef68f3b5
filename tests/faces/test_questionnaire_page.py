"""docs/questionnaire.md tells the truth: its conversation, its files, its example and its options."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import click
import pytest

from provider_advisor.faces.cli.recommend import recommend_command

_ROOT = Path(__file__).parents[2]
_ON = "\n" * 20
_ASKING = (_ROOT / "docs" / "asking.md").read_text(encoding="utf-8")
_PAGE = (_ROOT / "docs" / "questionnaire.md").read_text(encoding="utf-8")


def _block(language: str, text: str) -> str:
    return re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)[1]


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """A folder to work in; the terminal has 80 columns."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_the_conversation_is_what_is_said(recommend_says, monkeypatch):
    command, *lines = re.search(r"```\n\$ (recommend ask --plain .*?)```", _PAGE, re.DOTALL)[1].splitlines()
    typed = "".join(f"{line[2:]}\n" for line in lines if line.startswith(">"))
    # What is left out is gone over with empty lines.
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{typed}{_ON}".encode())))
    said = recommend_says(command).out
    at = 0
    for part in re.split(r"^…\n", "".join(f"{line}\n" for line in lines), flags=re.MULTILINE):
        assert part in said[at:], part
        at = said.index(part, at) + len(part)


def test_the_answers_file_is_answered(recommend_says, folder):
    (folder / "answers.yaml").write_text(_block("yaml", _PAGE), encoding="utf-8")
    run = recommend_says("recommend ask --answers answers.yaml --as-of 2022-12-31 --save team.yaml")
    assert (run.status, run.err) == (0, "")
    again = recommend_says("recommend --file team.yaml --as-of 2022-12-31 --verbose")
    assert again.out in run.out


def test_the_python_example_runs(capsys):
    exec(compile(_block("python", _PAGE), "questionnaire.md", "exec"), {})  # noqa: S102 (our own example)
    assert capsys.readouterr().out == "settled recommended twilio\n"


def test_every_option_is_on_this_page_or_that_on_asking():
    command = recommend_command.get_command(None, "ask")
    options = [name for part in command.params if isinstance(part, click.Option) for name in part.opts]
    named = {name for name in options if name.startswith("--")} - {"--help", "--robustness"}
    assert not {name for name in named if name not in _PAGE and name not in _ASKING}
