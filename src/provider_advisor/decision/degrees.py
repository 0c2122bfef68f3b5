"""How far one requirement or condition is met by one provider: an interval within [0, 1]."""

from collections.abc import Callable
from typing import NamedTuple

from provider_advisor.knowledge import Claim, Criterion, Fact, Facts
from provider_advisor.knowledge.conditions import AllOf, AnyOf, Condition, FactHolds, Leaf, Not, evaluate, leaves
from provider_advisor.logic import Interval, Number, Truth, compare, negate

__all__ = ["Degree", "grade_condition", "grade_on_scale", "grade_requirement", "grade_truth"]


class Degree(NamedTuple):
    """From `low` (all unknowns against) to `high` (all for), both in [0, 1]; `expected` lies between them.

    `truth` answers what can be answered by yes or no, and is None for an amount without a bound. `claims` are the
    evidence; `fact` is the fact that decided, None for a condition on several.
    """

    low: float
    high: float
    expected: float
    truth: Truth | None
    claims: tuple[Claim, ...]
    fact: Fact | None = None


def grade_requirement(facts: Facts, provider: str, criterion: Criterion, bound: Interval | None) -> Degree:
    """The degree to which a provider meets a criterion, within the bound if there is one."""
    lacking = _lacked_capability(facts, provider, criterion)
    if lacking is not None:
        return Degree(0, 0, 0, Truth.NO if bound else None, lacking.claims, lacking)
    fact = facts(provider, criterion.id)
    if criterion.kind != "capability" and bound is None:
        return _of_amount(fact, criterion)
    return grade_truth(_truth(fact, bound), facts, fact.claims, fact)


def _lacked_capability(facts: Facts, provider: str, criterion: Criterion) -> Fact | None:
    """The capability that the price pays for, if the provider lacks it: what is not sold has no good price."""
    if criterion.of is None:
        return None
    capability = facts(provider, criterion.of)
    return capability if capability.truth is Truth.NO else None


def _truth(fact: Fact, bound: Interval | None) -> Truth:
    if bound is None:
        return fact.truth
    return Truth.UNKNOWN if fact.amount is None else compare(fact.amount, bound)


def grade_truth(truth: Truth, facts: Facts, claims: tuple[Claim, ...], fact: Fact | None = None) -> Degree:
    """The degree of what is met or not; what is unknown is expected as the knowledge base's policy says."""
    if truth is Truth.UNKNOWN:
        return Degree(0, 1, facts.knowledge.policy.unknown, truth, claims, fact)
    degree = 1.0 if truth is Truth.YES else 0.0
    return Degree(degree, degree, degree, truth, claims, fact)


def _of_amount(fact: Fact, criterion: Criterion) -> Degree:
    """Linear in the position between worst and best; no claimed amount is expected at the lower end.

    A rating's words are equal steps, and an unknown one is expected in the middle: silence about an amount must be no
    advantage over a bad one, silence about a reputation says nothing.
    """
    if fact.amount is None:
        return Degree(0, 1, 0.5 if criterion.kind == "rating" else 0, None, fact.claims, fact)
    return grade_on_scale(fact.amount, *_ends(criterion), fact.claims, fact)


def grade_on_scale(
    amount: Interval, worst: Number, best: Number, claims: tuple[Claim, ...], fact: Fact | None = None
) -> Degree:
    """The degrees of an amount: 0 at or beyond worst, 1 at or beyond best, linear between; expected midway."""
    lower_is_better = worst > best
    at_low = _position(amount.low, worst, best, missing=1 if lower_is_better else 0)
    at_high = _position(amount.high, worst, best, missing=0 if lower_is_better else 1)
    low, high = sorted((at_low, at_high))
    return Degree(low, high, (low + high) / 2, None, claims, fact)


def _ends(criterion: Criterion) -> tuple[Number, Number]:
    if criterion.scale is not None:
        return criterion.scale.worst, criterion.scale.best
    last = len(criterion.values) - 1
    return (last, 0) if criterion.lower_is_better else (0, last)


def _position(amount: Number | None, worst: Number, best: Number, missing: float) -> float:
    if amount is None:
        return missing
    return min(1.0, max(0.0, (amount - worst) / (best - worst)))


def grade_condition(facts: Facts, provider: str, condition: Condition) -> Degree:
    """The degree to which a provider's facts satisfy a rule's condition, in Kleene's logic."""

    def truth_of(leaf: Leaf) -> Truth:
        return _leaf_truth(facts, provider, leaf)

    truth = evaluate(condition, truth_of)
    claims = tuple(dict.fromkeys(claim for leaf in leaves(condition) for claim in _claims(facts, provider, leaf)))
    if truth is Truth.UNKNOWN:
        return Degree(0, 1, _expected(condition, truth_of, facts.knowledge.policy.unknown), truth, claims)
    degree = 1.0 if truth is Truth.YES else 0.0
    return Degree(degree, degree, degree, truth, claims)


def _leaf_truth(facts: Facts, provider: str, leaf: Leaf) -> Truth:
    if not isinstance(leaf, FactHolds):
        raise TypeError(f"a condition on providers holds facts only, found {leaf!r}")
    criterion = facts.knowledge.criteria[leaf.criterion]
    if leaf.bound is not None and _lacked_capability(facts, provider, criterion) is not None:
        return Truth.NO
    truth = _truth(facts(provider, leaf.criterion), leaf.bound)
    return truth if leaf.present else negate(truth)


def _claims(facts: Facts, provider: str, leaf: Leaf) -> tuple[Claim, ...]:
    return facts(provider, leaf.criterion).claims if isinstance(leaf, FactHolds) else ()


def _expected(condition: Condition, truth_of: Callable[[Leaf], Truth], unknown: float) -> float:
    """What an unknown condition counts: the policy's number at each unknown leaf, its complement under `not`.

    That a capability is absent is the negation of its presence.
    """
    if isinstance(condition, AllOf):
        return min(_expected(part, truth_of, unknown) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return max(_expected(part, truth_of, unknown) for part in condition.parts)
    if isinstance(condition, Not):
        return 1 - _expected(condition.part, truth_of, unknown)
    at_unknown = unknown if not isinstance(condition, FactHolds) or condition.present else 1 - unknown
    return {Truth.YES: 1.0, Truth.NO: 0.0, Truth.UNKNOWN: at_unknown}[truth_of(condition)]
