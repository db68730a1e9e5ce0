"""Money to give back, at a phone's width, with a screen reader's rules and by keys alone, in both languages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from chains.scope import chain_scope
from tenants.booking.models import HoldPayment, PaymentRefund
from tests.browser.test_storefront_pages import check
from tests.browser.workbench_day import make_day, sign_in
from tests.ground.browser import OpenPage, Site
from tests.ground.cast import Chain

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("language", "theme", "handed", "empty"),
    [("en", "light", "handed over", "Nobody is waiting"), ("zh-Hans", "dark", "已交付", "没有人在等退款")],
)
def test_a_clerk_gives_money_back_by_keys_on_a_narrow_page(
    site: Site,
    open_page: OpenPage,
    open_shop: Callable[..., Chain],
    language: str,
    theme: str,
    handed: str,
    empty: str,
) -> None:
    day = make_day(open_shop, language)
    now = timezone.now()
    with chain_scope(day.chain.info):
        clerk = day.chain.employees["clerk"]
        payment = HoldPayment.objects.create(
            booking=day.bookings["next"],
            state="refund_due",
            means="desk",
            taken_by=clerk,
            amount=5000,
            returned=5000,
            currency="CNY",
            asked_at=now,
        )
        PaymentRefund.objects.create(payment=payment, amount=5000, cause="ended", asked_at=now)
    page = open_page(width=375, language=language, theme=theme)
    sign_in(page, site, day, "clerk")
    page.goto(site.url(day.chain.info.slug, day.path("owed/")))
    wrong = check(page, f"owed-{language}")
    page.locator(".row-action a").focus()
    page.keyboard.press("Enter")
    page.locator("#over[open]").wait_for()
    wrong += check(page, f"owed-give-{language}")
    page.keyboard.press("Tab")
    page.locator("#over button[type=submit]:focus").wait_for()
    assert handed in page.locator("#over button[type=submit]").inner_text()
    page.keyboard.press("Enter")
    page.locator(".empty").wait_for()
    wrong += check(page, f"owed-empty-{language}")
    assert (wrong, empty in page.locator(".empty").inner_text()) == ([], True)
    with chain_scope(day.chain.info):
        assert PaymentRefund.objects.get().done_by_id == clerk.id
