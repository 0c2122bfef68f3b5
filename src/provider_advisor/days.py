"""Days and ages as people write them: 2022-12-31 and 365d."""

from __future__ import annotations

import datetime as dt
import re

__all__ = ["parse_age", "parse_day"]

# `date.fromisoformat` also reads 20230601 and 2023-W22-4, and `int` also reads 1_000 and digits of other scripts.
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AGE = re.compile(r"([0-9]{1,6})d")


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
