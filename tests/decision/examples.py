"""The small world of the worked examples, in few words."""

from __future__ import annotations

from reference import Verdict
from worlds import Said, capability, price, quantity, rating

from provider_advisor.knowledge.conditions import Situation
from provider_advisor.knowledge.rules import Policy
from provider_advisor.logic import Interval, Number
from provider_advisor.requirements import Requirement

CRITERIA = [
    capability("board"),
    capability("chat"),
    capability("fax"),
    capability("phone", weight=3),
    quantity("seats"),
    price("fax-price", of="fax"),
    price("phone-price", of="phone"),
    rating("repute"),
    *map(capability, "abcdef"),
]
HAS, LACKS = Said("present"), Said("absent")
ALWAYS = Situation("staff", "none")
ALWAYS_SO = {"staff": ("none",)}
THIRTY = Policy({"must": 4, "should": 2, "could": 1}, 0.3)
NONE = Verdict("none")


def must(criterion: str, at_least: Number | None = None, at_most: Number | None = None, weight: float | None = None):
    """A need; a rating's bound is a rank."""
    bound = None if at_least is None and at_most is None else Interval(at_least, at_most)
    return Requirement(criterion, "must", bound, weight)


def should(*args, **kwargs):
    """A want."""
    return must(*args, **kwargs)._replace(priority="should")


def could(*args, **kwargs):
    """A want of little weight."""
    return must(*args, **kwargs)._replace(priority="could")


def recommended(provider, strength="firm"):
    """Somebody is recommended."""
    return Verdict("recommended", strength, provider)


def tie(*names):
    """They are alike."""
    return Verdict("tie", among=frozenset(names))


def undetermined(lean=None, among=()):
    """Nobody is proven."""
    return Verdict("undetermined", lean=lean, among=frozenset(among))
