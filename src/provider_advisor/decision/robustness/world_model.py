"""Model the worlds of a decision: the possible values of each provider's open facts, and the resulting findings.

A fact is drawn once, as its position from the lowest (0) to the highest (1) amount that is open, uniformly:

* a capability is there for the upper p of the positions, p being what the policy expects of an unknown;
* an amount is within a bound from below for the upper p, within a bound from above for the lower p, and within one
  that cuts both ways for the middle p;
* one amount decides all that is asked of it: a wish for 300 is never met where a need for 200 of the same fails, and
  nobody meets both "at least 90" and "at most 50" (`_place_bounds`);
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

import itertools
import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, TypeVar

from provider_advisor.decision.cost import Cost, calculate_cost, find_cost_scale
from provider_advisor.decision.degrees import evaluate_fact, evaluate_favours, grade_amount, grade_on_scale
from provider_advisor.decision.findings import Assessment, Finding
from provider_advisor.decision.robustness.open_facts import find_open_facts, is_open, list_asked
from provider_advisor.knowledge import Criterion, Facts
from provider_advisor.knowledge.conditions import AnyOf, FactHolds
from provider_advisor.logic import ABSENT, Interval, Number, Truth, compare, negate
from provider_advisor.requirements.statement import Used, get_ends

K = TypeVar("K")
T = TypeVar("T")

MOST_WAYS = 512
"""Most ways of facts tied by findings; beyond, this many are drawn, and the shares are estimates."""

_MOST_CASES = 64
"""Most stretches of volumes, likewise."""


# Alternatives in numbers


class Drawn(NamedTuple):
    """A degree that is drawn: `start` + u (`end` - `start`), for u uniform on [0, 1].

    `criterion` is its place; where a way draws for one several times, the sum counts. Draws of one way with the same
    `position` share their u. Positions below 0 are volumes of the team: there, all alternatives share it.
    """

    criterion: int
    start: float
    end: float
    position: int = 0


class Way(NamedTuple):
    """One way in which a block can turn out: how probable it is, the degrees it leads to, whether a must fails."""

    share: float
    degrees: tuple[Drawn, ...]
    stands: bool = True


JointDraw = tuple[Way, ...]
"""Degrees that are drawn together; blocks are independent, and all ways of a block name the same criteria."""


class Alternative(NamedTuple):
    """An alternative: its known degree on each criterion (0 if drawn), its blocks, and whether it can qualify."""

    name: str
    degrees: tuple[float, ...]
    blocks: tuple[JointDraw, ...] = ()
    stands: bool = True

    @property
    def is_discrete(self) -> bool:
        """Return whether there are finitely many worlds: no degree is drawn from an interval."""
        return all(draw.start == draw.end for block in self.blocks for way in block for draw in way.degrees)

    @property
    def chance_to_stand(self) -> float:
        """Return the share of worlds in which none of its musts fails."""
        chances = (math.fsum(way.share for way in block if way.stands) for block in self.blocks)
        return math.prod(chances) if self.stands else 0.0


class VolumeCase(NamedTuple):
    """The alternatives in one stretch of the team's volumes, and the share of the worlds that lie in it."""

    share: float
    alternatives: tuple[Alternative, ...]


def build_alternatives(matrix: Mapping[str, Sequence[float | tuple[float, float]]]) -> tuple[Alternative, ...]:
    """Return alternatives from a plain matrix: a row of degrees each; a pair is drawn uniformly between its ends.

    >>> build_alternatives({"a": [1, (0, 0.5)]})[0].degrees
    (1.0, 0.0)
    """
    return tuple(_alternative(name, row) for name, row in matrix.items())


def _alternative(name: str, row: Sequence[float | tuple[float, float]]) -> Alternative:
    blocks = tuple((Way(1.0, (Drawn(place, *cell),)),) for place, cell in enumerate(row) if isinstance(cell, tuple))
    return Alternative(name, tuple(0.0 if isinstance(cell, tuple) else float(cell) for cell in row), blocks)


