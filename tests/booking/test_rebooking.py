"""Same as last time: which time is offered to somebody who comes with a rhythm."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tenants.booking.domain.rebooking import aimed_at, nearest_start, usual_interval

SHANGHAI = ZoneInfo("Asia/Shanghai")
DUBLIN = ZoneInfo("Europe/Dublin")


def at(day: int, hour: int, minute: int = 0, *, month: int = 11, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=zone).astimezone(UTC)


def test_a_single_visit_suggests_four_weeks() -> None:
    assert usual_interval([at(5, 19)]) == 28


def test_the_interval_is_the_median_gap_in_whole_weeks() -> None:
    starts = [at(1, 19, month=9), at(16, 19, month=9), at(30, 19, month=9), at(28, 19, month=10)]
    assert usual_interval(starts) == 14


def test_two_visits_of_one_day_are_no_interval() -> None:
    assert usual_interval([at(5, 10), at(5, 19)]) == 28


def test_an_interval_is_at_least_a_week_and_at_most_seventeen() -> None:
    assert usual_interval([at(5, 10), at(7, 10)]) == 7
    assert usual_interval([at(5, 10), at(5, 10) + timedelta(days=400)]) == 119


def test_the_aim_is_the_same_weekday_and_hour_an_interval_later() -> None:
    assert aimed_at(at(5, 19, 30), 14, zone=SHANGHAI, now=at(10, 9)) == (date(2026, 11, 19), 19 * 60 + 30)


def test_an_aim_in_the_past_moves_on_by_weeks() -> None:
    assert aimed_at(at(5, 19, 30), 7, zone=SHANGHAI, now=at(19, 19, 30)) == (date(2026, 11, 26), 19 * 60 + 30)


def test_the_aim_keeps_the_wall_clock_over_a_change_of_the_clock() -> None:
    before = datetime(2026, 10, 22, 14, 0, tzinfo=DUBLIN)
    day, minutes = aimed_at(before, 7, zone=DUBLIN, now=before + timedelta(days=1))
    assert (day, minutes) == (date(2026, 10, 29), 14 * 60)


def test_same_weekday_and_hour_wins_over_a_nearer_time() -> None:
    starts = [at(26, 19), at(27, 19, 30), at(3, 19, 30, month=12)]
    assert nearest_start(starts, date(2026, 11, 26), 19 * 60 + 30, zone=SHANGHAI) == at(3, 19, 30, month=12)


def test_the_aim_itself_wins_over_a_later_week() -> None:
    starts = [at(3, 19, 30, month=12), at(26, 19, 30)]
    assert nearest_start(starts, date(2026, 11, 26), 19 * 60 + 30, zone=SHANGHAI) == at(26, 19, 30)


def test_without_that_hour_the_nearest_wins_and_the_earlier_of_two() -> None:
    starts = [at(26, 20), at(26, 19), at(27, 19)]
    assert nearest_start(starts, date(2026, 11, 26), 19 * 60 + 30, zone=SHANGHAI) == at(26, 19)


def test_nothing_free_gives_nothing() -> None:
    assert nearest_start([], date(2026, 11, 26), 60, zone=SHANGHAI) is None
