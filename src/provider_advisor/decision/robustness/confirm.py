"""Find the unknown or disputed facts that could change the verdict: what to ask providers, most useful first.

An example: Brook meets wishes that weigh 2.8 in all, and is recommended. Acme lacks these, and of four others, each of
weight 1, nothing is known, so that it is expected to have 2 and could have 4. One yes makes that 2.5, and one no leaves
3 possible: no single answer changes anything. Two do: with two yes it has 3 and leads, with two no it cannot any more.
So each two of the four are a set of questions. Sets are searched by their size, because few are soon asked.
"""

import datetime as dt
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import attrgetter
from typing import NamedTuple

from provider_advisor.decision.decide import Outcome, find_stale_grounds
from provider_advisor.decision.findings import Assessment
from provider_advisor.decision.robustness.joint_answers import JointAnswers, list_leading
from provider_advisor.decision.robustness.open_facts import (
    OpenFact,
    PossibleAnswer,
    find_askable_facts,
    find_uses,
    list_answers,
    list_confirmations,
)
from provider_advisor.decision.robustness.what_if import Supposing
from provider_advisor.decision.verdict import Rank, Verdict, rank
from provider_advisor.knowledge import Fact

MOST_TRIED = 120
"""Most verdicts to try in the search for the smallest sets, size by size."""


_MOST_THINNED = 12
"""Up to this many questions, sets are reduced with every kind of answers; beyond, with one kind."""


class FactAnswer(NamedTuple):
    """One answer to a question: the fact as it would be, how probable that is, and the verdict it would lead to."""

    fact: Fact
    share: float
    verdict: Verdict


class FactQuestion(NamedTuple):
    """A fact about which a provider can be asked.

    `turns` is the probability of the answers that change the kind of the verdict or whom it names, `changes` that of
    those that change it at all, even if only in strength; `weight` is the total weight of the findings that depend on
    it. `stated` is the day of a fact that is known, but out of date: the first answer is that it still holds.
    """

    provider: str
    criterion: str
    disputed: bool
    asked: OpenFact
    answers: tuple[FactAnswer, ...]
    turns: float
    changes: float
    weight: float
    stated: dt.date | None = None


class QuestionSet(NamedTuple):
    """Questions that together could change or settle a verdict when no single one could."""

    questions: tuple[FactQuestion, ...]
    answers: tuple[Fact, ...]
    verdict: Verdict


class Confirm(NamedTuple):
    """The questions worth asking, and sets of them if no single one settles the verdict.

    For a dated verdict there is one set: facts that make it firm if all of them still hold. `complete` says whether all
    the smallest sets are among them: the search tries `MOST_TRIED` verdicts, and then returns one set that cannot be
    made smaller.
    """

    questions: tuple[FactQuestion, ...]
    sets: tuple[QuestionSet, ...] = ()
    complete: bool = True


def find_questions(outcome: Outcome) -> Confirm:
    """Return what to confirm, ordered by how much the answers would settle.

    First the probability that the answer turns the verdict (kind, provider, lean or who is among the leaders), then
    that it changes it at all, then the weight of what rests on the fact, then provider and criterion. For a dated
    verdict, the out-of-date facts behind it are asked about too.
    """
    if outcome.verdict.is_final:
        return Confirm(())
    supposing, facts = Supposing(outcome), outcome.facts
    asked = [fact for each in _list_relevant(outcome.assessments) for fact in find_askable_facts(each, facts)]
    questions = [_ask(fact, list_answers(fact, facts), outcome, supposing) for fact in asked]
    assessments = {each.provider: each for each in outcome.assessments}
    dated = [find_uses(assessments[provider], criterion, facts) for provider, criterion in find_stale_grounds(outcome)]
    stale = [
        _ask(fact, list_confirmations(fact, facts), outcome, supposing)._replace(
            stated=facts(fact.provider, fact.criterion).newest
        )
        for fact in dated
    ]
    # Also where the policy counts the answer that changes the verdict as impossible (p 0 or 1).
    useful = [each for each in [*questions, *stale] if any(one.verdict != outcome.verdict for one in each.answers)]
    useful.sort(key=_rate)
    if stale:
        return Confirm(tuple(useful), _find_renewal(stale, outcome, supposing))
    if _is_settled(outcome.verdict) or not questions:
        return Confirm(tuple(useful))
    # Sets are searched only where no single answer settles the verdict.
    if any(_is_settled(answer.verdict) or answer.verdict.kind == "tie" for each in useful for answer in each.answers):
        return Confirm(tuple(useful))
    return _find_sets(sorted(questions, key=_rate), outcome, supposing, to_settle=bool(useful))._replace(
        questions=tuple(useful)
    )


def _list_relevant(assessments: Sequence[Assessment]) -> list[Assessment]:
    """Return the providers that could still win: a failed must stays failed, and open facts stay within the scores."""
    scores = [(each.standing, each.score) for each in assessments if each.score is not None]
    proven = max((score.proven for standing, score in scores if standing == "qualified"), default=-math.inf)
    return [
        each
        for each in assessments
        if each.standing != "ruled-out" and each.score is not None and each.score.possible >= proven
    ]


