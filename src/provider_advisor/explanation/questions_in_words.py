"""Say what to ask the providers, and what each answer leads to, as records with sentences.

An example: it is not known whether Acme has a fax, for which the team wishes. Each question is followed by what its
answers lead to:

    Does Acme offer "Fax"? If yes, Acme would be recommended (firm); if no, the answer would stay the same.
    Does Acme still offer "Fax" (last known on 2022-11-22)? …
    Seats at Acme: at least 90 seats? If yes, …; if no, …
    Uptime commitment at Acme: what exactly is it, in percent? If at most 99.9 percent, …; if 99.99 percent, …
    Several answers together could change the verdict: Acme would be recommended (firm) if Acme and Brook have Fax.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from provider_advisor.decision import Outcome, Verdict
from provider_advisor.decision.robustness import (
    Confirm,
    FactAnswer,
    FactQuestion,
    QuestionSet,
    Tipping,
    find_questions,
    find_tippings,
)
from provider_advisor.decision.robustness.amounts import find_nearest_end
from provider_advisor.explanation.answer_records import (
    ConfirmRecord,
    OpenFactRecord,
    PossibleAnswerRecord,
    ThenVerdictRecord,
)
from provider_advisor.explanation.robustness_in_words import say_within
from provider_advisor.explanation.verdict_in_words import verdict_in_brief
from provider_advisor.explanation.words import (
    ask_how_much,
    bound_text,
    capital,
    claims_text,
    included_text,
    join_any,
    joined,
    quantity_text,
    round_share,
)
from provider_advisor.knowledge import Fact, KnowledgeBase
from provider_advisor.logic import Truth, compare

_STILL_HOLDS = "that still holds"


def record_confirm(outcome: Outcome, tippings: Sequence[Tipping] | None = None) -> list[ConfirmRecord]:
    """Return what to ask the providers, most useful first.

    An entry has one fact whose answer could change the verdict, or, where no single one could, several that together
    could: `facts` with the question to put, `answers` with the verdict that each leads to. The `tippings` of the
    outcome are found if they are needed and not given.
    """
    before, found, knowledge = outcome.verdict, find_questions(outcome), outcome.facts.knowledge
    # Only for prices that are paid by usage is it said with which amounts the provider leads.
    is_paid = any(knowledge.criteria[question.criterion].usage for question in found.questions)
    tippings = find_tippings(outcome) if is_paid and tippings is None else tippings
    leads = {(part.provider, part.criterion): part for part in tippings or ()} if is_paid else {}
    alone = [
        _QuestionInWords(question, knowledge).record(before, leads.get((question.provider, question.criterion)))
        for question in found.questions
    ]
    together = [_record_set(part, found, before, knowledge) for part in found.sets]
    # A dated verdict becomes firm if all its old facts still hold, which a buyer wants to hear first.
    return together + alone if before.strength == "dated" else alone + together


class _QuestionInWords:
    """A question to a provider, its possible answers, and what they lead to, in words."""

    def __init__(self, question: FactQuestion, knowledge: KnowledgeBase) -> None:
        self._question, self._knowledge = question, knowledge
        self._criterion = knowledge.criteria[question.criterion]
        self._claims = knowledge.list_claims(question.provider, question.criterion)
        self.name = knowledge.providers[question.provider].name
        # If one bound is all that counts, the question names it, and the answer is yes or no.
        bounds = question.asked.bounds
        self._bound = bounds[0] if len(bounds) == 1 and not question.asked.on_scale else None

    def record(self, before: Verdict, leads: Tipping | None) -> ConfirmRecord:
        """Return the question with the verdict that each answer leads to; `leads` are amounts that would win."""
        answers = []
        for answer in self._question.answers:
            stays = "the answer would stay the same" if answer.verdict == before else None
            outcome = stays or verdict_in_brief(answer.verdict, self._knowledge, before)
            answers.append((answer, self._say_answer(answer.fact), outcome))
        says = f"{self._write()} {capital(self._say_outcomes(answers))}."
        says += " The sources contradict each other." if self._question.disputed else ""
        # For other amounts, the question names the bound, and the answers are on either side of it.
        if leads is not None and self._criterion.usage and not self._has_said(leads, says):
            says += f" {capital(say_within(leads, self._criterion))}, {self.name} leads."
        return ConfirmRecord(
            facts=[self.record_fact()],
            answers=[
                PossibleAnswerRecord(
                    values=[self.get_value(answer.fact)],
                    share=round_share(answer.share),
                    changes=answer.verdict != before,
                    verdict=ThenVerdictRecord(**answer.verdict.record()),
                    says=f"if {said}: {outcome}.",
                )
                for answer, said, outcome in answers
            ],
            turns=round_share(self._question.turns),
            changes=round_share(self._question.changes),
            weight=self._question.weight,
            complete=True,
            says=says,
        )

    def record_fact(self) -> OpenFactRecord:
        """Return the fact to ask about, with the question."""
        stated = self._question.stated
        return OpenFactRecord(
            provider=self._question.provider,
            criterion=self._criterion.id,
            label=self._criterion.label,
            disputed=self._question.disputed,
            stated=None if stated is None else stated.isoformat(),
            question=self._write(),
        )

    def get_value(self, fact: Fact) -> float | str | None:
        """Return the answer in the form of a claim: "present", "absent", a number, or a rating's word."""
        if self._criterion.kind == "capability":
            return "present" if fact.truth is Truth.YES else "absent"
        amount = fact.amount.low if fact.amount is not None else None
        if amount is not None and self._criterion.kind == "rating":
            return self._criterion.values[int(amount)]
        return amount

    def _write(self) -> str:
        """Return the question: `Does Acme offer "Fax"?`, `Seats at Acme: at least 90 seats?`."""
        criterion, stated = self._criterion, self._question.stated
        about = f"{criterion.label} at {self.name}{included_text(self._claims)}"
        if criterion.kind == "capability":
            asked = f'Does {self.name} {"offer" if stated is None else "still offer"} "{criterion.label}"'
        elif self._bound is not None:
            asked = f"{about}: {bound_text(self._bound, criterion)}"
        else:
            on_request = " (by quote only)" if any(claim.value == "by-quote" for claim in self._claims) else ""
            asked = f"{about}{on_request}: {ask_how_much(criterion)}"
        return f"{asked}?" if stated is None else f"{asked} (last known on {stated})?"

    def _say_outcomes(self, answers: Sequence[tuple[FactAnswer, str, str]]) -> str:
        """Return what each answer leads to, from answers with their words and their outcomes in words."""
        # Neighbouring amounts often lead to the same verdict: "if at most 95 percent, …". The known amount stays apart:
        # "if that still holds or 96 percent" is not a sentence.
        by_outcome = groupby(answers, key=lambda part: (part[2], part[1] == _STILL_HOLDS))
        alike = [(outcome, [answer.fact for answer, _, _ in some]) for (outcome, _), some in by_outcome]
        if len(answers) > 1 and len({outcome for outcome, _ in alike}) == 1:
            return f"whatever it is, {alike[0][0]}"
        last = len(alike) - 1
        said = [
            f"if {self._say_alike(facts, is_lowest=place == 0, is_highest=place == last)}, {outcome}"
            for place, (outcome, facts) in enumerate(alike)
        ]
        return "; ".join(said)

    def _has_said(self, leads: Tipping, says: str) -> bool:
        """Return whether the answers already say with which amounts the provider leads."""
        # "At most 1 USD/minute? If yes, Acme would be recommended" leaves nothing to add with "Up to 1 USD/minute".
        limit = say_within(leads, self._criterion).replace("up to", "at most", 1)
        verdicts = [answer.verdict for answer in self._question.answers]
        return limit in says and any(self._question.provider in {then.provider, then.lean} for then in verdicts)

    # An answer is worded in four ways:
    #
    #     its value               "95 percent", "just above 100 USD", "good"                         `_say_value`
    #     after "if"              "if yes, …", "if that still holds, …", "if 95 percent, …"          `_say_answer`
    #     together with others    "if at most 95 percent, …", "if 95 or 96 percent, …"               `_say_alike`
    #     as a supposition        "… if Seats at Acme is at least 90 seats", "… is as low as 2 USD"  `say_supposed`

    def _say_value(self, fact: Fact) -> str:
        value = self.get_value(fact)
        if isinstance(value, str) or value is None:
            return str(value)
        # To pass a bound, an answer lies a tiny step beside it: 100.0001 USD is shown as "just above 100 USD".
        beside = find_nearest_end(value, self._criterion)
        if beside is not None:
            return f"just {'above' if value > beside else 'below'} {quantity_text(beside, self._criterion.unit)}"
        return quantity_text(value, self._criterion.unit)

    def _say_answer(self, fact: Fact) -> str:
        if self._criterion.kind == "capability":
            return "yes" if fact.truth is Truth.YES else "no"
        if self._still_holds(fact):
            return _STILL_HOLDS
        is_within = self._is_within(fact)
        return self._say_value(fact) if is_within is None else "yes" if is_within else "no"

    def _say_alike(self, facts: list[Fact], *, is_lowest: bool, is_highest: bool) -> str:
        """Return answers that lead to the same verdict; the lowest and the highest amounts as "at most 1 USD"."""
        # Both sides of each bound are among the answers, and between bounds a verdict changes in one direction only. So
        # if 0, 0.1 and 1 USD lead to one verdict, and just above 1 USD to another, then all amounts up to 1 USD do.
        value = self.get_value(facts[-1] if is_lowest else facts[0])
        is_end = is_lowest is not is_highest
        if not is_end or isinstance(value, str) or value is None or self._bound is not None or self._question.stated:
            return join_any([self._say_answer(fact) for fact in facts])
        beside, unit = find_nearest_end(value, self._criterion), self._criterion.unit
        if beside is not None and (value < beside) is is_lowest:
            return f"{'below' if is_lowest else 'above'} {quantity_text(beside, unit)}"
        if beside is None and len(facts) > 1:
            return f"at {'most' if is_lowest else 'least'} {quantity_text(value, unit)}"
        return join_any([self._say_answer(fact) for fact in facts])

    def say_supposed(self, fact: Fact) -> str:
        """Return a supposed amount: "at least 90 seats", "below 90 seats", "as low as 2 USD"."""
        is_range = fact.amount is not None and fact.amount.low != fact.amount.high
        if self._still_holds(fact) or is_range:
            return claims_text(fact.claims)
        is_within = self._is_within(fact)
        if is_within is not None and self._bound is not None:
            said = bound_text(self._bound, self._criterion)
            if is_within:
                return said
            if self._bound.low is not None and self._bound.high is not None:
                return f"not {said}"
            return said.replace("at least", "below", 1).replace("at most", "above", 1)
        value, amounts = self._say_value(fact), [answer.fact.amount for answer in self._question.answers]
        if self._criterion.kind == "rating" or len(amounts) == 1 or fact.amount not in {amounts[0], amounts[-1]}:
            return value
        # The answers go from the lowest amount to the highest, and an end of them is named as such.
        return f"as {'low' if fact.amount == amounts[0] else 'high'} as {value}"

    def _still_holds(self, fact: Fact) -> bool:
        """Return whether an answer is that what was stated, which is out of date, still holds."""
        return self._question.stated is not None and bool(fact.claims)

    def _is_within(self, fact: Fact) -> bool | None:
        """Return whether an amount is within the only bound, None if there is none."""
        if self._bound is None or fact.amount is None:
            return None
        return compare(fact.amount, self._bound) is Truth.YES


