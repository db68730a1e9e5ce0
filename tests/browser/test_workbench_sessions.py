"""A session at the desk in a browser: opened, joined and moved by keys, hand and form, on desk and phone."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect

from chains.scope import chain_scope
from tenants.booking.domain.scheduled import Wish, book_scheduled
from tenants.booking.domain.series import SeriesWish, Time, book_series
from tenants.booking.domain.sessions import Plan, plan_sessions
from tenants.booking.models import Booking, Session
from tenants.catalogue.models import BookedAs
from tests.browser.live_site import LiveSite
from tests.browser.test_workbench_drawing import column, drag
from tests.browser.test_workbench_live import SOON, watch
from tests.browser.workbench_day import ShopDay, make_day, sign_in
from tests.ground.browser import OpenPage, axe_violations, keep_screenshot
from tests.ground.cast import make_service

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("live")]

NAMES = {"zh-Hans": "流瑜伽", "en": "Flow yoga"}


def plan(day: ShopDay, language: str, *, hours: float = 3) -> Session:
    """A session of the fourth person with two guests in it."""
    owner = day.chain.actors["owner"]
    with chain_scope(day.chain.info):
        flow = make_service(
            NAMES[language], [day.store], booked_as=BookedAs.SESSION, minutes=60, prepare=0, clean_up=0
        )
        made = plan_sessions(
            flow.id,
            store_id=day.store.id,
            starts_at=day.at(hours),
            plan=Plan(capacity=6, minimum=4, practitioner_id=day.people[3].id),
            by=owner,
            now=day.noon - timedelta(hours=30),
        )[0]
        for guest in (5, 6):
            wish = Wish(session_id=made.id)
            book_scheduled(wish, by=owner, member=day.guests[guest].id, now=day.noon - timedelta(hours=29))
    return made


def stands(day: ShopDay, session: Session) -> tuple[datetime, set[datetime], str]:
    """When the session begins, when its seats do, and the name of who gives it."""
    with chain_scope(day.chain.info):
        now = Session.objects.select_related("practitioner").get(id=session.id)
        seats = set(Booking.objects.filter(session_id=session.id).values_list("starts_at", flat=True))
    return now.starts_at, seats, now.practitioner.name if now.practitioner else ""


@pytest.mark.parametrize(("language", "theme"), [("zh-Hans", "light"), ("en", "dark")])
def test_a_session_is_carried_opened_filled_and_moved_back(
    open_shop, open_page: OpenPage, live_site: LiveSite, language: str, theme: str
):
    day = make_day(open_shop, language)
    session = plan(day, language)
    page = open_page(width=1440, language=language, theme=theme)
    sign_in(page, live_site, day, "store_manager")
    watch(page, live_site, day)
    block = page.locator(f"#block-{session.id}")
    expect(block).to_contain_text(f"{NAMES[language]} 2/6")
    block.focus()
    page.keyboard.press(" ")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".ghost")).to_have_attribute("data-state", "fits", timeout=SOON)
    page.keyboard.press("Enter")
    expect(block).to_contain_text("15:15–16:15", timeout=SOON)
    expect(block).to_be_focused(timeout=SOON)
    assert stands(day, session) == (day.at(3.25), {day.at(3.25)}, day.people[3].name)

    page.keyboard.press("Enter")
    panel = page.locator("#panel")
    expect(panel).to_contain_text(NAMES[language])
    keep_screenshot(page, f"session-{language}-{theme}-1440", full_page=False)
    panel.locator("details[data-add] summary").click()
    panel.locator("#join-who").fill("Walk")
    expect(panel.locator('input[name="member"]')).to_have_count(1, timeout=SOON)
    panel.locator("details[data-add] button[type=submit]").click()
    expect(block).to_contain_text("3/6", timeout=SOON)
    expect(panel.locator(".seat-list li")).to_have_count(3)
    assert f"session={session.id}" in page.url

    panel.locator(".panel-foot a").first.click()
    page.locator("#session-who").select_option(label=day.people[1].name)
    expect(page.locator("#session-fits .alert")).to_be_visible(timeout=SOON)
    page.locator("#session-at").fill("18:00")
    page.locator("#session-at").dispatch_event("change")
    expect(page.locator("#session-fits")).to_contain_text("18:00–19:00", timeout=SOON)
    keep_screenshot(page, f"session-move-{language}-{theme}-1440", full_page=False)
    page.locator("#over button[type=submit]").click()
    expect(page.locator("#over")).to_have_count(0)
    expect(column(page, day, 1).locator(f"#block-{session.id}")).to_contain_text("18:00–19:00", timeout=SOON)
    assert stands(day, session) == (day.at(6), {day.at(6)}, day.people[1].name)


@pytest.mark.parametrize(
    ("language", "theme", "width"),
    [("zh-Hans", "light", 1440), ("en", "dark", 1440), ("zh-Hans", "dark", 375)],
)
def test_a_session_is_called_off_from_its_panel_once_it_is_said_what_happens(
    open_shop, open_page: OpenPage, live_site: LiveSite, language: str, theme: str, width: int
):
    day = make_day(open_shop, language)
    session = plan(day, language)
    page = open_page(width=width, language=language, theme=theme)
    sign_in(page, live_site, day, "store_manager")
    watch(page, live_site, day, f"sessions/{session.id}/" if width < 640 else "")
    if width > 640:
        page.locator(f"#block-{session.id}").click()
    panel, dialog = page.locator("#panel"), page.locator("#over")
    panel.locator(".panel-foot a").last.click()
    expect(dialog.locator(".effects li")).to_have_count(3, timeout=SOON)
    keep_screenshot(page, f"session-call-off-{language}-{theme}-{width}", full_page=False)
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    dialog.locator("#call-off-reason").fill("Pipe burst")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0, timeout=SOON)
    expect(panel).to_contain_text("Pipe burst", timeout=SOON)
    expect(panel.locator(".panel-foot")).to_have_count(0)
    if width > 640:
        expect(page.locator(f"#block-{session.id}")).to_have_count(0, timeout=SOON)
    with chain_scope(day.chain.info):
        assert set(Booking.objects.filter(session_id=session.id).values_list("status", flat=True)) == {
            "cancelled"
        }


def test_a_session_dropped_on_a_booking_stays_and_the_dialog_moves_it_beside(
    open_shop, open_page: OpenPage, live_site: LiveSite
):
    day = make_day(open_shop, "en")
    session = plan(day, "en")
    page = open_page(width=1440)
    sign_in(page, live_site, day, "store_manager")
    watch(page, live_site, day)
    block = page.locator(f"#block-{session.id}")
    drag(page, block, column(page, day, 1), 15)
    expect(page.locator(".ghost.is-refused")).to_contain_text("is already booked at that time.", timeout=SOON)
    page.mouse.up()
    dialog = page.locator("#over")
    expect(dialog).to_contain_text("It stays where it was", timeout=SOON)
    assert stands(day, session)[0] == day.at(3)
    keep_screenshot(page, "session-refused-en-1440", full_page=False)
    watch(page, live_site, day)
    drag(page, block, column(page, day, 3), 13.5)
    expect(page.locator(".ghost")).to_have_attribute("data-state", "fits", timeout=SOON)
    page.mouse.up()
    # it stays as long as it is hovered
    page.locator(".toast button.btn-quiet").hover()
    expect(block).to_contain_text("13:30–14:30", timeout=SOON)
    page.locator(".toast button.btn-quiet").click()
    expect(block).to_contain_text("15:00–16:00", timeout=SOON)
    assert stands(day, session) == (day.at(3), {day.at(3)}, "Dana")


@pytest.mark.parametrize(("language", "theme"), [("zh-Hans", "dark"), ("en", "light")])
def test_on_a_phone_the_session_is_a_sheet_with_its_guests(
    open_shop, open_page: OpenPage, live_site: LiveSite, language: str, theme: str
):
    day = make_day(open_shop, language)
    session = plan(day, language)
    page = open_page(width=375, language=language, theme=theme)
    sign_in(page, live_site, day, "store_manager")
    watch(page, live_site, day, f"sessions/{session.id}/")
    expect(page.locator("#panel .seat-list li")).to_have_count(2)
    page.locator("#panel details[data-add] summary").click()
    keep_screenshot(page, f"session-{language}-{theme}-375", full_page=False)
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    assert axe_violations(page) == []
    page.set_viewport_size({"width": 375, "height": 812})
    page.locator("#panel .panel-foot a").first.click()
    expect(page.locator("#over")).to_be_visible()
    keep_screenshot(page, f"session-move-{language}-{theme}-375", full_page=False)
    assert axe_violations(page) == []


@pytest.mark.parametrize(("language", "theme", "width"), [("zh-Hans", "light", 375), ("en", "dark", 1440)])
def test_a_party_is_planned_and_booked_by_keyboard(
    open_shop, open_page: OpenPage, live_site: LiveSite, language: str, theme: str, width: int
):
    day = make_day(open_shop, language)
    page = open_page(width=width, language=language, theme=theme)
    sign_in(page, live_site, day)
    page.goto(live_site.url(day.chain.info.slug, day.path("party/")))
    page.locator("#who").fill("Walk")
    page.locator("#at").fill("16:30")
    page.locator("#service_0").select_option(index=1)
    expect(page.locator("#person_0")).to_be_visible(timeout=SOON)
    page.locator("#person_0").select_option(label=day.people[2].name)
    page.locator("#service_1").select_option(index=2)
    page.locator("#guest_1").fill("Mei")
    page.locator("#guest_1").press("Enter")
    expect(page.locator("#plan .list li")).to_have_count(2, timeout=SOON)
    keep_screenshot(page, f"party-{language}-{theme}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert axe_violations(page) == []
    page.locator('#plan button[name="other"]').first.press("Enter")
    expect(page.locator("#plan select")).to_have_count(0, timeout=SOON)
    page.locator(".sticky-bar button").press("Enter")
    page.wait_for_url("**/bookings/**")
    with chain_scope(day.chain.info):
        assert Booking.objects.filter(group__isnull=False, payer__name="Walk").count() == 2


@pytest.mark.parametrize(("language", "theme", "width"), [("zh-Hans", "light", 1440), ("en", "dark", 1440)])
def test_a_dropped_booking_of_a_series_asks_whether_those_after_it_go_too(
    open_shop, open_page: OpenPage, live_site: LiveSite, language: str, theme: str, width: int
):
    day = make_day(open_shop, language)
    owner, first = day.chain.actors["owner"], day.bookings["next"]
    with chain_scope(day.chain.info):
        wish = SeriesWish(first.service_id, 7, practitioner_id=first.practitioner_id, first=first.id)
        weeks = [Time(first.starts_at + timedelta(weeks=number)) for number in (1, 2)]
        book_series(wish, weeks, store_id=day.store.id, by=owner, now=day.noon - timedelta(hours=29))
    page = open_page(width=width, language=language, theme=theme)
    sign_in(page, live_site, day, "store_manager")
    watch(page, live_site, day)
    page.locator(f"#block-{first.id}").focus()
    page.keyboard.press(" ")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator(".ghost")).to_have_attribute("data-state", "fits", timeout=SOON)
    page.keyboard.press("Enter")
    dialog = page.locator("#over")
    expect(dialog).to_be_visible(timeout=SOON)
    keep_screenshot(page, f"which-{language}-{theme}-{width}", full_page=False)
    dialog.locator("a.btn").click()
    expect(dialog.locator(".list li")).to_have_count(3, timeout=SOON)
    keep_screenshot(page, f"following-{language}-{theme}-{width}", full_page=False)
    dialog.locator("button[type=submit]").click()
    expect(page.locator("#over")).to_have_count(0, timeout=SOON)
    expect(page.locator(f"#block-{first.id}")).to_contain_text("13:35–14:35", timeout=SOON)
    with chain_scope(day.chain.info):
        times = set(Booking.objects.filter(series__isnull=False).values_list("starts_at", flat=True))
    assert times == {day.at(1.5) + timedelta(weeks=number, minutes=5) for number in range(3)}
