"""Guests book in a chain that has opened and is not read-only; its employees before it opens too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chains.domain.entitlements import ChainReadOnly
from chains.models import Chain as ChainRow
from chains.models import ChainState
from chains.scope import chain_scope, platform_scope
from tenants.booking.domain.open import NotOpen, takes_bookings
from tenants.booking.domain.visitor_holds import hold_for_visitor
from tenants.booking.models import Booking
from tests.booking.conftest import MONDAY_TEN, Desk
from tests.ground.cast import NOW, Cast

CLOSED = [{"opened_at": None}, {"state": ChainState.READ_ONLY}]


@pytest.fixture()
def change(cast: Cast) -> Iterator[Callable[..., None]]:
    """Sets fields of alpha's row."""

    def update(**fields: Any) -> None:
        with platform_scope():
            ChainRow.objects.filter(id=cast.alpha.info.id).update(**fields)

    yield update
    update(opened_at=NOW, state=ChainState.TRIAL)


@pytest.mark.parametrize("state", ChainState)
def test_only_an_opened_chain_that_is_not_read_only_takes_bookings(state: ChainState) -> None:
    assert takes_bookings(state, None) is False
    assert takes_bookings(state, NOW) is (state != ChainState.READ_ONLY)


@pytest.mark.parametrize("fields", CLOSED)
def test_members_and_visitors_are_refused_while_it_is_closed(
    cast: Cast, desk: Desk, change: Callable[..., None], fields: dict[str, Any]
) -> None:
    change(**fields)
    with chain_scope(cast.alpha.info):
        with pytest.raises(NotOpen):
            desk.book()
        with pytest.raises(NotOpen):
            hold_for_visitor(
                cast.alpha.services["facial"].id,
                store_id=cast.alpha.stores["north"].id,
                starts_at=MONDAY_TEN,
                visitor="anna",
                address="192.0.2.1",
                now=NOW,
            )
        assert Booking.objects.count() == 0


def test_employees_book_before_it_opens(cast: Cast, desk: Desk, change: Callable[..., None]) -> None:
    change(opened_at=None)
    with chain_scope(cast.alpha.info):
        made = desk.book(who="clerk", member=cast.alpha.members["su"].id)
        assert made.status == "confirmed"


def test_nobody_begins_a_booking_while_it_is_read_only(
    cast: Cast, desk: Desk, change: Callable[..., None]
) -> None:
    change(state=ChainState.READ_ONLY)
    with chain_scope(cast.alpha.info):
        with pytest.raises(ChainReadOnly):
            desk.book(who="clerk", member=cast.alpha.members["su"].id)
        assert Booking.objects.count() == 0