def _record_set(part: QuestionSet, found: Confirm, before: Verdict, knowledge: KnowledgeBase) -> ConfirmRecord:
    questions = [_QuestionInWords(question, knowledge) for question in part.questions]
    said = joined(list(_say_supposed(zip(questions, part.answers, strict=True), knowledge)))
    then = f"{verdict_in_brief(part.verdict, knowledge, before)} if {said}."
    # Beside single answers that change the verdict, several together only settle it.
    says = f"Several answers together could {'settle' if found.questions else 'change'} the verdict: {then}"
    if before.strength == "dated":
        says = f"If these facts, which are out of date, all still hold, the recommendation is firm: {said}."
    answer = PossibleAnswerRecord(
        values=[question.get_value(fact) for question, fact in zip(questions, part.answers, strict=True)],
        share=None,
        changes=True,
        verdict=ThenVerdictRecord(**part.verdict.record()),
        says=capital(then),
    )
    return ConfirmRecord(
        facts=[question.record_fact() for question in questions],
        answers=[answer],
        turns=0.0,
        changes=0.0,
        weight=sum(question.weight for question in part.questions),
        complete=found.complete,
        says=says,
    )


def _say_supposed(supposed: Iterable[tuple[_QuestionInWords, Fact]], knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield the supposed facts, once for all providers that share one: "Acme and Brook have Fax"."""
    by_capability: dict[tuple[str, bool], list[str]] = {}
    by_amount: dict[tuple[str, str], list[str]] = {}
    for question, fact in supposed:
        criterion = knowledge.criteria[fact.criterion]
        if criterion.kind == "capability":
            by_capability.setdefault((criterion.id, fact.truth is Truth.YES), []).append(question.name)
        else:
            by_amount.setdefault((criterion.label, question.say_supposed(fact)), []).append(question.name)
    for (label, amount), names in by_amount.items():
        yield f"{label} at {joined(names)} is {amount}"
    for (criterion_id, is_there), names in by_capability.items():
        there, missing = ("has", "does not have") if len(names) == 1 else ("have", "do not have")
        yield f"{joined(names)} {there if is_there else missing} {knowledge.criteria[criterion_id].label}"
