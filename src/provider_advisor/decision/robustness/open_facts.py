"""Find the facts that leave findings open, and list the answers that a provider could give.

An example: at least 90 countries are a must, and Acme is known to reach more than 80. Its answer could be any whole
number from 81, but only two matter: 90, which meets the must, and 89, which does not. If a wish also counts more
countries as better, the number itself matters; then the end of the scale, say 200, and 81 are tried as well.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from provider_advisor.decision.cost import CostItem, multiply_volumes
from provider_advisor.decision.degrees import evaluate_fact, grade_amount, scale_ends
from provider_advisor.decision.findings import Assessment, Finding
from provider_advisor.decision.verdict import list_criteria_behind
from provider_advisor.knowledge import Criterion, Fact, Facts, KnowledgeBase
from provider_advisor.knowledge.conditions import AT, FactHolds, leaves
from provider_advisor.knowledge.criteria import split_member
from provider_advisor.logic import ABSENT, Interval, Number, Truth, compare

_DIGITS = 12

_CENT = 0.01
"""The step of a computed cost, which has no scale."""


class Use(NamedTuple):
    """How an open finding uses a fact: within a bound, or on its scale if there is none; the finding and its weight."""

    finding: int
    bound: Interval | None
    weight: float


class OpenFact(NamedTuple):
    """A fact that open findings of its provider depend on, by the places of those findings."""

    provider: str
    criterion: str
    uses: tuple[Use, ...]

    @property
    def bounds(self) -> tuple[Interval, ...]:
        """Return the bounds for which it is not known whether it lies within."""
        return tuple(dict.fromkeys(use.bound for use in self.uses if use.bound is not None))

    @property
    def on_scale(self) -> bool:
        """Return whether a finding depends on the position on its scale."""
        return any(use.bound is None for use in self.uses)


def is_open(finding: Finding) -> bool:
    """Return whether a finding is not exactly known."""
    return finding.degree.low < finding.degree.high


def find_open_facts(assessment: Assessment, facts: Facts) -> tuple[OpenFact, ...]:
    """Return the open facts behind a provider's findings, by criterion, except those of a monthly cost."""
    uses: dict[str, list[Use]] = {}
    for place, finding in enumerate(assessment.findings):
        if is_open(finding) and finding.cost is None:
            for criterion, bound in _find_open_parts(finding, facts):
                uses.setdefault(criterion, []).append(Use(place, bound, finding.weight))
    return tuple(
        OpenFact(assessment.provider, criterion, tuple(dict.fromkeys(uses[criterion]))) for criterion in sorted(uses)
    )


def _find_open_parts(finding: Finding, facts: Facts) -> Iterator[tuple[str, Interval | None]]:
    """Yield what leaves a finding open: its fact, and the capability that a price pays for, if unknown."""
    for name, bound in _asked_facts(finding, facts):
        criterion, fact = facts.knowledge.criteria[name], facts(finding.provider, name)
        if criterion.kind == "capability":
            is_unknown = fact.truth is Truth.UNKNOWN
        elif bound is None:
            degree = grade_amount(fact, criterion)
            is_unknown = degree.low < degree.high
        else:
            is_unknown = fact.amount is None or compare(fact.amount, bound) is Truth.UNKNOWN
        if is_unknown:
            yield name, bound
        # Even a known price leaves the finding open until it is known that there is something to pay for.
        if criterion.of is not None and facts(finding.provider, criterion.of).truth is Truth.UNKNOWN:
            yield criterion.of, None


def _asked_facts(finding: Finding, facts: Facts) -> Iterator[tuple[str, Interval | None]]:
    """Yield what an open finding asks of its provider; for a condition or a choice, only the unknown parts."""
    is_single = finding.requirement is not None and not finding.degree.parts
    for name, bound in list_asked(finding, facts.knowledge):
        is_known = not is_single and (
            evaluate_fact(facts, finding.provider, facts.knowledge.criteria[name], bound) is not Truth.UNKNOWN
        )
        if not is_known:
            yield name, bound


