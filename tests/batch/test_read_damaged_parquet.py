"""Parquet files that lie, change, hold what cannot be written, or stand for more than they are."""

from __future__ import annotations

import csv
import os
import struct
import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from provider_advisor.batch.reading import Limits
from provider_advisor.errors import BatchError, BatchFailure

_WORDS = ["repairs", "rental", "repairs", "rental"]


def _other_bytes(*values):
    """Texts that are not all UTF-8, as a writer that does not check them writes them."""
    raw = pa.array(values, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(raw), raw.buffers())


def _write(path, column, name="note"):
    columns = {"needs": pa.array(_WORDS), name: column} if name != "needs" else {"needs": column}
    pq.write_table(pa.table(columns), path)
    return path


def _rejected(tmp_path):
    with (tmp_path / "scores.rejects.csv").open(newline="") as file:
        return {int(row["row"]): (row["reason"], row["content"]) for row in csv.DictReader(file)}


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize(
    ("name", "shown"),
    [("note", r"\xff"), ("needs", r"\xff"), ("usage.rental-days", r"\xff"), ("situation.skill", r"\xff")],
)
@pytest.mark.parametrize("coded", [False, True])
def test_a_row_of_other_bytes_than_utf8_is_rejected(  # noqa: PLR0917 (fixtures)
    tmp_path, run_batch, form, name, shown, coded
):
    good = {"needs": b"repairs", "usage.rental-days": b"5", "situation.skill": b"beginner"}.get(name, b"fine")
    column = _other_bytes(good, b"\xff", good, None)
    path = _write(tmp_path / "teams.parquet", column.dictionary_encode() if coded else column, name)
    result, _ = run_batch(path, tmp_path / f"scores.{form}")
    assert (result.scored, result.rejected) == (3, 1)
    ((number, (reason, content)),) = _rejected(tmp_path).items()
    assert (number, reason) == (2, f"'{name}' contains text that is not UTF-8")
    assert shown in content.replace("\\\\", "\\")
    output = tmp_path / f"scores.{form}"
    if form == "parquet":
        pq.read_table(output).validate(full=True)
    else:
        output.read_bytes().decode()


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_lists_and_structs_of_other_bytes_are_rejected_too(tmp_path, run_batch, form):
    texts = _other_bytes(b"a", b"\xff", b"b", b"c")
    lists = pa.ListArray.from_arrays(pa.array([0, 1, 2, 3, 4], pa.int32()), texts)
    table = pa.table({"needs": _WORDS, "notes": lists, "pairs": pa.StructArray.from_arrays([texts], names=["x"])})
    pq.write_table(table, tmp_path / "teams.parquet")
    result, _ = run_batch(tmp_path / "teams.parquet", tmp_path / f"scores.{form}")
    assert (result.scored, result.rejected) == (3, 1)
    ((number, (reason, content)),) = _rejected(tmp_path).items()
    assert (number, reason) == (2, "'notes' contains text that is not UTF-8")
    assert content == r'{"needs": "rental", "notes": ["\\xff"], "pairs": {"x": "\\xff"}}'


