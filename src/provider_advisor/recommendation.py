"""The library's entry point: one call from a team's statement to a recommendation with its proof."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from provider_advisor.decision import Decision, Verdict, decide
from provider_advisor.explanation.answer_records import AnswerRecord, as_data
from provider_advisor.explanation.record_answer import record_answer
from provider_advisor.knowledge import Facts, KnowledgeBase, facts_as_of
from provider_advisor.logic import Number
from provider_advisor.requirements import Statement, read_team
from provider_advisor.safe_text import dump_json
from provider_advisor.written_values import today

if TYPE_CHECKING:
    from provider_advisor.decision.robustness import Shares

_MOST_WHOLE = 4
"""Up to this many providers, the JSON has all findings on each."""


@dataclass(frozen=True)
class Recommendation:
    """The answer to a team: what it stated, the decision, and its explanation.

    With `robustness` the explanation includes how sure the answer is, which takes some milliseconds. If it is `brief`,
    as in a short text, it has what to confirm, and `odds` and `shares` say the rest.
    """

    statement: Statement
    decision: Decision
    robustness: bool = False
    brief: bool = False

    @property
    def verdict(self) -> Verdict:
        """Return which provider is recommended, how firmly, or why none is."""
        return self.decision.outcome.verdict

    @cached_property
    def explanation(self) -> AnswerRecord:
        """Return the answer as typed records, with every reason, source and unknown."""
        found = record_answer(self.decision, self.statement)
        if not self.robustness or (self.brief and self.verdict.is_final):
            return found
        # Imported late, because it is as large as the rest of the package and often not needed.
        from provider_advisor.decision.robustness import find_tippings  # noqa: PLC0415
        from provider_advisor.explanation.questions_in_words import record_confirm  # noqa: PLC0415
        from provider_advisor.explanation.robustness_in_words import record_robustness  # noqa: PLC0415

        outcome = self.decision.outcome
        if self.brief:
            found.confirm = record_confirm(outcome)
            return found
        # Where every provider fails a must, what could change that is said of the requirements.
        tippings = find_tippings(outcome) if self.verdict.kind != "none" else ()
        found.confirm = record_confirm(outcome, tippings)
        found.robustness = record_robustness(outcome, self._shares, tippings)
        return found

    @cached_property
    def odds(self) -> str:
        """Return in how many scenarios each provider comes first, in a sentence; empty if no unknown fact matters."""
        if not self.robustness or not self.explanation.is_open:
            return ""
        from provider_advisor.explanation.robustness_in_words import say_worlds  # noqa: PLC0415 (as above)

        return say_worlds(self.decision.outcome, self._shares)

    @cached_property
    def shares(self) -> dict[str, float]:
        """Return in what share of the scenarios each provider comes first; empty if none comes first in any."""
        found = self._shares
        return {} if found is None or found.none == 1 else {part.name: part.given for part in found.alternatives}

    @cached_property
    def _shares(self) -> Shares | None:
        from provider_advisor.decision.robustness import calculate_provider_shares  # noqa: PLC0415 (as above)

        return calculate_provider_shares(self.decision.outcome, other_weights=not self.brief)

    @cached_property
    def record(self) -> dict[str, Any]:
        """Return the explanation as JSON-ready data."""
        record: dict[str, Any] = as_data(self.explanation)
        return record

    @cached_property
    def short_record(self) -> dict[str, Any]:
        """Return the data; of more than four providers, with only the failed musts of those that are ruled out.

        Nothing is left out if every provider is ruled out.
        """
        record = self.record
        out = [each["id"] for each in record["providers"] if each["standing"] == "ruled-out"]
        if not out or len(record["providers"]) <= _MOST_WHOLE or record["verdict"]["kind"] == "none":
            return record
        kept = [
            part
            for part in record["findings"]
            if part["provider"] not in out or (part["priority"] == "must" and part["outcome"] == "unmet")
        ]
        left = {"providers": out, "findings": len(record["findings"]) - len(kept)}
        return {**record, "findings": kept, "left_out": left}

    def to_json(self, *, every: bool = False) -> str:
        """Return exactly what `recommend --format json` prints for the same question, or with `--all` if `every`."""
        return dump_json(self.record if every else self.short_record)


def recommend(  # noqa: PLR0913 (what a team can state, by the names of a requirements file)
    knowledge: KnowledgeBase,
    *,
    needs: Iterable[str | Mapping[str, Any]] = (),
    wants: Iterable[str | Mapping[str, Any]] = (),
    situation: Mapping[str, str | Sequence[str]] | None = None,
    usage: Mapping[str, Number | str] | None = None,
    unlisted: Iterable[str | Mapping[str, Any]] = (),
    weights: Mapping[str, Number] | None = None,
    as_of: dt.date | None = None,
    max_age: int | None = None,
    robustness: bool = False,
) -> Recommendation:
    """Return the recommendation for a team, from a knowledge base that `load` has read.

    `needs` are musts and `wants` are shoulds, each in the grammar of the command line ("number-countries>=90",
    "fax:could") or as a mapping such as {"criterion": "fax", "priority": "could"}. `situation` maps topics to values,
    `usage` items to monthly amounts, or texts such as "60000/year" and "40000..60000". `unlisted` are requirements that
    no criterion says ("loan phones:should"), which are counted and not judged; `weights` maps areas to percents of the
    total weight. `as_of` is the day whose facts count, today if None; claims that are older by then than `max_age` days
    are not used. With `robustness` the record also says how sure the answer is: what to confirm, ranges of weights,
    shares of scenarios, the smallest changes that would change it. Can be called from any thread.

    Providers and sources are limited by `knowledge.restrict`, which gives a part of the base to ask here.

    Raises RequirementsError for what cannot be understood, EngineError if the rule engine fails.

    >>> from provider_advisor import load
    >>> recommend(load(), needs=["whiteboard", "ucaas"], as_of=dt.date(2022, 12, 31)).verdict.kind
    'none'
    """
    team = read_team(
        knowledge, needs=needs, wants=wants, situation=situation, usage=usage, unlisted=unlisted, weights=weights
    )
    return answer(knowledge, Statement(team, as_of, max_age), robustness=robustness)


def answer(
    knowledge: KnowledgeBase, statement: Statement, *, robustness: bool = False, brief: bool = False
) -> Recommendation:
    """Return the recommendation for an existing statement, for example from a requirements file.

    `robustness` and `brief` are those of `Recommendation`.
    """
    day = statement.as_of or today()
    part = knowledge.restrict(**statement.scope._asdict())
    facts = facts_as_of(part, day, statement.max_age)
    notes = (*statement.notes, *_list_absent(facts))
    stated = statement._replace(scope=part.scope, notes=notes)
    return Recommendation(stated, decide(statement.team, facts), robustness, brief)


def _list_absent(facts: Facts) -> Iterator[str]:
    """Yield a note for each provider asked for by name that takes no part on the day, and where no fact is so old."""
    base = facts.base.whole or facts.base
    if (first := facts.base.first_day) is not None and first > facts.as_of:
        yield f"No fact is from {facts.as_of} or before; the first is from {first}."
    for name in facts.base.scope.only:
        if name not in facts.base.providers:
            yield f"{base.providers[name].name} is not compared: none of the sources says anything about it."
        elif name not in facts.knowledge.providers:
            first = min(claim.stated for claim in facts.base.providers[name].claims)
            yield f"{base.providers[name].name} is not compared: its first claim is from {first}."
