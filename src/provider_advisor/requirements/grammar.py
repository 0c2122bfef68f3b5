"""Requirements as they are typed: `whiteboard`, `fax:could`, `fax:wont`, `number-countries>=90`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.members import AT
from provider_advisor.knowledge.records import Criterion, KnowledgeBase, Priority
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.logic import (
    NO_COMMA,
    Interval,
    Number,
    describe_two_readings,
    has_comma,
    plain,
    read_amount,
    unit_fits,
)
from provider_advisor.requirements.model import PRIORITIES, Requirement, bound_words

__all__ = [
    "LARGEST",
    "brief",
    "explain_exclusive",
    "find_unknown",
    "get_least",
    "get_name",
    "get_word",
    "prepare_words",
    "read_requirement",
    "shown",
    "split_list",
    "split_words",
]

# A sign may be any run of < > = with an =, so that the sentence on `stock=>90` can speak of the criterion.
_FORM = re.compile(
    r"(?P<word>[^<>=!:≥≤]+)((?P<sign>[<>]*=[<>=]*|≥|≤)(?P<value>[^<>=!:≥≤]*))?(:(?P<priority>.*))?", re.DOTALL
)
_SEPARATOR = re.compile(r"([,;]?[ \t\r]*\n|[,;])")
_NUMBER_BEFORE = re.compile(r"[=≥≤]\s*\$?[0-9][0-9.,]*$")
_DIGITS_AFTER = re.compile(r"[0-9]+(?![\w-])|[0-9]{3}(?![0-9-])")
_END_OF_WORD = re.compile("[<>=!:≥≤]")
_SIGNS = (">=", "≥", "<=", "≤")
_KEYS = ("criterion", "member", "priority", "at_least", "at_most", "exactly", "weight")
_PRIORITIES: tuple[Priority, ...] = (*PRIORITIES, "wont")
_LONGEST = 200
LARGEST = 1e12


def split_list(text: str) -> list[str]:
    """Return the parts of a list, as `split_words` does. Raises RequirementsError if one of them is empty."""
    parts = split_words(text)
    if not all(parts) or text.rstrip().endswith((",", ";")):
        raise RequirementsError(
            "a list of requirements is empty or has an empty entry; expected criteria separated by commas."
        )
    return parts


def split_words(text: str) -> list[str]:
    """Return the stripped parts of a list, between commas, semicolons or line ends; one separator may end it.

    A comma within a number separates nothing, so that what reads the number can refuse it as it was typed.

    >>> split_words("fax; number-countries>=1,000, 2fa;")
    ['fax', 'number-countries>=1,000', '2fa']
    """
    first, *rest = _SEPARATOR.split(text.strip())
    parts = [first.strip()]
    for sign, part in zip(rest[::2], rest[1::2], strict=True):
        if sign == "," and _DIGITS_AFTER.match(part) and _NUMBER_BEFORE.search(parts[-1]):
            parts[-1] += f",{part.strip()}"
        else:
            parts.append(part.strip())
    return parts[:-1] if len(parts) > 1 and not parts[-1] else parts


def get_word(text: str) -> str:
    """Return the word of a requirement's text: its criterion, without bound and priority."""
    return _END_OF_WORD.split(text, maxsplit=1)[0].strip()


def get_name(item: object) -> str:
    """Return the name that a requirement's text or mapping gives its criterion."""
    if isinstance(item, str):
        return get_word(item)
    name = item.get("criterion") if isinstance(item, Mapping) else None
    return name if isinstance(name, str) else ""


def read_requirement(given: str | Mapping[str, Any], default: Priority, knowledge: KnowledgeBase) -> Requirement:
    """Return the requirement in a text of the grammar, or in a mapping as in a requirements file.

    `default` is its priority where it names none. Raises RequirementsError, in one sentence, with what to try.
    """
    if isinstance(given, str):
        return _read_text(given, default, knowledge)
    if not isinstance(given, Mapping):
        raise RequirementsError(
            f"{shown(given)} is not a requirement; expected a criterion, or a mapping with the key 'criterion'."
        )
    return _read_mapping(given, default, knowledge)


