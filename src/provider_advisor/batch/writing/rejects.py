"""Write the file of rejected rows, and count them by kind of reason.

`unknown criterion 'fxa'. Did you mean 'fax'?` and `unknown criterion 'smss'. …` are of one kind: quoted text, numbers,
and everything after the first sentence are ignored.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import itertools
import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from provider_advisor.whole_file import open_plain_file, write_whole

if TYPE_CHECKING:  # imports columns, which counting reasons does without
    from provider_advisor.batch.blocks import Reject

REJECTS_HEADER = b"file,row,reason,content\n"
_SPECIAL = re.compile('[,"\\r\\n]')
_VARYING = re.compile(r"'[^']*'|[0-9][0-9,.]*")
_END = re.compile(r"[.;:?](\s|$)")
_MOST_KINDS = 1_000


def find_default_rejects(output: Path) -> Path:
    """Return the default path of rejects: `scores.rejects.csv` beside `scores.parquet`."""
    return output.with_name(f"{output.stem}.rejects.csv")


def write_rejects(rejects: Iterable[Reject], file: BinaryIO) -> None:
    """Write rejects as lines of CSV, without the header."""
    for reject in rejects:
        cells = (reject.file, str(reject.row), reject.reason, reject.content)
        # The name of a file need not be UTF-8; Python holds such bytes as lone surrogates.
        file.write((",".join(map(_quote_cell, cells)) + "\n").encode("utf-8", "backslashreplace"))


def read_rejects(path: Path, *, header: bool = True) -> Iterator[Reject]:
    """Yield the rejects in a file, which begins with the header or not. Raises OSError."""
    from provider_advisor.batch.blocks import Reject  # noqa: PLC0415 (as above)

    for name, row, reason, content in _read_rows(path, header=header):
        yield Reject(name, int(row), content, reason)


def _read_rows(path: Path, *, header: bool = True) -> Iterator[list[str]]:
    csv.field_size_limit(sys.maxsize)  # a rejected record may be longer than the usual limit
    with path.open(encoding="utf-8", newline="") as file:
        yield from itertools.islice(csv.reader(file), int(header), None)


def _quote_cell(text: str) -> str:
    # Before Python 3.13 `csv.writer` leaves a lone carriage return unquoted, and readers take it for the end of a row.
    return '"{}"'.format(text.replace('"', '""')) if _SPECIAL.search(text) else text


def is_rejects_file(path: Path) -> bool:
    """Return whether a file, not a link, is empty or begins like a rejects file."""
    file = open_plain_file(path)
    if file is None:
        return False
    with file:
        return file.read(len(REJECTS_HEADER)) in {b"", REJECTS_HEADER}


def refuse_foreign_rejects(path: Path) -> None:
    """Raise OSError if something other than a rejects file exists at this path."""
    if os.path.lexists(path) and not is_rejects_file(path):
        raise FileExistsError(errno.EEXIST, "a file that is not a rejects file is there")


def replace_rejects(path: Path, parts: Iterable[Path] | None) -> None:
    """Write the rejects of all parts to one file, replacing an earlier one; None deletes it.

    Raises OSError, also if something else exists there now.
    """
    refuse_foreign_rejects(path)
    if parts is None:
        path.unlink(missing_ok=True)
        return
    with write_whole(path) as out:
        out.write(REJECTS_HEADER)
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, out, 1 << 20)


@contextlib.contextmanager
def open_rejects(path: Path | None) -> Iterator[BinaryIO]:
    """Open a rejects file that takes the place of an earlier one when complete; None is standard error.

    If nothing is written to it, there is no file in the end. Raises OSError.
    """
    if path is None:
        yield sys.stderr.buffer
        return
    with write_whole(path) as file:
        file.write(REJECTS_HEADER)
        yield file
        refuse_foreign_rejects(path)
        is_empty = file.tell() == len(REJECTS_HEADER)
    if is_empty:
        path.unlink()


class ReasonCount(NamedTuple):
    """The number of rows rejected for a kind of reason, and the first of them."""

    rows: int
    file: str
    row: int
    reason: str


def count_reasons(rejects: Path) -> list[ReasonCount]:
    """Return the kinds of reasons in a file of rejects, the most frequent first. Raises OSError.

    At most 1,000 kinds are counted separately; rows of all further kinds are counted together.
    """
    counts = Counter[str]()
    first: dict[str, tuple[str, int, str]] = {}
    for name, row, reason, _ in _read_rows(rejects):
        kind = _find_kind(reason)
        if kind not in first:
            kind = kind if len(first) < _MOST_KINDS else "others"
            first.setdefault(kind, (name, int(row), reason))
        counts[kind] += 1
    return [ReasonCount(count, *first[kind]) for kind, count in counts.most_common()]


@lru_cache(_MOST_KINDS)  # most reasons occur many times
def _find_kind(reason: str) -> str:
    return _END.split(_VARYING.sub("…", reason), maxsplit=1)[0]
