"""The questionnaire, as pages and as an API. The server keeps nothing of it between two requests.

/ask shows the answers so far and the next screen or the end, /ask/next takes a form. All answers are in the URL
(`questionnaire_address`).

A program sends all answers so far to /api/v1/ask, and gets the next screen or the end; it goes back by sending fewer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse, Response

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import capital
from provider_advisor.faces import ask_wording as wording
from provider_advisor.faces.text import clean
from provider_advisor.faces.web.address import write_address
from provider_advisor.faces.web.api_requests import StrictBody, make_api_router
from provider_advisor.faces.web.questionnaire_address import (
    quote_part,
    read_answer_text,
    write_answer_text,
    write_value,
)
from provider_advisor.faces.web.responses import FieldError, JsonResponse, show_page
from provider_advisor.faces.web.service import KnowledgeService, Service
from provider_advisor.knowledge.rules import Key
from provider_advisor.questionnaire import (
    End,
    Screen,
    answer_screen,
    choose_screen,
    go_back,
    go_on,
    measure_progress,
)
from provider_advisor.questionnaire.answer_files import (
    make_statement,
    read_answers,
    record_answers,
    record_requirements,
)
from provider_advisor.questionnaire.prompts import Prompt, make_prompt
from provider_advisor.questionnaire.state import NO_ANSWER, NONE, TOPICS, UNSURE, State, begin, check_value

_PRIORITIES = {
    "must": "must have",
    "good": "should have",
    "nice": "nice to have",
    "no": "not wanted",
    "must-not": "must not have",
    "not-sure": "not sure",
    "no-answer": "no answer",
}
_MOST_BOXES = 24
"""A longer list of members is one field in which several can be selected."""

_SENTENCE_END = re.compile(r"(?<=[.?]) ")

router = APIRouter(include_in_schema=False)


@router.get("/ask")
def show_questionnaire(service: Service, a: str = "", change: str = "", was: str = "", more: str = "") -> Response:
    """Show the next screen of the questionnaire or its end, or the question whose answer is to be changed.

    `was` are the answers of a screen that somebody went back to; with `more`, questions continue although no answer
    can change the verdict.
    """
    state = _read_state(a, more, service)
    key, fields = _read_change(change, state), _write_fields(read_answer_text(was, state.catalogue))
    return show_page(service, "ask.html.j2", "Questionnaire", **_show_screen(state, service, fields, key))


@router.get("/ask/next")
def take_answers(request: Request, service: Service) -> Response:
    """Add the answers of a form, and redirect to the URL that contains them."""
    query = request.query_params
    more = query.get("more", "")
    state = _read_state(query.get("a", ""), more, service)
    key, fields = _read_change(query.get("change", ""), state), {name: query.getlist(name) for name in query}
    try:
        screen = Screen("list", _list_changed(state, key)) if key else choose_screen(state)
        after = _answer_form(state, screen, fields) if isinstance(screen, Screen) else state
    except FieldError as error:
        values = _show_screen(state, service, fields, key)
        return show_page(service, "ask.html.j2", "Questionnaire", wrong=error, **values)
    return RedirectResponse(f"/ask?a={quote_part(write_answer_text(after))}{'&more=1' if more else ''}", 303)


# Answers in an address


def _read_state(text: str, more: str, service: KnowledgeService) -> State:
    state = read_answer_text(text, service.get_catalogue())
    return go_on(state) if more else state


# Answers in a form


def _answer_form(state: State, screen: Screen, fields: Mapping[str, list[str]]) -> State:
    """Return the state after a screen was answered with these form fields. Raises FieldError."""
    # Every field is read before any is refused, so that a page shows all mistakes at once.
    values: dict[Key, object] = {}
    faults: dict[str, Sequence[str]] = {}
    for key in screen.keys:
        given = [text.strip() for text in fields.get(str(key), []) if text.strip()]
        prompt = make_prompt(key, state.catalogue)
        try:
            if (value := _read_field(given, prompt)) is not None:
                values[key] = check_value(key, value, state.catalogue)
        except RequirementsError as error:
            faults[_name_field(key)] = [clean(f"{prompt.label}: {problem}") for problem in error.problems]
    if values.get(TOPICS) == ():
        faults[_name_field(TOPICS)] = ["Select at least one topic; you are not asked about the others."]
    if faults:
        raise FieldError(faults)
    return answer_screen(state, screen, values)


def _name_field(key: Key) -> str:
    """Return the element id of a question's field."""
    return str(key).replace(":", "-")


def _read_field(given: list[str], prompt: Prompt) -> object:
    if prompt.key == TOPICS:
        return tuple(given)
    if not given:
        return None
    if prompt.kind in {"situation", "members"}:
        words = [value for value, _ in prompt.choices]
        chosen = tuple(text for text in given if text in words)
        alone = next((text for text in chosen if text in {NO_ANSWER, NONE, UNSURE}), None)
        return alone or chosen
    if prompt.kind == "number":
        return wording.read_number(given[-1], prompt, others="or leave it empty")
    return given[-1]


def _read_change(name: str, state: State) -> Key | None:
    """Return the question whose answer is to be changed, None where the name is empty. Raises RequirementsError."""
    key = next((answer.key for answer in state.answers if str(answer.key) == name), None)
    if name and key is None:
        raise RequirementsError(f"nothing was answered about '{name[:80]}', so there is no answer to change.")
    return key


