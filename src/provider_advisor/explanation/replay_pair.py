"""Two answers to one question, side by side, and the form in which a difference between them is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from provider_advisor.explanation.replay_shapes import AnswerShape, FindingShape

__all__ = ["Difference", "Pair", "difference"]

Difference = dict[str, Any]


class Pair(NamedTuple):
    """The answers of then and now, and the names of what either speaks of."""

    old: AnswerShape
    new: AnswerShape
    names: Mapping[str, str]
    labels: Mapping[str, str]

    @classmethod
    def of(cls, old: Mapping[str, Any], new: Mapping[str, Any]) -> Pair:
        """The pair of two records. Raises RequirementsError where one lacks what is compared."""
        then, now = both = AnswerShape.of(old), AnswerShape.of(new)
        names = {provider.id: provider.name for answer in both for provider in answer.providers}
        labels = {part.criterion: part.label for answer in both for part in answer.requirements}
        return cls(then, now, names, labels)

    def label(self, finding: FindingShape) -> str:
        """What a finding is about: a criterion by its label, with its bound, or a rule."""
        if finding.criterion is None:
            return f"the rule {finding.rule}"
        return self.labels.get(finding.criterion, finding.criterion) + finding.key[2]


def difference(about: str, says: str, **details: Any) -> Difference:  # noqa: ANN401 (JSON-ready values)
    """A difference as JSON-ready data: what it is about, the details, a sentence."""
    return {"about": about, **details, "says": says}
