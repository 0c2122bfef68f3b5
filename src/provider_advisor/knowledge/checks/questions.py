"""Problems of the questionnaire: what its questions refer to, what is asked twice, and what can never be asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from provider_advisor.knowledge import shapes
from provider_advisor.knowledge.alternatives import alternatives, can_hold
from provider_advisor.knowledge.checks.criteria import repeated
from provider_advisor.knowledge.checks.rules import Vocabulary, condition_problems
from provider_advisor.knowledge.problems import Defined, Reading, defined
from provider_advisor.knowledge.records import About, Criterion, Question, Topic

__all__ = ["never_asked", "question_problems"]


def question_problems(files: Sequence[Reading[shapes.QuestionsFile]], vocabulary: Vocabulary) -> Iterator[str]:
    """Everything wrong with the questions, given what they may refer to."""
    subjects: Defined[shapes.SubjectShape] = defined(files, "topics")
    for file, document, _ in files:
        topics = ((topic.id, document.where("topics", index)) for index, topic in enumerate(file.topics))
        placed = [(shape, document.where("questions", index)) for index, shape in enumerate(file.questions)]
        names = ((" ".join(shape.about), where) for shape, where in placed)
        yield from repeated(topics, "the topic")
        yield from repeated(names, "the question about")
        for shape, where in placed:
            for problem in _problems(shape, vocabulary, subjects):
                yield f"{where}: question about '{shape.about[1]}': {problem}"


def _problems(
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
        yield from condition_problems(shape.when, vocabulary, on_team=True)
    if about == "criterion" and name in vocabulary.criteria.records:
        yield from _typical_problems(shape.typical, vocabulary.criteria.records[name])
    elif about == "situation" and shape.typical:
        yield "'typical' is for numbers and ratings; remove it."
    elif about == "usage" and any(isinstance(value, str) for value in shape.typical):
        yield f"'typical' holds numbers of {name}, without quotes."


def _typical_problems(typical: Sequence[float | str], criterion: Criterion) -> Iterator[str]:
    if typical and criterion.kind == "capability":
        yield f"'{criterion.id}' is a capability, which takes no bound; remove 'typical'."
    elif criterion.kind == "rating":
        for value in typical:
            if value not in criterion.values:
                shown = value if isinstance(value, str) else f"{value:g}"
                yield f"'{shown}' is not a value of '{criterion.id}'; expected {', '.join(criterion.values)}."
    else:
        yield from _outside(typical, criterion)


def _outside(typical: Sequence[float | str], criterion: Criterion) -> Iterator[str]:
    for value in typical:
        if isinstance(value, str):
            yield f"'typical' holds numbers in {criterion.unit}, without quotes; found '{value}'."
        elif criterion.scale is not None:
            low, high = sorted((criterion.scale.worst, criterion.scale.best))
            if not low <= value <= high:
                yield f"{value:g} in 'typical' is outside the scale of '{criterion.id}', {low:g} to {high:g}."


def never_asked(questions: Sequence[Question], topics: Mapping[str, Topic]) -> Iterator[str]:
    """Questions whose `when` contradicts itself, or is too long to tell."""
    for question in questions:
        found = [] if question.when is None else alternatives(question.when)
        if found is None:
            yield f"{question.where}: question about '{question.name}': 'when' has too many alternatives; shorten it."
        elif found and not any(can_hold(alternative, topics) for alternative in found):
            yield (
                f"{question.where}: question about '{question.name}' can never be asked, because 'when' contradicts "
                "itself; correct or remove it."
            )
