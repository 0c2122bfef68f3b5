"""The conversation line by line: for pipes, for terminals that cannot do more, and for `--plain`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import capital
from provider_advisor.faces.cli.ask.conversation import Draft, Reply
from provider_advisor.faces.cli.ask.typed import Command, Lines, read_choices, read_command, read_marks, read_number
from provider_advisor.faces.cli.ask.wording import (
    answer_words,
    choice_label,
    detail,
    end_sentence,
    hint,
    known_lines,
    progress_line,
    silence,
    spoken,
    standing_line,
    title,
    why_lines,
)
from provider_advisor.faces.text import Page, show_prompt, show_text
from provider_advisor.questionnaire import End, Prompt, Screen, State, prompt_of
from provider_advisor.questionnaire.keys import checked_value
from provider_advisor.requirements.grammar import shown

__all__ = ["ONE", "PlainFace", "answer_or_command", "how_to", "picked", "ways_on", "why_of"]

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


T = TypeVar("T")

_PATIENCE = 100
"""So many lines in a row that are not understood are taken for the end of input: a paste by mistake, say."""

_MOST_SHOWN = 80
_LISTED = f"A number and {ONE}, as in 1m 3g; empty line: no more; help for more."
_HELP = (
    "must: without it a provider is out. good: it counts. nice: it counts a little. Not sure is kept as an open point.",
    "?: why this is asked (?3: why the third). /word: find any question. back: the screen before. done: that is all.",
    "stop: save the answers and end. An empty line goes on.",
)


class _EndedError(Exception):
    """There is no more input."""


class PlainFace:
    """Questions as lines on standard output, or on standard error; answers as lines of standard input."""

    def __init__(self, lines: Lines, *, echo: bool, err: bool = False, show_standing: bool = False) -> None:
        self._lines = lines
        self._echo = echo
        self._err = err
        self._show_standing = show_standing
        self._ended = False
        self._begun = False
        self._shown: Screen | None = None
        self._misunderstood = 0

    def tell(self, sentence: str) -> None:
        """Say something, wrapped."""
        self._say([sentence])

    def ask(self, draft: Draft, screen: Screen) -> Reply:
        """Show a screen and read its answers; the end of input stops."""
        try:
            if screen is self._shown:
                self.tell(f"Back to: {title(screen, draft.state)}")
            else:
                self._heading(draft, screen)
            return self._answers(draft, screen)
        except _EndedError:
            return Reply("stop", lasting=not self._echo)

    def _answers(self, draft: Draft, screen: Screen) -> Reply:
        """First the list of criteria, if there is one, then what else the screen asks; `back` goes to the list."""
        criteria = [key for key in screen.keys if key.startswith("criterion:")]
        while True:
            reply = self._list(draft, screen, criteria) if criteria else Reply("next")
            rest = (*draft.numbers(), *(key for key in screen.keys if key not in criteria))
            if reply.word != "next" or not rest:
                return reply
            if criteria:
                self.tell("")
            reply = self._each(draft, rest)
            if reply.word != "back" or not criteria:
                return reply
            self._shown = None

    def after(self, draft: Draft, end: End) -> Reply:
        """Say what the end means; the end of input finishes."""
        self._say(["", end_sentence(draft.state, end)], bold=True)
        if self._ended:
            return Reply("finish")
        self.tell(ways_on(end))
        try:
            while True:
                reply = self._understood(lambda text: self._reply_after(text, end, draft.state))
                if reply is not None:
                    return reply
        except _EndedError:
            return Reply("finish")

    def pick(self, state: State, keys: Sequence[str]) -> str | Reply | None:
        """One of the keys by its number; other words search again, an empty line leaves."""
        answers = {answer.key: answer.value for answer in state.answers}
        page = self._page()
        for place, key in enumerate(keys, start=1):
            said = f" ({answer_words(key, answers[key], state)})" if key in answers else ""
            page.line(f"{place:>2}  {prompt_of(key, state.catalogue).label}{said}")
        page.line("Number: answer that one; ?1: why the first; other words: search again; empty line: leave it.")
        page.show()
        try:
            while True:
                found = self._understood(lambda text: picked(text, keys))
                if not isinstance(found, Command):
                    return found
                self._say(why_of(found.words, state, keys))
        except _EndedError:
            return None

    def value(self, state: State, key: str, before: object) -> object:
        """An answer to one question; an empty line, or a command, leaves it as it was."""
        try:
            found = self._answer(prompt_of(key, state.catalogue), before, state, leave=True)
        except _EndedError:
            return None
        return None if isinstance(found, Reply) else found

    def _heading(self, draft: Draft, screen: Screen) -> None:
        page = self._page()
        if self._begun:
            page.line("")
        self._begun = True
        page.line(title(screen, draft.state), bold=True)
        for line in (progress_line(screen, draft.state), standing_line(draft.state) if self._show_standing else ""):
            if line:
                page.line(line)
        page.show()

    def _list(self, draft: Draft, screen: Screen, keys: Sequence[str]) -> Reply:
        if screen is not self._shown:
            self._lines_of(draft, keys)
        self._shown = screen
        while True:
            found = self._understood(lambda text: read_command(text) or (read_marks(text, keys) if text else {}))
            if isinstance(found, Command):
                reply = self._reply(found, draft.whole(), keys)
                if reply is not None:
                    return reply
                continue
            draft.said.update(found)
            if found:
                self.tell(spoken(found, draft.state))
            if not found or len(keys) == 1:
                return Reply("next")

    def _lines_of(self, draft: Draft, keys: Sequence[str]) -> None:
        page = self._page()
        for place, key in enumerate(keys, start=1):
            prompt = prompt_of(key, draft.state.catalogue)
            said = f" [{answer_words(key, draft.said[key], draft.state)}]" if key in draft.said else ""
            page.line(f"{place:>2}  {prompt.label}{said}")
            page.line(prompt.help or prompt.ask, 4)
        page.line(_LISTED if len(keys) > 1 else f"{ONE}; empty line: no; help for more.")
        page.show()

    def _each(self, draft: Draft, keys: Sequence[str]) -> Reply:
        """Questions that are asked one after the other; `back` goes to the one before."""
        place, state = 0, draft.state
        while place < len(keys):
            key = keys[place]
            found = self._answer(prompt_of(key, state.catalogue), draft.said.get(key), draft.whole())
            if isinstance(found, Reply):
                if found.word != "back" or not place:
                    return found
                place -= 1
                continue
            draft.said[key] = found
            place += 1
            self._say([spoken({key: found}, state), *([""] if place < len(keys) else [])])
        return Reply("next")

    def _answer(self, prompt: Prompt, before: object, state: State, *, leave: bool = False) -> object:
        """The answer to one question, or what was done instead.

        An empty line is the answer `before`, if there is one; with `leave` it is no answer.
        """
        self._show_one(prompt, before, state)
        self.tell(how_to(prompt, is_kept=leave or before is not None))

        def read(text: str) -> object:
            if not text and (leave or before is not None):
                return Reply("back") if leave else before
            return answer_or_command(text, prompt, state)

        while True:
            found = self._understood(read)
            reply = self._reply(found, state, (prompt.key,)) if isinstance(found, Command) else None
            if reply is not None or not isinstance(found, Command):
                return reply or found

    def _show_one(self, prompt: Prompt, before: object, state: State) -> None:
        page = self._page()
        if prompt.kind != "topics":
            page.line(prompt.label, bold=True)
            page.line(detail(prompt))
        if prompt.kind in {"topics", "situation", "rating"}:
            for place, (value, label) in enumerate(prompt.choices, start=1):
                page.line(f"{place:>2}  {choice_label(value, label)}")
                if prompt.kind == "topics" and (text := state.catalogue.subjects[value].help):
                    page.line(text, 4)
        if before is not None:
            page.line(f"Your answer so far: {answer_words(prompt.key, before, state)}.")
        page.show()

    def _reply(self, command: Command, state: State, keys: Sequence[str]) -> Reply | None:
        """What the conversation does on a command; None where it only had to be answered here."""
        if command.word in {"help", "why"}:
            self._say(_HELP if command.word == "help" else why_of(command.words, state, keys))
            return None
        if command.word in {"finish", "next"}:
            self.tell("There is a question open: answer it, or say done.")
            return None
        return Reply(command.word, command.words)  # type: ignore[arg-type]

    def _reply_after(self, text: str, end: End, state: State) -> Reply | None:
        """What to do at an end; None where the line only had to be answered here."""
        command = read_command(text)
        if not text or (command and command.word in {"finish", "done", "stop"}):
            return Reply("finish")
        if command and command.word == "why":
            self._say(known_lines(state))
            return None
        if command is None or command.word == "help" or (command.word == "next" and end.complete):
            raise RequirementsError(f"{shown(text[:60])} is not understood. {ways_on(end)}")
        return Reply(command.word, command.words)  # type: ignore[arg-type]

    def _understood(self, read: Callable[[str], T]) -> T:
        """What a line means, asked again until it means something. Raises _EndedError."""
        while True:
            try:
                return self._counted(read(self._line()))
            except RequirementsError as error:
                self._misunderstood += 1
                self.tell(capital(str(error)))

    def _counted(self, found: T) -> T:
        self._misunderstood = 0
        return found

    def _line(self) -> str:
        if self._misunderstood >= _PATIENCE:
            self._ended = True
            self.tell(f"{_PATIENCE} lines in a row were not understood; that is taken for the end.")
        if not self._echo:
            show_prompt(">", err=self._err)
        text = None if self._ended else self._lines.read()
        if text is None:
            self._ended = True
            self.tell("(end of input)")
            raise _EndedError
        if self._echo:
            show_text(f"> {text[:_MOST_SHOWN]}".rstrip(), err=self._err)
        return text

    def _say(self, sentences: Sequence[str], *, bold: bool = False) -> None:
        page = self._page()
        for sentence in sentences:
            page.line(sentence, bold=bold and bool(sentence))
        page.show()

    def _page(self) -> Page:
        return Page(err=self._err)
