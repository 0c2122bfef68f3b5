"""URLs of inputs and outputs: what they point to, and how to show them without secrets."""

from __future__ import annotations

import re
from urllib.parse import unquote

from provider_advisor.errors import BatchError

_DATABASES = {"postgresql", "postgres"}
_AZURE = {"az", "abfs", "abfss"}
_STORES = {"s3", "gs", "gcs"} | _AZURE
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_PORT = re.compile(r"[^/:@]*:[0-9]*(/|$)")  # in store:9000/teams the colon begins no password
_HARMLESS = re.compile(
    "region|scheme|endpoint_override|allow_bucket_(creation|deletion)|retry_limit_seconds|enable_tls|credential_kind"
    "|(blob|dfs)_storage_(authority|scheme)|sslmode|connect_timeout|application_name|target_session_attrs"
    "|channel_binding|gssencmode|client_encoding"
)
"""Options that say where and how, and log in to nothing: a message about an endpoint has to name it.

All others, known or not, may hold a secret.
"""
_SHORTEST_SECRET = 3
"""Shorter values, such as that of `?a=1`, are not secrets, and hiding each "1" would spoil every message."""


def find_scheme(name: str) -> str:
    """Return the scheme of a URL in lower case; empty for a path.

    >>> find_scheme("S3://bucket/teams.csv"), find_scheme("teams.csv")
    ('s3', '')
    """
    found = _SCHEME.match(name)
    return found[1].lower() if found else ""


def is_database(name: str) -> bool:
    """Return whether a name is the URL of a database."""
    return find_scheme(name) in _DATABASES


def is_stored(name: str) -> bool:
    """Return whether a name is the URL of an object in a store such as S3."""
    return find_scheme(name) in _STORES


def is_web_address(name: str) -> bool:
    """Return whether a name is an address that is read over an encrypted connection."""
    return find_scheme(name) == "https"


def show_address(name: str) -> str:
    """Return a name for messages and records: a URL without user, password and options, or a path as it is.

    In an address in Azure, the container or account before the @ is not a secret.

    >>> show_address("postgresql://ann:secret@db.example/teams?sslpassword=x")
    'postgresql://***@db.example/teams?***'
    >>> show_address("az://teams:secret@acme.dfs.core.windows.net/t.csv")
    'az://teams:***@acme.dfs.core.windows.net/t.csv'
    """
    scheme, user, place, query = _split(name)
    shown = "***" if user else ""
    if find_scheme(name) in _AZURE:
        container, colon, _ = user.partition(":")
        shown = f"{container}{colon and ':***'}"
    return f"{scheme}{shown and f'{shown}@'}{place}{'?***' if query else ''}"


def hide_secrets(text: str, name: str) -> str:
    """Return a library's message about a URL, without the URL's secrets."""
    _, user, _, query = _split(name)
    password = user.partition(":")[2] or ("" if is_database(name) or find_scheme(name) in _AZURE else user)
    options = [each.partition("=") for each in query.split("&")]
    hidden = [value for option, _, value in options if not _HARMLESS.fullmatch(option) or "@" in unquote(value)]
    values = [password, *hidden, *([query] if hidden else [])]
    secrets = {secret for value in values for secret in (value, unquote(value)) if len(secret) >= _SHORTEST_SECRET}
    # The longest first: a shorter one may be part of it, and hiding that would leave the rest readable.
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def refuse_unescaped(name: str) -> None:
    """Raise BatchError if a user or password has characters that would make part of it look like the host."""
    user = _split(name)[1]
    if re.search(r"[/?#@\[\]\s]|%(?![0-9A-Fa-f]{2})", user):
        raise BatchError(
            f"{show_address(name)}: the user or password contains a character that is not allowed in a URL; "
            "percent-encode it, such as %40 for @ and %2F for /."
        )


def _split(name: str) -> tuple[str, str, str, str]:
    """Return scheme, user with password, place, and options of a URL.

    The last @ ends a password, because people forget to write one within it as %40. After a port an @ is part of a
    path.
    """
    found = _SCHEME.match(name)
    if found is None:
        return "", "", name, ""
    scheme, rest = found[0], name[found.end() :]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    user = ""
    if "@" in authority or (":" in authority and not _PORT.match(rest)) or is_database(name):
        user, _, rest = rest.rpartition("@")
    place, _, query = rest.partition("?")
    return scheme, user, place, query
