"""Convert checked shapes to records; the only decision made here is what a bound says about an amount.

Most fields have one name in the shape and in the record, and are handed on (`fill`); what is named here is what
changes on the way: ages become days, words of a rating ranks, `more_than: 100` of something counted at least 101.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel

from provider_advisor.knowledge import records, rules
from provider_advisor.knowledge.base import Scope
from provider_advisor.knowledge.criteria import Member, MemberList
from provider_advisor.knowledge.problems import Reading
from provider_advisor.knowledge.shapes import facts_files, rules_files, statement_files
from provider_advisor.logic import Interval, Number
from provider_advisor.written_values import parse_age, plain

R = TypeVar("R")
_Criteria = Mapping[str, records.Criterion]
_Sources = Mapping[str, records.Source]


def fill(record: Callable[..., R], shape: BaseModel, **changed: Any) -> R:  # noqa: ANN401 (as many types as fields)
    """Return a record with the shape's fields of the same names, except `changed` ones; lists become tuples."""
    # A field that needs no change is added to the shape and to the record, and to no function below.
    same = {name: getattr(shape, name) for name in _list_shared(record, type(shape))}
    return record(**{name: tuple(part) if isinstance(part, list) else part for name, part in same.items()} | changed)


@cache
def _list_shared(record: Any, shape: type[BaseModel]) -> tuple[str, ...]:  # noqa: ANN401 (any named tuple)
    return tuple(name for name in record._fields if name in shape.model_fields)


def make_source(shape: facts_files.SourceShape) -> records.Source:
    """Return a source as a record."""
    return fill(records.Source, shape, published=None if shape.published == "undated" else shape.published)


def make_criterion(shape: facts_files.CriterionShape, area: str) -> records.Criterion:
    """Return a criterion as a record; quantities are whole unless it says `whole: false`."""
    return fill(
        records.Criterion,
        shape,
        area=area,
        scale=_make_scale(shape.scale) if shape.scale else None,
        member_scale=_make_scale(shape.member_scale) if shape.member_scale else None,
        lower_is_better=shape.lower_is_better,
        whole=shape.kind == "quantity" and shape.whole is not False,
        stale_after=parse_age(shape.stale_after) if shape.stale_after else None,
    )


def _make_scale(shape: facts_files.ScaleShape) -> records.Scale:
    # A point at an end replaces its degree: with 20 as the target, and 0 and 100 as bad as each other, the points are
    # (0, 0), (20, 1) and (100, 0).
    points = {plain(shape.worst): 0.0, plain(shape.best): 1.0} | {plain(part.at): part.degree for part in shape.points}
    bends = tuple(sorted(points.items())) if shape.points else ()
    return records.Scale(plain(shape.worst), plain(shape.best), shape.because, bends)


def make_member_list(shape: facts_files.MembersFile) -> MemberList:
    """Return a list of members as a record."""
    return fill(MemberList, shape, members={part.id: fill(Member, part) for part in shape.members})


def make_topic(shape: facts_files.TopicShape) -> records.Topic:
    """Return a topic of the situation as a record."""
    cautions = (fill(records.Caution, part, value=part.is_, has=tuple(part.product_has)) for part in shape.cautions)
    return fill(records.Topic, shape, cautions=tuple(cautions))


def make_rates(shape: facts_files.RatesFile, sources: _Sources) -> tuple[records.Rate, ...]:
    """Return the rates whose sources are known, in an order that does not depend on that of the file."""
    return tuple(
        sorted(
            fill(records.Rate, part, into=shape.base, stated=part.stated or source.counts_from)
            for part in shape.rates
            if (source := sources.get(part.source)) is not None
        )
    )


def make_provider(shape: facts_files.ProviderFile, claims: list[records.Claim], sources: _Sources) -> records.Provider:
    """Return a provider as a record, with the claims that could be read."""
    products = {}
    for part in shape.products:
        new = part.renamed
        name = new and records.Renaming(new.to, new.from_, new.source, new.line, _find_day(new.source, sources))
        stated = _find_day(part.source, sources)
        products[part.id] = fill(records.Product, part, stated=stated, renamed=name)
    return fill(records.Provider, shape, products=products, claims=tuple(claims))


def _find_day(name: str | None, sources: _Sources) -> dt.date | None:
    """Return the day on which a source makes its statements; None for no source or an unknown one."""
    source = sources.get(name or "")
    return source.counts_from if source else None


def make_claims(
    reading: Reading[facts_files.ProviderFile], criteria: _Criteria, sources: _Sources
) -> list[records.Claim]:
    """Return the claims of a provider whose criterion and source are known."""
    return [
        _make_claim(claim, reading.shape.id, criteria[claim.criterion], sources[claim.source], where)
        for claim, where in reading.list_entries("claims")
        if claim.criterion in criteria and claim.source in sources
    ]


