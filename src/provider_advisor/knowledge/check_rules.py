"""Problems of rules and of questions, one by one: references that are unknown, and bounds that do not fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from provider_advisor.knowledge.check_vocabulary import Vocabulary, find_repeated
from provider_advisor.knowledge.problems import Defined, Reading, collect_defined
from provider_advisor.knowledge.records import About, Criterion, Topic
from provider_advisor.knowledge.shapes import rules_files as shapes
from provider_advisor.written_values import number_text

_BOUNDS = {
    "rating": "`is`, at_least, at_most or both bounds",
    "quantity": "at_least, at_most or both",
    "price": "at_least, at_most or both",
}


def check_rule(rule: shapes.RuleShape, vocabulary: Vocabulary) -> Iterator[str]:
    """Return everything wrong inside a rule, given what it may refer to."""
    yield from _check_condition(rule.when, vocabulary, on_team=True)
    if rule.favours is not None:
        yield from _check_condition(rule.favours, vocabulary, on_team=False)
    for implied in rule.implies or ():
        yield from vocabulary.find_unknown_criterion(implied.criterion)
        if (criterion := vocabulary.criteria.records.get(implied.criterion)) is not None:
            yield from _check_bound(implied.at_least, implied.at_most, criterion)
            if criterion.computed:
                yield f"'{criterion.id}' cannot be implied, because it needs usage from the team."
    for citation in rule.rests_on:
        yield from vocabulary.sources.find_unknown(citation.source, f"unknown source '{citation.source}'")


def _check_condition(shape: shapes.ConditionShape, vocabulary: Vocabulary, *, on_team: bool) -> Iterator[str]:
    """Return what is wrong with a condition on the team, or on a provider's facts."""
    # Teams are asked for needs, facts are known of providers, so that no condition can be about both.
    if isinstance(shape, shapes.NotShape):
        yield from _check_condition(shape.part, vocabulary, on_team=on_team)
    elif isinstance(shape, shapes.AllShape | shapes.AnyShape):
        for part in shape.parts:
            yield from _check_condition(part, vocabulary, on_team=on_team)
    elif isinstance(shape, shapes.FactShape) is on_team:
        room, words = ("'when'", "need, situation or usage") if on_team else ("'favours'", "fact")
        yield f"a condition of {room} uses {words}; move this one."
    elif isinstance(shape, shapes.NeedShape):
        yield from vocabulary.find_unknown_criterion(shape.need)
    elif isinstance(shape, shapes.SituationShape):
        yield from vocabulary.topics.find_unknown(shape.situation, f"unknown situation '{shape.situation}'")
        if (topic := vocabulary.topics.records.get(shape.situation)) is not None:
            yield from _check_words([shape.is_], topic)
    elif isinstance(shape, shapes.UsageBoundShape):
        yield from vocabulary.usage.find_unknown(shape.usage, f"unknown usage item '{shape.usage}'")
        yield from _check_order(shape.at_least, shape.at_most)
    else:
        yield from vocabulary.find_unknown_criterion(shape.fact)
        if (criterion := vocabulary.criteria.records.get(shape.fact)) is not None:
            yield from _check_fact(shape, criterion)


def _check_fact(shape: shapes.FactShape, criterion: Criterion) -> Iterator[str]:
    is_bounded = shape.at_least is not None or shape.at_most is not None
    if criterion.computed:
        yield f"'{criterion.id}' is computed for a team; a rule cannot ask for it."
    elif criterion.kind == "capability":
        if is_bounded or shape.is_ not in {None, "present", "absent"}:
            yield f"'{criterion.id}' is a capability; write only the fact, or add `is: present` or `is: absent`."
    elif criterion.kind == "rating" and shape.is_ is not None:
        yield from _check_words([shape.is_], criterion)
        if is_bounded:
            yield f"'{criterion.id}' has both `is` and a bound; keep one of them."
    elif shape.is_ is not None or not is_bounded:
        yield f"'{criterion.id}' is a {criterion.kind}; expected {_BOUNDS[criterion.kind]}."
    else:
        yield from _check_bound(shape.at_least, shape.at_most, criterion)


