"""The compiled loops, each beside the plain way to do the same."""

from __future__ import annotations

import ctypes
from collections import Counter
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider_advisor.batch import native
from provider_advisor.batch.kernel.cells import Entries
from provider_advisor.batch.kernel.numbered_words import Numbered, join_words, number_texts
from provider_advisor.batch.kernel.output_columns import CodeList, Codes
from provider_advisor.batch.kernel.scores import KINDS, STANDINGS, STRENGTHS, Scores, add_up, judge_teams
from provider_advisor.batch.native import find_places
from provider_advisor.decision.findings import Assessment, Score
from provider_advisor.decision.verdict import judge
from provider_advisor.errors import BatchFailure

_TEXT = st.text(alphabet="ab,é\0", max_size=20)


def _rows(numbered):
    words = [numbered.distinct[number] for number in numbered.numbers.tolist()]
    return [words[start:end] for start, end in zip(numbered.ends[:-1], numbered.ends[1:], strict=True)]


@given(data=st.text("ab\n", max_size=200).map(str.encode), share=st.floats(0, 1))
def test_a_byte_is_found_wherever_it_stands_before_the_end(data, share):
    end = int(share * len(data))
    assert find_places(b"\n", data, end).tolist() == [place for place in range(end) if data[place] == ord("\n")]


@given(texts=st.lists(_TEXT), before=st.integers(0, 2))
def test_texts_are_numbered_in_the_order_in_which_they_come_up(texts, before):
    numbered = number_texts(pa.array(["a", "b"][:before] + texts, pa.string()).slice(before))
    assert numbered.distinct == list(dict.fromkeys(texts))
    assert _rows(numbered) == [[text] for text in texts]


@given(texts=st.lists(_TEXT))
def test_words_are_what_splitting_gives_and_an_empty_text_has_none(texts):
    numbered = number_texts(pa.array(texts, pa.string()), ",")
    assert _rows(numbered) == [text.split(",") if text else [] for text in texts]
    assert len(set(numbered.distinct)) == len(numbered.distinct)


def test_a_hundred_thousand_different_texts_are_told_apart():
    texts = [f"{number:0{number % 30}d}" for number in range(100_000)]
    numbered = number_texts(pa.array(texts))
    assert numbered.distinct == texts
    assert numbered.numbers.tolist() == list(range(100_000))


def test_no_texts_are_no_words():
    distinct, numbers, ends = number_texts(pa.array([], pa.string()), ",")
    assert (distinct, numbers.tolist(), ends.tolist()) == ([], [], [0])


@given(st.lists(st.lists(st.lists(st.integers(0, 5), max_size=6), min_size=3, max_size=3), min_size=1, max_size=2))
def test_words_of_columns_stand_row_by_row_and_those_on_one_criterion_are_marked(columns):
    criteria = np.array([0, 0, 1, 2, -1, -1] * len(columns), np.int32)
    given_columns = [_numbered(rows) for rows in columns]
    joined = join_words(given_columns, criteria, 3)
    expected = [[word + 6 * place for place, rows in enumerate(columns) for word in rows[row]] for row in range(3)]
    starts = zip(joined.ends[:-1], joined.ends[1:], strict=True)
    assert [joined.words[start:end].tolist() for start, end in starts] == expected
    assert joined.rows.tolist() == [row for row, words in enumerate(expected) for _ in words]
    again = []
    for words in expected:
        often = Counter(criteria[words].tolist())
        again += [bool(criteria[word] >= 0 and often[criteria[word]] > 1) for word in words]
    assert joined.again.tolist() == again


def _numbered(rows):
    numbers = np.array([word for words in rows for word in words], np.int32)
    ends = np.array([0, *np.cumsum([len(words) for words in rows])], np.int32)
    return Numbered(list("abcdef"), numbers, ends)


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 2)), max_size=60))
def test_numbers_of_cells_are_added_up_by_team(pairs):
    entries = np.array(pairs, np.int32).reshape(-1, 2)
    numbers = np.array([[1.0, 0.5], [2.0, 0.25], [4.0, 8.0]])
    expected = np.zeros((20, 2))
    for team, cell in pairs:
        expected[team] += numbers[cell]
    rows, cells = np.ascontiguousarray(entries[:, 0]), np.ascontiguousarray(entries[:, 1])
    found = Entries.sort(rows, cells, 20)
    assert [*zip(found.rows.tolist(), found.cells.tolist(), strict=True)] == sorted(pairs, key=lambda pair: pair[0])
    sums = add_up(found, numbers)
    assert sums.numbers.T.tolist() == expected.tolist()
    assert sums.counts.tolist() == np.bincount(rows, minlength=20).tolist()


_SCORE = st.sampled_from([0.0, 12.5, 50.0, 100.0])
_PARTS = st.lists(_SCORE, min_size=3, max_size=3).map(sorted)
_ASSESSED = st.tuples(st.sampled_from(STANDINGS), st.integers(0, 2), _PARTS)


