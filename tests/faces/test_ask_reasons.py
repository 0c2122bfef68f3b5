"""What `?` says: what is known and proved, what each answer would do and how; never which provider."""

from __future__ import annotations

import datetime as dt
import random
import re

import pytest

from provider_advisor import load
from provider_advisor.decision import Verdict
from provider_advisor.faces import why_wording
from provider_advisor.faces.why_wording import describe_known, describe_why
from provider_advisor.knowledge import facts_as_of
from provider_advisor.knowledge.rules import Key
from provider_advisor.questionnaire import (
    Catalogue,
    GivenAnswer,
    Screen,
    State,
    answer_screen,
    choose_screen,
    put_answers,
)
from provider_advisor.questionnaire.state import TOPICS


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(facts_as_of(load(), dt.date(2022, 12, 31), None))


def _with(catalogue: Catalogue, **levels: str) -> State:
    answers = [
        GivenAnswer(Key("criterion", name.replace("_", "-")), level, 1, searched=True) for name, level in levels.items()
    ]
    return put_answers(State(catalogue), [GivenAnswer(TOPICS, tuple(catalogue.subjects), 1), *answers])


@pytest.mark.parametrize(
    ("levels", "key", "sentences"),
    [
        ({}, Key("criterion", "whiteboard"), ["So far: no requirements; the answer is open.", "Proved: nothing yet. "]),
        (
            {},
            Key("criterion", "whiteboard"),
            ["Of the 2 providers still in the running: 1 known to have it, 1 known to lack it."],
        ),
        ({}, Key("criterion", "whiteboard"), ["Must, good or nice: one provider is ahead for certain."]),
        (
            {"whiteboard": "must"},
            Key("criterion", "ucaas"),
            ["Must: none of the providers compared meets every must."],
        ),
        (
            {"whiteboard": "must"},
            Key("criterion", "ucaas"),
            ["one provider is ahead for certain.", "1 of 2 providers is ruled out"],
        ),
        (
            {"whiteboard": "good"},
            Key("criterion", "ucaas"),
            ["Must or good: another provider is ahead for certain."],
        ),
        (
            {"whiteboard": "must", "ucaas": "must"},
            Key("criterion", "fax"),
            ["none of the providers compared meets every must.", "On its own, it does not"],
        ),
        ({"whiteboard": "must", "fax": "not-sure"}, Key("criterion", "fax"), ["So far: 1 requirement, 1 not sure;"]),
        (
            {"number_countries": "must"},
            Key("bound", "number-countries"),
            ["Of the 2 providers still in the running: 2 with a known amount."],
        ),
    ],
)
def test_it_says_what_is_known_and_what_an_answer_would_do(catalogue, levels, key, sentences):
    text = " ".join(describe_why(_with(catalogue, **levels), key))
    assert not [sentence for sentence in sentences if sentence not in text], text


def test_an_answer_that_stays_open_says_between_how_many():
    """Otherwise both would read "the answer is open"."""
    today = Catalogue(facts_as_of(load(), dt.date(2026, 11, 30), None))
    said = describe_why(_with(today, video_meetings="must"), Key("criterion", "whiteboard"))
    counts = re.findall(r"open between (\d+) providers", "\n".join(said))
    assert f"So far: 1 requirement; the answer is open between {counts[0]} providers." in said
    assert f"Must, good or nice: the answer is open between {counts[1]} providers." in said
    assert int(counts[1]) < int(counts[0]), "the facts of today leave fewer, whatever the numbers"


@pytest.mark.parametrize(
    ("before", "after", "others"),
    [
        (Verdict("tie", among=("one", "two")), ("one", "three"), ", but not the same ones as now"),
        (Verdict("undetermined", among=("one", "two")), ("two", "one"), ""),
    ],
)
def test_as_many_providers_as_before_are_said_to_be_others_only_if_they_are(before, after, others):
    assert why_wording._describe_verdict(Verdict("tie", among=after), before) == f"2 providers are level{others}"


@pytest.mark.parametrize("seed", range(6))
def test_no_reason_names_a_provider(catalogue, seed):
    pick, state = random.Random(seed), State(catalogue)  # noqa: S311 (no secret)
    names = [provider.name for provider in catalogue.knowledge.providers.values()]
    for _ in range(4):
        screen = choose_screen(state)
        if not isinstance(screen, Screen):
            break
        lines = [*describe_known(state), *(line for key in screen.keys for line in describe_why(state, key))]
        assert not [line for line in lines for name in names if name in line]
        assert all(line.endswith((".", "?")) for line in lines)
        picked = [key for key in screen.keys if key.kind == "criterion" and pick.random() < 0.3]
        topics = {TOPICS: pick.sample(list(catalogue.subjects), 3)} if screen.kind == "topics" else {}
        state = answer_screen(
            state, screen, {key: pick.choice(["must", "good", "nice", "not-sure"]) for key in picked} | topics
        )


def test_of_nine_answers_with_one_effect_the_ninth_is_named_and_not_counted(knowledge_from, tmp_path):
    levels = ", ".join(f"level-{number}" for number in range(1, 9))
    team = (
        f"situation: [{{id: skill, label: Skill, question: How well?, values: [beginner, racer, {levels}]}}, "
        "{id: purposes, label: Purposes, question: What for?, many: true, values: [commuting, touring]}]\n"
        "usage: [{id: inspections, label: Inspections, question: How many?, unit: inspections}, "
        "{id: rental-days, label: Rental days, question: How many?, unit: days}]\n"
    )
    catalogue = Catalogue(facts_as_of(knowledge_from(tmp_path, facts={"team.yaml": team}), dt.date(2024, 1, 1), None))
    text = " ".join(describe_why(State(catalogue), Key("situation", "skill")))
    assert "level 7 or level 8: the answer stays the same." in text
