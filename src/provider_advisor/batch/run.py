"""A run over many teams: inputs in, an output and its rejects out, nothing lost between them."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from provider_advisor.batch.blocks import Position
from provider_advisor.batch.flow import Stopped, flow
from provider_advisor.batch.heap import share_heap
from provider_advisor.batch.kernel.tally import Tally
from provider_advisor.batch.reading import Inputs
from provider_advisor.batch.scoring import Done, Scoring
from provider_advisor.batch.writing.parts import Target, place, write_parts
from provider_advisor.batch.writing.rejects import default_rejects
from provider_advisor.batch.writing.stream import write_stream
from provider_advisor.batch.writing.work import WorkFolder
from provider_advisor.errors import BatchError

__all__ = ["Interrupted", "Plan", "Result", "check_places", "run"]

PART_ROWS = 1_000_000
_PATIENCE = 0.1


class Interrupted(BatchError):  # noqa: N818 (nothing is wrong)
    """The run was stopped by a signal, `number`; what is done so far is kept where it can be gone on with."""

    def __init__(self, number: int, sentence: str) -> None:
        self.number = number
        super().__init__(sentence)


class Plan(NamedTuple):
    """What to do with the scored rows. `output` None is standard output; `rejects` None is beside the output.

    `about` says what the output depends on besides its inputs: a run is gone on with only if that is the same.
    """

    output: Path | None
    form: str
    rejects: Path | None = None
    threads: int = 0
    resume: bool = False
    part_rows: int = PART_ROWS
    about: Mapping[str, Any] = {}


class Result(NamedTuple):
    """What a run came to. `rejects` is the file of rejects, if there is one."""

    scored: int
    rejected: int
    tally: Tally
    rejects: Path | None


Say = Callable[[str], None]
Watch = Callable[[Done], None]


def run(inputs: Inputs, scoring: Scoring, plan: Plan, watch: Watch, say: Say) -> Result:
    """Score all rows. `watch` sees each block when it is written, `say` gets what the user should know at once.

    Raises BatchError, BatchFailure, and Interrupted on SIGINT and SIGTERM.
    """
    share_heap()
    with _stopped_by_signals() as stop:
        if plan.output is None:
            return _run_stream(inputs, scoring, plan, watch, stop)
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
def _stopped_by_signals() -> Iterator[_Stop]:
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


def _apart(work: Callable[[], None]) -> None:
    """Do the work in a thread of its own: Python hands signals only to a main thread that is not busy elsewhere."""
    errors: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 (raised again below)
            errors.append(error)

    thread = threading.Thread(target=guarded, name="write")
    thread.start()
    while thread.is_alive():
        thread.join(_PATIENCE)  # a signal that another thread got is seen only when this one wakes
    if errors:
        raise errors[0]


def _blocks(inputs: Inputs, scoring: Scoring, plan: Plan, start: Position, stop: _Stop) -> Generator[Done]:
    return flow(inputs, scoring.score, plan.threads or os.cpu_count() or 1, start, stop.event)


def _run_stream(inputs: Inputs, scoring: Scoring, plan: Plan, watch: Watch, stop: _Stop) -> Result:
    results: list[tuple[int, int, Tally]] = []

    def work() -> None:
        with contextlib.closing(_blocks(inputs, scoring, plan, Position(), stop)) as blocks:
            results.append(write_stream(blocks, scoring.schema, plan.form, plan.rejects, watch))

    try:
        _apart(work)
    except Stopped as error:
        raise Interrupted(stop.number, "interrupted; what was written so far is not complete.") from error
    scored, rejected, tally = results[0]
    return Result(scored, rejected, tally, plan.rejects if rejected else None)


def _run_parts(  # noqa: PLR0913, PLR0917 (the parts of a run)
    inputs: Inputs, scoring: Scoring, plan: Plan, output: Path, watch: Watch, say: Say, stop: _Stop
) -> Result:
    target = Target(output, plan.rejects or default_rejects(output), plan.form, scoring.schema)
    folder = WorkFolder(output, _head(inputs, plan), resume=plan.resume)
    try:
        _say_what_was_found(folder, plan, output, say)
        start = folder.parts[-1].end if folder.parts else Position()
        if not folder.placed:
            with contextlib.closing(_blocks(inputs, scoring, plan, start, stop)) as blocks:
                _apart(lambda: write_parts(blocks, folder, target, plan.part_rows, watch))
            _apart(lambda: place(folder, target))
        else:
            folder.remove()
    except Stopped as error:
        raise Interrupted(stop.number, _kept(folder)) from error
    finally:
        folder.close()
    return _result(folder, target)


def _head(inputs: Inputs, plan: Plan) -> dict[str, Any]:
    sources = [[os.path.abspath(source.path or ""), source.size, source.changed] for source in inputs.sources]  # noqa: PTH100
    return {"input": sources, "input form": inputs.form, "output form": plan.form, **plan.about}


def _say_what_was_found(folder: WorkFolder, plan: Plan, output: Path, say: Say) -> None:
    done = sum(part.scored + part.rejected for part in folder.parts)
    if folder.placed:
        say(f"{output} was complete already.")
    elif plan.resume and folder.parts:
        say(f"going on behind row {done:,}.")
    elif plan.resume:
        say("there is nothing to go on with; starting anew.")
    elif folder.found:
        say("an earlier run was not finished; starting anew (--resume would have gone on with it).")


def _kept(folder: WorkFolder) -> str:
    done = sum(part.scored + part.rejected for part in folder.parts)
    if not done:
        return "interrupted before any part was complete; nothing was written."
    return f"interrupted; {done:,} rows are kept: run the same command with --resume to go on."


def _result(folder: WorkFolder, target: Target) -> Result:
    tally = Tally.empty()
    for part in folder.parts:
        tally += Tally.from_json(part.tally)
    rejected = sum(part.rejected for part in folder.parts)
    scored = sum(part.scored for part in folder.parts)
    return Result(scored, rejected, tally, target.rejects if rejected else None)


def check_places(inputs: Inputs, written: Mapping[str, Path]) -> None:
    """Raises BatchError if a file to write, by what it is, is a folder or an input, or has no place to be written."""
    for what, path in written.items():
        _check_place(what, path)
        if any(source.path is not None and _same(path, Path(source.path)) for source in inputs.sources):
            raise BatchError(f"{what} {path} is an input; name another file.")
    paths = [path.resolve() for path in written.values()]
    twice = [path for path in paths if paths.count(path) > 1]
    if twice:
        raise BatchError(f"{twice[0]} would be written twice; name different files.")


def _check_place(what: str, path: Path) -> None:
    if path.is_dir():
        raise BatchError(f"{what} {path} is a folder; name a file in it.")
    if path.exists() and not path.is_file():
        raise BatchError(f"{what} {path} is no ordinary file; for standard output write -.")
    folder = path.parent
    if not folder.is_dir():
        raise BatchError(f"{what} {path} has no place: there is no folder {folder}; make it, or name another.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BatchError(f"{what} {path} cannot be written: the folder {folder} is read-only; name another.")


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return one.resolve() == other.resolve()
