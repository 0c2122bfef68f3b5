"""All questions for the facts of a day, and what each answer could add to the sums behind a verdict.

A requirement or rule adds `Totals`: a weight, and for each provider its weighted degrees. What is still undecided adds
one of several totals, or nothing; a `Span` says between which ends each `Measure` of it then lies. An example with two
providers, where a wish of weight 2 is met by the first only: whether or not it will be asked for, the lead of the
first over the second grows by something from 0 to 2.

>>> wish = Totals(2, (2, 0), (2, 0), (2, 0), (0, 0), (0, 0))
>>> Span([None, wish]).get_ends(Measure("expected", 0, 1))
(0.0, 2)
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Literal, NamedTuple

from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.decision.cost import calculate_cost, grade_cost
from provider_advisor.decision.degrees import Degree, grade_condition, grade_requirement
from provider_advisor.decision.findings import Totals, total_degrees
from provider_advisor.knowledge import Criterion, Facts, Priority, Rule
from provider_advisor.knowledge.conditions import AT, Need, judged_by, leaves, list_ever_needed, list_needed
from provider_advisor.knowledge.criteria import Criteria
from provider_advisor.knowledge.rules import Key, Question
from provider_advisor.logic import Interval, Number
from provider_advisor.requirements import PRIORITIES, Team

_MOST_KEPT = 256


class Catalogue:
    """All questions for the facts of a day, and what their answers add, each computed on first use.

    Create it once, and use it for any number of teams. `places` numbers the questions in the order of their file, which
    breaks ties. `surveys` keeps what was found out about the last states.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.knowledge = facts.knowledge
        self.providers = tuple(facts.knowledge.providers)
        found = facts.knowledge.full_questionnaire
        self.subjects = found.subjects
        self.questions = Questions(found.questions, facts.knowledge.criteria)
        self.places: Mapping[Key, int] = _Places(self.questions)
        # The next screen, the progress and the reason for a question are asked one after another for the same state.
        self.surveys = BoundedCache[Hashable, object](_MOST_KEPT)
        self._totals: dict[tuple[str, Priority, Interval | None, float | None], Totals] = {}
        self._degrees: dict[tuple[str, Interval | None], list[Degree]] = {}
        self._rules: dict[str, Totals] = {}
        # Of one kind each: any answer on a criterion, what rules imply, whether a rule counts.
        self._spans: dict[Hashable, Span] = {}

    @cached_property
    def without_stale(self) -> Catalogue | None:
        """Return the catalogue for the facts without out-of-date ones; None if none are out of date."""
        return Catalogue(self.facts.without_stale()) if self.facts.may_be_stale else None

    def get_question(self, criterion: str) -> Question:
        """Return the question about a criterion."""
        return self.questions[Key("criterion", criterion)]

    @cached_property
    def waiting(self) -> frozenset[Key]:
        """Return the questions that wait for a first claim; until then only search finds them."""
        day = self.facts.as_of
        stated = ((name, claim.stated) for (_, name), claims in self.knowledge.claims.items() for claim in claims)
        claimed = {name.partition(AT)[0] for name, stated_on in stated if stated_on <= day}
        known = {Key("criterion", name) for name in claimed}
        known |= {Key("usage", item) for name in claimed for item in self.knowledge.criteria[name].usage}
        return frozenset(key for key, question in self.questions.items() if question.once_known) - known

    @cached_property
    def claimed_members(self) -> Mapping[str, tuple[str, ...]]:
        """Return, by criterion, the members that some provider's claims name, where there are any.

        For other criteria, no answer on members could tell providers apart, so none is awaited, as with questions that
        wait for a first claim.
        """
        found: dict[str, dict[str, None]] = {}
        for (_, name), claims in self.knowledge.claims.items():
            members = (member for claim in claims if claim.stated <= self.facts.as_of for member in claim.members)
            found.setdefault(name, {}).update(dict.fromkeys(members))
        return {name: tuple(members) for name, members in found.items() if members}

    @cached_property
    def computed(self) -> Criterion | None:
        """Return the criterion that is computed from usage, if there is one."""
        return next((criterion for criterion in self.knowledge.criteria.values() if criterion.computed), None)

    @cached_property
    def needing(self) -> dict[str, tuple[Rule, ...]]:
        """Return, by criterion, the rules that a requirement of it may fire."""
        return self._group_rules(lambda rule: list_ever_needed(rule.when))

    @cached_property
    def implying(self) -> dict[str, tuple[Rule, ...]]:
        """Return, by criterion, the rules that imply it."""
        return self._group_rules(lambda rule: {name for part in rule.implies for name in list_needed(part.criterion)})

    @cached_property
    def depended_on(self) -> frozenset[str]:
        """Return the criteria that rules, or other questions that may be asked, depend on."""
        conditions = [rule.when for rule in self.knowledge.rules.values()]
        asked = [question for key, question in self.questions.items() if key not in self.waiting]
        conditions += [question.when for question in asked if question.when is not None]
        needed = {leaf.criterion for when in conditions for leaf in leaves(when) if isinstance(leaf, Need)}
        return frozenset(
            needed.union(*(judged_by(rule.favours) for rule in self.knowledge.rules.values()), self.implying)
        )

    @cached_property
    def members_in_rules(self) -> frozenset[str]:
        """Return the members of criteria that rules, or questions that may be asked, need or imply."""
        return frozenset(name for name in self.depended_on if AT in name)

    def _group_rules(self, find_names: Callable[[Rule], Iterable[str]]) -> dict[str, tuple[Rule, ...]]:
        found: dict[str, list[Rule]] = {}
        for rule in self.knowledge.rules.values():
            for name in find_names(rule):
                found.setdefault(name, []).append(rule)
        return {name: tuple(rules) for name, rules in found.items()}

    def is_met(self, criterion: str, places: tuple[int, ...]) -> bool:
        """Return whether each of these providers meets the criterion for certain, whatever bound is asked."""
        if self.knowledge.criteria[criterion].computed:
            return False
        whole = self.span_answers(criterion)
        spans = [whole, *(span for span, _ in whole.several)]
        options = [option for span in spans for option in span.options if option is not None]
        # Degree 1 is the whole weight.
        return all(option.low[place] == option.weight for option in options for place in places)

    def total_requirement(
        self, criterion: str, priority: Priority, bound: Interval | None, weight: float | None = None
    ) -> Totals:
        """Return what a requirement adds; without a weight of its own it has the criterion's."""
        key = (criterion, priority, bound, weight)
        if key not in self._totals:
            whole = self.weigh(criterion, priority, weight)
            self._totals[key] = total_degrees(self._grade(criterion, bound), whole, must=priority == "must")
        return self._totals[key]

    def _grade(self, criterion: str, bound: Interval | None) -> list[Degree]:
        """Return the degrees of all providers, which are the same at each priority."""
        if (criterion, bound) not in self._degrees:
            record = self.knowledge.criteria[criterion]
            degrees = [grade_requirement(self.facts, provider, record, bound) for provider in self.providers]
            self._degrees[criterion, bound] = degrees
        return self._degrees[criterion, bound]

    def weigh(self, criterion: str, priority: Priority, own: float | None = None) -> float:
        """Return the priority's weight times the requirement's own, else the criterion's."""
        own = self.knowledge.criteria[criterion].weight if own is None else own
        return self.knowledge.policy.priorities[priority] * own

    def total_rule(self, rule: Rule) -> Totals:
        """Return what a rule that favours adds if it counts."""
        if rule.id not in self._rules:
            if rule.favours is None or rule.weight is None:
                raise ValueError(f"the rule {rule.id} favours no provider")
            degrees = [grade_condition(self.facts, provider, rule.favours) for provider in self.providers]
            self._rules[rule.id] = total_degrees(degrees, rule.weight, must=False)
        return self._rules[rule.id]

    def span_rule(self, rule: Rule) -> Span:
        """Return what a rule that favours may add: nothing, or all."""
        return self.keep_span(("rule", rule.id), lambda: [None, self.total_rule(rule)])

    def span_implied(
        self, criterion: str, priorities: tuple[Priority, ...], weights: tuple[float, ...], *, sure: bool
    ) -> Span:
        """Return what a requirement of one of the priorities and weights may add; also nothing unless it is `sure`."""

        def list_options() -> list[Totals | None]:
            pairs = itertools.product(priorities, weights)
            found = [self.total_requirement(criterion, priority, None, weight) for priority, weight in pairs]
            return list(found) if sure else [None, *found]

        return self.keep_span(("implied", criterion, priorities, weights, sure), list_options)

    def span_answers(self, criterion: str, priority: Priority | None = None, *, members: bool = True) -> Span:
        """Return what any answer may add: any bound at one priority; without one, any priority or nothing too.

        Where `members` may still be named, and they tell providers apart, they take its place.
        """

        def list_options() -> list[Totals | None]:
            bounds = self.list_bounds(criterion)
            pairs = itertools.product(PRIORITIES if priority is None else (priority,), bounds)
            found = [self.total_requirement(criterion, one, bound) for one, bound in pairs]
            return [None, *found] if priority is None else [*found]

        members = members and criterion in self.claimed_members
        several = self._list_member_spans(criterion, priority) if members else ()
        return self.keep_span(("answers", criterion, priority, members), list_options, several)

    def span_members(self, criterion: str, priority: Priority | None) -> Span:
        """Return what members of a criterion that tell providers apart may add."""
        key = ("members", criterion, priority)
        return self.keep_span(key, lambda: [None], self._list_member_spans(criterion, priority))

    def _list_member_spans(self, criterion: str, priority: Priority | None) -> list[tuple[Span, int]]:
        """Return the span of each member that is claimed, and that of all others, which are alike."""
        of = self.knowledge.criteria.list_of(criterion)
        if of is None:
            return []
        claimed = self.claimed_members[criterion]
        others = [member for member in of.members if member not in claimed]
        # All members without claims have the same facts, so one stands for all, such as for 200 countries.
        named = [(member, 1) for member in claimed] + [(member, len(others)) for member in others[:1]]
        return [(self.span_answers(f"{criterion}{AT}{member}", priority), times) for member, times in named]

    def keep_span(
        self,
        key: Hashable,
        list_options: Callable[[], Iterable[Totals | None]],
        several: Sequence[tuple[Span, int]] = (),
    ) -> Span:
        """Return the span of these options, cached by key."""
        if key not in self._spans:
            self._spans[key] = Span(list_options(), several)
        return self._spans[key]

    def span_cost(self, computed: Criterion, team: Team, priority: Priority | None) -> Span:
        """Return what any answer on the criterion that is computed may add, once the usage is final."""
        costs = [calculate_cost(provider, team.usage, self.facts) for provider in self.providers]
        bounds = list_telling_bounds(computed, [cost.amount for cost in costs])
        found = []
        for one, bound in itertools.product(PRIORITIES if priority is None else (priority,), bounds):
            degrees = [grade_cost(cost, bound, self.facts) for cost in costs]
            found.append(total_degrees(degrees, self.weigh(computed.id, one), must=one == "must"))
        return Span([None, *found] if priority is None else found)

    def list_bounds(self, name: str, others: Iterable[Interval] = ()) -> list[Interval | None]:
        """Return None and enough bounds to cover every way in which facts and other bounds can compare with one."""
        criterion = self.knowledge.criteria[name]
        if criterion.kind == "capability":
            return [None]
        if criterion.kind == "rating":
            return [None, *(make_bound(criterion, rank) for rank in range(len(criterion.values)))]
        amounts = (self.facts(provider, name).amount for provider in self.providers)
        return list_telling_bounds(criterion, [amount for amount in amounts if amount is not None], others)


