"""The worker of a run on Spark: read a share of the inputs, score it, and write a part of the output.

The inputs are cut at the ends of records, as on one machine, so that the shares together are complete.
"""

from __future__ import annotations

import json
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import polars as pl
import pyarrow as pa
from pydantic import TypeAdapter

from provider_advisor.batch.blocks import Done, Position, RowCounts
from provider_advisor.batch.interruption import Stopped
from provider_advisor.batch.pipeline import BlockScorer, ScoringOptions
from provider_advisor.batch.reading import Inputs, ReadingOptions, open_inputs
from provider_advisor.batch.reading.input_files import InputFile
from provider_advisor.batch.reading.parquet import find_group_ends
from provider_advisor.batch.spark.session import PackedKnowledge
from provider_advisor.batch.writing.frames import write_frames
from provider_advisor.batch.writing.part_folder import name_part
from provider_advisor.batch.writing.rejects import write_rejects
from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.errors import AdvisorError, BatchError, BatchFailure, describe_cause
from provider_advisor.requirements.unlisted import WordCounts

ROWS, REJECTS, WORDS, BEGUN = "rows", "rejects", "words", "begun"
"""The folders of a job: complete parts of rows, rejects and unknown words, and incomplete parts."""

REPORT = "report"
"""The one column of what workers send back, as JSON."""

# Attempts at a share that may fail with an error of the disk; the next one reports it, so that Spark stops trying.
_PATIENCE = 2


class Split(NamedTuple):
    """All records from one position up to another; None is the end of the last input."""

    start: Position
    end: Position | None


class Job(NamedTuple):
    """Everything that workers need to know. `sources` have absolute paths."""

    id: str
    knowledge: PackedKnowledge
    sources: tuple[InputFile, ...]
    reading: ReadingOptions
    output_form: str
    options: ScoringOptions
    folder: str
    splits: tuple[Split, ...]


class ShareReport(NamedTuple):
    """A worker's report on its share: rows, records by file number, counts, and the size of the part.

    Or only a `problem` that another attempt cannot solve.
    """

    scored: int = 0
    rejected: int = 0
    records: Mapping[int, int] = {}
    tally: Mapping[str, Any] = {}
    size: int = 0
    problem: str | None = None


_reports = TypeAdapter(ShareReport)


class _OpenJob(NamedTuple):
    inputs: Inputs
    scoring: BlockScorer


# A process does many shares of one job; a new job takes the place of the one before.
_opened = BoundedCache[str, _OpenJob](limit=1)


def split_inputs(inputs: Inputs, size: int, stop: threading.Event) -> tuple[Split, ...]:
    """Cut the inputs into shares of at least `size` bytes, in order; at least one, which may be empty.

    Texts are read once from start to end, because only the text before a line break shows whether it ends a record.
    Raises BatchFailure if they cannot be read, Stopped when asked to.
    """
    # For example, blocks end at bytes 40, 90, 130 and 200 of 200, and `size` is 80. There are cuts at 90 and at 200,
    # after which nothing is left, so the shares are 0 to 90 and 90 to 200.
    cuts = [Position()]
    last = 0
    for position, read in _find_group_ends(inputs) if inputs.form == "parquet" else _find_block_ends(inputs):
        if stop.is_set():
            raise Stopped
        if read - last >= size:
            cuts.append(position)
            last = read
    if len(cuts) > 1 and last == inputs.size:
        cuts.pop()
    return tuple(Split(start, end) for start, end in zip(cuts, [*cuts[1:], None], strict=True))


def _find_block_ends(inputs: Inputs) -> Iterator[tuple[Position, int]]:
    """Yield where each block of a text ends, and the number of bytes of all inputs up to there."""
    ends = list(accumulate(source.size for source in inputs.sources))
    for piece in inputs.pieces():
        # Of files with 100 and 50 bytes, the first 120 bytes end at byte 20 of the second.
        file = bisect_left(ends, piece.read)
        yield Position(file, piece.read - ends[file] + inputs.sources[file].size), piece.read


def _find_group_ends(inputs: Inputs) -> Iterator[tuple[Position, int]]:
    """Yield the same for the row groups of Parquet files, with bytes in proportion to rows."""
    before = 0
    for file, source in enumerate(inputs.sources):
        rows = find_group_ends(source)
        for row in rows:
            yield Position(file, row), before + source.size * row // rows[-1]
        before += source.size


