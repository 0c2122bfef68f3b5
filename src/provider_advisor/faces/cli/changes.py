"""`recommend facts --changes --since DATE`: what is new, other or over since a day, by provider."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from provider_advisor.explanation.record import claim_record
from provider_advisor.explanation.words import claim_text
from provider_advisor.faces.text import Page, show_json
from provider_advisor.knowledge import Claim, KnowledgeBase
from provider_advisor.knowledge.changes import FactChange

__all__ = ["show_changes"]

_HEADINGS = ["Day", "Change", "What", "Product", "Says", ""]


def show_changes(changes: Sequence[FactChange], knowledge: KnowledgeBase, form: str) -> None:
    """Show changes as a table for each provider, or as JSON; claims that say the same again are only counted."""
    if form == "json":
        show_json([_make_record(change) for change in changes])
        return
    page = Page()
    told = [change for change in changes if change.kind != "confirmed"]
    places = {name: at for at, name in enumerate(sorted({change.source for change in told if change.source}), start=1)}
    if not changes:
        page.line("Nothing changed.")
    for provider, group in itertools.groupby(changes, key=lambda change: change.provider):
        parts = list(group)
        page.heading(knowledge.providers[provider].name)
        rows = [_make_row(change, knowledge, places) for change in parts if change.kind != "confirmed"]
        if rows:
            page.table(_HEADINGS, rows)
        if confirmed := len(parts) - len(rows):
            page.line(f"{confirmed} claim{'s say' if confirmed > 1 else ' says'} the same as before.")
    if places:
        page.heading("Sources")
    for name, at in places.items():
        source = knowledge.sources[name]
        page.line(f"[{at}] {source.title} ({source.published or 'undated'}); {source.url or source.no_url or name}", 2)
    page.show(paged=True)


def _make_record(change: FactChange) -> dict[str, Any]:
    return {
        "provider": change.provider,
        "day": change.day.isoformat(),
        "change": change.kind,
        "product": change.product,
        "criterion": change.criterion,
        "source": change.source,
        "ahead": change.ahead.isoformat() if change.ahead else None,
        "claim": claim_record(change.claim) if change.claim is not None else None,
        "before": claim_record(change.before) if change.before is not None else None,
    }


def _make_row(change: FactChange, knowledge: KnowledgeBase, places: Mapping[str, int]) -> list[str]:
    product = knowledge.providers[change.provider].products.get(change.product or "")
    what = change.criterion or (product.name if product is not None else "")
    kind = change.kind.replace("-", " ")
    cited = f"[{places[change.source]}]" if change.source is not None else ""
    return [str(change.day), kind, what, change.product or "", _describe(change), cited]


def _describe(change: FactChange) -> str:
    ahead = f"on {change.ahead}" if change.ahead is not None else ""
    if change.claim is None:
        return " ".join(filter(None, (change.says, ahead)))
    says = _describe_claim(change.claim)
    if change.kind == "replaced" and change.before is not None:
        return f"{_describe_claim(change.before)} → {says}"
    if change.kind == "withdrawn" and change.before is not None:
        return f"the end on {change.before.until}"
    return f"{says} {'until' if change.ahead == change.claim.until else 'from'} {change.ahead}" if ahead else says


def _describe_claim(claim: Claim) -> str:
    members = f" for {', '.join(claim.members)}{' only' if claim.only else ''}" if claim.members else ""
    return claim_text(claim) + members
