"""Parts of the kernel, each beside the plain way to do the same."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from single import agrees

from provider_advisor import BatchError, load
from provider_advisor.batch.kernel.rounding import rounded_exactly
from provider_advisor.batch.kernel.scorer import Scorer
from provider_advisor.batch.kernel.tally import Tally
from provider_advisor.batch.kernel.texts import words_of
from provider_advisor.knowledge import facts_as_of
from provider_advisor.recommendation import recommend

DAY = dt.date(2022, 12, 31)


@pytest.fixture(scope="module")
def shipped():
    return facts_as_of(load(), DAY)


def table(**columns):
    return pa.RecordBatch.from_pydict({name.replace("__", "."): cells for name, cells in columns.items()})


@given(st.lists(st.one_of(st.floats(-1e16, 1e16), st.integers(-(10**15), 10**15).map(lambda n: n * 0.5e-9))))
def test_a_column_is_rounded_as_each_number_by_itself(numbers):
    assert rounded_exactly(np.array(numbers, float)).tolist() == [round(number, 9) for number in numbers]


_CELL = st.one_of(st.none(), st.text(alphabet="ab, é", max_size=8))


@given(cells=st.lists(_CELL, min_size=1), cut=st.integers(0, 3))
def test_cells_are_cut_at_their_commas(cells, cut):
    words = words_of(pa.array(["a,b"] * cut + cells, pa.string()).slice(cut))
    parts = [cell.split(",") if cell is not None and cell.strip() else [] for cell in cells]
    assert words.counts.tolist() == [len(part) for part in parts]
    assert [words.distinct[code] for code in words.codes] == [word for part in parts for word in part]


def test_bounds_between_the_same_facts_share_a_cell(shipped):
    scorer = Scorer(shipped)
    scorer.score(table(needs=[f"number-countries>={1000 + number}" for number in range(5000)]))
    assert len(scorer._memory.cells.known) < 10


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"team": ["a"]}, "there is neither a column 'needs' nor 'wants'; found 'team'."),
        (
            {"need": ["sms"]},
            "there is neither a column 'needs' nor 'wants'; found 'need'. For 'need': Did you mean 'needs'?",
        ),
        (
            {"needs": [1]},
            "the column 'needs' holds int64; expected texts of criteria joined by commas, or lists of them.",
        ),
        ({"needs": ["sms"], "situation__developer": ["none"]}, "the column 'situation.developer' is none that can be"),
        ({"needs": ["sms"], "usage__sms-outbound": [[1]]}, "holds list<"),
        (
            {"needs": ["sms"], "verdict": ["yes"]},
            "the column 'verdict' has the name of a column of the result; rename it.",
        ),
    ],
)
def test_columns_that_cannot_be_read_are_refused_in_a_sentence(shipped, columns, sentence):
    with pytest.raises(BatchError) as caught:
        Scorer(shipped).score(table(**columns))
    assert sentence in str(caught.value)


def test_a_column_of_ids_that_is_not_there_is_refused(shipped):
    with pytest.raises(BatchError, match="there is no column 'customer'; expected one of team, needs"):
        Scorer(shipped, id_column="customer").score(table(team=["a"], needs=["sms"]))


def test_columns_that_are_not_read_are_carried_untouched_and_the_id_comes_first(shipped):
    rows = pa.RecordBatch.from_pydict({"needs": ["sms", "odd"], "n": pa.array([7, 8], pa.uint8()), "id": ["x", "y"]})
    scored = Scorer(shipped, id_column="id").score(rows)
    assert scored.batch.schema.names[0] == "id"
    assert scored.batch.schema.names[-1] == "n"
    assert scored.batch.column("n").to_pylist() == [7]
    assert scored.batch.schema.field("n").type == pa.uint8()
    assert list(scored.errors) == [1]
    assert scored.batch.schema == Scorer(shipped, id_column="id").output_schema(rows.schema)


def test_everything_known_of_an_answer_is_the_single_record(shipped):
    rows = table(team=["a"], needs=["whiteboard,ucaas"], situation__developers=["none"])
    scored = Scorer(shipped, explain=True).score(rows)
    alone = recommend(shipped.knowledge, needs=["whiteboard", "ucaas"], situation={"developers": "none"}, as_of=DAY)
    assert json.loads(scored.batch.column("explain")[0].as_py()) == alone.record


def test_no_rows_are_no_answers(shipped):
    scored = Scorer(shipped, reasons=True).score(table(team=["a"], needs=["sms"]).slice(0, 0))
    assert (scored.batch.num_rows, scored.errors, scored.tally.teams) == (0, {}, 0)


def test_a_row_of_a_thousand_and_one_words_is_told_of_its_limit(shipped):
    rows = table(needs=[",".join(["sms"] * 1001), ",".join(["sms"] * 1000)])
    agrees(Scorer(shipped, reasons=True), pa.RecordBatch.from_pydict({**rows.to_pydict(), "team": ["a", "b"]}))


def test_costs_beyond_all_measure_are_those_of_a_single_answer(shipped):
    volumes = ["1000000000000", "999999999999.5", "0", "4740000", "1e11", ""]
    rows = pa.RecordBatch.from_pydict(
        {
            "team": [str(number) for number in range(len(volumes))],
            "needs": ["sms-api,monthly-cost<=100000"] * len(volumes),
            "wants": ["monthly-cost:could"] * len(volumes),
            "usage.sms-outbound": volumes,
            "usage.sms-inbound": list(reversed(volumes)),
            "usage.voice-inbound-minutes": volumes,
        }
    )
    agrees(Scorer(shipped, reasons=True), rows)


def test_tallies_add_up_and_come_back_from_json(shipped):
    rows = table(team=list("abc"), needs=["sms", "whiteboard,ucaas", "fax"], wants=[None, "sms", "mms"])
    scorer = Scorer(shipped)
    whole = scorer.score(rows).tally
    parts = scorer.score(rows.slice(0, 1)).tally + scorer.score(rows.slice(1)).tally
    assert parts == whole
    assert Tally.from_json(json.loads(json.dumps(whole.to_json()))) == whole
    assert whole.unmet[("twilio", "ucaas")] == 1
    assert whole.asked[("sms", "must")] == 1
    assert whole.asked[("sms", "wish")] == 1
