"""Read how much a team uses: a number a month, or a text of a range or of an amount by the year.

    sms-outbound=5000                5000 a month
    sms-outbound=60000/year          5000 a month, a twelfth of it
    sms-outbound=40000..60000        from 40000 to 60000 a month
    sms-outbound=40000..60000/year   from 3333.33 to 5000 a month
    sms-outbound@de=5000             5000 a month to Germany, beside what goes elsewhere

The real volume may be anywhere in a range: every cost becomes an interval, and conditions are judged in three values.
"""

from __future__ import annotations

import re

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.records import UsageItem
from provider_advisor.logic import (
    NO_COMMA,
    Number,
    describe_two_readings,
    has_comma,
    plain,
    read_amount,
    write_plainly,
)
from provider_advisor.requirements.statement import YEARLY, Used, Volume, get_ends, say_volume

LARGEST = 1e12

_MONTHS = 12
_PERIOD = re.compile(r"(?P<rest>.*?)\s*(?:/|\bper\b|\ban?\b)\s*(?P<period>year|yr|month)", re.IGNORECASE)
# The lower end may begin with the point of a fraction (.5..2), but not with two points (..2).
_RANGE = re.compile(r"(?P<low>[^.].*?|\.[^.].*?)\s*(?:\.\.\.?|…)\s*(?P<high>.+)")
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_FORMS = "5000, 60000/year or 40000..60000"


def read_volume(item: str, text: str) -> Used:
    """Return the monthly volume that somebody typed for a usage item. Raises RequirementsError.

    >>> read_volume("calls", "5000"), read_volume("calls", "120..240 / year")
    (5000, Volume(low=10, high=20, said='120..240/year'))
    """
    found = _PERIOD.fullmatch(text.strip())
    rest = found["rest"] if found else text.strip()
    is_yearly = found is not None and found["period"].casefold() != "month"
    ends = _RANGE.fullmatch(rest)
    if ends is None:
        number = _read_number(item, rest, text)
        if not is_yearly:
            return number
        low, high, said = number, number, str(number)
    else:
        low, high = _read_number(item, ends["low"], text), _read_number(item, ends["high"], text)
        if low > high:
            raise RequirementsError(f"the usage '{item}' is '{text[:40]}'; write the lower end of a range first.")
        said = f"{low}..{high}"
        if not is_yearly:
            return low if low == high else Volume(low, high, said)
    return Volume(plain(low / _MONTHS), plain(high / _MONTHS), f"{said}{YEARLY}")


def _read_number(item: str, text: str, whole: str) -> Number:
    if readings := describe_two_readings(text):
        raise RequirementsError(
            f"'{text[:40]}' of the usage '{item}' can be read as {readings}; write the one you mean, without a "
            "thousands separator."
        )
    if has_comma(text):
        raise RequirementsError(f"the usage '{item}' is '{text[:40]}'; {NO_COMMA}")
    try:
        number, unit = read_amount(text)
        if unit is not None and unit.startswith("."):
            raise ValueError(text)  # noqa: TRY301 (a range without an upper end, or with three ends)
    except ValueError as error:
        raise RequirementsError(
            f"'{whole[:40]}' is not an amount of the usage '{item}'; expected a number, such as {_FORMS}."
        ) from error
    if unit is not None:
        raise RequirementsError(f"the usage '{item}' takes one number without a unit, such as {item}=5000.")
    return number


def check_volume(used: Used, item: UsageItem) -> Used:
    """Return the volume itself. Raises RequirementsError for one that no team may state."""
    ends = get_ends(used)
    if not ((ends.low or 0) >= 0 and (ends.high or 0) <= LARGEST):
        raise RequirementsError(
            f"the usage '{item.id}' is {say_volume(used)}; expected a number of {item.unit}, 0 to {LARGEST:.0f}."
        )
    if isinstance(used, Volume) and used.is_yearly and not item.unit.endswith("/month"):
        raise RequirementsError(
            f"the usage '{item.id}' is {used.said}, but it counts {item.unit} at one time; "
            f"leave out '/year': {item.id}={used.said.removesuffix('/year')}."
        )
    return used


def write_volume_plainly(text: str, decimal: str) -> str:
    """Return a volume's text with numbers that have one reading only, given the decimal sign that it uses.

    >>> write_volume_plainly("40.000..60.000/year", ",")
    '40000..60000/year'
    """
    return _NUMBER.sub(lambda found: write_plainly(found[0], decimal), text)


def describe_volume(used: Used, item: UsageItem) -> str | None:
    """Return what a volume was taken for, in a sentence; None for a number a month."""
    if not isinstance(used, Volume):
        return None
    taken = f"{used.low:g}" if used.low == used.high else f"{used.low:g} to {used.high:g}"
    if used.is_yearly:
        even = f"{item.label}: {used.said} counts as {taken} {item.unit}, a twelfth in every month"
    else:
        even = f"{item.label}: {used.said} {item.unit} is a range"
    return even + ("." if used.low == used.high else ", so its costs are ranges too.")
