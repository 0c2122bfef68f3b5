"""All inputs of a run as one row of blocks."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain

import pyarrow as pa

from provider_advisor.batch.blocks import Block, Piece, Position
from provider_advisor.batch.reading.csv_text import parse_text
from provider_advisor.batch.reading.json_lines import carried_keys, cut_lines, json_schema, parse_lines
from provider_advisor.batch.reading.json_row import Keys
from provider_advisor.batch.reading.layout import Layout, read_layout, refuse_other_encodings
from provider_advisor.batch.reading.parquet_file import parquet_pieces, parquet_schema
from provider_advisor.batch.reading.quotes import cut_records
from provider_advisor.batch.reading.sources import Source, Stream, form_of, sources_of
from provider_advisor.batch.reading.texts import Limits, Text, texts
from provider_advisor.errors import BatchError
from provider_advisor.knowledge import KnowledgeBase

__all__ = ["Inputs", "open_inputs"]

Opener = Callable[[Source, int, Position], Iterator[Piece]]


@dataclass(frozen=True)
class Inputs:
    """The inputs, the columns that all of them have, and a way to their blocks from any place on."""

    sources: tuple[Source, ...]
    form: str
    schema: pa.Schema
    opener: Opener

    @property
    def size(self) -> int:
        """All bytes; 0 if one input is a stream."""
        return sum(source.size for source in self.sources) if all(source.regular for source in self.sources) else 0

    @property
    def can_be_read_again(self) -> bool:
        """Whether a run can begin in their midst."""
        return all(source.regular for source in self.sources)

    def pieces(self, start: Position = Position()) -> Iterator[Piece]:  # noqa: B008 (a constant)
        """The blocks from a place on, in order, yet to be parsed. Raises BatchFailure."""
        before = sum(source.size for source in self.sources[: start.file])
        for file in range(start.file, len(self.sources)):
            source = self.sources[file]
            for piece in self.opener(source, file, start if file == start.file else Position(file)):
                yield piece._replace(read=before + piece.read)
            before += source.size


def open_inputs(
    names: tuple[str, ...], knowledge: KnowledgeBase, form: str | None, separator: bytes, limits: Limits
) -> Inputs:
    """The inputs that names and patterns stand for. Raises BatchError, if they cannot be read or do not go together."""
    sources = sources_of(names)
    forms = {source.name: form_of(source.path or "-", form, "--input-format") for source in sources}
    if len(set(forms.values())) > 1:
        raise BatchError(
            f"the inputs have different forms ({', '.join(sorted(set(forms.values())))}); give one at a time."
        )
    kind = next(iter(forms.values()))
    if kind == "parquet":
        return _open_parquet(sources)
    return _open_csv(sources, separator, limits) if kind == "csv" else _open_lines(sources, knowledge, limits)


def _open_parquet(sources: tuple[Source, ...]) -> Inputs:
    schemas = [parquet_schema(source) for source in sources]
    for source, schema in zip(sources, schemas, strict=True):
        _refuse_other_columns(sources[0], schemas[0].names, source, schema.names)
        for field in schemas[0]:
            other = schema.field(field.name).type
            if other != field.type:
                raise BatchError(
                    f"'{field.name}' is {field.type} in {sources[0].name} and {other} in {source.name}; "
                    "expected one type."
                )
    names = schemas[0].names
    return Inputs(
        sources, "parquet", schemas[0], lambda source, file, start: parquet_pieces(source, file, start, names)
    )


def _refuse_other_columns(first: Source, names: list[str], source: Source, others: list[str]) -> None:
    for column in names:
        if column not in others:
            raise BatchError(
                f"{source.name} has no column '{column}', which {first.name} has; expected the same columns."
            )
    for column in others:
        if column not in names:
            raise BatchError(
                f"{source.name} has a column '{column}', which {first.name} has not; expected the same columns."
            )


def _open_csv(sources: tuple[Source, ...], separator: bytes, limits: Limits) -> Inputs:
    layouts = [_layout(source, separator, limits) for source in sources]
    first = layouts[0][0]
    for source, (layout, _) in zip(sources, layouts, strict=True):
        _refuse_other_columns(sources[0], list(first.names), source, list(layout.names))
    cutter = partial(cut_records, separator=separator)

    def opener(source: Source, file: int, start: Position) -> Iterator[Piece]:
        layout, stream = layouts[file]

        def parse(text: Text) -> Block:
            block = parse_text(text, layout, source.name, file)
            return block if layout.names == first.names else block._replace(rows=block.rows.select(list(first.names)))

        offset = start.offset or layout.start
        with stream or Stream(source, offset) as opened:
            yield from _pieces(opened, texts(opened, offset, cutter, limits), parse)

    return Inputs(sources, "csv", first.schema, opener)


def _layout(source: Source, separator: bytes, limits: Limits) -> tuple[Layout, Stream | None]:
    """The layout of a source; of one that can be read only once, also the stream that stands behind its first line."""
    with Stream(source) as stream:
        layout = read_layout(stream, separator, limits)
    return layout, None if source.regular else stream


def _open_lines(sources: tuple[Source, ...], knowledge: KnowledgeBase, limits: Limits) -> Inputs:
    with Stream(sources[0]) as stream:
        begun = _lines_of(stream, limits)
        first = next((text for text in begun if text.cut.spoilt or text.data[: text.cut.end].strip()), None)
    if first is None:
        raise BatchError(f"{sources[0].name} is empty; expected a JSON object on each line.")
    keys = Keys(carried_keys(first), knowledge)
    schema = json_schema(keys.carried, knowledge)

    def opener(source: Source, file: int, start: Position) -> Iterator[Piece]:
        def parse(text: Text) -> Block:
            return parse_lines(text, keys, schema, source.name, file)

        if not source.regular and file == 0:
            yield from _pieces(stream, chain([first], begun), parse)
            return
        with Stream(source, start.offset) as opened:
            found = texts(opened, start.offset, cut_lines, limits) if start.offset else _lines_of(opened, limits)
            yield from _pieces(opened, found, parse)

    return Inputs(sources, "jsonl", schema, opener)


def _lines_of(stream: Stream, limits: Limits) -> Iterator[Text]:
    """The blocks of a whole text, without its byte-order mark."""
    head = stream.read(len(codecs.BOM_UTF8))
    refuse_other_encodings(head, stream.source.name)
    start = len(head) if head == codecs.BOM_UTF8 else 0
    stream.give_back(head[start:])
    return texts(stream, start, cut_lines, limits)


def _pieces(stream: Stream, blocks: Iterable[Text], parse: Callable[[Text], Block]) -> Iterator[Piece]:
    for text in blocks:
        yield Piece(partial(parse, text), text.end)
    stream.check()
