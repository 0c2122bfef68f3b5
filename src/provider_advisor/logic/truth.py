"""Kleene's strong three-valued logic, whose unknown can never pass for false by accident."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NoReturn

__all__ = ["Truth", "all_of", "any_of", "negate"]


class Truth(Enum):
    """Yes, no or unknown; refuses to be a bool, so that `if truth:` fails instead of guessing.

    >>> all_of([Truth.YES, Truth.UNKNOWN])
    <Truth.UNKNOWN: 'unknown'>
    >>> any_of([Truth.YES, Truth.UNKNOWN])
    <Truth.YES: 'yes'>
    """

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    def __bool__(self) -> NoReturn:
        raise TypeError("a three-valued truth is not a bool: compare it with `is Truth.YES`")


def all_of(parts: Iterable[Truth]) -> Truth:
    """Conjunction: no if any part is no, yes if every part is yes (so yes of nothing), else unknown."""
    seen = set(parts)
    if Truth.NO in seen:
        return Truth.NO
    return Truth.UNKNOWN if Truth.UNKNOWN in seen else Truth.YES


def any_of(parts: Iterable[Truth]) -> Truth:
    """Disjunction: yes if any part is yes, no if every part is no (so no of nothing), else unknown."""
    seen = set(parts)
    if Truth.YES in seen:
        return Truth.YES
    return Truth.UNKNOWN if Truth.UNKNOWN in seen else Truth.NO


def negate(part: Truth) -> Truth:
    """Negation: yes and no change places, unknown stays."""
    if part is Truth.UNKNOWN:
        return part
    return Truth.NO if part is Truth.YES else Truth.YES
