"""Ctrl-C, a request to end, and a closed terminal, all as one exception."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

__all__ = ["EndRequest", "interruptible"]

_NAMES = ("SIGTERM", "SIGHUP")


class EndRequest(KeyboardInterrupt):
    """Somebody wants the process to end; `number` is the signal's."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Within it, the first of these signals raises, and further ones do nothing; afterwards all is as before."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    before = {number: signal.signal(number, _raise) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the shape of a handler)
    for name in _NAMES:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    raise EndRequest(number)
