"""The shapes of what a team states: requirements files, answers to the questionnaire, and decision cases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from provider_advisor.knowledge.records import Priority
from provider_advisor.knowledge.rules import ANSWERS_VERSION
from provider_advisor.knowledge.scope import split_names
from provider_advisor.knowledge.shapes.values import (
    Amount,
    Days,
    End,
    Id,
    Ids,
    Ref,
    Shape,
    Weight,
    Words,
    check_single,
    expect_text,
    find_form,
    wrong,
)


class PartShape(Shape):
    """One part of a choice: a criterion, perhaps with a bound."""

    criterion: Ref
    is_: Annotated[Literal["absent"] | None, Field(alias="is", description="the criterion must be absent")] = None
    member: Annotated[Words | None, Field(description="one of the members of the criterion")] = None
    at_least: End | None = None
    at_most: End | None = None
    exactly: Words | None = None


class RequirementShape(PartShape):
    """One requirement of a team, or one that a rule adds."""

    priority: Priority | None = None
    weight: Weight | None = None


# It is asked on the way out as well, with a shape instead of a mapping: `build` writes out the statement of a case.


def _find_form(value: object) -> str | None:
    if isinstance(value, str):
        return "<text>"
    if isinstance(value, ChoiceShape) or (isinstance(value, Mapping) and "any" in value):
        return "<choice>"
    return "<mapping>" if isinstance(value, Mapping | Shape) else None


_FORM = Discriminator(
    _find_form,
    custom_error_type="form",
    custom_error_message="expected a criterion, or a mapping with the key 'criterion'",
)

PartOrText = Annotated[Annotated[str, Tag("<text>")] | Annotated[PartShape, Tag("<mapping>")], _FORM]


class ChoiceShape(Shape):
    """Several things, any one of which will do: `{any: [sms, whatsapp]}`."""

    any: Annotated[list[PartOrText], Field(min_length=2, max_length=100)]
    priority: Literal["must", "should", "could"] | None = None
    weight: Weight | None = None


class UnlistedShape(Shape):
    """A requirement in the team's own words that no criterion covers: it is listed and counted, but not judged."""

    text: Words
    priority: Literal["must", "should", "could"] | None = None


RequirementOrText = Annotated[
    Annotated[str, Tag("<text>")]
    | Annotated[RequirementShape, Tag("<mapping>")]
    | Annotated[ChoiceShape, Tag("<choice>")],
    _FORM,
]


_VOLUME = r"^\s*[0-9.]"
_VOLUME_TEXT = expect_text(f"{_VOLUME}(?s:.*)", "expected a number, or a text such as 60000/year or 40000..60000")

UnlistedOrText = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[UnlistedShape, Tag("<mapping>")],
    Discriminator(
        _find_form, custom_error_type="form", custom_error_message="expected a text, or a mapping with the key 'text'"
    ),
]
VolumeOrText = Annotated[
    Annotated[Amount, Tag("<number>")] | Annotated[Annotated[str, Field(pattern=_VOLUME), _VOLUME_TEXT], Tag("<word>")],
    Discriminator(find_form),
]
"""A volume by the month, or a text of one by the year or of a range."""

Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False, description="percent of the total weight")]


def _read_names(value: object) -> object:
    return split_names(value) if isinstance(value, str) else value


Names = Annotated[list[Words], BeforeValidator(_read_names)]
"""Names, or a text of names joined by commas."""


class ScopeShape(Shape):
    """What an answer looks at: providers and sources, and what a customer still gets."""

    only: Annotated[Names, Field(description="the only providers to compare")] = []
    without: Annotated[Names, Field(description="providers to leave out")] = []
    sources: Annotated[Names, Field(description="the only sources whose claims count")] = []
    customer_of: Annotated[
        Names,
        Field(
            description="providers that the team is already a customer of; products closed to new customers then count"
        ),
    ] = []


class StatementShape(ScopeShape):
    """What a team states, the day whose facts count, and how old they may be.

    `weights` are percents of the total weight by area; the areas that are not named share the rest.
    """

    needs: list[RequirementOrText] = []
    wants: list[RequirementOrText] = []
    situation: dict[Id, Ids] = {}
    usage: dict[Ref, VolumeOrText] = {}
    unlisted: list[UnlistedOrText] = []
    weights: dict[Id, Percent] = {}
    as_of: dt.date | None = None
    max_age: Days | None = None


STATED = ("needs", "wants", "situation", "usage", "unlisted", "weights")
"""What it states of the team itself."""


class AskedShape(Shape):
    """How a questionnaire led to the requirements: for people to read; it changes no answer.

    `end` is why it ended; `skipped` are criteria that were not asked about because every provider still in the running
    certainly meets them, according to the knowledge base with this fingerprint.
    """

    end: Words | None = None
    skipped: list[Ref] = []
    fingerprint: Words | None = None


def _allow_text(schema: dict[str, Any]) -> None:
    """Let the schema of a list take a text too; `requirements_file` splits it before the shape is read."""
    listed = {key: schema.pop(key) for key in ("type", "items")}
    schema["anyOf"] = [
        listed,
        {"type": "string", "description": "words as on the command line, with commas between them"},
    ]


_Listed = Field(json_schema_extra=_allow_text)


