"""Problems of the files under rules/: of rules and questions one by one, and of all rules together.

References may be unknown, a condition may contradict itself, so that a rule never fires or a question is never asked,
and rules may imply one another in a circle.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from graphlib import CycleError, TopologicalSorter
from typing import Any

from provider_advisor.knowledge.check_vocabulary import Vocabulary, find_repeated
from provider_advisor.knowledge.conditions import (
    MAX_CONJUNCTIONS,
    AllOf,
    AnyOf,
    Condition,
    Conjunction,
    FactHolds,
    Need,
    Not,
    Situation,
    Usage,
    leaves,
    list_conjunctions,
    list_needed,
    needed_always,
    needed_ever,
)
from provider_advisor.knowledge.problems import Defined, Reading, collect_defined
from provider_advisor.knowledge.records import About, Criterion, Topic
from provider_advisor.knowledge.rules import Question, Rule
from provider_advisor.knowledge.shapes import rules_files as shapes
from provider_advisor.logic import Interval, number_text

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


def find_never_asked(questions: Iterable[Question], topics: Mapping[str, Topic]) -> Iterator[str]:
    """Yield the questions whose `when` contradicts itself, or is too long to tell."""
    for question in questions:
        found = [] if question.when is None else list_conjunctions(question.when)
        if found is None:
            yield f"{question.where}: question about '{question.name}': 'when' has too many alternatives; shorten it."
        elif found and not any(can_hold(conjunction, topics) for conjunction in found):
            yield (
                f"{question.where}: question about '{question.name}' can never be asked, because 'when' contradicts "
                "itself; correct or remove it."
            )


def check_structure(rules: Sequence[Rule], topics: Mapping[str, Topic]) -> Iterator[str]:
    """Yield rules that can never fire or never count, and circles."""
    for rule in rules:
        found = list_conjunctions(rule.when)
        if found is None:
            yield f"{rule.where}: rule '{rule.id}': 'when' has over {MAX_CONJUNCTIONS} alternatives; split the rule."
        elif not any(can_hold(conjunction, topics) for conjunction in found):
            yield (
                f"{rule.where}: rule '{rule.id}' can never fire, because 'when' contradicts itself; "
                "correct or remove it."
            )
        yield from _find_never_counting(rule)
    yield from _find_circles(rules)


def _find_never_counting(rule: Rule) -> Iterator[str]:
    # What a team requires is judged as a requirement, and a rule that favours by the same facts is set aside (`infer`).
    required = {name for needed in needed_always(rule.when) for name in list_needed(needed)}
    if rule.favours is not None:
        asked = {leaf.criterion for leaf in leaves(rule.favours) if isinstance(leaf, FactHolds)}
        if shared := sorted(required & asked):
            yield (
                f"{rule.where}: rule '{rule.id}' can never count: "
                f"a team that requires '{shared[0]}' is already judged by it; remove it from 'when' or 'favours'."
            )


def _find_circles(rules: Sequence[Rule]) -> Iterator[str]:
    """Yield each circle of criteria that imply one another, at its first rule."""
    graph = _map_needs(rules)
    while circle := _find_circle(graph):
        steps = set(itertools.pairwise(circle))
        where = next(rule.where for rule in rules if _list_steps(rule) & steps)
        yield f"{where}: rules imply one another in a circle ({' <- '.join(circle)}); remove one of them."
        # Circles that share a criterion are reported one at a time, because fixing one may fix the others.
        graph = {name: needed.difference(circle) for name, needed in graph.items() if name not in circle}


def _find_circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Return some circle, from the first of its criteria in the alphabet back to it; empty without any."""
    try:
        # Sorted, because the order of sets differs between processes.
        TopologicalSorter({name: sorted(needed) for name, needed in sorted(graph.items())}).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1][:0:-1]
        begin = circle.index(min(circle))
        return [*circle[begin:], *circle[: begin + 1]]
    return []


def _list_steps(rule: Rule) -> set[tuple[str, str]]:
    """Return the pairs of a criterion that the rule implies and one that it needs."""
    implied = (name for part in rule.implies for name in list_needed(part.criterion))
    return set(itertools.product(implied, needed_ever(rule.when)))


