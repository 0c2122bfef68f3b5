"""Letters to the providers as a workbook: a sheet for each, with a cell beside each question for its answer."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.provider_questions import ProviderLetter
from provider_advisor.faces.report.letters import NOTHING_TO_ASK, OPENING

__all__ = ["write_letters_workbook"]

_COLUMNS = (("Id", 16), ("Question", 60), ("Answer", 40), ("Source of the answer", 40), ("Why we ask", 70))
_LONGEST_CELL, _LONGEST_NAME = 32_767, 31
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]|^'|'$")
_HEAD_ROW = 2


def write_letters_workbook(letters: Sequence[ProviderLetter]) -> bytes:
    """Return the workbook. Raises RequirementsError if XlsxWriter is not installed."""
    try:
        import xlsxwriter  # noqa: PLC0415 (an extra, and few letters are workbooks)
    except ImportError as error:
        raise RequirementsError(
            "writing a workbook needs XlsxWriter, which is not installed; install provider-advisor[excel], or choose a "
            "file such as letters.md."
        ) from error
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        if not letters:
            book.add_worksheet("Questions").write_string(0, 0, NOTHING_TO_ASK)
        taken: set[str] = set()
        for letter in letters:
            _write_letter(book, letter, _name_sheet(letter.name, taken))
    return content.getvalue()


def _name_sheet(name: str, taken: set[str]) -> str:
    """Return a provider's name as that of a sheet: short, of allowed signs, and no other's in any capitals."""
    plain = _FORBIDDEN.sub(" ", name)[:_LONGEST_NAME].strip() or "Provider"
    found, number = plain, 1
    while found.casefold() in taken or found.casefold() == "history":  # which Excel keeps for itself
        number += 1
        found = f"{plain[: _LONGEST_NAME - len(str(number)) - 1]} {number}"
    taken.add(found.casefold())
    return found


def _write_letter(book: Any, letter: ProviderLetter, name: str) -> None:  # noqa: ANN401 (XlsxWriter has no types)
    sheet = book.add_worksheet(name)
    title, head = book.add_format({"bold": True, "font_size": 14}), book.add_format({"bold": True, "bottom": 1})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    to_fill = book.add_format({"text_wrap": True, "valign": "top", "bg_color": "#FFF9DB", "border": 1})
    sheet.write_string(0, 0, f"Questions for {letter.name}", title)
    sheet.write_string(1, 0, OPENING)
    sheet.freeze_panes(_HEAD_ROW + 1, 0)
    for column, (heading, width) in enumerate(_COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(_HEAD_ROW, column, heading, head)
    for row, question in enumerate(letter.questions, _HEAD_ROW + 1):
        # A text is never a formula or a link, whatever it begins with.
        sheet.write_string(row, 0, question.id, wrapped)
        sheet.write_string(row, 1, question.text[:_LONGEST_CELL], wrapped)
        sheet.write_blank(row, 2, None, to_fill)
        sheet.write_blank(row, 3, None, to_fill)
        sheet.write_string(row, 4, question.changes[:_LONGEST_CELL], wrapped)
    sheet.autofilter(_HEAD_ROW, 0, _HEAD_ROW + len(letter.questions), len(_COLUMNS) - 1)
    sheet.fit_to_pages(1, 0)
    sheet.set_landscape()
