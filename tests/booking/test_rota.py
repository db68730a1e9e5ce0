"""Weekly shifts as the calendar's one statement packs them, and plans that several people share."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from tenants.booking.domain.rota import (
    lay_openings,
    lay_plans,
    lay_shifts,
    openings_on,
    read_hours,
    read_week,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 11, 23)
ANN, BO, CY = (UUID(int=number) for number in (1, 2, 3))


def test_a_packed_week_is_its_rows() -> None:
    assert read_week("1,540,1080,,;7,0,1560,20780,20785") == (
        (1, 540, 1080, None, None),
        (7, 0, 1560, date(2026, 11, 23), date(2026, 11, 28)),
    )


def test_people_with_the_same_plan_share_what_is_laid_and_nobody_else_does() -> None:
    usual = ((1, 540, 1080, None, None),)
    off = ((True, MONDAY, None, None),)
    laid = lay_plans({ANN: (usual, ()), BO: (usual, ()), CY: (usual, off)}, dates=(MONDAY,), zone=SHANGHAI)
    assert laid[ANN] is laid[BO]
    assert len(laid[ANN]) == 1
    assert laid[CY] == ()


def test_rows_of_many_are_laid_as_each_ones_plan() -> None:
    weekly = [(who, 1, 540, 1080, None, date(2026, 11, 24)) for who in (ANN, BO)]
    planned = [(BO, True, MONDAY, 600, 660), (BO, False, MONDAY, 700, 760), (CY, True, MONDAY, 480, 540)]
    rows = lay_shifts([ANN, BO, CY], weekly=weekly, planned=planned, dates=[MONDAY], zone=SHANGHAI)
    week = ((1, 540, 1080, None, date(2026, 11, 24)),)
    plans = {
        ANN: (week, ()),
        BO: (week, ((True, MONDAY, 600, 660), (False, MONDAY, 700, 760))),
        CY: ((), ((True, MONDAY, 480, 540),)),
    }
    assert rows == lay_plans(plans, dates=(MONDAY,), zone=SHANGHAI)
    assert [len(rows[who]) for who in (ANN, BO, CY)] == [1, 1, 1]


def test_packed_hours_are_their_rows() -> None:
    assert read_hours("1,540,1080;7,0,1560") == ((1, 540, 1080), (7, 0, 1560))


def test_openings_are_laid_as_their_rows_say_with_closures_taken_out() -> None:
    hours = ((1, 540, 1080), (2, 540, 720))
    dates = (MONDAY, MONDAY + timedelta(days=1))
    closed = ((MONDAY, MONDAY + timedelta(days=1)),)
    open_all, open_one = openings_on(hours, (), dates, SHANGHAI), openings_on(hours, closed, dates, SHANGHAI)
    assert list(open_all) == lay_openings(hours, closures=(), dates=dates, zone=SHANGHAI)
    assert open_one == open_all[1:]
    assert openings_on(hours, (), dates, ZoneInfo("UTC")) != open_all
