"""What a questionnaire leaves behind: the team, and the requirements file that gives the same answer."""

from __future__ import annotations

from typing import Any

from provider_advisor.questionnaire.answers import State
from provider_advisor.questionnaire.screens import End, met_by_all, screen_after
from provider_advisor.questionnaire.survey import survey_of
from provider_advisor.requirements import Statement, statement_record

__all__ = ["requirements_record", "statement_of"]


def statement_of(state: State, name: str | None = None) -> Statement:
    """What the team has stated so far, and what it is unsure of; the day is that of the facts."""
    view, facts = survey_of(state).view, state.catalogue.facts
    unsure = {key.partition(":")[2]: None for key in _in_order(state) if key in view.said.unsure}
    return Statement(view.team._replace(name=name), facts.as_of, None, unsure=tuple(unsure))


def requirements_record(state: State, name: str | None = None) -> dict[str, Any]:
    """The requirements file to save, JSON-ready: asked again it gives the same answer.

    Under `asked` it says why the questionnaire ended, which criteria were not asked because every provider still in
    meets them for certain, and by which knowledge base. It names no day: it is answered by the facts of its day.
    """
    knowledge = state.catalogue.knowledge
    found = screen_after(state)
    asked = {
        "end": found.kind if isinstance(found, End) else None,
        "skipped": list(met_by_all(state)),
        "fingerprint": knowledge.fingerprint,
    }
    statement = statement_of(state, name)._replace(as_of=None)
    return statement_record(statement, knowledge) | {
        "asked": {key: value for key, value in asked.items() if value not in (None, [])}
    }


def _in_order(state: State) -> list[str]:
    places = state.catalogue.places
    return sorted(
        (answer.key for answer in state.answers if answer.key != "topics"),
        key=lambda key: places[key.replace("bound:", "criterion:", 1)],
    )
