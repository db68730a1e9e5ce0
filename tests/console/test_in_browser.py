"""The console in Chromium: fits, quiet, accessible, usable by keyboard; screenshots to look at (SCREENSHOTS=folder)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser

from accounts.domain.operators import create_operator
from chains.domain.lifecycle import suspend_chain
from chains.domain.operators import Operator
from chains.models import Chain, ChainState
from tests.console.conftest import PASSWORD, make_row
from tests.ground.browser import Site, keep_screenshot

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed")]


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
    site: Site, chromium: Browser, chains: list[Chain], language: str, scheme: str, width: int
) -> None:
    context = chromium.new_context(
        locale=language, color_scheme=scheme, viewport={"width": width, "height": 900}
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    widths = {}
    for name, path in PAGES.items():
        page.goto(site.url("", path.format(chains[0].pk)), wait_until="networkidle")
        keep_screenshot(page, f"console-{name}-{language}-{scheme}-{width}")
        widths[name] = page.evaluate("document.documentElement.scrollWidth")
        if name == "sign-in":
            page.locator("input[name=email]").fill("op@tessera.test")
            page.locator("input[name=password]").fill(PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_url(site.url("", "/console/"))
    context.close()
    # without https a browser says that it leaves out the opener policy; with it there is nothing to say
    assert [line for line in complaints if "Cross-Origin-Opener-Policy" not in line] == []
    assert widths == dict.fromkeys(PAGES, width)
