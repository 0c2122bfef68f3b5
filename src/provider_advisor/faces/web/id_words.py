"""Ids as a page says them: `federal-agency` is "federal agency", and `ai-agents` is "AI agents"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

__all__ = ["list_spellings", "say_id"]

_LITTLE = frozenset(
    ["an", "as", "at", "be", "by", "do", "if", "in", "is", "it", "my", "no", "of", "on", "or", "so", "to", "up", "we"]
)
"""Words of two letters that are no abbreviation."""


def list_spellings(labels: Iterable[str]) -> dict[str, str]:
    """Return how labels write words that have capital letters within them: "api" is "API"."""
    words = {word for label in labels for word in re.findall(r"\w+", label)}
    return {word.lower(): word for word in words if sum(letter.isupper() for letter in word) > 1}


def say_id(name: str, spellings: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return an id in words; unknown words of two letters are abbreviations, such as those of countries."""

    def say(word: str) -> str:
        is_short = len(word) == 2 and word not in _LITTLE  # noqa: PLR2004 (two letters)
        return spellings.get(word, word.upper() if is_short else word)

    return " ".join(map(say, name.split("-")))
