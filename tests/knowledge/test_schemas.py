"""JSON Schemas: what editors are told about every kind of file is what the reader accepts."""

import copy
import datetime as dt
from pathlib import Path

import jsonschema
import pytest
import yaml

from provider_advisor.knowledge.files import find_files
from provider_advisor.knowledge.shapes.every_file import file_schemas

BICYCLES = Path(__file__).parent / "bicycles"
SCHEMAS = file_schemas()
SHIPPED = find_files(None, None).files
BICYCLE_FILES = find_files(BICYCLES / "facts", BICYCLES / "rules").files


def plain(data):
    """What an editor sees: dates are strings."""
    if isinstance(data, dict):
        return {key: plain(part) for key, part in data.items()}
    if isinstance(data, list):
        return [plain(part) for part in data]
    return data.isoformat() if isinstance(data, dt.date) else data


def read(content):
    """The data as plain YAML tools see it, and not this project's strict reader."""
    return plain(yaml.load(content, Loader=yaml.CSafeLoader))


REQUIREMENTS = b"""
team: riders
needs:
- repairs
- {criterion: bikes-in-stock, at_least: 90, weight: 2}
wants: [{criterion: advice, priority: could, exactly: good}]
situation: {skill: racer, purposes: [touring, racing]}
usage: {inspections: 2, rental-days: 0.5}
as_of: 2023-06-01
max_age: 365d
"""


QUESTIONS = b"""
topics:
- {id: riding, label: Riding, share: 0.6, help: Any bicycle counts.}
questions:
- {criterion: repairs, topics: [riding], share: 0.4}
- criterion: bikes-in-stock
  topics: [riding]
  when: {any: [{need: repairs}, {situation: skill, is: racer}]}
  share: 0.2
  ask: How many bikes must they have?
  typical: [50, 100]
- {situation: skill, topics: [riding], share: 0.5}
- {usage: inspections, topics: [riding], share: 0.5, typical: [1, 4]}
"""

ANSWERS = b"""
version: 1
answers:
- {topics: [riding]}
- {criterion: bikes-in-stock, answer: must, bound: 90}
- {criterion: advice, answer: good, bound: good, searched: true}
- {situation: purposes, answer: [touring, racing]}
- {usage: inspections, answer: 2}
declared: true
"""

MATCHES = "matches:\n  Mending: repairs\n  Contact: carry\n  Cargo: [cargo-bikes, test-rides]\n  Holograms: null\n"
BASE = b"version: 1.4.0\ndate: 2024-06-01\n"
RATES = b"""base: EUR
rates:
- {currency: USD, worth: 0.9, source: guide-2020, stated: 2020-06-01, line: 3}
"""
WITHOUT_A_FOLDER = {
    "base": BASE,
    "requirements": REQUIREMENTS,
    "questions": QUESTIONS,
    "answers": ANSWERS,
    "matches": MATCHES,
    "rates": RATES,
}


def data_of(role):
    if role in WITHOUT_A_FOLDER:
        return read(WITHOUT_A_FOLDER[role])
    return read(next(file for file in BICYCLE_FILES if file.role == role).content)


def problems(role, data):
    return [error.message for error in jsonschema.Draft202012Validator(SCHEMAS[role]).iter_errors(data)]


