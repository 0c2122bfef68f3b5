"""`recommend batch`: the same answers for many teams, from file to file."""

from __future__ import annotations

import gc
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provider_advisor.errors import BatchError
from provider_advisor.faces.cli.batch_outputs import (
    CALLED,
    check_addresses,
    find_place,
    follow_links,
    list_places,
    stage_outputs,
)
from provider_advisor.faces.cli.batch_summary import show_reasons, show_summary
from provider_advisor.faces.cli.commands import HeadedCommand
from provider_advisor.faces.cli.exit_status import ExitStatus, get_signal_status
from provider_advisor.faces.cli.input_options import FORMS, InputOptions
from provider_advisor.faces.cli.named_files import read_input, write_answer
from provider_advisor.faces.cli.options import option, path_name, take_options
from provider_advisor.faces.text import Page, progress_bar, show_notes, show_text
from provider_advisor.knowledge import Facts, KnowledgeBase, facts_as_of
from provider_advisor.requirements.statement import today
from provider_advisor.safe_text import dump_json

if TYPE_CHECKING:  # columns take long to import, and help needs none
    from provider_advisor.batch.kernel.counts import Tally
    from provider_advisor.batch.local_run import Result
    from provider_advisor.batch.pipeline import BlockScorer, ScoringOptions
    from provider_advisor.batch.reading import Inputs
    from provider_advisor.batch.remote.stores import OutputStager
    from provider_advisor.batch.writing.answer_workbook import WorkbookPlan
    from provider_advisor.batch.writing.output_paths import OutputPlace

# The order of a run matters:
#
#   1. options that cannot work together are refused before anything is loaded;
#   2. places are compared before anything is written, also by --matched: an output may be a link to an input;
#   3. rows are scored, and the output appears when it is complete;
#   4. the summary is written last, so that where it cannot be, the rows are there and the message says so.
#
# With objects in stores, all files are local until step 4; then the output is uploaded after its rejects.

_WRITTEN = "the scored rows were written"
_in_output = partial(option, heading="Output")
_in_run = partial(option, heading="Run")


class BatchOptions(InputOptions):
    """The options of the command."""

    output_format: str | None = _in_output(
        "--output-format", type=FORMS, help="Output format, if the name does not show it."
    )
    reasons: bool = _in_output(
        "--reasons", is_flag=True, help="Add columns for unmet and unknown musts and for the reasons."
    )
    explain: bool = _in_output("--explain", is_flag=True, help="Add a column with the full answer as JSON (slow).")
    long: bool = _in_output("--long", is_flag=True, help="Write one row per team and provider, with its rank.")
    rejects: str | None = _in_output(
        "--rejects",
        type=path_name,
        help="Write rows that cannot be scored to this file; default: OUT.rejects.csv.",
    )
    summary: str | None = _in_output("--summary", type=path_name, help="Also write a summary as JSON.")
    report: str | None = _in_output(
        "--report", type=path_name, help="Also write a summary as an HTML page with charts."
    )
    quiet: bool = _in_output("--quiet", is_flag=True, help="Print only problems, without progress bar or summary.")
    resume: bool = _in_run("--resume", is_flag=True, help="Continue an interrupted run.")
    threads: int | None = _in_run(
        "--threads", type=click.IntRange(1, 1024), metavar="N", help="Number of threads; default: one per core."
    )
    engine: str = _in_run(
        "--engine",
        type=click.Choice(["local", "spark"]),
        default="local",
        show_default=True,
        help="Run in this process, or on Spark workers, which write OUT as a folder of part files.",
    )
    master: str | None = _in_run(
        "--master", metavar="URL", help="Spark master, such as local[4], spark://host:7077 or yarn."
    )

    @property
    def has_summary(self) -> bool:
        """Return whether a summary is shown or written."""
        return bool(self.summary or self.report) or not self.quiet

    def other_places(self) -> list[OutputPlace]:
        """Return the files that are written when all rows are. Raises BatchError for standard output."""
        from provider_advisor.batch.writing.output_paths import OutputPlace  # noqa: PLC0415 (see TYPE_CHECKING above)

        given = (("summary", self.summary), ("report", self.report), ("matched", self.matched))
        found = ((name, find_place(name, value)) for name, value in given)
        return [OutputPlace(CALLED[name], path) for name, path in found if path is not None]


