"""Requirements as they are typed, or as mappings with the keys of a requirements file.

    whiteboard          it must or should be there, as the option says
    fax:could           at another priority
    fax:wont            it is not wanted: no rule may add it
    fax=no              it must be absent
    seats>=90           a bound; a rating takes its words, and = too
    numbers@germany     one member of a criterion
    sms|whatsapp        a choice: either will do
    fax; seats>=1,000   a list of them; a comma within a number does not separate

What cannot be read is refused in one sentence, with what to write instead.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.conditions import AT, EITHER, FactHolds
from provider_advisor.knowledge.criteria import name_choice
from provider_advisor.knowledge.records import Criterion, Priority
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.logic import ABSENT, Interval, Number
from provider_advisor.requirements.statement import (
    HEAVIEST,
    LARGEST,
    PRIORITIES,
    Mistakes,
    Requirement,
    bound_words,
    is_within,
)
from provider_advisor.safe_text import brief, explain_error_value, is_error_value, shown, write_value
from provider_advisor.written_values import (
    NO_COMMA,
    explain_two_readings,
    find_range,
    has_comma,
    plain,
    read_amount,
    unit_fits,
)

# A sign may be any run of < > =, so that the sentence about `stock=>90` or `stock>90` can name the criterion.
_FORM = re.compile(r"(?P<word>[^<>=!:≥≤]+)((?P<sign>[<>=]+|≥|≤)(?P<value>[^<>=!:≥≤]*))?(:(?P<priority>.*))?", re.DOTALL)
_END_OF_WORD = re.compile("[<>=!:≥≤]")
_SIGNS = (">=", "≥", "<=", "≤")
BOUND_SIGNS = {"exactly": "=", "at_least": ">=", "at_most": "<="}
"""The keys of a mapping that bound a criterion, and the signs that do so in a text."""

_PART_KEYS = ("criterion", "member", "is", "at_least", "at_most", "exactly")
_CHOICE_KEYS = ("any", "priority", "weight")
_KEYS = (*_PART_KEYS, *_CHOICE_KEYS)
_PRIORITIES: tuple[Priority, ...] = (*PRIORITIES, "wont")
_YES, _NO, _ABSENT = "yes", "no", "absent"
_MOST_PARTS = 100


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
    if isinstance(given, str) and EITHER in given:
        return _read_choice_text(given, default, knowledge)
    if not isinstance(given, str | Mapping):
        raise RequirementsError(
            f"{shown(given)} is not a requirement; expected a criterion, or a mapping with the key 'criterion'."
        )
    if isinstance(given, Mapping) and given.get("any") is not None:
        return _read_any(given, default, knowledge)
    asked = _take_apart(given, _KEYS, "a requirement")
    criterion = _find_criterion(asked.word, knowledge)
    priority = default if asked.priority is None else _read_priority(asked.priority, asked.typed or criterion.id)
    bound = _read_bounds(asked, criterion) or get_default_bound(priority, criterion)
    weight = read_weight(asked.weight, criterion)
    return _check_unwanted(Requirement(criterion.id, priority, bound, weight))


def read_weight(given: object, criterion: Criterion) -> float | None:
    """Return the weight that a requirement has of its own, None without one. Raises RequirementsError."""
    if given is None:
        return None
    if not is_within(given, 0, HEAVIEST) or not given:
        raise RequirementsError(
            f"the weight of '{criterion.id}' is {shown(given)}; expected a number above 0, up to {HEAVIEST}."
        )
    return given


def prepare_words(texts: Iterable[str], knowledge: KnowledgeBase) -> None:
    """Find the nearest words of all unknown criteria in many requirements, before they are read one by one."""
    # One search for many words shares its work; the sentences on each find their suggestions ready.
    words = set(find_unknown(texts, knowledge).values())
    if words:
        knowledge.spelling_index.prepare(words)


def find_unknown(texts: Iterable[str], knowledge: KnowledgeBase) -> dict[str, str]:
    """Return the texts whose criterion is unknown, each with that word, without reading them, which takes longer."""
    found = {}
    for text in texts:
        for part in text.split(EITHER):
            match = _FORM.fullmatch(part.strip())
            if match is not None and knowledge.find_criterion(word := match["word"].strip()) is None:
                found[text] = word
                break
    return found


def get_default_bound(priority: Priority, criterion: Criterion) -> Interval | None:
    """Return the default bound of a requirement: a must does not accept a rating's word for "absent"."""
    return criterion.least if priority == "must" else None


def get_smallest_allowed(criterion: Criterion) -> Number:
    """Return the lowest number that a bound may be: 0, or far below it where the criterion's scale is."""
    return -LARGEST if criterion.floor is None else criterion.floor


