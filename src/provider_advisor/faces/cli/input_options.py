"""Options for inputs with many teams: files, tables and databases, as `batch` and `impact` read them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from provider_advisor.errors import BatchError
from provider_advisor.faces.cli.options import SheetOptions, option
from provider_advisor.knowledge import KnowledgeBase

if TYPE_CHECKING:  # columns take long to import, and help needs none
    from provider_advisor.batch.reading import Inputs, ReadingOptions

_SEPARATORS = {"tab": "\t", "\\t": "\t"}
FORMS = click.Choice(["csv", "jsonl", "parquet", "xlsx"])

_in_input = partial(option, heading="Input")


class InputOptions(SheetOptions):
    """The options of commands that read many teams."""

    id_column: str | None = _in_input("--id", metavar="COLUMN", help="Column with the team's name; default: team.")
    input_format: str | None = _in_input(
        "--input-format", type=FORMS, help="Input format, if the names do not show it."
    )
    separator: str | None = _in_input(
        "--separator",
        metavar="CHAR",
        help="Field separator of CSV input, such as ; or tab; default: a comma, in .tsv and .tab files a tab.",
    )
    skip_lines: int = _in_input(
        "--skip-lines", type=click.IntRange(0, 1000), default=0, metavar="N", help="Lines to skip above the header."
    )
    query: str | None = _in_input(
        "--query", metavar="SQL", help='Rows to read from a database, such as "select team, needs from teams".'
    )

    def read_separator(self) -> bytes | None:
        """Return the separator, such as `;` or `tab`; None if file names decide. Raises BatchError."""
        if self.separator is None:
            return None
        character = _SEPARATORS.get(self.separator, self.separator).encode()
        if len(character) != 1 or character in b'"\r\n':
            raise BatchError(f"'{self.separator[:40]}' is not a separator; expected one character, such as ; or tab.")
        return character

    def reading_options(self, knowledge: KnowledgeBase) -> ReadingOptions:
        """Return the options as readers take them. Raises BatchError, KnowledgeError and RequirementsError."""
        from provider_advisor.batch.reading import ReadingOptions  # noqa: PLC0415 (see above)

        return ReadingOptions(
            form=self.input_format,
            separator=self.read_separator(),
            encoding=self.read_encoding(),
            skip_lines=self.skip_lines,
            renames=self.read_renames(),
            id_column=self.id_column,
            decimal=self.decimal,
            query=self.query,
            sheet=self.sheet,
            scale=tuple(self.read_scale().items()),
            matches=tuple(self.read_matches(knowledge).items()),
            unlist=self.unlisted_unknown,
        )

    def open_inputs(self, names: tuple[str, ...], knowledge: KnowledgeBase) -> Inputs:
        """Return the inputs. Raises BatchError, BatchFailure, KnowledgeError and RequirementsError."""
        from provider_advisor.batch.reading import open_inputs  # noqa: PLC0415 (see above)

        options = self.reading_options(knowledge)
        with self.note_matches(names):
            return open_inputs(names, knowledge, options)

    def show_reading(self, inputs: Inputs, *, quiet: bool = False) -> None:
        """Say how spreadsheets were read, and write it to the file of --matched. Raises BatchFailure."""
        names = [source.name for source in inputs.sources]
        self.show_matches(inputs.matches, inputs.notices, names, quiet=quiet)
