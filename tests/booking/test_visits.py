"""Visits: how often somebody came, and what they have before and behind them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from chains.scope import chain_scope
from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.redeem import redeem_code
from tenants.booking.domain.visits import count_visits, read_own_bookings
from tests.booking.conftest import Desk
from tests.ground.cast import NOW, Cast, local


@pytest.fixture()
def alpha(cast: Cast) -> Iterator[Cast]:
    with chain_scope(cast.alpha.info):
        yield cast


def test_visits_are_arrivals_and_nothing_else(alpha: Cast, desk: Desk) -> None:
    su, clerk = alpha.alpha.members["su"].id, alpha.alpha.actors["clerk"]
    for day in (23, 24, 25):
        made = desk.book(local(day, 10))
        if day == 23:
            redeem_code(made.store_id, code=made.code, by=clerk, now=made.starts_at)
        if day == 24:
            cancel_booking(made.id, by=clerk, now=NOW)
    desk.book(local(26, 10), who="chen")
    assert (count_visits(su), count_visits(None)) == (1, 0)


def test_what_ended_is_past_and_a_hold_that_ran_out_is_neither(alpha: Cast, desk: Desk) -> None:
    su = alpha.alpha.members["su"].id
    first, second = desk.book(local(23, 10)), desk.book(local(24, 10))
    held = desk.book(local(25, 10), hold=True)
    desk.book(local(23, 14), who="chen")
    assert held.expires_at is not None
    assert read_own_bookings(su, now=NOW) == ([first, second, held], [])
    assert read_own_bookings(su, now=held.expires_at) == ([first, second], [])
    assert read_own_bookings(su, now=first.ends_at) == ([second], [first])
    assert read_own_bookings(su, now=second.ends_at + timedelta(days=9))[0] == []
