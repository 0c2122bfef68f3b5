"""Time of calls in this process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable

__all__ = ["median_ms"]


def median_ms(calls: Iterable[Callable[[], object]]) -> float:
    """The median time of the calls, each made once, in milliseconds."""
    times = []
    for call in calls:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return 1000 * statistics.median(times)
