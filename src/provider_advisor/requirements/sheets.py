"""Read one sheet of a workbook as rows of values, within limits.

A workbook is a zip archive of XML. Some kilobytes may unpack to gigabytes, and two cells in opposite corners of a sheet
make a table of 17 thousand million. So it is measured before it is read: the archive, then the sheet's cells and texts.
calamine leaves errors such as #N/A and formulas without a value empty; they are found in the XML and named.
"""

from __future__ import annotations

import datetime as dt
import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

from provider_advisor.errors import RequirementsError, explain_unread
from provider_advisor.safe_text import reveal_line

Cell = str | float | bool | dt.date | dt.time | dt.timedelta | None
"""What a cell holds; None where it is empty. A `datetime` is a `date` too."""

LARGEST_FILE, LARGEST_UNPACKED = 50_000_000, 400_000_000
MOST_CELLS = 4_000_000
_NAMES = (".xlsx", ".xlsm")
_OTHER_NAMES = (".xls", ".xlsb", ".ods", ".fods", ".numbers")
_OLD_FORM, _ENCRYPTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "EncryptedPackage".encode("utf-16-le")
_BOOK, _BOOK_PARTS, _TEXTS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml"
_SHEETS_SHOWN, _TITLE_ROWS, _LONGEST_SHOWN = 20, 50, 60

