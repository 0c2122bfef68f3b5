"""Write scored rows as a workbook with sheets for answers, reasons, all figures and the scope.

The sheet of answers has what people read first: the verdict, the ranking, the input's columns, and one score per
provider. All other figures are on another sheet.

xlsxturbo writes whole Arrow columns, about ten times faster than cell by cell. Text is never written as a formula or a
link, whatever it begins with.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from provider_advisor.batch.blocks import Done, RowCounts
from provider_advisor.batch.kernel.output_columns import (
    GAPS,
    OF_PROVIDERS,
    RANKING,
    VERDICT_COLUMNS,
    list_reason_columns,
)
from provider_advisor.batch.kernel.scores import RULED_OUT, STANDINGS
from provider_advisor.batch.reading import Inputs
from provider_advisor.batch.summary import make_outline
from provider_advisor.batch.writing.rejects import open_rejects, write_rejects
from provider_advisor.errors import BatchError, BatchFailure, describe_cause
from provider_advisor.explanation.words import STRENGTHS, joined
from provider_advisor.knowledge import Facts, KnowledgeBase
from provider_advisor.knowledge.criteria import find_label
from provider_advisor.version import __version__
from provider_advisor.whole_file import write_whole

if TYPE_CHECKING:  # an extra
    from xlsxturbo.types import ColumnFormat, SheetOptions


MOST_ROWS, MOST_COLUMNS = 1_048_575, 16_384
_LONGEST = 32_767  # of a text in a cell, in units of UTF-16
_COMPRESSION = 2  # two thirds of the time of the usual 6, for a quarter more bytes
_NARROW, _WIDE, _SENTENCES = 11, 45, 120
_HEAD: ColumnFormat = {"bold": True, "border_bottom": True}
_WRAPPED: ColumnFormat = {"wrap_text": True, "align_vertical": "top"}
_SCORE: ColumnFormat = {"num_format": "0.0"}
_COST: ColumnFormat = {"num_format": "#,##0.00"}
_ROW, _WHY = "row", "why"
_OF_ROW = ("verdict", "strength", "provider", "lean", "among", RANKING, "reasons", "unlisted")
_MOST_CODES = 5
_LEADERS = 3
_JOINER = ";"


class WorkbookPlan(NamedTuple):
    """The contents of a workbook besides the rows; `facts` are those of its scope.

    With `reasons` their columns are among the details, else only the sentences say them. `id_column` is the first
    column of each sheet.
    """

    knowledge: KnowledgeBase
    facts: Facts
    inputs: Inputs
    reasons: bool
    id_column: str | None


def import_writer() -> Any:  # noqa: ANN401 (a module)
    """Return xlsxturbo. Raises BatchError if it is not installed."""
    try:
        import xlsxturbo  # noqa: PLC0415 (an extra, and few outputs are workbooks)
    except ImportError as error:
        raise BatchError(
            "writing a workbook needs xlsxturbo, which is not installed; install provider-advisor[excel], or choose an "
            "output such as scores.csv."
        ) from error
    return xlsxturbo


def write_workbook(  # noqa: PLR0913, PLR0917 (as the other writers)
    blocks: Iterator[Done],
    schema: pl.Schema,
    plan: WorkbookPlan,
    output: Path,
    rejects: Path,
    watch: Callable[[Done], None],
) -> RowCounts:
    """Write the blocks to a workbook that appears whole, and return their counts.

    Raises BatchError for more columns or rows than a sheet has, and BatchFailure if it cannot be written.
    """
    xlsxturbo = import_writer()
    sheets = _Sheets(schema, plan)
    counts = RowCounts.zero()
    try:
        with write_whole(output) as file, open_rejects(rejects) as refused:
            for done in blocks:
                sheets.add(done.frame)
                write_rejects(done.rejects, refused)
                counts += done.counts
                watch(done)
            made = [*sheets.make(), _make_scope(_list_scope(plan, counts))]
            xlsxturbo.dfs_to_xlsx(made, file, header_format=_HEAD, constant_memory=True, compression_level=_COMPRESSION)
    except xlsxturbo.OptionError as error:
        raise BatchError(f"a workbook cannot hold these rows ({error}); write CSV or Parquet.") from error
    except OSError as error:
        raise BatchFailure(f"{output} cannot be written ({describe_cause(error)}); free some space.") from error
    return counts


def _list_scope(plan: WorkbookPlan, counts: RowCounts) -> list[tuple[str, str | int]]:
    """Return the scope of a run as lines of two cells."""
    outline = make_outline(counts.tally.settle(), rejected=counts.rejected, facts=plan.facts)
    about, knowledge = outline["knowledge"], plan.knowledge
    lines: list[tuple[str, str | int]] = [
        ("Inputs", ", ".join(source.name for source in plan.inputs.sources)),
        ("Rows answered", outline["scored"]),
        ("Rows rejected", outline["rejected"]),
        ("Blank rows", outline["empty_rows"]),
        *((f"Verdict: {each['kind']}", each["teams"]) for each in outline["verdicts"]),
        ("Scores", "0 to 100, as expected; empty for providers that are ruled out"),
        ("Scope", about["says"]),
        ("As of", about["as_of"]),
        ("Providers compared", ", ".join(provider.name for provider in knowledge.providers.values())),
    ]
    lines += [("Source", f"{knowledge.sources[name].title} ({name})") for name in about["sources"]]
    lines += [("Facts", f"{about['oldest']} to {about['newest']}")] if about["newest"] else []
    lines += [("Copied, not read", name) for name in plan.inputs.unread]
    asked = [match for match in plan.inputs.matches if match.is_requirement]
    lines += [("Read as", f"{match.word} → {', '.join(match.targets)}") for match in asked]
    named = f"{about['version']} of {about['date']}, " if about["version"] else ""
    lines.append(("Knowledge base", f"{named}{about['fingerprint']}"))
    return [*lines, ("Program", f"provider-advisor {__version__}")]


_Sheet = tuple[pl.DataFrame, str, "SheetOptions"]


class _Sheets:
    """The sheets of answers, reasons and details, built from all blocks.

    Raises BatchError if a sheet has no room for the columns or rows, or would have two columns of one name.
    """

    def __init__(self, schema: pl.Schema, plan: WorkbookPlan) -> None:
        self._plan, self._rows = plan, 0
        self._providers, self._sentences = tuple(plan.knowledge.providers), RowSentences(plan.knowledge)
        self._ids = [plan.id_column or _ROW]
        self._answers, self._details = _choose_columns(list(schema), plan)
        self._scores = [f"{provider}.score" for provider in self._providers]
        # Checked before the first row is scored, because the sheets are made when all are.
        for names in ([*self._answers, *self._scores], [*self._ids, *self._details], [*self._ids, _WHY]):
            _check_columns(names)
        kept = {*self._answers, *self._details}
        self._blocks = [pl.DataFrame(schema={name: kind for name, kind in schema.items() if name in kept})]
        self._why = [pl.Series(_WHY, [], pl.String)]

    def add(self, frame: pl.DataFrame) -> None:
        """Append the rows of a block."""
        self._rows += frame.height
        if self._rows > MOST_ROWS:
            raise BatchError(f"a sheet has room for {MOST_ROWS:,} rows; write CSV or Parquet.")
        # The sentences of each block at once: the columns that only they need are not kept.
        said = frame.select(self._sentences.columns).cast(pl.String).iter_rows()
        self._why.append(pl.Series(_WHY, [self._sentences.say(*values) for values in said], pl.String))
        self._blocks.append(frame[self._blocks[0].columns])

    def make(self) -> Iterator[_Sheet]:
        """Yield the sheets, in order."""
        rows = pl.concat(self._blocks)
        if self._plan.id_column is None:
            rows = rows.with_row_index(_ROW, offset=1)
        scores = [
            pl.when(pl.col(f"{provider}.standing").cast(pl.String) != STANDINGS[RULED_OUT])
            .then(pl.col(f"{provider}.expected"))
            .alias(name)
            for provider, name in zip(self._providers, self._scores, strict=True)
        ]
        yield _make_sheet("Answers", rows[self._answers].hstack(rows.select(scores)))
        yield _make_sheet("Reasons", rows[self._ids].with_columns(pl.concat(self._why)))
        yield _make_sheet("Details", rows[[*self._ids, *self._details]])


def _choose_columns(names: Sequence[str], plan: WorkbookPlan) -> tuple[list[str], list[str]]:
    """Return the columns of the answers and of the details; the details' ids are separate."""
    of_providers = {f"{provider}.{name}" for provider in plan.knowledge.providers for name in OF_PROVIDERS}
    reasons = set(list_reason_columns(tuple(plan.knowledge.providers)))
    ids = [plan.id_column] if plan.id_column else []
    verdicts = [name for name in names if name in VERDICT_COLUMNS]
    carried = [name for name in names if name not in {*ids, *verdicts, *of_providers, *reasons}]
    details = [name for name in names if name in of_providers | reasons and name != RANKING]
    return [*ids, *verdicts, RANKING, *carried], [name for name in details if plan.reasons or name not in reasons]


