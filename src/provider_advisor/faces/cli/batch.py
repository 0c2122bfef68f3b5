"""`recommend batch`: the same answers for many teams, from file to file."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provider_advisor.errors import BatchError, BatchFailure
from provider_advisor.faces.cli.batch_summary import show_summary
from provider_advisor.faces.cli.options import (
    as_of_option,
    day_of,
    days_of,
    knowledge_from,
    knowledge_options,
    path_name,
    separator_of,
    today,
)
from provider_advisor.faces.cli.progress import progress_bar
from provider_advisor.faces.text import Page, show_text
from provider_advisor.knowledge import Facts, KnowledgeBase, facts_as_of

if TYPE_CHECKING:  # columns are dear to import, and whoever only wants help needs none
    from provider_advisor.batch.reading import Inputs
    from provider_advisor.batch.run import Plan, Result
    from provider_advisor.batch.scoring import Scoring

__all__ = ["batch_command"]

_FORMS = click.Choice(["csv", "jsonl", "parquet"])
_REJECTED = 3


@click.command("batch")
@click.argument("names", nargs=-1, required=True, type=path_name, metavar="IN... OUT")
@click.option("--id", "id_column", metavar="COLUMN", help="Column that names the team; 'team' if not given.")
@click.option("--input-format", type=_FORMS, help="Form of the inputs, where their names do not tell.")
@click.option("--output-format", type=_FORMS, help="Form of the output, where its name does not tell.")
@click.option("--separator", default=",", metavar="CHAR", help="What parts the cells of CSV inputs: ; or tab, say.")
@click.option("--reasons", is_flag=True, help="Also the musts unmet and unknown, and what decided.")
@click.option("--explain", is_flag=True, help="Also each whole answer as JSON. Slow.")
@click.option(
    "--rejects", type=path_name, metavar="FILE", help="Where rows without an answer go; OUT.rejects.csv if not given."
)
@click.option("--summary", type=path_name, metavar="FILE", help="Also write what all came to, as JSON.")
@click.option("--report", type=path_name, metavar="FILE", help="Also write what all came to, as a page with charts.")
@click.option("--resume", is_flag=True, help="Go on where an interrupted run stopped.")
@click.option("--threads", type=click.IntRange(1, 1024), metavar="N", help="Threads; as many as there are cores.")
@click.option(
    "--engine",
    type=click.Choice(["local", "spark"]),
    default="local",
    show_default=True,
    help="Who does the work: this process, or the workers of Spark, which write OUT as a folder of parts.",
)
@click.option("--master", metavar="URL", help="Master of Spark, such as local[4], spark://host:7077 or yarn.")
@click.option("--quiet", is_flag=True, help="No bar and no summary on standard error; problems only.")
@as_of_option
@click.option("--max-age", metavar="DAYS", help="Do not use claims older than this: 365d.")
@knowledge_options
@click.pass_context
def batch_command(context: click.Context, /, names: tuple[str, ...], **options: Any) -> None:  # noqa: ANN401
    """Answer for many teams: rows IN, the same rows with verdicts and scores OUT.

    CSV, JSON Lines and Parquet, told by their extensions; - is standard input or output, and IN may be several files or
    a pattern in quotes. Rows without an answer go to a file of rejects, each with the reason. OUT appears when it is
    complete. Exit status 0 if every row was scored, 3 if some were rejected.

    \b
    Examples:
      recommend batch teams.csv scores.parquet
      recommend batch "teams-*.jsonl" scores.csv --reasons
      cat teams.csv | recommend batch - - --input-format csv --output-format jsonl
    """  # noqa: D301 (click's mark for lines to leave as they are is the character itself)
    if len(names) < 2:  # noqa: PLR2004
        raise click.UsageError("the output is missing; expected IN... OUT, such as teams.csv scores.parquet")
    if options["master"] and options["engine"] != "spark":
        raise click.UsageError("--master is for Spark; add --engine spark, or leave it out")
    # Nothing here multiplies matrices, and the threads that NumPy starts for that would spin beside ours.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from provider_advisor.batch.summary import summary_of  # noqa: PLC0415 (see TYPE_CHECKING above)

    knowledge = knowledge_from(options["facts"], options["rules"])
    if options["engine"] == "spark":
        result, facts = _run_on_spark(names, knowledge, options, context)
    else:
        inputs, scoring, plan = _prepared(names, knowledge, options)
        result, facts = _run(inputs, scoring, plan, context, quiet=options["quiet"]), scoring.facts
    _finish(summary_of(result.tally, rejected=result.rejected, facts=facts), result, options)
    if result.rejected:
        context.exit(_REJECTED)


def _prepared(
    names: tuple[str, ...], knowledge: KnowledgeBase, options: dict[str, Any]
) -> tuple[Inputs, Scoring, Plan]:
    from provider_advisor.batch.reading import Limits, form_of, open_inputs  # noqa: PLC0415
    from provider_advisor.batch.run import Plan, check_places  # noqa: PLC0415
    from provider_advisor.batch.scoring import Scoring  # noqa: PLC0415

    output = None if names[-1] == "-" else _place(names[-1])
    form = form_of(names[-1], options["output_format"], "--output-format")
    if output is None and form == "parquet":
        raise BatchError("Parquet cannot be written to standard output; name a file, or say --output-format csv.")
    inputs = open_inputs(names[:-1], knowledge, options["input_format"], separator_of(options["separator"]), Limits())
    others = _written(options, "rejects", "summary", "report")
    written = {"the output": output} if output else {}
    check_places(inputs, written | {f"the file of --{name}": path for name, path in others.items()})
    if options["resume"] and (output is None or not inputs.can_be_read_again):
        raise BatchError("--resume goes from file to file; it cannot go on with standard input or output.")
    day, age = day_of(options["as_of"]), days_of(options["max_age"])
    dated = inputs.form == "jsonl"
    columns = {name: options[name] for name in ("id_column", "reasons", "explain")}
    scoring = Scoring(knowledge, inputs.schema, form, day=day, age=age, today=today(), dated=dated, **columns)
    about = _about(knowledge, day, options)
    rejects, threads, resume = others.get("rejects"), options["threads"] or 0, options["resume"]
    return inputs, scoring, Plan(output, form, rejects, threads, resume=resume, about=about)


def _written(options: dict[str, Any], *names: str) -> dict[str, Path]:
    """The files to write that options name. Raises BatchError for standard output, which is for rows alone."""
    for name in names:
        if options[name] == "-":
            raise BatchError(f"--{name} takes a file; standard output carries nothing but rows.")
    return {name: _place(options[name]) for name in names if options[name]}


def _place(given: str) -> Path:
    """The path with its links followed, unless they lead to no path, as those of /dev/stderr to a pipe."""
    path = Path(given)
    place = path.resolve()
    return place if place.exists() or not path.exists() else path


def _about(knowledge: KnowledgeBase, day: dt.date | None, options: dict[str, Any]) -> dict[str, Any]:
    """What the output depends on besides the inputs, in the words of the options."""
    names = ("id_column", "separator", "reasons", "explain", "max_age", "rejects")
    return {
        **{f"--{name.removesuffix('_column').replace('_', '-')}": options[name] for name in names},
        "--as-of": (day or today()).isoformat(),
        "the knowledge base": knowledge.fingerprint,
    }


def _run(inputs: Inputs, scoring: Scoring, plan: Plan, context: click.Context, *, quiet: bool) -> Result:
    from provider_advisor.batch.run import Interrupted, run  # noqa: PLC0415

    try:
        with progress_bar(inputs.size, quiet=quiet) as advance:
            return run(inputs, scoring, plan, lambda done: advance(done.read, done.records), _say)
    except Interrupted as error:
        _say(str(error))
        context.exit(128 + error.number)


def _run_on_spark(
    names: tuple[str, ...], knowledge: KnowledgeBase, options: dict[str, Any], context: click.Context
) -> tuple[Result, Facts]:
    from provider_advisor.batch.cluster import run_on_spark  # noqa: PLC0415
    from provider_advisor.batch.run import Interrupted  # noqa: PLC0415

    for name in ("resume", "threads"):
        if options[name]:
            raise BatchError(f"--{name} is for one machine; leave it out, or leave out --engine spark.")
    day, age = day_of(options["as_of"]), days_of(options["max_age"])
    asked = {name: options[name] for name in ("master", "input_format", "output_format", "id_column")}
    asked |= {name: options[name] for name in ("reasons", "explain")}
    asked |= {"as_of": day, "max_age": age, "today": today(), "separator": separator_of(options["separator"])}
    asked |= {"rejects": None, **_written(options, "rejects")}
    written = _written(options, "summary", "report")
    asked["others"] = {f"the file of --{name}": path for name, path in written.items()}
    asked["bar"] = sys.stderr.isatty() and not options["quiet"]
    try:
        return run_on_spark(names[:-1], names[-1], knowledge, **asked), facts_as_of(knowledge, day or today(), age)
    except Interrupted as error:
        _say(str(error))
        context.exit(128 + error.number)


def _say(sentence: str) -> None:
    show_text(f"recommend: {sentence}", err=True)


def _finish(summary: dict[str, Any], result: Result, options: dict[str, Any]) -> None:
    """Write what all came to where it was asked for, and show it."""
    if options["summary"]:
        _write(Path(options["summary"]), json.dumps(summary, ensure_ascii=False, indent=2) + "\n")
    if options["report"]:
        from provider_advisor.faces.report.batch_page import batch_report  # noqa: PLC0415 (templates are dear)

        _write(Path(options["report"]), batch_report(summary))
    if options["quiet"]:
        return
    with contextlib.redirect_stdout(sys.stderr):  # standard output carries nothing but rows
        page = Page()
        show_summary(summary, page)
        if result.rejects:
            page.gap()
            page.line(f"Rejected rows, each with its reason: see {_near(result.rejects)}.")
        page.show()


def _write(path: Path, text: str) -> None:
    """A file that is there whole or not at all. Raises BatchFailure."""
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path.resolve())
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise BatchFailure(f"{path} cannot be written ({error.strerror}); the rows are in their place.") from error


def _near(path: Path) -> str:
    """A path as short as it can be said here."""
    with contextlib.suppress(ValueError, OSError):
        return str(path.relative_to(Path.cwd()))
    return str(path)
