"""A team's statement, read and checked as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations_with_replacement
from typing import Any

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.records import Criterion, KnowledgeBase, Priority, Topic
from provider_advisor.knowledge.suggest import find_misspelt
from provider_advisor.logic import Number, plain
from provider_advisor.requirements.grammar import LARGEST, brief, exclusive, read_requirement, shown
from provider_advisor.requirements.model import RANK, Requirement, Team, in_order, services_used

__all__ = ["MOST_REQUIREMENTS", "checked", "make_team", "read_answers", "read_team"]

MOST_REQUIREMENTS = 1_000


def read_team(  # noqa: PLR0913 (the parts of a requirements file)
    knowledge: KnowledgeBase,
    *,
    needs: Iterable[str | Mapping[str, Any]] = (),
    wants: Iterable[str | Mapping[str, Any]] = (),
    situation: Mapping[str, str | Sequence[str]] | None = None,
    usage: Mapping[str, Number] | None = None,
    name: str | None = None,
    whole: bool = True,
    read: Callable[[Any, Priority, KnowledgeBase], Requirement] = read_requirement,
) -> Team:
    """Return what a team states: `needs` are musts and `wants` shoulds unless they name a priority.

    Each is a text of the command line's grammar or a mapping with the keys of a requirements file. The same criterion
    asked twice at one priority keeps the tighter bound at each end. Those of priority `wont` become `unwanted`. What is
    not the `whole` is a part to be `combined` with another, which checks them together. `read` reads one item, where
    somebody remembers what most of them say. Raises RequirementsError.
    """
    given: tuple[tuple[Priority, list[Any]], ...] = (
        ("must", _check_list("needs", needs)),
        ("should", _check_list("wants", wants)),
    )
    count = sum(len(items) for _, items in given)
    if count > MOST_REQUIREMENTS:
        raise RequirementsError(
            f"{count} requirements were given, but at most {MOST_REQUIREMENTS} are allowed; keep the important ones."
        )
    requirements = [read(item, default, knowledge) for default, items in given for item in items]
    team = make_team(requirements)._replace(
        situation=_read_situation(_check_mapping("situation", situation), knowledge),
        usage=_read_usage(_check_mapping("usage", usage), knowledge),
        name=name,
    )
    return checked(team, knowledge) if whole else team


def make_team(read: Sequence[Requirement]) -> Team:
    """Return the team that asks for these, what is asked twice put together; nothing is checked."""
    unwanted = {part.criterion for part in read if part.priority == "wont"}
    return Team(_merge([part for part in read if part.priority != "wont"]), unwanted=tuple(sorted(unwanted)))


def checked(team: Team, knowledge: KnowledgeBase) -> Team:
    """Return the team itself. Raises RequirementsError if it contradicts itself or lacks usage."""
    _refuse_unwanted(team)
    _refuse_exclusive(team, knowledge)
    _refuse_uncomputable(team, knowledge)
    _refuse_incomplete_usage(team, knowledge)
    return team


def _check_list(key: str, given: object) -> list[Any]:
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        raise RequirementsError(f"'{key}' is {shown(given)}; expected a list of requirements.")
    return list(given)


def _check_mapping(key: str, given: Mapping[Any, Any] | None) -> Mapping[Any, Any]:
    if not isinstance(given, Mapping | None):
        raise RequirementsError(f"'{key}' is {shown(given)}; expected a mapping from names to values.")
    return given or {}


def _merge(read: Sequence[Requirement]) -> tuple[Requirement, ...]:
    """Return the requirements, each criterion once per priority, with the tighter bound at each end.

    Asked at several priorities without a bound, it is kept at the highest one only: otherwise it would count twice.
    """
    found: dict[tuple[str, str], Requirement] = {}
    for requirement in read:
        key = (requirement.criterion, requirement.priority)
        found[key] = _intersect(found[key], requirement) if key in found else requirement
    highest: dict[str, int] = {}
    for part in found.values():
        if part.bound is None:
            highest[part.criterion] = max(RANK[part.priority], highest.get(part.criterion, 0))
    return in_order(
        part for part in found.values() if part.bound is not None or RANK[part.priority] == highest[part.criterion]
    )


def _intersect(first: Requirement, second: Requirement) -> Requirement:
    bounds = [part.bound for part in (first, second) if part.bound is not None]
    bound = bounds[0].intersect(bounds[-1]) if bounds else None
    weights = [part.weight for part in (first, second) if part.weight is not None]
    return Requirement(first.criterion, first.priority, bound, max(weights, default=None))


def _refuse_unwanted(team: Team) -> None:
    for part in team.requirements:
        if part.criterion in team.unwanted:
            raise RequirementsError(
                f"'{part.criterion}' is asked for as {part.priority} and as wont, which means that it is not wanted; "
                "keep one of the two."
            )


def _refuse_exclusive(team: Team, knowledge: KnowledgeBase) -> None:
    for first, second in combinations_with_replacement(team.requirements, 2):
        if first.criterion != second.criterion or first.bound is None or second.bound is None:
            continue
        if first.bound.excludes(second.bound):
            raise exclusive(first.bound.intersect(second.bound), knowledge.criteria[first.criterion])


def _read_situation(given: Mapping[str, object], knowledge: KnowledgeBase) -> dict[str, tuple[str, ...]]:
    answers = {name: read_answers(_find_topic(name, knowledge), values) for name, values in given.items()}
    return dict(sorted(answers.items()))


def _find_topic(name: str, knowledge: KnowledgeBase) -> Topic:
    if name not in knowledge.topics:
        hint = find_misspelt(brief(name), knowledge.topics) or f" Known: {', '.join(knowledge.topics)}."
        raise RequirementsError(f"unknown situation {shown(name)}.{hint}")
    return knowledge.topics[name]


def read_answers(topic: Topic, values: object) -> tuple[str, ...]:
    """Return a team's answers on a topic: one of its values, or several. Raises RequirementsError."""
    several = values if isinstance(values, Iterable) and not isinstance(values, str | Mapping) else [values]
    answers = {_read_answer(value, topic) for value in several}
    if not answers or (len(answers) > 1 and not topic.many):
        takes = "at least one value" if topic.many else "one value"
        raise RequirementsError(f"the situation '{topic.id}' takes {takes}; expected one of {', '.join(topic.values)}.")
    return tuple(sorted(answers))


