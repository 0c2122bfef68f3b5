"""JSON Lines: each line is read as the single answer reads a requirements file, or refused in its words."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider_advisor import AdvisorError
from provider_advisor.batch.kernel.read_row import read_row
from provider_advisor.batch.reading import Limits
from provider_advisor.batch.reading.csv_records import Cut
from provider_advisor.batch.reading.jsonl import parse_lines
from provider_advisor.batch.reading.jsonl_row import LineKeys, RowError, parse_object
from provider_advisor.batch.reading.text_blocks import TextBlock, cut_lines
from provider_advisor.errors import BatchError
from provider_advisor.requirements.requirements_file import read_requirements_data
from provider_advisor.requirements.sheets import write_cell

_ITEMS = st.sampled_from(
    ["repairs", "repair", "hire:could", "stock>=5", "", " ", "{}", '{"criterion": "rental"}', 3, None, ["repairs"],
     {"criterion": "stock", "at_least": 3}, {"criterion": "advice", "exactly": "good"}, {"at_least": 3}]
)  # fmt: skip
_VALUES = st.sampled_from(["beginner", "racing", "", "Racer", 1, None, ["racing"], ["racing", "touring"], [], {}])
_AMOUNTS = st.sampled_from([0, 5, 0.5, -1, 1e12, 1e13, 10**30, True, "5", None, [1]])
_ROWS = st.fixed_dictionaries(
    {},
    optional={
        "team": st.sampled_from(["a", "é", "", " ", None, 5, "x" * 3000]),
        "needs": st.lists(_ITEMS, max_size=3) | st.sampled_from([None, "repairs", {}]),
        "wants": st.lists(_ITEMS, max_size=3),
        "situation": st.dictionaries(st.sampled_from(["skill", "purposes", "skil"]), _VALUES, max_size=2)
        | st.sampled_from([None, []]),
        "usage": st.dictionaries(st.sampled_from(["inspections", "rental-days", "x"]), _AMOUNTS, max_size=2),
        "unsure": st.sampled_from([["repairs"], None, 5]),
        "as_of": st.sampled_from(["2024-01-01", "20240101", 5, None]),
        "max_age": st.sampled_from(["365d", "0d", 365]),
        "note": st.sampled_from(["a", "", 5, None, [1, "é"], {"x": None}]),
    },
)
_NONE = np.empty(0, dtype=np.int64)


def _parse(content: bytes, knowledge, carried=("note",)):
    keys = LineKeys(carried, knowledge)
    text = TextBlock(content, Cut(len(content), (), (), _NONE), len(content))
    return parse_lines(text, keys, "teams.jsonl", 0)


def _write_volumes(block):
    """Return the rows with volumes as texts: beside a text in another row, numbers are texts too."""
    rows = block.rows.to_pylist()
    return [{name: write_cell(cell) if "usage." in name else cell for name, cell in row.items()} for row in rows]


@given(st.lists(_ROWS, max_size=8))
def test_columns_hold_what_each_line_says_by_itself(bicycles, rows):
    lines = [json.dumps(row, ensure_ascii=False).encode() for row in rows]
    block = _parse(b"\n".join(lines), bicycles)
    assert block.records == len(rows) == block.rows.num_rows + len(block.rejects)
    alone = [_parse(line, bicycles) for line in lines]
    assert _write_volumes(block) == [row for each in alone for row in _write_volumes(each)]
    assert [reject.reason for reject in block.rejects] == [reject.reason for each in alone for reject in each.rejects]


@pytest.mark.parametrize("decimal", [".", ","])
def test_a_number_beside_a_text_means_what_it_means_alone(bicycles, decimal):
    """5.125 is five and an eighth, also if another row says "60..70"; as a text it could be five thousand."""
    lines = [{"needs": ["repairs"], "usage": {"rental-days": days}} for days in (5.125, "60..70", 1e-7, 7)]
    keys = LineKeys((), bicycles, decimal=decimal)
    content = b"\n".join(json.dumps(line).encode() for line in lines)
    text = TextBlock(content, Cut(len(content), (), (), _NONE), len(content))
    block = parse_lines(text, keys, "teams.jsonl", 0)
    assert block.rows["usage.rental-days"].to_pylist() == [f"5{decimal}1250", "60..70", "1e-07", "7"]


@given(_ROWS)
def test_a_row_states_what_the_single_answer_reads_from_the_same_line(bicycles, row):
    block = _parse(json.dumps(row).encode(), bicycles)
    plain = {name: value for name, value in row.items() if name not in {"note", "unsure"}}
    try:
        team = read_requirements_data(plain, "row", bicycles).team
    except AdvisorError:
        if not block.rejects:  # what is wrong with words alone is found when they are scored
            with pytest.raises(AdvisorError):
                read_row(block.rows.to_pylist()[0], bicycles)
    else:
        (found,) = block.rows.to_pylist()
        assert read_row(found, bicycles)[:3] == team[:3]
        assert (found["team"], found["as_of"]) == (team.name, row.get("as_of"))


@given(_ROWS)
def test_a_row_is_refused_if_the_single_answer_refuses_its_form(bicycles, row):
    block = _parse(json.dumps(row).encode(), bicycles)
    plain = {name: value for name, value in row.items() if name not in {"note", "unsure"}}
    try:
        read_requirements_data(plain, "row", bicycles)
    except AdvisorError as error:
        if block.rejects:
            sentence = " ".join(line.split(": ", 1)[1] for line in str(error).splitlines())
            assert block.rejects[0].reason == sentence
    else:
        assert not block.rejects


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("repairs, stock>=90", ["repairs", "stock>=90"]),
        ("repairs;\nrental:could,", ["repairs", "rental:could"]),
        ("repairs", ["repairs"]),
        (" ", []),
    ],
)
def test_a_text_of_words_is_a_list_as_in_a_cell(bicycles, text, items):
    """Tables written as JSON, by pandas say, hold what their cells held: {"needs": "repairs, rental"}."""
    given = {"needs": text, "wants": text, "unlisted": text}
    single = read_requirements_data(given, "row", bicycles).team
    assert read_row(given, bicycles) == single  # as a cell of CSV
    for more in ({}, {"uncounted": []}):  # a plain line, and one that is read as a file is
        (row,) = _parse(json.dumps(given | more).encode(), bicycles).rows.to_pylist()
        assert read_row(row, bicycles) == single
        assert more or row["needs"] == row["wants"] == row["unlisted"] == items


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"team":"a","team":"b"}', "has the key 'team' twice; keep one"),
        (b'{"usage":{"inspections":NaN}}', "contains NaN, which is not JSON"),
        (b'[{"team":"a"}]', "is a list of JSON objects; expected each of them on a line of its own"),
        (b"  {", "begins JSON that goes on below; expected a whole object on each line"),
        (b'{"note":[1e999]}', "has a number that is too large"),
        (b'{"team":"a"} x', "is not JSON at character 14: Extra data"),
        (b'{"team":"a"}{"team":"b"}', "is not JSON at character 13: Extra data"),
        (b"[1]", "is not a JSON object; expected one with the keys of a requirements file"),
        (b'{"team":"\xff"}', "is not UTF-8 at byte 10"),
        (b'{"team":"\\ud800"}', "contains half of a surrogate pair, which is not a character"),
        (b'{"team":', "is not JSON at character 9: Expecting value"),
        (b"[" * 100_000, "is nested too deeply"),
        (
            b'{"usage":{"inspections":' + b"9" * 5000 + b"}}",
            "has a number with too many digits",
        ),
        (b'{"other":1}', "has the key 'other', which no row of the first block has; put it into the first row"),
        (b'{"situation":{"skil":"racer"}}', "unknown situation 'skil'. Did you mean 'skill'?"),
        (b'{"usage":{"day":5}}', "unknown usage item 'day'. Known: inspections, rental-days."),
        (b'{"needs":5}', "'needs': expected a list; found 5."),
        (
            b'{"needs":"repairs,,rental"}',
            "'needs': a list of requirements is empty or has an empty entry; expected criteria separated by commas.",
        ),
    ],
)
def test_a_bad_line_alone_is_rejected(bicycles, line, reason):
    block = _parse(b'{"team":"before"}\n\n' + line + b'\r\n{"team":"after"}', bicycles)
    assert block.rows["team"].to_pylist() == ["before", "after"]
    assert [(reject.row, reject.reason) for reject in block.rejects] == [(2, reason)]
    assert block.numbers.tolist() == [1, 3]


@pytest.mark.parametrize("number", ["1e999", "-1.5e999", "1" * 30])
def test_a_number_of_any_size_is_copied_as_it_is_written(bicycles, number):
    block = _parse(f'{{"note":{number}}}'.encode(), bicycles)
    assert (block.rows["note"].to_pylist(), block.rejects) == ([number], ())


def test_whatever_is_no_object_raises_one_kind_of_error():
    for line in (b"", b"\x00", b'"x"', b"null", b"{]"):
        with pytest.raises(RowError):
            parse_object(line)


def test_the_first_block_says_which_keys_are_carried(tmp_path, open_files):
    path = tmp_path / "teams.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"team":"a","note":"x"}\nbroken\n{"needs":["repairs"],"size":{"a":[1,2.50]}}\n')
    inputs = open_files(path)
    (block,) = [piece.parse() for piece in inputs.pieces()]
    assert inputs.schema.names[-2:] == ["note", "size"]
    assert block.rows["size"].to_pylist() == [None, '{"a": [1, 2.5]}']
    assert block.rows["note"].to_pylist() == ["x", None]
    assert [reject.row for reject in block.rejects] == [2]


@pytest.mark.parametrize("content", ["", "\n", "\r\n  \n\t"])
def test_a_file_without_any_object_is_an_error(tmp_path, open_files, content):
    path = tmp_path / "teams.jsonl"
    path.write_text(content)
    with pytest.raises(BatchError, match="is empty; expected a JSON object on each line"):
        open_files(path)


def test_blocks_end_where_lines_end():
    assert cut_lines(b"{}\n{}\n{", final=False).end == 6
    assert cut_lines(b"{}\n{}\n{", final=True).end == 7
    assert Limits().block < Limits().record
