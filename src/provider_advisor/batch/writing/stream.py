"""Scored rows written to standard output as they come."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import polars as pl

from provider_advisor.batch.blocks import Done
from provider_advisor.batch.kernel.counts import Tally
from provider_advisor.batch.writing.frames import (
    REJECTS_HEADER,
    encode_frame,
    refuse_foreign_rejects,
    replace_rejects,
    write_rejects,
)
from provider_advisor.whole_file import write_whole

__all__ = ["open_rejects", "write_stream"]


def write_stream(
    blocks: Iterator[Done], schema: pl.Schema, form: str, rejects: Path | None, watch: Callable[[Done], None]
) -> tuple[int, int, Tally]:
    """Write the blocks, and return the rows scored, the rows rejected and the counts.

    Rejects go to the file, which appears when all is done, or without one to standard error, a line each.
    """
    scored, rejected, tally = 0, 0, Tally.empty()
    out = sys.stdout.buffer
    out.write(encode_frame(pl.DataFrame(schema=schema), form, header=True))
    with open_rejects(rejects) as file:
        for done in blocks:
            out.write(encode_frame(done.frame, form, header=False))
            write_rejects(done.rejects, file)
            scored, rejected, tally = scored + done.scored, rejected + len(done.rejects), tally + done.tally
            watch(done)
        out.flush()
    if rejects is not None and not rejected:
        replace_rejects(rejects, None)
    return scored, rejected, tally


@contextlib.contextmanager
def open_rejects(path: Path | None) -> Iterator[BinaryIO]:
    """Open the file of rejects, which appears when all is written, or standard error for None."""
    if path is None:
        yield sys.stderr.buffer
        return
    with write_whole(path) as file:
        file.write(REJECTS_HEADER)
        yield file
        refuse_foreign_rejects(path)
