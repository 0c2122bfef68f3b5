"""The records of a team's statement, shared by the command line, files, the questionnaire and batches.

For example, `--needs "seats>=90,seats>=100,fax" --wants "sms|whatsapp:could"` becomes the team

    Requirement("fax", "must")
    Requirement("seats", "must", Interval(100))
    Requirement("sms|whatsapp", "could")

With the records, the same as a requirements file has it.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from itertools import chain
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, ParamSpec, TypeGuard, TypeVar

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.conditions import AT, FactHolds, list_needed
from provider_advisor.knowledge.criteria import IS_ABSENT, get_bound
from provider_advisor.knowledge.records import Criterion, Priority
from provider_advisor.knowledge.scope import Scope
from provider_advisor.logic import ABSENT, Interval, Number
from provider_advisor.written_values import LARGEST_AMOUNT, parse_age, parse_day

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

UnlistedPriority = Literal["must", "should", "could"]

PRIORITIES: tuple[UnlistedPriority, ...] = ("must", "should", "could")
"""The priorities with a weight, highest first; `wont` is not among them."""

LARGEST = LARGEST_AMOUNT
"""The largest amount that a team may state."""

HEAVIEST = 1_000_000
"""The largest weight that a requirement may have of its own."""


def is_within(value: object, least: Number, most: Number) -> TypeGuard[Number]:
    """Return whether a value is a number within these limits; true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


RANK: Mapping[Priority, int] = {"must": 3, "should": 2, "could": 1, "wont": 0}


class Requirement(NamedTuple):
    """One thing a team asks."""

    criterion: str  # perhaps a choice between several
    priority: Priority
    bound: Interval | None = None  # of ranks for a rating; `ABSENT` for a capability that must not be there
    weight: float | None = None  # its own, in place of the criterion's
    implied_by: tuple[str, ...] = ()  # the rules that added it; none for what the team stated itself

    @property
    def is_absence(self) -> bool:
        """Return whether it asks that a capability is not there."""
        return self.bound == ABSENT

    @property
    def code(self) -> str:
        """Return what it asks, without bound and priority, as it is typed: `fax`, `fax=no`, `sms|whatsapp`."""
        return f"{self.criterion}{IS_ABSENT}" if self.is_absence else self.criterion

    def asks_as_much_as(self, other: "Requirement") -> bool:
        """Return whether fulfilling this requirement also fulfils the other, at the same or a higher priority."""
        if self.criterion != other.criterion or RANK[self.priority] < RANK[other.priority]:
            return False
        # Without this, "fax=no" would fulfil "fax", because a requirement with a bound fulfils one without.
        if self.is_absence or other.is_absence:
            return self.bound == other.bound
        return other.bound is None or (self.bound is not None and other.bound.holds(self.bound))


class Unlisted(NamedTuple):
    """A requirement in the team's own words that no criterion covers: it is listed and counted, but not judged."""

    text: str
    priority: UnlistedPriority = "must"


YEARLY = "/year"
"""The suffix of an amount per year."""


class Volume(NamedTuple):
    """A volume that is not simply a number a month: from `low` to `high` a month, as it was `said`."""

    low: Number
    high: Number
    said: str

    @property
    def is_yearly(self) -> bool:
        """Return whether it was stated by the year."""
        return self.said.endswith(YEARLY)


Used = Number | Volume
"""What a team uses of an item in a month."""


def get_ends(used: Used) -> Interval:
    """Return the lowest and the highest volume that it may be in a month."""
    return Interval(used.low, used.high) if isinstance(used, Volume) else Interval(used, used)


def add_up_volumes(usage: Mapping[str, Used], item: str) -> Interval | None:
    """Return the sum of all volumes of an item, those of its members (`calls@de`) included; None without any."""
    ends = [get_ends(usage[name]) for name in sorted(usage) if name.partition(AT)[0] == item]
    return Interval(sum(end.low or 0 for end in ends), sum(end.high or 0 for end in ends)) if ends else None


