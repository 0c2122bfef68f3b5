"""Work that ends when somebody asks for it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

from provider_advisor.batch.run import Interrupted

__all__ = ["ended_by_signals"]

T = TypeVar("T")
_OFTEN = 0.2


def ended_by_signals(work: Callable[[threading.Event], T], cancel: Callable[[], None], output: str) -> T:
    """What the work comes to. On SIGINT and SIGTERM its event is set, and `cancel` called until it ends.

    The work is done in a thread of its own: Python hands signals to the main one, and Spark's bridge to Java breaks
    where one comes while it speaks. Raises Interrupted if the work did not come to its end, else what it raises.
    """
    stop, came = threading.Event(), []
    if threading.current_thread() is not threading.main_thread():
        return work(stop)

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        stop.set()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        done, error = _joined(work, stop, cancel)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if error is not None and came:
        raise Interrupted(came[0], f"interrupted; {output} was not written.") from error
    if error is not None:
        raise error
    return done[0]


def _joined(
    work: Callable[[threading.Event], T], stop: threading.Event, cancel: Callable[[], None]
) -> tuple[list[T], BaseException | None]:
    done: list[T] = []
    errors: list[BaseException] = []

    def guarded() -> None:
        try:
            done.append(work(stop))
        except BaseException as error:  # noqa: BLE001 (raised again by whoever waits)
            errors.append(error)

    thread = threading.Thread(target=guarded, name="spark")
    thread.start()
    while thread.is_alive():
        thread.join(_OFTEN)
        if stop.is_set():
            cancel()
    return done, next(iter(errors), None)
