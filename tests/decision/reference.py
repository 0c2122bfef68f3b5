"""The whole decision once more, from the definitions and not from the code: slow, plain, in exact fractions.

Nothing of `inference` or `decision` is used; only the records, the facts and the three-valued logic. Where a
definition leaves something open, "read so" says how it is read here.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.conditions import (
    AllOf,
    AnyOf,
    Condition,
    FactHolds,
    Leaf,
    Need,
    Not,
    Situation,
    Usage,
    evaluate,
    leaves,
)
from provider_advisor.knowledge.facts import Facts
from provider_advisor.knowledge.records import Claim, Criterion, Fact, Priority
from provider_advisor.knowledge.rules import Rule
from provider_advisor.logic import ABSENT, Interval, Truth, compare, negate
from provider_advisor.requirements.statement import RANK, Requirement, Team, Volume

QUALIFIED, UNCONFIRMED, RULED_OUT = "qualified", "unconfirmed", "ruled-out"
STANDINGS = (QUALIFIED, UNCONFIRMED, RULED_OUT)


class OpenToReadingError(Exception):
    """Three rules ask for bounds of which some exclude one another: the definitions do not say which of them join."""


class Wanted(NamedTuple):
    """A requirement with everything settled: `weight` is the whole weight but for the priority's."""

    criterion: str
    priority: Priority
    bound: Interval | None
    weight: Fraction
    origins: frozenset[str]


class Degree(NamedTuple):
    """How far a finding is met, and what it is expected to come to."""

    low: Fraction
    high: Fraction
    expected: Fraction
    truth: Truth | None = None


class Verdict(NamedTuple):
    """What the answer says in the end."""

    kind: str
    strength: str | None = None
    provider: str | None = None
    lean: str | None = None
    among: frozenset[str] = frozenset()


class Answer(NamedTuple):
    """All that section 5 asks for."""

    requirements: frozenset[Wanted]
    favours: frozenset[str]
    scores: dict[str, tuple[float, float, float] | None]
    standings: dict[str, str]
    verdict: Verdict
    combinations: frozenset[frozenset[str]]
    concessions: frozenset[tuple[frozenset[Requirement], Verdict]]


# 1. Imply


class Contribution(NamedTuple):
    """What one rule adds: one requirement, at the priority that the need which fired the rule leaves it."""

    rule: Rule
    criterion: str
    priority: Priority
    bound: Interval | None


def whole_and_member(criterion: str) -> set[str]:
    """What somebody needs who asks for this: the criterion, and if it is a member of one, that one."""
    return {criterion} if "|" in criterion else {criterion, criterion.split("@", maxsplit=1)[0]}


def stated_truth(leaf: Leaf, team: Team) -> Truth:
    """The truth of a leaf by what the team said itself; what it did not answer is unknown."""
    if isinstance(leaf, Need):
        named = {name for req in team.requirements if needs(req) for name in whole_and_member(req.criterion)}
        return Truth.YES if leaf.criterion in named else Truth.NO
    if isinstance(leaf, Situation):
        if leaf.topic not in team.situation:
            return Truth.UNKNOWN
        return Truth.YES if leaf.value in team.situation[leaf.topic] else Truth.NO
    assert isinstance(leaf, Usage)
    if leaf.item not in team.usage:
        return Truth.UNKNOWN
    volume = team.usage[leaf.item]
    low, high = (volume.low, volume.high) if isinstance(volume, Volume) else (volume, volume)
    return compare(Interval(low, high), leaf.bound)


def needs(req: Requirement) -> bool:
    """Whether it asks that something is there; to ask for its absence is no need of it."""
    return req.bound != ABSENT


def firing(when: Condition, team: Team, ranks: dict[str, int]) -> int:
    """The highest rank of priority that the condition lets pass, 0 where it does not certainly hold.

    What is no need limits nothing. `not` looks at nothing but what the team stated.
    """
    if isinstance(when, AllOf):
        return min(firing(part, team, ranks) for part in when.parts)
    if isinstance(when, AnyOf):
        return max(firing(part, team, ranks) for part in when.parts)
    if isinstance(when, Need):
        return ranks.get(when.criterion, 0)
    if isinstance(when, Not):
        truth = negate(evaluate(when.part, lambda leaf: stated_truth(leaf, team)))
    else:
        truth = stated_truth(when, team)
    return RANK["must"] if truth is Truth.YES else 0


