"""Blocks scored, each with the facts of the day that its rows name."""

from __future__ import annotations

import datetime as dt
import threading
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import polars as pl
import pyarrow as pa

from provider_advisor.batch.blocks import Done, Piece, Position, Reject, Stopped
from provider_advisor.batch.kernel.counts import Tally
from provider_advisor.batch.kernel.scorer import Scorer
from provider_advisor.batch.reading import Inputs
from provider_advisor.batch.writing.frames import plan_shape
from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.errors import BatchFailure
from provider_advisor.knowledge import KnowledgeBase, facts_as_of
from provider_advisor.logic import parse_age, parse_day

__all__ = ["Scoring", "ScoringOptions", "score_blocks"]

_DATED = ("as_of", "max_age")
_MOST_SCORERS = 16
_AHEAD = 1  # pieces that wait besides one for each thread
_MOST_ROWS = 1 << 17  # short rows make blocks of a million, and scoring holds many numbers for each


_Day = tuple[dt.date, int | None]


class _Frames(NamedTuple):
    """Rows scored: the frame of the output, what is wrong with the others by row, and what they came to."""

    frame: pl.DataFrame
    errors: dict[int, str]
    tally: Tally


class ScoringOptions(NamedTuple):
    """What answers and their columns depend on, besides the knowledge base and the rows.

    `day` and `age` (in days) choose the facts of all rows. With `dated` rows the columns `as_of` and `max_age` choose
    them where `day` or `age` do not; otherwise it is `today`. The rest is as in `Scorer`.
    """

    today: dt.date
    dated: bool = False
    day: dt.date | None = None
    age: int | None = None
    id_column: str | None = None
    reasons: bool = False
    explain: bool = False


class Scoring:
    """How the blocks of a run are scored, by any number of threads.

    The columns that date rows are not part of the output. `facts` are those of a row that names no day.
    """

    def __init__(self, knowledge: KnowledgeBase, schema: pa.Schema, form: str, options: ScoringOptions) -> None:
        self._knowledge, self._options = knowledge, options
        self._spans = _Spans(knowledge)
        self._scorers = BoundedCache[tuple[int, int | None], Scorer](limit=_MOST_SCORERS)
        first = self._get_scorer(self._choose_day(None, None))
        self.facts = first.facts
        left = [field for field in schema if not (options.dated and field.name in _DATED)]
        self.schema, self._shape = plan_shape(first.output_schema(pa.schema(left)), form)

    def score(self, piece: Piece) -> Done:
        """Return the scored rows of a piece of the input, after parsing it. Raises BatchFailure if a row were lost."""
        block = piece.parse()
        frame, errors, tally = self._score_rows(block.rows)
        refused = [
            Reject(block.file, int(block.numbers[row]), block.content(row), reason) for row, reason in errors.items()
        ]
        rejects = tuple(sorted([*block.rejects, *refused], key=lambda reject: reject.row))
        if frame.height + len(rejects) + block.skipped != block.records:
            raise BatchFailure(
                f"of {block.records:,} rows of {block.file}, {frame.height:,} were scored and {len(rejects):,} rejected"
                ": this is a fault of the program; please report it."
            )
        return Done(frame, rejects, block.records, block.end, tally.add_empty_rows(block.skipped), piece.read)

    def _score_rows(self, rows: pa.RecordBatch) -> _Frames:
        """Score rows, those whose days have the same facts together.

        For example, if claims were made on 2022-11-22 and 2024-03-01, rows as of 2023-01-01 and 2023-12-31 have the
        same facts, but with an age of 365d they differ. So a table of thousands of days needs only a few scorers.
        """
        if not self._options.dated:
            return self._score_slices(rows, self._get_scorer(self._choose_day(None, None)), None)
        keys = list(zip(*(rows[name].to_pylist() for name in _DATED), strict=True))
        days_of = {key: self._choose_day(*key) for key in set(keys)}
        groups: dict[tuple[int, int | None], list[int]] = {}
        for row, key in enumerate(keys):
            groups.setdefault(self._spans.find(days_of[key]), []).append(row)
        rows = rows.drop_columns(list(_DATED))
        results, places = [], []
        for members in groups.values() or [[]]:
            days = [days_of[keys[row]] for row in members]
            scorer = self._get_scorer(days[0] if days else self._choose_day(None, None))
            some = rows if len(groups) <= 1 else rows.take(pa.array(members))
            result = self._score_slices(some, scorer, days)
            results.append(result._replace(errors={members[row]: why for row, why in result.errors.items()}))
            places += [row for place, row in enumerate(members) if place not in result.errors]
        if len(results) == 1:
            return results[0]
        order = pl.Series(places, dtype=pl.Int64).arg_sort()
        joined = _join_frames(results)
        return joined._replace(frame=joined.frame[order])

    def _score_slices(self, rows: pa.RecordBatch, scorer: Scorer, days: list[_Day] | None) -> _Frames:
        parts = []
        for start in range(0, max(rows.num_rows, 1), _MOST_ROWS):
            some = None if days is None else days[start : start + _MOST_ROWS]
            scored = scorer.score(rows.slice(start, _MOST_ROWS), some)
            errors = {start + row: reason for row, reason in scored.errors.items()}
            parts.append(_Frames(self._shape(scored.batch), errors, scored.tally))
        return parts[0] if len(parts) == 1 else _join_frames(parts)

    def _choose_day(self, as_of: str | None, max_age: str | None) -> _Day:
        """Return the day and the age that a row is answered with; what the command line asks for wins."""
        day = self._options.day or (parse_day(as_of) if as_of else self._options.today)
        return day, self._options.age or (parse_age(max_age) if max_age else None)

    def _get_scorer(self, day: _Day) -> Scorer:
        """Return the scorer of a day, which serves all days with the same facts."""
        _, _, _, _, id_column, reasons, explain = self._options

        def make() -> Scorer:
            facts = facts_as_of(self._knowledge, *day)
            return Scorer(facts, id_column=id_column, reasons=reasons, explain=explain)

        return self._scorers.get_or_make(self._spans.find(day), make)


