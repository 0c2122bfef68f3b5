"""All inputs of a run as one sequence of blocks."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain

import pyarrow as pa

from provider_advisor.batch.blocks import Block, Piece, Position
from provider_advisor.batch.reading.csv import Header, parse_block, read_header
from provider_advisor.batch.reading.jsonl import Keys, cut_lines, find_carried_keys, parse_lines
from provider_advisor.batch.reading.parquet import read_parquet, read_schema
from provider_advisor.batch.reading.record_boundaries import cut_records
from provider_advisor.batch.reading.sources import InputFile, Stream, find_sources, form_of
from provider_advisor.batch.reading.text_blocks import Limits, TextBlock, refuse_other_encodings, split_text
from provider_advisor.errors import BatchError
from provider_advisor.knowledge import KnowledgeBase

__all__ = ["Inputs", "open_inputs"]

Opener = Callable[[InputFile, int, Position], Iterator[Piece]]


@dataclass(frozen=True)
class Inputs:
    """The inputs, the columns that all of them have, and a way to their blocks from any place on."""

    sources: tuple[InputFile, ...]
    form: str
    schema: pa.Schema
    opener: Opener

    @property
    def size(self) -> int:
        """Return the number of all bytes; 0 if one input is a stream."""
        return sum(source.size for source in self.sources) if all(source.regular for source in self.sources) else 0

    @property
    def can_be_read_again(self) -> bool:
        """Return whether a run can start in the middle of them."""
        return all(source.regular for source in self.sources)

    def pieces(self, start: Position = Position()) -> Iterator[Piece]:  # noqa: B008 (a constant)
        """Yield the blocks from a place on, in order, yet to be parsed. Raises BatchFailure."""
        before = sum(source.size for source in self.sources[: start.file])
        for file in range(start.file, len(self.sources)):
            source = self.sources[file]
            for piece in self.opener(source, file, start if file == start.file else Position(file)):
                yield piece._replace(read=before + piece.read)
            before += source.size


def open_inputs(
    names: tuple[str, ...], knowledge: KnowledgeBase, form: str | None, separator: bytes, limits: Limits
) -> Inputs:
    """Return the inputs that names and patterns stand for. Raises BatchError if they cannot be read together."""
    sources = find_sources(names)
    forms = {source.name: form_of(source.path or "-", form, "--input-format") for source in sources}
    if len(set(forms.values())) > 1:
        raise BatchError(
            f"the inputs have different forms ({', '.join(sorted(set(forms.values())))}); give one at a time."
        )
    kind = next(iter(forms.values()))
    if kind == "parquet":
        return _open_parquet(sources, limits)
    return _open_csv(sources, separator, limits) if kind == "csv" else _open_lines(sources, knowledge, limits)


def _open_parquet(sources: tuple[InputFile, ...], limits: Limits) -> Inputs:
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


def _open_csv(sources: tuple[InputFile, ...], separator: bytes, limits: Limits) -> Inputs:
    headers = [_read_header(source, separator, limits) for source in sources]
    first = headers[0][0]
    for source, (header, _) in zip(sources, headers, strict=True):
        _refuse_other_columns(sources[0], list(first.names), source, list(header.names))
    cutter = partial(cut_records, separator=separator)

    def opener(source: InputFile, file: int, start: Position) -> Iterator[Piece]:
        header, stream = headers[file]

        def parse(text: TextBlock) -> Block:
            block = parse_block(text, header, source.name, file)
            return block if header.names == first.names else block._replace(rows=block.rows.select(list(first.names)))

        offset = start.offset or header.start
        with stream or Stream(source, offset) as opened:
            yield from _make_pieces(opened, split_text(opened, offset, cutter, limits), parse)

    return Inputs(sources, "csv", first.schema, opener)


def _read_header(source: InputFile, separator: bytes, limits: Limits) -> tuple[Header, Stream | None]:
    """Return the header of a source; of one that can be read only once, also the stream, which is after its header."""
    with Stream(source) as stream:
        header = read_header(stream, separator, limits)
    return header, None if source.regular else stream


def _open_lines(sources: tuple[InputFile, ...], knowledge: KnowledgeBase, limits: Limits) -> Inputs:
    with Stream(sources[0]) as stream:
        begun = _split_lines(stream, limits)
        first = next((text for text in begun if text.cut.spoilt or text.data[: text.cut.end].strip()), None)
    if first is None:
        raise BatchError(f"{sources[0].name} is empty; expected a JSON object on each line.")
    keys = Keys(find_carried_keys(first), knowledge)
    schema = keys.schema

    def opener(source: InputFile, file: int, start: Position) -> Iterator[Piece]:
        def parse(text: TextBlock) -> Block:
            return parse_lines(text, keys, schema, source.name, file)

        if not source.regular and file == 0:
            yield from _make_pieces(stream, chain([first], begun), parse)
            return
        with Stream(source, start.offset) as opened:
            found = (
                split_text(opened, start.offset, cut_lines, limits) if start.offset else _split_lines(opened, limits)
            )
            yield from _make_pieces(opened, found, parse)

    return Inputs(sources, "jsonl", schema, opener)


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
