"""The manifest of a work folder: what the run depends on, and a line for each finished part.

For example, a run was killed in its third part. The half line at the end is cut off by the run that resumes, which
begins after the record at which part 2 ends:

    {"made by": "recommend batch 1", "input": [["/data/teams.csv", 205103846, …]], …}
    {"number": 1, "end": [0, 81920345, 1000000], "scored": 990000, "rejected": 10000, "tally": …}
    {"number": 2, "end": [0, 163840690, 2000000], "scored": 1000000, "rejected": 0, "tally": …}
    {"number": 3, "end": [0, 2051
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from provider_advisor.batch.blocks import Position, RowCounts
from provider_advisor.batch.kernel.counts import RunningTally, Tally
from provider_advisor.errors import BatchError
from provider_advisor.safe_text import brief

MARK = {"made by": "recommend batch 1"}
"""How the first line of each manifest begins."""

LONGEST_LINE = 1 << 26
"""In bytes: a manifest that somebody else put there may have no line ends."""


class FinishedPart(NamedTuple):
    """Output rows that are on disk, the position after them in the input, and their counts."""

    number: int
    end: Position
    counts: RowCounts


def read_head(manifest: BinaryIO) -> dict[str, Any] | None:
    """Read the first line; None if it was not written by this program."""
    head = _parse(manifest.readline(LONGEST_LINE))
    return head if head is not None and MARK.items() <= head.items() else None


def read_line(line: bytes, number: int) -> FinishedPart | dict[str, Any] | None:
    """Read the finished part of that number, or the note of a final file; None if it is neither."""
    found = _parse(line)
    if found is None or "final" in found:
        return found if found is not None and type(found.get("size")) is int else None
    try:
        end, counts = Position(*found["end"]), [found[name] for name in ("number", "scored", "rejected")]
        tally = Tally.from_json(found["tally"])
        counts += [count for counted in tally for count in counted.values()]
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    if any(type(count) is not int or count < 0 for count in (*end, *counts)) or counts[0] != number:
        return None
    return FinishedPart(number, end, RowCounts(counts[1], counts[2], RunningTally(tally)))


def _parse(line: bytes) -> dict[str, Any] | None:
    """Read a whole line of JSON; None if it is not an object, or was cut off."""
    try:
        found = json.loads(line) if line.endswith(b"\n") else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def encode_line(data: Mapping[str, Any]) -> bytes:
    """Return a line of a manifest."""
    return json.dumps(data).encode() + b"\n"  # all ASCII: names of files need not be UTF-8


def refuse_other_run(then: Mapping[str, Any], now: Mapping[str, Any], output: Path) -> None:
    """Raise BatchError if a run depends on something else than the one that it would resume."""
    for name in dict.fromkeys([*then, *now]):
        before, after = json.dumps(then.get(name)), json.dumps(now.get(name))
        if before != after:
            raise BatchError(
                f"cannot resume the run for {output}: {name} was {brief(before)} and is {brief(after)}; "
                "change it back, or leave out --resume to start over."
            )
