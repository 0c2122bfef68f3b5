"""The project itself on teams in memory: three-valued, with scores, standings and costs, and from unparsed cells."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from provider_advisor import load

_SLICE = 50_000
_knowledge = cache(load)


def read(source: Path, count: int) -> pa.RecordBatch:
    """Return the first teams of a file as one batch of columns."""
    table = csv.read_csv(source).slice(0, count).combine_chunks()
    return table.to_batches(max_chunksize=count)[0]


def score(teams: pa.RecordBatch) -> list[pa.RecordBatch]:
    """Return what the project makes of them, in its default columns; on all cores, as DuckDB."""
    from provider_advisor.batch.arrow import score_arrow  # noqa: PLC0415  # the peers do without it

    knowledge = _knowledge()
    slices = [teams.slice(start, _SLICE) for start in range(0, teams.num_rows, _SLICE)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda part: score_arrow(part, knowledge=knowledge), slices))
