"""Files with many teams, as pages and as an API: send one, wait, read the summary, fetch the results."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, File, Path, Query, Request, UploadFile
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, RedirectResponse, Response

from provider_advisor.batch.writing.rejects import count_reasons
from provider_advisor.errors import BusyError, RequirementsError
from provider_advisor.faces.report.batch_page import batch_values
from provider_advisor.faces.web.api import PROBLEM, Day, Responses
from provider_advisor.faces.web.batch_files import (
    ENDINGS,
    MOST_ROWS,
    NO_RUN,
    OUTPUTS,
    BatchChoice,
    Upload,
    describe_expiry,
    find_result,
    make_batch_run,
    read_summary,
    read_upload,
    send_result,
)
from provider_advisor.faces.web.error_sentences import tell_program
from provider_advisor.faces.web.request_reading import CHECK_PARAMETERS, FieldReader, make_api_router
from provider_advisor.faces.web.responses import FormText, JsonResponse, MissingError, respond_problem, show_page
from provider_advisor.faces.web.runs import Runs, StartedRun
from provider_advisor.faces.web.service import KnowledgeService, Service
from provider_advisor.faces.web.settings import MOST_BYTES
from provider_advisor.requirements.statement import read_day

_MOST_REASONS = 10
_TITLE = "Many teams at once"
_NAMES = {"csv": "CSV", "xlsx": "Workbook (.xlsx)", "parquet": "Parquet", "jsonl": "JSON Lines"}

router = APIRouter(include_in_schema=False, dependencies=[CHECK_PARAMETERS])


def find_run(name: Annotated[str, Path(description="the id of the run")], runs: Runs) -> StartedRun:
    """Return the run that an address names. Raises MissingError."""
    if (run := runs.find(name)) is None:
        raise MissingError(NO_RUN)
    return run


FoundRun = Annotated[StartedRun, Depends(find_run)]


@router.get("/batch")
def show_batch(service: Service) -> Response:
    """Show the upload form."""
    return _show_form(service, BatchChoice())


@router.post("/batch")
def start_batch(  # noqa: PLR0913, PLR0917 (the fields of the form)
    request: Request,
    service: Service,
    runs: Runs,
    file: Annotated[UploadFile | None, File()] = None,
    output: FormText = "",
    reasons: FormText = "",
    as_of: FormText = "",
    decimal: FormText = "",
    encoding: FormText = "",
) -> Response:
    """Start scoring the teams in a file, and redirect to the page of the run."""
    choice = BatchChoice(output, bool(reasons), as_of, decimal, encoding)
    fields = FieldReader(request)
    upload = fields.note("file", _read_file, file)
    fields.read("as_of", as_of.strip(), read_day)
    if upload is None or fields.faults:
        return _show_form(service, choice, wrong=fields.find_wrong())
    try:
        return RedirectResponse(f"/batch/{runs.start(make_batch_run(upload, choice, runs.knowledge)).id}", 303)
    except (RequirementsError, BusyError) as error:
        return _show_form(service, choice, wrong=error)
    except OSError as error:
        said = f"The file cannot be saved ({error.strerror}); try again later."
        return _show_form(service, choice, 503, mistakes=[said])


@router.get("/batch/{name}")  # noqa: FAST003 (find_run takes it)
def show_run(run: FoundRun, service: Service) -> Response:
    """Show the state of a run: running, done with its summary, or failed with the reason."""
    if run.is_running:
        seconds = round(time.time() - run.began)
        page = show_page(service, "batch_wait.html.j2", _TITLE, here="batch", seconds=seconds, file=run.about["name"])
        page.headers["Refresh"] = "2"  # refreshes the page like a meta element, without a script
        return page
    if not run.is_done:
        return _show_form(service, BatchChoice(**run.about["choice"]), 422, mistakes=run.list_mistakes(), was_read=True)
    values = batch_values(read_summary(run))
    rejects = find_result(run, "rejects") if values["summary"]["rejected"] else None
    reasons = count_reasons(rejects) if rejects else []
    return show_page(
        service,
        "batch_result.html.j2",
        **values,
        here="batch",
        name=run.id,
        scores=_NAMES[run.about["output"]],
        has_rejects=rejects is not None,
        reasons=reasons[:_MOST_REASONS],
        other_reasons=reasons[_MOST_REASONS:],
        until=describe_expiry(run),
    )


@router.get("/batch/{name}/{what}")  # noqa: FAST003 (as above)
def download_result(run: FoundRun, what: str) -> Response:
    """Return the scores, or the rows that were rejected, as a file."""
    return send_result(run, what, safe=True)


def _show_form(service: KnowledgeService, choice: BatchChoice, status: int = 200, **wrong: Any) -> Response:  # noqa: ANN401 (of any page)
    return show_page(
        service,
        "batch_form.html.j2",
        _TITLE,
        status,
        **{"was_read": False, **wrong},
        here="batch",
        choice=choice,
        names=_NAMES,
        endings=",".join(f".{ending}" for ending in ENDINGS),
        most_rows=f"{MOST_ROWS:,}",
        most_megabytes=MOST_BYTES // 1_000_000,
    )


def _read_file(file: UploadFile | None) -> Upload:
    if file is None or not file.filename:
        raise RequirementsError("Choose a file with your teams first.")
    return read_upload(file.filename, file.file.read(MOST_BYTES + 1))


# For programs

_TYPES = {media.partition(";")[0]: kind for kind, media in OUTPUTS.items()}
_FORM = f"format of the scores: {', '.join(OUTPUTS)}; default: the first that `Accept` names, or that of the file"
_ANY_FILE = "application/octet-stream"
_BYTES = {"schema": {"type": "string", "format": "binary"}}

api = make_api_router("many teams")


class BatchState(BaseModel):
    """The state of a run, and where its files are once it is done."""

    id: str
    state: str = Field(description="running, done or failed")
    mistakes: list[str]
    summary: dict[str, Any] | None
    scores: str | None = Field(description="address of the answers")
    rejects: str | None = Field(description="address of the rows that could not be scored, with the reason for each")
    until: str


_STATE = "the state of the run"
_STARTED = "the run has started; its address is in `Location`"
# Clients are generated from this document, and most generators know no other type for a file.
_FILE_SENT = {
    "requestBody": {
        "description": f"the file, as one of {', '.join(_TYPES)}; or as {_ANY_FILE}, to have its type recognised by "
        "its content",
        "required": True,
        "content": {_ANY_FILE: _BYTES},
    }
}
# Bytes first: a client takes the first type that it knows.
_KINDS = dict.fromkeys((_ANY_FILE, *_TYPES), _BYTES)
_SCORES: Responses = {200: {"description": "the file", "content": _KINDS}, 404: PROBLEM}
_REJECTS: Responses = {
    200: {"description": "the rows", "content": {"text/csv": {"schema": {"type": "string"}}}},
    404: PROBLEM,
}


@api.post(
    "/batch",
    status_code=202,
    response_model=BatchState,
    response_description=_STARTED,
    responses={415: PROBLEM},
    openapi_extra=_FILE_SENT,
)
async def post_batch(  # noqa: PLR0913, PLR0917 (the options of a run)
    request: Request,
    runs: Runs,
    output: Annotated[str, Query(description=_FORM)] = "",
    reasons: Annotated[bool, Query(description="also return the musts that are unmet or unknown")] = False,  # noqa: FBT002
    as_of: Day = None,
    decimal: Annotated[Literal["", ".", ","], Query(description="decimal separator of numbers in CSV")] = "",
    encoding: Annotated[str, Query(description="text encoding of CSV, such as cp1252; default: UTF-8")] = "",
) -> Response:
    """Start scoring the teams in a file: CSV, JSON Lines, Parquet or a workbook, up to 100,000 rows and 10 MB."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in {_ANY_FILE, *_TYPES}:
        sentence = f"'{media[:60]}' is not supported; expected one of {_ANY_FILE}, {', '.join(_TYPES)}."
        return respond_problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, [sentence])
    content, chosen = await request.body(), output or _read_accepted(request.headers.get("accept", ""))

    # Checking a file and starting a process take longer than other requests should wait.
    def begin() -> StartedRun:
        upload = read_upload(f"teams.{_TYPES[media]}" if media in _TYPES else "teams", content)
        return runs.start(
            make_batch_run(upload, BatchChoice(chosen, reasons, as_of or "", decimal, encoding), runs.knowledge)
        )

    run = await run_in_threadpool(begin)
    response = JsonResponse(_record_run(run), HTTPStatus.ACCEPTED)
    response.headers["Location"] = f"/api/v1/batch/{run.id}"
    return response