def asks_as_much(stated: Requirement, other: Contribution) -> bool:
    """Priority at least as high, and a bound at least as tight."""
    if stated.criterion != other.criterion or RANK[stated.priority] < RANK[other.priority]:
        return False
    if other.bound is None:
        return True
    return stated.bound is not None and compare(stated.bound, other.bound) is Truth.YES


def contradicts(stated: Requirement, other: Contribution) -> bool:
    """No amount fulfils both; a stated wish gives way to a must that a rule adds."""
    if other.priority == "must" and stated.priority != "must":
        return False
    if stated.criterion != other.criterion or stated.bound is None or other.bound is None:
        return False
    return stated.bound.intersect(other.bound).is_empty()


def contributions(knowledge: KnowledgeBase, team: Team) -> tuple[list[Contribution], dict[str, int]]:
    """What the rules add in the end, and the rank at which each criterion is required: rounds until nothing changes."""
    by_rank: dict[int, Priority] = {rank: priority for priority, rank in RANK.items()}
    found: list[Contribution] = []
    while True:
        ranks: dict[str, int] = {}
        for part in (*filter(needs, team.requirements), *found):
            for name in whole_and_member(part.criterion):
                ranks[name] = max(ranks.get(name, 0), RANK[part.priority])
        again = []
        for rule in knowledge.rules.values():
            limit = firing(rule.when, team, ranks)
            for part in rule.implies:
                absent = {req.criterion for req in team.requirements if not needs(req)}
                if limit and part.criterion not in {*team.unwanted, *absent}:
                    priority = by_rank[min(limit, RANK[part.priority])]
                    new = Contribution(rule, part.criterion, priority, part.bound)
                    if not any(asks_as_much(req, new) or contradicts(req, new) for req in team.requirements):
                        again.append(new)
        if again == found:
            return found, ranks
        found = again


def tighter(bounds: list[Interval | None]) -> Interval | None:
    """All the bounds at once; None where there is none."""
    given = [bound for bound in bounds if bound is not None]
    if not given:
        return None
    result = given[0]
    for bound in given:
        result = result.intersect(bound)
    return result


def settled(knowledge: KnowledgeBase, team: Team) -> tuple[frozenset[Wanted], frozenset[str]]:
    """Every requirement, stated and implied, and the favours rules that count."""
    found, ranks = contributions(knowledge, team)
    stated = {
        Wanted(req.criterion, req.priority, req.bound, Fraction(_own_weight(req, knowledge)), frozenset())
        for req in team.requirements
    }
    implied = {part.criterion for part in found}
    wanted = {req for req in stated if req.criterion not in implied}
    for criterion in implied:
        ours = [req for req in stated if req.criterion == criterion]
        wanted.update(_together([part for part in found if part.criterion == criterion], ours, knowledge))
    required = {req.criterion for req in wanted}
    required |= {name for req in wanted if req.bound != ABSENT for name in whole_and_member(req.criterion)}
    favours = {
        rule.id
        for rule in knowledge.rules.values()
        if rule.favours is not None
        and firing(rule.when, team, ranks)
        and not {leaf.criterion for leaf in leaves(rule.favours)} & (required | {*team.unwanted})
    }
    return frozenset(wanted), frozenset(favours)


def _own_weight(req: Requirement, knowledge: KnowledgeBase) -> float:
    return knowledge.criteria[req.criterion].weight if req.weight is None else req.weight


