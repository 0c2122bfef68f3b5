"""A questionnaire made ready for the facts of a day: what is asked, and what each answer could add."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Literal, NamedTuple

from provider_advisor.decision import Finding
from provider_advisor.decision.cost import calculate_cost, grade_cost
from provider_advisor.decision.degrees import Degree, grade_condition, grade_requirement
from provider_advisor.inference import judged_by
from provider_advisor.knowledge import Criterion, Facts, Priority, Rule
from provider_advisor.knowledge.alternatives import needed_ever
from provider_advisor.knowledge.conditions import Need, leaves
from provider_advisor.knowledge.records import Question, questionnaire_of
from provider_advisor.logic import Interval, Number, Truth
from provider_advisor.requirements import PRIORITIES, Team

__all__ = ["Catalogue", "Effect", "Measure", "Range", "effect_of", "effects_of", "natural", "value"]


class Effect(NamedTuple):
    """A weight, and for each provider, by place, the degrees; and as a must, whether it is failed or unknown."""

    weight: float
    low: tuple[float, ...]
    expected: tuple[float, ...]
    high: tuple[float, ...]
    failed: tuple[bool, ...]
    unknown: tuple[bool, ...]


def effect_of(degrees: Sequence[Degree], weight: float, *, must: bool) -> Effect:
    """The effect of degrees, one for each provider."""
    return Effect(
        weight,
        tuple(degree.low for degree in degrees),
        tuple(degree.expected for degree in degrees),
        tuple(degree.high for degree in degrees),
        tuple(must and degree.truth is Truth.NO for degree in degrees),
        tuple(must and degree.truth is Truth.UNKNOWN for degree in degrees),
    )


def effects_of(findings: Sequence[Sequence[Finding]]) -> list[tuple[Finding, Effect]]:
    """Each finding of the first provider, with the effect of its like for all; they stand in the same order."""
    found = []
    for same in zip(*findings, strict=True):
        first = same[0]
        must = first.requirement is not None and first.requirement.priority == "must"
        found.append((first, effect_of([finding.degree for finding in same], first.weight, must=must)))
    return found


class Measure(NamedTuple):
    """Something that is added up over all findings, for one provider, or for one against another (by place)."""

    kind: Literal["present", "weight", "failed", "bad", "unknown", "expected", "firm", "spread"]
    one: int = 0
    other: int = 0


_VALUES: dict[str, Callable[[Effect, int, int], float]] = {
    "present": lambda _effect, _one, _other: 1,
    "weight": lambda effect, _one, _other: effect.weight,
    "failed": lambda effect, one, _other: effect.failed[one],
    "bad": lambda effect, one, _other: effect.failed[one] or effect.unknown[one],
    "unknown": lambda effect, one, other: effect.unknown[one] - effect.unknown[other],
    "expected": lambda effect, one, other: effect.weight * (effect.expected[one] - effect.expected[other]),
    "firm": lambda effect, one, other: effect.weight * (effect.low[one] - effect.high[other]),
    "spread": lambda effect, one, _other: effect.weight * (effect.high[one] - effect.low[one]),
}


def value(effects: Iterable[Effect], measure: Measure) -> float:
    """The sum of a measure over effects.

    `bad` counts the musts that are failed or unknown, `unknown` how many more are for one provider than for the other;
    `expected` is the lead in expected degrees, `firm` that of the proven over the other's possible ones, both weighted.
    """
    of = _VALUES[measure.kind]
    return sum(of(effect, measure.one, measure.other) for effect in effects)


class Range:
    """Between what ends each measure of something undecided lies, whatever it will be.

    It is one of the `options`, of which None is nothing at all; or, if `weight` is given, up to `count` requirements
    of that weight together, of which nothing else is known. Ends are worked out once.
    """

    def __init__(self, options: Sequence[Effect | None], weight: float | None = None, count: int = 1) -> None:
        self.options = tuple(dict.fromkeys(options))
        self._weight = weight
        self._count = count
        self._found: dict[Measure, tuple[float, float]] = {}

    def ends(self, measure: Measure) -> tuple[float, float]:
        """The least and the greatest that the measure can be."""
        if measure not in self._found:
            self._found[measure] = self._ends(measure) if self._weight is None else self._widest(measure)
        return self._found[measure]

    def _ends(self, measure: Measure) -> tuple[float, float]:
        values = [0.0 if option is None else value((option,), measure) for option in self.options]
        return min(values, default=0.0), max(values, default=0.0)

    def _widest(self, measure: Measure) -> tuple[float, float]:
        counted = measure.kind in {"present", "failed", "bad", "unknown"}
        most = self._count if counted else float(self._weight or 0)
        return (-most if measure.kind in {"unknown", "expected", "firm"} else 0.0), most


_MOST_KEPT = 256


def natural(criterion: Criterion, end: Number) -> Interval:
    """The bound that a single number means: at most, where less is better, else at least."""
    return Interval(high=end) if criterion.lower_is_better else Interval(low=end)


class Catalogue:
    """All questions for the facts of a day, and the effects of their answers, each worked out when first needed.

    Loaded once, used for any number of teams. `places` numbers the questions in the order of their file, by which ties
    are broken. `kept` holds what was found out about the last states.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.knowledge = facts.knowledge
        self.providers = tuple(facts.knowledge.providers)
        found = questionnaire_of(facts.knowledge)
        self.subjects = found.subjects
        self.questions = found.questions
        self.places = {key: place for place, key in enumerate(found.questions)}
        self._effects: dict[tuple[str, Priority, Interval | None], Effect] = {}
        self._ranges: dict[tuple[str, Priority | None], Range] = {}
        self._rules: dict[str, Effect] = {}
        self._favours: dict[str, Range] = {}
        self._implied: dict[object, Range] = {}
        self._kept: dict[Any, Any] = {}

    def keep(self, key: object, found: Any) -> None:  # noqa: ANN401 (whatever was found out)
        """Keep something for the next question; the oldest goes."""
        while len(self._kept) >= _MOST_KEPT:
            self._kept.pop(next(iter(self._kept)), None)
        self._kept[key] = found

    def kept(self, key: object) -> Any:  # noqa: ANN401
        """What was kept under the key, or None."""
        return self._kept.get(key)

    def question(self, criterion: str) -> Question:
        """The question about a criterion."""
        return self.questions[f"criterion:{criterion}"]

    @cached_property
    def computed(self) -> Criterion | None:
        """The criterion that is computed from usage, if there is one."""
        return next((criterion for criterion in self.knowledge.criteria.values() if criterion.computed), None)

    @cached_property
    def needing(self) -> dict[str, tuple[Rule, ...]]:
        """The rules that a requirement of a criterion may fire."""
        return self._by(lambda rule: needed_ever(rule.when))

    @cached_property
    def implying(self) -> dict[str, tuple[Rule, ...]]:
        """The rules that imply a criterion."""
        return self._by(lambda rule: {part.criterion for part in rule.implies})

    @cached_property
    def hinges(self) -> frozenset[str]:
        """The criteria on which rules or other questions hang."""
        spoken = [rule.when for rule in self.knowledge.rules.values()]
        spoken += [question.when for question in self.questions.values() if question.when is not None]
        needed = {leaf.criterion for when in spoken for leaf in leaves(when) if isinstance(leaf, Need)}
        return frozenset(needed.union(*(judged_by(rule) for rule in self.knowledge.rules.values()), self.implying))

    def _by(self, names: Any) -> dict[str, tuple[Rule, ...]]:  # noqa: ANN401 (a function of a rule)
        found: dict[str, list[Rule]] = {}
        for rule in self.knowledge.rules.values():
            for name in names(rule):
                found.setdefault(name, []).append(rule)
        return {name: tuple(rules) for name, rules in found.items()}

    def met_by(self, criterion: str, places: tuple[int, ...]) -> bool:
        """Whether each of these providers meets the criterion for certain, whatever bound is asked."""
        if self.knowledge.criteria[criterion].computed:
            return False
        options = self.any_of(criterion).options
        return all(option.low[place] == 1 for option in options if option is not None for place in places)

    def effect(self, criterion: str, priority: Priority, bound: Interval | None, weight: float | None = None) -> Effect:
        """What a requirement adds; without a weight of its own it has the criterion's."""
        key = (criterion, priority, bound)
        if key not in self._effects:
            record = self.knowledge.criteria[criterion]
            degrees = [grade_requirement(self.facts, provider, record, bound) for provider in self.providers]
            self._effects[key] = effect_of(degrees, self.weight(criterion, priority), must=priority == "must")
        found = self._effects[key]
        return found if weight is None else found._replace(weight=self.weight(criterion, priority, weight))

    def weight(self, criterion: str, priority: Priority, own: float | None = None) -> float:
        """The priority's weight times the requirement's own, else the criterion's."""
        own = self.knowledge.criteria[criterion].weight if own is None else own
        return self.knowledge.policy.priorities[priority] * own

    def of_rule(self, rule: Rule) -> Effect:
        """What a rule that favours adds where it counts."""
        if rule.id not in self._rules:
            if rule.favours is None or rule.weight is None:
                raise ValueError(f"the rule {rule.id} favours nobody")
            degrees = [grade_condition(self.facts, provider, rule.favours) for provider in self.providers]
            self._rules[rule.id] = effect_of(degrees, rule.weight, must=False)
        return self._rules[rule.id]

    def range_of_rule(self, rule: Rule) -> Range:
        """What a rule that favours may add: nothing, or all."""
        if rule.id not in self._favours:
            self._favours[rule.id] = Range([None, self.of_rule(rule)])
        return self._favours[rule.id]

    def range_of(
        self,
        criterion: str,
        bound: Interval | None,
        priorities: tuple[Priority, ...],
        weights: tuple[float, ...],
        *,
        sure: bool,
    ) -> Range:
        """What a requirement of one of the priorities and weights may add; where it is not `sure`, also nothing."""
        key = (criterion, bound, priorities, weights, sure)
        if key not in self._implied:
            pairs = itertools.product(priorities, weights)
            options = [self.effect(criterion, priority, bound, weight) for priority, weight in pairs]
            self._implied[key] = Range(options if sure else [None, *options])
        return self._implied[key]

    def any_of(self, criterion: str, priority: Priority | None = None) -> Range:
        """Whatever may be said of a criterion: at one priority any bound; without one also any priority, or nothing."""
        key = (criterion, priority)
        if key not in self._ranges:
            record = self.knowledge.criteria[criterion]
            priorities = PRIORITIES if priority is None else (priority,)
            effects = [
                self.effect(criterion, one, bound) for one, bound in itertools.product(priorities, self._bounds(record))
            ]
            self._ranges[key] = Range([None, *effects] if priority is None else effects)
        return self._ranges[key]

    def of_cost(self, team: Team, priority: Priority | None) -> Range:
        """The same for the computed criterion, where the usage is final."""
        if self.computed is None:
            raise ValueError("no criterion is computed")
        costs = [calculate_cost(provider, team.usage, self.facts) for provider in self.providers]
        ends = [end for cost in costs for end in (cost.amount.low, cost.amount.high) if end is not None]
        bounds = [None, *(natural(self.computed, end) for end in _positions(ends))]
        priorities = PRIORITIES if priority is None else (priority,)
        effects = []
        for one, bound in itertools.product(priorities, bounds):
            degrees: list[Degree] = [grade_cost(cost, bound, self.facts) for cost in costs]
            effects.append(effect_of(degrees, self.weight(self.computed.id, one), must=one == "must"))
        return Range([None, *effects] if priority is None else effects)

    def _bounds(self, criterion: Criterion) -> list[Interval | None]:
        """No bound, and bounds enough for every way in which the providers' facts can compare with one."""
        if criterion.kind == "capability":
            return [None]
        if criterion.kind == "rating":
            return [None, *(natural(criterion, rank) for rank in range(len(criterion.values)))]
        amounts = [self.facts(provider, criterion.id).amount for provider in self.providers]
        ends = [end for amount in amounts if amount for end in (amount.low, amount.high) if end is not None]
        return [None, *(natural(criterion, end) for end in _positions(ends))]


def _positions(ends: list[Number]) -> Iterator[Number]:
    """Each end, a number between each two that are next to each other, and one below and above them all.

    How a bound compares with an amount depends on nothing but its position among the amounts' ends.
    """
    steps = sorted({0, *ends})
    for low, high in itertools.pairwise(steps):
        yield low
        yield (low + high) / 2
    yield steps[-1]
    yield steps[-1] * 2 + 1
