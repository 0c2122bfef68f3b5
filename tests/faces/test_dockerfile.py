"""The Dockerfile, without a container engine: it starts what there is, as a user without rights.

Its command runs in a sandbox of bubblewrap, as the image runs it: another user, no capabilities, and nothing to write
to but an empty /tmp.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra 'web' is not installed")

from starlette.testclient import TestClient
from tests.ports import find_free_port

from provider_advisor import load
from provider_advisor.faces.cli.serve import serve_command
from provider_advisor.faces.web.app import create_app

_TOP = Path(__file__).parents[2]
_TEXT = (_TOP / "Dockerfile").read_text(encoding="utf-8")


def _read_steps():
    """Return the instructions of each stage, as (word, rest)."""
    text = re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^#.*\n", "", _TEXT))
    steps = [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]
    starts = [number for number, (word, _) in enumerate(steps) if word == "FROM"]
    return [steps[begin:end] for begin, end in zip(starts, [*starts[1:], None], strict=True)]


def _find(word):
    return [rest for step, rest in _read_steps()[-1] if step == word]


def test_it_starts_a_command_that_there_is():
    assert json.loads(_find("ENTRYPOINT")[0]) == ["recommend"]
    name, *arguments = json.loads(_find("CMD")[0])
    assert name == serve_command.name
    given = serve_command.make_context(name, arguments).params
    assert given["host"] == "0.0.0.0"  # noqa: S104 (within its container)
    assert {str(given["port"]), str(given["metrics_port"])} == set(_find("EXPOSE")[0].split())


def test_it_runs_as_a_user_without_rights_who_owns_only_the_cache():
    users = _find("USER")
    assert users[-1] not in {"root", "0"}
    owned = [rest for rest in _find("COPY") if "--chown" in rest]
    assert [rest.split()[-1] for rest in owned] == ["/cache"]
    last = [word for word, _ in _read_steps()[-1]]
    assert last.index("USER") > max(place for place, word in enumerate(last) if word in {"RUN", "COPY"})
    assert not any("apt-get" in rest for rest in _find("RUN"))  # no compiler in what is served


_SANDBOX = [
    *("bwrap", "--ro-bind", "/", "/", "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev"),  # noqa: S108 (its own)
    *(word for folder in (_TOP, sys.prefix, sys.base_prefix) for word in ("--ro-bind", str(folder), str(folder))),
    *("--unshare-user", "--unshare-pid", "--die-with-parent", "--cap-drop", "ALL", "--uid", "10001", "--gid", "10001"),
]


def _fetch(url):
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 (of this machine)
        return answer.read().decode()


def _wait_until_ready(url, server):
    for _ in range(300):
        assert server.poll() is None, server.stderr.read()
        try:
            return _fetch(url)
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} did not answer")


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_its_command_serves_from_a_read_only_root_without_rights():
    if subprocess.run([*_SANDBOX, "true"], capture_output=True, check=False).returncode:
        pytest.skip("bubblewrap may make no namespaces here")
    inside = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}
    writes = subprocess.run(
        [*_SANDBOX, "sh", "-c", "touch /tmp/x && ! touch /x && id -u"], capture_output=True, text=True, check=False
    )
    assert (writes.returncode, writes.stdout) == (0, "10001\n")
    ports = {port: str(find_free_port()) for port in _find("EXPOSE")[0].split()}
    command = [ports.get(word, word) for word in json.loads(_find("CMD")[0])]
    command += ["--port", ports["8000"]]
    program = str(Path(sys.executable).parent / json.loads(_find("ENTRYPOINT")[0])[0])
    with subprocess.Popen(
        [*_SANDBOX, program, *command], env=inside, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            _wait_until_ready(f"http://127.0.0.1:{ports['8000']}/-/ready", server)
            found = json.loads(_fetch(f"http://127.0.0.1:{ports['8000']}/api/v1/recommendation?needs=whiteboard"))
            assert found["schema"] == "provider-advisor/recommendation/1"
            assert "granian_workers" in _fetch(f"http://127.0.0.1:{ports['9090']}/metrics")
            check = json.loads(_find("HEALTHCHECK")[0].partition("CMD ")[2])[-1].replace("8000", ports["8000"])
            assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
        finally:
            server.terminate()


def test_its_health_check_asks_for_a_page_that_there_is():
    command = json.loads(_find("HEALTHCHECK")[0].partition("CMD ")[2])
    compile(command[-1], "healthcheck", "exec")
    path = re.search(r":8000(/[^']+)'", command[-1])[1]
    assert TestClient(create_app(load())).get(path).status_code == 200


def test_it_installs_an_extra_that_there_is_from_files_that_are_sent():
    project = tomllib.loads((_TOP / "pyproject.toml").read_text(encoding="utf-8"))
    installs = [rest for word, rest in _read_steps()[0] if word == "RUN" and "pip install" in rest]
    extra = re.search(r"/source\[(\w+)\]", shlex.split(installs[0])[-1])[1]
    assert extra in project["project"]["optional-dependencies"]
    ignored = (_TOP / ".dockerignore").read_text(encoding="utf-8").split()
    needed = {"pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "src", "facts", "rules"}
    assert not needed & set(ignored)
    assert all((_TOP / name).exists() for name in needed)
