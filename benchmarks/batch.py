"""Many teams: files and memory beside a plain copy, growth, and the same teams with other engines.

`python -m benchmarks batch` takes a million teams, or as many as the environment variable BENCHMARK_TEAMS says. With
`--facts` and `--rules` it measures another base, with teams that are made up from it, beside the copy and nothing else.
So today's code can be measured on the base with which the targets were set.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from benchmarks import teams
from benchmarks.timing import Run, run_command
from provider_advisor import KnowledgeBase, load

HEAD = [
    "| what | teams | time | a team | beside | target | peak memory |",
    "|---|---|---|---|---|---|---|",
]

_TEAMS = 1_000_000
_ROUNDS = 3
_SHARE = 5  # rows that only compare options take a fifth of the teams
_GROWTH = (10_000, 100_000, 1_000_000, 10_000_000)
_COPY = "import sys, polars; polars.scan_csv(sys.argv[1]).sink_parquet(sys.argv[2])"
_SPECIAL = 3  # of ten rows
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


def rows() -> list[str]:
    """The files beside the copy, then members, choices and must-nots, then the growth, then the peers."""
    count = _count_teams()
    with tempfile.TemporaryDirectory() as folder:
        place, some = Path(folder), max(count // _SHARE, _LEAST)
        return [*files(place, count), *special(place, some), *growth(place, count), *peers(place, count)]


def rows_of_base(facts: Path, rules: Path) -> list[str]:
    """The copy, then all providers of another base, with default columns and with reasons: the targets are for two."""
    count, knowledge = _count_teams(), load(facts, rules)
    base = ("--facts", str(facts), "--rules", str(rules))
    what = f"{len(knowledge.providers)} providers, {len(knowledge.criteria)} criteria"
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "teams.csv")
        return [
            _write_and_copy(source, count, knowledge),
            _beside_copy(source, count, f"{what}, default columns", base, "2.5"),
            _beside_copy(source, count, f"{what}, with `--reasons`", (*base, "--reasons"), "3"),
        ]


def _count_teams() -> int:
    return int(os.environ.get("BENCHMARK_TEAMS", _TEAMS))


def files(folder: Path, count: int) -> list[str]:
    """The copy, and each form of the command, whole processes that alternate with it: medians, and of the ratios.

    The targets are those of two providers; the columns of all providers of the base come on top.
    """
    source, some = folder / "teams.csv", folder / "some.csv"
    knowledge = load()
    found = [_write_and_copy(source, count, knowledge)]
    teams.write(some, count // _SHARE)
    providers = knowledge.providers
    two = ",".join(sorted(providers, key=lambda name: -len(providers[name].claims))[:2])
    every = f"{len(providers)} providers"
    found += [
        _beside_copy(source, count, "two providers, default columns", ("--only", two), "2.5"),
        _beside_copy(source, count, "two providers, with `--reasons`", ("--only", two, "--reasons"), "3"),
        _beside_copy(source, count, f"{every}, default columns", ()),
        _beside_copy(source, count, f"{every}, with `--reasons`", ("--reasons",)),
        _beside_copy(some, count // _SHARE, f"{every}, `--long`", ("--long",)),
    ]
    return found


def _write_and_copy(source: Path, count: int, knowledge: KnowledgeBase) -> str:
    """Write teams to a file, and return the row of its plain copy."""
    teams.write(source, count, knowledge=knowledge)
    copy = _copy(source)
    run_command(copy)
    return make_row("Polars: CSV to Parquet untouched", count, [run_command(copy) for _ in range(_ROUNDS)], "", "")


def _beside_copy(source: Path, count: int, name: str, options: Sequence[str], target: str = "") -> str:
    copy, command = _copy(source), _batch(source, options)
    run_command(command)
    pairs = [(run_command(copy), run_command(command)) for _ in range(_ROUNDS)]
    ratio = statistics.median(mine.seconds / plain.seconds for plain, mine in pairs)
    busy = statistics.median(mine.busy / plain.busy for plain, mine in pairs)
    beside = f"{ratio:.2f} times the copy, {busy:.2f} times its CPU time"
    return make_row(f"`recommend batch`, {name}", count, [mine for _, mine in pairs], beside, target)


def special(folder: Path, count: int) -> list[str]:
    """Teams of which three in ten say something special, beside the same without: CPU time."""
    plain, members = folder / "plain.csv", folder / "special.csv"
    teams.write(plain, count)
    teams.write(members, count, special=True)
    [(area, _)] = Counter(criterion.area for criterion in load().criteria.values()).most_common(1)
    own = _add_column(plain, folder / "own.csv", "unlisted", ["loan phones", "a desk: should", "night shift, tea"])
    weighing = _add_column(plain, folder / "weighing.csv", f"weights.{area}", ["20", "35", "50"])
    return [
        _compare(plain, members, count, "members, choices or must-nots", "1.3"),
        _compare(plain, own, count, "requirements in own words", ""),
        _compare(plain, weighing, count, "weights by area", ""),
    ]


def _add_column(source: Path, target: Path, name: str, cells: Sequence[str]) -> Path:
    """Write a table again with one more column, which three rows in ten fill."""
    table = pl.read_csv(source, infer_schema=False)
    some = [cells[row % len(cells)] if row % 10 < _SPECIAL else None for row in range(table.height)]
    table.with_columns(pl.Series(name, some)).write_csv(target)
    return target


def _compare(plain: Path, other: Path, count: int, what: str, target: str) -> str:
    commands = [_batch(source, ()) for source in (plain, other)]
    for command in commands:
        run_command(command)
    pairs = [tuple(run_command(command) for command in commands) for _ in range(_ROUNDS)]
    ratio = statistics.median(after.busy / before.busy for before, after in pairs)
    beside = f"{ratio:.2f} times the CPU time without"
    return make_row(f"30 % of the teams with {what}", count, [after for _, after in pairs], beside, target)


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


def _in_memory(name: str, source: Path, count: int) -> Run:
    command = [sys.executable, "-m", "benchmarks.peers", name, str(source), str(count)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr.strip()}")
    return Run(statistics.median(json.loads(done.stdout)["seconds"]), 0)


def make_row(what: str, count: int, runs: Sequence[Run], beside: str = "", target: str = "") -> str:
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
