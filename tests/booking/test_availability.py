"""Availability from the database: what is offered is what can be booked, in as many queries for many as for one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chains.scope import chain_scope
from tenants.booking.domain.availability import explain, find_slots
from tenants.booking.domain.day import find_bookings, read_store_day
from tenants.booking.domain.offering import NotOffered
from tenants.booking.domain.search import DaySlots
from tenants.people.domain.rights import Forbidden, NotSeen
from tenants.people.models import DayShift, Leave, Role, WeeklyShift
from tenants.stores.models import Closure
from tests.booking.conftest import MONDAY_TEN, Desk
from tests.ground.cast import NOW, SHANGHAI, Cast, local, make_employee

MONDAY = date(2026, 11, 23)
FAR = NOW + timedelta(days=30)


def _slots(cast: Cast, days: list[date], **asked: Any) -> list[DaySlots[Any]]:
    chain = cast.alpha
    asked = {"now": NOW, **asked}
    return find_slots(chain.stores["north"].id, chain.services["facial"].id, days=days, **asked)[1]


def _starts(cast: Cast, day: date, **asked: Any) -> list[Any]:
    return [slot.starts_at for slot in _slots(cast, [day], **asked)[0].slots]


def _queries(act: Any) -> int:
    with CaptureQueriesContext(connection) as seen:
        act()
    return len([one for one in seen if not one["sql"].startswith(("SELECT set_config", "SAVEPOINT"))])


def test_every_slot_offered_can_be_booked_and_is_then_gone(cast: Cast, desk: Desk) -> None:
    ya = cast.alpha.employees["practitioner"].id
    with chain_scope(cast.alpha.info):
        while offered := _starts(cast, MONDAY, practitioner_id=ya):
            desk.book(offered[0])
            assert offered[0] not in _starts(cast, MONDAY, practitioner_id=ya)
        # 09:30 to 20:00 fits an hour with ten minutes on either side this often
        assert find_bookings(by=cast.alpha.actors["clerk"], zone=SHANGHAI, now=NOW).rows.count() == 7


def test_closure_leave_and_a_day_shift_take_slots_away(cast: Cast) -> None:
    ya, lin = cast.alpha.employees["practitioner"], cast.alpha.employees["second"]
    north = cast.alpha.stores["north"]
    with chain_scope(cast.alpha.info):
        Leave.objects.create(employee=ya, starts_at=local(23, 0), ends_at=local(23, 14))
        DayShift.objects.create(employee=lin, store=north, on=MONDAY, starts=16 * 60, ends=18 * 60)
        slots = {slot.starts_at: slot.staff for slot in _slots(cast, [MONDAY])[0].slots}
        assert min(slots) == local(23, 14, 30)
        assert slots[local(23, 16, 30)] == (lin.id, ya.id)
        assert slots[local(23, 15)] == (ya.id,)
        Closure.objects.create(store=north, starts_on=MONDAY, ends_on=date(2026, 11, 24))
        assert _starts(cast, MONDAY) == []


def test_day_shift_elsewhere_means_not_here(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        for who in ("practitioner", "second"):
            DayShift.objects.create(
                employee=cast.alpha.employees[who],
                store=cast.alpha.stores["south"],
                on=MONDAY,
                starts=9 * 60,
                ends=18 * 60,
            )
        assert _starts(cast, MONDAY) == []


def test_weekly_shift_holds_from_its_first_day_until_its_last(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        WeeklyShift.objects.update(valid_from=MONDAY, valid_until=date(2026, 11, 24))
        found = _slots(cast, [date(2026, 11, 22), MONDAY, date(2026, 11, 24)])
        assert [bool(day.slots) for day in found] == [False, True, False]


def test_service_not_online_is_not_offered_to_members(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        facial = cast.alpha.services["facial"]
        type(facial).objects.filter(id=facial.id).update(online=False)
        with pytest.raises(NotOffered):
            _slots(cast, [MONDAY])
        assert _slots(cast, [MONDAY], by_staff=True)[0].slots


def test_explanation_agrees_with_the_search_at_every_five_minutes_of_a_day(cast: Cast, desk: Desk) -> None:
    chain = cast.alpha
    with chain_scope(chain.info):
        desk.book()
        desk.book(MONDAY_TEN + timedelta(hours=3), who="chen", practitioner_id=None)
        offered = set(_starts(cast, MONDAY))
        for n in range(0, 24 * 12, 3):
            moment = local(23, 0) + timedelta(minutes=5 * n)
            told = explain(chain.stores["north"].id, chain.services["facial"].id, starts_at=moment, now=NOW)
            assert told.bookable == (moment in offered)
            assert told.bookable == (told.reasons == ())


def test_proposed_change_is_bookable(cast: Cast, desk: Desk) -> None:
    chain = cast.alpha
    with chain_scope(chain.info):
        desk.book()
        told = explain(
            chain.stores["north"].id,
            chain.services["facial"].id,
            starts_at=MONDAY_TEN,
            practitioner_id=chain.employees["practitioner"].id,
            now=NOW,
        )
        change = told.changes[0]
        made = desk.book(change.starts_at, who="chen", practitioner_id=change.practitioner_id)
        assert made.starts_at == MONDAY_TEN


def test_search_takes_two_queries_for_one_and_for_many(cast: Cast, desk: Desk) -> None:
    month = [MONDAY + timedelta(days=n) for n in range(28)]
    with chain_scope(cast.alpha.info):
        few = _queries(lambda: _slots(cast, [MONDAY]))
        for n in range(6):
            make_employee(
                f"more{n}",
                Role.PRACTITIONER,
                store=cast.alpha.stores["north"],
                practitioner=True,
                skills=list(cast.alpha.employees["second"].skills.all()),
            )
        for hour in (10, 12, 14):
            desk.book(local(23, hour))
        many = _queries(lambda: _slots(cast, month))
    assert (few, many) == (2, 2)


def test_day_of_a_store_takes_eight_queries_for_one_and_for_many(cast: Cast, desk: Desk) -> None:
    clerk, north = cast.alpha.actors["clerk"], cast.alpha.stores["north"].id

    def read() -> Any:
        return read_store_day(north, MONDAY, by=clerk, now=NOW)

    with chain_scope(cast.alpha.info):
        desk.book()
        few = _queries(read)
        for hour in (12, 14, 16, 18):
            desk.book(local(23, hour))
        many = _queries(read)
        day = read()
    assert (few, many) == (8, 8)
    assert [column.name for column in day.columns] == ["Lin", "Ya"]
    assert [booking.member.name for booking in day.bookings] == ["苏晴"] * 5
    assert (day.span.start, day.openings[0].start) == (local(23, 0), local(23, 9))


def test_booking_takes_a_fixed_number_of_queries(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        desk.book(local(24, 10))  # what is offered was seen before
        few = _queries(lambda: desk.book())
        for hour in (12, 14, 16):
            desk.book(local(23, hour))
        many = _queries(lambda: desk.book(local(23, 18)))
    assert few == many


def test_day_is_read_by_those_who_may(cast: Cast) -> None:
    north = cast.alpha.stores["north"].id
    with chain_scope(cast.alpha.info):
        with pytest.raises(NotSeen):
            read_store_day(north, MONDAY, by=cast.alpha.actors["south_clerk"], now=NOW)
        with pytest.raises((Forbidden, NotSeen)):
            read_store_day(north, MONDAY, by=cast.alpha.actors["su"], now=NOW)
        assert read_store_day(north, MONDAY, by=cast.alpha.actors["read_only"], now=NOW).bookings == ()
