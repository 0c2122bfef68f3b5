"""`recommend serve`: the pages and the API; `recommend mcp`: the tools for assistants."""

from __future__ import annotations

import multiprocessing
import os
import re
import socket
from collections.abc import Sequence
from functools import partial
from typing import Any

import click

from provider_advisor.errors import RequirementsError, describe_cause
from provider_advisor.faces.cli.options import KnowledgeOptions, need_web, option, store_option, take_options
from provider_advisor.faces.text import show_text
from provider_advisor.faces.web.settings import LOG_FORMATS, ServeSettings

_ROOT = re.compile(r"(/[\w.~-]+)+", re.ASCII)
_DEFAULTS = ServeSettings()
_BACKPRESSURE = 64
_PATIENCE = 8
"""Seconds for the requests that have begun when the server is told to stop."""


def _setting(flag: str, field: str, kind: click.ParamType[Any], help: str) -> Any:  # noqa: A002, ANN401 (as `option`)
    """Return an option for a field of ServeSettings, with its default."""
    return option(flag, default=getattr(_DEFAULTS, field), show_default=True, type=kind, help=help)


class ServeOptions(KnowledgeOptions):
    """The options of `serve`; those with the name of a field of ServeSettings are settings of each worker."""

    host: str = option(
        "--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all interfaces."
    )
    port: int = option(
        "--port",
        default=8000,
        show_default=True,
        type=click.IntRange(0, 65535),
        help="Port to listen on; 0 picks a free one.",
    )
    workers: int = option(
        "--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Number of worker processes."
    )
    metrics_port: int | None = option(
        "--metrics-port", type=click.IntRange(1, 65535), help="Port to serve Prometheus metrics on; default: none."
    )
    log: str = _setting("--log-format", "log", click.Choice(LOG_FORMATS), "Format of the access log.")
    body: int = _setting("--max-body", "body", click.IntRange(1), "Largest request body, in bytes.")
    seconds: float = _setting("--max-seconds", "seconds", click.FloatRange(0.1), "Time limit for a request.")
    rate: int = _setting("--rate", "rate", click.IntRange(0), "Requests per minute from one client; 0 for no limit.")
    cache: int = _setting(
        "--cache-size", "cache", click.IntRange(0), "Answer cache of each worker, in bytes; 0 turns it off."
    )
    root: str = option(
        "--root-path", default="", help="URL path under which a proxy serves the pages, such as /advisor."
    )
    hosts: tuple[str, ...] = option(
        "--allowed-host",
        multiple=True,
        help="Host name to accept requests for; can be repeated; default: all.",
    )
    proxies: tuple[str, ...] = option(
        "--trusted-proxy",
        multiple=True,
        help="Address of a proxy whose X-Forwarded-For is trusted; can be repeated.",
    )
    watch: bool = option(
        "--watch", is_flag=True, help="Reload files when they change; /keeper shows mistakes and changed answers."
    )

    def make_settings(self) -> ServeSettings:
        """Return the settings of a worker. Raises RequirementsError for a root path that is not a path."""
        given = {name: value for name, value in vars(self).items() if name in ServeSettings._fields}
        return ServeSettings(**given | {"root": _read_root(self.root), "hosts": tuple(map(str.lower, self.hosts))})


@click.command("serve")
@store_option()
@take_options(ServeOptions)
def serve_command(store: str | None, options: ServeOptions) -> None:
    """Serve the web pages and the API.

    Serves web pages (the questionnaire, answers, comparisons, facts and rules) and a JSON API under /api/v1. Nothing
    is stored, because the URL of a page contains all answers; with --store, people can also save decisions.
    On SIGTERM, the server finishes all running requests and stops.
    """
    need_web("granian", "fastapi", "mcp", "orjson", "python_multipart")
    store = store and _check_store(store)
    knowledge = options.load()  # reports problems of the files before listening
    # Picked here, so that the address can be shown before the workers, which share it, start.
    host, settings = options.host, options.make_settings()
    port = _check_port(host, options.port)
    if options.metrics_port is not None:
        _check_port(host, options.metrics_port, "--metrics-port")
    from granian import Granian  # noqa: PLC0415 (of an extra)

    shown = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    keeper = f"; changes to the files are at {shown}keeper" if settings.watch else ""
    show_text(f"Serving {len(knowledge.providers)} providers on {shown} (press Ctrl-C to stop){keeper}", err=True)
    if options.metrics_port is not None:
        # Granian gathers metrics in threads that run before the workers start. A worker that is forked from a process
        # with threads may wait for ever for a lock that one of them held, so workers start afresh.
        multiprocessing.set_start_method("spawn", force=True)
    # Each worker is a process that calls the loader with these values, also one that replaces another.
    folders = [folder and os.path.abspath(folder) for folder in (options.facts, options.rules)]  # noqa: PTH100 (a Path imports slowly)
    Granian(
        "recommend serve",  # only a name, because the loader below makes the application
        address=host,
        port=port,
        interface="asgi",  # type: ignore[arg-type]
        workers=options.workers,
        backpressure=_BACKPRESSURE,
        respawn_failed_workers=True,
        workers_kill_timeout=_PATIENCE,
        metrics_enabled=options.metrics_port is not None,
        metrics_address=host,
        metrics_port=options.metrics_port or 0,
        log_level="warning",  # type: ignore[arg-type]
        websockets=False,
    ).serve(target_loader=partial(make_worker, settings, folders, store), wrap_loader=False)


