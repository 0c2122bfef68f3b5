"""`recommend check --freshness`: what to look up again, by provider and area, as text, JSON or a calendar."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import counted
from provider_advisor.faces.text import Page, show_bytes, show_json
from provider_advisor.knowledge import Facts, KnowledgeBase
from provider_advisor.knowledge.freshness import Ageing, AgeingGroup, group_ageing, list_ageing

_MOST_NAMED = 8


def show_freshness(facts: Facts, within: int, form: str) -> None:
    """Show which facts are out of date on the day of the facts, or will be within some days."""
    found = list_ageing(facts, within)
    knowledge = facts.knowledge
    if form == "json":
        show_json(record_freshness(found, facts, within))
    elif form == "calendar":
        show_bytes(_write_calendar(group_ageing(found), knowledge, facts.as_of))
    else:
        _show(group_ageing(found), facts, within)


def record_freshness(found: Iterable[Ageing], facts: Facts, within: int) -> dict[str, Any]:
    """Return the facts that are or soon will be out of date, as JSON-ready data."""
    knowledge = facts.knowledge
    return {
        "as_of": facts.as_of.isoformat(),
        "within": within,
        "knowledge": {"fingerprint": knowledge.fingerprint, **knowledge.edition_data},
        "facts": [
            {
                "provider": part.provider,
                "area": part.area,
                "criterion": part.criterion,
                "stated": part.stated.isoformat(),
                "good_until": part.good_until.isoformat(),
                "past": part.good_until < facts.as_of,
                "source": part.source,
                "url": knowledge.sources[part.source].url,
            }
            for part in found
        ],
    }


def _show(groups: Sequence[AgeingGroup], facts: Facts, within: int) -> None:
    page, knowledge, day = Page(), facts.knowledge, facts.as_of
    page.line(describe_freshness(groups, day, within))
    for provider, parts in itertools.groupby(groups, key=lambda group: group.provider):
        page.heading(knowledge.providers[provider].name)
        for group in parts:
            page.line(_describe(group, day), 2)
            page.line(_list_criteria(group), 4)
            page.line(_find_address(group, knowledge), 4)
    page.show(paged=True)


def describe_freshness(groups: Sequence[AgeingGroup], day: dt.date, within: int) -> str:
    """Say how many facts are out of date on a day, and how many will be within some days."""
    past = sum(group.count_past(day) for group in groups)
    soon = sum(len(group.facts) for group in groups) - past
    verb = "is" if past == 1 else "are"
    ahead = f"; {soon} more will be within {within} days" if within else ""
    return f"{counted(past, 'fact')} {verb} out of date on {day}{ahead}."


def _describe(group: AgeingGroup, day: dt.date) -> str:
    past = group.count_past(day)
    soon = len(group.facts) - past
    said = [f"{counted(past, 'fact')} from {group.stated}, valid until {group.good_until}"] if past else []
    ahead = min((part.good_until for part in group.facts if part.good_until >= day), default=None)
    said += [f"{soon} {'more ' if past else ''}valid until {ahead}"] if soon else []
    return f"{_label_area(group)}: {'; '.join(said)}"


def _label_area(group: AgeingGroup) -> str:
    return group.area.replace("-", " ").capitalize()


def _list_criteria(group: AgeingGroup) -> str:
    names = [part.criterion for part in group.facts]
    more = [f"{len(names) - _MOST_NAMED} more"] if len(names) > _MOST_NAMED else []
    return ", ".join([*names[:_MOST_NAMED], *more])


def _find_address(group: AgeingGroup, knowledge: KnowledgeBase) -> str:
    source = knowledge.sources[group.source]
    return source.url or f"{source.id}: no URL ({source.no_url or source.title})"


def _write_calendar(groups: Sequence[AgeingGroup], knowledge: KnowledgeBase, day: dt.date) -> bytes:
    """Return an iCalendar file, one all-day event per provider, area and source; past ones are on `day`."""
    try:
        import icalendar  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise RequirementsError(
            "a calendar needs icalendar, which is not installed; install provider-advisor[calendar], or write "
            "--format json."
        ) from error
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//provider-advisor//freshness//EN")
    calendar.add("version", "2.0")
    for group in groups:
        event = icalendar.Event()
        name = knowledge.providers[group.provider].name
        event.add("uid", f"{group.provider}-{group.area}-{group.source}-{group.good_until}@provider-advisor")
        event.add("dtstamp", dt.datetime.combine(day, dt.time(), dt.UTC))
        # The facts are out of date from the day after the last good one.
        starts = max(group.good_until + dt.timedelta(days=1), day)
        event.add("dtstart", starts)
        event.add("dtend", starts + dt.timedelta(days=1))
        event.add("summary", f"{name}, {_label_area(group)}: look up {counted(len(group.facts), 'fact')}")
        lines = [f"{part.criterion}: from {part.stated}, valid until {part.good_until}" for part in group.facts]
        event.add("description", "\n".join([_find_address(group, knowledge), *lines]))
        if knowledge.sources[group.source].url:
            event.add("url", knowledge.sources[group.source].url)
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    return bytes(calendar.to_ical())
