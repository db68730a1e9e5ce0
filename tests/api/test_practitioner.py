"""The practitioner's day, running late, leave requests, swaps and the calendar feed over the API."""

from __future__ import annotations

import pytest

from chains.scope import chain_scope
from tenants.booking.domain.book import book
from tenants.booking.models import Booking
from tests.api.conftest import Program, employee_program, member_program
from tests.ground.cast import NOW, local


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    """It is Saturday noon in Shanghai."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture()
def booking(cast) -> Booking:
    """Su at Ya's, Monday 10:00."""
    with chain_scope(cast.alpha.info):
        return book(
            cast.alpha.services["facial"].id,
            store_id=cast.alpha.stores["north"].id,
            starts_at=local(23, 10),
            by=cast.alpha.actors["su"],
            practitioner_id=cast.alpha.employees["practitioner"].id,
            note="window seat",
            now=NOW,
        )


@pytest.fixture()
def ya(cast) -> Program:
    return employee_program(cast.alpha, "practitioner")


@pytest.fixture()
def manager(cast) -> Program:
    return employee_program(cast.alpha, "store_manager")


LEAVE = {"starts_at": "2026-11-23T09:00:00+08:00", "ends_at": "2026-11-23T21:00:00+08:00", "reason": "trip"}


def test_the_own_day_with_what_to_know_and_the_week(ya, booking):
    body = ya.get("practitioner/day?date=2026-11-23").json()
    assert (body["date"], body["time_zone"], body["next"]) == ("2026-11-23", "Asia/Shanghai", str(booking.id))
    visit = body["visits"][0]
    assert (visit["booking"]["id"], visit["booking"]["note"]) == (str(booking.id), "window seat")
    assert (visit["prepare_at"], visit["visits_before"], visit["last_visit_at"], visit["late_minutes"]) == (
        "2026-11-23T09:50:00+08:00",
        0,
        None,
        0,
    )
    assert body["shifts"] == [
        {"starts_at": "2026-11-23T09:00:00+08:00", "ends_at": "2026-11-23T21:00:00+08:00"}
    ]
    assert [day["visits"] for day in body["week"]] == [1, 0, 0, 0, 0, 0, 0]
    assert ya.get("practitioner/day").json()["date"] == "2026-11-21"
    assert ya.get("practitioner/day?date=soon").status_code == 400


def test_running_late_answers_whom_it_reaches(ya, booking):
    answer = ya.post(f"bookings/{booking.id}/running-late", {"minutes": 15})
    assert answer.json() == {"delays": [{"booking": str(booking.id), "minutes": 15}]}
    assert ya.get("practitioner/day?date=2026-11-23").json()["visits"][0]["late_minutes"] == 15
    for wrong in ({"minutes": -1}, {"minutes": 241}, {"minutes": "soon"}, {}):
        assert ya.post(f"bookings/{booking.id}/running-late", wrong).status_code == 400


def test_leave_is_asked_for_listed_and_approved_after_its_bookings_are_read(ya, manager, booking):
    asked = ya.post("leave-requests", LEAVE)
    assert (asked.status_code, asked.json()["state"], asked.json()["employee_name"]) == (201, "asked", "Ya")
    assert ya.post("leave-requests", LEAVE).json()["code"] == "asked_already"
    assert [row["id"] for row in manager.get("leave-requests").json()["results"]] == [asked.json()["id"]]
    path = f"leave-requests/{asked.json()['id']}/approve"
    refused = manager.post(path, {})
    assert (refused.status_code, refused.json()["code"]) == (409, "leave_clashes")
    assert [row["id"] for row in refused.json()["bookings"]] == [str(booking.id)]
    approved = manager.post(path, {"despite": [str(booking.id)]}).json()
    assert (approved["state"], approved["decided_by_name"]) == ("approved", "Manager")
    assert manager.post(path, {}).json()["code"] == "decided_already"


def test_leave_is_declined_with_a_word_and_withdrawn_by_the_asker(ya, manager):
    first = ya.post("leave-requests", LEAVE).json()["id"]
    declined = manager.post(f"leave-requests/{first}/decline", {"answer": "full house"}).json()
    assert (declined["state"], declined["answer"]) == ("declined", "full house")
    second = ya.post("leave-requests", LEAVE).json()["id"]
    assert ya.post(f"leave-requests/{second}/withdraw", {}).json()["state"] == "withdrawn"


def test_a_swap_is_asked_accepted_and_approved_and_the_booking_moves(cast, ya, manager, booking):
    lin = employee_program(cast.alpha, "second")
    asked = ya.post(
        "swaps",
        {
            "store": str(cast.alpha.stores["north"].id),
            "colleague": str(cast.alpha.employees["second"].id),
            "gives_on": "2026-11-23",
        },
    )
    assert (asked.status_code, asked.json()["colleague_name"], asked.json()["takes_on"]) == (201, "Lin", None)
    path = f"swaps/{asked.json()['id']}"
    assert manager.post(f"{path}/approve", {}).json()["code"] == "decided_already"
    assert lin.post(f"{path}/accept", {}).json()["state"] == "accepted"
    assert manager.post(f"{path}/approve", {}).json()["state"] == "approved"
    assert manager.get(f"bookings/{booking.id}").json()["practitioner_name"] == "Lin"
    assert [row["state"] for row in lin.get("swaps").json()["results"]] == ["approved"]


def test_a_swap_is_refused_by_the_colleague(cast, ya):
    lin = employee_program(cast.alpha, "second")
    asked = ya.post(
        "swaps",
        {
            "store": str(cast.alpha.stores["north"].id),
            "colleague": str(cast.alpha.employees["second"].id),
            "gives_on": "2026-11-24",
        },
    ).json()
    assert lin.post(f"swaps/{asked['id']}/refuse", {"answer": "no"}).json()["answer"] == "no"
    assert ya.post(f"swaps/{asked['id']}/withdraw", {}).json()["code"] == "decided_already"


@pytest.mark.parametrize("who", ["practitioner", "su"])
def test_a_calendar_address_is_told_once_and_ends_with_the_next(cast, who):
    program = (member_program if who == "su" else employee_program)(cast.alpha, who)
    assert program.get("calendar-feed").json() == {"active": False, "made_at": None}
    made = program.post("calendar-feed", {}, key="once")
    assert made.status_code == 201
    path = made.json()["url"].removeprefix("http://alpha.tessera.test")
    assert program.client.get(path).status_code == 200
    assert program.get("calendar-feed").json()["active"] is True
    # a secret is never kept to be repeated: the same key makes another
    again = program.post("calendar-feed", {}, key="once").json()["url"]
    assert again != made.json()["url"]
    assert program.client.get(path).status_code == 404
    assert program.call("DELETE", "calendar-feed").status_code == 204
    assert program.client.get(again.removeprefix("http://alpha.tessera.test")).status_code == 404
