"""`recommend replay`: whether and why an earlier question is answered differently now."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from provider_advisor.errors import RequirementsError, describe_cause
from provider_advisor.explanation.model import SCHEMA
from provider_advisor.explanation.replay import CONTEXT, compare_records
from provider_advisor.faces.cli.options import (
    as_of_option,
    format_option,
    knowledge_options,
    load_knowledge,
    name_input,
    path_name,
    read_day,
    read_scope_options,
    scope_options,
)
from provider_advisor.faces.text import Page, clean, show_json
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.knowledge.base import Scope
from provider_advisor.knowledge.files import MAX_BYTES
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.recommendation import answer
from provider_advisor.requirements import Statement
from provider_advisor.requirements.file import read_requirements_data

__all__ = ["replay_command"]

_EXPECTED = "expected what `recommend --format json` printed."


@click.command("replay")
@click.argument("record", type=path_name)
@as_of_option
@scope_options
@format_option("text", "json")
@knowledge_options
def replay_command(
    record: str, as_of: str | None, form: str, facts: str | None, rules: str | None, **scope: tuple[str, ...]
) -> None:
    """Answer the question of a RECORD again.

    RECORD is what `recommend --format json` printed; - reads it from standard input. Reports whether the answer is
    different now, and why. The day of the facts is --as-of, else the day in the question, else today; providers and
    sources are those of --only, --without, --sources and --customer-of, else those in the question.
    """
    day = read_day(as_of)
    old, name = _read(record), name_input(record)
    knowledge = load_knowledge(facts, rules)
    _refuse_other_base(old, name, knowledge)
    statement = _statement(old["question"], name, knowledge)
    if day is not None:
        statement = statement._replace(as_of=day)
    limits = read_scope_options(knowledge, **scope)
    both = (mine or old for mine, old in zip(limits, statement.scope, strict=True))
    statement = statement._replace(scope=Scope(*both))
    try:
        compared = compare_records(old, answer(knowledge, statement).record)
    except RequirementsError as error:
        raise RequirementsError(f"{name}: {error}") from error
    if form == "json":
        show_json(compared)
    else:
        _show(compared)


def _read(record: str) -> dict[str, Any]:
    """Return the record in a file, with a question in it. Raises RequirementsError."""
    name = name_input(record)
    data = _json(_content(record), name)
    schema = data.get("schema") if isinstance(data, dict) else None
    if schema != SCHEMA:
        found = f"its schema is {_shown(schema)}" if isinstance(schema, str) else "it names no schema"
        raise RequirementsError(
            f"{name} is not a record that can be replayed: {found}; "
            f"expected '{SCHEMA}', as `recommend --format json` prints it."
        )
    if not isinstance(data.get("question"), dict):
        raise RequirementsError(f"{name} holds no question to ask again; {_EXPECTED}")
    return dict(data)


def _content(record: str) -> bytes:
    """Return the bytes of a record. Raises RequirementsError."""
    name, path = name_input(record), Path(record)
    try:
        if record == "-":
            content = b"" if sys.stdin is None else sys.stdin.buffer.read(MAX_BYTES + 1)
        # A named pipe would wait for a writer; those that the shell makes for `<(…)` have one.
        elif path.is_fifo() and not record.startswith(("/dev/", "/proc/")):
            raise RequirementsError(f"{name} is a pipe, not a file; pass it as standard input: replay - < {name}")
        else:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise RequirementsError(
            f"cannot read {name} ({describe_cause(error)}); check the path and its permissions."
        ) from error
    if len(content) > MAX_BYTES:
        raise RequirementsError(f"{name} is over {MAX_BYTES // 1_000_000} MB; {_EXPECTED}")
    return content


def _json(content: bytes, name: str) -> Any:  # noqa: ANN401 (JSON holds anything)
    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=_refuse)
    except UnicodeDecodeError as error:
        raise RequirementsError(f"{name} is not UTF-8 at byte {error.start + 1}; expected JSON in UTF-8.") from error
    except json.JSONDecodeError as error:
        raise RequirementsError(f"{name}:{error.lineno}: not JSON; {_EXPECTED}") from error
    except (ValueError, RecursionError) as error:
        raise RequirementsError(f"{name} holds a number or nesting that no record has; {_EXPECTED}") from error


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _shown(text: str) -> str:
    return f"'{clean(text[:60])}'"


def _statement(question: dict[str, Any], name: str, knowledge: KnowledgeBase) -> Statement:
    """Return the question, read like a requirements file. Raises RequirementsError, KnowledgeError."""
    _refuse_vanished(question, name, knowledge)
    return read_requirements_data(question, name, knowledge)


def _refuse_other_base(old: dict[str, Any], name: str, knowledge: KnowledgeBase) -> None:
    """Raise RequirementsError for a record all of whose providers are unknown: it is about another field of choice."""
    compared = [part.get("id") for part in _dicts(old.get("providers"))]
    if compared and not any(provider in knowledge.providers for provider in compared):
        said = old["knowledge"].get("read_from") if isinstance(old.get("knowledge"), dict) else None
        read_from = f" {clean(said)}" if isinstance(said, str) and said else ""
        raise RequirementsError(
            f"{name} comes from another knowledge base, which compared {_shown(str(compared[0]))}; name that base with "
            f"--facts and --rules.{read_from}"
        )


def _refuse_vanished(question: dict[str, Any], name: str, knowledge: KnowledgeBase) -> None:
    """Raise RequirementsError for a word of the question that the knowledge base no longer has."""
    asked = [part.get("criterion") for key in ("needs", "wants") for part in _dicts(question.get(key))]
    for kind, words, known in (
        ("criterion", asked, knowledge.words),
        ("situation", question.get("situation"), knowledge.topics),
        ("usage item", question.get("usage"), knowledge.usage),
        *(("provider", question.get(key), knowledge.providers) for key in ("only", "without", "customer_of")),
        ("source", question.get("sources"), knowledge.sources),
    ):
        for word in words if isinstance(words, dict | list) else []:
            finds = {"criterion": knowledge.find_criterion, "usage item": knowledge.find_usage}
            is_member = isinstance(word, str) and kind in finds and finds[kind](word) is not None
            if isinstance(word, str) and word not in known and not is_member:
                raise RequirementsError(
                    f"{name} cannot be answered again: the knowledge base no longer has the {kind} {_shown(word)}."
                    f"{did_you_mean(word, known)}"
                )


def _dicts(values: Any) -> list[dict[str, Any]]:  # noqa: ANN401 (JSON holds anything)
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _show(compared: dict[str, Any]) -> None:
    page = Page()
    page.line(compared["says"], bold=True)
    answers = [part for part in compared["differences"] if part["about"] not in CONTEXT]
    for title, parts in (("What differs", answers), ("What is behind it", _rest(compared))):
        if parts:
            page.heading(title)
        for part in parts:
            page.line(part["says"], 2)
    page.gap()
    then, now = compared["then"], compared["now"]
    page.line(f"Asked on {then['as_of']} before, on {now['as_of']} now.")
    page.show()


def _rest(compared: dict[str, Any]) -> list[dict[str, Any]]:
    return [part for part in compared["differences"] if part["about"] in CONTEXT and part["about"] != "day"]
