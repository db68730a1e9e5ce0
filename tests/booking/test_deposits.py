"""A deposit is paid before a booking stands; what is not owed of it goes back, once, and never more than was paid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from chains import outgoing
from chains.due import lease_due, run_due
from chains.outgoing import sent_messages
from chains.refusals import Refusal
from chains.scope import chain_scope
from tenants.booking.domain.book import Guest
from tenants.booking.domain.change import cancel_booking, confirm_booking, mark_no_show
from tenants.booking.domain.checks import find_findings
from tenants.booking.domain.codes import show_code
from tenants.booking.domain.deposits import (
    MOST_UNPAID,
    Deposit,
    DepositDue,
    DepositsWaiting,
    deposit_of,
)
from tenants.booking.domain.desk_payments import (
    DepositSettled,
    NothingToReturn,
    note_given_back,
    take_deposit,
    waive_deposit,
)
from tenants.booking.domain.fake_payments import FakePayments
from tenants.booking.domain.holds import expire_holds
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.payment_port import Authorisation, PaymentsClosed, _provider, register_payments
from tenants.booking.domain.payments import open_payment, receive_payment
from tenants.booking.domain.penalties import ReasonMissing, waive_penalty
from tenants.booking.domain.policies import write_policy
from tenants.booking.domain.visitor_holds import confirm_visitor_hold, hold_for_visitor, terms_for_member
from tenants.booking.models import Booking, HoldPayment, Penalty
from tenants.members.models import Member
from tenants.people.domain.rights import Forbidden
from tests.booking.conftest import MONDAY_TEN, Desk
from tests.ground.cast import NOW, Cast, local

DEPOSIT = {"deposit_kind": "fixed", "deposit_value": 10_000, "currency": "CNY"}
ENDED = NOW + timedelta(minutes=10)
LATE_MONDAY = MONDAY_TEN - timedelta(minutes=30)


@pytest.fixture(autouse=True)
def _empty_outbox() -> None:
    outgoing._valkey().flushdb()


@pytest.fixture()
def provider() -> Iterator[FakePayments]:
    fake = FakePayments(slow=True)
    register_payments(fake)
    yield fake
    register_payments(FakePayments(slow=True))


class Till:
    """Su's bookings at North that need a deposit of ¥100, and all that happens to the money."""

    def __init__(self, cast: Cast, desk: Desk, provider: FakePayments) -> None:
        self.chain, self.desk, self.provider = cast.alpha, desk, provider

    def asks(self, **fields: Any) -> None:
        """A policy for everybody."""
        with chain_scope(self.chain.info):
            write_policy({**DEPOSIT, **fields}, by=self.chain.actors["owner"], now=NOW)

    def held(self) -> Booking:
        with chain_scope(self.chain.info):
            return self.desk.book()

    def pays(self, booking: Booking, *, now: datetime = NOW, approved: bool = True) -> HoldPayment:
        """The member opens the page, and its answer comes at `now`."""
        with chain_scope(self.chain.info):
            payment = open_payment(booking.id, by=self.chain.actors["su"], now=NOW)
            receive_payment(payment.id, answer=Authorisation("fake-" + str(payment.id), approved), now=now)
        self.deliver(now)
        return payment

    def does(self, act: Any, booking: Booking, *, who: str = "su", now: datetime, **more: Any) -> Any:
        with chain_scope(self.chain.info):
            done = act(booking.id, by=self.chain.actors[who], now=now, **more)
        self.deliver(now)
        return done

    def deliver(self, now: datetime) -> None:
        for _round in range(5):
            for batch in lease_due(now=now):
                run_due(batch, now=now)

    def stands(self, booking: Booking) -> tuple[str, str, int, int]:
        """Status of the booking; state, paid and returned of its deposit."""
        with chain_scope(self.chain.info):
            assert check_bookings() == []
            fresh = Booking.objects.get(id=booking.id)
            deposit = deposit_of(fresh)
            return str(fresh.status), deposit.state, deposit.paid, deposit.returned

    def moved(self) -> tuple[list[int], list[int]]:
        """What the provider took, and gave back."""
        return list(self.provider.captured.values()), list(self.provider.refunded.values())


@pytest.fixture()
def till(cast: Cast, desk: Desk, provider: FakePayments) -> Till:
    return Till(cast, desk, provider)