def _rate(question: FactQuestion) -> tuple[float, float, float, str, str]:
    return (
        -round(question.turns, 9),
        -round(question.changes, 9),
        -question.weight,
        question.provider,
        question.criterion,
    )


def _ask(asked: OpenFact, possible: Iterable[PossibleAnswer], outcome: Outcome, supposing: Supposing) -> FactQuestion:
    """Return the question about a fact, with the verdict that each possible answer leads to."""
    before = outcome.verdict
    answers = tuple(FactAnswer(each.fact, each.share, supposing.verdict([each.fact])) for each in possible)
    weights = {use.finding: use.weight for use in asked.uses}
    return FactQuestion(
        asked.provider,
        asked.criterion,
        outcome.facts(asked.provider, asked.criterion).disputed,
        asked,
        answers,
        # `turns` ignores strength: from leaning to firm for the same provider is a change, but not a turn.
        sum(answer.share for answer in answers if answer.verdict._replace(strength=before.strength) != before),
        sum(answer.share for answer in answers if answer.verdict != before),
        sum(weights.values()),
    )


def _find_renewal(stale: Sequence[FactQuestion], outcome: Outcome, supposing: Supposing) -> tuple[QuestionSet, ...]:
    """Return a minimal set of out-of-date facts that make a dated verdict firm if they all still hold.

    Empty if the answer to a single question is enough.
    """
    firm = outcome.verdict._replace(strength="firm")
    kept = list(stale)
    if any(answer.verdict == firm for question in stale for answer in question.answers):
        return ()
    # Dropping facts one by one gives a set that cannot be reduced further, which is not always the smallest one.
    for question in _sort_by_weight(stale):
        rest = [other for other in kept if other is not question]
        if supposing.verdict([other.answers[0].fact for other in rest]) == firm:
            kept = rest
    return (QuestionSet(tuple(kept), tuple(question.answers[0].fact for question in kept), firm),)


def _is_settled(verdict: Verdict) -> bool:
    """Return whether nothing unknown matters, though old facts may: all fail a must, or one is proven best."""
    return verdict.is_final or verdict.strength == "dated"


# Sets of questions


def _find_sets(
    questions: Sequence[FactQuestion], outcome: Outcome, supposing: Supposing, *, to_settle: bool
) -> Confirm:
    """Return the smallest sets whose answers change the verdict, or settle it if asked to."""
    asked = [question for question in questions if question.answers]
    search = _SetSearch(asked, outcome, supposing, to_settle=to_settle)
    # If the answers to all questions together change nothing, no part of them does, because verdicts are monotonic.
    whole = search.find_within(asked)
    if whole is None:
        return Confirm(())
    for size in range(2, len(asked) + 1):
        found, complete = _find_sets_of_size(size, asked, search)
        if found and complete:
            return Confirm((), found)
        if not complete:
            return Confirm((), found or (search.thin(whole),), complete=False)
    return Confirm((), (whole,))


def _find_sets_of_size(
    size: int, asked: Sequence[FactQuestion], search: "_SetSearch"
) -> tuple[tuple[QuestionSet, ...], bool]:
    """Return the sets of a size that could change the verdict, and whether all of that size were tried."""
    found: list[QuestionSet] = []
    for group in itertools.combinations(asked, size):
        if search.tried >= MOST_TRIED:
            return tuple(found), False
        changed = search.find_within(group)
        if changed is not None:
            found.append(changed)
    return tuple(found), True


_Asked = dict[str, tuple[int, ...]]
"""A set of questions: for each provider the places, in ascending order, among its questions."""


class _FoundSet(NamedTuple):
    """A set of questions whose best answers for `favoured`, and worst for the others, change the verdict."""

    asked: _Asked
    favoured: frozenset[str]
    verdict: Verdict


