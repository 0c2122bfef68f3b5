"""The command where the extra 'web' is not installed: each part of the web says in a sentence what to install.

The numbers are those of the promises in tests/README.md.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import provider_advisor

_SERVER = ("fastapi", "granian", "mcp", "multipart", "orjson", "python_multipart", "starlette")
_OF_THE_EXTRA = (*_SERVER, "alembic", "sqlalchemy")


@pytest.fixture(scope="module")
def run_without(tmp_path_factory):
    """A function that runs the command where all packages are installed but those of the extra."""
    folder = tmp_path_factory.mktemp("site")
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if not package.name.startswith(_OF_THE_EXTRA):
            (folder / package.name).symlink_to(package)
    places = [str(folder), str(Path(provider_advisor.__file__).parents[1])]
    script = f"import sys; sys.path[:0] = {places}; from provider_advisor.faces.cli.main import main; main()"

    def run(*words):
        command = [sys.executable, "-S", "-E", "-c", script, *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=folder)

    return run


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (("serve", "--port", "0"), "serve"),
        (("serve", "--store", "decisions.db"), "serve"),
        (("mcp",), "mcp"),
        (("decisions", "list", "--store", "decisions.db"), "decisions list"),
    ],
)
def test_1_without_the_extra_a_sentence_says_which_to_install(run_without, words, asked):
    found = run_without(*words)
    assert (found.returncode, found.stdout) == (2, "")
    sentence = f"'{asked}' needs the extra 'web'; install it with: pip install 'provider-advisor[web]'"
    assert found.stderr == f"recommend: {sentence}\n"


@pytest.mark.parametrize("words", [("--needs", "sms", "--no-robustness"), ("serve", "--help"), ("criteria", "fax")])
def test_1_without_the_extra_all_else_works(run_without, words):
    found = run_without(*words)
    assert found.returncode == 0, found.stderr
    assert found.stdout
