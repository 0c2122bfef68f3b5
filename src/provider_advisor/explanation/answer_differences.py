"""Compare two answers to the same question part by part: whether and why they differ.

An example: a new source says that Brook has a fax, which was not known. The finding on the fax changed ("before not
known, no claim confirms or denies it; now yes, has it"), with the claim that was added; so did the score of Brook, and
perhaps the verdict. Effects are listed first, then their causes, down to the day and the knowledge base.

A record has only the places of claims, not their values. So changed claims cannot be distinguished from unchanged ones:
if a finding changed and its claims did not, all of them are listed as read differently.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from provider_advisor.explanation.answer_records import (
    AnswerRecord,
    BoundWords,
    ConcessionRecord,
    CostItemRecord,
    CostRecord,
    EvidenceRecord,
    FindingRecord,
    KnowledgeRecord,
    LineRecord,
    RequirementRecord,
    as_data,
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

Difference = dict[str, Any]

_Key = TypeVar("_Key", str, tuple[str, str, str], tuple[str, int, str, str])


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
        return self.label(finding.criterion) + _get_key(finding)[2]


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
    # Effects before their causes: the first sentence is what matters most.
    parts = (
        _compare_verdicts,
        _compare_providers,
        _compare_requirements,
        _compare_rules,
        _compare_findings,
        _compare_costs,
        _compare_set_aside,
        _compare_combinations,
        _compare_concessions,
        _compare_stale_facts,
        _compare_notices,
        _compare_knowledge,
    )
    return [found for part in parts for found in part(pair)]


def _split_keys(then: Mapping[_Key, Any], now: Mapping[_Key, Any]) -> tuple[list[_Key], list[_Key], list[_Key]]:
    """Return the keys that are gone, those of both sides, and those that are new, each sorted."""
    gone, both, come = then.keys() - now.keys(), then.keys() & now.keys(), now.keys() - then.keys()
    return sorted(gone), sorted(both), sorted(come)


def _make_difference(about: str, says: str, **details: Any) -> Difference:  # noqa: ANN401 (JSON-ready values)
    """Return a difference as JSON-ready data: what it is about, the details, a sentence."""
    return {"about": about, **details, "says": says}


def _compare_verdicts(pair: AnswerPair) -> Iterator[Difference]:
    then, now = as_data(pair.old.verdict), as_data(pair.new.verdict)
    sides = f"Before: {then['reason']} Now: {now['reason']}"
    if {**then, "reason": None} != {**now, "reason": None}:
        yield _make_difference("verdict", f"The verdict changed. {sides}", old=then, new=now)
    elif then["reason"] != now["reason"]:
        says = f"The reason for the verdict changed. {sides}"
        yield _make_difference("reason", says, old=then["reason"], new=now["reason"])


def _compare_providers(pair: AnswerPair) -> Iterator[Difference]:
    then, now = ({provider.id: provider for provider in answer.providers} for answer in (pair.old, pair.new))
    gone, both, come = _split_keys(then, now)
    for name in gone:
        # It may have been removed from the base, left out by a scope, or have no claim by that day.
        says = f"{then[name].name} is no longer compared."
        yield _make_difference("provider", says, provider=name, old=name, new=None)
    for name in come:
        says = f"{now[name].name} is now compared too."
        yield _make_difference("provider", says, provider=name, old=None, new=name)
    for name in both:
        old, new = then[name], now[name]
        if old.standing != new.standing:
            says = f"{new.name} was {STANDINGS[old.standing]} and is now {STANDINGS[new.standing]}."
            yield _make_difference("standing", says, provider=name, old=old.standing, new=new.standing)
        before, after = as_data(old.score), as_data(new.score)
        if before != after:
            says = f"The score of {new.name} was {score_text(old.score)} and is now {score_text(new.score)}."
            yield _make_difference("score", says, provider=name, old=before, new=after)


# What is asked


def _write_bound(bound: BoundWords | None) -> str:
    # A record has no units, and its criterion may no longer exist.
    words = bound_text_of(bound, None)
    return f", {words}" if words else ""


def _get_key(part: RequirementRecord | FindingRecord) -> tuple[str, str, str]:
    """Return a key that identifies a requirement, or a rule that favours, in both answers."""
    if part.criterion is None:
        return "", "", (part.rule if isinstance(part, FindingRecord) else None) or ""
    return part.criterion, part.priority or "", _write_bound(part.bound)


def _say_asked(part: RequirementRecord) -> str:
    return f"{part.label}{_write_bound(part.bound)} ({part.priority})"


def _compare_requirements(pair: AnswerPair) -> Iterator[Difference]:
    """Find requirements that were added, removed or changed, and the rules behind the changes."""
    # A key names criterion, priority and bound, so a moved bound looks like one requirement gone and another added.
    then, now = ({_get_key(part): part for part in answer.requirements} for answer in (pair.old, pair.new))
    gone_keys, both, come = _split_keys(then, now)
    gone = [then[key] for key in gone_keys]
    # On the same criterion, these two are reported as one change.
    for new in map(now.__getitem__, come):
        old = next((part for part in gone if part.criterion == new.criterion), None)
        if old is not None:
            gone.remove(old)
            before, after = (f"{_say_asked(part)}, asked for {_say_whose(part)}" for part in (old, new))
            yield _tell_asked(f"Before: {before}. Now: {after}.", old, new)
        else:
            why = next((finding.because for finding in pair.new.findings if _get_key(finding) == _get_key(new)), "")
            yield _tell_asked(f"Newly asked for {_say_whose(new)}: {_say_asked(new)}. {why}", None, new)
    for old in gone:
        says = f"No longer asked for: {_say_asked(old)}, which was asked for {_say_whose(old)}."
        yield _tell_asked(says, old, None)
    for key in both:
        if then[key].implied_by != now[key].implied_by:
            before, after = (_say_whose(part[key]) for part in (then, now))
            says = f"{_say_asked(now[key])} was asked for {before} and is now asked for {after}."
            yield _tell_asked(says, then[key], now[key])


def _tell_asked(says: str, old: RequirementRecord | None, new: RequirementRecord | None) -> Difference:
    # The rules that are behind only one of the two sides are the cause of the change.
    rules = set(old.implied_by if old else ()) ^ set(new.implied_by if new else ())
    criterion = next(part.criterion for part in (new, old) if part is not None)
    sides = {"old": old and _pick_asked(old), "new": new and _pick_asked(new)}
    return _make_difference("requirement", says.rstrip(), criterion=criterion, rules=sorted(rules), **sides)


def _pick_asked(part: RequirementRecord) -> dict[str, Any]:
    bound = part.bound and {key: end if isinstance(end, str) else float(end) for key, end in part.bound.items()}
    return _pick_fields(part, "criterion", "label", "priority") | {"bound": bound, "implied_by": list(part.implied_by)}


def _pick_fields(part: Any, *names: str) -> dict[str, Any]:  # noqa: ANN401 (a record)
    return {name: as_data(getattr(part, name)) for name in names}


def _say_whose(part: RequirementRecord) -> str:
    if not part.implied_by:
        return "by you"
    return f"by the rule{'s' if len(part.implied_by) > 1 else ''} {joined(part.implied_by)}"


# Rules and weights


def _pick_first_findings(answer: AnswerRecord) -> dict[tuple[str, str, str], FindingRecord]:
    """Return one finding of each requirement and rule: weight and reason are the same for all providers."""
    return {_get_key(finding): finding for finding in reversed(answer.findings)}


def _compare_rules(pair: AnswerPair) -> Iterator[Difference]:
    """Find rules that favour and were added or removed; then changed weights and reasons."""
    then, now = _pick_first_findings(pair.old), _pick_first_findings(pair.new)
    gone, both, come = _split_keys(then, now)
    for rule in [key[2] for key in gone if not key[0]]:
        because = then["", "", rule].because
        yield _make_difference("rule", f"The rule {rule} no longer counts: {because}", rule=rule, old=because, new=None)
    for rule in [key[2] for key in come if not key[0]]:
        because = now["", "", rule].because
        yield _make_difference("rule", f"The rule {rule} now counts: {because}", rule=rule, old=None, new=because)
    for key in both:
        yield from _compare_weights(then[key], now[key], pair)


def _compare_weights(then: FindingRecord, now: FindingRecord, pair: AnswerPair) -> Iterator[Difference]:
    what = {"criterion": now.criterion} if now.criterion else {"rule": now.rule}
    name = f"{pair.name_subject(now)} ({now.priority})" if now.criterion else pair.name_subject(now)
    if then.weight != now.weight:
        says = f"The weight of {name} was {weight_text(then.weight)} and is now {weight_text(now.weight)}."
        yield _make_difference("weight", says, **what, old=then.weight, new=now.weight)
    if then.because != now.because:
        says = f"The reason given for {name} changed: {now.because}"
        yield _make_difference("because", says, **what, old=then.because, new=now.because)


# What is known


def _compare_findings(pair: AnswerPair) -> Iterator[Difference]:
    """Find changed facts on the requirements of both answers, and the claims behind the changes."""
    then = {(finding.provider, _get_key(finding)): finding for finding in pair.old.findings}
    for new in pair.new.findings:
        old = then.get((new.provider, _get_key(new)))
        if old is None:
            continue
        changed = _get_known(old) != _get_known(new)
        claims = _compare_claims(old.evidence, new.evidence) or (_reread_claims(new.evidence) if changed else [])
        said = _say_finding(old, new, claims, changed=changed)
        if said:
            says = f"{pair.name(new.provider)} on {pair.name_subject(new)}: {said}."
            old_known, new_known = (_pick_fields(side, "outcome", "degree", "expected", "says") for side in (old, new))
            what = {"provider": new.provider, "criterion": new.criterion, "rule": new.rule}
            yield _make_difference("finding", says, **what, old=old_known, new=new_known, claims=claims)


def _get_known(finding: FindingRecord) -> tuple[object, ...]:
    # Older records say "10000 viewers" where this version says "10,000 viewers", and "at least 0 USD/month; no price is
    # known" where it says "no price is known": the same facts.
    least, _, rest = finding.says.partition("; ")
    says = rest if rest and least.startswith("at least 0 ") else finding.says
    return finding.outcome, finding.degree, says.replace(",", "")


def _say_finding(old: FindingRecord, new: FindingRecord, claims: Sequence[Difference], *, changed: bool) -> str:
    parts = [f"before {_say_known(old)}; now {_say_known(new)}"] if changed else []
    if not changed and old.expected != new.expected:
        parts.append(f"counted {100 * old.expected:.0f}% before and {100 * new.expected:.0f}% now")
    return "; ".join([*parts, *(claim["says"] for claim in claims)])


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
    where: str | None = None

    @property
    def place(self) -> tuple[str, int, str, str]:
        """Return a key that identifies a claim."""
        return self.source, self.line or 0, self.where or "", self.product or ""


def _list_claim_keys(lines: Iterable[LineRecord]) -> list[ClaimKey]:
    return [
        ClaimKey(line.source, line.line, line.as_of, line.evidence, line.product, line.place)
        if isinstance(line, EvidenceRecord)
        else ClaimKey(line.source, line.line, line.as_of, "stated", None, line.place)
        for line in lines
    ]


def _compare_claims(old: Iterable[LineRecord], new: Iterable[LineRecord]) -> list[Difference]:
    """Return claims that were added, removed or changed in evidence or date, each with its place."""
    # Counted, because two claims may be on one line of a source, and only one of them removed.
    then, now = Counter(_list_claim_keys(old)), Counter(_list_claim_keys(new))
    gone = {claim.place: claim for claim in then - now}
    come = {claim.place: claim for claim in now - then}
    removed, changed, added = _split_keys(gone, come)
    return [
        *(_describe_claim("removed", gone[place]) for place in removed),
        *(_describe_claim("changed", come[place], gone[place]) for place in changed),
        *(_describe_claim("added", come[place]) for place in added),
    ]


def _reread_claims(lines: Iterable[LineRecord]) -> list[Difference]:
    """Return all claims: at least one is read differently now, but a record does not hold their values."""
    return [_describe_claim("read differently", claim) for claim in dict.fromkeys(_list_claim_keys(lines))]


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
    return item.usage, item.criterion, item.price, item.low, item.high, item.beside, _list_claim_keys(item.evidence)


def _compare_items(old: CostRecord, new: CostRecord) -> tuple[str, list[Difference]]:
    """Return what changed in the items of a cost, in words, and the claims behind it."""
    # Usage that is paid for together is one item in both answers, whatever its price.
    then = {tuple(item.usage): item for item in old.items}
    said, claims = [], []
    for item in new.items:
        before = then.get(tuple(item.usage))
        if before is None or _strip_item(before) == _strip_item(item):
            continue
        claims += _compare_claims(before.evidence, item.evidence) or _reread_claims(item.evidence)
        was, price = (each.price or "no known price" for each in (before, item))
        changed = f"{was} before and {price} now"
        same = f"other claims now give {price}, or other items are free"
        said.append(f"; for {joined(list(item.usage))} {same if was == price else changed}")
    return "".join(said), claims


# Ways out


def _compare_set_aside(pair: AnswerPair) -> Iterator[Difference]:
    """Find what rules would have added that newly does not count."""
    known = as_data(pair.old.set_aside)
    for part in pair.new.set_aside:
        if as_data(part) not in known:
            says = f"The rule {part.rule} on {pair.label(part.criterion)} is now set aside: {part.because}."
            what = {"rule": part.rule, "criterion": part.criterion}
            yield _make_difference("set-aside", says, **what, old=None, new=part.because)


def _compare_combinations(pair: AnswerPair) -> Iterator[Difference]:
    old, new = pair.old.combinations, pair.new.combinations
    if old != new:
        named = ([joined(list(map(pair.name, group))) for group in groups] for groups in (old, new))
        was, now = map(_list_ways, named)
        says = f"Providers that together meet every must: before {was}; now {now}."
        yield _make_difference("combinations", says, old=old, new=new)


def _compare_concessions(pair: AnswerPair) -> Iterator[Difference]:
    old, new = pair.old.concessions, pair.new.concessions
    if [*map(_strip_way, old)] != [*map(_strip_way, new)]:
        before, now = ([joined(list(map(_say_asked, part.drop))) for part in ways] for ways in (old, new))
        says = f"What could be given up: before {_list_ways(before)}; now {_list_ways(now)}."
        yield _make_difference("concessions", says, old=before, new=now)


def _strip_way(part: ConcessionRecord) -> tuple[Any, ...]:
    return [_pick_asked(requirement) for requirement in part.drop], as_data(part.verdict)


def _list_ways(ways: Sequence[str]) -> str:
    return ", or ".join(ways) or "nothing"


# The facts and rules behind the answer


def _compare_stale_facts(pair: AnswerPair) -> Iterator[Difference]:
    """Find facts that are now out of date."""
    known = {(part.provider, part.criterion) for part in pair.old.knowledge.stale}
    for part in pair.new.knowledge.stale:
        if (part.provider, part.criterion) not in known:
            about = f"{pair.name(part.provider)}, {pair.label(part.criterion)}"
            says = f"The fact about {about}, from {part.as_of}, is out of date now."
            what = {"provider": part.provider, "criterion": part.criterion}
            yield _make_difference("stale", says, **what, old=None, new=part.as_of)


def _compare_notices(pair: AnswerPair) -> Iterator[Difference]:
    """Find ends and changes that are new."""
    told = {part.says for part in pair.old.notices}
    for notice in pair.new.notices:
        if notice.says not in told:
            what = {"provider": notice.provider, "criterion": notice.criterion}
            yield _make_difference("notice", f"Also new: {notice.says}", **what, old=None, new=notice.day)


def _compare_knowledge(pair: AnswerPair) -> Iterator[Difference]:
    """Find changes of the scope and the age of the evidence, of the day, and of facts and rules."""
    old, new = pair.old.knowledge, pair.new.knowledge
    # Earlier versions worded this differently.
    if old.rests_on.says != new.rests_on.says and _pick_scope(old) != _pick_scope(new):
        says = f"The scope changed. Before: {old.rests_on.says} Now: {new.rests_on.says}"
        yield _make_difference("age", says, old=old.rests_on.says, new=new.rests_on.says)
    if old.as_of != new.as_of:
        says = f"Facts counted as of {old.as_of} before, and as of {new.as_of} now."
        yield _make_difference("day", says, old=old.as_of, new=new.as_of)
    if old.fingerprint != new.fingerprint:
        was, now = (base_text(part.version, part.date, part.fingerprint) for part in (old, new))
        says = f"The knowledge base was {was} and is now {now}."
        yield _make_difference("knowledge", says, old=old.fingerprint, new=new.fingerprint)


def _pick_scope(known: KnowledgeRecord) -> tuple[Any, ...]:
    """Return the parts of the sentence on the scope."""
    limits = (known.only, known.without, known.limited_to, known.customer_of)
    return known.as_of, known.oldest, known.newest, known.providers, known.sources, limits
