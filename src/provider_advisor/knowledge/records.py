"""The records of a knowledge base: frozen values, checked before they are made (see `loader`).

They are named tuples, not models of the checking library, so that answering a question need not import it; and not
frozen dataclasses, for making the class of one takes a millisecond, at every start of the command.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from provider_advisor.knowledge.conditions import Condition, FactHolds
from provider_advisor.knowledge.members import AT, Criteria, Member, MemberList, MemberOf, split_member
from provider_advisor.knowledge.suggest import SpellingIndex
from provider_advisor.logic import Interval, Number
from provider_advisor.safe_text import fold

if TYPE_CHECKING:
    from provider_advisor.knowledge.search import SearchIndex

__all__ = [
    "About",
    "BoundWord",
    "Case",
    "Citation",
    "Claim",
    "Criteria",
    "Criterion",
    "Edition",
    "Evidence",
    "Implied",
    "Key",
    "Kind",
    "KnowledgeBase",
    "Member",
    "MemberList",
    "MemberOf",
    "Notice",
    "NoticeKind",
    "Policy",
    "Priority",
    "Product",
    "Provider",
    "Question",
    "Questionnaire",
    "Rate",
    "Renaming",
    "Rule",
    "Scale",
    "Source",
    "SourceKind",
    "Subject",
    "Terms",
    "Tier",
    "Topic",
    "UsageItem",
    "questionnaire_of",
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

_EVEN = 0.5
_SELDOM = 0.2


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

    @property
    def plain_name(self) -> str:
        """Return a name that means it whatever is asked beside it: its id, or where that is loose an alias."""
        return next((name for name in (self.id, *self.aliases) if name not in self.loose), self.id)

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
        """Return what it says about one member: what is there for others only is absent for this one."""
        value = self.value if member in self.members else "absent"
        return self._replace(criterion=f"{self.criterion}{AT}{member}", value=value, members=(), only=False)


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


class Topic(NamedTuple):
    """One thing of a team's situation, and the words with which it can be answered; several at once if `many`."""

    id: str
    label: str
    question: str
    values: tuple[str, ...]
    many: bool = False


class UsageItem(NamedTuple):
    """A monthly volume that prices are multiplied with."""

    id: str
    label: str
    question: str
    unit: str


class Citation(NamedTuple):
    """What a rule rests on: the lines of a source, or a section of it."""

    source: str
    lines: tuple[int, ...] = ()
    section: str | None = None


class Implied(NamedTuple):
    """A requirement that a rule adds."""

    criterion: str
    priority: Priority
    bound: Interval | None = None


class Rule(NamedTuple):
    """What it means for a team: `when` it holds, either more requirements, or a condition that favours providers."""

    id: str
    area: str
    when: Condition
    implies: tuple[Implied, ...]
    favours: Condition | None
    weight: float | None
    because: str
    rests_on: tuple[Citation, ...]
    where: str = ""
    label: str | None = None

    @property
    def short(self) -> str:
        """Return the name of the rule in a table: its label, or else its because, without a full stop."""
        return self.label or self.because.rstrip(".")


class Policy(NamedTuple):
    """The numbers of judgement: what a priority weighs, what an unknown is expected to be, how long facts are good for.

    `stale_after` has the days after which a fact of a kind is past its time; a kind that it lacks never is. Without
    `combinations`, providers exclude one another, and none are proposed together.
    """

    priorities: Mapping[Priority, float]
    unknown: float
    stale_after: Mapping[Kind, int] = {}
    combinations: bool = True


class Case(NamedTuple):
    """A decision that every change must keep: a team's statement, and what it must lead to.

    `team` has the keys of a requirements file; `expected` those of a verdict, and combinations, concessions, standings,
    and what to confirm: criteria by provider. `scope` has what `KnowledgeBase.restrict` takes.
    """

    name: str
    where: str
    team: Mapping[str, Any]
    as_of: dt.date | None
    max_age: int | None
    expected: Mapping[str, Any]
    scope: Mapping[str, list[str]] = {}


class Key(NamedTuple):
    """What a question is known by: Key("criterion", "fax"); shown and saved as `criterion:fax`.

    Beside the kinds of `About`, "bound" is the bound of a criterion and "members" those of its members that are meant;
    "topics" (without a name) are the subjects. "unlisted" is a requirement in the team's own words, which are its name.
    """

    kind: Literal["topics", "criterion", "bound", "members", "situation", "usage", "unlisted"]
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


