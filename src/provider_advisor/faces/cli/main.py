"""The start of the command `recommend`."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from provider_advisor.faces.cli.exit_status import ExitStatus, get_signal_status

_END_REQUESTS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


def main() -> NoReturn:
    """Run the command and end the process with its exit status."""
    # A process with one answer ends before there is any garbage to collect, and looking for it takes a twentieth of its
    # time. Longer commands switch collection on again (see `recommend`).
    gc.disable()
    _open_closed_streams()
    interrupts = _note_interrupts()
    try:
        from provider_advisor.faces.cli.run_command import run  # noqa: PLC0415 (imports are most of what happens)

        status = run()
    except BaseException:
        # Compiled modules may raise anything if they are interrupted while being imported.
        if not interrupts:
            raise
        sys.stderr.write("recommend: interrupted.\n")
        status = ExitStatus.INTERRUPTED
    if status == ExitStatus.INTERRUPTED and interrupts:  # other signals look like Ctrl-C
        status = get_signal_status(interrupts[0])
    for number in _END_REQUESTS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    _end_at_once(status)


def _end_at_once(status: int) -> NoReturn:
    """End the process without freeing its memory and unloading libraries, which takes long after a large run.

    If work ended in the middle, threads of Arrow and Polars may still be at work on rows that nobody waits for. C++
    aborts the process if what they use is taken away, and the status would say that it crashed.
    """
    atexit._run_exitfuncs()  # noqa: SLF001 (they delete temporary folders)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(status)


def _open_closed_streams() -> None:
    """Open standard streams that the caller closed (`>&-`).

    Otherwise the next opened file would get their number, and printed text would end up in it. Standard input is then
    empty, standard error is discarded, and writing to standard output still fails.
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
    """Return a list to which each Ctrl-C or request to end is added before it raises KeyboardInterrupt.

    Otherwise SIGTERM would end the process at once, and leave temporary folders behind.
    """
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        raise KeyboardInterrupt

    for number in _END_REQUESTS:
        if signal.getsignal(number) in {signal.default_int_handler, signal.SIG_DFL}:
            signal.signal(number, note)
    return came
