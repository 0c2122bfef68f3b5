"""Options shared by several commands: how click declares them, the records that hold them, and how values are read.

Each option is written twice: declared for click, with its help, and as a typed field of the record that a command gets.
For example, `--max-age 365d` is declared in `evidence_options`, arrives as `Options.max_age == "365d"`, and
`Options.age` is 365.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar

import click

from provider_advisor.errors import BatchError, BatchFailure, KnowledgeError, RequirementsError, describe_cause
from provider_advisor.faces.cli.commands import join_options
from provider_advisor.faces.text import show_notes
from provider_advisor.knowledge import KnowledgeBase, load
from provider_advisor.knowledge.base import EVERYTHING, Scope
from provider_advisor.knowledge.files import MAX_BYTES, find_beside, read_bytes
from provider_advisor.logic import parse_age, parse_day
from provider_advisor.whole_file import write_whole

if TYPE_CHECKING:  # columns and sheets take long to import, and most answers need none
    from provider_advisor.requirements.matching import Match, Targets
    from provider_advisor.requirements.priority_cells import Wish

_MOST_DAYS = 100_000
_FEW = 10

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


class _PathName(click.Path):
    """The name of a file or folder as given; an empty one, as from an unset variable, is refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 (click's signature)
        """Return the name. Raises click.BadParameter."""
        # What the name leads to is looked at where it is opened: there each command says what it expects.
        return value or self.fail("the name is empty; give a file or a folder", param, ctx)


path_name = _PathName()
_folder_name = _PathName(file_okay=False)


def complete_by(what: str) -> Callable[[click.Context, click.Parameter, str], list[Any]]:
    """Return a completion by kind, such as `requirements` or `providers`; imported only when a shell asks."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[Any]:
        from provider_advisor.faces.cli import completion  # noqa: PLC0415 (as said)

        found: list[Any] = getattr(completion, f"complete_{what}")(context, parameter, incomplete)
        return found

    return complete


def _inherit(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return the folder, or else the one given to a command before: `recommend --facts DIR decisions list`."""
    outer: click.Context | None = context
    while value is None and outer is not None:
        value, outer = outer.params.get(str(parameter.name)), outer.parent
    return value


_FACTS = "Facts and providers"

knowledge_options = join_options(
    _FACTS,
    *(
        click.option(
            f"--{kind}",
            type=_folder_name,
            metavar="DIR",
            callback=_inherit,
            help=f"Folder of {kind} to use instead of the one shipped with the program.",
        )
        for kind in ("facts", "rules")
    ),
)
scope_options = join_options(
    _FACTS,
    *(
        click.option(name, multiple=True, metavar="LIST", shell_complete=complete_by(what), help=text)
        for name, what, text in (
            ("--only", "providers", "Consider only these providers, such as acme,other."),
            ("--without", "providers", "Leave out these providers."),
            ("--sources", "sources", "Use only claims from these sources."),
            (
                "--customer-of",
                "providers",
                "Providers you are already a customer of; their products that are closed to new customers then count.",
            ),
        )
    ),
)
as_of_option = click.option(
    "--as-of", metavar="DATE", help="Use the facts as of this date (YYYY-MM-DD); default: today."
)
evidence_options = join_options(
    _FACTS,
    as_of_option,
    click.option("--max-age", metavar="DAYS", help="Ignore claims older than this, such as 365d."),
    scope_options,
)
sheet_options = join_options(
    "Spreadsheets",
    click.option("--sheet", metavar="NAME", help="Sheet of the workbook to read, if more than one has content."),
    click.option(
        "--scale", metavar="LIST", help="What the cells of a sheet mean, such as 5=must,4=must,3=should,2=could,1=wont."
    ),
    click.option(
        "--matches",
        type=path_name,
        metavar="FILE",
        help="Read headers or requirements as in this file, which --matched wrote and you corrected.",
    ),
    click.option(
        "--matched",
        type=path_name,
        metavar="FILE",
        help="Write how the headers or requirements of a sheet were read to this file, so that you can correct it.",
    ),
)
decimal_option = click.option(
    "--decimal", type=click.Choice([",", "."]), help="Decimal separator in numbers such as 5.000 or 1.234,56."
)
encoding_option = click.option("--encoding", metavar="NAME", help="Text encoding, such as cp1252; default: UTF-8.")
rename_option = click.option(
    "--rename",
    "renames",
    multiple=True,
    metavar="OLD=NEW",
    help='Rename a column, as in "Bedarf=needs"; can be repeated.',
)
unlisted_unknown_option = click.option(
    "--unlisted-unknown",
    is_flag=True,
    help="List words that match no criterion, without judging them, instead of refusing the whole list.",
)
robustness_option = click.option("--robustness/--no-robustness", default=True, help="Show how sure the answer is.")


def format_option(*formats: str) -> Callable[[F], F]:
    """Add `--format`; the first format is the default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="Output format.",
    )


def store_option(*, required: bool = False) -> Callable[[F], F]:
    """Add `--store`; RECOMMEND_STORE sets it without showing a password in the list of processes."""
    return click.option(
        "--store",
        envvar="RECOMMEND_STORE",
        show_envvar=True,
        required=required,
        metavar="FILE|URL",
        help="Store of saved decisions, such as decisions.db or postgresql://user@host/database.",
    )


class Options:
    """The options of a command as given: these, and those that the command's own class adds.

    `Options(**given)` sets each by the name that click gives it, so no function that passes them on names them again. A
    command without one of them leaves it at the value here.
    """

    # A NamedTuple could not be extended, and a dataclass takes longer to create at each start.

    as_of: str | None = None
    max_age: str | None = None
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    customer_of: tuple[str, ...] = ()
    form: str = "text"
    facts: str | None = None
    rules: str | None = None

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 (of many types)
        vars(self).update(given)

    def replace(self, **other: Any) -> Self:  # noqa: ANN401 (as above)
        """Return the options with some of them replaced."""
        return type(self)(**(vars(self) | other))

    @property
    def day(self) -> dt.date | None:
        """Return the day of --as-of. Raises RequirementsError."""
        return read_day(self.as_of)

    @property
    def age(self) -> int | None:
        """Return the days of --max-age. Raises RequirementsError."""
        return read_age(self.max_age)

    def load(self) -> KnowledgeBase:
        """Return the knowledge base that --facts and --rules name. Raises KnowledgeError."""
        return load_knowledge(self.facts, self.rules)

    def read_scope(self, knowledge: KnowledgeBase) -> Scope:
        """Return the scope that the options of `scope_options` name. Raises RequirementsError."""
        given = {name: getattr(self, name) for name in Scope._fields}
        if not any(given.values()):
            return EVERYTHING
        from provider_advisor.knowledge.scope import read_scope  # noqa: PLC0415 (most answers look at everything)

        return read_scope(knowledge, **{name: list(_split_names(name, texts)) for name, texts in given.items()})

    def limit(self, knowledge: KnowledgeBase) -> KnowledgeBase:
        """Return the part of a knowledge base that is in the scope. Raises RequirementsError."""
        return knowledge.restrict(**self.read_scope(knowledge)._asdict())


class SheetOptions(Options):
    """How a spreadsheet is read; `decimal` is the sign before fractions, None if numbers have one reading.

    How its words were read is shown on standard error, written to the file of --matched for a person to correct, and
    read back by --matches.
    """

    sheet: str | None = None
    scale: str | None = None
    matches: str | None = None
    matched: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    renames: tuple[str, ...] = ()
    unlisted_unknown: bool = False

    def read_encoding(self) -> str | None:
        """Return the encoding, None for UTF-8. Raises BatchError."""
        if self.encoding is None:
            return None
        from provider_advisor.batch.reading import read_encoding  # noqa: PLC0415 (see TYPE_CHECKING above)

        return read_encoding(self.encoding)

    def read_renames(self) -> tuple[tuple[str, str], ...]:
        """Return pairs of an old and a new name of a column. Raises BatchError."""
        return tuple(map(_read_rename, self.renames))

    def read_scale(self) -> dict[str, Wish]:
        """Return what cells mean. Raises RequirementsError."""
        from provider_advisor.requirements.priority_cells import read_scale  # noqa: PLC0415 (as above)

        return read_scale(self.scale)

    def read_matches(self, knowledge: KnowledgeBase) -> dict[str, Targets]:
        """Return the targets by word from the file of --matches. Raises KnowledgeError and RequirementsError."""
        if self.matches is None:
            return {}
        from provider_advisor.requirements.matching import read_matches  # noqa: PLC0415 (as above)

        return read_matches(read_input(self.matches), name_input(self.matches), knowledge)

    @contextlib.contextmanager
    def note_matches(self, inputs: Sequence[str]) -> Iterator[None]:
        """Write the file of --matched even if doubtful words keep a sheet from being read."""
        from provider_advisor.requirements.matching import DoubtfulMatchesError  # noqa: PLC0415 (as above)

        for name in inputs if self.matched is not None else ():
            with contextlib.suppress(OSError):
                if os.path.samefile(str(self.matched), name):  # noqa: PTH121 (a Path raises if the name is too long)
                    raise RequirementsError(f"--matched {self.matched} is an input; choose another file.")
        try:
            yield
        except DoubtfulMatchesError as error:
            self._write_matched(error.matches, inputs)
            raise

    def show_matches(
        self, matches: Sequence[Match], notices: Iterable[str], inputs: Sequence[str], *, quiet: bool = False
    ) -> None:
        """Say on standard error how the words of a sheet were read, and write it to the file of --matched."""
        from provider_advisor.requirements.matching import CARRY  # noqa: PLC0415 (as above)

        lines = list(notices)
        asked = [match for match in matches if match.is_requirement]
        listed = [match for match in matches if match.is_unlisted]
        carried = [match.word for match in matches if match.targets == (CARRY,)]
        if asked:
            lines.append("how the words of the sheet were read:")
            lines += [f"  {match.word} → {', '.join(match.targets)} ({match.how})" for match in asked]
        if listed:
            lines.append("listed and not judged:")
            lines += [f"  {match.word}{'' if match.how else f' ({match.say_candidates()})'}" for match in listed]
        if carried:
            lines.append(f"  copied unchanged: {', '.join(carried)}")
        if not quiet:
            show_notes(lines)
        self._write_matched(matches, inputs)

    def _write_matched(self, matches: Sequence[Match], inputs: Sequence[str]) -> None:
        if self.matched is not None:
            from provider_advisor.requirements.matching import write_matches  # noqa: PLC0415 (as above)

            write_answer(self.matched, write_matches(matches, ", ".join(inputs)))


def _split_names(name: str, texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        for part in text.replace(";", ",").split(","):
            if not part.strip():
                option = name.replace("_", "-")
                raise RequirementsError(
                    f"'{text[:80]}' after --{option} has an empty name; expected names separated by commas."
                )
            yield part.strip()


def _read_rename(given: str) -> tuple[str, str]:
    old, sign, new = (part.strip() for part in given.partition("="))
    if not (old and sign and new):
        raise BatchError(f"--rename {given[:80]!r} cannot be read; expected OLD=NEW, such as Bedarf=needs.")
    return old, new


def need_web(*modules: str) -> None:
    """Raise RequirementsError if the extra with these modules is not fully installed."""
    from importlib.util import find_spec  # noqa: PLC0415 (most commands need none)

    if any(find_spec(module) is None for module in modules):
        asked = click.get_current_context().command_path.partition(" ")[2]
        raise RequirementsError(
            f"'{asked}' needs the extra 'web'; install it with: pip install 'provider-advisor[web]'"
        )


def write_answer(
    path: str, text: str | bytes, remedy: str = "check the path and its permissions", *, make_folder: bool = False
) -> None:
    """Write an answer to a file, whole or not at all. Raises BatchFailure ending with the remedy."""
    try:
        if make_folder:
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)  # noqa: PTH103, PTH120 (a Path takes longer)
        with write_whole(os.path.realpath(path)) as file:
            file.write(text.encode() if isinstance(text, str) else text)
    except OSError as error:
        raise BatchFailure(f"{path} cannot be written ({describe_cause(error)}); {remedy}.") from error


def load_knowledge(facts: str | None, rules: str | None) -> KnowledgeBase:
    """Return the knowledge base in these folders, the shipped one for None. Raises KnowledgeError."""
    return read_folders(load, facts, rules)


def read_folders(read: Callable[[str | None, str | None], T], facts: str | None, rules: str | None) -> T:
    """Return what `read` reads from the two folders. Raises KnowledgeError, shortened if they do not match."""
    try:
        return read(facts, rules)
    except KnowledgeError as error:
        if (facts is None) == (rules is None):
            raise
        raise KnowledgeError(_shorten_mismatch(error.problems, facts, rules)) from error


def _shorten_mismatch(problems: Sequence[str], facts: str | None, rules: str | None) -> list[str]:
    """Return the problems; those of facts and rules that do not match become one sentence."""
    # With only --facts laptops/facts, every shipped rule names criteria that laptops do not have: hundreds of problems,
    # and none of them is to be fixed.
    given, kind, other = (facts, "facts", "rules") if facts is not None else (str(rules), "rules", "facts")
    foreign = [part for part in problems if part.startswith("rules/")] if kind == "facts" else []
    if kind == "rules":
        foreign = [part for part in problems if "unknown " in part]
        foreign = foreign if len(foreign) > _FEW or _is_known_beside(given) else []
    if not foreign:
        return list(problems)
    rest = [part for part in problems if part not in foreign]
    mismatch = (
        f"{other}: the {kind} in {given} are read with the shipped {other}, which do not match them "
        f"({len(foreign):,} problems, the first: {foreign[0]}); give matching ones with "
        f"--{other} {find_beside(given, other) or 'DIR'}."
    )
    return [*rest, mismatch]


def _is_known_beside(rules: str) -> bool:
    """Return whether the facts beside a folder of rules know all the words that the rules use."""
    facts = find_beside(rules, "facts")
    try:
        return facts is not None and bool(load(facts, rules))
    except KnowledgeError as error:
        return not any("unknown " in problem for problem in error.problems)


def read_input(file: str) -> bytes:
    """Return the bytes of a file, of standard input for `-`. Raises KnowledgeError or RequirementsError."""
    if file != "-":
        return read_bytes(file, file, pipes=True)
    content = b"" if sys.stdin is None else sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise RequirementsError(
            f"standard input is larger than {MAX_BYTES // 1_000_000} MB; expected one team's requirements."
        )
    return content


def name_input(file: str) -> str:
    """Return the name of an option's file for messages."""
    return "standard input" if file == "-" else file


def read_age(text: str | None) -> int | None:
    """Return the days in a text such as 365d, None if there is no text. Raises RequirementsError."""
    if text is None:
        return None
    with contextlib.suppress(ValueError):
        if not text.startswith("0") and (days := parse_age(text)) < _MOST_DAYS:
            return days
    raise RequirementsError(f"'{text[:40]}' is not an age; expected a number of days, such as 365d.")


def read_day(text: str | None) -> dt.date | None:
    """Return the day in a text, None if there is no text. Raises RequirementsError."""
    if text is None:
        return None
    try:
        return parse_day(text)
    except ValueError as error:
        raise RequirementsError(f"'{text[:40]}' is not a date; expected YYYY-MM-DD, such as 2022-12-31.") from error


def today() -> dt.date:
    """Return the day where the user is."""
    return dt.date.today()  # noqa: DTZ011
