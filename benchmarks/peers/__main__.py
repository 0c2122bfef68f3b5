"""`python -m benchmarks.peers NAME TEAMS.csv COUNT`: hold a peer to the plain answers, then time it; prints JSON.

NAME is one of the peers, or `kernel` for the project itself. The file must have no bad rows.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.peers import kernel
from benchmarks.peers.contract import Tables, answer_plainly, make_tables, read_teams
from provider_advisor import load
from provider_advisor.requirements import Team

_ROUNDS = 3
_CHECKED = 2_000
_PEERS = {
    "zen": ("with_zen", {}),
    "rule-engine": ("with_rule_engine", {}),
    "durable-rules": ("with_durable", {}),
    "duckdb": ("with_duckdb", {}),
    "duckdb-unmet": ("with_duckdb", {"unmet": True}),
    "duckdb-cells": ("with_duckdb_cells", {}),
}


def main(arguments: list[str]) -> int:
    """Measure one peer; exit status 1 if it gives another answer."""
    name, source, count = arguments[0], Path(arguments[1]), int(arguments[2])
    work = partial(kernel.score, kernel.read(source, count)) if name == "kernel" else _make_work(name, source, count)
    print(json.dumps({"seconds": [_measure_seconds(work) for _ in range(_ROUNDS)]}))
    return 0


def _make_work(name: str, source: Path, count: int) -> Callable[[], object]:
    knowledge = load()
    tables = make_tables(knowledge)
    teams = read_teams(source, max(count, _CHECKED), knowledge)
    if name == "plain":
        return lambda: answer_plainly(teams[:count], tables)
    module, options = _PEERS[name]
    peer = importlib.import_module(f"benchmarks.peers.{module}")

    def prepare(size: int) -> Any:  # noqa: ANN401  # each peer's own
        if name == "duckdb-cells":
            return peer.prepare(kernel.read(source, size), tables, knowledge)
        return peer.prepare(teams[:size], tables, **options)

    _check(name, peer.answer(prepare(_CHECKED)), teams[:_CHECKED], tables)
    prepared = prepare(count)
    return lambda: peer.answer(prepared)


def _check(name: str, answers: Sequence[str | None], teams: Sequence[Team], tables: Tables) -> None:
    """Raise SystemExit unless the peer's answers are the plain ones."""
    for team, found, expected in zip(teams, answers, answer_plainly(teams, tables), strict=True):
        if found != expected:
            raise SystemExit(f"{name} answers {found} and not {expected} for {team}")


def _measure_seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
