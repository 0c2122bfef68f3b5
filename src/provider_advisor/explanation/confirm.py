"""What to ask the providers, as data and in words."""

from __future__ import annotations

from typing import Any

from provider_advisor.decision import Verdict
from provider_advisor.decision.robustness import FactAnswer, FactQuestion, QuestionSet, Robustness
from provider_advisor.explanation.reasons import verdict_brief
from provider_advisor.explanation.words import bound_text, capital, joined, number_text, rounded
from provider_advisor.knowledge import Criterion, Fact, KnowledgeBase
from provider_advisor.logic import Truth, compare

__all__ = ["confirm_record"]


def confirm_record(robustness: Robustness, knowledge: KnowledgeBase) -> list[dict[str, Any]]:
    """What to ask the providers, most useful first, JSON-ready; see `ConfirmShape` in `robustness_schema`.

    An entry has one fact whose answer could change the verdict, or, where no single one could, several that together
    could: `facts` with the question to put, `answers` with the verdict each leads to, and `says`, all in words.
    """
    before, found = robustness.verdict, robustness.confirm
    alone = [_question(question, before, knowledge) for question in found.questions]
    return alone + [_set(part, knowledge, complete=found.complete) for part in found.sets]


def _question(question: FactQuestion, before: Verdict, knowledge: KnowledgeBase) -> dict[str, Any]:
    return {
        "facts": [_fact(question, knowledge)],
        "answers": [_answer(question, answer, before, knowledge) for answer in question.answers],
        "turns": rounded(question.turns),
        "changes": rounded(question.changes),
        "weight": question.weight,
        "complete": True,
        "says": _question_says(question, before, knowledge),
    }


def _fact(question: FactQuestion, knowledge: KnowledgeBase) -> dict[str, Any]:
    return {
        "provider": question.provider,
        "criterion": question.criterion,
        "label": knowledge.criteria[question.criterion].label,
        "disputed": question.disputed,
        "question": _to_ask(question, knowledge),
    }


def _to_ask(question: FactQuestion, knowledge: KnowledgeBase) -> str:
    """The question to put to the provider: "Does Acme have this: Fax?", "Seats at Acme: at least 90 seats?"."""
    criterion = knowledge.criteria[question.criterion]
    name = knowledge.providers[question.provider].name
    if criterion.kind == "capability":
        return f"Does {name} have this: {criterion.label}?"
    bounds = question.asked.bounds
    if len(bounds) == 1 and not question.asked.on_scale:
        return f"{criterion.label} at {name}: {bound_text(bounds[0], criterion)}?"
    if criterion.kind == "rating":
        return f"{criterion.label} at {name}: which of {joined(criterion.values)}?"
    return f"{criterion.label} at {name}: how much exactly, in {criterion.unit}?"


def _answer(question: FactQuestion, answer: FactAnswer, before: Verdict, knowledge: KnowledgeBase) -> dict[str, Any]:
    return {
        "values": [_value(answer.fact, knowledge)],
        "share": rounded(answer.share),
        "changes": answer.verdict != before,
        "verdict": answer.verdict.record(),
        "says": f"{_answer_text(question, answer.fact, knowledge)}: {_then(answer.verdict, before, knowledge)}.",
    }


def _value(fact: Fact, knowledge: KnowledgeBase) -> float | str | None:
    """The answer as a claim would give it: "present", "absent", a number, or a rating's word."""
    criterion = knowledge.criteria[fact.criterion]
    if criterion.kind == "capability":
        return "present" if fact.truth is Truth.YES else "absent"
    amount = fact.amount.low if fact.amount is not None else None
    if amount is not None and criterion.kind == "rating":
        return criterion.values[int(amount)]
    return amount


def _answer_text(question: FactQuestion, fact: Fact, knowledge: KnowledgeBase) -> str:
    criterion, bounds = knowledge.criteria[fact.criterion], question.asked.bounds
    if criterion.kind == "capability":
        return "if yes" if fact.truth is Truth.YES else "if no"
    if len(bounds) == 1 and not question.asked.on_scale and fact.amount is not None:
        return "if yes" if compare(fact.amount, bounds[0]) is Truth.YES else "if no"
    return f"if {_value_text(fact, criterion, knowledge)}"


def _value_text(fact: Fact, criterion: Criterion, knowledge: KnowledgeBase) -> str:
    value = _value(fact, knowledge)
    if isinstance(value, str) or value is None:
        return str(value)
    return f"{number_text(value)} {criterion.unit or ''}".rstrip()


def _then(after: Verdict, before: Verdict, knowledge: KnowledgeBase) -> str:
    return "the answer stays as it is" if after == before else verdict_brief(after, knowledge)


def _question_says(question: FactQuestion, before: Verdict, knowledge: KnowledgeBase) -> str:
    """The question, and each verdict that it could lead to with the answers that do."""
    answers = [
        f"{_answer_text(question, answer.fact, knowledge)}, {_then(answer.verdict, before, knowledge)}"
        for answer in question.answers
    ]
    disputed = " The sources contradict one another." if question.disputed else ""
    return f"{_to_ask(question, knowledge)} {capital('; '.join(answers))}.{disputed}"


def _set(part: QuestionSet, knowledge: KnowledgeBase, *, complete: bool) -> dict[str, Any]:
    values = [_value(fact, knowledge) for fact in part.answers]
    said = joined([_supposed_text(fact, knowledge) for fact in part.answers])
    then = f"{capital(verdict_brief(part.verdict, knowledge))} if {said}."
    return {
        "facts": [_fact(question, knowledge) for question in part.questions],
        "answers": [{"values": values, "share": None, "changes": True, "verdict": part.verdict.record(), "says": then}],
        "turns": 0.0,
        "changes": 0.0,
        "weight": sum(question.weight for question in part.questions),
        "complete": complete,
        "says": f"No single answer would change anything, but these together could. {then}",
    }


def _supposed_text(fact: Fact, knowledge: KnowledgeBase) -> str:
    """What a fact would say: "Acme has Fax", "Seats at Acme is 90 seats"."""
    criterion, name = knowledge.criteria[fact.criterion], knowledge.providers[fact.provider].name
    if criterion.kind == "capability":
        return f"{name} {'has' if fact.truth is Truth.YES else 'lacks'} {criterion.label}"
    return f"{criterion.label} at {name} is {_value_text(fact, criterion, knowledge)}"
