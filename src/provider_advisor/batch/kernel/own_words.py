"""Read the column of requirements in the teams' own words, each distinct cell once.

Such requirements are not judged and change no score: a must merely prevents a firm verdict, and all are listed in the
column `unlisted`. For example, `loan phones: should, night shift: should` leaves the answer of its row unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from provider_advisor.batch.kernel.layout import UNLISTED
from provider_advisor.batch.kernel.read_row import read_item
from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.errors import RequirementsError
from provider_advisor.requirements import Unlisted
from provider_advisor.requirements.grammar import split_words
from provider_advisor.requirements.statement import join_unlisted
from provider_advisor.requirements.unlisted import read_unlisted

MOST_OWN_WORDS = 100
_MOST_KEPT = 100_000


class OwnWordsRead(NamedTuple):
    """The requirements in own words by row, and the rows to be answered one by one (`wrong`)."""

    found: dict[int, tuple[Unlisted, ...]]
    wrong: list[int]


NO_OWN_WORDS = OwnWordsRead({}, [])


class OwnWords:
    """Reads cells of own words and caches the most recent ones; thread-safe."""

    def __init__(self) -> None:
        self._known = BoundedCache[str | tuple[str | None, ...], tuple[Unlisted, ...] | None](limit=_MOST_KEPT)

    def read(self, rows: pa.RecordBatch) -> OwnWordsRead:
        """Return the requirements in own words; the rows must have the column `unlisted`."""
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
    """Return the requirements in own words; None if one cannot be read or there are too many."""
    # Not an error here: a single answer checks and reports the limit for all requirements of a row together.
    if len(words) > MOST_OWN_WORDS:
        return None
    try:
        return join_unlisted(read_unlisted(read_item(word)) for word in words)
    except RequirementsError:
        return None
