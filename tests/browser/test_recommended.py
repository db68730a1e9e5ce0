"""Recommended times on a phone: a regular taps theirs, the grid and the bar follow, and any other time still wins.

Screenshots are for looking at (set SCREENSHOTS to a folder), never compared by pixel.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from chains.scope import chain_scope
from tenants.booking.models import Booking
from tests.browser.test_booking_flow import come_as_member
from tests.browser.test_workbench import keep_screenshot
from tests.ground.browser import axe_violations
from tests.ground.cast import SHANGHAI

pytestmark = pytest.mark.browser

WORDS = {
    "zh-Hans": {"head": "为你挑的 3 个时间", "usual": "你常来的", "who": "小雅空闲，上次也是这位"},
    "en": {"head": "3 times picked for you", "usual": "Your usual", "who": "Xiaoya is free, as last time"},
}


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_a_regular_taps_their_usual_time_and_may_still_take_any_other(open_shop, open_page, site, language):
    chain = open_shop(name="栖白" if language != "en" else "Qibai", locale=language)
    ya = chain.employees["practitioner"]
    usual = timezone.now().astimezone(SHANGHAI).replace(hour=15, minute=0, second=0, microsecond=0)
    with chain_scope(chain.info):
        ya.name = "小雅" if language != "en" else "Xiaoya"
        ya.save()
        for week in (1, 2, 3, 4):
            starts_at = usual - timedelta(weeks=week) + timedelta(days=3)
            Booking.objects.create(
                code=f"ABCDEF{week}{week}",
                status="completed",
                store=chain.stores["north"],
                service=chain.services["facial"],
                member=chain.members["su"],
                practitioner=ya,
                starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=1),
                price_amount=39800,
                currency="CNY",
                channel="online",
                notice=240,
                created_at=starts_at - timedelta(days=3),
            )
    words = WORDS[language]
    page = open_page(width=375, language=language)
    come_as_member(page, site, chain, "13800000001")
    service, north = chain.services["facial"].id, chain.stores["north"].id
    page.goto(site.url(chain.info.slug, f"/book/{service}/?store={north}"))
    expect(page.locator("#picks-title")).to_contain_text(words["head"])
    first = page.locator(".pick").first
    expect(first).to_contain_text(words["usual"])
    expect(first).to_contain_text(words["who"])
    first.click()
    expect(page.locator("#bar-in .second")).to_contain_text(ya.name)
    expect(page.locator(".slot-picked")).to_contain_text("15:00")
    expect(page.locator(".day:has(:checked) .day-date")).to_have_text(str((usual + timedelta(days=3)).day))
    keep_screenshot(page, f"times-recommended-{language}")
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # a time of the grid takes its place
    page.locator(".slot-free").first.click()
    expect(page.locator(".pick input:checked")).to_have_count(0)
    expect(page.locator("#bar-in .title")).not_to_contain_text("15:00")
    # and so does another day, though the recommended time was on this one
    first.click()
    expect(page.locator("#bar-in .title")).to_contain_text("15:00")
    page.locator(".day").nth(1).click()
    expect(page.locator('input[name="shown"]')).not_to_have_value(f"{(usual + timedelta(days=3)).date()}")
    first.click()
    expect(page.locator("#bar-in .title")).to_contain_text("15:00")
    page.locator("#bar-in .btn-primary").click()
    page.wait_for_url(re.compile(r"/my/.*new=1"))
    with chain_scope(chain.info):
        made = Booking.objects.get(status="confirmed")
        assert (made.practitioner_id, made.starts_at.astimezone(SHANGHAI).hour) == (ya.id, 15)
