"""The hidden folder beside an output for the finished parts of a run, until all are done.

Its manifest says what the run depends on and which parts are finished. A part is noted there after its files are on
disk, so the manifest is true even after a kill or a power failure.

Somebody else may have put a folder, a link or a file in its place. So nothing is opened through a link, and a folder
with anything that a run does not write is refused, never emptied.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from provider_advisor.batch.blocks import Position, RowCounts
from provider_advisor.batch.kernel.counts import RunningTally, Tally
from provider_advisor.batch.writing.part_folder import name_part, remove_part_folder, restore_part_folder
from provider_advisor.errors import BatchError, describe_cause, explain_unwritten
from provider_advisor.safe_text import brief
from provider_advisor.whole_file import OPEN_SAFELY, open_plain_file, sync_folder, write_whole

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]

FINAL = "final.rows"
_MANIFEST, _LOCK, _ROWS, _OLD = "manifest.jsonl", "lock", "rows", "old"
_MARK = {"made by": "recommend batch 1"}
"""How the first line of each manifest begins."""

_LONGEST_LINE = 1 << 26
"""In bytes: a manifest that somebody else put there may have no line ends."""

# What a run of this program may have left, also one that was killed while writing; nothing else is ever deleted.
_OURS = re.compile(r"manifest\.jsonl|lock|final\.rows|\d{6,}\.(rows|rejects)|\.[0-9a-f]{16}\.part")


class FinishedPart(NamedTuple):
    """Output rows that are on disk, the position after them in the input, and their counts."""

    number: int
    end: Position
    counts: RowCounts


def find_work_folder(output: Path) -> Path:
    """Return the folder for the parts of an output."""
    return output.with_name(f".{output.name}.parts")


class WorkFolder:
    """The folder of one run, locked while it is open.

    `parts` are those finished, by this run or by the earlier one that it resumes. `found` says that an earlier run left
    something, `placed` that it was killed after the output went to its place. With `form` the output is a folder of
    parts of that form, and they lie here as they will there.
    """

    def __init__(self, output: Path, head: Mapping[str, Any], *, resume: bool, form: str | None = None) -> None:
        self.path, self._form = find_work_folder(output), form
        self.rows, self.old = self.path / _ROWS, self.path / _OLD
        # Before parts are read or removed, because two runs may begin at once.
        self._lock = lock_work_folder(self.path, output, {_ROWS, _OLD})
        self.parts: list[FinishedPart] = []
        self.found = self.placed = False
        try:
            self._begin(head, output, resume=resume)
        except BaseException:
            os.close(self._lock)
            raise

    def _begin(self, head: Mapping[str, Any], output: Path, *, resume: bool) -> None:
        # Before anything is removed below: if a run was killed between its two renames, `old` is the only copy of the
        # previous output.
        restore_part_folder(self.old, output)
        with contextlib.ExitStack() as stack:
            manifest = open_plain_file(self.path / _MANIFEST)
            then = None if manifest is None else _read_head(stack.enter_context(manifest))
            self.found = then is not None
            if resume and manifest is not None and then is not None:
                _refuse_other_run(then, {**_MARK, **head}, output)
                self._take_up(manifest, output)
        # Remains of an unfinished part are deleted, because `_write_part` only opens new files, never existing ones.
        self._remove_all_but(self.parts)
        if not self.parts:
            mark_work_folder(self.path, head)
        if self._form is not None:
            self.rows.mkdir(exist_ok=True)

    def _take_up(self, manifest: BinaryIO, output: Path) -> None:
        """Take over the parts of the earlier run as far as manifest and files are complete; cut off the rest.

        A kill may leave half a line at the end, and a later run could not read anything after it.
        """
        end = manifest.tell()
        while line := manifest.readline(_LONGEST_LINE):
            found = _read_line(line, len(self.parts) + 1)
            if isinstance(found, FinishedPart):
                self.parts.append(found)
            elif found is not None:
                self.placed = not (self.path / str(found["final"])).exists() and _read_size(output) == found.get("size")
            else:
                break
            end = manifest.tell()
        os.truncate(self.path / _MANIFEST, end)
        whole = [all(path.is_file() and not path.is_symlink() for path in self.list_files(part)) for part in self.parts]
        if not (self.placed or all(whole)):
            self.parts = self.parts[: whole.index(False)]
            with (self.path / _MANIFEST).open("rb") as old, write_whole(self.path / _MANIFEST) as new:
                new.writelines(itertools.islice(old, 1 + len(self.parts)))

    def list_files(self, part: FinishedPart) -> tuple[Path, Path]:
        """Return the files of scored rows and of rejects of a part."""
        rows = self.path / f"{part.number:06}.rows"
        if self._form is not None:
            rows = self.rows / name_part(part.number - 1, self._form)
        return rows, self.path / f"{part.number:06}.rejects"

    def _remove_all_but(self, parts: list[FinishedPart]) -> None:
        kept = {path for part in parts for path in self.list_files(part)}
        kept |= {self.path / _MANIFEST if parts else self.path, self.path / _LOCK}
        remove_part_folder(self.rows, kept)
        remove_part_folder(self.old)
        # The manifest goes last: a folder without one, but with parts, is not known to be ours.
        for name in sorted(os.listdir(self.path), key=_MANIFEST.__eq__):  # noqa: PTH208 (names, to match them)
            if self.path / name not in kept and _OURS.fullmatch(name):
                os.unlink(self.path / name)  # noqa: PTH108 (a link goes, what it points to stays)

    def complete(self, part: FinishedPart) -> None:
        """Note that the files of a part are complete."""
        # The files first: after a power failure, the manifest must not list parts that do not exist.
        for path in self.list_files(part):
            with path.open("rb") as file:
                os.fsync(file.fileno())
            sync_folder(path.parent)
        counts = {**part.counts._asdict(), "tally": part.counts.tally.settle().to_json()}
        self._append({"number": part.number, "end": list(part.end), **counts})
        self.parts.append(part)

    def finish(self, final: Path) -> None:
        """Record that this file or folder is the whole output and is about to be moved to its place."""
        sync_folder(self.path)
        self._append({"final": final.name, "size": _read_size(final)})

    def _append(self, line: Mapping[str, Any]) -> None:
        with (self.path / _MANIFEST).open("ab") as file:
            file.write(_encode_line(line))
            file.flush()
            os.fsync(file.fileno())

    def remove(self) -> None:
        """Delete the folder with everything that a run wrote to it."""
        with contextlib.suppress(OSError):
            self._remove_all_but([])
            delete_work_folder(self.path)
        self.close()

    def close(self) -> None:
        """Unlock the folder, so that a later run can resume; delete it if it holds no part."""
        if self._lock >= 0:
            lock, self._lock = self._lock, -1  # `remove` calls `close` again
            if not self.parts:
                self.remove()
            os.close(lock)  # last, so that no run starts in a folder that is being deleted


def lock_work_folder(path: Path, output: Path, folders: Collection[str]) -> int:
    """Open the lock of a work folder, creating the folder if needed; `folders` are those that it may contain.

    Raises BatchError if another run holds it, or it is not ours to use, or the system has no POSIX locks.
    """
    if fcntl is None:
        raise BatchError(
            "a batch run to a file needs a POSIX system such as Linux or macOS, which this is not; "
            "run it there, or in the Windows Subsystem for Linux."
        )
    while True:
        try:
            with contextlib.suppress(FileExistsError):
                path.mkdir(mode=0o700)
            folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | OPEN_SAFELY)
        except FileNotFoundError as error:
            if output.parent.is_dir():
                continue  # the run that held it has just deleted it
            raise BatchError(explain_unwritten(output, error, what="the output")) from None
        except OSError as error:
            if error.errno in {errno.ENOTDIR, errno.ELOOP}:
                raise _refuse_folder(path, "it is a link or a file") from error
            raise BatchError(
                f"cannot create the folder {path} for the parts of the run ({describe_cause(error)}); "
                "choose another output."
            ) from error
        try:
            lock = _open_lock(folder, path, output, folders)
        finally:
            os.close(folder)
        if lock is not None:
            return lock


def mark_work_folder(path: Path, head: Mapping[str, Any] = {}) -> None:
    """Begin the manifest of a work folder: who made it, and what the run depends on."""
    with write_whole(path / _MANIFEST) as file:
        file.write(_encode_line({**_MARK, **head}))


def delete_work_folder(path: Path) -> None:
    """Delete a work folder from which the run has removed everything else. Raises OSError if something is left."""
    for name in (_MANIFEST, _LOCK):
        (path / name).unlink(missing_ok=True)
    path.rmdir()


def _open_lock(folder: int, path: Path, output: Path, folders: Collection[str]) -> int | None:
    """Open and take the lock in an open folder; return None if the folder was deleted meanwhile."""
    _refuse_foreign(folder, path, folders)
    try:
        lock = os.open(_LOCK, os.O_RDWR | os.O_CREAT | OPEN_SAFELY, 0o600, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refuse_folder(path, f"{_LOCK} was not created by recommend") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The run that held the folder may have deleted it, with this lock, after the lock was opened here, and another
        # run may hold a new one under the same name.
        if os.path.samestat(os.fstat(lock), os.stat(path / _LOCK)):  # noqa: PTH116
            return lock
    except BlockingIOError as error:
        os.close(lock)
        raise BatchError(f"another run is writing {output}; wait until it ends, or choose another output.") from error
    except FileNotFoundError:
        pass
    os.close(lock)
    return None


def _refuse_foreign(folder: int, path: Path, folders: Collection[str]) -> None:
    """Raise BatchError if an open folder belongs to somebody else, or contains anything that runs do not write."""
    if os.fstat(folder).st_uid != os.geteuid():
        raise _refuse_folder(path, "it belongs to another user")
    begun = False
    with os.scandir(folder) as entries:
        for entry in entries:
            inner = entry.name in folders and entry.is_dir(follow_symlinks=False)
            if not (inner or (_OURS.fullmatch(entry.name) and entry.is_file(follow_symlinks=False))):
                raise _refuse_folder(path, f"it contains {entry.name}")
            begun = begun or not (entry.name == _LOCK or entry.name.endswith(".part"))
    if begun:
        manifest = open_plain_file(path / _MANIFEST)
        if manifest is None:
            raise _refuse_folder(path, "it has no manifest")
        with manifest:
            if _read_head(manifest) is None:
                raise _refuse_folder(path, "its manifest was not written by recommend")


def _refuse_folder(path: Path, why: str) -> BatchError:
    return BatchError(
        f"the run would keep its parts in {path}, which recommend did not create ({why}); "
        "move it, or choose another output."
    )


def _read_size(path: Path) -> int | None:
    with contextlib.suppress(OSError):
        return os.stat(path).st_size  # noqa: PTH116
    return None


# The manifest. For example, a run was killed in its third part. The half line at the end is cut off by the run that
# resumes, which begins after the record at which part 2 ends:
#
#     {"made by": "recommend batch 1", "input": [["/data/teams.csv", 205103846, …]], …}
#     {"number": 1, "end": [0, 81920345, 1000000], "scored": 990000, "rejected": 10000, "tally": …}
#     {"number": 2, "end": [0, 163840690, 2000000], "scored": 1000000, "rejected": 0, "tally": …}
#     {"number": 3, "end": [0, 2051


def _read_head(manifest: BinaryIO) -> dict[str, Any] | None:
    """Read the first line; None if it was not written by this program."""
    head = _parse(manifest.readline(_LONGEST_LINE))
    return head if head is not None and _MARK.items() <= head.items() else None


def _read_line(line: bytes, number: int) -> FinishedPart | dict[str, Any] | None:
    """Read the finished part of that number, or the note of a final file; None if it is neither."""
    found = _parse(line)
    if found is None or "final" in found:
        return found if found is not None and type(found.get("size")) is int else None
    try:
        end, counts = Position(*found["end"]), [found[name] for name in ("number", "scored", "rejected")]
        tally = Tally.from_json(found["tally"])
        counts += [count for counted in tally for count in counted.values()]
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    if any(type(count) is not int or count < 0 for count in (*end, *counts)) or counts[0] != number:
        return None
    return FinishedPart(number, end, RowCounts(counts[1], counts[2], RunningTally(tally)))


def _parse(line: bytes) -> dict[str, Any] | None:
    """Read a whole line of JSON; None if it is not an object, or was cut off."""
    try:
        found = json.loads(line) if line.endswith(b"\n") else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _encode_line(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data).encode() + b"\n"  # all ASCII: names of files need not be UTF-8


def _refuse_other_run(then: Mapping[str, Any], now: Mapping[str, Any], output: Path) -> None:
    """Raise BatchError if a run depends on something else than the one that it would resume."""
    for name in dict.fromkeys([*then, *now]):
        before, after = json.dumps(then.get(name)), json.dumps(now.get(name))
        if before != after:
            raise BatchError(
                f"cannot resume the run for {output}: {name} was {brief(before)} and is {brief(after)}; "
                "change it back, or leave out --resume to start over."
            )
