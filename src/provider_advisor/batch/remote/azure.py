"""Stores in Azure, `az://`: which account a URL means, and how to log in to it.

pyarrow's client reads none of the variables of Azure's own command line, so they are read here:

    az://teams@acme.dfs.core.windows.net/t.csv   the container `teams` of the account `acme`
    az://teams/t.csv                             the same, if AZURE_STORAGE_ACCOUNT or a connection string names `acme`
"""

from __future__ import annotations

import base64
import os
import re
import shutil
from urllib.parse import parse_qs, unquote, urlsplit

import pyarrow as pa
import pyarrow.fs as pf

from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.errors import BatchError

_OLDEST = 23  # before it, pyarrow's client of Azure ends the process when a connection breaks
_CONNECTION, _ACCOUNT = "AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCOUNT"
_KEY, _TOKEN = "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN"
_BLOB_HOST = re.compile(r"(abfss?://[^/?#@]+@[^/?#@.]+)\.blob\.")
_stores = BoundedCache[tuple[tuple[str, str], ...], pf.FileSystem](limit=8)
"""Stores in Azure by their options, so that a store used again is already logged in."""


def find_in_azure(url: str, name: str) -> tuple[pf.FileSystem, str]:
    """Return the store, logged in as Azure's own tools would be, and the path in it. Raises BatchError."""
    if int(pa.__version__.partition(".")[0]) < _OLDEST:
        raise BatchError(f"{name} needs pyarrow {_OLDEST} or newer; run: pip install --upgrade pyarrow.")
    account, login = _read_environment(name)
    full = _add_account(url, account, name)
    parts = urlsplit(full)
    store, path = pf.FileSystem.from_uri(full)
    options = {option: value for option, value in get_store_options(store).items() if value}
    if {"credential_kind", "client_secret", "sig"} & set(parse_qs(parts.query)):
        return _stores.get_or_make((("query", parts.query), *options.items()), lambda: store), path
    if parts.password:
        options["account_key"] = unquote(parts.password)  # pyarrow ignores a key in a URL
    elif account in {"", options["account_name"]}:
        options |= login
    try:
        base64.b64decode(options.get("account_key", ""), validate=True)
    except ValueError as error:  # on a key that is not base64, the client may end the process
        raise BatchError(f"{name} cannot be used: the account's key is not complete; copy it again.") from error
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
    return full.replace("://", f"://{account}@", 1)  # abfs://teams/t.csv becomes abfs://acme@teams/t.csv


def _read_environment(name: str) -> tuple[str, dict[str, str]]:
    """Return the account and the options that log in to it; a connection string says both, and nothing else counts."""
    if text := os.environ.get(_CONNECTION):
        return _read_connection(text, name)
    key, token = os.environ.get(_KEY, ""), _mark_token(os.environ.get(_TOKEN, ""))
    login = {"account_key": key} if key else {"sas_token": token} if token else {}
    return os.environ.get(_ACCOUNT, ""), login


def _read_connection(text: str, name: str) -> tuple[str, dict[str, str]]:
    """Read a text such as `AccountName=acme;AccountKey=…;EndpointSuffix=core.windows.net`. Raises BatchError."""
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
    # pyarrow puts the account before these: acme.blob.core.windows.net.
    blob, files = f".blob.{suffix}", f".dfs.{suffix}"
    if endpoint.netloc:
        scheme, blob = endpoint.scheme, endpoint.netloc.removeprefix(account)
        files = blob.replace(".blob.", ".dfs.", 1)
    return account, {
        "sas_token" if token else "account_key": token or given["accountkey"],
        "blob_storage_authority": blob,
        "dfs_storage_authority": files,
        "blob_storage_scheme": scheme,
        "dfs_storage_scheme": scheme,
    }


def _mark_token(token: str) -> str:
    return f"?{token.removeprefix('?')}" if token else ""


def get_store_options(store: pf.FileSystem) -> dict[str, str]:
    """Return the options with which a store was made; only pickling shows those that come from a URL."""
    return store.__reduce__()[1][0]  # type: ignore[no-any-return]
