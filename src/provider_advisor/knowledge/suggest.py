"""The nearest words to a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

__all__ = ["did_you_mean", "nearest"]

_LONGEST = 200
# Of all letters of both words, those that stand in both in one order; a little less than 0.6, which is rounded away.
_ALIKE = 0.6 - 1e-6


def nearest(word: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """The known words most like the given one, best first; also those that contain it whole or a part of it."""
    return _nearest(word.strip().casefold().replace("_", "-").replace(" ", "-")[:_LONGEST], frozenset(known), most)


@lru_cache(maxsize=1024)  # a table repeats its mistakes
def _nearest(typed: str, known: frozenset[str], most: int) -> tuple[str, ...]:
    # Only a misspelt word needs them, and every start of the command would pay for them.
    from rapidfuzz.distance import Indel  # noqa: PLC0415
    from rapidfuzz.process import extract  # noqa: PLC0415

    words, by_part = _taken_apart(known)
    found = extract(typed, words, scorer=Indel.normalized_similarity, limit=None, score_cutoff=_ALIKE)
    close = [word for word, _, _ in sorted(found, key=lambda match: (-match[1], match[0]))]
    inside = sorted({word for part in typed.split("-") for word in by_part.get(part, ())})
    return tuple(dict.fromkeys([*close[:most], *inside]))[:most]


@lru_cache(maxsize=16)
def _taken_apart(known: frozenset[str]) -> tuple[list[str], dict[str, list[str]]]:
    """The known words in order, and by each part between hyphens the words that it is in; short parts are in many."""
    words = sorted(known)
    by_part: dict[str, list[str]] = {}
    for word in words:
        for part in word.split("-"):
            if len(part) > 2:  # noqa: PLR2004
                by_part.setdefault(part, []).append(word)
    return words, by_part


def did_you_mean(word: str, known: Iterable[str], meaning: Mapping[str, str] | None = None) -> str:
    """A question to put behind an error sentence, or nothing where no known word is near.

    Words of the same meaning, such as a criterion's aliases, are not suggested beside one another.

    >>> did_you_mean("witheboard", ["whiteboard", "ucaas"])
    " Did you mean 'whiteboard'?"
    """
    found = nearest(word, known, most=9)
    distinct: dict[str, str] = {}
    for name in found:
        distinct.setdefault((meaning or {}).get(name, name), name)
    quoted = [f"'{name}'" for name in distinct.values()][:3]
    if not quoted:
        return ""
    return f" Did you mean {' or '.join(filter(None, [', '.join(quoted[:-1]), quoted[-1]]))}?"
