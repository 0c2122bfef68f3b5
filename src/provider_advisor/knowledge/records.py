"""The records of the files under facts/: sources, criteria, situations, usage, providers, their claims, and facts."""

# They are named tuples, not models of the checking library, so that answering a question need not import it; and not
# frozen dataclasses, whose classes take a millisecond each to make, at every start of the command.

import datetime as dt
from collections.abc import Mapping
from typing import Literal, NamedTuple

from provider_advisor.knowledge.conditions import AT, FactHolds
from provider_advisor.logic import Interval, Number, Truth

Kind = Literal["capability", "quantity", "price", "rating"]
Evidence = Literal["stated", "contrast", "ambiguous"]
BoundWord = Literal["exactly", "at_least", "more_than", "at_most", "between", "from"]
Priority = Literal["must", "should", "could", "wont"]
"""How much something is wanted; `wont` means not wanted: no rule adds it, and it has no weight."""
About = Literal["criterion", "situation", "usage"]
SourceKind = Literal["vendor", "repository", "press", "article", "law", "standard", "guide"]
"""What a source is, for people who judge how far to trust it; it changes no score."""
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
    """A source of claims.

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

    @property
    def ends(self) -> tuple[Number, Number]:
        """Return the lowest and the highest amount on it, whichever of the two is the worst."""
        return min(self.worst, self.best), max(self.worst, self.best)

    def holds(self, amount: float) -> bool:
        """Return whether an amount is on it."""
        low, high = self.ends
        return low <= amount <= high


EVERY_AREA = "all"
"""What stands for every area among those of `Criterion.same_product`."""


class MemberOf(NamedTuple):
    """A criterion and a member of its list: `phone-numbers` and `de`."""

    criterion: str
    member: str


class Criterion(NamedTuple):
    """What a provider can be asked about."""

    id: str
    label: str
    area: str
    kind: Kind
    question: str
    weight: float
    aliases: tuple[str, ...] = ()
    unit: str | None = None
    values: tuple[str, ...] = ()  # of a rating: its words in ascending order
    scale: Scale | None = None
    lower_is_better: bool = False
    whole: bool = False  # it counts things: "more than 100" is at least 101
    limit: bool = False  # every smaller number fits as well: up to 250 participants
    computed: bool = False  # it is the cost that follows from prices and usage, so that nobody claims it
    of: str | None = None  # of a price: the capability that it pays for
    usage: tuple[str, ...] = ()  # of a price: the volumes that it is multiplied with
    concerns: tuple[str, ...] = ()  # of a free plan or a starting credit: the prices beside which it is named
    stale_after: int | None = None  # after how many days a fact is out of date, instead of the policy's number
    silent: str | None = None  # why there is no claim on it
    negotiable: bool = True  # whether it may be offered as a concession
    absent: str | None = None  # the word of a rating that says that it is not there, which no must accepts
    keywords: tuple[str, ...] = ()  # words that lead a search to it, and are never taken for it
    # Names that mean it only beside others of its area: "encryption" is that of video where video is asked for.
    loose: tuple[str, ...] = ()
    of_each: str | None = None  # the list of members that it can be asked of
    member_scale: Scale | None = None  # the scale of its members, if it is another one
    member_of: MemberOf | None = None  # set for the criterion of a member alone
    any_of: tuple[FactHolds, ...] = ()  # set for a choice alone: conditions on facts, one of which is enough
    # The areas whose musts the same product has to meet, or `EVERY_AREA`: a region of one says nothing of another.
    same_product: tuple[str, ...] = ()

    @property
    def plain_name(self) -> str:
        """Return a name that means it whatever else is asked for: its id, or an alias if the id is loose."""
        return next((name for name in (self.id, *self.aliases) if name not in self.loose), self.id)

    @property
    def floor(self) -> Number | None:
        """Return the least that an amount can be: 0, or None where the scale has amounts below it, as temperatures."""
        return None if self.scale is not None and self.scale.ends[0] < 0 else 0

    @property
    def counts_for(self) -> str | None:
        """Return the criterion that what is there for this member counts for; none for a price, which is no other's."""
        return None if self.member_of is None or self.kind == "price" else self.member_of.criterion

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
    """Further terms of a price: a minimum number of units, and amounts in its currency.

    The setup fee is paid once, and is not part of monthly costs.
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
"""The value of a claim: a word, several words if one of them holds, a number, or the two ends of a range."""


class Claim(NamedTuple):
    """One source's statement about one provider and one criterion, or about some of its members."""

    provider: str
    product: str | None
    criterion: str
    # Present or absent, a number or two, a rating's word or several, or "by-quote": the price is not published.
    value: ClaimValue
    bound: BoundWord | None  # how a number is meant
    unit: str | None
    evidence: Evidence
    source: str
    line: int | None  # the line of the source; without one, `place` says where in it
    stated: dt.date  # the day on which the source said it
    starts: dt.date  # the first day on which it is true
    until: dt.date | None = None  # the last day on which it is true
    note: str | None = None
    # What `bound` and `value` leave, in ranks for a rating; None for a capability, and for a price without a rate.
    amount: Interval | None = None
    where: str = ""  # the file and the line of the knowledge base
    # Another part of the source than a line: "page 12", "section Prices", "anchor prices".
    place: str | None = None
    members: tuple[str, ...] = ()  # the members that it is about; none for the criterion as a whole
    only: bool = False  # it also says that all other members are absent
    meant: str | None = None  # without a `product`, the one that it is about although the source does not name it
    # Of a price, always in its own currency; `value` and `amount` then reach from the lowest price to the highest.
    tiers: tuple[Tier, ...] = ()
    terms: Terms = NO_TERMS  # what a price asks beside its amount, always in its own currency
    rates: tuple[Rate, ...] = ()  # in a fact: what `amount` was converted by; several where sources of one day differ
    # What comes on top of a price, such as carrier fees. No source says how much, so `amount` has no upper end.
    plus: str | None = None
    # The member whose price is taken for volumes that name no member, because no other price is stated.
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
    def converted_tiers(self) -> tuple[Tier, ...]:
        """Return its tiers in the currency of its amount; none where rates differ, because a tier has no one price."""
        worths = {rate.worth for rate in self.rates}
        if len(worths) > 1:
            return ()
        return tuple(tier._replace(price=tier.price * worth) for tier in self.tiers for worth in worths) or self.tiers

    @property
    def converted_terms(self) -> list[Terms]:
        """Return its terms in the currency of its amount, by each of its rates."""
        return [self.terms.convert(rate.worth) for rate in self.rates] or [self.terms]

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
        """Return its name with the new one that it has on a day: "Old Calls (now New Calls)"."""
        new = self.renamed
        return self.name if new is None or day < new.day else f"{self.name} (now {new.name})"


class Notice(NamedTuple):
    """An end or a change behind a fact, past or ahead.

    `day` is the last day for "ends", "ended" and ends of products, the first day for all others; for an end that is
    "withdrawn" it is that end, and `stated` the day on which it was withdrawn. `claim` is the one that ends or starts;
    for the end of a product there is none.
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
        said = {claim.converted_tiers for claim in self.claims if claim.amount == self.amount is not None}
        return said.pop() if len(said) == 1 and not self.disputed else ()

    @property
    def terms(self) -> tuple[Terms, Terms]:
        """Return the lowest and the highest extra terms of a price, in the criterion's currency."""
        claims = [claim for claim in self.claims if claim.amount is not None]
        found = [terms for claim in claims for terms in claim.converted_terms]
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
    """A topic of a team's situation, and its possible answers; several at once if `many`."""

    id: str
    label: str
    question: str
    values: tuple[str, ...]
    many: bool = False
    cautions: tuple[Caution, ...] = ()


class UsageItem(NamedTuple):
    """A monthly volume that prices are multiplied by."""

    id: str
    label: str
    question: str
    unit: str
