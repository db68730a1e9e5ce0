"""The console in Chromium: fits, quiet, usable by keyboard; screenshots to look at (SCREENSHOTS=folder)."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application

from accounts.domain.operators import create_operator
from chains.domain.lifecycle import suspend_chain
from chains.domain.operators import Operator
from chains.models import Chain, ChainState
from tests.console.conftest import PASSWORD, make_row

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed")]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture()
def port() -> Iterator[int]:
    server = make_server(
        "127.0.0.1", 0, StaticFilesHandler(get_wsgi_application()), server_class=_Server, handler_class=_Quiet
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join(5)


@pytest.fixture()
def chains() -> list[Chain]:
    figures = {"stores": 4, "employees": 31, "members": 1980, "bookings_30d": 377}
    made = [
        make_row("qibai", figures=figures, plan="growth"),
        make_row("harbour", ChainState.TRIAL, plan="growth", locale="en"),
        make_row("yuzu", ChainState.PAST_DUE, figures=figures, plan="starter"),
        make_row("violet"),
    ]
    operator = create_operator("op@tessera.test", password=PASSWORD)
    suspend_chain(
        made[3].pk,
        reason="Unpaid since May; wrote three times.",
        by=Operator(operator.id, operator.email),
        now=datetime.now(UTC),
    )
    return made


PAGES = {
    "sign-in": "/console/login/",
    "overview": "/console/",
    "chains": "/console/chains/chain/",
    "chain": "/console/chains/chain/{0}/change/",
    "suspend": "/console/chains/chain/{0}/suspend/",
    "log": "/console/chains/operatoract/",
    "sign-ups": "/console/chains/signup/",
    "plans": "/console/billing/plan/",
}


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("zh-CN", "light", 1440), ("en", "dark", 1440), ("zh-CN", "dark", 375), ("en", "light", 375)],
)
def test_pages_fit_and_keep_the_browsers_console_quiet(
    port: int, chains: list[Chain], language: str, scheme: str, width: int
) -> None:
    folder = os.environ.get("SCREENSHOTS")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--host-resolver-rules=MAP *.tessera.test 127.0.0.1, MAP tessera.test 127.0.0.1",
            ],
        )
        page = browser.new_context(
            locale=language, color_scheme=scheme, viewport={"width": width, "height": 900}
        ).new_page()
        complaints: list[str] = []
        page.on(
            "console",
            lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        base = f"http://tessera.test:{port}"
        widths = {}
        for name, path in PAGES.items():
            page.goto(base + path.format(chains[0].pk), wait_until="networkidle")
            if folder:
                Path(folder).mkdir(parents=True, exist_ok=True)
                page.screenshot(
                    path=f"{folder}/console-{name}-{language}-{scheme}-{width}.png", full_page=True
                )
            widths[name] = page.evaluate("document.documentElement.scrollWidth")
            if name == "sign-in":
                page.locator("input[name=email]").fill("op@tessera.test")
                page.locator("input[name=password]").fill(PASSWORD)
                page.keyboard.press("Enter")
                page.wait_for_url(f"{base}/console/")
        browser.close()
    # without https a browser says that it leaves out the opener policy; with it there is nothing to say
    assert [line for line in complaints if "Cross-Origin-Opener-Policy" not in line] == []
    assert widths == dict.fromkeys(PAGES, width)
