"""Scored rows written to standard output as they come."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import polars as pl

from provider_advisor.batch.kernel.tally import Tally
from provider_advisor.batch.scoring import Done
from provider_advisor.batch.writing.frames import encoded
from provider_advisor.batch.writing.rejects import HEADER, rejects_text

__all__ = ["write_stream"]


def write_stream(
    blocks: Iterator[Done], schema: pl.Schema, form: str, rejects: Path | None, watch: Callable[[Done], None]
) -> tuple[int, int, Tally]:
    """Write the blocks; gives the rows scored and rejected, and the tally.

    Rejects go to the file, which appears when all is done, or without one to standard error, a line each.
    """
    scored, rejected, tally = 0, 0, Tally.empty()
    out = sys.stdout.buffer
    out.write(encoded(pl.DataFrame(schema=schema), form, first=True))
    with _rejects(rejects) as file:
        for done in blocks:
            out.write(encoded(done.frame, form, first=False))
            file.write(rejects_text(done.rejects))
            scored, rejected, tally = scored + done.frame.height, rejected + len(done.rejects), tally + done.tally
            watch(done)
        out.flush()
    if rejects is not None and not rejected:
        rejects.unlink(missing_ok=True)
    return scored, rejected, tally


@contextlib.contextmanager
def _rejects(path: Path | None) -> Iterator[BinaryIO]:
    if path is None:
        yield sys.stderr.buffer
        return
    beside = path.with_name(f".{path.name}.part")
    try:
        with beside.open("wb") as file:
            file.write(HEADER.encode())
            yield file
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
