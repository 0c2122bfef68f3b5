"""Saved decisions, as pages and as an API: save, compare with today's answer, list and delete.

Decisions have no owner. Anyone with the address of one can read it, and anyone with its key can delete it, so the list
shows only decisions whose addresses were entered. Nothing of this may be stored by a browser or a proxy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Form, Header, Path, Request
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse, Response

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.answer_schema import read_answer
from provider_advisor.faces.replaying import (
    ReplayedDecision,
    describe_count,
    group_differences,
    record_decision,
    replay_decision,
)
from provider_advisor.faces.report.html import report_values
from provider_advisor.faces.web.address import read_address, write_address
from provider_advisor.faces.web.api import PROBLEM
from provider_advisor.faces.web.guard import wants_page
from provider_advisor.faces.web.responses import JsonResponse, respond_problem, show_page
from provider_advisor.faces.web.service import KnowledgeService
from provider_advisor.requirements import Statement
from provider_advisor.store import DecisionStore, make_secret

_MOST_LISTED = 50
_ADDRESS = re.compile(r"\b[0-9a-f]{32}\b")
_NO_STORE = {"Cache-Control": "no-store"}

FormText = Annotated[str, Form()]
_UNKNOWN = "There is no such decision: its id is incomplete, or it was deleted."


def make_decision_pages(service: KnowledgeService, store: DecisionStore) -> APIRouter:
    """Return the routes of kept decisions."""
    router, pages = APIRouter(include_in_schema=False), DecisionPages(service, store)
    for method, path, function in (
        ("GET", "/decisions", pages.list_known),
        ("GET", "/decisions/new", pages.show_form),
        ("POST", "/decisions", pages.keep),
        ("GET", "/d/{name}.json", pages.show_json),
        ("GET", "/d/{name}", pages.show),
        ("POST", "/d/{name}/delete", pages.delete),
    ):
        router.add_api_route(path, function, methods=[method], response_model=None)
    return router


class DecisionPages:
    """All pages on kept decisions."""

    def __init__(self, service: KnowledgeService, store: DecisionStore) -> None:
        self._service = service
        self._store = store

    def _page(self, name: str, title: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 (any values)
        found = show_page(self._service, name, title, status, **values)
        found.headers.update(_NO_STORE)
        return found

    def _read(self, query: Sequence[tuple[str, str]]) -> Statement:
        return read_address(query, self._service.knowledge, {"sure", "q"}).statement

    def show_form(self, request: Request) -> Response:
        """Show what would be saved, and the key that deletes it, which is shown only here."""
        try:
            statement = self._read(request.query_params.multi_items())
        except RequirementsError as error:
            return self._refuse(error)
        return self._show_form(statement)

    def _show_form(self, statement: Statement, title: str = "", wrong: RequirementsError | None = None) -> Response:
        return self._page(
            "keep.html.j2",
            "Save this decision",
            wrong=wrong,
            verdict=self._service.recommend(statement).explanation.verdict.reason,
            question=write_address(statement, self._service.knowledge),
            given=title,
            key=make_secret(),
        )

    def keep(self, question: FormText = "", title: FormText = "", key: FormText = "") -> Response:
        """Save today's answer to a question, and redirect to the page of the decision."""
        try:
            statement = self._read(parse_qsl(question))
        except RequirementsError as error:
            return self._refuse(error)
        record = self._service.recommend(statement, sure=True).record
        # The key comes with the form, so that a person has seen it before anything is saved.
        try:
            kept = self._store.keep(record, title, key)
        except RequirementsError as error:
            return self._show_form(statement, title, error)
        return RedirectResponse(f"/d/{kept.id}", 303, _NO_STORE)

    def show(self, name: str) -> Response:
        """Show a decision as it was, and whether it would be different now."""
        found = self._find(name)
        return self._show(found) if found else self._refuse_unknown()

    def _show(self, found: ReplayedDecision, mistakes: Sequence[str] = (), status: int = 200) -> Response:
        values = report_values(read_answer(found.record), self._service.knowledge)
        return self._page(
            "decision.html.j2",
            status=status,
            **values | {"title": found.title},
            mistakes=mistakes,
            faults={"delete-key": mistakes} if mistakes else {},
            kept=found.kept,
            says=found.says,
            is_changed=bool(found.compared and found.compared["verdict_differs"]),
            groups=group_differences(found.compared) if found.compared else [],
            address=self._write_question(found),
        )

    def _write_question(self, found: ReplayedDecision) -> str:
        """Return the address of the question, empty if it can no longer be asked."""
        if found.compared is None:
            return ""
        return write_address(self._service.read(found.record["question"]), self._service.knowledge)

    def show_json(self, request: Request, name: str) -> Response:
        """Return a decision as data: as it was kept, and how it compares now."""
        found = self._find(name)
        if found is None:
            return (
                self._refuse_unknown()
                if wants_page(request.scope)
                else respond_problem(HTTPStatus.NOT_FOUND, [_UNKNOWN])
            )
        response = JsonResponse(record_decision(found))
        response.headers.update(_NO_STORE)
        return response

    def list_known(self, d: str = "") -> Response:
        """Show the decisions whose addresses or ids are in a text."""
        names = list(dict.fromkeys(_ADDRESS.findall(d)))
        found = [one for one in map(self._find, names[:_MOST_LISTED]) if one]
        mistakes = [f"{len(names)} addresses were given; the first {_MOST_LISTED} are listed."]
        missing = len(names[:_MOST_LISTED]) - len(found)
        return self._page(
            "decisions.html.j2",
            "Saved decisions",
            mistakes=mistakes if len(names) > _MOST_LISTED else (),
            found=found,
            says=describe_count(found) if found else "",
            missing=missing,
            names=" ".join(names),
        )

    def delete(self, name: str, key: FormText = "") -> Response:
        """Delete a decision by its key."""
        found = self._find(name)
        if found is None:
            return self._refuse_unknown()
        if not self._store.delete_by_key(name, key.strip()):
            return self._show(found, ["This is not the key of this decision; nothing was deleted."], 403)
        return self._page("plain.html.j2", "Deleted", heading="The decision was deleted")

    def _find(self, name: str) -> ReplayedDecision | None:
        kept = self._store.find(name)
        return None if kept is None else replay_decision(kept, self._service.knowledge)

    def _refuse_unknown(self) -> Response:
        mistakes = ["There is no such decision: its address is incomplete, or it was deleted."]
        return self._page("plain.html.j2", "Decision", 404, mistakes=mistakes, heading="There is no such decision")

    def _refuse(self, error: RequirementsError) -> Response:
        heading = "The question cannot be read"
        return self._page("plain.html.j2", heading, wrong=error, heading=heading)


