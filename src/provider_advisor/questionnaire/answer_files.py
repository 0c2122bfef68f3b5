"""Read and write files of answers, and make the team and the requirements file from answers.

    version: 1
    answers:
    - {topics: [calls], screen: 1}
    - {criterion: number-countries, answer: must, bound: 90, screen: 2, bound_screen: 3}

A criterion, its bound and its members are one entry, for people to read, and up to three answers on up to three
screens, so that going back undoes them one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from provider_advisor.errors import KnowledgeError, RequirementsError
from provider_advisor.knowledge.files import MAX_BYTES
from provider_advisor.knowledge.rules import ANSWERS_VERSION, Key
from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.questionnaire.next_screen import End, choose_screen, sort_keys
from provider_advisor.questionnaire.proof import Survey, survey_answers
from provider_advisor.questionnaire.state import (
    ALONG,
    NO_ANSWER,
    TOPICS,
    GivenAnswer,
    State,
    check_key,
    check_value,
    put_answers,
)
from provider_advisor.questionnaire.why import list_met_by_all
from provider_advisor.requirements import Statement, Team, statement_record
from provider_advisor.requirements.grammar import is_counted
from provider_advisor.requirements.read_team import count_waiting, describe_changes
from provider_advisor.requirements.statement import Volume

if TYPE_CHECKING:  # the code that checks files takes long to import, and most questionnaires start without a file
    from provider_advisor.knowledge.shapes.statement_files import AnswersFile, AnswerShape
    from provider_advisor.knowledge.strict_yaml import Document


def read_answers(content: bytes, name: str, state: State) -> State:
    """Return the state with the answers of a file added; `name` is what messages call the file.

    Raises KnowledgeError with every problem and its line: of the form, of a value that does not fit, of a question that
    does not exist, is answered twice or does not apply to the other answers.
    """
    from provider_advisor.knowledge.problems import validate  # noqa: PLC0415 (see TYPE_CHECKING above)
    from provider_advisor.knowledge.shapes.statement_files import AnswersFile  # noqa: PLC0415
    from provider_advisor.knowledge.strict_yaml import parse_yaml  # noqa: PLC0415

    if len(content) > MAX_BYTES:
        raise KnowledgeError(
            [f"{name}:1: the file is larger than {MAX_BYTES // 1_000_000} MB; it is not a file of answers."]
        )
    document = parse_yaml(content, name, bare_words=True, expected="answers, as `recommend ask` saves them.")
    shape = validate(document, AnswersFile)
    problems: list[str] = []
    state = state._replace(given=_read_given(shape, document, state, problems))
    found = list(_read_each(shape, document, state, problems))
    after = put_answers(state, (answer for answer, _ in found))
    # An answer that was set aside when the file was written need not apply: it waits for its topic to be opened again.
    kept = {document.where("answers", index) for index, part in enumerate(shape.answers) if part.aside}
    problems = problems or list(_find_idle(after, [(answer, where) for answer, where in found if where not in kept]))
    if problems:
        raise KnowledgeError(problems)
    return after._replace(phase="declared") if shape.declared else after


def _read_given(shape: AnswersFile, document: Document, state: State, problems: list[str]) -> Statement:
    """Return what was given before the first question, from the state or from the file."""
    if shape.given is None:
        return state.given
    where = document.where("given")
    if state.given.team != Team():
        problems.append(
            f"{where}: the answers already say what they started from; leave out --file and options such as --needs."
        )
        return state.given
    from provider_advisor.requirements.requirements_file import read_requirements_data  # noqa: PLC0415 (as above)

    try:
        return read_requirements_data(document.data["given"], where, state.catalogue.knowledge, whole=False)
    except RequirementsError as error:
        problems += error.problems
        return state.given


def _read_each(
    shape: AnswersFile, document: Document, state: State, problems: list[str]
) -> Iterator[tuple[GivenAnswer, str]]:
    """Yield each answer with its place; one that does not fit is added to the problems."""
    # Answers without a screen number get one screen each, so that "back" undoes one at a time.
    first: dict[Key, str] = {}
    last = state.steps
    for index, part in enumerate(shape.answers):
        where = document.where("answers", index)
        step = state.steps + part.screen if part.screen else last + 1
        own = {"bound": part.bound_screen, "members": part.members_screen}
        steps = {kind: state.steps + screen if screen else step for kind, screen in own.items()}
        last = max(last, step, *steps.values())
        for key, value in _read_pairs(part):
            try:
                checked = check_value(check_key(key, state.catalogue), value, state.catalogue)
                _refuse_doubtful(document, index, key, state.catalogue)
            except RequirementsError as error:
                problems.append(f"{where}: {error}")
                continue
            if key in first:
                problems.append(f"{where}: '{key.name or key}' is already answered at {first[key]}; keep one.")
            first.setdefault(key, where)
            yield GivenAnswer(key, checked, steps.get(key.kind, step), part.searched), where


def _refuse_doubtful(document: Document, index: int, key: Key, catalogue: Catalogue) -> None:
    """Raise RequirementsError for an amount of what is counted that is written like 5.000."""
    may_count = key.kind == "usage" or (key.kind == "bound" and is_counted(catalogue.knowledge.criteria[key.name]))
    doubt = document.describe_doubt("answers", index, "bound" if key.kind == "bound" else "answer")
    if may_count and doubt:
        raise RequirementsError(doubt)


def _read_pairs(part: AnswerShape) -> Iterator[tuple[Key, object]]:
    """Yield what an entry answers, with the answers: one question, and a criterion's bound and members."""
    if part.topics is not None:
        yield TOPICS, part.topics
    for kind in ("criterion", "situation", "usage", "unlisted"):
        if (name := getattr(part, kind)) is not None:
            yield Key(kind, name), part.answer
    for kind in ALONG:
        if part.criterion is not None and (value := getattr(part, kind)) is not None:
            yield Key(kind, part.criterion), value


