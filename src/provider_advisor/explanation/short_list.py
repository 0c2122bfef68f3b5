"""Choose which of many providers to show side by side, and say in a line why each other one is not.

An example: of nine providers four are shown. Of the others, "Ada (61.5) and Bob (58)." also meet every must; under what
to ask is "Cleo and Dan: Fax", once for both; under musts that fail are "Eve: Fax" and "Flo: Fax and Whiteboard".
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from provider_advisor.explanation.answer_records import AnswerRecord, FindingRecord, ProviderRecord
from provider_advisor.explanation.words import STANDINGS, criterion_label, joined, shortened, sort_by_standing
from provider_advisor.knowledge import KnowledgeBase

_MOST_MUSTS = 3


def make_short_list(
    answer: AnswerRecord, knowledge: KnowledgeBase, most: int
) -> tuple[list[ProviderRecord], list[tuple[str, list[str]]]]:
    """Return the providers to show side by side, best first, and a line on each other one under a heading."""
    ranked = sort_by_standing(answer.providers)
    if len(ranked) <= most:
        return ranked, []
    findings: dict[str, list[FindingRecord]] = {each.id: [] for each in ranked}
    for finding in answer.findings:
        findings[finding.provider].append(finding)
    shown = _choose_shown(ranked, answer.verdict.named, findings, most)
    qualified, unconfirmed, ruled_out = (
        [each for each in ranked if each.id not in shown and each.standing == standing] for standing in STANDINGS
    )
    to_ask = [(each.name, [part for part in findings[each.id] if part.is_open]) for each in unconfirmed]
    failed = [(each.name, [part for part in findings[each.id] if part.outcome == "unmet"]) for each in ruled_out]
    others = [
        ("Also qualified", [f"{joined(list(map(_name_with_score, qualified)))}."] if qualified else []),
        ("Unconfirmed: what to ask", list(_join_alike(to_ask, knowledge))),
        ("Ruled out: musts that fail", list(_join_alike(failed, knowledge))),
    ]
    return [each for each in ranked if each.id in shown], [(heading, lines) for heading, lines in others if lines]


def _choose_shown(
    ranked: Sequence[ProviderRecord],
    named: Collection[str],
    findings: Mapping[str, Sequence[FindingRecord]],
    most: int,
) -> set[str]:
    """Return the ids of the providers to show side by side.

    Providers that the verdict names are always shown, then the one that scores highest, if only unknown musts put it
    behind them; one that is ruled out is never shown beside others that are not.
    A provider with no known must gets no column beside others, because a column of question marks says nothing.
    """
    leading = [each for each in ranked if each.standing != "ruled-out"]
    best = max(leading, key=lambda each: each.score.expected or 0, default=None)
    first = sorted(ranked, key=lambda each: (each.id not in named, each != best))[:most]
    # The first is one that the verdict names, which is never ruled out, or else the best: if it is ruled out, all are.
    chosen = {each.id for each in first if each.standing != "ruled-out" or first[0].standing == "ruled-out"}
    unknown = {each.id for each in first if _is_unknown(each, findings[each.id])}
    return chosen - (unknown - {*named}) if unknown < chosen else chosen


def _name_with_score(provider: ProviderRecord) -> str:
    # If nothing is asked for, there are no scores.
    expected = provider.score.expected
    return provider.name if expected is None else f"{provider.name} ({round(expected, 1):g})"


def _is_unknown(provider: ProviderRecord, findings: Sequence[FindingRecord]) -> bool:
    musts = [part for part in findings if part.priority == "must"]
    return provider.standing == "unconfirmed" and all(part.outcome == "unknown" for part in musts)


def _join_alike(findings: Iterable[tuple[str, Sequence[FindingRecord]]], knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield a line for each set of musts, with the names of all that have to be asked about them, or that fail them."""
    by_musts: dict[str, list[str]] = {}
    for name, some in findings:
        by_musts.setdefault(_name_musts(some, knowledge), []).append(name)
    yield from (f"{joined(names)}: {musts}" for musts, names in by_musts.items())


def _name_musts(findings: Sequence[FindingRecord], knowledge: KnowledgeBase) -> str:
    """Return at most three of the musts among findings by their labels; an amount without a bound cannot fail.

    What no source states says so: "Fax (implied)".
    """
    musts = ((part, part.criterion) for part in findings if part.priority == "must" and part.criterion is not None)
    labels = [
        criterion_label(name, part.bound, knowledge) + (" (implied)" if part.is_implied else "")
        for part, name in musts
        if part.bound is not None or ((known := knowledge.criteria.get(name)) and known.kind == "capability")
    ]
    return shortened(labels, _MOST_MUSTS)
