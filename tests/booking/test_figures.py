"""What the overview counts: today by store, with the same notion of late as the clerk's day."""

from __future__ import annotations

from datetime import timedelta

from chains.scope import chain_scope
from tenants.booking.domain.day import LATE_AFTER
from tenants.booking.domain.figures import StoreToday, count_today
from tests.booking.conftest import MONDAY_TEN, Desk
from tests.ground.cast import Cast


def test_a_guest_is_late_from_the_minute_on_which_the_workbench_says_so(cast: Cast, desk: Desk) -> None:
    owner, north = cast.alpha.actors["owner"], cast.alpha.stores["north"]
    with chain_scope(cast.alpha.info):
        desk.book()
        before = count_today(by=owner, now=MONDAY_TEN + LATE_AFTER - timedelta(seconds=1))[0]
        after = count_today(by=owner, now=MONDAY_TEN + LATE_AFTER)[0]
    assert before == StoreToday(north, booked=1, arrived=0, to_come=1, late=0)
    assert after == StoreToday(north, booked=1, arrived=0, to_come=0, late=1)
