"""Options for inputs with many teams, and messages on how a sheet was read.

How the words of a sheet were read is shown on standard error, written to the file of --matched for a person to correct,
and read back by --matches.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from provider_advisor.errors import BatchError, RequirementsError
from provider_advisor.faces.cli.commands import join_options
from provider_advisor.faces.cli.options import (
    Options,
    decimal_option,
    encoding_option,
    name_input,
    read_input,
    read_rename,
    rename_option,
    sheet_options,
    unlisted_unknown_option,
    write_answer,
)
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
from provider_advisor.requirements.priority_cells import read_scale

if TYPE_CHECKING:  # columns take long to import, and help needs none
    from provider_advisor.batch.reading import Inputs, ReadingOptions

_SEPARATORS = {"tab": "\t", "\\t": "\t"}
FORMS = click.Choice(["csv", "jsonl", "parquet", "xlsx"])


class InputOptions(Options):
    """The values of `input_options` as they were given."""

    id_column: str | None = None
    input_format: str | None = None
    separator: str | None = None
    encoding: str | None = None
    skip_lines: int = 0
    decimal: str | None = None
    query: str | None = None
    renames: tuple[str, ...] = ()
    sheet: str | None = None
    scale: str | None = None
    matches: str | None = None
    matched: str | None = None
    unlisted_unknown: bool = False

    def reading_options(self, knowledge: KnowledgeBase) -> ReadingOptions:
        """Return the options as readers take them. Raises BatchError, KnowledgeError and RequirementsError."""
        from provider_advisor.batch.reading import ReadingOptions, read_encoding  # noqa: PLC0415

        return ReadingOptions(
            read_encoding(self.encoding),
            self.skip_lines,
            tuple(map(read_rename, self.renames)),
            self.id_column,
            self.decimal,
            self.query,
            self.sheet,
            tuple(read_scale(self.scale).items()),
            tuple(read_matches_option(self.matches, knowledge).items()),
            self.unlisted_unknown,
        )

    def open_inputs(self, names: tuple[str, ...], knowledge: KnowledgeBase) -> Inputs:
        """Return the inputs. Raises BatchError, BatchFailure, KnowledgeError and RequirementsError."""
        from provider_advisor.batch.reading import Limits, open_inputs  # noqa: PLC0415

        options = self.reading_options(knowledge)
        with note_matches(self.matched, names):
            return open_inputs(names, knowledge, self.input_format, read_separator(self.separator), Limits(), options)

    def show_matches(self, inputs: Inputs, *, quiet: bool = False) -> None:
        """Say how spreadsheets were read, and write it to the file of --matched. Raises BatchFailure."""
        names = [source.name for source in inputs.sources]
        show_matches(inputs.matches, inputs.notices, path=self.matched, inputs=names, quiet=quiet)


input_options = join_options(
    "Input",
    click.option("--id", "id_column", metavar="COLUMN", help="Column with the team's name; default: team."),
    click.option("--input-format", type=FORMS, help="Input format, if the names do not show it."),
    click.option(
        "--separator",
        metavar="CHAR",
        help="Field separator of CSV input, such as ; or tab; default: a comma, in .tsv and .tab files a tab.",
    ),
    encoding_option,
    click.option(
        "--skip-lines", type=click.IntRange(0, 1000), default=0, metavar="N", help="Lines to skip above the header."
    ),
    decimal_option,
    click.option(
        "--query", metavar="SQL", help='Rows to read from a database, such as "select team, needs from teams".'
    ),
    rename_option,
    unlisted_unknown_option,
    sheet_options,
)


def read_separator(text: str | None) -> bytes | None:
    """Return the separator named by a text such as `;` or `tab`; None if file names decide. Raises BatchError."""
    if text is None:
        return None
    character = _SEPARATORS.get(text, text).encode()
    if len(character) != 1 or character in b'"\r\n':
        raise BatchError(f"'{text[:40]}' is not a separator; expected one character, such as ; or tab.")
    return character


def read_matches_option(path: str | None, knowledge: KnowledgeBase) -> dict[str, Targets]:
    """Return the targets by word from the file of --matches. Raises KnowledgeError and RequirementsError."""
    if path is None:
        return {}
    return read_matches(read_input(path), name_input(path), knowledge)


@contextlib.contextmanager
def note_matches(path: str | None, inputs: Iterable[str]) -> Iterator[None]:
    """Write the file of --matched even if doubtful words keep a sheet from being read."""
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
    """Report the matches once on standard error, and write them to the file of --matched."""
    matches, lines = tuple(matches), list(notices)
    asked = [match for match in matches if match.is_requirement]
    listed = [match for match in matches if match.is_unlisted]
    carried = [match.word for match in matches if match.targets == (CARRY,)]
    if asked:
        lines.append("how the words of the sheet were read:")
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
    """Show lines on standard error; unindented lines start with the program's name."""
    for line in lines:
        is_indented = line.startswith("  ")
        show_line(line if is_indented else f"recommend: {line}", 2 * is_indented, err=True)


def _write_matched(path: str | None, matches: Iterable[Match], inputs: Iterable[str]) -> None:
    if path is not None:
        write_answer(path, write_matches(matches, ", ".join(inputs)))