# The questions by key


class Questions(dict[Key, Question]):
    """The questions by key; those about members and choices are made on look-up and not kept.

    Iterating meets the questions of the file and the plain ones only. No screen asks about a member or a choice by
    itself: search finds it, or the question about its criterion leads to it.
    """

    def __init__(self, found: Mapping[Key, Question], criteria: Criteria) -> None:
        super().__init__(found)
        self._criteria = criteria

    def __missing__(self, key: Key) -> Question:
        """Return the question about a member or a choice. Raises KeyError for anything else."""
        above = self.list_above(key)
        if not above:
            raise KeyError(key)
        questions = [self[each] for each in above]
        subjects = dict.fromkeys(subject for question in questions for subject in question.subjects)
        typical = questions[0].typical if len(questions) == 1 else ()
        return Question("criterion", key.name, tuple(subjects), questions[0].share, typical=typical)

    def __contains__(self, key: object) -> bool:
        """Return whether there is such a question, about a member or a choice too."""
        return super().__contains__(key) or (isinstance(key, Key) and bool(self.list_above(key)))

    def list_above(self, key: Key) -> tuple[Key, ...]:
        """Return the questions that one about a member or a choice is made from; none for any other."""
        if key.kind != "criterion" or super().__contains__(key) or key.name not in self._criteria:
            return ()
        criterion = self._criteria[key.name]
        names = [part.criterion for part in criterion.any_of] or [criterion.member_of.criterion]  # type: ignore[union-attr]
        return tuple(Key("criterion", name) for name in names)


