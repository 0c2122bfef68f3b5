"""Many teams: files and memory beside a plain copy, growth, and the same teams with other engines.

`python -m benchmarks batch` takes a million teams, or as many as the environment variable BENCHMARK_TEAMS says.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import teams
from benchmarks.timing import as_installed

__all__ = ["HEAD", "make_row", "rows", "run_command", "special"]

HEAD = [
    "| what | teams | time | a team | beside | target | peak memory |",
    "|---|---|---|---|---|---|---|",
]

_TEAMS = 1_000_000
_ROUNDS = 5
_GROWTH = (10_000, 100_000, 1_000_000, 10_000_000)
_COPY = "import sys, polars; polars.scan_csv(sys.argv[1]).sink_parquet(sys.argv[2])"
_REJECTED = 3
# The peers: their names in the table, the share of the teams that they are given, and the target.
_PEERS = (
    ("zen", "ZEN `evaluate_batch`", 0.1, 30),
    ("rule-engine", "rule-engine", 0.02, 30),
    ("durable-rules", "a durable-rules loop", 0.02, 80),
    ("duckdb", "DuckDB SQL", 1.0, 6),
    ("duckdb-unmet", "DuckDB SQL with the musts unmet", 1.0, 6),
    ("duckdb-cells", "DuckDB SQL that splits and reads the cells", 1.0, 6),
)
_LEAST = 2_000


class _Run(NamedTuple):
    """A process: its time in seconds, the most memory that it held, in MB, and its CPU time."""

    seconds: float
    memory: float
    busy: float = 0


def rows() -> list[str]:
    """The files beside the copy, then members, choices and must-nots, then the growth, then the peers."""
    count = int(os.environ.get("BENCHMARK_TEAMS", _TEAMS))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        return [*files(place, count), *special(place, count), *growth(place, count), *peers(place, count)]


def files(folder: Path, count: int) -> list[str]:
    """The copy, and each form of the command, whole processes that alternate with it: medians, and of the ratios."""
    source = folder / "teams.csv"
    teams.write(source, count)
    copy = _copy(source)
    run_command(copy)
    found = [make_row("Polars: CSV to Parquet untouched", count, [run_command(copy) for _ in range(_ROUNDS)], "", "")]
    for name, options, target in (("default columns", (), 2.8), ("with `--reasons`", ("--reasons",), 3.5)):
        command = _batch(source, options)
        run_command(command)
        pairs = [(run_command(copy), run_command(command)) for _ in range(_ROUNDS)]
        ratio = statistics.median(mine.seconds / plain.seconds for plain, mine in pairs)
        what = f"`recommend batch`, {name}"
        found.append(make_row(what, count, [mine for _, mine in pairs], f"{ratio:.2f} times the copy", f"{target}"))
    return found


def special(folder: Path, count: int) -> list[str]:
    """Teams of which three in ten have a member, a choice or a must-not, beside the same without: CPU time."""
    commands = []
    for name in ("plain", "special"):
        source = folder / f"{name}.csv"
        teams.write(source, count, special=name == "special")
        commands.append(_batch(source, ()))
        run_command(commands[-1])
    pairs = [tuple(run_command(command) for command in commands) for _ in range(_ROUNDS)]
    ratio = statistics.median(after.busy / before.busy for before, after in pairs)
    what = "30 % of the teams with members, choices or must-nots"
    return [make_row(what, count, [after for _, after in pairs], f"{ratio:.2f} times the CPU time without", "1.3")]


def growth(folder: Path, count: int) -> list[str]:
    """Time and memory from ten thousand teams to ten times as many as are measured."""
    found, before = [], None
    for size in (size for size in _GROWTH if size <= 10 * count):
        source = folder / "growing.csv"
        teams.write(source, size)
        runs = [run_command(_batch(source, ())) for _ in range(1 if size > count else 3)]
        source.unlink()
        memory = max(run.memory for run in runs)
        beside = f"{memory / before:.2f} times the memory of a tenth" if before else ""
        found.append(make_row("growth: default columns", size, runs, beside, "1.1 times, 800 MB"))
        before = memory
    return found


def peers(folder: Path, count: int) -> list[str]:
    """The same teams in memory, each peer in a process of its own, next to the project; slow ones take a sample."""
    source, size = folder / "clean.csv", max(count // 10, _LEAST)
    teams.write(source, size, clean=True)
    projects, found = [], []
    for name, what, share, target in _PEERS:
        sample = max(int(size * share), _LEAST)
        projects.append(_in_memory("kernel", source, size))
        run = _in_memory(name, source, sample)
        ratio = run.seconds / sample / (projects[-1].seconds / size)
        found.append(
            make_row(f"{what}, two-valued", sample, [run], f"{ratio:.0f} times the project", f"at least {target}")
        )
    return [make_row("the project, in memory", size, projects, "", ""), *found]


def _copy(source: Path) -> list[str]:
    return [sys.executable, "-c", _COPY, str(source), str(source.with_name("copy.parquet"))]


def _batch(source: Path, options: Sequence[str]) -> list[str]:
    command = Path(sys.executable).with_name("recommend")
    return [str(command), "batch", str(source), str(source.with_name("scores.parquet")), *options]


def run_command(command: Sequence[str]) -> _Run:
    """Run a process to its end. Raises SystemExit, with what it said, if it fails."""
    with tempfile.TemporaryFile() as said:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, env=as_installed())
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in {0, _REJECTED}:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)}: {said.read().decode(errors='replace').strip()}")
    return _Run(seconds, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime)


def _in_memory(name: str, source: Path, count: int) -> _Run:
    command = [sys.executable, "-m", "benchmarks.peers", name, str(source), str(count)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr.strip()}")
    return _Run(statistics.median(json.loads(done.stdout)["seconds"]), 0)


def make_row(what: str, count: int, runs: Sequence[_Run], beside: str = "", target: str = "") -> str:
    """A row of the table: medians of the times, and the most memory."""
    seconds = statistics.median(run.seconds for run in runs)
    memory = max(run.memory for run in runs)
    cells = [
        what,
        f"{count:,}",
        f"{seconds:.2f} s",
        f"{1e6 * seconds / count:.2f} µs",
        beside,
        target,
        f"{memory:.0f} MB" if memory else "",
    ]
    return f"| {' | '.join(cells)} |"
