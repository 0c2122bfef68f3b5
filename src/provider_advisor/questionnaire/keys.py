"""Values of answers, checked: what each kind of question takes, in one helpful sentence where it does not fit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge import Criterion
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.logic import Number, plain
from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.questionnaire.state import NO_ANSWER, NONE, PRIORITY_WORDS, TOPICS, UNSURE, Value
from provider_advisor.requirements.grammar import LARGEST, brief, shown

__all__ = ["CRITERION_WORDS", "checked_key", "checked_value"]

CRITERION_WORDS = (*PRIORITY_WORDS, "no", UNSURE)
"""What can be answered about a criterion."""


def checked_key(key: object, catalogue: Catalogue) -> str:
    """The key, if there is such a question. Raises RequirementsError."""
    kind, _, name = str(key).partition(":")
    if key == TOPICS:
        return TOPICS
    if kind == "bound" and f"criterion:{name}" in catalogue.questions:
        if catalogue.knowledge.criteria[name].kind == "capability":
            raise RequirementsError(
                f"'{name}' is a capability, which takes no bound; answer only whether it is needed."
            )
        return str(key)
    if str(key) not in catalogue.questions:
        names = [question.name for question in catalogue.questions.values() if question.about == kind]
        hint = did_you_mean(brief(name), names) or " See `recommend criteria` for what can be asked for."
        raise RequirementsError(f"there is no question about {_subject(kind)}{shown(name or key)}.{hint}")
    return str(key)


def _subject(kind: str) -> str:
    return {"criterion": "the criterion ", "situation": "the situation ", "usage": "the usage "}.get(kind, "")


def checked_value(key: str, value: object, catalogue: Catalogue) -> Value:
    """The value, as the state holds it, for a key that exists. Raises RequirementsError."""
    kind, _, name = key.partition(":")
    if key == TOPICS:
        return _several(value, catalogue.subjects, "topics", many=True, some=False)
    if kind == "criterion":
        return _word(value, CRITERION_WORDS, f"the answer on '{name}'")
    if kind == "bound":
        return _bound(value, catalogue.knowledge.criteria[name])
    if kind == "usage":
        return _volume(value, name, catalogue.knowledge.usage[name].unit)
    topic = catalogue.knowledge.topics[name]
    if isinstance(value, str) and value in {UNSURE, NO_ANSWER} and value not in topic.values:
        return value
    return _several(value, dict.fromkeys(topic.values), f"the situation '{name}'", many=topic.many)


def _word(value: object, words: Collection[str], what: str) -> str:
    if not isinstance(value, str) or value not in words:
        raise RequirementsError(
            f"{what} is {shown(value)}; expected {', '.join(words)}.{did_you_mean(brief(value), words)}"
        )
    return value


def _several(
    value: object, known: Mapping[str, object], what: str, *, many: bool, some: bool = True
) -> tuple[str, ...]:
    given = [value] if isinstance(value, str) or not isinstance(value, Iterable) else list(value)
    for one in given:
        if not isinstance(one, str) or one not in known:
            hint = did_you_mean(brief(one), known)
            raise RequirementsError(f"{shown(one)} is unknown to {what}; expected {', '.join(known)}.{hint}")
    if (some and not given) or (len(given) > 1 and not many):
        raise RequirementsError(f"{what} takes {'at least one value' if many else 'one value'}.")
    return tuple(one for one in known if one in given)


def _bound(value: object, criterion: Criterion) -> str | Number:
    if isinstance(value, str) and value in {NONE, UNSURE} and value not in criterion.values:
        return value
    if criterion.kind == "rating":
        if isinstance(value, str) or value not in range(len(criterion.values)):
            return criterion.values.index(_word(value, criterion.values, f"the bound of '{criterion.id}'"))
        return int(str(value))
    return _number(value, f"the bound of '{criterion.id}'", str(criterion.unit))


def _volume(value: object, name: str, unit: str) -> str | Number:
    if value in {UNSURE, NO_ANSWER}:
        return str(value)
    return _number(value, f"the usage '{name}'", unit)


def _number(value: object, what: str, unit: str) -> Number:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LARGEST:
        raise RequirementsError(f"{what} is {shown(value)}; expected a number of {unit}, 0 to {LARGEST:.0f}.")
    return plain(value)
