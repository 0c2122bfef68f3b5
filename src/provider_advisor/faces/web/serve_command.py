"""`recommend serve`: the pages and the API, for everybody with a browser."""

from __future__ import annotations

import os
import socket
from typing import Any

import click

from provider_advisor.faces.cli.options import knowledge_options, load_knowledge, need_web, store_option
from provider_advisor.faces.text import show_text

__all__ = ["serve_command"]

_STORE = "RECOMMEND_SERVE_STORE"

_FOLDERS = ("RECOMMEND_SERVE_FACTS", "RECOMMEND_SERVE_RULES")
"""What tells a worker, which is a process of its own, which knowledge base to read."""


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 for a free one.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that answer.")
@store_option()
@knowledge_options
def serve_command(  # noqa: PLR0913 (one parameter an option)
    *, host: str, port: int, workers: int, store: str | None, facts: str | None, rules: str | None
) -> None:
    """Open the pages and the API.

    Shows choosing, the questionnaire, answers, comparison, facts and rules as pages, and answers programs below
    /api/v1. Nothing is kept, because an address holds all that was answered, unless --store names a place in which
    people may keep decisions.
    """
    need_web("granian")
    if store is not None:
        os.environ[_STORE] = _check_store(store)
    knowledge = load_knowledge(facts, rules)  # says what is wrong with the files before anything listens
    port = port or _find_free_port(host)
    for name, folder in zip(_FOLDERS, (facts, rules), strict=True):
        if folder is not None:
            os.environ[name] = os.path.abspath(folder)  # noqa: PTH100 (a Path takes longer to import)
    from granian import Granian  # noqa: PLC0415 (of an extra)

    shown = f"[{host}]" if ":" in host else host
    show_text(f"Serving {len(knowledge.providers)} providers on http://{shown}:{port}/ (Ctrl-C ends it)", err=True)
    Granian(
        "provider_advisor.faces.web.serve_command:make_worker",
        address=host,
        port=port,
        interface="asgi",  # type: ignore[arg-type]
        workers=workers,
        respawn_failed_workers=True,
        log_level="warning",  # type: ignore[arg-type]
        websockets=False,
        factory=True,
    ).serve()


def make_worker() -> Any:  # noqa: ANN401 (an application of an extra)
    """Return the application of a worker, on the knowledge base of the command that started it."""
    from provider_advisor.faces.web.app import create_app  # noqa: PLC0415 (of an extra)
    from provider_advisor.knowledge import load  # noqa: PLC0415

    store = None
    if name := os.environ.get(_STORE):
        from provider_advisor.store import open_store  # noqa: PLC0415 (of an extra)

        store = open_store(name)
    return create_app(load(*(os.environ.get(name) for name in _FOLDERS)), store=store)


def _check_store(name: str) -> str:
    """Return what a store is called from everywhere, once it can be opened. Raises StoreError."""
    need_web("alembic")
    need_web("sqlalchemy")
    from provider_advisor.batch.remote.addresses import find_scheme  # noqa: PLC0415
    from provider_advisor.store import open_store  # noqa: PLC0415 (of an extra)

    open_store(name).close()  # says what is wrong, and makes the tables, before a worker needs them
    return name if find_scheme(name) else os.path.abspath(name)  # noqa: PTH100 (a Path takes longer to import)


def _find_free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as free:
        free.bind((host, 0))
        found: int = free.getsockname()[1]
        return found
