"""Numbers, units, days and ages as people write them: "250 participants", "$0.008", "5.000", "2022-12-31", "365d"."""

import datetime as dt
import math
import re

from provider_advisor.logic import Number

# From here on, floats skip some whole numbers, so a whole float may not be the number that was written.
_EXACT = 2**53
LARGEST_AMOUNT = 1e12
"""The largest amount in facts, rules and requirements: products of two, such as costs, stay readable and finite."""
_MOST_WRITTEN, _LEAST_WRITTEN = 1e15, 1e-12

# Digits of other scripts, which `float` also reads, would pass what is said of 5.000 unseen.
_AMOUNT = r"(?P<money>US\$|[$€£])?\s*(?P<number>[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?)\s*(?P<unit>\S.*)?"
_SIGNS_OF_UNITS = {"US$": "USD", "$": "USD", "€": "EUR", "£": "GBP", "%": "percent"}
# `date.fromisoformat` also reads 20230601 and 2023-W22-4, and `int` also reads 1_000 and digits of other scripts.
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AGE = re.compile(r"([1-9][0-9]{0,4})d")
# 5.000 and 12,500 have two readings. 0.500 has one, for no thousands begin with 0, and so has 5.00 or 5.0000.
_TWO_READINGS = re.compile(r"([+-]?[1-9][0-9]{0,2})([.,])([0-9]{3})(?![0-9.,])")
_SHORTENED = re.compile(r"([+-]?[0-9]{1,9}(?:\.[0-9]{1,9})?)\s?([km])", re.IGNORECASE)
_END = r"(?:US)?[$€£]?\s?(?P<{0}>[0-9]{{1,3}}(?:,[0-9]{{3}})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?)\s?(?P<{0}_k>[km]\b)?"
_RANGE = re.compile(
    rf"(?:between|from|zwischen|von)?\s*{_END.format('low')}[\s%$€£]*"
    rf"(?:[-\u2010-\u2015\u2212~]|\.\.\.?|…|\bto\b|\band\b|\bbis\b|\bund\b)\s*{_END.format('high')}(?![\d.,-]*\d)",
    re.IGNORECASE,
)
_GROUPED = {
    ",": re.compile(r"([+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[+-]?[0-9]+)(,[0-9]+)?"),
    ".": re.compile(r"([+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+|[+-]?[0-9]+)(\.[0-9]+)?"),
}
NO_COMMA = "use a decimal point and no thousands separator, such as 0.01 or 1000."
"""What to say of a number with a comma, at the end of a sentence."""


def explain_two_readings(text: str) -> str | None:
    """Return what to say of a number that some read as a fraction and others as thousands; None of any other.

    >>> explain_two_readings("5.000")
    'can be read as 5 or 5000; write the one you mean, without a thousands separator.'
    """
    text = text.strip()
    if found := _TWO_READINGS.match(text):
        readings = f"{plain(float(f'{found[1]}.{found[3]}'))} or {found[1]}{found[3]}"
    elif found := _SHORTENED.fullmatch(text):
        readings = f"{plain(float(found[1]))} or {plain(float(found[1]) * {'k': 1e3, 'm': 1e6}[found[2].lower()])}"
    else:
        return None
    return f"can be read as {readings}; write the one you mean, without a thousands separator."


def has_comma(text: str) -> bool:
    """Return whether a number begins a text, with a comma within."""
    return re.match(r"\s*(?:US)?[$€£+-]?\s*[0-9][0-9.]*,[0-9]", text) is not None


def find_range(text: str) -> tuple[Number, Number] | None:
    """Return the ends of a range as people write it, to suggest how it is typed; None of any other text.

    >>> find_range("1,000 to 2,000 texts"), find_range("1k-2k"), find_range("5 texts")
    ((1000, 2000), (1000, 2000), None)
    """
    found = _RANGE.match(text.strip())
    if found is None:
        return None
    low, high = (float(found[end].replace(",", "")) for end in ("low", "high"))
    times = {None: 1, "k": 1e3, "m": 1e6}
    last = times[found["high_k"] and found["high_k"].lower()]
    # "1-2k" are thousands, "900-2k" are not.
    first = times[found["low_k"].lower()] if found["low_k"] else last if low < high else 1
    ends = plain(low * first), plain(high * last)
    return min(ends), max(ends)


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


