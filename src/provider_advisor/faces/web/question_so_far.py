"""What stands beside the form: the question so far, and how it ranks the providers.

Each part of a question is told in words, with the address of the same question without it:

    needs=sms&unlisted=loan phones&only=twilio,zoom
        →  SMS, must have                        without: unlisted=loan phones&only=twilio,zoom
           loan phones, must have (not judged)   without: needs=sms&only=twilio,zoom
           Only these providers: Twilio, Zoom    without: needs=sms&unlisted=loan phones
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from provider_advisor.explanation.answer_records import AnswerRecord
from provider_advisor.explanation.verdict_in_words import group_questions
from provider_advisor.explanation.words import criterion_label, percent, round_share
from provider_advisor.faces.report.rows_and_sources import rank_providers, split_headline
from provider_advisor.faces.text import clean_texts
from provider_advisor.faces.web.address import ABSENT_TICK, write_address
from provider_advisor.faces.web.pasted_list import name_requirement, suggest_requirements
from provider_advisor.faces.web.service import KnowledgeService
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.recommendation import Recommendation
from provider_advisor.requirements import Statement, Team
from provider_advisor.requirements.matching import Matcher

CHOICES = (
    ("", "Not asked for"),
    ("must", "Must have"),
    ("should", "Should have"),
    ("could", "Nice to have"),
    ("wont", "Not wanted"),
    (ABSENT_TICK, "Must not have"),
)
"""The options for a criterion: the form's value, and its label."""

_MOST_NAMED = 4
"""The most criteria in a line of the ranking; the answer lists them all."""

_MOST_ASKED = 3
_WORDS = {value: text.lower() for value, text in CHOICES}
_MUST_NOT = f" ({_WORDS[ABSENT_TICK]})"
_LABELS = {
    "only": "Only these providers",
    "without": "Without",
    "sources": "Only these sources",
    "customer_of": "Customer of",
    "team": "Team",
    "as_of": "Facts as of",
    "max_age": "No facts older than",
}


def show_so_far(
    service: KnowledgeService, statement: Statement | None, mistakes: Sequence[str] = (), *, is_sure: bool = False
) -> dict[str, Any]:
    """Return the question so far and its ranking; `is_sure` adds the questions worth asking."""
    knowledge = service.knowledge
    values: dict[str, Any] = {
        "is_page": False,
        "mistakes": mistakes,
        "asked": list(list_asked(statement, knowledge)) if statement else [],
        "unjudged": list(list_unjudged(statement, knowledge)) if statement else [],
        "others": list(list_others(statement, knowledge)) if statement else [],
        "address": write_address(statement, knowledge) if statement else "",
        "ranking": (),
        "out": "",
        "headline": "",
        "lede": "",
        "sure": None,
    }
    if statement is None or not (statement.team.requirements or statement.team.situation):
        return values
    found = service.recommend(statement, sure=is_sure, brief=True)
    answer = found.explanation
    ranked, (headline, lede) = clean_texts((rank_providers(answer.providers), split_headline(answer)))
    return values | {
        "ranking": [(one, _say_lacks(one.id, answer, service)) for one in ranked if one.standing != "ruled out"],
        "out": ", ".join(one.name for one in ranked if one.standing == "ruled out"),
        "headline": f"{headline}.",
        "lede": lede,
        "sure": _say_sureness(found) if is_sure else None,
    }


def _say_sureness(found: Recommendation) -> dict[str, Any]:
    """Return how often the leader comes first, empty where nobody can, and the questions most worth asking."""
    leader, shares = rank_providers(found.explanation.providers)[0], found.shares
    first = (
        f"{leader.name} comes first in {percent(round_share(shares[leader.id]))} of the scenarios." if shares else ""
    )
    return clean_texts({"first": first, "questions": group_questions(found.explanation)[:_MOST_ASKED]})