def is_counted(criterion: Criterion) -> bool:
    """Return whether a number like 5.000 may mean thousands."""
    # A price of 1.125 never means thousands, and on a scale up to a hundred, 99.999 can only be a fraction.
    return (criterion.kind == "quantity" and criterion.unit != "percent") or criterion.computed


def explain_exclusive(bound: Interval, criterion: Criterion) -> str:
    """Return the sentence on bounds of a criterion that exclude each other."""
    words = bound_words(bound, criterion)
    return (
        f"the bounds of '{criterion.id}' exclude each other: "
        f"nothing is at least {words['at_least']} and at most {words['at_most']}; change one."
    )


# A criterion and its priority


class _AskedWord(NamedTuple):
    """What a text or a mapping says of one criterion, before it is looked up.

    `bounds` are signs with values, as typed; `is` with `absent` is one too. `typed` is the whole text, if it is one.
    """

    word: str
    bounds: Sequence[tuple[str, str]]
    priority: object = None
    weight: object = None
    typed: str = ""


def _take_apart(given: str | Mapping[str, Any], keys: Sequence[str], where: str) -> _AskedWord:
    if isinstance(given, Mapping):
        _check_keys(given, keys, where)
        word = _name_member(given)
        return _AskedWord(word, _list_bounds(given, word), given.get("priority"), given.get("weight"))
    match = _FORM.fullmatch(given.strip())
    if match is None or is_error_value(given):
        raise RequirementsError(
            explain_error_value(given, "a criterion")
            or f"{shown(given)} cannot be read; "
            "expected a criterion, criterion>=number or criterion<=number, optionally followed by :priority."
        )
    bounds = [] if match["sign"] is None else [(match["sign"], match["value"].strip())]
    priority = None if match["priority"] is None else match["priority"].strip()
    return _AskedWord(match["word"].strip(), bounds, priority, typed=given)