class _Spans:
    """Tells which days have the same facts: no claim begins, ends or is past its time between them."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        claims = [claim for some in knowledge.claims.values() for claim in some]
        self._stated = sorted({claim.stated.toordinal() for claim in claims})
        lives = [part for provider in knowledge.providers.values() for part in provider.products.values()]
        begins = [day for claim in claims for day in (claim.stated, claim.starts)]
        begins += [day for part in lives for day in (part.stated, part.closed_to_new) if day is not None]
        ends = [*(claim.until for claim in claims), *(part.until for part in lives)]
        lasts = [day.toordinal() for day in ends if day is not None]
        ages = [(claim.stated.toordinal(), knowledge.get_stale_after(claim.criterion)) for claim in claims]
        lasts += [stated + days for stated, days in ages if days is not None]
        self._turns = sorted({*(day.toordinal() for day in begins), *(last + 1 for last in lasts)})

    def find(self, day: _Day) -> tuple[int, int | None]:
        """Return what is alike for days with the same facts."""
        number, age = day[0].toordinal(), day[1]
        return bisect_right(self._turns, number), None if age is None else bisect_left(self._stated, number - age)


def _join_frames(parts: Sequence[_Frames]) -> _Frames:
    errors = {row: reason for part in parts for row, reason in part.errors.items()}
    frame = pl.concat([part.frame for part in parts], rechunk=False)
    return _Frames(frame, errors, sum((part.tally for part in parts), Tally.empty()))


def score_blocks(
    inputs: Inputs, score: Callable[[Piece], Done], threads: int, start: Position, stop: threading.Event
) -> Generator[Done]:
    """Yield the scored blocks from a place on, in order and in their places. Raises Stopped when asked to."""
    file, before = start.file, start.records
    for done in _score_in_order(inputs.pieces(start), score, threads, stop):
        if done.end.file != file:
            file, before = done.end.file, 0
        placed = done.place_after(before)
        before = placed.end.records
        yield placed


def _score_in_order(
    pieces: Iterator[Piece], score: Callable[[Piece], Done], threads: int, stop: threading.Event
) -> Iterator[Done]:
    """Yield what becomes of the pieces; only a few more than there are threads are held at a time."""
    waiting: deque[Future[Done]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="score")
    try:
        for piece in pieces:
            waiting.append(pool.submit(score, piece))
            if len(waiting) > threads + _AHEAD:
                yield _take_next(waiting, stop)
        while waiting:
            yield _take_next(waiting, stop)
    finally:
        pool.shutdown(cancel_futures=True)


def _take_next(waiting: deque[Future[Done]], stop: threading.Event) -> Done:
    if stop.is_set():
        raise Stopped
    return waiting.popleft().result()
