"""A page of the map in a real Chromium, which notes what it complains of and whom it asks."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import uvicorn
from playwright.sync_api import sync_playwright

from api.app import build_app
from tests.parts import require_part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, Page, ViewportSize

    from api.service import Service

DESK: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
# Chromium says so itself of each refusal; whether the page copes with it is what tests look at.
REFUSED = "Failed to load resource"
_START_TIMEOUT_S = 20


@contextmanager
def chromium() -> Iterator[BrowserContext]:
    """Debian's Chromium. Its WebGL is software. Pages share what they have loaded; what they keep is a page's own."""
    path = require_part("chromium")
    with sync_playwright() as playwright:
        # As root, in a container, it has no sandbox to run in.
        arguments = ["--no-sandbox", "--enable-unsafe-swiftshader"]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser.new_context(viewport=DESK, locale="en-GB")
        browser.close()


@contextmanager
def served(service: Service) -> Iterator[str]:
    """Serve on a free port while the block runs. Gives the map's address."""
    config = uvicorn.Config(build_app(service), port=0, log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not server.started:
            assert time.monotonic() < deadline
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join()


class Visit:
    """A page of the map: opened, asked, and judged at the end."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def open(self, state: str = "", *, ready: bool = True) -> Page:
        """Open the map with a state in its address."""
        self.page.goto(f"{self.address}#{state}")
        if ready:
            self.page.wait_for_selector("body[data-ready]", timeout=60_000)
        return self.page

    def module(self, name: str, expression: str, argument: object = None) -> Any:
        """Evaluate a function of one of the page's own modules: `it` is the module."""
        script = f"async (argument) => {{ const it = await import('/{name}.js'); return {expression}; }}"
        return self.page.evaluate(script, argument)

    @property
    def totals(self) -> dict[str, str]:
        """The sums that the page shows."""
        return dict(self.page.evaluate("() => ({...document.getElementById('totals').dataset})"))

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()

    def judge(self) -> None:
        """No complaint, and nobody else was asked for anything."""
        assert [said for said in self.complaints if REFUSED not in said] == []
        elsewhere = [url for url in self.asked if urlsplit(url).scheme not in ("blob", "data")]
        assert {urlsplit(url).netloc for url in elsewhere} <= {urlsplit(self.address).netloc}


@contextmanager
def visiting(browser: BrowserContext, address: str, viewport: ViewportSize = DESK) -> Iterator[Visit]:
    """Visit in a page of its own."""
    page = browser.new_page()
    try:
        page.set_viewport_size(viewport)
        visit = Visit(page, address)
        yield visit
        visit.judge()
    finally:
        page.close()
