"""The driver of a run on Spark: cut the inputs into shares, have workers score them, and join the results.

Spark's own readers are not used: its CSV reader splits quoted cells into rows and silently repairs invalid UTF-8.
Workers read like a run on one machine, so that scores, rejects and reasons are the same.

Spark may run a task twice, or lose a worker, at any time. So what they write waits in a hidden folder beside the output
until all of it is there. For example, two workers share 40 MB of teams; the third share is still at work, for the
second time:

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
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from provider_advisor.batch.blocks import Reject
from provider_advisor.batch.interruption import Interrupted, Stopped, do_in_thread, watch_signals
from provider_advisor.batch.kernel.counts import Tally
from provider_advisor.batch.local_run import Result
from provider_advisor.batch.pipeline import BlockScorer, ScoringOptions
from provider_advisor.batch.reading import Inputs, ReadingOptions, choose_form, open_inputs
from provider_advisor.batch.reading.input_files import InputFile
from provider_advisor.batch.remote.addresses import find_scheme, is_stored, is_web_address, show_address
from provider_advisor.batch.spark.session import (
    cancel_jobs,
    explain_failures,
    find_active_session,
    open_session,
    pack_knowledge,
)
from provider_advisor.batch.spark.worker import (
    BEGUN,
    REJECTS,
    REPORT,
    ROWS,
    WORDS,
    Job,
    ShareReport,
    do_shares,
    read_report,
    read_words,
    split_inputs,
)
from provider_advisor.batch.writing.output_paths import OutputPlace, check_places
from provider_advisor.batch.writing.part_folder import (
    finish_part_folder,
    name_part,
    remove_part_folder,
    replace_part_folder,
    restore_part_folder,
)
from provider_advisor.batch.writing.rejects import find_default_rejects, open_rejects, read_rejects, write_rejects
from provider_advisor.batch.writing.work_folder import delete_work_folder, lock_work_folder, mark_work_folder
from provider_advisor.errors import BatchError, BatchFailure, describe_cause
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.requirements.unlisted import UnknownWords
from provider_advisor.written_values import today

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


_SHARES_A_CORE = 4
_LARGEST_SHARE = 128 << 20
_OLD = "old"
_ATTEMPT = re.compile(r"(rows|rejects|words)-\d+-[0-9a-f]{32}")


def run_on_spark(  # noqa: PLR0913 (what a run depends on)
    names: tuple[str, ...],
    output: str,
    knowledge: KnowledgeBase,
    scoring: ScoringOptions | None = None,
    *,
    master: str | None = None,
    output_format: str | None = None,
    rejects: Path | None = None,
    others: Sequence[OutputPlace] = (),
    tell: Callable[[Inputs], None] = lambda _: None,
    reading: ReadingOptions = ReadingOptions(),  # noqa: B008 (a constant)
    bar: bool = False,
) -> Result:
    """Score all rows of files, and write them to the folder `output`, as parts in the order of the rows.

    All workers must see the inputs and the output under the same paths; inputs may also be objects in stores, which
    each worker reads with its own login. An active session is used and left open.

    - `output`: the folder; it appears when it is complete, with `_SUCCESS` in it, and replaces only one that a run has
      made.
    - `scoring`: without it, rows are scored as of today.
    - `master`: None is what spark-submit says, else all cores of this machine.
    - `rejects`: one file, `<output>.rejects.csv` if not given, with the same content as from one machine.
    - `others`: files that the caller will write when all is done; what is wrong with their places is said now.
    - `tell`: called with the opened inputs before anything starts.
    - `bar`: show Spark's progress bar.

    Raises BatchError, BatchFailure, and Interrupted on SIGINT and SIGTERM.
    """
    _refuse_other_names(names, output)
    form, place = choose_form(output, output_format, "--output-format"), Path(os.path.realpath(output))
    rejects = rejects or find_default_rejects(place)
    if reading.encoding:
        raise BatchError("--encoding does not work with Spark; save the inputs as UTF-8, or leave out --engine spark.")
    inputs = open_inputs(names, knowledge, reading)
    tell(inputs)
    if not inputs.can_be_read_again:
        raise BatchError("Spark reads files, and one of the inputs is a stream; save it to a file first.")
    stage = OutputPlace("the work folder", find_stage_folder(place), "hidden")
    written = [OutputPlace("the output", place, "folder"), OutputPlace("the rejects file (--rejects)", rejects), stage]
    check_places(inputs.sources, [*written, *others], rejects)
    options = (scoring or ScoringOptions(today()))._replace(dated=inputs.is_dated)
    # Mistakes in the columns are reported before Spark starts.
    BlockScorer(knowledge, inputs.schema, form, options)
    active = find_active_session()  # of this thread, and the work is done in another

    def work(stop: threading.Event) -> Result:
        with stage_folder(place) as folder, explain_failures(), open_session(active, master, bar=bar) as spark:
            # Several shares per core, so that no core waits long for the last.
            size = min(_LARGEST_SHARE, inputs.size // (_SHARES_A_CORE * spark.sparkContext.defaultParallelism))
            splits = split_inputs(inputs, size, stop)
            sources = tuple(map(_make_absolute, inputs.sources))
            job = Job(
                uuid.uuid4().hex, pack_knowledge(knowledge), sources, reading._replace(form=inputs.form),
                form, options, str(folder), splits,
            )  # fmt: skip
            reports = _collect_reports(spark, job)
            if stop.is_set():
                raise Stopped
            join_shares(reports, inputs, job, place, rejects)
        tally = sum((Tally.from_json(report.tally) for report in reports), Tally.empty())
        scored, rejected = sum(report.scored for report in reports), sum(report.rejected for report in reports)
        return Result(scored, rejected, tally, rejects if rejected else None, inputs.unknown)

    return _do_stoppable(work, output)


def _do_stoppable(work: Callable[[threading.Event], Result], output: str) -> Result:
    """Return the result of the work; on a signal, cancel Spark's jobs and raise Interrupted."""
    with watch_signals() as stop:

        def cancel_if_asked() -> None:
            if stop.event.is_set():
                cancel_jobs()

        try:
            # In its own thread, because Spark's bridge to Java breaks if a signal interrupts a message.
            return do_in_thread(lambda: work(stop.event), cancel_if_asked)
        except BaseException as error:
            if stop.number:
                raise Interrupted(stop.number, f"interrupted; {output} was not written.") from error
            raise


