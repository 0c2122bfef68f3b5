"""Pages for files with many teams: upload one, wait, read the summary, download the results."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, UploadFile
from starlette.responses import RedirectResponse, Response

from provider_advisor.errors import BusyError, RequirementsError
from provider_advisor.faces.report.batch_page import batch_values
from provider_advisor.faces.web.api import read_day
from provider_advisor.faces.web.batch_files import (
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
from provider_advisor.faces.web.responses import read_fields, show_page
from provider_advisor.faces.web.runs import RunFolder
from provider_advisor.faces.web.service import KnowledgeService
from provider_advisor.faces.web.settings import MOST_BYTES

_MOST_REJECTS = 5
_TITLE = "Many teams at once"
_NO_STORE = {"Cache-Control": "no-store"}
_NAMES = {"csv": "CSV", "xlsx": "Workbook (.xlsx)", "parquet": "Parquet", "jsonl": "JSON Lines"}


def make_batch_pages(service: KnowledgeService, runs: RunFolder) -> APIRouter:
    """Return the routes of the pages on many teams."""
    router, pages = APIRouter(include_in_schema=False), BatchPages(service, runs)
    for method, path, function in (
        ("GET", "/batch", pages.show_form),
        ("POST", "/batch", pages.start),
        ("GET", "/batch/{name}", pages.show),
        ("GET", "/batch/{name}/{what}", pages.send),
    ):
        router.add_api_route(path, function, methods=[method], response_model=None)
    return router


class BatchPages:
    """All pages on many teams."""

    def __init__(self, service: KnowledgeService, runs: RunFolder) -> None:
        self._service, self._runs = service, runs

    def _page(self, template: str, /, title: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401
        found = show_page(self._service, template, title, status, here="batch", **values)
        found.headers.update(_NO_STORE)
        return found

    def show_form(self) -> Response:
        """Show the upload form."""
        return self._show_form(BatchChoice())

    def _show_form(self, choice: BatchChoice, status: int = 200, **wrong: Any) -> Response:  # noqa: ANN401 (as above)
        return self._page(
            "batch_form.html.j2",
            _TITLE,
            status,
            **wrong,
            choice=choice,
            outputs=[("", "The same as the file"), *((name, _NAMES[name]) for name in OUTPUTS)],
            most_rows=f"{MOST_ROWS:,}",
            most_megabytes=MOST_BYTES // 1_000_000,
        )

    def start(
        self,
        file: Annotated[UploadFile | None, File()] = None,
        output: Annotated[str, Form()] = "",
        reasons: Annotated[str, Form()] = "",
        as_of: Annotated[str, Form()] = "",
    ) -> Response:
        """Start scoring the teams in a file, and redirect to the page of the run."""
        choice = BatchChoice(output, bool(reasons), as_of)
        try:
            found = read_fields({"file": lambda: _read(file), "as_of": lambda: read_day(as_of)})
            run = make_batch_run(found["file"], choice, self._runs.knowledge)
            return RedirectResponse(f"/batch/{self._runs.start(run)}", 303, _NO_STORE)
        except (RequirementsError, BusyError) as error:
            return self._show_form(choice, wrong=error)
        except OSError as error:
            said = f"The file cannot be saved ({error.strerror}); try again later."
            return self._show_form(choice, 503, mistakes=[said])

    def show(self, name: str) -> Response:
        """Show the state of a run: running, done with its summary, or failed with the reason."""
        run = self._runs.find(name)
        if run is None:
            return self._refuse(explain_missing(None, ""))
        if run.is_running:
            page = self._page(
                "batch_wait.html.j2", _TITLE, seconds=round(time.time() - run.began), file=run.about["name"]
            )
            page.headers["Refresh"] = "2"  # refreshes the page like a meta element, without a script
            return page
        if not run.is_done:
            return self._show_form(BatchChoice(run.about["output"]), 422, mistakes=run.list_mistakes())
        values = batch_values(read_summary(run))
        rejects = find_result(run, "rejects") if values["summary"]["rejected"] else None
        return self._page(
            "batch_result.html.j2",
            **values,
            name=name,
            scores=_NAMES[run.about["output"]],
            has_rejects=rejects is not None,
            rejects=list_rejected(rejects, _MOST_REJECTS) if rejects else [],
            until=describe_end(run),
        )

    def send(self, name: str, what: str) -> Response:
        """Return the scores, or the rows that were rejected, as a file."""
        run = self._runs.find(name)
        path = find_result(run, what) if run else None
        return send_file(path, run, safe=True) if run and path else self._refuse(explain_missing(run, what))

    def _refuse(self, sentence: str) -> Response:
        return self._page("plain.html.j2", _TITLE, 404, mistakes=[sentence], heading="There are no such results")


def _read(file: UploadFile | None) -> Upload:
    if file is None or not file.filename:
        raise RequirementsError("Choose a file with your teams first.")
    return read_upload(file.filename, file.file.read(MOST_BYTES + 1))
