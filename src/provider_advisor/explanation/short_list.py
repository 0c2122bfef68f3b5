"""Choose which of many providers to show side by side, and say in a line why each other one is not.

An example: of nine providers four are shown. Of the others, "Ada (61.5) and Bob (58)." also meet every must; under what
to ask is "Cleo and Dan: Fax", once for both; under musts that fail are "Eve: Fax" and "Flo: Fax and Whiteboard".
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from provider_advisor.explanation.answer_records import AnswerRecord, FindingRecord, ProviderRecord
from provider_advisor.explanation.words import criterion_label, joined, shortened, sort_by_standing
from provider_advisor.knowledge import KnowledgeBase

_MOST_MUSTS = 3


class ShortList(NamedTuple):
    """The providers to show side by side, best first, and the others in lines, by standing and score.

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
            ("Also qualified", self.behind),
            ("Unconfirmed: what to ask", self.unconfirmed),
            ("Ruled out: musts that fail", self.ruled_out),
        ]
        return [(heading, lines) for heading, lines in parts if lines]


def make_short_list(answer: AnswerRecord, knowledge: KnowledgeBase, most: int) -> ShortList:
    """Return as many providers as fit side by side, and a line on each other one.

    Providers that the verdict names are always shown; one that is ruled out is never shown beside others that are not.
    A provider with no known must gets no column beside others, because a column of question marks says nothing.
    """
    ranked = sort_by_standing(answer.providers)
    if len(ranked) <= most:
        return ShortList(tuple(ranked))
    first = sorted(ranked, key=lambda each: each.id not in answer.verdict.named)[:most]
    findings: dict[str, list[FindingRecord]] = {}
    for finding in answer.findings:
        findings.setdefault(finding.provider, []).append(finding)
    # The first is one that the verdict names, which is never ruled out, or else the best: if it is ruled out, all are.
    chosen = {each.id for each in first if each.standing != "ruled-out" or first[0].standing == "ruled-out"}
    unknown = {each.id for each in first if _is_unknown(each, findings.get(each.id, []))}
    chosen -= unknown - {*answer.verdict.named} if unknown < chosen else set()
    others = [each for each in ranked if each.id not in chosen]

    def list_of(standing: str, counts: Callable[[FindingRecord], bool]) -> list[tuple[str, str]]:
        return [
            (each.name, _name_musts([part for part in findings.get(each.id, []) if counts(part)], knowledge))
            for each in others
            if each.standing == standing
        ]

    # If nothing is asked for, there are no scores.
    behind = [
        each.name if each.score.expected is None else f"{each.name} ({round(each.score.expected, 1):g})"
        for each in others
        if each.standing == "qualified"
    ]
    return ShortList(
        tuple(each for each in ranked if each.id in chosen),
        (f"{joined(behind)}.",) if behind else (),
        tuple(_join_alike(list_of("unconfirmed", lambda part: part.is_open))),
        tuple(_join_alike(list_of("ruled-out", lambda part: part.outcome == "unmet"))),
    )


def _is_unknown(provider: ProviderRecord, findings: Sequence[FindingRecord]) -> bool:
    musts = [part for part in findings if part.priority == "must"]
    return provider.standing == "unconfirmed" and all(part.outcome == "unknown" for part in musts)


def _join_alike(asked: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield a line for each set of musts, with all providers that have to be asked about them, or that fail them."""
    by_musts: dict[str, list[str]] = {}
    for name, musts in asked:
        by_musts.setdefault(musts, []).append(name)
    yield from (f"{joined(names)}: {musts}" for musts, names in by_musts.items())


def _name_musts(findings: Sequence[FindingRecord], knowledge: KnowledgeBase) -> str:
    """Return at most three of the musts among findings by their labels; an amount without a bound cannot fail.

    What no source states says so: "Fax (implied)".
    """
    labels = [
        criterion_label(part.criterion, part.bound, knowledge) + (" (implied)" if part.is_implied else "")
        for part in findings
        if part.priority == "must"
        and part.criterion is not None
        and (part.bound is not None or _is_capability(part.criterion, knowledge))
    ]
    return shortened(labels, _MOST_MUSTS)


def _is_capability(criterion: str, knowledge: KnowledgeBase) -> bool:
    known = knowledge.criteria.get(criterion)
    return known is not None and known.kind == "capability"
