"""Monthly costs as records, and in words: of when and where its prices are, and what the sum leaves out.

An example: "at least 83 USD/month (United States price); not included: carrier fees; no price is known for Outgoing
call minutes (3000)". Without these words the sum would look like the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from provider_advisor.decision import Cost, CostItem
from provider_advisor.explanation import model
from provider_advisor.explanation.words import (
    bound_text_of,
    capital,
    claim_text,
    describe_priced,
    joined,
    money_text,
    shortened,
    usage_label,
    volume_text,
)
from provider_advisor.knowledge import Fact, Facts, KnowledgeBase
from provider_advisor.knowledge.conditions import AT
from provider_advisor.logic import Interval, Truth
from provider_advisor.requirements.statement import get_ends


def record_cost(cost: Cost, facts: Facts, asked: Mapping[str, Sequence[str]] | None = None) -> model.CostRecord:
    """Return a monthly cost as a record; `asked` are members that the team asks something of, by their list."""
    computed = next((criterion for criterion in facts.knowledge.criteria.values() if criterion.computed), None)
    return model.CostRecord(
        low=_least(cost.amount),
        high=cost.amount.high,
        unit="" if computed is None else str(computed.unit),
        criterion=None if computed is None else computed.id,
        items=[_record_item(item, facts, _list_unpriced(item, cost, facts, asked or {})) for item in cost.items],
    )


def _record_item(item: CostItem, facts: Facts, unpriced: list[str]) -> model.CostItemRecord:
    price, claims = item.price, () if item.price is None else item.price.claims
    return model.CostItemRecord(
        usage={name: _record_used(get_ends(used)) for name, used in item.usage.items()},
        criterion=price.criterion if price is not None else None,
        price=_list_claims(price) if price is not None else None,
        by_quote=item.by_quote,
        priced_members=list(item.priced_members),
        unconverted=[claim_text(claim) for claim in item.unconverted],
        notes=list(dict.fromkeys(claim.note for claim in claims if claim.note)),
        plus=[] if price is None else list(price.plus),
        price_of=None if price is None else price.price_of,
        unpriced_members=unpriced,
        out_of_date=str(price.newest) if price is not None and facts.is_stale(price) else None,
        low=_least(item.amount),
        high=item.amount.high,
        instead=[model.OtherPriceRecord(criterion=fact.criterion, price=_list_claims(fact)) for fact in item.instead],
        beside=[_name_free(fact, facts.knowledge) for fact in item.beside],
        evidence=[
            model.LineRecord(source=claim.source, line=claim.line, as_of=claim.stated.isoformat(), place=claim.place)
            for claim in claims
        ],
    )


def _list_unpriced(item: CostItem, cost: Cost, facts: Facts, asked: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the members that are asked about but have no price of their own, where one without a member is taken."""
    if item.price is None or any(AT in name for name in item.usage):
        return []
    price = facts.knowledge.criteria[item.price.criterion]
    apart = {name.partition(AT)[2] for name in cost.usage if name.partition(AT)[0] in item.usage}
    return [
        member
        for member in asked.get(price.of_each or "", ())
        if member not in {*apart, item.price.price_of}
        and facts(cost.provider, f"{price.id}{AT}{member}").amount is None
    ]


def _least(amount: Interval) -> float:
    return 0 if amount.low is None else amount.low


def _record_used(ends: Interval) -> float | list[float]:
    low, high = ends.low or 0, ends.high or 0
    return low if low == high else [low, high]


def _name_free(fact: Fact, knowledge: KnowledgeBase) -> str:
    label = knowledge.criteria[fact.criterion].label
    return label if fact.truth is Truth.YES else f"{label}: {_list_claims(fact)}"


def _list_claims(fact: Fact) -> str:
    return joined(list(dict.fromkeys(claim_text(claim) for claim in fact.claims)))


# In words


def describe_cost(cost: model.CostRecord, knowledge: KnowledgeBase) -> str:
    """Return a cost in words: "600 to 1200 USD/month (2022 price)", "at least 83 USD/month; not included: fees"."""
    return "; ".join([describe_sum(cost, knowledge), *_list_gaps(cost, knowledge)])


