"""Grade how well one provider meets a requirement or condition: an interval within [0, 1].

Examples of a provider that has a fax, is not known to have a whiteboard, and is in at least 100 countries:

    a fax                              [1, 1]
    a whiteboard                       [0, 1], expected 0.5 (`unknown` of the policy)
    no whiteboard (a must-not)         [0, 1], expected 0.5 (1 - `unknown`)
    a fax or a whiteboard              [1, 1]: the best part counts
    in at least 90 countries           [1, 1]: whatever the exact number
    in at least 120 countries          [0, 1], expected 0.5
    in as many countries as possible   [0.5, 1] on a scale from 0 to 200, expected 0.75
"""

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

from provider_advisor.knowledge import Claim, Criterion, Fact, Facts
from provider_advisor.knowledge.conditions import (
    Condition,
    FactHolds,
    Leaf,
    Not,
    evaluate_favours,
    fold_condition,
    leaves,
)
from provider_advisor.knowledge.criteria import get_bound
from provider_advisor.knowledge.facts import evaluate_fact
from provider_advisor.logic import ABSENT, Interval, Number, Truth, any_of


class Degree(NamedTuple):
    """From `low` (all unknowns against) to `high` (all for), both in [0, 1]; `expected` lies between them.

    `truth` is yes, no or unknown, and None for an amount without a bound. `claims` are the evidence; `fact` is the fact
    that decided, None for a condition on several. `paid_for` is the capability that a price pays for, where it is not
    known whether the provider has it. `parts` are those of a choice that decide.
    """

    low: float
    high: float
    expected: float
    truth: Truth | None
    claims: tuple[Claim, ...]
    fact: Fact | None = None
    paid_for: Fact | None = None
    parts: "tuple[GradedPart, ...]" = ()


class GradedPart(NamedTuple):
    """A part of a choice, and the degree to which its criterion is met; for a must-not that of being absent."""

    asked: FactHolds
    degree: Degree


def grade_requirement(facts: Facts, provider: str, criterion: Criterion, bound: Interval | None) -> Degree:
    """Return the degree to which a provider meets a criterion, within the bound if there is one.

    The price of something that a provider lacks is useless, so its degree is 0. If it is unknown whether the provider
    has it, the degree may be 0, and the expected degree is weighted by the policy's probability. Of a choice the best
    part counts.
    """
    if criterion.any_of:
        return _grade_choice(facts, provider, criterion)
    fact = facts(provider, criterion.id)
    paid_for = None if criterion.of is None else facts(provider, criterion.of)
    if paid_for is not None and paid_for.truth is Truth.NO:
        return Degree(0, 0, 0, Truth.NO if bound else None, paid_for.claims, paid_for)
    if criterion.kind == "capability" or bound is not None:
        degree = grade_truth(evaluate_fact(facts, provider, criterion, bound), facts, fact.claims, fact)
        if bound == ABSENT and degree.truth is Truth.UNKNOWN:
            degree = degree._replace(expected=1 - degree.expected)
    else:
        degree = grade_amount(fact, criterion)
    if paid_for is None or paid_for.truth is Truth.YES or degree.high == 0:
        return degree
    claims = (*degree.claims, *paid_for.claims)
    if degree.truth is not None:
        return degree._replace(claims=claims, paid_for=paid_for)
    # With probability p the provider has what the price pays for; otherwise the degree is 0. So the mean is p times it.
    expected = facts.knowledge.policy.unknown * degree.expected
    return degree._replace(low=0, expected=expected, claims=claims, paid_for=paid_for)


def _grade_choice(facts: Facts, provider: str, criterion: Criterion) -> Degree:
    """Return the degree of the best part, in Kleene's logic, with the evidence of the parts that decide.

    Those are the parts that are met, else the unknown ones, else all.
    """
    parts = []
    for part in criterion.any_of:
        asked = facts.knowledge.criteria[part.criterion]
        parts.append(GradedPart(part, grade_requirement(facts, provider, asked, get_bound(part))))
    # One part that is met is enough; otherwise one unknown part leaves the choice unknown.
    truth = any_of(part.degree.truth for part in parts if part.degree.truth is not None)
    deciding = tuple(part for part in parts if part.degree.truth is truth)
    claims = tuple(dict.fromkeys(claim for part in deciding for claim in part.degree.claims))
    low, high, expected = (max(getattr(part.degree, end) for part in parts) for end in ("low", "high", "expected"))
    return Degree(low, high, expected, truth, claims, parts=deciding)


def grade_truth(truth: Truth, facts: Facts, claims: tuple[Claim, ...], fact: Fact | None = None) -> Degree:
    """Return the degree of a yes, no or unknown; the policy sets the expected degree of unknown."""
    if truth is Truth.UNKNOWN:
        return Degree(0, 1, facts.knowledge.policy.unknown, truth, claims, fact)
    degree = 1.0 if truth is Truth.YES else 0.0
    return Degree(degree, degree, degree, truth, claims, fact)


