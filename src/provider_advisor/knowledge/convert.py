"""From checked shapes to records: nothing is decided here but what a bound says of an amount."""

from __future__ import annotations

import math
from collections.abc import Mapping

from provider_advisor.knowledge import shapes
from provider_advisor.knowledge.conditions import AllOf, AnyOf, Condition, FactHolds, Leaf, Need, Not, Situation, Usage
from provider_advisor.knowledge.records import (
    BoundWord,
    Citation,
    Claim,
    Criterion,
    Implied,
    Policy,
    Product,
    Provider,
    Question,
    Questionnaire,
    Rule,
    Scale,
    Source,
    Subject,
    Topic,
    UsageItem,
)
from provider_advisor.knowledge.strict_yaml import Document
from provider_advisor.logic import Interval, Number, plain

__all__ = [
    "bound_of",
    "claims_of",
    "condition_of",
    "criterion_of",
    "policy_of",
    "provider_of",
    "questionnaire_of",
    "rule_of",
    "source_of",
    "team_of",
]


def source_of(shape: shapes.SourceShape) -> Source:
    """A source as a record."""
    return Source(**shape.model_dump())


def criterion_of(shape: shapes.CriterionShape, area: str) -> Criterion:
    """A criterion as a record; quantities count things unless `whole: false` is said, prices are better when lower."""
    scale = shape.scale
    return Criterion(
        id=shape.id,
        label=shape.label,
        area=area,
        kind=shape.kind,
        question=shape.question,
        weight=shape.weight,
        aliases=tuple(shape.aliases),
        unit=shape.unit,
        values=tuple(shape.values),
        scale=Scale(plain(scale.worst), plain(scale.best), scale.because) if scale else None,
        lower_is_better=(shape.better or ("lower" if shape.kind == "price" else "higher")) == "lower",
        whole=shape.kind == "quantity" and shape.whole is not False,
        limit=shape.limit,
        computed=shape.computed,
        of=shape.of,
        usage=tuple(shape.usage),
        concerns=tuple(shape.concerns),
        stale_after=int(shape.stale_after.removesuffix("d")) if shape.stale_after else None,
        silent=shape.silent,
    )


def team_of(shape: shapes.TeamFile) -> tuple[list[Topic], list[UsageItem]]:
    """What a team can say of itself, as records."""
    topics = [Topic(t.id, t.label, t.question, tuple(t.values), t.many) for t in shape.situation]
    return topics, [UsageItem(**item.model_dump()) for item in shape.usage]


def provider_of(shape: shapes.ProviderFile, claims: list[Claim]) -> Provider:
    """A provider as a record, with the claims that could be read."""
    products = {product.id: Product(product.id, product.name) for product in shape.products}
    return Provider(shape.id, shape.name, tuple(shape.aliases), products, tuple(claims))


def claims_of(
    shape: shapes.ProviderFile, document: Document, criteria: Mapping[str, Criterion], sources: Mapping[str, Source]
) -> list[Claim]:
    """The claims of a provider whose criterion and source are known."""
    return [
        _claim_of(claim, shape.id, criteria[claim.criterion], sources[claim.source], document.where("claims", index))
        for index, claim in enumerate(shape.claims)
        if claim.criterion in criteria and claim.source in sources
    ]


def _claim_of(shape: shapes.ClaimShape, provider: str, criterion: Criterion, source: Source, where: str) -> Claim:
    bound, value = _value_of(shape)
    return Claim(
        provider=provider,
        product=shape.product,
        criterion=shape.criterion,
        value=value,
        bound=bound,
        unit=shape.unit,
        evidence=shape.evidence,
        source=shape.source,
        line=shape.line,
        as_of=shape.as_of or source.published,
        until=shape.until,
        note=shape.note,
        amount=_amount_of(bound, value, criterion),
        where=where,
    )


def _value_of(shape: shapes.ClaimShape) -> tuple[BoundWord | None, str | Number | tuple[Number, Number]]:
    if shape.value is not None:
        return None, shape.value
    if shape.by_quote:
        return None, "by-quote"
    if shape.between is not None:
        return "between", (plain(shape.between[0]), plain(shape.between[1]))
    for word in ("exactly", "at_least", "more_than", "at_most", "from"):
        given = getattr(shape, "from_" if word == "from" else word)
        if given is not None:
            return word, plain(given)
    raise AssertionError("a claim's shape has exactly one value")


def _amount_of(
    bound: BoundWord | None, value: str | Number | tuple[Number, Number], criterion: Criterion
) -> Interval | None:
    """The interval in which the amount lies; a rating's words are their ranks."""
    if isinstance(value, str):
        rank = criterion.values.index(value) if value in criterion.values else None
        return None if rank is None else Interval(rank, rank)
    if isinstance(value, tuple):
        return Interval(*value)
    if bound == "more_than":
        return Interval(math.floor(value) + 1) if criterion.whole else Interval(value, above=True)
    low, high = {"exactly": (value, value), "at_most": (0, value)}.get(str(bound), (value, None))
    return Interval(low, high)


