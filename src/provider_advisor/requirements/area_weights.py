"""Read a team's weights of areas: `weights: {video: 40, prices: 30}`, in percent of the total weight."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.logic import Number, plain
from provider_advisor.requirements.statement import is_within
from provider_advisor.safe_text import brief, fold, shown

_ALL = 100


def list_areas(knowledge: KnowledgeBase) -> tuple[str, ...]:
    """Return the areas of criteria and rules, in the order of the alphabet."""
    areas = {criterion.area for criterion in knowledge.criteria.values()}
    return tuple(sorted(areas | {rule.area for rule in knowledge.rules.values()}))


def read_area_weights(given: Mapping[str, object], knowledge: KnowledgeBase) -> dict[str, Number]:
    """Return the weights by area, in the order of the alphabet. Raises RequirementsError with all mistakes.

    They may sum up to less than 100: the areas that are not named share the rest.
    """
    areas = {fold(area): area for area in list_areas(knowledge)}
    if problems := list(_find_problems(given, areas)):
        raise RequirementsError(*problems)
    found = {areas[fold(name)]: plain(float(str(weight))) for name, weight in given.items()}
    # As floats, 33.7, 1.4 and 64.9 add up to a little more than 100.
    total = plain(round(math.fsum(found.values()), 9))
    if total > _ALL:
        raise RequirementsError(f"the weights of the areas add up to {total:g} percent; expected at most {_ALL}.")
    if found and not total:
        raise RequirementsError("the weights of the areas add up to 0; give one of them more, or leave all out.")
    return dict(sorted(found.items()))


def _find_problems(given: Mapping[str, object], areas: Mapping[str, str]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for name, weight in given.items():
        if (key := fold(str(name))) not in areas:
            hint = did_you_mean(brief(name), areas.values()) or f" Known: {', '.join(areas.values())}."
            yield f"unknown area {shown(name)} in 'weights'.{hint}"
        elif key in seen:
            yield f"'weights' has the area '{areas[key]}' twice, as {shown(seen[key])} and {shown(name)}; keep one."
        if not is_within(weight, 0, _ALL):
            yield f"the weight of the area {shown(name)} is {shown(weight)}; expected 0 to {_ALL} percent of the total."
        seen.setdefault(key, str(name))
