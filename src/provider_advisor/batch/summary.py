"""The summary of a run over many teams, as JSON-ready data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from provider_advisor.decision.findings import Standing
from provider_advisor.decision.verdict import Kind, Strength
from provider_advisor.explanation.words import ask_how_much, round_share, sum_up_grounds
from provider_advisor.knowledge import Fact, Facts
from provider_advisor.knowledge.criteria import find_label
from provider_advisor.knowledge.records import Criterion

if TYPE_CHECKING:  # schemas are shown without loading columns
    from provider_advisor.batch.kernel.counts import Tally

SCHEMA = "provider-advisor/batch-summary/1"

Record = dict[str, Any]
_NOTHING: Mapping[str, str] = MappingProxyType({})
_Counts = Mapping[tuple[str, ...], int]
_Key = TypeVar("_Key", str, tuple[str, ...])


def make_summary(tally: Tally, *, rejected: int, facts: Facts, copied: Mapping[str, str] = _NOTHING) -> Record:
    """Return the summary of a run, JSON-ready; see `record_schemas.summary_schema` for its JSON Schema.

    `facts` are those for rows without a day of their own, `copied` the columns that were not read, with hints. Shares
    are of the teams scored, null if there are none; every list has the largest count first, without zeros.
    """
    counts = _SummaryCounts(tally, facts)
    outline = make_outline(tally, rejected=rejected, facts=facts)
    knowledge = outline.pop("knowledge")  # comes last, after everything that is counted
    return {
        **outline,
        "copied_columns": [{"column": name, "hint": hint or None} for name, hint in copied.items()],
        "providers": [counts.describe_provider(provider) for provider in counts.list_compared()],
        "nobody_leads": counts.add_teams({}, counts.leads[""]),
        "wanted": counts.list_wanted(),
        "nobody_meets": counts.list_criteria({key[0]: count for key, count in tally.nobody.items()}),
        "unknown_facts": counts.list_unknown_facts(),
        "changes": counts.list_changes(),
        "knowledge": knowledge,
    }


def make_outline(tally: Tally, *, rejected: int, facts: Facts) -> Record:
    """Return the counts of rows and verdicts, and the scope: the part that is quick to compute."""
    counts = _SummaryCounts(tally, facts)
    return {
        "schema": SCHEMA,
        "rows": tally.teams + rejected,
        "scored": tally.teams,
        "rejected": rejected,
        "empty_rows": tally.empty_rows,
        "not_judged": tally.unjudged_teams,
        "verdicts": [counts.add_teams({"kind": kind}, counts.kinds[kind]) for kind in get_args(Kind)],
        "knowledge": {
            "as_of": facts.as_of.isoformat(),
            "max_age": facts.max_age,
            "fingerprint": facts.knowledge.fingerprint,
            **_describe_scope(facts),
        },
    }


def _describe_scope(facts: Facts) -> Record:
    """Return how many providers and which sources there are by the day, and the days of the facts about them."""
    knowledge = facts.knowledge
    claims = [claim for key in knowledge.claims for claim in facts(*key).claims]
    scope, compared = knowledge.scope, len(knowledge.providers)
    sources, oldest, newest, says = sum_up_grounds(compared, claims, facts)
    return {
        "providers": compared,
        "sources": sources,
        "newest": newest,
        "oldest": oldest,
        "says": says,
        "read_from": knowledge.read_from,
        **knowledge.edition_data,
        "only": list(scope.only),
        "without": list(scope.without),
        "limited_to": list(scope.sources),
        "customer_of": list(scope.customer_of),
    }


class _SummaryCounts:
    """The counts of a tally, indexed for the summary."""

    def __init__(self, tally: Tally, facts: Facts) -> None:
        self._tally, self._facts = tally, facts
        self._teams = tally.teams
        self._unmet, self._unknown = _group_by_provider(tally.unmet), _group_by_provider(tally.unknown)
        self._knowledge = facts.base  # rows may name later days, on which more providers are compared
        # For example, three teams are recommended Acme, and two are undetermined and lean to Byte:
        #     verdicts  {("recommended", "firm", "acme", ""): 3, ("undetermined", "", "", "byte"): 2}
        #     kinds     {"recommended": 3, "undetermined": 2}
        #     leads     {"byte": 2}
        self.kinds = _sum_by(tally.verdicts, 0)
        self.leads = _sum_by({key: count for key, count in tally.verdicts.items() if key[0] == "undetermined"}, 3)

    def add_teams(self, what: Record, teams: int) -> Record:
        """Return a record with the number of teams, and their share of all."""
        share = round_share(teams / self._teams) if self._teams else None
        return {**what, "teams": teams, "share": share}

    def describe_provider(self, provider: str) -> Record:
        """Return how often a provider is recommended or leads, and what it would leave unmet if chosen for all."""
        strengths = {strength: self._count_chosen(provider, strength) for strength in get_args(Strength)}
        return {
            "provider": provider,
            "name": self._knowledge.providers[provider].name,
            "recommended": self.add_teams(strengths, sum(strengths.values())),
            "leads_undetermined": self.add_teams({}, self.leads[provider]),
            "if_all_chose_it": {
                **{
                    standing.replace("-", "_"): self.add_teams({}, self._tally.standings[provider, standing])
                    for standing in get_args(Standing)
                },
                "unmet": self.list_criteria(self._unmet.get(provider, {})),
                "unknown": self.list_criteria(self._unknown.get(provider, {})),
            },
        }

    def list_compared(self) -> list[str]:
        """Return the providers that are known on the day, or were compared for some team."""
        compared = {name for (name, _), count in self._tally.standings.items() if count}
        compared |= self._facts.knowledge.providers.keys()
        return [name for name in self._knowledge.providers if name in compared]

    def _count_chosen(self, provider: str, strength: str) -> int:
        return sum(count for key, count in self._tally.verdicts.items() if key[1:3] == (strength, provider))

    def list_criteria(self, counts: Mapping[str, int]) -> list[Record]:
        """Return criteria by their labels, the largest count first."""
        return [self.add_teams(self._name_criterion(name), count) for name, count in _sort_largest(counts.items())]

    def _name_criterion(self, name: str) -> Record:
        return {"criterion": name, "label": find_label(name, self._knowledge.criteria)}

    def list_wanted(self) -> list[Record]:
        """Return how often each criterion is asked for, by teams or by rules, as a must and as a wish."""
        asked = self._tally.asked
        return [
            {**self._name_criterion(name), "must": asked[name, "must"], "wish": asked[name, "wish"]}
            for name, _ in _sort_largest(_sum_by(asked, 0).items())
        ]

    def list_unknown_facts(self) -> list[Record]:
        """Return the unknown facts that leave verdicts open, each with a question to ask."""
        return [
            self.add_teams(self._describe_fact(self._facts(provider, criterion)), count)
            for (provider, criterion), count in _sort_largest(self._tally.open.items())
        ]

    def list_changes(self) -> list[Record]:
        """Return the ends and changes of the facts that were used, in sentences."""
        return [
            self.add_teams({"provider": provider, **self._name_criterion(criterion), "says": says}, count)
            for (provider, criterion, says), count in _sort_largest(self._tally.changes.items())
        ]

    def _describe_fact(self, fact: Fact) -> Record:
        criterion, provider = self._knowledge.criteria[fact.criterion], self._knowledge.providers[fact.provider]
        return {
            "provider": fact.provider,
            "name": provider.name,
            **self._name_criterion(fact.criterion),
            "disputed": fact.disputed,
            "ask": _word_question(provider.name, criterion),
        }


def _word_question(provider: str, criterion: Criterion) -> str:
    """Return the question to put to a provider: `Does Acme offer "Fax"?`."""
    if criterion.kind == "capability":
        return f'Does {provider} offer "{criterion.label}"?'
    return f"{criterion.label} at {provider}: {ask_how_much(criterion)}?"


def _group_by_provider(counts: _Counts) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (provider, criterion), count in counts.items():
        found.setdefault(provider, {})[criterion] = count
    return found


def _sum_by(counts: _Counts, place: int) -> Counter[str]:
    """Return the counts by one part of their keys."""
    found: Counter[str] = Counter()
    for key, count in counts.items():
        found[key[place]] += count
    return found


def _sort_largest(counts: Iterable[tuple[_Key, int]]) -> list[tuple[_Key, int]]:
    return sorted(((key, count) for key, count in counts if count), key=lambda pair: (-pair[1], pair[0]))
