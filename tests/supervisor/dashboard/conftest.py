"""A browser that looks at a served supervisor."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from supervisor.dashboard.pages import VENDOR, VENDORED
from tests.supervisor.dashboard.served import Site, serving
from tests.system_parts import missing, requires

_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE = 30_000
"""Milliseconds: a loaded machine stalls."""

T = TypeVar("T")


@dataclass
class Server:
    """The site, driven from a test that is not async."""

    site: Site
    portal: BlockingPortal

    def run(self, function: Callable[..., Coroutine[Any, Any, T]], *args: Any, **more: Any) -> T:
        """Call something of the supervisor where it runs."""
        return self.portal.call(lambda: function(*args, **more))

    def ask(self, text: str) -> str:
        """Ask by the HTTP API; the trace."""
        headers = {"Authorization": f"Bearer {self.site.token}"}
        answer = httpx.post(f"{self.site.address}api/requests", json={"text": text}, headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["data"]["trace_id"])


@dataclass
class Visit:
    """A fresh browser profile on the page, and what went wrong in it."""

    page: Page
    server: Server
    problems: list[str] = field(default_factory=list[str])
    expected: tuple[str, ...] = ()

    def sign_in(self, token: str | None = None, view: str = "") -> Page:
        """Sign in, and wait for a view."""
        self.page.goto(f"{self.server.site.address}#/{view}")
        self.page.get_by_label("Token").fill(token or self.server.site.token)
        self.page.keyboard.press("Enter")
        self.page.locator("main h1").wait_for()
        self.settled()
        return self.page

    def go(self, view: str) -> Page:
        """Go to a view, and wait until all of it is loaded."""
        self.page.evaluate(
            """view => {
                if (location.hash === '#/' + view) return;
                document.querySelector('main h1').dataset.before = '';
                location.hash = '#/' + view;
            }""",
            view,
        )
        self.page.locator("main h1:not([data-before])").wait_for()
        self.settled()
        return self.page

    def settled(self) -> None:
        """Wait until nothing of the view is still loading."""
        self.page.wait_for_function(
            "() => document.querySelector('main .panel') && !document.querySelector('main [aria-busy]')"
        )

    def answer(self, action: str, **fields: str) -> None:
        """Fill in the dialog, and confirm."""
        dialog = self.dialog
        for label, text in fields.items():
            dialog.get_by_label(label).fill(text)
        dialog.get_by_role("button", name=action, exact=True).click()
        dialog.wait_for(state="detached")

    @property
    def dialog(self) -> Locator:
        """The open dialog."""
        return self.page.get_by_role("dialog")


@pytest.fixture(scope="module")
def chromium() -> str:
    """The browser's program; the charts' library has to be there, too."""
    if not all((VENDOR / name).is_file() for name in VENDORED):
        missing(f"needs {', '.join(VENDORED)}", "scripts/setup.sh browser", everywhere=False)
    return requires(("chromium", "chromium-browser"), "apt-get install chromium", everywhere=False)


@pytest.fixture(scope="module")
def server(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """A supervisor with something to show; one for all tests of a module."""
    folder = tmp_path_factory.mktemp("dashboard")
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(serving(folder)) as site:
        yield Server(site, portal)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Generator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=_FLAGS, headless=True, timeout=60_000)
        yield launched
        launched.close()


@pytest.fixture
def visit(browser: Browser, server: Server, request: pytest.FixtureRequest) -> Generator[Visit]:
    """A visit; afterwards nothing may have gone wrong in the page, and nobody else may have been asked."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **getattr(request, "param", {})})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    found = Visit(page, server)
    page.on("console", lambda message: found.problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.problems.append(str(error)))
    page.on(
        "request",
        lambda asked: None if asked.url.startswith(server.site.address) else found.problems.append(asked.url),
    )
    yield found
    context.close()
    assert [text for text in found.problems if not any(each in text for each in found.expected)] == []
