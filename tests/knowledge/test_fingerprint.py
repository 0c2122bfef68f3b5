"""The fingerprint: equal for equal knowledge in whatever dress, another for any value that is not the same."""

import re
from pathlib import Path

import pytest

from provider_advisor.knowledge.build import build
from provider_advisor.knowledge.files import find_files

BICYCLES = Path(__file__).parent / "bicycles"
FILES = find_files(BICYCLES / "facts", BICYCLES / "rules").files
FINGERPRINT = build(FILES).fingerprint


def named(name):
    return next(file for file in FILES if file.name.endswith(name))


def fingerprint_with(name, change):
    """The fingerprint once the text of one file is changed."""
    changed = [
        file._replace(content=change(file.content.decode()).encode()) if file.name.endswith(name) else file
        for file in FILES
    ]
    return build(changed).fingerprint


def replacing(old, new):
    return lambda text: text.replace(old, new)


def test_it_is_a_sha_256_that_every_run_finds_again():
    assert re.fullmatch("[0-9a-f]{64}", FINGERPRINT)
    assert build(FILES).fingerprint == FINGERPRINT


def reversed_claims(text):
    head, claims = text.split("claims:\n")
    return head + "claims:\n" + "\n".join(reversed(claims.splitlines())) + "\n"


def reversed_keys(text):
    """Each claim in one line with its keys from last to first."""
    return re.sub(
        r"^- \{(criterion.*)\}$",
        lambda match: "- {" + ", ".join(reversed(re.split(r", (?![0-9])", match[1]))) + "}",
        text,
        flags=re.MULTILINE,
    )


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("velo.yaml", lambda text: "# a comment\n\n" + text.replace("\n", "\n\n")),
        ("velo.yaml", reversed_claims),
        ("rad.yaml", reversed_keys),
        ("velo.yaml", lambda text: text.replace("\n", "\r\n")),
        ("velo.yaml", lambda text: text.replace("name: Velo & Sons", "name: 'Velo & Sons'")),
        ("velo.yaml", lambda text: text.replace("exactly: 12,", "exactly: 12.0,")),
        ("velo.yaml", lambda text: text.replace("exactly: 49.5,", "exactly: 4.95e1,")),
        ("velo.yaml", lambda text: text.replace("value: long,", "value: long, evidence: stated,")),
        ("velo.yaml", lambda text: text.replace("value: long,", "value: long, stated: 2023-03-01,")),
        ("prices.yaml", lambda text: text.replace("weight: 2\n", "weight: 2.0\n")),
        ("services.yaml", lambda text: text.replace("kind: capability,", "limit: false, kind: capability,")),
        (
            "rules/riding.yaml",
            lambda text: text.replace("{criterion: test-rides}", "{criterion: test-rides, priority: should}"),
        ),
    ],
)
def test_it_does_not_depend_on_dress(name, change):
    text = named(name).content.decode()
    assert change(text) != text, "the change must change something"
    assert fingerprint_with(name, change) == FINGERPRINT


def test_it_does_not_depend_on_the_order_or_the_names_of_files():
    renamed = [file._replace(name=f"{number}.yaml") for number, file in enumerate(reversed(FILES))]
    assert build(renamed).fingerprint == FINGERPRINT


def test_decision_cases_are_no_knowledge():
    assert build([file for file in FILES if file.role != "cases"]).fingerprint == FINGERPRINT


