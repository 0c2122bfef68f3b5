"""Time of calls in this process; time, CPU time and memory of whole processes."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

_REJECTED = 3
# What Linux says of a process's memory includes that of the process it was forked from, up to the moment at which it
# became another program: measured from here, a small command would need as much as Polars and these benchmarks do. So a
# process of some 10 MB starts the command and asks.
_LAUNCH = """import json, os, sys, time
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
begin = time.perf_counter()
_, status, used = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet), 0)
seconds = time.perf_counter() - begin
busy = used.ru_utime + used.ru_stime
json.dump([os.waitstatus_to_exitcode(status), seconds, used.ru_maxrss / 1024, busy], sys.stdout)"""


class Run(NamedTuple):
    """A command: its seconds, the most memory that one of its processes held, in MB, and the CPU seconds of all."""

    seconds: float
    memory: float
    busy: float = 0


def as_installed() -> dict[str, str]:
    """Return the environment of a command as its users have it, in which Python keeps byte code."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run_command(command: Sequence[str]) -> Run:
    """Run a process, by the path of its program, to its end. Raises SystemExit, with what it said, if it fails."""
    with tempfile.TemporaryFile() as said:
        launch = [sys.executable, "-I", "-S", "-c", _LAUNCH, *command]
        done = subprocess.run(launch, check=True, stdout=subprocess.PIPE, stderr=said, env=as_installed())
        status, seconds, memory, busy = json.loads(done.stdout)
        if status not in {0, _REJECTED}:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)}: {said.read().decode(errors='replace').strip()}")
    return Run(seconds, memory, busy)


def run_in_turn(commands: Sequence[Sequence[str]], rounds: int) -> list[tuple[Run, ...]]:
    """Run the commands one after the other, again and again, and return the runs of each round.

    So a moment at which the machine is slow meets all of them alike.
    """
    return [tuple(map(run_command, commands)) for _ in range(rounds)]


def median_ms(calls: Iterable[Callable[[], object]]) -> float:
    """Return the median time of the calls, each made once, in milliseconds."""
    times = []
    for call in calls:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return 1000 * statistics.median(times)
