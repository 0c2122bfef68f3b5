"""Resolve what all claims on a criterion say together on a given day into a fact, with the claims behind it.

Some examples, of one provider:

    asked              claimed                                      fact
    fax                nothing                                      unknown
    fax                product Office: present, Chat: absent        present: any product will do
    countries          more_than 100, and exactly 180               180: both are true of it
    callers            exactly 250, and exactly 300                 disputed: 250 to 300
    phone-numbers      includes [fr, us]                            present: any member will do
    phone-numbers@de   includes [fr, us]                            unknown
    phone-numbers@de   only [fr, us]                                absent

A newer statement replaces older ones about the same product (see `timeline`), so that claims contradict one another
only if they were stated on one day, or if the newer one is weaker.
"""

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Sequence
from functools import reduce

from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.conditions import AT
from provider_advisor.knowledge.records import Claim, Criterion, Fact, Notice, Rate
from provider_advisor.knowledge.timeline import View, build_view
from provider_advisor.logic import Interval, Truth, any_of

FindFact = Callable[[str, str], Fact]
"""Returns the fact on a provider and a criterion, by their ids."""


class ClaimResolver:
    """Turns the claims of a base into facts as of a day; claims from before the day `oldest` are too old to count."""

    def __init__(self, base: KnowledgeBase, as_of: dt.date, oldest: dt.date | None) -> None:
        self._base, self._as_of, self._oldest = base, as_of, oldest

    def resolve(self, provider: str, criterion: Criterion, find: FindFact, supposed: Sequence[str] = ()) -> Fact:
        """Return the fact on a criterion; without a member, any member will do, and `find` gives the facts on them.

        A price without a member is the one claimed without a member: a team that sends to some country or other does
        not pay the price of the cheapest. `supposed` are the criteria of members that count although no claim names
        them.
        """
        name = criterion.id if criterion.member_of is None else criterion.member_of.criterion
        claims = self._list_claims(provider, name)
        if not claims and not supposed:  # about most of what can be asked nothing is claimed
            return Fact(provider, criterion.id)
        if criterion.member_of is not None:
            return self._resolve_member(provider, criterion, criterion.member_of.member, claims)
        own = [claim for claim in claims if not claim.members]
        if criterion.kind == "price":
            return self._judge(provider, criterion, own)
        if own or not any(claim.only for claim in claims):
            fact = self._judge(provider, criterion, own)
        else:  # `only` some members: what is asked is a member that no claim names, and so it is absent
            fact = self._resolve_member(provider, criterion, "", claims)
        names = dict.fromkeys((*_name_members(criterion, claims), *supposed))
        return _join_members(fact, [find(provider, name) for name in names], criterion) if names else fact

    def _list_claims(self, provider: str, criterion: str) -> list[Claim]:
        return [claim for claim in self._base.claims.get((provider, criterion), ()) if claim.stated <= self._as_of]

    def _resolve_member(self, provider: str, criterion: Criterion, member: str, claims: Sequence[Claim]) -> Fact:
        """Return the fact on a member: from claims on it, and from denials that include it."""
        said = [claim.of_member(member) for claim in claims if member in claim.members]
        if criterion.kind != "capability":
            said += [claim.of_member(member) for claim in claims if claim.only and member not in claim.members]
            return self._judge(provider, criterion, said)
        denials = self._list_denials(provider, member, self._keep_young(claims))
        if self._oldest is not None:
            # Claims too old to count leave only their existence: it is then a fact with old claims.
            denials += [claim for claim in self._list_denials(provider, member, claims) if not self._is_young(claim)]
        said += [claim.of_member(member) if claim.only else claim._replace(criterion=criterion.id) for claim in denials]
        return self._judge(provider, criterion, said)

    def _list_denials(self, provider: str, member: str, claims: Sequence[Claim]) -> list[Claim]:
        """Return the claims that deny a member without naming it: an absent criterion, or `only` other members.

        What one product lacks says nothing about another that has the criterion, perhaps for this very member: if an
        app with text messages is closed, an API may still have `sms@us`.
        """
        own, limits = [claim for claim in claims if not claim.members], [claim for claim in claims if claim.only]
        views = self._view(provider, own, any_age=True)
        denials = [claim for view in views if view.truth is Truth.NO for claim in view.claims]
        denials += [claim for claim in limits if member not in claim.members]
        having = {_get_product(view.claims[0]) for view in views if view.claims and view.truth is not Truth.NO}
        if having <= set(map(_get_product, limits)):
            return denials
        # Some product has the criterion and no list of members, so that it may have this one. Then a denial counts only
        # for a product with a claim on the member itself, and for a list that is about the provider as a whole.
        speaking = {_get_product(claim) for claim in claims if member in claim.members}
        return [
            claim for claim in denials if _get_product(claim) in speaking or (claim.only and claim.belongs_to is None)
        ]

    def _judge(self, provider: str, criterion: Criterion, claims: Sequence[Claim]) -> Fact:
        """Return the fact that follows from claims on one criterion, all stated by the day."""
        claims = [self.convert(claim, criterion) for claim in claims]
        views = self._view(provider, claims)
        aged = bool(claims) and not self._keep_young(claims)
        if criterion.kind == "capability":
            return _judge_capability(provider, criterion.id, views, aged=aged)
        return _judge_amount(provider, criterion.id, views, aged=aged)

    def convert(self, claim: Claim, criterion: Criterion) -> Claim:
        """Return a price in the currency of its criterion, its amount unknown without a rate; others as they are."""
        if criterion.kind != "price" or claim.unit == criterion.unit or claim.amount is None:
            return claim
        rates = self._find_rates(_get_currency(claim.unit), _get_currency(criterion.unit))
        if not rates:
            return claim._replace(amount=None)
        low, high = min(rate.worth for rate in rates), max(rate.worth for rate in rates)
        # No price is below 0, so only its upper end can be open.
        most = None if claim.amount.high is None else claim.amount.high * high
        amount = Interval((claim.amount.low or 0) * low, most, claim.amount.above)
        return claim._replace(amount=amount, rates=rates)

    def _find_rates(self, currency: str, into: str) -> tuple[Rate, ...]:
        """Return the newest rates that were stated by the day, all of one day, by the sources that count."""
        sources = self._base.scope.sources
        known = [
            rate
            for rate in self._base.rates
            if (rate.currency, rate.into) == (currency, into)
            and rate.stated <= self._as_of
            and (self._oldest is None or rate.stated >= self._oldest)
            and (not sources or rate.source in sources)
        ]
        newest = max((rate.stated for rate in known), default=None)
        return tuple(rate for rate in known if rate.stated == newest)

    def _view(self, provider: str, claims: Sequence[Claim], *, any_age: bool = False) -> list[View]:
        """Return the result of the claims that are not too old, product by product."""
        products, young = self._base.providers[provider].products, claims if any_age else self._keep_young(claims)
        is_customer = provider in self._base.scope.customer_of
        return [
            build_view(list(part), self._as_of, products.get(product), is_customer=is_customer)
            for product, part in itertools.groupby(sorted(young, key=_get_product), key=_get_product)
        ]

    def _keep_young(self, claims: Sequence[Claim]) -> list[Claim]:
        return [claim for claim in claims if self._is_young(claim)]

    def _is_young(self, claim: Claim) -> bool:
        return self._oldest is None or claim.stated >= self._oldest


