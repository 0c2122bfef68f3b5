"""Explain the verdict in one sentence, and say what would decide a tie or change the verdict.

The sentence agrees with the standings and scores beside it. An example: Ada meets every must and has proven 60 points;
Bob has one must unknown, and 70 points if all turns out well. Ada is recommended, and unknown facts "could still put
Bob ahead". Were Bob's best 60, they "could still make Bob equal"; were it 50, Bob would not be named.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from provider_advisor.decision import Assessment, Decision, Finding, Verdict
from provider_advisor.decision.decide import reassess
from provider_advisor.decision.verdict import get_score
from provider_advisor.explanation.model import (
    AnswerRecord,
    ConfirmRecord,
    DifferenceRecord,
    FindingRecord,
    ProductGapRecord,
)
from provider_advisor.explanation.products import say_product_gaps
from provider_advisor.explanation.words import (
    STRENGTHS,
    age_text,
    claims_text,
    criterion_label,
    join_any,
    joined,
    keep_few,
    requirement_text,
    shortened,
)
from provider_advisor.inference import judged_by
from provider_advisor.knowledge import Criterion, Fact, KnowledgeBase
from provider_advisor.logic import Truth
from provider_advisor.requirements import Team

_MOST_MUSTS = 3
_MOST_DATED = 4
_MOST_RIVALS = 4
"""Most providers to name in one sentence; the others are counted."""

_MORE_FAIL = "more fail a must"
_OVERLAP = "no answer puts another provider ahead, but the ranges of the scores overlap"
_NAME = "\0"
"""A placeholder for a provider's name while comparing sentences; it occurs in no name or sentence."""

_YEAR = 365
"""Days by which a price must be older, if neither its criterion nor the policy says when it is out of date."""

Assessments = Mapping[str, Assessment]


def provider_names(providers: Sequence[str], knowledge: KnowledgeBase) -> str:
    """Return providers by name, as a list in words; of many the first few, and how many more there are."""
    return shortened([knowledge.providers[provider].name for provider in providers])


def in_brief(verdict: Verdict, knowledge: KnowledgeBase, before: Verdict | None = None) -> str:
    """Return a possible verdict in a few words: "Vonage would be recommended (firm)".

    Level providers are not named, so that equal sentences about several providers can be joined.
    """
    if verdict.provider is not None:
        return f"{knowledge.providers[verdict.provider].name} would be recommended ({STRENGTHS[str(verdict.strength)]})"
    if verdict.kind == "none":
        return "every provider compared would fail a must"
    if verdict.kind == "tie":
        return f"{provider_names(verdict.among, knowledge)} would be equal"
    return _undetermined_in_brief(verdict, knowledge, before)


def _undetermined_in_brief(verdict: Verdict, knowledge: KnowledgeBase, before: Verdict | None) -> str:
    if not verdict.named:
        return "nothing would be left to compare the providers by"
    if verdict.lean is not None:
        return f"the answer would be undetermined, leaning to {knowledge.providers[verdict.lean].name}"
    if before is not None and before.kind == "undetermined" and before.lean is None:
        return "the answer would still be undetermined, but between other providers"
    return "the answer would be undetermined"


def explain_verdict(
    decision: Decision,
    findings: Iterable[FindingRecord],
    differences: Sequence[DifferenceRecord],
    gaps: Sequence[ProductGapRecord],
) -> str:
    """Return the verdict and its reason in one sentence, with what to ask first, and what is not judged.

    Findings, differences and gaps are those shown in the answer, so that the sentence agrees with it.
    """
    sentence = _explain_judged(decision, differences)
    apart = say_product_gaps(gaps, decision.outcome.verdict.named, decision.facts.knowledge)
    doubts = (apart, _say_ambiguous(decision, findings), _say_older_price(decision), _say_without_stale(decision))
    more = [clause for clause in (*doubts, count_unjudged(decision.outcome.team)) if clause]
    return f"{_join_clauses([sentence.removesuffix('.'), *more])}." if more else sentence


def _say_ambiguous(decision: Decision, findings: Iterable[FindingRecord]) -> str:
    """Return which musts of the recommended provider are based only on ambiguous texts."""
    knowledge, provider = decision.facts.knowledge, decision.outcome.verdict.provider
    labels = [
        criterion_label(str(finding.criterion), finding.bound, knowledge)
        for finding in findings
        if (finding.provider, finding.priority, finding.outcome) == (provider, "must", "met") and finding.is_ambiguous
    ]
    if provider is None or not labels:
        return ""
    return f"for {knowledge.providers[provider].name}, the texts on {shortened(labels)} are ambiguous"


