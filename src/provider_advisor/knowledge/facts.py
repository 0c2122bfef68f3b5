"""Facts: what the claims together say on a given day, each with the claims behind it.

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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, reduce
from typing import NamedTuple

from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.conditions import AT
from provider_advisor.knowledge.criteria import split_member
from provider_advisor.knowledge.records import Claim, Criterion, Notice, Rate, Terms, Tier
from provider_advisor.knowledge.timeline import View, build_view
from provider_advisor.logic import Interval, Truth, any_of


class Fact(NamedTuple):
    """What is known of one provider and criterion: `truth` of a capability, or the `amount` of anything else.

    A rating's amount is in ranks of its words. Unknown amounts are None. `claims` are those it rests on; a disputed
    fact rests on all that contradict one another. `aged` claims were left out because they were too old. `notices` are
    the ends and changes, past or ahead, of what it rests on.
    """

    provider: str
    criterion: str
    truth: Truth = Truth.UNKNOWN
    amount: Interval | None = None
    claims: tuple[Claim, ...] = ()
    disputed: bool = False
    aged: bool = False
    notices: tuple[Notice, ...] = ()

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """Return the tiers of a price if one list of tiers is all that is known; otherwise none."""
        said = {claim.tiers for claim in self.claims if claim.amount == self.amount is not None}
        return said.pop() if len(said) == 1 and not self.disputed else ()

    @property
    def terms(self) -> tuple[Terms, Terms]:
        """Return the lowest and the highest extra terms of a price, in the criterion's currency."""
        claims = [claim for claim in self.claims if claim.amount is not None]
        found = [terms for claim in claims for terms in _list_terms(claim)]
        return Terms(*map(min, zip(*found, strict=True))), Terms(*map(max, zip(*found, strict=True)))

    @property
    def plus(self) -> tuple[str, ...]:
        """Return unknown extras on top of a price, each once."""
        if self.amount is None or self.amount.high is not None:
            return ()
        return tuple(dict.fromkeys(claim.plus for claim in self.claims if claim.plus is not None))

    @property
    def price_of(self) -> str | None:
        """Return the member whose price it is, although it is taken for volumes without one; None for any other."""
        return next((claim.price_of for claim in self.claims if claim.price_of is not None), None)

    @property
    def newest(self) -> dt.date | None:
        """Return the day from which its newest claim ages."""
        return max((claim.counts_from for claim in self.claims), default=None)


