"""Claims: all or none, through one door, with the database behind it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from accounts.ids import new_id
from chains.scope import chain_scope
from tenants.booking.domain.claims import (
    OutOfStock,
    PoolClaim,
    ResourceClaim,
    SessionFull,
    SlotTaken,
    Wanted,
    WindowFull,
    release_claims,
    set_claims,
)
from tenants.booking.domain.spans import Span
from tenants.booking.models import Booking, Channel, Claim, Pool, Status
from tenants.members.models import Member
from tenants.stores.models import Resource, ResourceKind
from tests.ground.cast import NOW, Cast, Chain, local


def bare_booking(chain: Chain) -> UUID:
    """A confirmed booking of a new member that claims nothing yet."""
    member = Member.objects.create(name="", phone=None, created_at=NOW)
    booking = Booking.objects.create(
        code=str(new_id())[-8:].upper(),
        status=Status.CONFIRMED,
        store=chain.stores["north"],
        service=chain.services["facial"],
        member=member,
        starts_at=local(23, 10),
        ends_at=local(23, 11),
        price_amount=0,
        currency="CNY",
        channel=Channel.STAFF,
        notice=0,
        created_at=NOW,
    )
    return booking.id


def span(start: datetime, minutes: int = 60) -> Span:
    return Span(start, start + timedelta(minutes=minutes))


def active(booking_id: UUID) -> list[Any]:
    """What the booking holds, in order."""
    found = Claim.objects.filter(booking_id=booking_id, active=True).order_by("starts_at", "pool_id")
    return [(one.resource_id or one.pool_id, one.starts_at, one.units) for one in found]


@pytest.fixture()
def room(cast: Cast) -> Resource:
    return cast.alpha.rooms["a"]


def _pool(cast: Cast, kind: str, capacity: int) -> Pool:
    return Pool.objects.create(store=cast.alpha.stores["north"], kind=kind, name=kind, capacity=capacity)


def test_resource_and_pool_are_taken_together_or_not_at_all(cast: Cast, room: Resource) -> None:
    with chain_scope(cast.alpha.info):
        pool = _pool(cast, "session", 1)
        wanted: list[Wanted] = [ResourceClaim(room.id, span(local(23, 10))), PoolClaim(pool.id)]
        first, second = bare_booking(cast.alpha), bare_booking(cast.alpha)
        set_claims(first, wanted=wanted)
        other_time: list[Wanted] = [ResourceClaim(room.id, span(local(23, 12))), PoolClaim(pool.id)]
        with pytest.raises(SessionFull) as full:
            set_claims(second, wanted=other_time)
        assert full.value.extra["claim"] == {
            "pool": str(pool.id),
            "pool_name": "session",
            "kind": "session",
            "units": 1,
            "left": 0,
        }
        assert active(second) == []
        pool.refresh_from_db()
        assert pool.taken == 1


@pytest.mark.parametrize(
    ("kind", "refusal"), [("session", SessionFull), ("window", WindowFull), ("stock", OutOfStock)]
)
def test_full_pool_is_refused_by_its_kind(cast: Cast, kind: str, refusal: type[Exception]) -> None:
    with chain_scope(cast.alpha.info):
        pool = _pool(cast, kind, 3)
        with pytest.raises(refusal):
            set_claims(bare_booking(cast.alpha), wanted=[PoolClaim(pool.id, 4)])
        set_claims(bare_booking(cast.alpha), wanted=[PoolClaim(pool.id, 3)])


def test_touching_claims_do_not_clash_and_overlapping_ones_do(cast: Cast, room: Resource) -> None:
    with chain_scope(cast.alpha.info):
        set_claims(bare_booking(cast.alpha), wanted=[ResourceClaim(room.id, span(local(23, 10)))])
        set_claims(bare_booking(cast.alpha), wanted=[ResourceClaim(room.id, span(local(23, 11)))])
        with pytest.raises(SlotTaken) as taken:
            set_claims(bare_booking(cast.alpha), wanted=[ResourceClaim(room.id, span(local(23, 10, 59), 1))])
        assert taken.value.extra["claim"]["resource_name"] == "Room A"


def test_move_keeps_the_row_of_a_resource_that_stays_and_trades_the_rest(cast: Cast, room: Resource) -> None:
    with chain_scope(cast.alpha.info):
        other = Resource.objects.create(
            store=cast.alpha.stores["north"], kind=ResourceKind.ROOM, name="Room B"
        )
        mine = bare_booking(cast.alpha)
        set_claims(mine, wanted=[ResourceClaim(room.id, span(local(23, 10)))])
        row = Claim.objects.get(booking_id=mine, active=True).id
        set_claims(mine, wanted=[ResourceClaim(room.id, span(local(23, 10, 30)))])
        assert Claim.objects.get(booking_id=mine, active=True).id == row
        set_claims(mine, wanted=[ResourceClaim(other.id, span(local(23, 10, 30)))])
        assert active(mine) == [(other.id, local(23, 10, 30), 1)]
        set_claims(bare_booking(cast.alpha), wanted=[ResourceClaim(room.id, span(local(23, 10, 30)))])


def test_segments_of_one_resource_may_pass_through_each_other(cast: Cast, room: Resource) -> None:
    with chain_scope(cast.alpha.info):
        mine = bare_booking(cast.alpha)
        for shift in (0, 60, 120, 30):
            first = local(23, 10) + timedelta(minutes=shift)
            second = first + timedelta(minutes=120)
            set_claims(
                mine, wanted=[ResourceClaim(room.id, span(first)), ResourceClaim(room.id, span(second))]
            )
            assert [start for _id, start, _units in active(mine)] == [first, second]


def test_units_follow_a_change_in_both_directions(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        pool, mine = _pool(cast, "stock", 5), bare_booking(cast.alpha)
        for units in (2, 5, 1):
            set_claims(mine, wanted=[PoolClaim(pool.id, units)])
            pool.refresh_from_db()
            assert (pool.taken, active(mine)) == (units, [(pool.id, None, units)])
        release_claims(mine)
        pool.refresh_from_db()
        assert (pool.taken, active(mine)) == (0, [])


def test_refused_move_leaves_everything_as_it_was(cast: Cast, room: Resource) -> None:
    with chain_scope(cast.alpha.info):
        pool = _pool(cast, "stock", 2)
        mine = bare_booking(cast.alpha)
        before: list[Wanted] = [ResourceClaim(room.id, span(local(23, 10))), PoolClaim(pool.id, 2)]
        set_claims(mine, wanted=before)
        stood = active(mine)
        with pytest.raises(OutOfStock):
            set_claims(mine, wanted=[ResourceClaim(room.id, span(local(23, 15))), PoolClaim(pool.id, 3)])
        assert active(mine) == stood


def test_database_refuses_what_goes_past_the_door(cast: Cast, room: Resource) -> None:
    with chain_scope(cast.alpha.info):
        first, second = bare_booking(cast.alpha), bare_booking(cast.alpha)
        set_claims(first, wanted=[ResourceClaim(room.id, span(local(23, 10)))])
        claim = Claim.objects.get(booking_id=first)
        claim.pk, claim.booking_id = new_id(), second
        with (
            pytest.raises(IntegrityError, match="claim_resource_once_at_a_time"),
            transaction.atomic(),
        ):
            claim.save(force_insert=True)
        pool = _pool(cast, "stock", 1)
        with pytest.raises(IntegrityError, match="pool_never_oversold"), transaction.atomic():
            Pool.objects.filter(id=pool.id).update(taken=2)
