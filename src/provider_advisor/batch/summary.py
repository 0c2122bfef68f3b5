"""What many teams came to, as data that a page, a terminal or another program can show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from provider_advisor.batch.kernel.tally import Tally
from provider_advisor.batch.kernel.verdicts import KINDS, STANDINGS
from provider_advisor.explanation.words import rounded
from provider_advisor.knowledge import Fact, Facts

__all__ = ["SCHEMA", "summary_of"]

SCHEMA = "provider-advisor/batch-summary/1"

Record = dict[str, Any]
_Counts = Mapping[tuple[str, ...], int]
_Key = TypeVar("_Key", str, tuple[str, ...])


def summary_of(tally: Tally, *, rejected: int, facts: Facts) -> Record:
    """The summary of a run, JSON-ready; see `summary_schema` for its JSON Schema.

    `facts` are those that rows were answered with which name no day of their own. Shares are of the teams scored, null
    where none was; every list has the largest count first, and nothing that counts none.
    """
    summing = _Summing(tally, facts)
    return {
        "schema": SCHEMA,
        "rows": tally.teams + rejected,
        "scored": tally.teams,
        "rejected": rejected,
        "verdicts": [summing.counted({"kind": kind}, summing.kinds[kind]) for kind in KINDS],
        "providers": [summing.provider(provider) for provider in facts.knowledge.providers],
        "nobody_leads": summing.counted({}, summing.leads[""]),
        "wanted": summing.wanted(),
        "nobody_meets": summing.criteria({key[0]: count for key, count in tally.nobody.items()}),
        "unknown_facts": summing.unknown_facts(),
        "knowledge": {
            "as_of": facts.as_of.isoformat(),
            "max_age": facts.max_age,
            "fingerprint": facts.knowledge.fingerprint,
        },
    }


class _Summing:
    """The counts of a tally by what is asked of them."""

    def __init__(self, tally: Tally, facts: Facts) -> None:
        self._tally, self._facts = tally, facts
        self._knowledge = facts.knowledge
        self.kinds = _summed(tally.verdicts, 0)
        self.leads = _summed({key: count for key, count in tally.verdicts.items() if key[0] == "undetermined"}, 3)

    def counted(self, what: Record, teams: int) -> Record:
        """Something with the number of teams it holds for, and their share of all."""
        return {**what, "teams": teams, "share": self._share(teams)}

    def _share(self, teams: int) -> float | None:
        return rounded(teams / self._tally.teams) if self._tally.teams else None

    def provider(self, provider: str) -> Record:
        """How often a provider is chosen or leads, and what choosing it for all would leave unmet."""
        strengths = [self._chosen(provider, strength) for strength in ("firm", "leaning")]
        return {
            "provider": provider,
            "name": self._knowledge.providers[provider].name,
            "recommended": self.counted({"firm": strengths[0], "leaning": strengths[1]}, sum(strengths)),
            "leads_undetermined": self.counted({}, self.leads[provider]),
            "if_all_chose_it": {
                **{
                    standing.replace("-", "_"): self.counted({}, self._tally.standings[provider, standing])
                    for standing in STANDINGS
                },
                "unmet": self.criteria(_of(provider, self._tally.unmet)),
                "unknown": self.criteria(_of(provider, self._tally.unknown)),
            },
        }

    def _chosen(self, provider: str, strength: str) -> int:
        return sum(count for key, count in self._tally.verdicts.items() if key[1:3] == (strength, provider))

    def criteria(self, counts: Mapping[str, int]) -> list[Record]:
        """Criteria by their labels, the largest count first."""
        return [self.counted(self._criterion(name), count) for name, count in _largest(counts.items())]

    def _criterion(self, name: str) -> Record:
        return {"criterion": name, "label": self._knowledge.criteria[name].label}

    def wanted(self) -> list[Record]:
        """How often each criterion is asked for, by teams or by rules, as a must and as a wish."""
        asked = self._tally.asked
        return [
            {**self._criterion(name), "must": asked[name, "must"], "wish": asked[name, "wish"]}
            for name, _ in _largest(_summed(asked, 0).items())
        ]

    def unknown_facts(self) -> list[Record]:
        """The facts that leave verdicts open, each with what to ask."""
        return [
            self.counted(self._fact(self._facts(provider, criterion)), count)
            for (provider, criterion), count in _largest(self._tally.open.items())
        ]

    def _fact(self, fact: Fact) -> Record:
        criterion, provider = self._knowledge.criteria[fact.criterion], self._knowledge.providers[fact.provider]
        return {
            "provider": fact.provider,
            "name": provider.name,
            **self._criterion(fact.criterion),
            "disputed": fact.disputed,
            "ask": _to_ask(provider.name, criterion.label, criterion.kind, criterion.unit or "", criterion.values),
        }


def _to_ask(provider: str, label: str, kind: str, unit: str, words: tuple[str, ...]) -> str:
    """The question to put to a provider: "Does Acme offer this: Fax?"."""
    if kind == "capability":
        return f"Does {provider} offer this: {label}?"
    open_end = f"which of {', '.join(words)}" if words else f"how much exactly, in {unit}"
    return f"{label} at {provider}: {open_end}?"


def _of(provider: str, counts: _Counts) -> dict[str, int]:
    return {key[1]: count for key, count in counts.items() if key[0] == provider}


def _summed(counts: _Counts, place: int) -> Counter[str]:
    """The counts by one part of their keys."""
    found: Counter[str] = Counter()
    for key, count in counts.items():
        found[key[place]] += count
    return found


def _largest(counts: Iterable[tuple[_Key, int]]) -> list[tuple[_Key, int]]:
    return sorted(((key, count) for key, count in counts if count), key=lambda pair: (-pair[1], pair[0]))
