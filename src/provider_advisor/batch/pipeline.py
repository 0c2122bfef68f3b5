"""Blocks scored, each with the facts of the day that its rows name."""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import polars as pl
import pyarrow as pa

from provider_advisor.batch.blocks import Done, Piece, Position, Reject, Stopped
from provider_advisor.batch.kernel.counts import Tally
from provider_advisor.batch.kernel.scorer import Scorer
from provider_advisor.batch.reading import Inputs
from provider_advisor.batch.writing.frames import shape_for
from provider_advisor.errors import BatchFailure
from provider_advisor.knowledge import KnowledgeBase, facts_as_of

__all__ = ["Scoring", "flow"]

_DATED = ("as_of", "max_age")
_MOST_SCORERS = 16
_MOST_ROWS = 1 << 17  # short rows make blocks of a million, and scoring holds many numbers for each


class Scoring:
    """How the blocks of a run are scored, by any number of threads.

    With `dated` rows the columns `as_of` and `max_age` say with which facts each is answered, unless `day` or `age` do;
    they are not part of the output. `options` are those of `Scorer`. `facts` are those of a row that names no day.
    """

    def __init__(  # noqa: PLR0913 (what an answer depends on)
        self,
        knowledge: KnowledgeBase,
        schema: pa.Schema,
        form: str,
        *,
        day: dt.date | None,
        age: int | None,
        today: dt.date,
        dated: bool,
        **options: Any,  # noqa: ANN401 (those of Scorer)
    ) -> None:
        self._knowledge, self._options = knowledge, options
        self._day, self._age, self._today, self._dated = day, age, today, dated
        self._scorers: OrderedDict[tuple[dt.date, int | None], Scorer] = OrderedDict()
        self._lock = threading.Lock()
        self.facts = self._scorer(None, None).facts
        left = [field for field in schema if not (dated and field.name in _DATED)]
        self.schema, self._shaper = shape_for(self._scorer(None, None).output_schema(pa.schema(left)), form)

    def score(self, piece: Piece) -> Done:
        """A piece of the input, parsed and scored. Raises BatchFailure if a row were lost."""
        block = piece.parse()
        frame, errors, tally = self._scored(block.rows)
        refused = [
            Reject(block.file, int(block.numbers[row]), block.content(row), reason) for row, reason in errors.items()
        ]
        rejects = tuple(sorted([*block.rejects, *refused], key=lambda reject: reject.row))
        if frame.height + len(rejects) != block.records:
            raise BatchFailure(
                f"of {block.records:,} rows of {block.file}, {frame.height:,} were scored and {len(rejects):,} rejected"
                ": this is a fault of the program; please report it."
            )
        return Done(frame, rejects, block.records, block.end, tally, piece.read)

    def _scored(self, rows: pa.RecordBatch) -> tuple[pl.DataFrame, dict[int, str], Tally]:
        if not self._dated:
            return self._of_one_day(rows, self._scorer(None, None))
        groups: dict[tuple[str | None, str | None], list[int]] = {}
        for row, key in enumerate(zip(*(rows[name].to_pylist() for name in _DATED), strict=True)):
            groups.setdefault(key, []).append(row)
        rows = rows.drop_columns(list(_DATED))
        if len(groups) <= 1:
            return self._of_one_day(rows, self._scorer(*next(iter(groups), (None, None))))
        return self._of_many_days(rows, groups)

    def _of_one_day(self, rows: pa.RecordBatch, scorer: Scorer) -> tuple[pl.DataFrame, dict[int, str], Tally]:
        frames: list[pl.DataFrame] = []
        errors: dict[int, str] = {}
        tally = Tally.empty()
        for start in range(0, max(rows.num_rows, 1), _MOST_ROWS):
            scored = scorer.score(rows.slice(start, _MOST_ROWS))
            frames.append(self._shaper(scored.batch))
            errors |= {start + row: reason for row, reason in scored.errors.items()}
            tally += scored.tally
        return frames[0] if len(frames) == 1 else pl.concat(frames, rechunk=False), errors, tally

    def _of_many_days(
        self, rows: pa.RecordBatch, groups: dict[tuple[str | None, str | None], list[int]]
    ) -> tuple[pl.DataFrame, dict[int, str], Tally]:
        frames: list[pl.DataFrame] = []
        places: list[int] = []
        errors: dict[int, str] = {}
        tally = Tally.empty()
        for key, members in groups.items():
            frame, wrong, part = self._of_one_day(rows.take(pa.array(members)), self._scorer(*key))
            frames.append(frame)
            places += [row for place, row in enumerate(members) if place not in wrong]
            errors |= {members[place]: reason for place, reason in wrong.items()}
            tally += part
        order = pl.Series(places, dtype=pl.Int64).arg_sort()
        return pl.concat(frames)[order], errors, tally

    def _scorer(self, as_of: str | None, max_age: str | None) -> Scorer:
        """The scorer of a row's day and age; what was asked for on the command line wins."""
        day = self._day or (dt.date.fromisoformat(as_of) if as_of else self._today)
        age = self._age or (int(max_age.removesuffix("d")) if max_age else None)
        with self._lock:
            found = self._scorers.pop((day, age), None)
            if found is None:
                found = Scorer(facts_as_of(self._knowledge, day, age), **self._options)
            self._scorers[day, age] = found
            if len(self._scorers) > _MOST_SCORERS:
                self._scorers.popitem(last=False)
            return found


_AHEAD = 1


def flow(
    inputs: Inputs, score: Callable[[Piece], Done], threads: int, start: Position, stop: threading.Event
) -> Generator[Done]:
    """The scored blocks from a place on, in order and in their places. Raises Stopped when asked to."""
    file, before = start.file, start.records
    for done in _in_order(inputs.pieces(start), score, threads, stop):
        if done.end.file != file:
            file, before = done.end.file, 0
        placed = done.placed(before)
        before = placed.end.records
        yield placed


def _in_order(
    pieces: Iterator[Piece], score: Callable[[Piece], Done], threads: int, stop: threading.Event
) -> Iterator[Done]:
    """What becomes of the pieces; only a few more than there are threads are held at a time."""
    waiting: deque[Future[Done]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="score")
    try:
        for piece in pieces:
            waiting.append(pool.submit(score, piece))
            if len(waiting) > threads + _AHEAD:
                yield _next(waiting, stop)
        while waiting:
            yield _next(waiting, stop)
    finally:
        pool.shutdown(cancel_futures=True)


def _next(waiting: deque[Future[Done]], stop: threading.Event) -> Done:
    if stop.is_set():
        raise Stopped
    return waiting.popleft().result()
