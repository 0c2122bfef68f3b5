"""Cells of a text column, cut at their commas: the words that there are, and which row holds which."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provider_advisor.batch.kernel.types import Ints
from provider_advisor.batch.kernel.words import Numbered, number_texts

__all__ = ["distinct", "plain", "words_of"]


def words_of(column: pa.Array) -> Numbered:
    """The words of a column of texts, which commas part, or of a column of lists of words."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return _of_lists(column)
    return _without_blank_cells(number_texts(plain(column), ","))


def _without_blank_cells(words: Numbered) -> Numbered:
    """A cell of spaces alone says nothing; beside commas, a place of spaces is a mistake to be told of."""
    if "" not in words.distinct and not any(map(str.isspace, words.distinct)):
        return words
    blank = np.array([not word or word.isspace() for word in words.distinct], bool)
    counts = np.diff(words.ends)
    alone = blank[words.numbers] & (np.repeat(counts, counts) == 1)
    counts[np.repeat(np.arange(len(counts)), counts)[alone]] = 0
    return Numbered(words.distinct, words.numbers[~alone], _ends(counts))


def plain(column: pa.Array) -> pa.Array:
    """The column as 32-bit strings, with an empty one for null."""
    if pa.types.is_null(column.type):
        return pa.repeat("", len(column))
    texts = column.cast(pa.string()) if column.type != pa.string() else column
    return pc.fill_null(texts, "") if texts.null_count else texts


def _of_lists(column: pa.Array) -> Numbered:
    counts = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    return number_texts(plain(column.flatten()))._replace(ends=_ends(counts))


def _ends(counts: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


def distinct(column: pa.Array) -> tuple[list[str], Ints]:
    """The different texts of a column without nulls, and the place of each row's text among them."""
    found = number_texts(column)
    return found.distinct, found.numbers
