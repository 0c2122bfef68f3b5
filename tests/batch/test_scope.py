"""Rows that look at a part of the knowledge base get the answer that a single question within it gets."""

import datetime as dt
import json

import pyarrow as pa
import pytest

from provider_advisor import recommend
from provider_advisor.batch.arrow import arrow_schema, score_arrow
from provider_advisor.requirements.requirements_file import read_requirements

DAY = dt.date(2024, 6, 1)


def alone(knowledge, team):
    scope = {name: team.get(name, ()) for name in ("only", "without", "sources", "customer_of")}
    day = dt.date.fromisoformat(team["as_of"]) if "as_of" in team else DAY
    return recommend(knowledge.restrict(**scope), needs=team["needs"], as_of=day)


def test_rows_within_a_scope_are_answered_as_one_by_one(bicycles, run_batch, json_of, tmp_path):
    first, second, *_ = bicycles.providers
    source = next(iter(bicycles.sources))
    teams = [
        {"team": "all", "needs": ["repairs"]},
        {"team": "one", "needs": ["repairs"], "only": [first]},
        {"team": "rest", "needs": ["repairs"], "without": bicycles.providers[first].name.upper()},
        {"team": "two", "needs": ["repairs", "rental"], "only": [first, second]},
        {"team": "source", "needs": ["repairs"], "sources": [source]},
        {"team": "unknown", "needs": ["repairs"], "only": ["nobody-at-all"]},
        {"team": "customer", "needs": ["repairs"], "customer_of": first},
    ]
    path = tmp_path / "teams.jsonl"
    path.write_bytes(json_of(teams))
    run_batch(path, tmp_path / "scores.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "scores.jsonl").read_text().splitlines()]
    found = {row["team"]: row for row in rows}
    assert "unknown" not in found
    for team in (team for team in teams if team["team"] != "unknown"):
        single, row = alone(bicycles, team), found[team["team"]]
        verdict = single.verdict
        assert (row["verdict"], row["strength"], row["provider"], row["lean"]) == verdict[:4], team
        there = {part["id"]: part["score"]["expected"] for part in single.record["providers"]}
        assert {name: row[f"{name}.expected"] for name in bicycles.providers} == dict.fromkeys(
            bicycles.providers
        ) | there


def test_columns_stay_the_same_where_a_provider_takes_no_part(bicycles):
    batch = pa.RecordBatch.from_pydict({"needs": ["repairs"]})
    names = arrow_schema(batch.schema, bicycles).names
    days = sorted({min(c.stated for c in part.claims) for part in bicycles.providers.values() if part.claims})
    for day in (days[0], days[-1]):
        assert score_arrow(batch, bicycles, as_of=day, reasons=False).schema.names == names


def test_names_may_be_a_text_joined_by_commas_wherever_they_are_read(bicycles, run_batch, tmp_path):
    """CSV has no lists, so that a text of names means the same in each form."""
    first, second, *others = sorted(bicycles.providers)
    text, expected = f"{first}, {second};", sorted([first, second])
    assert sorted(bicycles.restrict(only=text).providers) == expected
    document = json.dumps({"team": "a", "needs": ["repairs"], "only": text, "without": others[0]})
    found = read_requirements(document.encode(), "team.json", bicycles)
    assert (found.scope.only, found.scope.without) == (tuple(expected), (others[0],))
    (tmp_path / "teams.jsonl").write_text(document + "\n")
    run_batch(tmp_path / "teams.jsonl", tmp_path / "scores.jsonl")
    (row,) = map(json.loads, (tmp_path / "scores.jsonl").read_text().splitlines())
    assert {name for name in bicycles.providers if row[f"{name}.standing"]} == set(expected)


@pytest.mark.parametrize("name", ["only", "customer_of"])
def test_a_frame_of_arrow_says_how_to_limit_all_rows(bicycles, name):
    with pytest.raises(Exception, match=rf"knowledge\.restrict\({name}=…\)"):
        score_arrow(pa.RecordBatch.from_pydict({"needs": ["repairs"], name: ["x"]}), bicycles)