# What follows from the results on products, and on members


def _name_members(criterion: Criterion, claims: Sequence[Claim]) -> Iterable[str]:
    """Return the criteria of the members that claims name; one stands for all with the same claims.

    So a claim on two hundred countries is worked out once.
    """
    named = dict.fromkeys(member for claim in claims for member in claim.members)
    said = ((member, tuple(member in claim.members for claim in claims)) for member in named)
    return {places: f"{criterion.id}{AT}{member}" for member, places in said}.values()


def _get_currency(unit: str | None) -> str:
    return str(unit).partition("/")[0]


def _get_product(claim: Claim) -> str:
    return claim.belongs_to or ""


def _judge_capability(provider: str, criterion: str, views: Sequence[View], *, aged: bool) -> Fact:
    """Return present if any product has it, absent if none has and one lacks it; disputed is unknown."""
    found = [(view, view.truth) for view in views if view.claims]
    truth = any_of(part for _, part in found) if found else Truth.UNKNOWN
    resting = [view for view, part in found if part is truth]
    claims = tuple(claim for view in resting for claim in view.claims)
    disputed = any(view.disputed for view in resting)
    # If one product has it, the end of another changes nothing.
    notices = _collect_notices(resting if truth is Truth.YES else views)
    return Fact(provider, criterion, truth, None, claims, disputed=disputed, aged=aged, notices=notices)


