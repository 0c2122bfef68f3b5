"""What one requirement or rule adds for each provider, and what may still come of a question at most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

from provider_advisor.decision import Finding
from provider_advisor.decision.degrees import Degree
from provider_advisor.logic import Truth

__all__ = ["Effect", "Measure", "Range", "effect_of", "effects_of", "value"]


class Effect(NamedTuple):
    """A weight, and for each provider, by place, the degrees; and as a must, whether it is failed or unknown."""

    weight: float
    low: tuple[float, ...]
    expected: tuple[float, ...]
    high: tuple[float, ...]
    failed: tuple[bool, ...]
    unknown: tuple[bool, ...]


def effect_of(degrees: Sequence[Degree], weight: float, *, must: bool) -> Effect:
    """The effect of degrees, one for each provider."""
    return Effect(
        weight,
        tuple(degree.low for degree in degrees),
        tuple(degree.expected for degree in degrees),
        tuple(degree.high for degree in degrees),
        tuple(must and degree.truth is Truth.NO for degree in degrees),
        tuple(must and degree.truth is Truth.UNKNOWN for degree in degrees),
    )


def effects_of(findings: Sequence[Sequence[Finding]]) -> list[tuple[Finding, Effect]]:
    """Each finding of the first provider, with the effect of its like for all; they stand in the same order."""
    found = []
    for same in zip(*findings, strict=True):
        first = same[0]
        must = first.requirement is not None and first.requirement.priority == "must"
        found.append((first, effect_of([finding.degree for finding in same], first.weight, must=must)))
    return found


class Measure(NamedTuple):
    """Something that is added up over all findings, for one provider, or for one against another (by place)."""

    kind: Literal["present", "weight", "failed", "bad", "unknown", "expected", "firm", "spread"]
    one: int = 0
    other: int = 0


_VALUES: dict[str, Callable[[Effect, int, int], float]] = {
    "present": lambda _effect, _one, _other: 1,
    "weight": lambda effect, _one, _other: effect.weight,
    "failed": lambda effect, one, _other: effect.failed[one],
    "bad": lambda effect, one, _other: effect.failed[one] or effect.unknown[one],
    "unknown": lambda effect, one, other: effect.unknown[one] - effect.unknown[other],
    "expected": lambda effect, one, other: effect.weight * (effect.expected[one] - effect.expected[other]),
    "firm": lambda effect, one, other: effect.weight * (effect.low[one] - effect.high[other]),
    "spread": lambda effect, one, _other: effect.weight * (effect.high[one] - effect.low[one]),
}


def value(effects: Iterable[Effect], measure: Measure) -> float:
    """The sum of a measure over effects.

    `bad` counts the musts that are failed or unknown, `unknown` how many more are for one provider than for the other;
    `expected` is the lead in expected degrees, `firm` that of the proven over the other's possible ones, both weighted.
    """
    of = _VALUES[measure.kind]
    return sum(of(effect, measure.one, measure.other) for effect in effects)


class Range:
    """Between what ends each measure of something undecided lies, whatever it will be.

    It is one of the `options`, of which None is nothing at all; or, if `weight` is given, up to `count` requirements
    of that weight together, of which nothing else is known. Ends are worked out once.
    """

    def __init__(self, options: Sequence[Effect | None], weight: float | None = None, count: int = 1) -> None:
        self.options = tuple(dict.fromkeys(options))
        self._weight = weight
        self._count = count
        self._found: dict[Measure, tuple[float, float]] = {}

    def ends(self, measure: Measure) -> tuple[float, float]:
        """The least and the greatest that the measure can be."""
        if measure not in self._found:
            self._found[measure] = self._ends(measure) if self._weight is None else self._widest(measure)
        return self._found[measure]

    def _ends(self, measure: Measure) -> tuple[float, float]:
        values = [0.0 if option is None else value((option,), measure) for option in self.options]
        return min(values, default=0.0), max(values, default=0.0)

    def _widest(self, measure: Measure) -> tuple[float, float]:
        counted = measure.kind in {"present", "failed", "bad", "unknown"}
        most = self._count if counted else float(self._weight or 0)
        return (-most if measure.kind in {"unknown", "expected", "firm"} else 0.0), most
