"""Spark: the same rows as from one machine, also when a worker dies in the midst of it.

All tests share one session on two executors, which takes half a minute to come up.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time
import warnings
from importlib.util import find_spec
from pathlib import Path

import boto3
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drawn import teams_of
from moto import server as moto
from watched import WatchedKnowledge, held, loads

from provider_advisor import load, score_spark
from provider_advisor.batch.interruption import Interrupted
from provider_advisor.batch.kernel.scorer import Scorer
from provider_advisor.batch.local_run import Plan, run
from provider_advisor.batch.pipeline import BlockScorer, ScoringOptions
from provider_advisor.batch.reading import Limits, ReadingOptions, open_inputs
from provider_advisor.batch.spark.driver import run_on_spark
from provider_advisor.errors import BatchError
from provider_advisor.knowledge import Facts

DAY = dt.date(2024, 6, 1)
_SCORING = ScoringOptions(DAY, reasons=True)
ROWS, PARTS = 700, 6  # a few batches a part, and a few parts a file
_READING = ReadingOptions()
_SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

pytestmark = [
    pytest.mark.skipif(find_spec("pyspark") is None, reason="pyspark is not installed: pip install '.[spark]'"),
    pytest.mark.skipif(not shutil.which("java"), reason="Spark needs Java: apt install openjdk-17-jre-headless"),
    # pyspark leaves the sockets of each collect() to the garbage collector, and calls what is deprecated.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pyspark"),
]


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    """A session on two executors of one core each, in processes of their own."""
    sql = pytest.importorskip("pyspark.sql")
    home = _spark_home(tmp_path_factory.mktemp("spark-home"))
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.default.parallelism": str(PARTS),
        "spark.executor.memory": "512m",
        "spark.driver.extraJavaOptions": _SHORT_LIVED,
        "spark.executor.extraJavaOptions": _SHORT_LIVED,
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.executorEnv.PYTHONPATH": str(Path(__file__).parent),
        "spark.python.daemon.module": "worker_daemon",
        "spark.executorEnv.POLARS_MAX_THREADS": "1",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "40",
        "spark.log.level": "OFF",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_HOME", str(home))
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        builder = sql.SparkSession.builder.master("local-cluster[2,1,1024]").appName("tests")
        for name, value in settings.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        yield session
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            session.stop()
            gc.collect()


def _spark_home(home):
    """The installed Spark under another name: a cluster on one machine writes logs beside its programs.

    Without its archives of Python, which each worker would compile, and look through again for each share: workers
    import the same modules as this process.
    """
    for path in Path(find_spec("pyspark").origin).parent.iterdir():
        if path.name not in {"work", "python"}:
            (home / path.name).symlink_to(path)
    return home


def _frame(spark, table):
    types = pytest.importorskip("pyspark.sql.pandas.types")
    rows = [tuple(row.values()) for row in table.to_pylist()]
    return spark.createDataFrame(rows, types.from_arrow_schema(table.schema))


def _expected(table, knowledge, **options):
    """The rows of the one machine in the words of Spark: underscores in our names, and `error`."""
    scored = Scorer(Facts(knowledge, DAY), **options).score(table)
    names = {name: name if name in table.schema.names else name.replace(".", "_") for name in scored.batch.schema.names}
    found = iter(scored.batch.to_pylist())
    for place, row in enumerate(table.to_pylist()):
        answer = row if place in scored.errors else next(found)
        yield {new: answer.get(old) for old, new in names.items()} | {"error": scored.errors.get(place)}


@contextlib.contextmanager
def _killing(folder, victim):
    """While the block runs, wait until a worker is in the midst of its work, kill it or its executor, free the rest."""
    (folder / "hold").touch()
    killed = []

    def kill():
        _wait_for(lambda: held(folder))
        for worker in held(folder)[:1]:
            killed.append(worker if victim == "python worker" else _parent(_parent(worker)))
            os.kill(killed[0], signal.SIGKILL)
        (folder / "hold").unlink()

    thread = threading.Thread(target=kill)
    thread.start()
    yield killed
    thread.join()


def _wait_for(condition):
    for _ in range(3_000):
        if condition():
            return
        time.sleep(0.02)


def _parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_every_row_is_what_one_machine_says(spark, bicycles):
    for knowledge, rows, options in ((bicycles, ROWS, {"reasons": True}), (load(), ROWS // 4, {})):
        table = teams_of(knowledge, rows)
        found = score_spark(_frame(spark, table), knowledge, as_of=DAY, **options)
        assert [row.asDict() for row in found.collect()] == list(_expected(table, knowledge, **options))


def test_the_knowledge_base_is_loaded_once_a_worker_not_once_a_batch(spark, bicycles, tmp_path):
    table = teams_of(bicycles, ROWS)
    watched = WatchedKnowledge.of(bicycles, tmp_path)
    found = score_spark(_frame(spark, table), watched, as_of=DAY)
    for _ in range(2):
        assert found.count() == ROWS
    assert 1 <= len(loads(tmp_path)) <= 4
    assert set(loads(tmp_path).values()) == {1}


@pytest.mark.parametrize("victim", ["python worker", "executor"])
def test_nothing_is_lost_when_a_worker_is_killed_in_mid_run(spark, bicycles, tmp_path, victim):
    table = teams_of(bicycles, ROWS)
    frame = _frame(spark, table)
    with _killing(tmp_path, victim) as killed:
        found = score_spark(frame, WatchedKnowledge.of(bicycles, tmp_path), as_of=DAY).collect()
    assert killed
    assert not Path(f"/proc/{killed[0]}/exe").exists()
    assert [row.asDict() for row in found] == list(_expected(table, bicycles))


def test_columns_with_dots_are_read_and_the_answers_need_no_backticks(spark, bicycles):
    frame = spark.createDataFrame(
        [("a", "repairs", "racer", 3.0)], "team string, needs string, `situation.skill` string, `my.note` double"
    )
    found = score_spark(frame, bicycles, as_of=DAY)
    assert found.columns[:3] == ["team", "verdict", "strength"]
    assert found.columns[-2:] == ["my.note", "error"]
    assert (
        found.select("velo_standing", "`my.note`").schema.simpleString()
        == "struct<velo_standing:string,my.note:double>"
    )


def test_what_cannot_be_read_is_said_before_spark_works(spark, bicycles):
    for schema, told in (
        ("team string", "no column 'needs'"),
        ("needs string, `situation.mood` string", "unknown column 'situation.mood'"),
        ("needs string, Verdict string", "the result would have two columns called 'Verdict'"),
        ("needs string, velo_standing string", "the result would have two columns called 'velo_standing'"),
        ("needs string, error string", "the column 'error'"),
        (
            "needs string, span interval month",
            "the column 'span' contains interval month, which Arrow does not know",
        ),
    ):
        with pytest.raises(BatchError, match=told):
            score_spark(spark.createDataFrame([], schema), bicycles)


def _written(folder, form, bicycles):
    """Random teams as files of a form, the text ones with records that cannot be read."""
    table = teams_of(bicycles, ROWS)
    frame = pl.from_arrow(table)
    paths = [folder / f"{name}.{form}" for name in ("first", "second")]
    halves = [frame[: ROWS // 3], frame[ROWS // 3 :]]
    for path, half in zip(paths, halves, strict=True):
        if form == "parquet":
            pq.write_table(half.to_arrow(), path, row_group_size=70)
        elif form == "csv":
            _spoilt_csv(half.write_csv(), path)
        else:
            path.write_bytes(_lines(half))
    return paths


def _spoilt_csv(text, path):
    """Windows line ends, a byte-order mark, and in the midst a short row, a long one, bad UTF-8 and a lost quote."""
    bad = b'short\nlong,long,"a"' + b",x" * 30 + b'\nbad\xff\xfe,1,2\nteam,"never closed\n'
    records = text.encode().splitlines(keepends=True)
    header, rest = records[0], b"".join(records[1:])
    middle = rest.index(b"\nteam-", len(rest) // 2) + 1
    spoilt = header + rest[:middle] + bad + rest[middle:]
    path.write_bytes(b"\xef\xbb\xbf" + spoilt.replace(b"\n", b"\r\n"))


def _lines(frame):
    rows = []
    for row in frame.to_dicts():
        stated = {name: row[name].split(",") for name in ("needs", "wants") if row[name]}
        rows.append(json.dumps({"team": row["team"], "as_of": "2023-01-01", **stated, "place": row["place"]}))
    return "\n".join([*rows[:50], "{}", "no json", '{"team": 3}', *rows[50:]]).encode()


def _nothing(seen):
    """See it and do nothing."""


def _on_one_machine(paths, output, knowledge, limits, *, reasons=True, reading=_READING):
    inputs = open_inputs(tuple(map(str, paths)), knowledge, reading._replace(limits=limits))
    form = output.suffix[1:]
    scoring = BlockScorer(knowledge, inputs.schema, form, ScoringOptions(DAY, inputs.is_dated, reasons=reasons))
    return run(inputs, scoring, Plan(output, form, threads=1), _nothing, _nothing)


def _rows(output, form):
    parts = sorted(output.glob("part-*")) if output.is_dir() else [output]
    if form == "parquet":
        return pl.concat([pl.read_parquet(part) for part in parts]).to_dicts()
    if form == "csv":
        texts = [part.read_text().partition("\n") for part in parts]
        assert len({head for head, _, _ in texts}) == 1
        return "".join(rest for _, _, rest in texts)
    return "".join(part.read_text() for part in parts)


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize(("form", "to"), [("csv", "parquet"), ("jsonl", "csv"), ("parquet", "jsonl")])
def test_files_are_read_scored_and_rejected_as_on_one_machine(bicycles, tmp_path, form, to):
    paths, limits = _written(tmp_path, form, bicycles), Limits(block=14_000)
    one, many = tmp_path / f"one.{to}", tmp_path / f"many.{to}"
    expected = _on_one_machine(paths, one, bicycles, limits)
    found = run_on_spark(tuple(map(str, paths)), str(many), bicycles, _SCORING, reading=ReadingOptions(limits=limits))
    assert _rows(many, to) == _rows(one, to)
    assert found.rejects.read_bytes() == expected.rejects.read_bytes()
    assert (found.scored, found.rejected, found.tally) == (expected.scored, expected.rejected, expected.tally)
    assert len(list(many.glob("part-*"))) > 3
    assert (many / "_SUCCESS").exists()
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


@pytest.fixture
def bucket():
    """A function from a name and a file to the URL of an object of its bytes, in a store on this machine."""
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    place = "{}:{}".format(*server.get_host_and_port())
    login = {"aws_access_key_id": "key", "aws_secret_access_key": "topsecret", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=f"http://{place}", **login)
    client.create_bucket(Bucket="teams")

    def put(name, path):
        client.put_object(Bucket="teams", Key=name, Body=path.read_bytes())
        return f"s3://key:topsecret@teams/{name}?endpoint_override={place}&scheme=http&region=us-east-1"

    yield put
    server.stop()


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_workers_read_objects_of_a_store_without_more_than_spark(bicycles, tmp_path, bucket, form):
    paths, limits = _written(tmp_path, form, bicycles), Limits(block=14_000)
    urls = tuple(bucket(path.name, path) for path in paths)
    one, many = tmp_path / "one.csv", tmp_path / "many.csv"
    expected = _on_one_machine(urls, one, bicycles, limits)
    found = run_on_spark(urls, str(many), bicycles, _SCORING, reading=ReadingOptions(limits=limits))
    assert _rows(many, "csv") == _rows(one, "csv")
    assert found.rejects.read_bytes() == expected.rejects.read_bytes()
    assert b"topsecret" not in found.rejects.read_bytes()
    assert found.tally == expected.tally
    assert len(list(many.glob("part-*"))) > 3


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_unknown_words_are_listed_and_named_as_on_one_machine(bicycles, tmp_path, form):
    """With as many of each word in each share as it happens: the counts of all shares come to those of the whole."""
    words = ["repairs", "sauna", "night shift", "reparis", "rental", "tea", "loan bikes", "@de", "bikes-in-stock>=x"]
    rows = [{"team": f"team-{n}", "needs": [words[n * n % 9], words[n % 7]], "note": "x" * 50} for n in range(ROWS)]
    path, limits = tmp_path / f"teams.{form}", Limits(block=3_500)
    if form == "jsonl":
        path.write_text("".join(json.dumps({name: row[name] for name in ("team", "needs")}) + "\n" for row in rows))
    else:
        frame = pl.DataFrame(rows).with_columns(pl.col("needs").list.join(","))
        frame.write_csv(path) if form == "csv" else frame.write_parquet(path, row_group_size=35)
    one, many, reading = tmp_path / "one.jsonl", tmp_path / "many.jsonl", ReadingOptions(unlist=True)
    expected = _on_one_machine([path], one, bicycles, limits, reading=reading)
    found = run_on_spark((str(path),), str(many), bicycles, _SCORING, reading=reading._replace(limits=limits))
    assert len(list(many.glob("part-*"))) > 3
    assert _rows(many, "jsonl") == _rows(one, "jsonl")
    assert (found.scored, found.rejected, found.tally) == (expected.scored, expected.rejected, expected.tally)
    assert found.rejects.read_bytes() == expected.rejects.read_bytes()
    said = list(found.unknown.describe())
    assert said == list(expected.unknown.describe())
    assert len(said) > 4
    assert "sauna" in said[1] + said[2]


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("victim", ["python worker", "executor"])
def test_files_are_complete_when_a_worker_is_killed_in_mid_run(bicycles, tmp_path, victim):
    paths, limits = _written(tmp_path, "csv", bicycles), Limits(block=14_000)
    one, many, traces = tmp_path / "one.parquet", tmp_path / "many.parquet", tmp_path / "traces"
    traces.mkdir()
    expected = _on_one_machine(paths, one, bicycles, limits)
    watched = WatchedKnowledge.of(bicycles, traces)
    with _killing(traces, victim) as killed:
        found = run_on_spark(
            tuple(map(str, paths)), str(many), watched, _SCORING, reading=ReadingOptions(limits=limits)
        )
    assert killed
    assert _rows(many, "parquet") == _rows(one, "parquet")
    assert found.rejects.read_bytes() == expected.rejects.read_bytes()
    assert found.tally == expected.tally
    assert len(list(many.iterdir())) == len(list(many.glob("part-*"))) + len(["_SUCCESS", "_recommend-<digest>"])
    assert set(loads(traces).values()) == {1}


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing_behind(bicycles, tmp_path, number):
    traces = tmp_path / "traces"
    traces.mkdir()
    (traces / "hold").touch()
    paths = _written(tmp_path, "csv", bicycles)

    def interrupt():
        _wait_for(lambda: held(traces))
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=interrupt)
    thread.start()
    watched = WatchedKnowledge.of(bicycles, traces, 0)
    with pytest.raises(Interrupted, match=r"interrupted; .*many\.csv was not written\.") as told:
        run_on_spark(tuple(map(str, paths)), str(tmp_path / "many.csv"), watched)
    (traces / "hold").unlink()
    thread.join()
    assert told.value.number == number
    assert not [path for path in tmp_path.iterdir() if "many" in path.name]


def test_a_folder_of_parts_can_be_read_by_spark_and_replaced_by_a_later_run(spark, bicycles, tmp_path):
    (tmp_path / "teams.csv").write_text("team,needs\na,repairs\nb,no-such-thing\n")
    output = tmp_path / "scores.parquet"
    for _ in range(2):
        found = run_on_spark((str(tmp_path / "teams.csv"),), str(output), bicycles, ScoringOptions(DAY))
        assert (found.scored, found.rejected) == (1, 1)
        assert [row.team for row in spark.read.parquet(str(output)).collect()] == ["a"]
    (tmp_path / "teams.csv").write_text("team,needs\n")
    found = run_on_spark((str(tmp_path / "teams.csv"),), str(output), bicycles, ScoringOptions(DAY))
    assert (found.scored, found.rejected, found.rejects) == (0, 0, None)
    assert pl.read_parquet(output / "part-00000.parquet").columns[:2] == ["team", "verdict"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scores.parquet", "teams.csv"]


@pytest.mark.usefixtures("spark")
def test_an_input_that_workers_cannot_read_ends_in_one_sentence(bicycles, tmp_path):
    path, output = tmp_path / "teams.parquet", tmp_path / "scores.csv"
    pq.write_table(pa.Table.from_batches([teams_of(bicycles, 500)]), path, row_group_size=100)
    whole = path.read_bytes()
    path.write_bytes(whole[:200] + b"\xff" * 4_000 + whole[4_200:])
    with pytest.raises(BatchError, match=r"teams\.parquet cannot be read to the end: it is damaged") as told:
        run_on_spark((str(path),), str(output), bicycles, ScoringOptions(DAY))
    assert "\n" not in str(told.value)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["teams.parquet"]


_ALONE = """
import os, pickle, sys
from pathlib import Path
from provider_advisor.batch.spark.driver import run_on_spark
from provider_advisor.errors import BatchError
watched = pickle.loads(Path("watched").read_bytes())
watched.__dict__["home"] = os.getpid()
try:
    found = run_on_spark(("first.csv",), "many.csv", watched, master="local[1]")
    print(found.scored, found.rejected)
