"""Ids as a page says them: `federal-agency` is "federal agency", and `ai-agents` is "AI agents"."""

from __future__ import annotations

__all__ = ["say_id"]

_LITTLE = frozenset(
    ["an", "as", "at", "be", "by", "do", "if", "in", "is", "it", "my", "no", "of", "on", "or", "so", "to", "up", "we"]
)
"""Words of two letters that are no abbreviation."""


def say_id(name: str) -> str:
    """Return an id in words; other words of two letters are abbreviations, such as those of countries."""
    return " ".join(
        word.upper() if len(word) == 2 and word not in _LITTLE else word  # noqa: PLR2004 (two letters)
        for word in name.split("-")
    )