def list_asked(finding: Finding, knowledge: KnowledgeBase) -> Iterator[tuple[str, Interval | None]]:
    """Yield the criteria whose facts a finding asks about, each with the bound on an amount; those of all its parts."""
    if finding.requirement is not None:
        name, bound = finding.requirement.criterion, finding.requirement.bound
        # Whether a capability is present is one question, also if it must be absent.
        parts = knowledge.criteria[name].any_of or [FactHolds(name, None if bound == ABSENT else bound)]
        yield from ((part.criterion, part.bound) for part in parts)
    elif finding.rule is not None and finding.rule.favours is not None:
        for leaf in leaves(finding.rule.favours):
            if isinstance(leaf, FactHolds):
                yield leaf.criterion, leaf.bound


class PossibleAnswer(NamedTuple):
    """One possible answer: the fact as it would then be, and its probability."""

    fact: Fact
    share: float


def find_askable_facts(assessment: Assessment, facts: Facts) -> tuple[OpenFact, ...]:
    """Return the open facts of a provider, with the prices that leave its monthly cost open, by criterion.

    The findings on a criterion depend on its members too: 300 seats in one place are 300 seats somewhere. So bounds on
    the criterion also apply to answers about a member.
    """
    uses = {fact.criterion: list(fact.uses) for fact in find_open_facts(assessment, facts)}
    for name, own in uses.items():
        if AT in name:
            own += [use for use in uses.get(split_member(name)[0], ()) if use not in own]
    for place, finding in enumerate(assessment.findings):
        if finding.cost is not None and is_open(finding):
            for item in finding.cost.items:
                for price in _open_prices(item, assessment.provider, facts):
                    limits = _list_limits(facts.knowledge.criteria[price], item, finding, facts)
                    own = [Use(place, limit, finding.weight) for limit in (None, *limits)]
                    uses.setdefault(price, []).extend(own)
    return tuple(OpenFact(assessment.provider, criterion, tuple(uses[criterion])) for criterion in sorted(uses))


def _open_prices(item: CostItem, provider: str, facts: Facts) -> Iterator[str]:
    """Yield the prices of one item that are not known exactly; what is known by tiers, and in full, is."""
    if item.amount.low == item.amount.high:
        return
    yield from item.missing
    for fact in (item.price, *item.instead):
        known = None if fact is None else facts.of_no_member(provider, fact.criterion)
        if known is None or known.amount is None or (known.tiers and known.amount.high is not None):
            continue
        if known.amount.low != known.amount.high:
            yield known.criterion


def _list_limits(price: Criterion, item: CostItem, finding: Finding, facts: Facts) -> Iterator[Interval]:
    """Yield bounds on a price beyond its scale, if the cost has a bound: the highest that can be, or what breaks it.

    A missing price may be dearer than the end of its scale: 50 hours at 10, the worst, cost 500, and so may meet a
    limit of 1,000 a month; above 20 they break it. Where a volume is a range, its upper end breaks the limit first.
    """
    bound = None if finding.requirement is None else finding.requirement.bound
    if bound is None or bound.high is None or finding.cost is None:
        return
    known = facts.of_no_member(finding.provider, price.id).amount
    if known is not None and known.high is not None:
        limits = [known.high]
    else:
        left = bound.high - (finding.cost.amount.low or 0) + (item.amount.low or 0)
        volumes = sorted(set(multiply_volumes(price.usage, item.usage)) - {0})
        limits = [round(left / volume, _DIGITS) for volume in volumes]
    yield from (Interval(None, limit) for limit in limits if limit >= max(scale_ends(price)))


def find_uses(assessment: Assessment, criterion: str, facts: Facts) -> OpenFact:
    """Return a fact of a provider, open or not, with all findings that depend on it."""
    uses = []
    for place, finding in enumerate(assessment.findings):
        if criterion in list_criteria_behind(finding, facts.knowledge):
            asked = dict(list_asked(finding, facts.knowledge))
            uses.append(Use(place, asked.get(criterion), finding.weight))
    return OpenFact(assessment.provider, criterion, tuple(uses))


