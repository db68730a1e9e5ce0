"""Sessions, pickup windows, products and what is booked of them, as programs see them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from chains.scope import chain_scope
from tenants.booking.models import Session
from tests.api.conftest import Program, employee_program, member_program
from tests.booking.counted import Counted
from tests.ground.cast import NOW, Cast

MONDAY = "from=2026-11-23&to=2026-11-24"


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


class Shop:
    """North with a session service, pickups and a product; programs of who calls."""

    def __init__(self, cast: Cast) -> None:
        alpha = cast.alpha
        with chain_scope(alpha.info):
            self.counted = Counted(alpha)
            self.serum = str(self.counted.product().id)
        self.north = str(alpha.stores["north"].id)
        self.flow, self.pickup = str(self.counted.flow.id), str(self.counted.pickup.id)
        self.owner, self.clerk = employee_program(alpha, "owner"), employee_program(alpha, "clerk")
        self.su, self.chen = member_program(alpha, "su"), member_program(alpha, "chen")
        self.nobody = Program(alpha.info)
        self.ya = str(alpha.employees["practitioner"].id)
        self.info = alpha.info

    def plan(self, **other: Any) -> Any:
        body = {
            "store": self.north,
            "service": self.flow,
            "starts_at": "2026-11-23T18:00:00+08:00",
            "capacity": 2,
            **other,
        }
        return self.owner.post("sessions", body)

    def session(self, **other: Any) -> str:
        return str(self.plan(**other).json()["results"][0]["id"])

    def windows(self) -> list[dict[str, Any]]:
        rows = [{"weekday": 1, "from": "10:00", "to": "12:00", "minutes": 60, "cap": 1}]
        body = {"service": self.pickup, "rows": rows}
        assert self.owner.put(f"stores/{self.north}/pickup-plan", body).json() == {"windows": 4}
        found: list[dict[str, Any]] = self.nobody.get(f"pickup-windows?store={self.north}&{MONDAY}").json()[
            "results"
        ]
        return found

    def book(self, who: Program | None = None, **wish: Any) -> Any:
        return (who or self.su).post("bookings", {"store": self.north, **wish})


@pytest.fixture()
def shop(cast: Cast) -> Shop:
    return Shop(cast)


def test_session_is_planned_and_read_by_anyone(shop: Shop) -> None:
    made = shop.plan(practitioner=shop.ya, minimum=1, weeks=2)
    assert (made.status_code, len(made.json()["results"])) == (201, 2)
    read = shop.nobody.get(f"sessions?store={shop.north}&{MONDAY}").json()
    assert read == {"results": [made.json()["results"][0]], "next": None}
    one = read["results"][0]
    assert one == {
        "id": one["id"],
        "store": shop.north,
        "store_name": "North",
        "service": shop.flow,
        "service_name": "Flow",
        "practitioner": shop.ya,
        "practitioner_name": "Ya",
        "resource": None,
        "resource_name": None,
        "starts_at": "2026-11-23T18:00:00+08:00",
        "ends_at": "2026-11-23T19:00:00+08:00",
        "capacity": 2,
        "taken": 0,
        "left": 2,
        "minimum": 1,
        "state": "scheduled",
        "reason": "",
        "price": {"amount": 8000, "currency": "CNY"},
        "version": 1,
    }
    assert shop.nobody.get(f"sessions/{one['id']}").json() == one


def test_member_books_a_seat_and_sees_the_session_on_the_booking(shop: Shop) -> None:
    session = shop.session()
    made = shop.book(session=session, party_size=2)
    said = made.json()
    assert (made.status_code, said["session"], said["pickup_window"], said["items"], said["pass"]) == (
        201,
        session,
        None,
        [],
        None,
    )
    assert (said["service"], said["starts_at"], said["party_size"], said["price"]) == (
        shop.flow,
        "2026-11-23T18:00:00+08:00",
        2,
        {"amount": 16000, "currency": "CNY"},
    )
    full = shop.book(shop.chen, session=session, service=shop.flow)
    assert (full.status_code, full.json()["code"], full.json()["alternatives"]) == (409, "session_full", [])
    again = shop.book(session=session)
    assert again.json()["code"] == "session_full"
    left = shop.nobody.get(f"sessions?store={shop.north}").json()["results"][0]
    assert (left["taken"], left["left"]) == (2, 0)


def test_a_members_second_seat_is_their_overlap(shop: Shop) -> None:
    session = shop.session()
    shop.book(session=session)
    answer = shop.book(session=session)
    assert (answer.status_code, answer.json()["code"]) == (409, "member_overlap")


def test_a_moved_session_takes_its_bookings_along_and_says_what_stands_against_it(shop: Shop) -> None:
    session = shop.session()
    booking = shop.book(session=session).json()["id"]
    done = shop.owner.post(f"sessions/{session}/move", {"starts_at": "2026-11-23T20:00:00+08:00"})
    assert (done.status_code, done.json()["starts_at"], done.json()["version"]) == (
        200,
        "2026-11-23T20:00:00+08:00",
        2,
    )
    assert shop.su.get(f"bookings/{booking}").json()["starts_at"] == "2026-11-23T20:00:00+08:00"
    late = shop.owner.post(
        f"sessions/{session}/move", {"starts_at": "2026-11-23T10:00:00+08:00", "version": 1}
    )
    assert (late.status_code, late.json()["code"]) == (409, "stale_version")
    wrong = shop.owner.post(f"sessions/{session}/move", {"starts_at": "2026-11-01T10:00:00+08:00"})
    assert [one["field"] for one in wrong.json()["errors"]] == ["starts_at"]
    assert shop.su.post(f"sessions/{session}/move", {}).status_code == 403


@pytest.mark.parametrize("how", ["plan", "move"])
def test_outside_the_hours_a_session_stands_for_a_reason_of_whoever_may(shop: Shop, how: str) -> None:
    late = "2026-11-23T20:30:00+08:00"
    if how == "plan":
        path, status = "sessions", 201
        body = {
            "store": shop.north,
            "service": shop.flow,
            "starts_at": late,
            "capacity": 3,
            "practitioner": shop.ya,
        }
    else:
        path, status = f"sessions/{shop.session(practitioner=shop.ya)}/move", 200
        body = {"starts_at": late}
    for outside in ({}, {"outside": None}):
        refused = shop.owner.post(path, body | outside)
        said = refused.json()
        assert (refused.status_code, said["code"], said["starts_at"]) == (422, "outside_hours", [late])
        assert said["reasons"] == ["outside_hours", "no_shift"]
    blank = shop.owner.post(path, {**body, "outside": " "})
    assert (blank.status_code, blank.json()["code"]) == (422, "outside_unexplained")
    assert shop.su.post(path, {**body, "outside": "I like it"}).status_code == 403
    assert shop.owner.post(path, {**body, "outside": "Moon yoga"}).status_code == status


def test_move_of_a_session_leaves_alone_what_it_does_not_name(shop: Shop) -> None:
    session = shop.session(practitioner=shop.ya)
    shop.owner.post(f"sessions/{session}/move", {"starts_at": "2026-11-23T20:00:00+08:00"})
    second = shop.owner.post(f"sessions/{session}/move", {"practitioner": None})
    said = second.json()
    assert (second.status_code, said["starts_at"], said["practitioner"], said["version"]) == (
        200,
        "2026-11-23T20:00:00+08:00",
        None,
        3,
    )


def test_session_called_off_cancels_and_refuses(shop: Shop) -> None:
    session = shop.session()
    booking = shop.book(session=session).json()["id"]
    done = shop.owner.post(f"sessions/{session}/call-off", {"reason": "too few"})
    assert (done.status_code, done.json()["state"], done.json()["reason"]) == (200, "called_off", "too few")
    assert shop.su.get(f"bookings/{booking}").json()["status"] == "cancelled"
    refused = shop.book(session=session)
    assert (refused.status_code, refused.json()["code"]) == (409, "session_called_off")
    changed = shop.owner.patch(f"sessions/{session}", {"capacity": 9})
    assert (changed.status_code, changed.json()["code"]) == (409, "session_called_off")


def test_capacity_changes_on_the_version_that_was_read(shop: Shop) -> None:
    session = shop.session()
    done = shop.owner.patch(f"sessions/{session}", {"capacity": 9, "version": 1})
    assert (done.status_code, done.json()["capacity"], done.json()["version"]) == (200, 9, 2)
    stale = shop.owner.patch(f"sessions/{session}", {"capacity": 8, "version": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")


def test_pickup_takes_window_and_items_together(shop: Shop) -> None:
    first, second = shop.windows()
    made = shop.book(pickup_window=first["id"], items=[{"product": shop.serum, "quantity": 2}])
    said = made.json()
    assert (made.status_code, said["pickup_window"], said["price"]["amount"]) == (201, first["id"], 25600)
    assert said["items"] == [
        {
            "product": shop.serum,
            "product_name": "Serum",
            "quantity": 2,
            "price": {"amount": 12800, "currency": "CNY"},
        }
    ]
    full = shop.book(shop.chen, pickup_window=first["id"], items=[{"product": shop.serum, "quantity": 1}])
    assert (full.status_code, full.json()["code"]) == (409, "window_full")
    assert next(one["pickup_window"] for one in full.json()["alternatives"]) == second["id"]
    short = shop.book(shop.chen, pickup_window=second["id"], items=[{"product": shop.serum, "quantity": 4}])
    assert (short.status_code, short.json()["code"]) == (409, "out_of_stock")
    assert short.json()["claim"]["left"] == 3
    products = shop.nobody.get(f"products?store={shop.north}").json()["results"]
    assert [(one["id"], one["left"]) for one in products] == [(shop.serum, 3)]


def test_windows_say_how_many_orders_they_still_take(shop: Shop) -> None:
    first, _second = shop.windows()
    assert {name: first[name] for name in ("starts_at", "ends_at", "capacity", "taken", "left", "state")} == {
        "starts_at": "2026-11-23T10:00:00+08:00",
        "ends_at": "2026-11-23T11:00:00+08:00",
        "capacity": 1,
        "taken": 0,
        "left": 1,
        "state": "scheduled",
    }


def test_one_of_session_window_and_time_is_named(shop: Shop) -> None:
    session, window = shop.session(), shop.windows()[0]["id"]
    both = shop.book(session=session, pickup_window=window)
    timed = shop.book(session=session, starts_at="2026-11-23T18:00:00+08:00")
    none = shop.book()
    for answer, fields in (
        (both, ["pickup_window"]),
        (timed, ["starts_at"]),
        (none, ["service", "starts_at"]),
    ):
        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == fields


def test_employee_names_for_whom_a_seat_is(shop: Shop) -> None:
    session = shop.session()
    nobody = shop.book(shop.clerk, session=session)
    guest = shop.book(shop.clerk, session=session, member={"name": "Walk", "phone": "13800000077"})
    assert (nobody.status_code, guest.status_code, guest.json()["member_name"]) == (400, 201, "Walk")


def test_products_are_made_priced_and_stocked_by_who_may(shop: Shop) -> None:
    price = {"amount": 5000, "currency": "CNY"}
    made = shop.owner.post("products", {"name": "Cream", "price": price})
    product = made.json()["id"]
    assert (made.status_code, shop.clerk.post("products", {"name": "X", "price": price}).status_code) == (
        201,
        403,
    )
    changed = shop.owner.patch(f"products/{product}", {"price": {"amount": 6000, "currency": "CNY"}})
    assert changed.json()["price"]["amount"] == 6000
    stocked = shop.clerk.post(f"products/{product}/stock", {"store": shop.north, "counted": 4})
    assert stocked.json() == {
        "product": product,
        "store": shop.north,
        "there": 4,
        "reserved": 0,
        "left": 4,
    }
    less = shop.clerk.post(
        f"products/{product}/stock", {"store": shop.north, "units": -1, "reason": "damaged"}
    )
    assert less.json()["there"] == 3
    both = shop.clerk.post(f"products/{product}/stock", {"store": shop.north, "units": 1, "counted": 3})
    assert both.status_code == 400


@pytest.mark.parametrize("path", ["sessions?store={store}", "bookings"])
def test_lists_cost_the_same_for_one_row_as_for_three(
    shop: Shop, path: str, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for day in (23, 24, 25):
        session = shop.session(starts_at=f"2026-11-{day}T18:00:00+08:00")
        shop.book(session=session, items=[{"product": shop.serum, "quantity": 1}])
        with CaptureQueriesContext(connection) as asked:
            assert len(shop.su.get(path.format(store=shop.north)).json()["results"]) == day - 22
        counts.append(len(asked))
    assert counts[0] == counts[2]


def test_nothing_of_another_store_or_chain_is_booked_by_its_id(shop: Shop, cast: Cast) -> None:
    session = shop.session()
    south = str(cast.alpha.stores["south"].id)
    answer = shop.su.post("bookings", {"store": south, "session": session})
    foreign = member_program(cast.beta, "su").post(
        "bookings", {"store": str(cast.beta.stores["only"].id), "session": session}
    )
    assert (answer.status_code, foreign.status_code) == (404, 404)
    with chain_scope(shop.info):
        assert Session.objects.get(id=session).pool.taken == 0
