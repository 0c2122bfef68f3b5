"""The JSON Schema of a batch's summary, from the models that a test holds against it.

Apart from what makes the summary, because no batch needs to load pydantic.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from provider_advisor.decision.verdict import Kind


class ClosedModel(BaseModel):
    """Base of all parts of a summary: no unknown keys."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class _Teams(ClosedModel):
    teams: int
    share: float | None = Field(description="of the teams scored, 0 to 1; null where none was")


class _Kind(_Teams):
    kind: Kind


class _Recommended(_Teams):
    firm: int = Field(description="teams for which no rival could come out on top")
    dated: int = Field(description="teams for which that holds only with facts that are out of date")
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


class _EndOrChange(_Criterion):
    provider: str
    says: str = Field(description="the end or change in words: when it is, and when it was announced")


class _Knowledge(ClosedModel):
    as_of: str = Field(description="the day whose facts count for rows that name none")
    max_age: int | None = Field(description="days; older claims are not used")
    fingerprint: str
    version: str | None = Field(description="the version of the knowledge base; null if it has none")
    date: str | None = Field(description="the day of its last change")
    providers: int = Field(description="how many were compared")
    sources: list[str] = Field(description="ids of the sources whose facts count")
    newest: str | None = Field(description="day of the newest fact that counts; null where none does")
    oldest: str | None
    says: str = Field(description="the scope in words")
    read_from: str = Field(description="the folders of facts and rules, in words")
    only: list[str] = Field(description="the only providers that were to be compared; empty for all")
    without: list[str] = Field(description="the providers that were left out")
    limited_to: list[str] = Field(description="ids of the sources whose claims count; empty for all")
    customer_of: list[str] = Field(description="the providers that all teams are customers of")


class _Summary(ClosedModel):
    """What a run over many teams came to, as `recommend batch --summary` writes it. Lists: the largest count first."""

    schema_: Literal["provider-advisor/batch-summary/1"] = Field(alias="schema")
    rows: int = Field(description="scored and rejected")
    scored: int
    rejected: int
    empty_rows: int = Field(description="blank rows, which are not counted anywhere else")
    not_judged: int = Field(description="teams with a requirement in their own words, which is not judged")
    verdicts: list[_Kind] = Field(description="all four kinds")
    providers: list[_Provider]
    nobody_leads: _Teams = Field(description="the verdict is undetermined and leans to no provider")
    wanted: list[_Wanted]
    nobody_meets: list[_Criterion] = Field(description="musts that fail at every provider")
    unknown_facts: list[_UnknownFact] = Field(
        description="facts that are unknown, wholly or in part, and asked for by teams whose verdict is not proven"
    )
    changes: list[_EndOrChange] = Field(description="ends and changes, past or announced, of facts that were used")
    knowledge: _Knowledge


def summary_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of `provider-advisor/batch-summary/1`."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_Summary.model_json_schema(by_alias=True)}
