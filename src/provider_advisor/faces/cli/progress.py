"""A bar on the terminal for long runs: rows, rate and time left; only at a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

_PAUSE = 0.1


class Advance(Protocol):
    """Called with the bytes read so far and the rows done since the last call."""

    def __call__(self, read: int, rows: int) -> None:
        """Show it."""


@contextmanager
def progress_bar(size: int, *, quiet: bool) -> Iterator[Advance]:
    """A bar for an input of this many bytes, 0 if that is unknown; on standard error, only if that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield _nothing
        return
    from rich.console import Console  # noqa: PLC0415 (slow to import, and most runs have no terminal)
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn  # noqa: PLC0415

    left = TimeRemainingColumn() if size else TimeElapsedColumn()
    columns = (BarColumn(), TextColumn("{task.fields[rows]:,} rows"), TextColumn("{task.fields[rate]:,} rows/s"), left)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=size or None, rows=0, rate=0)
        began, rows_done, shown = time.monotonic(), 0, 0.0

        def advance(read: int, rows: int) -> None:
            nonlocal rows_done, shown
            rows_done += rows
            now = time.monotonic()
            if now - shown >= _PAUSE:
                rate = int(rows_done / max(now - began, _PAUSE))
                bar.update(task, completed=read, rows=rows_done, rate=rate)
                shown = now

        yield advance


def _nothing(read: int, rows: int) -> None:
    """Show nothing."""
