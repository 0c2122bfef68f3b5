"""The inputs of a run: files by name or pattern, or a stream, and their bytes."""

from __future__ import annotations

import glob
import io
import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

from provider_advisor.errors import BatchError, BatchFailure

__all__ = ["STANDARD_INPUT", "Source", "Stream", "form_of", "sources_of"]

STANDARD_INPUT = "standard input"
_FORMS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}


class Source(NamedTuple):
    """One input. `path` is None for standard input; what is no regular file is a stream, read once from its beginning.

    `size` and `changed` (a time in nanoseconds) are of the moment at which the run began.
    """

    name: str
    path: str | None
    size: int = 0
    changed: int = 0
    regular: bool = False


def form_of(name: str, given: str | None, option: str) -> str:
    """The form of a file: the one that is given, else what its extension says. Raises BatchError, naming the option."""
    form = given or _FORMS.get(Path(name).suffix.lower())
    if form is None:
        what = STANDARD_INPUT if name == "-" and "input" in option else "standard output" if name == "-" else name
        raise BatchError(f"{what}: its form cannot be told from a name; say {option} csv, jsonl or parquet.")
    return form


def sources_of(names: tuple[str, ...]) -> tuple[Source, ...]:
    """The inputs that names and patterns (`teams-*.csv`, in order of name) stand for. Raises BatchError."""
    found = [path for name in names for path in _expanded(name)]
    if len(found) > 1 and "-" in found:
        raise BatchError("standard input cannot be read beside files; give one or the other.")
    return tuple(_source(path) for path in found)


def _expanded(name: str) -> list[str]:
    if name == "-" or os.path.exists(name) or not glob.has_magic(name):  # noqa: PTH110 (a Path raises if it is too long)
        return [name]
    found = sorted(path for path in glob.glob(name, recursive=True) if not Path(path).is_dir())  # noqa: PTH207 (pathlib
    # leaves a leading ./ out and knows no absolute patterns)
    if not found:
        raise BatchError(f"no file matches '{name}'; check the pattern.")
    return found


def _source(path: str) -> Source:
    if path == "-":
        return Source(STANDARD_INPUT, None)
    try:
        found = os.stat(path)  # noqa: PTH116 (the same for a path that is no text)
    except OSError as error:
        raise BatchError(f"{path} cannot be read ({error.strerror}); check the path.") from error
    if stat.S_ISDIR(found.st_mode):
        raise BatchError(f"{path} is a folder; name its files, such as '{path.rstrip('/')}/*.csv'.")
    if not os.access(path, os.R_OK):
        raise BatchError(f"{path} cannot be read (Permission denied); check its permissions.")
    return Source(path, path, found.st_size, found.st_mtime_ns, stat.S_ISREG(found.st_mode))


class Stream:
    """The bytes of a source from a place on."""

    def __init__(self, source: Source, offset: int = 0) -> None:
        self.source = source
        self._given_back = b""
        try:
            self._file: BinaryIO | io.RawIOBase = _standard_input() if source.path is None else _opened(source.path)
            if offset:
                self._file.seek(offset)
        except OSError as error:
            raise BatchFailure(f"{source.name} cannot be read ({error.strerror}).") from error

    def read(self, count: int) -> bytes:
        """The next bytes, fewer only at the end. Raises BatchFailure."""
        parts, missing = [self._given_back[:count]], count - len(self._given_back[:count])
        self._given_back = self._given_back[count:]
        while missing > 0:
            part = self._next(missing)
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        return b"".join(parts) if len(parts) > 1 else parts[0]

    def _next(self, count: int) -> bytes:
        try:
            return self._file.read(count) or b""
        except OSError as error:
            raise BatchFailure(f"{self.source.name} cannot be read to its end ({error.strerror}).") from error

    def give_back(self, data: bytes) -> None:
        """Let these bytes be read again."""
        self._given_back = data + self._given_back

    def check(self) -> None:
        """Raises BatchFailure if the file is not what it was when the run began."""
        if self.source.regular and _has_changed(self.source, os.fstat(self._file.fileno())):
            raise BatchFailure(f"{self.source.name} was changed while it was read; run again when it stays as it is.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file; a stream stays open, for it cannot be opened again."""
        if self.source.regular:
            self._file.close()


def _opened(path: str) -> io.RawIOBase:
    return open(path, "rb", buffering=0)  # noqa: PTH123 (`__exit__` closes it)


def _standard_input() -> BinaryIO:
    return sys.stdin.buffer


def _has_changed(source: Source, now: os.stat_result) -> bool:
    return (now.st_size, now.st_mtime_ns) != (source.size, source.changed)
