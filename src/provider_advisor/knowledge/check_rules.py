"""Problems of the files under rules/: of rules, and of the questionnaire.

References may be unknown, rules may imply one another in a circle, and a condition may contradict itself, so that a
rule never fires or a question is never asked.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Any, NamedTuple

from provider_advisor.knowledge.check_vocabulary import check_member, find_repeated
from provider_advisor.knowledge.conditions import FactHolds, leaves, list_needed
from provider_advisor.knowledge.criteria import Member, split_member
from provider_advisor.knowledge.normal_form import (
    MAX_CONJUNCTIONS,
    can_hold,
    list_conjunctions,
    needed_always,
    needed_ever,
)
from provider_advisor.knowledge.problems import Defined, Reading, collect_defined
from provider_advisor.knowledge.records import About, Criterion, Source, Topic, UsageItem
from provider_advisor.knowledge.rules import Question, Rule
from provider_advisor.knowledge.shapes import rules_files as shapes

_Leaf = shapes.NeedShape | shapes.SituationShape | shapes.UsageBoundShape | shapes.FactShape


_BOUNDS = {
    "rating": "`is`, at_least, at_most or both bounds",
    "quantity": "at_least, at_most or both",
    "price": "at_least, at_most or both",
}


class Vocabulary(NamedTuple):
    """What a rule may refer to."""

    criteria: Defined[Criterion]
    topics: Defined[Topic]
    usage: Defined[UsageItem]
    sources: Defined[Source]
    members: Mapping[str, Defined[Member]]


def check_rules(files: Sequence[Reading[shapes.RulesFile]], vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    """Return everything wrong inside single rules, as pairs of rule id and problem."""
    placed = [
        (rule, document.where("rules", index)) for file, document, _ in files for index, rule in enumerate(file.rules)
    ]
    for problem in find_repeated(((rule.id, where) for rule, where in placed), "the rule"):
        yield "", problem
    for rule, where in placed:
        for problem in _check_rule(rule, vocabulary):
            yield rule.id, f"{where}: rule '{rule.id}': {problem}"


def find_criteria(rule: shapes.RuleShape) -> set[str]:
    """Return every criterion that a rule names."""
    conditions = [rule.when] if rule.favours is None else [rule.when, rule.favours]
    named = {part.criterion for part in rule.implies or ()}
    for leaf in (leaf for condition in conditions for leaf in _walk_leaves(condition)):
        if isinstance(leaf, shapes.NeedShape | shapes.FactShape):
            named.add(leaf.need if isinstance(leaf, shapes.NeedShape) else leaf.fact)
    return named


def _walk_leaves(shape: shapes.ConditionShape) -> Iterator[_Leaf]:
    if isinstance(shape, shapes.AllShape | shapes.AnyShape):
        for part in shape.all if isinstance(shape, shapes.AllShape) else shape.any:
            yield from _walk_leaves(part)
    elif isinstance(shape, shapes.NotShape):
        yield from _walk_leaves(shape.not_)
    else:
        yield shape


def _check_rule(rule: shapes.RuleShape, vocabulary: Vocabulary) -> Iterator[str]:
    yield from check_condition(rule.when, vocabulary, on_team=True)
    if rule.favours is not None:
        yield from check_condition(rule.favours, vocabulary, on_team=False)
    for implied in rule.implies or ():
        yield from _check_criterion(implied.criterion, vocabulary)
        if (criterion := vocabulary.criteria.records.get(implied.criterion)) is not None:
            yield from _check_bound(implied.at_least, implied.at_most, criterion)
            if criterion.computed:
                yield f"'{criterion.id}' cannot be implied, because it needs usage from the team."
    for citation in rule.rests_on:
        yield from vocabulary.sources.unknown(citation.source, f"unknown source '{citation.source}'")


def check_condition(shape: shapes.ConditionShape, vocabulary: Vocabulary, *, on_team: bool) -> Iterator[str]:
    """Return what is wrong with a condition on the team, or on a provider's facts."""
    for leaf in _walk_leaves(shape):
        if isinstance(leaf, shapes.FactShape) is on_team:
            room, words = ("'when'", "need, situation or usage") if on_team else ("'favours'", "fact")
            yield f"a condition of {room} uses {words}; move this one."
        else:
            yield from _check_leaf(leaf, vocabulary)


