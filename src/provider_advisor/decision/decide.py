"""Decide for a team: infer, find, score, judge; if no single provider fits, find ways out.

An example of the ways out. Fax and video are musts; Acme lacks video, and Brook the fax. Both are ruled out, and the
verdict is none. Acme and Brook are a combination: together they prove both musts. Fax and video are a concession each:
without the fax Brook is no longer ruled out, without video Acme.
"""

import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from provider_advisor.decision.findings import Assessment, Finding, assess_providers
from provider_advisor.decision.verdict import Verdict, is_beaten, judge, limit_strength, list_criteria_behind
from provider_advisor.inference import Inference, infer
from provider_advisor.knowledge import Facts
from provider_advisor.knowledge.conditions import Need, leaves, list_needed
from provider_advisor.logic import Truth
from provider_advisor.requirements import Requirement, Team

_MOST_COMBINATIONS = 200_000
_MOST_CONCESSIONS = 500


DatedFact = tuple[str, str]
"""An out-of-date fact, by provider and criterion."""


class Outcome(NamedTuple):
    """A team's statement and what follows from it; by the facts of a day, the assessments and the verdict."""

    team: Team
    inference: Inference
    facts: Facts
    assessments: tuple[Assessment, ...]
    verdict: Verdict

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return one provider's findings: each has them on the same requirements and rules, in the same order."""
        return self.assessments[0].findings if self.assessments else ()


class Concession(NamedTuple):
    """Stated musts to give up, and the verdict without them."""

    dropped: tuple[Requirement, ...]
    verdict: Verdict


class Decision(NamedTuple):
    """An outcome with its combinations and concessions, and the out-of-date facts that a dated verdict depends on."""

    outcome: Outcome
    combinations: tuple[tuple[str, ...], ...]
    concessions: tuple[Concession, ...]
    dated_by: tuple[DatedFact, ...] = ()

    @property
    def facts(self) -> Facts:
        """Return the facts that it is based on."""
        return self.outcome.facts


def decide(team: Team, facts: Facts) -> Decision:
    """Return the decision for a team, given the facts of a day. Raises EngineError if the rule engine fails."""
    outcome = judge_team(team, facts)
    open_ended = outcome.verdict.kind in {"none", "undetermined"} and facts.knowledge.policy.combinations
    combinations = _find_combinations(outcome) if open_ended else ()
    return Decision(outcome, combinations, _find_concessions(outcome), find_stale_grounds(outcome))


def judge_team(team: Team, facts: Facts) -> Outcome:
    """Return the outcome for a team, given the facts of a day. Raises EngineError if the rule engine fails."""
    return _judge(team, infer(facts.knowledge, team), facts)


def reassess(outcome: Outcome, facts: Facts) -> Outcome:
    """Return a team's outcome with other facts; rules depend only on the team, and need not fire again."""
    return _judge(outcome.team, outcome.inference, facts)


def _judge(team: Team, inference: Inference, facts: Facts) -> Outcome:
    """Return the outcome, with a verdict that is dated if only out-of-date facts prove it."""

    def judge_without_stale() -> Verdict:
        if facts.are_all_stale and len(facts.knowledge.providers) > 1:
            # Then nothing is known: all providers are alike, and no proven score exceeds the possible one of another.
            return Verdict("undetermined")
        return judge(assess_providers(inference, facts.without_stale(), team))

    assessments = assess_providers(inference, facts, team)
    verdict = limit_strength(judge(assessments), team, facts, judge_without_stale)
    return Outcome(team, inference, facts, assessments, verdict)


# Out-of-date facts that a dated verdict depends on