def _list_changed(state: State, key: Key) -> tuple[Key, ...]:
    """Return the keys to ask again to change an answer: the question with its bound and members."""
    answered = {answer.key for answer in state.answers}
    return (key, *(one for one in _list_along(key) if one in answered))


def _list_along(key: Key) -> tuple[Key, ...]:
    """Return the questions that only an answer on a criterion raises: its bound and its members."""
    return (Key("bound", key.name), Key("members", key.name)) if key.kind == "criterion" else ()


# What a page shows


def _show_screen(
    state: State,
    service: KnowledgeService,
    fields: Mapping[str, list[str]] | None = None,
    change: Key | None = None,
) -> dict[str, Any]:
    """Return what a screen of the questionnaire shows, or its end; with `change` the screen that changes that answer.

    `fields` are those of a form that could not be read, or that was answered before.
    """
    statement, own = make_statement(state), write_answer_text(state)
    is_further = state.phase == "further"
    on = "&more=1" if is_further else ""
    values: dict[str, Any] = {
        "a": own,
        # Without the day, which is today anyway, so that the link uses newer facts later.
        "address": write_address(statement._replace(as_of=None), service.knowledge),
        "answers": [
            (label, text, f"{quote_part(own)}&change={quote_part(str(key))}{on}")
            for key, label, text in _list_said(state)
        ],
        "back": _write_back(state) if state.answers else None,
        "change": str(change) if change else "",
        "end": "",
        "further": is_further,
        "goes_on": "",
        "more": "",
        "heading": "",
        "progress": "",
        "prompts": [],
    }
    if change is not None:
        keys = _list_changed(state, change)
        prompts = [_show_prompt(make_prompt(key, state.catalogue), fields or _write_fields(state)) for key in keys]
        return values | {"heading": "Change your answer", "back": f"a={quote_part(own)}{on}", "prompts": prompts}
    screen = choose_screen(state)
    if not isinstance(screen, Screen):
        goes_on = "" if screen.complete else f"a={quote_part(own)}&more=1"
        return values | {"end": wording.describe_end(state, screen, continues=False), "goes_on": goes_on}
    heading, *more = _SENTENCE_END.split(wording.describe_title(screen, state), maxsplit=1)
    return values | {
        "heading": heading.removesuffix("."),
        "more": "".join(more),
        "progress": wording.describe_progress(screen, state),
        "prompts": [_show_prompt(make_prompt(key, state.catalogue), fields or {}) for key in screen.keys],
    }


def _write_fields(state: State) -> dict[str, list[str]]:
    """Return answers as values of form fields."""
    return {str(answer.key): write_value(answer.key, answer.value, state.catalogue) for answer in state.answers}


def _write_back(state: State) -> str:
    """Return the query of the previous screen, with its answers filled in.

    Before the first question after the end, this is the end.
    """
    # From t:calls~sms:must_whatsapp:no, "back" is a=t:calls&was=sms:must_whatsapp:no: the screen that asked about both,
    # with what was answered. The answers are not in `a` any more, because the questions to ask depend on them.
    last = state._replace(answers=tuple(answer for answer in state.answers if answer.step == state.steps))
    before = go_back(state)
    more = ""
    if state.phase == "further":
        if isinstance(choose_screen(before), Screen):
            return f"a={quote_part(write_answer_text(state))}"
        more = "1"
    parts = (("a", write_answer_text(before)), ("was", write_answer_text(last)), ("more", more))
    return "&".join(f"{name}={quote_part(text)}" for name, text in parts if text)


def _list_said(state: State) -> Iterator[tuple[Key, str, str]]:
    """Yield what was answered, in order: the question, its label, and the answer with its bound and members."""
    values = {answer.key: answer.value for answer in state.answers}
    for key, value in values.items():
        if key.kind in {"bound", "members"} or value in {NO_ANSWER, ()}:
            continue
        says = _PRIORITIES.get(str(value), str(value))
        texts = [says if key.kind == "criterion" else wording.describe_answer(key, value, state)]
        along = [one for one in _list_along(key) if values.get(one, NONE) not in {NONE, UNSURE}]
        texts += [wording.describe_answer(one, values[one], state) for one in along]
        yield key, make_prompt(key, state.catalogue).label, ", ".join(texts)


def _show_prompt(prompt: Prompt, fields: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return what the page shows of a question, with the values that its field holds."""
    held = fields.get(str(prompt.key), [])
    amount = wording.describe_amount(prompt) if prompt.kind == "number" else ""
    return prompt._asdict() | {
        "id": _name_field(prompt.key),
        "is_long": len(prompt.choices) > _MOST_BOXES and prompt.kind == "members",
        # Checkboxes can be cleared, but one radio button always stays selected, so "no answer" has to be an option.
        "choices": [
            (value, capital(_PRIORITIES.get(value, label) if prompt.kind == "criterion" else label))
            for value, label in prompt.choices
            if value != NO_ANSWER or not prompt.many
        ],
        "hint": f"{amount}. Empty: {wording.describe_silence(prompt)}." if amount else "",
        "held": held,
        "given": next((text for text in held if text not in {"", UNSURE, NONE, NO_ANSWER}), ""),
        "unsure": UNSURE,
    }


# For programs


_EXAMPLE_ANSWERS = {
    "answers": {"version": 1, "answers": [{"topics": ["messages"], "screen": 1}]},
    "values": {"criterion:sms": "must"},
}


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


api = make_api_router()


@api.post("/ask", response_model=AskResponse, response_description="the next screen, or the end", tags=["answers"])
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
    state = begin(service.get_catalogue())
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
