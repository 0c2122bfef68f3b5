"""Pages on rules: which ones fire for a team, and whether each condition of a rule holds."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.responses import Response

from provider_advisor.explanation.words import bound_text, bound_text_of, capital
from provider_advisor.faces.knowledge_records import describe_place, record_rule
from provider_advisor.faces.web.address import write_address
from provider_advisor.faces.web.request_reading import read_question
from provider_advisor.faces.web.responses import FieldError, JsonResponse, get_form, look_up, show_page
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
    list_needed,
)
from provider_advisor.knowledge.rules import Rule
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.logic import Interval, Truth, all_of, any_of
from provider_advisor.requirements import Team

_WORDS = {Truth.YES: "holds", Truth.NO: "does not hold", Truth.UNKNOWN: "not known"}

TruthOf = Callable[[Leaf], Truth]


router = APIRouter(include_in_schema=False)


@router.get("/rules")
@router.get("/rules.json")
def show_rules(request: Request, service: Service) -> Response:
    """Show the rules, all or those of an area, and for a team which of them fire; or return the same as JSON."""
    knowledge, fired, wrong = service.knowledge, set[str](), None
    statement = read_question(request, service, "area").statement
    if address := write_address(statement, knowledge):
        fired = {rule.id for rule in infer(knowledge, statement.team).fired}
    area = request.query_params.get("area", "")
    areas = sorted({(rule.area, capital(knowledge.spell_id(rule.area))) for rule in knowledge.rules.values()})
    if area not in {"", *dict(areas)}:
        hint = did_you_mean(area, dict(areas))
        wrong, area = FieldError({"area": [f"No rule has the area '{area[:80]}'.{hint}"]}), ""
        if get_form(request):
            raise wrong
    rules = sorted(
        (rule for rule in knowledge.rules.values() if area in {"", rule.area}), key=lambda rule: rule.id not in fired
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
        return JsonResponse({**record_rule(rule), **record_shown(shown)})
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


class ConditionLine(NamedTuple):
    """One condition of a rule: how deep it is within others, in words, and whether it holds for the team."""

    depth: int
    says: str
    truth: Truth

    @property
    def word(self) -> str:
        """Return whether it holds, in words."""
        return _WORDS[self.truth]


def list_conditions(
    condition: Condition, knowledge: KnowledgeBase, truth_of: TruthOf, stated: TruthOf, depth: int = 0
) -> list[ConditionLine]:
    """Return the conditions of a tree, each before its parts; `stated` is the truth of parts under a `not`.

    Under a `not`, only what the team stated counts, so that no rule can undo what another depends on.
    """
    # A team that needs SMS and says nothing of volumes, as a tree with depths:
    #
    #     0  all of:                                    not known
    #     1  Outgoing SMS, a month: at least 100000     not known
    #     1  not:                                       holds
    #     2  the team requires: Monthly cost            does not hold
    if isinstance(condition, Not):
        inner = list_conditions(condition.part, knowledge, stated, stated, depth + 1)
        return [ConditionLine(depth, "not:", evaluate(condition, stated)), *inner]
    if isinstance(condition, AllOf | AnyOf):
        says, join = ("all of:", all_of) if isinstance(condition, AllOf) else ("at least one of:", any_of)
        parts = [list_conditions(part, knowledge, truth_of, stated, depth + 1) for part in condition.parts]
        return [ConditionLine(depth, says, join(lines[0].truth for lines in parts)), *chain.from_iterable(parts)]
    return [ConditionLine(depth, _describe(condition, knowledge), truth_of(condition))]


def _describe(leaf: Leaf, knowledge: KnowledgeBase) -> str:
    if isinstance(leaf, Need):
        return f"the team requires: {knowledge.criteria[leaf.criterion].label}"
    if isinstance(leaf, Situation):
        return f"{knowledge.topics[leaf.topic].label}: {knowledge.spell_id(leaf.value)}"
    if isinstance(leaf, FactHolds):
        criterion = knowledge.criteria[leaf.criterion]
        bound = f", {bound_text(leaf.bound, criterion)}" if leaf.bound is not None else ""
        return f"the provider {'has' if leaf.present else 'lacks'}: {criterion.label}{bound}"
    ends = {"at_least": leaf.bound.low, "at_most": leaf.bound.high}
    bound = bound_text_of({key: end for key, end in ends.items() if end is not None}, None)
    return f"{knowledge.usage[leaf.item].label}, a month: {bound}"


def describe_rule(rule: Rule, team: Team, knowledge: KnowledgeBase) -> dict[str, Any]:
    """Return a rule, with whether each condition holds for a team. Raises EngineError if the rule engine fails."""
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

    aside = [part.because for part in found.set_aside if part.rule == rule.id]
    return {
        "id": rule.id,
        "area": rule.area,
        "because": rule.because,
        "fired": rule in found.fired,
        "aside": aside[0] if aside else "",
        "conditions": list_conditions(rule.when, knowledge, truth_of, stated),
        "implies": [_describe_implied(part.criterion, part.bound, knowledge) for part in rule.implies],
        "favours": list_conditions(rule.favours, knowledge, _get_unknown, _get_unknown) if rule.favours else [],
        "rests_on": [(part.source, describe_place(part)) for part in rule.rests_on],
    }


def _get_unknown(_: Leaf) -> Truth:
    return Truth.UNKNOWN


def _describe_implied(name: str, bound: Interval | None, knowledge: KnowledgeBase) -> str:
    criterion = knowledge.criteria[name]
    return f"{criterion.label}, {bound_text(bound, criterion)}" if bound is not None else criterion.label


def record_shown(shown: dict[str, Any]) -> dict[str, Any]:
    """Return the rule of a page as JSON-ready data."""
    lines = {
        name: [{"depth": line.depth, "says": line.says, "truth": line.truth.name.lower()} for line in shown[name]]
        for name in ("conditions", "favours")
    }
    for line in lines["favours"]:
        del line["truth"]  # of each provider, and not of the team
    rests_on = [{"source": source, "place": place} for source, place in shown["rests_on"]]
    return {**shown, **lines, "rests_on": rests_on}
