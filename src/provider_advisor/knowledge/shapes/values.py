"""The kinds of values in files, each with the sentence on what is expected.

If a value may have one of two forms, its form decides how it is checked: a number that is too small is not also called
"not a text". The tags of forms, such as <number>, cannot be keys, and so are never taken for steps to a problem.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from inspect import cleandoc
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from provider_advisor.written_values import LARGEST_AMOUNT

_ID = r"^[A-Za-z0-9]+([.-][A-Za-z0-9]+)*$"
_REF = r"^[A-Za-z0-9]+([.-][A-Za-z0-9]+)*(@[A-Za-z0-9]+([.-][A-Za-z0-9]+)*)?$"
_DAYS = r"^[1-9][0-9]{0,4}d$"
# Reports and pages make links of these, so that nothing else may be one: not `javascript:`, nor what ends an attribute.
_WEB_ADDRESS = r"""^https?://[^\s/?#:@<>"'`|\\]+(:[0-9]{1,5})?([/?#][^\s<>"'`|\\]*)?$"""


R = TypeVar("R")


class Shape(BaseModel):
    """Base of all shapes: strict values, no unknown keys. That of a whole file has an `example` of some lines."""

    example: ClassVar[str] = ""

    # Strict, because pydantic would take the text "5" for a number, and 1 for true.
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, populate_by_name=False)

    @classmethod
    def show_example(cls) -> str:
        """Return the example, indented, each line after a line end: for files that hold something else."""
        return "".join(f"\n    {line}" for line in cleandoc(cls.example).splitlines())

    def make(self, record: Callable[..., R], **changed: Any) -> R:  # noqa: ANN401 (as many types as fields)
        """Return a record with the fields of the same names, except `changed` ones; lists become tuples."""
        # A field that needs no change is added to the shape and to the record, and nowhere else.
        fields = {name: getattr(self, name) for name in _list_shared(record, type(self))} | changed
        return record(**{name: tuple(part) if isinstance(part, list) else part for name, part in fields.items()})


@cache
def _list_shared(record: Any, shape: type[BaseModel]) -> tuple[str, ...]:  # noqa: ANN401 (any named tuple)
    return tuple(name for name in record._fields if name in shape.model_fields)


def is_id(text: str) -> bool:
    """Return whether it is words of letters and digits joined by hyphens or dots."""
    return re.fullmatch(_ID, text) is not None


def wrong(sentence: str) -> PydanticCustomError:
    """Return the error for a mapping whose keys do not go together; the mapping itself is not shown."""
    return PydanticCustomError("mapping", "{sentence}", {"sentence": sentence})


def expect_text(pattern: str, expected: str) -> BeforeValidator:
    """Return the check that a value is a text of a form, which says what is `expected` of any other."""

    def check(value: object) -> object:
        if isinstance(value, str) and re.fullmatch(pattern, value):
            return value
        raise PydanticCustomError("text", expected)

    return BeforeValidator(check)


def check_single(given: Sequence[str], keys: Iterable[str]) -> None:
    """Raise the error for a mapping that is given not just one of the keys."""
    if len(given) != 1:
        found = f"both '{given[0]}' and '{given[1]}'" if given else "none"
        raise wrong(f"expected exactly one of {', '.join(keys)}; found {found}")


def find_form(value: object) -> str:
    """Return the tag of a value that may be a word or a number."""
    return "<word>" if isinstance(value, str) else "<number>"


def _find_ids_form(value: object) -> str:
    return "<list>" if isinstance(value, list) else "<word>"


# The description of each is what an editor shows beside a key, and the schemas publish.
Id = Annotated[str, Field(pattern=_ID, description="words of letters and digits joined by hyphens or dots")]
Ref = Annotated[str, Field(pattern=_REF, description="an id, or that of one of its members: phone-numbers@de")]
Words = Annotated[str, Field(min_length=1, max_length=2_000)]
Amount = Annotated[float, Field(ge=0, le=LARGEST_AMOUNT, allow_inf_nan=False, description="0 or more")]
AboveZero = Annotated[float, Field(gt=0, le=LARGEST_AMOUNT, allow_inf_nan=False, description="more than 0")]
AnyAmount = Annotated[
    float,
    Field(
        ge=-LARGEST_AMOUNT,
        le=LARGEST_AMOUNT,
        allow_inf_nan=False,
        description="a number; below 0 only where the scale of the criterion is",
    ),
]
Weight = Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False, description="more than 0")]
Days = Annotated[
    str,
    Field(pattern=_DAYS, description="days, such as 365d"),
    expect_text(_DAYS, "expected a number of days such as 365d"),
]
WebAddress = Annotated[
    str,
    Field(pattern=_WEB_ADDRESS, description="https://host/path"),
    expect_text(_WEB_ADDRESS, "expected a web address such as https://example.com/page"),
]
Line = Annotated[int, Field(ge=1, description="line of the source, counted from 1")]
End = Annotated[Annotated[AnyAmount, Tag("<number>")] | Annotated[Words, Tag("<word>")], Discriminator(find_form)]
Ids = Annotated[Annotated[Id, Tag("<word>")] | Annotated[list[Id], Tag("<list>")], Discriminator(_find_ids_form)]
WordOrWords = Annotated[
    Annotated[Words, Tag("<word>")] | Annotated[list[Words], Tag("<list>")], Discriminator(_find_ids_form)
]
