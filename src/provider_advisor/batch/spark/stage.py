"""The hidden folder beside an output to which the workers of Spark write, and how it becomes the output.

Spark may run a task twice, or lose a worker, at any time. For example, two workers share 40 MB of teams; the third
share is still at work, for the second time:

    .scores.parquet.spark/
        rows/part-00000.parquet, part-00001.parquet, …      whole: written under another name, then renamed
        rejects/part-00000.csv, part-00001.csv, …           with rows numbered from the start of the share
        begun/rows-2-<attempt>, rejects-2-<attempt>         not whole

Each share is answered by a report with its counts. When all have come, and fit the files, the rejects are joined and
numbered through, and the folder of rows becomes `scores.parquet`.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from provider_advisor.batch.blocks import Reject
from provider_advisor.batch.reading import Inputs
from provider_advisor.batch.spark.worker import BEGUN, REJECTS, ROWS, WORDS, Job, ShareReport, read_words
from provider_advisor.batch.writing.part_folder import (
    finish_part_folder,
    name_part,
    remove_part_folder,
    replace_part_folder,
    restore_part_folder,
)
from provider_advisor.batch.writing.rejects import open_rejects, read_rejects, write_rejects
from provider_advisor.batch.writing.work_folder import delete_work_folder, lock_work_folder, mark_work_folder
from provider_advisor.errors import BatchFailure, describe_cause
from provider_advisor.requirements.unlisted import UnknownWords

_OLD = "old"
_ATTEMPT = re.compile(r"(rows|rejects|words)-\d+-[0-9a-f]{32}")


def find_stage_folder(output: Path) -> Path:
    """Return the folder to which workers write until everything is complete."""
    return output.with_name(f".{output.name}.spark")


@contextlib.contextmanager
def stage_folder(output: Path) -> Iterator[Path]:
    """Make a hidden folder beside the output, for this run alone; it is deleted when the block ends.

    Raises BatchError if another run holds it, or something else lies there.
    """
    folder = find_stage_folder(output)
    lock = lock_work_folder(folder, output, {ROWS, REJECTS, WORDS, BEGUN, _OLD})
    try:
        mark_work_folder(folder)
        # Before anything is cleared: if a run was killed between its two renames, `old` is the only copy of the
        # previous output.
        restore_part_folder(folder / _OLD, output)
        _clear(folder)
        for name in (ROWS, REJECTS, WORDS, BEGUN):
            (folder / name).mkdir(exist_ok=True)
        try:
            yield folder
        finally:
            with contextlib.suppress(OSError):
                _clear(folder)
                delete_work_folder(folder)
    finally:
        os.close(lock)


def _clear(folder: Path) -> None:
    # By name, never the whole tree: somebody else may have put files there.
    for name in (ROWS, REJECTS, WORDS, _OLD):
        remove_part_folder(folder / name)
    begun = folder / BEGUN
    if begun.is_dir():
        for path in begun.iterdir():
            if _ATTEMPT.fullmatch(path.name):
                path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            begun.rmdir()


def join_shares(reports: list[ShareReport], inputs: Inputs, job: Job, output: Path, rejects: Path) -> None:
    """Check what the workers wrote, and put it in its place. Raises BatchFailure, the earlier output untouched."""
    # The rows get their name last, so that anyone who finds the output can rely on its rejects, and on inputs that did
    # not change while workers read them.
    folder = Path(job.folder)
    _check_parts(reports, folder, job.output_form)
    for source in inputs.sources:
        source.check_unchanged()
    count_unknown(len(reports), folder, inputs.unknown)
    _write_all_rejects(reports, inputs, folder, rejects)
    place_output(folder, output)


def _check_parts(reports: list[ShareReport], folder: Path, form: str) -> None:
    """Raise BatchFailure if a worker wrote to a disk that is not ours."""
    for number, report in enumerate(reports):
        path = folder / ROWS / name_part(number, form)
        if not path.exists() or path.stat().st_size != report.size:
            raise BatchFailure(
                f"{folder.parent} is not the same folder for all workers; "
                "choose an output that all of them can see, or call score_spark."
            )


def _write_all_rejects(reports: list[ShareReport], inputs: Inputs, folder: Path, rejects: Path) -> None:
    names = [source.name for source in inputs.sources]
    try:
        with open_rejects(rejects) as out:
            write_rejects(_number_rejects(reports, names, folder / REJECTS), out)
    except OSError as error:
        raise BatchFailure(f"{rejects} cannot be written ({describe_cause(error)}).") from error


def _number_rejects(reports: Iterable[ShareReport], names: list[str], folder: Path) -> Iterator[Reject]:
    """Yield the rejects with the names of their files, and with row numbers that count from each file's beginning.

    A worker knows only its share: if the first share of a file has 500 rows, row 3 of the second share is row 503.
    """
    before = [0] * len(names)
    for number, report in enumerate(reports):
        for reject in read_rejects(folder / name_part(number, "csv"), header=False):
            place = int(reject.file)
            yield reject._replace(file=names[place], row=reject.row + before[place])
        for place, records in report.records.items():
            before[place] += records


def count_unknown(shares: int, folder: Path, unknown: UnknownWords | None) -> None:
    """Add up the unknown words of all parts, if they are listed instead of refused. Raises BatchFailure."""
    if unknown is None:
        return
    try:
        for number in range(shares):
            unknown.add_counts(read_words(folder / WORDS / name_part(number, "jsonl")))
    except OSError as error:
        raise BatchFailure(f"{folder} cannot be read ({describe_cause(error)}).") from error


def place_output(folder: Path, output: Path) -> None:
    """Rename the staged folder of rows to the output, replacing an earlier one.

    Raises BatchFailure, the earlier output untouched.
    """
    try:
        finish_part_folder(folder / ROWS)
        replace_part_folder(folder / ROWS, output, folder / _OLD)
    except OSError as error:
        raise BatchFailure(f"{output} cannot be written ({describe_cause(error)}).") from error
