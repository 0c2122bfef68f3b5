"""What a questionnaire leaves out or can never reach: for the eyes of its keeper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from provider_advisor.knowledge.alternatives import alternatives
from provider_advisor.knowledge.conditions import Condition, Need, Situation, Usage, leaves, text_of
from provider_advisor.knowledge.questions import Question, Questionnaire, questionnaire_of
from provider_advisor.knowledge.records import KnowledgeBase

__all__ = ["question_suspicions"]


def question_suspicions(knowledge: KnowledgeBase) -> Iterator[str]:
    """One sentence for each thing that is not asked, or that no chain of answers leads to; none without a file."""
    written = knowledge.questionnaire
    if written is None:
        return
    yield from _unwritten(written, knowledge)
    yield from _empty(written)
    yield from _unreachable(questionnaire_of(knowledge), knowledge)


def _unwritten(written: Questionnaire, knowledge: KnowledgeBase) -> Iterator[str]:
    for key, question in questionnaire_of(knowledge).questions.items():
        if key not in written.questions:
            yield f"{question.about} '{question.name}': no question asks about it; add one to questions.yaml."


def _empty(written: Questionnaire) -> Iterator[str]:
    used = {subject for question in written.questions.values() for subject in question.subjects}
    for subject in written.subjects:
        if subject not in used:
            yield f"topic '{subject}': no question belongs to it; add one, or remove the topic."


def _unreachable(found: Questionnaire, knowledge: KnowledgeBase) -> Iterator[str]:
    """Questions whose `when` waits for something that is asked only after them, or never: dead ends."""
    reached = _reached(found.questions, knowledge)
    for key, question in found.questions.items():
        if key in reached or question.when is None:
            continue
        waits = sorted({text_of(leaf) for leaf in leaves(question.when) if _key(leaf) not in reached})
        yield (
            f"{question.where}: question about '{question.name}' is never reached: it waits for {', '.join(waits)}, "
            "which nothing can state before; change its `when` or theirs."
        )


def _reached(questions: Mapping[str, Question], knowledge: KnowledgeBase) -> set[str]:
    """The keys of what can be stated, or comes to be required by rules, from the questions that always apply on."""
    reached: set[str] = set()
    while True:
        fresh = {
            key
            for key, question in questions.items()
            if key not in reached and (question.when is None or _can_hold(question.when, reached))
        }
        for rule in knowledge.rules.values():
            if _can_hold(rule.when, reached):
                fresh |= {_implied(part.criterion) for part in rule.implies} - reached
        if not fresh:
            return reached
        reached |= fresh


def _implied(criterion: str) -> str:
    return f"implied:{criterion}"


def _can_hold(condition: Condition, reached: set[str]) -> bool:
    """Whether all that some alternative asks for can be stated; what it excludes need not be."""
    found = alternatives(condition)
    return found is None or any(all(_is_reached(part, reached) for part in alternative) for alternative in found)


def _is_reached(part: Condition, reached: set[str]) -> bool:
    if isinstance(part, Need):
        return not {_key(part), _implied(part.criterion)}.isdisjoint(reached)
    return _key(part) in reached if isinstance(part, Situation | Usage) else True


def _key(part: Condition) -> str:
    if isinstance(part, Need):
        return f"criterion:{part.criterion}"
    if isinstance(part, Situation):
        return f"situation:{part.topic}"
    return f"usage:{part.item}" if isinstance(part, Usage) else ""
