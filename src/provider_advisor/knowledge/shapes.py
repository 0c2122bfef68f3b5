"""The shape of every file of a knowledge base, as pydantic models: what `recommend schema` publishes.

A shape says what can be said of a file by itself; what needs two files is in `checks`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from provider_advisor.knowledge.records import Evidence, Kind, Priority
from provider_advisor.knowledge.values import Amount, Days, End, Id, Ids, Line, Weight, Words, wrong

__all__ = [
    "FILE_SHAPES", "VALUE_KEYS", "CaseShape", "CasesFile", "ClaimShape", "ConditionShape", "CriteriaFile",
    "CriterionShape", "ProviderFile", "RequirementShape", "RequirementsFile", "RuleShape", "RulesFile", "Shape",
    "SourcesFile", "TeamFile", "VerdictShape", "WeightsFile",
]  # fmt: skip

VALUE_KEYS = ("value", "exactly", "at_least", "more_than", "at_most", "between", "from", "by_quote")


class Shape(BaseModel):
    """Base of all shapes: strict values, no unknown keys."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, populate_by_name=False)


class SourceShape(Shape):
    """A source: an article, a price list, an answer from a provider."""

    id: Id
    title: Words
    language: Words
    published: dt.date
    retrieved: dt.date
    publisher: Words | None = None
    url: Words | None = None
    note: Words | None = None


class SourcesFile(Shape):
    """facts/sources.yaml: every source that claims and rules may cite."""

    sources: list[SourceShape] = Field(min_length=1)


class ScaleShape(Shape):
    """The ends of a criterion's scale."""

    worst: Amount
    best: Amount
    because: Words


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


class CriteriaFile(Shape):
    """facts/criteria/<area>.yaml: what providers can be asked about in one area."""

    area: Id
    label: Words
    criteria: list[CriterionShape]


class TopicShape(Shape):
    """A topic of a team's situation."""

    id: Id
    label: Words
    question: Words
    values: list[Id] = Field(min_length=1)
    many: bool = False


class UsageShape(Shape):
    """A monthly volume."""

    id: Id
    label: Words
    question: Words
    unit: Words


class TeamFile(Shape):
    """facts/team.yaml: what a team can say of itself besides its requirements."""

    situation: list[TopicShape] = []
    usage: list[UsageShape] = []


class ProductShape(Shape):
    """A product of a provider."""

    id: Id
    name: Words


class ClaimShape(Shape):
    """One source's statement about one criterion: exactly one of the value keys, and where it stands."""

    criterion: Id
    source: Id
    line: Line
    product: Id | None = None
    value: Words | None = None
    exactly: Amount | None = None
    at_least: Amount | None = None
    more_than: Amount | None = None
    at_most: Amount | None = None
    between: Annotated[list[Amount], Field(min_length=2, max_length=2)] | None = None
    from_: Amount | None = Field(default=None, alias="from")
    by_quote: Literal[True] | None = None
    unit: Words | None = None
    evidence: Evidence = "stated"
    as_of: dt.date | None = None
    until: dt.date | None = None
    note: Words | None = None

    @model_validator(mode="after")
    def _one_value(self) -> ClaimShape:
        given = [key for key in VALUE_KEYS if getattr(self, "from_" if key == "from" else key) is not None]
        if len(given) != 1:
            found = f"both '{given[0]}' and '{given[1]}'" if given else "none"
            raise wrong(f"expected exactly one of {', '.join(VALUE_KEYS)}; found {found}")
        if self.until is not None and self.as_of is not None and self.until < self.as_of:
            raise wrong("'until' lies before 'as_of'; exchange them or correct one")
        return self


class ProviderFile(Shape):
    """facts/providers/<id>.yaml: one provider, its products and all claims about it."""

    id: Id
    name: Words
    aliases: list[Id] = []
    products: list[ProductShape] = []
    claims: list[ClaimShape]


class NeedShape(Shape):
    """The team requires the criterion, at any priority."""

    need: Id


class SituationShape(Shape):
    """The team's situation includes this value of the topic."""

    situation: Id
    is_: Id = Field(alias="is")


class UsageBoundShape(Shape):
    """The team's monthly volume lies within the bound."""

    usage: Id
    at_least: Amount | None = None
    at_most: Amount | None = None

    @model_validator(mode="after")
    def _some_bound(self) -> UsageBoundShape:
        if self.at_least is None and self.at_most is None:
            raise wrong("expected at_least, at_most or both")
        return self


class FactShape(Shape):
    """A provider has the capability, or its amount or rating lies within the bound."""

    fact: Id
    is_: Id | None = Field(default=None, alias="is")
    at_least: End | None = None
    at_most: End | None = None


class AllShape(Shape):
    """Every part holds."""

    all: list[ConditionShape] = Field(min_length=1)


class AnyShape(Shape):
    """At least one part holds."""

    any: list[ConditionShape] = Field(min_length=1)


class NotShape(Shape):
    """The part does not hold."""

    not_: ConditionShape = Field(alias="not")


_CONDITION_WORDS = ("need", "situation", "usage", "fact", "all", "any", "not")


