"""Problems of the questionnaire: what its questions refer to, what is asked twice, and what can never be asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from provider_advisor.knowledge import shapes
from provider_advisor.knowledge.checks.criteria import find_repeated
from provider_advisor.knowledge.checks.rules import Vocabulary, check_condition
from provider_advisor.knowledge.normal_form import can_hold, list_conjunctions
from provider_advisor.knowledge.problems import Defined, Reading, defined
from provider_advisor.knowledge.questions import Question
from provider_advisor.knowledge.records import About, Criterion, Topic


def check_questions(files: Sequence[Reading[shapes.QuestionsFile]], vocabulary: Vocabulary) -> Iterator[str]:
    """Return everything wrong with the questions, given what they may refer to."""
    subjects: Defined[shapes.SubjectShape] = defined(files, "topics")
    for file, document, _ in files:
        topics = ((topic.id, document.where("topics", index)) for index, topic in enumerate(file.topics))
        placed = [(shape, document.where("questions", index)) for index, shape in enumerate(file.questions)]
        names = ((" ".join(shape.about), where) for shape, where in placed)
        yield from find_repeated(topics, "the topic")
        yield from find_repeated(names, "the question about")
        for shape, where in placed:
            for problem in _check_question(shape, vocabulary, subjects):
                yield f"{where}: question about '{shape.about[1]}': {problem}"


def _check_question(
    shape: shapes.QuestionShape, vocabulary: Vocabulary, subjects: Defined[shapes.SubjectShape]
) -> Iterator[str]:
    about, name = shape.about
    known: Mapping[About, Defined[Any]] = {
        "criterion": vocabulary.criteria,
        "situation": vocabulary.topics,
        "usage": vocabulary.usage,
    }
    yield from known[about].unknown(name, f"unknown {'usage item' if about == 'usage' else about} '{name}'")
    for topic in shape.topics:
        yield from subjects.unknown(topic, f"unknown topic '{topic}'")
    if shape.when is not None:
        yield from check_condition(shape.when, vocabulary, on_team=True)
    if about == "criterion" and name in vocabulary.criteria.records:
        yield from _check_typical(shape.typical, vocabulary.criteria.records[name])
    elif about == "situation" and shape.typical:
        yield "'typical' is for numbers and ratings; remove it."
    elif about == "usage" and any(isinstance(value, str) for value in shape.typical):
        yield f"'typical' takes numbers of {name}, without quotes."


def _check_typical(typical: Sequence[float | str], criterion: Criterion) -> Iterator[str]:
    if typical and criterion.kind == "capability":
        yield f"'{criterion.id}' is a capability, which takes no bound; remove 'typical'."
    elif criterion.kind == "rating":
        for value in typical:
            if value not in criterion.values:
                shown = value if isinstance(value, str) else f"{value:g}"
                yield f"'{shown}' is not a value of '{criterion.id}'; expected {', '.join(criterion.values)}."
    else:
        yield from _check_scale(typical, criterion)


def _check_scale(typical: Sequence[float | str], criterion: Criterion) -> Iterator[str]:
    for value in typical:
        if isinstance(value, str):
            yield f"'typical' takes numbers in {criterion.unit}, without quotes; found '{value}'."
        elif criterion.scale is not None:
            low, high = sorted((criterion.scale.worst, criterion.scale.best))
            if not low <= value <= high:
                yield f"{value:g} in 'typical' is outside the scale of '{criterion.id}', {low:g} to {high:g}."


def find_never_asked(questions: Sequence[Question], topics: Mapping[str, Topic]) -> Iterator[str]:
    """Yield the questions whose `when` contradicts itself, or is too long to tell."""
    for question in questions:
        found = [] if question.when is None else list_conjunctions(question.when)
        if found is None:
            yield f"{question.where}: question about '{question.name}': 'when' has too many alternatives; shorten it."
        elif found and not any(can_hold(conjunction, topics) for conjunction in found):
            yield (
                f"{question.where}: question about '{question.name}' can never be asked, because 'when' contradicts "
                "itself; correct or remove it."
            )
