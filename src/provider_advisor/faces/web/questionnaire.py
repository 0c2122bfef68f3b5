"""The pages of the questionnaire. All answers are in the URL (`questionnaire_address`), and the server keeps nothing.

It may begin with a question, in the parameters of `/answer`: `/ask?needs=sms` does not ask whether SMS is needed.

/ask shows what comes next: a screen of questions, the end, or with `change` one question again, to change its answer.
Its form goes to /ask/next, which adds what was filled in to the answers, and redirects to /ask with all of them:

    /ask?a=t:calls  ->  a screen  ->  /ask/next?a=t:calls&criterion:fax=must  ->  /ask?a=t:calls~fax:must
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.datastructures import QueryParams
from starlette.responses import RedirectResponse, Response

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import capital
from provider_advisor.faces import ask_wording as wording
from provider_advisor.faces.text import clean
from provider_advisor.faces.web.address import read_address, write_address
from provider_advisor.faces.web.question_so_far import list_asked, list_others, list_unjudged
from provider_advisor.faces.web.questionnaire_address import (
    quote_part,
    read_answer_text,
    read_value,
    write_answer_text,
    write_answer_value,
)
from provider_advisor.faces.web.request_reading import FieldError, read_question
from provider_advisor.faces.web.responses import show_page
from provider_advisor.faces.web.service import KnowledgeService, Service
from provider_advisor.faces.why_wording import describe_why
from provider_advisor.knowledge.rules import Key
from provider_advisor.questionnaire import (
    End,
    Screen,
    answer_screen,
    change_answer,
    choose_screen,
    go_back,
    go_on,
    search_questions,
)
from provider_advisor.questionnaire.answer_files import make_statement
from provider_advisor.questionnaire.prompts import Prompt, make_prompt
from provider_advisor.questionnaire.state import ALONG, NO_ANSWER, NONE, TOPICS, UNSURE, State, check_value, get_silence
from provider_advisor.requirements import Statement
from provider_advisor.requirements.word_mistakes import explain_unfound

_PRIORITIES = {
    "must": "must have",
    "good": "should have",
    "nice": "nice to have",
    "no": "not wanted",
    "must-not": "must not have",
    "not-sure": "not sure",
    "no-answer": "no answer",
}
_OWN_FIELDS = ("a", "change", "was", "more", "why", "find")
_MOST_BOXES = 24
"""A longer list of members is one field in which several can be selected."""

_SENTENCE_END = re.compile(r"(?<=[.?]) ")

Fields = Mapping[str, list[str]]
"""The fields of a form: what each question holds, by its key."""

router = APIRouter(include_in_schema=False)


@router.get("/ask")
def show_questionnaire(request: Request, service: Service) -> Response:
    """Show what comes after the answers `a`, or the question whose answer is to be changed.

    `was` are the answers of a screen that somebody went back to; with `more`, questions continue although no answer
    can change the verdict; `why` names the question of which the page says why it is asked; `find` are words, and the
    page asks the questions that they may mean.
    """
    query = request.query_params
    state = _read_state(query, read_question(request, service, *_OWN_FIELDS).statement, service)
    fields = _fill_in(read_answer_text(query.get("was", ""), State(state.catalogue)))
    change, find = _find_answered(query.get("change", ""), state), query.get("find", "").strip()
    return _show_page(service, state, change, fields, why=query.get("why", ""), find=find)


@router.get("/ask/next")
def take_answers(request: Request, service: Service) -> Response:
    """Add the answers of a form, and redirect to the URL that contains them."""
    query = request.query_params
    # The fields of answers are named by keys, such as criterion:fax; no parameter of a question has such a name.
    rest = [(name, text) for name, text in query.multi_items() if ":" not in name and name != str(TOPICS)]
    state = _read_state(query, read_address(rest, service.knowledge, _OWN_FIELDS).statement, service)
    change, fields = _find_answered(query.get("change", ""), state), {name: query.getlist(name) for name in query}
    find = query.get("find", "").strip()
    try:
        if find or any(answer.key == change and answer.searched for answer in state.answers):
            keys = _list_asked_again(change, state) if change is not None else search_questions(state, find)
            state = _put_found(state, keys, _read_fields(Screen("list", keys), fields, state))
        else:
            screen = choose_screen(state) if change is None else Screen("list", _list_asked_again(change, state))
            if isinstance(screen, Screen):
                state = answer_screen(state, screen, _read_fields(screen, fields, state))
    except FieldError as error:
        return _show_page(service, state, change, fields, error, find=find)
    return RedirectResponse(f"/ask?{_write_query(state)}", 303)


def _put_found(state: State, keys: Sequence[Key], values: Mapping[Key, object]) -> State:
    """Return the state with answers to questions that somebody searched for; the others stay as they were."""
    before, after, step = wording.get_answers(state), state, state.steps + 1
    # The page showed what was answered, so what is empty now was taken back; a selected priority cannot be cleared.
    shown = [answer.key for answer in state.answers if answer.key in keys and answer.key.kind != "criterion"]
    for key, value in {**{key: get_silence(key) for key in shown}, **values}.items():
        if value != before.get(key, NO_ANSWER):
            after = change_answer(after, key, value, searched=True)
    # They are one screen, so that "back" goes back to before the search.
    return after._replace(answers=tuple(part._replace(step=min(part.step, step)) for part in after.answers))


# The address


def _read_state(query: QueryParams, given: Statement, service: KnowledgeService) -> State:
    """Return the answers so far, on the facts of the day and the scope of the question that they began with."""
    catalogue = service.get_catalogue(given.as_of, given.max_age, given.scope)
    state = read_answer_text(query.get("a", ""), State(catalogue, given=given))
    return go_on(state) if query.get("more") else state


def _find_answered(name: str, state: State) -> Key | None:
    """Return the question whose answer is to be changed, None where the name is empty. Raises RequirementsError."""
    key = next((answer.key for answer in state.answers if str(answer.key) == name), None)
    if name and key is None:
        raise RequirementsError(f"nothing was answered about '{name[:80]}', so there is no answer to change.")
    return key


def _write_query(state: State, **others: str) -> str:
    """Return the query of a page: what was given before, the answers, what else it is told, and whether to go on."""
    parts = {"a": write_answer_text(state), **others, "more": "1" if state.phase == "further" else ""}
    own = [f"{name}={quote_part(text)}" for name, text in parts.items() if text]
    return "&".join(filter(None, [write_address(state.given, state.catalogue.facts.base), *own]))


def _write_back(state: State) -> str:
    """Return the query of the previous screen, with its answers filled in.

    Before the first question after the end, this is the end.
    """
    # From t:calls~sms:must_whatsapp:no, "back" is a=t:calls&was=sms:must_whatsapp:no: the screen that asked about both,
    # with what was answered. The answers are not in `a` any more, because the questions to ask depend on them.
    last = state._replace(answers=tuple(answer for answer in state.answers if answer.step == state.steps))
    before = go_back(state)
    if state.phase == "further":
        if isinstance(choose_screen(before), Screen):
            return _write_query(state._replace(phase="asking"))
        before = go_on(before)
    return _write_query(before, was=write_answer_text(last))


# From a form to answers, and back


def _read_fields(screen: Screen, fields: Fields, state: State) -> dict[Key, object]:
    """Return what a form answers to the questions of a screen. Raises FieldError with all mistakes."""
    values: dict[Key, object] = {}
    faults: dict[str, Sequence[str]] = {}
    for key in screen.keys:
        given = [text.strip() for text in fields.get(str(key), []) if text.strip()]
        prompt = make_prompt(key, state.catalogue)
        try:
            if given or key == TOPICS:
                values[key] = check_value(key, read_value(given, prompt), state.catalogue)
        except RequirementsError as error:
            faults[_name_element(key)] = [clean(f"{prompt.label}: {problem}") for problem in error.problems]
    if values.get(TOPICS) == ():
        faults[_name_element(TOPICS)] = ["Select at least one topic; you will not be asked about the rest."]
    if faults:
        raise FieldError(faults)
    return values


def _fill_in(state: State) -> Fields:
    """Return the fields that hold the answers of a state."""
    return {str(answer.key): write_answer_value(answer.key, answer.value, state.catalogue) for answer in state.answers}


def _name_element(key: Key) -> str:
    """Return the id of the element with a question's field."""
    return str(key).replace(":", "-")


