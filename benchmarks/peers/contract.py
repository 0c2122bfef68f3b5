"""What every peer is asked: which provider that meets all musts has the most points, if what is unknown is false.

To let peers off what they cannot express, the question is simpler than the project's: an amount without a bound counts
the lower end of its degree; an implied requirement counts unless the team asks its criterion itself, and never weighs
less for the priority of the need that it came from; implied twice, it keeps the larger points and the tighter bound.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from provider_advisor import KnowledgeBase
from provider_advisor.decision.degrees import grade_condition, grade_requirement
from provider_advisor.knowledge import Facts, facts_as_of
from provider_advisor.knowledge.conditions import (
    AllOf,
    AnyOf,
    Condition,
    Need,
    Not,
    Situation,
    Usage,
    judged_by,
    leaves,
)
from provider_advisor.knowledge.records import Criterion
from provider_advisor.knowledge.rules import Rule
from provider_advisor.logic import Interval, Truth
from provider_advisor.requirements import Team, read_team
from provider_advisor.requirements.grammar import split_list

_Asked = tuple[str, float, float | None, float | None]  # criterion, points, at least, at most

DAY = dt.date(2022, 12, 31)


class Known(NamedTuple):
    """One fact, two-valued: `degree` without a bound, whether that meets a must, and the ends for a bound."""

    degree: float
    meets: bool
    low: float | None
    high: float | None


class Implication(NamedTuple):
    """A rule that asks for more: a criterion, the points that it is worth, and a bound."""

    rule: str
    when: Condition
    criterion: str
    points: float
    at_least: float | None
    at_most: float | None


class Favour(NamedTuple):
    """A rule that gives points to some providers, unless the team requires one of the criteria that it rests on."""

    rule: str
    when: Condition
    points: float
    rests_on: frozenset[str]
    providers: frozenset[str]


class Tables(NamedTuple):
    """The knowledge base in two-valued tables; `implications` come before those that they feed."""

    providers: tuple[str, ...]
    weights: Mapping[str, float]
    priorities: Mapping[str, float]
    known: Mapping[str, Mapping[str, Known]]
    prices: Mapping[str, Mapping[str, float]]
    computed: frozenset[str]
    items: tuple[str, ...]
    implications: tuple[Implication, ...]
    favours: tuple[Favour, ...]


def make_tables(knowledge: KnowledgeBase) -> Tables:
    """Return the tables as of the day of the benchmarks."""
    facts = facts_as_of(knowledge, DAY)
    criteria = knowledge.criteria
    priorities = {str(priority): points for priority, points in knowledge.policy.priorities.items()}
    known = {
        provider: {name: _judge_criterion(facts, provider, criterion) for name, criterion in criteria.items()}
        for provider in knowledge.providers
    }
    return Tables(
        tuple(knowledge.providers),
        {name: criterion.weight for name, criterion in criteria.items()},
        priorities,
        known,
        {provider: _find_prices(facts, provider) for provider in knowledge.providers},
        frozenset(name for name, criterion in criteria.items() if criterion.computed),
        tuple(knowledge.usage),
        tuple(part for rule in knowledge.rules.values() for part in _list_implications(rule, knowledge)),
        tuple(_make_favour(rule, facts) for rule in knowledge.rules.values() if rule.favours is not None),
    )


def _judge_criterion(facts: Facts, provider: str, criterion: Criterion) -> Known:
    if criterion.computed:
        return Known(0, True, None, None)  # noqa: FBT003
    degree = grade_requirement(facts, provider, criterion, None)
    lacking = degree.fact is not None and degree.fact.criterion != criterion.id
    amount = None if lacking else facts(provider, criterion.id).amount
    ends = (None, None) if amount is None else (amount.low, amount.high)
    return Known(degree.low, degree.truth in {Truth.YES, None}, *ends)


def _find_prices(facts: Facts, provider: str) -> dict[str, float]:
    """Return the highest price of each item of usage that is paid for alone, where there is one."""
    found: dict[str, float] = {}
    for criterion in facts.knowledge.criteria.values():
        amount = facts(provider, criterion.id).amount
        if len(criterion.usage) == 1 and amount is not None and amount.high is not None:
            found[criterion.usage[0]] = min(amount.high, found.get(criterion.usage[0], amount.high))
    return found


def _list_implications(rule: Rule, knowledge: KnowledgeBase) -> list[Implication]:
    return [
        Implication(
            rule.id,
            rule.when,
            part.criterion,
            knowledge.policy.priorities[part.priority] * (rule.weight or knowledge.criteria[part.criterion].weight),
            *_split_bound(part.bound),
        )
        for part in rule.implies
    ]


def _split_bound(bound: Interval | None) -> tuple[float | None, float | None]:
    return (None, None) if bound is None else (bound.low, bound.high)


def _make_favour(rule: Rule, facts: Facts) -> Favour:
    condition = rule.favours
    if condition is None or rule.weight is None:
        raise ValueError(f"the rule '{rule.id}' favours nobody")
    for_whom = [
        provider
        for provider in facts.knowledge.providers
        if grade_condition(facts, provider, condition).truth is Truth.YES
    ]
    return Favour(rule.id, rule.when, rule.weight, frozenset(judged_by(rule.favours)), frozenset(for_whom))


def list_leaves(tables: Tables) -> list[Condition]:
    """Return the single conditions of all rules."""
    return [leaf for rule in (*tables.implications, *tables.favours) for leaf in leaves(rule.when)]


def list_topics(tables: Tables) -> list[str]:
    """Return the topics of the situation that rules are about."""
    return sorted({leaf.topic for leaf in list_leaves(tables) if isinstance(leaf, Situation)})


def list_layers(tables: Tables) -> list[list[Implication]]:
    """Return the implications, those of a layer fed by earlier layers only."""
    depth: dict[str, int] = {}
    found: list[list[Implication]] = []
    for part in tables.implications:
        needs = [leaf.criterion for leaf in leaves(part.when) if isinstance(leaf, Need)]
        at = max((depth.get(criterion, 0) for criterion in needs), default=0)
        depth[part.criterion] = max(depth.get(part.criterion, 0), at + 1)
        found += [[] for _ in range(at + 1 - len(found))]
        found[at].append(part)
    return found


def read_teams(source: Path, count: int, knowledge: KnowledgeBase) -> list[Team]:
    """Return the first teams of a file without bad rows."""
    with source.open(encoding="utf-8", newline="") as file:
        return [_read_team(row, knowledge) for row in islice(csv.DictReader(file), count)]


def _read_team(row: Mapping[str, str], knowledge: KnowledgeBase) -> Team:
    situation: dict[str, Any] = {
        name.removeprefix("situation."): cell.split(";")
        for name, cell in row.items()
        if name.startswith("situation.") and cell
    }
    usage = {name.removeprefix("usage."): int(cell) for name, cell in row.items() if name.startswith("usage.") and cell}
    needs, wants = (split_list(row[name]) if row[name] else [] for name in ("needs", "wants"))
    return read_team(knowledge, needs=needs, wants=wants, situation=situation, usage=usage)


def compute_cost(team: Team, prices: Mapping[str, float]) -> float | None:
    """Return what the team's usage costs at most with a provider of these prices, None if a price is missing."""
    if not team.usage.keys() <= prices.keys():
        return None
    return round(sum(volume * prices[item] for item, volume in team.usage.items()), 9)


