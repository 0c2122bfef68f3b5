"""What a run on Spark refuses and how it cuts its inputs, without any Spark."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import threading
from itertools import pairwise
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drawn import teams_of
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import csv

from provider_advisor.batch.blocks import Position
from provider_advisor.batch.pipeline import ScoringOptions
from provider_advisor.batch.reading import Limits, ReadingOptions, open_inputs
from provider_advisor.batch.spark import driver, session, worker
from provider_advisor.batch.spark.driver import count_unknown, place_rows, run_on_spark, stage_folder
from provider_advisor.batch.spark.session import pack_knowledge
from provider_advisor.batch.spark.worker import REJECTS, ROWS, WORDS, Job, do_shares, read_report, split_inputs
from provider_advisor.batch.writing.output_paths import OutputPlace
from provider_advisor.batch.writing.part_folder import finish_part_folder
from provider_advisor.errors import BatchError, BatchFailure
from provider_advisor.requirements.unlisted import UnknownWords, WordCounts

DAY = dt.date(2024, 6, 1)


@pytest.fixture
def teams_csv(tmp_path):
    """A small input."""
    path = tmp_path / "teams.csv"
    path.write_text("team,needs\na,repairs\nb,no-such-thing\n")
    return path


def _refused(told, names, output, knowledge, **options):
    with pytest.raises(BatchError, match=told) as error:
        run_on_spark(tuple(map(str, names)), str(output), knowledge, master="local[1]", **options)
    assert "\n" not in str(error.value)


def test_what_cannot_be_written_is_refused_before_spark_starts(bicycles, tmp_path, teams_csv, monkeypatch):
    monkeypatch.setattr(session, "_start_session", None)
    (tmp_path / "file.csv").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine.csv").write_text("team,needs\na,repairs\n")
    (tmp_path / "done").mkdir()
    (tmp_path / "done" / "part-00000.csv").write_text("team,needs\na,repairs\n")
    finish_part_folder(tmp_path / "done")
    (tmp_path / "foreign").mkdir()
    for name in ("_SUCCESS", "part-00000.csv"):
        (tmp_path / "foreign" / name).write_text("mine")
    csv = {"output_format": "csv"}
    _refused("is a file, and a folder of parts was asked for", [teams_csv], tmp_path / "file.csv", bicycles)
    _refused("is a folder that recommend did not create", [teams_csv], tmp_path / "folder", bicycles, **csv)
    _refused("is a folder that recommend did not create", [teams_csv], tmp_path / "foreign", bicycles, **csv)
    inside = tmp_path / "done" / "rejects.csv"
    _refused("is in the output", [teams_csv], tmp_path / "done", bicycles, rejects=inside, **csv)
    _refused("does not exist; create it first", [teams_csv], tmp_path / "none" / "out.csv", bicycles)
    _refused(
        r"part-00000\.csv is in the output", [tmp_path / "done" / "part-00000.csv"], tmp_path / "done", bicycles, **csv
    )
    _refused("cannot tell the format", [teams_csv], tmp_path / "scores", bicycles)
    _refused("read the table with Spark, and call score_spark", ["hdfs://h/t.csv"], tmp_path / "out.csv", bicycles)
    _refused("download it to a folder that all can see", ["https://h/t.csv"], tmp_path / "out.csv", bicycles)
    for name in ("s3a://bucket/out.csv", "s3://bucket/out.csv"):
        _refused(f"{name}: Spark writes to a folder .* give one, and copy it to the store", [teams_csv], name, bicycles)
    _refused("is an input", [teams_csv], tmp_path / "out.csv", bicycles, rejects=teams_csv)
    _refused(
        "the summary",
        [teams_csv],
        tmp_path / "out.csv",
        bicycles,
        others=[OutputPlace("the summary (--summary)", tmp_path)],
    )
    _refused("not standard input", ["-"], tmp_path / "out.csv", bicycles, reading=ReadingOptions("csv"))
    _refused("not standard input", [teams_csv], "-", bicycles, **csv)
    _refused(r"nothing\.csv does not exist; check the path", [tmp_path / "nothing.csv"], tmp_path / "out.csv", bicycles)
    assert (tmp_path / "file.csv").read_text() == (tmp_path / "foreign" / "part-00000.csv").read_text() == "mine"


def test_without_spark_or_java_the_next_step_is_said(bicycles, tmp_path, teams_csv, monkeypatch):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(session.shutil, "which", lambda _: None)
    monkeypatch.setattr(driver, "find_active_session", lambda: None)
    _refused("install a Java runtime", [teams_csv], tmp_path / "out.csv", bicycles)
    monkeypatch.undo()
    monkeypatch.setattr(session.importlib.util, "find_spec", lambda _: None)
    _refused(r"pip install 'provider-advisor\[spark\]'", [teams_csv], tmp_path / "out.csv", bicycles)
    assert list(tmp_path.iterdir()) == [teams_csv]


@pytest.mark.parametrize(
    ("given", "used"),
    [("local", "local[1,4]"), ("local[*]", "local[*,4]"), ("local[3,7]", "local[3,7]"), ("k8s://x", "k8s://x")],
)
def test_a_local_master_gets_several_attempts_too(given, used):
    assert session.add_retries(given) == used


@pytest.mark.parametrize("given", ["", "nonsense", "local[x]", "http://host"])
def test_what_is_no_master_is_refused(given):
    with pytest.raises(BatchError, match="is not a Spark master; expected one such as local"):
        session.add_retries(given)


def _files(folder, knowledge, form):
    table = pa.Table.from_batches([teams_of(knowledge, 400)])
    paths = []
    for number, start in enumerate((0, 100, 100)):
        path = folder / f"{number}.{form}"
        part = table.slice(start, 300 if number == 2 else 100 * (1 - number))
        if form == "parquet":
            pq.write_table(part, path, row_group_size=70)
        else:
            csv.write_csv(part, path)
        paths.append(str(path))
    return tuple(paths)


@pytest.fixture(scope="module")
def opened(bicycles, tmp_path_factory):
    """Three inputs of a form, the second without rows."""
    folder = tmp_path_factory.mktemp("inputs")
    return {
        form: open_inputs(_files(folder, bicycles, form), bicycles, ReadingOptions(form, limits=Limits(block=3_000)))
        for form in ("csv", "parquet")
    }


@given(form=st.sampled_from(["csv", "parquet"]), size=st.integers(0, 100_000))
def test_splits_cover_all_records_once_and_in_order(opened, form, size):
    inputs = opened[form]
    splits = split_inputs(inputs, size, threading.Event())
    assert splits[0].start == Position()
    assert splits[-1].end is None
    assert all(one.end == other.start for one, other in pairwise(splits))
    teams = []
    for split in splits:
        for piece in inputs.pieces(split.start):
            block = piece.parse()
            teams += block.rows["team"].to_pylist()
            if split.end and (block.end.file, block.end.offset) >= (split.end.file, split.end.offset):
                assert (block.end.file, block.end.offset) == (split.end.file, split.end.offset)
                break
    assert teams == [f"team-{number}" for number in range(400)]


def test_large_splits_are_few_and_small_ones_are_many(opened):
    for inputs in opened.values():
        assert len(split_inputs(inputs, inputs.size + 1, threading.Event())) == 1
        assert len(split_inputs(inputs, 0, threading.Event())) > 5


def _job(bicycles, path, folder, **changes):
    inputs = open_inputs((str(path),), bicycles)
    options = ScoringOptions(DAY)
    for name in (ROWS, REJECTS, WORDS, "begun"):
        (folder / name).mkdir(parents=True)
    parts = ("1", pack_knowledge(bicycles), inputs.sources, ReadingOptions("csv"), "csv", options, str(folder))
    return Job(*parts, split_inputs(inputs, 0, threading.Event()))._replace(**changes)


def _numbers(*numbers):
    return iter([pa.RecordBatch.from_pydict({"id": pa.array(numbers, pa.int64())})])


def test_a_worker_that_sees_another_file_says_so(bicycles, tmp_path, teams_csv):
    job = _job(bicycles, teams_csv, tmp_path / "folder")
    teams_csv.write_text("team,needs\nc,repairs\n")
    job = job._replace(id="other file")
    (said,) = (batch.to_pylist() for batch in do_shares(job, _numbers(0), attempt=0))
    assert "is not the same file for a worker" in said[0]["report"]


def test_a_worker_tries_again_before_it_says_that_it_cannot_write(bicycles, tmp_path, teams_csv):
    job = _job(bicycles, teams_csv, tmp_path / "folder", id="cannot write")
    shutil.rmtree(tmp_path / "folder")
    for attempt in (0, 1):
        with pytest.raises(OSError, match="No such file"):
            list(do_shares(job, _numbers(0), attempt))
    (said,) = (batch.to_pylist() for batch in do_shares(job, _numbers(0), attempt=2))
    assert "cannot be written by a worker (No such file or directory)" in said[0]["report"]


def test_two_attempts_at_one_share_leave_one_part(bicycles, tmp_path, teams_csv):
    folder = tmp_path / "folder"
    job = _job(bicycles, teams_csv, folder, id="twice")
    first, second = (next(do_shares(job, _numbers(0), attempt)).to_pylist() for attempt in (0, 1))
    assert first == second
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*")) == [
        "rejects/part-00000.csv",
        "rows/part-00000.csv",
    ]
    assert not list((folder / "begun").iterdir())


def test_unknown_words_of_an_attempt_that_failed_are_not_counted(bicycles, tmp_path, teams_csv, monkeypatch):
    teams_csv.write_text("team,needs\na,repairs\nb,sauna\nc,sauna\nd,tea\n")
    job = _job(bicycles, teams_csv, tmp_path / "folder", id="words", reading=ReadingOptions(unlist=True))

    def write_nothing(frames, *_):
        assert len(list(frames)) == 1
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(worker, "write_frames", write_nothing)
        with pytest.raises(OSError, match="No space left"):
            list(do_shares(job, _numbers(0), attempt=0))
    (said,) = (batch.to_pylist() for batch in do_shares(job, _numbers(0), attempt=1))
    assert read_report(said[0]["report"]).scored == 4
    unknown = UnknownWords(bicycles)
    count_unknown(1, tmp_path / "folder", unknown)
    count_unknown(1, tmp_path / "folder", None)
    assert unknown.take_counts() == WordCounts({"sauna": 2, "tea": 1})
    (tmp_path / "folder" / WORDS / "part-00000.jsonl").unlink()
    with pytest.raises(BatchFailure, match=r"folder cannot be read \(No such file or directory\)"):
        count_unknown(1, tmp_path / "folder", unknown)


def test_only_one_run_writes_an_output_at_a_time(tmp_path):
    output = tmp_path / "out.csv"
    with stage_folder(output) as folder:
        assert folder.parent == tmp_path
        with pytest.raises(BatchError, match="another run is writing"), stage_folder(output):
            pass
    assert not list(tmp_path.iterdir())


def test_what_a_killed_run_left_behind_goes_with_the_next(tmp_path):
    output = tmp_path / "out.csv"
    with contextlib.suppress(KeyboardInterrupt), stage_folder(output) as folder:
        (folder / ROWS / "part-00007.csv").write_text("old")
        shutil.copytree(folder, tmp_path / "killed")
        raise KeyboardInterrupt
    (tmp_path / "killed").rename(tmp_path / ".out.csv.spark")
    with stage_folder(output) as folder:
        (folder / ROWS / "part-00000.csv").write_text("new")
        place_rows(folder, output)
    names = sorted(path.name for path in output.iterdir())
    assert [name.partition("-")[0] for name in names] == ["_SUCCESS", "_recommend", "part"]
    assert list(tmp_path.iterdir()) == [output]


@pytest.mark.parametrize("what", ["link", "folder", "file"])
def test_what_lies_where_workers_write_is_left_alone(bicycles, tmp_path, teams_csv, monkeypatch, what):
    monkeypatch.setattr(driver, "find_active_session", lambda: None)
    precious = tmp_path / "precious"
    (precious / ROWS).mkdir(parents=True)
    (precious / ROWS / "part-00000.csv").write_text("mine")
    hidden = tmp_path / ".out.csv.spark"
    if what == "link":
        hidden.symlink_to(precious)
    elif what == "folder":
        precious.rename(hidden)
    else:
        hidden.write_text("mine")
    _refused("which recommend did not create", [teams_csv], tmp_path / "out.csv", bicycles)
    if what == "file":
        assert hidden.read_text() == "mine"
    else:
        assert (hidden / ROWS / "part-00000.csv").read_text() == "mine"
    assert not (tmp_path / "out.csv").exists()


def test_a_folder_that_was_changed_since_the_run_began_is_not_replaced(tmp_path):
    output = tmp_path / "out.csv"
    with stage_folder(output) as folder:
        output.mkdir()
        (output / "mine.csv").write_text("mine")
        (folder / ROWS / "part-00000.csv").write_text("new")
        with pytest.raises(BatchFailure, match="it was changed meanwhile"):
            place_rows(folder, output)
    assert [path.name for path in output.iterdir()] == ["mine.csv"]
    assert list(tmp_path.iterdir()) == [output]


def test_an_input_that_changes_ends_the_run_and_leaves_the_old_output(bicycles, tmp_path, teams_csv, monkeypatch):
    output = tmp_path / "out.csv"
    output.mkdir()
    (output / "part-00000.csv").write_text("old")
    finish_part_folder(output)

    def changed(_session, _job):
        teams_csv.write_text("team,needs\n")
        return []

    @contextlib.contextmanager
    def session_of_one(_active, _master, *, bar):
        assert not bar
        yield SimpleNamespace(sparkContext=SimpleNamespace(defaultParallelism=1))

    monkeypatch.setattr(driver, "_collect_reports", changed)
    monkeypatch.setattr(driver, "open_session", session_of_one)
    monkeypatch.setattr(driver, "find_active_session", lambda: None)
    with pytest.raises(BatchFailure, match="was changed while it was being read"):
        run_on_spark((str(teams_csv),), str(output), bicycles)
    assert (output / "part-00000.csv").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "teams.csv"]
