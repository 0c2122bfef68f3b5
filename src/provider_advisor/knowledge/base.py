"""The knowledge base: all records by id, also found by aliases and names, and the words in which ids are shown."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.knowledge.conditions import AT, split_member
from provider_advisor.knowledge.criteria import Criteria
from provider_advisor.knowledge.records import Claim, Criterion, Edition, Provider, Rate, Source, Topic, UsageItem
from provider_advisor.knowledge.rules import Policy, Question, Questionnaire, Rule, Subject
from provider_advisor.knowledge.scope import EVERYTHING, KnownNames, Scope, choose_providers, narrow_scope, read_scope
from provider_advisor.knowledge.suggest import SpellingIndex
from provider_advisor.safe_text import fold

if TYPE_CHECKING:
    from provider_advisor.knowledge.search import SearchEntry, SearchIndex
    from provider_advisor.knowledge.sentences import SentenceReader


# The shares of teams that answer a question that rules/questions.yaml leaves out: many say what they are like, and few
# ask for any one criterion among so many.
_EVEN = 0.5
_SELDOM = 0.2

_NO_ABBREVIATIONS = frozenset(
    ("an", "as", "at", "be", "by", "do", "if", "in", "is", "it", "my", "no", "of", "on", "or", "so", "to", "up", "we")
)


@dataclass(frozen=True)
class KnowledgeBase:
    """All knowledge by id, in an order independent of the order of files.

    Rules come before those they feed. `fingerprint` is a SHA-256 of the content: equal for equal knowledge, whatever
    the layout, comments or file names. The `edition` is not part of it: it is the version and date set by the keeper,
    or None. `read_from` names the folders that were read. `written` is rules/questions.yaml, or a function that reads
    it; it is no part of the fingerprint, because it never changes an answer. A base that `restrict` made has a `scope`,
    and knows the `whole` that it is a part of.
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
        """Connect the criteria to the lists of members."""
        if not isinstance(self.criteria, Criteria):
            object.__setattr__(self, "criteria", Criteria(self.criteria))

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields for another process, without cached properties."""
        # Cached properties are in `__dict__` too, and the indexes among them are larger than the base itself.
        return {part.name: getattr(self, part.name) for part in fields(self)}

    @property
    def edition_data(self) -> dict[str, str | None]:
        """Return `version` and `date` as JSON-ready data, None if not set."""
        edition = self.edition
        return {"version": edition.version if edition else None, "date": edition.date.isoformat() if edition else None}

    def restrict(
        self,
        *,
        only: str | Iterable[str] = (),
        without: str | Iterable[str] = (),
        sources: str | Iterable[str] = (),
        customer_of: str | Iterable[str] = (),
    ) -> "KnowledgeBase":
        """Return the base with `only` some providers, `without` some, and with the claims of some `sources` alone.

        Providers and sources are given by id, alias or name, in any case; `customer_of` as in `Scope`. A restricted
        base can be restricted further. Rules, criteria and policy stay. The part has a fingerprint of its own.

        Raises RequirementsError for an unknown name, or if nothing is left.
        """
        if not (only or without or sources or customer_of):
            return self
        whole = self.whole or self
        given = whole.read_scope(only=only, without=without, sources=sources, customer_of=customer_of)
        scope = narrow_scope(given, self.scope)
        if scope == self.scope:
            return self
        return _parts.get_or_make((whole.fingerprint, whole.read_from, scope), lambda: _make_part(whole, scope))

    def read_scope(self, **given: str | Iterable[str]) -> Scope:
        """Return the scope with ids in place of the names, aliases and ids given, in any case.

        Raises RequirementsError with every name that is unknown or given twice with opposite meanings.
        """
        aliases = [alias for part in self.providers.values() for alias in part.aliases]
        providers = KnownNames("provider", self.find_provider, sorted(self.providers), aliases)
        return read_scope(given, self.scope, KnownNames("source", self.find_source, sorted(self.sources)), providers)

    def on_day(self, day: dt.date) -> "KnowledgeBase":
        """Return the base with the providers compared on a day: each from its first claim on.

        A provider without claims is always compared. Before the first claim of all, nothing is known about any
        provider, and all are compared.
        """
        # So an answer as of a past day compares only the providers about which something had been said by then.
        there = {
            name: part
            for name, part in self.providers.items()
            if not part.claims or any(claim.stated <= day for claim in part.claims)
        }
        return replace(self, providers=there) if there and len(there) < len(self.providers) else self

    @cached_property
    def claims_by_product(self) -> Mapping[str, Counter[str | None]]:
        """Return by provider the number of claims on each product, with None for the provider as a whole."""
        return {
            name: Counter(claim.belongs_to for claim in provider.claims) for name, provider in self.providers.items()
        }

    @cached_property
    def prices_of_usage(self) -> tuple[Criterion, ...]:
        """Return the prices that are multiplied by volumes."""
        return tuple(criterion for criterion in self.criteria.values() if criterion.usage)

    @cached_property
    def given_freely(self) -> tuple[Criterion, ...]:
        """Return the criteria that come with prices at no cost, such as free plans."""
        return tuple(criterion for criterion in self.criteria.values() if criterion.concerns)

    @cached_property
    def first_day(self) -> dt.date | None:
        """Return the day of the oldest claim, None without any."""
        return min((claim.stated for part in self.providers.values() for claim in part.claims), default=None)

    @cached_property
    def questionnaire(self) -> Questionnaire | None:
        """Return the questionnaire of rules/questions.yaml, None without that file."""
        return self.written() if callable(self.written) else self.written

    @cached_property
    def full_questionnaire(self) -> Questionnaire:
        """Return the questionnaire with a plain question for everything that its file leaves out.

        Plain questions have the words of the vocabulary and belong to the subject named like the criterion's area,
        which is added where the file has none.
        """
        plain = [Question("criterion", one.id, (one.area,), _SELDOM) for one in self.criteria.values()]
        plain += [Question("situation", topic, (), _EVEN) for topic in self.topics]
        for item in self.usage:
            # The areas of the prices that are multiplied with it, and of those computed from them.
            areas = dict.fromkeys(one.area for one in self.criteria.values() if item in one.usage or one.computed)
            plain.append(Question("usage", item, tuple(areas), _EVEN))
        written = self.questionnaire or Questionnaire({}, {})
        subjects, questions = dict(written.subjects), dict(written.questions)
        for question in plain:
            if question.key not in questions:
                questions[question.key] = question
                for area in question.subjects:
                    subjects.setdefault(area, Subject(area, self.spell_id(area).capitalize(), _EVEN))
        return Questionnaire(subjects, questions)

    @cached_property
    def words(self) -> Mapping[str, str]:
        """Return each criterion's id by its id and its aliases."""
        names = {alias: criterion.id for criterion in self.criteria.values() for alias in criterion.aliases}
        return names | {name: name for name in self.criteria}

    def find_criterion(self, word: str) -> str | None:
        """Return the id of the criterion for a word, in any case; `_` and spaces count as hyphens.

        In `numbers@germany` both the criterion and its member may be any word that they answer to. A word that names a
        member alone finds it where its list says of which criterion: `soc-2` is `certificate@soc-2`.
        """
        if (known := self.words.get(word)) is not None:  # most words are written as they are recorded
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
        """Return the usage item of a name; `sms-outbound@de` is the part of a volume that goes to Germany."""
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
        """Return the id of the provider for a word: its id, an alias or its name, in any case."""
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
        # What is more exact wins: an id over an alias, an alias over a name.
        words = {provider.name.casefold(): provider.id for provider in self.providers.values()}
        words |= {alias.casefold(): provider.id for provider in self.providers.values() for alias in provider.aliases}
        return words | {name.casefold(): name for name in self.providers}

    @cached_property
    def loose_words(self) -> frozenset[str]:
        """Return the folded aliases that mean their criterion only beside others of its area."""
        return frozenset(fold(word) for one in self.criteria.values() for word in one.loose if word != one.id)

    @cached_property
    def loose_ids(self) -> frozenset[str]:
        """Return the ids that are loose in the same way if typed by a person; programs and files mean them exactly."""
        return frozenset(one.id for one in self.criteria.values() if one.id in one.loose)

    @cached_property
    def search_index(self) -> "SearchIndex":
        """Return what teams can state, ready to be searched by meaning: criteria, situation and usage."""
        from provider_advisor.knowledge.search import index_vocabulary  # noqa: PLC0415 (few starts search)

        return index_vocabulary(self.criteria, self.topics, self.usage, self.full_questionnaire.questions)

    @cached_property
    def sentences(self) -> "SentenceReader":
        """Return what reads buyers' sentences in the words of this knowledge base."""
        from provider_advisor.knowledge.sentences import SentenceReader  # noqa: PLC0415 (few starts read any)

        return SentenceReader(self.criteria, self.loose_words, self.search_index)

    def search(self, words: str) -> "tuple[SearchEntry, ...]":
        """Return the criteria that words find, best first, with members if named ("numbers in Germany")."""
        return self.sentences.search(words)

    @cached_property
    def spelling_index(self) -> SpellingIndex:
        """Return all words of criteria, ready to find the nearest to a misspelt one."""
        return SpellingIndex(self.words)

    @cached_property
    def spell_id(self) -> Callable[[str], str]:
        """Return a function from an id to its words, spelt as labels and questions spell them.

        start-up-plan    start-up plan      questions join these two more often with a hyphen than with a blank
        contact-centre   contact centre     and these two with a blank, but for "contact-centre agents"
        video-api        video API          as in the label "Video API"
        ca               CA                 a word of two letters is an abbreviation, such as that of a country
        """
        # A page spells the same few ids hundreds of times, and each is looked up in the text of all questions.
        return lru_cache(maxsize=1024)(self._spell_id)

    def _spell_id(self, name: str) -> str:
        words = name.split("-")
        text = self._spell_word(words[0])
        for before, word in pairwise(words):
            # An id may be the plural.
            joints = re.findall(rf"\b{re.escape(before)}([- ]){re.escape(word.removesuffix('s'))}", self._written)
            text += ("-" if joints.count("-") > joints.count(" ") else " ") + self._spell_word(word)
        return text

    def _spell_word(self, word: str) -> str:
        is_short = len(word) == 2 and word not in _NO_ABBREVIATIONS  # noqa: PLR2004 (two letters)
        return self._capitals.get(word, word.upper() if is_short else word)

    @cached_property
    def _capitals(self) -> Mapping[str, str]:
        """Return the words of labels with inner capital letters, by their small letters: "api" is "API"."""
        labels = [*(one.label for one in self.criteria.values()), *(one.label for one in self.topics.values())]
        words: set[str] = {word for label in labels for word in re.findall(r"\w+", label)}
        return {word.lower(): word for word in words if sum(letter.isupper() for letter in word) > 1}

    @cached_property
    def _written(self) -> str:
        about: list[Criterion | Topic | UsageItem] = [*self.criteria.values(), *self.topics.values()]
        return "\n".join(f"{one.label}\n{one.question}" for one in (*about, *self.usage.values())).lower()

    def get_stale_after(self, criterion: str) -> int | None:
        """Return after how many days a fact on the criterion is out of date; None for never."""
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

    def list_claims(self, provider: str, criterion: str) -> list[Claim]:
        """Return the claims on a criterion as a whole, or on the one member that its id names."""
        of = self.criteria[criterion].member_of
        every = self.claims.get((provider, criterion if of is None else of.criterion), ())
        return [claim for claim in every if (not claim.members if of is None else of.member in claim.members)]

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
        """Yield provider and criterion of every claim: the criterion itself, and each named member."""
        for (provider, criterion), claims in self.claims.items():
            if any(not claim.members for claim in claims):
                yield provider, criterion
            yield from ((provider, f"{criterion}{AT}{member}") for member in self.claimed_members(provider, criterion))


# Each team of a batch may have a scope of its own, and most share a few.
_parts: BoundedCache[tuple[str, str, Scope], KnowledgeBase] = BoundedCache(limit=16)


def _make_part(whole: KnowledgeBase, scope: Scope) -> KnowledgeBase:
    import hashlib  # noqa: PLC0415 (it loads OpenSSL, which a start without a scope does not need)

    return replace(
        whole,
        providers=choose_providers(whole.providers, scope),
        # The fingerprint of a part names its content too: the whole base, and what was taken from it.
        fingerprint=hashlib.sha256(f"{whole.fingerprint} {scope}".encode()).hexdigest(),
        written=lambda: whole.questionnaire,  # read from the cache only if a part is asked for it
        scope=scope,
        whole=whole,
    )
