"""The demo's page of billing: days that go by for one chain, and a fake Stripe that does something wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from billing.domain.lifecycle import KIND
from billing.models import ChainStanding, Invoice
from chains.models import Chain, ChainState, DueWork
from chains.scope import platform_scope
from tests.billing.ground import Paying, basket, paying
from tests.ground.chains import TwoChains

DAY = timedelta(days=1)


@pytest.fixture()
def shop(two_chains: TwoChains, settings: object) -> Iterator[Paying]:
    """A chain with a subscription at a fake that the page knows of; the fake's time is the real one."""
    with paying(two_chains.a, now=timezone.now()) as made:
        settings.STRIPE_API_BASE = made.fake.base  # type: ignore[attr-defined]
        made.subscribe(basket())
        made.tell()
        yield made


@pytest.fixture()
def visitor() -> Client:
    return Client(HTTP_HOST="tessera.test", HTTP_ACCEPT_LANGUAGE="en")


def test_days_go_by_for_a_chain_here_and_at_the_fake(shop: Paying, visitor: Client) -> None:
    with platform_scope():
        before = ChainStanding.objects.get(chain_id=shop.chain.id).since
        ends = shop.subscription.current_period_end
    answer = visitor.post("/dev/billing/days", {"chain": str(shop.chain.id), "days": "31"})
    assert answer.headers["Location"] == "/dev/billing?done=days"
    with platform_scope():
        assert ChainStanding.objects.get(chain_id=shop.chain.id).since == before - 31 * DAY
        assert DueWork.objects.filter(kind=KIND).exists()
        assert Invoice.objects.filter(chain_id=shop.chain.id).count() == 2
    assert ends - 31 * DAY < shop.subscription.current_period_end < ends + 3 * DAY


def test_a_trial_goes_by_too(shop: Paying, visitor: Client, two_chains: TwoChains) -> None:
    ends = timezone.now() + 5 * DAY
    with platform_scope():
        Chain.objects.filter(id=two_chains.b.id).update(trial_ends_at=ends, state=ChainState.TRIAL)
    visitor.post("/dev/billing/days", {"chain": str(two_chains.b.id), "days": "14"})
    with platform_scope():
        assert Chain.objects.get(id=two_chains.b.id).trial_ends_at == ends - 14 * DAY


def test_the_fake_is_told_to_do_wrong_and_to_stop(shop: Paying, visitor: Client) -> None:
    told = []
    for fault in ("duplicate", "500", "none"):
        visitor.post("/dev/billing/fault", {"fault": fault})
        told.append((shop.fake.store.setting("api"), shop.fake.store.setting("webhooks")))
    assert told == [(None, {"duplicate": 3}), ({"mode": "500"}, {}), (None, {})]


def test_what_is_no_day_no_chain_and_no_fault_is_not_found(shop: Paying, visitor: Client) -> None:
    asked = [
        ("days", {"chain": "x", "days": "1"}),
        ("days", {"chain": str(shop.chain.id), "days": "2"}),
        ("fault", {"fault": "x"}),
    ]
    assert {visitor.post(f"/dev/billing/{path}", body).status_code for path, body in asked} == {404}


def test_every_chain_stands_there_with_its_next_step(shop: Paying, visitor: Client) -> None:
    page = visitor.get("/dev/billing")
    assert (page.status_code, "Alpha" in page.content.decode()) == (200, True)


def test_without_a_fake_the_page_is_not_there(
    visitor: Client, two_chains: TwoChains, settings: object
) -> None:
    settings.STRIPE_API_BASE = None  # type: ignore[attr-defined]
    assert visitor.get("/dev/billing").status_code == 404
    assert visitor.post("/dev/billing/fault", {"fault": "500"}).status_code == 404