def grade_amount(fact: Fact, criterion: Criterion) -> Degree:
    """Return the degree of an amount on its criterion's scale; an unclaimed amount is expected at the low end.

    The scale may bend at points. A rating's words are equal steps, and an unknown rating is expected in the middle:
    saying nothing about an amount must not be better than a bad amount, but saying nothing about a reputation is
    neutral.
    """
    if fact.amount is None:
        return Degree(0, 1, 0.5 if criterion.kind == "rating" else 0, None, fact.claims, fact)
    if criterion.scale is not None and criterion.scale.points:
        return _grade_on_points(fact.amount, criterion.scale.points, fact)
    return grade_on_scale(fact.amount, *scale_ends(criterion), fact.claims, fact)


def _grade_on_points(amount: Interval, points: Sequence[tuple[Number, float]], fact: Fact) -> Degree:
    """Return the degrees of an amount on a scale that bends: the least and the greatest within it; expected midway."""
    # Degrees need not rise with the amount. Of 10 to 60, on a scale whose best is 20 between 0 and 100, both ends have
    # 0.5 and 20 has 1.
    ends = [_find_degree(points[0][0] if amount.low is None else amount.low, points)]
    ends.append(_find_degree(points[-1][0] if amount.high is None else amount.high, points))
    degrees = [*ends, *(degree for at, degree in points if amount.holds(Interval(at, at)))]
    low, high = min(degrees), max(degrees)
    return Degree(low, high, (low + high) / 2, None, fact.claims, fact)


def _find_degree(amount: Number, points: Sequence[tuple[Number, float]]) -> float:
    """Return the degree of one amount: on the line between the points beside it, or that of the end beyond which it is.

    >>> _find_degree(60, ((0, 0.0), (20, 1.0), (100, 0.0)))
    0.5
    """
    if amount <= points[0][0]:
        return points[0][1]
    for (start, before), (end, after) in itertools.pairwise(points):
        if amount <= end:
            return before + (after - before) * (amount - start) / (end - start)
    return points[-1][1]


def grade_on_scale(
    amount: Interval, worst: Number, best: Number, claims: tuple[Claim, ...], fact: Fact | None = None
) -> Degree:
    """Return the degrees of an amount: 0 at or beyond worst, 1 at or beyond best, linear between; expected midway."""
    lower_is_better = worst > best
    # A missing end extends to the end of the scale, so an open range ends at 0 or 1. Example: "from 120" on a scale
    # from 200 (worst) to 0 gives 0.4 at 120 and 0 without an upper end: [0, 0.4].
    at_low = _place_on_scale(amount.low, worst, best, missing=1 if lower_is_better else 0)
    at_high = _place_on_scale(amount.high, worst, best, missing=0 if lower_is_better else 1)
    low, high = sorted((at_low, at_high))
    return Degree(low, high, (low + high) / 2, None, claims, fact)


def scale_ends(criterion: Criterion) -> tuple[Number, Number]:
    """Return the worst and the best amount of a criterion's scale; a rating's are the places of its words."""
    if criterion.scale is not None:
        return criterion.scale.worst, criterion.scale.best
    last = len(criterion.values) - 1
    return (last, 0) if criterion.lower_is_better else (0, last)


def _place_on_scale(amount: Number | None, worst: Number, best: Number, missing: float) -> float:
    if amount is None:
        return missing
    return min(1.0, max(0.0, (amount - worst) / (best - worst)))


def grade_condition(facts: Facts, provider: str, condition: Condition) -> Degree:
    """Return the degree to which a provider's facts satisfy a rule's condition, in Kleene's logic."""
    criteria = facts.knowledge.criteria

    def holds(asked: FactHolds) -> Truth:
        return evaluate_fact(facts, provider, criteria[asked.criterion], asked.bound)

    truth = evaluate_favours(condition, holds)
    asked = dict.fromkeys(leaf.criterion for leaf in leaves(condition) if isinstance(leaf, FactHolds))
    claims = tuple(dict.fromkeys(claim for criterion in asked for claim in facts(provider, criterion).claims))
    degree = grade_truth(truth, facts, claims)
    if truth is not Truth.UNKNOWN:
        return degree
    return degree._replace(expected=_expect(condition, holds, facts.knowledge.policy.unknown))


def _expect(condition: Condition, holds: Callable[[FactHolds], Truth], unknown: float) -> float:
    """Return the expected degree of an unknown condition: the policy's number for unknown leaves, inverted under `not`.

    That a capability is absent is the negation of its presence.
    """

    def expect_leaf(leaf: Leaf) -> float:
        at_unknown = unknown if not isinstance(leaf, FactHolds) or leaf.present else 1 - unknown
        return {Truth.YES: 1.0, Truth.NO: 0.0, Truth.UNKNOWN: at_unknown}[evaluate_favours(leaf, holds)]

    def expect_not(part: Not) -> float:
        return 1 - _expect(part.part, holds, unknown)

    return fold_condition(
        condition,
        expect_leaf,
        every=lambda parts: min(list(parts)),
        some=lambda parts: max(list(parts)),
        negated=expect_not,
    )
