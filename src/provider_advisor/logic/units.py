"""Amounts, days and ages as people write them: 250 participants, 2022-12-31, 365d."""

from __future__ import annotations

import datetime as dt
import math
import re

__all__ = [
    "NO_COMMA",
    "Number",
    "describe_two_readings",
    "find_singular",
    "has_comma",
    "parse_age",
    "parse_day",
    "plain",
    "read_amount",
    "unit_fits",
    "write_plainly",
]

Number = int | float

_EXACT = 2**53

_AMOUNT = r"(?P<dollar>\$)?\s*(?P<number>[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)\s*(?P<unit>\S.*)?"
# `date.fromisoformat` also reads 20230601 and 2023-W22-4, and `int` also reads 1_000 and digits of other scripts.
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AGE = re.compile(r"([0-9]{1,6})d")
_TWO_READINGS = re.compile(r"([+-]?[1-9][0-9]{0,2})([.,])([0-9]{3})(?![0-9.,])")
_SHORTENED = re.compile(r"([+-]?[0-9]{1,9}(?:\.[0-9]{1,9})?)\s?([km])", re.IGNORECASE)
_GROUPED = {
    ",": re.compile(r"([+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[+-]?[0-9]+)(,[0-9]+)?"),
    ".": re.compile(r"([+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+|[+-]?[0-9]+)(\.[0-9]+)?"),
}
NO_COMMA = "use a decimal point and no thousands separator, such as 0.01 or 1000."
"""What to say of a number with a comma, at the end of a sentence."""


def describe_two_readings(text: str) -> str | None:
    """Return both readings of a number that some read as a fraction and others as thousands, None of any other.

    >>> describe_two_readings("5.000"), describe_two_readings("1.5k")
    ('5 or 5000', '1.5 or 1500')
    """
    text = text.strip()
    if found := _TWO_READINGS.match(text):
        return f"{plain(float(f'{found[1]}.{found[3]}'))} or {found[1]}{found[3]}"
    if found := _SHORTENED.fullmatch(text):
        number = float(found[1])
        return f"{plain(number)} or {plain(number * {'k': 1e3, 'm': 1e6}[found[2].lower()])}"
    return None


def has_comma(text: str) -> bool:
    """Return whether a number begins a text, with a comma within."""
    return re.match(r"\s*[$+-]?\s*[0-9][0-9.]*,[0-9]", text) is not None


def write_plainly(text: str, decimal: str) -> str:
    """Return a number as it has one reading, where it is known which sign, "," or ".", its fractions have.

    Four digits tell a fraction from thousands; other texts stay.

    >>> write_plainly("1.234,56", ","), write_plainly("5.000", ","), write_plainly("5.000", ".")
    ('1234.5600', '5000', '5.0000')
    """
    found = _GROUPED[decimal].fullmatch(text.strip())
    if found is None:
        return text
    whole = re.sub("[.,]", "", found[1])
    return f"{whole}.{found[2][1:]:0<4}" if found[2] else whole


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
