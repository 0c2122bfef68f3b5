"""Find the questions that decide whether a rule fires or a verdict stays, and the order in which they are asked.

An example of what decides: a rule fires `when` all of {need: fax} and any of {need: sms} and {situation: country, is:
fr}; nothing of it is answered, and the rule does not fire now. A no to "fax" alone keeps it from firing; so do answers
to "sms" and to "country" together. The first is the smaller cut, so the deciding question is "fax". Once fax is needed,
it is "sms" and "country". Questions about the situation count a hundredth of others: they are asked in any case, later.
If the rule fires now, an answer to any question that is open in its condition may end that, so all of them decide.

An example of the order: the verdict depends on "fax", and on "recording", which is asked only of teams that need
"video". Until video is answered, recording cannot be asked; video is its gate. So video is asked, and inherits
recording's chance of changing the verdict, times the share of teams that need video: with a share of 0.4 and a chance
of 0.1, video gets 0.04 more. Shares only affect the order; the order in the file of questions breaks ties.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from provider_advisor.decision import Outcome, Verdict
from provider_advisor.decision.findings import Totals, add_up
from provider_advisor.decision.verdict import judge_totals
from provider_advisor.knowledge import Priority, Rule
from provider_advisor.knowledge.conditions import (
    AT,
    EITHER,
    AllOf,
    AnyOf,
    Condition,
    Leaf,
    Need,
    Not,
    Situation,
    Usage,
    fold_condition,
    judged_by,
    list_needed,
)
from provider_advisor.knowledge.rules import Key
from provider_advisor.logic import Interval
from provider_advisor.questionnaire.catalogue import Catalogue, make_bound
from provider_advisor.questionnaire.interpret_answers import CAN_BE_EITHER, CAN_BE_YES, Meaning, Possible
from provider_advisor.requirements import PRIORITIES, RANK

_LATER = 0.01
"""The cost of a question about the situation or usage, compared with 1 for a criterion: it is asked in any case."""

_FAINT = 1e-3
"""This part of a question's share counts if no single answer changes anything, so that the likelier yes goes first."""


