"""The file of rejects: CSV with the columns file, row, reason, content."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from provider_advisor.batch.blocks import Reject

__all__ = ["HEADER", "default_rejects", "rejects_text"]

HEADER = "file,row,reason,content\n"


def rejects_text(rejects: Iterable[Reject]) -> bytes:
    """The lines of rejects, without the header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows((reject.file, reject.row, reject.reason, reject.content) for reject in rejects)
    return text.getvalue().encode("utf-8", "backslashreplace")


def default_rejects(output: Path) -> Path:
    """Where rejects go if nobody says: `scores.rejects.csv` beside `scores.parquet`."""
    return output.with_name(f"{output.stem}.rejects.csv")
