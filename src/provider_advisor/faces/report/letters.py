"""Letters to the providers, ready to be sent: as text, in Markdown, or as a workbook with a sheet for each."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.unknowns import ProviderLetter
from provider_advisor.faces.report.markdown import escape
from provider_advisor.faces.text import clean_texts

_NOTHING_TO_ASK = "There is nothing to ask: no provider's answer would change the recommendation."
_OPENING = (
    "We are comparing providers and could not find answers to the following questions about you. Please answer below "
    "each question, and say which page or document confirms it."
)
_WIDTH = 80
_COLUMNS = (("Id", 16), ("Question", 60), ("Answer", 40), ("Source of the answer", 40), ("Why we ask", 70))
_LONGEST_CELL, _LONGEST_NAME = 32_767, 31
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]|^'|'$")
_HEAD_ROW = 2


def write_letters(letters: Sequence[ProviderLetter], extension: str = "") -> str | bytes:
    """Return a letter to each provider, as a file with this extension holds it: a workbook, Markdown, else text.

    Questions are numbered, each with what it changes and a place to answer. Raises RequirementsError if XlsxWriter is
    not installed.
    """
    if extension == ".xlsx":
        return _write_workbook(letters)
    if not letters:
        return f"{_NOTHING_TO_ASK}\n"
    is_markdown = extension in {".md", ".markdown"}
    lines = [line for letter in clean_texts(letters) for line in _write_letter(letter, markdown=is_markdown)]
    return "\n".join(lines if is_markdown else map(_wrap, lines))


def _wrap(line: str) -> str:
    return textwrap.fill(line, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _write_letter(letter: ProviderLetter, *, markdown: bool) -> Iterator[str]:
    shown = escape if markdown else str
    yield f"{'## ' if markdown else ''}Questions for {shown(letter.name)}"
    yield ""
    yield f"Dear {shown(letter.name)} team,"
    yield ""
    yield _OPENING
    yield ""
    for question in letter.questions:
        yield f"**{question.id}** {shown(question.text)}  " if markdown else f"{question.id}  {question.text}"
        yield f"Why we ask: {shown(question.changes)}" + ("  " if markdown else "")
        yield "Answer: ____________________"
        yield ""
    yield "Kind regards"
    yield ""


def _write_workbook(letters: Sequence[ProviderLetter]) -> bytes:
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
            book.add_worksheet("Questions").write_string(0, 0, _NOTHING_TO_ASK)
        taken: set[str] = set()
        for letter in letters:
            _write_sheet(book, letter, _name_sheet(letter.name, taken))
    return content.getvalue()


def _name_sheet(name: str, taken: set[str]) -> str:
    """Return a provider's name as a sheet name: short, without forbidden signs, and different from all taken ones."""
    plain = _FORBIDDEN.sub(" ", name)[:_LONGEST_NAME].strip() or "Provider"
    found, number = plain, 1
    while found.casefold() in taken or found.casefold() == "history":  # which Excel keeps for itself
        number += 1
        found = f"{plain[: _LONGEST_NAME - len(str(number)) - 1]} {number}"
    taken.add(found.casefold())
    return found


def _write_sheet(book: Any, letter: ProviderLetter, name: str) -> None:  # noqa: ANN401 (XlsxWriter has no types)
    sheet = book.add_worksheet(name)
    title, head = book.add_format({"bold": True, "font_size": 14}), book.add_format({"bold": True, "bottom": 1})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    to_fill = book.add_format({"text_wrap": True, "valign": "top", "bg_color": "#FFF9DB", "border": 1})
    sheet.write_string(0, 0, f"Questions for {letter.name}", title)
    sheet.write_string(1, 0, _OPENING)
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