def test_members_booking_is_a_hold_until_its_deposit_is_paid(till: Till) -> None:
    till.asks()
    held = till.held()
    assert (till.stands(held), held.expires_at) == (("held", "due", 0, 0), ENDED)
    with pytest.raises(DepositDue):
        till.does(confirm_booking, held, now=NOW)
    till.pays(held)
    assert till.stands(held) == ("confirmed", "paid", 10_000, 0)
    assert till.moved() == ([10_000], [])


def test_member_keeps_three_unpaid_places_and_no_more(till: Till) -> None:
    till.asks()
    with chain_scope(till.chain.info):
        kept = [till.desk.book(MONDAY_TEN + timedelta(days=day)) for day in range(MOST_UNPAID)]
        with pytest.raises(DepositsWaiting) as refused:
            till.desk.book(MONDAY_TEN + timedelta(days=MOST_UNPAID))
    assert refused.value.extra == {"count": MOST_UNPAID}
    till.pays(kept[0])
    with chain_scope(till.chain.info):
        assert till.desk.book(MONDAY_TEN + timedelta(days=MOST_UNPAID)).status == "held"


def test_without_a_deposit_nothing_is_held(till: Till) -> None:
    assert till.stands(till.held()) == ("confirmed", "none", 0, 0)


def test_deposit_is_never_more_than_the_price(till: Till) -> None:
    till.asks(deposit_value=90_000)
    held = till.held()
    till.pays(held)
    assert till.stands(held) == ("confirmed", "paid", held.price_amount, 0)


def test_declined_payment_leaves_the_hold_and_another_may_be_tried(till: Till) -> None:
    till.asks()
    held = till.held()
    till.pays(held, approved=False)
    assert till.stands(held) == ("held", "declined", 0, 0)
    till.pays(held)
    assert till.stands(held) == ("confirmed", "paid", 10_000, 0)
    assert till.moved() == ([10_000], [])


def test_approval_after_a_decline_and_another_payment_goes_back(till: Till) -> None:
    till.asks()
    held = till.held()
    first = till.pays(held, approved=False)
    till.pays(held)
    with chain_scope(till.chain.info):
        receive_payment(first.id, answer=Authorisation(f"fake-{first.id}", True), now=NOW)
    till.deliver(NOW)
    assert till.stands(held) == ("confirmed", "paid", 10_000, 0)
    assert till.moved() == ([10_000], [10_000])


def test_pressed_twice_it_is_one_payment(till: Till) -> None:
    till.asks()
    held = till.held()
    su = till.chain.actors["su"]
    with chain_scope(till.chain.info):
        assert open_payment(held.id, by=su, now=NOW).id == open_payment(held.id, by=su, now=NOW).id


def test_abandoned_hold_frees_its_place_with_nobody_looking(till: Till) -> None:
    till.asks()
    held = till.held()
    till.deliver(ENDED + timedelta(seconds=1))
    assert till.stands(held)[0] == "expired"
    again = till.does(lambda _key, by, now: till.desk.book(who="chen"), held, who="chen", now=NOW)
    assert again.starts_at == held.starts_at


@pytest.mark.parametrize(
    ("taken", "stands", "back"),
    [
        (False, ("confirmed", "paid", 10_000, 0), []),
        (True, ("expired", "returned", 10_000, 10_000), [10_000]),
    ],
)
def test_payment_after_the_hold_books_a_free_place_or_goes_back_and_is_told(
    till: Till, taken: bool, stands: Any, back: list[int]
) -> None:
    till.asks()
    held = till.held()
    with chain_scope(till.chain.info):
        Member.objects.filter(id=held.member_id).update(locale="en")
        payment = open_payment(held.id, by=till.chain.actors["su"], now=NOW)
        expire_holds(now=ENDED)
        if taken:
            till.desk.book(who="clerk", member=Guest("Rival"))
    with chain_scope(till.chain.info):
        for _time in range(2):
            receive_payment(payment.id, answer=Authorisation(f"fake-{payment.id}", True), now=ENDED)
    till.deliver(ENDED)
    assert (till.stands(held), till.moved()[1]) == (stands, back)
    about = f"payment for {show_code(held.code)}"
    told = [one["text"] for one in sent_messages() if about in one["text"]]
    assert [text.partition("gone. ")[2] for text in told] == ["¥100 goes back in full."] * len(back)


