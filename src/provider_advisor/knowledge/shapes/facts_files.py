"""The shapes of the files under facts/: sources, criteria, team.yaml, providers and their claims."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from provider_advisor.knowledge.records import Evidence, Kind, SourceKind
from provider_advisor.knowledge.shapes.values import (
    AboveZero,
    Amount,
    AnyAmount,
    Days,
    Id,
    Line,
    Shape,
    WebAddress,
    Weight,
    WordOrWords,
    Words,
    check_single,
    expect_text,
    wrong,
)


def _check_published(value: object) -> object:
    if value == "undated" or (isinstance(value, dt.date) and not isinstance(value, dt.datetime)):
        return value
    raise PydanticCustomError("published", "expected a date, YYYY-MM-DD without quotes, or undated")


DayOrUndated = Annotated[
    dt.date | Literal["undated"],
    Field(description="the date of publication, or undated"),
    BeforeValidator(_check_published),
]


# `from: 0.008` is a price that may be higher, `from: 2024-05-02` the first day on which a claim is true.
AmountOrDay = Annotated[
    Annotated[AnyAmount, Tag("<number>")] | Annotated[dt.date, Tag("<day>")],
    Discriminator(lambda value: "<day>" if isinstance(value, dt.date) else "<number>"),
]
MEMBER_KEYS = ("member", "includes", "only")
PLACE_KEYS = ("line", "page", "section", "anchor")
TERM_KEYS = ("billed_at_least", "monthly_minimum", "monthly_fee", "setup_fee")
VALUE_KEYS = ("value", "exactly", "at_least", "more_than", "at_most", "between", "from", "by_quote", "tiers")


class SourceShape(Shape):
    """A source: an article, a price list, an answer from a provider."""

    id: Id
    title: Words
    language: Words
    published: DayOrUndated
    retrieved: dt.date
    publisher: Words | None = None
    url: WebAddress | None = None
    no_url: Annotated[Words | None, Field(description="the reason why there is no URL")] = None
    kind: SourceKind | None = None
    note: Words | None = None

    @model_validator(mode="after")
    def _check_address(self) -> SourceShape:
        if self.url is not None and self.no_url is not None:
            raise wrong("'no_url' is the reason why there is no 'url'; remove one of them")
        return self


class BaseFile(Shape):
    """facts/base.yaml: the version of facts and rules, and the day of their last change."""

    example = """
        version: 1.0.0
        date: 2024-06-01
    """

    version: Annotated[Words, Field(description="such as 1.4.0; raise the last number for refreshed claims")]
    date: dt.date


class SourcesFile(Shape):
    """facts/sources.yaml: the sources about several providers, and those that rules cite."""

    example = """
        sources:
        - id: guide-2024
          title: A guide to what there is
          language: en  # and published, retrieved, url
    """

    sources: list[SourceShape] = Field(min_length=1)


class ScalePointShape(Shape):
    """An amount on a scale, and how good it is: 0 the worst, 1 the best."""

    at: AnyAmount
    degree: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, description="from 0 to 1")]


class ScaleShape(Shape):
    """The ends of a criterion's scale, and points where the line between them bends."""

    worst: AnyAmount
    best: AnyAmount
    because: Words
    points: Annotated[
        list[ScalePointShape], Field(description="where the scale bends; a point at an end replaces its 0 or 1")
    ] = []


class CriterionShape(Shape):
    """What a provider can be asked about."""

    id: Id
    label: Words
    kind: Kind
    question: Words
    weight: Weight
    aliases: list[Id] = []
    unit: Words | None = None
    values: list[Id] = []
    scale: ScaleShape | None = None
    better: Literal["lower", "higher"] | None = None
    whole: bool | None = None
    limit: bool = False
    computed: bool = False
    of: Id | None = None
    usage: list[Id] = []
    concerns: list[Id] = []
    stale_after: Days | None = None
    silent: Words | None = None
    negotiable: Annotated[
        bool, Field(description="false for what the law demands; no answer proposes to give it up")
    ] = True
    absent: Annotated[Id | None, Field(description="the word of a rating that means absent")] = None
    keywords: Annotated[
        list[Id], Field(description="words by which a search finds it, but that are not names of it")
    ] = []
    loose: Annotated[
        list[Id], Field(description="aliases that mean it only if the team also asks for another criterion of its area")
    ] = []
    of_each: Annotated[Id | None, Field(description="the list in facts/members/ that its members come from")] = None
    member_scale: Annotated[ScaleShape | None, Field(description="the scale of members, if it is another one")] = None
    same_product: Annotated[
        list[Id],
        Field(description="for what is stated of a product: the areas whose musts the same product must meet, or all"),
    ] = []

    @property
    def lower_is_better(self) -> bool:
        """Return whether less is better, as it is of prices unless they say otherwise."""
        return (self.better or ("lower" if self.kind == "price" else "higher")) == "lower"


