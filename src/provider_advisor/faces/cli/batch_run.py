"""A run of `recommend batch`: the places where it writes, which are local until the end, and what it says."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from provider_advisor.batch.interruption import Interrupted
from provider_advisor.batch.local_run import Plan, Result, run
from provider_advisor.batch.pipeline import BlockScorer, ScoringOptions
from provider_advisor.batch.reading import Inputs, choose_form
from provider_advisor.batch.remote.addresses import find_scheme, is_stored, is_web_address, show_address
from provider_advisor.batch.summary import make_summary
from provider_advisor.batch.writing.answer_workbook import WorkbookPlan, import_writer
from provider_advisor.batch.writing.output_paths import OutputPlace, check_places, is_folder_name
from provider_advisor.batch.writing.rejects import REJECTS_HEADER, find_default_rejects
from provider_advisor.batch.writing.work_folder import find_work_folder
from provider_advisor.errors import BatchError
from provider_advisor.faces.cli.batch_summary import show_copied, show_reasons, show_summary
from provider_advisor.faces.cli.exit_status import ExitStatus, get_signal_status
from provider_advisor.faces.cli.input_options import BatchOptions
from provider_advisor.faces.cli.named_files import read_input, write_answer
from provider_advisor.faces.text import Page, progress_bar, show_notes, show_text
from provider_advisor.knowledge import Facts, KnowledgeBase, facts_as_of
from provider_advisor.requirements.sheets import is_workbook_name
from provider_advisor.safe_text import dump_json
from provider_advisor.written_values import today

if TYPE_CHECKING:
    from provider_advisor.batch.remote.stores import OutputStager

# The order of a run matters:
#
#   1. options that cannot work together are refused before anything is read;
#   2. places are compared before anything is written, also by --matched: an output may be a link to an input;
#   3. rows are scored, and the output appears when it is complete;
#   4. the summary is written last, so that where it cannot be, the rows are there and the message says so.
#
# With objects in stores, all files are local until step 4; then the output is uploaded after its rejects.

_WRITTEN = "the scored rows were written"
_CALLED = {
    "output": "the output",
    "rejects": "the rejects file (--rejects)",
    "summary": "the summary (--summary)",
    "report": "the report (--report)",
    "matched": "the file of matches (--matched)",
}
"""What sentences call the files of these options."""
_DECIDING_OUTPUT = (
    *("id_column", "separator", "encoding", "skip_lines", "decimal", "renames", "scale"),
    *("reasons", "explain", "long", "max_age", "rejects", "unlisted_unknown"),
)
"""The options on which an output depends as they are given: a run is resumed only with the same."""


def run_batch(names: tuple[str, ...], options: BatchOptions) -> int:
    """Score the inputs, write the output, which is named last, and return the exit status."""
    inputs, output = names[:-1], names[-1]
    _check_addresses(inputs, output, options)
    knowledge = options.limit(options.load())
    with _stage_outputs(inputs, output, options) as (place, placed, staging):
        try:
            run_on = _run_on_spark if options.engine == "spark" else _run_here
            result, facts, opened = run_on(inputs, place, knowledge, placed)
        except Interrupted as error:
            _say(str(error))
            return get_signal_status(error.number)
        if result.unknown is not None:
            show_notes(result.unknown.describe())
        _finish(result, facts, opened, placed, staging)
    return ExitStatus.REJECTED if result.rejected else ExitStatus.ANSWERED


def _run_here(
    names: tuple[str, ...], output: str, knowledge: KnowledgeBase, options: BatchOptions
) -> tuple[Result, Facts, Inputs]:
    path = None if output == "-" else _follow_links(output)
    form = choose_form(output, options.output_format, "--output-format")
    is_folder, is_workbook = path is not None and is_folder_name(output), form == "xlsx"
    if path is None and form in {"parquet", "xlsx"}:
        kind = "Parquet" if form == "parquet" else "a workbook"
        raise BatchError(f"{kind} cannot be written to standard output; give a file, or add --output-format csv.")
    if is_workbook:
        _check_workbook_options(options, is_folder=is_folder)
    inputs = options.open_inputs(names, knowledge)
    rejects = _find_place("rejects", options) or (find_default_rejects(path) if path else None)
    check_places(inputs.sources, _list_places(options, path, rejects, is_folder=is_folder), rejects)
    if options.resume:
        _check_resumable(inputs, path)
    options.show_reading(inputs, quiet=options.quiet)
    scoring_options = _choose_scoring(options)._replace(
        dated=inputs.is_dated, reasons=options.reasons or is_workbook,
        remarks=not is_workbook or options.has_summary,  # a workbook is never resumed by a run that has one
    )  # fmt: skip
    scoring = BlockScorer(knowledge, inputs.schema, form, scoring_options)
    id_column = options.id_column or ("team" if "team" in inputs.schema.names else None)
    plan = Plan(
        path, form, rejects, options.threads or 0, resume=options.resume,
        about=_list_dependencies(knowledge, options), is_folder=is_folder,
        workbook=WorkbookPlan(knowledge, scoring.facts, inputs, options.reasons, id_column) if is_workbook else None,
    )  # fmt: skip
    _collect_from_now_on()
    with progress_bar(inputs.size, quiet=options.quiet) as advance:
        result = run(inputs, scoring, plan, lambda done: advance(done.read, done.records), _say)
    return result, scoring.facts, inputs


def _check_resumable(inputs: Inputs, output: Path | None) -> None:
    """Raise BatchError for a run that --resume cannot continue."""
    if output is None or not inputs.can_be_read_again:
        raise BatchError(
            "--resume works only from file to file, not with a database, standard input or standard output."
        )
    if inputs.form == "xlsx":
        raise BatchError("--resume does not work with workbooks, which are read as a whole; leave it out.")


def _choose_scoring(options: BatchOptions) -> ScoringOptions:
    return ScoringOptions(
        today(), day=options.day, age=options.age, id_column=options.id_column,
        reasons=options.reasons, explain=options.explain, long=options.long,
    )  # fmt: skip


def _collect_from_now_on() -> None:
    gc.freeze()
    gc.enable()


def _check_workbook_options(options: BatchOptions, *, is_folder: bool) -> None:
    """Raise BatchError for options that do not work with a workbook."""
    for is_wrong, says in (
        (options.resume, "--resume does not work with workbooks, which are written as a whole; leave it out."),
        (is_folder, "a workbook is one file, not a folder of parts; give a file such as answers.xlsx."),
        (options.explain, "--explain does not fit into the cells of a workbook; write CSV, JSON Lines or Parquet."),
        (options.long, "--long does not work with workbooks; write CSV, JSON Lines or Parquet."),
    ):
        if is_wrong:
            raise BatchError(says)
    import_writer()  # refuses at once where it is not installed


def _list_dependencies(knowledge: KnowledgeBase, options: BatchOptions) -> dict[str, str | bool | None]:
    """Return what the output depends on besides the inputs, by option."""
    given = options.replace(renames=", ".join(options.renames), skip_lines=str(options.skip_lines))
    return {
        **{getattr(type(options), name).opts[0]: getattr(given, name) for name in _DECIDING_OUTPUT},
        "--matches": options.matches and read_input(options.matches).decode("utf-8", "replace"),
        "--as-of": (options.day or today()).isoformat(),
        "the knowledge base": knowledge.fingerprint,
    }


def _run_on_spark(
    names: tuple[str, ...], output: str, knowledge: KnowledgeBase, options: BatchOptions
) -> tuple[Result, Facts, Inputs]:
    from provider_advisor.batch.spark.driver import run_on_spark  # noqa: PLC0415 (of an extra)

    for name, value in (("resume", options.resume), ("threads", options.threads)):
        if value:
            raise BatchError(f"--{name} does not work with Spark; leave it out, or leave out --engine spark.")
    if "xlsx" in {options.input_format, options.output_format} or any(map(is_workbook_name, (*names, output))):
        raise BatchError("Spark cannot read or write workbooks; use CSV or Parquet, or leave out --engine spark.")

    opened: list[Inputs] = []

    def tell(inputs: Inputs) -> None:
        opened.append(inputs)
        options.show_reading(inputs, quiet=options.quiet)
        _collect_from_now_on()

    with options.note_matches(names):
        result = run_on_spark(
            names,
            output,
            knowledge,
            _choose_scoring(options),
            master=options.master,
            output_format=options.output_format,
            reading=options.make_reading_options(knowledge),
            rejects=_find_place("rejects", options),
            others=_list_places(options),
            tell=tell,
            bar=sys.stderr.isatty() and not options.quiet,
        )
    return result, facts_as_of(knowledge, options.day or today(), options.age), opened[0]


def _say(sentence: str) -> None:
    show_text(f"recommend: {sentence}", err=True)


def _finish(result: Result, facts: Facts, inputs: Inputs, options: BatchOptions, staging: OutputStager | None) -> None:
    """Write the summary files, upload to stores, and show the summary."""
    summary = {}
    if options.has_summary:
        summary = make_summary(result.tally, rejected=result.rejected, facts=facts, copied=inputs.unread)
    if options.summary:
        write_answer(str(_follow_links(options.summary)), dump_json(summary) + "\n", _WRITTEN)
    if options.report:
        from provider_advisor.faces.report.batch_page import batch_report  # noqa: PLC0415 (templates take long to import)

        write_answer(str(_follow_links(options.report)), batch_report(summary), _WRITTEN)
    if staging is not None:
        # The output comes last, so that its rejects are already there when it appears.
        staging.send(_CALLED[name] for name in ("rejects", "summary", "report", "output"))
    if options.quiet:
        return
    page = Page(err=True)  # standard output is for rows alone
    show_summary(summary, page)
    if not inputs.matches:  # they said already what was copied
        show_copied(summary["copied_columns"], page)
    if result.rejects:
        show_reasons(result.rejects, page, staging.find_name(result.rejects) if staging else None)
    page.show()


# Where it writes


def _check_addresses(inputs: tuple[str, ...], output: str, options: BatchOptions) -> None:
    """Raise BatchError for an address that cannot be written, or that may have changed since an earlier run."""
    written = (output, options.rejects, options.summary, options.report)
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
    if options.resume and (found := next(filter(is_web_address, inputs), None)):
        raise BatchError(f"--resume works only from file to file; download {show_address(found)}, and give the file.")


@contextlib.contextmanager
def _stage_outputs(
    inputs: tuple[str, ...], output: str, options: BatchOptions
) -> Iterator[tuple[str, BatchOptions, OutputStager | None]]:
    """Yield the output and the options with local files for objects in stores, and the uploads of these files."""
    given = {"output": output, "rejects": options.rejects, "summary": options.summary, "report": options.report}
    if not any(name and is_stored(name) for name in given.values()):
        yield output, options, None
        return
    from provider_advisor.batch.remote.stores import stage_outputs  # noqa: PLC0415 (clients of stores load slowly)

    if is_stored(output) and options.rejects is None:
        # `scores.rejects.csv` beside `scores.parquet`
        place, sign, query = output.partition("?")
        given["rejects"] = f"{place.removesuffix(PurePosixPath(place).suffix)}.rejects.csv{sign}{query}"
    with stage_outputs(inputs) as staging:
        placed: dict[str, Any] = {
            name: staging.place(_CALLED[name], value) if value and is_stored(value) else value
            for name, value in given.items()
        }
        if given["rejects"] and is_stored(given["rejects"]):
            staging.refuse_other(_CALLED["rejects"], REJECTS_HEADER, "a rejects file from an earlier run")
        output = str(placed.pop("output"))
        yield output, options.replace(**placed), staging


def _list_places(
    options: BatchOptions, output: Path | None = None, rejects: Path | None = None, *, is_folder: bool = False
) -> list[OutputPlace]:
    """Return all places that a run writes to. Raises BatchError for an option that names standard output."""
    others = [(name, _find_place(name, options)) for name in ("summary", "report", "matched")]
    found = [OutputPlace(_CALLED[name], path) for name, path in (*others, ("rejects", rejects)) if path is not None]
    if output is not None:
        found.insert(0, OutputPlace(_CALLED["output"], output, "folder" if is_folder else "file"))
        found.append(OutputPlace("the work folder", find_work_folder(output), "hidden"))
    return found


def _find_place(name: str, options: BatchOptions) -> Path | None:
    """Return the file that an option names. Raises BatchError for standard output, which is for rows alone."""
    given = getattr(options, name)
    if given == "-":
        raise BatchError(f"--{name} takes a file; standard output is only for rows.")
    return _follow_links(given) if given else None


def _follow_links(given: str) -> Path:
    """Return the path with its links followed, unless they lead to no path, as /dev/stderr leads to a pipe."""
    # An output is written to a temporary file and renamed. If it is a link, the linked file must be replaced, not the
    # link.
    place = Path(os.path.realpath(given))
    return place if os.path.exists(place) or not os.path.exists(given) else Path(given)  # noqa: PTH110 (a Path raises if the name is too long)
