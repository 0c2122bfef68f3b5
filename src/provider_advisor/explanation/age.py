"""How old the evidence is, so that an old fact never passes for a new one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from provider_advisor.decision import Finding

__all__ = ["age_text", "rests_on"]

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_DAYS_A_YEAR, _DAYS_A_MONTH = 365.2425, 30.436875


def rests_on(findings: Iterable[Finding], today: dt.date) -> dict[str, str | None]:
    """The days of the oldest and newest claim that the findings rest on, and a sentence on their age."""
    days = sorted({claim.as_of for finding in findings for claim in finding.degree.claims})
    if not days:
        return {"oldest": None, "newest": None, "says": "It rests on no claim."}
    oldest, newest = days[0], days[-1]
    span = f"of {oldest}" if oldest == newest else f"of {oldest} to {newest}"
    return {
        "oldest": oldest.isoformat(),
        "newest": newest.isoformat(),
        "says": f"It rests on facts {span}, {age_text((today - oldest).days)} old.",
    }


def age_text(days: int) -> str:
    """An age in the largest unit that it fills, rounded down.

    >>> age_text(1461), age_text(400), age_text(39), age_text(1)
    ('four years', 'one year', 'one month', 'one day')
    """
    for length, unit in ((_DAYS_A_YEAR, "year"), (_DAYS_A_MONTH, "month"), (1, "day")):
        # A day of grace: four calendar years may be 1460 or 1461 days.
        if (count := int((days + 1 if length > 1 else days) / length)) >= 1:
            number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
            return f"{number} {unit}{'s' if count > 1 else ''}"
    return "no days"