class Subject(NamedTuple):
    """A part of the questionnaire that a team opens or leaves closed; `share` of all teams open it."""

    id: str
    label: str
    ask: str
    share: float
    help: str | None = None


class Question(NamedTuple):
    """One thing to ask: about a criterion, a topic of the situation, or a monthly volume.

    It is asked where one of its `subjects` is open (always, if it has none) and where `when` certainly holds. `share`
    of the teams to which it applies state something; `typical` are bounds or volumes that they would name (ranks, for
    a rating). Without `ask` the words are those of what it is about. One that is `once_known` waits, and is found by
    search only, until a provider has a claim on it, or on a price of that volume.
    """

    about: About
    name: str
    subjects: tuple[str, ...]
    share: float
    when: Condition | None = None
    ask: str | None = None
    help: str | None = None
    typical: tuple[Number, ...] = ()
    where: str = ""
    once_known: bool = False

    @property
    def key(self) -> Key:
        """Return what identifies the question: `criterion:fax`, `situation:developers`, `usage:calls`."""
        return Key(self.about, self.name)


class Questionnaire(NamedTuple):
    """Subjects by id, and questions by key, in the order of their file."""

    subjects: Mapping[str, Subject]
    questions: Mapping[Key, Question]


class Scope(NamedTuple):
    """What an answer looks at, by ids: `only` some providers, all `without` some, the claims of some `sources`.

    Empty parts leave everything in. `customer_of` names the providers of which the team is a customer already: to it,
    their products are open that are closed to new customers.
    """

    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    customer_of: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Return whether nothing is left out, and nothing is open to this team alone."""
        return not any(self)


EVERYTHING = Scope()


@dataclass(frozen=True)
class KnowledgeBase:
    """Everything known, by id, in an order that does not depend on the order of files.

    Rules come before those they feed.
    `fingerprint` is a SHA-256 of the content: equal for equal knowledge, whatever the layout, comments or file names.
    The `edition` is no part of it: it is what its keeper calls the base, None where that is not said.
    `read_from` names the folders that were read. `written` is rules/questions.yaml, or a function that reads it; it is
    no part of the fingerprint, because it never changes an answer. A base that `restrict` made has a `scope`, and
    knows the `whole` that it is a part of.
    """

    sources: Mapping[str, Source]
    criteria: Criteria
    providers: Mapping[str, Provider]
    topics: Mapping[str, Topic]
    usage: Mapping[str, UsageItem]
    rules: Mapping[str, Rule]
    policy: Policy
    fingerprint: str
    edition: Edition | None = None
    rates: tuple[Rate, ...] = ()
    written: Questionnaire | Callable[[], Questionnaire | None] | None = field(default=None, compare=False)
    read_from: str = field(default="", compare=False)
    scope: Scope = EVERYTHING
    whole: "KnowledgeBase | None" = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Let the criteria find members."""
        if not isinstance(self.criteria, Criteria):
            object.__setattr__(self, "criteria", Criteria(self.criteria))

    def __getstate__(self) -> dict[str, Any]:
        """Return what goes to another process: the fields, without what is worked out from them."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    @property
    def edition_data(self) -> dict[str, str | None]:
        """Return `version` and `date` as JSON-ready data, None where its keeper does not say them."""
        edition = self.edition
        return {
            "version": edition.version if edition else None,
            "date": edition.date.isoformat() if edition else None,
        }

    def restrict(
        self,
        *,
        only: str | Iterable[str] = (),
        without: str | Iterable[str] = (),
        sources: str | Iterable[str] = (),
        customer_of: str | Iterable[str] = (),
    ) -> "KnowledgeBase":
        """Return the base with `only` some providers, `without` some, and with the claims of some `sources` alone.

        Providers and sources are given by id, alias or name, in any case. `customer_of` names the providers of which
        the team is a customer already: their products count that are closed to new customers. What is empty limits
        nothing, and a part of a part is a smaller part. Rules, criteria and policy stay. The part has a fingerprint of
        its own. Nothing is read again, so that this takes some microseconds.

        Raises RequirementsError for an unknown name, or if nothing is left.
        """
        if not (only or without or sources or customer_of):
            return self
        from provider_advisor.knowledge.scope import take_part  # noqa: PLC0415 (most answers look at everything)

        return take_part(self, only=only, without=without, sources=sources, customer_of=customer_of)

    def on_day(self, day: dt.date) -> "KnowledgeBase":
        """Return the base with the providers that take part on a day: from that of its first claim on, each does.

        One without any claim is there on all days. Before the first claim of all, nothing is known of anybody, and all
        are there.
        """
        there = {name: part for name, part in self.providers.items() if _get_first_day(part) <= day}
        return replace(self, providers=there) if there and len(there) < len(self.providers) else self

    @cached_property
    def questionnaire(self) -> Questionnaire | None:
        """Return the questionnaire of rules/questions.yaml, None without that file."""
        return self.written() if callable(self.written) else self.written

    @cached_property
    def words(self) -> Mapping[str, str]:
        """Return each criterion's id by everything it answers to: its id and its aliases."""
        names = {alias: criterion.id for criterion in self.criteria.values() for alias in criterion.aliases}
        return names | {name: name for name in self.criteria}

    def find_criterion(self, word: str) -> str | None:
        """Return the id of the criterion that answers to a word, in any case; `_` and blanks count as hyphens.

        In `numbers@germany` both the criterion and its member may be any word that they answer to. A word that names a
        member alone finds it where its list says of which criterion: `soc-2` is `certificate@soc-2`.
        """
        if (known := self.words.get(word)) is not None:
            return known
        word, member = split_member(word)
        name = self.words.get(word) or self._folded_words.get(fold(word))
        if member is None:
            return name or self.criteria.find_alone(word)
        if name is None:
            return None
        found = self.criteria.find_member(name, member)
        return None if found is None else f"{name}{AT}{found}"

    @cached_property
    def _folded_words(self) -> Mapping[str, str]:
        return {word.casefold(): name for word, name in self.words.items()}

    def find_usage(self, word: str) -> UsageItem | None:
        """Return the usage item of a name; `sms-outbound@de` is what of one falls to a member of its prices' list."""
        name, of = split_member(word)
        item = self.usage.get(name)
        if item is None or of is None:
            return item
        for price in self.criteria.values():
            if name in price.usage and (member := self.criteria.find_member(price.id, of)) is not None:
                label = self.criteria[f"{price.id}{AT}{member}"].label.removeprefix(f"{price.label}, ")
                return item._replace(id=f"{name}{AT}{member}", label=f"{item.label}, {label}")
        return None

    def find_provider(self, word: str) -> str | None:
        """Return the id of the provider that answers to a word: its id, an alias or its name, in any case."""
        return self._provider_words.get(word.casefold())

    def find_source(self, word: str) -> str | None:
        """Return the id of the source that a word names, by its id or title, in any case."""
        return self._source_words.get(word.casefold())

    @cached_property
    def _source_words(self) -> Mapping[str, str]:
        titles = {source.title.casefold(): source.id for source in self.sources.values()}
        return titles | {name.casefold(): name for name in self.sources}

    @cached_property
    def _provider_words(self) -> Mapping[str, str]:
        words = {provider.name.casefold(): provider.id for provider in self.providers.values()}
        words |= {alias.casefold(): provider.id for provider in self.providers.values() for alias in provider.aliases}
        return words | {name.casefold(): name for name in self.providers}

    @cached_property
    def loose_words(self) -> frozenset[str]:
        """Return the aliases, folded, that mean their criterion only beside others of its area."""
        return frozenset(fold(word) for one in self.criteria.values() for word in one.loose if word != one.id)

    @cached_property
    def loose_ids(self) -> frozenset[str]:
        """Return the ids that are as loose where a person types them; programs and files mean them as they are."""
        return frozenset(one.id for one in self.criteria.values() if one.id in one.loose)

    @cached_property
    def search_index(self) -> "SearchIndex":
        """Return what teams can state, ready to be searched by meaning: criteria, situation and usage."""
        from provider_advisor.knowledge.search import SearchEntry, SearchIndex  # noqa: PLC0415 (few starts search)

        asked = questionnaire_of(self).questions

        def join(kind: About, name: str, question: str) -> str:
            written = asked[Key(kind, name)]
            return " ".join(filter(None, (question, written.ask, written.help)))

        entries: list[SearchEntry] = []
        for one in self.criteria.values():
            names, text = (one.id, *one.aliases, *one.keywords), join("criterion", one.id, one.question)
            entries.append(SearchEntry("criterion", one.id, names, one.label, text, one.weight))
        for topic in self.topics.values():
            text = join("situation", topic.id, topic.question)
            entries += [
                SearchEntry("situation", f"{topic.id}={value}", (topic.id, value), topic.label, text)
                for value in topic.values
            ]
        for item in self.usage.values():
            text = join("usage", item.id, item.question)
            entries.append(SearchEntry("usage", item.id, (item.id,), item.label, text))
        return SearchIndex(entries)

    @cached_property
    def spelling_index(self) -> SpellingIndex:
        """Return all words of criteria, ready to find those that nearly are a misspelt one."""
        return SpellingIndex(self.words)

    def get_stale_after(self, criterion: str) -> int | None:
        """Return after how many days a fact on the criterion is past its time; None if it never is."""
        record = self.criteria[criterion]
        return self.policy.stale_after.get(record.kind) if record.stale_after is None else record.stale_after

    @cached_property
    def claims(self) -> Mapping[tuple[str, str], tuple[Claim, ...]]:
        """Return the claims of each provider on each criterion, by (provider, criterion); with those on its members."""
        found: dict[tuple[str, str], list[Claim]] = {}
        for provider in self.providers.values():
            for claim in provider.claims:
                found.setdefault((provider.id, claim.criterion), []).append(claim)
        return {key: tuple(claims) for key, claims in found.items()}

    def claimed_members(self, provider: str, criterion: str) -> tuple[str, ...]:
        """Return the members of a criterion that a provider's claims name, in their order."""
        found = (member for claim in self.claims.get((provider, criterion), ()) for member in claim.members)
        return tuple(dict.fromkeys(found))

    def is_claimed(self, provider: str, criterion: str) -> bool:
        """Return whether a provider has a claim on a criterion or on any of its members; of a member, on that one."""
        name, member = split_member(criterion)
        claims = self.claims.get((provider, name), ())
        return any(member is None or member in claim.members or claim.only for claim in claims)

    def list_claimed(self) -> Iterator[tuple[str, str]]:
        """Yield the provider and the criterion of all that is claimed: the criterion itself, and each named member."""
        for (provider, criterion), claims in self.claims.items():
            if any(not claim.members for claim in claims):
                yield provider, criterion
            yield from ((provider, f"{criterion}{AT}{member}") for member in self.claimed_members(provider, criterion))


