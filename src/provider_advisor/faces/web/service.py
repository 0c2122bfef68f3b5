"""The operations shared by the pages, the API and assistants, on one knowledge base.

Everything here returns records or JSON-ready data, and raises the errors of the library. A route gets the service by a
parameter of the type `Service`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from fastapi import Depends, Request

from provider_advisor.errors import EngineError, RequirementsError
from provider_advisor.faces.compared_facts import (
    ComparedRow,
    check_area,
    compare_facts,
    find_provider,
    refuse_absent,
)
from provider_advisor.faces.knowledge_records import record_claim, split_claim
from provider_advisor.knowledge import Criterion, Facts, KnowledgeBase, Rule, facts_as_of
from provider_advisor.knowledge.records import Source
from provider_advisor.knowledge.scope import EVERYTHING, Scope
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.recommendation import Recommendation, answer
from provider_advisor.requirements import Statement
from provider_advisor.requirements.requirements_file import read_requirements_data
from provider_advisor.requirements.word_mistakes import suggest_words
from provider_advisor.written_values import today

_MOST_ASKED = 100
"""The number of screens for which one catalogue of questions is kept."""

_SHORTEST = 3
"""Shorter words match too much by themselves."""


class KnowledgeService:
    """A knowledge base and its answers; of requests it keeps only what screens of the questionnaire worked out.

    `keeps`: the server keeps decisions. `watches`: it reads changed files, and has a page for their keeper.
    """

    def __init__(self, knowledge: KnowledgeBase, *, keeps: bool = False, watches: bool = False) -> None:
        self.knowledge = knowledge
        self.keeps, self.watches = keeps, watches
        self._scope = (dt.date.min, "")
        self._catalogue: Catalogue | None = None
        self._asked = 0

    def read(self, data: Mapping[str, Any]) -> Statement:
        """Return the statement in data with the keys of a requirements file. Raises RequirementsError."""
        return read_requirements_data(data, "request", self.knowledge)

    def recommend(self, statement: Statement, *, sure: bool = False, brief: bool = False) -> Recommendation:
        """Return the answer; `sure` adds how sure it is, which takes ten times as long unless it is `brief`.

        The rule engine is tried twice, because it may fail by accident, for example when the clock of a paused machine
        jumps.
        """
        try:
            return answer(self.knowledge, statement, robustness=sure, brief=brief)
        except EngineError:
            return answer(self.knowledge, statement, robustness=sure, brief=brief)

    def facts(self, day: dt.date | None = None) -> Facts:
        """Return the facts as of a day, today if None."""
        return facts_as_of(self.knowledge, day or today(), None)

    def get_catalogue(self, day: dt.date | None = None, age: int | None = None, scope: Scope = EVERYTHING) -> Catalogue:
        """Return the questions on the facts of a day, today if None, up to an age in days, within a scope.

        Those of today keep what was worked out for the last screens.
        """
        day, now = day or today(), today()
        if (day, age, scope) != (now, None, EVERYTHING):
            return Catalogue(facts_as_of(self.knowledge.restrict(**scope._asdict()), day, age))
        # A new one for each screen would work out again what each answer can add. But one that is kept for long would
        # grow with each amount that somebody types.
        found = self._catalogue
        self._asked += 1
        if found is None or found.facts.as_of != day or self._asked > _MOST_ASKED:
            found = self._catalogue = Catalogue(self.facts(day))
            self._asked = 0
        return found

    def describe_scope(self) -> str:
        """Return a sentence with the number of providers compared today, and the day of the newest fact."""
        day = today()
        if self._scope[0] != day:  # every page shows it, and making it looks at every claim
            knowledge = self.facts(day).knowledge
            newest = max((claim.stated for one in knowledge.providers.values() for claim in one.claims), default=None)
            compared = f"{len(knowledge.providers)} providers are compared, not the whole market"
            self._scope = day, f"{compared}; the newest fact is from {newest}."
        return self._scope[1]

    def search(self, words: str) -> list[Criterion]:
        """Return the criteria that words may mean, the nearest first; all of them without words."""
        entries = self.knowledge.search(words) if words.strip() else self.knowledge.search_index.entries
        return [self.knowledge.criteria[entry.id] for entry in entries if entry.kind == "criterion"]

    def count_by_word(self, words: str) -> list[tuple[str, int]]:
        """Return the words that find criteria on their own, each with the number of criteria."""
        parts = dict.fromkeys(part for part in words.split() if len(part) >= _SHORTEST)
        return [(part, count) for part in parts if (count := len(self.search(part)))] if len(words.split()) > 1 else []

    def find_provider(self, name: str) -> str:
        """Return the id of a provider. Raises RequirementsError with the nearest names."""
        return find_provider(name, self.knowledge)

    def find_criterion(self, name: str) -> Criterion:
        """Return a criterion by any of its names. Raises RequirementsError with similar names."""
        found = self.knowledge.find_criterion(name)
        if found is None:
            raise RequirementsError(f"unknown criterion '{name[:80]}'.{suggest_words(name, self.knowledge)}")
        return self.knowledge.criteria[found]

    def find_source(self, name: str) -> Source:
        """Return a source by its id. Raises RequirementsError with similar ids."""
        if (found := self.knowledge.sources.get(name)) is None:
            raise RequirementsError(f"unknown source '{name[:80]}'.{did_you_mean(name, self.knowledge.sources)}")
        return found

    def find_rule(self, name: str) -> Rule:
        """Return a rule by its id. Raises RequirementsError with similar ids."""
        if (found := self.knowledge.rules.get(name)) is None:
            raise RequirementsError(f"unknown rule '{name[:80]}'.{did_you_mean(name, self.knowledge.rules)}")
        return found

    def compare(
        self, names: Iterable[str], area: str | None, day: dt.date | None, *, differences: bool = False
    ) -> tuple[list[str], list[ComparedRow]]:
        """Return the providers compared, all if none is named, and a row for each criterion that one has.

        With `differences` only the rows whose cells differ. Raises RequirementsError.
        """
        area = check_area(area or None, self.knowledge)
        facts = self.facts(day)
        chosen = [self.find_provider(name) for name in names] or list(facts.knowledge.providers)
        refuse_absent(chosen, facts)
        rows = compare_facts(facts, chosen, area)
        return chosen, [row for row in rows if not differences or len(set(row.list_texts(self.knowledge))) > 1]

    def record_comparison(
        self, names: Iterable[str], area: str | None, day: dt.date | None, *, differences: bool
    ) -> list[dict[str, Any]]:
        """Return the rows of `compare` as data. Raises RequirementsError."""
        _, rows = self.compare(names, area, day, differences=differences)
        return [row.record(self.knowledge) for row in rows]

    def list_claims(
        self,
        provider: str | None = None,
        criterion: str | None = None,
        source: str | None = None,
        day: dt.date | None = None,
    ) -> list[dict[str, Any]]:
        """Return claims as data, all or those on a provider and a criterion, by a source, stated by a day.

        Raises RequirementsError.
        """
        wanted = self.find_provider(provider) if provider else None
        asked = self.find_criterion(criterion).id if criterion else None
        return [
            record_claim(part)
            for known in self.knowledge.providers.values()
            if wanted in {None, known.id}
            for claim in known.claims
            if source in {None, claim.source} and (day is None or claim.stated <= day)
            for part in split_claim(claim)
            if asked in {None, part.criterion, claim.criterion}
        ]


def from_state(name: str) -> Any:  # noqa: ANN401 (FastAPI's)
    """Return what fills a parameter of a route with a part of the application's state."""

    async def get(request: Request) -> Any:  # noqa: ANN401 (any part); not async, it would wait for a thread
        return getattr(request.app.state, name)

    return Depends(get)


Service = Annotated[KnowledgeService, from_state("service")]
