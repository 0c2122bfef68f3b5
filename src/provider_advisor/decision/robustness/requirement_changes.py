"""Find the smallest changes to a team's requirements that would change the verdict's kind or provider.

An example: a fax and at least 90 countries are musts. Acme has the fax and is in 80 countries, all others lack the fax;
so every provider is ruled out. Asking for 80 countries (size 1) changes that, and so does making 90 a wish (2 for a
should, 3 for a could) or dropping it (4). All four are about one requirement and lead to the same kind and provider, so
only the first is named. Dropping the fax may change it too, and is named as well.

Changes are tried on sums: the old finding is subtracted from the totals of all providers and the new one added.
The rule engine runs only for a change after which other rules may fire: rules depend on which criteria are asked, not
on bounds. If a rule favours a fax for teams that need one, the engine runs without the fax, but not for 80 countries.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Literal, NamedTuple

from provider_advisor.decision.decide import Outcome, reassess
from provider_advisor.decision.degrees import Degree
from provider_advisor.decision.findings import (
    Assessment,
    Totals,
    add_up,
    judge_part,
    total_assessments,
    total_degrees,
    weigh_parts,
)
from provider_advisor.decision.robustness.amounts import find_floor, list_past
from provider_advisor.decision.verdict import Verdict, judge_totals, limit_strength, rank_totals
from provider_advisor.inference import Inference, draw_consequences, infer
from provider_advisor.inference.infer import compile_rules, settle_atoms
from provider_advisor.knowledge import Rule
from provider_advisor.knowledge.conditions import Need, judged_by, leaves, list_needed
from provider_advisor.logic import Interval, Number
from provider_advisor.requirements import PRIORITIES, RANK, Requirement, Team

MOST_RUNS = 6
"""Most runs of the rule engine; changes that would need more are left out, the least important first."""

MOST_PAIRS = 40
"""Most pairs of changes to try, the most promising first, if no single change changes the verdict."""

_DIGITS = 9


class RequirementChange(NamedTuple):
    """One stated requirement and its replacement: another bound, another priority, or nothing (None)."""

    requirement: Requirement
    instead: Requirement | None

    @property
    def kind(self) -> Literal["bound", "priority", "drop"]:
        """Return what is changed."""
        if self.instead is None:
            return "drop"
        return "bound" if self.instead.priority == self.requirement.priority else "priority"

    @property
    def size(self) -> int:
        """Return the size of the change: 1 a bound, 2 a priority by one step, 3 by two steps, 4 removal."""
        if self.instead is None:
            return 4
        return 1 + abs(RANK[self.instead.priority] - RANK[self.requirement.priority])


class Turn(NamedTuple):
    """Changes that change the verdict, and the resulting verdict."""

    changes: tuple[RequirementChange, ...]
    verdict: Verdict


class RequirementChanges(NamedTuple):
    """The turns, smallest first; `complete` says whether every change was tried (`MOST_RUNS`, `MOST_PAIRS`)."""

    turns: tuple[Turn, ...]
    complete: bool = True


class _Tried(NamedTuple):
    changes: tuple[RequirementChange, ...]
    requirements: tuple[Requirement, ...]
    verdict: Verdict
    distance: float


def find_changes(outcome: Outcome) -> RequirementChanges:
    """Return the smallest changes of the stated requirements that turn the verdict's kind or provider.

    A change drops one, moves its bound to the nearest amount at which some provider's finding changes and the verdict
    turns, or gives it another priority. Of the changes of one requirement that lead to the same kind and provider only
    the smallest is named; ordered by their size, then by the weight of what they change. If no single one turns the
    verdict, pairs are tried. Changes that would leave no requirement, or one thing twice at one priority, are left out.
    """
    if not outcome.team.requirements or not outcome.assessments:
        return RequirementChanges(())
    search = _ChangeSearch(outcome)
    singles = search.try_all((change,) for change in search.list_single_changes())
    turns = search.choose_smallest(singles)
    if turns:
        return RequirementChanges(turns, search.complete)
    pairs = search.try_all(search.list_pairs(singles))
    return RequirementChanges(search.choose_smallest(pairs), search.complete)


class _ChangeSearch:
    """Changes, tried one after the other."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome, self._facts = outcome, outcome.facts
        self._rerun = _Rerun(outcome)
        self._weights = {
            finding.requirement: finding.weight for finding in outcome.findings if finding.requirement is not None
        }
        # What a rule requires too is joined with it, perhaps under a tighter bound, and found without its bound.
        self._by_criterion = {(part.criterion, part.priority): weight for part, weight in self._weights.items()}
        self._totals = total_assessments(outcome.assessments)
        self._names = [assessment.provider for assessment in outcome.assessments]
        self.complete = True

    def list_single_changes(self) -> Iterator[RequirementChange]:
        """Yield all changes of each requirement: heaviest requirements first, smallest changes first."""
        for requirement in sorted(
            self._outcome.team.requirements, key=lambda part: (-self._get_weight(part), str(part))
        ):
            if requirement.priority == "must" and not self._facts.knowledge.criteria[requirement.criterion].negotiable:
                continue
            for bound in self._move_bound(requirement):
                yield RequirementChange(requirement, requirement._replace(bound=bound))
            others = [requirement._replace(priority=priority) for priority in PRIORITIES]
            changes = [RequirementChange(requirement, other) for other in others if other != requirement]
            yield from sorted(changes, key=lambda change: change.size)
            yield RequirementChange(requirement, None)

    def _get_weight(self, requirement: Requirement) -> float:
        """Return its weight: its own, or that of a rule's requirement on its criterion at its priority."""
        return self._weights.get(
            requirement, self._by_criterion.get((requirement.criterion, requirement.priority), 0.0)
        )

    def _move_bound(self, requirement: Requirement) -> Iterator[Interval]:
        """Yield the bound, wider and wider, then tighter and tighter, to each amount at which a finding changes.

        A wider bound reaches an end of what is known; a tighter one leaves it out, and so lies just past it, as long as
        it leaves an amount in. Towards "more than an amount" that need not be whole there is no nearest one.
        """
        bound = requirement.bound
        if bound is None or requirement.is_absence:
            return
        amounts = [
            amount for each in self._outcome.assessments if (amount := self._get_amount(requirement, each)) is not None
        ]
        ends = sorted({end for amount in amounts for end in (amount.low, amount.high) if end is not None})
        criterion = self._facts.knowledge.criteria[requirement.criterion]
        moved: list[Interval] = []
        tighter: list[Interval] = []
        if bound.low is not None:
            # Nearest first: from just below the bound downwards. "At least 90" is tried at 80 before it is tried at 65.
            moved += [bound._replace(low=end) for end in reversed(ends) if end < bound.low]
            # A provider whose amount ends at 100 fails once the bound is just above: 101 for whole numbers.
            past = list_past([end for end in ends if end >= bound.low], None, criterion)
            tighter += [bound._replace(low=end) for end in past]
        if bound.high is not None:
            upper = sorted({_round_outward(end) for end in ends})
            moved += [bound._replace(high=end) for end in upper if end > bound.high]
            past = list_past([end for end in reversed(ends) if end <= bound.high], find_floor(criterion), criterion)
            tighter += [bound._replace(high=end) for end in past]
        moved += [each for each in tighter if any(not amount.excludes(each) for amount in amounts)]
        yield from (each for each in moved if each != bound and not each.is_empty())

    def _get_amount(self, requirement: Requirement, assessment: Assessment) -> Interval | None:
        if self._facts.knowledge.criteria[requirement.criterion].computed and assessment.cost is not None:
            return assessment.cost.amount
        return self._facts(assessment.provider, requirement.criterion).amount

    def try_all(self, many: Iterable[tuple[RequirementChange, ...]]) -> list[_Tried]:
        """Return the possible changes with the verdict of each."""
        found = []
        for changes in many:
            requirements = _change_requirements(self._outcome.team.requirements, changes)
            if requirements is None:
                continue
            if all(self._rerun.is_alone(change.requirement) for change in changes):
                totals = self._total_with(changes)
            # A run of the engine takes as long as everything else together.
            elif self._rerun.runs >= MOST_RUNS and self._rerun.needs_engine(requirements):
                self.complete = False
                continue
            else:
                totals = self._rerun.total(requirements)
            verdict = judge_totals(totals, self._names)
            found.append(_Tried(changes, requirements, verdict, self._measure_distance(totals)))
        return found

    def _total_with(self, changes: Sequence[RequirementChange]) -> Totals:
        """Return the sums with changes that concern only what is changed."""
        totals = self._totals
        for before, after in changes:
            # Scores are sums, so one requirement is subtracted and its replacement added, independent of the others.
            totals = totals.minus(self._rerun.total_alone(before))
            if after is not None:
                totals = totals.plus(self._rerun.total_alone(after))
        return totals

    def _measure_distance(self, totals: Totals) -> float:
        """Return how far the verdict is from changing: failed musts, unknown musts, or points ahead of the next."""
        before = self._outcome.verdict
        if before.kind == "none":
            return min(totals.failed)
        if before.provider is None:
            # 100 is more than the musts of any usual team: a failed must counts more than all unknown ones together.
            return min(unknown + 100 * failed for failed, unknown in zip(totals.failed, totals.unknown, strict=True))
        # A score is at most 100, so one failed or unknown must counts more than any score.
        ranks = {
            name: 100_000 * failed + 1_000 * unknown + rank[2]
            for name, failed, unknown, rank in zip(
                self._names, totals.failed, totals.unknown, rank_totals(totals), strict=True
            )
        }
        rivals = [rank for name, rank in ranks.items() if name != before.provider]
        return min(rivals, default=math.inf) - ranks[before.provider]

    def choose_smallest(self, tried: Sequence[_Tried]) -> tuple[Turn, ...]:
        """Return those that turn the verdict, smallest first; one for the same requirements, kind and provider."""
        before = self._outcome.verdict
        best: dict[object, _Tried] = {}
        for each in sorted(tried, key=self._order):
            kind, provider = each.verdict.kind, each.verdict.provider
            if (kind, provider) != (before.kind, before.provider):
                best.setdefault((frozenset(part.requirement for part in each.changes), kind, provider), each)
        return tuple(
            Turn(each.changes, self._rerun.mark_strength(each.verdict, each.requirements)) for each in best.values()
        )

    def _order(self, tried: _Tried) -> tuple[int, float, list[str]]:
        """Sort by size, then weight, then text; the sort is stable, so nearer bounds stay before those further off."""
        return (
            sum(change.size for change in tried.changes),
            sum(self._get_weight(change.requirement) for change in tried.changes),
            [f"{change.requirement.criterion} {change.kind}" for change in tried.changes],
        )

    def list_pairs(self, singles: Sequence[_Tried]) -> Iterator[tuple[RequirementChange, ...]]:
        """Yield pairs of changes of two requirements, those closest to another verdict first."""
        promising = sorted(singles, key=lambda each: (each.distance, self._order(each)))
        ranked = sorted(
            # The sum of two places: the first with the second, then the first with the third, and so on outwards.
            itertools.combinations(range(min(len(promising), 2 * MOST_PAIRS)), 2),
            key=lambda two: (sum(two), two),
        )
        pairs = (
            (*promising[one].changes, *promising[two].changes)
            for one, two in ranked
            if promising[one].changes[0].requirement != promising[two].changes[0].requirement
        )
        yield from itertools.islice(pairs, MOST_PAIRS)
        # n changes make about n²/2 pairs.
        if len(singles) ** 2 > 2 * MOST_PAIRS:
            self.complete = False


