"""Longer API operations: files with many teams, the impact of changed files, and replay."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from fastapi import Path as AddressPart
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from provider_advisor.errors import BusyError, RequirementsError
from provider_advisor.faces.cli.options import read_day
from provider_advisor.faces.replaying import check_record, replay_record
from provider_advisor.faces.web.api import PROBLEM, Day, Responses, describe_json
from provider_advisor.faces.web.batch_files import (
    OUTPUTS,
    BatchChoice,
    describe_end,
    explain_missing,
    find_result,
    make_batch_run,
    read_summary,
    read_upload,
    send_file,
)
from provider_advisor.faces.web.responses import JsonResponse, respond_problem, tell_program
from provider_advisor.faces.web.runs import Run, RunFolder, Runs, StartedRun
from provider_advisor.faces.web.service import Service
from provider_advisor.knowledge.files import shipped_folder

_MOST_TEAMS = 1_000
_SECONDS = 25
_FILE = re.compile(r"(facts|rules)(/[a-z0-9][a-z0-9_-]{0,60}){1,3}\.yaml")
_TYPES = {media.partition(";")[0]: kind for kind, media in OUTPUTS.items()}
_FORM = f"format of the scores: {', '.join(OUTPUTS)}; default: the first that `Accept` names, or that of the file"
_ANY_FILE = "application/octet-stream"
_BYTES = {"schema": {"type": "string", "format": "binary"}}


class BatchState(BaseModel):
    """The state of a run, and where its files are once it is done."""

    id: str
    state: str = Field(description="running, done or failed")
    mistakes: list[str]
    summary: dict[str, Any] | None
    scores: str | None = Field(description="address of the answers")
    rejects: str | None = Field(description="address of the rows that could not be scored, with the reason for each")
    until: str


class ImpactRequest(BaseModel):
    """A change of files, and the teams to compare."""

    files: dict[str, str | None] = Field(
        description="full contents by path, such as facts/providers/acme.yaml; null removes a file", max_length=200
    )
    teams: list[dict[str, Any]] = Field(description="requirements files in JSON", max_length=_MOST_TEAMS, min_length=1)
    as_of: str | None = None


RunId = Annotated[str, AddressPart(description="the id of the run")]


router = APIRouter(prefix="/api/v1", default_response_class=JsonResponse)


@router.post("/replay", responses=describe_json("the comparison", {"type": "object"}), tags=["answers"])
def post_replay(record: Annotated[dict[str, Any], Body()], service: Service, as_of: Day = None) -> Response:
    """Answer the question of an earlier answer again, and say whether and why the answer is different now."""
    day = read_day(as_of or None)
    return JsonResponse(replay_record(check_record(record, "the request"), "the request", service.knowledge, day))


_STARTED: Responses = {
    202: {"description": "the run has started; its address is in `Location`", "model": BatchState},
    415: PROBLEM,
    422: PROBLEM,
}
# Clients are generated from this document, and most generators know no other type for a file.
_FILE_SENT = {
    "requestBody": {
        "description": f"the file, as one of {', '.join(_TYPES)}; or as {_ANY_FILE}, to have its type recognised by "
        "its content",
        "required": True,
        "content": {_ANY_FILE: _BYTES},
    }
}
_STATE: Responses = {200: {"description": "the state of the run", "model": BatchState}, 404: PROBLEM}
# Bytes first: a client takes the first type that it knows.
_KINDS = dict.fromkeys((_ANY_FILE, *_TYPES), _BYTES)
_SCORES: Responses = {200: {"description": "the file", "content": _KINDS}, 404: PROBLEM}
_REJECTS: Responses = {
    200: {"description": "the rows", "content": {"text/csv": {"schema": {"type": "string"}}}},
    404: PROBLEM,
}


@router.post("/batch", status_code=202, responses=_STARTED, tags=["many teams"], openapi_extra=_FILE_SENT)
async def post_batch(
    request: Request,
    runs: Runs,
    output: Annotated[str, Query(description=_FORM)] = "",
    reasons: Annotated[bool, Query(description="also return the musts that are unmet or unknown")] = False,  # noqa: FBT002
    as_of: Day = None,
) -> Response:
    """Start scoring the teams in a file: CSV, JSON Lines, Parquet or a workbook, up to 100,000 rows and 10 MB."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in {_ANY_FILE, *_TYPES}:
        sentence = f"'{media[:60]}' is not supported; expected one of {_ANY_FILE}, {', '.join(_TYPES)}."
        return respond_problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, [sentence])
    content, chosen = await request.body(), output or _read_accepted(request.headers.get("accept", ""))

    def begin() -> str:
        upload = read_upload(f"teams.{_TYPES[media]}" if media in _TYPES else "teams", content)
        return runs.start(make_batch_run(upload, BatchChoice(chosen, reasons, as_of or ""), runs.knowledge))

    run = runs.find(await run_in_threadpool(begin))
    if run is None:
        return _refuse_unknown()
    response = JsonResponse(_record(run), HTTPStatus.ACCEPTED)
    response.headers["Location"] = f"/api/v1/batch/{run.id}"
    return response