def find_stale_grounds(outcome: Outcome) -> tuple[DatedFact, ...]:
    """Return the out-of-date facts that a dated verdict depends on, by provider and criterion, otherwise nothing.

    Of the leader these are what proves its musts, of each rival what rules it out. Where a rival is only behind, it is
    all that would move the leader's proven score down and the rival's possible one up.

    An example: Ada has a board and Bob has none, both stated three years ago, and a team needs a board. Ada is proven
    to be the best. Without out-of-date facts, nothing is known about either board, so the verdict is dated, and depends
    on both facts. If Bob's fact were from last month, it would depend only on Ada's.
    """
    if outcome.verdict.strength != "dated":
        return ()
    fresh = assess_providers(outcome.inference, outcome.facts.without_stale(), outcome.team)
    again = {each.provider: each for each in fresh}
    before = {each.provider: each for each in outcome.assessments}
    leader = str(outcome.verdict.provider)
    # Only rivals that are no longer beaten matter: for the others, the proof works without out-of-date facts.
    open_again = [name for name in before if name != leader and not is_beaten(again[name], again[leader])]
    by_score = any(before[name].standing != "ruled-out" for name in open_again)
    findings = [_list_weaker(before[leader], again[leader], by_score=by_score)]
    findings += [_list_stronger(before[name], again[name]) for name in open_again]
    found = {fact for part in findings for finding in part for fact in _list_stale_facts(finding, outcome.facts)}
    return tuple(sorted(found))


def _list_weaker(leader: Assessment, again: Assessment, *, by_score: bool) -> Iterator[Finding]:
    """Yield what proves a leader's musts, but not again; and, if it is the score that counts, its proven points."""
    for finding, later in zip(leader.findings, again.findings, strict=True):
        is_must_lost = finding.decides_standing and finding.degree.truth is not later.degree.truth
        if is_must_lost or (by_score and later.degree.low < finding.degree.low):
            yield finding


def _list_stronger(rival: Assessment, again: Assessment) -> Iterator[Finding]:
    """Yield what rules out a rival that is in again; of one that is only behind, what it may then have more."""
    for finding, later in zip(rival.findings, again.findings, strict=True):
        if rival.standing == "ruled-out":
            is_stronger = finding.is_failed_must
        else:
            is_stronger = later.degree.high > finding.degree.high
        if is_stronger:
            yield finding


def _list_stale_facts(finding: Finding, facts: Facts) -> Iterator[DatedFact]:
    # Of a choice, only the deciding parts count.
    deciding = {part.asked.criterion for part in finding.degree.parts}
    criteria = list_criteria_behind(finding, facts.knowledge)
    if deciding:
        criteria = deciding | {of for name in deciding if (of := facts.knowledge.criteria[name].of) is not None}
    for criterion in criteria:
        if facts.is_stale(facts(finding.provider, criterion)):
            yield finding.provider, criterion


# Combinations: the fewest providers that together prove every must


def _find_combinations(outcome: Outcome) -> tuple[tuple[str, ...], ...]:
    """Return the smallest sets of two or more providers that together prove every must, in alphabetical order.

    Musts on a computed criterion are left out: two bills are not one. Empty if one provider proves all musts, if there
    are none, or if no provider proves one of them.
    """
    # Each provider by the set of musts that it proves: two form a combination if their sets cover all musts.
    judged = {each.provider: _find_musts(each, outcome.facts) for each in outcome.assessments}
    proven = {name: {place for place, truth in musts.items() if truth is Truth.YES} for name, musts in judged.items()}
    musts = next(iter(judged.values()), {}).keys()
    # Fifteen providers have 32,000 sets, and none of them proves what no provider proves.
    if not musts or any(found == musts for found in proven.values()) or set().union(*proven.values()) != musts:
        return ()
    useful = sorted(provider for provider, found in proven.items() if found)
    for size in range(2, len(useful) + 1):
        tried = itertools.islice(itertools.combinations(useful, size), _MOST_COMBINATIONS)
        found = tuple(group for group in tried if set().union(*(proven[provider] for provider in group)) == musts)
        if found:
            return found
    return ()


def _find_musts(assessment: Assessment, facts: Facts) -> dict[int, Truth | None]:
    """Return the musts that can fail, by their places among the findings, with their truths."""
    criteria = facts.knowledge.criteria
    return {
        place: finding.degree.truth
        for place, finding in enumerate(assessment.findings)
        if finding.requirement is not None
        and finding.decides_standing
        and not criteria[finding.requirement.criterion].computed
    }