@api.get("/batch/{name}", response_model=BatchState, response_description=_STATE, responses={404: PROBLEM})
def get_batch(run: FoundRun) -> Response:
    """Return the state of a run and, once it is done, where its files are."""
    return JsonResponse(_record_run(run))


@api.get("/batch/{name}/scores", responses=_SCORES, response_class=FileResponse)
def get_scores(run: FoundRun) -> Response:
    """Return the rows with their verdicts and scores."""
    return send_result(run, "scores", safe=False)


@api.get("/batch/{name}/rejects", responses=_REJECTS, response_class=FileResponse)
def get_rejects(run: FoundRun) -> Response:
    """Return, as CSV, the rows that could not be scored: file, row, reason, and the row itself."""
    return send_result(run, "rejects", safe=False)


def _read_accepted(header: str) -> str:
    """Return the first format of scores that the client accepts, empty if it names none."""
    named = (part.partition(";")[0].strip().lower() for part in header.split(","))
    return next((_TYPES[name] for name in named if name in _TYPES), "")


def _record_run(run: StartedRun) -> dict[str, Any]:
    address = f"/api/v1/batch/{run.id}"
    return {
        "id": run.id,
        "state": "running" if run.is_running else "done" if run.is_done else "failed",
        "mistakes": [] if run.is_running or run.is_done else [*map(tell_program, run.list_mistakes())],
        "summary": read_summary(run) if run.is_done else None,
        **{what: f"{address}/{what}" if find_result(run, what) else None for what in ("scores", "rejects")},
        "until": describe_expiry(run),
    }
