"""The answers to the questionnaire as text in an address, and back.

For example `t:messages,calls~sms:must_whatsapp:no~b:number-countries:90_m:phone-numbers:de~u:sms-outbound:500`. `~`
separates screens and `_` the answers on one. `t` are topics, `s` a situation, `u` a volume, `b` a bound, `m` members;
what has no such letter is a criterion. In capitals, `C` for a criterion too, somebody searched for the question.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.rules import Key
from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.questionnaire.prompts import Prompt, make_prompt, read_number
from provider_advisor.questionnaire.state import (
    NO_ANSWER,
    NONE,
    TOPICS,
    UNSURE,
    GivenAnswer,
    State,
    check_key,
    check_value,
    put_answers,
)
from provider_advisor.requirements.statement import Volume

_LETTERS = {"s": "situation", "u": "usage", "b": "bound", "m": "members", "c": "criterion"}
_MARKS = {kind: letter for letter, kind in _LETTERS.items()}
_SEARCHED = "".join(_LETTERS).upper()


def read_answer_text(text: str, state: State) -> State:
    """Return the state with the answers of an address. Raises RequirementsError for the first that cannot be read."""
    catalogue, found = state.catalogue, list[GivenAnswer]()
    for step, screen in enumerate(filter(None, text.split("~")), start=1):
        for part in filter(None, screen.split("_")):
            key, value = _read_part(part, catalogue)
            is_searched = part[0] in _SEARCHED and part[1:2] == ":"
            found.append(GivenAnswer(key, check_value(key, value, catalogue), step, is_searched))
    return put_answers(state, found)


def _read_part(part: str, catalogue: Catalogue) -> tuple[Key, object]:
    letter, sign, rest = part.partition(":")
    if letter == "t":
        return TOPICS, tuple(filter(None, rest.split(",")))
    # Most answers are on criteria, so these have no letter. No criterion has an id of one letter.
    kind = _LETTERS.get(letter.lower(), "criterion")
    name, sign, value = rest.partition(":") if letter.lower() in _LETTERS else (letter, sign, rest)
    if not sign or ":" in value:
        raise RequirementsError(f"'{part[:80]}' is not an answer; start the questionnaire again.")
    key = check_key(Key(kind, name), catalogue)  # type: ignore[arg-type]
    given = value.split(",") if key.kind in {"situation", "members"} else [value]
    return key, read_value(given, make_prompt(key, catalogue))


def read_value(given: Sequence[str], prompt: Prompt) -> object:
    """Return the answer that form fields mean, to be checked; raises RequirementsError for a number that is none."""
    texts = [*filter(None, given)]
    if prompt.kind in {"topics", "situation", "members"}:
        return next((text for text in texts if text in {NO_ANSWER, NONE, UNSURE}), tuple(texts))
    text = "".join(texts[-1:])
    return read_number(text, prompt, others="or leave it empty") if prompt.kind == "number" else text


def write_answer_text(state: State) -> str:
    """Return the answers of a state as text for a URL."""
    screens: dict[int, list[str]] = {}
    for answer in state.answers:
        screens.setdefault(answer.step, []).append(_write_part(answer, state.catalogue))
    return "~".join("_".join(parts) for _, parts in sorted(screens.items()))


def _write_part(answer: GivenAnswer, catalogue: Catalogue) -> str:
    key, value = answer.key, answer.value
    if key == TOPICS:
        return f"t:{','.join(map(str, value if isinstance(value, tuple) else ()))}"
    text = ",".join(write_answer_value(key, value, catalogue))
    letter = _MARKS[key.kind].upper() if answer.searched else _MARKS[key.kind]
    return f"{key.name}:{text}" if letter == "c" else f"{letter}:{key.name}:{text}"


def write_answer_value(key: Key, value: object, catalogue: Catalogue) -> list[str]:
    """Return an answer as values of form fields."""
    if isinstance(value, tuple):
        return [*map(str, value)]
    if isinstance(value, Volume):
        return [value.said]
    words = catalogue.knowledge.criteria[key.name].values if key.kind == "bound" else ()
    return [words[value] if words and isinstance(value, int) else str(value)]


def quote_part(text: str) -> str:
    """Return a part of a URL in which the signs of such texts stay readable."""
    return quote(text, safe=":,~_.-")
