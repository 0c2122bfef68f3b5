"""The shapes of the files under rules/: conditions and rules, the numbers of policy, and the questionnaire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from provider_advisor.knowledge.records import About
from provider_advisor.knowledge.shapes.values import (
    Amount,
    Days,
    End,
    Id,
    Line,
    Ref,
    Shape,
    Weight,
    Words,
    check_single,
    wrong,
)

Share = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False, description="a share of teams, between 0 and 1")]

_ABOUT: tuple[About, ...] = ("criterion", "situation", "usage")


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

    parts: list[ConditionShape] = Field(alias="all", min_length=1)


class AnyShape(Shape):
    """At least one part holds."""

    parts: list[ConditionShape] = Field(alias="any", min_length=1)


class NotShape(Shape):
    """The part does not hold."""

    part: ConditionShape = Field(alias="not")


_CONDITION_WORDS = ("need", "situation", "usage", "fact", "all", "any", "not")


def _check_one_word(data: object) -> object:
    # Before pydantic looks for the form: it would take the first word, and call the second an unknown key.
    found = [word for word in _CONDITION_WORDS if word in data] if isinstance(data, Mapping) else []
    if len(found) > 1:
        raise wrong(f"'{found[0]}' and '{found[1]}' are two conditions; put both into a list under `all`")
    return data


def _find_form(data: object) -> str | None:
    if isinstance(data, Mapping):
        return next((f"<{word}>" for word in _CONDITION_WORDS if word in data), None)
    return None


# The form is found by its word. If all seven were tried, each would report what is wrong with the one that is meant.
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


class ImpliedShape(Shape):
    """A requirement that a rule adds; a should unless it says otherwise."""

    criterion: Ref
    priority: Literal["must", "should", "could"] = "should"
    at_least: End | None = None
    at_most: End | None = None


class CitationShape(Shape):
    """What a rule rests on: lines of a source, or a section, such as an article of a law."""

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
    """A rule: if `when` holds for a team, the rule either implies requirements or favours providers."""

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

    example = """
        area: support
        rules:
        - {id: small-teams-call, when: {situation: company-size, is: small}, implies: [{criterion: night-support}],
           because: Nobody is there at night., rests_on: [{source: guide-2024, lines: [12]}]}
    """

    area: Id
    rules: list[RuleShape]


class PrioritiesShape(Shape):
    """How much a requirement of each priority weighs."""

    must: Weight
    should: Weight
    could: Weight


class StaleAfterShape(Shape):
    """How long facts of each kind stay current; a kind that is left out never goes out of date."""

    capability: Days | None = None
    quantity: Days | None = None
    price: Days | None = None
    rating: Days | None = None


class WeightsFile(Shape):
    """rules/weights.yaml: what each priority weighs, what an unknown counts as, and how long facts stay current."""

    example = """
        priorities: {must: 4, should: 2, could: 1}
        unknown: 0.5
        stale_after: {price: 365d, rating: 365d}
        combinations: true
    """

    priorities: PrioritiesShape
    stale_after: StaleAfterShape = StaleAfterShape()
    unknown: Annotated[
        float, Field(ge=0, le=1, allow_inf_nan=False, description="what an unknown counts as in the expected score")
    ]
    combinations: Annotated[bool, Field(description="false where providers exclude one another")] = True


class SubjectShape(Shape):
    """A topic of the questionnaire, which a team opens or leaves closed."""

    id: Id
    label: Words
    share: Share
    help: Words | None = None
    # `impact` and the benchmarks read older revisions of a base, in which a topic had to have it.
    ask: Annotated[Words | None, Field(description="never shown; older files have it")] = None


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
    once_known: Annotated[
        bool, Field(description="ask only once there is a claim; until then, only a search finds it")
    ] = False

    @property
    def about(self) -> tuple[About, str]:
        """Return what it asks about: the kind of thing, and its id."""
        return next((key, getattr(self, key)) for key in _ABOUT if getattr(self, key) is not None)

    @model_validator(mode="after")
    def _check_about(self) -> QuestionShape:
        check_single([key for key in _ABOUT if getattr(self, key) is not None], _ABOUT)
        return self


class QuestionsFile(Shape):
    """rules/questions.yaml: the questionnaire. Shares affect only the order of the questions, never an answer."""

    example = """
        topics:
        - {id: support, label: Support, share: 0.3}
        questions:
        - {criterion: night-support, topics: [support], share: 0.2}
    """

    topics: list[SubjectShape] = Field(min_length=1)
    questions: list[QuestionShape]
