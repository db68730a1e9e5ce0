"""Steps that ask the provider first: nobody is moved down unasked, and no closed chain goes on paying."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from billing.domain import lifecycle
from billing.domain.lifecycle import follow_chain
from billing.domain.refresh import refresh_now
from billing.domain.standing import GRACE, Cause
from billing.models import Customer, RevenueChange, Subscription
from billing.port import Basket, CheckoutWish
from billing.provider import replaced_provider
from chains.domain.lifecycle import close_chain
from chains.domain.operators import Operator
from chains.models import Chain
from chains.scope import platform_scope
from tests.billing.stand_in import StandIn
from tests.billing.steps import DAY, follow, on_trial, steps, work_steps
from tests.ground.cast import NOW
from tests.ground.chains import TwoChains

BY = Operator(uuid4(), "op@tessera.test")


def test_what_a_closed_chain_subscribes_to_is_ended_and_again_where_the_provider_was_away(
    two_chains: TwoChains,
) -> None:
    stripe = StandIn(now=NOW, away=True)
    chain_id = two_chains.a.id
    with replaced_provider(stripe):
        follow(chain_id, stripe_id="sub_1", stripe_customer="cus_1")
        stripe.customers["cus_1"] = chain_id
        wish = CheckoutWish(chain_id, "cus_1", Basket("growth", "month", "CNY", 59900), "", "", "en")
        stripe.pages["cs_1"] = wish
        stripe.pay("cs_1")
        with platform_scope():
            Customer.objects.create(chain_id=chain_id, stripe_id="cus_1", created_at=NOW)
        close_chain(chain_id, reason="sold", by=BY, now=NOW)
        work_steps(NOW)
        assert stripe.subscriptions["sub_1"].status == "active"
        stripe.away = False
        work_steps(NOW + lifecycle.AGAIN)
    assert stripe.subscriptions["sub_1"].status == "canceled"
    assert Subscription.objects.get(chain_id=chain_id).status == "canceled"
    assert RevenueChange.objects.order_by("-id").values_list("amount", flat=True)[0] == 0


def _past_due_at_stripe(stripe: StandIn, chain_id: Any) -> None:
    """A chain that is past due here and at Stripe, with the last day of its grace begun."""
    stripe.customers["cus_1"] = chain_id
    stripe.pages["cs_1"] = CheckoutWish(
        chain_id, "cus_1", Basket("growth", "month", "CNY", 59900), "", "", "en"
    )
    stripe.pay("cs_1")
    stripe.set("sub_1", status="past_due")
    with platform_scope():
        Customer.objects.create(chain_id=chain_id, stripe_id="cus_1", created_at=NOW)
    follow(chain_id, stripe_id="sub_1")
    assert follow(chain_id, stripe_id="sub_1", status="past_due").state == "past_due"


def test_who_has_paid_while_every_message_was_lost_is_not_moved_down(two_chains: TwoChains) -> None:
    stripe, ends = StandIn(now=NOW), NOW + GRACE[Cause.PAYMENT_FAILED]
    with replaced_provider(stripe):
        _past_due_at_stripe(stripe, two_chains.a.id)
        stripe.set("sub_1", status="active")
        work_steps(ends)
    assert Chain.objects.get(id=two_chains.a.id).state == "active"
    assert steps(two_chains.a.id)[2:] == [("past_due", "active", "")]


def test_while_the_provider_is_away_nobody_is_moved_down(two_chains: TwoChains) -> None:
    stripe, ends = StandIn(now=NOW), NOW + GRACE[Cause.PAYMENT_FAILED]
    with replaced_provider(stripe):
        _past_due_at_stripe(stripe, two_chains.a.id)
        stripe.away = True
        work_steps(ends)
        assert Chain.objects.get(id=two_chains.a.id).state == "past_due"
        stripe.away = False
        work_steps(ends + lifecycle.AGAIN)
    assert Chain.objects.get(id=two_chains.a.id).state == "read_only"


def test_what_is_paid_on_a_page_that_outlived_its_chain_is_ended(two_chains: TwoChains) -> None:
    stripe, chain_id = StandIn(now=NOW), two_chains.a.id
    with replaced_provider(stripe):
        on_trial(chain_id, ends=NOW + 14 * DAY)
        close_chain(chain_id, reason="sold", by=BY, now=NOW)
        with platform_scope():
            Customer.objects.create(chain_id=chain_id, stripe_id="cus_1", created_at=NOW)
            follow_chain(chain_id, now=NOW)
        work_steps(NOW + lifecycle.AGAIN)
        stripe.customers["cus_1"] = chain_id
        stripe.pages["cs_1"] = CheckoutWish(
            chain_id, "cus_1", Basket("growth", "month", "CNY", 59900), "", "", "en"
        )
        stripe.pay("cs_1")
        refresh_now(chain_id, now=NOW + DAY)
        work_steps(NOW + DAY)
    assert stripe.subscriptions["sub_1"].status == "canceled"
