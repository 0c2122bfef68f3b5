"""What a screen of the questionnaire shows: its questions, the answers so far with a way to change each, or the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from provider_advisor.faces import ask_wording as wording
from provider_advisor.faces.web.address import write_address
from provider_advisor.faces.web.ask_address import list_answers, without_answer, write_answers_address
from provider_advisor.faces.web.service import KnowledgeService
from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.questionnaire.files import make_statement
from provider_advisor.questionnaire.prompts import Prompt, make_prompt
from provider_advisor.questionnaire.screens import Screen, choose_screen
from provider_advisor.questionnaire.state import State

__all__ = ["make_catalogue", "show_ask"]


def make_catalogue(service: KnowledgeService) -> Catalogue:
    """Return the questions on the facts of today."""
    return Catalogue(service.facts())


def show_ask(state: State, service: KnowledgeService, fields: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
    """Return what a screen of the questionnaire shows, or its end."""
    screen = choose_screen(state)
    statement = make_statement(state)
    values: dict[str, Any] = {
        "a": write_answers_address(state),
        "address": write_address(statement._replace(as_of=None), service.knowledge),
        "answers": [
            (
                make_prompt(key, state.catalogue).label,
                wording.describe_answer(key, value, state),
                quote(write_answers_address(without_answer(state, key)), safe=":,~_.-"),
            )
            for key, value in list_answers(state)
        ],
        "end": "",
        "heading": "",
        "progress": "",
        "prompts": [],
    }
    if not isinstance(screen, Screen):
        return values | {"end": wording.describe_end(state, screen)}
    prompts = [_show_prompt(make_prompt(key, state.catalogue), fields or {}) for key in screen.keys]
    return values | {
        "heading": wording.describe_title(screen, state),
        "progress": wording.describe_progress(screen, state),
        "prompts": prompts,
    }


def _show_prompt(prompt: Prompt, fields: Mapping[str, list[str]]) -> dict[str, Any]:
    words = {
        "must": "must have",
        "good": "should have",
        "nice": "nice to have",
        "no": "not wanted",
        "must-not": "must not have",
        "not-sure": "not sure",
    }
    choices = [
        (value, words.get(value, label) if prompt.kind == "criterion" else wording.name_choice(value, label))
        for value, label in prompt.choices
        if value != "no-answer"
    ]
    name = str(prompt.key)
    return {
        "id": name.replace(":", "-"),
        "name": name,
        "label": prompt.label,
        "ask": prompt.ask,
        "help": prompt.help,
        "kind": prompt.kind,
        "many": prompt.many,
        "choices": choices,
        "hint": wording.describe_hint(prompt) if prompt.kind == "number" else "",
        "given": fields.get(name, [""])[-1],
    }
