"""What both reports are tried on: questions to the bicycle shops, and the records of their answers."""

import datetime as dt

from provider_advisor.recommendation import answer
from provider_advisor.requirements import Statement, read_team

ASKED = {
    "everything": {
        "needs": ["repairs"],
        "wants": ["advice>=good", "rental-price", "cargo-bikes", "child-seats"],
        "situation": {"skill": "beginner", "purposes": ["commuting"]},
        "usage": {"inspections": 2, "rental-days": 3},
        "name": "riders",
    },
    "nothing": {},
    "none": {"needs": ["repairs", "cargo-bikes", "test-rides", "lightest-frame<=1"]},
    "undetermined": {"needs": ["child-seats"], "wants": ["advice"]},
    "favoured": {"wants": ["rental"], "situation": {"skill": "racer", "purposes": ["racing"]}},
    "cost alone": {"usage": {"rental-days": 3}},
    "a must on cost": {"needs": ["monthly-cost<=500"], "usage": {"inspections": 2, "rental-days": 3}},
}


def record_of(knowledge, asked, *, robust=True):
    """The records of an answer, with or without how sure it is."""
    statement = Statement(read_team(knowledge, **asked), dt.date(2024, 1, 1))
    return answer(knowledge, statement, robustness=robust).explanation
