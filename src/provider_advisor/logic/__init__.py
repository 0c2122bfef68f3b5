"""Three-valued truth, intervals, units and days: knows nothing of providers."""

from provider_advisor.logic.truth_intervals import ABSENT, Interval, Truth, all_of, any_of, compare, negate
from provider_advisor.logic.units import (
    NO_COMMA,
    Number,
    describe_two_readings,
    find_singular,
    has_comma,
    parse_age,
    parse_day,
    plain,
    read_amount,
    unit_fits,
    write_plainly,
)

__all__ = [
    "ABSENT",
    "NO_COMMA",
    "Interval",
    "Number",
    "Truth",
    "all_of",
    "any_of",
    "compare",
    "describe_two_readings",
    "find_singular",
    "has_comma",
    "negate",
    "parse_age",
    "parse_day",
    "plain",
    "read_amount",
    "unit_fits",
    "write_plainly",
]
