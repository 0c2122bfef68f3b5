"""Lines of text from standard input, whatever is sent there."""

from __future__ import annotations

from typing import BinaryIO

from provider_advisor.errors import RequirementsError

__all__ = ["Lines"]

_LONGEST = 2_000


class Lines:
    """Lines from a stream of bytes; None stands for a stream that is not there."""

    def __init__(self, stream: BinaryIO | None) -> None:
        self._stream = stream

    def read(self) -> str | None:
        """The next line without its end, None at the end of input.

        Raises RequirementsError for a line that is too long, which is skipped, or is not UTF-8.
        """
        content = b"" if self._stream is None else self._stream.readline(_LONGEST + 1)
        if not content:
            return None
        if len(content) > _LONGEST and not content.endswith(b"\n"):
            self._skip()
            raise RequirementsError(f"that line has over {_LONGEST} characters; expected a short answer, or help.")
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise RequirementsError("that line is not UTF-8 text; type it again, or help.") from error
        return "".join(letter if letter.isprintable() else " " for letter in text.rstrip("\r\n")).strip()

    def _skip(self) -> None:
        """Drop the rest of a line."""
        while self._stream is not None:
            content = self._stream.readline(65_536)
            if not content or content.endswith(b"\n"):
                return