def _refuse_other_names(names: tuple[str, ...], output: str) -> None:
    if "-" in {*names, output}:
        raise BatchError("Spark reads and writes files, not standard input and output; give files.")
    for name in (*names, output):
        if find_scheme(name) and (name == output or not is_stored(name)):
            _refuse_address(name, is_output=name == output)
        try:
            name.encode()
        except UnicodeEncodeError:
            shown = name.encode("utf-8", "backslashreplace").decode()
            raise BatchError(f"the name {shown} is not UTF-8, which Spark cannot pass on; choose another.") from None


def _refuse_address(name: str, *, is_output: bool) -> None:
    shown = show_address(name)
    if is_output:
        raise BatchError(
            f"{shown}: Spark writes to a folder that all workers can see; give one, and copy it to the store, "
            "or call score_spark and write its table with Spark."
        )
    if is_web_address(name):
        raise BatchError(f"{shown}: not every worker would read the same; download it to a folder that all can see.")
    raise BatchError(
        f"{shown} cannot be read by the workers; expected a file that all can see under one path, or an object in "
        "cloud storage (s3://, gs://, az://). Otherwise read the table with Spark, and call score_spark."
    )


def _make_absolute(source: InputFile) -> InputFile:
    """Return the input with an absolute path; URLs stay as they are."""
    if find_scheme(source.name):
        return source
    path = os.path.abspath(str(source.path))  # noqa: PTH100 (a link stays a link)
    return source._replace(name=path, path=path)


def _collect_reports(spark: SparkSession, job: Job) -> list[ShareReport]:
    """Run all shares on the workers, and return their reports in order. Raises BatchFailure if one fails."""

    def do_task(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext  # noqa: PLC0415 (in the worker)

        context = TaskContext.get()
        return do_shares(job, batches, context.attemptNumber() if context else 0)

    count = len(job.splits)
    # A partition for each share, so that each is a task of its own, which Spark can repeat.
    shares = spark.range(0, count, 1, count).mapInArrow(do_task, f"{REPORT} string")
    reports = [read_report(row[0]) for row in shares.collect()]
    for report in reports:
        if report.problem is not None:
            raise BatchFailure(report.problem)
    if len(reports) != count:
        raise BatchFailure(f"Spark finished {len(reports):,} of {count:,} shares: this is a bug; please report it.")
    return reports


# What the workers wrote, until it is the output


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
    place_rows(folder, output)


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


def place_rows(folder: Path, output: Path) -> None:
    """Rename the staged folder of rows to the output, replacing an earlier one.

    Raises BatchFailure, the earlier output untouched.
    """
    try:
        finish_part_folder(folder / ROWS)
        replace_part_folder(folder / ROWS, output, folder / _OLD)
    except OSError as error:
        raise BatchFailure(f"{output} cannot be written ({describe_cause(error)}).") from error
