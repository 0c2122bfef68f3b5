"""The words that both reports use for outcomes, standings, scores, amounts and days."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from provider_advisor.explanation.words import bound_text_of, joined, number_text
from provider_advisor.knowledge import KnowledgeBase

__all__ = [
    "OUTCOMES",
    "STANDINGS",
    "amount_text",
    "capital",
    "clean",
    "criterion_label",
    "degree_text",
    "headline",
    "names_of",
    "percent",
    "score_text",
    "usage_text",
]

STANDINGS = {"qualified": "qualified", "unconfirmed": "unconfirmed", "ruled-out": "ruled out"}
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


def capital(text: str) -> str:
    """The text with a capital at its beginning, the rest as it is."""
    return text[:1].upper() + text[1:]


def percent(share: float) -> str:
    """A share in whole percent; what is more than nothing and less than all never rounds to nothing or all.

    >>> percent(0.5), percent(0.0004), percent(0.9996), percent(1)
    ('50 %', 'under 1 %', 'over 99 %', '100 %')
    """
    if 0 < share < 0.01:  # noqa: PLR2004 (one percent)
        return "under 1 %"
    if 0.99 < share < 1:  # noqa: PLR2004
        return "over 99 %"
    return f"{round(100 * share)} %"


def degree_text(outcome: str, degree: Sequence[float]) -> str:
    """Yes, no, not known; for what is met in part the degree in percent."""
    if outcome in OUTCOMES:
        return OUTCOMES[outcome]
    low, high = (round(100 * end) for end in degree)
    return f"{low} %" if low == high else f"{low} to {high} %"


def score_text(score: Mapping[str, float | None]) -> str:
    """Expected, and in brackets proven to possible where they differ; none where nothing was asked."""
    ends = [score[key] for key in ("proven", "expected", "possible")]
    known = [round(end, 1) for end in ends if end is not None]
    if len(known) < len(ends):
        return "none"
    proven, expected, possible = known
    return f"{expected:g}" if proven == possible else f"{expected:g} ({proven:g} to {possible:g})"


def amount_text(low: float, high: float | None) -> str:
    """An amount that lies between two ends; no high end is no ceiling."""
    if high is None:
        return f"at least {number_text(low)}"
    return number_text(low) if low == high else f"{number_text(low)} to {number_text(high)}"


def criterion_label(criterion: str, bound: Mapping[str, Any] | None, knowledge: KnowledgeBase) -> str:
    """A criterion by its label, with its bound; by its id if the knowledge base has it no more."""
    known = knowledge.criteria.get(criterion)
    if known is None:
        return criterion
    words = bound_text_of(bound, known)
    return f"{known.label}, {words}" if words else known.label


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
