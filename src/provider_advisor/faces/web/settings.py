"""The settings of a server, most of them limits; `/-/settings` shows them."""

from __future__ import annotations

from typing import NamedTuple

LOG_FORMATS = ("none", "text", "json")
MOST_BYTES = 10_000_000
"""The largest file with many teams, in bytes."""


class ServeSettings(NamedTuple):
    """The settings of a worker, passed on by the command that starts it.

    `query`, `body` and `upload` (a body with a file) are limits in bytes; `seconds` limits a request, its arrival
    included; `rate` limits the requests per minute of one client to one worker (0: no limit); `rows` limits the facts
    on one page; `threads` limits the requests that a worker answers at once; `cache` limits the bytes of answers in its
    memory (0: no cache). `hosts` are the accepted host names (none: all); `proxies` the addresses whose
    `X-Forwarded-For` is trusted. `root` is the path under which a proxy serves the pages, without a slash at its end.
    """

    query: int = 8_000
    body: int = 2_000_000
    upload: int = MOST_BYTES + 10_000  # with the other fields of a form
    seconds: float = 30
    rate: int = 0
    rows: int = 500
    threads: int = 4
    cache: int = 16_000_000
    hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    root: str = ""
    log: str = "none"
    watch: bool = False

    def get_most_bytes(self, path: str) -> int:
        """Return the largest body that a path accepts, in bytes."""
        return self.upload if path in {"/batch", "/api/v1/batch"} else self.body
