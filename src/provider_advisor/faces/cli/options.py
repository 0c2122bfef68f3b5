"""Options as fields of records, and those that several commands share.

A command declares its options as fields, and gets them as one object:

    class CompareOptions(FactOptions):
        area: str | None = option("--area", help="Show only criteria in this area, such as video.")

    @click.command("compare")
    @take_options(CompareOptions)
    def compare_command(options: CompareOptions) -> None: …
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Self, TypeVar

import click

from provider_advisor.errors import KnowledgeError, RequirementsError
from provider_advisor.knowledge import KnowledgeBase, load
from provider_advisor.knowledge.files import find_beside
from provider_advisor.knowledge.scope import EVERYTHING, Scope
from provider_advisor.requirements.statement import read_age, read_day

_FEW = 10

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


class FieldOption(click.Option):
    """An option that is the field of a record, and has a heading in the help; `settings` are those of click."""

    def __init__(self, *names: str, heading: str = "Options", **settings: Any) -> None:  # noqa: ANN401 (click's settings)
        super().__init__(names, **settings)
        self.heading = heading

    def __set_name__(self, record: type, name: str) -> None:
        """Take the name of the field: a flag such as --all may be called `every`."""
        self.name = name


option: Any = FieldOption
"""An option as the value of a field, which has a type of its own."""


def take_options(record: type) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Return a decorator by which a command takes the options of a record, and gets them as `options`.

    Fields of the record come before those that it inherits. An inherited one with a plain value is not an option.
    """
    fields: dict[str, object] = {}
    for part in record.__mro__:
        for name, field in vars(part).items():
            fields.setdefault(name, field)
    options = {name: field for name, field in fields.items() if isinstance(field, FieldOption)}

    def add(command: Callable[..., T]) -> Callable[..., T]:
        @functools.wraps(command)
        def call(*args: Any, **given: Any) -> T:  # noqa: ANN401 (click's)
            taken = record(**{name: given.pop(name) for name in options})
            return command(*args, options=taken, **given)

        # Where click's own decorators collect options, the last one first.
        vars(call).setdefault("__click_params__", []).extend(reversed(options.values()))
        return call

    return add


