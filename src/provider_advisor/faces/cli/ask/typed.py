"""Typed text as answers: `1 must, 3 good`, `1m 3g`, `2 4`, `500,000`, `not sure`."""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping, Sequence
from typing import BinaryIO, TypeVar

from provider_advisor.errors import KnowledgeError, RequirementsError, describe_cause
from provider_advisor.explanation.words import join_any, keep_few
from provider_advisor.faces.cli.ask.conversation import Reply, Word
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.questionnaire import Prompt, State, find_members
from provider_advisor.questionnaire.prompts import SHORT_LIST, read_number
from provider_advisor.questionnaire.state import NO_ANSWER, UNSURE, check_value, get_silence
from provider_advisor.safe_text import brief, shown

_MOST_NAMED = 6
_LONGEST_PLACE = 20

K = TypeVar("K")

_LEVELS = {
    **dict.fromkeys(("must", "m"), "must"),
    **dict.fromkeys(("good", "g"), "good"),
    **dict.fromkeys(("nice", "n"), "nice"),
    **dict.fromkeys(("no", "x"), "no"),
    "must-not": "must-not",
    **dict.fromkeys(("not-sure", "unsure", "s"), "not-sure"),
}
_NOT_SURE = re.compile(r"\bnot[ _]sure\b")
_MUST_NOT = re.compile(r"\bmust[ _]not\b")
# What is neither a place nor a word, such as `é` in "1 must é", is matched too, so that the mistake is noticed.
_PART = re.compile(r"(?P<place>\d{1,4})|(?P<word>[a-z-]+)|(?P<other>[^\s,;:.=]\S*)")

_COMMANDS: dict[str, Word] = {
    **dict.fromkeys(("back", "b"), "back"),
    **dict.fromkeys(("done", "d"), "done"),
    **dict.fromkeys(("stop", "quit", "exit", "q"), "stop"),
    **dict.fromkeys(("help", "h"), "help"),
    "finish": "finish",
    "on": "next",
    "change": "search",
}


def read_command(text: str) -> Reply | None:
    """Return the command in a line, None if there is none: `back`, `/word`, `?3`, `+ loan phones`.

    >>> read_command("/ white board"), read_command("1 must")
    (Reply(word='search', words='white board', lasting=True), None)
    """
    typed = text.strip()
    if typed.startswith("/"):
        return Reply("search", brief(typed[1:].strip()))
    if typed.startswith("?"):
        return Reply("why", typed[1:].strip())
    if typed.startswith("+"):
        return Reply("add", typed[1:].strip())
    word = _COMMANDS.get(typed.casefold())
    return Reply(word) if word else None


def read_marks(text: str, keys: Sequence[K]) -> dict[K, str]:
    """Return answers on criteria by key, from places and words; for a single criterion the word is enough.

    Raises RequirementsError, in one sentence with what was expected.

    >>> read_marks("1m 3 good", ["a", "b", "c"])
    {'a': 'must', 'c': 'good'}
    """
    found: dict[K, str] = {}
    waiting: list[K] = []
    # Numbers wait for the word behind them, so that "1 2 must 3n" makes 1 and 2 musts.
    for part in _PART.finditer(_MUST_NOT.sub("must-not", _NOT_SURE.sub("not-sure", text.casefold()))):
        if part["place"]:
            waiting.append(keys[read_place(part["place"], len(keys))])
            continue
        level = _LEVELS.get(part["word"] or "")
        named = waiting or (list(keys) if len(keys) == 1 else [])
        if level is None or not named:
            raise _refuse_marks(part[0], text, len(keys))
        found.update(dict.fromkeys(named, level))
        waiting = []
    if waiting or not found:
        raise _refuse_marks(text, text, len(keys))
    return found


def read_place(text: str, count: int) -> int:
    """Return the place of a number on the screen, beginning at 0. Raises RequirementsError."""
    text = text[:_LONGEST_PLACE]
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= count):
        expected = "1" if count == 1 else f"a number from 1 to {count}"
        raise RequirementsError(f"there is no {text} here; expected {expected}.")
    return int(text) - 1


def _refuse_marks(part: str, text: str, count: int) -> RequirementsError:
    hint = did_you_mean(brief(part), _LEVELS) if len(part) > 2 and part != text else ""  # noqa: PLR2004 (a word)
    example = "must, good, nice, no or not sure" if count == 1 else "a number and must, good, nice, no or not sure"
    return RequirementsError(f"{shown(text[:60])} is not an answer here; expected {example}, or help.{hint}")