def _check_columns(names: Sequence[str]) -> None:
    if len(names) > MOST_COLUMNS:
        raise BatchError(f"a sheet has {MOST_COLUMNS:,} columns, and the output {len(names):,}; write CSV or Parquet.")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BatchError(f"the column '{twice}' has the same name as a column of the workbook; rename it.")


def _make_sheet(title: str, frame: pl.DataFrame) -> _Sheet:
    """Return a table as a sheet with filters, its header and first column frozen."""
    widths: dict[int, float] = {
        place: _choose_width(name, kind) for place, (name, kind) in enumerate(frame.schema.items())
    }
    formats = {name: form for name in frame.columns if (form := _choose_format(name))}
    options: SheetOptions = {
        "freeze_panes": (1, 1), "autofilter": True, "column_widths": widths, "column_formats": formats,
    }  # fmt: skip
    # Without its name: methods of a column take one such as "^t.*$" for a pattern.
    fitted = [_fit(column.alias("")).alias(column.name) for column in frame]
    return pl.DataFrame(fitted), title, options


def _make_scope(lines: Iterable[tuple[str, str | int]]) -> _Sheet:
    names, values = zip(*lines, strict=True)
    # A column of Python objects: counts are numbers, everything else is text.
    frame = pl.DataFrame({"name": names, "value": pl.Series(values, dtype=pl.Object)})
    options: SheetOptions = {
        "header": False, "column_widths": {0: 2.0 * _NARROW, 1: float(_SENTENCES)},
        "column_formats": {"name": _HEAD, "value": _WRAPPED},
    }  # fmt: skip
    return frame, "Scope", options


