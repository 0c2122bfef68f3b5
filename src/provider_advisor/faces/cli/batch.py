"""`recommend batch`: the same answers for many teams, from file to file."""

from __future__ import annotations

import gc
import os
from functools import partial

import click

from provider_advisor.faces.cli.commands import HeadedCommand
from provider_advisor.faces.cli.input_options import FORMS, InputOptions
from provider_advisor.faces.cli.options import option, path_name, take_options

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
    if options.master and options.engine != "spark":
        context.fail("--master is for Spark; add --engine spark, or leave it out")
    # NumPy's threads for multiplying matrices are not used here, and would compete with ours.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Everything made before the first row stays until the end, and scanning it for garbage again and again takes a
    # tenth of a small run.
    gc.disable()
    context.call_on_close(gc.enable)
    from provider_advisor.faces.cli.batch_run import run_batch  # noqa: PLC0415 (columns load slowly, and help needs none)

    context.exit(run_batch(names, options))