def bound_of(at_least: float | str | None, at_most: float | str | None, criterion: Criterion) -> Interval | None:
    """The bound of a requirement or condition, None where neither end is given.

    Raises ValueError on what is no value.
    """
    if at_least is None and at_most is None:
        return None
    return Interval(_end(at_least, criterion), _end(at_most, criterion))


def _end(value: float | str | None, criterion: Criterion) -> Number | None:
    if value is None:
        return None
    if isinstance(value, str):
        return criterion.values.index(value)
    if criterion.kind == "rating":
        raise ValueError(value)
    return plain(value)


def condition_of(shape: shapes.ConditionShape, criteria: Mapping[str, Criterion]) -> Condition:
    """A condition's tree; what it refers to has been checked."""
    if isinstance(shape, shapes.AllShape):
        return AllOf(tuple(condition_of(part, criteria) for part in shape.all))
    if isinstance(shape, shapes.AnyShape):
        return AnyOf(tuple(condition_of(part, criteria) for part in shape.any))
    if isinstance(shape, shapes.NotShape):
        return Not(condition_of(shape.not_, criteria))
    return _leaf_of(shape, criteria)


def _leaf_of(
    shape: shapes.NeedShape | shapes.SituationShape | shapes.UsageBoundShape | shapes.FactShape,
    criteria: Mapping[str, Criterion],
) -> Leaf:
    if isinstance(shape, shapes.NeedShape):
        return Need(shape.need)
    if isinstance(shape, shapes.SituationShape):
        return Situation(shape.situation, shape.is_)
    if isinstance(shape, shapes.UsageBoundShape):
        return Usage(shape.usage, Interval(_given(shape.at_least), _given(shape.at_most)))
    return _fact_of(shape, criteria[shape.fact])


def _fact_of(shape: shapes.FactShape, criterion: Criterion) -> FactHolds:
    if criterion.kind == "capability":
        return FactHolds(criterion.id, present=shape.is_ != "absent")
    if shape.is_ is not None:
        rank = criterion.values.index(shape.is_)
        return FactHolds(criterion.id, Interval(rank, rank))
    return FactHolds(criterion.id, bound_of(shape.at_least, shape.at_most, criterion))


def rule_of(shape: shapes.RuleShape, area: str, where: str, criteria: Mapping[str, Criterion]) -> Rule:
    """A rule as a record; what it refers to has been checked."""
    return Rule(
        id=shape.id,
        area=area,
        when=condition_of(shape.when, criteria),
        implies=tuple(_implied_of(part, criteria[part.criterion]) for part in shape.implies or ()),
        favours=None if shape.favours is None else condition_of(shape.favours, criteria),
        weight=shape.weight,
        because=shape.because,
        rests_on=tuple(Citation(part.source, tuple(part.lines)) for part in shape.rests_on),
        where=where,
    )


def _implied_of(shape: shapes.ImpliedShape, criterion: Criterion) -> Implied:
    return Implied(shape.criterion, shape.priority, bound_of(shape.at_least, shape.at_most, criterion))


def questionnaire_of(
    shape: shapes.QuestionsFile, document: Document, criteria: Mapping[str, Criterion]
) -> Questionnaire:
    """The questionnaire as a record; what it refers to has been checked."""
    subjects = [Subject(part.id, part.label, part.ask, part.share, part.help) for part in shape.topics]
    questions = [
        _question_of(part, document.where("questions", index), criteria) for index, part in enumerate(shape.questions)
    ]
    return Questionnaire({part.id: part for part in subjects}, {part.key: part for part in questions})


def _question_of(shape: shapes.QuestionShape, where: str, criteria: Mapping[str, Criterion]) -> Question:
    about, name = shape.about
    values = criteria[name].values if about == "criterion" else ()
    return Question(
        about=about,
        name=name,
        subjects=tuple(shape.topics),
        share=shape.share,
        when=None if shape.when is None else condition_of(shape.when, criteria),
        ask=shape.ask,
        help=shape.help,
        typical=tuple(values.index(part) if isinstance(part, str) else plain(part) for part in shape.typical),
        where=where,
    )


def policy_of(shape: shapes.WeightsFile) -> Policy:
    """The numbers of policy as a record."""
    weights = shape.priorities
    return Policy({"must": weights.must, "should": weights.should, "could": weights.could}, shape.unknown)


def _given(value: float | None) -> Number | None:
    return None if value is None else plain(value)
