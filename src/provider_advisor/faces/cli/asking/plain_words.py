"""What a line means in the plain conversation, and what may be typed."""

from __future__ import annotations

from collections.abc import Sequence

from provider_advisor.errors import RequirementsError
from provider_advisor.faces.cli.asking.conversation import Reply
from provider_advisor.faces.cli.asking.entry import Command, read_choices, read_command, read_marks, read_number
from provider_advisor.faces.cli.asking.reasons import known_lines, why_lines
from provider_advisor.faces.cli.asking.wording import hint, silence
from provider_advisor.questionnaire import End, Prompt, State
from provider_advisor.questionnaire.checking import checked_value

__all__ = ["ONE", "answer_or_command", "how_to", "picked", "ways_on", "why_of"]

ONE = "m (must), g (good), n (nice), x (no) or s (not sure)"
"""What may be typed of a single criterion."""


def ways_on(end: End) -> str:
    """What can be done at an end."""
    on = "" if end.complete else "on: ask on; "
    return f"Empty line: finish; {on}back; change: another answer; /word: find a question; ?: what is proved."


def picked(text: str, keys: Sequence[str]) -> str | Reply | Command | None:
    """The key that a number picks, why one is asked, a search for other words, or nothing. Raises RequirementsError."""
    command = read_command(text)
    if command and command.word == "why":
        return command
    if text.isascii() and text.isdigit():
        if not 1 <= int(text[:9]) <= len(keys):
            raise RequirementsError(f"there is no {text[:9]} here; expected a number from 1 to {len(keys)}.")
        return keys[int(text[:9]) - 1]
    return Reply("search", text.removeprefix("/").strip()) if text else None


def how_to(prompt: Prompt, *, is_kept: bool) -> str:
    """What may be typed; an empty line keeps what was answered before, or says nothing."""
    if prompt.kind == "number":
        what = hint(prompt)
    elif prompt.kind == "criterion":
        what = ONE
    else:
        what = "Numbers, as in 1 3" if prompt.many else "A number"
    return f"{what}; empty line: {'as it was' if is_kept else silence(prompt)}; help for more."


def answer_or_command(text: str, prompt: Prompt, state: State) -> object:
    """The checked answer to a question, or a command. Raises RequirementsError."""
    chosen = text.casefold() in {value for value, _ in prompt.choices}
    return (None if chosen else read_command(text)) or _read_one(text, prompt, state)


def _read_one(text: str, prompt: Prompt, state: State) -> object:
    """The checked answer to a single question. Raises RequirementsError."""
    if prompt.kind == "criterion":
        return next(iter(read_marks(text, [prompt.key]).values()))
    if prompt.kind == "number":
        return checked_value(prompt.key, read_number(text, prompt), state.catalogue)
    if not text:
        return {"topics": (), "rating": "none"}.get(prompt.kind, "no-answer")
    chosen = read_choices("not-sure" if text.casefold() == "s" else text, prompt)
    alone = not prompt.many or (len(chosen) == 1 and chosen[0] in {"no-answer", "not-sure"})
    return checked_value(prompt.key, chosen[0] if alone and prompt.kind != "topics" else chosen, state.catalogue)


def why_of(words: str, state: State, keys: Sequence[str]) -> list[str]:
    """Why one of several questions is asked; of a bare `?` what is known so far."""
    if not words and len(keys) > 1:
        return [*known_lines(state), "For one of the questions: ?1 for the first."]
    place = int(words) if words.isascii() and words.isdigit() and len(words) < 5 else 0 if words else 1  # noqa: PLR2004
    if not 1 <= place <= len(keys):
        return [f"There is no {words[:20]} here; expected a number from 1 to {len(keys)}."]
    return why_lines(state, keys[place - 1])
