"""A new owner walks from the first step to "open for bookings"; every page of the office as it looks.

Screenshots are for looking at (set SCREENSHOTS to a folder), never compared by pixel.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from chains.hosts import ChainInfo
from chains.models import Chain
from chains.ports import ChainStart
from chains.scope import chain_scope, platform_scope
from tenants.catalogue.domain.starting import start_catalogue
from tenants.people.domain.owners import start_with_owner
from tenants.people.models import Employee, Role
from tenants.stores.domain.first_store import start_with_store
from tests.bars import FULL
from tests.browser.shops import Shops
from tests.ground.browser import OpenPage, Site, axe_violations

pytestmark = pytest.mark.browser
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"

# Each page in either language, theme and width once; all combinations in the full size, or when somebody looks.
looks = {"zh-Hans": [("light", 1440)], "en": [("dark", 375)]}
if FULL or os.environ.get("SCREENSHOTS"):
    looks = {
        language: [(theme, width) for theme in ("light", "dark") for width in (1440, 375)]
        for language in looks
    }

OPEN_DRAWER = "dialog.drawer[open]"
# What opens a drawer over a page of the office.
DRAWERS = {
    "services/": ("tbody tr.is-link a", ".owner-head a.btn-primary"),
    "stores/": tuple(f".store-cards .card-foot a:nth-child({place})" for place in (1, 2, 3)),
    "staff/": ("tbody tr.is-link a", ".owner-head a.btn-primary"),
    "shifts/": (".shift-cell", ".shift-acts a", ".shift-acts a:nth-child(2)"),
}

WORDS = {
    "en": {
        "save": "Save and go on",
        "open": "Open for bookings",
        "own": "Hand massage",
        "me": "I do it myself",
        "see": "See your shop",
        "copy": "Like the first day on all days",
    },
    "zh-Hans": {
        "save": "保存并继续",
        "open": "开放预约",
        "own": "手部按摩",
        "me": "我自己做",
        "see": "看看店铺",
        "copy": "每天都和第一天一样",
    },
}


def keep(page: Page, name: str) -> None:
    """A picture of the page, if somebody wants to look."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def check(page: Page, name: str) -> list[str]:
    """What is wrong with the page: axe's findings and whatever is wider than the window."""
    keep(page, name)
    wrong = [f"{name} {finding}" for finding in axe_violations(page)]
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [*wrong, *([f"{name} is {wide} px too wide"] if wide > 0 else [])]


def sign_in(page: Page, site: Site, info: ChainInfo, employee: Employee) -> None:
    """The employee's session in this window."""
    client = Client(HTTP_HOST=f"{info.slug}.tessera.test")
    with chain_scope(info):
        client.force_login(employee.user, backend=BACKEND)
    cookie = client.cookies["tessera_session"].value
    page.context.add_cookies([{"name": "tessera_session", "value": cookie, "url": site.url(info.slug)}])


@pytest.fixture()
def newborn(open_shop: Shops) -> Callable[[str], ChainInfo]:
    """A chain as it is when its owner arrives."""

    def make(language: str) -> ChainInfo:
        info = open_shop.empty(
            slug="newborn",
            name="栖白" if language == "zh-Hans" else "Qibai Skin",
            locale=language,
            verticals=["beauty"],
            opened_at=None,
        )
        start = ChainStart(
            chain=info,
            owner_email="mei@newborn.test",
            owner_name="梅" if language == "zh-Hans" else "Mei",
            owner_password_hash="x",
            now=timezone.now(),
        )
        with chain_scope(info):
            for starter in (start_with_store, start_with_owner, start_catalogue):
                starter(start)
        return info

    return make


