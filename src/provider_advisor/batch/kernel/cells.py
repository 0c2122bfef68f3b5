"""Cells: all that a team requires of one criterion, judged once for every team that requires just that.

A cell is judged by the functions that answer a single team; many teams only look up the numbers and add them.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from provider_advisor.batch.kernel.arrays import Floats, Ints
from provider_advisor.batch.native import load_loops
from provider_advisor.decision.decide import Outcome
from provider_advisor.decision.degrees import grade_truth
from provider_advisor.decision.findings import (
    Finding,
    judge_requirement,
    judge_rule,
    list_used_facts,
    weigh_requirement,
)
from provider_advisor.inference.infer import added_by, contradicts, put_together
from provider_advisor.knowledge import Facts, Rule
from provider_advisor.knowledge.conditions import AT
from provider_advisor.knowledge.criteria import split_member
from provider_advisor.knowledge.records import Notice
from provider_advisor.logic import Truth
from provider_advisor.requirements import RANK, Requirement
from provider_advisor.requirements.area_weights import list_areas

WEIGHT, INEXACT, FIRST = 0, 1, 2
PER_PROVIDER = 5
"""Columns of a cell's numbers: weight, whether a sum with it may be inexact, then for each provider the weighted
proven, expected and possible degrees, its failed musts and its unknown musts."""

# A double holds 53 bits: multiples of 2**-20 add up exactly, in any order, while their sum is below 2**33. A sum with
# any other number is marked as perhaps inexact, and made again as a single answer makes it.
_FINEST = 2.0**20
_LARGEST = 2.0**30


class Cell(NamedTuple):
    """What is required of one criterion, by the team and by rules, or one rule that favours; with its findings.

    Of a criterion that the team does not want, `stated` says so, and there are no findings.

    `findings` has one tuple for each provider, in the order of their ids. `telling` says of a requirement whose degrees
    differ from team to team, and are not in the findings, that here they are not the same for all providers, and `open`
    for which providers they are intervals. `like` is the number of a cell that differs in the name of a member alone.
    """

    criterion: str | None
    stated: tuple[Requirement, ...]
    added: tuple[Requirement, ...]
    findings: tuple[tuple[Finding, ...], ...]
    telling: bool = False
    open: tuple[bool, ...] = ()
    like: int | None = None


class Entries(NamedTuple):
    """Which cells make up which rows, row by row: those of row r lie between `ends[r]` and `ends[r + 1]`."""

    rows: Ints
    cells: Ints
    ends: Ints

    @classmethod
    def sort(cls, rows: Ints, cells: Ints, count: int) -> Entries:
        """Return cells in the order of their rows, of which there are so many."""
        found = cls(np.empty_like(rows), np.empty_like(cells), np.empty(count + 1, np.int32))
        load_loops().sort_entries(rows, cells, len(rows), count, *found)
        return found


class Change(NamedTuple):
    """The cell after a rule added to it, and whether what was stated contradicts that."""

    cell: int
    contradicted: bool


class Cells:
    """The cells met so far, by number; number 0 requires nothing.

    May be used by several threads: who meets a new cell holds the lock while it is judged.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.lock = threading.RLock()
        self.known: list[Cell] = []
        self._width = FIRST + PER_PROVIDER * len(facts.knowledge.providers)
        self._numbers = np.zeros((256, self._width))
        self._places = np.full(256, -1, np.int32)
        self._ranks = np.zeros(256, np.int8)
        self._areas = np.full(256, -1, np.int16)
        self._area_places = {area: place for place, area in enumerate(list_areas(facts.knowledge))}
        self.names = list(facts.knowledge.criteria)
        self._order = {name: place for place, name in enumerate(self.names)}
        self.computed = [
            place for place, criterion in enumerate(facts.knowledge.criteria.values()) if criterion.computed
        ]
        self._computed = {name for name, criterion in facts.knowledge.criteria.items() if criterion.computed}
        self._ids: dict[object, int] = {}
        self._alike: dict[object, int] = {}
        self._said: dict[str, Mapping[str, tuple[int, ...]]] = {}
        self._keep(Cell(None, (), (), tuple(() for _ in facts.knowledge.providers)))

    @property
    def numbers(self) -> Floats:
        """Return the numbers of all cells: a row a cell, columns as `PER_PROVIDER` says."""
        known = len(self.known)  # first: the array of a moment later may be longer, and is never shorter
        return self._numbers[:known]

    @property
    def places(self) -> Ints:
        """Return the place of each cell's criterion among the `names`; -1 for a rule and for what requires nothing.

        Members get places behind the criteria of the vocabulary when a team first asks for them.
        """
        known = len(self.known)
        return self._places[:known]

    @property
    def ranks(self) -> Ints:
        """Return the highest rank at which each cell's criterion is stated.

        It is -1 where it must be absent or is not wanted: the team does not need it, and no rule may favour by it.
        """
        known = len(self.known)
        return self._ranks[:known]

    @property
    def areas(self) -> Ints:
        """Return the place of each cell's area among `list_areas`; -1 for what requires nothing, or is of one team."""
        known = len(self.known)
        return self._areas[:known]

    def get_stated(self, requirements: tuple[Requirement, ...]) -> int:
        """Return the cell of a team that states these on one criterion; on a computed one, it waits for its cost."""
        return self._get_or_make(requirements, lambda: self._judge(requirements[0].criterion, requirements, ()))

    def change_cell(self, rule: Rule, part: int, cell: int, rank: int) -> Change:
        """Return the cell, once a part of a rule that fired has added its requirement at this rank."""
        requirement = added_by(rule, rule.implies[part], rank, self.facts.knowledge)
        old = self.known[cell]
        # What the team states wins: the requirement of the rule is set aside.
        refused = contradicts(requirement, old.stated) is not None
        added = old.added if refused else (*old.added, requirement)
        return Change(self._get_added(requirement.criterion, old.stated, added), refused)

    def get_rule(self, rule: Rule) -> int:
        """Return the cell of a rule that favours."""
        return self._get_or_make(rule.id, lambda: self._judge_favouring(rule))

    def add_team(self, outcome: Outcome) -> int:
        """Return a cell of its own, with all findings of a team that was judged by itself."""
        with self.lock:
            return self._keep(Cell(None, (), (), tuple(part.findings for part in outcome.assessments)))

    def get_cost(self, requirement: Requirement, truths: tuple[Truth, ...]) -> int:
        """Return the cell of a requirement on the cost with a bound, by how each provider's cost meets it."""
        return self._get_or_make((requirement, truths), lambda: self._judge_costs(requirement, truths))

    def get_open_cost(self, requirement: Requirement, is_open: tuple[bool, ...], *, telling: bool) -> int:
        """The cell of a requirement on the cost without a bound; the weighted degrees, which differ, stay 0 here."""
        nothing = (None,) * len(is_open)
        key = (requirement, is_open, telling)
        return self._get_or_make(
            key, lambda: self._judge_costs(requirement, nothing)._replace(telling=telling, open=is_open)
        )

    def _get_or_make(self, key: object, make: Callable[[], Cell]) -> int:
        """Return the number of the cell of this key, made the first time that it is asked for."""
        # One lock for all: a cell is kept for every thread, and the interpreter judges one at a time anyway.
        with self.lock:
            if key not in self._ids:
                self._ids[key] = self._keep(make())
            return self._ids[key]

    def _judge_favouring(self, rule: Rule) -> Cell:
        providers = self.facts.knowledge.providers
        return Cell(None, (), (), tuple((judge_rule(provider, rule, self.facts),) for provider in providers))

    def _judge_costs(self, requirement: Requirement, truths: tuple[Truth | None, ...]) -> Cell:
        weight = weigh_requirement(requirement, self.facts)
        findings = tuple(
            (self._judge_cost(provider, requirement, truth, weight),)
            for provider, truth in zip(self.facts.knowledge.providers, truths, strict=True)
        )
        return Cell(requirement.criterion, (requirement,), (), findings)

    def _judge_cost(self, provider: str, requirement: Requirement, truth: Truth | None, weight: float) -> Finding:
        if truth is not None:
            return Finding(provider, requirement, None, grade_truth(truth, self.facts, ()), weight)
        open_degree = grade_truth(Truth.NO, self.facts, ())._replace(truth=None)
        return Finding(provider, requirement, None, open_degree, weight)

    def _get_added(self, criterion: str, stated: tuple[Requirement, ...], added: tuple[Requirement, ...]) -> int:
        if not added:
            return self.get_stated(stated)
        return self._get_or_make((criterion, stated, added), lambda: self._judge(criterion, stated, added))

    def _judge(self, criterion: str, stated: tuple[Requirement, ...], added: tuple[Requirement, ...]) -> Cell:
        asked = tuple(part for part in stated if part.priority != "wont")
        # A cost differs from team to team: the cell of its words only says what is asked, until `get_cost` takes over.
        required = () if criterion in self._computed else put_together(asked, added, self.facts.knowledge)
        if self.facts.knowledge.criteria[criterion].member_of is None:
            return Cell(criterion, stated, added, self._find(required))
        # `phone-numbers@fo` and `phone-numbers@gl`, of which no claim speaks, have the same findings but for their
        # names.
        key = self._list_claims_on(criterion), tuple(part._replace(criterion="") for part in required)
        like = self._alike.setdefault(key, len(self.known))
        if like == len(self.known):
            return Cell(criterion, stated, added, self._find(required))
        findings = tuple(
            tuple(finding._replace(requirement=part) for finding, part in zip(found, required, strict=True))
            for found in self.known[like].findings
        )
        return Cell(criterion, stated, added, findings, like=like)

    def _find(self, required: Sequence[Requirement]) -> tuple[tuple[Finding, ...], ...]:
        return tuple(
            tuple(judge_requirement(provider, requirement, self.facts) for requirement in required)
            for provider in self.facts.knowledge.providers
        )

    def _list_claims_on(self, criterion: str) -> tuple[object, ...]:
        """Return what tells the facts on a member from those on others: which claims name it, and what it pays for.

        Most members are named by no claim, and their facts are equal, so that thousands of them are judged once.
        """
        parent, member = split_member(criterion)
        if parent not in self._said:
            named: dict[str, tuple[int, ...]] = {}
            claims = (self.facts.base.claims.get((provider, parent), ()) for provider in self.facts.knowledge.providers)
            for number, claim in enumerate(chain.from_iterable(claims)):
                named |= {name: (*named.get(name, ()), number) for name in claim.members}
            self._said[parent] = named
        of = self.facts.knowledge.criteria[criterion].of
        return parent, self._said[parent].get(str(member), ()), self._list_claims_on(of) if of and AT in of else of

    def _keep(self, cell: Cell) -> int:
        number = len(self.known)
        # Doubled when full: a thread may still read the old arrays, which nobody changes any more below its own number.
        if number == len(self._numbers):
            self._numbers = np.vstack([self._numbers, np.zeros_like(self._numbers)])
            self._places = np.concatenate([self._places, np.full_like(self._places, -1)])
            self._ranks = np.concatenate([self._ranks, np.zeros_like(self._ranks)])
            self._areas = np.concatenate([self._areas, np.full_like(self._areas, -1)])
        self._numbers[number] = (
            _sum_findings(cell.findings, self._width) if cell.like is None else self._numbers[cell.like]
        )
        self._places[number] = -1 if cell.criterion is None else self._find_place(cell.criterion)
        self._areas[number] = self._find_area(cell)
        # A rule that favours by this criterion counts only where the rank is 0: else the team judges it, or refuses it.
        is_refused = any(part.is_absence or part.priority == "wont" for part in cell.stated)
        self._ranks[number] = -1 if is_refused else max((RANK[part.priority] for part in cell.stated), default=0)
        self.known.append(cell)
        return number

    @property
    def cost_area(self) -> int:
        """Return the place of the area of what is computed, -1 if there is nothing of the kind or it has several."""
        areas = {self.facts.knowledge.criteria[name].area for name in self._computed}
        return self._area_places[areas.pop()] if len(areas) == 1 else -1

    def _find_area(self, cell: Cell) -> int:
        if cell.criterion is not None:
            return self._area_places[self.facts.knowledge.criteria[cell.criterion].area]
        rule = cell.findings[0][0].rule if cell.findings and cell.findings[0] else None
        return -1 if rule is None else self._area_places[rule.area]

    def _find_place(self, criterion: str) -> int:
        if criterion not in self._order:
            self._order[criterion] = len(self.names)
            self.names.append(criterion)
        return self._order[criterion]


