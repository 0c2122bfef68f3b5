"""Cold start: a whole `recommend` process beside one that only imports the libraries it stands on."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.timing import as_installed

_ROUNDS = 25
_COMMAND = [str(Path(sys.executable).with_name("recommend")), "--needs", "whiteboard,ucaas"]
_IMPORTS = [sys.executable, "-c", "import click, yaml, durable.engine, pydantic"]


def rows() -> list[str]:
    """One row: text on standard output, the knowledge base already kept from an earlier run."""
    pairs = [(_seconds(_COMMAND), _seconds(_IMPORTS)) for _ in range(_ROUNDS + 2)][2:]
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    ours, theirs = (1000 * statistics.median(side) for side in zip(*pairs, strict=True))
    beside = f"a process that imports click, yaml, durable.engine and pydantic, {theirs:.0f} ms"
    return [f"| `recommend --needs whiteboard,ucaas`, whole process | {ours:.0f} ms | {beside} | {ratio:.2f} | 1.5 |"]


def _seconds(command: Sequence[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=as_installed())
    return time.perf_counter() - begin
