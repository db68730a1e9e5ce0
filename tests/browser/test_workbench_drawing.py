"""Drawing on the timeline: mouse, finger and keys; what one draws is on the other's page at once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from chains.scope import chain_scope
from tenants.booking.models import Booking
from tenants.stores.models import Resource, ResourceKind
from tests.browser.live_site import LiveSite
from tests.browser.test_workbench_live import SOON, watch
from tests.browser.workbench_day import ShopDay, make_day, sign_in
from tests.ground.browser import OpenPage, axe_violations, keep_screenshot

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("live")]

FIRST = 9  # the hour with which the day's grid begins


def column(page: Page, day: ShopDay, who: int) -> Locator:
    return page.locator(f'.timeline-col[data-person="{day.people[who].id}"]')


def block(page: Page, day: ShopDay, name: str) -> Locator:
    return page.locator(f"#block-{day.bookings[name].id}")


def height_of_a_row(page: Page) -> float:
    return page.evaluate(
        "() => { const c = document.querySelector('.timeline-col');"
        " return c.getBoundingClientRect().height / [...document.querySelector('.timeline').classList]"
        ".find((n) => n.startsWith('rows-')).slice(5) }"
    )


def place_of(target: Locator, hour: float) -> tuple[float, float]:
    """The middle of a column at an hour of the day."""
    box = target.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + (hour - FIRST) * 12 * height_of_a_row(target.page) + 2


def lift(page: Page, what: Locator) -> tuple[float, float]:
    """Press on the upper part of a block; where."""
    what.scroll_into_view_if_needed()
    box = what.bounding_box()
    assert box is not None
    x, y = box["x"] + 30, box["y"] + 2
    page.mouse.move(x, y)
    page.mouse.down()
    return x, y


def drag(page: Page, what: Locator, target: Locator, hour: float) -> None:
    """Carry a block by its upper edge to an hour of a column, and let it hang there."""
    x, y = lift(page, what)
    page.mouse.move(x, y + 20)
    there = place_of(target, hour)
    page.mouse.move((x + there[0]) / 2, (y + there[1]) / 2)
    page.mouse.move(*there)


def stands(day: ShopDay, name: str) -> tuple[float, float, str]:
    """When a booking begins and ends, in hours of the day, and the name of who serves."""
    with chain_scope(day.chain.info):
        now = Booking.objects.select_related("practitioner").get(id=day.bookings[name].id)
    midnight = day.noon - timedelta(hours=12)
    hours = [(moment - midnight) / timedelta(hours=1) for moment in (now.starts_at, now.ends_at)]
    return hours[0], hours[1], now.practitioner.name if now.practitioner else ""


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_a_booking_dragged_to_another_person_is_there_on_the_others_page_and_the_toast_takes_it_back(
    open_shop, open_page: OpenPage, live_site: LiveSite, language: str
):
    day = make_day(open_shop, language)
    drawing, watching = open_page(language=language, width=1440), open_page(language=language, width=1440)
    sign_in(drawing, live_site, day, "store_manager")
    sign_in(watching, live_site, day)
    watch(watching, live_site, day)
    watch(drawing, live_site, day)

    drag(drawing, block(drawing, day, "next"), column(drawing, day, 3), 14.5)
    expect(drawing.locator(".ghost")).to_have_attribute("data-state", "fits", timeout=SOON)
    assert stands(day, "next") == (13.5, 14.5, day.people[0].name)
    drawing.mouse.up()
    # it stays as long as it is hovered, however slow the pages are
    drawing.locator(".toast button.btn-quiet").hover()

    for page in (drawing, watching):
        moved = column(page, day, 3).locator(f"#block-{day.bookings['next'].id}")
        expect(moved).to_contain_text("14:30–15:30", timeout=SOON)
        # its preparation and clean-up have left the first column with it: those of the evening are left
        expect(column(page, day, 0).locator(".buffer")).to_have_count(2)
    assert stands(day, "next") == (14.5, 15.5, day.people[3].name)
    drawing.locator(".toast button.btn-quiet").click()
    for page in (drawing, watching):
        back = column(page, day, 0).locator(f"#block-{day.bookings['next'].id}")
        expect(back).to_contain_text("13:30–14:30", timeout=SOON)
    assert stands(day, "next") == (13.5, 14.5, day.people[0].name)
    assert watching.evaluate("window.sameDocument") is True
    assert drawing.locator("#panel").is_hidden()


def test_a_place_that_is_taken_says_so_before_the_drop_and_the_drop_offers_others(
    open_shop, open_page: OpenPage, live_site: LiveSite
):
    day = make_day(open_shop, "en")
    page = open_page(width=1440)
    sign_in(page, live_site, day, "store_manager")
    watch(page, live_site, day)
    drag(page, block(page, day, "next"), column(page, day, 1), 15)
    expect(page.locator(".ghost.is-refused")).to_contain_text("is already booked at that time.", timeout=SOON)
    expect(page.locator("#timeline-say")).to_contain_text("15:00–16:00, Brook")
    page.mouse.up()
    dialog = page.locator("#over")
    expect(dialog).to_contain_text("It stays where it was", timeout=SOON)
    expect(page.locator(".ghost")).to_have_count(0)
    assert stands(day, "next") == (13.5, 14.5, "Alice")
    assert axe_violations(page) == []
    keep_screenshot(page, "timeline-refused-en-light-1440")
    way = dialog.locator("form button").first
    label = way.inner_text()
    way.click()
    expect(page.locator(".toast")).to_contain_text(re.search(r"\d\d:\d\d", label).group(), timeout=SOON)
    assert stands(day, "next")[0] != 13.5


def test_absence_and_the_past_are_told_by_the_page_itself(open_shop, open_page, live_site: LiveSite):
    day = make_day(open_shop, "en")
    page = open_page(width=1440)
    sign_in(page, live_site, day, "store_manager")
    watch(page, live_site, day)
    page.route("**/place/", lambda route: route.abort())
    drag(page, block(page, day, "next"), column(page, day, 2), 17)
    expect(page.locator(".ghost.is-refused")).to_contain_text("On leave")
    page.mouse.move(*place_of(column(page, day, 0), 10))
    expect(page.locator(".ghost.is-refused")).to_contain_text("That time has passed")
    page.keyboard.press("Escape")
    expect(page.locator(".ghost")).to_have_count(0)
    expect(page.locator("#timeline-say")).to_have_text("Put back")
    page.mouse.up()
    assert stands(day, "next") == (13.5, 14.5, "Alice")


def test_its_lower_edge_pulls_a_booking_longer_and_its_clean_up_follows(
    open_shop, open_page, live_site: LiveSite
):
    day = make_day(open_shop, "en")
    page = open_page(width=1440)
    sign_in(page, live_site, day, "store_manager")
    watch(page, live_site, day)
    what = block(page, day, "next")
    what.scroll_into_view_if_needed()
    box = what.bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + box["height"] - 3)
    page.mouse.down()
    page.mouse.move(box["x"] + 30, box["y"] + box["height"] + 14)
    page.mouse.move(box["x"] + 30, box["y"] + box["height"] + 6 * height_of_a_row(page))
    expect(page.locator(".ghost")).to_have_attribute("data-state", "fits", timeout=SOON)
    page.mouse.up()
    expect(block(page, day, "next")).to_contain_text("13:30–15:00", timeout=SOON)
    assert stands(day, "next") == (13.5, 15, "Alice")


def test_keys_pick_up_move_announce_and_drop(open_shop, open_page: OpenPage, live_site: LiveSite):
    day = make_day(open_shop, "en")
    page = open_page(width=1440)
    sign_in(page, live_site, day, "store_manager")
    watch(page, live_site, day)
    say = page.locator("#timeline-say")
    block(page, day, "next").focus()
    # the server's answer would take the place of the words
    page.route("**/place/", lambda route: route.abort())
    page.keyboard.press(" ")
    expect(say).to_have_text(
        "Picked up Su Qing: 13:30–14:30, Alice. Arrows move it, Enter puts it down, Escape puts it back."
    )
    page.unroute("**/place/")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(say).to_have_text("13:50–14:50, Dana: free", timeout=SOON)
    page.keyboard.press("Escape")
    expect(say).to_have_text("Put back")
    assert page.evaluate("document.activeElement.id") == f"block-{day.bookings['next'].id}"

    page.keyboard.press(" ")
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    expect(say).to_have_text("13:45–14:45, Dana: free", timeout=SOON)
    page.keyboard.press("Enter")
    expect(say).to_have_text("Now 13:45–14:45 · Dana", timeout=SOON)
    moved = column(page, day, 3).locator(f"#block-{day.bookings['next'].id}")
    expect(moved).to_be_focused(timeout=SOON)
    page.keyboard.press("e")
    page.keyboard.press("ArrowDown")
    expect(say).to_have_text("13:45–15:00, Dana: free", timeout=SOON)
    page.keyboard.press("Enter")
    expect(say).to_have_text("Now 13:45–15:00 · Dana", timeout=SOON)
    assert stands(day, "next") == (13.75, 15, "Dana")


def test_keys_and_mouse_draw_a_free_span_for_a_new_booking(open_shop, open_page, live_site: LiveSite):
    day = make_day(open_shop, "en")
    page = open_page(width=1440)
    sign_in(page, live_site, day, "store_manager")
    watch(page, live_site, day)
    free = column(page, day, 3)
    free.scroll_into_view_if_needed()
    page.mouse.move(*place_of(free, 14))
    page.mouse.down()
    page.mouse.move(*place_of(free, 14.25))
    page.mouse.move(*place_of(free, 14.5))
    expect(page.locator(".ghost b")).to_have_text("14:00–14:30")
    page.mouse.up()
    page.wait_for_url(re.compile("/new/"))
    expect(page.locator('input[name="service"]:checked')).to_have_value(str(day.services[1].id))
    expect(page.locator('input[name="practitioner"]:checked')).to_have_value(str(day.people[3].id))
    expect(page.locator("[data-chosen]")).to_contain_text("14:00")

    watch(page, live_site, day)
    page.locator(".timeline").focus()
    page.keyboard.press("ArrowDown")
    for _n in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#timeline-say")).to_contain_text("Dana")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"/new/.*practitioner={day.people[3].id}"))


def test_a_finger_that_rests_lifts_and_one_that_moves_scrolls(open_shop, open_page, live_site: LiveSite):
    day = make_day(open_shop, "en")
    page = open_page(width=1180, has_touch=True)
    sign_in(page, live_site, day, "store_manager")
    watch(page, live_site, day)
    touch = page.context.new_cdp_session(page)

    def finger(kind: str, *at: tuple[float, float]) -> None:
        points = [{"x": x, "y": y} for x, y in at]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    # how long a finger must rest: on a slow machine the move may come later than it is sent
    page.evaluate(
        "() => { const real = setTimeout; window.rest = 60000;"
        " window.setTimeout = (act, ms, ...more) => real(act, ms === 350 ? window.rest : ms, ...more); }"
    )
    what = block(page, day, "next")
    what.scroll_into_view_if_needed()
    box = what.bounding_box()
    x, y = box["x"] + 30, box["y"] + 4
    finger("touchStart", (x, y))
    finger("touchMove", (x, y - 30))
    assert page.locator(".ghost").count() == 0
    finger("touchEnd")

    page.evaluate("window.rest = 350")
    page.wait_for_timeout(300)
    what.scroll_into_view_if_needed()
    box = what.bounding_box()
    x, y = box["x"] + 30, box["y"] + 4
    finger("touchStart", (x, y))
    expect(page.locator(".ghost")).to_have_count(1, timeout=SOON)
    there = place_of(column(page, day, 3), 14.5)
    finger("touchMove", (x + 20, y + 10))
    finger("touchMove", there)
    expect(page.locator(".ghost")).to_have_attribute("data-state", "fits", timeout=SOON)
    finger("touchEnd")
    moved = column(page, day, 3).locator(f"#block-{day.bookings['next'].id}")
    expect(moved).to_be_visible(timeout=SOON)
    assert stands(day, "next") == (14.5, 15.5, "Dana")


def test_by_room_a_booking_is_dragged_into_another_room_and_by_week_to_another_day(
    open_shop, open_page, live_site: LiveSite
):
    day = make_day(open_shop, "en")
    with chain_scope(day.chain.info):
        rooms = [
            Resource.objects.create(store=day.store, kind=ResourceKind.ROOM, name=f"Bay {name}")
            for name in "AB"
        ]
        Resource.objects.filter(store=day.store).exclude(id__in=[room.id for room in rooms]).delete()
        day.book("roomed", 11, 3, 2, service=1, resource_id=rooms[0].id)
    page = open_page(width=1440)
    sign_in(page, live_site, day, "store_manager")
    watch(page, live_site, day, "?view=rooms")
    keep_screenshot(page, "timeline-rooms-en-light-1440")
    bay = page.locator(f'.timeline-col[data-room="{rooms[1].id}"]')
    drag(page, block(page, day, "roomed"), bay, 14)
    expect(page.locator(".ghost")).to_have_attribute("data-state", "fits", timeout=SOON)
    page.mouse.up()
    expect(bay.locator(f"#block-{day.bookings['roomed'].id}")).to_be_visible(timeout=SOON)
    with chain_scope(day.chain.info):
        assert Booking.objects.get(id=day.bookings["roomed"].id).resource_id == rooms[1].id

    monday = 7 - day.noon.weekday()
    with chain_scope(day.chain.info):
        day.book("weekly", 9, 3, 24 * monday + 2, service=1)
    on = (day.noon + timedelta(days=monday)).date()
    watch(page, live_site, day, f"?view=week&who={day.people[3].id}&on={on}")
    keep_screenshot(page, "timeline-week-en-light-1440")
    tuesday = page.locator(f'.timeline-col[data-key="{on + timedelta(days=1)}"]')
    drag(page, block(page, day, "weekly"), tuesday, 15)
    expect(page.locator(".ghost")).to_have_attribute("data-state", "fits", timeout=SOON)
    page.mouse.up()
    expect(tuesday.locator(f"#block-{day.bookings['weekly'].id}")).to_be_visible(timeout=SOON)
    begins = 24 * (monday + 1) + 15
    assert stands(day, "weekly") == (begins, begins + 0.5, "Dana")


def test_who_may_not_change_bookings_lifts_nothing(open_shop, open_page, live_site: LiveSite):
    day = make_day(open_shop, "en")
    page = open_page(width=1440)
    sign_in(page, live_site, day, "read_only")
    watch(page, live_site, day)
    drag(page, block(page, day, "next"), column(page, day, 3), 14.5)
    page.mouse.up()
    assert (page.locator(".ghost").count(), stands(day, "next")) == (0, (13.5, 14.5, "Alice"))