class FreshCells:
    """The same cells by the facts that are not past their time, each judged again when it is first asked for.

    What a team requires does not depend on the facts, so its cells stay: only their findings change. Cells on the cost
    and cells of one team (`Cells.add_team`) depend on more than their requirements, and cannot be asked for.
    """

    def __init__(self, cells: Cells) -> None:
        self.facts = cells.facts.without_stale()
        self.known: dict[int, Cell] = {}
        self._cells = cells
        self._numbers = np.zeros_like(cells.numbers)

    def judge(self, wanted: Iterable[int]) -> Floats:
        """Return the numbers of all cells, as `Cells.numbers`; those of cells that nobody has asked for are 0."""
        with self._cells.lock:
            # Other threads may have met new cells since the last call.
            more = len(self._cells.known) - len(self._numbers)
            if more:
                self._numbers = np.vstack([self._numbers, np.zeros((more, self._numbers.shape[1]))])
            for number in set(wanted) - self.known.keys():
                cell = self._cells.known[number]
                again = tuple(tuple(map(self._judge, findings)) for findings in cell.findings)
                self.known[number] = cell._replace(findings=again)
                self._numbers[number] = _sum_findings(again, self._numbers.shape[1])
            return self._numbers

    def _judge(self, finding: Finding) -> Finding:
        if finding.requirement is not None:
            return judge_requirement(finding.provider, finding.requirement, self.facts)
        if finding.rule is None:
            raise ValueError(f"{finding} is on neither a requirement nor a rule")
        return judge_rule(finding.provider, finding.rule, self.facts)


