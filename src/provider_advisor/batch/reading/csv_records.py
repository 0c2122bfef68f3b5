r"""Where the records of a CSV text begin and end, found without parsing it.

A newline ends a record if the number of quotes before it is even, as long as each quote opens a cell, closes one, or is
doubled within one. All quotes are checked for that at once. In `1,"a\nb"\n`, one quote precedes the first newline,
which is therefore part of a cell; two precede the second, which ends the record. The record around any other quote is
scanned byte by byte: within a bare cell a quote is a character like any other (`5" pipe`); anywhere else it spoils the
line on which the record begins.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from provider_advisor.batch.native import find_places

_QUOTE, _NEWLINE, _RETURN = b'"', b"\n", b"\r"
_WINDOW = 4096
Places = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


class Spoilt(NamedTuple):
    """A line that is not a record, and the reason."""

    start: int
    end: int
    reason: str


class Cut(NamedTuple):
    """Where the last whole record of a text ends; 0 if there is none.

    `spoilt` are lines that are not records, `literal` the spans of records in which quotes are mere characters; both in
    order. `quotes` are the places of all quotes.
    """

    end: int
    spoilt: tuple[Spoilt, ...] = ()
    literal: tuple[tuple[int, int], ...] = ()
    quotes: Places = np.empty(0, dtype=np.int64)


class Record(NamedTuple):
    """A scanned record: where it ends, its cells as (start, end, whether quoted), or the reason why it is not one.

    `lone` says that a bare cell holds a carriage return that ends no line.
    """

    end: int
    cells: tuple[tuple[int, int, bool], ...]
    reason: str | None = None
    lone: bool = False


class RecordSpans(NamedTuple):
    """Where each record begins and ends; blank lines are not records."""

    starts: Places
    ends: Places


def cut_records(data: bytes, separator: bytes, *, final: bool, full: bool = False) -> Cut:
    """Return where the records of `data`, which begins with one, can be cut off; `final` if nothing follows.

    `full` if no more can be held: then a first record that does not end spoils its line.
    """
    # In 1,"x"\n2,5" pipe\n3,"y\nz"\n4 the quotes are at 2, 4, 9, 18 and 22. Those at 2 and 4 open and close a cell. The
    # one at 9 should open a cell, but a 5 comes before it. So its record, which begins at 6, is scanned: it ends at 16,
    # and the quote is a character. From there, one quote comes before the newline at 20, and two before that at 23. The
    # records end at 6, 16 and 24, and the last one, 4, waits for what follows.
    array = np.frombuffer(data, np.uint8)
    quotes: Places = find_places(_QUOTE, data, len(data))
    spoilt: list[Spoilt] = []
    literal: list[tuple[int, int]] = []
    start = first = 0
    while True:
        place = _find_first_wrong(array, quotes, first, separator)
        # From here to `place` every quote is regular, so only the record that holds `place` can be wrong.
        end = _find_record_start(data, quotes, first, start, place)
        if place == len(data) and (quotes.size - first) % 2 == 0 and final:  # no quote is open
            end = place
        looked_at = place < len(data) or (final and end < place) or (full and end == 0)
        record = scan_record(data, end, separator, final=final) if looked_at else None
        # No more fits into memory: give up the first line and continue after it, so that no later record is lost.
        if record is None and full and end == 0:
            record = _break_line(
                data, 0, "a quote opens and does not close in the longest record that can be read", final=True
            )
        if record is None:
            return Cut(end, tuple(spoilt), tuple(literal), quotes)
        if record.reason is None:
            literal.append((end, record.end))
        else:
            spoilt.append(Spoilt(end, record.end, record.reason))
        start = record.end
        # Counting starts again after the scanned record, whose number of quotes may be odd.
        first = int(np.searchsorted(quotes, start))


def _find_first_wrong(array: Bytes, quotes: Places, first: int, separator: bytes) -> int:
    """Return the place of the first quote that neither opens a cell, closes one nor is doubled, else the end."""
    # Regular quotes come in pairs. The first of a pair opens a cell, or is the second half of a doubled quote: before
    # it is a separator, a newline or a quote. The second closes the cell or begins a doubled quote: the same bytes
    # follow it.
    beside = np.zeros(256, dtype=bool)
    beside[[separator[0], _QUOTE[0], _NEWLINE[0]]] = True
    # In windows: the search restarts after each irregular quote, and must not look at all following quotes each time.
    for low in range(first, int(quotes.size), _WINDOW):
        window = quotes[low : low + _WINDOW]
        fine = np.ones(window.size, dtype=bool)
        before = array[window[0::2] - 1]
        # The text begins with a record, as if a newline came before; index -1 was the last byte.
        if window[0] == 0:
            before[0] = _NEWLINE[0]
        fine[0::2] = beside[before]
        fine[1::2] = beside[_get_bytes_behind(array, window[1::2] + 1)]
        if not fine.all():
            return int(window[np.argmin(fine)])
    return int(array.size)


def _get_bytes_behind(array: Bytes, places: Places) -> Bytes:
    """Return the bytes at these places; for a carriage return what follows it, if that is a newline."""
    at = _get_bytes(array, places)
    returns = np.flatnonzero(at == _RETURN[0])
    at[returns[_get_bytes(array, places[returns] + 1) == _NEWLINE[0]]] = _NEWLINE[0]
    return at


def _get_bytes(array: Bytes, places: Places) -> Bytes:
    """Return the bytes at these places, as if a newline followed the text."""
    at = array.take(places, mode="clip")
    at[places >= array.size] = _NEWLINE[0]
    return at


def _find_record_start(data: bytes, quotes: Places, first: int, start: int, place: int) -> int:
    """Return where the record begins that is open at `place`; from `start` and the `first` quote all is regular."""
    while True:
        newline = data.rfind(_NEWLINE, start, place)
        if newline < 0:
            return start
        # An odd number of quotes before a newline means that it is inside a cell. Look further back, before the opening
        # quote.
        before = int(np.searchsorted(quotes, newline))
        if (before - first) % 2 == 0:
            return newline + 1
        place = int(quotes[before - 1])


def scan_record(data: bytes, start: int, separator: bytes, *, final: bool) -> Record | None:
    """Return the record that begins at `start`, byte by byte; None if it does not end and more may follow."""
    cells: list[tuple[int, int, bool]] = []
    place, lone = start, False
    while True:
        quoted = data.startswith(_QUOTE, place)
        after = _find_closing(data, place + 1) if quoted else _find_bare_end(data, place, separator)
        following = data[after : after + 2] if after >= 0 else b""
        # The next bytes may change the meaning: a quote would double this one, a newline would complete the line end.
        if following in {b"", _RETURN} and not final:
            return None
        if after < 0:
            return _break_line(data, start, f"a quote opens in cell {len(cells) + 1} and never closes", final=final)
        if following[:1] not in {b"", separator, _NEWLINE} and following not in {_RETURN, _RETURN + _NEWLINE}:
            return _break_line(data, start, _describe_stray(following, len(cells) + 1, separator), final=final)
        cells.append((place, after, quoted))
        lone = lone or (not quoted and data.find(_RETURN, place, after) >= 0)
        if following[:1] != separator:
            return Record(
                after + (2 if following == _RETURN + _NEWLINE else len(following[:1])), tuple(cells), lone=lone
            )
        place = after + 1


def _find_closing(data: bytes, place: int) -> int:
    """Return the place after the quote that closes the cell which holds `place`; -1 if none does."""
    while (found := data.find(_QUOTE, place)) >= 0:
        # Two quotes in a row are one character of the cell.
        if not data.startswith(_QUOTE, found + 1):
            return found + 1
        place = found + 2
    return -1


def _find_bare_end(data: bytes, place: int, separator: bytes) -> int:
    line = data.find(_NEWLINE, place)
    line = len(data) if line < 0 else line
    cell = data.find(separator, place, line)
    if cell >= 0:
        return cell
    return line - 1 if data.startswith(_RETURN, line - 1) and line > place else line


def _describe_stray(following: bytes, cell: int, separator: bytes) -> str:
    found = following[:1].decode("utf-8", "backslashreplace")
    expected = "a tab" if separator == b"\t" else f"'{separator.decode()}'"
    return f"after the closing quote of cell {cell} comes {found!r}; expected {expected} or the end of the line"


def _break_line(data: bytes, start: int, reason: str, *, final: bool) -> Record | None:
    """Return the line on which a broken record begins; None where that line may go on."""
    newline = data.find(_NEWLINE, start)
    if newline < 0 and not final:
        return None
    return Record(len(data) if newline < 0 else newline + 1, (), reason)


def read_cells(data: bytes, record: Record) -> list[bytes]:
    """Return the contents of a scanned record's cells."""
    return [
        data[start + 1 : end - 1].replace(b'""', _QUOTE) if quoted else data[start:end]
        for start, end, quoted in record.cells
    ]


