"""How the words of a sheet were read: shown on standard error, written for a person to correct, and read again."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator

from provider_advisor.errors import RequirementsError
from provider_advisor.faces.cli.options import name_input, read_input, write_answer
from provider_advisor.faces.text import show_line
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.requirements.matching import (
    CARRY,
    DoubtfulMatchesError,
    Match,
    Targets,
    read_matches,
    write_matches,
)


def read_matches_option(path: str | None, knowledge: KnowledgeBase) -> dict[str, Targets]:
    """Return the targets by word of the file of --matches. Raises KnowledgeError and RequirementsError."""
    if path is None:
        return {}
    return read_matches(read_input(path), name_input(path), knowledge)


@contextlib.contextmanager
def note_matches(path: str | None, inputs: Iterable[str]) -> Iterator[None]:
    """Write the file of --matched also where words in doubt keep a sheet from being read."""
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
    carried = [match.word for match in matches if match.targets == (CARRY,)]
    if asked:
        lines.append("words of the sheet and how they were read:")
        lines += [f"  {match.word} → {', '.join(match.targets)} ({match.how})" for match in asked]
    if listed:
        lines.append("listed and not judged:")
        lines += [f"  {match.word}{'' if match.how else f' ({match.say_candidates()})'}" for match in listed]
    if carried:
        lines.append(f"  copied unchanged: {', '.join(carried)}")
    if not quiet:
        show_notes(lines)
    if matches or path is not None:
        _write_matched(path, matches, inputs)


def show_notes(lines: Iterable[str]) -> None:
    """Show lines on standard error; those that are not indented begin with the name of the program."""
    for line in lines:
        is_indented = line.startswith("  ")
        show_line(line if is_indented else f"recommend: {line}", 2 * is_indented, err=True)


def _write_matched(path: str | None, matches: Iterable[Match], inputs: Iterable[str]) -> None:
    if path is not None:
        write_answer(path, write_matches(matches, ", ".join(inputs)))
