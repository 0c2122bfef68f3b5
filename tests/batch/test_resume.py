"""A run that was killed is resumed where it stood, and comes to the same output."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import polars as pl
import pytest

from provider_advisor.batch import local_run as written
from provider_advisor.batch.interruption import Interrupted, watch_signals
from provider_advisor.batch.reading import Limits
from provider_advisor.batch.writing import work_folder
from provider_advisor.batch.writing.work_folder import find_work_folder
from provider_advisor.errors import BatchError, BatchFailure

_SMALL = Limits(300, 100_000)
_KILLED = Path(__file__).with_name("killed.py")


@pytest.fixture(scope="module")
def run_killed():
    """A function from an input, an output and a moment to the status of a run, and how many moments there were."""
    command, pipe = [sys.executable, _KILLED], subprocess.PIPE
    alone = {**os.environ, "POLARS_MAX_THREADS": "1"}
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=alone) as process:

        def run_it(path, output, moment):
            process.stdin.write(json.dumps([str(path), str(output), moment]) + "\n")
            process.stdin.flush()
            return tuple(json.loads(process.stdout.readline()))

        yield run_it
        assert process.communicate()[1] == ""


@pytest.mark.parametrize(("form", "kills"), [("csv", 5), ("parquet", 2), ("", 4)])
def test_a_run_that_is_killed_at_any_moment_comes_to_the_same_output(  # noqa: PLR0917
    tmp_path, run_batch, run_killed, teams, csv_of, form, kills
):
    path, output, undisturbed = tmp_path / "teams.csv", tmp_path / "scores", tmp_path / "whole"
    if form:
        output, undisturbed = output.with_suffix(f".{form}"), undisturbed.with_suffix(f".{form}")
    path.write_bytes(csv_of(teams(100)))
    status, moments = run_killed(path, undisturbed, 0)
    assert status == 0
    rejects = (tmp_path / "whole.rejects.csv").read_bytes()
    for moment in _spread(moments, kills):
        assert run_killed(path, output, moment) == (-9, 0)
        assert not output.exists() or _same(output, undisturbed)
        run_batch(path, output, limits=_SMALL, part_rows=30, resume=True, about={}, is_folder=not form)
        assert _same(output, undisturbed)
        assert (tmp_path / "scores.rejects.csv").read_bytes() == rejects
        assert not find_work_folder(output).exists()
        (shutil.rmtree if output.is_dir() else Path.unlink)(output)


def _spread(moments: int, count: int) -> list[int]:
    """Some moments of all, most of them near the end, where files go to their places; RECOMMEND_EVERY_KILL: all."""
    if os.environ.get("RECOMMEND_EVERY_KILL"):
        return list(range(1, moments + 1))
    last = range(moments - 2 * (count // 2), moments + 1, 2)
    return sorted({*last, *range(3, moments, max(moments // (count - len(last) + 1), 1))})[-count:]


def _same(one: Path, other: Path) -> bool:
    if one.is_dir():
        names = [sorted(part.name for part in folder.iterdir() if part.suffix) for folder in (one, other)]
        return names[0] == names[1] and all(_same(one / name, other / name) for name in names[0])
    if one.suffix == ".parquet":
        return pl.read_parquet(one).equals(pl.read_parquet(other))
    return one.read_bytes() == other.read_bytes()


class _CrashError(Exception):
    pass


def _stopped_after(run_batch, path, output, rows, **plan):
    """A run that breaks down when so many rows are done, as it would if the process died."""
    done = 0

    def watch(block):
        nonlocal done
        done += block.records
        if done > rows:
            raise _CrashError

    with pytest.raises(_CrashError):
        run_batch(path, output, limits=_SMALL, part_rows=20, watch=watch, **plan)


def test_resuming_says_what_it_does(tmp_path, run_batch, teams, csv_of):
    path, output = tmp_path / "teams.csv", tmp_path / "scores.csv"
    path.write_bytes(csv_of(teams(100)))
    _, said = run_batch(path, output, resume=True)
    assert said == ["nothing to resume; starting over."]
    _stopped_after(run_batch, path, output, 50)
    _, said = run_batch(path, output, resume=True, limits=_SMALL)
    assert len(said) == 1
    assert said[0].startswith("resuming after row ")
    _stopped_after(run_batch, path, output, 50)
    _, said = run_batch(path, output)
    assert said == ["an earlier run was not finished; starting over (--resume would have continued it)."]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"about": {"x": 2}}, "x was 1 and is 2"),
        ({"form": "jsonl"}, 'output form was "csv" and is "jsonl"'),
        ({"input": b"\n"}, "input was"),
    ],
)
def test_a_run_is_not_resumed_if_something_differs(  # noqa: PLR0917
    tmp_path, run_batch, teams, csv_of, change, sentence
):
    path, output = tmp_path / "teams.csv", tmp_path / "scores.csv"
    path.write_bytes(csv_of(teams(100)))
    _stopped_after(run_batch, path, output, 50)
    with path.open("ab") as file:
        file.write(change.pop("input", b""))
    with pytest.raises(BatchError, match=r"cannot resume the run for .* or leave out --resume to start over") as caught:
        run_batch(path, output, resume=True, limits=_SMALL, **change)
    assert sentence in str(caught.value)


def test_what_is_written_after_half_a_line_of_the_manifest_is_kept_by_every_later_run(
    tmp_path, run_batch, teams, csv_of
):
    path, output, whole = tmp_path / "teams.csv", tmp_path / "scores.csv", tmp_path / "whole.csv"
    path.write_bytes(csv_of(teams(100)))
    run_batch(path, whole, limits=_SMALL, part_rows=20)
    manifest = find_work_folder(output) / "manifest.jsonl"
    _stopped_after(run_batch, path, output, 50)
    manifest.write_bytes(manifest.read_bytes()[:-20])
    _stopped_after(run_batch, path, output, 30, resume=True)
    found = [json.loads(line) for line in manifest.read_text().splitlines()]
    assert [line["number"] for line in found[1:]] == list(range(1, len(found)))
    done = sum(line["scored"] + line["rejected"] for line in found[1:])
    assert len(found) == 1 + 2  # the first part of the first run, and one of the second
    _, said = run_batch(path, output, resume=True, limits=_SMALL, part_rows=20)
    assert said == [f"resuming after row {done}."]
    assert output.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("spoil", ["missing", "link", "folder"])
def test_a_part_that_is_no_longer_a_file_is_written_again_with_those_after_it(
    tmp_path, run_batch, teams, csv_of, spoil
):
    path, output, whole = tmp_path / "teams.csv", tmp_path / "scores.csv", tmp_path / "whole.csv"
    path.write_bytes(csv_of(teams(100)))
    run_batch(path, whole, limits=_SMALL, part_rows=20)
    _stopped_after(run_batch, path, output, 70)
    part = find_work_folder(output) / "000002.rows"
    part.unlink()
    if spoil == "missing":
        _, said = run_batch(path, output, resume=True, limits=_SMALL, part_rows=20)
        assert said[0].startswith("resuming after row 2")
        assert output.read_bytes() == whole.read_bytes()
        return
    if spoil == "link":
        part.symlink_to(whole)
    else:
        part.mkdir()
    with pytest.raises(BatchError, match=r"which recommend did not create \(it contains 000002\.rows\)"):
        run_batch(path, output, resume=True, limits=_SMALL)


_HEAD = '{"made by": "recommend batch 1"}\n'


@pytest.mark.parametrize(
    "text",
    [
        b"", b"\n", b"[1]\n", b"null\n", b"\xff\xfe\x00" * 1000, b"{}\n", b'{"made by": 3}\n', b"[" * 100_000 + b"\n",
        b"1" * 10_000 + b"\n",
    ],
)  # fmt: skip
def test_a_manifest_that_no_run_has_written_is_left_alone(tmp_path, run_batch, teams, csv_of, text):
    path, output = tmp_path / "teams.csv", tmp_path / "scores.csv"
    path.write_bytes(csv_of(teams(10)))
    folder = find_work_folder(output)
    folder.mkdir()
    (folder / "manifest.jsonl").write_bytes(text)
    for resume in (True, False):
        with pytest.raises(
            BatchError, match=r"its manifest was not written by recommend\); move it, or choose another"
        ):
            run_batch(path, output, resume=resume)
    assert (folder / "manifest.jsonl").read_bytes() == text
    assert not output.exists()


@pytest.mark.parametrize(
    "line",
    [
        "[]", "{}", "null", '"x"', '{"number": 1}', '{"final": 3}', '{"final": "x"}', '{"final": "x", "size": -1}',
        '{"number": 1, "end": [0, 1], "scored": 1, "rejected": 0, "tally": {}}',
        '{"number": 1, "end": "abc", "scored": 1, "rejected": 0, "tally": null}',
        '{"number": 1, "end": [0, -5, 2], "scored": 1, "rejected": 0, "tally": {}}',
        '{"number": true, "end": {}, "scored": [], "rejected": {}, "tally": [[]]}',
    ],
)  # fmt: skip
def test_a_line_of_a_manifest_that_says_something_else_counts_for_nothing(tmp_path, run_batch, teams, csv_of, line):
    path, output, whole = tmp_path / "teams.csv", tmp_path / "scores.csv", tmp_path / "whole.csv"
    path.write_bytes(csv_of(teams(100)))
    run_batch(path, whole, limits=_SMALL, part_rows=20)
    _stopped_after(run_batch, path, output, 50)
    manifest = find_work_folder(output) / "manifest.jsonl"
    first = manifest.read_text().splitlines(keepends=True)[:2]
    manifest.write_text("".join(first) + line + "\n")
    run_batch(path, output, resume=True, limits=_SMALL, part_rows=20)
    assert output.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_folder_of_parts_is_resumed_too(tmp_path, run_batch, teams, csv_of, form):
    path, output, whole = tmp_path / "teams.csv", tmp_path / "scores", tmp_path / "whole"
    path.write_bytes(csv_of(teams(100)))
    options = {"form": form, "is_folder": True, "limits": _SMALL, "part_rows": 20}
    run_batch(path, whole, **options)
    _stopped_after(run_batch, path, output, 50, form=form, is_folder=True)
    run_batch(path, output, resume=True, **options)
    names = sorted(part.name for part in whole.iterdir())
    assert sorted(part.name for part in output.iterdir() if "_recommend" not in part.name) == [
        name for name in names if "_recommend" not in name
    ]
    assert len(names) > 5
    for name in names:
        if name.startswith("part-"):
            assert _same(output / name, whole / name)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted(
        ["scores", "scores.rejects.csv", "teams.csv", "whole", "whole.rejects.csv"]
    )


def test_a_run_in_progress_keeps_others_out(tmp_path, run_batch, teams, csv_of):
    path, output = tmp_path / "teams.csv", tmp_path / "scores.csv"
    path.write_bytes(csv_of(teams(100)))
    refused = []

    def watch(block):  # noqa: ARG001
        try:
            run_batch(path, output)
        except BatchError as error:
            refused.append(str(error))

    run_batch(path, output, watch=watch)
    assert refused == [f"another run is writing {output}; wait until it ends, or choose another output."]


def test_a_signal_stops_the_run_and_says_how_to_go_on(tmp_path, run_batch, teams, csv_of):
    path, output = tmp_path / "teams.csv", tmp_path / "scores.csv"
    path.write_bytes(csv_of(teams(200)))
    for number in (2, 15):
        sent = threading.Event()

        def watch(block, number=number, sent=sent):
            if block.end.records > 100 and not sent.is_set():
                os.kill(os.getpid(), number)
                sent.set()
                time.sleep(0.3)  # until the main thread has seen it

        with pytest.raises(
            Interrupted, match=r"interrupted; .* rows are kept: run the same command with --resume"
        ) as caught:
            run_batch(path, output, limits=_SMALL, part_rows=20, watch=watch)
        assert caught.value.number == number
        assert not output.exists()
    result, _ = run_batch(path, output, limits=_SMALL, resume=True)
    assert result.scored == 180


def test_a_disk_that_fills_up_in_the_midst_keeps_what_is_done(tmp_path, run_batch, teams, csv_of, monkeypatch):
    path, output = tmp_path / "teams.csv", tmp_path / "scores.csv"
    path.write_bytes(csv_of(teams(100)))
    write_frames = written.write_frames

    def full(frames, schema, form, file, **options):
        if Path(file.name).name.startswith("000003"):
            raise OSError(28, "No space left on device")
        write_frames(frames, schema, form, file, **options)

    with monkeypatch.context() as patch:
        patch.setattr(written, "write_frames", full)
        with pytest.raises(BatchFailure, match=r"cannot be written \(No space left on device\); free some space"):
            run_batch(path, output, limits=_SMALL, part_rows=20)
    result, said = run_batch(path, output, resume=True, limits=_SMALL)
    assert (result.scored, result.rejected) == (90, 10)
    assert "resuming" in said[0]


def test_a_system_without_posix_locks_gets_a_sentence_and_no_file(tmp_path):
    (tmp_path / "teams.csv").write_text("team,needs\na,sms\n")
    program = (
        "import sys; sys.modules['fcntl'] = None; from provider_advisor.faces.cli.main import main; sys.exit(main())"
    )
    found = subprocess.run(
        [sys.executable, "-c", program, "batch", "teams.csv", "scores.csv"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        text=True,
    )
    assert found.returncode == 2
    assert found.stderr.startswith("recommend: a batch run to a file needs a POSIX system")
    assert "Traceback" not in found.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["teams.csv"]


def test_the_first_of_several_signals_is_told_and_handlers_are_put_back():
    before = signal.getsignal(signal.SIGTERM)
    with watch_signals() as stop:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
    assert (stop.number, stop.event.is_set()) == (signal.SIGTERM, True)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_lock_that_was_deleted_after_it_was_opened_is_taken_anew(tmp_path, monkeypatch):
    path, flock, gone = tmp_path / ".o.csv.parts", work_folder.fcntl.flock, []

    def lock_too_late(lock, how):
        flock(lock, how)
        if not gone:
            gone.append(lock)
            (path / "lock").unlink()
            path.rmdir()

    monkeypatch.setattr(work_folder.fcntl, "flock", lock_too_late)
    lock = work_folder.lock_work_folder(path, tmp_path / "o.csv", ())
    assert gone
    assert os.path.samestat(os.fstat(lock), (path / "lock").stat())
    os.close(lock)