def join_ways(ways: Sequence[Way]) -> JointDraw:
    """Return the block of these ways: equal ones joined, impossible ones left out."""
    shares: dict[tuple[tuple[Drawn, ...], bool], float] = {}
    for way in ways:
        key = (way.degrees, way.stands)
        shares[key] = shares.get(key, 0.0) + way.share
    return tuple(Way(share, *key) for key, share in shares.items() if share > 0)


def link_parts(parts: Iterable[tuple[AbstractSet[K], T]]) -> list[tuple[set[K], list[T]]]:
    """Group parts that share a key, directly or through others; each group comes with its keys.

    >>> link_parts([({"fax"}, 0), ({"sms"}, 1), ({"fax", "sms"}, 2), ({"video"}, 3)])[1]
    ({'video'}, [3])
    """
    groups: list[tuple[set[K], list[T]]] = []
    for keys, part in parts:
        # No two groups share a key, so a part merges all groups that it shares a key with, or starts a new one.
        linked = [group for group in groups if group[0] & keys]
        groups = [group for group in groups if not group[0] & keys]
        joined = [earlier for group in linked for earlier in group[1]]
        groups.append((set(keys).union(*(group[0] for group in linked)), [*joined, part]))
    return groups


# From a provider's open facts to its blocks

_Stretch = tuple[float, float]
"""Positions of a fact, from one to another."""

_At = Mapping[str, _Stretch]
"""The stretch in which each fact of a block lies."""

_Asked = tuple[str, Interval | None]
"""What is asked of a drawn fact: a criterion or cost, and the bound; None asks whether a capability is there."""

_VOLUME = "volume of "
"""The start of the key of a volume, which no criterion has."""


class _DrawnFact(NamedTuple):
    """A drawn fact or volume, and the positions that lie within each bound in question.

    Bounds are those of a criterion, for the price on which alone a monthly cost depends is drawn with that cost.
    """

    key: str
    within: Mapping[_Asked, _Stretch]

    @property
    def stretches(self) -> tuple[_Stretch, ...]:
        """Return the stretches between all ends: within one, all that is asked of the fact by yes or no is settled."""
        cuts = sorted({0.0, 1.0, *(end for part in self.within.values() for end in part)})
        return tuple(itertools.pairwise(cuts))


def model_worlds(assessments: Sequence[Assessment], facts: Facts) -> tuple[tuple[VolumeCase, ...], int]:
    """Return each provider as an alternative, in each case; and by how many drawn ways some are modelled, or 0."""
    asked = _AskedOfAll.find(assessments[0].findings if assessments else (), facts)
    models = [_ProviderModel(assessment, facts, asked) for assessment in assessments]
    # All providers are in the same stretch of a volume, so it is cut where the limit on the cost of any of them is met.
    within: dict[str, dict[_Asked, _Stretch]] = {}
    for assessment, model in zip(assessments, models, strict=True):
        for volume in model.volumes:
            cuts = {(assessment.provider, bound): part for (_, bound), part in volume.within.items()}
            within[volume.key] = within.get(volume.key, {}) | cuts
    volumes = [_DrawnFact(key, within[key]) for key in sorted(within)]
    cases = tuple(
        VolumeCase(share, tuple(model.build(at) for model in models))
        for at, share in _list_worlds(volumes, _MOST_CASES)
    )
    if _count_worlds(volumes) > _MOST_CASES:
        return cases, _MOST_CASES
    return cases, 0 if all(model.is_complete for model in models) else MOST_WAYS


class _AskedOfAll(NamedTuple):
    """What each finding asks about, the same of each provider: the criteria, and what is paid for, by place.

    `alone` are the places of findings that ask about one capability and nothing else. Such a fact is drawn alike for
    each provider, so its block is made once and kept in `blocks`.
    """

    criteria: tuple[frozenset[str], ...]
    alone: frozenset[int]
    blocks: dict[tuple[object, ...], JointDraw]

    @classmethod
    def find(cls, findings: Sequence[Finding], facts: Facts) -> "_AskedOfAll":
        known = facts.knowledge.criteria
        named = [{name for name, _ in list_asked(finding, facts.knowledge)} for finding in findings]
        alone = frozenset(
            place
            for place, names in enumerate(named)
            if len(names) == 1 and findings[place].cost is None and known[next(iter(names))].kind == "capability"
        )
        return cls(
            tuple(frozenset(names | {of for name in names if (of := known[name].of)}) for names in named), alone, {}
        )


