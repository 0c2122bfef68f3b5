"""All inputs of a run as one sequence of blocks.

The reader of a format yields blocks with the columns of the file. Three more steps, in the thread that parses a block,
prepare them for scoring: criterion columns become the list `needs`; columns get our names and empty rows are dropped;
unknown words move to `unlisted`. JSON Lines has our names from the start, and needs only the last step.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import chain
from typing import Any

import pyarrow as pa

from provider_advisor.batch.blocks import Block, Piece, Position
from provider_advisor.batch.input_columns import SCOPE_COLUMNS, ColumnReader, Spelling, plan_columns, rename_all
from provider_advisor.batch.reading.csv import Header, parse_block, read_header
from provider_advisor.batch.reading.input_files import (
    InputFile,
    Limits,
    ReadingOptions,
    Stream,
    choose_form,
    find_input_files,
    refuse_other_encodings,
    refuse_wrong_encoding,
)
from provider_advisor.batch.reading.jsonl import KEYS, Keys, find_keys, parse_lines
from provider_advisor.batch.reading.requirement_columns import (
    add_unlisted,
    plan_criterion_columns,
    set_unknown_aside,
)
from provider_advisor.batch.reading.text_blocks import TextBlock, cut_lines, cut_records, split_text
from provider_advisor.batch.remote.addresses import is_database
from provider_advisor.errors import BatchError
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.requirements.matching import Match, Matcher
from provider_advisor.requirements.proposal_columns import is_sheet_word, refuse_requirement_rows
from provider_advisor.requirements.sheets import describe_skipped
from provider_advisor.requirements.unlisted import UnknownWords

Opener = Callable[[InputFile, int, Position], Iterator[Piece]]


@dataclass(frozen=True)
class Inputs:
    """The inputs, their common columns, and access to their blocks from any position.

    `matches` are the meanings of the headers of a table with criteria as columns, `notices` other messages about them.
    `unknown` counts the words that no criterion knows, where they are listed instead of refused.
    """

    sources: tuple[InputFile, ...]
    form: str
    schema: pa.Schema
    opener: Opener
    matches: tuple[Match, ...] = ()
    notices: tuple[str, ...] = ()
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


def open_inputs(  # noqa: PLR0913, PLR0917 (what a reader depends on)
    names: tuple[str, ...],
    knowledge: KnowledgeBase,
    form: str | None,
    separator: bytes | None,
    limits: Limits,
    options: ReadingOptions = ReadingOptions(),  # noqa: B008 (a constant)
) -> Inputs:
    """Open the inputs for names and patterns. Raises BatchError if they cannot be read together."""
    unknown = UnknownWords(knowledge) if options.unlist else None
    opening = _InputOpener(knowledge, separator, limits, options, unknown)
    found = opening.open_query(names, form) if any(map(is_database, names)) else opening.open_files(names, form)
    if unknown is None:
        return found
    # Last, because words are looked for under our names, and those of criterion columns are known.
    return found.read_further(
        lambda block: block._replace(rows=set_unknown_aside(block.rows, unknown)),
        schema=add_unlisted(found.schema),
        unknown=unknown,
    )


@dataclass(frozen=True)
class _InputOpener:
    """Opens inputs of every format with the options of a run. Its methods raise BatchError."""

    knowledge: KnowledgeBase
    separator: bytes | None
    limits: Limits
    options: ReadingOptions
    unknown: UnknownWords | None

    @cached_property
    def spelling(self) -> Spelling:
        """Return the finder of other spellings of our columns."""
        return Spelling.make_for(self.knowledge, id_column=self.options.id_column)

    def open_query(self, names: tuple[str, ...], form: str | None) -> Inputs:
        """Return the rows of a query, under our names."""
        if form:
            raise BatchError("--input-format is for files; leave it out for a database.")
        from provider_advisor.batch.reading.database import (  # noqa: PLC0415 (see `_open_parquet`)
            find_database,
            read_query,
            read_query_schema,
        )

        self.options.check("database")
        query = self.options.query or ""
        source = find_database(names, query)
        schema = read_query_schema(source, query)
        found = Inputs((source,), "database", schema, lambda *_: read_query(source, query, schema, self.limits))
        return self._read_columns(found, dict(self.options.renames))

    def open_files(self, names: tuple[str, ...], form: str | None) -> Inputs:
        """Return the rows of files, under our names."""
        if self.options.query:
            raise BatchError(
                "--query is for a database; give one, such as postgresql://host/name, or leave out --query."
            )
        sources = find_input_files(names)
        forms = sorted({choose_form(source.address or "-", form, "--input-format") for source in sources})
        if len(forms) > 1:
            raise BatchError(f"the inputs have different formats ({', '.join(forms)}); use one at a time.")
        (kind,) = forms
        self.options.check(kind)
        if kind == "jsonl":
            return self._open_lines(sources)
        # Criteria first: a table must have `needs` before it can be told which of its columns look like input.
        openers = {"csv": self._open_csv, "parquet": self._open_parquet, "xlsx": self._open_workbooks}
        return self._read_columns(*self._read_criteria(openers[kind](sources)))

    def _read_criteria(self, inputs: Inputs) -> tuple[Inputs, dict[str, str]]:
        """Return the inputs with lists in place of criterion columns, if any, and the remaining renames."""
        renames = dict(self.options.renames)
        renamed = rename_all(inputs.schema.names, renames)
        if any(self.spelling.find(name) in {"needs", "wants"} for name in renamed):
            self.options.refuse_sheet_options()
            return inputs, renames
        source = inputs.sources[0]
        refuse_requirement_rows(renamed, source.name, "-" if source.address is None else source.name)
        first, inputs = _look_at_first(inputs)
        plan = plan_criterion_columns(inputs.schema, first, self.knowledge, self.options)
        if plan is None:
            return inputs, renames
        found = inputs.read_further(plan.read, schema=plan.schema, matches=plan.matches)
        return found, {old: new for old, new in renames.items() if old in plan.schema.names}

    def _read_columns(self, inputs: Inputs, renames: Mapping[str, str]) -> Inputs:
        plan = plan_columns(inputs.schema, self.knowledge, renames, self.options.id_column)
        columns = ColumnReader(plan, self.options.decimal)
        return inputs.read_further(columns.read, schema=columns.schema)

    def _open_csv(self, sources: tuple[InputFile, ...]) -> Inputs:
        headers = [self._read_header(source) for source in sources]
        first = headers[0][0]
        _refuse_other_columns(sources, [header.names for header, _ in headers])

        def order_columns(block: Block) -> Block:
            return block._replace(rows=block.rows.select(list(first.names)))

        def opener(source: InputFile, file: int, start: Position) -> Iterator[Piece]:
            header, stream = headers[file]
            parse = partial(parse_block, header=header, source=source.name, file=file)
            offset = start.offset or header.start
            with stream or Stream(source, offset, self.options.encoding) as opened:
                texts = split_text(opened, offset, partial(cut_records, separator=header.separator), self.limits)
                for piece in _make_pieces(opened, texts, parse):
                    yield piece if header.names == first.names else piece.then(order_columns)

        return Inputs(sources, "csv", first.schema, opener)

    def _read_header(self, source: InputFile) -> tuple[Header, Stream | None]:
        """Return the header of a source, and for a stream, which can be read only once, the stream after it."""
        with Stream(source, 0, self.options.encoding) as stream:
            head = stream.read(self.limits.block)
            stream.give_back(head)
            refuse_wrong_encoding(head, source.name)
            header = read_header(stream, self.separator or source.separator, self.limits, self.options.skip_lines)
        return header, None if source.regular else stream

    def _open_parquet(self, sources: tuple[InputFile, ...]) -> Inputs:
        # Importing the Parquet reader loads cloud clients and OpenSSL, and most inputs are CSV or JSON Lines.
        from provider_advisor.batch.reading.parquet import read_parquet, read_schema  # noqa: PLC0415 (as said)

        schemas = [read_schema(source) for source in sources]
        first, limits = schemas[0], self.limits
        _refuse_other_columns(sources, [schema.names for schema in schemas])
        for source, schema in zip(sources, schemas, strict=True):
            for name, kind in zip(first.names, first.types, strict=True):
                if (other := schema.field(name).type) != kind:
                    raise BatchError(
                        f"'{name}' is {kind} in {sources[0].name} and {other} in {source.name}; expected one type."
                    )
        return Inputs(
            sources, "parquet", first, lambda source, file, start: read_parquet(source, file, start, first, limits)
        )

    def _open_workbooks(self, sources: tuple[InputFile, ...]) -> Inputs:
        from provider_advisor.batch.reading.xlsx import choose_types, cut_grid, read_grid  # noqa: PLC0415 (as above)

        matcher, options = Matcher(self.knowledge), self.options

        def is_known(name: str) -> bool:
            return self.spelling.find(name) is not None or bool(matcher.find(name).targets) or is_sheet_word(name)

        grids = [read_grid(source, options.sheet, options.skip_lines, is_known) for source in sources]
        _refuse_other_columns(sources, [grid.names for grid in grids])
        types, decimal = choose_types(grids), options.decimal or "."
        notices = tuple(note for grid in grids for note in describe_skipped(grid))
        return Inputs(
            sources, "xlsx", pa.schema(types),
            lambda _source, file, start: cut_grid(grids[file], types, decimal, file, start), notices=notices,
        )  # fmt: skip

    def _open_lines(self, sources: tuple[InputFile, ...]) -> Inputs:
        encoding, limits = self.options.encoding, self.limits
        with Stream(sources[0], 0, encoding) as stream:
            begun = _split_lines(stream, limits)
            first = next((text for text in begun if text.cut.spoilt or text.data[: text.cut.end].strip()), None)
        if first is None:
            raise BatchError(f"{sources[0].name} is empty; expected a JSON object on each line.")
        refuse_wrong_encoding(first.data, sources[0].name)
        keys = self._choose_keys(first)

        def opener(source: InputFile, file: int, start: Position) -> Iterator[Piece]:
            parse = partial(parse_lines, keys=keys, source=source.name, file=file)
            if not source.regular and file == 0:
                yield from _make_pieces(stream, chain([first], begun), parse)
                return
            with Stream(source, start.offset, encoding) as opened:
                begin = start.offset
                texts = split_text(opened, begin, cut_lines, limits) if begin else _split_lines(opened, limits)
                yield from _make_pieces(opened, texts, parse)

        return Inputs(sources, "jsonl", keys.schema, opener)

    def _choose_keys(self, first: TextBlock) -> Keys:
        """Return how each key is read. Raises BatchError for one that looks like input but cannot be read."""
        id_column, renames = self.options.id_column, dict(self.options.renames)
        found = dict.fromkeys(renames.get(name, name) for name in find_keys(first))
        carried = tuple(name for name in found if name not in KEYS and not self.spelling.find(name))
        for name in carried:
            if name != id_column:
                self.spelling.refuse_similar(name, "key")
        return Keys(carried, self.knowledge, renames, id_column, self.unknown, self.options.decimal or ".")


def _look_at_first(inputs: Inputs) -> tuple[pa.RecordBatch | None, Inputs]:
    """Return the rows of the first block, and inputs that still include it, because a stream is read only once."""
    pieces = inputs.pieces()
    first = next(pieces, None)
    rows = None if first is None else first.parse().rows
    if inputs.can_be_read_again:
        return rows, inputs
    begun = chain([] if first is None else [first], pieces)
    return rows, replace(inputs, opener=lambda _source, file, _start: begun if file == 0 else iter(()))


def _refuse_other_columns(sources: Sequence[InputFile], columns: Sequence[Sequence[str]]) -> None:
    """Raise BatchError if a source does not have the columns of the first one; their order may differ."""
    first, names = sources[0].name, columns[0]
    for source, others in zip(sources, columns, strict=True):
        known, found = frozenset(names), frozenset(others)
        if missing := next((column for column in names if column not in found), None):
            raise BatchError(f"{source.name} has no column '{missing}', which {first} has; expected the same columns.")
        if added := next((column for column in others if column not in known), None):
            raise BatchError(
                f"{source.name} has a column '{added}', which {first} does not have; expected the same columns."
            )


def _split_lines(stream: Stream, limits: Limits) -> Iterator[TextBlock]:
    """Return the blocks of a whole text, without its byte-order mark."""
    head = stream.read(len(codecs.BOM_UTF8))
    refuse_other_encodings(head, stream.source.name)
    start = len(head) if head == codecs.BOM_UTF8 else 0
    stream.give_back(head[start:])
    return split_text(stream, start, cut_lines, limits)


def _make_pieces(stream: Stream, blocks: Iterable[TextBlock], parse: Callable[[TextBlock], Block]) -> Iterator[Piece]:
    for text in blocks:
        yield Piece(partial(parse, text), text.end)
    stream.check_unchanged()
    stream.close()
