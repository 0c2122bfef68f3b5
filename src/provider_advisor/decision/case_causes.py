"""Find the cause of a decision case that fails.

It is the smallest part of the knowledge base without which the case passes. For example: a case expects Acme, firm. A
new source says that Beta has a board too, and now it is a tie. The case passes without Beta, and without the new
source; of that source's claims, removing the one on the board is enough. So that claim is the cause.

The case is decided again without one thing at a time: providers, sources and rules, then the claims and the ends of
products in those that matter. If no single thing is enough, larger parts are left out: all providers that the case does
not name, all sources but one, everything stated since a day. Then as much as possible is put back.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Literal, NamedTuple

from provider_advisor.decision.cases import compare_decision, find_day
from provider_advisor.decision.decide import decide
from provider_advisor.knowledge import Case, Claim, Facts, KnowledgeBase
from provider_advisor.knowledge.conditions import split_member
from provider_advisor.knowledge.records import Provider
from provider_advisor.requirements import read_team
from provider_advisor.safe_text import join_words

_MOST_TRIES = 600
"""A case is decided again at most this often, at two milliseconds each, because sixty cases may fail."""

_MOST_NAMED = 3
"""With more claims than this, naming their provider or source says more."""


class Suspect(NamedTuple):
    """A part of the base that can be left out; for a product, only its end.

    `place` is the file and line of a claim; `said` the day on which it was, None where it counts on any day.
    """

    kind: Literal["provider", "source", "rule", "claim", "product"]
    name: str
    provider: str = ""
    place: str = ""
    said: dt.date | None = None
    claim: Claim | None = None

    def __str__(self) -> str:
        """Return it in words."""
        if self.kind == "claim":
            return f"the claim on '{self.name}' of {self.provider} ({self.place})"
        if self.kind == "product":
            return f"the end of the product '{self.name}' of {self.provider}"
        return f"the {self.kind} '{self.name}'"


class TurnedBy(NamedTuple):
    """The cause of a failing case: it passes without any one suspect, without `all` of them, or with them `alone`.

    A case without a day may pass `as_of` an earlier one, when its facts were not yet out of date. If nothing is set, no
    small part of facts and rules is the cause.
    """

    suspects: tuple[Suspect, ...] = ()
    mode: Literal["any", "all", "alone"] = "any"
    as_of: dt.date | None = None

    def describe(self) -> str:
        """Say it in a sentence."""
        if self.as_of is not None:
            return f"It passes as of {self.as_of}; facts have gone out of date since. Add `as_of: {self.as_of}`."
        if not self.suspects:
            return "No single provider, source, claim or rule changed it; look at weights, scales and what was removed."
        named = [str(suspect) for suspect in self.suspects[:_MOST_NAMED]]
        if self.mode == "any":
            return f"It passes without {', or without '.join(named)}."
        more = len(self.suspects) - len(named)
        listed = join_words([*named, f"{more} more"] if more else named)
        return f"It passes with {listed} alone." if self.mode == "alone" else f"It passes without {listed} together."


def find_cause(case: Case, knowledge: KnowledgeBase) -> TurnedBy:
    """Return the smallest part of the base without which a failing case would pass.

    Raises RequirementsError for a case that failed with an error, because it is decided again.
    """
    trial = _Trial(case, knowledge)
    if (day := trial.find_earlier_day()) is not None:
        return TurnedBy(as_of=day)
    # Claims are searched within the provider or source that is the cause, if there is one: that takes tens of tries
    # instead of hundreds.
    wide = [suspect for suspect in trial.list_wide() if trial.holds_without([suspect])]
    narrow = [suspect for suspect in trial.list_narrow() if not wide or _belongs_to_any(suspect, wide)]
    single = [suspect for suspect in narrow if trial.holds_without([suspect])]
    if single or wide:
        return TurnedBy(tuple(single or wide))
    return _find_few(trial) or _find_since(trial, narrow) or TurnedBy()


def _find_few(trial: _Trial) -> TurnedBy | None:
    """Return the few providers, or the source, with which alone, or without which, the case passes."""
    every = list(trial.list_wide())
    providers = [suspect for suspect in every if suspect.kind == "provider"]
    sources = [suspect for suspect in every if suspect.kind == "source"]
    named = [suspect for suspect in providers if suspect.name in trial.list_named()]
    for kept, whole in ((named, providers), *(([source], sources) for source in sources)):
        others = [suspect for suspect in whole if suspect not in kept]
        if kept and (several := trial.shrink(others)):
            return TurnedBy(several, "all") if len(several) <= _MOST_NAMED else TurnedBy(tuple(kept), "alone")
    return None


def _find_since(trial: _Trial, narrow: Sequence[Suspect]) -> TurnedBy | None:
    """Return the fewest statements and new providers since a day without which the case passes."""
    # The newest day first: if a case passed until recently, the latest statements are the smallest possible cause.
    for day in sorted({suspect.said for suspect in narrow if suspect.said is not None}, reverse=True):
        fresh = list(trial.list_newcomers(day))
        whole = {suspect.name for suspect in fresh}
        since = [part for part in narrow if (part.said or dt.date.max) >= day and part.provider not in whole]
        if several := trial.shrink([*fresh, *since]):
            return TurnedBy(several, "all")
    return None


def _belongs_to_any(suspect: Suspect, wide: Sequence[Suspect]) -> bool:
    """Return whether it is a part of one of the providers and sources."""
    source = suspect.claim.source if suspect.claim is not None else None
    return any(
        (part.kind == "provider" and part.name == suspect.provider)
        or (part.kind == "source" and (suspect.kind == "product" or part.name == source))
        for part in wide
    )


class _Trial:
    """Decides a case repeatedly on parts of the base."""

    def __init__(self, case: Case, knowledge: KnowledgeBase) -> None:
        """Decide it on the whole base first, to find the facts and rules that matter. Raises RequirementsError."""
        self._case = case
        self._part = knowledge.restrict(**case.scope)
        self._team = read_team(self._part, **case.team)
        facts = self._find_facts(self._part)
        decision = decide(self._team, facts)
        self._rules = [rule.id for rule in decision.outcome.inference.fired]
        # What was looked up while deciding is all that can have changed the decision.
        self._matters = facts.asked
        self._left = _MOST_TRIES

    def _find_facts(self, knowledge: KnowledgeBase, day: dt.date | None = None) -> Facts:
        return Facts(knowledge, day or find_day(self._case), self._case.max_age)

    def find_earlier_day(self) -> dt.date | None:
        """Return the day of the newest claim that matters, if a case without a day passes on it."""
        day = max((claim.stated for claim in self._list_claims()), default=None)
        if self._case.as_of is not None or day is None or day > find_day(self._case):
            return None
        decision = decide(self._team, self._find_facts(self._part, day))
        return day if compare_decision(self._case, decision) is None else None

    def list_wide(self) -> Iterator[Suspect]:
        """Yield providers, the sources of the claims that matter, and the rules that fired."""
        yield from (Suspect("provider", name) for name in self._part.providers)
        yield from (Suspect("source", name) for name in sorted({claim.source for claim in self._list_claims()}))
        yield from (Suspect("rule", name) for name in self._rules)

    def list_narrow(self) -> Iterator[Suspect]:
        """Yield the claims that matter, and the ends of their products."""
        claims = self._list_claims()
        for claim in claims:
            yield Suspect("claim", claim.criterion, claim.provider, claim.where, claim.stated, claim)
        for provider, name in sorted({(claim.provider, claim.belongs_to or "") for claim in claims}):
            product = self._part.providers[provider].products.get(name)
            if product is not None and (product.until or product.closed_to_new):
                yield Suspect("product", name, provider, said=product.stated)

    def list_named(self) -> set[str]:
        """Return the providers named in the case's expectations."""
        words = json.dumps(self._case.expected)
        return {name for name in self._part.providers if f'"{name}"' in words}

    def list_newcomers(self, day: dt.date) -> Iterator[Suspect]:
        """Yield the providers without any statement before a day."""
        for provider in self._part.providers.values():
            if provider.claims and all(claim.stated >= day for claim in provider.claims):
                yield Suspect("provider", provider.id)

    def _list_claims(self) -> list[Claim]:
        whole = {(provider, split_member(criterion)[0]) for provider, criterion in self._matters}
        return [claim for key in sorted(whole) for claim in self._part.claims.get(key, ())]

    def holds_without(self, suspects: Sequence[Suspect]) -> bool:
        """Return whether the case passes without these; always no after too many tries."""
        # After the last try, the result so far is used: it is sufficient, though perhaps not minimal.
        self._left -= 1
        if self._left < 0:
            return False
        part = _leave_out(self._part, suspects)
        return bool(part.providers) and compare_decision(self._case, decide(self._team, self._find_facts(part))) is None

    def shrink(self, suspects: Sequence[Suspect]) -> tuple[Suspect, ...]:
        """Return a minimal set of suspects without which the case passes, empty if removing all is not enough."""
        if not suspects or not self.holds_without(suspects):
            return ()
        # Delta debugging (Zeller and Hildebrandt, IEEE Transactions on Software Engineering 28(2), 2002). Invariant:
        # the case passes without `kept`. Half of them are put back at a time, then a quarter, finally single ones.
        kept, size = list(suspects), len(suspects) // 2
        while size:
            start = 0
            while start < len(kept):
                fewer = kept[:start] + kept[start + size :]
                if fewer and self.holds_without(fewer):
                    kept = fewer
                else:
                    start += size
            size //= 2
        return tuple(kept)


