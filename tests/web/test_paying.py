"""A deposit on the member's pages and at the desk: held, paid, declined, run out, taken, let off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.test.utils import override_settings

from chains.due import lease_due, run_due
from chains.scope import chain_scope
from tenants.booking.domain.book import Guest, book
from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.policies import write_policy
from tenants.booking.models import Booking, HoldPayment
from tests.bars.rights_world import session_of
from tests.ground.cast import NOW, Cast
from tests.web.storefront import browser, held_id, sent_code, take, text_of, tomorrow


class Shop:
    """North, where the facial of ¥398 needs a deposit of ¥50."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.chain = cast, cast.alpha
        with chain_scope(self.chain.info):
            policy = {"deposit_kind": "fixed", "deposit_value": 5000, "currency": "CNY"}
            write_policy(policy, by=self.chain.actors["owner"], now=NOW)

    def member(self, language: str = "en") -> Client:
        client = browser(language)
        client.cookies.load(session_of(self.chain, user=None, member=self.chain.members["su"].id))
        return client

    def employee(self, who: str) -> Client:
        client = browser()
        client.cookies.load(session_of(self.chain, user=self.chain.employees[who].user, member=None))
        return client

    def only(self) -> tuple[Booking, list[HoldPayment]]:
        with chain_scope(self.chain.info):
            assert check_bookings() == []
            booking = Booking.objects.get()
            return booking, list(booking.payments.order_by("asked_at", "id"))


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture()
def shop(cast: Cast) -> Shop:
    return Shop(cast)


def test_a_member_pays_the_deposit_and_has_the_ticket(shop: Shop) -> None:
    su = shop.member()
    taken = take(su, shop.cast, tomorrow(15), who="practitioner")
    booking, payments = shop.only()
    assert (taken["Location"], booking.status, payments) == (f"/my/{booking.id}/pay/", "held", [])
    page = text_of(su.get(taken["Location"]))
    assert "Deposit now ¥50" in page and "Later, at the shop ¥348" in page
    for _press in range(2):
        gone = su.post(taken["Location"])
    booking, (payment,) = shop.only()
    assert gone["Location"] == f"/dev/pay/{payment.id}/"
    assert "Amount ¥50" in text_of(su.get(gone["Location"]))
    for _press in range(2):
        back = su.post(gone["Location"], {"answer": "pay"})
    assert back["Location"] == taken["Location"]
    assert su.get(back["Location"])["Location"] == f"/my/{booking.id}/?new=1"
    ticket = text_of(su.get(f"/my/{booking.id}/"))
    assert "Deposit of ¥50 paid" in ticket and "¥348 at the shop" in ticket
    booking, (payment,) = shop.only()
    assert (booking.status, payment.state, payment.amount) == ("confirmed", "booked", 5000)


@pytest.mark.parametrize(
    ("language", "words"), [("en", "declined, and nothing was taken"), ("zh-Hans", "付款被拒，没有扣款")]
)
def test_a_declined_payment_says_so_and_the_time_is_still_held(shop: Shop, language: str, words: str) -> None:
    su = shop.member(language)
    page = take(su, shop.cast, tomorrow(15))["Location"]
    su.post(su.post(page)["Location"], {"answer": "decline"})
    booking, (payment,) = shop.only()
    assert (booking.status, payment.state, words in text_of(su.get(page))) == ("held", "declined", True)
    again = su.post(page)["Location"]
    su.post(again, {"answer": "pay"})
    assert shop.only()[0].status == "confirmed"


def test_a_hold_that_ran_out_says_so_and_asks_no_more_money(
    shop: Shop, clock: time_machine.Coordinates
) -> None:
    su = shop.member()
    page = take(su, shop.cast, tomorrow(15))["Location"]
    clock.shift(timedelta(minutes=11))
    assert "is no longer yours" in text_of(su.get(page))
    assert (su.post(page).status_code, shop.only()[1]) == (409, [])


def test_the_page_of_a_booking_that_was_paid_and_cancelled_leads_to_its_ticket(shop: Shop) -> None:
    su = shop.member()
    page = take(su, shop.cast, tomorrow(15))["Location"]
    su.post(su.post(page)["Location"], {"answer": "pay"})
    booking = shop.only()[0]
    su.post(f"/my/{booking.id}/cancel/")
    assert shop.only()[0].status == "cancelled"
    assert su.get(page)["Location"] == f"/my/{booking.id}/"


def test_a_visitor_proves_a_phone_and_goes_on_to_pay(shop: Shop) -> None:
    guest = browser()
    held = held_id(take(guest, shop.cast, tomorrow(15)))
    page = guest.get(f"/confirm/{held}/")
    assert "To the deposit · ¥50" in text_of(page)
    guest.post(f"/confirm/{held}/", {"phone": "13800000077", "send": "1"})
    form = {"phone": "13800000077", "code": sent_code()}
    assert guest.post(f"/confirm/{held}/", form)["Location"] == f"/my/{held}/pay/"
    assert shop.only()[0].status == "held"


def test_the_desk_takes_the_deposit_or_lets_it_off_with_a_reason(shop: Shop) -> None:
    take(shop.member(), shop.cast, tomorrow(15), who="practitioner")
    booking, _payments = shop.only()
    desk = f"/workbench/{booking.store_id}/bookings/{booking.id}/"
    clerk = shop.employee("clerk")
    panel = text_of(clerk.get(desk))
    assert "Deposit ¥50.00, unpaid" in panel and "Waive the deposit" not in panel
    assert "Confirm booking" not in panel
    assert shop.employee("store_manager").post(f"{desk}deposit/waive/", {"reason": ""}).status_code == 422
    clerk.post(f"{desk}take-deposit/")
    booking, (payment,) = shop.only()
    assert (booking.status, payment.means, payment.state) == ("confirmed", "desk", "captured")
    assert "Deposit ¥50.00, paid at the desk" in text_of(clerk.get(desk))
    with chain_scope(shop.chain.info):
        cancel_booking(booking.id, by=shop.chain.actors["store_manager"], now=NOW)
    for batch in lease_due(now=NOW):
        run_due(batch, now=NOW)
    assert "¥50.00 to give back" in text_of(clerk.get(desk))
    clerk.post(f"{desk}give-back/")
    assert "to give back" not in text_of(clerk.get(desk))


def test_what_is_unpaid_of_today_needs_attention_until_it_is_taken(shop: Shop) -> None:
    with chain_scope(shop.chain.info):
        made = book(
            shop.chain.services["facial"].id,
            store_id=shop.chain.stores["north"].id,
            starts_at=NOW + timedelta(hours=2),
            by=shop.chain.actors["clerk"],
            member=Guest("Lin"),
            now=NOW,
        )
    clerk = shop.employee("clerk")
    day = f"/workbench/{made.store_id}/"
    assert "Lin: Deposit of ¥50 unpaid" in text_of(clerk.get(day))
    clerk.post(f"{day}bookings/{made.id}/take-deposit/")
    assert "unpaid" not in text_of(clerk.get(day))


def test_nobody_meets_the_pretending_provider_where_another_takes_the_money(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tenants.booking.domain import payment_port

    su = shop.member()
    page = su.post(take(su, shop.cast, tomorrow(15))["Location"])["Location"]
    monkeypatch.setattr(payment_port, "_provider", [object()])
    with override_settings(DEBUG=False):
        assert su.post(page, {"answer": "pay"}).status_code == 404
    assert shop.only()[0].status == "held"
