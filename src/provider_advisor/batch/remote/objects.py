"""Objects in stores, `s3://`, `gs://` and `az://`, read and written by pyarrow's own clients of these stores.

A name is a URL as pyarrow takes it. Who may use a store comes from where each store's own tools look for it, such as
AWS_ACCESS_KEY_ID or ~/.aws; `AWS_ENDPOINT_URL` names another store that speaks S3.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.fs as pf

from provider_advisor.batch.remote.addresses import hide_secrets, refuse_unescaped, show_address
from provider_advisor.errors import BatchError, BatchFailure

__all__ = ["StoredObject", "find_object"]

_PATIENCE = "retry_limit_seconds=20"
"""Google's client tries again for fifteen minutes if it is not told otherwise."""
_BROKEN = (pa.ArrowException, OSError, ValueError)
_REQUEST = re.compile(r" \(Request ID: [^)]*\)|\. Detail: .*|; Details: .*", re.DOTALL)


class StoredObject(NamedTuple):
    """An object of a store, by its URL: with `name` for people, and its place in the store."""

    url: str
    name: str
    store: pf.FileSystem
    path: str

    def inspect(self) -> tuple[int, int] | None:
        """Return size and time of change (in nanoseconds), None if nothing is there. Raises BatchFailure."""
        try:
            found = self.store.get_file_info(self.path)
        except _BROKEN as error:
            raise BatchFailure(f"{self.name} cannot be reached ({self.describe(error)}); {_HINT}") from error
        if found.type == pf.FileType.Directory:
            raise BatchError(f"{self.name} is a folder; give an object in it.")
        return (found.size, found.mtime_ns or 0) if found.type == pf.FileType.File else None

    def open(self) -> BinaryIO:
        """Open the object for reading from any place on. Raises OSError."""
        return self.store.open_input_file(self.path)  # type: ignore[no-any-return]

    def refuse_unwritable(self) -> None:
        """Raise BatchError if there is no such bucket: before the work, not after it."""
        bucket = self.path.split("/", maxsplit=1)[0]
        try:
            found = self.store.get_file_info(bucket)
        except _BROKEN:  # some may write objects without seeing the bucket
            return
        if found.type == pf.FileType.NotFound:
            raise BatchError(f"{self.name} cannot be written: there is no bucket '{bucket}', or you may not see it.")

    def refuse_other(self, begins: bytes, what: str) -> None:
        """Raise BatchError for an object that neither is empty nor begins so: `what` may be replaced, and no other."""
        if self.inspect() is None:
            return
        try:
            with self.open() as found:
                head = found.read(len(begins))
        except _BROKEN as error:
            raise BatchFailure(f"{self.name} cannot be read ({self.describe(error)}); {_HINT}") from error
        if head not in {b"", begins}:
            raise BatchError(f"{self.name} exists and is not {what}; move it, or choose another object.")

    def send(self, file: Path) -> None:
        """Write the bytes of a file of this machine, which appear at once. Raises BatchFailure, and leaves nothing."""
        try:
            pf.copy_files(
                str(file), self.path, source_filesystem=pf.LocalFileSystem(), destination_filesystem=self.store
            )
            size = self.store.get_file_info(self.path).size
        except _BROKEN as error:
            raise BatchFailure(f"{self.name} cannot be written ({self.describe(error)}); {_HINT}") from error
        if size != file.stat().st_size:  # an upload that ends early is an object all the same
            self.remove()
            raise BatchFailure(f"{self.name} was not written completely; run again.")

    def remove(self) -> None:
        """Remove the object, if it is there and may be removed."""
        with contextlib.suppress(*_BROKEN):
            self.store.delete_file(self.path)

    def describe(self, error: BaseException) -> str:
        """Return what the store said, in one line and without the secrets of the URL."""
        said = " ".join(_REQUEST.sub("", str(error)).split()).rstrip(".")
        return hide_secrets(said, self.url)[:300]


_HINT = "check the URL, the network, and your access to this store."


def find_object(url: str) -> StoredObject:
    """Return the object that a URL names, without asking the store. Raises BatchError for one that names none."""
    refuse_unescaped(url)
    name, full = show_address(url), url
    if url.startswith("az:"):
        full = f"abfs:{url.removeprefix('az:')}"
    elif url.startswith(("gs:", "gcs:")) and "retry_limit_seconds" not in url:
        full = f"{url}{'&' if '?' in url else '?'}{_PATIENCE}"
    try:
        store, path = pf.FileSystem.from_uri(full)
    except _BROKEN as error:
        said = hide_secrets(" ".join(str(error).split()).rstrip("."), url)
        raise BatchError(f"{name} cannot be used ({said}); expected a URL such as s3://bucket/teams.csv.") from error
    if "/" not in path.rstrip("/"):
        raise BatchError(f"{name} is not an object; expected a URL such as s3://bucket/teams.csv.")
    if path.endswith("/") or url.partition("?")[0].endswith("/"):
        raise BatchError(f"{name} is a folder; give an object.")
    return StoredObject(url, name, store, path)
