"""What the workers of a run have said and written, put together and held to what they were to do."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from provider_advisor.batch.cluster.share import REJECTS, ROWS, part_name
from provider_advisor.batch.kernel.tally import Tally
from provider_advisor.batch.reading import Inputs
from provider_advisor.batch.writing.rejects import HEADER
from provider_advisor.errors import BatchFailure

__all__ = ["check_inputs", "check_parts", "gather_rejects", "tally_of"]

Said = list[dict[str, Any]]


def check_parts(said: Said, folder: Path, form: str) -> None:
    """Raises BatchFailure where a worker wrote to a disk that is not ours."""
    for number, part in enumerate(said):
        path = folder / ROWS / part_name(number, form)
        if not path.exists() or path.stat().st_size != part["size"]:
            raise BatchFailure(
                f"{folder.parent} is not the same folder for all workers; "
                "name an output that all of them see, or call score_spark."
            )


def check_inputs(inputs: Inputs) -> None:
    """Raises BatchFailure if an input is not what it was when the run began."""
    for source in inputs.sources:
        try:
            found = os.stat(str(source.path))  # noqa: PTH116 (as it was when the run began)
        except OSError as error:
            raise BatchFailure(f"{source.name} cannot be read any more ({error.strerror}).") from error
        if (found.st_size, found.st_mtime_ns) != (source.size, source.changed):
            raise BatchFailure(f"{source.name} was changed while it was read; run again when it stays as it is.")


def tally_of(said: Said) -> Tally:
    """The counts of all shares."""
    total = Tally.empty()
    for part in said:
        total += Tally.from_json(part["tally"])
    return total


def gather_rejects(said: Said, inputs: Inputs, folder: Path, rejects: Path) -> int:
    """Write the rejects of all parts to one file, which goes if there are none; how many there are."""
    rejected = sum(int(part["rejected"]) for part in said)
    beside = rejects.with_name(f".{rejects.name}.part")
    try:
        if rejected:
            _write(beside, _numbered(said, [source.name for source in inputs.sources], folder / REJECTS))
            beside.replace(rejects)
        else:
            rejects.unlink(missing_ok=True)
    except OSError as error:
        raise BatchFailure(f"{rejects} cannot be written ({error.strerror}).") from error
    finally:
        beside.unlink(missing_ok=True)
    return rejected


def _write(path: Path, rows: Iterable[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write(HEADER)
        csv.writer(out, lineterminator="\n").writerows(rows)
        out.flush()
        os.fsync(out.fileno())


def _numbered(said: Iterable[Mapping[str, Any]], names: list[str], folder: Path) -> Iterator[list[str]]:
    """The rejects with the names of their files, and numbers that count from each file's beginning."""
    csv.field_size_limit(sys.maxsize)
    before = [0] * len(names)
    for number, part in enumerate(said):
        with (folder / part_name(number, "csv")).open(encoding="utf-8", newline="") as file:
            for place, row, *rest in csv.reader(file):
                yield [names[int(place)], str(int(row) + before[int(place)]), *rest]
        for place, records in part["records"]:
            before[place] += records
