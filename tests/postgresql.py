"""Start a PostgreSQL of our own, which asks for a password; the fixture `postgresql_port` shares it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.ports import find_free_port

PASSWORD = "pa:ss/word@3 %"  # noqa: S105 (of a server that lives for a minute)
_FOLDERS = [Path(found).parent for found in [shutil.which("initdb")] if found]
_FOLDERS += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def make_url(port, user="ann", password=PASSWORD, name="postgres"):
    """The URL of a database of the server."""
    return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{port}/{name}"


def _is_ready(folder):
    """Whether the server of this folder says that it is: whoever else has the port may listen and never answer."""
    with contextlib.suppress(FileNotFoundError):
        return (folder / "postmaster.pid").read_text().endswith("ready   \n")
    return False


def _start_server(programs, folder, rights):
    """Start a server on a port that was free, and give both once it is ready, or the server has ended."""
    port = find_free_port()
    start = [programs / "postgres", "-D", folder / "data", "-h", "127.0.0.1", "-p", str(port), "-k", folder, "-F"]
    with (folder / "log").open("a") as log:
        server = subprocess.Popen(start, cwd=folder, stdout=log, stderr=log, **rights)
    for _ in range(1_200):
        if server.poll() is not None or _is_ready(folder / "data"):
            break
        time.sleep(0.05)
    return server, port


@contextlib.contextmanager
def start_postgresql():
    """Start a server, give its port, and stop it; skips the test where no PostgreSQL is installed."""
    programs = next((folder for folder in _FOLDERS if (folder / "initdb").exists()), None)
    if programs is None:
        pytest.skip("no PostgreSQL is installed: initdb is neither in PATH nor in /usr/lib/postgresql")
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))  # below pytest's own folders only their owner may look
    nobody = {}
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        nobody = {"user": "nobody", "extra_groups": []}
        folder.chmod(0o755)
        shutil.chown(folder, "nobody")
    (folder / "password").write_text(PASSWORD + "\n")
    make = [programs / "initdb", "-D", folder / "data", "-U", "ann", "-A", "scram-sha-256", "--no-sync", "-E", "UTF8"]
    made = subprocess.run(
        [*make, "--locale=C", "--pwfile", folder / "password"],
        cwd=folder, capture_output=True, text=True, check=False, **nobody,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    for _ in range(5):  # another process may take the port before the server listens
        server, port = _start_server(programs, folder, nobody)
        if server.poll() is None:
            break
    try:
        assert server.poll() is None, (folder / "log").read_text()
        yield port
    finally:
        server.send_signal(2)  # SIGINT: do not wait for clients
        server.wait(60)
        shutil.rmtree(folder, ignore_errors=True)
