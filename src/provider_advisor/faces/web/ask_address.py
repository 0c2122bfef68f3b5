"""A questionnaire in an address: the answers so far by name, screen by screen, and what a form adds to them.

For example `t:messages,calls~sms:must_whatsapp:no~b:number-countries:90_m:phone-numbers:de~u:sms-outbound:500`. `~`
separates screens and `_` the answers on one. `t` are topics, `s` a situation, `u` a volume, `b` a bound, `m` members;
what has no such letter is a criterion.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from provider_advisor.errors import RequirementsError
from provider_advisor.faces.cli.ask.typed import read_number
from provider_advisor.faces.web.problems import FieldError
from provider_advisor.knowledge.questions import Key
from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.questionnaire.prompts import Prompt, make_prompt
from provider_advisor.questionnaire.screens import Screen, answer_screen
from provider_advisor.questionnaire.state import (
    NO_ANSWER,
    NONE,
    TOPICS,
    UNSURE,
    GivenAnswer,
    State,
    begin,
    check_key,
    check_value,
    put_answers,
)
from provider_advisor.requirements.model import Volume

_LETTERS = {"s": "situation", "u": "usage", "b": "bound", "m": "members"}
_MARKS = {kind: letter for letter, kind in _LETTERS.items()}


def read_answers_address(text: str, catalogue: Catalogue) -> State:
    """Return the state that an address holds. Raises RequirementsError for the first part that cannot be read."""
    found: list[GivenAnswer] = []
    for step, screen in enumerate(filter(None, text.split("~")), start=1):
        for part in filter(None, screen.split("_")):
            key, value = _read_part(part, catalogue)
            found.append(GivenAnswer(key, check_value(key, value, catalogue), step))
    return put_answers(begin(catalogue), found)


def _read_part(part: str, catalogue: Catalogue) -> tuple[Key, object]:
    letter, sign, rest = part.partition(":")
    if letter == "t":
        return TOPICS, tuple(filter(None, rest.split(",")))
    kind = _LETTERS.get(letter, "criterion")
    name, sign, value = (letter, sign, rest) if kind == "criterion" else rest.partition(":")
    if not sign or ":" in value:
        raise RequirementsError(f"'{part[:80]}' is not an answer; start the questionnaire again.")
    key = check_key(Key(kind, name), catalogue)  # type: ignore[arg-type]
    return key, _read_value(key, value, catalogue)


def _read_value(key: Key, text: str, catalogue: Catalogue) -> object:
    if key.kind in {"situation", "members"}:
        return text if text in {UNSURE, NO_ANSWER, NONE} else tuple(filter(None, text.split(",")))
    if key.kind in {"bound", "usage"} and text.removeprefix("-")[:1].isdigit():
        return read_number(text, make_prompt(key, catalogue))
    return text


def write_answers_address(state: State) -> str:
    """Return the answers of a state as an address holds them."""
    screens: dict[int, list[str]] = {}
    for answer in state.answers:
        screens.setdefault(answer.step, []).append(_write_part(answer, state.catalogue))
    return "~".join("_".join(parts) for _, parts in sorted(screens.items()))


def _write_part(answer: GivenAnswer, catalogue: Catalogue) -> str:
    key, value = answer.key, answer.value
    if key == TOPICS:
        return f"t:{','.join(map(str, value if isinstance(value, tuple) else ()))}"
    text = ",".join(write_value(key, value, catalogue))
    return f"{_MARKS[key.kind]}:{key.name}:{text}" if key.kind in _MARKS else f"{key.name}:{text}"


def quote_answers(state: State) -> str:
    """Return the answers of a state as the query of an address holds them."""
    return quote(write_answers_address(state), safe=":,~_.-")


def write_value(key: Key, value: object, catalogue: Catalogue) -> list[str]:
    """Return an answer as the fields of a form hold it."""
    return [*map(str, value)] if isinstance(value, tuple) else [_write_amount(key, value, catalogue)]


def _write_amount(key: Key, value: object, catalogue: Catalogue) -> str:
    if isinstance(value, Volume):
        return value.said
    words = catalogue.knowledge.criteria[key.name].values if key.kind == "bound" else ()
    return words[value] if words and isinstance(value, int) else str(value)


def answer_form(state: State, screen: Screen, fields: Mapping[str, list[str]]) -> State:
    """Return the state with a screen answered by the fields of its form. Raises FieldError."""
    values: dict[Key, object] = {}
    faults: dict[str, Sequence[str]] = {}
    for key in screen.keys:
        given = [text.strip() for text in fields.get(str(key), []) if text.strip()]
        prompt = make_prompt(key, state.catalogue)
        try:
            if (value := _read_field(given, prompt)) is not None:
                values[key] = check_value(key, value, state.catalogue)
        except RequirementsError as error:
            faults[name_field(key)] = [f"{prompt.label}: {problem}" for problem in error.problems]
    if values.get(TOPICS) == ():
        faults[name_field(TOPICS)] = ["Select at least one topic; you are not asked about the others."]
    if faults:
        raise FieldError(faults)
    return answer_screen(state, screen, values)


def name_field(key: Key) -> str:
    """Return the id of the element that is the field of a question."""
    return str(key).replace(":", "-")


def _read_field(given: list[str], prompt: Prompt) -> object:
    if prompt.key == TOPICS:
        return tuple(given)
    if not given:
        return None
    if prompt.kind in {"situation", "members"}:
        words = [value for value, _ in prompt.choices]
        chosen = tuple(text for text in given if text in words)
        alone = next((text for text in chosen if text in {NO_ANSWER, NONE, UNSURE}), None)
        return alone or chosen
    if prompt.kind == "number":
        return read_number(given[-1], prompt, others="or leave it empty")
    return given[-1]


def read_change(name: str, state: State) -> Key | None:
    """Return the question whose answer is to be changed, None where the name is empty. Raises RequirementsError."""
    key = next((answer.key for answer in state.answers if str(answer.key) == name), None)
    if name and key is None:
        raise RequirementsError(f"nothing was answered about '{name[:80]}', so there is no answer to change.")
    return key


def list_changed(state: State, key: Key) -> tuple[Key, ...]:
    """Return what is asked again to change an answer: the question, and the bound and members that came with it."""
    along = (Key("bound", key.name), Key("members", key.name)) if key.kind == "criterion" else ()
    answered = {answer.key for answer in state.answers}
    return (key, *(one for one in along if one in answered))


def list_answers(state: State) -> Iterator[tuple[Key, object]]:
    """Yield what was answered, in order; bounds and members belong to their criterion."""
    for answer in state.answers:
        if answer.key.kind not in {"bound", "members"} and answer.value not in {NO_ANSWER, ()}:
            yield answer.key, answer.value
