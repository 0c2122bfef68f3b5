"""Judge each distinct set of requirements on a criterion (a cell) once, however many teams share it.

For example, repairs is one cell for all teams that must have it; repairs:should is another, and repairs as a must that
a rule implies as well is a third. Cells are judged by the same functions that answer a single team; scoring a team then
only sums the numbers of its cells.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from provider_advisor.batch.kernel.arrays import Floats, GrowingArray, Ints
from provider_advisor.batch.native import load_loops
from provider_advisor.decision.decide import Outcome
from provider_advisor.decision.degrees import Degree, grade_requirement, grade_truth
from provider_advisor.decision.findings import (
    Finding,
    judge_requirement,
    judge_rule,
    list_used_facts,
    weigh_requirement,
)
from provider_advisor.inference.infer import added_by, contradicts, put_together
from provider_advisor.knowledge import Facts, Rule
from provider_advisor.knowledge.conditions import AT, split_member
from provider_advisor.knowledge.records import Notice
from provider_advisor.logic import Interval, Truth
from provider_advisor.requirements import RANK, Requirement
from provider_advisor.requirements.read_team import list_areas

WEIGHT, INEXACT, FIRST = 0, 1, 2
PER_PROVIDER, FAILED, UNKNOWN = 5, 3, 4
"""Columns of a cell's numbers: the weight, whether sums with it may be inexact, and from `FIRST` on five per provider:
the weighted proven, expected and possible degrees, then the numbers of failed and of unknown musts."""

# A double has 53 bits: multiples of 2**-20 add up exactly, in any order, while their sum is below 2**33. A sum with any
# other number is marked as possibly inexact. If rounding could then differ, it is summed again as a single answer does.
_FINEST = 2.0**20
_LARGEST = 2.0**30


class Cell(NamedTuple):
    """The requirements of a team and of rules on one criterion, or one favouring rule; with findings.

    `findings` has one tuple for each provider, in the order of `knowledge.providers`. A criterion that the team does
    not want appears in `stated` and has no findings.

    `telling` and `open` are for requirements whose degrees differ from team to team and so are not in the findings:
    `telling` is True if the providers' degrees differ, and `open` marks the providers whose degree is an interval.
    `like` is the number of a cell that is identical except for the name of the criterion's member.
    """

    criterion: str | None
    stated: tuple[Requirement, ...]
    added: tuple[Requirement, ...]
    findings: tuple[tuple[Finding, ...], ...]
    telling: bool = False
    open: tuple[bool, ...] = ()
    like: int | None = None


class Entries(NamedTuple):
    """The cells of all rows, sorted by row; those of row r are `cells[ends[r]:ends[r + 1]]`."""

    rows: Ints
    cells: Ints
    ends: Ints

    @classmethod
    def sort(cls, rows: Ints, cells: Ints, count: int) -> Entries:
        """Return the cells sorted by row; `count` is the number of rows."""
        found = cls(np.empty_like(rows), np.empty_like(cells), np.empty(count + 1, np.int32))
        load_loops().sort_entries(rows, cells, len(rows), count, *found)
        return found


class Cells:
    """All cells created so far, by number; cell 0 requires nothing.

    Thread-safe: a thread that creates a cell holds the lock while judging it.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.lock = threading.RLock()
        self.known: list[Cell] = []
        self._width = FIRST + PER_PROVIDER * len(facts.knowledge.providers)
        self._numbers = GrowingArray(np.float64, self._width)
        self._places, self._ranks, self._areas = GrowingArray(np.int32), GrowingArray(np.int8), GrowingArray(np.int16)
        self._area_places = {area: place for place, area in enumerate(list_areas(facts.knowledge))}
        # Members are appended, after the criteria of the vocabulary, when a team first asks for them.
        self.names = {name: place for place, name in enumerate(facts.knowledge.criteria)}
        self._computed = {name for name, criterion in facts.knowledge.criteria.items() if criterion.computed}
        self.computed = [self.names[name] for name in self._computed]
        self._ids: dict[object, int] = {}
        self._alike: dict[object, int] = {}
        self._degrees: dict[tuple[str, Interval | None], tuple[Degree, ...]] = {}
        self._claims_by_member: dict[str, Mapping[str, tuple[int, ...]]] = {}
        self._keep(Cell(None, (), (), tuple(() for _ in facts.knowledge.providers)))

    @property
    def numbers(self) -> Floats:
        """Return the numbers of all cells: one row per cell, with the columns described at `PER_PROVIDER`."""
        return self._numbers.array

    @property
    def places(self) -> Ints:
        """Return the number that `names` gives to each cell's criterion; -1 for cells without one."""
        return self._places.array

    @property
    def ranks(self) -> Ints:
        """Return the highest rank at which the team states each cell's criterion.

        It is -1 if the criterion must be absent or is not wanted: then the team does not need it, and no rule may
        favour providers that have it.
        """
        return self._ranks.array

    @property
    def areas(self) -> Ints:
        """Return the index in `list_areas` of each cell's area; -1 for cell 0 and for cells of one team."""
        return self._areas.array

    @property
    def cost_area(self) -> int:
        """Return the index of the area of computed criteria; -1 if they have several areas or none."""
        areas = {self.facts.knowledge.criteria[name].area for name in self._computed}
        return self._area_places[areas.pop()] if len(areas) == 1 else -1

    def get_stated(self, requirements: tuple[Requirement, ...]) -> int:
        """Return the cell for a team's requirements on one criterion.

        The cell of a computed criterion has no findings until `get_cost` or `get_open_cost` replaces it.
        """
        return self._get_or_make(requirements, lambda: self._judge(requirements[0].criterion, requirements, ()))

    def change_cell(self, rule: Rule, part: int, cell: int, rank: int) -> tuple[int, bool]:
        """Return the cell after one implication of a fired rule has added its requirement at this rank.

        If it contradicts the team's own requirements, which win, the requirement is dropped and the flag is True.
        """
        requirement = added_by(rule, rule.implies[part], rank, self.facts.knowledge)
        old = self.known[cell]
        is_refused = contradicts(requirement, old.stated) is not None
        added = old.added if is_refused else (*old.added, requirement)
        if not added:
            return self.get_stated(old.stated), is_refused
        key = requirement.criterion, old.stated, added
        return self._get_or_make(key, lambda: self._judge(*key)), is_refused

    def get_rule(self, rule: Rule) -> int:
        """Return the cell of a favouring rule."""
        return self._get_or_make(rule.id, lambda: self._judge_favouring(rule))

    def add_team(self, outcome: Outcome) -> int:
        """Add a cell with all findings of a team that was judged on its own, and return it."""
        with self.lock:
            return self._keep(Cell(None, (), (), tuple(part.findings for part in outcome.assessments)))

    def get_cost(self, requirement: Requirement, truths: tuple[Truth, ...]) -> int:
        """Return the cell of a bounded cost requirement; `truths` says whether each provider's cost meets it."""

        def judge() -> Cell:
            return self._judge_costs(requirement, [grade_truth(truth, self.facts, ()) for truth in truths])

        return self._get_or_make((requirement, truths), judge)

    def get_open_cost(self, requirement: Requirement, is_open: tuple[bool, ...], *, telling: bool) -> int:
        """Return the cell of a cost requirement without a bound.

        Its weighted degrees are 0, because they differ from team to team; `price_words` returns them separately.
        """

        def judge() -> Cell:
            nothing = grade_truth(Truth.NO, self.facts, ())._replace(truth=None)
            cell = self._judge_costs(requirement, [nothing] * len(is_open))
            return cell._replace(telling=telling, open=is_open)

        return self._get_or_make((requirement, is_open, telling), judge)

    def _get_or_make(self, key: object, make: Callable[[], Cell]) -> int:
        """Return the number of the cell with this key, creating the cell if necessary."""
        # One lock is enough: the GIL lets only one thread judge at a time anyway.
        with self.lock:
            if key not in self._ids:
                self._ids[key] = self._keep(make())
            return self._ids[key]

    def _judge_favouring(self, rule: Rule) -> Cell:
        providers = self.facts.knowledge.providers
        return Cell(None, (), (), tuple((judge_rule(provider, rule, self.facts),) for provider in providers))

    def _judge_costs(self, requirement: Requirement, degrees: Sequence[Degree]) -> Cell:
        return Cell(
            requirement.criterion, (requirement,), (), tuple(zip(self._find(requirement, degrees), strict=True))
        )

    def _find(self, requirement: Requirement, degrees: Sequence[Degree]) -> list[Finding]:
        """Return the finding of each provider, by their degrees."""
        weight = weigh_requirement(requirement, self.facts)
        return [
            Finding(provider, requirement, None, degree, weight)
            for provider, degree in zip(self.facts.knowledge.providers, degrees, strict=True)
        ]

    def _judge(self, criterion: str, stated: tuple[Requirement, ...], added: tuple[Requirement, ...]) -> Cell:
        asked = tuple(part for part in stated if part.priority != "wont")
        # Costs differ from team to team: this cell only records what is asked, until `get_cost` replaces it.
        required = () if criterion in self._computed else put_together(asked, added, self.facts.knowledge)
        if self.facts.knowledge.criteria[criterion].member_of is None:
            return Cell(criterion, stated, added, self._judge_all(required))
        # If no claim names either member, `phone-numbers@fo` and `phone-numbers@gl` have the same findings except for
        # their names.
        key = self._list_claims_on(criterion), tuple(part._replace(criterion="") for part in required)
        like = self._alike.setdefault(key, len(self.known))
        if like == len(self.known):
            return Cell(criterion, stated, added, self._judge_all(required))
        findings = tuple(
            tuple(finding._replace(requirement=part) for finding, part in zip(found, required, strict=True))
            for found in self.known[like].findings
        )
        return Cell(criterion, stated, added, findings, like=like)

    def _judge_all(self, required: Sequence[Requirement]) -> tuple[tuple[Finding, ...], ...]:
        found = [self._judge_requirement(requirement) for requirement in required]
        return tuple(zip(*found, strict=True)) if found else ((),) * len(self.facts.knowledge.providers)

    def _judge_requirement(self, requirement: Requirement) -> list[Finding]:
        """Return what `judge_requirement` returns for each provider."""
        # A priority changes only the weight: fax, fax:should and fax:could have the same degrees.
        key = requirement.criterion, requirement.bound
        if key not in self._degrees:
            criterion = self.facts.knowledge.criteria[requirement.criterion]
            self._degrees[key] = tuple(
                grade_requirement(self.facts, provider, criterion, requirement.bound)
                for provider in self.facts.knowledge.providers
            )
        return self._find(requirement, self._degrees[key])

    def _list_claims_on(self, criterion: str) -> tuple[object, ...]:
        """Return a key that is equal for members of one criterion with equal facts.

        It consists of the claims that name the member and, recursively, of the criterion that it prices (`of`). Most
        members are named in no claim and share one key, so thousands of them are judged once.
        """
        parent, member = split_member(criterion)
        if parent not in self._claims_by_member:
            named: dict[str, tuple[int, ...]] = {}
            claims = (self.facts.base.claims.get((provider, parent), ()) for provider in self.facts.knowledge.providers)
            for number, claim in enumerate(chain.from_iterable(claims)):
                named |= {name: (*named.get(name, ()), number) for name in claim.members}
            self._claims_by_member[parent] = named
        of = self.facts.knowledge.criteria[criterion].of
        priced = self._list_claims_on(of) if of and AT in of else of
        return parent, self._claims_by_member[parent].get(str(member), ()), priced

    def _keep(self, cell: Cell) -> int:
        number = len(self.known)
        name, like = cell.criterion, cell.like
        self._numbers.extend([_sum_findings(cell.findings, self._width) if like is None else self.numbers[like]])
        self._places.extend([-1 if name is None else self.names.setdefault(name, len(self.names))])
        self._areas.extend([self._find_area(cell)])
        # A rule that favours by this criterion counts only if the rank is 0: otherwise the team requires or refuses it.
        is_refused = any(part.is_absence or part.priority == "wont" for part in cell.stated)
        self._ranks.extend([-1 if is_refused else max((RANK[part.priority] for part in cell.stated), default=0)])
        self.known.append(cell)
        return number

    def _find_area(self, cell: Cell) -> int:
        if cell.criterion is not None:
            return self._area_places[self.facts.knowledge.criteria[cell.criterion].area]
        rule = cell.findings[0][0].rule if cell.findings and cell.findings[0] else None
        return -1 if rule is None else self._area_places[rule.area]


