"""What parts the cells of a table of text."""

from __future__ import annotations

from provider_advisor.errors import BatchError

__all__ = ["separator_of"]

_WORDS = {"tab": "\t", "\\t": "\t"}


def separator_of(text: str) -> bytes:
    """The separator that a text names: `;`, `tab`. Raises BatchError if it is none."""
    character = _WORDS.get(text, text).encode()
    if len(character) != 1 or character in b'"\r\n':
        raise BatchError(f"'{text[:40]}' is no separator; expected one character, such as ; or tab.")
    return character
