"""Whether any further answer can change the verdict: a proof that none can, or the questions on which it hangs.

Each kind of verdict holds for reasons that are sums over findings: nobody's lead may fall to nothing, no must of the
leader may come to be unknown, and so on. A sum is bounded by what it is now, and by how far each undecided part could
move it the wrong way. Weights in the denominator are common to all providers, so the sign of a difference decides.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Literal, NamedTuple

from provider_advisor.decision import Outcome, Verdict, judge_team
from provider_advisor.questionnaire.catalogue import Effect, Measure, effects_of, value
from provider_advisor.questionnaire.open_contributions import Part, parts_of
from provider_advisor.questionnaire.replay_answers import View, view_of
from provider_advisor.questionnaire.state import State

__all__ = ["Aspect", "Proof", "Survey", "is_out", "prove", "survey_of"]

_NEAR = 1e-10
"""Of all weight; scores are rounded to nine digits of a percentage before they are compared."""

_DUST = 1e-13


class Demand(NamedTuple):
    """A sum must stay at least (or, with `above` false, at most) at a bound."""

    measure: Measure
    bound: float
    above: bool = True


Way = tuple[Demand, ...]
"""Demands that together keep a part of the verdict."""


Aspect = Literal["stated", "out", "standing", "behind", "level", "strength"]
"""What a verdict consists of: that anything counts; that all are out; how the leaders stand; that the rest is behind;
that several leaders are level; that it is firm or leaning."""


class Claim(NamedTuple):
    """One thing that has to stay for the verdict to stay, and the ways in which it can."""

    about: Aspect
    ways: Sequence[Way]


class Proof(NamedTuple):
    """What further answers can do: `settled` if nothing, else the questions on which it hangs.

    `deciding` gives, for each of these questions, how far it could move what it bears on, as a share of what is needed.
    `proved` are the aspects that nothing can change any more, `hanging` the others.
    """

    settled: bool
    deciding: Mapping[str, float]
    proved: tuple[Aspect, ...] = ()
    hanging: tuple[Aspect, ...] = ()


def prove(outcome: Outcome, effects: Sequence[Effect], parts: Sequence[Part], places: Mapping[str, int]) -> Proof:
    """Whether the outcome's verdict stays whatever the parts come to; `effects` are what its findings add now.

    Of ways that hang on as many questions, that one is pursued whose questions come first by their `places`.
    """
    sums = _Sums(effects, parts)
    claims = _claims(outcome, sums)
    hanging = [claim for claim in claims if parts and not _is_kept(claim, sums)]
    deciding: dict[str, float] = {}
    for claim in hanging:
        for key, share in sums.pursued(claim.ways, places).items():
            deciding[key] = deciding.get(key, 0.0) + share
    shaky = dict.fromkeys(claim.about for claim in hanging)
    proved = dict.fromkeys(claim.about for claim in claims if claim.about not in shaky)
    return Proof(not deciding, deciding, tuple(proved), tuple(shaky))


def _is_kept(claim: Claim, sums: _Sums) -> bool:
    """Whether one of the ways holds, whatever the parts come to."""
    return any(all(sums.holds(demand) for demand in way) for way in claim.ways)


def is_out(place: int, effects: Sequence[Effect], parts: Sequence[Part]) -> bool:
    """Whether a provider is ruled out, whatever the parts come to."""
    return _Sums(effects, parts).holds(Demand(Measure("failed", place), 1))


class _Sums:
    """Sums of measures: what they are now, and what each part could take away or add."""

    def __init__(self, effects: Sequence[Effect], parts: Sequence[Part]) -> None:
        self._effects = effects
        self._parts = parts
        self._now: dict[Measure, float] = {}
        self._moves: dict[tuple[Measure, bool], list[tuple[float, Part]]] = {}

    @cached_property
    def near(self) -> float:
        """How much a lead must be, so that it is one after rounding."""
        weight = Measure("weight")
        return _NEAR * (self.now(weight) + sum(part.range.ends(weight)[1] for part in self._parts))

    def now(self, measure: Measure) -> float:
        """The sum over all findings as they are."""
        if measure not in self._now:
            self._now[measure] = value(self._effects, measure)
        return self._now[measure]

    def lead(self, measure: Measure) -> Demand:
        """That one stays ahead."""
        return Demand(measure, self.near)

    def even(self, measure: Measure) -> Way:
        """That a difference stays nothing."""
        dust = _DUST / _NEAR * self.near
        return Demand(measure, -dust), Demand(measure, dust, above=False)

    def is_met(self, demand: Demand) -> bool:
        """Whether the demand is met now."""
        now = self.now(demand.measure)
        return now >= demand.bound if demand.above else now <= demand.bound

    def holds(self, demand: Demand) -> bool:
        """Whether it is met, and stays so."""
        moved = sum(move for move, _ in self._moving(demand))
        now = self.now(demand.measure)
        return now - moved >= demand.bound if demand.above else now + moved <= demand.bound

    def pursued(self, ways: Iterable[Way], places: Mapping[str, int]) -> dict[str, float]:
        """The questions behind the way that is met now and hangs on the fewest; how much each could move."""
        met = [way for way in ways if all(self.is_met(demand) for demand in way)]
        found = [self._questions(way) for way in met or ways]
        return min(found, key=lambda keys: (len(keys), sorted(places[_asked(key)] for key in keys)), default={})

    def _questions(self, way: Way) -> dict[str, float]:
        found: dict[str, float] = {}
        for demand in way:
            if self.holds(demand):
                continue
            for move, part in self._moving(demand):
                for key in part.questions:
                    found[key] = found.get(key, 0.0) + move / len(part.questions)
        return found

    def _moving(self, demand: Demand) -> list[tuple[float, Part]]:
        """The parts that could move the sum the wrong way, and by how much."""
        key = (demand.measure, demand.above)
        if key not in self._moves:
            moves = [(_wrong(part, demand), part) for part in self._parts]
            self._moves[key] = [(move, part) for move, part in moves if move > 0]
        return self._moves[key]


def _asked(key: str) -> str:
    return key.replace("bound:", "criterion:", 1)


def _wrong(part: Part, demand: Demand) -> float:
    low, high = part.range.ends(demand.measure)
    now = value(part.now, demand.measure) if part.now else 0.0
    return now - low if demand.above else high - now


def _claims(outcome: Outcome, sums: _Sums) -> list[Claim]:
    """What has to stay for the verdict to stay."""
    verdict = outcome.verdict
    names = [assessment.provider for assessment in outcome.assessments]
    if not names:
        return []
    if not sums.now(Measure("present")):
        return [Claim("stated", [(Demand(Measure("present"), 0, above=False),)])]
    if verdict.kind == "none":
        return [Claim("out", [(Demand(Measure("failed", place), 1),)]) for place in range(len(names))]
    leaders = [place for place, name in enumerate(names) if name in _ahead(verdict)]
    rivals = [place for place in range(len(names)) if place not in leaders]
    standing = {assessment.standing for assessment in outcome.assessments if assessment.provider in _ahead(verdict)}
    is_qualified = "qualified" in standing
    claims = [Claim("stated", [(Demand(Measure("present"), 1),)])]
    claims += [Claim("standing", [_stands(place, is_qualified=is_qualified)]) for place in leaders]
    claims += [Claim("behind", _behind(rival, leaders, sums, is_qualified=is_qualified)) for rival in rivals]
    if verdict.kind == "recommended":
        return claims + [Claim("strength", ways) for ways in _strength(verdict, leaders[0], rivals, sums)]
    together = _together(leaders, sums, is_qualified=is_qualified, is_tie=verdict.kind == "tie")
    return claims + [Claim("level", ways) for ways in together]


def _ahead(verdict: Verdict) -> tuple[str, ...]:
    alone = verdict.provider or verdict.lean
    return (alone,) if alone else verdict.among


def _stands(place: int, *, is_qualified: bool) -> Way:
    """That a leader keeps its standing: qualified has no bad must, unconfirmed no failed one but an unknown one."""
    if is_qualified:
        return (Demand(Measure("bad", place), 0, above=False),)
    return Demand(Measure("failed", place), 0, above=False), Demand(Measure("bad", place), 1)


def _behind(rival: int, leaders: Sequence[int], sums: _Sums, *, is_qualified: bool) -> list[Way]:
    """That a rival stays behind: ruled out, or of lower standing, or with more unknown musts, or a lower score.

    Behind any of several leaders is enough, for these stay level; so it matters not which of them comes first.
    """
    ways: list[Way] = [(Demand(Measure("failed", rival), 1),)]
    worse = Demand(Measure("bad", rival), 1)
    if is_qualified:
        return [*ways, (worse,), *((sums.lead(Measure("expected", leader, rival)),) for leader in leaders)]
    for leader in leaders:
        lead, more = sums.lead(Measure("expected", leader, rival)), Measure("unknown", rival, leader)
        ways += [(worse, Demand(more, 1)), (worse, Demand(more, 0), lead)]
    return ways


def _strength(verdict: Verdict, leader: int, rivals: Sequence[int], sums: _Sums) -> list[list[Way]]:
    """Firm: each rival stays out or below; leaning: one of them stays in and reaches up."""
    if verdict.strength == "firm":
        out = {rival: Demand(Measure("failed", rival), 1) for rival in rivals}
        return [[(out[rival],), (sums.lead(Measure("firm", leader, rival)),)] for rival in rivals]
    dust = sums.near * _DUST / _NEAR
    return [
        [
            (
                Demand(Measure("failed", rival), 0, above=False),
                Demand(Measure("firm", leader, rival), dust, above=False),
            )
            for rival in rivals
        ]
    ]


def _together(leaders: Sequence[int], sums: _Sums, *, is_qualified: bool, is_tie: bool) -> list[list[Way]]:
    """That several leaders stay level; and, qualified ones, that nothing or something of them stays unknown."""
    pairs = list(itertools.combinations(leaders, 2))
    claims: list[list[Way]] = [[sums.even(Measure("expected", one, other))] for one, other in pairs]
    if not is_qualified:
        claims += [[sums.even(Measure("unknown", one, other))] for one, other in pairs]
    elif is_tie:
        claims += [[(sums.even(Measure("spread", place))[1],)] for place in leaders]
    else:
        claims.append([(sums.lead(Measure("spread", place)),) for place in leaders])
    return claims


class Survey(NamedTuple):
    """The answers replayed, the verdict on them, what each finding adds, what is undecided, and what that can do.

    `inside` are the places of the providers that are not ruled out for good; all, where all are. `lost` are the places
    of those that are.
    """

    view: View
    outcome: Outcome
    effects: tuple[Effect, ...]
    parts: tuple[Part, ...]
    proof: Proof
    inside: tuple[int, ...]
    lost: frozenset[int]


def survey_of(state: State) -> Survey:
    """The survey at a state; kept for the next question about it."""
    found: Survey | None = state.catalogue.kept(state.answers)
    if found is None:
        found = _survey(state)
        state.catalogue.keep(state.answers, found)
    return found


def _survey(state: State) -> Survey:
    view = view_of(state)
    outcome = judge_team(view.team, state.catalogue.facts)
    found = effects_of([assessment.findings for assessment in outcome.assessments])
    parts = parts_of(view, outcome, found, state.catalogue)
    effects = tuple(effect for _, effect in found)
    places = range(len(outcome.assessments))
    lost = frozenset(place for place in places if is_out(place, effects, parts))
    inside = tuple(place for place in places if place not in lost)
    proof = prove(outcome, effects, parts, state.catalogue.places)
    return Survey(view, outcome, effects, tuple(parts), proof, inside or tuple(places), lost)