def _together(implied: list[Contribution], stated: list[Wanted], knowledge: KnowledgeBase) -> list[Wanted]:
    """What the team and rules ask of one criterion: at each priority the tighter bound at each end.

    Rules that exclude one another at one priority ask both. Read so: what the team stated at another priority stands,
    but of those without a bound the highest alone; "implied twice" is also what is implied at two priorities, if the
    higher asks as much as the lower.
    """
    kept: list[Wanted] = []
    for priority in ("must", "should", "could"):
        level = [_wanted(part, knowledge) for part in implied if part.priority == priority]
        own = [req for req in stated if req.priority == priority]
        if any(_exclude(one, other) for one, other in itertools.combinations(level, 2)):
            if len(implied) > 2:
                raise OpenToReadingError
            level = [_joined([part, *own], tighter([part.bound, *(req.bound for req in own)])) for part in level]
        elif level or own:
            level = [_joined([*level, *own], tighter([part.bound for part in (*level, *own)]))]
        if any(req.bound is not None and req.bound.is_empty() for req in level):
            raise OpenToReadingError  # two bounds that are each possible beside the team's, and not together
        for part in level:
            takers = [other for other in kept if part.bound is None or _within(other.bound, part.bound)]
            twice = part.bound is None and any(other.bound is None for other in kept)
            if takers and (twice or not own):
                kept[kept.index(takers[0])] = _joined([takers[0], part], takers[0].bound)
            else:
                kept.append(part)
    return kept


def _wanted(part: Contribution, knowledge: KnowledgeBase) -> Wanted:
    weight = knowledge.criteria[part.criterion].weight if part.rule.weight is None else part.rule.weight
    return Wanted(part.criterion, part.priority, part.bound, Fraction(weight), frozenset([part.rule.id]))


def _joined(parts: list[Wanted], bound: Interval | None) -> Wanted:
    """One for several: the larger weight, all origins."""
    origins = frozenset().union(*(part.origins for part in parts))
    return parts[0]._replace(bound=bound, weight=max(part.weight for part in parts), origins=origins)


def _exclude(one: Wanted, other: Wanted) -> bool:
    return one.bound is not None and other.bound is not None and one.bound.intersect(other.bound).is_empty()


def _within(inner: Interval | None, outer: Interval) -> bool:
    return inner is not None and compare(inner, outer) is Truth.YES


# 2. Find


def position(criterion: Criterion, amount: Fraction) -> Fraction:
    """Where on the way from worst to best an amount (a rank, for a rating) lies."""
    if criterion.kind == "rating":
        worst, best = Fraction(0), Fraction(len(criterion.values) - 1)
    else:
        assert criterion.scale is not None
        if criterion.scale.points:
            return bent(criterion.scale.points, amount)
        worst, best = Fraction(criterion.scale.worst), Fraction(criterion.scale.best)
    return min(max((amount - worst) / (best - worst), Fraction(0)), Fraction(1))


def bent(points: Iterable[tuple[float, float]], amount: Fraction) -> Fraction:
    """On a scale that bends: the weighted mean of the points on both sides of it, in ratio of the distances."""
    exact = [(Fraction(at), Fraction(degree)) for at, degree in points]
    below = [point for point in exact if point[0] <= amount]
    above = [point for point in exact if point[0] >= amount]
    if not below or not above:
        return (above or below[::-1])[0][1]
    (low, first), (high, last) = below[-1], above[0]
    return first if low == high else (first * (high - amount) + last * (amount - low)) / (high - low)


def may_be_sold(criterion: Criterion, provider: str, facts: Facts) -> tuple[bool, ...]:
    """Whether the provider has what a price pays for: both, where that is not known."""
    truth = Truth.YES if criterion.of is None else facts(provider, criterion.of).truth
    return {Truth.YES: (True,), Truth.NO: (False,), Truth.UNKNOWN: (True, False)}[truth]


def agreed(truths: Iterable[Truth]) -> Truth:
    """What holds in each of some cases; unknown where they differ."""
    seen = set(truths)
    return seen.pop() if len(seen) == 1 else Truth.UNKNOWN


def truth_of(criterion: Criterion, bound: Interval | None, provider: str, facts: Facts) -> Truth:
    """Whether a capability is there, or an amount within its bound."""
    fact = facts(provider, criterion.id)
    if criterion.kind == "capability":
        return fact.truth
    assert bound is not None
    within = Truth.UNKNOWN if fact.amount is None else compare(fact.amount, bound)
    return agreed(within if is_sold else Truth.NO for is_sold in may_be_sold(criterion, provider, facts))