def _check_leaf(shape: _Leaf, vocabulary: Vocabulary) -> Iterator[str]:
    if isinstance(shape, shapes.NeedShape):
        yield from _check_criterion(shape.need, vocabulary)
    elif isinstance(shape, shapes.SituationShape):
        yield from _check_situation(shape, vocabulary)
    elif isinstance(shape, shapes.UsageBoundShape):
        yield from vocabulary.usage.unknown(shape.usage, f"unknown usage item '{shape.usage}'")
        yield from _check_order(shape.at_least, shape.at_most)
    else:
        yield from _check_criterion(shape.fact, vocabulary)
        if (criterion := vocabulary.criteria.records.get(shape.fact)) is not None:
            yield from _check_fact(shape, criterion)


def _check_criterion(name: str, vocabulary: Vocabulary) -> Iterator[str]:
    parent, member = split_member(name)
    yield from vocabulary.criteria.unknown(parent, f"unknown criterion '{parent}'", " Add it to criteria/ first.")
    criterion = vocabulary.criteria.records.get(parent)
    if member is not None and criterion is not None:
        if criterion.of_each is None:
            yield f"'{parent}' has no members; write '{parent}', or add `of_each` to the criterion."
        elif criterion.of_each in vocabulary.members:
            yield from check_member(member, criterion.of_each, vocabulary.members[criterion.of_each])


def _check_situation(shape: shapes.SituationShape, vocabulary: Vocabulary) -> Iterator[str]:
    yield from vocabulary.topics.unknown(shape.situation, f"unknown situation '{shape.situation}'")
    topic = vocabulary.topics.records.get(shape.situation)
    if topic is not None and shape.is_ not in topic.values:
        yield f"'{shape.is_}' is not a value of '{topic.id}'; expected {', '.join(topic.values)}."


def _check_fact(shape: shapes.FactShape, criterion: Criterion) -> Iterator[str]:
    bounded = shape.at_least is not None or shape.at_most is not None
    if criterion.computed:
        yield f"'{criterion.id}' is computed for a team; a rule cannot ask for it."
    elif criterion.kind == "capability":
        if bounded or shape.is_ not in {None, "present", "absent"}:
            yield f"'{criterion.id}' is a capability; write only the fact, or add `is: present` or `is: absent`."
    elif criterion.kind == "rating" and shape.is_ is not None:
        if shape.is_ not in criterion.values:
            yield f"'{shape.is_}' is not a value of '{criterion.id}'; expected {', '.join(criterion.values)}."
        elif bounded:
            yield f"'{criterion.id}' has both `is` and a bound; keep one of them."
    elif shape.is_ is not None or not bounded:
        yield f"'{criterion.id}' is a {criterion.kind}; expected {_BOUNDS[criterion.kind]}."
    else:
        yield from _check_bound(shape.at_least, shape.at_most, criterion)


def _check_bound(at_least: float | str | None, at_most: float | str | None, criterion: Criterion) -> Iterator[str]:
    ends = [end for end in (at_least, at_most) if end is not None]
    if ends and criterion.kind == "capability":
        yield f"'{criterion.id}' is a capability; it takes no bound."
    elif criterion.kind == "rating":
        yield from _check_words(ends, criterion)
    elif any(isinstance(end, str) for end in ends):
        yield f"a bound of '{criterion.id}' is a number, in {criterion.unit}, without quotes."
    else:
        yield from (
            f"the bound {end:g} of '{criterion.id}' is below 0, and its scale is not; correct one of them."
            for end in ends
            if not isinstance(end, str) and criterion.floor is not None and end < criterion.floor
        )
        yield from _check_order(at_least, at_most)


def _check_words(ends: Sequence[float | str], criterion: Criterion) -> Iterator[str]:
    strangers = [end for end in ends if end not in criterion.values]
    for end in strangers:
        shown = end if isinstance(end, str) else f"{end:g}"
        yield f"'{shown}' is not a value of '{criterion.id}'; expected {', '.join(criterion.values)}."
    ranks = [] if strangers else [criterion.values.index(str(end)) for end in ends]
    if ranks != sorted(ranks):
        yield f"at_least ({ends[0]}) is above at_most ({ends[1]}); nothing can satisfy it."


