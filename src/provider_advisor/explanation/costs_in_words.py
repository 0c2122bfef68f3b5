"""What a month costs with a provider, as a record and in words, and what the sum leaves out.

An example: 10,000 texts at 0.0083 USD, and 3,000 call minutes without a known price, are "at least 83 USD/month (United
States price); not included: carrier fees; no price is known for Outgoing call minutes (3000)". Without these words, the
sum would look complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from provider_advisor.decision import Cost, CostItem
from provider_advisor.explanation.answer_records import (
    AnswerRecord,
    CostItemRecord,
    CostRecord,
    LineRecord,
    OtherPriceRecord,
    ProviderRecord,
)
from provider_advisor.explanation.words import (
    amount_text,
    bound_text_of,
    capital,
    claim_text,
    claims_text,
    joined,
    member_label,
    shortened,
    usage_label,
    volume_text,
)
from provider_advisor.knowledge import Fact, Facts, KnowledgeBase
from provider_advisor.knowledge.conditions import AT
from provider_advisor.logic import Interval, Truth
from provider_advisor.requirements.statement import get_ends

_MOST_NAMED = 3


def record_cost(cost: Cost, facts: Facts, asked: Mapping[str, Sequence[str]] | None = None) -> CostRecord:
    """Return a monthly cost as a record; `asked` are the members in the team's requirements, by list."""
    computed = next((criterion for criterion in facts.knowledge.criteria.values() if criterion.computed), None)
    return CostRecord(
        low=cost.amount.low or 0,
        high=cost.amount.high,
        unit="" if computed is None else str(computed.unit),
        criterion=None if computed is None else computed.id,
        items=[_record_item(item, facts, _list_unpriced(item, cost, facts, asked or {})) for item in cost.items],
    )


def _record_item(item: CostItem, facts: Facts, unpriced: list[str]) -> CostItemRecord:
    price, claims = item.price, () if item.price is None else item.price.claims
    return CostItemRecord(
        usage={name: _record_used(get_ends(used)) for name, used in item.usage.items()},
        criterion=price.criterion if price is not None else None,
        price=claims_text(price.claims) if price is not None else None,
        by_quote=item.by_quote,
        priced_members=list(item.priced_members),
        unconverted=[claim_text(claim) for claim in item.unconverted],
        notes=list(dict.fromkeys(claim.note for claim in claims if claim.note)),
        plus=[] if price is None else list(price.plus),
        price_of=None if price is None else price.price_of,
        unpriced_members=unpriced,
        out_of_date=str(price.newest) if price is not None and facts.is_stale(price) else None,
        low=item.amount.low or 0,
        high=item.amount.high,
        instead=[OtherPriceRecord(criterion=fact.criterion, price=claims_text(fact.claims)) for fact in item.instead],
        beside=[_name_free_offer(fact, facts.knowledge) for fact in item.beside],
        evidence=[
            LineRecord(source=claim.source, line=claim.line, as_of=claim.stated.isoformat(), place=claim.place)
            for claim in claims
        ],
    )


