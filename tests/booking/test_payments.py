"""A payment for a hold books it, late too where the place is free; else all of the money goes back, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chains.due import lease_due, run_due
from chains.scope import chain_scope
from tenants.booking.domain import payments
from tenants.booking.domain.attempts import TooBusy
from tenants.booking.domain.book import book
from tenants.booking.domain.calling_off import call_off_session
from tenants.booking.domain.change import HoldExpired, cancel_booking
from tenants.booking.domain.fake_payments import FakePayments
from tenants.booking.domain.holds import expire_holds
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.items import Item
from tenants.booking.domain.payment_port import Payments, register_payments
from tenants.booking.domain.payments import NothingToPay, ask_payment, open_payment, receive_payment
from tenants.booking.domain.pickups import plan_pickups
from tenants.booking.domain.policies import write_policy
from tenants.booking.domain.session_moves import Whereabouts, move_session
from tenants.booking.domain.waiting import serve_store
from tenants.booking.domain.waiting_offers import accept_offer
from tenants.booking.domain.waiting_state import settle_offer
from tenants.booking.models import Booking, HoldPayment, Session
from tenants.people.domain.rights import NotSeen
from tenants.people.models import Leave
from tests.booking.conftest import MONDAY_TEN, Desk
from tests.booking.counted import Counted
from tests.booking.queue import wish_of
from tests.ground.cast import NOW, Cast, local

LATE = NOW + timedelta(minutes=10, seconds=1)


@pytest.fixture()
def provider() -> Any:
    """A provider whose answers come later."""
    fake = FakePayments(slow=True)
    register_payments(fake)
    yield fake
    register_payments(FakePayments(slow=True))


def deliver(now: Any) -> None:
    """Everything that is due, until nothing is."""
    for _round in range(4):
        for batch in lease_due(now=now):
            run_due(batch, now=now)


def asked_for(cast: Cast, *, hold_again: bool = False) -> HoldPayment:
    """Su's hold on the last seat of a session with two units of a product, asked to be paid."""
    with chain_scope(cast.alpha.info):
        counted = Counted(cast.alpha)
        session, serum = counted.session(seats=1), counted.product(there=2)
        held = counted.book(session_id=session.id, items=(Item(serum.id, 2),), hold=True)
        return ask_payment(held.id, by=cast.alpha.actors["su"], now=NOW)


def arrive(cast: Cast, payment: HoldPayment, provider: FakePayments, *, now: Any) -> HoldPayment:
    with chain_scope(cast.alpha.info):
        return receive_payment(payment.id, answer=provider.answer(str(payment.id)), now=now)


def standing(cast: Cast, payment: HoldPayment) -> tuple[str, str]:
    with chain_scope(cast.alpha.info):
        assert check_bookings() == []
        return HoldPayment.objects.get(id=payment.id).state, Booking.objects.get(id=payment.booking_id).status


def test_payment_in_time_confirms_the_hold_at_its_price_and_is_captured(
    cast: Cast, provider: FakePayments
) -> None:
    payment = asked_for(cast)
    deliver(NOW)
    assert provider.authorised == {str(payment.id): 8000 + 2 * 12800}
    arrive(cast, payment, provider, now=NOW)
    deliver(NOW)
    assert standing(cast, payment) == ("captured", "confirmed")
    assert (provider.captured, provider.refunded) == ({str(payment.id): 33600}, {})


@pytest.mark.parametrize("swept", [False, True])
def test_late_payment_takes_the_place_again_where_it_is_free(
    cast: Cast, provider: FakePayments, swept: bool
) -> None:
    payment = asked_for(cast)
    if swept:
        with chain_scope(cast.alpha.info):
            expire_holds(now=LATE)
    arrive(cast, payment, provider, now=LATE)
    deliver(LATE)
    assert standing(cast, payment) == ("captured", "confirmed")


