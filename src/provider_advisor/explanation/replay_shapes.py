"""What `replay` compares of a record, read from JSON that may come from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import STANDINGS, joined, number_text, score_text

__all__ = ["AnswerShape", "ClaimShape", "CostShape", "FindingShape", "ItemShape", "ProviderShape", "RequirementShape"]


class _Part(BaseModel):
    """Further keys are let through, missing ones are not: a newer record of the same version may say more."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class VerdictShape(_Part):
    """The verdict, with its sentence."""

    kind: Literal["recommended", "tie", "undetermined", "none"]
    strength: Literal["firm", "leaning"] | None
    provider: str | None
    lean: str | None
    among: tuple[str, ...]
    reason: str


class ScoreShape(_Part):
    """A score, null where nothing was asked."""

    proven: float | None
    expected: float | None
    possible: float | None

    @property
    def text(self) -> str:
        """Expected, and in brackets proven to possible where they differ."""
        return score_text(self.model_dump())


class ClaimShape(_Part):
    """Where a claim stands. Those of prices do not say what evidence they are."""

    source: str
    line: int
    as_of: str
    evidence: str = "stated"
    product: str | None = None

    @property
    def place(self) -> tuple[str, int, str]:
        """By what it is found again."""
        return self.source, self.line, self.product or ""


class ItemShape(_Part):
    """What is paid for together."""

    usage: dict[str, float]
    criterion: str | None
    price: str | None
    low: float
    high: float | None
    beside: tuple[str, ...]
    evidence: tuple[ClaimShape, ...]

    @property
    def text(self) -> str:
        """Its price."""
        return self.price or "no known price"


class CostShape(_Part):
    """A monthly cost."""

    low: float
    high: float | None
    unit: str
    items: tuple[ItemShape, ...]

    @property
    def text(self) -> str:
        """The amount with its unit."""
        low = number_text(self.low)
        if self.high is None:
            return f"at least {low} {self.unit}"
        return f"{low if self.low == self.high else f'{low} to {number_text(self.high)}'} {self.unit}"


class ProviderShape(_Part):
    """How a provider stands."""

    id: str
    name: str
    standing: Literal["qualified", "unconfirmed", "ruled-out"]
    score: ScoreShape
    monthly_cost: CostShape | None

    @property
    def standing_text(self) -> str:
        """The standing in words."""
        return STANDINGS[self.standing]


_Bound = dict[str, float | str] | None


def _bound_text(bound: _Bound) -> str:
    ends = [
        f"{key.replace('_', ' ')} {end if isinstance(end, str) else number_text(end)}"
        for key, end in (bound or {}).items()
    ]
    return f", {joined(ends)}" if ends else ""


class FindingShape(_Part):
    """What a requirement, or a rule that favours, came to for a provider."""

    provider: str
    criterion: str | None
    rule: str | None
    priority: str | None
    bound: _Bound
    outcome: Literal["met", "partial", "unmet", "unknown"]
    degree: tuple[float, float]
    expected: float
    weight: float
    because: str
    says: str
    evidence: tuple[ClaimShape, ...]

    @property
    def key(self) -> tuple[str, str, str]:
        """Which requirement it is on, as `RequirementShape.key`; or which rule."""
        if self.criterion is None:
            return "", "", self.rule or ""
        return self.criterion, self.priority or "", _bound_text(self.bound)

    @property
    def text(self) -> str:
        """Yes, no, not known, or the degree in percent."""
        low, high = (round(100 * end) for end in self.degree)
        share = f"{low} %" if low == high else f"{low} to {high} %"
        return {"met": "yes", "unmet": "no", "unknown": "not known"}.get(self.outcome, share)


class RequirementShape(_Part):
    """Something that was asked, by the team or by rules."""

    criterion: str
    label: str
    priority: str
    bound: _Bound
    implied_by: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str, str]:
        """By what it is found again."""
        return self.criterion, self.priority, _bound_text(self.bound)

    @property
    def text(self) -> str:
        """Its label with its bound and its priority."""
        return f"{self.label}{_bound_text(self.bound)} ({self.priority})"


class _SetAside(_Part):
    rule: str
    criterion: str
    because: str


class _Concession(_Part):
    drop: tuple[RequirementShape, ...]
    verdict: VerdictShape


class _Stale(_Part):
    provider: str
    criterion: str
    as_of: str


class _RestsOn(_Part):
    says: str


class _Knowledge(_Part):
    as_of: str
    fingerprint: str
    rests_on: _RestsOn
    stale: tuple[_Stale, ...]


class AnswerShape(_Part):
    """A whole record."""

    verdict: VerdictShape
    providers: tuple[ProviderShape, ...]
    findings: tuple[FindingShape, ...]
    requirements: tuple[RequirementShape, ...]
    set_aside: tuple[_SetAside, ...]
    combinations: tuple[tuple[str, ...], ...]
    concessions: tuple[_Concession, ...]
    knowledge: _Knowledge

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> AnswerShape:
        """The answer in a record. Raises RequirementsError, naming the first thing that is not as it should be."""
        try:
            return cls.model_validate(record)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(step) for step in first["loc"])
            problem = "is missing" if first["type"] == "missing" else "is not of the right kind"
            raise RequirementsError(
                f"the record is damaged: '{where[:80]}' {problem}; expected what `recommend --format json` printed."
            ) from error
