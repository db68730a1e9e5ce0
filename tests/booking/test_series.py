"""A series returns at the same wall time with the same person, and moves together."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.scope import chain_scope
from tenants.booking.domain.change import NoticeGone, cancel_booking
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.plans import PlanRefused
from tenants.booking.domain.series import (
    InSeriesAlready,
    SeriesSize,
    SeriesWish,
    Time,
    book_series,
    plan_series,
    read_series,
    times_of,
)
from tenants.booking.domain.series_changes import (
    NoSeries,
    cancel_following,
    following_of,
    move_series,
    moves_after,
    plan_moves,
)
from tenants.booking.models import Booking, Claim, Status
from tenants.booking.together import BookingSeries
from tenants.people.domain.rights import NotSeen
from tenants.people.models import Leave
from tenants.stores.models import Closure
from tests.booking.conftest import MONDAY_TEN, Desk
from tests.ground.cast import NOW, SHANGHAI, Cast, local

DUBLIN, WEEK = ZoneInfo("Europe/Dublin"), timedelta(days=7)


@pytest.fixture()
def alpha(cast: Cast) -> Any:
    with chain_scope(cast.alpha.info):
        yield cast.alpha


def north(alpha: Any, by: str = "su") -> dict[str, Any]:
    return {"store_id": alpha.stores["north"].id, "by": alpha.actors[by], "now": NOW}


def weekly(alpha: Any, **more: Any) -> SeriesWish:
    return SeriesWish(alpha.services["facial"].id, 7, **more)


def weeks(count: int, first: datetime = MONDAY_TEN, zone: ZoneInfo = SHANGHAI) -> list[Time]:
    return times_of(first, interval_days=7, times=count, zone=zone)


def codes(placed: Any) -> list[str | None]:
    return [one.refusal.code if one.refusal is not None else None for one in placed]


@given(
    zone=st.sampled_from(["Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai"]),
    day=st.dates(date(2026, 1, 1), date(2030, 12, 31)),
    minutes=st.integers(0, 287).map(lambda cell: cell * 5),
    interval=st.integers(1, 91),
    times=st.integers(2, 20),
)
def test_every_return_shows_the_same_clock_or_says_that_the_clock_skips_it(
    zone: str, day: date, minutes: int, interval: int, times: int
) -> None:
    place = ZoneInfo(zone)
    wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)
    first = wall.replace(tzinfo=place).astimezone(UTC)
    shown = first.astimezone(place)
    found = times_of(first, interval_days=interval, times=times, zone=place)
    assert len(found) == times
    for number, time in enumerate(found):
        local_time = time.starts_at.astimezone(place)
        wanted = shown.replace(tzinfo=None) + timedelta(days=interval * number)
        if time.gone is None:
            assert local_time.replace(tzinfo=None) == wanted
        else:
            back = wanted.replace(tzinfo=place).astimezone(UTC).astimezone(place).replace(tzinfo=None)
            assert back != wanted


def test_dublin_keeps_ten_o_clock_when_the_clocks_go_back() -> None:
    first = datetime(2026, 10, 19, 9, 0, tzinfo=UTC)  # Monday 10:00, summer time
    found = weeks(3, first, DUBLIN)
    assert [time.starts_at for time in found] == [
        datetime(2026, 10, 19, 9, 0, tzinfo=UTC),
        datetime(2026, 10, 26, 10, 0, tzinfo=UTC),
        datetime(2026, 11, 2, 10, 0, tzinfo=UTC),
    ]


@pytest.mark.parametrize(("interval", "times"), [(7, 1), (7, 53), (0, 5), (92, 5)])
def test_a_series_has_bounds(interval: int, times: int) -> None:
    with pytest.raises(SeriesSize):
        times_of(MONDAY_TEN, interval_days=interval, times=times, zone=SHANGHAI)


def test_every_week_is_booked_with_the_same_person(alpha: Any) -> None:
    series, placed = book_series(weekly(alpha), weeks(4), **north(alpha))
    rows = read_series(series.id, by=alpha.actors["su"], now=NOW)[1]
    assert [row.starts_at for row in rows] == [MONDAY_TEN + number * WEEK for number in range(4)]
    assert {row.practitioner_id for row in rows} == {series.practitioner_id}
    assert codes(placed) == [None] * 4
    assert list(check_bookings()) == []


def test_a_leave_and_a_closure_in_the_middle_are_listed_before_anything_is_written(alpha: Any) -> None:
    ya = alpha.employees["practitioner"]
    second = MONDAY_TEN + WEEK
    Leave.objects.create(
        employee=ya, starts_at=second - timedelta(hours=3), ends_at=second + timedelta(hours=9)
    )
    closed = (MONDAY_TEN + 2 * WEEK).astimezone(SHANGHAI).date()
    Closure.objects.create(store=alpha.stores["north"], starts_on=closed, ends_on=closed + timedelta(days=1))
    wish = weekly(alpha, practitioner_id=ya.id)
    placed = plan_series(wish, weeks(4), **north(alpha))
    assert codes(placed) == [None, "on_leave", "closed_day", None]
    assert Booking.objects.count() == 0
    with pytest.raises(PlanRefused) as refused:
        book_series(wish, weeks(4), **north(alpha))
    assert [item["index"] for item in refused.value.extra["items"]] == [1, 2]
    assert (Booking.objects.count(), BookingSeries.objects.count()) == (0, 0)

    chosen = weeks(4)
    same_time = placed[1].alternatives
    someone_else = next(slot for slot in same_time if datetime.fromisoformat(slot["starts_at"]) == second)
    chosen[1] = Time(second, practitioner_id=alpha.employees["second"].id)
    assert str(alpha.employees["second"].id) in someone_else["practitioners"]
    other_day = datetime.fromisoformat(placed[2].alternatives[0]["starts_at"])
    chosen[2] = Time(other_day, practitioner_id=None)
    _series, made = book_series(wish, chosen, **north(alpha))
    assert codes(made) == [None] * 4


def test_what_is_free_is_booked_alone_where_that_is_said(alpha: Any, desk: Desk) -> None:
    desk.book(MONDAY_TEN + WEEK, who="chen")
    wish = weekly(alpha, practitioner_id=alpha.employees["practitioner"].id)
    series, placed = book_series(wish, weeks(3), partial=True, **north(alpha))
    assert codes(placed) == [None, "slot_taken", None]
    assert Booking.objects.filter(series=series).count() == 2


def test_a_booking_that_stands_becomes_the_first(alpha: Any, desk: Desk) -> None:
    first = desk.book()
    wish = weekly(alpha, first=first.id)
    series, _placed = book_series(wish, weeks(3)[1:], **north(alpha))
    rows = read_series(series.id, by=alpha.actors["su"], now=NOW)[1]
    assert rows[0].id == first.id
    assert {row.practitioner_id for row in rows} == {first.practitioner_id}
    with pytest.raises(InSeriesAlready):
        book_series(wish, weeks(3)[1:], **north(alpha))
    with pytest.raises(NotSeen):
        book_series(wish, weeks(3)[1:], **north(alpha, "chen"))


def test_this_and_following_move_by_as_many_days_to_the_same_wall_time(alpha: Any) -> None:
    series, _placed = book_series(weekly(alpha), weeks(4), **north(alpha))
    su = alpha.actors["su"]
    rows = read_series(series.id, by=su, now=NOW)[1]
    target = local(24, 14) + WEEK  # the second: from Monday 10:00 to Tuesday 14:00
    moves = moves_after(rows[1].id, starts_at=target, by=su)
    before = list(Claim.objects.filter(active=True).order_by("id").values_list("id", "starts_at"))
    assert [one.refusal for one in plan_moves(moves, by=su, now=NOW)] == [None] * 3
    assert list(Claim.objects.filter(active=True).order_by("id").values_list("id", "starts_at")) == before
    move_series(moves, by=su, now=NOW)
    assert [row.starts_at for row in read_series(series.id, by=su, now=NOW)[1]] == [
        MONDAY_TEN,
        target,
        target + WEEK,
        target + 2 * WEEK,
    ]
    assert {row.practitioner_id for row in rows} == {series.practitioner_id}
    assert list(check_bookings()) == []


@pytest.mark.parametrize("days", [1, -1, 2])
def test_neighbours_move_through_each_other(alpha: Any, days: int) -> None:
    first = MONDAY_TEN + timedelta(days=3)
    times = times_of(first, interval_days=1, times=4, zone=SHANGHAI)
    wish = SeriesWish(alpha.services["facial"].id, 1)
    series, _placed = book_series(wish, times, **north(alpha))
    su = alpha.actors["su"]
    rows = read_series(series.id, by=su, now=NOW)[1]
    moves = moves_after(rows[0].id, starts_at=first + timedelta(days=days), by=su)
    move_series(moves, by=su, now=NOW)
    assert [row.starts_at for row in read_series(series.id, by=su, now=NOW)[1]] == [
        time.starts_at + timedelta(days=days) for time in times
    ]


def test_nothing_moves_where_one_cannot_unless_that_is_said(alpha: Any, desk: Desk) -> None:
    series, _placed = book_series(weekly(alpha), weeks(3), **north(alpha))
    su = alpha.actors["su"]
    rows = read_series(series.id, by=su, now=NOW)[1]
    at_two = local(23, 14)
    desk.book(at_two + WEEK, who="chen", practitioner_id=series.practitioner_id)
    moves = moves_after(rows[0].id, starts_at=at_two, by=su)
    with pytest.raises(PlanRefused) as refused:
        move_series(moves, by=su, now=NOW)
    assert [(item["index"], item["code"]) for item in refused.value.extra["items"]] == [(1, "slot_taken")]
    assert [row.starts_at for row in read_series(series.id, by=su, now=NOW)[1]] == [
        row.starts_at for row in rows
    ]
    moved = move_series(moves, by=su, now=NOW, partial=True)
    assert [one.booking is not None for one in moved] == [True, False, True]


def test_this_and_following_are_cancelled_and_the_earlier_stay(alpha: Any) -> None:
    series, _placed = book_series(weekly(alpha), weeks(4), **north(alpha))
    su = alpha.actors["su"]
    rows = read_series(series.id, by=su, now=NOW)[1]
    cancel_booking(rows[3].id, by=su, now=NOW)
    assert [row.id for row in following_of(rows[1].id, by=su)] == [rows[1].id, rows[2].id]
    cancel_following(rows[1].id, by=su, now=NOW)
    assert [row.status for row in read_series(series.id, by=su, now=NOW)[1]] == [
        Status.CONFIRMED,
        Status.CANCELLED,
        Status.CANCELLED,
        Status.CANCELLED,
    ]


def test_nothing_is_cancelled_where_the_notice_of_one_is_gone(alpha: Any) -> None:
    series, _placed = book_series(weekly(alpha), weeks(3), **north(alpha))
    su = alpha.actors["su"]
    rows = read_series(series.id, by=su, now=NOW)[1]
    with pytest.raises(NoticeGone):
        cancel_following(rows[0].id, by=su, now=MONDAY_TEN - timedelta(minutes=5))
    assert {row.status for row in read_series(series.id, by=su, now=NOW)[1]} == {Status.CONFIRMED}


def test_a_single_booking_has_nothing_that_follows(alpha: Any, desk: Desk) -> None:
    alone = desk.book()
    with pytest.raises(NoSeries):
        following_of(alone.id, by=alpha.actors["su"])
    with pytest.raises(NoSeries):
        plan_moves([(alone.id, Time(local(23, 15)))], by=alpha.actors["su"], now=NOW)
    with pytest.raises(NotSeen):
        following_of(alone.id, by=alpha.actors["chen"])
