"""Turn a decision into records: the JSON that other programs rely on, `provider-advisor/recommendation/1`."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from provider_advisor.decision import Assessment, Decision, Finding
from provider_advisor.decision.findings import judge_rule, list_used_facts
from provider_advisor.explanation.answer_records import (
    SCHEMA,
    AnswerRecord,
    BoundWords,
    ConcessionRecord,
    DifferenceRecord,
    EvidenceRecord,
    FindingRecord,
    KnowledgeRecord,
    NothingRecord,
    NoticeRecord,
    ProviderRecord,
    RequirementRecord,
    RestsOnRecord,
    ScoreRecord,
    SetAsideRecord,
    SourceRecord,
    StaleRecord,
    UnlistedRecord,
    VerdictRecord,
)
from provider_advisor.explanation.costs_in_words import record_cost
from provider_advisor.explanation.findings_in_words import (
    RENAMED,
    explain_finding,
    explain_presence,
    list_deciding,
    say_notice,
)
from provider_advisor.explanation.products import (
    find_products,
    record_cautions,
    record_choices,
    record_product_gaps,
)
from provider_advisor.explanation.verdict_in_words import explain_verdict, verdict_in_brief
from provider_advisor.explanation.words import claims_text, joined, member_label, sum_up_grounds, usage_label
from provider_advisor.knowledge import Claim, Criterion, Fact, Facts, KnowledgeBase
from provider_advisor.knowledge.conditions import AT, judged_by
from provider_advisor.logic import Truth
from provider_advisor.requirements import Requirement, Statement, Team, bound_words, statement_record
from provider_advisor.requirements.statement import list_unwanted, record_part
from provider_advisor.requirements.usage import describe_volume


def record_answer(decision: Decision, statement: Statement) -> AnswerRecord:
    """Return the decision on a statement as records, without how sure it is: `recommendation` adds that."""
    knowledge, outcome = decision.facts.knowledge, decision.outcome
    findings = [finding for assessment in outcome.assessments for finding in assessment.findings]
    # Findings, gaps and differences are made once: the verdict's sentence names what the answer lists.
    shown = [_record_finding(finding, decision.facts) for finding in findings]
    claims = [claim for finding in findings for claim in finding.degree.claims]
    used = claims + [claim for price in _list_prices(outcome.assessments) for claim in price.claims]
    notices, gaps = find_notices(decision), record_product_gaps(decision)
    differences = _record_differences(decision)
    asked = _list_asked_members(outcome.team.requirements, knowledge)
    chosen, take = record_choices(decision)
    return AnswerRecord(
        schema=SCHEMA,
        question=statement_record(statement, knowledge),
        notes=[
            *statement.notes,
            *_list_unbounded(outcome.team.requirements, knowledge),
            *_list_general_prices(outcome.team.requirements, asked, knowledge),
            *_describe_usage(outcome.team, knowledge),
        ],
        verdict=VerdictRecord(
            **outcome.verdict.record(), reason=explain_verdict(decision, shown, differences, gaps, notices)
        ),
        providers=[_record_provider(assessment, decision.facts, asked) for assessment in outcome.assessments],
        findings=shown,
        left_out=None,
        requirements=[
            _record_requirement(requirement, knowledge)
            for requirement in (*outcome.inference.requirements, *list_unwanted(outcome.team))
        ],
        set_aside=[
            SetAsideRecord(rule=part.rule, criterion=part.criterion, because=part.because)
            for part in outcome.inference.set_aside
        ],
        combinations=[list(group) for group in decision.combinations],
        concessions=[
            ConcessionRecord(
                drop=[_record_requirement(requirement, knowledge) for requirement in part.dropped],
                verdict=VerdictRecord(
                    **part.verdict.record(),
                    reason=f"Then {verdict_in_brief(part.verdict, knowledge, outcome.verdict)}.",
                ),
            )
            for part in decision.concessions
        ],
        differences=differences,
        confirm=[],
        robustness=NothingRecord(),
        unlisted=[UnlistedRecord(text=part.text, priority=part.priority) for part in outcome.team.unlisted],
        sources=_record_sources(used, notices, knowledge),
        products=find_products(decision),
        chosen=chosen,
        take=take,
        cautions=record_cautions(decision, chosen),
        product_gaps=gaps,
        notices=notices,
        dated_by=[
            StaleRecord(provider=provider, criterion=criterion, as_of=str(decision.facts(provider, criterion).newest))
            for provider, criterion in decision.dated_by
        ],
        knowledge=_record_knowledge(decision, findings, used),
    )


def _list_unbounded(requirements: Iterable[Requirement], knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield a sentence for each must that no provider can fail, because it has no bound."""
    for requirement in requirements:
        criterion = knowledge.criteria[requirement.criterion]
        if requirement.priority == "must" and requirement.bound is None and criterion.kind != "capability":
            sign = "<=" if criterion.lower_is_better else ">="
            # A rating has at least two words; most teams would accept the second best.
            word = criterion.values[1 if criterion.lower_is_better else -2] if criterion.values else ""
            more = ", for example" if word else " and a number"
            yield (
                f"{criterion.label} is a must without a bound, which rules out nobody; to set one, write "
                f"{criterion.id}{sign}{word}{more}."
            )