class _ProviderModel:
    """A provider's drawn facts, in groups that share no finding, and its findings for given positions of them."""

    def __init__(self, assessment: Assessment, facts: Facts, asked: _AskedOfAll) -> None:
        self._assessment = assessment
        self._asked = asked
        self._facts = facts
        self._criteria = facts.knowledge.criteria
        self._unknown = facts.knowledge.policy.unknown
        self._drawn_with: dict[str, str] = {}
        self._cost_parts = _split_cost(assessment, facts)
        self._drawn = self._draw_facts()
        self.volumes = [fact for key, fact in self._drawn.items() if key.startswith(_VOLUME)]
        touched = [self._touches(place) for place in range(len(assessment.findings))]
        # Facts that share no finding are independent, so each group is its own block. In a single block, twenty open
        # capabilities would have 2^20 ways.
        self._groups = [
            ([self._drawn[key] for key in sorted(group) if not key.startswith(_VOLUME)], sorted(places))
            for group, places in link_parts((keys, place) for place, keys in enumerate(touched) if keys)
        ]
        self._vary = {place for place, keys in enumerate(touched) if any(key.startswith(_VOLUME) for key in keys)}
        self._same: dict[int, JointDraw] = {}
        self.is_complete = all(_count_worlds(group) <= MOST_WAYS for group, _ in self._groups)

    def _draw_facts(self) -> dict[str, _DrawnFact]:
        """Return the open facts with the positions within each bound that is asked of them."""
        bounds: dict[str, dict[_Asked, _Ends]] = {}
        for fact in find_open_facts(self._assessment, self._facts):
            name, criterion = fact.criterion, self._criteria[fact.criterion]
            if criterion.kind == "capability":
                bounds[name] = {(name, None): _PRESENT}
            else:
                amount = self._facts(fact.provider, name).amount or Interval()
                bounds[name] = {(name, bound): _cut(bound, amount, criterion) for bound in fact.bounds}
        # A cost and the price that it is drawn with share a position, but not the unit in which bounds are compared.
        of_costs: dict[str, dict[_Asked, _Ends]] = {}
        for finding in self._assessment.findings:
            if finding.cost is not None and finding.requirement is not None and is_open(finding):
                name, bound = finding.requirement.criterion, finding.requirement.bound
                for key in self._list_cost_keys(bound):
                    part = of_costs.setdefault(key, {})
                    if bound is not None:
                        part[name, bound] = _cut(bound, finding.cost.amount, self._criteria[name])
        # A provider with numbers in Germany has numbers, so a world with only the member is impossible. Both are
        # present with the policy's p, so they must be present in the same worlds. Of an amount the criterion has that
        # of its best member: 300 seats in one place are 300 seats in some place. With one position for both, it
        # is never behind a member's, because neither end of its open range is behind that of a member.
        for member in [*bounds]:
            whole = self._criteria[member].member_of
            if whole is not None and (whole.criterion in bounds or whole.criterion in of_costs):
                self._drawn_with[member] = whole.criterion
                bounds[whole.criterion] = bounds.get(whole.criterion, {}) | bounds.pop(member)
        within = {key: _place_bounds(part, self._unknown) for key, part in bounds.items()}
        for key, part in of_costs.items():
            within[key] = within.get(key, {}) | _place_bounds(part, self._unknown)
        return {key: _DrawnFact(key, within[key]) for key in sorted(within)}

    def _get_key(self, name: str) -> str:
        """Return the key of the drawn fact that settles a criterion or cost."""
        return self._drawn_with.get(name, name)

    def _list_cost_keys(self, bound: Interval | None) -> list[str]:
        """Return what the cost moves with; for a bound, only what leaves it most open."""
        keys = [*self._cost_parts]
        return keys if bound is None else [max(keys, key=lambda key: self._cost_parts[key])]

    def _touches(self, place: int) -> set[str]:
        """Return the drawn facts that a finding depends on: its own, and the capability that a price pays for."""
        finding = self._assessment.findings[place]
        if finding.cost is not None and finding.requirement is not None:
            keys = self._list_cost_keys(finding.requirement.bound) if is_open(finding) else []
            return set(map(self._get_key, keys))
        return set(map(self._get_key, self._asked.criteria[place])) & self._drawn.keys()

    def build(self, volumes: _At) -> Alternative:
        """Return the provider in numbers, where the team's volumes lie in these stretches."""
        blocks = tuple(self._find_block(group, places, volumes) for group, places in self._groups)
        drawn = {place for _, places in self._groups for place in places}
        findings = self._assessment.findings
        degrees = tuple(0.0 if place in drawn else float(finding.degree.low) for place, finding in enumerate(findings))
        fails = any(finding.is_failed_must for place, finding in enumerate(findings) if place not in drawn)
        return Alternative(self._assessment.provider, degrees, blocks, stands=not fails)

    def _find_block(self, group: Sequence[_DrawnFact], places: Sequence[int], volumes: _At) -> JointDraw:
        if not self._vary.isdisjoint(places):
            return self._draw_block(group, places, volumes)
        if places[0] in self._same:
            return self._same[places[0]]
        if len(group) > 1 or not self._asked.alone.issuperset(places):
            self._same[places[0]] = self._draw_block(group, places, {})
            return self._same[places[0]]
        key = (group[0].key, *group[0].within.items(), *places)
        if key not in self._asked.blocks:
            self._asked.blocks[key] = self._draw_block(group, places, {})
        return self._asked.blocks[key]

    def _draw_block(self, group: Sequence[_DrawnFact], places: Sequence[int], volumes: _At) -> JointDraw:
        positions = {fact.key: place for place, fact in enumerate(group)}
        positions |= {key: -1 - place for place, key in enumerate(volumes)}
        return join_ways(
            [
                self._draw_way({**at, **volumes}, positions, places, share)
                for at, share in _list_worlds(group, MOST_WAYS)
            ]
        )

    def _draw_way(self, at: _At, positions: Mapping[str, int], places: Sequence[int], share: float) -> Way:
        found = [self._draw(place, at, positions) for place in places]
        degrees = tuple(draw for draws, _ in found for draw in draws)
        return Way(share, degrees, stands=not any(fails for _, fails in found))

    def _draw(self, place: int, at: _At, positions: Mapping[str, int]) -> tuple[list[Drawn], bool]:
        """Return the degree of a finding where the facts lie like this, and whether it is then a must that fails."""
        finding = self._assessment.findings[place]
        truth = self._evaluate(finding, at)
        if truth is None:
            return self._draw_on_scale(place, finding, at, positions), False
        degree = {Truth.YES: 1.0, Truth.NO: 0.0, Truth.UNKNOWN: self._unknown}[truth]
        return [Drawn(place, degree, degree)], finding.decides_standing and truth is Truth.NO

    def _evaluate(self, finding: Finding, at: _At) -> Truth | None:
        """Return the truth of a finding; None where it is not met or unmet but lies on a scale."""

        def holds(asked: FactHolds) -> Truth:
            return self._holds(asked.criterion, asked.bound, at)

        if finding.rule is not None and finding.rule.favours is not None:
            return evaluate_favours(finding.rule.favours, holds)
        requirement = finding.requirement
        if requirement is None or finding.degree.truth is None:
            return None
        if finding.cost is not None:
            (key,) = self._list_cost_keys(requirement.bound)
            return self._settle(key, requirement.criterion, requirement.bound, at)
        if parts := self._criteria[requirement.criterion].any_of:
            return evaluate_favours(AnyOf(parts), holds)
        return self._holds(requirement.criterion, requirement.bound, at)

    def _holds(self, name: str, bound: Interval | None, at: _At) -> Truth:
        if bound is None:
            return self._has(name, at)
        if bound == ABSENT:
            return negate(self._has(name, at))
        criterion = self._criteria[name]
        paid_for = None if criterion.of is None else self._has(criterion.of, at)
        truth = evaluate_fact(self._facts, self._assessment.provider, criterion, bound, paid_for)
        return self._settle(name, name, bound, at) if truth is Truth.UNKNOWN else truth

    def _has(self, capability: str, at: _At) -> Truth:
        known = self._facts(self._assessment.provider, capability).truth
        return self._settle(capability, capability, None, at) if known is Truth.UNKNOWN else known

    def _settle(self, name: str, criterion: str, bound: Interval | None, at: _At) -> Truth:
        """Return whether the fact lies within the bound; unknown where no open finding asks this.

        Then whatever depends on it is known by something else.
        """
        key = self._get_key(name)
        # A stretch is either within a bound or outside it, because `stretches` cuts at the ends of all bounds.
        if key not in at or (criterion, bound) not in self._drawn[key].within:
            return Truth.UNKNOWN
        low, high = self._drawn[key].within[criterion, bound]
        start, end = at[key]
        return Truth.YES if low <= start and end <= high else Truth.NO

    def _draw_on_scale(self, place: int, finding: Finding, at: _At, positions: Mapping[str, int]) -> list[Drawn]:
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
        parts = {criterion.id: 1.0} if finding.cost is None else self._cost_parts
        draws: list[Drawn] = []
        for name, part in parts.items():
            key, step = self._get_key(name), (last - first) * part
            start, end = at[key]
            known = 0.0 if draws else first
            draws.append(Drawn(place, known + step * start, known + step * end, positions[key]))
        return draws


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
        return {_cost_key(cost, name): 1.0}
    middle = {item: ((end.low or 0) + (end.high or 0)) / 2 for item, end in ends.items()}

    def measure(usage: Mapping[str, Used]) -> float:
        amount = calculate_cost(assessment.provider, usage, facts).amount
        if amount.high is not None:
            return amount.high - (amount.low or 0)
        degree = grade_on_scale(amount, worst, best, ())  # of a cost without a ceiling what counts on the scale
        return degree.high - degree.low

    own = measure(middle)
    key = _cost_key(calculate_cost(assessment.provider, middle, facts), name)
    widths = {key: own} | {_VOLUME + item: measure({**middle, item: cost.usage[item]}) - own for item in ranges}
    total = math.fsum(widths.values())
    if not total:
        return {key: 1.0}
    # Rounded, so that two volumes that matter alike do so with each provider, and the same one settles limits.
    return {key: part for key, width in widths.items() if (part := round(width / total, _DIGITS)) > 0}


