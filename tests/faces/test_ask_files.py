"""`recommend ask` with files, streams and signals that are not what they should be: a sentence, and no traceback."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from provider_advisor.faces.cli.ask.sessions import find_newest_session

_RECOMMEND = str(Path(sys.executable).with_name("recommend"))
_DAY = "--as-of 2022-12-31 --no-robustness"
_ANSWERS = "version: 1\nanswers:\n- topics: []\n- {criterion: whiteboard, answer: must, searched: true}\n"


@pytest.fixture(autouse=True)
def place(monkeypatch, tmp_path):
    """A folder to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def _nested(levels: int) -> bytes:
    return b"version: 1\nanswers: " + b"[" * levels + b"]" * levels + b"\n"


@pytest.mark.parametrize("option", ["--answers", "--resume"])
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"version: 1\nanswers:\n- {criterion: \xff, answer: must}\n", "x.yaml:3: the file is not UTF-8;"),
        (b"#" * 5_000_000, "x.yaml"),
        (_nested(5_000), "x.yaml:2: "),
        (b"version: 1\nanswers:\n- {criterion: whiteboard, answer: [[must]]}\n", "x.yaml:3: "),
        (b"\x00", "x.yaml:1: "),
    ],
    ids=["not UTF-8", "huge", "nested", "a list in a list", "zero"],
)
def test_a_file_of_answers_that_is_none_is_refused(recommend_says, place, option, content, sentence):
    (place / "x.yaml").write_bytes(content)
    run = recommend_says(f"recommend ask {_DAY} {option} x.yaml")
    assert (run.status, run.out) == (2, "")
    assert run.err.removeprefix("recommend: ").startswith(sentence)
    assert len(run.err) < 1_000


def test_no_pipe_or_device_is_waited_for_as_a_session(recommend_says, place):
    os.mkfifo(place / "pipe")
    for file in ("pipe", "/dev/zero", "."):
        run = recommend_says(f"recommend ask {_DAY} --resume {file}")
        assert (run.status, run.out) == (2, "")
        assert run.err.startswith((f"{file}:1: ", f"{file}: is a folder"))


def test_answers_may_come_through_a_pipe_that_is_named(place):
    os.mkfifo(place / "pipe")
    with subprocess.Popen([_RECOMMEND, "ask", *_DAY.split(), "--answers", "pipe"], stdout=subprocess.PIPE) as process:
        (place / "pipe").write_text(_ANSWERS, encoding="utf-8")
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"Twilio is recommended" in out


def test_the_newest_session_is_no_link(recommend_says, place):
    kept = place / "state" / "recommend"
    kept.mkdir(parents=True)
    (place / "secret.yaml").write_text(_ANSWERS, encoding="utf-8")
    (kept / "ask-99999999-000000.yaml").symlink_to(place / "secret.yaml")
    run = recommend_says(f"recommend ask {_DAY} --resume")
    assert run.status == 2
    assert "no saved session found" in run.err


def test_the_newest_of_several_sessions_is_resumed(place):
    kept = place / "state" / "recommend"
    kept.mkdir(parents=True)
    times = {kept / "ask-2.yaml": 3_000, kept / "ask-3.yaml": 1_000, place / "ask-1.yaml": 2_000}
    for path, modified in times.items():
        path.write_text(_ANSWERS, encoding="utf-8")
        os.utime(path, (modified, modified))
    assert find_newest_session(None) == kept / "ask-2.yaml"
    (kept / "ask-2.yaml").unlink()
    assert find_newest_session(None).absolute() == place / "ask-1.yaml"


def test_answers_go_on_with_the_folders_that_are_given_before_the_command(recommend_says, monkeypatch):
    base = Path(__file__).parents[1] / "knowledge" / "bicycles"
    folders = f"--facts {base}/facts --rules {base}/rules"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"1\ndone\nsave answers mine.yaml\n")))
    assert recommend_says(f"recommend {folders} ask").status == 0
    continued = Path("mine.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert continued.startswith("# Answers to recommend ask; to continue: recommend ask --resume ")
    assert folders in continued


def test_saving_replaces_a_link_and_leaves_what_it_points_to(recommend_says, place):
    (place / "x.yaml").write_text(_ANSWERS, encoding="utf-8")
    (place / "secret.yaml").write_text("keep me", encoding="utf-8")
    (place / "team.yaml").symlink_to("secret.yaml")
    assert recommend_says(f"recommend ask {_DAY} --answers x.yaml --save team.yaml").status == 0
    assert (place / "secret.yaml").read_text(encoding="utf-8") == "keep me"
    assert not (place / "team.yaml").is_symlink()
    assert "whiteboard" in (place / "team.yaml").read_text(encoding="utf-8")


def test_a_session_is_saved_over_a_link_and_not_through_it(place):
    (place / "x.yaml").write_text(_ANSWERS, encoding="utf-8")
    (place / "link.yaml").symlink_to("x.yaml")
    command = [_RECOMMEND, "ask", *_DAY.split(), "--plain", "--resume", "link.yaml"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM
    assert (place / "x.yaml").read_text(encoding="utf-8") == _ANSWERS
    assert not (place / "link.yaml").is_symlink()


@pytest.mark.parametrize("file", ["pipe", "/dev/null"])
def test_saving_onto_a_pipe_or_a_device_is_refused(recommend_says, place, file):
    os.mkfifo(place / "pipe")
    run = recommend_says(f"recommend ask {_DAY} --save {file}")
    assert (run.status, run.out) == (2, "")
    assert run.err == f"recommend: {file} cannot be written (it is not a regular file); choose another place.\n"


def test_a_file_keeps_its_mode(recommend_says, place):
    (place / "x.yaml").write_text(_ANSWERS, encoding="utf-8")
    (place / "team.yaml").touch(0o600)
    recommend_says(f"recommend ask {_DAY} --answers x.yaml --save team.yaml")
    assert (place / "team.yaml").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("closed", "status"), [("<&-", 0), (">&-", 1), ("2>&-", 0), ("<&- >&-", 1), ("<&- >&- 2>&-", 1)]
)
def test_closed_streams_end_in_a_sentence(closed, status):
    run = subprocess.run(
        ["/bin/sh", "-c", f"exec {_RECOMMEND} ask {_DAY} {closed}"], input=b"video\n", capture_output=True, check=False
    )
    assert run.returncode == status
    assert b"Traceback" not in run.stderr
    if status and "2>" not in closed:
        assert b"the answer cannot be written (Bad file descriptor); check its destination." in run.stderr


_INTERRUPTED = """
import os, signal, sys

signal.signal(signal.SIGINT, signal.default_int_handler)  # where tests run in the background, it is ignored

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[0]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
from provider_advisor.faces.cli.main import main
name, sys.argv = sys.argv[1], ["recommend", "ask"]
sys.argv[0] = name
main()
"""


@pytest.mark.parametrize(
    "module",
    [
        "click",
        "provider_advisor.faces.cli.run_command",
        "provider_advisor.faces.cli.ask.command",
        "provider_advisor.questionnaire.proof",
        "provider_advisor.knowledge.facts",
    ],
)
def test_ctrl_c_while_something_is_imported_leaves_no_traceback(module):
    run = subprocess.run([sys.executable, "-c", _INTERRUPTED, module], capture_output=True, check=False, text=True)
    assert run.returncode == 130
    assert run.stdout == ""
    assert "Traceback" not in run.stderr