class _SetSearch:
    """Searches for sets of questions whose answers change the verdict.

    Verdicts are monotonic: answers that are better for one provider and worse for all others can only help it. So it is
    enough to try, for each provider, the answers that are best for it and worst for the others, and the worst and the
    best answers for all.
    """

    def __init__(
        self, questions: Sequence[FactQuestion], outcome: Outcome, supposing: Supposing, *, to_settle: bool = False
    ) -> None:
        self._questions = questions
        self._before = outcome.verdict
        self._to_settle = to_settle
        self._supposing = supposing
        # With three providers: best for A, best for B, best for C, worst for all, best for all. That is five verdicts
        # per set, instead of one for each combination of answers. A provider that cannot lead even then needs none of
        # its own: worst for all covers it.
        self._joint: dict[str, JointAnswers] = {}
        self._places: dict[tuple[str, str], int] = {}
        self._answers: dict[tuple[str, tuple[int, ...], bool], tuple[Fact, ...]] = {}
        by_provider = attrgetter("provider")
        for provider, part in itertools.groupby(sorted(questions, key=by_provider), by_provider):
            about = list(part)
            answers = [[answer.fact for answer in question.answers] for question in about]
            self._joint[provider] = JointAnswers([question.asked for question in about], answers, supposing)
            self._places |= {(provider, question.criterion): place for place, question in enumerate(about)}
        best_first = sorted(outcome.assessments, key=lambda each: (rank(each), each.provider))
        leading = list_leading(best_first, self._bound)
        self._favourites = [frozenset({provider}) for provider, _, _ in leading]
        self._favourites += [frozenset(), frozenset(each.provider for each in outcome.assessments)]
        self.tried = 0

    def _bound(self, assessment: Assessment) -> tuple[Rank, Rank]:
        joint = self._joint.get(assessment.provider)
        return joint.bound_ranks(assessment) if joint is not None else (rank(assessment), rank(assessment))

    def find_within(self, questions: Sequence[FactQuestion]) -> QuestionSet | None:
        """Return the set with answers that change the verdict, or settle it if asked to; None if there are none."""
        found = self._find(self._group(questions))
        return None if found is None else self._describe(found)

    def thin(self, whole: QuestionSet) -> QuestionSet:
        """Return a smaller set, within one that was found, that needs each of its questions.

        First with the set's own kind of answers, then with all kinds if few questions are left.
        """
        found = self._find(self._group(whole.questions))
        if found is None:
            return whole
        kept = self._thin(found, partial(self._find_with, found.favoured))
        if sum(map(len, kept.asked.values())) <= _MOST_THINNED:
            kept = self._thin(kept, self._find)
        return self._describe(kept)

    def _group(self, questions: Iterable[FactQuestion]) -> _Asked:
        groups: dict[str, list[int]] = {}
        for each in questions:
            groups.setdefault(each.provider, []).append(self._places[each.provider, each.criterion])
        return {provider: tuple(places) for provider, places in groups.items()}

    def _list_questions(self, asked: _Asked) -> list[FactQuestion]:
        """Return the questions of a set in the original order."""
        places = self._places
        return [
            each for each in self._questions if places[each.provider, each.criterion] in asked.get(each.provider, ())
        ]

    def _describe(self, found: _FoundSet) -> QuestionSet:
        asked, favoured, verdict = found
        parts = [self._answer(provider, places, provider in favoured) for provider, places in asked.items()]
        answers = {(fact.provider, fact.criterion): fact for part in parts for fact in part}
        questions = self._list_questions(asked)
        return QuestionSet(
            tuple(questions), tuple([answers[each.provider, each.criterion] for each in questions]), verdict
        )

    def _find(self, asked: _Asked) -> _FoundSet | None:
        tried = (self._find_with(favoured, asked) for favoured in self._favourites)
        return next((found for found in tried if found is not None), None)

    def _find_with(self, favoured: frozenset[str], asked: _Asked) -> _FoundSet | None:
        parts = [self._answer(provider, places, provider in favoured) for provider, places in asked.items()]
        verdict = self._supposing.judge_groups(parts)
        self.tried += 1
        is_found = _is_settled(verdict) or verdict.kind == "tie" if self._to_settle else verdict != self._before
        return _FoundSet(asked, favoured, verdict) if is_found else None

    def _thin(self, whole: _FoundSet, find: Callable[[_Asked], _FoundSet | None]) -> _FoundSet:
        """Return a minimal part of the set that still changes the verdict.

        The lightest questions are dropped first. Because verdicts are monotonic, a half that could be dropped one by
        one can be dropped at once, so few more verdicts are needed than there are questions left.
        """
        kept = whole
        waiting = [_sort_by_weight(self._list_questions(whole.asked))]
        while waiting:
            part = waiting.pop()
            rest = self._leave_out(kept.asked, part)
            is_set = sum(map(len, rest.values())) > 1
            if is_set and (found := find(rest)) is not None:
                kept = found
            elif len(part) > 1:
                middle = len(part) // 2
                # The last is taken next: the lighter half.
                waiting += [part[middle:], part[:middle]]
        return kept

    def _leave_out(self, asked: _Asked, part: Iterable[FactQuestion]) -> _Asked:
        rest = dict(asked)
        for provider, gone in self._group(part).items():
            rest[provider] = tuple([place for place in asked[provider] if place not in gone])
            if not rest[provider]:
                del rest[provider]
        return rest

    def _answer(self, provider: str, places: tuple[int, ...], is_favoured: bool) -> tuple[Fact, ...]:  # noqa: FBT001 (a key)
        # The search drops questions one by one, so for most providers they stay the same.
        key = provider, places, is_favoured
        if key not in self._answers:
            ends = self._joint[provider].find_ends(places)
            self._answers[key] = tuple([ends[place][is_favoured] for place in places])
        return self._answers[key]


def _sort_by_weight(questions: Iterable[FactQuestion]) -> list[FactQuestion]:
    return sorted(questions, key=lambda question: (question.weight, question.provider, question.criterion))