def describe_sum(cost: model.CostRecord, knowledge: KnowledgeBase) -> str:
    """Return the amount and what kind of prices it is made of, without what it leaves out."""
    said = f"{money_text(cost.low, cost.high)} {cost.unit}"
    kinds = list(_list_kinds(cost, knowledge))
    return f"{said} ({', '.join(kinds)})" if kinds else said


def _list_kinds(cost: model.CostRecord, knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield what kind of prices it is made of, if they are of a member or out of date: "2022 price of Outgoing SMS"."""
    priced = [item for item in cost.items if item.criterion is not None]
    found: dict[str, list[model.CostItemRecord]] = {}
    for item in priced:
        for kind in (_price_place(item, knowledge), (item.out_of_date or "")[:4]):
            if kind:
                found.setdefault(kind, []).append(item)
    for kind, items in found.items():
        names = joined([usage_label(name, knowledge) for item in items for name in item.usage])
        every = f"{kind} {'price' if len(items) == 1 else 'prices'}"
        yield every if len(items) == len(priced) else f"{every} of {names}"


def list_gaps(answer: model.AnswerRecord, provider: model.ProviderRecord, knowledge: KnowledgeBase) -> list[str]:
    """Return what the cost with a provider leaves out, and the bounds on it that are therefore open, in sentences."""
    gaps = [] if provider.monthly_cost is None else list(_list_gaps(provider.monthly_cost, knowledge))
    for finding in answer.findings:
        criterion = knowledge.criteria.get(finding.criterion or "")
        is_open = finding.provider == provider.id and finding.outcome == "unknown" and finding.bound is not None
        if is_open and criterion is not None and criterion.computed:
            gaps.append(f"it is not known whether the cost is {bound_text_of(finding.bound, criterion)}")
    return [f"{capital(gap)}." for gap in gaps]


def _list_gaps(cost: model.CostRecord, knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield what the sum leaves out: what comes on top of prices, and usage and members without a price."""
    if plus := list(dict.fromkeys(part for item in cost.items for part in item.plus or ())):
        yield f"not included: {joined(plus)}"
    unpriced = [
        f"{usage_label(name, knowledge)} ({volume_text(volume)}{_say_instead(item)})"
        for item in cost.items
        if item.criterion is None and item.high is None
        for name, volume in item.usage.items()
    ]
    if unpriced:
        yield f"no price is known for {joined(unpriced)}"
    elsewhere: dict[str, list[str]] = {}
    for item in cost.items:
        if item.unpriced_members:
            elsewhere.setdefault(_name_unpriced(item, knowledge), []).append(_name_taken(item, knowledge))
    for names, taken in elsewhere.items():
        yield _say_elsewhere(names, list(dict.fromkeys(taken)))


def _say_instead(item: model.CostItemRecord) -> str:
    return ("; by quote only" if item.by_quote else "") + describe_priced(item)


def list_price_remarks(item: model.CostItemRecord, knowledge: KnowledgeBase) -> list[str]:
    """Return what to know of the price of one item: whose it is, and its day if it is out of date."""
    found = [f"{place} price"] if (place := _price_place(item, knowledge)) else []
    found += [f"price of {item.out_of_date}, out of date"] if item.out_of_date else []
    return found


def _price_place(item: model.CostItemRecord, knowledge: KnowledgeBase) -> str:
    return "" if item.price_of is None else member_label(str(item.criterion), item.price_of, knowledge)


def _name_unpriced(item: model.CostItemRecord, knowledge: KnowledgeBase) -> str:
    return shortened([member_label(str(item.criterion), name, knowledge) for name in item.unpriced_members or ()])


def _name_taken(item: model.CostItemRecord, knowledge: KnowledgeBase) -> str:
    """Return which price was taken for members that have none."""
    if place := _price_place(item, knowledge):
        return f"the {place} price"
    of = knowledge.criteria.list_of(str(item.criterion))
    return f"a price that names no {'member' if of is None else of.id}"


def _say_elsewhere(names: str, taken: list[str]) -> str:
    return f"no price is known for {names}; {joined(taken)} {'was' if len(taken) == 1 else 'were'} used instead"


def member_label(criterion: str, member: str, knowledge: KnowledgeBase) -> str:
    """Return a member of a criterion by its label; by its id if the knowledge base no longer has it."""
    of = knowledge.criteria.list_of(criterion)
    return member if of is None or member not in of.members else of.members[member].label
