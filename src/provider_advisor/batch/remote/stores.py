"""Objects in stores, `s3://`, `gs://` and `az://`, read and written by pyarrow's own clients of these stores.

A name is a URL in pyarrow's form. Credentials come from where each store's own tools look for them, such as
AWS_ACCESS_KEY_ID or ~/.aws; `AWS_ENDPOINT_URL` and `CLOUD_STORAGE_EMULATOR_ENDPOINT` name other servers. For Azure see
`azure`. Outputs are written to a local folder first, and uploaded when they are complete.
"""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.fs as pf

from provider_advisor.batch.remote.addresses import (
    find_scheme,
    hide_secrets,
    is_stored,
    refuse_unescaped,
    show_address,
)
from provider_advisor.batch.remote.azure import find_in_azure, get_store_options
from provider_advisor.errors import AdvisorError, BatchError, BatchFailure

_BROKEN = (pa.ArrowException, OSError, ValueError)
_EXAMPLES = {"s3": "s3://bucket/teams.csv", "gs": "gs://bucket/teams.csv", "gcs": "gs://bucket/teams.csv"}
_AZURE_EXAMPLE = "az://container@account.dfs.core.windows.net/teams.csv"
_HINT = "check the URL, the network, and your access to this store."
# What Amazon's store means by an answer without words, which is all that it gives when asked about an object.
_HINTS = {
    "located in": "set AWS_DEFAULT_REGION to that region.",
    "HTTP status 400": "log in again if your credentials have expired, and check AWS_DEFAULT_REGION.",
    "HTTP status 5": "the store is busy; run again later.",
}
_LOGINS = {
    "gcs": "set GOOGLE_APPLICATION_CREDENTIALS, or log in with gcloud auth application-default login.",
    "abfs": "set AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_KEY, or log in with az login.",
}


class StoredObject(NamedTuple):
    """An object in a store: its `name` for people, and its place in the store."""

    url: str
    name: str
    store: pf.FileSystem
    path: str

    @property
    def place(self) -> tuple[str, str, str]:
        """Return what identifies an object whatever its URL: the kind of store, the account, and the path."""
        kind = self.store.type_name
        return kind, get_store_options(self.store)["account_name"] if kind == "abfs" else "", self.path

    def inspect(self) -> tuple[int, int] | None:
        """Return size and modification time (in nanoseconds), or None if nothing exists. Raises BatchFailure."""
        with self._explain("reached"):
            found = self.store.get_file_info(self.path)
        if found.type == pf.FileType.Directory:
            raise BatchError(f"{self.name} is a folder; give an object in it.")
        return (found.size, found.mtime_ns or 0) if found.type == pf.FileType.File else None

    def open(self) -> BinaryIO:
        """Open the object for reading from any place on. Raises OSError."""
        return self.store.open_input_file(self.path)  # type: ignore[no-any-return]

    def refuse_unwritable(self) -> None:
        """Check access before the work: raise BatchError for a missing bucket, BatchFailure without a login."""
        bucket = self.path.split("/", maxsplit=1)[0]
        with self._explain("written"):
            try:
                # The object first: without a login, Azure's client ends the process when asked for a bucket.
                self.store.get_file_info(self.path)
                found = self.store.get_file_info(bucket)
            except _BROKEN as error:
                if _is_without_login(error):
                    raise
                return  # some may write objects without seeing the bucket
        if found.type == pf.FileType.NotFound:
            raise BatchError(f"{self.name} cannot be written: there is no bucket '{bucket}', or you may not see it.")

    def refuse_other(self, begins: bytes, what: str) -> None:
        """Raise BatchError for an object that may not be replaced: it is not empty and does not begin like `what`."""
        if self.inspect() is None:
            return
        with self._explain("read"), self.open() as found:
            head = found.read(len(begins))
        if head not in {b"", begins}:
            raise BatchError(f"{self.name} exists and is not {what}; move it, or choose another object.")

    def send(self, file: Path) -> None:
        """Upload a local file in one step. Raises BatchFailure, and then leaves nothing behind."""
        with self._explain("written"):
            pf.copy_files(
                str(file), self.path, source_filesystem=pf.LocalFileSystem(), destination_filesystem=self.store
            )
            size = self.store.get_file_info(self.path).size
        if size != file.stat().st_size:  # an upload that ends early still creates an object
            self.remove()
            raise BatchFailure(f"{self.name} was not written completely; run again.")

    def remove(self) -> None:
        """Remove the object, if it is there and may be removed."""
        with contextlib.suppress(*_BROKEN):
            self.store.delete_file(self.path)

    @contextlib.contextmanager
    def _explain(self, what: str) -> Iterator[None]:
        """Raise errors of the store's client as BatchFailure: the object "cannot be read", and why."""
        try:
            yield
        except _BROKEN as error:
            said = describe_store_error(error, self.url)
            hint = next((hint for sign, hint in _HINTS.items() if sign in said), _HINT)
            if _is_without_login(error):
                hint = _LOGINS.get(self.store.type_name, _HINT)
            raise BatchFailure(f"{self.name} cannot be {what} ({said}); {hint}") from error


