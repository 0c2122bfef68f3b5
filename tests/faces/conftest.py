"""Run the command as a person does, without a new process for each."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from prompt_toolkit.application import application

from provider_advisor.faces.cli.run_command import run as run_command


@dataclass(frozen=True)
class Run:
    status: int
    out: str
    err: str


@pytest.fixture(autouse=True, scope="session")
def keys_at_hand():
    """Keep the keys that every list begins with: made anew for each list, they take a quarter of the time of a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(application, "load_key_bindings", cache(application.load_key_bindings))
        yield


@pytest.fixture
def recommend_says(capsys, monkeypatch):
    """A function from a command line, beginning with `recommend`, to what it printed and its exit status."""

    def run(line: str) -> Run:
        monkeypatch.setattr(sys, "argv", shlex.split(line))
        status = run_command()
        captured = capsys.readouterr()
        return Run(status, captured.out, captured.err)

    return run


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The current folder, with a copy of the bicycle shops in it."""
    shutil.copytree(Path(__file__).parents[1] / "knowledge" / "bicycles", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def meet_assistant():
    """A function from a knowledge base (and a folder of runs) to a client that speaks as an assistant does.

    Here and not at the top of a file, because every process would import it to run a few tests.
    """
    from mcp.client import Client  # noqa: PLC0415 (as above)

    from provider_advisor.faces.web.assistants import make_server  # noqa: PLC0415 (as above)
    from provider_advisor.faces.web.runs import RunFolder  # noqa: PLC0415 (as above)

    return lambda knowledge, runs=None: Client(make_server(knowledge, runs or RunFolder()))
