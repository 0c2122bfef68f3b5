"""The inputs of a run: files, patterns or a stream, and the options for them. `byte_stream` reads their bytes."""

from __future__ import annotations

import glob
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from provider_advisor.batch.blocks import Piece, Position
from provider_advisor.batch.remote.addresses import find_scheme, is_stored, is_web_address, show_address
from provider_advisor.errors import BatchError, BatchFailure, RequirementsError, describe_cause, explain_unread
from provider_advisor.requirements.priority_words import Wish
from provider_advisor.requirements.sheets import refuse_other_sheets

STANDARD_INPUT = "standard input"
_TABBED = (".tsv", ".tab")
_LONGEST_NAME = 300
_FORMS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}


class Limits(NamedTuple):
    """The size of a block, and the largest size of a record, in bytes."""

    block: int = 8 << 20
    record: int = 64 << 20


class ReadingOptions(NamedTuple):
    """Options of the inputs that the files themselves do not state.

    `form` and `separator` None are those of the names; `encoding` None is UTF-8; `skip_lines` counts the lines above
    the header of each CSV file; `renames` are pairs of an old and a new name of a column or key; `id_column` names the
    column of team ids; `decimal` is the sign before fractions in texts of numbers; `query` is what to read from a
    database. `sheet` is the sheet of workbooks; in tables with a column for each criterion, `scale` gives the meanings
    of cells, and `matches` those of headers. `unlist` turns unknown words into requirements in the team's own words.
    """

    form: str | None = None
    separator: bytes | None = None
    encoding: str | None = None
    skip_lines: int = 0
    renames: tuple[tuple[str, str], ...] = ()
    id_column: str | None = None
    decimal: str | None = None
    query: str | None = None
    sheet: str | None = None
    scale: tuple[tuple[str, Wish], ...] = ()
    matches: tuple[tuple[str, tuple[str, ...]], ...] = ()
    unlist: bool = False
    limits: Limits = Limits()

    def check(self, form: str) -> None:
        """Raise BatchError for an option that does not work with this input format."""
        if self.skip_lines and form not in {"csv", "xlsx"}:
            raise BatchError(f"--skip-lines is for CSV and workbooks, but the input is {form}; leave it out.")
        if self.sheet is not None and form != "xlsx":
            raise BatchError(f"--sheet is for workbooks, but the input is {form}; leave it out.")
        if form == "jsonl":
            self.refuse_sheet_options()
        if self.decimal and form == "jsonl":
            raise BatchError("--decimal is for CSV and Parquet; numbers in JSON are never ambiguous.")
        if self.encoding and form not in {"csv", "jsonl"}:
            raise BatchError(
                "--encoding is for CSV and JSON Lines; Parquet files, workbooks and databases state their own encoding."
            )

    def refuse_sheet_options(self) -> None:
        """Raise BatchError for an option on criterion columns in a table that has lists."""
        for name in ("scale", "matches"):
            if getattr(self, name):
                raise BatchError(
                    f"--{name} is for tables with a column for each criterion, but this one has lists; leave it out."
                )


class InputFile(NamedTuple):
    """One input. `path` is None for standard input; anything but a regular file is a stream, read once from its start.

    `size`, `changed` (a time in nanoseconds), `device` and `inode` are those of the moment at which the run began.
    """

    name: str
    path: str | None
    size: int = 0
    changed: int = 0
    regular: bool = False
    device: int = 0
    inode: int = 0

    @property
    def address(self) -> str | None:
        """Return the name that shows its format: the path, or the address that it was downloaded from."""
        return self.name if find_scheme(self.name) else self.path

    @property
    def separator(self) -> bytes:
        """Return the separator of a CSV text that its name says."""
        return b"\t" if (self.address or "").lower().partition("?")[0].endswith(_TABBED) else b","

    @property
    def identity(self) -> str:
        """Return what identifies the input in a later run: the absolute path, or the URL without its secrets."""
        address = self.address or ""
        return address if find_scheme(address) else os.path.abspath(address)  # noqa: PTH100

    def is_same_file(self, other: InputFile) -> bool:
        """Return whether another machine sees the same file here; devices and inodes may differ between machines."""
        return self._replace(device=0, inode=0) == other._replace(device=0, inode=0)

    @property
    def is_stored(self) -> bool:
        """Return whether it is an object in a store."""
        return is_stored(self.path or "")

    def check_unchanged(self, opened: BinaryIO | None = None) -> None:
        """Raise BatchFailure if it has changed since the run began, or `opened` is another file by now."""
        if not self.regular:
            return
        path = str(self.path)
        try:
            if self.is_stored:
                now = _inspect_object(path)
            else:
                now = _describe_file(self.name, path, os.fstat(opened.fileno()) if opened else os.stat(path))  # noqa: PTH116 (the path may not be text)
        except BatchFailure:
            raise
        except BatchError as error:
            raise BatchFailure(f"{self.name} can no longer be read: {error}") from error
        except OSError as error:
            raise BatchFailure(f"{self.name} can no longer be read ({describe_cause(error)}).") from error
        if now != self:
            raise BatchFailure(f"{self.name} was changed while it was being read; run again when it no longer changes.")


