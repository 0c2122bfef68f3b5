"""The command as a process: exit status, standard error, and what happens where the answer cannot be written."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

_COMMAND = [str(Path(sys.executable).with_name("recommend")), "--needs", "whiteboard", "--as-of", "2022-12-31"]


def test_an_answer_exits_with_0_and_says_nothing_on_standard_error(tmp_path):
    run = subprocess.run(_COMMAND, cwd=tmp_path, capture_output=True, check=False)
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout.startswith(b"Twilio is recommended (firm)")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_a_full_disk_gets_one_sentence(form):
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run([*_COMMAND, "--format", form], stdout=full, stderr=subprocess.PIPE, check=False)
    said = b"recommend: the answer cannot be written (No space left on device); check its destination.\n"
    assert (run.returncode, run.stderr) == (1, said)


def test_a_reader_that_has_seen_enough_is_no_failure():
    with subprocess.Popen(
        [_COMMAND[0], "facts", "--format", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        run.stdout.readline()
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode == 0


@pytest.mark.parametrize(
    "command", ["", "--needs whiteboard,ucaas", "check", "schema", "criteria", "facts", "compare twilio", "--help"]
)
def test_a_command_that_needs_no_columns_loads_none_and_nothing_compiled_for_them(command):
    code = (
        "import sys; sys.argv[0] = 'recommend'\n"
        "from provider_advisor.faces.cli.run_command import run\n"
        "status = run()\n"
        "columns = {'numpy', 'polars', 'pyarrow', 'provider_advisor.batch.native'}\n"
        "print(sorted(columns & sys.modules.keys()), file=sys.stderr)\n"
        "sys.exit(status)"
    )
    run = subprocess.run([sys.executable, "-c", code, *command.split()], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "[]\n")


_LOADED = """
import sys
sys.argv[0] = 'recommend'
from provider_advisor.faces.cli.run_command import run
status = run()
print(*sys.modules, file=sys.stderr)
print(*(part.__file__ for name, part in sys.modules.items() if name.startswith('provider_advisor')), file=sys.stderr)
sys.exit(status)
"""


@cache
def _list_loaded(command):
    """The modules that a command loads, and the files of ours among them, once all that can be kept is kept."""
    for _ in range(2):
        run = subprocess.run(
            [sys.executable, "-c", _LOADED, *command.split()], capture_output=True, text=True, check=True
        )
    modules, files = run.stderr.splitlines()
    return modules.split(), files.split()


@pytest.mark.parametrize(
    ("command", "needless"),
    [
        ("--needs whiteboard --wants fax", {"pydantic", "yaml", "_hashlib", "pathlib", "jinja2", "importlib.util"}),
        ("--needs whiteboard --as-of 2022-12-31", {"provider_advisor.decision.robustness"}),  # firm
        ("check", {"pydantic", "yaml", "_hashlib", "pathlib", "durable", "provider_advisor.knowledge.suspicions"}),
        ("schema", {"pydantic", "yaml", "_hashlib", "durable"}),
        ("ask --help", {"pydantic", "_hashlib", "prompt_toolkit"}),
        ("batch --help", {"pydantic", "yaml", "_hashlib", "polars"}),
    ],
)
def test_a_command_that_has_run_before_loads_no_library_that_it_does_not_need(command, needless):
    assert sorted(needless.intersection(_list_loaded(command)[0])) == []


def test_the_named_tuples_of_a_start_need_not_compile_their_annotations():
    _, files = _list_loaded("--needs whiteboard --wants fax")
    sources = {file: Path(file).read_text(encoding="utf-8") for file in files}
    delayed = "from __future__ import annotations"
    assert not [file for file, text in sources.items() if "(NamedTuple)" in text and delayed in text]
