"""The conversation line by line: for pipes, simple terminals, and `--plain`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TypeVar

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import begin_sentence
from provider_advisor.faces.ask_wording import (
    describe_answer,
    describe_answers,
    describe_end,
    describe_hint,
    describe_question,
    describe_silence,
    describe_so_far,
    describe_title,
    list_heading,
)
from provider_advisor.faces.cli.ask.conversation import Draft, Reply
from provider_advisor.faces.cli.ask.typed import (
    InputLines,
    read_command,
    read_marks,
    read_place,
    read_typed_answer,
)
from provider_advisor.faces.text import Page, show_lines, show_prompt, show_text
from provider_advisor.faces.why_wording import describe_known, describe_why
from provider_advisor.questionnaire import End, Key, Prompt, Screen, State, make_prompt
from provider_advisor.questionnaire.prompts import SHORT_LIST
from provider_advisor.safe_text import shown

T = TypeVar("T")

# In a pipe, what is read is printed too, so that the whole conversation can be read afterwards:
#
#     Topics: Phone calls.
#
#     Phone calls: how important is each of these?
#     Up to 79 criteria could still change the answer
#      1  Incoming calls
#         People call you.
#     …
#     > 1 must, 8 good
#     Incoming calls: must; Call recording: good.
#
# The numbers are places on this screen, so a screen that is shown again without its list ("Back to: …") keeps them.

_PATIENCE = 100
"""The conversation ends after this many unknown lines in a row, for example when somebody pastes a file."""

_MOST_SHOWN = 80
_ONE = "m (must), g (good), n (nice), x (no) or s (not sure)"
_OWN = "m (must), g (good), n (nice) or x (leave it out)"
_LISTED = f"A number and {_ONE}, as in 1m 3g; empty line: nothing else; help for more."
_HELP = (
    "must: a provider without it is ruled out. good: it counts. nice: it counts a little. not sure: it stays open.",
    "no (x): it is not wanted, and no rule adds it. No answer does not mean no: your other answers may still add it.",
    "?: why this is asked (?3: why the third). /word: find any question. back: the previous screen. done: finish here.",
    "+ words: something else you need, in your own words; with | between two where either will do.",
    "stop: save the answers and end. An empty line continues.",
)


class PlainFace:
    """Questions as lines on standard output, or on standard error; answers as lines of standard input.

    With `echo`, input is printed too, because no terminal shows it.
    """

    def __init__(self, lines: InputLines, *, echo: bool, err: bool = False, show_standing: bool = False) -> None:
        self._lines = lines
        self._echo = echo
        self._err = err
        self._show_standing = show_standing
        self._ended = False
        self._begun = False
        self._shown: Screen | None = None
        self._misunderstood = 0

    def listen(self) -> AbstractContextManager[None]:
        """Return a context that does nothing: a terminal shows what is typed."""
        return nullcontext()

    def tell(self, sentence: str) -> None:
        """Print a sentence, wrapped."""
        self._say([sentence])

    def ask(self, draft: Draft, screen: Screen) -> Reply:
        """Show a screen and read its answers; the end of input stops."""
        try:
            if screen is self._shown:
                self.tell(f"Back to: {describe_title(screen, draft.state)}")
            else:
                self._show_heading(draft, screen)
            return self._read_answers(draft, screen)
        except EOFError:
            return Reply("stop", lasting=not self._echo)

    def _read_answers(self, draft: Draft, screen: Screen) -> Reply:
        """Read marks for the criteria, if any, then the other answers in turn; `back` returns to the step before."""
        criteria = [key for key in screen.keys if key.kind == "criterion"]
        others = [[key] for key in screen.keys if key not in criteria]
        place, reply = 0, Reply("back")
        while True:
            # The marks decide which numbers and members are asked for.
            along = _group_alike(draft.list_along(), draft.state)
            steps = [*([criteria] if criteria else []), *along, *others]
            if place == len(steps):
                return Reply("next")
            if reply.word == "next":
                self.tell("")
            keys = steps[place]
            reply = self._ask_marks(draft, screen, keys) if keys is criteria else self._ask_together(draft, keys)
            if reply.word == "back" and place:
                place -= 1
                self._shown = None  # other questions came in between, so a list is shown again
            elif reply.word != "next":
                return reply
            else:
                place += 1

    def ask_at_end(self, draft: Draft, end: End) -> Reply:
        """Say what the end means, and ask what to do now; the end of input finishes."""
        self._say(["", describe_end(draft.state, end)], bold=True)
        if self._ended:
            return Reply("finish")
        ways = _list_ways_on(end)
        self.tell(ways)
        try:
            return self._hear(lambda text: _read_way(text, end, ways), draft.state, (), [ways])
        except EOFError:
            return Reply("finish")

    def pick(self, state: State, keys: Sequence[Key]) -> Key | dict[Key, str] | Reply | None:
        """Return the key chosen by number, answers, or a command; other words search again, an empty line leaves."""
        page = Page(err=self._err)
        for place, key in enumerate(keys, start=1):
            page.line(f"{place:>2}  {make_prompt(key, state.catalogue).label}{describe_so_far(key, state)}")
        page.line("A number: answer that one; ?1: why the first; other words: search again; empty line: return.")
        page.show()
        try:
            return self._hear(lambda text: _read_pick(text, keys), state, keys)
        except EOFError:
            return None

    def ask_name(self) -> str:
        """Return the name of a file, empty for none."""
        return self._ask_once("Save to which file? A name such as team.yaml; empty line: do not save.")

    def confirm(self, question: str) -> bool:
        """Return whether the next line is a yes."""
        return self._ask_once(f"{question} yes: replace it; empty line: keep it.").casefold() in {"yes", "y"}

    def _ask_once(self, sentence: str) -> str:
        self.tell(sentence)
        try:
            return self._read_line()
        except (EOFError, RequirementsError):
            return ""

    def ask_value(self, state: State, key: Key, before: object) -> object:
        """Return an answer to one question, or a command; an empty line leaves it as it was."""
        try:
            return self._ask_one(make_prompt(key, state.catalogue), before, state, leave=True)
        except EOFError:
            return None

    def _show_heading(self, draft: Draft, screen: Screen) -> None:
        page = Page(err=self._err)
        if self._begun:
            page.line("")
        self._begun = True
        for place, line in enumerate(list_heading(screen, draft.state, standing=self._show_standing)):
            page.line(line, bold=not place)
        page.show()

    def _ask_marks(self, draft: Draft, screen: Screen, keys: Sequence[Key]) -> Reply:
        if screen is not self._shown:
            self._show_list(draft, keys)
        self._shown = screen

        def read(text: str) -> Reply | dict[Key, str]:
            return _read_command(text) or (read_marks(text, keys) if text else {})

        while True:
            found = self._hear(read, draft.complete(), keys)
            if isinstance(found, Reply):
                return found
            draft.said.update(found)
            if found:
                self.tell(describe_answers(found, draft.state))
            if not found or len(keys) == 1:
                return Reply("next")

    def _show_list(self, draft: Draft, keys: Sequence[Key]) -> None:
        page = Page(err=self._err)
        for place, key in enumerate(keys, start=1):
            prompt = make_prompt(key, draft.state.catalogue)
            said = f" [{describe_answer(key, draft.said[key], draft.state)}]" if key in draft.said else ""
            page.line(f"{place:>2}  {prompt.label}{said}")
            page.line(prompt.help or prompt.ask, 4)
        page.line(_LISTED if len(keys) > 1 else f"{_ONE}; empty line: no answer; help for more.")
        page.show()

    def _ask_together(self, draft: Draft, keys: Sequence[Key]) -> Reply:
        """Ask one question for several keys, such as those with the same members: "In which countries?"."""
        prompts = [make_prompt(key, draft.state.catalogue) for key in keys]
        prompt = prompts[0]._replace(label=", ".join(each.label for each in prompts))
        found = self._ask_one(prompt, draft.said.get(keys[0]), draft.complete())
        if isinstance(found, Reply):
            return found
        said = dict.fromkeys(keys, found)
        draft.said |= said
        self.tell(describe_answers(said, draft.state))
        return Reply("next")

    def _ask_one(self, prompt: Prompt, before: object, state: State, *, leave: bool = False) -> object:
        """Return the answer to one question, or what was done instead.

        An empty line is the answer `before`, if there is one; with `leave` it goes back.
        """
        self._show_one(prompt, before, state)
        self.tell(_describe_input(prompt, state, is_kept=leave or before is not None))

        def read(text: str) -> object:
            if not text and (leave or before is not None):
                return Reply("back") if leave else before
            return _read_answer(text, prompt, state)

        return self._hear(read, state, (prompt.key,))

    def _show_one(self, prompt: Prompt, before: object, state: State) -> None:
        page = Page(err=self._err)
        if prompt.kind != "topics":
            page.line(prompt.label, bold=True)
            page.line(describe_question(prompt))
        if prompt.kind in {"topics", "situation", "rating"} or _is_short(prompt):
            for place, (value, label) in enumerate(prompt.choices, start=1):
                page.line(f"{place:>2}  {label}")
                if prompt.kind == "topics" and (text := state.catalogue.subjects[value].help):
                    page.line(text, 4)
        if before is not None:
            page.line(f"Your answer so far: {describe_answer(prompt.key, before, state)}.")
        page.show()

    def _hear(self, read: Callable[[str], T], state: State, keys: Sequence[Key], about: Sequence[str] = _HELP) -> T:
        """Return the meaning of a line, after those that are not understood, or only ask for help or for why.

        Help is `about` what can be typed; `?` says why one of the keys is asked, or what is known. Raises EOFError
        where the input ends.
        """
        while True:
            try:
                found = read(self._read_line())
            except RequirementsError as error:
                self._misunderstood += 1
                self.tell(begin_sentence(error))
                continue
            self._misunderstood = 0
            if isinstance(found, Reply) and found.word in {"help", "why"}:
                self._say(about if found.word == "help" else _explain(found.words, state, keys))
            else:
                return found

    def _read_line(self) -> str:
        if self._misunderstood >= _PATIENCE:
            self._ended = True
            self.tell(f"{_PATIENCE} lines in a row were not understood, so the conversation ends here.")
        if not self._echo:
            show_prompt(">", err=self._err)
        text = None if self._ended else self._lines.read()
        if text is None:
            self._ended = True
            self.tell("(end of input)")
            raise EOFError
        if self._echo:
            show_text(f"> {text[:_MOST_SHOWN]}".rstrip(), err=self._err)
        return text

    def _say(self, sentences: Sequence[str], *, bold: bool = False) -> None:
        show_lines(sentences, err=self._err, bold=bold)


def _list_ways_on(end: End) -> str:
    on = "" if end.complete else "on: continue; "
    return (
        f"Empty line: finish; {on}back: the previous screen; change: change an answer; /word: find a question; "
        "+ words: something else you need; ?: what is proved; "
        "save FILE: save what you ask for; save answers FILE: save the answers."
    )


def _read_way(text: str, end: End, ways: str) -> Reply:
    """Return what to do at an end. Raises RequirementsError."""
    word, _, name = text.partition(" ")
    if word.casefold() == "save":
        return Reply("save", name.strip())
    command = read_command(text) if text else Reply("finish")
    if command is None or (command.word == "next" and end.complete):
        raise RequirementsError(f"{shown(text[:60])} is not possible here. {ways}")
    return command


def _group_alike(keys: Iterable[Key], state: State) -> list[list[Key]]:
    """Return the keys in groups: those of members with the same list together, each other one alone."""
    criteria, found = state.catalogue.knowledge.criteria, dict[object, list[Key]]()
    for key in keys:
        found.setdefault(criteria[key.name].of_each if key.kind == "members" else key, []).append(key)
    return list(found.values())


def _is_short(prompt: Prompt) -> bool:
    return prompt.kind == "members" and len(prompt.choices) <= SHORT_LIST


def _read_pick(text: str, keys: Sequence[Key]) -> Key | dict[Key, str] | Reply | None:
    """Return the key that a number picks, answers as in a list, a command, a search, or None.

    Raises RequirementsError.
    """
    if (command := _read_command(text)) is not None:
        return command
    if text.isascii() and text.isdigit():
        return keys[read_place(text, len(keys))]
    # "1m" answers as in a list; "10dlc" and "24/7 support" are words to search for.
    if text[:1].isdigit() and all(key.kind in {"criterion", "unlisted"} for key in keys):
        with suppress(RequirementsError):
            return read_marks(text, keys)
    return Reply("search", text) if text else None


def _describe_input(prompt: Prompt, state: State, *, is_kept: bool) -> str:
    """Say what may be typed; an empty line keeps the previous answer, if any."""
    if prompt.kind == "number":
        what = describe_hint(prompt)
    elif prompt.kind == "members":
        # Of a long list, what most claims name is what most teams look for: not "Abkhazian, Afar".
        every = {} if _is_short(prompt) else state.catalogue.knowledge.claims
        claims = (claim for (_, name), found in every.items() if name == prompt.key.name for claim in found)
        named = Counter(member for claim in claims for member in claim.members)
        examples = [label for _, label in sorted(prompt.choices, key=lambda choice: -named[choice[0]])[:2]]
        what = f"Names{' or numbers' if _is_short(prompt) else ''}, as in {', '.join(examples)}; s: not sure"
    elif prompt.kind == "criterion":
        what = _OWN if prompt.key.kind == "unlisted" else _ONE
    else:
        what = "Numbers, as in 1 3" if prompt.many else "A number"
    return f"{what}; empty line: {'no change' if is_kept else describe_silence(prompt)}; help for more."


def _read_answer(text: str, prompt: Prompt, state: State) -> object:
    """Return the checked answer to a question, or a command. Raises RequirementsError."""
    is_choice = prompt.kind != "members" and text.casefold() in {value for value, _ in prompt.choices}
    return (None if is_choice else _read_command(text)) or read_typed_answer(text, prompt, state)


def _read_command(text: str) -> Reply | None:
    """Return the command in a line. Raises RequirementsError for what works only at an end."""
    command = read_command(text)
    if command is not None and command.word in {"finish", "next"}:
        raise RequirementsError("this question is still open: answer it, or type done.")
    return command


def _explain(words: str, state: State, keys: Sequence[Key]) -> list[str]:
    """Explain why one of several questions is asked; for a bare `?`, what is known so far."""
    if len(keys) != 1 and not (words and keys):
        return [*describe_known(state), *(["For one of the questions: ?1 for the first."] if keys else [])]
    try:
        return describe_why(state, keys[read_place(words or "1", len(keys))])
    except RequirementsError as error:
        return [begin_sentence(error)]
