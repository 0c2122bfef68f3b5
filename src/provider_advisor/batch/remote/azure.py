"""Azure storage: what a URL leaves out comes from the variables of Azure's own command line.

az://teams@acme.dfs.core.windows.net/t.csv   the container `teams` of the account `acme`
az://teams/t.csv                             the same, if AZURE_STORAGE_ACCOUNT or a connection string names `acme`

pyarrow's client reads none of these variables, and ignores a key in a URL. Without credentials, it looks for a login.
Before pyarrow 23, it ends the process when a connection breaks.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import shutil
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import pyarrow as pa
import pyarrow.fs as pf

from provider_advisor.batch.remote.addresses import show_address
from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.errors import BatchError

_OLDEST = 23
_CONNECTION, _ACCOUNT = "AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCOUNT"
_KEY, _TOKEN = "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN"
_BLOB_HOST = re.compile(r"(abfss?://[^/?#@]+@[^/?#@.]+)\.blob\.")
_stores = BoundedCache[tuple[tuple[str, str], ...], pf.FileSystem](limit=8)
"""Stores by their options, so that a store used again is already logged in."""


class _Access(NamedTuple):
    """An account from the environment; `options` are those of pyarrow's client."""

    account: str
    options: Mapping[str, str]


def find_in_azure(url: str) -> tuple[pf.FileSystem, str]:
    """Return the store that a URL names, and the path in it. Raises BatchError, and ValueError as pyarrow does."""
    name = show_address(url)
    if int(pa.__version__.partition(".")[0]) < _OLDEST:
        raise BatchError(f"{name} needs pyarrow {_OLDEST} or newer; pip install --upgrade pyarrow.")
    access = _read_environment(name)
    full = _add_account(url, access.account, name)
    parts = urlsplit(full)
    store, path = pf.FileSystem.from_uri(full)
    options: dict[str, str] = {option: value for option, value in store.__reduce__()[1][0].items() if value}
    if {"credential_kind", "client_secret", "sig"} & set(parse_qs(parts.query)):
        return _stores.get_or_make((("query", parts.query), *options.items()), lambda: store), path
    if parts.password:
        options["account_key"] = unquote(parts.password)
    elif access.account in {"", options["account_name"]}:
        options |= access.options
    _refuse_broken_key(options.get("account_key", ""), name)
    if not {"account_key", "sas_token"} & set(options) and shutil.which("az") is None:
        # The client would call Azure's command line, and the shell would complain that it does not exist.
        os.environ.setdefault("AZURE_TOKEN_CREDENTIALS", "prod")
    return _stores.get_or_make(tuple(options.items()), lambda: pf.AzureFileSystem(**options)), path


def _add_account(url: str, account: str, name: str) -> str:
    """Return the URL in pyarrow's form, with an account. Raises BatchError if none is named."""
    full = _BLOB_HOST.sub(r"\1.dfs.", f"abfs{url[url.index(':') :]}" if url.lower().startswith("az:") else url)
    parts = urlsplit(full)
    if parts.username or "." in parts.netloc:
        return full
    if not account:
        raise BatchError(
            f"{name} does not say which storage account; write az://CONTAINER@ACCOUNT.dfs.core.windows.net/NAME, "
            f"or set {_ACCOUNT}."
        )
    return full.replace("://", f"://{account}@", 1)


def _read_environment(name: str) -> _Access:
    """Read the environment: a connection string alone, or else account, key and token."""
    if text := os.environ.get(_CONNECTION):
        return _read_connection(text, name)
    options = {"account_key": os.environ.get(_KEY, ""), "sas_token": _mark_token(os.environ.get(_TOKEN, ""))}
    if options["account_key"]:
        del options["sas_token"]
    return _Access(os.environ.get(_ACCOUNT, ""), {option: value for option, value in options.items() if value})


def _read_connection(text: str, name: str) -> _Access:
    """Read `AccountName=acme;AccountKey=…;EndpointSuffix=core.windows.net` and its kin. Raises BatchError."""
    given = {key.strip().lower(): value for key, _, value in (part.partition("=") for part in text.split(";"))}
    scheme = given.get("defaultendpointsprotocol", "https")
    suffix = given.get("endpointsuffix", "core.windows.net")
    endpoint = urlsplit(given.get("blobendpoint", ""))
    account = given.get("accountname", "") or endpoint.netloc.partition(".")[0]
    token = _mark_token(given.get("sharedaccesssignature", ""))
    if not account or not (token or given.get("accountkey")):
        raise BatchError(
            f"{name} cannot be used: {_CONNECTION} has no AccountName and AccountKey or SharedAccessSignature; "
            "copy it again."
        )
    blob, files = f".blob.{suffix}", f".dfs.{suffix}"
    if endpoint.netloc:
        scheme, blob = endpoint.scheme, endpoint.netloc.removeprefix(account)
        files = blob.replace(".blob.", ".dfs.", 1)
    options = {
        "sas_token" if token else "account_key": token or given["accountkey"],
        "blob_storage_authority": blob,
        "dfs_storage_authority": files,
        "blob_storage_scheme": scheme,
        "dfs_storage_scheme": scheme,
    }
    return _Access(account, options)


def _mark_token(token: str) -> str:
    return f"?{token.removeprefix('?')}" if token else ""


def _refuse_broken_key(key: str, name: str) -> None:
    """Raise BatchError for a key that is not base64, on which the client may end the process."""
    try:
        base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BatchError(f"{name} cannot be used: the account's key is not complete; copy it again.") from error
