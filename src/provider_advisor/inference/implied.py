"""The requirements that fired rules add: with which priority, and what becomes of those that meet others."""

import itertools
from collections.abc import Iterable, Sequence
from functools import reduce
from typing import NamedTuple

from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.conditions import Condition, Leaf, Need, Not, fold, list_needed, text_of
from provider_advisor.knowledge.records import Priority
from provider_advisor.knowledge.rules import Implied, Rule
from provider_advisor.logic import Interval
from provider_advisor.requirements import PRIORITIES, RANK, Requirement, Team
from provider_advisor.requirements.model import list_unwanted

__all__ = ["Implications", "SetAside", "added_by", "contradicts", "imply", "is_covered", "merge_left", "put_together"]

_UNCAPPED = max(RANK.values())
_BY_RANK: dict[int, Priority] = {RANK[priority]: priority for priority in PRIORITIES}


class SetAside(NamedTuple):
    """A rule's consequent that does not count, and why, in words."""

    rule: str
    criterion: str
    because: str


class Implications(NamedTuple):
    """The rules that fire, all that the team requires with them, and what was set aside."""

    rules: tuple[Rule, ...]
    requirements: tuple[Requirement, ...]
    aside: tuple[SetAside, ...]


def imply(fired: Sequence[Rule], team: Team, settled: set[str], knowledge: KnowledgeBase) -> Implications:
    """Return what the team requires with what the rules that the engine fired add.

    The rules come in the order of the knowledge base: those that imply a criterion before those that need it. An
    implied requirement has at most the priority of the need that fired its rule; one that the team does not want, or
    that contradicts a stated bound, is set aside; `put_together` says what becomes of the others. The engine chains
    over what rules imply and knows nothing of what is unwanted, so that a rule does not fire that needs what was set
    aside.
    """
    ranks: dict[str, int] = {}
    for stated in team.requirements:
        if stated.is_absence:
            continue  # to ask for its absence is no need of it
        _raise_ranks(ranks, stated.criterion, RANK[stated.priority])
    added: list[Requirement] = []
    aside: list[SetAside] = []
    rules: list[Rule] = []
    said = (*team.requirements, *list_unwanted(team))
    for rule in fired:
        cap = _cap(rule.when, ranks, settled)
        if not cap:
            continue
        rules.append(rule)
        for part in rule.implies:
            rank = min(RANK[part.priority], cap)
            requirement = added_by(rule, part, rank, knowledge)
            if contradicted := contradicts(requirement, said):
                aside.append(SetAside(rule.id, part.criterion, contradicted))
                continue
            _raise_ranks(ranks, part.criterion, rank)
            added.append(requirement)
    aside.sort(key=lambda part: (part.criterion, part.rule))
    return Implications(tuple(rules), put_together(team.requirements, added, knowledge), tuple(aside))


def _raise_ranks(ranks: dict[str, int], criterion: str, rank: int) -> None:
    for name in list_needed(criterion):
        ranks[name] = max(ranks.get(name, 0), rank)


def added_by(rule: Rule, part: Implied, rank: int, knowledge: KnowledgeBase) -> Requirement:
    """Return the requirement that a part of a rule adds, at this rank; the rule's weight wins."""
    weight = knowledge.criteria[part.criterion].weight if rule.weight is None else rule.weight
    return Requirement(part.criterion, _BY_RANK[rank], part.bound, weight, (rule.id,))


def put_together(
    stated: Sequence[Requirement], added: Iterable[Requirement], knowledge: KnowledgeBase
) -> tuple[Requirement, ...]:
    """Return what is stated and what rules added, merged, so that nothing counts twice at one priority.

    What a stated requirement asks as much as is left out. What asks more at the priority of a stated one takes its
    place, with the bounds of both, the larger weight, and the rules as its origin: 90 countries stated and 100 implied
    are one requirement for 100.
    """
    return merge_left(stated, [part for part in added if not is_covered(part, stated)], knowledge)


def is_covered(part: Requirement, stated: Iterable[Requirement]) -> bool:
    """Return whether something stated asks as much, so that the part is left out."""
    return any(other.asks_as_much_as(part) for other in stated)


def merge_left(
    stated: Sequence[Requirement], left: Sequence[Requirement], knowledge: KnowledgeBase
) -> tuple[Requirement, ...]:
    """Return what is stated, merged with what is left of what rules added: nothing stated covers it."""
    if not left:
        return tuple(stated)
    criteria = {part.criterion for part in left}
    apart = tuple(part for part in stated if part.criterion not in criteria)
    beside = [_fill_in_weight(part, knowledge) for part in stated if part.criterion in criteria]
    merged = _merge([*beside, *left])
    # A stated requirement that stays by itself stays as it was stated, with or without a weight of its own.
    own = {_fill_in_weight(part, knowledge): part for part in stated}
    return (*apart, *(own.get(part, part) for part in merged))


