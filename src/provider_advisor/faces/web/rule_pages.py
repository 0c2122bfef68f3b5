"""Pages on rules: which ones fire for a team, and whether each condition of a rule holds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.responses import Response

from provider_advisor.explanation.words import bound_text, bound_text_of, capital
from provider_advisor.faces.knowledge_records import record_rule
from provider_advisor.faces.web.address import write_address
from provider_advisor.faces.web.knowledge_pages import check_word
from provider_advisor.faces.web.request_reading import FieldReader, read_question
from provider_advisor.faces.web.responses import JsonResponse, get_form, look_up, show_page
from provider_advisor.faces.web.service import Service
from provider_advisor.inference.infer import holds_for, infer
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.knowledge.conditions import (
    AllOf,
    AnyOf,
    Condition,
    FactHolds,
    Leaf,
    Need,
    Not,
    Situation,
    evaluate,
    fold_condition,
    list_needed,
)
from provider_advisor.knowledge.rules import Rule
from provider_advisor.logic import Interval, Truth, all_of, any_of
from provider_advisor.requirements import Team

router = APIRouter(include_in_schema=False)


@router.get("/rules")
@router.get("/rules.json")
def show_rules(request: Request, service: Service) -> Response:
    """Show the rules, all or those of an area, and for a team which of them fire; or return the same as JSON."""
    knowledge, fired, fields = service.knowledge, set[str](), FieldReader(request)
    statement = read_question(request, service, "area").statement
    if address := write_address(statement, knowledge):
        fired = {rule.id for rule in infer(knowledge, statement.team).fired}
    areas = sorted({(rule.area, capital(knowledge.spell_id(rule.area))) for rule in knowledge.rules.values()})
    area = fields.read("area", request.query_params.get("area", ""), partial(check_word, "area", [*dict(areas)]))
    wrong = fields.find_wrong()
    rules = sorted(
        (rule for rule in knowledge.rules.values() if area in {None, rule.area}), key=lambda rule: rule.id not in fired
    )
    if get_form(request):
        told = ({"fired": rule.id in fired} if address else {} for rule in rules)
        return JsonResponse([{**record_rule(rule), **more} for rule, more in zip(rules, told, strict=True)])
    return show_page(
        service,
        "rules.html.j2",
        "Rules",
        wrong=wrong,
        rules=rules,
        area=area,
        areas=areas,
        question=parse_qsl(address),
        fired=fired,
        address=address,
        query=request.url.query,
        linked_day=statement.as_of,
    )


# The lower decorator comes first among the routes: `/rules/{name}` would take `.json` as part of a name.
@router.get("/rules/{name}")
@router.get("/rules/{name}.json")
def show_rule_page(name: str, request: Request, service: Service) -> Response:
    """Show a rule, and for the team in the address whether each condition holds; or return the same as data."""
    knowledge = service.knowledge
    rule = look_up(service.find_rule, name)
    statement = read_question(request, service).statement
    shown = describe_rule(rule, statement.team, knowledge)
    if get_form(request):
        return JsonResponse(shown)
    title = capital(knowledge.spell_id(name))
    return show_page(
        service,
        "rule.html.j2",
        title,
        rule=shown,
        address=write_address(statement, knowledge),
        heading=title,
        here="rules",
        linked_day=statement.as_of,
    )


def describe_rule(rule: Rule, team: Team, knowledge: KnowledgeBase) -> dict[str, Any]:
    """Return a rule as data, with its conditions and whether each holds for a team: yes, no or unknown.

    Raises EngineError if the rule engine fails.
    """
    found = infer(knowledge, team)
    # What rules add counts as required, except for what the team refused: there the addition is dropped.
    required = {
        name for part in found.requirements if not part.is_absence for name in list_needed(part.criterion)
    } - team.refused

    def stated(leaf: Leaf) -> Truth:
        return holds_for(leaf, team, team.needed)

    def truth_of(leaf: Leaf) -> Truth:
        if isinstance(leaf, Need):
            return Truth.YES if leaf.criterion in required else Truth.NO
        return stated(leaf)

    def judge(condition: Condition, *, is_negated: bool) -> str:
        # Under a `not`, only what the team stated counts, so that no rule can undo what another depends on.
        known = stated if is_negated else truth_of
        truth = fold_condition(condition, known, every=all_of, some=any_of, negated=lambda part: evaluate(part, stated))
        return truth.name.lower()

    lines = [
        {"depth": depth, "says": _describe(part, knowledge), "truth": judge(part, is_negated=is_negated)}
        for depth, part, is_negated in _list_parts(rule.when)
    ]
    favours = _list_parts(rule.favours) if rule.favours else ()
    return record_rule(rule) | {
        "fired": rule in found.fired,
        "aside": next((part.because for part in found.set_aside if part.rule == rule.id), ""),
        "conditions": lines,
        "implies": [_name_bound(part.criterion, part.bound, knowledge) for part in rule.implies],
        "favours": [{"depth": depth, "says": _describe(part, knowledge)} for depth, part, _ in favours],
    }


def _list_parts(
    condition: Condition, depth: int = 0, *, is_negated: bool = False
) -> Iterator[tuple[int, Condition, bool]]:
    """Yield a condition and its parts, each before its own: how deep it is, and whether it is under a `not`."""
    # 0  all of
    # 1    Outgoing SMS, a month: at least 100,000
    # 1    not
    # 2      the team requires: Monthly cost          under a `not`
    yield depth, condition, is_negated
    if isinstance(condition, Not):
        yield from _list_parts(condition.part, depth + 1, is_negated=True)
    elif isinstance(condition, AllOf | AnyOf):
        for part in condition.parts:
            yield from _list_parts(part, depth + 1, is_negated=is_negated)


def _describe(condition: Condition, knowledge: KnowledgeBase) -> str:
    if isinstance(condition, Not):
        return "not:"
    if isinstance(condition, AllOf | AnyOf):
        return "all of:" if isinstance(condition, AllOf) else "at least one of:"
    if isinstance(condition, Need):
        return f"the team requires: {knowledge.criteria[condition.criterion].label}"
    if isinstance(condition, Situation):
        return f"{knowledge.topics[condition.topic].label}: {knowledge.spell_id(condition.value)}"
    if isinstance(condition, FactHolds):
        has = "has" if condition.present else "lacks"
        return f"the provider {has}: {_name_bound(condition.criterion, condition.bound, knowledge)}"
    ends = {"at_least": condition.bound.low, "at_most": condition.bound.high}
    bound = bound_text_of({key: end for key, end in ends.items() if end is not None}, None)
    return f"{knowledge.usage[condition.item].label}, a month: {bound}"


def _name_bound(name: str, bound: Interval | None, knowledge: KnowledgeBase) -> str:
    criterion = knowledge.criteria[name]
    return f"{criterion.label}, {bound_text(bound, criterion)}" if bound is not None else criterion.label
