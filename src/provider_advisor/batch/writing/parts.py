"""An output written part by part, and put in its place when it is complete."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import polars as pl

from provider_advisor.batch.blocks import Done, Position, RowCounts
from provider_advisor.batch.writing.frames import join_parts, write_frames
from provider_advisor.batch.writing.part_folder import finish_part_folder, replace_part_folder
from provider_advisor.batch.writing.rejects import replace_rejects, write_rejects
from provider_advisor.batch.writing.workdir import FINAL, FinishedPart, WorkFolder
from provider_advisor.errors import BatchFailure, describe_cause
from provider_advisor.whole_file import sync_folder

Watch = Callable[[Done], None]


class Target(NamedTuple):
    """Where scored rows and rejects go, and the form and columns of the rows.

    `is_folder` keeps the parts apart; `can_resume` says whether a later run can continue this one.
    """

    output: Path
    rejects: Path
    form: str
    schema: pl.Schema
    is_folder: bool = False
    can_resume: bool = True


def write_parts(blocks: Iterator[Done], folder: WorkFolder, target: Target, most: int, watch: Watch) -> None:
    """Write the blocks to parts of about `most` rows each. Raises BatchFailure where they cannot be written."""
    first = next(blocks, None)
    while first is not None or not folder.parts:  # an output without rows has one part, which holds the header
        _write_part(chain([] if first is None else [first], blocks), folder, target, most, watch)
        first = next(blocks, None)


def _write_part(blocks: Iterator[Done], folder: WorkFolder, target: Target, most: int, watch: Watch) -> None:
    start = folder.parts[-1].end if folder.parts else Position()
    part = FinishedPart(len(folder.parts) + 1, start, RowCounts.zero())

    def yield_frames() -> Iterator[pl.DataFrame]:
        nonlocal part
        for done in blocks:
            part = part._replace(end=done.end, counts=part.counts + done.counts)
            write_rejects(done.rejects, rejects)
            watch(done)
            yield done.frame
            if part.counts.scored + part.counts.rejected >= most:
                break

    paths = folder.list_files(part)
    try:
        with paths[0].open("xb") as rows, paths[1].open("xb") as rejects:
            write_frames(yield_frames(), target.schema, target.form, rows, header=target.is_folder or not folder.parts)
        folder.complete(part)
    except Exception as error:
        paths[0].unlink(missing_ok=True)
        raise _explain(error, target.output, target) from error


def _explain(error: BaseException, output: Path, target: Target) -> BaseException:
    """Return the error itself if it is one of ours, else one that says what could not be written."""
    if not isinstance(error, OSError | pl.exceptions.PolarsError):
        return error
    cause = describe_cause(error)
    cause = "No space left on device" if "No space left" in cause else cause[:200]
    how = " with --resume" if target.can_resume else ""
    return BatchFailure(f"{output} cannot be written ({cause}); free some space, then run again{how}.")


def place_output(folder: WorkFolder, target: Target) -> None:
    """Put rejects and rows, complete now, in their places. Raises BatchFailure, the old output untouched."""
    # Rows last: who sees the output may rely on the rejects being there. `finish` notes before the move what is moved,
    # so that a run that is killed between the two, or just after, is found complete by the next, which moves nothing
    # but what is still in the folder.
    parts = folder.parts
    files = [folder.list_files(part) for part in parts]
    path = target.output
    try:
        final = _finish_rows([rows for rows, _ in files], folder, target)
        path = target.rejects
        rejected = any(part.counts.rejected for part in parts)
        replace_rejects(path, [rejects for _, rejects in files] if rejected else None)
        path = target.output
        folder.finish(final)
        if target.is_folder:
            replace_part_folder(final, path, folder.old)
        else:
            final.replace(path)
            sync_folder(path.parent)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _explain(error, path, target) from error
    folder.remove()


def _finish_rows(rows: list[Path], folder: WorkFolder, target: Target) -> Path:
    """Return the file or folder that holds all rows."""
    if target.is_folder:
        finish_part_folder(folder.rows)
        return folder.rows
    if len(rows) == 1:
        return rows[0]
    final = folder.path / FINAL
    join_parts(rows, target.form, final)
    return final
