"""The shapes of the files under rules/: rules, the numbers of policy, and the questionnaire."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from provider_advisor.knowledge.records import About
from provider_advisor.knowledge.shapes.conditions import ConditionShape
from provider_advisor.knowledge.shapes.values import Days, End, Id, Line, Ref, Shape, Weight, Words, wrong

__all__ = [
    "CitationShape",
    "ImpliedShape",
    "PrioritiesShape",
    "QuestionShape",
    "QuestionsFile",
    "RuleShape",
    "RulesFile",
    "StaleAfterShape",
    "SubjectShape",
    "WeightsFile",
]

Share = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False, description="a share of teams, between 0 and 1")]

_ABOUT: tuple[About, ...] = ("criterion", "situation", "usage")


class ImpliedShape(Shape):
    """A requirement that a rule adds; a should unless it says otherwise."""

    criterion: Ref
    priority: Literal["must", "should", "could"] = "should"
    at_least: End | None = None
    at_most: End | None = None


class CitationShape(Shape):
    """What a rule rests on: some lines of a source, or a section of it, such as an article of a law."""

    source: Id
    lines: list[Line] | None = Field(default=None, min_length=1)
    section: Annotated[
        Words | None, Field(description="the place in a source without lines, such as Article 28(3)")
    ] = None

    @model_validator(mode="after")
    def _check_place(self) -> CitationShape:
        if (self.lines is None) == (self.section is None):
            raise wrong("expected either 'lines' or 'section', the place in the source; give exactly one of them")
        return self


class RuleShape(Shape):
    """A rule: `when` it holds for a team, it either implies requirements or favours providers."""

    id: Id
    when: ConditionShape
    because: Words
    rests_on: list[CitationShape] = Field(min_length=1)
    implies: list[ImpliedShape] | None = Field(default=None, min_length=1)
    favours: ConditionShape | None = None
    weight: Weight | None = None
    label: Annotated[str | None, Field(min_length=1, max_length=60, description="a few words for tables")] = None

    @model_validator(mode="after")
    def _check_consequent(self) -> RuleShape:
        if (self.implies is None) == (self.favours is None):
            raise wrong("expected either 'implies' or 'favours'; a rule has exactly one of them")
        if self.favours is not None and self.weight is None:
            raise wrong("'weight' is missing; a rule with 'favours' needs one")
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


class StaleAfterShape(Shape):
    """After how long a fact of each kind is past its time; a kind that is left out never is."""

    capability: Days | None = None
    quantity: Days | None = None
    price: Days | None = None
    rating: Days | None = None


class WeightsFile(Shape):
    """rules/weights.yaml: what each priority weighs, what an unknown counts, and how long facts are good for."""

    priorities: PrioritiesShape
    stale_after: StaleAfterShape = StaleAfterShape()
    unknown: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, description="what an unknown is expected to be")]
    combinations: Annotated[bool, Field(description="false where providers exclude one another")] = True


class SubjectShape(Shape):
    """A topic of the questionnaire, which a team opens or leaves closed."""

    id: Id
    label: Words
    ask: Words
    share: Share
    help: Words | None = None


class QuestionShape(Shape):
    """A question about exactly one criterion, situation or usage."""

    topics: list[Id] = Field(min_length=1)
    share: Share
    criterion: Id | None = None
    situation: Id | None = None
    usage: Id | None = None
    when: ConditionShape | None = None
    ask: Words | None = None
    help: Words | None = None
    typical: list[End] = []
    once_known: Annotated[bool, Field(description="ask only once there is a claim; until then a search finds it")] = (
        False
    )

    @property
    def about(self) -> tuple[About, str]:
        """Return what it asks about: the kind of thing, and its id."""
        return next((key, getattr(self, key)) for key in _ABOUT if getattr(self, key) is not None)

    @model_validator(mode="after")
    def _check_about(self) -> QuestionShape:
        given = [key for key in _ABOUT if getattr(self, key) is not None]
        if len(given) != 1:
            found = f"both '{given[0]}' and '{given[1]}'" if given else "none"
            raise wrong(f"expected exactly one of {', '.join(_ABOUT)}; found {found}")
        return self


class QuestionsFile(Shape):
    """rules/questions.yaml: the questionnaire. Shares steer the order of questions, never an answer."""

    topics: list[SubjectShape] = Field(min_length=1)
    questions: list[QuestionShape]