def do_shares(job: Job, batches: Iterable[pa.RecordBatch], attempt: int) -> Iterator[pa.RecordBatch]:
    """Do the shares of these numbers, and yield a report for each as a batch of one row.

    A problem that another attempt cannot solve is reported; other first attempts raise, so that Spark tries again,
    perhaps elsewhere.
    """
    for batch in batches:
        for number in batch.column(0).to_pylist():
            try:
                report = _do_share(job, number)
            except AdvisorError as error:
                report = ShareReport(problem=str(error))
            except (OSError, pl.exceptions.PolarsError) as error:
                if attempt < _PATIENCE:
                    raise
                cause = describe_cause(error)[:500]
                report = ShareReport(problem=f"{job.folder} cannot be written by a worker ({cause}).")
            yield pa.RecordBatch.from_pydict({REPORT: pa.array([_reports.dump_json(report).decode()], pa.string())})


def read_report(text: str) -> ShareReport:
    """Read what `do_shares` wrote."""
    return _reports.validate_json(text)


def _do_share(job: Job, number: int) -> ShareReport:
    opened = _opened.get_or_make(job.id, lambda: _open_job(job))
    # Another attempt at the same share may still be running; each writes its own files, with the same content.
    attempt = uuid4().hex
    begun = {name: Path(job.folder, BEGUN, f"{name}-{number}-{attempt}") for name in (WORDS, REJECTS, ROWS)}
    forms = {WORDS: "jsonl", REJECTS: "csv", ROWS: job.output_form}
    try:
        report = _write_share(opened, job.splits[number], begun, job.output_form)
        # The rows last: the driver only looks for them, and assumes that everything else exists.
        for name, path in begun.items():
            if name != WORDS or opened.inputs.unknown is not None:
                path.replace(Path(job.folder, name, name_part(number, forms[name])))
    finally:
        for path in begun.values():
            with suppress(OSError):
                path.unlink(missing_ok=True)
    return report


def _write_share(opened: _OpenJob, share: Split, paths: Mapping[str, Path], form: str) -> ShareReport:
    """Write the scored rows, the rejects, and the unknown words if they are listed, each to its new file."""
    unknown = opened.inputs.unknown
    counts, records = RowCounts.zero(), Counter[int]()
    if unknown is not None:
        unknown.take_counts()  # of an attempt that failed

    def yield_frames() -> Iterator[pl.DataFrame]:
        nonlocal counts
        for done in _score_blocks(opened, share):
            file = done.end.file
            # Numbered from the beginning of the file in this share; only the driver knows how many come before.
            rejects = done.place_after(records[file]).rejects
            write_rejects((each._replace(file=str(file)) for each in rejects), reject_file)
            records[file] += done.records
            counts += done.counts
            yield done.frame

    with paths[ROWS].open("xb") as row_file, paths[REJECTS].open("xb") as reject_file:
        write_frames(yield_frames(), opened.scoring.schema, form, row_file)
    if unknown is not None:
        paths[WORDS].write_bytes(_write_words(unknown.take_counts()))
    scored, rejected, tally = counts
    return ShareReport(scored, rejected, records, tally.settle().to_json(), paths[ROWS].stat().st_size)


def _write_words(counts: WordCounts) -> bytes:
    """Write a line for each word and its count, and one for all others; reports would need too much memory."""
    lines = [json.dumps(line) for line in (*counts.words.items(), (None, counts.others))]
    return "".join(f"{line}\n" for line in lines).encode()


def read_words(path: Path) -> WordCounts:
    """Read what a worker counted. Raises OSError."""
    with path.open(encoding="utf-8") as file:
        counts = dict(json.loads(line) for line in file)
    return WordCounts(counts, counts.pop(None))


def _score_blocks(opened: _OpenJob, share: Split) -> Iterator[Done]:
    """Yield the scored blocks of a share, which ends where one of them does. Raises BatchFailure if it does not."""
    end = share.end and (share.end.file, share.end.offset)
    with closing(opened.inputs.pieces(share.start)) as pieces:
        for piece in pieces:
            done = opened.scoring.score(piece)
            place = (done.end.file, done.end.offset)
            if end is not None and place > end:
                raise BatchFailure(
                    f"{opened.inputs.sources[place[0]].name} was cut within a block: this is a bug in the program; "
                    "please report it."
                )
            yield done
            if place == end:
                return


def _open_job(job: Job) -> _OpenJob:
    knowledge = job.knowledge.unpack()
    paths = tuple(str(source.path) for source in job.sources)
    inputs = open_inputs(paths, knowledge, job.reading)
    for here, there in zip(inputs.sources, job.sources, strict=True):
        if not here.is_same_file(there):
            raise BatchError(
                f"{there.path} is not the same file for a worker; put it where all workers see the same file."
            )
    return _OpenJob(inputs, BlockScorer(knowledge, inputs.schema, job.output_form, job.options))