class CriteriaFile(Shape):
    """facts/criteria/<area>.yaml: what providers can be asked about in one area."""

    example = """
        area: support
        label: Support
        criteria:
        - {id: night-support, label: Support at night, kind: capability, question: Is it needed?, weight: 1}
    """

    area: Id
    label: Words
    criteria: list[CriterionShape]


class MemberShape(Shape):
    """One thing that a criterion can be asked about: a country, a program, a certificate."""

    id: Id
    label: Words
    aliases: list[Id] = []


class MembersFile(Shape):
    """facts/members/<list>.yaml: the things that criteria with this `of_each` can be asked about."""

    example = """
        id: region
        label: Regions
        question: In which regions?
        members:
        - {id: north, label: The north, aliases: [northern]}
    """

    id: Id
    label: Words
    question: Words
    alone: Annotated[Id | None, Field(description="the criterion that is meant if a member is named alone")] = None
    members: list[MemberShape] = Field(min_length=1)


class CautionShape(Shape):
    """What teams with an answer should know about products with any of `product_has` and none of `unless`."""

    is_: Annotated[Id, Field(description="the answer")] = Field(alias="is")
    product_has: list[Id] = Field(min_length=1)
    unless: list[Id] = []
    says: Annotated[Words, Field(description="the sentence, without the product's name that it starts with")]


class TopicShape(Shape):
    """A topic of a team's situation."""

    id: Id
    label: Words
    question: Words
    values: list[Id] = Field(min_length=1)
    many: bool = False
    cautions: list[CautionShape] = []


class UsageShape(Shape):
    """A monthly volume."""

    id: Id
    label: Words
    question: Words
    unit: Words


class TeamFile(Shape):
    """facts/team.yaml: what a team can say about itself besides its requirements."""

    example = """
        situation:
        - {id: company-size, label: Size, question: How large is it?, values: [small, large]}
        usage:
        - {id: calls, label: Calls, question: How many calls in a month?, unit: calls/month}
    """

    situation: list[TopicShape] = []
    usage: list[UsageShape] = []


_CURRENCY = r"^[A-Z]{3}$"


Currency = Annotated[
    str,
    Field(pattern=_CURRENCY, description="three capital letters, such as EUR"),
    expect_text(_CURRENCY, "expected three capital letters, such as EUR"),
]


class RateShape(Shape):
    """What a source says one unit of a currency was worth in the base currency on a day."""

    currency: Currency
    worth: AboveZero
    source: Id
    stated: dt.date | None = None
    line: Line | None = None


class RatesFile(Shape):
    """facts/rates.yaml: what other currencies are worth in the `base` currency, that of the criteria."""

    example = """
        base: USD
        rates:
        - {currency: EUR, worth: 1.08, source: rates-2024, stated: 2024-05-02}
    """

    base: Currency
    rates: list[RateShape]


def _check_line(line: int | None, source: str | None) -> None:
    if line is not None and source is None:
        raise wrong("'line' needs the 'source' that it is a line of; add it")


class RenamedShape(Shape):
    """The new name of a product, and the first day of that name."""

    to: Words
    from_: Annotated[dt.date, Field(alias="from")]
    source: Id | None = None
    line: Line | None = None

    @model_validator(mode="after")
    def _check_place(self) -> RenamedShape:
        _check_line(self.line, self.source)
        return self


class ProductShape(Shape):
    """A product of a provider, perhaps with its last day, or the first day on which it is closed to new customers.

    `source` and `line` say where that is stated; `renamed` has its own.
    """

    id: Id
    name: Words
    until: dt.date | None = None
    closed_to_new: dt.date | None = None
    renamed: Annotated[RenamedShape | None, Field(description="its new name")] = None
    source: Id | None = None
    line: Line | None = None

    @model_validator(mode="after")
    def _check_place(self) -> ProductShape:
        if self.source is not None and self.until is None and self.closed_to_new is None:
            raise wrong("'source' says where 'until' or 'closed_to_new' is found; add one of them, or remove it")
        _check_line(self.line, self.source)
        return self


class TierShape(Shape):
    """The price of each unit of a month above the previous tier, up to `up_to`; the last tier has no `up_to`."""

    up_to: AboveZero | None = None
    price: Amount


