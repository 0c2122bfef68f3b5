"""Find the facts that leave findings open, and list what a provider could answer when it is asked about one."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from provider_advisor.decision.cost import CostItem
from provider_advisor.decision.findings import Assessment, Finding
from provider_advisor.knowledge import Criterion, Fact, Facts
from provider_advisor.knowledge.conditions import FactHolds, leaves
from provider_advisor.logic import Interval, Number, Truth, compare
from provider_advisor.requirements import services_used

__all__ = [
    "OpenFact",
    "PossibleAnswer",
    "Use",
    "evaluate_leaf",
    "find_askable_facts",
    "find_open_facts",
    "is_open",
    "list_answers",
]


class Use(NamedTuple):
    """How an open finding uses a fact: within a bound, or on its scale if there is none; the finding and its weight."""

    finding: int
    bound: Interval | None
    weight: float


class OpenFact(NamedTuple):
    """A fact on which open findings of its provider rest, by the places of those findings."""

    provider: str
    criterion: str
    uses: tuple[Use, ...]

    @property
    def bounds(self) -> tuple[Interval, ...]:
        """The bounds within which it is not known to lie or not to lie."""
        return tuple(dict.fromkeys(use.bound for use in self.uses if use.bound is not None))

    @property
    def on_scale(self) -> bool:
        """Whether a finding counts where it lies on its scale."""
        return any(use.bound is None for use in self.uses)


def is_open(finding: Finding) -> bool:
    """Whether a finding is not known to the point."""
    return finding.degree.low < finding.degree.high


def find_open_facts(assessment: Assessment, facts: Facts) -> tuple[OpenFact, ...]:
    """The open facts behind a provider's findings, by criterion; those behind a monthly cost are another matter."""
    uses: dict[str, list[Use]] = {}
    for place, finding in enumerate(assessment.findings):
        if is_open(finding) and finding.cost is None:
            for criterion, bound in _open_parts(finding, facts):
                uses.setdefault(criterion, []).append(Use(place, bound, finding.weight))
    return tuple(
        OpenFact(assessment.provider, criterion, tuple(dict.fromkeys(uses[criterion]))) for criterion in sorted(uses)
    )


def _open_parts(finding: Finding, facts: Facts) -> Iterator[tuple[str, Interval | None]]:
    if finding.requirement is not None:
        yield finding.requirement.criterion, finding.requirement.bound
    elif finding.rule is not None and finding.rule.favours is not None:
        for leaf in leaves(finding.rule.favours):
            if isinstance(leaf, FactHolds) and evaluate_leaf(facts, finding.provider, leaf) is Truth.UNKNOWN:
                yield leaf.criterion, leaf.bound


def evaluate_leaf(facts: Facts, provider: str, leaf: FactHolds, supposed: Mapping[str, Truth] | None = None) -> Truth:
    """Whether the leaf's criterion is there, or its amount within the bound, whichever of both the leaf then asks for.

    `supposed` holds capabilities that are taken to be otherwise known. A price for what is lacking is within no bound.
    """
    criterion = facts.knowledge.criteria[leaf.criterion]
    if leaf.bound is None:
        return (supposed or {}).get(leaf.criterion, facts(provider, leaf.criterion).truth)
    if criterion.of is not None:
        paid_for = (supposed or {}).get(criterion.of, facts(provider, criterion.of).truth)
        if paid_for is Truth.NO:
            return Truth.NO
    amount = facts(provider, leaf.criterion).amount
    return Truth.UNKNOWN if amount is None else compare(amount, leaf.bound)


class PossibleAnswer(NamedTuple):
    """One possible answer: the fact as it would then be, and its probability."""

    fact: Fact
    share: float


def find_askable_facts(assessment: Assessment, facts: Facts) -> tuple[OpenFact, ...]:
    """The open facts of a provider, with the prices that leave its monthly cost open, by criterion."""
    uses = {fact.criterion: list(fact.uses) for fact in find_open_facts(assessment, facts)}
    for place, finding in enumerate(assessment.findings):
        if finding.cost is not None and is_open(finding):
            for item in finding.cost.items:
                for price in _open_prices(item, assessment.provider, facts):
                    uses.setdefault(price, []).append(Use(place, None, finding.weight))
    return tuple(OpenFact(assessment.provider, criterion, tuple(uses[criterion])) for criterion in sorted(uses))


