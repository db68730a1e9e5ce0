"""A real server in a second process, and Chromium in front of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from chains.domain.accent import make_accent
from tests.ground.cast import Chain, fill_alpha
from tests.ground.chains import make_chain

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
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
_numbers = count(1)


@dataclass(frozen=True)
class Site:
    """The server under test: `base` is its port on every host."""

    port: int

    def url(self, slug: str, path: str = "/") -> str:
        """An address on the chain's host; without a slug on the platform's."""
        host = f"{slug}.tessera.test" if slug else "tessera.test"
        return f"http://{host}:{self.port}{path}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _attempt in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not come up in 30 s")


@pytest.fixture(scope="session")
def site(django_db_setup: None) -> Iterator[Site]:
    """The web process as it is run, on this worker's database, for the whole run."""
    port = _free_port()
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}"}
    environment.pop("OWNER_DATABASE_URL", None)
    process = subprocess.Popen(
        [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1",
            "--port", str(port), "--workers", "1", "--blocking-threads", "4", "--no-ws", "config.wsgi:application",
        ],
        cwd=ROOT,
        env=environment,
    )  # fmt: skip
    try:
        _wait(port, process)
        yield Site(port)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for the run; each test opens its own windows."""
    # Playwright keeps an event loop in this thread, and Django would refuse its own tests' queries.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        browser.close()


OpenPage = Callable[..., Page]


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
            has_touch=width < 640,
            **more,
        )
        context.set_default_timeout(60_000)
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


@pytest.fixture()
def platform_url(site: Site) -> str:
    """The platform's host under test, without a slash at the end."""
    return site.url("", "")


@pytest.fixture()
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh window without wishes; what its console says is the test's to judge."""
    context = chromium.new_context(reduced_motion="reduce")
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


@pytest.fixture()
def open_shop(committed: None) -> Callable[..., Chain]:
    """`open_shop(name="栖白", locale="zh-Hans")`: a chain of its own, open for bookings, with alpha's cast in it."""

    def make(*, accent: str = "#2C7A66", **fields: Any) -> Chain:
        info = make_chain(
            f"shop{next(_numbers)}",
            **{
                "opened_at": timezone.now(),
                "accent": accent,
                "accent_tokens": asdict(make_accent(accent)),
                **fields,
            },
        )
        return fill_alpha(info)

    return make


def axe_violations(page: Page) -> list[str]:
    """What axe-core finds on the page: rule and place of each violation."""
    # tall enough that no sticky bar lies over a control that is being measured
    size = page.viewport_size or {"width": 375, "height": 812}
    height = max(size["height"], min(4000, int(page.evaluate("document.documentElement.scrollHeight")) + 160))
    page.set_viewport_size({"width": size["width"], "height": height})
    page.evaluate(AXE)
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", AXE_TAGS)
    page.set_viewport_size(size)
    return [
        f"{violation['id']}: {node['target']} {node.get('failureSummary', '')}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
