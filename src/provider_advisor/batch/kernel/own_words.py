"""The column of requirements in the teams' own words: read once for each different cell, and carried beside the cells.

What nobody judges changes no score: it only keeps a verdict from being firm, and stands in the column `unlisted`. So a
row with `loan phones, night shift: should` is answered like the same row without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from provider_advisor.batch.kernel.table import UNLISTED, read_item
from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.errors import RequirementsError
from provider_advisor.requirements import Unlisted
from provider_advisor.requirements.grammar import split_words
from provider_advisor.requirements.statement import join_unlisted
from provider_advisor.requirements.unlisted import read_unlisted

MOST_OWN_WORDS = 100
_MOST_KEPT = 100_000


class OwnWordsRead(NamedTuple):
    """By row the requirements in own words, and the rows whose own words a single answer must read, or refuse."""

    found: dict[int, tuple[Unlisted, ...]]
    wrong: list[int]


NO_OWN_WORDS = OwnWordsRead({}, [])


class OwnWords:
    """Reads cells of own words, and remembers the last ones; may be used by several threads."""

    def __init__(self) -> None:
        self._known = BoundedCache[str | tuple[str | None, ...], tuple[Unlisted, ...] | None](limit=_MOST_KEPT)

    def read(self, rows: pa.RecordBatch) -> OwnWordsRead:
        """Return what the rows, which have the column, say in their own words."""
        found, wrong = {}, []
        column = rows.column(UNLISTED)
        for row, cell in enumerate(column.to_pylist() if column.null_count < len(column) else ()):
            if not cell or (isinstance(cell, str) and not cell.strip()):
                continue
            parts = self._read_cell(cell)
            if parts is None:
                wrong.append(row)
            elif parts:
                found[row] = parts
        return OwnWordsRead(found, wrong)

    def _read_cell(self, cell: str | list[Any]) -> tuple[Unlisted, ...] | None:
        key = cell if isinstance(cell, str) else tuple(cell)
        return self._known.get_or_make(key, lambda: _read_words(split_words(cell) if isinstance(cell, str) else cell))


def _read_words(words: Sequence[str | None]) -> tuple[Unlisted, ...] | None:
    """Return the requirements in own words, None if one of them cannot be read or if they are many."""
    # Not an error here: a single answer knows the limit of all requirements of a row together, and tells it.
    if len(words) > MOST_OWN_WORDS:
        return None
    try:
        return join_unlisted(read_unlisted(read_item(word)) for word in words)
    except RequirementsError:
        return None
