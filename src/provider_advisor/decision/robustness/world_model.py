"""Model the worlds of a decision: the possible values of each provider's open facts, and the resulting findings.

A fact is drawn once, as its position from the lowest (0) to the highest (1) amount that is open, uniformly:

* a capability is there for the upper p of the positions, p being what the policy expects of an unknown;
* an amount is within a bound from below for the upper p, within a bound from above for the lower p, and within one
  that cuts both ways for the middle p;
* one amount decides all that is asked of it: a wish for 300 is never met where a need for 200 of the same fails, and
  nobody meets both "at least 90" and "at most 50" (`amounts.place_bounds`);
* its degree on the scale runs with the position from one end of what is open to the other, so that its mean is what
  `expected` counts; where `expected` counts the lower end, because silence is no advantage in amount, it is that point;
* the price of something that a provider lacks is useless: it is within no bound, and its degree is 0.

A monthly cost moves with what leaves it open (`_split_cost`): with its only open price or, if there are several, with
one position for all of them; and with each volume of the team that is a range. A volume is one amount for all
providers: if 50 to 100 messages cost 1 each with one provider and 2 with another, the second is dearer in every world.
A limit on the cost is settled by what leaves it most open. If that is a volume, each stretch of it is a `VolumeCase`,
because only within a stretch are providers independent of each other.

A worked example: a provider is not known to have the fax and sends a page for 4 to 6 cents; the scale of that price
ends at 10 and 0, and p is 0.5. The team wants the fax, and its price to be low. The fax is there in the positions from
0.5 to 1. So there are two ways of equal share: without it both findings are 0; with it the first is 1, and the second
runs from 0.6 (4 cents) down to 0.4 (6 cents) with the position of the price. As both findings depend on the fax, they
form one block: (Way(0.5, (Drawn(0, 0, 0), Drawn(1, 0, 0))), Way(0.5, (Drawn(0, 1, 1), Drawn(1, 0.6, 0.4)))).
"""

# The example goes through these steps:
#
#     drawn      the fax, which is there within (0.5, 1), and its price          `_DrawnFacts`
#     groups     one, of both: the degree of the price depends on the fax too    `_ProviderModel`
#     worlds     the fax in (0, 0.5) or in (0.5, 1), and the price in (0, 1)     `_list_worlds`
#     ways       for each world, the degrees of both findings                    `_make_block`

import itertools
import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from provider_advisor.decision.cost import Cost, calculate_cost, find_cost_scale
from provider_advisor.decision.degrees import grade_amount, grade_on_scale
from provider_advisor.decision.findings import Assessment, Finding
from provider_advisor.decision.robustness.alternatives import (
    Alternative,
    Drawn,
    JointDraw,
    VolumeCase,
    Way,
    join_ways,
    link_parts,
)
from provider_advisor.decision.robustness.amounts import PRESENT, BoundEnds, Stretch, find_ends, place_bounds
from provider_advisor.decision.robustness.open_facts import find_open_facts, is_open
from provider_advisor.decision.verdict import list_criteria_behind
from provider_advisor.knowledge import Facts
from provider_advisor.knowledge.conditions import AnyOf, FactHolds, evaluate_favours
from provider_advisor.knowledge.facts import evaluate_fact
from provider_advisor.logic import ABSENT, Interval, Truth, negate
from provider_advisor.requirements.statement import Used, get_ends

MOST_WAYS = 512
"""Most ways of facts tied by findings; beyond, this many are drawn, and the shares are estimates."""

_MOST_CASES = 64
"""Most stretches of volumes, likewise."""

_Stretches = Mapping[str, Stretch]
"""The stretch in which each drawn fact lies."""

_Asked = tuple[str, Interval | None]
"""What is asked of a drawn fact: a criterion or cost, and the bound; None asks whether a capability is there."""

_Ends = dict[_Asked, BoundEnds]
"""Where each bound that is asked of one drawn fact begins and ends."""

_VOLUME = "volume of "
"""The start of the key of a volume, which no criterion has."""

_DIGITS = 12


