"""A team's statement, read and checked as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations_with_replacement
from typing import Any, ParamSpec, TypeVar

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.criteria import list_member_words, split_member
from provider_advisor.knowledge.records import Priority, Topic, UsageItem
from provider_advisor.knowledge.suggest import find_misspelt, name_words
from provider_advisor.logic import Number, plain
from provider_advisor.requirements.grammar import brief, explain_exclusive, get_name, read_requirement, shown
from provider_advisor.requirements.statement import (
    LARGEST,
    RANK,
    Requirement,
    Team,
    Unlisted,
    Used,
    Volume,
    in_order,
    join_unlisted,
)
from provider_advisor.requirements.usage import check_volume, read_volume, services_used
from provider_advisor.safe_text import fold

MOST_REQUIREMENTS = 1_000

P = ParamSpec("P")
R = TypeVar("R")


def read_team(  # noqa: PLR0913 (the parts of a requirements file)
    knowledge: KnowledgeBase,
    *,
    needs: Iterable[str | Mapping[str, Any]] = (),
    wants: Iterable[str | Mapping[str, Any]] = (),
    situation: Mapping[str, str | Sequence[str]] | None = None,
    usage: Mapping[str, Used | str] | None = None,
    unlisted: Iterable[str | Mapping[str, Any] | Unlisted] = (),
    weights: Mapping[str, Number] | None = None,
    name: str | None = None,
    whole: bool = True,
    read: Callable[[Any, Priority, KnowledgeBase], Requirement] = read_requirement,
    typed: bool = False,
) -> Team:
    """Return what a team states: `needs` are musts and `wants` shoulds unless they name a priority.

    Each is a text of the command line's grammar or a mapping with the keys of a requirements file. The same criterion
    asked twice at one priority keeps the tighter bound at each end. Those of priority `wont` become `unwanted`. What
    no criterion says is `unlisted`; `weights` are percents of the total weight by area. What is not the `whole` is to
    be `combined` with another part, and is checked then. `read` reads one item, for callers that remember what items
    say. If a person has `typed` it, loose ids are in doubt too. Raises RequirementsError with all mistakes.
    """
    given: tuple[tuple[Priority, list[Any]], ...] = (
        ("must", _check_list("needs", needs)),
        ("should", _check_list("wants", wants)),
    )
    own_words = _check_list("unlisted", unlisted)
    count = sum(len(items) for _, items in given) + len(own_words)
    if count > MOST_REQUIREMENTS:
        raise RequirementsError(
            f"{count} requirements were given, but at most {MOST_REQUIREMENTS} are allowed; keep the important ones."
        )
    situation, usage = _check_mapping("situation", situation), _check_mapping("usage", usage)
    mistakes = Mistakes()
    asked = [(item, mistakes.note(read, item, default, knowledge)) for default, items in given for item in items]
    mistakes.problems += _find_loose(
        asked, knowledge.loose_words | (knowledge.loose_ids if typed else set()), knowledge
    )
    answers = {key: mistakes.note(_read_answers_on, key, values, knowledge) for key, values in situation.items()}
    carried = _read_unlisted(own_words, mistakes) if own_words else ()
    by_area = mistakes.note(_read_weights, weights, knowledge)
    unread = len(mistakes.problems)
    volumes = _read_usage(usage, knowledge, mistakes)
    team = make_team([part for _, part in asked if part is not None])._replace(
        situation=dict(sorted((key, values) for key, values in answers.items() if values is not None)),
        usage=dict(sorted(volumes.items())),
        name=name,
        unlisted=carried,
        weights=by_area or {},
    )
    # Usage with a mistake in it would also be called incomplete.
    if whole and len(mistakes.problems) == unread:
        mistakes.problems += _find_contradictions(team, knowledge)
    mistakes.raise_any()
    return team


def _read_unlisted(items: Iterable[Any], mistakes: Mistakes) -> tuple[Unlisted, ...]:
    from provider_advisor.requirements.unlisted import read_unlisted  # noqa: PLC0415 (seldom needed)

    read = [mistakes.note(read_unlisted, item) for item in items]
    return join_unlisted(part for part in read if part is not None)


def _read_weights(weights: Mapping[str, Number] | None, knowledge: KnowledgeBase) -> dict[str, Number]:
    if not (given := _check_mapping("weights", weights)):
        return {}
    from provider_advisor.requirements.area_weights import read_area_weights  # noqa: PLC0415 (seldom needed)

    return read_area_weights(given, knowledge)


def make_team(read: Sequence[Requirement]) -> Team:
    """Return the team that asks for these, what is asked twice put together; nothing is checked."""
    team = Team(_merge([part for part in read if part.priority != "wont"]))
    # What must not be there is not wanted either.
    unwanted = {part.criterion for part in read if part.priority == "wont"} - team.refused
    return team._replace(unwanted=tuple(sorted(unwanted)))


def refuse_contradictions(team: Team, knowledge: KnowledgeBase, *, complete: bool = True) -> None:
    """Raise RequirementsError if the team contradicts itself or, where it is `complete`, lacks usage."""
    if problems := list(_find_contradictions(team, knowledge, complete=complete)):
        raise RequirementsError(*problems)


class Mistakes:
    """The mistakes of a statement, one sentence each, noted while it is read on."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def note(self, read: Callable[P, R], *given: P.args, **named: P.kwargs) -> R | None:
        """Return what is read, or None where it cannot be, which is noted."""
        try:
            return read(*given, **named)
        except RequirementsError as error:
            self.problems += error.problems
            return None

    def raise_any(self) -> None:
        """Raise RequirementsError if anything was noted."""
        if self.problems:
            raise RequirementsError(*self.problems)


