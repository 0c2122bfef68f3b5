"""The long form: the same answers as the wide one, with a row for each team and provider."""

from __future__ import annotations

import csv
import json
import sys

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tables import bases, tables
from worlds import DAY

from provider_advisor.batch.kernel.scorer import Scorer
from provider_advisor.batch.writing.long_form import LongForm
from provider_advisor.faces.cli.run_command import run as run_command
from provider_advisor.knowledge import Facts

_OF_TEAM = ("verdict", "strength", "lean", "among", "reasons", "changes", "unlisted")
_OF_PROVIDER = ("standing", "proven", "expected", "possible", "unmet", "unknown")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_each_team_and_provider_has_a_row_with_what_the_wide_form_says(data):
    knowledge = data.draw(bases())
    table = data.draw(tables(knowledge))
    scorer = Scorer(Facts(knowledge, DAY), reasons=True)
    wide = scorer.score(table).batch
    form = LongForm(wide.schema, tuple(knowledge.providers), "team", reasons=True)
    found = form.lengthen(wide)
    assert found.schema == form.schema
    rows = iter(found.to_pylist())
    for row in wide.to_pylist():
        for provider in knowledge.providers:
            long = next(rows)
            assert (long["team"], long["provider"]) == (row["team"], provider)
            assert {name: long[name] for name in _OF_PROVIDER} == {
                name: row[f"{provider}.{name}"] for name in _OF_PROVIDER
            }
            assert {name: long[name] for name in _OF_TEAM} == {name: row[name] for name in _OF_TEAM}
            assert long["recommended"] == row["provider"]
            ranked = row["ranking"].index(provider) + 1 if provider in row["ranking"] else None
            assert long["rank"] == ranked
            for end in ("monthly_cost_low", "monthly_cost_high"):
                if end in long:
                    assert long[end] == row.get(f"{provider}.{end}")
    assert next(rows, None) is None


@pytest.fixture
def scored(capsys, folders_from, tmp_path, monkeypatch):
    """A function that scores teams in the long form, and returns the exit status and standard error."""
    monkeypatch.chdir(tmp_path)
    facts, rules = folders_from(tmp_path / "base")

    def run(text, output, *options):
        (tmp_path / "teams.csv").write_text(text)
        given = ["teams.csv", output, "--long", "--quiet", *options, "--facts", str(facts), "--rules", str(rules)]
        monkeypatch.setattr(sys, "argv", ["recommend", "batch", *given])
        return run_command(), capsys.readouterr().err

    return run


TEAMS = """team,needs,as_of,note
a,repairs,2024-01-01,x
b,telex,2024-01-01,y
c,rental,2021-01-01,z
d,repairs,2024-01-01,w
"""


def test_rows_of_several_days_keep_their_order_and_what_they_carry(scored, tmp_path):
    assert scored(TEAMS, "long.csv")[0] == 3
    with (tmp_path / "long.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["team"], row["provider"], row["note"]) for row in rows] == [
        (team, provider, note)
        for team, note in (("a", "x"), ("c", "z"), ("d", "w"))
        for provider in ("ciclo", "rad", "velo")
    ]
    assert [row["rank"] for row in rows if row["team"] == "a"] == [row["rank"] for row in rows if row["team"] == "d"]
    assert "unmet" not in rows[0]


def test_all_forms_hold_the_same_rows(scored, tmp_path):
    for name in ("long.parquet", "long.jsonl"):
        assert scored(TEAMS, name, "--reasons")[0] == 3
    lines = [json.loads(line) for line in (tmp_path / "long.jsonl").read_text().splitlines()]
    assert pl.read_parquet(tmp_path / "long.parquet").to_dicts() == lines
    assert {row["rank"] for row in lines} > {1}  # or else a rank of 1 for all would do


@pytest.mark.parametrize(
    ("text", "output", "said"),
    [
        ("team,needs\na,repairs\n", "long.xlsx", "--long does not work with workbooks"),
        (
            "team,needs,rank\na,repairs,3\n",
            "long.csv",
            "the column 'rank' has the same name as a column of the long form",
        ),
    ],
)
def test_what_the_long_form_cannot_be_is_said(scored, text, output, said):
    status, told = scored(text, output)
    assert status != 0
    assert said in told
    assert told.count("\n") == 1
