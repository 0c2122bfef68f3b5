"""The project itself on teams in memory: three-valued, with scores, standings and costs, and from unparsed cells."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from provider_advisor import load

__all__ = ["read", "score"]


def read(source: Path, count: int) -> pa.RecordBatch:
    """The first teams of a file as one batch of columns."""
    table = csv.read_csv(source).slice(0, count).combine_chunks()
    return table.to_batches(max_chunksize=count)[0]


def score(teams: pa.RecordBatch) -> pa.RecordBatch:
    """What the project makes of them, in its default columns."""
    from provider_advisor.batch import score_arrow  # noqa: PLC0415  # the peers do without it

    return score_arrow(teams, knowledge=load())
