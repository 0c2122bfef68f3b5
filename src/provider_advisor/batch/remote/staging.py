"""Outputs in stores: written to a folder of this machine first, and sent whole when all is done.

Nothing of an output is in the store before everything is: rejects are sent first, then the rest, then the rows. If
one cannot be sent, what was sent before it is taken back.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from provider_advisor.batch.remote.addresses import is_stored
from provider_advisor.batch.remote.objects import StoredObject, find_object
from provider_advisor.errors import AdvisorError, BatchError


class _StagedFile(NamedTuple):
    stored: StoredObject
    local: Path


class Staging:
    """Where outputs in stores are written meanwhile."""

    def __init__(self, folder: Path, inputs: Iterable[str]) -> None:
        self._folder = folder
        self._taken = {find_object(name).place: "an input" for name in inputs if is_stored(name)}
        self._files: dict[str, _StagedFile] = {}

    def place(self, what: str, url: str) -> str:
        """Return the file of this machine in which an output is written; `what` is how messages call it.

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
        """Raise BatchError if the object of an output is there and does not begin as what may be `replaced`."""
        self._files[what].stored.refuse_other(begins, replaced)

    def find_name(self, local: Path | None) -> str | None:
        """Return the name of the object that a file of this machine will be, None for any other file."""
        return next((staged.stored.name for staged in self._files.values() if staged.local == local), None)

    def send(self, order: Iterable[str]) -> None:
        """Send what was written, in this order; what was not written is removed from the store.

        Raises BatchFailure, and takes back what was sent.
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
def stage(inputs: Iterable[str]) -> Iterator[Staging]:
    """Give a staging whose files are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="recommend-") as folder:
        yield Staging(Path(folder).resolve(), inputs)
