"""Compare two answers to the same question part by part: whether and why they differ.

An example: a new source says that Brook has a fax, which was not known. The finding on the fax changed ("before not
known, no claim confirms or denies it; now yes, has it"), with the claim that was added; so did the score of Brook, and
perhaps the verdict. Effects are listed first, then their causes, down to the day and the knowledge base.

Most differences are found alike: each answer is a list of what it tells (`ToldValue`), such as "the score of Brook is
40", and `_SENTENCES` says what is no longer told, newly told, or told differently. Requirements, findings and costs are
compared by functions of their own, because they move together or are based on claims.

A record has only the places of claims, not their values. So changed claims cannot be distinguished from unchanged ones:
if a finding changed and its claims did not, all of them are listed as read differently.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from provider_advisor.explanation.answer_records import (
    AnswerRecord,
    BoundWords,
    CostItemRecord,
    CostRecord,
    FindingRecord,
    KnowledgeRecord,
    LineRecord,
    RequirementRecord,
    as_data,
    group_findings,
)
from provider_advisor.explanation.answer_schema import read_answer
from provider_advisor.explanation.words import (
    STANDINGS,
    amount_text,
    base_text,
    bound_text_of,
    degree_text,
    joined,
    lines_text,
    score_text,
    weight_text,
)

CONTEXT = ("notice", "stale", "age", "day", "knowledge")
"""The subjects of differences around an answer; all others are differences of the answer itself."""

CAUSES = ("rule", "weight", "because", *CONTEXT)
"""The subjects of differences that explain others. Those of rules stand in the answer, and are made in the base."""

_SENTENCES: Mapping[str, Mapping[str, str]] = {
    "verdict": {"changed": "The verdict changed. Before: {old} Now: {new}"},
    "reason": {"changed": "The reason for the verdict changed. Before: {old} Now: {new}"},
    # It may have been removed from the base, left out by a scope, or have no claim by that day.
    "provider": {"gone": "{old} is no longer compared.", "new": "{new} is now compared too."},
    "standing": {"changed": "{name} was {old} and is now {new}."},
    "score": {"changed": "The score of {name} was {old} and is now {new}."},
    "requirement": {},
    "rule": {"gone": "{name} no longer counts: {old}", "new": "{name} now counts: {new}"},
    "weight": {"changed": "The weight of {name} was {old} and is now {new}."},
    "because": {"changed": "The reason given for {name} changed: {new}"},
    "finding": {},
    "cost": {},
    "set-aside": {"new": "{name} is now set aside: {new}.", "changed": "{name} is now set aside: {new}."},
    "combinations": {"changed": "Providers that together meet every must: before {old}; now {new}."},
    "concessions": {"changed": "What could be given up: before {old}; now {new}."},
    "stale": {"new": "The fact about {name}, from {new}, is out of date now."},
    "notice": {"new": "Also new: {name}"},
    "age": {"changed": "The scope changed. Before: {old} Now: {new}"},
    "day": {"changed": "Facts counted as of {old} before, and as of {new} now."},
    "knowledge": {"changed": "The knowledge base was {old} and is now {new}."},
}
"""What a difference can be about, effects before their causes: the sentences on what is gone, new or changed."""

Difference = dict[str, Any]


class AnswerPair(NamedTuple):
    """The old and the new answer, and the names of everything that either mentions."""

    old: AnswerRecord
    new: AnswerRecord
    names: Mapping[str, str]
    labels: Mapping[str, str]

    @classmethod
    def read(cls, old: Mapping[str, Any], new: Mapping[str, Any]) -> AnswerPair:
        """Return the pair of two records. Raises RequirementsError if one lacks a compared part."""
        then, now = both = read_answer(old), read_answer(new)
        labels = {part.criterion: part.label for answer in both for part in answer.requirements}
        return cls(then, now, then.names | now.names, labels)

    def name(self, provider: str) -> str:
        """Return the name of a provider; its id where neither answer compares it."""
        return self.names.get(provider, provider)

    def label(self, criterion: str) -> str:
        """Return the label of a criterion; its id where neither answer asks for it."""
        return self.labels.get(criterion, criterion)

    def name_subject(self, finding: FindingRecord) -> str:
        """Return what a finding is about: a criterion's label with its bound, or a rule."""
        if finding.criterion is None:
            return f"the rule {finding.rule}"
        return self.label(finding.criterion) + _write_bound(finding.bound)


