"""A clerk's day in Chromium: redeem by code, camera and phone, a second tab that keeps up, every page accessible.

Screenshots are for looking at (set SCREENSHOTS to a folder), never compared by pixel.
"""

from __future__ import annotations

import os
import re
from datetime import UTC
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.bars import FULL
from tests.browser.workbench_day import ShopDay, make_day, sign_in, write_camera
from tests.ground.browser import FLAGS, PATIENCE, WINDOWED, OpenPage, Site, axe_violations

pytestmark = pytest.mark.browser

LANGUAGES = ["zh-Hans", "en"]
WORDS = {
    "zh-Hans": {"redeemed": "已核销，服务开始", "redeem": "核销", "start": "核销，开始服务"},
    "en": {"redeemed": "Redeemed, the service starts", "redeem": "Redeem", "start": "Redeem, start service"},
}


@pytest.fixture()
def at_desk(open_shop, open_page: OpenPage, site: Site):
    """`at_desk("en", width=1440)`: a shop's day and a page in which its clerk is signed in."""

    def made(language: str, *, role: str = "clerk", **look) -> tuple[Page, ShopDay]:
        day = make_day(open_shop, language)
        page = open_page(language=language, **look)
        sign_in(page, site, day, role)
        return page, day

    return made


def go(page: Page, site: Site, day: ShopDay, tail: str = "") -> None:
    page.goto(site.url(day.chain.info.slug, day.path(tail)))


def keep_screenshot(page: Page, name: str) -> None:
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_guest_is_redeemed_by_the_code_they_read_aloud(at_desk, site, language):
    page, day = at_desk(language, width=375)
    go(page, site, day, "redeem/?by=code")
    code = day.bookings["next"].code
    expect(page.locator("#redeem-code")).to_be_focused()
    page.keyboard.type(code.lower()[:6])
    left = page.locator("[data-code-left]").inner_text()
    shown = page.locator("#redeem-code").input_value()
    page.keyboard.type(code.lower()[6:])
    page.keyboard.press("Enter")

    expect(page.locator("h2").first).to_have_text(WORDS[language]["redeemed"])
    assert (left, shown) == (
        {"en": "2 more characters", "zh-Hans": "还差 2 位"}[language],
        f"{code[:4]}-{code[4:6]}",
    )
    assert day.again("next").status == "arrived"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_guest_is_redeemed_by_phone(at_desk, site, language):
    page, day = at_desk(language, width=375)
    go(page, site, day, "redeem/?by=phone")
    expect(page.locator("#redeem-phone")).to_be_focused()
    page.keyboard.type("138 0013 2040")
    page.keyboard.press("Enter")

    expect(page.locator("h2").first).to_have_text(WORDS[language]["redeemed"])
    assert day.again("next").status == "arrived"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_guest_is_redeemed_by_the_code_on_their_phone_held_into_the_camera(
    open_shop, site, tmp_path, language, chromium
):
    day = make_day(open_shop, language)
    film = write_camera(tmp_path / "guest.y4m", day.qr("next"))
    origin = site.url(day.chain.info.slug, "")
    camera = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
        f"--unsafely-treat-insecure-origin-as-secure={origin}",
    ]
    browser = chromium.browser_type.launch(
        executable_path=WINDOWED, headless=True, args=[*FLAGS, *camera], timeout=180_000
    )
    try:
        context = browser.new_context(viewport={"width": 375, "height": 812}, locale=language)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        complaints: list[str] = []
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type == "error" else None
        )
        sign_in(page, site, day)
        go(page, site, day, "redeem/")
        expect(page.locator("h2").first).to_have_text(WORDS[language]["redeemed"])
        assert complaints == []
    finally:
        browser.close()
    after = day.again("next")
    assert after.status == "arrived"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_row_is_redeemed_with_one_tap_and_undone_with_one_more(at_desk, site, language):
    page, day = at_desk(language, width=375)
    go(page, site, day)
    row = page.locator(f"#row-{day.bookings['next'].id}")
    row.locator("button").click()
    expect(page.locator("#over h2").nth(1)).to_have_text(WORDS[language]["redeemed"])
    keep_screenshot(page, f"workbench-redeemed-{language}-375")
    arrived = day.again("next").status
    page.locator("#over .btn-quiet").click()
    expect(page.locator("#over")).to_have_count(0)

    assert (arrived, day.again("next").status) == ("arrived", "confirmed")


def test_another_stores_code_names_the_store_and_moves_the_guest_here(at_desk, site):
    page, day = at_desk("en", width=1440)
    go(page, site, day, "redeem/?by=code")
    page.locator("#redeem-code").fill(day.bookings["elsewhere"].code)
    page.keyboard.press("Enter")
    expect(page.locator("h2").first).to_have_text("This booking is at West Side")
    keep_screenshot(page, "workbench-wrong-store-en-1440")
    assert axe_violations(page) == []
    page.get_by_role("button", name=re.compile("^Move here")).click()
    expect(page.locator("#panel .title")).to_have_text("Fay Yi")
    assert day.again("elsewhere").store_id == day.store.id


