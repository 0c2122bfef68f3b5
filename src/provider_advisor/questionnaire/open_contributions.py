"""The undecided parts of the sums behind a verdict: their ranges, and the answers that decide them.

An example: a team has not been asked about "fax", and a rule implies "sms" as soon as fax is needed. Then two
contributions are open. One is fax itself: nothing, or a must, good or nice. The other is sms by the rule: nothing, or
at most the priority that the rule gives it. The question about fax decides both. Findings that no answer can change are
not open; they stay in the sums as they are.
"""

# How they are found, for a team that needs 90 seats and has not been asked about fax. One rule adds sms as a wish as
# soon as fax is needed, another 100 seats as a must:
#
#     additions      sms, by the first rule: not sure, of the rank nice or good; seats>=100, by the second: not sure
#     together       seats, which become one requirement with what is stated
#     asked          fax: nothing, nice, good or a must                        decided by the question about fax
#     implied        sms: nothing, nice or good                                decided by the question about fax
#     joined         seats: 90 or 100                                          decided by what fires the second rule
#     favours        the rules that may still favour providers                 decided by what fires them

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from provider_advisor.decision import Finding, Outcome
from provider_advisor.decision.findings import Totals, add_up
from provider_advisor.inference.infer import added_by, contradicts, is_covered, merge_uncovered, raise_ranks
from provider_advisor.knowledge import KnowledgeBase, Priority, Rule
from provider_advisor.knowledge.conditions import AT, AllOf, AnyOf, Condition, Need, judged_by
from provider_advisor.knowledge.rules import Implied, Key
from provider_advisor.logic import Interval
from provider_advisor.questionnaire.catalogue import Catalogue, Span, WidestSpan
from provider_advisor.questionnaire.deciding_questions import DecidingQuestions
from provider_advisor.questionnaire.interpret_answers import CAN_BE_EITHER, CAN_BE_NO, CAN_BE_YES, Meaning, Possible
from provider_advisor.requirements import PRIORITIES, RANK, Requirement

_TOP = max(RANK.values())
_BY_RANK = {RANK[priority]: priority for priority in PRIORITIES}

_MOST_TOGETHER = 3
"""Most additions to one criterion to try in all combinations; beyond, only their weights are used."""

_Stated = tuple[Requirement, ...]
"""What is stated for one criterion: nothing, one requirement, or several with different bounds."""

_Origins = defaultdict[tuple[str, str], tuple[Totals, ...]]
"""What findings add now, by origin: ("stated" or "implied", a criterion), or ("rule", a rule)."""


class OpenContribution(NamedTuple):
    """Something undecided: its span, what it adds now, and the questions that decide it."""

    span: Span
    now: tuple[Totals, ...]
    questions: frozenset[Key]


class _Addition(NamedTuple):
    """One requirement that a rule adds, or may add: its lowest and highest rank, and whether it is sure to be there."""

    rule: Rule
    implied: Implied
    low: int
    high: int
    sure: bool

    @property
    def is_final(self) -> bool:
        """Return whether no answer can change it."""
        return self.sure and self.low == self.high


def find_open_contributions(
    meaning: Meaning, outcome: Outcome, findings: Sequence[tuple[Finding, Totals]], catalogue: Catalogue
) -> list[OpenContribution]:
    """Return everything that further answers could change or add; all other findings are final.

    `outcome` is that of the team of `meaning`; `findings` are its findings, each with what it adds.
    """
    now: _Origins = defaultdict(tuple)
    for finding, totals in findings:
        if finding.requirement is None:
            origin = ("rule", finding.rule.id if finding.rule else "")
        else:
            origin = ("implied" if finding.requirement.implied_by else "stated", finding.requirement.criterion)
        now[origin] += (totals,)
    fired = frozenset(rule.id for rule in outcome.inference.fired)
    deciding = DecidingQuestions(meaning.possible, catalogue, fired)
    return list(_ContributionSearch(meaning, catalogue, deciding, now).find())


