"""Sheets as rows of cells, whatever file they come from: CSV here, workbooks in `workbook`; and the header in them."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.safe_text import find_content, reveal_line

Cell = str | float | bool | dt.date | dt.time | dt.timedelta | None
"""What a cell holds; None where it is empty. A `datetime` is a `date` too."""

_TITLE_ROWS, _LONGEST_SHOWN = 50, 60
_LARGEST_CSV, _HEAD = 10_000_000, 4_096
_SEPARATORS = (",", ";", "\t")
_NAMES = (".xlsx", ".xlsm")
_OTHER_NAMES = (".xls", ".xlsb", ".ods", ".fods", ".numbers")


class Sheet(NamedTuple):
    """The cells of a sheet from its first row and column on."""

    file: str
    name: str
    rows: Sequence[Sequence[Cell]]


class Grid(NamedTuple):
    """A table with a header."""

    file: str
    names: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]  # each as long as the header
    first: int  # the number of the first row in its file
    skipped: tuple[str, ...] = ()  # the filled rows above the header, as texts


def is_workbook_name(name: str) -> bool:
    """Return whether a file's name is that of a workbook."""
    return name.lower().endswith(_NAMES)


def refuse_other_sheets(name: str) -> None:
    """Raise RequirementsError if a file's extension is that of an unsupported spreadsheet format."""
    if name.lower().endswith(_OTHER_NAMES):
        raise RequirementsError(f"{name} is a spreadsheet in a form that is not read; save it as .xlsx or CSV.")