class KeepRequest(BaseModel):
    """What to keep."""

    question: dict[str, Any] = Field(description="a requirements file in JSON", examples=[{"needs": ["sms"]}])
    title: str = ""


class KeptResponse(BaseModel):
    """The address of a decision, and the key that deletes it, which is returned only here."""

    id: str
    address: str
    key: str


class DecisionResponse(BaseModel):
    """A decision as it was kept, and how today's answer compares."""

    id: str
    kept_at: str
    title: str
    as_of: str
    fingerprint: str
    record: dict[str, Any]
    now: dict[str, Any] | None
    cannot_be_answered_again: str | None


DecisionKey = Annotated[str, Header(description="the key of the decision")]
DecisionId = Annotated[str, Path(description="the id of the decision")]


def make_decision_api(service: KnowledgeService, store: DecisionStore) -> APIRouter:
    """Return the routes of kept decisions."""
    router = APIRouter(prefix="/api/v1", default_response_class=JsonResponse, tags=["decisions"])
    kept: dict[int | str, dict[str, Any]] = {
        201: {"description": "it is saved", "model": KeptResponse},
        422: PROBLEM,
        503: PROBLEM,
    }

    @router.post("/decisions", status_code=201, responses=kept)
    def post_decision(asked: KeepRequest) -> Response:
        """Save today's answer to a question."""
        key = make_secret()
        record = service.recommend(service.read(asked.question), sure=True).record
        found = store.keep(record, asked.title, key)
        address = f"/d/{found.id}"
        response = JsonResponse({"id": found.id, "address": address, "key": key}, HTTPStatus.CREATED)
        response.headers.update({"Location": f"/api/v1/decisions/{found.id}", "Cache-Control": "no-store"})
        return response

    shown: dict[int | str, dict[str, Any]] = {
        200: {"description": "the decision", "model": DecisionResponse},
        404: PROBLEM,
        503: PROBLEM,
    }

    @router.get("/decisions/{name}", responses=shown)
    def get_decision(name: DecisionId) -> Response:
        """Return a decision as it was saved, and whether and why today's answer is different."""
        found = store.find(name)
        if found is None:
            return respond_problem(HTTPStatus.NOT_FOUND, [_UNKNOWN])
        response = JsonResponse(record_decision(replay_decision(found, service.knowledge)))
        response.headers["Cache-Control"] = "no-store"
        return response

    deleted: dict[int | str, dict[str, Any]] = {
        204: {"description": "it is deleted"},
        403: PROBLEM,
        404: PROBLEM,
        422: PROBLEM,
        503: PROBLEM,
    }

    @router.delete("/decisions/{name}", status_code=204, responses=deleted)
    def delete_decision(name: DecisionId, x_key: DecisionKey) -> Response:
        """Delete a decision by its key."""
        if store.find(name) is None:
            return respond_problem(HTTPStatus.NOT_FOUND, [_UNKNOWN])
        if not store.delete_by_key(name, x_key.strip()):
            return respond_problem(HTTPStatus.FORBIDDEN, ["This is not the key of this decision; nothing was deleted."])
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return router
