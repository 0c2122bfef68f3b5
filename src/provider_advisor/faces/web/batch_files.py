"""Check a file that `batch_pages` receives, start its run, and find the files of the result.

A file's name does not prove its content, so the first bytes decide the format. A name that does not match is refused,
and so is a file that would unpack to more than the limit, before it is unpacked.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import sys
import zipfile
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

from starlette.responses import FileResponse, Response, StreamingResponse

from provider_advisor.errors import RequirementsError
from provider_advisor.faces.web.responses import MissingError, write_safe_lines
from provider_advisor.faces.web.runs import KEPT_SECONDS, Run, StartedRun
from provider_advisor.requirements.statement import read_day

MOST_ROWS = 100_000
_MOST_UNPACKED = 200_000_000

_KINDS = {"csv": "CSV", "jsonl": "JSON Lines", "parquet": "Parquet", "xlsx": "a workbook"}
ENDINGS = {
    **dict.fromkeys(("csv", "tsv", "tab"), "csv"),
    **dict.fromkeys(("jsonl", "ndjson"), "jsonl"),
    **dict.fromkeys(("parquet", "pq"), "parquet"),
    **dict.fromkeys(("xlsx", "xlsm"), "xlsx"),
}
"""What the names of files may end in, and the kinds of files."""

_TABBED = ("tsv", "tab")
OUTPUTS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "jsonl": "application/x-ndjson",
}
_RESULTS = ("scores", "rejects")
NO_RUN = "The address is incomplete, or the results were removed: they are kept for an hour."
_ENCODING = re.compile(r"[\w-]{0,40}", re.ASCII)


class Upload(NamedTuple):
    """A file with many teams: what it was called, its kind (csv, jsonl, parquet or xlsx), and its bytes.

    Its `ending` tells the command how to read it: as its kind, or `tsv` for tabs between the cells.
    """

    name: str
    kind: str
    content: bytes
    ending: str


def read_upload(name: str, content: bytes) -> Upload:
    """Return a file if it may be read. Raises RequirementsError otherwise."""
    name = name.replace("\\", "/").rpartition("/")[2][:100] or "the file"
    if not content.strip():
        raise RequirementsError(f"{name} is empty; expected teams as CSV, JSON Lines, Parquet or a workbook (.xlsx).")
    # The content decides, and the name must agree: the command reads a file by its ending. A name without a known
    # ending agrees with everything.
    kind = _find_kind(content, name)
    ending = name.rpartition(".")[2].lower()
    said = ENDINGS.get(ending)
    if (said, kind) == ("csv", "jsonl"):
        kind = "csv"  # a header may begin with any sign
    if said not in {None, kind}:
        raise RequirementsError(f"{name} is not {_KINDS[str(said)]}: its content is {_KINDS[kind]}; rename it.")
    rows, unpacked = {"parquet": _measure_parquet, "xlsx": _measure_workbook}.get(kind, _measure_lines)(content, name)
    if rows > MOST_ROWS:
        raise RequirementsError(f"{name} has {rows:,} rows, but at most {MOST_ROWS:,} teams can be sent at once.")
    if unpacked > _MOST_UNPACKED:
        raise RequirementsError(
            f"{name} unpacks to {unpacked // 1_000_000:,} MB, but at most {_MOST_UNPACKED // 1_000_000} MB are read."
        )
    return Upload(name, kind, content, "tsv" if ending in _TABBED else kind)


def _find_kind(content: bytes, name: str) -> str:
    if content.startswith(b"PAR1"):
        return "parquet"
    if content.startswith(b"PK"):
        return "xlsx"
    if b"\0" in content[:4_000] or content.startswith((b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"%PDF", b"BZh", b"\xfd7z")):
        raise RequirementsError(f"{name} is not in a supported format; expected CSV, JSON Lines, Parquet or .xlsx.")
    return "jsonl" if content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{") else "csv"


# How many rows a file has, as far as that is known before it is read, and to how many bytes it unpacks. A small file of
# equal cells can unpack to gigabytes.


def _measure_lines(content: bytes, _: str) -> tuple[int, int]:
    return content.count(b"\n") - 1, len(content)


def _measure_parquet(content: bytes, name: str) -> tuple[int, int]:
    import pyarrow as pa  # noqa: PLC0415 (columns take long to import)
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        about = pq.ParquetFile(io.BytesIO(content)).metadata
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RequirementsError(f"{name} is a damaged Parquet file; write it again.") from error
    return about.num_rows, sum(about.row_group(place).total_byte_size for place in range(about.num_row_groups))


def _measure_workbook(content: bytes, name: str) -> tuple[int, int]:
    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise RequirementsError(f"{name} is a damaged workbook; save it again.") from error
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise RequirementsError(f"{name} is an archive, not a workbook; expected CSV, JSON Lines, Parquet or .xlsx.")
    return 0, sum(part.file_size for part in parts)


class BatchChoice(NamedTuple):
    """Options of a run; what is empty is as the command has it by default, and the output as the file is."""

    output: str = ""
    reasons: bool = False
    as_of: str = ""
    decimal: str = ""
    encoding: str = ""


def make_batch_run(upload: Upload, choice: BatchChoice, folders: Sequence[str | None]) -> Run:
    """Return the run that answers the teams of a file. Raises RequirementsError."""
    output = choice.output or upload.kind
    if output not in OUTPUTS:
        raise RequirementsError(f"unknown format '{choice.output[:40]}'; expected one of {', '.join(OUTPUTS)}.")
    if choice.decimal not in {"", ".", ","}:
        raise RequirementsError(f"unknown decimal separator '{choice.decimal[:40]}'; expected a point or a comma.")
    if not _ENCODING.fullmatch(choice.encoding):
        raise RequirementsError(f"unknown encoding '{choice.encoding[:40]}'; expected one such as cp1252.")
    day = read_day(choice.as_of.strip() or None)
    name = f"teams.{upload.ending}"
    arguments = ["batch", name, f"scores.{output}", "--rejects", "rejects.csv", "--summary", "summary.json"]
    arguments += ["--quiet", *_name_folders(folders), *(["--reasons"] if choice.reasons else [])]
    given = {
        "as-of": day.isoformat() if day else "",
        "separator": _find_separator(upload),
        "decimal": choice.decimal if upload.kind == "csv" else "",
        "encoding": choice.encoding if upload.kind == "csv" else "",
    }
    arguments += [f"--{option}={text}" for option, text in given.items() if text]
    about = {"name": upload.name, "output": output, "choice": choice._asdict()}
    return Run(arguments, {name: upload.content}, about)


def _find_separator(upload: Upload) -> str:
    """Return what separates the cells of CSV if it is no comma, as Excel writes it in much of Europe; else nothing."""
    if upload.ending != "csv":
        return ""
    header = upload.content.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")[0]
    return next((sign for sign in (";", "\t") if b"," not in header and sign.encode() in header), "")


def _name_folders(folders: Sequence[str | None]) -> list[str]:
    given = zip(("--facts", "--rules"), folders, strict=True)
    return [part for name, folder in given if folder is not None for part in (name, str(Path(folder).absolute()))]


def read_summary(run: StartedRun) -> dict[str, Any]:
    """Return the summary of a run that is done."""
    found: dict[str, Any] = json.loads((run.folder / "summary.json").read_bytes())
    return found


def find_result(run: StartedRun, what: str) -> Path | None:
    """Return the file of `scores` or `rejects`, or None, for example if no row was rejected."""
    form = {"scores": run.about.get("output", "csv"), "rejects": "csv"}.get(what)
    path = run.folder / f"{what}.{form}"
    return path if what in _RESULTS and run.is_done and path.is_file() else None


def send_result(run: StartedRun, what: str, *, safe: bool) -> Response:
    """Return the file of `scores` or `rejects`; with `safe` no cell of CSV can be taken for a formula.

    Raises MissingError, which says why there is no such file.
    """
    if (path := find_result(run, what)) is None:
        raise MissingError(_explain_missing(run, what))
    stem = str(run.about.get("name", "teams")).rpartition(".")[0] or "teams"
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_") else "-" for sign in stem)
    headers = {"Content-Disposition": f'attachment; filename="{plain}.{path.name}"'}
    media = OUTPUTS[path.suffix.removeprefix(".")]
    # A person opens it in a spreadsheet; for a program, the apostrophe before "=1+1" would be part of the cell.
    if safe and path.suffix == ".csv":
        return StreamingResponse(write_safe_lines(_read_rows(path)), HTTPStatus.OK, headers, media)
    return FileResponse(path, headers=headers, media_type=media)


def _explain_missing(run: StartedRun, what: str) -> str:
    if what not in _RESULTS:
        return NO_RUN
    if run.is_running:
        return "The results are not ready yet: the run has not ended."
    return "No row was rejected, so there is no such file." if run.is_done else "The run failed: it has no results."


def _read_rows(path: Path) -> Iterator[list[str]]:
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.reader(file)


def describe_expiry(run: StartedRun) -> str:
    """Return until when the files of a run are available, as a time of day in UTC."""
    return dt.datetime.fromtimestamp(run.began + KEPT_SECONDS, dt.UTC).strftime("%H:%M UTC")
