"""Choose the next screen, or say why there is none: questions likeliest to change the verdict come first.

An example: the verdict depends on "fax", and on "recording", which is asked only of teams that need "video". Until
video is answered, recording cannot be asked; video is its gate. So video is asked, and inherits recording's chance of
changing the verdict, times the share of teams that need video: with a share of 0.4 and a chance of 0.1, video gets 0.04
more. Shares only affect the order; the order in the file of questions breaks ties.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Literal, NamedTuple

from provider_advisor.decision import Verdict
from provider_advisor.decision.findings import Totals, add_up
from provider_advisor.decision.verdict import judge_totals
from provider_advisor.knowledge import Priority, Rule
from provider_advisor.knowledge.conditions import Condition, Leaf, Need, Not, fold, judged_by, list_needed
from provider_advisor.knowledge.rules import Key
from provider_advisor.logic import Interval
from provider_advisor.questionnaire.catalogue import to_interval
from provider_advisor.questionnaire.interpret_answers import answer_screen, list_ticked
from provider_advisor.questionnaire.open_questions import CAN_BE_YES, DecidingQuestions
from provider_advisor.questionnaire.proof import survey_answers
from provider_advisor.questionnaire.state import (
    ALONG,
    TOPICS,
    GivenAnswer,
    Screen,
    ScreenKind,
    State,
    get_silence,
    put_answers,
    to_question,
)
from provider_advisor.requirements import PRIORITIES, RANK

CLOSING = 12
"""This many criteria, or fewer, come as one closing list; this many lines of all kinds fit on one screen."""

_KINDS = (*ALONG, "criterion", "situation", "usage")
"""The kinds of keys, in the order in which a screen has them."""
_DETAILS: Mapping[str, ScreenKind] = {
    "bound": "numbers",
    "members": "members",
    "situation": "situation",
    "usage": "volumes",
}
"""What a screen is called that has keys of one of these kinds alone."""

EndKind = Literal["settled", "settled-unless", "declared", "stopped"]

_FAINT = 1e-3
"""This part of a question's share counts if no single answer changes anything, so that the likelier yes goes first."""


class End(NamedTuple):
    """The end of the questionnaire, and the reason for it.

    `unless` are keys answered with "not sure" that the verdict still depends on, and those of what is asked for but
    cannot count yet, such as a monthly cost without volumes; `complete` means that nothing is left to ask.
    """

    kind: EndKind
    verdict: Verdict
    unless: tuple[Key, ...] = ()
    complete: bool = False


# The next screen


def choose_screen(state: State) -> Screen | End:
    """Return the screen to show after the answers so far, or the end."""
    if state.phase in {"declared", "stopped"}:
        return _make_end(state, "declared" if state.phase == "declared" else "stopped")
    # The topics always come first, so that the first screen does not need all facts.
    if state.catalogue.subjects and all(answer.key != TOPICS for answer in state.answers):
        return Screen("topics", (TOPICS,))
    return _choose_next(order_questions(state)) or _make_end(state)


def order_questions(state: State) -> QuestionOrder:
    """Return the questions that affect the verdict; in the phase `further`, all that are worth asking."""
    survey = survey_answers(state)
    if state.phase != "further":
        return QuestionOrder(state, survey.proof.deciding)
    catalogue, said, open_ = state.catalogue, survey.meaning.said, survey.meaning.possible.open
    places = tuple(range(len(catalogue.providers)))
    criteria = catalogue.knowledge.criteria
    bounds = {said.get_bound_key(name) for name in said.priorities if criteria[name].kind != "capability"}
    bounds |= {Key("members", name) for name in said.priorities if name in catalogue.claimed_members}
    skipped = {key for key in open_ if key.kind == "criterion" and catalogue.is_met(key.name, places)}
    return QuestionOrder(state, (open_ | bounds) - skipped - said.final)