@pytest.mark.parametrize("role", sorted(SCHEMAS))
def test_each_schema_is_a_schema_of_its_draft(role):
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[role])
    assert SCHEMAS[role]["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_kind_of_file_has_a_schema():
    assert {file.role for file in SHIPPED} == {"base", "questions", *(file.role for file in BICYCLE_FILES)}
    assert set(SCHEMAS) == {"requirements", "answers", "matches", "rates", *(file.role for file in SHIPPED)}


@pytest.mark.parametrize("role", sorted(WITHOUT_A_FOLDER))
def test_a_file_of_its_own_fits_its_schema(role):
    assert problems(role, data_of(role)) == []


@pytest.mark.parametrize("file", [*SHIPPED, *BICYCLE_FILES], ids=lambda file: file.name.split("/tests/")[-1])
def test_every_good_file_fits_its_schema(file):
    assert problems(file.role, read(file.content)) == []


@pytest.mark.parametrize("key", ["needs", "wants", "unlisted"])
def test_lists_of_requirements_may_be_text(key):
    assert problems("requirements", {key: "repairs, rental"}) == []


def put(*path_and_value):
    """A change that puts the last argument at the path that the others make."""
    *path, last, value = path_and_value

    def change(data):
        for step in path:
            data = data[step]
        data[last] = value

    return change


def take(*path):
    """A change that takes away what is at the path."""

    def change(data):
        for step in path[:-1]:
            data = data[step]
        del data[path[-1]]

    return change


@pytest.mark.parametrize(
    ("role", "change"),
    [
        *[(role, put("xyzzy", 1)) for role in sorted(SCHEMAS)],
        ("sources", put("sources", [])),
        ("sources", take("sources", 0, "published")),
        ("sources", put("sources", 0, "published", 2022)),
        ("team", put("situation", 0, "values", [])),
        ("team", put("situation", 0, "many", "yes")),
        ("criteria", put("area", "Two words")),
        ("criteria", put("criteria", 0, "kind", "colour")),
        ("criteria", put("criteria", 0, "weight", 0)),
        ("criteria", put("criteria", 0, "stale_after", "1y")),
        ("criteria", take("criteria", 0, "scale", "because")),
        ("criteria", put("criteria", 0, "aliases", "hire")),
        ("provider", take("claims", 0, "line")),
        ("provider", take("claims", 0, "source")),
        ("provider", put("claims", 0, "line", 0)),
        ("provider", put("claims", 0, "valeu", "present")),
        ("provider", put("claims", 0, "evidence", "rumour")),
        ("provider", put("claims", 0, "between", [1])),
        ("provider", put("claims", 0, "monthly_fee", -1)),
        ("provider", put("claims", {"criterion": "rental"})),
        ("weights", take("priorities", "must")),
        ("weights", put("unknown", 2)),
        ("rules", take("rules", 0, "because")),
        ("rules", put("rules", 0, "when", "repairs")),
        ("rules", put("rules", 0, "when", {"all": {"need": "repairs"}})),
        ("rules", put("rules", 0, "when", {"need": "repairs", "is": "there"})),
        ("rules", put("rules", 0, "implies", [])),
        ("cases", take("cases", 0, "verdict")),
        ("cases", put("cases", 0, "verdict", "kind", "winner")),
        ("cases", put("cases", 0, "needs", "repairs")),
        ("requirements", put("needs", {"criterion": "repairs"})),
        ("requirements", put("needs", 0, 5)),
        ("requirements", put("needs", 1, "weight", -1)),
        ("requirements", take("needs", 1, "criterion")),
        ("requirements", put("wants", 0, "priority", "shall")),
        ("requirements", put("usage", "inspections", "two")),
        ("requirements", put("situation", "skill", 1)),
        ("requirements", put("max_age", "one year")),
        ("requirements", put("unsure", [5])),
        ("requirements", put("asked", {"skipped": "repairs"})),
        ("questions", put("topics", [])),
        ("questions", put("topics", 0, "share", 1)),
        ("questions", take("questions", 0, "share")),
        ("questions", put("questions", 0, "topics", [])),
        ("questions", put("questions", 1, "when", "repairs")),
        ("questions", put("questions", 1, "typical", 50)),
        ("answers", put("version", "1")),
        ("answers", put("answers", 1, "bound", [])),
        ("answers", put("answers", 0, "topics", "riding")),
        ("matches", put("matches", "Mending", 5)),
        ("matches", put("matches", "Cargo", [])),
    ],
)
def test_a_schema_refuses_what_is_broken(role, change):
    data = copy.deepcopy(data_of(role))
    change(data)
    assert problems(role, data)


@pytest.mark.parametrize("role", sorted(SCHEMAS))
def test_keys_are_the_words_of_the_files_not_of_python(role):
    text = str(SCHEMAS[role])
    assert "from_" not in text
    assert "is_" not in text
    assert "not_" not in text
