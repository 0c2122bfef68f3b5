"""`recommend ask`: ask a team that does not yet know what it needs a few questions, then recommend."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

import click

from provider_advisor.errors import AdvisorError, RequirementsError
from provider_advisor.faces.ask_wording import describe_end, describe_given, describe_open, list_topics_given
from provider_advisor.faces.cli.ask.conversation import Draft, Face, converse
from provider_advisor.faces.cli.ask.plain import PlainFace
from provider_advisor.faces.cli.ask.sessions import (
    check_writable,
    find_newest_session,
    name_session,
    save_session,
    write_yaml,
)
from provider_advisor.faces.cli.ask.typed import InputLines
from provider_advisor.faces.cli.commands import HeadedCommand
from provider_advisor.faces.cli.exit_status import ExitStatus
from provider_advisor.faces.cli.named_files import name_input, read_input
from provider_advisor.faces.cli.options import format_option, option, path_name, take_options
from provider_advisor.faces.cli.recommend import StatementOptions, read_statement
from provider_advisor.faces.cli.text_answer import show_recommendation
from provider_advisor.faces.text import show_lines, show_text
from provider_advisor.knowledge import facts_as_of
from provider_advisor.knowledge.files import read_bytes
from provider_advisor.knowledge.scope import EVERYTHING, Scope
from provider_advisor.questionnaire import (
    Catalogue,
    End,
    State,
    choose_screen,
    go_on,
    make_statement,
    read_answers,
    record_answers,
    record_requirements,
)
from provider_advisor.questionnaire.state import TOPICS
from provider_advisor.recommendation import answer
from provider_advisor.written_values import today

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
_NEWEST = ""
_NARROWEST = 30
_LOWEST = 12
_MOST = 10

# What a session does not hold itself, so the command that continues it repeats these options.
_LASTING = (
    *("save", "team", "as_of", "max_age", *Scope._fields, "facts", "rules", "form"),
    *("show_standing", "plain", "one_by_one", "no_color", "robustness"),
)
_in_conversation = partial(option, heading="Conversation")


class AskOptions(StatementOptions):
    """The options of the command."""

    save: str | None = _in_conversation(
        "--save",
        type=path_name,
        help="Save what you ask for as a requirements file, to use with recommend --file.",
    )
    answers: str | None = _in_conversation(
        "--answers",
        type=path_name,
        help="Read the answers from a file (- for standard input) instead of asking.",
    )
    resume: str | None = _in_conversation(
        "--resume",
        metavar="[FILE]",
        is_flag=False,
        flag_value=_NEWEST,
        help="Continue an earlier session; without FILE, the newest one.",
    )
    team: str | None = _in_conversation(
        "--team", metavar="NAME", help="Name of the team, for the saved file and the report."
    )
    show_standing: bool = _in_conversation(
        "--show-standing", is_flag=True, help="Show how each provider is doing; this may influence your answers."
    )
    plain: bool = _in_conversation("--plain", is_flag=True, help="Ask line by line, without arrow keys.")
    one_by_one: bool = _in_conversation(
        "--one-by-one", is_flag=True, help="Ask one criterion at a time instead of lists."
    )
    no_color: bool = _in_conversation(
        "--no-color", is_flag=True, help="Do not use colour; setting the environment variable NO_COLOR does the same."
    )
    form: str = format_option("text", "json", "markdown", "html")

    @property
    def place(self) -> Path | None:
        """Return where to save the requirements."""
        return None if self.save is None else Path(self.save)

    @property
    def given(self) -> tuple[str, ...]:
        """Return the options that say something before the first question."""
        named = ("file", "needs", "wants", "unlisted", "situation", "usage")
        return tuple(f"--{name}" for name in named if getattr(self, name))

    def make_command(self, session: Path) -> str:
        """Return the command that continues a session."""
        return shlex.join(["recommend", "ask", "--resume", str(session), *self.write(*_LASTING)])


@click.command("ask", cls=HeadedCommand)
@take_options(AskOptions)
@click.pass_context
def ask_command(context: click.Context, /, options: AskOptions) -> None:
    """Ask a few questions about what matters, then recommend.

    Starts with one screen of topics, shows short lists, and ends as soon as no further answer could change the
    result. What a file or options such as --needs already say is not asked again. No provider is named before the
    end. Ctrl-C saves the answers; --resume continues.
    """
    # The conversation starts with what --file and other options state. Their day, age and scope limit the facts, and
    # are repeated in the command that continues a session.
    _check(options)
    if options.no_color:
        os.environ["NO_COLOR"] = "1"
    knowledge = options.load()
    before = read_statement(options, knowledge, complete=False)  # usage may still be missing
    # A later command continues with the day and scope of the file.
    day, age = before.as_of and before.as_of.isoformat(), before.max_age and f"{before.max_age}d"
    options = options.replace(as_of=day or None, max_age=age or None, **before.scope._asdict())
    knowledge = knowledge.restrict(**before.scope._asdict())
    facts = facts_as_of(knowledge, before.as_of or today(), before.max_age)
    said = before._replace(as_of=None, max_age=None, scope=EVERYTHING)
    state = State(Catalogue(facts), most=1 if options.one_by_one else _MOST, given=said)
    if options.answers is not None:
        _answer(_read_file(state, options.answers, options), options)
        return
    resumed = None
    if options.resume is not None:
        resumed = Path(options.resume) if options.resume else find_newest_session(options.place)
        state = read_answers(read_bytes(resumed, str(resumed)), str(resumed), state)
        state = go_on(state) if state.phase == "declared" else state
    draft = Draft(state)
    if options.given:
        _say([describe_given(state)], options)
        draft.said[TOPICS] = list_topics_given(state)
    status = _converse(draft, options, resumed)
    if status:
        context.exit(status)
    # Saved before the answer, which may be cut off, but told below it, where it is still in sight.
    told = _save(draft.state, options, resumed) if draft.kept else ""
    try:
        _answer(draft.state, options)
    finally:
        if told:
            show_text(f"\n{told}", err=True)


def _save(state: State, options: AskOptions, resumed: Path | None) -> str:
    """Save the answers; return how to continue with them."""
    path = (resumed or name_session(options.place)).absolute()
    return save_session(state, path, options.make_command(path))


def _converse(draft: Draft, options: AskOptions, resumed: Path | None) -> int:
    """Ask; return 0, or the exit status after an interruption, when the answers are saved."""

    def save(before: str = "") -> None:
        # A terminal that closes asks twice, itself and by its shell, and may be gone already.
        handlers = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
        with contextlib.suppress(OSError):
            show_text(f"\n{before}{_save(draft.complete(), options, resumed)}", err=True)
        for number, handler in handlers.items():
            signal.signal(number, handler)

    try:
        converse(draft, _make_face(options), partial(_save_as, options))
    except (KeyboardInterrupt, EOFError):
        save("Interrupted. ")
        return ExitStatus.INTERRUPTED  # `main` knows by which signal
    except (OSError, AdvisorError) as error:
        if not isinstance(error, BrokenPipeError):
            save()
        raise
    return 0


def _check(options: AskOptions) -> None:
    """Raise RequirementsError for options that cannot be combined, and for a file that cannot be saved."""
    if options.answers is not None and options.resume is not None:
        raise RequirementsError("--answers and --resume cannot be used together; choose one.")
    if options.resume is not None and options.given:
        raise RequirementsError(
            f"{options.given[0]} and --resume cannot be used together: the session already contains your earlier "
            "answers."
        )
    if options.file == "-":
        raise RequirementsError("--file -: standard input is needed for your answers; give a file.")
    if options.team is not None and not _is_name(options.team):
        raise RequirementsError("--team: the name is empty, too long or not UTF-8; expected a few words.")
    if options.place is not None:
        check_writable(options.place)
        # What is saved includes the requirements in --file, so it may replace them in YAML, but not in a spreadsheet.
        is_yaml = (options.file or "").lower().endswith((".yaml", ".yml"))
        read = {options.answers: "answers", options.resume: "answers"}
        read |= {} if is_yaml else {options.file: "requirements"}
        for file, what in read.items():
            if file and Path(file).resolve() == options.place.resolve():
                raise RequirementsError(f"--save {options.save}: this file contains the {what}; choose another one.")


def _is_name(text: str) -> bool:
    try:
        return 0 < len(text.encode()) <= 2_000 and bool(text.strip())  # noqa: PLR2004 (what a file may hold)
    except UnicodeEncodeError:
        return False


def _read_file(state: State, file: str, options: AskOptions) -> State:
    """Return the state after the answers of a file; if they leave something open, say so and end."""
    found = read_answers(read_input(file, "expected answers, as `recommend ask` saves them."), name_input(file), state)
    left = describe_open(found)
    found = found._replace(phase="declared") if left else found
    end = choose_screen(found)
    if isinstance(end, End):
        _say([describe_end(found, end), *([left] if left else [])], options)
    return found


def _make_face(options: AskOptions) -> Face:
    typed, shown = _is_terminal(sys.stdin), _is_terminal(sys.stdout)
    if typed and shown and not options.plain and _has_room():
        # Importing the terminal library takes a tenth of a second.
        from provider_advisor.faces.cli.ask.keys import KeyFace  # noqa: PLC0415

        return KeyFace(show_standing=options.show_standing)
    lines = InputLines(None if sys.stdin is None else sys.stdin.buffer)
    err = options.form != "text" or (typed and not shown)
    return PlainFace(lines, echo=not typed, err=err, show_standing=options.show_standing)


def _is_terminal(stream: Any) -> bool:  # noqa: ANN401 (a stream, or None where it is closed)
    return stream is not None and not stream.closed and bool(stream.isatty())


def _has_room() -> bool:
    """Return whether the terminal can move its cursor, and has room for a list."""
    if os.environ.get("TERM", "dumb") == "dumb":
        return False
    size = os.get_terminal_size(sys.stdout.fileno())
    # A terminal that does not report its size has no columns.
    return (size.columns or 80) >= _NARROWEST and (size.lines or 24) >= _LOWEST


def _answer(state: State, options: AskOptions) -> None:
    """Save the requirements if asked to, and print the answer."""
    refused = None
    if options.place is not None:
        try:
            _write_requirements(state, options.place, options)
        except RequirementsError as error:
            refused = error  # said after the answer, which must not be lost with it
    statement = make_statement(state, options.team)._replace(as_of=options.day, max_age=options.age)
    knowledge = state.catalogue.facts.base
    if options.form == "text":
        _say([""], options)
    show_recommendation(answer(knowledge, statement, robustness=options.robustness), knowledge, options.form)
    if refused is not None:
        raise refused
    if options.save is not None:
        _say(["", _describe_saved(options.save, options)], options)


def _describe_saved(file: str, options: AskOptions) -> str:
    command = shlex.join(["recommend", "--file", file, *options.write("facts", "rules")])
    return f"The requirements are saved. This command gives the same answer: {command}"


def _write_requirements(state: State, place: Path, options: AskOptions) -> None:
    dated = {"as_of": options.as_of, "max_age": options.max_age}
    record = record_requirements(state, options.team) | {key: value for key, value in dated.items() if value}
    write_yaml(place, record, "Requirements from recommend ask, for recommend --file.")


def _save_as(options: AskOptions, state: State, place: Path, is_answers: bool) -> str:  # noqa: FBT001 (a SaveFile)
    """Save the requirements or the answers to the person's file, and return the message to show."""
    if not is_answers:
        _write_requirements(state, place, options)
        return _describe_saved(str(place.absolute()), options)
    command = options.make_command(place.absolute())
    write_yaml(place, record_answers(state), f"Answers to recommend ask; to continue: {command}")
    return f"The answers are saved. To continue: {command}"


def _say(sentences: list[str], options: AskOptions) -> None:
    """Print a message: on standard error if the answer on standard output is meant for programs."""
    show_lines(sentences, err=options.form != "text")
