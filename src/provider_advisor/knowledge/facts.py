"""The facts of a day, computed when they are first asked for, and the same facts with some answers supposed.

How claims become one fact is in `resolve_claims`. Here is what belongs to all facts of a day: which of them are out of
date, and what an answer that is not known yet would change.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from functools import cached_property

from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.conditions import AT, split_member
from provider_advisor.knowledge.records import Claim, Criterion, Fact
from provider_advisor.knowledge.resolve_claims import ClaimResolver, is_beyond
from provider_advisor.logic import ABSENT, Interval, Truth, all_of, any_of, compare, negate


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
        self.is_fresh_only = is_fresh_only
        self._fresh: Facts | None = None
        self._found: dict[tuple[str, str], Fact] = {}
        self._supposed: Mapping[tuple[str, str], Fact] = {}

    def __call__(self, provider: str, criterion: str) -> Fact:
        """Return the fact on a provider and a criterion, by their ids; without any claim it is unknown."""
        key = (provider, criterion)
        if key not in self._found:
            known = self.knowledge.criteria[criterion]
            self._found[key] = self._drop_stale(self._resolver.resolve(provider, known, self))
        return self._found[key]

    @cached_property
    def _resolver(self) -> ClaimResolver:
        oldest = None if self.max_age is None else max(1, self.as_of.toordinal() - self.max_age)
        return ClaimResolver(self.base, self.as_of, None if oldest is None else dt.date.fromordinal(oldest))

    def _drop_stale(self, fact: Fact) -> Fact:
        is_left_out = self.is_fresh_only and self.is_stale(fact)
        return Fact(fact.provider, fact.criterion, aged=True) if is_left_out else fact

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

        A fact is as old as its newest claim, because the others confirm it. What is known to have ended is never out of
        date: asking again could only find that it ended.
        """
        return self._is_old(fact.criterion, fact.newest) and not self.is_over(fact)

    def is_claim_stale(self, claim: Claim) -> bool:
        """Return whether one claim is older than that, or the exchange rate of its price is."""
        criterion = self.knowledge.criteria[claim.criterion]
        dated = self._resolver.convert(claim, criterion)
        return self._is_old(criterion.id, dated.counts_from) and not self.names_past_end(claim)

    def count_days_left(self, fact: Fact) -> int | None:
        """Return for how many more days a fact is good, negative if it is out of date; None if it does not age."""
        return None if self.is_over(fact) else self._count_left(fact.criterion, fact.newest)

    def _is_old(self, criterion: str, stated: dt.date | None) -> bool:
        left = self._count_left(criterion, stated)
        return left is not None and left < 0

    def _count_left(self, criterion: str, stated: dt.date | None) -> int | None:
        days = self.knowledge.get_stale_after(criterion)
        return None if days is None or stated is None else days - (self.as_of - stated).days

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
        return any(self._is_old(claim.criterion, claim.stated) for claim in self._list_counting())

    @cached_property
    def are_all_stale(self) -> bool:
        """Return whether every claim is so old that no fact at all is left in `without_stale`; not if one is ahead."""
        if self._supposed:  # these stay
            return False
        if any(self.names_past_end(claim) for claims in self.knowledge.claims.values() for claim in claims):
            return False  # as does what is known to have ended
        return all(self._is_old(claim.criterion, claim.stated) for claim in self._list_counting())

    def _list_counting(self) -> Iterator[Claim]:
        """Yield the claims that count on the day."""
        return (claim for claims in self.knowledge.claims.values() for claim in claims if claim.stated <= self.as_of)


def evaluate_fact(
    facts: Facts, provider: str, criterion: Criterion, bound: Interval | None, paid_for: Truth | None = None
) -> Truth:
    """Return whether a capability is there, or an amount within the bound.

    A price is within a bound only if what it pays for is there; `paid_for` replaces the known fact on that.
    """
    fact = facts(provider, criterion.id)
    if bound is None:
        return fact.truth
    if bound == ABSENT:
        return negate(fact.truth)
    within = Truth.UNKNOWN if fact.amount is None else compare(fact.amount, bound)
    if criterion.of is None:
        return within
    return all_of([within, facts(provider, criterion.of).truth if paid_for is None else paid_for])


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
        wholes = ((of, self.knowledge.criteria[name].counts_for) for of, name in supposed)
        self._touched = frozenset((of, whole) for of, whole in wholes if whole is not None)
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
            known, members = self.knowledge.criteria[criterion], self._list_supposed_members(provider, criterion)
            fact = self._resolver.resolve(provider, known, self, [member.criterion for member in members])
            self._found[key] = self._keep_known(self._drop_stale(fact))
            return self._found[key]
        fact = self._known(provider, criterion)
        # An open member is absent if its criterion is supposed to be.
        is_open = AT in criterion and fact.truth is Truth.UNKNOWN
        if self._denied and is_open and (provider, split_member(criterion)[0]) in self._denied:
            self._found[key] = fact = fact._replace(truth=Truth.NO, disputed=False)
        return fact

    def _leave_out_stale(self) -> Facts:
        return _FactsWithAnswers(self._known.without_stale(), self._supposed)

    def _raise_to_members(self, fact: Fact) -> Fact:
        """Return what is supposed of a criterion without a member; not worse than what is supposed of some member."""
        criterion = self.knowledge.criteria[fact.criterion]
        for member in self._list_supposed_members(fact.provider, fact.criterion):
            if fact.amount is None:
                fact = fact._replace(truth=any_of((fact.truth, member.truth)))
            elif member.amount is not None and is_beyond(fact.amount, member.amount, criterion):
                fact = self._keep_known(fact._replace(amount=member.amount))
        return fact

    def _keep_known(self, fact: Fact) -> Fact:
        """Return a fact that follows from what is supposed of members, within what is known of any member.

        Only where the members in question are open: what is supposed in place of a known one may contradict.
        """
        if not all(map(self._known.allows, self._list_supposed_members(fact.provider, fact.criterion))):
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

    def _list_supposed_members(self, provider: str, criterion: str) -> list[Fact]:
        begin = f"{criterion}{AT}"
        return [each for (of, name), each in self._supposed.items() if of == provider and name.startswith(begin)]


_kept = BoundedCache[tuple[str, str, dt.date, int | None], Facts](limit=16)


def facts_as_of(knowledge: KnowledgeBase, day: dt.date, max_age: int | None = None) -> Facts:
    """Return the facts of a day, kept so that what is worked out once serves all teams."""
    # Two copies of one base have one fingerprint. Their claims are the same, but at other places in other folders.
    return _kept.get_or_make(
        (knowledge.fingerprint, knowledge.read_from, day, max_age), lambda: Facts(knowledge, day, max_age)
    )
