"""`recommend batch`: the same answers for many teams, from file to file."""

from __future__ import annotations

import gc
import os

import click

from provider_advisor.faces.cli.commands import HeadedCommand
from provider_advisor.faces.cli.input_options import BatchOptions
from provider_advisor.faces.cli.options import path_name, take_options


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
