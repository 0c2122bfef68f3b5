"""Score the blocks of a run, each row with the facts of the day that it names."""

from __future__ import annotations

import datetime as dt
import threading
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import repeat
from typing import NamedTuple, cast

import numpy as np
import polars as pl
import pyarrow as pa

from provider_advisor.batch.blocks import Done, Piece, Position
from provider_advisor.batch.column_names import SCOPE_COLUMNS
from provider_advisor.batch.interruption import Stopped
from provider_advisor.batch.kernel.counts import RunningTally
from provider_advisor.batch.kernel.numbered_words import split_cell
from provider_advisor.batch.kernel.scorer import RowScope, Scorer
from provider_advisor.batch.reading import Inputs
from provider_advisor.batch.writing.frames import plan_columns_of_form
from provider_advisor.batch.writing.long_form import LongForm
from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.errors import BatchFailure, RequirementsError
from provider_advisor.knowledge import KnowledgeBase, facts_as_of
from provider_advisor.knowledge.scope import EVERYTHING, Scope
from provider_advisor.written_values import parse_age, parse_day

_MOST_SCORERS = 16
_MOST_ROWS = 1 << 17  # blocks of short rows have a million, and scoring needs many numbers per row

_Span = tuple[int, int | None, Scope]
"""What selects the facts of a row: stretches of days and of ages in which they are the same, and the scope."""


class _Frames(NamedTuple):
    """Scored rows as a frame of the output, errors of the other rows by row, and the tally."""

    frame: pl.DataFrame
    errors: dict[int, str]
    tally: RunningTally


class ScoringOptions(NamedTuple):
    """Options that affect answers and their columns.

    `day` and `age` (in days) select the facts for all rows. If they are not set and rows are `dated`, the columns
    `as_of` and `max_age` select them; the default day is `today`. With `long`, the output has one row for each team and
    provider. Without `remarks`, counts that only a summary shows are skipped. The other options are those of `Scorer`.
    """

    today: dt.date
    dated: bool = False
    day: dt.date | None = None
    age: int | None = None
    id_column: str | None = None
    reasons: bool = False
    explain: bool = False
    long: bool = False
    remarks: bool = True