def _read_text(text: str, default: Priority, knowledge: KnowledgeBase) -> Requirement:
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise RequirementsError(
            f"{shown(text)} cannot be read; "
            "expected a criterion, criterion>=number or criterion<=number, optionally followed by :priority."
        )
    criterion = _find_criterion(match["word"].strip(), knowledge)
    priority = default if match["priority"] is None else _read_priority(match["priority"].strip(), text)
    if (criterion.kind == "quantity" or criterion.computed) and (
        readings := describe_two_readings(match["value"] or "")
    ):
        raise RequirementsError(
            f"{shown(text)} can be read as {readings}; write the one that is meant, without a mark between thousands."
        )
    bound = None if match["sign"] is None else _read_bound(match["sign"], match["value"].strip(), criterion)
    return _check_unwanted(Requirement(criterion.id, priority, bound or get_least(priority, criterion)))


def _check_unwanted(read: Requirement) -> Requirement:
    if read.priority == "wont" and (read.bound is not None or read.weight is not None):
        raise RequirementsError(
            f"'{read.criterion}' is not wanted (wont), so it takes no {'weight' if read.bound is None else 'bound'}; "
            f"write only '{read.criterion}:wont', or another priority."
        )
    return read


def get_least(priority: Priority, criterion: Criterion) -> Interval | None:
    """Return the bound of a requirement that names none: a must takes no rating's word that says "not there"."""
    return criterion.least if priority == "must" else None


def _read_mapping(given: Mapping[str, Any], default: Priority, knowledge: KnowledgeBase) -> Requirement:
    for key in given:
        if key not in _KEYS:
            hint = did_you_mean(brief(key), _KEYS) or f" Known here: {', '.join(_KEYS)}."
            raise RequirementsError(f"unknown key {shown(key)} in a requirement.{hint}")
    if not isinstance(given.get("criterion"), str):
        raise RequirementsError(f"the requirement {shown(dict(given))} has no criterion; add 'criterion: <id>'.")
    criterion = _find_criterion(_name_member(given), knowledge)
    priority = default if given.get("priority") is None else _read_priority(given["priority"], criterion.id)
    bounds = [
        _read_bound(sign, _retype(given[key]), criterion)
        for key, sign in (("at_least", ">="), ("at_most", "<="), ("exactly", "="))
        if given.get(key) is not None
    ]
    bound = None
    for part in bounds:
        bound = part if bound is None else bound.intersect(part)
    if bound is not None and bound.is_empty():
        raise RequirementsError(explain_exclusive(bound, criterion))
    bound = bound or get_least(priority, criterion)
    weight = _read_weight(given.get("weight"), criterion)
    return _check_unwanted(Requirement(criterion.id, priority, bound, weight))


def _name_member(given: Mapping[str, Any]) -> str:
    """Return the criterion of a mapping as it would be typed, with its member."""
    name, member = given["criterion"], given.get("member")
    if member is None:
        return str(name)
    if AT in name:
        raise RequirementsError(f"{shown(name)} already names a member; remove 'member' or what is after '{AT}'.")
    if not isinstance(member, str) or not member.strip():
        raise RequirementsError(f"the member of '{name}' is {shown(member)}; expected one word, such as {name}{AT}de.")
    return f"{name}{AT}{member}"


def prepare_words(texts: Iterable[str], knowledge: KnowledgeBase) -> None:
    """Find the nearest words of all unknown criteria in many requirements at once, before reading them."""
    words = set(find_unknown(texts, knowledge).values())
    if words:
        knowledge.spelling_index.prepare(words)


def find_unknown(texts: Iterable[str], knowledge: KnowledgeBase) -> dict[str, str]:
    """Return the texts of the grammar whose criterion is unknown, with that word; reading them takes much longer."""
    found = {}
    for text in texts:
        match = _FORM.fullmatch(text.strip())
        if match is not None and knowledge.find_criterion(word := match["word"].strip()) is None:
            found[text] = word
    return found


def _find_criterion(word: str, knowledge: KnowledgeBase) -> Criterion:
    name = knowledge.find_criterion(word)
    if name is None:
        from provider_advisor.requirements.doubtful_words import explain_unknown  # noqa: PLC0415 (seldom needed)

        raise RequirementsError(explain_unknown(word, shown(word), knowledge))
    return knowledge.criteria[name]


def _read_priority(word: object, text: str) -> Priority:
    if word not in _PRIORITIES:
        hint = did_you_mean(brief(word), _PRIORITIES)
        raise RequirementsError(
            f"unknown priority {shown(word)} in {shown(text)}; expected {', '.join(PRIORITIES)} or wont.{hint}"
        )
    return word