def of_truth(truth: Truth, unknown: Fraction) -> Degree:
    """The degree of what is met, unmet or unknown."""
    if truth is Truth.UNKNOWN:
        return Degree(Fraction(0), Fraction(1), unknown, truth)
    degree = Fraction(1 if truth is Truth.YES else 0)
    return Degree(degree, degree, degree, truth)


def of_requirement(req: Wanted, provider: str, facts: Facts) -> Degree:
    """The degree of a requirement; its `truth` is None where it has no bound and so cannot be failed."""
    criterion = facts.knowledge.criteria[req.criterion]
    if req.bound == ABSENT:
        return of_favours(FactHolds(req.criterion, present=False), provider, facts)
    if criterion.any_of:  # of a choice the best part counts
        return of_favours(AnyOf(criterion.any_of), provider, facts)
    if criterion.kind == "capability" or req.bound is not None:
        return of_truth(truth_of(criterion, req.bound, provider, facts), Fraction(facts.knowledge.policy.unknown))
    cases = [
        of_amount(criterion, facts(provider, criterion.id).amount) if is_sold else Degree(*3 * (Fraction(0),))
        for is_sold in may_be_sold(criterion, provider, facts)
    ]
    if len(cases) == 1:
        return cases[0]
    # Read so: both cases count, the first as often as the policy says, so that what is expected is the mean.
    p = Fraction(facts.knowledge.policy.unknown)
    low, high = (end(case[place] for case in cases) for place, end in ((0, min), (1, max)))
    return Degree(low, high, p * cases[0].expected + (1 - p) * cases[1].expected)


def of_amount(criterion: Criterion, amount: Interval | None) -> Degree:
    """The degree of an amount without a bound."""
    if amount is None:  # nobody says: an amount counts its lower end, a rating the middle of all its words
        return Degree(Fraction(0), Fraction(1), Fraction(1, 2) if criterion.kind == "rating" else Fraction(0))
    rising = criterion.kind == "rating" or criterion.scale.best > criterion.scale.worst
    worse, better = (amount.low, amount.high) if rising else (amount.high, amount.low)
    low = Fraction(0) if worse is None else position(criterion, Fraction(worse))
    high = Fraction(1) if better is None else position(criterion, Fraction(better))
    return Degree(low, high, (low + high) / 2)


def of_favours(condition: Condition, provider: str, facts: Facts) -> Degree:
    """The degree of a condition on a provider's facts; its truth in Kleene's logic."""

    def leaf_truth(leaf: Leaf) -> Truth:
        assert isinstance(leaf, FactHolds)
        truth = truth_of(facts.knowledge.criteria[leaf.criterion], leaf.bound, provider, facts)
        return truth if leaf.present else negate(truth)

    def leaf_expected(leaf: FactHolds) -> Fraction:
        known = leaf_truth(leaf._replace(present=True))
        value = of_truth(known, Fraction(facts.knowledge.policy.unknown)).expected
        return value if leaf.present else 1 - value  # "absent" is the negation of "present"

    def expected(part: Condition) -> Fraction:
        if isinstance(part, AllOf):
            return min(expected(each) for each in part.parts)
        if isinstance(part, AnyOf):
            return max(expected(each) for each in part.parts)
        if isinstance(part, Not):
            return 1 - expected(part.part)
        assert isinstance(part, FactHolds)
        return leaf_expected(part)

    return of_truth(evaluate(condition, leaf_truth), expected(condition))


# 3. Score


def rounded(value: Fraction) -> float:
    """To nine digits behind the point."""
    return float(round(value, 9))


def score(weighted: list[tuple[Fraction, Degree]]) -> tuple[float, float, float] | None:
    """Proven, expected and possible; nothing asked, no score."""
    if not weighted:
        return None
    whole = sum(weight for weight, _ in weighted)
    return tuple(
        rounded(100 * sum(weight * getattr(degree, end) for weight, degree in weighted) / whole)
        for end in ("low", "expected", "high")
    )


# 4. and 5. Stand and judge


class Found(NamedTuple):
    """One provider, with all that it came to."""

    provider: str
    standing: str
    unknown_musts: int
    score: tuple[float, float, float] | None
    proven_musts: frozenset[Wanted]