def _open_prices(item: CostItem, provider: str, facts: Facts) -> Iterator[str]:
    """The prices of one item that are not known exactly; where none is claimed, each that could be."""
    if item.amount.low == item.amount.high:
        return
    if item.price is None:
        for service in services_used(item.usage, facts.knowledge):
            yield from (price.id for price in service.models)
        return
    for fact in (item.price, *item.instead):
        amount = facts(provider, fact.criterion).amount
        if amount is not None and amount.low != amount.high:
            yield fact.criterion


def list_answers(question: OpenFact, facts: Facts) -> tuple[PossibleAnswer, ...]:
    """The answers that count: present and absent; within a bound and not; the best and the worst end still open.

    A capability is there, and an amount within the only bound that is asked of it, with the policy's p; other amounts
    are equally probable. An amount is one that the claims leave open: on the bound or next to it, or, for what counts
    by its place on the scale, at the end of the scale or of what is open, whichever comes first. Nothing where the
    claims leave no two such amounts.
    """
    criterion = facts.knowledge.criteria[question.criterion]
    fact, p = facts(question.provider, question.criterion), facts.knowledge.policy.unknown
    if criterion.kind == "capability":
        return (
            PossibleAnswer(fact._replace(truth=Truth.YES, disputed=False), p),
            PossibleAnswer(fact._replace(truth=Truth.NO, disputed=False), 1 - p),
        )
    amount = fact.amount or _possible_amount(criterion)
    amounts = sorted(set(_amounts(question, amount, criterion)))
    shares = _shares(question, amounts, p)
    return tuple(
        PossibleAnswer(fact._replace(amount=Interval(answer, answer), disputed=False), share)
        for answer, share in zip(amounts, shares, strict=True)
    )


def _possible_amount(criterion: Criterion) -> Interval:
    """Return what an amount without a claim can be: the words of a rating, as ranks; anything else has no ends."""
    return Interval(0, len(criterion.values) - 1) if criterion.kind == "rating" else Interval()


def _shares(question: OpenFact, amounts: list[Number], p: float) -> list[float]:
    """Met p and unmet 1 - p where one bound is all that counts; otherwise equal parts."""
    if question.on_scale or len(question.bounds) != 1:
        return [1 / len(amounts)] * len(amounts)
    within = [compare(Interval(amount, amount), question.bounds[0]) is Truth.YES for amount in amounts]
    met = sum(within)
    if met in {0, len(amounts)}:
        return [1 / len(amounts)] * len(amounts)
    return [p / met if inside else (1 - p) / (len(amounts) - met) for inside in within]


def _amounts(question: OpenFact, amount: Interval, criterion: Criterion) -> Iterator[Number]:
    worst, best = _scale(criterion)
    for bound in question.bounds:
        yield from _beside(bound, amount, criterion, min(worst, best), max(worst, best))
    if question.on_scale:
        yield from (_nearest(end, amount) for end in (worst, best))


def _scale(criterion: Criterion) -> tuple[Number, Number]:
    if criterion.scale is not None:
        return criterion.scale.worst, criterion.scale.best
    return (len(criterion.values) - 1, 0) if criterion.lower_is_better else (0, len(criterion.values) - 1)


def _nearest(end: Number, amount: Interval) -> Number:
    """The end of the scale, or that of what is open if it comes first."""
    if amount.low is not None and end < amount.low:
        return amount.low
    return amount.high if amount.high is not None and end > amount.high else end


def _beside(
    bound: Interval, amount: Interval, criterion: Criterion, lowest: Number, highest: Number
) -> Iterator[Number]:
    """The amounts on each end of the bound and just outside it, as far as the claims leave them open."""
    whole = criterion.whole or criterion.kind == "rating"
    found: list[Number] = []
    if bound.low is not None:
        floor = _first(amount.low, min(lowest, bound.low - 1))
        found += [bound.low, bound.low - 1 if whole else (bound.low + floor) / 2]
    if bound.high is not None:
        ceiling = _first(amount.high, max(highest, bound.high + 1))
        found += [bound.high, bound.high + 1 if whole else (bound.high + ceiling) / 2]
    yield from _left_open(_with_middle(found, bound, amount), amount)


def _with_middle(found: list[Number], bound: Interval, amount: Interval) -> list[Number]:
    """With an amount inside, where neither end of the bound is left open."""
    inside = amount.intersect(bound)
    if any(compare(Interval(end, end), inside) is Truth.YES for end in found):
        return found
    ends = [end for end in (inside.low, inside.high) if end is not None]
    return [*found, sum(ends) / len(ends)] if ends else found


def _left_open(found: Iterable[Number], amount: Interval) -> Iterator[Number]:
    yield from (answer for answer in found if compare(Interval(answer, answer), amount) is Truth.YES)


def _first(end: Number | None, other: Number) -> Number:
    return other if end is None else end