# What is looked for in the XML of a sheet, where a name may have a prefix, as in <x:c>:
#
#     <row r="2">
#       <c r="A2" t="s"><v>7</v></c>                            the text number 7 of those that all sheets share
#       <c r="B2"/>                                             an empty cell, which has no end tag
#       <c r="C2" t="e"><f>1/0</f><v>#DIV/0!</v></c>            an error, which calamine leaves empty
#       <c r="D2"><f>A1*2</f></c>                               a formula that no program has calculated
#       <c r="E2" t="str"><f>""</f><v></v></c>                  one that was, and whose result is an empty text
#
# A tag ends before the next one begins, and no blank is tried twice: else a sheet of "<c <c <c" takes hours.
_FILLED = re.compile(rb"<(?:\w+:)?c(?:\s[^<>]*)?(?<!/)>")
_PLACE = re.compile(rb"\sr=[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
_ROW = re.compile(rb"<(?:\w+:)?row(?=[\s>/])(?:[^<>]*?\sr=[\"']([0-9]{1,7}))?")
_TEXT_OF_CELL = re.compile(rb"<(?:\w+:)?c(?=\s)(?=[^<>]*\st=[\"']s[\"'])[^<>]*>\s*+<(?:\w+:)?v>([0-9]{1,9})<")
_TEXT = re.compile(rb"<(?:\w+:)?si(?=[\s>/])")
_FORMULA = rb"<(?:\w+:)?f(?:\s[^<>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)"
_ERROR = re.compile(
    rb"<(?:\w+:)?c(?=\s)(?=[^<>]*\st=[\"']e[\"'])([^<>]*)>\s*+(?:" + _FORMULA + rb"\s*+)?+<(?:\w+:)?v>([^<]*)<"
)
_UNCOUNTED = re.compile(
    rb"<(?:\w+:)?c(?=[\s>])([^<>]*)(?<!/)>\s*+" + _FORMULA + rb"\s*+"
    rb"(?:(<(?:\w+:)?v\s*+/>|<(?:\w+:)?v>\s*+</(?:\w+:)?v>)\s*+)?+</(?:\w+:)?c>"
)
_BLANK_TEXT = re.compile(rb"\st=[\"']str[\"']")


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


def read_sheet_file(path: str) -> bytes:
    """Return the bytes of a spreadsheet, at most one more than the limit. Raises RequirementsError."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 (a Path raises if the name is too long)
            return file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise RequirementsError(explain_unread(path, error)) from error


def read_sheet(content: bytes, file: str, wanted: str | None = None) -> Sheet:
    """Return the sheet of a workbook that is `wanted`, or the only one that is shown and not empty.

    Raises RequirementsError if it is not a workbook, has a password, is too large or damaged, or has not just one such
    sheet, and if calamine is not installed.
    """
    parts = _unpack(content, file)
    calamine = _import_calamine()
    try:
        with calamine.load_workbook(io.BytesIO(content)) as book:
            sheets = [each.name for each in book.sheets_metadata if each.typ == calamine.SheetTypeEnum.WorkSheet]
            hidden = {each.name for each in book.sheets_metadata if each.visible != calamine.SheetVisibleEnum.Visible}
            # The XML shows whether a sheet is filled, because it must not be read before it is measured.
            paths = _find_sheet_parts(parts)
            name = _choose_sheet(
                wanted, sheets, hidden, lambda name: bool(_FILLED.search(parts.get(paths[name], b""))), file
            )
            xml = parts[paths[name]]
            _refuse_large(xml, parts.get(_TEXTS, b""), file, name)
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except RequirementsError:
        raise
    except BaseException as error:
        # A crash of calamine is a PanicException, which is not an Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise RequirementsError(
            f"{file} is damaged, or is not a workbook; open it in a spreadsheet program, and save it again."
        ) from error
    _refuse_uncalculated(xml, file, name)
    cells = [[_drop_blank(cell) for cell in row] for row in rows]
    for row, column, said in _find_errors(xml):
        # An error may be beyond all other cells, so it may need more rows and columns than calamine returned.
        cells += [[] for _ in range(row + 1 - len(cells))]
        cells[row] += [None] * (column + 1 - len(cells[row]))
        cells[row][column] = said
    width = max(map(len, cells), default=0)
    return Sheet(file, name, [row + [None] * (width - len(row)) for row in cells])


def _import_calamine() -> Any:  # noqa: ANN401 (a module)
    try:
        import python_calamine  # noqa: PLC0415 (an extra, and few inputs are workbooks)
    except ImportError as error:
        raise RequirementsError(
            "reading a workbook needs python-calamine, which is not installed; install provider-advisor[excel], or "
            "save the sheet as CSV."
        ) from error
    return python_calamine


def refuse_large_file(size: int, file: str) -> None:
    """Raise RequirementsError for a workbook that is too large to be read."""
    if size > LARGEST_FILE:
        raise RequirementsError(
            f"{file} is larger than {LARGEST_FILE // 1_000_000} MB, the limit for workbooks; save the sheet "
            "as CSV, which can have any size."
        )


def _unpack(content: bytes, file: str) -> dict[str, bytes]:
    """Return the parts of a workbook by path, no more than the limit in all."""
    refuse_large_file(len(content), file)
    if not content:
        raise RequirementsError(f"{file} is empty; expected a workbook.")
    if content.startswith(_OLD_FORM):
        if _ENCRYPTED in content:
            raise RequirementsError(f"{file} is protected with a password; remove it in the spreadsheet program.")
        raise RequirementsError(f"{file} is a workbook in the old .xls format; save it as .xlsx.")
    parts, left = {}, LARGEST_UNPACKED
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist():
                with archive.open(entry) as opened:
                    part = opened.read(left + 1)  # at most the size in its header; with more, the checksum is wrong
                left -= len(part)
                if left < 0:
                    raise RequirementsError(
                        f"{file} unpacks to more than {LARGEST_UNPACKED:,} bytes; save the sheet as CSV."
                    )
                if entry.filename.startswith("xl/") and entry.filename.endswith((".xml", ".rels")):
                    parts[entry.filename] = part
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise RequirementsError(f"{file} is not a workbook, or is damaged; expected .xlsx or CSV.") from error
    if _BOOK not in parts or _BOOK_PARTS not in parts:
        raise RequirementsError(f"{file} is not a supported workbook; save it as .xlsx or CSV.")
    return parts


def _find_sheet_parts(parts: Mapping[str, bytes]) -> dict[str, str]:
    """Return the path of each sheet by its name. Raises ValueError for declarations that no workbook has."""
    # A DOCTYPE may define entities that expand to gigabytes; no workbook needs one.
    if any(b"<!DOCTYPE" in parts[path] for path in (_BOOK, _BOOK_PARTS)):
        raise ValueError(_BOOK)
    targets = {one.get("Id"): one.get("Target", "") for one in ET.fromstring(parts[_BOOK_PARTS])}  # noqa: S314 (see above)
    found = {}
    for element in ET.fromstring(parts[_BOOK]).iter():  # noqa: S314
        if element.tag.rpartition("}")[2] == "sheet":
            target = next((targets[value] for key, value in element.items() if key.endswith("}id")), "")
            found[element.get("name", "")] = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
    return found


def _choose_sheet(
    wanted: str | None, sheets: Sequence[str], hidden: Iterable[str], is_filled: Callable[[str], bool], file: str
) -> str:
    listed = ", ".join(f"'{name}'" for name in sheets[:_SHEETS_SHOWN])
    if wanted is not None:
        found = [name for name in sheets if name == wanted] or [
            name for name in sheets if name.strip().casefold() == wanted.strip().casefold()
        ]
        if len(found) != 1:
            raise RequirementsError(f"{file} has no sheet '{wanted[:200]}'; it has {listed}.")
        return found[0]
    shown = [name for name in sheets if name not in hidden]
    filled = [name for name in shown if is_filled(name)]
    if len(filled) > 1:
        raise RequirementsError(f"{file} has several sheets: {listed}; choose one with --sheet.")
    if not filled:
        raise RequirementsError(f"{file} has no sheet with content; expected a header and rows.")
    return filled[0]


def _refuse_large(xml: bytes, texts: bytes, file: str, name: str) -> None:
    """Raise RequirementsError if a sheet's cells, up to the last one in each direction, or their texts are too many."""
    # calamine makes a list of lists of the rectangle up to the last cell, however few of its cells are filled.
    filled = _FILLED.findall(xml)
    places = _PLACE.findall(b"".join(filled))
    rows = max(map(int, {row for _, row in places}), default=0)
    columns = max((_to_number(letters) for letters in {letters for letters, _ in places}), default=0)
    if len(places) != len(filled):  # cells without a reference follow the previous one
        rows = max(rows, sum(1 for _ in _ROW.finditer(xml)), *(int(row or 0) for row in _ROW.findall(xml)))
        columns = max(columns, *(len(_FILLED.findall(row)) for row in _ROW.split(xml) if row))
    if rows * columns > MOST_CELLS:
        raise RequirementsError(
            f"{file}: the sheet '{name}' has {rows:,} rows and {columns:,} columns up to its last cell; at most "
            f"{MOST_CELLS:,} cells are read. Delete stray cells, or save the sheet as CSV."
        )
    # Texts are stored once and cells refer to them by number: a million cells may share a text of a megabyte.
    lengths = [len(text) for text in _TEXT.split(texts)[1:]]
    used = (int(place) for place in _TEXT_OF_CELL.findall(xml))
    if sum(lengths[place] for place in used if place < len(lengths)) > LARGEST_UNPACKED:
        raise RequirementsError(f"{file}: the texts of the sheet '{name}' are too long in total; save it as CSV.")


def _find_errors(xml: bytes) -> Iterator[tuple[int, int, str]]:
    """Yield row, column and text of errors such as #N/A, which calamine leaves empty; texts as in CSV."""
    for found in _ERROR.finditer(xml) if b'="e"' in xml or b"='e'" in xml else ():
        if place := _PLACE.search(found[1]):
            yield *_to_place(place), found[2].decode("utf-8", "replace")


def _refuse_uncalculated(xml: bytes, file: str, name: str) -> None:
    """Raise RequirementsError for formulas that no program has calculated: calamine would leave their cells empty."""
    if b"<f" not in xml and b":f" not in xml:
        return
    wrong = [found for found in _UNCOUNTED.finditer(xml) if not (found[2] and _BLANK_TEXT.search(found[1]))]
    if wrong:
        place = _PLACE.search(wrong[0][1])
        first = name_cell(*_to_place(place)) if place else "a cell"
        more = f" (and {len(wrong) - 1:,} more)" if len(wrong) > 1 else ""
        raise RequirementsError(
            f"{file}, sheet '{name}': {first} contains a formula without a value{more}; open the workbook in a "
            "spreadsheet program, and save it."
        )


def _to_place(found: re.Match[bytes]) -> tuple[int, int]:
    return int(found[2]) - 1, _to_number(found[1]) - 1


def _to_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number


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


def _drop_blank(cell: Any) -> Cell:  # noqa: ANN401 (what calamine gives)
    return None if isinstance(cell, str) and not cell.strip() else cell


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


def take_header(sheet: Sheet, place: int, is_known: Callable[[str], bool]) -> Grid:
    """Return a sheet as the table whose header is in this row. Raises RequirementsError for a name that is there twice.

    Columns without a name and without cells are left out; one without a name that has cells is named by its place. A
    header may take two rows: "Team" and "Channels" above, and below them nothing and "SMS". Then "Team" is a name.
    """
    header = list(sheet.rows[place]) if place < len(sheet.rows) else []
    above = [list(row) for row in sheet.rows[:place]]
    if above and _is_upper_row(above[-1], is_known):
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


def _is_upper_row(row: Sequence[Cell], is_known: Callable[[str], bool]) -> bool:
    """Return whether the row above a header is part of it, and not a title: it has several texts, or a known name."""
    texts = [cell for cell in row if isinstance(cell, str)]
    return len(texts) > 1 or any(map(is_known, texts))


def describe_skipped(grid: Grid) -> Iterator[str]:
    """Yield the sentence on filled rows above the header, if there are any."""
    if grid.skipped:
        rows = ", ".join(f"'{text}'" for text in grid.skipped[:3])
        more = f" and {len(grid.skipped) - 3} more" if len(grid.skipped) > 3 else ""  # noqa: PLR2004
        yield f"{grid.file}: the header is in row {grid.first - 1}; skipped above it: {rows}{more}."
