"""Find the words that a misspelt one may stand for: loosely (`did_you_mean`) or strictly (`find_misspelt`).

For the keys and ids of a file, any similar word helps, also one that shares a part: `aliases` for `alias`, `guide-2020`
for `guide`. For what a team asks, a wrong suggestion is worse than none: "softphone" is not "freephone". There, a word
is near only if it differs by one or two typing errors: both words begin alike, hyphens do not count, and the shorter
the words, the less they may differ. In words of three or four letters, two letters may be swapped ("fxa" is "fax"), a
letter may be doubled, and of four letters an inner one may be missing ("stok" is "stock"). "sso" is not "sms".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.safe_text import fold, join_words

_MOST_NEAR = 9
_KEPT = 2**16  # a table repeats its mistakes
_MOST_AT_ONCE = 1024
_MOST_ERRORS = 2
_SHORT, _MEDIUM = 4, 7  # letters: a short word admits no other letter, a medium one a single error
# The share of letters that two words have in common, in the same order. A little less than 0.6, to allow for rounding.
_ALIKE = 0.6 - 1e-6


class SpellingIndex:
    """Known words, to find those that differ from a given one by typing errors only. Thread-safe."""

    def __init__(self, known: Iterable[str]) -> None:
        # A table may bring 600,000 unknown words. Each is compared only with the words of the same first letter.
        self._by_letter: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for word in sorted(set(known)):
            bare = fold(word).replace("-", "")
            self._by_letter[bare[:1]].append((bare, word))
        self._found = BoundedCache[str, tuple[str, ...]](_KEPT)

    def nearest(self, word: str, most: int = 3) -> tuple[str, ...]:
        """Return the known words that the given one may be a misspelling of, best first."""
        typed = fold(word)
        return self._found.get_or_make(typed, lambda: _put_in_order(self._compare(typed.replace("-", ""))))[:most]

    def prepare(self, words: Iterable[str]) -> None:
        """Find the nearest words of many at once, for later calls of `nearest`."""
        # `cdist` compares all pairs in one call, in half the time of comparing them one by one.
        close: dict[str, list[tuple[int, str]]] = {fold(word): [] for word in words}
        by_letter: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for typed in close:
            bare = typed.replace("-", "")
            for letter in _find_letters(bare):
                by_letter[letter].append((bare, typed))
        for letter, typed_words in by_letter.items():
            known = self._by_letter.get(letter, [])
            for start in range(0, len(typed_words) if known else 0, _MOST_AT_ONCE):
                for typed, far, word in _compare_all(typed_words[start : start + _MOST_AT_ONCE], known):
                    close[typed].append((far, word))
        for typed, found in close.items():
            self._found.get_or_make(typed, lambda found=found: _put_in_order(found))  # type: ignore[misc]

    def _compare(self, bare: str) -> Iterator[tuple[int, str]]:
        # Optimal string alignment counts two swapped letters as one error, as a person would.
        from rapidfuzz.distance import OSA  # noqa: PLC0415 (every start of the command would pay for it)

        for letter in _find_letters(bare):
            for other, word in self._by_letter.get(letter, ()):
                far = OSA.distance(bare, other, score_cutoff=_MOST_ERRORS)
                if _is_near(bare, other, far):
                    yield far, word


def _compare_all(typed_words: list[tuple[str, str]], known: list[tuple[str, str]]) -> Iterator[tuple[str, int, str]]:
    import numpy as np  # noqa: PLC0415 (only a table has many misspelt words)
    from rapidfuzz.distance import OSA  # noqa: PLC0415
    from rapidfuzz.process import cdist  # noqa: PLC0415

    ours, theirs = [bare for bare, _ in typed_words], [bare for bare, _ in known]
    far = cdist(ours, theirs, scorer=OSA.distance, score_cutoff=_MOST_ERRORS, dtype=np.uint8)
    for row, column in zip(*(ends.tolist() for ends in (far <= _MOST_ERRORS).nonzero()), strict=True):
        if _is_near(ours[row], theirs[column], int(far[row, column])):
            yield typed_words[row][1], int(far[row, column]), known[column][1]


def _find_letters(bare: str) -> set[str]:
    """Return the first letters of the words that may be meant: the first two letters may be swapped."""
    return {bare[:1], bare[1:2]} if len(bare) > _SHORT else {bare[:1]}


def _is_near(typed: str, known: str, far: int) -> bool:
    """Return whether two words at this distance differ by typing errors only, by the rules at the top of this file."""
    shorter, longer = sorted((typed, known), key=len)
    if not far or len(shorter) > _MEDIUM:
        return far <= _MOST_ERRORS
    if far > 1:
        return False
    if len(shorter) > _SHORT or sorted(typed) == sorted(known) or (len(shorter) > 1 and set(typed) == set(known)):
        return True
    return len(shorter) == _SHORT < len(longer) and typed[-1] == known[-1]


def _put_in_order(found: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    """Return the words, the nearest first, then the shorter."""
    return tuple(word for _, _, word in sorted({(far, len(word), word) for far, word in found}))[:_MOST_NEAR]


class _WordIndex:
    """Known words, to find those similar to a given one, or that share a part with it. Thread-safe."""

    def __init__(self, known: Iterable[str]) -> None:
        self._words = sorted(set(known))
        self._by_part: defaultdict[str, list[str]] = defaultdict(list)
        for word in self._words:
            for part in word.split("-"):
                if len(part) > 2:  # noqa: PLR2004 (shorter parts are in many words)
                    self._by_part[part].append(word)
        self._found = BoundedCache[str, tuple[str, ...]](_KEPT)

    def nearest(self, word: str, most: int) -> tuple[str, ...]:
        """Return the known words most similar to the given one, best first; then those that share a part."""
        typed = fold(word)
        return self._found.get_or_make(typed, lambda: self._find(typed))[:most]

    def _find(self, typed: str) -> tuple[str, ...]:
        from rapidfuzz.distance import Indel  # noqa: PLC0415 (every start of the command would pay for it)
        from rapidfuzz.process import extract  # noqa: PLC0415

        # In other capitals, or with a hyphen in place of `_`, it is one of them and no other is meant.
        if same := tuple(word for word in self._words if fold(word) == typed):
            return same
        found = extract(typed, self._words, scorer=Indel.normalized_similarity, limit=None, score_cutoff=_ALIKE)
        inside = {word for part in typed.split("-") for word in self._by_part.get(part, ())}
        return tuple(
            dict.fromkeys([word for _, word in sorted((-alike, word) for word, alike, _ in found)] + sorted(inside))
        )[:_MOST_NEAR]


# Making an index takes longer than a search in it, and the words of a base stay the same.
_index_of = lru_cache(maxsize=16)(_WordIndex)
_spelling_of = lru_cache(maxsize=16)(SpellingIndex)


def nearest(word: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """Return the known words most similar to the given one, best first; then those that share a part."""
    return _index_of(frozenset(known)).nearest(word, most)


def did_you_mean(word: str, known: Iterable[str], meaning: Mapping[str, str] | None = None) -> str:
    """Return a question to put behind an error sentence, or nothing if no known word is near.

    Of words with one meaning, such as a criterion's aliases, only the nearest is suggested.

    >>> did_you_mean("witheboard", ["whiteboard", "ucaas"])
    " Did you mean 'whiteboard'?"
    """
    return _ask(nearest(word, known, _MOST_NEAR), meaning or {})


def list_known(words: Iterable[str]) -> str:
    """Return the sentence on what is known, to put behind an error sentence if no known word is near.

    >>> list_known(["sms", "fax"]), list_known([])
    (' Known: sms, fax.', ' None is known.')
    """
    known = ", ".join(words)
    return f" Known: {known}." if known else " None is known."


def find_misspelt(word: str, known: Iterable[str]) -> str:
    """Return the same question if a word is a known one with a typing error, else nothing.

    >>> find_misspelt("sso", ["sms"]), find_misspelt("smss", ["sms"])
    ('', " Did you mean 'sms'?")
    """
    return _ask(_spelling_of(frozenset(known)).nearest(word, _MOST_NEAR), {})


def _ask(near: Iterable[str], meaning: Mapping[str, str]) -> str:
    distinct: dict[str, str] = {}
    for name in near:
        distinct.setdefault(meaning.get(name, name), name)
    return f" Did you mean {name_words(list(distinct.values())[:3])}?" if distinct else ""


def name_words(words: Iterable[str]) -> str:
    """Return words in quotes, joined by commas and "or".

    >>> name_words(["fax", "mms", "sms"])
    "'fax', 'mms' or 'sms'"
    """
    return join_words([f"'{word}'" for word in words], "or")
