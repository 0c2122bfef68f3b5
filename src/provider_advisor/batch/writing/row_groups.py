"""Parquet files of the same columns put end to end: row groups are copied as they are, and the footer is written anew.

Reading the rows and writing them again would take longer than scoring them. The numbers of the fields are those of
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from provider_advisor.batch.writing.thrift import STRUCT, Field, Values, decoded, encoded

__all__ = ["join_row_groups"]

_MAGIC = b"PAR1"
_TAIL = 8
_ROWS, _GROUPS = 3, 4
_COLUMNS, _GROUP_OFFSET, _ORDINAL = 1, 5, 7
_CHUNK_OFFSET, _METADATA = 2, 3
# The page index holds places of its own, which would all be wrong; without it, readers look at whole columns.
_PAGE_INDEX = {4, 5, 6, 7}
_PAGE_OFFSETS = {9, 10, 11, 14}

Struct = list[Field]


def join_row_groups(parts: Sequence[Path], target: Path) -> bool:
    """Write the parts to one file; False, with nothing of use written, if their columns are not the same."""
    footers = [_footer(part) for part in parts]
    first = footers[0][0]
    if any(_without_rows(footer) != _without_rows(first) for footer, _ in footers):
        return False
    groups: list[Struct] = []
    with target.open("wb") as out:
        out.write(_MAGIC)
        for part, (footer, end) in zip(parts, footers, strict=True):
            moved = out.tell() - len(_MAGIC)
            groups += [_moved_group(group, moved, len(groups) + place) for place, group in enumerate(_groups(footer))]
            _copy(part, end, out)
        rows = sum(_value(footer, _ROWS) for footer, _ in footers)
        data = encoded(_with(_with(first, _ROWS, rows), _GROUPS, Values(STRUCT, groups)))
        out.write(data + len(data).to_bytes(4, "little") + _MAGIC)
        out.flush()
        os.fsync(out.fileno())
    return True


def _footer(part: Path) -> tuple[Struct, int]:
    """The footer of a file, and where it begins."""
    with part.open("rb") as file:
        size = file.seek(-_TAIL, os.SEEK_END) + _TAIL
        length = int.from_bytes(file.read(4), "little")
        start = file.seek(size - _TAIL - length)
        return decoded(file.read(length)), start


def _copy(part: Path, end: int, out: BinaryIO) -> None:
    """Everything between the first bytes of a file and its footer."""
    with part.open("rb") as file:
        file.seek(len(_MAGIC))
        left = end - len(_MAGIC)
        while left:
            data = file.read(min(left, 1 << 20))
            if not data:
                raise OSError(f"{part.name} ends too early")
            out.write(data)
            left -= len(data)


def _value(struct: Struct, number: int) -> Any:  # noqa: ANN401 (whatever the field holds)
    return next((field.value for field in struct if field.number == number), None)


def _with(struct: Struct, number: int, value: Any) -> Struct:  # noqa: ANN401
    return [field._replace(value=value) if field.number == number else field for field in struct]


def _without_rows(footer: Struct) -> Struct:
    return [field for field in footer if field.number not in {_ROWS, _GROUPS}]


def _groups(footer: Struct) -> Sequence[Struct]:
    found: Values = _value(footer, _GROUPS)
    return found.items


def _moved_group(group: Struct, moved: int, ordinal: int) -> Struct:
    columns = Values(STRUCT, [_moved_chunk(chunk, moved) for chunk in _value(group, _COLUMNS).items])
    group = [field for field in group if field.number != _ORDINAL or ordinal < 1 << 15]
    return _with(_moved(_with(group, _COLUMNS, columns), {_GROUP_OFFSET}, moved), _ORDINAL, ordinal)


def _moved_chunk(chunk: Struct, moved: int) -> Struct:
    kept = [field for field in chunk if field.number not in _PAGE_INDEX]
    metadata = _moved(_value(chunk, _METADATA), _PAGE_OFFSETS, moved)
    return _with(_moved(kept, {_CHUNK_OFFSET}, moved), _METADATA, metadata)


def _moved(struct: Struct, numbers: set[int], moved: int) -> Struct:
    """The struct with the places in these fields moved; 0 stands for no place."""
    return [
        field._replace(value=field.value + moved) if field.number in numbers and field.value else field
        for field in struct
    ]
