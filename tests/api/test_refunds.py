"""`refunds` by API: what a store owes, handed over once, and asked of the provider again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from chains.hosts import forget_hosts
from chains.models import Chain as ChainRow
from chains.scope import chain_scope, platform_scope
from tenants.booking.domain.book import Guest, book
from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.desk_payments import take_deposit
from tenants.booking.domain.policies import write_policy
from tenants.booking.models import Booking, HoldPayment, PaymentRefund
from tests.api.conftest import employee_program
from tests.booking.queue import work_off
from tests.ground.cast import NOW, Cast, local

MONEY = {"amount": 5000, "currency": "CNY"}


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture()
def owing(cast: Cast) -> list[Booking]:
    """Two bookings of ¥50 that were paid at North's desk and cancelled, in this order."""
    alpha, made = cast.alpha, []
    with chain_scope(alpha.info):
        policy = {"deposit_kind": "fixed", "deposit_value": 5000, "currency": "CNY"}
        write_policy(policy, by=alpha.actors["owner"], now=NOW)
        for hour in (10, 14):
            one = book(
                alpha.services["facial"].id,
                store_id=alpha.stores["north"].id,
                starts_at=local(23, hour),
                by=alpha.actors["owner"],
                member=Guest(f"Lin {hour}"),
                now=NOW,
            )
            take_deposit(one.id, by=alpha.actors["owner"], now=NOW)
            made.append(one)
    for one in made:
        with chain_scope(alpha.info):
            cancel_booking(one.id, by=alpha.actors["owner"], now=NOW)
        work_off(NOW)
    return made


def test_a_program_lists_page_by_page_and_hands_over_once(cast: Cast, owing: list[Booking]) -> None:
    clerk, cashier = (employee_program(cast.alpha, name) for name in ("clerk", "cashier"))
    path = f"stores/{cast.alpha.stores['north'].id}/refunds"
    page = clerk.get(f"{path}?limit=1").json()
    (first,) = page["results"]
    assert {name: first[name] for name in first if name != "id"} == {
        "amount": MONEY,
        "cause": "ended",
        "asked_at": "2026-11-21T12:00:00+08:00",
        "done_at": None,
        "booking": str(owing[0].id),
        "code": owing[0].code,
        "service_name": "Deep hydration",
        "starts_at": "2026-11-23T10:00:00+08:00",
        "member": str(owing[0].member_id),
        "member_name": "Lin 10",
        "payer_name": None,
        "means": "desk",
        "tries": None,
    }
    (second,) = clerk.get(page["next"].partition("/api/v1/")[2]).json()["results"]
    assert (second["member_name"], len(clerk.get(path).json()["results"])) == ("Lin 14", 2)
    given = cashier.post(f"refunds/{first['id']}/given-back", {})
    assert (given.status_code, given.json()["done_at"]) == (200, "2026-11-21T12:00:00+08:00")
    told = clerk.post(f"refunds/{first['id']}/given-back", {})
    assert (told.status_code, told.json()["code"]) == (409, "given_back_already")
    assert [one["id"] for one in clerk.get(path).json()["results"]] == [second["id"]]


def test_a_repeat_with_the_same_key_has_the_same_answer(cast: Cast, owing: list[Booking]) -> None:
    clerk = employee_program(cast.alpha, "clerk")
    (first, _second) = clerk.get(f"stores/{cast.alpha.stores['north'].id}/refunds").json()["results"]
    answers = [clerk.post(f"refunds/{first['id']}/given-back", {}, key="once") for _try in range(3)]
    assert {(one.status_code, one.content) for one in answers} == {(200, answers[0].content)}


def test_another_sum_than_the_one_counted_out_notes_nothing(cast: Cast, owing: list[Booking]) -> None:
    clerk = employee_program(cast.alpha, "clerk")
    path = f"bookings/{owing[0].id}/payments"
    told = clerk.post(f"{path}/given-back", {"amount": 4900})
    assert (told.status_code, told.json()["code"], told.json()["amount"]) == (409, "sum_changed", 5000)
    assert clerk.get(path).json()["deposit"]["waiting"] == MONEY
    done = clerk.post(f"{path}/given-back", {"amount": 5000})
    assert (done.status_code, done.json()["deposit"]["waiting"]["amount"]) == (200, 0)


def test_before_the_plans_history_it_is_listed_and_given_back(cast: Cast, owing: list[Booking]) -> None:
    with platform_scope():
        ChainRow.objects.filter(id=cast.alpha.info.id).update(entitlements={"retention_months": 1})
    forget_hosts()
    with chain_scope(cast.alpha.info):
        long_ago = NOW - timedelta(days=400)
        Booking.objects.filter(id=owing[0].id).update(
            starts_at=long_ago, ends_at=long_ago + timedelta(hours=1)
        )
    clerk = employee_program(cast.alpha, "clerk")
    assert clerk.get(f"bookings/{owing[0].id}/payments").json()["code"] == "beyond_history"
    path = f"stores/{cast.alpha.stores['north'].id}/refunds"
    assert len(clerk.get(path).json()["results"]) == 2
    done = clerk.post(f"bookings/{owing[0].id}/payments/given-back", {})
    assert (done.status_code, len(clerk.get(path).json()["results"])) == (200, 1)


def test_what_was_paid_online_is_asked_again_and_not_handed_over(cast: Cast, owing: list[Booking]) -> None:
    with chain_scope(cast.alpha.info):
        payment = HoldPayment.objects.create(
            booking=owing[0], state="refund_due", amount=5000, returned=5000, currency="CNY", asked_at=NOW
        )
        refund = PaymentRefund.objects.create(
            payment=payment, amount=5000, cause="no_place", asked_at=NOW - timedelta(hours=1)
        )
    clerk = employee_program(cast.alpha, "clerk")
    assert clerk.post(f"refunds/{refund.id}/given-back", {}).json()["code"] == "goes_back_online"
    again = clerk.post(f"refunds/{refund.id}/retry", {})
    assert (again.status_code, again.json()["means"], again.json()["tries"]["count"]) == (200, "online", 0)