class DecidingQuestions:
    """For the rules that may fire: questions which, answered with no, leave everything as it is now.

    `fired` are the ids of the rules that fire now.
    """

    def __init__(self, possible: Possible, catalogue: Catalogue, fired: frozenset[str]) -> None:
        self._possible = possible
        self._catalogue = catalogue
        self._fired = fired
        self._found: dict[str, frozenset[Key]] = {}

    def find_for_implied(self, rule: Rule, *, sure: bool) -> frozenset[Key]:
        """Return the questions that decide what a rule implies; if that is `sure`, only its priority is open."""
        return self._list_open(rule.when) if sure else self.find_for_rule(rule)

    def find_for_favour(self, rule: Rule, doubtful: Iterable[str]) -> frozenset[Key]:
        """Return the questions that decide whether a rule that favours counts.

        It does not count while the team requires a criterion that it judges by; `doubtful` are those it may require.
        """
        # While the rule does not fire, its own condition decides; what the team requires matters only once it does.
        own = self.find_for_rule(rule) if not self._possible.is_sure(rule) else frozenset[Key]()
        if own and rule.id not in self._fired:
            return own
        return own.union(*(self._find_for_criterion(name) for name in doubtful))

    def find_for_rule(self, rule: Rule) -> frozenset[Key]:
        """Return the questions that decide whether a rule fires."""
        if rule.id not in self._found:
            fires = rule.id in self._fired
            self._found[rule.id] = self._list_open(rule.when) if fires else self._cut(rule.when) or frozenset()
        return self._found[rule.id]

    def find_for_condition(self, condition: Condition) -> frozenset[Key]:
        """Return the fewest questions that decide whether a condition holds."""
        return self._cut(condition) or self._list_open(condition)

    def _cut(self, condition: Condition) -> frozenset[Key] | None:
        """Return the cheapest questions that can keep the condition from holding; None if it holds in any case."""
        # `truths` over-approximates: each leaf is taken by itself, so it may hold a yes to which no answers lead.
        # That can only cost a question.
        truths = self._possible.may_be(condition)
        if not truths & CAN_BE_YES:
            return frozenset()
        if truths == CAN_BE_YES:
            return None
        if isinstance(condition, AllOf):
            # One false part is enough.
            found = [cut for part in condition.parts if (cut := self._cut(part))]
            return min(found, key=_add_costs, default=self._list_open(condition))
        if isinstance(condition, AnyOf):
            # Every part must be false, so the questions of all parts are needed.
            cuts = [self._cut(part) for part in condition.parts]
            return frozenset().union(*(cut for cut in cuts if cut is not None))
        return self._list_open(condition) if isinstance(condition, Not) else self._find_for_leaf(condition)

    def _find_for_leaf(self, leaf: Leaf) -> frozenset[Key]:
        if isinstance(leaf, Need):
            return self._find_for_criterion(leaf.criterion)
        if isinstance(leaf, Situation):
            return frozenset([Key("situation", leaf.topic)]) & self._possible.open
        return frozenset([Key("usage", leaf.item)]) & self._possible.open if isinstance(leaf, Usage) else frozenset()

    def _find_for_criterion(self, name: str) -> frozenset[Key]:
        """Return the questions that decide whether it is required, by the team or by rules."""
        own = self._find_own(name)
        rules = [rule for rule in self._catalogue.implying.get(name, ()) if self._possible.fires(rule)]
        return own.union(*(self.find_for_rule(rule) for rule in rules if not self._possible.is_sure(rule)))

    def _find_own(self, name: str) -> frozenset[Key]:
        """Return the question by which the team states it; for a member, the one about its criterion."""
        own = frozenset([Key("criterion", name)]) & self._possible.open
        parent, at, _ = name.partition(AT)
        if own or not at or EITHER in name or self._possible.stated.get(name) != CAN_BE_EITHER:
            return own
        if parent in self._possible.said.priorities:
            return frozenset([Key("members", parent)])
        return frozenset([Key("criterion", parent)]) & self._possible.open

    def _list_open(self, condition: Condition, *, under_not: bool = False) -> frozenset[Key]:
        """Return every open question of the condition; under `not` only what the team states itself counts."""
        if isinstance(condition, AllOf | AnyOf):
            return frozenset().union(*(self._list_open(part, under_not=under_not) for part in condition.parts))
        if isinstance(condition, Not):
            return self._list_open(condition.part, under_not=True)
        if under_not and isinstance(condition, Need):
            return self._find_own(condition.criterion)
        return self._find_for_leaf(condition)


def _add_costs(questions: frozenset[Key]) -> float:
    return sum(1 if key.kind == "criterion" else _LATER for key in questions)


