"""A plan's history is a window: employees see what ended within it, nothing is deleted, members see their own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chains.models import Chain
from chains.scope import chain_scope, platform_scope
from tenants.booking.domain.day import find_bookings, read_seen_booking, read_store_day
from tenants.booking.domain.feeds import make_feed, open_feed
from tenants.booking.domain.groups import read_group
from tenants.booking.domain.history import (
    ALWAYS_SHOWN,
    BeyondHistory,
    count_hidden,
    history_cut,
    history_start,
    read_history_start,
)
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.practitioner_day import read_own_day
from tenants.booking.domain.series import read_series
from tenants.booking.domain.visits import count_visits, read_own_bookings
from tenants.booking.domain.week import read_person_week, week_around
from tenants.booking.models import Booking, Session, Status
from tenants.booking.together import BookingGroup, BookingSeries
from tests.booking.conftest import Desk
from tests.booking.counted import Counted
from tests.ground.cast import NOW, SHANGHAI, Cast

DAY = timedelta(days=1)
OPENS = datetime(2025, 11, 20, 16, 0, tzinfo=UTC)  # 21 November 2025, 00:00 in Shanghai


def keep(cast: Cast, months: int | None) -> None:
    """The plan's months of history."""
    with platform_scope():
        Chain.objects.filter(id=cast.alpha.info.id).update(entitlements={"retention_months": months})


def past(desk: Desk, ended: datetime, **fields: Any) -> Booking:
    """A visit of Su with Ya at North that is over since then; in alpha's open scope."""
    made = desk.book(NOW + timedelta(days=20 + Booking.objects.count(), hours=-1))
    made.claims.update(active=False)
    Booking.objects.filter(id=made.id).update(
        starts_at=ended - timedelta(hours=1), ends_at=ended, status=Status.COMPLETED, **fields
    )
    return Booking.objects.get(id=made.id)


@pytest.fixture()
def two(cast: Cast, desk: Desk) -> tuple[Booking, Booking]:
    """A visit that ended the second before the history of twelve months begins, and one that ended with it."""
    keep(cast, 12)
    with chain_scope(cast.alpha.info):
        return past(desk, OPENS - timedelta(seconds=1)), past(desk, OPENS)


@pytest.mark.parametrize(
    ("months", "zone", "now", "start"),
    [
        (12, "Asia/Shanghai", "2026-11-21T04:00+00:00", "2025-11-20T16:00+00:00"),
        # in Shanghai it is the 22nd already, in New York still the 21st
        (12, "Asia/Shanghai", "2026-11-21T17:00+00:00", "2025-11-21T16:00+00:00"),
        (12, "America/New_York", "2026-11-21T17:00+00:00", "2025-11-21T05:00+00:00"),
        # a month that is shorter ends sooner; a leap day has no other year
        (1, "UTC", "2026-03-31T12:00+00:00", "2026-02-28T00:00+00:00"),
        (12, "UTC", "2028-02-29T12:00+00:00", "2027-02-28T00:00+00:00"),
        # summer time was on then, and its first midnight does not exist in Beirut
        (6, "Europe/Dublin", "2026-12-28T12:00+00:00", "2026-06-27T23:00+00:00"),
        (1, "Asia/Beirut", "2026-04-29T12:00+00:00", "2026-03-28T22:00+00:00"),
        (0, "UTC", "2026-11-21T12:00+00:00", "2026-10-21T00:00+00:00"),
    ],
)
def test_history_begins_at_the_local_midnight_so_many_months_ago(
    months: int, zone: str, now: str, start: str
) -> None:
    found = history_start(months, zone=ZoneInfo(zone), now=datetime.fromisoformat(now))
    assert found == datetime.fromisoformat(start)


def test_without_a_number_all_there_is_is_shown() -> None:
    assert history_start(None, zone=SHANGHAI, now=NOW) is None
    assert history_start(10**6, zone=SHANGHAI, now=NOW) is None


def test_what_ended_lately_is_within_every_window() -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    moments = (begin + timedelta(hours=hours) for hours in range(24 * 800))
    assert all(history_start(1, zone=SHANGHAI, now=now) <= now - ALWAYS_SHOWN for now in moments)  # type: ignore[operator]


