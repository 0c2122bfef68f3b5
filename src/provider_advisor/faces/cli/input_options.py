"""Options for inputs: how spreadsheets are read, the files, tables and databases of many teams, and a run over them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from provider_advisor.errors import BatchError, RequirementsError
from provider_advisor.faces.cli.named_files import name_input, read_input, write_answer
from provider_advisor.faces.cli.options import EvidenceOptions, option, path_name
from provider_advisor.faces.text import show_notes
from provider_advisor.knowledge import KnowledgeBase

if TYPE_CHECKING:  # columns and sheets take long to import, and help and most answers need none
    from provider_advisor.batch.reading import Inputs, ReadingOptions
    from provider_advisor.requirements.matching import Match, Targets
    from provider_advisor.requirements.priority_words import Wish

_SEPARATORS = {"tab": "\t", "\\t": "\t"}
FORMS = click.Choice(["csv", "jsonl", "parquet", "xlsx"])

_in_input = partial(option, heading="Input")
_in_reading = partial(option, heading="How input is read")
_in_output = partial(option, heading="Output")
_in_run = partial(option, heading="Run")

SHEET_ONLY = ("sheet", "scale", "matches", "matched", "encoding", "renames")
"""The options that mean nothing for a file of requirements in YAML or JSON."""


class SheetOptions(EvidenceOptions):
    """How a spreadsheet is read; `decimal` is the sign before fractions, None if numbers have one reading.

    How its words were read is shown on standard error, written to the file of --matched for a person to correct, and
    read back by --matches.
    """

    sheet: str | None = _in_reading(
        "--sheet", metavar="NAME", help="Sheet of the workbook to read, if more than one has content."
    )
    scale: str | None = _in_reading(
        "--scale", metavar="LIST", help="What the cells of a sheet mean, such as 5=must,4=must,3=should,2=could,1=wont."
    )
    matches: str | None = _in_reading(
        "--matches",
        type=path_name,
        help="Read headers or requirements as in this file, which --matched wrote and you corrected.",
    )
    matched: str | None = _in_reading(
        "--matched",
        type=path_name,
        help="Write how the headers or requirements of a sheet were read to this file, so that you can correct it.",
    )
    decimal: str | None = _in_reading(
        "--decimal", type=click.Choice([",", "."]), help="Decimal separator in numbers such as 5.000 or 1.234,56."
    )
    encoding: str | None = _in_reading(
        "--encoding", metavar="NAME", help="Text encoding, such as cp1252; default: UTF-8."
    )
    renames: tuple[str, ...] = _in_reading(
        "--rename",
        multiple=True,
        metavar="OLD=NEW",
        help='Rename a column, as in "Bedarf=needs"; can be repeated.',
    )
    unlisted_unknown: bool = _in_reading(
        "--unlisted-unknown",
        is_flag=True,
        help="List words that match no criterion, without judging them, instead of refusing the whole list.",
    )

    def read_encoding(self) -> str | None:
        """Return the encoding, None for UTF-8. Raises BatchError."""
        if self.encoding is None:
            return None
        from provider_advisor.batch.reading import read_encoding  # noqa: PLC0415 (see above)

        return read_encoding(self.encoding)

    def read_renames(self) -> tuple[tuple[str, str], ...]:
        """Return pairs of an old and a new name of a column. Raises BatchError."""
        return tuple(map(_read_rename, self.renames))

    def read_scale(self) -> dict[str, Wish]:
        """Return what cells mean. Raises RequirementsError."""
        from provider_advisor.requirements.priority_words import read_scale  # noqa: PLC0415 (as above)

        return read_scale(self.scale)

    def read_matches(self, knowledge: KnowledgeBase) -> dict[str, Targets]:
        """Return the targets by word from the file of --matches. Raises KnowledgeError and RequirementsError."""
        if self.matches is None:
            return {}
        from provider_advisor.requirements.matching import read_matches  # noqa: PLC0415 (as above)

        return read_matches(
            read_input(self.matches, "expected the matches of a sheet, as --matched writes them."),
            name_input(self.matches),
            knowledge,
        )

    @contextlib.contextmanager
    def note_matches(self, inputs: Sequence[str]) -> Iterator[None]:
        """Write the file of --matched even if doubtful words keep a sheet from being read."""
        from provider_advisor.requirements.matching import DoubtfulMatchesError  # noqa: PLC0415 (as above)

        for name in inputs if self.matched is not None else ():
            with contextlib.suppress(OSError):
                if os.path.samefile(str(self.matched), name):  # noqa: PTH121 (a Path raises if the name is too long)
                    raise RequirementsError(f"--matched {self.matched} is an input; choose another file.")
        try:
            yield
        except DoubtfulMatchesError as error:
            self._write_matched(error.matches, inputs)
            raise

    def show_matches(
        self, matches: Sequence[Match], notices: Iterable[str], inputs: Sequence[str], *, quiet: bool = False
    ) -> None:
        """Say on standard error how the words of a sheet were read, and write it to the file of --matched."""
        from provider_advisor.requirements.matching import CARRY  # noqa: PLC0415 (as above)

        lines = list(notices)
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
        self._write_matched(matches, inputs)

    def _write_matched(self, matches: Sequence[Match], inputs: Sequence[str]) -> None:
        if self.matched is not None:
            from provider_advisor.requirements.matching import write_matches  # noqa: PLC0415 (as above)

            write_answer(self.matched, write_matches(matches, ", ".join(inputs)))


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

    def make_reading_options(self, knowledge: KnowledgeBase) -> ReadingOptions:
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

        options = self.make_reading_options(knowledge)
        with self.note_matches(names):
            return open_inputs(names, knowledge, options)

    def show_reading(self, inputs: Inputs, *, quiet: bool = False) -> None:
        """Say how spreadsheets were read, and write it to the file of --matched. Raises BatchFailure."""
        names = [source.name for source in inputs.sources]
        self.show_matches(inputs.matches, inputs.notices, names, quiet=quiet)


class BatchOptions(InputOptions):
    """The options of `recommend batch`."""

    output_format: str | None = _in_output(
        "--output-format", type=FORMS, help="Output format, if the name does not show it."
    )
    reasons: bool = _in_output(
        "--reasons", is_flag=True, help="Add columns for unmet and unknown musts and for the reasons."
    )
    explain: bool = _in_output("--explain", is_flag=True, help="Add a column with the full answer as JSON (slow).")
    long: bool = _in_output("--long", is_flag=True, help="Write one row per team and provider, with its rank.")
    rejects: str | None = _in_output(
        "--rejects",
        type=path_name,
        help="Write rows that cannot be scored to this file; default: OUT.rejects.csv.",
    )
    summary: str | None = _in_output("--summary", type=path_name, help="Also write a summary as JSON.")
    report: str | None = _in_output(
        "--report", type=path_name, help="Also write a summary as an HTML page with charts."
    )
    quiet: bool = _in_output("--quiet", is_flag=True, help="Print only problems, without progress bar or summary.")
    resume: bool = _in_run("--resume", is_flag=True, help="Continue an interrupted run.")
    threads: int | None = _in_run(
        "--threads", type=click.IntRange(1, 1024), metavar="N", help="Number of threads; default: one per core."
    )
    engine: str = _in_run(
        "--engine",
        type=click.Choice(["local", "spark"]),
        default="local",
        show_default=True,
        help="Run in this process, or on Spark workers, which write OUT as a folder of part files.",
    )
    master: str | None = _in_run(
        "--master", metavar="URL", help="Spark master, such as local[4], spark://host:7077 or yarn."
    )

    @property
    def has_summary(self) -> bool:
        """Return whether a summary is shown or written."""
        return bool(self.summary or self.report) or not self.quiet


def _read_rename(given: str) -> tuple[str, str]:
    old, sign, new = (part.strip() for part in given.partition("="))
    if not (old and sign and new):
        raise BatchError(f"--rename {given[:80]!r} cannot be read; expected OLD=NEW, such as Bedarf=needs.")
    return old, new
