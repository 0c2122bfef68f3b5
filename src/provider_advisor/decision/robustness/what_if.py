"""Judge a team again with other facts: what a provider's answers would change.

Saying how sure an answer is takes hundreds of verdicts, and they share most of their findings. An example: Acme and
Brook are judged on a fax, on 90 countries, and by a rule that favours a fax for teams that need one. If Acme had the
fax, its findings on the fax and of the rule are graded again; its finding on countries, all of Brook's, and which rules
fire stay as they are.
"""

import math
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from provider_advisor.decision.cost import Cost, calculate_cost
from provider_advisor.decision.decide import Outcome, reassess
from provider_advisor.decision.findings import Assessment, Finding, judge_part, sum_up
from provider_advisor.decision.verdict import (
    Rank,
    Verdict,
    is_beaten,
    judge,
    judge_ranked,
    limit_strength,
    list_criteria_behind,
    rank,
)
from provider_advisor.knowledge import Fact
from provider_advisor.knowledge.conditions import AT
from provider_advisor.logic import Interval, Truth

_QUALIFIED, _RULED_OUT = 0, 2
"""The first of a rank."""

DUST = 1e-6
"""Of a score: more than what rounding takes away."""


class _Before(NamedTuple):
    """A provider as it is known: its place among all, its assessment, rank and the places of its failed musts."""

    place: int
    assessment: Assessment
    rank: Rank
    failed: frozenset[int]


class _SupposedFacts(NamedTuple):
    """Facts about a provider, and its assessment and rank if they held."""

    facts: tuple[Fact, ...]
    assessment: Assessment
    rank: Rank


