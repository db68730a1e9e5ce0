"""What of a day needs a person, at which minute, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db.models import prefetch_related_objects

from chains.scope import chain_scope
from tenants.booking.domain.attention import HOLD_WARNING, find_concerns, find_without_giver, read_presence
from tenants.booking.domain.day import LATE_AFTER, late_by, read_store_day
from tenants.booking.domain.redeem import redeem_code
from tenants.booking.models import Booking
from tenants.catalogue.models import Service
from tenants.people.models import Leave, WeeklyShift
from tests.booking.conftest import Desk
from tests.booking.counted import Counted
from tests.ground.cast import NOW, Cast, local

DAY = 23
BEGINS = local(DAY, 10)


@pytest.fixture()
def day(cast: Cast) -> Iterator[Cast]:
    """Alpha's scope on a Monday."""
    with chain_scope(cast.alpha.info):
        yield cast


def concerns(cast: Cast, at: datetime) -> list[tuple[str, str]]:
    """(kind, code) of what needs a person at North."""
    found = read_store_day(
        cast.alpha.stores["north"].id, date(2026, 11, DAY), by=cast.alpha.actors["clerk"], now=NOW
    )
    prefetch_related_objects(found.bookings, "claims")
    return [
        (one.kind, one.booking.code) for one in find_concerns(found.bookings, read_presence(found), now=at)
    ]


@pytest.mark.parametrize(
    ("after", "late"),
    [(LATE_AFTER - timedelta(seconds=1), False), (LATE_AFTER, True), (timedelta(hours=3), True)],
)
def test_a_guest_is_late_from_five_minutes_on(day: Cast, desk: Desk, after: timedelta, late: bool) -> None:
    made = desk.book(BEGINS)
    assert late_by(made, now=BEGINS + after) == (after if late else None)
    assert concerns(day, BEGINS + after) == ([("late", made.code)] if late else [])


def test_who_has_arrived_is_not_late(day: Cast, desk: Desk) -> None:
    made = desk.book(BEGINS)
    redeem_code(made.store_id, code=made.code, by=day.alpha.actors["clerk"], now=BEGINS)
    assert concerns(day, BEGINS + timedelta(minutes=30)) == []


def test_the_next_guest_of_the_same_person_is_told(day: Cast, desk: Desk) -> None:
    made, following = desk.book(BEGINS), desk.book(local(DAY, 12), who="chen")
    found = find_concerns([made, following], {}, now=BEGINS + LATE_AFTER)
    assert next((one.kind, one.following) for one in found) == ("late", following)


@pytest.mark.parametrize(
    ("left", "warned"),
    [
        (HOLD_WARNING + timedelta(seconds=1), False),
        (HOLD_WARNING, True),
        (timedelta(seconds=1), True),
        (timedelta(), False),
    ],
)
def test_a_hold_is_warned_of_in_its_last_three_minutes(
    day: Cast, desk: Desk, left: timedelta, warned: bool
) -> None:
    made = desk.book(BEGINS, hold=True)
    assert made.expires_at is not None
    assert concerns(day, made.expires_at - left) == ([("hold", made.code)] if warned else [])


def test_leave_and_a_missing_shift_count_with_preparation_and_clean_up(day: Cast, desk: Desk) -> None:
    made = desk.book(BEGINS)
    ya = day.alpha.employees["practitioner"]
    # the visit ends at eleven, its clean-up ten minutes later
    away = Leave.objects.create(employee=ya, starts_at=local(DAY, 11, 10), ends_at=local(DAY, 12))
    assert concerns(day, NOW) == []
    Leave.objects.filter(id=away.id).update(starts_at=local(DAY, 11, 5))
    assert concerns(day, NOW) == [("leave", made.code)]
    away.delete()
    WeeklyShift.objects.filter(employee=ya, weekday=1).update(starts=10 * 60)
    assert concerns(day, NOW) == [("no_shift", made.code)]


def test_what_is_over_needs_nobody_but_who_never_came(day: Cast, desk: Desk) -> None:
    made = desk.book(BEGINS)
    WeeklyShift.objects.all().delete()
    assert concerns(day, made.ends_at) == [("late", made.code)]


def test_unassigned_counts_where_somebody_works_and_no_resource_serves(day: Cast, desk: Desk) -> None:
    made = desk.book(BEGINS)
    fields: dict[str, Any] = {"practitioner": None, "resource": None}
    Booking.objects.filter(id=made.id).update(**fields)
    assert concerns(day, NOW) == [("unassigned", made.code)]
    Booking.objects.filter(id=made.id).update(resource=day.alpha.rooms["a"])
    assert concerns(day, NOW) == []
    Booking.objects.filter(id=made.id).update(resource=None)
    WeeklyShift.objects.all().delete()
    assert concerns(day, NOW) == []


def test_late_comes_first(day: Cast, desk: Desk) -> None:
    lin = day.alpha.employees["second"]
    absent = desk.book(BEGINS - timedelta(minutes=30), who="chen", practitioner_id=lin.id)
    redeemed_not = desk.book(BEGINS)
    Leave.objects.create(employee=lin, starts_at=local(DAY, 0), ends_at=local(DAY, 23))
    Booking.objects.filter(id=absent.id).update(starts_at=BEGINS + timedelta(minutes=3))
    now = BEGINS + LATE_AFTER
    assert concerns(day, now) == [("late", redeemed_not.code), ("leave", absent.code)]


def away_from(cast: Cast, now: datetime) -> list[Any]:
    """The sessions of the day whose person is on leave."""
    found = read_store_day(
        cast.alpha.stores["north"].id, date(2026, 11, DAY), by=cast.alpha.actors["clerk"], now=now
    )
    return [one.id for one in find_without_giver(found.sessions, read_presence(found), now=now)]


def test_a_session_is_without_its_person_by_leave_with_preparation_and_clean_up_until_it_is_over(
    day: Cast,
) -> None:
    ya = day.alpha.employees["practitioner"]
    counted = Counted(day.alpha)
    Service.objects.filter(id=counted.flow.id).update(clean_up=15)
    made = counted.session(BEGINS, practitioner_id=ya.id)
    counted.session(local(DAY, 13))
    claim = made.claims.get(resource=ya.resource_id)
    assert claim.ends_at == made.ends_at + timedelta(minutes=15)
    away = Leave.objects.create(employee=ya, starts_at=claim.ends_at, ends_at=local(DAY, 20))
    assert away_from(day, NOW) == []
    Leave.objects.filter(id=away.id).update(starts_at=claim.ends_at - timedelta(minutes=1))
    assert away_from(day, NOW) == [made.id]
    assert away_from(day, made.ends_at) == []
    Leave.objects.all().delete()
    WeeklyShift.objects.filter(employee=ya).delete()
    assert away_from(day, NOW) == []
