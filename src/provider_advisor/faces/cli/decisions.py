"""`recommend decisions`: saved decisions, for the person who runs the store."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.answer_schema import read_answer
from provider_advisor.explanation.words import counted
from provider_advisor.faces.cli.named_files import write_answer
from provider_advisor.faces.cli.options import (
    FormOptions,
    KnowledgeOptions,
    format_option,
    need_web,
    path_name,
    store_option,
    take_options,
)
from provider_advisor.faces.cli.replay import show_replay
from provider_advisor.faces.replaying import ReplayedDecision, describe_count, record_decision, replay_decision
from provider_advisor.faces.text import Page, clean, show_document, show_json, show_text

if TYPE_CHECKING:  # of an extra
    from provider_advisor.store import DecisionStore, KeptDecision


class ShowOptions(KnowledgeOptions):
    """The options of `decisions show`."""

    form: str = format_option("markdown", "html", "json")


@click.group("decisions", no_args_is_help=False)  # the group's help would be shown as an error message
def decisions_command() -> None:
    """List, show, replay, export and delete saved decisions.

    \b
    People save decisions on a server that has a store:
      recommend serve --store decisions.db
      recommend decisions list --store decisions.db
    """  # noqa: D301 (click's mark for lines to leave as they are is the character itself)


@decisions_command.command("list")
@store_option(required=True)
@take_options(FormOptions)
def list_decisions(store: str, options: FormOptions) -> None:
    """List all decisions, and say which would be different now."""
    found = _replay((), store, options)
    if options.form == "json":
        show_json([record_decision(one) for one in found])
        return
    page = Page()
    for one in found:
        page.line(f"{one.kept.id}  {one.kept.kept_at[:10]}  {one.title}", bold=True)
        page.line(one.says, 2)
    if found:
        page.gap()
        page.show()
    show_text(describe_count(found))


@decisions_command.command("replay")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@store_option(required=True)
@take_options(FormOptions)
def replay_decisions(ids: tuple[str, ...], store: str, options: FormOptions) -> None:
    """Answer the questions of decisions again, and report what changed.

    Without an ID, does so for all decisions.
    """
    found = _replay(ids, store, options)
    if options.form == "json":
        show_json([record_decision(one) for one in found])
        return
    for one in found:
        show_text(f"== {one.kept.id}  {one.kept.kept_at[:10]}  {clean(one.title)}")
        if one.compared:
            show_replay(one.compared)
        else:
            show_text(one.says)
        show_text("")
    show_text(describe_count(found))


@decisions_command.command("show")
@click.argument("name", metavar="ID")
@store_option(required=True)
@take_options(ShowOptions)
def show_decision(name: str, store: str, options: ShowOptions) -> None:
    """Print the answer of a decision as it was given."""
    from provider_advisor.faces.report.html import html_report  # noqa: PLC0415 (templates take long to import)
    from provider_advisor.faces.report.markdown import markdown_report  # noqa: PLC0415

    with _open(store) as opened:
        kept = next(_find_each((name,), opened))
    if options.form == "json":
        show_document(kept.text + "\n")
        return
    report = html_report if options.form == "html" else markdown_report
    show_document(report(read_answer(kept.record), options.load()))


@decisions_command.command("export")
@store_option(required=True)
@click.option("--output", type=path_name, help="Write to this file instead of standard output.")
def export_decisions(store: str, output: str | None) -> None:
    """Write all decisions as JSON Lines, one per line."""
    with _open(store) as opened:
        records = ({**kept._asdict(), "record": kept.record} for kept in opened.list_all())
        lines = (json.dumps({name: each[name] for name in each if name != "text"}) + "\n" for each in records)
        if output is not None:
            write_answer(output, "".join(lines))
            return
        for line in lines:
            show_document(line)


@decisions_command.command("delete")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@store_option(required=True)
def delete_decisions(ids: tuple[str, ...], store: str) -> None:
    """Delete decisions. Access to the store is enough; no key is needed."""
    with _open(store) as opened:
        found = list(_find_each(ids, opened))  # all are known before the first is gone
        for kept in found:
            opened.delete(kept.id)
    show_text(f"Deleted {counted(len(found), 'decision')}.")


@contextlib.contextmanager
def _open(name: str) -> Iterator[DecisionStore]:
    need_web("sqlalchemy", "alembic")
    from provider_advisor.store import open_store  # noqa: PLC0415 (of an extra)

    with contextlib.closing(open_store(name, create=False)) as store:
        yield store


def _replay(ids: tuple[str, ...], store: str, options: FormOptions) -> list[ReplayedDecision]:
    """Return decisions beside today's answers, all if no id is given."""
    with _open(store) as opened:
        chosen = _find_each(ids, opened) if ids else opened.list_all()
        knowledge = options.load()
        return [replay_decision(kept, knowledge) for kept in chosen]


def _find_each(ids: tuple[str, ...], store: DecisionStore) -> Iterator[KeptDecision]:
    for name in dict.fromkeys(ids):
        # An address is what people have at hand.
        kept = store.find(name.rstrip("/").rpartition("/")[2].removesuffix(".json"))
        if kept is None:
            raise RequirementsError(
                f"the store has no decision '{name[:80]}'; list them with: recommend decisions list"
            )
        yield kept
