# ruff: noqa: INP001 (an example stands alone)
"""Score a folder of Parquet files with Dask: `python examples/score_with_dask.py TEAMS SCORES`.

Every row of TEAMS comes back in SCORES, with its answer or with what is wrong with it. Whatever hands on Arrow batches
can do the same: `Dataset.map_batches(score, batch_format="pyarrow")` of Ray, for one, whose tables have `to_batches`.
"""

from __future__ import annotations

import sys

import dask.dataframe as dd
import pandas as pd
import pyarrow as pa

from provider_advisor import score_arrow


def score(teams: pd.DataFrame) -> pd.DataFrame:
    """The answers to the teams of a partition."""
    batch = pa.RecordBatch.from_pandas(teams, preserve_index=False)
    return score_arrow(batch, reasons=True).to_pandas(types_mapper=pd.ArrowDtype)


def main(teams: str, scores: str) -> None:
    """Score all partitions, each by whichever worker is free."""
    dd.read_parquet(teams).map_partitions(score).to_parquet(scores, write_index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
