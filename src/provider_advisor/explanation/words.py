"""The words for values, bounds and truths, so that every face says the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provider_advisor.knowledge import Claim, Criterion
from provider_advisor.logic import Interval, Number
from provider_advisor.requirements import Requirement, bound_words

__all__ = [
    "bound_text",
    "bound_text_of",
    "capital",
    "claim_text",
    "joined",
    "number_text",
    "requirement_text",
    "rounded",
]


def joined(words: Sequence[str]) -> str:
    """A list as people write it.

    >>> joined(["a", "b", "c"])
    'a, b and c'
    """
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def number_text(number: Number) -> str:
    """A number without an exponent and without useless digits.

    >>> number_text(0.00001), number_text(5000), number_text(2.50)
    ('0.00001', '5000', '2.5')
    """
    if float(number).is_integer():
        return str(int(number))
    return f"{number:.12f}".rstrip("0")


def rounded(number: float) -> float:
    """A number as precise as scores are: nine digits behind the point."""
    return round(number, 9)


def capital(text: str) -> str:
    """The text with a capital letter at its beginning."""
    return text[:1].upper() + text[1:]


def claim_text(claim: Claim) -> str:
    """What a claim says: "present", "more than 100 countries", "0.004 to 0.008 USD/minute", "by quote only"."""
    if isinstance(claim.value, str):
        return "by quote only" if claim.value == "by-quote" else claim.value
    unit = claim.unit or ""
    if isinstance(claim.value, tuple):
        return f"{number_text(claim.value[0])} to {number_text(claim.value[1])} {unit}".rstrip()
    word = {"at_least": "at least ", "more_than": "more than ", "at_most": "at most ", "from": "from "}.get(
        str(claim.bound), ""
    )
    return f"{word}{number_text(claim.value)} {unit}".rstrip()


def bound_text(bound: Interval | None, criterion: Criterion) -> str:
    """A bound as it is read: "at least 90 countries", "at most fair"; empty where there is none."""
    return bound_text_of(bound_words(bound, criterion), criterion)


def bound_text_of(words: Mapping[str, Number | str] | None, criterion: Criterion) -> str:
    """The same for a bound with the keys and words of a requirements file."""
    words = words or {}
    if len(set(words.values())) == 1 and len(words) > 1:
        return f"exactly {next(iter(words.values()))}"
    parts = [
        f"{key.replace('_', ' ')} {end if isinstance(end, str) else number_text(end)}{_unit(end, criterion)}"
        for key, end in words.items()
    ]
    return joined(parts)


def _unit(end: Number | str, criterion: Criterion) -> str:
    return "" if isinstance(end, str) or criterion.unit is None else f" {criterion.unit}"


def requirement_text(requirement: Requirement, criterion: Criterion) -> str:
    """A requirement's criterion by its label, with its bound."""
    bound = bound_text(requirement.bound, criterion)
    return f"{criterion.label}, {bound}" if bound else criterion.label
