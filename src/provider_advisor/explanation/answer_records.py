"""The answer to a team as typed records: written as JSON, published as a schema, and read back by `replay`.

A record's attributes are the fields of its JSON object, in the order in which they are written; the text below a field
describes it in the schema (see `answer_schema`). `as_data` turns records into JSON-ready data.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, ClassVar, Literal, dataclass_transform

from provider_advisor.knowledge.records import Evidence, NoticeKind, Priority

SCHEMA: Literal["provider-advisor/recommendation/1"] = "provider-advisor/recommendation/1"

BoundWords = dict[str, int | float | str]
"""A bound with the keys and words of a requirements file: {"at_least": 90}, {"is": "absent"}."""

PartRecord = str | dict[str, int | float | str]
"""A part of a choice, as in a requirements file: "sms", {"criterion": "number-countries", "at_least": 90}."""


@dataclass_transform(kw_only_default=True, eq_default=False)
class AnswerPart:
    """Base of all parts of the answer. They are made by naming every field.

    Type checkers see dataclasses. Real ones would slow the start of the command by a tenth, so they become dataclasses
    (in `answer_schema`) only when a schema is needed or data is read.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {
        "allow_inf_nan": False,
        "alias_generator": lambda name: name.removesuffix("_"),
    }

    def __init__(self, **fields: Any) -> None:  # noqa: ANN401 (see the type checkers' view)
        self.__dict__ = fields


# The verdict


class ThenVerdictRecord(AnswerPart):
    """A verdict without its reason."""

    # Not the types of `decision`: `check` loads these records, and would load the rule engine with them. A test holds
    # all these words equal.
    kind: Literal["recommended", "tie", "undetermined", "none"]
    strength: Literal["firm", "dated", "leaning"] | None
    provider: str | None
    lean: str | None
    among: list[str]


class VerdictRecord(ThenVerdictRecord):
    """A verdict with its reason."""

    reason: str
    """one sentence"""

    @property
    def named(self) -> list[str]:
        """Return the providers that it names: the one recommended, the lean, or those that are level."""
        return [name for name in (self.provider, self.lean, *self.among) if name is not None]


# Providers and what they cost


class ScoreRecord(AnswerPart):
    """The three scores of a provider, 0 to 100."""

    proven: float | None
    """all unknowns count against it; null if nothing was asked for"""
    expected: float | None
    possible: float | None
    """all unknowns count in its favour"""


class LineRecord(AnswerPart):
    """A line of a source, or another place in it."""

    source: str
    line: int | None
    """null where the place is not a line"""
    as_of: str
    place: str | None = None
    """page, section or anchor, where the place is not a line"""


class OtherPriceRecord(AnswerPart):
    """A price that was not used."""

    criterion: str
    price: str


class CostItemRecord(AnswerPart):
    """Usage that one price covers."""

    usage: dict[str, float | list[float]]
    """per month; [low, high] for a range"""
    criterion: str | None
    """the cheapest price; null where none is known"""
    price: str | None
    by_quote: bool
    """the provider gives its price by quote only"""
    low: float
    high: float | None
    instead: list[OtherPriceRecord]
    """price models that cost more for this usage"""
    beside: list[str]
    """free plans and credits, named and not subtracted"""
    evidence: list[LineRecord]
    priced_members: list[str] | None = None
    """usage that does have a price (`sms-outbound@de`), if this item names no member and has none"""
    unconverted: list[str] | None = None
    """prices in currencies without a recorded exchange rate"""
    notes: list[str] | None = None
    """notes on the price"""
    plus: list[str] | None = None
    """what comes on top of the price, such as carrier fees; no source says how much, so the cost has no upper limit"""
    price_of: str | None = None
    """the member that the price is for (`us`), if the usage names none"""
    unpriced_members: list[str] | None = None
    """members that the team asks about but that have no known price; the price is not for them"""
    out_of_date: str | None = None
    """the date of the price, if it is out of date"""


