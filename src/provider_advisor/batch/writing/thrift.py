"""Thrift's compact protocol, in which the footer of a Parquet file is written, read and written back as it is.

See https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

__all__ = ["STRUCT", "Field", "Values", "decoded", "encoded"]

_TRUE, _FALSE, _BYTE, _SHORT, _LONG, _DOUBLE = 1, 2, 3, 4, 6, 7
_BINARY, _LIST, _SET, STRUCT = 8, 9, 10, 12
_LONG_LIST = 15


class Field(NamedTuple):
    """A field of a struct: its number, its type, its value. A struct is a list of them."""

    number: int
    type: int
    value: Any


class Values(NamedTuple):
    """A list: the type of its items, and the items."""

    type: int
    items: Sequence[Any]


def decoded(data: bytes) -> list[Field]:
    """The fields of the struct in these bytes. Raises ValueError or IndexError where there is none."""
    return _Reader(data).struct()


def encoded(struct: Sequence[Field]) -> bytes:
    """The bytes of a struct."""
    out = bytearray()
    _put_struct(out, struct)
    return bytes(out)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _bytes(self, count: int) -> bytes:
        self._at += count
        if self._at > len(self._data):
            raise IndexError
        return self._data[self._at - count : self._at]

    def _count(self) -> int:
        number = shift = 0
        while (byte := self._byte()) & 0x80:
            number |= (byte & 0x7F) << shift
            shift += 7
        return number | byte << shift

    def _number(self) -> int:
        zigzag = self._count()
        return zigzag >> 1 ^ -(zigzag & 1)

    def struct(self) -> list[Field]:
        fields: list[Field] = []
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._number()
            kind = head & 0x0F
            fields.append(Field(number, kind, None if kind in {_TRUE, _FALSE} else self._value(kind)))
        return fields

    def _value(self, kind: int) -> Any:  # noqa: ANN401 (whatever the type says)
        if kind in {_TRUE, _FALSE, _BYTE}:  # a truth within a list takes a byte
            return self._byte()
        if _SHORT <= kind <= _LONG:
            return self._number()
        if kind == _DOUBLE:
            return self._bytes(8)
        if kind == _BINARY:
            return self._bytes(self._count())
        if kind in {_LIST, _SET}:
            head = self._byte()
            count = head >> 4 if head >> 4 != _LONG_LIST else self._count()
            return Values(head & 0x0F, [self._value(head & 0x0F) for _ in range(count)])
        if kind == STRUCT:
            return self.struct()
        raise ValueError(kind)


def _put_struct(out: bytearray, struct: Sequence[Field]) -> None:
    before = 0
    for field in struct:
        step = field.number - before
        if 0 < step < 16:  # noqa: PLR2004 (what four bits hold)
            out.append(step << 4 | field.type)
        else:
            out.append(field.type)
            _put_number(out, field.number)
        before = field.number
        if field.value is not None:
            _put_value(out, field.type, field.value)
    out.append(0)


def _put_value(out: bytearray, kind: int, value: Any) -> None:  # noqa: ANN401
    if kind in {_TRUE, _FALSE, _BYTE}:
        out.append(value)
    elif _SHORT <= kind <= _LONG:
        _put_number(out, value)
    elif kind == _DOUBLE:
        out += value
    elif kind == _BINARY:
        _put_count(out, len(value))
        out += value
    elif kind in {_LIST, _SET}:
        count = len(value.items)
        out.append(min(count, _LONG_LIST) << 4 | value.type)
        if count >= _LONG_LIST:
            _put_count(out, count)
        for item in value.items:
            _put_value(out, value.type, item)
    else:
        _put_struct(out, value)


def _put_count(out: bytearray, number: int) -> None:
    while number > 0x7F:  # noqa: PLR2004 (what seven bits hold)
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _put_number(out: bytearray, number: int) -> None:
    _put_count(out, number << 1 if number >= 0 else (-number << 1) - 1)
