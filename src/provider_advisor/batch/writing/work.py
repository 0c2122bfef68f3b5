"""The hidden folder beside an output, in which a run keeps what is done until all is done.

Its manifest begins with what the run is about; each further line is a part that is complete. Lines are written when the
files they speak of are on the disk, so whatever the manifest says holds, also after a kill or a power failure.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from provider_advisor.batch.blocks import Position
from provider_advisor.batch.writing.disk import sync, sync_folder
from provider_advisor.errors import BatchError

__all__ = ["Part", "WorkFolder", "work_folder_of"]

_MANIFEST, _LOCK = "manifest.jsonl", "lock"


class Part(NamedTuple):
    """Some rows of the output that are on the disk, the position in the input behind them, and what they came to."""

    number: int
    end: Position
    scored: int
    rejected: int
    tally: Mapping[str, Any]

    @property
    def rows(self) -> str:
        """The name of the file of scored rows."""
        return f"{self.number:06}.rows"

    @property
    def rejects(self) -> str:
        """The name of the file of rejects."""
        return f"{self.number:06}.rejects"


def work_folder_of(output: Path) -> Path:
    """Where the run that makes an output keeps its parts."""
    return output.with_name(f".{output.name}.parts")


class WorkFolder:
    """The folder of one run, locked as long as this process lives.

    `parts` are those that are complete, of this run or of the earlier one that it goes on with; `found` says that an
    earlier one left something, `placed` that it was killed when the output was already in its place.
    """

    def __init__(self, output: Path, head: Mapping[str, Any], *, resume: bool) -> None:
        self.path = work_folder_of(output)
        self._lock = _locked(self.path, output)
        try:
            self._begin(_lines(self.path / _MANIFEST), head, output, resume=resume)
        except BaseException:
            os.close(self._lock)
            raise

    def _begin(self, lines: list[dict[str, Any]], head: Mapping[str, Any], output: Path, *, resume: bool) -> None:
        self.found, self.placed = bool(lines), False
        self.parts: list[Part] = []
        if resume and lines:
            _refuse_other_run(lines[0], head, output)
            self.parts = [_part(line) for line in lines[1:] if "number" in line]
            self.placed = "final" in lines[-1] and not (self.path / lines[-1]["final"]).exists()
            self._keep_only(self.parts)
        else:
            self._keep_only([])
            self._append(head, mode="w")

    def _keep_only(self, parts: list[Part]) -> None:
        kept = {_MANIFEST, _LOCK, *(name for part in parts for name in (part.rows, part.rejects))}
        for path in self.path.iterdir():
            if path.name not in kept:
                path.unlink()

    def complete(self, part: Part) -> None:
        """Note that the files of a part are complete."""
        sync(self.path / part.rows)
        sync(self.path / part.rejects)
        sync_folder(self.path)
        self._append({**part._asdict(), "end": list(part.end)})
        self.parts.append(part)

    def finish(self, final: str) -> None:
        """Note that the file of this name is the whole output and goes to its place now."""
        sync_folder(self.path)
        self._append({"final": final})

    def _append(self, line: Mapping[str, Any], mode: str = "a") -> None:
        with (self.path / _MANIFEST).open(mode, encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def remove(self) -> None:
        """Take the folder away, and let go of it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.close()

    def close(self) -> None:
        """Let go of the folder, for a later run to go on with; one that holds no part is taken away."""
        if self._lock >= 0:
            if not self.parts:
                shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)
            self._lock = -1


def _locked(path: Path, output: Path) -> int:
    """The open lock of the folder, which is made if it is not there. Raises BatchError if another process holds it."""
    while True:
        path.mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(lock), (path / _LOCK).stat()):
                    return lock
            except BlockingIOError as error:
                os.close(lock)
                raise BatchError(
                    f"another run is writing {output} at this moment; wait for its end, or name another output."
                ) from error
            except FileNotFoundError:
                pass  # whoever held the lock has taken the folder away
            os.close(lock)


def _lines(manifest: Path) -> list[dict[str, Any]]:
    """The lines that were written whole; a kill may leave half a last one."""
    found: list[dict[str, Any]] = []
    with contextlib.suppress(FileNotFoundError, ValueError), manifest.open("rb") as file:
        found.extend(json.loads(line) for line in file if line.endswith(b"\n"))
    return found


def _part(line: Mapping[str, Any]) -> Part:
    return Part(**{**line, "end": Position(*line["end"])})


def _refuse_other_run(then: Mapping[str, Any], now: Mapping[str, Any], output: Path) -> None:
    for name in dict.fromkeys([*then, *now]):
        before, after = json.dumps(then.get(name)), json.dumps(now.get(name))
        if before != after:
            raise BatchError(
                f"the run that began {output} cannot be gone on with: "
                f"{name} was {_brief(before)} and is {_brief(after)}; "
                "make it the same again, or leave out --resume to start anew."
            )


def _brief(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"  # noqa: PLR2004
