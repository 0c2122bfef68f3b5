"""Read how important a requirement is: from a cell beside it, from its own words, or from the heading above it.

    a cell              must, yes, x, or a number whose meaning is given by `--scale`
    fax (optional)      fax, could
    Must: fax           fax, must
    Ideally fax         fax, should
    fax is not required fax, nothing
    Nice to have:       a heading: could, for the lines below it

Unreadable cells are refused with what was expected; empty ones are ignored.
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

# The words of cells that mean each priority, folded, so that "Must have", "must_have" and "MUST-HAVE" are one. "High"
# is not among them: it may be the highest of three or of five, and only a scale says which of them are musts.
_WISH_WORDS: dict[Wish, str] = {
    "must": "must must-have m mandatory required requirement essential critical necessary shall yes y x ✓ ✔ ☑ ✅ true "
    "need needed",
    "should": "should should-have s desired desirable highly-desirable d important preferred preferable recommended "
    "want wanted",
    "could": "could could-have c optional nice-to-have nice bonus may not-mandatory not-essential",
    "wont": "wont won't wont-have won't-have w not-wanted not-desired unwanted no n ✗ ✘ ❌ false",
    "nothing": "- \u2013 \u2014 n/a na not-needed not-required not-necessary unnecessary not-applicable nothing none "
    "out-of-scope won't-need wont-need ☐",
}

_MEANINGS: dict[str, Wish] = {word: wish for wish, words in _WISH_WORDS.items() for word in words.split()}
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
        if not (cell and sign) or wish not in _WISH_WORDS:
            hint = did_you_mean(wish, _WISH_WORDS) if wish else ""
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


# What the words of a requirement say

# Only words that say a priority inside a text too: not those of "Need: fax" and "fax, no".
_SAID = frozenset(word for words in _WISH_WORDS.values() for word in words.split() if len(word) > len("need")) | {
    "must"
}
_PHRASE = "|".join(
    re.escape(word).replace(r"\-", r"[\s-]+").replace("'", "['\u2019]")
    for word in sorted(_SAID - {"nothing", "requirement", "shall", "false"}, key=len, reverse=True)
)

# "Must: fax", "[M] fax", "Nice to have - fax".
_BEFORE = re.compile(
    rf"\s*[(\[]?\s*(?P<said>{_PHRASE}|[MSCWD](?=[)\]]))s?\s*(?:[)\]]\s*:?|:|\s[-\u2013\u2014])\s*(?P<rest>\S.*)",
    re.IGNORECASE | re.DOTALL,
)

# "fax (optional)", "fax - nice to have", "fax would be a must"; `sign` is what joins both, such as " would be a ".
_AFTER = re.compile(
    r"(?P<rest>.*?\S)(?P<sign>\s*[(\[,;:\u2013\u2014]\s*|\s+-\s+|\s+(?:(?:is|are|(?:would|will)\s+be)\s+)?(?:an?\s+)?)"
    rf"(?P<said>{_PHRASE})\s*[)\]]?[.!;\s]*",
    re.IGNORECASE | re.DOTALL,
)

# "Nice to have:", "MANDATORY REQUIREMENTS".
_HEADING = re.compile(
    rf"\W*(?P<said>{_PHRASE})s?(?:\s+(?:requirements?|features?|items?|criteria|needs|functionality|capabilities))?\W*",
    re.IGNORECASE,
)

# "No installation required" asks for something, so its last word is no priority.
_DENIED = re.compile(r"\s*(?:no|without|zero|not)\b", re.IGNORECASE)

# What is before the word in "fax is not a must" and "fax isn't needed", with `rest`; and, without it, in "fax must not
# be required" and "fax is hardly important", which stay as they are.
_NOT_SO = re.compile(
    r"(?P<rest>.*\S)\s+(?:(?:is|are)\s+(?:not|no\s+longer)|(?:is|are)n['\u2019]t)"
    r"|.*\b(?:not?|never|hardly|less|non|longer|\w+n['\u2019]t)(?:\s+be)?",
    re.IGNORECASE | re.DOTALL,
)
# "Not needed" is nothing, but "not a must" may still be wanted: could.
_NEEDED = frozenset(("necessary", "needed", "required", "wanted"))

# In "fax, MMS preferred" it is not clear which of them is preferred.
_LIST = re.compile(r"[,;&/+]|\b(?:and|or|plus)\b", re.IGNORECASE)

# "Ideally fax", "fax (if possible)"; "fax would be nice", "fax is a bonus".
_ASIDES: dict[str, Wish] = {
    "ideally|preferably|(?:if|where)(?:\\s+at\\s+all)?\\s+possible": "should",
    "optionally|(?:would|will)\\s+be\\s+(?:nice|great|a\\s+plus|a\\s+bonus)|is\\s+an?\\s+(?:plus|bonus)": "could",
}
_ASIDE = {
    re.compile(rf"\s*(?:{words})\b[,:\s]*(?P<first>.+)|(?P<last>.+?)[\s,(]+(?:{words})[).!\s]*", re.IGNORECASE): wish
    for words, wish in _ASIDES.items()
}
_MODALS = re.compile(r"\b(must|shall|should|could|may)\b")
_LONGEST = 1_000


def split_priority(text: str) -> tuple[str, Wish | None]:
    """Return the words of a requirement without those on its priority, and that priority, None if they say none.

    >>> [split_priority(text) for text in ("SMS (optional)", "Must: SMS", "Ideally SMS", "SMS is not required")]
    [('SMS', 'could'), ('SMS', 'must'), ('SMS', 'should'), ('SMS', 'nothing')]
    >>> split_priority("No installation required")
    ('No installation required', None)
    """
    if len(text) > _LONGEST:
        return text, None
    if found := _BEFORE.fullmatch(text):
        return found["rest"], _find_said(found)
    if (found := _AFTER.fullmatch(text)) and not _DENIED.match(text):
        if denied := _NOT_SO.fullmatch(found["rest"]):
            return _read_denied(text, denied, found["said"])
        wish = _find_said(found)
        is_clear = wish == "must" or "are" in found["sign"] or not _LIST.search(found["rest"])
        return (found["rest"], wish) if is_clear else (text, None)
    for aside, wish in _ASIDE.items():
        if (found := aside.fullmatch(text)) and not (found["last"] and _LIST.search(found["last"])):
            return (found["first"] or found["last"]).strip(), wish
    return text, None


def _read_denied(text: str, denied: re.Match[str], said: str) -> tuple[str, Wish | None]:
    """Return what is left of "fax isn't needed" and "fax is not a must"; all of a text that denies in another way."""
    is_simple = bool(denied["rest"]) and find_wish(said, {}) == "must"
    return (denied["rest"], NOTHING if fold(said) in _NEEDED else "could") if is_simple else (text, None)


def _find_said(found: re.Match[str]) -> Wish | None:
    return find_wish(" ".join(found["said"].split()), {})


def find_stated_wish(text: str) -> Wish | None:
    """Return the priority in a text or heading, None if it says none: "fax (optional)", "calls should be recorded"."""
    if wish := find_heading_wish(text) or split_priority(text.rstrip(":"))[1]:
        return wish
    found = set(_MODALS.findall(text.casefold()))
    return find_wish(found.pop(), {}) if len(found) == 1 else None


def find_heading_wish(text: str) -> Wish | None:
    """Return the priority that a line gives to those below it, such as "Nice to have:"; None for other lines."""
    found = _HEADING.fullmatch(text)
    return _find_said(found) if found else None