def test_types_that_polars_does_not_know_are_carried_as_what_they_hold(tmp_path, run_batch):
    table = pa.table(
        {
            "needs": ["repairs", "no-such-thing"],
            "view": pa.array(["x", "y"], pa.string_view()),
            "json": pa.array(["{}", "[1]"], pa.json_()),
            "late": pa.array([2**62, 0], pa.timestamp("us")),
            "zone": pa.array([0, 1], pa.timestamp("us", "+05:30")),
            "wide": pa.array([1, 2]).cast(pa.decimal128(30, 2)).cast(pa.decimal256(32, 2)),
        }
    )
    pq.write_table(table, tmp_path / "teams.parquet")
    result, _ = run_batch(tmp_path / "teams.parquet", tmp_path / "scores.csv")
    assert (result.scored, result.rejected) == (1, 1)
    with (tmp_path / "scores.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert [row[name] for name in ("view", "json", "late", "zone", "wide")] == [
        "x", "{}", "+148108-07-06T14:00:27.387904", "1970-01-01T00:00:00.000000+0000", "1.00",
    ]  # fmt: skip
    run_batch(tmp_path / "teams.parquet", tmp_path / "scores.jsonl")
    run_batch(tmp_path / "teams.parquet", tmp_path / "scores.parquet")


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        (pa.nulls(4, pa.decimal256(70, 5)), "contains numbers with 70 digits; at most 38 can be written"),
        (pa.nulls(4, pa.timestamp("us", "No/Such")), "is in the unknown time zone 'No/Such'"),
        (pa.nulls(4, pa.list_(pa.decimal256(70, 5))), "contains numbers with 70 digits; at most 38 can be written"),
    ],
)
def test_a_type_that_cannot_be_written_is_named_before_the_run(tmp_path, open_files, column, sentence):
    with pytest.raises(BatchError) as caught:
        open_files(_write(tmp_path / "teams.parquet", column))
    assert f"the column 'note' {sentence}" in str(caught.value)


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize(
    "column",
    [
        pa.array([0, 2**31 - 1, 1, None], pa.int32()).view(pa.date32()),
        pa.array([0, 2**63 - 1, 1, None], pa.int64()).view(pa.timestamp("us")),
        pa.array([0, -1, 1, None], pa.int64()).view(pa.time64("us")),
    ],
    ids=["day", "moment", "time"],
)
def test_a_row_with_a_day_that_no_writer_knows_is_rejected(tmp_path, run_batch, column, form):
    result, _ = run_batch(_write(tmp_path / "teams.parquet", column), tmp_path / f"scores.{form}")
    assert (result.scored, result.rejected) == (3, 1)
    assert _rejected(tmp_path)[2][0] == "'note' contains a date or time that is out of range"


def _lie(path, rows, *, of_column):
    """Write in the footer that the second row group has so many rows; where asked for, its columns too."""
    content = path.read_bytes()
    size = struct.unpack("<I", content[-8:-4])[0]
    footer = content[-8 - size : -8]
    count = pq.ParquetFile(path).metadata.row_group(1).num_rows
    true, false = bytes([0x16, 2 * count]), bytes([0x16, 2 * rows])  # a field of 64 bits, and its value in zigzag form
    assert count < 64
    assert footer.count(true) >= 2
    path.write_bytes(content[: -8 - size] + (footer.replace(true, false) if of_column else footer) + content[-8:])
    return path


