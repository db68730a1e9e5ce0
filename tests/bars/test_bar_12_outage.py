"""Bar 12: the payment provider fails for ten minutes: nothing asked for is lost, nothing happens twice."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from billing.domain import intents
from billing.domain.intents import KEY_LIVES
from billing.domain.subscriptions import (
    cancel_subscription,
    change_subscription,
    grant_credit,
    resume_subscription,
)
from billing.models import Customer, Intent, IntentState
from billing.port import ProviderAway
from chains.scope import platform_scope
from tests.bars import SEED, record, size
from tests.billing.ground import Paying, basket, end_state, paying
from tests.ground.cast import NOW
from tests.ground.chains import TwoChains

OUTAGE = timedelta(minutes=10)
FAULTS = ("500", "429", "500_after", "drop")
ROUNDS = size(4, 40)


@pytest.fixture()
def shop(two_chains: TwoChains) -> Iterator[Paying]:
    """A chain that pays by the month."""
    with paying(two_chains.a, now=NOW) as made:
        made.subscribe()
        made.tell()
        yield made


def keys_seen(shop: Paying, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Path and idempotency key of every write that reaches Stripe from now on."""
    seen: list[tuple[str, str]] = []
    reply = shop.fake.api.reply

    def noting(method: str, path: str, query: str, body: str, headers: Any) -> Any:
        if method != "GET" and "idempotency-key" in headers:
            seen.append((f"{method} {path}", headers["idempotency-key"]))
        return reply(method, path, query, body, headers)

    monkeypatch.setattr(shop.fake.api, "reply", noting)
    return seen


