"""The shapes of conditions: the trees under a rule's `when` and `favours`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from provider_advisor.knowledge.shapes.values import Amount, End, Id, Ref, Shape, wrong

__all__ = [
    "AllShape",
    "AnyShape",
    "ConditionShape",
    "FactShape",
    "NeedShape",
    "NotShape",
    "SituationShape",
    "UsageBoundShape",
]


class NeedShape(Shape):
    """The team requires the criterion, at any priority."""

    need: Ref


class SituationShape(Shape):
    """The team's situation includes this value of the topic."""

    situation: Id
    is_: Id = Field(alias="is")


class UsageBoundShape(Shape):
    """The team's monthly volume lies within the bound."""

    usage: Id
    at_least: Amount | None = None
    at_most: Amount | None = None

    @model_validator(mode="after")
    def _check_bound(self) -> UsageBoundShape:
        if self.at_least is None and self.at_most is None:
            raise wrong("expected at_least, at_most or both")
        return self


class FactShape(Shape):
    """A provider has the capability, or its amount or rating lies within the bound."""

    fact: Ref
    is_: Id | None = Field(default=None, alias="is")
    at_least: End | None = None
    at_most: End | None = None


class AllShape(Shape):
    """Every part holds."""

    all: list[ConditionShape] = Field(min_length=1)


class AnyShape(Shape):
    """At least one part holds."""

    any: list[ConditionShape] = Field(min_length=1)


class NotShape(Shape):
    """The part does not hold."""

    not_: ConditionShape = Field(alias="not")


_CONDITION_WORDS = ("need", "situation", "usage", "fact", "all", "any", "not")


def _check_one_word(data: Any) -> Any:  # noqa: ANN401 (YAML holds anything)
    found = [word for word in _CONDITION_WORDS if word in data] if isinstance(data, Mapping) else []
    if len(found) > 1:
        raise wrong(f"'{found[0]}' and '{found[1]}' are two conditions; put both into a list under `all`")
    return data


def _find_form(data: Any) -> str | None:  # noqa: ANN401
    if isinstance(data, Mapping):
        return next((f"<{word}>" for word in _CONDITION_WORDS if word in data), None)
    return None


ConditionShape = Annotated[
    Annotated[NeedShape, Tag("<need>")]
    | Annotated[SituationShape, Tag("<situation>")]
    | Annotated[UsageBoundShape, Tag("<usage>")]
    | Annotated[FactShape, Tag("<fact>")]
    | Annotated[AllShape, Tag("<all>")]
    | Annotated[AnyShape, Tag("<any>")]
    | Annotated[NotShape, Tag("<not>")],
    Discriminator(
        _find_form,
        custom_error_type="form",
        custom_error_message=f"expected a condition that starts with one of {', '.join(_CONDITION_WORDS)}",
    ),
    BeforeValidator(_check_one_word),
]
