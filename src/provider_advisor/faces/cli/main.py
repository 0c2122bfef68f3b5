"""The start of the command `recommend`."""

from __future__ import annotations

import gc
import os
import signal
import sys
from types import FrameType


def main() -> None:
    """Run the command and end the process with its exit status."""
    # The process of one answer ends before there is anything to collect, and looking takes a twentieth of its time.
    # Commands that take longer switch it on again (see `recommend`).
    gc.disable()
    _open_closed_streams()
    interrupts = _note_interrupts()
    try:
        from provider_advisor.faces.cli.exit_status import run  # noqa: PLC0415 (imports are most of what happens)

        status = run()
    except BaseException:
        # Compiled modules that are interrupted while they are imported may raise anything.
        if not interrupts:
            raise
        sys.stderr.write("recommend: interrupted.\n")
        status = 130
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # The process ends: what is left is not garbage to look for, which takes seconds after a run over many teams.
    gc.freeze()
    sys.exit(status)


def _open_closed_streams() -> None:
    """Open the standard streams that the caller has closed (`>&-`).

    Else the next file that is opened would be one of them, and what is printed would end up in it. Standard input is
    empty then, standard error goes nowhere, and writing to standard output fails as it would have.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_WRONLY if name == "stderr" else os.O_RDONLY)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def _note_interrupts() -> list[int]:
    """Return a list to which each Ctrl-C is added before it raises KeyboardInterrupt."""
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, note)
    return came