def model_worlds(assessments: Sequence[Assessment], facts: Facts) -> tuple[tuple[VolumeCase, ...], int]:
    """Return each provider as an alternative, in each case; and by how many drawn ways some are modelled, or 0."""
    asked = _AskedOfAll(assessments[0].findings if assessments else (), facts)
    models = [_ProviderModel(assessment, facts, asked) for assessment in assessments]
    volumes = _join_volumes(models)
    cases = tuple(
        VolumeCase(share, tuple(model.build(at) for model in models))
        for at, share in _list_worlds(volumes, _MOST_CASES)
    )
    if _count_worlds(volumes) > _MOST_CASES:
        return cases, _MOST_CASES
    return cases, 0 if all(model.is_complete for model in models) else MOST_WAYS


def _join_volumes(models: Iterable["_ProviderModel"]) -> list["_DrawnFact"]:
    """Return the volumes of the team that some cost depends on, cut where the limit on any cost is met."""
    # All providers are in the same stretch of a volume, so one that is cut for one of them is cut for all.
    within: dict[str, dict[_Asked, Stretch]] = {}
    for model in models:
        for volume in model.volumes:
            cuts = {(model.provider, bound): part for (_, bound), part in volume.within.items()}
            within[volume.key] = within.get(volume.key, {}) | cuts
    return [_DrawnFact(key, within[key]) for key in sorted(within)]


class _AskedOfAll:
    """What each finding asks about, the same of each provider: the criteria, and what is paid for, by place."""

    def __init__(self, findings: Sequence[Finding], facts: Facts) -> None:
        self.criteria = [list_criteria_behind(finding, facts.knowledge) for finding in findings]
        # The places of findings that ask about one capability and nothing else. Such a fact is drawn alike for each
        # provider, so its block is made once for all.
        self.alone = {
            place
            for place, names in enumerate(self.criteria)
            if len(names) == 1 and facts.knowledge.criteria[next(iter(names))].kind == "capability"
        }
        self.blocks: dict[tuple[object, ...], JointDraw] = {}


