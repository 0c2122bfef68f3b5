"""Check decision cases, which are decisions that must not change, and find the cause of one that fails.

The cause is the smallest part of the knowledge base without which the case passes. For example: a case expects Acme,
firm. A new source says that Beta has a board too, and now it is a tie. The case passes without Beta, and without the
new source; of that source's claims, removing the one on the board is enough. So that claim is the cause.

To find it, the case is decided again without one thing at a time: providers, sources and rules, then the claims and the
ends of products in those that matter. If no single thing is enough, larger parts are left out: all providers that the
case does not name, all sources but one, everything stated since a day. Then as much as possible is put back.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from provider_advisor.decision.decide import Decision, decide
from provider_advisor.decision.robustness.confirm import find_questions
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge import Case, Claim, Facts, KnowledgeBase, facts_as_of
from provider_advisor.knowledge.conditions import split_member
from provider_advisor.requirements import read_team
from provider_advisor.safe_text import join_words
from provider_advisor.written_values import today

_VERDICT = ("kind", "strength", "provider", "lean", "among")
_SAYS: Mapping[str, tuple[str, ...]] = {
    "recommended": ("strength", "provider"),
    "tie": ("among",),
    "undetermined": ("lean", "among"),
    "none": (),
}
"""The parts of a verdict of each kind, besides the kind itself."""

_MOST_TRIES = 600
"""A case is decided again at most this often, at two milliseconds each, because sixty cases may fail."""

_MOST_NAMED = 3
"""With more claims than this, naming their provider or source says more."""


class Difference(NamedTuple):
    """One difference between what a case expects and what was found."""

    key: str
    expected: Any
    found: Any


class Failure(NamedTuple):
    """A case that fails: the differences, or the error if its team cannot be answered.

    `found` has what the case compares, as it is now, and the whole verdict.
    """

    case: Case
    differences: tuple[Difference, ...] = ()
    found: Mapping[str, Any] = {}
    error: str | None = None

    def describe(self) -> Iterator[str]:
        """Yield one sentence for each difference, with the values as the file of cases has them."""
        from provider_advisor.knowledge.case_files import write_flow  # noqa: PLC0415 (loads YAML; few cases fail)

        start = f"{self.case.where}: case '{self.case.name}': "
        if self.error is not None:
            yield f"{start}{self.error}"
        for key, expected, found in self.differences:
            yield f"{start}{key} is {write_flow(found)}; expected {write_flow(expected)}."

    @property
    def verdict(self) -> dict[str, Any]:
        """Return the new verdict in the form of the case: with its keys, and those that the kind needs."""
        kind = self.found["kind"]
        named = [key for key in _VERDICT if key in self.case.expected]
        if self.case.expected["kind"] != kind:
            named = [key for key in _VERDICT if key in (*named, *_SAYS[kind]) and self.found[key]]
        return {key: self.found[key] for key in named}


def check_case(case: Case, knowledge: KnowledgeBase) -> Failure | None:
    """Return how a case fails, None if it passes. Keys that it leaves out are not compared."""
    try:
        part = knowledge.restrict(**case.scope)
        facts = facts_as_of(part, find_day(case), case.max_age)
        return compare_decision(case, decide(read_team(part, **case.team), facts))
    except RequirementsError as error:
        return Failure(case, error=str(error))


def find_day(case: Case) -> dt.date:
    """Return the day whose facts a case asks for: today, if it names none."""
    return case.as_of or today()


def compare_decision(case: Case, decision: Decision) -> Failure | None:
    """Return how a decision differs from what the case expects, None if it does not."""
    verdict = _pick_comparable(decision)
    found = verdict | ({"confirm": _list_to_confirm(decision)} if "confirm" in case.expected else {})
    # A case names the standings that it is about, and new providers must not fail it.
    if "standings" in case.expected:
        found["standings"] = {name: found["standings"].get(name) for name in case.expected["standings"]}
    differences = tuple(
        Difference(key, expected, found[key])
        for key, expected in case.expected.items()
        if _sort_lists(found[key]) != _sort_lists(expected)
    )
    return Failure(case, differences, found) if differences else None


def _pick_comparable(decision: Decision) -> dict[str, Any]:
    return {
        **decision.outcome.verdict.record(),
        "combinations": [list(group) for group in decision.combinations],
        "concessions": [[requirement.criterion for requirement in part.dropped] for part in decision.concessions],
        "standings": {assessment.provider: assessment.standing for assessment in decision.outcome.assessments},
    }


def _list_to_confirm(decision: Decision) -> dict[str, list[str]]:
    """Return the criteria on which one answer alone would change the verdict, by provider."""
    found: dict[str, list[str]] = {}
    for question in find_questions(decision.outcome).questions:
        found.setdefault(question.provider, []).append(question.criterion)
    return found


def _sort_lists(value: Any) -> Any:  # noqa: ANN401 (any value of a case)
    """Return the value with its lists sorted, because cases do not depend on their order."""
    if isinstance(value, dict):
        return {key: _sort_lists(part) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return sorted((_sort_lists(part) for part in value), key=str)
    return value


# The cause of a case that fails


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


class FailureCause(NamedTuple):
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


def find_cause(case: Case, knowledge: KnowledgeBase) -> FailureCause:
    """Return the smallest part of the base without which a failing case would pass.

    Raises RequirementsError for a case that failed with an error, because it is decided again.
    """
    trial = _Trial(case, knowledge)
    if (day := trial.find_earlier_day()) is not None:
        return FailureCause(as_of=day)
    # Claims are searched within the provider or source that is the cause, if there is one: that takes tens of tries
    # instead of hundreds.
    wide = [suspect for suspect in trial.list_wide() if trial.holds_without([suspect])]
    narrow = [suspect for suspect in trial.list_narrow() if not wide or _belongs_to_any(suspect, wide)]
    single = [suspect for suspect in narrow if trial.holds_without([suspect])]
    if single or wide:
        return FailureCause(tuple(single or wide))
    return _find_few(trial) or _find_since(trial, narrow) or FailureCause()


def _find_few(trial: _Trial) -> FailureCause | None:
    """Return the few providers, or the source, with which alone, or without which, the case passes."""
    every = list(trial.list_wide())
    providers = [suspect for suspect in every if suspect.kind == "provider"]
    sources = [suspect for suspect in every if suspect.kind == "source"]
    named = [suspect for suspect in providers if suspect.name in trial.list_named()]
    for kept, whole in ((named, providers), *(([source], sources) for source in sources)):
        others = [suspect for suspect in whole if suspect not in kept]
        if kept and (several := trial.shrink(others)):
            return FailureCause(several, "all") if len(several) <= _MOST_NAMED else FailureCause(tuple(kept), "alone")
    return None


def _find_since(trial: _Trial, narrow: Sequence[Suspect]) -> FailureCause | None:
    """Return the fewest statements and new providers since a day without which the case passes."""
    # The newest day first: if a case passed until recently, the latest statements are the smallest possible cause.
    for day in sorted({suspect.said for suspect in narrow if suspect.said is not None}, reverse=True):
        fresh = list(trial.list_newcomers(day))
        whole = {suspect.name for suspect in fresh}
        since = [part for part in narrow if (part.said or dt.date.max) >= day and part.provider not in whole]
        if several := trial.shrink([*fresh, *since]):
            return FailureCause(several, "all")
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
        kept = [claim for claim in provider.claims if claim.source not in names["source"] and claim not in claims]
        if provider.id in names["provider"] or (provider.claims and not kept):
            continue
        products = {
            name: product._replace(until=None, closed_to_new=None)
            if (provider.id, name) in ends or product.source in names["source"]
            else product
            for name, product in provider.products.items()
        }
        providers[provider.id] = provider._replace(claims=tuple(kept), products=products)
    rules = {name: rule for name, rule in knowledge.rules.items() if name not in names["rule"]}
    return replace(knowledge, providers=providers, rules=rules, whole=knowledge.whole or knowledge)
