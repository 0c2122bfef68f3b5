"""`recommend --needs …`: the answer to a team, whose statement is read from options and a file, as for `ask`."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from provider_advisor.errors import RequirementsError
from provider_advisor.faces.cli.commands import Commands
from provider_advisor.faces.cli.exit_status import BY_VERDICT, ExitStatus
from provider_advisor.faces.cli.input_options import SHEET_ONLY, SheetOptions
from provider_advisor.faces.cli.named_files import write_answer
from provider_advisor.faces.cli.options import format_option, list_option, option, path_name, take_options
from provider_advisor.faces.text import show_document, show_notes, show_text
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.knowledge.scope import EVERYTHING
from provider_advisor.requirements import Statement, Team, Unlisted, combine, read_team, split_list
from provider_advisor.requirements.grammar import split_words
from provider_advisor.requirements.read_team import refuse_contradictions
from provider_advisor.requirements.statement import Mistakes, Used, read_age, read_day
from provider_advisor.requirements.usage import read_volume, write_volume_plainly
from provider_advisor.safe_text import join_words, reveal
from provider_advisor.version import __version__
from provider_advisor.written_values import write_plainly

if TYPE_CHECKING:
    from provider_advisor.recommendation import Recommendation

# What an output is written as by its extension, and what to do for extensions that cannot be written.
_FORMS = {".json": "json", ".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html"}
_FOREIGN = {
    **dict.fromkeys((".pdf", ".doc", ".docx", ".odt"), "Write .html and print it, or open it in a word processor."),
    **dict.fromkeys((".xls", ".xlsx", ".xlsm", ".ods"), "For a workbook of letters, add --format questions."),
}
_PROVIDER = "{provider}"
"""In the name of a file of letters: each provider gets its own, with its id here."""

# With `--decimal ,` the bound in "number-countries>=1.234,5" is written as 1234.5000 before the grammar reads it: that
# has one reading only.
_BOUND = re.compile(r"(?<=[=≥≤])\s*[+-]?[0-9][0-9.,]*")
_EXAMPLES = {"--situation": "developers=none", "--usage": "sms-outbound=5000"}

_SELDOM = 100_000
"""Objects made between two collections: what a run over many teams keeps is alive until its end."""

_stated = partial(option, heading="What the team needs")
_listed = partial(list_option, heading="What the team needs")
_in_output = partial(option, heading="Output")


# The command


class StatementOptions(SheetOptions):
    """What a team asks for, in options and in a file."""

    needs: tuple[str, ...] = _listed(
        "--needs", "requirements", help="Requirements that must be met, such as whiteboard,number-countries>=90."
    )
    wants: tuple[str, ...] = _listed(
        "--wants",
        "requirements",
        help="Requirements that should be met. Append :could to a nice-to-have, as in fax:could, and :wont to what "
        "you do not want.",
    )
    unlisted: tuple[str, ...] = _stated(
        "--unlisted",
        multiple=True,
        metavar="TEXT",
        help='A requirement that no criterion covers, such as "loan phones during repair". It is listed but not '
        "judged. It is a must unless :should or :could follows.",
    )
    situation: tuple[str, ...] = _listed(
        "--situation", "situation", metavar="NAME=VALUE", help="What the team is like, such as developers=none."
    )
    usage: tuple[str, ...] = _listed(
        "--usage",
        "usage",
        metavar="ITEM=NUMBER",
        help="Monthly volumes, such as sms-outbound=5000; also per year (60000/year) or as a range (40000..60000).",
    )
    file: str | None = _stated(
        "--file",
        type=path_name,
        help="Requirements file in YAML or JSON, or a spreadsheet with one requirement per row (.xlsx, .csv); - reads "
        "standard input. Options add to the file or override it.",
    )
    robustness: bool = _in_output("--robustness/--no-robustness", default=True, help="Show how sure the answer is.")


class RecommendOptions(StatementOptions):
    """The options of the command itself."""

    form: str = format_option("text", "json", "markdown", "html", "questions")
    output: str | None = _in_output(
        "--output",
        "-o",
        type=path_name,
        help="Write to this file, in the format of its extension: .html, .md or .json, else text. With --format "
        "questions, a folder or a name with {provider} gets one file per provider.",
    )
    verbose: bool = _in_output(
        "--verbose",
        "-v",
        is_flag=True,
        help="Also print reasons, sources, and everything that would change the answer.",
    )
    every: bool = _in_output(
        "--all", is_flag=True, help="List all findings in JSON, even for providers that are ruled out."
    )
    color: str = _in_output(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        help="When to use colour; auto depends on the terminal and NO_COLOR.",
    )
    exit_code: bool = _in_output(
        "--exit-code", is_flag=True, help="Exit with status 10 for a tie, 11 for undetermined, 12 for none."
    )
    show_version: bool = option(
        "--version", is_flag=True, help="Show the versions of the program and the knowledge base."
    )


@click.group(
    "recommend", cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@take_options(RecommendOptions)
@click.pass_context
def recommend_command(context: click.Context, /, options: RecommendOptions) -> int:
    """Recommend a provider from sourced facts, prove the answer, and say what is not known.

    \b
    Examples:
      recommend --needs whiteboard,ucaas
      recommend --needs "voice-api,number-countries>=90" --wants number-porting
      recommend --needs video-api --situation use-cases=tutoring,developers=none
      recommend criteria countries        find criteria by word
    """  # noqa: D301 (click's mark for lines to leave as they are is the character itself)
    context.color = {"always": True, "never": False}.get(options.color)
    if context.invoked_subcommand is not None:
        gc.set_threshold(_SELDOM)
        gc.freeze()  # everything loaded so far stays, so garbage collection can skip it
        gc.enable()
        return 0
    if options.show_version:
        show_text(f"recommend, version {__version__}")
        knowledge = options.load()
        named = knowledge.edition or f"without a version ({knowledge.fingerprint[:12]})"
        show_text(f"Knowledge base {named}. {knowledge.read_from}")
        return 0
    # Importing the module for sentences takes a twentieth of a second, and most subcommands do not need it.
    from provider_advisor.faces.cli.text_answer import render_recommendation, show_recommendation  # noqa: PLC0415
    from provider_advisor.recommendation import answer  # noqa: PLC0415

    knowledge, form, output = options.load(), options.form, None if options.output == "-" else options.output
    if output is not None and context.get_parameter_source("form") is ParameterSource.DEFAULT:
        form = _choose_form(output, form)
    if output is not None and _PROVIDER in output and form != "questions":
        raise RequirementsError(f"--output {output}: {_PROVIDER} is for letters to providers; add --format questions.")
    statement = read_statement(options, knowledge)
    robustness, brief = options.robustness and form != "questions", form == "text" and not options.verbose
    found = answer(knowledge, statement, robustness=robustness, brief=brief)
    if form == "questions":
        _write_questions(found, knowledge, output)
    elif output is None:
        show_recommendation(found, knowledge, form, verbose=options.verbose, every=options.every, paged=True)
    else:
        write_answer(
            output, render_recommendation(found, knowledge, form, verbose=options.verbose, every=options.every)
        )
    return BY_VERDICT[found.verdict.kind] if options.exit_code else ExitStatus.ANSWERED


def _write_questions(found: Recommendation, knowledge: KnowledgeBase, output: str | None) -> None:
    """Write the letters to the providers: into one file, or one each if the output is a folder or names `{provider}`.

    Questions come from the answer without requirements that are not judged: with a must that is not judged, no
    provider's reply could make the answer firm.
    """
    from provider_advisor.faces.report.letters import make_letters, split_letters, write_letters  # noqa: PLC0415 (as above)
    from provider_advisor.recommendation import answer  # noqa: PLC0415

    team = found.statement.team._replace(unlisted=())
    judged = answer(knowledge, found.statement._replace(team=team), robustness=True, brief=True)
    letters = make_letters(judged.explanation, found.explanation.unlisted, knowledge)
    if output is None:
        show_document(str(write_letters(letters)))
        return
    if output.endswith(("/", os.sep)) or os.path.isdir(output):  # noqa: PTH112 (a Path takes longer)
        output = os.path.join(output, f"{_PROVIDER}.txt")  # noqa: PTH118 (as above)
    is_split = _PROVIDER in output
    for name, part in split_letters(letters) if is_split else [("", letters)]:
        content = write_letters(part, _get_extension(output))
        text = reveal(content) if isinstance(content, str) else content
        write_answer(output.replace(_PROVIDER, name), text, make_folder=is_split)


def _choose_form(output: str, form: str) -> str:
    """Return the format for an output's extension. Raises RequirementsError if it cannot be written."""
    extension = _get_extension(output)
    if extension in _FOREIGN:
        raise RequirementsError(
            f"--output {output}: {extension} cannot be written; expected .html, .md, .json or .txt. "
            f"{_FOREIGN[extension]}"
        )
    return _FORMS.get(extension, form)