def _say_without_stale(decision: Decision) -> str:
    """Return which provider would be named without out-of-date facts, if it is another one.

    A dated verdict itself says what it depends on, and a firm one depends on no such fact.
    """
    verdict, facts = decision.outcome.verdict, decision.facts
    if verdict.strength in {"firm", "dated"} or verdict.kind in {"tie", "none"} or not facts.may_be_stale:
        return ""
    fresh = reassess(decision.outcome, facts.without_stale()).verdict
    one, other = (part.provider or part.lean for part in (verdict, fresh))
    if one == other:
        return ""
    is_still_open = verdict.kind == fresh.kind == "undetermined" and other is None
    then = "none would come closest" if is_still_open else in_brief(fresh, facts.knowledge)
    return f"without the facts that are out of date, {then}"


def _say_older_price(decision: Decision) -> str:
    """Return the leader's price that is older than a rival's by more than the time after which prices are out of date.

    An example: Vonage leads because of an SMS price from 2022, and Twilio's is from 2026. Both count as stated; the
    verdict's sentence says that the first is four years older, so that nobody takes it for current.
    """
    verdict, knowledge = decision.outcome.verdict, decision.facts.knowledge
    criteria, leader = knowledge.criteria, verdict.provider or verdict.lean
    left = [part for part in decision.outcome.assessments if part.standing != "ruled-out"]
    own = {price.criterion: price for part in left if part.provider == leader for price in _list_prices(part, criteria)}
    # A newer price would put the rival with the best score ahead.
    for rival in sorted(left, key=lambda part: (-part.score.expected if part.score else 0, part.provider)):
        for price in _list_prices(rival, criteria):
            mine = own.get(price.criterion)
            if leader is None or mine is None or mine.newest is None or price.newest is None:
                continue
            days = (price.newest - mine.newest).days
            if days > (knowledge.get_stale_after(price.criterion) or _YEAR):
                name, other = knowledge.providers[leader].name, knowledge.providers[rival.provider].name
                return (
                    f"but {name}'s {criteria[price.criterion].label} dates from {mine.newest}, {age_text(days)} older "
                    f"than {other}'s, so ask for the current price"
                )
    return ""


def _list_prices(assessment: Assessment, criteria: Mapping[str, Criterion]) -> Iterator[Fact]:
    """Yield the prices with a known amount behind the score or the monthly cost of a provider."""
    for finding in assessment.findings:
        fact = finding.degree.fact
        if fact is not None and fact.amount is not None and criteria[fact.criterion].kind == "price":
            yield fact
    for item in assessment.cost.items if assessment.cost is not None else ():
        if item.price is not None and item.price.amount is not None:
            yield item.price


def count_unjudged(team: Team) -> str:
    """Say how many of a team's requirements no criterion covers: "2 of your 11 requirements are not judged"."""
    count, judged = len(team.unlisted), len(team.requirements)
    if not count:
        return ""
    if judged:
        said = f"{count} of your {count + judged} requirements {'is' if count == 1 else 'are'} not judged"
    else:
        said = "your only requirement is not judged" if count == 1 else f"none of your {count} requirements is judged"
    musts = sum(part.priority == "must" for part in team.unlisted)
    return f"{said} ({musts} must{'s' if musts > 1 else ''})" if musts else said


def _explain_judged(decision: Decision, differences: Sequence[DifferenceRecord]) -> str:
    verdict, knowledge = decision.outcome.verdict, decision.facts.knowledge
    assessments = {assessment.provider: assessment for assessment in decision.outcome.assessments}
    if not assessments:
        return "There are no providers to choose from."
    if verdict.kind == "recommended":
        return _explain_recommended(decision, assessments)
    if verdict.kind == "none":
        return _explain_none(decision, assessments, knowledge)
    if verdict.kind == "tie":
        names = provider_names(verdict.among, knowledge)
        equal = f"{names} are equal in everything that you asked for, and nothing about them is unknown"
        labels = shortened([part.label for part in differences], _MOST_MUSTS)
        return f"{equal}; they are known to differ in {labels}." if labels else f"{equal}."
    if decision.outcome.team.unlisted and _is_nothing_asked(assessments):
        return "Nothing that you ask for can be judged, so nothing can be recommended."
    return _explain_undetermined(verdict, assessments, knowledge)


