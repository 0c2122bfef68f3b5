"""Problems of rules: what they refer to, cycles, and rules that can never fire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from provider_advisor.knowledge import shapes
from provider_advisor.knowledge.alternatives import MAX_ALTERNATIVES, alternatives, can_hold, needed_always, needed_ever
from provider_advisor.knowledge.checks.criteria import repeated
from provider_advisor.knowledge.conditions import FactHolds, leaves
from provider_advisor.knowledge.records import Criterion, Rule, Source, Topic, UsageItem
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.knowledge.yaml_reader import Document

__all__ = ["Vocabulary", "rule_problems", "sorted_rules", "structure_problems"]


class Vocabulary(NamedTuple):
    """What a rule may refer to."""

    criteria: Mapping[str, Criterion]
    topics: Mapping[str, Topic]
    usage: Mapping[str, UsageItem]
    sources: Mapping[str, Source]


def rule_problems(
    files: Sequence[tuple[shapes.RulesFile, Document]], vocabulary: Vocabulary
) -> Iterator[tuple[str, str]]:
    """Everything wrong inside single rules, as pairs of rule id and problem."""
    placed = [
        (rule, document.where("rules", index)) for file, document in files for index, rule in enumerate(file.rules)
    ]
    for problem in repeated(((rule.id, where) for rule, where in placed), "the rule"):
        yield "", problem
    for rule, where in placed:
        for problem in _rule_problems(rule, vocabulary):
            yield rule.id, f"{where}: rule '{rule.id}': {problem}"


def _rule_problems(rule: shapes.RuleShape, vocabulary: Vocabulary) -> Iterator[str]:
    yield from _condition_problems(rule.when, vocabulary, on_team=True)
    if rule.favours is not None:
        yield from _condition_problems(rule.favours, vocabulary, on_team=False)
    for implied in rule.implies or ():
        yield from _criterion_problems(implied.criterion, vocabulary)
        if (criterion := vocabulary.criteria.get(implied.criterion)) is not None:
            yield from _bound_problems(implied.at_least, implied.at_most, criterion)
            if criterion.computed:
                yield f"'{criterion.id}' cannot be implied, because it needs usage from the team."
    for citation in rule.rests_on:
        if citation.source not in vocabulary.sources:
            yield f"unknown source '{citation.source}'.{did_you_mean(citation.source, vocabulary.sources)}"


def _condition_problems(shape: shapes.ConditionShape, vocabulary: Vocabulary, *, on_team: bool) -> Iterator[str]:
    if isinstance(shape, shapes.AllShape | shapes.AnyShape):
        for part in shape.all if isinstance(shape, shapes.AllShape) else shape.any:
            yield from _condition_problems(part, vocabulary, on_team=on_team)
    elif isinstance(shape, shapes.NotShape):
        yield from _condition_problems(shape.not_, vocabulary, on_team=on_team)
    elif isinstance(shape, shapes.FactShape) is on_team:
        room, words = ("'when'", "need, situation or usage") if on_team else ("'favours'", "fact")
        yield f"a condition of {room} speaks of {words}; move this one."
    else:
        yield from _leaf_problems(shape, vocabulary)


def _leaf_problems(shape: shapes.ConditionShape, vocabulary: Vocabulary) -> Iterator[str]:
    if isinstance(shape, shapes.NeedShape):
        yield from _criterion_problems(shape.need, vocabulary)
    elif isinstance(shape, shapes.SituationShape):
        yield from _situation_problems(shape, vocabulary)
    elif isinstance(shape, shapes.UsageBoundShape):
        if shape.usage not in vocabulary.usage:
            yield f"unknown usage item '{shape.usage}'.{did_you_mean(shape.usage, vocabulary.usage)}"
        yield from _order_problems(shape.at_least, shape.at_most)
    elif isinstance(shape, shapes.FactShape):
        yield from _criterion_problems(shape.fact, vocabulary)
        if (criterion := vocabulary.criteria.get(shape.fact)) is not None:
            yield from _fact_problems(shape, criterion)


def _criterion_problems(name: str, vocabulary: Vocabulary) -> Iterator[str]:
    if name not in vocabulary.criteria:
        yield f"unknown criterion '{name}'.{did_you_mean(name, vocabulary.criteria) or ' Add it to criteria/ first.'}"


def _situation_problems(shape: shapes.SituationShape, vocabulary: Vocabulary) -> Iterator[str]:
    topic = vocabulary.topics.get(shape.situation)
    if topic is None:
        yield f"unknown situation '{shape.situation}'.{did_you_mean(shape.situation, vocabulary.topics)}"
    elif shape.is_ not in topic.values:
        yield f"'{shape.is_}' is no value of '{topic.id}'; expected {', '.join(topic.values)}."


def _fact_problems(shape: shapes.FactShape, criterion: Criterion) -> Iterator[str]:
    bounded = shape.at_least is not None or shape.at_most is not None
    if criterion.computed:
        yield f"'{criterion.id}' is computed for a team; a rule cannot ask for it."
    elif criterion.kind == "capability":
        if bounded or shape.is_ not in {None, "present", "absent"}:
            yield f"'{criterion.id}' is a capability; expected nothing more, or `is: present` or `is: absent`."
    elif criterion.kind == "rating" and shape.is_ is not None:
        if shape.is_ not in criterion.values:
            yield f"'{shape.is_}' is no value of '{criterion.id}'; expected {', '.join(criterion.values)}."
    elif not bounded:
        yield f"'{criterion.id}' is a {criterion.kind}; expected at_least, at_most or both."
    else:
        yield from _bound_problems(shape.at_least, shape.at_most, criterion)


def _bound_problems(at_least: float | str | None, at_most: float | str | None, criterion: Criterion) -> Iterator[str]:
    ends = [end for end in (at_least, at_most) if end is not None]
    if ends and criterion.kind == "capability":
        yield f"'{criterion.id}' is a capability; it takes no bound."
    elif criterion.kind == "rating":
        for end in ends:
            if end not in criterion.values:
                yield f"'{end}' is no value of '{criterion.id}'; expected {', '.join(criterion.values)}."
    elif any(isinstance(end, str) for end in ends):
        yield f"a bound of '{criterion.id}' is a number, in {criterion.unit}, without quotes."
    else:
        yield from _order_problems(at_least, at_most)


def _order_problems(at_least: float | str | None, at_most: float | str | None) -> Iterator[str]:
    if isinstance(at_least, float | int) and isinstance(at_most, float | int) and at_least > at_most:
        yield f"at_least ({at_least:g}) is above at_most ({at_most:g}); nothing can fulfil it."


def structure_problems(rules: Sequence[Rule], topics: Mapping[str, Topic]) -> Iterator[str]:
    """Rules that can never fire or never count, and cycles."""
    for rule in rules:
        found = alternatives(rule.when)
        if found is None:
            yield f"{rule.where}: rule '{rule.id}': 'when' has over {MAX_ALTERNATIVES} alternatives; split the rule."
        elif not any(can_hold(alternative, topics) for alternative in found):
            yield (
                f"{rule.where}: rule '{rule.id}' can never fire, because 'when' contradicts itself; "
                "correct or remove it."
            )
        yield from _never_counts(rule)
    try:
        sorted_rules(rules)
    except CycleError as error:
        cycle = error.args[1]
        where = next(rule.where for rule in rules if any(part.criterion in cycle for part in rule.implies))
        yield f"{where}: rules imply one another in a circle ({' <- '.join(cycle)}); remove one of them."


def _never_counts(rule: Rule) -> Iterator[str]:
    required = needed_always(rule.when)
    if rule.favours is not None:
        asked = {leaf.criterion for leaf in leaves(rule.favours) if isinstance(leaf, FactHolds)}
        if shared := sorted(required & asked):
            yield (
                f"{rule.where}: rule '{rule.id}' can never count: "
                f"a team that requires '{shared[0]}' is already judged by it; take it out of 'when' or 'favours'."
            )


def sorted_rules(rules: Sequence[Rule]) -> list[Rule]:
    """The rules by id, but each behind those that imply what it needs.

    Raises CycleError, with the cycle of criteria.
    """
    graph: dict[str, set[str]] = {}
    for rule in rules:
        for part in rule.implies:
            graph.setdefault(part.criterion, set()).update(needed_ever(rule.when))
    level = {criterion: rank for rank, criterion in enumerate(_by_generation(graph))}
    return sorted(
        rules, key=lambda rule: (max((level[c] for c in needed_ever(rule.when) if c in level), default=-1), rule.id)
    )


def _by_generation(graph: Mapping[str, set[str]]) -> Iterator[str]:
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        yield from ready
        sorter.done(*ready)
