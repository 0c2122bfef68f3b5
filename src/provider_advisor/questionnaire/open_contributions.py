"""The undecided parts of a sum: what each may still come to, what it is now, and which answers decide it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from provider_advisor.decision import Finding, Outcome
from provider_advisor.inference import judged_by
from provider_advisor.knowledge import Rule
from provider_advisor.knowledge.conditions import AllOf, AnyOf, Condition, Need
from provider_advisor.knowledge.records import Implied
from provider_advisor.logic import Interval
from provider_advisor.questionnaire.catalogue import Catalogue, Effect, Range
from provider_advisor.questionnaire.deciding_questions import Cuts
from provider_advisor.questionnaire.possible import NO, YES, Reach
from provider_advisor.questionnaire.replay_answers import View
from provider_advisor.requirements import PRIORITIES, RANK, Requirement

__all__ = ["Part", "parts_of"]

_TOP = max(RANK.values())
_BY_RANK = {RANK[priority]: priority for priority in PRIORITIES}


class Part(NamedTuple):
    """Something undecided: the range in which it will be, what it adds now, and the questions that decide it."""

    range: Range
    now: tuple[Effect, ...]
    questions: frozenset[str]


class _Extra(NamedTuple):
    """One requirement that a rule adds, or may add: the lowest and highest rank, and whether it is sure to stand."""

    rule: Rule
    implied: Implied
    low: int
    high: int
    sure: bool


def parts_of(
    view: View, outcome: Outcome, effects: Sequence[tuple[Finding, Effect]], catalogue: Catalogue
) -> list[Part]:
    """Every part of the findings that some further answer could change or add; all other findings are final.

    `effects` are the findings of the outcome, which is that of the view's team.
    """
    fired = frozenset(firing.rule.id for firing in outcome.inference.firings)
    cuts = Cuts(view.reach, catalogue, fired)
    now = _now(effects)
    return [
        *_of_answers(view, now, catalogue),
        *_of_cost(view, now, catalogue),
        *_of_implied(view, now, cuts, catalogue),
        *_of_favours(view, now, cuts, catalogue),
    ]


def _now(effects: Iterable[tuple[Finding, Effect]]) -> Mapping[tuple[str, str], tuple[Effect, ...]]:
    """The effects by what they come from: what the team stated, what rules imply of a criterion, a rule."""
    found: dict[tuple[str, str], tuple[Effect, ...]] = {}
    for finding, effect in effects:
        if finding.requirement is None:
            key = ("rule", finding.rule.id if finding.rule else "")
        else:
            key = ("implied" if finding.requirement.implied_by else "stated", finding.requirement.criterion)
        found[key] = (*found.get(key, ()), effect)
    return found


def _of_answers(view: View, now: Mapping[tuple[str, str], tuple[Effect, ...]], catalogue: Catalogue) -> Iterator[Part]:
    """Criteria that may still be asked for, and bounds that may still be named."""
    said, reach = view.said, view.reach
    for name, criterion in catalogue.knowledge.criteria.items():
        if criterion.computed:
            continue
        if name in said.priorities:
            if criterion.kind != "capability" and f"bound:{name}" not in said.final:
                range_ = catalogue.any_of(name, said.priorities[name])
                yield Part(range_, now.get(("stated", name), ()), frozenset([f"bound:{name}"]))
        elif f"criterion:{name}" in reach.open:
            yield Part(catalogue.any_of(name), (), frozenset([f"criterion:{name}"]))


def _of_cost(view: View, now: Mapping[tuple[str, str], tuple[Effect, ...]], catalogue: Catalogue) -> Iterator[Part]:
    """The criterion that is computed from usage: of any degree until all usage is final."""
    computed, said = catalogue.computed, view.said
    if computed is None:
        return
    name = computed.id
    asked, bounded = name in said.priorities, f"bound:{name}" in said.final
    volumes = frozenset(key for key in view.reach.open if key.startswith("usage:"))
    own = frozenset([] if asked else [f"criterion:{name}"]) & view.reach.open
    if not asked and not own:
        return
    if volumes:
        weights = [catalogue.weight(name, priority) for priority in PRIORITIES]
        weight = catalogue.weight(name, said.priorities[name]) if asked else max(weights)
        questions = own or (volumes | ({f"bound:{name}"} - said.final))
        yield Part(Range((), weight=weight), now.get(("stated", name), ()), questions)
    elif view.team.usage and not (asked and bounded):
        range_ = catalogue.of_cost(view.team, said.priorities.get(name) if asked else None)
        yield Part(range_, now.get(("stated", name), ()), own or frozenset([f"bound:{name}"]))


def _of_implied(
    view: View, now: Mapping[tuple[str, str], tuple[Effect, ...]], cuts: Cuts, catalogue: Catalogue
) -> Iterator[Part]:
    """Requirements that rules add, or may add, by criterion."""
    for name, extras in _extras(view, catalogue).items():
        if all(extra.sure and extra.low == extra.high for extra in extras):
            continue
        questions = frozenset().union(*(cuts.of_extra(extra.rule, sure=extra.sure) for extra in extras))
        own = {f"criterion:{name}", f"bound:{name}"} & (view.reach.open | _unbounded(view, name, catalogue))
        yield Part(_range(name, extras, catalogue), now.get(("implied", name), ()), questions | own)


def _unbounded(view: View, name: str, catalogue: Catalogue) -> set[str]:
    if catalogue.knowledge.criteria[name].kind == "capability":
        return set()
    asked = name in view.said.priorities and f"bound:{name}" not in view.said.final
    return {f"bound:{name}"} if asked else set()


def _extras(view: View, catalogue: Catalogue) -> dict[str, list[_Extra]]:
    """By criterion, what rules may add to it beside what is stated for good."""
    stated = {part.criterion: part for part in view.team.requirements}
    low = {name: RANK[part.priority] for name, part in stated.items()}
    high = {name: _TOP if truth & YES else 0 for name, truth in view.reach.stated.items()} | low
    found: dict[str, list[_Extra]] = {}
    for rule in catalogue.knowledge.rules.values():
        if not view.reach.fires(rule):
            continue
        least, most = _cap(rule.when, view.reach, low, high)
        for part in rule.implies:
            extra = _beside(_extra(rule, part, (least, most), view.reach), stated.get(part.criterion), view)
            if extra is None:
                continue
            high[part.criterion] = max(high.get(part.criterion, 0), extra.high)
            if extra.sure:
                low[part.criterion] = max(low.get(part.criterion, 0), extra.low)
            left = _left(extra, stated.get(part.criterion), view)
            if left is not None:
                found.setdefault(part.criterion, []).append(left)
    return found


def _extra(rule: Rule, part: Implied, caps: tuple[int, int], reach: Reach) -> _Extra:
    least, most = (max(1, min(RANK[part.priority], cap)) for cap in caps)
    return _Extra(rule, part, least, most, reach.is_sure(rule))


def _cap(condition: Condition, reach: Reach, low: Mapping[str, int], high: Mapping[str, int]) -> tuple[int, int]:
    """The least and the most of the highest rank that the needs under the condition allow."""
    if isinstance(condition, Need):
        return low.get(condition.criterion, 0), high.get(condition.criterion, 0)
    if isinstance(condition, AllOf | AnyOf):
        ends = [_cap(part, reach, low, high) for part in condition.parts]
        pick = min if isinstance(condition, AllOf) else max
        return pick(end[0] for end in ends), pick(end[1] for end in ends)
    truths = reach.may_be(condition)
    return (_TOP if truths == YES else 0), (_TOP if truths & YES else 0)


def _beside(extra: _Extra, stated: Requirement | None, view: View) -> _Extra | None:
    """The extra beside what is stated on its criterion: None if that contradicts it, not sure if that might."""
    bound = extra.implied.bound
    if stated is None:
        may_be_stated = view.reach.stated[extra.implied.criterion] != NO
        return extra._replace(sure=extra.sure and not may_be_stated)
    if bound is None:
        return extra
    if f"bound:{stated.criterion}" not in view.said.final:
        return extra._replace(sure=False)
    if stated.bound is None or not bound.excludes(stated.bound):
        return extra
    is_must = extra.implied.priority == "must"
    return extra._replace(sure=False) if is_must else None


def _left(extra: _Extra, stated: Requirement | None, view: View) -> _Extra | None:
    """The extra where what is stated does not ask as much: None if it does at any rank, not sure if at some."""
    if stated is None or not _is_taken(extra, extra.low, stated, view):
        return extra
    return None if _is_taken(extra, extra.high, stated, view) else extra._replace(sure=False)


def _is_taken(extra: _Extra, rank: int, stated: Requirement, view: View) -> bool:
    part = Requirement(extra.implied.criterion, _BY_RANK[rank], extra.implied.bound)
    is_final = extra.implied.bound is None or f"bound:{stated.criterion}" in view.said.final
    return is_final and stated.asks_as_much_as(part)


def _range(name: str, extras: Sequence[_Extra], catalogue: Catalogue) -> Range:
    """What the rules may add to a criterion, all together."""
    bounds = {extra.implied.bound for extra in extras}
    if len(bounds) == 1:
        return _of_one_bound(name, extras, next(iter(bounds)), catalogue)
    weights = [catalogue.weight(name, _BY_RANK[extra.high], extra.rule.weight) for extra in extras]
    return Range((), weight=sum(weights), count=len(extras))


def _of_one_bound(name: str, extras: Sequence[_Extra], bound: Interval | None, catalogue: Catalogue) -> Range:
    """They come to one requirement, with the highest rank and the largest weight of those that are there."""
    own = catalogue.knowledge.criteria[name].weight
    sure = [extra for extra in extras if extra.sure]
    weights = [own if extra.rule.weight is None else extra.rule.weight for extra in sure or extras]
    least = max(weights) if sure else min(weights)
    most = max(own if extra.rule.weight is None else extra.rule.weight for extra in extras)
    lowest = max((extra.low for extra in sure), default=1)
    ranks = range(lowest, max(extra.high for extra in extras) + 1)
    return catalogue.range_of(name, bound, tuple(_BY_RANK[rank] for rank in ranks), (least, most), sure=bool(sure))


def _of_favours(
    view: View, now: Mapping[tuple[str, str], tuple[Effect, ...]], cuts: Cuts, catalogue: Catalogue
) -> Iterator[Part]:
    """Rules that favour, or may come to; none counts where the team requires what it judges by."""
    for rule in catalogue.knowledge.rules.values():
        if rule.favours is None or not view.reach.fires(rule):
            continue
        again = {name: view.reach.required[name] for name in judged_by(rule)}
        if YES in again.values() or (view.reach.is_sure(rule) and not any(truth & YES for truth in again.values())):
            continue
        doubtful = [name for name, truth in again.items() if truth & YES]
        yield Part(catalogue.range_of_rule(rule), now.get(("rule", rule.id), ()), cuts.of_favour(rule, doubtful))
