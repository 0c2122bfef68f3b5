"""The worlds of a decision: what each provider's open facts may turn out to be, and what that makes of its findings.

A fact is drawn once, as its position from the lowest (0) to the highest (1) amount that is open, uniformly:

* a capability is there for the upper p of the positions, p being what the policy expects of an unknown;
* an amount is within a bound from below for the upper p, within a bound from above for the lower p, and within one
  that cuts both ways for the middle p; so a wish for 300 is never met where a need for 200 of the same fails;
* its degree on the scale runs with the position from one end of what is open to the other, so that its mean is what
  `expected` counts; where `expected` counts the lower end, for silence is no advantage in amount, it is that point.

A monthly cost is drawn as one amount; with the price on which alone it depends, where there is one such price.
"""

import itertools
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from provider_advisor.decision.cost import Cost
from provider_advisor.decision.findings import Assessment, Finding
from provider_advisor.decision.robustness.alternatives import Alternative, Drawn, JointDraw, Way, join_ways
from provider_advisor.decision.robustness.open_facts import Use, evaluate_leaf, find_open_facts, is_open
from provider_advisor.knowledge import Facts
from provider_advisor.knowledge.conditions import FactHolds, Leaf, evaluate, leaves
from provider_advisor.logic import Interval, Truth, compare, negate

__all__ = ["MOST_WAYS", "model_worlds"]

MOST_WAYS = 512
"""Of facts that one finding ties together; beyond, as many ways are drawn, and the shares are estimates."""

_Cell = tuple[float, float]


class _Fact(NamedTuple):
    """A drawn fact: the positions between its cells, and the part of them that lies within each bound in question."""

    criterion: str
    within: Mapping[Interval | None, _Cell]

    @property
    def cells(self) -> tuple[_Cell, ...]:
        cuts = sorted({0.0, 1.0, *(end for part in self.within.values() for end in part)})
        return tuple(itertools.pairwise(cuts))


def model_worlds(assessments: Iterable[Assessment], facts: Facts) -> tuple[tuple[Alternative, ...], bool]:
    """Each provider as an alternative, its findings as the criteria; and whether all worlds are in it (`MOST_WAYS`)."""
    found = [_alternative(_Drawing(assessment, facts)) for assessment in assessments]
    return tuple(alternative for alternative, _ in found), all(complete for _, complete in found)


def _alternative(drawing: "_Drawing") -> tuple[Alternative, bool]:
    groups = _linked(drawing)
    complete = all(math.prod(len(fact.cells) for fact in group) <= MOST_WAYS for group, _ in groups)
    blocks = tuple(_block(drawing, group, places) for group, places in groups)
    drawn = {place for _, places in groups for place in places}
    findings = drawing.assessment.findings
    degrees = tuple(0.0 if place in drawn else float(finding.degree.low) for place, finding in enumerate(findings))
    fails = any(finding.is_failed_must for place, finding in enumerate(findings) if place not in drawn)
    return Alternative(drawing.assessment.provider, degrees, blocks, stands=not fails), complete


