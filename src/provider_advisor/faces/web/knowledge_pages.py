"""Pages on a criterion, a provider or a source, each with its claims, and the list of criteria.

Tables of facts, as they follow from claims, are in `fact_tables`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

from fastapi import APIRouter, Request
from starlette.responses import Response

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import capital, claim_text, shortened
from provider_advisor.faces.compared_facts import check_area
from provider_advisor.faces.knowledge_records import record_criterion, record_provider, record_rule
from provider_advisor.faces.web.request_reading import CHECK_PARAMETERS, FieldReader
from provider_advisor.faces.web.responses import JsonResponse, get_form, look_up, show_page
from provider_advisor.faces.web.service import KnowledgeService, Service
from provider_advisor.knowledge import Claim, Criterion, KnowledgeBase, Provider
from provider_advisor.knowledge.records import Source
from provider_advisor.knowledge.rules import Rule
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.requirements.statement import read_day
from provider_advisor.requirements.word_mistakes import explain_unfound
from provider_advisor.safe_text import join_words

_MOST_MEMBERS = 12
_MOST_LETTERS = 200

router = APIRouter(include_in_schema=False, dependencies=[CHECK_PARAMETERS])


@router.get("/criteria")
@router.get("/criteria.json")
def show_criteria(request: Request, service: Service, q: str = "", area: str = "", kind: str = "") -> Response:
    """Show the criteria that match words, in all areas or one, of all kinds or one; or return them as JSON."""
    words, fields = q[:_MOST_LETTERS], FieldReader(request)
    kinds = sorted({one.kind for one in service.knowledge.criteria.values()})
    asked = {
        "area": fields.read("area", area, lambda area: check_area(area, service.knowledge)),
        "kind": fields.read("kind", kind, partial(check_word, "kind", kinds)),
    }
    wrong = fields.find_wrong()
    anywhere = service.search(words)
    if not words.strip():
        anywhere.sort(key=lambda one: one.label.casefold())
    found = [one for one in anywhere if asked["area"] in {None, one.area} and asked["kind"] in {None, one.kind}]
    if get_form(request):
        return JsonResponse([*map(record_criterion, found)])
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
        areas=name_areas(service.knowledge),
        kinds=[(one, capital(one)) for one in kinds],
        found=found,
        unfound="" if found else unfound,
        by_word=[] if anywhere else service.count_by_word(words),
        query=request.url.query,
    )


def check_word(what: str, known: Sequence[str], word: str) -> str:
    """Return a word of a field if it is one of the known. Raises RequirementsError."""
    if word not in known:
        hint = did_you_mean(word, known)
        raise RequirementsError(f"unknown {what} '{word[:80]}'; expected {join_words(known, 'or')}.{hint}")
    return word


def name_areas(knowledge: KnowledgeBase) -> list[tuple[str, str]]:
    """Return the areas of the criteria, each with its words."""
    return sorted({(one.area, capital(knowledge.spell_id(one.area))) for one in knowledge.criteria.values()})


# The lower decorator comes first among the routes: `/criteria/{name}` would take `.json` as part of a name.
@router.get("/criteria/{name}")
@router.get("/criteria/{name}.json")
def show_criterion(name: str, request: Request, service: Service, as_of: str = "") -> Response:
    """Show a criterion and what is known of each provider, or return the same as JSON."""
    one = look_up(service.find_criterion, name)
    rules = [rule for rule in service.knowledge.rules.values() if one.id in {part.criterion for part in rule.implies}]
    return _show_claimed(request, service, "criterion", one, record_criterion(one), one.label, as_of, rules)


@router.get("/providers/{name}")
@router.get("/providers/{name}.json")
def show_provider(name: str, request: Request, service: Service, as_of: str = "") -> Response:
    """Show a provider and all claims about it, or return the same as JSON."""
    one = service.knowledge.providers[look_up(service.find_provider, name)]
    return _show_claimed(request, service, "provider", one, record_provider(one), one.name, as_of)


@router.get("/sources/{name}")
@router.get("/sources/{name}.json")
def show_source(name: str, request: Request, service: Service, as_of: str = "") -> Response:
    """Show a source and what it says, or return the same as JSON."""
    one = look_up(service.find_source, name)
    rules = [rule for rule in service.knowledge.rules.values() if name in {part.source for part in rule.rests_on}]
    return _show_claimed(request, service, "source", one, one._asdict(), one.title, as_of, rules)


def _show_claimed(  # noqa: PLR0913, PLR0917 (what the pages differ in)
    request: Request,
    service: KnowledgeService,
    about: Literal["criterion", "provider", "source"],
    one: Criterion | Provider | Source,
    record: dict[str, Any],
    heading: str,
    as_of: str,
    rules: Sequence[Rule] = (),
) -> Response:
    """Show one criterion, provider or source with its claims and rules, or return its record in the API with these."""
    day = read_day(as_of or None)
    if get_form(request):
        claims = service.list_claims(**{about: one.id}, day=day)
        return JsonResponse({**record, "facts": claims, "rules": [*map(record_rule, rules)]})
    # Claims on a member, such as phone-numbers@de, are claims on its criterion that name it.
    name = one.id.partition("@")[0]
    claims = _show_claims(service, day, lambda claim: getattr(claim, about) == name)
    if about == "provider":  # of some there are hundreds, so they are found by area and criterion
        criteria = service.knowledge.criteria
        claims.sort(key=lambda claim: criteria[claim["criterion"]].label.casefold())
        claims = [{**claim, "area": service.knowledge.spell_id(criteria[claim["criterion"]].area)} for claim in claims]
    return show_page(
        service,
        "facts.html.j2",
        heading,
        here="criteria" if about == "criterion" else "",
        about=about,
        one=one,
        claims=claims,
        rules=rules,
        linked_day=day,
    )


def _show_claims(
    service: KnowledgeService, day: dt.date | None, is_shown: Callable[[Claim], bool]
) -> list[dict[str, Any]]:
    """Return the claims to show, stated by a day, in words with their places; the first on a fact has the anchor."""
    knowledge, facts = service.knowledge, service.facts(day)
    found, anchors = [], set[str]()
    stated = (claim for known in knowledge.providers.values() for claim in known.claims)
    for claim in (claim for claim in stated if is_shown(claim) and (day is None or claim.stated <= day)):
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