def make_worker(settings: ServeSettings, folders: Sequence[str | None], store_name: str | None) -> Any:  # noqa: ANN401 (of an extra)
    """Return the application of a worker, on the knowledge base in the folders of facts and rules."""
    from granian.utils.proxies import wrap_asgi_with_proxy_headers  # noqa: PLC0415 (of an extra)

    from provider_advisor.faces.web.app import create_app  # noqa: PLC0415 (of an extra)
    from provider_advisor.faces.web.runs import RunFolder  # noqa: PLC0415 (as above)
    from provider_advisor.faces.web.watch import WatchedApplication  # noqa: PLC0415 (as above)
    from provider_advisor.knowledge import load  # noqa: PLC0415

    store = None
    if store_name:
        from provider_advisor.store import open_store  # noqa: PLC0415 (of an extra)

        store = open_store(store_name)
    runs = RunFolder(folders)
    runs.keep_clean()
    app: Any
    if settings.watch:
        app = WatchedApplication(
            folders, lambda found: create_app(found.knowledge, settings, store, found, runs)
        ).start()
    else:
        app = create_app(load(*folders), settings, store, runs=runs)
    return wrap_asgi_with_proxy_headers(app, list(settings.proxies)) if settings.proxies else app


def _read_root(text: str) -> str:
    """Return the root path without a slash at its end. Raises RequirementsError if it is not a path."""
    root = text.rstrip("/")
    if root and not _ROOT.fullmatch(root):
        raise RequirementsError(f"'{text[:80]}' is not a path; expected one such as /advisor.")
    return root


def _check_store(name: str) -> str:
    """Return the name of a store, which is valid in any folder, after opening it once. Raises StoreError."""
    need_web("alembic", "sqlalchemy")
    from provider_advisor.batch.remote.addresses import find_scheme  # noqa: PLC0415
    from provider_advisor.store import open_store  # noqa: PLC0415 (of an extra)

    open_store(name).close()  # reports problems and creates the tables before a worker needs them
    return name if find_scheme(name) else os.path.abspath(name)  # noqa: PTH100 (a Path takes longer to import)


def _check_port(host: str, port: int, flag: str = "--port") -> int:
    """Return a port that nobody listens on, a free one for 0. Raises RequirementsError."""
    # Workers share their port, so two servers on one would share it too, and each get half of the requests.
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was in use a moment ago is free
        try:
            free.bind((host, port))
        except OSError as error:
            cause = describe_cause(error)
            raise RequirementsError(f"{host}:{port} cannot be used ({cause}); choose another with {flag}.") from error
        found: int = free.getsockname()[1]
        return found


@click.command("mcp")
@take_options(KnowledgeOptions)
def mcp_command(options: KnowledgeOptions) -> None:
    """Serve AI assistants over the Model Context Protocol (MCP).

    Uses standard input and output.

    \b
    For example, in the configuration of an assistant:
      {"command": "recommend", "args": ["mcp"]}
    """  # noqa: D301 (click's mark for lines to leave as they are is the character itself)
    need_web("mcp", "fastapi", "orjson")
    from provider_advisor.faces.web.assistants import make_server  # noqa: PLC0415 (of an extra)
    from provider_advisor.faces.web.runs import RunFolder  # noqa: PLC0415 (as above)

    make_server(options.load(), RunFolder((options.facts, options.rules))).run("stdio")