class Facts:
    """All facts as of one day, each computed on first use.

    `knowledge` has the providers that take part on the day, `base` all of them. With `max_age`, in days, claims that
    are older by then are not used, and with `is_fresh_only` facts that are out of date are unknown. `taking_part` is
    `knowledge` where that is known already.
    """

    def __init__(
        self,
        knowledge: KnowledgeBase,
        as_of: dt.date,
        max_age: int | None = None,
        *,
        taking_part: KnowledgeBase | None = None,
        is_fresh_only: bool = False,
    ) -> None:
        self.base = knowledge
        self.knowledge = taking_part or knowledge.on_day(as_of)
        self.as_of = as_of
        self.max_age = max_age
        self._oldest = None if max_age is None else dt.date.fromordinal(max(1, as_of.toordinal() - max_age))
        self.is_fresh_only = is_fresh_only
        self._fresh: Facts | None = None
        self._found: dict[tuple[str, str], Fact] = {}
        # Without what is claimed of members (`of_no_member`).
        self._general: dict[tuple[str, str], Fact] = {}
        self._supposed: Mapping[tuple[str, str], Fact] = {}

    def __call__(self, provider: str, criterion: str) -> Fact:
        """Return the fact on a provider and a criterion, by their ids; without any claim it is unknown."""
        key = (provider, criterion)
        if key not in self._found:
            self._found[key] = self._drop_stale(self._resolve(provider, self.knowledge.criteria[criterion]))
        return self._found[key]

    def _drop_stale(self, fact: Fact) -> Fact:
        is_left_out = self.is_fresh_only and self.is_stale(fact)
        return Fact(fact.provider, fact.criterion, aged=True) if is_left_out else fact

    def of_no_member(self, provider: str, criterion: str) -> Fact:
        """Return what is claimed of a criterion itself, without what is claimed of its members.

        Asked for without a member, any member of a criterion will do; but a team that sends to some country or other
        does not pay the price of the cheapest.
        """
        key = (provider, criterion)
        known = self.knowledge.criteria[criterion]
        if known.of_each is None:
            return self(provider, criterion)
        if key in self._supposed:
            return self._supposed[key]
        if key not in self._general:
            claims = self.base.claims.get(key, ())
            own = [claim for claim in claims if claim.stated <= self.as_of and not claim.members]
            self._general[key] = self._drop_stale(self._judge(provider, known, own))
        return self._general[key]

    def supposing(self, *facts: Fact) -> "Facts":
        """Return the facts with some replaced by supposed ones, to see what an answer would change."""
        return _FactsWithAnswers(self, {**self._supposed, **{(fact.provider, fact.criterion): fact for fact in facts}})

    def without_stale(self) -> "Facts":
        """Return the facts with each out-of-date one unknown; supposed facts stay."""
        if self.is_fresh_only:
            return self
        if self._fresh is None:
            self._fresh = self._leave_out_stale()
        return self._fresh

    def _leave_out_stale(self) -> "Facts":
        return Facts(self.base, self.as_of, self.max_age, taking_part=self.knowledge, is_fresh_only=True)

    def allows(self, fact: Fact) -> bool:
        """Return whether a fact lies within what is known of it."""
        known = self(fact.provider, fact.criterion)
        if fact.amount is not None:
            return known.amount is None or known.amount.holds(fact.amount)
        return known.amount is None and known.truth is Truth.UNKNOWN

    def is_stale(self, fact: Fact) -> bool:
        """Return whether the newest claim is older than the criterion allows, or the policy for its kind.

        What is known to have ended is never out of date: asking again could only find that it ended.
        """
        return self._is_old(fact.criterion, fact.newest) and not self.is_over(fact)

    def is_claim_stale(self, claim: Claim) -> bool:
        """Return whether one claim is older than that, or the exchange rate of its price is."""
        criterion = self.knowledge.criteria[claim.criterion]
        dated = self._convert(claim, str(criterion.unit)) if criterion.kind == "price" else claim
        return self._is_old(criterion.id, dated.counts_from) and not self.names_past_end(claim)

    def _is_old(self, criterion: str, day: dt.date | None) -> bool:
        days = self.knowledge.get_stale_after(criterion)
        return days is not None and day is not None and (self.as_of - day).days > days

    def is_over(self, fact: Fact) -> bool:
        """Return whether a capability is absent because it ended: each of its claims names the end."""
        return fact.truth is Truth.NO and bool(fact.claims) and all(map(self.names_past_end, fact.claims))

    def names_past_end(self, claim: Claim) -> bool:
        """Return whether a claim, or the life of its product, says that a capability ended before the day."""
        if claim.value == "absent":
            return claim.starts != claim.stated and claim.starts <= self.as_of
        product = self.base.providers[claim.provider].products.get(claim.belongs_to or "")
        ends = [end for end in (claim.until, None if product is None else product.until) if end is not None]
        return claim.value == "present" and any(end < self.as_of for end in ends)

    @property
    def asked(self) -> frozenset[tuple[str, str]]:
        """Return the providers and criteria that have been asked for so far; members are criteria of their own."""
        return frozenset(self._found)

    # A firm verdict is judged twice, with and without what is out of date. Where no claim is old, or all of them are,
    # the next two tell what the second would find, and it is saved.

    @cached_property
    def may_be_stale(self) -> bool:
        """Return whether some fact may be out of date; False is certain, and found without resolving any fact."""
        if self.is_fresh_only:
            return False
        if self.base.rates:
            return True
        return any(days is not None and (self.as_of - claim.stated).days > days for claim, days in self._list_ages())

    @cached_property
    def are_all_stale(self) -> bool:
        """Return whether every claim is so old that no fact at all is left in `without_stale`; not if one is ahead."""
        if self._supposed:  # these stay
            return False
        if any(self.names_past_end(claim) for claims in self.knowledge.claims.values() for claim in claims):
            return False  # as does what is known to have ended
        return all(days is not None and (self.as_of - claim.stated).days > days for claim, days in self._list_ages())

    def _list_ages(self) -> Iterator[tuple[Claim, int | None]]:
        """Yield the claims that count on the day, each with the days after which it is out of date."""
        for (_, criterion), claims in self.knowledge.claims.items():
            days = self.knowledge.get_stale_after(criterion)
            yield from ((claim, days) for claim in claims if claim.stated <= self.as_of)

    # From the claims of a day to a fact

    def _resolve(self, provider: str, criterion: Criterion) -> Fact:
        name = criterion.id if criterion.member_of is None else criterion.member_of.criterion
        claims = [claim for claim in self.base.claims.get((provider, name), ()) if claim.stated <= self.as_of]
        if not claims and not self._supposed:  # about most of what can be asked nothing is claimed
            return Fact(provider, criterion.id)
        own = [claim for claim in claims if not claim.members]
        if criterion.member_of is not None:
            return self._resolve_member(provider, criterion, criterion.member_of.member, claims)
        if own or not any(claim.only for claim in claims):
            fact = self._judge(provider, criterion, own)
        else:  # `only` some members: what is asked is a member that no claim names, and so it is absent
            fact = self._resolve_member(provider, criterion, "", claims)
        members = list(self._resolve_members(provider, criterion, claims))
        return _join_members(fact, members, criterion) if members else fact

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

    def _resolve_members(self, provider: str, criterion: Criterion, claims: Sequence[Claim]) -> Iterator[Fact]:
        """Yield the facts on the members that are claimed or supposed; one stands for all with the same claims.

        So a claim on two hundred countries is worked out once.
        """
        named = dict.fromkeys(member for claim in claims for member in claim.members)
        said = ((member, tuple(member in claim.members for claim in claims)) for member in named)
        alike = {places: f"{criterion.id}{AT}{member}" for member, places in said}
        supposed = (name for of, name in self._supposed if of == provider and name.startswith(f"{criterion.id}{AT}"))
        names = dict.fromkeys((*alike.values(), *supposed))
        yield from (self(provider, name) for name in names)

    def _judge(self, provider: str, criterion: Criterion, claims: Sequence[Claim]) -> Fact:
        """Return the fact that follows from claims on one criterion, all stated by the day."""
        if criterion.kind == "price":
            claims = [self._convert(claim, str(criterion.unit)) for claim in claims]
        views = self._view(provider, claims)
        aged = bool(claims) and not self._keep_young(claims)
        if criterion.kind == "capability":
            return _judge_capability(provider, criterion.id, views, aged=aged)
        return _judge_amount(provider, criterion.id, views, aged=aged)

    def _convert(self, claim: Claim, unit: str) -> Claim:
        """Return a price in the criterion's currency; without a rate of the day its amount is not known."""
        if claim.unit == unit or claim.amount is None:
            return claim
        rates = self._find_rates(str(claim.unit).partition("/")[0], unit.partition("/")[0])
        if not rates:
            return claim._replace(amount=None, tiers=())
        low, high = min(rate.worth for rate in rates), max(rate.worth for rate in rates)
        amount = Interval(
            None if claim.amount.low is None else claim.amount.low * low,
            None if claim.amount.high is None else claim.amount.high * high,
            claim.amount.above,
        )
        # Where the rates differ, a tier has no one price; then the whole lies between the lowest and the highest.
        tiers = tuple(tier._replace(price=tier.price * low) for tier in claim.tiers) if low == high else ()
        return claim._replace(amount=amount, tiers=tiers, rates=rates)

    def _find_rates(self, currency: str, into: str) -> tuple[Rate, ...]:
        """Return the newest rates that were stated by the day, all of one day, by the sources that count."""
        sources = self.base.scope.sources
        known = [
            rate
            for rate in self.base.rates
            if (rate.currency, rate.into) == (currency, into)
            and rate.stated <= self.as_of
            and (self._oldest is None or rate.stated >= self._oldest)
            and (not sources or rate.source in sources)
        ]
        newest = max((rate.stated for rate in known), default=None)
        return tuple(rate for rate in known if rate.stated == newest)

    def _view(self, provider: str, claims: Sequence[Claim], *, any_age: bool = False) -> list[View]:
        """Return the result of the claims that are not too old, product by product."""
        products, young = self.base.providers[provider].products, claims if any_age else self._keep_young(claims)
        is_customer = provider in self.base.scope.customer_of
        return [
            build_view(list(part), self.as_of, products.get(product), is_customer=is_customer)
            for product, part in itertools.groupby(sorted(young, key=_get_product), key=_get_product)
        ]

    def _keep_young(self, claims: Sequence[Claim]) -> list[Claim]:
        return [claim for claim in claims if self._is_young(claim)]

    def _is_young(self, claim: Claim) -> bool:
        return self._oldest is None or claim.stated >= self._oldest


