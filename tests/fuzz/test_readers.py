"""Some hundred damaged inputs for each reader; `python -m tests.fuzz` tries thousands.

RECOMMEND_FULL_COUNTS sends 20,000 requests to the web.
"""

from __future__ import annotations

import pytest
from tests.counts import choose_count
from tests.fuzz import targets
from tests.fuzz.targets import TARGETS, check, say

_RUNS = {"yaml": 60, "base": 60, "csv": 60, "json-lines": 60, "parquet": 100, "web": choose_count(100, 20_000)}
_ORDINARY = 150


@pytest.mark.filterwarnings("ignore:Unclosed file.*Spooled:ResourceWarning")  # Starlette's, of half an upload
@pytest.mark.parametrize("name", TARGETS)
def test_a_damaged_input_gets_an_answer_or_a_sentence(name, tmp_path):
    for seed in range(_RUNS.get(name, _ORDINARY)):
        check(name, seed, tmp_path)


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_damaged_is_valid_before(name, tmp_path, monkeypatch):
    monkeypatch.setattr(targets, "mutate_bytes", lambda _draw, data: data)
    monkeypatch.setattr(targets, "mutate_text", lambda _draw, text: text)
    monkeypatch.setattr(targets, "mutate_tree", lambda _draw, tree: tree)
    ends = []
    monkeypatch.setattr(targets, "say", lambda *words: ends.append(said := say(*words)) or said)
    for seed in range(3):
        check(name, seed, tmp_path)
    assert {said.status for said in ends} <= {0, 3}
