"""Text that fits its screen: headings, wrapped lines, tables; colour and symbols only on a terminal that shows them.

A library for rich terminals would do this too, but importing one takes a quarter of the time of a whole answer.
"""

import os
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import click

__all__ = ["Cell", "Page"]

_WIDTH = 80
_WIDEST = 100
_GAP = "  "
_NARROWEST = 8
_MARKS = {"yes": ("✓ yes", "green"), "no": ("✗ no", "red"), "?": ("?", "yellow")}


class Cell(NamedTuple):
    """A text with a colour, or without one."""

    text: str
    colour: str | None = None
    bold: bool = False


class Page:
    """Lines collected for standard output, as wide as the terminal up to 100 columns, 80 where there is none.

    With `err` they are for standard error.
    """

    def __init__(self, *, err: bool = False) -> None:
        stream = sys.stderr if err else sys.stdout
        screen = stream.isatty()
        terminal = screen and os.environ.get("TERM") != "dumb"
        self.colour = terminal and not os.environ.get("NO_COLOR")
        self.symbols = terminal and (stream.encoding or "").lower().startswith("utf")
        self.width = min(os.get_terminal_size(2 if err else 1).columns or _WIDTH, _WIDEST) if screen else _WIDTH
        self._err = err
        self._lines: list[str] = []

    def show(self) -> None:
        """Print what was collected."""
        click.echo("\n".join(self._lines), err=self._err, color=bool(self.colour))

    def gap(self) -> None:
        """An empty line, unless nothing stands above it."""
        if self._lines:
            self._lines.append("")

    def heading(self, text: str) -> None:
        """A heading, with an empty line above it."""
        self.gap()
        self.line(text, bold=True)

    def line(self, text: str, indent: int = 0, colour: str | None = None, *, bold: bool = False) -> None:
        """A text of any length, wrapped; further lines of it are indented like the first."""
        for part in _wrapped(text, self.width - indent):
            self._lines.append(" " * indent + _styled(part, colour, bold=bold))

    def mark(self, word: str) -> Cell:
        """How yes, no and ? look here: with symbol and colour, or as the plain word."""
        text, colour = _MARKS[word]
        return Cell(text if self.symbols else word, colour)

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[str | Cell]]) -> None:
        """A table without lines, its widest columns narrowed until it fits."""
        cells = [[_cell(value) for value in row] for row in rows]
        if any(headers):
            cells.insert(0, [Cell(header, bold=True) for header in headers])
        widths = _fitted([max(len(row[column].text) for row in cells) for column in range(len(headers))], self.width)
        for row in cells:
            self._lines += _row(row, widths)


def _cell(value: str | Cell) -> Cell:
    return value if isinstance(value, Cell) else Cell(value)


def _fitted(widths: list[int], available: int) -> list[int]:
    """The widths, the widest lowered again and again until all fit with their gaps."""
    room = available - len(_GAP) * (len(widths) - 1)
    while sum(widths) > room and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _row(row: Sequence[Cell], widths: Sequence[int]) -> list[str]:
    parts = [_wrapped(cell.text, width) for cell, width in zip(row, widths, strict=True)]
    lines = []
    for height in range(max(len(part) for part in parts)):
        texts = [part[height] if height < len(part) else "" for part in parts]
        last = max(place for place, text in enumerate(texts) if text or place == 0)
        padded = [text if place == last else text.ljust(widths[place]) for place, text in enumerate(texts[: last + 1])]
        lines.append(
            _GAP.join(_styled(text, cell.colour, bold=cell.bold) for text, cell in zip(padded, row, strict=False))
        )
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, _NARROWEST), break_on_hyphens=False) or [""]


def _styled(text: str, colour: str | None, *, bold: bool) -> str:
    return click.style(text, fg=colour, bold=bold or None) if colour or bold else text