# Concessions: the smallest sets of musts without which some provider is no longer ruled out


def _find_concessions(outcome: Outcome) -> tuple[Concession, ...]:
    """Return the concessions of a team for which every provider is ruled out, fewest musts first; else nothing.

    Each is minimal: giving up only part of it would not be enough.
    """
    if outcome.verdict.kind != "none":
        return ()
    search = _ConcessionSearch(outcome)
    ways = {way for assessment in outcome.assessments for way in search.find_ways(assessment.provider)}
    # `<` means "is a proper subset of": giving up less would be enough.
    smallest = [way for way in ways if not any(other < way for other in ways)]
    return tuple(
        Concession(_sort_requirements(way), search.judge_without(way).verdict)
        for way in sorted(smallest, key=lambda way: (len(way), [part.criterion for part in _sort_requirements(way)]))
    )


def _sort_requirements(way: Iterable[Requirement]) -> tuple[Requirement, ...]:
    return tuple(sorted(way, key=lambda requirement: (requirement.criterion, str(requirement.bound))))


class _ConcessionSearch:
    """Outcomes without some of the musts, each computed once."""

    def __init__(self, outcome: Outcome) -> None:
        self._team, self._facts = outcome.team, outcome.facts
        self._found: dict[frozenset[Requirement], Outcome] = {frozenset(): outcome}

    def judge_without(self, dropped: frozenset[Requirement]) -> Outcome:
        if dropped not in self._found:
            kept = tuple(part for part in self._team.requirements if part not in dropped)
            self._found[dropped] = judge_team(self._team._replace(requirements=kept), self._facts)
        return self._found[dropped]

    def find_ways(self, provider: str) -> Iterator[frozenset[Requirement]]:
        """Yield sets of stated musts without which the provider is not ruled out.

        A stated must that fails has to go in any case; an implied one goes with some stated must that it comes from,
        or that it was joined with. What is not negotiable never goes.
        """
        criteria = self._facts.knowledge.criteria
        # Breadth first, so that the limit only cuts off sets that take the most steps.
        waiting = deque([frozenset[Requirement]()])
        seen = {frozenset[Requirement]()}
        while waiting and len(seen) <= _MOST_CONCESSIONS:
            dropped = waiting.popleft()
            outcome = self.judge_without(dropped)
            findings = next(each.findings for each in outcome.assessments if each.provider == provider)
            failed = [each.requirement for each in findings if each.requirement is not None and each.is_failed_must]
            stated = frozenset(requirement for requirement in failed if not requirement.implied_by)
            if not failed:
                yield dropped
                continue
            # Dropping a must may also drop what it implied, or let another rule fire, so each set is judged from the
            # start.
            nexts = [stated] if stated else [frozenset([cause]) for cause in _find_causes(failed[0], outcome)]
            allowed = [more for more in nexts if all(criteria[part.criterion].negotiable for part in more)]
            fresh = [dropped | more for more in allowed if dropped | more not in seen]
            seen.update(fresh)
            waiting.extend(fresh)


def _find_causes(requirement: Requirement, outcome: Outcome) -> list[Requirement]:
    """Return the stated musts that the rules behind an implied requirement ask about, however long the chain."""
    rules = {rule.id: rule for rule in outcome.inference.fired}
    seen: set[str] = set()
    waiting = [*requirement.implied_by]
    musts = [part for part in outcome.team.requirements if part.priority == "must"]
    # A weaker stated bound is part of the implied one, and may be the one that fails.
    causes = [part for part in musts if part.criterion == requirement.criterion]
    while waiting:
        rule = waiting.pop()
        if rule not in seen:
            seen.add(rule)
            asked = {leaf.criterion for leaf in leaves(rules[rule].when) if isinstance(leaf, Need)}
            causes += [
                part for part in musts if not part.is_absence and not asked.isdisjoint(list_needed(part.criterion))
            ]
            needed = (
                part for part in outcome.inference.requirements if not asked.isdisjoint(list_needed(part.criterion))
            )
            waiting += [origin for part in needed for origin in part.implied_by]
    return causes
