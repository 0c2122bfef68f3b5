"""Which questions come next: those that decide, ordered by the chance that an answer alone changes the verdict.

Shares steer the order and nothing else. The place in the file of questions breaks ties.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from provider_advisor.decision import Verdict
from provider_advisor.decision.findings import Totals, add_up
from provider_advisor.decision.verdict import judge_totals
from provider_advisor.inference import judged_by
from provider_advisor.knowledge import Priority, Rule
from provider_advisor.knowledge.conditions import AllOf, AnyOf, Condition, Need, list_needed
from provider_advisor.knowledge.rules import Key
from provider_advisor.logic import Interval
from provider_advisor.questionnaire.catalogue import to_interval
from provider_advisor.questionnaire.deciding_questions import DecidingQuestions
from provider_advisor.questionnaire.proof import Survey
from provider_advisor.questionnaire.replay_answers import YES
from provider_advisor.questionnaire.state import State
from provider_advisor.requirements import PRIORITIES, RANK

_FAINT = 1e-3
"""This part of a question's share counts where no single answer changes anything: the likelier yes goes first."""


class QuestionOrder:
    """The questions that decide the verdict, and those that decide whether these can be asked.

    `deciding` are the questions to begin with. `wanted` are all keys that bear on the verdict, asked or not; `gates`
    gives, for each that cannot be asked yet, those that may open it; `chances` how likely each changes the verdict.
    """

    def __init__(self, state: State, survey: Survey, deciding: frozenset[Key]) -> None:
        self._catalogue = state.catalogue
        self._survey = survey
        self._changes: dict[tuple[Totals, ...], bool] = {}
        self._fires_now = frozenset(firing.rule.id for firing in survey.outcome.inference.firings)
        self._required = frozenset(part.criterion for part in survey.outcome.inference.requirements)
        self._deciding = DecidingQuestions(survey.replay.possible, state.catalogue, self._fires_now)
        self.gates = dict(self._find_gates(deciding))
        self.wanted = deciding.union(*self.gates.values())

    def _find_gates(self, deciding: frozenset[Key]) -> Iterator[tuple[Key, frozenset[Key]]]:
        """Yield, for each question that cannot be asked yet, those that decide whether it can; and so on for these."""
        possible, waiting, seen = self._survey.replay.possible, sorted(deciding), set(deciding)
        while waiting:
            key = waiting.pop()
            question = self._catalogue.questions.get(key)
            # A question that applies for certain needs no other one before it.
            if question is None or question.when is None or key in possible.sure:
                continue
            gates = self._deciding.find_for_condition(question.when)
            yield key, gates
            fresh = sorted(gates - seen)
            seen.update(fresh)
            waiting += fresh

    @cached_property
    def chances(self) -> Mapping[Key, float]:
        """Return, by criterion, the chance that its answer changes the verdict, alone or by what it lets be asked."""
        keys = sorted((key for key in self.wanted if key.kind == "criterion"), key=self._catalogue.places.__getitem__)
        own = {key: self._estimate_chance(key) for key in keys}
        found = dict(own)
        for key, chance in own.items():
            for gate, share in self._find_gates_above(key).items():
                found[gate] = found.get(gate, 0.0) + share * chance
        return found

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
        # Only a yes is looked at, at each priority and with each typical bound: a no mostly leaves the sums alone.
        bounds: list[Interval | None] = [to_interval(criterion, end) for end in question.typical]
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
        return add_up(self._survey.findings, len(self._catalogue.providers))

    @cached_property
    def _verdict(self) -> Verdict:
        return judge_totals(self._total, self._catalogue.providers)

    def _total_fired(self, name: str, priority: Priority) -> Iterator[Totals]:
        """Yield what rules add that fire at once when the criterion is required too; not those that fire next."""
        for rule in self._catalogue.needing.get(name, ()):
            if rule.id not in self._fires_now and self._holds(rule.when, name):
                yield from self._total_added(rule, name, priority)

    def _total_added(self, rule: Rule, name: str, priority: Priority) -> Iterator[Totals]:
        if rule.favours is not None:
            if not judged_by(rule) & (self._required | {name}):
                yield self._catalogue.total_rule(rule)
            return
        for part in rule.implies:
            if part.criterion not in self._required:
                capped = min(priority, part.priority, key=RANK.__getitem__)
                yield self._catalogue.total_requirement(part.criterion, capped, part.bound, rule.weight)

    def _holds(self, condition: Condition, name: str) -> bool:
        """Return whether the condition holds for certain when the criterion is required too."""
        if isinstance(condition, AllOf):
            return all(self._holds(part, name) for part in condition.parts)
        if isinstance(condition, AnyOf):
            return any(self._holds(part, name) for part in condition.parts)
        if isinstance(condition, Need):
            return condition.criterion in (*list_needed(name), *self._required)
        return self._survey.replay.possible.may_be(condition) == YES


def choose_list(
    criteria: Sequence[Key], state: State, survey: Survey, order: QuestionOrder
) -> tuple[str | None, tuple[Key, ...]]:
    """Return the subject and the keys of the list whose best criteria are the likeliest to change the verdict.

    `criteria` are those worth asking. A subject that cannot fill a list of its own gets none: what is left of several
    comes together, under None.
    """
    opened = survey.replay.said.opened or ()
    under = {name: _list_under(name, criteria, state) for name in state.catalogue.subjects if name in opened}
    found = {name: _choose_best(keys, state, order) for name, keys in under.items()}
    subject = max(found, key=lambda name: sum(order.chances.get(key, 0.0) for key in found[name]), default=None)
    if subject is not None and len(found[subject]) == state.most:
        return subject, tuple(found[subject])
    keys = _choose_best(criteria, state, order)
    return next((name for name in found if len(_list_under(name, keys, state)) == len(keys)), None), tuple(keys)


def choose_worth_asking(criteria: Sequence[Key], state: State, survey: Survey, order: QuestionOrder) -> Sequence[Key]:
    """Return those that some provider still in may not meet, or that questions or rules depend on; all if none is."""
    gates = frozenset[Key]().union(*order.gates.values())
    catalogue = state.catalogue
    firsts = [
        key
        for key in criteria
        if key in gates or key.name in catalogue.needing or not catalogue.is_met(key.name, survey.inside)
    ]
    return firsts or criteria


def _list_under(subject: str, keys: Iterable[Key], state: State) -> list[Key]:
    return [key for key in keys if subject in state.catalogue.questions[key].subjects]


def _choose_best(keys: Iterable[Key], state: State, order: QuestionOrder) -> list[Key]:
    places = state.catalogue.places
    return sorted(keys, key=lambda key: (-order.chances.get(key, 0.0), places[key]))[: state.most]