class _Drawing:
    """A provider's drawn facts, and what each of its findings comes to given where those lie."""

    def __init__(self, assessment: Assessment, facts: Facts) -> None:
        self.assessment = assessment
        self._facts = facts
        self._unknown = facts.knowledge.policy.unknown
        uses = {fact.criterion: list(fact.uses) for fact in find_open_facts(assessment, facts)}
        for place, finding in enumerate(assessment.findings):
            if finding.cost is not None and finding.requirement is not None and is_open(finding):
                key = cost_key(finding.cost, finding.requirement.criterion)
                uses.setdefault(key, []).append(Use(place, finding.requirement.bound, finding.weight))
        self.facts = {criterion: self._fact(criterion, uses[criterion]) for criterion in sorted(uses)}

    def _fact(self, criterion: str, uses: Sequence[Use]) -> _Fact:
        p = self._unknown
        if self._facts.knowledge.criteria[criterion].kind == "capability":
            return _Fact(criterion, {None: (1 - p, 1.0)})
        amount = self._facts(self.assessment.provider, criterion).amount or Interval()
        bounds = [use.bound for use in uses if use.bound is not None]
        return _Fact(criterion, {bound: _within(amount, bound, p) for bound in bounds})

    def touches(self, finding: Finding) -> set[str]:
        """The drawn facts that the finding depends on: its own, and the capability that a price pays for."""
        if finding.cost is not None and finding.requirement is not None:
            return (
                {cost_key(finding.cost, finding.requirement.criterion)} & self.facts.keys()
                if is_open(finding)
                else set()
            )
        if finding.requirement is not None:
            named = {finding.requirement.criterion}
        else:
            condition = finding.rule.favours if finding.rule is not None else None
            named = (
                {leaf.criterion for leaf in leaves(condition) if isinstance(leaf, FactHolds)} if condition else set()
            )
        paid_for = {self._facts.knowledge.criteria[criterion].of for criterion in named}
        return {criterion for criterion in (*named, *paid_for) if criterion in self.facts}

    def draw(self, place: int, at: Mapping[str, _Cell], order: Sequence[str]) -> tuple[Drawn, bool]:
        """What the finding comes to where the facts lie in these cells, and whether it is a must that fails then."""
        finding = self.assessment.findings[place]
        truth = self._truth(finding, at)
        if truth is None:
            return self._on_scale(place, finding, at, order), False
        degree = {Truth.YES: 1.0, Truth.NO: 0.0, Truth.UNKNOWN: self._unknown}[truth]
        return Drawn(place, degree, degree), finding.decides_standing and truth is Truth.NO

    def _truth(self, finding: Finding, at: Mapping[str, _Cell]) -> Truth | None:
        if finding.rule is not None and finding.rule.favours is not None:
            return evaluate(finding.rule.favours, lambda leaf: self._leaf(leaf, at))
        requirement = finding.requirement
        if requirement is None or finding.degree.truth is None:
            return None
        if finding.cost is not None:
            key = cost_key(finding.cost, requirement.criterion)
            return self._position_within(key, requirement.bound, at)
        return self._holds(FactHolds(requirement.criterion, requirement.bound), at)

    def _leaf(self, leaf: Leaf, at: Mapping[str, _Cell]) -> Truth:
        if not isinstance(leaf, FactHolds):
            raise TypeError(f"a condition on providers holds facts only, found {leaf!r}")
        paid_for = self._facts.knowledge.criteria[leaf.criterion].of
        truth = self._holds(leaf, at)
        if leaf.bound is not None and paid_for is not None and self._capability(paid_for, at) is Truth.NO:
            return Truth.NO
        return truth if leaf.present else negate(truth)

    def _holds(self, leaf: FactHolds, at: Mapping[str, _Cell]) -> Truth:
        if leaf.bound is None:
            return self._capability(leaf.criterion, at)
        paid_for = self._facts.knowledge.criteria[leaf.criterion].of
        supposed = {paid_for: self._capability(paid_for, at)} if paid_for is not None else None
        truth = evaluate_leaf(self._facts, self.assessment.provider, leaf, supposed)
        return self._position_within(leaf.criterion, leaf.bound, at) if truth is Truth.UNKNOWN else truth

    def _capability(self, criterion: str, at: Mapping[str, _Cell]) -> Truth:
        known = self._facts(self.assessment.provider, criterion).truth
        if known is not Truth.UNKNOWN or criterion not in at:
            return known
        return self._position_within(criterion, None, at)

    def _position_within(self, criterion: str, bound: Interval | None, at: Mapping[str, _Cell]) -> Truth:
        """Unknown where no open finding asks this: then whatever rests on it is known by something else."""
        if criterion not in at or bound not in self.facts[criterion].within:
            return Truth.UNKNOWN
        low, high = self.facts[criterion].within[bound]
        start, end = at[criterion]
        return Truth.YES if low <= start and end <= high else Truth.NO

    def _on_scale(self, place: int, finding: Finding, at: Mapping[str, _Cell], order: Sequence[str]) -> Drawn:
        degree, requirement = finding.degree, finding.requirement
        criterion = self._facts.knowledge.criteria[requirement.criterion] if requirement is not None else None
        if criterion is None or requirement is None:
            return Drawn(place, degree.low, degree.low)
        if criterion.of is not None and self._capability(criterion.of, at) is Truth.NO:
            return Drawn(place, 0.0, 0.0)
        if degree.low in {degree.high, degree.expected}:
            return Drawn(place, degree.low, degree.low)
        key = requirement.criterion if finding.cost is None else cost_key(finding.cost, requirement.criterion)
        falls = criterion.lower_is_better or finding.cost is not None
        first, last = (degree.high, degree.low) if falls else (degree.low, degree.high)
        start, end = at[key]
        return Drawn(place, first + (last - first) * start, first + (last - first) * end, order.index(key))