except BatchError as error:
    print(error)
"""


@contextlib.contextmanager
def _alone(folder, bicycles, environment):
    """A run in a process of its own, held in mid-work; the block decides what becomes of it."""
    _written(folder, "csv", bicycles)
    (folder / "watched").write_bytes(pickle.dumps(WatchedKnowledge.of(bicycles, folder / "traces", 5)))
    (folder / "traces").mkdir()
    (folder / "traces" / "hold").touch()
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", _ALONE], cwd=folder, env=environment, **pipes) as process:
        _wait_for(lambda: held(folder / "traces") or process.poll() is not None)
        assert process.poll() is None, process.communicate()
        yield process, held(folder / "traces")[0]


@pytest.fixture
def environment():
    """That of a process which starts Spark by itself."""
    apart = {name: text for name, text in os.environ.items() if not name.startswith(("SPARK", "PYSPARK"))}
    return {**apart, "PYTHONPATH": str(Path(__file__).parent), "SPARK_LOCAL_IP": "127.0.0.1"}


def test_a_session_of_its_own_goes_on_when_a_worker_is_killed_and_says_nothing(bicycles, tmp_path, environment):
    with _alone(tmp_path, bicycles, environment) as (process, worker):
        os.kill(worker, signal.SIGKILL)
        (tmp_path / "traces" / "hold").unlink()
        out, err = process.communicate()
    one = tmp_path / "one.csv"
    expected = _on_one_machine([tmp_path / "first.csv"], one, bicycles, Limits(), reasons=False)
    assert (out, err) == (f"{expected.scored} {expected.rejected}\n", "")
    assert _rows(tmp_path / "many.csv", "csv") == _rows(one, "csv")
