"""Facts: what the claims say together on a given day, each with the claims it is based on."""

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, reduce
from typing import NamedTuple

from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.knowledge.records import Claim, Criterion, KnowledgeBase, Notice
from provider_advisor.knowledge.timeline import View, build_view
from provider_advisor.logic import Interval, Truth, any_of

__all__ = ["Fact", "Facts", "facts_as_of"]


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
    def newest(self) -> dt.date | None:
        """Return the day of the newest claim it rests on."""
        return max((claim.stated for claim in self.claims), default=None)


class Facts:
    """All facts as of one day; each is worked out when it is first asked for.

    With `max_age`, in days, claims that are older by then are not used.
    """

    def __init__(self, knowledge: KnowledgeBase, as_of: dt.date, max_age: int | None = None) -> None:
        self.knowledge = knowledge
        self.as_of = as_of
        self.max_age = max_age
        self._oldest = None if max_age is None else dt.date.fromordinal(max(1, as_of.toordinal() - max_age))
        self._found: dict[tuple[str, str], Fact] = {}
        self._supposed: dict[tuple[str, str], Fact] = {}
        self._is_fresh_only = False
        self._fresh: Facts | None = None

    def __call__(self, provider: str, criterion: str) -> Fact:
        """Return the fact on a provider and a criterion, by their ids; without any claim it is unknown."""
        key = (provider, criterion)
        if key not in self._found:
            fact = self._resolve(provider, self.knowledge.criteria[criterion])
            is_left_out = self._is_fresh_only and self.is_stale(fact)
            self._found[key] = Fact(provider, criterion, aged=True) if is_left_out else fact
        return self._found[key]

    def supposing(self, *facts: Fact) -> "Facts":
        """Return the same facts with these in place of what is known, to see what an answer would change."""
        supposed = Facts(self.knowledge, self.as_of, self.max_age)
        supposed._is_fresh_only = self._is_fresh_only
        supposed._supposed = self._supposed | {(fact.provider, fact.criterion): fact for fact in facts}
        supposed._found = self._found | supposed._supposed
        return supposed

    def without_stale(self) -> "Facts":
        """Return the facts of the day in which each that is past its time is unknown; what is supposed stays."""
        if self._is_fresh_only:
            return self
        if self._fresh is None:
            fresh = Facts(self.knowledge, self.as_of, self.max_age)
            fresh._is_fresh_only = True
            fresh._supposed = self._supposed
            fresh._found = dict(self._supposed)
            self._fresh = fresh
        return self._fresh

    def is_stale(self, fact: Fact) -> bool:
        """Return whether the newest claim is older than the criterion allows, or the policy for its kind."""
        days = self.knowledge.get_stale_after(fact.criterion)
        return days is not None and fact.newest is not None and (self.as_of - fact.newest).days > days

    @cached_property
    def may_be_stale(self) -> bool:
        """Return whether some fact may be past its time; False is sure, and found without resolving any fact."""
        if self._is_fresh_only:
            return False
        dated = [(claim, days) for claim, days in self._list_ages() if days is not None]
        return any((self.as_of - claim.stated).days > days for claim, days in dated)

    @cached_property
    def are_all_stale(self) -> bool:
        """Return whether every claim is so old that no fact at all is left in `without_stale`; not if one is ahead."""
        return all(days is not None and (self.as_of - claim.stated).days > days for claim, days in self._list_ages())

    def _list_ages(self) -> Iterator[tuple[Claim, int | None]]:
        """Yield the claims that count by now, each with the days after which it is past its time."""
        for (_, criterion), claims in self.knowledge.claims.items():
            days = self.knowledge.get_stale_after(criterion)
            yield from ((claim, days) for claim in claims if claim.stated <= self.as_of)

    def _resolve(self, provider: str, criterion: Criterion) -> Fact:
        claims = [
            claim for claim in self.knowledge.claims.get((provider, criterion.id), ()) if claim.stated <= self.as_of
        ]
        young = [claim for claim in claims if self._oldest is None or claim.stated >= self._oldest]
        aged = len(young) < len(claims) and not young
        products = self.knowledge.providers[provider].products
        views = [
            build_view(list(part), self.as_of, products.get(product))
            for product, part in itertools.groupby(sorted(young, key=_get_product), key=_get_product)
        ]
        if criterion.kind == "capability":
            return _judge_capability(provider, criterion.id, views, aged=aged)
        return _judge_amount(provider, criterion.id, views, aged=aged)


_kept = BoundedCache[tuple[str, str, dt.date, int | None], Facts](limit=16)


def facts_as_of(knowledge: KnowledgeBase, day: dt.date, max_age: int | None = None) -> Facts:
    """Return the facts of a day, kept so that what is worked out once serves all teams."""
    return _kept.get_or_make(
        (knowledge.fingerprint, knowledge.read_from, day, max_age), lambda: Facts(knowledge, day, max_age)
    )


def _get_product(claim: Claim) -> str:
    return claim.product or ""


def _judge_capability(provider: str, criterion: str, views: Sequence[View], *, aged: bool) -> Fact:
    """Return present if any product has it, absent if none has and one lacks it; disputed is unknown."""
    found = [(view, view.truth) for view in views if view.claims]
    truth = any_of(part for _, part in found) if found else Truth.UNKNOWN
    resting = [view for view, part in found if part is truth]
    claims = tuple(claim for view in resting for claim in view.claims)
    disputed = any(view.disputed for view in resting)
    # Where one product has it, what becomes of the others changes nothing.
    notices = _collect_notices(resting if truth is Truth.YES else views)
    return Fact(provider, criterion, truth, None, claims, disputed=disputed, aged=aged, notices=notices)


def _judge_amount(provider: str, criterion: str, views: Sequence[View], *, aged: bool) -> Fact:
    """Return the amounts that all claims allow; where they contradict, all that lies between them."""
    view = views[0] if views else View((), disputed=False)
    amounts = [claim.amount for claim in view.claims if claim.amount is not None]
    combine = Interval.hull if view.disputed else Interval.intersect
    amount = reduce(combine, amounts) if amounts else None
    notices = _collect_notices(views)
    claims, disputed = view.claims, view.disputed
    return Fact(provider, criterion, Truth.UNKNOWN, amount, claims, disputed=disputed, aged=aged, notices=notices)


def _collect_notices(views: Iterable[View]) -> tuple[Notice, ...]:
    return tuple(dict.fromkeys(notice for view in views for notice in view.notices))