@click.command("batch", cls=HeadedCommand)
@click.argument("names", nargs=-1, required=True, type=path_name, metavar="IN... OUT")
@take_options(BatchOptions)
@click.pass_context
def batch_command(context: click.Context, /, names: tuple[str, ...], options: BatchOptions) -> None:
    """Score many teams, from files or a database.

    Reads one team per row from IN, and writes its verdict and scores to OUT. Both can be CSV, JSON Lines, Parquet
    or Excel workbooks (.xlsx), recognised by file extension; - is standard input or output. IN can be several
    files, a quoted pattern, an object in cloud storage (s3://, gs://, az://), a URL (https://), or a database
    (postgresql://) with --query. OUT can be an object in cloud storage. It appears only once it is complete; if its
    name ends in /, it is written as a folder of part files. Rows that cannot be scored go to a rejects file, each
    with its reason. Exits with 0 if every row was scored, and with 3 if any were rejected.

    \b
    Examples:
      recommend batch teams.csv scores.parquet
      recommend batch "teams-*.jsonl" scores.csv --reasons
      recommend batch requirements.xlsx answers.xlsx
      cat teams.csv | recommend batch - - --input-format csv --output-format jsonl
    """  # noqa: D301 (click's mark for lines to leave as they are is the character itself)
    if len(names) < 2:  # noqa: PLR2004
        context.fail("the output is missing; expected IN... OUT, such as teams.csv scores.parquet")
    check_addresses(names, options)
    if options.master and options.engine != "spark":
        context.fail("--master is for Spark; add --engine spark, or leave it out")
    # NumPy's threads for multiplying matrices are not used here, and would compete with ours.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Everything made before the first row stays until the end, and scanning it for garbage again and again takes a
    # tenth of a small run.
    gc.disable()
    context.call_on_close(gc.enable)
    from provider_advisor.batch.interruption import Interrupted  # noqa: PLC0415 (see TYPE_CHECKING above)

    knowledge = options.limit(options.load())
    with stage_outputs(names, options) as (places, placed, staging):
        try:
            result, facts = (_run_on_spark if options.engine == "spark" else _run_here)(places, knowledge, placed)
        except Interrupted as error:
            _say(str(error))
            context.exit(get_signal_status(error.number))
        if result.unknown is not None:
            show_notes(result.unknown.describe())
        _finish(result, facts, placed, staging)
    if result.rejected:
        context.exit(ExitStatus.REJECTED)


def _run_here(names: tuple[str, ...], knowledge: KnowledgeBase, options: BatchOptions) -> tuple[Result, Facts]:
    from provider_advisor.batch.local_run import Plan, run  # noqa: PLC0415
    from provider_advisor.batch.pipeline import BlockScorer  # noqa: PLC0415
    from provider_advisor.batch.reading import choose_form  # noqa: PLC0415
    from provider_advisor.batch.writing.output_paths import check_places, is_folder_name  # noqa: PLC0415
    from provider_advisor.batch.writing.rejects import find_default_rejects  # noqa: PLC0415

    output = None if names[-1] == "-" else follow_links(names[-1])
    form = choose_form(names[-1], options.output_format, "--output-format")
    is_folder, is_workbook = output is not None and is_folder_name(names[-1]), form == "xlsx"
    if output is None and form in {"parquet", "xlsx"}:
        kind = "Parquet" if form == "parquet" else "a workbook"
        raise BatchError(f"{kind} cannot be written to standard output; give a file, or add --output-format csv.")
    if is_workbook:
        _check_workbook_options(options, is_folder=is_folder)
    inputs = options.open_inputs(names[:-1], knowledge)
    rejects = find_place("rejects", options.rejects) or (find_default_rejects(output) if output else None)
    check_places(inputs.sources, list_places(options, output, rejects, is_folder=is_folder), rejects)
    if options.resume:
        _check_resumable(inputs, output)
    options.show_reading(inputs, quiet=options.quiet)
    scoring_options = _choose_scoring(options)._replace(
        dated=inputs.is_dated, reasons=options.reasons or is_workbook,
        remarks=not is_workbook or options.has_summary,  # a workbook is never resumed by a run that has one
    )  # fmt: skip
    scoring = BlockScorer(knowledge, inputs.schema, form, scoring_options)
    plan = Plan(
        output, form, rejects, options.threads or 0, resume=options.resume,
        about=_list_dependencies(knowledge, options), is_folder=is_folder,
        workbook=_plan_workbook(inputs, scoring, knowledge, options) if is_workbook else None,
    )  # fmt: skip
    _collect_from_now_on()
    with progress_bar(inputs.size, quiet=options.quiet) as advance:
        result = run(inputs, scoring, plan, lambda done: advance(done.read, done.records), _say)
    return result, scoring.facts


def _check_resumable(inputs: Inputs, output: Path | None) -> None:
    """Raise BatchError for a run that --resume cannot continue."""
    if output is None or not inputs.can_be_read_again:
        raise BatchError(
            "--resume works only from file to file, not with a database, standard input or standard output."
        )
    if inputs.form == "xlsx":
        raise BatchError("--resume does not work with workbooks, which are read as a whole; leave it out.")


def _choose_scoring(options: BatchOptions) -> ScoringOptions:
    from provider_advisor.batch.pipeline import ScoringOptions  # noqa: PLC0415 (see TYPE_CHECKING above)

    return ScoringOptions(
        today(), day=options.day, age=options.age, id_column=options.id_column,
        reasons=options.reasons, explain=options.explain, long=options.long,
    )  # fmt: skip


def _collect_from_now_on() -> None:
    gc.freeze()
    gc.enable()