LATE = {"late_kind": "fixed", "late_value": 3_000, "no_show_kind": "fixed", "no_show_value": 25_000}


@pytest.mark.parametrize(
    ("act", "who", "now", "state", "returned"),
    [
        (cancel_booking, "su", NOW, "returned", 10_000),
        (cancel_booking, "su", LATE_MONDAY, "partly_returned", 7_000),
        (cancel_booking, "store_manager", LATE_MONDAY, "returned", 10_000),
        (mark_no_show, "clerk", MONDAY_TEN + timedelta(minutes=30), "paid", 0),
    ],
)
def test_what_the_end_leaves_unowed_goes_back_and_never_more_than_was_paid_is_kept(
    till: Till, act: Any, who: str, now: datetime, state: str, returned: int
) -> None:
    till.asks(**LATE)
    held = till.held()
    till.pays(held)
    till.does(act, held, who=who, now=now)
    till.deliver(now)
    assert till.stands(held)[1:] == (state, 10_000, returned)
    assert sum(till.moved()[1]) == returned


def test_waived_fee_gives_back_what_was_kept(till: Till) -> None:
    till.asks(**LATE)
    held = till.held()
    till.pays(held)
    till.does(cancel_booking, held, now=LATE_MONDAY)
    with chain_scope(till.chain.info):
        fee = Penalty.objects.get(booking_id=held.id)
        waive_penalty(fee.id, reason="ill", by=till.chain.actors["store_manager"], now=LATE_MONDAY)
    for _time in range(2):
        till.deliver(LATE_MONDAY)
    assert till.stands(held)[1:] == ("returned", 10_000, 10_000)
    assert (till.provider.captured[str(_payment(till, held))], till.moved()[1]) == (10_000, [10_000])
    assert till.provider.calls["refund"] == 2


def _payment(till: Till, booking: Booking) -> Any:
    with chain_scope(till.chain.info):
        return HoldPayment.objects.get(booking_id=booking.id).id


def test_part_that_goes_back_before_it_was_captured_is_captured_first(till: Till) -> None:
    till.asks(**LATE)
    held = till.held()
    with chain_scope(till.chain.info):
        su = till.chain.actors["su"]
        payment = open_payment(held.id, by=su, now=NOW)
        receive_payment(payment.id, answer=Authorisation(f"fake-{payment.id}", True), now=NOW)
        cancel_booking(held.id, by=su, now=LATE_MONDAY)
    till.deliver(LATE_MONDAY)
    assert till.moved() == ([10_000], [7_000])


def test_desk_books_without_and_is_told_that_it_is_unpaid_until_it_is_taken(till: Till) -> None:
    till.asks()
    with chain_scope(till.chain.info):
        made = till.desk.book(who="clerk", member=Guest("Lin"))
        (finding,) = find_findings([made])[made.id]
        assert (finding.kind, str(finding.title)) == ("unpaid", "Deposit of ¥100 unpaid")
    till.does(take_deposit, made, who="cashier", now=NOW)
    assert till.stands(made) == ("confirmed", "paid", 10_000, 0)
    with chain_scope(till.chain.info):
        assert find_findings([made]) == {}
    with pytest.raises(DepositSettled):
        till.does(take_deposit, made, who="cashier", now=NOW)
    assert till.moved() == ([], [])


def test_deposit_paid_at_the_desk_is_given_back_there_once(till: Till) -> None:
    till.asks()
    held = till.held()
    till.does(take_deposit, held, who="clerk", now=NOW)
    assert till.stands(held) == ("confirmed", "paid", 10_000, 0)
    with chain_scope(till.chain.info):
        Member.objects.filter(id=held.member_id).update(locale="en")
    till.does(cancel_booking, held, now=NOW)
    assert till.stands(held)[1:] == ("returned", 10_000, 10_000)
    told = [one["text"].partition("waiting ")[2] for one in sent_messages() if "¥100 of" in one["text"]]
    assert told == ["at the desk of North."]
    (refund,) = till.does(note_given_back, held, who="cashier", now=NOW)
    assert (refund.amount, till.moved()) == (10_000, ([], []))
    with pytest.raises(NothingToReturn):
        till.does(note_given_back, held, who="cashier", now=NOW)


