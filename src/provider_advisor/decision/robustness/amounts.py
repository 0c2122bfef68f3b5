"""What bounds do to one amount: the amounts at which something changes, and how likely each bound is to be met.

Something changes on a bound and next to it, at the ends of a scale, and where it bends; between two such amounts
nothing counts but the place on the scale. An example: at least 90 countries are a must, on a scale from 0 to 200, and
at least 81 are known. The amounts are 89 and 90, on both sides of the bound, and 81 and 200, the ends of what is
possible and of the scale.

An open amount that is drawn has a position, from the lowest that is open (0) to the highest (1). With p = 0.5, "at
least 90" is met from 0.5 to 1, and "at most 85" from 0 to 0.5, so that no amount meets both (`place_bounds`).
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from provider_advisor.decision.degrees import scale_ends
from provider_advisor.knowledge import Criterion
from provider_advisor.logic import Interval, Number, Truth, compare
from provider_advisor.written_values import plain

K = TypeVar("K")

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


# The positions of an open amount that lie within each bound

Stretch = tuple[float, float]
"""Positions of an amount, from one to another."""

Cut = tuple[Number, int]
"""A place between amounts: just before an amount (0) or just behind it (1)."""

BoundEnds = tuple[Cut | None, Cut | None]
"""Where a bound begins and ends; None where all that is open of the amount is within."""

PRESENT: BoundEnds = (1, 0), None
"""A capability is asked like an amount of at least one: better values lie further up."""


def find_ends(bound: Interval, amount: Interval, criterion: Criterion) -> BoundEnds:
    """Return where a bound begins and ends among the amounts that are open; None for an end that all of them meet."""
    low = high = None
    if bound.low is not None and compare(amount, Interval(bound.low, None, bound.above)) is not Truth.YES:
        low = bound.low, int(bound.above)
    if bound.high is not None and compare(amount, Interval(None, bound.high)) is not Truth.YES:
        high = bound.high, 1
    if criterion.whole or criterion.kind == "rating":  # then "at most 5" ends where "at least 6" begins
        return _move_to_whole(low), _move_to_whole(high)
    return low, high


def _move_to_whole(cut: Cut | None) -> Cut | None:
    if cut is None:
        return None
    amount, is_behind = cut
    return (math.floor(amount) + 1 if is_behind else math.ceil(amount)), 0


def place_bounds(bounds: Mapping[K, BoundEnds], p: float) -> dict[K, Stretch]:
    """Return the positions within each bound on one amount, such that every position is that of some amount.

    Each bound has a share of p, as far as a single amount allows it. Amounts rise with the position, so the ends of
    bounds must lie in their own order. For p = 0.5:

        at least 90, at most 50    0.5 to 1, 0 to 0.5: as each alone, and no amount meets both
        at least 90, 40 to 60      0.5 to 1, 0 to 0.5: the second leaves the middle
        all three                  0.625 to 1, 0 to 0.375, 0.375 to 0.625: three halves do not fit beside one another
    """
    wanted: list[tuple[Cut, float]] = []
    for low, high in bounds.values():
        if low is None or high is None:
            wanted += [(cut, at) for cut, at in zip((low, high), (1 - p, p), strict=True) if cut is not None]
    places = _put_in_order(wanted)
    two_ends = [(low, high) for low, high in bounds.values() if low is not None and high is not None]
    for low, high in two_ends:
        # As near to the middle as the bounds with one end leave room for it.
        others = places.items()
        least = [*(at for cut, at in others if cut <= low), *(at - p for cut, at in others if cut <= high)]
        most = [*(at for cut, at in others if cut >= low), *(at - p for cut, at in others if cut >= high)]
        start = sorted((max([0.0, *least]), (1 - p) / 2, min([1 - p, *most])))[1]
        wanted += (low, start), (high, start + p)
    if two_ends:
        places = _put_in_order(wanted)
    return {
        key: (0.0 if low is None else places[low], 1.0 if high is None else places[high])
        for key, (low, high) in bounds.items()
    }


def _put_in_order(wanted: Iterable[tuple[Cut, float]]) -> dict[Cut, float]:
    """Return a position for each cut, as near to those wanted as their order allows, by least squares."""
    # Isotonic regression, by pooling neighbours in the wrong order: Barlow, Bartholomew, Bremner and Brunk 1972,
    # Statistical Inference under Order Restrictions, section 1.2. A pool has the mean of what its cuts want.
    pools: list[tuple[set[Cut], list[float]]] = []
    for cut, position in sorted(wanted):
        pools.append(({cut}, [position]))
        while len(pools) > 1 and (cut in pools[-2][0] or _mean(pools[-2][1]) > _mean(pools[-1][1])):
            (cuts, positions), (more, others) = pools[-2:]
            pools[-2:] = [(cuts | more, positions + others)]
    # Rounded: the stretch between 0.3 and 1 - 0.7 would be a world of its own.
    return {cut: round(_mean(positions), _DIGITS) for cuts, positions in pools for cut in cuts}


def _mean(positions: Sequence[float]) -> float:
    return math.fsum(positions) / len(positions)