def _judge_amount(provider: str, criterion: str, views: Sequence[View], *, aged: bool) -> Fact:
    """Return the amounts that all claims allow; if they contradict, the whole range between them."""
    # There is one view at most: amounts of different products are refused when files are read.
    view = views[0] if views else View((), disputed=False)
    amounts = [claim.amount for claim in view.claims if claim.amount is not None]
    combine = Interval.hull if view.disputed else Interval.intersect
    amount = reduce(combine, amounts) if amounts else None
    if amount is not None and any(claim.plus is not None for claim in view.claims):
        # A source that states the same price without mentioning fees does not say that there are none.
        amount = amount._replace(high=None)
    notices = _collect_notices(views)
    claims, disputed = view.claims, view.disputed
    return Fact(provider, criterion, Truth.UNKNOWN, amount, claims, disputed=disputed, aged=aged, notices=notices)


def _join_members(own: Fact, members: Sequence[Fact], criterion: Criterion) -> Fact:
    """Return what is known where no member is named: any of them will do, and of an amount the best counts."""
    parts = [own, *members]
    if criterion.kind == "capability":
        truth = any_of(part.truth for part in parts)
        resting = [part for part in parts if part.truth is truth]
        fact = _rest_on(resting, parts, own._replace(truth=truth))
        return fact._replace(claims=_shorten_proof(own, members)) if truth is Truth.YES else fact
    nothing = Interval()  # of a member without a claim the amount may be any
    amount = reduce(
        _pick_lower if criterion.lower_is_better else _pick_higher, (part.amount or nothing for part in parts)
    )
    if amount == nothing:
        return _rest_on([own], parts, own)
    resting = [part for part in parts if part.amount is not None and not is_beyond(part.amount, amount, criterion)]
    return _rest_on(resting, parts, own._replace(amount=amount))


def _rest_on(resting: Sequence[Fact], parts: Sequence[Fact], fact: Fact) -> Fact:
    """Return the fact with the claims of its deciding parts, and the notices of all parts that may change it."""
    claims = dict.fromkeys(claim._replace(criterion=fact.criterion) for part in resting for claim in part.claims)
    noticed = resting if fact.truth is Truth.YES else parts
    return fact._replace(
        claims=tuple(claims),
        disputed=any(part.disputed for part in resting),
        aged=not claims and any(part.aged for part in parts),
        notices=tuple(dict.fromkeys(notice for part in noticed for notice in part.notices)),
    )


def _shorten_proof(own: Fact, members: Sequence[Fact]) -> tuple[Claim, ...]:
    """Return the claims that prove a capability without a member, and of those on members only what they add.

    That is one claim for each product that no claim shows as strongly, and one that is newer than all of these. If a
    provider is known to send texts, and texts to ninety countries, these ninety claims add nothing.
    """
    claims = own.claims if own.truth is Truth.YES else ()
    found = [claim for part in members if part.truth is Truth.YES for claim in part.claims]
    best = {claim.belongs_to: claim for claim in sorted(claims, key=_weigh)}
    added: dict[str | None, Claim] = {}
    for claim in found:
        product = claim.belongs_to
        known, kept = best.get(product), added.get(product)
        if (known is None or _rank(claim) > _rank(known)) and (kept is None or _weigh(claim) > _weigh(kept)):
            added[product] = claim
    shown = [*added.values()]
    newest = max(found, key=lambda claim: claim.counts_from, default=None)
    if newest is not None and all(claim.counts_from < newest.counts_from for claim in (*claims, *shown)):
        shown.append(newest)
    # A note such as "after registration" is about the member, unless it says how else a text can be read.
    return *claims, *(
        claim._replace(criterion=own.criterion, note=claim.note if claim.evidence == "ambiguous" else None)
        for claim in shown
    )


def _rank(claim: Claim) -> int:
    return ("ambiguous", "contrast", "stated").index(claim.evidence)


def _weigh(claim: Claim) -> tuple[int, dt.date]:
    return _rank(claim), claim.counts_from


def _pick_lower(first: Interval, second: Interval) -> Interval:
    """Return the interval of the lower of two amounts: of 3 to 9 and 5 to 7 that is 3 to 7."""
    both, either = first.intersect(second), first.hull(second)
    return Interval(either.low, both.high, either.above)


def _pick_higher(first: Interval, second: Interval) -> Interval:
    """Return the interval of the higher of two amounts: of 3 to 9 and 5 to 7 that is 5 to 9."""
    both, either = first.intersect(second), first.hull(second)
    return Interval(both.low, either.high, both.above)


def is_beyond(part: Interval, best: Interval, criterion: Criterion) -> bool:
    """Return whether an amount is certainly worse than the best of all."""
    if criterion.lower_is_better:
        return part.low is not None and best.high is not None and part.low > best.high
    return part.high is not None and best.low is not None and part.high < best.low


def _collect_notices(views: Iterable[View]) -> tuple[Notice, ...]:
    return tuple(dict.fromkeys(notice for view in views for notice in view.notices))