def find_spans(data: bytes, cut: Cut) -> RecordSpans:
    """Return where the records of a cut text are, spoilt lines included."""
    ends = _find_record_ends(data, cut)
    starts = np.concatenate([[0], ends[:-1]])
    # Only records of at most two bytes can be blank, so few are checked one by one.
    short = np.flatnonzero(ends - starts <= len(b"\r\n"))
    blank = [place for place in short.tolist() if not data[starts[place] : ends[place]].strip(b"\r\n")]
    return RecordSpans(np.delete(starts, blank), np.delete(ends, blank)) if blank else RecordSpans(starts, ends)


def _find_record_ends(data: bytes, cut: Cut) -> Places:
    """Return where each record of the cut ends, blank lines and spoilt lines included."""
    newlines: Places = find_places(_NEWLINE, data, cut.end)
    spans = [*cut.literal, *((line.start, line.end) for line in cut.spoilt)]
    apart = np.array(sorted(spans), dtype=np.int64).reshape(-1, 2)
    # Quotes of scanned records are ignored, because they may be plain characters; the ends of these records are known.
    quotes = cut.quotes[~_find_within(cut.quotes, apart)] if apart.size else cut.quotes
    ends = newlines[np.searchsorted(quotes, newlines) % 2 == 0] + 1
    if apart.size:
        ends = np.union1d(ends[~_find_within(ends - 1, apart)], apart[:, 1])
    return ends if cut.end == 0 or (ends.size and ends[-1] == cut.end) else np.append(ends, cut.end)


def _find_within(places: Places, spans: Places) -> npt.NDArray[np.bool_]:
    """Return which places are within one of the spans, which are in order and do not overlap."""
    span = np.searchsorted(spans[:, 0], places, side="right") - 1
    within: npt.NDArray[np.bool_] = (span >= 0) & (places < spans[np.maximum(span, 0), 1])
    return within