class _Places(dict[Key, int]):
    """The places of questions; one about a member or a choice has that of its first criterion, any other the last."""

    def __init__(self, questions: Questions) -> None:
        super().__init__((key, place) for place, key in enumerate(questions))
        self._questions = questions

    def __missing__(self, key: Key) -> int:
        return min((self[each] for each in self._questions.list_above(key)), default=len(self))


# What is undecided, and how far it moves a sum


class Measure(NamedTuple):
    """A quantity summed over all findings, for one provider, or for one compared with another (by place)."""

    kind: Literal["present", "weight", "failed", "bad", "unknown", "expected", "firm", "spread"]
    one: int = 0
    other: int = 0


_MEASURES: dict[str, Callable[[Totals, int, int], float]] = {
    # How many findings there are, and their weights.
    "present": lambda _totals, _one, _other: 1,
    "weight": lambda totals, _one, _other: totals.weight,
    # Musts that fail, and those that fail or are unknown; how many more are unknown for one than for the other.
    "failed": lambda totals, one, _other: totals.failed[one],
    "bad": lambda totals, one, _other: totals.failed[one] + totals.unknown[one],
    "unknown": lambda totals, one, other: totals.unknown[one] - totals.unknown[other],
    # Weighted: the lead in expected degrees, that of the proven over the other's possible ones, and what is unknown.
    "expected": lambda totals, one, other: totals.expected[one] - totals.expected[other],
    "firm": lambda totals, one, other: totals.low[one] - totals.high[other],
    "spread": lambda totals, one, _other: totals.high[one] - totals.low[one],
}