def judge(found: list[Found]) -> Verdict:
    """The first that applies."""
    if any(each.score is None for each in found):
        return Verdict("undetermined")
    if all(each.standing == RULED_OUT for each in found):
        return Verdict("none")
    best = min(STANDINGS.index(each.standing) for each in found)
    leaders = [each for each in found if STANDINGS.index(each.standing) == best]
    if STANDINGS[best] == UNCONFIRMED:
        fewest = min(each.unknown_musts for each in leaders)
        leaders = [each for each in leaders if each.unknown_musts == fewest]
    highest = max(each.score[1] for each in leaders)
    leaders = [each for each in leaders if each.score[1] == highest]
    names = frozenset(each.provider for each in leaders)
    if STANDINGS[best] == UNCONFIRMED:
        return Verdict("undetermined", lean=leaders[0].provider if len(leaders) == 1 else None, among=_several(names))
    if len(leaders) > 1:
        alike = len({each.score for each in leaders}) == 1 and leaders[0].score[0] == leaders[0].score[2]
        others = [each for each in found if each not in leaders and each.standing != RULED_OUT]
        alone = all(each.score[2] < leaders[0].score[2] for each in others)
        return Verdict("tie" if alike and alone else "undetermined", among=names)
    proven = is_proven(leaders[0].provider, found)
    return Verdict("recommended", "firm" if proven else "leaning", leaders[0].provider)


def is_proven(provider: str, found: list[Found]) -> bool:
    """Whether it is qualified, and each rival is ruled out or has a possible score below its proven one."""
    leader = next(each for each in found if each.provider == provider)
    rivals = [each for each in found if each.provider != provider]
    beaten = [each.standing == RULED_OUT or each.score[2] < leader.score[0] for each in rivals]
    return leader.standing == QUALIFIED and all(beaten)


class WithoutStale:
    """The facts of a day, where each that is past its time is unknown."""

    def __init__(self, facts: Facts) -> None:
        self.knowledge, self._facts, self.as_of = facts.knowledge, facts, facts.as_of

    def __call__(self, provider: str, name: str) -> Fact:
        fact, criterion = self._facts(provider, name), self.knowledge.criteria[name]
        days = criterion.stale_after
        if days is None:
            days = self.knowledge.policy.stale_after.get(criterion.kind)
        if days is None or not fact.claims:
            return fact
        if fact.truth is Truth.NO and all(self._is_an_end(claim) for claim in fact.claims):
            return fact
        newest = max(claim.stated for claim in fact.claims)
        return Fact(provider, name) if newest + dt.timedelta(days) < self._facts.as_of else fact

    def _is_an_end(self, claim: Claim) -> bool:
        """Whether a claim of what is absent says that it was there before."""
        return claim.value == "present" or claim.starts > claim.stated


def judged(knowledge: KnowledgeBase, team: Team, facts: Facts, found: list[Found]) -> Verdict:
    """The verdict on all providers; a proof that needs a fact past its time is dated."""
    verdict = judge(found)
    if verdict.strength == "firm" and any(part.priority == "must" for part in team.unlisted):
        return verdict._replace(strength="leaning")  # a must that nothing judges: whoever leads may fail it
    if verdict.strength != "firm":
        return verdict
    _, _, again = findings(knowledge, team, WithoutStale(facts))
    return verdict if is_proven(verdict.provider, again) else verdict._replace(strength="dated")


def taking_part(knowledge: KnowledgeBase, day: dt.date) -> list[str]:
    """Each provider from the day of its first claim on; read so: all of them before the first claim of anybody.

    Read so: one of whom nothing is ever said takes part on every day, for silence has no first day.
    """
    there = [
        name
        for name, each in knowledge.providers.items()
        if not each.claims or min(c.stated for c in each.claims) <= day
    ]
    return there or list(knowledge.providers)


def _several(names: frozenset[str]) -> frozenset[str]:
    return names if len(names) > 1 else frozenset()


