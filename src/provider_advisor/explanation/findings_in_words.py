"""Put what is known about each provider into words: findings, ends and changes of facts, and monthly costs.

Three examples of what a finding says. "has it (Acme Meet); ends on 2027-01-31 (announced on 2026-09-01)": a capability,
its product and an end that lies ahead. "65 countries; this does not settle it": an amount that leaves its bound open.
"at least 83 USD/month (United States price); not included: carrier fees; no price is known for Outgoing call minutes
(3000)": a monthly cost, with when and where its prices are from and what it leaves out. Without these words, the sum
would look complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from provider_advisor.decision import Cost, CostItem, Decision, Finding
from provider_advisor.decision.degrees import GradedPart
from provider_advisor.decision.findings import list_used_facts
from provider_advisor.explanation import model
from provider_advisor.explanation.words import (
    bound_text_of,
    capital,
    claim_text,
    claims_text,
    describe_priced,
    joined,
    money_text,
    shortened,
    usage_label,
    volume_text,
)
from provider_advisor.knowledge import Claim, Fact, Facts, KnowledgeBase
from provider_advisor.knowledge.conditions import AT
from provider_advisor.knowledge.criteria import get_bound
from provider_advisor.knowledge.records import Notice
from provider_advisor.logic import Interval, Truth
from provider_advisor.requirements import Requirement
from provider_advisor.requirements.statement import get_ends

_CONDITION: dict[Truth | None, str] = {
    Truth.YES: "meets the condition",
    Truth.NO: "does not meet the condition",
}
_HAS = {
    "stated": ("has it", "does not have it"),
    "contrast": ("has it (implied)", "does not have it (implied)"),
    "ambiguous": ("probably has it", "probably does not have it"),
}
"""The words for a capability's strongest evidence, if present and if absent."""

_NAMES = frozenset({"renamed", "renames"})
_OF_THE_ANSWER = _NAMES | {"withdrawn"}


def explain_presence(finding: Finding, knowledge: KnowledgeBase) -> str:
    """Return why the requirement or rule counts: the rule's reason, or that the team asks for it."""
    if finding.rule is not None:
        return finding.rule.because
    if finding.requirement is not None and finding.requirement.implied_by:
        return " ".join(knowledge.rules[rule].because for rule in finding.requirement.implied_by)
    return "The team asks for it."


def explain_finding(finding: Finding, facts: Facts) -> str:
    """Return what is known about the provider here: "has it (Twilio Video API)", "not known: …"."""
    fact, knowledge = finding.degree.fact, facts.knowledge
    if finding.cost is not None:
        return describe_cost(record_cost(finding.cost, facts), knowledge)
    if fact is None:
        parts = [_explain_part(part, finding, facts) for part in finding.degree.parts]
        return "; ".join(parts) or _CONDITION.get(finding.degree.truth, "not known whether the condition is met")
    if not fact.claims:
        silent = "the claims are older than you allow" if fact.aged else "no claim confirms or denies it"
        return f"not known: {describe_notices(fact, knowledge) or silent}"
    requirement = finding.requirement
    if requirement is not None and fact.criterion != requirement.criterion:
        # The price, or another amount, of something that the provider does not offer.
        label = knowledge.criteria[fact.criterion].label
        return f"does not offer what this is for: {_capability_says(fact, knowledge)} ({label})"
    if knowledge.criteria[fact.criterion].kind == "capability":
        return _capability_says(fact, knowledge)
    return _amount_says(fact, finding, knowledge)


def _explain_part(part: GradedPart, finding: Finding, facts: Facts) -> str:
    """Return what is known of one part of a choice: "WhatsApp: has it (Twilio Messaging)"."""
    asked, label = part.asked, facts.knowledge.criteria[part.asked.criterion].label
    requirement = Requirement(asked.criterion, "should", get_bound(asked))
    return f"{label}: {explain_finding(finding._replace(requirement=requirement, degree=part.degree), facts)}"


def list_deciding(finding: Finding) -> list[Fact]:
    """Return the facts that decide a finding: for a choice those of its parts; none for a condition or a cost."""
    degrees = [finding.degree, *(part.degree for part in finding.degree.parts)]
    return [degree.fact for degree in degrees if degree.fact is not None]


def _capability_says(fact: Fact, knowledge: KnowledgeBase) -> str:
    if fact.disputed:
        return "disputed: the sources contradict each other"
    notices = describe_notices(fact, knowledge)
    if has_ended(fact):
        return f"no longer has it{_products(fact, knowledge)}: {notices}"
    present, absent = _HAS[_strongest_evidence(fact.claims)]
    said = (present if fact.truth is Truth.YES else absent) + _products(fact, knowledge)
    return f"{said}; {notices}" if notices else said


