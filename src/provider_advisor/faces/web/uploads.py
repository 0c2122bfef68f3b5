"""Files that people bring: what kind each is, by its content, and whether it is small enough to be read.

What a file is called says nothing of what is in it. So its first bytes decide, a name that says otherwise is refused,
and what would unpack to more than it may hold is refused before it is unpacked.
"""

from __future__ import annotations

import io
import zipfile
from typing import NamedTuple

from provider_advisor.errors import RequirementsError

MOST_BYTES = 10_000_000
MOST_ROWS = 100_000
_MOST_UNPACKED = 200_000_000

_KINDS = {"csv": "CSV", "jsonl": "JSON Lines", "parquet": "Parquet", "xlsx": "a workbook"}
_ENDINGS = {
    "csv": "csv",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "parquet": "parquet",
    "xlsx": "xlsx",
    "xlsm": "xlsx",
}


class Upload(NamedTuple):
    """A file with many teams: what it was called, its kind (csv, jsonl, parquet or xlsx), and its bytes."""

    name: str
    kind: str
    content: bytes


def read_upload(name: str, content: bytes) -> Upload:
    """Return a file that may be read. Raises RequirementsError, in a sentence, for one that may not."""
    name = name.replace("\\", "/").rpartition("/")[2][:100] or "the file"
    if not content.strip():
        raise RequirementsError(f"{name} is empty; expected teams as CSV, JSON Lines, Parquet or a workbook (.xlsx).")
    kind = _find_kind(content, name)
    said = _ENDINGS.get(name.rpartition(".")[2].lower())
    if (said, kind) == ("csv", "jsonl"):
        kind = "csv"  # a header may begin with any sign
    if said not in {None, kind}:
        raise RequirementsError(f"{name} is not {_KINDS[str(said)]}: its content is {_KINDS[kind]}; rename it.")
    {"parquet": _check_parquet, "xlsx": _check_workbook}.get(kind, _check_lines)(content, name)
    return Upload(name, kind, content)


def _find_kind(content: bytes, name: str) -> str:
    if content.startswith(b"PAR1"):
        return "parquet"
    if content.startswith(b"PK"):
        return "xlsx"
    if b"\0" in content[:4_000] or content.startswith((b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"%PDF", b"BZh", b"\xfd7z")):
        raise RequirementsError(f"{name} is not in a supported format; expected CSV, JSON Lines, Parquet or .xlsx.")
    return "jsonl" if content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{") else "csv"


def _check_lines(content: bytes, name: str) -> None:
    lines = content.count(b"\n")
    if lines > MOST_ROWS + 1:
        raise RequirementsError(f"{name} has {lines:,} lines, but at most {MOST_ROWS:,} teams can be sent at once.")


def _check_parquet(content: bytes, name: str) -> None:
    import pyarrow as pa  # noqa: PLC0415 (columns take long to import)
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        about = pq.ParquetFile(io.BytesIO(content)).metadata
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RequirementsError(f"{name} is a damaged Parquet file; write it again.") from error
    if about.num_rows > MOST_ROWS:
        raise RequirementsError(
            f"{name} has {about.num_rows:,} rows, but at most {MOST_ROWS:,} teams can be sent at once."
        )
    unpacked = sum(about.row_group(place).total_byte_size for place in range(about.num_row_groups))
    _check_unpacked(unpacked, name)


def _check_workbook(content: bytes, name: str) -> None:
    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise RequirementsError(f"{name} is a damaged workbook; save it again.") from error
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise RequirementsError(f"{name} is an archive, not a workbook; expected CSV, JSON Lines, Parquet or .xlsx.")
    _check_unpacked(sum(part.file_size for part in parts), name)


def _check_unpacked(size: int, name: str) -> None:
    if size > _MOST_UNPACKED:
        raise RequirementsError(
            f"{name} unpacks to {size // 1_000_000:,} MB, but at most {_MOST_UNPACKED // 1_000_000} MB are read."
        )
