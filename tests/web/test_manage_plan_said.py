"""What the owner's page of the plan says beside its price: a discount's end, one more store."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client

from billing.models import Invoice
from chains.scope import platform_scope
from tests.billing.stand_in import StandIn
from tests.ground.cast import NOW, Cast
from tests.web.office import _noon, owner, sign_in
from tests.web.test_manage_plan import DAY, _trial, change, stripe, subscribe, text_of

__all__ = ["_noon", "_trial", "owner", "sign_in", "stripe"]  # fixtures


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "¥400 a month Less a discount until 1 Mar 2027 ; without it ¥599."),
        ("zh-hans", "每月 ¥400 已减优惠，到 2027年3月1日 为止；原价 ¥599。"),
    ],
)
def test_a_discount_that_ends_says_when(
    cast: Cast, owner: Client, stripe: StandIn, language: str, words: str
) -> None:
    subscribe(owner, stripe)
    stripe.set("sub_1", recurring_amount=40_000, discount_ends_at=NOW + 100 * DAY)
    assert owner.get("/manage/plan/return/").status_code == 302
    owner.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    assert words in text_of(owner.get("/manage/plan/"))


def test_one_store_too_many_is_priced_before_and_leads_to_the_plan_when_it_is_tried(
    cast: Cast, owner: Client, sign_in: Callable[[str], Client], stripe: StandIn
) -> None:
    subscribe(owner, stripe)
    assert "Stores in use 3 of 10 Each store on top is ¥59 a month." in text_of(owner.get("/manage/plan/"))
    change(cast, entitlements={"stores": 3, "employees": 150})
    store = {"name": "Fourth", "address": "1 Long Lane", "time_zone": "Asia/Shanghai", "active": "on"}
    for who, ways in ((owner, 1), (sign_in("brand_manager"), 0)):
        refused = who.post("/manage/stores/new/", store, headers={"HX-Request": "true"})
        page = refused.content.decode()
        assert (refused.status_code, "store_limit_reached" in page) == (422, True), page
        assert page.count('href="/manage/plan/"') == ways


@pytest.mark.parametrize(("language", "words"), [("en", "¥12.50 refunded"), ("zh-hans", "已退 ¥12.50")])
def test_what_was_given_back_stands_beside_its_invoice(
    cast: Cast, owner: Client, stripe: StandIn, language: str, words: str
) -> None:
    with platform_scope():
        Invoice.objects.create(
            chain_id=cast.alpha.info.id,
            stripe_id="in_1",
            number="A-1",
            state="paid",
            currency="CNY",
            amount_refunded=1250,
            **dict.fromkeys(("subtotal", "total", "amount_due", "amount_paid"), 59_900),
            **dict.fromkeys(("period_start", "period_end", "issued_at", "updated_at"), NOW),
        )
    owner.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    for page in ("/manage/plan/", "/manage/plan/invoices/"):
        assert f"¥599.00 {words}" in text_of(owner.get(page))
