"""Options on spreadsheets that several commands share, and what is told of how a sheet was read."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

from provider_advisor.errors import RequirementsError
from provider_advisor.faces.cli.options import name_input, path_name, read_input, write_answer
from provider_advisor.faces.text import clean, show_text
from provider_advisor.knowledge import KnowledgeBase

if TYPE_CHECKING:  # most answers read no spreadsheet
    from provider_advisor.requirements.matching import Match, Targets
    from provider_advisor.requirements.unknown_words import UnknownWords

__all__ = [
    "note_matches",
    "read_matches_option",
    "sheet_options",
    "show_matches",
    "show_unknown",
    "unlisted_unknown_option",
]

F = TypeVar("F", bound=Callable[..., Any])
_CARRY = ("carry",)


def sheet_options(command: F) -> F:
    """Add `--sheet`, `--scale`, `--matches` and `--matched`."""
    for name, metavar, text in (
        (
            "--matched",
            "FILE",
            "Write to this file how the headers or requirements of a sheet were read, for you to correct.",
        ),
        ("--matches", "FILE", "Read headers or requirements as this file says: one written by --matched, corrected."),
    ):
        command = click.option(name, type=path_name, metavar=metavar, help=text)(command)
    command = click.option(
        "--scale", metavar="LIST", help="What the cells of a sheet mean, such as 5=must,4=must,3=should,2=could,1=wont."
    )(command)
    return click.option("--sheet", metavar="NAME", help="Sheet of the workbook to read, if more than one has content.")(
        command
    )


def unlisted_unknown_option(command: F) -> F:
    """Add `--unlisted-unknown`."""
    return click.option(
        "--unlisted-unknown",
        is_flag=True,
        help="List words that match no criterion, without judging them, instead of refusing the whole list.",
    )(command)


def read_matches_option(path: str | None, knowledge: KnowledgeBase) -> dict[str, Targets]:
    """Return the targets by word of the file of --matches. Raises KnowledgeError and RequirementsError."""
    if path is None:
        return {}
    from provider_advisor.requirements.match_files import read_matches  # noqa: PLC0415 (see TYPE_CHECKING above)

    return read_matches(read_input(path), name_input(path), knowledge)


@contextlib.contextmanager
def note_matches(path: str | None, inputs: Iterable[str]) -> Iterator[None]:
    """Write the file of --matched also where words in doubt keep a sheet from being read."""
    from provider_advisor.requirements.matching import DoubtfulMatchesError  # noqa: PLC0415

    names = tuple(inputs)
    for name in names:
        with contextlib.suppress(OSError):
            if path is not None and os.path.samefile(path, name):  # noqa: PTH121 (a Path raises if the name is too long)
                raise RequirementsError(f"--matched {path} is an input; choose another file.")
    try:
        yield
    except DoubtfulMatchesError as error:
        _write_matched(path, error.matches, names)
        raise


def show_matches(
    matches: Iterable[Match], notices: Iterable[str], *, path: str | None, inputs: Iterable[str], quiet: bool = False
) -> None:
    """Say what was matched with what, once, on standard error, and write it where --matched says."""
    matches, lines = tuple(matches), list(notices)
    asked = [match for match in matches if match.is_requirement]
    listed = [match for match in matches if match.is_unlisted]
    carried = [match.word for match in matches if match.targets == _CARRY]
    if asked:
        lines.append("words of the sheet and how they were read:")
        lines += [f"  {match.word} → {', '.join(match.targets)} ({match.how})" for match in asked]
    if listed:
        lines.append(f"  listed and not judged: {', '.join(match.word for match in listed)}")
    if carried:
        lines.append(f"  copied unchanged: {', '.join(carried)}")
    if not quiet:
        _say(lines)
    if matches or path is not None:
        _write_matched(path, matches, inputs)


def show_unknown(unknown: UnknownWords) -> None:
    """Say on standard error which words were listed and not judged."""
    _say(unknown.describe())


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        show_text(f"  {clean(line.strip())}" if line.startswith("  ") else f"recommend: {clean(line)}", err=True)


def _write_matched(path: str | None, matches: Iterable[Match], inputs: Iterable[str]) -> None:
    if path is not None:
        from provider_advisor.requirements.match_files import write_matches  # noqa: PLC0415

        write_answer(path, write_matches(matches, ", ".join(inputs)))