class CostRecord(AnswerPart):
    """The monthly cost with a provider."""

    low: float
    high: float | None
    """null: no upper limit is known"""
    unit: str
    items: list[CostItemRecord]
    criterion: str | None = None
    """the criterion that stands for this cost, such as `monthly-cost`"""

    @property
    def is_unknown(self) -> bool:
        """Return whether no price is known for any usage, so that the cost is meaningless."""
        return self.low == 0 and self.high is None and all(item.criterion is None for item in self.items)


class ProviderRecord(AnswerPart):
    """A provider's standing and scores."""

    id: str
    name: str
    standing: Literal["qualified", "unconfirmed", "ruled-out"]
    score: ScoreRecord
    monthly_cost: CostRecord | None
    """null where no usage was stated"""


# Findings, and the requirements that they are about


class EvidenceRecord(LineRecord):
    """A claim that a finding is based on."""

    evidence: Evidence
    product: str | None
    note: str | None = None
    meant: str | None = None
    """the product that the source means without naming it"""


class FindingRecord(AnswerPart):
    """The result of a requirement, or of a rule that favours, for a provider."""

    provider: str
    criterion: str | None
    """null for a rule that favours"""
    implied_by: list[str]
    rule: str | None
    """the rule that favours, or the first that implied the requirement"""
    priority: Priority | None
    bound: BoundWords | None
    outcome: Literal["met", "partial", "unmet", "unknown"]
    degree: tuple[float, float]
    expected: float
    weight: float
    because: str
    says: str
    """what is known about the provider here, in words"""
    disputed: bool
    evidence: list[EvidenceRecord]
    stale: str | None = None
    """for a rule that favours providers: the date of its oldest fact, if it is based on out-of-date facts"""

    @property
    def is_open(self) -> bool:
        """Return whether anything about it is unknown, even if only part of an amount."""
        return self.degree[0] < self.degree[1]

    @property
    def is_ambiguous(self) -> bool:
        """Return whether something is known, but only from ambiguous evidence."""
        found = {part.evidence for part in self.evidence}
        return self.outcome != "unknown" and not self.disputed and found == {"ambiguous"}

    @property
    def is_implied(self) -> bool:
        """Return whether something is known, but no source states it and one implies it."""
        found = {part.evidence for part in self.evidence}
        return self.outcome != "unknown" and not self.disputed and "contrast" in found and "stated" not in found


class RequirementRecord(AnswerPart):
    """A requirement of the team or of rules."""

    criterion: str
    label: str
    priority: Priority
    """wont: it is not wanted; it has no bound and no weight, and no findings"""
    bound: BoundWords | None
    weight: float | None
    implied_by: list[str]
    """rules; empty for what the team stated itself"""
    any: list[PartRecord] | None = None
    """the parts of a choice, as in a requirements file; any one of them will do"""


class UnlistedRecord(AnswerPart):
    """A requirement in the team's own words that no criterion covers: it is counted, but not judged."""

    text: str
    priority: Literal["must", "should", "could"]


class SetAsideRecord(AnswerPart):
    """A requirement that a rule would have added, and why it does not count."""

    rule: str
    criterion: str
    because: str


# Ways out, and what to ask providers


class ConcessionRecord(AnswerPart):
    """Requirements to give up, and the verdict without them."""

    drop: list[RequirementRecord]
    verdict: VerdictRecord


class OpenFactRecord(AnswerPart):
    """A fact to ask a provider about."""

    provider: str
    criterion: str
    label: str
    disputed: bool
    """the sources contradict each other"""
    stated: str | None
    """the day of a fact that is known but out of date; null if it is unknown"""
    question: str
    """the question to put to the provider"""


class PossibleAnswerRecord(AnswerPart):
    """An answer that a provider could give, and the verdict that follows."""

    values: list[int | float | str | None]
    """present, absent, a number or a word, for each of the facts"""
    share: float | None
    """its probability; null for answers to several facts"""
    changes: bool
    """whether the verdict would change"""
    verdict: ThenVerdictRecord
    says: str


