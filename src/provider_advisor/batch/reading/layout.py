"""The first line of a CSV text: what its columns are called."""

from __future__ import annotations

import codecs
from collections import Counter
from typing import NamedTuple

import pyarrow as pa

from provider_advisor.batch.reading.quotes import cells_of, scan
from provider_advisor.batch.reading.sources import Stream
from provider_advisor.batch.reading.texts import Limits
from provider_advisor.errors import BatchError

__all__ = ["Layout", "read_layout", "refuse_other_encodings"]

_BOMS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PACKED = {b"\x1f\x8b": "gzip", b"PK\x03": "zip", b"\x28\xb5\x2f": "zstd", b"\xfd7z": "xz"}
_LONGEST = 1 << 16
_SEPARATORS = {b",": "','", b";": "';'", b"\t": "tab", b"|": "'|'"}


class Layout(NamedTuple):
    """The columns of a CSV text, what parts its cells, and where its first record begins."""

    names: tuple[str, ...]
    separator: bytes
    start: int

    @property
    def schema(self) -> pa.Schema:
        """Every column is text, untouched."""
        return pa.schema([(name, pa.string()) for name in self.names])


def refuse_other_encodings(head: bytes, name: str) -> None:
    """Raises BatchError if a text begins like UTF-16 or UTF-32, or is compressed."""
    for start, form in _PACKED.items():
        if head.startswith(start):
            raise BatchError(f"{name} is compressed ({form}); unpack it first.")
    if head.startswith(_BOMS) or b"\x00" in head[:2]:
        raise BatchError(f"{name} is not in UTF-8 but looks like UTF-16; save it again as UTF-8.")


def read_layout(stream: Stream, separator: bytes, limits: Limits) -> Layout:
    """The columns that a text's first line names; the stream then stands behind it. Raises BatchError."""
    name = stream.source.name
    size = max(limits.block, _LONGEST)
    head = stream.read(size)
    refuse_other_encodings(head, name)
    start = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    while head[start : start + 1] in {b"\n", b"\r"}:
        start += 1
    if not head[start:]:
        raise BatchError(f"{name} is empty; expected a first line with the names of the columns.")
    _refuse_old_lines(head, name)
    record = scan(head, start, separator, final=len(head) < size)
    if record is None or record.reason is not None:
        problem = "it does not end" if record is None else record.reason
        raise BatchError(f"{name}: the first line: {problem}; expected the names of the columns.")
    names = tuple(_name(cell, name) for cell in cells_of(head, record))
    _check(names, name, separator)
    stream.give_back(head[record.end :])
    return Layout(names, separator, record.end)


def _refuse_old_lines(head: bytes, name: str) -> None:
    if b"\n" not in head and b"\r" in head.rstrip(b"\r"):
        raise BatchError(f"{name}: its lines end in a lone carriage return; save it with line feeds.")


def _name(cell: bytes, name: str) -> str:
    try:
        return cell.decode().strip()
    except UnicodeDecodeError as error:
        raise BatchError(f"{name}: the names of the columns are not UTF-8; save it again as UTF-8.") from error


def _check(names: tuple[str, ...], name: str, separator: bytes) -> None:
    if len(names) == 1:
        for other, shown in _SEPARATORS.items():
            if other != separator and other.decode() in names[0]:
                raise BatchError(f"{name} has one column, '{names[0][:80]}'; try --separator {shown}.")
    if "" in names:
        place = names.index("") + 1
        raise BatchError(f"{name}: column {place} has no name; name it in the first line, or leave it out.")
    twice = [column for column, count in Counter(names).items() if count > 1]
    if twice:
        raise BatchError(f"{name} has more than one column '{twice[0]}'; rename all but one.")