def _check_workbook_options(options: BatchOptions, *, is_folder: bool) -> None:
    """Raise BatchError for options that do not work with a workbook."""
    from provider_advisor.batch.writing.answer_workbook import refuse_without_writer  # noqa: PLC0415

    for is_wrong, says in (
        (options.resume, "--resume does not work with workbooks, which are written as a whole; leave it out."),
        (is_folder, "a workbook is one file, not a folder of parts; give a file such as answers.xlsx."),
        (options.explain, "--explain does not fit into the cells of a workbook; write CSV, JSON Lines or Parquet."),
        (options.long, "--long does not work with workbooks; write CSV, JSON Lines or Parquet."),
    ):
        if is_wrong:
            raise BatchError(says)
    refuse_without_writer()


def _plan_workbook(
    inputs: Inputs, scoring: BlockScorer, knowledge: KnowledgeBase, options: BatchOptions
) -> WorkbookPlan:
    from provider_advisor.batch.summary import make_outline  # noqa: PLC0415
    from provider_advisor.batch.writing.answer_workbook import WorkbookPlan, list_scope  # noqa: PLC0415

    id_column = options.id_column or ("team" if "team" in inputs.schema.names else None)

    def describe_scope(tally: Tally, rejected: int) -> list[tuple[str, str | int]]:
        outline = make_outline(tally, rejected=rejected, facts=scoring.facts)
        return list_scope(outline, knowledge, [source.name for source in inputs.sources], inputs.matches)

    return WorkbookPlan(knowledge, options.reasons, id_column, describe_scope)


def _list_dependencies(knowledge: KnowledgeBase, options: BatchOptions) -> dict[str, str | bool | None]:
    """Return what the output depends on besides the inputs, by option."""
    return {
        "--id": options.id_column,
        "--separator": options.separator,
        "--encoding": options.encoding,
        "--skip-lines": str(options.skip_lines),
        "--decimal": options.decimal,
        "--rename": ", ".join(options.renames),
        "--scale": options.scale,
        "--matches": options.matches and read_input(options.matches).decode("utf-8", "replace"),
        "--reasons": options.reasons,
        "--explain": options.explain,
        "--long": options.long,
        "--max-age": options.max_age,
        "--rejects": options.rejects,
        "--unlisted-unknown": options.unlisted_unknown,
        "--as-of": (options.day or today()).isoformat(),
        "the knowledge base": knowledge.fingerprint,
    }


def _run_on_spark(names: tuple[str, ...], knowledge: KnowledgeBase, options: BatchOptions) -> tuple[Result, Facts]:
    from provider_advisor.batch.spark.driver import refuse_other_names, run_on_spark  # noqa: PLC0415
    from provider_advisor.requirements.sheets import is_workbook_name  # noqa: PLC0415

    for name, value in (("resume", options.resume), ("threads", options.threads)):
        if value:
            raise BatchError(f"--{name} does not work with Spark; leave it out, or leave out --engine spark.")
    refuse_other_names(names[:-1], names[-1])
    if "xlsx" in {options.input_format, options.output_format} or any(map(is_workbook_name, names)):
        raise BatchError("Spark cannot read or write workbooks; use CSV or Parquet, or leave out --engine spark.")

    def tell(inputs: Inputs) -> None:
        options.show_reading(inputs, quiet=options.quiet)
        _collect_from_now_on()

    with options.note_matches(names[:-1]):
        result = run_on_spark(
            names[:-1],
            names[-1],
            knowledge,
            _choose_scoring(options),
            master=options.master,
            output_format=options.output_format,
            reading=options.reading_options(knowledge),
            rejects=find_place("rejects", options.rejects),
            others=options.other_places(),
            tell=tell,
            bar=sys.stderr.isatty() and not options.quiet,
        )
    return result, facts_as_of(knowledge, options.day or today(), options.age)


def _say(sentence: str) -> None:
    show_text(f"recommend: {sentence}", err=True)


def _finish(result: Result, facts: Facts, options: BatchOptions, staging: OutputStager | None) -> None:
    """Write the summary files, upload to stores, and show the summary."""
    from provider_advisor.batch.summary import make_summary  # noqa: PLC0415 (see TYPE_CHECKING above)

    summary = make_summary(result.tally, rejected=result.rejected, facts=facts) if options.has_summary else {}
    if options.summary:
        write_answer(str(follow_links(options.summary)), dump_json(summary) + "\n", _WRITTEN)
    if options.report:
        from provider_advisor.faces.report.batch_page import batch_report  # noqa: PLC0415 (templates take long to import)

        write_answer(str(follow_links(options.report)), batch_report(summary), _WRITTEN)
    if staging is not None:
        # The output comes last, so that its rejects are already there when it appears.
        staging.send(CALLED[name] for name in ("rejects", "summary", "report", "output"))
    if options.quiet:
        return
    page = Page(err=True)  # standard output is for rows alone
    show_summary(summary, page)
    if result.rejects:
        show_reasons(result.rejects, page, staging.find_name(result.rejects) if staging else None)
    page.show()
