"""The words and the choices of a question, ready to be shown; and the search for questions by words."""

from __future__ import annotations

from typing import Literal, NamedTuple

from provider_advisor.knowledge.records import Key
from provider_advisor.logic import Number
from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.questionnaire.state import CRITERION_WORDS, NO_ANSWER, NONE, TOPICS, UNSURE, State

__all__ = ["Prompt", "PromptKind", "make_prompt", "search_questions"]

PromptKind = Literal["topics", "criterion", "number", "rating", "situation"]

_MOST_FOUND = 20


class Prompt(NamedTuple):
    """One question for a person.

    `choices` are the values to choose from, with their labels (for `number` only the words that can be given instead of
    one); `many` means that several may be chosen. A bound is `at_most` where less is better, else a least amount.
    """

    key: Key
    kind: PromptKind
    label: str
    ask: str
    help: str | None = None
    choices: tuple[tuple[str, str], ...] = ()
    many: bool = False
    unit: str | None = None
    typical: tuple[Number | str, ...] = ()
    at_most: bool = False


def make_prompt(key: Key, catalogue: Catalogue) -> Prompt:
    """Return the prompt for a key of a screen. Raises KeyError for a key that does not exist."""
    if key == TOPICS:
        choices = tuple((subject.id, subject.label) for subject in catalogue.subjects.values())
        return Prompt(key, "topics", "Topics", "What matters to the team?", choices=choices, many=True)
    if key.kind == "bound":
        return _ask_bound(key, catalogue)
    question, knowledge = catalogue.questions[key], catalogue.knowledge
    if key.kind == "criterion":
        criterion = knowledge.criteria[key.name]
        choices = tuple((word, word) for word in CRITERION_WORDS)
        return Prompt(key, "criterion", criterion.label, question.ask or criterion.question, question.help, choices)
    if key.kind == "situation":
        topic = knowledge.topics[key.name]
        choices = tuple((value, value.replace("-", " ")) for value in (*topic.values, NO_ANSWER, UNSURE))
        return Prompt(key, "situation", topic.label, question.ask or topic.question, question.help, choices, topic.many)
    item = knowledge.usage[key.name]
    return Prompt(
        key,
        "number",
        item.label,
        question.ask or item.question,
        question.help,
        ((NO_ANSWER, NO_ANSWER), (UNSURE, UNSURE)),
        unit=item.unit,
        typical=question.typical,
    )


def _ask_bound(key: Key, catalogue: Catalogue) -> Prompt:
    criterion = catalogue.knowledge.criteria[key.name]
    question, words = catalogue.get_question(key.name), criterion.values
    return Prompt(
        key,
        "rating" if words else "number",
        criterion.label,
        question.ask or criterion.question,
        question.help,
        (*((word, word) for word in words), (NONE, NONE), (UNSURE, UNSURE)),
        unit=criterion.unit,
        typical=tuple(words[int(part)] if words else part for part in question.typical),
        at_most=criterion.lower_is_better,
    )


def search_questions(state: State, words: str) -> tuple[Key, ...]:
    """Return the keys of the criteria, situation and usage that the words may mean, the nearest first."""
    catalogue = state.catalogue
    index = catalogue.knowledge.search_index
    found = index.search(words) or index.find_meant(words)
    keys = (Key(entry.kind, entry.id.partition("=")[0]) for entry in found)
    return tuple(key for key in dict.fromkeys(keys) if key in catalogue.questions)[:_MOST_FOUND]
