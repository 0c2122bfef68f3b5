"""Facts that are out of date, or soon will be, and the source to look them up in again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from provider_advisor.knowledge.conditions import split_member
from provider_advisor.knowledge.facts import Facts


class Ageing(NamedTuple):
    """A fact that is or will be out of date: when its newest claim was `stated`, and its last good day."""

    provider: str
    area: str
    criterion: str
    source: str
    stated: dt.date
    good_until: dt.date


class AgeingGroup(NamedTuple):
    """The facts of one provider and area that one source states: what a keeper looks up at once."""

    provider: str
    area: str
    source: str
    facts: tuple[Ageing, ...]

    @property
    def good_until(self) -> dt.date:
        """Return the last day on which none of them is out of date."""
        return min(part.good_until for part in self.facts)

    @property
    def stated(self) -> dt.date:
        """Return the day on which the oldest of them was stated."""
        return min(part.stated for part in self.facts)

    def count_past(self, day: dt.date) -> int:
        """Return how many are out of date on a day."""
        return sum(part.good_until < day for part in self.facts)


def list_ageing(facts: Facts, within: int = 0) -> list[Ageing]:
    """Return the facts that are out of date on the day of the facts, or will be within some days.

    A criterion and its members are listed once: what one claim says about fifty countries is one thing to look up.
    """
    knowledge = facts.knowledge
    found: set[Ageing] = set()
    for provider, criterion in knowledge.list_claimed():
        fact = facts(provider, criterion)
        left = facts.count_days_left(fact)
        if fact.newest is not None and left is not None and left < within:
            good_until = facts.as_of + dt.timedelta(days=left)
            record, name = knowledge.criteria[criterion], split_member(criterion)[0]
            # Two sources may have confirmed it on one day; one of them is enough to look it up in again.
            # Of a converted price, the exchange rate may be what is old.
            dated = [(claim.stated, claim.source) for claim in fact.claims]
            dated += [(rate.stated, rate.source) for claim in fact.claims for rate in claim.rates]
            newest = sorted(source for stated, source in dated if stated == fact.newest)
            found.add(Ageing(provider, record.area, name, newest[0], fact.newest, good_until))
    return sorted(found)


def group_ageing(found: Iterable[Ageing]) -> list[AgeingGroup]:
    """Return the facts by provider, area and source; within each provider, the group that expires first is first."""
    groups: dict[tuple[str, str, str], list[Ageing]] = {}
    for part in found:
        groups.setdefault((part.provider, part.area, part.source), []).append(part)
    made = [AgeingGroup(*key, tuple(parts)) for key, parts in groups.items()]
    return sorted(made, key=lambda group: (group.provider, group.good_until, group.area, group.source))