Opener = Callable[[InputFile, int, Position], Iterator[Piece]]
"""Yields the blocks of an input, given its place among the inputs, from a position on."""


def choose_form(name: str, given: str | None, option: str) -> str:
    """Return the given format, or that of the extension. Raises BatchError naming the option."""
    is_input = option == "--input-format"
    if given is None and not is_input and name.lower().endswith(_TABBED):
        raise BatchError(f"{_shorten(name)}: output with tabs cannot be written; name it .csv, or add {option} csv.")
    form = given or _FORMS.get(Path(show_address(name).removesuffix("?***")).suffix.lower())
    if form is not None:
        return form
    if is_input:
        try:
            refuse_other_sheets(name)
        except RequirementsError as error:
            raise BatchError(str(error)) from error
    stream = STANDARD_INPUT if is_input else "standard output"
    raise BatchError(
        f"{stream if name == '-' else _shorten(name)}: cannot tell the format from the name; "
        f"add {option} csv, jsonl, parquet or xlsx."
    )


def find_input_files(names: tuple[str, ...]) -> tuple[InputFile, ...]:
    """Return the inputs for names and patterns (`teams-*.csv`, sorted by name). Raises BatchError."""
    for name in names:
        if find_scheme(name) and not (is_stored(name) or is_web_address(name)):
            raise BatchError(
                f"{show_address(name)} cannot be read; expected a file, an object in a store (s3://, gs://, az://), "
                "https:// or a database (postgresql://)."
            )
    found = [path for name in names for path in _expand_pattern(name)]
    if len(found) > 1 and "-" in found:
        raise BatchError("standard input cannot be combined with files; use one or the other.")
    files = tuple(_inspect(path) for path in found)
    places = [(file.device, file.inode) if file.inode else file.identity for file in files]
    counts = Counter(places)
    if twice := [file.name for file, place in zip(files, places, strict=True) if counts[place] > 1]:
        raise BatchError(f"one input is given twice, as {twice[0]} and as {twice[1]}; give it once.")
    return files


def _expand_pattern(name: str) -> list[str]:
    # The functions of os.path, unlike those of pathlib, answer False for a name that is too long.
    if name == "-" or find_scheme(name) or os.path.exists(name) or not glob.has_magic(name):  # noqa: PTH110
        return [name]
    # pathlib leaves out a leading ./ and knows no absolute patterns.
    found = sorted(path for path in glob.glob(name, recursive=True) if not os.path.isdir(path))  # noqa: PTH207, PTH112
    if not found:
        raise BatchError(f"no file matches '{_shorten(name)}'; check the pattern.")
    return found


def _inspect(path: str) -> InputFile:
    if path == "-":
        return InputFile(STANDARD_INPUT, None)
    if is_stored(path):
        return _inspect_object(path)
    name = _shorten(path)
    if is_web_address(path):
        from provider_advisor.batch.remote.download import download  # noqa: PLC0415 (seldom needed)

        return _inspect(str(download(path)))._replace(name=name)  # it is read from there, and named by its address
    try:
        found = os.stat(path)  # noqa: PTH116 (as above)
    except (OSError, ValueError) as error:
        raise BatchError(explain_unread(name, error)) from error
    if stat.S_ISDIR(found.st_mode):
        raise BatchError(f"{name} is a folder; give its files, such as '{name.rstrip('/')}/*.csv'.")
    if not os.access(path, os.R_OK):
        raise BatchError(explain_unread(name, "Permission denied"))
    return _describe_file(name, path, found)


def _describe_file(name: str, path: str, found: os.stat_result) -> InputFile:
    regular = stat.S_ISREG(found.st_mode)
    return InputFile(name, path, found.st_size, found.st_mtime_ns, regular, found.st_dev, found.st_ino)


def _inspect_object(url: str) -> InputFile:
    from provider_advisor.batch.remote.stores import find_object  # noqa: PLC0415 (clients of stores load slowly)

    stored = find_object(url)
    found = stored.inspect()
    if found is None:
        raise BatchError(
            f"{stored.name} does not exist, or you have no access to it; check the URL and your credentials."
        )
    return InputFile(stored.name, url, *found, regular=True)


def _shorten(path: str) -> str:
    r"""Return a path as text for messages: bytes that are not UTF-8 as `\xff`, cut where it is very long."""
    name = os.fsencode(show_address(path)).decode("utf-8", "backslashreplace")
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
