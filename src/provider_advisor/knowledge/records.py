"""The records of facts: frozen values, checked before they are made (see `loader`).

They are named tuples, not models of the checking library, so that answering a question need not import it; and not
frozen dataclasses, for making the class of one takes a millisecond, at every start of the command.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Literal, NamedTuple

from provider_advisor.knowledge.conditions import FactHolds
from provider_advisor.knowledge.members import AT, MemberOf
from provider_advisor.logic import Interval, Number

__all__ = [
    "EVERY_AREA",
    "About",
    "BoundWord",
    "Claim",
    "Criterion",
    "Edition",
    "Evidence",
    "Kind",
    "Notice",
    "NoticeKind",
    "Priority",
    "Product",
    "Provider",
    "Rate",
    "Renaming",
    "Scale",
    "Source",
    "SourceKind",
    "Terms",
    "Tier",
    "Topic",
    "UsageItem",
]

Kind = Literal["capability", "quantity", "price", "rating"]
Evidence = Literal["stated", "contrast", "ambiguous"]
BoundWord = Literal["exactly", "at_least", "more_than", "at_most", "between", "from"]
Priority = Literal["must", "should", "could", "wont"]
"""How much something is asked for; `wont` is not wanted: no rule adds it, and it weighs nothing."""
About = Literal["criterion", "situation", "usage"]
SourceKind = Literal["vendor", "repository", "press", "article", "law", "standard", "guide"]
NoticeKind = Literal[
    "ends",
    "ended",
    "starts",
    "closed-to-new",
    "closes-to-new",
    "product-ends",
    "product-ended",
    "renamed",
    "renames",
    "withdrawn",
]


class Edition(NamedTuple):
    """The version of a knowledge base, and the day of its last change."""

    version: str
    date: dt.date

    def __str__(self) -> str:
        """Return both in words: `1.4.0 of 2024-06-01`."""
        return f"{self.version} of {self.date}"


class Source(NamedTuple):
    """Where claims come from.

    `published` is the day on which it says what its claims say, unless a claim names another; None for a page without a
    date, which counts from the day it was `retrieved`. Without `url`, `no_url` is the reason.
    """

    id: str
    title: str
    language: str
    published: dt.date | None
    retrieved: dt.date
    publisher: str | None = None
    url: str | None = None
    note: str | None = None
    kind: SourceKind | None = None
    no_url: str | None = None

    @property
    def counts_from(self) -> dt.date:
        """Return the day on which its claims are stated, unless one names another."""
        return self.published or self.retrieved


class Scale(NamedTuple):
    """The amounts that count as worst and best on the market, in the criterion's unit.

    Degrees are linear between them; or between `points`, if there are any: amounts and their degrees, in ascending
    order, both ends among them. So a target of 20 within 0 to 100 is ((0, 0), (20, 1), (100, 0)).
    """

    worst: Number
    best: Number
    because: str
    points: tuple[tuple[Number, float], ...] = ()


EVERY_AREA = "all"
"""What stands for every area among those of `Criterion.same_product`."""


class Criterion(NamedTuple):
    """What a provider can be asked about.

    `values` are a rating's words in ascending order; `of` is the capability that a price pays for; `usage` the volumes
    that a price is multiplied with; `concerns` the prices beside which a free plan or a starting credit is named;
    `stale_after`, in days, takes the place of the policy's; `silent` says why there is no claim on it;
    what is not `negotiable` is never offered as a concession; `absent` is the word of a rating that says that it is not
    there, which no must accepts. `keywords` lead a search to it but are never taken for it; `loose` are those of its
    names that mean it only beside other criteria of its area: "encryption" is that of video where video is asked for.
    `of_each` is the list of members that it can be asked of; `member_of` is set for such a member alone.
    `any_of` is set for a choice alone: conditions on facts, one of which is enough.
    `same_product` names the areas whose musts the same product has to meet, or `EVERY_AREA`: a region of one product
    says nothing of another.
    """

    id: str
    label: str
    area: str
    kind: Kind
    question: str
    weight: float
    aliases: tuple[str, ...] = ()
    unit: str | None = None
    values: tuple[str, ...] = ()
    scale: Scale | None = None
    lower_is_better: bool = False
    whole: bool = False
    limit: bool = False
    computed: bool = False
    of: str | None = None
    usage: tuple[str, ...] = ()
    concerns: tuple[str, ...] = ()
    stale_after: int | None = None
    silent: str | None = None
    negotiable: bool = True
    absent: str | None = None
    keywords: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    of_each: str | None = None
    member_of: MemberOf | None = None
    any_of: tuple[FactHolds, ...] = ()
    same_product: tuple[str, ...] = ()

    @property
    def plain_name(self) -> str:
        """Return a name that means it whatever is asked beside it: its id, or where that is loose an alias."""
        return next((name for name in (self.id, *self.aliases) if name not in self.loose), self.id)

    @property
    def floor(self) -> Number | None:
        """Return the least that an amount can be: 0, or None where the scale has amounts below it, as temperatures."""
        scale = self.scale
        return None if scale is not None and min(scale.worst, scale.best) < 0 else 0

    @property
    def least(self) -> Interval | None:
        """Return the bound of a must that names none: for a rating with a word for "not there", every other word."""
        if self.absent is None:
            return None
        rank = self.values.index(self.absent)
        return Interval(high=rank - 1) if self.lower_is_better else Interval(low=rank + 1)


class Tier(NamedTuple):
    """The price of each unit that is used in a month beyond the tier before, up to an amount; None: however many."""

    up_to: Number | None
    price: Number


class Terms(NamedTuple):
    """What a price asks beside the amount of each unit: a least number of units, and amounts of its currency.

    The setup fee is paid once, and is in no monthly cost.
    """

    billed_at_least: Number = 0
    monthly_minimum: Number = 0
    monthly_fee: Number = 0
    setup_fee: Number = 0

    def convert(self, worth: Number) -> "Terms":
        """Return the terms in another currency."""
        return Terms(self.billed_at_least, *(amount * worth for amount in self[1:]))


NO_TERMS = Terms()


class Rate(NamedTuple):
    """What one unit of a currency was worth in another, as a source stated it on a day."""

    currency: str
    into: str
    worth: Number
    source: str
    stated: dt.date
    line: int | None = None


ClaimValue = str | Number | tuple[Number, Number] | tuple[str, ...]
"""What a claim says: a word, words of which one holds, a number, or the two ends of a range."""


class Claim(NamedTuple):
    """One source's statement about one provider and one criterion.

    `value` is "present" or "absent", a rating's word, several of which one holds, a number, a pair of numbers, or
    "by-quote" for a price that is not published; `bound` says how a number is meant, and `amount` is the interval (of
    ranks, for a rating) that it leaves. The source said it on the day `stated`; it is true from `starts` to `until`,
    both days included.
    A price may have `tiers`; its value and amount then are those between the lowest price and the highest. `terms` are
    what else it asks, in its own currency. Where that is not the criterion's, a fact's claim has `amount` and `tiers`
    converted by `rates`, several where sources of one day differ; without a rate the amount is not known.
    A price may be that of one member (`price_of`) and be taken for volumes that name none, because no other is stated.
    `plus` names what comes on top of a price, such as carrier fees: nobody says how much, so `amount` has no upper end.
    With `members` it is about those members of the criterion, and with `only` it also says that all others are absent.
    Without a `product`, `meant` is the one that it is about although the source does not name it. `where` is the
    file and line of the knowledge base; `line` that of the source, or `place` another part of it: "page 12",
    "section Prices", "anchor prices".
    """

    provider: str
    product: str | None
    criterion: str
    value: ClaimValue
    bound: BoundWord | None
    unit: str | None
    evidence: Evidence
    source: str
    line: int | None
    stated: dt.date
    starts: dt.date
    until: dt.date | None = None
    note: str | None = None
    amount: Interval | None = None
    where: str = ""
    place: str | None = None
    members: tuple[str, ...] = ()
    only: bool = False
    meant: str | None = None
    tiers: tuple[Tier, ...] = ()
    terms: Terms = NO_TERMS
    rates: tuple[Rate, ...] = ()
    plus: str | None = None
    price_of: str | None = None

    @property
    def is_unconverted(self) -> bool:
        """Return whether it is a price in a currency without a rate: nothing is known in that of the criterion."""
        return self.amount is None and not isinstance(self.value, str)

    @property
    def counts_from(self) -> dt.date:
        """Return the day from which it ages: a converted price is as old as the rate, if that is older."""
        return min((self.stated, *(rate.stated for rate in self.rates)))

    @property
    def belongs_to(self) -> str | None:
        """Return the product that it is about, named or meant; None for the provider as a whole."""
        return self.product or self.meant

    def of_member(self, member: str) -> "Claim":
        """Return what it says about one member: what is there for others only is absent for this one, with no end."""
        of_it = self._replace(criterion=f"{self.criterion}{AT}{member}", members=(), only=False)
        return of_it if member in self.members else of_it._replace(value="absent", until=None)


class Renaming(NamedTuple):
    """The `name` that a product has from a `day` on, and where that is said, on the day `stated`."""

    name: str
    day: dt.date
    source: str | None = None
    line: int | None = None
    stated: dt.date | None = None


class Product(NamedTuple):
    """A part of what a provider sells, to which claims belong.

    With `until` it ends after that day, and all that it has with it. From the day `closed_to_new` on, new customers
    cannot get it. `source` and `line` are where that is said, on the day `stated`; without them it counts on any day.
    """

    id: str
    name: str
    until: dt.date | None = None
    closed_to_new: dt.date | None = None
    source: str | None = None
    line: int | None = None
    stated: dt.date | None = None
    renamed: Renaming | None = None

    def name_on(self, day: dt.date) -> str:
        """Return its name, and beside it the new one that it has on a day: "Old Calls (now New Calls)"."""
        new = self.renamed
        return self.name if new is None or day < new.day else f"{self.name} (now {new.name})"


class Notice(NamedTuple):
    """An end or a change of what a fact rests on, past or ahead.

    `day` is the last day for "ends", "ended" and ends of products, the first day for all others; for an end that is
    "withdrawn" it is that end, and `stated` the day on which it was withdrawn. `claim`
    is what a claim's own end or start is about; for products there is none.
    """

    provider: str
    product: str | None
    criterion: str
    kind: NoticeKind
    day: dt.date
    stated: dt.date | None
    source: str | None
    line: int | None
    claim: Claim | None = None


class Provider(NamedTuple):
    """An alternative: what is chosen."""

    id: str
    name: str
    aliases: tuple[str, ...]
    products: Mapping[str, Product]
    claims: tuple[Claim, ...]


class Caution(NamedTuple):
    """What a team that answers `value` should know of a product that `has` a capability, and has none of `unless`."""

    value: str
    has: tuple[str, ...]
    unless: tuple[str, ...]
    says: str


class Topic(NamedTuple):
    """One thing of a team's situation, and the words with which it can be answered; several at once if `many`."""

    id: str
    label: str
    question: str
    values: tuple[str, ...]
    many: bool = False
    cautions: tuple[Caution, ...] = ()


class UsageItem(NamedTuple):
    """A monthly volume that prices are multiplied with."""

    id: str
    label: str
    question: str
    unit: str
