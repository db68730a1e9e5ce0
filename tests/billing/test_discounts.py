"""A discount that ends: known with its end, and gone after it."""

from __future__ import annotations

from datetime import timedelta

from billing.domain.reconciliation import reconcile
from tests.billing.ground import GOOD_CARD, Paying, post
from tests.billing.test_subscriptions import shop
from tests.ground.cast import NOW

__all__ = ["shop"]  # a fixture


def test_a_discount_for_some_months_is_known_with_its_end_and_gone_after_it(shop: Paying) -> None:
    wanted = {"percent_off": 25, "duration": "repeating", "duration_in_months": 2}
    coupon = shop.api.coupons.create(wanted)
    shop.api.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "WELCOME"})
    page = shop.checkout()
    post(page.url, do="code", code="welcome")
    post(page.url, do="pay", card=GOOD_CARD)
    shop.tell()
    end = shop.subscription.discount_ends_at
    assert end == NOW.replace(year=2027, month=1)
    assert (shop.subscription.recurring_amount, reconcile(now=shop.now)) == (6675, [])
    shop.pass_time(end + timedelta(hours=2))
    shop.tell()
    assert (shop.subscription.recurring_amount, shop.subscription.discount_ends_at) == (8900, None)
