"""`payments` of a booking by API: a deposit paid, taken at the desk, let off, given back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import time_machine

from chains.scope import chain_scope
from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.payment_port import Authorisation
from tenants.booking.domain.payments import receive_payment
from tenants.booking.domain.policies import write_policy
from tests.api.conftest import employee_program, member_program
from tests.booking.queue import fill_day, scope, work_off
from tests.ground.cast import NOW, Cast

MONEY = {"amount": 5000, "currency": "CNY"}
NONE = {"amount": 0, "currency": "CNY"}


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture()
def asks(cast: Cast) -> Cast:
    """Every booking of alpha needs a deposit of ¥50."""
    with chain_scope(cast.alpha.info):
        policy = {"deposit_kind": "fixed", "deposit_value": 5000, "currency": "CNY"}
        write_policy(policy, by=cast.alpha.actors["owner"], now=NOW)
    return cast


def _book(cast: Cast, program: Any, **more: Any) -> dict[str, Any]:
    answer = program.post(
        "bookings",
        {
            "store": str(cast.alpha.stores["north"].id),
            "service": str(cast.alpha.services["facial"].id),
            "starts_at": "2026-11-23T10:00:00+08:00",
            **more,
        },
    )
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def _answer(cast: Cast, payment: str, *, approved: bool = True) -> None:
    with chain_scope(cast.alpha.info):
        receive_payment(UUID(payment), answer=Authorisation(f"fake-{payment}", approved), now=NOW)
    work_off(NOW)
    with chain_scope(cast.alpha.info):
        assert check_bookings() == []


def test_a_program_books_pays_and_has_its_deposit_back(asks: Cast) -> None:
    su = member_program(asks.alpha, "su")
    held = _book(asks, su)
    assert (held["status"], held["expires_at"], held["terms"]["deposit"]) == (
        "held",
        "2026-11-21T12:10:00+08:00",
        MONEY,
    )
    path = f"bookings/{held['id']}"
    early = su.post(f"{path}/confirm", {})
    assert (early.status_code, early.json()["code"], early.json()["amount"]) == (422, "deposit_due", 5000)
    paying, again = (su.post(f"{path}/payments", {}).json() for _press in range(2))
    assert (paying["state"], paying["amount"], paying) == ("asked", MONEY, again)
    assert paying["pay_url"] == f"http://alpha.tessera.test/dev/pay/{paying['id']}/"
    _answer(asks, paying["id"])
    assert su.get(path).json()["status"] == "confirmed"
    assert su.post(f"{path}/cancel", {}).status_code == 200
    work_off(NOW)
    told = su.get(f"{path}/payments").json()
    assert told["deposit"] == {
        "state": "returned",
        "amount": MONEY,
        "paid": MONEY,
        "returned": MONEY,
        "waiting": NONE,
    }
    (payment,) = told["results"]
    (refund,) = payment["refunds"]
    assert (payment["state"], payment["pay_url"]) == ("refunded", None)
    assert (refund["amount"], refund["cause"], refund["done_at"]) == (
        MONEY,
        "ended",
        "2026-11-21T12:00:00+08:00",
    )


def test_the_desk_takes_lets_off_and_gives_back(asks: Cast) -> None:
    clerk, manager = (employee_program(asks.alpha, name) for name in ("clerk", "store_manager"))
    made = _book(asks, clerk, member={"name": "Lin", "phone": "13800000055"})
    path = f"bookings/{made['id']}"
    assert (made["status"], clerk.get(f"{path}/payments").json()["deposit"]["state"]) == ("confirmed", "due")
    assert clerk.post(f"{path}/payments", {}).status_code == 403
    taken = clerk.post(f"{path}/payments", {"means": "desk"})
    assert (taken.status_code, taken.json()["state"], taken.json()["means"]) == (201, "captured", "desk")
    twice = clerk.post(f"{path}/payments", {"means": "desk"})
    assert (twice.status_code, twice.json()["code"]) == (409, "deposit_settled")
    assert manager.post(f"{path}/deposit/waive", {"reason": "x"}).json()["code"] == "deposit_settled"
    assert clerk.post(f"{path}/payments/given-back", {}).json()["code"] == "nothing_to_return"
    manager.post(f"{path}/cancel", {"reason": "closed"})
    work_off(NOW)
    back = clerk.post(f"{path}/payments/given-back", {})
    assert (back.status_code, back.json()["deposit"]["returned"]) == (200, MONEY)
    other = _book(asks, member_program(asks.alpha, "su"))
    waived = manager.post(f"bookings/{other['id']}/deposit/waive", {"reason": "a regular"})
    assert (waived.status_code, waived.json()["status"]) == (200, "confirmed")
    state = manager.get(f"bookings/{other['id']}/payments").json()
    assert state["deposit"] == {
        "state": "waived",
        "amount": MONEY,
        "paid": NONE,
        "returned": NONE,
        "waiting": NONE,
    }


def test_an_offer_of_the_waiting_list_is_paid_before_it_is_taken(asks: Cast) -> None:
    su = member_program(asks.alpha, "su")
    with scope(asks.alpha):
        made = fill_day(asks.alpha)
    wish = su.post(
        "waiting",
        {
            "store": str(asks.alpha.stores["north"].id),
            "services": [str(asks.alpha.services["facial"].id)],
            "windows": [["2026-11-23T09:00:00+08:00", "2026-11-23T21:00:00+08:00"]],
            "auto_accept": True,
        },
    ).json()
    with scope(asks.alpha):
        cancel_booking(made[2], by=asks.alpha.actors["store_manager"], now=NOW)
    work_off(NOW)
    for _press in range(2):
        accepted = su.post(f"waiting/{wish['id']}/accept", {}).json()
    assert (accepted["status"], su.get(f"bookings/{accepted['booking']}").json()["status"]) == (
        "offered",
        "held",
    )
    payment = su.post(f"bookings/{accepted['booking']}/payments", {}).json()
    _answer(asks, payment["id"])
    assert su.get(f"bookings/{accepted['booking']}").json()["status"] == "confirmed"
    assert su.get(f"waiting/{wish['id']}").json()["status"] == "booked"
