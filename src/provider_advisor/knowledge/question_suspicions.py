"""What looks wrong with the questions of rules/questions.yaml: what is never asked, and what is never reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.conditions import Condition, Leaf, Need, Situation, Usage, fold, leaves, text_of
from provider_advisor.knowledge.plain_questions import questionnaire_of
from provider_advisor.knowledge.rules import Key, Question, Questionnaire


def find_question_suspicions(knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield a sentence for each thing that is not asked or never reached; none without a file."""
    written = knowledge.questionnaire
    if written is None:
        return
    found = questionnaire_of(knowledge)
    for key, question in found.questions.items():
        if key not in written.questions:
            yield f"{question.about} '{question.name}': no question asks about it; add one to questions.yaml."
    used = {subject for question in written.questions.values() for subject in question.subjects}
    for subject in written.subjects:
        if subject not in used:
            yield f"topic '{subject}': no question belongs to it; add one, or remove the topic."
    yield from _find_unreachable(found, knowledge)


def _find_unreachable(found: Questionnaire, knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield questions whose `when` waits for something that is asked only after them, or never."""
    reached = _find_reached(found.questions, knowledge)
    for key, question in found.questions.items():
        if key in reached or question.when is None:
            continue
        waits = sorted({text_of(leaf) for leaf in leaves(question.when) if _get_key(leaf) not in reached})
        yield (
            f"{question.where}: question about '{question.name}' is never reached: it waits for {', '.join(waits)}, "
            "which cannot be stated before; change its `when` or theirs."
        )


def _find_reached(questions: Mapping[Key, Question], knowledge: KnowledgeBase) -> set[Key | Leaf]:
    """Return the keys of everything that can be stated, and a need for all that rules can come to require."""
    # Repeated until nothing new is found, because statements enable questions and rules, which enable more questions.
    reached: set[Key | Leaf] = set()
    while True:
        fresh: set[Key | Leaf] = {
            key for key, question in questions.items() if question.when is None or _can_hold(question.when, reached)
        }
        for rule in knowledge.rules.values():
            if _can_hold(rule.when, reached):
                fresh |= {Need(part.criterion) for part in rule.implies}
        if fresh <= reached:
            return reached
        reached |= fresh


def _can_hold(condition: Condition, reached: set[Key | Leaf]) -> bool:
    """Return whether all that a condition asks for can be stated or implied; what it excludes need not be."""
    return fold(
        condition,
        lambda leaf: leaf in reached or _get_key(leaf) in reached,
        every=all,
        some=any,
        negated=lambda _: True,
    )


def _get_key(leaf: Leaf) -> Key | None:
    """Return the key of the question that is answered to fulfil a leaf."""
    if isinstance(leaf, Need):
        return Key("criterion", leaf.criterion)
    if isinstance(leaf, Situation):
        return Key("situation", leaf.topic)
    return Key("usage", leaf.item) if isinstance(leaf, Usage) else None