def _cost_key(cost: Cost, criterion: str) -> str:
    """Return the criterion with which the cost is drawn: its only open price, or the cost itself."""
    items = [item for item in cost.items if item.amount.low != item.amount.high]
    # The cost then depends only on this price, and both must move together: no world has a high price and a low cost.
    if len(items) == 1 and items[0].price is not None and not items[0].instead and not items[0].missing:
        return items[0].price.criterion
    return criterion


def _count_worlds(group: Sequence[_DrawnFact]) -> int:
    return math.prod(len(fact.stretches) for fact in group)


def _list_worlds(group: Sequence[_DrawnFact], most: int) -> Iterator[tuple[_At, float]]:
    """Yield the stretches in which facts may lie together, each with its share; of too many, that many drawn ones."""
    if _count_worlds(group) > most:
        worlds: Iterable[tuple[_Stretch, ...]] = _pick_worlds(group, most)
        shares: Iterable[float] = itertools.repeat(1 / most, most)
    else:
        worlds = [*itertools.product(*(fact.stretches for fact in group))]
        # Positions are uniform and independent, so a world is as probable as its stretches are long, multiplied.
        shares = (math.prod(end - start for start, end in world) for world in worlds)
    for world, share in zip(worlds, shares, strict=True):
        yield dict(zip((fact.key for fact in group), world, strict=True)), share


