"""What the console says of acts that cost money, and of money that was given back."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from billing.models import Invoice
from chains.scope import platform_scope
from tests.billing.stand_in import StandIn
from tests.console.test_billing import inside, stripe
from tests.ground.cast import Cast
from tests.ground.chains import TwoChains

__all__ = ["inside", "stripe"]  # fixtures


@pytest.mark.parametrize(("language", "words"), [("en", "Grant credit"), ("zh-hans", "赠送余额")])
def test_credit_that_was_given_is_said_with_its_amount_where_it_leads_and_in_the_log(
    cast: Cast, inside: Client, stripe: StandIn, language: str, words: str
) -> None:
    told = {"amount": "12.50", "reason": "an outage", "request_id": str(uuid4())}
    inside.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    answer = inside.post(f"/console/chains/chain/{cast.alpha.info.id}/grant-credit/", told)
    said = re.compile(rf"(?:Done: |已完成：){words}: CNY 12\.50")
    page = inside.get(answer.headers["Location"]).content.decode()
    assert (len(said.findall(page)), page.count(f"{words}: CNY 12.50")) == (1, 2)
    plain = answer.headers["Location"].partition("?")[0]
    again = inside.get(plain + "?done=" + str(uuid4())).content.decode()
    assert (len(said.findall(again)), again.count(f"{words}: CNY 12.50")) == (0, 1)
    for page in ("/console/chains/operatoract/", "/console/"):
        assert f"{words}: CNY 12.50" in inside.get(page).content.decode()


def test_what_was_given_back_of_an_invoice_stands_beside_it(two_chains: TwoChains, inside: Client) -> None:
    at = timezone.now()
    with platform_scope():
        Invoice.objects.create(
            chain_id=two_chains.a.id,
            stripe_id="in_1",
            number="A-1",
            state="paid",
            currency="CNY",
            amount_refunded=1250,
            **dict.fromkeys(("subtotal", "total", "amount_due", "amount_paid"), 71700),
            **dict.fromkeys(("period_start", "period_end", "issued_at", "updated_at"), at),
        )
    page = inside.get(f"/console/chains/chain/{two_chains.a.id}/change/").content.decode()
    assert "A-1 · CNY 717.00 · paid · CNY 12.50 refunded" in page
