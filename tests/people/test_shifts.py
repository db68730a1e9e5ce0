"""Shifts: nobody works twice at once, here or at another store; leave is taken and taken back."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from chains.scope import chain_scope
from tenants.people.domain.rights import Forbidden, NotSeen
from tenants.people.domain.shifts import (
    DatedShift,
    LeaveBackwards,
    ShiftPastMidnight,
    ShiftsOverlap,
    WeekShift,
    _require_apart,
    add_leave,
    cancel_leave,
    set_days,
    set_week,
)
from tenants.people.models import DayShift, Leave, Role, RoleGrant, WeeklyShift
from tests.ground.cast import Cast, local

DAY = date(2026, 11, 30)
rows = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 20), st.integers(0, 20)), max_size=6)


@given(rows)
def test_shifts_are_taken_exactly_when_no_minute_stands_twice(shifts: list[tuple[int, int, int]]) -> None:
    minutes = [(day, minute) for day, starts, ends in shifts for minute in range(starts, ends)]
    if any(starts >= ends for _day, starts, ends in shifts):
        with pytest.raises(ShiftPastMidnight):
            _require_apart(shifts)
    elif len(set(minutes)) != len(minutes):
        with pytest.raises(ShiftsOverlap):
            _require_apart(shifts)
    else:
        _require_apart(shifts)


def weekly(cast: Cast, who: str) -> list[tuple[str, int, int, int]]:
    """Store, weekday, from, until."""
    found = WeeklyShift.objects.filter(employee=cast.alpha.employees[who])
    return list(
        found.order_by("store__name", "weekday").values_list("store__name", "weekday", "starts", "ends")
    )


def test_a_week_replaces_the_one_before_at_that_store_alone(cast: Cast) -> None:
    alpha, owner = cast.alpha, cast.alpha.actors["owner"]
    ya, north, south = alpha.employees["practitioner"], alpha.stores["north"], alpha.stores["south"]
    with chain_scope(alpha.info):
        RoleGrant.objects.create(employee=ya, role=Role.PRACTITIONER, store=south)
        set_week(ya.id, north.id, [WeekShift(1, 540, 720)], by=owner)
        set_week(ya.id, south.id, [WeekShift(1, 720, 900), WeekShift(2, 0, 1440)], by=owner)
        set_week(ya.id, north.id, [WeekShift(1, 600, 720)], by=owner)
        assert weekly(cast, "practitioner") == [
            ("North", 1, 600, 720), ("South", 1, 720, 900), ("South", 2, 0, 1440),
        ]  # fmt: skip
        with pytest.raises(ShiftsOverlap):
            set_week(ya.id, north.id, [WeekShift(2, 600, 601)], by=owner)
        assert len(weekly(cast, "practitioner")) == 3


def test_a_date_replaces_itself_and_no_other(cast: Cast) -> None:
    alpha, owner = cast.alpha, cast.alpha.actors["owner"]
    ya, north = alpha.employees["practitioner"].id, alpha.stores["north"].id
    with chain_scope(alpha.info):
        set_days(ya, north, [DatedShift(DAY, 540, 720), DatedShift(DAY + timedelta(1), None, None)], by=owner)
        set_days(ya, north, [DatedShift(DAY, None, None)], by=owner)
        assert list(DayShift.objects.order_by("on").values_list("on", "starts")) == [
            (DAY, None), (DAY + timedelta(1), None),
        ]  # fmt: skip
        with pytest.raises(ShiftsOverlap):
            set_days(ya, north, [DatedShift(DAY, 540, 720), DatedShift(DAY, 719, 800)], by=owner)
        with pytest.raises(ShiftPastMidnight):
            set_days(ya, north, [DatedShift(DAY, 720, 720)], by=owner)
        assert DayShift.objects.count() == 2


@pytest.mark.parametrize(
    ("role", "store", "who", "refusal"),
    [
        ("clerk", "north", "practitioner", Forbidden),
        ("practitioner", "north", "practitioner", Forbidden),
        ("store_manager", "south", "south_practitioner", NotSeen),
        ("store_manager", "north", "south_practitioner", NotSeen),
        ("owner", "south", "practitioner", NotSeen),
    ],
)
def test_shifts_are_planned_by_who_manages_the_store_for_who_works_there(
    cast: Cast, role: str, store: str, who: str, refusal: type[Exception]
) -> None:
    alpha = cast.alpha
    with chain_scope(alpha.info):
        before = weekly(cast, who)
        with pytest.raises(refusal):
            set_week(alpha.employees[who].id, alpha.stores[store].id, [], by=alpha.actors[role])
        assert weekly(cast, who) == before


def test_another_chains_people_and_stores_are_not_there(cast: Cast) -> None:
    alpha, owner = cast.alpha, cast.alpha.actors["owner"]
    theirs = cast.beta.employees["practitioner"].id
    with chain_scope(alpha.info):
        for employee, store in (
            (theirs, alpha.stores["north"].id),
            (alpha.employees["practitioner"].id, cast.beta.stores["only"].id),
        ):
            with pytest.raises(NotSeen):
                set_week(employee, store, [WeekShift(1, 0, 60)], by=owner)
        with pytest.raises(NotSeen):
            add_leave(theirs, starts_at=local(28, 9), ends_at=local(28, 10), reason="", by=owner)


def test_leave_is_taken_and_taken_back_by_who_plans(cast: Cast) -> None:
    alpha, manager = cast.alpha, cast.alpha.actors["store_manager"]
    ya, ning = alpha.employees["practitioner"].id, alpha.employees["south_practitioner"].id
    with chain_scope(alpha.info):
        with pytest.raises(LeaveBackwards):
            add_leave(ya, starts_at=local(28, 9), ends_at=local(28, 9), reason="", by=manager)
        with pytest.raises(NotSeen):
            add_leave(ning, starts_at=local(28, 9), ends_at=local(28, 10), reason="", by=manager)
        with pytest.raises(Forbidden):
            add_leave(ya, starts_at=local(28, 9), ends_at=local(28, 10), reason="", by=alpha.actors["clerk"])
        leave = add_leave(ya, starts_at=local(28, 9), ends_at=local(28, 10), reason=" Dentist ", by=manager)
        assert leave.reason == "Dentist"
        for employee, one in ((ya, uuid4()), (alpha.employees["second"].id, leave.id)):
            with pytest.raises(NotSeen):
                cancel_leave(employee, one, by=manager)
        cancel_leave(ya, leave.id, by=manager)
        assert Leave.objects.count() == 0


@pytest.mark.parametrize(
    ("constraint", "made"),
    [
        ("shift_in_order", lambda ya, at: WeeklyShift(employee=ya, store=at, weekday=1, starts=60, ends=60)),
        (
            "shift_weekday_iso",
            lambda ya, at: WeeklyShift(employee=ya, store=at, weekday=8, starts=1, ends=60),
        ),
        ("day_shift_in_order", lambda ya, at: DayShift(employee=ya, store=at, on=DAY, starts=9, ends=1441)),
        ("leave_in_order", lambda ya, at: Leave(employee=ya, starts_at=local(28, 9), ends_at=local(28, 9))),
    ],
)
def test_the_database_refuses_it_too(cast: Cast, constraint: str, made: object) -> None:
    alpha = cast.alpha
    with chain_scope(alpha.info):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            made(alpha.employees["practitioner"], alpha.stores["north"]).save()  # type: ignore[operator]
