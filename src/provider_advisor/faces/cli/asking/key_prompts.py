"""Questionary's prompts for one question each: a number or word that is typed, one choice, several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import questionary
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings
from prompt_toolkit.keys import Keys
from questionary import Choice, Question

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import capital
from provider_advisor.faces.cli.asking.conversation import Reply
from provider_advisor.faces.cli.asking.entry import Command, read_command, read_number
from provider_advisor.faces.cli.asking.key_frame import LOOK, cut, framed, keys_text, pointed, ticked, width_here
from provider_advisor.faces.cli.asking.reasons import why_lines
from provider_advisor.faces.cli.asking.wording import LEVELS, answer_words, choice_label, detail, hint, silence
from provider_advisor.faces.text import Page
from provider_advisor.questionnaire import Prompt, State
from provider_advisor.questionnaire.checking import checked_value

__all__ = ["FEWER", "ask_one", "ask_words", "chosen", "say", "select"]

COMMANDS: Mapping[str, Command] = {
    "?": Command("why"),
    "/": Command("search"),
    "b": Command("back"),
    "d": Command("done"),
    "q": Command("stop"),
    "c-d": Command("stop"),
}
FEWER: Mapping[str, Command] = {key: COMMANDS[key] for key in ("/", "b")}
"""The keys that work where there is no question."""

_GENERAL = ("? why", "/ search", "b back", "d that is all", "q stop and save")
_KEYS = keys_text("↑↓ move", "enter go on", *_GENERAL)
_TICKS = keys_text("space tick", "↑↓ move", "enter go on", *_GENERAL)
_TYPED = keys_text("enter go on", "or type: ? (why)", "/word (search)", "back", "done", "stop")
_ALONE = ("no-answer", "not-sure")
_MANY = 12
_LONGEST = 200


def select(message: str, choices: Sequence[Choice], default: str | None = None) -> Question:
    """A prompt for one of the choices."""
    return questionary.select(
        message,
        choices,
        default=default,
        qmark="",
        pointer=">",
        style=LOOK,
        instruction=" ",
        use_jk_keys=False,
        erase_when_done=True,
    )


def ask_one(prompt: Prompt, before: object, state: State, heading: Sequence[str]) -> object:
    """The answer to one question, or what was done instead; why it is asked is said as often as somebody asks."""
    while True:
        if prompt.kind == "number":
            found = _typed(prompt, before, state, heading)
        elif prompt.many:
            found, before = _several(prompt, before, state, heading)
        else:
            found = _single(prompt, before, state, heading)
        if not isinstance(found, Command):
            return found
        if found.word not in {"why", "help"}:
            return ask_words(found.words) if found.word == "search" else Reply(found.word)  # type: ignore[arg-type]
        say(why_lines(state, prompt.key))


def _typed(prompt: Prompt, before: object, state: State, heading: Sequence[str]) -> object:
    text = answer_words(prompt.key, before, state) if isinstance(before, str) else str(before or "")
    wrong: list[str] = []
    while True:
        asked = questionary.text(f"{prompt.label}:", default=text, qmark="", style=LOOK, erase_when_done=True)
        below = [*wrong, detail(prompt), f"{hint(prompt)}; empty: {silence(prompt)}."]
        text = str(chosen(asked, heading, lambda below=below: below, _TYPED, {}))[:_LONGEST]  # type: ignore[misc]
        try:
            return read_command(text) or checked_value(prompt.key, read_number(text, prompt), state.catalogue)
        except RequirementsError as error:
            wrong = [capital(str(error))]


def _several(prompt: Prompt, before: object, state: State, heading: Sequence[str]) -> tuple[object, object]:
    """The values ticked, or a command and what was ticked until then."""
    ticks = before if isinstance(before, tuple | list) else (before,)
    choices = [
        Choice(cut(choice_label(value, label), width_here() - 6), value, checked=value in ticks)
        for value, label in prompt.choices
    ]
    label = prompt.label if len(choices) < _MANY else f"{prompt.label}, {len(choices)} to choose from:"
    asked = questionary.checkbox(
        label, choices, qmark="", pointer=">", style=LOOK, instruction=" ", erase_when_done=True
    )
    found = chosen(asked, heading, lambda: _help(pointed(asked), prompt, state), _TICKS, COMMANDS)
    values = tuple(ticked(asked))
    if isinstance(found, Command):
        return found, values
    if prompt.kind != "topics" and (not values or set(values) & set(_ALONE)):
        kept = [value for value in values if value not in _ALONE]
        return (tuple(kept) or next(iter(values), "no-answer")), values
    return checked_value(prompt.key, values, state.catalogue), values


def _single(prompt: Prompt, before: object, state: State, heading: Sequence[str]) -> object:
    labels = {**{value: choice_label(value, label) for value, label in prompt.choices}, **_LABELS.get(prompt.kind, {})}
    choices = [Choice(label, value) for value, label in labels.items()]
    first = before if isinstance(before, str) else before[0] if isinstance(before, tuple) else None
    rank = prompt.choices[before][0] if prompt.kind == "rating" and isinstance(before, int) else first
    # Whoever only presses enter has said nothing.
    default = rank if rank in labels else _SILENCE.get(prompt.kind)
    asked = select(prompt.label, choices, default)
    found = chosen(asked, heading, lambda: [detail(prompt)], _KEYS, COMMANDS)
    return found if isinstance(found, Command) else checked_value(prompt.key, found, state.catalogue)


_SILENCE = {"rating": "none", "situation": "no-answer"}
_LABELS: Mapping[str, Mapping[str, str]] = {"criterion": LEVELS, "rating": {"none": "any will do"}}


def _help(value: object, prompt: Prompt, state: State) -> list[str]:
    if prompt.kind != "topics":
        return [detail(prompt)]
    text = state.catalogue.subjects[str(value)].help
    return [text] if text else []


def ask_words(words: str = "") -> Reply:
    """A search for the words, which are asked for where there are none."""
    if not words:
        asked = questionary.text("Search for:", qmark="", style=LOOK, erase_when_done=True)
        words = str(chosen(asked, [], list, keys_text("type a word", "enter alone: your answers so far"), {}))
    return Reply("search", words.strip().removeprefix("/")[:_LONGEST])


def chosen(
    question: Question,
    above: Sequence[str],
    below: Callable[[], Sequence[str]],
    keys: str,
    commands: Mapping[str, Command],
) -> object:
    """What was chosen or typed, or the command whose key was pressed. Raises KeyboardInterrupt and EOFError."""
    added = KeyBindings()
    for key, command in commands.items():
        added.add(key, eager=True)(_leave_with(command))
    added.add(Keys.BracketedPaste, eager=True)(_paste)
    application = framed(question, above, below, keys).application
    application.key_bindings = merge_key_bindings([application.key_bindings or KeyBindings(), added])
    return question.unsafe_ask()


def _leave_with(command: Command) -> Callable[[KeyPressEvent], None]:
    return lambda event: event.app.exit(result=command)


def _paste(event: KeyPressEvent) -> None:
    """Of what is pasted into a line only its beginning counts; anywhere else nothing."""
    event.current_buffer.insert_text(event.data[:_LONGEST].splitlines()[0] if event.data.strip() else "")


def say(sentences: Sequence[str], *, bold: bool = False) -> None:
    """Print sentences, wrapped."""
    page = Page()
    for sentence in sentences:
        page.line(sentence, bold=bold and bool(sentence))
    page.show()
