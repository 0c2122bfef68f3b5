"""The settings of a server, most of them limits; `/-/settings` shows them."""

from __future__ import annotations

import json
from typing import NamedTuple

LOG_FORMATS = ("none", "text", "json")
MOST_BYTES = 10_000_000
"""The most bytes of a file with many teams."""


class ServeSettings(NamedTuple):
    """What a worker is told by the command that starts it.

    `query` and `body` are the most bytes of each, and `upload` those of a body that brings a file; `seconds` is the
    longest that a request may take, its arrival included; `rate` the most requests a minute of one client to one
    worker, 0 for any number; `threads` how many requests of a worker are answered at once, while others wait; `cache`
    the most bytes of answers that a worker keeps in memory, 0 for none. `hosts` are the names under which it may be
    asked, none for all; `proxies` the addresses whose `X-Forwarded-For` is believed. `root` is the path under which a
    proxy offers the pages, without a slash at its end.
    """

    query: int = 8_000
    body: int = 2_000_000
    upload: int = MOST_BYTES + 10_000  # with the other fields of a form
    seconds: float = 30
    rate: int = 0
    threads: int = 4
    cache: int = 16_000_000
    hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    root: str = ""
    log: str = "none"
    watch: bool = False

    def get_most_bytes(self, path: str) -> int:
        """Return the most bytes of a body that is sent to a path."""
        return self.upload if path in {"/batch", "/api/v1/batch"} else self.body


def write_settings(settings: ServeSettings) -> str:
    """Return the settings as a text for the environment of a worker."""
    return json.dumps(settings._asdict())


def read_settings(text: str) -> ServeSettings:
    """Return the settings in a text that `write_settings` made.

    >>> read_settings(write_settings(ServeSettings(rate=60, hosts=("a.example",)))).hosts
    ('a.example',)
    """
    held = json.loads(text)
    return ServeSettings(**{**held, "hosts": tuple(held["hosts"]), "proxies": tuple(held["proxies"])})