def _leave_out(knowledge: KnowledgeBase, suspects: Sequence[Suspect]) -> KnowledgeBase:
    """Return the base without some of its parts; the engine's program is kept, because no further rule can fire."""
    names = {kind: {part.name for part in suspects if part.kind == kind} for kind in ("provider", "source", "rule")}
    claims = {part.claim for part in suspects if part.claim is not None}
    ends = {(part.provider, part.name) for part in suspects if part.kind == "product"}
    providers = {}
    for provider in knowledge.providers.values():
        if provider.id in names["provider"]:
            continue
        part = _leave_out_of(provider, names["source"], claims, ends)
        if part.claims or not provider.claims:
            providers[provider.id] = part
    rules = {name: rule for name, rule in knowledge.rules.items() if name not in names["rule"]}
    return replace(knowledge, providers=providers, rules=rules, whole=knowledge.whole or knowledge)


def _leave_out_of(
    provider: Provider, sources: AbstractSet[str], claims: AbstractSet[Claim], ends: AbstractSet[tuple[str, str]]
) -> Provider:
    kept = tuple(claim for claim in provider.claims if claim.source not in sources and claim not in claims)
    products = {
        name: product._replace(until=None, closed_to_new=None)
        if (provider.id, name) in ends or product.source in sources
        else product
        for name, product in provider.products.items()
    }
    return provider._replace(claims=kept, products=products)
