"""A team's statement, read and checked as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.records import Criterion, KnowledgeBase, Topic
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.logic import Number, plain
from provider_advisor.requirements.grammar import LARGEST, read_requirement
from provider_advisor.requirements.model import Requirement, Team, in_order
from provider_advisor.requirements.usage import services_used

__all__ = ["MOST_REQUIREMENTS", "read_team"]

MOST_REQUIREMENTS = 1_000


def read_team(  # noqa: PLR0913 (the parts of a requirements file)
    knowledge: KnowledgeBase,
    *,
    needs: Iterable[str | Mapping[str, Any]] = (),
    wants: Iterable[str | Mapping[str, Any]] = (),
    situation: Mapping[str, str | Sequence[str]] | None = None,
    usage: Mapping[str, Number] | None = None,
    name: str | None = None,
) -> Team:
    """What a team states: `needs` are musts and `wants` shoulds, unless they name a priority themselves.

    Each is a text of the command line's grammar or a mapping with the keys of a requirements file. The same criterion
    asked twice at one priority keeps the tighter bound at each end. Raises RequirementsError.
    """
    given = [("must", list(needs)), ("should", list(wants))]
    count = sum(len(items) for _, items in given)
    if count > MOST_REQUIREMENTS:
        raise RequirementsError(
            f"{count} requirements were given, and at most {MOST_REQUIREMENTS} can be; keep those that matter."
        )
    read = [
        read_requirement(item, "must" if default == "must" else "should", knowledge)
        for default, items in given
        for item in items
    ]
    team = Team(_merged(read, knowledge), _situation(situation or {}, knowledge), _usage(usage or {}, knowledge), name)
    _refuse_uncomputable(team, knowledge)
    _refuse_incomplete_usage(team, knowledge)
    return team


def _merged(read: Sequence[Requirement], knowledge: KnowledgeBase) -> tuple[Requirement, ...]:
    merged: dict[tuple[str, str], Requirement] = {}
    for requirement in read:
        key = (requirement.criterion, requirement.priority)
        merged[key] = _both(merged[key], requirement) if key in merged else requirement
    _refuse_exclusive(merged.values(), knowledge)
    return in_order(merged.values())


def _both(first: Requirement, second: Requirement) -> Requirement:
    bounds = [part.bound for part in (first, second) if part.bound is not None]
    bound = bounds[0].intersect(bounds[-1]) if bounds else None
    weights = [part.weight for part in (first, second) if part.weight is not None]
    return Requirement(first.criterion, first.priority, bound, max(weights, default=None))


def _refuse_exclusive(requirements: Iterable[Requirement], knowledge: KnowledgeBase) -> None:
    for requirement in requirements:
        for other in requirements:
            if requirement.criterion != other.criterion or requirement.bound is None or other.bound is None:
                continue
            if requirement.bound.is_empty() or requirement.bound.excludes(other.bound):
                both = requirement.bound.intersect(other.bound)
                low, high = (_shown_end(end, requirement, knowledge) for end in (both.low, both.high))
                raise RequirementsError(
                    f"the bounds of '{requirement.criterion}' exclude each other: "
                    f"nothing is at least {low} and at most {high}; change one."
                )


def _shown_end(end: Number | None, requirement: Requirement, knowledge: KnowledgeBase) -> str:
    criterion = knowledge.criteria[requirement.criterion]
    return criterion.values[int(end)] if criterion.values and end is not None else str(end)


def _situation(given: Mapping[str, str | Sequence[str]], knowledge: KnowledgeBase) -> dict[str, tuple[str, ...]]:
    return {topic: _answers(topic, values, knowledge) for topic, values in sorted(given.items())}


def _answers(name: str, values: str | Sequence[str], knowledge: KnowledgeBase) -> tuple[str, ...]:
    topic = knowledge.topics.get(name)
    if topic is None:
        hint = did_you_mean(name, knowledge.topics) or f" Known: {', '.join(knowledge.topics)}."
        raise RequirementsError(f"unknown situation '{name}'.{hint}")
    answers = (values,) if isinstance(values, str) else tuple(dict.fromkeys(values))
    for value in answers:
        _refuse_unknown_answer(value, topic)
    if not answers or (len(answers) > 1 and not topic.many):
        raise RequirementsError(f"the situation '{name}' takes one value; expected one of {', '.join(topic.values)}.")
    return tuple(sorted(answers))


def _refuse_unknown_answer(value: object, topic: Topic) -> None:
    if value not in topic.values:
        hint = did_you_mean(str(value), topic.values)
        raise RequirementsError(
            f"'{value}' is no value of the situation '{topic.id}'; expected {', '.join(topic.values)}.{hint}"
        )


def _usage(given: Mapping[str, Number], knowledge: KnowledgeBase) -> dict[str, Number]:
    for item, amount in given.items():
        if item not in knowledge.usage:
            hint = did_you_mean(item, knowledge.usage) or f" Known: {', '.join(knowledge.usage)}."
            raise RequirementsError(f"unknown usage item '{item}'.{hint}")
        if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 <= amount <= LARGEST:
            unit = knowledge.usage[item].unit
            raise RequirementsError(
                f"the usage '{item}' is {amount!r}; expected a number of {unit}, 0 to {LARGEST:.0f}."
            )
    return {item: plain(amount) for item, amount in sorted(given.items())}


def _refuse_uncomputable(team: Team, knowledge: KnowledgeBase) -> None:
    asked = [knowledge.criteria[requirement.criterion] for requirement in team.requirements]
    for criterion in asked:
        if criterion.computed and not team.usage:
            raise RequirementsError(_missing_usage(criterion))


def _refuse_incomplete_usage(team: Team, knowledge: KnowledgeBase) -> None:
    for service in services_used(team.usage, knowledge):
        if service.missing:
            given, missing = ", ".join(service.usage), ", ".join(service.missing)
            raise RequirementsError(f"the usage '{given}' says nothing without '{missing}'; state both, or neither.")


def _missing_usage(criterion: Criterion) -> str:
    return (
        f"'{criterion.id}' is computed from monthly usage, and none is stated; "
        "state it, or ask for single prices instead."
    )