def _change_requirements(
    stated: Sequence[Requirement], changes: Sequence[RequirementChange]
) -> tuple[Requirement, ...] | None:
    """Return the changed requirements; None if none is left or one thing is asked twice at one priority."""
    instead = {change.requirement: change.instead for change in changes}
    found = [after for before in stated if (after := instead.get(before, before)) is not None]
    if not found or len({(requirement.criterion, requirement.priority) for requirement in found}) < len(found):
        return None
    return tuple(sorted(found, key=lambda requirement: (-RANK[requirement.priority], requirement.criterion)))


def _round_outward(end: Number) -> Number:
    """Return an upper end without binary rounding noise, and never lower than before."""
    rounded = round(end, _DIGITS)
    return rounded if rounded >= end else rounded + 10**-_DIGITS


# Judge a team again with other requirements


class _Rerun:
    """Sums for teams like that of an outcome, with the same situation and usage, and other requirements.

    Which rules fire depends on the criteria that are asked, not on bounds or priorities. So the engine has to run only
    where a criterion that a fired rule depends on is added or dropped, or one that some rule excludes; `runs` counts.
    """

    def __init__(self, outcome: Outcome) -> None:
        self.runs = 0
        self._outcome, self._facts = outcome, outcome.facts
        self._fired = outcome.inference.fired
        to_settle = compile_rules(self._facts.knowledge).to_settle
        self._settled = settle_atoms(to_settle, outcome.team)
        # The criteria on which rules depend (that fired, or that exclude some), that they imply, that they speak of.
        self._matters = {leaf.criterion for rule in self._fired for leaf in leaves(rule.when) if isinstance(leaf, Need)}
        self._matters |= {leaf.criterion for _, when in to_settle for leaf in leaves(when) if isinstance(leaf, Need)}
        self._implied = {part.criterion for rule in self._fired for part in rule.implies}
        self._named = (self._matters | self._implied).union(*(judged_by(rule.favours) for rule in self._fired))
        self._inferred: dict[tuple[Requirement, ...], Inference] = {}
        self._totals: dict[tuple[object, float], Totals] = {}
        rows = zip(*(each.findings for each in outcome.assessments), strict=True)
        # The degrees of each requirement and rule, which are the same at each priority and weight.
        self._degrees: dict[object, list[Degree]] = {
            _key(part): [finding.degree for finding in row]
            for part, row in zip(outcome.inference.judged, rows, strict=True)
        }

    def needs_engine(self, requirements: Iterable[Requirement]) -> bool:
        """Return whether other rules could fire with these stated requirements."""
        asked = Team(tuple(requirements))
        # What a rule implied counts again once its absence is no longer required.
        if (self._outcome.team.refused - asked.refused) & self._implied:
            return True
        # Without a need, a rule that it fired may no longer fire; with a new need, any rule may.
        before, now = self._outcome.team.needed, asked.needed
        return bool((before - now) & self._matters) or not now <= before

    def is_alone(self, requirement: Requirement) -> bool:
        """Return whether nothing else changes with the requirement: no rule that fired names its criterion.

        Where areas are weighed, its weight falls to others of its area.
        """
        return self._named.isdisjoint(list_needed(requirement.criterion)) and not self._outcome.team.weights

    def total(self, requirements: tuple[Requirement, ...]) -> Totals:
        """Return the sums of everything that follows from these stated requirements."""
        judged = self._infer(requirements).judged
        weights = weigh_parts(judged, self._outcome.team.weights, self._facts)
        return add_up(map(self._total_part, judged, weights), len(self._outcome.assessments))

    def total_alone(self, requirement: Requirement) -> Totals:
        """Return what one requirement adds to the sums where areas are not weighed."""
        return self._total_part(requirement, *weigh_parts([requirement], {}, self._facts))

    def mark_strength(self, verdict: Verdict, requirements: tuple[Requirement, ...]) -> Verdict:
        """Return the verdict on these requirements with its strength: dated if only out-of-date facts prove it."""
        names = [each.provider for each in self._outcome.assessments]

        def judge_without_stale() -> Verdict:
            return judge_totals(self._without_stale.total(requirements), names)

        return limit_strength(verdict, self._outcome.team, self._facts, judge_without_stale)

    @cached_property
    def _without_stale(self) -> "_Rerun":
        return _Rerun(reassess(self._outcome, self._facts.without_stale()))

    def _infer(self, requirements: tuple[Requirement, ...]) -> Inference:
        team = self._outcome.team._replace(requirements=requirements)
        if requirements not in self._inferred:
            if self.needs_engine(requirements):
                self.runs += 1
                found = infer(self._facts.knowledge, team)
            else:
                found = draw_consequences(self._fired, team, self._settled, self._facts.knowledge)
            self._inferred[requirements] = found
        return self._inferred[requirements]

    def _total_part(self, part: Requirement | Rule, weight: float) -> Totals:
        must = isinstance(part, Requirement) and part.priority == "must"
        key = (_key(part), must), weight
        if key not in self._totals:
            self._totals[key] = total_degrees(self._grade(part), weight, must=must)
        return self._totals[key]

    def _grade(self, part: Requirement | Rule) -> list[Degree]:
        key = _key(part)
        if key not in self._degrees:
            judged = [judge_part(each.provider, part, self._facts, each.cost) for each in self._outcome.assessments]
            self._degrees[key] = [finding.degree for finding in judged]
        return self._degrees[key]


def _key(part: Requirement | Rule) -> object:
    # A rule is hashed with its whole condition, and its id says as much.
    return (part.criterion, part.bound) if isinstance(part, Requirement) else part.id
