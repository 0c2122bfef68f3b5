"""Read and check a team's usage: its volumes a month.

A volume is a number a month, or a text of a range or of an amount by the year:

    sms-outbound=5000                5000 a month
    sms-outbound=60000/year          5000 a month, a twelfth of it
    sms-outbound=40000..60000        from 40000 to 60000 a month
    sms-outbound=40000..60000/year   from 3333.33 to 5000 a month
    sms-outbound@de=5000             5000 a month to Germany, beside what goes elsewhere

The real volume may be anywhere in a range: every cost becomes an interval, and conditions are judged in three values.
"""

import re
from collections.abc import Mapping
from typing import Any

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.conditions import split_member
from provider_advisor.knowledge.criteria import list_member_words
from provider_advisor.knowledge.records import UsageItem
from provider_advisor.knowledge.suggest import find_misspelt, list_known, name_words
from provider_advisor.logic import Number
from provider_advisor.requirements.statement import LARGEST, YEARLY, Mistakes, Used, Volume, is_within
from provider_advisor.safe_text import brief, explain_error_value, fold, shown
from provider_advisor.written_values import (
    NO_COMMA,
    explain_two_readings,
    find_range,
    has_comma,
    number_text,
    plain,
    read_amount,
    write_plainly,
)

_MONTHS = 12
_PERIOD = re.compile(r"(?P<rest>.*?)\s*(?:/|\bper\b|\ban?\b)\s*(?P<period>year|yr|month)", re.IGNORECASE)
# The lower end may begin with the point of a fraction (.5..2), but not with two points (..2).
_RANGE = re.compile(r"(?P<low>[^.].*?|\.[^.].*?)\s*(?:\.\.\.?|…)\s*(?P<high>.+)")
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_FORMS = "5000, 60000/year or 40000..60000"


def read_usage(given: Mapping[Any, Any], knowledge: KnowledgeBase) -> dict[str, Used]:
    """Return a team's monthly usage by item, in order of their ids. Raises RequirementsError with all mistakes."""
    mistakes, found = Mistakes(), dict[str, Used]()
    for name, amount in given.items():
        if read := mistakes.note(_read_item, name, amount, knowledge):
            item, volume = read
            if item in found:
                mistakes.problems.append(f"the usage '{item}' is given twice, under two names; keep one.")
            found[item] = volume
    mistakes.raise_any()
    return dict(sorted(found.items()))


def _read_item(name: object, amount: object, knowledge: KnowledgeBase) -> tuple[str, Used]:
    item = _find_item(name, knowledge)
    return item.id, check_volume(amount, item)


def _find_item(item: object, knowledge: KnowledgeBase) -> UsageItem:
    found = knowledge.find_usage(item) if isinstance(item, str) else None
    if found is not None:
        return found
    name, member = split_member(str(item))
    if member is None or name not in knowledge.usage:
        parts = set(fold(name).split("-"))
        shared = {known: len(parts.intersection(known.split("-"))) for known in knowledge.usage}
        akin = [known for known, count in shared.items() if count == max(shared.values()) > 0]
        every = f" Did you mean {name_words(akin)}?" if akin else list_known(knowledge.usage)
        raise RequirementsError(
            f"unknown usage item {shown(item)}.{find_misspelt(brief(item), knowledge.usage) or every}"
        )
    lists = {
        of.id: of
        for price in knowledge.criteria.values()
        if name in price.usage and (of := knowledge.criteria.list_of(price.id))
    }
    if not lists:
        raise RequirementsError(f"the usage '{name}' has one price for all; leave out '@{brief(member)}'.")
    words = [word for of in lists.values() for word, _ in list_member_words(of)]
    kinds = " or ".join(of.label.casefold() for of in lists.values())
    raise RequirementsError(
        f"unknown member {shown(member)} of the usage '{name}'; expected one of its {kinds}."
        f"{find_misspelt(brief(member), words)}"
    )


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
        said = f"{low}..{high}"  # nothing else, so that a file that holds it is read in the same way
        if not is_yearly:
            return low if low == high else Volume(low, high, said)
    return Volume(plain(low / _MONTHS), plain(high / _MONTHS), f"{said}{YEARLY}")


def _read_number(item: str, text: str, whole: str) -> Number:
    doubt = explain_two_readings(text)
    # "1,000 to 2,000" has thousands, but "1.000 to 2.000" may have fractions; and "1..2..3" is no range.
    if ".." not in whole and not (doubt and "." in text) and (span := find_range(text)):
        meant = f"{span[0]}..{span[1]}{whole.strip()[len(text) :]}"
        raise RequirementsError(f"the usage '{item}' is '{whole.strip()[:40]}'; write a range as {meant}.")
    if doubt:
        raise RequirementsError(f"'{text[:40]}' of the usage '{item}' {doubt}")
    if has_comma(text):
        raise RequirementsError(f"the usage '{item}' is '{text[:40]}'; {NO_COMMA}")
    try:
        number, unit = read_amount(text)
        if unit is not None and unit.startswith("."):
            raise ValueError(text)  # noqa: TRY301 (a range without an upper end, or with three ends)
    except ValueError as error:
        what = f"an amount of the usage '{item}'"
        raise RequirementsError(
            explain_error_value(whole, what) or f"'{whole[:40]}' is not {what}; expected a number, such as {_FORMS}."
        ) from error
    if unit is not None:
        raise RequirementsError(f"the usage '{item}' takes one number without a unit, such as {_FORMS}.")
    return number


def check_volume(given: object, item: UsageItem) -> Used:
    """Return the monthly volume of an item: a number, a `Volume`, or a text that is read. Raises RequirementsError."""
    used = read_volume(item.id, given) if isinstance(given, str) else given
    if isinstance(used, Volume):
        if used.is_yearly and not item.unit.endswith("/month"):
            raise RequirementsError(
                f"the usage '{item.id}' is {used.said}, but it counts {item.unit} at one time; "
                f"leave out '{YEARLY}': {item.id}={used.said.removesuffix(YEARLY)}."
            )
        if is_within(used.low, 0, LARGEST) and is_within(used.high, 0, LARGEST):
            return used
    elif is_within(used, 0, LARGEST):
        return plain(used)
    said = used.said if isinstance(used, Volume) else used
    raise RequirementsError(
        f"the usage '{item.id}' is {brief(said)}; expected a number of {item.unit}, 0 to {LARGEST:.0f}."
    )


def write_volume_plainly(text: str, decimal: str) -> str:
    """Return a volume's text with numbers that have one reading only, given the decimal separator that it uses.

    >>> write_volume_plainly("40.000..60.000/year", ",")
    '40000..60000/year'
    """
    return _NUMBER.sub(lambda found: write_plainly(found[0], decimal), text)


def describe_volume(used: Used, item: UsageItem) -> str | None:
    """Say how a volume was read; None for a plain number per month."""
    if not isinstance(used, Volume):
        return None
    low, high = (number_text(round(end, 2)) for end in (used.low, used.high))
    taken = low if low == high else f"{low} to {high}"
    if used.is_yearly:
        even = f"{item.label}: {used.said} counts as {taken} {item.unit}, a twelfth in every month"
    else:
        even = f"{item.label}: {taken} {item.unit}"
    return even + ("." if used.low == used.high else ", so its costs are ranges too.")
