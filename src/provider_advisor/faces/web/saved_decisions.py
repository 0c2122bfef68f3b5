"""Saved decisions, as pages and as an API: save, compare with today's answer, list and delete.

Decisions have no owner. Anyone with the address of one can read it, and anyone with its key can delete it, so the list
shows only decisions whose addresses were entered. `answer_cache` forbids browsers and proxies to store any of this.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Header, Path, Request
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
from provider_advisor.faces.web.api import PROBLEM, Responses
from provider_advisor.faces.web.request_reading import StrictBody, make_api_router, read_question
from provider_advisor.faces.web.responses import (
    FormText,
    JsonResponse,
    MissingError,
    get_form,
    respond_problem,
    show_page,
    show_refusal,
)
from provider_advisor.faces.web.service import KnowledgeService, Service, from_state
from provider_advisor.requirements import Statement
from provider_advisor.store import DecisionStore, KeptDecision, make_secret

_MOST_LISTED = 50
_ADDRESS = re.compile(r"\b[0-9a-f]{32}\b")
_WRONG_KEY = "This is not the key of this decision; nothing was deleted."

router = APIRouter(include_in_schema=False)
Store = Annotated[DecisionStore, from_state("store")]


def find_kept(name: Annotated[str, Path(description="the id of the decision")], store: Store) -> KeptDecision:
    """Return the decision that an address names. Raises MissingError."""
    if (kept := store.find(name)) is None:
        raise MissingError("There is no such decision: its id is incomplete, or it was deleted.")
    return kept


FoundDecision = Annotated[KeptDecision, Depends(find_kept)]


@router.get("/decisions/new")
def show_saving(request: Request, service: Service) -> Response:
    """Show what would be saved, and the key that deletes it, which is shown only here."""
    return _show_saving(service, read_question(request, service).statement)


def _show_saving(
    service: KnowledgeService, statement: Statement, title: str = "", wrong: RequirementsError | None = None
) -> Response:
    return show_page(
        service,
        "keep.html.j2",
        "Save this decision",
        wrong=wrong,
        verdict=service.recommend(statement).explanation.verdict.reason,
        question=write_address(statement, service.knowledge),
        given=title,
        key=make_secret(),
    )


@router.post("/decisions")
def save_decision(
    service: Service, store: Store, question: FormText = "", title: FormText = "", key: FormText = ""
) -> Response:
    """Save today's answer to a question, and redirect to the page of the decision."""
    try:
        statement = read_address(parse_qsl(question), service.knowledge).statement
    except RequirementsError as error:
        return show_refusal(service, "The question cannot be read", wrong=error)
    record = service.recommend(statement, sure=True).record
    # The key comes with the form, so that a person has seen it before anything is saved.
    try:
        kept = store.keep(record, title, key)
    except RequirementsError as error:
        return _show_saving(service, statement, title, error)
    return RedirectResponse(f"/d/{kept.id}", 303)


@router.get("/decisions")
def list_decisions(service: Service, store: Store, d: str = "") -> Response:
    """Show the decisions whose addresses or ids are in a text."""
    names = list(dict.fromkeys(_ADDRESS.findall(d)))
    listed = names[:_MOST_LISTED]
    found = [replay_decision(kept, service.knowledge) for name in listed if (kept := store.find(name))]
    mistakes = [f"{len(names):,} addresses were given; the first {_MOST_LISTED} are listed."]
    return show_page(
        service,
        "decisions.html.j2",
        "Saved decisions",
        mistakes=mistakes if len(names) > _MOST_LISTED else (),
        found=found,
        says=describe_count(found) if found else "",
        missing=len(listed) - len(found),
        names=" ".join(names),
    )


@router.get("/d/{name}")  # noqa: FAST003 (find_kept takes it)
@router.get("/d/{name}.json")
def show_decision(kept: FoundDecision, request: Request, service: Service) -> Response:
    """Show a decision as it was, and whether it would be different now; or return the same as JSON."""
    found = replay_decision(kept, service.knowledge)
    return JsonResponse(record_decision(found)) if get_form(request) else _show_decision(found, service)


def _show_decision(
    found: ReplayedDecision, service: KnowledgeService, mistakes: Sequence[str] = (), status: int = 200
) -> Response:
    values = report_values(read_answer(found.record), service.knowledge) | {"title": found.title}
    # Without a comparison, the question can no longer be asked, and has no address.
    compared, address = found.compared, ""
    if compared is not None:
        address = write_address(service.read(found.record["question"]), service.knowledge)
    return show_page(
        service,
        "decision.html.j2",
        status=status,
        **values,
        mistakes=mistakes,
        faults={"delete-key": mistakes} if mistakes else {},
        kept=found.kept,
        says=found.says,
        is_changed=bool(compared and compared["verdict_differs"]),
        groups=group_differences(compared) if compared else [],
        address=address,
    )


@router.post("/d/{name}/delete")  # noqa: FAST003 (as above)
def delete_decision_page(kept: FoundDecision, service: Service, store: Store, key: FormText = "") -> Response:
    """Delete a decision by its key."""
    if not store.delete_by_key(kept.id, key.strip()):
        return _show_decision(replay_decision(kept, service.knowledge), service, [_WRONG_KEY], 403)
    return show_refusal(service, "The decision was deleted")


# For programs


class KeepRequest(StrictBody):
    """What to save."""

    question: dict[str, Any] = Field(description="a requirements file in JSON", examples=[{"needs": ["sms"]}])
    title: str = ""


class KeptResponse(BaseModel):
    """The address of a decision, and the key that deletes it, which is returned only here."""

    id: str
    address: str
    key: str


class DecisionResponse(BaseModel):
    """A decision as it was saved, and how today's answer compares."""

    id: str
    kept_at: str
    title: str
    as_of: str
    fingerprint: str
    record: dict[str, Any]
    now: dict[str, Any] | None
    cannot_be_answered_again: str | None


DecisionKey = Annotated[str, Header(description="the key of the decision")]


api = make_api_router("decisions")
_MISSING: Responses = dict.fromkeys((404, 503), PROBLEM)


@api.post(
    "/decisions",
    status_code=201,
    response_model=KeptResponse,
    response_description="it is saved",
    responses={503: PROBLEM},
)
def post_decision(asked: KeepRequest, service: Service, store: Store) -> Response:
    """Save today's answer to a question."""
    key = make_secret()
    found = store.keep(service.recommend(service.read(asked.question), sure=True).record, asked.title, key)
    response = JsonResponse({"id": found.id, "address": f"/d/{found.id}", "key": key}, HTTPStatus.CREATED)
    response.headers["Location"] = f"/api/v1/decisions/{found.id}"
    return response


@api.get("/decisions/{name}", response_model=DecisionResponse, response_description="the decision", responses=_MISSING)
def get_decision(kept: FoundDecision, service: Service) -> Response:
    """Return a decision as it was saved, and whether and why today's answer is different."""
    return JsonResponse(record_decision(replay_decision(kept, service.knowledge)))


@api.delete(
    "/decisions/{name}", status_code=204, response_description="it is deleted", responses={403: PROBLEM, **_MISSING}
)
def delete_decision(kept: FoundDecision, x_key: DecisionKey, store: Store) -> Response:
    """Delete a decision by its key."""
    if not store.delete_by_key(kept.id, x_key.strip()):
        return respond_problem(HTTPStatus.FORBIDDEN, [_WRONG_KEY])
    return Response(status_code=HTTPStatus.NO_CONTENT)
