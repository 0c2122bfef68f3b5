"""The README and docs/asking.md tell the truth: session, library example, commands and the picture of the house."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from provider_advisor.faces.cli.recommend import recommend_command

_ROOT = Path(__file__).parents[2]
_README = _ROOT / "README.md"
_ASKING = _ROOT / "docs" / "asking.md"
_SESSION = re.compile(r"```console\n\$ (recommend[^\n]*)\n(.*?)```", re.DOTALL)
_DAY = re.compile(r"^date: (\S+)$", re.MULTILINE)


def test_the_session_shown_is_what_comes_out(recommend_says):
    text = _README.read_text(encoding="utf-8")
    command, shown = _SESSION.search(text).groups()
    # The day of the newest facts: of an earlier day, the answer would not be what a reader gets.
    day = _DAY.search((_ROOT / "facts" / "base.yaml").read_text(encoding="utf-8"))[1]
    found = recommend_says(f"{command} --as-of {day}").out
    if os.environ.get("UPDATE_TRANSCRIPTS"):
        _README.write_text(text.replace(f"$ {command}\n{shown}```", f"$ {command}\n{found}```"), encoding="utf-8")
    assert found == shown


def test_the_python_example_runs(capsys):
    code = re.search(r"```python\n(.*?)```", _README.read_text(encoding="utf-8"), re.DOTALL)[1]
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102 (our own example)
    assert capsys.readouterr().out == "recommended twilio leaning\n"


def test_the_requirements_file_is_answered(recommend_says, tmp_path):
    path = tmp_path / "team.yaml"
    path.write_text(
        re.search(r"```yaml\n(.*?)```", _ASKING.read_text(encoding="utf-8"), re.DOTALL)[1], encoding="utf-8"
    )
    run = recommend_says(f"recommend --file {path} --as-of 2022-12-31 --verbose")
    assert (run.status, run.err) == (0, "")
    assert "Monthly cost" in run.out


def test_every_command_and_option_is_documented():
    text = _ASKING.read_text(encoding="utf-8")
    named = [name for option in recommend_command.params for name in (*option.opts, *option.secondary_opts)]
    options = {name for name in named if name.startswith("--")}
    undocumented = (options | {f"recommend {name}" for name in recommend_command.names}) - {
        "--version",
        "--help",
        "--robustness",
    }
    assert not {word for word in undocumented if word not in text}


def test_every_command_and_option_has_help():
    commands = [recommend_command.get_command(None, name) for name in recommend_command.names]
    for command in (recommend_command, *commands):
        assert command.help
        assert all(option.help for option in command.params if isinstance(option, click.Option)), command.name


def test_long_help_lists_each_option_once_under_a_heading(recommend_says):
    for name in ("", "ask", "batch", "impact"):
        command = recommend_command.get_command(None, name) if name else recommend_command
        text = recommend_says(f"recommend {name} --help").out
        headings = re.findall(r"^([A-Z][a-z ]+):$", text.split("Options:", 1)[0], re.MULTILINE)
        assert len(headings) == len(set(headings)) >= 3, name
        listed = re.findall(r"^  (?:-\w, )?(--[a-z-]+)", text.split(headings[0], 1)[1], re.MULTILINE)
        declared = [option.opts[0] for option in command.params if isinstance(option, click.Option)]
        assert sorted(listed) == sorted([*declared, "--help"]), name


def test_every_room_of_the_house_is_listed():
    text = _README.read_text(encoding="utf-8")
    package = _ROOT / "src" / "provider_advisor"
    rooms = [path.name for path in package.iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert not [room for room in rooms if f"src/provider_advisor/{room}/" not in text]