def _find_contradictions(team: Team, knowledge: KnowledgeBase, *, complete: bool = True) -> Iterator[str]:
    """Yield a sentence for each contradiction and, where all is to be there, for usage that is missing."""
    yield from _find_unwanted(team)
    yield from _find_exclusive(team, knowledge)
    if complete:
        yield from _find_uncomputable(team, knowledge)
        yield from _find_incomplete_usage(team, knowledge)


def _find_loose(
    asked: Iterable[tuple[object, Requirement | None]], words: AbstractSet[str], knowledge: KnowledgeBase
) -> Iterator[str]:
    """Yield a sentence for each of the loose `words` that has nothing of its area beside it."""
    named = [(get_name(item), part.criterion) for item, part in asked if part is not None]
    if loose := [word for word, _ in named if fold(word) in words]:
        from provider_advisor.requirements.doubtful_words import explain_loose  # noqa: PLC0415 (seldom needed)

        yield from explain_loose(loose, [name for word, name in named if fold(word) not in words], knowledge)


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
    With bounds, each stays: 90 countries as a must and 120 as a should are two things.
    """
    found: dict[tuple[str, str, bool], Requirement] = {}
    for requirement in read:
        key = (requirement.criterion, requirement.priority, requirement.is_absence)
        found[key] = _intersect(found[key], requirement) if key in found else requirement
    highest: dict[tuple[str, bool], int] = {}
    for (name, _, is_absence), part in found.items():
        if part.bound is None or is_absence:
            highest[name, is_absence] = max(RANK[part.priority], highest.get((name, is_absence), 0))
    return in_order(
        part
        for (name, _, is_absence), part in found.items()
        if RANK[part.priority] == highest.get((name, is_absence)) or not (part.bound is None or is_absence)
    )


def _intersect(first: Requirement, second: Requirement) -> Requirement:
    bounds = [part.bound for part in (first, second) if part.bound is not None]
    bound = bounds[0].intersect(bounds[-1]) if bounds else None
    weights = [part.weight for part in (first, second) if part.weight is not None]
    return Requirement(first.criterion, first.priority, bound, max(weights, default=None))


def _find_unwanted(team: Team) -> Iterator[str]:
    for part in team.requirements:
        if part.criterion in team.unwanted:
            yield (
                f"'{part.criterion}' is asked for as {part.priority} and as wont, which means that it is not wanted; "
                "keep one of the two."
            )


def _find_exclusive(team: Team, knowledge: KnowledgeBase) -> Iterator[str]:
    for first, second in combinations_with_replacement(team.requirements, 2):
        if first.criterion != second.criterion:
            continue
        if first.is_absence is not second.is_absence:
            yield (
                f"'{first.criterion}' is asked for and must also be absent ('{first.criterion}=no'); "
                "keep one of the two."
            )
        if first.bound is None or second.bound is None:
            continue
        if first.bound.excludes(second.bound):
            yield explain_exclusive(first.bound.intersect(second.bound), knowledge.criteria[first.criterion])


def _read_answers_on(name: str, values: object, knowledge: KnowledgeBase) -> tuple[str, ...]:
    return read_answers(_find_topic(name, knowledge), values)


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
        if known := {fold(each): each for each in topic.values}.get(fold(value)):
            return known
    hint = find_misspelt(brief(value), topic.values)
    raise RequirementsError(
        f"{shown(value)} is not a value of the situation '{topic.id}'; expected {', '.join(topic.values)}.{hint}"
    )


def _read_usage(usage: Mapping[Any, Any], knowledge: KnowledgeBase, mistakes: Mistakes) -> dict[str, Used]:
    volumes: dict[str, Used] = {}
    for item, amount in usage.items():
        known = mistakes.note(_find_item, item, knowledge)
        volume = known and mistakes.note(_read_amount, known, amount)
        if known is None or volume is None:
            continue
        if known.id in volumes:
            mistakes.problems.append(f"the usage '{known.id}' is given twice, under two names; keep one.")
        volumes[known.id] = volume
    return volumes


def _find_item(item: object, knowledge: KnowledgeBase) -> UsageItem:
    found = knowledge.find_usage(item) if isinstance(item, str) else None
    if found is not None:
        return found
    name, member = split_member(str(item))
    if member is None or name not in knowledge.usage:
        parts = set(fold(name).split("-"))
        akin = [known for known in knowledge.usage if not parts.isdisjoint(known.split("-"))]
        every = f" Did you mean {name_words(akin)}?" if akin else f" Known: {', '.join(knowledge.usage)}."
        raise RequirementsError(
            f"unknown usage item {shown(item)}.{find_misspelt(brief(item), knowledge.usage) or every}"
        )
    lists = {
        of.id: of
        for price in knowledge.criteria.values()
        if name in price.usage and (of := knowledge.criteria.list_of(price.id))
    }
    if not lists:
        raise RequirementsError(f"the usage '{name}' has one price for all; leave out '@{brief(member)}'.")
    words = [word for of in lists.values() for word, _ in list_member_words(of)]
    kinds = " or ".join(of.label.casefold() for of in lists.values())
    raise RequirementsError(
        f"unknown member {shown(member)} of the usage '{name}'; expected one of its {kinds}."
        f"{find_misspelt(brief(member), words)}"
    )


def _read_amount(known: UsageItem, amount: object) -> Used:
    item = known.id
    if isinstance(amount, str):
        return check_volume(read_volume(item, amount), known)
    if isinstance(amount, Volume):
        return check_volume(amount, known)
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 <= amount <= LARGEST:
        raise RequirementsError(
            f"the usage '{item}' is {brief(amount)}; expected a number of {known.unit}, 0 to {LARGEST:.0f}."
        )
    return plain(amount)


def _find_uncomputable(team: Team, knowledge: KnowledgeBase) -> Iterator[str]:
    asked = dict.fromkeys(requirement.criterion for requirement in team.requirements)
    for criterion in map(knowledge.criteria.__getitem__, asked):
        if criterion.computed and not team.usage:
            yield (
                f"'{criterion.id}' is computed from monthly usage, but none is stated; "
                "state it, or ask for single prices instead."
            )


def _find_incomplete_usage(team: Team, knowledge: KnowledgeBase) -> Iterator[str]:
    for service in services_used(team.usage, knowledge):
        if service.missing:
            given, missing = ", ".join(service.usage), ", ".join(service.missing)
            yield f"the usage '{given}' means nothing without '{missing}'; state both, or neither."