class ToldValue(NamedTuple):
    """One thing that an answer tells: a value, as data and in words, and what it is the value of.

    With `compared`, it differs only if that differs too.
    """

    about: str
    value: Any
    words: str
    name: str = ""
    what: Mapping[str, Any] = {}
    compared: Any = None

    @property
    def key(self) -> tuple[str, ...]:
        """Return what identifies it in both answers, without the value."""
        return self.about, self.name, *self.what.values()

    def differs(self, other: ToldValue) -> bool:
        """Return whether another answer says something else here."""
        is_other = (self.value, self.words) != (other.value, other.words)
        return is_other and (self.compared is None or self.compared != other.compared)


def compare_records(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Compare two records, as JSON-ready data: whether the verdict, or anything of the answer, differs, and why.

    Raises RequirementsError where one lacks what is compared.
    """
    found = find_differences(old, new)
    then, now = old["knowledge"], new["knowledge"]
    return {
        "schema": "provider-advisor/replay/1",
        "then": {"as_of": then["as_of"], "fingerprint": then["fingerprint"]},
        "now": {"as_of": now["as_of"], "fingerprint": now["fingerprint"]},
        "differs": any(part["about"] not in CONTEXT for part in found),
        "verdict_differs": any(part["about"] == "verdict" for part in found),
        "says": _sum_up({part["about"] for part in found}),
        "differences": found,
    }


def _sum_up(about: set[str]) -> str:
    if "verdict" in about:
        return "The verdict changed."
    if about - {*CONTEXT}:
        return "The verdict is the same, but the reasons behind it changed."
    if "knowledge" in about:
        return "The answer is the same: facts or rules changed, but nothing in this answer did."
    return "The answer is the same."


def find_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """Find what differs between two records of one question, the verdict first.

    Each difference says what it is `about`, and `says` it in a sentence; `old`, `new`, `provider`, `criterion`, `rule`
    and `claims` where they apply. Raises RequirementsError where a record lacks what is compared.
    """
    pair = AnswerPair.read(old, new)
    compared = (_compare_told, _compare_requirements, _compare_findings, _compare_costs)
    order = list(_SENTENCES)
    return sorted(
        (found for compare in compared for found in compare(pair)), key=lambda part: order.index(part["about"])
    )


def _make_difference(about: str, says: str, **details: Any) -> Difference:  # noqa: ANN401 (JSON-ready values)
    """Return a difference as JSON-ready data: what it is about, the details, a sentence."""
    return {"about": about, **details, "says": says}


# What is compared alike


def _compare_told(pair: AnswerPair) -> Iterator[Difference]:
    """Find what one answer says and the other does not, or says differently."""
    then, now = ({part.key: part for part in _list_told(answer, pair)} for answer in (pair.old, pair.new))
    for key, part in {**{key: part for key, part in then.items() if key not in now}, **now}.items():
        old, new = then.get(key), now.get(key)
        if old is None or new is None:
            kind = "new" if old is None else "gone"
        else:
            kind = "changed" if new.differs(old) else "same"
        if sentence := _SENTENCES[part.about].get(kind):
            says = sentence.format(name=part.name, old=old and old.words, new=new and new.words)
            yield _make_difference(part.about, says, **part.what, old=old and old.value, new=new and new.value)


def _list_told(answer: AnswerRecord, pair: AnswerPair) -> Iterator[ToldValue]:
    """Yield what an answer says, apart from requirements, findings and costs."""
    verdict, reason, known = as_data(answer.verdict), answer.verdict.reason, answer.knowledge
    bare = {**verdict, "reason": None}
    yield ToldValue("verdict", verdict, reason, compared=bare)
    # Named by the verdict, because the sentence on another verdict contains the reason already.
    yield ToldValue("reason", reason, reason, name=str(bare))
    for provider in answer.providers:
        name, what = pair.name(provider.id), {"provider": provider.id}
        yield ToldValue("provider", provider.id, name, what=what)
        yield ToldValue("standing", provider.standing, STANDINGS[provider.standing], name, what)
        yield ToldValue("score", as_data(provider.score), score_text(provider.score), name, what)
    # Weight and reason are the same for all providers.
    for finding, *_ in group_findings(answer.findings):
        name, what = pair.name_subject(finding), {"rule": str(finding.rule)}
        if finding.criterion:
            name, what = f"{name} ({finding.priority})", {"criterion": finding.criterion}
        else:
            yield ToldValue("rule", finding.because, finding.because, f"The rule {finding.rule}", what)
        yield ToldValue("weight", finding.weight, weight_text(finding.weight), name, what)
        yield ToldValue("because", finding.because, finding.because, name, what)
    for aside in answer.set_aside:
        name = f"The rule {aside.rule} on {pair.label(aside.criterion)}"
        yield ToldValue("set-aside", aside.because, aside.because, name, _pick_fields(aside, "rule", "criterion"))
    groups = [joined(list(map(pair.name, group))) for group in answer.combinations]
    yield ToldValue("combinations", answer.combinations, _list_ways(groups))
    drops = [joined(list(map(_say_asked, way.drop))) for way in answer.concessions]
    then = [way.verdict.reason.removeprefix("Then ").rstrip(".") for way in answer.concessions]
    yield ToldValue("concessions", drops, _list_ways(list(map(": ".join, zip(drops, then, strict=True)))))
    for fact in known.stale:
        name = f"{pair.name(fact.provider)}, {pair.label(fact.criterion)}"
        yield ToldValue("stale", fact.as_of, fact.as_of, name, _pick_fields(fact, "provider", "criterion"))
    for notice in answer.notices:
        yield ToldValue("notice", notice.day, notice.day, notice.says, _pick_fields(notice, "provider", "criterion"))
    # Earlier versions worded the scope differently.
    yield ToldValue("age", known.rests_on.says, known.rests_on.says, compared=_pick_scope(known))
    yield ToldValue("day", known.as_of, known.as_of)
    base = base_text(known.version, known.date, known.fingerprint)
    yield ToldValue("knowledge", known.fingerprint, base, compared=known.fingerprint)


def _list_ways(ways: Sequence[str]) -> str:
    return ", or ".join(ways) or "nothing"


def _pick_scope(known: KnowledgeRecord) -> tuple[Any, ...]:
    """Return the parts of the sentence on the scope."""
    limits = (known.only, known.without, known.limited_to, known.customer_of)
    return known.as_of, known.oldest, known.newest, known.providers, known.sources, limits


# Requirements


def _compare_requirements(pair: AnswerPair) -> Iterator[Difference]:
    """Find requirements that were added, removed or changed, and the rules behind the changes."""
    for old, new in _pair_requirements(pair):
        was, now = (f"{_say_asked(part)}, asked for {_say_whose(part)}" if part else "" for part in (old, new))
        if old is None and new is not None:
            why = next((part.because for part in pair.new.findings if _get_key(part) == _get_key(new)), "")
            says = f"Newly asked for {_say_whose(new)}: {_say_asked(new)}. {why}".rstrip()
        elif new is None:
            says = f"No longer asked for: {was.replace(', asked', ', which was asked')}."
        else:
            says = f"Before: {was}. Now: {now}."
        # The rules that are behind only one of the two sides are the cause of the change.
        rules = set(old.implied_by if old else ()) ^ set(new.implied_by if new else ())
        what = {"criterion": next(part.criterion for part in (new, old) if part), "rules": sorted(rules)}
        yield _make_difference("requirement", says, **what, old=old and _pick_asked(old), new=new and _pick_asked(new))


def _pair_requirements(pair: AnswerPair) -> Iterator[tuple[RequirementRecord | None, RequirementRecord | None]]:
    """Yield each requirement that changed as it was and as it is now; None where it is not asked for."""
    # A key names criterion, priority and bound, so a moved bound looks like one requirement gone and another added.
    then, now = ({_get_key(part): part for part in answer.requirements} for answer in (pair.old, pair.new))
    gone = [then[key] for key in sorted(then.keys() - now)]
    for new in (now[key] for key in sorted(now.keys() - then)):
        # On the same criterion, these two are one change.
        old = next((part for part in gone if part.criterion == new.criterion), None)
        if old is not None:
            gone.remove(old)
        yield old, new
    yield from ((old, None) for old in gone)
    yield from ((then[key], now[key]) for key in now if key in then and then[key].implied_by != now[key].implied_by)


def _get_key(part: RequirementRecord | FindingRecord) -> tuple[str, str, str]:
    """Return a key that identifies a requirement, or a rule that favours, in both answers."""
    if part.criterion is None:
        return "", "", (part.rule if isinstance(part, FindingRecord) else None) or ""
    return part.criterion, part.priority or "", _write_bound(part.bound)


def _write_bound(bound: BoundWords | None) -> str:
    # A record has no units, and its criterion may no longer exist.
    words = bound_text_of(bound, None)
    return f", {words}" if words else ""


def _say_asked(part: RequirementRecord) -> str:
    return f"{part.label}{_write_bound(part.bound)} ({part.priority})"


def _say_whose(part: RequirementRecord) -> str:
    if not part.implied_by:
        return "by you"
    return f"by the rule{'s' if len(part.implied_by) > 1 else ''} {joined(part.implied_by)}"


def _pick_asked(part: RequirementRecord) -> dict[str, Any]:
    bound = part.bound and {key: end if isinstance(end, str) else float(end) for key, end in part.bound.items()}
    return _pick_fields(part, "criterion", "label", "priority") | {"bound": bound, "implied_by": list(part.implied_by)}


def _pick_fields(part: Any, *names: str) -> dict[str, Any]:  # noqa: ANN401 (a record)
    return {name: as_data(getattr(part, name)) for name in names}


# Findings, and the claims behind them


def _compare_findings(pair: AnswerPair) -> Iterator[Difference]:
    """Find changed facts on the requirements of both answers, and the claims behind the changes."""
    then = {(finding.provider, _get_key(finding)): finding for finding in pair.old.findings}
    for new in pair.new.findings:
        old = then.get((new.provider, _get_key(new)))
        if old is None:
            continue
        changed = _get_known(old) != _get_known(new)
        claims = _compare_claims(old.evidence, new.evidence, is_same=not changed)
        said = [f"before {_say_known(old)}; now {_say_known(new)}"] if changed else []
        if not changed and old.expected != new.expected:
            said = [f"counted {100 * old.expected:.0f}% before and {100 * new.expected:.0f}% now"]
        said += [claim["says"] for claim in claims]
        if said:
            says = f"{pair.name(new.provider)} on {pair.name_subject(new)}: {'; '.join(said)}."
            was, is_now = (_pick_fields(side, "outcome", "degree", "expected", "says") for side in (old, new))
            what = _pick_fields(new, "provider", "criterion", "rule")
            yield _make_difference("finding", says, **what, old=was, new=is_now, claims=claims)


def _get_known(finding: FindingRecord) -> tuple[object, ...]:
    # Older records say "10000 viewers" where this version says "10,000 viewers", and "at least 0 USD/month; no price is
    # known" where it says "no price is known": the same facts.
    least, _, rest = finding.says.partition("; ")
    says = rest if rest and least.startswith("at least 0 ") else finding.says
    return finding.outcome, finding.degree, says.replace(",", "")


def _say_known(finding: FindingRecord) -> str:
    word = degree_text(finding.outcome, finding.degree)
    return finding.says if finding.says.startswith(word) else f"{word}, {finding.says}"


class ClaimKey(NamedTuple):
    """A claim as stored in a record; claims on prices do not include the kind of evidence."""

    source: str
    line: int | None
    as_of: str
    evidence: str
    product: str | None
    where: str | None

    @property
    def place(self) -> tuple[str, int, str, str]:
        """Return a key that identifies a claim."""
        return self.source, self.line or 0, self.where or "", self.product or ""


def _list_claims(lines: Iterable[LineRecord]) -> list[ClaimKey]:
    return [
        ClaimKey(
            line.source,
            line.line,
            line.as_of,
            getattr(line, "evidence", "stated"),
            getattr(line, "product", None),
            line.place,
        )
        for line in lines
    ]


def _compare_claims(old: Iterable[LineRecord], new: Iterable[LineRecord], *, is_same: bool = False) -> list[Difference]:
    """Return claims that were added, removed or changed in evidence or date, each with its place.

    Without such a claim, all are listed, unless what they say `is_same`: at least one is read differently now, but a
    record does not hold their values.
    """
    # Counted, because two claims may be on one line of a source, and only one of them removed.
    then, now = Counter(_list_claims(old)), Counter(_list_claims(new))
    gone, come = ({claim.place: claim for claim in left} for left in (then - now, now - then))
    found = [
        *(_describe_claim("removed", gone[place]) for place in sorted(gone.keys() - come)),
        *(_describe_claim("changed", come[place], gone[place]) for place in sorted(gone.keys() & come)),
        *(_describe_claim("added", come[place]) for place in sorted(come.keys() - gone)),
    ]
    return found if found or is_same else [_describe_claim("read differently", claim) for claim in now]


def _describe_claim(change: str, claim: ClaimKey, before: ClaimKey | None = None) -> Difference:
    was = f", was {before.evidence}, {before.as_of}" if before else ""
    word = "different value" if change == "read differently" else change
    place = lines_text([claim.line or claim.where or ""])
    says = f"{word}: {place} of {claim.source} ({claim.evidence}, {claim.as_of}{was})"
    return {"change": change, **claim._asdict(), "says": says}


# Costs


def _compare_costs(pair: AnswerPair) -> Iterator[Difference]:
    """Find how the monthly costs changed, with the prices that make the difference."""
    then = {provider.id: provider.monthly_cost for provider in pair.old.providers}
    for provider in pair.new.providers:
        old, new = then.get(provider.id), provider.monthly_cost
        if old is not None and new is not None and _strip_cost(old) != _strip_cost(new):
            said, claims = _compare_items(old, new)
            was, is_now = (f"{amount_text(cost.low, cost.high)} {cost.unit}" for cost in (old, new))
            says = f"The monthly cost with {provider.name} was {was} and is now {is_now}{said}."
            before, after = (_pick_fields(cost, "low", "high", "unit") for cost in (old, new))
            yield _make_difference("cost", says, provider=provider.id, old=before, new=after, claims=claims)


def _strip_cost(cost: CostRecord) -> tuple[Any, ...]:
    return cost.low, cost.high, cost.unit, [_strip_item(item) for item in cost.items]


def _strip_item(item: CostItemRecord) -> tuple[Any, ...]:
    """Return a key that identifies a cost item, ignoring price models that were not used."""
    return item.usage, item.criterion, item.price, item.low, item.high, item.beside, _list_claims(item.evidence)


def _compare_items(old: CostRecord, new: CostRecord) -> tuple[str, list[Difference]]:
    """Return what changed in the items of a cost, in words, and the claims behind it."""
    # Usage that is paid for together is one item in both answers, whatever its price.
    then = {tuple(item.usage): item for item in old.items}
    said, claims = [], []
    for item in new.items:
        before = then.get(tuple(item.usage))
        if before is None or _strip_item(before) == _strip_item(item):
            continue
        claims += _compare_claims(before.evidence, item.evidence)
        was, price = (each.price or "no known price" for each in (before, item))
        changed = f"{was} before and {price} now"
        same = f"other claims now give {price}, or other items are free"
        said.append(f"; for {joined(list(item.usage))} {same if was == price else changed}")
    return "".join(said), claims
