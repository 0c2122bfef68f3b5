"""Check decision cases: decisions that must not change.

A case that fails says what it expected and what was found; `case_causes` finds what changed it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from provider_advisor.decision.decide import Decision, decide
from provider_advisor.decision.robustness.confirm import find_questions
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge import Case, KnowledgeBase, facts_as_of
from provider_advisor.requirements import read_team

_VERDICT = ("kind", "strength", "provider", "lean", "among")
_SAYS: Mapping[str, tuple[str, ...]] = {
    "recommended": ("strength", "provider"),
    "tie": ("among",),
    "undetermined": ("lean", "among"),
    "none": (),
}
"""The parts of a verdict of each kind, besides the kind itself."""


class Difference(NamedTuple):
    """One difference between what a case expects and what was found."""

    key: str
    expected: Any
    found: Any


class Failure(NamedTuple):
    """A case that fails: the differences, or the error if its team cannot be answered.

    `found` has what the case compares, as it is now, and the whole verdict.
    """

    case: Case
    differences: tuple[Difference, ...] = ()
    found: Mapping[str, Any] = {}
    error: str | None = None

    def describe(self) -> Iterator[str]:
        """Yield one sentence for each difference, with the values as the file of cases has them."""
        from provider_advisor.knowledge.case_files import write_flow  # noqa: PLC0415 (loads YAML; few cases fail)

        start = f"{self.case.where}: case '{self.case.name}': "
        if self.error is not None:
            yield f"{start}{self.error}"
        for key, expected, found in self.differences:
            yield f"{start}{key} is {write_flow(found)}; expected {write_flow(expected)}."

    @property
    def verdict(self) -> dict[str, Any]:
        """Return the new verdict in the form of the case: with its keys, and those that the kind needs."""
        kind = self.found["kind"]
        named = [key for key in _VERDICT if key in self.case.expected]
        if self.case.expected["kind"] != kind:
            named = [key for key in _VERDICT if key in (*named, *_SAYS[kind]) and self.found[key]]
        return {key: self.found[key] for key in named}


def check_case(case: Case, knowledge: KnowledgeBase) -> Failure | None:
    """Return how a case fails, None if it passes. Keys that it leaves out are not compared."""
    try:
        part = knowledge.restrict(**case.scope)
        facts = facts_as_of(part, find_day(case), case.max_age)
        return compare_decision(case, decide(read_team(part, **case.team), facts))
    except RequirementsError as error:
        return Failure(case, error=str(error))


def find_day(case: Case) -> dt.date:
    """Return the day whose facts a case asks for: today, if it names none."""
    return case.as_of or dt.date.today()  # noqa: DTZ011 (the keeper's own day)


def compare_decision(case: Case, decision: Decision) -> Failure | None:
    """Return how a decision differs from what the case expects, None if it does not."""
    verdict = _pick_comparable(decision)
    found = verdict | ({"confirm": _list_to_confirm(decision)} if "confirm" in case.expected else {})
    # A case names the standings that it is about, and new providers must not fail it.
    if "standings" in case.expected:
        found["standings"] = {name: found["standings"].get(name) for name in case.expected["standings"]}
    differences = tuple(
        Difference(key, expected, found[key])
        for key, expected in case.expected.items()
        if _sort_lists(found[key]) != _sort_lists(expected)
    )
    return Failure(case, differences, found) if differences else None


def _pick_comparable(decision: Decision) -> dict[str, Any]:
    return {
        **decision.outcome.verdict.record(),
        "combinations": [list(group) for group in decision.combinations],
        "concessions": [[requirement.criterion for requirement in part.dropped] for part in decision.concessions],
        "standings": {assessment.provider: assessment.standing for assessment in decision.outcome.assessments},
    }


def _list_to_confirm(decision: Decision) -> dict[str, list[str]]:
    """Return the criteria on which one answer alone would change the verdict, by provider."""
    found: dict[str, list[str]] = {}
    for question in find_questions(decision.outcome, decision.facts).questions:
        found.setdefault(question.provider, []).append(question.criterion)
    return found


def _sort_lists(value: Any) -> Any:  # noqa: ANN401 (any value of a case)
    """Return the value with its lists sorted, because cases do not depend on their order."""
    if isinstance(value, dict):
        return {key: _sort_lists(part) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return sorted((_sort_lists(part) for part in value), key=str)
    return value
