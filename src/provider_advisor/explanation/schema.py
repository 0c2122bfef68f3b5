"""The JSON Schema of the answer, as models: what other programs may rely on."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from provider_advisor.explanation.robustness_schema import ConfirmShape, Number, Part, Priority, RobustnessShape

__all__ = ["answer_schema"]


class _Verdict(Part):
    kind: Literal["recommended", "tie", "undetermined", "none"]
    strength: Literal["firm", "leaning"] | None
    provider: str | None
    lean: str | None
    among: list[str]
    reason: str = Field(description="one sentence")


class _Score(Part):
    proven: float | None = Field(description="all unknowns against; null where nothing was asked")
    expected: float | None
    possible: float | None = Field(description="all unknowns for")


class _Line(Part):
    source: str
    line: int
    as_of: str


class _OtherPrice(Part):
    criterion: str
    price: str


class _CostItem(Part):
    usage: dict[str, float]
    criterion: str | None = Field(description="the price that comes cheapest; null where none is known")
    price: str | None
    by_quote: bool = Field(description="the provider gives its price by quote only")
    low: float
    high: float | None
    instead: list[_OtherPrice] = Field(description="price models that come dearer for this usage")
    beside: list[str] = Field(description="free plans and credits, named and not taken off")
    evidence: list[_Line]


class _Cost(Part):
    low: float
    high: float | None = Field(description="null: no ceiling is known")
    unit: str
    items: list[_CostItem]


class _Provider(Part):
    id: str
    name: str
    standing: Literal["qualified", "unconfirmed", "ruled-out"]
    score: _Score
    monthly_cost: _Cost | None = Field(description="null where no usage was stated")


class _Evidence(Part):
    source: str
    line: int
    as_of: str
    evidence: Literal["stated", "contrast", "ambiguous"]
    product: str | None


class _Finding(Part):
    provider: str
    criterion: str | None = Field(description="null for a rule that favours")
    rule: str | None = Field(description="the rule that favours, or the first that implied the requirement")
    implied_by: list[str]
    priority: Priority | None
    bound: dict[str, Number | str] | None
    outcome: Literal["met", "partial", "unmet", "unknown"]
    degree: tuple[float, float]
    expected: float
    weight: float
    because: str
    says: str = Field(description="what is known of the provider here, in words")
    disputed: bool
    evidence: list[_Evidence]


class _Requirement(Part):
    criterion: str
    label: str
    priority: Priority
    bound: dict[str, Number | str] | None
    weight: float | None
    implied_by: list[str] = Field(description="rules; empty for what the team stated itself")


class _SetAside(Part):
    rule: str
    criterion: str
    because: str


class _Concession(Part):
    drop: list[_Requirement]
    verdict: _Verdict


class _Source(Part):
    id: str
    title: str
    publisher: str | None
    language: str
    url: str | None
    published: str
    retrieved: str


class _Stale(Part):
    provider: str
    criterion: str
    as_of: str


class _RestsOn(Part):
    oldest: str | None
    newest: str | None
    says: str


class _Knowledge(Part):
    as_of: str
    fingerprint: str
    rests_on: _RestsOn
    stale: list[_Stale]


class _Nothing(Part):
    pass


class _Answer(Part):
    """The answer to a team, as `recommend --format json` prints it."""

    schema_: Literal["provider-advisor/recommendation/1"] = Field(alias="schema")
    question: dict[str, Any] = Field(description="the statement, with the keys of a requirements file")
    notes: list[str] = Field(description="what was overruled in the question")
    verdict: _Verdict
    providers: list[_Provider]
    findings: list[_Finding]
    requirements: list[_Requirement]
    set_aside: list[_SetAside] = Field(description="consequents of fired rules that do not count")
    combinations: list[list[str]]
    concessions: list[_Concession]
    confirm: list[ConfirmShape] = Field(description="empty where it was not asked for")
    robustness: RobustnessShape | _Nothing = Field(description="empty where it was not asked for")
    sources: list[_Source]
    knowledge: _Knowledge


def answer_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of `provider-advisor/recommendation/1`."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_Answer.model_json_schema(by_alias=True)}
