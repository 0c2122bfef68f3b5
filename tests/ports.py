"""Choose a port for a server of a test."""

from __future__ import annotations

import contextlib
import random
import socket

_DRAWN = random.SystemRandom()  # Hypothesis gives all processes the same seed


def find_free_port():
    """Return a free port below those that the system hands out: no other program is given it before it is used."""
    while True:
        port = _DRAWN.randrange(20_000, 32_000)
        with socket.socket() as found, contextlib.suppress(OSError):
            found.bind(("127.0.0.1", port))
            return port
