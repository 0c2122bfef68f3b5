"""A text in blocks of whole records, each small enough to be held several times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from provider_advisor.batch.reading.quotes import Cut, Spoilt
from provider_advisor.batch.reading.sources import Stream

__all__ = ["Limits", "Text", "texts"]


_SAMPLE = 1 << 16
_LEAST = 1 << 20
_RECORDS = 50_000


class Limits(NamedTuple):
    """How many bytes a block holds, and how many a record may have."""

    block: int = 8 << 20
    record: int = 64 << 20


class Text(NamedTuple):
    """A block: the bytes up to `cut.end` are whole records; `end` is where in the file it ends."""

    data: bytes
    cut: Cut
    end: int


Cutter = Callable[..., Cut]


def texts(stream: Stream, offset: int, cutter: Cutter, limits: Limits) -> Iterator[Text]:
    """The blocks of a stream that stands at `offset`; `cutter` is like `cut_records`.

    Where a block ends depends only on where it begins, so that a run that goes on cuts the same blocks.
    """
    buffer, begin, at_end, grown = b"", 0, False, 0
    while True:
        size = grown or _fitting(buffer[begin : begin + _SAMPLE], limits)
        if not at_end and len(buffer) - begin < max(size, min(_SAMPLE, limits.block)):
            wanted = max(size, limits.block) - (len(buffer) - begin)
            more = stream.read(wanted)
            buffer, begin, at_end = buffer[begin:] + more, 0, len(more) < wanted
            size = grown or _fitting(buffer[:_SAMPLE], limits)
        if begin == len(buffer):
            return
        data, final = buffer[begin : begin + size], at_end and len(buffer) - begin <= size
        if size >= limits.record and not final and b"\n" not in data:
            text, buffer = _overlong(stream, data, offset, limits)
            begin = 0
        else:
            cut = cutter(data, final=final, full=size >= limits.record)
            if cut.end == 0:
                grown = min(2 * size, limits.record)
                continue
            text, begin = Text(data, cut, offset + cut.end), begin + cut.end
        offset, grown = text.end, 0
        yield text


def _fitting(sample: bytes, limits: Limits) -> int:
    """The size of a block of some ten thousand records, if they go on like these: short ones make smaller blocks."""
    records = max(sample.count(b"\n"), 1)
    return min(limits.block, max(_LEAST, _RECORDS * len(sample) // records))


def _overlong(stream: Stream, data: bytes, offset: int, limits: Limits) -> tuple[Text, bytes]:
    """A line that is too long to be held, as a block of its own, and what is read already of what follows it."""
    length, rest = len(data), b""
    while more := stream.read(limits.block):
        newline = more.find(b"\n")
        length += len(more) if newline < 0 else newline + 1
        if newline >= 0:
            rest = more[newline + 1 :]
            break
    reason = f"is a line of {length:,} bytes; at most {limits.record:,} can be read"
    start = data[: limits.block]
    cut = Cut(len(start), (Spoilt(0, len(start), reason),), (), np.empty(0, dtype=np.int64))
    return Text(start, cut, offset + length), rest
