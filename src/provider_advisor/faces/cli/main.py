"""The start of the command `recommend`."""

from __future__ import annotations

import gc
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command and end the process with its exit status."""
    # The process of one answer ends before there is anything to collect, and looking takes a twentieth of its time.
    # Commands that go on for longer switch it on again (see `recommend`).
    gc.disable()
    from provider_advisor.faces.cli.run import run  # noqa: PLC0415 (imports are most of what happens)

    status = run()
    # The process ends: what is left is not garbage to look for, which takes seconds after a run over many teams.
    gc.freeze()
    sys.exit(status)
