"""What the page to choose by shows: the form, what is asked for so far, and the ranking that follows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from fastapi import Request

from provider_advisor.explanation.model import AnswerRecord
from provider_advisor.explanation.words import criterion_label
from provider_advisor.faces.report.html import report_values
from provider_advisor.faces.report.view import RankedProvider, rank_providers
from provider_advisor.faces.web.address import write_address
from provider_advisor.faces.web.choose_form import (
    CHOICES,
    find_faults,
    group_by_area,
    list_kept,
    list_team,
    list_written,
    read_ticks,
)
from provider_advisor.faces.web.service import KnowledgeService
from provider_advisor.requirements import Statement, bound_words

_MOST_NAMED = 4
"""A line of the ranking names so many criteria at most; the answer has them all."""


class AskedPart(NamedTuple):
    """A part of the question in words, and the address of the same question without it."""

    criterion: str
    label: str
    says: str
    without: str


class RankedLine(NamedTuple):
    """A provider in the ranking, and in one line what it lacks and what is not known of it."""

    name: str
    standing: str
    score: str
    why: str


def show_choose(
    service: KnowledgeService, statement: Statement | None, request: Request, mistakes: Sequence[str]
) -> dict[str, Any]:
    """Return what the page to choose by shows; without a statement the fields as they were filled, and `mistakes`."""
    knowledge, query = service.knowledge, request.query_params
    words = query.get("q", "")
    ticks = read_ticks(statement, query, knowledge)
    found = service.search(words) if words.strip() else list(knowledge.criteria.values())
    shown = {criterion.id: criterion for criterion in found}
    for name in ticks:
        if name in knowledge.criteria:
            shown.setdefault(name, knowledge.criteria[name])
    team, volumes = list_team(statement, query, knowledge)
    faults = {} if statement else find_faults(query, knowledge)
    # One field can keep others from being read at all, and each of those is told of here too.
    mistakes = tuple(dict.fromkeys([*mistakes, *(one for sentences in faults.values() for one in sentences)]))
    return {
        "q": words,
        "areas": list(group_by_area(shown.values(), ticks, is_open=bool(words.strip()))),
        "choices": CHOICES,
        "team": team,
        "volumes": volumes,
        "unfound": "" if found else service.explain_unfound(words),
        "by_word": [] if found else service.count_by_word(words),
        "situations": service.find_situations(words),
        "kept": list_kept(statement, knowledge) if statement else [],
        "written": [] if statement else list_written(query),
        **show_ranking(service, statement, mistakes, is_sure=False),
        "is_page": True,
        "faults": faults,
    }


def show_ranking(
    service: KnowledgeService, statement: Statement | None, mistakes: Sequence[str], *, is_sure: bool
) -> dict[str, Any]:
    """Return what is asked for so far and the ranking for it; `is_sure` adds what would be worth asking."""
    values: dict[str, Any] = {
        "is_page": False,
        "mistakes": mistakes,
        "asked": list(list_asked(statement, service)) if statement else [],
        "address": write_address(statement, service.knowledge) if statement else "",
        "ranking": (),
        "out": "",
        "headline": "",
        "sure": None,
    }
    if statement is None or not (statement.team.requirements or statement.team.situation):
        return values
    found = service.recommend(statement, sure=is_sure)
    answer = found.explanation
    ranked = rank_providers(answer)
    values["ranking"] = [_describe_rank(one, answer, service) for one in ranked if one.standing != "ruled out"]
    values["out"] = ", ".join(one.name for one in ranked if one.standing == "ruled out")
    values["headline"] = answer.verdict.reason
    values["sure"] = report_values(answer, found.decision.facts.knowledge)["sure"] if is_sure else None
    return values


def list_asked(statement: Statement, service: KnowledgeService) -> Iterator[AskedPart]:
    """Yield what is required and what is not wanted, each with the address without it."""
    team, knowledge, words = statement.team, service.knowledge, {value: text.lower() for value, text in CHOICES}
    for part in team.requirements:
        bound = bound_words(part.bound, knowledge.criteria[part.criterion]) or None
        rest = team._replace(requirements=tuple(one for one in team.requirements if one is not part))
        without = write_address(statement._replace(team=rest), knowledge)
        says = words["absent" if bound and "is" in bound else part.priority]
        label = criterion_label(part.criterion, None if says == words["absent"] else bound, knowledge)
        yield AskedPart(part.criterion, label, says, without)
    for name in team.unwanted:
        rest = team._replace(unwanted=tuple(one for one in team.unwanted if one != name))
        without = write_address(statement._replace(team=rest), knowledge)
        yield AskedPart(name, knowledge.criteria[name].label, words["wont"], without)


def _describe_rank(one: RankedProvider, answer: AnswerRecord, service: KnowledgeService) -> RankedLine:
    """Return a provider's line: what it lacks first, then what no source says of it."""
    found: dict[str, list[str]] = {"unmet": [], "unknown": []}
    for part in answer.findings:
        if part.provider == one.id and part.criterion and part.outcome in found:
            found[part.outcome].append(criterion_label(part.criterion, None, service.knowledge))
    said = [
        f"{word}: {', '.join(labels[:_MOST_NAMED])}{' and more' if len(labels) > _MOST_NAMED else ''}"
        for word, labels in (("No", found["unmet"]), ("Not known", found["unknown"]))
        if labels
    ]
    return RankedLine(one.name, one.standing, one.score_text, "; ".join(said))