def name_cell(row: int, column: int) -> str:
    """Return the name of a cell by its row and column, from 0.

    >>> name_cell(6, 27)
    'AB7'
    """
    # Letters count from A = 1 and have no zero: after Z (26) comes AA (27), which takes 1 before each division.
    letters, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def write_cell(cell: Cell, decimal: str = ".") -> str:
    """Return a cell as the text that CSV would hold; `decimal` is the sign before fractions.

    >>> [write_cell(cell) for cell in (5.0, 0.25, 5.125, True, dt.date(2022, 12, 31), None)]
    ['5', '0.25', '5.1250', 'TRUE', '2022-12-31', '']
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) < 1e15:  # noqa: PLR2004 (what a float holds to the last digit)
            return str(int(cell))
        text = repr(cell)
        # As text, 5.125 could also mean five thousand; a number in a cell is unambiguous.
        text += "0" if re.fullmatch(r"-?[0-9]{1,3}\.[0-9]{3}", text) else ""
        return text.replace(".", decimal)
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return cell.isoformat(" ") if isinstance(cell, dt.datetime) else str(cell)


def read_csv_sheet(content: bytes, file: str, encoding: str | None, is_known: Callable[[str], bool]) -> Sheet:
    """Return the sheet in a CSV file, whose columns have names that are known. Raises RequirementsError."""
    if len(content) > _LARGEST_CSV:
        raise RequirementsError(
            f"{file} is larger than {_LARGEST_CSV // 1_000_000} MB; expected one team's requirements."
        )
    if kind := find_content(content[:_HEAD]):
        raise RequirementsError(f"{file} is {kind}; expected CSV, or a workbook named .xlsx.")
    try:
        # Excel's "Unicode text" is UTF-16; its byte-order mark leaves no doubt.
        usual = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
        text = content.decode(encoding or usual)
    except UnicodeError as error:
        raise RequirementsError(
            f"{file} is not in the encoding given by --encoding; try another."
            if encoding
            else f"{file} is not UTF-8; add --encoding cp1252 (Windows) or its own encoding, or save it as 'CSV UTF-8'."
        ) from error
    separator = _choose_separator(text, is_known)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise RequirementsError(f"{file} cannot be read as CSV ({error}); save it again, or as .xlsx.") from error
    width = max(map(len, rows), default=0)
    cells = [[cell if cell.strip() else None for cell in row] + [None] * (width - len(row)) for row in rows]
    return Sheet(file, "", cells)


def _choose_separator(text: str, is_known: Callable[[str], bool]) -> str:
    """Return the separator that gives a line the most names of columns, else the first line the most cells."""
    # By names, because a title above the header may contain commas where the table has semicolons.
    lines = text.splitlines()[:_TITLE_ROWS]

    def count(sign: str) -> tuple[int, int]:
        known = (sum(is_known(cell.strip(' "')) for cell in line.split(sign)) for line in lines)
        return max(known, default=0), lines[0].count(sign) if lines else 0

    return max(_SEPARATORS, key=count)


def find_header(rows: Sequence[Sequence[Cell]], is_known: Callable[[str], bool]) -> int:
    """Return the row of the header: of the first 50, the first in which most names are known, else the first filled.

    Titles above it, merged or not, hold few names.
    """
    best, most, first = 0, 0, None
    for place, row in enumerate(rows[:_TITLE_ROWS]):
        texts = {cell.strip() for cell in row if isinstance(cell, str) and cell.strip()}
        first = place if first is None and texts else first
        if len(texts) > most:  # else the row has fewer names, and whether a word is one takes long to find out
            known = sum(map(is_known, texts))
            best, most = (place, known) if known > most else (best, most)
    return best if most else first or 0


def rename_header(sheet: Sheet, renames: Mapping[str, str]) -> Sheet:
    """Return the sheet with new names in its header, which is found by them. Raises RequirementsError."""
    head = [list(row) for row in sheet.rows[:_TITLE_ROWS]]
    for old, new in renames.items():
        texts = [[reveal_line(write_cell(cell)) for cell in row] for row in head]
        row = next((row for row, names in enumerate(texts) if old in names), None)
        if row is None:
            known = dict.fromkeys(name for names in texts for name in names if name)
            raise RequirementsError(f"{sheet.file}: there is no column '{old}' to rename.{did_you_mean(old, known)}")
        head[row][texts[row].index(old)] = new
    return sheet._replace(rows=[*head, *sheet.rows[_TITLE_ROWS:]])


def take_header(sheet: Sheet, place: int, is_known: Callable[[str], bool]) -> Grid:
    """Return a sheet as the table whose header is in this row. Raises RequirementsError for a name that is there twice.

    Columns without a name and without cells are left out; one without a name that has cells is named by its place. A
    header may take two rows: "Team" and "Channels" above, and below them nothing and "SMS". Then "Team" is a name.
    """
    header = list(sheet.rows[place]) if place < len(sheet.rows) else []
    above = [list(row) for row in sheet.rows[:place]]
    # The row above a header is part of it, and not a title, if it has several texts, or a known name.
    upper = [cell for cell in above[-1] if isinstance(cell, str)] if above else []
    if len(upper) > 1 or any(map(is_known, upper)):
        for column, cell in enumerate(header):
            if cell is None:
                header[column], above[-1][column] = above[-1][column], None
    rows = sheet.rows[place + 1 :]
    kept, names = [], []
    for column, cell in enumerate(header):
        name = reveal_line(write_cell(cell))
        if name or any(row[column] is not None for row in rows):
            kept.append(column)
            names.append(name or f"column_{column + 1}")
    for column, name in zip(kept, names, strict=True):
        if name in names[: kept.index(column)]:
            raise RequirementsError(
                f"{sheet.file}, sheet '{sheet.name}': more than one column is called '{name}', such as "
                f"{name_cell(place, column)}; rename all but one."
            )
    whole = kept == list(range(len(header)))
    titles = [" ".join(write_cell(cell) for cell in row if cell is not None) for row in above]
    return Grid(
        f"{sheet.file} (sheet {sheet.name})" if sheet.name else sheet.file,
        tuple(names),
        rows if whole else [[row[column] for column in kept] for row in rows],
        place + 2,
        tuple(reveal_line(text)[:_LONGEST_SHOWN] for text in titles if text.strip()),
    )


def describe_skipped(grid: Grid) -> Iterator[str]:
    """Yield the sentence on filled rows above the header, if there are any."""
    if grid.skipped:
        rows = ", ".join(f"'{text}'" for text in grid.skipped[:3])
        more = f" and {len(grid.skipped) - 3} more" if len(grid.skipped) > 3 else ""  # noqa: PLR2004
        yield f"{grid.file}: the header is in row {grid.first - 1}; skipped above it: {rows}{more}."