class _PathName(click.Path):
    """The name of a file or folder as given; an empty one, as from an unset variable, is refused."""

    def __init__(self, name: str, *, file_okay: bool = True) -> None:
        super().__init__(file_okay=file_okay)
        self.name = name  # what the help shows, in capitals

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 (click's signature)
        """Return the name. Raises click.BadParameter."""
        # What the name leads to is looked at where it is opened: there each command says what it expects.
        return value or self.fail("the name is empty; give a file or a folder", param, ctx)


path_name, _folder_name = _PathName("file"), _PathName("dir", file_okay=False)


def complete_by(what: str) -> Callable[[click.Context, click.Parameter, str], list[Any]]:
    """Return a completion by kind, such as `requirements` or `providers`; imported only when a shell asks."""

    def complete(context: click.Context, _: click.Parameter, incomplete: str) -> list[Any]:
        from provider_advisor.faces.cli.completion import complete_last  # noqa: PLC0415 (as said)

        return complete_last(what, context, incomplete)

    return complete


def _inherit(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return the folder, or else the one given to a command before: `recommend --facts DIR decisions list`."""
    outer: click.Context | None = context
    while value is None and outer is not None:
        value, outer = outer.params.get(str(parameter.name)), outer.parent
    return value


_in_facts = functools.partial(option, heading="Facts and providers")


def list_option(flag: str, what: str, *, heading: str = "Facts and providers", metavar: str = "LIST", help: str) -> Any:  # noqa: A002, ANN401 (as click and `option`)
    """Return an option that takes a list, and can be repeated; a shell completes its `what`."""
    return option(flag, heading=heading, multiple=True, metavar=metavar, shell_complete=complete_by(what), help=help)


def format_option(*formats: str) -> Any:  # noqa: ANN401 (as `option`)
    """Return the option --format; the first format is the default."""
    choice = click.Choice(formats)
    return option(
        "--format", heading="Output", type=choice, default=formats[0], show_default=True, help="Output format."
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


class KnowledgeOptions:
    """The options of a command: which facts and rules it uses, and what its own class adds."""

    # A NamedTuple could not be extended, and a dataclass takes longer to create at each start.

    facts: str | None = _in_facts(
        "--facts",
        type=_folder_name,
        callback=_inherit,
        help="Folder of facts to use instead of the one shipped with the program.",
    )
    rules: str | None = _in_facts(
        "--rules",
        type=_folder_name,
        callback=_inherit,
        help="Folder of rules to use instead of the one shipped with the program.",
    )

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 (of many types)
        vars(self).update(given)

    def replace(self, **other: Any) -> Self:  # noqa: ANN401 (as above)
        """Return the options with some of them replaced."""
        return type(self)(**(vars(self) | other))

    def write(self, *names: str) -> Iterator[str]:
        """Yield the options of these fields as the words of a command, without those that were not given."""
        for name in names:
            value, field = getattr(self, name), getattr(type(self), name)
            if value == field.default or not (value or field.secondary_opts):
                continue
            yield (field.opts if value else field.secondary_opts)[0]
            if not isinstance(value, bool):
                yield ",".join(value) if isinstance(value, tuple) else value

    def load(self) -> KnowledgeBase:
        """Return the knowledge base that --facts and --rules name. Raises KnowledgeError."""
        return read_folders(load, self.facts, self.rules)


class FormOptions(KnowledgeOptions):
    """Also the form of what is printed."""

    form: str = format_option("text", "json")


class FactOptions(KnowledgeOptions):
    """The day of the facts, and the scope: which providers and sources are used."""

    as_of: str | None = _in_facts(
        "--as-of", metavar="DATE", help="Use the facts as of this date (YYYY-MM-DD); default: today."
    )
    only: tuple[str, ...] = list_option(
        "--only", "providers", help="Consider only these providers, such as acme,other."
    )
    without: tuple[str, ...] = list_option("--without", "providers", help="Leave out these providers.")
    sources: tuple[str, ...] = list_option("--sources", "sources", help="Use only claims from these sources.")
    customer_of: tuple[str, ...] = list_option(
        "--customer-of",
        "providers",
        help="Providers you are already a customer of; their products that are closed to new customers then count.",
    )

    @property
    def day(self) -> dt.date | None:
        """Return the day of --as-of. Raises RequirementsError."""
        return read_day(self.as_of)

    def read_scope(self, knowledge: KnowledgeBase) -> Scope:
        """Return the scope of the options. Raises RequirementsError."""
        given = {name: getattr(self, name) for name in Scope._fields}
        if not any(given.values()):
            return EVERYTHING

        return knowledge.read_scope(**{name: list(_split_names(name, texts)) for name, texts in given.items()})

    def limit(self, knowledge: KnowledgeBase) -> KnowledgeBase:
        """Return the part of a knowledge base that is in the scope. Raises RequirementsError."""
        return knowledge.restrict(**self.read_scope(knowledge)._asdict())


class EvidenceOptions(FactOptions):
    """Also how old a claim may be."""

    max_age: str | None = _in_facts("--max-age", metavar="DAYS", help="Ignore claims older than this, such as 365d.")

    @property
    def age(self) -> int | None:
        """Return the days of --max-age. Raises RequirementsError."""
        return read_age(self.max_age)


def _split_names(name: str, texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        for part in text.replace(";", ",").split(","):
            if not part.strip():
                option = name.replace("_", "-")
                raise RequirementsError(
                    f"'{text[:80]}' after --{option} has an empty name; expected names separated by commas."
                )
            yield part.strip()


def need_web(*modules: str) -> None:
    """Raise RequirementsError if the extra with these modules is not fully installed."""
    from importlib.util import find_spec  # noqa: PLC0415 (most commands need none)

    if any(find_spec(module) is None for module in modules):
        asked = click.get_current_context().command_path.partition(" ")[2]
        raise RequirementsError(
            f"'{asked}' needs the extra 'web'; install it with: pip install 'provider-advisor[web]'"
        )


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
        f"({len(foreign):,} mistakes, the first: {foreign[0]}); give matching ones with "
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