@pytest.mark.parametrize("taken", ["seat", "goods", "member", "cancelled"])
def test_late_payment_goes_back_in_full_where_anything_of_it_is_gone(
    cast: Cast, provider: FakePayments, taken: str
) -> None:
    payment, chain = asked_for(cast), cast.alpha
    with chain_scope(chain.info):
        booking = Booking.objects.get(id=payment.booking_id)
        if taken == "cancelled":
            cancel_booking(booking.id, by=chain.actors["su"], now=NOW)
        else:
            expire_holds(now=LATE)
        if taken == "seat":
            wish = {"session_id": booking.session_id}
            from tenants.booking.domain.scheduled import Wish, book_scheduled

            book_scheduled(Wish(**wish), by=chain.actors["chen"], now=LATE)
        if taken in ("goods", "member"):
            who = "chen" if taken == "goods" else "su"
            item = booking.items.get()
            at = MONDAY_TEN if taken == "goods" else booking.starts_at
            items = (Item(item.product_id, 1),) if taken == "goods" else ()
            book(
                chain.services["facial"].id,
                store_id=booking.store_id,
                starts_at=at,
                items=items,
                by=chain.actors[who],
                now=LATE,
            )
    arrive(cast, payment, provider, now=LATE)
    deliver(LATE)
    state, status = standing(cast, payment)
    assert (state, status) == ("refunded", "cancelled" if taken == "cancelled" else "expired")
    assert (provider.captured, provider.refunded) == ({}, {str(payment.id): 33600})


@pytest.mark.parametrize("meanwhile", ["called off", "moved", "closed", "leave"])
def test_late_payment_goes_back_where_what_was_held_is_no_longer_what_it_was(
    counted: Counted, desk: Desk, provider: FakePayments, meanwhile: str
) -> None:
    su, owner = counted.chain.actors["su"], counted.owner
    if meanwhile == "leave":
        write_policy({"deposit_kind": "fixed", "deposit_value": 5000, "currency": "CNY"}, by=owner, now=NOW)
        held = desk.book()
    elif meanwhile == "closed":
        serum = counted.product()
        held = counted.book(window_id=counted.windows()[0].id, items=(Item(serum.id, 1),), hold=True)
    else:
        held = counted.book(session_id=counted.session().id, hold=True)
    payment = ask_payment(held.id, by=su, now=NOW)
    expire_holds(now=LATE)
    if meanwhile == "called off":
        call_off_session(_session(held).id, by=owner, now=LATE)
    elif meanwhile == "moved":
        move_session(_session(held).id, to=Whereabouts(local(23, 20), None, None), by=owner, now=LATE)
    elif meanwhile == "closed":
        plan_pickups(counted.store.id, counted.pickup.id, [], by=owner, now=LATE)
    else:
        Leave.objects.create(employee=held.practitioner, starts_at=MONDAY_TEN, ends_at=local(24, 10))
    paid = receive_payment(payment.id, answer=provider.answer(str(payment.id)), now=LATE)
    assert (Booking.objects.get(id=held.id).status, paid.state) == ("expired", "refund_due")
    assert check_bookings() == []


@pytest.mark.parametrize("heard", [False, True])
def test_late_payment_of_an_offer_that_ran_out_ends_its_wish(
    cast: Cast, provider: FakePayments, heard: bool
) -> None:
    chain, su = cast.alpha, cast.alpha.actors["su"]
    with chain_scope(chain.info):
        policy = {"deposit_kind": "fixed", "deposit_value": 5000, "currency": "CNY"}
        write_policy(policy, by=chain.actors["owner"], now=NOW)
        wish = wish_of(chain, su)
        (offer,) = serve_store(wish.store_id, now=NOW)
        accept_offer(wish.id, by=su, now=NOW)
        payment = open_payment(offer.booking_id, by=su, now=NOW)
        offer.refresh_from_db()
        expire_holds(now=offer.expires_at)
        if heard:
            settle_offer(Booking.objects.get(id=offer.booking_id), now=offer.expires_at)
        receive_payment(payment.id, answer=provider.answer(str(payment.id)), now=offer.expires_at)
        assert Booking.objects.get(id=offer.booking_id).status == "confirmed"
        wish.refresh_from_db()
        offer.refresh_from_db()
        assert (wish.status, offer.state) == ("booked", "accepted")
        assert serve_store(wish.store_id, now=offer.expires_at) == []