def _choose_format(name: str) -> ColumnFormat | None:
    if "*" in name:  # xlsxturbo would take it for a pattern
        return None
    if name.endswith((".monthly_cost_low", ".monthly_cost_high")):
        return _COST
    if name.endswith((".score", ".proven", ".expected", ".possible")):
        return _SCORE
    return _WRAPPED if name == _WHY else None


def _choose_width(name: str, kind: pl.DataType) -> float:
    if name == _WHY:
        return _SENTENCES
    least = 2 * _NARROW if isinstance(kind, pl.String) else _NARROW
    return min(max(len(name) + 3, least), _WIDE)


def _fit(column: pl.Series) -> pl.Series:
    """Return a column with values that a sheet can hold.

    Longer texts are cut, with a note. Times with a zone, and columns with non-finite numbers, become texts.
    """
    kind = column.dtype
    if kind.is_float() and not column.is_finite().all():
        return column.cast(pl.String)
    if isinstance(kind, pl.Datetime) and kind.time_zone:
        return column.dt.to_string("%Y-%m-%d %H:%M:%S%:z")
    if isinstance(kind, pl.Categorical | pl.Enum):
        return column.cast(pl.String)
    if kind == pl.String and (column.str.len_bytes() > _LONGEST).any():
        return pl.Series([text and _cut(text) for text in column], dtype=pl.String)
    return column