def _choose_next(order: QuestionOrder) -> Screen | None:
    """Return the next screen, or None if nothing is left to ask."""
    # Each step leaves to the next what it does not take: first the team's situation, then single questions if that is
    # how they are asked, then all that is left on one closing screen, then details once no criterion is left (or they
    # are too many to go with the last list), and else a list.
    state, possible, waiting = order.state, order.survey.meaning.possible, order.waiting
    # A bound or members belong to a criterion that is asked for, and need nothing else to apply.
    askable: Iterable[Key] = [key for key in waiting if key in possible.sure or key.kind in ALONG]
    if waiting and not askable:
        askable = _find_other_ways(order)
    by_kind = {kind: [key for key in sort_keys(askable, state) if key.kind == kind] for kind in _KINDS}
    # The situation comes before needs, because rules that depend on it leave fewer criteria to ask.
    is_begun = any(not answer.searched and answer.key != TOPICS for answer in state.answers)
    if by_kind["situation"] and not is_begun:
        return _show_details(by_kind["situation"])
    criteria, details = by_kind.pop("criterion"), list(itertools.chain(*by_kind.values()))
    firsts = _choose_worth_asking(criteria, order)
    along = [*by_kind["bound"], *by_kind["members"]]
    if state.most == 1 and criteria:
        return _show_details(along) if along else _show_list(firsts, (), order)
    is_last = sum(key.kind == "criterion" for key in waiting) <= CLOSING
    keys = (*criteria, *details)
    fits = len(keys) <= CLOSING
    if criteria and is_last and fits and _closes(keys, state):
        return Screen("closing", keys)
    if details and (not criteria or (is_last and not fits)):
        return _show_details(details)
    return _show_list(firsts, details, order) if criteria else None


def _find_other_ways(order: QuestionOrder) -> list[Key]:
    """Return what can be asked where nothing that opens the waiting questions can: it may lead there another way."""
    meaning, depended_on = order.survey.meaning, order.state.catalogue.depended_on
    open_ = (meaning.possible.open & meaning.possible.sure) - meaning.said.unsure
    return [key for key in open_ if key.kind != "criterion" or key.name in depended_on]


def _closes(keys: Sequence[Key], state: State) -> bool:
    """Return whether nothing is left to ask without answers to these: a no may also open other questions."""
    return not order_questions(put_answers(state, [GivenAnswer(key, get_silence(key)) for key in keys])).waiting


def _choose_worth_asking(criteria: Sequence[Key], order: QuestionOrder) -> Sequence[Key]:
    """Return those that some provider still in may not meet, or that questions or rules depend on; all if none is."""
    gates = frozenset[Key]().union(*order.gates.values())
    catalogue, inside = order.state.catalogue, order.survey.inside
    firsts = [
        key
        for key in criteria
        if key in gates or key.name in catalogue.needing or not catalogue.is_met(key.name, inside)
    ]
    return firsts or criteria


def _show_list(criteria: Sequence[Key], details: Sequence[Key], order: QuestionOrder) -> Screen:
    """Return the next list, together with everything else to ask if that fits.

    Its subject is the one whose best criteria are the likeliest to change the verdict. If that cannot fill a list of
    its own, what is left of several subjects comes together.
    """
    state, catalogue = order.state, order.state.catalogue
    if details and len(criteria) <= state.most and len(criteria) + len(details) <= CLOSING:
        return Screen("list", (*criteria, *details))
    opened = [name for name in catalogue.subjects if name in (order.survey.meaning.said.opened or ())]
    under = {name: [key for key in criteria if name in catalogue.questions[key].subjects] for name in opened}
    best = {name: order.choose_best(keys) for name, keys in under.items()}
    subject = max(best, key=lambda name: sum(order.chances.get(key, 0.0) for key in best[name]), default=None)
    if subject is not None and len(best[subject]) == state.most:
        keys = best[subject]
    else:
        keys = order.choose_best(criteria)
        subject = next((name for name in opened if set(keys) <= set(under[name])), None)
    return Screen("list", tuple(sort_keys(keys, state)), subject)


