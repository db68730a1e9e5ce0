"""Intents: one wish is one effect, however many ask for it at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from billing.domain import intents
from billing.domain.intents import ASKED_AGAIN, Overtaken, carry_out, digest_of
from billing.domain.reconciliation import INTENTS_KEPT, forget_intents
from billing.domain.subscriptions import ensure_customer, grant_credit
from billing.domain.wishes import MAKE_CUSTOMER, OPEN_PORTAL
from billing.models import Intent, IntentState
from billing.port import NotAtProvider, ProviderAway
from chains.scope import platform_scope
from tests.billing.ground import Paying, basket, get, paying
from tests.ground.cast import NOW
from tests.ground.chains import TwoChains


@pytest.fixture()
def shop(two_chains: TwoChains) -> Iterator[Paying]:
    """A chain that has bought nothing yet."""
    with paying(two_chains.a, now=NOW) as made:
        yield made


def at_once(work: Callable[[], Any], *, threads: int = 8) -> list[Any]:
    """What each of many that begin together gets; a provider that is away (a twin in flight) is asked again."""
    gate = threading.Barrier(threads)

    def one() -> Any:
        try:
            gate.wait(timeout=30)
            for _ in range(20):
                try:
                    return work()
                except ProviderAway:
                    continue
            return "never answered"
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return [each.result() for each in [pool.submit(one) for _ in range(threads)]]


def check_one_customer(shop: Paying) -> None:
    got = at_once(lambda: ensure_customer(shop.wish, now=shop.now))
    there = [each["id"] for each in shop.fake.store.all("customer")]
    assert (len(there), set(got)) == (1, set(there))


def check_one_credit(shop: Paying) -> None:
    ensure_customer(shop.wish, now=shop.now)

    def grant() -> int:
        return grant_credit(
            shop.wish, amount=100, currency="USD", note="x", request_id="one act", now=shop.now
        )

    at_once(grant)
    assert [each["amount"] for each in shop.fake.store.all("customer_balance_transaction")] == [-100]


@pytest.mark.race
def test_many_at_once_make_one_customer(shop: Paying) -> None:
    check_one_customer(shop)


@pytest.mark.race
def test_many_at_once_grant_credit_once(shop: Paying) -> None:
    check_one_credit(shop)


@pytest.mark.race
@pytest.mark.mutant
@pytest.mark.parametrize("check", [check_one_customer, check_one_credit])
def test_mutant_every_asker_has_an_intent_of_its_own(
    shop: Paying, check: Callable[[Paying], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter(range(10_000))
    monkeypatch.setattr(intents, "digest_of", lambda kind, wish: f"{next(numbers):064}")
    # credit granted before is recognised by its reference too: without the keys that is a race
    monkeypatch.setattr("billing.stripe_adapter.adapter.noted", lambda metadata, name: "")
    with pytest.raises(AssertionError):
        check(shop)


def pages_to_pay_on(shop: Paying, monkeypatch: pytest.MonkeyPatch, *, patience: float = 1) -> int:
    """Two different baskets are chosen at the same moment: how many pages that were shown can be paid on."""
    # products and prices are there: their keys are no part of this race
    shop.checkout(basket(extra_stores=5))
    claimed, listed = threading.Barrier(2), threading.Barrier(2)
    put, expire = intents._put, shop.provider._expire_others

    def put_together(*args: Any) -> Intent:
        with suppress(threading.BrokenBarrierError):  # the lock lets one at a time come here
            claimed.wait(timeout=patience)
        return put(*args)

    def expire_together(customer: str, *, but: str) -> None:
        expire(customer, but=but)
        listed.wait(timeout=30)

    def choose(stores: int) -> str:
        try:
            return shop.checkout(basket(extra_stores=stores)).url
        except Overtaken:
            return ""
        finally:
            connection.close()

    monkeypatch.setattr(intents, "_put", put_together)
    monkeypatch.setattr(shop.provider, "_expire_others", expire_together)
    with ThreadPoolExecutor(2) as pool:
        shown = [url for url in pool.map(choose, (0, 1)) if url]
    return sum(get(url)[0] == 200 for url in shown)


@pytest.mark.race
def test_of_two_pages_begun_at_once_one_is_shown(shop: Paying, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pages_to_pay_on(shop, monkeypatch) == 1


@pytest.mark.race
@pytest.mark.mutant
def test_mutant_without_the_lock_on_the_customer_both_can_be_paid(
    shop: Paying, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, *_args, **_options: rows)
    assert pages_to_pay_on(shop, monkeypatch, patience=30) == 2


def test_a_wish_that_came_true_is_not_asked_again(shop: Paying) -> None:
    asked = {**_asked(shop), "instead_of": ""}
    first = carry_out(shop.chain.id, MAKE_CUSTOMER, asked, now=shop.now)
    again = carry_out(shop.chain.id, MAKE_CUSTOMER, asked, now=shop.now + timedelta(days=40))
    assert (again, len(shop.fake.store.all("customer"))) == (first, 1)
    with platform_scope():
        assert Intent.objects.count() == 1


def _asked(shop: Paying) -> dict[str, Any]:
    wish = shop.wish
    return {
        "chain_id": str(wish.chain_id),
        "name": wish.name,
        "email": wish.email,
        "locale": wish.locale,
        "country": wish.country,
    }


def test_the_same_wish_in_another_order_of_words_is_the_same() -> None:
    assert digest_of("x", {"a": 1, "b": 2}) == digest_of("x", {"b": 2, "a": 1})
    assert digest_of("x", {"a": 1}) != digest_of("y", {"a": 1})


def test_a_final_no_is_noted_and_the_next_wish_is_a_new_one(shop: Paying) -> None:
    asked = {"customer": "cus_nobody", "return_url": "http://a.test/", "locale": "en", "asked_at": ""}
    for _ in range(2):
        with pytest.raises(NotAtProvider):
            carry_out(shop.chain.id, OPEN_PORTAL, asked, now=shop.now)
    with platform_scope():
        assert (
            list(Intent.objects.values_list("state", "error", "attempts"))
            == [(IntentState.REFUSED, "not_at_provider", 1)] * 2
        )


def test_a_page_that_nobody_waits_for_is_let_go(shop: Paying) -> None:
    shop.fake.control("", {"api": {"mode": "500"}})
    asked = {"customer": "cus_1", "return_url": "http://a.test/", "locale": "en", "asked_at": ""}
    with pytest.raises(ProviderAway):
        carry_out(shop.chain.id, OPEN_PORTAL, asked, now=shop.now)
    shop.fake.control("", {"api": None})
    shop.now += ASKED_AGAIN + timedelta(minutes=1)
    shop.work()
    with platform_scope():
        assert Intent.objects.get().state == IntentState.ABANDONED
    assert shop.fake.store.all("billing_portal.session") == []


def test_answered_intents_are_forgotten_in_the_end(shop: Paying) -> None:
    ensure_customer(shop.wish, now=shop.now)
    with platform_scope():
        forget_intents(now=shop.now + INTENTS_KEPT - timedelta(days=1))
        kept = Intent.objects.count()
        forget_intents(now=shop.now + INTENTS_KEPT + timedelta(days=1))
        assert (kept, Intent.objects.count()) == (1, 0)
