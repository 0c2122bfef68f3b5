"""The bytes of an input from an offset on, as UTF-8; they can be given back, to be read again.

A text that is compressed, or in another encoding than is said, is refused before anything is made of it.
"""

from __future__ import annotations

import codecs
import os
import sys
from typing import BinaryIO, Self

import pyarrow as pa

from provider_advisor.batch.reading.input_files import InputFile
from provider_advisor.errors import BatchError, BatchFailure, describe_cause
from provider_advisor.safe_text import find_content

_CHUNK = 1 << 20
_NO_ENCODINGS = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
_LINES = 1 << 20
_WIDE_BOMS, _OTHER_BOMS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE), (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ADVICE = {
    "a Parquet file": "add --input-format parquet",
    "a workbook": "add --input-format xlsx",
    "a PDF document": "save its table as CSV",
    "a file of old Office programs": "save it as .xlsx or CSV",
}
_BROKEN = (OSError, pa.ArrowException)


def open_bytes(source: InputFile) -> BinaryIO:
    """Open an input for reading. Raises OSError, or for an object in a store ArrowException, as reading it does."""
    if source.path is None:
        return sys.stdin.buffer
    if not source.is_stored:
        return open(source.path, "rb")  # noqa: PTH123 (see `Stream.__exit__`)
    from provider_advisor.batch.remote.stores import find_object  # noqa: PLC0415 (clients of stores load slowly)

    return find_object(source.path).open()


class Stream:
    """The bytes of a source from an offset on, as UTF-8 if `encoding` says what else they are written in."""

    def __init__(self, source: InputFile, offset: int = 0, encoding: str | None = None) -> None:
        self.source = source
        self._given_back = b""
        self._decoder = codecs.getincrementaldecoder(encoding)() if encoding else None
        try:
            self._file = open_bytes(source)
            if offset and self._decoder is None:
                self._file.seek(offset)
        except _BROKEN as error:
            raise BatchFailure(f"{source.name} cannot be read ({_describe(error, source)}).") from error
        # A local file goes back; a pipe, an object and decoded text keep in memory what is given back.
        self._rewinds = source.regular and self._decoder is None and not source.is_stored
        try:
            self.check_unchanged()
        except BatchFailure:
            self._file.close()
            raise
        while self._decoder and offset and (read := len(self.read(min(offset, _CHUNK)))):
            offset -= read  # the offset counts bytes of UTF-8, so the text before it has to be read

    def read(self, count: int) -> bytes:
        """Return the next bytes, fewer only at the end. Raises BatchFailure."""
        found = self._given_back
        while len(found) < count and (more := self._read_some(count - len(found))):
            found += more
        self._given_back = found[count:]
        return found[:count]

    def _read_some(self, count: int) -> bytes:
        """Return some of the next bytes, none only at the end."""
        while True:
            try:
                found = self._file.read(count) or b""
            except _BROKEN as error:
                raise BatchFailure(
                    f"{self.source.name} cannot be read to the end ({_describe(error, self.source)})."
                ) from error
            if self._decoder is None:
                return found
            try:
                text = self._decoder.decode(found, final=not found).encode()
            except UnicodeError as error:
                raise BatchError(
                    f"{self.source.name} is not in the encoding given by --encoding ({error}); try another."
                ) from error
            # A byte-order mark, or the first half of a character, decodes to nothing, which does not end the text.
            if text or not found:
                return text

    def give_back(self, data: bytes) -> None:
        """Push back the last bytes, to be read again."""
        if self._rewinds:
            self._file.seek(-len(data), os.SEEK_CUR)  # far cheaper than joining them with millions of others
        else:
            self._given_back = data + self._given_back

    def check_unchanged(self) -> None:
        """Raise BatchFailure if the open file was replaced or changed since the run began."""
        self.source.check_unchanged(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file; a stream stays open, because it cannot be opened again."""
        if self.source.regular:
            self.close()

    def close(self) -> None:
        """Close the file or pipe; standard input is not ours to close."""
        if self.source.path is not None:
            self._file.close()


def _describe(error: Exception, source: InputFile) -> str:
    if not source.is_stored:
        return describe_cause(error)
    from provider_advisor.batch.remote.stores import describe_store_error  # noqa: PLC0415 (seldom needed)

    return describe_store_error(error, source.path or "")


def read_encoding(name: str | None) -> str | None:
    """Return the encoding with this name; None for UTF-8. Raises BatchError."""
    try:
        found = codecs.lookup(name or "utf-8").name
        "name,\n".encode(found)
    except (LookupError, ValueError):
        found = "undefined"
    if found in _NO_ENCODINGS:
        raise BatchError(f"'{str(name)[:40]}' is not a text encoding; expected one such as cp1252 or utf-16.")
    return None if found == "utf-8" else found


def refuse_other_encodings(head: bytes, name: str) -> None:
    """Raise BatchError if a text begins like UTF-16 or UTF-32, or like a file that is no text."""
    if content := find_content(head):
        raise BatchError(f"{name} is {content}; {_ADVICE.get(content, 'unpack it first')}.")
    if head.startswith((*_WIDE_BOMS, *_OTHER_BOMS)) or b"\x00" in head[:2]:
        # The mark of UTF-16 is the beginning of that of UTF-32.
        number = 32 if head.startswith(_WIDE_BOMS) else 16
        raise BatchError(
            f"{name} is not in UTF-8 but looks like UTF-{number}; add --encoding utf-{number}, or save it as UTF-8."
        )


def refuse_wrong_encoding(head: bytes, name: str) -> None:
    """Raise BatchError if a whole text is surely not UTF-8.

    A single invalid line is damage, and only that line is rejected. In a file with the wrong encoding, all lines with
    non-ASCII letters are invalid: the test is at least two lines, a tenth of all lines, and nine in ten of the
    non-ASCII lines.
    """
    refuse_other_encodings(head, name)  # half the bytes of UTF-16 look like a one-byte encoding
    try:
        codecs.utf_8_decode(head, "strict", False)  # noqa: FBT003 (it takes no names)
    except UnicodeDecodeError:
        lines = head[:_LINES].splitlines()
        beyond = [line for line in lines if not line.isascii()]
        wrong = sum(line.decode("utf-8", "ignore").encode() != line for line in beyond)
        if wrong >= max(2, len(lines) / 10, len(beyond) * 9 / 10):
            raise BatchError(
                f"{name} is not in UTF-8: {wrong:,} of its first {len(lines):,} lines cannot be read; add --encoding "
                "cp1252 (Windows), or the file's own encoding, or save it again as UTF-8."
            ) from None