def say_volume(used: Used) -> Number | str:
    """Return the volume as a requirements file has it: 5000, "60000/year"."""
    return used.said if isinstance(used, Volume) else used


class Team(NamedTuple):
    """Everything a team stated."""

    requirements: tuple[Requirement, ...] = ()
    situation: Mapping[str, tuple[str, ...]] = MappingProxyType({})  # by topic
    usage: Mapping[str, Used] = MappingProxyType({})  # monthly, by item
    name: str | None = None
    unwanted: tuple[str, ...] = ()  # the criteria of priority `wont`, sorted: no rule adds them, and none is judged
    unlisted: tuple[Unlisted, ...] = ()
    weights: Mapping[str, Number] = MappingProxyType({})  # percents of the total by area; all others share the rest

    @property
    def has_unlisted_must(self) -> bool:
        """Return whether the team has a must that is not judged, so that no verdict can be firm."""
        return any(part.priority == "must" for part in self.unlisted)

    @property
    def stated(self) -> frozenset[str]:
        """Return the criteria that the team asks for itself; not those that it asks to be absent."""
        return frozenset(requirement.criterion for requirement in self.requirements if not requirement.is_absence)

    @property
    def refused(self) -> frozenset[str]:
        """Return the criteria that the team asks to be absent."""
        return frozenset(requirement.criterion for requirement in self.requirements if requirement.is_absence)

    @property
    def needed(self) -> frozenset[str]:
        """Return what conditions find stated: with each member that is asked for, its criterion too."""
        return frozenset(chain.from_iterable(map(list_needed, self.stated)))


def list_unwanted(team: Team) -> tuple[Requirement, ...]:
    """Return what the team does not want, as it stated it."""
    return tuple(Requirement(criterion, "wont") for criterion in team.unwanted)


def sort_requirements(requirements: Iterable[Requirement]) -> tuple[Requirement, ...]:
    """Return the requirements, musts first, then by criterion: the order of statement never matters."""
    return tuple(sorted(requirements, key=lambda part: (-RANK[part.priority], part.criterion)))


def intersect_bounds(parts: Iterable[Requirement]) -> Interval | None:
    """Return what the bounds of some requirements leave, perhaps nothing; None where none of them has a bound."""
    bounds = [part.bound for part in parts if part.bound is not None]
    return reduce(Interval.intersect, bounds) if bounds else None


def join_requirements(parts: Sequence[Requirement], bound: Interval | None) -> Requirement:
    """Return one requirement in place of several: with this bound, the largest weight, and all origins."""
    origins = sorted({origin for part in parts for origin in part.implied_by})
    weights = [part.weight for part in parts if part.weight is not None]
    return parts[0]._replace(bound=bound, weight=max(weights, default=None), implied_by=tuple(origins))


def bound_words(bound: Interval | None, criterion: Criterion) -> dict[str, Number | str]:
    """Return the bound as in a requirements file: `{"at_least": 90}`, `{"is": "absent"}`."""
    if bound is None:
        return {}
    if bound == ABSENT:
        return {"is": "absent"}
    ends = {"at_least": bound.low, "at_most": bound.high}
    if criterion.kind == "rating":
        return {key: criterion.values[int(end)] for key, end in ends.items() if end is not None}
    return {key: end for key, end in ends.items() if end is not None}


def join_unlisted(parts: Iterable[Unlisted]) -> tuple[Unlisted, ...]:
    """Return the requirements, each text once, with the highest priority it has; musts first, else as stated."""
    found: dict[str, Unlisted] = {}
    for part in parts:
        before = found.setdefault(part.text.casefold(), part)
        if RANK[part.priority] > RANK[before.priority]:
            found[part.text.casefold()] = before._replace(priority=part.priority)
    return tuple(sorted(found.values(), key=lambda part: -RANK[part.priority]))