def _get_first_day(provider: Provider) -> dt.date:
    return min((claim.stated for claim in provider.claims), default=dt.date.min)


def questionnaire_of(knowledge: KnowledgeBase) -> Questionnaire:
    """Return the questionnaire: that of the file, with a plain question for everything it leaves out.

    Plain questions have the words of the vocabulary and belong to the subject named like the criterion's area, which
    is added where the file has none.
    """
    written = knowledge.questionnaire or Questionnaire({}, {})
    subjects, questions = dict(written.subjects), dict(written.questions)
    for question in _make_plain_questions(knowledge):
        if question.key not in questions:
            questions[question.key] = question
            for area in question.subjects:
                subjects.setdefault(area, _make_subject(area))
    return Questionnaire(subjects, questions)


def _make_plain_questions(knowledge: KnowledgeBase) -> Iterator[Question]:
    for criterion in knowledge.criteria.values():
        yield Question("criterion", criterion.id, (criterion.area,), _SELDOM)
    for topic in knowledge.topics:
        yield Question("situation", topic, (), _EVEN)
    for item in knowledge.usage:
        yield Question("usage", item, tuple(_find_areas(item, knowledge)), _EVEN)


def _find_areas(item: str, knowledge: KnowledgeBase) -> Iterable[str]:
    """Return the areas of the prices that are multiplied with it, and of those computed from them."""
    priced = [criterion for criterion in knowledge.criteria.values() if item in criterion.usage or criterion.computed]
    return dict.fromkeys(criterion.area for criterion in priced)


def _make_subject(area: str) -> Subject:
    label = area.replace("-", " ").capitalize()
    return Subject(area, label, f"Does anything of {area.replace('-', ' ')} matter?", _EVEN)
