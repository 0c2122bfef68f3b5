"""Split a text into blocks of whole records, each small enough to be held several times."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from provider_advisor.batch.reading.record_boundaries import Cut, Spoilt
from provider_advisor.batch.reading.sources import Stream
from provider_advisor.errors import BatchError

__all__ = ["Limits", "TextBlock", "refuse_other_encodings", "split_text"]

_SAMPLE = 1 << 16
_LEAST = 1 << 20
_RECORDS = 50_000
_OTHER_BOMS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PACKED = {b"\x1f\x8b": "gzip", b"PK\x03": "zip", b"\x28\xb5\x2f": "zstd", b"\xfd7z": "xz"}


class Limits(NamedTuple):
    """How many bytes a block holds, and how many a record may have."""

    block: int = 8 << 20
    record: int = 64 << 20


class TextBlock(NamedTuple):
    """The bytes up to `cut.end` are whole records; `end` is where in the file they end."""

    data: bytes
    cut: Cut
    end: int


Cutter = Callable[..., Cut]


def refuse_other_encodings(head: bytes, name: str) -> None:
    """Raise BatchError if a text begins like UTF-16 or UTF-32, or is compressed."""
    for start, form in _PACKED.items():
        if head.startswith(start):
            raise BatchError(f"{name} is compressed ({form}); unpack it first.")
    if head.startswith(_OTHER_BOMS) or b"\x00" in head[:2]:
        raise BatchError(f"{name} is not in UTF-8 but looks like UTF-16; save it again as UTF-8.")


def split_text(stream: Stream, offset: int, cutter: Cutter, limits: Limits) -> Iterator[TextBlock]:
    """Yield the blocks of a stream that is at `offset`; `cutter` is like `cut_records`.

    Where a block ends depends only on where it begins, so that a resumed run cuts the same blocks.
    """
    buffer, begin, at_end, grown = b"", 0, False, 0
    while True:
        size = grown or _choose_size(buffer[begin : begin + _SAMPLE], limits)
        if not at_end and len(buffer) - begin < max(size, min(_SAMPLE, limits.block)):
            wanted = max(size, limits.block) - (len(buffer) - begin)
            more = stream.read(wanted)
            buffer, begin, at_end = buffer[begin:] + more, 0, len(more) < wanted
            size = grown or _choose_size(buffer[:_SAMPLE], limits)
        if begin == len(buffer):
            return
        data, final = buffer[begin : begin + size], at_end and len(buffer) - begin <= size
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
    cut = Cut(len(start), (Spoilt(0, len(start), reason),), (), np.empty(0, dtype=np.int64))
    return TextBlock(start, cut, offset + length), rest