@pytest.mark.parametrize(("language", "theme", "width"), [("zh-Hans", "light", 375), ("en", "dark", 1440)])
def test_an_owner_walks_from_arrival_to_open_for_bookings(
    site: Site,
    open_page: OpenPage,
    newborn: Callable[[str], ChainInfo],
    language: str,
    theme: str,
    width: int,
) -> None:
    info, words = newborn(language), WORDS[language]
    page = open_page(width=width, language=language, theme=theme)
    with chain_scope(info):
        owner = Employee.objects.get()
    sign_in(page, site, info, owner)
    name = f"setup-{{}}-{language}-{theme}-{width}".format
    wrong = []
    save = page.get_by_role("button", name=words["save"])

    page.goto(site.url(info.slug, "/manage/setup/"))
    expect(page).to_have_url(re.compile("/manage/setup/store/$"))
    wrong += check(page, name("1-store"))
    page.fill("[name=address]", "梧桐里 26 号" if language == "zh-Hans" else "26 Wutong Lane")
    save.click()

    expect(page).to_have_url(re.compile("/manage/setup/hours/$"))
    wrong += check(page, name("2-hours"))
    page.fill("[name=d1_from]", "9")
    page.get_by_role("button", name=words["copy"]).click()
    expect(page.locator("[name=d7_from]")).to_have_value("9")
    save.click()

    expect(page).to_have_url(re.compile("/manage/setup/services/$"))
    wrong += check(page, name("3-services"))
    page.fill("[name=own_name]", words["own"])
    page.fill("[name=own_minutes]", "45")
    page.fill("[name=own_price]", "168")
    save.click()

    expect(page).to_have_url(re.compile("/manage/setup/staff/$"))
    expect(page.get_by_label(words["me"])).to_be_checked()
    wrong += check(page, name("4-staff"))
    save.click()

    expect(page).to_have_url(re.compile("/manage/setup/open/$"))
    wrong += check(page, name("5-ready"))
    page.get_by_role("button", name=words["open"]).click()

    expect(page.get_by_role("link", name=words["see"])).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(words["open"])
    wrong += check(page, name("6-open"))
    with platform_scope():
        assert Chain.objects.get(slug=info.slug).opened_at is not None
    page.get_by_role("link", name=words["see"]).click()
    expect(page.get_by_text(words["own"])).to_be_visible()
    assert wrong == []


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_every_page_of_the_office_is_accessible_and_fits(
    site: Site, open_page: OpenPage, open_shop: Shops, language: str
) -> None:
    info = open_shop.salon(language, verticals=["beauty"])
    with chain_scope(info):
        owner = Employee.objects.filter(grants__role=Role.OWNER)[0]
    wrong: list[str] = []
    for theme, width in looks[language]:
        page = open_page(width=width, language=language, theme=theme)
        sign_in(page, site, info, owner)
        name = f"office-{{}}-{language}-{theme}-{width}".format
        for path in ("", "services/", "stores/", "staff/", "shifts/", "look/", "access/", "poster/"):
            page.goto(site.url(info.slug, f"/manage/{path}"))
            wrong += check(page, name(path.strip("/") or "overview"))
            for number, opener in enumerate(DRAWERS.get(path, ())):
                page.locator(opener).first.click()
                expect(page.locator(OPEN_DRAWER)).to_be_visible()
                wrong += check(page, name(f"drawer-{path.strip('/')}-{number}"))
                page.keyboard.press("Escape")
                expect(page.locator(OPEN_DRAWER)).to_have_count(0)
    assert wrong == []


def test_the_drawer_says_the_effect_while_typing_and_publishes(
    site: Site, open_page: OpenPage, open_shop: Shops
) -> None:
    info = open_shop.salon("en", verticals=["beauty"])
    page = open_page(width=1440, language="en")
    with chain_scope(info):
        owner = Employee.objects.filter(grants__role=Role.OWNER)[0]
    sign_in(page, site, info, owner)
    page.goto(site.url(info.slug, "/manage/services/"))
    page.locator("tbody tr.is-link a").first.click()
    drawer = page.locator("dialog.drawer")
    drawer.locator("[name=price]").fill("428")
    expect(drawer.locator("#service-effect")).to_contain_text("¥398 → ¥428")
    drawer.locator("[name=minutes]").fill("75")
    expect(drawer.locator("#service-bar")).to_contain_text("75 min, what the guest sees")
    keep(page, "office-effect")
    drawer.locator("[name=price]").fill("a lot")
    drawer.locator(".btn-primary").click()
    expect(drawer.get_by_text("Write an amount, for example 398.")).to_be_visible()
    drawer.locator("[name=price]").fill("428")
    drawer.locator(".btn-primary").click()
    expect(page.get_by_text("The service is published")).to_be_visible()
    expect(page.locator("tbody")).to_contain_text("¥428")