def _is_nothing_asked(assessments: Assessments) -> bool:
    return all(assessment.score is None for assessment in assessments.values())


def _list_overtakers(leaders: Sequence[str], assessments: Assessments) -> tuple[list[str], list[str]]:
    """Return the rivals that unknown facts could put ahead of qualified leaders, and those that they could make equal.

    Unknown facts belong to one provider each, so a rival can reach its possible score while the leaders are at their
    proven ones; it comes first then if no other qualified provider has proven as much.
    """
    ahead, level = [], []
    for name, rival in assessments.items():
        if name in leaders or rival.standing == "ruled-out":
            continue
        proven = max(
            get_score(a).proven for other, a in assessments.items() if other != name and a.standing == "qualified"
        )
        if get_score(rival).possible > proven:
            ahead.append(name)
        elif get_score(rival).possible == proven:
            level.append(name)
    return ahead, level


def _explain_recommended(decision: Decision, assessments: Assessments) -> str:
    verdict, knowledge = decision.outcome.verdict, decision.facts.knowledge
    provider = str(verdict.provider)
    head = f"{knowledge.providers[provider].name} is recommended ({verdict.strength})"
    if verdict.strength == "dated":
        head = f"{knowledge.providers[provider].name} is recommended, {STRENGTHS['dated']} ({_list_dated(decision)})"
    rivals = [assessment for assessment in assessments.values() if assessment.provider != provider]
    if not rivals:
        return f"{head}: it is the only provider compared, and it fails no must."
    own = get_score(assessments[provider]).proven
    is_beaten = all(rival.standing == "ruled-out" or get_score(rival).possible < own for rival in rivals)
    if verdict.strength == "leaning" and not is_beaten:
        # Imported only for this sentence, because it is as large as the rest of an answer.
        from provider_advisor.decision.robustness.confirm import find_contenders  # noqa: PLC0415

        ahead, level = (_sort_rivals(part, assessments) for part in find_contenders(decision.outcome, decision.facts))
        why = _say_overtakers(ahead, level, "it", knowledge)
        return f"{head}: {_join_clauses([why, *_outscoring([provider], assessments, knowledge)])}."
    # From here on all others are beaten. It may still be leaning, because of a must that no criterion covers, which
    # `count_unjudged` reports.
    outscored = _outscoring([provider], assessments, knowledge)
    if all(rival.standing == "ruled-out" for rival in rivals):
        # For those with a higher score, `outscored` already says which musts they fail.
        lower = [rival for rival in rivals if get_score(rival).expected <= get_score(assessments[provider]).expected]
        failed = [_say_failed(rival, knowledge) for rival in _sort_near(lower)]
        return f"{head}: {joined([*outscored, *keep_few(failed, _MOST_RIVALS, _MORE_FAIL)])}."
    return f"{head}: {_join_clauses(['no unknown fact could put another provider ahead', *outscored])}."


def _sort_rivals(providers: Sequence[str], assessments: Assessments) -> list[str]:
    """Return the rivals with the highest expected score first."""
    return sorted(providers, key=lambda name: (-get_score(assessments[name]).expected, name))


def _sort_near(rivals: Sequence[Assessment]) -> list[Assessment]:
    """Return ruled-out providers in their order if few; of many, those closest to qualifying come first."""
    if len(rivals) <= _MOST_RIVALS + 1:
        return list(rivals)
    failed = {each.provider: sum(part.is_failed_must for part in each.findings) for each in rivals}
    return sorted(rivals, key=lambda each: (failed[each.provider], -get_score(each).expected, each.provider))


def _list_dated(decision: Decision) -> str:
    """Return the out-of-date facts behind a proof: "Acme's Fax and Chat; Brook's Fax; from 2022-11-22"."""
    facts, knowledge = decision.facts, decision.facts.knowledge
    by_provider: dict[str, list[str]] = {}
    for provider, criterion in decision.dated_by:
        by_provider.setdefault(provider, []).append(knowledge.criteria[criterion].label)
    parts = []
    for provider, labels in by_provider.items():
        parts.append(f"{knowledge.providers[provider].name}'s {shortened(labels, _MOST_DATED)}")
    days = sorted({str(facts(*fact).newest) for fact in decision.dated_by})
    when = f"from {days[0]}" if len(days) == 1 else f"from {days[0]} to {days[-1]}" if days else ""
    return f"{'; '.join(parts)}; {when}"


