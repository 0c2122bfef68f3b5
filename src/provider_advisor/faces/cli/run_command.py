"""Run the command, and turn errors into a sentence and an exit status (see `exit_status`)."""

from __future__ import annotations

import os
import re
import sys

import click

from provider_advisor.errors import (
    AdvisorError,
    BatchFailure,
    EngineError,
    KnowledgeError,
    RequirementsError,
    StoreFailure,
)
from provider_advisor.faces.cli.exit_status import ExitStatus
from provider_advisor.faces.cli.recommend import recommend_command
from provider_advisor.faces.text import clean, show_line, show_text
from provider_advisor.knowledge.suggest import did_you_mean

_COMPLETE = "_RECOMMEND_COMPLETE"
"""The variable by which a shell asks for completions."""

_KINDS = {"integer": "a whole number", "float": "a number"}


def run() -> int:
    """Run the command with the words of this process, and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if _COMPLETE in os.environ:
        from click.shell_completion import add_completion_class  # noqa: PLC0415 (only a shell asks for it)

        from provider_advisor.faces.cli.completion import WholeWordBash  # noqa: PLC0415 (as above)

        add_completion_class(WholeWordBash)
    try:
        status = recommend_command.main(prog_name="recommend", standalone_mode=False) or 0
        sys.stdout.flush()
    except click.exceptions.Abort:
        return _complain("interrupted.", ExitStatus.INTERRUPTED)
    except click.ClickException as error:
        sentence = _describe_usage(error)
        command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "recommend"
        end = "" if sentence.endswith(("?", ".")) else "."
        return _complain(f"{sentence}{end} Try `{command} --help`.", ExitStatus.WRONG)
    except AdvisorError as error:
        return _report(error)
    except BrokenPipeError:
        # The reader, such as `head`, closed the pipe.
        return _drop_output(ExitStatus.ANSWERED)
    except (OSError, MemoryError) as error:
        return _drop_output(_complain(_describe_failure(error), ExitStatus.FAILED))
    else:
        return int(status)


def _describe_usage(error: click.ClickException) -> str:
    """Return what is wrong with a command line, with our "Did you mean" instead of click's brackets."""
    if isinstance(error, click.NoSuchOption):
        return f"No such option '{error.option_name}'.{did_you_mean(error.option_name, error.possibilities or ())}"
    said = error.format_message()
    return re.sub(r"a valid (integer|float)( range)?", lambda found: _KINDS[found[1]], said)


def _describe_failure(error: OSError | MemoryError) -> str:
    if isinstance(error, MemoryError):
        return "there is not enough memory; end other programs, or let `batch` use fewer --threads."
    return f"the answer cannot be written ({error.strerror}); check its destination."


def _drop_output(status: int) -> int:
    """Return the status, and drop unwritten output, which Python would otherwise try to write at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


def _report(error: AdvisorError) -> int:
    """Say what went wrong, and return whether engine or machine failed, or the user can correct it."""
    if isinstance(error, KnowledgeError):
        show_text("\n".join(map(_clean_problem, error.problems)), err=True)
        return ExitStatus.WRONG
    if isinstance(error, RequirementsError):
        for problem in error.problems:
            _complain(problem, ExitStatus.WRONG)
        return ExitStatus.WRONG
    is_failure = isinstance(error, BatchFailure | EngineError | StoreFailure)
    return _complain(str(error), ExitStatus.FAILED if is_failure else ExitStatus.WRONG)


def _clean_problem(problem: str) -> str:
    """Return a problem on one line; only the example of a file may follow on further lines."""
    said, end, rest = problem.partition("\n")
    if not end:
        return clean(problem)
    # This runs only after a read error, when the module that checks files is already imported.
    from provider_advisor.knowledge.shapes.every_file import FILE_SHAPES  # noqa: PLC0415

    is_example = any(end + rest == shape.show_example() for shape in FILE_SHAPES.values())
    return f"{clean(said)}{end}{rest}" if is_example else clean(problem)


def _complain(sentence: str, status: int) -> int:
    show_line(f"recommend: {sentence}", err=True)
    return status
