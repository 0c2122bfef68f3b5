"""A run over many teams: inputs in, an output and its rejects out, nothing lost between them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from provider_advisor.batch.blocks import Done, Position, Stopped
from provider_advisor.batch.kernel.counts import Tally
from provider_advisor.batch.pipeline import Scoring, score_blocks
from provider_advisor.batch.reading import Inputs
from provider_advisor.batch.writing.parts import Target, place_output, write_parts
from provider_advisor.batch.writing.places import find_default_rejects
from provider_advisor.batch.writing.stream import write_stream
from provider_advisor.batch.writing.workbook import WorkbookPlan, write_workbook
from provider_advisor.batch.writing.workdir import WorkFolder
from provider_advisor.errors import BatchError
from provider_advisor.requirements.unknown_words import UnknownWords

__all__ = ["Interrupted", "Plan", "Result", "run", "share_heap"]

PART_ROWS = 1_000_000
_PATIENCE = 0.1


class Interrupted(BatchError):  # noqa: N818 (nothing is wrong)
    """The run was stopped by a signal, `number`; what is done so far is kept for --resume."""

    def __init__(self, number: int, sentence: str) -> None:
        self.number = number
        super().__init__(sentence)


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
    """What a run came to. `rejects` is the file of rejects, if there is one.

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
    with _watch_signals() as stop:
        if plan.output is None:
            return _run_stream(inputs, scoring, plan, watch, stop)
        if plan.workbook is not None:
            return _run_workbook(inputs, scoring, plan, plan.output, plan.workbook, watch, stop)
        return _run_parts(inputs, scoring, plan, plan.output, watch, say, stop)


class _Stop:
    """Whether a signal came, and which."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.number = 0

    def __call__(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 (as handlers are called)
        self.number = number
        self.event.set()


@contextlib.contextmanager
def _watch_signals() -> Iterator[_Stop]:
    stop = _Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run_in_thread(work: Callable[[], None]) -> None:
    """Do the work in a thread of its own: Python hands signals only to a main thread that is not busy elsewhere."""
    errors: list[BaseException] = []

    def keep_error() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 (raised again below)
            errors.append(error)

    thread = threading.Thread(target=keep_error, name="write")
    thread.start()
    while thread.is_alive():
        thread.join(_PATIENCE)  # a signal that another thread got is seen only when this one wakes
    if errors:
        raise errors[0]


def _score_blocks(inputs: Inputs, scoring: Scoring, plan: Plan, start: Position, stop: _Stop) -> Generator[Done]:
    return score_blocks(inputs, scoring.score, plan.threads or os.cpu_count() or 1, start, stop.event)


def _run_stream(inputs: Inputs, scoring: Scoring, plan: Plan, watch: Watch, stop: _Stop) -> Result:
    results: list[tuple[int, int, Tally]] = []

    def work() -> None:
        with contextlib.closing(_score_blocks(inputs, scoring, plan, Position(), stop)) as blocks:
            results.append(write_stream(blocks, scoring.schema, plan.form, plan.rejects, watch))

    try:
        _run_in_thread(work)
    except Stopped as error:
        raise Interrupted(stop.number, "interrupted; what was written so far is not complete.") from error
    scored, rejected, tally = results[0]
    return Result(scored, rejected, tally, plan.rejects if rejected else None, inputs.unknown)


def _run_workbook(  # noqa: PLR0913, PLR0917 (the parts of a run)
    inputs: Inputs, scoring: Scoring, plan: Plan, output: Path, book: WorkbookPlan, watch: Watch, stop: _Stop
) -> Result:
    results: list[tuple[int, int, Tally]] = []
    rejects = plan.rejects or find_default_rejects(output)

    def work() -> None:
        with contextlib.closing(_score_blocks(inputs, scoring, plan, Position(), stop)) as blocks:
            results.append(write_workbook(blocks, scoring.schema, book, output, rejects, watch))

    try:
        _run_in_thread(work)
    except Stopped as error:
        raise Interrupted(stop.number, "interrupted; nothing was written.") from error
    scored, rejected, tally = results[0]
    return Result(scored, rejected, tally, rejects if rejected else None, inputs.unknown)


def _run_parts(  # noqa: PLR0913, PLR0917 (the parts of a run)
    inputs: Inputs, scoring: Scoring, plan: Plan, output: Path, watch: Watch, say: Say, stop: _Stop
) -> Result:
    target = Target(output, plan.rejects or find_default_rejects(output), plan.form, scoring.schema, plan.is_folder,
                    inputs.can_be_resumed)  # fmt: skip
    form = plan.form if plan.is_folder else None
    folder = WorkFolder(output, _describe_run(inputs, plan), resume=plan.resume, form=form)
    try:
        _say_what_was_found(folder, plan, target, say)
        start = folder.parts[-1].end if folder.parts else Position()
        if not folder.placed:
            with contextlib.closing(_score_blocks(inputs, scoring, plan, start, stop)) as blocks:
                _run_in_thread(lambda: write_parts(blocks, folder, target, plan.part_rows, watch))
            _run_in_thread(lambda: place_output(folder, target))
        else:
            folder.remove()
    except Stopped as error:
        raise Interrupted(stop.number, _explain_interruption(folder, target)) from error
    finally:
        folder.close()
    return _make_result(folder, target)._replace(unknown=inputs.unknown)


def _describe_run(inputs: Inputs, plan: Plan) -> dict[str, Any]:
    sources = [[source.identity, source.size, source.changed] for source in inputs.sources]
    forms = {"input form": inputs.form, "output form": plan.form, "output is a folder": plan.is_folder}
    return {"input": sources, **forms, **plan.about}


def _say_what_was_found(folder: WorkFolder, plan: Plan, target: Target, say: Say) -> None:
    done = sum(part.scored + part.rejected for part in folder.parts)
    if folder.placed:
        say(f"{target.output} was already complete.")
    elif plan.resume and folder.parts:
        say(f"resuming after row {done:,}.")
    elif plan.resume:
        say("nothing to resume; starting over.")
    elif folder.found:
        how = " (--resume would have continued it)" if target.can_resume else ""
        say(f"an earlier run was not finished; starting over{how}.")


def _explain_interruption(folder: WorkFolder, target: Target) -> str:
    done = sum(part.scored + part.rejected for part in folder.parts)
    if not done:
        return "interrupted before any part was complete; nothing was written."
    if not target.can_resume:
        return "interrupted; nothing was written. Run the same command again: this input cannot be resumed."
    return f"interrupted; {done:,} rows are kept: run the same command with --resume to continue."


def _make_result(folder: WorkFolder, target: Target) -> Result:
    tally = Tally.empty()
    for part in folder.parts:
        tally += part.tally
    rejected = sum(part.rejected for part in folder.parts)
    scored = sum(part.scored for part in folder.parts)
    return Result(scored, rejected, tally, target.rejects if rejected else None)


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
