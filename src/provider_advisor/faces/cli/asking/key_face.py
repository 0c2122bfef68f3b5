"""The conversation with arrow keys: questionary's prompts, and a list of our own for criteria."""

from __future__ import annotations

from collections.abc import Sequence

from questionary import Choice

from provider_advisor.faces.cli.asking.conversation import Draft, Reply
from provider_advisor.faces.cli.asking.entry import Command
from provider_advisor.faces.cli.asking.key_frame import cut, keys_text, pointed, width_here
from provider_advisor.faces.cli.asking.key_list import Line, Opened, ask_list
from provider_advisor.faces.cli.asking.key_prompts import FEWER, ask_one, ask_words, chosen, say, select
from provider_advisor.faces.cli.asking.reasons import known_lines, why_lines
from provider_advisor.faces.cli.asking.wording import (
    answer_words,
    detail,
    end_sentence,
    line_label,
    progress_line,
    standing_line,
    summary,
    title,
)
from provider_advisor.questionnaire import End, Screen, State, prompt_of

__all__ = ["KeyFace"]

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
