"""Pages for files with many teams: upload one, wait, read the summary, download the results."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, File, UploadFile
from starlette.responses import RedirectResponse, Response

from provider_advisor.errors import BusyError, RequirementsError
from provider_advisor.faces.cli.options import read_day
from provider_advisor.faces.report.batch_page import batch_values
from provider_advisor.faces.web.batch_files import (
    ENDINGS,
    MOST_ROWS,
    OUTPUTS,
    BatchChoice,
    Upload,
    describe_end,
    explain_missing,
    find_result,
    list_rejected,
    make_batch_run,
    read_summary,
    read_upload,
    send_file,
)
from provider_advisor.faces.web.responses import FormText, read_fields, show_page, show_refusal
from provider_advisor.faces.web.runs import Runs
from provider_advisor.faces.web.service import KnowledgeService, Service
from provider_advisor.faces.web.settings import MOST_BYTES

_MOST_REJECTS = 5
_TITLE = "Many teams at once"
_NAMES = {"csv": "CSV", "xlsx": "Workbook (.xlsx)", "parquet": "Parquet", "jsonl": "JSON Lines"}

router = APIRouter(include_in_schema=False)


@router.get("/batch")
def show_batch(service: Service) -> Response:
    """Show the upload form."""
    return _show_form(service, BatchChoice())


@router.post("/batch")
def start_batch(  # noqa: PLR0913, PLR0917 (the fields of the form)
    service: Service,
    runs: Runs,
    file: Annotated[UploadFile | None, File()] = None,
    output: FormText = "",
    reasons: FormText = "",
    as_of: FormText = "",
) -> Response:
    """Start scoring the teams in a file, and redirect to the page of the run."""
    choice = BatchChoice(output, bool(reasons), as_of)
    try:
        found = read_fields(
            {"file": file if file and file.filename else None, "as_of": as_of.strip()},
            {"file": _read, "as_of": read_day},
            needed={"file": "Choose a file with your teams first."},
        )
        return RedirectResponse(f"/batch/{runs.start(make_batch_run(found['file'], choice, runs.knowledge))}", 303)
    except (RequirementsError, BusyError) as error:
        return _show_form(service, choice, wrong=error)
    except OSError as error:
        said = f"The file cannot be saved ({error.strerror}); try again later."
        return _show_form(service, choice, 503, mistakes=[said])


@router.get("/batch/{name}")
def show_run(name: str, service: Service, runs: Runs) -> Response:
    """Show the state of a run: running, done with its summary, or failed with the reason."""
    run = runs.find(name)
    if run is None:
        return _refuse(service, explain_missing(None, ""))
    if run.is_running:
        seconds = round(time.time() - run.began)
        page = show_page(service, "batch_wait.html.j2", _TITLE, here="batch", seconds=seconds, file=run.about["name"])
        page.headers["Refresh"] = "2"  # refreshes the page like a meta element, without a script
        return page
    if not run.is_done:
        return _show_form(service, BatchChoice(run.about["output"]), 422, mistakes=run.list_mistakes())
    values = batch_values(read_summary(run))
    rejects = find_result(run, "rejects") if values["summary"]["rejected"] else None
    return show_page(
        service,
        "batch_result.html.j2",
        **values,
        here="batch",
        name=name,
        scores=_NAMES[run.about["output"]],
        has_rejects=rejects is not None,
        rejects=list_rejected(rejects, _MOST_REJECTS) if rejects else [],
        until=describe_end(run),
    )


@router.get("/batch/{name}/{what}")
def send_result(name: str, what: str, service: Service, runs: Runs) -> Response:
    """Return the scores, or the rows that were rejected, as a file."""
    run = runs.find(name)
    path = find_result(run, what) if run else None
    return send_file(path, run, safe=True) if run and path else _refuse(service, explain_missing(run, what))


def _show_form(service: KnowledgeService, choice: BatchChoice, status: int = 200, **wrong: Any) -> Response:  # noqa: ANN401 (of any page)
    return show_page(
        service,
        "batch_form.html.j2",
        _TITLE,
        status,
        **wrong,
        here="batch",
        choice=choice,
        outputs=[("", "The same as the file"), *((name, _NAMES[name]) for name in OUTPUTS)],
        endings=",".join(f".{ending}" for ending in ENDINGS),
        most_rows=f"{MOST_ROWS:,}",
        most_megabytes=MOST_BYTES // 1_000_000,
    )


def _read(file: UploadFile) -> Upload:
    return read_upload(file.filename or "", file.file.read(MOST_BYTES + 1))


def _refuse(service: KnowledgeService, sentence: str) -> Response:
    return show_refusal(service, "There are no such results", 404, mistakes=[sentence], here="batch")