def _list_along(key: Key) -> tuple[Key, ...]:
    """Return the questions that only an answer on a criterion raises: its bound and its members."""
    return tuple(Key(kind, key.name) for kind in ALONG) if key.kind == "criterion" else ()


def _list_asked_again(key: Key, state: State) -> tuple[Key, ...]:
    """Return the questions that change an answer: its own, and of those along with it the ones that were answered."""
    answered = {answer.key for answer in state.answers}
    return (key, *(one for one in _list_along(key) if one in answered))


# What the page shows


def _show_page(  # noqa: PLR0913 (all that a page depends on)
    service: KnowledgeService,
    state: State,
    change: Key | None,
    fields: Fields,
    wrong: FieldError | None = None,
    *,
    why: str = "",
    find: str = "",
) -> Response:
    """Return the page of what comes next; its form is filled in with `fields`, in which something may be `wrong`."""
    given = write_address(state.given, service.knowledge)
    if given and not state.answers:
        fields = {str(TOPICS): list(wording.list_topics_given(state)), **fields}
    found = search_questions(state, find) if find else ()
    if change is not None:
        shown = _show_again("Change your answer", _list_asked_again(change, state), state, fields, change=str(change))
    elif found:
        shown = _show_again(f"Questions about '{find}'", found, state, fields, find=find)
    elif isinstance(screen := choose_screen(state), Screen):
        shown = _show_screen(screen, state, fields, why)
    else:
        shown = _show_end(screen, state)
    # Without the day if it is today anyway, so that the link uses newer facts later.
    # Without answers it is what was given, and need not be proved from them.
    statement = make_statement(state) if state.answers else state.given
    statement = statement._replace(as_of=state.given.as_of, max_age=state.given.max_age)
    shown = {
        "a": write_answer_text(state),
        "address": write_address(statement, service.knowledge),
        "answers": list(_list_said(state)),
        "back": _write_back(state) if state.answers else None,
        "change": "",
        "find": "",
        "given": parse_qsl(given),
        "given_address": given,
        "began": [
            (part.label, part.says)
            for list_parts in (list_asked, list_unjudged, list_others)
            for part in list_parts(state.given, service.knowledge)
        ],
        "unfound": explain_unfound(find, service.knowledge) if find and not found else "",
        "is_further": state.phase == "further",
        "query": _write_query(state),
    } | shown
    return show_page(service, "ask.html.j2", "Questionnaire", wrong=wrong, **shown)


