"""The day keeps itself true: what one clerk does is on every other page at once, without a refresh."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from chains.scope import chain_scope
from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.redeem import redeem_booking
from tests.browser.live_site import LiveSite
from tests.browser.workbench_day import ShopDay, make_day, sign_in
from tests.ground.browser import FLAGS, PATIENCE, WINDOWED, OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("live")]
# Before the day reads itself again by the clock: what comes sooner came by the stream.
SOON = 45_000

# With every try in vain the page waits longer for the next; how many there are depends on how fast the process starts.
NO_LONG_PAUSE = """
const real = setTimeout;
window.setTimeout = (act, ms, ...more) => real(act, Math.min(ms ?? 0, 1000), ...more);
"""


def watch(page: Page, site: LiveSite, day: ShopDay, tail: str = "") -> None:
    """Open the day and wait until it is live."""
    page.goto(site.url(day.chain.info.slug, day.path(tail)))
    expect(page.locator("#live")).to_have_attribute("data-state", "live", timeout=SOON)
    # a reload would lose this
    page.evaluate("window.sameDocument = true")


def redeem(day: ShopDay, name: str) -> None:
    with chain_scope(day.chain.info):
        redeem_booking(
            day.store.id, booking_id=day.bookings[name].id, by=day.chain.actors["owner"], now=timezone.now()
        )


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_what_one_clerk_does_is_on_the_others_page_without_a_refresh(
    open_shop, open_page: OpenPage, live_site, language
):
    day = make_day(open_shop, language)
    acting, watching = open_page(language=language, width=375), open_page(language=language, width=1440)
    sign_in(acting, live_site, day)
    sign_in(watching, live_site, day, "store_manager")
    watch(watching, live_site, day)
    watch(acting, live_site, day)
    block = watching.locator(f"#block-{day.bookings['next'].id}")
    block.click()
    acting.locator(f"#row-{day.bookings['next'].id} button").click()

    word = {"zh-Hans": "服务中", "en": "In service"}[language]
    expect(block.locator(".block-word")).to_contain_text(word, timeout=SOON)
    expect(watching.locator("#panel .badge").first).to_contain_text(word, timeout=SOON)
    assert block.get_attribute("aria-current") == "true"
    assert watching.evaluate("window.sameDocument") is True
    assert {page.locator("#live").inner_text() for page in (acting, watching)} == {
        {"zh-Hans": "实时", "en": "Live"}[language]
    }


def test_a_new_booking_takes_its_place_in_the_list_and_a_cancelled_one_leaves(
    open_shop, open_page: OpenPage, live_site
):
    day = make_day(open_shop, "en")
    page = open_page(width=1440)
    sign_in(page, live_site, day)
    watch(page, live_site, day, "?view=list")
    before = page.locator(".row-link").all_inner_texts()
    with chain_scope(day.chain.info):
        day.book("fresh", 11, 3, 2, service=1, now=timezone.now())
    expect(page.locator(f"#row-{day.bookings['fresh'].id}")).to_be_visible(timeout=SOON)
    with_fresh = page.locator(".row-link").all_inner_texts()
    with chain_scope(day.chain.info):
        cancel_booking(day.bookings["fresh"].id, by=day.chain.actors["owner"], now=timezone.now())
    expect(page.locator(f"#row-{day.bookings['fresh'].id}")).to_have_count(0, timeout=SOON)

    at = with_fresh.index("Fay Yi")
    assert (with_fresh[at - 1], with_fresh[at + 1]) == ("Lou Yates", "Jane Low")
    assert page.locator(".row-link").all_inner_texts() == before
    assert page.evaluate("window.sameDocument") is True


def test_what_happened_while_the_stream_was_down_is_read_again_after_it(
    open_shop, open_page: OpenPage, live_site
):
    day = make_day(open_shop, "en")
    page = open_page(width=1440)
    page.add_init_script(NO_LONG_PAUSE)
    sign_in(page, live_site, day)
    watch(page, live_site, day)
    live_site.stop()
    expect(page.locator("#live")).to_have_text("Reconnecting", timeout=SOON)
    redeem(day, "next")
    live_site.start()
    expect(page.locator("#live")).to_have_text("Live", timeout=2 * PATIENCE)
    expect(page.locator(f"#block-{day.bookings['next'].id} .block-word")).to_contain_text(
        "In service", timeout=SOON
    )
    assert page.evaluate("window.sameDocument") is True


def test_two_tabs_share_one_stream_and_the_second_takes_over_when_the_first_closes(
    open_shop, live_site, chromium
):
    day = make_day(open_shop, "en")
    origin = live_site.url(day.chain.info.slug, "")
    flag = f"--unsafely-treat-insecure-origin-as-secure={origin}"
    browser = chromium.browser_type.launch(
        executable_path=WINDOWED, headless=True, args=[*FLAGS, flag], timeout=180_000
    )
    try:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(PATIENCE)
        streams: list[str] = []
        context.on(
            "request",
            lambda request: (
                streams.append(request.url)
                if "/live/" in request.url and request.resource_type == "eventsource"
                else None
            ),
        )
        first, second = context.new_page(), context.new_page()
        sign_in(first, live_site, day)
        for page in (first, second):
            watch(page, live_site, day)
        shared = len(streams)
        redeem(day, "next")
        for page in (first, second):
            word = page.locator(f"#block-{day.bookings['next'].id} .block-word")
            expect(word).to_contain_text("In service", timeout=SOON)
        first.close()
        expect(second.locator("#live")).to_have_attribute("data-state", "live", timeout=SOON)
        second.wait_for_timeout(1500)
        redeem(day, "soon")
        expect(second.locator(f"#block-{day.bookings['soon'].id} .block-word")).to_contain_text(
            "In service", timeout=SOON
        )
        assert (shared, len(streams)) == (1, 2)
    finally:
        browser.close()


def test_a_hold_that_runs_out_counts_down_on_the_page(open_shop, open_page: OpenPage, live_site):
    day = make_day(open_shop, "en")
    page = open_page(width=375)
    sign_in(page, live_site, day)
    watch(page, live_site, day)
    left = page.locator(f"#row-{day.bookings['held'].id} [data-until]")
    first = left.inner_text()
    page.wait_for_function(
        "([element, text]) => element.textContent !== text", arg=[left.element_handle(), first]
    )
    assert timedelta(0) < as_time(left.inner_text()) < as_time(first)


def as_time(text: str) -> timedelta:
    minutes, seconds = text.split(":")
    return timedelta(minutes=int(minutes), seconds=int(seconds))
