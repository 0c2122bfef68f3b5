"""Decision cases: what a keeper of rules wants to stay as it is, compared with what comes out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from provider_advisor.decision.decision import Decision, decide
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge import Case, KnowledgeBase, facts_as_of
from provider_advisor.requirements import read_team

__all__ = ["failures"]


def failures(case: Case, knowledge: KnowledgeBase) -> Iterator[str]:
    """One sentence for each thing that comes out otherwise; nothing if the case holds.

    What a case leaves out is not compared.
    """
    day = case.as_of or dt.date.today()  # noqa: DTZ011 (the keeper's own day)
    try:
        decision = decide(read_team(knowledge, **case.team), facts_as_of(knowledge, day, case.max_age))
    except RequirementsError as error:
        yield f"{case.where}: case '{case.name}': {error}"
        return
    found = _comparable(decision)
    for key, expected in case.expected.items():
        if _settled(_named(found[key], expected)) != _settled(expected):
            yield f"{case.where}: case '{case.name}': {key} is {found[key]!r}; expected {expected!r}."


def _comparable(decision: Decision) -> dict[str, Any]:
    return {
        **decision.outcome.verdict.record(),
        "combinations": [list(group) for group in decision.combinations],
        "concessions": [[requirement.criterion for requirement in part.dropped] for part in decision.concessions],
        "standings": {assessment.provider: assessment.standing for assessment in decision.outcome.assessments},
    }


def _named(found: Any, expected: Any) -> Any:  # noqa: ANN401 (any value of a case)
    """Of a mapping only what the case names."""
    return {key: found.get(key) for key in expected} if isinstance(expected, dict) else found


def _settled(value: Any) -> Any:  # noqa: ANN401 (any value of a case)
    """Lists without their order, which no case is about."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return sorted((_settled(part) for part in value), key=str)
    return value