def _check_order(at_least: float | str | None, at_most: float | str | None) -> Iterator[str]:
    if isinstance(at_least, float | int) and isinstance(at_most, float | int) and at_least > at_most:
        yield f"at_least ({at_least:g}) is above at_most ({at_most:g}); nothing can satisfy it."


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


def _find_circles(rules: Sequence[Rule]) -> Iterator[str]:
    """Yield each circle of criteria that imply one another, at its first rule."""
    graph = _map_needs(rules)
    reached = {criterion: _find_reached(criterion, graph) for criterion in graph}
    told: set[str] = set()  # each member of a circle reaches all others, and only one of them reports it
    for start in sorted(criterion for criterion in graph if criterion in reached[criterion]):
        if start in told:
            continue
        told |= {other for other in reached[start] if start in reached.get(other, ())}
        way = _trace_circle(start, graph)
        steps = set(itertools.pairwise(way))
        where = next(rule.where for rule in rules if _list_steps(rule) & steps)
        yield f"{where}: rules imply one another in a circle ({' <- '.join(way)}); remove one of them."


def _list_steps(rule: Rule) -> set[tuple[str, str]]:
    """Return the pairs of a criterion that the rule implies and one that it needs."""
    implied = (name for part in rule.implies for name in list_needed(part.criterion))
    return set(itertools.product(implied, needed_ever(rule.when)))


def _map_needs(rules: Sequence[Rule]) -> dict[str, set[str]]:
    """Return for each implied criterion those that its rules need, in any of their conjunctions."""
    graph: dict[str, set[str]] = {}
    for rule in rules:
        for part in rule.implies:
            for name in list_needed(part.criterion):
                # A rule that needs numbers and implies numbers in Germany adds no need for numbers: no circle.
                if name == part.criterion or name not in needed_always(rule.when):
                    graph.setdefault(name, set()).update(needed_ever(rule.when))
    return graph


def _find_reached(start: str, graph: Mapping[str, set[str]]) -> dict[str, str]:
    """Return every criterion that the first depends on, each with its predecessor on a shortest path."""
    before: dict[str, str] = {}
    edge = [start]
    while edge:
        found = {other: one for one in edge for other in sorted(graph.get(one, ())) if other not in before}
        before |= found
        edge = sorted(found)
    return before


def _trace_circle(start: str, graph: Mapping[str, set[str]]) -> list[str]:
    before = _find_reached(start, graph)
    way = [start]
    while len(way) == 1 or way[-1] != start:
        way.append(before[way[-1]])
    return way[::-1]


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


def check_questions(files: Sequence[Reading[shapes.QuestionsFile]], vocabulary: Vocabulary) -> Iterator[str]:
    """Return everything wrong with the questions, given what they may refer to."""
    subjects: Defined[shapes.SubjectShape] = collect_defined(files, "topics")
    for file, document, _ in files:
        topics = ((topic.id, document.where("topics", index)) for index, topic in enumerate(file.topics))
        placed = [(shape, document.where("questions", index)) for index, shape in enumerate(file.questions)]
        names = ((" ".join(shape.about), where) for shape, where in placed)
        yield from find_repeated(topics, "the topic")
        yield from find_repeated(names, "the question about")
        for shape, where in placed:
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
    yield from known[about].unknown(name, f"unknown {'usage item' if about == 'usage' else about} '{name}'")
    for topic in shape.topics:
        yield from subjects.unknown(topic, f"unknown topic '{topic}'")
    if shape.when is not None:
        yield from check_condition(shape.when, vocabulary, on_team=True)
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
        for value in typical:
            if value not in criterion.values:
                shown = value if isinstance(value, str) else f"{value:g}"
                yield f"'{shown}' is not a value of '{criterion.id}'; expected {', '.join(criterion.values)}."
    else:
        yield from _check_scale(typical, criterion)


def _check_scale(typical: Sequence[float | str], criterion: Criterion) -> Iterator[str]:
    for value in typical:
        if isinstance(value, str):
            yield f"'typical' takes numbers in {criterion.unit}, without quotes; found '{value}'."
        elif criterion.scale is not None:
            low, high = criterion.scale.ends
            if not low <= value <= high:
                yield f"{value:g} in 'typical' is outside the scale of '{criterion.id}', {low:g} to {high:g}."


def find_never_asked(questions: Sequence[Question], topics: Mapping[str, Topic]) -> Iterator[str]:
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
