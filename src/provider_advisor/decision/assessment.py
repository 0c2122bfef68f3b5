"""A provider's findings summed up: its score and its standing."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from provider_advisor.decision.cost import Cost, cost_for
from provider_advisor.decision.findings import Finding, findings_for
from provider_advisor.inference import Inference
from provider_advisor.knowledge import Facts
from provider_advisor.logic import Number

__all__ = ["Assessment", "Score", "Standing", "assess", "summed_up"]

Standing = Literal["qualified", "unconfirmed", "ruled-out"]

_DIGITS = 9


class Score(NamedTuple):
    """Weighted means of degrees, times 100, rounded to nine digits: all unknowns against, as expected, all for."""

    proven: float
    expected: float
    possible: float


class Assessment(NamedTuple):
    """One provider against everything that the team requires.

    Without any finding there is no score, without usage no cost.
    """

    provider: str
    findings: tuple[Finding, ...]
    score: Score | None
    standing: Standing
    cost: Cost | None = None

    @property
    def unknown_musts(self) -> int:
        """How many musts are neither proven nor failed."""
        return sum(finding.is_unknown_must for finding in self.findings)


def assess(inference: Inference, facts: Facts, usage: Mapping[str, Number]) -> tuple[Assessment, ...]:
    """Each provider of the knowledge base, assessed; in the order of their ids."""
    return tuple(_assessment(provider, inference, facts, usage) for provider in facts.knowledge.providers)


def _assessment(provider: str, inference: Inference, facts: Facts, usage: Mapping[str, Number]) -> Assessment:
    cost = cost_for(provider, usage, facts) if usage else None
    findings = findings_for(provider, inference, facts, cost)
    return summed_up(provider, findings, cost)


def summed_up(provider: str, findings: Sequence[Finding], cost: Cost | None) -> Assessment:
    """A provider's findings with the score and the standing that they come to."""
    return Assessment(provider, tuple(findings), _score(findings), _standing(findings), cost)


def _score(findings: Sequence[Finding]) -> Score | None:
    total = math.fsum(finding.weight for finding in findings)
    if not findings:
        return None

    def mean(degrees: Iterable[float]) -> float:
        weighted = (finding.weight * degree for finding, degree in zip(findings, degrees, strict=True))
        return round(100 * math.fsum(weighted) / total, _DIGITS)

    return Score(
        mean(finding.degree.low for finding in findings),
        mean(finding.degree.expected for finding in findings),
        mean(finding.degree.high for finding in findings),
    )


def _standing(findings: Iterable[Finding]) -> Standing:
    """By the musts alone."""
    musts = [finding for finding in findings if finding.decides_standing]
    if any(finding.is_failed_must for finding in musts):
        return "ruled-out"
    return "unconfirmed" if any(finding.is_unknown_must for finding in musts) else "qualified"
