"""The verdict on sums, quickly: for weighing questions against each other, never for an answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from provider_advisor.questionnaire.catalogue import Effect

__all__ = ["Outlook", "Tally", "outlook", "tallied"]

_DIGITS = 9
_LEAST = 1e-9

Outlook = tuple[str, str, tuple[int, ...]]
"""Kind, strength, and the places of the providers that are ahead."""


class Tally(NamedTuple):
    """Sums over findings, by provider: weighted degrees, failed and unknown musts; and of all weights."""

    weight: float
    low: tuple[float, ...]
    expected: tuple[float, ...]
    high: tuple[float, ...]
    failed: tuple[int, ...]
    unknown: tuple[int, ...]

    def plus(self, effect: Effect, sign: int = 1) -> Tally:
        """The sums with one finding more, or one less."""
        weight = sign * effect.weight
        return Tally(
            self.weight + weight,
            tuple(total + weight * part for total, part in zip(self.low, effect.low, strict=True)),
            tuple(total + weight * part for total, part in zip(self.expected, effect.expected, strict=True)),
            tuple(total + weight * part for total, part in zip(self.high, effect.high, strict=True)),
            tuple(total + sign * part for total, part in zip(self.failed, effect.failed, strict=True)),
            tuple(total + sign * part for total, part in zip(self.unknown, effect.unknown, strict=True)),
        )


def tallied(effects: Iterable[Effect], providers: int) -> Tally:
    """The sums of effects."""
    none, zero = (0.0,) * providers, (0,) * providers
    tally = Tally(0.0, none, none, none, zero, zero)
    for effect in effects:
        tally = tally.plus(effect)
    return tally


def outlook(tally: Tally) -> Outlook:
    """The verdict that `judge` gives on the same sums, but for differences in the last digits."""
    places = range(len(tally.low))
    if tally.weight < _LEAST or not places:
        return "undetermined", "", ()
    ranks = [_rank(tally, place) for place in places]
    best = min(ranks)
    leaders = tuple(place for place in places if ranks[place] == best)
    if best[0] == 2:  # noqa: PLR2004 (ruled out)
        return "none", "", ()
    if best[0] == 1:
        return "undetermined", "", leaders
    if len(leaders) > 1:
        alike = all(_same(tally.low[place], tally.high[place]) for place in leaders)
        return ("tie" if alike else "undetermined"), "", leaders
    return "recommended", _strength(tally, leaders[0]), leaders


def _rank(tally: Tally, place: int) -> tuple[int, int, float]:
    standing = 2 if tally.failed[place] else int(bool(tally.unknown[place]))
    return standing, tally.unknown[place], -_score(tally.expected[place], tally)


def _score(total: float, tally: Tally) -> float:
    return round(100 * total / tally.weight, _DIGITS)


def _same(one: float, other: float) -> bool:
    return abs(one - other) < _LEAST


def _strength(tally: Tally, leader: int) -> str:
    proven = _score(tally.low[leader], tally)
    rivals = [place for place in range(len(tally.low)) if place != leader and not tally.failed[place]]
    return "firm" if all(_score(tally.high[rival], tally) < proven for rival in rivals) else "leaning"
