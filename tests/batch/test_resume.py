"""A run that was killed goes on where it stood, and comes to the same output."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import polars as pl
import pytest

from provider_advisor.batch.reading import Limits
from provider_advisor.batch.run import Interrupted
from provider_advisor.batch.writing import parts as written
from provider_advisor.batch.writing.work import work_folder_of
from provider_advisor.errors import BatchError, BatchFailure

_SMALL = Limits(300, 100_000)
_KILLED = Path(__file__).with_name("killed.py")


def _killed(path, output, moment):
    """The exit status, and how many moments there were if it came to its end."""
    found = subprocess.run(
        [sys.executable, _KILLED, path, output, str(moment)],
        capture_output=True,
        check=False,
        env={**os.environ, "POLARS_MAX_THREADS": "1", "RECOMMEND_CACHE": str(path.parent / "cache")},
    )
    assert not found.stderr
    return found.returncode, int(found.stdout or 0)


@pytest.mark.parametrize(("form", "kills"), [("csv", 5), ("parquet", 2)])
def test_a_run_that_is_killed_at_any_moment_comes_to_the_same_output(  # noqa: PLR0917
    tmp_path, run_batch, teams, csv_of, form, kills
):
    path, output, undisturbed = tmp_path / "teams.csv", tmp_path / f"scores.{form}", tmp_path / f"whole.{form}"
    path.write_bytes(csv_of(teams(100)))
    status, moments = _killed(path, undisturbed, 0)
    assert status == 0
    rejects = (tmp_path / "whole.rejects.csv").read_bytes()
    for moment in _spread(moments, kills):
        assert _killed(path, output, moment) == (-9, 0)
        assert not output.exists() or _same(output, undisturbed)
        run_batch(path, output, limits=_SMALL, part_rows=30, resume=True, about={})
        assert _same(output, undisturbed)
        assert (tmp_path / "scores.rejects.csv").read_bytes() == rejects
        assert not work_folder_of(output).exists()
        output.unlink()


def _spread(moments: int, count: int) -> list[int]:
    """Some moments of all, most of them near the end, where files go to their places; RECOMMEND_EVERY_KILL: all."""
    if os.environ.get("RECOMMEND_EVERY_KILL"):
        return list(range(1, moments + 1))
    last = range(moments - 2 * (count // 2), moments + 1, 2)
    return sorted({*last, *range(3, moments, max(moments // (count - len(last) + 1), 1))})[-count:]


def _same(one: Path, other: Path) -> bool:
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
    assert said == ["there is nothing to go on with; starting anew."]
    _stopped_after(run_batch, path, output, 50)
    _, said = run_batch(path, output, resume=True, limits=_SMALL)
    assert len(said) == 1
    assert said[0].startswith("going on behind row ")
    _stopped_after(run_batch, path, output, 50)
    _, said = run_batch(path, output)
    assert said == ["an earlier run was not finished; starting anew (--resume would have gone on with it)."]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"about": {"x": 2}}, "x was 1 and is 2"),
        ({"form": "jsonl"}, 'output form was "csv" and is "jsonl"'),
        ({"input": b"\n"}, "input was"),
    ],
)
def test_a_run_is_not_gone_on_with_if_something_differs(  # noqa: PLR0917
    tmp_path, run_batch, teams, csv_of, change, sentence
):
    path, output = tmp_path / "teams.csv", tmp_path / "scores.csv"
    path.write_bytes(csv_of(teams(100)))
    _stopped_after(run_batch, path, output, 50)
    with path.open("ab") as file:
        file.write(change.pop("input", b""))
    with pytest.raises(BatchError, match=r"cannot be gone on with: .* or leave out --resume to start anew") as caught:
        run_batch(path, output, resume=True, limits=_SMALL, **change)
    assert sentence in str(caught.value)


def test_half_a_line_of_the_manifest_is_as_if_it_were_not_there(tmp_path, run_batch, teams, csv_of):
    path, output, whole = tmp_path / "teams.csv", tmp_path / "scores.csv", tmp_path / "whole.csv"
    path.write_bytes(csv_of(teams(100)))
    run_batch(path, whole, limits=_SMALL, part_rows=20)
    _stopped_after(run_batch, path, output, 70)
    manifest = work_folder_of(output) / "manifest.jsonl"
    manifest.write_bytes(manifest.read_bytes()[:-20])
    run_batch(path, output, resume=True, limits=_SMALL, part_rows=20)
    assert output.read_bytes() == whole.read_bytes()


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
    assert refused == [f"another run is writing {output} at this moment; wait for its end, or name another output."]


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
    sink = written.sink

    def full(frames, schema, form, target, **options):
        if target.name.startswith("000003"):
            raise OSError(28, "No space left on device")
        sink(frames, schema, form, target, **options)

    with monkeypatch.context() as patch:
        patch.setattr(written, "sink", full)
        with pytest.raises(BatchFailure, match=r"cannot be written \(No space left on device\); make room"):
            run_batch(path, output, limits=_SMALL, part_rows=20)
    result, said = run_batch(path, output, resume=True, limits=_SMALL)
    assert (result.scored, result.rejected) == (90, 10)
    assert "going on" in said[0]
