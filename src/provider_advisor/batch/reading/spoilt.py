"""Which records of a text cannot be read, and why: lines that are none, other bytes than UTF-8, stray line ends."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from provider_advisor.batch.reading.quotes import scan
from provider_advisor.batch.reading.texts import Text

__all__ = ["not_utf8", "spoilt_records"]

Places = npt.NDArray[np.int64]


def spoilt_records(text: Text, starts: Places, ends: Places, separator: bytes) -> dict[int, str]:
    """The reason by the place of each such record of CSV text among those that begin and end here."""
    places = np.searchsorted(starts, [line.start for line in text.cut.spoilt])
    reasons = {int(place): line.reason for place, line in zip(places, text.cut.spoilt, strict=True)}
    for place in _with_lone_returns(text, starts, ends, separator):
        reasons.setdefault(place, "holds a lone carriage return outside quotes; expected lines that end in a line feed")
    for place, reason in not_utf8(text, starts, ends):
        reasons.setdefault(place, reason)
    return reasons


def not_utf8(text: Text, starts: Places, ends: Places) -> Iterator[tuple[int, str]]:
    """The places of records that are not UTF-8, with the reason."""
    data, position = memoryview(text.data)[: text.cut.end], 0
    while position < len(data) and not text.data.isascii():
        try:
            codecs.utf_8_decode(data[position:], "strict", True)  # noqa: FBT003 (it takes no names)
        except UnicodeDecodeError as error:
            byte = position + error.start
            place = int(np.searchsorted(ends, byte, side="right"))
            yield place, f"is not UTF-8 at byte {byte - int(starts[place]) + 1:,}"
            position = int(ends[place])
        else:
            return


def _with_lone_returns(text: Text, starts: Places, ends: Places, separator: bytes) -> Iterator[int]:
    """The places of records with a carriage return that neither ends a line nor stands within quotes."""
    array = np.frombuffer(text.data, np.uint8, text.cut.end)
    returns = np.flatnonzero(array == ord("\r"))
    returns = returns[(returns + 1 < array.size)]
    lone = returns[array[returns + 1] != ord("\n")]
    for place in np.unique(np.searchsorted(ends, lone, side="right")):
        if place < starts.size and starts[place] <= ends[place]:
            record = scan(text.data, int(starts[place]), separator, final=True)
            if record is not None and record.lone:
                yield int(place)
