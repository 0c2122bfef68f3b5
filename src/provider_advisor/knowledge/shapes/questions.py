"""The shape of the questionnaire: what is asked, when, and what share of teams would say yes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from provider_advisor.knowledge.questions import About
from provider_advisor.knowledge.shapes.base import Shape
from provider_advisor.knowledge.shapes.conditions import ConditionShape
from provider_advisor.knowledge.values import End, Id, Words, wrong

__all__ = ["QuestionShape", "QuestionsFile", "SubjectShape"]

Share = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False, description="a share of teams, between 0 and 1")]

_ABOUT: tuple[About, ...] = ("criterion", "situation", "usage")


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

    @property
    def about(self) -> tuple[About, str]:
        """What it asks about: the kind of thing, and its id."""
        return next((key, getattr(self, key)) for key in _ABOUT if getattr(self, key) is not None)

    @model_validator(mode="after")
    def _about_one_thing(self) -> QuestionShape:
        given = [key for key in _ABOUT if getattr(self, key) is not None]
        if len(given) != 1:
            found = f"both '{given[0]}' and '{given[1]}'" if given else "none"
            raise wrong(f"expected exactly one of {', '.join(_ABOUT)}; found {found}")
        return self


class QuestionsFile(Shape):
    """rules/questions.yaml: the questionnaire. Shares steer the order of questions, never an answer."""

    topics: list[SubjectShape] = Field(min_length=1)
    questions: list[QuestionShape]
