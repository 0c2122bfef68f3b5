"""Weigh findings by area, where a team says how much each area is to weigh.

Four findings have the weights video 8, video 2, prices 4 and messages 6, which is 20 in all. With `{video: 40, prices:
30}` those of video get 8 of the 20 together, those of prices 6, and the rest 6, whatever their number:

    video 8 * 8/10 = 6.4    video 2 * 8/10 = 1.6    prices 4 * 6/4 = 6    messages 6 * 6/6 = 6
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from provider_advisor.logic import Number

_ALL = 100


def weigh_by_area(given: Sequence[tuple[str, float]], weights: Mapping[str, Number]) -> list[float]:
    """Return the weights of findings, given as area and own weight, with each named area at its percents of the total.

    All other areas share what is left, in proportion to their own weights. An area without findings takes nothing. If
    no other area has findings, the named ones keep their proportions and fill the whole. The total stays as it is.
    """
    areas = [area if area in weights else None for area, _ in given]
    sums: dict[str | None, float] = {
        area: math.fsum(own for (_, own), other in zip(given, areas, strict=True) if other == area)
        for area in dict.fromkeys(areas)
    }
    parts: dict[str | None, float] = {area: float(weights[area]) for area in sums if area is not None}
    if None in sums:
        parts[None] = max(0.0, _ALL - math.fsum(parts.values()))
    total = math.fsum(parts.values())
    if not total:  # only areas of weight 0 are asked for, so that nothing else is left to tell providers apart by
        return [own for _, own in given]
    unit = math.fsum(own for _, own in given) / total
    return [own * unit * parts[area] / sums[area] for (_, own), area in zip(given, areas, strict=True)]
