"""An output folder of part files, as Spark and other Parquet readers expect it: `scores/part-00000.parquet`.

`_SUCCESS` marks the folder as complete. An empty file beside it has a digest of the names and sizes of all parts in its
name. It shows a later run that the folder was made by a run and not changed since: only such a folder is replaced. Both
files are empty because Polars reads all non-empty files of a folder.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import stat
from collections.abc import Collection
from pathlib import Path

from provider_advisor.whole_file import OPEN_SAFELY, sync_folder

# For example, after a run whose two parts have 1,204 and 988 bytes:
#
#     scores.parquet/
#         part-00000.parquet
#         part-00001.parquet
#         _SUCCESS
#         _recommend-<the digest of "part-00000.parquet 1204\npart-00001.parquet 988\n">
#
# If somebody adds a file, or writes to a part, the digest differs, and the folder is not replaced.
SUCCESS = "_SUCCESS"
_MARK = "_recommend-"
_PART = re.compile(r"part-\d{5,}\.(csv|jsonl|parquet)")
_OURS = re.compile(rf"{_PART.pattern}|{SUCCESS}|{_MARK}[0-9a-f]{{32}}")


def name_part(number: int, form: str) -> str:
    """Return the name of a part, counted from 0: names sort as the rows do."""
    return f"part-{number:05}.{form}"


def finish_part_folder(folder: Path) -> None:
    """Mark a folder of parts as complete and ours, and flush it to disk. Raises OSError."""
    sizes = _read_sizes(folder)
    for name in sizes or {}:
        with (folder / name).open("rb") as file:
            os.fsync(file.fileno())
    (folder / f"{_MARK}{_make_digest(sizes or {})}").touch()
    (folder / SUCCESS).touch()
    sync_folder(folder)


def is_made_by_run(folder: Path) -> bool:
    """Return whether a folder, not a link, is empty, or was made by a run and not changed since."""
    sizes = _read_sizes(folder)
    if not sizes:
        return sizes is not None
    parts = {name: size for name, size in sizes.items() if _PART.fullmatch(name)}
    return sizes.keys() - parts.keys() == {SUCCESS, f"{_MARK}{_make_digest(parts)}"}


def _read_sizes(folder: Path) -> dict[str, int] | None:
    """Return the size of each file of a folder; None if it is not a folder, or holds more than plain files."""
    try:
        opened = os.open(folder, os.O_RDONLY | OPEN_SAFELY)
    except OSError:
        return None
    try:
        with os.scandir(opened) as entries:
            found = {entry.name: entry.stat(follow_symlinks=False) for entry in entries}
    except NotADirectoryError:
        return None
    finally:
        os.close(opened)
    plain = all(stat.S_ISREG(each.st_mode) for each in found.values())
    return {name: each.st_size for name, each in found.items()} if plain else None


def _make_digest(sizes: dict[str, int]) -> str:
    text = "".join(f"{name} {size}\n" for name, size in sorted(sizes.items()))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def replace_part_folder(new: Path, output: Path, old: Path) -> None:
    """Move a finished folder to its place; the old output is kept as `old` meanwhile.

    A kill between the two renames leaves `old`: see `restore_part_folder`. Raises OSError, leaving the old output, also
    if that is no longer an unchanged folder of a run.
    """
    try:
        if output.exists():
            if not is_made_by_run(output):
                raise FileExistsError(errno.EEXIST, "it was changed meanwhile, or is not a folder that a run has made")
            output.rename(old)
        new.rename(output)
    finally:
        restore_part_folder(old, output)
    sync_folder(output.parent)
    remove_part_folder(old)


def restore_part_folder(old: Path, output: Path) -> None:
    """Restore an output if a run was killed or failed while replacing it."""
    if not os.path.lexists(output) and is_made_by_run(old):
        old.rename(output)


def remove_part_folder(folder: Path, kept: Collection[Path] = ()) -> None:
    """Delete the files of a run from a folder of parts, and the folder if empty; links are not followed."""
    if folder.is_symlink() or not folder.is_dir():
        return
    for name in os.listdir(folder):  # noqa: PTH208 (names, to match them)
        if _OURS.fullmatch(name) and folder / name not in kept:
            with contextlib.suppress(OSError):  # a folder with that name is not ours
                os.unlink(folder / name)  # noqa: PTH108
    with contextlib.suppress(OSError):
        folder.rmdir()