def check_outage(shop: Paying, mode: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Ask for credit as the provider goes away for ten minutes; it comes back, and the credit is there, once."""
    seen = keys_seen(shop, monkeypatch)
    shop.fake.control("", {"api": {"mode": mode, "path": "balance_transactions|subscriptions/"}})
    with pytest.raises(ProviderAway):
        grant_credit(shop.wish, amount=700, currency="USD", note="x", request_id="a", now=shop.now)
    began = shop.now
    while shop.now < began + OUTAGE:
        shop.now += timedelta(seconds=5)
        shop.work()
    with platform_scope():
        waiting = Intent.objects.get(kind="grant_credit")
        assert waiting.state == IntentState.OPEN
    shop.fake.control("", {"api": None})
    while shop.now < began + OUTAGE + timedelta(minutes=10):
        shop.now += timedelta(seconds=5)
        shop.work()
    with platform_scope():
        assert Intent.objects.get(kind="grant_credit").state == IntentState.DONE
    granted = shop.api.customers.balance_transactions.list(shop.subscription.stripe_customer).data
    assert [one.amount for one in granted] == [-700]
    keys = {key.partition(".")[0] for path, key in seen if "balance" in path}
    assert keys == {str(waiting.id)}
    again = grant_credit(shop.wish, amount=700, currency="USD", note="x", request_id="a", now=shop.now)
    assert again == 700
    with platform_scope():
        assert Customer.objects.get(chain_id=shop.chain.id).credit == 700
    return len(seen)


@pytest.mark.parametrize("mode", FAULTS)
def test_what_was_asked_in_an_outage_comes_true_once(
    shop: Paying, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(12, mode=mode, calls=check_outage(shop, mode, monkeypatch))


def test_retries_reuse_their_key(shop: Paying, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = keys_seen(shop, monkeypatch)
    shop.fake.control("", {"api": {"mode": "500", "path": "POST .*subscriptions/"}})
    with pytest.raises(ProviderAway):
        cancel_subscription(shop.chain.id, now=shop.now)
    for _ in range(40):
        shop.now += timedelta(seconds=15)
        shop.work()
    shop.fake.control("", {"api": None})
    shop.now += timedelta(minutes=11)
    shop.work()
    assert shop.subscription.cancel_at_period_end is True
    (attempts,) = Counter(key for _, key in seen).values()
    assert attempts >= 3


def test_a_change_of_mind_in_an_outage_is_the_last_word(shop: Paying) -> None:
    shop.fake.control("", {"api": {"mode": "500", "path": "POST .*subscriptions/"}})
    for ask in (cancel_subscription, resume_subscription):
        with pytest.raises(ProviderAway):
            ask(shop.chain.id, now=shop.now)
    shop.fake.control("", {"api": None})
    shop.now += timedelta(minutes=12)
    shop.work()
    assert shop.subscription.cancel_at_period_end is False
    with platform_scope():
        states = dict(Intent.objects.filter(kind__in=("cancel", "resume")).values_list("kind", "state"))
    assert states == {"cancel": IntentState.ABANDONED, "resume": IntentState.DONE}


def test_a_key_too_old_is_not_used_again(shop: Paying) -> None:
    shop.fake.control("", {"api": {"mode": "500", "path": "balance_transactions"}})
    with pytest.raises(ProviderAway):
        grant_credit(shop.wish, amount=700, currency="USD", note="x", request_id="a", now=shop.now)
    shop.now += KEY_LIVES + timedelta(minutes=1)
    shop.work()
    with platform_scope():
        assert Intent.objects.get(kind="grant_credit").state == IntentState.ABANDONED


def test_a_checkout_asked_for_again_after_an_outage_is_the_same(shop: Paying, two_chains: TwoChains) -> None:
    with paying(two_chains.b, now=NOW) as other:
        other.fake.control("", {"api": {"mode": "drop", "path": "POST /v1/checkout", "times": 1}})
        with pytest.raises(ProviderAway):
            other.checkout()
        page = other.checkout()  # the answer was lost, the page was made
        assert [each.id for each in other.api.checkout.sessions.list().data] == [page.id]
        assert other.api.checkout.sessions.retrieve(page.id).status == "open"


def test_a_random_hour_of_faults_charges_each_change_once(shop: Paying) -> None:
    """Stores are added one by one while calls fail in every way there is; the invoices add up to the changes."""
    rng = random.Random(SEED)
    for number in range(1, ROUNDS + 1):
        shop.now += timedelta(hours=7)
        fault = {"mode": rng.choice(FAULTS), "times": rng.randint(0, 3), "path": "POST .*subscriptions/"}
        shop.fake.control("", {"api": fault})
        wanted = basket(extra_stores=number)
        asked_at = shop.now
        try:
            change_subscription(shop.chain.id, wanted, at=asked_at, now=shop.now)
        except ProviderAway:
            for _ in range(8):
                shop.now += timedelta(minutes=10)
                shop.work()
        shop.fake.control("", {"api": None})
        shop.tell()
        assert shop.subscription.extra_stores == number
    invoices = [
        each for each in shop.fake.store.all("invoice") if each["billing_reason"] == "subscription_update"
    ]
    assert len(invoices) == ROUNDS
    state = end_state(shop.chain.id)
    assert len(state["invoices"]) == ROUNDS + 1
    assert {row["state"] for row in state["invoices"]} == {"paid"}


@pytest.mark.mutant
def test_mutant_each_attempt_has_a_key_of_its_own(shop: Paying, monkeypatch: pytest.MonkeyPatch) -> None:
    from uuid import uuid4

    monkeypatch.setattr("billing.models.Intent.key", property(lambda self: str(uuid4())))
    with pytest.raises(AssertionError):
        check_outage(shop, "drop", monkeypatch)


@pytest.mark.mutant
def test_mutant_nothing_is_written_before_the_call(shop: Paying, monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(chain_id: Any, kind: Any, wish: Any, *, now: Any) -> Any:
        return Intent(chain_id=chain_id, kind=kind.name, wish=dict(wish), persists=True, created_at=now)

    monkeypatch.setattr(intents, "claim_intent", forgetful)
    with pytest.raises((AssertionError, Intent.DoesNotExist)):
        check_outage(shop, "500", monkeypatch)
