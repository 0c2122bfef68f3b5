"""Runs of `recommend batch` and `impact` for the web: each a process and a folder, deleted after an hour.

All state of a run is in its folder, so that every worker can report on it, also after a restart. Closing the browser
does not stop the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from provider_advisor.errors import BusyError
from provider_advisor.faces.web.service import from_state

_ID = re.compile(r"[0-9a-f]{32}")
_ABOUT, _PRINTED, _SAID, _ENDED = "about.json", "printed.txt", "said.txt", "ended.txt"
_WITH_RESULT = (0, 3)
"""Statuses of a run with a result; 3 means that some rows were rejected."""

KEPT_SECONDS = 3_600
"""How long results are kept."""

_MOST_SECONDS = 600
"""The processor time that a run may take. One that has no exit status by then was killed together with its server."""

_CLEANING_SECONDS = 300
_MOST_AT_ONCE = 4
_CODE = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, ({longest}, {longest}))
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000_000, 2_000_000_000))
from provider_advisor.faces.cli.run_command import run
status = 1
try:
    status = run()
finally:
    with open("{ended}.part", "w") as file:
        file.write(str(status))
    os.replace("{ended}.part", "{ended}")
"""
"""Runs the command with limits on time and size, and writes its exit status to a file atomically."""


class Run(NamedTuple):
    """What to run: the arguments of `recommend`, the files for its folder, and notes to keep."""

    arguments: Sequence[str]
    files: dict[str, bytes]
    about: dict[str, Any]


class StartedRun(NamedTuple):
    """A run: its id and folder, its notes, when it began, and its exit status once it has ended."""

    id: str
    folder: Path
    about: dict[str, Any]
    began: float
    status: int | None

    @property
    def is_running(self) -> bool:
        """Return whether it is still running; one that was killed with its server is given up after a while."""
        return self.status is None and time.time() - self.began < _MOST_SECONDS

    @property
    def is_done(self) -> bool:
        """Return whether it has a result."""
        return self.status in _WITH_RESULT

    def read_printed(self) -> bytes:
        """Return what the command printed."""
        return (self.folder / _PRINTED).read_bytes()

    def list_mistakes(self) -> list[str]:
        """Return what the command said, one sentence for each mistake."""
        with contextlib.suppress(OSError):
            lines = (self.folder / _SAID).read_text(encoding="utf-8", errors="replace").splitlines()
            said = [line.strip().removeprefix("recommend: ") for line in lines[-100:] if line.strip()]
            if said:
                return said
        return ["The run ended without a result; try it again with fewer teams."]


# recommend-runs-1000/     one for each user of the machine, whatever the number of workers
#   4f02…/                 a run; nobody can guess the name of another
#     teams.csv            what was sent
#     about.json           written last: a run is found by it
#     printed.txt said.txt what the command printed, and what it said on standard error
#     scores.csv …         what it wrote
#     ended.txt            its exit status, renamed into place, so that no worker reads half of it


class RunFolder:
    """The folder of all runs of this server, owned by its user.

    Runs read facts and rules where the server reads them: the folders of facts and of rules, None for the shipped ones.
    """

    def __init__(self, knowledge: Sequence[str | None] = (None, None), folder: Path | None = None) -> None:
        self.knowledge = tuple(knowledge)
        self._folder = folder or Path(tempfile.gettempdir()) / f"recommend-runs-{os.getuid()}"
        self._lock = threading.Lock()

    def start(self, run: Run) -> StartedRun:
        """Start a run and return it. Raises BusyError, and OSError where nothing can be written."""
        with self._lock:
            self._prepare()
            self.clean()
            # The folder has the runs of all workers, but the lock is this one's: each of them may let in one too many.
            if sum(other.is_running for other in self._list()) >= _MOST_AT_ONCE:
                raise BusyError("The server is busy with other files; try again in a minute.")
            name = secrets.token_hex(16)
            folder = self._folder / name
            folder.mkdir(mode=0o700)
            try:
                for place, content in run.files.items():
                    (folder / place).parent.mkdir(parents=True, exist_ok=True)
                    (folder / place).write_bytes(content)
                # The notes come last: a run is found by them, so other workers see none whose files are still written.
                (folder / _ABOUT).write_text(json.dumps(run.about), encoding="utf-8")
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            with (folder / _SAID).open("wb") as said, (folder / _PRINTED).open("wb") as printed:
                child = subprocess.Popen(  # noqa: S603 (our own command)
                    [sys.executable, "-c", _CODE.format(longest=_MOST_SECONDS, ended=_ENDED), *run.arguments],
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=printed,
                    stderr=said,
                    start_new_session=True,  # so that Ctrl-C at the server's terminal does not reach it
                )
            threading.Thread(target=_wait_for, args=(child, folder), name="wait-for-run", daemon=True).start()
            return StartedRun(name, folder, run.about, time.time(), None)

    def find(self, name: str) -> StartedRun | None:
        """Return a run by its id, None if there is none or it has expired."""
        if not _ID.fullmatch(name):
            return None
        folder = self._folder / name
        try:
            began = (folder / _ABOUT).stat().st_mtime
            about = json.loads((folder / _ABOUT).read_bytes())
        except (OSError, ValueError):
            return None
        if time.time() - began > KEPT_SECONDS:
            return None
        status = None
        with contextlib.suppress(OSError, ValueError):
            status = int((folder / _ENDED).read_text(encoding="ascii"))
        return StartedRun(name, folder, about, began, status)

    async def wait(self, name: str, seconds: float) -> StartedRun | None:
        """Wait up to some seconds for a run to end, without occupying a thread, and return it."""
        for _ in range(int(20 * seconds)):
            if (run := self.find(name)) is None or not run.is_running:
                break
            await asyncio.sleep(0.05)
        return self.find(name)

    def clean(self) -> None:
        """Remove runs older than an hour, also those of an earlier server."""
        with contextlib.suppress(OSError):
            for folder in list(self._folder.iterdir()):
                with contextlib.suppress(OSError):
                    # A folder that another worker is filling is not found either, but it is young.
                    if time.time() - folder.stat().st_mtime > KEPT_SECONDS and self.find(folder.name) is None:
                        shutil.rmtree(folder, ignore_errors=True)

    def keep_clean(self) -> None:
        """Clean now and every few minutes until the process ends."""

        def clean_on() -> None:
            while True:
                self.clean()
                time.sleep(_CLEANING_SECONDS)

        threading.Thread(target=clean_on, name="clean-runs", daemon=True).start()

    def _list(self) -> list[StartedRun]:
        return [run for folder in self._folder.iterdir() if (run := self.find(folder.name))]

    def _prepare(self) -> None:
        """Create the folder; refuse one that belongs to somebody else. Raises OSError."""
        with contextlib.suppress(FileExistsError):
            self._folder.mkdir(mode=0o700, parents=True)
        found = self._folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise OSError(f"{self._folder} belongs to another user")


def _wait_for(child: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait for the process of a run, and write down the status of one that was killed before it could do so."""
    # A child that has ended also stays in the system's table until somebody waits for it.
    status = child.wait()
    with contextlib.suppress(OSError), (folder / _ENDED).open("x", encoding="ascii") as ended:
        ended.write(str(status))


Runs = Annotated[RunFolder, from_state("runs")]
