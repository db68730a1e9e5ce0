"""The practitioner's pages by request: their day, what they say and ask, and who decides."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from chains.scope import chain_scope
from tenants.booking.domain.late import read_delays
from tenants.booking.models import Booking
from tenants.people.models import Leave, LeaveRequest, ShiftSwap
from tests.ground.cast import NOW, Cast, local
from tests.web.workbench import _noon, make_booking, sign_in, status_of, text_of

__all__ = ["_noon", "sign_in"]  # fixtures

DAY = "/workbench/mine/"
WISHES = "/workbench/mine/requests/"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["My day", "Next visit", "Prepare from 14:50", "window seat", "First visit"]),
        ("zh-Hans", ["我的一天", "下一位", "14:50 开始准备", "window seat", "第一次到店"]),
    ],
)
def test_the_day_says_who_is_next_and_what_to_know(cast: Cast, sign_in, language, words) -> None:
    make_booking(cast, at=local(21, 15), note="window seat")
    make_booking(cast, at=local(21, 15), who="second", member="chen")
    page = sign_in("practitioner").get(DAY, headers={"accept-language": language})
    text = text_of(page)
    assert [word for word in words if word not in text] == []
    assert "Chen Ke" not in text


def test_another_day_of_the_week_is_a_tap_away(cast: Cast, sign_in) -> None:
    make_booking(cast, at=local(23, 10))
    client = sign_in("practitioner")
    assert "Nobody is booked with you on this day." in text_of(client.get(DAY))
    assert "苏晴" in text_of(client.get(f"{DAY}?on=2026-11-23"))
    assert client.get(f"{DAY}?on=nonsense").status_code == 200


def test_a_visit_is_completed(cast: Cast, sign_in) -> None:
    booking = make_booking(cast, at=local(21, 12))
    with chain_scope(cast.alpha.info):
        Booking.objects.filter(id=booking.id).update(status="arrived")
    done = sign_in("practitioner").post(f"{DAY}visits/{booking.id}/complete/", follow=True)
    assert "Completed" in text_of(done)
    assert status_of(cast, booking) == "completed"


def test_what_cannot_be_completed_says_so_and_stays(cast: Cast, sign_in) -> None:
    booking = make_booking(cast, at=local(21, 15))
    answer = sign_in("practitioner").post(f"{DAY}visits/{booking.id}/complete/", follow=True)
    assert "The booking is confirmed." in text_of(answer)
    assert status_of(cast, booking) == "confirmed"


def test_running_late_is_said_and_shown_here_and_at_the_workbench(cast: Cast, sign_in) -> None:
    booking = make_booking(cast, at=local(21, 15))
    client = sign_in("practitioner")
    said = client.post(f"{DAY}visits/{booking.id}/late/", {"minutes": "20"}, follow=True)
    assert "1 member is told" in text_of(said)
    assert "20 min late, told" in text_of(said)
    desk = sign_in("clerk").get(f"/workbench/{cast.alpha.stores['north'].id}/?view=list")
    assert "20 min late, told" in text_of(desk)
    again = client.post(f"{DAY}visits/{booking.id}/late/", {"minutes": "20"}, follow=True)
    assert "Nobody needs to be told" in text_of(again)


@pytest.mark.parametrize("minutes", ["", "x", "7", "-5", "9999", "２０"])
def test_minutes_that_are_none_tell_nobody(cast: Cast, sign_in, minutes) -> None:
    booking = make_booking(cast, at=local(21, 15))
    answer = sign_in("practitioner").post(
        f"{DAY}visits/{booking.id}/late/", {"minutes": minutes}, follow=True
    )
    assert "Choose how many minutes." in text_of(answer)
    with chain_scope(cast.alpha.info):
        assert read_delays([booking.id]) == {}


def test_who_cannot_be_booked_has_no_day_but_sees_what_is_asked(cast: Cast, sign_in) -> None:
    assert sign_in("clerk").get(DAY).status_code == 403
    page = sign_in("store_manager").get(WISHES)
    assert page.status_code == 200
    assert "Ask for leave" not in text_of(page)


@pytest.mark.parametrize(
    ("form", "starts", "ends"),
    [
        ({"first": "2026-11-24"}, local(24, 0), local(25, 0)),
        ({"first": "2026-11-24", "last": "2026-11-26"}, local(24, 0), local(27, 0)),
        ({"first": "2026-11-24", "begins": "14:00", "ends": "16:30"}, local(24, 14), local(24, 16, 30)),
        ({"first": "2026-11-24", "begins": "18:00"}, local(24, 18), local(25, 0)),
    ],
)
def test_leave_is_asked_for_by_days_or_hours(cast: Cast, sign_in, form, starts, ends) -> None:
    answer = sign_in("practitioner").post(f"{WISHES}leave/", {**form, "reason": "trip"})
    assert answer.status_code == 302
    with chain_scope(cast.alpha.info):
        assert [(row.starts_at, row.ends_at, row.reason) for row in LeaveRequest.objects.all()] == [
            (starts, ends, "trip")
        ]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 400),
        ({"first": "yesterday"}, 400),
        ({"first": "2026-11-24", "begins": "25:00"}, 400),
        ({"first": "2026-11-24", "last": "2026-11-23"}, 422),
        ({"first": "2026-11-01"}, 422),
    ],
)
def test_a_leave_that_makes_no_sense_is_told_on_the_page(cast: Cast, sign_in, form, status) -> None:
    answer = sign_in("practitioner").post(f"{WISHES}leave/", form)
    assert (answer.status_code, b'role="alert"' in answer.content) == (status, True)
    with chain_scope(cast.alpha.info):
        assert LeaveRequest.objects.count() == 0


def test_the_manager_sees_the_bookings_before_approving_leave(cast: Cast, sign_in) -> None:
    booking = make_booking(cast, at=local(23, 10))
    sign_in("practitioner").post(f"{WISHES}leave/", {"first": "2026-11-23"})
    manager = sign_in("store_manager")
    with chain_scope(cast.alpha.info):
        wish = LeaveRequest.objects.get().id
    listed = manager.post(f"{WISHES}leave/{wish}/approve/")
    assert listed.status_code == 409
    assert "Mon 23 Nov, 10:00 · Deep hydration · 苏晴" in text_of(listed)
    assert f'name="despite" value="{booking.id}"' in listed.content.decode()
    assert manager.post(f"{WISHES}leave/{wish}/approve/", {"despite": str(booking.id)}).status_code == 302
    with chain_scope(cast.alpha.info):
        assert (LeaveRequest.objects.get().state, Leave.objects.count()) == ("approved", 1)


def test_a_swap_goes_from_asker_to_colleague_to_manager(cast: Cast, sign_in) -> None:
    booking = make_booking(cast, at=local(23, 10))
    asked = sign_in("practitioner").post(
        f"{WISHES}swap/",
        {"colleague": cast.alpha.employees["second"].id, "gives_on": "2026-11-23", "note": "please"},
    )
    assert asked.status_code == 302
    with chain_scope(cast.alpha.info):
        wish = ShiftSwap.objects.get().id
    colleague, manager = sign_in("second"), sign_in("store_manager")
    assert "Take over" in text_of(colleague.get(WISHES))
    assert manager.post(f"{WISHES}swap/{wish}/approve/").status_code == 409
    assert colleague.post(f"{WISHES}swap/{wish}/accept/").status_code == 302
    assert manager.post(f"{WISHES}swap/{wish}/approve/").status_code == 302
    with chain_scope(cast.alpha.info):
        assert Booking.objects.get(id=booking.id).practitioner_id == cast.alpha.employees["second"].id


def test_a_swap_that_cannot_be_says_which_booking_and_why(cast: Cast, sign_in) -> None:
    make_booking(cast, at=local(23, 10))
    make_booking(cast, at=local(23, 10), who="second", member="chen")
    sign_in("practitioner").post(
        f"{WISHES}swap/", {"colleague": cast.alpha.employees["second"].id, "gives_on": "2026-11-23"}
    )
    with chain_scope(cast.alpha.info):
        wish = ShiftSwap.objects.get().id
    sign_in("second").post(f"{WISHES}swap/{wish}/accept/")
    answer = sign_in("store_manager").post(f"{WISHES}swap/{wish}/approve/")
    assert answer.status_code == 409
    assert "Mon 23 Nov, 10:00, Deep hydration:" in text_of(answer)


def test_an_act_nobody_knows_is_not_found(cast: Cast, sign_in) -> None:
    client = sign_in("practitioner")
    wish = cast.alpha.stores["north"].id
    for path in (f"leave/{wish}/cheer/", f"swap/{wish}/cheer/", f"leave/{wish}/withdraw/"):
        assert client.post(WISHES + path).status_code == 404


def test_nobody_signed_in_is_sent_to_the_door(cast: Cast, client) -> None:
    answer = client.get(DAY, headers={"host": "alpha.tessera.test"})
    assert (answer.status_code, answer["Location"]) == (302, f"/staff/login/?next={DAY}")


def test_the_days_pages_cost_the_same_for_one_visit_and_for_many(cast: Cast, sign_in) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = sign_in("practitioner")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(DAY).status_code == 200
        return len(queries)

    make_booking(cast, at=local(21, 15))
    cost()
    few = cost()
    for hours in (2, 4):
        make_booking(cast, at=local(21, 15) + timedelta(hours=hours), member="chen", now=NOW)
    assert cost() == few


@pytest.mark.parametrize(
    ("language", "words"), [("en", ("Late", "Confirmed")), ("zh-Hans", ("迟到", "已确认"))]
)
def test_the_next_visit_is_late_as_the_workbench_says_it(
    cast: Cast, sign_in, monkeypatch, language, words
) -> None:
    make_booking(cast, at=local(21, 15))
    client = sign_in("practitioner")

    def badge() -> str:
        text = client.get(DAY, headers={"accept-language": language}).content.decode()
        (found,) = re.findall(r'class="badge[^"]*".*?<span>([^<]+)</span>', text, re.S)
        return found

    before = badge()
    monkeypatch.setattr("django.utils.timezone.now", lambda: local(21, 15, 5))
    assert (badge(), before) == words
