"""Find numbers in a buyer's sentence and turn them into bounds: "within 4 hours", "at least 30 countries".

A number bounds a criterion only if its unit is that of the criterion, perhaps another of the same kind:

    "within 15 minutes"        support-response-hours<=0.25
    "up to 500 participants"   video-participants>=500       a capacity: 500 have to fit
    "7 years"                  recording-retention-days>=2555
    "$0.008 a text"            sms-outbound-price<=0.008; nothing of "0.6 SEK", which is no dollar
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from provider_advisor.knowledge.records import Criterion
from provider_advisor.knowledge.search import stem
from provider_advisor.logic import Number
from provider_advisor.written_values import plain

# "More than 90" is read as at least 90, because bounds of requirements include their ends.
_LEAST = (
    r"at\s+least|(?:an?\s+)?minimum(?:\s+of)?|min\.?|not?\s+(?:fewer|less|lower)\s+than|not\s+below|more\s+than|"
    r"greater\s+than|over|above|exceeding|in\s+excess\s+of|>=|≥|>"
)
_MOST = (
    r"at\s+most|not?\s+(?:more|longer|later|greater|higher)\s+than|not(?:\s+to)?\s+exceed(?:ing)?|within|in\s+under|"
    r"under|below|(?:less|fewer|lower|shorter|faster)\s+than|<=|≤|<"
)
_CAPACITY = r"up\s+to|as\s+many\s+as|(?:an?\s+)?maximum(?:\s+of)?|max\.?"
_COUNTS = {
    word: number
    for number, word in enumerate(("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), 2)
} | {"fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90, "hundred": 100}
_TIMES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6}
_WORDS = "|".join(_COUNTS)
_OR_MORE = r"(?:or|and)\s(?:more|above|better|greater|higher)\b"
_OR_LESS = r"(?:or|and)\s(?:less|fewer|below|lower|under|sooner|faster)\b"
# Digits within a word or a longer number do not count: G.711, 4x4, 1.2.3.
_AMOUNT = re.compile(
    rf"(?<![\w.,-])(?:(?P<least>{_LEAST})\s*|(?P<most>{_MOST})\s*|(?P<capacity>{_CAPACITY})\s*)?"
    rf"(?P<dollar>\$\s?)?(?:(?:{_WORDS})\s*\(\s*)?(?P<number>\d{{1,3}}(?:,\d{{3}})+(?![\d,])|\d+(?:\.\d+)?|{_WORDS})"
    rf"(?:\s?(?P<times>k|m|thousand|million)\b)?(?![\w.]*\d)\)?(?P<plus>\s?\+|\s{_OR_MORE})?(?P<minus>\s{_OR_LESS})?"
    r"(?:[\s-]*(?P<unit>%|¢|per\s?cent\b|(?!(?:per|an?|each|or|and)\b)[a-z]+))?"
    r"(?:\s*(?:/|\bper\b|\ban?\b|\beach\b)\s*(?P<per>[a-z]+))?"
    rf"(?:\s(?:(?P<more>{_OR_MORE})|(?P<less>{_OR_LESS})))?",
    re.IGNORECASE,
)
_SECONDS = {
    "milliseconds": 0.001,
    "seconds": 1,
    "minutes": 60,
    "hours": 3600,
    "days": 86_400,
    "weeks": 604_800,
    "months": 2_628_000,  # a twelfth of 365 days
    "years": 31_536_000,
}
_ALSO = {
    "milliseconds": "ms",
    "seconds": "sec, secs",
    "minutes": "min, mins",
    "hours": "hr, hrs, h",
    "percent": "%, percent, per cent",
    "USD": "usd, dollar, dollars",
    "cents": "cent, cents, ¢",
    "/seconds": "tps, mps, cps",
}
_SAME = {name: full for full in _SECONDS for name in (full, full.removesuffix("s"))} | {
    name: full for full, names in _ALSO.items() for name in names.split(", ")
}
# Who a price is paid for: "$25 per seat" is one of a user, and none of a message.
_OF_A_USER = frozenset(
    ("user", "users", "seat", "seats", "agent", "agents", "person", "employee", "license", "licence", "extension")
)
# Whom a meeting has to hold: buyers write people or attendees, criteria count participants.
_PEOPLE = frozenset(map(stem, ("people", "persons", "attendees", "participants", "users", "employees", "staff")))
_OF_PEOPLE = frozenset(("participants", "users", "recipients", "contacts", "viewers", "callers"))


# "MOS of 4": a number belongs to a criterion if it begins at most `_NEAR` characters after its name.
_NOWHERE, _NEAR = (-1, -1), 5


class SpokenAmount(NamedTuple):
    """A number in a text, from one place to another, with its unit and sign."""

    start: int
    end: int
    unit_at: int
    number: float
    unit: str
    per: str
    sign: Literal[">=", "<=", "any"]


def find_amounts(text: str) -> list[SpokenAmount]:
    """Return the numbers of a text.

    >>> [(one.number, one.unit, one.sign) for one in find_amounts("48 calls, within 1,500 ms, 99.99 % of the time")]
    [(48.0, 'calls', 'any'), (1500.0, 'milliseconds', '<='), (99.99, 'percent', 'any')]
    """
    return [_read(found) for found in _AMOUNT.finditer(text) if _is_amount(found)]


def _is_amount(found: re.Match[str]) -> bool:
    """Return whether it is an amount: "two" is one only with a unit of time or "at least"."""
    is_word = found["number"].casefold() in _COUNTS
    unit = _SAME.get((found["unit"] or "").casefold(), "")
    return not is_word or unit in _SECONDS or bool(found["least"] or found["most"] or found["capacity"])


def _read(found: re.Match[str]) -> SpokenAmount:
    written = found["number"].casefold().replace(",", "")
    number = float(_COUNTS.get(written, 0) or written) * _TIMES.get((found["times"] or "").casefold(), 1)
    unit = re.sub(r"\s", " ", (found["unit"] or "").casefold())
    unit = "USD" if found["dollar"] else _SAME.get(unit, unit)
    if unit == "cents":
        number, unit = number / 100, "USD"
    per = _SAME.get((found["per"] or "").casefold(), (found["per"] or "").casefold())
    known = unit in _SECONDS or unit in {"percent", "USD"} or unit.startswith("/")
    # The year of "4 hours a year" belongs to the amount; the agent of "48 calls per agent" may name a criterion.
    end = found.end() if known or per in _SECONDS else found.end("unit") if found["unit"] else found.end()
    least = found["least"] or found["plus"] or found["more"]
    most = found["most"] or found["minus"] or found["less"]
    at = found.start("unit") if found["unit"] else -1
    return SpokenAmount(found.start(), end, at, number, unit, per, ">=" if least else "<=" if most else "any")


def find_bound(
    criterion: Criterion, amounts: Iterable[SpokenAmount], named: tuple[int, int] = _NOWHERE
) -> tuple[str, SpokenAmount] | None:
    """Return the requirement that bounds a criterion, and its number: None unless just one number of a text fits it.

    `named` is where the text names it: "48 calls at once" counts what comes right after the number, and "MOS of 4"
    is a number right behind the name.
    """
    fitting = [(one, number) for one in amounts if (number := _convert(one, criterion, named)) is not None]
    if len(fitting) != 1:
        return None
    ((amount, number),) = fitting
    # A number alone is the worst acceptable value: a maximum for prices and delays, otherwise a minimum.
    best = "<=" if criterion.kind == "price" or criterion.lower_is_better else ">="
    sign = best if amount.sign == "any" else amount.sign
    if criterion.whole and number != int(number):
        return None
    return f"{criterion.id}{sign}{plain(round(number, 6))}", amount


def is_sensible(criterion: Criterion, bound: tuple[str, SpokenAmount]) -> bool:
    """Return whether a bound asks for what is better: "within 10 minutes" limits no minutes that are included."""
    is_lower_better = criterion.kind == "price" or criterion.lower_is_better
    return bound[1].sign != (">=" if is_lower_better else "<=")


def counts_things(criterion: Criterion) -> bool:
    """Return whether a criterion counts things, such as contacts or messages a second."""
    unit, _, per = (criterion.unit or "").partition("/")
    return bool(unit) and unit not in {"USD", "percent"} and (unit not in _SECONDS or bool(per))


def _convert(amount: SpokenAmount, criterion: Criterion, named: tuple[int, int]) -> Number | None:
    """Return the number in the unit of a criterion, None where it is of something else."""
    # A text may have days and the criterion hours, so that times go through seconds.
    unit, _, per = (criterion.unit or "").partition("/")
    if criterion.kind not in {"quantity", "price"}:
        fits = False
    elif unit == "USD":
        fits = amount.unit == unit and (amount.per not in _OF_A_USER or "user" in re.split("[/-]", per))
    elif unit == "percent":
        fits = amount.unit == unit
    elif unit in _SECONDS:
        fits = amount.unit in _SECONDS and not amount.per
    elif per:
        is_rate = amount.unit.startswith("/")  # TPS counts messages, and whatever else there may be
        fits = f"{per}s" == (amount.unit.removeprefix("/") if is_rate else amount.per)
        fits = fits and (is_rate or amount.unit not in _SECONDS)
    else:
        fits = _is_count(amount, unit, named)
    if not fits:
        return None
    return amount.number * _SECONDS[amount.unit] / _SECONDS[unit] if unit in _SECONDS else amount.number


def _is_count(amount: SpokenAmount, unit: str, named: tuple[int, int]) -> bool:
    """Return whether it counts things of a unit, or stands beside what names the criterion."""
    if amount.unit in _SECONDS or amount.unit in {"percent", "USD"} or amount.per in _SECONDS:
        return False
    root, (start, end) = stem(amount.unit), named
    is_before = amount.unit_at == start >= 0
    # "MOS not below 4": the words of a sign may be part of a name.
    is_behind = not amount.unit and end >= 0 and (0 <= amount.start - end <= _NEAR or amount.start < end < amount.end)
    return root == stem(unit) or (root in _PEOPLE and unit in _OF_PEOPLE) or is_before or is_behind