def list_notices(cell: Cell, facts: Facts) -> Iterator[Notice]:
    """Yield the ends and changes of the facts that a cell uses, some perhaps twice."""
    for finding in chain.from_iterable(cell.findings):
        used = list_used_facts(finding, facts)
        if cell.like is not None and finding.requirement is not None and any(fact.notices for fact in used):
            # The findings are those of another member, whose name the notices have.
            used = list_used_facts(judge_requirement(finding.provider, finding.requirement, facts), facts)
        yield from (notice for fact in used for notice in fact.notices)


def _sum_findings(findings: Sequence[Sequence[Finding]], width: int) -> list[float]:
    """Return the numbers of a cell's findings, as a score sums them."""
    numbers, distinct = [0.0] * width, set[float]()
    for place, part in enumerate(findings):
        if not part:
            continue
        at = FIRST + PER_PROVIDER * place
        products = [_multiply(finding) for finding in part]
        sums = products[0] if len(products) == 1 else [*map(math.fsum, zip(*products, strict=True))]
        numbers[WEIGHT], numbers[at : at + 3] = sums[0], sums[1:]
        distinct.update(*products)  # few, and alike for most providers
        musts = [finding.degree.truth for finding in part if finding.decides_standing]
        numbers[at + 3], numbers[at + 4] = musts.count(Truth.NO), musts.count(Truth.UNKNOWN)
    numbers[INEXACT] = not all(map(_is_exact, distinct))
    return numbers


def _multiply(finding: Finding) -> tuple[float, float, float, float]:
    weight, degree = finding.weight, finding.degree
    return weight, weight * degree.low, weight * degree.expected, weight * degree.high


def _is_exact(number: float) -> bool:
    """Return whether sums of such numbers lose nothing: multiples of 2**-20, and not large."""
    return abs(number) < _LARGEST and (number * _FINEST) % 1 == 0
