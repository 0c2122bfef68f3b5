"""Make text safe for a terminal, fit it to the width, and print it: all output to people goes through here.

No other module of the faces writes to a terminal (a test reads their code for it), so that no label, key, word or file
name can move its cursor, colour it or turn the direction of its text. A library for rich terminals would lay out pages
too, but importing one takes a quarter of the time of a whole answer; it draws the bar of long runs alone.
"""

import os
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import click

from provider_advisor.safe_text import dump_json, reveal, reveal_line

clean = reveal_line

T = TypeVar("T")

_WIDTH = 80
_WIDEST = 100
_GAP = "  "
_NARROWEST = 8
_MARKS = {"yes": ("✓ yes", "green"), "no": ("✗ no", "red"), "?": ("?", "yellow")}
_PAUSE = 0.1


def show_text(text: str, *, err: bool = False) -> None:
    """Print lines of text on standard output, or with `err` on standard error."""
    click.echo(reveal(text), err=err)


def show_line(text: str, indent: int = 0, *, err: bool = False) -> None:
    """Print a text on one line, without its line breaks."""
    click.echo(" " * indent + clean(text), err=err)


def show_notes(lines: Iterable[str]) -> None:
    """Print lines on standard error; those that are not indented start with the program's name."""
    for line in lines:
        is_indented = line.startswith("  ")
        show_line(line if is_indented else f"recommend: {line}", 2 * is_indented, err=True)


def show_lines(sentences: Iterable[str], *, err: bool = False, bold: bool = False) -> None:
    """Print sentences, each wrapped to the terminal; an empty one prints a blank line."""
    page = Page(err=err)
    for sentence in sentences:
        page.line(sentence, bold=bold and bool(sentence))
    page.show()


def show_prompt(text: str, *, err: bool = False) -> None:
    """Print a prompt without a line break, so that the answer is typed after it."""
    click.echo(clean(text) + " ", nl=False, err=err)


def show_json(data: Any) -> None:  # noqa: ANN401 (JSON holds anything)
    """Print data as JSON on standard output."""
    click.echo(dump_json(data))


def show_document(text: str) -> None:
    """Print a document as it is, without adding a line break, on standard output."""
    click.echo(reveal(text), nl=False)


def show_bytes(content: bytes) -> None:
    """Write the bytes of a file for programs on standard output, as they are."""
    click.echo(content, nl=False)


def clean_texts(data: T) -> T:
    r"""Return data with every text in it made safe, on one line.

    >>> clean_texts({"name": TableCell("a\x1b[2J"), "lines": ["b\nc", 1]})
    {'name': TableCell(text='a\\x1b[2J', colour=None, bold=False), 'lines': ['b c', 1]}
    """
    made: Any = data
    if isinstance(data, str):
        made = clean(data)
    elif isinstance(data, dict):
        made = {key: clean_texts(value) for key, value in data.items()}
    elif isinstance(data, list):
        made = [clean_texts(value) for value in data]
    elif isinstance(data, tuple):
        values = [clean_texts(value) for value in data]
        made = type(data)(*values) if hasattr(data, "_fields") else tuple(values)
    found: T = made
    return found


class TableCell(NamedTuple):
    """A text with a colour, or without one."""

    text: str
    colour: str | None = None
    bold: bool = False


