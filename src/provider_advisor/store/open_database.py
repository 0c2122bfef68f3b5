"""Open a store of saved decisions, and bring its tables to the version of this program.

SQLite is the default, in a mode in which readers do not wait for a writer (WAL) and what was kept survives a killed
process. PostgreSQL is for servers on several machines.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from provider_advisor.batch.remote.addresses import (
    find_scheme,
    hide_secrets,
    is_database,
    refuse_unescaped,
    show_address,
)
from provider_advisor.errors import StoreError, describe_cause, explain_unwritten
from provider_advisor.store.decision_store import DecisionStore

_VERSIONS = "recommend_store_version"
"""The table that says which version the others have; a name of ours, because a PostgreSQL may hold other programs'."""

_LOCK = 7_236_154_805
"""Number of the lock with which one server makes the tables of a PostgreSQL while the others wait."""

_SECONDS, _PAUSE = 10, 0.05


def open_store(name: str, *, create: bool = True) -> DecisionStore:
    """Return the store at a path or a URL `postgresql://…`, with its tables as this version makes them.

    With `create` a file that does not exist is made. Raises StoreError if it is not a store, or one of a
    newer version.
    """
    shown = show_address(name)
    engine = _make_postgresql(name, shown) if is_database(name) else _make_sqlite(name, create=create)
    try:
        _make_tables(engine, shown)
    except SQLAlchemyError as error:
        engine.dispose()
        cause = hide_secrets(describe_cause(getattr(error, "orig", None) or error), name)
        raise StoreError(f"the store {shown} cannot be opened ({cause}); check its path and permissions.") from error
    except BaseException:
        engine.dispose()
        raise
    return DecisionStore(engine, f"the store {shown}")


def _make_sqlite(name: str, *, create: bool) -> sa.Engine:
    if scheme := find_scheme(name):
        raise StoreError(
            f"'{scheme}://' is not a store; expected a path such as decisions.db, or postgresql://user@host/database."
        )
    # SQLite calls all of this "unable to open database file".
    if not create and not os.path.exists(name):  # noqa: PTH110 (a Path raises if the name is too long)
        raise StoreError(f"{name} does not exist; create a store with: recommend serve --store {name}")
    if os.path.isdir(name):  # noqa: PTH112 (as above)
        raise StoreError(explain_unwritten(name, IsADirectoryError(), what="the store"))
    if not os.path.isdir(os.path.dirname(name) or "."):  # noqa: PTH112, PTH120 (as above)
        raise StoreError(explain_unwritten(name, FileNotFoundError(), what="the store"))
    engine = sa.create_engine(sa.URL.create("sqlite", database=os.path.abspath(name)))  # noqa: PTH100 (as above)

    def prepare(connection: sqlite3.Connection, _: object) -> None:
        # Python's module would begin transactions by itself, but not before tables are made.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {_SECONDS * 1000}")
        connection.execute("PRAGMA synchronous = FULL")  # what was kept survives a power cut too

    def begin(connection: sa.Connection) -> None:
        # Tables are looked at before they are made. After a plain BEGIN, a second server that looked at the same time
        # could not write any more, however long it waits (SQLite's "database is locked").
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("alone") else "BEGIN")

    sa.event.listen(engine, "connect", prepare)
    sa.event.listen(engine, "begin", begin)
    return engine


def _make_postgresql(name: str, shown: str) -> sa.Engine:
    if find_spec("psycopg") is None:
        raise StoreError(
            f"{shown} needs the extra 'databases'; install it with: pip install 'provider-advisor[databases]'"
        )
    refuse_unescaped(name)
    try:
        url = sa.make_url(name).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError) as error:
        raise StoreError(f"{shown} is not a URL; expected postgresql://user:password@host:port/database.") from error
    # A database that was restarted has closed the connections of the pool, so each is tried before it is used.
    return sa.create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": _SECONDS})


def _make_tables(engine: sa.Engine, shown: str) -> None:
    """Run the migrations that the store lacks, in one transaction, while others wait."""
    config = Config()
    config.set_main_option("script_location", str(files("provider_advisor.store")).replace("%", "%%"))
    folder = str(files("provider_advisor.store.migrations"))
    script = ScriptDirectory(str(files("provider_advisor.store")), version_locations=[folder])
    with engine.connect().execution_options(alone=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        _refuse_other(connection, script, shown)

        def list_steps(revision: Any, _: object) -> Any:  # noqa: ANN401 (Alembic's)
            return script._upgrade_revs("head", revision)  # noqa: SLF001 (as Alembic's own documents do)

        with EnvironmentContext(config, script, fn=list_steps) as environment:
            environment.configure(connection=connection, version_table=_VERSIONS, transactional_ddl=False)
            environment.run_migrations()
    if engine.dialect.name == "sqlite":
        _let_readers_go_on(engine)


def _let_readers_go_on(engine: sa.Engine) -> None:
    """Set the mode of the file in which readers do not wait for a writer (WAL).

    If two servers do this at once, SQLite refuses one immediately, whatever its `busy_timeout`. Everything works
    without the mode too, and the next server to start sets it.
    """
    until = time.monotonic() + _SECONDS
    with contextlib.closing(engine.raw_connection()) as raw:
        while time.monotonic() < until:
            try:
                raw.cursor().execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if "locked" in str(error):
                    time.sleep(_PAUSE)
                    continue
            return


def _refuse_other(connection: sa.Connection, script: ScriptDirectory, shown: str) -> None:
    """Raise StoreError for the tables of another program, or of a newer version of this one."""
    tables = sa.inspect(connection).get_table_names()
    if _VERSIONS not in tables:
        if tables and connection.dialect.name == "sqlite":
            raise StoreError(
                f"{shown} is the database of another program (it has a table '{tables[0]}'); choose another file."
            )
        return
    known = [revision.revision for revision in script.walk_revisions()]
    found = connection.execute(sa.select(sa.table(_VERSIONS, sa.column("version_num")).c.version_num)).scalar()
    if found is not None and found not in known:
        raise StoreError(
            f"the store {shown} was made by a newer version of recommend (its tables have version {found[:40]}, this "
            f"program knows up to {known[0]}); upgrade with: pip install --upgrade provider-advisor"
        )
