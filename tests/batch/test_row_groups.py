"""Parquet files put end to end hold the rows of all, in order, for whatever reads them."""

from __future__ import annotations

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider_advisor.batch.writing.row_groups import join_row_groups
from provider_advisor.batch.writing.thrift import Field, Values, decoded, encoded

_NUMBERS = st.integers(-(2**63), 2**63 - 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("parts")


@given(st.lists(st.integers(0, 50), min_size=1, max_size=4), st.integers(1, 20), st.sampled_from(["zstd", "snappy"]))
def test_the_rows_of_all_parts_come_in_order(folder, sizes, group, compression):
    frames, paths = [], [folder / f"{place}.parquet" for place in range(len(sizes))]
    for place, (size, path) in enumerate(zip(sizes, paths, strict=True)):
        numbers = range(place * 100, place * 100 + size)
        frame = pl.DataFrame(
            {
                "team": pl.Series([f"team-{number}" for number in numbers], dtype=pl.String),
                "score": pl.Series([number / 7 if number % 3 else None for number in numbers], dtype=pl.Float64),
                "word": pl.Series([["x", "y", None][number % 3] for number in numbers], dtype=pl.Categorical),
                "lists": pl.Series([["a"] * (number % 4) for number in numbers], dtype=pl.List(pl.Categorical)),
            }
        )
        frame.write_parquet(path, row_group_size=group, compression=compression, statistics="full")
        frames.append(frame)
    target = folder / "whole.parquet"
    assert join_row_groups(paths, target)
    expected = pl.concat(frames)
    assert pl.read_parquet(target).equals(expected)
    assert pq.read_table(target).num_rows == sum(sizes)
    assert pq.read_table(target)["team"].to_pylist() == expected["team"].to_list()
    assert pl.scan_parquet(target).filter(pl.col("team") == "team-0").collect().height == (sizes[0] > 0)


def test_files_of_other_columns_are_not_joined(folder):
    one, other = folder / "one.parquet", folder / "other.parquet"
    pl.DataFrame({"x": [1]}).write_parquet(one)
    pl.DataFrame({"x": ["1"]}).write_parquet(other)
    assert not join_row_groups([one, other], folder / "whole.parquet")


_STRUCTS = st.recursive(
    st.just([]),
    lambda inner: st.dictionaries(
        st.integers(1, 200),
        st.one_of(
            st.sampled_from([(1, None), (2, None)]),
            st.tuples(st.sampled_from([4, 5, 6]), _NUMBERS),
            st.tuples(st.just(3), st.integers(0, 255)),
            st.tuples(st.just(7), st.binary(min_size=8, max_size=8)),
            st.tuples(st.just(8), st.binary(max_size=200)),
            st.tuples(st.just(9), st.lists(_NUMBERS, max_size=20).map(lambda items: Values(6, items))),
            st.tuples(st.just(9), st.lists(inner, max_size=3).map(lambda items: Values(12, items))),
            st.tuples(st.just(12), inner),
        ),
        max_size=5,
    ).map(lambda fields: [Field(number, *fields[number]) for number in sorted(fields)]),
    max_leaves=10,
)


@given(_STRUCTS)
def test_a_struct_is_read_back_as_it_was_written(struct):
    assert decoded(encoded(struct)) == struct