@given(
    teams=st.integers(1, 4).flatmap(
        lambda providers: st.lists(
            st.tuples(st.booleans(), st.lists(_ASSESSED, min_size=providers, max_size=providers)), min_size=1
        )
    )
)
def test_verdicts_are_those_of_a_single_answer(teams):
    names = tuple("abcd"[: len(teams[0][1])])
    found = judge_teams(_scores(teams))
    for team, (asked, assessed) in enumerate(teams):
        verdict = judge([_assessment(name, asked, *part) for name, part in zip(names, assessed, strict=True)])
        among = [name for name, named in zip(names, found.among[:, team], strict=True) if named]
        columns = ((found.kind, KINDS), (found.strength, STRENGTHS), (found.provider, names), (found.lean, names))
        said = [None if places[team] < 0 else words[places[team]] for places, words in columns]
        assert (*said, tuple(among)) == tuple(verdict)


def _scores(teams):
    """The assessments as columns, by provider and team."""
    by_provider = list(zip(*(assessed for _, assessed in teams), strict=True))
    standing = [[STANDINGS.index(part[0]) for part in parts] for parts in by_provider]
    unknown = [[part[1] for part in parts] for parts in by_provider]
    scores = np.array([[part[2] for part in parts] for parts in by_provider])
    proven, expected, possible = (np.ascontiguousarray(scores[:, :, number]) for number in range(3))
    asked = np.array([asked for asked, _ in teams])
    return Scores(np.array(standing, np.int8), np.array(unknown, np.int32), proven, expected, possible, asked)


def _assessment(name, asked, standing, unknown, score):
    findings = (SimpleNamespace(),) if asked else ()
    return Assessment(name, findings, Score(*score) if asked else None, standing, unknown_musts=unknown)


def test_the_last_of_two_hundred_providers_can_come_out_on_top():
    assessed = [("qualified", 0, [0.0, 0.0, 0.0])] * 200 + [("qualified", 0, [50.0, 50.0, 50.0])]
    found = judge_teams(_scores([(True, assessed)]))
    assert (KINDS[found.kind[0]], found.provider[0]) == ("recommended", 200)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=40), st.integers(0, 5000))
def test_codes_stand_once_and_in_order_in_the_list_of_each_row(pairs, more):
    first = [[], [(2.0, "b")], [(1.0, "c"), (3.0, "a"), (2.0, "d")], [(2.0, "d"), (2.0, "b")]]
    second = [[(1.0, "a")], [], [], [(1.0, "z"), (9.0, "b"), (1.0, "y")]]
    # Cell 4 is in no row, but its codes are numbered between those of the others.
    of_lists = {"first": [*first, [(2.5, f"{at}") for at in range(more)]], "second": [*second, []]}
    cells = SimpleNamespace(known=[0, 1, 2, 3, 4], lock=nullcontext())
    entries = np.array(pairs, np.int32).reshape(-1, 2).T.copy()
    codes = Codes({name: CodeList(codes_of.__getitem__) for name, codes_of in of_lists.items()})
    columns = codes.make_columns(Entries.sort(*entries, 5), np.ones(5, bool), cells)
    assert [*columns] == [*of_lists]
    for name, codes_of in of_lists.items():
        for row, found in enumerate(columns[name].to_pylist()):
            told = {code for team, cell in pairs if team == row for code in codes_of[cell]}
            assert found == [word for _, word in sorted(told, key=lambda code: (-code[0], code[1]))]


def test_an_array_of_another_kind_is_refused_rather_than_read_as_it_lies_in_memory():
    with pytest.raises(ctypes.ArgumentError, match="expected contiguous int32, got int64"):
        add_up(Entries(np.zeros(1, np.int32), np.zeros(1, np.int64), np.array([0, 1], np.int32)), np.zeros((1, 2)))


def test_every_function_of_the_header_is_in_the_library():
    structures, functions = native._STRUCTURES, native._FUNCTIONS
    assert set(structures) == {"column", "rules", "changes", "table", "outcome", "code_table"}
    assert {"find_bytes", "number_texts", "join_words", "fire_rules", "sort_entries", "add_up", "list_codes"} <= set(
        functions
    )
    for name in functions:
        assert getattr(native.load_loops(), name).argtypes == functions[name].takes


def test_a_field_that_the_header_does_not_declare_so_is_refused():
    with pytest.raises(TypeError, match="expected contiguous int64, got int32"):
        native.make_structure("changes", keys=np.zeros(1, np.int32))


def test_a_library_that_does_not_exist_is_named_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(native, "_LIBRARY", tmp_path / "none.so")
    with pytest.raises(BatchFailure, match=r"none\.so.*install it again on this machine, with a C compiler"):
        native.load_loops.__wrapped__()


def test_a_library_of_another_source_is_refused(monkeypatch, tmp_path):
    changed = tmp_path / "loops.h"
    changed.write_text(native._HEADER.read_text() + "\n")
    monkeypatch.setattr(native, "_HEADER", changed)
    with pytest.raises(BatchFailure, match=r"has changed since it was compiled; run pip install -e \. again"):
        native.load_loops.__wrapped__()
