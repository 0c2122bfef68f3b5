"""Requirements in the team's own words, which no criterion says: `--unlisted "loan phones during repair:should"`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.suggest import find_misspelt
from provider_advisor.requirements.grammar import brief, shown
from provider_advisor.requirements.model import Unlisted, UnlistedPriority

_PRIORITIES: tuple[UnlistedPriority, ...] = ("must", "should", "could")
_KEYS = ("text", "priority")
_LONGEST = 1_000


def read_unlisted(given: str | Mapping[str, Any] | Unlisted, default: UnlistedPriority = "must") -> Unlisted:
    """Return the requirement in a text, perhaps with `:must`, `:should` or `:could` behind it, or in a mapping.

    A colon before anything else belongs to the text. Raises RequirementsError.

    >>> read_unlisted("loan phones: within a day:should")
    Unlisted(text='loan phones: within a day', priority='should')
    """
    if isinstance(given, Unlisted):
        return given
    if isinstance(given, str):
        return _read_text(given, default)
    if not isinstance(given, Mapping):
        raise RequirementsError(f"{shown(given)} in 'unlisted' is neither a text nor a mapping with the key 'text'.")
    for key in given:
        if key not in _KEYS:
            raise RequirementsError(f"unknown key {shown(key)} in 'unlisted'; expected {', '.join(_KEYS)}.")
    if not isinstance(given.get("text"), str):
        raise RequirementsError(f"{shown(dict(given))} in 'unlisted' has no text; add 'text: <what you need>'.")
    priority = default if given.get("priority") is None else given["priority"]
    if priority not in _PRIORITIES:
        raise RequirementsError(_explain_priority(priority, given["text"]))
    return Unlisted(_clean(given["text"]), priority)


def _read_text(given: str, default: UnlistedPriority) -> Unlisted:
    text, colon, last = given.rpartition(":")
    word = last.strip()
    if colon and word in _PRIORITIES:
        return Unlisted(_clean(text), word)
    if colon and (word == "wont" or (" " not in word and find_misspelt(word, _PRIORITIES))):
        raise RequirementsError(_explain_priority(word, given))
    return Unlisted(_clean(given), default)


def _explain_priority(word: object, text: str) -> str:
    hint = find_misspelt(brief(word), _PRIORITIES)
    return f"unknown priority {shown(word)} of the unlisted {shown(text)}; expected {', '.join(_PRIORITIES)}.{hint}"


def _clean(text: str) -> str:
    """Return the text on one line, with single blanks. Raises RequirementsError."""
    found = " ".join(text.split())
    if not found:
        raise RequirementsError("an unlisted requirement is empty; expected a few words that say what you need.")
    if len(found) > _LONGEST:
        raise RequirementsError(
            f"the unlisted requirement {shown(found)} has {len(found):,} characters; expected at most {_LONGEST:,}."
        )
    return found
