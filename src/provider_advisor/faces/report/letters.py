"""Letters to the providers, and apart from them what the answers would change; `letter_files` writes them.

A letter has only what a provider may read: a greeting, questions, and room for the answers. What these would change
names rivals and who leads, so it is said once, in a part for the buyer: behind all letters, or in a file of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from provider_advisor.explanation.answer_records import AnswerRecord, OpenFactRecord, UnlistedRecord
from provider_advisor.explanation.verdict_in_words import group_questions
from provider_advisor.explanation.words import included_text, joined
from provider_advisor.knowledge import KnowledgeBase


class ProviderQuestion(NamedTuple):
    """A question to a provider, with an id to answer by."""

    id: str
    text: str


class ProviderLetter(NamedTuple):
    """The questions to one provider. Nothing in it says how the provider stands, or names another."""

    provider: str
    name: str
    questions: tuple[ProviderQuestion, ...]


class AnswerEffect(NamedTuple):
    """What the answers to some questions would change, for the buyer alone: it names rivals and who leads."""

    ids: tuple[str, ...]
    says: str


class Letters(NamedTuple):
    """A letter to each provider with something to answer, and what all the answers would change."""

    to_providers: tuple[ProviderLetter, ...]
    effects: tuple[AnswerEffect, ...]


NO_LETTERS = Letters((), ())


def make_letters(answer: AnswerRecord, unlisted: Sequence[UnlistedRecord], knowledge: KnowledgeBase) -> Letters:
    """Return the letters to the providers, in the order of the answer, most useful questions first.

    `answer` says what could change it, and says more if it leaves out requirements that are not judged. What is
    `unlisted` is asked of each provider that is not ruled out.
    """
    # Questions are numbered by provider, such as acme-1. A fact in several groups of questions is asked once, and the
    # buyer's part refers to it by that number each time.
    letters, ids = [], {}
    for provider in answer.providers:
        asked = {
            fact.criterion: _word_question(fact, knowledge)
            for part in answer.confirm
            for fact in part.facts
            if fact.provider == provider.id
        }
        wishes = unlisted if provider.standing != "ruled-out" else ()
        # No criterion's id is that of a wish: ids have no brackets.
        asked |= {f"<{part.text}>": f'Do you offer "{part.text}"?' for part in wishes}
        for number, about in enumerate(asked, start=1):
            ids[provider.id, about] = f"{provider.id}-{number}"
        questions = (ProviderQuestion(ids[provider.id, about], text) for about, text in asked.items())
        if asked:
            letters.append(ProviderLetter(provider.id, provider.name, tuple(questions)))
    effects = [
        AnswerEffect(
            tuple(ids[fact.provider, fact.criterion] for part in group.parts for fact in part.facts), group.says
        )
        for group in group_questions(answer)
    ]
    for wish in unlisted:
        numbers = tuple(found for (_, about), found in ids.items() if about == f"<{wish.text}>")
        says = f"{wish.text} ({wish.priority}): this is not judged, so weigh the answers yourself."
        effects += [AnswerEffect(numbers, says)] if numbers else []
    return Letters(tuple(letters), tuple(effects))


def _word_question(fact: OpenFactRecord, knowledge: KnowledgeBase) -> str:
    """Return the question to put to the provider itself: `Do you offer "Fax"?`, `Seats: up to how many seats?`.

    It tells no bound: the exact amount says whether the bound is met, and a provider that knows it may just say yes.
    """
    remarks = [] if fact.stated is None else [f"Our information is from {fact.stated}."]
    remarks += ["Our sources contradict each other."] if fact.disputed else []
    question = _word_question_alone(fact, knowledge)
    return f"{question} ({' '.join(remarks)})" if remarks else question


def _word_question_alone(fact: OpenFactRecord, knowledge: KnowledgeBase) -> str:
    """Return the question without remarks on what is known."""
    criterion = knowledge.criteria[fact.criterion]
    if criterion.kind == "capability":
        return f'Do you offer "{criterion.label}"?'
    if criterion.kind == "rating":
        return f"{criterion.label}: which of {joined(criterion.values)}?"
    label = f"{criterion.label}{included_text(knowledge.list_claims(fact.provider, fact.criterion))}"
    unit = (criterion.unit or "").replace("/", " per ")
    if unit[:1].islower():  # things, not a currency or a scale of its own
        return f"{label}: {'up to ' if criterion.limit else ''}how many {unit}?"
    return f"{label}: how much{f', in {unit}' if unit else ''}?"
