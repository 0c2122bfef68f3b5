"""The nearest words to a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

__all__ = ["did_you_mean", "nearest"]

_LONGEST = 200


def nearest(word: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """The known words most like the given one, best first; also those that contain it whole or a part of it."""
    return _nearest(word.strip().casefold().replace("_", "-").replace(" ", "-")[:_LONGEST], frozenset(known), most)


@lru_cache(maxsize=1024)  # a table repeats its mistakes
def _nearest(typed: str, known: frozenset[str], most: int) -> tuple[str, ...]:
    import difflib  # noqa: PLC0415 (only a misspelt word needs it, and every start of the command would pay for it)

    words = sorted(known)
    close = difflib.get_close_matches(typed, words, n=most, cutoff=0.6)
    parts = {part for part in typed.split("-") if len(part) > 2}  # noqa: PLR2004 (shorter parts are in every word)
    inside = [known_word for known_word in words if parts & set(known_word.split("-"))]
    return tuple(dict.fromkeys([*close, *inside]))[:most]


def did_you_mean(word: str, known: Iterable[str], meaning: Mapping[str, str] | None = None) -> str:
    """A question to put behind an error sentence, or nothing where no known word is near.

    Words of the same meaning, such as a criterion's aliases, are not suggested beside one another.

    >>> did_you_mean("witheboard", ["whiteboard", "ucaas"])
    " Did you mean 'whiteboard'?"
    """
    found = nearest(word, known, most=9)
    distinct = {(meaning or {}).get(name, name): name for name in reversed(found)}
    quoted = [f"'{name}'" for name in reversed(distinct.values())][:3]
    if not quoted:
        return ""
    return f" Did you mean {' or '.join(filter(None, [', '.join(quoted[:-1]), quoted[-1]]))}?"
