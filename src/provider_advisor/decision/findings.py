"""Judge each requirement and fired rule for each provider, and sum the findings up to a score and a standing.

An example: a team needs a whiteboard (a must, weight 4) and wishes for a fax (weight 2). Ada has the whiteboard, and
nothing is known about a fax, so her findings have the degrees [1, 1] and [0, 1]. She has proven 4 of 6 points and may
have all 6; an unknown capability counts 0.5, so 5 are expected. Her scores are 66.7, 83.3 and 100, and she is
qualified, because the fax is only a wish.
"""

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from provider_advisor.decision.cost import Cost, calculate_cost, grade_cost
from provider_advisor.decision.degrees import Degree, grade_condition, grade_requirement
from provider_advisor.inference import Inference
from provider_advisor.knowledge import Claim, Fact, Facts, Rule
from provider_advisor.knowledge.conditions import FactHolds, leaves
from provider_advisor.logic import Number, Truth
from provider_advisor.requirements import Requirement, Team

FindingOutcome = Literal["met", "partial", "unmet", "unknown"]
Standing = Literal["qualified", "unconfirmed", "ruled-out"]

SCORE_DIGITS = 9
"""Scores are compared rounded to so many digits, so that the order of addition does not matter."""

_PERCENT = 100

_BY_ENDS: dict[tuple[float, float], FindingOutcome] = {(1, 1): "met", (0, 0): "unmet", (0, 1): "unknown"}


class Finding(NamedTuple):
    """One requirement, or one rule that favours, for one provider: its degree and its weight.

    `cost` is set where the requirement is on the monthly cost.
    """

    provider: str
    requirement: Requirement | None
    rule: Rule | None
    degree: Degree
    weight: float
    cost: Cost | None = None

    @property
    def outcome(self) -> FindingOutcome:
        """Return met for [1, 1], unmet for [0, 0], unknown for [0, 1], and partial for anything else."""
        return _BY_ENDS.get((self.degree.low, self.degree.high), "partial")

    @property
    def decides_standing(self) -> bool:
        """Return whether it is a must that can fail; a must on an amount without a bound only counts in the score."""
        return self.requirement is not None and self.requirement.priority == "must" and self.degree.truth is not None

    @property
    def is_failed_must(self) -> bool:
        """Return whether it rules its provider out."""
        return self.decides_standing and self.degree.truth is Truth.NO

    @property
    def is_unknown_must(self) -> bool:
        """Return whether it leaves its provider unconfirmed."""
        return self.decides_standing and self.degree.truth is Truth.UNKNOWN

    @property
    def products(self) -> frozenset[str]:
        """Return the products that each meet it; none if it is unmet or stated for the provider as a whole."""
        return _name_products(self._list_meeting())

    @property
    def stated_products(self) -> frozenset[str]:
        """Return the products for which it is stated without ambiguity; if there are none, all of them."""
        claims = self._list_meeting()
        return _name_products([claim for claim in claims if claim.evidence != "ambiguous"] or claims)

    def _list_meeting(self) -> list[Claim]:
        """Return the claims that meet it; none if no product is involved, as with required absence."""
        parts = self.degree.parts
        if self.outcome != "met" or self.requirement is None or self.requirement.is_absence:
            return []
        if any(not part.asked.present for part in parts):
            return []
        facts = (degree.fact for degree in (self.degree, *(part.degree for part in parts)))
        return [claim for fact in facts if fact is not None for claim in fact.claims]


class Score(NamedTuple):
    """Weighted means of degrees, times 100, rounded to nine digits: all unknowns against, as expected, all for."""

    proven: float
    expected: float
    possible: float


class Assessment(NamedTuple):
    """One provider judged on everything that the team requires.

    Without any finding there is no score, without usage no cost. `unknown_musts` are neither proven nor failed.
    """

    provider: str
    findings: tuple[Finding, ...]
    score: Score | None
    standing: Standing
    cost: Cost | None = None
    unknown_musts: int = 0


def _name_products(claims: Iterable[Claim]) -> frozenset[str]:
    products = {claim.belongs_to for claim in claims}
    # What is stated for the provider as a whole applies to any of its products.
    return frozenset() if None in products else frozenset(product for product in products if product is not None)


def assess_providers(inference: Inference, facts: Facts, team: Team) -> tuple[Assessment, ...]:
    """Return the assessment of each provider of the knowledge base, in the order of their ids."""
    found = []
    weights = weigh_parts(inference.judged, team.weights, facts) if team.weights else []
    for provider in facts.knowledge.providers:
        cost = calculate_cost(provider, team.usage, facts) if team.usage else None
        findings = [judge_part(provider, part, facts, cost) for part in inference.judged]
        if weights:
            findings = [each._replace(weight=weight) for each, weight in zip(findings, weights, strict=True)]
        found.append(sum_up(provider, findings, cost))
    return tuple(found)