def list_confirmations(question: OpenFact, facts: Facts) -> tuple[PossibleAnswer, ...]:
    """Return the answers that a provider can give about an out-of-date fact: that it still holds, and others.

    The first has the claims of the fact. The others are those that count if it were not known at all.
    """
    fact, p = facts(question.provider, question.criterion), facts.knowledge.policy.unknown
    others = list_answers(question, facts.supposing(Fact(question.provider, question.criterion)))
    if facts.knowledge.criteria[question.criterion].kind == "capability":
        return tuple(
            part._replace(fact=fact) if part.fact.truth is fact.truth else part
            for part in sorted(others, key=lambda part: part.fact.truth is not fact.truth)
        )
    # "It still holds" has the policy's p, and the other answers share the rest in proportion.
    left = [part for part in others if part.fact.amount != fact.amount]
    total = sum(part.share for part in left)
    shares = [(1 - p) * part.share / total for part in left] if total else []
    return (
        PossibleAnswer(fact, p if left else 1),
        *(part._replace(share=share) for part, share in zip(left, shares, strict=False)),
    )


def list_answers(question: OpenFact, facts: Facts) -> tuple[PossibleAnswer, ...]:
    """Return the answers that count: present and absent; within a bound and not; the best and the worst still open.

    A capability is there, and an amount within the only bound that is asked of it, with the policy's p; other amounts
    are equally probable. An amount is one that the claims leave open and that can be at all (`_keep_possible`): on
    the bound or next to it, or, for what counts by its place on the scale, at the end of the scale or of what is
    open, whichever comes first.
    """
    criterion = facts.knowledge.criteria[question.criterion]
    fact, p = facts(question.provider, question.criterion), facts.knowledge.policy.unknown
    if criterion.kind == "capability":
        return (
            PossibleAnswer(fact._replace(truth=Truth.YES, disputed=False), p),
            PossibleAnswer(fact._replace(truth=Truth.NO, disputed=False), 1 - p),
        )
    amounts = sorted(set(_list_amounts(question, fact.amount or Interval(), criterion)))
    shares = _share_out(question, amounts, p)
    return tuple(
        PossibleAnswer(fact._replace(amount=Interval(answer, answer), disputed=False), share)
        for answer, share in zip(amounts, shares, strict=True)
    )


def _share_out(question: OpenFact, amounts: list[Number], p: float) -> list[float]:
    """Return p for what meets and 1 - p for what fails where one bound is all that counts; otherwise equal parts."""
    # The policy does not say how likely amounts are with two bounds, or on a scale.
    if question.on_scale or len(question.bounds) != 1:
        return [1 / len(amounts)] * len(amounts)
    within = [compare(Interval(amount, amount), question.bounds[0]) is Truth.YES for amount in amounts]
    met = sum(within)
    if met in {0, len(amounts)}:
        return [1 / len(amounts)] * len(amounts)
    return [p / met if inside else (1 - p) / (len(amounts) - met) for inside in within]


def _list_amounts(question: OpenFact, claimed: Interval, criterion: Criterion) -> Iterator[Number]:
    """Yield amounts within what is claimed: two at each bound, and the ends of the scale if they count."""
    if question.on_scale:
        yield from list_neighbours(question.bounds, claimed, criterion)
        return
    for bound in question.bounds:
        yield from _keep_possible(_list_beside(bound, claimed, criterion), claimed, criterion)


def _clamp(end: Number, claimed: Interval, criterion: Criterion) -> Number:
    """Return the end of the scale, or that of what is open if it comes first; just above "more than" an amount."""
    if claimed.low is not None and end <= claimed.low:
        return _step_from(claimed.low, claimed.high, criterion) if claimed.above else max(end, claimed.low)
    return claimed.high if claimed.high is not None and end > claimed.high else end


def find_floor(criterion: Criterion) -> Number:
    """Return the lowest possible amount."""
    return -math.inf if criterion.floor is None else criterion.floor


