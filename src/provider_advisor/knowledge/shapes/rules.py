"""The shapes of rules and of the numbers of policy."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from provider_advisor.knowledge.records import Priority
from provider_advisor.knowledge.shapes.base import Shape
from provider_advisor.knowledge.shapes.conditions import ConditionShape
from provider_advisor.knowledge.values import End, Id, Line, Weight, Words, wrong

__all__ = ["CitationShape", "ImpliedShape", "PrioritiesShape", "RuleShape", "RulesFile", "WeightsFile"]


class ImpliedShape(Shape):
    """A requirement that a rule adds; a should unless it says otherwise."""

    criterion: Id
    priority: Priority = "should"
    at_least: End | None = None
    at_most: End | None = None


class CitationShape(Shape):
    """The lines of a source that a rule rests on."""

    source: Id
    lines: list[Line] = Field(min_length=1)


class RuleShape(Shape):
    """A rule: `when` it holds for a team, it either implies requirements or favours providers."""

    id: Id
    when: ConditionShape
    because: Words
    rests_on: list[CitationShape] = Field(min_length=1)
    implies: list[ImpliedShape] | None = Field(default=None, min_length=1)
    favours: ConditionShape | None = None
    weight: Weight | None = None

    @model_validator(mode="after")
    def _one_consequent(self) -> RuleShape:
        if (self.implies is None) == (self.favours is None):
            raise wrong("expected either 'implies' or 'favours'; a rule has one consequent")
        if self.favours is not None and self.weight is None:
            raise wrong("'weight' is missing; a rule that favours counts with a weight of its own")
        return self


class RulesFile(Shape):
    """rules/<area>.yaml: the rules of one area."""

    area: Id
    rules: list[RuleShape]


class PrioritiesShape(Shape):
    """How much a requirement of each priority weighs."""

    must: Weight
    should: Weight
    could: Weight


class WeightsFile(Shape):
    """rules/weights.yaml: what each priority weighs, and what an unknown counts."""

    priorities: PrioritiesShape
    unknown: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, description="what an unknown is expected to be")]