@router.get("/batch/{name}", responses=_STATE, tags=["many teams"])
def get_batch(name: RunId, runs: Runs) -> Response:
    """Return the state of a run and, once it is done, where its files are."""
    run = runs.find(name)
    return _refuse_unknown() if run is None else JsonResponse(_record(run))


@router.get("/batch/{name}/scores", responses=_SCORES, response_class=FileResponse, tags=["many teams"])
def get_scores(name: RunId, runs: Runs) -> Response:
    """Return the rows with their verdicts and scores."""
    return _send(runs.find(name), "scores")


@router.get("/batch/{name}/rejects", responses=_REJECTS, response_class=FileResponse, tags=["many teams"])
def get_rejects(name: RunId, runs: Runs) -> Response:
    """Return, as CSV, the rows that could not be scored: file, row, reason, and the row itself."""
    return _send(runs.find(name), "rejects")


def _read_accepted(header: str) -> str:
    """Return the first format of scores that the client accepts, empty if it names none."""
    named = (part.partition(";")[0].strip().lower() for part in header.split(","))
    return next((_TYPES[name] for name in named if name in _TYPES), "")


def _refuse_unknown() -> Response:
    return respond_problem(HTTPStatus.NOT_FOUND, ["There is no such run: results are removed after an hour."])


def _send(run: StartedRun | None, what: str) -> Response:
    if run is None:
        return _refuse_unknown()
    if (path := find_result(run, what)) is not None:
        return send_file(path, run, safe=False)
    return respond_problem(HTTPStatus.NOT_FOUND, [explain_missing(run, what)])


def _record(run: StartedRun) -> dict[str, Any]:
    address = f"/api/v1/batch/{run.id}"
    return {
        "id": run.id,
        "state": "running" if run.is_running else "done" if run.is_done else "failed",
        "mistakes": [] if run.is_running or run.is_done else [*map(tell_program, run.list_mistakes())],
        "summary": read_summary(run) if run.is_done else None,
        **{what: f"{address}/{what}" if find_result(run, what) else None for what in ("scores", "rejects")},
        "until": describe_end(run),
    }


_EFFECT = describe_json("the effect, as `recommend schema impact` describes it", {"type": "object"}) | {429: PROBLEM}


@router.post("/impact", responses=_EFFECT, tags=["many teams"])
async def post_impact(asked: ImpactRequest, runs: Runs) -> Response:
    """Say which verdicts a change of facts or rules would change, and why, before you make it.

    Compares the files that the server reads with the same files after the change, on up to 1,000 teams.
    """
    return JsonResponse(await measure_change(asked, runs))


async def measure_change(asked: ImpactRequest, runs: RunFolder) -> dict[str, Any]:
    """Return the effect of a change as data. Raises RequirementsError, and BusyError if it takes too long."""
    name = await run_in_threadpool(lambda: runs.start(_make_impact_run(asked, runs.knowledge)))
    for _ in range(10 * _SECONDS):  # does not block a thread, so that other requests are answered
        if (run := runs.find(name)) is None or not run.is_running:
            break
        await asyncio.sleep(0.1)
    if run is None or run.is_running:
        raise BusyError(f"The comparison took longer than {_SECONDS} seconds; ask with fewer teams.")
    if not run.is_done:
        raise RequirementsError(*(mistake.removeprefix("after/") for mistake in run.list_mistakes()))
    found: dict[str, Any] = json.loads(run.read_printed())
    return found


def _make_impact_run(asked: ImpactRequest, folders: Sequence[str | None]) -> Run:
    """Return the run that compares the files with and without a change. Raises RequirementsError."""
    wrong = [name for name in asked.files if not _FILE.fullmatch(name)]
    if wrong:
        raise RequirementsError(
            *(f"'{name[:80]}' is not a file path; expected facts/….yaml or rules/….yaml." for name in wrong)
        )
    day = read_day(asked.as_of or None)
    before = {
        f"{kind}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for kind, given in zip(("facts", "rules"), folders, strict=True)
        for folder in [Path(given or shipped_folder(kind))]
        for path in sorted(folder.rglob("*.yaml"))
    }
    after = before | {name: text.encode("utf-8", "replace") for name, text in asked.files.items() if text is not None}
    for name in (name for name, text in asked.files.items() if text is None):
        after.pop(name, None)
    sides = {"before": before, "after": after}
    files = {f"{side}/{name}": content for side, parts in sides.items() for name, content in parts.items()}
    files["teams.jsonl"] = b"".join(json.dumps(team).encode() + b"\n" for team in asked.teams)
    arguments = ["impact", "teams.jsonl", "--before", "before", "--after", "after", "--format", "json"]
    return Run([*arguments, *(["--as-of", day.isoformat()] if day else [])], files, {"name": "teams.jsonl"})
