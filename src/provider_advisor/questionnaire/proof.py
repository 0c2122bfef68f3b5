"""Prove that no further answer can change the verdict, or find the questions that decide it.

An example. Two providers, A and B, and two wishes. The first wish, of weight 8, is met by A only; the second, of weight
2, has not been asked about yet and is met by B only. The verdict is "A, firmly". It stays as long as A's proven degrees
are ahead of B's possible ones:

    now                    8 - 0 = 8
    the second wish        moves that by 0 (not asked for) to -2 (asked for)
    at worst               8 - 2 = 6, still above 0: settled

If the first wish weighed 1, it would be 1 - 2 = -1 at worst, and the question about the second wish would decide.

So a verdict is split into supports, which must all stay: no lead may fall to 0, no must of the leader may become
unknown, and so on. Each support holds in one of several ways, and each way is a set of demands on sums over findings.

The proof rests on one invariant: whatever is answered, every sum ends between what it is now minus all that the open
contributions could move it down, and what it is now plus all that they could move it up. That is so because (1)
findings that are not open contributions never change, (2) each open contribution ends within its span, and (3)
contributions are taken at their worst independently of each other, which can only widen the range. A demand that holds
at the worst end holds after any answers. The weights in the denominator of a score are the same for all providers, so
that the sign of a difference decides who is ahead.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Literal, NamedTuple, cast

from provider_advisor.decision import Outcome, judge_team, reassess
from provider_advisor.decision.findings import Totals, total_findings
from provider_advisor.knowledge.rules import Key
from provider_advisor.questionnaire.catalogue import Catalogue, Measure, measure_totals
from provider_advisor.questionnaire.interpret_answers import Meaning, interpret_answers
from provider_advisor.questionnaire.open_contributions import OpenContribution, find_open_contributions
from provider_advisor.questionnaire.state import State, to_question

_NEAR = 1e-10
"""Of all weight; scores are rounded to nine digits of a percentage before they are compared."""

_DUST = 1e-13
"""Relative to all weight; the rounding error of adding in another order."""


_WEIGHED = frozenset({"expected", "firm", "spread"})


class Demand(NamedTuple):
    """A sum must stay at least (or, with `above` false, at most) at a bound."""

    measure: Measure
    bound: float
    above: bool = True


Way = tuple[Demand, ...]
"""Demands that together keep a part of the verdict."""


Aspect = Literal["stated", "out", "standing", "behind", "level", "strength"]
"""What a verdict consists of: that anything counts; that all are out; how the leaders stand; that the rest is behind;
that several leaders are level; that it is firm, dated or leaning."""


class Support(NamedTuple):
    """One thing that has to hold for the verdict to stay, and the ways in which it can."""

    about: Aspect
    ways: Sequence[Way]


class Proof(NamedTuple):
    """The effect of further answers. The verdict is settled if no question decides."""

    deciding: frozenset[Key]  # the questions that decide
    proved: tuple[Aspect, ...]  # what nothing can change any more
    still_open: tuple[Aspect, ...]  # all else


class Survey(NamedTuple):
    """Everything known at a state."""

    meaning: Meaning
    outcome: Outcome
    findings: tuple[Totals, ...]  # what each adds
    proof: Proof
    inside: tuple[int, ...]  # the places of the providers that are not ruled out for good; all of them, if all are
    lost: frozenset[int]  # the places of those that are


def survey_answers(state: State) -> Survey:
    """Return the survey at a state. The catalogue keeps it for the next question about the same answers."""
    key = (state.answers, str(state.given))
    return cast("Survey", state.catalogue.surveys.get_or_make(key, lambda: _survey(state)))


def _survey(state: State) -> Survey:
    meaning = interpret_answers(state)
    outcome = judge_team(meaning.team, state.catalogue.facts)
    # A must that is not judged prevents any firm verdict, so the verdict without it is proved.
    judged = outcome
    if meaning.team.has_unlisted_must:
        judged = judge_team(meaning.team._replace(unlisted=()), state.catalogue.facts)
    sums = _sum_open(meaning, judged, state.catalogue)
    # Whether a verdict is firm or dated is decided by a second set of sums, made without out-of-date facts.
    without_stale = sums
    if judged.verdict.kind == "recommended" and state.catalogue.without_stale is not None:
        fresh = state.catalogue.without_stale
        without_stale = _sum_open(meaning, reassess(judged, fresh.facts), fresh)
    places = range(len(outcome.assessments))
    lost = frozenset(place for place in places if sums.holds(Demand(Measure("failed", place), 1)))
    inside = tuple(place for place in places if place not in lost)
    proof = _prove(judged, sums, without_stale, state.catalogue.places)
    return Survey(meaning, outcome, sums.findings, proof, inside or tuple(places), lost)


def _sum_open(meaning: Meaning, outcome: Outcome, catalogue: Catalogue) -> _ProofSums:
    # Findings are in the same order for each provider: one row is one requirement or rule.
    rows = list(zip(*(assessment.findings for assessment in outcome.assessments), strict=True))
    findings = [(row[0], total_findings(row)) for row in rows]
    open_ = find_open_contributions(meaning, outcome, findings, catalogue)
    return _ProofSums(tuple(part for _, part in findings), open_, is_shared=bool(meaning.team.weights))


def _prove(outcome: Outcome, sums: _ProofSums, without_stale: _ProofSums, places: Mapping[Key, int]) -> Proof:
    """Return whether the verdict stays with any answers; among equal ways, follow the first by `places`."""
    found = [(support, sums) for support in _find_supports(outcome, sums)]
    if without_stale is not sums:
        found += [(support, without_stale) for support in _find_age_supports(outcome, without_stale)]
    # If nothing is open, nothing can change, even if a demand fails now by a rounding error.
    still_open = [(support, own) for support, own in found if own.open and not own.keeps(support)]
    deciding = frozenset[Key]().union(*(own.pursue(support.ways, places) for support, own in still_open))
    shaky = dict.fromkeys(support.about for support, _ in still_open)
    proved = dict.fromkeys(support.about for support, _ in found if support.about not in shaky)
    return Proof(deciding, tuple(proved), tuple(shaky))


class _ProofSums:
    """Sums of measures: what they are now, and how far each open contribution could move them."""

    def __init__(self, findings: tuple[Totals, ...], open_: Sequence[OpenContribution], *, is_shared: bool) -> None:
        self.open = open_
        self.findings = findings
        self._is_shared = is_shared
        self._now: dict[Measure, float] = {}
        self._moves: dict[tuple[Measure, bool], list[tuple[float, OpenContribution]]] = {}

    @cached_property
    def near(self) -> float:
        """Return how large a lead must be to remain one after rounding."""
        weight = Measure("weight")
        return _NEAR * (self.now(weight) + sum(part.span.get_ends(weight)[1] for part in self.open))

    @property
    def dust(self) -> float:
        """Return how far a sum may be off because it was added up in another order."""
        return self.near * _DUST / _NEAR

    def now(self, measure: Measure) -> float:
        """Return the sum over all findings as they are now."""
        if measure not in self._now:
            self._now[measure] = measure_totals(self.findings, measure)
        return self._now[measure]

    def demand_lead(self, measure: Measure) -> Demand:
        """Return the demand that one stays ahead."""
        return Demand(measure, self.near)

    def demand_even(self, measure: Measure) -> Way:
        """Return the demands that a difference stays nothing."""
        return Demand(measure, -self.dust), Demand(measure, self.dust, above=False)

    def is_met(self, demand: Demand) -> bool:
        """Return whether the demand is met now."""
        now = self.now(demand.measure)
        return now >= demand.bound if demand.above else now <= demand.bound

    def holds(self, demand: Demand) -> bool:
        """Return whether the demand is met and stays so: at the worst end of the sum, by the invariant above."""
        moved = sum(move for move, _ in self._find_moves(demand))
        now = self.now(demand.measure)
        return now - moved >= demand.bound if demand.above else now + moved <= demand.bound

    def keeps(self, support: Support) -> bool:
        """Return whether one way holds with any answers."""
        return any(all(self.holds(demand) for demand in way) for way in support.ways)

    def pursue(self, ways: Iterable[Way], places: Mapping[Key, int]) -> frozenset[Key]:
        """Return the questions behind the way that is met now and needs the fewest."""
        # Of the ways that are met now, the one with the fewest questions is pursued. Ties are broken by the order of
        # questions, so that the same answers always lead to the same question.
        met = [way for way in ways if all(self.is_met(demand) for demand in way)]
        found = [self._list_questions(way) for way in met or ways]
        return min(
            found, key=lambda keys: (len(keys), sorted(places[to_question(key)] for key in keys)), default=frozenset()
        )

    def _list_questions(self, way: Way) -> frozenset[Key]:
        found: set[Key] = set()
        for demand in way:
            if not self.holds(demand):
                # A lead that nothing moves may still be rounded away, by the weight of whatever is added.
                moving = [part for _, part in self._find_moves(demand)] or self.open
                found.update(key for part in moving for key in part.questions)
        return frozenset(found)

    def _find_moves(self, demand: Demand) -> list[tuple[float, OpenContribution]]:
        """Return the open contributions that could move the sum the wrong way, and by how much."""
        key = (demand.measure, demand.above)
        if key not in self._moves:
            # Where weights are shared out by area, whatever is added changes those of all the rest. So nothing that is
            # weighed is proved as long as anything is open.
            if self._is_shared and demand.measure.kind in _WEIGHED:
                moves = [(math.inf, part) for part in self.open]
            else:
                moves = [(_move_wrong_way(part, demand), part) for part in self.open]
            self._moves[key] = [(move, part) for move, part in moves if move > 0]
        return self._moves[key]


def _move_wrong_way(part: OpenContribution, demand: Demand) -> float:
    low, high = part.span.get_ends(demand.measure)
    # The sum contains `now` already, so only the way from there to the worse end of the span counts.
    now = measure_totals(part.now, demand.measure) if part.now else 0.0
    return now - low if demand.above else high - now


def _find_supports(outcome: Outcome, sums: _ProofSums) -> list[Support]:
    """Return the supports of the verdict."""
    verdict = outcome.verdict
    names = [assessment.provider for assessment in outcome.assessments]
    if not names:
        return []
    if not sums.now(Measure("present")):
        return [Support("stated", [(Demand(Measure("present"), 0, above=False),)])]
    # A failed must stays failed: facts do not change during the questionnaire, and requirements stay.
    if verdict.kind == "none":
        return [Support("out", [(Demand(Measure("failed", place), 1),)]) for place in range(len(names))]
    alone = verdict.provider or verdict.lean
    ahead = (alone,) if alone else verdict.among
    leaders = [place for place, name in enumerate(names) if name in ahead]
    rivals = [place for place in range(len(names)) if place not in leaders]
    is_qualified = any(outcome.assessments[place].standing == "qualified" for place in leaders)
    supports = [Support("stated", [(Demand(Measure("present"), 1),)])]
    supports += [Support("standing", [_keep_standing(place, is_qualified=is_qualified)]) for place in leaders]
    supports += [Support("behind", _keep_behind(rival, leaders, sums, is_qualified=is_qualified)) for rival in rivals]
    if verdict.kind == "recommended":
        is_proven = verdict.strength != "leaning"
        ways_to_stay = _keep_beaten(leaders[0], rivals, sums) if is_proven else [_keep_open(leaders[0], rivals, sums)]
        return supports + [Support("strength", ways) for ways in ways_to_stay]
    level = _keep_level(leaders, rivals, sums, is_qualified=is_qualified, is_tie=verdict.kind == "tie")
    return supports + [Support("level", ways) for ways in level]


def _find_age_supports(outcome: Outcome, without_stale: _ProofSums) -> list[Support]:
    """Return the supports without out-of-date facts that keep firm firm and dated dated.

    Firm is proven without them too. Dated is not: a must of the leader is not proven then, or a rival reaches up.
    """
    verdict = outcome.verdict
    names = [assessment.provider for assessment in outcome.assessments]
    if verdict.provider is None or verdict.strength == "leaning":
        return []
    leader = names.index(verdict.provider)
    rivals = [place for place in range(len(names)) if place != leader]
    if verdict.strength == "dated":
        is_unproven = (Demand(Measure("bad", leader), 1),)
        return [Support("strength", [is_unproven, *_keep_open(leader, rivals, without_stale)])]
    stays = [Support("strength", [_keep_standing(leader, is_qualified=True)])]
    return stays + [Support("strength", ways) for ways in _keep_beaten(leader, rivals, without_stale)]


def _keep_standing(place: int, *, is_qualified: bool) -> Way:
    """Return how a leader keeps its standing: qualified without a bad must, else with an unknown but no failed one."""
    if is_qualified:
        return (Demand(Measure("bad", place), 0, above=False),)
    return Demand(Measure("failed", place), 0, above=False), Demand(Measure("bad", place), 1)


def _keep_behind(rival: int, leaders: Sequence[int], sums: _ProofSums, *, is_qualified: bool) -> list[Way]:
    """Return how a rival stays behind: ruled out, or of lower standing, with more unknown musts, or a lower score.

    To be behind any of several leaders is enough, because they stay level.
    """
    ways: list[Way] = [(Demand(Measure("failed", rival), 1),)]
    worse = Demand(Measure("bad", rival), 1)
    if is_qualified:
        leads = [sums.demand_lead(Measure("expected", leader, rival)) for leader in leaders]
        return [*ways, (worse,), *((lead,) for lead in leads)]
    for leader in leaders:
        lead, more = sums.demand_lead(Measure("expected", leader, rival)), Measure("unknown", rival, leader)
        ways += [(worse, Demand(more, 1)), (worse, Demand(more, 0), lead)]
    return ways


def _keep_beaten(leader: int, rivals: Sequence[int], sums: _ProofSums) -> list[list[Way]]:
    """Return how each rival stays out, or below the leader's proven score, whatever that becomes."""
    # One support per rival, so that the proof for one can hold while another is still open.
    out = {rival: Demand(Measure("failed", rival), 1) for rival in rivals}
    return [[(out[rival],), (sums.demand_lead(Measure("firm", leader, rival)),)] for rival in rivals]


