"""What a screen of the questionnaire shows: its questions, the answers so far with a way to change each, or the end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from provider_advisor.explanation.words import capital
from provider_advisor.faces import ask_wording as wording
from provider_advisor.faces.web.address import write_address
from provider_advisor.faces.web.ask_address import (
    list_answers,
    list_changed,
    name_field,
    write_answers_address,
    write_value,
)
from provider_advisor.faces.web.service import KnowledgeService
from provider_advisor.knowledge.questions import Key
from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.questionnaire.files import make_statement
from provider_advisor.questionnaire.prompts import Prompt, make_prompt
from provider_advisor.questionnaire.screens import Screen, choose_screen, go_back
from provider_advisor.questionnaire.state import NO_ANSWER, NONE, UNSURE, State

_PRIORITIES = {
    "must": "must have",
    "good": "should have",
    "nice": "nice to have",
    "no": "not wanted",
    "must-not": "must not have",
    "not-sure": "not sure",
}
_MOST_BOXES = 24
"""A longer list of members is one field in which several can be selected."""

_SENTENCE_END = re.compile(r"(?<=[.?]) ")


def make_catalogue(service: KnowledgeService) -> Catalogue:
    """Return the questions on the facts of today."""
    return Catalogue(service.facts())


def show_ask(
    state: State,
    service: KnowledgeService,
    fields: Mapping[str, list[str]] | None = None,
    change: Key | None = None,
) -> dict[str, Any]:
    """Return what a screen of the questionnaire shows, or its end; with `change` the screen that changes that answer.

    `fields` are those of a form that could not be read, or that was answered before.
    """
    statement, own = make_statement(state), write_answers_address(state)
    is_further = state.phase == "further"
    on = "&more=1" if is_further else ""
    values: dict[str, Any] = {
        "a": own,
        "address": write_address(statement._replace(as_of=None), service.knowledge),
        "answers": [
            (label, text, f"{_quote(own)}&change={_quote(str(key))}{on}") for key, label, text in _list_said(state)
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
        keys = list_changed(state, change)
        prompts = [_show_prompt(make_prompt(key, state.catalogue), fields or write_fields(state)) for key in keys]
        return values | {"heading": "Change your answer", "back": f"a={_quote(own)}{on}", "prompts": prompts}
    screen = choose_screen(state)
    if not isinstance(screen, Screen):
        goes_on = "" if screen.complete else f"a={_quote(own)}&more=1"
        return values | {"end": wording.describe_end(state, screen, continues=False), "goes_on": goes_on}
    heading, *more = _SENTENCE_END.split(wording.describe_title(screen, state), maxsplit=1)
    return values | {
        "heading": heading.removesuffix("."),
        "more": "".join(more),
        "progress": wording.describe_progress(screen, state),
        "prompts": [_show_prompt(make_prompt(key, state.catalogue), fields or {}) for key in screen.keys],
    }


def write_fields(state: State) -> dict[str, list[str]]:
    """Return answers as the fields of forms hold them."""
    return {str(answer.key): write_value(answer.key, answer.value, state.catalogue) for answer in state.answers}


def _write_back(state: State) -> str:
    """Return the query of the screen before, on which its answers are still filled in.

    Before the first question that came after the end, that is the end.
    """
    last = state._replace(answers=tuple(answer for answer in state.answers if answer.step == state.steps))
    before = go_back(state)
    more = ""
    if state.phase == "further":
        if isinstance(choose_screen(before), Screen):
            return f"a={_quote(write_answers_address(state))}"
        more = "1"
    parts = (("a", write_answers_address(before)), ("was", write_answers_address(last)), ("more", more))
    return "&".join(f"{name}={_quote(text)}" for name, text in parts if text)


def _quote(text: str) -> str:
    return quote(text, safe=":,~_.-")


def _get_values(state: State) -> dict[Key, object]:
    return {answer.key: answer.value for answer in state.answers}


def _list_said(state: State) -> Iterator[tuple[Key, str, str]]:
    """Yield what was answered, in order: the question, its label, and the answer with its bound and members."""
    values = _get_values(state)
    for key, value in list_answers(state):
        along = [Key("bound", key.name), Key("members", key.name)] if key.kind == "criterion" else []
        said = [(key, value), *((one, values[one]) for one in along if values.get(one, NONE) not in {NONE, UNSURE})]
        texts = [_describe(one, given, state) for one, given in said]
        yield key, make_prompt(key, state.catalogue).label, ", ".join(texts)


def _describe(key: Key, value: object, state: State) -> str:
    if key.kind == "criterion":
        return _PRIORITIES.get(str(value), str(value))
    return wording.describe_answer(key, value, state)


def _show_prompt(prompt: Prompt, fields: Mapping[str, list[str]]) -> dict[str, Any]:
    name = str(prompt.key)
    held = fields.get(name, [])
    amount = wording.describe_amount(prompt) if prompt.kind == "number" else ""
    return {
        "id": name_field(prompt.key),
        "name": name,
        "label": prompt.label,
        "ask": prompt.ask,
        "help": prompt.help,
        "kind": prompt.kind,
        "many": prompt.many,
        "is_long": len(prompt.choices) > _MOST_BOXES and prompt.kind == "members",
        "choices": [
            (value, _name_choice(prompt, value, label)) for value, label in prompt.choices if value != NO_ANSWER
        ],
        "hint": f"{amount}. Empty: {wording.describe_silence(prompt)}." if amount else "",
        "held": held,
        "given": next((text for text in held if text not in {"", UNSURE, NONE, NO_ANSWER}), ""),
        "unsure": UNSURE,
    }


def _name_choice(prompt: Prompt, value: str, label: str) -> str:
    """Return a choice as it is shown, with a capital letter."""
    if prompt.kind == "criterion":
        return capital(_PRIORITIES.get(value, label))
    if value == NONE and prompt.key.kind == "bound":
        return capital(wording.describe_silence(prompt))
    return capital(wording.name_choice(value, label))
