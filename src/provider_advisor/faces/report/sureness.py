"""How sure the answer is, as a report shows it: what to ask, what would turn it, and how far a weight could move."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from provider_advisor.explanation.words import capital, joined, number_text, percent
from provider_advisor.faces.report.view import Row, names_of, providers
from provider_advisor.faces.text import clean

__all__ = ["Question", "Range", "Share", "Sureness", "sureness"]

_FURTHEST = 16
"""The factor by which a weight is changed at either end of its chart."""

Record = Mapping[str, Any]


class Question(NamedTuple):
    """What to ask of whom, and what each answer, or all of them together, would lead to."""

    asked: tuple[str, ...]
    answers: tuple[str, ...]


class Range(NamedTuple):
    """Within which range of a weight the verdict holds, in words; `start` and `end` are percentages along its chart.

    The weight as it is lies at 50, and the scale is logarithmic. `open_start` and `open_end` say that it holds beyond.
    """

    label: str
    now: str
    holds: str
    beyond: str
    start: float
    end: float
    open_start: bool
    open_end: bool


class Share(NamedTuple):
    """How often a provider comes first: with the weights as they are, and with all weights equally likely."""

    provider: str
    given: float
    given_text: str
    uniform: float
    uniform_text: str


class Sureness(NamedTuple):
    """All of it; each part is empty where the record does not have it.

    `settled` names the requirements whose weight, alone, cannot change the answer.
    """

    questions: tuple[Question, ...]
    changes: tuple[str, ...]
    ranges: tuple[Range, ...]
    settled: tuple[str, ...]
    weights: str
    shares: tuple[Share, ...]
    nobody: str
    worlds: str

    @property
    def is_known(self) -> bool:
        """Whether the record says how sure the answer is."""
        return bool(self.shares or self.nobody or self.ranges or self.settled or self.weights)


def sureness(record: Record, rows: Sequence[Row]) -> Sureness:
    """How sure the answer of a record is; `rows` are its requirements and rules, in the order of its findings."""
    found = record["robustness"]
    weights = found.get("weights") or {"ranges": [], "says": ""}
    worlds = found.get("worlds")
    ranges = list(zip(weights["ranges"], rows, strict=False))
    return Sureness(
        tuple(_question(part) for part in record["confirm"]),
        tuple(_turns(found.get("changes") or {"turns": []})),
        tuple(_range(part, row, record) for part, row in sorted(ranges, key=_room) if _room((part, row)) < math.inf),
        tuple(row.label for part, row in ranges if _room((part, row)) == math.inf),
        "" if weights["ranges"] else clean(weights["says"]),
        tuple(_shares(worlds, record)) if worlds and worlds["none"] < 1 else (),
        _nobody(worlds["none"]) if worlds else "",
        _how_found(worlds) if worlds else "",
    )


def _question(part: Record) -> Question:
    """An entry of `confirm`; one on several facts has one answer, to all of them."""
    asked = tuple(clean(fact["question"]) for fact in part["facts"])
    if len(asked) > 1:
        return Question(asked, (clean(part["says"]),))
    return Question(asked, tuple(capital(clean(answer["says"])) for answer in part["answers"]))


def _turns(changes: Record) -> Iterator[str]:
    yield from (clean(turn["says"]) for turn in changes["turns"])
    if not changes.get("complete", True):
        yield "Not every change of what is asked was tried; there may be smaller ones."


def _room(pair: tuple[Record, Row]) -> float:
    """The factor by which a weight would have to change, up or down, to change the answer."""
    part, _ = pair
    down = part["weight"] / part["low"] if part["low"] > 0 else math.inf
    return min(down, math.inf if part["high"] is None else part["high"] / part["weight"])


def _range(part: Record, row: Row, record: Record) -> Range:
    weight, low, high = part["weight"], part["low"], part["high"]
    beyond = [f"below {_short(low)} {_leads(part['below'], record)}"] if low > 0 else []
    beyond += [f"above {_short(high)} {_leads(part['above'], record)}"] if high is not None else []
    return Range(
        row.label,
        number_text(weight),
        _holds(low, high),
        clean(f"{capital(joined(beyond))}."),
        _along(low / weight),
        _along(math.inf if high is None else high / weight),
        low < weight / _FURTHEST,
        high is None or high > weight * _FURTHEST,
    )


def _holds(low: float, high: float | None) -> str:
    if high is None:
        return f"from {_short(low)} up"
    return f"up to {_short(high)}" if low == 0 else f"from {_short(low)} to {_short(high)}"


def _short(weight: float) -> str:
    return number_text(float(f"{weight:.3g}"))


def _leads(leaders: Sequence[str], record: Record) -> str:
    return f"{names_of(leaders, record)} would {'lead' if len(leaders) == 1 else 'be level'}"


def _along(factor: float) -> float:
    """Where a factor of the weight stands on the chart, from 0 to 100."""
    bounded = min(max(factor, 1 / _FURTHEST), _FURTHEST)
    return 50 + 50 * math.log(bounded) / math.log(_FURTHEST)


def _shares(worlds: Record, record: Record) -> Iterator[Share]:
    found = {share["provider"]: share for share in worlds["providers"]}
    for provider in providers(record):
        share = found[provider.id]
        given, uniform = share["given"], share["first"]
        yield Share(provider.name, given, percent(given), uniform, percent(uniform))


def _nobody(none: float) -> str:
    if none == 1:
        return "However the unknowns turn out, nobody meets every must."
    return f"In {percent(none)} of these ways nobody meets every must." if none > 0 else ""


def _how_found(worlds: Record) -> str:
    given, uniform = _precision(worlds["given"]), _precision(worlds["uniform"])
    if given == uniform:
        return f"The shares are {given}."
    return f"With the weights as they are the shares are {given}; with any weights they are {uniform}."


def _precision(estimate: Record) -> str:
    if estimate["exact"]:
        return "exact"
    return f"drawn from {estimate['samples']} worlds, give or take {200 * estimate['error']:.1f} %"