CHANGES = [
    ("sources.yaml", "Where to buy", "Where to get"),
    ("sources.yaml", "retrieved: 2024-01-15}\n- ", "retrieved: 2024-01-16}\n- "),
    ("sources.yaml", "language: en, published: 2023", "language: fr, published: 2023"),
    ("sources.yaml", "published: 2023-03-01", "published: 2023-03-02"),
    ("team.yaml", "How well do you ride?", "Do you ride well?"),
    ("team.yaml", "values: [beginner, regular, racer]", "values: [beginner, regular, racer, tourer]"),
    ("team.yaml", "many: true, ", ""),
    ("team.yaml", "unit: days", "unit: rental days"),
    ("services.yaml", "label: Repairs", "label: Repair"),
    ("services.yaml", "weight: 2, aliases: [mending", "weight: 3, aliases: [mending"),
    ("services.yaml", "[mending, workshop]", "[mending]"),
    ("services.yaml", "Must they repair?", "Should they repair?"),
    ("services.yaml", "best: 1000", "best: 1001"),
    ("services.yaml", "a hall holds a thousand", "so"),
    ("services.yaml", "  limit: true\n", ""),
    ("services.yaml", "neither source speaks of them", "so"),
    ("services.yaml", "values: [poor, fair, good, excellent]", "values: [fair, poor, good, excellent]"),
    ("services.yaml", "better: lower\n  question: How long", "question: How long"),
    ("services.yaml", "area: services", "area: service"),
    ("prices.yaml", "of: repairs", "of: rental"),
    ("prices.yaml", "usage: [rental-days]", "usage: [inspections, rental-days]"),
    ("prices.yaml", "stale_after: 365d", "stale_after: 364d"),
    ("velo.yaml", "name: Velo & Sons", "name: Velo & Son"),
    ("velo.yaml", "aliases: [velo-and-sons]", "aliases: []"),
    ("velo.yaml", "name: The shop", "name: A shop"),
    (
        "velo.yaml",
        "product: shop, value: present, source: guide-2020, line: 3",
        "value: present, source: guide-2020, line: 3",
    ),
    ("velo.yaml", "line: 13}", "line: 14}"),
    ("velo.yaml", "source: survey-2023, line: 13}", "source: guide-2020, line: 13}"),
    ("velo.yaml", "value: long", "value: short"),
    ("velo.yaml", "more_than: 100", "more_than: 101"),
    ("velo.yaml", "more_than: 100", "at_least: 101"),
    ("velo.yaml", "evidence: contrast, ", ""),
    ("velo.yaml", "line: 13}", "line: 13, note: so}"),
    ("velo.yaml", "line: 13}", "line: 13, stated: 2023-03-02}"),
    ("velo.yaml", "line: 13}", "line: 13, until: 2025-01-01}"),
    ("rad.yaml", "between: [15, 25]", "between: [15, 26]"),
    ("ciclo.yaml", "from: 9", "at_least: 9"),
    ("ciclo.yaml", "by_quote: true", "from: 0"),
    ("weights.yaml", "must: 4", "must: 5"),
    ("weights.yaml", "unknown: 0.5", "unknown: 0.25"),
    ("weights.yaml", "unknown: 0.5", "unknown: 0.5\nstale_after: {price: 365d}"),
    ("rules/riding.yaml", "because: A light frame", "because: The light frame"),
    ("rules/riding.yaml", "lines: [10, 44]", "lines: [10]"),
    ("rules/riding.yaml", "at_least: good", "at_least: fair"),
    ("rules/riding.yaml", "at_least: good", "at_most: good"),
    ("rules/riding.yaml", "{any: [{fact: lightest", "{all: [{fact: lightest"),
    ("rules/riding.yaml", "{not: {situation: purposes, is: touring}}", "{situation: purposes, is: touring}"),
    ("rules/riding.yaml", "at_least: 5}", "at_least: 6}"),
    ("rules/riding.yaml", "at_least: 5}", "at_least: 5, at_most: 9}"),
    ("rules/riding.yaml", "weight: 0.5", "weight: 0.75"),
    ("rules/riding.yaml", "priority: could, at_least", "priority: must, at_least"),
    ("rules/riding.yaml", "id: many-days-cheaply", "id: days-cheaply"),
    ("rules/riding.yaml", "area: riding", "area: rides"),
    ("rules/riding.yaml", "{fact: rental}, ", "{fact: rental, is: absent}, "),
]


@pytest.mark.parametrize(("name", "old", "new"), CHANGES)
def test_it_changes_with_any_value(name, old, new):
    assert old in named(name).content.decode(), "the change must change something"
    assert fingerprint_with(name, replacing(old, new)) != FINGERPRINT


def test_no_two_of_these_changes_come_to_the_same():
    found = [fingerprint_with(name, replacing(old, new)) for name, old, new in CHANGES]
    assert len(set(found)) == len(found)


def test_one_claim_more_or_one_twice_is_another_knowledge():
    last = named("velo.yaml").content.decode().splitlines()[-1] + "\n"
    assert fingerprint_with("velo.yaml", lambda text: text.replace(last, "")) != FINGERPRINT
    assert fingerprint_with("velo.yaml", lambda text: text + last) != FINGERPRINT