class ClaimShape(Shape):
    """One source's statement about one criterion: exactly one of the value keys, and its place in the source."""

    # For editors, which check by the JSON Schema; `_check_keys` says the same in words.
    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [key]} for key in PLACE_KEYS]})

    criterion: Id
    source: Id
    line: Line | None = None
    page: Line | None = None
    section: Words | None = None
    anchor: Words | None = None
    product: Id | None = None
    meant: Annotated[
        Id | None, Field(description="the product that the source means without naming it; the claim ends with it")
    ] = None
    member: Id | None = None
    includes: Annotated[list[Id] | None, Field(min_length=1)] = None
    only: Annotated[list[Id] | None, Field(min_length=1)] = None
    value: Annotated[
        WordOrWords | None, Field(description="a word; or several words of a rating, if it could be any of them")
    ] = None
    exactly: AnyAmount | None = None
    at_least: AnyAmount | None = None
    more_than: AnyAmount | None = None
    at_most: AnyAmount | None = None
    between: Annotated[list[AnyAmount], Field(min_length=2, max_length=2)] | None = None
    from_: AmountOrDay | None = Field(default=None, alias="from")
    by_quote: Literal[True] | None = None
    tiers: Annotated[list[TierShape] | None, Field(min_length=2)] = None
    billed_at_least: Annotated[
        AboveZero | None, Field(description="the number of units paid for even if fewer are used")
    ] = None
    monthly_minimum: Annotated[Amount | None, Field(description="the least that usage costs in a month")] = None
    monthly_fee: Annotated[Amount | None, Field(description="added each month")] = None
    setup_fee: Annotated[Amount | None, Field(description="paid once; no monthly cost includes it")] = None
    price_of: Annotated[
        Id | None, Field(description="the member that the price is for; volumes without a member use it")
    ] = None
    plus: Annotated[Words | None, Field(description="what comes on top of the price, such as carrier fees")] = None
    unit: Words | None = None
    evidence: Evidence = "stated"
    stated: dt.date | None = None
    until: dt.date | None = None
    as_of: Annotated[dt.date | None, Field(description="used in older files; write `stated` or `from`")] = None
    note: Words | None = None

    # Only the first mistake is reported: with two values in one claim, for example, all others follow from them.

    @model_validator(mode="after")
    def _check_keys(self) -> ClaimShape:
        check_single([*self.given], VALUE_KEYS)
        places = [key for key in PLACE_KEYS if getattr(self, key) is not None]
        if not places:
            raise wrong("'line' is missing; say where in the source it is found: line, page, section or anchor")
        if len(places) > 1:
            raise wrong(f"'{places[0]}' and '{places[1]}' are two places; keep the one that is easier to find")
        if self.product is not None and self.meant is not None:
            raise wrong("'product' is what the source names, 'meant' what it means without a name; keep one of them")
        self._check_members()
        if self.price_of is not None and self.members:
            raise wrong("'price_of' is for the price of volumes without a member; remove it, or the members")
        if self.as_of is not None and (self.stated is not None or self.starts is not None):
            raise wrong("'as_of' is the old word for 'stated' and 'from'; remove it")
        for name, day in (("stated", self.stated), ("from", self.starts), ("as_of", self.as_of)):
            if self.until is not None and day is not None and self.until < day:
                raise wrong(f"'until' is before '{name}'; swap them or correct one")
        return self

    def _check_members(self) -> None:
        given = [key for key in MEMBER_KEYS if getattr(self, key) is not None]
        beyond = [name for name in self.members if self.only is not None and name not in self.only]
        if beyond:
            raise wrong(f"'{given[0]}' names {beyond[0]}, and 'only' says that it is absent; correct one of them")
        if len(given) > 1:
            raise wrong(f"'{given[0]}' and '{given[1]}' both name members; keep one of them")
        for key in ("includes", "only"):
            names = getattr(self, key) or []
            if twice := next((name for place, name in enumerate(names) if name in names[:place]), None):
                raise wrong(f"'{key}' names {twice} twice; remove one")

    @property
    def members(self) -> tuple[str, ...]:
        """Return the members that the claim is about, those of `only` included; empty for the criterion itself."""
        return tuple(
            dict.fromkeys([*([self.member] if self.member else ()), *(self.includes or ()), *(self.only or ())])
        )

    @property
    def given(self) -> dict[str, Any]:
        """Return the value by its key: exactly one of `VALUE_KEYS`; a day under `from` is none."""
        found = {key: getattr(self, "from_" if key == "from" else key) for key in VALUE_KEYS}
        return {key: value for key, value in found.items() if value is not None and not isinstance(value, dt.date)}

    @property
    def amounts(self) -> tuple[float, ...]:
        """Return the numbers of the value: one, both ends of a range, or the prices of tiers; none of words."""
        if self.tiers is not None:
            return tuple(tier.price for tier in self.tiers)
        ((key, given),) = self.given.items()
        return () if key in {"value", "by_quote"} else tuple(self.between or (given,))

    @property
    def starts(self) -> dt.date | None:
        """Return the day under `from`, None where there is none or a number."""
        return self.from_ if isinstance(self.from_, dt.date) else None


class ProviderFile(Shape):
    """facts/providers/<id>.yaml: one provider, the sources about it alone, its products and all claims."""

    example = """
        id: acme
        name: Acme
        sources:
        - {id: acme-plans, title: Plans, language: en, published: 2024-05-02, retrieved: 2024-06-01}
        claims:
        - {criterion: night-support, value: present, source: guide-2024, line: 12}
    """

    id: Id
    name: Words
    aliases: list[Id] = []
    sources: list[SourceShape] = []
    products: list[ProductShape] = []
    claims: list[ClaimShape]
