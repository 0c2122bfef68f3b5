"""Find the answers about one provider that are jointly best, or worst, for it, and who could lead with the best.

The best answers to single questions need not be best together. A rule favours "no fax, or a phone": while both are
unknown, it counts 0.5. With "no fax" it counts 1, and also with "a phone"; but the team asks for the fax too, so fax
and phone together are better than either. So questions that share a finding are answered together; groups without a
common finding add up, and are searched separately.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cache, partial
from typing import NamedTuple

from provider_advisor.decision.cost import Cost
from provider_advisor.decision.decide import Outcome
from provider_advisor.decision.findings import Assessment, Finding, sum_up
from provider_advisor.decision.robustness.alternatives import link_parts
from provider_advisor.decision.robustness.open_facts import OpenFact, find_askable_facts, list_answers
from provider_advisor.decision.robustness.what_if import DUST, Supposing
from provider_advisor.decision.verdict import Rank, can_lead, rank
from provider_advisor.knowledge import Fact
from provider_advisor.logic import Truth
from provider_advisor.requirements.statement import get_ends

MOST_JOINT = 128
"""Most joint answers to one group. With more, the ends are found question by question, or bounded."""


class JointAnswers:
    """The best and the worst joint answers to questions, for the provider of each; each group is searched once."""

    def __init__(self, asked: Sequence[OpenFact], answers: Sequence[Sequence[Fact]], supposing: Supposing) -> None:
        self._asked = asked
        self._answers = answers
        self._supposing = supposing
        # The places of questions that share a finding. A member shares the findings on its criterion, because what
        # exists for one member exists for any (`find_askable_facts`).
        keys = ({(each.provider, use.finding) for use in each.uses} for each in asked)
        self._groups = [sorted(places) for _, places in link_parts(zip(keys, itertools.count()))]
        self._group_of = {place: number for number, group in enumerate(self._groups) for place in group}
        self._ends: dict[tuple[int, ...], tuple[Sequence[Fact], Sequence[Fact]]] = {}

    def find_ends(self, places: Iterable[int]) -> dict[int, tuple[Fact, Fact]]:
        """Return for some of the questions, by place, their answers in the worst and in the best joint answers."""
        by_group: dict[int, list[int]] = {}
        for place in sorted(set(places)):
            if self._answers[place]:
                by_group.setdefault(self._group_of[place], []).append(place)
        found: dict[int, tuple[Fact, Fact]] = {}
        for part in map(tuple, by_group.values()):
            # The search for sets leaves out questions one by one, so that most groups stay the same.
            if part not in self._ends:
                self._ends[part] = self._search(part)
            found |= zip(part, zip(*self._ends[part], strict=True), strict=True)
        return found

    def bound_ranks(self, assessment: Assessment, by_volume: Truth | None = None) -> tuple[Rank, Rank]:
        """Return the worst and the best rank after any answers, or bounds on them.

        They are exact unless a group has more than `MOST_JOINT` joint answers; then its findings count at their ends.
        So does a limit on the cost that no answer settles. `by_volume` says whether such limits are met where only
        the team's volume leaves them open.
        """
        own = [group for group in self._groups if self._asked[group[0]].provider == assessment.provider]
        places = [place for group in own if self._count_joint(group) <= MOST_JOINT for place in group]
        rest = [place for group in own if self._count_joint(group) > MOST_JOINT for place in group]
        # No answer takes a finding past its ends, so these bound the answers to large groups.
        bounded = {use.finding for place in rest for use in self._asked[place].uses}
        ends = self.find_ends(places).values()
        tied = by_volume if assessment.cost is not None and _has_known_prices(assessment.cost) else None
        found = []
        for at, truth in enumerate((Truth.NO, Truth.YES)):
            supposed = tuple(pair[at] for pair in ends)
            after = self._supposing.assess(supposed) if supposed else assessment
            found.append(rank(_take_ends(after, bounded, truth, truth if tied is None else tied)))
        return found[0], found[1]

    def _count_joint(self, group: Iterable[int]) -> int:
        return math.prod(max(1, len(self._answers[place])) for place in group)

    def _search(self, part: tuple[int, ...]) -> tuple[Sequence[Fact], Sequence[Fact]]:
        """Return the worst and the best joint answers to a group of questions."""
        answers = [self._answers[place] for place in part]
        if self._count_joint(part) <= MOST_JOINT:
            ordered = sorted(itertools.product(*answers), key=self._supposing.rate)
            return ordered[0], ordered[-1]
        # Too many to try together: each question by itself, which gives the same unless a `not` ties them.
        singly = [sorted(each, key=lambda answer: self._supposing.rate((answer,))) for each in answers]
        return [each[0] for each in singly], [each[-1] for each in singly]


def _has_known_prices(cost: Cost) -> bool:
    """Return whether a cost is exactly known for each volume; prices by tiers and fees are rather taken for open."""
    facts = [fact for item in cost.items for fact in (item.price, *item.instead) if fact is not None]
    exact = (fact.amount is not None and fact.amount.low == fact.amount.high for fact in facts)
    return not cost.lacks_price and all(exact) and all(low == high for low, high in (fact.terms for fact in facts))


def _take_ends(assessment: Assessment, bounded: AbstractSet[int], truth: Truth, of_cost: Truth) -> Assessment:
    """Return the assessment with its bounded findings, by place, and its open limits on the cost at their ends."""
    # A cost may stay open whatever is answered, if a volume is a range or no price model covers some usage.
    at_ends = bounded | {
        place
        for place, finding in enumerate(assessment.findings)
        if finding.cost is not None and finding.degree.truth is Truth.UNKNOWN
    }
    if not at_ends:
        return assessment
    findings = [
        _settle_at_end(finding, truth if finding.cost is None else of_cost) if place in at_ends else finding
        for place, finding in enumerate(assessment.findings)
    ]
    return sum_up(assessment.provider, findings, assessment.cost)


def _settle_at_end(finding: Finding, truth: Truth) -> Finding:
    """Return an open finding at its best (YES) or at its worst (NO)."""
    degree = finding.degree
    if degree.low == degree.high:
        return finding
    end = degree.high if truth is Truth.YES else degree.low
    settled = None if degree.truth is None else truth
    return finding._replace(degree=degree._replace(low=end, high=end, expected=end, truth=settled))


# Who could lead with its best answers


class Contenders(NamedTuple):
    """The rivals that could lead instead of the providers that do, and those that could at best draw level."""

    ahead: tuple[str, ...]
    level: tuple[str, ...]


def find_contenders(outcome: Outcome) -> Contenders:
    """Return the rivals that some answers to all open questions put ahead of, or level with, those that lead.

    Open facts of different providers are independent. So a rival comes first in some world if its best rank is as good
    as the worst rank of every other provider. If too many answers are tied together (`MOST_JOINT`), a rival is included
    rather than left out. The possible score is too optimistic for this: if several findings depend on one fact, it
    takes each at its best. The volume of the team is the same for all: it is taken to meet all limits on costs that it
    leaves open, and then none.
    """
    supposing, leaders, facts = Supposing(outcome), outcome.verdict.named, outcome.facts

    @cache
    def join(provider: str) -> JointAnswers:
        assessment = next(each for each in outcome.assessments if each.provider == provider)
        asked = find_askable_facts(assessment, facts)
        answers = [[answer.fact for answer in list_answers(fact, facts)] for fact in asked]
        return JointAnswers(asked, answers, supposing)

    def bound(each: Assessment, by_volume: Truth | None) -> tuple[Rank, Rank]:
        return join(each.provider).bound_ranks(each, by_volume)

    ahead: set[str] = set()
    level: set[str] = set()
    for by_volume in _list_volume_states(outcome):
        for rival, best, lowest in list_leading(outcome.assessments, partial(bound, by_volume=by_volume)):
            if rival not in leaders and can_lead(best):
                (level if best == lowest else ahead).add(rival)
    names = [each.provider for each in outcome.assessments]
    return Contenders(
        tuple(name for name in names if name in ahead), tuple(name for name in names if name in level - ahead)
    )


def _list_volume_states(outcome: Outcome) -> tuple[Truth | None, ...]:
    """Return whether limits on costs that only the team's volumes leave open are met: of all providers, or of none.

    Of several volumes each decides about other costs, and a lower limit is met where an upper one is not: None.
    """
    ends = map(get_ends, outcome.team.usage.values())
    costs = [each.requirement for each in outcome.findings if each.cost is not None]
    bounds = [each.bound for each in costs if each is not None and each.bound is not None]
    is_one = sum(end.low != end.high for end in ends) == 1
    return (Truth.NO, Truth.YES) if is_one and bounds and all(bound.low is None for bound in bounds) else (None,)


def list_leading(
    assessments: Iterable[Assessment], bound: Callable[[Assessment], tuple[Rank, Rank]]
) -> Iterator[tuple[str, Rank, Rank]]:
    """Yield who could lead with its best answers, that rank, and the lowest worst rank of the others.

    `bound` finds the worst and the best rank of a provider, and takes long. So the most promising are checked first;
    one that is behind two others at their worst, even with its own highest degrees, is skipped.
    """
    found: dict[str, tuple[Rank, Rank]] = {}
    lowest: list[tuple[Rank, str]] = []
    hopes = {each.provider: _rank_at_best(each) for each in assessments}
    for each in sorted(assessments, key=lambda each: hopes[each.provider]):
        if len(lowest) > 1 and hopes[each.provider] > lowest[1][0]:
            break
        found[each.provider] = bound(each)
        lowest = sorted([*lowest, (found[each.provider][0], each.provider)])[:2]
    for each in assessments:
        _, best = found.get(each.provider, (None, None))
        least = next((rank_ for rank_, name in lowest if name != each.provider), best)
        if best is not None and least is not None and best <= least:
            yield each.provider, best, least


def _rank_at_best(assessment: Assessment) -> Rank:
    """Return a rank that no answers to open questions can improve on."""
    if assessment.score is None or assessment.cost is not None:  # a price changes the cost, and with it findings
        return 0, 0, -math.inf
    now = rank(assessment)
    return 0 if can_lead(now) else now[0], 0, -assessment.score.possible - DUST
