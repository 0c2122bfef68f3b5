"""Stream the rows of a query from PostgreSQL with ADBC.

A database does not say how many rows a query has, but whether it ended well: either all rows arrive, or there is an
error.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from provider_advisor.batch.blocks import Piece, Position
from provider_advisor.batch.column_names import refuse_repeated
from provider_advisor.batch.reading.input_files import InputFile, Limits, Opener, ReadingOptions
from provider_advisor.batch.reading.writable_rows import make_writable, parse_batch
from provider_advisor.batch.remote.addresses import hide_secrets, refuse_unescaped, show_address
from provider_advisor.errors import BatchError, BatchFailure

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Cursor

_ROWS = 65_536
_SERVER_SAID, _DRIVER_SAID = re.compile(r"(?:ERROR|FATAL): +([^\n]+)"), re.compile(r"\[libpq\] ([^\n]+)")
_MONEY = {b"money", b"_money"}
_UNREAD = {"record", "_uuid"}
"""Types that the driver reads as something else: a record as its first number, for example."""


def open_query(names: tuple[str, ...], options: ReadingOptions) -> tuple[InputFile, pa.Schema, Opener]:
    """Return the database that is the only input, the columns of a query, and its blocks. Raises BatchError."""
    source = _find_database(names, options.query or "")
    # The driver puts the query in brackets. A semicolon has no place there, and a comment would hide the second one.
    query = f"{(options.query or '').strip().rstrip('; ')}\n"
    schema = _read_schema(source, query)
    return source, schema, lambda *_: _read_query(source, query, schema, options.limits)


def _find_database(names: tuple[str, ...], query: str) -> InputFile:
    if len(names) > 1:
        raise BatchError("a database cannot be combined with other inputs; read one at a time.")
    (url,) = names
    refuse_unescaped(url)
    if not query.strip():
        raise BatchError(
            f"{show_address(url)} is a database; say which rows to read, "
            'such as recommend batch --query "table teams" postgresql://host/name scores.csv.'
        )
    return InputFile(show_address(url), url)


def _read_schema(source: InputFile, query: str) -> pa.Schema:
    """Return the columns of a query, with types that can be written, without running it. Raises BatchError."""
    with _open_cursor(source) as cursor:
        try:
            schema = cursor.adbc_execute_schema(query)
        except Exception as error:  # the driver raises OSError, its own errors, and others
            raise BatchError(
                f"{source.name}: the query cannot be run ({_describe(error, source)}); correct it."
            ) from error
    if not schema.names:
        raise BatchError(f"{source.name}: the query does not return rows; expected a SELECT statement.")
    refuse_repeated(schema.names, f"{source.name}: the query returns", "rename one with AS")
    for field in schema:
        if (field.metadata or {}).get(b"POSTGRESQL:type") in _MONEY:
            raise BatchError(
                f"{source.name}: the column '{field.name}' is money, which would be read as a number of cents; "
                "cast it to numeric."
            )
        if sent := _find_unread_type(field):
            raise BatchError(
                f"{source.name}: the column '{field.name}' is {sent}, which would be read as bytes; cast it to text."
            )
    return make_writable(schema)


def _find_unread_type(field: pa.Field) -> str | None:
    """Return the type in a column that the driver passes on as the server's bytes, or None."""
    kind = field.type
    named = (field.metadata or {}).get(b"POSTGRESQL:type", b"").decode()
    is_opaque = isinstance(kind, pa.BaseExtensionType) and kind.storage_type == pa.binary()
    if is_opaque or named in _UNREAD:
        return "of a type that the driver does not know" if named.startswith("unnamed") else named
    return next(filter(None, (_find_unread_type(kind.field(place)) for place in range(kind.num_fields))), None)


def _read_query(source: InputFile, query: str, schema: pa.Schema, limits: Limits) -> Iterator[Piece]:
    """Yield the rows of a query in blocks, and roll back any changes it makes. Raises BatchFailure if it fails."""
    before = 0
    with _open_cursor(source) as cursor:
        try:
            # A query may call a function that writes; the server refuses that in this transaction.
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute(query)
            for batch in cursor.fetch_record_batch():
                # The driver fills a batch by bytes, so one with few columns may have millions of rows.
                for start in range(0, batch.num_rows, _ROWS):
                    rows = batch.slice(start, _ROWS)
                    before += rows.num_rows
                    yield Piece(partial(parse_batch, rows, schema, source, Position(0, before), limits), 0)
        except Exception as error:
            raise BatchFailure(
                f"{source.name}: the query failed after row {before:,} "
                f"({_describe(error, source)}); there is no output."
            ) from error


@contextlib.contextmanager
def _open_cursor(source: InputFile) -> Iterator[Cursor]:
    try:
        from adbc_driver_postgresql import dbapi  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise BatchError(
            "reading a database needs ADBC, which is not installed; run: pip install 'provider-advisor[databases]'."
        ) from error
    try:
        connection = dbapi.connect(str(source.path))
    except Exception as error:
        raise BatchFailure(f"{source.name} cannot be reached ({_describe(error, source)}); check the URL.") from error
    with connection, connection.cursor() as cursor:
        yield cursor


def _describe(error: Exception, source: InputFile) -> str:
    """Return the message of the server, or else of the driver, without secrets of the URL."""
    found = _SERVER_SAID.search(str(error)) or _DRIVER_SAID.search(str(error))
    said = found[1] if found else str(error).partition("\n")[0]
    return hide_secrets(said.strip().rstrip("."), str(source.path))