class ConfirmRecord(AnswerPart):
    """A fact whose answer could change the verdict; or several that together could, if no single one could."""

    facts: list[OpenFactRecord]
    answers: list[PossibleAnswerRecord]
    turns: float
    """probability of the answers that change kind, provider, lean or among"""
    changes: float
    """probability of the answers that change the verdict at all"""
    weight: float
    """total weight of the findings that depend on it"""
    complete: bool
    """whether all of the smallest sets are listed"""
    says: str


# How sure it is


class WeightedRecord(AnswerPart):
    """The requirement, or rule that favours, that a weight belongs to."""

    criterion: str | None
    """null for a rule that favours"""
    rule: str | None
    bound: tuple[int | float | None, int | float | None] | None
    """low and high; of ranks, for a rating"""


class WeightRangeRecord(WeightedRecord):
    """The range of one weight in which kind and provider hold."""

    priority: Priority | None
    weight: float
    low: float
    """kind and provider hold for weights above it"""
    high: float | None
    """and below this one; null: for any larger weight"""
    holds_at_low: bool
    holds_at_high: bool
    below: list[str]
    """who would lead below"""
    above: list[str]
    says: str


class WeightsRecord(AnswerPart):
    """How far each weight could move."""

    depends: bool
    """false: no weights at all could change kind or provider"""
    ranges: list[WeightRangeRecord]
    says: str


class ShareRecord(AnswerPart):
    """In how many scenarios a provider comes first."""

    provider: str
    given: float
    """share of scenarios in which it comes first, with the weights as given"""
    first: float
    """the same with weights uniform over the simplex: first-rank acceptability"""
    ranks: list[float]
    """rank acceptabilities, best rank first"""
    central: list[float] | None
    """mean of the weights with which it comes first, by criteria"""
    confidence: float | None
    """share of scenarios in which it comes first with these weights"""
    ordered: float | None = None
    """share of scenarios in which it comes first, with all weights in the order of the given ones equally likely;
    null where that takes too long"""
    says: str


class PairShareRecord(AnswerPart):
    """In how many scenarios one provider is ahead of another, with the weights as given."""

    provider: str
    over: str
    ahead: float
    level: float
    """share of scenarios in which neither is ahead; in the rest the other is, or both fail a must"""
    says: str


class EstimateRecord(AnswerPart):
    """How precise shares are."""

    exact: bool
    samples: int
    """scenarios drawn; 0 where the shares are exact"""
    error: float
    """the largest standard error"""


class WorldsRecord(AnswerPart):
    """The shares of the scenarios in which each provider comes first."""

    criteria: list[WeightedRecord]
    """what the central weights belong to, in their order"""
    providers: list[ShareRecord]
    none: float
    """share of scenarios in which every provider fails a must"""
    given: EstimateRecord
    uniform: EstimateRecord
    ordered: EstimateRecord | None = None
    pairs: list[PairShareRecord] | None = None
    """each pair of providers once; as precise as `given`"""
    at_worst: bool = False
    """some amounts are stated by no source, and count at their worst in every scenario"""
    says: str


class AskedRecord(AnswerPart):
    """A requirement's priority and bound."""

    priority: Priority
    bound: BoundWords | None


class ChangeRecord(AnswerPart):
    """A change to the requirements."""

    kind: Literal["bound", "priority", "drop"]
    criterion: str
    from_: AskedRecord
    to: AskedRecord | None
    """null: no longer asked for"""


class TurnRecord(AnswerPart):
    """Changes that together would change the verdict."""

    changes: list[ChangeRecord]
    verdict: ThenVerdictRecord
    says: str


class RequirementChangesRecord(AnswerPart):
    """The smallest changes to the requirements that would change the verdict."""

    turns: list[TurnRecord]
    """smallest first"""
    complete: bool
    """whether every change was tried"""
    says: str


class TippingRecord(AnswerPart):
    """The amounts with which one provider leads, with everything else unchanged."""

    provider: str
    criterion: str
    within: dict[str, int | float | str]
    """at_least or more_than, at_most or less_than; a word of a rating"""
    says: str


class RobustnessRecord(AnswerPart):
    """How sure the verdict is: ranges of weights, shares of scenarios, and changes that would change it."""

    weights: WeightsRecord
    worlds: WorldsRecord | None
    """null if nothing was asked for"""
    changes: RequirementChangesRecord
    tipping: list[TippingRecord] | None = None
    """amounts from which, or up to which, a provider leads; requirements with the largest weights first"""


