"""What a script can tell by the exit status of the command."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """The exit statuses, but for those of signals."""

    ANSWERED = 0
    """An answer, also one that recommends nobody, unless --exit-code is given."""

    FAILED = 1
    """The machine, the engine or the store failed, or a decision case does (`check --cases`)."""

    WRONG = 2
    """The command line or a file is wrong, and the message says how to correct it."""

    REJECTED = 3
    """A batch is complete, but some rows were rejected."""

    TIE, UNDETERMINED, NONE = 10, 11, 12
    """With --exit-code, an answer that recommends nobody."""

    INTERRUPTED = 130
    """Ended by Ctrl-C."""


BY_VERDICT = {
    "recommended": ExitStatus.ANSWERED,
    "tie": ExitStatus.TIE,
    "undetermined": ExitStatus.UNDETERMINED,
    "none": ExitStatus.NONE,
}
"""The statuses of answers with --exit-code."""


def get_signal_status(number: int) -> int:
    """Return the status after a signal ended the command: 128 and its number, as shells have it."""
    return 128 + number