def _read_bound(sign: str, value: str, criterion: Criterion) -> Interval:
    if criterion.kind == "capability":
        raise RequirementsError(
            f"'{criterion.id}' is a capability, which a provider has or lacks; "
            f"it takes no bound, so write only '{criterion.id}'."
        )
    rating = criterion.kind == "rating"
    if sign not in _SIGNS and not (rating and sign == "="):
        raise RequirementsError(
            f"'{criterion.id}' is a {criterion.kind}; expected {'>=, <= or =' if rating else '>= or <='} before its "
            f"{'value' if rating else 'number'}, such as {criterion.id}>={_suggest_example(value, criterion)}."
        )
    end = _read_rank(value, criterion) if rating else _read_bound_amount(sign, value, criterion)
    if sign == "=":
        return Interval(end, end)
    return Interval(low=end) if sign in {">=", "≥"} else Interval(high=end)


def _suggest_example(value: str, criterion: Criterion) -> Number | str:
    """Return what was typed behind a sign, if it is possible there, or else an example that is."""
    if criterion.kind == "rating":
        return value if value in criterion.values else criterion.values[-1]
    try:
        number, _ = read_amount(value)
    except ValueError:
        return 1
    return number if 0 <= number <= LARGEST else 1


def _read_rank(value: str, criterion: Criterion) -> Number:
    if value not in criterion.values:
        known = ", ".join(criterion.values)
        raise RequirementsError(f"{shown(value)} is not a value of '{criterion.id}'; expected one of {known}.")
    return criterion.values.index(value)


def _read_bound_amount(sign: str, value: str, criterion: Criterion) -> Number:
    if has_comma(value):
        raise RequirementsError(f"the bound of '{criterion.id}' is {shown(value)}; {NO_COMMA}")
    try:
        number, unit = _split_unit(value)
    except ValueError as error:
        raise RequirementsError(
            f"the bound of '{criterion.id}' has no number: found {shown(value)}, "
            f"expected a number in {criterion.unit}, such as {criterion.id}{sign}10."
        ) from error
    if unit is not None and not unit_fits(unit, str(criterion.unit)):
        raise RequirementsError(
            f"the unit {shown(unit)} does not fit '{criterion.id}'; expected {criterion.unit}, or no unit."
        )
    if not 0 <= number <= LARGEST:
        raise RequirementsError(
            f"the bound of '{criterion.id}' is {brief(value)}; expected 0 to {LARGEST:.0f} {criterion.unit}."
        )
    return number


def _split_unit(value: str) -> tuple[Number, str | None]:
    number, unit = read_amount(value)
    beside_dollar = unit is not None and "$" in value and not unit.casefold().startswith("usd")
    return number, f"$ {unit}" if beside_dollar else unit


def explain_exclusive(bound: Interval, criterion: Criterion) -> str:
    """Return the sentence on bounds of a criterion whose intersection is empty."""
    words = bound_words(bound, criterion)
    return (
        f"the bounds of '{criterion.id}' exclude each other: "
        f"nothing is at least {words['at_least']} and at most {words['at_most']}; change one."
    )


def _read_weight(given: object, criterion: Criterion) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given <= 1_000_000:  # noqa: PLR2004
        raise RequirementsError(
            f"the weight of '{criterion.id}' is {shown(given)}; expected a number above 0, up to 1000000."
        )
    return given


def _retype(given: object) -> str:
    """Return a value of a mapping as it would be typed: the shape of a file makes 3.0 of 3."""
    return _format(plain(given) if isinstance(given, float) else given)


def _format(given: object) -> str:
    try:
        return str(given)
    except (ValueError, RecursionError):  # an integer of over 4,300 digits, a list nested a thousand times
        return "too much to show"


def brief(given: object) -> str:
    """Return what was given, as text that fits in a sentence."""
    text = _format(given)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def shown(given: object) -> str:
    """Return the same in quotes, with characters that cannot be seen by their number.

    >>> shown("fax\u200b")
    "'fax<U+200B>'"
    """
    text = brief(given)
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() or sign in "\n\r\t" else f"<U+{ord(sign):04X}>" for sign in text)
    return f"'{text}'"
