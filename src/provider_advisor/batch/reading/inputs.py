"""All inputs of a run as one sequence of blocks.

The reader of a format yields blocks with the columns of the file. Three more steps, in the thread that parses a block,
prepare them for scoring: criterion columns become the list `needs`; columns get our names and empty rows are dropped;
unknown words move to `unlisted`. JSON Lines has our names from the start, and needs only the last step.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any

import pyarrow as pa

from provider_advisor.batch.blocks import Block, Piece, Position
from provider_advisor.batch.input_columns import SCOPE_COLUMNS, ColumnReader, Spelling, plan_columns, rename_all
from provider_advisor.batch.reading.criterion_columns import plan_criterion_columns
from provider_advisor.batch.reading.csv import Header, parse_block, read_header
from provider_advisor.batch.reading.jsonl import KEYS, Keys, find_keys, parse_lines
from provider_advisor.batch.reading.sources import (
    InputFile,
    Limits,
    ReadingOptions,
    Stream,
    choose_form,
    find_sources,
    refuse_other_encodings,
    refuse_wrong_encoding,
)
from provider_advisor.batch.reading.text_blocks import TextBlock, cut_lines, cut_records, split_text
from provider_advisor.batch.reading.unlisted_column import add_unlisted, set_unknown_aside
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
        return sum(source.size for source in self.sources) if all(source.regular for source in self.sources) else 0

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
    if any(map(is_database, names)):
        found = _read_columns(_open_query(names, form, limits, options), knowledge, options, dict(options.renames))
    else:
        found = _open_files(names, knowledge, form, separator, limits, options, unknown)
    if unknown is None:
        return found
    return found.read_further(
        lambda block: block._replace(rows=set_unknown_aside(block.rows, unknown)),
        schema=add_unlisted(found.schema),
        unknown=unknown,
    )


def _open_query(names: tuple[str, ...], form: str | None, limits: Limits, options: ReadingOptions) -> Inputs:
    if form:
        raise BatchError("--input-format is for files; leave it out for a database.")
    from provider_advisor.batch.reading.database import (  # noqa: PLC0415 (see `_open_parquet`)
        find_database,
        read_query,
        read_query_schema,
    )

    options.check("database")
    query = options.query or ""
    source = find_database(names, query)
    schema = read_query_schema(source, query)
    return Inputs((source,), "database", schema, lambda *_: read_query(source, query, schema, limits))


def _open_files(  # noqa: PLR0913, PLR0917 (what a reader depends on)
    names: tuple[str, ...],
    knowledge: KnowledgeBase,
    form: str | None,
    separator: bytes | None,
    limits: Limits,
    options: ReadingOptions,
    unknown: UnknownWords | None,
) -> Inputs:
    if options.query:
        raise BatchError("--query is for a database; give one, such as postgresql://host/name, or leave out --query.")
    sources = find_sources(names)
    forms = sorted({choose_form(source.address or "-", form, "--input-format") for source in sources})
    if len(forms) > 1:
        raise BatchError(f"the inputs have different formats ({', '.join(forms)}); use one at a time.")
    (kind,) = forms
    options.check(kind)
    if kind == "jsonl":
        return _open_lines(sources, knowledge, limits, options, unknown)
    if kind == "xlsx":
        found = _open_workbooks(sources, knowledge, options)
    else:
        found = _open_parquet(sources, limits) if kind == "parquet" else _open_csv(sources, separator, limits, options)
    found, renames = _read_criteria(found, knowledge, options)
    return _read_columns(found, knowledge, options, renames)


def _read_criteria(inputs: Inputs, knowledge: KnowledgeBase, options: ReadingOptions) -> tuple[Inputs, dict[str, str]]:
    """Return the inputs with lists in place of criterion columns, if any, and the remaining renames."""
    renames = dict(options.renames)
    renamed = rename_all(inputs.schema.names, renames)
    spelling = Spelling.make_for(knowledge, id_column=options.id_column)
    if any(spelling.find(name) in {"needs", "wants"} for name in renamed):
        options.refuse_sheet_options()
        return inputs, renames
    refuse_requirement_rows(renamed, inputs.sources[0].name)
    first, inputs = _look_at_first(inputs)
    plan = plan_criterion_columns(inputs.schema, first, knowledge, options)
    if plan is None:
        return inputs, renames
    found = inputs.read_further(plan.read, schema=plan.schema, matches=plan.matches)
    return found, {old: new for old, new in renames.items() if old in plan.schema.names}


def _look_at_first(inputs: Inputs) -> tuple[pa.RecordBatch | None, Inputs]:
    """Return the rows of the first block, and inputs that still include it, because a stream is read only once."""
    pieces = inputs.pieces()
    first = next(pieces, None)
    rows = None if first is None else first.parse().rows
    if inputs.can_be_read_again:
        return rows, inputs
    begun = chain([] if first is None else [first], pieces)
    return rows, replace(inputs, opener=lambda _source, file, _start: begun if file == 0 else iter(()))


def _open_workbooks(sources: tuple[InputFile, ...], knowledge: KnowledgeBase, options: ReadingOptions) -> Inputs:
    from provider_advisor.batch.reading.xlsx import choose_types, cut_grid, read_grid  # noqa: PLC0415 (as below)

    spelling, matcher = Spelling.make_for(knowledge, id_column=options.id_column), Matcher(knowledge)

    def is_known(name: str) -> bool:
        return spelling.find(name) is not None or bool(matcher.find(name).targets) or is_sheet_word(name)

    grids = [read_grid(source, options.sheet, options.skip_lines, is_known) for source in sources]
    for source, grid in zip(sources, grids, strict=True):
        _refuse_other_columns(sources[0], list(grids[0].names), source, list(grid.names))
    types = choose_types(grids)
    notices = tuple(note for grid in grids for note in describe_skipped(grid))
    decimal = options.decimal or "."
    return Inputs(
        sources, "xlsx", pa.schema(list(types.items())),
        lambda _source, file, start: cut_grid(grids[file], types, decimal, file, start), notices=notices,
    )  # fmt: skip


def _read_columns(
    inputs: Inputs, knowledge: KnowledgeBase, options: ReadingOptions, renames: Mapping[str, str]
) -> Inputs:
    columns = ColumnReader(plan_columns(inputs.schema, knowledge, renames, options.id_column), options.decimal)
    return inputs.read_further(columns.read, schema=columns.schema)


def _open_parquet(sources: tuple[InputFile, ...], limits: Limits) -> Inputs:
    # Importing the Parquet reader loads cloud clients and OpenSSL, and most inputs are CSV or JSON Lines.
    from provider_advisor.batch.reading.parquet import read_parquet, read_schema  # noqa: PLC0415 (as said)

    schemas = [read_schema(source) for source in sources]
    for source, schema in zip(sources, schemas, strict=True):
        _refuse_other_columns(sources[0], schemas[0].names, source, schema.names)
        for field in schemas[0]:
            other = schema.field(field.name).type
            if other != field.type:
                raise BatchError(
                    f"'{field.name}' is {field.type} in {sources[0].name} and {other} in {source.name}; "
                    "expected one type."
                )
    first = schemas[0]
    return Inputs(
        sources, "parquet", first, lambda source, file, start: read_parquet(source, file, start, first, limits)
    )


def _refuse_other_columns(first: InputFile, names: list[str], source: InputFile, others: list[str]) -> None:
    known, found = frozenset(names), frozenset(others)
    if missing := next((column for column in names if column not in found), None):
        raise BatchError(f"{source.name} has no column '{missing}', which {first.name} has; expected the same columns.")
    if added := next((column for column in others if column not in known), None):
        raise BatchError(
            f"{source.name} has a column '{added}', which {first.name} does not have; expected the same columns."
        )


def _open_csv(
    sources: tuple[InputFile, ...], separator: bytes | None, limits: Limits, options: ReadingOptions
) -> Inputs:
    headers = [_read_header(source, separator, limits, options) for source in sources]
    first = headers[0][0]
    for source, (header, _) in zip(sources, headers, strict=True):
        _refuse_other_columns(sources[0], list(first.names), source, list(header.names))

    def opener(source: InputFile, file: int, start: Position) -> Iterator[Piece]:
        header, stream = headers[file]
        parse = partial(parse_block, header=header, source=source.name, file=file)
        offset = start.offset or header.start
        with stream or Stream(source, offset, options.encoding) as opened:
            texts = split_text(opened, offset, partial(cut_records, separator=header.separator), limits)
            for piece in _make_pieces(opened, texts, parse):
                yield piece if header.names == first.names else piece.then(order_columns)

    def order_columns(block: Block) -> Block:
        return block._replace(rows=block.rows.select(list(first.names)))

    return Inputs(sources, "csv", first.schema, opener)


def _read_header(
    source: InputFile, separator: bytes | None, limits: Limits, options: ReadingOptions
) -> tuple[Header, Stream | None]:
    """Return the header of a source, and for a stream, which can be read only once, the stream after it."""
    with Stream(source, 0, options.encoding) as stream:
        head = stream.read(limits.block)
        stream.give_back(head)
        refuse_wrong_encoding(head, source.name)
        header = read_header(stream, separator or source.separator, limits, options.skip_lines)
    return header, None if source.regular else stream


def _open_lines(
    sources: tuple[InputFile, ...],
    knowledge: KnowledgeBase,
    limits: Limits,
    options: ReadingOptions,
    unknown: UnknownWords | None,
) -> Inputs:
    with Stream(sources[0], 0, options.encoding) as stream:
        begun = _split_lines(stream, limits)
        first = next((text for text in begun if text.cut.spoilt or text.data[: text.cut.end].strip()), None)
    if first is None:
        raise BatchError(f"{sources[0].name} is empty; expected a JSON object on each line.")
    refuse_wrong_encoding(first.data, sources[0].name)
    keys = replace(_choose_keys(first, knowledge, options), unknown=unknown)
    schema = keys.schema

    def opener(source: InputFile, file: int, start: Position) -> Iterator[Piece]:
        parse = partial(parse_lines, keys=keys, schema=schema, source=source.name, file=file)
        if not source.regular and file == 0:
            yield from _make_pieces(stream, chain([first], begun), parse)
            return
        with Stream(source, start.offset, options.encoding) as opened:
            found = (
                split_text(opened, start.offset, cut_lines, limits) if start.offset else _split_lines(opened, limits)
            )
            yield from _make_pieces(opened, found, parse)

    return Inputs(sources, "jsonl", schema, opener)


def _choose_keys(first: TextBlock, knowledge: KnowledgeBase, options: ReadingOptions) -> Keys:
    """Return how each key is read. Raises BatchError for one that looks like input but cannot be read."""
    given = Keys((), knowledge, dict(options.renames), options.id_column, decimal=options.decimal or ".")
    found = dict.fromkeys(given.renames.get(name, name) for name in find_keys(first))
    carried = tuple(name for name in found if name not in KEYS and not given.spelling.find(name))
    for name in carried:
        if name != options.id_column:
            given.spelling.refuse_similar(name, "key")
    return replace(given, carried=carried)


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