def test_online_payment_that_comes_after_the_desk_took_it_goes_back(till: Till) -> None:
    till.asks()
    held = till.held()
    with chain_scope(till.chain.info):
        Member.objects.filter(id=held.member_id).update(locale="en")
        payment = open_payment(held.id, by=till.chain.actors["su"], now=NOW)
    till.does(take_deposit, held, who="clerk", now=NOW)
    with chain_scope(till.chain.info):
        receive_payment(payment.id, answer=Authorisation(f"fake-{payment.id}", True), now=NOW)
    till.deliver(NOW)
    assert (till.stands(held), till.moved()) == (("confirmed", "paid", 10_000, 0), ([], [10_000]))
    assert _told_of_payment(held) == ["was not needed any more. ¥100 goes back in full."]


def test_online_payment_that_comes_after_it_was_let_off_goes_back_and_it_stays_let_off(till: Till) -> None:
    till.asks()
    held = till.held()
    with chain_scope(till.chain.info):
        Member.objects.filter(id=held.member_id).update(locale="en")
        payment = open_payment(held.id, by=till.chain.actors["su"], now=NOW)
    till.does(waive_deposit, held, who="store_manager", now=NOW, reason="a regular")
    with chain_scope(till.chain.info):
        receive_payment(payment.id, answer=Authorisation(f"fake-{payment.id}", True), now=NOW)
    till.deliver(NOW)
    assert (till.stands(held), till.moved()) == (("confirmed", "waived", 0, 0), ([], [10_000]))
    assert _told_of_payment(held) == ["was not needed any more. ¥100 goes back in full."]


def _told_of_payment(booking: Booking) -> list[str]:
    about = f"payment for {show_code(booking.code)} "
    return [one["text"].partition(about)[2] for one in sent_messages() if about in one["text"]]


def test_deposit_is_let_off_with_a_right_and_a_reason(till: Till) -> None:
    till.asks()
    held = till.held()
    with pytest.raises(Forbidden):
        till.does(waive_deposit, held, who="clerk", now=NOW, reason="a regular")
    with pytest.raises(ReasonMissing):
        till.does(waive_deposit, held, who="store_manager", now=NOW, reason=" ")
    till.does(waive_deposit, held, who="store_manager", now=NOW, reason="a regular")
    assert till.stands(held) == ("confirmed", "waived", 0, 0)


def test_visitors_hold_becomes_the_members_and_waits_for_its_deposit(till: Till) -> None:
    till.asks()
    chain = till.chain
    with chain_scope(chain.info):
        held = hold_for_visitor(
            chain.services["facial"].id,
            store_id=chain.stores["north"].id,
            starts_at=local(23, 14),
            visitor="v",
            address="a",
            now=NOW,
        )
        later = NOW + timedelta(minutes=8)
        terms = terms_for_member(held, chain.members["su"].id, now=later)
        held = confirm_visitor_hold(held.id, visitor="v", by=chain.actors["su"], now=later, agreed=terms)
        assert (held.status, held.expires_at) == ("held", later + timedelta(minutes=10))
    till.pays(held, now=later)
    assert till.stands(held) == ("confirmed", "paid", 10_000, 0)


def test_where_nothing_can_be_paid_online_the_member_is_sent_to_the_desk(till: Till) -> None:
    till.asks()
    _provider.clear()
    with pytest.raises(PaymentsClosed):
        till.held()


def test_several_at_once_ask_for_the_desk(till: Till) -> None:
    from tenants.booking.domain.groups import Item, book_group

    till.asks()
    chain = till.chain
    with chain_scope(chain.info), pytest.raises(Refusal) as refused:
        book_group(
            [Item(chain.services["facial"].id, MONDAY_TEN)],
            store_id=chain.stores["north"].id,
            by=chain.actors["su"],
            now=NOW,
        )
    assert [one["code"] for one in refused.value.extra["items"]] == ["deposit_apart"]
    with chain_scope(chain.info):
        assert not Booking.objects.exists()
        assert check_bookings() == []
        assert Deposit(5, "CNY", "paid", paid=5, returned=2).kept == 3
