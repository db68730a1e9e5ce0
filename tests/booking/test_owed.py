"""Money that waits to go back: listed until it is back, handed over once, asked of the provider again and never twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chains.hosts import forget_hosts
from chains.models import Chain as ChainRow
from chains.models import ChainState
from chains.outgoing import sent_messages
from chains.scope import chain_scope, platform_scope
from tenants.booking.domain.book import Guest, book
from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.deposit_words import say_deposit_stands
from tenants.booking.domain.deposits import deposit_of
from tenants.booking.domain.desk_payments import (
    NothingToReturn,
    SumChanged,
    note_given_back,
    take_deposit,
)
from tenants.booking.domain.fake_payments import FakePayments
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.owed import (
    LATE,
    GivenBackAlready,
    GoesBackAtDesk,
    GoesBackOnline,
    Owed,
    WentBack,
    ask_provider_again,
    give_back_at_desk,
    list_owed,
    read_tries,
    sum_owed,
)
from tenants.booking.domain.payment_port import Authorisation, register_payments
from tenants.booking.domain.payments import open_payment, receive_payment
from tenants.booking.domain.penalties import waive_penalty
from tenants.booking.domain.policies import write_policy
from tenants.booking.domain.refunds import settle_ended
from tenants.booking.models import Booking, Claim, HoldPayment, PaymentRefund, Penalty
from tenants.events.domain.subscribers import Happened
from tenants.events.models import Delivery, Event
from tenants.people.domain.rights import Forbidden, NotSeen
from tests.booking.conftest import MONDAY_TEN
from tests.booking.queue import work_off
from tests.ground.cast import NOW, Cast, Chain

DEPOSIT = {"deposit_kind": "fixed", "deposit_value": 10_000, "currency": "CNY"}
FEE = {"late_kind": "fixed", "late_value": 3_000}
LATE_MONDAY = MONDAY_TEN - timedelta(minutes=30)


class Stubborn(FakePayments):
    """A provider that refuses to give anything back until it is told to."""

    refuses = True

    def refund(self, key: str, *, reference: str, amount: int) -> None:
        if self.refuses:
            self.calls["refused"] += 1
            raise ConnectionError("not now")
        super().refund(key, reference=reference, amount=amount)


@pytest.fixture(autouse=True)
def provider() -> Iterator[Stubborn]:
    fake = Stubborn(slow=True)
    register_payments(fake)
    yield fake
    register_payments(FakePayments(slow=True))


@dataclass
class Till:
    """Bookings of alpha whose deposit of ¥100 was paid."""

    chain: Chain

    def books(
        self, starts_at: datetime = MONDAY_TEN, *, store: str = "north", member: str = "Lin"
    ) -> Booking:
        """Booked at the desk, the deposit paid there."""
        with self.opened():
            actors = self.chain.actors
            made = book(
                self.chain.services["facial"].id,
                store_id=self.chain.stores[store].id,
                starts_at=starts_at,
                by=actors["owner"],
                member=Guest(member, "13800000055"),
                now=NOW,
            )
            take_deposit(made.id, by=actors["owner"], now=NOW)
        return made

    def pays_online(self) -> tuple[Booking, HoldPayment]:
        """Su books and pays online."""
        with self.opened():
            su = self.chain.actors["su"]
            held = book(
                self.chain.services["facial"].id,
                store_id=self.chain.stores["north"].id,
                starts_at=MONDAY_TEN,
                by=su,
                now=NOW,
            )
            payment = open_payment(held.id, by=su, now=NOW)
            receive_payment(payment.id, answer=Authorisation(f"fake-{payment.id}", True), now=NOW)
        work_off(NOW)
        return held, payment

    def cancels(self, booking: Booking, *, who: str = "owner", now: datetime = NOW, **more: Any) -> None:
        with self.opened():
            cancel_booking(booking.id, by=self.chain.actors[who], now=now, **more)
        work_off(now)

    def does(
        self, act: Callable[..., Any], key: UUID, *, who: str = "clerk", now: datetime = NOW, **more: Any
    ) -> Any:
        with self.opened():
            return act(key, by=self.chain.actors[who], now=now, **more)

    def owed(self, *, now: datetime = NOW, store: str = "north", who: str = "clerk") -> list[PaymentRefund]:
        with self.opened():
            return list(list_owed(self.chain.stores[store].id, by=self.chain.actors[who], now=now))

    def sums(self, *, now: datetime = NOW) -> dict[str, list[Owed]]:
        with self.opened():
            found = sum_owed([one.id for one in self.chain.stores.values()], now=now)
        return {name: found[one.id] for name, one in self.chain.stores.items() if one.id in found}

    def words(self, booking: Booking) -> str:
        with self.opened():
            assert check_bookings() == []
            return say_deposit_stands(deposit_of(Booking.objects.get(id=booking.id)), ended=True)

    def opened(self) -> Any:
        return chain_scope(self.chain.info)


@pytest.fixture()
def till(cast: Cast) -> Till:
    with chain_scope(cast.alpha.info):
        write_policy({**DEPOSIT, **FEE}, by=cast.alpha.actors["owner"], now=NOW)
    return Till(cast.alpha)


def test_what_waits_at_the_desk_is_listed_the_longest_first_until_it_is_handed_over(till: Till) -> None:
    later, first = till.books(MONDAY_TEN + timedelta(hours=2)), till.books()
    assert till.owed() == []
    till.cancels(first)
    till.cancels(later, now=NOW + timedelta(minutes=1))
    waiting = till.owed()
    assert [one.payment.booking_id for one in waiting] == [first.id, later.id]
    assert till.sums() == {"north": [Owed(2, 20_000, "CNY")]}
    assert till.words(first) == "¥100 of your deposit is waiting for you at the desk."
    given = till.does(give_back_at_desk, waiting[0].id, who="cashier", now=NOW + timedelta(minutes=2))
    cashier = till.chain.employees["cashier"].id
    assert (given.done_at, given.done_by_id) == (NOW + timedelta(minutes=2), cashier)
    assert [one.payment.booking_id for one in till.owed()] == [later.id]
    assert till.words(first) == "You have had your deposit of ¥100 back in full."
    with till.opened():
        assert HoldPayment.objects.get(booking_id=first.id).state == "refunded"


def test_handed_over_again_whoever_asks_is_told_who_did_and_when(till: Till) -> None:
    booking = till.books()
    till.cancels(booking)
    (waiting,) = till.owed()
    till.does(give_back_at_desk, waiting.id, who="cashier")
    for who in ("clerk", "cashier"):
        with pytest.raises(GivenBackAlready) as refused:
            till.does(give_back_at_desk, waiting.id, who=who, now=NOW + timedelta(hours=1))
        assert refused.value.sentence() == "Cashier gave back ¥100 (Sat 21 Nov, 12:00)."
    with pytest.raises(NothingToReturn):
        till.does(note_given_back, booking.id)
    with till.opened():
        assert PaymentRefund.objects.get().done_at == NOW


def test_another_store_neither_sees_nor_gives_back_what_this_one_owes(till: Till) -> None:
    till.cancels(till.books())
    (waiting,) = till.owed()
    assert (till.owed(store="south", who="owner"), till.sums().keys()) == ([], {"north"})
    with till.opened():
        south = till.chain.stores["south"].id
    for act in (give_back_at_desk, ask_provider_again):
        with pytest.raises(Forbidden):
            till.does(act, waiting.id, who="practitioner")
        with pytest.raises(Forbidden):
            till.does(act, waiting.id, who="su")
    with pytest.raises(NotSeen), till.opened():
        list_owed(south, by=till.chain.actors["clerk"], now=NOW)
    assert len(till.owed()) == 1


def test_a_part_and_a_fee_let_off_later_are_two_sums_and_a_stale_count_gives_nothing(till: Till) -> None:
    booking = till.books()
    till.cancels(booking, who="clerk", now=LATE_MONDAY, penalise_late=True)
    assert (
        till.words(booking) == "¥30 of your deposit is kept for the fee; ¥70 is waiting for you at the desk."
    )
    with till.opened():
        fee = Penalty.objects.get(booking_id=booking.id)
        waive_penalty(fee.id, reason="ill", by=till.chain.actors["store_manager"], now=LATE_MONDAY)
    work_off(LATE_MONDAY)
    assert [(one.amount, one.cause) for one in till.owed()] == [(7_000, "ended"), (3_000, "waived")]
    with pytest.raises(SumChanged) as refused:  # the panel still says ¥70
        till.does(note_given_back, booking.id, amount=7_000)
    assert refused.value.extra == {"amount": 10_000, "currency": "CNY"}
    assert len(till.owed()) == 2
    till.does(note_given_back, booking.id, amount=10_000)
    assert (till.owed(), till.words(booking)) == ([], "You have had your deposit of ¥100 back in full.")


def test_what_was_kept_for_the_fee_is_said_after_the_rest_was_fetched(till: Till) -> None:
    booking = till.books()
    till.cancels(booking, who="clerk", now=LATE_MONDAY, penalise_late=True)
    till.does(give_back_at_desk, till.owed()[0].id)
    assert till.words(booking) == "¥30 of your deposit is kept for the fee; you have had ¥70 back."


def test_what_is_owed_does_not_expire_with_the_plans_history(till: Till) -> None:
    booking = till.books()
    till.cancels(booking)
    with platform_scope():
        ChainRow.objects.filter(id=till.chain.info.id).update(entitlements={"retention_months": 1})
    forget_hosts()
    with till.opened():
        Claim.objects.filter(booking_id=booking.id).update(active=False)
        long_ago = NOW - timedelta(days=400)
        Booking.objects.filter(id=booking.id).update(
            starts_at=long_ago, ends_at=long_ago + timedelta(hours=1)
        )
    (waiting,) = till.owed()
    till.does(give_back_at_desk, waiting.id)
    assert till.owed() == []


@pytest.mark.parametrize("state", [ChainState.PAST_DUE, ChainState.READ_ONLY])
def test_a_shop_that_has_not_paid_its_own_bill_still_gives_back_what_it_owes(
    till: Till, state: ChainState
) -> None:
    at_list, at_panel = till.books(), till.books(MONDAY_TEN + timedelta(hours=2))
    till.cancels(at_list)
    till.cancels(at_panel)
    with platform_scope():
        ChainRow.objects.filter(id=till.chain.info.id).update(state=state)
    forget_hosts()
    till.does(give_back_at_desk, till.owed()[0].id)
    till.does(note_given_back, at_panel.id, amount=10_000)
    assert till.owed() == []


def test_currencies_are_never_added_to_each_other(till: Till) -> None:
    till.cancels(till.books())
    other = till.books(MONDAY_TEN + timedelta(hours=2))
    till.cancels(other)
    with till.opened():
        HoldPayment.objects.filter(booking_id=other.id).update(currency="JPY")
    assert till.sums() == {"north": [Owed(1, 10_000, "CNY"), Owed(1, 10_000, "JPY")]}


def test_an_online_refund_is_listed_only_once_the_provider_takes_too_long(
    till: Till, provider: Stubborn
) -> None:
    booking, payment = till.pays_online()
    till.cancels(booking)
    soon, late = NOW + LATE - timedelta(seconds=1), NOW + LATE
    assert (till.owed(now=soon), till.sums(now=soon)) == ([], {})
    (waiting,) = till.owed(now=late)
    with till.opened():
        (tries,) = read_tries([waiting]).values()
    assert (tries.attempts, tries.next_at > NOW) == (provider.calls["refused"], True)
    with pytest.raises(GoesBackOnline):  # handed over too, it would go back twice
        till.does(give_back_at_desk, waiting.id, now=late)
    with pytest.raises(NothingToReturn):
        till.does(note_given_back, booking.id, now=late)
    provider.refuses = False
    for _press in range(3):
        till.does(ask_provider_again, waiting.id, now=late)
    work_off(late)
    assert (till.owed(now=late), provider.refunded) == ([], {str(payment.id): 10_000})
    with pytest.raises(WentBack) as refused:
        till.does(ask_provider_again, waiting.id, now=late)
    assert refused.value.sentence() == "¥100 has gone back to whoever paid it."
    assert provider.calls["refund"] == 1


def test_a_refund_whose_delivery_was_lost_is_asked_anew_and_told_once(till: Till, provider: Stubborn) -> None:
    booking, payment = till.pays_online()
    till.cancels(booking)
    told = len(sent_messages())
    late = NOW + LATE
    with till.opened():
        Delivery.objects.all().delete()
    (waiting,) = till.owed(now=late)
    provider.refuses = False
    for _press in range(2):
        till.does(ask_provider_again, waiting.id, now=late)
    work_off(late)
    with till.opened():
        assert Event.objects.filter(kind="payment.refund_due").count() == 2
    assert (till.owed(now=late), provider.refunded) == ([], {str(payment.id): 10_000})
    assert len(sent_messages()) == told


def test_what_was_paid_at_the_desk_is_asked_of_no_provider(till: Till, provider: Stubborn) -> None:
    till.cancels(till.books())
    (waiting,) = till.owed()
    with pytest.raises(GoesBackAtDesk):
        till.does(ask_provider_again, waiting.id)
    assert dict(provider.calls) == {}


def test_a_list_of_many_is_read_by_as_many_queries_as_one(
    till: Till, django_assert_num_queries: Callable[[int], Any]
) -> None:
    def read() -> None:
        refunds = list(list_owed(till.chain.stores["north"].id, by=till.chain.actors["clerk"], now=NOW))
        for one in refunds:
            booking = one.payment.booking
            assert booking.service.name and booking.member and booking.store.time_zone
        read_tries(refunds)

    till.cancels(till.books())
    with till.opened(), django_assert_num_queries(2):
        read()
    for hour in (2, 4):
        till.cancels(till.books(MONDAY_TEN + timedelta(hours=hour)))
    with till.opened(), django_assert_num_queries(2):
        read()


def test_two_parts_that_are_the_whole_are_captured_before_the_first_goes_back(
    till: Till, provider: Stubborn
) -> None:
    provider.refuses = False
    with till.opened():
        su = till.chain.actors["su"]
        facial, north = till.chain.services["facial"].id, till.chain.stores["north"].id
        held = book(facial, store_id=north, starts_at=MONDAY_TEN, by=su, now=NOW)
        payment = open_payment(held.id, by=su, now=NOW)
        receive_payment(payment.id, answer=Authorisation(f"fake-{payment.id}", True), now=NOW)
        cancel_booking(held.id, by=su, now=LATE_MONDAY)
        _settle_at_once("booking.cancelled")
        fee = Penalty.objects.get(booking_id=held.id)
        waive_penalty(fee.id, reason="ill", by=till.chain.actors["store_manager"], now=LATE_MONDAY)
        _settle_at_once("penalty.waived")
        assert HoldPayment.objects.get().state == "refund_due"
    work_off(LATE_MONDAY)
    assert (provider.captured, provider.refunded) == ({str(payment.id): 10_000}, {str(payment.id): 10_000})
    assert (provider.calls["refund"], till.owed(now=LATE_MONDAY + LATE)) == (2, [])


def _settle_at_once(kind: str) -> None:
    """The subscriber has its turn before the provider's calls have theirs."""
    event = Event.objects.get(kind=kind)
    settle_ended(
        Happened(
            event.id, kind, event.subject_id, event.store_id, event.version, event.payload, event.at, "k"
        ),
        now=LATE_MONDAY,
    )
