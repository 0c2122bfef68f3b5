"""Amounts, days and ages as people write them: 250 participants, 2022-12-31, 365d."""

from __future__ import annotations

import datetime as dt
import math
import re

__all__ = [
    "Number",
    "describe_two_readings",
    "find_singular",
    "parse_age",
    "parse_day",
    "plain",
    "read_amount",
    "unit_fits",
]

Number = int | float

_EXACT = 2**53

_AMOUNT = r"(?P<dollar>\$)?\s*(?P<number>[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)\s*(?P<unit>\S.*)?"
# `date.fromisoformat` also reads 20230601 and 2023-W22-4, and `int` also reads 1_000 and digits of other scripts.
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AGE = re.compile(r"([0-9]{1,6})d")
_TWO_READINGS = re.compile(r"([1-9][0-9]{0,2})([.,])([0-9]{3})(?![0-9.,])")


def describe_two_readings(text: str) -> str | None:
    """Return both readings of a number that some read as a fraction and others as thousands, None of any other.

    >>> describe_two_readings("5.000")
    '5 or 5000'
    """
    found = _TWO_READINGS.match(text.strip())
    return None if found is None else f"{plain(float(f'{found[1]}.{found[3]}'))} or {found[1]}{found[3]}"


def plain(number: Number) -> Number:
    """Return a whole number as such, so that 100.0 is shown as 100."""
    return int(number) if abs(number) < _EXACT and float(number).is_integer() else number


def read_amount(text: str) -> tuple[Number, str | None]:
    """Return the number and the unit, or None, in a text such as "90", "250 participants" or "$0.008".

    Raises ValueError if it does not begin with a finite number.

    >>> read_amount("0.008 USD/message")
    (0.008, 'USD/message')
    """
    match = re.fullmatch(_AMOUNT, text.strip())
    if match is None:
        raise ValueError(text)
    written = match["number"]
    number = float(written)
    if not math.isfinite(number):
        raise ValueError(text)
    return plain(number), match["unit"] or ("USD" if match["dollar"] else None)


def unit_fits(given: str, unit: str) -> bool:
    """Return whether a typed unit is the expected one, or its part before the first slash.

    >>> unit_fits("USD", "USD/message"), unit_fits("country", "countries"), unit_fits("minutes", "countries")
    (True, True, False)
    """
    typed, expected = given.strip().casefold(), unit.casefold()
    return typed in {expected, expected.split("/")[0], find_singular(expected)}


def find_singular(unit: str) -> str:
    """Return a unit in the singular.

    >>> find_singular("countries"), find_singular("minutes"), find_singular("agent")
    ('country', 'minute', 'agent')
    """
    return f"{unit.removesuffix('ies')}y" if unit.endswith("ies") else unit.removesuffix("s")


def parse_day(text: str) -> dt.date:
    """Return the day that is written as YYYY-MM-DD. Raises ValueError.

    >>> parse_day("2022-12-31")
    datetime.date(2022, 12, 31)
    """
    if not _DAY.fullmatch(text):
        raise ValueError(f"'{text}' is not a date; write it as YYYY-MM-DD")
    return dt.date.fromisoformat(text)


def parse_age(text: str) -> int:
    """Return the number of days in an age such as 365d. Raises ValueError.

    >>> parse_age("365d")
    365
    """
    if not (found := _AGE.fullmatch(text)):
        raise ValueError(f"'{text}' is not an age; write a number of days such as 365d")
    return int(found[1])
