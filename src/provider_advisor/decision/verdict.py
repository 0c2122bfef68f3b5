"""Judge who is recommended and how firmly, or why nobody is. The only place where a team's verdict is made.

Answers, questions and all measures of certainty use `judge_ranks`. Only the batch has its own judge, on columns
(`batch/kernel/scores`); tests keep both equal. Strengths are put in words in `explanation/words` and in
`faces/why_wording`. `explanation/answer_records` and `knowledge/shapes/statement_files` repeat their names.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from provider_advisor.decision.findings import Assessment, Finding, Score, Standing, Totals
from provider_advisor.knowledge import Facts, KnowledgeBase
from provider_advisor.knowledge.conditions import judged_by
from provider_advisor.requirements import Team, services_used

Kind = Literal["recommended", "tie", "undetermined", "none"]
Strength = Literal["firm", "dated", "leaning"]

Rank = tuple[int, int, float]
"""The sort key of leaders, lower is better: standing (0 qualified, 1 unconfirmed, 2 ruled out), unknown musts, and the
negative expected score."""

_ORDER: dict[Standing, int] = {"qualified": 0, "unconfirmed": 1, "ruled-out": 2}
_UNCONFIRMED, _RULED_OUT = 1, 2

_NO_WEIGHT = 1e-9
"""The rounding error that may remain of a sum of weights after subtracting all of them."""


class Verdict(NamedTuple):
    """`provider` is set where one is recommended, `lean` where one leads without proof, `among` where several do.

    A strength of "firm" is proven; "dated" is proven only with out-of-date facts (`mark_dated`); "leaning" is not, or
    not where a must is not judged at all (`limit_strength`).
    """

    kind: Kind
    strength: Strength | None = None
    provider: str | None = None
    lean: str | None = None
    among: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """Return the named providers: the recommended one, the lean, or those that are level."""
        return tuple(name for name in (self.provider, self.lean, *self.among) if name is not None)

    @property
    def is_final(self) -> bool:
        """Return whether no unknown fact could change it: the best is proven, or every provider fails a must."""
        return self.strength == "firm" or self.kind == "none"

    def record(self) -> dict[str, Any]:
        """Return the verdict as JSON-ready data."""
        return {**self._asdict(), "among": list(self.among)}


def judge(assessments: Sequence[Assessment]) -> Verdict:
    """Return the verdict on all providers, assessed by the same requirements; their order does not matter.

    Raises ValueError if some have a score and others have none.
    """
    scores = [assessment.score for assessment in assessments]
    if all(score is None for score in scores):
        return Verdict("undetermined")
    return judge_ranked(assessments, [rank(assessment) for assessment in assessments])


def rank(assessment: Assessment) -> Rank:
    """Return the sort key of an assessment. Raises ValueError if it has no score."""
    return _ORDER[assessment.standing], assessment.unknown_musts, -get_score(assessment).expected


def can_lead(rank_: Rank) -> bool:
    """Return whether a provider with this rank can lead: it fails no must."""
    return rank_[0] != _RULED_OUT


def judge_ranked(assessments: Sequence[Assessment], ranks: Sequence[Rank]) -> Verdict:
    """Return the verdict on assessments with scores, whose ranks are known."""
    return judge_ranks(
        [assessment.provider for assessment in assessments],
        ranks,
        lambda place: get_score(assessments[place]).proven,
        lambda place: get_score(assessments[place]).possible,
    )


def get_score(assessment: Assessment) -> Score:
    """Return the score of an assessment. Raises ValueError if it has none, although others have one."""
    if assessment.score is None:
        raise ValueError(f"{assessment.provider} has no score, but other providers have one")
    return assessment.score


def judge_ranks(
    providers: Sequence[str],
    ranks: Sequence[Rank],
    proven: Callable[[int], float],
    possible: Callable[[int], float],
) -> Verdict:
    """Return the verdict from ranks, one for each provider, and from the scores at a place, proven and possible.

    All scores are rounded to nine digits. Only the scores that the verdict depends on are asked for. Proven verdicts
    are firm here, because ranks and scores do not know the age of facts.
    """
    # Standing first, then the number of unknown musts, then the expected score: tuples are compared in this order.
    best = min(ranks)
    leaders = [place for place, rank in enumerate(ranks) if rank == best]
    names = tuple(sorted(providers[place] for place in leaders))
    if best[0] == _RULED_OUT:
        return Verdict("none")
    if best[0] == _UNCONFIRMED:
        return Verdict("undetermined", lean=names[0]) if len(names) == 1 else Verdict("undetermined", among=names)
    certain = proven(leaders[0])
    rivals = (place for place, rank in enumerate(ranks) if rank != best and rank[0] != _RULED_OUT)
    # Strictly below: a rival that can reach exactly the proven score could still make it a tie.
    is_proven = all(possible(rival) < certain for rival in rivals)
    if len(leaders) == 1:
        return Verdict("recommended", "firm" if is_proven else "leaning", names[0])
    # The expected scores are equal; if nothing is unknown, all three are.
    is_tie = is_proven and all(proven(place) == possible(place) for place in leaders)
    return Verdict("tie" if is_tie else "undetermined", among=names)


def judge_totals(totals: Totals, providers: Sequence[str]) -> Verdict:
    """Return the verdict on sums, for the providers of their places.

    It equals that of the findings, unless two scores differ by less than rounding errors of sums. An example: a must of
    weight 4 that the first provider meets and the second does not; then a wish of weight 2 that is unknown of the first
    and met by the second:

    >>> must = Totals(4, (4, 0), (4, 0), (4, 0), (0, 1), (0, 0))
    >>> wish = Totals(2, (0, 2), (1, 2), (2, 2), (0, 0), (0, 0))
    >>> judge_totals(must.plus(wish), ("a", "b"))
    Verdict(kind='recommended', strength='firm', provider='a', lean=None, among=())
    >>> judge_totals(must.plus(wish).minus(must), ("a", "b")).provider
    'b'
    """
    if totals.weight < _NO_WEIGHT or not providers:
        return Verdict("undetermined")
    return judge_ranks(
        providers,
        rank_totals(totals),
        lambda place: totals.score(totals.low[place]),
        lambda place: totals.score(totals.high[place]),
    )


def rank_totals(totals: Totals) -> list[Rank]:
    """Return the sort key for each place, as `rank` does for assessments."""
    return [
        (_RULED_OUT if failed else _UNCONFIRMED if unknown else 0, unknown, -totals.score(expected))
        for failed, unknown, expected in zip(totals.failed, totals.unknown, totals.expected, strict=True)
    ]


def mark_dated(verdict: Verdict, without_stale: Verdict) -> Verdict:
    """Return the verdict; dated if it is proven, but not when every out-of-date fact counts as unknown.

    Knowing less widens every range of scores. So a proof without those facts is for the same provider.
    """
    if verdict.strength == "firm" and without_stale.strength != "firm":
        return verdict._replace(strength="dated")
    return verdict


def limit_strength(verdict: Verdict, team: Team, facts: Facts, judge_without_stale: Callable[[], Verdict]) -> Verdict:
    """Return the verdict; of a proven one, leaning if the team has a must that is not judged, else perhaps dated.

    The leader may fail that must, and newer facts would not make the verdict firm.
    """
    if verdict.strength != "firm":
        return verdict
    if team.has_unlisted_must:
        return verdict._replace(strength="leaning")
    return mark_dated(verdict, judge_without_stale()) if facts.may_be_stale else verdict


def is_beaten(rival: Assessment, leader: Assessment) -> bool:
    """Return whether the rival is ruled out or certainly below the leader."""
    if rival.standing == "ruled-out":
        return True
    return rival.score is not None and leader.score is not None and rival.score.possible < leader.score.proven


def list_criteria_behind(finding: Finding, knowledge: KnowledgeBase) -> set[str]:
    """Return the criteria on whose facts a finding depends: also what a price pays for, and the prices of a cost."""
    criteria = knowledge.criteria
    if finding.cost is not None:
        # Every price model, because the cheapest counts, and which one that is depends on all of them.
        services = services_used(finding.cost.usage, knowledge)
        return {price.id for service in services for price in service.models}
    named = set[str]()
    if finding.requirement is not None:
        name = finding.requirement.criterion
        named = {part.criterion for part in criteria[name].any_of} or {name}
    if finding.rule is not None:
        named |= judged_by(finding.rule.favours)
    return named | {paid_for for criterion in named if (paid_for := criteria[criterion].of) is not None}