class RequirementsFile(StatementShape):
    """What a team asks for: the same on the command line, in a file, in a questionnaire and in a batch.

    `unsure` names criteria, situation and usage that the team was not sure about; it is never taken
    for no. `uncounted` are musts, unless they say otherwise, that count as soon as usage is given.
    """

    example = """
        needs: [night-support]
        wants: [fax]
        situation: {company-size: small}
        usage: {calls: 500}
    """

    team: Words | None = None
    needs: Annotated[list[RequirementOrText], _Listed] = []
    wants: Annotated[list[RequirementOrText], _Listed] = []
    unlisted: Annotated[list[UnlistedOrText], _Listed] = []
    unsure: list[Ref] = []
    uncounted: list[RequirementOrText] = []
    asked: AskedShape | None = None


class VerdictShape(Shape):
    """The verdict that a case expects; what it leaves out is not compared."""

    kind: Literal["recommended", "tie", "undetermined", "none"]
    strength: Literal["firm", "dated", "leaning"] | None = None
    provider: Id | None = None
    lean: Id | None = None
    among: list[Id] | None = None


class CaseShape(StatementShape):
    """A decision that every change must keep."""

    name: Words
    verdict: VerdictShape
    why: Words
    combinations: list[list[Id]] | None = None
    concessions: list[list[Words]] | None = None
    standings: dict[Id, Literal["qualified", "unconfirmed", "ruled-out"]] | None = None
    confirm: dict[Id, list[Ref]] | None = None


class CasesFile(ScopeShape):
    """rules/cases/<area>.yaml: decisions that every change must keep.

    `as_of` and the scope hold for all cases that do not say otherwise.
    """

    example = """
        area: support
        cases:
        - {name: At night, needs: [night-support], verdict: {kind: recommended, provider: acme},
           why: Acme alone states it}
    """

    area: Id
    as_of: dt.date | None = None
    cases: list[CaseShape] = Field(min_length=1)


Place = Annotated[int, Field(ge=1, le=100_000, strict=True, description="the number of a screen, counted from 1")]

_ABOUT = ("topics", "criterion", "situation", "usage", "unlisted")


def _check_version(value: object) -> object:
    if value != ANSWERS_VERSION or isinstance(value, bool):
        expected = f"expected {ANSWERS_VERSION}, the version that this program reads and `recommend ask` writes"
        raise PydanticCustomError("version", expected)
    return value


def _name_truth(value: object) -> object:
    """Return yes or no for a truth, anything else as it is: programs write `false` for no."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


AnswerValue = Annotated[
    Annotated[Amount, Tag("<number>")] | Annotated[Words, Tag("<word>")] | Annotated[list[Id], Tag("<list>")],
    Discriminator(lambda value: "<list>" if isinstance(value, list) else find_form(value)),
    BeforeValidator(_name_truth, json_schema_input_type=Amount | bool | Words | list[Id]),
]


class AnswerShape(Shape):
    """One answer: `topics`, or a criterion, situation, usage or an unlisted wish with its `answer`.

    On a criterion must, good, nice, no (not wanted), must-not, not-sure or no-answer (left blank), and perhaps a
    `bound`: a number, a rating's word, none or not-sure; and `members`: one or several, none (any will do) or not-sure.
    The criterion may be a member or a choice. On a situation its value or values, on usage a number a month, or a text
    such as 60000/year or 40000..60000; on both also no-answer or not-sure. `unlisted` is a wish in the team's own
    words: must, good, nice, or no-answer, which takes it back. `true` and `false` are yes and no; no to a number means
    none. `searched` says that the person looked for the question, which then counts whether its topic is open or not;
    `aside` that the answer is kept though its question no longer applies. `screen`, `bound_screen` and `members_screen`
    number the screens on which it, its bound and its members were answered, for going back; without them each answer is
    a screen of its own.
    """

    topics: list[Id] | None = None
    criterion: Words | None = None
    situation: Id | None = None
    usage: Id | None = None
    unlisted: Words | None = None
    answer: AnswerValue | None = None
    bound: Annotated[End | None, BeforeValidator(_name_truth)] = None
    members: Annotated[Words | Annotated[list[Words], Field(min_length=1)] | None, BeforeValidator(_name_truth)] = None
    searched: bool = False
    aside: bool = False
    screen: Place | None = None
    bound_screen: Place | None = None
    members_screen: Place | None = None

    @model_validator(mode="after")
    def _check_question(self) -> AnswerShape:
        given = [key for key in _ABOUT if getattr(self, key) is not None]
        check_single(given, _ABOUT)
        if (self.answer is None) is not (given[0] == "topics"):
            raise wrong("'answer' is missing; add it" if self.answer is None else "'topics' takes no 'answer'")
        for key in ("bound", "members"):
            if getattr(self, key) is not None and given[0] != "criterion":
                raise wrong(f"'{key}' is only allowed with 'criterion'; remove it")
            if getattr(self, f"{key}_screen") is not None and getattr(self, key) is None:
                raise wrong(f"'{key}_screen' is only allowed with '{key}'; remove it")
        return self


class AnswersFile(Shape):
    """Answers to the questionnaire, in the order in which they were given; `declared` says that this is all.

    `given` is what was said before the first question, with the keys of a requirements file.
    """

    example = """
        version: 1
        answers:
        - {topics: [support]}
        - {criterion: night-support, answer: must}
    """

    version: Annotated[int, Field(json_schema_extra={"const": ANSWERS_VERSION}), BeforeValidator(_check_version)]
    given: RequirementsFile | None = None
    answers: list[AnswerShape]
    declared: bool = False


class MatchesFile(Shape):
    """What the words of a spreadsheet stand for, by word: a requirement without a priority, or several of them.

    `carry` copies a column to the output, `leave-out` drops it; null means undecided.
    """

    example = """
        matches:
          Help at night: night-support
          Contact: carry
    """

    matches: dict[str, Words | Annotated[list[Words], Field(min_length=1)] | None]