def _list_general_prices(
    requirements: Sequence[Requirement], asked: Mapping[str, Sequence[str]], knowledge: KnowledgeBase
) -> Iterator[str]:
    """Yield a sentence for each price asked for in general, though members of its list are `asked` for elsewhere."""
    # `sms@br` beside `sms-outbound-price`: what texts to Brazil cost is a price of its own.
    codes = {part.criterion for part in requirements}
    for price in (knowledge.criteria[part.criterion] for part in requirements):
        members = asked.get(price.of_each or "", ()) if price.kind == "price" else ()
        own = [f"{price.id}{AT}{member}" for member in members]
        if own and codes.isdisjoint(own):
            names = joined([member_label(price.id, member, knowledge) for member in members])
            yield f"{price.label} is compared in general, not for {names}; for that, ask for {joined(own)}."


def _list_asked_members(requirements: Iterable[Requirement], knowledge: KnowledgeBase) -> dict[str, list[str]]:
    """Return the members in the team's requirements, by list: for example the countries whose numbers it needs."""
    # For example, `numbers@de|numbers@at` asks for Germany and Austria in the list of countries.
    found: dict[str, list[str]] = {}
    for requirement in requirements:
        asked = knowledge.criteria[requirement.criterion]
        for name in [part.criterion for part in asked.any_of] or [asked.id]:
            of = knowledge.criteria[name].member_of
            listed = None if of is None else knowledge.criteria[of.criterion].of_each
            if of is not None and listed is not None and of.member not in found.setdefault(listed, []):
                found[listed].append(of.member)
    return found


def _record_provider(assessment: Assessment, facts: Facts, asked: Mapping[str, Sequence[str]]) -> ProviderRecord:
    score, knowledge = assessment.score, facts.knowledge
    return ProviderRecord(
        id=assessment.provider,
        name=knowledge.providers[assessment.provider].name,
        standing=assessment.standing,
        score=ScoreRecord(
            proven=score.proven if score else None,
            expected=score.expected if score else None,
            possible=score.possible if score else None,
        ),
        monthly_cost=None if assessment.cost is None else record_cost(assessment.cost, facts, asked),
    )


def _record_finding(finding: Finding, facts: Facts) -> FindingRecord:
    requirement, knowledge = finding.requirement, facts.knowledge
    implied_by = requirement.implied_by[0] if requirement is not None and requirement.implied_by else None
    return FindingRecord(
        provider=finding.provider,
        criterion=requirement.criterion if requirement is not None else None,
        implied_by=list(requirement.implied_by) if requirement is not None else [],
        rule=finding.rule.id if finding.rule is not None else implied_by,
        priority=requirement.priority if requirement is not None else None,
        bound=_record_bound(requirement, knowledge),
        outcome=finding.outcome,
        degree=(finding.degree.low, finding.degree.high),
        expected=finding.degree.expected,
        weight=finding.weight,
        because=explain_presence(finding, knowledge),
        says=explain_finding(finding, facts),
        disputed=any(fact.disputed for fact in list_deciding(finding)),
        evidence=[
            EvidenceRecord(
                source=claim.source,
                line=claim.line,
                as_of=claim.stated.isoformat(),
                place=claim.place,
                evidence=claim.evidence,
                product=claim.product,
                meant=claim.meant,
                note=claim.note,
            )
            for claim in finding.degree.claims
        ],
        stale=_find_stale_day(finding, facts),
    )


def _find_stale_day(finding: Finding, facts: Facts) -> str | None:
    """Return the day of the oldest fact of a rule that favours, if it depends on out-of-date facts."""
    rule = finding.rule
    if rule is None or finding.outcome == "unknown" or not facts.may_be_stale:
        return None
    # Old facts that the rule looks up but does not need are not worth a remark.
    if judge_rule(finding.provider, rule, facts.without_stale()).outcome == finding.outcome:
        return None
    days = [fact.newest for fact in list_used_facts(finding, facts) if facts.is_stale(fact)]
    return min((day.isoformat() for day in days if day is not None), default=None)


def _record_bound(requirement: Requirement | None, knowledge: KnowledgeBase) -> BoundWords | None:
    if requirement is None:
        return None
    return dict(bound_words(requirement.bound, knowledge.criteria[requirement.criterion])) or None


def _record_requirement(requirement: Requirement, knowledge: KnowledgeBase) -> RequirementRecord:
    return RequirementRecord(
        criterion=requirement.criterion,
        label=knowledge.criteria[requirement.criterion].label,
        priority=requirement.priority,
        bound=_record_bound(requirement, knowledge),
        weight=requirement.weight,
        implied_by=list(requirement.implied_by),
        any=[record_part(part, knowledge) for part in knowledge.criteria[requirement.criterion].any_of] or None,
    )