def _show_screen(screen: Screen, state: State, fields: Fields, why: str) -> dict[str, Any]:
    heading, *more = _SENTENCE_END.split(wording.describe_title(screen, state), maxsplit=1)
    return {
        "heading": heading.removesuffix("."),
        "more": "".join(more),
        "progress": wording.describe_progress(screen, state),
        "prompts": _list_prompts(screen.keys, state, fields, why),
        "end": "",
    }


def _show_end(end: End, state: State) -> dict[str, Any]:
    goes_on = "" if end.complete else _write_query(go_on(state))
    return {"end": wording.describe_end(state, end, continues=False), "goes_on": goes_on}


def _show_again(heading: str, keys: Sequence[Key], state: State, fields: Fields, **named: str) -> dict[str, Any]:
    """Return what a page shows of questions that somebody picked, with their answers filled in."""
    prompts = _list_prompts(keys, state, fields or _fill_in(state))
    back = _write_query(state)
    return {"heading": heading, "more": "", "progress": "", "prompts": prompts, "end": "", "back": back, **named}


def _list_prompts(keys: Sequence[Key], state: State, fields: Fields, why: str = "") -> list[dict[str, Any]]:
    return [
        _show_prompt(make_prompt(key, state.catalogue), fields.get(str(key), []))
        | {
            "why": describe_why(state, key, _PRIORITIES)[1:] if str(key) == why else ()
        }  # its first line is the question itself
        for key in keys
    ]


def _show_prompt(prompt: Prompt, held: list[str]) -> dict[str, Any]:
    """Return what the page shows of a question, with the values that its field holds."""
    amount = wording.describe_amount(prompt) if prompt.kind == "number" else ""
    return prompt._asdict() | {
        "id": _name_element(prompt.key),
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


def _list_said(state: State) -> Iterator[tuple[str, str, str]]:
    """Yield the answers in order: label, answer with its bound and members, and the query of the page to change it."""
    values = {answer.key: answer.value for answer in state.answers}
    for key, value in values.items():
        if key.kind in {"bound", "members"} or value in {NO_ANSWER, ()}:
            continue
        says = _PRIORITIES.get(str(value), str(value))
        texts = [says if key.kind == "criterion" else wording.describe_answer(key, value, state)]
        along = [one for one in _list_along(key) if values.get(one, NONE) not in {NONE, UNSURE}]
        texts += [wording.describe_answer(one, values[one], state) for one in along]
        yield make_prompt(key, state.catalogue).label, ", ".join(texts), _write_query(state, change=str(key))
