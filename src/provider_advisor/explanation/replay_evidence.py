"""What two answers know otherwise of the same things, and through which claims."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from provider_advisor.explanation.replay_pair import Difference, Pair, difference
from provider_advisor.explanation.replay_shapes import ClaimShape, CostShape, FindingShape, ItemShape
from provider_advisor.explanation.words import joined

__all__ = ["costs", "findings"]


def findings(pair: Pair) -> Iterator[Difference]:
    """What is known otherwise now, of what both answers ask, and by which claims."""
    then = {(finding.provider, finding.key): finding for finding in pair.old.findings}
    for new in pair.new.findings:
        old = then.get((new.provider, new.key))
        if old is None:
            continue
        changed = (old.outcome, old.degree, old.says) != (new.outcome, new.degree, new.says)
        claims = _claims(old.evidence, new.evidence) or (_reread(new.evidence) if changed else [])
        said = _finding_says(old, new, claims, changed=changed)
        if said:
            says = f"{pair.names.get(new.provider, new.provider)} on {pair.label(new)}: {said}."
            sides = {"old": _side(old), "new": _side(new)}
            what = {"provider": new.provider, "criterion": new.criterion, "rule": new.rule}
            yield difference("finding", says, **what, **sides, claims=claims)


def _side(finding: FindingShape) -> dict[str, Any]:
    return finding.model_dump(mode="json", include={"outcome", "degree", "expected", "says"})


def _finding_says(old: FindingShape, new: FindingShape, claims: Sequence[Difference], *, changed: bool) -> str:
    parts = [f"then {_known(old)}; now {_known(new)}"] if changed else []
    if not changed and old.expected != new.expected:
        parts.append(f"counted {old.expected:.0%} then and {new.expected:.0%} now".replace("%", " %"))
    return "; ".join([*parts, *(claim["says"] for claim in claims)])


def _known(finding: FindingShape) -> str:
    return finding.says if finding.says.startswith(finding.text) else f"{finding.text}, {finding.says}"


def _claims(old: Iterable[ClaimShape], new: Iterable[ClaimShape]) -> list[Difference]:
    """The claims that came, went or changed in evidence or date, each with its place."""
    then, now = Counter(old), Counter(new)
    gone = {claim.place: claim for claim in then - now}
    come = {claim.place: claim for claim in now - then}
    found = [_claim("removed", gone[place]) for place in sorted(gone.keys() - come.keys())]
    found += [_claim("changed", come[place], gone[place]) for place in sorted(come.keys() & gone.keys())]
    return found + [_claim("added", come[place]) for place in sorted(come.keys() - gone.keys())]


def _reread(claims: Iterable[ClaimShape]) -> list[Difference]:
    """The claims one of which is read otherwise: a record does not hold the value of each."""
    return [_claim("read otherwise", claim) for claim in dict.fromkeys(claims)]


def _claim(change: str, claim: ClaimShape, before: ClaimShape | None = None) -> Difference:
    was = f", was {before.evidence}, {before.as_of}" if before else ""
    says = f"{change}: line {claim.line} of {claim.source} ({claim.evidence}, {claim.as_of}{was})"
    return {"change": change, **claim.model_dump(), "says": says}


def costs(pair: Pair) -> Iterator[Difference]:
    """What a month costs otherwise, with the prices that make the difference."""
    then = {provider.id: provider.monthly_cost for provider in pair.old.providers}
    for provider in pair.new.providers:
        old, new = then.get(provider.id), provider.monthly_cost
        if old is not None and new is not None and old != new:
            said, claims = _items(old, new)
            says = f"The monthly cost with {provider.name} was {old.text} and is {new.text}{said}."
            yield difference("cost", says, provider=provider.id, old=_ends(old), new=_ends(new), claims=claims)


def _ends(cost: CostShape) -> dict[str, Any]:
    return cost.model_dump(include={"low", "high", "unit"})


def _items(old: CostShape, new: CostShape) -> tuple[str, list[Difference]]:
    """What changed in the items of a cost, in words, and the claims behind it."""
    then = {tuple(item.usage): item for item in old.items}
    said, claims = [], []
    for item in new.items:
        before = then.get(tuple(item.usage))
        if before is not None and before != item:
            claims += _claims(before.evidence, item.evidence) or _reread(item.evidence)
            said.append(_item(before, item))
    return ("; " + "; ".join(said) if said else ""), claims


def _item(old: ItemShape, new: ItemShape) -> str:
    name = joined(list(new.usage))
    if old.text != new.text:
        return f"for {name} {old.text} then and {new.text} now"
    return f"for {name} other claims say {new.text}, or something else is free"
