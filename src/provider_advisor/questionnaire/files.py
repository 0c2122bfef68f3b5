"""Files of answers: what `--answers` and `--resume` read, and what is saved when somebody stops."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from provider_advisor.errors import KnowledgeError, RequirementsError
from provider_advisor.knowledge.files import MAX_BYTES
from provider_advisor.knowledge.problems import validated
from provider_advisor.knowledge.shapes import VERSION, AnswersFile, AnswerShape
from provider_advisor.knowledge.strict_yaml import Document, parse_yaml
from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.questionnaire.keys import checked_key, checked_value
from provider_advisor.questionnaire.proof import survey_of
from provider_advisor.questionnaire.screens import End, met_by_all, screen_after
from provider_advisor.questionnaire.state import TOPICS, Answer, State, put
from provider_advisor.requirements import Statement, statement_record

__all__ = ["answers_record", "read_answers", "requirements_record", "statement_of"]


def read_answers(content: bytes, name: str, state: State) -> State:
    """The state with the answers of a file added; `name` is how messages call it.

    Raises KnowledgeError, with every problem and its line: of the form, of an answer that does not fit, of a question
    that there is not, is answered twice or does not apply to the other answers.
    """
    if len(content) > MAX_BYTES:
        raise KnowledgeError([f"{name}:1: the file is larger than {MAX_BYTES // 1_000_000} MB; it holds no answers."])
    document = parse_yaml(content, name)
    shape = validated(document, AnswersFile)
    problems: list[str] = []
    found = list(_answers(shape, document, state, problems))
    after = put(state, (answer for answer, _ in found))
    kept = {document.where("answers", index) for index, part in enumerate(shape.answers) if part.aside}
    problems = problems or list(_idle(after, [(answer, where) for answer, where in found if where not in kept]))
    if problems:
        raise KnowledgeError(problems)
    return after._replace(phase="declared") if shape.declared else after


def _answers(shape: AnswersFile, document: Document, state: State, problems: list[str]) -> Iterator[tuple[Answer, str]]:
    """Each answer with its place; one that does not fit is added to the problems."""
    first: dict[str, str] = {}
    last = state.steps
    for index, part in enumerate(shape.answers):
        where = document.where("answers", index)
        step = state.steps + part.screen if part.screen else last + 1
        later = state.steps + part.bound_screen if part.bound_screen else step
        last = max(last, step, later)
        for key, value in _given(part):
            try:
                checked = checked_value(checked_key(key, state.catalogue), value, state.catalogue)
            except RequirementsError as error:
                problems.append(f"{where}: {error}")
                continue
            if key in first:
                problems.append(f"{where}: '{_name(key)}' is answered at {first[key]} already; keep one.")
            first.setdefault(key, where)
            yield Answer(key, checked, later if key.startswith("bound:") else step, part.searched), where


def _given(part: AnswerShape) -> Iterator[tuple[str, object]]:
    if part.topics is not None:
        yield TOPICS, part.topics
    for kind in ("criterion", "situation", "usage"):
        if (name := getattr(part, kind)) is not None:
            yield f"{kind}:{name}", part.answer
    if part.bound is not None:
        yield f"bound:{part.criterion}", part.bound


def _name(key: str) -> str:
    return key.partition(":")[2] or key


def _idle(state: State, found: Iterable[tuple[Answer, str]]) -> Iterator[str]:
    """Answers to questions that do not apply to the others."""
    aside = {part.answer.key: part.because for part in survey_of(state).view.aside}
    for answer, where in found:
        if answer.key in aside:
            yield f"{where}: the answer on '{_name(answer.key)}' does not apply: {aside[answer.key]}; remove it."


def answers_record(state: State) -> dict[str, Any]:
    """The answers as a file of answers holds them, JSON-ready: read again they give the same state."""
    aside = {part.answer.key for part in survey_of(state).view.aside}
    bounds = {answer.key: answer for answer in state.answers if answer.key.startswith("bound:")}
    entries = [
        _entry(answer, bounds, state.catalogue) | ({"aside": True} if answer.key in aside else {})
        for answer in state.answers
        if answer.key not in bounds
    ]
    record: dict[str, Any] = {"version": VERSION, "answers": entries}
    return record | ({"declared": True} if state.phase == "declared" else {})


def _entry(answer: Answer, bounds: dict[str, Answer], catalogue: Catalogue) -> dict[str, Any]:
    kind, _, name = answer.key.partition(":")
    value: Any = list(answer.value) if isinstance(answer.value, tuple) else answer.value
    asked: dict[str, Any] = {"topics": value} if kind == TOPICS else {kind: name, "answer": value}
    bound = bounds.get(f"bound:{name}") if kind == "criterion" else None
    entry = asked | ({} if bound is None else {"bound": _bound(bound, catalogue)})
    entry |= {"searched": True} if answer.searched and kind != TOPICS else {}
    entry |= {"screen": answer.step} if answer.step else {}
    return entry | ({"bound_screen": bound.step} if bound is not None and bound.step != answer.step else {})


def _bound(bound: Answer, catalogue: Catalogue) -> Any:  # noqa: ANN401 (a number, or a word)
    """A rating's rank by its word."""
    words = catalogue.knowledge.criteria[bound.key.partition(":")[2]].values
    return words[bound.value] if words and isinstance(bound.value, int) else bound.value


def statement_of(state: State, name: str | None = None) -> Statement:
    """What the team has stated so far, and what it is unsure of; the day is that of the facts."""
    view, facts = survey_of(state).view, state.catalogue.facts
    unsure = {key.partition(":")[2]: None for key in _in_order(state) if key in view.said.unsure}
    return Statement(view.team._replace(name=name), facts.as_of, None, unsure=tuple(unsure))


def requirements_record(state: State, name: str | None = None) -> dict[str, Any]:
    """The requirements file to save, JSON-ready: asked again it gives the same answer.

    Under `asked` it says why the questionnaire ended, which criteria were not asked because every provider still in
    meets them for certain, and by which knowledge base. It names no day: it is answered by the facts of its day.
    """
    knowledge = state.catalogue.knowledge
    found = screen_after(state)
    asked = {
        "end": found.kind if isinstance(found, End) else None,
        "skipped": list(met_by_all(state)),
        "fingerprint": knowledge.fingerprint,
    }
    statement = statement_of(state, name)._replace(as_of=None)
    return statement_record(statement, knowledge) | {
        "asked": {key: value for key, value in asked.items() if value not in (None, [])}
    }


def _in_order(state: State) -> list[str]:
    places = state.catalogue.places
    return sorted(
        (answer.key for answer in state.answers if answer.key != "topics"),
        key=lambda key: places[key.replace("bound:", "criterion:", 1)],
    )