def _fill_in_weight(stated: Requirement, knowledge: KnowledgeBase) -> Requirement:
    own = knowledge.criteria[stated.criterion].weight if stated.weight is None else stated.weight
    return stated._replace(weight=own)


def contradicts(requirement: Requirement, stated: Iterable[Requirement]) -> str | None:
    """Return why it does not count beside what the team stated; a wish does not overrule an added must."""
    bound = requirement.bound
    asked = [other for other in stated if other.criterion == requirement.criterion]
    if any(other.priority == "wont" for other in asked):
        return "you said that you do not want it"
    if any(other.is_absence for other in asked):
        return "you asked for it to be absent"
    if bound is None:
        return None
    if requirement.priority == "must":
        asked = [other for other in asked if other.priority == "must"]
    against = any(other.bound is not None and bound.excludes(other.bound) for other in asked)
    return "it contradicts a bound that you stated" if against else None


def _cap(condition: Condition, ranks: dict[str, int], settled: set[str]) -> int:
    """Return the highest rank that the needs under the condition allow.

    0 where it does not hold, no cap where none is asked.
    """

    def cap(part: Leaf | Not) -> int:
        if isinstance(part, Need):
            return ranks.get(part.criterion, 0)
        return _UNCAPPED if text_of(part) in settled else 0

    return fold(condition, cap, every=lambda caps: min(list(caps)), some=lambda caps: max(list(caps)), negated=cap)


def _merge(requirements: Iterable[Requirement]) -> tuple[Requirement, ...]:
    by_criterion = sorted(requirements, key=lambda part: part.criterion)
    groups = itertools.groupby(by_criterion, key=lambda part: part.criterion)
    return tuple(requirement for _, group in groups for requirement in _merge_group(list(group)))


def _merge_group(group: list[Requirement]) -> list[Requirement]:
    """Return the tightest bound at each priority, without implied ones that another asks as much as."""
    parts = [
        part for priority in PRIORITIES for part in _tighten([each for each in group if each.priority == priority])
    ]
    # What is stated at a priority stands there, whatever is implied at a higher one. Only of those without a bound the
    # highest stands alone, as where the team states both: the same evidence would count twice.
    highest = max((RANK[part.priority] for part in parts if part.bound is None), default=0)
    stated = {part.priority for part in group if not part.implied_by}
    stated -= {part.priority for part in parts if part.bound is None and RANK[part.priority] < highest}
    taken: dict[int, list[Requirement]] = {}
    for place, part in enumerate(parts):
        taken.setdefault(place if part.priority in stated else _find_taker(place, parts), []).append(part)
    # A part that takes others is the first of what it is joined from, with its own priority and bound.
    return [
        parts[place] if len(taken[place]) == 1 else _join([parts[place], *taken[place]], parts[place].bound)
        for place in sorted(taken)
    ]


def _find_taker(place: int, parts: Sequence[Requirement]) -> int:
    """Return the place of the first part that asks as much and is absorbed by no other, or its own."""
    over = [at for at, other in enumerate(parts) if at != place and other.asks_as_much_as(parts[place])]
    over = [at for at in over if not parts[place].asks_as_much_as(parts[at]) or at < place]
    return _find_taker(over[0], parts) if over else place


def _tighten(level: list[Requirement]) -> list[Requirement]:
    """Return one requirement with all bounds of the level; where rules exclude one another, each beside the stated."""
    if len(level) < 2:  # noqa: PLR2004 (one stays as it is)
        return level
    bounds = [part.bound for part in level if part.bound is not None]
    tightest = reduce(Interval.intersect, bounds) if bounds else None
    if tightest is None or not tightest.is_empty():
        return [_join(level, tightest)]
    stated = [part for part in level if not part.implied_by]
    implied = sorted((part for part in level if part.implied_by), key=lambda part: (str(part.bound), part.implied_by))
    if not stated or len(implied) == 1:
        return [*stated, *implied]
    return [each for part in implied for each in _tighten([*stated, part])]


def _join(parts: Sequence[Requirement], bound: Interval | None) -> Requirement:
    """Return one requirement in place of several: the larger weight, and all origins."""
    origins = sorted({origin for part in parts for origin in part.implied_by})
    weight = max(part.weight for part in parts if part.weight is not None)
    return parts[0]._replace(bound=bound, weight=weight, implied_by=tuple(origins))