def test_an_employee_finds_what_ended_within_the_history_and_is_told_of_the_rest(
    cast: Cast, two: tuple[Booking, Booking]
) -> None:
    before, within = two
    clerk = cast.alpha.actors["clerk"]
    with chain_scope(cast.alpha.info):
        found = find_bookings(by=clerk, zone=SHANGHAI, now=NOW)
        assert [one.id for one in found.rows] == [within.id]
        assert found.cut_at() == OPENS
        with pytest.raises(BeyondHistory) as refused:
            read_seen_booking(before.id, by=clerk, now=NOW)
        assert read_seen_booking(within.id, by=clerk, now=NOW) == within
    assert refused.value.extra == {"history_from": OPENS.isoformat()}


def test_nothing_is_told_where_nothing_is_hidden(cast: Cast, desk: Desk) -> None:
    keep(cast, 12)
    with chain_scope(cast.alpha.info):
        past(desk, OPENS)
        assert find_bookings(by=cast.alpha.actors["clerk"], zone=SHANGHAI, now=NOW).cut_at() is None


def test_a_plan_that_keeps_longer_shows_it_again_at_once(cast: Cast, two: tuple[Booking, Booking]) -> None:
    for months, shown in ((36, 2), (12, 1), (None, 2)):
        keep(cast, months)
        with chain_scope(cast.alpha.info):
            found = find_bookings(by=cast.alpha.actors["owner"], zone=SHANGHAI, now=NOW)
            assert (found.rows.count(), found.cut_at()) == (shown, OPENS if shown == 1 else None)


def test_the_window_moves_with_time_and_hides_a_day_at_once_by_midnight(
    cast: Cast, two: tuple[Booking, Booking]
) -> None:
    midnight = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
    with chain_scope(cast.alpha.info):
        shown = [
            find_bookings(by=cast.alpha.actors["clerk"], zone=SHANGHAI, now=now).rows.count()
            for now in (midnight - timedelta(microseconds=1), midnight)
        ]
    assert shown == [1, 0]


def test_a_member_sees_every_visit_of_their_own(cast: Cast, two: tuple[Booking, Booking]) -> None:
    su, member = cast.alpha.actors["su"], cast.alpha.members["su"]
    with chain_scope(cast.alpha.info):
        assert find_bookings(by=su, zone=SHANGHAI, now=NOW).rows.count() == 2
        assert read_seen_booking(two[0].id, by=su, now=NOW) == two[0]
        assert [one.id for one in read_own_bookings(member.id, now=NOW)[1]] == [two[1].id, two[0].id]


def test_what_counts_and_guards_never_forgets(cast: Cast, two: tuple[Booking, Booking]) -> None:
    with chain_scope(cast.alpha.info):
        assert count_visits(cast.alpha.members["su"].id) == 2
        assert Booking.objects.count() == 2
        # written past the rules: the watch over what must be true reads both
        breaches = {key for one in check_bookings() for key in one.ids}
        assert breaches == {str(one.id) for one in two}


def test_days_weeks_and_a_persons_own_day_end_where_the_history_begins(
    cast: Cast, two: tuple[Booking, Booking]
) -> None:
    alpha, day = cast.alpha, date(2025, 11, 20)
    north, ya = alpha.stores["north"].id, alpha.employees["practitioner"].id
    with chain_scope(alpha.info):
        shown = read_store_day(north, day, by=alpha.actors["clerk"], now=NOW)
        assert (shown.bookings, shown.history_from) == ((two[1],), OPENS)
        assert (
            read_store_day(north, date(2025, 11, 21), by=alpha.actors["clerk"], now=NOW).history_from is None
        )
        week = read_person_week(north, ya, week_around(day), by=alpha.actors["clerk"], now=NOW)
        assert [one.id for each in week for one in each.bookings] == [two[1].id]
        own = read_own_day(by=alpha.actors["practitioner"], now=NOW, day=day)
        assert ([one.booking.id for one in own.visits], own.history_from) == ([two[1].id], OPENS)


