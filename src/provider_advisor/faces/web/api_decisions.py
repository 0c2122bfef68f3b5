"""Kept decisions for programs: keep one, read it again beside today's answer, delete it by its key."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path
from pydantic import BaseModel, Field
from starlette.responses import Response

from provider_advisor.faces.replaying import record_decision, replay_decision
from provider_advisor.faces.web.api import PROBLEM, JsonResponse
from provider_advisor.faces.web.problems import respond_problem
from provider_advisor.faces.web.service import KnowledgeService
from provider_advisor.store import DecisionStore, make_secret

_UNKNOWN = "There is no such decision: its id is incomplete, or it was deleted."


class KeepRequest(BaseModel):
    """What to keep."""

    question: dict[str, Any] = Field(description="a requirements file in JSON", examples=[{"needs": ["sms"]}])
    title: str = ""


class KeptResponse(BaseModel):
    """Where a decision is, and the key that deletes it, which is told here alone."""

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