def test_a_walk_in_now_takes_three_taps_and_a_name(at_desk, site):
    page, day = at_desk("en", width=375)
    go(page, site, day)
    page.locator(".tabbar a", has_text="New").click()
    page.locator(".radio-card", has_text="Eye care").click()
    expect(page.locator("#choice")).to_contain_text("Eye care")
    page.locator("#who").fill("Mia Walk")
    page.get_by_role("button", name="Book", exact=True).click()
    expect(page.locator("#panel .title")).to_have_text("Mia Walk")
    keep_screenshot(page, "workbench-panel-en-375")
    assert axe_violations(page) == []


def test_the_panel_opens_beside_the_day_and_escape_gives_the_focus_back(at_desk, site):
    page, day = at_desk("en", width=1440)
    go(page, site, day)
    block = page.locator(f"#block-{day.bookings['next'].id}")
    block.click()
    expect(page.locator("#panel .title")).to_have_text("Su Qing")
    marked = block.get_attribute("aria-current")
    address = page.url
    page.keyboard.press("Escape")

    expect(page.locator("#panel")).to_be_hidden()
    assert marked == "true" and f"booking={day.bookings['next'].id}" in address
    assert block.evaluate("one => one === document.activeElement")


def test_a_booking_is_moved_from_the_panel(at_desk, site):
    page, day = at_desk("en", width=1440, role="store_manager")
    go(page, site, day, f"bookings/{day.bookings['next'].id}/")
    page.locator("#panel a", has_text="Move").click()
    expect(page.locator("#over")).to_be_visible()
    page.locator("#over .day").nth(1).click()
    # that day's, not the one with the same hour that stands there until the answer has come
    page.locator(f"#over .slot:has([value='{day.at(27).astimezone(UTC).isoformat()}'])").click()
    page.get_by_role("button", name="Move booking").click()
    expect(page.locator("#over")).to_have_count(0)
    expect(page.locator(f"#row-{day.bookings['next'].id}")).to_have_count(0)
    moved = day.again("next")
    assert (moved.starts_at - day.at(27)).total_seconds() == 0


def test_a_booking_is_cancelled_with_a_reason(at_desk, site):
    page, day = at_desk("en", width=1440, role="store_manager")
    go(page, site, day, f"bookings/{day.bookings['next'].id}/")
    page.locator("#panel a", has_text="Cancel").click()
    page.locator("#over .chip", has_text="The shop cannot").click()
    page.get_by_role("button", name="Cancel booking").click()
    expect(page.locator("#over")).to_have_count(0)
    expect(page.locator("#panel .badge").first).to_contain_text("Cancelled")
    after = day.again("next")
    assert (after.status, after.reason) == ("cancelled", "The shop cannot")


def test_everything_is_reached_by_keyboard(at_desk, site):
    page, day = at_desk("en", width=1440)
    go(page, site, day, "?view=list")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    second = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    expect(page.locator("#panel .title")).to_have_text(second)
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("/")
    expect(page.locator("[data-key='/']")).to_be_focused()
    page.keyboard.type("Su Q")
    # her booking, herself, and another member who is called so in Chinese
    expect(page.locator("#found a")).to_have_text(
        [re.compile(name) for name in ("Su Qing", "Su Qing", "苏晴")]
    )
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/bookings/|booking="))
    expect(page.locator("#panel .title")).to_have_text("Su Qing")
    page.keyboard.press("r")
    expect(page.locator("#over #redeem-code")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("n")
    page.wait_for_url(re.compile(r"/new/"))


PAGES = {
    "day": "",
    "rooms": "?view=rooms",
    "week": "?view=week",
    "list": "?view=list",
    "redeem": "redeem/",
    "redeem-code": "redeem/?by=code",
    "redeem-phone": "redeem/?by=phone",
    "new": "new/",
    "find": "find/?q=e",
}
# Each page in either language and theme, on a phone and beside the panel; more in the full size, or when somebody looks.
LOOKS = [("zh-Hans", "light", 375), ("en", "dark", 1100)]
if FULL or os.environ.get("SCREENSHOTS"):
    LOOKS += [
        ("zh-Hans", "dark", 375),
        ("en", "light", 375),
        ("zh-Hans", "light", 1440),
        ("en", "dark", 1440),
    ]


@pytest.mark.parametrize(("language", "theme", "width"), LOOKS)
def test_every_page_is_accessible_and_fits(at_desk, site, language, theme, width):
    page, day = at_desk(language, width=width, theme=theme)
    # tall enough that no bar lies over a control that is being measured
    page.set_viewport_size({"width": width, "height": 1800 if width < 640 else 900})
    found = {}
    forms = {
        f"booking {name}": f"bookings/{day.bookings['next'].id}/{name}" for name in ("", "move/", "cancel/")
    }
    for name, tail in (PAGES | forms).items():
        go(page, site, day, tail)
        keep_screenshot(page, f"workbench-{name.strip('/').replace(' ', '-')}-{language}-{theme}-{width}")
        found[name] = (axe_violations(page), page.evaluate("document.documentElement.scrollWidth"))
    assert found == {name: ([], width) for name in found}