def _map_needs(rules: Iterable[Rule]) -> dict[str, set[str]]:
    """Return for each implied criterion those that its rules need, in any of their conjunctions."""
    graph: dict[str, set[str]] = {}
    for rule in rules:
        for part in rule.implies:
            for name in list_needed(part.criterion):
                # A rule that needs numbers and implies numbers in Germany adds no need for numbers: no circle.
                if name == part.criterion or name not in needed_always(rule.when):
                    graph.setdefault(name, set()).update(needed_ever(rule.when))
    return graph


def sort_rules(rules: Sequence[Rule]) -> list[Rule]:
    """Return the rules by id, but each behind those that imply what it needs.

    Raises graphlib.CycleError if there is no such order.
    """
    # `infer` relies on this order: when it reaches a rule, all needs that the rule waits for have their final priority.
    level = {criterion: rank for rank, criterion in enumerate(_sort_by_generation(_map_needs(rules)))}
    return sorted(
        rules, key=lambda rule: (max((level[c] for c in needed_ever(rule.when) if c in level), default=-1), rule.id)
    )


def _sort_by_generation(graph: Mapping[str, set[str]]) -> Iterator[str]:
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        yield from ready
        sorter.done(*ready)


# Whether a condition contradicts itself. An example: {developers=none, not (developers=none and fax)}, a conjunction of
# some `when`, becomes {developers=none, not developers=none} or {developers=none, not fax}. No team fulfils the first
# alternative, but some team does the second, so that the condition can hold.


def can_hold(conjunction: Conjunction, topics: Mapping[str, Topic]) -> bool:
    """Return whether some team could fulfil the whole condition; yes if there are too many alternatives to tell."""
    found = list_conjunctions(AllOf(tuple(_push_inward(part) for part in conjunction)))
    return found is None or any(_agree(parts, topics) for parts in found)


def _push_inward(condition: Condition, *, negated: bool = False, under_not: bool = False) -> Condition:
    """Return the condition with every `not` at a leaf; a need under two keeps them: it must be stated."""
    # De Morgan's laws, but for needs: `need` also holds for what rules imply, while `not` asks what the team stated, so
    # that "not not need" asks more than "need".
    if isinstance(condition, Not):
        return _push_inward(condition.part, negated=not negated, under_not=True)
    if isinstance(condition, AllOf | AnyOf):
        parts = tuple(_push_inward(part, negated=negated, under_not=under_not) for part in condition.parts)
        return AnyOf(parts) if isinstance(condition, AllOf) is negated else AllOf(parts)
    if negated:
        return Not(condition)
    return Not(Not(condition)) if under_not and isinstance(condition, Need) else condition


def _agree(conjunction: Conjunction, topics: Mapping[str, Topic]) -> bool:
    """Return whether some team could fulfil all parts; each `not` among them is at a leaf, or around such a `not`."""
    stated = [condition for condition in conjunction if not isinstance(condition, Not)]
    refused = [condition.part for condition in conjunction if isinstance(condition, Not)]
    volumes = {leaf.item for leaf in (*stated, *refused) if isinstance(leaf, Usage)}
    return (
        not any(isinstance(part, Not) and part in conjunction for part in refused)
        and all(_has_answer(topic, stated, refused) for topic in topics.values())
        and all(_has_amount(item, stated, refused) for item in volumes)
    )


def _has_answer(topic: Topic, stated: Iterable[Condition], refused: Iterable[Condition]) -> bool:
    """Return whether a team can answer a topic with all values that are stated, and with none that are refused."""
    chosen, excluded = (
        {leaf.value for leaf in parts if isinstance(leaf, Situation) and leaf.topic == topic.id}
        for parts in (stated, refused)
    )
    left = set(topic.values) - excluded
    return bool(left) and chosen <= left and (len(chosen) <= 1 or topic.many)


def _has_amount(item: str, stated: Iterable[Condition], refused: Iterable[Condition]) -> bool:
    """Return whether some volume is within all bounds that are stated, and within none that are refused."""
    bounds, excluded = (
        [leaf.bound for leaf in parts if isinstance(leaf, Usage) and leaf.item == item] for parts in (stated, refused)
    )
    # Each refused interval that covers the lower end of what is free moves it past its own end: of 100 or more, without
    # 0 to 200 and without 500 or more, what is above 200 is left. One that begins higher leaves room below it.
    free = reduce(Interval.intersect, bounds, Interval(0))
    for part in sorted(excluded, key=lambda part: part.low or 0):
        if free.low is None or (part.low or 0) > free.low:
            break
        if part.high is None:
            return False
        if part.high >= free.low:
            free = Interval(part.high, free.high, above=True)
    return not free.is_empty()