def _make_claim(
    shape: facts_files.ClaimShape, provider: str, criterion: records.Criterion, source: records.Source, where: str
) -> records.Claim:
    bound, value = _read_value(shape)
    # `as_of`, the word of earlier files, was the day from which a claim counts. If that is after its source appeared,
    # the source announced it.
    stated = shape.stated or min(shape.as_of or source.counts_from, source.counts_from)
    return fill(
        records.Claim,
        shape,
        provider=provider,
        value=value,
        bound=bound,
        stated=stated,
        starts=shape.starts or shape.as_of or stated,
        amount=_find_amount(bound, value, criterion, is_least=shape.plus is not None),
        where=where,
        place=_find_place(shape),
        members=shape.members,
        only=shape.only is not None,
        tiers=tuple(records.Tier(_read_given(tier.up_to), plain(tier.price)) for tier in shape.tiers or ()),
        terms=records.Terms(*(_read_given(getattr(shape, key)) or 0 for key in facts_files.TERM_KEYS)),
    )


def _find_place(shape: facts_files.ClaimShape) -> str | None:
    """Return where in its source a claim is found, if that is not a line: "page 12"."""
    # Answers cite a line by its number alone, so that it has a field of its own.
    places = ((key, getattr(shape, key)) for key in ("page", "section", "anchor"))
    return next((f"{key} {place}" for key, place in places if place is not None), None)


def _read_value(shape: facts_files.ClaimShape) -> tuple[records.BoundWord | None, records.ClaimValue]:
    if shape.value is not None:
        return None, shape.value if isinstance(shape.value, str) else tuple(shape.value)
    if shape.by_quote:
        return None, "by-quote"
    if shape.tiers is not None:
        prices = [plain(tier.price) for tier in shape.tiers]
        return "between", (min(prices), max(prices))
    if shape.between is not None:
        return "between", (plain(shape.between[0]), plain(shape.between[1]))
    for word in ("exactly", "at_least", "more_than", "at_most", "from"):
        given = shape.get_value(word)
        if isinstance(given, int | float):
            return word, plain(given)
    raise AssertionError("a claim's shape has exactly one value")


def _find_amount(
    bound: records.BoundWord | None, value: records.ClaimValue, criterion: records.Criterion, *, is_least: bool
) -> Interval | None:
    """Return the interval in which the amount lies; a rating's words are their ranks.

    If it `is_least`, something unknown is paid on top, and the interval has no upper end.
    """
    # exactly 100     100 to 100
    # more_than 100   101 or more of what is counted, more than 100 of what is measured
    # at_most 100     0 to 100; without a lower end if the scale has amounts below 0
    # from, at_least  that or more
    # between 3, 5    3 to 5, as for tiers from 3 to 5
    # fair or good    1 to 2: their ranks among poor, fair and good
    words = (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ()
    ranks = [criterion.values.index(word) for word in words if word in criterion.values]
    if ranks:
        return Interval(min(ranks), max(ranks))
    numbers = [end for end in words if not isinstance(end, str)]
    if isinstance(value, str | tuple):
        return Interval(numbers[0], None if is_least else numbers[-1]) if numbers else None
    if bound == "more_than":
        return Interval(math.floor(value) + 1) if criterion.whole else Interval(value, above=True)
    # "at_least" and "from" say nothing of the upper end. A price "from 5" may be any higher one.
    low, high = {"exactly": (value, value), "at_most": (criterion.floor, value)}.get(str(bound), (value, None))
    return Interval(low, None if is_least else high)


def make_policy(shape: rules_files.WeightsFile) -> rules.Policy:
    """Return the numbers of policy as a record."""
    ages = {kind: parse_age(age) for kind, age in shape.stale_after if age is not None}
    return fill(rules.Policy, shape, priorities=shape.priorities.model_dump(), stale_after=ages)


def _read_given(value: float | None) -> Number | None:
    return None if value is None else plain(value)


def make_case(shape: statement_files.CaseShape, file: statement_files.CasesFile, where: str) -> rules.Case:
    """Return a decision case as a record."""
    data = shape.model_dump(exclude_unset=True, by_alias=True)
    team: dict[str, Any] = {key: data[key] for key in statement_files.STATED if key in data}
    expected = shape.verdict.model_dump(exclude_unset=True) | {
        key: data[key] for key in ("combinations", "concessions", "standings", "confirm") if data.get(key) is not None
    }
    max_age = parse_age(shape.max_age) if shape.max_age else None
    scope = {name: data.get(name, getattr(file, name)) for name in Scope._fields}
    return rules.Case(shape.name, where, team, shape.as_of or file.as_of, max_age, expected, scope)
