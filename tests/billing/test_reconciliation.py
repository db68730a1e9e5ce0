"""Ours against Stripe's: what no webhook told, and what differs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from billing.domain.reconciliation import (
    CATCH_UP,
    FARTHEST,
    OVERLAP,
    RECONCILE,
    catch_up,
    ensure_rounds,
    open_differences,
    reconcile,
)
from billing.models import Customer, Difference, Invoice, StripeEvent, Subscription
from billing.port import EventNote, ProviderAway
from chains.models import DueWork
from chains.scope import platform_scope
from tests.billing.ground import Paying, basket, paying
from tests.ground.cast import NOW
from tests.ground.chains import TwoChains


@pytest.fixture()
def shop(two_chains: TwoChains) -> Iterator[Paying]:
    """A chain that has paid, and of which we know."""
    with time_machine.travel(NOW, tick=False), paying(two_chains.a, now=NOW) as made:
        made.subscribe(basket(extra_stores=1))
        made.tell()
        yield made


def found(shop: Paying) -> list[tuple[str, str, str]]:
    return [(one.field, one.ours, one.theirs) for one in reconcile(now=shop.now)]


def test_nothing_differs_where_nothing_was_lost(shop: Paying) -> None:
    assert found(shop) == []


def test_a_lost_webhook_is_caught_up_with(shop: Paying) -> None:
    shop.api.subscriptions.update(shop.subscription.stripe_id, {"cancel_at_period_end": "true"})
    assert shop.subscription.cancel_at_period_end is False
    assert (catch_up(now=shop.now), catch_up(now=shop.now)) == (1, 0)
    shop.work()
    assert shop.subscription.cancel_at_period_end is True


def test_after_an_outage_of_ours_all_that_happened_meanwhile_is_caught_up_with(shop: Paying) -> None:
    catch_up(now=shop.now)
    shop.now += timedelta(minutes=5)
    shop.api.subscriptions.update(shop.subscription.stripe_id, {"cancel_at_period_end": "true"})
    shop.now += timedelta(days=12)  # our webhook was away for longer than the provider repeats
    shop.api.customers.update(shop.subscription.stripe_customer, {"name": "Another name"})
    shop.tell([each for each in shop.events() if each["type"] == "customer.updated"][-1:])
    before = {each["id"] for each in shop.events()}
    assert catch_up(now=shop.now) == 1
    with platform_scope():
        assert {row.id for row in StripeEvent.objects.all()} >= before
    assert catch_up(now=shop.now) == 0


def test_a_round_that_broke_off_is_begun_again_where_it_began(
    shop: Paying, monkeypatch: pytest.MonkeyPatch
) -> None:
    catch_up(now=shop.now)
    first = shop.now
    shop.now += timedelta(days=3)
    shop.api.subscriptions.update(shop.subscription.stripe_id, {"cancel_at_period_end": "true"})
    asked = []

    def breaks(*, since: datetime) -> Iterator[EventNote]:
        asked.append(since)
        raise ProviderAway
        yield

    with monkeypatch.context() as patch, pytest.raises(ProviderAway):
        patch.setattr(shop.provider, "list_events", breaks)
        catch_up(now=shop.now)
    assert asked == [first - OVERLAP]
    shop.now += timedelta(days=3)
    assert catch_up(now=shop.now) == 1


def test_the_first_round_and_one_after_a_month_take_what_the_provider_lists(
    shop: Paying, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def listed(*, since: datetime) -> Iterator[EventNote]:
        asked.append(since)
        yield from ()

    monkeypatch.setattr(shop.provider, "list_events", listed)
    for later in (0, 0, 90):
        shop.now += timedelta(days=later)
        catch_up(now=shop.now)
    assert asked == [NOW - FARTHEST, NOW - OVERLAP, NOW + timedelta(days=90) - FARTHEST]


def test_what_fell_behind_is_listed_and_mends_itself(shop: Paying) -> None:
    with platform_scope():
        Subscription.objects.update(plan="starter", recurring_amount=1)
        Invoice.objects.update(amount_paid=5)
    assert found(shop) == [
        ("amount_paid", "5", "9800"),
        ("plan", "starter", "growth"),
        ("recurring_amount", "1", "9800"),
    ]
    shop.work()
    assert found(shop) == []
    with platform_scope():
        assert (open_differences(), Difference.objects.filter(mended_at__isnull=False).count()) == ([], 3)


def test_a_subscription_we_do_not_have_is_listed(shop: Paying) -> None:
    with platform_scope():
        Subscription.objects.all().delete()
    assert found(shop) == [("missing_here", "", "active")]


def test_one_that_stripe_does_not_have_is_listed(shop: Paying) -> None:
    with platform_scope():
        Customer.objects.update(stripe_id="cus_gone")
        Subscription.objects.update(stripe_id="sub_gone")
    assert ("missing_there", "active", "") in found(shop)


def test_a_second_subscription_beside_the_one_that_counts_is_listed(shop: Paying) -> None:
    row = shop.subscription
    item = shop.api.subscriptions.retrieve(row.stripe_id)["items"].data[0]
    method = shop.api.payment_methods.attach("pm_card_visa", {"customer": row.stripe_customer})
    shop.now += timedelta(seconds=5)
    second = shop.api.subscriptions.create(
        {
            "customer": row.stripe_customer,
            "items": [{"price": item.price.id}],
            "default_payment_method": method.id,
        }
    )
    shop.tell()
    assert shop.subscription.stripe_id == row.stripe_id  # the older one counts
    assert [(one.subject, one.field) for one in reconcile(now=shop.now)] == [
        (second.id, "second_subscription")
    ]


def test_a_live_subscription_of_a_customer_we_do_not_know_is_listed(shop: Paying) -> None:
    with platform_scope():
        Customer.objects.all().delete()
        Subscription.objects.all().delete()
    assert [(one.field, one.chain_id) for one in reconcile(now=shop.now)] == [("customer", shop.chain.id)]


def test_the_rounds_are_started_once(shop: Paying) -> None:
    with platform_scope():
        ensure_rounds(now=NOW)
        ensure_rounds(now=NOW)
        rows = DueWork.objects.filter(kind__in=(CATCH_UP, RECONCILE)).order_by("kind")
        assert list(rows.values_list("kind", flat=True)) == [CATCH_UP, RECONCILE]


def test_a_round_plans_the_next_one_and_works(shop: Paying) -> None:
    shop.api.subscriptions.update(shop.subscription.stripe_id, {"cancel_at_period_end": "true"})
    with platform_scope():
        ensure_rounds(now=NOW)
    shop.work()
    assert shop.subscription.cancel_at_period_end is True
    with platform_scope():
        assert DueWork.objects.get(kind=CATCH_UP).due_at == NOW + timedelta(minutes=10)


def test_the_command_says_what_differs_and_replays(shop: Paying) -> None:
    with platform_scope():
        Subscription.objects.update(plan="starter")
        event = StripeEvent.objects.filter(chain_id=shop.chain.id).latest("created_at")

    def said(*words: str) -> str:
        out = StringIO()
        call_command("billing", *words, stdout=out)
        return out.getvalue()

    assert "plan: ours starter, theirs growth\n1 differences" in said("reconcile")
    assert said("replay", event.id) == f"{event.id} {event.kind}: received\n"
    assert "customers that wait for a look: 1" in said("status")
    assert said("catch-up") == "0 events taken in\n"
    with pytest.raises(CommandError, match="no such event"):
        said("replay", "evt_none")