def read_typed_answer(text: str, prompt: Prompt, state: State) -> object:
    """Return the checked answer that a line gives to a question. Raises RequirementsError."""
    if prompt.kind == "criterion":
        return next(iter(read_marks(text, [prompt.key]).values()))
    value = read_number(text, prompt) if prompt.kind == "number" else _read_choices(text, prompt, state)
    return check_value(prompt.key, value, state.catalogue)


def _read_choices(text: str, prompt: Prompt, state: State) -> object:
    """Return what is chosen by number, id or label, members also by a part of their name; or one word for all."""
    typed, are_members = text.strip().casefold(), prompt.kind == "members"
    if not typed or (are_members and typed in {"none", "any", "x"}):
        return get_silence(prompt.key)
    if typed in {"s", "not sure", "not-sure", "unsure"} and prompt.kind != "topics":
        return UNSURE
    known = {label.casefold(): value for value, label in prompt.choices} | {value: value for value, _ in prompt.choices}
    # Names of members may have blanks: "1 3" are two topics, "Hong Kong" is one country.
    parts = [part.strip() for part in re.split(r"[,;]" if are_members else r"[\s,;]", text) if part.strip()]
    # Commas alone are a mistake, not an empty choice.
    parts = [typed] if typed in known or not parts else parts
    chosen = tuple(dict.fromkeys(_read_choice(part, known, prompt, state) for part in parts))
    if len(chosen) > 1 and not prompt.many:
        raise RequirementsError(f"only one can be chosen; expected a number from 1 to {len(prompt.choices)}.")
    return chosen[0] if not prompt.many or chosen in {(NO_ANSWER,), (UNSURE,)} else chosen


def _read_choice(part: str, known: Mapping[str, str], prompt: Prompt, state: State) -> str:
    are_members, count = prompt.kind == "members", len(prompt.choices)
    if part.isascii() and part.isdigit() and (not are_members or count <= SHORT_LIST):
        return prompt.choices[read_place(part, count)][0]
    if part.casefold() in known:
        return known[part.casefold()]
    named = state.catalogue.knowledge.criteria.find_member(prompt.key.name, part) if are_members else None
    # A comma alone is also a part of "St. Helena, Ascension & Tristan da Cunha".
    is_name = are_members and any(map(str.isalnum, part))
    found = find_members(prompt, part, state.catalogue) if named is None and is_name else ()
    if named is not None or len(found) == 1:
        return named or found[0][0]
    if found:
        labels = keep_few([label for _, label in found], _MOST_NAMED, "others")
        raise RequirementsError(f"{shown(part[:60])} may be {join_any(labels)}; type one of them.")
    hint = did_you_mean(brief(part), known)
    raise RequirementsError(f"{shown(part[:60])} is not one of the {count} choices; type one, or help.{hint}")


_LONGEST = 2_000


class InputLines:
    """Lines from a stream of bytes; None is a stream that is closed."""

    def __init__(self, stream: BinaryIO | None) -> None:
        self._stream = stream

    def read(self) -> str | None:
        """Return the next line without its end, None at the end of input.

        Raises RequirementsError for a line that is too long, which is skipped, or is not UTF-8.
        """
        try:
            content = b"" if self._stream is None else self._stream.readline(_LONGEST + 1)
        except OSError as error:
            if error.errno == errno.EIO:  # the terminal was closed
                raise
            raise KnowledgeError(
                [f"standard input cannot be read ({describe_cause(error)}); type, or pipe text into it."]
            ) from error
        if not content:
            return None
        if len(content) > _LONGEST and not content.endswith(b"\n"):
            self._skip()
            raise RequirementsError(
                f"that line has more than {_LONGEST:,} characters; expected a short answer, or help."
            )
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise RequirementsError("that line is not UTF-8 text; type it again, or help.") from error
        return "".join(letter if letter.isprintable() else " " for letter in text.rstrip("\r\n")).strip()

    def _skip(self) -> None:
        """Drop the rest of a line."""
        while self._stream is not None:
            content = self._stream.readline(65_536)
            if not content or content.endswith(b"\n"):
                return