def _join_clauses(clauses: Iterable[str]) -> str:
    """Join the non-empty clauses of a sentence."""
    return "; ".join(clause for clause in clauses if clause)


def _say_overtakers(ahead: Sequence[str], level: Sequence[str], whom: str, knowledge: KnowledgeBase) -> str:
    parts = [f"put {provider_names(ahead, knowledge)} ahead"] if ahead else []
    parts += [f"make {provider_names(level, knowledge)} equal to {whom}"] if level else []
    return f"unknown facts could still {joined(parts)}" if parts else _OVERLAP


def _outscoring(leaders: Sequence[str], assessments: Assessments, knowledge: KnowledgeBase) -> list[str]:
    """Return, for each provider with a higher score than the leaders, the musts that put it behind them."""
    best = max(get_score(assessments[leader]).expected for leader in leaders)
    doubtful = assessments[leaders[0]].standing == "unconfirmed"
    found = []
    higher = [name for name, each in assessments.items() if name not in leaders and get_score(each).expected > best]
    left = len(higher) - _MOST_RIVALS
    for rival in map(assessments.__getitem__, _sort_rivals(higher, assessments)[:_MOST_RIVALS] if left > 1 else higher):
        if rival.standing == "ruled-out":
            found.append(_say_failed(rival, knowledge, " scores higher but"))
            continue
        why = "more of its musts are unknown:" if doubtful else "is not known to meet"
        unknown = _list_musts(rival, lambda finding: finding.is_unknown_must, knowledge)
        found.append(f"{knowledge.providers[rival.provider].name} scores higher but {why} {unknown}")
    return [*found, f"{left} more score higher but are behind because of their musts"] if left > 1 else found


def _say_failed(assessment: Assessment, knowledge: KnowledgeBase, remark: str = "") -> str:
    """Return what rules a provider out: at most three of its failed musts."""
    failed = _list_musts(assessment, lambda finding: finding.is_failed_must, knowledge)
    return f"{knowledge.providers[assessment.provider].name}{remark} fails on {failed}"


def _list_musts(assessment: Assessment, counts: Callable[[Finding], bool], knowledge: KnowledgeBase) -> str:
    found = [
        requirement_text(finding.requirement, knowledge.criteria[finding.requirement.criterion])
        for finding in assessment.findings
        if finding.requirement is not None and counts(finding)
    ]
    return shortened(found, _MOST_MUSTS)


def _explain_none(decision: Decision, assessments: Assessments, knowledge: KnowledgeBase) -> str:
    failed = [_say_failed(assessment, knowledge) for assessment in _sort_near(list(assessments.values()))]
    why = "; ".join(keep_few(failed, _MOST_RIVALS, _MORE_FAIL))
    if decision.combinations:
        why += f"; {provider_names(decision.combinations[0], knowledge)} together do"
    if len(assessments) == 1:
        return f"The only provider compared does not meet everything that you need: {why}."
    return f"None of the {len(assessments)} providers compared meets everything that you need: {why}."


def _explain_undetermined(verdict: Verdict, assessments: Assessments, knowledge: KnowledgeBase) -> str:
    if _is_nothing_asked(assessments):
        return "Nothing was asked for, so nothing can be recommended."
    if verdict.lean is not None:
        name = knowledge.providers[verdict.lean].name
        if len(assessments) == 1:
            return (
                f"Undetermined, leaning to {name}: it may meet every must, but is not known to; no other was compared."
            )
        none = (
            f"none of the {len(assessments)} providers compared is known to meet every must, and {name} comes closest"
        )
        clauses = [none, *_outscoring([verdict.lean], assessments, knowledge)]
        return f"Undetermined, leaning to {name}: {_join_clauses(clauses)}."
    names, leaders = provider_names(verdict.among, knowledge), [assessments[name] for name in verdict.among]
    outscored = _outscoring(verdict.among, assessments, knowledge)
    if leaders[0].standing == "unconfirmed":
        none = "neither" if len(leaders) == 2 else "none"  # noqa: PLR2004 (English)
        why = f"{names} may each meet every must, but {none} of them is known to"
    elif all(get_score(leader).proven == get_score(leader).possible for leader in leaders):
        rivals = _list_overtakers(verdict.among, assessments)
        why = f"{names} are level for now, but {_say_overtakers(*rivals, 'them', knowledge)}"
    else:
        why = f"{names} are level, and unknown facts could decide either way"
    return f"Undetermined: {_join_clauses([why, *outscored])}."


