"""The shape of a file of answers to the questionnaire."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from provider_advisor.knowledge.shapes.base import Shape
from provider_advisor.knowledge.values import Amount, End, Id, wrong

__all__ = ["VERSION", "AnswerShape", "AnswersFile"]

VERSION = 1

Place = Annotated[int, Field(ge=1, le=100_000, strict=True, description="the number of a screen, counted from 1")]

_ABOUT = ("topics", "criterion", "situation", "usage")


def _version(value: Any) -> Any:  # noqa: ANN401 (YAML holds anything)
    if value != VERSION or isinstance(value, bool):
        expected = f"expected {VERSION}, the version that this program reads and `recommend ask` writes"
        raise PydanticCustomError("version", expected)
    return value


def _form_of_answer(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, list):
        return "<list>"
    return "<word>" if isinstance(value, str) else "<number>"


AnswerValue = Annotated[
    Annotated[Amount, Tag("<number>")] | Annotated[Id, Tag("<word>")] | Annotated[list[Id], Tag("<list>")],
    Discriminator(_form_of_answer),
]


class AnswerShape(Shape):
    """One answer: `topics`, or a criterion, situation or usage with its `answer`.

    On a criterion must, good, nice, no or not-sure, and perhaps a `bound`: a number, a rating's word, none or not-sure.
    On a situation its value or values, on usage a number a month; on both also no-answer or not-sure. `searched` says
    that the person looked for the question, which then counts whether its topic is open or not; `aside` that the answer
    is kept though its question no longer applies. `screen` and `bound_screen` number the screens on which it and its
    bound were answered, for going back; without them each answer is a screen of its own.
    """

    topics: list[Id] | None = None
    criterion: Id | None = None
    situation: Id | None = None
    usage: Id | None = None
    answer: AnswerValue | None = None
    bound: End | None = None
    searched: bool = False
    aside: bool = False
    screen: Place | None = None
    bound_screen: Place | None = None

    @model_validator(mode="after")
    def _one_question(self) -> AnswerShape:
        given = [key for key in _ABOUT if getattr(self, key) is not None]
        if len(given) != 1:
            found = f"both '{given[0]}' and '{given[1]}'" if given else "none"
            raise wrong(f"expected exactly one of {', '.join(_ABOUT)}; found {found}")
        if (self.answer is None) is not (given[0] == "topics"):
            raise wrong("'answer' is missing; add it" if self.answer is None else "'topics' takes no 'answer'")
        if self.bound is not None and given[0] != "criterion":
            raise wrong("'bound' goes with 'criterion' only; remove it")
        if self.bound_screen is not None and self.bound is None:
            raise wrong("'bound_screen' goes with 'bound' only; remove it")
        return self


class AnswersFile(Shape):
    """Answers to the questionnaire, in the order in which they were given; `declared` says that this is all."""

    version: Annotated[int, Field(json_schema_extra={"const": VERSION}), BeforeValidator(_version)]
    answers: list[AnswerShape]
    declared: bool = False
