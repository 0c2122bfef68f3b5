"""Parquet in blocks, from any row on."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from provider_advisor.batch.blocks import Position
from provider_advisor.batch.reading import Limits
from provider_advisor.batch.reading.input_files import find_input_files
from provider_advisor.batch.reading.parquet import read_parquet
from provider_advisor.errors import BatchError


@pytest.fixture
def table():
    return pa.table(
        {
            "team": [f"team-{n}" for n in range(100)],
            "needs": pa.array(["repairs", None] * 50).dictionary_encode(),
            "size": range(100),
        }
    )


@pytest.mark.parametrize("start", [0, 7, 40, 44, 99, 100])
def test_blocks_from_a_row_on_hold_all_that_follow(tmp_path, table, start):
    path = tmp_path / "teams.parquet"
    pq.write_table(table, path, row_group_size=40)
    (source,) = find_input_files((str(path),))
    whole = [piece.parse() for piece in read_parquet(source, 0, Position(), table.schema, Limits(), rows=7)]
    ends = [block.end.offset for block in whole]
    begin = max([0, *(end for end in ends if end <= start)])
    rest = [piece.parse() for piece in read_parquet(source, 0, Position(0, begin), table.schema, Limits(), rows=7)]
    assert [number for block in whole for number in block.rows["size"].to_pylist()] == list(range(100))
    assert [number for block in rest for number in block.rows["size"].to_pylist()] == list(range(begin, 100))
    assert all(block.numbers.tolist() == list(range(1, block.records + 1)) for block in whole)


def test_the_content_of_a_row_is_json_without_what_is_empty(tmp_path, table):
    path = tmp_path / "teams.parquet"
    pq.write_table(table, path)
    (source,) = find_input_files((str(path),))
    (piece,) = read_parquet(source, 0, Position(), table.schema, Limits())
    assert json.loads(piece.parse().content(1)) == {"team": "team-1", "size": 1}


@pytest.mark.parametrize("cut", [0, 3, 100, -1])
def test_a_file_without_its_end_is_an_error(tmp_path, table, open_files, cut):
    path = tmp_path / "teams.parquet"
    pq.write_table(table, path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(
        BatchError, match=r"teams\.parquet is not a Parquet file, or not a complete one; check it, or write it"
    ):
        open_files(path)


def test_files_of_other_columns_or_types_do_not_go_together(tmp_path, table, open_files):
    one, other, third = (tmp_path / f"{n}.parquet" for n in range(3))
    pq.write_table(table, one)
    pq.write_table(table.drop_columns(["size"]), other)
    pq.write_table(table.set_column(2, "size", table["size"].cast(pa.float64())), third)
    with pytest.raises(BatchError, match=r"1\.parquet has no column 'size', which .*0\.parquet has; expected the same"):
        open_files(one, other)
    with pytest.raises(BatchError, match=r"'size' is int64 in .* and double in .*; expected one type"):
        open_files(one, third)


def test_carried_columns_of_any_type_come_through(tmp_path, run_batch, table):
    path, output = tmp_path / "teams.parquet", tmp_path / "scores.parquet"
    extra = {
        "lists": pa.array([[1, 2], None] * 50),
        "structs": pa.array([{"a": 1, "b": "x"}] * 100),
        "days": pa.array([19_000] * 100, pa.int32()).cast(pa.date32()),
        "bytes": pa.array([b"\xff", None] * 50),
        "words": pa.array(["x", "y"] * 50).dictionary_encode(),
        "nothing": pa.nulls(100),
    }
    for name, column in extra.items():
        table = table.append_column(name, column)
    pq.write_table(table, path, row_group_size=30)
    result, _ = run_batch(path, output)
    found = pq.read_table(output)
    assert (result.scored, result.rejected) == (100, 0)
    assert {name: found[name].to_pylist() for name in extra} == {name: table[name].to_pylist() for name in extra}
    assert found["team"].to_pylist() == table["team"].to_pylist()


def test_old_times_keep_the_years_that_nanoseconds_cannot_hold(tmp_path, run_batch, table):
    days = [dt.datetime.fromisoformat("9999-12-31T23:59"), dt.datetime.fromisoformat("0001-01-01")] * 50
    path, output = tmp_path / "teams.parquet", tmp_path / "scores.parquet"
    pq.write_table(
        table.append_column("until", pa.array(days, pa.timestamp("us"))), path, use_deprecated_int96_timestamps=True
    )
    run_batch(path, output)
    assert pq.read_table(output)["until"].to_pylist() == days


def test_csv_says_which_column_it_cannot_hold(tmp_path, run_batch, table):
    path = tmp_path / "teams.parquet"
    pq.write_table(table.append_column("nested", pa.array([[[1]]] * 100)), path)
    with pytest.raises(
        BatchError, match=r"the column 'nested' contains .*, which CSV cannot represent; write Parquet or JSON"
    ):
        run_batch(path, tmp_path / "scores.csv")
    pq.write_table(table.append_column("waits", pa.array([1] * 100, pa.duration("us"))), path)
    with pytest.raises(
        BatchError, match=r"the column 'waits' contains Duration.*, which CSV cannot represent; write Parquet or"
    ):
        run_batch(path, tmp_path / "scores.csv")
    pq.write_table(table.append_column("lists", pa.array([[1, 2], None] * 50)), path)
    result, _ = run_batch(path, tmp_path / "scores.csv")
    assert result.scored == 100
    assert '"1;2"' in (tmp_path / "scores.csv").read_text() or ",1;2\n" in (tmp_path / "scores.csv").read_text()


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize(
    "column",
    [pa.array([b"x"] * 100), pa.array([[b"x"]] * 100), pa.array([{"a": b"x"}] * 100)],
    ids=["bytes", "lists", "structs"],
)
def test_texts_say_that_they_cannot_hold_bytes(tmp_path, run_batch, table, column, form):
    path = tmp_path / "teams.parquet"
    pq.write_table(table.append_column("raw", column), path)
    with pytest.raises(
        BatchError, match=r"the column 'raw' contains .*, which (CSV|JSON) cannot represent; write Parquet"
    ):
        run_batch(path, tmp_path / f"scores.{form}")


def test_a_column_that_stands_twice_is_told_of(tmp_path, open_files):
    path = tmp_path / "teams.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array(["x"]), pa.array(["y"])], names=["needs", "needs"]), path)
    with pytest.raises(BatchError, match=r"teams\.parquet has more than one column 'needs'; rename all but one"):
        open_files(path)


def test_a_uuid_is_text(tmp_path, run_batch, table):
    value = uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")
    keys = pa.array([value.bytes, None] * 50, pa.uuid())
    pq.write_table(table.append_column("key", keys), tmp_path / "teams.parquet")
    run_batch(tmp_path / "teams.parquet", tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet")["key"].to_pylist() == [str(value), None] * 50
