"""One heap for all threads: what one block of rows frees, the next takes, whichever thread it is that scores it."""

from __future__ import annotations

import contextlib
import ctypes

__all__ = ["share_heap"]

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # of malloc.h
_LARGEST = 64 << 20


def share_heap() -> None:
    """Have glibc keep one heap, and keep what is freed; to be called before there are threads.

    By default each thread has a heap of its own, and gives large arrays back to the system, which then has to clear
    every page again. Where the C library is another, nothing happens. See `man mallopt`.
    """
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, value in ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, _LARGEST), (_TRIM_THRESHOLD, 4 * _LARGEST)):
            mallopt(parameter, value)