class FreshCells:
    """The same cells judged without out-of-date facts, each when it is first requested.

    Requirements do not depend on facts, so rows keep their cells and only the findings change. Cells on the cost and
    cells of one team (`Cells.add_team`) depend on more than their requirements and must not be requested.
    """

    def __init__(self, cells: Cells) -> None:
        self.facts = cells.facts.without_stale()
        self.known: dict[int, Cell] = {}
        self._cells = cells
        self._numbers = GrowingArray(np.float64, cells.numbers.shape[1])

    def judge(self, wanted: Iterable[int]) -> Floats:
        """Judge the wanted cells and return numbers as `Cells.numbers`; cells never requested are 0."""
        with self._cells.lock:
            # Other threads may have added cells since the last call.
            more, width = len(self._cells.known) - len(self._numbers.array), self._cells.numbers.shape[1]
            self._numbers.extend(np.zeros((more, width)))
            for number in set(wanted) - self.known.keys():
                cell = self._cells.known[number]
                again = tuple(tuple(map(self._judge, findings)) for findings in cell.findings)
                self.known[number] = cell._replace(findings=again)
                self._numbers.array[number] = _sum_findings(again, width)
            return self._numbers.array

    def _judge(self, finding: Finding) -> Finding:
        if finding.requirement is not None:
            return judge_requirement(finding.provider, finding.requirement, self.facts)
        if finding.rule is None:
            raise ValueError(f"{finding} is on neither a requirement nor a rule")
        return judge_rule(finding.provider, finding.rule, self.facts)


