"""Many teams: files and memory beside a plain copy, growth, the same teams with other engines, and workbooks.

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
from benchmarks.timing import Run, run_command, run_in_turn
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
_COMMAND = [str(Path(sys.executable).with_name("recommend")), "batch"]
_SPECIAL = 3  # of ten rows
# The command writes far more cells to a workbook than it reads: a score and six other figures for each provider, a
# sheet of sentences, and the scope. So Polars is measured writing the details, too.
_WORKBOOK_TEAMS, _WORKBOOK_ROUNDS = 5_000, 5
_COPY_WORKBOOK = "import sys, polars; polars.read_excel(sys.argv[1]).write_excel(sys.argv[2])"
_WRITE_DETAILS = """import sys, polars
polars.read_excel(sys.argv[1])
polars.read_parquet(sys.argv[3]).write_excel(sys.argv[2])"""
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


def measure_batch() -> list[str]:
    """Return rows for files beside the copy, for members, choices and must-nots, for the growth, and for the peers."""
    count = _count_teams()
    with tempfile.TemporaryDirectory() as folder:
        place, some = Path(folder), max(count // _SHARE, _LEAST)
        return [
            *measure_files(place, count),
            *measure_special(place, some),
            *measure_growth(place, count),
            *measure_peers(place, count),
        ]


def measure_base(facts: Path, rules: Path) -> list[str]:
    """Return rows for the copy, then for all providers of another base, with default columns and with reasons."""
    count, knowledge = _count_teams(), load(facts, rules)
    base = ("--facts", str(facts), "--rules", str(rules))
    what = f"{len(knowledge.providers)} providers, {len(knowledge.criteria)} criteria"
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "teams.csv")
        return [
            _write_and_copy(source, count, knowledge),
            _compare_with_copy(source, count, f"{what}, default columns", base, "2.5"),
            _compare_with_copy(source, count, f"{what}, with `--reasons`", (*base, "--reasons"), "3"),
        ]


def _count_teams() -> int:
    return int(os.environ.get("BENCHMARK_TEAMS", _TEAMS))


def measure_files(folder: Path, count: int) -> list[str]:
    """Return rows for the copy, and for each form of the command, whole processes that alternate with it.

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
        _compare_with_copy(source, count, "two providers, default columns", ("--only", two), "2.5"),
        _compare_with_copy(source, count, "two providers, with `--reasons`", ("--only", two, "--reasons"), "3"),
        _compare_with_copy(source, count, f"{every}, default columns", ()),
        _compare_with_copy(source, count, f"{every}, with `--reasons`", ("--reasons",)),
        _compare_with_copy(some, count // _SHARE, f"{every}, `--long`", ("--long",)),
    ]
    return found


def _write_and_copy(source: Path, count: int, knowledge: KnowledgeBase) -> str:
    """Write teams to a file, and return the row of its plain copy."""
    teams.write(source, count, knowledge=knowledge)
    copy = _name_copy(source)
    run_command(copy)
    return _make_row("Polars: CSV to Parquet untouched", count, [run_command(copy) for _ in range(_ROUNDS)], "", "")


def _compare_with_copy(source: Path, count: int, name: str, options: Sequence[str], target: str = "") -> str:
    copy, command = _name_copy(source), _name_batch(source, options)
    run_command(command)
    pairs = run_in_turn([copy, command], _ROUNDS)
    beside = f"{_find_ratio(pairs, 'seconds'):.2f} times the copy, {_find_ratio(pairs, 'busy'):.2f} times its CPU time"
    return _make_row(f"`recommend batch`, {name}", count, [mine for _, mine in pairs], beside, target)


def measure_special(folder: Path, count: int) -> list[str]:
    """Return rows for teams of which three in ten say something special, beside the same without: CPU time."""
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
    commands = [_name_batch(source, ()) for source in (plain, other)]
    for command in commands:
        run_command(command)
    pairs = run_in_turn(commands, _ROUNDS)
    beside = f"{_find_ratio(pairs, 'busy'):.2f} times the CPU time without"
    return _make_row(f"30 % of the teams with {what}", count, [after for _, after in pairs], beside, target)


