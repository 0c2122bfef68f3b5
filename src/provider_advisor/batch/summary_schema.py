"""The JSON Schema of a run's summary, as models: what other programs may rely on."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["ClosedModel", "summary_schema"]


class ClosedModel(BaseModel):
    """Base of all parts of a summary: no unknown keys."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class _Teams(ClosedModel):
    teams: int
    share: float | None = Field(description="of the teams scored, 0 to 1; null where none was")


class _Kind(_Teams):
    kind: Literal["recommended", "tie", "undetermined", "none"]


class _Recommended(_Teams):
    firm: int = Field(description="teams for which no rival could come out on top")
    leaning: int


class _Criterion(_Teams):
    criterion: str
    label: str


class _IfAll(ClosedModel):
    qualified: _Teams = Field(description="every must is proven")
    unconfirmed: _Teams = Field(description="no must fails, one at least is unknown")
    ruled_out: _Teams = Field(description="a must fails")
    unmet: list[_Criterion] = Field(description="musts that fail, and for how many teams")
    unknown: list[_Criterion] = Field(description="musts that are unknown, and for how many teams")


class _Provider(ClosedModel):
    provider: str
    name: str
    recommended: _Recommended
    leads_undetermined: _Teams = Field(description="the verdict is undetermined and leans to it")
    if_all_chose_it: _IfAll = Field(description="what standardising on this provider would leave unmet")


class _Wanted(ClosedModel):
    criterion: str
    label: str
    must: int = Field(description="teams that must have it, by their own statement or by a rule")
    wish: int = Field(description="teams that should or could have it")


class _UnknownFact(_Criterion):
    provider: str
    name: str
    disputed: bool = Field(description="the sources contradict one another")
    ask: str = Field(description="the question to put to the provider")


class _Knowledge(ClosedModel):
    as_of: str = Field(description="the day whose facts count for rows that name none")
    max_age: int | None = Field(description="days; older claims are not used")
    fingerprint: str


class _Summary(ClosedModel):
    """What a run over many teams came to, as `recommend batch --summary` writes it. Lists: the largest count first."""

    schema_: Literal["provider-advisor/batch-summary/1"] = Field(alias="schema")
    rows: int = Field(description="scored and rejected")
    scored: int
    rejected: int
    verdicts: list[_Kind] = Field(description="all four kinds")
    providers: list[_Provider]
    nobody_leads: _Teams = Field(description="the verdict is undetermined and leans to nobody")
    wanted: list[_Wanted]
    nobody_meets: list[_Criterion] = Field(description="musts that fail at every provider")
    unknown_facts: list[_UnknownFact] = Field(
        description="facts that are open, wholly or in part, and asked for by teams whose verdict is not firm"
    )
    knowledge: _Knowledge


def summary_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of `provider-advisor/batch-summary/1`."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_Summary.model_json_schema(by_alias=True)}