def _find_idle(state: State, found: Iterable[tuple[GivenAnswer, str]]) -> Iterator[str]:
    """Yield a problem for each answer to a question that does not apply to the others."""
    unused = {part.answer.key: part.because for part in survey_answers(state).meaning.unused}
    for answer, where in found:
        if answer.key in unused:
            name = answer.key.name or answer.key
            yield f"{where}: the answer about '{name}' does not apply: {unused[answer.key]}; remove it."


def record_answers(state: State) -> dict[str, Any]:
    """Return the answers for a file, JSON-ready; reading them gives the same state."""
    unused = {part.answer.key for part in survey_answers(state).meaning.unused}
    by_key = {answer.key: answer for answer in state.answers}
    entries = [
        _record_answer(answer, by_key, state.catalogue) | ({"aside": True} if answer.key in unused else {})
        for answer in state.answers
        if answer.key.kind not in ALONG
    ]
    given = statement_record(state.given, state.catalogue.knowledge)
    record: dict[str, Any] = {"version": ANSWERS_VERSION, **({"given": given} if given else {}), "answers": entries}
    return record | ({"declared": True} if state.phase == "declared" else {})


def _record_answer(answer: GivenAnswer, by_key: Mapping[Key, GivenAnswer], catalogue: Catalogue) -> dict[str, Any]:
    key, value = answer.key, _write_value(answer, catalogue)
    entry: dict[str, Any] = {"topics": value} if key == TOPICS else {key.kind: key.name, "answer": value}
    keys = [Key(kind, key.name) for kind in ALONG] if key.kind == "criterion" else []
    along = [by_key[part] for part in keys if part in by_key]
    entry |= {part.key.kind: _write_value(part, catalogue) for part in along}
    if answer.searched and key != TOPICS:
        entry["searched"] = True
    if answer.step:
        entry["screen"] = answer.step
    return entry | {f"{part.key.kind}_screen": part.step for part in along if part.step != answer.step}


def _write_value(answer: GivenAnswer, catalogue: Catalogue) -> Any:  # noqa: ANN401 (what JSON holds)
    key, value = answer.key, answer.value
    if key.kind == "bound" and isinstance(value, int) and (words := catalogue.knowledge.criteria[key.name].values):
        return words[value]  # the word of a rank
    if isinstance(value, Volume):
        return value.said
    return list(value) if isinstance(value, tuple) else value


def make_statement(state: State, name: str | None = None) -> Statement:
    """Return the statement of the team so far, with what it is not sure about, as of the day of the facts.

    Notes list what cannot count yet, what was left blank but a rule asks for, and what the answers add to what was
    given before them.
    """
    survey = survey_answers(state)
    meaning, given = survey.meaning, state.given
    unsure = dict.fromkeys(key.name for key in sort_keys(meaning.said.unsure - {TOPICS}, state))
    notes = tuple(_list_notes(state, survey))
    facts, team = state.catalogue.facts, meaning.team._replace(name=name or given.team.name)
    found = Statement(team, facts.as_of, None, notes, tuple(unsure), facts.base.scope, meaning.waiting)
    if given.team != Team() or given.uncounted:
        after = found._replace(as_of=given.as_of, max_age=given.max_age, scope=given.scope)
        told = describe_changes(given, after, "The questionnaire", "what you started with", whole=True)
        found = found._replace(notes=(*given.notes, *told, *notes))
    return count_waiting(found, facts.base)


def _list_notes(state: State, survey: Survey) -> Iterator[str]:
    criteria = state.catalogue.knowledge.criteria
    blank = {answer.key for answer in state.answers if answer.value == NO_ANSWER}
    for part in survey.outcome.inference.requirements:
        if part.implied_by and Key("criterion", part.criterion) in blank:
            rules = f"the rule{'s' if len(part.implied_by) > 1 else ''} {', '.join(part.implied_by)}"
            label = criteria[part.criterion].label
            yield f"{label} was left blank, and counts because of {rules}; answer no to leave it out."


def record_requirements(state: State, name: str | None = None) -> dict[str, Any]:
    """Return the requirements file to save, JSON-ready; it gives the same answer.

    Under `asked` it says why the questionnaire ended, which criteria were not asked because every provider still in
    meets them for certain, and by which knowledge base. It names no day: the facts of its own day answer it.
    """
    knowledge = state.catalogue.knowledge
    found = choose_screen(state)
    asked = {
        "end": found.kind if isinstance(found, End) else None,
        "skipped": list(list_met_by_all(state)),
        "fingerprint": knowledge.fingerprint,
    }
    statement = make_statement(state, name)._replace(as_of=None)
    return statement_record(statement, knowledge) | {
        "asked": {key: value for key, value in asked.items() if value not in (None, [])}
    }
