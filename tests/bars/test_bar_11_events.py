"""Bar 11: every Stripe event many times and in many orders: one effect, the same end; forgeries write nothing."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from billing.domain import refresh
from billing.domain.events import SignatureWrong
from billing.models import Customer, EventState, Notice, RevenueChange, StandingStep, StripeEvent
from chains.models import DueWork
from chains.scope import platform_scope
from tests.bars import SEED, record, size
from tests.billing.ground import (
    DAY,
    LATER_FAILS,
    Paying,
    end_state,
    paying,
    post,
    shuffled,
)
from tests.ground.cast import NOW
from tests.ground.chains import TwoChains

pytestmark = pytest.mark.race
TIMES = size(5, 100)
SHUFFLES = size(8, 1_000)
FORGERIES = size(20, 1_000)


@pytest.fixture()
def shop(two_chains: TwoChains) -> Iterator[Paying]:
    """A chain with a history: tried, failed, paid, renewed, cancelled, was given back some. Nothing of it was told yet."""
    with paying(two_chains.a, now=NOW) as made:
        made.checkout(trial_end=NOW + 5 * DAY)
        post(made.checkout(trial_end=NOW + 5 * DAY).url, do="pay", card=LATER_FAILS)
        made.pass_time(NOW + 6 * DAY)
        key = made.api.subscriptions.list().data[0].id
        customer = made.api.customers.list().data[0].id
        good = made.api.payment_methods.attach("pm_card_visa", {"customer": customer})
        made.api.subscriptions.update(key, {"default_payment_method": good.id})
        made.pass_time(NOW + 9 * DAY)
        made.pass_time(NOW + 40 * DAY)
        made.api.subscriptions.update(key, {"cancel_at_period_end": "true"})
        paid = made.api.payment_intents.list({"customer": customer}).data[0]
        made.api.refunds.create({"payment_intent": paid.id, "amount": 500})
        yield made


def effects(shop: Paying) -> dict[str, Any]:
    """What a chain's owners and operators see of all this, beside the mirror."""
    with platform_scope():
        return {
            "steps": list(
                StandingStep.objects.filter(chain_id=shop.chain.id).values_list("after", flat=True)
            ),
            "revenue": list(
                RevenueChange.objects.filter(chain_id=shop.chain.id).values_list("amount", flat=True)
            ),
            "notices": sorted(Notice.objects.filter(chain_id=shop.chain.id).values_list("kind", flat=True)),
        }


def forget(shop: Paying) -> None:
    """As if nothing had been told yet."""
    from tests.ground.chains import empty_public

    with platform_scope():
        customer = Customer.objects.values("chain_id", "stripe_id", "created_at").get()
    empty_public()
    with platform_scope():
        Customer.objects.create(**customer)
    shop.told.clear()


def check_same_end(shop: Paying, *, times: int, shuffles: int) -> int:
    """Tell all events in order once; then in other orders, so many times each, with work in between: the same end."""
    events = shop.events()
    shop.tell(events)
    wanted, once = end_state(shop.chain.id), effects(shop)
    assert wanted["subscription"]["status"] == "active"
    assert set(wanted["events"].values()) == {EventState.HANDLED}
    assert sorted({row["amount_refunded"] for row in wanted["invoices"]}) == [0, 500]
    told = 0
    for number in range(shuffles):
        forget(shop)
        order = shuffled(events, seed=SEED + number, times=times if number == 0 else 1)
        rng = random.Random(SEED - number)
        for event in order:
            shop.send(event)
            told += 1
            if rng.random() < 0.2:
                shop.work()
        shop.work()
        assert end_state(shop.chain.id) == wanted
        assert effects(shop) == once
        with platform_scope():
            assert StripeEvent.objects.count() == len(events)
            assert {row.deliveries for row in StripeEvent.objects.all()} == {times if number == 0 else 1}
    return told


def test_events_many_times_in_any_order_end_the_same(shop: Paying) -> None:
    told = check_same_end(shop, times=TIMES, shuffles=SHUFFLES)
    record(11, events=len(shop.events()), told=told, shuffles=SHUFFLES, times=TIMES)


