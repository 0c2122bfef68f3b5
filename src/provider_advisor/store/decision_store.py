"""A store of saved decisions: keep a decision, find it again, list them, delete one.

The id of a decision, its link, is 128 random bits. Its key, just as long, deletes it; the store has only the key's
hash, so that nobody with a copy of the store can pose as the person who saved the decision.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from provider_advisor.errors import RequirementsError, StoreFailure, describe_cause
from provider_advisor.safe_text import dump_json, reveal_line

MOST_TITLE = 200
"""The most characters of a title."""

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