def _pick_worlds(group: Sequence[_DrawnFact], count: int) -> list[tuple[_Stretch, ...]]:
    """Return that many worlds of the group, drawn with its content as the seed: a text seeds alike everywhere."""
    source = random.Random(repr(group))  # noqa: S311 (no secret)
    widths = [[end - start for start, end in fact.stretches] for fact in group]
    return [
        tuple(source.choices(fact.stretches, width)[0] for fact, width in zip(group, widths, strict=True))
        for _ in range(count)
    ]


# Where the bounds on one amount lie among its positions

_Cut = tuple[Number, int]
"""A place between amounts: just before an amount (0) or just behind it (1)."""

_Ends = tuple[_Cut | None, _Cut | None]
"""Where a bound begins and ends; None where all that is open of the amount is within."""

_PRESENT: _Ends = (1, 0), None
"""A capability is asked like an amount of at least one: better values lie further up."""

_DIGITS = 12


def _cut(bound: Interval, amount: Interval, criterion: Criterion) -> _Ends:
    """Return where a bound begins and ends among the amounts that are open; None for an end that all of them meet."""
    low = high = None
    if compare(amount, Interval(bound.low, None, bound.above)) is not Truth.YES and bound.low is not None:
        low = bound.low, int(bound.above)
    if compare(amount, Interval(None, bound.high)) is not Truth.YES and bound.high is not None:
        high = bound.high, 1
    if criterion.whole or criterion.kind == "rating":  # then "at most 5" ends where "at least 6" begins
        return _move_to_whole(low), _move_to_whole(high)
    return low, high


