"""A real Chromium on a live server. At the end of every test its console has to be clean."""

import os
import re
import threading
import time
from dataclasses import dataclass, field
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Dialog, Page, expect, sync_playwright

from tests.chromium import launch_options

RULES: dict[Literal["light", "dark"], object] = {
    "light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"],
    # Whatever is not about colours is the same again.
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
NARROW = {"width": 390, "height": 844}
WAIT_MILLISECONDS = 15_000
# What Chromium itself writes about answers with these statuses.
REFUSED = r"Failed to load resource: the server responded with a status of (403|409|422) \([\w ]+\)"
# What htmx writes about a request that a newer one made needless.
GIVEN_UP = r"htmx:(afterRequest|sendAbort), .+"

expect.set_options(timeout=WAIT_MILLISECONDS)


@pytest.fixture(scope="package")
def chromium(django_db_setup):
    """Django sees Playwright's event loop and would refuse the ORM; nothing here runs within it."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@dataclass
class Watch:
    """What went wrong in the browser, and what it asked before a page was left.

    A line of the console that matches `excused` as a whole is fine.
    """

    address: str
    troubles: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    excused: list[str] = field(default_factory=lambda: [REFUSED, GIVEN_UP])
    leaves: bool = False

    def over(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.troubles.append(f"page error: {error.error}"))
        context.on("request", self._request)
        context.on("dialog", self._dialog)

    def _console(self, message):
        if any(re.fullmatch(line, message.text) for line in self.excused):
            return
        if message.type in {"error", "warning", "assert"}:
            self.troubles.append(f"console: {message.text} ({message.location['url']})")

    def _request(self, request):
        if not request.url.startswith((self.address + "/", "data:")):
            self.troubles.append(f"request to another host: {request.url}")

    def _dialog(self, dialog: Dialog):
        self.questions.append(dialog.type)
        if self.leaves:
            dialog.accept()
        else:
            dialog.dismiss()


@pytest.fixture
def watch(live_server):
    watch = Watch(live_server.url)
    yield watch
    assert not watch.troubles
    assert not watch.questions, "The browser asked, and the test did not expect it."


@pytest.fixture
def browse(chromium, live_server, signed_in, watch):
    """A page in a browser of its own: browse(manager, java_script_enabled=False)."""
    contexts = []

    def browse(user=None, **options) -> Page:
        options = {"locale": "en-GB", "timezone_id": "Europe/Berlin", "reduced_motion": "reduce"} | options
        context = chromium.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        context.set_default_timeout(WAIT_MILLISECONDS)
        watch.over(context)
        if user:
            cookie = signed_in(user).cookies["sessionid"]
            context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        return context.new_page()

    yield browse
    for context in contexts:
        context.close()
    _wait_for_the_last_answer()


def _wait_for_the_last_answer():
    """What the server still answers would hold the tables that are about to be emptied."""
    until = time.monotonic() + WAIT_MILLISECONDS / 1_000
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(max(0, until - time.monotonic()))
            assert not thread.is_alive(), "The live server still answers a request."


@pytest.fixture
def page(browse, manager) -> Page:
    return browse(manager)


@pytest.fixture
def plain_page(browse, manager) -> Page:
    """Without JavaScript."""
    return browse(manager, java_script_enabled=False)


@pytest.fixture(scope="session")
def axe():
    """Asserts that nothing on the page, as it is now, keeps anybody out: axe(page)."""
    checker = Axe()

    def check(page: Page) -> None:
        for scheme, rules in RULES.items():
            page.emulate_media(color_scheme=scheme)
            options = {"runOnly": rules, "resultTypes": ["violations"]}
            results = checker.run(page, options=options)
            assert not results.violations_count, f"{page.url}, {scheme}: {results.generate_report()}"

    return check


@pytest.fixture
def fits():
    """Asserts that nothing on the page makes it scroll sideways: fits(page)."""

    def check(page: Page) -> None:
        root = "document.documentElement"
        width, room = page.evaluate(f"[{root}.scrollWidth, {root}.clientWidth]")
        assert width <= room, f"{page.url} is {width} pixels wide"

    return check