def _check_bound(at_least: float | str | None, at_most: float | str | None, criterion: Criterion) -> Iterator[str]:
    ends = [end for end in (at_least, at_most) if end is not None]
    if ends and criterion.kind == "capability":
        yield f"'{criterion.id}' is a capability; it takes no bound."
    elif criterion.kind == "rating":
        strangers = list(_check_words(ends, criterion))
        yield from strangers or _check_order(at_least, at_most, criterion.values)
    elif any(isinstance(end, str) for end in ends):
        yield f"a bound of '{criterion.id}' is a number, in {criterion.unit}, without quotes."
    else:
        for end in ends:
            if not isinstance(end, str) and criterion.floor is not None and end < criterion.floor:
                said = f"the bound {number_text(end)} of '{criterion.id}'"
                yield f"{said} is below 0, and its scale is not; correct one of them."
        yield from _check_order(at_least, at_most)


def _check_words(words: Iterable[float | str], of: Criterion | Topic) -> Iterator[str]:
    """Yield each word, or number in the place of one, that is not among the values."""
    for word in words:
        if word not in of.values:
            yield f"'{_show(word)}' is not a value of '{of.id}'; expected one of {', '.join(of.values)}."


def _check_order(
    at_least: float | str | None, at_most: float | str | None, values: Sequence[str] = ()
) -> Iterator[str]:
    """Yield a bound that has its ends in the wrong order; that of words is the order of `values`."""
    if at_least is not None and at_most is not None:
        low, high = (values.index(end) if isinstance(end, str) else end for end in (at_least, at_most))
        if low > high:
            yield f"at_least ({_show(at_least)}) is above at_most ({_show(at_most)}); nothing can satisfy it."


def _show(value: float | str) -> str:
    return value if isinstance(value, str) else number_text(value)


def check_questions(files: Sequence[Reading[shapes.QuestionsFile]], vocabulary: Vocabulary) -> Iterator[str]:
    """Return everything wrong with the questions, given what they may refer to."""
    subjects: Defined[shapes.SubjectShape] = collect_defined(files, "topics")
    for reading in files:
        yield from find_repeated(((topic.id, where) for topic, where in reading.list_entries("topics")), "the topic")
        questions = reading.list_entries("questions")
        yield from find_repeated(((" ".join(shape.about), where) for shape, where in questions), "the question about")
        for shape, where in questions:
            for problem in _check_question(shape, vocabulary, subjects):
                yield f"{where}: question about '{shape.about[1]}': {problem}"


def _check_question(
    shape: shapes.QuestionShape, vocabulary: Vocabulary, subjects: Defined[shapes.SubjectShape]
) -> Iterator[str]:
    about, name = shape.about
    known: Mapping[About, Defined[Any]] = {
        "criterion": vocabulary.criteria,
        "situation": vocabulary.topics,
        "usage": vocabulary.usage,
    }
    yield from known[about].find_unknown(name, f"unknown {'usage item' if about == 'usage' else about} '{name}'")
    for topic in shape.topics:
        yield from subjects.find_unknown(topic, f"unknown topic '{topic}'")
    if shape.when is not None:
        yield from _check_condition(shape.when, vocabulary, on_team=True)
    if about == "criterion" and name in vocabulary.criteria.records:
        yield from _check_typical(shape.typical, vocabulary.criteria.records[name])
    elif about == "situation" and shape.typical:
        yield "'typical' is for numbers and ratings; remove it."
    elif about == "usage" and any(isinstance(value, str) for value in shape.typical):
        yield f"'typical' takes numbers of {name}, without quotes."


def _check_typical(typical: Sequence[float | str], criterion: Criterion) -> Iterator[str]:
    if typical and criterion.kind == "capability":
        yield f"'{criterion.id}' is a capability, which takes no bound; remove 'typical'."
    elif criterion.kind == "rating":
        yield from _check_words(typical, criterion)
    else:
        for value in typical:
            if isinstance(value, str):
                yield f"'typical' takes numbers in {criterion.unit}, without quotes; found '{value}'."
            elif criterion.scale is not None and not criterion.scale.holds(value):
                low, high = map(number_text, criterion.scale.ends)
                said = f"{number_text(value)} in 'typical'"
                yield f"{said} is outside the scale of '{criterion.id}', {low} to {high}."