def find_object(url: str) -> StoredObject:
    """Return the object for a URL, without asking the store. Raises BatchError for an invalid URL."""
    refuse_unescaped(url)
    name, scheme = show_address(url), find_scheme(url)
    example = f"expected a URL such as {_EXAMPLES.get(scheme, _AZURE_EXAMPLE)}."
    try:
        if scheme not in _EXAMPLES:
            store, path = find_in_azure(url, name)
        elif scheme == "s3" or "retry_limit_seconds" in url:
            store, path = pf.FileSystem.from_uri(url)
        else:  # Google's client retries for fifteen minutes by default
            store, path = pf.FileSystem.from_uri(f"{url}{'&' if '?' in url else '?'}retry_limit_seconds=20")
    except _BROKEN as error:
        raise BatchError(f"{name} cannot be used ({describe_store_error(error, url)}); {example}") from error
    if "/" not in path.rstrip("/"):
        raise BatchError(f"{name} is not an object; {example}")
    if path.endswith("/") or url.partition("?")[0].endswith("/"):
        raise BatchError(f"{name} is a folder; give an object.")
    return StoredObject(url, name, store, path)


_LONGEST = 300
_NO_LOGIN = re.compile(
    r".*Azure4Core11Credentials23AuthenticationExceptionE: |"
    r"Could not create a OAuth2 access token.*?error message was: ",
    re.DOTALL,
)
# The text around a store's message, which is removed so that only what helps a user is left:
# "google::cloud::Status(UNAVAILABLE: Retry policy exhausted, with a last message of Could not connect to server
# error_info={…})"   →   "Could not connect to server"
_NOISE = {
    r"^Unknown error: ": "",
    r" \(Request ID: [^)]*\)|\. Detail: .*|; Details: .*": "",
    r"google::cloud::Status\((?:.*last message of |\w+: (?:[\w ]+\(\): )?)(.*?)(?: error_info=\{.*\})?\)$": r"\1",
    r"\w+\(\) - CURL error \[\d+\]=": "",
    r"(?:When .* in bucket '.*': )?AWS Error (?=\w+ (?:during|\())": "",
    r"^UNKNOWN \(HTTP status \d+\) during \w+ operation: Unable to parse ExceptionName: (\w+) Message": r"\1",
    r"^UNKNOWN \((HTTP status \d+)\) during \w+ operation": r"\1",
    r": No response body(?:\. Looks like the configured region is '.*' while)?": "",
    r"(?<=HTTP status 301)(?= the bucket)": ":",
    # Before this come the operation and the address, perhaps with a token; after it come request numbers.
    r".*Azure Error: \[\w*\] ": "",
    r"\n.*| RequestId:.*": "",
}


def _is_without_login(error: Exception) -> bool:
    """Return whether a client failed before asking the store, because it found no credentials."""
    return _NO_LOGIN.search(str(error)) is not None


def describe_store_error(error: Exception, url: str) -> str:
    """Return a store's message on one line, without the URL's secrets."""
    said = (error.strerror if isinstance(error, OSError) else None) or str(error)
    said = _NO_LOGIN.sub("no login: ", said, count=1)
    for noise, message in _NOISE.items():
        said = re.sub(noise, message, said, flags=re.DOTALL)
    return hide_secrets(" ".join(said.split()).rstrip(".:"), url)[:_LONGEST] or type(error).__name__


# Outputs. Most stores cannot rename an object, so an object under its final name is assumed to be complete. Rejects
# come first and rows last, so that a program that waits for the rows finds everything else; if an upload fails, earlier
# ones are removed.


class _StagedFile(NamedTuple):
    stored: StoredObject
    local: Path


class OutputStager:
    """Stages outputs for stores in local files."""

    def __init__(self, folder: Path, inputs: Iterable[str]) -> None:
        self._folder = folder
        self._taken = {find_object(name).place: "an input" for name in inputs if is_stored(name)}
        self._files: dict[str, _StagedFile] = {}

    def place(self, what: str, url: str) -> str:
        """Return the local file for an output; `what` is its name in messages.

        Raises BatchError for an object that cannot be written, that is an input, or that is another output too.
        """
        stored = find_object(url)
        if before := self._taken.get(stored.place):
            raise BatchError(f"{what} {stored.name} is also {before}; choose another object.")
        stored.refuse_unwritable()
        self._taken[stored.place] = what
        folder = self._folder / str(len(self._files))
        folder.mkdir()
        self._files[what] = _StagedFile(stored, folder / PurePosixPath(stored.path).name)
        return str(self._files[what].local)

    def refuse_other(self, what: str, begins: bytes, replaced: str) -> None:
        """Raise BatchError if the object of an output exists and may not be replaced."""
        self._files[what].stored.refuse_other(begins, replaced)

    def find_name(self, local: Path | None) -> str | None:
        """Return the name of the object for a local file, None for any other file."""
        return next((staged.stored.name for staged in self._files.values() if staged.local == local), None)

    def send(self, order: Iterable[str]) -> None:
        """Upload what was written, in this order; remove from the store what was not written.

        Raises BatchFailure, after removing what was uploaded.
        """
        sent: list[StoredObject] = []
        try:
            for staged in (self._files[what] for what in order if what in self._files):
                if staged.local.exists():
                    staged.stored.send(staged.local)
                    sent.append(staged.stored)
                else:
                    staged.stored.remove()
        except AdvisorError:
            for stored in sent:
                stored.remove()
            raise


@contextlib.contextmanager
def stage_outputs(inputs: Iterable[str]) -> Iterator[OutputStager]:
    """Yield a staging area whose files are deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="recommend-") as folder:
        yield OutputStager(Path(folder).resolve(), inputs)
