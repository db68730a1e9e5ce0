"""A practitioner's day on a phone, in both languages: who is next, done, late, leave, a swap, the calendar.

Screenshots are for looking at (set SCREENSHOTS to a folder), never compared by pixel.
"""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from chains.scope import chain_scope
from tenants.booking.domain.late import read_delays
from tenants.people.models import LeaveRequest, ShiftSwap
from tests.browser.test_workbench import keep_screenshot
from tests.browser.workbench_day import ShopDay, make_day, sign_in_as
from tests.ground.browser import OpenPage, Site, axe_violations

pytestmark = pytest.mark.browser

LANGUAGES = ["zh-Hans", "en"]
WORDS = {
    "zh-Hans": {
        "complete": "完成服务",
        "tell": "通知会员",
        "late": "晚 30 分，已通知",
        "leave": "请假",
        "waiting": "等答复",
        "swap": "问问同事",
        "take": "同意接班",
        "approve": "批准",
        "despite": "仍然批准",
        "approved": "已批准",
        "make": "生成地址",
        "revoke": "停用",
    },
    "en": {
        "complete": "Complete visit",
        "tell": "Tell them",
        "late": "30 min late, told",
        "leave": "Ask for leave",
        "waiting": "Waiting",
        "swap": "Ask the colleague",
        "take": "Take over",
        "approve": "Approve",
        "despite": "Approve all the same",
        "approved": "Approved",
        "make": "Make an address",
        "revoke": "Revoke",
    },
}


@pytest.fixture()
def on_phone(open_shop, open_page: OpenPage, site: Site):
    """`on_phone("en", who=3)`: a shop's day and a phone in which that practitioner is signed in."""

    def made(language: str, *, who: int = 3, **look) -> tuple[Page, ShopDay]:
        day = make_day(open_shop, language)
        for number, person in enumerate(day.people):
            day.chain.employees[f"p{number}"] = person
        page = open_page(language=language, width=375, **look)
        sign_in_as(page, day.chain, f"p{who}")
        return page, day

    return made


def go(page: Page, site: Site, day: ShopDay, tail: str = "") -> None:
    page.goto(site.url(day.chain.info.slug, f"/workbench/mine/{tail}"))


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_day_shows_who_is_there_and_next_completes_and_tells_of_running_late(on_phone, site, language):
    page, day = on_phone(language)
    words = WORDS[language]
    go(page, site, day)
    expect(page.locator("#next h2")).to_have_text(day.guests[3].name)
    assert fits(page)
    assert axe_violations(page) == []
    keep_screenshot(page, f"own-day-{language}")

    page.get_by_role("button", name=words["complete"]).click()
    expect(page.locator("#next h2")).to_have_text(day.guests[8].name)
    assert day.again("serving").status == "completed"
    page.locator("#minutes").select_option("30")
    page.get_by_role("button", name=words["tell"]).click()
    expect(page.locator("#next")).to_contain_text(words["late"])
    keep_screenshot(page, f"own-late-{language}")
    with chain_scope(day.chain.info):
        assert read_delays([day.bookings["last"].id]) == {day.bookings["last"].id: 30}


@pytest.mark.parametrize("language", LANGUAGES)
def test_leave_is_asked_for_and_approved_by_a_manager_who_has_seen_the_bookings(on_phone, site, language):
    page, day = on_phone(language, who=0)
    words = WORDS[language]
    go(page, site, day, "requests/")
    page.locator("#first").fill(f"{day.noon.date():%Y-%m-%d}")
    page.get_by_role("button", name=words["leave"]).click()
    expect(page.locator(".wish")).to_contain_text(words["waiting"])
    assert fits(page)
    assert axe_violations(page) == []
    keep_screenshot(page, f"own-requests-{language}")

    sign_in_as(page, day.chain, "store_manager")
    go(page, site, day, "requests/")
    page.get_by_role("button", name=words["approve"], exact=True).click()
    expect(page.locator(".clash-list li")).to_have_count(2)
    keep_screenshot(page, f"own-clashes-{language}")
    assert axe_violations(page) == []
    page.get_by_role("button", name=words["despite"]).click()
    expect(page.locator(".wish")).to_contain_text(words["approved"])
    with chain_scope(day.chain.info):
        assert LeaveRequest.objects.get().state == "approved"
        assert day.again("next").practitioner_id == day.people[0].id


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_swap_is_asked_accepted_and_approved_and_the_bookings_move(on_phone, site, language):
    page, day = on_phone(language, who=0)
    words = WORDS[language]
    tomorrow = day.noon + timedelta(days=1)
    with chain_scope(day.chain.info):
        day.book("tomorrow", 4, 0, 24)
    go(page, site, day, "requests/")
    page.locator("#gives_on").fill(f"{tomorrow.date():%Y-%m-%d}")
    page.locator("#colleague").select_option(str(day.people[1].id))
    page.get_by_role("button", name=words["swap"]).click()
    expect(page.locator(".wish")).to_contain_text(day.people[1].name)

    sign_in_as(page, day.chain, "p1")
    go(page, site, day, "requests/")
    page.get_by_role("button", name=words["take"]).click()
    expect(page.locator(".toast").first).to_be_visible()
    sign_in_as(page, day.chain, "store_manager")
    go(page, site, day, "requests/")
    keep_screenshot(page, f"own-swap-{language}")
    page.get_by_role("button", name=words["approve"], exact=True).click()
    expect(page.locator(".wish")).to_contain_text(words["approved"])
    with chain_scope(day.chain.info):
        assert ShiftSwap.objects.get().state == "approved"
    assert day.again("tomorrow").practitioner_id == day.people[1].id


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_calendar_address_is_made_read_and_revoked(on_phone, site, language):
    page, day = on_phone(language, who=0)
    words = WORDS[language]
    go(page, site, day, "calendar/")
    page.get_by_role("button", name=words["make"]).click()
    address = page.locator("#address").input_value()
    assert fits(page)
    assert axe_violations(page) == []
    keep_screenshot(page, f"own-feed-{language}")
    assert re.fullmatch(r"http://[^/]+/calendar/[\w-]{43}\.ics", address)
    host, _, path = address.removeprefix("http://").partition("/")
    port = site.url("", "").rstrip("/").rpartition(":")[2]
    request = Request(f"http://127.0.0.1:{port}/{path}", headers={"Host": host})
    with urlopen(request) as answer:
        assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert day.guests[0].name in answer.read().decode().replace("\r\n ", "")
    page.goto(page.url)
    page.get_by_role("button", name=words["revoke"]).click()
    expect(page.get_by_role("button", name=words["make"])).to_be_visible()