def _move_to_whole(cut: _Cut | None) -> _Cut | None:
    if cut is None:
        return None
    amount, is_behind = cut
    return (math.floor(amount) + 1 if is_behind else math.ceil(amount)), 0


def _place_bounds(bounds: Mapping[_Asked, _Ends], p: float) -> dict[_Asked, _Stretch]:
    """Return the positions within each bound on one amount, such that every position is that of some amount.

    Each bound has a share of p, as far as a single amount allows it. Amounts rise with the position, so the ends of
    bounds must lie in their own order. For p = 0.5:

        at least 90, at most 50    0.5 to 1, 0 to 0.5: as each alone, and no amount meets both
        at least 90, 40 to 60      0.5 to 1, 0 to 0.5: the second leaves the middle
        all three                  0.625 to 1, 0 to 0.375, 0.375 to 0.625: three halves do not fit beside one another
    """
    wanted: list[tuple[_Cut, float]] = []
    for low, high in bounds.values():
        if low is None or high is None:
            wanted += [(cut, at) for cut, at in zip((low, high), (1 - p, p), strict=True) if cut is not None]
    places = _put_in_order(wanted)
    two_ends = [(low, high) for low, high in bounds.values() if low is not None and high is not None]
    for low, high in two_ends:
        # As near to the middle as the bounds with one end leave room for it.
        others = places.items()
        least = [*(at for cut, at in others if cut <= low), *(at - p for cut, at in others if cut <= high)]
        most = [*(at for cut, at in others if cut >= low), *(at - p for cut, at in others if cut >= high)]
        start = sorted((max([0.0, *least]), (1 - p) / 2, min([1 - p, *most])))[1]
        wanted += (low, start), (high, start + p)
    if two_ends:
        places = _put_in_order(wanted)
    return {
        key: (0.0 if low is None else places[low], 1.0 if high is None else places[high])
        for key, (low, high) in bounds.items()
    }


def _put_in_order(wanted: Iterable[tuple[_Cut, float]]) -> dict[_Cut, float]:
    """Return a position for each cut, as near to those wanted as their order allows, by least squares."""
    # Isotonic regression, by pooling neighbours in the wrong order: Barlow, Bartholomew, Bremner and Brunk 1972,
    # Statistical Inference under Order Restrictions, section 1.2. A pool has the mean of what its cuts want.
    pools: list[tuple[set[_Cut], list[float]]] = []
    for cut, position in sorted(wanted):
        pools.append(({cut}, [position]))
        while len(pools) > 1 and (cut in pools[-2][0] or _mean(pools[-2][1]) > _mean(pools[-1][1])):
            (cuts, positions), (more, others) = pools[-2:]
            pools[-2:] = [(cuts | more, positions + others)]
    # Rounded: the stretch between 0.3 and 1 - 0.7 would be a world of its own.
    return {cut: round(_mean(positions), _DIGITS) for cuts, positions in pools for cut in cuts}


def _mean(positions: Sequence[float]) -> float:
    return math.fsum(positions) / len(positions)
