"""Number the distinct words of columns, so that each is read once.

For example, the cells "fax,mms", "" and "mms, fax" have the distinct words "fax" (0), "mms" (1) and " fax" (2):

    numbers   0  1  1  2
    ends      0  2  2  4

Words keep their spaces, so that only distinct ones need to be stripped. All `Ints` are 32-bit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from provider_advisor.batch.kernel import arrays
from provider_advisor.batch.kernel.arrays import Flags, Ints
from provider_advisor.batch.native import check_memory, load_loops, make_structures

_SEPARATOR = r"[,;]?[ \t\r]*\n|;"
_EMPTY = arrays.make_texts([""])[0]  # pyarrow would import pandas to convert a Python string
_OTHER_SIGNS = (ord(";"), ord("\n"))


class Numbered(NamedTuple):
    """The distinct texts of a column, in order of first appearance, and their numbers row by row.

    Row r has `numbers[ends[r]:ends[r + 1]]`.
    """

    distinct: list[str]
    numbers: Ints
    ends: Ints


class Joined(NamedTuple):
    """The words of several columns, row by row, and within a row column by column.

    `words` are numbers that continue from one column to the next. `rows` is the row of each word, `ends` is as in
    `Numbered`, and `again` marks words whose criterion appears more than once in the row.
    """

    words: Ints
    rows: Ints
    ends: Ints
    again: Flags


def number_texts(texts: pa.Array, separator: str | None = None) -> Numbered:
    """Number the texts of a column of 32-bit strings without nulls, or its words if there is a separator.

    An empty cell has no words; two adjacent separators have an empty word between them.
    """
    data, offsets = arrays.read_bytes(texts)
    rows, room = len(texts), len(texts)
    if separator is not None:
        # Each separator adds one word. Counting separators first is cheaper than growing the arrays.
        room += int(np.count_nonzero(data[offsets[0] : offsets[-1]] == ord(separator)))
    numbers, starts, sizes = (np.empty(room, np.int32) for _ in range(3))
    ends = np.empty(rows + 1, np.int32)
    sign = -1 if separator is None else ord(separator)
    found = check_memory(load_loops().number_texts(data, offsets, rows, sign, numbers, ends, starts, sizes))
    return Numbered(_gather_texts(data, starts[:found], sizes[:found]), numbers[: ends[-1]], ends)


def _gather_texts(data: npt.NDArray[np.uint8], starts: Ints, sizes: Ints) -> list[str]:
    ends = arrays.find_ends(sizes)
    texts = np.empty(int(ends[-1]), np.uint8)
    load_loops().gather_texts(data, starts, sizes, len(sizes), texts)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(texts)]
    return list(pa.Array.from_buffers(pa.string(), len(sizes), buffers).to_pylist())


def join_words(columns: Sequence[Numbered], criteria: Ints, most: int) -> Joined:
    """Combine the words of columns row by row.

    `criteria` maps each word to the index of its criterion (below `most`), or to -1.
    """
    count = sum(len(column.numbers) for column in columns)
    rows = len(columns[0].ends) - 1
    words, of, ends = np.empty(count, np.int32), np.empty(count, np.int32), np.empty(rows + 1, np.int32)
    again = np.empty(count, bool)
    first = np.cumsum([0, *(len(column.distinct) for column in columns)]).tolist()
    given = make_structures(
        "column",
        [
            {"numbers": column.numbers, "ends": column.ends, "first": shift}
            for column, shift in zip(columns, first, strict=False)
        ],
    )
    check_memory(load_loops().join_words(given, len(columns), rows, criteria, most, words, of, ends, again))
    return Joined(words, of, ends, again)


def number_words(column: pa.Array) -> Numbered:
    """Number the words of a column of texts separated by commas, or of a column of lists of words."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return _number_lists(column)
    return _drop_blank_cells(number_texts(_replace_separators(fill_texts(column)), ","))


def split_cell(text: str) -> list[str]:
    """Split a cell at commas, semicolons and line ends into stripped words; one may end the cell.

    Forms and spreadsheets export multiple choices in this format.

    >>> split_cell("fax; mms;")
    ['fax', 'mms']
    """
    text = text.strip()
    if ";" in text or "\n" in text:
        text = re.sub(_SEPARATOR, ",", text)
    words = [word.strip() for word in text.split(",")]
    return words[:-1] if len(words) > 1 and not words[-1] else words


def _replace_separators(texts: pa.Array) -> pa.Array:
    """Replace other separators by commas; most tables have none."""
    data = texts.buffers()[2]
    if data is None or not any(sign in np.frombuffer(data, np.uint8) for sign in _OTHER_SIGNS):
        return texts
    return pc.replace_substring_regex(pc.utf8_trim_whitespace(texts), _SEPARATOR, ",")


def _drop_blank_cells(words: Numbered) -> Numbered:
    """Drop cells that contain only spaces, and the empty word after a trailing separator.

    An empty word between commas stays, because it is a mistake to report.
    """
    if "" not in words.distinct and not any(map(str.isspace, words.distinct)):
        return words
    blank = np.array([not word or word.isspace() for word in words.distinct], bool)
    counts = np.diff(words.ends)
    last = np.zeros(len(words.numbers), bool)
    last[words.ends[1:][counts > 0] - 1] = True
    out = blank[words.numbers] & last  # only the last word of a row
    counts[np.repeat(np.arange(len(counts)), counts)[out]] -= 1  # at most one word per row
    return Numbered(words.distinct, words.numbers[~out], arrays.find_ends(counts))


def fill_texts(column: pa.Array) -> pa.Array:
    """Return the column as 32-bit strings, with nulls replaced by empty strings."""
    if pa.types.is_null(column.type):
        return pa.repeat("", len(column))
    texts = column.cast(pa.string()) if column.type != pa.string() else column
    return pc.fill_null(texts, _EMPTY) if texts.null_count else texts


def _number_lists(column: pa.Array) -> Numbered:
    counts = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    return number_texts(fill_texts(column.flatten()))._replace(ends=arrays.find_ends(counts))