def test_day_and_week_cut_sessions_as_they_cut_bookings(cast: Cast) -> None:
    alpha, day = cast.alpha, date(2025, 11, 20)
    north, ya, clerk = alpha.stores["north"].id, alpha.employees["practitioner"].id, alpha.actors["clerk"]
    made = []
    with chain_scope(alpha.info):
        counted = Counted(alpha)
        for number, ended in enumerate((OPENS - timedelta(seconds=1), OPENS)):
            session = counted.session(NOW + timedelta(days=1 + number, hours=1), practitioner_id=ya)
            Session.objects.filter(id=session.id).update(starts_at=ended - timedelta(hours=1), ends_at=ended)
            made.append(session.id)
    for months, shown in ((12, made[1:]), (36, made)):
        keep(cast, months)
        with chain_scope(alpha.info):
            whole = read_store_day(north, day, by=clerk, now=NOW)
            assert {one.id for one in whole.sessions} == set(shown)
            week = read_person_week(north, ya, week_around(day), by=clerk, now=NOW)
            assert [one.id for each in week for one in each.sessions] == shown


def test_parties_and_series_show_those_of_their_bookings_that_are_within(cast: Cast, desk: Desk) -> None:
    clerk, su = cast.alpha.actors["clerk"], cast.alpha.members["su"]
    keep(cast, 12)
    with chain_scope(cast.alpha.info):
        group = BookingGroup.objects.create(payer_id=su.id, store=cast.alpha.stores["north"], created_at=NOW)
        past(desk, OPENS - DAY, group=group, payer=su)
        with pytest.raises(BeyondHistory):
            read_group(group.id, by=clerk, now=NOW)
        within = past(desk, OPENS + DAY, group=group, payer=su)
        assert read_group(group.id, by=clerk, now=NOW)[1] == [within]
        series = BookingSeries.objects.create(
            member_id=su.id,
            store=cast.alpha.stores["north"],
            service=cast.alpha.services["facial"],
            interval_days=7,
            created_at=NOW,
        )
        Booking.objects.update(group=None, payer=None, series=series)
        assert read_series(series.id, by=clerk, now=NOW)[1] == [within]
        assert len(read_series(series.id, by=cast.alpha.actors["su"], now=NOW)[1]) == 2


def test_a_calendar_shows_a_practitioner_no_more_than_the_history(cast: Cast, desk: Desk) -> None:
    alpha = cast.alpha
    keep(cast, 1)
    with chain_scope(alpha.info):
        token = make_feed(by=alpha.actors["practitioner"], language="en", now=NOW)
        within, _before = past(desk, NOW - 30 * DAY), past(desk, NOW - 40 * DAY)
        assert [one.id for one in open_feed(token, now=NOW).bookings] == [within.id]
        mine = make_feed(by=alpha.actors["su"], language="en", now=NOW)
        assert len(open_feed(mine, now=NOW).bookings) == 2


def test_what_is_recent_asks_nothing_and_a_list_asks_once(cast: Cast, two: tuple[Booking, Booking]) -> None:
    clerk = cast.alpha.actors["clerk"]
    with chain_scope(cast.alpha.info):
        with CaptureQueriesContext(connection) as none:
            assert history_cut(NOW - ALWAYS_SHOWN, by=clerk, now=NOW) is None
            assert history_cut(None, by=cast.alpha.actors["su"], now=NOW) is None
        with CaptureQueriesContext(connection) as one:
            assert history_cut(None, by=clerk, now=NOW) == read_history_start(now=NOW) == OPENS
    assert (len(none), len(one)) == (0, 2)


def test_what_a_smaller_window_would_hide_is_counted(cast: Cast, two: tuple[Booking, Booking]) -> None:
    with chain_scope(cast.alpha.info):
        assert [
            count_hidden(since=None, until=OPENS),
            count_hidden(since=None, until=OPENS + timedelta(seconds=1)),
            count_hidden(since=OPENS, until=OPENS + DAY),
            count_hidden(since=OPENS, until=OPENS),
            count_hidden(since=None, until=None),
        ] == [1, 2, 1, 0, 0]
