"""Where `recommend batch` writes: files, folders of parts, and objects in stores, which are local until the end."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from provider_advisor.errors import BatchError

if TYPE_CHECKING:  # columns take long to import, and help needs none
    from provider_advisor.batch.remote.stores import OutputStager
    from provider_advisor.batch.writing.output_paths import OutputPlace
    from provider_advisor.faces.cli.batch import BatchOptions

CALLED = {
    "output": "the output",
    "rejects": "the rejects file (--rejects)",
    "summary": "the summary (--summary)",
    "report": "the report (--report)",
    "matched": "the file of matches (--matched)",
}
"""What sentences call the files of these options."""


def check_addresses(names: tuple[str, ...], options: BatchOptions) -> None:
    """Raise BatchError for an address that cannot be written, or that may have changed since an earlier run."""
    from provider_advisor.batch.remote.addresses import (  # noqa: PLC0415 (see TYPE_CHECKING above)
        find_scheme,
        is_stored,
        is_web_address,
        show_address,
    )

    written = (names[-1], options.rejects, options.summary, options.report)
    for name in filter(find_scheme, filter(None, written)):
        shown = show_address(name)
        if not is_stored(name):
            raise BatchError(
                f"{shown} cannot be written; give a file, or an object in cloud storage (s3://, gs://, az://)."
            )
        if options.engine == "spark":
            raise BatchError(
                f"{shown}: Spark writes to a folder that all workers can see, with its other files beside it; write to "
                "such a folder, and copy it to the store."
            )
        if options.resume:
            raise BatchError(
                f"--resume works only from file to file, and {shown} is in a store; leave it out, or give a file."
            )
    if options.resume and (found := next(filter(is_web_address, names[:-1]), None)):
        raise BatchError(f"--resume works only from file to file; download {show_address(found)}, and give the file.")


@contextlib.contextmanager
def stage_outputs(
    names: tuple[str, ...], options: BatchOptions
) -> Iterator[tuple[tuple[str, ...], BatchOptions, OutputStager | None]]:
    """Yield the names and options with local files for objects in stores, and the uploads of these files."""
    from provider_advisor.batch.remote.addresses import is_stored  # noqa: PLC0415 (see TYPE_CHECKING above)

    given = {"output": names[-1], "rejects": options.rejects, "summary": options.summary, "report": options.report}
    if not any(name and is_stored(name) for name in given.values()):
        yield names, options, None
        return
    from provider_advisor.batch.remote.stores import stage  # noqa: PLC0415 (clients of stores load slowly)
    from provider_advisor.batch.writing.rejects import REJECTS_HEADER  # noqa: PLC0415 (as above)

    if is_stored(names[-1]) and options.rejects is None:
        given["rejects"] = _name_rejects(names[-1])
    with stage(names[:-1]) as staging:
        placed: dict[str, Any] = {
            name: staging.place(CALLED[name], value) if value and is_stored(value) else value
            for name, value in given.items()
        }
        if given["rejects"] and is_stored(given["rejects"]):
            staging.refuse_other(CALLED["rejects"], REJECTS_HEADER, "a rejects file from an earlier run")
        output = str(placed.pop("output"))
        yield (*names[:-1], output), options.replace(**placed), staging


def _name_rejects(url: str) -> str:
    """Return where the rejects of an output in a store go: `scores.rejects.csv` beside `scores.parquet`."""
    place, sign, query = url.partition("?")
    return f"{place.removesuffix(PurePosixPath(place).suffix)}.rejects.csv{sign}{query}"


def list_places(
    options: BatchOptions, output: Path | None, rejects: Path | None, *, is_folder: bool
) -> list[OutputPlace]:
    """Return all places that a run writes to; without an output, its rows go to standard output."""
    from provider_advisor.batch.writing.output_paths import OutputPlace  # noqa: PLC0415
    from provider_advisor.batch.writing.work_folder import find_work_folder  # noqa: PLC0415

    places = options.other_places()
    if rejects is not None:
        places.append(OutputPlace(CALLED["rejects"], rejects))
    if output is not None:
        places.insert(0, OutputPlace(CALLED["output"], output, "folder" if is_folder else "file"))
        places.append(OutputPlace("the work folder", find_work_folder(output), "hidden"))
    return places


def find_place(name: str, given: str | None) -> Path | None:
    """Return the file that an option names. Raises BatchError for standard output, which is for rows alone."""
    if given == "-":
        raise BatchError(f"--{name} takes a file; standard output is only for rows.")
    return follow_links(given) if given else None


def follow_links(given: str) -> Path:
    """Return the path with its links followed, unless they lead to no path, as /dev/stderr leads to a pipe."""
    # An output is written to a temporary file and renamed. If it is a link, the linked file must be replaced, not the
    # link.
    place = Path(os.path.realpath(given))
    return place if os.path.exists(place) or not os.path.exists(given) else Path(given)  # noqa: PTH110 (a Path raises if the name is too long)
