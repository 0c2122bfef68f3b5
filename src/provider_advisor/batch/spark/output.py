"""What a run on Spark leaves behind: the folder of parts in its place, and one file of rejects.

Workers write to a hidden folder beside the output. The run puts together what they report, checks it against what they
were to do, and gives the folder its name when everything is complete.
"""

from __future__ import annotations

import contextlib
import csv
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from provider_advisor.batch.blocks import Reject
from provider_advisor.batch.reading import Inputs
from provider_advisor.batch.spark.worker import BEGUN, REJECTS, ROWS, WORDS, ShareReport, read_words
from provider_advisor.batch.writing.part_folder import (
    finish_part_folder,
    name_part,
    remove_part_folder,
    replace_part_folder,
    restore_part_folder,
)
from provider_advisor.batch.writing.rejects import (
    REJECTS_HEADER,
    refuse_foreign_rejects,
    replace_rejects,
    write_rejects,
)
from provider_advisor.batch.writing.workdir import delete_work_folder, lock_work_folder, mark_work_folder
from provider_advisor.errors import BatchFailure, describe_cause
from provider_advisor.requirements.unknown_words import UnknownWords
from provider_advisor.whole_file import write_whole

_OLD = "old"
_ATTEMPT = re.compile(r"(rows|rejects|words)-\d+-[0-9a-f]{32}")


def find_stage_folder(output: Path) -> Path:
    """Return where workers write until everything is complete."""
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
    """Delete what workers have written."""
    for name in (ROWS, REJECTS, WORDS, _OLD):
        remove_part_folder(folder / name)
    begun = folder / BEGUN
    if begun.is_dir():
        for path in begun.iterdir():
            if _ATTEMPT.fullmatch(path.name):
                path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            begun.rmdir()


def check_parts(reports: list[ShareReport], folder: Path, form: str) -> None:
    """Raise BatchFailure if a worker wrote to a disk that is not ours."""
    for number, report in enumerate(reports):
        path = folder / ROWS / name_part(number, form)
        if not path.exists() or path.stat().st_size != report.size:
            raise BatchFailure(
                f"{folder.parent} is not the same folder for all workers; "
                "choose an output that all of them can see, or call score_spark."
            )


def write_all_rejects(reports: list[ShareReport], inputs: Inputs, folder: Path, rejects: Path) -> int:
    """Write the rejects of all parts to one file, and return how many there are; without any, an earlier file goes."""
    rejected = sum(report.rejected for report in reports)
    try:
        refuse_foreign_rejects(rejects)
        if not rejected:
            replace_rejects(rejects, None)
            return 0
        with write_whole(rejects) as out:
            out.write(REJECTS_HEADER)
            write_rejects(_number_rejects(reports, [source.name for source in inputs.sources], folder / REJECTS), out)
    except OSError as error:
        raise BatchFailure(f"{rejects} cannot be written ({describe_cause(error)}).") from error
    return rejected


def _number_rejects(reports: Iterable[ShareReport], names: list[str], folder: Path) -> Iterator[Reject]:
    """Yield the rejects with the names of their files, and with row numbers that count from each file's beginning.

    A worker knows its share only: of rows 1 to 500 in the first share of a file and row 3 in the second, the last is
    row 503.
    """
    csv.field_size_limit(sys.maxsize)
    before = [0] * len(names)
    for number, report in enumerate(reports):
        with (folder / name_part(number, "csv")).open(encoding="utf-8", newline="") as file:
            for file_number, row, reason, content in csv.reader(file):
                place = int(file_number)
                yield Reject(names[place], int(row) + before[place], content, reason)
        for place, records in report.records.items():
            before[place] += records


def count_unknown(shares: int, folder: Path, unknown: UnknownWords | None) -> None:
    """Add up the unknown words of all parts, where they are listed instead of refused. Raises BatchFailure."""
    if unknown is None:
        return
    try:
        for number in range(shares):
            unknown.add_counts(read_words(folder / WORDS / name_part(number, "jsonl")))
    except OSError as error:
        raise BatchFailure(f"{folder} cannot be read ({describe_cause(error)}).") from error


def place_output(folder: Path, output: Path) -> None:
    """Give the rows of a staged folder their name; an earlier output goes.

    Raises BatchFailure, the earlier output untouched.
    """
    try:
        finish_part_folder(folder / ROWS)
        replace_part_folder(folder / ROWS, output, folder / _OLD)
    except OSError as error:
        raise BatchFailure(f"{output} cannot be written ({describe_cause(error)}).") from error
