"""`recommend ask`: few questions for a team that does not know yet what it needs, and then the answer."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from pathlib import Path
from typing import Any

import click

from provider_advisor.errors import AdvisorError, RequirementsError
from provider_advisor.faces.cli.ask.conversation import Draft, Face, converse
from provider_advisor.faces.cli.ask.plain import PlainFace
from provider_advisor.faces.cli.ask.sessions import (
    EndRequest,
    Settings,
    check_writable,
    interruptible,
    keep,
    newest_session,
    write_yaml,
)
from provider_advisor.faces.cli.ask.typed import Lines
from provider_advisor.faces.cli.ask.wording import end_sentence, open_sentence
from provider_advisor.faces.cli.options import (
    as_of_option,
    bytes_from,
    day_of,
    days_of,
    format_option,
    knowledge_from,
    knowledge_options,
    name_of,
    path_name,
    today,
)
from provider_advisor.faces.cli.text_answer import show_recommendation
from provider_advisor.faces.text import Page
from provider_advisor.knowledge import facts_as_of
from provider_advisor.knowledge.files import read_bytes
from provider_advisor.questionnaire import (
    Catalogue,
    End,
    State,
    begin,
    declared,
    further,
    read_answers,
    requirements_record,
    screen_after,
    statement_of,
)
from provider_advisor.recommendation import answer

__all__ = ["ask_command"]

_NEWEST = ""
_NARROWEST = 30
_LOWEST = 12
_MOST = 10


@click.command("ask")
@click.option(
    "--save",
    type=path_name,
    metavar="FILE",
    help="Save what was asked for as a requirements file, for recommend --file.",
)
@click.option(
    "--answers",
    type=path_name,
    metavar="FILE",
    help="Take the answers from a file (- for standard input); ask nothing.",
)
@click.option(
    "--resume",
    metavar="[FILE]",
    is_flag=False,
    flag_value=_NEWEST,
    help="Go on where an earlier session stopped; without FILE the newest.",
)
@click.option("--show-standing", is_flag=True, help="Show where each provider stands so far; this may sway answers.")
@click.option("--plain", is_flag=True, help="Ask line by line, without arrow keys.")
@click.option("--one-by-one", is_flag=True, help="Ask one criterion at a time instead of lists.")
@click.option("--no-color", is_flag=True, help="No colours; the environment variable NO_COLOR does the same.")
@click.option("--team", metavar="NAME", help="The team's name, for the file and the report.")
@as_of_option
@click.option("--max-age", metavar="DAYS", help="Do not use claims older than this: 365d.")
@click.option("--robustness/--no-robustness", default=True, help="Whether to say how sure the answer is.")
@format_option("text", "json", "markdown", "html")
@knowledge_options
@click.pass_context
def ask_command(context: click.Context, /, **given: Any) -> None:  # noqa: ANN401 (the options)
    """Ask what matters, as little as possible, then answer.

    One screen of topics, then short lists; it ends as soon as nothing that you could still say would change the
    answer. No provider is named before the end. Ctrl-C saves the answers, and --resume goes on.
    """
    settings = _checked(Settings(**given))
    if settings.no_color:
        os.environ["NO_COLOR"] = "1"
    knowledge = knowledge_from(settings.facts, settings.rules)
    facts = facts_as_of(knowledge, day_of(settings.as_of) or today(), days_of(settings.max_age))
    state = begin(Catalogue(facts), 1 if settings.one_by_one else _MOST)
    if settings.answers is not None:
        _answer(_from_file(state, settings.answers, settings), settings)
        return
    resumed = _resumed(settings)
    draft = Draft(_read(state, resumed) if resumed else state)
    status = _converse(draft, settings, resumed)
    if status:
        context.exit(status)
    _answer(draft.state, settings)


def _converse(draft: Draft, settings: Settings, resumed: Path | None) -> int:
    """Ask; 0, or the exit status of somebody who was interrupted. Whatever happens, the answers are kept."""
    with interruptible():
        try:
            converse(draft, _face(settings))
        except (KeyboardInterrupt, EOFError) as stop:
            keep(draft.whole(), settings, resumed, "Interrupted. ")
            return 128 + (stop.number if isinstance(stop, EndRequest) else signal.SIGINT)
        except (OSError, AdvisorError) as error:
            if not isinstance(error, BrokenPipeError):
                keep(draft.whole(), settings, resumed)
            raise
        if draft.kept:
            keep(draft.state, settings, resumed)
    return 0


def _checked(settings: Settings) -> Settings:
    """The settings, if they go together. Raises RequirementsError."""
    if settings.answers is not None and settings.resume is not None:
        raise RequirementsError("--answers asks nothing and --resume goes on asking; give one of them.")
    if settings.team is not None and not _is_name(settings.team):
        raise RequirementsError("the name after --team is empty, too long or no UTF-8; expected some words.")
    if settings.place is not None:
        check_writable(settings.place)
        given = [file for file in (settings.answers, settings.resume) if file]
        if any(Path(file).resolve() == settings.place.resolve() for file in given):
            raise RequirementsError(f"{settings.save} holds the answers; name another file after --save.")
    return settings


def _is_name(text: str) -> bool:
    try:
        return 0 < len(text.encode()) <= 2_000 and bool(text.strip())  # noqa: PLR2004 (what a file may hold)
    except UnicodeEncodeError:
        return False


def _resumed(settings: Settings) -> Path | None:
    if settings.resume is None:
        return None
    return Path(settings.resume) if settings.resume else newest_session(settings.place)


def _read(state: State, file: Path) -> State:
    found = read_answers(read_bytes(file, str(file)), str(file), state)
    return further(found) if found.phase == "declared" else found


def _from_file(state: State, file: str, settings: Settings) -> State:
    """The state after the answers of a file; what they leave open is declared, and said."""
    found = read_answers(bytes_from(file), name_of(file), state)
    left = open_sentence(found)
    found = declared(found) if left else found
    end = screen_after(found)
    if isinstance(end, End):
        _say([end_sentence(found, end), *([left] if left else [])], settings)
    return found


def _face(settings: Settings) -> Face:
    typed, shown = _is_terminal(sys.stdin), _is_terminal(sys.stdout)
    if typed and shown and not settings.plain and _has_room():
        # A library for terminals is dear to import.
        from provider_advisor.faces.cli.ask.keys import KeyFace  # noqa: PLC0415

        return KeyFace(show_standing=settings.show_standing)
    lines = Lines(None if sys.stdin is None else sys.stdin.buffer)
    err = settings.form != "text" or (typed and not shown)
    return PlainFace(lines, echo=not typed, err=err, show_standing=settings.show_standing)


def _is_terminal(stream: Any) -> bool:  # noqa: ANN401 (a stream, or None where it is closed)
    return stream is not None and not stream.closed and bool(stream.isatty())


def _has_room() -> bool:
    """Whether the terminal can move its cursor, and has room for a list."""
    if os.environ.get("TERM", "dumb") == "dumb":
        return False
    size = os.get_terminal_size(sys.stdout.fileno())
    # A terminal that does not say how large it is has no columns.
    return (size.columns or 80) >= _NARROWEST and (size.lines or 24) >= _LOWEST


def _answer(state: State, settings: Settings) -> None:
    """Save the requirements where that was asked for, and print the answer."""
    day, age = day_of(settings.as_of), days_of(settings.max_age)
    refused = _save(state, settings)
    statement = statement_of(state, settings.team)._replace(as_of=day, max_age=age)
    knowledge = state.catalogue.knowledge
    if settings.form == "text":
        _say([""], settings)
    show_recommendation(answer(knowledge, statement, robustness=settings.robustness), knowledge, settings.form)
    if refused is not None:
        raise refused
    if settings.save is not None:
        based = [("--facts", settings.facts), ("--rules", settings.rules)]
        again = [word for name, folder in based if folder for word in (name, folder)]
        command = shlex.join(["recommend", "--file", settings.save, *again])
        _say(["", f"The requirements are saved. This gives the same answer: {command}"], settings)


def _save(state: State, settings: Settings) -> AdvisorError | None:
    if settings.place is None:
        return None
    dated = {"as_of": settings.as_of, "max_age": settings.max_age}
    record = requirements_record(state, settings.team) | {key: value for key, value in dated.items() if value}
    try:
        write_yaml(settings.place, record, "What recommend ask found out; recommend --file answers it.")
    except RequirementsError as error:
        return error
    return None


def _say(sentences: list[str], settings: Settings) -> None:
    """Say something beside the answer: on standard error where the answer is not text for people."""
    page = Page(err=settings.form != "text")
    for sentence in sentences:
        page.line(sentence)
    page.show()
