"""What employees ask of the rota: asked once, answered once, by whom it is for."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from chains.scope import chain_scope
from tenants.people.domain.rights import Forbidden, NotSeen
from tenants.people.domain.shifts import LeaveBackwards
from tenants.people.domain.wishes import (
    KEPT,
    AskedAlready,
    DecidedAlready,
    InThePast,
    NotAtWork,
    answer_swap,
    ask_leave,
    ask_swap,
    decline_leave,
    decline_swap,
    forget_wishes,
    leave_requests_seen_by,
    swaps_seen_by,
    withdraw_leave,
    withdraw_swap,
)
from tenants.people.models import LeaveRequest, RequestState, ShiftSwap, WeeklyShift
from tests.ground.cast import NOW, Cast, local

MONDAY = date(2026, 11, 23)
TODAY = date(2026, 11, 21)


def leave(cast: Cast, who: str = "practitioner", **asked: Any) -> LeaveRequest:
    asked = {"starts_at": local(23, 9), "ends_at": local(24, 9), "reason": " a trip ", **asked}
    return ask_leave(by=cast.alpha.actors[who], now=NOW, **asked)


def swap(cast: Cast, who: str = "practitioner", **asked: Any) -> ShiftSwap:
    asked = {
        "colleague_id": cast.alpha.employees["second"].id,
        "gives_on": MONDAY,
        "takes_on": None,
        "note": "",
        **asked,
    }
    store = asked.pop("store", cast.alpha.stores["north"].id)
    return ask_swap(store, by=cast.alpha.actors[who], today=TODAY, now=NOW, **asked)


def test_leave_is_asked_for_with_its_reason(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        asked = leave(cast)
        assert (asked.state, asked.reason, asked.decided_at) == ("asked", "a trip", None)
        assert asked.employee_id == cast.alpha.employees["practitioner"].id


def test_leave_for_a_time_already_asked_for_or_past_or_backwards_is_refused(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        leave(cast)
        with pytest.raises(AskedAlready):
            leave(cast, starts_at=local(24, 8), ends_at=local(25, 9))
        with pytest.raises(InThePast):
            leave(cast, starts_at=NOW - timedelta(days=2), ends_at=NOW)
        with pytest.raises(LeaveBackwards):
            leave(cast, starts_at=local(26, 9), ends_at=local(26, 9))
        with pytest.raises(Forbidden):
            leave(cast, "su")
        leave(cast, "second")
        leave(cast, starts_at=local(24, 9), ends_at=local(25, 9))
        assert LeaveRequest.objects.count() == 3


def test_the_asker_alone_withdraws_and_may_then_ask_again(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        asked = leave(cast)
        for other in ("second", "store_manager"):
            with pytest.raises(NotSeen):
                withdraw_leave(asked.id, by=cast.alpha.actors[other], now=NOW)
        assert withdraw_leave(asked.id, by=cast.alpha.actors["practitioner"], now=NOW).state == "withdrawn"
        with pytest.raises(DecidedAlready):
            withdraw_leave(asked.id, by=cast.alpha.actors["practitioner"], now=NOW)
        assert leave(cast).state == "asked"


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("practitioner", Forbidden), ("clerk", Forbidden), ("south_clerk", Forbidden), ("su", Forbidden)],
)
def test_leave_is_declined_by_who_plans_the_shifts(cast: Cast, who: str, refusal: Any) -> None:
    with chain_scope(cast.alpha.info):
        asked = leave(cast)
        with pytest.raises(refusal):
            decline_leave(asked.id, by=cast.alpha.actors[who], now=NOW)
        done = decline_leave(asked.id, by=cast.alpha.actors["store_manager"], now=NOW, answer="full ")
        assert (done.state, done.answer, done.decided_at) == ("declined", "full", NOW)


def test_a_manager_of_another_store_does_not_see_the_request(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        asked = leave(cast, "south_practitioner")
        with pytest.raises(NotSeen):
            decline_leave(asked.id, by=cast.alpha.actors["store_manager"], now=NOW)
        with pytest.raises(NotSeen):
            decline_leave(uuid4(), by=cast.alpha.actors["owner"], now=NOW)


def test_requests_are_read_by_the_asker_and_who_plans(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        mine, south = leave(cast), leave(cast, "south_practitioner")
        seen = {
            who: {row.id for row in leave_requests_seen_by(cast.alpha.actors[who])}
            for who in ("practitioner", "second", "store_manager", "clerk", "owner", "south_practitioner")
        }
    assert seen == {
        "practitioner": {mine.id},
        "second": set(),
        "store_manager": {mine.id},
        "clerk": set(),
        "owner": {mine.id, south.id},
        "south_practitioner": {south.id},
    }


def test_a_swap_names_a_colleague_who_can_be_booked_there(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        people = cast.alpha.employees
        for stranger in (people["clerk"].id, people["south_practitioner"].id, people["practitioner"].id):
            with pytest.raises(NotSeen):
                swap(cast, colleague_id=stranger)
        with pytest.raises(NotSeen):
            swap(cast, store=cast.alpha.stores["south"].id)
        with pytest.raises(NotSeen):
            swap(cast, "clerk")
        assert swap(cast).state == "asked"


def test_only_days_to_come_with_a_shift_are_swapped_and_each_is_asked_once(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        WeeklyShift.objects.filter(employee=cast.alpha.employees["second"], weekday=2).delete()
        with pytest.raises(InThePast):
            swap(cast, gives_on=TODAY - timedelta(days=1))
        with pytest.raises(NotAtWork):
            swap(cast, takes_on=MONDAY + timedelta(days=1))
        swap(cast)
        with pytest.raises(AskedAlready):
            swap(cast)


def test_the_colleague_alone_answers_and_once(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        asked = swap(cast)
        for other in ("practitioner", "store_manager", "clerk"):
            with pytest.raises(NotSeen):
                answer_swap(asked.id, accept=True, by=cast.alpha.actors[other], now=NOW)
        lin = cast.alpha.actors["second"]
        assert answer_swap(asked.id, accept=True, by=lin, now=NOW).state == "accepted"
        with pytest.raises(DecidedAlready):
            answer_swap(asked.id, accept=False, by=lin, now=NOW)


def test_a_swap_ends_by_no_of_the_colleague_or_the_manager_or_withdrawn(cast: Cast) -> None:
    actors = cast.alpha.actors
    with chain_scope(cast.alpha.info):
        assert answer_swap(swap(cast).id, accept=False, by=actors["second"], now=NOW).state == "declined"
        assert withdraw_swap(swap(cast).id, by=actors["practitioner"], now=NOW).state == "withdrawn"
        third = swap(cast)
        for who, refusal in (("second", Forbidden), ("clerk", Forbidden), ("south_clerk", Forbidden)):
            with pytest.raises(refusal):
                decline_swap(third.id, by=actors[who], now=NOW)
        assert decline_swap(third.id, by=actors["store_manager"], now=NOW).state == "declined"


def test_swaps_are_read_by_both_and_who_plans(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        asked = swap(cast)
        seen = {
            who: [row.id for row in swaps_seen_by(cast.alpha.actors[who])]
            for who in ("practitioner", "second", "store_manager", "clerk", "south_practitioner", "owner")
        }
    one = [asked.id]
    assert seen == {
        "practitioner": one,
        "second": one,
        "store_manager": one,
        "clerk": [],
        "south_practitioner": [],
        "owner": one,
    }


def test_what_was_decided_long_ago_is_let_go_of_and_what_is_open_stays(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        withdraw_leave(leave(cast).id, by=cast.alpha.actors["practitioner"], now=NOW)
        withdraw_swap(swap(cast).id, by=cast.alpha.actors["practitioner"], now=NOW)
        leave(cast)
        swap(cast)
        forget_wishes(now=NOW + KEPT)
        assert (LeaveRequest.objects.count(), ShiftSwap.objects.count()) == (2, 2)
        forget_wishes(now=NOW + KEPT + timedelta(seconds=1))
        assert [row.state for row in LeaveRequest.objects.all()] == [RequestState.ASKED]
        assert [row.state for row in ShiftSwap.objects.all()] == [RequestState.ASKED]