def measure_totals(parts: Iterable[Totals], measure: Measure) -> float:
    """Return the sum of a measure over the totals of single findings."""
    of = _MEASURES[measure.kind]
    return sum([of(part, measure.one, measure.other) for part in parts])


class Span:
    """The range of each measure of something undecided, over all its possible outcomes.

    It will be one of the `options`, where None is nothing at all. In place of these, any of the `several` may come
    together, each up to its number of times.
    """

    def __init__(self, options: Iterable[Totals | None], several: Sequence[tuple[Span, int]] = ()) -> None:
        self.options = tuple(dict.fromkeys(options))
        self.several = several
        self._found: dict[Measure, tuple[float, float]] = {}

    def get_ends(self, measure: Measure) -> tuple[float, float]:
        """Return the least and the greatest value that the measure can have."""
        if measure not in self._found:
            self._found[measure] = self._find_ends(measure)
        return self._found[measure]

    def _find_ends(self, measure: Measure) -> tuple[float, float]:
        of, (_, one, other) = _MEASURES[measure.kind], measure
        values = [0.0 if option is None else of(option, one, other) for option in self.options]
        if self.several:
            # Each of them may or may not come, so one end adds up everything that lowers the sum, the other everything
            # that raises it.
            ends = [(span.get_ends(measure), times) for span, times in self.several]
            values += [sum(times * min(0.0, low) for (low, _), times in ends)]
            values += [sum(times * max(0.0, high) for (_, high), times in ends)]
        return min(values, default=0.0), max(values, default=0.0)


class WidestSpan(Span):
    """The range of up to `count` requirements with a weight in all, about which nothing else is known."""

    def __init__(self, weight: float, count: int = 1) -> None:
        super().__init__(())
        self._weight, self._count = weight, count

    def _find_ends(self, measure: Measure) -> tuple[float, float]:
        # Weighted degrees lie between 0 and the weight, and a lead between minus and plus the weight.
        most = self._count if measure.kind in {"present", "failed", "bad", "unknown"} else self._weight
        return (-most if measure.kind in {"unknown", "expected", "firm"} else 0.0), most


# The bounds that tell facts apart


def list_telling_bounds(
    criterion: Criterion, amounts: Sequence[Interval], others: Iterable[Interval] = ()
) -> list[Interval | None]:
    """Return no bound, each end, one above them all, and a number between two ends where that is another case."""
    # Of a criterion where more is better, with one provider at 65 and one at 100 or more, five answers are all that
    # make a difference: no bound, at least 0, 65, 100 and 201. At least 70 is the same as at least 100.
    #
    # How a bound compares with an amount depends only on its position among the amounts' ends, and "at least" a number
    # just below an end is the same as at least that end: no amount lies between them. So is "at most" just above one.
    # It is not the same beside another bound, which it tightens or not, nor above an end that is itself left out of an
    # amount: these ends are `apart`.
    falling = criterion.lower_is_better
    apart = _list_ends(others)
    if falling:
        apart |= {amount.low for amount in amounts if amount.above and amount.low is not None}
    steps = sorted({0, *_list_ends(amounts), *apart})
    between = [(low + high) / 2 for low, high in itertools.pairwise(steps) if (low if falling else high) in apart]
    return [None, *(make_bound(criterion, end) for end in (*steps, *between, steps[-1] * 2 + 1))]


def make_bound(criterion: Criterion, end: Number) -> Interval:
    """Return the bound for a single number: at most if less is better, otherwise at least."""
    return Interval(high=end) if criterion.lower_is_better else Interval(low=end)


def _list_ends(amounts: Iterable[Interval]) -> set[Number]:
    return {end for amount in amounts for end in (amount.low, amount.high) if end is not None}