class _ProviderModel:
    """A provider's drawn facts, in groups that share no finding, and its findings for given positions of them."""

    def __init__(self, assessment: Assessment, facts: Facts, asked: _AskedOfAll) -> None:
        self.provider = assessment.provider
        self._assessment = assessment
        self._asked = asked
        self._facts = facts
        self._criteria = facts.knowledge.criteria
        self._unknown = facts.knowledge.policy.unknown
        self._drawn = _DrawnFacts(assessment, facts)
        self.volumes = [fact for fact in self._drawn.by_key.values() if fact.is_volume]
        touched = [self._list_keys(place) for place in range(len(assessment.findings))]
        # Facts that share no finding are independent, so each group is its own block. In a single block, twenty open
        # capabilities would have 2^20 ways.
        linked = link_parts((keys, place) for place, keys in enumerate(touched) if keys)
        groups = [([self._drawn.by_key[key] for key in sorted(keys)], sorted(places)) for keys, places in linked]
        self._groups = [([fact for fact in group if not fact.is_volume], places) for group, places in groups]
        volumes = {volume.key for volume in self.volumes}
        self._moved_by_volumes = {place for place, keys in enumerate(touched) if not volumes.isdisjoint(keys)}
        self._blocks: dict[tuple[object, ...], JointDraw] = {}
        self.is_complete = all(_count_worlds(group) <= MOST_WAYS for group, _ in self._groups)

    def _list_keys(self, place: int) -> set[str]:
        """Return the drawn facts that a finding depends on: its own, and the capability that a price pays for."""
        finding = self._assessment.findings[place]
        if finding.cost is not None and finding.requirement is not None:
            keys = self._drawn.list_cost_keys(finding.requirement.bound) if is_open(finding) else []
            return set(map(self._drawn.get_key, keys))
        return set(map(self._drawn.get_key, self._asked.criteria[place])) & self._drawn.by_key.keys()

    def build(self, volumes: _Stretches) -> Alternative:
        """Return the provider in numbers, where the team's volumes lie in these stretches."""
        blocks = tuple(self._find_block(group, places, volumes) for group, places in self._groups)
        drawn = {place for _, places in self._groups for place in places}
        findings = self._assessment.findings
        degrees = tuple(0.0 if place in drawn else float(finding.degree.low) for place, finding in enumerate(findings))
        fails = any(finding.is_failed_must for place, finding in enumerate(findings) if place not in drawn)
        return Alternative(self.provider, degrees, blocks, stands=not fails)

    def _find_block(self, group: Sequence["_DrawnFact"], places: Sequence[int], volumes: _Stretches) -> JointDraw:
        """Return the block of a group; one that no volume moves is the same in each case."""
        if not self._moved_by_volumes.isdisjoint(places):
            return self._make_block(group, places, volumes)
        made: dict[tuple[object, ...], JointDraw] = self._blocks
        key: tuple[object, ...] = tuple(places)
        if len(group) == 1 and self._asked.alone.issuperset(places):
            made, key = self._asked.blocks, (group[0].key, *group[0].within.items(), *places)
        if key not in made:
            made[key] = self._make_block(group, places, {})
        return made[key]

    def _make_block(self, group: Sequence["_DrawnFact"], places: Sequence[int], volumes: _Stretches) -> JointDraw:
        """Return the findings at these places in each world of the facts of a group."""
        positions = {fact.key: place for place, fact in enumerate(group)}
        positions |= {key: -1 - place for place, key in enumerate(volumes)}
        ways = []
        for at, share in _list_worlds(group, MOST_WAYS):
            within = {**at, **volumes}
            found = [self._find_degrees(place, within, positions) for place in places]
            degrees = tuple(draw for draws, _ in found for draw in draws)
            ways.append(Way(share, degrees, stands=not any(fails for _, fails in found)))
        return join_ways(ways)

    def _find_degrees(self, place: int, at: _Stretches, positions: Mapping[str, int]) -> tuple[list[Drawn], bool]:
        """Return the degree of a finding where the facts lie like this, and whether it is then a must that fails."""
        finding = self._assessment.findings[place]
        truth = self._evaluate(finding, at)
        if truth is None:
            return self._place_on_scale(place, finding, at, positions), False
        degree = {Truth.YES: 1.0, Truth.NO: 0.0, Truth.UNKNOWN: self._unknown}[truth]
        return [Drawn(place, degree, degree)], finding.decides_standing and truth is Truth.NO

    def _evaluate(self, finding: Finding, at: _Stretches) -> Truth | None:
        """Return the truth of a finding; None where it is not met or unmet but lies on a scale."""

        def holds(asked: FactHolds) -> Truth:
            return self._holds(asked.criterion, asked.bound, at)

        if finding.rule is not None and finding.rule.favours is not None:
            return evaluate_favours(finding.rule.favours, holds)
        requirement = finding.requirement
        if requirement is None or finding.degree.truth is None:
            return None
        if finding.cost is not None:
            (key,) = self._drawn.list_cost_keys(requirement.bound)
            return self._drawn.settle(key, (requirement.criterion, requirement.bound), at)
        if parts := self._criteria[requirement.criterion].any_of:
            return evaluate_favours(AnyOf(parts), holds)
        return self._holds(requirement.criterion, requirement.bound, at)

    def _holds(self, name: str, bound: Interval | None, at: _Stretches) -> Truth:
        """Return whether the provider has a capability, or an amount within a bound, where the facts lie like this."""
        if bound is None:
            return self._has(name, at)
        if bound == ABSENT:
            return negate(self._has(name, at))
        criterion = self._criteria[name]
        paid_for = None if criterion.of is None else self._has(criterion.of, at)
        truth = evaluate_fact(self._facts, self.provider, criterion, bound, paid_for)
        return self._drawn.settle(name, (name, bound), at) if truth is Truth.UNKNOWN else truth

    def _has(self, capability: str, at: _Stretches) -> Truth:
        known = self._facts(self.provider, capability).truth
        return self._drawn.settle(capability, (capability, None), at) if known is Truth.UNKNOWN else known

    def _place_on_scale(
        self, place: int, finding: Finding, at: _Stretches, positions: Mapping[str, int]
    ) -> list[Drawn]:
        """Return the degree of an amount, which runs with the position of what it moves with: from 0.6 down to 0.4."""
        requirement, degree = finding.requirement, finding.degree
        if requirement is None:
            return [Drawn(place, degree.low, degree.low)]
        criterion = self._criteria[requirement.criterion]
        if finding.cost is None:
            if criterion.of is not None and self._has(criterion.of, at) is Truth.NO:
                return [Drawn(place, 0.0, 0.0)]
            degree = grade_amount(self._facts(finding.provider, criterion.id), criterion)
        # Silence is no advantage for amounts: one that is expected at its lower end is there in every world.
        if degree.low in {degree.high, degree.expected}:
            return [Drawn(place, degree.low, degree.low)]
        falls = criterion.lower_is_better or finding.cost is not None
        # The degree of a price falls while the price rises with the position.
        first, last = (degree.high, degree.low) if falls else (degree.low, degree.high)
        parts = {criterion.id: 1.0} if finding.cost is None else self._drawn.cost_parts
        draws: list[Drawn] = []
        for name, part in parts.items():
            key, step = self._drawn.get_key(name), (last - first) * part
            start, end = at[key]
            known = 0.0 if draws else first
            draws.append(Drawn(place, known + step * start, known + step * end, positions[key]))
        return draws