class BlockScorer:
    """Scores the blocks of a run; thread-safe.

    Columns that select facts, such as `as_of` and `only`, are not part of the output. `facts` are those for a row that
    selects nothing.
    """

    def __init__(self, knowledge: KnowledgeBase, schema: pa.Schema, form: str, options: ScoringOptions) -> None:
        self._knowledge, self._options = knowledge, options
        self._spans = _Spans(knowledge)
        self._scorers = BoundedCache[_Span, Scorer](limit=_MOST_SCORERS)
        self._closing = {
            name
            for name, provider in knowledge.providers.items()
            if any(product.closed_to_new for product in provider.products.values())
        }
        self._first = self._get_scorer(self._choose_scope())
        self.facts = self._first.facts
        left = [field for field in schema if not (options.dated and field.name in SCOPE_COLUMNS)]
        wide = self._first.output_schema(pa.schema(left))
        self._long = self._plan_long(wide) if options.long else None
        self.schema, self._changes = plan_columns_of_form(self._long.schema if self._long else wide, form)

    def _plan_long(self, wide: pa.Schema) -> LongForm:
        providers = tuple(self._knowledge.providers)
        return LongForm(wide, providers, self._first.find_id(wide), reasons=self._options.reasons)

    def score(self, piece: Piece) -> Done:
        """Parse a piece of the input and score its rows. Raises BatchFailure if a row is missing."""
        block = piece.parse()
        frame, errors, tally = self._score_rows(block.rows)
        rejects = block.list_rejects(errors)
        each = len(self._knowledge.providers) if self._long else 1  # rows per team
        if frame.height != each * (block.records - len(rejects) - block.skipped):
            raise BatchFailure(
                f"of {block.records:,} rows of {block.file}, {frame.height // each:,} were scored and "
                f"{len(rejects):,} rejected: this is a bug in the program; please report it."
            )
        return Done(frame, rejects, block.records, block.end, tally.add_left("empty", block.skipped), piece.read)

    def _score_rows(self, rows: pa.RecordBatch) -> _Frames:
        """Score rows in groups with the same facts.

        For example, if claims were made on 2022-11-22 and 2024-03-01, rows as of 2023-01-01 and 2023-12-31 have the
        same facts, but not with a maximum age of 365d. So a table with thousands of days needs only a few scorers.
        """
        if not self._options.dated:
            return self._score_slices(rows, self._first, None)
        scopes, wrong = self._read_scopes(rows)
        rows = rows.drop_columns([name for name in SCOPE_COLUMNS if name in rows.schema.names])
        groups: dict[_Span, list[int]] = {}
        for row, scope in scopes.items():
            groups.setdefault(self._find_span(scope), []).append(row)
        results, places = [], []
        for members in groups.values() or [[]]:
            chosen = [scopes[row] for row in members]
            scorer = self._get_scorer(chosen[0]) if chosen else self._first
            some = rows if len(members) == rows.num_rows else rows.take(pa.array(members, pa.int64()))
            result = self._score_slices(some, scorer, chosen)
            results.append(result._replace(errors={members[row]: why for row, why in result.errors.items()}))
            places += [row for place, row in enumerate(members) if place not in result.errors]
        if len(results) == 1:
            return results[0]._replace(errors=results[0].errors | wrong)
        # Rows were scored group by group; restore the order of the input.
        order = np.argsort(places, kind="stable")
        if self._long:  # keep the rows of a team together
            count = len(self._knowledge.providers)
            order = (order[:, np.newaxis] * count + np.arange(count)).reshape(-1)
        joined = _join_frames(results)
        return joined._replace(frame=joined.frame[order], errors=joined.errors | wrong)

    def _read_scopes(self, rows: pa.RecordBatch) -> tuple[dict[int, RowScope], dict[int, str]]:
        """Return the scope of each row, and by row why some cannot be read; distinct ones are read once."""
        keys = list(zip(*(_list_values(rows, name) for name in SCOPE_COLUMNS), strict=True))
        read: dict[tuple[str | None, ...], RowScope] = {}
        unread: dict[tuple[str | None, ...], str] = {}
        for key in set(keys):
            try:
                read[key] = self._choose_scope(*key)
            except RequirementsError as error:
                unread[key] = str(error)
        scopes = {row: read[key] for row, key in enumerate(keys) if key in read}
        return scopes, {row: unread[key] for row, key in enumerate(keys) if key in unread} if unread else {}

    def _score_slices(self, rows: pa.RecordBatch, scorer: Scorer, scopes: list[RowScope] | None) -> _Frames:
        """Score rows with the same facts, some at a time; `scopes` are those of the rows, if they state any."""
        parts = []
        for start in range(0, max(rows.num_rows, 1), _MOST_ROWS):
            some = None if scopes is None else scopes[start : start + _MOST_ROWS]
            scored = scorer.score(rows.slice(start, _MOST_ROWS), some)
            errors = {start + row: reason for row, reason in scored.errors.items()}
            batch = self._long.lengthen(scored.batch) if self._long else scored.batch
            frame = cast("pl.DataFrame", pl.from_arrow(batch)).with_columns(self._changes)
            parts.append(_Frames(frame, errors, scored.tally))
        return parts[0] if len(parts) == 1 else _join_frames(parts)

    def _choose_scope(self, as_of: str | None = None, max_age: str | None = None, *names: str | None) -> RowScope:
        """Return the scope of a row; a day and an age on the command line take precedence.

        Raises RequirementsError for unknown providers or sources, and if no provider or source is left.
        """
        options = self._options
        day = options.day or (parse_day(as_of) if as_of else options.today)
        given = {key: split_cell(text) for key, text in zip(Scope._fields, names, strict=False) if text}
        scope = (self._knowledge.whole or self._knowledge).read_scope(**given) if given else EVERYTHING
        if given:
            self._knowledge.restrict(**scope._asdict())
        return RowScope(day, options.age or (parse_age(max_age) if max_age else None), scope)

    def _get_scorer(self, scope: RowScope) -> Scorer:
        """Return the scorer for a scope, shared by all scopes with the same facts."""
        options, span = self._options, self._find_span(scope)
        *_, compared = span

        def make() -> Scorer:
            facts = facts_as_of(self._knowledge.restrict(**compared._asdict()), scope.day, scope.age)
            return Scorer(
                facts,
                id_column=options.id_column,
                reasons=options.reasons or options.long,
                explain=options.explain,
                everybody=tuple(self._knowledge.providers),
                remarks=options.remarks,
            )

        return self._scorers.get_or_make(span, make)

    def _find_span(self, scope: RowScope) -> _Span:
        """Return a key that is equal for rows with the same facts.

        Being a customer of a provider matters only if it has products that are closed to new customers.
        """
        customers = tuple(name for name in scope.scope.customer_of if name in self._closing)
        return *self._spans.find(scope.day, scope.age), scope.scope._replace(customer_of=customers)


