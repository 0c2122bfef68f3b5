"""Cold start: whole processes of `recommend`, beside one that only imports the libraries that an answer needs."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.timing import as_installed

_ROUNDS = 25
_RECOMMEND = str(Path(sys.executable).with_name("recommend"))
_ANSWER = ("--needs", "whiteboard,ucaas")
_IMPORTS = [sys.executable, "-c", "import click, yaml, durable.engine, pydantic"]


def rows() -> list[str]:
    """Return a row a command, text on standard output, with what it reads already kept from an earlier run."""
    answer = [_RECOMMEND, *_ANSWER]
    beside = "a process that imports click, yaml, durable.engine and pydantic"
    found = [_compare(answer, _IMPORTS, beside)]
    return [*found, *(_compare([_RECOMMEND, name], answer, "one answer") for name in ("schema", "check"))]


def _compare(command: Sequence[str], other: Sequence[str], beside: str) -> str:
    pairs = [(_seconds(command), _seconds(other)) for _ in range(_ROUNDS + 2)][2:]
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    ours, theirs = (1000 * statistics.median(side) for side in zip(*pairs, strict=True))
    name = " ".join(("recommend", *command[1:]))
    return f"| `{name}`, whole process | {ours:.0f} ms | {beside}, {theirs:.0f} ms | {ratio:.2f} | 1.5 |"


def _seconds(command: Sequence[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=as_installed())
    return time.perf_counter() - begin