class LeftOutRecord(AnswerPart):
    """Findings left out among many providers: for those that are ruled out, only the failed musts are listed."""

    providers: list[str]
    findings: int


class NothingRecord(AnswerPart):
    """An empty object, for something that was not asked for."""


# Sources, and what happens over time


class SourceRecord(AnswerPart):
    """A source that is cited."""

    id: str
    title: str
    publisher: str | None
    language: str
    url: str | None
    published: str
    """undated if the source gives no date"""
    retrieved: str
    note: str | None = None
    no_url: str | None = None
    """the reason why there is no URL"""


class StaleRecord(AnswerPart):
    """A fact that was used and is out of date."""

    provider: str
    criterion: str
    as_of: str


class NoticeRecord(AnswerPart):
    """An end or change of something that the answer uses, past or announced."""

    provider: str
    product: str | None
    criterion: str
    kind: NoticeKind
    day: str
    stated: str | None
    source: str | None
    line: int | None
    says: str


# Products


class BesideRecord(AnswerPart):
    """A must, and the products that each meet it."""

    criterion: str
    products: list[str]
    ambiguous: bool = False
    """whether the texts on these products, or on the provider as a whole, can be read in another way"""


class ProductGapRecord(AnswerPart):
    """A requirement that is stated for some products of a provider, but not for those that meet the musts."""

    provider: str
    criterion: str
    stated_for: list[str]
    beside: list[BesideRecord]
    """musts that none of these products meets; wishes, if no must names a product"""
    says: str
    priority: Priority = "must"


class ChosenRecord(AnswerPart):
    """The products of a provider to choose."""

    provider: str
    sets: list[list[str]]
    """the smallest sets of products that meet the musts (without musts: the wishes), best first; any one is enough"""
    wishes: list[str]
    """products to add to the first set, for wishes that it does not meet"""


class CautionRecord(AnswerPart):
    """Something that the team should know about a product to choose, because of its situation."""

    provider: str
    product: str
    situation: str
    answer: str
    says: str


# The facts and rules behind it


class RestsOnRecord(AnswerPart):
    """How old the facts are that the answer is based on."""

    oldest: str | None
    newest: str | None
    says: str


class KnowledgeRecord(AnswerPart):
    """Which facts and rules the answer comes from."""

    as_of: str
    """the day as of which it answers"""
    fingerprint: str
    version: str | None
    """the version of the knowledge base; null if it has none"""
    date: str | None
    """the day of its last change"""
    providers: int
    """how many were compared"""
    sources: list[str]
    """ids of the sources whose facts were used"""
    newest: str | None
    """day of the newest fact that was used; null where none was"""
    oldest: str | None
    rests_on: RestsOnRecord
    """the scope in words"""
    read_from: str
    """the folders of facts and rules, in words"""
    only: list[str]
    """the only providers that were to be compared; empty for all"""
    without: list[str]
    """the providers that were left out"""
    limited_to: list[str]
    """ids of the sources whose claims count; empty for all"""
    customer_of: list[str]
    """the providers that the team is already a customer of"""
    stale: list[StaleRecord]


# The whole answer


class DifferenceRecord(AnswerPart):
    """A criterion on which the leaders of a tie are known to differ: asking for it would decide between them."""

    criterion: str
    label: str
    says: str


