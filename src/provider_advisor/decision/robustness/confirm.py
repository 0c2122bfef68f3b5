"""Find the unknown or disputed facts that could change the verdict: what to ask providers, most useful first.

An example: Brook meets wishes that weigh 2.8 in all, and is recommended. Acme lacks these, and of four others, each of
weight 1, nothing is known, so that it is expected to have 2 and could have 4. One yes makes that 2.5, and one no leaves
3 possible: no single answer changes anything. Two do: with two yes it has 3 and leads, with two no it cannot any more.
So each two of the four are a set of questions. Sets are searched by their size, because few are soon asked.
"""

import datetime as dt
import itertools
import math
from collections.abc import Iterable, Sequence
from functools import cache
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
from provider_advisor.decision.verdict import Verdict, rank
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
    if outcome.verdict.is_final or not outcome.findings:
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
    answers = tuple(FactAnswer(each.fact, each.share, supposing.judge([each.fact])) for each in possible)
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
    for question in sorted(stale, key=_order_by_weight):
        rest = [other for other in kept if other is not question]
        if supposing.judge([other.answers[0].fact for other in rest]) == firm:
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
    search = _SetSearch([question for question in questions if question.answers], outcome, supposing, to_settle)
    # If the answers to all questions together change nothing, no part of them does, because verdicts are monotonic.
    whole = search.find_within(search.places)
    if whole is None:
        return Confirm(())
    for size in range(2, len(search.places) + 1):
        found: list[_FoundSet] = []
        for group in itertools.combinations(search.places, size):
            if search.tried >= MOST_TRIED:
                return Confirm((), search.describe(found or [search.thin(whole)]), complete=False)
            if (changed := search.find_within(group)) is not None:
                found.append(changed)
        if found:
            return Confirm((), search.describe(found))
    return Confirm((), search.describe([whole]))


_Asked = dict[str, tuple[int, ...]]
"""A set of questions: their places, in ascending order, by provider."""


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
        self,
        questions: Sequence[FactQuestion],
        outcome: Outcome,
        supposing: Supposing,
        to_settle: bool,  # noqa: FBT001 (what is searched for)
    ) -> None:
        self.places = range(len(questions))
        self.tried = 0
        self._questions = questions
        self._before = outcome.verdict
        self._to_settle = to_settle
        self._supposing = supposing
        answers = [[answer.fact for answer in question.answers] for question in questions]
        joint = JointAnswers([question.asked for question in questions], answers, supposing)

        # The search drops questions one by one, so most providers keep theirs.
        @cache
        def answer(places: tuple[int, ...], is_favoured: bool) -> tuple[Fact, ...]:  # noqa: FBT001 (a key)
            """Return the best or the worst joint answers to questions about one provider."""
            ends = joint.find_ends(places)
            return tuple([ends[place][is_favoured] for place in places])

        self._answer = answer
        # With three providers: best for A, best for B, best for C, worst for all, best for all. That is five verdicts
        # per set, instead of one for each combination of answers. A provider that cannot lead even then needs none of
        # its own: worst for all covers it.
        best_first = sorted(outcome.assessments, key=lambda each: (rank(each), each.provider))
        leading = list_leading(best_first, joint.bound_ranks)
        self._favourites = [frozenset({provider}) for provider, _, _ in leading]
        self._favourites += [frozenset(), frozenset(each.provider for each in outcome.assessments)]

    def describe(self, found: Iterable[_FoundSet]) -> tuple[QuestionSet, ...]:
        """Return the sets as they are shown: questions in the original order."""
        sets = []
        for asked, favoured, verdict in found:
            facts = {
                place: fact
                for provider, places in asked.items()
                for place, fact in zip(places, self._answer(places, provider in favoured), strict=True)
            }
            questions = tuple([self._questions[place] for place in sorted(facts)])
            sets.append(QuestionSet(questions, tuple([facts[place] for place in sorted(facts)]), verdict))
        return tuple(sets)

    def find_within(self, places: Iterable[int]) -> _FoundSet | None:
        """Return the set with answers that change the verdict, or settle it if asked to; None if there are none."""
        asked: _Asked = {}
        for place in places:
            provider = self._questions[place].provider
            asked[provider] = (*asked.get(provider, ()), place)
        return self._find(asked, self._favourites)

    def _find(self, asked: _Asked, favourites: Iterable[frozenset[str]]) -> _FoundSet | None:
        for favoured in favourites:
            parts = [self._answer(places, provider in favoured) for provider, places in asked.items()]
            verdict = self._supposing.judge_groups(parts)
            self.tried += 1
            if _is_settled(verdict) or verdict.kind == "tie" if self._to_settle else verdict != self._before:
                return _FoundSet(asked, favoured, verdict)
        return None

    def thin(self, whole: _FoundSet) -> _FoundSet:
        """Return a smaller set, within one that was found, that needs each of its questions.

        First with the set's own kind of answers, then with all kinds if few questions are left.
        """
        kept = self._thin(whole, [whole.favoured])
        few = sum(map(len, kept.asked.values())) <= _MOST_THINNED
        return self._thin(kept, self._favourites) if few else kept

    def _thin(self, kept: _FoundSet, favourites: Sequence[frozenset[str]]) -> _FoundSet:
        """Return a minimal part of the set that still changes the verdict.

        The lightest questions are dropped first. Because verdicts are monotonic, a half that could be dropped one by
        one can be dropped at once, so few more verdicts are needed than there are questions left.
        """
        places = itertools.chain.from_iterable(kept.asked.values())
        waiting = [sorted(places, key=lambda place: _order_by_weight(self._questions[place]))]
        while waiting:
            part = waiting.pop()
            gone = set(part)
            left = {name: tuple([at for at in places if at not in gone]) for name, places in kept.asked.items()}
            rest = {name: places for name, places in left.items() if places}
            is_set = sum(map(len, rest.values())) > 1
            if is_set and (found := self._find(rest, favourites)) is not None:
                kept = found
            elif len(part) > 1:
                middle = len(part) // 2
                # The last is taken next: the lighter half.
                waiting += [part[middle:], part[:middle]]
        return kept


def _order_by_weight(question: FactQuestion) -> tuple[float, str, str]:
    return question.weight, question.provider, question.criterion
