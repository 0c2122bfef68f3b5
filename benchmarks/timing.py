"""Time of calls in this process, and the surroundings of those in another."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterable


def as_installed() -> dict[str, str]:
    """The environment for a command as its users have it: Python keeps the byte code of what it has once compiled."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def median_ms(calls: Iterable[Callable[[], object]]) -> float:
    """The median time of the calls, each made once, in milliseconds."""
    times = []
    for call in calls:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return 1000 * statistics.median(times)
