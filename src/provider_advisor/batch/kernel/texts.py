"""Cells of a text column, cut at their commas all at once: the words that there are, and which row holds which."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provider_advisor.batch.kernel import arrays
from provider_advisor.batch.kernel.types import Ints

__all__ = ["Words", "distinct", "plain", "words_of"]

_COMMA = ord(",")


class Words(NamedTuple):
    """The words of a column, row after row: `codes` are places in `distinct`, `counts` how many each row has."""

    distinct: list[str]
    codes: Ints
    counts: Ints

    @property
    def rows(self) -> Ints:
        """The row of each word."""
        return np.repeat(np.arange(len(self.counts), dtype=np.int32), self.counts)


def words_of(column: pa.Array) -> Words:
    """The words of a column of texts, which commas part, or of a column of lists of words."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return _of_lists(column)
    texts = plain(column)
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    data = np.frombuffer(texts.buffers()[2] or b"", np.uint8)
    commas = np.flatnonzero(data[offsets[0] : offsets[-1]] == _COMMA).astype(np.int32) + offsets[0]
    counts = np.diff(np.searchsorted(commas, offsets)) + (np.diff(offsets) > 0)
    cuts = _cuts(offsets, commas, counts)
    words = pa.Array.from_buffers(pa.string(), len(cuts) - 1, [None, pa.py_buffer(cuts), texts.buffers()[2]])
    found, codes = distinct(words)
    return _without_blank_cells(Words([word.removesuffix(",") for word in found], codes, counts.astype(np.int32)))


def _without_blank_cells(words: Words) -> Words:
    """A cell of spaces alone says nothing; beside commas, a place of spaces is a mistake to be told of."""
    blank = np.array([not word.strip() for word in words.distinct], bool)
    if not blank.any():
        return words
    alone = blank[words.codes] & (np.repeat(words.counts, words.counts) == 1)
    rows = np.repeat(np.arange(len(words.counts)), words.counts)[alone]
    counts = words.counts.copy()
    counts[rows] = 0
    return Words(words.distinct, words.codes[~alone], counts)


def plain(column: pa.Array) -> pa.Array:
    """The column as 32-bit strings, with an empty one for null."""
    if pa.types.is_null(column.type):
        return pa.repeat("", len(column))
    texts = column.cast(pa.string()) if column.type != pa.string() else column
    return pc.fill_null(texts, "") if texts.null_count else texts


def _cuts(offsets: Ints, commas: Ints, counts: Ints) -> Ints:
    """Where each word begins, and where the last one ends; a word keeps the comma behind it."""
    some = np.flatnonzero(counts)
    several = counts[some]
    cuts = np.empty(len(some) + len(commas) + 1, np.int32)
    cuts[np.cumsum(several) - several] = offsets[some]
    cuts[np.arange(len(commas)) + np.repeat(np.arange(1, len(some) + 1), several - 1)] = commas + 1
    cuts[-1] = offsets[-1]
    return cuts


def _of_lists(column: pa.Array) -> Words:
    counts = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False).astype(np.int32)
    found, codes = distinct(plain(column.flatten()))
    return Words(found, codes, counts)


def distinct(column: pa.Array) -> tuple[list[str], Ints]:
    """The different texts of a column without nulls, and the place of each row's text among them."""
    encoded = column.dictionary_encode()
    return encoded.dictionary.to_pylist(), arrays.values(encoded.indices)