class QuestionOrder:
    """The questions that decide the verdict, and those that decide whether these can be asked.

    `findings` are what the findings of `outcome` add, and `deciding` the questions that decide whether it stays.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        meaning: Meaning,
        outcome: Outcome,
        findings: Iterable[Totals],
        deciding: frozenset[Key],
    ) -> None:
        self.meaning = meaning
        self._catalogue, self._possible, self._findings = catalogue, meaning.possible, findings
        self._changes: dict[tuple[Totals, ...], bool] = {}
        inference = outcome.inference
        self._fires_now = frozenset(rule.id for rule in inference.fired)
        self._required = frozenset(part.criterion for part in inference.requirements)
        self._deciding = DecidingQuestions(self._possible, catalogue, self._fires_now)
        self.gates = dict(self._find_gates(deciding))  # by what cannot be asked yet, the questions that may open it
        self.wanted = deciding.union(*self.gates.values())

    @property
    def waiting(self) -> frozenset[Key]:
        """Return those of the wanted keys that have no answer."""
        return self.wanted - self.meaning.said.unsure - self.meaning.said.final

    def _find_gates(self, deciding: frozenset[Key]) -> Iterator[tuple[Key, frozenset[Key]]]:
        """Yield, for each question that cannot be asked yet, those that decide whether it can; and so on for these."""
        waiting, seen = sorted(deciding), set(deciding)
        while waiting:
            key = waiting.pop()
            question = self._catalogue.questions.get(key)
            # A question that certainly applies needs no other one first.
            if question is None or question.when is None or key in self._possible.sure:
                continue
            gates = self._deciding.find_for_condition(question.when)
            yield key, gates
            fresh = sorted(gates - seen)
            seen.update(fresh)
            waiting += fresh

    @cached_property
    def chances(self) -> Mapping[Key, float]:
        """Return by criterion the chance that its answer changes the verdict, directly or through later questions."""
        keys = sorted((key for key in self.wanted if key.kind == "criterion"), key=self._catalogue.places.__getitem__)
        own = {key: self._estimate_chance(key) for key in keys}
        # A gate is asked because of the questions behind it, so it also gets their chances.
        found = dict(own)
        for key, chance in own.items():
            for gate, share in self._find_gates_above(key).items():
                found[gate] = found.get(gate, 0.0) + share * chance
        return found

    def sort_by_chance(self, keys: Iterable[Key]) -> list[Key]:
        """Return the keys, the likeliest to change the verdict first."""
        places = self._catalogue.places
        return sorted(keys, key=lambda key: (-self.chances.get(key, 0.0), places[key]))

    def _find_gates_above(self, key: Key) -> dict[Key, float]:
        """Return the gates above a question, and with what chance each leads to it."""
        found: dict[Key, float] = {}
        waiting = [(key, 1.0)]
        while waiting:
            below, share = waiting.pop()
            for gate in sorted(self.gates.get(below, ()), key=self._catalogue.places.__getitem__):
                question = self._catalogue.questions.get(gate)
                if question is not None and gate not in found and gate != key:
                    found[gate] = share * question.share
                    waiting.append((gate, found[gate]))
        return found

    def _estimate_chance(self, key: Key) -> float:
        question = self._catalogue.questions[key]
        criterion = self._catalogue.knowledge.criteria[key.name]
        if criterion.computed:
            return question.share * _FAINT
        # Only a yes is tried, at each priority and with each typical bound, because a no rarely changes the sums.
        bounds: list[Interval | None] = [make_bound(criterion, end) for end in question.typical]
        found = [self._changes_verdict(key.name, one, bound) for one in PRIORITIES for bound in bounds or [None]]
        return question.share * (sum(found) / len(found) + _FAINT)

    def _changes_verdict(self, name: str, priority: Priority, bound: Interval | None) -> bool:
        """Return whether asking for a criterion changes the verdict, with the rules that it fires."""
        added = (self._catalogue.total_requirement(name, priority, bound), *self._total_fired(name, priority))
        if added not in self._changes:
            total = self._total
            for part in added:
                total = total.plus(part)
            self._changes[added] = judge_totals(total, self._catalogue.providers) != self._verdict
        return self._changes[added]

    @cached_property
    def _total(self) -> Totals:
        return add_up(self._findings, len(self._catalogue.providers))

    @cached_property
    def _verdict(self) -> Verdict:
        return judge_totals(self._total, self._catalogue.providers)

    def _total_fired(self, name: str, priority: Priority) -> Iterator[Totals]:
        """Yield what rules add that fire directly if the criterion is required too; not further chained rules.

        For example, asking for video fires "video implies recording, should" and "video favours providers with HD".
        """
        for rule in self._catalogue.needing.get(name, ()):
            if rule.id not in self._fires_now and self._holds(rule.when, name):
                yield from self._total_added(rule, name, priority)

    def _total_added(self, rule: Rule, name: str, priority: Priority) -> Iterator[Totals]:
        """Yield what one such rule adds.

        If video is a could, the rule above adds recording as a could too: what is implied is never asked for more than
        its cause. It adds nothing if recording is required already; nor does the other rule, if the team requires HD.
        """
        if rule.favours is not None:
            if not judged_by(rule.favours) & (self._required | {name}):
                yield self._catalogue.total_rule(rule)
            return
        for part in rule.implies:
            if part.criterion not in self._required:
                capped = min(priority, part.priority, key=RANK.__getitem__)
                yield self._catalogue.total_requirement(part.criterion, capped, part.bound, rule.weight)

    def _holds(self, condition: Condition, name: str) -> bool:
        """Return whether the condition holds for certain when the criterion is required too."""

        def holds(part: Leaf | Not) -> bool:
            if isinstance(part, Need):
                return part.criterion in (*list_needed(name), *self._required)
            return self._possible.may_be(part) == CAN_BE_YES

        return fold_condition(condition, holds, every=all, some=any, negated=holds)
