"""The JSON Schemas of the summary of a batch and of an impact, as models: what other programs may rely on.

Kept apart from the code that makes these records, because a batch should not load pydantic, and a schema needs no
columns. Tests check the records against them.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from provider_advisor.decision.verdict import Kind, Strength


class _ClosedModel(BaseModel):
    """Base of all parts of a record; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class _Teams(_ClosedModel):
    teams: int
    share: float | None = Field(description="of the teams scored, 0 to 1; null if there are none")


class _Kind(_Teams):
    kind: Kind


class _Recommended(_Teams):
    firm: int = Field(description="teams for which no rival could come out on top")
    dated: int = Field(description="teams for which that holds only with facts that are out of date")
    leaning: int


class _Criterion(_Teams):
    criterion: str
    label: str


class _IfAll(_ClosedModel):
    qualified: _Teams = Field(description="every must is proven")
    unconfirmed: _Teams = Field(description="no must fails, but at least one is unknown")
    ruled_out: _Teams = Field(description="a must fails")
    unmet: list[_Criterion] = Field(description="musts that fail, and for how many teams")
    unknown: list[_Criterion] = Field(description="musts that are unknown, and for how many teams")


class _Provider(_ClosedModel):
    provider: str
    name: str
    recommended: _Recommended
    leads_undetermined: _Teams = Field(description="the verdict is undetermined and leans to it")
    if_all_chose_it: _IfAll = Field(description="what standardising on this provider would leave unmet")


class _Wanted(_ClosedModel):
    criterion: str
    label: str
    must: int = Field(description="teams that must have it, because they or a rule say so")
    wish: int = Field(description="teams that should or could have it")


class _UnknownFact(_Criterion):
    provider: str
    name: str
    disputed: bool = Field(description="the sources contradict each other")
    ask: str = Field(description="the question to put to the provider")


class _CopiedColumn(_ClosedModel):
    column: str
    hint: str | None = Field(description="how it is read, if it looks like input")


class _EndOrChange(_Criterion):
    provider: str
    says: str = Field(description="the end or change in words: when it is, and when it was announced")


class _Knowledge(_ClosedModel):
    as_of: str = Field(description="the day of the facts for rows without their own")
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


class _Summary(_ClosedModel):
    """The summary of a run, as `recommend batch --summary` writes it. Lists have the largest count first."""

    schema_: Literal["provider-advisor/batch-summary/1"] = Field(alias="schema")
    rows: int = Field(description="scored and rejected")
    scored: int
    rejected: int
    empty_rows: int = Field(description="blank rows, which are not counted anywhere else")
    not_judged: int = Field(description="teams with a requirement in their own words, which is not judged")
    verdicts: list[_Kind] = Field(description="all four kinds")
    copied_columns: list[_CopiedColumn] = Field(
        description="columns that were copied and not read, without names and ids of teams"
    )
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


class _Side(_ClosedModel):
    name: str
    fingerprint: str
    version: str | None = Field(description="the version of the knowledge base; null if it has none")
    date: str | None = Field(description="the day of its last change")


class _VerdictModel(_ClosedModel):
    kind: Kind
    strength: Strength | None
    provider: str | None
    lean: str | None
    among: list[str]


class _TeamCount(_ClosedModel):
    teams: int
    share: float | None = Field(description="of the teams compared, 0 to 1; null if there are none")


class _Transition(_TeamCount):
    before: _VerdictModel
    after: _VerdictModel


class _Rejected(_ClosedModel):
    both: int = Field(description="rows that neither base can answer")
    before: int = Field(description="rows that only the base before the change cannot answer")
    after: int = Field(description="rows that only the base after the change cannot answer")


class _Because(_ClosedModel):
    looked_at: int = Field(description="teams with a changed verdict for which the changes were tried one by one")
    sampled: bool = Field(description="whether these are a random sample")
    by_one: int = Field(description="teams that get the new verdict from exactly one of the changes alone")
    by_any: int = Field(description="teams that get it from any one of several changes")
    together: int = Field(description="teams that get it only from several changes together")
    untried: int = Field(description="changes that were not tried")


class _TeamPlace(_ClosedModel):
    file: str
    row: int = Field(description="its number in the file, from 1")
    team: str | None


class _ChangeModel(_ClosedModel):
    kind: Literal["fact", "provider", "criterion", "rule", "weight", "situation", "usage"]
    provider: str | None = Field(description="of a fact")
    name: str = Field(description="the id of the criterion, rule and so on; of a weight must, should, could, unknown")
    says: str
    brings: list[str] = Field(description="changes that it depends on, made with it")
    alone: int | None = Field(description="teams that get the new verdict from it alone; null if it was not tried")
    otherwise: int | None = Field(description="teams that get a third verdict from it alone")
    needed: int | None = Field(description="teams that do not get the new verdict without it")
    examples: list[_TeamPlace]


class _Example(_TeamPlace):
    before: _VerdictModel
    after: _VerdictModel
    differences: list[str] = Field(description="what differs between the two answers, a sentence each")


class _ImpactRecord(_ClosedModel):
    """The same teams compared with two knowledge bases, as `recommend impact --format json` prints it."""

    schema_: Literal["provider-advisor/impact/1"] = Field(alias="schema")
    as_of: str
    max_age: int | None = Field(description="days; older claims are not used")
    before: _Side
    after: _Side
    rows: int = Field(description="compared and rejected")
    compared: int = Field(description="rows that both bases answer")
    rejected: _Rejected
    changed: _TeamCount
    other_provider: _TeamCount = Field(description="teams whose recommended provider changes")
    transitions: list[_Transition]
    because: _Because
    changes: list[_ChangeModel] = Field(description="what differs; counts are of the teams looked at")
    examples: list[_Example]
    dated: int = Field(description="rows with their own `as_of` or `max_age`, which is ignored")
    unread: list[str] = Field(description="columns that only one of the bases can read")


def impact_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of `provider-advisor/impact/1`."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_ImpactRecord.model_json_schema(by_alias=True)}
