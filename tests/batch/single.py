"""The answers to a table's teams one by one, in the columns of a batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from provider_advisor.batch.kernel.read_row import read_row
from provider_advisor.batch.kernel.scorer import Scorer
from provider_advisor.decision.decide import Decision, Outcome, judge_team
from provider_advisor.decision.findings import Finding
from provider_advisor.decision.verdict import rank
from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.products import find_product_gaps
from provider_advisor.explanation.record_answer import find_notices
from provider_advisor.knowledge import Facts
from provider_advisor.logic import ABSENT
from provider_advisor.requirements import Requirement


def answered(row: Mapping[str, Any], facts: Facts) -> Outcome | str:
    """The outcome for a row, or the sentence that says what is wrong with it."""
    try:
        return judge_team(read_row(row, facts.knowledge), facts)
    except RequirementsError as error:
        return error.reason


def columns_of(outcome: Outcome, facts: Facts) -> dict[str, Any]:
    """What a batch with reasons says of a team."""
    knowledge, verdict = facts.knowledge, outcome.verdict
    found: dict[str, Any] = {
        "verdict": verdict.kind,
        "strength": verdict.strength,
        "provider": verdict.provider,
        "lean": verdict.lean,
        "among": sorted(verdict.among),
        "reasons": _telling(outcome),
        "changes": _changes(outcome),
        "unlisted": [part.text for part in outcome.team.unlisted],
    }
    if any(criterion.same_product for criterion in knowledge.criteria.values()):
        found["other_product"] = sorted(
            {
                f"{part.provider}:{gap.asked.requirement.criterion}"
                for part in outcome.assessments
                if part.provider in verdict.named
                for gap in find_product_gaps(part.findings, knowledge)
            }
        )
    left = [part for part in outcome.assessments if part.standing != "ruled-out" and part.score]
    found["ranking"] = [part.provider for part in sorted(left, key=lambda part: (rank(part), part.provider))]
    for part in outcome.assessments:
        name, amount = part.provider, part.cost.amount if part.cost else None
        found |= {
            f"{name}.standing": part.standing,
            f"{name}.proven": part.score.proven if part.score else None,
            f"{name}.expected": part.score.expected if part.score else None,
            f"{name}.possible": part.score.possible if part.score else None,
            f"{name}.unmet": _musts([finding for finding in part.findings if finding.is_failed_must]),
            f"{name}.unknown": _musts([finding for finding in part.findings if finding.is_unknown_must]),
        }
        if any(knowledge.criteria[claim.criterion].usage for claim in knowledge.providers[name].claims):
            found[f"{name}.monthly_cost_low"] = amount.low if amount else None
            found[f"{name}.monthly_cost_high"] = amount.high if amount else None
    return found


def _musts(findings: list[Finding]) -> list[str]:
    weighed = {(-finding.weight, _spell(finding.requirement)) for finding in findings if finding.requirement}
    return list(dict.fromkeys(criterion for _, criterion in sorted(weighed)))


def _telling(outcome: Outcome) -> list[str]:
    """The findings on which the providers differ, as codes, the weightiest first."""
    weighed = set()
    for beside in zip(*(part.findings for part in outcome.assessments), strict=True):
        if len({(finding.degree.low, finding.degree.high) for finding in beside}) > 1:
            weighed.add((-beside[0].weight, _code(beside[0])))
    return list(dict.fromkeys(code for _, code in sorted(weighed)))


def _changes(outcome: Outcome) -> list[str]:
    """The ends and changes that the answer tells of; those of prices that only a cost uses are in no column."""
    without_cost = outcome._replace(assessments=tuple(part._replace(cost=None) for part in outcome.assessments))
    found = find_notices(Decision(without_cost, (), ()))
    return sorted({f"{part.provider}:{part.criterion}:{part.kind}:{part.day}" for part in found})


def _code(finding: Finding) -> str:
    if finding.requirement is None:
        return f"rule:{finding.rule.id}" if finding.rule else "?"
    criterion, origins = _spell(finding.requirement), finding.requirement.implied_by
    return f"{criterion}<{'+'.join(origins)}" if origins else criterion


def _spell(requirement: Requirement) -> str:
    return requirement.criterion if requirement.bound != ABSENT else f"{requirement.criterion}=no"


def agrees(scorer: Scorer, table: pa.RecordBatch, *, reasons: bool = True) -> None:
    """Hold a scorer to the single answers, row by row and field by field; one without `reasons` has fewer columns."""
    scored = scorer.score(table)
    found = iter(scored.batch.to_pylist())
    verdicts: Counter[tuple[str, ...]] = Counter()
    unjudged = 0
    for place, row in enumerate(table.to_pylist()):
        alone = answered(row, scorer.facts)
        if not isinstance(alone, Outcome):
            assert scored.errors[place] == alone
            continue
        said = next(found)
        expected = columns_of(alone, scorer.facts)
        if not reasons:
            expected = {key: value for key, value in expected.items() if key in said}
        differing = {key: (said[key], value) for key, value in expected.items() if said[key] != value}
        assert not differing, (row, differing)
        assert said["team"] == row["team"]
        verdict = alone.verdict
        unjudged += bool(alone.team.unlisted)
        verdicts[(verdict.kind, verdict.strength or "", verdict.provider or "", verdict.lean or "")] += 1
    assert next(found, None) is None
    assert scored.tally.settle().verdicts == verdicts
    assert scored.tally.settle().unjudged_teams == unjudged
    assert scored.batch.num_rows + len(scored.errors) == table.num_rows
