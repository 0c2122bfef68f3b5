"""Judge: who is recommended, how firmly, or why nobody is. The only place where the verdict on a team is made.

Answers, questions and everything that says how sure an answer is end in `judge_ranks`. The batch alone has its own
judge, on columns; tests hold both equal.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from provider_advisor.decision.findings import Assessment, Score, Standing

__all__ = ["Kind", "Rank", "Strength", "Verdict", "judge", "judge_ranks"]

Kind = Literal["recommended", "tie", "undetermined", "none"]
Strength = Literal["firm", "leaning"]

Rank = tuple[int, int, float]
"""What leaders are found by, the lower the better: standing (0 qualified, 1 unconfirmed, 2 ruled out), unknown musts,
and the expected score with a minus."""

_ORDER: dict[Standing, int] = {"qualified": 0, "unconfirmed": 1, "ruled-out": 2}
_UNCONFIRMED, _RULED_OUT = 1, 2


class Verdict(NamedTuple):
    """`provider` is set where one is recommended, `lean` where one leads without proof, `among` where several do."""

    kind: Kind
    strength: Strength | None = None
    provider: str | None = None
    lean: str | None = None
    among: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """Return the verdict as JSON-ready data."""
        return {**self._asdict(), "among": list(self.among)}


def judge(assessments: Sequence[Assessment]) -> Verdict:
    """Return the verdict on all providers, assessed by the same requirements; their order does not matter.

    Raises ValueError where some have a score and others have none.
    """
    scores = [assessment.score for assessment in assessments]
    if all(score is None for score in scores):
        return Verdict("undetermined")
    ranks = [
        (_ORDER[assessment.standing], assessment.unknown_musts, -_known(score, assessment).expected)
        for assessment, score in zip(assessments, scores, strict=True)
    ]
    return judge_ranks(
        [assessment.provider for assessment in assessments],
        ranks,
        lambda place: _known(scores[place], assessments[place]).proven,
        lambda place: _known(scores[place], assessments[place]).possible,
    )


def _known(score: Score | None, assessment: Assessment) -> Score:
    if score is None:
        raise ValueError(f"{assessment.provider} has no score, but other providers have one")
    return score


def judge_ranks(
    providers: Sequence[str],
    ranks: Sequence[Rank],
    proven: Callable[[int], float],
    possible: Callable[[int], float],
) -> Verdict:
    """Return the verdict from ranks, one for each provider, and from the scores at a place, proven and possible.

    All scores are rounded to nine digits. Only the scores that the verdict depends on are asked for.
    """
    best = min(ranks)
    leaders = [place for place, rank in enumerate(ranks) if rank == best]
    names = tuple(sorted(providers[place] for place in leaders))
    if best[0] == _RULED_OUT:
        return Verdict("none")
    if best[0] == _UNCONFIRMED:
        return Verdict("undetermined", lean=names[0]) if len(names) == 1 else Verdict("undetermined", among=names)
    if len(leaders) > 1:
        # The expected scores are equal: where nothing is unknown, so are all three.
        known = all(proven(place) == possible(place) for place in leaders)
        return Verdict("tie" if known else "undetermined", among=names)
    certain = proven(leaders[0])
    rivals = (place for place, rank in enumerate(ranks) if place != leaders[0] and rank[0] != _RULED_OUT)
    firm = all(possible(rival) < certain for rival in rivals)
    return Verdict("recommended", "firm" if firm else "leaning", names[0])
