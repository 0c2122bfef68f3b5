"""A run over many teams on this machine: from inputs to an output and its rejects, losing no row.

A file or a folder is written in parts to a hidden folder beside it, so that a stopped run can be resumed, and gets its
name when complete. Standard output and workbooks are written in one go.

    scores.parquet                   there when all is done, and until then as it was before
    scores.rejects.csv               likewise, just before it
    .scores.parquet.parts/
        manifest.jsonl               what the run depends on; then a line for each part that is whole
        000001.rows, 000001.rejects  a part: about a million rows, from where the one before it ends in the input
        final.rows                   all parts joined, a moment before this becomes scores.parquet
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Callable, Generator, Iterator, Mapping
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from provider_advisor.batch.blocks import Done, Position, RowCounts
from provider_advisor.batch.interruption import Interrupted, Stopped, StopSignal, do_in_thread, watch_signals
from provider_advisor.batch.kernel.counts import Tally
from provider_advisor.batch.pipeline import BlockScorer, score_blocks
from provider_advisor.batch.reading import Inputs
from provider_advisor.batch.writing.answer_workbook import WorkbookPlan, write_workbook
from provider_advisor.batch.writing.frames import join_parts, write_frames, write_stream
from provider_advisor.batch.writing.part_folder import finish_part_folder, replace_part_folder
from provider_advisor.batch.writing.rejects import find_default_rejects, replace_rejects, write_rejects
from provider_advisor.batch.writing.work_folder import FINAL, FinishedPart, WorkFolder
from provider_advisor.errors import BatchFailure, describe_cause
from provider_advisor.requirements.unlisted import UnknownWords
from provider_advisor.whole_file import move_whole

PART_ROWS = 1_000_000


class Plan(NamedTuple):
    """Where to write the scored rows. `output` None is standard output; `rejects` None is beside the output.

    `about` says what the output depends on besides its inputs: a run is resumed only if this has not changed. A
    `workbook` is written at once, without parts.
    """

    output: Path | None
    form: str
    rejects: Path | None = None
    threads: int = 0
    resume: bool = False
    part_rows: int = PART_ROWS
    about: Mapping[str, Any] = {}
    is_folder: bool = False
    workbook: WorkbookPlan | None = None


class Result(NamedTuple):
    """The result of a run. `rejects` is the file of rejects, if there is one.

    `unknown` counts unknown words, if they are listed instead of refused.
    """

    scored: int
    rejected: int
    tally: Tally
    rejects: Path | None
    unknown: UnknownWords | None = None


class Target(NamedTuple):
    """Where scored rows and rejects are written, and the format and columns of the rows.

    `is_folder` keeps the parts apart; `can_resume` says whether a later run can continue this one.
    """

    output: Path
    rejects: Path
    form: str
    schema: pl.Schema
    is_folder: bool = False
    can_resume: bool = True


Say = Callable[[str], None]
Watch = Callable[[Done], None]


def run(inputs: Inputs, scoring: BlockScorer, plan: Plan, watch: Watch, say: Say) -> Result:
    """Score all rows. `watch` is called with each written block, `say` with messages for the user.

    Raises BatchError, BatchFailure, and Interrupted on SIGINT and SIGTERM.
    """
    share_heap()
    with watch_signals() as stop:
        if plan.output is None:
            write = partial(write_stream, form=plan.form, rejects=plan.rejects, watch=watch)
            return _run_at_once(inputs, scoring, plan, plan.rejects, write, stop)
        rejects = plan.rejects or find_default_rejects(plan.output)
        if plan.workbook is not None:
            book = partial(write_workbook, plan=plan.workbook, output=plan.output, rejects=rejects, watch=watch)
            return _run_at_once(inputs, scoring, plan, rejects, book, stop)
        target = Target(
            plan.output, rejects, plan.form, scoring.schema, plan.is_folder, can_resume=inputs.can_be_resumed
        )
        return _run_parts(inputs, scoring, plan, target, watch, say, stop)


def _score_blocks(
    inputs: Inputs, scoring: BlockScorer, plan: Plan, start: Position, stop: StopSignal
) -> Generator[Done]:
    return score_blocks(inputs, scoring.score, plan.threads or os.cpu_count() or 1, start, stop.event)


def _run_at_once(  # noqa: PLR0913, PLR0917 (the parts of a run)
    inputs: Inputs,
    scoring: BlockScorer,
    plan: Plan,
    rejects: Path | None,
    write: Callable[..., RowCounts],
    stop: StopSignal,
) -> Result:
    """Write all rows with `write`; such a run cannot be resumed."""
    try:
        with contextlib.closing(_score_blocks(inputs, scoring, plan, Position(), stop)) as blocks:
            counts = do_in_thread(lambda: write(blocks, scoring.schema))
    except Stopped as error:
        written = "what was written so far is not complete" if plan.output is None else "nothing was written"
        raise Interrupted(stop.number, f"interrupted; {written}.") from error
    return _make_result(counts, rejects, inputs)


def _run_parts(  # noqa: PLR0913, PLR0917 (the parts of a run)
    inputs: Inputs, scoring: BlockScorer, plan: Plan, target: Target, watch: Watch, say: Say, stop: StopSignal
) -> Result:
    form = plan.form if plan.is_folder else None
    folder = WorkFolder(target.output, _describe_run(inputs, plan), resume=plan.resume, form=form)
    try:
        _say_what_was_found(folder, plan, target, say)
        start = folder.parts[-1].end if folder.parts else Position()
        if not folder.placed:
            with contextlib.closing(_score_blocks(inputs, scoring, plan, start, stop)) as blocks:
                do_in_thread(lambda: write_parts(blocks, folder, target, plan.part_rows, watch))
            do_in_thread(lambda: place_output(folder, target))
        else:
            folder.remove()
    except Stopped as error:
        raise Interrupted(stop.number, _explain_interruption(folder, target)) from error
    finally:
        folder.close()
    counts = sum((part.counts for part in folder.parts), RowCounts.zero())
    return _make_result(counts, target.rejects, inputs)


def _make_result(counts: RowCounts, rejects: Path | None, inputs: Inputs) -> Result:
    tally = counts.tally.settle()
    return Result(counts.scored, counts.rejected, tally, rejects if counts.rejected else None, inputs.unknown)


def _describe_run(inputs: Inputs, plan: Plan) -> dict[str, Any]:
    sources = [[source.identity, source.size, source.changed] for source in inputs.sources]
    forms = {"input form": inputs.form, "output form": plan.form, "output is a folder": plan.is_folder}
    return {"input": sources, **forms, **plan.about}


def _say_what_was_found(folder: WorkFolder, plan: Plan, target: Target, say: Say) -> None:
    if folder.placed:
        say(f"{target.output} was already complete.")
    elif plan.resume and folder.parts:
        say(f"resuming after row {_count_done(folder):,}.")
    elif plan.resume:
        say("nothing to resume; starting over.")
    elif folder.found:
        how = " (--resume would have continued it)" if target.can_resume else ""
        say(f"an earlier run was not finished; starting over{how}.")


def _explain_interruption(folder: WorkFolder, target: Target) -> str:
    if not (done := _count_done(folder)):
        return "interrupted before any part was complete; nothing was written."
    if not target.can_resume:
        return "interrupted; nothing was written. Run the same command again: this input cannot be resumed."
    return f"interrupted; {done:,} rows are kept: run the same command with --resume to continue."


def _count_done(folder: WorkFolder) -> int:
    return sum(part.counts.scored + part.counts.rejected for part in folder.parts)


def write_parts(blocks: Iterator[Done], folder: WorkFolder, target: Target, most: int, watch: Watch) -> None:
    """Write the blocks to parts of about `most` rows each. Raises BatchFailure where they cannot be written."""
    first = next(blocks, None)
    while first is not None or not folder.parts:  # an output without rows has one part with the header
        _write_part(chain([] if first is None else [first], blocks), folder, target, most, watch)
        if (first := next(blocks, None)) is not None:
            _release_heap()  # what was freed in pieces cannot all be used again, so each part would hold a little more


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
        folder.complete(part._replace(counts=part.counts.settle()))
    except Exception as error:
        paths[0].unlink(missing_ok=True)
        raise _explain(error, target.output, target) from error


def _explain(error: BaseException, output: Path, target: Target) -> BaseException:
    """Return the error if it is ours, otherwise one that says what could not be written."""
    if not isinstance(error, OSError | pl.exceptions.PolarsError):
        return error
    cause = describe_cause(error)
    cause = "No space left on device" if "No space left" in cause else cause[:200]
    how = " with --resume" if target.can_resume else ""
    return BatchFailure(f"{output} cannot be written ({cause}); free some space, then run again{how}.")


def place_output(folder: WorkFolder, target: Target) -> None:
    """Move the complete rejects and rows to their places. Raises BatchFailure, leaving the old output."""
    # Rows last: anyone who sees the output can rely on the rejects. Before the move, `finish` records what is moved, so
    # that the next run can tell where this one was killed. If `final` is still in the folder, both files are moved
    # again in the same way; if it is gone and the output has its size, only cleaning up is left.
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
            move_whole(final, path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _explain(error, path, target) from error
    folder.remove()


def _finish_rows(rows: list[Path], folder: WorkFolder, target: Target) -> Path:
    """Return the file or folder with all rows."""
    if target.is_folder:
        finish_part_folder(folder.rows)
        return folder.rows
    if len(rows) == 1:
        return rows[0]
    _release_heap()  # scoring is over, and Polars brings an allocator of its own
    final = folder.path / FINAL
    join_parts(rows, target.form, final)
    return final


_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # of malloc.h
_LARGEST = 64 << 20


def share_heap() -> None:
    """Make glibc use one heap and keep freed memory; call this before starting threads.

    By default each thread has its own heap and returns large arrays to the system, which must clear every page again.
    With another C library this does nothing. See `man mallopt`.
    """
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, value in ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, _LARGEST), (_TRIM_THRESHOLD, 4 * _LARGEST)):
            mallopt(parameter, value)


def _release_heap() -> None:
    """Give what was freed back to the system, which `share_heap` keeps; with another C library nothing happens."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
