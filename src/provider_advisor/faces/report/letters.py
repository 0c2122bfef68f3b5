"""Letters to the providers, ready to be sent: as text, or in Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from provider_advisor.explanation.provider_questions import ProviderLetter
from provider_advisor.faces.report.markdown import escape
from provider_advisor.faces.text import clean

__all__ = ["NOTHING_TO_ASK", "OPENING", "write_letters"]

OPENING = (
    "We are comparing providers and could not find answers to the following questions about you. Please answer below "
    "each "
    "question, and say which page or document confirms it."
)
_WIDTH = 80
NOTHING_TO_ASK = "There is nothing to ask: no provider's answer would change the recommendation."


def write_letters(letters: Sequence[ProviderLetter], *, markdown: bool) -> str:
    """Return a letter for each provider, its questions numbered, each with what it changes and a place to answer."""
    if not letters:
        return f"{NOTHING_TO_ASK}\n"
    lines = [line for letter in letters for line in _write_letter(letter, markdown=markdown)]
    return "\n".join(lines if markdown else map(_wrap, lines))


def _wrap(line: str) -> str:
    return textwrap.fill(line, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _write_letter(letter: ProviderLetter, *, markdown: bool) -> Iterator[str]:
    shown = escape if markdown else clean
    yield f"{'## ' if markdown else ''}Questions for {shown(letter.name)}"
    yield ""
    yield f"Dear {shown(letter.name)} team,"
    yield ""
    yield OPENING
    yield ""
    for question in letter.questions:
        yield f"**{question.id}** {shown(question.text)}  " if markdown else f"{question.id}  {clean(question.text)}"
        yield f"Why we ask: {shown(question.changes)}" + ("  " if markdown else "")
        yield "Answer: ____________________"
        yield ""
    yield "Kind regards"
    yield ""
