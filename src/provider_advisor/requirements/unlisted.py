"""Requirements in the team's own words that no criterion covers: listed and counted, but never judged.

A team states them with `--unlisted "loan phones during repair:should"`. With `--unlisted-unknown`, every word that is
not the name of a criterion becomes one:

    --needs sms,"loan phones" --unlisted-unknown   →   sms is judged, "loan phones" is listed

A mistake about a known criterion is still refused: `phone-numbers@grmany` has a member that does not exist, and "no
fax" is not how a requirement on the fax is written.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.conditions import AT, EITHER
from provider_advisor.knowledge.suggest import find_misspelt
from provider_advisor.requirements.grammar import BOUND_SIGNS, get_word
from provider_advisor.requirements.statement import PRIORITIES, Unlisted, UnlistedPriority
from provider_advisor.safe_text import brief, explain_error_value, is_error_value, join_words, shown

_KEYS = ("text", "priority")
_LONGEST = 1_000
_MOST_SHOWN = 20
_MOST_KEPT = 100_000
"""Most distinct words to count separately."""


def read_unlisted(given: str | Mapping[str, Any] | Unlisted, default: UnlistedPriority = "must") -> Unlisted:
    """Return the unlisted requirement that a text or a mapping states.

    A text may end with `:must`, `:should` or `:could`; any other colon is part of the text. Raises RequirementsError.

    >>> read_unlisted("loan phones: within a day:should")
    Unlisted(text='loan phones: within a day', priority='should')
    """
    if isinstance(given, Unlisted):
        return given
    text, named = _split_priority(given) if isinstance(given, str) else _read_keys(given)
    priority = default if named is None else named
    if priority not in PRIORITIES:
        raise RequirementsError(
            f"unknown priority {shown(priority)} of the unlisted {shown(given if isinstance(given, str) else text)}; "
            f"expected {join_words(PRIORITIES, 'or')}.{find_misspelt(brief(priority), PRIORITIES)}"
        )
    words = " ".join(text.split())
    if not words:
        raise RequirementsError("an unlisted requirement is empty; expected a few words that say what you need.")
    if is_error_value(words) and (error := explain_error_value(words, "a requirement")):
        raise RequirementsError(error)
    if len(words) > _LONGEST:
        raise RequirementsError(
            f"the unlisted requirement {shown(words)} has {len(words):,} characters; expected at most {_LONGEST:,}."
        )
    return Unlisted(words, priority)


def _split_priority(given: str) -> tuple[str, str | None]:
    text, colon, last = given.rpartition(":")
    word = last.strip()
    # ":shoud" is refused as a misspelt priority; in "Twinning: both ring", the colon is part of the text.
    is_meant = word in {*PRIORITIES, "wont"} or (" " not in word and find_misspelt(word, PRIORITIES))
    return (text, word) if colon and is_meant else (given, None)


def _read_keys(given: object) -> tuple[str, object]:
    if not isinstance(given, Mapping):
        raise RequirementsError(f"{shown(given)} in 'unlisted' is neither a text nor a mapping with the key 'text'.")
    for key in given:
        if key not in _KEYS:
            raise RequirementsError(f"unknown key {shown(key)} in 'unlisted'; expected {', '.join(_KEYS)}.")
    if not isinstance(given.get("text"), str):
        raise RequirementsError(f"{shown(dict(given))} in 'unlisted' has no text; add 'text: <what you need>'.")
    return given["text"], given.get("priority")


class WordCounts(NamedTuple):
    """How often each word was set aside; `others` counts the words that have no count of their own."""

    words: Mapping[str, int]
    others: int = 0


class UnknownWords:
    """Sets unknown words aside and counts them; thread-safe."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._knowledge = knowledge
        self._known = BoundedCache[str, bool](limit=_MOST_KEPT)
        # Tables repeat words, and classifying one takes a search.
        self._read = BoundedCache[tuple[str, UnlistedPriority], Unlisted | None](limit=_MOST_KEPT)
        self._counts: Counter[str] = Counter()
        self._uncounted = 0
        self._lock = threading.Lock()

    def set_aside(self, items: Iterable[Any], default: UnlistedPriority) -> tuple[list[Any], list[Unlisted]]:
        """Return the requirements on known criteria, and the others as unlisted requirements.

        What cannot be read for another reason stays among the first, so that reading it raises the error.
        """
        read = [(item, self._read_unknown(item, default)) for item in items]
        aside = [found for _, found in read if found is not None]
        self.count(aside)
        return [item for item, found in read if found is None], aside

    def find_unknown(
        self, word: str, default: UnlistedPriority, read_item: Callable[[str], str | dict[str, Any]]
    ) -> Unlisted | None:
        """Return an unknown word of a table as an unlisted requirement; None for a known word.

        Raises what `read_item` raises if the word cannot be read at all.
        """
        return self._read.get_or_make((word, default), lambda: self._read_unknown(read_item(word), default))

    def count(self, aside: Iterable[Unlisted]) -> None:
        """Count what was set aside, for `describe`."""
        if texts := [part.text for part in aside]:
            self.add_counts(WordCounts(Counter(texts)))

    def add_counts(self, more: WordCounts) -> None:
        """Add counts from elsewhere, such as from a worker on another machine."""
        # Several threads read blocks of a table. If every row has new words, only the first are counted one by one, so
        # that memory does not grow with the rows.
        with self._lock:
            for text, times in more.words.items():
                if text in self._counts or len(self._counts) < _MOST_KEPT:
                    self._counts[text] += times
                else:
                    self._uncounted += times
            self._uncounted += more.others

    def take_counts(self) -> WordCounts:
        """Return what was counted since the last call, and reset the counts."""
        with self._lock:
            taken = WordCounts(self._counts, self._uncounted)
            self._counts, self._uncounted = Counter(), 0
        return taken

    def describe(self) -> Iterator[str]:
        """Yield a heading, then one line for each word that was set aside, the most frequent first."""
        if not self._counts:
            return
        from provider_advisor.requirements.word_mistakes import suggest_words  # noqa: PLC0415 (seldom needed)

        yield "no criterion covers these, so they are listed and not judged:"
        for text, count in self._counts.most_common(_MOST_SHOWN):
            times = f" ({count:,} times)" if count > 1 else ""
            yield f"  {shown(text)}{times}.{suggest_words(get_word(text), self._knowledge)}"
        if (more := len(self._counts) - _MOST_SHOWN) > 0:
            yield f"  {more:,} more."
        if self._uncounted:
            yield f"  Others after the first {_MOST_KEPT:,}: {self._uncounted:,} times."

    def _read_unknown(self, item: Any, default: UnlistedPriority) -> Unlisted | None:  # noqa: ANN401 (whatever a file holds)
        """Return an item as an unlisted requirement if it names an unknown criterion, else None."""
        if isinstance(item, Mapping):
            is_meant = any(map(self._is_unknown, _list_names(item)))
            given: str | dict[str, Any] = {"text": _write_typed(item), "priority": item.get("priority")}
        elif isinstance(item, str) and not is_error_value(item):
            _, colon, last = item.rpartition(":")
            # Several words after a colon are no priority: "Twinning: desk phone and mobile ring".
            is_explained = bool(colon) and " " in last.strip()
            is_meant = any(map(self._is_unknown, map(get_word, item.split(EITHER)))) or is_explained
            given = item
        else:
            return None
        if not is_meant:
            return None
        try:
            return read_unlisted(given, default)
        except RequirementsError:  # a priority that cannot be read, or `wont`
            return None

    def _is_unknown(self, name: str) -> bool:
        from provider_advisor.requirements.word_mistakes import is_unknown  # noqa: PLC0415 (as above)

        return self._known.get_or_make(name, lambda: bool(name) and is_unknown(name, self._knowledge))


def _list_names(item: Mapping[str, Any]) -> list[str]:
    """Return the criteria that a mapping names, unchanged: `{criterion: fax=no}` names the unknown `fax=no`."""
    if isinstance(parts := item.get("any"), list):
        named = (_list_names(part) if isinstance(part, Mapping) else [get_word(str(part))] for part in parts)
        return [name for names in named for name in names]
    return [_write_name(item)]


def _write_name(item: Mapping[str, Any]) -> str:
    name, member = item.get("criterion"), item.get("member")
    return "" if not isinstance(name, str) else f"{name}{AT}{member}" if isinstance(member, str) else name


def _write_typed(item: Mapping[str, Any]) -> str:
    """Return what a mapping asks, as somebody would type it."""
    if isinstance(parts := item.get("any"), list):
        return EITHER.join(_write_typed(part) if isinstance(part, Mapping) else str(part) for part in parts)
    bounds = "".join(f"{sign}{item[key]}" for key, sign in BOUND_SIGNS.items() if item.get(key) is not None)
    return f"{_write_name(item)}{bounds}{'=no' if item.get('is') == 'absent' else ''}"