def _cut(text: str) -> str:
    # A sheet counts in units of UTF-16, in which a sign such as an emoji takes two; half of one is dropped by "ignore".
    units = text.encode("utf-16-le")
    if len(units) <= 2 * _LONGEST:
        return text
    note = f"… ({len(text):,} characters in all)"
    return units[: 2 * (_LONGEST - len(note))].decode("utf-16-le", "ignore") + note


# The sentences on a row, put together from the columns of `--reasons`. They say the verdict, what is unknown or fails a
# must, and what distinguishes the providers. Unknowns are listed only for the leading providers, because among many,
# each has some. Full explanations are left to single answers.


class RowSentences:
    """Explains the verdicts of rows; `columns` are the names of the values that `say` takes, in order."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._knowledge = knowledge
        lists = (f"{provider}.{name}" for provider in knowledge.providers for name in ("unmet", "unknown"))
        gaps = [GAPS] if any(criterion.same_product for criterion in knowledge.criteria.values()) else []
        self.columns = (*_OF_ROW, *gaps, *lists)
        self.say = lru_cache(maxsize=1 << 16)(self._say)  # a table repeats itself
        self._describe = lru_cache(maxsize=1 << 14)(self._describe_code)

    def _say(self, *values: str | None) -> str:
        """Return the sentences for a row; lists are codes joined by semicolons."""
        row = dict(zip(self.columns, values, strict=True))
        return " ".join([self._say_verdict(row), *self._say_gaps(row), *self._say_musts(row), *self._say_reasons(row)])

    def _say_verdict(self, row: Mapping[str, str | None]) -> str:
        if row["verdict"] == "recommended":
            return f"{self._name(row['provider'])} is recommended, {STRENGTHS[str(row['strength'])]}."
        among = joined([self._name(provider) for provider in _split(row["among"])])
        if row["verdict"] == "tie":
            return f"A tie between {among}."
        if row["verdict"] == "none":
            return "None of the providers compared meets every must."
        if row["lean"]:
            return f"Undetermined; {self._name(row['lean'])} leads."
        return f"Undetermined between {among}." if among else "Undetermined."

    def _say_gaps(self, row: Mapping[str, str | None]) -> Iterator[str]:
        for provider, codes in itertools.groupby(_split(row.get(GAPS)), key=lambda code: code.partition(":")[0]):
            asked = self._list_words([code.partition(":")[2] for code in codes])
            yield f"Ask {self._name(provider)} first, because it states this only for another product: {asked}."

    def _say_musts(self, row: Mapping[str, str | None]) -> Iterator[str]:
        for provider in _split(row[RANKING])[:_LEADERS]:
            if unknown := _split(row[f"{provider}.unknown"]):
                yield f"Not known about {self._name(provider)}: {self._list_words(unknown)}."
        for provider in self._knowledge.providers:
            if unmet := _split(row[f"{provider}.unmet"]):
                yield f"{self._name(provider)} fails a must: {self._list_words(unmet)}."

    def _say_reasons(self, row: Mapping[str, str | None]) -> Iterator[str]:
        if reasons := _split(row["reasons"]):
            yield f"What distinguishes them: {self._list_words(reasons)}."
        if row["unlisted"]:
            yield f"Not judged: {row['unlisted'].replace(_JOINER, f'{_JOINER} ')}."

    def _list_words(self, codes: Sequence[str]) -> str:
        more = f" and {len(codes) - _MOST_CODES} more" if len(codes) > _MOST_CODES else ""
        return "; ".join(map(self._describe, codes[:_MOST_CODES])) + more

    def _describe_code(self, code: str) -> str:
        """Return the words for a code: `fax`, `fax<rule+rule`, `rule:id`."""
        kind, _, rule = code.partition(":")
        if kind == "rule" and rule in self._knowledge.rules:
            return f"the rule {rule}"
        criterion, by_rule, _ = code.partition("<")
        label = find_label(criterion, self._knowledge.criteria)
        return f"{label} (added by a rule)" if by_rule else label

    def _name(self, provider: str | None) -> str:
        return self._knowledge.providers[str(provider)].name


def _split(codes: str | None) -> list[str]:
    return codes.split(_JOINER) if codes else []
