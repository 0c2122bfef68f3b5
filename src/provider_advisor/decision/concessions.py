"""What a team would have to give up: the smallest sets of musts without which somebody is no longer ruled out."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from provider_advisor.decision.outcome import Outcome, outcome_for
from provider_advisor.decision.verdict import Verdict
from provider_advisor.knowledge import Facts
from provider_advisor.knowledge.conditions import Need, leaves
from provider_advisor.requirements import Requirement, Team

__all__ = ["Concession", "concessions_of"]

_MOST_TRIED = 500


class Concession(NamedTuple):
    """Stated musts to give up, and the verdict without them."""

    dropped: tuple[Requirement, ...]
    verdict: Verdict


def concessions_of(outcome: Outcome, facts: Facts) -> tuple[Concession, ...]:
    """The concessions of a team for which every provider is ruled out, fewest musts first; none for any other team.

    Each is minimal: giving up only a part of it would not do.
    """
    if outcome.verdict.kind != "none":
        return ()
    search = _Search(outcome, facts)
    ways = {way for assessment in outcome.assessments for way in search.ways(assessment.provider)}
    smallest = [way for way in ways if not any(other < way for other in ways)]
    return tuple(
        Concession(_ordered(way), search.outcome(way).verdict)
        for way in sorted(
            smallest, key=lambda way: (len(way), [requirement.criterion for requirement in _ordered(way)])
        )
    )


def _ordered(way: Iterable[Requirement]) -> tuple[Requirement, ...]:
    return tuple(sorted(way, key=lambda requirement: (requirement.criterion, str(requirement.bound))))


class _Search:
    """Outcomes without some of the musts; each is worked out once."""

    def __init__(self, outcome: Outcome, facts: Facts) -> None:
        self._team = outcome.team
        self._facts = facts
        self._found: dict[frozenset[Requirement], Outcome] = {frozenset(): outcome}

    def outcome(self, dropped: frozenset[Requirement]) -> Outcome:
        if dropped not in self._found:
            self._found[dropped] = outcome_for(_without(self._team, dropped), self._facts)
        return self._found[dropped]

    def ways(self, provider: str) -> Iterator[frozenset[Requirement]]:
        """Sets of stated musts without which the provider is not ruled out.

        A stated must that fails has to go in any case; an implied one goes with some stated must that it comes from.
        """
        waiting = deque([frozenset[Requirement]()])
        seen = {frozenset[Requirement]()}
        while waiting and len(seen) <= _MOST_TRIED:
            dropped = waiting.popleft()
            outcome = self.outcome(dropped)
            failed = _failed(outcome, provider)
            stated = frozenset(requirement for requirement in failed if not requirement.implied_by)
            if not failed:
                yield dropped
                continue
            nexts = [stated] if stated else [frozenset([cause]) for cause in _causes(failed[0], outcome)]
            fresh = [dropped | more for more in nexts if dropped | more not in seen]
            seen.update(fresh)
            waiting.extend(fresh)


def _without(team: Team, dropped: frozenset[Requirement]) -> Team:
    return team._replace(
        requirements=tuple(requirement for requirement in team.requirements if requirement not in dropped)
    )


def _failed(outcome: Outcome, provider: str) -> list[Requirement]:
    findings = next(assessment.findings for assessment in outcome.assessments if assessment.provider == provider)
    return [finding.requirement for finding in findings if finding.requirement is not None and finding.is_failed_must]


def _causes(requirement: Requirement, outcome: Outcome) -> list[Requirement]:
    """The stated musts that the rules behind an implied requirement ask about, however long the chain."""
    rules = {firing.rule.id: firing.rule for firing in outcome.inference.firings}
    seen: set[str] = set()
    waiting = [*requirement.implied_by]
    causes: list[Requirement] = []
    while waiting:
        rule = waiting.pop()
        if rule not in seen:
            seen.add(rule)
            asked = {leaf.criterion for leaf in leaves(rules[rule].when) if isinstance(leaf, Need)}
            parts = [part for part in outcome.inference.requirements if part.criterion in asked]
            causes += [part for part in parts if part.priority == "must" and not part.implied_by]
            waiting += [origin for part in parts for origin in part.implied_by]
    return causes