# What is drawn


class _DrawnFact(NamedTuple):
    """A drawn fact or volume, and the positions that lie within each bound in question.

    Bounds are those of a criterion, for the price on which alone a monthly cost depends is drawn with that cost.
    """

    key: str
    within: Mapping[_Asked, Stretch]

    @property
    def is_volume(self) -> bool:
        """Return whether it is a volume of the team, which all providers share."""
        return self.key.startswith(_VOLUME)

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """Return the stretches between all ends: within one, all that is asked of the fact by yes or no is settled."""
        cuts = sorted({0.0, 1.0, *(end for part in self.within.values() for end in part)})
        return tuple(itertools.pairwise(cuts))


class _DrawnFacts:
    """The facts and volumes that are drawn for one provider, by key, and what its open cost moves with."""

    def __init__(self, assessment: Assessment, facts: Facts) -> None:
        unknown = facts.knowledge.policy.unknown
        self._drawn_with: dict[str, str] = {}
        self.cost_parts = _split_cost(assessment, facts)
        bounds, limits = dict(_find_bounds(assessment, facts)), self._find_limits(assessment, facts)
        self._join_members(bounds, limits, facts)
        within = {key: place_bounds(part, unknown) for key, part in bounds.items()}
        # A cost and the price that it is drawn with share a position, but not the unit in which bounds are compared.
        for key, part in limits.items():
            within[key] = within.get(key, {}) | place_bounds(part, unknown)
        self.by_key = {key: _DrawnFact(key, within[key]) for key in sorted(within)}

    def _find_limits(self, assessment: Assessment, facts: Facts) -> dict[str, _Ends]:
        """Return what an open cost moves with, each with the limits on the cost that it settles."""
        found: dict[str, _Ends] = {}
        for finding in assessment.findings:
            if finding.cost is not None and finding.requirement is not None and is_open(finding):
                name, limit = finding.requirement.criterion, finding.requirement.bound
                for key in self.list_cost_keys(limit):
                    part = found.setdefault(key, {})
                    if limit is not None:
                        part[name, limit] = find_ends(limit, finding.cost.amount, facts.knowledge.criteria[name])
        return found

    def _join_members(self, bounds: dict[str, _Ends], limits: Mapping[str, _Ends], facts: Facts) -> None:
        """Draw each member with its criterion, if both are drawn."""
        # A provider with numbers in Germany has numbers, so a world with only the member is impossible. Both are
        # present with the policy's p, so they must be present in the same worlds. Of an amount the criterion has that
        # of its best member: 300 seats in one place are 300 seats in some place. With one position for both, it
        # is never behind a member's, because neither end of its open range is behind that of a member.
        for member in [*bounds]:
            whole = facts.knowledge.criteria[member].counts_for
            if whole is not None and (whole in bounds or whole in limits):
                self._drawn_with[member] = whole
                bounds[whole] = bounds.get(whole, {}) | bounds.pop(member)

    def get_key(self, name: str) -> str:
        """Return the key of the drawn fact that settles a criterion or cost."""
        return self._drawn_with.get(name, name)

    def list_cost_keys(self, bound: Interval | None) -> list[str]:
        """Return what the cost moves with; for a bound, only what leaves it most open."""
        keys = [*self.cost_parts]
        return keys if bound is None else [max(keys, key=lambda key: self.cost_parts[key])]

    def settle(self, name: str, asked: _Asked, at: _Stretches) -> Truth:
        """Return whether the fact lies within the bound; unknown where no open finding asks this.

        Then whatever depends on it is known by something else.
        """
        key = self.get_key(name)
        # A stretch is either within a bound or outside it, because `stretches` cuts at the ends of all bounds.
        if key not in at or asked not in self.by_key[key].within:
            return Truth.UNKNOWN
        low, high = self.by_key[key].within[asked]
        start, end = at[key]
        return Truth.YES if low <= start and end <= high else Truth.NO