def _list_values(rows: pa.RecordBatch, name: str) -> Iterable[str | None]:
    column = rows[name] if name in rows.schema.names else None
    if column is None or column.null_count == len(column):
        return repeat(None, rows.num_rows)
    return list(column.to_pylist())


def _join_frames(parts: Sequence[_Frames]) -> _Frames:
    errors = {row: reason for part in parts for row, reason in part.errors.items()}
    frame = pl.concat([part.frame for part in parts], rechunk=False)
    return _Frames(frame, errors, sum((part.tally for part in parts), RunningTally.zero()))


class _Spans:
    """Finds days with the same facts: no claim or rate begins, ends or becomes out of date between them."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        claims = [claim for some in knowledge.claims.values() for claim in some]
        lives = [part for provider in knowledge.providers.values() for part in provider.products.values()]
        # A price in another currency is converted by the newest rate of the day, and is as old as the rate.
        said = [(claim.stated, knowledge.get_stale_after(claim.criterion)) for claim in claims]
        prices = [criterion.id for criterion in knowledge.criteria.values() if criterion.kind == "price"]
        said += [(rate.stated, knowledge.get_stale_after(price)) for rate in knowledge.rates for price in prices]
        self._stated = sorted({day.toordinal() for day, _ in said})
        begins = [claim.starts for claim in claims]
        begins += [day for part in lives for day in (part.stated, part.closed_to_new) if day is not None]
        ends = [*(claim.until for claim in claims), *(part.until for part in lives)]
        lasts = [day.toordinal() for day in ends if day is not None]
        lasts += [day.toordinal() + days for day, days in said if days is not None]
        # A fact is still valid on its last day, so the change is on the day after.
        self._turns = sorted({*self._stated, *(day.toordinal() for day in begins), *(last + 1 for last in lasts)})

    def find(self, day: dt.date, age: int | None) -> tuple[int, int | None]:
        """Return a key that is equal for days with the same facts."""
        number = day.toordinal()
        return bisect_right(self._turns, number), None if age is None else bisect_left(self._stated, number - age)


def score_blocks(
    inputs: Inputs, score: Callable[[Piece], Done], threads: int, start: Position, stop: threading.Event
) -> Generator[Done]:
    """Yield scored blocks in order, beginning at `start`. Raises Stopped once `stop` is set."""
    # Threads parse blocks without waiting for earlier ones, so record numbers start at each block.
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
    """Yield the results of pieces in order, with only a few more in memory than there are threads."""
    waiting: deque[Future[Done]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="score")
    try:
        for piece in pieces:
            waiting.append(pool.submit(score, piece))
            if len(waiting) > threads:  # one waits; more would only take memory, whatever the size of the input
                yield _take_next(waiting, stop)
        while waiting:
            yield _take_next(waiting, stop)
    finally:
        # Also if the caller stops early: threads must not score blocks that will never be written.
        pool.shutdown(cancel_futures=True)


def _take_next(waiting: deque[Future[Done]], stop: threading.Event) -> Done:
    if stop.is_set():
        raise Stopped
    return waiting.popleft().result()
