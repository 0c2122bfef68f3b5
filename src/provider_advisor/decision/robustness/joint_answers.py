"""Find the answers about one provider that are jointly best, or worst, for it.

The best answers to single questions need not be best together. A rule favours "no fax, or a phone": while both are
unknown, it counts 0.5. With "no fax" it counts 1, and also with "a phone"; but the team asks for the fax too, so fax
and phone together are better than either. So questions that share a finding are answered together; groups without a
common finding add up, and are searched separately.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from provider_advisor.decision.findings import Assessment, Finding, sum_up
from provider_advisor.decision.robustness.open_facts import OpenFact
from provider_advisor.decision.robustness.what_if import Supposing
from provider_advisor.decision.robustness.world_model import link_parts
from provider_advisor.decision.verdict import Rank, rank
from provider_advisor.knowledge import Fact
from provider_advisor.knowledge.criteria import split_member
from provider_advisor.logic import Truth

MOST_JOINT = 128
"""Most joint answers to one group. With more, the ends are found question by question, or bounded."""


class JointEnds(NamedTuple):
    """The worst and the best joint answers, in the order of the questions."""

    worst: tuple[Fact, ...]
    best: tuple[Fact, ...]


class JointAnswers:
    """The best and the worst joint answers to questions about one provider; each group is searched once."""

    def __init__(self, asked: Sequence[OpenFact], answers: Sequence[Sequence[Fact]], supposing: Supposing) -> None:
        self._asked = asked
        self._answers = answers
        self._supposing = supposing
        self._groups = _link_questions(asked)
        self._group_of = {place: number for number, group in enumerate(self._groups) for place in group}
        self._ends: dict[tuple[int, ...], JointEnds] = {}
        self._found: dict[tuple[int, ...], dict[int, tuple[Fact, Fact]]] = {}

    def find_ends(self, places: Iterable[int]) -> dict[int, tuple[Fact, Fact]]:
        """Return for some of the questions, by place, their answers in the worst and in the best joint answers."""
        # The search for sets leaves out questions one by one, so that those about most providers stay the same.
        key = tuple(places)
        if key not in self._found:
            parts: dict[int, list[int]] = {}
            for place in sorted(set(key)):
                if self._answers[place]:
                    parts.setdefault(self._group_of[place], []).append(place)
            found = self._found[key] = dict[int, tuple[Fact, Fact]]()
            for part in map(tuple, parts.values()):
                found |= dict(zip(part, zip(*self._ends_of(part), strict=True), strict=True))
        return self._found[key]

    def bound_ranks(self, assessment: Assessment) -> tuple[Rank, Rank]:
        """Return the worst and the best rank after any answers, or bounds on them.

        They are exact unless a group has more than `MOST_JOINT` joint answers; then its findings count at their ends.
        So does a cost that no answer settles.
        """
        places = [place for group in self._groups if self._count(group) <= MOST_JOINT for place in group]
        rest = [place for group in self._groups if self._count(group) > MOST_JOINT for place in group]
        # No answer takes a finding past its ends, so these bound the answers to large groups.
        bounded = {use.finding for place in rest for use in self._asked[place].uses}
        ends = self.find_ends(places).values()
        found = []
        for at, truth in enumerate((Truth.NO, Truth.YES)):
            supposed = tuple(pair[at] for pair in ends)
            each = self._supposing.assessment(supposed) if supposed else assessment
            # A cost may stay open whatever is answered, if a volume is a range or no price model covers some usage.
            left = {
                place
                for place, one in enumerate(each.findings)
                if one.cost is not None and one.degree.truth is Truth.UNKNOWN
            }
            if left | bounded:
                parts = [
                    _at_end(one, truth) if place in left | bounded else one for place, one in enumerate(each.findings)
                ]
                each = sum_up(each.provider, parts, each.cost)
            found.append(rank(each))
        return found[0], found[1]

    def _count(self, group: Iterable[int]) -> int:
        return math.prod(max(1, len(self._answers[place])) for place in group)

    def _ends_of(self, part: tuple[int, ...]) -> JointEnds:
        if part not in self._ends:
            self._ends[part] = self._search(part)
        return self._ends[part]

    def _search(self, part: tuple[int, ...]) -> JointEnds:
        answers = [self._answers[place] for place in part]
        if self._count(part) <= MOST_JOINT:
            ordered = sorted(itertools.product(*answers), key=self._supposing.rate)
            return JointEnds(ordered[0], ordered[-1])
        # Too many to try together: each question by itself, which gives the same unless a `not` ties them.
        singly = [sorted(each, key=lambda answer: self._supposing.rate((answer,))) for each in answers]
        return JointEnds(tuple(each[0] for each in singly), tuple(each[-1] for each in singly))


def _link_questions(asked: Sequence[OpenFact]) -> list[list[int]]:
    """Group the questions about one provider that share a finding; return their places.

    A member is tied to its criterion, if that is asked about too: what exists for one member exists for any.
    """
    keys = ({*(use.finding for use in each.uses), each.criterion, split_member(each.criterion)[0]} for each in asked)
    return [sorted(places) for _, places in link_parts(zip(keys, itertools.count()))]


def _at_end(finding: Finding, truth: Truth) -> Finding:
    """Return an open finding at its best (YES) or at its worst (NO)."""
    degree = finding.degree
    if degree.low == degree.high:
        return finding
    end = degree.high if truth is Truth.YES else degree.low
    settled = None if degree.truth is None else truth
    return finding._replace(degree=degree._replace(low=end, high=end, expected=end, truth=settled))
