"""What the questionnaire asks: subjects, questions, and a plain questionnaire where no file has one.

A subject is what `rules/questions.yaml` calls a topic; the word topic belongs to the situation already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from provider_advisor.logic import Number

if TYPE_CHECKING:
    from provider_advisor.knowledge.conditions import Condition
    from provider_advisor.knowledge.records import KnowledgeBase

__all__ = ["About", "Question", "Questionnaire", "Subject", "questionnaire_of"]

About = Literal["criterion", "situation", "usage"]

_EVEN = 0.5
_SELDOM = 0.2


class Subject(NamedTuple):
    """A part of the questionnaire that a team opens or leaves closed; `share` of all teams open it."""

    id: str
    label: str
    ask: str
    share: float
    help: str | None = None


class Question(NamedTuple):
    """One thing to ask: about a criterion, a topic of the situation, or a monthly volume.

    It is asked where one of its `subjects` is open (always, if it has none) and where `when` certainly holds. `share`
    of the teams to which it applies state something; `typical` are bounds or volumes that they would name (ranks, for
    a rating). Without `ask` the words are those of what it is about.
    """

    about: About
    name: str
    subjects: tuple[str, ...]
    share: float
    when: Condition | None = None
    ask: str | None = None
    help: str | None = None
    typical: tuple[Number, ...] = ()
    where: str = ""

    @property
    def key(self) -> str:
        """What identifies the question: `criterion:fax`, `situation:developers`, `usage:calls`."""
        return f"{self.about}:{self.name}"


class Questionnaire(NamedTuple):
    """Subjects by id, and questions by key, in the order of their file."""

    subjects: Mapping[str, Subject]
    questions: Mapping[str, Question]


def questionnaire_of(knowledge: KnowledgeBase) -> Questionnaire:
    """The questionnaire of a knowledge base: that of its file, completed with a plain question for all it leaves out.

    Plain questions have the words of the vocabulary and belong to the subject named like the criterion's area, which
    is added where the file has none.
    """
    written = knowledge.questionnaire or Questionnaire({}, {})
    subjects, questions = dict(written.subjects), dict(written.questions)
    for question in _plain(knowledge):
        if question.key not in questions:
            questions[question.key] = question
            for area in question.subjects:
                subjects.setdefault(area, _subject(area))
    return Questionnaire(subjects, questions)


def _plain(knowledge: KnowledgeBase) -> Iterator[Question]:
    for criterion in knowledge.criteria.values():
        yield Question("criterion", criterion.id, (criterion.area,), _SELDOM)
    for topic in knowledge.topics:
        yield Question("situation", topic, (), _EVEN)
    for item in knowledge.usage:
        yield Question("usage", item, tuple(_areas(item, knowledge)), _EVEN)


def _areas(item: str, knowledge: KnowledgeBase) -> Iterable[str]:
    """The areas of the prices that are multiplied with it, and of those computed from them."""
    priced = [criterion for criterion in knowledge.criteria.values() if item in criterion.usage or criterion.computed]
    return dict.fromkeys(criterion.area for criterion in priced)


def _subject(area: str) -> Subject:
    label = area.replace("-", " ").capitalize()
    return Subject(area, label, f"Does anything of {area.replace('-', ' ')} matter?", _EVEN)
