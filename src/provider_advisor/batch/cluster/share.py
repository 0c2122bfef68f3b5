"""What a worker does: read its share of the inputs, score it, and write a part of the output."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from uuid import uuid4

import polars as pl
import pyarrow as pa

from provider_advisor.batch.blocks import Position
from provider_advisor.batch.cluster.splits import Split
from provider_advisor.batch.kernel.tally import Tally
from provider_advisor.batch.parcel import Parcel
from provider_advisor.batch.reading import Inputs, Limits, open_inputs
from provider_advisor.batch.reading.sources import Source
from provider_advisor.batch.scoring import Done, Scoring
from provider_advisor.batch.writing.frames import sink
from provider_advisor.batch.writing.rejects import rejects_text
from provider_advisor.errors import AdvisorError, BatchError, BatchFailure

__all__ = ["FOLDERS", "REJECTS", "ROWS", "SAID", "Job", "part_name", "work"]

FOLDERS = ROWS, REJECTS, _BEGUN = "rows", "rejects", "begun"
"""The folders of a job: complete parts of rows and of rejects, and what is not complete, perhaps never."""

SAID = "said"
"""The one column of what workers say, as JSON."""

_PATIENCE = 2
_LONGEST = 500


class Job(NamedTuple):
    """All that workers have to know. `sources` have absolute paths; `options` are those of `Scoring`."""

    id: str
    parcel: Parcel
    sources: tuple[Source, ...]
    input_form: str
    output_form: str
    separator: bytes
    limits: Limits
    options: Mapping[str, Any]
    folder: str
    splits: tuple[Split, ...]


class _Opened(NamedTuple):
    job: str
    inputs: Inputs
    scoring: Scoring


_last: list[_Opened] = []


def part_name(number: int, form: str) -> str:
    """The name of a part: they sort as the rows do."""
    return f"part-{number:05}.{form}"


def work(job: Job, batches: Iterable[pa.RecordBatch], attempt: int) -> Iterator[pa.RecordBatch]:
    """For each number of a split what came of it.

    What no other attempt can mend is said; else the first attempts raise, so that Spark tries again, elsewhere perhaps.
    """
    for batch in batches:
        for number in batch.column(0).to_pylist():
            try:
                said = _share(job, number)
            except AdvisorError as error:
                said = {"problem": str(error)}
            except (OSError, pl.exceptions.PolarsError) as error:
                if attempt < _PATIENCE:
                    raise
                said = {"problem": f"{job.folder} cannot be written by a worker ({_cause(error)})."}
            yield pa.RecordBatch.from_pydict({SAID: pa.array([json.dumps(said)], pa.string())})


def _cause(error: BaseException) -> str:
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return text.splitlines()[0][:_LONGEST] if text else "unknown"


class _Progress:
    """What a share came to so far, its records by the number of their file, and what went wrong."""

    def __init__(self, start: Position) -> None:
        self.scored = self.rejected = 0
        self.file = start.file
        self.records: dict[int, int] = {}
        self.tally = Tally.empty()
        self.error: BaseException | None = None

    def add(self, done: Done) -> Done:
        """The same block, numbered from the beginning of its file in this share."""
        file = done.end.file
        placed = done.placed(self.records.get(file, 0))
        self.records[file] = placed.end.records
        self.scored, self.rejected = self.scored + done.frame.height, self.rejected + len(done.rejects)
        self.tally += done.tally
        return placed


def _share(job: Job, number: int) -> dict[str, Any]:
    opened, split = _opened(job), job.splits[number]
    rows = Path(job.folder, ROWS, part_name(number, job.output_form))
    rejects = Path(job.folder, REJECTS, part_name(number, "csv"))
    # Another attempt at the same share may be alive; each writes a file of its own, and all write the same.
    attempt = uuid4().hex
    besides = [Path(job.folder, _BEGUN, f"{kind}-{number}-{attempt}") for kind in (ROWS, REJECTS)]
    progress = _Progress(split.start)
    try:
        with besides[1].open("wb") as file:
            _write(opened, split, progress, job.output_form, besides[0], file)
        size = besides[0].stat().st_size
        besides[1].replace(rejects)
        besides[0].replace(rows)
    finally:
        for path in besides:
            with suppress(OSError):
                path.unlink(missing_ok=True)
    return {
        "scored": progress.scored,
        "rejected": progress.rejected,
        "records": sorted(progress.records.items()),
        "tally": progress.tally.to_json(),
        "size": size,
    }


def _write(  # noqa: PLR0913, PLR0917 (from where to where)
    opened: _Opened, split: Split, progress: _Progress, form: str, rows: Path, rejects: BinaryIO
) -> None:
    def frames() -> Generator[pl.DataFrame]:
        try:
            for done in _blocks(opened, split):
                placed = progress.add(done)
                numbered = (reject._replace(file=str(placed.end.file)) for reject in placed.rejects)
                rejects.write(rejects_text(numbered))
                yield placed.frame
        except BaseException as error:
            progress.error = error
            raise

    try:
        sink(frames, opened.scoring.schema, form, rows, first=True)
    except (AdvisorError, OSError, pl.exceptions.PolarsError) as error:
        raise progress.error or error from error


def _blocks(opened: _Opened, split: Split) -> Iterator[Done]:
    """The scored blocks of a split, which ends where one of them does. Raises BatchFailure if it does not."""
    end = split.end and (split.end.file, split.end.offset)
    with closing(_generator(opened.inputs, split.start)) as pieces:
        for piece in pieces:
            done = opened.scoring.score(piece)
            place = (done.end.file, done.end.offset)
            if end is not None and place > end:
                raise BatchFailure(
                    f"{opened.inputs.sources[place[0]].name} was cut within a block: this is a fault; please report it."
                )
            yield done
            if place == end:
                return


def _generator(inputs: Inputs, start: Position) -> Generator[Any]:
    yield from inputs.pieces(start)


def _opened(job: Job) -> _Opened:
    """The inputs and the scoring of a job, made once a process."""
    if not _last or _last[0].job != job.id:
        knowledge = job.parcel.unpacked()
        paths = tuple(str(source.path) for source in job.sources)
        inputs = open_inputs(paths, knowledge, job.input_form, job.separator, job.limits)
        for here, there in zip(inputs.sources, job.sources, strict=True):
            if here != there:
                raise BatchError(f"{there.path} is not the same file for a worker; put it where all see the same.")
        _last[:] = [_Opened(job.id, inputs, Scoring(knowledge, inputs.schema, job.output_form, **job.options))]
    return _last[0]
