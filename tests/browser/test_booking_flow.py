"""From the shop's link to a booking, as a person does it, with page loads and taps counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from chains.outgoing import sent_messages
from chains.scope import chain_scope
from tenants.booking.models import Booking, Status
from tests.ground.browser import OpenPage, Site, axe_violations
from tests.ground.cast import Chain

pytestmark = pytest.mark.browser

again = {"en": re.compile("^Book .*"), "zh-Hans": re.compile("^约 .*")}
words = {
    "en": {
        "book": "Book Deep hydration",
        "to_confirm": "To confirmation",
        "send": "Send me a code",
        "confirm": "Confirm booking",
        "booked": "Booked",
        "phone": "Phone",
        "code": "Code from the text message",
    },
    "zh-Hans": {
        "book": "预约Deep hydration",
        "to_confirm": "去确认",
        "send": "发验证码",
        "confirm": "确认预约",
        "booked": "约好了",
        "phone": "手机号",
        "code": "短信验证码",
    },
}


@dataclass
class Walk:
    """A person in front of a page: every document that loads and every tap is counted."""

    page: Page
    loads: int = 0
    taps: int = 0
    seen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("domcontentloaded", self._loaded)

    def _loaded(self, page: Page) -> None:
        self.loads += 1
        self.seen.append(re.sub(r"[0-9a-f-]{36}", "…", page.url.split("/", 3)[3]))

    def tap(self, what: Locator) -> None:
        """One touch."""
        self.taps += 1
        what.tap()


def last_code(page: Page, phone: str) -> str:
    """The code that was texted to the phone, once the page asks for it."""
    page.locator("input[name=code]").wait_for()
    return str(next(row["code"] for row in sent_messages() if row["to"] == phone and row["code"]))


def free_slot(page: Page, number: int = 0) -> Locator:
    """A free time of the grid, without touching it."""
    return page.locator(".slot:not(.slot-full)").nth(number)


def turn_to(page: Page, day: Locator) -> None:
    """The times of this day stand on the page, and no longer those of another."""
    wanted = str(day.locator("input").get_attribute("value"))
    expect(page.locator('input[name="shown"]')).to_have_value(wanted)


def come_as_member(page: Page, site: Site, chain: Chain, phone: str) -> None:
    """Sign in by phone and code, as on an earlier day."""
    page.goto(site.url(chain.info.slug, "/my/sign-in/"))
    page.locator("input[name=phone]").fill(phone)
    page.locator("button[name=send]").click()
    page.locator("input[name=code]").fill(last_code(page, "+86" + phone))
    page.locator("form:has(input[name=code]) button.btn-primary").click()
    page.wait_for_url("**/my/")


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_new_guest_books_within_three_screens(
    site: Site, open_page: OpenPage, open_shop: Callable[..., Chain], language: str
) -> None:
    chain = open_shop(name="栖白", tagline="皮肤护理 · 让皮肤歇一歇", locale=language)
    say = words[language]
    page = open_page(width=375, language=language)
    walk = Walk(page)

    page.goto(site.url(chain.info.slug))
    walk.tap(page.get_by_role("link", name=say["book"]))
    page.wait_for_url("**/book/**")
    walk.tap(page.locator(".day").nth(1))
    turn_to(page, page.locator(".day").nth(1))
    walk.tap(free_slot(page, 3))
    walk.tap(page.get_by_role("button", name=say["to_confirm"]))
    page.wait_for_url("**/confirm/**")
    expect(page.locator("[data-until]").first).to_have_text(re.compile(r"^(10:00|9:\d\d)$"))
    page.get_by_label(say["phone"]).fill("138 0000 0077")
    walk.tap(page.get_by_role("button", name=say["send"]))
    page.get_by_label(say["code"]).fill(last_code(page, "+8613800000077"))
    walk.tap(page.get_by_role("button", name=say["confirm"]))
    expect(page.get_by_role("heading", name=say["booked"])).to_be_visible()

    print(f"new guest, {language}: {walk.loads} page loads {walk.seen}, {walk.taps} taps")
    with chain_scope(chain.info):
        (booking,) = Booking.objects.all()
        assert booking.member is not None
        assert (booking.status, booking.member.phone) == (Status.CONFIRMED, "+8613800000077")
    assert walk.loads <= 3
    assert walk.taps <= 6
    code = f"{booking.code[:4]}-{booking.code[4:]}"
    assert page.locator(".code-text").inner_text() == code
    assert re.search(rf"/my/{booking.id}/", page.url)
    assert page.title().startswith(say["booked"])
    assert axe_violations(page) == []


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_returning_member_books_again_within_three_taps(
    site: Site, open_page: OpenPage, open_shop: Callable[..., Chain], language: str
) -> None:
    chain = open_shop(locale=language)
    say = words[language]
    page = open_page(width=375, language=language)
    come_as_member(page, site, chain, "13800000001")
    walk = Walk(page)

    page.goto(site.url(chain.info.slug))
    walk.tap(page.get_by_role("link", name=say["book"]))
    page.wait_for_url("**/book/**")
    walk.tap(free_slot(page))
    walk.tap(page.get_by_role("button", name=say["confirm"]))
    page.wait_for_url("**/my/**")
    expect(page.get_by_role("heading", name=say["booked"])).to_be_visible()

    print(f"returning member, {language}: {walk.loads} page loads {walk.seen}, {walk.taps} taps")
    with chain_scope(chain.info):
        assert list(Booking.objects.values_list("status", flat=True)) == [Status.CONFIRMED]
    assert walk.taps <= 3


def test_a_time_is_chosen_and_confirmed_by_keyboard_alone(
    site: Site, open_page: OpenPage, open_shop: Callable[..., Chain]
) -> None:
    chain = open_shop(locale="en")
    page = open_page(width=1280)
    come_as_member(page, site, chain, "13800000001")
    service = chain.services["facial"].id
    tomorrow = timezone.now() + timedelta(days=1)
    page.goto(site.url(chain.info.slug, f"/book/{service}/?day={tomorrow:%Y-%m-%d}"))

    first = free_slot(page).locator("input")
    first.focus()
    page.keyboard.press("Space")
    expect(page.locator("#bar-in .title time")).to_have_text(re.compile(r"10:00$|09:30$"))
    before = page.locator("#bar-in .title").inner_text()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#bar-in .title")).not_to_have_text(before)
    expect(free_slot(page, 1).locator("input")).to_be_focused()
    for _step in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('#bar-in .btn-primary')"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Booked")).to_be_visible()


def test_a_hold_that_runs_out_says_so_by_itself(
    site: Site, open_page: OpenPage, open_shop: Callable[..., Chain]
) -> None:
    chain = open_shop(locale="en")
    page = open_page(width=375)
    service = chain.services["facial"].id
    tomorrow = timezone.now() + timedelta(days=1)
    page.goto(site.url(chain.info.slug, f"/book/{service}/?day={tomorrow:%Y-%m-%d}"))
    free_slot(page, 2).tap()
    page.get_by_role("button", name="To confirmation").tap()
    page.wait_for_url("**/confirm/**")
    # the page's clock is the test's: how long this machine takes to load it does not matter
    page.clock.install()
    with chain_scope(chain.info):
        Booking.objects.update(expires_at=timezone.now() + timedelta(seconds=100))
    page.reload()
    page.clock.fast_forward(75_000)
    expect(page.locator("[data-countdown-voice]")).to_have_text("30 seconds left to confirm")
    with chain_scope(chain.info):
        Booking.objects.update(expires_at=timezone.now())
    page.clock.fast_forward(30_000)
    page.clock.fast_forward(3_000)
    expect(page.get_by_role("link", name="Back to the times")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_same_as_last_time_is_one_tap(
    site: Site, open_page: OpenPage, open_shop: Callable[..., Chain], language: str
) -> None:
    chain = open_shop(locale=language)
    say = words[language]
    with chain_scope(chain.info):
        last = _a_visit(chain)
    page = open_page(width=375, language=language)
    come_as_member(page, site, chain, "13800000001")
    walk = Walk(page)

    page.goto(site.url(chain.info.slug))
    walk.tap(page.get_by_role("button", name=again[language]))
    page.wait_for_url("**/my/**")
    expect(page.get_by_role("heading", name=say["booked"])).to_be_visible()

    print(f"same as last time, {language}: {walk.loads} page loads {walk.seen}, {walk.taps} taps")
    with chain_scope(chain.info):
        booking = Booking.objects.exclude(id=last.id).get()
    assert walk.taps == 1
    assert (booking.service_id, booking.practitioner_id) == (last.service_id, last.practitioner_id)
    assert (booking.starts_at - last.starts_at).days % 7 == 0


def _a_visit(chain: Chain) -> Booking:
    """A completed visit of Su's, three weeks ago at 14:00 in Shanghai."""
    day = timezone.now() - timedelta(days=21)
    starts_at = day.replace(hour=6, minute=0, second=0, microsecond=0)
    service = chain.services["facial"]
    return Booking.objects.create(
        code="QB7K4M2P",
        status=Status.COMPLETED,
        store=chain.stores["north"],
        service=service,
        member=chain.members["su"],
        practitioner=chain.employees["second"],
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=60),
        price_amount=service.price_amount,
        currency=service.currency,
        channel="online",
        notice=240,
        created_at=day,
    )
