"""The sentences on a row of a workbook, put together from the columns of `--reasons`.

They say the verdict, what is unknown or fails a must, and what distinguishes the providers. Unknowns are listed only
for the leading providers, because among many, each has some. Full explanations are left to single answers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from provider_advisor.batch.kernel.output import GAPS, RANKING
from provider_advisor.explanation.words import STRENGTHS, joined
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.knowledge.choices import find_label

_OF_ROW = ("verdict", "strength", "provider", "lean", "among", RANKING, "reasons", "unlisted")
_MOST_CODES = 5
_LEADERS = 3
_JOINER = ";"


class RowSentences:
    """Explains the verdicts of rows; `columns` are the names of the values that `say` takes, in order."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._knowledge = knowledge
        lists = (f"{provider}.{name}" for provider in knowledge.providers for name in ("unmet", "unknown"))
        gaps = [GAPS] if any(criterion.same_product for criterion in knowledge.criteria.values()) else []
        self.columns = (*_OF_ROW, *gaps, *lists)
        self.say = lru_cache(maxsize=1 << 16)(self._say)  # a table repeats itself
        self._describe = lru_cache(maxsize=1 << 14)(self._describe_code)

    def _say(self, *values: str | None) -> str:
        """Return the sentences for a row; lists are codes joined by semicolons."""
        row = dict(zip(self.columns, values, strict=True))
        return " ".join([self._say_verdict(row), *self._say_gaps(row), *self._say_musts(row), *self._say_reasons(row)])

    def _say_verdict(self, row: Mapping[str, str | None]) -> str:
        if row["verdict"] == "recommended":
            return f"{self._name(row['provider'])} is recommended, {STRENGTHS[str(row['strength'])]}."
        among = joined([self._name(provider) for provider in _split(row["among"])])
        if row["verdict"] == "tie":
            return f"A tie between {among}."
        if row["verdict"] == "none":
            return "None of the providers compared meets every must."
        if row["lean"]:
            return f"Undetermined; {self._name(row['lean'])} leads."
        return f"Undetermined between {among}." if among else "Undetermined."

    def _say_gaps(self, row: Mapping[str, str | None]) -> Iterator[str]:
        for provider, codes in itertools.groupby(_split(row.get(GAPS)), key=lambda code: code.partition(":")[0]):
            asked = self._list_words([code.partition(":")[2] for code in codes])
            yield f"Ask {self._name(provider)} first, because it states this only for another product: {asked}."

    def _say_musts(self, row: Mapping[str, str | None]) -> Iterator[str]:
        for provider in _split(row[RANKING])[:_LEADERS]:
            if unknown := _split(row[f"{provider}.unknown"]):
                yield f"Not known about {self._name(provider)}: {self._list_words(unknown)}."
        for provider in self._knowledge.providers:
            if unmet := _split(row[f"{provider}.unmet"]):
                yield f"{self._name(provider)} fails a must: {self._list_words(unmet)}."

    def _say_reasons(self, row: Mapping[str, str | None]) -> Iterator[str]:
        if reasons := _split(row["reasons"]):
            yield f"What distinguishes them: {self._list_words(reasons)}."
        if row["unlisted"]:
            yield f"Not judged: {row['unlisted'].replace(_JOINER, f'{_JOINER} ')}."

    def _list_words(self, codes: Sequence[str]) -> str:
        more = f" and {len(codes) - _MOST_CODES} more" if len(codes) > _MOST_CODES else ""
        return "; ".join(map(self._describe, codes[:_MOST_CODES])) + more

    def _describe_code(self, code: str) -> str:
        """Return the words for a code: `fax`, `fax<rule+rule`, `rule:id`."""
        kind, _, rule = code.partition(":")
        if kind == "rule" and rule in self._knowledge.rules:
            return f"the rule {rule}"
        criterion, by_rule, _ = code.partition("<")
        label = find_label(criterion, self._knowledge.criteria)
        return f"{label} (added by a rule)" if by_rule else label

    def _name(self, provider: str | None) -> str:
        return self._knowledge.providers[str(provider)].name


def _split(codes: str | None) -> list[str]:
    return codes.split(_JOINER) if codes else []
