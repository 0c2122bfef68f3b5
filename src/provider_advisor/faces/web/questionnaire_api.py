"""The questionnaire for programs, at /api/v1/ask: answers so far in, the next screen or the end out.

A program sends all its answers each time, and goes back by sending fewer. The server keeps nothing of them.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Body
from pydantic import BaseModel, Field
from starlette.responses import Response

from provider_advisor.errors import RequirementsError
from provider_advisor.faces import ask_wording as wording
from provider_advisor.faces.web.request_reading import StrictBody, make_api_router
from provider_advisor.faces.web.responses import JsonResponse
from provider_advisor.faces.web.service import KnowledgeService, Service
from provider_advisor.knowledge.rules import Key
from provider_advisor.questionnaire import End, Screen, answer_screen, choose_screen, measure_progress
from provider_advisor.questionnaire.answer_files import read_answers, record_answers, record_requirements
from provider_advisor.questionnaire.prompts import make_prompt
from provider_advisor.questionnaire.state import State

_EXAMPLE_ANSWERS = {
    "answers": {"version": 1, "answers": [{"topics": ["messages"], "screen": 1}]},
    "values": {"criterion:sms": "must"},
}

router = make_api_router()


class AskRequest(StrictBody):
    """The answers so far, and those to the screen that follows them."""

    answers: dict[str, Any] = Field(
        {}, description="the `answers` of the last response, or of a file of answers; empty to begin"
    )
    values: dict[str, Any] | None = Field(
        None, description="answers to the next screen by `key`; what is left out counts as no"
    )


class AskQuestion(BaseModel):
    """One question of a screen."""

    key: str = Field(description="name of the question in `values`, such as criterion:sms")
    kind: str
    label: str
    ask: str
    help: str | None
    choices: list[list[str]] = Field(description="values to choose from, each with its label")
    many: bool = Field(description="several may be chosen, as a list")
    unit: str | None
    typical: list[float | str]


class AskScreen(BaseModel):
    """What to ask next."""

    kind: str
    title: str
    progress: str
    questions: list[AskQuestion]


class AskEnd(BaseModel):
    """Why nothing more has to be asked."""

    kind: str
    says: str
    verdict: dict[str, Any]
    unless: list[str] = Field(description="keys answered with not sure that the verdict still depends on")
    complete: bool


class AskResponse(BaseModel):
    """The next screen or the end, the answers to send along next time, and the requirements that they make."""

    screen: AskScreen | None
    end: AskEnd | None
    asked: int
    left: int = Field(description="criteria that could still matter, at most")
    answers: dict[str, Any]
    requirements: dict[str, Any]


@router.post("/ask", response_model=AskResponse, response_description="the next screen, or the end", tags=["answers"])
def post_ask(
    asked: Annotated[AskRequest, Body(openapi_examples={"the second screen": {"value": _EXAMPLE_ANSWERS}})],
    service: Service,
) -> Response:
    """Return the screen that follows some answers, as `recommend ask` asks it, or the end with its verdict."""
    return JsonResponse(ask_next(service, asked.answers, asked.values))


def ask_next(service: KnowledgeService, answers: dict[str, Any], values: dict[str, Any] | None) -> dict[str, Any]:
    """Return the state after the answers, with the values for the next screen.

    Raises RequirementsError, and KnowledgeError for answers that do not fit.
    """
    state = State(service.get_catalogue())
    if answers:
        if "answers" not in answers:  # the reader would show an example of a file
            raise RequirementsError("'answers' has no list of answers; send the `answers` of the last response.")
        state = read_answers(json.dumps(answers).encode(), "answers", state)
    if values is not None:
        screen = choose_screen(state)
        if not isinstance(screen, Screen):
            raise RequirementsError("the questionnaire has ended, so there is no screen to answer; leave out values.")
        # Answers hold tuples where JSON has lists.
        given = {_read_key(name): tuple(value) if isinstance(value, list) else value for name, value in values.items()}
        state = answer_screen(state, screen, given)
    found, left = choose_screen(state), measure_progress(state)
    return {
        "screen": _record_screen(found, state) if isinstance(found, Screen) else None,
        "end": _record_end(found, state) if isinstance(found, End) else None,
        "asked": left.asked,
        "left": left.left,
        "answers": record_answers(state),
        "requirements": record_requirements(state),
    }


def _read_key(name: str) -> Key:
    kind, _, rest = name.partition(":")
    return Key(kind, rest)  # type: ignore[arg-type]  # a kind that does not exist is on no screen


def _record_screen(screen: Screen, state: State) -> dict[str, Any]:
    prompts = [make_prompt(key, state.catalogue) for key in screen.keys]
    return {
        "kind": screen.kind,
        "title": wording.describe_title(screen, state),
        "progress": wording.describe_progress(screen, state),
        "questions": [
            {name: getattr(prompt, name) for name in AskQuestion.model_fields} | {"key": str(prompt.key)}
            for prompt in prompts
        ],
    }


def _record_end(end: End, state: State) -> dict[str, Any]:
    return {
        "kind": end.kind,
        "says": wording.describe_end(state, end),
        "verdict": end.verdict._asdict(),
        "unless": [str(key) for key in end.unless],
        "complete": end.complete,
    }