def _check_keys(given: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    for key in given:
        if key not in keys:
            hint = did_you_mean(brief(key), keys) or f" Known here: {', '.join(keys)}."
            raise RequirementsError(f"unknown key {shown(key)} in {where}.{hint}")


def _name_member(given: Mapping[str, Any]) -> str:
    """Return the criterion of a mapping as it would be typed, with its member."""
    name, member = given.get("criterion"), given.get("member")
    if not isinstance(name, str):
        raise RequirementsError(f"the requirement {shown(dict(given))} has no criterion; add 'criterion: <id>'.")
    if member is None:
        return str(name)
    if AT in name:
        raise RequirementsError(f"{shown(name)} already names a member; remove 'member' or what is after '{AT}'.")
    if not isinstance(member, str) or not member.strip():
        raise RequirementsError(f"the member of '{name}' is {shown(member)}; expected one word, such as {name}{AT}de.")
    return f"{name}{AT}{member}"


def _list_bounds(given: Mapping[str, Any], word: str) -> list[tuple[str, str]]:
    """Return the signs and values that the keys of a mapping stand for."""
    # With `is: absent`, the keys of bounds say nothing: what is not there has no amount.
    if given.get("is") is not None:
        if given["is"] != _ABSENT:
            raise RequirementsError(f"'is' of '{word}' is {shown(given['is'])}; expected 'absent', or no 'is' at all.")
        return [("is", _ABSENT)]
    ends = ((sign, given[key]) for key, sign in BOUND_SIGNS.items() if given.get(key) is not None)
    # As they would be typed: the shape of a file makes 3.0 of 3.
    return [(sign, write_value(plain(end) if isinstance(end, float) else end)) for sign, end in ends]


def _find_criterion(word: str, knowledge: KnowledgeBase) -> Criterion:
    name = knowledge.find_criterion(word)
    if name is None:
        from provider_advisor.requirements.word_mistakes import explain_unknown  # noqa: PLC0415 (seldom needed)

        raise RequirementsError(explain_unknown(word, shown(word), knowledge))
    return knowledge.criteria[name]


def _read_priority(word: object, text: str) -> Priority:
    if word not in _PRIORITIES:
        hint = did_you_mean(brief(word), _PRIORITIES)
        name = get_word(text)
        # "fax:no" may mean that it is not wanted, or that it must be absent.
        is_denied = isinstance(word, str) and word.casefold() == _NO and text != "any" and EITHER not in text
        absent = f" If it must be absent, write '{name}=no'." if is_denied else hint
        raise RequirementsError(
            explain_error_value(text, "a requirement")
            or f"unknown priority {shown(word)} in {shown(text)}; expected {', '.join(PRIORITIES)} or wont.{absent}"
        )
    return word


# Choices


def _read_choice_text(text: str, default: Priority, knowledge: KnowledgeBase) -> Requirement:
    *others, last = text.split(EITHER)
    last, colon, priority = last.partition(":")
    if any(":" in part for part in others):
        raise RequirementsError(
            f"{shown(text)} has a priority inside a choice; write one after the last part, for the whole choice."
        )
    return _read_choice([*others, last], _read_priority(priority.strip(), text) if colon else default, knowledge)


def _read_any(given: Mapping[str, Any], default: Priority, knowledge: KnowledgeBase) -> Requirement:
    # Records of a table have all keys, with null for empty ones.
    _check_keys({key: value for key, value in given.items() if value is not None}, _CHOICE_KEYS, "a choice")
    parts = given["any"]
    if isinstance(parts, str | Mapping) or not isinstance(parts, Sequence) or not 1 < len(parts) <= _MOST_PARTS:
        count = f"{len(parts)} part{'' if len(parts) == 1 else 's'}" if isinstance(parts, list) else shown(parts)
        raise RequirementsError(
            f"'any' has {count}; expected a list of 2 to {_MOST_PARTS} criteria, any one of which will do."
        )
    priority = default if given.get("priority") is None else _read_priority(given["priority"], "any")
    return _read_choice(parts, priority, knowledge, given.get("weight"))


def _read_choice(
    given: Sequence[str | Mapping[str, Any]], priority: Priority, knowledge: KnowledgeBase, weight: object = None
) -> Requirement:
    """Return the requirement of a choice: any of its parts will do. Raises RequirementsError with all mistakes."""
    mistakes = Mistakes()
    parts = mistakes.note_all(lambda part: _read_part(part, knowledge), given)
    names = [part.criterion for part in parts]
    mistakes.problems += [
        f"a choice names '{name}' twice; name each of its parts once."
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    if priority == "wont":
        mistakes.problems.append("a choice cannot be 'wont'; write 'wont' after each criterion that is not wanted.")
    mistakes.raise_any()
    criterion = knowledge.criteria[name_choice(parts, knowledge.criteria)]
    return Requirement(criterion.id, priority, None, read_weight(weight, criterion))


def _read_part(given: str | Mapping[str, Any], knowledge: KnowledgeBase) -> FactHolds:
    """Return one part of a choice, as a condition on facts."""
    if not isinstance(given, Mapping) and not (isinstance(given, str) and given.strip()):
        raise RequirementsError(
            f"a choice has the part {shown(given)}; expected criteria with '{EITHER}' between them."
        )
    asked = _take_apart(given, _PART_KEYS, "a part of a choice")
    if asked.priority is not None:
        raise RequirementsError(f"{shown(given)} has a priority inside a choice; give one to the whole choice.")
    criterion = _find_criterion(asked.word, knowledge)
    bound = _read_bounds(asked, criterion)
    if criterion.computed:
        raise RequirementsError(f"'{criterion.id}' is computed from monthly usage, so it cannot be part of a choice.")
    if bound == ABSENT:
        return FactHolds(criterion.id, present=False)
    if bound is None and criterion.kind != "capability":
        raise RequirementsError(
            f"'{criterion.id}' is a {criterion.kind}, which needs a bound in a choice, such as "
            f"{criterion.id}>={_suggest_example('', criterion)}."
        )
    return FactHolds(criterion.id, bound)


def _check_unwanted(read: Requirement) -> Requirement:
    if read.priority == "wont" and read.is_absence:
        raise RequirementsError(
            f"'{read.criterion}=no' cannot be combined with 'wont'; write '{read.criterion}=no' if it must be absent, "
            f"or '{read.criterion}:wont' if it is not wanted."
        )
    if read.priority == "wont" and (read.bound is not None or read.weight is not None):
        raise RequirementsError(
            f"'{read.criterion}' is not wanted (wont), so it takes no {'weight' if read.bound is None else 'bound'}; "
            f"write only '{read.criterion}:wont', or another priority."
        )
    return read


# Bounds


def _read_bounds(asked: _AskedWord, criterion: Criterion) -> Interval | None:
    """Return what the signs bound together; `ABSENT` where they say that a capability must not be there."""
    bound = None
    for sign, value in asked.bounds:
        is_doubtful = asked.typed and is_counted(criterion) and ("." in value or not find_range(value))
        if is_doubtful and (doubt := explain_two_readings(value)):
            raise RequirementsError(f"{shown(asked.typed)} {doubt}")
        part = _read_bound(sign, value, criterion)
        bound = part if bound is None or part is None else bound.intersect(part)
    if bound is not None and bound.is_empty():
        raise RequirementsError(explain_exclusive(bound, criterion))
    return bound


def _read_bound(sign: str, value: str, criterion: Criterion) -> Interval | None:
    # A rating may have a value that is called no; then "=no" means that rank, and not that it must be absent.
    if sign == "is" or (sign == "=" and value.casefold() == _NO and value not in criterion.values):
        if criterion.kind == "capability":
            return ABSENT
        raise RequirementsError(
            f"'{criterion.id}' is a {criterion.kind}, which cannot be absent; give it a bound instead, such as "
            f"{criterion.id}<={_suggest_example('', criterion)}."
        )
    if sign == "=" and value.casefold() == _YES and criterion.kind == "capability":
        return None  # it must be there, as without a bound
    if criterion.kind == "capability":
        raise RequirementsError(
            f"'{criterion.id}' is a capability, which a provider has or lacks; "
            f"it takes no bound, so write only '{criterion.id}', or '{criterion.id}=no' if it must be absent."
        )
    rating = criterion.kind == "rating"
    if not rating and (span := find_range(value)):
        raise RequirementsError(
            f"the bound of '{criterion.id}' is {shown(value)}; write the ends of a range as two requirements: "
            f"{criterion.id}>={span[0]},{criterion.id}<={span[1]}."
        )
    if sign not in _SIGNS and not (rating and sign == "="):
        meant = "<=" if "<" in sign else ">="
        raise RequirementsError(
            f"'{criterion.id}' is a {criterion.kind}; expected {'>=, <= or =' if rating else '>= or <='} before its "
            f"{'value' if rating else 'number'}, such as {criterion.id}{meant}{_suggest_example(value, criterion)}."
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
    return number if get_smallest_allowed(criterion) <= number <= LARGEST else 1


def _read_rank(value: str, criterion: Criterion) -> Number:
    if value not in criterion.values:
        what, known = f"a value of '{criterion.id}'", ", ".join(criterion.values)
        error = explain_error_value(value, what)
        raise RequirementsError(error or f"{shown(value)} is not {what}; expected one of {known}.")
    return criterion.values.index(value)


def _read_bound_amount(sign: str, value: str, criterion: Criterion) -> Number:
    if has_comma(value):
        raise RequirementsError(f"the bound of '{criterion.id}' is {shown(value)}; {NO_COMMA}")
    try:
        number, unit = read_amount(value)
    except ValueError as error:
        raise RequirementsError(
            explain_error_value(value, f"a bound of '{criterion.id}'")
            or f"the bound of '{criterion.id}' has no number: found {shown(value)}, "
            f"expected a number in {criterion.unit}, such as {criterion.id}{sign}10."
        ) from error
    if unit is not None and not unit_fits(unit, str(criterion.unit)):
        raise RequirementsError(
            f"the unit {shown(unit)} does not fit '{criterion.id}'; expected {criterion.unit}, or no unit."
        )
    if not (lowest := get_smallest_allowed(criterion)) <= number <= LARGEST:
        raise RequirementsError(
            f"the bound of '{criterion.id}' is {brief(value)}; expected {lowest:.0f} to {LARGEST:.0f} {criterion.unit}."
        )
    return number


# Lists of requirements, and of other words

_SEPARATOR = re.compile(r"([,;]?[ \t\r]*\n|[,;])")
# Digits after a comma belong to the number before it (seats>=1,000), unless they begin a word (seats>=90,2fa).
_NUMBER = r"[+-]?(?:US)?[$€£]?[0-9][0-9.,]*"
_NUMBER_BEFORE = re.compile(rf"[=≥≤]\s*(?:(?:between|from)\s)?\s*{_NUMBER}(?:\s*(?:[-\u2013]|to|and)\s*{_NUMBER})?$")
_DIGITS_AFTER = re.compile(r"[0-9]+(?![\w-])|[0-9]{3}(?![0-9-])|[0-9]{3}-[0-9]")

EMPTY_ENTRY = "a list of requirements is empty or has an empty entry; expected criteria separated by commas."


def split_list(text: str) -> list[str]:
    """Return the parts of a list, as `split_words` does. Raises RequirementsError if one of them is empty."""
    parts = split_words(text)
    if not all(parts) or text.rstrip().endswith((",", ";")):
        raise RequirementsError(EMPTY_ENTRY)
    return parts


def split_text(text: str) -> list[str]:
    """Return the parts of a cell of a table, where a blank one says nothing and a separator may end the list.

    Raises RequirementsError if a part is empty.
    """
    parts = split_words(text) if text.strip() else []
    if not all(parts):
        raise RequirementsError(EMPTY_ENTRY)
    return parts


def split_words(text: str) -> list[str]:
    """Return the stripped parts of a list, between commas, semicolons or line ends; one separator may end it.

    A comma within a number does not separate, so that the number can be refused as it was typed.

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
