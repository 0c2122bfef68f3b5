"""Problems of the questions in rules/questions.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from provider_advisor.knowledge.check_rules import check_condition, check_words
from provider_advisor.knowledge.check_vocabulary import Vocabulary, find_repeated
from provider_advisor.knowledge.conditions import (
    list_conjunctions,
)
from provider_advisor.knowledge.contradictions import can_hold
from provider_advisor.knowledge.problems import Defined, Reading, collect_defined
from provider_advisor.knowledge.records import About, Criterion, Topic
from provider_advisor.knowledge.rules import Question
from provider_advisor.knowledge.shapes import rules_files as shapes
from provider_advisor.logic import number_text


def check_questions(files: Sequence[Reading[shapes.QuestionsFile]], vocabulary: Vocabulary) -> Iterator[str]:
    """Return everything wrong with the questions, given what they may refer to."""
    subjects: Defined[shapes.SubjectShape] = collect_defined(files, "topics")
    for reading in files:
        yield from find_repeated(((topic.id, where) for topic, where in reading.list_entries("topics")), "the topic")
        questions = reading.list_entries("questions")
        yield from find_repeated(((" ".join(shape.about), where) for shape, where in questions), "the question about")
        for shape, where in questions:
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
    yield from known[about].find_unknown(name, f"unknown {'usage item' if about == 'usage' else about} '{name}'")
    for topic in shape.topics:
        yield from subjects.find_unknown(topic, f"unknown topic '{topic}'")
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
        yield from check_words(typical, criterion)
    else:
        for value in typical:
            if isinstance(value, str):
                yield f"'typical' takes numbers in {criterion.unit}, without quotes; found '{value}'."
            elif criterion.scale is not None and not criterion.scale.holds(value):
                low, high = map(number_text, criterion.scale.ends)
                said = f"{number_text(value)} in 'typical'"
                yield f"{said} is outside the scale of '{criterion.id}', {low} to {high}."


def find_never_asked(questions: Iterable[Question], topics: Mapping[str, Topic]) -> Iterator[str]:
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
