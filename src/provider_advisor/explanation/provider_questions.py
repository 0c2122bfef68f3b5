"""What to ask each provider: facts that settle an answer, most useful first, then what the team says itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from provider_advisor.explanation.model import AnswerRecord, ConfirmRecord, UnlistedRecord

__all__ = ["ProviderLetter", "ProviderQuestion", "make_letters"]


class ProviderQuestion(NamedTuple):
    """A question to a provider, with an id to answer by, and what its answers would change, in sentences."""

    id: str
    text: str
    changes: str


class ProviderLetter(NamedTuple):
    """The questions to one provider."""

    provider: str
    name: str
    questions: tuple[ProviderQuestion, ...]


def make_letters(answer: AnswerRecord, unlisted: list[UnlistedRecord]) -> list[ProviderLetter]:
    """Return a letter for each provider that there is something to ask, in the order of the answer.

    `answer` says what could change it; where it was asked without what nothing judges, it says more. What is
    `unlisted` is asked of each provider that is not ruled out.
    """
    letters = []
    for provider in answer.providers:
        asked = dict(_list_asked(answer.confirm, provider.id))
        for part in unlisted if provider.standing != "ruled-out" else ():
            words = "we need this" if part.priority == "must" else "we would like this"
            asked[f"Do you offer this: {part.text}?"] = f"{words}, and none of our sources says whether you offer it."
        questions = (
            ProviderQuestion(f"{provider.id}-{number}", text, changes)
            for number, (text, changes) in enumerate(asked.items(), start=1)
        )
        if asked:
            letters.append(ProviderLetter(provider.id, provider.name, tuple(questions)))
    return letters


def _list_asked(confirm: list[ConfirmRecord], provider: str) -> Iterator[tuple[str, str]]:
    """Yield the questions to a provider in the order of their use, each with what its answers would change."""
    seen: set[str] = set()
    for part in confirm:
        for fact in part.facts:
            if fact.provider == provider and fact.question not in seen:
                seen.add(fact.question)
                alone = "; ".join(each.says.rstrip(".") for each in part.answers)
                yield fact.question, f"{alone}." if len(part.facts) == 1 else f"together with others: {part.says}"