def _strongest_evidence(claims: Sequence[Claim]) -> str:
    found = {claim.evidence for claim in claims}
    return next((kind for kind in ("stated", "contrast") if kind in found), "ambiguous")


def _products(fact: Fact, knowledge: KnowledgeBase) -> str:
    """Return the products in brackets; those named only in ambiguous texts follow: " (Talk; probably also Text)".

    If everything is ambiguous, the words before the brackets say so.
    """
    provider = knowledge.providers[fact.provider]
    plain = [claim for claim in fact.claims if claim.evidence != "ambiguous"]
    named, every = (
        dict.fromkeys(provider.products[claim.belongs_to].name for claim in claims if claim.belongs_to)
        for claims in (plain or fact.claims, fact.claims)
    )
    probable = [name for name in every if name not in named]
    said = [joined(list(named)), f"probably also {joined(probable)}" if probable else ""]
    return f" ({'; '.join(filter(None, said))})" if every else ""


def _amount_says(fact: Fact, finding: Finding, knowledge: KnowledgeBase) -> str:
    said = claims_text(fact.claims)
    if fact.price_of is not None:
        said += f" ({member_label(fact.criterion, fact.price_of, knowledge)} price)"
    if fact.disputed:
        return f"disputed: {said}"
    doubt = " (the source is ambiguous)" if _strongest_evidence(fact.claims) == "ambiguous" else ""
    paid_for = finding.degree.paid_for
    if paid_for is not None:
        label = knowledge.criteria[paid_for.criterion].label
        return f"{said}{doubt}; not known whether it offers what this is for ({label})"
    open_end = "; this does not settle it" if finding.degree.truth is Truth.UNKNOWN else ""
    notices = describe_notices(fact, knowledge)
    return f"{said}{doubt}{open_end}{f'; {notices}' if notices else ''}"


# Changes of facts over time: ends, beginnings, new names


def describe_notices(fact: Fact, knowledge: KnowledgeBase) -> str:
    """Return the ends and changes behind a fact as a list in words; empty if there are none.

    A new product name and a withdrawn end do not change the fact, so the answer lists them separately.
    """
    ends = (notice for notice in fact.notices if notice.kind not in _OF_THE_ANSWER)
    return joined(list(dict.fromkeys(_describe_notice(notice, knowledge) for notice in ends)))


def has_ended(fact: Fact) -> bool:
    """Return whether a capability is absent because it, or the product that had it, ended."""
    return fact.truth is Truth.NO and any(
        notice.kind in {"ended", "product-ended", "closed-to-new"} for notice in fact.notices
    )


def _describe_notice(notice: Notice, knowledge: KnowledgeBase) -> str:
    said = ""
    if notice.stated is not None:
        said = f" ({'announced' if notice.stated < notice.day else 'stated'} on {notice.stated})"
    if notice.claim is not None:
        return _describe_noticed_claim(notice, notice.claim, said)
    made = knowledge.providers[notice.provider].products[str(notice.product)]
    product = made.name
    if made.renamed is not None and notice.kind in _NAMES:
        is_called = "has been called" if notice.kind == "renamed" else "will be called"
        return f"{product} {is_called} {made.renamed.name} {_since(notice)}{said}"
    if notice.kind in {"closed-to-new", "closes-to-new"}:
        own = (
            "; it stays open to this team, which is already a customer"
            if notice.provider in knowledge.scope.customer_of
            else ""
        )
        is_closed = "has been closed" if notice.kind == "closed-to-new" else "will be closed"
        return f"{product} {is_closed} to new customers {_since(notice)}{said}{own}"
    return f"{product} {'ended' if notice.kind == 'product-ended' else 'ends'} on {notice.day}{said}"


def _describe_noticed_claim(notice: Notice, claim: Claim, said: str) -> str:
    if notice.kind == "withdrawn":
        return f"the end on {notice.day}, announced on {claim.stated}, was withdrawn on {notice.stated}"
    if notice.kind == "starts":
        return f"{claim_text(claim)} from {notice.day} on{said}"
    if claim.value != "present":  # an absence or a price cannot end like an offer
        return f"{'was ' if notice.kind == 'ended' else ''}{claim_text(claim)} until {notice.day}{said}"
    return f"{'ended' if notice.kind == 'ended' else 'ends'} on {notice.day}{said}"


def _since(notice: Notice) -> str:
    return f"since {notice.day}" if notice.kind in {"closed-to-new", "renamed"} else f"from {notice.day} on"