def judge_part(provider: str, part: Requirement | Rule, facts: Facts, cost: Cost | None) -> Finding:
    """Return the finding of a requirement, or of a rule that favours."""
    if isinstance(part, Requirement):
        return judge_requirement(provider, part, facts, cost)
    return judge_rule(provider, part, facts)


def weigh_parts(parts: Iterable[Requirement | Rule], weights: Mapping[str, Number], facts: Facts) -> list[float]:
    """Return the weights of requirements and rules that favour, by area if the team states weights of areas."""
    given = [
        (part.area, part.weight or 0.0)
        if isinstance(part, Rule)
        else (facts.knowledge.criteria[part.criterion].area, weigh_requirement(part, facts))
        for part in parts
    ]
    return weigh_by_area(given, weights) if weights else [own for _, own in given]


def weigh_by_area(given: Sequence[tuple[str, float]], weights: Mapping[str, Number]) -> list[float]:
    """Return the weights of findings, given as area and own weight, with each named area at its percents of the total.

    All other areas share what is left, in proportion to their own weights. An area without findings takes nothing. If
    no other area has findings, the named ones keep their proportions and fill the whole. The total stays as it is.

    Four findings have the weights video 8, video 2, prices 4 and messages 6, together 20. With `{video: 40, prices:
    30}`, video gets 8 of the 20, prices 6 and the rest 6, whatever the number of findings:

        video 8 * 8/10 = 6.4    video 2 * 8/10 = 1.6    prices 4 * 6/4 = 6    messages 6 * 6/6 = 6
    """
    areas = [area if area in weights else None for area, _ in given]
    sums: dict[str | None, float] = {
        area: math.fsum(own for (_, own), other in zip(given, areas, strict=True) if other == area)
        for area in dict.fromkeys(areas)
    }
    parts: dict[str | None, float] = {area: float(weights[area]) for area in sums if area is not None}
    if None in sums:
        parts[None] = max(0.0, _PERCENT - math.fsum(parts.values()))
    total = math.fsum(parts.values())
    if not total:  # all requested areas have weight 0, so nothing would be left to compare
        return [own for _, own in given]
    unit = math.fsum(own for _, own in given) / total
    return [own * unit * parts[area] / sums[area] for (_, own), area in zip(given, areas, strict=True)]


def judge_rule(provider: str, rule: Rule, facts: Facts) -> Finding:
    """Return the finding of a rule that favours. Raises TypeError for a rule that does not."""
    if rule.favours is None or rule.weight is None:
        raise TypeError(f"rule {rule.id} favours no provider")
    return Finding(provider, None, rule, grade_condition(facts, provider, rule.favours), rule.weight)


def judge_requirement(provider: str, requirement: Requirement, facts: Facts, cost: Cost | None = None) -> Finding:
    """Return the finding of a requirement; `cost` is that of the team's usage, None where no usage is stated."""
    criterion = facts.knowledge.criteria[requirement.criterion]
    weight = weigh_requirement(requirement, facts)
    if criterion.computed and cost is not None:
        return Finding(provider, requirement, None, grade_cost(cost, requirement.bound, facts), weight, cost)
    return Finding(
        provider, requirement, None, grade_requirement(facts, provider, criterion, requirement.bound), weight
    )


def weigh_requirement(requirement: Requirement, facts: Facts) -> float:
    """Return the weight of the priority times that of the requirement, or of its criterion if it has none."""
    knowledge = facts.knowledge
    own = knowledge.criteria[requirement.criterion].weight if requirement.weight is None else requirement.weight
    return knowledge.policy.priorities[requirement.priority] * own


def list_used_facts(finding: Finding, facts: Facts) -> list[Fact]:
    """Return the facts behind a finding: on its criterion or choice, on what a price pays for, or of its rule."""
    used = [finding.degree.fact, finding.degree.paid_for]
    for part in finding.degree.parts:
        used += part.degree.fact, part.degree.paid_for
    condition = finding.rule.favours if finding.rule is not None else None
    for leaf in leaves(condition) if condition is not None else ():
        if isinstance(leaf, FactHolds):
            used.append(facts(finding.provider, leaf.criterion))
    return [fact for fact in used if fact is not None]


def sum_up(provider: str, findings: Sequence[Finding], cost: Cost | None) -> Assessment:
    """Return a provider's findings, with its score and standing."""
    truths = [finding.degree.truth for finding in findings if finding.decides_standing]
    return Assessment(
        provider, tuple(findings), _score(findings), _find_standing(truths), cost, truths.count(Truth.UNKNOWN)
    )


