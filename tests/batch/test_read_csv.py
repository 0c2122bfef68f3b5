"""CSV text in blocks: every record becomes a row or a reject, whatever the bytes and wherever the blocks end."""

from __future__ import annotations

import csv
import io
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from provider_advisor.batch.reading.byte_stream import Stream
from provider_advisor.batch.reading.csv import parse_block, parse_exactly, read_header
from provider_advisor.batch.reading.csv_records import cut_records
from provider_advisor.batch.reading.input_files import Limits, find_input_files
from provider_advisor.batch.reading.text_blocks import split_text
from provider_advisor.errors import BatchError

_LETTERS = [
    b"a",
    b",",
    b'"',
    b"\n",
    b"\r",
    b"\r\n",
    b'""',
    b'","',
    b'",',
    b"\xff",
    "é".encode(),
    b"\x00",
    b"\xef\xbb\xbf",
]
_LIMITS = Limits()
_BYTES = st.lists(st.sampled_from(_LETTERS), max_size=60).map(b"".join)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("csv")


def _read(folder, content: bytes, parse=parse_block, limits=_LIMITS, separator=b","):
    """Rows with their numbers, and rejects, of a whole file."""
    path = folder / "teams.csv"
    path.write_bytes(content)
    (source,) = find_input_files((str(path),))
    with Stream(source) as stream:
        header = read_header(stream, separator, limits)
        blocks = [
            parse(text, header, "teams.csv", 0)
            for text in split_text(stream, header.start, partial(cut_records, separator=separator), limits)
        ]
        stream.check_unchanged()
    rows, rejects, before = [], [], 0
    for block in blocks:
        cells = zip(*(column.to_pylist() for column in block.rows.columns), strict=True)
        rows += zip((block.numbers + before).tolist(), cells, strict=True)
        rejects += [(reject.row + before, reject.reason, reject.content) for reject in block.rejects]
        assert block.records == block.rows.num_rows + len(block.rejects)
        before += block.records
        assert len([block.content(row) for row in range(block.rows.num_rows)]) == len(block.numbers)
    return rows, rejects


@given(_BYTES, st.integers(1, 3))
@example(b'a,"\na,"b"\n', 2)
@example(b'"a"\r', 1)
def test_arrow_and_the_scanner_find_the_same_rows_and_rejects(folder, body, columns):
    content = b",".join([b"x", b"y", b"z"][:columns]) + b"\n" + body
    assert _read(folder, content) == _read(folder, content, parse_exactly)


@given(_BYTES, st.integers(1, 40))
def test_where_blocks_end_changes_nothing(folder, body, size):
    content = b"x,y\n" + body
    assert _read(folder, content) == _read(folder, content, limits=Limits(max(size, 4), 1000))


@given(_BYTES)
def test_no_record_is_lost(folder, body):
    rows, rejects = _read(folder, b"x,y\n" + body, limits=Limits(16, 24))
    numbers = sorted([number for number, _ in rows] + [number for number, _, _ in rejects])
    assert numbers == list(range(1, len(numbers) + 1))
    found = b"".join(
        [b"".join(cell.encode() for cell in cells) for _, cells in rows]
        + [content.encode() for _, _, content in rejects]
    )
    if not rejects:
        assert found.count(b"a") == body.count(b"a")
    assert found.count(b"a") >= (body.count(b"a") if all("bytes" not in reason for _, reason, _ in rejects) else 0)


@given(
    st.lists(st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=8)] * 3), max_size=20),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([b",", b";", b"\t"]),
    st.booleans(),
)
def test_what_the_csv_module_writes_is_read_back(folder, table, line_end, separator, mark):
    written = io.StringIO()
    csv.writer(written, delimiter=separator.decode(), lineterminator=line_end, quoting=csv.QUOTE_MINIMAL).writerows(
        [("x", "y", "z"), *table]
    )
    content = (b"\xef\xbb\xbf" if mark else b"") + written.getvalue().encode()
    rows, rejects = _read(folder, content, limits=Limits(64, 4096), separator=separator)
    assert [cells for _, cells in rows] == table
    assert not rejects


@pytest.mark.parametrize(
    ("body", "rows", "rejects"),
    [
        (b"1,2\n\n3,4\n\r\n5,6", ["1", "3", "5"], {}),
        (b"1,2\n3\n4,5,6\n7,8\n", ["1", "7"], {2: "has 1 field; expected 2", 3: "has 3 fields; expected 2"}),
        (b"1,2\n3,\xff\n5,6\n", ["1", "5"], {2: "is not UTF-8 at byte 3"}),
        (b'1,"2\n3,"4"\n5,6\n', ["3", "5"], {1: "after the closing quote of cell 2 comes '4'; expected ','"}),
        (b'1,2\n3,"4\n5,6\n', ["1", "5"], {2: "a quote opens in cell 2 and never closes"}),
        (b'1,2\n"3"x,4\n5,6\n', ["1", "5"], {2: "after the closing quote of cell 1 comes 'x'; expected ','"}),
        (b"1,2\n3,4\r5,6\n7,8\n", ["1", "7"], {2: "contains a lone carriage return outside quotes"}),
        (b'1,5" pipe\n3,4" and 6"\n5,6\n', ["1", "3", "5"], {}),
        (b'1,"a\n\n""b"","\n3,4\n', ["1", "3"], {}),
        (b'1,"a\rb"\n3,4\n', ["1", "3"], {}),
        (b"1,2\r\n3,4\r\n", ["1", "3"], {}),
        (b"1,\x00\n\x00,NA\n", ["1", "\x00"], {}),
        (b"", [], {}),
    ],
)
def test_a_bad_record_alone_is_rejected(folder, body, rows, rejects):
    found, refused = _read(folder, b"x,y\n" + body)
    assert [cells[0] for _, cells in found] == rows
    assert {row: reason for row, reason, _ in refused} == {
        row: reason
        + (" or the end of the line" if reason.endswith("expected ','") else "")
        + ("; expected lines that end in a line feed" if "lone" in reason else "")
        for row, reason in rejects.items()
    }


