"""Chromium, one per worker for every browser test, and the web process in front of which it stands.

Imported into tests/conftest.py: a test anywhere takes `site`, `chromium` or `open_page`.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.ground.plugin import ROOT
from tests.ground.server import free_port, web_server

WINDOWED = "/usr/bin/chromium"
# Debian's headless build of it where that is installed draws no window around each page; it has no camera and is deaf
# to --unsafely-treat-insecure-origin-as-secure.
SHELL = Path("/usr/lib/chromium/chromium-headless-shell")
CHROMIUM = str(SHELL) if SHELL.exists() else WINDOWED
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP *.tessera.test 127.0.0.1, MAP tessera.test 127.0.0.1",
]
AXE = (ROOT / "tests" / "vendor" / "axe.min.js").read_text()
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

OpenPage = Callable[..., Page]

# How long a page may take on a busy machine, in ms; Playwright's own 5 s for `expect` are soon gone there.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)


@dataclass(frozen=True)
class Site:
    """A server under test: its port on every host, and the one where its pages look for their streams."""

    port: int
    live_port: int = 0

    def url(self, slug: str, path: str = "/") -> str:
        """An address on the chain's host; without a slug on the platform's."""
        host = f"{slug}.tessera.test" if slug else "tessera.test"
        return f"http://{host}:{self.port}{path}"


@pytest.fixture(scope="session")
def site(django_db_setup: None) -> Iterator[Site]:
    """The web process as it is run, on this worker's database, for the whole run; it knows its port.

    Nobody answers at the live port until a test starts the live process there.
    """
    port = free_port()
    with socket.socket() as kept:
        # bound and not listening: nobody else is given the port, and the live process may still take it
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind(("127.0.0.1", 0))
        live_port = int(kept.getsockname()[1])
        own = {"TESSERA_BASE": f"tessera.test:{port}", "TESSERA_LIVE_PORT": str(live_port)}
        with web_server(threads=4, port=port, **own):
            yield Site(port, live_port)


def _no_loop_but_playwrights() -> Callable[[], asyncio.AbstractEventLoop]:
    """`get_running_loop`, deaf to the loop that Playwright leaves marked as running in the tests' own thread.

    Between two of its calls no task of that loop is being run, and a query then blocks nobody.
    """
    look = asyncio.get_running_loop

    def running() -> asyncio.AbstractEventLoop:
        loop = look()
        if asyncio.current_task(loop) is None:
            raise RuntimeError("no running event loop")
        return loop

    return running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all of the worker's browser tests; each test opens its own windows.

    Playwright's own `sync_playwright()` cannot be entered twice in a thread: whoever needs a browser
    with other flags starts one by `chromium.browser_type.launch`.
    """
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Django would refuse its queries while that loop is marked. DJANGO_ALLOW_ASYNC_UNSAFE would do too, but every
        # server that a test starts would inherit it, and the live process must go on being refused.
        patch.setattr("django.utils.asyncio.get_running_loop", _no_loop_but_playwrights())
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=FLAGS, timeout=180_000
        )
        yield browser
        browser.close()


@pytest.fixture()
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """`open_page(width=375, language="zh-Hans", theme="light")` gives a fresh window; an error in it fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_one(*, width: int = 375, language: str = "en", theme: Any = "light", **more: Any) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 812 if width < 640 else 900},
            locale={"zh-Hans": "zh-CN"}.get(language, language),
            color_scheme=theme,
            reduced_motion="reduce",
            has_touch=more.pop("has_touch", width < 640),
            **more,
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda message: (
                errors.append(message.text)
                if message.type == "error" and "Content Security Policy" in message.text
                else None
            ),
        )
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert errors == []


def axe_violations(page: Page, *, exclude: tuple[str, ...] = ()) -> list[str]:
    """What axe-core finds on the page: rule and place of each violation; `exclude` names elements not to look at."""
    # tall enough that no sticky bar lies over a control that is being measured
    size = page.viewport_size or {"width": 375, "height": 812}
    height = max(size["height"], min(4000, int(page.evaluate("document.documentElement.scrollHeight")) + 160))
    page.set_viewport_size({"width": size["width"], "height": height})
    found = run_axe(page, AXE_TAGS, exclude=exclude)
    page.set_viewport_size(size)
    return [
        f"{violation['id']}: {node['target']} {node.get('failureSummary', '')}"
        for violation in found
        for node in violation["nodes"]
    ]


def run_axe(page: Page, tags: Sequence[str], *, exclude: Sequence[str] = ()) -> list[dict[str, Any]]:
    """axe's violations of the rules with those tags; what it found in order, a hundred times as much, stays in the page."""
    # an injected script would be refused by the CSP, an evaluated one is not
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate(
        "([values, exclude]) => axe.run({include: [['html']], exclude}, {runOnly: {type: 'tag', values},"
        " resultTypes: ['violations']}).then(found => found.violations)",
        [list(tags), [[one] for one in exclude]],
    )
    return found


def keep_screenshot(page: Page, name: str, *, full_page: bool = True) -> None:
    """A picture of the page in the folder SCREENSHOTS, if somebody wants to look; never compared by pixel."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=full_page)


def tab_to(page: Page, what: Locator, *, steps: int = 120) -> None:
    """Tab, as a person does, until it has the focus."""
    for _step in range(steps):
        if what.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"not reached by {steps} tabs: {what}")