class Page:
    """Lines collected for standard output, as wide as the terminal up to 100 columns, 80 where there is none.

    With `err` they are for standard error; without `screen` for a file, even if standard output is a terminal.
    """

    def __init__(self, *, err: bool = False, screen: bool = True) -> None:
        stream = sys.stderr if err else sys.stdout
        screen = screen and stream.isatty()
        terminal = screen and os.environ.get("TERM") != "dumb"
        context = click.get_current_context(silent=True)
        chosen = context.color if context is not None else None  # by `--color`
        self.colour = terminal and not os.environ.get("NO_COLOR") if chosen is None else chosen
        self.symbols = terminal and (stream.encoding or "").lower().startswith("utf")
        self.width = min(os.get_terminal_size(2 if err else 1).columns or _WIDTH, _WIDEST) if screen else _WIDTH
        self._height = os.get_terminal_size(2 if err else 1).lines if terminal else 0
        self._err = err
        self._lines: list[str] = []

    def show(self, *, paged: bool = False) -> None:
        """Print the collected lines; with `paged` through a pager if they do not fit on the terminal."""
        # The lines are safe already, and hold the colours.
        text = "\n".join(self._lines)
        if paged and 0 < self._height <= len(self._lines):
            os.environ.setdefault("LESS", "-FRX")
            click.echo_via_pager(text + "\n", color=self.colour)
        else:
            click.echo(text, err=self._err, color=self.colour)

    def text(self) -> str:
        """Return what was collected, without colours."""
        return click.unstyle("\n".join(self._lines)) + "\n"

    def gap(self) -> None:
        """Add an empty line, unless it would be the first."""
        if self._lines:
            self._lines.append("")

    def heading(self, text: str) -> None:
        """Add a heading, with an empty line above it."""
        self.gap()
        self.line(text, bold=True)

    def section(self, title: str, lines: Iterable[str]) -> None:
        """Add lines under a heading, indented; nothing if there are none."""
        for place, line in enumerate(lines):
            if not place:
                self.heading(title)
            self.line(line, 2)

    def line(self, text: str, indent: int = 0, colour: str | None = None, *, bold: bool = False) -> None:
        """Add a text of any length, wrapped; further lines of it are indented like the first."""
        for part in _wrap(reveal(text), self.width - indent):
            self._lines.append(" " * indent + _style(part, colour, bold=bold))

    def mark(self, word: str) -> TableCell:
        """Return yes, no or ? as shown here: with symbol and colour, or as the plain word."""
        text, colour = _MARKS[word]
        return TableCell(text if self.symbols else word, colour)

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[str | TableCell]]) -> None:
        """Add a table without rules; its widest columns are narrowed until it fits."""
        head = [[TableCell(header, bold=True) for header in headers]] if any(headers) else []
        given = [[value if isinstance(value, TableCell) else TableCell(value) for value in row] for row in rows]
        cells = [[cell._replace(text=reveal(cell.text)) for cell in row] for row in (*head, *given)]
        columns = [[row[column].text for row in cells] for column in range(len(headers))]
        widths = _fit_widths(
            [max(map(len, column)) for column in columns], self.width, [*map(_find_longest_word, columns)]
        )
        for row in cells:
            self._lines += _lay_out_row(row, widths)


def _fit_widths(widths: list[int], available: int, words: Sequence[int]) -> list[int]:
    """Return the column widths, reducing the widest repeatedly until all fit with their gaps.

    No column gets narrower than its longest word as long as another one can.
    """
    # Widths 4, 40, 20 in 52 columns, less two gaps: 40 goes down to 24 and nothing else moves. Taking the same share
    # from each would wrap the short columns first, which are read at a glance.
    room = available - len(_GAP) * (len(widths) - 1)
    while sum(widths) > room and max(widths) > _NARROWEST:
        spare = [width if width > max(word, _NARROWEST) else 0 for width, word in zip(widths, words, strict=True)]
        widest = max(spare) or max(widths)
        widths[(spare if any(spare) else widths).index(widest)] -= 1
    return widths


def _find_longest_word(texts: Iterable[str]) -> int:
    return max((len(word) for text in texts for word in text.split()), default=0)


def _lay_out_row(row: Sequence[TableCell], widths: Sequence[int]) -> list[str]:
    parts = [_wrap(cell.text, width) for cell, width in zip(row, widths, strict=True)]
    lines = []
    for height in range(max(len(part) for part in parts)):
        texts = [part[height] if height < len(part) else "" for part in parts]
        # The last text is not padded, so that no line ends in spaces.
        last = max(place for place, text in enumerate(texts) if text or place == 0)
        padded = [text if place == last else text.ljust(widths[place]) for place, text in enumerate(texts[: last + 1])]
        lines.append(
            _GAP.join(_style(text, cell.colour, bold=cell.bold) for text, cell in zip(padded, row, strict=False))
        )
    return lines


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, _NARROWEST), break_on_hyphens=False) or [""]


def _style(text: str, colour: str | None, *, bold: bool) -> str:
    return click.style(text, fg=colour, bold=bold or None) if colour or bold else text


@contextmanager
def progress_bar(size: int, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Show progress on standard error, only if that is a terminal, towards this many bytes; 0 if unknown.

    What it yields is called with the bytes read so far, and the rows done since the last call.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _read, _rows: None
        return
    from rich.console import Console  # noqa: PLC0415 (slow to import, and most runs have no terminal)
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn  # noqa: PLC0415

    left = TimeRemainingColumn() if size else TimeElapsedColumn()
    columns = (BarColumn(), TextColumn("{task.fields[rows]:,} rows"), TextColumn("{task.fields[rate]:,} rows/s"), left)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=size or None, rows=0, rate=0)
        began, done = time.monotonic(), 0

        def advance(read: int, rows: int) -> None:
            nonlocal done
            done += rows
            rate = int(done / max(time.monotonic() - began, _PAUSE))
            bar.update(task, completed=read, rows=done, rate=rate)

        yield advance
