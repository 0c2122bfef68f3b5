"""The shape of `confirm` and `robustness` in the answer, as models; imported only where a schema is asked for."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["ConfirmShape", "Number", "Part", "Priority", "RobustnessShape"]

Number = int | float
Priority = Literal["must", "should", "could"]


class Part(BaseModel):
    """Base of all parts of the answer: no unknown keys."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class _ThenVerdict(Part):
    kind: Literal["recommended", "tie", "undetermined", "none"]
    strength: Literal["firm", "leaning"] | None
    provider: str | None
    lean: str | None
    among: list[str]


class _AskedFact(Part):
    provider: str
    criterion: str
    label: str
    disputed: bool = Field(description="the sources contradict one another")
    question: str = Field(description="the question to put to the provider")


class _PossibleAnswer(Part):
    values: list[Number | str | None] = Field(description="present, absent, a number or a word, for each of the facts")
    share: float | None = Field(description="its probability; null for answers to several facts")
    changes: bool = Field(description="whether the verdict would be another")
    verdict: _ThenVerdict
    says: str


class ConfirmShape(Part):
    """A fact whose answer could change the verdict; or several that together could, where no single one could."""

    facts: list[_AskedFact]
    answers: list[_PossibleAnswer]
    turns: float = Field(description="probability of the answers that change kind, provider, lean or among")
    changes: float = Field(description="probability of the answers that change the verdict at all")
    weight: float = Field(description="what the findings weigh that rest on it")
    complete: bool = Field(description="whether all the smallest sets are named")
    says: str


class _Named(Part):
    criterion: str | None = Field(description="null for a rule that favours")
    rule: str | None
    bound: tuple[Number | None, Number | None] | None = Field(description="low and high; of ranks, for a rating")


class _WeightRange(_Named):
    priority: Priority | None
    weight: float
    low: float = Field(description="kind and provider hold for weights above it")
    high: float | None = Field(description="and below this one; null: however large")
    holds_at_low: bool
    holds_at_high: bool
    below: list[str] = Field(description="who would lead below")
    above: list[str]
    says: str


class _Weights(Part):
    depends: bool = Field(description="false: no weights at all could change kind or provider")
    ranges: list[_WeightRange]
    says: str


class _Share(Part):
    provider: str
    given: float = Field(description="share of worlds in which it comes first, with the weights as given")
    first: float = Field(description="the same with weights uniform over the simplex: first-rank acceptability")
    ranks: list[float] = Field(description="rank acceptabilities, best rank first")
    central: list[float] | None = Field(description="mean of the weights with which it comes first, by criteria")
    confidence: float | None = Field(description="share of worlds in which it comes first with these weights")
    says: str


class _Estimate(Part):
    exact: bool
    samples: int = Field(description="worlds drawn; 0 where the shares are exact")
    error: float = Field(description="the largest standard error")


class _Worlds(Part):
    criteria: list[_Named] = Field(description="to which the central weights belong, in their order")
    providers: list[_Share]
    none: float = Field(description="share of worlds in which every provider fails a must")
    given: _Estimate
    uniform: _Estimate
    says: str


class _Asked(Part):
    priority: Priority
    bound: dict[str, Number | str] | None


class _Change(Part):
    kind: Literal["bound", "priority", "drop"]
    criterion: str
    from_: _Asked = Field(alias="from")
    to: _Asked | None = Field(description="null: no longer asked")


class _Turn(Part):
    changes: list[_Change]
    verdict: _ThenVerdict
    says: str


class _Changes(Part):
    turns: list[_Turn] = Field(description="smallest first")
    complete: bool = Field(description="whether every change was tried")
    says: str


class RobustnessShape(Part):
    """How sure the verdict is: ranges of weights, shares of worlds, changes that turn it."""

    weights: _Weights
    worlds: _Worlds | None = Field(description="null where nothing is asked")
    changes: _Changes
