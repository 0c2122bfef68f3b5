"""Runs in processes of their own that kill themselves: one for each line `["INPUT", "OUTPUT", MOMENT]` that is read.

The moment is how many times something is put on the disk, put in its place or taken away before the kill; 0 is never.
Each run is answered by a line `[STATUS, MOMENTS]`, where 0 moments mean that it did not come to its end. Each is forked
from this process, which has only imported what they need: that takes longer than a run.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from provider_advisor import load
from provider_advisor.batch.local_run import Plan, run
from provider_advisor.batch.pipeline import BlockScorer, ScoringOptions
from provider_advisor.batch.reading import Limits, ReadingOptions, open_inputs

_BICYCLES = Path(__file__).parents[1] / "knowledge" / "bicycles"
_KNOWLEDGE = load(_BICYCLES / "facts", _BICYCLES / "rules")


def _kill_at(moment: int) -> Iterator[int]:
    """Kill at that moment; the iterator tells how many there were."""
    count = itertools.count(1)

    def counted(work):
        def wrapper(*args, **options):
            if next(count) == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return work(*args, **options)

        return wrapper

    for owner, name in (
        (os, "fsync"),
        (os, "unlink"),
        (os, "replace"),
        (Path, "rename"),
        (Path, "replace"),
        (Path, "rmdir"),
        (Path, "unlink"),
    ):
        setattr(owner, name, counted(getattr(owner, name)))
    return count


def _run(source: str, output: str, moment: int) -> int:
    """Run, and return how many moments there were."""
    inputs = open_inputs((source,), _KNOWLEDGE, ReadingOptions(limits=Limits(300, 100_000)))
    form = Path(output).suffix.removeprefix(".") or "parquet"
    scoring = BlockScorer(_KNOWLEDGE, inputs.schema, form, ScoringOptions(dt.date(2024, 6, 1)))
    count = _kill_at(moment)
    plan = Plan(Path(output), form, threads=2, part_rows=30, is_folder="." not in Path(output).name)
    run(inputs, scoring, plan, lambda done: None, lambda text: None)  # noqa: ARG005
    return next(count) - 1


def _fork(*given: str) -> tuple[int, int]:
    """Run in a process of its own, and return its status and its moments."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.write(writing, str(_run(*given)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        moments = int(file.read() or 0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), moments


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)  # no thread that a library has started by now holds a lock
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_fork(*json.loads(line))) + "\n")
        sys.stdout.flush()
