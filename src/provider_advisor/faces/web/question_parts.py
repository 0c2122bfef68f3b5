"""The parts of a question in words, each with the address of the same question without it.

needs=sms&unlisted=loan phones&only=twilio,zoom
    →  SMS, must have                        without: unlisted=loan phones&only=twilio,zoom
       loan phones, must have (not judged)   without: needs=sms&only=twilio,zoom
       Only these providers: Twilio, Zoom    without: needs=sms&unlisted=loan phones
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import parse_qsl

from provider_advisor.faces.web.address import ABSENT_TICK, write_address
from provider_advisor.faces.web.pasted_list import name_requirement, suggest_requirements
from provider_advisor.knowledge import KnowledgeBase
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

_WORDS = {value: text.lower() for value, text in CHOICES}
_LABELS = {
    "only": "Only these providers",
    "without": "Without",
    "sources": "Only these sources",
    "customer_of": "Customer of",
    "team": "Team",
    "as_of": "Facts as of",
    "max_age": "No facts older than",
}


class AskedPart(NamedTuple):
    """A requirement, or something that is not wanted."""

    criterion: str
    label: str
    says: str
    without: str


class UnjudgedPart(NamedTuple):
    """A requirement in the team's own words, and what it may mean: labels, with the addresses that ask for them."""

    text: str
    says: str
    without: str
    meanings: list[tuple[str, str]]


class OtherPart(NamedTuple):
    """What the team is like, or which facts count."""

    label: str
    says: str
    without: str


def list_asked(statement: Statement, knowledge: KnowledgeBase) -> Iterator[AskedPart]:
    """Yield what is required and what is not wanted."""
    team = statement.team
    for part in team.requirements:
        says = _WORDS[ABSENT_TICK if part.is_absence else part.priority]
        rest = team._replace(requirements=tuple(one for one in team.requirements if one is not part))
        yield AskedPart(part.criterion, name_requirement(part, knowledge), says, _write(rest, statement, knowledge))
    for name in team.unwanted:
        rest = team._replace(unwanted=tuple(one for one in team.unwanted if one != name))
        yield AskedPart(name, knowledge.criteria[name].label, _WORDS["wont"], _write(rest, statement, knowledge))


def list_unjudged(statement: Statement, knowledge: KnowledgeBase) -> Iterator[UnjudgedPart]:
    """Yield the requirements that no criterion covers, or that may mean one."""
    team, matcher = statement.team, Matcher(knowledge, sentences=True)
    for part in team.unlisted:
        rest = team._replace(unlisted=tuple(one for one in team.unlisted if one is not part))
        meanings = [
            (
                name_requirement(meant, knowledge),
                _write(rest._replace(requirements=(*rest.requirements, meant)), statement, knowledge),
            )
            for meant in suggest_requirements(part, matcher, knowledge)
        ]
        yield UnjudgedPart(part.text, _WORDS[part.priority], _write(rest, statement, knowledge), meanings)


def list_others(statement: Statement, knowledge: KnowledgeBase) -> Iterator[OtherPart]:
    """Yield everything else in a question: the situation and usage of the team, and which facts count."""
    fields = [*filter(None, write_address(statement, knowledge).split("&"))]
    for field in fields:
        [(name, text)] = parse_qsl(field)
        if name in {"needs", "wants", "unlisted"}:
            continue
        yield OtherPart(*_name_field(name, text, knowledge), "&".join(one for one in fields if one != field))


def _name_field(name: str, text: str, knowledge: KnowledgeBase) -> tuple[str, str]:
    """Return the label of a parameter, and what it says."""
    family, _, rest = name.partition(".")
    if family == "situation":
        return knowledge.topics[rest].label, ", ".join(map(knowledge.spell_id, text.split(",")))
    if family == "usage":
        return (item.label, f"{text} {item.unit}") if (item := knowledge.usage.get(rest)) else (rest, text)
    if family == "weights":
        return f"Weight of {rest.replace('-', ' ')}", text
    if name in {"only", "without", "customer_of"}:
        text = ", ".join(knowledge.providers[one].name for one in text.split(","))
    elif name == "max_age":
        text = f"{text.removesuffix('d')} days"
    return _LABELS[name], text.replace(",", ", ") if name == "sources" else text


def _write(team: Team, statement: Statement, knowledge: KnowledgeBase) -> str:
    return write_address(statement._replace(team=team), knowledge)
