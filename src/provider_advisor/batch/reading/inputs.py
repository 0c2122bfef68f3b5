"""All inputs of a run as one sequence of blocks.

Each format is opened by a file of its own, such as `csv`, which yields blocks with the columns of the input. Three more
steps, in the thread that parses a block, prepare them for scoring: criterion columns become the list `needs`; columns
get our names and empty rows are dropped; unknown words move to `unlisted`. JSON Lines has our names from the start, and
needs only the last step.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import pyarrow as pa

from provider_advisor.batch.blocks import Block, Piece, Position
from provider_advisor.batch.column_names import ANSWERS, SCOPE_COLUMNS, Spelling, rename_all
from provider_advisor.batch.input_columns import ColumnReader, plan_columns
from provider_advisor.batch.kernel.layout import SITUATION, USAGE, fold_name
from provider_advisor.batch.reading.criterion_columns import plan_criterion_columns
from provider_advisor.batch.reading.csv import open_csv
from provider_advisor.batch.reading.input_files import (
    InputFile,
    Opener,
    ReadingOptions,
    choose_form,
    find_input_files,
)
from provider_advisor.batch.reading.jsonl import open_lines
from provider_advisor.batch.reading.unknown_words import add_unlisted, set_unknown_aside
from provider_advisor.batch.remote.addresses import is_database
from provider_advisor.errors import BatchError
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.requirements.matching import Match, Matcher
from provider_advisor.requirements.proposal_table import is_column_name, refuse_requirement_rows
from provider_advisor.requirements.unlisted import UnknownWords
from provider_advisor.safe_text import fold, reveal_line

_WHO = re.compile(
    "account|client|column-[0-9]+|comments?|company|contacts?(-.*)?|customer|department|notes?|organi[sz]ation|owner|"
    "person|(tele)?phone(-number)?|remarks?|responsible|surname|teams?|title|url|website|"
    "(.*-)?(id|key|(e-?)?mail(-address)?|name|no|number)"
)
"""Columns with the names and ids of teams, which nobody expects to count."""


@dataclass(frozen=True)
class Inputs:
    """The inputs, their common columns, and access to their blocks from any position.

    `matches` are the meanings of the headers of a table with criteria as columns, `notices` other messages about them.
    `unread` are the columns that are only copied, without those of names and ids of teams, each with a hint if it looks
    like input. `unknown` counts the words that no criterion knows, where they are listed instead of refused.
    """

    sources: tuple[InputFile, ...]
    form: str
    schema: pa.Schema
    opener: Opener
    matches: tuple[Match, ...] = ()
    notices: tuple[str, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict)
    unknown: UnknownWords | None = None

    @property
    def is_dated(self) -> bool:
        """Return whether rows may have their own day of facts, or maximum age."""
        return bool(set(SCOPE_COLUMNS) & set(self.schema.names))

    @property
    def size(self) -> int:
        """Return the number of all bytes; 0 if one input is a stream."""
        return sum(source.size for source in self.sources) if self.can_be_read_again else 0

    @property
    def can_be_read_again(self) -> bool:
        """Return whether a run can start in the middle of them."""
        return all(source.regular for source in self.sources)

    @property
    def can_be_resumed(self) -> bool:
        """Return whether a run can be resumed: not with workbooks, which are read as a whole."""
        return self.can_be_read_again and self.form != "xlsx"

    def pieces(self, start: Position = Position()) -> Generator[Piece]:  # noqa: B008 (a constant)
        """Yield the blocks from a place on, in order, yet to be parsed. Raises BatchFailure."""
        before = sum(source.size for source in self.sources[: start.file])
        for file in range(start.file, len(self.sources)):
            source = self.sources[file]
            for piece in self.opener(source, file, start if file == start.file else Position(file)):
                yield piece._replace(read=before + min(piece.read, source.size or piece.read))
            before += source.size

    def read_further(self, read: Callable[[Block], Block], **changes: Any) -> Inputs:  # noqa: ANN401 (of any field)
        """Return the inputs with `read` applied to each block, and with these fields changed."""
        return replace(self, opener=lambda *place: (piece.then(read) for piece in self.opener(*place)), **changes)


def open_inputs(
    names: tuple[str, ...],
    knowledge: KnowledgeBase,
    options: ReadingOptions = ReadingOptions(),  # noqa: B008 (a constant)
) -> Inputs:
    """Open the inputs for names and patterns. Raises BatchError if they cannot be read together."""
    unknown = UnknownWords(knowledge) if options.unlist else None
    if any(map(is_database, names)):
        found = _open_query(names, knowledge, options)
    else:
        found = _open_files(names, knowledge, options, unknown)
    found = replace(found, unread=_find_unread(found.schema.names, knowledge, options.id_column))
    if unknown is None:
        return found
    # Last, because words are looked for under our names, and those of criterion columns are known.
    return found.read_further(
        lambda block: block._replace(rows=set_unknown_aside(block.rows, unknown)),
        schema=add_unlisted(found.schema),
        unknown=unknown,
    )


def _find_unread(names: Iterable[str], knowledge: KnowledgeBase, id_column: str | None) -> dict[str, str]:
    """Return the columns that are only copied, but may be expected to count, each with a hint, empty if it has none."""
    spelling = Spelling.make_for(knowledge, id_column=id_column)
    copied = [
        name for name in names if name != id_column and not spelling.find(name) and not _WHO.fullmatch(fold(name))
    ]
    matcher = Matcher(knowledge, suggests=False)
    return {name: _describe_unread(name, knowledge, matcher) for name in copied if not name.startswith(ANSWERS)}


def _describe_unread(name: str, knowledge: KnowledgeBase, matcher: Matcher) -> str:
    said, folded = reveal_line(name), fold_name(name)
    topic = next((one.id for one in knowledge.topics.values() if folded in {one.id, fold_name(one.label)}), None)
    usage = knowledge.find_usage(folded)
    if topic or usage:
        ours = f"{SITUATION}{topic}" if topic else f"{USAGE}{usage.id}" if usage else ""
        return f"'{said}' is read if the column is called {ours}."
    if (match := matcher.find(name)).is_requirement:
        return f"'{said}' is a criterion; to ask for it, list {match.targets[0]} in needs or wants."
    return ""


def _open_query(names: tuple[str, ...], knowledge: KnowledgeBase, options: ReadingOptions) -> Inputs:
    if options.form:
        raise BatchError("--input-format is for files; leave it out for a database.")
    from provider_advisor.batch.reading.database import open_query  # noqa: PLC0415 (see `_open_tables`)

    options.check("database")
    source, schema, opener = open_query(names, options)
    return _read_columns(Inputs((source,), "database", schema, opener), knowledge, options, dict(options.renames))


def _open_files(
    names: tuple[str, ...], knowledge: KnowledgeBase, options: ReadingOptions, unknown: UnknownWords | None
) -> Inputs:
    if options.query:
        raise BatchError("--query is for a database; give one, such as postgresql://host/name, or leave out --query.")
    sources = find_input_files(names)
    forms = sorted({choose_form(source.address or "-", options.form, "--input-format") for source in sources})
    if len(forms) > 1:
        raise BatchError(f"the inputs have different formats ({', '.join(forms)}); use one at a time.")
    (form,) = forms
    options.check(form)
    if form == "jsonl":
        schema, opener = open_lines(sources, knowledge, options, unknown)
        return Inputs(sources, form, schema, opener)
    # Criteria first: a table must have `needs` before it can be told which of its columns look like input.
    inputs, renames = _read_criteria(_open_tables(sources, form, knowledge, options), knowledge, options)
    return _read_columns(inputs, knowledge, options, renames)


def _open_tables(
    sources: tuple[InputFile, ...], form: str, knowledge: KnowledgeBase, options: ReadingOptions
) -> Inputs:
    if form == "csv":
        return Inputs(sources, form, *open_csv(sources, options))
    # Importing the Parquet reader loads cloud clients and OpenSSL, and most inputs are CSV or JSON Lines.
    if form == "parquet":
        from provider_advisor.batch.reading.parquet import open_parquet  # noqa: PLC0415 (as said)

        return Inputs(sources, form, *open_parquet(sources, options.limits))
    from provider_advisor.batch.reading.xlsx import open_workbooks  # noqa: PLC0415 (as said)

    spelling, matcher = Spelling.make_for(knowledge, id_column=options.id_column), Matcher(knowledge)

    def is_known(name: str) -> bool:
        return spelling.find(name) is not None or bool(matcher.find(name).targets) or is_column_name(name)

    schema, opener, notices = open_workbooks(sources, options, is_known)
    return Inputs(sources, form, schema, opener, notices=notices)


def _read_criteria(inputs: Inputs, knowledge: KnowledgeBase, options: ReadingOptions) -> tuple[Inputs, dict[str, str]]:
    """Return the inputs with lists in place of criterion columns, if any, and the remaining renames."""
    renames = dict(options.renames)
    renamed = rename_all(inputs.schema.names, renames)
    spelling = Spelling.make_for(knowledge, id_column=options.id_column)
    if any(spelling.find(name) in {"needs", "wants"} for name in renamed):
        options.refuse_sheet_options()
        return inputs, renames
    source = inputs.sources[0]
    refuse_requirement_rows(renamed, source.name, "-" if source.address is None else source.name)
    first, inputs = _look_at_first(inputs)
    plan = plan_criterion_columns(inputs.schema, first, knowledge, options)
    if plan is None:
        return inputs, renames
    found = inputs.read_further(plan.read, schema=plan.schema, matches=plan.matches)
    return found, {old: new for old, new in renames.items() if old in plan.schema.names}


def _read_columns(
    inputs: Inputs, knowledge: KnowledgeBase, options: ReadingOptions, renames: Mapping[str, str]
) -> Inputs:
    plan = plan_columns(inputs.schema, knowledge, renames, options.id_column)
    columns = ColumnReader(plan, options.decimal)
    return inputs.read_further(columns.read, schema=columns.schema)


def _look_at_first(inputs: Inputs) -> tuple[pa.RecordBatch | None, Inputs]:
    """Return the rows of the first block, and inputs that still include it, because a stream is read only once."""
    pieces = inputs.pieces()
    first = next(pieces, None)
    rows = None if first is None else first.parse().rows
    if inputs.can_be_read_again:
        return rows, inputs
    begun = chain([] if first is None else [first], pieces)
    return rows, replace(inputs, opener=lambda _source, file, _start: begun if file == 0 else iter(()))
