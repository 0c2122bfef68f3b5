"""The JSON Schema of an impact, as models: what other programs may rely on."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from provider_advisor.batch.summary_schema import ClosedModel


class _Side(ClosedModel):
    name: str
    fingerprint: str
    version: str | None = Field(description="the version of the knowledge base; null if it has none")
    date: str | None = Field(description="the day of its last change")


class _VerdictModel(ClosedModel):
    kind: Literal["recommended", "tie", "undetermined", "none"]
    strength: Literal["firm", "dated", "leaning"] | None
    provider: str | None
    lean: str | None
    among: list[str]


class _TeamCount(ClosedModel):
    teams: int
    share: float | None = Field(description="of the teams compared, 0 to 1; null where none was")


class _Transition(_TeamCount):
    before: _VerdictModel
    after: _VerdictModel


class _Rejected(ClosedModel):
    both: int = Field(description="rows that neither base can answer")
    before: int = Field(description="rows that only the base before cannot answer")
    after: int = Field(description="rows that only the base after cannot answer")


class _Because(ClosedModel):
    looked_at: int = Field(description="teams whose verdict changes, on which changes were tried")
    sampled: bool = Field(description="whether these are a random sample of more")
    by_one: int = Field(description="teams that get the new verdict by just one of the changes alone")
    by_any: int = Field(description="teams that get it by any of several changes alone")
    together: int = Field(description="teams that get it only by several changes together")
    untried: int = Field(description="changes that were not tried")


class _TeamPlace(ClosedModel):
    file: str
    row: int = Field(description="its number in the file, from 1")
    team: str | None


class _ChangeModel(ClosedModel):
    kind: Literal["fact", "provider", "criterion", "rule", "weight", "situation", "usage"]
    provider: str | None = Field(description="of a fact")
    name: str = Field(description="the id of the criterion, rule and so on; of a weight must, should, could, unknown")
    says: str
    brings: list[str] = Field(description="changes that have to be made with it")
    alone: int | None = Field(description="teams that get the new verdict by it alone; null where it was not tried")
    otherwise: int | None = Field(description="teams that get yet another verdict by it alone")
    needed: int | None = Field(description="teams that do not get the new verdict without it")
    examples: list[_TeamPlace]


class _Example(_TeamPlace):
    before: _VerdictModel
    after: _VerdictModel
    differences: list[str] = Field(description="what differs between the two answers, a sentence each")


class _ImpactRecord(ClosedModel):
    """What two knowledge bases make of the same teams, as `recommend impact --format json` prints it."""

    schema_: Literal["provider-advisor/impact/1"] = Field(alias="schema")
    as_of: str
    max_age: int | None = Field(description="days; older claims are not used")
    before: _Side
    after: _Side
    rows: int = Field(description="compared and rejected")
    compared: int = Field(description="rows that both bases answer")
    rejected: _Rejected
    changed: _TeamCount
    other_provider: _TeamCount = Field(description="teams for which the provider recommended changed")
    transitions: list[_Transition]
    because: _Because
    changes: list[_ChangeModel] = Field(description="what differs; counts are of the teams looked at")
    examples: list[_Example]
    dated: int = Field(description="rows that name a day or an age of their own, which is not used")
    unread: list[str] = Field(description="columns that one of the bases does not know, and does not read")


def impact_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of `provider-advisor/impact/1`."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_ImpactRecord.model_json_schema(by_alias=True)}
