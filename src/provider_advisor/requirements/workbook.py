"""Read one sheet of a workbook as rows of values, within limits.

A workbook is a zip archive of XML. Some kilobytes may unpack to gigabytes, and two cells in opposite corners of a sheet
make a table of 17 billion cells. So it is measured before it is read: the archive, then the sheet's cells and texts.
calamine leaves errors such as #N/A and formulas without a value empty; they are found in the XML and named.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from provider_advisor.errors import RequirementsError, explain_unread
from provider_advisor.requirements.sheets import Sheet, name_cell

LARGEST_FILE, LARGEST_UNPACKED = 50_000_000, 400_000_000
MOST_CELLS = 4_000_000
_OLD_FORM, _ENCRYPTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "EncryptedPackage".encode("utf-16-le")
_BOOK, _BOOK_PARTS, _TEXTS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml"
_SHEETS_SHOWN = 20

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
    cells = [[None if isinstance(cell, str) and not cell.strip() else cell for cell in row] for row in rows]
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
