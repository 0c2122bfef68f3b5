"""Which questions may be asked next, and how likely the answer to each, alone, changes the present verdict.

Shares steer the order and nothing else. Ties are broken by the place in the file of questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from provider_advisor.inference import judged_by
from provider_advisor.knowledge import Priority, Rule
from provider_advisor.knowledge.conditions import AllOf, AnyOf, Condition, Need
from provider_advisor.logic import Interval
from provider_advisor.questionnaire.catalogue import Effect, natural
from provider_advisor.questionnaire.deciding_questions import Cuts
from provider_advisor.questionnaire.possible import YES
from provider_advisor.questionnaire.proof import Survey
from provider_advisor.questionnaire.state import State
from provider_advisor.questionnaire.tally import Outlook, Tally, outlook, tallied
from provider_advisor.requirements import PRIORITIES, RANK

__all__ = ["Order", "best_list", "order_of", "worth_asking"]

_FAINT = 1e-3
"""Of a question's share counts, where no answer alone changes anything: the likelier yes goes first."""


class Order:
    """The questions on which the verdict hangs, with those that decide whether they can be asked.

    `wanted` are the keys that bear on the verdict, asked or not; `chances` how likely the answer to each changes it.
    """

    def __init__(self, state: State, survey: Survey, deciding: frozenset[str]) -> None:
        self._catalogue = state.catalogue
        self._survey = survey
        self._seen: dict[Tally, Outlook] = {}
        self._changes: dict[tuple[Effect, ...], bool] = {}
        fired = frozenset(firing.rule.id for firing in survey.outcome.inference.firings)
        self._cuts = Cuts(survey.view.reach, state.catalogue, fired)
        self.gates = dict(self._gates(deciding))
        self.wanted = deciding.union(*self.gates.values())

    def _gates(self, deciding: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
        """For each question that cannot be asked yet, those that decide whether it ever can; and so on for these."""
        reach, waiting, seen = self._survey.view.reach, sorted(deciding), set(deciding)
        while waiting:
            key = waiting.pop()
            question = self._catalogue.questions.get(key)
            if question is None or question.when is None or key in reach.sure:
                continue
            gates = self._cuts.of_condition(question.when)
            yield key, gates
            fresh = sorted(gates - seen)
            seen.update(fresh)
            waiting += fresh

    @cached_property
    def chances(self) -> Mapping[str, float]:
        """By key of a criterion, the chance that its answer changes the verdict, alone or by what it lets be asked."""
        keys = sorted(
            (key for key in self.wanted if key.startswith("criterion:")), key=self._catalogue.places.__getitem__
        )
        own = {key: self._chance(key) for key in keys}
        found = dict(own)
        for key, chance in own.items():
            for gate, share in self._above(key).items():
                found[gate] = found.get(gate, 0.0) + share * chance
        return found

    def _above(self, key: str) -> dict[str, float]:
        """The gates above a question, and with what chance each leads to it."""
        found: dict[str, float] = {}
        waiting = [(key, 1.0)]
        while waiting:
            below, share = waiting.pop()
            for gate in sorted(self.gates.get(below, ()), key=self._catalogue.places.__getitem__):
                question = self._catalogue.questions.get(gate)
                if question is not None and gate not in found and gate != key:
                    found[gate] = share * question.share
                    waiting.append((gate, found[gate]))
        return found

    def _chance(self, key: str) -> float:
        question = self._catalogue.questions[key]
        criterion = self._catalogue.knowledge.criteria[question.name]
        if criterion.computed:
            return question.share * _FAINT
        bounds: list[Interval | None] = [natural(criterion, end) for end in question.typical]
        found = [self._turns(question.name, priority, bound) for priority in PRIORITIES for bound in bounds or [None]]
        return question.share * (sum(found) / len(found) + _FAINT)

    def _turns(self, name: str, priority: Priority, bound: Interval | None) -> bool:
        """Whether asking for it changes the verdict, with the rules that it fires."""
        added = (self._catalogue.effect(name, priority, bound), *self._fired(name, priority))
        if added not in self._changes:
            tally = self._tally
            for effect in added:
                tally = tally.plus(effect)
            self._changes[added] = outlook(tally) != self._present
        return self._changes[added]

    @cached_property
    def _tally(self) -> Tally:
        return tallied(self._survey.effects, len(self._catalogue.providers))

    @cached_property
    def _present(self) -> Outlook:
        return outlook(self._tally)

    @cached_property
    def _required(self) -> frozenset[str]:
        return frozenset(part.criterion for part in self._survey.outcome.inference.requirements)

    @cached_property
    def _fires_now(self) -> frozenset[str]:
        return frozenset(firing.rule.id for firing in self._survey.outcome.inference.firings)

    def _fired(self, name: str, priority: Priority) -> Iterator[Effect]:
        """What rules add that fire at once when the criterion is required too; those that fire next are left out."""
        for rule in self._catalogue.needing.get(name, ()):
            if rule.id not in self._fires_now and self._holds(rule.when, name):
                yield from self._adds(rule, name, priority)

    def _adds(self, rule: Rule, name: str, priority: Priority) -> Iterator[Effect]:
        if rule.favours is not None:
            if not judged_by(rule) & (self._required | {name}):
                yield self._catalogue.of_rule(rule)
            return
        for part in rule.implies:
            if part.criterion not in self._required:
                capped = min(priority, part.priority, key=RANK.__getitem__)
                yield self._catalogue.effect(part.criterion, capped, part.bound, rule.weight)

    def _holds(self, condition: Condition, name: str) -> bool:
        """Whether the condition certainly holds when the criterion is required too."""
        if isinstance(condition, AllOf):
            return all(self._holds(part, name) for part in condition.parts)
        if isinstance(condition, AnyOf):
            return any(self._holds(part, name) for part in condition.parts)
        if isinstance(condition, Need):
            return condition.criterion == name or condition.criterion in self._required
        return self._survey.view.reach.may_be(condition) == YES


def order_of(state: State, survey: Survey, deciding: frozenset[str]) -> Order:
    """The order of the questions on which the verdict hangs."""
    return Order(state, survey, deciding)


def best_list(
    criteria: Sequence[str], state: State, survey: Survey, order: Order
) -> tuple[str | None, tuple[str, ...]]:
    """The subject and the keys of the list whose ten best are the likeliest to change the verdict.

    A subject that cannot fill a list of its own gets none: the rests of several come together, under None. `criteria`
    are those that are worth asking.
    """
    found = {subject: _best(_under(subject, criteria, state), state, order) for subject in _subjects(state, survey)}
    subject = max(found, key=lambda name: sum(order.chances.get(key, 0.0) for key in found[name]), default=None)
    if subject is not None and len(found[subject]) == state.most:
        return subject, tuple(found[subject])
    keys = _best(criteria, state, order)
    return next((name for name in found if len(_under(name, keys, state)) == len(keys)), None), tuple(keys)


def worth_asking(criteria: Sequence[str], state: State, survey: Survey, order: Order) -> Sequence[str]:
    """Those that somebody still in may not meet, or on which questions or rules hang; all if there is none."""
    gates = frozenset[str]().union(*order.gates.values())
    ruled = state.catalogue.needing
    firsts = [
        key
        for key in criteria
        if key in gates
        or key.partition(":")[2] in ruled
        or not state.catalogue.met_by(key.partition(":")[2], survey.inside)
    ]
    return firsts or criteria


def _subjects(state: State, survey: Survey) -> list[str]:
    opened = survey.view.said.opened or ()
    return [subject for subject in state.catalogue.subjects if subject in opened]


def _under(subject: str, keys: Iterable[str], state: State) -> list[str]:
    return [key for key in keys if subject in state.catalogue.questions[key].subjects]


def _best(keys: Iterable[str], state: State, order: Order) -> list[str]:
    places = state.catalogue.places
    return sorted(keys, key=lambda key: (-order.chances.get(key, 0.0), places[key]))[: state.most]