def find_notices(decision: Decision) -> list[model.NoticeRecord]:
    """Return the ends and changes of all facts that the answer uses, each once."""
    knowledge = decision.facts.knowledge
    found: dict[tuple[Any, ...], model.NoticeRecord] = {}
    for fact in _find_used(decision):
        for notice in fact.notices:
            # A new name belongs to the product, and is mentioned once, whatever its criteria.
            asked = "" if notice.kind in _NAMES else notice.criterion
            key = (notice.provider, asked, notice.product, notice.kind, notice.day)
            found.setdefault(
                key,
                model.NoticeRecord(
                    provider=notice.provider,
                    product=notice.product,
                    criterion=notice.criterion,
                    kind=notice.kind,
                    day=notice.day.isoformat(),
                    stated=None if notice.stated is None else notice.stated.isoformat(),
                    source=notice.source,
                    line=notice.line,
                    says=say_notice(notice, knowledge),
                ),
            )
    return list(found.values())


def say_notice(notice: Notice, knowledge: KnowledgeBase) -> str:
    """Return an end or a change as a sentence: "Acme, Fax: ends on 2027-01-31 (announced on 2026-09-01)."."""
    name, label = knowledge.providers[notice.provider].name, knowledge.criteria[notice.criterion].label
    about = name if notice.kind in _NAMES else f"{name}, {label}"
    return f"{about}: {_describe_notice(notice, knowledge)}."


def _find_used(decision: Decision) -> Iterator[Fact]:
    for assessment in decision.outcome.assessments:
        for finding in assessment.findings:
            yield from list_used_facts(finding, decision.facts)
        for item in assessment.cost.items if assessment.cost is not None else ():
            if item.price is not None:
                yield item.price


# What a month costs


def record_cost(cost: Cost, facts: Facts, asked: Mapping[str, Sequence[str]] | None = None) -> model.CostRecord:
    """Return a monthly cost as a record; `asked` are the members in the team's requirements, by list."""
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
        price=claims_text(price.claims) if price is not None else None,
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
        instead=[
            model.OtherPriceRecord(criterion=fact.criterion, price=claims_text(fact.claims)) for fact in item.instead
        ],
        beside=[_name_free(fact, facts.knowledge) for fact in item.beside],
        evidence=[
            model.LineRecord(source=claim.source, line=claim.line, as_of=claim.stated.isoformat(), place=claim.place)
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


def _least(amount: Interval) -> float:
    return 0 if amount.low is None else amount.low


def _record_used(ends: Interval) -> float | list[float]:
    low, high = ends.low or 0, ends.high or 0
    return low if low == high else [low, high]


def _name_free(fact: Fact, knowledge: KnowledgeBase) -> str:
    label = knowledge.criteria[fact.criterion].label
    return label if fact.truth is Truth.YES else f"{label}: {claims_text(fact.claims)}"


def describe_cost(cost: model.CostRecord, knowledge: KnowledgeBase) -> str:
    """Return a cost in words: "600 to 1200 USD/month (2022 price)", "at least 83 USD/month; not included: fees"."""
    return "; ".join([describe_sum(cost, knowledge), *_list_gaps(cost, knowledge)])


def describe_sum(cost: model.CostRecord, knowledge: KnowledgeBase) -> str:
    """Return the amount and the kind of its prices, without what is not included."""
    said = f"{money_text(cost.low, cost.high)} {cost.unit}"
    kinds = list(_list_kinds(cost, knowledge))
    return f"{said} ({', '.join(kinds)})" if kinds else said


def _list_kinds(cost: model.CostRecord, knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield the kinds of prices that are for a member or out of date: "2022 price of Outgoing SMS"."""
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
    """Return sentences on what a provider's cost does not include, and on bounds that this leaves open."""
    gaps = [] if provider.monthly_cost is None else list(_list_gaps(provider.monthly_cost, knowledge))
    for finding in answer.findings:
        criterion = knowledge.criteria.get(finding.criterion or "")
        is_open = finding.provider == provider.id and finding.outcome == "unknown" and finding.bound is not None
        if is_open and criterion is not None and criterion.computed:
            gaps.append(f"it is not known whether the cost is {bound_text_of(finding.bound, criterion)}")
    return [f"{capital(gap)}." for gap in gaps]


def _list_gaps(cost: model.CostRecord, knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield what the sum does not include: extras on top of prices, and usage and members without a price."""
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
    """Return notes on an item's price: the member that it is for, and its day if it is out of date."""
    found = [f"{place} price"] if (place := _price_place(item, knowledge)) else []
    found += [f"price of {item.out_of_date}, out of date"] if item.out_of_date else []
    return found


def _price_place(item: model.CostItemRecord, knowledge: KnowledgeBase) -> str:
    return "" if item.price_of is None else member_label(str(item.criterion), item.price_of, knowledge)


def _name_unpriced(item: model.CostItemRecord, knowledge: KnowledgeBase) -> str:
    return shortened([member_label(str(item.criterion), name, knowledge) for name in item.unpriced_members or ()])


def _name_taken(item: model.CostItemRecord, knowledge: KnowledgeBase) -> str:
    """Say which price was used for members without one."""
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
