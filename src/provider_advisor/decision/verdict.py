"""The verdict: who is recommended, how firmly, or why nobody is."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from provider_advisor.decision.findings import Assessment, Score, Standing

__all__ = ["Verdict", "judge"]

_ORDER: dict[Standing, int] = {"qualified": 0, "unconfirmed": 1, "ruled-out": 2}


class Verdict(NamedTuple):
    """`provider` is set where one is recommended, `lean` where one leads without proof, `among` where several do."""

    kind: Literal["recommended", "tie", "undetermined", "none"]
    strength: Literal["firm", "leaning"] | None = None
    provider: str | None = None
    lean: str | None = None
    among: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """The verdict as JSON-ready data."""
        return {**self._asdict(), "among": list(self.among)}


def judge(assessments: Sequence[Assessment]) -> Verdict:
    """The verdict on assessments of all providers against the same requirements; their order does not matter."""
    if not assessments or all(assessment.score is None for assessment in assessments):
        return Verdict("undetermined")
    if all(assessment.standing == "ruled-out" for assessment in assessments):
        return Verdict("none")
    leaders = _leaders(assessments)
    names = tuple(sorted(leader.provider for leader in leaders))
    if leaders[0].standing == "unconfirmed":
        return Verdict("undetermined", lean=names[0]) if len(names) == 1 else Verdict("undetermined", among=names)
    if len(leaders) > 1:
        return Verdict("tie" if _alike(leaders) else "undetermined", among=names)
    strength: Literal["firm", "leaning"] = "firm" if _is_firm(leaders[0], assessments) else "leaning"
    return Verdict("recommended", strength, names[0])


def _leaders(assessments: Sequence[Assessment]) -> list[Assessment]:
    """Those of the best standing, then with the fewest unknown musts, then with the highest expected score."""
    ranks = {assessment.provider: _rank(assessment) for assessment in assessments}
    best = min(ranks.values())
    return [assessment for assessment in assessments if ranks[assessment.provider] == best]


def _rank(assessment: Assessment) -> tuple[int, int, float]:
    return _ORDER[assessment.standing], assessment.unknown_musts, -_score(assessment).expected


def _score(assessment: Assessment) -> Score:
    if assessment.score is None:
        raise ValueError(f"{assessment.provider} has no score beside providers that have one")
    return assessment.score


def _alike(leaders: Sequence[Assessment]) -> bool:
    """Whether they share one score, and nothing in it is unknown."""
    scores = {_score(leader) for leader in leaders}
    return len(scores) == 1 and all(score.proven == score.possible for score in scores)


def _is_firm(leader: Assessment, assessments: Sequence[Assessment]) -> bool:
    """Whether no rival could come out on top, however the unknowns turn out."""
    proven = _score(leader).proven
    rivals = [assessment for assessment in assessments if assessment.provider != leader.provider]
    return all(rival.standing == "ruled-out" or _score(rival).possible < proven for rival in rivals)