def _one_word(data: Any) -> Any:  # noqa: ANN401 (YAML holds anything)
    found = [word for word in _CONDITION_WORDS if word in data] if isinstance(data, Mapping) else []
    if len(found) > 1:
        raise wrong(f"'{found[0]}' and '{found[1]}' are two conditions; put each into a list under `all`")
    return data


def _form_of_condition(data: Any) -> str | None:  # noqa: ANN401
    if isinstance(data, Mapping):
        return next((f"<{word}>" for word in _CONDITION_WORDS if word in data), None)
    return None


ConditionShape = Annotated[
    Annotated[NeedShape, Tag("<need>")]
    | Annotated[SituationShape, Tag("<situation>")]
    | Annotated[UsageBoundShape, Tag("<usage>")]
    | Annotated[FactShape, Tag("<fact>")]
    | Annotated[AllShape, Tag("<all>")]
    | Annotated[AnyShape, Tag("<any>")]
    | Annotated[NotShape, Tag("<not>")],
    Discriminator(
        _form_of_condition,
        custom_error_type="form",
        custom_error_message=f"expected a condition, which begins with one of {', '.join(_CONDITION_WORDS)}",
    ),
    BeforeValidator(_one_word),
]


class RequirementShape(Shape):
    """One thing a team asks, or a rule adds."""

    criterion: Id
    priority: Priority | None = None
    at_least: End | None = None
    at_most: End | None = None
    exactly: Words | None = None
    weight: Weight | None = None


def _form_of_requirement(value: Any) -> str | None:  # noqa: ANN401
    if isinstance(value, str):
        return "<text>"
    return "<mapping>" if isinstance(value, Mapping | RequirementShape) else None


RequirementOrText = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[RequirementShape, Tag("<mapping>")],
    Discriminator(
        _form_of_requirement,
        custom_error_type="form",
        custom_error_message="expected a criterion, or a mapping with the key 'criterion'",
    ),
]


class ImpliedShape(Shape):
    """A requirement that a rule adds; a should unless it says otherwise."""

    criterion: Id
    priority: Priority = "should"
    at_least: End | None = None
    at_most: End | None = None


class CitationShape(Shape):
    """The lines of a source that a rule rests on."""

    source: Id
    lines: list[Line] = Field(min_length=1)


class RuleShape(Shape):
    """A rule: `when` it holds for a team, it either implies requirements or favours providers."""

    id: Id
    when: ConditionShape
    because: Words
    rests_on: list[CitationShape] = Field(min_length=1)
    implies: list[ImpliedShape] | None = Field(default=None, min_length=1)
    favours: ConditionShape | None = None
    weight: Weight | None = None

    @model_validator(mode="after")
    def _one_consequent(self) -> RuleShape:
        if (self.implies is None) == (self.favours is None):
            raise wrong("expected either 'implies' or 'favours'; a rule has one consequent")
        if self.favours is not None and self.weight is None:
            raise wrong("'weight' is missing; a rule that favours counts with a weight of its own")
        return self


class RulesFile(Shape):
    """rules/<area>.yaml: the rules of one area."""

    area: Id
    rules: list[RuleShape]


class PrioritiesShape(Shape):
    """How much a requirement of each priority weighs."""

    must: Weight
    should: Weight
    could: Weight


class WeightsFile(Shape):
    """rules/weights.yaml: what each priority weighs, and what an unknown counts."""

    priorities: PrioritiesShape
    unknown: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, description="what an unknown is expected to be")]


class RequirementsFile(Shape):
    """What a team asks: the same on the command line, in a file, in a questionnaire and in a batch."""

    team: Words | None = None
    needs: list[RequirementOrText] = []
    wants: list[RequirementOrText] = []
    situation: dict[Id, Ids] = {}
    usage: dict[Id, Amount] = {}
    as_of: dt.date | None = None
    max_age: Days | None = None


class VerdictShape(Shape):
    """The verdict that a case expects; what it leaves out is not compared."""

    kind: Literal["recommended", "tie", "undetermined", "none"]
    strength: Literal["firm", "leaning"] | None = None
    provider: Id | None = None
    lean: Id | None = None
    among: list[Id] | None = None


class CaseShape(Shape):
    """A decision that every change must keep."""

    name: Words
    verdict: VerdictShape
    why: Words
    needs: list[RequirementOrText] = []
    wants: list[RequirementOrText] = []
    situation: dict[Id, Ids] = {}
    usage: dict[Id, Amount] = {}
    as_of: dt.date | None = None
    max_age: Days | None = None
    combinations: list[list[Id]] | None = None
    concessions: list[list[Id]] | None = None
    standings: dict[Id, Literal["qualified", "unconfirmed", "ruled-out"]] | None = None
    confirm: dict[Id, list[Id]] | None = None


class CasesFile(Shape):
    """rules/cases/<area>.yaml: decisions that every change must keep."""

    area: Id
    cases: list[CaseShape] = Field(min_length=1)


FILE_SHAPES: Mapping[str, type[Shape]] = {
    "sources": SourcesFile,
    "team": TeamFile,
    "criteria": CriteriaFile,
    "provider": ProviderFile,
    "weights": WeightsFile,
    "rules": RulesFile,
    "cases": CasesFile,
    "requirements": RequirementsFile,
}