def _get_extension(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 (a Path takes longer)


# What the team states


def read_statement(options: StatementOptions, knowledge: KnowledgeBase, *, complete: bool = True) -> Statement:
    """Return the statement of the options, and of the file that they name.

    Unless `complete`, usage may still be missing, because more may be said later. Raises RequirementsError and
    KnowledgeError.
    """
    # Each part is read by itself and its mistake noted, so that all mistakes are reported at once. The team as a whole
    # is checked last: bounds that could not be read cannot be compared with one another.
    mistakes = Mistakes()
    needs, wants = (_read_lists(given, options.decimal, mistakes) for given in (options.needs, options.wants))
    unlisted: list[str | Unlisted] = list(options.unlisted)
    unknown = None
    if options.unlisted_unknown:
        from provider_advisor.requirements.unlisted import UnknownWords  # noqa: PLC0415 (seldom asked for)

        unknown = UnknownWords(knowledge)
        needs, own = unknown.set_aside(needs, "must")
        wants, more = unknown.set_aside(wants, "should")
        unlisted += [*own, *more]
    situation = _read_pairs(options.situation, "--situation", mistakes)
    volumes = _read_pairs(options.usage, "--usage", mistakes)
    usage = {name: mistakes.note(_read_volume, name, values, options.decimal) for name, values in volumes.items()}
    day, age = mistakes.note(read_day, options.as_of), mistakes.note(read_age, options.max_age)
    team = mistakes.note(
        read_team,
        knowledge,
        needs=needs,
        wants=wants,
        situation={name: values if len(values) > 1 else values[0] for name, values in situation.items()},
        usage={name: volume for name, volume in usage.items() if volume is not None},
        unlisted=unlisted,
        whole=complete and not options.file and not mistakes.problems,
        typed=True,
    )
    scope = mistakes.note(options.read_scope, knowledge)
    file = None
    if options.file is not None or any(options.write(*SHEET_ONLY)):
        from provider_advisor.faces.cli.statement_file import read_statement_file  # noqa: PLC0415 (few teams have one)

        file = read_statement_file(options.file, options, knowledge, mistakes, unknown)
    mistakes.raise_any()
    if unknown is not None:
        show_notes(unknown.describe())
    line = Statement(team or Team(), day, age, scope=scope or EVERYTHING)
    if file is not None:
        return combine(file, line, knowledge, complete=complete)
    refuse_contradictions(line.team, knowledge, complete=complete)
    return line


def _read_lists(given: Iterable[str], decimal: str | None, mistakes: Mistakes) -> list[str]:
    items = [item for text in given for item in mistakes.note(split_list, text) or ()]
    return [_BOUND.sub(lambda found: write_plainly(found[0], decimal), item) if decimal else item for item in items]


def _read_pairs(given: Iterable[str], option: str, mistakes: Mistakes) -> dict[str, list[str]]:
    pairs: dict[str, list[str]] = {}
    for text in given:
        for name, value in mistakes.note(_split_pairs, text, option) or ():
            pairs.setdefault(name, []).append(value)
    return pairs


def _split_pairs(text: str, option: str) -> list[tuple[str, str]]:
    """Return `name=value,name=value` as pairs; a value without a name belongs to the name before it.

    >>> _split_pairs("use-cases=training,events,developers=none", "--situation")
    [('use-cases', 'training'), ('use-cases', 'events'), ('developers', 'none')]
    """
    pairs: list[tuple[str, str]] = []
    name = ""
    for part in split_words(text):
        before, sign, value = part.partition("=")
        name, value = (before.strip(), value.strip()) if sign else (name, before.strip())
        if not name or not value:
            raise RequirementsError(
                f"cannot read '{text[:80]}' after {option}; expected name=value, such as {_EXAMPLES[option]}."
            )
        pairs.append((name, value))
    return pairs


def _read_volume(name: str, values: list[str], decimal: str | None) -> Used:
    if len(values) > 1:
        raise RequirementsError(f"the usage '{name}' has {len(values)} values: {join_words(values)}; give one.")
    return read_volume(name, write_volume_plainly(values[0], decimal) if decimal else values[0])
