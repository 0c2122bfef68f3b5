"""A run in a process of its own that kills itself: `killed.py INPUT OUTPUT MOMENT [--resume]`.

The moment is how many times something is put on the disk, put in its place or taken away before the kill; 0 is never.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from provider_advisor import load
from provider_advisor.batch.pipeline import Scoring, ScoringOptions
from provider_advisor.batch.reading import Limits, open_inputs
from provider_advisor.batch.run import Plan, run

_BICYCLES = Path(__file__).parents[1] / "knowledge" / "bicycles"


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


def main(source: str, output: str, moment: str, *rest: str) -> None:
    knowledge = load(_BICYCLES / "facts", _BICYCLES / "rules")
    inputs = open_inputs((source,), knowledge, None, b",", Limits(300, 100_000))
    form = Path(output).suffix.removeprefix(".") or "parquet"
    scoring = Scoring(knowledge, inputs.schema, form, ScoringOptions(dt.date(2024, 6, 1)))
    count = _kill_at(int(moment))
    plan = Plan(
        Path(output), form, threads=2, resume="--resume" in rest, part_rows=30, is_folder="." not in Path(output).name
    )
    run(inputs, scoring, plan, lambda done: None, lambda text: None)  # noqa: ARG005
    sys.stdout.write(f"{next(count) - 1}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