class _ContributionSearch:
    """Finds everything that is open, given a team's answers and what may still follow from them."""

    def __init__(self, meaning: Meaning, catalogue: Catalogue, deciding: DecidingQuestions, now: _Origins) -> None:
        self._team, self._said, self._possible = meaning.team, meaning.said, meaning.possible
        self._catalogue = catalogue
        self._deciding = deciding
        self._now = now

    def find(self) -> Iterator[OpenContribution]:
        """Yield everything that further answers could change or add."""
        additions = self._find_additions()
        # A rule's bound is merged with the stated one into one requirement, so neither is open by itself.
        together = {name: parts for name, parts in additions.items() if any(part.implied.bound for part in parts)}
        yield from self._find_asked(together)
        yield from self._find_cost()
        yield from self._find_implied({name: parts for name, parts in additions.items() if name not in together})
        yield from self._find_joined(together)
        yield from self._find_favours()

    # What rules add, or may add

    def _find_additions(self) -> dict[str, list[_Addition]]:
        """Return, by criterion, what rules may add to it beside what is stated for good."""
        stated, low = defaultdict[str, _Stated](tuple), dict[str, int]()
        for one in self._team.requirements:
            if one.is_absence:
                continue
            stated[one.criterion] += (one,)
            raise_ranks(low, one.criterion, RANK[one.priority])
        high = {name: _TOP if truth & CAN_BE_YES else 0 for name, truth in self._possible.stated.items()} | low
        found: dict[str, list[_Addition]] = {}
        # Rules come before those they feed, so that the ranks of what they need are known. In another order a rule
        # could be taken to add less than it does, and a verdict be called settled that is not.
        for rule in self._catalogue.knowledge.rules.values():
            for part in self._list_added(rule, low, high):
                name = part.implied.criterion
                addition = self._put_beside(part, stated[name])
                if addition is None:
                    continue
                raise_ranks(high, name, addition.high)
                if addition.sure:
                    raise_ranks(low, name, addition.low)
                left = self._drop_if_covered(addition, stated[name])
                if left is not None:
                    found.setdefault(name, []).append(left)
        return found

    def _list_added(self, rule: Rule, low: Mapping[str, int], high: Mapping[str, int]) -> Iterator[_Addition]:
        """Yield what a rule adds if it fires; nothing if it cannot fire, and nothing that is not wanted."""
        if not self._possible.fires(rule):
            return
        # A rule adds at most the priority of the need that fired it. If that is open, so is the added rank.
        caps = _cap_ranks(rule.when, self._possible, low, high)
        for part in rule.implies:
            if part.criterion not in self._said.unwanted:
                lowest, highest = (max(1, min(RANK[part.priority], cap)) for cap in caps)
                yield _Addition(rule, part, lowest, highest, self._possible.is_sure(rule))

    def _put_beside(self, addition: _Addition, stated: _Stated) -> _Addition | None:
        """Return the addition beside what is stated: None if that contradicts it, not sure if that might."""
        bound, name = addition.implied.bound, addition.implied.criterion
        if not stated:
            return addition._replace(sure=addition.sure and not self._may_be_asked(name))
        if bound is None:
            return addition
        # A later bound may contradict the rule's, and then the rule's wish would be dropped.
        if self._said.get_bound_key(name) not in self._said.final:
            return addition._replace(sure=False)
        if not any(part.bound is not None and bound.excludes(part.bound) for part in stated):
            return addition
        return addition._replace(sure=False) if addition.implied.priority == "must" else None

    def _drop_if_covered(self, addition: _Addition, stated: _Stated) -> _Addition | None:
        """Return the addition unless what is stated asks as much at any rank; if it does at some, it is not sure.

        Where members may come in place of what is stated, they leave the addition as it is.
        """
        if not self._is_covered(addition, addition.low, stated):
            return addition
        stays = self._is_covered(addition, addition.high, stated)
        stays = stays and not self._may_name_members(addition.implied.criterion)
        return None if stays else addition._replace(sure=False)

    def _is_covered(self, addition: _Addition, rank: int, stated: _Stated) -> bool:
        part = Requirement(addition.implied.criterion, _BY_RANK[rank], addition.implied.bound)
        is_final = addition.implied.bound is None or self._said.get_bound_key(part.criterion) in self._said.final
        return is_final and is_covered(part, stated)

    # What is open

    def _find_asked(self, together: Container[str]) -> Iterator[OpenContribution]:
        """Yield the criteria that may still be asked for, and the bounds that may still be named."""
        said, criteria = self._said, self._catalogue.knowledge.criteria
        for name in sorted({*said.priorities, *(key.name for key in self._possible.open if key.kind == "criterion")}):
            questions = self._list_own_questions(name)
            if not questions or criteria[name].computed or said.is_replaced(name):
                continue
            priority = said.priorities.get(name)
            if name not in together:
                # What is asked for stays asked for; only a bound or members that have not been named are open.
                is_open = priority is None or self._may_name_members(name)
                span = self._catalogue.span_answers(name, priority, members=is_open)
                yield OpenContribution(span, self._now["stated", name], questions)
            elif name in self._catalogue.claimed_members and (priority is None or self._may_name_members(name)):
                yield OpenContribution(self._catalogue.span_members(name, priority), (), questions)

    def _find_cost(self) -> Iterator[OpenContribution]:
        """Yield the criterion that is computed from usage: of any degree until all usage is final."""
        computed, said, open_ = self._catalogue.computed, self._said, self._possible.open
        if computed is None:
            return
        name = computed.id
        bound = Key("bound", name)
        asked, bounded = name in said.priorities, bound in said.final
        volumes = frozenset(key for key in open_ if key.kind == "usage")
        own = frozenset([] if asked else [Key("criterion", name)]) & open_
        if not asked and not own:
            return
        if volumes:
            priorities = [said.priorities[name]] if asked else PRIORITIES
            span: Span = WidestSpan(max(self._catalogue.weigh(name, priority) for priority in priorities))
            yield OpenContribution(span, self._now["stated", name], own or volumes | ({bound} - said.final))
        elif self._team.usage and not (asked and bounded):
            span = self._catalogue.span_cost(computed, self._team, said.priorities.get(name))
            yield OpenContribution(span, self._now["stated", name], own or frozenset([bound]))

    def _find_implied(self, found: Mapping[str, Sequence[_Addition]]) -> Iterator[OpenContribution]:
        """Yield the requirements without a bound that rules add, or may add, by criterion."""
        for name, additions in found.items():
            if not all(addition.is_final for addition in additions):
                span, questions = self._span_additions(name, additions), self._find_questions(name, additions)
                yield OpenContribution(span, self._now["implied", name], questions)

    def _find_joined(self, found: Mapping[str, Sequence[_Addition]]) -> Iterator[OpenContribution]:
        """Yield what is asked of criteria for which rules add bounds: they join what is, or may be, stated.

        An example: 90 seats are stated, and a rule may add 100. That is one requirement, for 90 or for 100, with the
        larger weight, so that what is stated is open as far as the rule is.
        """
        for name, additions in found.items():
            stated = list(dict.fromkeys(self._list_stated(name, additions)))
            if len(stated) > 1 or not all(addition.is_final for addition in additions):
                span, questions = self._span_joined(name, stated, additions), self._find_questions(name, additions)
                yield OpenContribution(span, self._now["stated", name] + self._now["implied", name], questions)

    def _find_favours(self) -> Iterator[OpenContribution]:
        """Yield rules that favour, or still may; a rule does not count if the team requires what it judges by."""
        possible = self._possible
        for rule in self._catalogue.knowledge.rules.values():
            if rule.favours is None or not possible.fires(rule):
                continue
            # A rule that favours does not count for a team that requires the criterion itself, or its absence, since no
            # evidence counts twice; nor for one that does not want it.
            refused = self._team.refused.union(self._team.unwanted)
            again = {
                name: CAN_BE_YES if name in refused else possible.required[name] for name in judged_by(rule.favours)
            }
            doubtful = [name for name, truth in again.items() if truth & CAN_BE_YES]
            if CAN_BE_YES in again.values() or (possible.is_sure(rule) and not doubtful):
                continue
            questions = self._deciding.find_for_favour(rule, doubtful)
            yield OpenContribution(self._catalogue.span_rule(rule), self._now["rule", rule.id], questions)

    # The spans of what rules add

    def _span_additions(self, name: str, additions: Sequence[_Addition]) -> Span:
        """Return the span of additions without a bound.

        They make one requirement, with the highest rank and the largest weight of those that are there.
        """
        own = self._catalogue.knowledge.criteria[name].weight
        weighed = [(own if part.rule.weight is None else part.rule.weight, part) for part in additions]
        sure = [(weight, part) for weight, part in weighed if part.sure]
        # Implied twice, a requirement keeps the larger weight. So those that are sure set its least weight, and all
        # that may be added set the most.
        least = max(weight for weight, _ in sure) if sure else min(weight for weight, _ in weighed)
        most = max(weight for weight, _ in weighed)
        lowest = max((part.low for _, part in sure), default=1)
        priorities = tuple(_BY_RANK[rank] for rank in range(lowest, max(part.high for part in additions) + 1))
        return self._catalogue.span_implied(name, priorities, (least, most), sure=bool(sure))

    def _list_stated(self, name: str, additions: Sequence[_Addition]) -> Iterator[_Stated]:
        """Yield what may finally be stated for a criterion, perhaps nothing; with enough bounds for all cases."""
        given = tuple(part for part in self._team.requirements if part.criterion == name)
        is_open = not given and self._may_be_asked(name)
        if not given or self._may_name_members(name):
            yield ()
        if given and not self._lacks_bound(name):
            yield given
        elif given or is_open:
            priorities = [part.priority for part in given] or PRIORITIES
            bounds = self._catalogue.list_bounds(name, [part.implied.bound for part in additions if part.implied.bound])
            yield from ((Requirement(name, priority, bound),) for priority in priorities for bound in bounds)

    def _span_joined(self, name: str, stated: Sequence[_Stated], additions: Sequence[_Addition]) -> Span:
        """Return the span of a criterion: what is stated for it, together with what rules add."""
        if len(additions) > _MOST_TOGETHER:
            own = [sum(self._catalogue.weigh(name, part.priority, part.weight) for part in parts) for parts in stated]
            weights = [self._catalogue.weigh(name, _BY_RANK[part.high], part.rule.weight) for part in additions]
            return WidestSpan(sum(weights) + max(own), len(additions) + max(map(len, stated)))
        knowledge = self._catalogue.knowledge
        ways = [
            [
                *([] if part.sure else [None]),
                *(added_by(part.rule, part.implied, rank, knowledge) for rank in range(part.low, part.high + 1)),
            ]
            for part in additions
        ]

        def list_options() -> Iterator[Totals | None]:
            # Many ways lead to the same requirements, and summing these is most of the work.
            for required in dict.fromkeys(_list_joined(stated, ways, knowledge)):
                totals = [self._catalogue.total_requirement(*part) for part in required]
                yield add_up(totals, len(self._catalogue.providers)) if totals else None

        key = (name, tuple(stated), tuple(tuple(way) for way in ways))
        return self._catalogue.keep_span(("joined", *key), list_options)

    # The questions that decide it

    def _find_questions(self, name: str, additions: Sequence[_Addition]) -> frozenset[Key]:
        """Return the questions that decide what rules add to a criterion, and what is stated beside."""
        questions = [self._deciding.find_for_implied(addition.rule, sure=addition.sure) for addition in additions]
        return self._list_own_questions(name).union(*questions)

    def _list_own_questions(self, name: str) -> frozenset[Key]:
        """Return the open questions about a criterion itself: whether it is asked for, with which bound and members."""
        own = frozenset([Key("criterion", name)]) & self._possible.open
        if self._lacks_bound(name):
            own |= {self._said.get_bound_key(name)}
        return own | {Key("members", name)} if self._may_name_members(name) else own

    def _may_name_members(self, name: str) -> bool:
        """Return whether members that distinguish providers may still replace a requested criterion."""
        return name in self._catalogue.claimed_members and self._said.may_name_members(name)

    def _may_be_asked(self, name: str) -> bool:
        """Return whether the team may still ask for this, by an answer to its own question."""
        if AT in name:
            return self._possible.stated.get(name, CAN_BE_NO) == CAN_BE_EITHER
        is_waiting = name in self._said.priorities and not self._said.is_replaced(name)
        return is_waiting or Key("criterion", name) in self._possible.open

    def _lacks_bound(self, name: str) -> bool:
        takes_bound = self._catalogue.knowledge.criteria[name].kind != "capability"
        return takes_bound and name in self._said.priorities and self._said.get_bound_key(name) not in self._said.final


