"""Check decision cases: compare the decisions that must not change with those that are made now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from provider_advisor.decision.decide import Decision, decide
from provider_advisor.decision.robustness.confirm import find_questions
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge import Case, KnowledgeBase, facts_as_of
from provider_advisor.requirements import read_team

__all__ = ["find_failures"]


def find_failures(case: Case, knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield one sentence for each difference; nothing if the case holds.

    What a case leaves out is not compared.
    """
    day = case.as_of or dt.date.today()  # noqa: DTZ011 (the keeper's own day)
    try:
        part = knowledge.restrict(**case.scope)
        decision = decide(read_team(part, **case.team), facts_as_of(part, day, case.max_age))
    except RequirementsError as error:
        yield f"{case.where}: case '{case.name}': {error}"
        return
    found = _comparable(decision) | ({"confirm": _to_confirm(decision)} if "confirm" in case.expected else {})
    for key, expected in case.expected.items():
        given = _named(found[key], expected) if key == "standings" else found[key]
        if _settled(given) != _settled(expected):
            yield f"{case.where}: case '{case.name}': {key} is {found[key]!r}; expected {expected!r}."


def _comparable(decision: Decision) -> dict[str, Any]:
    return {
        **decision.outcome.verdict.record(),
        "combinations": [list(group) for group in decision.combinations],
        "concessions": [[requirement.criterion for requirement in part.dropped] for part in decision.concessions],
        "standings": {assessment.provider: assessment.standing for assessment in decision.outcome.assessments},
    }


def _to_confirm(decision: Decision) -> dict[str, list[str]]:
    """Return the criteria on which one answer alone would change the verdict, by provider."""
    found: dict[str, list[str]] = {}
    for question in find_questions(decision.outcome, decision.facts).questions:
        found.setdefault(question.provider, []).append(question.criterion)
    return found


def _named(found: Any, expected: Any) -> Any:  # noqa: ANN401 (any value of a case)
    """Return only the standings that the case names."""
    return {key: found.get(key) for key in expected} if isinstance(expected, dict) else found


def _settled(value: Any) -> Any:  # noqa: ANN401 (any value of a case)
    """Return the value with its lists sorted: no case is about their order."""
    if isinstance(value, dict):
        return {key: _settled(part) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return sorted((_settled(part) for part in value), key=str)
    return value
