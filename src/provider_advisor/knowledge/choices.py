"""Choices: criteria of which any part is enough, such as `sms|whatsapp`.

A choice has no claims: how well a provider meets it follows from its parts, each a condition on the provider's facts. A
part may name a member, have a bound, or be a must-not:

    fax=no|number-countries>=90|sms

is the criterion "Fax (absent) or Countries where numbers can be bought (at least 90 countries) or SMS". The id is made
from the parts, and the parts are read from the id, so that tables and saved answers need to keep nothing else.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from provider_advisor.knowledge.conditions import EITHER, FactHolds
from provider_advisor.knowledge.records import Criterion
from provider_advisor.logic import ABSENT, Interval, Number, count_unit, number_text, plain

IS_ABSENT = "=no"
"""The suffix of a capability that must be absent."""

# One part of a choice: `fax`, `number-countries>=90`, `uptime>=99.9<=100` or `support-reputation=good`.
_PART = re.compile(r"(?P<criterion>[^<>=]+)(?:=(?P<exactly>[^<>=]+)|(?:>=(?P<low>[^<>=]+))?(?:<=(?P<high>[^<>=]+))?)")


def make_choice(name: str, criteria: Mapping[str, Criterion]) -> Criterion:
    """Return the criterion of a choice by its id. Raises KeyError for a name that is no such id."""
    parts = tuple(_read_part(text, criteria) for text in name.split(EITHER))
    # A choice has only one valid id, so that it is judged and explained once; other spellings, such as another order,
    # are not ids.
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
        # A choice has the highest weight of its parts, and is negotiable if any part is.
        weight=max(criterion.weight for criterion in asked),
        negotiable=any(criterion.negotiable for criterion in asked),
        any_of=parts,
        same_product=_join_areas(asked),
    )


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
    # `support>=good` becomes the rank of the word, as in the bound of a requirement.
    criterion = criteria[match["criterion"]]
    low, high = match["exactly"] or match["low"], match["exactly"] or match["high"]
    if low is None and high is None:
        return FactHolds(criterion.id)
    return FactHolds(criterion.id, Interval(_read_end(low, criterion), _read_end(high, criterion)))


def _read_end(text: str | None, criterion: Criterion) -> Number | None:
    if text is None:
        return None
    try:
        return criterion.values.index(text) if criterion.kind == "rating" else plain(float(text))
    except ValueError as error:
        raise KeyError(text) from error


def _join_areas(asked: Sequence[Criterion]) -> tuple[str, ...]:
    """Return the areas of all parts, if each of them has to be met by the product that meets the other musts."""
    areas = [criterion.same_product for criterion in asked]
    return tuple(sorted(set().union(*areas))) if all(areas) else ()


def name_choice(parts: Iterable[FactHolds], criteria: Mapping[str, Criterion]) -> str:
    """Return the id of a choice: that of each part, in the order of the alphabet."""
    return EITHER.join(sorted(name_part(part, criteria[part.criterion]) for part in parts))


def name_part(part: FactHolds, criterion: Criterion) -> str:
    """Return the id of a part, as it is typed: `phone-numbers@de`, `number-countries>=90`, `fax=no`."""
    if not part.present:
        return f"{part.criterion}{IS_ABSENT}"
    low, high = _spell_ends(part.bound, criterion)
    if low is not None and low == high:
        return f"{part.criterion}={low}"
    return part.criterion + ("" if low is None else f">={low}") + ("" if high is None else f"<={high}")


def _spell_ends(bound: Interval | None, criterion: Criterion) -> list[str | None]:
    """Return both ends of a bound as they are typed, a rating's as words; None for one that is open."""
    ends = (None, None) if bound is None else (bound.low, bound.high)
    is_rating = criterion.kind == "rating"
    return [None if end is None else criterion.values[int(end)] if is_rating else str(plain(end)) for end in ends]


def get_bound(part: FactHolds) -> Interval | None:
    """Return the bound of a part as that of a requirement: `ABSENT` for a must-not."""
    return part.bound if part.present else ABSENT


def find_label(code: str, criteria: Mapping[str, Criterion]) -> str:
    """Return the label of what a code of a batch names: a criterion, a choice, or what must be absent (`fax=no`)."""
    if EITHER not in code and code.endswith(IS_ABSENT):
        return f"{criteria[code.removesuffix(IS_ABSENT)].label}, absent"
    return criteria[code].label


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
    low, high = (
        end
        if end is None or criterion.kind == "rating" or criterion.unit is None
        else f"{number_text(float(end))} {count_unit(end, criterion.unit)}"
        for end in _spell_ends(part.bound, criterion)
    )
    if low == high:
        return f"{criterion.label} (exactly {low})"
    ends = [f"{word} {end}" for word, end in (("at least", low), ("at most", high)) if end is not None]
    return f"{criterion.label} ({' and '.join(ends)})"
