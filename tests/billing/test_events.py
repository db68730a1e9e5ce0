"""Webhooks: who may send them, what is written when, and what an operator can do with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.db.models import F
from django.test import Client

from billing.domain.events import (
    EVENTS_KEPT,
    SignatureWrong,
    UnknownEvent,
    adopt_events,
    forget_events,
    replay_event,
    take_event,
)
from billing.domain.refresh import SHOWN_AS_FAILED, Look, record_look, refresh_now
from billing.domain.subscriptions import ensure_customer
from billing.fake_stripe.webhooks import sign
from billing.models import Customer, EventState, StripeEvent, Subscription
from billing.port import ProviderAway
from chains.domain.operators import Operator
from chains.models import OperatorAct
from chains.scope import platform_scope
from tests.billing.ground import Paying, paying
from tests.ground.cast import NOW
from tests.ground.chains import TwoChains

BY = Operator(uuid4(), "op@tessera.test")


@pytest.fixture()
def shop(two_chains: TwoChains) -> Iterator[Paying]:
    """A chain that has paid, of which we have not heard yet."""
    with time_machine.travel(NOW, tick=False), paying(two_chains.a, now=NOW) as made:
        made.subscribe()
        yield made


def written() -> tuple[int, int]:
    with platform_scope():
        return StripeEvent.objects.count(), Subscription.objects.count()


def test_the_endpoint_stores_a_signed_event_and_says_whether_it_was_new(shop: Paying) -> None:
    event = shop.events()[-1]
    body = json.dumps(event).encode()
    header = sign(body, settings.STRIPE_WEBHOOK_SECRET, int(NOW.timestamp()))
    client = Client(HTTP_HOST="tessera.test")
    answers = [
        client.post(
            "/hooks/stripe", body, content_type="application/json", headers={"Stripe-Signature": header}
        )
        for _ in range(2)
    ]
    assert [(each.status_code, each.json()) for each in answers] == [
        (200, {"id": event["id"], "new": True}),
        (200, {"id": event["id"], "new": False}),
    ]
    with platform_scope():
        row = StripeEvent.objects.get()
        assert (row.state, row.deliveries, row.chain_id) == (EventState.RECEIVED, 2, shop.chain.id)
        assert Subscription.objects.count() == 0  # nothing else was done in the request


@pytest.mark.parametrize("header", ["", "t=1,v1=00", "nonsense", "t=x,v1=00", "v1=00"])
def test_the_endpoint_refuses_what_is_not_signed(shop: Paying, header: str) -> None:
    client = Client(HTTP_HOST="tessera.test")
    answer = client.post(
        "/hooks/stripe",
        json.dumps(shop.events()[-1]),
        content_type="application/json",
        headers={"Stripe-Signature": header},
    )
    assert (answer.status_code, answer.json()["code"], written()) == (400, "signature_wrong", (0, 0))


def test_the_endpoint_is_on_the_platforms_host_alone(shop: Paying) -> None:
    answer = Client(HTTP_HOST="alpha.tessera.test").post(
        "/hooks/stripe", b"{}", content_type="application/json"
    )
    assert answer.status_code == 404


def test_a_signature_of_another_secret_or_of_long_ago_writes_nothing(shop: Paying) -> None:
    event = shop.events()[-1]
    with pytest.raises(SignatureWrong):
        shop.send(event, secret="whsec_of_somebody_else")
    for age in (timedelta(minutes=5, seconds=1), -timedelta(minutes=5, seconds=1)):
        with pytest.raises(SignatureWrong):
            shop.send(event, age=age)
    assert written() == (0, 0)
    assert shop.send(event, age=timedelta(minutes=4)).is_new is True


def test_a_changed_body_is_refused(shop: Paying) -> None:
    body = json.dumps(shop.events()[-1]).encode()
    header = sign(body, settings.STRIPE_WEBHOOK_SECRET, int(NOW.timestamp()))
    with platform_scope(), pytest.raises(SignatureWrong):
        take_event(body.replace(b"evt_", b"evx_"), header, now=NOW)
    assert written() == (0, 0)


def test_an_event_of_nobody_of_ours_is_stored_marked_and_nothing_else(shop: Paying) -> None:
    shop.tell()
    before = written()
    shop.api.customers.create({"name": "somebody else"})
    stored = shop.tell()
    assert (stored[-1].chain_id, written()) == (None, (before[0] + 1, before[1]))
    with platform_scope():
        assert StripeEvent.objects.get(id=stored[-1].id).state == EventState.UNKNOWN


def test_events_that_came_before_their_customer_was_known_become_its_own(shop: Paying) -> None:
    shop.tell()
    with platform_scope():
        customer = Customer.objects.get().stripe_id
        Customer.objects.update(stripe_id="", seen=0, asked=0)
        StripeEvent.objects.all().delete()
    shop.told.clear()
    shop.tell()
    with platform_scope():
        assert set(StripeEvent.objects.exclude(stripe_customer="").values_list("state", flat=True)) == {
            EventState.UNKNOWN
        }
    with platform_scope():
        row = Customer.objects.get()
        row.stripe_id = customer  # as ensure_customer notes it
        row.save()
        adopted = adopt_events(row, now=shop.now)
    shop.work()
    with platform_scope():
        states = set(StripeEvent.objects.filter(stripe_customer=customer).values_list("state", flat=True))
    assert (adopted > 0, states) == (True, {EventState.HANDLED})


def test_nothing_of_a_card_or_a_person_is_kept_of_an_event(shop: Paying) -> None:
    shop.tell()
    with platform_scope():
        kept = json.dumps(list(StripeEvent.objects.values_list("payload", flat=True)))
    assert [word for word in ("4242", "visa", "owner@", "exp_year", "client_secret") if word in kept] == []


def test_a_redirect_without_webhook_is_enough(shop: Paying) -> None:
    assert refresh_now(shop.chain.id, now=shop.now) is True
    assert shop.subscription.status == "active"


def test_a_replayed_event_is_looked_at_again_and_noted_with_the_operator(shop: Paying) -> None:
    shop.tell()
    with platform_scope():
        event = StripeEvent.objects.filter(chain_id=shop.chain.id).first()
        assert event is not None
        Subscription.objects.update(plan="starter")  # as if it had gone wrong
    replay_event(event.id, by=BY, now=shop.now)
    shop.work()
    with platform_scope():
        event.refresh_from_db()
        act = OperatorAct.objects.get()
    assert (event.state, event.replays, shop.subscription.plan) == (EventState.HANDLED, 1, "growth")
    assert (act.act, act.reason, act.operator_email) == ("replay_event", event.id, BY.email)


@pytest.mark.race
def test_a_replay_waits_for_a_look_that_writes_and_never_meets_it(shop: Paying) -> None:
    shop.tell()
    with platform_scope():
        event = StripeEvent.objects.filter(chain_id=shop.chain.id).latest("created_at")
        Customer.objects.update(asked=F("asked") + 1)
    with ThreadPoolExecutor(1) as pool:
        with platform_scope():
            # as record_look does: the customer, then its events
            Customer.objects.select_for_update().get(chain_id=shop.chain.id)
            replayed = pool.submit(_replay, event.id, shop)
            _wait_until_somebody_waits()
            StripeEvent.objects.filter(id=event.id).update(attempts=F("attempts") + 1)
        assert replayed.result(timeout=30) == 1


def _replay(event_id: str, shop: Paying) -> int:
    try:
        return replay_event(event_id, by=BY, now=shop.now).replays
    finally:
        connection.close()


def _wait_until_somebody_waits() -> None:
    for _look in range(20_000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waits")


def test_an_event_that_is_not_there_cannot_be_replayed(shop: Paying) -> None:
    with pytest.raises(UnknownEvent):
        replay_event("evt_none", by=BY, now=shop.now)


def test_what_fails_often_is_shown_as_failed_and_still_tried(shop: Paying) -> None:
    shop.send(shop.events()[-1])
    shop.fake.control("", {"api": {"mode": "500"}})
    for _ in range(SHOWN_AS_FAILED):
        shop.now += timedelta(minutes=11)
        shop.work()
    with platform_scope():
        row = StripeEvent.objects.get()
        assert (row.state, row.attempts, row.error != "") == (EventState.FAILED, SHOWN_AS_FAILED, True)
    shop.fake.control("", {"api": None})
    shop.now += timedelta(minutes=11)
    shop.work()
    with platform_scope():
        assert StripeEvent.objects.get().state == EventState.HANDLED
    assert shop.subscription.status == "active"


def test_a_look_whose_lease_passed_to_another_writes_nothing(shop: Paying) -> None:
    shop.tell()
    with platform_scope():
        customer = Customer.objects.get()
        Customer.objects.update(leased_until=NOW + timedelta(minutes=9))
    old = shop.provider.fetch_customer(customer.stripe_id)
    late = Look(shop.chain.id, customer.stripe_id, customer.asked, 0, NOW + timedelta(minutes=2))
    assert record_look(late, old, now=shop.now) is False


def test_a_reason_that_comes_while_we_look_is_looked_at_afterwards(shop: Paying, monkeypatch) -> None:
    shop.tell()
    fetch = shop.provider.fetch_customer

    def changed_meanwhile(customer: str):
        snapshot = fetch(customer)
        monkeypatch.setattr(shop.provider, "fetch_customer", fetch)
        shop.api.subscriptions.update(snapshot.subscriptions[0].stripe_id, {"cancel_at_period_end": "true"})
        shop.send(shop.events()[-1])
        return snapshot

    monkeypatch.setattr(shop.provider, "fetch_customer", changed_meanwhile)
    refresh_now(shop.chain.id, now=shop.now)
    assert shop.subscription.cancel_at_period_end is False
    shop.work()
    assert shop.subscription.cancel_at_period_end is True


def test_a_provider_that_is_away_leaves_the_reason_to_look(shop: Paying) -> None:
    ensure_customer(shop.wish, now=shop.now)
    shop.fake.control("", {"api": {"mode": "500"}})
    with pytest.raises(ProviderAway):
        refresh_now(shop.chain.id, now=shop.now)
    shop.fake.control("", {"api": None})
    shop.now += timedelta(minutes=1)
    shop.work()
    assert shop.subscription.status == "active"


def test_handled_events_are_forgotten_in_the_end_and_others_stay(shop: Paying) -> None:
    shop.tell()
    shop.api.customers.create({"name": "somebody else"})
    shop.tell()
    with platform_scope():
        assert forget_events(now=shop.now + EVENTS_KEPT - timedelta(days=1)) is False
        many = StripeEvent.objects.count()
        forget_events(now=shop.now + EVENTS_KEPT + timedelta(days=1))
        assert (many > 5, list(StripeEvent.objects.values_list("state", flat=True))) == (
            True,
            [EventState.UNKNOWN],
        )
