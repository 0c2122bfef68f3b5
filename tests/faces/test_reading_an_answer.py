"""docs/reading-an-answer.md tells the truth: what it quotes is printed, and its arithmetic gives the scores shown."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

_TEXT = (Path(__file__).parents[2] / "docs" / "reading-an-answer.md").read_text(encoding="utf-8")
_COMMAND = re.search(r"```console\n\$ (.*?)\n", _TEXT)[1]


@pytest.fixture
def printed(recommend_says):
    return recommend_says(_COMMAND).out


def test_every_quoted_line_is_printed(printed):
    lines = [line.strip() for line in printed.splitlines()]
    quoted = re.findall(r"^> (.*)$", _TEXT, re.MULTILINE)
    table = re.search(r"```text\n(.*?)```", _TEXT, re.DOTALL)[1].splitlines()
    assert len(quoted) >= 5
    for line in [*quoted, *(line.strip() for line in table)]:
        assert line in lines


def test_the_scores_come_from_the_weights_as_the_page_says(recommend_says):
    answer = json.loads(recommend_says(f"{_COMMAND} --format json").out)
    weights = {finding["criterion"]: finding["weight"] for finding in answer["findings"]}
    assert sorted(weights.values()) == [2, 4, 4, 4, 12]
    scores = {provider["name"]: provider["score"] for provider in answer["providers"]}
    rows = re.findall(r"^\| (proven|expected|possible) \|.*?\| (.*?) \| (.*?) \|$", _TEXT, re.MULTILINE)
    assert [row[0] for row in rows] == ["proven", "expected", "possible"]
    for kind, *cells in rows:
        for name, cell in zip(["Twilio", "Vonage"], cells, strict=True):
            points, whole, score = re.fullmatch(r"(\d+) of (\d+) = ([\d.]+)", cell).groups()
            assert int(whole) == sum(weights.values())
            assert round(100 * int(points) / int(whole), 1) == float(score) == round(scores[name][kind], 1)
