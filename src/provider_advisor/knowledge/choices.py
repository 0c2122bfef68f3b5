"""Choices: several things, any one of which will do for a team.

`sms|whatsapp` is a criterion of its own. Like that of a member, it is made when a team asks for it, and it has no
claims: how far a provider meets it follows from its parts, each a condition on the provider's facts. A part may name
a member, have a bound, or be a must-not: `number-countries>=90|phone-numbers@de|fax=no`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from provider_advisor.knowledge.conditions import EITHER, FactHolds
from provider_advisor.knowledge.records import Criterion
from provider_advisor.logic import ABSENT, Interval, Number, plain

IS_ABSENT = "=no"
"""Behind the id of a capability that must not be there."""

_PART = re.compile(r"(?P<criterion>[^<>=]+)(?:=(?P<exactly>[^<>=]+)|(?:>=(?P<low>[^<>=]+))?(?:<=(?P<high>[^<>=]+))?)")


def name_choice(parts: Iterable[FactHolds], criteria: Mapping[str, Criterion]) -> str:
    """Return the id of a choice: that of each part, in the order of the alphabet."""
    return EITHER.join(sorted(name_part(part, criteria[part.criterion]) for part in parts))


def name_part(part: FactHolds, criterion: Criterion) -> str:
    """Return the id of a part, as it is typed: `phone-numbers@de`, `number-countries>=90`, `fax=no`."""
    if not part.present:
        return f"{part.criterion}{IS_ABSENT}"
    if part.bound is None:
        return part.criterion
    low, high = (None if end is None else _spell(end, criterion) for end in (part.bound.low, part.bound.high))
    if low == high:
        return f"{part.criterion}={low}"
    return part.criterion + ("" if low is None else f">={low}") + ("" if high is None else f"<={high}")


def get_bound(part: FactHolds) -> Interval | None:
    """Return the bound of a part as that of a requirement: `ABSENT` for a must-not."""
    return part.bound if part.present else ABSENT


def make_choice(name: str, criteria: Mapping[str, Criterion]) -> Criterion:
    """Return the criterion of a choice by its id. Raises KeyError for a name that is no such id."""
    parts = tuple(_read_part(text, criteria) for text in name.split(EITHER))
    # One choice has one id, so that it is judged and explained once: other spellings, such as another order, are none.
    if len(parts) < 2 or name_choice(parts, criteria) != name:  # noqa: PLR2004
        raise KeyError(name)
    asked = [criteria[part.criterion] for part in parts]
    label = _label_choice(parts, criteria)
    return Criterion(
        id=name,
        label=label,
        area=asked[0].area,
        kind="capability",
        question=f"{label}?",
        # A choice is as important as the most important of its parts, and given up as easily as the easiest.
        weight=max(criterion.weight for criterion in asked),
        negotiable=any(criterion.negotiable for criterion in asked),
        any_of=parts,
        same_product=_join_areas(asked),
    )


def _join_areas(asked: Sequence[Criterion]) -> tuple[str, ...]:
    """Return the areas of all parts, if each of them has to be met by the product that meets the other musts."""
    areas = [criterion.same_product for criterion in asked]
    return tuple(sorted(set().union(*areas))) if all(areas) else ()


def _read_part(text: str, criteria: Mapping[str, Criterion]) -> FactHolds:
    if (
        text.endswith(IS_ABSENT)
        and (name := text.removesuffix(IS_ABSENT)) in criteria
        and criteria[name].kind == "capability"
    ):
        return FactHolds(name, present=False)
    match = _PART.fullmatch(text)
    if match is None:
        raise KeyError(text)
    criterion = criteria[match["criterion"]]
    low, high = match["exactly"] or match["low"], match["exactly"] or match["high"]
    if low is None and high is None:
        return FactHolds(criterion.id)
    return FactHolds(criterion.id, Interval(_read_end(low, criterion), _read_end(high, criterion)))


def _spell(end: Number, criterion: Criterion) -> str:
    return criterion.values[int(end)] if criterion.kind == "rating" else str(plain(end))


def _read_end(text: str | None, criterion: Criterion) -> Number | None:
    if text is None:
        return None
    try:
        return criterion.values.index(text) if criterion.kind == "rating" else plain(float(text))
    except ValueError as error:
        raise KeyError(text) from error


def _label_choice(parts: Sequence[FactHolds], criteria: Mapping[str, Criterion]) -> str:
    """Return the labels of the parts; members of one criterion share its label: "Phone numbers, Chile or Peru"."""
    asked = [criteria[part.criterion] for part in parts]
    labels = [_label_part(part, criterion) for part, criterion in zip(parts, asked, strict=True)]
    parents = {None if criterion.member_of is None else criterion.member_of.criterion for criterion in asked}
    parent = parents.pop() if len(parents) == 1 else None
    if parent is not None:
        labels[1:] = [label.removeprefix(f"{criteria[parent].label}, ") for label in labels[1:]]
    return " or ".join(labels)


def _label_part(part: FactHolds, criterion: Criterion) -> str:
    if not part.present:
        return f"{criterion.label} (absent)"
    if part.bound is None:
        return criterion.label
    unit = "" if criterion.kind == "rating" or criterion.unit is None else f" {criterion.unit}"
    low, high = (None if end is None else _spell(end, criterion) for end in (part.bound.low, part.bound.high))
    if low == high:
        return f"{criterion.label} (exactly {low}{unit})"
    ends = [f"{word} {end}{unit}" for word, end in (("at least", low), ("at most", high)) if end is not None]
    return f"{criterion.label} ({' and '.join(ends)})"
