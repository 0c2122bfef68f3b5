"""An output that is a folder of parts, as Spark and every reader of Parquet understand it: `scores/part-00000.parquet`.

`_SUCCESS` says that the folder is complete. Beside it is an empty file whose name holds a digest of the names and
sizes of all parts. By it a later run knows that a run has made the folder, and that nobody has added or changed
anything: only such a folder is replaced. Both files are empty because Polars reads every file of a folder that is not.
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

SUCCESS = "_SUCCESS"
_MARK = "_recommend-"
_PART = re.compile(r"part-\d{5,}\.(csv|jsonl|parquet)")
_OURS = re.compile(rf"{_PART.pattern}|{SUCCESS}|{_MARK}[0-9a-f]{{32}}")


def name_part(number: int, form: str) -> str:
    """Return the name of a part, counted from 0: names sort as the rows do."""
    return f"part-{number:05}.{form}"


def finish_part_folder(folder: Path) -> None:
    """Mark a folder of parts as complete and as made by a run, and wait until it is on the disk. Raises OSError."""
    sizes = _read_sizes(folder)
    for name in sizes or {}:
        with (folder / name).open("rb") as file:
            os.fsync(file.fileno())
    (folder / f"{_MARK}{_make_digest(sizes or {})}").touch()
    (folder / SUCCESS).touch()
    sync_folder(folder)


def is_made_by_run(folder: Path) -> bool:
    """Return whether a folder is empty, or is what a run has made and nobody has changed. A link is not."""
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
    """Put a finished folder in the place of an output, which is kept as `old` until then.

    A kill between the two renames leaves `old`: see `restore_part_folder`. Raises OSError, the output as it was, also
    if it is no longer a folder that a run has made.
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
    """Bring an output back if a run was killed, or failed, while it was being replaced."""
    if not os.path.lexists(output) and is_made_by_run(old):
        old.rename(output)


def remove_part_folder(folder: Path, kept: Collection[Path] = ()) -> None:
    """Delete what runs write to a folder of parts, and the folder if nothing else is in it; a link is not followed."""
    if folder.is_symlink() or not folder.is_dir():
        return
    for name in os.listdir(folder):  # noqa: PTH208 (names, to match them)
        if _OURS.fullmatch(name) and folder / name not in kept:
            with contextlib.suppress(OSError):  # a folder of that name is not ours
                os.unlink(folder / name)  # noqa: PTH108
    with contextlib.suppress(OSError):
        folder.rmdir()
