"""Three-valued truth, and the intervals of amounts.

In Kleene's logic unknown is never taken for false by accident.
"""

import math
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple, NoReturn

Number = int | float


class Truth(Enum):
    """Yes, no or unknown; refuses to be a bool, so that `if truth:` fails instead of guessing.

    >>> all_of([Truth.YES, Truth.UNKNOWN])
    <Truth.UNKNOWN: 'unknown'>
    >>> any_of([Truth.YES, Truth.UNKNOWN])
    <Truth.YES: 'yes'>
    """

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    def __bool__(self) -> NoReturn:
        raise TypeError("a three-valued truth is not a bool: compare it with `is Truth.YES`")


def all_of(parts: Iterable[Truth]) -> Truth:
    """Return the conjunction: no if any part is no, yes if every part is yes (also of none), else unknown."""
    seen = set(parts)
    if Truth.NO in seen:
        return Truth.NO
    return Truth.UNKNOWN if Truth.UNKNOWN in seen else Truth.YES


def any_of(parts: Iterable[Truth]) -> Truth:
    """Return the disjunction: yes if any part is yes, no if every part is no (also of none), else unknown."""
    seen = set(parts)
    if Truth.YES in seen:
        return Truth.YES
    return Truth.UNKNOWN if Truth.UNKNOWN in seen else Truth.NO


def negate(part: Truth) -> Truth:
    """Return the negation: yes and no are swapped, unknown stays."""
    if part is Truth.UNKNOWN:
        return part
    return Truth.NO if part is Truth.YES else Truth.YES


class Interval(NamedTuple):
    """All amounts from `low` to `high`, ends included; None means no end.

    With `above` the lower end itself is left out: "more than 5" of something that need not be whole.
    """

    low: Number | None = None
    high: Number | None = None
    above: bool = False

    def is_empty(self) -> bool:
        """Return whether no amount lies in it."""
        if self.low is None or self.high is None:
            return False
        return self.low > self.high or (self.above and self.low == self.high)

    def intersect(self, other: "Interval") -> "Interval":
        """Return the amounts that lie in both; look at `is_empty` before using it."""
        upper = self
        # Of two equal ends, the one that is left out itself is the higher.
        if self.low is None or (other.low is not None and (other.low, other.above) > (self.low, self.above)):
            upper = other
        highs = [end for end in (self.high, other.high) if end is not None]
        return Interval(upper.low, min(highs, default=None), upper.above)

    def hull(self, other: "Interval") -> "Interval":
        """Return the smallest interval that holds both."""
        lowest = None if self.low is None or other.low is None else min(self.low, other.low)
        highest = None if self.high is None or other.high is None else max(self.high, other.high)
        # More than 5 and at least 5 together hold 5 itself; more than 5 and at least 6 do not.
        at_low = [part for part in (self, other) if part.low == lowest]
        return Interval(lowest, highest, all(part.above for part in at_low))

    def holds(self, other: "Interval") -> bool:
        """Return whether every amount of the other lies in this one."""
        return compare(other, self) is Truth.YES

    def excludes(self, other: "Interval") -> bool:
        """Return whether no amount lies in both."""
        return self.intersect(other).is_empty()


ABSENT = Interval(high=-math.inf)
"""The bound of a capability that must not be there. No amount is below 0, so it is no bound of an amount."""


def compare(amount: Interval, bound: Interval) -> Truth:
    """Return whether an amount, known to lie in the first interval, lies in the second.

    >>> compare(Interval(101, None), Interval(90, None))  # more than 100, and at least 90 wanted
    <Truth.YES: 'yes'>
    >>> compare(Interval(66, None), Interval(90, None))
    <Truth.UNKNOWN: 'unknown'>
    >>> compare(Interval(250, 250), Interval(251, None))
    <Truth.NO: 'no'>
    """
    if amount.excludes(bound):
        return Truth.NO
    is_low_within = bound.low is None or (
        # Of more than 5, all is more than 5; of at least 5, perhaps not.
        amount.low is not None
        and (amount.low > bound.low or (amount.low == bound.low and (amount.above or not bound.above)))
    )
    is_high_within = bound.high is None or (amount.high is not None and amount.high <= bound.high)
    return Truth.YES if is_low_within and is_high_within else Truth.UNKNOWN