def _list_unpriced(item: CostItem, cost: Cost, facts: Facts, asked: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the requested members without a price of their own, if a price without a member is used."""
    if item.price is None or any(AT in name for name in item.usage):
        return []
    # For example, numbers are needed in Germany, but the price of a call is for the United States: nothing says what a
    # call to Germany costs. Members with their own usage or price are not included.
    price = facts.knowledge.criteria[item.price.criterion]
    apart = {name.partition(AT)[2] for name in cost.usage if name.partition(AT)[0] in item.usage}
    return [
        member
        for member in asked.get(price.of_each or "", ())
        if member not in {*apart, item.price.price_of}
        and facts(cost.provider, f"{price.id}{AT}{member}").amount is None
    ]


def _record_used(ends: Interval) -> float | list[float]:
    low, high = ends.low or 0, ends.high or 0
    return low if low == high else [low, high]


def _name_free_offer(fact: Fact, knowledge: KnowledgeBase) -> str:
    label = knowledge.criteria[fact.criterion].label
    return label if fact.truth is Truth.YES else f"{label}: {claims_text(fact.claims)}"


# In words


def money_text(low: float, high: float | None) -> str:
    """Return a monthly cost in cents, because no bill says 37.283333333. Amounts below 1 keep their digits.

    Only texts are rounded so: records, and the comparison with a bound, have the cost of `decision/cost`.

    >>> money_text(37.283333333, None), money_text(0.0083, 1.5)
    ('at least 37.28', '0.0083 to 1.5')
    """
    ends = [end if end is None or abs(end) < 1 else round(end, 2) for end in (low, high)]
    return amount_text(ends[0] or 0, ends[1])


def describe_cost(cost: CostRecord, knowledge: KnowledgeBase) -> str:
    """Return a cost in words: "600 to 1200 USD/month (2022 price)", "at least 83 USD/month; not included: fees"."""
    sums = [] if cost.is_unknown else [describe_sum(cost, knowledge)]
    return "; ".join([*sums, *_list_exclusions(cost, knowledge)])


def describe_sum(cost: CostRecord, knowledge: KnowledgeBase) -> str:
    """Return the amount and the kind of its prices, without what is not included."""
    # A reader who takes only the number must see that it is from 2022, or for another country.
    said = f"{money_text(cost.low, cost.high)} {cost.unit}"
    kinds = list(_list_kinds(cost, knowledge))
    return f"{said} ({', '.join(kinds)})" if kinds else said


def _list_kinds(cost: CostRecord, knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield the kinds of prices that are for a member or out of date: "2022 price of Outgoing SMS"."""
    priced = [item for item in cost.items if item.criterion is not None]
    found: dict[str, list[CostItemRecord]] = {}
    for item in priced:
        for kind in (_name_place(item, knowledge), (item.out_of_date or "")[:4]):
            if kind:
                found.setdefault(kind, []).append(item)
    # "2022 price" if that is true of every price, else "2022 price of Outgoing SMS".
    for kind, items in found.items():
        names = joined([usage_label(name, knowledge) for item in items for name in item.usage])
        every = f"{kind} {'price' if len(items) == 1 else 'prices'}"
        yield every if len(items) == len(priced) else f"{every} of {names}"


def list_price_remarks(item: CostItemRecord, knowledge: KnowledgeBase) -> list[str]:
    """Return notes on an item's price: the member that it is for, and its day if it is out of date."""
    found = [f"{place} price"] if (place := _name_place(item, knowledge)) else []
    return found + ([f"price of {item.out_of_date}, out of date"] if item.out_of_date else [])


def _name_place(item: CostItemRecord, knowledge: KnowledgeBase) -> str:
    """Return the member that a price is for, where the usage names none: "United States"; else nothing."""
    return "" if item.price_of is None else member_label(str(item.criterion), item.price_of, knowledge)


def name_unpriced(answer: AnswerRecord) -> str:
    """Name the providers without any known price for the usage, or count many; empty if there are none."""
    costs = [(part.name, part.monthly_cost) for part in answer.providers if part.monthly_cost is not None]
    names = [name for name, cost in costs if cost.is_unknown]
    if not names:
        return ""
    if len(names) == len(costs) > 1:
        return "None of them has a known price for this usage."
    # Those with a price come before.
    whom = joined(names) if len(names) <= _MOST_NAMED else f"The {len(names)} others"
    return f"{whom} {'has' if len(names) == 1 else 'have'} no known price for this usage."


def list_exclusions(answer: AnswerRecord, provider: ProviderRecord, knowledge: KnowledgeBase) -> list[str]:
    """Return sentences on what a provider's cost does not include, and on bounds that this leaves open."""
    found = [] if provider.monthly_cost is None else list(_list_exclusions(provider.monthly_cost, knowledge))
    for finding in answer.findings:
        criterion = knowledge.criteria.get(finding.criterion or "")
        is_open = finding.provider == provider.id and finding.outcome == "unknown" and finding.bound is not None
        if is_open and criterion is not None and criterion.computed:
            found.append(f"it is not known whether the cost is {bound_text_of(finding.bound, criterion.unit)}")
    return [f"{capital(part)}." for part in found]


def _list_exclusions(cost: CostRecord, knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield what the sum does not include: extras on top of prices, and usage and members without a price."""
    if plus := list(dict.fromkeys(part for item in cost.items for part in item.plus or ())):
        yield f"not included: {joined(plus)}"
    unpriced = [
        f"{usage_label(name, knowledge)} ({volume_text(volume)}{_say_unpriced(item)})"
        for item in cost.items
        if item.criterion is None and item.high is None
        for name, volume in item.usage.items()
    ]
    if unpriced:
        yield f"no price is known for {joined(unpriced)}"
    # Texts and calls to Germany may both be priced as in the United States: one sentence covers both.
    elsewhere: dict[str, dict[str, None]] = {}
    for item in cost.items:
        if item.unpriced_members:
            names = shortened([member_label(str(item.criterion), name, knowledge) for name in item.unpriced_members])
            elsewhere.setdefault(names, {})[_name_used_price(item, knowledge)] = None
    for names, taken in elsewhere.items():
        was = "was" if len(taken) == 1 else "were"
        yield f"no price is known for {names}; {joined(list(taken))} {was} used instead"


def _say_unpriced(item: CostItemRecord) -> str:
    """Say what is known of usage without a price: by quote, in another currency, or for members to name."""
    quote = "; by quote only" if item.by_quote else ""
    if item.unconverted:
        return f"{quote}; it is {joined(item.unconverted)}"
    if not item.priced_members:
        return quote
    more = len(item.priced_members) - _MOST_NAMED
    names = ", ".join(item.priced_members[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{quote}; prices are known for {names}; add one, such as {AT}{item.priced_members[0]}"


def _name_used_price(item: CostItemRecord, knowledge: KnowledgeBase) -> str:
    """Say which price was used for members without one."""
    if place := _name_place(item, knowledge):
        return f"the {place} price"
    of = knowledge.criteria.list_of(str(item.criterion))
    return f"a price that names no {'member' if of is None else of.id}"
