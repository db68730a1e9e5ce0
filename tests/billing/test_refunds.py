"""What was given back of an invoice: seen by owner and operator, compared with Stripe's, no matter to the revenue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from billing.domain.events import replay_event
from billing.domain.reconciliation import reconcile
from billing.models import Invoice, RevenueChange
from chains.domain.operators import COMMAND_LINE
from chains.scope import platform_scope
from tests.billing.ground import DAY, Paying, basket, paying
from tests.ground.cast import NOW
from tests.ground.chains import TwoChains


@pytest.fixture()
def shop(two_chains: TwoChains) -> Iterator[Paying]:
    """A chain that has paid twice, and of which we know."""
    with time_machine.travel(NOW, tick=False), paying(two_chains.a, now=NOW) as made:
        made.subscribe(basket())
        made.pass_time(NOW + 32 * DAY)
        made.tell()
        yield made


def payments(shop: Paying) -> list[Any]:
    """What was paid with, oldest first."""
    return sorted(shop.api.payment_intents.list().data, key=lambda one: one.created)


def given_back(shop: Paying) -> list[int]:
    """Of each invoice, oldest first, as our mirror says."""
    with platform_scope():
        return list(Invoice.objects.order_by("issued_at").values_list("amount_refunded", flat=True))


def test_a_refund_stands_on_its_own_invoice_alone(shop: Paying) -> None:
    first, second = payments(shop)
    shop.api.refunds.create({"payment_intent": second.id, "amount": 1200})
    assert given_back(shop) == [0, 0]
    shop.tell()
    assert given_back(shop) == [0, 1200]
    shop.api.refunds.create({"payment_intent": second.id, "amount": 300})
    shop.api.refunds.create({"payment_intent": first.id})
    shop.tell()
    assert given_back(shop) == [8900, 1500]


@pytest.mark.parametrize("kind", ["charge.refunded", "refund.created"])
def test_either_event_of_a_refund_is_reason_enough_and_can_be_replayed(shop: Paying, kind: str) -> None:
    shop.api.refunds.create({"payment_intent": payments(shop)[0].id, "amount": 700})
    (event,) = [each for each in shop.events() if each["type"] == kind]
    shop.tell([event])
    assert given_back(shop) == [700, 0]
    shop.api.refunds.create({"payment_intent": payments(shop)[0].id, "amount": 50})
    replay_event(event["id"], by=COMMAND_LINE, now=shop.now)
    shop.work()
    assert given_back(shop) == [750, 0]


def test_a_refund_nobody_told_of_is_a_difference_and_mends_itself(shop: Paying) -> None:
    shop.api.refunds.create({"payment_intent": payments(shop)[1].id, "amount": 700})
    assert [(one.field, one.ours, one.theirs) for one in reconcile(now=shop.now)] == [
        ("amount_refunded", "0", "700")
    ]
    shop.work()
    assert (given_back(shop), reconcile(now=shop.now)) == ([0, 700], [])


def test_a_refund_changes_neither_what_recurs_nor_what_was_paid(shop: Paying) -> None:
    def figures() -> tuple[list[int], list[int], int]:
        with platform_scope():
            changes = list(RevenueChange.objects.order_by("id").values_list("amount", flat=True))
            paid = list(Invoice.objects.order_by("issued_at").values_list("amount_paid", flat=True))
        return changes, paid, shop.subscription.recurring_amount

    before = figures()
    shop.api.refunds.create({"payment_intent": payments(shop)[0].id})
    shop.tell()
    assert (figures(), given_back(shop)) == (before, [8900, 0])
