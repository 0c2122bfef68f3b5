"""The folder that a run on Spark makes: complete under its name, or not there at all."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from provider_advisor.batch.cluster.share import FOLDERS, ROWS
from provider_advisor.batch.writing.disk import sync, sync_folder
from provider_advisor.errors import BatchError, BatchFailure

__all__ = ["SUCCESS", "check_output", "put_in_place", "staged"]

_OLD = "old"
SUCCESS = "_SUCCESS"
"""The empty file by which Spark and its like know that a folder is complete."""


def check_output(output: Path) -> None:
    """Raises BatchError where no folder can be made, or one stands that no run has made."""
    parent = output.parent
    if not parent.is_dir():
        raise BatchError(f"the output {output} has no place: there is no folder {parent}; make it, or name another.")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise BatchError(f"the output {output} cannot be written: the folder {parent} is read-only; name another.")
    if output.is_dir():
        if any(output.iterdir()) and not (output / SUCCESS).exists():
            raise BatchError(f"the output {output} is a folder that no run has made; name another, or remove it.")
    elif output.exists():
        raise BatchError(f"the output {output} is a file, and Spark writes a folder of parts; name another.")


@contextlib.contextmanager
def staged(output: Path) -> Iterator[Path]:
    """A hidden folder beside the output, for this run alone; it goes when the block ends.

    Raises BatchError if another run holds it.
    """
    folder = output.with_name(f".{output.name}.spark")
    folder.mkdir(exist_ok=True)
    lock = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BatchError(
                f"another run is writing {output} at this moment; wait for its end, or name another output."
            ) from error
        if (folder / _OLD).exists() and not output.exists():
            (folder / _OLD).rename(output)  # a run was killed between the two renames of `put_in_place`
        for name in FOLDERS:
            shutil.rmtree(folder / name, ignore_errors=True)
            (folder / name).mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)


def put_in_place(folder: Path, output: Path) -> None:
    """Give the rows of a staged folder their name; an earlier output goes.

    Raises BatchFailure, the earlier output untouched.
    """
    rows, old = folder / ROWS, folder / _OLD
    try:
        for part in rows.iterdir():
            sync(part)
        (rows / SUCCESS).touch()
        sync_folder(rows)
        try:
            if output.exists():
                output.rename(old)
            rows.rename(output)
        finally:
            if old.exists() and not output.exists():
                old.rename(output)
        sync_folder(output.parent)
    except OSError as error:
        raise BatchFailure(f"{output} cannot be written ({error.strerror}).") from error
