"""Plain questions on what rules/questions.yaml leaves out, so that it can be searched and asked for as well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from provider_advisor.knowledge.rules import Question, Questionnaire, Subject

if TYPE_CHECKING:
    from provider_advisor.knowledge.base import KnowledgeBase

# The shares of teams that answer a question that the file leaves out: many say what they are like, and few ask for any
# one criterion among so many.
_EVEN = 0.5
_SELDOM = 0.2


def questionnaire_of(knowledge: KnowledgeBase) -> Questionnaire:
    """Return the questionnaire of the file, with a plain question for everything that it leaves out.

    Plain questions have the words of the vocabulary and belong to the subject named like the criterion's area, which
    is added where the file has none.
    """
    written = knowledge.questionnaire or Questionnaire({}, {})
    subjects, questions = dict(written.subjects), dict(written.questions)
    for question in _make_plain_questions(knowledge):
        if question.key not in questions:
            questions[question.key] = question
            for area in question.subjects:
                subjects.setdefault(area, Subject(area, knowledge.spell_id(area).capitalize(), _EVEN))
    return Questionnaire(subjects, questions)


def _make_plain_questions(knowledge: KnowledgeBase) -> Iterator[Question]:
    for criterion in knowledge.criteria.values():
        yield Question("criterion", criterion.id, (criterion.area,), _SELDOM)
    for topic in knowledge.topics:
        yield Question("situation", topic, (), _EVEN)
    for item in knowledge.usage:
        yield Question("usage", item, tuple(_find_areas(item, knowledge)), _EVEN)


def _find_areas(item: str, knowledge: KnowledgeBase) -> Iterable[str]:
    """Return the areas of the prices that are multiplied with it, and of those computed from them."""
    priced = [criterion for criterion in knowledge.criteria.values() if item in criterion.usage or criterion.computed]
    return dict.fromkeys(criterion.area for criterion in priced)
