"""The shapes of what a team states: requirements files, and decision cases with what they must lead to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from provider_advisor.knowledge.records import Priority
from provider_advisor.knowledge.shapes.base import Shape
from provider_advisor.knowledge.values import Amount, Days, End, Id, Ids, Weight, Words

__all__ = [
    "AskedShape",
    "CaseShape",
    "CasesFile",
    "RequirementShape",
    "RequirementsFile",
    "StatementShape",
    "VerdictShape",
]


class RequirementShape(Shape):
    """One thing a team asks, or a rule adds."""

    criterion: Id
    priority: Priority | None = None
    at_least: End | None = None
    at_most: End | None = None
    exactly: Words | None = None
    weight: Weight | None = None


def _form_of_requirement(value: Any) -> str | None:  # noqa: ANN401
    if isinstance(value, str):
        return "<text>"
    return "<mapping>" if isinstance(value, Mapping | RequirementShape) else None


RequirementOrText = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[RequirementShape, Tag("<mapping>")],
    Discriminator(
        _form_of_requirement,
        custom_error_type="form",
        custom_error_message="expected a criterion, or a mapping with the key 'criterion'",
    ),
]


class StatementShape(Shape):
    """What a team states, and of which day's facts, no older than what age."""

    needs: list[RequirementOrText] = []
    wants: list[RequirementOrText] = []
    situation: dict[Id, Ids] = {}
    usage: dict[Id, Amount] = {}
    as_of: dt.date | None = None
    max_age: Days | None = None


class AskedShape(Shape):
    """How a questionnaire came to what a team asks: for the eyes of people, it changes no answer.

    `end` is why it ended; `skipped` are criteria that were not asked because every provider still in meets them for
    certain, by the facts of the knowledge base with this fingerprint.
    """

    end: Words | None = None
    skipped: list[Id] = []
    fingerprint: Words | None = None


class RequirementsFile(StatementShape):
    """What a team asks: the same on the command line, in a file, in a questionnaire and in a batch.

    `unsure` names criteria, situation and usage of which the team could not say whether they matter; it is never taken
    for no.
    """

    team: Words | None = None
    unsure: list[Id] = []
    asked: AskedShape | None = None


class VerdictShape(Shape):
    """The verdict that a case expects; what it leaves out is not compared."""

    kind: Literal["recommended", "tie", "undetermined", "none"]
    strength: Literal["firm", "leaning"] | None = None
    provider: Id | None = None
    lean: Id | None = None
    among: list[Id] | None = None


class CaseShape(StatementShape):
    """A decision that every change must keep."""

    name: Words
    verdict: VerdictShape
    why: Words
    combinations: list[list[Id]] | None = None
    concessions: list[list[Id]] | None = None
    standings: dict[Id, Literal["qualified", "unconfirmed", "ruled-out"]] | None = None
    confirm: dict[Id, list[Id]] | None = None


class CasesFile(Shape):
    """rules/cases/<area>.yaml: decisions that every change must keep."""

    area: Id
    cases: list[CaseShape] = Field(min_length=1)
