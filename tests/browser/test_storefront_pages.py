"""The member's pages as they look: accessible, within their width, in both languages and themes.

Screenshots are for looking at (set SCREENSHOTS to a folder), never compared by pixel.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from chains.scope import chain_scope
from tenants.booking.models import Booking
from tests.bars import FULL
from tests.browser.shops import Shops
from tests.browser.test_booking_flow import come_as_member, free_slot, last_code, turn_to
from tests.ground.browser import OpenPage, Site, axe_violations
from tests.ground.cast import Chain
from web.storefront.again import read_visits, suggest_again

pytestmark = pytest.mark.browser

# Each page in either language, theme and width once; all combinations in the full size, or when somebody looks.
looks = {"zh-Hans": [("light", 375)], "en": [("dark", 1280)]}
if FULL or os.environ.get("SCREENSHOTS"):
    looks = {language: [("light", 375), ("dark", 375), ("light", 1280), ("dark", 1280)] for language in looks}


def keep(page: Page, name: str) -> None:
    """A picture of the page, if somebody wants to look."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"), caret="initial")
        page.screenshot(path=str(Path(folder) / f"{name}-full.png"), full_page=True, caret="initial")


def check(page: Page, name: str) -> list[str]:
    """What is wrong with the page: axe's findings and whatever is wider than the window."""
    keep(page, name)
    wrong = [f"{name} {finding}" for finding in axe_violations(page)]
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [*wrong, *([f"{name} is {wide} px too wide"] if wide > 0 else [])]


def check_around(page: Page, name: Callable[[str], str]) -> list[str]:
    """What is wrong with the calendar and the other stores' times of a time page, which is left as it was."""
    here = page.url
    page.locator("[data-opens=calendar]").click()
    page.locator("#month .month").wait_for()
    wrong = check(page, name("2-month"))
    page.locator("#month [hx-get]").last.click()
    page.locator("#month a.day").first.click()
    page.locator("#month .month").wait_for(state="detached")
    page.locator("#times a[href*='/stores/']").click()
    page.locator(".slots-grid").first.wait_for()
    wrong += check(page, name("2-other-stores"))
    page.goto(here)
    return wrong


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_every_page_is_accessible_and_fits(
    site: Site, open_page: OpenPage, open_shop: Shops, language: str
) -> None:
    chain = Chain(open_shop.salon(language))
    wrong: list[str] = []
    for theme, width in looks[language]:
        page = open_page(width=width, language=language, theme=theme)
        name = f"{{}}-{language}-{theme}-{width}".format
        page.goto(site.url(chain.info.slug))
        wrong += check(page, name("1-shop"))
        page.locator("[data-opens=stores]").click()
        wrong += check(page, name("1-stores"))
        page.keyboard.press("Escape")
        page.locator(".row .btn-tint").first.click()
        day = page.locator(".day-2, .day-3").nth(2)
        day.click()
        turn_to(page, day)
        wrong += check(page, name("2-times"))
        wrong += check_around(page, name)
        free_slot(page, 1).click()
        page.locator("#bar-in .btn-primary").wait_for()
        wrong += check(page, name("2-times-chosen"))
        page.locator("[data-opens=why]").last.click()
        page.locator("#why-clock").fill("03:00")
        page.locator("#why .btn-primary").click()
        page.locator("#why-answer .alert").wait_for()
        wrong += check(page, name("2-why"))
        page.locator("#why [data-closes]").click()
        page.locator("#bar-in .btn-primary").click()
        page.wait_for_url("**/confirm/**")
        wrong += check(page, name("3-confirm"))
        phone = f"1380000{('en', 'zh-Hans').index(language)}{('light', 'dark').index(theme)}{width // 1000}1"
        page.locator("input[name=phone]").fill(phone)
        page.locator("button[name=send]").click()
        page.locator("input[name=code]").fill("12")
        wrong += check(page, name("3-confirm-code"))
        page.locator("input[name=code]").fill("123456")
        page.locator(".sticky-bar .btn-primary").click()
        page.locator(".field-error").wait_for()
        wrong += check(page, name("3-confirm-wrong"))
        page.locator("input[name=code]").fill(last_code(page, "+86" + phone))
        page.locator(".sticky-bar .btn-primary").click()
        page.locator(".ticket").wait_for()
        wrong += check(page, name("4-done"))
        page.locator("[data-opens=change]").click()
        wrong += check(page, name("4-change"))
        page.locator("#change a.btn-primary").click()
        page.wait_for_url("**/move/**")
        wrong += check(page, name("5-move"))
        page.goto(site.url(chain.info.slug, "/my/"))
        wrong += check(page, name("6-my"))
        page.goto(site.url(chain.info.slug, "/my/profile/"))
        wrong += check(page, name("7-profile"))
        page.locator("form[action$='sign-out/'] button").last.click()
        page.goto(site.url(chain.info.slug, "/my/sign-in/"))
        wrong += check(page, name("8-sign-in"))
    assert wrong == []


def test_a_members_shop_offers_the_usual_again(site: Site, open_page: OpenPage, open_shop: Shops) -> None:
    chain = Chain(open_shop.salon("zh-Hans"))
    now = timezone.now()
    with chain_scope(chain.info):
        # the next turn of whoever was there last may lie too far ahead to be offered: the demo is another every day
        visits = Booking.objects.filter(status="completed", member__phone__isnull=False).order_by(
            "-starts_at"
        )
        members = (visit.member for visit in visits.select_related("member") if visit.member)
        phone = next(
            one.phone
            for one in members
            if one.phone and suggest_again(read_visits(one), now=now, language="zh-Hans")
        )
    page = open_page(width=375, language="zh-Hans")
    come_as_member(page, site, chain, phone.removeprefix("+86"))
    wrong = check(page, "6-my-full-zh-Hans-light-375")
    page.goto(site.url(chain.info.slug))
    wrong += check(page, "1-shop-member-zh-Hans-light-375")
    assert page.locator(".card-eyebrow").count() == 1
    assert wrong == []