def _keep_open(leader: int, rivals: Sequence[int], sums: _ProofSums) -> list[Way]:
    """Return how some rival stays in and reaches up to the leader's proven score."""
    # No more than dust: a rival that exactly reaches the proven score prevents the proof.
    stays_in = {rival: Demand(Measure("failed", rival), 0, above=False) for rival in rivals}
    reaches = {rival: Demand(Measure("firm", leader, rival), sums.dust, above=False) for rival in rivals}
    return [(stays_in[rival], reaches[rival]) for rival in rivals]


def _keep_level(
    leaders: Sequence[int], rivals: Sequence[int], sums: _ProofSums, *, is_qualified: bool, is_tie: bool
) -> list[list[Way]]:
    """Return how leaders stay level; and, if qualified, how a tie stays one, or no tie.

    A tie needs that nothing of the leaders is unknown and every rival is beaten; else something stays unknown of one of
    them, or a rival reaches up.
    """
    pairs = list(itertools.combinations(leaders, 2))
    found: list[list[Way]] = [[sums.demand_even(Measure("expected", one, other))] for one, other in pairs]
    if not is_qualified:
        found += [[sums.demand_even(Measure("unknown", one, other))] for one, other in pairs]
    elif is_tie:
        found += [[(sums.demand_even(Measure("spread", place))[1],)] for place in leaders]
        found += _keep_beaten(leaders[0], rivals, sums)
    else:
        unknown = [(sums.demand_lead(Measure("spread", place)),) for place in leaders]
        found.append([*unknown, *_keep_open(leaders[0], rivals, sums)])
    return found
