"""Bar 6: payments landing within a second of their hold's expiry: each booked, or refunded in full."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from chains.due import lease_due, run_due
from chains.scope import chain_scope
from tenants.booking.domain import payments
from tenants.booking.domain.fake_payments import FakePayments
from tenants.booking.domain.holds import expire_holds
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.payment_port import register_payments
from tenants.booking.domain.payments import ask_payment, receive_payment
from tenants.booking.domain.scheduled import Wish, book_scheduled
from tenants.booking.models import HoldPayment, Pool, Session
from tenants.people.domain.rights import Actor
from tests.bars import SEED, record, size
from tests.booking.counted import EVENING, Counted, strangers
from tests.ground.cast import NOW, Chain, fill_alpha
from tests.ground.chains import make_chain
from tests.ground.races import race

pytestmark = pytest.mark.race

PAYMENTS = size(60, 1_000)
SEATS = 10
EXPIRY = NOW + timedelta(minutes=10)


@pytest.fixture()
def chain(committed: None) -> Chain:
    """A chain of its own."""
    return fill_alpha(make_chain("bar6"))


@pytest.fixture()
def provider() -> Iterator[FakePayments]:
    fake = FakePayments(slow=True)
    register_payments(fake)
    yield fake
    register_payments(FakePayments(slow=True))


def _held(chain: Chain) -> tuple[list[HoldPayment], list[Session]]:
    """Sessions that are full of holds, each of which is being paid."""
    with chain_scope(chain.info):
        counted = Counted(chain)
        sessions = [
            counted.session(EVENING + timedelta(minutes=90 * n), seats=SEATS, outside="many")
            for n in range(PAYMENTS // SEATS)
        ]
        asked = []
        for number, member in enumerate(strangers(PAYMENTS)):
            actor = Actor(member_id=member.id)
            wish = Wish(session_id=sessions[number // SEATS].id)
            held = book_scheduled(wish, by=actor, hold=True, now=NOW)
            asked.append(ask_payment(held.id, by=actor, now=NOW))
    return asked, sessions


def _land(chain: Chain, asked: list[HoldPayment], sessions: list[Session], provider: FakePayments) -> None:
    """Payments, rivals for the same seats and the sweep of holds, all within a second of the expiry."""
    dice = random.Random(SEED)

    def moment() -> datetime:
        return EXPIRY + timedelta(milliseconds=dice.randint(-1_000, 1_000))

    with chain_scope(chain.info):
        rivals = strangers(PAYMENTS)
    acts: list[Callable[[], Any]] = [
        partial(receive_payment, one.id, answer=provider.answer(str(one.id)), now=moment()) for one in asked
    ]
    acts += [
        partial(
            book_scheduled,
            Wish(session_id=dice.choice(sessions).id),
            by=Actor(member_id=rival.id),
            now=moment(),
        )
        for rival in rivals
    ]
    acts += [partial(expire_holds, now=moment()) for _sweep in range(10)]
    dice.shuffle(acts)
    faults = [one for one in race(chain.info, acts, threads=6) if isinstance(one, Exception)]
    assert {getattr(fault, "code", repr(fault)) for fault in faults} <= {"session_full", "too_busy"}
    later = EXPIRY + timedelta(seconds=60)
    with chain_scope(chain.info):
        # who was told to come again does
        for one in HoldPayment.objects.filter(state="asked"):
            receive_payment(one.id, answer=provider.answer(str(one.id)), now=later)
        expire_holds(now=later)
    # money goes back with the outbox, which is asked again until nothing waits in it: five minutes at most
    for _round in range(10):
        while batches := lease_due(now=later):
            for batch in batches:
                run_due(batch, now=later)
        later += timedelta(seconds=30)


def test_bar_06_each_payment_is_booked_or_refunded_in_full(chain: Chain, provider: FakePayments) -> None:
    asked, sessions = _held(chain)
    _land(chain, asked, sessions, provider)
    with chain_scope(chain.info):
        found = {
            str(one.id): (one.state, one.booking.status)
            for one in HoldPayment.objects.select_related("booking")
        }
        assert check_bookings() == []
        assert not Pool.objects.filter(taken__gt=SEATS, kind="session").exists()
    outcomes = Counter(found.values())
    record(
        6,
        payments=PAYMENTS,
        booked=outcomes["captured", "confirmed"],
        refunded=outcomes["refunded", "expired"],
    )
    assert set(outcomes) == {("captured", "confirmed"), ("refunded", "expired")}
    price = dict.fromkeys(found, 8000)
    assert provider.captured | provider.refunded == price
    assert not provider.captured.keys() & provider.refunded.keys()


@pytest.mark.mutant
def test_bar_06_without_taking_the_place_again_paid_bookings_have_none(
    chain: Chain, provider: FakePayments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payments, "take_claims", lambda *args, **named: None)
    asked, sessions = _held(chain)
    _land(chain, asked, sessions, provider)
    with chain_scope(chain.info):
        assert {breach.promise for breach in check_bookings()} >= {"a live booking claims what it needs"}
