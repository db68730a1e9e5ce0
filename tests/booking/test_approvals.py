"""Saying yes: leave lists the bookings it meets first; a swap moves all of them or none; each once."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from chains.scope import chain_scope
from tenants.booking.domain import approvals
from tenants.booking.domain.approvals import LeaveClashes, SwapBlocked, approve_leave, approve_swap
from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.models import Booking, Transition
from tenants.people.domain.rights import Forbidden, NotSeen
from tenants.people.domain.wishes import DecidedAlready, answer_swap, ask_leave, ask_swap
from tenants.people.models import DayShift, Leave, LeaveRequest, ShiftSwap, WeeklyShift
from tests.booking.conftest import Desk
from tests.booking.counted import EVENING, Counted
from tests.ground.cast import NOW, Cast, local
from tests.ground.races import race

MONDAY = date(2026, 11, 23)
TUESDAY = MONDAY + timedelta(days=1)


def asked_leave(cast: Cast) -> LeaveRequest:
    return ask_leave(
        by=cast.alpha.actors["practitioner"],
        starts_at=local(23, 9),
        ends_at=local(23, 21),
        reason="trip",
        now=NOW,
    )


def accepted_swap(cast: Cast, takes_on: date | None = None, *, accept: bool = True) -> ShiftSwap:
    asked = ask_swap(
        cast.alpha.stores["north"].id,
        colleague_id=cast.alpha.employees["second"].id,
        gives_on=MONDAY,
        takes_on=takes_on,
        note="",
        by=cast.alpha.actors["practitioner"],
        today=date(2026, 11, 21),
        now=NOW,
    )
    if accept:
        answer_swap(asked.id, accept=True, by=cast.alpha.actors["second"], now=NOW)
    return asked


def served_by(cast: Cast, *bookings: Booking) -> list[str]:
    names = {one.id: name for name, one in cast.alpha.employees.items()}
    return [names[Booking.objects.get(id=one.id).practitioner_id] for one in bookings]


def manager(cast: Cast) -> Any:
    return cast.alpha.actors["store_manager"]


def test_leave_with_nothing_booked_is_approved_at_once(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        done = approve_leave(asked_leave(cast).id, by=manager(cast), now=NOW)
        assert (done.state, done.decided_by_id) == ("approved", cast.alpha.employees["store_manager"].id)
        assert [(row.id, row.starts_at, row.ends_at) for row in Leave.objects.all()] == [
            (done.leave_id, local(23, 9), local(23, 21))
        ]


def test_bookings_in_the_time_are_listed_first_and_stay_when_approved_all_the_same(
    cast: Cast, desk: Desk
) -> None:
    with chain_scope(cast.alpha.info):
        clash = desk.book()
        desk.book(local(23, 10), who="chen", practitioner_id=cast.alpha.employees["second"].id)
        cancel_booking(desk.book(local(23, 15)).id, by=cast.alpha.actors["su"], now=NOW)
        request = asked_leave(cast)
        with pytest.raises(LeaveClashes) as refused:
            approve_leave(request.id, by=manager(cast), now=NOW)
        listed = refused.value.extra["bookings"]
        assert [(row["id"], row["code"], row["starts_at"]) for row in listed] == [
            (str(clash.id), clash.code, "2026-11-23T10:00:00+08:00")
        ]
        assert Leave.objects.count() == 0
        assert LeaveRequest.objects.get().state == "asked"
        approve_leave(request.id, by=manager(cast), now=NOW, despite=[clash.id])
        assert served_by(cast, clash) == ["practitioner"]
        assert Leave.objects.count() == 1


def test_a_session_in_the_time_is_listed_once_with_its_places_whoever_has_booked(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        counted = Counted(cast.alpha)
        ya = cast.alpha.employees["practitioner"].id
        session = counted.session(practitioner_id=ya)
        counted.session(EVENING + timedelta(days=1), practitioner_id=ya)
        for who in ("su", "chen"):
            counted.book(session_id=session.id, who=who)
        request = asked_leave(cast)
        with pytest.raises(LeaveClashes) as refused:
            approve_leave(request.id, by=manager(cast), now=NOW)
        assert refused.value.extra == {
            "bookings": [],
            "sessions": [
                {
                    "id": str(session.id),
                    "starts_at": "2026-11-23T18:00:00+08:00",
                    "service_name": "Flow",
                    "taken": 2,
                }
            ],
        }
        approve_leave(request.id, by=manager(cast), now=NOW, despite=[session.id])
        assert Leave.objects.count() == 1


def test_a_booking_that_came_since_the_list_was_read_is_listed_too(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        first = desk.book()
        request = asked_leave(cast)
        second = desk.book(local(23, 15), who="chen")
        with pytest.raises(LeaveClashes) as refused:
            approve_leave(request.id, by=manager(cast), now=NOW, despite=[first.id])
        assert [row["id"] for row in refused.value.extra["bookings"]] == [str(first.id), str(second.id)]


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("practitioner", Forbidden), ("clerk", Forbidden), ("south_clerk", Forbidden), ("su", Forbidden)],
)
def test_leave_is_approved_by_who_plans_the_shifts(cast: Cast, who: str, refusal: Any) -> None:
    with chain_scope(cast.alpha.info):
        with pytest.raises(refusal):
            approve_leave(asked_leave(cast).id, by=cast.alpha.actors[who], now=NOW)
        assert Leave.objects.count() == 0


def test_a_swap_moves_every_booking_and_both_shifts(cast: Cast, desk: Desk) -> None:
    people = cast.alpha.employees
    with chain_scope(cast.alpha.info):
        WeeklyShift.objects.filter(employee=people["second"], weekday=1).delete()
        WeeklyShift.objects.filter(employee=people["practitioner"], weekday=2).delete()
        given = [desk.book(local(23, 10)), desk.book(local(23, 15), who="chen")]
        taken = [desk.book(local(24, 12), practitioner_id=people["second"].id)]
        other = [desk.book(local(25, 12))]
        done = approve_swap(accepted_swap(cast, TUESDAY).id, by=manager(cast), now=NOW)
        assert done.state == "approved"
        assert served_by(cast, *given) == ["second", "second"]
        assert served_by(cast, *taken, *other) == ["practitioner", "practitioner"]
        assert [Booking.objects.get(id=one.id).starts_at for one in given] == [local(23, 10), local(23, 15)]
        assert check_bookings() == []
        moved = Transition.objects.filter(booking=given[0]).order_by("id").last()
        assert moved is not None
        assert moved.detail["from"]["practitioner"] == str(people["practitioner"].id)
        assert moved.by_employee_id == people["store_manager"].id


def test_one_booking_that_cannot_go_over_leaves_everything_as_it_was(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        mine = [desk.book(local(23, 10)), desk.book(local(23, 15))]
        desk.book(local(23, 15), who="chen", practitioner_id=cast.alpha.employees["second"].id)
        asked = accepted_swap(cast)
        with pytest.raises(SwapBlocked) as refused:
            approve_swap(asked.id, by=manager(cast), now=NOW)
        assert (refused.value.extra["booking"], refused.value.extra["because"]) == (
            str(mine[1].id),
            "slot_taken",
        )
        assert served_by(cast, *mine) == ["practitioner", "practitioner"]
        assert DayShift.objects.count() == 0
        assert ShiftSwap.objects.get().state == "accepted"


def test_a_service_the_colleague_does_not_do_blocks_the_swap(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        desk.book()
        cast.alpha.employees["second"].skills.clear()
        with pytest.raises(SwapBlocked) as refused:
            approve_swap(accepted_swap(cast).id, by=manager(cast), now=NOW)
        assert refused.value.extra["because"] == "wrong_skill"


def test_a_swap_is_approved_once_accepted_and_by_who_may_move_bookings(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        asked = accepted_swap(cast, accept=False)
        with pytest.raises(DecidedAlready):
            approve_swap(asked.id, by=manager(cast), now=NOW)
        answer_swap(asked.id, accept=True, by=cast.alpha.actors["second"], now=NOW)
        for who in ("practitioner", "second", "clerk", "south_clerk", "su"):
            with pytest.raises((Forbidden, NotSeen)):
                approve_swap(asked.id, by=cast.alpha.actors[who], now=NOW)
        assert approve_swap(asked.id, by=manager(cast), now=NOW).state == "approved"


@pytest.mark.race
def test_of_two_who_approve_a_leave_at_once_one_does(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        request = asked_leave(cast)
    acts = [
        partial(approve_leave, request.id, by=cast.alpha.actors[who], now=NOW)
        for who in ("store_manager", "owner")
    ]
    answers = race(cast.alpha.info, acts)
    assert [type(one) for one in answers if isinstance(one, Exception)] == [DecidedAlready]
    with chain_scope(cast.alpha.info):
        assert Leave.objects.count() == 1


@pytest.mark.race
def test_of_two_who_approve_a_swap_at_once_one_does(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        mine = [desk.book(local(23, hour)) for hour in (10, 13, 16)]
        asked = accepted_swap(cast)
    acts = [
        partial(approve_swap, asked.id, by=cast.alpha.actors[who], now=NOW)
        for who in ("store_manager", "owner")
    ]
    answers = race(cast.alpha.info, acts)
    assert [type(one) for one in answers if isinstance(one, Exception)] == [DecidedAlready]
    with chain_scope(cast.alpha.info):
        assert served_by(cast, *mine) == ["second"] * 3
        assert [Booking.objects.get(id=one.id).version for one in mine] == [2, 2, 2]
        assert check_bookings() == []


@pytest.mark.race
@pytest.mark.mutant
def test_mutant_without_its_lock_a_leave_is_approved_twice(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from threading import Barrier

    with chain_scope(cast.alpha.info):
        request = asked_leave(cast)
    both_read = Barrier(2)

    def unlocked(request_id: Any, among: Any = None) -> LeaveRequest:
        row = LeaveRequest.objects.select_related("employee").get(id=request_id)
        both_read.wait(30)
        return row

    monkeypatch.setattr(approvals, "lock_leave_request", unlocked)
    acts = [
        partial(approve_leave, request.id, by=cast.alpha.actors[who], now=NOW)
        for who in ("store_manager", "owner")
    ]
    race(cast.alpha.info, acts)
    with chain_scope(cast.alpha.info):
        assert Leave.objects.count() == 2