def _list_joined(
    stated: Iterable[_Stated], ways: Sequence[Sequence[Requirement | None]], knowledge: KnowledgeBase
) -> Iterator[tuple[tuple[str, Priority, Interval | None, float | None], ...]]:
    """Yield what is required in each way: criteria with their priorities, bounds and weights.

    An addition that contradicts what is stated, or is covered by it, has no effect. To find that out once for each
    addition leaves about half of the ways.
    """
    for ours in stated:
        counting = [
            dict.fromkeys(
                None if part is None or is_covered(part, ours) or contradicts(part, ours) is not None else part
                for part in way
            )
            for way in ways
        ]
        for parts in itertools.product(*counting):
            required = merge_uncovered(ours, [part for part in parts if part is not None], knowledge)
            yield tuple([part[:4] for part in required])


def _cap_ranks(
    condition: Condition, possible: Possible, low: Mapping[str, int], high: Mapping[str, int]
) -> tuple[int, int]:
    """Return the least and the most of the highest rank that the needs of a condition allow."""
    # `{all: [{need: fax}, {need: sms}]}`, with fax as a must (3) and sms not yet asked about (0 to 3), may be 0 to 3.
    # Under `any` the fax alone fires it, at 3.
    if isinstance(condition, Need):
        return low.get(condition.criterion, 0), high.get(condition.criterion, 0)
    if isinstance(condition, AllOf | AnyOf):
        ends = [_cap_ranks(part, possible, low, high) for part in condition.parts]
        # As when rules fire: under `all` the lowest need counts, under `any` the highest.
        pick = min if isinstance(condition, AllOf) else max
        return pick(end[0] for end in ends), pick(end[1] for end in ends)
    truths = possible.may_be(condition)
    return (_TOP if truths == CAN_BE_YES else 0), (_TOP if truths & CAN_BE_YES else 0)