# Facts with some answers supposed


class _FactsWithAnswers(Facts):
    """Facts with some `supposed` answers; all others are those of `known`, unless they depend on these."""

    # One answer is supposed after another, and each touches one fact or two.
    #
    # What is supposed of a member, and of its criterion without a member, may not contradict each other, nor what is
    # known. An example: 5 seats are known to be the most in any place, and nothing is known of those in Peru. Then a
    # must of 8 seats in any place stays failed, whatever there is in Peru. Were the most known to be 3 to 9, and were
    # there 8 in Peru, it would be 8 to 9.

    def __init__(self, known: Facts, supposed: Mapping[tuple[str, str], Fact]) -> None:
        super().__init__(
            known.base, known.as_of, known.max_age, taking_part=known.knowledge, is_fresh_only=known.is_fresh_only
        )
        self._known = known
        self._supposed, self._found = supposed, dict(supposed)
        # What is there for one member is there for any.
        self._touched = frozenset((of, split_member(name)[0]) for of, name in supposed if AT in name)
        for key in self._touched & supposed.keys():
            self._found[key] = self._raise_to_members(supposed[key])
        # What is there for none is there for no member.
        self._denied = frozenset(key for key in supposed if self._found[key].truth is Truth.NO)

    def __call__(self, provider: str, criterion: str) -> Fact:
        """Return the fact on a provider and a criterion, by their ids."""
        key = (provider, criterion)
        if key in self._found:
            return self._found[key]
        if key in self._touched:
            fact = self._drop_stale(self._resolve(provider, self.knowledge.criteria[criterion]))
            self._found[key] = self._keep_known(fact)
            return self._found[key]
        fact = self._known(provider, criterion)
        if self._denied and self._denies(fact):
            self._found[key] = fact = fact._replace(truth=Truth.NO, disputed=False)
        return fact

    def _leave_out_stale(self) -> Facts:
        return _FactsWithAnswers(self._known.without_stale(), self._supposed)

    def _denies(self, fact: Fact) -> bool:
        """Return whether an open member is absent because its criterion is supposed to be."""
        if AT not in fact.criterion or fact.truth is not Truth.UNKNOWN:
            return False
        return (fact.provider, split_member(fact.criterion)[0]) in self._denied

    def _raise_to_members(self, fact: Fact) -> Fact:
        """Return what is supposed of a criterion without a member; not worse than what is supposed of some member."""
        criterion = self.knowledge.criteria[fact.criterion]
        for member in self._list_supposed_members(fact):
            if fact.amount is None:
                fact = fact._replace(truth=any_of((fact.truth, member.truth)))
            elif member.amount is not None and _is_beyond(fact.amount, member.amount, criterion):
                fact = self._keep_known(fact._replace(amount=member.amount))
        return fact

    def _keep_known(self, fact: Fact) -> Fact:
        """Return a fact that follows from what is supposed of members, within what is known of any member.

        Only where the members in question are open: what is supposed in place of a known one may contradict.
        """
        if not all(map(self._known.allows, self._list_supposed_members(fact))):
            return fact
        known = self._known(fact.provider, fact.criterion)
        if known.truth is not Truth.UNKNOWN:
            return known
        if known.amount is None or fact.amount is None:
            return fact
        within = fact.amount.intersect(known.amount)
        if within.is_empty():
            is_lower = self.knowledge.criteria[fact.criterion].lower_is_better
            best = known.amount.low if is_lower else known.amount.high
            # "More than 5" has no lowest amount.
            is_left_out = is_lower and known.amount.above
            return known if best is None or is_left_out else known._replace(amount=Interval(best, best))
        return fact._replace(amount=within)

    def _list_supposed_members(self, fact: Fact) -> list[Fact]:
        begin = f"{fact.criterion}{AT}"
        return [each for (of, name), each in self._supposed.items() if of == fact.provider and name.startswith(begin)]