def _list_beside(bound: Interval, claimed: Interval, criterion: Criterion) -> list[Number]:
    """Return the amounts on each end of the bound and just outside it, and one inside if neither end is left open."""
    # "At least 90" gives 90 and, of whole numbers, 89; with the first it is met, with the second it is not.
    found: list[Number] = []
    if bound.low is not None:
        found += [
            bound.low,
            _step_from(bound.low, find_floor(criterion) if claimed.low is None else claimed.low, criterion),
        ]
    if bound.high is not None:
        found += [bound.high, _step_from(bound.high, claimed.high, criterion)]
    inside = claimed.intersect(bound)
    ends = [end for end in (inside.low, inside.high) if end is not None]
    if ends and not any(compare(Interval(end, end), inside) is Truth.YES for end in found):
        found.append(sum(ends) / len(ends))
    return found


def _step_from(end: Number, limit: Number | None, criterion: Criterion) -> Number:
    """Return the amount next to an end on the way to a limit, upwards without one: the next whole one, or just beside.

    A fractional amount has no next one. A millionth of the scale changes a score by less than anyone would notice, but
    more than the nine digits with which scores are compared.
    """
    up = limit is None or limit > end
    if criterion.whole or criterion.kind == "rating":
        return end + 1 if up else end - 1
    step = _find_step(criterion)
    if limit is not None and abs(limit - end) < 2 * step:
        return (end + limit) / 2
    return round(end + step if up else end - step, _DIGITS)


def list_past(ends: Sequence[Number], limit: Number | None, criterion: Criterion) -> list[Number]:
    """Return the amounts just past ends that are known, each before the next end, on the way to a limit (None: up)."""
    last = len(criterion.values) - 1 if criterion.kind == "rating" and limit is None else limit
    limits = [*ends[1:], last] if ends else []
    return [_step_from(end, next_, criterion) for end, next_ in zip(ends, limits, strict=True) if end != last]


def _find_step(criterion: Criterion) -> float:
    if criterion.computed:
        return _CENT
    # A millionth of the scale, as a power of ten.
    worst, best = scale_ends(criterion)
    return max(10.0 ** (math.floor(math.log10(abs(best - worst))) - 6), 10.0**-_DIGITS)


def are_neighbours(one: Number, other: Number, criterion: Criterion) -> bool:
    """Return whether no amount that counts lies between two amounts."""
    whole = criterion.whole or criterion.kind == "rating"
    return abs(one - other) < (2 if whole else 2.5 * _find_step(criterion))


def list_neighbours(bounds: Iterable[Interval], possible: Interval, criterion: Criterion) -> Iterator[Number]:
    """Yield the possible amounts between which nothing but the place on the scale counts.

    They are those at the bounds and next to them, the ends of the scale, or of what is possible if they come first, and
    the points where the scale bends.
    """
    for bound in bounds:
        yield from _keep_possible(_list_beside(bound, possible, criterion), possible, criterion)
    bends = [] if criterion.scale is None else [at for at, _ in criterion.scale.points]
    yield from _keep_possible(bends, possible, criterion)
    yield from (_clamp(end, possible, criterion) for end in scale_ends(criterion))


def find_nearest_end(amount: Number, criterion: Criterion) -> Number | None:
    """Return the amount that this one lies just beside, as `list_answers` has it; None of any other amount."""
    if criterion.whole or criterion.scale is None:
        return None
    # A step is smaller than the digits in which ends are written, so rounding to one digit less returns the end:
    # 100.0001 becomes 100, on a scale of some hundreds.
    step = _find_step(criterion)
    end = round(amount, max(0, round(-math.log10(step)) - 1))
    return end if 0 < abs(amount - end) <= 1.5 * step else None


def _keep_possible(amounts: Iterable[Number], claimed: Interval, criterion: Criterion) -> Iterator[Number]:
    """Yield those that the claims leave open and that can be: none below the floor, a rating is one of its words."""
    can_be = Interval(criterion.floor, len(criterion.values) - 1 if criterion.kind == "rating" else None)
    for amount in amounts:
        point = Interval(amount, amount)
        if claimed.holds(point) and can_be.holds(point):
            yield amount