def _session(booking: Booking) -> Session:
    assert booking.session_id is not None
    return Session.objects.get(id=booking.session_id)


def test_answer_that_comes_twice_and_call_that_is_repeated_have_one_effect(
    cast: Cast, provider: FakePayments
) -> None:
    payment = asked_for(cast)
    for _time in range(2):
        arrive(cast, payment, provider, now=NOW)
    for _time in range(2):
        deliver(NOW)
    assert standing(cast, payment) == ("captured", "confirmed")
    assert provider.calls == {"capture": 1}


def test_provider_that_cannot_be_reached_is_asked_again_and_no_transaction_waits_for_it(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection

    inside = []

    class Flaky(FakePayments):
        def capture(self, key: str, *, reference: str, amount: int) -> None:
            inside.append(connection.in_atomic_block)
            if len(inside) == 1:
                raise ConnectionError
            super().capture(key, reference=reference, amount=amount)

    flaky: Payments = Flaky()
    register_payments(flaky)
    payment = asked_for(cast)
    deliver(NOW)
    assert standing(cast, payment) == ("booked", "confirmed")
    deliver(NOW + timedelta(seconds=5))
    assert standing(cast, payment) == ("captured", "confirmed")
    assert inside == [False, False]
    register_payments(FakePayments(slow=True))


def test_declined_payment_leaves_the_hold_as_it_was(cast: Cast, provider: FakePayments) -> None:
    payment = asked_for(cast)
    provider.declined.add(str(payment.id))
    arrive(cast, payment, provider, now=NOW)
    deliver(NOW)
    assert standing(cast, payment) == ("declined", "held")
    assert (provider.captured, provider.refunded) == ({}, {})


def test_only_a_hold_that_stands_and_costs_something_is_paid_and_once(counted: Counted) -> None:
    su = counted.chain.actors["su"]
    session = counted.session()
    held = counted.book(session_id=session.id, hold=True)
    with pytest.raises(NotSeen):
        ask_payment(held.id, by=counted.chain.actors["chen"], now=NOW)
    ask_payment(held.id, by=su, now=NOW)
    with pytest.raises(NothingToPay):
        ask_payment(held.id, by=su, now=NOW)
    with pytest.raises(HoldExpired):
        ask_payment(held.id, by=su, now=LATE)


def test_hold_that_changes_after_it_was_read_is_not_asked_to_be_paid(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, su = counted.book(session_id=counted.session().id, hold=True), counted.chain.actors["su"]
    rival = partial(cancel_booking, held.id, by=su, now=NOW)
    monkeypatch.setattr(payments, "visible_booking", _then(payments.visible_booking, rival))
    with pytest.raises(TooBusy):
        open_payment(held.id, by=su, now=NOW)
    assert not HoldPayment.objects.exists()


def test_approval_after_a_decline_that_meets_a_payment_asked_meanwhile_is_tried_again_and_goes_back(
    counted: Counted, provider: FakePayments, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, su = counted.book(session_id=counted.session().id, hold=True), counted.chain.actors["su"]
    first = ask_payment(held.id, by=su, now=NOW)
    answer = provider.answer(str(first.id))
    receive_payment(first.id, answer=replace(answer, approved=False), now=NOW)
    rival = partial(HoldPayment.objects.create, booking_id=held.id, amount=1, currency="CNY", asked_at=NOW)
    with monkeypatch.context() as meanwhile, pytest.raises(TooBusy):
        meanwhile.setattr(payments, "_book", _then(payments._book, rival))
        receive_payment(first.id, answer=answer, now=NOW)
    rival()
    assert receive_payment(first.id, answer=answer, now=NOW).state == "refund_due"
    assert Booking.objects.get(id=held.id).status == "held"
    assert check_bookings() == []


def _then(act: Any, rival: Any) -> Any:
    """The act, and each time then a rival who was quicker than what follows it."""

    def both(*args: Any, **kwargs: Any) -> Any:
        done = act(*args, **kwargs)
        rival()
        return done

    return both
