"""Check where a run may write, before it starts: no output may be an input or another output."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import IO, Literal, NamedTuple

from provider_advisor.batch.reading.input_files import InputFile
from provider_advisor.batch.writing.part_folder import is_made_by_run
from provider_advisor.batch.writing.rejects import is_rejects_file
from provider_advisor.errors import BatchError, explain_unwritten


class OutputPlace(NamedTuple):
    """A path to write, and its name in messages: "the output", "the rejects file (--rejects)".

    A `hidden` folder is that in which a run keeps its parts; it has its own way to know what it may use.
    """

    what: str
    path: Path
    kind: Literal["file", "folder", "hidden"] = "file"


def is_folder_name(name: str) -> bool:
    """Return whether an output is to be a folder of parts: its name ends with / or is that of a folder."""
    return name.endswith("/") or os.path.isdir(name)  # noqa: PTH112 (a Path raises if the name is too long)


def check_places(sources: Iterable[InputFile], places: Sequence[OutputPlace], rejects: Path | None) -> None:
    """Check all paths that a run will write; `rejects` is the path of rejected rows.

    An existing file is replaced only if it is what the user named: the output, the summary, the report. What lies where
    rejects go is replaced only if an earlier run wrote it. Two paths are one if they lead to one place, are one file
    under two names, or differ only in capitals, which many file systems ignore.

    Raises BatchError.
    """
    for place in places:
        if place.kind == "file":
            _check_file(place)
        elif place.kind == "folder":
            _check_folder(place)
    for source in sources:
        _check_input(source, places)
    for one, other in combinations(places, 2):
        _check_pair(one, other)
    if rejects is not None and os.path.lexists(rejects) and not is_rejects_file(rejects):
        raise BatchError(
            f"{rejects} exists and is not a rejects file from an earlier run; "
            "move it, or choose another file with --rejects."
        )


def _check_file(place: OutputPlace) -> None:
    found = _check_parent(place)
    if found is not None and stat.S_ISDIR(found.st_mode):
        raise BatchError(explain_unwritten(place.path, IsADirectoryError(), what=place.what))
    if found is not None and not stat.S_ISREG(found.st_mode):
        raise BatchError(f"{place.what} {place.path} is not an ordinary file; for standard output write -.")


def _check_folder(place: OutputPlace) -> None:
    found = _check_parent(place)
    if found is not None and not stat.S_ISDIR(found.st_mode):
        raise BatchError(f"{place.what} {place.path} is a file, and a folder of parts was asked for; choose another.")
    if found is not None and not is_made_by_run(place.path):
        raise BatchError(
            f"{place.what} {place.path} is a folder that recommend did not create, or that has changed since; "
            "choose another, or remove it."
        )


def _check_parent(place: OutputPlace) -> os.stat_result | None:
    """Return what exists at a place, or None. Raises BatchError if nothing can be written there."""
    folder = place.path.parent
    found = None
    try:
        if not stat.S_ISDIR(os.stat(folder).st_mode):  # noqa: PTH116 (the same for every path)
            raise NotADirectoryError
        with contextlib.suppress(FileNotFoundError):
            found = os.stat(place.path)  # noqa: PTH116
    except OSError as error:
        raise BatchError(explain_unwritten(_shorten(place.path), error, "choose another", place.what)) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BatchError(explain_unwritten(place.path, "Permission denied", "choose another", place.what))
    return found


def _shorten(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 120 else f"{text[:60]}…{text[-60:]}"  # noqa: PLR2004


def _check_input(source: InputFile, places: Sequence[OutputPlace]) -> None:
    path = Path(source.path) if source.path else sys.stdin
    for place in places:
        if _is_same(place.path, path):
            raise BatchError(f"{place.what} {place.path} is an input; choose another file.")
        if place.kind != "file" and isinstance(path, Path) and _is_inside(path, place.path):
            raise BatchError(f"the input {source.name} is in {place.what} {place.path}; choose another.")
    if isinstance(path, Path) and all(place.what != "the output" for place in places) and _is_same(path, sys.stdout):
        raise BatchError(f"standard output goes to the input {source.name}; send it to another file.")


def _check_pair(one: OutputPlace, other: OutputPlace) -> None:
    if _fold_path(one.path) == _fold_path(other.path) or _is_same(one.path, other.path):
        raise BatchError(
            f"{other.path} would be written twice, as {one.what} and as {other.what}; choose two different files."
        )
    for place, folder in ((one, other), (other, one)):
        if folder.kind != "file" and _is_inside(place.path, folder.path):
            raise BatchError(f"{place.what} {place.path} is in {folder.what} {folder.path}; choose another file.")


# As some file systems compare names: `Ä` is the same as `ä`, and as `a` with the accent as a sign of its own.
def _fold_path(path: Path) -> str:
    return unicodedata.normalize("NFC", os.path.realpath(path)).casefold()


def _is_inside(path: Path, folder: Path) -> bool:
    return _fold_path(path).startswith(f"{_fold_path(folder)}{os.sep}")


def _is_same(path: Path, other: Path | IO[str]) -> bool:
    """Return whether both are one regular file or folder; also under two names."""
    try:
        # A pipe or a terminal may be read and written at once.
        found = os.stat(other) if isinstance(other, Path) else os.fstat(other.fileno())  # noqa: PTH116
        return stat.S_IFMT(found.st_mode) in {stat.S_IFREG, stat.S_IFDIR} and os.path.samestat(os.stat(path), found)  # noqa: PTH116
    except (OSError, ValueError):  # does not exist, or is a stream
        return isinstance(other, Path) and os.path.realpath(path) == os.path.realpath(other)
