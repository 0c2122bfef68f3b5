"""Ratings bound at any of their words, the top and the bottom one included, however they are answered."""

from __future__ import annotations

import datetime as dt
import io
import json
import sys

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from provider_advisor import load
from provider_advisor.faces.cli.ask.conversation import Draft, converse
from provider_advisor.faces.cli.ask.keys import KeyFace
from provider_advisor.knowledge import facts_as_of
from provider_advisor.questionnaire import Catalogue, State, make_statement
from provider_advisor.recommendation import answer

UP = "\x1b[A"
_RATINGS = {name: part for name, part in load().criteria.items() if part.kind == "rating"}
_BOUNDS = [(name, rank) for name, part in _RATINGS.items() for rank in range(len(part.values))]


def _expected_words(name: str, rank: int) -> set[str]:
    """The words that a provider can answer where nothing is known: the bound, and the next that is not good enough."""
    worse = rank + 1 if _RATINGS[name].lower_is_better else rank - 1
    return {_RATINGS[name].values[place] for place in (rank, worse) if 0 <= place < len(_RATINGS[name].values)}


def _check(record: dict, name: str, rank: int) -> None:
    asked = {part["criterion"]: part for part in record["requirements"]}[name]
    end = "at_most" if _RATINGS[name].lower_is_better else "at_least"
    assert asked["bound"] == {end: _RATINGS[name].values[rank]}
    for question in record["confirm"]:
        assert {value for part in question["answers"] for value in part["values"]} <= _expected_words(name, rank)


@pytest.mark.parametrize(("name", "rank"), _BOUNDS)
def test_a_file_of_answers_may_bind_a_rating_at_any_word(recommend_says, tmp_path, name, rank):
    file = tmp_path / "answers.yaml"
    word = _RATINGS[name].values[rank]
    entry = f"- {{criterion: {name}, answer: must, bound: {word}, searched: true}}\n"
    file.write_text(f"version: 1\nanswers:\n- topics: []\n{entry}", encoding="utf-8")
    run = recommend_says(f"recommend ask --as-of 2022-12-31 --format json --answers {file}")
    assert run.status == 0, run.err
    _check(json.loads(run.out), name, rank)


@pytest.mark.parametrize(("name", "rank"), _BOUNDS)
def test_a_rating_may_be_bound_at_any_word_line_by_line(recommend_says, monkeypatch, name, rank):
    typed = f"\n/{name}\n1\nm\n{rank + 1}\ndone\n\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
    run = recommend_says("recommend ask --as-of 2022-12-31 --format json")
    assert run.status == 0, run.err
    _check(json.loads(run.out), name, rank)


@pytest.mark.parametrize(("name", "rank"), _BOUNDS)
def test_a_rating_may_be_bound_at_any_word_with_keys(name, rank, capsys):
    knowledge = load()
    draft = Draft(State(Catalogue(facts_as_of(knowledge, dt.date(2022, 12, 31), None))))
    last = len(_RATINGS[name].values)
    # The pointer starts at "any will do", behind the words of the rating.
    keys = f"\r/{name}\r\r\r{UP * (last - rank)}\rd\r"
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text(keys)
        converse(draft, KeyFace(), lambda *_: "")
    capsys.readouterr()
    _check(answer(knowledge, make_statement(draft.state), robustness=True).record, name, rank)