def measure_growth(folder: Path, count: int) -> list[str]:
    """Return rows for the time and memory from ten thousand teams to ten times as many as are measured."""
    found, before = [], None
    for size in (size for size in _GROWTH if size <= 10 * count):
        source = folder / "growing.csv"
        teams.write(source, size)
        runs = [run_command(_name_batch(source, ())) for _ in range(1 if size > count else 3)]
        source.unlink()
        memory = max(run.memory for run in runs)
        beside = f"{memory / before:.2f} times the memory of a tenth" if before else ""
        found.append(_make_row("growth: default columns", size, runs, beside, "1.1 times, 800 MB"))
        before = memory
    return found


def measure_peers(folder: Path, count: int) -> list[str]:
    """Return rows for the same teams in memory, each peer in a process of its own; slow ones take a sample."""
    source, size = folder / "clean.csv", max(count // 10, _LEAST)
    teams.write(source, size, clean=True)
    projects, found = [], []
    for name, what, share, target in _PEERS:
        sample = max(int(size * share), _LEAST)
        projects.append(_run_in_memory("kernel", source, size))
        run = _run_in_memory(name, source, sample)
        ratio = run.seconds / sample / (projects[-1].seconds / size)
        found.append(
            _make_row(f"{what}, two-valued", sample, [run], f"{ratio:.0f} times the project", f"at least {target}")
        )
    return [_make_row("the project, in memory", size, projects, "", ""), *found]


def measure_workbooks() -> list[str]:
    """Return rows for the copy of a workbook, then for the command, with the two providers of the article and with all.

    Each is also set beside Polars, which reads the same workbook and writes the table of details alone. Both read by
    calamine; Polars writes by XlsxWriter, the command by xlsxturbo.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        source, target, details = place / "teams.xlsx", place / "copy.xlsx", place / "answers.parquet"
        teams.write(place / "teams.csv", _WORKBOOK_TEAMS)
        pl.read_csv(place / "teams.csv", infer_schema=False).write_excel(source)
        copy = [sys.executable, "-c", _COPY_WORKBOOK, str(source), str(target)]
        write = [sys.executable, "-c", _WRITE_DETAILS, str(source), str(target), str(details)]
        copies = [run_command(copy) for _ in range(_WORKBOOK_ROUNDS)]
        found = [_make_row("Polars: workbook to workbook untouched", _WORKBOOK_TEAMS, copies)]
        for name, options in (("two providers", ["--only", "twilio,vonage"]), ("all providers", [])):
            command = [*_COMMAND, str(source), str(place / "answers.xlsx"), "--quiet", *options]
            run_command(command)
            pl.read_excel(place / "answers.xlsx", sheet_name="Details").write_parquet(details)
            rounds = run_in_turn([copy, write, command], _WORKBOOK_ROUNDS)
            copied, written = (_find_ratio(rounds, "seconds", side) for side in (0, 1))
            beside = f"{copied:.2f} times the copy, {written:.2f} times Polars writing the details"
            what = f"`recommend batch teams.xlsx answers.xlsx`, {name}"
            found.append(_make_row(what, _WORKBOOK_TEAMS, [run[-1] for run in rounds], beside, "3"))
    return found


def _name_copy(source: Path) -> list[str]:
    return [sys.executable, "-c", _COPY, str(source), str(source.with_name("copy.parquet"))]


def _name_batch(source: Path, options: Sequence[str]) -> list[str]:
    return [*_COMMAND, str(source), str(source.with_name("scores.parquet")), *options]


def _run_in_memory(name: str, source: Path, count: int) -> Run:
    command = [sys.executable, "-m", "benchmarks.peers", name, str(source), str(count)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr.strip()}")
    return Run(statistics.median(json.loads(done.stdout)["seconds"]), 0)


def _find_ratio(rounds: Sequence[tuple[Run, ...]], measure: str, side: int = 0) -> float:
    """Return the median over the rounds of what the last command took, in that measure, beside the one at `side`."""
    return statistics.median(getattr(runs[-1], measure) / getattr(runs[side], measure) for runs in rounds)


def _make_row(what: str, count: int, runs: Sequence[Run], beside: str = "", target: str = "") -> str:
    """Return a row of the table: medians of the times, and the most memory."""
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