def test_a_quote_that_never_closes_takes_only_its_line_however_much_follows(folder):
    lines = b"".join(b"%d,x\n" % number for number in range(2000))
    rows, rejects = _read(folder, b'x,y\n0,"x\n' + lines, limits=Limits(256, 1024))
    assert len(rows) == 2000
    assert rejects == [(1, "a quote opens and does not close in the longest record that can be read", '0,"x')]


def test_a_line_that_is_too_long_is_rejected_and_the_next_one_read(folder):
    body = b"1,2\n3," + b"x" * 5000 + b"\n5,6\n"
    rows, rejects = _read(folder, b"x,y\n" + body, limits=Limits(64, 1024))
    assert [cells[0] for _, cells in rows] == ["1", "5"]
    assert [(row, reason) for row, reason, _ in rejects] == [(2, "is a line of 5,003 bytes; at most 1,024 can be read")]


def test_a_field_of_five_megabytes_is_read(folder):
    cell = "x" * 5_000_000
    rows, rejects = _read(folder, f'x,y\n1,{cell}\n2,"{cell}"\n'.encode(), limits=Limits(1 << 16, 64 << 20))
    assert [len(cells[1]) for _, cells in rows] == [5_000_000, 5_000_000]
    assert not rejects


def test_long_content_of_a_reject_is_cut_and_its_size_said(folder):
    _, rejects = _read(folder, b"x,y\n" + b"a" * 9000 + b"\n")
    assert rejects[0][2] == "a" * 2000 + "… (9,001 bytes in all)"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty; expected the column names in the first line."),
        (b"\n\n", "is empty; expected the column names in the first line."),
        (b"\xff\xfex\x00,\x00", "is not in UTF-8 but looks like UTF-16; add --encoding utf-16, or save it as UTF-8."),
        (
            b"x\x00,\x00y\x00\n\x00",
            "is not in UTF-8 but looks like UTF-16; add --encoding utf-16, or save it as UTF-8.",
        ),
        (
            "x;y\r\né;1\r\nü;2\r\n".encode("utf-16"),
            "is not in UTF-8 but looks like UTF-16; add --encoding utf-16, or save it as UTF-8.",
        ),
        ("x,y\n".encode("utf-32"), "looks like UTF-32; add --encoding utf-32, or save it as UTF-8."),
        (b"\x1f\x8b\x08\x00", "is compressed (gzip); unpack it first."),
        (b"PAR1\x15\x04\x15", "is a Parquet file; add --input-format parquet."),
        (b"PK\x03\x04\x14" + b"\x00" * 25 + b"[Content_Types].xml", "is a workbook; add --input-format xlsx."),
        (b"PK\x03\x04\x14" + b"\x00" * 25 + b"teams.csv", "is compressed (zip); unpack it first."),
        (b"%PDF-1.7\n", "is a PDF document; save its table as CSV."),
        (b'[{"team": "a"}]', "looks like JSON; add --input-format jsonl."),
        (b"Teams\n\nteam,needs\na,fax\n", "the first line has no column names, a later one has; add --skip-lines 2."),
        (b"BZh91AY&SY\x00", "is compressed (bzip2); unpack it first."),
        (
            b"x,y\r1,2\n3,4\n",  # the row 1,2 would be part of the header
            "the first line: it contains a lone carriage return outside quotes; expected the column names.",
        ),
        (b"x;y\n1;2\n", "has one column, 'x;y'; try --separator ';'."),
        (b"x\ty\n1\t2\n", "has one column, 'x\ty'; try --separator tab."),
        (b"x,y,x\n", "has more than one column 'x'; rename all but one."),
        (b",,\n", "no column has a name; expected the column names in the first line."),
        (b"x,y\r1,2\r", "its lines end in a carriage return alone; save the file with line feeds."),
        (
            b"x,\xff\n",
            "the column names are not UTF-8; add --encoding cp1252 (Windows), or the file's own encoding.",
        ),
        (
            b'x,"y\n1,2\n',
            "the first line: a quote opens in cell 2 and never closes; expected the column names.",
        ),
    ],
)
def test_a_first_line_that_cannot_serve_is_an_error(folder, content, sentence):
    with pytest.raises(BatchError) as caught:
        _read(folder, content)
    assert str(caught.value).endswith(sentence)


def test_blanks_around_column_names_do_not_count(folder):
    path = folder / "teams.csv"
    path.write_bytes(b"\xef\xbb\xbf\xef\xbb\xbf team , needs\r\n")
    (source,) = find_input_files((str(path),))
    with Stream(source) as stream:
        assert read_header(stream, b",", Limits()).names == ("team", "needs")


def test_a_cell_with_the_name_of_a_column_does_not_make_the_first_line_a_title(folder):
    path = folder / "teams.csv"
    path.write_bytes(b"team,fax,notes\na,must,needs\n")
    (source,) = find_input_files((str(path),))
    with Stream(source) as stream:
        assert read_header(stream, b",", Limits()).names == ("team", "fax", "notes")
