"""The member, the provider and the desk at once: one payment counts, and whatever else was paid goes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chains.due import lease_due, run_due
from chains.scope import chain_scope
from tenants.booking.domain import desk_payments, owed, payments
from tenants.booking.domain.book import book
from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.desk_payments import note_given_back, take_deposit
from tenants.booking.domain.fake_payments import FakePayments
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.owed import give_back_at_desk
from tenants.booking.domain.payment_port import register_payments
from tenants.booking.domain.payments import open_payment, receive_payment
from tenants.booking.domain.policies import write_policy
from tenants.booking.models import Booking, HoldPayment, PaymentRefund
from tests.booking.conftest import MONDAY_TEN
from tests.ground.cast import NOW, Chain, fill_alpha
from tests.ground.chains import make_chain
from tests.ground.races import race

pytestmark = pytest.mark.race


@pytest.fixture()
def chain(committed: None) -> Chain:
    """A chain of its own, whose bookings need a deposit of ¥50."""
    chain = fill_alpha(make_chain("deposits"))
    with chain_scope(chain.info):
        policy = {"deposit_kind": "fixed", "deposit_value": 5000, "currency": "CNY"}
        write_policy(policy, by=chain.actors["owner"], now=NOW)
    return chain


@pytest.fixture()
def provider() -> Iterator[FakePayments]:
    fake = FakePayments(slow=True)
    register_payments(fake)
    yield fake
    register_payments(FakePayments(slow=True))


def _held(chain: Chain) -> Booking:
    with chain_scope(chain.info):
        return book(
            chain.services["facial"].id,
            store_id=chain.stores["north"].id,
            starts_at=MONDAY_TEN,
            by=chain.actors["su"],
            now=NOW,
        )


def _waiting(chain: Chain) -> PaymentRefund:
    """¥50 that was paid at the desk and waits there."""
    held = _held(chain)
    with chain_scope(chain.info):
        take_deposit(held.id, by=chain.actors["clerk"], now=NOW)
        cancel_booking(held.id, by=chain.actors["su"], now=NOW)
    _work_off()
    with chain_scope(chain.info):
        return PaymentRefund.objects.select_related("payment").get()


def _hand_over(chain: Chain, refund: PaymentRefund) -> Counter[str]:
    """Three clerks at the list and three at the panel, all at once: what each is told."""
    acts: list[Any] = [
        partial(give_back_at_desk, refund.id, by=chain.actors[who], now=NOW)
        for who in ("clerk", "cashier", "owner")
    ]
    acts += [
        partial(note_given_back, refund.payment.booking_id, by=chain.actors[who], now=NOW)
        for who in ("clerk", "cashier", "owner")
    ]
    with chain_scope(chain.info):
        PaymentRefund.objects.update(done_at=None, done_by=None)
    told = race(chain.info, acts)
    return Counter(
        getattr(one, "code", "gave" if not isinstance(one, Exception) else repr(one)) for one in told
    )


def test_of_six_clerks_at_once_one_gives_the_money_back_and_the_others_are_told(
    chain: Chain, provider: FakePayments
) -> None:
    refund = _waiting(chain)
    for _round in range(3):
        told = _hand_over(chain, refund)
        assert (told.pop("gave"), set(told)) == (1, {"given_back_already", "nothing_to_return"})
    with chain_scope(chain.info):
        assert PaymentRefund.objects.get().done_by_id is not None
        assert check_bookings() == []


def test_of_six_clerks_at_once_several_give_it_back_where_it_is_only_looked_at_before(
    chain: Chain, provider: FakePayments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: look, then write, with nothing that guards it."""

    def unguarded(refund: PaymentRefund, *, by: Any, now: Any) -> bool:
        if PaymentRefund.objects.get(id=refund.id).done_at is not None:
            return False
        PaymentRefund.objects.filter(id=refund.id).update(done_at=now, done_by_id=by.employee_id)
        return True

    refund = _waiting(chain)
    monkeypatch.setattr(owed, "note_returned", unguarded)
    monkeypatch.setattr(desk_payments, "note_returned", unguarded)
    assert any(_hand_over(chain, refund)["gave"] > 1 for _round in range(20))


def _work_off() -> None:
    for later in range(10):
        now = NOW + timedelta(seconds=30 * later)
        for batch in lease_due(now=now):
            run_due(batch, now=now)


def test_pressed_six_times_at_once_it_is_one_payment(chain: Chain, provider: FakePayments) -> None:
    held = _held(chain)
    acts = [partial(open_payment, held.id, by=chain.actors["su"], now=NOW)] * 6
    answers = race(chain.info, acts)
    assert {getattr(one, "id", repr(one)) for one in answers} == {_only(chain).id}


def _only(chain: Chain) -> HoldPayment:
    with chain_scope(chain.info):
        return HoldPayment.objects.get()


def test_pressed_at_once_without_the_lock_it_is_refused_by_the_database(
    chain: Chain, provider: FakePayments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the lock taken away, only the index stands, and somebody who pressed twice is refused."""
    held = _held(chain)
    su = chain.actors["su"]

    def unlocked(booking_id: Any, *, by: Any, now: Any) -> Booking:
        return payments.visible_booking(booking_id, by=by, action=payments.Action.CHANGE_BOOKING)

    monkeypatch.setattr(payments, "_payable", unlocked)
    for _round in range(10):
        answers = race(chain.info, [partial(open_payment, held.id, by=su, now=NOW)] * 6)
        if any(type(one).__name__ == "IntegrityError" for one in answers):
            break
        with chain_scope(chain.info):
            HoldPayment.objects.all().delete()
    else:
        pytest.fail("the race was never lost")
    _only(chain)


@pytest.mark.parametrize("rival", ["desk", "cancel"])
def test_told_six_times_while_somebody_else_settles_it_the_money_is_where_it_belongs(
    chain: Chain, provider: FakePayments, rival: str
) -> None:
    held, su = _held(chain), chain.actors["su"]
    with chain_scope(chain.info):
        payment = open_payment(held.id, by=su, now=NOW)
    answer = provider.answer(str(payment.id))
    acts: list[Any] = [partial(receive_payment, payment.id, answer=answer, now=NOW)] * 5
    if rival == "desk":
        acts.append(partial(take_deposit, held.id, by=chain.actors["clerk"], now=NOW))
    else:
        acts.append(partial(cancel_booking, held.id, by=su, now=NOW))
    faults = [one for one in race(chain.info, acts) if isinstance(one, Exception)]
    assert {getattr(one, "code", repr(one)) for one in faults} <= {"deposit_settled", "too_busy"}
    with chain_scope(chain.info):
        receive_payment(payment.id, answer=answer, now=NOW)
    _work_off()
    with chain_scope(chain.info):
        assert check_bookings() == []
        booking = Booking.objects.get(id=held.id)
        kept = Counter(one.means for one in HoldPayment.objects.filter(state="captured", returned=0))
    back = {str(payment.id): 5000}
    if rival == "cancel":
        assert (booking.status, kept, provider.refunded) == ("cancelled", {}, back)
    else:
        assert (booking.status, sum(kept.values())) == ("confirmed", 1)
        assert (provider.captured, provider.refunded) == (({}, back) if kept["desk"] else (back, {}))
