"""Say how sure a recommendation is, as records with sentences.

An example: Acme has a whiteboard and Brook a fax, and it is not known whether Acme has a fax. The team wishes for both,
and Acme is recommended (leaning). How sure that is:

    "The most sensitive weight: Fax: now 4; above 12, Brook would lead."
    "Assuming even odds for each unknown, Acme comes first in 100% of the scenarios and Brook in 0%."
    "The smallest change to your requirements that changes the answer: with Fax as a must. Then Brook would be …"
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from provider_advisor.decision import Finding, Outcome, Verdict
from provider_advisor.decision.robustness import (
    AlternativeShare,
    Estimate,
    PairShare,
    RequirementChange,
    RequirementChanges,
    Shares,
    Tipping,
    Turn,
    WeightRange,
    WeightRanges,
    find_changes,
    find_weight_ranges,
)
from provider_advisor.decision.robustness.amounts import find_nearest_end
from provider_advisor.explanation.answer_records import (
    AskedRecord,
    ChangeRecord,
    EstimateRecord,
    PairShareRecord,
    RequirementChangesRecord,
    RobustnessRecord,
    ShareRecord,
    ThenVerdictRecord,
    TippingRecord,
    TurnRecord,
    WeightedRecord,
    WeightRangeRecord,
    WeightsRecord,
    WorldsRecord,
)
from provider_advisor.explanation.verdict_in_words import provider_names, verdict_in_brief
from provider_advisor.explanation.words import (
    bound_text,
    capital,
    claims_text,
    joined,
    percent,
    quantity_text,
    requirement_text,
    round_share,
)
from provider_advisor.knowledge import Criterion, KnowledgeBase
from provider_advisor.logic import ABSENT, Interval, Number
from provider_advisor.requirements import Requirement, bound_words
from provider_advisor.written_values import number_text

_EVEN = 0.5
_MOST_SHARES = 4
"""Up to this many shares are listed; of the others, only the largest."""


def record_robustness(outcome: Outcome, shares: Shares | None, tippings: Sequence[Tipping]) -> RobustnessRecord:
    """Return how sure the verdict is, with its shares (`calculate_provider_shares`) and its tippings."""
    knowledge = outcome.facts.knowledge
    return RobustnessRecord(
        weights=_record_weights(find_weight_ranges(outcome), outcome.findings, knowledge),
        worlds=_record_worlds(outcome, shares),
        changes=_record_changes(find_changes(outcome), outcome.verdict, knowledge),
        tipping=[_record_tipping(part, knowledge) for part in tippings],
    )


# Weights


def _record_weights(found: WeightRanges, findings: Sequence[Finding], knowledge: KnowledgeBase) -> WeightsRecord:
    ranges = []
    for part in found.ranges:
        finding = findings[part.finding]
        ranges.append(
            WeightRangeRecord(
                **vars(_record_weighted(finding)),
                priority=finding.requirement.priority if finding.requirement is not None else None,
                weight=part.weight,
                low=part.low,
                high=part.high,
                holds_at_low=part.holds_at_low,
                holds_at_high=part.holds_at_high,
                below=list(part.below),
                above=list(part.above),
                says=_say_range(part, finding, knowledge),
            )
        )
    return WeightsRecord(depends=found.depends, ranges=ranges, says=_say_weights(found, findings, knowledge))


def _record_weighted(finding: Finding) -> WeightedRecord:
    requirement = finding.requirement
    bound = requirement.bound if requirement is not None else None
    return WeightedRecord(
        criterion=requirement.criterion if requirement is not None else None,
        rule=finding.rule.id if finding.rule is not None else None,
        bound=None if bound is None or bound == ABSENT else (bound.low, bound.high),
    )


def _say_range(part: WeightRange, finding: Finding, knowledge: KnowledgeBase) -> str:
    label = finding.rule.short if finding.rule is not None else ""
    if finding.requirement is not None:
        label = requirement_text(finding.requirement, knowledge.criteria[finding.requirement.criterion])
    if part.low == 0 and part.high is None:
        return f"{label}: the answer stays the same with any weight (now {number_text(part.weight)})."
    ends = [f"below {_write_weight(part.low)}, {_say_leaders(part.below, knowledge)}"] if part.low > 0 else []
    if part.high is not None:
        ends.append(f"above {_write_weight(part.high)}, {_say_leaders(part.above, knowledge)}")
    return f"{label}: now {number_text(part.weight)}; {'; '.join(ends)}."


def _write_weight(weight: float) -> str:
    # Crossings come out of divisions: 11.999999999999998 is 12, and no reader needs more than 0.6667.
    return number_text(float(f"{weight:.4g}"))


def _say_leaders(leaders: Sequence[str], knowledge: KnowledgeBase) -> str:
    return f"{provider_names(leaders, knowledge)} would {'lead' if len(leaders) == 1 else 'be level'}"


def _say_weights(found: WeightRanges, findings: Sequence[Finding], knowledge: KnowledgeBase) -> str:
    """Return one sentence, with the weight that could move least."""
    if not found.depends:
        return "No weights could change the recommendation: the musts decide it, not the scores."
    moving = [part for part in found.ranges if part.low > 0 or part.high is not None]
    if not moving:
        return "No single weight, however small or large, would change the answer."
    nearest = min(moving, key=find_least_factor)
    return f"The most sensitive weight: {_say_range(nearest, findings[nearest.finding], knowledge)}"


def find_least_factor(part: WeightRange | WeightRangeRecord) -> float:
    """Return the factor by which a weight would have to change, up or down, to change the answer."""
    # With a weight of 4 in a range from 2 to 12, halving it is enough, and raising it takes a factor of 3: 2.
    if not part.weight:  # its area has weight 0
        return float("inf")
    down = part.weight / part.low if part.low > 0 else float("inf")
    return min(down, part.high / part.weight if part.high is not None else float("inf"))


# Scenarios


def _record_worlds(outcome: Outcome, shares: Shares | None) -> WorldsRecord | None:
    if shares is None:
        return None
    knowledge = outcome.facts.knowledge
    return WorldsRecord(
        criteria=[_record_weighted(finding) for finding in outcome.findings],
        providers=[_record_share(share, knowledge) for share in shares.alternatives if share.ranks],
        none=round_share(shares.none),
        given=_record_estimate(shares.given),
        uniform=_record_estimate(shares.uniform),
        ordered=_record_estimate(shares.ordered),
        pairs=[_record_pair(pair, knowledge) for pair in shares.pairs],
        at_worst=shares.at_worst,
        says=say_worlds(outcome, shares),
    )


def _record_share(share: AlternativeShare, knowledge: KnowledgeBase) -> ShareRecord:
    given, first = percent(share.given), percent(share.ranks[0])
    ordered = "" if share.ordered is None else f", in {percent(share.ordered)} with any weights in the same order"
    return ShareRecord(
        provider=share.name,
        given=round_share(share.given),
        first=round_share(share.ranks[0]),
        ranks=[round_share(part) for part in share.ranks],
        central=None if share.central is None else [round_share(weight) for weight in share.central],
        confidence=None if share.confidence is None else round_share(share.confidence),
        ordered=None if share.ordered is None else round_share(share.ordered),
        says=f"{knowledge.providers[share.name].name} comes first in {given} of the scenarios{ordered}, and in {first} "
        "with any weights.",
    )


def _record_pair(pair: PairShare, knowledge: KnowledgeBase) -> PairShareRecord:
    name, other = knowledge.providers[pair.name].name, knowledge.providers[pair.other].name
    level = f", and level with it in {percent(pair.level)}" if pair.level > 0 else ""
    return PairShareRecord(
        provider=pair.name,
        over=pair.other,
        ahead=round_share(pair.ahead),
        level=round_share(pair.level),
        says=f"{name} is ahead of {other} in {percent(pair.ahead)} of the scenarios{level}.",
    )


def _record_estimate(estimate: Estimate) -> EstimateRecord:
    return EstimateRecord(exact=estimate.samples == 0, samples=estimate.samples, error=round_share(estimate.error))


def say_worlds(outcome: Outcome, shares: Shares | None) -> str:
    """Return the shares in words, their assumed odds, and whether another provider comes first more often."""
    if shares is None:
        return ""
    knowledge = outcome.facts.knowledge
    given, rest = [(each.name, each.given) for each in shares.alternatives], ""
    # Five are listed in full: naming the fifth is as short as counting it.
    if len(given) > _MOST_SHARES + 1:
        given, left = _pick_most_often(given, outcome.verdict)
        rest = f"; {_say_others(left)}"
    (name, often), *others = [(knowledge.providers[name].name, percent(often)) for name, often in given]
    said = joined(
        [f"{name} comes first in {often} of the scenarios", *(f"{name} in {often}" for name, often in others)]
    )
    none = f"; in {percent(shares.none)} none of them meets every must" if shares.none > 0 else ""
    give = f", {say_error(shares.given.error)}" if shares.given.error > 0 else ""
    error = f" (estimated{give})" if shares.given.samples else ""
    odds = say_odds(knowledge.policy.unknown, at_worst=shares.at_worst)
    return f"{odds}, {said}{rest}{none}{error}.{_say_ahead(outcome.verdict, shares, knowledge)}"


def say_error(standard_error: float) -> str:
    """Return how far a share that was estimated may be off."""
    # Two standard errors, in percent: in 95 of 100 cases the true share is that near.
    return f"give or take {200 * standard_error:.1f}%"


def _say_others(shares: Sequence[float]) -> str:
    most = max(shares)
    if most < 0.01:  # noqa: PLR2004 (one percent: `percent` has words below it)
        return f"the {len(shares)} others {'each in under 1%' if most else 'in none'}"
    return f"none of the {len(shares)} others in more than {percent(most)}"


def _pick_most_often(
    given: Sequence[tuple[str, float]], verdict: Verdict
) -> tuple[list[tuple[str, float]], list[float]]:
    """Return the leader and the providers with the largest shares, and the shares of all others."""
    leader = verdict.provider or verdict.lean
    ordered = sorted(given, key=lambda part: (part[0] != leader, -part[1], part[0]))
    some = sum(name == leader or share > 0 for name, share in ordered)
    most = min(max(some, 1), _MOST_SHARES)
    return ordered[:most], [share for _, share in ordered[most:]]


def say_odds(unknown: float, *, at_worst: bool) -> str:
    """Return the assumptions behind a share as the beginning of a sentence: how often an unknown fact turns out well.

    With `at_worst`, some amounts are stated by no source; silence is no advantage, so they count at their worst.
    """
    odds = "even odds for each unknown" if unknown == _EVEN else f"a {percent(unknown)} chance that each unknown is met"
    amounts = ", and the worst value for amounts that no source states" if at_worst else ""
    return f"Assuming {odds}{amounts}"


def _say_ahead(verdict: Verdict, shares: Shares, knowledge: KnowledgeBase) -> str:
    """Say who comes first more often than the leader, or that the leader does so in few scenarios."""
    leader = verdict.provider or verdict.lean
    if leader is None:
        return ""
    # Shares that were drawn are estimates, and a lead within twice their standard error is none.
    given = {share.name: share.given for share in shares.alternatives}
    name, margin = knowledge.providers[leader].name, 2 * shares.given.error
    often = [other for other, share in given.items() if share > given[leader] + margin]
    if often:
        return (
            f" {name} leads by what is known today, but {provider_names(often, knowledge)} would come first more often."
        )
    return f" {name} leads, but in fewer than half of the scenarios." if given[leader] < _EVEN else ""


# Changes


def _record_changes(found: RequirementChanges, before: Verdict, knowledge: KnowledgeBase) -> RequirementChangesRecord:
    turns = [_record_turn(turn, before, knowledge) for turn in found.turns]
    if turns:
        said, then = _say_turn(found.turns[0], knowledge), verdict_in_brief(found.turns[0].verdict, knowledge, before)
        says = f"The smallest change to your requirements that changes the answer: {said}. Then {then}."
    elif found.complete:
        says = "No single change to your requirements, and no two together, would change the answer."
    else:
        says = "No change to your requirements was found that changes the answer; not all pairs were tried."
    return RequirementChangesRecord(turns=turns, complete=found.complete, says=says)


def _record_turn(turn: Turn, before: Verdict, knowledge: KnowledgeBase) -> TurnRecord:
    return TurnRecord(
        changes=[
            ChangeRecord(
                kind=change.kind,
                criterion=change.requirement.criterion,
                from_=_record_asked(change.requirement, knowledge),
                to=None if change.instead is None else _record_asked(change.instead, knowledge),
            )
            for change in turn.changes
        ],
        verdict=ThenVerdictRecord(**turn.verdict.record()),
        says=f"{capital(_say_turn(turn, knowledge))}: {verdict_in_brief(turn.verdict, knowledge, before)}.",
    )


def _record_asked(requirement: Requirement, knowledge: KnowledgeBase) -> AskedRecord:
    words = bound_words(requirement.bound, knowledge.criteria[requirement.criterion])
    return AskedRecord(priority=requirement.priority, bound=dict(words) or None)


def _say_turn(turn: Turn, knowledge: KnowledgeBase) -> str:
    return joined([_say_change(change, knowledge) for change in turn.changes])


def _say_change(change: RequirementChange, knowledge: KnowledgeBase) -> str:
    criterion = knowledge.criteria[change.requirement.criterion]
    asked = requirement_text(change.requirement, criterion)
    if change.instead is None:
        return f"without {asked}"
    if change.kind == "bound":
        return f"with {criterion.label}, {_say_moved(change, criterion)}"
    return f"with {asked} as a {change.instead.priority}"


def _say_moved(change: RequirementChange, criterion: Criterion) -> str:
    """Return the new bound in words; an end that was tightened to just past an amount names that one: "below 4 USD"."""
    old, new = change.requirement.bound or Interval(), (change.instead and change.instead.bound) or Interval()
    tightened = [("above", new.low, new._replace(low=None)), ("below", new.high, new._replace(high=None))]
    # A step past 4 USD is 3.9999: "below 4 USD" is what a person would write, and the other end keeps its words.
    for (word, end, kept), before in zip(tightened, (old.low, old.high), strict=True):
        past = find_nearest_end(end, criterion) if end is not None and end != before else None
        if past is not None:
            said = f"{word} {quantity_text(past, criterion.unit)}"
            return joined([part for part in (said, bound_text(kept, criterion)) if part])
    return bound_text(new, criterion)


# Tipping amounts


def _record_tipping(part: Tipping, knowledge: KnowledgeBase) -> TippingRecord:
    criterion, name = knowledge.criteria[part.criterion], knowledge.providers[part.provider].name
    ends = [(part.within.low, "at_least" if part.reached[0] else "more_than")]
    ends += [(part.within.high, "at_most" if part.reached[1] else "less_than")]
    is_word = criterion.kind == "rating"
    known = claims_text(part.known.claims) or "not known"
    return TippingRecord(
        provider=part.provider,
        criterion=part.criterion,
        within={key: criterion.values[int(end)] if is_word else end for end, key in ends if end is not None},
        says=f"{criterion.label} at {name}: {say_within(part, criterion)}, {name} leads (today: {known}).",
    )


def say_within(part: Tipping, criterion: Criterion) -> str:
    """Return the amounts with which a provider leads: "below 0.0064 USD/message"."""
    ends = [
        (part.within.low, "with at least {}" if part.reached[0] else "above {}", ROUND_CEILING),
        (part.within.high, "up to {}" if part.reached[1] else "below {}", ROUND_FLOOR),
    ]
    return joined([words.format(_write_amount(end, criterion, way)) for end, words, way in ends if end is not None])


def _write_amount(end: Number, criterion: Criterion, way: str) -> str:
    """Return an end in five digits, rounded so that what is said stays true."""
    if criterion.kind == "rating":
        return criterion.values[int(end)]
    # Crossings are found to nine digits: 79.999999999 is 80.
    found = Decimal(f"{end:.8g}")
    step = Decimal(1).scaleb(found.adjusted() - 4)
    return quantity_text(float(found.quantize(step, way)), criterion.unit)