def answer_plainly(teams: Iterable[Team], tables: Tables) -> list[str | None]:
    """Return the answers in plain Python, to hold the peers to."""
    return [_answer(team, tables) for team in teams]


def _answer(team: Team, tables: Tables) -> str | None:
    needs = set(team.stated)
    fired = []
    for rule in tables.implications:
        if _holds(rule.when, team, needs):
            needs.add(rule.criterion)
            fired.append(rule)
    return choose_provider(team, fired, [rule for rule in tables.favours if _holds(rule.when, team, needs)], tables)


def choose_provider(team: Team, fired: Iterable[Implication], favours: Iterable[Favour], tables: Tables) -> str | None:
    """Return the provider with most points among those that meet all musts, given the rules that fired."""
    asked: list[_Asked] = [
        (part.criterion, tables.priorities[part.priority] * tables.weights[part.criterion], *_split_bound(part.bound))
        for part in team.requirements
    ]
    musts = [part.priority == "must" for part in team.requirements]
    stated = team.stated
    implied: dict[str, _Asked] = {}
    for rule in fired:
        if rule.criterion not in stated:
            implied[rule.criterion] = _tighten(rule, implied.get(rule.criterion))
    required = [*asked, *implied.values()]
    counted = [rule for rule in favours if rule.rests_on.isdisjoint([part[0] for part in required])]
    best, most = None, -1.0
    for provider in tables.providers:
        degrees = [_grade(part, provider, team, tables) for part in required]
        if all(meets for (_, meets), must in zip(degrees, musts, strict=False) if must):
            points = sum(part[1] * degree for part, (degree, _) in zip(required, degrees, strict=True))
            # Rounded, because each peer adds in an order of its own, and equal sums must stay equal.
            points = round(points + sum(rule.points for rule in counted if provider in rule.providers), 6)
            best, most = (provider, points) if points > most else (best, most)
    return best


def _tighten(rule: Implication, other: _Asked | None) -> _Asked:
    if other is None:
        return rule.criterion, rule.points, rule.at_least, rule.at_most
    lows = [low for low in (rule.at_least, other[2]) if low is not None]
    highs = [high for high in (rule.at_most, other[3]) if high is not None]
    return rule.criterion, max(rule.points, other[1]), max(lows, default=None), min(highs, default=None)


def _grade(part: _Asked, provider: str, team: Team, tables: Tables) -> tuple[float, bool]:
    criterion, _, at_least, at_most = part
    known = tables.known[provider][criterion]
    if at_least is None and at_most is None:
        return known.degree, known.meets
    low, high = known.low, known.high
    if criterion in tables.computed:
        low, high = None, compute_cost(team, tables.prices[provider])
    meets = (at_least is None or (low is not None and low >= at_least)) and (
        at_most is None or (high is not None and high <= at_most)
    )
    return float(meets), meets


def _holds(condition: Condition, team: Team, needs: set[str]) -> bool:
    if isinstance(condition, AllOf):
        return all(_holds(part, team, needs) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return any(_holds(part, team, needs) for part in condition.parts)
    if isinstance(condition, Not):
        # What rules add does not count here, so that the order in which they fire makes no difference.
        return not _holds(condition.part, team, set(team.stated))
    if isinstance(condition, Need):
        return condition.criterion in needs
    if isinstance(condition, Situation):
        return condition.value in team.situation.get(condition.topic, ())
    return isinstance(condition, Usage) and _lies_within(team.usage.get(condition.item), condition.bound)


def _lies_within(volume: float | None, bound: Interval) -> bool:
    if volume is None:
        return False
    return (bound.low is None or volume >= bound.low) and (bound.high is None or volume <= bound.high)