def number_text(number: Number) -> str:
    """Return a number with thousands separators and without useless digits; with an exponent if it is very long.

    >>> number_text(0.00001), number_text(5000), number_text(2.50), number_text(100_000.1)
    ('0.00001', '5,000', '2.5', '100,000.1')
    >>> number_text(2.5e16), number_text(1e-20)
    ('2.5e16', '1e-20')
    """
    if number and not _LEAST_WRITTEN <= abs(number) < _MOST_WRITTEN:
        return f"{number:.12g}".replace("e+", "e")
    if float(number).is_integer():
        return f"{int(number):,}"
    text = f"{number:,}"
    # Only fractions below 0.0001 get an exponent here, and a float holds at least twelve digits after their point.
    return f"{number:.12f}".rstrip("0") if "e" in text else text


def read_amount(text: str) -> tuple[Number, str | None]:
    """Return the number and the unit, or None, in a text such as "90", "250 participants" or "$0.008".

    Signs of units are written out. Raises ValueError if it does not begin with a finite number.

    >>> read_amount("0.008 USD per message"), read_amount("$5"), read_amount("99.95%")
    ((0.008, 'USD/message'), (5, 'USD'), (99.95, 'percent'))
    """
    match = re.fullmatch(_AMOUNT, text.strip())
    if match is None:
        raise ValueError(text)
    written = match["number"]
    number = float(written)
    if not math.isfinite(number):
        raise ValueError(text)
    return plain(number), _spell_unit(match["money"], match["unit"])


def _spell_unit(money: str | None, behind: str | None) -> str | None:
    """Return a unit in letters, from a sign of money before a number and what is behind it.

    A sign and a currency that differ are both kept, and fit no unit: "$5 EUR" is of "$ EUR".
    """
    unit = re.sub(r"\s*(/|\bper\b)\s*", "/", behind or "")
    if sign := next((sign for sign in _SIGNS_OF_UNITS if unit.startswith(sign)), None):
        unit = f"{_SIGNS_OF_UNITS[sign]}{unit.removeprefix(sign)}"
    if money is None:
        return unit or None
    currency = _SIGNS_OF_UNITS[money]
    if not unit or unit.startswith("/"):
        return f"{currency}{unit}"
    return unit if unit.casefold().startswith(currency.casefold()) else f"{money} {unit}"


def unit_fits(given: str, unit: str) -> bool:
    """Return whether a typed unit is the expected one, or its part before the first slash.

    >>> unit_fits("USD", "USD/message"), unit_fits("country", "countries"), unit_fits("minutes", "countries")
    (True, True, False)
    """
    typed, expected = given.strip().casefold(), unit.casefold()
    return typed in {expected, expected.split("/")[0], find_singular(expected), count_unit(1, expected)}


def find_singular(unit: str) -> str:
    """Return a unit in the singular.

    >>> find_singular("countries"), find_singular("minutes"), find_singular("agent")
    ('country', 'minute', 'agent')
    """
    return f"{unit.removesuffix('ies')}y" if unit.endswith("ies") else unit.removesuffix("s")


def count_unit(number: float | str, unit: str) -> str:
    """Return a unit as it follows a number, in the singular after 1; units are written in the plural.

    >>> count_unit(1, "countries"), count_unit("1", "calls/second"), count_unit(2, "hours"), count_unit(1, "USD/minute")
    ('country', 'call/second', 'hours', 'USD/minute')
    """
    things, slash, rest = unit.partition("/")
    return f"{find_singular(things)}{slash}{rest}" if float(number) == 1 else unit


def today() -> dt.date:
    """Return the day where the user is."""
    return dt.date.today()  # noqa: DTZ011 (not the day in some other time zone)


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
