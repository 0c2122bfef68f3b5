"""What passes from reading to scoring to writing: blocks of rows, and what could not be read of them."""

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
    """A place between two records of the input.

    `file` counts the inputs from 0. `offset` is where the next record begins: a byte of a text, a row of a Parquet
    file. `records` is the number of records of the file before it.
    """

    file: int = 0
    offset: int = 0
    records: int = 0


class Reject(NamedTuple):
    """A record that has no answer: its file, its number there (from 1, the header not counted), and why."""

    file: str
    row: int
    content: str
    reason: str


class Block(NamedTuple):
    """Some thousands of records of one file that follow each other.

    `rows` are those that could be read, `numbers` their record numbers, `rejects` the others; both count from the
    block's beginning. `skipped` counts the records that hold nothing but empty cells, which are neither.
    `content` gives the text of the nth of `rows` as it stood in the input; `end` is where the next block begins.
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
        """Return the block without the rows that `empty` marks, which are counted, and those in `wrong`, by reason."""
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
        """Return the rejects and, in their places among them, the rows in `wrong`, by reason."""
        more = (Reject(self.file, int(self.numbers[row]), self.content(row), why) for row, why in wrong.items())
        return tuple(sorted((*self.rejects, *more), key=lambda reject: reject.row))


def make_block(  # noqa: PLR0913, PLR0917 (what a block is made of)
    source: str,
    rows: pa.RecordBatch,
    records: int,
    reasons: Mapping[int, str],
    show: Callable[[int], str],
    end: Position,
) -> Block:
    """Return the block of so many records: `rows` and, by place, the reasons why the others could not be read.

    `show` gives the text of the record at a place. For example, of 3 records with the reasons `{1: "is empty"}` the
    two rows have the numbers 1 and 3, and number 2 is rejected.
    """
    places = np.delete(np.arange(records), list(reasons))
    rejects = tuple(Reject(source, place + 1, show(place), reasons[place]) for place in sorted(reasons))
    return Block(source, rows, places + 1, rejects, records, end, lambda row: show(int(places[row])))


class Piece(NamedTuple):
    """A part of the input that still has to be parsed, by any thread; `read` is how many bytes were read up to it."""

    parse: Callable[[], Block]
    read: int

    def then(self, read: Callable[[Block], Block]) -> Piece:
        """Return the same part, its block read further by whichever thread parses it."""
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
        """Return the same counts, those of cells by their keys."""
        return self._replace(tally=RunningTally(self.tally.settle()))

    def __add__(self, other: object) -> RowCounts:
        if not isinstance(other, RowCounts):
            return NotImplemented
        return RowCounts(self.scored + other.scored, self.rejected + other.rejected, self.tally + other.tally)


class Done(NamedTuple):
    """A scored block: rows for the output, rejects, and the tally; record numbers count from its own beginning."""

    frame: pl.DataFrame
    rejects: tuple[Reject, ...]
    records: int
    end: Position
    tally: RunningTally
    read: int

    @property
    def counts(self) -> RowCounts:
        """Return how many rows of the input were scored and rejected; the frame of the long form has more rows."""
        return RowCounts(self.tally.teams, len(self.rejects), self.tally)

    def place_after(self, before: int) -> Done:
        """Return the block with record numbers that count from the beginning of its file, `before` records earlier."""
        rejects = tuple(reject._replace(row=reject.row + before) for reject in self.rejects)
        return self._replace(rejects=rejects, end=self.end._replace(records=before + self.records))


class Stopped(Exception):  # noqa: N818 (nothing is wrong)
    """The run was asked to stop."""


def show_cells(cells: Mapping[str, object]) -> str:
    """Return a row as JSON for people, without what it leaves empty, cut at 2,000 characters."""
    filled = {name: cell for name, cell in cells.items() if cell is not None}
    text = json.dumps(filled, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters in all)"


def show_record(content: bytes) -> str:
    r"""Return a record as text for people: without its line end, bytes that are not UTF-8 as `\xff`, cut as above.

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
