"""Scored rows as a workbook: the answers, why they are so, and what was looked at, each on a sheet.

XlsxWriter writes a row at a time, in constant memory. A text is never written as a formula or a link, whatever it
begins with.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from provider_advisor.batch.blocks import Done
from provider_advisor.batch.kernel.counts import Tally
from provider_advisor.batch.writing.frames import replace_rejects, write_rejects
from provider_advisor.batch.writing.row_sentences import RowSentences
from provider_advisor.batch.writing.stream import open_rejects
from provider_advisor.errors import BatchError, BatchFailure, describe_cause
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.requirements.matching import Match
from provider_advisor.version import __version__
from provider_advisor.whole_file import write_whole

__all__ = ["MOST_ROWS", "WorkbookPlan", "list_scope", "refuse_without_writer", "write_workbook"]

MOST_ROWS, MOST_COLUMNS = 1_048_575, 16_384
_LONGEST = 32_767
_LARGEST_WHOLE = 2**53
_FIRST_DAY = dt.date(1900, 3, 1)  # before it, Excel's calendar has a day that never was
_NARROW, _WIDE, _SENTENCES = 11, 45, 120
_DAY, _MOMENT, _SCORE, _COST = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "0.0", "#,##0.00"


class WorkbookPlan(NamedTuple):
    """What goes into a workbook besides the rows.

    `hidden` are columns of the frames that only the sentences need, `id_column` is the first column of the reasons;
    `describe_scope` returns lines of two cells from the counts of the run.
    """

    sentences: RowSentences
    hidden: frozenset[str]
    id_column: str | None
    describe_scope: Callable[[Tally, int], Iterable[tuple[str, str | int]]]


def refuse_without_writer() -> Any:  # noqa: ANN401 (a module)
    """Return XlsxWriter. Raises BatchError if it is not installed."""
    try:
        import xlsxwriter  # noqa: PLC0415 (an extra, and few outputs are workbooks)
    except ImportError as error:
        raise BatchError(
            "writing a workbook needs XlsxWriter, which is not installed; install provider-advisor[excel], or choose "
            "an "
            "output such as scores.csv."
        ) from error
    return xlsxwriter


def write_workbook(  # noqa: PLR0913, PLR0917 (as the other writers)
    blocks: Iterator[Done],
    schema: pl.Schema,
    plan: WorkbookPlan,
    output: Path,
    rejects: Path,
    watch: Callable[[Done], None],
) -> tuple[int, int, Tally]:
    """Write the blocks to a workbook that appears whole; return the rows scored, the rows rejected and the counts.

    Raises BatchError for more columns or rows than a sheet has, and BatchFailure if it cannot be written.
    """
    shown = [name for name in schema if name not in plan.hidden]
    if len(shown) > MOST_COLUMNS:
        raise BatchError(f"a sheet has {MOST_COLUMNS:,} columns, and the output {len(shown):,}; write CSV or Parquet.")
    xlsxwriter = refuse_without_writer()
    scored, rejected, tally = 0, 0, Tally.empty()
    try:
        with (
            write_whole(output) as file,
            open_rejects(rejects) as refused,
            xlsxwriter.Workbook(file, {"constant_memory": True}) as book,
        ):
            sheets = _Sheets(book, {name: schema[name] for name in shown}, plan)
            for done in blocks:
                sheets.write(done.frame)
                write_rejects(done.rejects, refused)
                scored, rejected, tally = scored + done.scored, rejected + len(done.rejects), tally + done.tally
                watch(done)
            sheets.finish(plan.describe_scope(tally, rejected))
    except OSError as error:
        raise BatchFailure(f"{output} cannot be written ({describe_cause(error)}); free some space.") from error
    if not rejected:
        replace_rejects(rejects, None)
    return scored, rejected, tally


def list_scope(
    summary: Mapping[str, Any], knowledge: KnowledgeBase, inputs: Sequence[str], matches: Iterable[Match]
) -> list[tuple[str, str | int]]:
    """Return what was looked at, from the summary of a run: a line of two cells for each thing."""
    about = summary["knowledge"]
    lines: list[tuple[str, str | int]] = [
        ("Inputs", ", ".join(inputs)),
        ("Rows answered", summary["scored"]),
        ("Rows rejected", summary["rejected"]),
        ("Blank rows", summary["empty_rows"]),
        *((f"Verdict: {each['kind']}", each["teams"]) for each in summary["verdicts"]),
        ("Scope", about["says"]),
        ("As of", about["as_of"]),
        ("Providers compared", ", ".join(provider.name for provider in knowledge.providers.values())),
    ]
    lines += [("Source", f"{knowledge.sources[name].title} ({name})") for name in about["sources"]]
    lines += [("Facts", f"{about['oldest']} to {about['newest']}")] if about["newest"] else []
    lines += [("Read as", f"{match.word} → {', '.join(match.targets)}") for match in matches if match.is_requirement]
    named = f"{about['version']} of {about['date']}, " if about["version"] else ""
    lines.append(("Knowledge base", f"{named}{about['fingerprint']}"))
    return [*lines, ("Program", f"provider-advisor {__version__}")]


class _Sheets:
    """The three sheets of a workbook while they are written."""

    def __init__(self, book: Any, schema: dict[str, Any], plan: WorkbookPlan) -> None:  # noqa: ANN401
        self._book, self._plan = book, plan
        self._names, self._next = list(schema), 1
        self._answers, self._reasons, self._scope = map(book.add_worksheet, ("Answers", "Reasons", "Scope"))
        formats = {text: book.add_format({"num_format": text}) for text in (_DAY, _MOMENT, _SCORE, _COST)}
        self._formats = [formats.get(_choose_format(name, kind) or "") for name, kind in schema.items()]
        self._head = book.add_format({"bold": True, "bottom": 1})
        self._wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self._begin(self._answers, self._names, [_choose_width(name, kind) for name, kind in schema.items()])
        names = [plan.id_column] if plan.id_column in schema else ["row"]
        self._begin(self._reasons, [*names, "why"], [_NARROW * 2, _SENTENCES])

    def _begin(self, sheet: Any, names: Sequence[str | None], widths: Sequence[int]) -> None:  # noqa: ANN401
        sheet.freeze_panes(1, 1)
        for column, (name, width) in enumerate(zip(names, widths, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, str(name), self._head)

    def write(self, frame: pl.DataFrame) -> None:
        """Write the rows of a block behind those that are there. Raises BatchError if a sheet has no room for them."""
        if self._next + frame.height > MOST_ROWS + 1:
            raise BatchError(f"a sheet has room for {MOST_ROWS:,} rows; write CSV or Parquet.")
        for row, cells in enumerate(frame.select(self._names).iter_rows(), self._next):
            for column, cell in enumerate(cells):
                if cell is not None:
                    _write_cell(self._answers, row, column, cell, self._formats[column])
        ids = (
            frame[self._plan.id_column]
            if self._plan.id_column in self._names
            else range(self._next, self._next + frame.height)
        )
        said = frame.select(self._plan.sentences.columns).cast(pl.String).iter_rows()
        for row, (name, values) in enumerate(zip(ids, said, strict=True), self._next):
            if name is not None:
                _write_cell(self._reasons, row, 0, name, None)
            _write_text(self._reasons, row, 1, self._plan.sentences.say(*values), self._wrapped)
        self._next += frame.height

    def finish(self, scope: Iterable[tuple[str, str | int]]) -> None:
        """Add the filters and the sheet of the scope."""
        last = max(self._next - 1, 1)
        self._answers.autofilter(0, 0, last, max(len(self._names) - 1, 0))
        self._reasons.autofilter(0, 0, last, 1)
        self._scope.set_column(0, 0, _NARROW * 2)
        self._scope.set_column(1, 1, _SENTENCES, self._wrapped)
        for row, (what, value) in enumerate(scope):
            self._scope.write_string(row, 0, what, self._head)
            _write_cell(self._scope, row, 1, value, None)


def _choose_format(name: str, kind: Any) -> str | None:  # noqa: ANN401 (a type of Polars)
    if isinstance(kind, pl.Date) or kind == pl.Date:
        return _DAY
    if isinstance(kind, pl.Datetime):
        return _MOMENT
    if name.endswith((".monthly_cost_low", ".monthly_cost_high")):
        return _COST
    return _SCORE if name.endswith((".proven", ".expected", ".possible")) else None


def _choose_width(name: str, kind: Any) -> int:  # noqa: ANN401
    least = 2 * _NARROW if kind == pl.String else _NARROW
    return min(max(len(name) + 3, least), _WIDE)


def _write_cell(sheet: Any, row: int, column: int, cell: Any, form: Any) -> None:  # noqa: ANN401
    """Write a value as what it is, if a sheet has such values, else as a text."""
    if isinstance(cell, str):
        _write_text(sheet, row, column, cell, form)
    elif isinstance(cell, bool):
        sheet.write_boolean(row, column, cell, form)
    elif isinstance(cell, int | float) and math.isfinite(cell) and abs(cell) <= _LARGEST_WHOLE:
        sheet.write_number(row, column, cell, form)
    elif isinstance(cell, dt.date) and _is_of_calendar(cell):
        sheet.write_datetime(row, column, cell, form)
    else:
        _write_text(sheet, row, column, str(cell), form)


def _is_of_calendar(day: dt.date) -> bool:
    if isinstance(day, dt.datetime):
        return day.tzinfo is None and day.date() >= _FIRST_DAY
    return day >= _FIRST_DAY


def _write_text(sheet: Any, row: int, column: int, text: str, form: Any) -> None:  # noqa: ANN401
    if len(text) > _LONGEST:
        note = f"… ({len(text):,} characters in all)"
        text = text[: _LONGEST - len(note)] + note
    sheet.write_string(row, column, text, form)
