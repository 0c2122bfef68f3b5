"""Reload changed facts and rules in a running server; while they have mistakes, the old ones are served.

Each request is answered by the application that it started with, so a change never loses a request or mixes two bases.
The page /keeper says what is wrong with the files, and compares answers before and after the last change.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, NamedTuple
from urllib.parse import parse_qsl

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from provider_advisor.errors import AdvisorError, KnowledgeError, RequirementsError
from provider_advisor.faces.web.address import Query, read_address, write_address
from provider_advisor.faces.web.answer_pages import EXAMPLES
from provider_advisor.faces.web.error_sentences import list_mistakes
from provider_advisor.faces.web.request_reading import FieldReader, read_question
from provider_advisor.faces.web.responses import show_page
from provider_advisor.faces.web.service import KnowledgeService, Service, from_state
from provider_advisor.knowledge import KnowledgeBase, load
from provider_advisor.knowledge.files import locate_folder

_INTERVAL = 1.0


class Watching(NamedTuple):
    """What /keeper shows: the served base, the previous one, and the current problems of the files."""

    knowledge: KnowledgeBase
    before: KnowledgeBase | None = None
    problems: tuple[str, ...] = ()
    read: str = ""


class WatchedApplication:
    """The application for the files of two folders, rebuilt when they change and are valid.

    `make` returns an application on what is being watched. A change counts only once the files are the same in two
    checks, because editors and version control write several files in turn.
    """

    def __init__(self, folders: Sequence[str | None], make: Callable[[Watching], FastAPI]) -> None:
        facts, rules = folders
        self._folders, self._make = (facts, rules), make
        self._stamps = self._read_stamps()
        self.state = Watching(load(facts, rules), read=_now())
        self._app = make(self.state)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to the present application."""
        await self._app(scope, receive, send)

    def start(self) -> WatchedApplication:
        """Check the files every second, in a daemon thread."""
        threading.Thread(target=self._look_every_second, daemon=True, name="watch").start()
        return self

    def _look_every_second(self) -> None:
        # A checkout writes a.yaml before check 1 and b.yaml before check 2: each finds something new, so nothing is
        # read. Check 3 finds what check 2 found: now all files are there.
        waiting, stop = self._stamps, threading.Event()
        while not stop.wait(_INTERVAL):
            found = self._read_stamps()
            if found == waiting and found != self._stamps:
                self.look()
            waiting = found

    def look(self) -> None:
        """Read the files if they have changed, and serve them if they are valid."""
        found = self._read_stamps()
        if found == self._stamps:
            return
        self._stamps, old = found, self.state
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
        replaced.state.sent.clear()  # FastAPI caches functions of its last applications, and through them this one

    def _read_stamps(self) -> Mapping[str, tuple[int, int]]:
        """Return when each file was written, and its size."""
        found = {}
        for kind, given in zip(("facts", "rules"), self._folders, strict=True):
            for folder, _, names in os.walk(locate_folder(kind, given)):
                for name in names:
                    path = os.path.join(folder, name)  # noqa: PTH118 (what os.walk gives)
                    try:
                        status = os.stat(path)  # noqa: PTH116
                    except OSError:
                        continue  # deleted between two calls: the next check sees the folder without it
                    found[path] = (status.st_mtime_ns, status.st_size)
        return found


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


router = APIRouter(include_in_schema=False)


@router.get("/keeper")
def show_keeper(request: Request, service: Service, watching: Annotated[Watching, from_state("watching")]) -> Response:
    """Show the result of the last check; the query is the question to compare, otherwise examples are used."""
    query, turns, fields = request.query_params, list[dict[str, str]](), FieldReader(request)
    for name in ("needs", "wants"):
        fields.note(name, read_address, [(name, query.get(name, ""))], watching.knowledge)
    wrong: AdvisorError | None = fields.find_wrong()
    if wrong is None:
        try:
            read_question(request, service)
            turns = list(_list_turns(query.multi_items(), watching))
        except AdvisorError as error:
            wrong = error
    return show_page(
        service,
        "keeper.html.j2",
        "What the files say now",
        wrong=wrong,
        watching=watching,
        turns=turns,
        needs=query.get("needs", ""),
        wants=query.get("wants", ""),
    )


def _list_turns(query: Query, watching: Watching) -> Iterator[dict[str, str]]:
    """Yield the question in a query, or else the examples, with the answers before and now."""
    examples = [(words, parse_qsl(address)) for words, address in EXAMPLES]
    for words, asked in [("This question", query)] if any(text.strip() for _, text in query) else examples:
        with suppress(RequirementsError):  # the examples are those of the shipped files
            yield {
                "asked": words,
                "address": write_address(read_address(asked, watching.knowledge).statement, watching.knowledge),
                "before": _answer(asked, watching.before) if watching.before else "",
                "after": _answer(asked, watching.knowledge),
            }


def _answer(query: Query, knowledge: KnowledgeBase) -> str:
    """Return the verdict in a sentence, or why the base could not answer."""
    try:
        statement = read_address(query, knowledge).statement
        return KnowledgeService(knowledge).recommend(statement).explanation.verdict.reason
    except AdvisorError as error:
        return " ".join(list_mistakes(error))
