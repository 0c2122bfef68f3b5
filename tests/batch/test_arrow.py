"""Arrow batches for other engines: every row comes back, with the answer of the batch or with what is wrong."""

from __future__ import annotations

import multiprocessing
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pyarrow as pa
import pytest
from drawn import teams_of
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import bases, tables
from worlds import DAY

from provider_advisor import KnowledgeBase, load, score_arrow
from provider_advisor.batch import arrow
from provider_advisor.batch.arrow import arrow_schema
from provider_advisor.batch.kernel.scorer import Scorer
from provider_advisor.batch.spark.session import pack_knowledge
from provider_advisor.errors import BatchError
from provider_advisor.knowledge import Facts


def _expected(table, knowledge, **options):
    """The rows of the kernel, and where it scored none, nulls and the sentence."""
    scored = Scorer(Facts(knowledge, DAY), **options).score(table)
    found = iter(scored.batch.to_pylist())
    carried = [name for name in scored.batch.schema.names if name in table.schema.names]
    for place, row in enumerate(table.to_pylist()):
        if place in scored.errors:
            nothing = dict.fromkeys(scored.batch.schema.names) | {name: row[name] for name in carried}
            yield nothing | {"error": scored.errors[place]}
        else:
            yield next(found) | {"error": None}


def _holds(table, knowledge, **options):
    found = score_arrow(table, knowledge, as_of=DAY, **options)
    assert found.schema == arrow_schema(table.schema, knowledge, **options)
    assert found.to_pylist() == list(_expected(table, knowledge, **options))
    found.validate(full=True)
    return found


@settings(max_examples=40)
@given(data=st.data())
def test_every_row_comes_back_in_order_with_the_answer_of_the_kernel_or_its_sentence(data):
    knowledge = data.draw(bases())
    _holds(data.draw(tables(knowledge)), knowledge, reasons=data.draw(st.booleans()))


@pytest.mark.parametrize("options", [{}, {"reasons": True}, {"id_column": "place"}])
def test_thousands_of_teams_come_back(bicycles, options):
    for knowledge, rows in ((bicycles, 2_000), (load(), 600)):
        table = teams_of(knowledge, rows)
        found = _holds(table, knowledge, **options)
        assert table.num_rows > found["error"].null_count > rows / 2


def test_the_whole_answer_can_be_asked_for(bicycles):
    _holds(teams_of(bicycles, 30), bicycles, explain=True)


def test_an_empty_batch_has_the_columns_of_a_full_one(bicycles):
    table = teams_of(bicycles, 10)
    found = score_arrow(table.slice(0, 0), bicycles)
    assert found.num_rows == 0
    assert found.schema == score_arrow(table, bicycles).schema


def test_words_are_plain_strings_and_what_is_carried_too(bicycles):
    words = pa.array(["x", None, "x"]).dictionary_encode()
    lists = pa.ListArray.from_arrays(pa.array([0, 1, 1, 3]), words)
    structs = pa.StructArray.from_arrays([words], names=["inner"])
    table = pa.RecordBatch.from_pydict(
        {"needs": ["repairs", "no-such-thing", "repairs"], "words": words, "lists": lists, "structs": structs}
    )
    found = score_arrow(table, bicycles, reasons=True)
    assert not [field for field in found.schema if "dictionary" in str(field.type)]
    assert (
        found.select(["words", "lists", "structs"]).to_pylist()
        == table.select(["words", "lists", "structs"]).to_pylist()
    )


def test_a_slice_of_a_batch_is_scored_as_that(bicycles):
    table = teams_of(bicycles, 200)
    whole = score_arrow(table, bicycles).to_pylist()
    assert score_arrow(table.slice(50, 60), bicycles).to_pylist() == whole[50:110]