# What would decide a tie


def find_differences_of_leaders(decision: Decision) -> list[DifferenceRecord]:
    """Return the criteria on which the leaders of a tie are known to differ; nothing for another verdict.

    They are those of the areas that the answer is about: of what is asked, and of what the rules that count favour,
    which may be all that there is. A criterion that is asked within a bound may be among them: 100 and 65 seats both
    meet "at least 60".
    """
    verdict, facts = decision.outcome.verdict, decision.facts
    if verdict.kind != "tie":
        return []
    knowledge, inference = facts.knowledge, decision.outcome.inference
    counting = {part.criterion for part in inference.requirements}.union(*map(judged_by, inference.favours))
    areas = {knowledge.criteria[criterion].area for criterion in counting}
    found = []
    for criterion in knowledge.criteria.values():
        if criterion.area in areas and not criterion.computed:
            known = [facts(provider, criterion.id) for provider in verdict.among]
            if any(_differ(*pair) for pair in itertools.combinations(known, 2)):
                found.append(_record_difference(criterion, known, knowledge))
    return found


def _differ(one: Fact, other: Fact) -> bool:
    """Return whether two facts are known and cannot be the same."""
    if one.amount is not None and other.amount is not None:
        return one.amount.excludes(other.amount)
    return {one.truth, other.truth} == {Truth.YES, Truth.NO}


def _record_difference(criterion: Criterion, known: Sequence[Fact], knowledge: KnowledgeBase) -> DifferenceRecord:
    says: dict[str, list[str]] = {}
    for fact in known:
        says.setdefault(_describe_known(fact), []).append(knowledge.providers[fact.provider].name)
    parts = [f"{what} ({joined(names)})" for what, names in says.items()]
    return DifferenceRecord(
        criterion=criterion.id, label=criterion.label, says=f"{criterion.label}: {'; '.join(parts)}."
    )


def _describe_known(fact: Fact) -> str:
    if fact.amount is not None:
        return claims_text(fact.claims)
    return {Truth.YES: "yes", Truth.NO: "no", Truth.UNKNOWN: "not known"}[fact.truth]


# What would change it


def list_concessions(answer: AnswerRecord, knowledge: KnowledgeBase) -> list[str]:
    """Return what the team could do without, and the verdict that this leads to: "Without Fax: Acme would be …"."""
    return [
        f"Without {joined([criterion_label(part.criterion, part.bound, knowledge) for part in concession.drop])}: "
        f"{concession.verdict.reason.removeprefix('Then ')}"
        for concession in answer.concessions
    ]


def list_combinations(answer: AnswerRecord) -> list[str]:
    """Return the providers that meet every must only together."""
    names = {provider.id: provider.name for provider in answer.providers}
    groups = [joined([names.get(provider, provider) for provider in group]) for group in answer.combinations]
    return [f"{group} together meet every must." for group in groups]


class QuestionGroup(NamedTuple):
    """What to ask, and that with what the answers lead to, in sentences; `parts` are those that are alike."""

    asked: tuple[str, ...]
    says: str
    parts: tuple[ConfirmRecord, ...]


def group_questions(answer: AnswerRecord) -> list[QuestionGroup]:
    """Return what to confirm, most useful first; what is asked alike of several providers, with like answers, is one.

    Questions whose answers name the provider stay apart: "if yes, Acme would be recommended".
    """
    names = {provider.id: provider.name for provider in answer.providers}
    alike: dict[str, list[tuple[str, ConfirmRecord]]] = {}
    for part in answer.confirm:
        name = names.get(part.facts[0].provider, "") if len(part.facts) == 1 else ""
        is_named_once = bool(name) and part.says.count(name) == part.facts[0].question.count(name) == 1
        template = part.says.replace(name, _NAME) if is_named_once else part.says
        alike.setdefault(template, []).append((name, part))
    return [_make_group(template, named) for template, named in alike.items()]


def _make_group(template: str, named: list[tuple[str, ConfirmRecord]]) -> QuestionGroup:
    name, first = named[0]
    parts = tuple(part for _, part in named)
    asked = tuple(fact.question for fact in first.facts)
    if len(parts) == 1:
        return QuestionGroup(asked, first.says, parts)
    together = join_any([each for each, _ in named])
    return QuestionGroup((asked[0].replace(name, together),), template.replace(_NAME, together), parts)
