"""Find the facts that leave findings open, and list the answers that a provider could give.

An example: at least 90 countries are a must, and Acme is known to reach more than 80. Its answer could be any whole
number from 81, but only two matter: 90, which meets the must, and 89, which does not. If a wish also counts more
countries as better, the number itself matters; then the end of the scale, say 200, and 81 are tried as well.
"""

from collections.abc import Iterator
from typing import NamedTuple

from provider_advisor.decision.cost import CostItem, multiply_volumes
from provider_advisor.decision.degrees import grade_amount, scale_ends
from provider_advisor.decision.findings import Assessment, Finding
from provider_advisor.decision.robustness.amounts import list_at_bounds, list_neighbours
from provider_advisor.decision.verdict import list_criteria_behind
from provider_advisor.knowledge import Criterion, Fact, Facts, KnowledgeBase
from provider_advisor.knowledge.conditions import FactHolds, leaves
from provider_advisor.knowledge.facts import evaluate_fact
from provider_advisor.logic import ABSENT, Interval, Number, Truth, compare

_DIGITS = 12


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
    for name, bound in _list_open(finding, facts):
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


def _list_open(finding: Finding, facts: Facts) -> Iterator[tuple[str, Interval | None]]:
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
    for place, finding in enumerate(assessment.findings):
        if finding.cost is not None and is_open(finding):
            for item in finding.cost.items:
                for price in _open_prices(item, assessment.provider, facts):
                    limits = _list_limits(facts.knowledge.criteria[price], item, finding, facts)
                    own = [Use(place, limit, finding.weight) for limit in (None, *limits)]
                    uses.setdefault(price, []).extend(own)
    for name, own in uses.items():
        whole = facts.knowledge.criteria[name].counts_for
        if whole is not None:
            own += [use for use in uses.get(whole, ()) if use not in own]
    return tuple(OpenFact(assessment.provider, criterion, tuple(uses[criterion])) for criterion in sorted(uses))


def _open_prices(item: CostItem, provider: str, facts: Facts) -> Iterator[str]:
    """Yield the prices of one item that are not known exactly; what is known by tiers, and in full, is."""
    if item.amount.low == item.amount.high:
        return
    yield from item.missing
    for fact in (item.price, *item.instead):
        known = None if fact is None else facts(provider, fact.criterion)
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
    known = facts(finding.provider, price.id).amount
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
    are equally probable. An amount is on the bound or next to it or, for what counts by its place on the scale, at an
    end (`amounts`).
    """
    criterion = facts.knowledge.criteria[question.criterion]
    fact, p = facts(question.provider, question.criterion), facts.knowledge.policy.unknown
    if criterion.kind == "capability":
        return (
            PossibleAnswer(fact._replace(truth=Truth.YES, disputed=False), p),
            PossibleAnswer(fact._replace(truth=Truth.NO, disputed=False), 1 - p),
        )
    list_amounts = list_neighbours if question.on_scale else list_at_bounds
    amounts = sorted(set(list_amounts(question.bounds, fact.amount or Interval(), criterion)))
    shares = _share_probability(question, amounts, p)
    return tuple(
        PossibleAnswer(fact._replace(amount=Interval(answer, answer), disputed=False), share)
        for answer, share in zip(amounts, shares, strict=True)
    )


def _share_probability(question: OpenFact, amounts: list[Number], p: float) -> list[float]:
    """Return p for what meets and 1 - p for what fails where one bound is all that counts; otherwise equal parts."""
    # The policy does not say how likely amounts are with two bounds, or on a scale.
    if question.on_scale or len(question.bounds) != 1:
        return [1 / len(amounts)] * len(amounts)
    within = [compare(Interval(amount, amount), question.bounds[0]) is Truth.YES for amount in amounts]
    met = sum(within)
    if met in {0, len(amounts)}:
        return [1 / len(amounts)] * len(amounts)
    return [p / met if inside else (1 - p) / (len(amounts) - met) for inside in within]