def _say_lacks(provider: str, answer: AnswerRecord, service: KnowledgeService) -> str:
    """Say in a line what a provider lacks, then what is unknown."""
    found: dict[str, list[str]] = {"unmet": [], "unknown": []}
    for part in answer.findings:
        if part.provider == provider and part.criterion and part.outcome in found:
            found[part.outcome].append(criterion_label(part.criterion, None, service.knowledge))
    return " ".join(
        # The label of a member has a comma: "Phone numbers for sale, Germany".
        f"{word}: {'; '.join(labels[:_MOST_NAMED])}{'; and more' if len(labels) > _MOST_NAMED else ''}."
        for word, labels in (("No", found["unmet"]), ("Not known", found["unknown"]))
        if labels
    )


# The parts of a question in words


class ToldPart(NamedTuple):
    """A part of a question in words, and the address of the question without it.

    Of a requirement, it has the criterion; of one in the team's own words what that may mean: labels, with addresses.
    """

    label: str
    says: str
    without: str
    criterion: str = ""
    meanings: Sequence[tuple[str, str]] = ()


def list_asked(statement: Statement, knowledge: KnowledgeBase) -> Iterator[ToldPart]:
    """Yield what is required and what is not wanted."""
    team = statement.team
    for part in team.requirements:
        says = _WORDS[ABSENT_TICK if part.is_absence else part.priority]
        rest = team._replace(requirements=tuple(one for one in team.requirements if one is not part))
        yield ToldPart(name_requirement(part, knowledge), says, _write(rest, statement, knowledge), part.criterion)
    for name in team.unwanted:
        rest = team._replace(unwanted=tuple(one for one in team.unwanted if one != name))
        yield ToldPart(knowledge.criteria[name].label, _WORDS["wont"], _write(rest, statement, knowledge), name)


def list_unjudged(statement: Statement, knowledge: KnowledgeBase) -> Iterator[ToldPart]:
    """Yield the requirements that no criterion covers, or that may mean one."""
    team, matcher = statement.team, Matcher(knowledge, sentences=True)
    for part in team.unlisted:
        rest = team._replace(unlisted=tuple(one for one in team.unlisted if one is not part))
        meanings = [
            (
                f"{name_requirement(meant, knowledge)}{_MUST_NOT if meant.is_absence else ''}",
                _write(rest._replace(requirements=(*rest.requirements, meant)), statement, knowledge),
            )
            for meant in suggest_requirements(part, matcher, knowledge)
        ]
        yield ToldPart(part.text, _WORDS[part.priority], _write(rest, statement, knowledge), meanings=meanings)


def list_others(statement: Statement, knowledge: KnowledgeBase) -> Iterator[ToldPart]:
    """Yield everything else in a question: the situation and usage of the team, and which facts count."""
    fields = [*filter(None, write_address(statement, knowledge).split("&"))]
    for field in fields:
        [(name, text)] = parse_qsl(field)
        if name in {"needs", "wants", "unlisted"}:
            continue
        yield ToldPart(*_name_field(name, text, knowledge), "&".join(one for one in fields if one != field))


def _name_field(name: str, text: str, knowledge: KnowledgeBase) -> tuple[str, str]:
    """Return the label of a parameter, and what it says."""
    family, _, rest = name.partition(".")
    if family == "situation":
        return knowledge.topics[rest].label, ", ".join(map(knowledge.spell_id, text.split(",")))
    if family == "usage":
        text = f"{int(text):,}" if text.isdigit() else text
        return (item.label, f"{text} {say_unit(item.unit)}") if (item := knowledge.usage.get(rest)) else (rest, text)
    if family == "weights":
        return f"Weight of {rest.replace('-', ' ')}", text
    if family == "weight":
        return f"Weight of {knowledge.criteria[rest].label}", text
    if name in {"only", "without", "customer_of"}:
        text = ", ".join(knowledge.providers[one].name for one in text.split(","))
    elif name == "max_age":
        text = f"{text.removesuffix('d')} days"
    return _LABELS[name], text.replace(",", ", ") if name == "sources" else text


def say_unit(unit: str) -> str:
    """Return the unit of a volume in words: `hours/agent/month` is "hours/agent a month"."""
    return f"{unit.removesuffix('/month').replace('-', ' ')} a month"


def _write(team: Team, statement: Statement, knowledge: KnowledgeBase) -> str:
    return write_address(statement._replace(team=team), knowledge)
