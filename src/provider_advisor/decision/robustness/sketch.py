"""A quick look at whether a change of what is asked could turn the verdict, by adding and subtracting."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from provider_advisor.decision.findings import Assessment, Finding
from provider_advisor.decision.verdict import Verdict
from provider_advisor.knowledge import Priority
from provider_advisor.requirements import Requirement

__all__ = ["Sketch", "distance_of", "may_differ", "sketches_of", "weight_at"]

_NEAR = 1e-6
"""Scores nearer than that are for the exact judgement to compare."""

_QUALIFIED, _UNCONFIRMED, _RULED_OUT = 0, 1, 2


class Sketch(NamedTuple):
    """One provider's findings in sums: musts failed and unknown, weights times expected degrees, and weights."""

    provider: str
    failed: int
    unknown: int
    points: float
    weight: float

    @property
    def standing(self) -> int:
        """0 qualified, 1 unconfirmed, 2 ruled out."""
        if self.failed:
            return _RULED_OUT
        return _UNCONFIRMED if self.unknown else _QUALIFIED

    @property
    def rank(self) -> tuple[int, int, float]:
        """The lower the better; but for rounding, that by which a verdict finds the leaders."""
        score = 100 * self.points / self.weight if self.weight > 0 else 0.0
        return self.standing, self.unknown, -score

    def without(self, finding: Finding, weight: float, *, must: bool) -> "Sketch":
        """The sums without a finding that weighs so much."""
        return self._plus(finding, -weight, -1 if must else 0)

    def plus(self, finding: Finding, weight: float, *, must: bool) -> "Sketch":
        """The sums with a finding that weighs so much."""
        return self._plus(finding, weight, 1 if must else 0)

    def _plus(self, finding: Finding, weight: float, musts: int) -> "Sketch":
        truth = finding.degree.truth
        if musts and truth is not None:
            return Sketch(
                self.provider,
                self.failed + musts * (truth.value == "no"),
                self.unknown + musts * (truth.value == "unknown"),
                self.points + weight * finding.degree.expected,
                self.weight + weight,
            )
        return self._replace(points=self.points + weight * finding.degree.expected, weight=self.weight + weight)


def sketches_of(assessments: Sequence[Assessment]) -> list[Sketch]:
    """The sums of each provider."""
    found = []
    for assessment in assessments:
        failed = sum(finding.is_failed_must for finding in assessment.findings)
        points = sum(finding.weight * finding.degree.expected for finding in assessment.findings)
        weight = sum(finding.weight for finding in assessment.findings)
        found.append(Sketch(assessment.provider, failed, assessment.unknown_musts, points, weight))
    return found


def weight_at(finding: Finding, requirement: Requirement, priorities: Mapping[Priority, float]) -> float:
    """What a finding would weigh if it were asked with the priority of another requirement on the same."""
    if finding.requirement is None or finding.requirement.priority == requirement.priority:
        return finding.weight
    return finding.weight / priorities[finding.requirement.priority] * priorities[requirement.priority]


def may_differ(sketches: Sequence[Sketch], before: Verdict) -> bool:
    """Whether kind or provider may be other than in the verdict; False only where they certainly are the same."""
    ranks = sorted((sketch.rank, sketch.provider) for sketch in sketches)
    (standing, unknown, score), leader = ranks[0]
    if standing == _RULED_OUT:
        return before.kind != "none"
    if standing == _UNCONFIRMED:
        return before.kind != "undetermined"
    if any(sketch.weight < _NEAR for sketch in sketches):
        return True
    if len(ranks) > 1 and ranks[1][0][:2] == (standing, unknown) and ranks[1][0][2] - score < _NEAR:
        return True
    return before.provider != leader


def distance_of(sketches: Sequence[Sketch], before: Verdict) -> float:
    """How far the verdict is from turning: failed musts, unknown musts, or points between the leader and the next."""
    if before.kind == "none":
        return min(sketch.failed for sketch in sketches)
    if before.provider is None:
        return min(sketch.unknown + 100 * sketch.failed for sketch in sketches)
    ranks = {sketch.provider: _distance_rank(sketch) for sketch in sketches}
    rivals = [rank for name, rank in ranks.items() if name != before.provider]
    return min(rivals, default=math.inf) - ranks[before.provider]


def _distance_rank(sketch: Sketch) -> float:
    return 100_000 * sketch.failed + 1_000 * sketch.unknown + sketch.rank[2]
