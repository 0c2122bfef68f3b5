"""The nearest words to a misspelt one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache, partial

from provider_advisor.bounded_cache import BoundedCache

__all__ = ["WordIndex", "did_you_mean", "nearest"]

_LONGEST = 200
_MOST = 32
_AT_ONCE = 1024
# Of all letters of both words, those that stand in both in one order; a little less than 0.6, which is rounded away.
_ALIKE = 0.6 - 1e-6


class WordIndex:
    """Known words, ready to find those nearest to a misspelt one. Safe in threads."""

    def __init__(self, known: Iterable[str]) -> None:
        self._words = sorted(set(known))
        self._by_part: defaultdict[str, list[str]] = defaultdict(list)
        for word in self._words:
            for part in word.split("-"):
                if len(part) > 2:  # noqa: PLR2004 (shorter parts are in many words)
                    self._by_part[part].append(word)
        self._found = BoundedCache[str, tuple[str, ...]](limit=2**16)  # a table repeats its mistakes

    def nearest(self, word: str, most: int = 3) -> tuple[str, ...]:
        """Return the known words most like the given one, best first; then those that share a part."""
        typed = _normalize(word)
        return self._found.get_or_make(typed, lambda: self._find(typed))[:most]

    def prepare(self, words: Iterable[str]) -> None:
        """Find the nearest words of many at once, for later calls of `nearest`, in half the time."""
        import numpy as np  # noqa: PLC0415 (only a misspelt word needs it)
        from rapidfuzz.distance import Indel  # noqa: PLC0415
        from rapidfuzz.process import cdist  # noqa: PLC0415

        typed = sorted({_normalize(word) for word in words})
        for start in range(0, len(typed), _AT_ONCE):
            some = typed[start : start + _AT_ONCE]
            alike = cdist(some, self._words, scorer=Indel.normalized_similarity, score_cutoff=_ALIKE, dtype=np.float64)
            close: list[list[tuple[float, str]]] = [[] for _ in some]
            for row, column in zip(*(ends.tolist() for ends in alike.nonzero()), strict=True):
                close[row].append((-alike[row, column], self._words[column]))
            for word, found in zip(some, close, strict=True):
                self._found.get_or_make(word, partial(self._order, word, found))

    def _find(self, typed: str) -> tuple[str, ...]:
        from rapidfuzz.distance import Indel  # noqa: PLC0415 (every start of the command would pay for it)
        from rapidfuzz.process import extract  # noqa: PLC0415

        found = extract(typed, self._words, scorer=Indel.normalized_similarity, limit=None, score_cutoff=_ALIKE)
        return self._order(typed, [(-alike, word) for word, alike, _ in found])

    def _order(self, typed: str, close: list[tuple[float, str]]) -> tuple[str, ...]:
        inside = {word for part in typed.split("-") for word in self._by_part.get(part, ())}
        return tuple(dict.fromkeys([*(word for _, word in sorted(close)), *sorted(inside)]))[:_MOST]


def _normalize(word: str) -> str:
    return word.strip().casefold().replace("_", "-").replace(" ", "-")[:_LONGEST]


_index_of = lru_cache(maxsize=16)(WordIndex)


def nearest(word: str, known: Iterable[str] | WordIndex, most: int = 3) -> tuple[str, ...]:
    """Return the known words most like the given one, best first; then those that share a part."""
    index = known if isinstance(known, WordIndex) else _index_of(frozenset(known))
    return index.nearest(word, most)


def did_you_mean(word: str, known: Iterable[str] | WordIndex, meaning: Mapping[str, str] | None = None) -> str:
    """Return a question to put behind an error sentence, or nothing where no known word is near.

    Words of the same meaning, such as a criterion's aliases, are not suggested beside one another.

    >>> did_you_mean("witheboard", ["whiteboard", "ucaas"])
    " Did you mean 'whiteboard'?"
    """
    distinct: dict[str, str] = {}
    for name in nearest(word, known, most=9):
        distinct.setdefault((meaning or {}).get(name, name), name)
    quoted = [f"'{name}'" for name in distinct.values()][:3]
    if not quoted:
        return ""
    return f" Did you mean {' or '.join(filter(None, [', '.join(quoted[:-1]), quoted[-1]]))}?"
