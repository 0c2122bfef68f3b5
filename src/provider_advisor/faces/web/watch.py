"""For keepers: a server that reads changed facts and rules, and goes on with the old ones while the new have mistakes.

Each request is answered by the application that it began with, so a change loses none and mixes no two bases.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from provider_advisor.errors import KnowledgeError
from provider_advisor.knowledge import KnowledgeBase, load
from provider_advisor.knowledge.files import locate_folder

_INTERVAL = 1.0


class Watching(NamedTuple):
    """What a keeper is told: the base that is served, the one before, and what is wrong with the files as they are."""

    knowledge: KnowledgeBase
    before: KnowledgeBase | None = None
    problems: tuple[str, ...] = ()
    read: str = ""


class WatchedApplication:
    """The application on the files of two folders, made again when they have changed and can be read.

    `make` returns an application on what is being watched. A change counts once the files are the same at two looks,
    because editors and version control write many of them in turn.
    """

    def __init__(self, folders: Sequence[str | None], make: Callable[[Watching], FastAPI]) -> None:
        facts, rules = folders
        self._folders, self._make = (facts, rules), make
        self._seen = self._sign()
        self.state = Watching(load(facts, rules), read=_now())
        self._app = make(self.state)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to the application of now."""
        await self._app(scope, receive, send)

    def start(self) -> WatchedApplication:
        """Look at the files each second, in a thread that ends with the process."""
        threading.Thread(target=self._look_on, daemon=True, name="watch").start()
        return self

    def _look_on(self) -> None:
        waiting, stop = self._seen, threading.Event()
        while not stop.wait(_INTERVAL):
            found = self._sign()
            if found == waiting and found != self._seen:
                self.look()
            waiting = found

    def look(self) -> None:
        """Read the files if they have changed, and serve them unless something is wrong with them."""
        found = self._sign()
        if found == self._seen:
            return
        self._seen, old = found, self.state
        try:
            knowledge = load(*self._folders)
        except KnowledgeError as error:
            self.state = old._replace(problems=error.problems, read=_now())
        except OSError as error:
            self.state = old._replace(problems=(str(error),), read=_now())
        else:
            same = knowledge.fingerprint == old.knowledge.fingerprint
            self.state = Watching(knowledge, old.before if same else old.knowledge, read=_now())
        replaced, self._app = self._app, self._make(self.state)
        replaced.state.sent.clear()  # FastAPI remembers the functions of its last applications, and so this one

    def _sign(self) -> Mapping[str, tuple[int, int]]:
        """Return when each file was written, and its size."""
        found = {}
        for kind, given in zip(("facts", "rules"), self._folders, strict=True):
            for folder, _, names in os.walk(locate_folder(kind, given)):
                for name in names:
                    path = os.path.join(folder, name)  # noqa: PTH118 (what os.walk gives)
                    try:
                        status = os.stat(path)  # noqa: PTH116
                    except OSError:
                        continue  # gone between two calls: the next look sees the folder without it
                    found[path] = (status.st_mtime_ns, status.st_size)
        return found


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
