"""Read the priority in a cell: must, yes, x, or a number whose meaning is given by `--scale`.

Unreadable cells are refused with what was expected; empty ones are ignored. What the words of a requirement say of its
priority is read in `priority_in_text`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.records import Priority
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.requirements.grammar import split_words
from provider_advisor.safe_text import fold, is_error_value, shown

Wish = Priority | Literal["nothing"]
NOTHING: Wish = "nothing"

# Words are compared folded, so that "Must have", "must_have" and "MUST-HAVE" are one. "High" is not among them: it may
# be the highest of three or of five, and only a scale says which of them are musts.
WISH_WORDS: dict[Wish, str] = {
    "must": "must must-have m mandatory required requirement essential critical necessary shall yes y x ✓ ✔ ☑ ✅ true "
    "need needed",
    "should": "should should-have s desired desirable highly-desirable d important preferred preferable recommended "
    "want wanted",
    "could": "could could-have c optional nice-to-have nice bonus may not-mandatory not-essential",
    "wont": "wont won't wont-have won't-have w not-wanted not-desired unwanted no n ✗ ✘ ❌ false",
    "nothing": "- \u2013 \u2014 n/a na not-needed not-required not-necessary unnecessary not-applicable nothing none "
    "out-of-scope won't-need wont-need ☐",
}
"""For each priority, the words of cells that mean it."""

_MEANINGS: dict[str, Wish] = {word: wish for wish, words in WISH_WORDS.items() for word in words.split()}
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")
_NO = frozenset(["no", "n", "false", "✗", "✘", "❌"])
# Words of such an order, with the scale that is proposed for each.
_RANKS = {
    "High=must,Medium=should,Low=could": frozenset(["highest", "high", "medium", "normal", "low", "lowest"]),
    "P1=must,P2=should,P3=could": frozenset(["p0", "p1", "p2", "p3", "p4", "p5"]),
}

Scale = Mapping[str, Wish]


def read_scale(text: str | None) -> dict[str, Wish]:
    """Return the meanings that `5=must,4=must,3=should,x=could` gives to cells. Raises RequirementsError.

    >>> read_scale("5=must, 1=nothing")
    {'5': 'must', '1': 'nothing'}
    """
    found: dict[str, Wish] = {}
    for part in split_words(text) if text is not None else ():
        cell, sign, wish = (each.strip() for each in part.partition("="))
        if not (cell and sign) or wish not in WISH_WORDS:
            hint = did_you_mean(wish, WISH_WORDS) if wish else ""
            raise RequirementsError(
                f"--scale: {shown(part)} cannot be read; expected a cell and what it means (must, should, could, wont "
                f"or nothing), such as 5=must,3=should,1=could.{hint}"
            )
        if found.setdefault(fold(cell), wish) != wish:
            raise RequirementsError(f"--scale gives {shown(cell)} two meanings; remove one.")
    return found


def find_wish(cell: str, scale: Scale) -> Wish | None:
    """Return the meaning of a cell, None if unknown. The scale overrides known words."""
    # Word processors and spreadsheets write "won't" with a curly apostrophe.
    word = fold(cell.strip().rstrip(".").replace("\u2019", "'"))
    return scale.get(word) or _MEANINGS.get(word) or (NOTHING if not word else None)


def says_no(cell: str, scale: Scale) -> bool:
    """Return whether a cell says no, and the scale does not define that word."""
    word = fold(cell.strip().rstrip("."))
    return word in _NO and word not in scale


def is_rank(cell: str) -> bool:
    """Return whether a cell says high, low or P1, which means nothing without a scale."""
    return any(fold(cell) in words for words in _RANKS.values())


def is_number(cell: str) -> bool:
    """Return whether a cell holds a number, which means nothing without a scale."""
    return _NUMBER.fullmatch(cell.strip()) is not None


def explain_cell(cell: str, scale: Scale) -> str:
    """Return the error for an unreadable cell, as the end of a sentence that names its column."""
    if is_error_value(cell):
        return f"contains {cell.strip()}, an error; correct it."
    if is_number(cell) and not scale:
        return (
            f"contains {shown(cell)}, but nothing says what that number means; use "
            '--scale "5=must,4=must,3=should,2=could,1=wont".'
        )
    if scale:
        known = ", ".join(f"{each}={wish}" for each, wish in scale.items())
        return f"contains {shown(cell)}; expected must, should, could, wont, yes, no or what --scale says ({known})."
    for example, words in _RANKS.items():
        if fold(cell) in words:
            return f'contains {shown(cell)}, but nothing says what that means; use --scale "{example}".'
    return f"contains {shown(cell)}; expected must, should, could, wont, yes, no or x."
