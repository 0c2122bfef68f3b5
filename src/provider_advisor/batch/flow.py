"""Blocks on their way: parsed and scored by several threads, handed on in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from provider_advisor.batch.blocks import Piece, Position
from provider_advisor.batch.reading import Inputs
from provider_advisor.batch.scoring import Done

__all__ = ["Stopped", "flow"]

_AHEAD = 1


class Stopped(Exception):  # noqa: N818 (somebody asked for it)
    """The run was asked to stop."""


def flow(
    inputs: Inputs, score: Callable[[Piece], Done], threads: int, start: Position, stop: threading.Event
) -> Generator[Done]:
    """The scored blocks from a place on, in order and in their places. Raises Stopped when asked to."""
    file, before = start.file, start.records
    for done in _in_order(inputs.pieces(start), score, threads, stop):
        if done.end.file != file:
            file, before = done.end.file, 0
        placed = done.placed(before)
        before = placed.end.records
        yield placed


def _in_order(
    pieces: Iterator[Piece], score: Callable[[Piece], Done], threads: int, stop: threading.Event
) -> Iterator[Done]:
    """What becomes of the pieces; only a few more than there are threads are held at a time."""
    waiting: deque[Future[Done]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="score")
    try:
        for piece in pieces:
            waiting.append(pool.submit(score, piece))
            if len(waiting) > threads + _AHEAD:
                yield _next(waiting, stop)
        while waiting:
            yield _next(waiting, stop)
    finally:
        pool.shutdown(cancel_futures=True)


def _next(waiting: deque[Future[Done]], stop: threading.Event) -> Done:
    if stop.is_set():
        raise Stopped
    return waiting.popleft().result()
