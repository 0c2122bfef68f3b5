"""The words that both reports use for outcomes, standings, scores, amounts and days."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from provider_advisor.explanation.words import capital, joined, number_text
from provider_advisor.knowledge import KnowledgeBase

__all__ = ["OUTCOMES", "clean", "degree_text", "headline", "names_of", "usage_text"]

OUTCOMES = {"met": "yes", "unmet": "no", "unknown": "not known"}

Record = Mapping[str, Any]


def clean(text: str) -> str:
    r"""The text on one line, without control characters or marks that turn the direction of what follows.

    >>> clean("a\n b\x1b[31m")
    'a b [31m'
    """
    return " ".join("".join(" " if _is_unwanted(sign) else sign for sign in text).split())


def _is_unwanted(sign: str) -> bool:
    # Joiners are format characters too, but some scripts and emoji are spelt with them.
    return unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and sign not in "\u200c\u200d"


def degree_text(outcome: str, degree: Sequence[float]) -> str:
    """Yes, no, not known; for what is met in part the degree in percent."""
    if outcome in OUTCOMES:
        return OUTCOMES[outcome]
    low, high = (round(100 * end) for end in degree)
    return f"{low} %" if low == high else f"{low} to {high} %"


def usage_text(usage: Mapping[str, float], knowledge: KnowledgeBase) -> list[tuple[str, str]]:
    """Each usage item by its label, and its monthly amount with its unit."""
    known = knowledge.usage
    return [
        (known[item].label, f"{number_text(amount)} {known[item].unit}") if item in known else (item, str(amount))
        for item, amount in usage.items()
    ]


def names_of(providers: Iterable[str], record: Record) -> str:
    """Providers by name, as a list in words."""
    names = {provider["id"]: provider["name"] for provider in record["providers"]}
    return joined([names.get(provider, provider) for provider in providers])


def headline(record: Record) -> tuple[str, str]:
    """The verdict's sentence as a title, and what follows its colon as a sentence; the second may be empty."""
    title, colon, rest = clean(record["verdict"]["reason"]).partition(": ")
    # A provider whose name has a colon would be torn apart.
    if colon and not any(": " in provider["name"] for provider in record["providers"]):
        return title, capital(rest)
    return clean(record["verdict"]["reason"]).rstrip("."), ""
