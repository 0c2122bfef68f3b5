"""Changes of the facts since a day: what sources added, replaced, announced or ended.

A claim is compared with the one before it on the same provider, product and criterion: without one it was added, with
another value it replaced it, with the same value it confirmed it. A day on which something ends, or closes to new
customers, is a change of that day; while it lies ahead it is announced, on the day on which that was said.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.records import Claim, Provider

# Of a capability stated as present on 2022-11-22, and on 2023-12-05 again with an end on 2024-12-05, the changes until
# 2024-01-01 are
#
#     2022-11-22  added
#     2023-12-05  confirmed
#     2023-12-05  announced, ahead on 2024-12-05
#
# and until 2025-01-01 the third is "ended", on 2024-12-05.

ChangeKind = Literal["added", "replaced", "confirmed", "announced", "ended", "closed-to-new", "renamed", "withdrawn"]


_ANNOUNCED: Mapping[ChangeKind, str] = {"ended": "ends", "closed-to-new": "closes to new customers"}


class FactChange(NamedTuple):
    """One change: its `day`, what it is about, and the claim that says so, beside the one `before` it.

    For products there is no claim, and perhaps `says` what it is. What is announced has the day on which it will be so
    in `ahead`.
    """

    provider: str
    day: dt.date
    kind: ChangeKind
    product: str | None
    criterion: str | None
    source: str | None
    claim: Claim | None = None
    before: Claim | None = None
    ahead: dt.date | None = None
    says: str = ""
    stated: dt.date | None = None


def list_changes(knowledge: KnowledgeBase, since: dt.date, until: dt.date) -> list[FactChange]:
    """Return the changes from one day to another, both included, by provider, day and kind."""
    found = [
        change
        for provider in knowledge.providers.values()
        for change in (*_find_claimed(provider, until), *_find_lives(provider, until))
        if since <= change.day <= until
    ]
    return sorted(
        dict.fromkeys(found),
        key=lambda change: (change.provider, change.day, change.kind, change.product or "", change.criterion or ""),
    )


def _find_claimed(provider: Provider, until: dt.date) -> Iterator[FactChange]:
    last: dict[tuple[str | None, str, tuple[str, ...]], Claim] = {}
    for claim in sorted(provider.claims, key=lambda claim: (claim.stated, claim.starts)):
        if claim.stated > until:
            continue
        key = (claim.belongs_to, claim.criterion, claim.members)
        before = last.get(key)
        last[key] = claim
        place = (claim.belongs_to, claim.criterion, claim.source, claim)
        # Claims of the same day do not replace each other.
        if before is None or before.stated != claim.stated:
            yield FactChange(provider.id, claim.stated, _compare(before, claim), *place, before)
        if claim.starts > max(claim.stated, until):
            yield FactChange(provider.id, claim.stated, "announced", *place, before, claim.starts)
        if claim.until is not None and claim.until > until:
            yield FactChange(provider.id, claim.stated, "announced", *place, before, claim.until)
    for claim in last.values():  # the last ones alone, because a later claim may have taken an end back
        if claim.until is not None and claim.until <= until:
            yield FactChange(provider.id, claim.until, "ended", claim.belongs_to, claim.criterion, claim.source, claim)


def _compare(before: Claim | None, claim: Claim) -> ChangeKind:
    if before is None:
        return "added"
    was, now = ((part.value, part.bound, part.tiers, part.only) for part in (before, claim))
    if was != now:
        return "replaced"
    # The same claim again, but without an end that was still ahead.
    is_withdrawn = before.until is not None and before.until >= claim.stated and claim.until is None
    return "withdrawn" if is_withdrawn else "confirmed"


def _find_lives(provider: Provider, until: dt.date) -> Iterator[FactChange]:
    """Yield the ends and the new names of products, on the day of each; while it lies ahead, as announced."""
    for product in provider.products.values():
        ends: dict[ChangeKind, dt.date | None] = {"ended": product.until, "closed-to-new": product.closed_to_new}
        changes = [
            FactChange(provider.id, day, kind, product.id, None, product.source, stated=product.stated)
            for kind, day in ends.items()
            if day is not None
        ]
        if (new := product.renamed) is not None:
            place = (product.id, None, new.source)
            says = f"now {new.name}"
            changes.append(FactChange(provider.id, new.day, "renamed", *place, stated=new.stated, says=says))
        for change in changes:
            if change.day <= until:
                yield change
            elif change.stated is not None:
                says = change.says or _ANNOUNCED[change.kind]
                yield change._replace(day=change.stated, kind="announced", ahead=change.day, says=says)
