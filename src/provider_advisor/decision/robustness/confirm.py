"""Find the unknown or disputed facts that could change the verdict: what to ask the providers, most useful first."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from provider_advisor.decision.decide import Outcome
from provider_advisor.decision.robustness.open_facts import OpenFact, PossibleAnswer, find_askable_facts, list_answers
from provider_advisor.decision.robustness.what_if import Supposing
from provider_advisor.decision.verdict import Verdict
from provider_advisor.knowledge import Fact, Facts

__all__ = ["MOST_TRIED", "Confirm", "FactAnswer", "FactQuestion", "QuestionSet", "find_questions"]

MOST_TRIED = 120
"""Verdicts that are tried in search of the smallest sets, one size after the other."""


class FactAnswer(NamedTuple):
    """One answer to a question: the fact as it would be, how probable that is, and the verdict it would lead to."""

    fact: Fact
    share: float
    verdict: Verdict


class FactQuestion(NamedTuple):
    """A fact about which a provider can be asked.

    `turns` is the probability of the answers that change the kind of the verdict or whom it names, `changes` that of
    those that change it at all, be it only in strength; `weight` what the findings weigh that rest on it.
    """

    provider: str
    criterion: str
    disputed: bool
    asked: OpenFact
    answers: tuple[FactAnswer, ...]
    turns: float
    changes: float
    weight: float

    def can_change(self, verdict: Verdict) -> bool:
        """Return whether some answer changes the verdict, even one that the policy counts as impossible (p 0 or 1)."""
        return any(answer.verdict != verdict for answer in self.answers)


class QuestionSet(NamedTuple):
    """Questions that together could change a verdict, where none alone could, and the verdict after some answers."""

    questions: tuple[FactQuestion, ...]
    answers: tuple[Fact, ...]
    verdict: Verdict


class Confirm(NamedTuple):
    """The questions worth asking; where there is none though the verdict is open, the smallest sets.

    `complete` says whether all the smallest sets are among them: the search tries `MOST_TRIED` verdicts, and then
    returns one set that cannot be made smaller.
    """

    questions: tuple[FactQuestion, ...]
    sets: tuple[QuestionSet, ...] = ()
    complete: bool = True


def find_questions(outcome: Outcome, facts: Facts) -> Confirm:
    """Return what to confirm, ordered by how much the answers would settle.

    First the probability that the answer turns the verdict (kind, provider, lean or who is among the leaders), then
    that it changes it at all, then the weight of what rests on the fact, then provider and criterion.
    """
    supposing = Supposing(outcome, facts)
    asked = [fact for assessment in outcome.assessments for fact in find_askable_facts(assessment, facts)]
    questions = [_question(fact, outcome, facts, supposing) for fact in asked]
    useful = sorted((question for question in questions if question.can_change(outcome.verdict)), key=_rank)
    if useful or _is_settled(outcome.verdict) or not questions:
        return Confirm(tuple(useful))
    return _sets(sorted(questions, key=_rank), outcome, supposing)


def _rank(question: FactQuestion) -> tuple[float, float, float, str, str]:
    return (
        -round(question.turns, 9),
        -round(question.changes, 9),
        -question.weight,
        question.provider,
        question.criterion,
    )


def _question(asked: OpenFact, outcome: Outcome, facts: Facts, supposing: Supposing) -> FactQuestion:
    answers = tuple(_answer(possible, supposing) for possible in list_answers(asked, facts))
    before = outcome.verdict
    weights = {use.finding: use.weight for use in asked.uses}
    return FactQuestion(
        asked.provider,
        asked.criterion,
        facts(asked.provider, asked.criterion).disputed,
        asked,
        answers,
        sum(answer.share for answer in answers if answer.verdict._replace(strength=before.strength) != before),
        sum(answer.share for answer in answers if answer.verdict != before),
        sum(weights.values()),
    )


def _answer(possible: PossibleAnswer, supposing: Supposing) -> FactAnswer:
    return FactAnswer(possible.fact, possible.share, supposing.verdict([possible.fact]))


def _is_settled(verdict: Verdict) -> bool:
    """Return whether nothing that is unknown matters: every provider fails, or one is recommended firmly."""
    return verdict.kind == "none" or verdict.strength == "firm"


class _SetSearch:
    """Which sets of questions have answers that change the verdict.

    Verdicts run one way: what is better for one provider and worse for all others can only bring it nearer. So of all
    the answers to a set it is enough to try those that are best for one provider and worst for the others, for each
    provider, and those that are worst, and best, for all.
    """

    def __init__(self, questions: Sequence[FactQuestion], outcome: Outcome, supposing: Supposing) -> None:
        self._before = outcome.verdict
        self._supposing = supposing
        self._favourites = [frozenset({each.provider}) for each in outcome.assessments]
        self._favourites += [frozenset(), frozenset(each.provider for each in outcome.assessments)]
        self._ends = {question: self._worst_and_best(question) for question in questions}
        self.tried = 0

    def _worst_and_best(self, question: FactQuestion) -> tuple[Fact, Fact]:
        def goodness(answer: FactAnswer) -> tuple[bool, int, float]:
            found = self._supposing.assessment((answer.fact,))
            expected = 0.0 if found.score is None else found.score.expected
            return found.standing != "ruled-out", -found.unknown_musts, expected

        ordered = sorted(question.answers, key=goodness)
        return ordered[0].fact, ordered[-1].fact

    def found(self, questions: Sequence[FactQuestion]) -> QuestionSet | None:
        """Return the set with answers that change the verdict; None if there are none."""
        for favoured in self._favourites:
            answers = tuple(self._ends[question][question.provider in favoured] for question in questions)
            verdict = self._supposing.verdict(answers)
            self.tried += 1
            if verdict != self._before:
                return QuestionSet(tuple(questions), answers, verdict)
        return None


def _sets(questions: Sequence[FactQuestion], outcome: Outcome, supposing: Supposing) -> Confirm:
    asked = [question for question in questions if question.answers]
    search = _SetSearch(asked, outcome, supposing)
    whole = search.found(asked)
    if whole is None:
        return Confirm(())
    for size in range(2, len(asked) + 1):
        found, complete = _of_size(size, asked, search)
        if found and complete:
            return Confirm((), found)
        if not complete:
            return Confirm((), found or (_thinned(whole, search),), complete=False)
    return Confirm((), (whole,))


def _of_size(size: int, asked: Sequence[FactQuestion], search: _SetSearch) -> tuple[tuple[QuestionSet, ...], bool]:
    """Return the sets of a size that could change the verdict, and whether all of that size were tried."""
    found: list[QuestionSet] = []
    for group in itertools.combinations(asked, size):
        if search.tried >= MOST_TRIED:
            return tuple(found), False
        changed = search.found(group)
        if changed is not None:
            found.append(changed)
    return tuple(found), True


def _thinned(whole: QuestionSet, search: _SetSearch) -> QuestionSet:
    """Return a part of the set that still could change the verdict, while no smaller part of it could."""
    kept = whole
    for question in _lightest_first(whole.questions):
        rest = [other for other in kept.questions if other is not question]
        if len(rest) > 1 and (found := search.found(rest)) is not None:
            kept = found
    return kept


def _lightest_first(questions: Iterable[FactQuestion]) -> Iterator[FactQuestion]:
    yield from sorted(questions, key=lambda question: (question.weight, question.provider, question.criterion))
