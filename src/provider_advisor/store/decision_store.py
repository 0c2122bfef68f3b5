"""A store of saved decisions: open it, bring its tables to this version, keep, find, list and delete decisions.

The id of a decision, its link, is 128 random bits. Its key, just as long, deletes it; the store has only the key's
hash, so that nobody with a copy of the store can pose as the person who saved the decision.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import hmac
import json
import os
import re
import secrets
import sqlite3
import time
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.util import find_spec
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from provider_advisor.batch.remote.addresses import (
    find_scheme,
    hide_secrets,
    is_database,
    refuse_unescaped,
    show_address,
)
from provider_advisor.errors import RequirementsError, StoreError, StoreFailure, describe_cause, explain_unwritten
from provider_advisor.safe_text import dump_json, reveal_line

MOST_TITLE = 200
"""The most characters of a title."""

_VERSIONS = "recommend_store_version"
"""The table that says which version the others have; a name of ours, because a PostgreSQL may hold other programs'."""

_LOCK = 7_236_154_805
"""Number of the lock with which one server makes the tables of a PostgreSQL while the others wait."""

_SECONDS, _PAUSE = 10, 0.05
_SECRET = re.compile(r"[0-9a-f]{32}")
_AT_ONCE = 50

# In the order of the fields of KeptDecision, which a row becomes as it is. The key's hash never leaves this module.
_NAMES = ("id", "kept_at", "title", "as_of", "fingerprint", "record")
_TABLE = sa.table("recommend_decisions", *(sa.column(name, sa.Text) for name in (*_NAMES, "key_hash")))
_SHOWN = [_TABLE.c[name] for name in _NAMES]


class KeptDecision(NamedTuple):
    """A decision as it was kept: `kept_at` in UTC, the day of its facts, the record as `--format json` prints it."""

    id: str
    kept_at: str
    title: str
    as_of: str
    fingerprint: str
    text: str

    @property
    def record(self) -> dict[str, Any]:
        """Return the record of the answer as data."""
        found: dict[str, Any] = json.loads(self.text)
        return found


def make_secret() -> str:
    """Return 128 random bits in 32 digits and letters, for an id or a key."""
    return secrets.token_hex(16)


class DecisionStore:
    """The decisions in a database whose tables are as this version makes them; see `open_store`.

    May be used from any thread. Every method raises StoreFailure where the database fails.
    """

    def __init__(self, engine: sa.Engine, name: str) -> None:
        self._engine = engine
        self._name = name

    def keep(self, record: Mapping[str, Any], title: str, key: str) -> KeptDecision:
        """Keep the record of an answer; the same with the same key is kept once, so a form may be sent twice.

        Raises RequirementsError for a title or key that does not fit.
        """
        title = reveal_line(title)
        if len(title) > MOST_TITLE:
            raise RequirementsError(f"the title has {len(title)} characters; expected at most {MOST_TITLE}.")
        if not _SECRET.fullmatch(key):
            raise RequirementsError("the key does not fit; open the page again to get one.")
        known, now = record["knowledge"], dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
        kept = KeptDecision(make_secret(), now, title, known["as_of"], known["fingerprint"], dump_json(record))
        row = dict(zip(_NAMES, kept, strict=True), key_hash=_hash(key))
        try:
            with self._connect("written") as connection:
                connection.execute(_TABLE.insert().values(row))
        except IntegrityError as error:
            # The database decides, not an earlier look-up, because two servers may save the same form at the same
            # moment.
            before = self._find(_TABLE.c.key_hash == _hash(key))
            if before is None or (before.title, before.text) != (kept.title, kept.text):
                raise RequirementsError("the key has already been used; open the page again to get another.") from error
            return before
        return kept

    def find(self, name: str) -> KeptDecision | None:
        """Return the decision of an id, None if there is none, or no longer."""
        # Only what looks like an id is looked up: PostgreSQL refuses a text with a NUL, which a link may have.
        return self._find(_TABLE.c.id == name) if _SECRET.fullmatch(name) else None

    def _find(self, condition: sa.ColumnElement[bool]) -> KeptDecision | None:
        with self._connect("read") as connection:
            row = connection.execute(sa.select(*_SHOWN).where(condition)).first()
        return None if row is None else KeptDecision(*row)

    def list_all(self) -> Iterator[KeptDecision]:
        """Yield all decisions, the oldest first, some at a time: memory does not grow with their number."""
        # By the last row seen, not by a number of rows to pass over (OFFSET): while the list is read, others keep and
        # delete decisions, and rows would be listed twice or not at all. The id tells apart what was kept in one
        # microsecond.
        last: tuple[str, str] = ("", "")
        while True:
            after = sa.tuple_(_TABLE.c.kept_at, _TABLE.c.id) > last
            asked = sa.select(*_SHOWN).where(after).order_by(_TABLE.c.kept_at, _TABLE.c.id).limit(_AT_ONCE)
            with self._connect("read") as connection:
                found = [KeptDecision(*row) for row in connection.execute(asked)]
            yield from found
            if len(found) < _AT_ONCE:
                return
            last = (found[-1].kept_at, found[-1].id)

    def delete_by_key(self, name: str, key: str) -> bool:
        """Delete a decision if this is its key; return whether it was."""
        with self._connect("written") as connection:
            known = connection.execute(sa.select(_TABLE.c.key_hash).where(_TABLE.c.id == name)).scalar()
            if known is None or not hmac.compare_digest(known, _hash(key)):
                return False
            connection.execute(_TABLE.delete().where(_TABLE.c.id == name))
        return True

    def delete(self, name: str) -> bool:
        """Delete a decision without its key, as the operator of the store may; return whether there was one."""
        with self._connect("written") as connection:
            deleted: int = connection.execute(_TABLE.delete().where(_TABLE.c.id == name)).rowcount
        return deleted > 0

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    @contextlib.contextmanager
    def _connect(self, what: str) -> Iterator[sa.Connection]:
        """Open a transaction: all of it happens, or nothing. Raises StoreFailure, and IntegrityError as it is."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            cause = describe_cause(getattr(error, "orig", None) or error)
            raise StoreFailure(f"{self._name} cannot be {what} ({cause}); nothing was changed.") from error


def _hash(key: str) -> str:
    """Return the hash of a key; keys are random, so a plain hash cannot be reversed by guessing."""
    return hashlib.sha256(key.encode()).hexdigest()


# Opening a store. SQLite is the default, in a mode in which readers do not wait for a writer (WAL) and what was kept
# survives a killed process. PostgreSQL is for servers on several machines.


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
