"""The console in Chromium: fits, quiet, accessible, usable by keyboard; screenshots to look at (SCREENSHOTS=folder)."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Browser, expect

from accounts.domain.operators import create_operator
from billing.models import RevenueChange, StripeEvent
from chains.domain.lifecycle import suspend_chain
from chains.domain.operators import Operator
from chains.models import Chain, ChainState, OperatorAct, Signup
from tests.bars import FULL
from tests.billing.steps import subscription_of
from tests.console.conftest import PASSWORD, make_row
from tests.ground.browser import PATIENCE, OpenPage, Site, axe_violations, keep_screenshot, tab_to

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
    pay(made[0].pk, made[2].pk)
    return made


def pay(first: UUID, second: UUID) -> None:
    """Two chains pay, one of them more after a year; what the provider told us of it."""
    now = datetime.now(UTC)
    for chain_id, months, amount in (
        (first, 20, 19900),
        (first, 8, 59900),
        (second, 15, 8900),
        (second, 2, 0),
    ):
        RevenueChange.objects.create(
            chain_id=chain_id,
            plan="growth",
            interval="month",
            currency="CNY" if chain_id == first else "USD",
            amount=amount,
            at=now - timedelta(days=30 * months),
        )
    subscription_of(first)
    StripeEvent.objects.create(
        id="evt_1",
        kind="invoice.paid",
        created_at=now,
        received_at=now,
        chain_id=first,
        stripe_customer="cus_1",
        payload={"id": "evt_1", "type": "invoice.paid"},
    )


SIGNUP = {
    "brand": "Qi Bai",
    "slug": "qibai-new",
    "email": "li@qibai.example",
    "verticals": ["beauty"],
    "locale": "zh-Hans",
    "time_zone": "Asia/Shanghai",
    "currency": "CNY",
}
PAGES = {
    "sign-in": "/console/login/",
    "overview": "/console/",
    "chains": "/console/chains/chain/",
    "chain": "/console/chains/chain/{0}/change/",
    "suspend": "/console/chains/chain/{0}/suspend/",
    "resume": "/console/chains/chain/{3}/resume/",
    "suspended": "/console/chains/chain/{3}/change/",
    "log": "/console/chains/operatoract/",
    "sign-ups": "/console/chains/signup/",
    "sign-up": "/console/chains/signup/{signup}/change/",
    "plans": "/console/billing/plan/",
    "trial": "/console/chains/chain/{1}/extend-trial/",
    "credit": "/console/chains/chain/{0}/grant-credit/",
    "events": "/console/billing/stripeevent/",
    "event": "/console/billing/stripeevent/evt_1/change/",
    "replay": "/console/billing/stripeevent/evt_1/replay/",
    "revenue": "/console/revenue/",
    "second-factor": "/console/second-factor/",
}

# Each page in either language and width once; all combinations in the full size, or when somebody looks.
LOOKS = [("zh-CN", 375), ("en", 1440)]
if FULL or os.environ.get("SCREENSHOTS"):
    LOOKS += [("zh-CN", 1440), ("en", 375)]


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_pages_are_accessible_fit_and_keep_the_browsers_console_quiet(
    site: Site, chromium: Browser, chains: list[Chain], language: str, width: int
) -> None:
    context = chromium.new_context(
        locale=language,
        viewport={"width": width, "height": 900},
        color_scheme="dark",
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    wrong: list[str] = []
    signup = Signup.objects.create(**SIGNUP)
    for name, path in PAGES.items():
        page.goto(site.url("", path.format(*(chain.pk for chain in chains), signup=signup.pk)))
        expect(page.locator("html.dark")).to_have_count(1)
        for theme in ("dark", "light"):
            # a theme is this class and nothing else
            page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", theme == "dark")
            look = f"console-{name}-{language}-{theme}-{width}"
            keep_screenshot(page, look)
            wrong += [f"{look} {finding}" for finding in axe_violations(page)]
            if (wide := page.evaluate("document.documentElement.scrollWidth")) != width:
                wrong.append(f"{look} is {wide} px wide")
        if name == "sign-in":
            page.locator("input[name=email]").fill("op@tessera.test")
            page.locator("input[name=password]").fill(PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_url(site.url("", "/console/"))
    context.close()
    # without https a browser says that it leaves out the opener policy; with it there is nothing to say
    assert [line for line in complaints if "Cross-Origin-Opener-Policy" not in line] == []
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_a_chain_is_found_suspended_and_resumed_by_keyboard_alone(
    site: Site, open_page: OpenPage, chains: list[Chain], language: str
) -> None:
    page = open_page(width=1440, language=language)
    page.goto(site.url("", "/console/"))
    for field, text in (("email", "op@tessera.test"), ("password", PASSWORD)):
        tab_to(page, page.locator(f"input[name={field}]"))
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    page.wait_for_url(site.url("", "/console/"))

    tab_to(page, page.locator("a[href='/console/chains/chain/']").first)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/chains/chain/")
    tab_to(page, page.locator("#searchbar"))
    page.keyboard.type("harb")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=harb**")
    tab_to(page, page.locator(f"a[href*='{chains[1].pk}/change/']").first)
    page.keyboard.press("Enter")
    page.wait_for_url("**/change/**")

    for act, state in (("suspend", "suspended"), ("resume", "trial")):
        tab_to(page, page.locator(f"a[href*='/{act}']").first)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/{act}/**")
        if act == "suspend":
            tab_to(page, page.locator("[name=reason]"))
            page.keyboard.type("Asked us to, by phone.")
        tab_to(page, page.locator("button[type=submit]:visible").last)
        page.keyboard.press("Enter")
        page.wait_for_url("**/change/**")
        chains[1].refresh_from_db()
        assert chains[1].state == state
    acts = OperatorAct.objects.filter(chain_id=chains[1].pk).order_by("at").values_list("act", "reason")
    assert list(acts) == [("suspend", "Asked us to, by phone."), ("resume", "")]