def test_a_row_group_that_says_it_has_more_rows_than_can_be_read_is_an_error(tmp_path, run_batch):
    path = tmp_path / "teams.parquet"
    table = pa.table({"team": [f"t{n}" for n in range(40)], "needs": ["repairs"] * 40})
    pq.write_table(table, path, row_group_size=23, use_dictionary=False)
    _lie(path, 20, of_column=True)
    with pytest.raises(BatchError, match=r"teams\.parquet (says it has|is damaged)"):
        run_batch(path, tmp_path / "scores.csv")
    assert not (tmp_path / "scores.csv").exists()


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("change", ["truncate", "replace", "touch"])
@pytest.mark.parametrize("which", [0, 1])
def test_an_input_that_changes_while_it_is_read_is_noticed(  # noqa: PLR0917 (fixtures)
    tmp_path, open_files, csv_of, json_of, form, change, which
):
    rows = [{"team": f"team-{n}", "needs": "repairs" if form != "jsonl" else ["repairs"]} for n in range(3000)]
    paths = [tmp_path / f"{n}.{form}" for n in range(2)]
    for path in paths:
        if form == "parquet":
            pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=500)
        else:
            path.write_bytes(csv_of(rows) if form == "csv" else json_of(rows))
    inputs = open_files(*paths, limits=Limits(4096, 1 << 16))
    pieces = inputs.pieces()
    next(pieces)
    if change == "truncate":
        os.truncate(paths[which], paths[which].stat().st_size // 2)
    elif change == "replace":
        (tmp_path / "new").write_bytes(paths[which].read_bytes())
        os.utime(tmp_path / "new", ns=(0, paths[which].stat().st_mtime_ns))
        (tmp_path / "new").replace(paths[which])
    else:
        os.utime(paths[which], ns=(0, 1))
    if change == "replace" and which == 0 and form != "parquet":
        assert sum(piece.parse().records for piece in pieces) > 0  # the file that is open stays what it was
        return
    with pytest.raises(BatchFailure, match=rf"{which}\.{form} was changed while it was being read; run again"):
        list(pieces)


def test_a_dictionary_that_spells_out_to_gigabytes_is_refused(tmp_path, run_batch):
    path = tmp_path / "teams.parquet"
    words = pa.DictionaryArray.from_arrays(pa.array([0] * 5000, pa.int32()), pa.array(["x" * 1_000_000]))
    pq.write_table(pa.table({"needs": pa.array(["repairs"] * 5000), "note": words}), path, store_schema=False)
    assert path.stat().st_size < 100_000
    with pytest.raises(
        BatchFailure, match=r"take 5,000,035,000 bytes; at most 4,294,967,296 can be read; shorten them"
    ):
        run_batch(path, tmp_path / "scores.csv")


def test_long_words_of_a_dictionary_are_spelt_out_some_at_a_time(tmp_path, open_files):
    path = tmp_path / "teams.parquet"
    words = pa.DictionaryArray.from_arrays(pa.array([0, 1, None] * 100, pa.int32()), pa.array(["x" * 1000, "y"]))
    pq.write_table(pa.table({"needs": pa.array(["repairs"] * 300), "note": words}), path, store_schema=False)
    blocks = [piece.parse() for piece in open_files(path, limits=Limits(4096, 1 << 16)).pieces()]
    assert len(blocks) > 1
    assert max(block.rows.nbytes for block in blocks) < 5 * 4096
    assert [note for block in blocks for note in block.rows["note"].to_pylist()] == words.to_pylist()
    assert blocks[-1].end.offset == 300


def test_a_row_that_is_too_long_is_rejected_and_one_that_fills_its_group_is_an_error(tmp_path, open_files):
    path, limits = tmp_path / "teams.parquet", Limits(1 << 12, 1 << 16)
    table = pa.table({"needs": ["repairs"] * 4, "note": ["a", "x" * 100_000, "b", "c"]})
    pq.write_table(table, path, use_dictionary=False)
    blocks = [piece.parse() for piece in open_files(path, limits=limits).pieces()]
    rejects = [reject for block in blocks for reject in block.rejects]
    assert [name for block in blocks for name in block.rows["note"].to_pylist()] == ["a", "b", "c"]
    assert len(rejects) == 1
    assert rejects[0].reason.endswith("bytes; at most 65,536 can be read")
    assert sum(block.records for block in blocks) == 4
    pq.write_table(table.slice(1, 1), path, use_dictionary=False, compression="none")
    with pytest.raises(BatchFailure, match=r"a row of row group 1 takes 100,\d\d\d bytes; at most 65,536 can be read"):
        list(open_files(path, limits=limits).pieces())


def test_a_name_that_is_not_utf8_is_read_and_shown(tmp_path, open_files):
    path = os.fsdecode(os.fsencode(str(tmp_path)) + b"/\xff.parquet")
    table = pa.table({"needs": _WORDS})
    with open(path, "wb") as file:  # noqa: PTH123 (the name is not text)
        pq.write_table(table, file)
    inputs = open_files(path)
    assert [piece.parse().records for piece in inputs.pieces()] == [4]
    assert inputs.sources[0].name.endswith(r"/\xff.parquet")


@pytest.mark.parametrize("name", ["x" * 5000 + ".csv", "x" * 5000 + "*.csv", "\0.csv"])
def test_a_name_that_no_file_can_have_is_an_error_in_one_sentence(open_files, name):
    with pytest.raises(BatchError) as caught:
        open_files(name)
    assert len(str(caught.value)) < 500


def test_a_pipe_is_read_once_and_parquet_in_it_refused(tmp_path, open_files):
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(b"team,needs\na,repairs\n",))
    writer.start()
    inputs = open_files(path)
    writer.join()
    assert not inputs.can_be_read_again
    assert [piece.parse().rows.to_pylist() for piece in inputs.pieces()] == [[{"team": "a", "needs": "repairs"}]]
    with pytest.raises(BatchError, match="Parquet cannot be read from a stream"):
        open_files(path, form="parquet")
