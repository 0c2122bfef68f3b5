"""One server and one Chromium for the tests of a file, and pages that note what a page must never do."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from functools import cache

import pytest

from provider_advisor import load

# The same Chromium without windows, where it is installed: drawing a window for each page takes half of the time.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_CHROMIUM = next((found for found in map(shutil.which, _NAMES) if found), None)
_ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-software-rasterizer"]


@cache
def _make_app(store):
    from provider_advisor.faces.web.app import create_app  # noqa: PLC0415 (of an extra)
    from provider_advisor.store import open_store  # noqa: PLC0415 (as above)

    return create_app(load(), store=open_store(store))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Where the server saves decisions."""
    return str(tmp_path_factory.mktemp("store") / "decisions.db")


@pytest.fixture(scope="module")
def address(store):
    """The address of a server in a thread of this process, where decisions can be kept."""
    uvicorn = pytest.importorskip("uvicorn", reason="uvicorn is not installed")
    pytest.importorskip("fastapi", reason="the extra 'web' is not installed")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(_make_app(store), log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def chromium():
    """The system's Chromium; it ends with the file, because asyncio.run is refused while Playwright's loop runs."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if _CHROMIUM is None:
        pytest.skip("Chromium is not installed: apt-get install chromium-headless-shell")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, address):
    """A function that opens a page in a fresh context, as a person without history would.

    Afterwards no page may have asked another host for anything, broken its policy, thrown an error, or kept anything.
    """
    contexts, faults = [], []

    def open_page(path="/", **options):
        size = options.pop("size", (1280, 900))
        page = _make_page(chromium, address, faults, viewport={"width": size[0], "height": size[1]}, **options)
        contexts.append(page.context)
        page.goto(path)
        return page

    open_page.faults = faults
    yield open_page
    for context in contexts:
        faults += _list_kept(context)
        context.close()
    assert faults == []


@pytest.fixture(scope="module")
def kept_page(chromium, address):
    """One page, and what it did that a page must never do."""
    faults = []
    page = _make_page(chromium, address, faults)
    yield page, faults
    page.context.close()


@pytest.fixture
def look(kept_page):
    """As `visit`, one page after the other in one context: a fresh one takes as long as looking at a page."""
    page, faults = kept_page

    def open_page(path, size=(320, 640)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme="light")
        page.goto(path)
        return page

    yield open_page
    found = [*faults, *_list_kept(page.context)]
    faults.clear()
    assert found == []


def _make_page(chromium, address, faults, **options):
    """A page in a fresh context that notes its faults."""
    context = chromium.new_context(base_url=address, **options)
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.on("request", lambda request: request.url.startswith(address) or faults.append(f"asked {request.url}"))
    page.on("console", lambda said: "Content Security" in said.text and faults.append(said.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    return page


def _list_kept(context):
    """What a context still knows of the pages that it has shown."""
    origins = [f"kept something for {one['origin']}" for one in context.storage_state()["origins"]]
    return origins + [f"set the cookie {one['name']}" for one in context.cookies()]
