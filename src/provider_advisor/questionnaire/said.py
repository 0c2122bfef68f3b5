"""What a team said and left open, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from provider_advisor.knowledge import Priority
from provider_advisor.logic import Interval, Number

__all__ = ["Said"]


class Said(NamedTuple):
    """Answers by what they are about.

    `opened` are the subjects that matter, None before that was asked; `priorities` those of the criteria asked for;
    `bounds` the answered bounds, None where there is to be none; `final` are the keys answered for good, `unsure` those
    answered with "not sure"; `searched` those that the person looked for;
    `lone` is usage that says nothing without other usage.
    """

    opened: tuple[str, ...] | None
    searched: frozenset[str]
    priorities: Mapping[str, Priority]
    bounds: Mapping[str, Interval | None]
    situation: Mapping[str, tuple[str, ...]]
    usage: Mapping[str, Number]
    final: frozenset[str]
    unsure: frozenset[str]
    lone: frozenset[str] = frozenset()

    def is_open(self, subjects: tuple[str, ...]) -> bool:
        """Whether one of the subjects may matter; before the topics were asked, all may."""
        return not subjects or self.opened is None or not set(subjects).isdisjoint(self.opened)
