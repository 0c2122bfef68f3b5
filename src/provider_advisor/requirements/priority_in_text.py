"""Find the priority that the words of a requirement state, where no column says it.

fax (optional)          →   fax, could
Must: fax               →   fax, must
Ideally fax             →   fax, should
fax is not required     →   fax, nothing
Nice to have:           →   a heading: could, for the lines below it
"""

from __future__ import annotations

import re

from provider_advisor.requirements.priority_cells import NOTHING, WISH_WORDS, Wish, find_wish
from provider_advisor.safe_text import fold

# Only words that say a priority inside a text too: not those of "Need: fax" and "fax, no".
_SAID = frozenset(word for words in WISH_WORDS.values() for word in words.split() if len(word) > len("need")) | {"must"}
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


def find_heading_wish(text: str) -> Wish | None:
    """Return the priority that a line gives to those below it, such as "Nice to have:"; None for other lines."""
    found = _HEADING.fullmatch(text)
    return _find_said(found) if found else None
