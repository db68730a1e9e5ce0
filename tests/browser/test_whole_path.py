"""The whole of it in one go, on a phone: a brand signs up, opens; a guest books; the desk redeems."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from chains.domain.signup_fields import time_zones
from tests.browser.test_booking_flow import Walk, free_slot, last_code
from tests.browser.test_booking_flow import words as guest_words
from tests.browser.test_setup_flow import WORDS as SETUP
from tests.browser.test_signup_flow import WORDS as SIGNUP
from tests.browser.test_workbench import WORDS as DESK
from tests.chains.signups import PASSWORD, empty_outbox, newest_code
from tests.ground.browser import OpenPage, Site
from tests.ground.workers import provisioner
from web.signup.places import ZONES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("committed"),
]
PHONE = "+8613800000077"


def place_at_noon(now: datetime) -> str:
    """A place where it is between 12:00 and 13:00, so that today still has free times whenever the test runs.

    One of those that the form offers, while there is one: the odd ones have tests of their own.
    """
    zones = (*ZONES, *sorted(time_zones()))
    return next(zone for zone in zones if now.astimezone(ZoneInfo(zone)).hour == 12)


@pytest.fixture()
def setting_up(committed: None, site: Site) -> Iterator[None]:
    """The provisioner at work beside the web process."""
    empty_outbox()
    with provisioner(TESSERA_BASE=f"tessera.test:{site.port}", POOL_TARGET="1"):
        yield


def sign_up(page: Page, site: Site, slug: str, language: str) -> None:
    """From the platform's first page to the owner's arrival at the chain's own host."""
    words = SIGNUP[language]
    page.goto(site.url(""))
    page.get_by_role("checkbox", name=words["beauty"]).check()
    page.locator("#brand").fill(words["brand"])
    page.locator("#slug").press_sequentially(slug, delay=30)
    expect(page.locator("#address .input-ok")).to_have_text(words["free"])
    page.locator("#email").fill("su@qibai.example")
    page.get_by_role("button", name=words["create"]).click()
    page.wait_for_url(re.compile(r"/signups/[0-9a-f-]+/$"))
    page.locator("#code").press_sequentially(newest_code("su@qibai.example"))
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name=words["set_up"]).click()
    page.get_by_role("link", name=words["enter"]).click()
    page.wait_for_url(re.compile(rf"//{slug}\.tessera\.test:\d+/manage/setup/"))


def set_up(page: Page, language: str) -> None:
    """The guided steps, to "open for bookings"."""
    words = SETUP[language]
    save = page.get_by_role("button", name=words["save"])
    page.fill("[name=address]", "26 Wutong Lane")
    save.click()
    page.wait_for_url("**/setup/hours/")
    page.fill("[name=d1_from]", "9")
    page.get_by_role("button", name=words["copy"]).click()
    save.click()
    page.wait_for_url("**/setup/services/")
    page.fill("[name=own_name]", words["own"])
    page.fill("[name=own_minutes]", "45")
    page.fill("[name=own_price]", "168")
    save.click()
    page.wait_for_url("**/setup/staff/")
    expect(page.get_by_label(words["me"])).to_be_checked()
    save.click()
    page.wait_for_url("**/setup/open/")
    page.get_by_role("button", name=words["open"]).click()
    expect(page.get_by_role("link", name=words["see"])).to_be_visible()


def book_as_new(page: Page, site: Site, slug: str, language: str) -> Walk:
    """A guest nobody knows, from the shop's link to a booking of today."""
    say, walk = guest_words[language], Walk(page)
    page.goto(site.url(slug))
    walk.tap(page.locator(".row .btn-tint").first)
    page.wait_for_url("**/book/**")
    walk.tap(free_slot(page))
    walk.tap(page.get_by_role("button", name=say["to_confirm"]))
    page.wait_for_url("**/confirm/**")
    page.get_by_label(say["phone"]).fill(PHONE)
    walk.tap(page.get_by_role("button", name=say["send"]))
    page.get_by_label(say["code"]).fill(last_code(page, PHONE))
    walk.tap(page.get_by_role("button", name=say["confirm"]))
    expect(page.get_by_role("heading", name=say["booked"])).to_be_visible()
    return walk


def book_again(page: Page, site: Site, slug: str, language: str) -> Walk:
    """The same guest, known now, books another time of today."""
    say, walk = guest_words[language], Walk(page)
    page.goto(site.url(slug))
    walk.tap(page.locator(".row .btn-tint").first)
    page.wait_for_url("**/book/**")
    walk.tap(free_slot(page))
    walk.tap(page.get_by_role("button", name=say["confirm"]))
    expect(page.get_by_role("heading", name=say["booked"])).to_be_visible()
    return walk


def redeem(page: Page, address: str, by: str, typed: str, language: str) -> None:
    """At the desk, by what the guest says."""
    page.goto(f"{address}redeem/?by={by}")
    expect(page.locator(f"#redeem-{by}")).to_be_focused()
    page.keyboard.type(typed)
    page.keyboard.press("Enter")
    expect(page.locator("h2").first).to_have_text(DESK[language]["redeemed"])


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_a_brand_opens_a_guest_books_twice_and_the_desk_redeems_both(
    setting_up: None, site: Site, open_page: OpenPage, language: str
) -> None:
    slug = f"joint-{language[:2]}"
    zone = place_at_noon(timezone.now())
    owner = open_page(width=375, language=language, timezone_id=zone)
    sign_up(owner, site, slug, language)
    set_up(owner, language)

    guest = open_page(width=375, language=language, timezone_id=zone)
    first = book_as_new(guest, site, slug, language)
    screens, taps = first.loads, first.taps
    print(f"{language}: new guest {screens} page loads {first.seen}, {taps} taps")
    code = guest.locator(".code-text").inner_text()
    second = book_again(guest, site, slug, language)
    print(f"{language}: returning guest {second.loads} page loads {second.seen}, {second.taps} taps")
    assert screens <= 3
    assert taps <= 6
    assert second.taps <= 3

    owner.goto(site.url(slug, "/workbench/"))
    owner.wait_for_url(re.compile(r"/workbench/[0-9a-f-]{36}/"))
    desk = re.sub(r"(/workbench/[0-9a-f-]{36}/).*", r"\1", owner.url)
    redeem(owner, desk, "code", code.replace("-", ""), language)
    redeem(owner, desk, "phone", PHONE, language)
