"""A member repeats a booking from its ticket and brings somebody: a sheet, a plan, one tap."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from chains.scope import chain_scope
from tenants.booking.models import Booking, Status
from tests.browser.test_booking_flow import come_as_member, free_slot, turn_to
from tests.ground.browser import OpenPage, Site, axe_violations, keep_screenshot
from tests.ground.cast import Chain

pytestmark = pytest.mark.browser
WORDS = {
    "en": (
        "Book Deep hydration",
        "Repeat, or bring someone",
        "See whether it is free",
        "Book all of it",
        "See whether two fit",
    ),
    "zh-Hans": ("预约Deep hydration", "重复，或带人同来", "看看有没有空", "全部预约", "看看能否两人同时"),
}


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_every_week_and_for_two_from_the_ticket(
    site: Site, open_page: OpenPage, open_shop: Callable[..., Chain], language: str
) -> None:
    book, more, plan, all_of_it, two = WORDS[language]
    chain = open_shop(locale=language)
    page = open_page(width=375, language=language)
    come_as_member(page, site, chain, "13800000001")
    page.goto(site.url(chain.info.slug))
    page.get_by_role("link", name=book).tap()
    page.wait_for_url("**/book/**")
    page.locator(".day").nth(2).tap()
    turn_to(page, page.locator(".day").nth(2))
    free_slot(page, 5).tap()
    page.locator(".sticky-bar button, .sticky button").first.tap()
    page.wait_for_url("**/my/**")
    ticket = page.url

    page.get_by_role("button", name=more).tap()
    keep_screenshot(page, f"together-sheet-{language}", full_page=False)
    page.get_by_role("button", name=plan).tap()
    page.wait_for_url("**/repeat/**")
    expect(page.locator("#plan-form li")).to_have_count(3)
    assert axe_violations(page) == []
    keep_screenshot(page, f"together-plan-{language}")
    page.get_by_role("button", name=all_of_it).tap()
    page.wait_for_url("**/my/")

    page.goto(ticket)
    page.get_by_role("button", name=more).tap()
    page.locator("#guest").fill("Mei")
    page.get_by_role("button", name=two).tap()
    page.wait_for_url("**/bring/**")
    page.get_by_role("button", name=all_of_it).tap()
    page.wait_for_url("**/my/")
    expect(page.get_by_text("Mei · Deep hydration")).to_be_visible()
    keep_screenshot(page, f"together-mine-{language}")
    with chain_scope(chain.info):
        rows = Booking.objects.filter(status=Status.CONFIRMED)
        assert rows.count() == 5
        assert len({row.practitioner_id for row in rows.filter(series__isnull=False)}) == 1
