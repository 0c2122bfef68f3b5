"""Split a text into blocks of whole records, each small enough to be held several times."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from provider_advisor.batch.reading.record_boundaries import Cut, Spoilt
from provider_advisor.batch.reading.sources import Stream
from provider_advisor.errors import BatchError
from provider_advisor.requirements.priority_cells import Wish

_SAMPLE = 1 << 16
_LEAST = 1 << 20
_RECORDS = 50_000
_OTHER_BOMS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NO_ENCODINGS = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
_PACKED = {b"\x1f\x8b": "gzip", b"PK\x03": "zip", b"\x28\xb5\x2f": "zstd", b"\xfd7z": "xz"}


class Limits(NamedTuple):
    """How many bytes a block holds, and how many a record may have."""

    block: int = 8 << 20
    record: int = 64 << 20


class ReadingOptions(NamedTuple):
    """What the user says of the inputs, because they do not say it themselves.

    `encoding` None is UTF-8; `skip_lines` counts the lines above the header of each CSV file; `renames` are pairs of an
    old and a new name of a column or key; `id_column` names the column of team ids;
    `decimal` is the sign before fractions in texts of numbers; `query` is what to read from a database.
    `sheet` names that of workbooks; `scale` says what cells mean, and `matches` what headers stand for, in tables with
    a column for each criterion. `unlist` takes words that no criterion knows for requirements in the team's own words.
    """

    encoding: str | None = None
    skip_lines: int = 0
    renames: tuple[tuple[str, str], ...] = ()
    id_column: str | None = None
    decimal: str | None = None
    query: str | None = None
    sheet: str | None = None
    scale: tuple[tuple[str, Wish], ...] = ()
    matches: tuple[tuple[str, tuple[str, ...]], ...] = ()
    unlist: bool = False

    def check(self, form: str) -> None:
        """Raise BatchError for an option that does not go with this form of inputs."""
        if self.skip_lines and form not in {"csv", "xlsx"}:
            raise BatchError(f"--skip-lines is for CSV and workbooks, but the input is {form}; leave it out.")
        if self.sheet is not None and form != "xlsx":
            raise BatchError(f"--sheet is for workbooks, but the input is {form}; leave it out.")
        if form == "jsonl":
            self.refuse_sheet_options()
        if self.decimal and form == "jsonl":
            raise BatchError("--decimal is for CSV and Parquet; numbers in JSON are never ambiguous.")
        if self.encoding and form not in {"csv", "jsonl"}:
            raise BatchError(
                "--encoding is for CSV and JSON Lines; Parquet files, workbooks and databases state their own encoding."
            )

    def refuse_sheet_options(self) -> None:
        """Raise BatchError for an option on columns of criteria where there are none."""
        for name in ("scale", "matches"):
            if getattr(self, name):
                raise BatchError(
                    f"--{name} is for tables with a column for each criterion, but this one has lists; leave it out."
                )


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
        raise BatchError(f"{name} is not in UTF-8 but looks like UTF-16; add --encoding utf-16, or save it as UTF-8.")


def refuse_wrong_encoding(head: bytes, name: str) -> None:
    """Raise BatchError if a text is surely not UTF-8 as a whole.

    A single line of other bytes is damage, and rejected alone. In a file of the wrong encoding all lines with a letter
    beyond ASCII are wrong: here at least two lines, a tenth of all, and nine of ten that are not plain ASCII.
    """
    try:
        codecs.utf_8_decode(head, "strict", False)  # noqa: FBT003 (it takes no names)
    except UnicodeDecodeError:
        lines = head[: _SAMPLE * 16].splitlines()
        beyond = [line for line in lines if not line.isascii()]
        wrong = sum(not _is_utf8(line) for line in beyond)
        if wrong >= max(2, len(lines) / 10, len(beyond) * 9 / 10):
            raise BatchError(
                f"{name} is not in UTF-8: {wrong:,} of its first {len(lines):,} lines cannot be read; add --encoding "
                "cp1252 (Windows), or the file's own encoding, or save it again as UTF-8."
            ) from None


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def read_encoding(name: str | None) -> str | None:
    """Return the encoding of texts that a name stands for; None for UTF-8. Raises BatchError."""
    try:
        found = codecs.lookup(name or "utf-8").name
        "name,\n".encode(found)
    except (LookupError, ValueError):
        found = "undefined"
    if found in _NO_ENCODINGS:
        raise BatchError(f"'{str(name)[:40]}' is not a text encoding; expected one such as cp1252 or utf-16.")
    return None if found == "utf-8" else found


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
            wanted = max(size, limits.block) - (len(buffer) - begin)
            more = stream.read(wanted)
            buffer, begin, at_end = buffer[begin:] + more, 0, len(more) < wanted
            # Chosen again, by a whole sample: of the few bytes left in the buffer another run would have read others.
            size = grown or _choose_size(buffer[:_SAMPLE], limits)
        if begin == len(buffer):
            return
        data, final = buffer[begin : begin + size], at_end and len(buffer) - begin <= size
        # No cutter could do anything with it: not even the first line ends within what can be held.
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
