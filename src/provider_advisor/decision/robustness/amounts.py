"""List the amounts at which something changes: on a bound and next to it, at the ends of a scale, where it bends.

Between two of them nothing counts but the place on the scale. An example: at least 90 countries are a must, on a scale
from 0 to 200, and at least 81 are known. The amounts are 89 and 90, on both sides of the bound, and 81 and 200, the
ends of what is possible and of the scale.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

from provider_advisor.decision.degrees import scale_ends
from provider_advisor.knowledge import Criterion
from provider_advisor.logic import Interval, Number, Truth, compare, plain

_DIGITS = 12

_CENT = 0.01
"""The step of a computed cost, which has no scale."""

_LONGEST_STEP = 0.001
"""Shorter than a cent, so that an end in cents is found again from the amount beside it (`find_nearest_end`)."""


def list_neighbours(bounds: Iterable[Interval], possible: Interval, criterion: Criterion) -> Iterator[Number]:
    """Yield the possible amounts at bounds, at the ends of the scale or of what is open, and where the scale bends."""
    yield from list_at_bounds(bounds, possible, criterion)
    bends = [] if criterion.scale is None else [at for at, _ in criterion.scale.points]
    yield from _keep_possible(bends, possible, criterion)
    yield from (_clamp(end, possible, criterion) for end in scale_ends(criterion))


def list_at_bounds(bounds: Iterable[Interval], possible: Interval, criterion: Criterion) -> Iterator[Number]:
    """Yield the possible amounts on each bound and next to it."""
    for bound in bounds:
        yield from _keep_possible(_list_beside(bound, possible, criterion), possible, criterion)


def _list_beside(bound: Interval, claimed: Interval, criterion: Criterion) -> list[Number]:
    """Return the amounts on each end of the bound and just outside it, and one inside if neither end is left open."""
    # "At least 90" gives 90 and, of whole numbers, 89; with the first it is met, with the second it is not.
    found: list[Number] = []
    if bound.low is not None:
        found += [
            bound.low,
            _step_from(bound.low, find_floor(criterion) if claimed.low is None else claimed.low, criterion),
        ]
    if bound.high is not None:
        found += [bound.high, _step_from(bound.high, claimed.high, criterion)]
    inside = claimed.intersect(bound)
    ends = [end for end in (inside.low, inside.high) if end is not None]
    if ends and not any(compare(Interval(end, end), inside) is Truth.YES for end in found):
        found.append(sum(ends) / len(ends))
    return found


def _keep_possible(amounts: Iterable[Number], claimed: Interval, criterion: Criterion) -> Iterator[Number]:
    """Yield those that the claims leave open and that can be: none below the floor, a rating is one of its words."""
    can_be = Interval(criterion.floor, len(criterion.values) - 1 if criterion.kind == "rating" else None)
    for amount in amounts:
        point = Interval(amount, amount)
        if claimed.holds(point) and can_be.holds(point):
            yield amount


def _clamp(end: Number, claimed: Interval, criterion: Criterion) -> Number:
    """Return the end of the scale, or that of what is open if it comes first; just above "more than" an amount."""
    if claimed.low is not None and end <= claimed.low:
        return _step_from(claimed.low, claimed.high, criterion) if claimed.above else max(end, claimed.low)
    return claimed.high if claimed.high is not None and end > claimed.high else end


def find_floor(criterion: Criterion) -> Number:
    """Return the lowest possible amount."""
    return -math.inf if criterion.floor is None else criterion.floor


def list_past(ends: Sequence[Number], limit: Number | None, criterion: Criterion) -> list[Number]:
    """Return the amounts just past ends that are known, each before the next end, on the way to a limit (None: up)."""
    last = len(criterion.values) - 1 if criterion.kind == "rating" and limit is None else limit
    limits = [*ends[1:], last] if ends else []
    return [_step_from(end, next_, criterion) for end, next_ in zip(ends, limits, strict=True) if end != last]


def _step_from(end: Number, limit: Number | None, criterion: Criterion) -> Number:
    """Return the amount next to an end on the way to a limit, upwards without one: the next whole one, or just beside.

    A fractional amount has no next one. A millionth of the scale changes a score by less than anyone would notice, but
    more than the nine digits with which scores are compared. On a scale of thousands the step is shorter still.
    """
    up = limit is None or limit > end
    if criterion.whole or criterion.kind == "rating":
        return end + 1 if up else end - 1
    step = _find_step(criterion)
    if limit is not None and abs(limit - end) < 2 * step:
        return (end + limit) / 2
    return round(end + step if up else end - step, _DIGITS)


def _find_step(criterion: Criterion) -> float:
    if criterion.computed:
        return _CENT
    # A millionth of the scale, as a power of ten.
    worst, best = scale_ends(criterion)
    step = 10.0 ** (math.floor(math.log10(abs(best - worst))) - 6)
    return min(max(step, 10.0**-_DIGITS), _LONGEST_STEP)


def are_neighbours(one: Number, other: Number, criterion: Criterion) -> bool:
    """Return whether no amount that counts lies between two amounts."""
    whole = criterion.whole or criterion.kind == "rating"
    return abs(one - other) < (2 if whole else 2.5 * _find_step(criterion))


def find_nearest_end(amount: Number, criterion: Criterion) -> Number | None:
    """Return the amount that this one lies just beside, as `list_neighbours` has it; None of any other amount."""
    if criterion.whole or criterion.scale is None:
        return None
    # A step is smaller than the digits in which ends are written, so rounding to one digit less returns the end:
    # 100.0001 becomes 100, on a scale of some hundreds.
    step = _find_step(criterion)
    end = round(amount, max(0, round(-math.log10(step)) - 1))
    return end if 0 < abs(amount - end) <= 1.5 * step else None


def find_round_amount(low: Number, high: Number) -> Number:
    """Return an amount between two with as few digits as their middle allows: 11 between 10.99998 and 11.00001."""
    middle = (low + high) / 2
    rounded = (round(middle, digits) for digits in range(-_DIGITS, _DIGITS))
    return plain(next((amount for amount in rounded if low <= amount <= high), middle))
