"""Cut a text into blocks of whole records, without parsing it; several blocks fit into memory.

In JSON Lines every newline ends a record; where those of CSV end is found by `csv_records`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial

from provider_advisor.batch.blocks import Block, Piece
from provider_advisor.batch.reading.byte_stream import Stream
from provider_advisor.batch.reading.csv_records import Cut, RecordSpans, Spoilt, find_spans
from provider_advisor.batch.reading.input_files import Limits

_SAMPLE = 1 << 16
_LEAST = 1 << 20
_RECORDS = 50_000


@dataclass(frozen=True)
class TextBlock:
    """The bytes up to `cut.end` are whole records; `end` is where in the file they end."""

    data: bytes
    cut: Cut
    end: int

    @cached_property
    def records(self) -> RecordSpans:
        """Return the records of a CSV text, spoilt lines included."""
        return find_spans(self.data, self.cut)


Cutter = Callable[..., Cut]


def split_text(stream: Stream, offset: int, cutter: Cutter, limits: Limits) -> Iterator[TextBlock]:
    """Yield the blocks of a stream that is at `offset`; `cutter` is like `cut_records`.

    Where a block ends depends only on where it begins, so that a resumed run cuts the same blocks.
    """
    # `buffer[begin:]` is what was read and not yet cut: it begins with a record, which is at `offset` of the file.
    # `grown` is the size to try next where a record is longer than a block; 0 chooses it by the bytes at `begin`.
    buffer, begin, at_end, grown = b"", 0, False, 0
    while True:
        size = grown or _choose_size(buffer[begin : begin + _SAMPLE], limits)
        if not at_end and len(buffer) - begin < max(size, min(_SAMPLE, limits.block)):
            wanted = max(size, limits.block)
            stream.give_back(buffer[begin:])
            buffer, begin = stream.read(wanted), 0
            at_end = len(buffer) < wanted
            # Chosen again from a whole sample: the few bytes left in the buffer would be others in another run.
            size = grown or _choose_size(buffer[:_SAMPLE], limits)
        if begin == len(buffer):
            return
        data, final = buffer[begin : begin + size], at_end and len(buffer) - begin <= size
        # Cannot be cut: not even the first line ends within the limit.
        if size >= limits.record and not final and b"\n" not in data:
            text, buffer = _skip_line(stream, data, offset, limits)
            begin = 0
        else:
            cut = cutter(data, final=final, full=size >= limits.record)
            if cut.end == 0:
                grown = min(2 * size, limits.record)
                continue
            text, begin = TextBlock(data, cut, offset + cut.end), begin + cut.end
        offset, grown = text.end, 0
        yield text


def _choose_size(sample: bytes, limits: Limits) -> int:
    """Return the size of a block of some ten thousand records like those of the sample."""
    records = max(sample.count(b"\n"), 1)
    return min(limits.block, max(_LEAST, _RECORDS * len(sample) // records))


def _skip_line(stream: Stream, data: bytes, offset: int, limits: Limits) -> tuple[TextBlock, bytes]:
    """Return a line that is too long to be held as a block of its own, and what was read of the text after it."""
    length, rest = len(data), b""
    while more := stream.read(limits.block):
        newline = more.find(b"\n")
        length += len(more) if newline < 0 else newline + 1
        if newline >= 0:
            rest = more[newline + 1 :]
            break
    reason = f"is a line of {length:,} bytes; at most {limits.record:,} can be read"
    start = data[: limits.block]
    cut = Cut(len(start), (Spoilt(0, len(start), reason),))
    return TextBlock(start, cut, offset + length), rest


def yield_pieces(stream: Stream, blocks: Iterable[TextBlock], parse: Callable[[TextBlock], Block]) -> Iterator[Piece]:
    """Yield the blocks of a text for any thread to parse, and close it. Raises BatchFailure if it has changed."""
    for text in blocks:
        yield Piece(partial(parse, text), text.end)
    stream.check_unchanged()
    stream.close()


def cut_lines(data: bytes, *, final: bool, full: bool = False) -> Cut:  # noqa: ARG001 (like `cut_records`)
    """Return where the last whole line of JSON Lines ends."""
    return Cut(len(data) if final else data.rfind(b"\n") + 1)
