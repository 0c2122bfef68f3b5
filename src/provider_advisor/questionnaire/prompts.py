"""The words and the choices of a question, ready to be shown."""

from __future__ import annotations

from typing import Literal, NamedTuple

from provider_advisor.knowledge.records import Question
from provider_advisor.knowledge.suggest import nearest
from provider_advisor.logic import Number
from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.questionnaire.keys import CRITERION_WORDS
from provider_advisor.questionnaire.state import NO_ANSWER, NONE, TOPICS, UNSURE, State

__all__ = ["Prompt", "PromptKind", "found", "prompt_of"]

PromptKind = Literal["topics", "criterion", "number", "rating", "situation"]

_MOST_FOUND = 20


class Prompt(NamedTuple):
    """One question for a person.

    `choices` are the values to choose from, with their labels (for `number` only the words that may stand in place of
    one); `many` says that several may be chosen. A bound is `at_most` where less is better, else a least amount.
    """

    key: str
    kind: PromptKind
    label: str
    ask: str
    help: str | None = None
    choices: tuple[tuple[str, str], ...] = ()
    many: bool = False
    unit: str | None = None
    typical: tuple[Number | str, ...] = ()
    at_most: bool = False


def prompt_of(key: str, catalogue: Catalogue) -> Prompt:
    """The prompt for a key of a screen. Raises KeyError for a key that there is not."""
    kind, _, name = key.partition(":")
    if key == TOPICS:
        choices = tuple((subject.id, subject.label) for subject in catalogue.subjects.values())
        return Prompt(key, "topics", "Topics", "What matters to the team?", choices=choices, many=True)
    if kind == "bound":
        return _bound(key, catalogue)
    question = catalogue.questions[key]
    if kind == "criterion":
        criterion = catalogue.knowledge.criteria[name]
        choices = tuple((word, word) for word in CRITERION_WORDS)
        return Prompt(key, "criterion", criterion.label, question.ask or criterion.question, question.help, choices)
    return _situation(key, question, catalogue) if kind == "situation" else _usage(key, question, catalogue)


def _bound(key: str, catalogue: Catalogue) -> Prompt:
    criterion = catalogue.knowledge.criteria[key.partition(":")[2]]
    question, words = catalogue.question(criterion.id), criterion.values
    typical = tuple(words[int(part)] if words else part for part in question.typical)
    choices = (*((word, word) for word in words), (NONE, NONE), (UNSURE, UNSURE))
    return Prompt(
        key,
        "rating" if words else "number",
        criterion.label,
        question.ask or criterion.question,
        question.help,
        choices,
        unit=criterion.unit,
        typical=typical,
        at_most=criterion.lower_is_better,
    )


def _situation(key: str, question: Question, catalogue: Catalogue) -> Prompt:
    topic = catalogue.knowledge.topics[question.name]
    choices = tuple((value, value.replace("-", " ")) for value in (*topic.values, NO_ANSWER, UNSURE))
    return Prompt(key, "situation", topic.label, question.ask or topic.question, question.help, choices, topic.many)


def _usage(key: str, question: Question, catalogue: Catalogue) -> Prompt:
    item = catalogue.knowledge.usage[question.name]
    choices = ((NO_ANSWER, NO_ANSWER), (UNSURE, UNSURE))
    return Prompt(
        key,
        "number",
        item.label,
        question.ask or item.question,
        question.help,
        choices,
        unit=item.unit,
        typical=question.typical,
    )


def found(state: State, words: str) -> tuple[str, ...]:
    """The keys of the criteria, situation and usage that the words may mean, the nearest first; at any time.

    All words stand in the label, question, help or other names; where nothing has them all, the nearest names.
    """
    catalogue, typed = state.catalogue, words.casefold().split()
    texts = {key: _text(key, catalogue) for key in catalogue.questions}
    hits = [key for key, text in texts.items() if typed and all(word in text for word in typed)]
    if hits:
        return tuple(sorted(hits, key=lambda key: _distance(key, typed, catalogue))[:_MOST_FOUND])
    knowledge = catalogue.knowledge
    return tuple(
        dict.fromkeys(f"criterion:{knowledge.words[word]}" for word in nearest(words, knowledge.words, _MOST_FOUND))
    )


def _text(key: str, catalogue: Catalogue) -> str:
    prompt, (kind, _, name) = prompt_of(key, catalogue), key.partition(":")
    aliases = catalogue.knowledge.criteria[name].aliases if kind == "criterion" else ()
    return " ".join((name, *aliases, prompt.label, prompt.ask, prompt.help or "")).casefold()


def _distance(key: str, typed: list[str], catalogue: Catalogue) -> tuple[bool, int]:
    """Those that have the words in their name or label come first, then in the order of the file."""
    prompt = prompt_of(key, catalogue)
    title = f"{key.partition(':')[2]} {prompt.label}".casefold()
    return not all(word in title for word in typed), catalogue.places[key]