def _describe_usage(team: Team, knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield a sentence on how each volume was read that is not a plain number per month."""
    for name, used in team.usage.items():
        item = knowledge.find_usage(name)
        if item is not None and (sentence := describe_volume(used, item)):
            yield sentence
        # sms-outbound=5000 with sms-outbound@de=3000 is 8000 texts, which a team may not have meant.
        parts = [usage_label(other, knowledge) for other in team.usage if other.startswith(f"{name}{AT}")]
        if parts:
            yield f"{usage_label(name, knowledge)} is counted in addition to {joined(parts)}, not as their total."


def _list_prices(assessments: Iterable[Assessment]) -> list[Fact]:
    """Return the prices behind monthly costs."""
    items = (item for part in assessments if part.cost is not None for item in part.cost.items)
    return [item.price for item in items if item.price is not None]


def find_notices(decision: Decision) -> list[NoticeRecord]:
    """Return the ends and changes of all facts that the answer uses, each once."""
    assessments, facts = decision.outcome.assessments, decision.facts
    used: list[Fact] = []
    for part in assessments:
        used += [fact for finding in part.findings for fact in list_used_facts(finding, facts)]
        used += _list_prices([part])
    found: dict[tuple[Any, ...], NoticeRecord] = {}
    for notice in (notice for fact in used for notice in fact.notices):
        # A new name belongs to the product, and is mentioned once, whatever its criteria.
        asked = "" if notice.kind in RENAMED else notice.criterion
        key = (notice.provider, asked, notice.product, notice.kind, notice.day)
        if key not in found:
            found[key] = NoticeRecord(
                provider=notice.provider,
                product=notice.product,
                criterion=notice.criterion,
                kind=notice.kind,
                day=notice.day.isoformat(),
                stated=None if notice.stated is None else notice.stated.isoformat(),
                source=notice.source,
                line=notice.line,
                says=say_notice(notice, facts.knowledge),
            )
    return list(found.values())


def _record_differences(decision: Decision) -> list[DifferenceRecord]:
    """Return the criteria on which the leaders of a tie are known to differ; nothing for another verdict.

    They are those of the areas that the answer is about: of what is asked, and of what the rules that count favour,
    which may be all that there is. A criterion that is asked within a bound may be among them: 100 and 65 seats both
    meet "at least 60".
    """
    verdict, facts = decision.outcome.verdict, decision.facts
    if verdict.kind != "tie":
        return []
    knowledge, inference = facts.knowledge, decision.outcome.inference
    # Two phone systems that meet all musts may differ in voicemail, which nobody asked for: that is worth a word. What
    # they have of video is not, if no requirement is about video.
    counting = {part.criterion for part in inference.requirements}.union(
        *(judged_by(rule.favours) for rule in inference.favours)
    )
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


def _record_sources(
    used: Sequence[Claim], notices: Iterable[NoticeRecord], knowledge: KnowledgeBase
) -> list[SourceRecord]:
    """Return the sources of claims, exchange rates and notices, in the order of the knowledge base."""
    cited = {claim.source for claim in used} | {rate.source for claim in used for rate in claim.rates}
    cited |= {notice.source for notice in notices if notice.source is not None}
    return [
        SourceRecord(
            id=source.id,
            title=source.title,
            publisher=source.publisher,
            language=source.language,
            url=source.url,
            published="undated" if source.published is None else source.published.isoformat(),
            retrieved=source.retrieved.isoformat(),
            note=source.note,
            no_url=source.no_url,
        )
        for source in knowledge.sources.values()
        if source.id in cited
    ]


def _record_knowledge(decision: Decision, findings: Sequence[Finding], claims: Sequence[Claim]) -> KnowledgeRecord:
    facts = decision.facts
    # A price may be behind a finding and a cost, and is listed once.
    used = {(fact.provider, fact.criterion): fact for finding in findings for fact in list_deciding(finding)}
    assessments = decision.outcome.assessments
    used |= {(fact.provider, fact.criterion): fact for fact in _list_prices(assessments)}
    compared = len(assessments)
    sources, oldest, newest, says = sum_up_grounds(compared, claims, facts)
    scope = facts.base.scope
    return KnowledgeRecord(
        as_of=facts.as_of.isoformat(),
        fingerprint=facts.knowledge.fingerprint,
        **facts.knowledge.edition_data,
        read_from=facts.knowledge.read_from,
        providers=compared,
        sources=sources,
        newest=newest,
        oldest=oldest,
        rests_on=RestsOnRecord(oldest=oldest, newest=newest, says=says),
        only=list(scope.only),
        without=list(scope.without),
        limited_to=list(scope.sources),
        customer_of=list(scope.customer_of),
        stale=[
            StaleRecord(provider=fact.provider, criterion=fact.criterion, as_of=str(fact.newest))
            for _, fact in sorted(used.items())
            if facts.is_stale(fact)
        ],
    )
