"""Outputs for stores, written to a local folder first, and uploaded when they are complete.

Most stores cannot rename an object, so an object under its final name is assumed to be complete. Rejects come first
and rows last, so that a program that waits for the rows finds everything else; if an upload fails, earlier ones are
removed.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from provider_advisor.batch.remote.addresses import is_stored
from provider_advisor.batch.remote.stores import StoredObject, find_object
from provider_advisor.errors import AdvisorError, BatchError


class _StagedFile(NamedTuple):
    stored: StoredObject
    local: Path


class OutputStager:
    """Stages outputs for stores in local files."""

    def __init__(self, folder: Path, inputs: Iterable[str]) -> None:
        self._folder = folder
        self._taken = {find_object(name).place: "an input" for name in inputs if is_stored(name)}
        self._files: dict[str, _StagedFile] = {}

    def place(self, what: str, url: str) -> str:
        """Return the local file for an output; `what` is its name in messages.

        Raises BatchError for an object that cannot be written, that is an input, or that is another output too.
        """
        stored = find_object(url)
        if before := self._taken.get(stored.place):
            raise BatchError(f"{what} {stored.name} is also {before}; choose another object.")
        stored.refuse_unwritable()
        self._taken[stored.place] = what
        folder = self._folder / str(len(self._files))
        folder.mkdir()
        self._files[what] = _StagedFile(stored, folder / PurePosixPath(stored.path).name)
        return str(self._files[what].local)

    def refuse_other(self, what: str, begins: bytes, replaced: str) -> None:
        """Raise BatchError if the object of an output exists and may not be replaced."""
        self._files[what].stored.refuse_other(begins, replaced)

    def find_name(self, local: Path | None) -> str | None:
        """Return the name of the object for a local file, None for any other file."""
        return next((staged.stored.name for staged in self._files.values() if staged.local == local), None)

    def send(self, order: Iterable[str]) -> None:
        """Upload what was written, in this order; remove from the store what was not written.

        Raises BatchFailure, after removing what was uploaded.
        """
        sent: list[StoredObject] = []
        try:
            for staged in (self._files[what] for what in order if what in self._files):
                if staged.local.exists():
                    staged.stored.send(staged.local)
                    sent.append(staged.stored)
                else:
                    staged.stored.remove()
        except AdvisorError:
            for stored in sent:
                stored.remove()
            raise


@contextlib.contextmanager
def stage(inputs: Iterable[str]) -> Iterator[OutputStager]:
    """Yield a staging area whose files are deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="recommend-") as folder:
        yield OutputStager(Path(folder).resolve(), inputs)
