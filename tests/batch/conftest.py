"""A run of the batch within this process, and small inputs for it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import sys
from pathlib import Path

import pytest

from provider_advisor.batch.local_run import Plan, run
from provider_advisor.batch.pipeline import BlockScorer, ScoringOptions
from provider_advisor.batch.reading import Limits, ReadingOptions, open_inputs
from provider_advisor.faces.cli import main as command

DAY = dt.date(2024, 6, 1)
_LIMITS, _ABOUT = Limits(), {"x": 1}


def _nothing(done):
    """See a block and do nothing."""


@pytest.fixture(scope="session")
def open_files(bicycles):
    """A function from file names to the inputs of a run."""

    def open_them(*names, form=None, separator=b",", limits=_LIMITS):
        return open_inputs(tuple(map(str, names)), bicycles, ReadingOptions(form, separator, limits=limits))

    return open_them


@pytest.fixture(scope="session")
def run_batch(bicycles, open_files):
    """A function that runs files to an output, and gives the result and what was said."""

    def run_them(*names, limits=_LIMITS, form=None, about=_ABOUT, watch=_nothing, **plan):
        *sources, output = names
        output = Path(output)
        inputs = open_files(*sources, limits=limits)
        form = form or {".csv": "csv", ".jsonl": "jsonl"}.get(output.suffix, "parquet")
        scoring = BlockScorer(bicycles, inputs.schema, form, ScoringOptions(DAY, inputs.is_dated))
        said = []
        plan = {"threads": 2, "about": about, **plan}
        return run(inputs, scoring, Plan(output, form, **plan), watch, said.append), said

    return run_them


@pytest.fixture
def run_command(monkeypatch, capsys):
    """A function to the exit status of `recommend batch` and what it said, none of the `secrets` in it."""

    def run_it(*arguments, secrets=()):
        monkeypatch.setattr(sys, "argv", ["recommend", "batch", *map(str, arguments)])
        monkeypatch.setattr(command, "_end_at_once", sys.exit)  # this process goes on
        with pytest.raises(SystemExit) as ended:
            command.main()
        said = capsys.readouterr()
        assert not [secret for secret in secrets if secret in said.out + said.err]
        return ended.value.code, said.err

    return run_it


@pytest.fixture(scope="session")
def teams():
    """A function to rows of teams of the bicycle shops: every tenth cannot be read."""

    def rows(count):
        words = ["repairs", "no-such-thing"]
        return [{"team": f"team-{n}", "needs": words[n % 10 == 7], "note": f'a,"b"\n{n}'} for n in range(count)]

    return rows


@pytest.fixture(scope="session")
def csv_of():
    """A function from rows to CSV text."""

    def text(rows):
        out = io.StringIO()
        writer = csv.DictWriter(out, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue().encode()

    return text


@pytest.fixture(scope="session")
def json_of():
    """A function from rows to JSON Lines."""
    return lambda rows: "".join(json.dumps(row) + "\n" for row in rows).encode()