def _find_bounds(assessment: Assessment, facts: Facts) -> Iterator[tuple[str, _Ends]]:
    """Yield the open facts, each with the bounds that are asked of it."""
    for fact in find_open_facts(assessment, facts):
        name, criterion = fact.criterion, facts.knowledge.criteria[fact.criterion]
        if criterion.kind == "capability":
            yield name, {(name, None): PRESENT}
        else:
            amount = facts(fact.provider, name).amount or Interval()
            yield name, {(name, bound): find_ends(bound, amount, criterion) for bound in fact.bounds}


def _split_cost(assessment: Assessment, facts: Facts) -> dict[str, float]:
    """Return what a provider's open cost moves with, and the part that each has in its range; together they are 1.

    An example: 50 to 100 messages at 1 to 2 each cost 50 to 200. In the middle, 75 messages cost 75 to 150. So 75 of
    the 150 by which costs may differ are due to the price, and the other half to the number of messages.
    """
    finding = next((each for each in assessment.findings if each.cost is not None and is_open(each)), None)
    if finding is None or finding.cost is None or finding.requirement is None:
        return {}
    name, cost = finding.requirement.criterion, finding.cost
    ends = {item: get_ends(cost.usage[item]) for item in sorted(cost.usage)}
    ranges = [item for item, end in ends.items() if end.low != end.high]
    worst, best = find_cost_scale(cost.usage, facts.knowledge)
    if not ranges or (cost.amount.high is None and worst == best):
        return {_find_cost_key(cost, name): 1.0}
    middle = {item: ((end.low or 0) + (end.high or 0)) / 2 for item, end in ends.items()}

    def measure(usage: Mapping[str, Used]) -> float:
        amount = calculate_cost(assessment.provider, usage, facts).amount
        if amount.high is not None:
            return amount.high - (amount.low or 0)
        degree = grade_on_scale(amount, worst, best, ())  # of a cost without a ceiling what counts on the scale
        return degree.high - degree.low

    own = measure(middle)
    key = _find_cost_key(calculate_cost(assessment.provider, middle, facts), name)
    widths = {key: own} | {_VOLUME + item: measure({**middle, item: cost.usage[item]}) - own for item in ranges}
    total = math.fsum(widths.values())
    if not total:
        return {key: 1.0}
    # Rounded, so that two volumes that matter alike do so with each provider, and the same one settles limits.
    return {key: part for key, width in widths.items() if (part := round(width / total, _DIGITS)) > 0}


def _find_cost_key(cost: Cost, criterion: str) -> str:
    """Return the criterion with which the cost is drawn: its only open price, or the cost itself."""
    items = [item for item in cost.items if item.amount.low != item.amount.high]
    # The cost then depends only on this price, and both must move together: no world has a high price and a low cost.
    if len(items) == 1 and items[0].price is not None and not items[0].instead and not items[0].missing:
        return items[0].price.criterion
    return criterion


def _count_worlds(group: Sequence[_DrawnFact]) -> int:
    return math.prod(len(fact.stretches) for fact in group)


def _list_worlds(group: Sequence[_DrawnFact], most: int) -> Iterator[tuple[_Stretches, float]]:
    """Yield the stretches in which facts may lie together, each with its share; of too many, that many drawn ones."""
    if _count_worlds(group) > most:
        worlds: Iterable[tuple[Stretch, ...]] = _pick_worlds(group, most)
        shares: Iterable[float] = itertools.repeat(1 / most, most)
    else:
        worlds = [*itertools.product(*(fact.stretches for fact in group))]
        # Positions are uniform and independent, so a world is as probable as its stretches are long, multiplied.
        shares = (math.prod(end - start for start, end in world) for world in worlds)
    for world, share in zip(worlds, shares, strict=True):
        yield dict(zip((fact.key for fact in group), world, strict=True)), share


def _pick_worlds(group: Sequence[_DrawnFact], count: int) -> list[tuple[Stretch, ...]]:
    """Return that many worlds of the group, drawn with its content as the seed: a text seeds alike everywhere."""
    source = random.Random(repr(group))  # noqa: S311 (no secret)
    widths = [[end - start for start, end in fact.stretches] for fact in group]
    return [
        tuple(source.choices(fact.stretches, width)[0] for fact, width in zip(group, widths, strict=True))
        for _ in range(count)
    ]