def cost_key(cost: Cost, criterion: str) -> str:
    """The criterion with which the cost is drawn: the only price behind it that is open, else the cost itself."""
    items = [item for item in cost.items if item.amount.low != item.amount.high]
    if len(items) == 1 and items[0].price is not None and not items[0].instead:
        return items[0].price.criterion
    return criterion


def _within(amount: Interval, bound: Interval, p: float) -> _Cell:
    """The positions that lie within the bound, a share of p: those at its end, or in the middle."""
    from_below = compare(amount, Interval(bound.low, None, bound.above)) is not Truth.YES
    from_above = compare(amount, Interval(None, bound.high)) is not Truth.YES
    if from_below and from_above:
        return (1 - p) / 2, (1 + p) / 2
    return (1 - p, 1.0) if from_below else (0.0, p)


def _linked(drawing: _Drawing) -> list[tuple[list[_Fact], list[int]]]:
    """Facts that findings tie together, each group with the places of those findings."""
    groups: list[tuple[set[str], list[int]]] = []
    for place, finding in enumerate(drawing.assessment.findings):
        touched = drawing.touches(finding)
        if touched:
            linked = [group for group in groups if group[0] & touched]
            groups = [group for group in groups if not group[0] & touched]
            places = [earlier for group in linked for earlier in group[1]]
            groups.append((touched.union(*(group[0] for group in linked)), [*places, place]))
    return [([drawing.facts[name] for name in sorted(names)], sorted(places)) for names, places in groups]


def _block(drawing: _Drawing, group: Sequence[_Fact], places: Sequence[int]) -> JointDraw:
    order = [fact.criterion for fact in group]
    worlds: Iterable[tuple[_Cell, ...]] = itertools.product(*(fact.cells for fact in group))
    if math.prod(len(fact.cells) for fact in group) > MOST_WAYS:
        return join_ways([_way(drawing, order, cells, places, 1 / MOST_WAYS) for cells in _some(group)])
    ways = []
    for cells in worlds:
        share = math.prod(end - start for start, end in cells)
        ways.append(_way(drawing, order, cells, places, share))
    return join_ways(ways)


def _some(group: Sequence[_Fact]) -> list[tuple[_Cell, ...]]:
    """`MOST_WAYS` worlds of the group, drawn with a seed that is its content: a text seeds alike in every process."""
    source = random.Random(repr(group))  # noqa: S311 (no secret)
    widths = [[end - start for start, end in fact.cells] for fact in group]
    return [
        tuple(source.choices(fact.cells, width)[0] for fact, width in zip(group, widths, strict=True))
        for _ in range(MOST_WAYS)
    ]


def _way(drawing: _Drawing, order: Sequence[str], cells: Sequence[_Cell], places: Sequence[int], share: float) -> Way:
    at = dict(zip(order, cells, strict=True))
    found = [drawing.draw(place, at, order) for place in places]
    return Way(share, tuple(draw for draw, _ in found), stands=not any(fails for _, fails in found))
