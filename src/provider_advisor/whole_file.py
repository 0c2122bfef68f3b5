"""Files that appear whole or not at all, also when the process is killed or the power fails."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from typing import BinaryIO

_CLOSE_ON_EXEC = getattr(os, "O_CLOEXEC", 0)
OPEN_SAFELY: int = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | _CLOSE_ON_EXEC
"""Flags of `os.open` for a path at which somebody else may have put something: a link is not followed, a pipe not
waited for. Systems without such flags, such as Windows, open the path as it is."""


def open_plain_file(path: str | os.PathLike[str]) -> BinaryIO | None:
    """Open an ordinary file to read; None if there is none, or something else, such as a link or a pipe."""
    try:
        opened = os.open(path, os.O_RDONLY | OPEN_SAFELY)
    except OSError:
        return None
    if stat.S_ISREG(os.fstat(opened).st_mode):
        return os.fdopen(opened, "rb")
    os.close(opened)
    return None


@contextlib.contextmanager
def write_whole(path: str | os.PathLike[str], *, mode: int | None = None) -> Iterator[BinaryIO]:
    """Open a new file for bytes that takes the place of `path` once everything is written.

    It is written beside its place, under a name that nobody can guess or put a link at, flushed to the disk, and
    then renamed; a link at `path` itself is replaced, never followed. If the body raises, nothing is left behind.
    It has the permissions of a file that it replaces; those of a new file, and those that `mode` sets for both, are
    less what the process's umask takes away. Raises OSError, also where there is something else than a file.
    """
    place = os.fspath(path)
    kept = _find_mode(place)
    # In the same folder, because a rename is one step within one file system only.
    folder = os.path.dirname(place) or "."
    beside = os.path.join(folder, f".{os.urandom(8).hex()}.part")
    first = next(each for each in (mode, kept, 0o666) if each is not None)
    number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _CLOSE_ON_EXEC, first)
    try:
        with open(number, "wb") as file:
            if mode is None and kept is not None:
                os.chmod(beside, kept)
            yield file
            # The bytes before the name: else a power cut may leave the new name with an empty file.
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, place)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise
    sync_folder(folder)


def move_whole(finished: str | os.PathLike[str], place: str | os.PathLike[str]) -> None:
    """Move a finished file to a place in the same file system, with the permissions of a file that it replaces.

    Raises OSError.
    """
    with contextlib.suppress(FileNotFoundError):
        replaced = os.lstat(place).st_mode
        if stat.S_ISREG(replaced):
            os.chmod(finished, replaced & 0o777)
    os.replace(finished, place)
    sync_folder(os.path.dirname(place) or ".")


def _find_mode(place: str) -> int | None:
    """Return the permissions of the file at a place, None without one. Raises OSError for something else."""
    try:
        found = os.lstat(place).st_mode
    except FileNotFoundError:
        return None
    # A rename takes the place of a device or a pipe too: for root, `-o /dev/null` would leave a file there.
    if not (stat.S_ISREG(found) or stat.S_ISLNK(found) or stat.S_ISDIR(found)):
        raise OSError(errno.EINVAL, "it is not a regular file", place)
    return found & 0o777 if stat.S_ISREG(found) else None


def sync_folder(folder: str | os.PathLike[str]) -> None:
    """Wait until the entries of a folder are on the disk, so that a renamed file is found after a power cut."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
