"""Ids in words, spelt as labels and questions spell them.

start-up-plan    start-up plan      questions join these two more often with a hyphen than with a blank
contact-centre   contact centre     and these two with a blank, but for "contact-centre agents"
video-api        video API          as in the label "Video API"
ca               CA                 a word of two letters is an abbreviation, such as that of a country
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from provider_advisor.knowledge.records import Criterion, Topic, UsageItem

_LITTLE = frozenset(
    ["an", "as", "at", "be", "by", "do", "if", "in", "is", "it", "my", "no", "of", "on", "or", "so", "to", "up", "we"]
)
"""Words of two letters that are not abbreviations."""


class IdSpeller:
    """Spells ids in the words of a knowledge base."""

    def __init__(self, criteria: Sequence[Criterion], topics: Sequence[Topic], usage: Sequence[UsageItem]) -> None:
        labels = [*(one.label for one in criteria), *(one.label for one in topics)]
        words: set[str] = {word for label in labels for word in re.findall(r"\w+", label)}
        # Those with inner capital letters, by their small letters: "api" is "API".
        self._capitals = {word.lower(): word for word in words if sum(letter.isupper() for letter in word) > 1}
        about: list[Criterion | Topic | UsageItem] = [*criteria, *topics, *usage]
        self._written = "\n".join(f"{one.label}\n{one.question}" for one in about).lower()

    def spell(self, name: str) -> str:
        """Return an id in words."""
        words = name.split("-")
        text = self._spell_word(words[0])
        for before, word in pairwise(words):
            # An id may be the plural.
            joints = re.findall(rf"\b{re.escape(before)}([- ]){re.escape(word.removesuffix('s'))}", self._written)
            text += ("-" if joints.count("-") > joints.count(" ") else " ") + self._spell_word(word)
        return text

    def _spell_word(self, word: str) -> str:
        is_short = len(word) == 2 and word not in _LITTLE  # noqa: PLR2004 (two letters)
        return self._capitals.get(word, word.upper() if is_short else word)