def list_notices(cell: Cell, facts: Facts) -> Iterator[Notice]:
    """Yield the notices of the facts that a cell uses; some may appear twice."""
    for finding in chain.from_iterable(cell.findings):
        used = list_used_facts(finding, facts)
        if cell.like is not None and finding.requirement is not None and any(fact.notices for fact in used):
            # These findings were copied from another member, and the notices would name that one.
            used = list_used_facts(judge_requirement(finding.provider, finding.requirement, facts), facts)
        yield from (notice for fact in used for notice in fact.notices)


def _sum_findings(findings: Sequence[Sequence[Finding]], width: int) -> list[float]:
    """Return the numbers of a cell, computed from its findings as a score sums them."""
    numbers, distinct = [0.0] * width, set[float]()
    for place, part in enumerate(findings):
        if not part:
            continue
        at = FIRST + PER_PROVIDER * place
        products = [_multiply(finding) for finding in part]
        sums = products[0] if len(products) == 1 else [*map(math.fsum, zip(*products, strict=True))]
        numbers[WEIGHT], numbers[at : at + 3] = sums[0], sums[1:]
        distinct.update(*products)  # most providers share the same few numbers
        musts = [finding.degree.truth for finding in part if finding.decides_standing]
        numbers[at + FAILED], numbers[at + UNKNOWN] = musts.count(Truth.NO), musts.count(Truth.UNKNOWN)
    numbers[INEXACT] = not all(map(_is_exact, distinct))
    return numbers


def _multiply(finding: Finding) -> tuple[float, float, float, float]:
    weight, degree = finding.weight, finding.degree
    return weight, weight * degree.low, weight * degree.expected, weight * degree.high


def _is_exact(number: float) -> bool:
    """Return whether a number can be summed exactly: a multiple of 2**-20 that is not too large."""
    return abs(number) < _LARGEST and (number * _FINEST) % 1 == 0