class AnswerRecord(AnswerPart):
    """The answer to a team, as `recommend --format json` prints it."""

    schema: Literal["provider-advisor/recommendation/1"]
    question: dict[str, Any]
    """what the team asked, with the keys of a requirements file"""
    notes: list[str]
    """what was overruled in the question"""
    verdict: VerdictRecord
    providers: list[ProviderRecord]
    findings: list[FindingRecord]
    left_out: LeftOutRecord | None
    """what is not listed among the findings; null where all are"""
    requirements: list[RequirementRecord]
    set_aside: list[SetAsideRecord]
    """what fired rules would have added, but which does not count"""
    combinations: list[list[str]]
    concessions: list[ConcessionRecord]
    differences: list[DifferenceRecord]
    """criteria in which tied leaders are known to differ, in the areas of the requirements and of what rules favour"""
    confirm: list[ConfirmRecord]
    """empty where it was not asked for"""
    robustness: RobustnessRecord | NothingRecord
    """empty where it was not asked for"""
    unlisted: list[UnlistedRecord]
    """what no criterion covers; if one of these is a must, no verdict is firm"""
    sources: list[SourceRecord]
    products: dict[str, list[list[str]]]
    """for each provider the smallest sets of its products that meet what it meets"""
    chosen: list[ChosenRecord]
    """the products to choose of each provider: those for the musts, and those to add for the wishes"""
    take: dict[str, str]
    """the same in words, with what each product is chosen for"""
    cautions: list[CautionRecord]
    """what the team should know about the products to choose, for example that they need programming"""
    product_gaps: list[ProductGapRecord]
    """what is stated only for a product other than the one you would choose, such as the data region; musts first"""
    notices: list[NoticeRecord]
    """ends and changes, past or announced, of what the answer uses"""
    dated_by: list[StaleRecord]
    """the out-of-date facts that a dated verdict depends on"""
    knowledge: KnowledgeRecord

    @property
    def names(self) -> dict[str, str]:
        """Return the names of the providers by their ids."""
        return {provider.id: provider.name for provider in self.providers}

    @property
    def is_open(self) -> bool:
        """Return whether unknown facts could still change who leads, so that shares of scenarios are meaningful."""
        is_proven = self.verdict.strength != "leaning" and self.verdict.kind != "undetermined"
        # A must that no criterion covers makes a verdict leaning even where every fact is known.
        return not is_proven and any(finding.is_open for finding in self.findings)

    def has_gap(self, finding: FindingRecord) -> bool:
        """Return whether it is stated for another product of the provider than the one that meets the musts."""
        return any(
            (gap.provider, gap.criterion, gap.priority) == (finding.provider, finding.criterion, finding.priority)
            for gap in self.product_gaps
        )

    @property
    def unwanted(self) -> list[str]:
        """Return the criteria that the team does not want."""
        return [part.criterion for part in self.requirements if part.priority == "wont"]

    def list_pairs(self, shown: Collection[str]) -> list[str]:
        """Return how often each shown provider is ahead of each other one, if that is open for three or more."""
        worlds = self.sureness.worlds if self.sureness else None
        left = [part.id for part in self.providers if part.standing != "ruled-out" and part.id in shown]
        if worlds is None or not self.is_open or len(left) <= 2:  # noqa: PLR2004 (of two, shares say as much)
            return []
        return [pair.says for pair in worlds.pairs or [] if pair.provider in left and pair.over in left]

    @property
    def sureness(self) -> RobustnessRecord | None:
        """Return how sure the answer is, None if that was not requested."""
        return self.robustness if isinstance(self.robustness, RobustnessRecord) else None


def group_findings(findings: Iterable[FindingRecord]) -> list[list[FindingRecord]]:
    """Group the findings by requirement or rule, in order of first appearance."""
    # The same criterion may be a must within one bound and a wish within another.
    groups: dict[tuple[Any, ...], list[FindingRecord]] = {}
    for part in findings:
        groups.setdefault((part.criterion, part.rule, part.priority, str(part.bound)), []).append(part)
    return list(groups.values())


def as_data(value: Any) -> Any:  # noqa: ANN401 (what JSON holds)
    """Return records, and lists of them, as JSON-ready data."""
    # Most parts are plain values; checking for them first, without a call, halves the time.
    # `from` is a word of Python, so its attribute is `from_`; no other field ends in an underscore.
    if isinstance(value, AnswerPart):
        return {
            name.removesuffix("_"): part if type(part) in _PLAIN else as_data(part)
            for name, part in vars(value).items()
        }
    if isinstance(value, list | tuple):
        return [part if type(part) in _PLAIN else as_data(part) for part in value]
    return value


_PLAIN = frozenset({str, int, float, bool, type(None)})
