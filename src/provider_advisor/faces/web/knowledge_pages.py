"""Pages on a criterion, a provider or a source, each with its claims, and the list of criteria.

Tables of facts, as they follow from claims, are in `fact_tables`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import capital, claim_text, shortened, weight_text
from provider_advisor.faces.compared_facts import check_area
from provider_advisor.faces.web.responses import FieldError, read_fields, show_page, show_refusal
from provider_advisor.faces.web.service import KnowledgeService, Service
from provider_advisor.knowledge import Claim, KnowledgeBase
from provider_advisor.requirements.word_mistakes import explain_unfound
from provider_advisor.safe_text import join_words

_MOST_MEMBERS = 12
_MOST_LETTERS = 200

router = APIRouter(include_in_schema=False)


@router.get("/criteria")
def show_criteria(service: Service, q: str = "", area: str = "", kind: str = "") -> Response:
    """Show the criteria, or those that match words, in all areas or one, of all kinds or one."""
    words, wrong = q[:_MOST_LETTERS], None
    kinds = sorted({one.kind for one in service.knowledge.criteria.values()})
    try:
        asked = read_fields(
            {"area": area, "kind": kind},
            {"area": lambda area: check_area(area, service.knowledge), "kind": lambda kind: _check_kind(kind, kinds)},
        )
    except FieldError as error:
        asked, wrong = {"area": None, "kind": None}, error
    anywhere = service.search(words)
    if not words.strip():
        anywhere.sort(key=lambda one: one.label.casefold())
    found = [one for one in anywhere if asked["area"] in {None, one.area} and asked["kind"] in {None, one.kind}]
    unfound = (
        "Nothing was found in this area and of this kind." if anywhere else explain_unfound(words, service.knowledge)
    )
    return show_page(
        service,
        "criteria.html.j2",
        "Criteria",
        wrong=wrong,
        q=q,
        asked=asked,
        areas=list_areas(service.knowledge),
        kinds=kinds,
        found=found,
        unfound="" if found else unfound,
        by_word=[] if anywhere else service.count_by_word(words),
    )


def _check_kind(kind: str, kinds: Sequence[str]) -> str:
    if kind not in kinds:
        raise RequirementsError(f"unknown kind '{kind[:40]}'; expected {join_words(kinds, 'or')}.")
    return kind


def list_areas(knowledge: KnowledgeBase) -> list[tuple[str, str]]:
    """Return the areas of the criteria, each with its words."""
    return sorted({(one.area, capital(knowledge.spell_id(one.area))) for one in knowledge.criteria.values()})


@router.get("/criteria/{name}")
def show_criterion(name: str, service: Service) -> Response:
    """Show a criterion and what is known of each provider."""
    try:
        one = service.find_criterion(name)
    except RequirementsError as error:
        return show_refusal(service, "There is no such criterion", 404, wrong=error)
    # Claims on a member, such as phone-numbers@de, are claims on its criterion that name it.
    knowledge, name = service.knowledge, one.id.partition("@")[0]
    kind = f"{one.kind}{f', in {one.unit}' if one.unit else ''}"
    lines = [one.question, f"Area: {knowledge.spell_id(one.area)}. Kind: {kind}. Weight: {weight_text(one.weight)}."]
    lines += [f"Also called: {', '.join(one.aliases)}."] if one.aliases else []
    claims = _show_claims(service, lambda claim: claim.criterion == name)
    told = {claim["provider"] for claim in claims}
    return _show_claimed(
        service,
        "criterion",
        one.label,
        claims,
        here="criteria",
        lines=lines,
        links=[("Ask for it", f"/choose?wants={quote(one.id)}")],
        rules=[rule for rule in knowledge.rules.values() if one.id in {part.criterion for part in rule.implies}],
        silent=[known.name for known in knowledge.providers.values() if known.id not in told] if claims else [],
    )


@router.get("/providers/{name}")
def show_provider(name: str, service: Service) -> Response:
    """Show a provider and all claims about it."""
    try:
        found = service.find_provider(name)
    except RequirementsError as error:
        return show_refusal(service, "There is no such provider", 404, wrong=error)
    one = service.knowledge.providers[found]
    products = ", ".join(part.name for part in one.products.values())
    return _show_claimed(
        service,
        "provider",
        one.name,
        _show_claims(service, lambda claim: claim.provider == found),
        lines=[f"Products: {products}."] if products else [],
        links=[
            ("Facts that are out of date", f"/facts?provider={quote(found)}&state=stale"),
            ("What is not known", f"/facts?provider={quote(found)}&state=unknown"),
        ],
    )


@router.get("/sources/{name}")
def show_source(name: str, service: Service) -> Response:
    """Show a source and what it says."""
    one = service.knowledge.sources.get(name)
    if one is None:
        return show_refusal(service, "There is no such source", 404)
    published = f"published {one.published}" if one.published else "undated"
    lines = [f"{one.publisher or 'No publisher named'}; {published}, retrieved {one.retrieved}."]
    lines += [f"Note: {one.note}."] if one.note else []
    lines += [f"No URL: {one.no_url}."] if one.no_url else []
    rules = service.knowledge.rules.values()
    return _show_claimed(
        service,
        "source",
        one.title,
        _show_claims(service, lambda claim: claim.source == name),
        lines=lines,
        links=[("Open the source", one.url)] if one.url else [],
        rules=[rule for rule in rules if name in {part.source for part in rule.rests_on}],
    )


def _show_claimed(
    service: KnowledgeService,
    about: str,
    heading: str,
    claims: Sequence[dict[str, Any]],
    **values: Any,  # noqa: ANN401 (whatever the template shows)
) -> Response:
    """Return the page on one criterion, provider or source, with its claims."""
    shown = {"about": about, "heading": heading, "claims": claims, "here": "", "rules": (), "silent": ()} | values
    return show_page(service, "facts.html.j2", heading, **shown)


def _show_claims(service: KnowledgeService, is_shown: Callable[[Claim], bool]) -> list[dict[str, Any]]:
    """Return the claims to show, each in words with its place; the first claim on a fact has the anchor."""
    knowledge, facts = service.knowledge, service.facts()
    found, anchors = [], set[str]()
    for claim in (claim for known in knowledge.providers.values() for claim in known.claims if is_shown(claim)):
        anchor = f"{claim.provider}-{claim.criterion}"
        shown = {
            "anchor": "" if anchor in anchors else anchor,
            "says": _say_claim(claim, knowledge),
            "stale": facts.is_claim_stale(claim),
            "where": say_place(claim),
            "address": write_claim_address(claim),
        }
        found.append(claim._asdict() | shown)
        anchors.add(anchor)
    return found


def _say_claim(claim: Claim, knowledge: KnowledgeBase) -> str:
    """Return a claim in words, with the members that it is about."""
    said = claim_text(claim)
    said = {"present": "yes", "absent": "no"}.get(said, said)
    of = knowledge.criteria.list_of(claim.criterion)
    if of is not None and claim.price_of:
        return f"{said} ({of.members[claim.price_of].label} price)"
    if of is None or not claim.members:
        return said
    return f"{said}, for {shortened([of.members[name].label for name in claim.members], _MOST_MEMBERS)}"


def write_claim_address(claim: Claim) -> str:
    """Return the address of a claim on the page of its source."""
    # /sources/daily-index-of-the-daily-apis#daily-video-api; the first claim on a fact has that anchor.
    return f"/sources/{claim.source}#{claim.provider}-{claim.criterion}"


def say_place(claim: Claim) -> str:
    """Return where in its source a claim is stated."""
    return f"line {claim.line}" if claim.line else str(claim.place)
