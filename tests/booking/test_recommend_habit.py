"""A member's habit: weekday and hour, practitioner, rhythm, and how far ahead they book."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tenants.booking.domain.recommend_habit import Visit, read_habit
from tests.ground.cast import SHANGHAI


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


def thursdays(*weeks_ago: int, hour: int = 19, who: str = "ya") -> list[Visit[str]]:
    last = date(2026, 11, 19)
    return [Visit(at(last - timedelta(weeks=weeks), hour), who) for weeks in weeks_ago]


def test_nobody_known_has_no_habit() -> None:
    habit = read_habit([], zone=SHANGHAI)
    assert (habit.known, habit.last, habit.rhythmic) == (False, None, False)
    assert habit.rhythm_share(date(2026, 11, 26), today=date(2026, 11, 21)) == 0.0


def test_weights_sum_to_one_and_the_latest_weighs_most() -> None:
    habit = read_habit(thursdays(6, 0, 3), zone=SHANGHAI)
    assert sum(habit.weights) == pytest.approx(1.0)
    assert list(habit.weights) == sorted(habit.weights, reverse=True)
    assert habit.visits[0].starts_at == at(date(2026, 11, 19), 19)


def test_the_own_weekday_and_hour_share_most_then_the_hour_then_another_kind_of_day() -> None:
    habit = read_habit(thursdays(0, 2, 4), zone=SHANGHAI)
    shares = [
        habit.hour_share(at(date(2026, 11, day), hour))
        for day, hour in ((26, 19), (26, 20), (25, 19), (28, 19), (26, 11))
    ]
    assert shares[0] == pytest.approx(1.0)
    assert shares == sorted(shares, reverse=True)


def test_the_hour_is_the_stores_over_a_change_of_its_clock() -> None:
    dublin = ZoneInfo("Europe/Dublin")
    before, after = datetime(2026, 10, 22, 14, tzinfo=dublin), datetime(2026, 10, 29, 14, tzinfo=dublin)
    assert read_habit([Visit(before, "ya")], zone=dublin).hour_share(after) == pytest.approx(1.0)


def test_a_recent_change_of_person_outweighs_a_long_past() -> None:
    visits = thursdays(0, 2, 4, who="lin") + thursdays(6, 8, 10, 12, 14)
    habit = read_habit(visits, zone=SHANGHAI)
    assert habit.person_share("lin") > habit.person_share("ya")
    assert habit.person_share("nobody") == 0


def test_the_rhythm_is_the_median_interval_of_this_service_alone() -> None:
    other = [Visit(at(date(2026, 11, 20), 10), "ya", same_service=False)]
    habit = read_habit(thursdays(0, 2, 4, 6) + other, zone=SHANGHAI)
    assert (habit.interval, habit.rhythmic, habit.last) == (14.0, True, date(2026, 11, 19))


def test_the_rhythm_is_best_kept_on_the_day_it_is_due() -> None:
    habit, today = read_habit(thursdays(0, 2, 4, 6), zone=SHANGHAI), date(2026, 11, 21)
    shares = [habit.rhythm_share(date(2026, 12, day), today=today) for day in (3, 5, 8)]
    assert shares[0] == pytest.approx(1.0)
    assert shares == sorted(shares, reverse=True)


def test_who_is_overdue_had_better_come_soon() -> None:
    habit, today = read_habit(thursdays(5, 7, 9), zone=SHANGHAI), date(2026, 11, 21)
    soon, later = (habit.rhythm_share(today + timedelta(days=n), today=today) for n in (0, 10))
    assert soon == pytest.approx(1.0)
    assert soon > later


def test_two_visits_are_no_rhythm_yet() -> None:
    habit = read_habit(thursdays(0, 1), zone=SHANGHAI)
    assert (habit.interval, habit.rhythmic) == (28.0, False)


def test_how_far_ahead_somebody_books_is_a_habit_too() -> None:
    now = at(date(2026, 11, 21), 12)
    visits = [
        Visit(at(date(2026, 11, day), 19), "ya", booked_at=at(date(2026, 11, day - 1), 19)) for day in (3, 10)
    ]
    habit = read_habit(visits, zone=SHANGHAI)
    assert habit.lead_share(now + timedelta(days=1), now=now) == pytest.approx(1.0)
    assert habit.lead_share(now + timedelta(days=6), now=now) < 0.01


def test_visits_are_counted_at_that_weekday_within_an_hour() -> None:
    habit = read_habit(thursdays(0, 2, hour=19) + thursdays(4, hour=10), zone=SHANGHAI)
    assert habit.came_at(at(date(2026, 11, 26), 20)) == 2
    assert habit.came_at(at(date(2026, 11, 27), 19)) == 0