def _show_details(keys: Sequence[Key]) -> Screen:
    """Return a screen of limits, members, situation and volumes, in this order."""
    here = tuple(keys[:CLOSING])
    kinds = {key.kind for key in here}
    return Screen(_DETAILS[kinds.pop()] if len(kinds) == 1 else "details", here)


def sort_keys(keys: Iterable[Key], state: State) -> list[Key]:
    """Return the keys in the order of the file of questions, a bound at the place of its criterion."""
    places = state.catalogue.places
    return sorted(keys, key=lambda key: (places[to_question(key)], key))


def _make_end(state: State, kind: EndKind | None = None) -> End:
    """Return an end of this kind, else that of a questionnaire whose verdict is settled."""
    survey = survey_answers(state)
    meaning, order = survey.meaning, QuestionOrder(state, survey.proof.deciding)
    unless = sort_keys((order.wanted & meaning.said.unsure) | meaning.uncounted, state)
    waiting = (meaning.possible.open & meaning.possible.sure) - meaning.said.unsure
    kind = kind or ("settled-unless" if unless else "settled")
    return End(kind, survey.outcome.verdict, tuple(unless), state.phase == "further" or not waiting)


# What is asked along with what is ticked


def list_bounds(state: State, screen: Screen, values: Mapping[Key, object]) -> tuple[Key, ...]:
    """Return the bounds to ask for on the same screen, for what is ticked there: those that the verdict depends on.

    A bound that is among the values is returned in any case. Without a bound on one, the verdict may depend on that of
    another; then both are returned, so that no screen follows that asks for more bounds.
    """
    criteria = state.catalogue.knowledge.criteria
    ticked = list_ticked(screen, values)
    bounds = [Key("bound", key.name) for key in ticked if criteria[key.name].kind != "capability"]
    if not bounds:
        return ()
    given = {key: value for key, value in values.items() if key in screen.keys}
    named = {key for key in bounds if key in values}
    # Each round assumes that the bounds found so far stay empty, and finds the others that the verdict then depends on.
    while True:
        after = answer_screen(state, screen, given | dict.fromkeys(named - values.keys(), "none"))
        further = order_questions(after).wanted.intersection(bounds) - named
        if not further:
            return tuple(key for key in bounds if key in named)
        named |= further


def list_members(state: State, screen: Screen, values: Mapping[Key, object]) -> tuple[Key, ...]:
    """Return the keys of the members to ask for on the same screen, for what is ticked there: those that have any.

    Members that do not tell providers apart need no answer, and no screen asks for them.
    """
    criteria = state.catalogue.knowledge.criteria
    return tuple(Key("members", key.name) for key in list_ticked(screen, values) if criteria[key.name].of_each)


# The order of the questions


class QuestionOrder:
    """The questions that decide the verdict, and those that decide whether these can be asked."""

    def __init__(self, state: State, deciding: frozenset[Key]) -> None:
        self.state, self.survey = state, survey_answers(state)
        self._catalogue, self._possible = state.catalogue, self.survey.meaning.possible
        self._changes: dict[tuple[Totals, ...], bool] = {}
        inference = self.survey.outcome.inference
        self._fires_now = frozenset(rule.id for rule in inference.fired)
        self._required = frozenset(part.criterion for part in inference.requirements)
        self._deciding = DecidingQuestions(self._possible, state.catalogue, self._fires_now)
        self.gates = dict(self._find_gates(deciding))  # by what cannot be asked yet, the questions that may open it
        self.wanted = deciding.union(*self.gates.values())

    @property
    def waiting(self) -> frozenset[Key]:
        """Return those of the wanted keys that have no answer."""
        return self.wanted - self.survey.meaning.said.unsure - self.survey.meaning.said.final

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

    def choose_best(self, keys: Iterable[Key]) -> list[Key]:
        """Return the keys that are the likeliest to change the verdict, as many as a list may have."""
        places = self._catalogue.places
        return sorted(keys, key=lambda key: (-self.chances.get(key, 0.0), places[key]))[: self.state.most]

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
        return add_up(self.survey.findings, len(self._catalogue.providers))

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

        return fold(condition, holds, every=all, some=any, negated=holds)