class Statement(NamedTuple):
    """What a team asks, and the facts that it wants to be used."""

    team: Team
    as_of: dt.date | None = None  # the day whose facts count; None is today
    max_age: int | None = None  # of facts, in days; None is any
    notes: tuple[str, ...] = ()  # on what was overruled on the way here
    unsure: tuple[str, ...] = ()  # criteria, situation and usage that the team was not sure about
    scope: Scope = Scope()  # the part of the knowledge base that is looked at
    uncounted: tuple[Requirement, ...] = ()  # asked for, but computed from usage, and none is stated


def statement_record(statement: Statement, knowledge: KnowledgeBase) -> dict[str, Any]:
    """Return the statement with the keys of a requirements file, JSON-ready; it can be asked again."""
    team = statement.team
    musts = [part for part in team.requirements if part.priority == "must"]
    wishes = [part for part in team.requirements if part.priority != "must"]
    wishes += list_unwanted(team)
    record: dict[str, Any] = {
        "team": team.name,
        "needs": [_record_requirement(part, knowledge) for part in musts],
        "wants": [_record_requirement(part, knowledge) for part in wishes],
        "situation": {topic: list(values) for topic, values in team.situation.items()},
        "usage": {item: say_volume(used) for item, used in team.usage.items()},
        "unlisted": [part._asdict() for part in team.unlisted],
        "weights": dict(team.weights),
        "as_of": statement.as_of.isoformat() if statement.as_of else None,
        "max_age": f"{statement.max_age}d" if statement.max_age else None,
        "uncounted": [
            {"criterion": part.criterion, "priority": part.priority, **_record_requirement(part, knowledge)}
            for part in statement.uncounted
        ],
        "unsure": list(statement.unsure),
        **{name: list(names) for name, names in statement.scope._asdict().items()},
    }
    return {key: value for key, value in record.items() if value not in (None, [], {})}


def _record_requirement(requirement: Requirement, knowledge: KnowledgeBase) -> dict[str, Any]:
    criterion = knowledge.criteria[requirement.criterion]
    parts = [record_part(part, knowledge) for part in criterion.any_of]
    record: dict[str, Any] = {"any": parts} if parts else {"criterion": criterion.id}
    if requirement.priority in {"could", "wont"}:
        record["priority"] = requirement.priority
    record |= bound_words(requirement.bound, criterion)
    return record if requirement.weight is None else {**record, "weight": requirement.weight}


def record_part(part: FactHolds, knowledge: KnowledgeBase) -> str | dict[str, Any]:
    """Return a part of a choice as in a requirements file: its criterion, or a mapping with its bound."""
    words = bound_words(get_bound(part), knowledge.criteria[part.criterion])
    return {"criterion": part.criterion, **words} if words else part.criterion


# Days and ages as typed


def read_age(text: str | None) -> int | None:
    """Return the days in a text such as 365d, None if there is no text. Raises RequirementsError."""
    if text is None:
        return None
    try:
        return parse_age(text)
    except ValueError as error:
        raise RequirementsError(f"'{text[:40]}' is not an age; expected a number of days, such as 365d.") from error


def read_day(text: str | None) -> dt.date | None:
    """Return the day in a text, None if there is no text. Raises RequirementsError."""
    if text is None:
        return None
    try:
        return parse_day(text)
    except ValueError as error:
        raise RequirementsError(f"'{text[:40]}' is not a date; expected YYYY-MM-DD, such as 2022-12-31.") from error


class Mistakes:
    """Collects the mistakes of a statement while reading continues."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def note(self, read: Callable[P, R], *given: P.args, **named: P.kwargs) -> R | None:
        """Return the result of reading, or None after noting the mistake."""
        try:
            return read(*given, **named)
        except RequirementsError as error:
            self.problems += error.problems
            return None

    def note_all(self, read: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Return the results of reading each item, without those that have mistakes."""
        found = [self.note(read, item) for item in items]
        return [part for part in found if part is not None]

    def raise_any(self) -> None:
        """Raise RequirementsError if anything was noted."""
        if self.problems:
            raise RequirementsError(*self.problems)
