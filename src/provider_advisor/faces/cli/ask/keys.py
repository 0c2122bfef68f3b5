"""The conversation with arrow keys: questionary's prompts, and a list of our own for criteria."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import questionary
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings
from prompt_toolkit.keys import Keys
from questionary import Choice, Question

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import capital
from provider_advisor.faces.cli.ask.conversation import Draft, Reply
from provider_advisor.faces.cli.ask.list_widget import (
    LOOK,
    Line,
    Opened,
    ask_list,
    cut,
    framed,
    keys_text,
    pointed,
    ticked,
    width_here,
)
from provider_advisor.faces.cli.ask.typed import Command, read_command, read_number
from provider_advisor.faces.cli.ask.wording import (
    LEVELS,
    answer_words,
    choice_label,
    detail,
    end_sentence,
    hint,
    known_lines,
    line_label,
    progress_line,
    silence,
    standing_line,
    summary,
    title,
    why_lines,
)
from provider_advisor.faces.text import Page
from provider_advisor.questionnaire import End, Prompt, Screen, State, prompt_of
from provider_advisor.questionnaire.keys import checked_value

__all__ = ["FEWER", "KeyFace", "ask_one", "ask_words", "chosen", "say", "select"]

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


_LEAVE = keys_text("↑↓ move", "enter choose", "? why", "b leave it as it was")
_ENDS = keys_text("↑↓ move", "enter choose", "? what is proved")
_WHY = {**FEWER, "?": Command("why")}


class KeyFace:
    """Screens on a terminal; each is wiped when it is answered, and leaves one line that says what was."""

    def __init__(self, *, show_standing: bool = False) -> None:
        self._show_standing = show_standing
        self._at = ""

    def tell(self, sentence: str) -> None:
        """Say something, wrapped."""
        say([sentence])

    def ask(self, draft: Draft, screen: Screen) -> Reply:
        """Show a screen; what is answered stays above as one line."""
        is_list = len(screen.keys) > 1 or screen.keys[0].startswith("criterion:")
        reply = self._list(draft, screen) if is_list else self._each(draft, screen)
        values = draft.values()
        if reply.word == "next" or (values and reply.word in {"done", "stop"}):
            say([summary(values, draft.state)])
        return reply

    def after(self, draft: Draft, end: End) -> Reply:
        """Say what the end means, and ask what to do now."""
        say(["", end_sentence(draft.state, end)], bold=True)
        ways = {
            "finish": "Finish: show the answer",
            **({} if end.complete else {"next": "Go on with what is left to ask"}),
            "back": "Go back",
            "search": "Change or add an answer",
        }
        choices = [Choice(label, word) for word, label in ways.items()]
        word: object = "why"
        while word == "why":
            found = chosen(select("And now?", choices), [], list, _ENDS, _WHY)
            word = found.word if isinstance(found, Command) else found
            if word == "why":
                say(known_lines(draft.state))
        return ask_words() if word == "search" else Reply(word)  # type: ignore[arg-type]

    def pick(self, state: State, keys: Sequence[str]) -> str | Reply | None:
        """One of the keys, another search, or nothing."""
        word: object = "?"
        while word == "?":
            asked = select("Which one?", _choices(state, keys))
            found = chosen(asked, [], lambda asked=asked: _details(pointed(asked), state), _LEAVE, _WHY)  # type: ignore[misc]
            word = {"why": "?", "search": "/", "back": ""}[found.word] if isinstance(found, Command) else found
            if word == "?":
                say(_reasons(pointed(asked), state))
        if word == "/":
            return ask_words()
        return str(word) or None

    def value(self, state: State, key: str, before: object) -> object:
        """An answer to one question, None to leave it as it was."""
        found = ask_one(prompt_of(key, state.catalogue), before, state, ())
        return None if isinstance(found, Reply) else found

    def _heading(self, screen: Screen, state: State) -> list[str]:
        lines = [
            title(screen, state),
            progress_line(screen, state),
            standing_line(state) if self._show_standing else "",
        ]
        return [line for line in lines if line]

    def _list(self, draft: Draft, screen: Screen) -> Reply:
        """Lines of which each is set or opened; `back` out of a line leads to the list again."""
        heading = self._heading(screen, draft.state)
        while True:
            found, self._at = ask_list(
                heading,
                lambda: _lines(draft, screen),
                draft.said,
                lambda key: why_lines(draft.whole(), key),
                self._at,
            )
            if isinstance(found, Opened):
                answer = self._opened(draft, screen, found, heading)
                if answer is not None:
                    return answer
            else:
                return ask_words() if found.word == "search" else found

    def _opened(self, draft: Draft, screen: Screen, opened: Opened, heading: Sequence[str]) -> Reply | None:
        """Answer one line; what was done instead, if that leaves the list."""
        prompt = prompt_of(opened.key, draft.state.catalogue)
        answer = ask_one(prompt, opened.typed or draft.said.get(opened.key), draft.whole(), heading[:1])
        self._at = opened.key
        if isinstance(answer, Reply):
            return None if answer.word == "back" else answer
        draft.said[opened.key] = answer
        keys = [line.key for line in _lines(draft, screen)]
        self._at = keys[min(keys.index(opened.key) + 1, len(keys) - 1)]
        return None

    def _each(self, draft: Draft, screen: Screen) -> Reply:
        """Questions that are asked one after the other; `back` goes to the one before."""
        place, heading = 0, self._heading(screen, draft.state)
        while place < len(screen.keys):
            prompt = prompt_of(screen.keys[place], draft.state.catalogue)
            found = ask_one(prompt, draft.said.get(prompt.key), draft.state, heading)
            if not isinstance(found, Reply):
                draft.said[prompt.key] = found
                place += 1
            elif found.word == "back" and place:
                place -= 1
            else:
                return found
        return Reply("next")


def _choices(state: State, keys: Sequence[str]) -> list[Choice]:
    """The keys with the answers so far, and what else there is to choose."""
    answers = {answer.key: answer.value for answer in state.answers}
    said = {key: f" ({answer_words(key, answers[key], state)})" if key in answers else "" for key in keys}
    labels = {key: prompt_of(key, state.catalogue).label + said[key] for key in keys}
    choices = [Choice(cut(label, width_here() - 6), key) for key, label in labels.items()]
    return [*choices, Choice("(search by another word)", "/"), Choice("(leave it)", "")]


def _lines(draft: Draft, screen: Screen) -> list[Line]:
    """The lines of a screen; the number of what is ticked stands below it."""
    state, numbers = draft.state, draft.numbers()
    found = []
    for key in screen.keys:
        bound = key.replace("criterion:", "bound:", 1)
        here = (key, bound) if bound in numbers and bound != key else (key,)
        found += [_line(one, draft.said.get(one), state) for one in here]
    return found


def _line(key: str, value: object, state: State) -> Line:
    prompt = prompt_of(key, state.catalogue)
    if prompt.kind == "criterion":
        return Line(key, prompt.label, detail(prompt))
    return Line(key, line_label(key, value, state), detail(prompt), opens=True)


def _reasons(key: object, state: State) -> list[str]:
    return why_lines(state, str(key)) if key and key != "/" else known_lines(state)


def _details(key: object, state: State) -> list[str]:
    return [detail(prompt_of(str(key), state.catalogue))] if key and key != "/" else []
