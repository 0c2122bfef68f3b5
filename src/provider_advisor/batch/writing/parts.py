"""An output written part by part, and put in its place when it is complete."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import polars as pl

from provider_advisor.batch.blocks import Position
from provider_advisor.batch.flow import Stopped
from provider_advisor.batch.kernel.tally import Tally
from provider_advisor.batch.scoring import Done
from provider_advisor.batch.writing.disk import concatenate, sync_folder
from provider_advisor.batch.writing.frames import join_parts, sink
from provider_advisor.batch.writing.rejects import HEADER, rejects_text
from provider_advisor.batch.writing.work import Part, WorkFolder
from provider_advisor.errors import BatchError, BatchFailure

__all__ = ["Target", "place", "write_parts"]

_FINAL = "final.rows"
Watch = Callable[[Done], None]


class Target(NamedTuple):
    """Where scored rows and rejects go, and the form and columns of the rows."""

    output: Path
    rejects: Path
    form: str
    schema: pl.Schema


class _Open:
    """A part on its way: what it came to so far, and what went wrong."""

    def __init__(self, number: int, start: Position) -> None:
        self.part = Part(number, start, 0, 0, {})
        self.tally = Tally.empty()
        self.error: BaseException | None = None

    def add(self, done: Done) -> None:
        """Count a block."""
        part = self.part
        scored, rejected = part.scored + done.frame.height, part.rejected + len(done.rejects)
        self.part = part._replace(end=done.end, scored=scored, rejected=rejected)
        self.tally += done.tally

    @property
    def rows(self) -> int:
        """How many rows of the input it holds."""
        return self.part.scored + self.part.rejected


def write_parts(blocks: Iterator[Done], folder: WorkFolder, target: Target, most: int, watch: Watch) -> None:
    """Write the blocks to parts of about `most` rows each. Raises BatchFailure where they cannot be written."""
    while True:
        first = next(blocks, None)
        if first is None and folder.parts:
            return
        _write_part(chain([] if first is None else [first], blocks), folder, target, most, watch)
        if first is None:
            return


def _write_part(blocks: Iterator[Done], folder: WorkFolder, target: Target, most: int, watch: Watch) -> None:
    start = folder.parts[-1].end if folder.parts else Position()
    opened = _Open(len(folder.parts) + 1, start)

    def frames() -> Iterator[pl.DataFrame]:
        try:
            with (folder.path / opened.part.rejects).open("wb") as rejects:
                for done in blocks:
                    opened.add(done)
                    rejects.write(rejects_text(done.rejects))
                    watch(done)
                    yield done.frame
                    if opened.rows >= most:
                        break
        except BaseException as error:
            opened.error = error
            raise

    rows = folder.path / opened.part.rows
    try:
        sink(frames, target.schema, target.form, rows, first=not folder.parts)
        folder.complete(opened.part._replace(tally=opened.tally.to_json()))
    except (BatchError, OSError, pl.exceptions.PolarsError, Stopped) as error:
        rows.unlink(missing_ok=True)
        raise _said(opened.error or error, target.output) from error


def _said(error: BaseException, output: Path) -> BaseException:
    """The error itself if it is one of ours, else what could not be written."""
    if not isinstance(error, OSError | pl.exceptions.PolarsError):
        return error
    return BatchFailure(f"{output} cannot be written ({_cause(error)}); make room for it, then go on with --resume.")


def _cause(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = str(error)
    return "No space left on device" if "No space left" in text else text.splitlines()[0][:200] if text else "unknown"


def place(folder: WorkFolder, target: Target) -> None:
    """Put rejects and rows, complete now, in their places. Raises BatchFailure, the old output untouched."""
    parts = folder.parts
    try:
        final = folder.path / parts[0].rows
        if len(parts) > 1:
            final = folder.path / _FINAL
            join_parts([folder.path / part.rows for part in parts], target.form, final)
        _place_rejects(folder, target.rejects)
        folder.finish(final.name)
        final.replace(target.output)
        sync_folder(target.output.parent)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _said(error, target.output) from error
    folder.remove()


def _place_rejects(folder: WorkFolder, rejects: Path) -> None:
    if not any(part.rejected for part in folder.parts):
        rejects.unlink(missing_ok=True)
        return
    beside = rejects.with_name(f".{rejects.name}.part")
    try:
        concatenate([folder.path / part.rejects for part in folder.parts], beside, HEADER.encode())
        beside.replace(rejects)
        sync_folder(rejects.parent)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise _said(error, rejects) from error