class Supposing:
    """What an outcome would be with other facts.

    Rules depend only on the team, so they need not run again; and findings that do not depend on the changed facts are
    reused. Something must be asked: without any finding, providers have no scores to compare.
    """

    def __init__(self, outcome: Outcome) -> None:
        self._outcome, self._facts = outcome, outcome.facts
        self._known: dict[str, _Before] = {}
        for place, each in enumerate(outcome.assessments):
            failed = frozenset(at for at, finding in enumerate(each.findings) if finding.is_failed_must)
            self._known[each.provider] = _Before(place, each, rank(each), failed)
        self._ranks = [each.rank for each in self._known.values()]
        self._depending, self._alone = self._find_dependencies()
        self._rated: dict[tuple[str, Truth, Interval | None], tuple[bool, int, float]] = {}
        # Keyed by the identity of a tuple of facts, which is kept here, because a search asks for most of them
        # repeatedly, and comparing their claims takes longer than judging again.
        self._found: dict[int, _SupposedFacts] = {}

    def judge(self, supposed: Iterable[Fact]) -> Verdict:
        """Return the verdict if these facts, dated today, replaced the known ones."""
        by_provider: dict[str, list[Fact]] = {}
        for fact in supposed:
            by_provider.setdefault(fact.provider, []).append(fact)
        return self.judge_groups(map(tuple, by_provider.values()))

    def judge_groups(self, groups: Iterable[tuple[Fact, ...]]) -> Verdict:
        """Return the verdict with these facts, given by provider."""
        groups = tuple(groups)
        verdict, team = self.judge_parts(groups), self._outcome.team
        return limit_strength(verdict, team, self._facts, lambda: self._without_stale.judge_parts(groups))

    @cached_property
    def _without_stale(self) -> "Supposing":
        return Supposing(reassess(self._outcome, self._facts.without_stale()))

    def judge_parts(self, parts: Sequence[tuple[Fact, ...]]) -> Verdict:
        """Return the verdict with these facts, given by provider, whatever their age."""
        if len(parts) == 1 and self._stays_behind(*parts):
            return self._before
        assessments, ranks = [*self._outcome.assessments], [*self._ranks]
        for part in parts:
            place = self._known[part[0].provider].place
            _, assessments[place], ranks[place] = self._suppose(part)
        return judge_ranked(assessments, ranks)

    def assess(self, supposed: tuple[Fact, ...]) -> Assessment:
        """Return one provider's assessment with these facts, which are all about it."""
        return self._suppose(supposed).assessment

    def rate(self, supposed: tuple[Fact, ...]) -> tuple[bool, int, float]:
        """Return a key for how good these facts are for a provider: no failed must, few unknown ones, a high score.

        It compares answers to the same questions, in a fraction of the time that ranks take.
        """
        failed = self._known[supposed[0].provider].failed
        if len(supposed) == 1 and supposed[0].criterion in self._alone:
            stands, known, points = self._rate_alone(supposed[0])
            return stands and failed <= self._alone[supposed[0].criterion], known, points
        again, _ = self._find_again(supposed)
        stands, known, points = _rate(again.values())
        return stands and failed <= again.keys(), known, points

    def _rate_alone(self, supposed: Fact) -> tuple[bool, int, float]:
        """Rate a fact whose findings depend on nothing else, so that it is as good for each provider."""
        key = supposed.criterion, supposed.truth, supposed.amount
        if key not in self._rated:
            self._rated[key] = _rate(self._find_again((supposed,))[0].values())
        return self._rated[key]

    # Findings and assessments with other facts

    def _suppose(self, supposed: tuple[Fact, ...]) -> _SupposedFacts:
        if id(supposed) not in self._found:
            provider = supposed[0].provider
            findings = list(self._known[provider].assessment.findings)
            again, cost = self._find_again(supposed)
            for place, finding in again.items():
                findings[place] = finding
            found = sum_up(provider, findings, cost)
            self._found[id(supposed)] = _SupposedFacts(supposed, found, rank(found))
        return self._found[id(supposed)]

    def _find_again(self, supposed: tuple[Fact, ...]) -> tuple[dict[int, Finding], Cost | None]:
        """Return by place the findings on one provider that these facts change, and its cost."""
        provider, facts = supposed[0].provider, self._facts.supposing(*supposed)
        before = self._known[provider].assessment
        cost = before.cost
        # Only a price, which is multiplied by a usage, moves the monthly cost.
        if cost is not None and any(self._facts.knowledge.criteria[fact.criterion].usage for fact in supposed):
            cost = calculate_cost(provider, self._outcome.team.usage, facts)
        found = {}
        for place in self._list_touched(supposed):
            finding, part = before.findings[place], self._outcome.inference.judged[place]
            again = judge_part(provider, part, facts, cost)
            # Weights of areas are shared out among all findings, and do not depend on facts.
            found[place] = again if again.weight == finding.weight else again._replace(weight=finding.weight)
        return found, cost

    def _list_touched(self, supposed: Iterable[Fact]) -> set[int]:
        """Return the places of the findings that depend on facts about a provider."""
        known, touched = self._facts.knowledge.criteria, {fact.criterion for fact in supposed}
        # What exists for one member exists for any.
        touched |= {of for name in touched if (of := known[name].counts_for) is not None}
        return {place for criterion in touched for place in self._depending.get(criterion, ())}

    def _find_dependencies(self) -> tuple[dict[str, list[int]], dict[str, set[int]]]:
        """Return the places of the findings that depend on each criterion, the same for each provider.

        The second are those of capabilities whose findings depend on nothing else.
        """
        places: dict[str, list[int]] = {}
        joint = set[str]()
        criteria = self._facts.knowledge.criteria
        for place, finding in enumerate(self._outcome.findings):
            named = list_criteria_behind(finding, self._facts.knowledge)
            # What exists for no member does not exist for this one.
            behind = named | {of for name in named if (of := criteria[name].counts_for) is not None}
            for criterion in behind:
                places.setdefault(criterion, []).append(place)
            if len(behind) > 1 or finding.cost is not None:
                joint |= behind
        alone = {
            name: set(found)
            for name, found in places.items()
            if name not in joint and AT not in name and criteria[name].kind == "capability"
        }
        return places, alone

    # Answers that leave the verdict as it is, found without judging all providers

    def _stays_behind(self, supposed: tuple[Fact, ...]) -> bool:
        """Return whether one provider, with these facts, stays behind the leaders and does not affect the verdict.

        With many providers this is true for most answers, and saves judging all the others.
        """
        known, before, best = self._known[supposed[0].provider], self._before, self._best
        # A changed leader changes the comparison for all others.
        if known.rank == best:
            return False
        if not self._falls_short(supposed, best) and self._suppose(supposed).rank <= best:
            return False
        # The leader stays; it also stays unproven if another rival prevents a proof anyway.
        if before.provider is not None:
            return len(self._unbeaten - {known.place}) > 0
        # Possible scores matter only for qualified leaders.
        return before.kind == "none" or best[0] > 0

    def _falls_short(self, supposed: tuple[Fact, ...], best: Rank) -> bool:
        """Return whether facts about one provider, each within what is known, certainly leave it behind a rank.

        Knowing more moves a degree within its interval. So an answer can meet the unknown musts that depend on it, and
        raise the score by the unknown part; a failed must stays failed.
        """
        _, before, own, _ = self._known[supposed[0].provider]
        if before.cost is not None or not all(map(self._facts.allows, supposed)):
            return False
        (standing, unknown_now, behind), (best_standing, best_unknown, _) = own, best
        if standing == _RULED_OUT:
            return standing > best_standing
        findings = [before.findings[place] for place in self._list_touched(supposed)]
        unknown = unknown_now - len([each for each in findings if each.is_unknown_must])
        # Even if every answer is yes, it still has more unknown musts, or the leader has none.
        if unknown > 0 and (unknown > best_unknown or best_standing == _QUALIFIED):
            return True
        # Two wishes that weigh 5 of a total of 60, each expected at 0.5, can raise the score by 5 / 60, or 8.3 points:
        # not enough where the leader is 10 ahead.
        gained = sum([each.weight * (each.degree.high - each.degree.expected) for each in findings])
        expected = -behind + 100 * gained / sum([each.weight for each in before.findings]) + DUST
        return (1 if unknown > 0 else 0, unknown, -expected) > best

    @cached_property
    def _before(self) -> Verdict:
        return judge(self._outcome.assessments)

    @cached_property
    def _best(self) -> Rank:
        return min(self._ranks)

    @cached_property
    def _unbeaten(self) -> frozenset[int]:
        """Return the places of the rivals that keep the verdict from being proven."""
        leader = self._known.get(self._before.provider or "")
        return frozenset(
            each.place
            for each in self._known.values()
            if leader is not None and each is not leader and not is_beaten(each.assessment, leader.assessment)
        )


def _rate(findings: Iterable[Finding]) -> tuple[bool, int, float]:
    """Return whether no must fails, minus the unknown ones, and the sum of the expected degrees by weight."""
    findings = tuple(findings)
    return (
        not any(finding.is_failed_must for finding in findings),
        -sum(finding.is_unknown_must for finding in findings),
        math.fsum([each.weight * each.degree.expected for each in findings]),
    )
