"""A run over many teams on Spark: inputs cut into splits, each scored and written by a worker.

Spark's own readers are not used: its CSV reader takes half a quoted cell for a row and mends what is not UTF-8 without
saying so. Workers read as one machine does, so that what is scored and what is rejected, and why, is the same.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from provider_advisor.batch.cluster.folder import check_output, put_in_place, staged
from provider_advisor.batch.cluster.gather import check_inputs, check_parts, gather_rejects, tally_of
from provider_advisor.batch.cluster.session import active_session, cancel_jobs, said_plainly, spark_session
from provider_advisor.batch.cluster.share import SAID, Job, work
from provider_advisor.batch.cluster.signals import ended_by_signals
from provider_advisor.batch.cluster.splits import splits_of
from provider_advisor.batch.flow import Stopped
from provider_advisor.batch.parcel import packed
from provider_advisor.batch.reading import Inputs, Limits, form_of, open_inputs
from provider_advisor.batch.reading.sources import Source
from provider_advisor.batch.run import Result, check_places
from provider_advisor.batch.scoring import Scoring
from provider_advisor.batch.writing.rejects import default_rejects
from provider_advisor.errors import BatchError, BatchFailure
from provider_advisor.knowledge import KnowledgeBase

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["run_on_spark"]

_SHARES_A_CORE = 4
_LARGEST_SHARE = 128 << 20


def run_on_spark(  # noqa: PLR0913 (the options of the command)
    names: tuple[str, ...],
    output: str,
    knowledge: KnowledgeBase,
    *,
    master: str | None = None,
    input_format: str | None = None,
    output_format: str | None = None,
    separator: bytes = b",",
    rejects: Path | None = None,
    others: Mapping[str, Path] = {},
    as_of: dt.date | None = None,
    max_age: int | None = None,
    today: dt.date | None = None,
    id_column: str | None = None,
    reasons: bool = False,
    explain: bool = False,
    limits: Limits = Limits(),  # noqa: B008 (a constant)
    bar: bool = False,
) -> Result:
    """Score all rows of files, and write them to the folder `output`, as parts in the order of the rows.

    All workers must see the inputs and the output under the same paths. The folder appears when it is complete, with
    `_SUCCESS` in it, and replaces only one that a run made. Rejects are one file, `<output>.rejects.csv` if not given,
    with the same content as from one machine. `master` None is what spark-submit says, else all cores of this machine;
    `bar` shows Spark's progress bar. An active session is used and left open. `others` are files that the caller will
    write when all is done, by what they are: what is wrong with their places is said now.

    Raises BatchError, BatchFailure, and Interrupted on SIGINT and SIGTERM.
    """
    _refuse_what_is_no_path((*names, output))
    form, place = form_of(output, output_format, "--output-format"), Path(output).absolute()
    rejects = rejects or default_rejects(place)
    inputs = open_inputs(names, knowledge, input_format, separator, limits)
    _check_places(inputs, place, {"the file of --rejects": rejects, **others})
    days = {"day": as_of, "age": max_age, "today": today or dt.date.today(), "dated": inputs.form == "jsonl"}  # noqa: DTZ011
    options: dict[str, Any] = days | {"id_column": id_column, "reasons": reasons, "explain": explain}
    Scoring(knowledge, inputs.schema, form, **options)  # what is wrong with the columns is said before Spark starts
    job = Job(
        uuid.uuid4().hex, packed(knowledge), tuple(_absolute(source) for source in inputs.sources),
        inputs.form, form, separator, limits, options, "", (),
    )  # fmt: skip
    session = partial(spark_session, active_session(), master, bar=bar)
    return ended_by_signals(lambda stop: _run(session, job, inputs, place, rejects, stop), cancel_jobs, output)


def _run(  # noqa: PLR0913, PLR0917 (the parts of a run)
    session: Callable[[], AbstractContextManager[SparkSession]],
    job: Job,
    inputs: Inputs,
    output: Path,
    rejects: Path,
    stop: threading.Event,
) -> Result:
    with staged(output) as folder, said_plainly(), session() as spark:
        splits = splits_of(inputs, _share_size(inputs, spark), stop)
        said = _said(spark, job._replace(folder=str(folder), splits=splits))
        check_parts(said, folder, job.output_form)
        check_inputs(inputs)
        if stop.is_set():
            raise Stopped
        rejected = gather_rejects(said, inputs, folder, rejects)
        put_in_place(folder, output)
    return Result(sum(part["scored"] for part in said), rejected, tally_of(said), rejects if rejected else None)


def _refuse_what_is_no_path(names: tuple[str, ...]) -> None:
    if "-" in names:
        raise BatchError("Spark reads and writes files, not standard input and output; name files.")
    for name in names:
        if "://" in name:
            raise BatchError(
                f"{name} is an address; this command reads and writes files that all workers see under one path. "
                "For other storage read the table with Spark, and call score_spark."
            )


def _check_places(inputs: Inputs, output: Path, others: Mapping[str, Path]) -> None:
    if not inputs.can_be_read_again:
        raise BatchError("Spark reads files, and one of the inputs is none; save it, and name the file.")
    check_output(output)
    check_places(inputs, others)
    for source in inputs.sources:
        if output.resolve() in Path(str(source.path)).resolve().parents:
            raise BatchError(f"the input {source.name} stands in the output {output}; name another.")


def _absolute(source: Source) -> Source:
    path = os.path.abspath(str(source.path))  # noqa: PTH100 (a link stays a link)
    return source._replace(name=path, path=path)


def _share_size(inputs: Inputs, spark: SparkSession) -> int:
    """The bytes of a share: several for each core, so that none waits long for the last."""
    return min(_LARGEST_SHARE, inputs.size // (_SHARES_A_CORE * spark.sparkContext.defaultParallelism))


def _said(spark: SparkSession, job: Job) -> list[dict[str, Any]]:
    """What the workers say of each split, in order. Raises BatchFailure if one of them cannot be done."""

    def task(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext  # noqa: PLC0415 (in the worker)

        context = TaskContext.get()
        return work(job, batches, context.attemptNumber() if context else 0)

    count = len(job.splits)
    shares = spark.range(0, count, 1, count).mapInArrow(task, f"{SAID} string")
    said = [json.loads(row[0]) for row in shares.collect()]
    problems = [part["problem"] for part in said if "problem" in part]
    if problems:
        raise BatchFailure(problems[0])
    if len(said) != count:
        raise BatchFailure(f"of {count:,} shares Spark did {len(said):,}: this is a fault; please report it.")
    return said
