"""What only the shop does: take over a guest who stands at another store than the one booked."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from tenants.booking.models import Booking, Status
from tenants.events.domain.record import record_event
from tenants.people.domain.rights import Action, Actor, NotSeen, require
from tenants.stores.domain.wall import local_date

from .asked_for import require_practitioner
from .attempts import again_on_conflict
from .availability import find_slots
from .calendar import read_calendar
from .change import place_fields
from .claims import PoolClaim, claims_of
from .codes import UnknownCode, require_code
from .free_times import free_times, naming
from .offering import NotOffered, read_offering, zone_of_store
from .one_at_a_time import lock_member, require_member_free
from .place import take_place
from .plugged import require_plugged_rules
from .search import Slot
from .transitions import EVENT_OF, Move, apply_move


def find_place_here(booking: Booking, *, store_id: UUID, now: datetime) -> Slot[UUID] | None:
    """The first place for a booking of another store at this one, today or tomorrow and not before `now`.

    None where this store does not do it, or has no time for it; a seat or goods are of their own store alone.
    Two queries and the store's zone.
    """
    if _stays(booking):
        return None
    today = local_date(now, zone_of_store(store_id))
    days = [today, today + timedelta(days=1)]
    try:
        found = find_slots(store_id, booking.service_id, days=days, now=now, by_staff=True)[1]
    except NotOffered:
        return None
    return next((slot for day in found for slot in day.slots if slot.starts_at >= now), None)


def _stays(booking: Booking) -> bool:
    """Whether the booking is of its own store alone: a seat, a pickup, or goods of that store's stock."""
    if booking.session_id is not None or booking.pickup_window_id is not None:
        return True
    return booking.items.exists()


@again_on_conflict
def take_over_booking(
    code: str, *, store_id: UUID, starts_at: datetime, by: Actor, now: datetime, anybody: bool = True
) -> Booking:
    """Move a confirmed booking of another store here, to `starts_at`: its guest stands at this desk.

    The code they show is what lets the employee change a booking of a store that is not theirs. The new
    place is taken before the old one is let go; code and price stay as promised. Both stores' pages hear of it.
    Raises UnknownCode, what booking raises, and StatusForbids.
    """
    require(by, Action.CHANGE_BOOKING, store_id=store_id)
    found = Booking.objects.filter(code=require_code(code), status=Status.CONFIRMED)
    booking = found.select_related("store", "service", "member", "practitioner").first()
    if booking is None or booking.member_id is None:
        raise UnknownCode
    if booking.store_id == store_id or _stays(booking):
        raise NotSeen
    lock_member(booking.member_id)
    offering = read_offering(store_id, booking.service_id, by_staff=True)
    calendar = read_calendar(
        offering,
        [local_date(starts_at, offering.zone)],
        now=now,
        party_size=booking.party_size,
        by_staff=True,
        but=booking.id,
    )
    wished = None if anybody else booking.practitioner_id
    other = partial(free_times, offering, calendar.wish, starts_at, now=now, by_staff=True, but=booking.id)
    other = partial(other, member_id=booking.member_id)
    require_practitioner(calendar, wished, other)
    left = booking.store_id
    before = {"from": {"store": str(left), "starts_at": booking.starts_at.isoformat()}}
    place = take_place(
        calendar,
        booking,
        starts_at=starts_at,
        practitioner_id=wished,
        now=now,
        by_staff=True,
        extra=[claim for claim in claims_of(booking.id) if isinstance(claim, PoolClaim)],
    )
    served = offering.need.service_span(starts_at)
    booking.starts_at, booking.ends_at = served.start, served.end
    with naming(other):
        require_member_free(booking.member_id, booking, now=now)
    booking.store_id = store_id
    require_plugged_rules(booking, offering, by_staff=True, now=now, moves=True)
    fields = {"store_id": store_id, **place_fields(served, place)}
    apply_move(booking, Move.MOVE, by=by, now=now, fields=fields, detail=before)
    record_event(
        EVENT_OF[Move.MOVE],
        subject_id=booking.id,
        store_id=left,
        version=booking.version,
        payload={"status": booking.status},
        now=now,
    )
    return booking
