"""Stop a run on SIGINT and SIGTERM at a point where the work so far is complete."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TypeVar

from provider_advisor.errors import BatchError

_PATIENCE = 0.1
T = TypeVar("T")


class Stopped(Exception):  # noqa: N818 (nothing is wrong)
    """Blocks come to an end before the input does, because the run was asked to stop."""


class Interrupted(BatchError):  # noqa: N818 (nothing is wrong)
    """The run was stopped by the signal `number`; finished work is kept for --resume."""

    def __init__(self, number: int, sentence: str) -> None:
        self.number = number
        super().__init__(sentence)


class StopSignal:
    """The `number` of the first signal received; 0 for none."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.number = 0

    def __call__(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 (as handlers are called)
        """Record a signal; called by Python."""
        self.number = self.number or number
        self.event.set()


@contextlib.contextmanager
def watch_signals() -> Iterator[StopSignal]:
    """Record SIGINT and SIGTERM instead of ending the process; only possible in the main thread."""
    stop = StopSignal()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    # Only for the run: outside, Ctrl-C ends the process at once, as people expect.
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def do_in_thread(work: Callable[[], T], watch: Callable[[], None] = lambda: None) -> T:
    """Run the work in its own thread; return its result, or raise its exception.

    Python runs signal handlers in the main thread between bytecode steps: while Polars or Java keeps that thread busy,
    Ctrl-C would do nothing. Meanwhile `watch` is called several times a second.
    """
    done: list[T] = []
    errors: list[BaseException] = []

    def keep_result() -> None:
        try:
            done.append(work())
        except BaseException as error:  # noqa: BLE001 (raised again below)
            errors.append(error)

    thread = threading.Thread(target=keep_result, name="run")
    thread.start()
    while thread.is_alive():
        thread.join(_PATIENCE)  # a signal delivered to another thread is handled only when this one wakes
        watch()
    if errors:
        raise errors[0]
    return done[0]
