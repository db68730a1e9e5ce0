"""On a phone, in both languages: book what needs a deposit, be declined, pay, and have the ticket."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from chains.scope import chain_scope
from tenants.booking.domain.policies import write_policy
from tenants.booking.models import Booking
from tests.browser.test_booking_flow import come_as_member, free_slot
from tests.browser.test_storefront_pages import check
from tests.ground.browser import OpenPage, Site
from tests.ground.cast import Chain

pytestmark = pytest.mark.browser

WORDS = {
    "en": {
        "deposit": "To the deposit · ¥50",
        "pay": "Pay the deposit",
        "go": "Pay",
        "decline": "Decline the payment",
        "no": "declined",
        "done": "Booked",
    },
    "zh-Hans": {
        "deposit": "去付定金 · ¥50",
        "pay": "付定金",
        "go": "付款",
        "decline": "拒绝这笔付款",
        "no": "付款被拒",
        "done": "约好了",
    },
}


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_deposit_is_declined_then_paid_and_the_ticket_is_there(
    site: Site, open_page: OpenPage, open_shop: Callable[..., Chain], language: str
) -> None:
    chain, words = open_shop(locale=language), WORDS[language]
    with chain_scope(chain.info):
        policy = {"deposit_kind": "fixed", "deposit_value": 5000, "currency": "CNY"}
        write_policy(policy, by=chain.actors["owner"], now=timezone.now())
    page = open_page(width=375, language=language)
    come_as_member(page, site, chain, "13800000001")
    facial, north = chain.services["facial"].id, chain.stores["north"].id
    page.goto(site.url(chain.info.slug, f"/book/{facial}/?store={north}"))
    free_slot(page).tap()
    page.get_by_role("button", name=words["deposit"]).tap()
    page.wait_for_url("**/pay/")
    wrong = check(page, f"pay-{language}")
    page.get_by_role("button", name=words["pay"]).tap()
    page.wait_for_url("**/dev/pay/**")
    wrong += check(page, f"provider-{language}")
    page.get_by_role("button", name=words["decline"]).tap()
    page.wait_for_url("**/my/*/pay/")
    expect(page.get_by_text(words["no"]).first).to_be_visible()
    wrong += check(page, f"declined-{language}")
    page.get_by_role("button", name=words["pay"]).tap()
    page.get_by_role("button", name=words["go"], exact=True).tap()
    page.wait_for_url("**?new=1")
    expect(page.get_by_role("heading", name=words["done"])).to_be_visible()
    wrong += check(page, f"paid-{language}")
    assert wrong == []
    with chain_scope(chain.info):
        assert [one.status for one in Booking.objects.all()] == ["confirmed"]