def findings(
    knowledge: KnowledgeBase, team: Team, facts: Facts
) -> tuple[frozenset[Wanted], frozenset[str], list[Found]]:
    """Points 1 to 4 for every provider."""
    wanted, favours = settled(knowledge, team)
    priorities = knowledge.policy.priorities
    found = []
    for provider in taking_part(knowledge, facts.as_of):
        degrees = {req: of_requirement(req, provider, facts) for req in wanted}
        weighted = [(Fraction(priorities[req.priority]) * req.weight, degree) for req, degree in degrees.items()]
        areas = [knowledge.criteria[req.criterion].area for req in degrees]
        for name in favours:
            rule = knowledge.rules[name]
            assert rule.favours is not None
            assert rule.weight is not None
            weighted.append((Fraction(rule.weight), of_favours(rule.favours, provider, facts)))
            areas.append(rule.area)
        weighted = by_area(weighted, areas, team)
        musts = {
            req: degree.truth for req, degree in degrees.items() if req.priority == "must" and degree.truth is not None
        }
        truths = list(musts.values())
        standing = RULED_OUT if Truth.NO in truths else UNCONFIRMED if Truth.UNKNOWN in truths else QUALIFIED
        proven = frozenset(req for req, truth in musts.items() if truth is Truth.YES)
        found.append(Found(provider, standing, truths.count(Truth.UNKNOWN), score(weighted), proven))
    return wanted, favours, found


def by_area(weighted: list[tuple[Fraction, Degree]], areas: list[str], team: Team) -> list[tuple[Fraction, Degree]]:
    """The weights where the team says how much of the total each area has; the others share the rest."""
    named = {area: Fraction(percent) for area, percent in team.weights.items() if area in areas}
    rest = 100 - sum(named.values()) if set(areas) - named.keys() else 0
    if not sum(named.values()) + rest:
        return weighted
    groups = [area if area in named else None for area in areas]
    own = {
        group: sum(weight for (weight, _), each in zip(weighted, groups, strict=True) if each == group)
        for group in groups
    }
    share = {group: rest if group is None else named[group] for group in groups}
    return [
        (share[group] * weight / own[group], degree) for (weight, degree), group in zip(weighted, groups, strict=True)
    ]


def combinations(knowledge: KnowledgeBase, wanted: frozenset[Wanted], found: list[Found]) -> frozenset[frozenset[str]]:
    """The smallest sets of two or more that prove every must together, where nobody does alone."""
    musts = {
        req
        for req in wanted
        if req.priority == "must"
        and (req.bound is not None or knowledge.criteria[req.criterion].kind == "capability")
        and not knowledge.criteria[req.criterion].computed
    }
    if any(musts <= each.proven_musts for each in found):
        return frozenset()
    for size in range(2, len(found) + 1):
        fitting = frozenset(
            frozenset(each.provider for each in group)
            for group in itertools.combinations(found, size)
            if musts <= frozenset().union(*(each.proven_musts for each in group))
        )
        if fitting:
            return fitting
    return frozenset()


def concessions(
    knowledge: KnowledgeBase, team: Team, facts: Facts
) -> frozenset[tuple[frozenset[Requirement], Verdict]]:
    """The smallest sets of stated musts without which somebody is not ruled out: every subset is tried."""
    musts = [req for req in team.requirements if req.priority == "must"]
    result: dict[frozenset[Requirement], Verdict] = {}
    for size in range(1, len(musts) + 1):
        for given_up in map(frozenset, itertools.combinations(musts, size)):
            if any(smaller < given_up for smaller in result):
                continue
            left = team._replace(requirements=tuple(req for req in team.requirements if req not in given_up))
            _, _, found = findings(knowledge, left, facts)
            if any(each.standing != RULED_OUT for each in found):
                result[given_up] = judged(knowledge, left, facts, found)
    return frozenset(result.items())


def answer(knowledge: KnowledgeBase, team: Team, day: dt.date, facts: Facts | None = None) -> Answer:
    """What a recommendation must come to."""
    facts = facts or Facts(knowledge, day)
    wanted, favours, found = findings(knowledge, team, facts)
    verdict = judged(knowledge, team, facts, found)
    stuck = verdict.kind in {"none", "undetermined"}
    return Answer(
        wanted,
        favours,
        {each.provider: each.score for each in found},
        {each.provider: each.standing for each in found},
        verdict,
        combinations(knowledge, wanted, found) if stuck else frozenset(),
        concessions(knowledge, team, facts) if verdict.kind == "none" else frozenset(),
    )
