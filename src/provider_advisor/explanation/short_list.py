"""Choose who is looked at side by side among many providers, and say in a line each why the others are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from provider_advisor.explanation.model import AnswerRecord, FindingRecord, ProviderRecord
from provider_advisor.explanation.words import criterion_label, joined, shortened, sort_by_standing
from provider_advisor.knowledge import KnowledgeBase

__all__ = ["ShortList", "make_short_list"]

_MOST_MUSTS = 3


class ShortList(NamedTuple):
    """The providers to show side by side, best first, and the others in lines: by their standing, then by score.

    `unconfirmed` says what to ask each, `ruled_out` which musts it fails; `behind` names those that meet every must.
    """

    shown: tuple[ProviderRecord, ...]
    behind: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()
    ruled_out: tuple[str, ...] = ()

    @property
    def parts(self) -> list[tuple[str, tuple[str, ...]]]:
        """Return the lines on the others, each part under its heading."""
        parts = [
            ("Meet every must, with a lower score", self.behind),
            ("Not known to meet every must; what to ask", self.unconfirmed),
            ("Ruled out; the musts that fail", self.ruled_out),
        ]
        return [(heading, lines) for heading, lines in parts if lines]


def make_short_list(answer: AnswerRecord, knowledge: KnowledgeBase, most: int) -> ShortList:
    """Return as many providers as fit beside each other, and a line on each other one; all of them if they fit.

    Whom the verdict names is always shown, and nobody who is ruled out beside others that are not.
    """
    ranked = sort_by_standing(answer.providers)
    if len(ranked) <= most:
        return ShortList(tuple(ranked))
    first = sorted(ranked, key=lambda each: each.id not in answer.verdict.named)[:most]
    chosen = {each.id for each in first if each.standing != "ruled-out" or first[0].standing == "ruled-out"}
    others = [each for each in ranked if each.id not in chosen]
    findings: dict[str, list[FindingRecord]] = {}
    for finding in answer.findings:
        findings.setdefault(finding.provider, []).append(finding)

    def list_of(standing: str, counts: Callable[[FindingRecord], bool]) -> tuple[str, ...]:
        return tuple(
            f"{each.name}: {_name_musts([part for part in findings.get(each.id, []) if counts(part)], knowledge)}"
            for each in others
            if each.standing == standing
        )

    # Where nothing is asked for, nobody has a score.
    behind = [
        each.name if each.score.expected is None else f"{each.name} ({each.score.expected:g})"
        for each in others
        if each.standing == "qualified"
    ]
    return ShortList(
        tuple(each for each in ranked if each.id in chosen),
        (f"{joined(behind)}.",) if behind else (),
        list_of("unconfirmed", lambda part: part.is_open),
        list_of("ruled-out", lambda part: part.outcome == "unmet"),
    )


def _name_musts(findings: Sequence[FindingRecord], knowledge: KnowledgeBase) -> str:
    """Return at most three of the musts among findings by their labels; an amount without a bound cannot fail."""
    labels = [
        criterion_label(part.criterion, part.bound, knowledge)
        for part in findings
        if part.priority == "must"
        and part.criterion is not None
        and (part.bound is not None or _is_capability(part.criterion, knowledge))
    ]
    return shortened(labels, _MOST_MUSTS)


def _is_capability(criterion: str, knowledge: KnowledgeBase) -> bool:
    known = knowledge.criteria.get(criterion)
    return known is not None and known.kind == "capability"
