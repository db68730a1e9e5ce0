"""A practitioner's own day: theirs alone, with what to know, who is next, and the week."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chains.scope import chain_scope
from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.late import tell_running_late
from tenants.booking.domain.practitioner_day import OwnDay, read_own_day
from tenants.booking.models import Booking
from tenants.people.domain.rights import Forbidden
from tenants.people.models import Leave, RoleGrant
from tests.booking.conftest import Desk
from tests.booking.test_recommend_read import visited
from tests.ground.cast import NOW, SHANGHAI, Cast, actor_of, local

MONDAY = date(2026, 11, 23)


def own(cast: Cast, who: str = "practitioner", **asked: Any) -> OwnDay:
    return read_own_day(by=cast.alpha.actors[who], **{"now": NOW, "day": MONDAY, **asked})


def test_the_day_holds_ones_own_visits_with_what_to_know_and_when_to_prepare(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        visited(cast, local(5, 19), local(12, 19))
        mine = desk.book(note="window seat")
        desk.book(local(23, 10), who="chen", practitioner_id=cast.alpha.employees["second"].id)
        cancel_booking(desk.book(local(23, 18)).id, by=cast.alpha.actors["su"], now=NOW)
        found = own(cast)
        assert [(one.booking.id, one.booking.note) for one in found.visits] == [(mine.id, "window seat")]
        visit = found.visits[0]
        assert (visit.prepare_at, visit.visits_before, visit.last_visit_at) == (
            local(23, 9, 50),
            2,
            local(12, 19),
        )
        assert (found.zone, found.day) == (SHANGHAI, MONDAY)
        assert [(span.start, span.end) for span in found.shifts] == [(local(23, 9), local(23, 21))]


def test_without_a_date_it_is_today_on_the_stores_clock(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        late_evening = local(21, 23, 30)
        assert own(cast, day=None, now=late_evening).day == date(2026, 11, 21)
        assert own(cast, day=None, now=late_evening + timedelta(hours=1)).day == date(2026, 11, 22)


def test_next_is_who_is_served_then_who_comes_and_nobody_when_all_is_done(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        first, second = desk.book(), desk.book(local(23, 15))
        assert own(cast).next.booking.id == first.id  # type: ignore[union-attr]
        assert own(cast, now=local(23, 11)).next.booking.id == second.id  # type: ignore[union-attr]
        Booking.objects.filter(id=first.id).update(status="arrived")
        assert own(cast, now=local(23, 15)).next.booking.id == first.id  # type: ignore[union-attr]
        Booking.objects.update(status="completed")
        assert own(cast).next is None


def test_a_delay_stands_at_the_visit(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        mine = desk.book()
        tell_running_late(mine.id, minutes=15, by=cast.alpha.actors["practitioner"], now=NOW)
        assert [one.late for one in own(cast).visits] == [15]


def test_the_week_counts_visits_and_says_when_one_is_away(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        desk.book()
        desk.book(local(25, 10))
        desk.book(local(25, 13))
        Leave.objects.create(
            employee=cast.alpha.employees["practitioner"], starts_at=local(26, 0), ends_at=local(27, 0)
        )
        week = own(cast).week
        assert [(one.day.day, one.visits, one.away) for one in week][:5] == [
            (23, 1, False),
            (24, 0, False),
            (25, 2, False),
            (26, 0, True),
            (27, 0, False),
        ]
        assert len(week) == 7


def test_visits_of_a_store_one_may_no_longer_read_are_gone(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        desk.book()
        ya = cast.alpha.employees["practitioner"]
        RoleGrant.objects.filter(employee=ya).update(store=cast.alpha.stores["south"])
        assert read_own_day(by=actor_of(ya), now=NOW, day=MONDAY).visits == ()


@pytest.mark.parametrize("who", ["clerk", "owner", "su"])
def test_who_cannot_be_booked_has_no_such_day(cast: Cast, who: str) -> None:
    with chain_scope(cast.alpha.info), pytest.raises(Forbidden):
        own(cast, who)


def test_the_day_takes_as_many_queries_for_one_visit_as_for_many(cast: Cast, desk: Desk) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            own(cast)
        return len([one for one in queries if not one["sql"].startswith("SELECT set_config")])

    with chain_scope(cast.alpha.info):
        desk.book()
        few = cost()
        for hour in (12, 14, 16, 18):
            desk.book(local(23, hour), who="chen")
        assert (few, cost()) == (10, 10)
