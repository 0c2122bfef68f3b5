"""A run over many teams: inputs in, an output and its rejects out, nothing lost between them."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Callable, Generator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from provider_advisor.batch.blocks import Done, Position, RowCounts, Stopped
from provider_advisor.batch.interruption import Interrupted, StopSignal, do_in_thread, watch_signals
from provider_advisor.batch.kernel.counts import Tally
from provider_advisor.batch.pipeline import Scoring, score_blocks
from provider_advisor.batch.reading import Inputs
from provider_advisor.batch.writing.answer_workbook import WorkbookPlan, write_workbook
from provider_advisor.batch.writing.frames import write_stream
from provider_advisor.batch.writing.parts import Target, place_output, write_parts
from provider_advisor.batch.writing.rejects import find_default_rejects
from provider_advisor.batch.writing.workdir import WorkFolder
from provider_advisor.requirements.unlisted import UnknownWords

PART_ROWS = 1_000_000


class Plan(NamedTuple):
    """What to do with the scored rows. `output` None is standard output; `rejects` None is beside the output.

    `about` says what the output depends on besides its inputs: a run is resumed only if that is the same. A `workbook`
    is written at once, without parts.
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

    `unknown` counts the words that no criterion knows, where they are listed instead of refused.
    """

    scored: int
    rejected: int
    tally: Tally
    rejects: Path | None
    unknown: UnknownWords | None = None


Say = Callable[[str], None]
Watch = Callable[[Done], None]


def run(inputs: Inputs, scoring: Scoring, plan: Plan, watch: Watch, say: Say) -> Result:
    """Score all rows. `watch` sees each block when it is written, `say` gets what the user should know at once.

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


def _score_blocks(inputs: Inputs, scoring: Scoring, plan: Plan, start: Position, stop: StopSignal) -> Generator[Done]:
    return score_blocks(inputs, scoring.score, plan.threads or os.cpu_count() or 1, start, stop.event)


def _run_at_once(  # noqa: PLR0913, PLR0917 (the parts of a run)
    inputs: Inputs,
    scoring: Scoring,
    plan: Plan,
    rejects: Path | None,
    write: Callable[..., RowCounts],
    stop: StopSignal,
) -> Result:
    """Write all rows by `write`, which leaves nothing that a later run could continue."""
    try:
        with contextlib.closing(_score_blocks(inputs, scoring, plan, Position(), stop)) as blocks:
            counts = do_in_thread(lambda: write(blocks, scoring.schema))
    except Stopped as error:
        written = "what was written so far is not complete" if plan.output is None else "nothing was written"
        raise Interrupted(stop.number, f"interrupted; {written}.") from error
    return Result(*counts, rejects if counts.rejected else None, inputs.unknown)


def _run_parts(  # noqa: PLR0913, PLR0917 (the parts of a run)
    inputs: Inputs, scoring: Scoring, plan: Plan, target: Target, watch: Watch, say: Say, stop: StopSignal
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
    return Result(*counts, target.rejects if counts.rejected else None, inputs.unknown)


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


_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # of malloc.h
_LARGEST = 64 << 20


def share_heap() -> None:
    """Have glibc keep one heap, and keep what is freed; call it before there are threads.

    By default each thread has a heap of its own and gives large arrays back to the system, which then has to clear
    every page again. With another C library nothing happens. See `man mallopt`.
    """
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, value in ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, _LARGEST), (_TRIM_THRESHOLD, 4 * _LARGEST)):
            mallopt(parameter, value)
