"""Define what reading passes to scoring and writing: blocks of rows and rejected records."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from provider_advisor.batch.kernel import arrays
from provider_advisor.batch.kernel.counts import RunningTally

_LONGEST = 2_000
Numbers = npt.NDArray[np.int64]


class Position(NamedTuple):
    """A position between two records of the input.

    `file` is the index of the input, from 0. `offset` is where the next record begins: a byte of a text file, a row of
    a Parquet file. `records` is the number of records before it in the file.
    """

    file: int = 0
    offset: int = 0
    records: int = 0


class Reject(NamedTuple):
    """A record without an answer: its file, its number in it (from 1, without the header), and the reason."""

    file: str
    row: int
    content: str
    reason: str


class Block(NamedTuple):
    """A few thousand consecutive records of one file.

    `rows` are the records that could be read, `numbers` their record numbers, and `rejects` the others; record numbers
    start at the beginning of the block. `skipped` counts records with only empty cells, which are in neither.
    `content` returns the original text of the nth of `rows`; `end` is where the next block begins.
    """

    file: str
    rows: pa.RecordBatch
    numbers: Numbers
    rejects: tuple[Reject, ...]
    records: int
    end: Position
    content: Callable[[int], str]
    skipped: int = 0

    def leave_out(self, empty: pa.Array | None, wrong: Mapping[int, str]) -> Block:
        """Return the block without `empty` rows, which are counted, and `wrong` rows, which are rejected."""
        if empty is None and not wrong:
            return self
        out = np.zeros(self.rows.num_rows, bool) if empty is None else empty.to_numpy(zero_copy_only=False).copy()
        skipped = int(out.sum())
        out[list(wrong)] = True
        places = np.flatnonzero(~out)
        return self._replace(
            rows=self.rows.filter(arrays.make_flags(~out)),
            numbers=self.numbers[places],
            rejects=self.list_rejects(wrong),
            content=lambda row: self.content(int(places[row])),
            skipped=self.skipped + skipped,
        )

    def list_rejects(self, wrong: Mapping[int, str]) -> tuple[Reject, ...]:
        """Return the rejects and the rows in `wrong` (reasons by row), sorted by record number."""
        more = (Reject(self.file, int(self.numbers[row]), self.content(row), why) for row, why in wrong.items())
        return tuple(sorted((*self.rejects, *more), key=lambda reject: reject.row))


def make_block(  # noqa: PLR0913, PLR0917 (the parts of a block)
    source: str,
    rows: pa.RecordBatch,
    records: int,
    reasons: Mapping[int, str],
    show: Callable[[int], str],
    end: Position,
) -> Block:
    """Return a block of `records` records: `rows`, and by index the reasons why the others cannot be read.

    `show` returns the text of the record at an index. For example, if there are 3 records and the reasons are
    `{1: "is empty"}`, the two rows have the numbers 1 and 3, and number 2 is rejected.
    """
    places = np.delete(np.arange(records), list(reasons))
    rejects = tuple(Reject(source, place + 1, show(place), reasons[place]) for place in sorted(reasons))
    return Block(source, rows, places + 1, rejects, records, end, lambda row: show(int(places[row])))


class Piece(NamedTuple):
    """A part of the input for any thread to parse; `read` is the number of bytes read so far."""

    parse: Callable[[], Block]
    read: int

    def then(self, read: Callable[[Block], Block]) -> Piece:
        """Return the same part, with `read` applied to its block after parsing."""
        return self._replace(parse=lambda: read(self.parse()))


class RowCounts(NamedTuple):
    """The numbers of scored and rejected rows, and the tally of the scored ones."""

    scored: int
    rejected: int
    tally: RunningTally

    @classmethod
    def zero(cls) -> RowCounts:
        """Return the counts of no rows."""
        return cls(0, 0, RunningTally.zero())

    def settle(self) -> RowCounts:
        """Return the same counts, with those of cells converted to counts by key."""
        return self._replace(tally=RunningTally(self.tally.settle()))

    def __add__(self, other: object) -> RowCounts:
        if not isinstance(other, RowCounts):
            return NotImplemented
        return RowCounts(self.scored + other.scored, self.rejected + other.rejected, self.tally + other.tally)


class Done(NamedTuple):
    """A scored block: output rows, rejects and tally; record numbers start at the block's beginning."""

    frame: pl.DataFrame
    rejects: tuple[Reject, ...]
    records: int
    end: Position
    tally: RunningTally
    read: int

    @property
    def counts(self) -> RowCounts:
        """Return how many input rows were scored and rejected; in the long form, `frame` has more rows."""
        return RowCounts(self.tally.teams, len(self.rejects), self.tally)

    def place_after(self, before: int) -> Done:
        """Return the block with record numbers from the start of its file, `before` records earlier."""
        rejects = tuple(reject._replace(row=reject.row + before) for reject in self.rejects)
        return self._replace(rejects=rejects, end=self.end._replace(records=before + self.records))


def show_cells(cells: Mapping[str, object]) -> str:
    """Return a row as readable JSON without empty cells, cut at 2,000 characters."""
    filled = {name: cell for name, cell in cells.items() if cell is not None}
    text = json.dumps(filled, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters in all)"


def show_record(content: bytes) -> str:
    r"""Return a record as readable text without its line end, cut at 2,000 characters.

    Bytes that are not UTF-8 are shown as `\xff`.

    >>> show_record(b"team-1,fax\xff\r\n")
    'team-1,fax\\xff'
    """
    size = len(content)
    text = content[: 4 * _LONGEST].decode("utf-8", "backslashreplace")
    if size <= 4 * _LONGEST:
        text = text.removesuffix("\n").removesuffix("\r")
        if len(text) <= _LONGEST:
            return text
    return f"{text[:_LONGEST]}… ({size:,} bytes in all)"
