"""What a browser or a program asks of a file with many teams, and the results of it as files."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import json
import sys
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

from starlette.responses import FileResponse, Response, StreamingResponse

from provider_advisor.errors import RequirementsError
from provider_advisor.faces.web.api import read_day
from provider_advisor.faces.web.facts_view import write_safe_lines
from provider_advisor.faces.web.jobs import LASTS, Run, StartedRun
from provider_advisor.faces.web.uploads import Upload

OUTPUTS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "jsonl": "application/x-ndjson",
}
_RESULTS = ("scores", "rejects")


class BatchChoice(NamedTuple):
    """How answers are wanted: the format (that of the file if empty), with reasons or not, and the day of the facts."""

    output: str = ""
    reasons: bool = False
    as_of: str = ""


def make_batch_run(upload: Upload, choice: BatchChoice, folders: Sequence[str | None]) -> Run:
    """Return the run that answers the teams of a file. Raises RequirementsError."""
    output = choice.output or upload.kind
    if output not in OUTPUTS:
        raise RequirementsError(f"unknown format '{choice.output[:40]}'; expected one of {', '.join(OUTPUTS)}.")
    day = read_day(choice.as_of.strip())
    name = f"teams.{upload.kind}"
    arguments = ["batch", name, f"scores.{output}", "--rejects", "rejects.csv", "--summary", "summary.json"]
    arguments += ["--quiet", *_name_folders(folders), *(["--reasons"] if choice.reasons else [])]
    arguments += ["--as-of", day.isoformat()] if day else []
    return Run(arguments, {name: upload.content}, {"name": upload.name, "output": output})


def _name_folders(folders: Sequence[str | None]) -> list[str]:
    given = zip(("--facts", "--rules"), folders, strict=True)
    return [part for name, folder in given if folder is not None for part in (name, str(Path(folder).absolute()))]


def read_summary(job: StartedRun) -> dict[str, Any]:
    """Return the summary of a run that is done."""
    found: dict[str, Any] = json.loads((job.folder / "summary.json").read_bytes())
    return found


def find_result(job: StartedRun, what: str) -> Path | None:
    """Return the file of `scores` or `rejects`, None where there is none: no row was rejected, say."""
    form = {"scores": job.about.get("output", "csv"), "rejects": "csv"}.get(what)
    path = job.folder / f"{what}.{form}"
    return path if what in _RESULTS and job.is_done and path.is_file() else None


def send_file(path: Path, job: StartedRun, *, safe: bool) -> Response:
    """Return a file to be saved; with `safe` no cell of CSV can be taken for a formula."""
    stem = str(job.about.get("name", "teams")).rpartition(".")[0] or "teams"
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_") else "-" for sign in stem)
    headers = {
        "Content-Disposition": f'attachment; filename="{plain}.{path.name}"',
        "Cache-Control": "no-store",
    }
    media = OUTPUTS[path.suffix.removeprefix(".")]
    if safe and path.suffix == ".csv":
        return StreamingResponse(write_safe_lines(_read_rows(path)), HTTPStatus.OK, headers, media)
    return FileResponse(path, headers=headers, media_type=media)


def _read_rows(path: Path) -> Iterator[list[str]]:
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.reader(file)


def list_rejected(path: Path, most: int) -> list[tuple[str, str]]:
    """Return the numbers of the first rows that were rejected, each with the reason."""
    rows = itertools.islice(_read_rows(path), 1, most + 1)
    return [(row[1], row[2]) for row in rows]


def describe_end(job: StartedRun) -> str:
    """Return until when the files of a run can be had, as the time of day in UTC."""
    return dt.datetime.fromtimestamp(job.began + LASTS, dt.UTC).strftime("%H:%M UTC")