def _score(findings: Sequence[Finding]) -> Score | None:
    if not findings:
        return None
    # `fsum` is exact whatever the order, so a permutation of the requirements gives the same score to the last digit.
    pairs = [(finding.weight, finding.degree) for finding in findings]
    total = math.fsum([finding.weight for finding in findings])

    def mean(weighted: Iterable[float]) -> float:
        return round(100 * math.fsum(weighted) / total, SCORE_DIGITS)

    return Score(
        mean([weight * degree.low for weight, degree in pairs]),
        mean([weight * degree.expected for weight, degree in pairs]),
        mean([weight * degree.high for weight, degree in pairs]),
    )


def _find_standing(truths: Sequence[Truth | None]) -> Standing:
    """Return the standing by the truths of the musts alone: a wish never overrules a must."""
    if Truth.NO in truths:
        return "ruled-out"
    return "unconfirmed" if Truth.UNKNOWN in truths else "qualified"


# Running totals: sums for all providers at once, so that adding or removing a requirement is one addition


class Totals(NamedTuple):
    """Sums over some findings; each tuple has a place for each provider, always in the same order.

    Proofs and changed requirements need thousands of verdicts that differ in one or two findings, so sums are added and
    subtracted. Adding in another order rounds differently, so comparisons of two sums must allow for that.

    `weight` is the sum of the weights, `low`, `expected` and `high` are those of weights times degrees, `failed` and
    `unknown` count the musts. The totals of one requirement or rule have the same shape.
    """

    weight: float
    low: tuple[float, ...]
    expected: tuple[float, ...]
    high: tuple[float, ...]
    failed: tuple[int, ...]
    unknown: tuple[int, ...]

    def plus(self, other: "Totals") -> "Totals":
        """Return the sums of both."""
        return self._merge(other, operator.add)

    def minus(self, other: "Totals") -> "Totals":
        """Return these sums without those of some of the findings."""
        return self._merge(other, operator.sub)

    def times(self, factor: float) -> "Totals":
        """Return these sums as if all weights were that many times as large."""
        low, expected, high = ([factor * points for points in ends] for ends in self[1:4])
        return Totals(factor * self.weight, tuple(low), tuple(expected), tuple(high), self.failed, self.unknown)

    def _merge(self, other: "Totals", join: Callable[[Any, Any], Any]) -> "Totals":
        sums = zip(self[1:], other[1:], strict=True)
        return Totals(join(self.weight, other.weight), *(tuple(map(join, one, two)) for one, two in sums))

    def score(self, points: float) -> float:
        """Return the score of some of the points that these sums hold, rounded; without any weight all score 0."""
        return round(100 * points / self.weight, SCORE_DIGITS) if self.weight > 0 else 0.0


def total_degrees(degrees: Sequence[Degree], weight: float, *, must: bool) -> Totals:
    """Return the totals of one requirement or rule from its degrees, one for each provider."""
    return Totals(
        weight,
        tuple([weight * degree.low for degree in degrees]),
        tuple([weight * degree.expected for degree in degrees]),
        tuple([weight * degree.high for degree in degrees]),
        tuple([int(must and degree.truth is Truth.NO) for degree in degrees]),
        tuple([int(must and degree.truth is Truth.UNKNOWN) for degree in degrees]),
    )


def total_findings(findings: Sequence[Finding]) -> Totals:
    """Return the totals of one requirement or rule from its findings, one for each provider."""
    first = findings[0]
    must = first.requirement is not None and first.requirement.priority == "must"
    return total_degrees([finding.degree for finding in findings], first.weight, must=must)


def total_assessments(assessments: Sequence[Assessment]) -> Totals:
    """Return the totals of everything that a team requires, with a place for each assessment."""
    rows = zip(*(assessment.findings for assessment in assessments), strict=True)
    return add_up((total_findings(row) for row in rows), len(assessments))


def add_up(parts: Iterable[Totals], providers: int) -> Totals:
    """Return the sums of all parts, for that many providers; exact whatever the order."""
    rows = list(parts)
    if not rows:
        none, zero = (0.0,) * providers, (0,) * providers
        return Totals(0.0, none, none, none, zero, zero)
    weights, low, expected, high, failed, unknown = zip(*rows, strict=True)

    def add_columns(ends: Iterable[tuple[float, ...]]) -> tuple[float, ...]:
        return tuple(map(math.fsum, zip(*ends, strict=True)))

    def count_columns(musts: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
        return tuple(map(sum, zip(*musts, strict=True)))

    return Totals(
        math.fsum(weights),
        add_columns(low),
        add_columns(expected),
        add_columns(high),
        count_columns(failed),
        count_columns(unknown),
    )