_kept = BoundedCache[tuple[str, str, dt.date, int | None], Facts](limit=16)


def facts_as_of(knowledge: KnowledgeBase, day: dt.date, max_age: int | None = None) -> Facts:
    """Return the facts of a day, kept so that what is worked out once serves all teams."""
    # Two copies of one base have one fingerprint. Their claims are the same, but at other places in other folders.
    return _kept.get_or_make(
        (knowledge.fingerprint, knowledge.read_from, day, max_age), lambda: Facts(knowledge, day, max_age)
    )


# What follows from the results on products, and on members


def _list_terms(claim: Claim) -> list[Terms]:
    return [claim.terms.convert(rate.worth) for rate in claim.rates] or [claim.terms]


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
        return _rest_on(resting, parts, own._replace(truth=truth))
    # Of a member without a claim the amount may be any: of prices nothing below 0.
    nothing = Interval(0) if criterion.kind == "price" else Interval()
    amount = reduce(
        _pick_lower if criterion.lower_is_better else _pick_higher, (part.amount or nothing for part in parts)
    )
    if amount == nothing:
        return _rest_on([own], parts, own)
    resting = [part for part in parts if part.amount is not None and not _is_beyond(part.amount, amount, criterion)]
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


def _pick_lower(first: Interval, second: Interval) -> Interval:
    """Return the interval of the lower of two amounts: of 3 to 9 and 5 to 7 that is 3 to 7."""
    both, either = first.intersect(second), first.hull(second)
    return Interval(either.low, both.high, either.above)


def _pick_higher(first: Interval, second: Interval) -> Interval:
    """Return the interval of the higher of two amounts: of 3 to 9 and 5 to 7 that is 5 to 9."""
    both, either = first.intersect(second), first.hull(second)
    return Interval(both.low, either.high, both.above)


def _is_beyond(part: Interval, best: Interval, criterion: Criterion) -> bool:
    """Return whether an amount is certainly worse than the best of all."""
    if criterion.lower_is_better:
        return part.low is not None and best.high is not None and part.low > best.high
    return part.high is not None and best.low is not None and part.high < best.low


def _collect_notices(views: Iterable[View]) -> tuple[Notice, ...]:
    return tuple(dict.fromkeys(notice for view in views for notice in view.notices))
