"""Closed standard streams, terminals on one side only, and Ctrl-C at any moment: never a traceback."""

from __future__ import annotations

import os
import pty
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

_COMMAND = str(Path(sys.executable).with_name("recommend"))


def _shell(line, folder):
    """Run a line of the shell, in which `recommend` is the command."""
    text = line.replace("recommend", shlex.quote(_COMMAND), 1)
    return subprocess.run(["/bin/sh", "-c", text], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def answer(tmp_path_factory):
    """The record of an answer."""
    return _shell("recommend --needs whiteboard --format json", tmp_path_factory.mktemp("answer")).stdout


@pytest.fixture
def folder(tmp_path, answer):
    """A folder with teams, a requirements file and the record of an answer."""
    (tmp_path / "teams.csv").write_text("team,needs\na,whiteboard\nb,no-such-thing\n")
    (tmp_path / "team.yaml").write_text("needs: [whiteboard]\n")
    (tmp_path / "answer.json").write_text(answer)
    return tmp_path


_COMMANDS = [
    "recommend --needs whiteboard",
    "recommend --file -",
    "recommend nonsense",
    "recommend facts twilio --format json",
    "recommend compare twilio vonage",
    "recommend check",
    "recommend schema rules",
    "recommend replay answer.json",
    "recommend ask",
    "recommend batch teams.csv scores.csv",
    "recommend batch teams.csv - --output-format csv",
    "recommend batch - scores.csv --input-format csv",
    "recommend impact teams.csv --before nowhere/",
]


_CLOSED = [(line, closed) for line in _COMMANDS for closed in (">&-", "<&- >&- 2>&-")]
# What nobody can read is looked for where a file that the command writes could take the place of standard error.
_CLOSED += [(line, "2>&-") for line in _COMMANDS if "nonsense" in line or "scores.csv" in line]


@pytest.mark.parametrize(("line", "closed"), _CLOSED)
def test_a_closed_stream_is_no_traceback(folder, line, closed):
    run = _shell(f"{line} {closed}", folder)
    assert "Traceback" not in run.stderr
    assert "Exception ignored" not in run.stderr
    assert run.returncode in {0, 1, 2, 3, 130}
    written = {path.name for path in folder.iterdir()} - {"teams.csv", "team.yaml", "answer.json"}
    assert written <= {"scores.csv", "scores.rejects.csv"}
    if "scores.csv" in written and ">&-" in closed:
        assert (folder / "scores.csv").read_text().startswith("team,verdict,")


def test_an_answer_that_goes_nowhere_is_a_failure_in_one_sentence(folder):
    run = _shell("recommend --needs whiteboard >&-", folder)
    said = "recommend: the answer cannot be written (Bad file descriptor); check its destination.\n"
    assert (run.returncode, run.stderr) == (1, said)


def test_input_from_a_closed_stream_is_empty(folder):
    run = _shell("recommend batch - scores.csv --input-format csv <&-", folder)
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert "standard input is empty" in run.stderr


@pytest.mark.parametrize("where", [">scores.csv", "| cat >scores.csv", "2>&1"])
def test_a_summary_is_shown_on_a_terminal_wherever_rows_go(folder, where):
    ours, theirs = pty.openpty()
    text = f"{shlex.quote(_COMMAND)} batch teams.csv - --output-format csv {where}"
    with subprocess.Popen(["/bin/sh", "-c", text], cwd=folder, stdout=theirs, stderr=theirs, stdin=theirs) as run:
        os.close(theirs)
        said = b""
        while part := _read(ours):
            said += part
    os.close(ours)
    assert b"2 rows: 1 scored, 1 rejected." in said
    assert b"ioctl" not in said
    assert b"Traceback" not in said
    if "cat" not in where:
        assert run.returncode == 3


def _read(terminal):
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # the other end was closed
        return b""


_INTERRUPTED = """
import os, signal, sys

signal.signal(signal.SIGINT, signal.default_int_handler)  # where tests run in the background, it is ignored

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            try:
                os.kill(os.getpid(), signal.SIGINT)
                for _ in range(1000):
                    pass
            except KeyboardInterrupt:
                {then}

sys.meta_path.insert(0, Interrupting())
sys.argv = ["recommend", *{words!r}]
from provider_advisor.faces.cli.main import main
main()
"""


@pytest.mark.parametrize("then", ["raise", "raise ImportError('numpy failed to import')", "raise SystemError('odd')"])
@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("click", ["--needs", "whiteboard"]),
        ("provider_advisor.faces.cli.recommend", ["--needs", "whiteboard"]),
        ("polars", ["batch", "teams.csv", "scores.csv"]),
        ("provider_advisor.batch.impact", ["impact", "teams.csv", "--before", "."]),
    ],
)
def test_control_c_while_importing_is_one_sentence(folder, module, words, then):
    code = _INTERRUPTED.format(module=module, words=words, then=then)
    run = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr.strip()) == (130, "recommend: interrupted.")


_STOPPED = """
import atexit, os, sys
from provider_advisor.faces.cli import run_command
from provider_advisor.faces.cli.main import main

class Library:
    def __del__(self):
        os.write(1, b"taken apart")

sys.library = Library()
atexit.register(print, "tidied up")
run_command.run = lambda: {status}
main()
"""


@pytest.mark.parametrize("status", [0, 1, 143])
def test_libraries_whose_threads_may_be_at_work_are_not_taken_apart(status):
    code = _STOPPED.format(status=status)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (status, "tidied up\n")


def test_a_process_without_enough_memory_says_so_in_a_sentence():
    code = (
        "import sys; from provider_advisor.faces.cli import run_command as command\n"
        "def run(**_): raise MemoryError\n"
        "command.recommend_command.main = run; sys.exit(command.run())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr.count("\n")) == (1, 1)
    assert run.stderr.startswith("recommend: there is not enough memory; ")