def _read_answer(value: object, topic: Topic) -> str:
    if isinstance(value, str):
        if value in topic.values:
            return value
        # Capitals, blanks and `_` do not count, as in criteria.
        folded = {each.casefold().replace("_", "-"): each for each in topic.values}
        if known := folded.get(value.strip().casefold().replace("_", "-").replace(" ", "-")):
            return known
    hint = find_misspelt(brief(value), topic.values)
    raise RequirementsError(
        f"{shown(value)} is not a value of the situation '{topic.id}'; expected {', '.join(topic.values)}.{hint}"
    )


def _read_usage(given: Mapping[str, object], knowledge: KnowledgeBase) -> dict[str, Number]:
    usage = {item: _read_amount(item, amount, knowledge) for item, amount in given.items()}
    return dict(sorted(usage.items()))


def _read_amount(item: str, amount: object, knowledge: KnowledgeBase) -> Number:
    if item not in knowledge.usage:
        hint = find_misspelt(brief(item), knowledge.usage) or f" Known: {', '.join(knowledge.usage)}."
        raise RequirementsError(f"unknown usage item {shown(item)}.{hint}")
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 <= amount <= LARGEST:
        found = shown(amount) if isinstance(amount, str) else brief(amount)
        unit = knowledge.usage[item].unit
        raise RequirementsError(f"the usage '{item}' is {found}; expected a number of {unit}, 0 to {LARGEST:.0f}.")
    return plain(amount)


def _refuse_uncomputable(team: Team, knowledge: KnowledgeBase) -> None:
    asked = [knowledge.criteria[requirement.criterion] for requirement in team.requirements]
    for criterion in asked:
        if criterion.computed and not team.usage:
            raise RequirementsError(_explain_missing_usage(criterion))


def _refuse_incomplete_usage(team: Team, knowledge: KnowledgeBase) -> None:
    for service in services_used(team.usage, knowledge):
        if service.missing:
            given, missing = ", ".join(service.usage), ", ".join(service.missing)
            raise RequirementsError(f"the usage '{given}' means nothing without '{missing}'; state both, or neither.")


def _explain_missing_usage(criterion: Criterion) -> str:
    return (
        f"'{criterion.id}' is computed from monthly usage, but none is stated; "
        "state it, or ask for single prices instead."
    )