def check_parallel(shop: Paying, *, threads: int) -> None:
    """The same events from many connections at once, each many times, with workers looking meanwhile."""
    events = shop.events()
    order = shuffled(events, seed=SEED, times=3)
    stop = threading.Event()

    def send(event: dict[str, Any]) -> None:
        try:
            shop.send(event)
        finally:
            connection.close()

    def look() -> None:
        try:
            while not stop.is_set():
                shop.work()
        finally:
            connection.close()

    with ThreadPoolExecutor(threads + 2) as pool:
        looking = [pool.submit(look) for _ in range(2)]
        for sent in [pool.submit(send, event) for event in order]:
            sent.result()
        stop.set()
        for each in looking:
            each.result()
    shop.now += timedelta(minutes=5)  # leases that a look of the last moment may hold
    shop.work()
    with platform_scope():
        assert StripeEvent.objects.count() == len(events)
        assert set(StripeEvent.objects.values_list("deliveries", flat=True)) == {3}
        assert set(StripeEvent.objects.values_list("state", flat=True)) == {EventState.HANDLED}


def test_events_from_many_connections_at_once_have_one_effect(shop: Paying) -> None:
    check_parallel(shop, threads=4)
    state = end_state(shop.chain.id)
    forget(shop)
    shop.tell()
    one_by_one = end_state(shop.chain.id)
    for each in (state, one_by_one):
        each["subscription"].pop("past_due_since")
    assert state == one_by_one


def test_forged_and_stale_signatures_write_nothing(shop: Paying) -> None:
    events = shop.events()
    rng = random.Random(SEED)
    with platform_scope():
        before = DueWork.objects.count()
    for _ in range(FORGERIES):
        secret = None if rng.random() < 0.5 else f"whsec_{rng.getrandbits(128):032x}"
        age = timedelta(seconds=rng.randint(301, 10**6)) if secret is None else timedelta()
        with pytest.raises(SignatureWrong):
            shop.send(rng.choice(events), secret=secret, age=age)
    with platform_scope():
        assert (StripeEvent.objects.count(), DueWork.objects.count()) == (0, before)
    record(11, forgeries=FORGERIES)


def check_last_look_wins(shop: Paying, record_late: Any = refresh.record_look) -> None:
    """A look that read the past and was held up must not write over one that read the present."""
    shop.tell()
    old = shop.provider.fetch_customer(shop.subscription.stripe_customer)
    with platform_scope():
        refresh.ask_refresh(shop.chain.id, now=shop.now)
        stale = refresh._lease(Customer.objects.filter(chain_id=shop.chain.id), now=shop.now)[0]
    change_later = shop.now + refresh.LEASE + timedelta(seconds=1)
    shop.now = change_later
    shop.api.subscriptions.update(shop.subscription.stripe_id, {"cancel_at_period_end": "false"})
    shop.tell()
    assert shop.subscription.cancel_at_period_end is False
    record_late(stale, old, now=shop.now)
    assert shop.subscription.cancel_at_period_end is False


def test_a_look_held_up_does_not_write_the_past(shop: Paying) -> None:
    check_last_look_wins(shop)


@pytest.mark.mutant
def test_mutant_events_are_not_told_apart(shop: Paying, monkeypatch: pytest.MonkeyPatch) -> None:
    def always_new(row: StripeEvent) -> bool:
        row.save()
        return True

    monkeypatch.setattr("billing.domain.events._insert", always_new)
    with pytest.raises(AssertionError):
        check_same_end(shop, times=3, shuffles=1)


@pytest.mark.mutant
def test_mutant_the_event_is_believed(shop: Paying, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that is taken from what was known at an event's time, instead of anew, ends where the order says."""
    events = shop.events()
    shop.tell(events)
    fresh = shop.provider.fetch_customer
    past = {"snapshot": fresh(shop.subscription.stripe_customer)}
    shop.api.subscriptions.update(shop.subscription.stripe_id, {"cancel_at_period_end": "false"})
    monkeypatch.setattr(shop.provider, "fetch_customer", lambda customer: past["snapshot"])
    shop.tell()
    with pytest.raises(AssertionError):
        assert shop.subscription.cancel_at_period_end is False


@pytest.mark.mutant
def test_mutant_a_lost_lease_still_writes(shop: Paying) -> None:
    def unguarded(look: refresh.Look, snapshot: Any, *, now: Any) -> bool:
        with platform_scope():
            refresh.apply_customer(look.chain_id, snapshot, now=now)
        return True

    with pytest.raises(AssertionError):
        check_last_look_wins(shop, unguarded)


@pytest.mark.mutant
def test_mutant_signatures_are_not_checked(shop: Paying, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stripe.WebhookSignature.verify_header", lambda *args: True)
    with pytest.raises(pytest.fail.Exception):
        with pytest.raises(SignatureWrong):
            shop.send(shop.events()[-1], secret="whsec_forged")