def test_columns_that_cannot_be_read_are_one_sentence(bicycles):
    for columns, told in (
        ({"nedes": ["repairs"]}, "no column 'needs'"),
        ({"needs": ["repairs"], "error": ["x"]}, "the column 'error' has the same name as a column of the result"),
        ({"needs": ["repairs"], "velo.standing": ["x"]}, "'velo.standing' has the same name"),
        ({"needs": [3]}, "contains int64"),
    ):
        with pytest.raises(BatchError, match=told):
            score_arrow(pa.RecordBatch.from_pydict(columns), bicycles)
        with pytest.raises(BatchError, match=told):
            arrow_schema(pa.RecordBatch.from_pydict(columns).schema, bicycles)
    with pytest.raises(BatchError, match="expected a pyarrow RecordBatch, not Table"):
        score_arrow(pa.table({"needs": ["repairs"]}), bicycles)


def test_the_day_and_the_age_of_claims_count(bicycles):
    table = teams_of(bicycles, 300)
    by_day = [score_arrow(table, bicycles, as_of=DAY.replace(year=year)).to_pylist() for year in (1990, 2024)]
    assert by_day[0] != by_day[1]
    assert score_arrow(table, bicycles, as_of=DAY, max_age=1).to_pylist() != by_day[1]


@pytest.fixture
def made(monkeypatch):
    """The scorers that are made from now on."""
    found = []
    monkeypatch.setattr(arrow, "_scorers", {})
    monkeypatch.setattr(arrow, "Scorer", lambda facts, **options: found.append(facts) or Scorer(facts, **options))
    return found


def test_a_scorer_is_made_once_for_equal_knowledge(bicycles, made):
    table = teams_of(bicycles, 20)
    for _ in range(3):
        score_arrow(table, pickle.loads(pickle.dumps(bicycles)), as_of=DAY)  # noqa: S301
    assert len(made) == 1
    score_arrow(table, bicycles, as_of=DAY, max_age=100)
    score_arrow(table, bicycles, as_of=DAY, reasons=True)
    assert len(made) == 3


def test_only_so_many_scorers_are_kept(bicycles, made):
    table = teams_of(bicycles, 5)
    for age in range(1, 40):
        score_arrow(table, bicycles, as_of=DAY, max_age=age)
    assert len(made) == 39
    assert len(arrow._scorers) <= 16


def test_threads_get_the_answers_of_one(bicycles):
    table = teams_of(bicycles, 1_000)
    parts = [table.slice(start, 50) for start in range(0, 1_000, 50)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda part: score_arrow(part, bicycles, as_of=DAY).to_pylist(), parts))
    assert [row for part in found for row in part] == score_arrow(table, bicycles, as_of=DAY).to_pylist()


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")  # that is what is tested
@pytest.mark.parametrize("way", ["fork", "spawn"])
def test_another_process_answers_the_same(bicycles, way):
    table = teams_of(bicycles, 50)
    expected = score_arrow(table, bicycles, as_of=DAY)
    with ProcessPoolExecutor(1, multiprocessing.get_context(way)) as pool:
        assert pool.submit(score_arrow, table, bicycles, as_of=DAY).result(60).equals(expected)


def test_a_parcel_is_unpacked_once_a_process(bicycles):
    parcel = pickle.loads(pickle.dumps(pack_knowledge(bicycles)))  # noqa: S301
    found = parcel.unpack()
    assert isinstance(found, KnowledgeBase)
    assert found == bicycles
    assert pack_knowledge(bicycles).unpack() is found


def test_the_package_is_imported_without_columns_and_without_spark():
    code = "import sys, provider_advisor; print({'pyarrow', 'polars', 'pyspark'} & sys.modules.keys())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"


def test_columns_for_arrow_are_imported_without_spark():
    code = "import sys; from provider_advisor import score_arrow, score_spark; print('pyspark' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"


def test_the_first_calls_of_a_process_may_come_from_many_threads_at_once():
    code = (
        "import threading\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "import pyarrow as pa\n"
        "from provider_advisor import load, score_arrow\n"
        "knowledge, table = load(), pa.RecordBatch.from_pydict({'team': ['a'], 'needs': ['fax']})\n"
        "together = threading.Barrier(8)\n"
        "def score(_):\n"
        "    together.wait()\n"
        "    return score_arrow(table, knowledge=knowledge)\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    first, *others = pool.map(score, range(8))\n"
        "print(all(one.equals(first) for one in others))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.stdout, found.stderr) == ("True\n", "")
