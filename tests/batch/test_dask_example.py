"""The example of another engine: it runs as it stands, and its answers are those of one machine."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drawn import teams_of

from provider_advisor import load, score_arrow

_EXAMPLE = Path(__file__).parents[2] / "examples" / "score_with_dask.py"


@pytest.mark.skipif(find_spec("dask") is None, reason="dask is not installed: pip install '.[test]'")
def test_the_example_scores_every_row_of_every_file(tmp_path):
    teams, scores = tmp_path / "teams", tmp_path / "scores"
    teams.mkdir()
    table = pa.Table.from_batches([teams_of(load(), 300)])
    for number in range(3):
        pq.write_table(table.slice(100 * number, 100), teams / f"part-{number}.parquet")
    subprocess.run([sys.executable, str(_EXAMPLE), str(teams), str(scores)], check=True)
    expected = score_arrow(table.combine_chunks().to_batches()[0], reasons=True)
    assert pq.read_table(scores).to_pylist() == expected.to_pylist()
