"""Options on the inputs with many teams, which `recommend batch` and `recommend impact` share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from provider_advisor.errors import BatchError
from provider_advisor.faces.cli.commands import join_options
from provider_advisor.faces.cli.matches import note_matches, read_matches_option, show_matches
from provider_advisor.faces.cli.options import (
    Options,
    decimal_option,
    sheet_options,
    unlisted_unknown_option,
)
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.requirements.priority_cells import read_scale

if TYPE_CHECKING:  # columns take long to import, and help needs none
    from provider_advisor.batch.reading import Inputs, ReadingOptions

_SEPARATORS = {"tab": "\t", "\\t": "\t"}
FORMS = click.Choice(["csv", "jsonl", "parquet", "xlsx"])


class InputOptions(Options):
    """What the user says of the inputs, as it was given; the fields of `input_options`."""

    id_column: str | None = None
    input_format: str | None = None
    separator: str = ","
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
            tuple(_read_rename(each) for each in self.renames),
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
        """Say how spreadsheets were read, and write it where --matched says. Raises BatchFailure."""
        names = [source.name for source in inputs.sources]
        show_matches(inputs.matches, inputs.notices, path=self.matched, inputs=names, quiet=quiet)


input_options = join_options(
    "Input",
    click.option("--id", "id_column", metavar="COLUMN", help="Column with the team's name; default: team."),
    click.option("--input-format", type=FORMS, help="Input format, if the names do not show it."),
    click.option("--separator", default=",", metavar="CHAR", help="Field separator of CSV input, such as ; or tab."),
    click.option("--encoding", metavar="NAME", help="Text encoding, such as cp1252; default: UTF-8."),
    click.option(
        "--skip-lines", type=click.IntRange(0, 1000), default=0, metavar="N", help="Lines to skip above the header."
    ),
    decimal_option,
    click.option(
        "--query", metavar="SQL", help='Rows to read from a database, such as "select team, needs from teams".'
    ),
    click.option(
        "--rename",
        "renames",
        multiple=True,
        metavar="OLD=NEW",
        help='Rename a column, as in "Bedarf=needs"; can be repeated.',
    ),
    unlisted_unknown_option,
    sheet_options,
)


def _read_rename(given: str) -> tuple[str, str]:
    old, sign, new = (part.strip() for part in given.partition("="))
    if not (old and sign and new):
        raise BatchError(f"--rename {given[:80]!r} cannot be read; expected OLD=NEW, such as Bedarf=needs.")
    return old, new


def read_separator(text: str) -> bytes:
    """Return the separator that a text names: `;`, `tab`. Raises BatchError."""
    character = _SEPARATORS.get(text, text).encode()
    if len(character) != 1 or character in b'"\r\n':
        raise BatchError(f"'{text[:40]}' is not a separator; expected one character, such as ; or tab.")
    return character
